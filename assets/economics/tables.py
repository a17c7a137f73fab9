"""The tables on interventions, for every place whose inputs suffice."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from assets.economics import value
from assets.economics.interventions import CATALOGUE, TODAY, Intervention
from assets.economics.places import Place, places
from assets.economics.runs import (
    DRAWS,
    HORIZON,
    SEED,
    Strategy,
    parameter_values,
    run,
    spread_values,
    strategies,
)
from assets.evidence import EvidenceBase, parameter_set, set_name
from epi.economics.budget import funding_probability, optimise_budget
from epi.economics.decision_uncertainty import acceptability, evpi
from epi.models.interface import Horizon, Outcomes
from epi.models.transmission import PARAMETERS
from schemas.economics import VALUE_COLUMNS, VALUE_GRAIN

CURRENCY = "AUD"
OWN_COSTS = ("AUS",)
"""Places whose unit costs are their own: the default costs are those of the Australian Capital Territory."""

WILLINGNESS_TO_PAY = tuple(float(amount) for amount in range(0, 100_001, 5_000))
PLANE_DRAWS = 60
BUDGET_SHARES = (0.1, 0.25, 0.5)
"""Budgets tried, as parts of what every intervention at its highest level would cost."""

WORKERS = 2
_CLEARANCE = "hcv_clearance_proportion"


@dataclass(frozen=True)
class Settings:
    """How an analysis is run; the defaults are those of a refresh."""

    draws: int = DRAWS
    seed: int = SEED
    horizon: Horizon = HORIZON
    currency: str = CURRENCY
    choices: Mapping[str, str] = field(default_factory=dict)
    """Source chosen for a parameter, by parameter."""

    given: Mapping[str, float] = field(default_factory=dict)
    """Values that the user sets, by parameter."""

    catalogue: tuple[Intervention, ...] = CATALOGUE


def evidence_for(evidence: EvidenceBase, settings: Settings) -> pd.DataFrame:
    """Pick the set of parameters of an analysis; costs in its currency, unpriced ones left out."""
    wanted = {parameter.id for parameter in PARAMETERS}
    for one in settings.catalogue:
        wanted |= {*one.needs, *one.prices}
    return parameter_set(evidence.figures, dict(settings.choices), sorted(wanted), settings.currency)


def intervention_tables(
    latest: pd.DataFrame, evidence: EvidenceBase, settings: Settings | None = None, only: str | None = None
) -> dict[str, pd.DataFrame]:
    """Make the tables on interventions.

    Places are run side by side; each draws its numbers by parameter and seed, so that the order changes nothing.

    Args:
        latest: ``marts.latest_values``.
        evidence: All evidence.
        settings: How to run; as a refresh does when left out.
        only: One place, by its id; all of them when left out.

    Returns:
        ``marts.intervention_value``, ``marts.intervention_acceptability``, ``marts.intervention_plane``,
        ``marts.intervention_drivers`` and ``marts.portfolio``.
    """
    settings = settings or Settings()
    chosen = evidence_for(evidence, settings)
    clearance = float(chosen.set_index("parameter_id")["mean"].get(_CLEARANCE, 0.0))
    found = [place for place in places(latest, clearance) if only in (None, place.area_id)]
    with ThreadPoolExecutor(WORKERS) as pool:
        parts = list(pool.map(lambda place: _of_place(place, chosen, settings), found))
    names = ("value", "acceptability", "plane", "drivers", "portfolio")
    joined = {
        "marts.portfolio" if name == "portfolio" else f"marts.intervention_{name}": pd.concat(
            [part[name] for part in parts if name in part], ignore_index=True
        )
        if any(name in part for part in parts)
        else pd.DataFrame()
        for name in names
    }
    return {name: _typed(name, frame) for name, frame in joined.items()}


def _of_place(place: Place, chosen: pd.DataFrame, settings: Settings) -> dict[str, pd.DataFrame]:
    shared: dict[str, object] = {
        "horizon_years": settings.horizon.years,
        "draws": settings.draws,
        "seed": settings.seed,
        "parameter_set": set_name(chosen),
    }
    refused = [value.unfit(place, chosen, one) for one in settings.catalogue]
    able = [one for one, words in zip(settings.catalogue, refused, strict=True) if not words]
    wanted = strategies(place, able) if place.suffices else []
    lacking = [
        value.lacking_rows(place, shared, one, words, "any")
        for one, words in zip(settings.catalogue, refused, strict=True)
        if words
    ]
    run_names = {one.name for one in wanted}
    lacking += [
        value.lacking_rows(place, shared, one, value.already(place, one, level), level)
        for one in able
        for level in one.targets
        if Strategy(one, level).name not in run_names
    ]
    silent = pd.DataFrame(lacking).reindex(columns=VALUE_COLUMNS)
    if not place.suffices:
        return {"value": silent}
    values = parameter_values(place, chosen, settings.draws, settings.seed, settings.given)
    outcomes = run(values, wanted, settings.horizon)
    priced = {one.id: set(one.prices) <= {*chosen["parameter_id"], *settings.given} for one in settings.catalogue}
    priced["services_today"] = {"cost_oat", "cost_nsp"} <= {*chosen["parameter_id"], *settings.given}
    basis = "given by the user" if any(name.startswith("cost_") for name in settings.given) else _basis(place)
    rows = value.value_rows(place, outcomes, wanted, shared, priced, basis, settings.currency)
    with_price = [one for one in wanted if priced[one.intervention.id]]
    return {
        "value": pd.concat([rows, silent], ignore_index=True) if len(silent) else rows,
        **_decision(place, outcomes, with_price, settings),
        "drivers": _drivers(place, chosen, wanted, settings),
        "portfolio": _portfolio(place, outcomes, with_price, settings),
    }


def _basis(place: Place) -> str:
    return "own country" if place.area_id in OWN_COSTS else "transferred"


def _decision(
    place: Place, outcomes: Mapping[str, Outcomes], wanted: list[Strategy], settings: Settings
) -> dict[str, pd.DataFrame]:
    """Make acceptability, value of information and the plane, for both perspectives."""
    names = [TODAY, *[one.name for one in wanted]]
    effects = pd.DataFrame({name: outcomes[name].total("qalys", discounted=True) for name in names})
    curves, points = [], []
    for perspective, payers in value.PERSPECTIVES.items():
        costs = pd.DataFrame({name: outcomes[name].cost(True, payers) for name in names})
        curve = acceptability(costs, effects, WILLINGNESS_TO_PAY)
        perfect = evpi(costs, effects, WILLINGNESS_TO_PAY)
        named = {"area_id": place.area_id, "perspective": perspective, "currency": settings.currency}
        curves.append(curve.merge(perfect, on="willingness_to_pay", validate="m:1").assign(**named))
        for name in names[1:]:
            few = slice(0, min(PLANE_DRAWS, settings.draws))
            points.append(
                pd.DataFrame(
                    {
                        **named,
                        "strategy": name,
                        "draw": np.arange(settings.draws)[few],
                        "qalys_gained": (effects[name] - effects[TODAY]).to_numpy()[few],
                        "cost_difference": (costs[name] - costs[TODAY]).to_numpy()[few],
                    }
                )
            )
    found = {"acceptability": pd.concat(curves, ignore_index=True)}
    return found | ({"plane": pd.concat(points, ignore_index=True)} if points else {})


def _portfolio(
    place: Place, outcomes: Mapping[str, Outcomes], wanted: list[Strategy], settings: Settings
) -> pd.DataFrame:
    """Choose the best levels for three budgets, at the means and in every draw; single interventions, effects added."""
    single = [one for one in wanted if len(one.intervention.targets[one.level]) == 1]
    if not single:
        return pd.DataFrame()
    today, payers = outcomes[TODAY], value.PERSPECTIVES["health system"]
    keys = pd.MultiIndex.from_tuples(
        [(one.intervention.id, one.level) for one in single], names=["intervention", "level"]
    )
    costs = pd.DataFrame([outcomes[one.name].cost(True, payers) - today.cost(True, payers) for one in single]).T
    effects = pd.DataFrame([outcomes[one.name].total("qalys", True) - today.total("qalys", True) for one in single]).T
    costs.columns = effects.columns = keys
    dearest = costs.mean().clip(lower=0).groupby(level="intervention").max().sum()
    parts = []
    for budget in (float(dearest * share) for share in BUDGET_SHARES):
        options = pd.DataFrame({"cost": costs.mean(), "effect": effects.mean()}).reset_index()
        best = optimise_budget(options, budget)
        found = funding_probability(costs, effects, budget)
        parts.append(found.assign(budget=budget, portfolio_cost=best.cost, portfolio_qalys=best.effect))
    names = {"intervention": "intervention_id", "probability_funded": "probability_chosen"}
    joined = pd.concat(parts, ignore_index=True).rename(columns=names)
    return joined.assign(area_id=place.area_id, currency=settings.currency)


def _drivers(place: Place, chosen: pd.DataFrame, wanted: list[Strategy], settings: Settings) -> pd.DataFrame:
    """Move one parameter at a time to its limits: every setting is one draw of a single run."""
    varied, values = spread_values(place, chosen, settings.draws, settings.seed, settings.given)
    if not varied:
        return pd.DataFrame()
    outcomes = run(values, wanted, settings.horizon)
    before = outcomes[TODAY].total("overdose_deaths")
    parts = []
    for one in wanted:
        averted = before - outcomes[one.name].total("overdose_deaths")
        parts.append(
            pd.DataFrame(
                {
                    "area_id": place.area_id,
                    "strategy": one.name,
                    "parameter_id": [name for name, _, _ in varied],
                    "low_value": [low for _, low, _ in varied],
                    "high_value": [high for _, _, high in varied],
                    "at_low": averted[1::2],
                    "at_high": averted[2::2],
                    "at_mean": averted[0],
                }
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _typed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Give a table its columns, types and order; one without rows keeps its columns."""
    from schemas.tables import MODELS

    columns = list(MODELS[name].to_schema().columns)
    filled = frame.reindex(columns=columns)
    order = VALUE_GRAIN if name.endswith("_value") else columns[:4]
    types = {str(column): str(spec.dtype) for column, spec in MODELS[name].to_schema().columns.items()}
    for column in columns:
        if types[column] in ("str", "object", "string"):
            filled[column] = filled[column].fillna("").astype("str")
        else:
            filled[column] = filled[column].astype(types[column])
    return filled.sort_values(order, ignore_index=True)
