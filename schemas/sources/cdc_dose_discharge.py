"""Layout of CDC's DOSE discharge download: overdose visits and hospital stays, counts and rates per 100,000 people."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

DRUGS = {
    "alldrug": "all",
    "opioid": "opioids",
    "fentanyl": "fentanyl",
    "heroin": "heroin",
    "stimulant": "stimulants",
    "cocaine": "cocaine",
    "methamphetamine": "methamphetamine",
    "benzodiazepine": "benzodiazepines",
}
"""Ending of a count's and a rate's column, and the drug; drugs overlap."""

ALIASES = {"state": "jurisdiction", "count_benzo": "count_benzodiazepine", "rate_benzo": "rate_benzodiazepine"}
"""Columns as the publisher's dictionary calls them, and what the data call them."""

KNOWN_BY = {
    "county": ["fips", "type", "person_years"],
    "overall": ["sex", "age", "time_frame"],
    "jurisdiction": ["month", "year", "time_frame", "dataset"],
    "submissions": ["dataset", "month", "year", "jurisdiction_count"],
}
"""Columns by which each sheet is told from the others."""

VALUES = {
    "county": ["count_alldrug", "rate_alldrug", "population", "person_years"],
    "overall": [*(f"count_{drug}" for drug in DRUGS), *(f"rate_{drug}" for drug in DRUGS), "population"],
    "jurisdiction": [*(f"count_{drug}" for drug in DRUGS), *(f"rate_{drug}" for drug in DRUGS), "population"],
    "submissions": ["jurisdiction_count"],
}
"""Columns of each sheet whose cells are records."""

REQUIRED = {
    "county": ["jurisdiction", "county", "fips", "year", "dataset", "type", *VALUES["county"]],
    "overall": ["jurisdiction", "sex", "age", "month", "year", "time_frame", "dataset", *VALUES["overall"]],
    "jurisdiction": ["jurisdiction", "month", "year", "time_frame", "dataset", *VALUES["jurisdiction"]],
    "submissions": ["dataset", "month", "year", "jurisdiction_count"],
}

MEASURES = {
    ("ED", "count"): "overdose_ed_visits",
    ("ED", "rate"): "overdose_ed_visit_rate_crude_per_100k",
    ("HOSP", "count"): "overdose_hospitalisations",
    ("HOSP", "rate"): "overdose_hospitalisation_rate_crude_per_100k",
}
COUNTY_MEASURES = {
    ("ED", "count"): "overdose_ed_visits_residents",
    ("ED", "rate"): "overdose_ed_visit_rate_residents_crude_per_100k",
}
"""Counties count residents who stayed in their state, which states' own numbers do not."""
PANEL_MEASURES = {"population": "resident_population", "jurisdiction_count": "jurisdictions_reporting"}

PANEL_AREAS = {"ED": "US-XDOSEED", "HOSP": "US-XDOSEHOSP"}
"""What ``US`` means for each kind of data: the jurisdictions that give it in the year, which are not the country."""

SEXES = {"f": "female", "m": "male", "missing": "unknown", "": "all"}

CODED_FROM = {"fentanyl": "2020-10-01", "methamphetamine": "2022-10-01"}
"""Day from which ICD-10-CM has a code of its own for the drug; ``NA`` before."""

WORDS = {"suppressed": "suppressed", "NA": "not_collected", ".": "not_collected"}

_COUNTS = "^count_(" + "|".join(DRUGS) + ")$"
_RATES = "^rate_(" + "|".join(DRUGS) + ")$"


class _Values(pa.DataFrameModel):
    """Columns that all sheets but the submissions share."""

    jurisdiction: Series[str] = pa.Field(description="Two letters of the state or DC; US for those that take part.")
    year: Series[str] = pa.Field(description="Calendar year, or 2019-2023.", metadata={"unit": "year"})
    dataset: Series[str] = pa.Field(description="ED for emergency department visits, HOSP for hospital stays.")
    counts: Series[str] = pa.Field(
        alias=_COUNTS,
        regex=True,
        description="Nonfatal overdoses of the drug; suppressed for 1 to 9, NA where the drug has no code yet.",
        metadata={"unit": "visits or hospital stays"},
    )
    rates: Series[str] = pa.Field(
        alias=_RATES,
        regex=True,
        description="Nonfatal overdoses per 100,000 people, or person-years; suppressed for 1 to 19 overdoses.",
        metadata={"unit": "per 100,000"},
    )
    population: Series[str] = pa.Field(
        description="Mid-year population by the Census Bureau; a full stop where five years are taken together.",
        metadata={"unit": "people"},
    )
    file_name: Series[str] = pa.Field(alias="_file", description="File the row stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the row, from 1.")

    class Config:
        """Columns that the publisher adds are kept."""

        strict = False


class RawJurisdiction(_Values):
    """The sheet by jurisdiction as published, every cell as text. Grain: jurisdiction, year or month, dataset."""

    month: Series[str] = pa.Field(description="1 to 12, or all.", metadata={"unit": "month"})
    time_frame: Series[str] = pa.Field(description="annual or monthly.")

    class Config(_Values.Config):
        """As the shared columns."""

        name = "raw.cdc_dose_discharge"


class RawOverall(RawJurisdiction):
    """All jurisdictions together by sex and age as published. Grain: sex, age, year or month, dataset."""

    sex: Series[str] = pa.Field(description="F, M or Missing.")
    age: Series[str] = pa.Field(description="0-14, 15-24, 25-34, 35-54, 55+ or Missing.", metadata={"unit": "years"})

    class Config(_Values.Config):
        """As the shared columns."""

        name = "raw.cdc_dose_discharge_overall"


class RawCounty(_Values):
    """The sheet by county of residence as published. Grain: county, year or five years."""

    county: Series[str] = pa.Field(description="Name of the county.")
    fips: Series[str] = pa.Field(description="Five digits of the county.")
    type: Series[str] = pa.Field(description="1 year or 5 year.")
    person_years: Series[str] = pa.Field(
        description="Sum of the five mid-year populations; a full stop for a single year.",
        metadata={"unit": "person-years"},
    )

    class Config(_Values.Config):
        """As the shared columns."""

        name = "raw.cdc_dose_discharge_county"


class RawSubmissions(pa.DataFrameModel):
    """How many jurisdictions gave data, as published. Grain: dataset, year or month."""

    dataset: Series[str] = pa.Field(description="ED or HOSP.")
    month: Series[str] = pa.Field(description="1 to 12, or all.", metadata={"unit": "month"})
    year: Series[str] = pa.Field(description="Calendar year.", metadata={"unit": "year"})
    jurisdictions: Series[str] = pa.Field(
        alias="jurisdiction_count", description="Jurisdictions that gave data.", metadata={"unit": "jurisdictions"}
    )
    file_name: Series[str] = pa.Field(alias="_file", description="File the row stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the row, from 1.")

    class Config:
        """Columns that the publisher adds are kept."""

        strict = False
        name = "raw.cdc_dose_discharge_submissions"


RAW_MODELS: dict[str, type[pa.DataFrameModel]] = {
    "cdc_dose_discharge": RawJurisdiction,
    "cdc_dose_discharge_overall": RawOverall,
    "cdc_dose_discharge_county": RawCounty,
    "cdc_dose_discharge_submissions": RawSubmissions,
}
RAW_OF_TABLE = {
    "jurisdiction": "cdc_dose_discharge",
    "overall": "cdc_dose_discharge_overall",
    "county": "cdc_dose_discharge_county",
    "submissions": "cdc_dose_discharge_submissions",
}
