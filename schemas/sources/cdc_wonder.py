"""Layout of a CDC WONDER export: a tab-separated table that changes with the query, and a footer that states it."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

DATASETS = ("Multiple Cause of Death", "Provisional Mortality Statistics", "Underlying Cause of Death")
OVERDOSE_CAUSES = frozenset(
    [f"X{number}" for number in (*range(40, 45), *range(60, 65), 85)] + [f"Y{number}" for number in range(10, 15)]
)

# What the query asked of the multiple causes: groups of codes that must all be present; inside a group, any one of
# them.
DRUG_OF_CODES = {
    frozenset[frozenset[str]](): "all",
    frozenset([frozenset(["T40.1"])]): "heroin",
    frozenset([frozenset(["T40.2"])]): "natural_semisynthetic",
    frozenset([frozenset(["T40.3"])]): "methadone",
    frozenset([frozenset(["T40.4"])]): "synthetic_opioids",
    frozenset([frozenset(["T40.5"])]): "cocaine",
    frozenset([frozenset(["T43.6"])]): "psychostimulants",
    frozenset([frozenset(["T40.2", "T40.3"])]): "natural_semisynthetic_and_methadone",
    frozenset([frozenset(["T40.2", "T40.3", "T40.4"])]): "opioids_natural_semisynthetic_methadone_synthetic",
    frozenset([frozenset(["T40.0", "T40.1", "T40.2", "T40.3", "T40.4", "T40.6"])]): "opioids",
    frozenset([frozenset(["T40.4"]), frozenset(["T40.5"])]): "cocaine_and_fentanyl",
}

STATES = ("State", "Residence State")
COUNTIES = ("County", "Residence County")
SEXES = ("Gender", "Sex")
AGES = ("Ten-Year Age Groups", "Five-Year Age Groups")
RACES = ("Race", "Single Race 6", "Single Race 15", "Single/Multi Race 31")
ORIGIN = "Hispanic Origin"
GROUPS = (*STATES, *COUNTIES, "Year", "Month", *SEXES, *AGES, *RACES, ORIGIN)

MEASURE_OF_COLUMN = {
    "Deaths": "overdose_deaths",
    "Population": "resident_population",
    "Crude Rate": "overdose_death_rate_crude_per_100k",
    "Age Adjusted Rate": "overdose_death_rate_age_adjusted_per_100k",
}
LOWER = " Lower 95% Confidence Interval"
UPPER = " Upper 95% Confidence Interval"
STANDARD_ERRORS = ("Crude Rate Standard Error", "Age Adjusted Rate Standard Error")

STATUS_OF_WORD = {
    "Suppressed": "suppressed",
    "Unreliable": "low_quality",
    "Missing": "not_collected",
    "Not Applicable": "not_applicable",
}
SEX_OF_CODE = {"F": "female", "M": "male"}
ORIGIN_OF_CODE = {"2135-2": "Hispanic", "2186-2": "not Hispanic", "NS": "Hispanic origin not stated"}

# Parameters that do not narrow whom the deaths are counted for.
NEUTRAL_PARAMETERS = (
    "Title",
    "Group By",
    "Show Totals",
    "Show Zero Values",
    "Show Suppressed",
    "Standard Population",
    "Calculate Rates Per",
    "Rate Options",
    "Year/Month",
)


class Raw(pa.DataFrameModel):
    """Lines of WONDER exports as published; which columns a file has depends on its query, absent ones are empty."""

    notes: Series[str] = pa.Field(
        alias="Notes", description="Empty for data; Total for a subtotal.", metadata={"unit": "text"}
    )
    state: Series[str] | None = pa.Field(
        alias="State", description="State of residence (D77).", metadata={"unit": "text"}
    )
    state_code: Series[str] | None = pa.Field(
        alias="State Code", description="Its FIPS code.", metadata={"unit": "code"}
    )
    residence_state: Series[str] | None = pa.Field(
        alias="Residence State", description="State of residence (D176).", metadata={"unit": "text"}
    )
    residence_state_code: Series[str] | None = pa.Field(
        alias="Residence State Code", description="Its FIPS code.", metadata={"unit": "code"}
    )
    county: Series[str] | None = pa.Field(
        alias="County", description="County of residence (D77).", metadata={"unit": "text"}
    )
    county_code: Series[str] | None = pa.Field(
        alias="County Code", description="Its FIPS code, five digits.", metadata={"unit": "code"}
    )
    year: Series[str] | None = pa.Field(
        alias="Year", description="Year of death; says where it is provisional or partial.", metadata={"unit": "text"}
    )
    year_code: Series[str] | None = pa.Field(alias="Year Code", description="Year of death.", metadata={"unit": "year"})
    month: Series[str] | None = pa.Field(
        alias="Month", description="Month of death in words.", metadata={"unit": "text"}
    )
    month_code: Series[str] | None = pa.Field(
        alias="Month Code", description="Month of death, YYYY/MM.", metadata={"unit": "month"}
    )
    race: Series[str] | None = pa.Field(alias="Race", description="Bridged race (D77).", metadata={"unit": "text"})
    race_code: Series[str] | None = pa.Field(alias="Race Code", description="Its code.", metadata={"unit": "code"})
    hispanic_origin: Series[str] | None = pa.Field(
        alias="Hispanic Origin", description="Hispanic origin, with Not Stated.", metadata={"unit": "text"}
    )
    hispanic_origin_code: Series[str] | None = pa.Field(
        alias="Hispanic Origin Code", description="Its code; NS where not stated.", metadata={"unit": "code"}
    )
    deaths: Series[str] = pa.Field(
        alias="Deaths",
        description="Deaths; Suppressed for 1 to 9, Missing where none exist.",
        metadata={"unit": "deaths"},
    )
    population: Series[str] | None = pa.Field(
        alias="Population", description="Residents; Not Applicable by month.", metadata={"unit": "people"}
    )
    crude_rate: Series[str] | None = pa.Field(
        alias="Crude Rate",
        description="Crude rate; Unreliable below 20 deaths.",
        metadata={"unit": "deaths per 100,000"},
    )
    crude_interval: Series[str] | None = pa.Field(
        alias=r"^Crude Rate (Lower|Upper) 95% Confidence Interval$",
        regex=True,
        description="Limit of the crude rate; stays a number where the rate is Unreliable.",
        metadata={"unit": "deaths per 100,000"},
    )
    age_adjusted_rate: Series[str] | None = pa.Field(
        alias="Age Adjusted Rate",
        description="Rate standardised to the US 2000 population.",
        metadata={"unit": "deaths per 100,000"},
    )
    age_adjusted_interval: Series[str] | None = pa.Field(
        alias=r"^Age Adjusted Rate (Lower|Upper) 95% Confidence Interval$",
        regex=True,
        description="Limit of the age-adjusted rate; stays a number where the rate is Unreliable.",
        metadata={"unit": "deaths per 100,000"},
    )
    standard_error: Series[str] | None = pa.Field(
        alias=r"^(Crude|Age Adjusted) Rate Standard Error$",
        regex=True,
        description="Standard error of the rate.",
        metadata={"unit": "deaths per 100,000"},
    )
    file_: Series[str] = pa.Field(alias="_file", description="File the line stood in.", metadata={"unit": "text"})
    row_: Series[int] = pa.Field(alias="_row", description="Its line number, from 1.", metadata={"unit": "line"})

    class Config:
        """Other columns are kept: WONDER has one for each thing that can be grouped by."""

        name = "raw.cdc_wonder"


RAW_MODELS: dict[str, type[pa.DataFrameModel]] = {"cdc_wonder": Raw}
