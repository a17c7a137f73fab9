"""Net benefit over draws: how sure one can be which strategy is best, and what it would be worth to know.

Ties go to the first strategy in the order given, everywhere: two runs on the same draws give the same figures.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from epi.intervals import FloatArray, Numbers


def net_monetary_benefit(costs: pd.DataFrame, effects: pd.DataFrame, willingness_to_pay: float) -> pd.DataFrame:
    """Make the net monetary benefit of each strategy in each draw.

    Formula: willingness_to_pay x effect - cost.

    Args:
        costs: Draws x strategies, money.
        effects: Draws x strategies, the same strategies; more is better.
        willingness_to_pay: Money per unit of effect, not negative.

    Returns:
        A frame of draws x strategies, money.

    Raises:
        ValueError: Strategies or draws differ, a value is missing or infinite, or the willingness to pay is negative.

    References:
        Stinnett AA, Mullahy J. Net health benefits. Med Decis Making 1998;18(2 Suppl):S68-S80.

    Examples:
        >>> costs, effects = pd.DataFrame({"nsp": [30.0], "oat": [90.0]}), pd.DataFrame({"nsp": [1.0], "oat": [4.0]})
        >>> net_monetary_benefit(costs, effects, 50).to_numpy().tolist()
        [[20.0, 110.0]]
    """
    _, cost, effect = paired(costs, effects)
    value = thresholds(willingness_to_pay)[0] * effect - cost
    return pd.DataFrame(value.T, columns=costs.columns, index=costs.index)


def net_health_benefit(costs: pd.DataFrame, effects: pd.DataFrame, willingness_to_pay: float) -> pd.DataFrame:
    """Make the net health benefit of each strategy in each draw: what is left after the health forgone for its cost.

    Formula: effect - cost / willingness_to_pay.

    Args:
        costs: Draws x strategies, money.
        effects: Draws x strategies, the same strategies; more is better.
        willingness_to_pay: Money per unit of effect, above 0.

    Returns:
        A frame of draws x strategies, in the unit of the effects.

    Raises:
        ValueError: As `net_monetary_benefit`, or the willingness to pay is 0.

    References:
        Stinnett AA, Mullahy J. Net health benefits. Med Decis Making 1998;18(2 Suppl):S68-S80.

    Examples:
        >>> costs, effects = pd.DataFrame({"nsp": [30.0], "oat": [90.0]}), pd.DataFrame({"nsp": [1.0], "oat": [4.0]})
        >>> net_health_benefit(costs, effects, 50).round(2).to_numpy().tolist()
        [[0.4, 2.2]]
    """
    _, cost, effect = paired(costs, effects)
    threshold = thresholds(willingness_to_pay)[0]
    if threshold == 0:
        raise ValueError("willingness_to_pay: expected above 0 for a net health benefit, found 0.")
    return pd.DataFrame((effect - cost / threshold).T, columns=costs.columns, index=costs.index)


def acceptability(costs: pd.DataFrame, effects: pd.DataFrame, willingness_to_pay: Numbers) -> pd.DataFrame:
    """Make the acceptability curves, their frontier and the expected losses.

    Formula: with net benefit b(d, s) = willingness_to_pay x effect - cost of strategy s in draw d, the probability that
    s is optimal is the share of draws in which b(d, s) is the highest; s is on the frontier where its mean net benefit
    is the highest (which need not be where its probability is); its expected loss is the mean of max_t b(d, t) - b(d,
    s). The lowest expected loss is the expected value of perfect information.

    Args:
        costs: Draws x strategies, money.
        effects: Draws x strategies, the same strategies in any order of columns; more is better.
        willingness_to_pay: Values in money per unit of effect, not negative.

    Returns:
        One row per value and strategy, both in the order given: `willingness_to_pay`, `strategy`,
        `probability_optimal` (adds up to 1 over strategies), `on_frontier` (True for exactly one), `expected_loss`.

    Raises:
        ValueError: Strategies or draws differ, a value is missing or infinite, or a willingness to pay is negative.

    References:
        Fenwick E, Claxton K, Sculpher M. Representing uncertainty: the role of cost-effectiveness acceptability curves.
        Health Econ 2001;10:779-787. Alarid-Escudero F et al. Value Health 2019;22:611-618 (expected loss).

    Examples:
        >>> costs = pd.DataFrame({"none": [0.0, 0.0, 0.0], "nsp": [10.0, 10.0, 10.0]})
        >>> effects = pd.DataFrame({"none": [0.0, 0.0, 0.0], "nsp": [0.5, 0.5, 5.0]})
        >>> acceptability(costs, effects, [10]).round(3)
           willingness_to_pay strategy  probability_optimal  on_frontier  expected_loss
        0                10.0     none                0.667        False         13.333
        1                10.0      nsp                0.333         True          3.333
    """
    names, cost, effect = paired(costs, effects)
    values = thresholds(willingness_to_pay)
    wins, frontier, least, means = _compare(values, cost, effect, count=True)
    loss = least[:, None] + np.take_along_axis(means, frontier[:, None], axis=1) - means
    return pd.DataFrame(
        {
            "willingness_to_pay": np.repeat(values, len(names)),
            "strategy": names * len(values),
            "probability_optimal": (wins / cost.shape[1]).ravel(),
            "on_frontier": (np.arange(len(names)) == frontier[:, None]).ravel(),
            "expected_loss": loss.ravel(),
        }
    )


def evpi(costs: pd.DataFrame, effects: pd.DataFrame, willingness_to_pay: Numbers) -> pd.DataFrame:
    """Make the expected value of perfect information: what it would be worth, per person or place, to know everything.

    Formula: mean over draws of max_s b(d, s), less the max over strategies of the mean of b(d, s), with b the net
    monetary benefit. Never negative; exactly 0 where one strategy is best in all draws.

    Args:
        costs: Draws x strategies, money.
        effects: Draws x strategies; more is better.
        willingness_to_pay: Values in money per unit of effect, not negative.

    Returns:
        One row per value: `willingness_to_pay`, `evpi` (money, for what one row of costs stands for).

    Raises:
        ValueError: As `acceptability`.

    References:
        Claxton K. The irrelevance of inference. J Health Econ 1999;18:341-364.

    Examples:
        >>> costs = pd.DataFrame({"none": [0.0, 0.0], "nsp": [10.0, 10.0]})
        >>> effects = pd.DataFrame({"none": [0.0, 0.0], "nsp": [0.5, 5.0]})
        >>> evpi(costs, effects, [0, 10])
           willingness_to_pay  evpi
        0                 0.0   0.0
        1                10.0   2.5
    """
    _, cost, effect = paired(costs, effects)
    values = thresholds(willingness_to_pay)
    return pd.DataFrame({"willingness_to_pay": values, "evpi": _compare(values, cost, effect, count=False)[2]})


def paired(costs: pd.DataFrame, effects: pd.DataFrame) -> tuple[list[Any], FloatArray, FloatArray]:
    """Give the strategies' names, and costs and effects as arrays of strategies x draws, once they fit together."""
    names = list(costs.columns)
    if not names or not len(costs):
        raise ValueError(f"costs: expected at least one strategy and one draw; found {len(names)} and {len(costs)}.")
    if costs.columns.has_duplicates or set(names) != set(effects.columns) or len(names) != effects.shape[1]:
        raise ValueError(
            f"costs and effects: expected the same strategies, each once; found {names[:8]} and "
            f"{list(effects.columns)[:8]}."
        )
    if not costs.index.equals(effects.index):
        raise ValueError(
            f"costs and effects: expected the same draws in the same order; found {len(costs)} and {len(effects)} "
            "draws, or other labels. Draws must come from one run."
        )
    # Strategies in rows make every pass below run along memory.
    arrays = [np.ascontiguousarray(frame[names].to_numpy(dtype=float).T) for frame in (costs, effects)]
    for label, array in zip(("costs", "effects"), arrays, strict=True):
        wrong = ~np.isfinite(array)
        if wrong.any():
            strategy, draw = (int(place[0]) for place in np.nonzero(wrong))
            raise ValueError(
                f"{label}: expected a finite value in every draw; found {array[strategy, draw]} for {names[strategy]} "
                f"in draw {costs.index[draw]}. A draw that failed must be looked into, not left out."
            )
    return names, arrays[0], arrays[1]


def thresholds(willingness_to_pay: Numbers) -> FloatArray:
    """Give willingness to pay as an array of at least one value; refuse negative, missing and infinite ones."""
    values = np.atleast_1d(np.asarray(willingness_to_pay, dtype=float)).ravel()
    wrong = ~(np.isfinite(values) & (values >= 0))
    if wrong.any() or not values.size:
        found = values[wrong][0] if wrong.any() else "none"
        raise ValueError(f"willingness_to_pay: expected finite values of 0 or more, found {found}.")
    return values


def best_strategies(
    values: FloatArray, cost: FloatArray, effect: FloatArray, count: bool = True
) -> Iterator[tuple[FloatArray, npt.NDArray[np.int32]]]:
    """Give, for each willingness to pay, each draw's highest net benefit and the first strategy that has it.

    The two arrays are written over at the next step. Without `count` the strategies are not tracked, which is faster.
    """
    draws = cost.shape[1]
    best, other, better = np.empty(draws), np.empty(draws), np.empty(draws, bool)
    winner = np.zeros(draws, np.int32)
    for value in values:
        np.subtract(np.multiply(effect[0], value, out=best), cost[0], out=best)
        winner.fill(0)
        for strategy in range(1, len(cost)):
            np.subtract(np.multiply(effect[strategy], value, out=other), cost[strategy], out=other)
            if count:
                np.greater(other, best, out=better)
                np.putmask(winner, better, strategy)
            np.maximum(best, other, out=best)
        yield best, winner


def _compare(
    values: FloatArray, cost: FloatArray, effect: FloatArray, count: bool
) -> tuple[FloatArray, npt.NDArray[np.intp], FloatArray, FloatArray]:
    """Give how often each strategy wins, which is best on average, the loss of that one, and all mean net benefits."""
    means = values[:, None] * effect.mean(axis=1) - cost.mean(axis=1)
    frontier = means.argmax(axis=1)
    wins, least = np.zeros(means.shape), np.empty(len(values))
    for row, (best, winner) in enumerate(best_strategies(values, cost, effect, count)):
        if count:
            wins[row] = np.bincount(winner, minlength=len(cost))
        chosen = frontier[row]
        least[row] = (best - (values[row] * effect[chosen] - cost[chosen])).mean()
    return wins, frontier, least, means
