"""Rows on money: costs, what a unit of health costs, net benefit, returns, and steps along the frontier."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from assets.economics.interventions import NONE
from assets.economics.ratios import ratios, returns_on, summaries
from assets.economics.totals import PERSPECTIVES, Totals, service_categories
from epi.economics.dominance import incremental_tables
from epi.economics.value_for_money import DEFINITIONS
from epi.models.interface import FloatArray

if TYPE_CHECKING:
    from assets.economics.value import Compared

Row = dict[str, object]
_DOMINATED = {"D": "dominated by another strategy", "ED": "dominated by a mix of two others"}


def money_rows(found: Totals, pairs: "Compared", currency: str, willingness_to_pay: float) -> Iterator[tuple[int, Row]]:
    """Give the rows on money of every comparison, with its place in ``pairs``.

    Args:
        found: Totals of the place.
        pairs: What is compared with what.
        currency: Currency of all costs.
        willingness_to_pay: Amount for a QALY at which net benefits and returns are told.
    """
    for perspective in PERSPECTIVES:
        for rate in found.rates:
            told: Row = {"perspective": perspective, "discount_pct": round(100 * rate, 6), "status": "reported"}
            for outcome, unit, rows in _blocks(found, pairs, perspective, rate, currency, willingness_to_pay):
                for at, row in enumerate(rows):
                    yield at, {**told, "outcome": outcome, "unit": unit, **row}


def _blocks(
    found: Totals, pairs: "Compared", perspective: str, rate: float, currency: str, willingness_to_pay: float
) -> Iterator[tuple[str, str, list[Row]]]:
    effects = found.effects[rate]
    cost, qalys = pairs.gain(found.cost(rate, perspective)), pairs.gain(effects["qalys"])
    dalys = pairs.gain(effects["person_years"]) - pairs.gain(effects["yld"])
    deaths = -pairs.gain(effects["overdose_deaths"])
    at = f"at {currency} {willingness_to_pay:,.0f} a QALY"
    yield "cost_difference", currency, summaries(cost)
    yield "cost_per_qaly", f"{currency} per QALY", ratios(cost, qalys)
    yield "cost_per_daly_averted", f"{currency} per DALY", ratios(cost, dalys, "DALY averted")
    yield (
        "cost_per_overdose_death_averted", f"{currency} per death", ratios(cost, deaths, "overdose death averted")
    )  # fmt: skip
    yield "net_monetary_benefit", f"{currency}, {at}", summaries(willingness_to_pay * qalys - cost)
    yield "net_health_benefit", f"QALYs, {at}", summaries(qalys - cost / willingness_to_pay)
    programme = _programme(found, pairs, rate)
    saved = programme - cost
    yield "programme_cost", currency, summaries(programme)
    # Society's costs hold a value for each death already: QALYs would count it twice.
    health = willingness_to_pay * qalys if perspective == "health system" else 0 * qalys
    words = f"health valued {at}" if perspective == "health system" else "health valued by the value of deaths alone"
    for outcome, benefit in (
        ("benefit_cost_ratio", saved + health),
        ("return_on_investment", saved + health - programme),
        ("saving_ratio", saved),
    ):
        definition = DEFINITIONS[outcome] if outcome == "saving_ratio" else f"{DEFINITIONS[outcome]}; {words}"
        yield outcome, "ratio", returns_on(benefit, programme, definition)


def _programme(found: Totals, pairs: "Compared", rate: float) -> FloatArray:
    """Give what the services themselves cost more than with the comparator."""
    costs = found.costs[rate]
    rows = []
    for one, level, after, before in zip(pairs.interventions, pairs.levels, pairs.after, pairs.before, strict=True):
        names = service_categories(one.targets[level])
        rows.append(np.sum([costs[name][after] - costs[name][before] for name in names], axis=0))
    return np.array(rows)


def frontier_rows(found: Totals, strategies: list[tuple[str, str]], currency: str) -> list[Row]:
    """Compare priced strategies step by step at their means, at the discount rate of decisions.

    Args:
        found: Totals of the place.
        strategies: Intervention and level of the priced strategies; today's services are always compared.
        currency: Currency.
    """
    names = [name for name in found.names if name != NONE]
    by_name = {f"{one} {level}": (one, level) for one, level in strategies}
    frames = []
    for perspective in PERSPECTIVES:
        cost = found.cost(found.main, perspective).mean(axis=1)
        effect = found.effects[found.main]["qalys"].mean(axis=1)
        frames.append(
            pd.DataFrame({"strategy": found.names, "cost": cost, "effect": effect, "perspective": perspective})
        )
    table = pd.concat(frames, ignore_index=True)
    table = table[table["strategy"].isin([names[0], *by_name])]
    rows = []
    for row in incremental_tables(table, "perspective").to_dict("records"):
        if row["strategy"] not in by_name:
            continue
        one, level = by_name[row["strategy"]]
        told: Row = {
            "intervention_id": one, "level": level, "comparator": names[0], "perspective": row["perspective"],
            "discount_pct": round(100 * found.main, 6), "outcome": "icer_on_frontier",
            "unit": f"{currency} per QALY", "status": "reported",
        }  # fmt: skip
        if row["status"] in _DOMINATED:
            told |= {"status": "not_applicable", "reason": _DOMINATED[row["status"]]}
        elif np.isnan(row["icer"]):
            told |= {"status": "not_applicable", "reason": "first on the frontier: nothing costs less"}
        else:
            told |= {"value": float(row["icer"]), "reason": "against the strategy before it on the frontier"}
        rows.append(told)
    return rows
