"""How sure a choice among strategies is, what it would be worth to know more, and what a budget buys best."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from assets.economics.interventions import TODAY
from assets.economics.runs import Strategy
from assets.economics.totals import PERSPECTIVES, Totals
from epi.economics.budget import NOT_FUNDED, funding_probability
from epi.economics.decision_uncertainty import acceptability, evpi
from epi.economics.partial_information import evppi_each
from epi.economics.smoothers import spline_basis
from epi.models.interface import FloatArray

WILLINGNESS_TO_PAY = tuple(float(amount) for amount in range(0, 100_001, 5_000))
PLANE_DRAWS = 60
BUDGET_SHARES = (0.1, 0.25, 0.5)
"""Budgets tried, as parts of what every intervention at its highest level would cost."""

FEWEST_DRAWS = 80
"""Draws below which nothing is said about single parameters: a cubic has four columns of 20 draws each."""

Frames = dict[str, pd.DataFrame]


def bases(drawn: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Give the columns that net benefit is fitted with for every parameter that varies.

    Args:
        drawn: Parameters, draw by draw.
    """
    if len(next(iter(drawn.values()))) < FEWEST_DRAWS:
        return {}
    return {name: spline_basis(values) for name, values in drawn.items() if (values != values[0]).any()}


def decision_tables(
    found: Totals,
    wanted: Sequence[Strategy],
    known: Mapping[str, FloatArray],
    willingness_to_pay: float,
    shared: Mapping[str, str],
) -> Frames:
    """Make acceptability, the plane and the value of information, from both perspectives.

    Args:
        found: Totals of the place.
        wanted: Strategies that are priced; today's services stand beside them, none does not: nobody proposes it.
        known: Columns to fit net benefit with, by parameter.
        willingness_to_pay: Amount for a QALY at which information is valued.
        shared: Columns that all rows share: place and currency.
    """
    names = [TODAY, *(one.name for one in wanted)]
    rows = [found.row(name) for name in names]
    qalys = found.effects[found.main]["qalys"][rows]
    effects = pd.DataFrame(qalys.T, columns=names)
    parts: dict[str, list[pd.DataFrame]] = {"acceptability": [], "plane": [], "information": []}
    for perspective in PERSPECTIVES:
        money = found.cost(found.main, perspective)[rows]
        costs = pd.DataFrame(money.T, columns=names)
        named = {**shared, "perspective": perspective}
        perfect = evpi(costs, effects, [*WILLINGNESS_TO_PAY, willingness_to_pay])["evpi"].to_numpy()
        curve = acceptability(costs, effects, WILLINGNESS_TO_PAY)
        parts["acceptability"].append(curve.assign(evpi=np.repeat(perfect[:-1], len(names)), **named))
        few = slice(0, PLANE_DRAWS)
        gained, added = (qalys - qalys[0])[1:, few], (money - money[0])[1:, few]
        if names[1:]:
            parts["plane"].append(
                pd.DataFrame(
                    {
                        **named,
                        "strategy": np.repeat(names[1:], gained.shape[1]),
                        "draw": np.tile(np.arange(gained.shape[1]), len(gained)),
                        "qalys_gained": gained.ravel(),
                        "cost_difference": added.ravel(),
                    }
                )
            )
        if known:
            each = evppi_each(costs, effects, known, willingness_to_pay)
            told = {"willingness_to_pay": willingness_to_pay, "evpi": perfect[-1], "draws": len(effects)}
            parts["information"].append(each.assign(**told, **named))
    return {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items() if frames}


def portfolio(found: Totals, wanted: Sequence[Strategy], shared: Mapping[str, str]) -> pd.DataFrame:
    """Choose the best levels for three budgets, at the means and in every draw; single interventions, effects added.

    Args:
        found: Totals of the place.
        wanted: Strategies that are priced.
        shared: Columns that all rows share: place and currency.
    """
    single = [one for one in wanted if len(one.targets) == 1]
    if not single:
        return pd.DataFrame()
    rows = [found.row(one.name) for one in single]
    keys = [(one.intervention.id, one.level) for one in single]
    names = pd.MultiIndex.from_tuples(keys, names=["intervention", "level"])
    money, qalys = found.cost(found.main, "health system"), found.effects[found.main]["qalys"]
    today = found.row(TODAY)
    costs = pd.DataFrame((money[rows] - money[today]).T, columns=names)
    effects = pd.DataFrame((qalys[rows] - qalys[today]).T, columns=names)
    means = {key: (cost, effect) for key, cost, effect in zip(keys, costs.mean(), effects.mean(), strict=True)}
    dearest: dict[str, float] = {}
    for (one, _), (cost, _) in means.items():
        dearest[one] = max(dearest.get(one, 0.0), float(cost))
    budgets = [sum(dearest.values()) * share for share in BUDGET_SHARES]
    table = funding_probability(costs, effects, budgets)
    best = table[table["is_chosen"] & (table["level"] != NOT_FUNDED)]
    spent: dict[float, tuple[float, float]] = dict.fromkeys(budgets, (0.0, 0.0))
    for budget, one, level in zip(best["budget"], best["intervention"], best["level"], strict=True):
        cost, effect = means[one, level]
        spent[budget] = (spent[budget][0] + cost, spent[budget][1] + effect)
    columns = {"intervention": "intervention_id", "probability_funded": "probability_chosen"}
    return table.rename(columns=columns).assign(
        portfolio_cost=[spent[budget][0] for budget in table["budget"]],
        portfolio_qalys=[spent[budget][1] for budget in table["budget"]],
        **shared,
    )
