"""The Farrington-flexible algorithm: counts beside the same season of earlier years, with trend and old outbreaks."""

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd

from epi.farrington_model import Settings, Threshold, fit_baseline, season_levels, upper_limit
from epi.intervals import FloatArray, Numbers, as_floats, common_index

__all__ = ["Threshold", "farrington_flexible", "farrington_many", "season_levels"]

# At least this share of the baseline's periods must have a count.
LEAST_PRESENT = 0.5
# Fewer years say too little about a trend to carry it forward (Farrington et al. 1996).
FEWEST_YEARS_OF_TREND = 3


def farrington_flexible(
    counts: Numbers,
    assess: int | None = 1,
    years: int = 5,
    season: int = 52,
    half_window: int = 3,
    levels: int = 10,
    guard: int = 26,
    reweight_above: float = 2.58,
    alpha: float = 0.005,
    few: tuple[int, int] = (5, 4),
    threshold: Threshold = "negative-binomial",
) -> pd.DataFrame:
    r"""Flag counts above what season, trend and scatter of earlier years lead one to expect (Noufaily et al. 2013).

    Formula, for each assessed period t with count y: a Poisson log-linear model with intercept, linear trend and a
    seasonal factor is fitted to the `years` before t, without the newest `guard` periods. The factor has one level for
    the same season as t (-/+ `half_window` periods) and `levels` - 1 nearly equal levels for the rest of the year.
    Dispersion phi = max(1, sum w (y - mu)^2 / mu / (n - p)). Anscombe residuals s = 3/2 (y^{2/3} - mu^{2/3}) /
    (mu^{1/6} sqrt(phi (1 - h))), h the leverage, above `reweight_above` mark old outbreaks: these get weights in
    proportion to s^-2, the others to 1, summing to n, and the model is fitted again. Where it expects more than the
    baseline's largest count, or there are fewer than 3 `years`, the trend is left out. Score = (y - mu) / (upper - mu);
    flagged where y is above upper. With z the 1 - `alpha` normal quantile, `threshold`:

    - `negative-binomial` (Noufaily): upper = the 1 - `alpha` quantile of the negative binomial with mean mu and
      variance phi mu (Poisson where phi = 1); a whole number, mu taken as known.
    - `power` (Farrington 1996, skewness removed by the power 2/3): upper = (mu^{2/3} + z sqrt(4/9 mu^{1/3} (phi + v /
      mu)))^{3/2}, v the variance of the fitted mu; so it also carries the error of mu.

    R's surveillance does the same with `noPeriods=10, pastWeeksNotIncluded=26, pThresholdTrend=1` and `nbPlugin` or
    `delta`; by its own default it drops a trend that is not significant, and fits the windows alone.

    Without events: a season level whose counts are all 0 is fitted exactly as 0 (its maximum likelihood value); where
    that is the season of t, or the baseline has no event at all, expected and upper are 0 and any event scores inf,
    but is flagged only from `few` events on.

    Periods are counted, not dated: 52 weeks per year drift against the calendar by some 1.2 days a year, well inside
    the window. For months: `season=12, half_window=1, levels=4, guard=6`. Many series: `farrington_many`.

    Args:
        counts: One regular series in order of time; not negative, missing allowed.
        assess: Assess the newest so many periods; None assesses all.
        years: Years in the baseline.
        season: Periods per year.
        half_window: Periods either side of the same period of earlier years that count as the same season.
        levels: Levels of the seasonal factor, that of the assessed season included.
        guard: Newest periods before the assessed one that are left out, lest an outbreak raise its own baseline.
        reweight_above: Anscombe residual above which a baseline count is taken for an old outbreak's.
        alpha: One-sided probability of a false flag.
        few: (events, periods): never flagged while the newest `periods` hold fewer than `events`.
        threshold: `negative-binomial` or `power`.

    Returns:
        A frame with one row per assessed period, on the Series' index: `count`, `expected`, `upper`, `score`,
        `alarm` (nullable: missing where not assessed), `dispersion`, `trend` (log rate per period, 0 where left out)
        and `reason` (why not assessed, or why not flagged in spite of a score above 1; else "").

    Raises:
        ValueError: A count is negative or infinite, `counts` is not one series, or an option is out of range.
        TypeError: A count is not numeric.

    References:
        Noufaily A, Enki DG, Farrington P, Garthwaite P, Andrews N, Charlett A. An improved algorithm for outbreak
        detection in multiple surveillance systems. Stat Med 2013;32:1206-1222. Farrington CP, Andrews NJ, Beale AD,
        Catchpole MA. A statistical algorithm for the early detection of outbreaks of infectious disease. J R Stat Soc A
        1996;159:547-563. Salmon M, Schumacher D, Hoehle M. Monitoring count time series in R. J Stat Softw 2016;70(10).

    Examples:
        >>> weeks = np.arange(313)
        >>> counts = 20 + weeks % 5 + np.where(weeks == 312, 30, 0)
        >>> farrington_flexible(counts)[["count", "expected", "upper", "score", "alarm"]].round(2)
             count  expected  upper  score  alarm
        312   52.0      22.0   35.0   2.31   True
    """
    settings = Settings(years, season, half_window, levels, guard, reweight_above, alpha, few, threshold)
    series = as_floats(counts, "counts")
    if series.ndim != 1:
        raise ValueError(f"counts must be one series; found shape {series.shape}. farrington_many takes several.")
    chosen = range(0 if assess is None else max(0, len(series) - assess), len(series))
    rows = [_assessed(series, at, settings) for at in chosen]
    labels = common_index({"counts": counts})
    index = (pd.RangeIndex(len(series)) if labels is None else labels)[chosen.start :]
    names = ["expected", "upper", "dispersion", "trend", "reason"]
    table = pd.DataFrame(rows, columns=names, index=index)
    table.insert(0, "count", series[chosen.start :])
    return _flagged(table, series, chosen, settings)


def farrington_many(
    frame: pd.DataFrame,
    by: Hashable | Sequence[Hashable],
    period: Hashable = "period",
    count: Hashable = "count",
    assess: int | None = 1,
    years: int = 5,
    season: int = 52,
    half_window: int = 3,
    levels: int = 10,
    guard: int = 26,
    reweight_above: float = 2.58,
    alpha: float = 0.005,
    few: tuple[int, int] = (5, 4),
    threshold: Threshold = "negative-binomial",
) -> pd.DataFrame:
    """Flag counts of many series at once, each by its own past, as `farrington_flexible` does.

    Formula: that of `farrington_flexible`, series by series. All series share the periods of the frame, which must be
    regular; a period in which a series has no row has no count, which is not a count of 0. Many series are many tests:
    of 200 quiet ones, `alpha` 0.005 flags one a period.

    Args:
        frame: One row per series and period, in any order.
        by: Column, or columns, that tell the series apart (place, drug).
        period: Column with the period: dates, periods or whole numbers, which sort in order of time.
        count: Column with the number of events; not negative, missing allowed.
        assess: As for `farrington_flexible`, like the arguments that follow.
        years: Years in the baseline.
        season: Periods per year.
        half_window: Periods either side that count as the same season.
        levels: Levels of the seasonal factor.
        guard: Newest periods before the assessed one that are left out.
        reweight_above: Anscombe residual above which a count is taken for an old outbreak's.
        alpha: One-sided probability of a false flag.
        few: (events, periods): never flagged while the newest `periods` hold fewer than `events`.
        threshold: `negative-binomial` or `power`.

    Returns:
        A frame with one row per series and assessed period, series sorted: the columns of `by`, `period`, and the
        columns of `farrington_flexible`.

    Raises:
        ValueError: A column is missing, a series has a period twice, a period is missing, a count is negative or
            infinite, or an option is out of range.
        TypeError: A count is not numeric.

    References:
        As for `farrington_flexible`.

    Examples:
        >>> weeks = np.arange(313)
        >>> rows = pd.DataFrame({"place": "A", "period": weeks, "count": 20 + weeks % 5})
        >>> both = pd.concat([rows, rows.assign(place="B", count=rows["count"] + np.where(weeks == 312, 30, 0))])
        >>> farrington_many(both, by="place")[["place", "period", "count", "expected", "upper", "alarm"]].round(1)
          place  period  count  expected  upper  alarm
        0     A     312   22.0      22.0   35.0  False
        1     B     312   52.0      22.0   35.0   True
    """
    keys = list(by) if isinstance(by, list | tuple) else [by]
    lacking = [name for name in (*keys, period, count) if name not in frame.columns]
    if lacking:
        raise ValueError(f"frame must have the columns {lacking}; found {list(frame.columns)}.")
    repeated = frame.duplicated([*keys, period]) | frame[period].isna()
    if repeated.any():
        found = frame.loc[repeated, [*keys, period]].iloc[0].to_dict()
        raise ValueError(f"each series must have every {period} once, none missing; found {found}. Sum the rows first.")
    numbers = as_floats(frame[count], str(count))
    # A missing key is a key like any other; pandas' pivot would shuffle such series among the others.
    groups = frame.groupby(keys, sort=True, dropna=False, observed=True)
    place, (at, periods) = groups.ngroup().to_numpy(), pd.factorize(frame[period], sort=True)
    table = np.full((len(periods), groups.ngroups), np.nan)
    table[at, place] = numbers
    index = pd.Index(periods, name=period)
    options = (assess, years, season, half_window, levels, guard, reweight_above, alpha, few, threshold)
    parts = [farrington_flexible(pd.Series(column, index=index), *options) for column in table.T]
    if not parts:
        return pd.concat([frame[[*keys, period]], farrington_flexible([], *options)], axis=1)
    names = frame[keys].iloc[[int(np.argmax(place == number)) for number in range(len(parts))]]
    labels = names.iloc[np.repeat(np.arange(len(parts)), [len(part) for part in parts])].reset_index(drop=True)
    return pd.concat([labels, pd.concat(parts).reset_index()], axis=1)


def _flagged(table: pd.DataFrame, series: FloatArray, chosen: range, settings: Settings) -> pd.DataFrame:
    events, periods = settings.few
    count, expected, upper = (table[name].to_numpy(dtype=float) for name in ("count", "expected", "upper"))
    above = count > upper
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where(count == expected, 0.0, (count - expected) / (upper - expected))
    # Where next to nothing is expected the limit is 0, below the mean: no distance to divide by.
    score = np.where(upper > expected, score, np.where(above, np.inf, 0.0))
    score[np.isnan(expected)] = np.nan
    recent = np.array([np.nansum(series[max(0, at - periods + 1) : at + 1]) for at in chosen])
    alarm = pd.array(above & (recent >= events), dtype="boolean")
    alarm[np.isnan(expected)] = pd.NA
    table.insert(3, "score", score)
    table.insert(4, "alarm", pd.Series(alarm, index=table.index))
    held = above & (recent < events)
    table["reason"] = table["reason"].mask(held, f"fewer than {events} events in {periods} periods").astype("str")
    return table


def _assessed(series: FloatArray, at: int, settings: Settings) -> tuple[float, float, float, float, str]:
    """Give expected, upper, dispersion, trend and reason of one period."""
    nothing = (np.nan, np.nan, np.nan, np.nan)
    if np.isnan(series[at]):
        return *nothing, "count missing"
    start = at - settings.years * settings.season - settings.half_window
    if start < 0:
        return *nothing, "baseline too short"
    # Newer than the guard nothing is used; the same season of last year is always older than it.
    baseline = np.arange(start, at - settings.guard)
    present = baseline[~np.isnan(series[baseline])]
    if len(present) < LEAST_PRESENT * len(baseline):
        return *nothing, "too many counts missing in the baseline"
    past = series[present]
    level = season_levels(at - present, settings.season, settings.half_window, settings.levels)
    if not (level == 0).any():
        return *nothing, "too many counts missing in the baseline"
    if not past[level == 0].any():
        return 0.0, 0.0, 1.0, 0.0, ""
    ago = (present - at).astype(float)
    fit = fit_baseline(ago, past, level, settings.reweight_above, settings.years >= FEWEST_YEARS_OF_TREND)
    if fit is None or fit[0] > past.max():
        fit = fit_baseline(ago, past, level, settings.reweight_above, False)
    if fit is None:
        return *nothing, "model did not converge"
    mean, phi, trend, variance = fit
    return mean, upper_limit(mean, phi, variance, settings), phi, trend, ""
