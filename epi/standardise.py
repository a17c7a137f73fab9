"""Directly standardised rates, and indirectly standardised ratios and rates."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from epi.intervals import (
    Numbers,
    PoissonMethod,
    broadcast,
    check_confidence,
    check_method,
    common_index,
    interval_frame,
    poisson_interval,
)
from epi.rates import check_per
from epi.strata import Groups, read_columns
from epi.weighted_rates import DirectMethod, rate_table, sum_strata


def direct_rate(
    frame: pd.DataFrame,
    by: str | Sequence[str],
    count: str = "count",
    population: str = "population",
    weight: str = "weight",
    per: float = 100_000,
    confidence: float = 0.95,
    method: DirectMethod = "tiwari",
) -> pd.DataFrame:
    r"""Standardise the rate of each group directly, with confidence limits for a weighted sum of Poisson counts.

    Formula: with events :math:`x_i`, population :math:`n_i` and standard population :math:`s_i` of stratum i,
    :math:`w_i = s_i / (n_i \sum s)`, value :math:`y = \sum w_i x_i` with variance :math:`v = \sum w_i^2 x_i`. With
    :math:`G(\alpha; m, u)` the quantile of the gamma distribution of mean m and variance u:

    - `tiwari` (as SEER*Stat): lower = G(alpha/2; y, v); upper = G(1 - alpha/2; y + mean(w), v + mean(w^2)).
    - `fay-feuer`: the same with max(w) and max(w)^2; conservative, and very wide where one stratum has few people.
    - `gamma-mean`: the same with mean(w) and mean(w)^2.
    - `dobson` (as OHID): y + sqrt(v / X) (limit of X - X), X the events in all strata, limits of X by Byar; never < 0.

    Zero events: value 0, lower 0, upper -ln(alpha/2) max(w) whatever the method: the exact limit, reached where all
    risk is in the stratum of the largest weight.

    A stratum with no population (0 or missing) is left out, and the weights of the others are scaled up to 1; so an
    empty stratum changes nothing. How many were left out, and with how many events, is reported: events there are in
    `count` but cannot be in `value`. A stratum of weight 0 is outside the standard and ignored. Give every group a row
    for every stratum: one that has no row cannot be reported.

    Args:
        frame: One row per group and stratum (age group, say), in any order.
        by: Column, or columns, that name the group.
        count: Column with the number of events; not negative. A missing count (suppressed, say) makes the group's
            count, value and limits missing: it is not 0.
        population: Column with the population or person-time at risk.
        weight: Column with the standard population of the stratum, on any scale; not missing.
        per: Multiplier of the rate: 100,000 people by default.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.
        method: `tiwari`, `fay-feuer`, `gamma-mean` or `dobson`.

    Returns:
        One row per group, sorted: the columns of `by`, `count` (events), `population`, `value`, `lower`, `upper`
        (events per `per`), `strata_without_population`, `events_without_population`.

    Raises:
        ValueError: A column is not in the frame, a number is negative or infinite, a weight is missing, `per` is not
            above 0, or the confidence or the method is unknown.
        TypeError: A column is not numeric.

    References:
        Tiwari RC, Clegg LX, Zou Z. Efficient interval estimation for age-adjusted cancer rates. Stat Methods Med Res
        2006;15:547-569. Fay MP, Feuer EJ. Confidence intervals for directly standardized rates: a method based on the
        gamma distribution. Stat Med 1997;16:791-801. Dobson AJ, Kuulasmaa K, Eberle E, Scherer J. Confidence intervals
        for weighted sums of Poisson parameters. Stat Med 1991;10:457-462.

    Examples:
        Down's syndrome in Michigan, fifth and later births: the example of Fay and Feuer.

        >>> births = pd.DataFrame({
        ...     "order": "5+",
        ...     "count": [0, 8, 63, 112, 262, 295],
        ...     "population": [327, 30_666, 123_419, 149_919, 104_088, 34_392],
        ...     "weight": [319_933, 931_318, 786_511, 488_235, 237_863, 61_313],
        ... })
        >>> direct_rate(births, by="order")[["order", "value", "lower", "upper"]].round(1)
          order  value  lower  upper
        0    5+   75.5   67.7  112.9
    """
    alpha = 1 - check_confidence(confidence)
    check_per(per)
    check_method(method, DirectMethod)
    groups = Groups(frame, by)
    events, people, standard = read_columns(frame, [count, population, weight])
    sums = sum_strata(groups, events, people, standard, weight)
    return rate_table(groups, sums, per, alpha, method)


def standardised_ratio(
    observed: Numbers, expected: Numbers, confidence: float = 0.95, method: PoissonMethod = "hybrid"
) -> pd.DataFrame:
    """Make the ratio of observed to expected events (SMR, SIR) of each row, with the Poisson limits of the observed.

    Formula: value = observed / expected; each limit is that of the observed count (`epi.intervals.poisson_interval`) /
    expected. The expected number is taken as known without error, so the reference must be much larger than the group.

    Args:
        observed: Number of events, one per row; not negative, missing allowed.
        expected: Number of events expected at the reference's rates; missing or 0 gives nan in all three columns.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.
        method: `exact`, `byar` or `hybrid` (exact below 10 events, Byar from 10).

    Returns:
        A frame with one row per input row and columns `value`, `lower`, `upper` (ratios; x 100 for percent). The index
        is that of the Series given, else 0, 1, 2, ...

    Raises:
        ValueError: A number is negative or infinite, lengths differ, two Series carry different indexes, or the
            confidence or the method is unknown.
        TypeError: An argument is not numeric.

    References:
        Breslow NE, Day NE. Statistical Methods in Cancer Research, vol II. IARC 1987, section 2.3.

    Examples:
        >>> standardised_ratio([12, 0], [8.0, 2.0]).round(3)
           value  lower  upper
        0    1.5  0.774  2.620
        1    0.0  0.000  1.844
    """
    inputs = {"observed": observed, "expected": expected}
    events, expectation = broadcast(inputs)
    expectation[expectation == 0] = np.nan
    lower, upper = poisson_interval(events, confidence, method)
    columns = {"value": events, "lower": lower, "upper": upper}
    return interval_frame({name: events / expectation for name, events in columns.items()}, common_index(inputs))


def expected_counts(
    frame: pd.DataFrame,
    by: str | Sequence[str],
    population: str = "population",
    reference_count: str = "reference_count",
    reference_population: str = "reference_population",
) -> pd.DataFrame:
    """Give the number of events that each group would have at the reference's rate in each stratum.

    Formula: expected = sum over strata of population x reference_count / reference_population. A stratum without
    people expects nothing; one whose population is missing, or whose reference has no population, leaves the group's
    number missing.

    Args:
        frame: One row per group and stratum, the reference's numbers repeated for each group.
        by: Column, or columns, that name the group.
        population: Column with the group's population or person-time in the stratum.
        reference_count: Column with the reference's events in the stratum.
        reference_population: Column with the reference's population in the stratum, in the unit of `population`.

    Returns:
        One row per group, sorted: the columns of `by`, `expected` (events), `reference_rate` (the reference's crude
        rate over the group's strata, events per person).

    Raises:
        ValueError: A column is not in the frame, or a number is negative or infinite.
        TypeError: A column is not numeric.

    References:
        Breslow NE, Day NE. Statistical Methods in Cancer Research, vol II. IARC 1987, section 2.3.

    Examples:
        >>> strata = pd.DataFrame({"area": "A", "population": [1_000, 500], "reference_count": [20, 90],
        ...                        "reference_population": [10_000, 10_000]})
        >>> expected_counts(strata, by="area")
          area  expected  reference_rate
        0    A       6.5          0.0055
    """
    groups = Groups(frame, by)
    people, events, reference = read_columns(frame, [population, reference_count, reference_population])
    reference_total = groups.sum(reference)
    reference[reference == 0] = np.nan
    expected = np.where(people == 0, 0.0, people * events / reference)
    crude = groups.sum(events) / np.where(reference_total > 0, reference_total, np.nan)
    return groups.table({"expected": groups.sum(expected), "reference_rate": crude})


def indirect_rate(
    frame: pd.DataFrame,
    by: str | Sequence[str],
    count: str = "count",
    population: str = "population",
    reference_count: str = "reference_count",
    reference_population: str = "reference_population",
    per: float = 100_000,
    confidence: float = 0.95,
    method: PoissonMethod = "hybrid",
) -> pd.DataFrame:
    """Standardise the rate of each group indirectly: its standardised ratio times the reference's crude rate.

    Formula: value = observed / expected x (sum of reference_count / sum of reference_population) x per, with `expected`
    as in `expected_counts`; limits likewise from those of `standardised_ratio`. Two indirectly standardised rates are
    comparable with the reference, not with each other.

    Args:
        frame: One row per group and stratum, the reference's numbers repeated for each group.
        by: Column, or columns, that name the group.
        count: Column with the group's events; a missing one makes the group's numbers missing.
        population: Column with the group's population or person-time.
        reference_count: Column with the reference's events in the stratum.
        reference_population: Column with the reference's population in the stratum.
        per: Multiplier of the rate: 100,000 people by default.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.
        method: `exact`, `byar` or `hybrid` (exact below 10 events, Byar from 10).

    Returns:
        One row per group, sorted: the columns of `by`, `observed`, `expected` (events), `reference_rate`, `value`,
        `lower`, `upper` (events per `per`).

    Raises:
        ValueError: A column is not in the frame, a number is negative or infinite, `per` is not above 0, or the
            confidence or the method is unknown.
        TypeError: A column is not numeric.

    References:
        Breslow NE, Day NE. Statistical Methods in Cancer Research, vol II. IARC 1987, section 2.3.

    Examples:
        >>> strata = pd.DataFrame({"area": "A", "count": [3, 10], "population": [1_000, 500],
        ...                        "reference_count": [20, 90], "reference_population": [10_000, 10_000]})
        >>> indirect_rate(strata, by="area")[["observed", "expected", "value", "lower", "upper"]].round(1)
           observed  expected   value  lower   upper
        0      13.0       6.5  1100.0  585.1  1881.1
    """
    check_per(per)
    table = expected_counts(frame, by, population, reference_count, reference_population)
    groups = Groups(frame, by)
    observed = groups.sum(read_columns(frame, [count])[0])
    ratio = standardised_ratio(observed, table["expected"].to_numpy(), confidence, method)
    reference_rate = table["reference_rate"].to_numpy() * per
    return groups.table(
        {"observed": observed, "expected": table["expected"].to_numpy(), "reference_rate": reference_rate}
        | {name: ratio[name].to_numpy() * reference_rate for name in ("value", "lower", "upper")}
    )
