"""Layout of CDC's SUDORS workbook: one line for each jurisdiction and year, one column for each group of deaths."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

KNOWN_BY = {"data": ["jurisdiction", "year", "alldrug_deaths", "alldrug_rate"]}
"""Columns by which the sheet with the data is told from the introduction and the dictionary."""

PANEL_LABEL = "Overall"
PANEL_AREA = "US-XSUDORS"
"""What ``Overall`` means: the jurisdictions in the dashboard in the year, which are not the country."""

SUPPRESSED = 9999
"""Number that stands for a suppressed value, in every column."""

COUNT = "unintentional_overdose_deaths"
ADJUSTED = "unintentional_overdose_death_rate_age_adjusted_2010_per_100k"
AGE_SPECIFIC = "unintentional_overdose_death_rate_age_specific_per_100k"
SHARE = "unintentional_overdose_deaths_share_pct"
CIRCUMSTANCE = "unintentional_overdose_deaths_circumstance_pct"

DRUGS = {
    "alldrug": "all",
    "opioids": "opioids",
    "imfs": "illicitly_manufactured_fentanyls",
    "heroin": "heroin",
    "rxopioids": "prescription_opioids",
    "stimulant": "stimulants",
    "cocaine": "cocaine",
    "meth": "methamphetamine",
}
"""Beginning of a column's name, and the drug; drugs overlap."""

MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
SEXES = ("male", "female")
RACES = {
    "asian_nh": "Asian, non-Hispanic",
    "aian_nh": "American Indian or Alaska Native, non-Hispanic",
    "black_nh": "Black, non-Hispanic",
    "white_nh": "White, non-Hispanic",
    "multi_nh": "Multi-race, non-Hispanic",
    "nhpi_nh": "Native Hawaiian or other Pacific Islander, non-Hispanic",
    "hisp": "Hispanic",
}
AGES = {
    "under15": "0-14",
    "15_24": "15-24",
    "25_34": "25-34",
    "35_44": "35-44",
    "45_54": "45-54",
    "55_64": "55-64",
    "65plus": "65+",
}
INVOLVEMENT = {
    "opioids_stim": "involvement: opioids_and_stimulants",
    "opioids_nostim": "involvement: opioids_without_stimulants",
    "stim_noopioids": "involvement: stimulants_without_opioids",
    "noopioids_nostim": "involvement: neither_opioids_nor_stimulants",
}
CIRCUMSTANCES = {
    "intervopp": "circumstance: potential_opportunity_for_intervention",
    "bystander": "circumstance: potential_bystander_present",
    "mhdiag": "circumstance: mental_health_diagnosis",
    "curr_sudtrt": "circumstance: in_treatment_for_substance_use_disorder",
    "priorod": "circumstance: prior_overdose",
    "drugusewitnessed": "circumstance: drug_use_witnessed",
    "recentrelease": "circumstance: recent_release_from_institution",
    "curr_paintrt": "circumstance: in_treatment_for_pain",
    "homeless": "circumstance: homelessness_or_housing_instability",
    "naloxone": "circumstance: naloxone_given",
    "returnopioids": "circumstance: recent_return_to_opioid_use",
}
COMBINATIONS = ("combo1", "combo2", "combo3", "combo4", "combo5")
"""Beginning of the columns of the five most frequent combinations; ``_drugs`` says in words which one it is."""

ALIASES = {"asian_percent": "asian_nh_percent"}
"""Column as the publisher's dictionary calls it, and what the data call it."""


def _groups() -> dict[str, dict[str, str]]:
    """Give what each beginning of a column's name says of the deaths: sex, age, race, drug, other group or month."""
    found = {stem: {"drug": drug} for stem, drug in DRUGS.items()}
    found |= {stem: {"month": str(month)} for stem, month in MONTHS.items()}
    found |= {sex: {"sex": sex} for sex in SEXES}
    found |= {stem: {"race_ethnicity": race} for stem, race in RACES.items()}
    found |= {f"age_{stem}": {"age_group": age} for stem, age in AGES.items()}
    found |= {f"{sex}_{stem}": {"sex": sex, "age_group": age} for sex in SEXES for stem, age in AGES.items()}
    found |= {stem: {"population_group": group} for stem, group in (INVOLVEMENT | CIRCUMSTANCES).items()}
    return found | {stem: {"population_group": stem} for stem in COMBINATIONS}


GROUPS = _groups()
_COUNT_ONLY = ("alldrug", *MONTHS)
_NO_RATE = (*MONTHS, *INVOLVEMENT, *CIRCUMSTANCES, *COMBINATIONS)


def measure_of(stem: str, kind: str) -> str:
    """Give the measure of a column by the beginning and the end of its name; empty where there is no such column.

    >>> measure_of("age_15_24", "rate")
    'unintentional_overdose_death_rate_age_specific_per_100k'
    """
    if kind == "deaths":
        return COUNT
    if kind == "percent" and stem not in _COUNT_ONLY:
        return CIRCUMSTANCE if stem in CIRCUMSTANCES else SHARE
    if kind == "rate" and stem not in _NO_RATE:
        return AGE_SPECIFIC if "age_group" in GROUPS[stem] else ADJUSTED
    return ""


VALUES = {
    f"{stem}_{kind}": (stem, kind)
    for stem in GROUPS
    for kind in ("deaths", "rate", "percent")
    if measure_of(stem, kind)
}
"""Every column whose cells are records, with the beginning and the end of its name."""

REQUIRED = [
    "jurisdiction",
    "year",
    *(f"{drug}_{kind}" for drug in DRUGS for kind in ("deaths", "rate")),
    *(f"{stem}_{kind}" for stem in ("bystander", "naloxone") for kind in ("deaths", "percent")),
]


class Raw(pa.DataFrameModel):
    """The sheet Data as published, every cell as text, but for counts of 1 to 9. Grain: jurisdiction and year."""

    jurisdiction: Series[str] = pa.Field(description="Name of the state, DC, or Overall for those in the dashboard.")
    year: Series[str] = pa.Field(description="Calendar year of death.", metadata={"unit": "year"})
    deaths: Series[str] = pa.Field(
        alias="^.+_deaths$",
        regex=True,
        description="Deaths of the group that the column names; 1-9 where there were 1 to 9.",
        metadata={"unit": "deaths"},
    )
    rates: Series[str] = pa.Field(
        alias="^.+_rate$",
        regex=True,
        description="Deaths per 100,000, by age or standardised to the US 2010 population; 9999 where suppressed.",
        metadata={"unit": "deaths per 100,000"},
    )
    percents: Series[str] = pa.Field(
        alias="^.+_percent$",
        regex=True,
        description="Share of the deaths of which it is known; hidden where there were 1 to 9.",
        metadata={"unit": "percent"},
    )
    combinations: Series[str] | None = pa.Field(
        alias="^combo[1-5]_drugs$", regex=True, description="One of the five most frequent combinations, in words."
    )
    file_name: Series[str] = pa.Field(alias="_file", description="File the row stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the row, from 1.")

    class Config:
        """Columns that the publisher adds are kept."""

        strict = False
        name = "raw.cdc_sudors"
