"""One question about one place: which levels, on whose figures, over how long; and its answer with what it rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

import numpy as np
import pandas as pd

from assets.economics import value
from assets.economics.asking import QuestionRefused
from assets.economics.balance import counts_hiv_deaths, with_what_follows
from assets.economics.decisions import bases, decision_tables
from assets.economics.interventions import CATALOGUE, SCALE_UP_YEARS, TODAY, Intervention
from assets.economics.places import INPUTS, REQUIRED, Place, places
from assets.economics.prices import told as prices_told
from assets.economics.runs import Strategy, draw_evidence, drawn_values, run_each, strategies
from assets.economics.tables import Settings, assessed, cost_basis, evidence_for
from assets.economics.totals import Totals, totals
from assets.evidence import EvidenceBase, set_name
from epi.economics.dominance import incremental_analysis
from schemas.economics import VALUE_COLUMNS

_CLEARANCE = "hcv_clearance_proportion"


@dataclass(frozen=True)
class Answer:
    """What a question came to.

    Attributes:
        place: The place.
        rows: Rows as ``marts.intervention_value`` has them, for this place and these strategies.
        payments: Rows as ``marts.budget_impact`` has them.
        information: Rows as ``marts.value_of_information`` has them; empty with few draws or where nothing is priced.
        steps: Incremental analysis over discounted QALYs from the health system; empty where nothing is priced.
        chosen: The figures used, as ``assets.evidence.parameter_set`` gives them.
        evidence: Name of the set of figures.
        assumed: What is assumed, a sentence each.
        lacking: What is lacking, a sentence each.
    """

    place: Place
    rows: pd.DataFrame
    payments: pd.DataFrame
    information: pd.DataFrame
    steps: pd.DataFrame
    chosen: pd.DataFrame
    evidence: str
    assumed: tuple[str, ...]
    lacking: tuple[str, ...]


def find_place(asked: str, found: Sequence[Place], names: Mapping[str, str]) -> Place:
    """Find a place by its id or its name.

    Raises:
        QuestionRefused: No such place is published, or it publishes nothing that the model reads.
    """
    wanted = asked.strip().lower()
    by_id = {place.area_id: place for place in found}
    for area, name in names.items():
        if wanted not in (area.lower(), name.lower()):
            continue
        if area in by_id:
            return by_id[area]
        raise QuestionRefused(
            f"PLACE: expected a place that publishes {', '.join(INPUTS.values())}; found {name} ({area}) with none of "
            "them. See docs/economics.md."
        )
    known = {**{place.area_id.lower(): place.area_id for place in found},
             **{names[place.area_id].lower(): place.area_id for place in found if place.area_id in names}}  # fmt: skip
    near = list(dict.fromkeys(known[hit] for hit in get_close_matches(wanted, list(known), 5, 0.5)))
    told = ", ".join(f"{area} ({names.get(area, area)})" for area in near) or "see hre sql 'FROM meta.areas'"
    raise QuestionRefused(f"PLACE: expected a published place, found {asked!r}; near it: {told}.")


def answer(
    latest: pd.DataFrame, names: Mapping[str, str], evidence: EvidenceBase, asked: str, settings: Settings
) -> Answer:
    """Answer a question about one place.

    Args:
        latest: ``marts.latest_values``.
        names: Name of each published place by its id.
        evidence: All evidence.
        asked: The place, by id or name.
        settings: How to run; its catalogue is what is compared.

    Raises:
        QuestionRefused: The place is unknown or lacks an input, or no strategy can be run.
        assets.evidence.EvidenceError: A chosen parameter or source is unknown, or in another currency.
        ValueError: A value is out of the model's bounds.
    """
    chosen = evidence_for(evidence, settings)
    clearance = float(chosen.set_index("parameter_id")["mean"].get(_CLEARANCE, 0.0))
    place = _with_given(find_place(asked, places(latest, clearance), names), settings.given)
    if not place.suffices:
        absent = [name for name in REQUIRED if name not in place.values]
        raise QuestionRefused(
            f"{names.get(place.area_id, place.area_id)}: expected {', '.join(INPUTS[name] for name in absent)}, found "
            f"no published value. Give your own with {' '.join(f'--set {name}=…' for name in absent)}."
        )
    able, lacking = _able(place, chosen, settings)
    own_levels = settings.catalogue is not CATALOGUE
    wanted = [Strategy(one, level) for one in able for level in one.targets] if own_levels else strategies(place, able)
    if not wanted:
        raise QuestionRefused(f"nothing can be run here: {'; '.join(lacking) or 'every level is reached already'}")
    evidence_drawn = draw_evidence(chosen, settings.draws, settings.seed, settings.given)
    drawn = drawn_values(place, evidence_drawn, settings.seed, settings.given)
    values = with_what_follows(place, drawn, settings.given)
    found = totals(run_each(values, wanted, settings.horizon, threads=None), wanted, values, settings.rates)
    known = {*chosen["parameter_id"], *settings.given}
    rows, payments = assessed(place, found, wanted, values, known, settings)
    shared = {"horizon_years": settings.horizon.years, "draws": settings.draws, "seed": settings.seed,
              "parameter_set": set_name(chosen)}  # fmt: skip
    money = {"area_id": place.area_id, "currency": settings.currency}
    prices = {one.id: value.unpriced(place, known, one, settings.currency) for one in settings.catalogue}
    priced = [one for one in wanted if not prices[one.intervention.id]]
    told = decision_tables(found, priced, bases(drawn) if priced else {}, settings.willingness_to_pay, money)
    return Answer(
        place,
        value.frame(rows, shared, VALUE_COLUMNS),
        pd.DataFrame(payments),
        told.get("information", pd.DataFrame()),
        _steps(found, priced),
        chosen,
        set_name(chosen),
        assumptions(place, able, settings, counts_hiv_deaths(values)),
        tuple([*lacking, *(f"{name}: no costs, because {why}" for name, why in prices.items() if why)]),
    )


def _with_given(place: Place, given: Mapping[str, float]) -> Place:
    """Let the user's value of an input stand for the published one."""
    own = {name: float(np.mean(given[name])) for name in INPUTS if name in given}
    if not own:
        return place
    lacking = tuple(indicator for name, indicator in INPUTS.items() if indicator in place.lacking and name not in own)
    return replace(place, values={**place.values, **own}, lacking=lacking)


def _able(place: Place, chosen: pd.DataFrame, settings: Settings) -> tuple[list[Intervention], list[str]]:
    able, lacking = [], []
    known = {*chosen["parameter_id"], *settings.given}
    for one in settings.catalogue:
        words = value.unfit(place, known, one)
        if words:
            lacking.append(f"{one.id}: {words}")
        else:
            able.append(one)
    absent = [indicator for name, indicator in INPUTS.items() if name not in place.values]
    lacking += [f"{indicator}: no published value, so outcomes on that infection are left out" for indicator in absent]
    return able, lacking


def _steps(found: Totals, wanted: Sequence[Strategy]) -> pd.DataFrame:
    """Compare the priced strategies and today step by step, at their means."""
    if not wanted:
        return pd.DataFrame()
    names = [TODAY, *(one.name for one in wanted)]
    rows = [found.row(name) for name in names]
    cost = found.cost(found.main, "health system")[rows].mean(axis=1)
    effect = found.effects[found.main]["qalys"][rows].mean(axis=1)
    return incremental_analysis(pd.DataFrame({"strategy": names, "cost": cost, "effect": effect}), reference=TODAY)


def assumptions(
    place: Place, able: Sequence[Intervention], settings: Settings, deadly: bool = False
) -> tuple[str, ...]:
    """Say what an answer assumes, beyond the figures.

    Args:
        place: The place.
        able: What was run.
        settings: How it was run.
        deadly: Whether deaths from HIV count.
    """
    costs = settings.horizon.discount_rate_cost
    sentences = [
        "As many people begin to inject as stop or die with today's services; prevalence is in balance today.",
        f"Levels are reached in a straight line within {settings.given.get('scale_up_years', SCALE_UP_YEARS):g} years"
        + (f" from year {begins:g} on" if (begins := settings.given.get("scale_up_start_year", 0.0)) else "")
        + " and then kept.",
        f"QALYs and DALYs count within the {settings.horizon.years} years only; "
        + ("deaths from HIV count." if deadly else "deaths from HIV are not counted."),
        f"Net benefits and returns are told at {settings.currency} {settings.willingness_to_pay:,.0f} a QALY.",
        f"Costs and QALYs are discounted at {100 * costs:g} % a year, and so are deaths where a cost is divided by "
        "them; numbers of deaths and infections are told as they fall.",
        "Overdose rate and fatality are those of the study in the evidence set, whatever the place.",
        *place.remarks,
        *dict.fromkeys(caveat for one in able for caveat in one.caveats),
    ]
    if cost_basis(place, settings) == "transferred":
        sentences.append(
            f"Unit costs are transferred: other places' in {settings.currency}, "
            + ("neither converted nor" if settings.prices is None else "not")
            + " adjusted for local wages. Give your own with --set."
        )
    if settings.prices is not None:
        sentences.append(prices_told(settings.prices, settings.currency))
    if "recruitment_rate" in settings.given:
        sentences[0] = "The recruitment rate is yours; prevalence is in balance today."
    return tuple(sentences)
