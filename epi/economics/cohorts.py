"""Markov cohorts in cycles: who is in which state, and what that adds up to under each rule of counting."""

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from epi.economics.discounting import discount_factors
from epi.intervals import FloatArray, Numbers, check_method

Counting = Literal["beginning", "end", "life-table"]
ROWS_ADD_TO = 1e-9


def rate_to_probability(rate: Numbers, years: float) -> FloatArray:
    """Give the probability that an event with a constant rate happens within a cycle.

    Formula: 1 - exp(-rate x years). Exact where one event is possible; with several, exponentiate the matrix of rates.

    Args:
        rate: Rate per person-year, 0 or more.
        years: Length of the cycle in years, above 0.

    Returns:
        Probability, of the shape of `rate`.

    Raises:
        ValueError: A rate is negative or missing, or the length is not above 0.

    References:
        Fleurence RL, Hollenbeak CS. Rates and probabilities in economic modelling. Pharmacoeconomics 2007;25:3-6.

    Examples:
        >>> rate_to_probability([1.051, 0.0], 1 / 12).round(4).tolist()
        [0.0839, 0.0]
    """
    values = np.asarray(rate, dtype=float)
    if not ((values >= 0).all() and years > 0):
        raise ValueError(
            f"rate_to_probability: expected rates of 0 or more and years above 0; found {values}, {years}."
        )
    return np.asarray(-np.expm1(-values * years))[()]


def cohort_trace(start: Numbers, transitions: Numbers, cycles: int) -> FloatArray:
    """Follow a cohort from cycle to cycle.

    Formula: x_{t+1} = x_t P_t, with P_t the probabilities from states (rows) to states (columns) in cycle t.

    Args:
        start: People in each state at the start, (draws x) states; not negative.
        transitions: states x states, the same in all cycles; or cycles x states x states; or draws x cycles x states x
            states. Every row adds up to 1.
        cycles: Number of cycles, 1 or more.

    Returns:
        People at the beginning of each cycle and at the end of the last: (draws x) (cycles + 1) x states.

    Raises:
        ValueError: A probability is outside 0 to 1, a row does not add up to 1 within 1e-9, shapes do not fit, people
            are negative, or there is no cycle.

    References:
        Sonnenberg FA, Beck JR. Markov models in medical decision making. Med Decis Making 1993;13:322-338.

    Examples:
        >>> cohort_trace([100, 0], [[0.9, 0.1], [0.0, 1.0]], 2).tolist()
        [[100.0, 0.0], [90.0, 10.0], [81.0, 19.0]]
    """
    people, moves = np.asarray(start, dtype=float), np.asarray(transitions, dtype=float)
    states = people.shape[-1] if people.ndim else 0
    if cycles < 1 or moves.ndim not in (2, 3, 4) or moves.shape[-2:] != (states, states):
        raise ValueError(
            f"cohort_trace: expected one cycle or more and transitions of {states} x {states} states, found {cycles} "
            f"and the shape {moves.shape}."
        )
    if moves.ndim > 2 and moves.shape[-3] != cycles:
        raise ValueError(f"transitions: expected one matrix for each of {cycles} cycles, found {moves.shape[-3]}.")
    if not (people >= 0).all():
        raise ValueError(f"start: expected numbers of people of 0 or more, found {people[~(people >= 0)][0]}.")
    _check_rows(moves)
    steps = np.broadcast_to(moves, (cycles, states, states)) if moves.ndim == 2 else moves
    leading = np.broadcast_shapes(people.shape[:-1], steps.shape[:-3])
    trace = np.empty((*leading, cycles + 1, states))
    trace[..., 0, :] = people
    for cycle in range(cycles):
        trace[..., cycle + 1, :] = np.einsum("...i,...ij->...j", trace[..., cycle, :], steps[..., cycle, :, :])
    return trace


def cohort_totals(
    trace: FloatArray,
    values: pd.DataFrame,
    counting: Counting = "life-table",
    cycle_years: float = 1.0,
    discount_rate: float = 0.03,
) -> pd.DataFrame:
    """Add up what states cost and are worth, discounted and undiscounted side by side.

    Formula: sum over cycles t of n_t . value x cycle_years x (1 + r)^-(t x cycle_years), t from 0, where n_t are the
    people counted in cycle t: those at its `beginning`, at its `end`, or the mean of both (`life-table`, the half-cycle
    correction). The discount factor is that of the beginning of the cycle under every rule, so that rules differ in
    whom they count alone.

    Args:
        trace: (draws x) (cycles + 1) x states, as from `cohort_trace`.
        values: One row per state in the order of the trace, one column per outcome: per person and year.
        counting: `beginning`, `end` or `life-table`.
        cycle_years: Length of a cycle in years.
        discount_rate: Yearly rate r as a proportion.

    Returns:
        One row per outcome (per draw and outcome where the trace has draws: columns `draw`, `outcome`): `outcome`,
        `undiscounted`, `discounted`.

    Raises:
        ValueError: The rule is unknown, states and values differ in number, or as `discount_factors`.

    References:
        Naimark DMJ, Kabboul NN, Krahn MD. The half-cycle correction revisited. Med Decis Making 2013;33:961-970.

    Examples:
        >>> trace = cohort_trace([1, 0], [[0.8, 0.2], [0.0, 1.0]], 2)
        >>> values = pd.DataFrame({"life_years": [1.0, 0.0]}, index=["alive", "dead"])
        >>> for rule in ("beginning", "end", "life-table"):
        ...     print(rule, cohort_totals(trace, values, rule, discount_rate=0).loc[0, "undiscounted"].round(3))
        beginning 1.8
        end 1.44
        life-table 1.62
    """
    if trace.ndim not in (2, 3) or trace.shape[-1] != len(values) or trace.shape[-2] < 2:
        raise ValueError(
            f"cohort_totals: expected a trace of (draws x) (cycles + 1) x {len(values)} states, found {trace.shape}."
        )
    by_cycle = counted(trace, counting) @ values.to_numpy(dtype=float) * cycle_years
    factors = discount_factors(by_cycle.shape[-2], discount_rate, "start", cycle_years)
    totals = {"undiscounted": by_cycle.sum(axis=-2), "discounted": np.einsum("...to,t->...o", by_cycle, factors)}
    if trace.ndim == 2:
        return pd.DataFrame({"outcome": values.columns, **totals})
    draws = len(trace)
    labels = {"draw": np.repeat(np.arange(draws), values.shape[1]), "outcome": list(values.columns) * draws}
    return pd.DataFrame({**labels, **{name: total.ravel() for name, total in totals.items()}})


def counted(trace: FloatArray, counting: Counting) -> FloatArray:
    """Give the people counted in each cycle under a rule.

    Args:
        trace: (draws x) (cycles + 1) x states.
        counting: `beginning`, `end` or `life-table` (mean of both).

    Returns:
        (draws x) cycles x states.

    Raises:
        ValueError: The rule is unknown.

    References:
        Naimark DMJ, Kabboul NN, Krahn MD. Med Decis Making 2013;33:961-970.

    Examples:
        >>> counted(np.array([[100.0], [90.0]]), "life-table").tolist()
        [[95.0]]
    """
    check_method(counting, Counting)
    beginning, end = trace[..., :-1, :], trace[..., 1:, :]
    return {"beginning": beginning, "end": end, "life-table": (beginning + end) / 2}[counting]


def _check_rows(moves: npt.NDArray[np.float64]) -> None:
    """Refuse impossible probabilities and rows that lose or make people, by their place."""
    wrong = ~((moves >= 0) & (moves <= 1))
    if wrong.any():
        where = tuple(int(axis[0]) for axis in np.nonzero(wrong))
        raise ValueError(f"transitions: expected probabilities from 0 to 1, found {moves[where]} at {where}.")
    total = moves.sum(axis=-1)
    wrong = np.abs(total - 1) > ROWS_ADD_TO
    if wrong.any():
        where = tuple(int(axis[0]) for axis in np.nonzero(wrong))
        raise ValueError(f"transitions: expected rows that add up to 1, found {total[where]:.12g} in row {where}.")
