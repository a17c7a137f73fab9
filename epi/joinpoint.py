"""Joinpoint regression: where a trend in rates changed, and by how much per year before and after."""

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd

from epi.intervals import Numbers, check_confidence
from epi.joinpoint_model import Criterion, JoinpointFit, Options, fit_alike, recommended_joinpoints
from epi.log_rates import Flags, LogRates, log_rates

__all__ = ["Criterion", "JoinpointFit", "joinpoint", "joinpoint_many", "recommended_joinpoints"]

FEWEST_PERIODS = 3
PERMUTATIONS = 4499


def joinpoint(
    year: Numbers,
    rate: Numbers,
    se: Numbers = None,
    max_joinpoints: int | None = 3,
    criterion: Criterion = "wbic",
    complete: Flags = None,
    draws: Numbers = None,
    min_end: int = 2,
    min_between: int = 2,
    confidence: float = 0.95,
    permutations: int = PERMUTATIONS,
    seed: int | np.random.Generator = 0,
    level: float = 0.05,
) -> JoinpointFit:
    r"""Find the times at which the trend of a series of rates changed, and the annual percent change between them.

    Formula: log(rate) = b0 + b1 x + d1 (x - tau_1)+ + ... + dk (x - tau_k)+, continuous, by least squares weighted with
    (rate / se)^2. For each k, every allowed set of observed times is tried and the one with the least sum of squares
    SSE(k) kept (grid search; Lerman). The number of joinpoints is then chosen by `criterion`, with n periods:

    - `bic`: least ln(SSE(k)/n) + (2k + 2) ln(n)/n.
    - `bic3`: least ln(SSE(k)/n) + (3k + 2) ln(n)/n; stricter.
    - `wbic`: least ln(SSE(k)/n) + ((2 + R) k + 2) ln(n)/n, so BIC (1 - R) + BIC3 R. R is the largest, over the
      joinpoints, of the share (partial R squared) of the scatter about one straight line that the joinpoint explains
      in the two segments it parts. Joinpoint 5's default, so the default here.
    - `permutation`: from 0 against the most joinpoints, test a smaller model against a larger one with
      SSE(small)/SSE(large); its p-value is the share of data sets, made by shuffling the small model's (weighted)
      residuals, with a ratio as large. If p < level / (most - small) one more joinpoint is taken as given, else the
      larger model has one fewer; until they meet.

    These are the definitions of NCI's Joinpoint help (BIC3; Weighted BIC; Permutation Test Details; Notation), which
    gives R as {y'(I - H0) z}^2 / ({y'(I - H0) y} {z'(I - H0) z}), y the series from after one joinpoint to another.
    (joinpointR takes R of the whole model against one line: the same for one joinpoint, more for several.) Not
    seen, and so our reading: its z and H0 (here a joinpoint's hinge and a straight line, over the times after the
    joinpoint before and up to the one after), the weights in the shuffles (here residuals x root of the weight; the
    data themselves count as one shuffle) and Joinpoint's Modified BIC, which is not offered: Zhang & Siegmund derived
    it for jumps of a mean, not for a change of slope.
    APC limits are t-based with n - (2k + 2) degrees of freedom, as Joinpoint counts joinpoints as parameters; the
    scatter is estimated with the same. They take the joinpoints as known.

    With nowcast draws, the model is chosen on the draws' mean log rate, its slopes' variances are pooled over draws as
    multiple imputations, and `models` says which share of the draws would choose each number of joinpoints.

    Args:
        year: Time of each rate in years, in any order; distinct.
        rate: Rate of each period, any unit; above 0. Missing rates are left out.
        se: Standard error of each rate, in its unit; above 0. None weights all periods alike.
        max_joinpoints: Most joinpoints tried; fewer where the series is too short for them. None: as many as NCI
            recommends for the series' length (`recommended_joinpoints`).
        criterion: `bic`, `bic3`, `wbic` or `permutation`.
        complete: Whether each period is complete (final); None says that all are.
        draws: Nowcast draws of the rate, one row per draw, one column per period (or per incomplete period).
        min_end: Fewest periods between a joinpoint and either end of the series, not counting the joinpoint itself.
        min_between: Fewest periods between two joinpoints, not counting them. 2 and 2 are the "at least three observed
            data points" of NCI's Cancer Trends Progress Report, which counts the joinpoints.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.
        permutations: Shuffles per permutation test; NCI's default.
        seed: Seed or generator of the shuffles; the same seed gives the same answer.
        level: Overall chance of finding a joinpoint too many, for `permutation`.

    Returns:
        A `JoinpointFit`: `segments`, `joinpoints`, `fitted`, `models`, `tests` and `aapc()`.

    Raises:
        ValueError: A rate is 0 or negative, a period is incomplete and has no draws, years repeat, fewer than 3 rates
            are left, shapes or indexes differ, or an option is out of range.
        TypeError: An argument is not numeric.

    References:
        Kim HJ, Fay MP, Feuer EJ, Midthune DN. Permutation tests for joinpoint regression with applications to cancer
        rates. Stat Med 2000;19:335-351. Lerman PM. Fitting segmented regression models by grid search. Appl Stat
        1980;29:77-84. Kim HJ et al. Data-driven choice of a model selection method in joinpoint regression. J Appl
        Stat 2022;50(9):1992-2013. Zhang NR, Siegmund DO. A modified Bayes information criterion. Biometrics
        2007;63:22-32.

    Examples:
        >>> years = range(2008, 2022)
        >>> rates = [10 * 1.02 ** min(y - 2008, 6) * 1.15 ** max(y - 2014, 0) for y in years]
        >>> found = joinpoint(years, rates)
        >>> found.joinpoints
        (2014.0,)
        >>> found.segments[["start", "end", "apc"]].round(2)
            start     end   apc
        0  2008.0  2014.0   2.0
        1  2014.0  2021.0  15.0
        >>> float(found.aapc()["aapc"][0].round(3))
        8.806
    """
    alpha = 1 - check_confidence(confidence)
    series = log_rates(year, rate, se, complete, draws)
    options = Options(max_joinpoints, criterion, min_end, min_between, alpha, permutations, level)
    _enough(series)
    return fit_alike([series], options, seed)[0]


def joinpoint_many(
    frame: pd.DataFrame,
    by: Hashable | Sequence[Hashable],
    year: Hashable = "year",
    rate: Hashable = "rate",
    se: Hashable | None = None,
    complete: Hashable | None = None,
    max_joinpoints: int | None = 3,
    criterion: Criterion = "wbic",
    min_end: int = 2,
    min_between: int = 2,
    confidence: float = 0.95,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    level: float = 0.05,
) -> pd.DataFrame:
    """Find the joinpoints of many series at once, one row per segment.

    Formula: that of `joinpoint` for each series; series with the same years are searched together. A series that
    `joinpoint` would refuse (a rate of 0, too few periods, an incomplete period) gets one row that says why, so that
    one place never holds up the others; give nowcast draws to `joinpoint` itself.

    Args:
        frame: One row per series and period.
        by: Column, or columns, that tell the series apart.
        year: Column of times, in years.
        rate: Column of rates, any unit.
        se: Column of standard errors of the rates; None weights all periods alike.
        complete: Column that says whether the period is complete; None says that all are.
        max_joinpoints: As for `joinpoint`.
        criterion: As for `joinpoint`.
        min_end: As for `joinpoint`.
        min_between: As for `joinpoint`.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.
        permutations: As for `joinpoint`.
        seed: Every series' permutation tests start from this seed, so that other series change nothing.
        level: As for `joinpoint`.

    Returns:
        A frame with the `by` columns and `segment` (1, 2, ...), `start`, `end`, `apc`, `lower`, `upper`, `p_value`,
        `joinpoints` (how many the series has), `aapc`, `aapc_lower`, `aapc_upper` (parametric, whole series, percent
        per year) and `reason` ("" or why the series was refused, the figures then missing).

    Raises:
        ValueError: A column is missing, or an option is out of range.
        TypeError: A column is not numeric.

    References:
        As for `joinpoint`.

    Examples:
        >>> years = list(range(2015, 2022))
        >>> rates = [8 * 1.05 ** (y - 2015) for y in years]
        >>> rows = pd.DataFrame({"place": ["A"] * 7 + ["B"] * 7, "year": years * 2, "rate": [*rates, *[0] * 7]})
        >>> found = joinpoint_many(rows, by="place")
        >>> found[["place", "start", "end", "apc", "joinpoints"]].round(1)
          place   start     end  apc  joinpoints
        0     A  2015.0  2021.0  5.0         0.0
        1     B     NaN     NaN  NaN         NaN
        >>> found["reason"][1].split(";")[0]
        'rate must be above 0 in a log-linear model'
    """
    alpha = 1 - check_confidence(confidence)
    options = Options(max_joinpoints, criterion, min_end, min_between, alpha, permutations, level)
    keys = list(by) if isinstance(by, list | tuple) else [by]
    lacking = [name for name in (*keys, year, rate, se, complete) if name is not None and name not in frame.columns]
    if lacking:
        raise ValueError(f"frame must have the columns {lacking}; found {list(frame.columns)}.")
    groups = list(frame.groupby(keys, sort=True, dropna=False, observed=True))
    parts: list[pd.DataFrame] = []
    alike: dict[bytes, list[tuple[int, LogRates]]] = {}
    for place, (_, rows) in enumerate(groups):
        series, reason = _checked(rows, year, rate, se, complete)
        parts.append(_refused_row(reason))
        if series is not None:
            alike.setdefault(series.year.tobytes(), []).append((place, series))
    for members in alike.values():
        fits = fit_alike([series for _, series in members], options, seed)
        for (place, _), fit in zip(members, fits, strict=True):
            parts[place] = _segment_rows(fit, confidence)
    table = pd.concat(parts, ignore_index=True) if parts else _refused_row("").iloc[:0]
    group = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    labels = pd.DataFrame([name for name, _ in groups], columns=keys).iloc[group].reset_index(drop=True)
    return pd.concat([labels, table], axis=1)


def _checked(
    rows: pd.DataFrame, year: Hashable, rate: Hashable, se: Hashable | None, complete: Hashable | None
) -> tuple[LogRates | None, str]:
    """Give one series ready to fit, or None and the reason why it cannot be."""
    try:
        series = log_rates(
            rows[year],
            rows[rate],
            None if se is None else rows[se],
            None if complete is None else rows[complete].to_numpy(),
        )
        _enough(series)
    except ValueError as refusal:
        return None, str(refusal)
    return series, ""


def _enough(series: LogRates) -> None:
    if len(series.year) < FEWEST_PERIODS:
        raise ValueError(
            f"joinpoint regression needs at least {FEWEST_PERIODS} periods with a rate; found {len(series.year)}. "
            "Add earlier years, or give no trend."
        )


def _segment_rows(fit: JoinpointFit, confidence: float) -> pd.DataFrame:
    average = fit.aapc(confidence=confidence).iloc[0]
    return fit.segments.assign(
        joinpoints=float(len(fit.joinpoints)),
        aapc=average["aapc"],
        aapc_lower=average["lower"],
        aapc_upper=average["upper"],
        reason="",
    )


def _refused_row(reason: str) -> pd.DataFrame:
    figures = ["start", "end", "apc", "lower", "upper", "p_value", "joinpoints", "aapc", "aapc_lower", "aapc_upper"]
    return pd.DataFrame({"segment": [1]} | dict.fromkeys(figures, np.nan) | {"reason": reason}, index=[0])
