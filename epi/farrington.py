"""The Farrington-flexible algorithm: counts beside the same season of earlier years, with trend and old outbreaks."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from statsmodels.genmod.families import Poisson  # type: ignore[import-untyped, unused-ignore]
from statsmodels.genmod.generalized_linear_model import GLM  # type: ignore[import-untyped, unused-ignore]

from epi.intervals import FloatArray, Numbers, as_floats, common_index

# At least this share of the baseline's periods must have a count.
LEAST_PRESENT = 0.5


@dataclass(frozen=True)
class Settings:
    """The options of `farrington_flexible`, checked."""

    years: int
    season: int
    half_window: int
    levels: int
    guard: int
    reweight_above: float
    alpha: float
    few: tuple[int, int]

    def __post_init__(self) -> None:
        """Refuse options that leave no baseline or no seasons."""
        rest = self.season - (2 * self.half_window + 1)
        if not (self.years >= 1 and self.half_window >= 0 and 0 <= self.guard < self.season):
            raise ValueError(
                f"years must be at least 1, half_window at least 0, guard from 0 to below season ({self.season}); "
                f"found {self.years}, {self.half_window}, {self.guard}."
            )
        if not 2 <= self.levels <= rest + 1:
            raise ValueError(
                f"levels must be from 2 to {rest + 1} (season {self.season} less the window of "
                f"{2 * self.half_window + 1} periods, plus 1); found {self.levels}."
            )
        if not (0 < self.alpha < 1 and self.reweight_above > 0):
            raise ValueError(
                f"alpha must be a probability and reweight_above above 0; found {self.alpha} and {self.reweight_above}."
            )


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
) -> pd.DataFrame:
    r"""Flag counts above what season, trend and scatter of earlier years lead one to expect (Noufaily et al. 2013).

    Formula, for each assessed period t with count y: a Poisson log-linear model with intercept, linear trend and a
    seasonal factor is fitted to the `years` before t, without the newest `guard` periods. The factor has one level for
    the same season as t (-/+ `half_window` periods) and `levels` - 1 nearly equal levels for the rest of the year.
    Dispersion phi = max(1, sum w (y - mu)^2 / mu / (n - p)). Anscombe residuals s = 3/2 (y^{2/3} - mu^{2/3}) /
    (mu^{1/6} sqrt(phi (1 - h))), h the leverage, above `reweight_above` mark old outbreaks: these get weights in
    proportion to s^-2, the others to 1, summing to n, and the model is fitted again. Where it expects more than the
    baseline's largest count, the trend is left out. Upper = the 1 - `alpha` quantile of the negative binomial with mean
    mu and variance phi mu (Poisson where phi = 1); score = (y - mu) / (upper - mu); flagged where y is above upper.

    Without events: a season level whose counts are all 0 is fitted exactly as 0 (its maximum likelihood value); where
    that is the season of t, or the baseline has no event at all, expected and upper are 0 and any event scores inf,
    but is flagged only from `few` events on.

    Periods are counted, not dated: 52 weeks per year drift against the calendar by some 1.2 days a year, well inside
    the window. For months: `season=12, half_window=1, levels=4, guard=6`.

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
        Catchpole MA. J R Stat Soc A 1996;159:547-563.

    Examples:
        >>> weeks = np.arange(313)
        >>> counts = 20 + weeks % 5 + np.where(weeks == 312, 30, 0)
        >>> farrington_flexible(counts)[["count", "expected", "upper", "score", "alarm"]].round(2)
             count  expected  upper  score  alarm
        312   52.0      22.0   35.0   2.31   True
    """
    settings = Settings(years, season, half_window, levels, guard, reweight_above, alpha, few)
    series = as_floats(counts, "counts")
    if series.ndim != 1:
        raise ValueError(f"counts must be one series; found shape {series.shape}. Call once per series.")
    chosen = range(0 if assess is None else max(0, len(series) - assess), len(series))
    rows = [_assessed(series, at, settings) for at in chosen]
    labels = common_index({"counts": counts})
    index = (pd.RangeIndex(len(series)) if labels is None else labels)[chosen.start :]
    names = ["expected", "upper", "dispersion", "trend", "reason"]
    table = pd.DataFrame(rows, columns=names, index=index)
    table.insert(0, "count", series[chosen.start :])
    return _flagged(table, series, chosen, settings)


def _flagged(table: pd.DataFrame, series: FloatArray, chosen: range, settings: Settings) -> pd.DataFrame:
    events, periods = settings.few
    count, expected, upper = (table[name].to_numpy(dtype=float) for name in ("count", "expected", "upper"))
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where(count == expected, 0.0, (count - expected) / (upper - expected))
    score[np.isnan(expected)] = np.nan
    recent = np.array([np.nansum(series[max(0, at - periods + 1) : at + 1]) for at in chosen])
    above = count > upper
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
    fit = _fitted((present - at).astype(float), past, level, settings.reweight_above, True)
    if fit is None or fit[0] > past.max():
        fit = _fitted((present - at).astype(float), past, level, settings.reweight_above, False)
    if fit is None:
        return *nothing, "model did not converge"
    mean, phi, trend = fit
    return mean, _quantile(mean, phi, settings.alpha), phi, trend, ""


def season_levels(ago: npt.NDArray[np.int64], season: int, half_window: int, levels: int) -> npt.NDArray[np.int64]:
    """Give the level of the seasonal factor of periods that lie `ago` periods back: 0 is the assessed season.

    Examples:
        >>> season_levels(np.arange(12), 12, 1, 4).tolist()
        [0, 0, 3, 3, 3, 2, 2, 2, 1, 1, 1, 0]
    """
    phase = (-ago + half_window) % season
    window = 2 * half_window + 1
    rest = (phase - window) * (levels - 1) // (season - window)
    return np.where(phase < window, 0, rest + 1)


def _fitted(
    time: FloatArray, counts: FloatArray, level: npt.NDArray[np.int64], reweight_above: float, trend: bool
) -> tuple[float, float, float] | None:
    """Fit, reweight and fit again; give the mean at time 0 and level 0, dispersion and trend, or None if it fails."""
    totals = np.bincount(level, counts, minlength=level.max() + 1)
    # A level without events has no finite coefficient; its own fit, exactly 0, leaves the others' unchanged.
    kept = totals[level] > 0
    time, counts, level = time[kept], counts[kept], level[kept]
    others = [number for number in np.flatnonzero(totals) if number > 0]
    scale = max(float(np.abs(time).max()), 1.0)
    columns = [np.ones(len(time)), *([time / scale] if trend else []), *[(level == other) * 1.0 for other in others]]
    design = np.column_stack(columns)
    if len(counts) <= design.shape[1]:
        return None
    weights = np.ones(len(counts))
    fit = _glm(counts, design, weights)
    if fit is None:
        return None
    residual = _anscombe(counts, fit.fittedvalues, design, weights)
    high = residual > reweight_above
    if high.any():
        weights[high] = residual[high] ** -2.0
        weights *= len(weights) / weights.sum()
        fit = _glm(counts, design, weights)
        if fit is None:
            return None
    phi = _dispersion(counts, fit.fittedvalues, weights, design.shape[1])
    return float(np.exp(fit.params[0])), phi, float(fit.params[1] / scale) if trend else 0.0


def _glm(counts: FloatArray, design: FloatArray, weights: FloatArray) -> Any:
    with warnings.catch_warnings():
        # A perfect fit (counts that never vary) is a result here, not a fault.
        warnings.simplefilter("ignore")
        fit = GLM(counts, design, family=Poisson(), var_weights=weights).fit(scale=1.0)
    return fit if fit.converged and np.isfinite(fit.params).all() else None


def _dispersion(counts: FloatArray, mean: FloatArray, weights: FloatArray, terms: int) -> float:
    return max(1.0, float((weights * (counts - mean) ** 2 / mean).sum()) / (len(counts) - terms))


def _anscombe(counts: FloatArray, mean: FloatArray, design: FloatArray, weights: FloatArray) -> FloatArray:
    orthogonal, _ = np.linalg.qr(design * np.sqrt(weights * mean)[:, None])
    leverage = np.minimum((orthogonal**2).sum(axis=1), 1 - 1e-9)
    phi = _dispersion(counts, mean, weights, design.shape[1])
    gap = counts ** (2 / 3) - mean ** (2 / 3)
    return np.asarray(1.5 * gap / (mean ** (1 / 6) * np.sqrt(phi * (1 - leverage))))


def _quantile(mean: float, phi: float, alpha: float) -> float:
    if phi <= 1 + 1e-9:
        return float(stats.poisson.ppf(1 - alpha, mean))
    return float(stats.nbinom.ppf(1 - alpha, mean / (phi - 1), 1 / phi))
