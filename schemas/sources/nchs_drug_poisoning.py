"""Layout of NCHS's table of drug poisoning mortality by state: counts, populations, crude and age-adjusted rates."""

import re

import pandera.pandas as pa
from pandera.typing.pandas import Series

DATASET = "jx6g-fdh6"

KEYS = ["Year", "Sex", "Age", "Race and Hispanic Origin", "State"]
CRUDE = "Crude Death Rate"
ADJUSTED = "Age-adjusted Rate"
MEASURES = {
    "Deaths": "overdose_deaths",
    "Population": "resident_population",
    CRUDE: "overdose_death_rate_crude_per_100k",
    ADJUSTED: "overdose_death_rate_age_adjusted_per_100k",
}
"""Value columns, and the measure that each is."""

LIMITS = {
    CRUDE: ("Low Confidence Limit for Crude Rate", "Upper Confidence Limit for Crude Rate"),
    ADJUSTED: ("Lower Confidence Limit for Age-adjusted Rate", "Upper Confidence Limit for Age-adjusted Rate"),
}
STANDARD_ERRORS = {CRUDE: "Standard Error for Crude Rate", ADJUSTED: "Standard Error Age-adjusted Rate"}
RANGE = "State Crude Rate in Range"
NATIONAL = ("US Crude Rate", "US Age-adjusted Rate")

REQUIRED = [*KEYS, *MEASURES, *(limit for pair in LIMITS.values() for limit in pair)]
OPTIONAL = [*STANDARD_ERRORS.values(), RANGE, *NATIONAL]


def slug(name: str) -> str:
    """Even out a column's name: the table and the query interface differ in case, blanks and hyphens.

    >>> slug("Lower Confidence Limit for Age-adjusted rate")
    'lower_confidence_limit_for_age_adjusted_rate'
    """
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


NAMES = {slug(name): name for name in [*REQUIRED, *OPTIONAL]}
"""Name to use for each column, by its evened-out name."""

SEXES = {"Both Sexes": "all", "Female": "female", "Male": "male"}
AGES = {
    "All Ages": "all",
    "Less than 15 years": "0-14",
    "15-24 years": "15-24",
    "25-34 years": "25-34",
    "35-44 years": "35-44",
    "45-54 years": "45-54",
    "55-64 years": "55-64",
    "65-74 years": "65-74",
    "75+ years": "75+",
}
RACES = {
    "All Races-All Origins": "all",
    "Hispanic": "Hispanic",
    "Non-Hispanic Black": "Non-Hispanic Black",
    "Non-Hispanic White": "Non-Hispanic White",
}


class Raw(pa.DataFrameModel):
    """The table as published, every cell as text, but for counts of 1 to 9 and their rates.

    Grain: year, sex, age group, race and Hispanic origin, state.
    """

    year: Series[str] = pa.Field(alias="Year", description="Year of death.", metadata={"unit": "year"})
    sex: Series[str] = pa.Field(alias="Sex", description="Both Sexes, Female or Male.")
    age: Series[str] = pa.Field(
        alias="Age", description="All Ages, or one of eight groups.", metadata={"unit": "years"}
    )
    race: Series[str] = pa.Field(
        alias="Race and Hispanic Origin", description="All Races-All Origins, or one of three groups."
    )
    state: Series[str] = pa.Field(alias="State", description="State of residence, or United States.")
    deaths: Series[str] = pa.Field(
        alias="Deaths", description="Drug poisoning deaths; 1-9 for 1 to 9.", metadata={"unit": "deaths"}
    )
    population: Series[str] = pa.Field(alias="Population", description="Residents.", metadata={"unit": "people"})
    crude_rate: Series[str] = pa.Field(
        alias=CRUDE,
        description="Deaths per 100,000; hidden for 1 to 9 deaths.",
        metadata={"unit": "deaths per 100,000"},
    )
    adjusted_rate: Series[str] = pa.Field(
        alias=ADJUSTED,
        description="Deaths per 100,000, standardised to the US 2000 population; empty for one age group.",
        metadata={"unit": "deaths per 100,000"},
    )
    limits: Series[str] = pa.Field(
        alias="^(Low|Lower|Upper) Confidence Limit for (Crude|Age-adjusted) Rate$",
        regex=True,
        description="95 % limit of the rate; hidden for 1 to 9 deaths.",
        metadata={"unit": "deaths per 100,000"},
    )
    errors: Series[str] | None = pa.Field(
        alias="^Standard Error .+$",
        regex=True,
        description="Standard error of the rate; hidden for 1 to 9 deaths.",
        metadata={"unit": "deaths per 100,000"},
    )
    range_: Series[str] | None = pa.Field(
        alias=RANGE,
        description="Class of the publisher's map, its ends joined by an en dash; holds the age-adjusted rate.",
        metadata={"unit": "deaths per 100,000"},
    )
    national: Series[str] | None = pa.Field(
        alias="^US (Crude|Age-adjusted) Rate$",
        regex=True,
        description="The country's rate of the year, repeated on every line.",
        metadata={"unit": "deaths per 100,000"},
    )
    file_name: Series[str] = pa.Field(alias="_file", description="File the row stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the row, from 1.")

    class Config:
        """Columns that the publisher adds are kept."""

        strict = False
        name = "raw.nchs_drug_poisoning"
