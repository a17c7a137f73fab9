"""Small areas: which differ from a target by more than chance, which fifth they are in, and smoothed rates.

Rates of small areas vary by chance alone, so a ranking mostly finds the smallest places. A funnel says which places are
outside what chance allows; smoothing pulls each rate towards the mean by as much as its own events cannot support.
"""

from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from epi.intervals import (
    FloatArray,
    Limits,
    Numbers,
    as_floats,
    broadcast,
    check_confidence,
    check_method,
    common_index,
    first_position,
    interval_frame,
)
from epi.rates import check_per

Distribution = Literal["poisson", "binomial"]
FunnelLimits = Literal["exact", "interpolated"]
WARNING, ALARM = 0.95, 0.998
SIGNIFICANCE = ("far_below", "below", "within", "above", "far_above")


def funnel_limits(
    count: Numbers,
    population: Numbers,
    target: float | None = None,
    per: float = 100_000,
    distribution: Distribution = "poisson",
    limits: FunnelLimits = "exact",
) -> pd.DataFrame:
    """Make the 95 % and 99.8 % funnel limits of each area around a target, and say on which side of them it lies.

    Formula: with E = target / per x population events expected, the limits of a confidence 1 - a are the counts l and u
    of a prediction interval: l the smallest count with P(X <= l) > a/2, u the smallest with P(X > u) <= a/2, X being
    Poisson(E) or Binomial(population, target / per); both are then divided by the population. So an area on target has
    at most a chance of a/2 of lying below, and of a/2 of lying above. These are limits of what is expected, not
    confidence limits of what was observed. Of many areas on target, 1 in 20 lies outside the 95 % limits by definition:
    99.8 % is the alarm.

    Those are the `exact` limits, which step from count to count. `interpolated` ones (Spiegelhalter) make a smooth
    funnel: with r the smallest count with F(r) = P(X <= r) >= p, the limit is r - (F(r) - p) / (F(r) - F(r - 1)), at
    least 0, for p = a/2 and 1 - a/2. They are for drawing: being up to one event further in at the top, they would call
    more areas on target than a/2 above (nearly all, where r is the likeliest count), so `significance` goes by the
    exact limits in either case.

    For a standardised ratio give the expected events as `population`, `target=1` and `per=1`.

    Args:
        count: Events in each area; missing gives no significance.
        population: Population (or expected events); missing or 0 gives nan limits. Whole numbers for `binomial`.
        target: Rate that areas are compared with, in units of `per`; by default the rate of all areas together.
        per: Multiplier of the rate: 100,000 people by default; 1 for ratios and proportions, 100 for percent.
        distribution: `poisson` for events, `binomial` for proportions of a counted group.
        limits: `exact` or `interpolated`.

    Returns:
        One row per area: `value`, `target`, `lower_95`, `upper_95`, `lower_99_8`, `upper_99_8` (in units of `per`) and
        `significance`: `far_below` or `far_above` (outside 99.8 %), `below` or `above` (outside 95 %), `within`, or
        `not_assessed` where nothing is known.

    Raises:
        ValueError: A number is negative or infinite, `per` is not above 0, the target is not a proportion or a count is
            above its population (`binomial`), lengths or indexes differ, or the distribution is unknown.
        TypeError: An argument is not numeric.

    References:
        Spiegelhalter DJ. Funnel plots for comparing institutional performance. Stat Med 2005;24:1185-1202. Seaton SE,
        Manktelow BN. The probability of being identified as an outlier with commonly used funnel plot control limits
        for the standardised mortality ratio. BMC Med Res Methodol 2012;12:98 (their "prediction interval").

    Examples:
        >>> areas = funnel_limits([30, 12, 1], [100_000, 100_000, 20_000], target=15)
        >>> areas[["value", "lower_95", "upper_95", "upper_99_8", "significance"]]
           value  lower_95  upper_95  upper_99_8 significance
        0   30.0       8.0      23.0        28.0    far_above
        1   12.0       8.0      23.0        28.0       within
        2    5.0       0.0      35.0        50.0       within
    """
    check_per(per)
    check_method(distribution, Distribution)
    check_method(limits, FunnelLimits)
    events, people = _areas(count, population)
    people = np.where(people > 0, people, np.nan)
    goal = _target(events, people, target, per)
    if distribution == "binomial":
        _check_binomial(events, people, goal)
    columns = {"value": events / people * per, "target": np.full(events.shape, goal * per)}
    outside = {}
    for name, confidence in (("95", WARNING), ("99_8", ALARM)):
        exact, drawn = _prediction(people, goal, 1 - confidence, distribution)
        lower, upper = exact if limits == "exact" else drawn
        columns |= {f"lower_{name}": lower / people * per, f"upper_{name}": upper / people * per}
        outside[name] = (events < exact[0], events > exact[1])
    frame = interval_frame(columns, common_index({"count": count, "population": population}))
    known = ~np.isnan(events) & ~np.isnan(people) & ~np.isnan(goal)
    sides = [~known, outside["99_8"][0], outside["99_8"][1], outside["95"][0], outside["95"][1]]
    names = ["not_assessed", "far_below", "far_above", "below", "above"]
    return frame.assign(significance=np.select(sides, names, default="within"))


def quantile_groups(values: Numbers, groups: int = 5, weights: Numbers = None) -> "pd.Series[int]":
    """Put areas into equal groups by value: fifths of areas, or of people where populations are given as weights.

    Formula: areas are ordered by value; an area whose weight reaches from share s to share t of all weight is in group
    floor(groups x (s + t) / 2) + 1. Equal values are one block and share a group, so no area's group depends on the
    order of rows; with many ties, groups are unequal or empty.

    Args:
        values: Value of each area; missing is in no group. May be negative.
        groups: Number of groups, 5 for fifths.
        weights: Population of each area; not negative. Without it each area counts the same. A missing weight puts the
            area in no group; a weight of 0 changes no other area's group.

    Returns:
        A Series of whole numbers, 1 (lowest values) to `groups`, missing where there is no value or weight.

    Raises:
        ValueError: `groups` is below 1, a weight is negative or infinite, or lengths or indexes differ.
        TypeError: An argument is not numeric.

    References:
        The rule is stated in full above. Weighting by population as in the slope index of inequality's relative ranks:
        Mackenbach JP, Kunst AE. Soc Sci Med 1997;44:757-771.

    Examples:
        >>> quantile_groups([3.0, 1.0, 2.0, None], groups=3).tolist()
        [3, 1, 2, <NA>]
        >>> quantile_groups([1.0, 2.0, 3.0], groups=2, weights=[10, 10, 80]).tolist()
        [1, 1, 2]
    """
    if groups < 1:
        raise ValueError(f"groups must be 1 or more; found {groups}.")
    inputs = {"values": values, "weights": 1.0 if weights is None else weights}
    index = common_index(inputs)
    value = np.atleast_1d(as_floats(values, "values", quantity=False))
    weight = np.broadcast_to(np.atleast_1d(as_floats(inputs["weights"], "weights")), value.shape)
    known = ~np.isnan(value) & ~np.isnan(weight)
    result = pd.Series(pd.NA, index=index if index is not None else pd.RangeIndex(len(value)), dtype="Int64")
    total = weight[known].sum()
    if not total > 0:
        return result
    _, block = np.unique(value[known], return_inverse=True)
    size = np.bincount(block, weights=weight[known])
    middle = (np.cumsum(size) - size / 2) / total
    # Shares are sums of rounded numbers; an area in the very middle of a boundary belongs above it.
    number = np.clip(np.floor(groups * middle + 1e-9) + 1, 1, groups)
    result[known] = number[block].astype(int)
    return result


def empirical_bayes(count: Numbers, population: Numbers, per: float = 100_000) -> pd.DataFrame:
    """Smooth the rates of areas towards the rate of all areas together (Marshall's global empirical Bayes estimator).

    Formula: with rates r_i = x_i / n_i, m = sum x / sum n and A = sum n_i (r_i - m)^2 / sum n - m / mean(n) (the
    variance between areas that chance does not explain; 0 if negative), the weight of an area's own rate is
    w_i = A / (A + m / n_i) and its smoothed rate m + w_i (r_i - m). Large areas keep their rate, small ones take the
    mean; where chance explains all differences, all take it. For maps and rankings only: a smoothed rate is biased
    towards the mean on purpose, ignores neighbours, and is never to be reported as the area's rate.

    Args:
        count: Events in each area; missing leaves the area out.
        population: Population; missing or 0 leaves the area out.
        per: Multiplier of the rate: 100,000 people by default.

    Returns:
        One row per area: `value` (the area's own rate), `empirical_bayes_marshall_global` (the smoothed one), both in
        units of `per`, and `weight` (w_i, from 0 to 1); nan where the area is left out. No events anywhere give 0.

    Raises:
        ValueError: A number is negative or infinite, `per` is not above 0, or lengths or indexes differ.
        TypeError: An argument is not numeric.

    References:
        Marshall RJ. Mapping disease and mortality rates using empirical Bayes estimators. Appl Stat 1991;40:283-294.

    Examples:
        >>> empirical_bayes([0, 40, 90], [1_000, 100_000, 100_000]).round(2)
           value  empirical_bayes_marshall_global  weight
        0    0.0                            59.64    0.08
        1   40.0                            42.61    0.89
        2   90.0                            87.32    0.89
    """
    check_per(per)
    events, people = _areas(count, population)
    mean, variance = marshall_moments(events, people)
    people = np.where((people > 0) & ~np.isnan(events), people, np.nan)
    rate = events / people
    between = max(variance, 0.0)
    chance = mean / people
    with np.errstate(invalid="ignore"):
        weight = np.where(between + chance > 0, between / (between + chance), np.where(np.isnan(people), np.nan, 0.0))
    smoothed = mean + weight * (rate - mean)
    columns = {"value": rate * per, "empirical_bayes_marshall_global": smoothed * per, "weight": weight}
    return interval_frame(columns, common_index({"count": count, "population": population}))


def marshall_moments(count: Numbers, population: Numbers) -> tuple[float, float]:
    """Give the mean of all areas' rates and the variance between areas that Marshall's estimator rests on.

    Formula: as in `empirical_bayes`; the variance is not cut at 0, so a negative one shows that areas differ less than
    chance would have them.

    Args:
        count: Events in each area; missing leaves the area out.
        population: Population; missing or 0 leaves the area out.

    Returns:
        `(mean, variance)`, events per person and its square; both nan where no area has a population.

    Raises:
        ValueError: As `empirical_bayes`.
        TypeError: An argument is not numeric.

    References:
        Marshall RJ. Appl Stat 1991;40:283-294. The same moments standardise rates in Assuncao RM, Reis EA. Stat Med
        1999;18:2147-2162.

    Examples:
        >>> mean, variance = marshall_moments([30, 25, 25, 15, 33, 21, 30, 20], [100, 100, 110, 90, 100, 90, 110, 90])
        >>> f"{mean:.4f}, {variance:.6f}"
        '0.2519, -0.000373'
    """
    events, people = _areas(count, population)
    used = (people > 0) & ~np.isnan(events)
    if not used.any():
        return float("nan"), float("nan")
    x, n = events[used], people[used]
    mean = x.sum() / n.sum()
    variance = (n * (x / n - mean) ** 2).sum() / n.sum() - mean / n.mean()
    return float(mean), float(variance)


def _areas(count: Numbers, population: Numbers) -> Limits:
    events, people = broadcast({"count": count, "population": population})
    return np.atleast_1d(events), np.atleast_1d(people)


def _target(events: FloatArray, people: FloatArray, target: float | None, per: float) -> float:
    """Give the target per person: the one asked for, or the rate of all areas with events and population known."""
    if target is not None:
        if not (np.isfinite(target) and target >= 0):
            raise ValueError(f"target must be a finite number, 0 or above; found {target}.")
        return target / per
    used = ~np.isnan(events) & ~np.isnan(people)
    return float(events[used].sum() / people[used].sum()) if used.any() else float("nan")


def _prediction(people: FloatArray, goal: float, alpha: float, distribution: Distribution) -> tuple[Limits, Limits]:
    """Give the lowest and highest count that are not surprising for areas on target, exact and interpolated."""
    check_confidence(1 - alpha)
    law = stats.poisson(people * goal) if distribution == "poisson" else stats.binom(people, goal)
    with np.errstate(invalid="ignore", divide="ignore"):
        lower, upper = law.ppf(alpha / 2), law.isf(alpha / 2)
        # From the nearer tail each: 1 less a small number would lose its digits.
        low = lower - (law.cdf(lower) - alpha / 2) / law.pmf(lower)
        high = upper - (alpha / 2 - law.sf(upper)) / law.pmf(upper)
    return (lower, upper), (np.maximum(low, 0.0), np.maximum(high, 0.0))


def _check_binomial(events: FloatArray, people: FloatArray, goal: float) -> None:
    for wrong, what in (
        (events > people, "have no count above their population"),
        (people != np.round(people), "have whole numbers of people for the binomial distribution"),
    ):
        wrong &= ~np.isnan(people)
        if wrong.any():
            raise ValueError(
                f"Areas must {what}; found count {events[wrong][0]:g}, population "
                f"{people[wrong][0]:g}{first_position(wrong)}."
            )
    if goal > 1:
        raise ValueError(f"target must be a proportion for the binomial distribution; found {goal:g} per person.")
