"""Rates of events that the same person can have more than once: overdose visits, hospital stays, reversals.

Events of one person are not independent, so their number varies more than a Poisson count, and limits that take it for
one are too narrow. What is needed is how many people had one event, two, three ...
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from epi.intervals import (
    FloatArray,
    Numbers,
    PoissonMethod,
    broadcast,
    check_confidence,
    common_index,
    first_position,
    interval_frame,
    poisson_interval,
)
from epi.rates import check_per
from epi.strata import Groups, read_columns
from epi.weighted_rates import rate_table, sum_strata


def repeat_event_counts(
    frame: pd.DataFrame,
    by: str | Sequence[str],
    people: str = "people",
    events_per_person: str = "events_per_person",
) -> pd.DataFrame:
    r"""Count the events of each group, with the variance of that number, from people by their number of events.

    Formula: with :math:`N_f` people who had f events, events :math:`X = \sum f N_f` and variance
    :math:`\sum f^2 N_f`: the :math:`N_f` are independent Poisson counts (X is compound Poisson). With one event for
    each person the variance is X, that of a Poisson count.

    Args:
        frame: One row per group and number of events.
        by: Column, or columns, that name the group.
        people: Column with the number of people; a missing one makes the group's numbers missing.
        events_per_person: Column with the number of events of each of them; not missing.

    Returns:
        One row per group, sorted: the columns of `by`, `people` (with at least one event), `count` (events),
        `count_variance`, `variance_ratio` (`count_variance` / `count`: 1 without repeats, nan without events).

    Raises:
        ValueError: A column is not in the frame, a number is negative or infinite, or a number of events is missing.
        TypeError: A column is not numeric.

    References:
        Stukel TA, Glynn RJ, Fisher ES, Sharp SM, Lu-Yao G, Wennberg JE. Standardized rates of recurrent outcomes. Stat
        Med 1994;13:1781-1791.

    Examples:
        50 people with one visit, 10 with two, 1 with nine.

        >>> visits = pd.DataFrame({"area": "A", "events_per_person": [1, 2, 9], "people": [50, 10, 1]})
        >>> repeat_event_counts(visits, by="area").round(3)
          area  people  count  count_variance  variance_ratio
        0    A    61.0   79.0           171.0           2.165
    """
    groups = Groups(frame, by)
    persons, frequency = read_columns(frame, [people, events_per_person])
    _require_known(frequency, events_per_person)
    count, variance = groups.sum(persons * frequency), groups.sum(persons * frequency**2)
    ratio = np.divide(variance, count, out=np.full_like(count, np.nan), where=count > 0)
    return groups.table(
        {
            "people": groups.sum(np.where(frequency > 0, persons, 0.0)),
            "count": count,
            "count_variance": variance,
            "variance_ratio": ratio,
        }
    )


def repeat_event_rate(
    count: Numbers,
    count_variance: Numbers,
    population: Numbers,
    per: float = 100_000,
    confidence: float = 0.95,
    method: PoissonMethod = "hybrid",
) -> pd.DataFrame:
    """Make the crude rate of repeat events of each row, with limits as wide as its variance.

    Formula: value = X / n x per; limits (X + sqrt(V / X) (limit of X - X)) / n x per, with X the events, V their
    variance and the Poisson limits of X; a lower limit that would be negative is 0. With V = X these are the limits of
    `epi.rates.crude_rate`. No events have value 0, lower 0 and the exact upper limit of 0 events.

    Args:
        count: Number of events, one per row; not negative, missing allowed.
        count_variance: Its variance (`repeat_event_counts`).
        population: Population, or person-time, at risk; missing or 0 gives nan in all three columns, never an error.
        per: Multiplier of the rate: 100,000 people by default.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.
        method: `exact`, `byar` or `hybrid` (exact below 10 events, Byar from 10): the limits of X.

    Returns:
        A frame with one row per input row and columns `value`, `lower`, `upper` (events per `per`). The index is that
        of the Series given, else 0, 1, 2, ...

    Raises:
        ValueError: A number is negative or infinite, `per` is not above 0, lengths differ, or two Series carry
            different indexes.
        TypeError: An argument is not numeric.

    References:
        Dobson AJ, Kuulasmaa K, Eberle E, Scherer J. Stat Med 1991;10:457-462 (limits scaled to a variance), with the
        variance of Stukel TA et al. Stat Med 1994;13:1781-1791.

    Examples:
        >>> repeat_event_rate([79, 0], [171, 0], 50_000).round(1)
           value  lower  upper
        0  158.0  109.6  215.3
        1    0.0    0.0    7.4
    """
    check_per(per)
    inputs = {"count": count, "count_variance": count_variance, "population": population}
    events, variance, people = map(np.atleast_1d, broadcast(inputs))
    people[people == 0] = np.nan
    scale = np.sqrt(np.divide(variance, events, out=np.ones_like(events), where=events > 0))
    lower, upper = poisson_interval(events, confidence, method)
    lower, upper = np.maximum(events + scale * (lower - events), 0.0), events + scale * (upper - events)
    columns = {"value": events, "lower": lower, "upper": upper}
    return interval_frame({name: of_count * per / people for name, of_count in columns.items()}, common_index(inputs))


def repeat_direct_rate(
    frame: pd.DataFrame,
    by: str | Sequence[str],
    stratum: str | Sequence[str],
    people: str = "people",
    events_per_person: str = "events_per_person",
    population: str = "population",
    weight: str = "weight",
    per: float = 100_000,
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Standardise the rate of repeat events of each group directly, with Dobson's limits on their own variance.

    Formula: as `epi.standardise.direct_rate` with `method="dobson"`, with :math:`\sum w_i^2 \sum_f f^2 N_{if}` in place
    of :math:`\sum w_i^2 x_i`, for :math:`N_{if}` people of stratum i who had f events. With one event for each person
    the two agree. No events at all: value 0, lower 0 and the exact upper limit of independent events.

    Args:
        frame: One row per group, stratum and number of events; the stratum's population and weight stand on each of
            its rows. A stratum without events needs a row too, with 0 people or 0 events.
        by: Column, or columns, that name the group.
        stratum: Column, or columns, that name the stratum (age group, say).
        people: Column with the number of people who had that number of events.
        events_per_person: Column with the number of events of each of them; not missing.
        population: Column with the population of the stratum, the same on all its rows; 0 or missing leaves the stratum
            out, as in `direct_rate`.
        weight: Column with the standard population of the stratum, the same on all its rows.
        per: Multiplier of the rate: 100,000 people by default.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.

    Returns:
        One row per group with the columns of `direct_rate`.

    Raises:
        ValueError: A column is not in the frame, a number is negative or infinite, a weight or a number of events is
            missing, the rows of a stratum differ in population or weight, or `per` or the confidence is out of range.
        TypeError: A column is not numeric.

    References:
        Stukel TA et al. Stat Med 1994;13:1781-1791. Dobson AJ et al. Stat Med 1991;10:457-462.

    Examples:
        >>> visits = pd.DataFrame({
        ...     "area": "A", "age_group": ["15-44", "15-44", "45+"], "events_per_person": [1, 4, 1],
        ...     "people": [40, 5, 20], "population": [20_000, 20_000, 30_000], "weight": [6, 6, 4],
        ... })
        >>> repeat_direct_rate(visits, by="area", stratum="age_group")[["count", "value", "lower", "upper"]].round(1)
           count  value  lower  upper
        0   80.0  206.7  144.8  279.7
    """
    check_per(per)
    alpha = 1 - check_confidence(confidence)
    by, stratum = ([names] if isinstance(names, str) else list(names) for names in (by, stratum))
    counts = repeat_event_counts(frame, [*by, *stratum], people, events_per_person)
    strata = Groups(frame, [*by, *stratum])
    shared = {}
    for name, values in zip((population, weight), read_columns(frame, [population, weight]), strict=True):
        known = np.where(np.isnan(values), -1.0, values)
        largest = strata.largest(known)
        if (largest != -strata.largest(-known)).any():
            wrong = strata.keys[largest != -strata.largest(-known)].iloc[0].to_dict()
            raise ValueError(f"{name} must be the same on all rows of a stratum; found different ones in {wrong}.")
        shared[name] = np.where(largest < 0, np.nan, largest)
    groups = Groups(strata.keys, by)
    events, variance = counts["count"].to_numpy(copy=True), counts["count_variance"].to_numpy(copy=True)
    sums = sum_strata(groups, events, shared[population], shared[weight], weight, variance)
    return rate_table(groups, sums, per, alpha, "dobson")


def _require_known(frequency: FloatArray, name: str) -> None:
    missing = np.isnan(frequency)
    if missing.any():
        raise ValueError(
            f"{name} must not be missing; found nan{first_position(missing)}. Give the number of events, 0 included."
        )
