"""What interventions are worth: the outcome tables, from the runs of every place."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from assets.economics.interventions import NONE, SERVICES_TODAY, TODAY, Intervention
from assets.economics.places import INPUTS, Place
from assets.economics.runs import Strategy
from epi.models.interface import FloatArray, Outcomes
from schemas.economics import VALUE_COLUMNS

EVENTS = {
    "overdose_deaths": ("overdose_deaths_averted", "deaths"),
    "overdoses": ("overdoses_averted", "overdoses"),
    "hiv_infections": ("hiv_infections_averted", "infections"),
    "hcv_infections": ("hcv_infections_averted", "infections"),
    "emergency_attendances": ("emergency_attendances_averted", "attendances"),
}
"""Event of the model, and the outcome and unit it is told as."""

PREVALENCE = {"hiv_infections": "hiv_prevalence", "hcv_infections": "hcv_prevalence"}
PERSPECTIVES = {"health system": ("health system",), "society": None}
_RATIO_SHARE = 0.025
_LEAST_EFFECT = 1e-6
"""Deaths and QALYs below this are the solver's rounding and no gain to divide by."""


def lacking_rows(
    place: Place, shared: Mapping[str, object], one: Intervention, reason: str, level: str
) -> dict[str, object]:
    """Say in one row why an intervention has no value in a place."""
    return {
        **shared,
        "area_id": place.area_id,
        "intervention_id": one.id,
        "level": level,
        "comparator": TODAY,
        "perspective": "none",
        "discount_pct": 0.0,
        "outcome": "overdose_deaths_averted",
        "unit": "deaths",
        "currency": "",
        "cost_basis": "none",
        "status": "not_applicable",
        "reason": reason,
        "draws": 0,
        "source_ids": place.source_ids,
        "release": place.release,
    }


def value_rows(
    place: Place,
    outcomes: Mapping[str, Outcomes],
    wanted: list[Strategy],
    shared: Mapping[str, object],
    priced: Mapping[str, bool],
    cost_basis: str,
    currency: str,
) -> pd.DataFrame:
    """Make the rows of one place.

    Grain: that of ``marts.intervention_value`` within a place.

    Args:
        place: The place.
        outcomes: Runs by strategy.
        wanted: Strategies run.
        shared: Columns that all rows share: horizon, draws, seed, parameter set.
        priced: Whether each intervention's costs are all known, by its id.
        cost_basis: Whether unit costs are the country's own.
        currency: Their currency.
    """
    rows: list[dict[str, object]] = []
    own = {"area_id": place.area_id, "source_ids": place.source_ids, "release": place.release, **shared}
    compared = [(one.intervention, one.level, TODAY, outcomes[TODAY], outcomes[one.name]) for one in wanted]
    services = Intervention(SERVICES_TODAY, "Services as they are today", {}, (), ())
    compared.append((services, "today", NONE, outcomes[NONE], outcomes[TODAY]))
    remarks = "; ".join(place.remarks)
    for one, level, comparator, before, after in compared:
        named = {**own, "intervention_id": one.id, "level": level, "comparator": comparator, "reason": remarks}
        rows += [{**named, **row} for row in _health(place, before, after)]
        if priced.get(one.id, False):
            rows += [
                {**named, **row, "cost_basis": cost_basis, "currency": currency}
                for row in _money(before, after, currency)
            ]
    return pd.DataFrame(rows).reindex(columns=VALUE_COLUMNS)


def _health(place: Place, before: Outcomes, after: Outcomes) -> Iterator[dict[str, object]]:
    plain = {"perspective": "none", "currency": "", "cost_basis": "none", "status": "reported"}
    for event, (outcome, unit) in EVENTS.items():
        if event in PREVALENCE and PREVALENCE[event] not in place.values:
            continue
        averted = before.total(event) - after.total(event)
        yield {**plain, "discount_pct": 0.0, "outcome": outcome, "unit": unit, **_summary(averted)}
    for discounted in (False, True):
        rate = 100 * before.horizon.discount_rate_effect if discounted else 0.0
        gained = after.total("qalys", discounted) - before.total("qalys", discounted)
        yield {**plain, "discount_pct": rate, "outcome": "qalys_gained", "unit": "QALYs", **_summary(gained)}


def _money(before: Outcomes, after: Outcomes, currency: str) -> Iterator[dict[str, object]]:
    for perspective, payers in PERSPECTIVES.items():
        for discounted in (False, True):
            rate = 100 * before.horizon.discount_rate_cost if discounted else 0.0
            plain = {"perspective": perspective, "discount_pct": rate, "status": "reported"}
            cost = after.cost(discounted, payers) - before.cost(discounted, payers)
            qalys = after.total("qalys", discounted) - before.total("qalys", discounted)
            deaths = before.total("overdose_deaths", discounted) - after.total("overdose_deaths", discounted)
            yield {**plain, "outcome": "cost_difference", "unit": currency, **_summary(cost)}
            yield {**plain, "outcome": "cost_per_qaly", "unit": f"{currency} per QALY", **ratio(cost, qalys)}
            yield {
                **plain,
                "outcome": "cost_per_overdose_death_averted",
                "unit": f"{currency} per death",
                **ratio(cost, deaths, "overdose death averted"),
            }


def _summary(values: FloatArray) -> dict[str, float]:
    lower, upper = np.quantile(values, [_RATIO_SHARE, 1 - _RATIO_SHARE])
    mean = float(values.mean())
    return {"value": mean, "lower_95": min(float(lower), mean), "upper_95": max(float(upper), mean)}


def ratio(cost: FloatArray, effect: FloatArray, gain: str = "health gained") -> dict[str, object]:
    """Give a ratio of means with limits, or say why a ratio would mislead.

    Where money is saved and health gained, or money spent and health lost, the ratio has no reading:
    the row says so and has no value. Limits are quantiles of the draws' ratios, given only where every draw gains.

    Args:
        cost: Cost added, one value per draw.
        effect: Health gained, one value per draw.
        gain: What the effect is, in words.
    """
    added, gained = float(cost.mean()), float(effect.mean())
    if gained <= _LEAST_EFFECT:
        words = f"no {gain} on average" if added > 0 else f"saves money, no {gain} on average"
        return {"status": "not_applicable", "reason": words}
    if added <= 0:
        return {"status": "not_applicable", "reason": "saves money and gains health: dominates"}
    if not (effect > _LEAST_EFFECT).all():
        share = float((effect <= _LEAST_EFFECT).mean())
        return {"value": added / gained, "reason": f"no limits: {share:.0%} of the draws have no {gain}"}
    lower, upper = np.quantile(cost / effect, [_RATIO_SHARE, 1 - _RATIO_SHARE])
    value = added / gained
    return {"value": value, "lower_95": min(float(lower), value), "upper_95": max(float(upper), value)}


def unfit(place: Place, chosen: pd.DataFrame, one: Intervention) -> str:
    """Say why an intervention cannot be run in a place, or nothing where it can."""
    if not place.suffices:
        return "the place has no value for " + ", ".join(place.lacking)
    if one.infections and not set(one.infections) & set(place.values):
        return "the place has no value for " + " or ".join(INPUTS[name] for name in one.infections)
    absent = sorted(set(one.needs) - set(chosen["parameter_id"]))
    return f"no verified evidence for {', '.join(absent)}" if absent else ""


def already(place: Place, one: Intervention, level: str) -> str:
    """Say that a place has a level already."""
    found = ", ".join(f"{lever} {place.values.get(lever, 0.0):.0%}" for lever in one.targets[level])
    return f"already there or above: {found}"
