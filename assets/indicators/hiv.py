"""HIV: diagnoses attributed to injecting, knowledge of status, treatment, suppression, and PrEP."""

import numpy as np
import pandas as pd

from assets.indicators.infections import as_published, tested
from assets.indicators.measures import PLACE_AND_TIME, Measures, pair, strata
from assets.indicators.rows import indicator_rows, provenance, remark, with_part
from assets.indicators.shares import OURS, beside, own_card, own_share, published_card, ratio
from epi.cascade import cascade_product
from epi.intervals import poisson_interval
from epi.proportions import proportion_difference
from epi.rates import rate_ratio
from schemas.indicators import IndicatorCard, Target

BASE_YEAR = 2017
_ROUNDING = 0.05
_INJECTING = "injection_drug_use"
_BOTH = "male_to_male_sexual_contact_and_injection_drug_use"
_ATLAS = ("cdc_atlasplus",)
_PWID = ("unaids_gam", "unaids_kp_atlas")
_MODELLED = ("unaids_estimates",)
_GAM = "UNAIDS, Global AIDS Monitoring"
_EHE = "Ending the HIV Epidemic in the US, core indicators"
_WAITS_ATLAS = "cdc_atlasplus, exported with transmission categories (dropped in)"
_WAITS_GAM = "unaids_gam or unaids_kp_atlas (live or dropped in)"
_WAITS_MODELLED = "unaids_estimates (live or dropped in)"
_WAITS_CARE = "own programme data, template hiv-care (dropped in)"
_PRECEDENCE = (
    "Global AIDS Monitoring comes first, the Key Populations Atlas where it has no value; a change is a break."
)
_LATE = (
    "Diagnoses are not infections: they depend on testing, and about 80 % are reported within the year and 98 % by the "
    "end of the next, so the newest year is too low.",
    "Men who have sex with men and inject drugs are a group of their own, as published.",
)
_GENERAL = "All people living with HIV, not people who inject drugs."
_REDUCTION = "a fall against the base year, whose official text was not seen"


def _diagnoses(id: str, title: str, unit: str, interval: str, **more: object) -> IndicatorCard:
    return published_card(
        id, "16", title, "Are fewer people who inject drugs diagnosed with HIV?",
        "New HIV diagnoses of people aged 13 and over attributed to injecting", "none",
        **{
            "denominator_type": "none", "unit": unit, "polarity": "lower", "interval_method": interval,
            "numerator_type": "diagnoses", "suppression_rule": "publisher's", "caveats": _LATE,
            "references": (_EHE, f"{_GAM}, indicator 1.1"), "waits_for": _WAITS_ATLAS, **more,
        },
    )  # fmt: skip


DIAGNOSES = _diagnoses(
    "hiv_diagnoses_injecting", "New HIV diagnoses attributed to injecting", "people",
    "Poisson: exact below 10, Byar from 10",
)  # fmt: skip
DIAGNOSIS_RATE = _diagnoses(
    "hiv_diagnosis_rate_injecting", "New HIV diagnosis rate attributed to injecting", "people per 100,000 population",
    "Poisson limits of the diagnoses, widened by the rounding of the published rate",
    denominator="Population aged 13 and over, as the published rate of all diagnoses implies it",
    denominator_type="population",
)  # fmt: skip
DIAGNOSES_CHANGE = _diagnoses(
    "hiv_diagnoses_injecting_change", f"Change in HIV diagnoses attributed to injecting since {BASE_YEAR}", "percent",
    "exact conditional limits of the ratio of two counts",
    denominator=f"The same in {BASE_YEAR}", denominator_type="value",
    targets=(Target(-75.0, 2025, f"{_EHE}; {_REDUCTION}", False), Target(-90.0, 2030, f"{_EHE}; {_REDUCTION}", False)),
    caveats=(*_LATE, f"That the targets count from {BASE_YEAR} was not seen in an official text."),
)  # fmt: skip
STATUS_KNOWN = published_card(
    "hiv_status_known_pwid", "18", "HIV status known among people who inject drugs",
    "Do people who inject drugs know whether they have HIV?",
    "People who inject drugs tested in 12 months, or known to live with HIV", "People who inject drugs asked",
    caveats=("Survey answers, often from a few cities.", _PRECEDENCE), references=(f"{_GAM}, indicator 1.4C",),
    waits_for=_WAITS_GAM,
)  # fmt: skip
_STEPS = f"{_GAM}, indicators 2.1, 2.2 and 2.3"
CONDITIONAL = published_card(
    "hiv_cascade_conditional", "19", "95-95-95: each step of the one before",
    "Of people living with HIV, how many know it; of these, how many are treated; of these, how many are suppressed?",
    "People at the step", "People at the step before",
    interval_method="limits as published; none where a step is calculated from two published shares",
    targets=(Target(95.0, 2025, f"{_STEPS}: 95-95-95", True),),
    caveats=(_GENERAL, "Where a share of the step before is not published it is one published share over another."),
    references=(_STEPS,), waits_for=_WAITS_MODELLED,
)  # fmt: skip
POPULATION = published_card(
    "hiv_cascade_population", "19", "95-95-95: each step of all people living with HIV",
    "Of all people living with HIV, how many know it, are treated, are suppressed?",
    "People at the step", "All people living with HIV",
    interval_method="limits as published; product of the steps with limits from theirs where it is not published",
    caveats=(_GENERAL, "The three targets multiply to 95, 90 and 86 % of all: no target is set against each step."),
    references=(_STEPS,), waits_for=_WAITS_MODELLED,
)  # fmt: skip
LINKAGE = own_card(
    "hiv_linkage_one_month", "20", "Linkage to HIV care within one month",
    "Does HIV care begin within a month of diagnosis?", "People with a CD4 or viral load test within one month",
    "People newly diagnosed", targets=(Target(95.0, None, _EHE, True),), references=(_EHE,), waits_for=_WAITS_CARE,
)  # fmt: skip
SUPPRESSED = own_card(
    "hiv_suppressed_of_diagnosed", "20", "Suppressed HIV among people diagnosed",
    "Do people with diagnosed HIV have a suppressed viral load?", "Clients below 200 copies per mL",
    "Clients living with diagnosed HIV", targets=(Target(95.0, None, _EHE, True),), references=(_EHE,),
    waits_for=_WAITS_CARE,
)  # fmt: skip
SUPPRESSED_MODELLED = published_card(
    "hiv_suppressed_of_status_known", "20", "Suppressed HIV among people who know their status, estimated",
    "Of people who know that they live with HIV, how many have a suppressed viral load?",
    "People whose viral load is suppressed", "People who know that they live with HIV",
    interval_method="none: one published share over another, whose errors are not independent",
    targets=(Target(95.0, None, _EHE, True),), caveats=(_GENERAL,), references=(_STEPS,), waits_for=_WAITS_MODELLED,
)  # fmt: skip
ART_GAP = published_card(
    "art_gap_pwid", "21", "Antiretroviral therapy: people who inject drugs against all people living with HIV",
    "Do people who inject drugs get HIV treatment as often as others?",
    "Coverage among people who inject drugs living with HIV", "Coverage among all people living with HIV",
    unit="percentage points", numerator_type="value", denominator_type="value",
    interval_method="Newcombe where both numbers are published, else none",
    targets=(Target(0.0, None, "parity: this project's registry, not an official text", False),),
    caveats=(
        "Below 0, people who inject drugs are treated less often.",
        "A survey is set against a model of the country: a small difference says little.", _PRECEDENCE,
    ),
    references=(f"{_GAM}, indicators 2.2 and 2.6C",), waits_for=f"{_WAITS_GAM} and {_WAITS_MODELLED}",
)  # fmt: skip
PREP = own_card(
    "prep_coverage", "22", "PrEP coverage", "Do people who need PrEP get it?", "People prescribed PrEP",
    "People with an indication, estimated", denominator_type="population",
    interval_method="none: the estimate's limits are not in the template", caveats=(OURS, "The need is an estimate."),
    references=(_EHE, f"{_GAM}; Global Fund KP-6d"), waits_for=_WAITS_CARE,
)  # fmt: skip
CARDS = (
    DIAGNOSES, DIAGNOSIS_RATE, DIAGNOSES_CHANGE, STATUS_KNOWN, CONDITIONAL, POPULATION, LINKAGE, SUPPRESSED,
    SUPPRESSED_MODELLED, ART_GAP, PREP,
)  # fmt: skip


def compute(measures: Measures) -> pd.DataFrame:
    """Make the rows of the indicators on HIV.

    Grain: indicator, area, period, strata.
    """
    indicated = measures.read("prep_indicated", ("programme_data",), total=True)
    prescribed = measures.read("prep_prescribed", ("programme_data",), total=True)
    return pd.concat(
        [
            *_injecting(measures),
            as_published(STATUS_KNOWN, measures, "hiv_status_known_pwid_pct", _PWID),
            *_cascades(measures),
            own_share(LINKAGE, measures, "hiv_linked_one_month", "hiv_newly_diagnosed"),
            own_share(SUPPRESSED, measures, "hiv_suppressed_clients", "hiv_diagnosed_clients"),
            _gap(measures),
            ratio(PREP, beside(prescribed, indicated, "indicated"), "indicated", 100, "prescribed / indicated"),
        ],
        ignore_index=True,
    )


def _injecting(measures: Measures) -> list[pd.DataFrame]:
    """Give diagnoses attributed to injecting as count, as rate, and as change since the base year."""
    every = measures.read("hiv_diagnoses", _ATLAS, calendar_year=True)
    every = every.assign(age_group=every["age_group"].replace("13+", "all"))
    ours = every[every["population_group"].isin([_INJECTING, _BOTH])].reset_index(drop=True)
    ours = ours.assign(strata=strata(ours.assign(population_group=ours["population_group"].replace(_INJECTING, "all"))))
    ours = ours.drop_duplicates([*PLACE_AND_TIME, "strata"], ignore_index=True)
    few, many = poisson_interval(ours["value"])
    counts = ours.assign(
        numerator=ours["value"], lower_95=few, upper_95=many, method="count as published; Poisson interval",
        reason=ours["note"], source_ids=ours["source_id"],
    )  # fmt: skip
    return [indicator_rows(DIAGNOSES, counts), _rates(measures, every, counts), _changes(counts)]


def _rates(measures: Measures, every: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """Take the population from the published rate of all diagnoses: the share of injecting times that rate."""
    keys = [*PLACE_AND_TIME, "sex", "age_group", "race_ethnicity"]
    published = measures.read("hiv_diagnosis_rate_per_100k", _ATLAS, calendar_year=True)
    published = published.assign(age_group=published["age_group"].replace("13+", "all"))
    both = counts
    for name, rows in (("all", every), ("rate", published)):
        total = rows[rows["population_group"] == "all"].drop_duplicates(keys)
        both = pair(both, total, keys, name, how="inner")
    both = both.reset_index(drop=True)
    reported = (both["value_all"] > 0) & (both["value_rate"] > 0)
    people = 100_000 * both["value_all"].where(reported) / both["value_rate"]
    wide = 100_000 * both["value_all"] / (both["value_rate"] - _ROUNDING).where(both["value_rate"] > _ROUNDING)
    narrow = 100_000 * both["value_all"].where(reported) / (both["value_rate"] + _ROUNDING)
    hidden = both["status_all"].mask(both["status_all"] == "reported", both["status_rate"])
    status = both["status"].mask(both["status"] == "reported", hidden)
    return indicator_rows(
        DIAGNOSIS_RATE,
        both.assign(
            value=100_000 * both["value"] / people,
            lower_95=100_000 * both["lower_95"] / wide,
            upper_95=100_000 * both["upper_95"] / narrow,
            denominator=people, denominator_low=narrow, denominator_high=wide,
            method="diagnoses attributed to injecting / all diagnoses x published rate of all; Poisson and rounding",
            status=status.mask((status == "reported") & people.isna(), "not_applicable"),
            **provenance(both, "all", "rate"),
        ),
    )  # fmt: skip


def _changes(counts: pd.DataFrame) -> pd.DataFrame:
    year = counts["period_end"].dt.year
    base = counts[(year == BASE_YEAR) & (counts["status"] == "reported")]
    keys = ["area_id", "strata"]
    base = base[[*keys, "value", "is_provisional"]].rename(
        columns={"value": "value_base", "is_provisional": "early_base"}
    )
    both = counts[year > BASE_YEAR].merge(base, on=keys, validate="m:1").reset_index(drop=True)
    some = both["value_base"].where(both["value_base"] > 0)
    change = 100 * (rate_ratio(both["value"], 1, some, 1) - 1)
    few = (both["status"] == "reported") & some.isna()
    return indicator_rows(
        DIAGNOSES_CHANGE,
        both.assign(
            value=change["value"], lower_95=change["lower"], upper_95=change["upper"], denominator=both["value_base"],
            method=f"diagnoses / those of {BASE_YEAR} - 1; exact conditional limits",
            status=both["status"].mask(few, "not_applicable"),
            is_provisional=both["is_provisional"] | both["early_base"],
        ),
    )  # fmt: skip


_FORMS = {
    "know_their_status": ("hiv_status_known_pct", "hiv_status_known_pct"),
    "on_treatment": ("art_coverage_pct", "art_coverage_status_known_pct"),
    "virally_suppressed": ("viral_suppression_pct", "viral_suppression_on_art_pct"),
}
"""Step of the cascade, its share of all people living with HIV, and its share of the step before."""


def _cascades(measures: Measures) -> list[pd.DataFrame]:
    """Give both forms of the cascade; each step that is not published in a form comes from what is."""
    of_all, parts = (
        {step: measures.read(ids[form], _MODELLED, calendar_year=True) for step, ids in _FORMS.items()}
        for form in (0, 1)
    )
    of_all = {step: rows.assign(strata=strata(rows)) for step, rows in of_all.items()}
    parts = {step: rows.assign(strata=strata(rows)) for step, rows in parts.items()}
    before = {"on_treatment": "know_their_status", "virally_suppressed": "on_treatment"}
    conditional = [_step(parts["know_their_status"], "know_their_status")]
    for step, earlier in before.items():
        published = _step(parts[step], step)
        conditional.append(_first(published, _quotient(of_all[step], of_all[earlier], step)))
    population = [_step(of_all[step], step) for step in ("know_their_status", "on_treatment")]
    population.append(_first(_step(of_all["virally_suppressed"], "virally_suppressed"), _product(parts)))
    known = _quotient(of_all["virally_suppressed"], of_all["know_their_status"], "")
    return [
        indicator_rows(CONDITIONAL, pd.concat(conditional, ignore_index=True)),
        indicator_rows(POPULATION, pd.concat(population, ignore_index=True)),
        indicator_rows(SUPPRESSED_MODELLED, known),
    ]


def _step(rows: pd.DataFrame, step: str) -> pd.DataFrame:
    return rows.assign(
        strata=with_part(rows["strata"], "step", pd.Series(step, index=rows.index, dtype="str")),
        lower_95=rows["lower"], upper_95=rows["upper"], method="value and limits as published", reason=rows["note"],
        source_ids=rows["source_id"],
    )  # fmt: skip


def _first(published: pd.DataFrame, calculated: pd.DataFrame) -> pd.DataFrame:
    """Take what is published as a value, then what can be calculated, then a published row without a value."""
    reported = published["status"] == "reported"
    parts = [published[reported], calculated, published[~reported]]
    return pd.concat(parts, ignore_index=True).drop_duplicates([*PLACE_AND_TIME, "strata"], ignore_index=True)


def _quotient(above: pd.DataFrame, below: pd.DataFrame, step: str) -> pd.DataFrame:
    both = pair(above, below, [*PLACE_AND_TIME, "strata"], "below", how="inner").reset_index(drop=True)
    both = both[(both["status"] == "reported") & (both["value_below"] > 0)].reset_index(drop=True)
    over = 100 * both["value"] / both["value_below"]
    group = with_part(both["strata"], "step", pd.Series(step, index=both.index, dtype="str")) if step else None
    words = pd.Series("", index=both.index, dtype="str").mask(over > 100, "above 100 %: the two shares disagree")
    return both.assign(
        strata=both["strata"] if group is None else group,
        value=over, lower_95=np.nan, upper_95=np.nan, method="one published share / another",
        reason=remark(words, both["note"]),
        is_provisional=both["is_provisional"] | both["is_provisional_below"].astype("bool"),
        **provenance(both, "below"),
    )  # fmt: skip


def _product(parts: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Multiply the three shares of the step before."""
    first, *rest = _FORMS
    both = parts[first]
    for step in rest:
        both = pair(both, parts[step], [*PLACE_AND_TIME, "strata"], step, how="inner")
    ends = ["", *(f"_{step}" for step in rest)]
    both = both[both[[f"value{end}" for end in ends]].notna().all(axis=1)].reset_index(drop=True)
    shares, lowers, uppers = ([both[f"{name}{end}"] / 100 for end in ends] for name in ("value", "lower", "upper"))
    found = cascade_product(shares, lowers, uppers)
    last = pd.Series("virally_suppressed", index=both.index, dtype="str")
    early = both[[f"is_provisional{end}" for end in ends]].astype("bool").any(axis=1)
    return both.assign(
        strata=with_part(both["strata"], "step", last),
        value=found["value"], lower_95=found["lower"], upper_95=found["upper"], is_provisional=early,
        method="product of the three shares of the step before", reason=both["note"], **provenance(both, *rest),
    )  # fmt: skip


def _gap(measures: Measures) -> pd.DataFrame:
    """Set coverage of people who inject drugs against that of all: of the same year, place and sex."""
    ours = measures.read("art_coverage_pwid_pct", _PWID, calendar_year=True)
    everybody = measures.read("art_coverage_pct", _MODELLED, calendar_year=True)
    frames = [rows.assign(strata=strata(rows)) for rows in (ours, everybody)]
    both = pair(frames[0], frames[1], [*PLACE_AND_TIME, "strata"], "everybody", how="inner").reset_index(drop=True)
    ours_n, all_n = (tested(both[name]) for name in ("note", "note_everybody"))
    treated, treated_of_all = both["value"] / 100 * ours_n, both["value_everybody"] / 100 * all_n
    newcombe = proportion_difference(treated, ours_n, treated_of_all, all_n, per=100)
    status = both["status"].mask(both["status"] == "reported", both["status_everybody"])
    limited = newcombe["lower"].notna()
    return indicator_rows(
        ART_GAP,
        both.assign(
            value=both["value"] - both["value_everybody"],
            lower_95=newcombe["lower"], upper_95=newcombe["upper"],
            numerator=both["value"].where(status == "reported"), denominator=both["value_everybody"], status=status,
            method=pd.Series("difference of two published shares", index=both.index, dtype="str").mask(
                limited, "difference of two published shares; Newcombe's limits"
            ),
            reason=remark(both["note"]),
            is_provisional=both["is_provisional"] | both["is_provisional_everybody"].astype("bool"),
            **provenance(both, "everybody"),
        ),
    )  # fmt: skip
