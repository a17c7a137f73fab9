"""Layout of the Public Health Agency of Canada's table of opioid- and stimulant-related harms."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

MEMBER = "SubstanceHarmsData.csv"
FRENCH_MEMBER = "DonneesMefaitsSubstances.csv"
FRENCH_COLUMNS = ("Mesure_Spéficique", "Mesure_Spécifique")

COLUMNS = [
    "Substance",
    "Source",
    "Specific_Measure",
    "Region",
    "PRUID",
    "Time_Period",
    "Year_Quarter",
    "Aggregator",
    "Disaggregator",
    "Unit",
    "Value",
]

MEASURES = {
    ("Opioids", "Deaths", "Number"): "opioid_deaths",
    ("Opioids", "Deaths", "Crude rate"): "opioid_death_rate_crude_per_100k",
    ("Opioids", "Deaths", "Percent"): "opioid_deaths_share_pct",
    ("Opioids", "Hospitalizations", "Number"): "opioid_hospitalisations",
    ("Opioids", "Hospitalizations", "Crude rate"): "opioid_hospitalisation_rate_crude_per_100k",
    ("Opioids", "Hospitalizations", "Percent"): "opioid_hospitalisations_share_pct",
    ("Opioids", "Emergency Department (ED) Visits", "Number"): "opioid_ed_visits",
    ("Opioids", "Emergency Department (ED) Visits", "Crude rate"): "opioid_ed_visit_rate_crude_per_100k",
    ("Opioids", "Emergency Department (ED) Visits", "Percent"): "opioid_ed_visits_share_pct",
    ("Opioids", "Emergency Medical Services (EMS)", "Number"): "opioid_ems_responses",
    ("Opioids", "Emergency Medical Services (EMS)", "Percent"): "opioid_ems_responses_share_pct",
    ("Stimulants", "Deaths", "Number"): "stimulant_deaths",
    ("Stimulants", "Deaths", "Crude rate"): "stimulant_death_rate_crude_per_100k",
    ("Stimulants", "Deaths", "Percent"): "stimulant_deaths_share_pct",
    ("Stimulants", "Hospitalizations", "Number"): "stimulant_hospitalisations",
    ("Stimulants", "Hospitalizations", "Crude rate"): "stimulant_hospitalisation_rate_crude_per_100k",
    ("Stimulants", "Hospitalizations", "Percent"): "stimulant_hospitalisations_share_pct",
    ("Stimulants", "Emergency Department (ED) Visits", "Number"): "stimulant_ed_visits",
    ("Stimulants", "Emergency Department (ED) Visits", "Crude rate"): "stimulant_ed_visit_rate_crude_per_100k",
    ("Stimulants", "Emergency Department (ED) Visits", "Percent"): "stimulant_ed_visits_share_pct",
}
"""Substance, source and unit as published, and the measure they are."""

SEXES = {"Female": "female", "Male": "male"}
AGE_GROUPS = {
    "0 to 19 years": "0-19",
    "20 to 29 years": "20-29",
    "30 to 39 years": "30-39",
    "40 to 49 years": "40-49",
    "50 to 59 years": "50-59",
    "60 years or more": "60+",
}
DRUGS = {
    "Fentanyl": "fentanyl",
    "Fentanyl analogues": "fentanyl_analogues",
    "Fentanyl or fentanyl analogues": "fentanyl_and_analogues",
    "Non-fentanyl opioids": "non_fentanyl_opioids",
    "Cocaine": "cocaine",
    "Methamphetamine": "methamphetamine",
    "Other stimulants": "other_stimulants",
}
MANNERS = {name: f"manner: {name.lower()}" for name in ("Accidental", "Suicide", "Undetermined")}
INTENTS = {name: f"intent: {name.lower()}" for name in ("Accidental", "Intentional", "Undetermined")}
ORIGINS = {
    "Pharmaceutical only": "origin: pharmaceutical_only",
    "Non-pharmaceutical only": "origin: non_pharmaceutical_only",
    "Both": "origin: pharmaceutical_and_non_pharmaceutical",
    "Undetermined": "origin: undetermined",
}
OTHER_SUBSTANCES = "involving: other_psychoactive_substances"

STRATA: dict[str, tuple[str, dict[str, str]]] = {
    "Overall numbers": ("population_group", {"": "all"}),
    "Sex": ("sex", SEXES),
    "Age group": ("age_group", AGE_GROUPS),
    "Sex and age group": ("sex", SEXES),
    "Type of opioids": ("drug", DRUGS),
    "Type of stimulants": ("drug", DRUGS),
    "Involving stimulants": ("drug", {"": "stimulants"}),
    "Involving opioids": ("drug", {"": "opioids"}),
    "Involving other psychoactive substances": ("population_group", {"": OTHER_SUBSTANCES}),
    "Manner of death": ("population_group", MANNERS),
    "Intent": ("population_group", INTENTS),
    "Origin of opioid(s)": ("population_group", ORIGINS),
}
"""Specific measure, and which column of an observation its ``Disaggregator`` fills with what."""

STATUSES = {"n/a": "not_collected", "n.d.": "not_collected", "": "not_collected", "Suppr.": "suppressed"}


class Raw(pa.DataFrameModel):
    """SubstanceHarmsData.csv as published, every cell as text.

    Grain: all columns but ``Value``. Numbers, crude rates and percentages stand in one column.
    """

    substance: Series[str] = pa.Field(alias="Substance", description="Opioids or Stimulants.")
    source: Series[str] = pa.Field(
        alias="Source", description="Kind of harm: deaths, hospitalisations, ED visits, EMS."
    )
    specific_measure: Series[str] = pa.Field(
        alias="Specific_Measure", description="Which breakdown the row belongs to, such as Sex or Manner of death."
    )
    region: Series[str] = pa.Field(alias="Region", description="Canada, a province or territory, or a part of one.")
    pruid: Series[str] = pa.Field(alias="PRUID", description="Province code; shared by a province and its parts.")
    time_period: Series[str] = pa.Field(alias="Time_Period", description="By year or By quarter.")
    year_quarter: Series[str] = pa.Field(
        alias="Year_Quarter", description="2016, 2018 Q1 or 2025 (Jan to Sep).", metadata={"unit": "period"}
    )
    aggregator: Series[str] = pa.Field(
        alias="Aggregator", description="The period again, or the age group where the breakdown is by sex and age."
    )
    disaggregator: Series[str] = pa.Field(
        alias="Disaggregator", description="Category inside the breakdown; empty for totals."
    )
    unit: Series[str] = pa.Field(alias="Unit", description="Number, Crude rate (per 100,000) or Percent.")
    value: Series[str] = pa.Field(
        alias="Value",
        description="Value as published; n/a where not collected, Suppr. where suppressed.",
        metadata={"unit": "as in Unit"},
    )
    file_name: Series[str] = pa.Field(alias="_file", description="File the row stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the row, from 1.")

    class Config:
        """Columns that the publisher adds are kept."""

        strict = False
        name = "raw.phac_substance_harms"
