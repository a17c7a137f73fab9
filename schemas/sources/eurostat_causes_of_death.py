"""Eurostat causes of death (hlth_cd_asdr2): a tab-separated table whose first column packs the dimensions."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

DATASET = "hlth_cd_asdr2"
DIMENSIONS = ("unit", "sex", "age", "icd10", "geo")
"""Dimensions that the first column must name; it may name more, such as freq."""

MEASURES = {
    "TOXICO": "drug_dependence_deaths_per_100k",
    "X40-X49": "accidental_poisoning_deaths_per_100k",
    "Y10-Y34_Y872": "undetermined_intent_deaths_per_100k",
    "B15-B19_B942": "viral_hepatitis_deaths_per_100k",
    "B20-B24": "hiv_deaths_per_100k",
}
"""Eurostat's code of a cause, and the measure it is."""

UNIT, ALL_AGES = "RT", "TOTAL"
SEXES = {"T": "all", "M": "male", "F": "female"}
OWN_CODES = {"EL": "GR", "UK": "GB"}
"""Eurostat's code of a country where it is not that of ISO 3166-1."""

NOT_COUNTRIES = ("FX", "EU", "EA")
"""Codes of two letters that are no country's: metropolitan France, and groups."""

FLAGS = {
    "b": "break in series",
    "c": "confidential",
    "d": "definition differs",
    "e": "estimated",
    "f": "forecast",
    "n": "not significant",
    "p": "provisional",
    "r": "revised",
    "s": "estimated by Eurostat",
    "u": "low reliability",
    "z": "not applicable",
}
"""Letters that stand after a value in its cell, or after the colon of a missing one."""

WITHOUT_VALUE = {"c": "suppressed", "z": "not_applicable"}
"""What a missing value with this flag is; any other is not collected."""


class Raw(pa.DataFrameModel):
    """Cells of the causes that are read, as published, unpacked to one row for each year; every cell is text.

    Grain: one cause, place, sex, age group, unit and year.
    """

    unit: Series[str] = pa.Field(description="Unit: RT is a rate.")
    sex: Series[str] = pa.Field(description="Sex: T, M or F.")
    age: Series[str] = pa.Field(description="Age group; TOTAL is all ages, standardised.")
    icd10: Series[str] = pa.Field(description="Eurostat's code of the cause, by ICD-10.")
    geo: Series[str] = pa.Field(description="Country, group of countries or region within a country.")
    period: Series[str] = pa.Field(description="Year of death.", metadata={"unit": "year"})
    value: Series[str] = pa.Field(
        description="Value and its flags in one cell; a colon where there is none.",
        metadata={"unit": "deaths per 100,000 population"},
    )
    file_name: Series[str] = pa.Field(alias="_file", description="File the cell stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the cell, from 1.")

    class Config:
        """The layout is ours: the file packs dimensions and spreads years."""

        strict = True
        name = "raw.eurostat_causes_of_death"


RAW_MODELS: dict[str, type[pa.DataFrameModel]] = {"eurostat_causes_of_death": Raw}
