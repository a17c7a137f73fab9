"""Hepatitis C: new infections, viraemic infection, the clearance cascade, treatment, and the path to elimination."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.indicators.infections import as_published
from assets.indicators.measures import PLACE_AND_TIME, Measures
from assets.indicators.rows import indicator_rows, provenance, remark, with_part
from assets.indicators.shares import OURS, OWN, beside, own_card, own_share, published_card, ratio
from epi.cascade import HCV_CLEARANCE_CASCADE, cascade
from epi.coverage import target_status
from epi.rates import incidence_rate
from schemas.indicators import IndicatorCard, Target

INCIDENCE_TARGET = 2.0
RESIDENTS = ("un_population", "world_bank", "census_population", "cdc_wonder")
_GHO = ("who_gho",)
_WHO = "WHO interim guidance for country validation of viral hepatitis elimination, 2021"
_UNSEEN = f"{_WHO}; the text was not seen"
_GHSS = "WHO Global health sector strategy on viral hepatitis 2016-2021"
_CDC = "CDC, hepatitis C virus clearance cascade, MMWR 72(26), 2023"
_PATH = "WHO path to elimination of hepatitis C, as a secondary report tells it"
_WAITS_OWN = "own programme data, template hcv-care (dropped in)"
_WAITS_CASCADE = "own programme data, template hcv-cascade (dropped in)"
_WAITS_GHO = "who_gho (live or dropped in)"
_MODELLED = "Modelled for the whole population; most infections in it are old, and not all are through injecting."


@dataclass(frozen=True)
class Tier:
    """What a tier of the path to elimination asks for, in percent; syringes per person who injects drugs and year."""

    name: str
    diagnosed_pct: float
    treated_pct: float
    oat: bool
    more_syringes_than: float | None


TIERS = (
    Tier("bronze", 60.0, 50.0, False, None),
    Tier("silver", 70.0, 60.0, True, None),
    Tier("gold", 80.0, 70.0, True, 150.0),
)
"""Tiers from the lowest; each asks for syringe programmes too. Unverified: read in a secondary report, cut short."""

NEW_RATE = published_card(
    "hcv_new_infection_rate", "23", "New hepatitis C infections per 100,000 people",
    "How many people newly acquire hepatitis C?", "People who newly acquired hepatitis C in the year, modelled",
    "Resident population", unit="people per 100,000 population", polarity="lower", denominator_type="population",
    interval_method="published limits of the model's count over the population",
    targets=(Target(5.0, 2030, _UNSEEN, False),), caveats=(_MODELLED, "The target's text was not seen: not judged."),
    references=("WHO, Global Health Observatory", _WHO), waits_for=_WAITS_GHO,
)  # fmt: skip
INCIDENCE = own_card(
    "hcv_incidence_pwid", "24", "Hepatitis C incidence among people who inject drugs",
    "How fast do people who inject drugs acquire hepatitis C?", "New infections found under observation",
    "Person-years under observation of people at risk", denominator_type="time",
    unit="people per 100 person-years", polarity="lower", interval_method="exact Poisson (Garwood)",
    targets=(Target(INCIDENCE_TARGET, 2030, _UNSEEN, False),),
    caveats=(
        OURS, "The count is rounded to 5, which its interval does not know of.",
        "Met only if the whole interval is at or below the target, whose text was not seen: the remark says it.",
    ),
    references=(_WHO,), waits_for=_WAITS_OWN,
)  # fmt: skip
VIRAEMIC = own_card(
    "hcv_viraemic_prevalence_pwid", "25", "Hepatitis C RNA among people who inject drugs",
    "How many people who inject drugs have hepatitis C now?", "People in whom RNA was found",
    "People who inject drugs tested for RNA", polarity="lower",
    caveats=(OURS, "The target is an 80 % fall against 2015; a value of 2015 is needed to judge it."),
    references=(_GHSS, "EUDA, hepatitis elimination barometer"), waits_for=_WAITS_OWN,
)  # fmt: skip
ANY_TEST = published_card(
    "hcv_prevalence_pwid_any_test", "25", "Hepatitis C among people who inject drugs, antibody or virus",
    "How many people who inject drugs have or had hepatitis C, by any test?", "People with a positive test",
    "People who inject drugs tested", polarity="lower",
    caveats=("Studies with antibody and with RNA tests stand side by side: never set against a target.",
             "Years of one calendar year only; studies over several years are left out."),
    references=("UNODC, World Drug Report, statistical annex",), waits_for="unodc_annex (dropped in)",
)  # fmt: skip
PERSISTENT = own_card(
    "hcv_cascade_persistent", "26", "Hepatitis C cascade: persistent or reinfected",
    "How many people who cleared hepatitis C have it again?", "People whose RNA was found again",
    "People cured or who cleared the virus", polarity="lower", references=(_CDC,), waits_for=_WAITS_CASCADE,
)  # fmt: skip
OF_ALL = own_card(
    "hcv_cascade_of_ever_infected", "26", "Hepatitis C cascade: each step of all ever infected",
    "Of all people ever infected, how many get to each step?", "People at the step", "People ever infected",
    polarity="none", references=(_CDC,), waits_for=_WAITS_CASCADE,
)  # fmt: skip
UPTAKE = own_card(
    "hcv_treatment_uptake", "27", "Hepatitis C treatment uptake", "Do people with chronic hepatitis C get treatment?",
    "People who started treatment", "People with diagnosed chronic hepatitis C",
    targets=(Target(80.0, 2030, f"{_GHSS}: 80 % of eligible people treated", True),),
    references=(_GHSS, "WHO digital adaptation kit, HEP.6"), waits_for=_WAITS_OWN,
)  # fmt: skip
RESPONSE = own_card(
    "hcv_sustained_response", "27", "Sustained response to hepatitis C treatment", "Does treatment cure?",
    "People without RNA 12 to 24 weeks after treatment", "People tested then",
    references=("WHO digital adaptation kit, HEP.7",), waits_for=_WAITS_OWN,
)  # fmt: skip
_NATIONAL = (
    _MODELLED, "People ever diagnosed or treated, over people who live with hepatitis C now or are diagnosed: cured "
    "people can be in one and not in the other, so that shares above 100 % occur; they are kept and told.",
)  # fmt: skip
TREATED = published_card(
    "hcv_treated_of_diagnosed", "27", "People ever treated of people diagnosed with hepatitis C, national",
    "How many of the people diagnosed were treated?", "People ever treated", "People ever diagnosed",
    interval_method="bounds: both published ranges at their worst and best", caveats=_NATIONAL,
    references=("WHO, Global Health Observatory",), waits_for=_WAITS_GHO,
)  # fmt: skip
DIAGNOSED = published_card(
    "hcv_diagnosed_of_living", "27", "People diagnosed of people living with hepatitis C, national",
    "How many of the people with hepatitis C know it?", "People ever diagnosed", "People living with hepatitis C",
    interval_method="bounds: both published ranges at their worst and best", caveats=_NATIONAL,
    targets=(Target(90.0, 2030, f"{_GHSS}: 90 % diagnosed", True),),
    references=("WHO, Global Health Observatory", _GHSS), waits_for=_WAITS_GHO,
)  # fmt: skip
TIER = published_card(
    "hcv_elimination_tier", "28", "Tier on the path to elimination of hepatitis C",
    "How far is a country on the path to elimination?", "Tier that is certainly reached", "none",
    unit="tier: 0 none, 1 bronze, 2 silver, 3 gold", denominator_type="none", numerator_type="value",
    interval_method="certain (every limit at its worst, unknown is no) to possible (at its best, unknown is yes)",
    caveats=(
        "The thresholds come from a secondary report whose text was cut: unverified, never a claim of WHO's.",
        *_NATIONAL,
    ),
    references=(_PATH,), waits_for="who_gho with hri_global_state or unaids_ncpi (live or dropped in)",
)  # fmt: skip
CARDS: tuple[IndicatorCard, ...] = (
    NEW_RATE, INCIDENCE, VIRAEMIC, ANY_TEST, PERSISTENT, OF_ALL, UPTAKE, RESPONSE, TREATED, DIAGNOSED, TIER,
)  # fmt: skip


def compute(measures: Measures) -> pd.DataFrame:
    """Make the rows of the indicators on hepatitis C.

    Grain: indicator, area, period, strata.
    """
    diagnosed = _national(measures, DIAGNOSED, "hcv_diagnosed", "people_living_with_hcv")
    treated = _national(measures, TREATED, "hcv_treated", "hcv_diagnosed")
    return pd.concat(
        [
            _new_rate(measures),
            _incidence(measures),
            own_share(VIRAEMIC, measures, "hcv_rna_positive", "hcv_rna_tested"),
            as_published(ANY_TEST, measures, "hcv_prevalence_pwid_pct", ("unodc_annex",)),
            own_share(PERSISTENT, measures, "hcv_persistent_or_reinfected", "hcv_cured_or_cleared"),
            _of_all(measures),
            own_share(UPTAKE, measures, "hcv_treatment_started", "hcv_chronic_diagnosed"),
            own_share(RESPONSE, measures, "hcv_response", "hcv_response_assessed"),
            diagnosed,
            treated,
            _tiers(measures, diagnosed, treated),
        ],
        ignore_index=True,
    )


def _new_rate(measures: Measures) -> pd.DataFrame:
    new = measures.read("new_hcv_infections", _GHO, calendar_year=True, total=True)
    people = measures.read("resident_population", RESIDENTS, calendar_year=True, total=True)
    both = beside(new, people, "people")
    some = both["value_people"].where(both["value_people"] > 0)
    limited = both.assign(lower_95=100_000 * both["lower"] / some, upper_95=100_000 * both["upper"] / some)
    return ratio(NEW_RATE, limited, "people", 100_000, "modelled new infections / residents; limits of the model")


def _incidence(measures: Measures) -> pd.DataFrame:
    found = measures.read("hcv_seroconversions", OWN, total=True)
    both = beside(found, measures.read("hcv_person_years", OWN, total=True), "years")
    rate = incidence_rate(both["value"], both["value_years"], per=100)
    judged = pd.Series(
        target_status(
            rate["value"], rate["lower"], rate["upper"], INCIDENCE_TARGET, higher_is_better=False, require_interval=True
        ),
        index=both.index, dtype="str",
    )  # fmt: skip
    said = f"against {INCIDENCE_TARGET:g} per 100 person-years (unverified): " + judged.str.replace("_", " ")
    limited = both.assign(
        lower_95=rate["lower"], upper_95=rate["upper"],
        reason=remark(said.where(rate["value"].notna(), ""), both["note"]),
    )  # fmt: skip
    return ratio(INCIDENCE, limited, "years", 100, "new infections / person-years; exact Poisson limits")


def _of_all(measures: Measures) -> pd.DataFrame:
    first, *steps = HCV_CLEARANCE_CASCADE
    ids = {step: f"hcv_{step}" for step in HCV_CLEARANCE_CASCADE} | {"viral_test": "hcv_viral_tested"}
    whole = measures.read(ids[first], OWN, total=True)
    parts = []
    for step in steps:
        both = beside(measures.read(ids[step], OWN, total=True), whole, "whole")
        laid = cascade(both[["value_whole", "value"]], ["value_whole", "value"])
        share = laid[laid["step"] == "value"].reset_index(drop=True)
        group = pd.Series("all", index=both.index, dtype="str")
        limited = both.assign(
            strata=with_part(group, "step", pd.Series(step, index=both.index, dtype="str")),
            lower_95=share["population_lower"], upper_95=share["population_upper"],
        )  # fmt: skip
        parts.append(ratio(OF_ALL, limited, "whole", 100, "people at the step / people ever infected; Wilson interval"))
    return pd.concat(parts, ignore_index=True)


def _national(measures: Measures, card: IndicatorCard, above: str, below: str) -> pd.DataFrame:
    first = measures.read(above, _GHO, calendar_year=True, total=True)
    both = beside(first, measures.read(below, _GHO, calendar_year=True, total=True), "below")
    known = both[["lower", "upper", "lower_below", "upper_below"]].notna().any(axis=1)
    most, least = both["upper_below"].fillna(both["value_below"]), both["lower_below"].fillna(both["value_below"])
    lower = 100 * both["lower"].fillna(both["value"]) / most.where(most > 0)
    upper = 100 * both["upper"].fillna(both["value"]) / least.where(least > 0)
    limited = both.assign(
        lower_95=lower.where(known), upper_95=upper.where(known),
        denominator_low=both["lower_below"], denominator_high=both["upper_below"],
    )  # fmt: skip
    return ratio(card, limited, "below", 100, "number as published / number as published; bounds from both ranges")


def _yes(measures: Measures, question: str) -> pd.DataFrame:
    """Give 1 or 0 for each country and year: from Harm Reduction International, else as its government answers."""
    rows = measures.read(question, ("hri_global_state", "unaids_ncpi"), calendar_year=True)
    rows = rows[rows["population_group"].isin(["all", "answered by government"]) & (rows["status"] == "reported")]
    ranked = rows.assign(rank=rows["source_id"].eq("unaids_ncpi")).sort_values("rank", kind="stable")
    return ranked.drop_duplicates(PLACE_AND_TIME).drop(columns="rank").reset_index(drop=True)


def _tiers(measures: Measures, diagnosed: pd.DataFrame, treated: pd.DataFrame) -> pd.DataFrame:
    """Judge each country and year by the newest answers on services up to then."""
    keys = [*PLACE_AND_TIME, "strata"]
    columns = ["value", "lower_95", "upper_95", "is_provisional"]
    shown = diagnosed[diagnosed["status"] == "reported"]
    both = shown.merge(treated.loc[treated["status"] == "reported", [*keys, *columns]], on=keys, suffixes=("", "_tx"))
    both = both.sort_values("period_end", kind="stable").assign(source_id=both["source_ids"], numerator=np.nan)
    syringes = measures.read("syringes_per_pwid", ("unaids_gam", "unaids_kp_atlas"), calendar_year=True, total=True)
    services = {
        "nsp": _yes(measures, "nsp_operational"),
        "oat": _yes(measures, "oat_operational"),
        "syringes": syringes,
    }
    for name, rows in services.items():
        known = rows[rows["status"] == "reported"].sort_values("period_end")
        known = known[["area_id", "period_end", "value", "source_id", "release"]].rename(
            columns={each: f"{each}_{name}" for each in ("value", "source_id", "release")}
        )
        both = pd.merge_asof(both, known, on="period_end", by="area_id")
    certain, possible = (_reached(both, at_best) for at_best in (False, True))
    names = pd.Series(["none", *(tier.name for tier in TIERS)])
    said = "certain: " + certain.map(names) + ", possible: " + possible.map(names)
    return indicator_rows(
        TIER,
        both.drop(columns=["unit", "indicator_id", "period", "target", "target_status"]).assign(
            value=certain.astype("float64"), lower_95=certain.astype("float64"), upper_95=possible.astype("float64"),
            denominator=np.nan, denominator_low=np.nan, denominator_high=np.nan, series_break="",
            method="thresholds of each tier, all of the lower ones too", reason=said,
            is_provisional=both["is_provisional"] | both["is_provisional_tx"], **provenance(both, *services),
        ),
    )  # fmt: skip


def _reached(both: pd.DataFrame, at_best: bool) -> pd.Series:
    """Give the highest tier of which, and of all below it, everything is reached."""
    limit, unknown = ("upper_95", 1.0) if at_best else ("lower_95", 0.0)
    dx, tx = both[limit].fillna(both["value"]), both[f"{limit}_tx"].fillna(both["value_tx"])
    nsp, oat = (both[f"value_{name}"].fillna(unknown) == 1 for name in ("nsp", "oat"))
    syringes = both["value_syringes"].fillna(np.inf if at_best else 0.0)
    reached, every = pd.Series(0, index=both.index), pd.Series(True, index=both.index)
    for number, tier in enumerate(TIERS, start=1):
        every &= (dx >= tier.diagnosed_pct) & (tx >= tier.treated_pct) & nsp
        every &= oat if tier.oat else True
        every &= True if tier.more_syringes_than is None else syringes > tier.more_syringes_than
        reached = reached.mask(every, number)
    return reached
