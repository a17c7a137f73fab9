"""Crude rates, and ratios and differences of two of them, with confidence limits."""

from typing import Literal

import numpy as np
import pandas as pd
from scipy import special
from scipy.optimize import elementwise

from epi.intervals import (
    FloatArray,
    Numbers,
    PoissonMethod,
    broadcast,
    check_confidence,
    check_method,
    common_index,
    interval_frame,
    mover_difference,
    poisson_interval,
)

RatioMethod = Literal["exact", "midp", "log"]

SMALLEST_ODDS = 1e-300


def crude_rate(
    count: Numbers,
    population: Numbers,
    per: float = 100_000,
    confidence: float = 0.95,
    method: PoissonMethod = "hybrid",
) -> pd.DataFrame:
    """Make the crude rate of each row, with the Poisson limits of its count.

    Formula: value = count / population x per; each limit is the limit of the count (`epi.intervals.poisson_interval`)
    / population x per. The population is taken as known without error. A count of 0 has value 0, lower 0 and the upper
    limit of 0 events. A rate may exceed `per` (repeat events).

    Args:
        count: Number of events, one per row; not negative, missing allowed.
        population: Population, or person-time, at risk; missing or 0 gives nan in all three columns, never an error.
        per: Multiplier of the rate: 100,000 people by default.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.
        method: `exact`, `byar` or `hybrid` (exact below 10 events, Byar from 10).

    Returns:
        A frame with one row per input row and columns `value`, `lower`, `upper` (events per `per`). The index is that
        of the Series given, else 0, 1, 2, ...

    Raises:
        ValueError: A number is negative or infinite, `per` is not above 0, lengths differ, or two Series carry
            different indexes.
        TypeError: An argument is not numeric.

    References:
        Garwood F. Biometrika 1936;28:437-442. Breslow NE, Day NE. Statistical Methods in Cancer Research, vol II. IARC
        1987, p. 69.

    Examples:
        Drug overdose deaths in the United States in 2021, and a place without any.

        >>> crude_rate([106_699, 0], [331_893_745, 12_000]).round(2)
           value  lower  upper
        0  32.15  31.96  32.34
        1   0.00   0.00  30.74
    """
    check_per(per)
    inputs = {"count": count, "population": population}
    events, people = broadcast(inputs)
    people[people == 0] = np.nan
    lower, upper = poisson_interval(events, confidence, method)
    columns = {"value": events, "lower": lower, "upper": upper}
    return interval_frame({name: of_count * per / people for name, of_count in columns.items()}, common_index(inputs))


def rate_ratio(
    count_a: Numbers,
    population_a: Numbers,
    count_b: Numbers,
    population_b: Numbers,
    confidence: float = 0.95,
    method: RatioMethod = "exact",
) -> pd.DataFrame:
    """Make the ratio of the crude rate of group a to that of group b, row by row.

    Formula: value = (a / n_a) / (b / n_b). Given a + b events in all, a is binomial with probability
    p = R n_a / (R n_a + n_b), R the true ratio; so limits of p give limits of R = p / (1 - p) x n_b / n_a.

    - `exact`: Clopper-Pearson limits of p; never covers less than the stated confidence.
    - `midp`: counts half the probability of the observed a in each tail; shorter, right on average.
    - `log`: exp(log value -/+ z sqrt(1/a + 1/b)), for large counts; rows with 0 events in a group get `exact` limits,
      as the formula has none.

    Without events: a = 0 gives value 0, lower 0 and a finite upper limit; b = 0 gives value inf, a finite lower limit
    and upper inf; both 0 give value nan with limits 0 and inf, as the data say nothing about the ratio.

    Args:
        count_a: Events in the group of interest, one per row; not negative, missing allowed.
        population_a: Its population or person-time, in the unit of `population_b`; missing or 0 gives nan.
        count_b: Events in the reference group.
        population_b: Its population or person-time.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.
        method: `exact`, `midp` or `log`.

    Returns:
        A frame with one row per input row and columns `value`, `lower`, `upper` (ratios, without unit); all nan where
        an input is missing or a population is 0. The index is that of the Series given, else 0, 1, 2, ...

    Raises:
        ValueError: A number is negative or infinite, lengths differ, two Series carry different indexes, or the
            confidence or the method is unknown.
        TypeError: An argument is not numeric.

    References:
        Przyborowski J, Wilenski H. Homogeneity of results in testing samples from Poisson series. Biometrika
        1940;31:313-323. Berry G, Armitage P. Mid-P confidence intervals: a brief review. The Statistician
        1995;44:417-423. Rothman KJ, Greenland S, Lash TL. Modern Epidemiology, 3rd ed. 2008, ch. 14.

    Examples:
        >>> rate_ratio(41, 28_010, 15, 19_017).round(4)
            value   lower   upper
        0  1.8558  1.0057  3.6093
    """
    alpha = 1 - check_confidence(confidence)
    check_method(method, RatioMethod)
    inputs = {"count_a": count_a, "population_a": population_a, "count_b": count_b, "population_b": population_b}
    a, n_a, b, n_b = map(np.atleast_1d, broadcast(inputs))
    unknown = np.isnan(a) | np.isnan(b) | ~(n_a > 0) | ~(n_b > 0)
    a, n_a, b, n_b = (np.where(unknown, np.nan, array) for array in (a, n_a, b, n_b))
    scale = n_b / n_a
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = a / b
    lower, upper = _odds_limits(a, b, odds, alpha, method)
    columns = {"value": odds * scale, "lower": lower * scale, "upper": upper * scale}
    return interval_frame(columns, common_index(inputs))


def incidence_rate(
    count: Numbers,
    person_years: Numbers,
    per: float = 100,
    confidence: float = 0.95,
    method: PoissonMethod = "exact",
) -> pd.DataFrame:
    """Make the incidence rate of each row over person-time, with exact Poisson limits unless asked otherwise.

    Formula: as `crude_rate`, with person-years for the population: value = count / person_years x per. Person-time is
    what cohorts of people who inject drugs are followed for (HIV or HCV incidence per 100 person-years).

    Args:
        count: Number of new events, one per row; not negative, missing allowed.
        person_years: Person-years at risk; missing or 0 gives nan.
        per: Person-years that the rate is expressed in: 100 by default.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.
        method: `exact`, `byar` or `hybrid`; cohorts have few events, so `exact` is the default.

    Returns:
        A frame with columns `value`, `lower`, `upper` (events per `per` person-years), one row per input row.

    Raises:
        ValueError: As `crude_rate`.
        TypeError: An argument is not numeric.

    References:
        Garwood F. Biometrika 1936;28:437-442.

    Examples:
        >>> incidence_rate([12, 0], [640.5, 85.0]).round(2)
           value  lower  upper
        0   1.87   0.97   3.27
        1   0.00   0.00   4.34
    """
    return crude_rate(count, person_years, per, confidence, method)


def rate_difference(
    count_a: Numbers,
    population_a: Numbers,
    count_b: Numbers,
    population_b: Numbers,
    per: float = 100_000,
    confidence: float = 0.95,
    method: PoissonMethod = "hybrid",
) -> pd.DataFrame:
    """Make the difference of the crude rate of group a and that of group b, row by row.

    Formula: value = (a / n_a - b / n_b) x per. The limits recover each rate's variance from its own Poisson limits
    (`epi.intervals.mover_difference`): lower = value - sqrt((rate_a - lower_a)^2 + (upper_b - rate_b)^2), upper = value
    + sqrt((upper_a - rate_a)^2 + (rate_b - lower_b)^2). Unlike value -/+ z x standard error they hold without events.

    Args:
        count_a: Events in the group of interest, one per row; not negative, missing allowed.
        population_a: Its population or person-time; missing or 0 gives nan.
        count_b: Events in the reference group.
        population_b: Its population or person-time.
        per: Multiplier of the difference: 100,000 people by default.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.
        method: Poisson limits of each rate: `exact`, `byar` or `hybrid`.

    Returns:
        A frame with columns `value`, `lower`, `upper` (events per `per`; negative where a has the lower rate), one row
        per input row. The index is that of the Series given, else 0, 1, 2, ...

    Raises:
        ValueError: A number is negative or infinite, `per` is not above 0, lengths differ, two Series carry different
            indexes, or the confidence or the method is unknown.
        TypeError: An argument is not numeric.

    References:
        Zou GY, Donner A. Stat Med 2008;27:1693-1702. Li HQ, Tang ML, Wong WK. Confidence intervals for ratio of two
        Poisson rates using the method of variance estimates recovery. Comput Stat 2014;29:869-889.

    Examples:
        >>> rate_difference(41, 28_010, 15, 19_017, per=10_000).round(2)
           value  lower  upper
        0   6.75   0.17  13.02
    """
    inputs = {"count_a": count_a, "population_a": population_a, "count_b": count_b, "population_b": population_b}
    a, n_a, b, n_b = broadcast(inputs)
    rates = [crude_rate(*group, per, confidence, method) for group in ((a, n_a), (b, n_b))]
    (rate_a, *limits_a), (rate_b, *limits_b) = (rate.to_numpy().T for rate in rates)
    lower, upper = mover_difference(rate_a, (limits_a[0], limits_a[1]), rate_b, (limits_b[0], limits_b[1]))
    return interval_frame({"value": rate_a - rate_b, "lower": lower, "upper": upper}, common_index(inputs))


def check_per(per: float) -> None:
    """Refuse a multiplier that is not a finite number above 0."""
    if not (np.isfinite(per) and per > 0):
        raise ValueError(f"per must be a finite number above 0, such as 100_000; found {per}.")


def _odds_limits(
    a: FloatArray, b: FloatArray, odds: FloatArray, alpha: float, method: RatioMethod
) -> tuple[FloatArray, FloatArray]:
    """Give the limits of p / (1 - p) for a events of a + b; the upper one is the inverse of b's lower one."""
    lower_of = _midp_lower_odds if method == "midp" else _exact_lower_odds
    with np.errstate(divide="ignore"):
        lower, upper = lower_of(a, b, alpha), 1 / lower_of(b, a, alpha)
    if method == "midp":
        # Mid-P limits of a confidence below some 30 % can miss the estimate; no limits of ours do.
        lower, upper = np.where(lower > odds, odds, lower), np.where(upper < odds, odds, upper)
    if method == "log":
        both = (a > 0) & (b > 0)
        spread = -special.ndtri(alpha / 2) * np.sqrt(1 / a[both] + 1 / b[both])
        lower[both], upper[both] = odds[both] * np.exp(-spread), odds[both] * np.exp(spread)
    return lower, upper


def _exact_lower_odds(a: FloatArray, b: FloatArray, alpha: float) -> FloatArray:
    # p and 1 - p come from their own quantile functions: subtracting from 1 would lose digits as p nears 1.
    some = np.where(a > 0, a, np.nan)
    odds = special.betaincinv(some, b + 1, alpha / 2) / special.betainccinv(b + 1, some, alpha / 2)
    return np.where((a == 0) & ~np.isnan(b), 0.0, odds)


def _midp_lower_odds(a: FloatArray, b: FloatArray, alpha: float) -> FloatArray:
    """Solve P(A > a) + P(A = a) / 2 = alpha / 2 for the log odds of p, all rows at once (Chandrupatla's method)."""
    odds = np.where((a == 0) & ~np.isnan(b), 0.0, np.nan)
    solve = (a > 0) & ~np.isnan(b)
    if not solve.any():
        return odds

    def excess(log_odds: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
        p = special.expit(log_odds)
        above: FloatArray = special.betainc(a + 1, b, p)
        from_a_on: FloatArray = special.betainc(a, b + 1, p)
        return (above + from_a_on - alpha) / 2

    x, y = a[solve], b[solve]
    # P(A >= a) is at least the mid-P tail and at most twice it, so the exact limits at alpha / 2 and at alpha enclose
    # the root; the margin is for rounding where a limit is the root itself (b = 0).
    low, high = (_exact_lower_odds(x, y, tail) for tail in (alpha, 2 * alpha))
    # The limit of a small fraction of an event (an imputed count) is too small a number to be held: it is 0.
    real = low > SMALLEST_ODDS
    bracket = (np.log(low[real]) - 1e-3, np.log(high[real]) + 1e-3)
    roots = elementwise.find_root(excess, bracket, args=(x[real], y[real])).x
    found = np.zeros(len(x))
    found[real] = np.exp(roots)
    odds[solve] = found
    return odds
