"""The most health that a budget buys: which interventions to fund, at which level, and how sure that is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import linprog

from epi.economics.decision_uncertainty import paired
from epi.intervals import FloatArray

NOT_FUNDED = "none"
MOST_COMBINATIONS = 4_000_000
FEW_COMBINATIONS = 5_000
AT_ONCE = 1_000_000
ROUNDING = 1e-12
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class BudgetPlan:
    """The best use of a budget.

    Attributes:
        chosen: One row per intervention in the order given: `intervention`, `level` (`none` if not funded), `cost`,
            `effect`.
        cost: What is spent, money.
        effect: Health gained; no other choice within the budget gains more.
        bound: Health gained if levels could be bought in part: no less than `effect`.
        shadow_price: Health gained, in that relaxation, by one more unit of money; 0 where money is left over.
    """

    chosen: pd.DataFrame
    cost: float
    effect: float
    bound: float
    shadow_price: float


def optimise_budget(options: pd.DataFrame, budget: float) -> BudgetPlan:
    """Find the choice of levels, at most one per intervention, that gains most within a budget.

    Formula: maximise the sum of effects subject to the sum of costs <= budget. Exact: every combination of one half of
    the interventions is joined with the best affordable one of the other half. Of equally good choices the cheapest
    is taken, then the one that funds what comes first in the order given. Bound and shadow price are
    those of the linear relaxation. Effects add up: where interventions work on one another, give portfolios to
    `best_portfolio` instead.

    Args:
        options: One row per intervention and level: `intervention`, `level`, `cost` (may be negative: it saves) and
            `effect`, both against not funding it.
        budget: Money, 0 or more; spent to within one part in 10^12.

    Returns:
        The best plan.

    Raises:
        ValueError: A column is missing, an option repeats or has a missing or infinite number, a level is called
            `none`, the budget is negative, or there are too many combinations to be exact.

    References:
        Stinnett AA, Paltiel AD. Mathematical programming for the efficient allocation of health care resources. J
        Health Econ 1996;15:641-653. Horowitz E, Sahni S. Computing partitions with applications to the knapsack
        problem. J ACM 1974;21:277-292.

    Examples:
        >>> options = pd.DataFrame(
        ...     {
        ...         "intervention": ["nsp", "nsp", "oat", "naloxone"],
        ...         "level": ["50 %", "90 %", "40 %", "all"],
        ...         "cost": [4.0, 9.0, 6.0, 1.0],
        ...         "effect": [10.0, 14.0, 13.0, 5.0],
        ...     }
        ... )
        >>> plan = optimise_budget(options, 10)
        >>> plan.chosen["level"].tolist(), plan.effect
        (['50 %', '40 %', 'none'], 23.0)
        >>> round(plan.bound, 2), round(plan.shadow_price, 2)
        (25.83, 2.17)
    """
    table, sets = _checked(options, budget)
    cost, effect = table["cost"].to_numpy(), table["effect"].to_numpy()
    best = _best(cost, effect, sets, budget)
    names = list(dict.fromkeys(table["intervention"]))
    rows = [row for row in best if row >= 0]
    chosen = pd.DataFrame({"intervention": names, "level": NOT_FUNDED, "cost": 0.0, "effect": 0.0}).astype(
        {"level": object}
    )
    funded = [place for place, row in enumerate(best) if row >= 0]
    chosen.loc[funded, ["level", "cost", "effect"]] = table.loc[rows, ["level", "cost", "effect"]].to_numpy()
    chosen = chosen.astype({"cost": float, "effect": float})
    bound, price = _relaxed(cost, effect, sets, budget)
    total = float(cost[rows].sum()), float(effect[rows].sum())
    return BudgetPlan(chosen, *total, max(bound, total[1]), price)


def funding_probability(costs: pd.DataFrame, effects: pd.DataFrame, budget: float | Sequence[float]) -> pd.DataFrame:
    """Find the best use of a budget in every draw, and how often each intervention and level is part of it.

    Formula: share of draws in which `optimise_budget` chooses the level. `is_chosen` is the choice for mean costs and
    effects: the decision; the probabilities say how far it depends on what is not known.

    Args:
        costs: Draws x options; the columns have two levels, `intervention` and `level`.
        effects: The same of effects.
        budget: Money, 0 or more, the same in all draws; or several budgets.

    Returns:
        One row per intervention and level, with `none` before the levels of each: `intervention`, `level`,
        `probability_funded` (adds up to 1 within an intervention), `is_chosen`; for several budgets one such table
        under another, with a first column `budget`.

    Raises:
        ValueError: As `optimise_budget`; draws differ; a value is missing; or columns have not two levels.

    References:
        Stinnett AA, Paltiel AD. J Health Econ 1996;15:641-653.

    Examples:
        >>> names = pd.MultiIndex.from_tuples([("nsp", "50 %"), ("oat", "40 %")])
        >>> costs = pd.DataFrame([[4.0, 6.0], [4.0, 7.0]], columns=names)
        >>> effects = pd.DataFrame([[10.0, 13.0], [10.0, 9.0]], columns=names)
        >>> funding_probability(costs, effects, 6)
          intervention level  probability_funded  is_chosen
        0          nsp  none                 0.5      False
        1          nsp  50 %                 0.5       True
        2          oat  none                 0.5       True
        3          oat  40 %                 0.5      False
    """
    if costs.columns.nlevels != 2:
        raise ValueError(f"costs: expected columns of intervention and level, found {list(costs.columns)[:6]}.")
    names, cost, effect = paired(costs, effects)
    options = pd.DataFrame(names, columns=["intervention", "level"]).assign(
        cost=cost.mean(axis=1), effect=effect.mean(axis=1)
    )
    several = np.ndim(budget) > 0
    amounts = [float(amount) for amount in np.atleast_1d(np.asarray(budget, dtype=float))]
    for amount in amounts:
        _check_budget(amount)
    table, sets = _checked(options, amounts[0])
    levels = [(name, level) for name, level in table[["intervention", "level"]].to_numpy().tolist()]
    rows = []
    for amount in amounts:
        decision = _best(table["cost"].to_numpy(), table["effect"].to_numpy(), sets, amount)
        found = _best_of_draws(cost, effect, sets, amount)
        for place, members in enumerate(sets):
            for option in (-1, *members.tolist()):
                rows.append(
                    {
                        **({"budget": amount} if several else {}),
                        "intervention": levels[members[0]][0],
                        "level": NOT_FUNDED if option < 0 else levels[option][1],
                        "probability_funded": float((found[:, place] == option).mean()),
                        "is_chosen": decision[place] == option,
                    }
                )
    return pd.DataFrame(rows)


def best_portfolio(costs: pd.DataFrame, effects: pd.DataFrame, budget: float) -> pd.DataFrame:
    """Find the best of portfolios whose joint costs and effects a model gave, so that interactions count.

    Formula: in each draw, and for the means, the portfolio with the highest effect among those whose cost is within the
    budget; of equals the cheapest, then the first. Where none is affordable in a draw, none is best in it.

    Args:
        costs: Draws x portfolios, money.
        effects: Draws x portfolios; more is better.
        budget: Money, 0 or more.

    Returns:
        One row per portfolio in the order given: `portfolio`, `mean_cost`, `mean_effect`, `probability_affordable`,
        `probability_best`, `is_chosen` (of the means).

    Raises:
        ValueError: As `epi.economics.acceptability`, or the budget is negative.

    References:
        Stinnett AA, Paltiel AD. J Health Econ 1996;15:641-653.

    Examples:
        >>> costs = pd.DataFrame({"nsp": [4.0, 4.0], "oat": [6.0, 7.0]})
        >>> effects = pd.DataFrame({"nsp": [10.0, 10.0], "oat": [13.0, 13.0]})
        >>> best_portfolio(costs, effects, 6)[["portfolio", "probability_best", "is_chosen"]]
          portfolio  probability_best  is_chosen
        0       nsp               0.5       True
        1       oat               0.5      False
    """
    _check_budget(budget)
    names, cost, effect = paired(costs, effects)
    both = np.column_stack([cost, cost.mean(axis=1)]), np.column_stack([effect, effect.mean(axis=1)])
    affordable = both[0] <= _limit(budget)
    gain = np.where(affordable, both[1], -np.inf)
    price = np.where(gain == gain.max(axis=0), both[0], np.inf)
    best = (np.arange(len(names))[:, None] == price.argmin(axis=0)) & affordable.any(axis=0)
    return pd.DataFrame(
        {
            "portfolio": names,
            "mean_cost": cost.mean(axis=1),
            "mean_effect": effect.mean(axis=1),
            "probability_affordable": affordable[:, :-1].mean(axis=1),
            "probability_best": best[:, :-1].mean(axis=1),
            "is_chosen": best[:, -1],
        }
    )


def _limit(budget: float) -> float:
    """Give the budget with room for rounding, so that parts of .1 and .2 fit into .3."""
    return budget * (1 + ROUNDING)


def _check_budget(budget: float) -> None:
    if not (np.isfinite(budget) and budget >= 0):
        raise ValueError(f"budget: expected a finite amount of 0 or more, found {budget}.")


def _checked(options: pd.DataFrame, budget: float) -> tuple[pd.DataFrame, list[Rows]]:
    """Give the options and, for each intervention in the order given, the rows of its levels."""
    _check_budget(budget)
    wanted = ["intervention", "level", "cost", "effect"]
    missing = [name for name in wanted if name not in options]
    if missing or options.empty:
        raise ValueError(f"options: expected rows with the columns {wanted}; found {missing or 'no row'} missing.")
    table = options[wanted].reset_index(drop=True).astype({"cost": float, "effect": float})
    wrong = ~np.isfinite(table[["cost", "effect"]].to_numpy()).all(axis=1)
    if wrong.any():
        raise ValueError(f"options: expected finite costs and effects, found {table[wrong].iloc[0].to_dict()}.")
    wrong = table.duplicated(["intervention", "level"]).to_numpy() | (table["level"] == NOT_FUNDED).to_numpy()
    if wrong.any():
        found = tuple(table.loc[wrong, ["intervention", "level"]].iloc[0])
        raise ValueError(
            f"options: expected each level once and none called `{NOT_FUNDED}` (it is always possible), found {found}."
        )
    sets = [np.flatnonzero(table["intervention"] == name) for name in dict.fromkeys(table["intervention"])]
    halves = [
        np.prod([len(members) + 1.0 for members in part]) for part in (sets[: len(sets) // 2], sets[len(sets) // 2 :])
    ]
    if max(halves) > MOST_COMBINATIONS:
        raise ValueError(
            f"options: expected few enough to be exact, found {max(halves):.2g} combinations of half of them."
        )
    return table, sets


def _combinations(cost: FloatArray, effect: FloatArray, sets: list[Rows]) -> tuple[FloatArray, FloatArray]:
    """Give cost and effect of every combination, the last intervention varying fastest, not funded last.

    An option that neither gains nor saves never counts as good as not funding it.
    """
    effect = np.where((cost >= 0) & (effect <= 0), -np.inf, effect)
    costs = effects = np.zeros(1)
    for members in sets:
        costs = (costs[:, None] + np.append(cost[members], 0.0)).ravel()
        effects = (effects[:, None] + np.append(effect[members], 0.0)).ravel()
    return costs, effects


def _best(cost: FloatArray, effect: FloatArray, sets: list[Rows], budget: float) -> list[int]:
    """Give the row chosen for each intervention, -1 for none."""
    middle = len(sets) // 2
    cost_1, effect_1 = _combinations(cost, effect, sets[:middle])
    cost_2, effect_2 = _combinations(cost, effect, sets[middle:])
    order = np.lexsort((np.arange(len(cost_2)), -effect_2, cost_2))
    # The best of all that cost no more: the first, and so cheapest, place that reaches the running maximum.
    running = np.maximum.accumulate(effect_2[order])
    rises = np.concatenate([[True], running[1:] > running[:-1]])
    holder = order[np.maximum.accumulate(np.where(rises, np.arange(len(order)), 0))]
    place = np.searchsorted(cost_2[order], _limit(budget) - cost_1, side="right") - 1
    possible = place >= 0
    second = holder[np.maximum(place, 0)]
    gain = np.where(possible, effect_1 + effect_2[second], -np.inf)
    spent = np.where(gain == gain.max(), cost_1 + cost_2[second], np.inf)
    first = int(spent.argmin())
    return [*_levels(first, sets[:middle]), *_levels(int(second[first]), sets[middle:])]


def _best_of_draws(cost: FloatArray, effect: FloatArray, sets: list[Rows], budget: float) -> Rows:
    """Give the row chosen for each intervention in every draw, draws x interventions, as `_best` does for one.

    Where there are few combinations, all of them are tried for many draws side by side.
    """
    draws = cost.shape[1]
    sizes = [len(members) + 1 for members in sets]
    if np.prod([float(size) for size in sizes]) > FEW_COMBINATIONS:
        return np.array([_best(cost[:, draw], effect[:, draw], sets, budget) for draw in range(draws)])
    effect = np.where((cost >= 0) & (effect <= 0), -np.inf, effect)
    rows = max(AT_ONCE // int(np.prod(sizes)), 1)
    numbers = [
        _first_best(_sums(cost[:, part], sets), _sums(effect[:, part], sets), budget)
        for part in (slice(first, first + rows) for first in range(0, draws, rows))
    ]
    digits = np.unravel_index(np.concatenate(numbers), sizes)
    return np.array([np.append(members, -1)[digit] for members, digit in zip(sets, digits, strict=True)]).T


def _sums(values: FloatArray, sets: list[Rows]) -> FloatArray:
    """Give the sum of every combination, draws x combinations, each half of the interventions added up first."""
    middle = len(sets) // 2
    halves = []
    for part in (sets[:middle], sets[middle:]):
        total = np.zeros((values.shape[1], 1))
        for members in part:
            added = np.column_stack([values[members].T, np.zeros(values.shape[1])])
            total = (total[:, :, None] + added[:, None, :]).reshape(len(added), -1)
        halves.append(total)
    return (halves[0][:, :, None] + halves[1][:, None, :]).reshape(values.shape[1], -1)


def _first_best(cost: FloatArray, effect: FloatArray, budget: float) -> Rows:
    """Give the best affordable combination of each draw: of equals the cheapest, then the first."""
    gain = np.where(cost <= _limit(budget), effect, -np.inf)
    spent = np.where(gain == gain.max(axis=1, keepdims=True), cost, np.inf)
    return np.asarray(spent.argmin(axis=1))


def _levels(number: int, sets: list[Rows]) -> Iterator[int]:
    """Give the rows that a combination's number stands for."""
    if sets:
        digits = np.unravel_index(number, [len(members) + 1 for members in sets])
        for digit, members in zip(digits, sets, strict=True):
            yield int(members[digit]) if digit < len(members) else -1


def _relaxed(cost: FloatArray, effect: FloatArray, sets: list[Rows], budget: float) -> tuple[float, float]:
    """Give the best effect with levels bought in part, and what one more unit of money would add to it."""
    once = np.array([np.isin(np.arange(len(cost)), members) for members in sets], dtype=float)
    # In units of the budget, so that money in millions and health in hundreds are alike to the solver.
    unit = max(budget, float(np.abs(cost).max()), 1e-300)
    solved = linprog(-effect, A_ub=np.vstack([cost / unit, once]), b_ub=np.array([budget / unit, *np.ones(len(sets))]))
    return float(-solved.fun), float(-solved.ineqlin.marginals[0] / unit) + 0.0
