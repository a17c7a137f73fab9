"""The tables on interventions, for every place whose inputs suffice."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pandas as pd

from assets.economics import value
from assets.economics.balance import with_what_follows
from assets.economics.decisions import bases, decision_tables, portfolio
from assets.economics.interventions import CATALOGUE, Intervention
from assets.economics.money import frontier_rows
from assets.economics.payments import budget_rows
from assets.economics.places import Place, places
from assets.economics.prices import Prices, carried
from assets.economics.runs import (
    DRAWS,
    HORIZON,
    SEED,
    Strategy,
    draw_evidence,
    drawn_values,
    run_each,
    run_one_way,
    spread,
    strategies,
)
from assets.economics.totals import Totals, totals
from assets.evidence import EvidenceBase, parameter_set, set_name
from epi.models.interface import FloatArray, Horizon
from epi.models.transmission import PARAMETERS
from schemas.economics import VALUE_COLUMNS

CURRENCY = "AUD"
OWN_COSTS = ("AUS",)
"""Places whose unit costs are their own: the default costs are those of the Australian Capital Territory."""

RATES = (0.0, 0.03, 0.05)
THRESHOLD = 50_000.0
"""Amount for a QALY at which net benefits are told: the middle of the range of the curves, and nobody's rule."""

WORKERS = 2
_CLEARANCE = "hcv_clearance_proportion"
TABLES = {
    "value": "marts.intervention_value",
    "acceptability": "marts.intervention_acceptability",
    "plane": "marts.intervention_plane",
    "drivers": "marts.intervention_drivers",
    "portfolio": "marts.portfolio",
    "budget": "marts.budget_impact",
    "information": "marts.value_of_information",
}


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
    rates: tuple[float, ...] = RATES
    """Discount rates told besides that of the horizon, which decides."""

    willingness_to_pay: float = THRESHOLD
    prices: Prices | None = None
    """Price indexes and exchange rates of the user; costs stay as they were published without."""


def evidence_for(evidence: EvidenceBase, settings: Settings) -> pd.DataFrame:
    """Pick the set of parameters of an analysis; costs in its currency, unpriced ones left out."""
    wanted = {parameter.id for parameter in PARAMETERS}
    for one in settings.catalogue:
        wanted |= {*one.needs, *one.prices}
    figures = evidence.figures
    if settings.prices is not None:
        figures = carried(figures, settings.prices, settings.currency, settings.choices, wanted)
    return parameter_set(figures, dict(settings.choices), sorted(wanted), settings.currency)


@dataclass(frozen=True)
class _Shared:
    """What all places share."""

    settings: Settings
    known: set[str]
    """Parameters that have a figure."""

    drawn: dict[str, FloatArray]
    bases: dict[str, FloatArray]


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
        The tables of ``TABLES``, by their published names.
    """
    settings = settings or Settings()
    chosen = evidence_for(evidence, settings)
    clearance = float(chosen.set_index("parameter_id")["mean"].get(_CLEARANCE, 0.0))
    found = [place for place in places(latest, clearance) if only in (None, place.area_id)]
    drawn = draw_evidence(chosen, settings.draws, settings.seed, settings.given)
    shared = _Shared(settings, {*chosen["parameter_id"], *settings.given}, drawn, bases(drawn))
    with ThreadPoolExecutor(WORKERS) as pool:
        parts = list(pool.map(lambda place: _of_place(place, shared), found))
    every = {
        "horizon_years": settings.horizon.years,
        "draws": settings.draws,
        "seed": settings.seed,
        "parameter_set": set_name(chosen),
    }
    told = [row for rows, _ in parts for row in rows["value"]]
    joined = {
        "value": value.frame(told, every, VALUE_COLUMNS),
        "budget": pd.DataFrame([row for rows, _ in parts for row in rows.get("budget", [])]),
    }
    for name in [name for name in TABLES if name not in joined]:
        frames = [found_here[name] for _, found_here in parts if len(found_here.get(name, ()))]
        joined[name] = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    return {published: _typed(published, joined[name]) for name, published in TABLES.items()}


def _of_place(place: Place, shared: _Shared) -> tuple[dict[str, list[value.Row]], dict[str, pd.DataFrame]]:
    settings = shared.settings
    refused = {one.id: value.unfit(place, shared.known, one) for one in settings.catalogue}
    able = [one for one in settings.catalogue if not refused[one.id]]
    silent = [value.lacking_row(place, one, refused[one.id], "any") for one in settings.catalogue if refused[one.id]]
    if not place.suffices:
        return {"value": silent}, {}
    wanted = strategies(place, able)
    names = {one.name for one in wanted}
    silent += [
        value.lacking_row(place, one, value.already(place, one, level), level)
        for one in able
        for level in one.targets
        if Strategy(one, level).name not in names
    ]
    drawn = drawn_values(place, shared.drawn, settings.seed, settings.given)
    values = with_what_follows(place, drawn, settings.given)
    found = totals(run_each(values, wanted, settings.horizon), wanted, values, settings.rates)
    rows, budget = assessed(place, found, wanted, values, shared.known, settings)
    money = {"area_id": place.area_id, "currency": settings.currency}
    priced = [one for one in wanted if not value.unpriced(place, shared.known, one.intervention, settings.currency)]
    fitted = shared.bases | (bases({name: drawn[name] for name in place.values if name in drawn}))
    frames = decision_tables(found, priced, fitted, settings.willingness_to_pay, money)
    frames["portfolio"] = portfolio(found, priced, money)
    frames["drivers"] = _drivers(place, drawn, wanted, settings)
    return {"value": [*rows, *silent], "budget": budget}, frames


def assessed(
    place: Place,
    found: Totals,
    wanted: Sequence[Strategy],
    values: Mapping[str, FloatArray],
    known: set[str],
    settings: Settings,
) -> tuple[list[value.Row], list[value.Row]]:
    """Give the rows on value of a place, and those on its budget impact.

    Args:
        place: The place.
        found: Its totals.
        wanted: Strategies that were run.
        values: Parameters of the runs.
        known: Parameters that have a figure.
        settings: How it was run.
    """
    pairs = value.compared(found, wanted)
    reasons = {one.id: value.unpriced(place, known, one, settings.currency) for one in pairs.interventions}
    money: value.Row = {"currency": settings.currency, "cost_basis": cost_basis(place, settings)}
    rows = value.value_rows(place, found, pairs, values, reasons, money, settings.willingness_to_pay)
    priced = [(one.intervention.id, one.level) for one in wanted if not reasons[one.intervention.id]]
    own = {"area_id": place.area_id, "source_ids": place.source_ids, "release": place.release, **money}
    rows += [{**own, **row} for row in frontier_rows(found, priced, settings.currency)]
    told = {"area_id": place.area_id, **money, "draws": settings.draws}
    has_price = [not reasons[one.id] for one in pairs.interventions]
    return rows, budget_rows(found, pairs, has_price, told)


def cost_basis(place: Place, settings: Settings) -> str:
    """Say whose unit costs an analysis of a place rests on."""
    if any(name.startswith("cost_") for name in settings.given):
        return "given by the user"
    return "own country" if place.area_id in OWN_COSTS and settings.currency == CURRENCY else "transferred"


def _drivers(
    place: Place, drawn: Mapping[str, FloatArray], wanted: Sequence[Strategy], settings: Settings
) -> pd.DataFrame:
    """Move one parameter at a time to its limits: every setting is one draw of a single run."""
    ways = spread(place, drawn, settings.given)
    rows = [
        (place.area_id, name, *ways.varied[at], low, high, float(mean[0]))
        for name, (places_, mean, limits) in run_one_way(ways, wanted, settings.horizon).items()
        for at, (low, high) in zip(places_, limits.tolist(), strict=True)
    ]
    columns = ["area_id", "strategy", "parameter_id", "low_value", "high_value", "at_low", "at_high", "at_mean"]
    return pd.DataFrame(rows, columns=columns)


def _typed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Give a table its columns, types and order; one without rows keeps its columns."""
    from schemas.tables import MODELS

    schema = MODELS[name].to_schema()
    specs, columns = schema.columns, list(schema.columns)
    filled = frame.reindex(columns=columns)
    order = list(schema.unique or columns)
    types = {str(column): str(spec.dtype) for column, spec in specs.items()}
    for column in columns:
        if types[column] in ("str", "object", "string"):
            filled[column] = filled[column].fillna("").astype("str")
        else:
            filled[column] = filled[column].astype(types[column])
    return filled.sort_values(order, ignore_index=True)
