"""Layout of tables exported from CDC's AtlasPlus; its columns vary with the query, under a preamble of any length."""

from typing import NamedTuple

import pandera.pandas as pa
from pandera.typing.pandas import Series


class Indicator(NamedTuple):
    """Measures of an indicator: its cases, and their rate."""

    cases: str
    rate: str


INDICATORS = {
    "HIV diagnoses": Indicator("hiv_diagnoses", "hiv_diagnosis_rate_per_100k"),
    "HIV deaths": Indicator("hiv_deaths", "hiv_death_rate_per_100k"),
    "HIV prevalence": Indicator("people_with_diagnosed_hiv", "diagnosed_hiv_prevalence_per_100k"),
}
CASES, RATE = "Cases", "Rate per 100000"
REQUIRED = ["Indicator", "Year", CASES]
OPTIONAL = [RATE, "Geography", "FIPS", "Race/Ethnicity", "Sex", "Age Group", "Transmission Category", "Population"]

SEXES = {"Both sexes": "all", "All gender identities": "all", "Male": "male", "Female": "female"}
ALL_RACES = "All races/ethnicities"
AGES = {"Ages 13 years and older": "13+", "All age groups": "all"}
"""Ages in words; all others are written as 13-24 or 55+."""

TRANSMISSION = {
    "All transmission categories": "all",
    "Injection drug use": "injection_drug_use",
    "Male-to-male sexual contact": "male_to_male_sexual_contact",
    "Male-to-male sexual contact and injection drug use": "male_to_male_sexual_contact_and_injection_drug_use",
    "Heterosexual contact": "heterosexual_contact",
    "Other": "other_transmission",
}
NATION = ("United States", "US")
STATUSES = {
    "Data not available": "not_collected",
    "Data suppressed": "suppressed",
    "NA": "not_applicable",
    "Not applicable": "not_applicable",
}
COMMA = "\u0375"
"""Character that stands for a comma in the preamble, which is not quoted."""


class Raw(pa.DataFrameModel):
    """One row per indicator, year and group of a query, every cell as text; columns vary with the query."""

    indicator: Series[str] = pa.Field(alias="Indicator", description="What is counted, such as HIV diagnoses.")
    year: Series[str] = pa.Field(
        alias="Year", description="Calendar year, for 2020 with a remark.", metadata={"unit": "year"}
    )
    geography: Series[str] | None = pa.Field(
        alias="Geography", description="Name of the area, maybe with a footnote mark."
    )
    fips: Series[str] | None = pa.Field(alias="FIPS", description="FIPS code of the area, maybe without leading zero.")
    race: Series[str] | None = pa.Field(alias="Race/Ethnicity", description="Race and ethnicity.")
    sex: Series[str] | None = pa.Field(alias="Sex", description="Sex at birth, or gender identity.")
    age: Series[str] | None = pa.Field(alias="Age Group", description="Age group.", metadata={"unit": "years"})
    transmission: Series[str] | None = pa.Field(
        alias="Transmission Category", description="How HIV was probably acquired, adjusted for missing categories."
    )
    cases: Series[str] = pa.Field(
        alias="Cases", description="Number of people, with thousands commas.", metadata={"unit": "people"}
    )
    rate: Series[str] | None = pa.Field(
        alias="Rate per 100000", description="Rate as published.", metadata={"unit": "per 100,000 population"}
    )
    population: Series[str] | None = pa.Field(
        alias="Population", description="Population of the rate; not read.", metadata={"unit": "people"}
    )
    file_name: Series[str] = pa.Field(alias="_file", description="File the row stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the row, from 1.")

    class Config:
        """Columns that the publisher adds are kept."""

        strict = False
        name = "raw.cdc_atlasplus"
