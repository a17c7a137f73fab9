"""Cards of the indicators of overdoses that people survive."""

from schemas.indicators import IndicatorCard

_DISCHARGE = "CDC, DOSE Dashboard: Nonfatal Overdose Discharge Data"
_SYNDROMIC = "CDC, DOSE Dashboard: Nonfatal Overdose Syndromic Surveillance Data"
_PHAC = "Public Health Agency of Canada, Opioid- and stimulant-related harms in Canada"
_SCALED = "the count's Poisson interval (exact below 10, Byar from 10) scaled to the published rate"
_EVENTS = "Visits and stays, not persons: one person may have several, so the interval is too narrow."
_PANEL = "All jurisdictions together are those that take part in the year: not the country, and not a fixed panel."
_TREATED = "People who are not brought to a hospital are not in it."
_RULE = "publisher's: 1-9 hidden; rates from fewer than 20 hidden"


def _card(id: str, number: str, title: str, question: str, unit: str, **more: object) -> IndicatorCard:
    plain: dict[str, object] = {
        "numerator": title,
        "numerator_type": "events",
        "denominator": "Population of the jurisdiction",
        "denominator_type": "population",
        "polarity": "lower",
        "interval_method": _SCALED,
        "suppression_rule": _RULE,
        "caveats": (_EVENTS, _PANEL, _TREATED),
        "references": (_DISCHARGE, "CSTE 2019, case definition of nonfatal drug overdose (ICD-10-CM)"),
        "waits_for": "cdc_dose_discharge (dropped in)",
    }
    return IndicatorCard(id, number, title, question, unit=unit, **{**plain, **more})  # type: ignore[arg-type]


_VISITS, _STAYS = "visits per 100,000 population", "hospital stays per 100,000 population"
_GAMMA = {"interval_method": "gamma limits of Tiwari, Clegg and Zou", "standard": "US 2000, 5 age groups"}
_EXACT = {
    "polarity": "lower",
    "interval_method": "exact conditional interval of the ratio of two rates",
    "denominator": "Rate of the year before; the population is the one that count and published rate imply",
    "denominator_type": "value",
}

ED_STANDARDISED = _card(
    "overdose_ed_visit_rate_age_adjusted", "11", "Emergency department visits for nonfatal overdose, age-adjusted",
    "How many overdoses end in an emergency department, allowing for age?", _VISITS, **_GAMMA,
)  # fmt: skip
ED_CRUDE = _card(
    "overdose_ed_visit_rate_crude", "11", "Emergency department visits for nonfatal overdose, crude",
    "How many overdoses end in an emergency department?", _VISITS,
)  # fmt: skip
HOSPITAL_STANDARDISED = _card(
    "overdose_hospitalisation_rate_age_adjusted", "12", "Hospital stays for nonfatal overdose, age-adjusted",
    "How many overdoses end in a hospital bed, allowing for age?", _STAYS, **_GAMMA,
)  # fmt: skip
HOSPITAL_CRUDE = _card(
    "overdose_hospitalisation_rate_crude", "12", "Hospital stays for nonfatal overdose, crude",
    "How many overdoses end in a hospital bed?", _STAYS,
)  # fmt: skip
ED_CHANGE = _card(
    "overdose_ed_visit_rate_change_pct", "13", "Change in emergency department visits for nonfatal overdose",
    "Are visits for overdose rising or falling?", "percent change", **_EXACT,
    caveats=(_EVENTS, _PANEL, "Where the panel changes, so does the total: the remark names both numbers."),
)  # fmt: skip
HOSPITAL_CHANGE = _card(
    "overdose_hospitalisation_rate_change_pct", "13", "Change in hospital stays for nonfatal overdose",
    "Are hospital stays for overdose rising or falling?", "percent change", **_EXACT,
    caveats=(_EVENTS, _PANEL, "Where the panel changes, so does the total: the remark names both numbers."),
)  # fmt: skip
_CANADA = {
    "references": (_PHAC,),
    "suppression_rule": "publisher's",
    "denominator": "Population, in the publisher's rate",
    "waits_for": "phac_substance_harms (live or dropped in)",
    "caveats": (_EVENTS, _TREATED, "The rate for part of a year is annualised by the publisher; the count is not."),
}
PHAC_HOSPITAL = _card(
    "poisoning_hospitalisation_rate_crude", "12", "Opioid or stimulant poisoning hospitalisations, Canada, crude",
    "How many poisonings end in a hospital bed?", "hospitalisations per 100,000 population", **_CANADA,
)  # fmt: skip
PHAC_ED = _card(
    "poisoning_ed_visit_rate_crude", "11", "Opioid or stimulant poisoning emergency visits, Canada, crude",
    "How many poisonings end in an emergency department?", _VISITS, **_CANADA,
)  # fmt: skip
REPEAT = _card(
    "overdose_hospitalisation_persons", "12", "People in hospital for overdose, and their stays",
    "How many people are behind the hospital stays, and how many come again?", "per 100,000 population",
    interval_method="Byar, with the variance of repeat events (OHID)", suppression_rule="1-9 hidden",
    caveats=(_TREATED,), references=("OHID, technical guidance on confidence intervals for repeat events",),
    waits_for="hospital records with the number of stays of each person; none of the open sources has them",
)  # fmt: skip
SHARE = _card(
    "overdose_ed_visits_per_10k", "13", "Suspected overdoses among emergency department visits",
    "What part of all emergency visits are suspected overdoses?", "visits per 10,000 emergency department visits",
    denominator="Emergency department visits for any reason", denominator_type="events",
    interval_method="none: no counts are published", references=(_SYNDROMIC,),
    waits_for="cdc_dose_syndromic (dropped in)",
    caveats=(
        "Not per population: fewer visits for other reasons raise it.", _PANEL,
        "Windows of twelve months overlap; those that hold March to August 2020 are not published.",
        "Drugs overlap. Suspected from the first record, before diagnoses are final.",
    ),
)  # fmt: skip
SHARE_CHANGE = _card(
    "overdose_ed_visits_per_10k_change_pct", "13", "Change in suspected overdoses among emergency department visits",
    "Are suspected overdoses rising or falling?", "percent change", denominator="Share of the twelve months before",
    denominator_type="value", interval_method="none: no counts are published", references=(_SYNDROMIC,),
    waits_for="cdc_dose_syndromic (dropped in)", caveats=("Of rounded shares: small ones move in steps.", _PANEL),
)  # fmt: skip
FATALITY = _card(
    "overdose_fatality_ratio", "15", "Deaths among overdoses on record",
    "Of the overdoses that leave a record, how many end in death?", "percent", numerator="Overdose deaths",
    numerator_type="deaths", denominator="Overdose deaths and overdoses survived, of the kind of record named",
    denominator_type="events", interval_method="Wilson", polarity="none",
    references=("registry of indicators, own definition",),
    caveats=(
        "Too high as a risk of dying: overdoses that nobody records, or that peers reverse with naloxone, are missing.",
        "Too low where a person dies in hospital after a visit: such a death is counted on both sides.",
        "A fall may mean fewer deaths, or more calls for help: compare within one kind of record and place only.",
        "Deaths where they occurred; drugs in deaths by toxicology, in visits by diagnosis.",
    ),
    waits_for="phac_substance_harms (live or dropped in), or cdc_vsrr with cdc_dose_discharge (dropped in)",
)  # fmt: skip
CARDS = (
    ED_STANDARDISED, ED_CRUDE, HOSPITAL_STANDARDISED, HOSPITAL_CRUDE, ED_CHANGE, HOSPITAL_CHANGE, PHAC_HOSPITAL,
    PHAC_ED, REPEAT, SHARE, SHARE_CHANGE, FATALITY,
)  # fmt: skip
