"""Our own models run in the setting of a study whose inputs were seen in part: its printed setting, our cited evidence.

Unlike a recomputation from printed inputs, such a run need not come out: it says whether our models and evidence lead
to the same decision. Settings stand in ``data/evidence/published_settings.csv``; what is not there is the default of
the evidence, as in a refresh. Nothing is tuned.
"""

import numpy as np
import pandas as pd

from assets.economics.interventions import SCALE_UP_YEARS
from assets.economics.places import Place
from assets.economics.runs import parameter_values
from assets.evidence import EvidenceBase, parameter_set, values
from epi.models.interface import FloatArray, Horizon, Outcomes
from epi.models.naloxone_saturation import run as run_naloxone
from epi.models.needle_circulation import critical_sharing_partners
from epi.models.transmission import PARAMETERS
from epi.models.transmission import run as run_transmission
from epi.models.transmission_levers import scale_up, status_quo

PEOPLE = 100_000.0
"""Size of the population that shares and ratios are told from; they do not depend on it."""

PREVENTABLE = ("overdose_deaths", "hiv_deaths", "liver_deaths")
_PAYER = ("health system",)


def bernard(base: EvidenceBase) -> dict[str, float]:
    """Give the cost of a QALY by OAT at half of people who inject drugs in the United States, over 20 years."""
    setting = study_setting(base, "bernard_2017")
    before, after = _with_and_without_oat(base, setting, {"cost_oat": "irwin_2017"}, "USD")
    qalys = after.total("qalys", discounted=True) - before.total("qalys", discounted=True)
    cost = after.cost(True, _PAYER) - before.cost(True, _PAYER)
    return {"bernard_oat_50": float(cost[0] / qalys[0])}


def stone(base: EvidenceBase, **choices: str) -> dict[str, float]:
    """Give the share of deaths that OAT at 40 % averts over 20 years, against no OAT, in percent.

    Args:
        base: All evidence.
        **choices: Source of a parameter other than the default.
    """
    before, after = _with_and_without_oat(base, study_setting(base, "stone_2021"), choices)
    fall = {name: float(before.total(name)[0] - after.total(name)[0]) for name in PREVENTABLE}
    were = {name: float(before.total(name)[0]) for name in PREVENTABLE}
    return {
        "stone_oat_40": 100 * sum(fall.values()) / sum(were.values()),
        "stone_oat_40_overdose": 100 * fall["overdose_deaths"] / were["overdose_deaths"],
    }


def zang(base: EvidenceBase) -> dict[str, float]:
    """Give what ten thousand kits a year avert in Rhode Island where none were given out before, and at what cost."""
    setting = study_setting(base, "zang_2022")
    names = ("overdose_rate", "overdose_fatality", "naloxone_fatality", "naloxone_use_highest", "overdose_witnessed",
             "naloxone_target_use")  # fmt: skip
    evidence = values(parameter_set(base.figures, parameters=names))
    target = evidence.pop("naloxone_target_use")
    # People at risk are those whose overdoses, all without naloxone, would lead to the deaths that were counted.
    people = setting["overdose_deaths"] / (evidence["overdose_rate"] * evidence["overdose_fatality"])
    at_target = setting["kits_per_100k_at_target"] * setting["residents"] / 100_000 / people
    model = {
        **evidence,
        "people_at_risk": people,
        "naloxone_kits_scale": at_target / -np.log(1 - target / evidence["naloxone_use_highest"]),
        "kit_weight_standing_order": 1.0,
        "kit_weight_prescription": 1.0,
        "cost_naloxone_kit": setting["programme_cost_per_kit"] + setting["price_per_kit"],
    }
    horizon = Horizon(1, 0.0, 0.0)
    before = run_naloxone(model, 1, horizon)
    after = run_naloxone({**model, "kits_community": setting["kits_added"] / people}, 1, horizon)
    averted = float(before.total("overdose_deaths")[0] - after.total("overdose_deaths")[0])
    added = float(after.cost(False)[0] - before.cost(False)[0])
    return {
        "zang_share_averted": 100 * averted / setting["overdose_deaths"],
        "zang_death_averted": added / averted,
    }


def murray(base: EvidenceBase) -> dict[str, float]:
    """Give the critical number of sharing partners with other studies' probabilities and duration of injecting."""
    names = (
        "hiv_needle_transmission",
        "hcv_needle_transmission",
        "injecting_duration_years",
        "hcv_clearance_proportion",
    )
    found = values(parameter_set(base.figures, parameters=names))
    years = found["injecting_duration_years"]
    chronic = 1 - np.asarray(found["hcv_clearance_proportion"])
    return {
        "murray_partners_hiv": float(critical_sharing_partners(found["hiv_needle_transmission"], years)),
        "murray_partners_hcv": float(critical_sharing_partners(found["hcv_needle_transmission"], years * chronic)),
    }


def study_setting(base: EvidenceBase, study: str) -> dict[str, float]:
    """Give a study's setting by parameter."""
    settings = base.tables["published_settings"]
    rows = settings[settings["study"] == study]
    return {str(name): float(value) for name, value in zip(rows["parameter_id"], rows["value"], strict=True)}


def _with_and_without_oat(
    base: EvidenceBase, setting: dict[str, float], choices: dict[str, str], currency: str | None = None
) -> tuple[Outcomes, Outcomes]:
    """Run the transmission model with OAT as it is and with OAT at the study's target, at the means of the evidence."""
    wanted = [one.id for one in PARAMETERS if currency is not None or one.role != "cost"]
    chosen = parameter_set(base.figures, choices, wanted, currency).assign(distribution="fixed", centre=None)
    place = _place(setting, float(chosen.set_index("parameter_id").loc["hcv_clearance_proportion", "mean"]))
    inputs: dict[str, FloatArray] = parameter_values(place, chosen, 1)
    rate = setting.get("discount_rate", 0.0)
    horizon = Horizon(int(setting["horizon_years"]), rate, rate)
    plan = scale_up(inputs, 0.0, SCALE_UP_YEARS, oat_coverage=setting["oat_coverage_target"])
    return run_transmission(status_quo(inputs), 1, horizon), run_transmission(plan, 1, horizon)


def _place(setting: dict[str, float], clearance: float) -> Place:
    """Give the setting as a place: antibodies less those who clear the virus are the share with chronic infection."""
    known = {name: setting[name] for name in ("oat_coverage", "nsp_coverage", "hiv_prevalence") if name in setting}
    if "hcv_antibody_prevalence" in setting:
        known["hcv_prevalence"] = setting["hcv_antibody_prevalence"] * (1 - clearance)
    known["people_who_inject_drugs"] = PEOPLE
    rows = pd.DataFrame({"parameter_id": list(known), "mean": list(known.values())})
    rows = rows.assign(distribution="fixed", lower=np.nan, upper=np.nan, centre=None)
    return Place("study", rows, (), (), "", "", known)
