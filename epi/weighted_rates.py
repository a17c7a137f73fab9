"""Weighted sums of counts over strata, and their confidence limits: the arithmetic of standardised rates."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from scipy import special

from epi.intervals import FloatArray, first_position, poisson_interval
from epi.strata import Groups

DirectMethod: TypeAlias = Literal["tiwari", "fay-feuer", "gamma-mean", "dobson"]


@dataclass(frozen=True)
class StratumSums:
    """Sums over the strata of each group that have population and weight; `a` is weight / population of a stratum."""

    events: FloatArray
    people: FloatArray
    weight: FloatArray
    rate: FloatArray  # sum of a x events
    strata: FloatArray
    variance: FloatArray  # sum of a^2 x events
    a: FloatArray
    a_squared: FloatArray
    a_largest: FloatArray
    strata_left_out: FloatArray
    events_left_out: FloatArray


def sum_strata(
    groups: Groups,
    events: FloatArray,
    people: FloatArray,
    standard: FloatArray,
    weight: str,
    event_variance: FloatArray | None = None,
) -> StratumSums:
    """Add up, per group, what a standardised rate and its limits need, using up the arrays given.

    Args:
        groups: The groups of the rows.
        events: Events in each row's stratum; overwritten, like the next two (fresh copies of a long table cost more
            time than the sums).
        people: Population of the stratum.
        standard: Standard population of the stratum.
        weight: Name of `standard`, for the error message.
        event_variance: Variance of `events`; Poisson (that is, `events`) unless given.

    Raises:
        ValueError: A weight is missing.
    """
    if np.isnan(standard).any():
        where = first_position(np.isnan(standard))
        raise ValueError(f"{weight} must not be missing; found nan{where}. Match every stratum with the standard.")
    used = (standard > 0) & (people > 0)
    unused = ~used
    left_out = unused & (standard > 0)
    lost = groups.sum(np.where(left_out & ~np.isnan(events), events, 0.0)) if left_out.any() else np.zeros(groups.size)
    for array in (events, people, standard) if event_variance is None else (events, people, standard, event_variance):
        array[unused] = 0.0
    totals = {"events": groups.sum(events), "people": groups.sum(people), "weight": groups.sum(standard)}
    a = np.divide(standard, people, out=standard, where=used)
    np.multiply(events, a, out=events)
    totals["rate"] = groups.sum(events)
    spread = events if event_variance is None else np.multiply(event_variance, a, out=event_variance)
    return StratumSums(
        **totals,
        strata=groups.sum(used),
        variance=groups.sum(np.multiply(spread, a, out=spread)),
        a=groups.sum(a),
        a_squared=groups.sum(np.multiply(a, a, out=people)),
        a_largest=groups.largest(a),
        strata_left_out=groups.sum(left_out),
        events_left_out=lost,
    )


def weighted_limits(
    events: FloatArray, total: FloatArray, variance: FloatArray, largest_weight: FloatArray, alpha: float
) -> tuple[FloatArray, FloatArray]:
    """Give Dobson's limits of weighted sums of counts, with Byar's limits of the number of events.

    Args:
        events: Number of events of all strata of each group.
        total: Sum of weight x events.
        variance: Sum of weight^2 x variance of the events (Poisson: the events).
        largest_weight: Largest weight of a stratum; with no events it makes the exact upper limit.
        alpha: 1 - the two-sided confidence level.

    Returns:
        `(lower, upper)`, in units of `total`.
    """
    some = np.where(events > 0, events, np.nan)
    scale = np.sqrt(variance / some)
    lower, upper = (total + scale * (limit - some) for limit in poisson_interval(some, 1 - alpha, "byar"))
    return _enclose(events, total, largest_weight, alpha, np.maximum(lower, 0.0), upper)


def rate_table(groups: Groups, sums: StratumSums, per: float, alpha: float, method: DirectMethod) -> pd.DataFrame:
    """Turn sums over strata into the table of rates that `epi.standardise.direct_rate` describes."""
    total = np.where(sums.strata > 0, sums.weight, np.nan)
    if method == "dobson":
        lower, upper = weighted_limits(sums.events, sums.rate, sums.variance, sums.a_largest, alpha)
    else:
        lower, upper = _enclose(sums.events, sums.rate, sums.a_largest, alpha, *_gamma(sums, alpha, method))
    return groups.table(
        {
            "count": sums.events + sums.events_left_out,
            "population": sums.people,
            "value": sums.rate / total * per,
            "lower": lower / total * per,
            "upper": upper / total * per,
            "strata_without_population": sums.strata_left_out.astype(np.int64),
            "events_without_population": sums.events_left_out,
        }
    )


def _enclose(
    events: FloatArray, total: FloatArray, largest: FloatArray, alpha: float, lower: FloatArray, upper: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Put the exact limits where there are no events, and never leave the estimate outside."""
    none = events == 0
    return np.where(none, 0.0, lower), np.where(none, -np.log(alpha / 2) * largest, np.maximum(upper, total))


def _gamma(sums: StratumSums, alpha: float, method: DirectMethod) -> tuple[FloatArray, FloatArray]:
    """Give gamma limits; one more event in a stratum of average (or the largest) weight makes the upper one."""
    rate, variance = (np.where(sums.events > 0, array, np.nan) for array in (sums.rate, sums.variance))
    if method == "fay-feuer":
        step, step_squared = sums.a_largest, sums.a_largest**2
    else:
        strata = np.where(sums.strata > 0, sums.strata, np.nan)
        step = sums.a / strata
        step_squared = sums.a_squared / strata if method == "tiwari" else step**2
    # gammaincinv(shape, p) x scale is the quantile of a gamma distribution; shape = mean^2 / variance.
    lower = special.gammaincinv(rate**2 / variance, alpha / 2) * variance / rate
    raised, raised_variance = rate + step, variance + step_squared
    upper = special.gammainccinv(raised**2 / raised_variance, alpha / 2) * raised_variance / raised
    return lower, upper
