"""Incremental cost-effectiveness tables: which strategies are worth considering, and what each step up costs.

Comparisons are exact, never within a tolerance. A number stands for the shortest decimal that names it, so that costs
of 0.1, 0.2 and 0.3 lie on one line as they do on paper, though their binary values do not.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from epi.intervals import FloatArray

ND, ED, D = "ND", "ED", "D"
ROUNDING = 8 * float(np.finfo(float).eps)
TINY = 1e-290


def incremental_analysis(
    frame: pd.DataFrame,
    strategy: str = "strategy",
    cost: str = "cost",
    effect: str = "effect",
    reference: str | None = None,
) -> pd.DataFrame:
    """Compare strategies step by step: the incremental cost-effectiveness ratio of each on the frontier.

    Formula: strategies are sorted by cost, then by effect from best to worst, then as given. One that is not strictly
    better in effect than the best so far is `D` (dominated): an exact duplicate of an earlier strategy is `D`. Of the
    others, one is `ED` (extendedly dominated) where the ratio to the next strictly falls: where a mixture of a cheaper
    and a dearer strategy gives strictly more effect for its cost. Points on one straight line all stay `ND`. For `ND`,
    icer = (cost - cost of the previous ND) / (effect - effect of the previous ND).

    Costs may be negative and effects 0. Where all effects are equal only the cheapest strategy is `ND`. Whether a
    strategy is dominated does not depend on the reference.

    Args:
        frame: One row per strategy; other columns are ignored.
        strategy: Column of the strategy's name, each once.
        cost: Column of costs, in one currency and year.
        effect: Column of effects, more is better (QALYs, lives saved, DALYs averted).
        reference: Strategy to be listed first, with which each strategy is also compared directly; none by default.

    Returns:
        A frame with the columns `strategy`, `cost`, `effect` (named as given), `incremental_cost`,
        `incremental_effect`, `icer` (money per unit of effect; nan unless `ND`, and for the cheapest) and `status`;
        ordered: the reference, then `ND`, `ED` and `D`, each by cost. With a reference also `cost_to_reference`,
        `effect_to_reference` and `icer_to_reference` (the plain ratio; negative where one is better in both).

    Raises:
        ValueError: There is no strategy, a column is missing, a name repeats, a number is missing or infinite, or the
            reference is not among the strategies.

    References:
        Johannesson M, Weinstein MC. On the decision rules of cost-effectiveness analysis. J Health Econ
        1993;12:459-467. Drummond MF et al. Methods for the economic evaluation of health care programmes, 4th ed.
        Oxford 2015, ch. 4.

    Examples:
        >>> programmes = pd.DataFrame(
        ...     {
        ...         "strategy": ["none", "nsp", "oat", "both"],
        ...         "cost": [0, 30, 100, 150],
        ...         "effect": [0, 2, 3, 10],
        ...     }
        ... )
        >>> incremental_analysis(programmes)[["strategy", "icer", "status"]]
          strategy  icer status
        0     none   NaN     ND
        1      nsp  15.0     ND
        2     both  15.0     ND
        3      oat   NaN     ED
    """
    return incremental_tables(frame, None, strategy, cost, effect, reference)


def incremental_tables(
    frame: pd.DataFrame,
    by: str | Sequence[str] | None,
    strategy: str = "strategy",
    cost: str = "cost",
    effect: str = "effect",
    reference: str | None = None,
) -> pd.DataFrame:
    """Make one incremental table per place, perspective or draw, all at once.

    Formula: as `incremental_analysis`, within each combination of the columns `by`.

    Args:
        frame: One row per table and strategy.
        by: Column or columns that name a table; None for a single one.
        strategy: Column of the strategy's name, each once per table.
        cost: Column of costs.
        effect: Column of effects, more is better.
        reference: Strategy that is listed first and compared with in every table.

    Returns:
        The columns `by`, then those of `incremental_analysis`; tables in order of their names.

    Raises:
        ValueError: As `incremental_analysis`.

    References:
        Johannesson M, Weinstein MC. J Health Econ 1993;12:459-467.

    Examples:
        >>> two = pd.DataFrame({"place": list("AABB"), "strategy": ["s", "t"] * 2})
        >>> two = two.assign(cost=[1, 2, 5, 4], effect=[1, 3, 1, 1])
        >>> incremental_tables(two, "place")[["place", "strategy", "icer", "status"]]
          place strategy  icer status
        0     A        s   NaN     ND
        1     A        t   0.5     ND
        2     B        t   NaN     ND
        3     B        s   NaN      D
    """
    keys = [] if by is None else [by] if isinstance(by, str) else list(by)
    table = _checked(frame, keys, strategy, cost, effect)
    group = table.groupby(keys, dropna=False).ngroup().to_numpy() if keys else np.zeros(len(table), int)
    costs, effects = table[cost].to_numpy(), table[effect].to_numpy()
    order = np.lexsort((np.arange(len(table)), -effects, costs, group))
    status, previous = _classify(group[order], costs[order], effects[order])
    table = table.iloc[order].reset_index(drop=True)
    table["incremental_cost"], table["incremental_effect"] = _steps(table[[cost, effect]].to_numpy(), previous)
    table["icer"] = table["incremental_cost"] / table["incremental_effect"]
    table["status"] = status
    rank = pd.Series(status).map({ND: 0, ED: 1, D: 2}).to_numpy()
    is_reference = np.zeros(len(table), bool)
    if reference is not None:
        is_reference = (table[strategy] == reference).to_numpy()
        _compare_with_reference(table, group[order], is_reference, reference, (strategy, cost, effect))
    final = np.lexsort((np.arange(len(table)), rank, ~is_reference, group[order]))
    return table.iloc[final].reset_index(drop=True)


def efficiency_frontier(
    frame: pd.DataFrame, strategy: str = "strategy", cost: str = "cost", effect: str = "effect"
) -> pd.DataFrame:
    """Give the points of the cost-effectiveness frontier, cheapest first.

    Args:
        frame: One row per strategy.
        strategy: Column of the strategy's name.
        cost: Column of costs.
        effect: Column of effects, more is better.

    Returns:
        The `ND` rows of `incremental_analysis`, and `best_from`, `best_to`: the willingness to pay between which the
        strategy has the highest net benefit (where two ratios are equal, the strategy between is best at one point).

    Raises:
        ValueError: As `incremental_analysis`.

    References:
        Johannesson M, Weinstein MC. J Health Econ 1993;12:459-467.

    Examples:
        >>> data = pd.DataFrame({"strategy": ["a", "b", "c"], "cost": [0, 30, 80], "effect": [0, 2, 3]})
        >>> efficiency_frontier(data)[["strategy", "best_from", "best_to"]]
          strategy  best_from  best_to
        0        a        0.0     15.0
        1        b       15.0     50.0
        2        c       50.0      inf
    """
    table = incremental_analysis(frame, strategy, cost, effect)
    points = table[table["status"] == ND].drop(columns="status").reset_index(drop=True)
    return points.assign(
        best_from=points["icer"].fillna(-np.inf).clip(lower=0), best_to=points["icer"].shift(-1).fillna(np.inf).clip(0)
    )


def _checked(frame: pd.DataFrame, keys: list[str], strategy: str, cost: str, effect: str) -> pd.DataFrame:
    """Give the columns needed, with costs and effects as numbers, once nothing in them is impossible."""
    wanted = [*keys, strategy, cost, effect]
    missing = [name for name in wanted if name not in frame]
    if missing:
        raise ValueError(f"incremental analysis: expected the columns {wanted}; found none named {missing}.")
    if frame.empty:
        raise ValueError("incremental analysis: expected at least one strategy, found none.")
    table = frame[wanted].reset_index(drop=True).astype({cost: float, effect: float})
    wrong = ~np.isfinite(table[[cost, effect]].to_numpy()).all(axis=1)
    if wrong.any():
        row = table[wrong].iloc[0]
        raise ValueError(
            f"incremental analysis: expected a finite cost and effect of every strategy; found {cost} {row[cost]}, "
            f"{effect} {row[effect]} for {row[strategy]}."
        )
    twice = table.duplicated([*keys, strategy])
    if twice.any():
        raise ValueError(
            f"incremental analysis: expected each strategy once in a table; found {table.loc[twice, strategy].iloc[0]} "
            "again. Name the columns that tell tables apart, or give strategies different names."
        )
    return table


def _classify(
    group: "npt.NDArray[np.integer[Any]]", cost: FloatArray, effect: FloatArray
) -> tuple[list[str], FloatArray]:
    """Give the status of each sorted strategy, and the row of the previous ND one (nan for others and the first)."""
    best_before = pd.Series(effect).groupby(group).cummax().groupby(group).shift().to_numpy()
    status = np.where(effect <= best_before, D, ND).tolist()
    costs, effects, groups = cost.tolist(), effect.tolist(), group.tolist()
    previous = np.full(len(status), np.nan)
    hull: list[int] = []
    for row in np.flatnonzero(~(effect <= best_before)).tolist():
        if hull and groups[hull[-1]] != groups[row]:
            hull = []
        while len(hull) > 1 and _ratio_falls(costs, effects, hull[-2], hull[-1], row):
            status[hull.pop()] = ED
        previous[row] = hull[-1] if hull else np.nan
        hull.append(row)
    return status, np.where(np.array(status) == ND, previous, np.nan)


def _ratio_falls(cost: list[float], effect: list[float], first: int, middle: int, last: int) -> bool:
    """Say whether the ratio from middle to last is strictly below that from first to middle, exactly."""
    cost_1, cost_2 = cost[middle] - cost[first], cost[last] - cost[middle]
    effect_1, effect_2 = effect[middle] - effect[first], effect[last] - effect[middle]
    cross = cost_1 * effect_2 - cost_2 * effect_1
    # Only where rounding could have changed the sign is the slower exact arithmetic needed.
    size = (abs(cost[middle]) + abs(cost[first])) * (abs(effect[last]) + abs(effect[middle]))
    size += (abs(cost[last]) + abs(cost[middle])) * (abs(effect[middle]) + abs(effect[first]))
    if abs(cross) > ROUNDING * size + TINY:
        return cross > 0
    c1, c2, c3 = (Fraction(repr(cost[row])) for row in (first, middle, last))
    e1, e2, e3 = (Fraction(repr(effect[row])) for row in (first, middle, last))
    return (c2 - c1) * (e3 - e2) > (c3 - c2) * (e2 - e1)


def _steps(values: FloatArray, previous: FloatArray) -> FloatArray:
    """Give each row's cost and effect less those of its previous row; nan where it has none."""
    known = ~np.isnan(previous)
    steps = np.full(values.shape, np.nan)
    steps[known] = values[known] - values[previous[known].astype(int)]
    return steps.T


def _compare_with_reference(
    table: pd.DataFrame,
    group: "npt.NDArray[np.integer[Any]]",
    is_reference: "npt.NDArray[np.bool_]",
    reference: str,
    names: tuple[str, str, str],
) -> None:
    """Add cost, effect and ratio to the reference strategy of each table."""
    strategy, cost, effect = names
    without = set(group.tolist()) - set(group[is_reference].tolist())
    if without:
        found = table.loc[group == min(without), strategy].tolist()
        raise ValueError(f"incremental analysis: expected the reference {reference} in every table; found {found[:8]}.")
    rows = np.flatnonzero(is_reference)
    of_table = rows[np.searchsorted(group[rows], group)]
    for name in (cost, effect):
        short = "cost" if name == cost else "effect"
        table[f"{short}_to_reference"] = table[name].to_numpy() - table[name].to_numpy()[of_table]
    with np.errstate(divide="ignore", invalid="ignore"):
        table["icer_to_reference"] = table["cost_to_reference"] / table["effect_to_reference"]
