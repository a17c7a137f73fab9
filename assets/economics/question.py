"""One question about one place: which levels, on whose figures, over how long; and its answer with what it rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

import pandas as pd

from assets.economics import value
from assets.economics.asking import QuestionRefused
from assets.economics.interventions import CATALOGUE, TODAY, Intervention
from assets.economics.places import INPUTS, REQUIRED, Place, places
from assets.economics.runs import Strategy, parameter_values, run, strategies
from assets.economics.tables import OWN_COSTS, Settings, evidence_for
from assets.evidence import EvidenceBase, set_name
from epi.economics.dominance import incremental_analysis
from epi.models.interface import Outcomes
from schemas.economics import VALUE_GRAIN

_CLEARANCE = "hcv_clearance_proportion"


@dataclass(frozen=True)
class Answer:
    """What a question came to.

    Attributes:
        place: The place.
        rows: Rows as ``marts.intervention_value`` has them, for this place and these strategies.
        steps: Incremental analysis over discounted QALYs from the health system; empty where nothing is priced.
        chosen: The figures used, as ``assets.evidence.parameter_set`` gives them.
        evidence: Name of the set of figures.
        assumed: What is assumed, a sentence each.
        lacking: What is lacking, a sentence each.
    """

    place: Place
    rows: pd.DataFrame
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
    values = parameter_values(place, chosen, settings.draws, settings.seed, settings.given)
    outcomes = run(values, wanted, settings.horizon)
    priced = _priced(chosen, settings)
    unpriced = [_no_price(one, chosen, settings) for one in settings.catalogue if not priced[one.id]]
    shared = {"horizon_years": settings.horizon.years, "draws": settings.draws, "seed": settings.seed,
              "parameter_set": set_name(chosen)}  # fmt: skip
    rows = value.value_rows(place, outcomes, wanted, shared, priced, _basis(place, settings), settings.currency)
    return Answer(
        place,
        rows.drop_duplicates(VALUE_GRAIN, ignore_index=True),
        _steps(outcomes, [one for one in wanted if priced[one.intervention.id]]),
        chosen,
        set_name(chosen),
        assumptions(place, able, settings),
        tuple([*lacking, *unpriced]),
    )


def _with_given(place: Place, given: Mapping[str, float]) -> Place:
    """Let the user's value of an input stand for the published one."""
    own = {name: given[name] for name in INPUTS if name in given}
    if not own:
        return place
    lacking = tuple(indicator for name, indicator in INPUTS.items() if indicator in place.lacking and name not in own)
    return replace(place, values={**place.values, **own}, lacking=lacking)


def _able(place: Place, chosen: pd.DataFrame, settings: Settings) -> tuple[list[Intervention], list[str]]:
    able, lacking = [], []
    figures = pd.concat([chosen, pd.DataFrame({"parameter_id": list(settings.given)})], ignore_index=True)
    for one in settings.catalogue:
        words = value.unfit(place, figures, one)
        if words:
            lacking.append(f"{one.id}: {words}")
        else:
            able.append(one)
    absent = [indicator for name, indicator in INPUTS.items() if name not in place.values]
    lacking += [f"{indicator}: no published value, so outcomes on that infection are left out" for indicator in absent]
    return able, lacking


def _priced(chosen: pd.DataFrame, settings: Settings) -> dict[str, bool]:
    have = {*chosen["parameter_id"], *settings.given}
    priced = {one.id: set(one.prices) <= have for one in settings.catalogue}
    return priced | {"services_today": {"cost_oat", "cost_nsp"} <= have}


def _no_price(one: Intervention, chosen: pd.DataFrame, settings: Settings) -> str:
    absent = [name for name in one.prices if name not in {*chosen["parameter_id"], *settings.given}]
    listed = ", ".join(absent)
    hint = " ".join(f"--set {name}=…" for name in absent)
    return (
        f"{one.id}: no costs, because no single verified figure in {settings.currency} is at hand for {listed}; {hint}"
    )


def _basis(place: Place, settings: Settings) -> str:
    if any(name.startswith("cost_") for name in settings.given):
        return "given by the user"
    return "own country" if place.area_id in OWN_COSTS and settings.currency == "AUD" else "transferred"


def _steps(outcomes: Mapping[str, Outcomes], wanted: Sequence[Strategy]) -> pd.DataFrame:
    """Compare the priced strategies and today step by step, at their means."""
    if not wanted:
        return pd.DataFrame()
    payers = value.PERSPECTIVES["health system"]
    names = [TODAY, *(one.name for one in wanted)]
    means = pd.DataFrame(
        {
            "strategy": names,
            "cost": [float(outcomes[name].cost(True, payers).mean()) for name in names],
            "effect": [float(outcomes[name].total("qalys", discounted=True).mean()) for name in names],
        }
    )
    return incremental_analysis(means, reference=TODAY)


def assumptions(place: Place, able: Sequence[Intervention], settings: Settings) -> tuple[str, ...]:
    """Say what an answer assumes, beyond the figures.

    Args:
        place: The place.
        able: What was run.
        settings: How it was run.
    """
    costs = settings.horizon.discount_rate_cost
    sentences = [
        "As many people begin to inject as stop or die with today's services; prevalence is in balance today.",
        "Levels are reached within two years in a straight line and then kept.",
        f"QALYs count within the {settings.horizon.years} years only; deaths from HIV are not counted.",
        f"Costs and QALYs are discounted at {100 * costs:g} % a year; deaths and infections are not.",
        "Overdose rate and fatality are those of the study in the evidence set, whatever the place.",
        *place.remarks,
        *dict.fromkeys(caveat for one in able for caveat in one.caveats),
    ]
    if _basis(place, settings) == "transferred":
        sentences.append(
            f"Unit costs are transferred: other places' in {settings.currency}, neither converted nor adjusted. "
            "Give your own with --set."
        )
    if "recruitment_rate" in settings.given:
        sentences[0] = "The recruitment rate is yours; prevalence is in balance today."
    return tuple(sentences)
