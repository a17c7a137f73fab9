"""Layouts of ONS's tables of deaths related to drug poisoning: by region and drug, by local area, by class."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

MEASURE = "drug_poisoning_deaths"

REGION_TABLE, LOCAL_TABLE, CLASS_TABLE = "by region and drug", "by local area", "by class"

REGION_COLUMNS = {
    "Year of death registration": "year",
    "Usual residence code": "area_code",
    "Usual residence name": "area_name",
    "Substance": "drug_label",
    "Deaths": "value",
}
"""Columns of the table by region and drug, one line for each cell, and their names here."""

LOCAL_COLUMNS = {"code": "area_code", "name": "area_name"}
"""Columns of the table by local area that say which place; the others are years."""

CLASS_COLUMNS = ["drug_poisoning", "drug_misuse", "any_opiate", "heroin_morphine"]
"""Columns of the table by class, which names no place: it is England and Wales."""

DRUGS = {
    "all drug poisonings": "all",
    "any opiate (includes unspecified opiates, excludes paracetamol compounds)": "opiates",
    "drug_poisoning": "all",
    "drug_misuse": "drug_misuse",
    "any_opiate": "opiates",
    "heroin_morphine": "heroin_and_morphine",
}
"""Label of a class, in small letters and without the number before it, and its name here."""

WHOLE, ENGLAND, WALES = "K04000001", "E92000001", "W92000004"
NON_RESIDENTS = "J99000001"
NON_RESIDENTS_NOTE = "lived elsewhere, died in England or Wales"
REGION = "E12"

DROPPED = {
    **dict.fromkeys(
        ("E06", "E07", "E08", "E09", "W06"), "local authority: in the raw table only, its code is not among our areas"
    ),
    **dict.fromkeys(
        ("E10", "E11", "E13"), "county or part of London: a group of local authorities, listed beside its members"
    ),
}
"""First characters of ONS codes of levels that are not kept, and why."""


class Raw(pa.DataFrameModel):
    """Cells of the tables as published, every cell as text; England, Wales, regions, local areas and non-residents.

    Grain: one cell; file, row and column name it.
    """

    table_name: Series[str] = pa.Field(
        isin=[REGION_TABLE, LOCAL_TABLE, CLASS_TABLE], description="Which of the three tables the cell stood in."
    )
    year: Series[str] = pa.Field(description="Year of registration of the death.", metadata={"unit": "year"})
    area_code: Series[str] = pa.Field(description="ONS code of usual residence; levels are mixed in one column.")
    area_name: Series[str] = pa.Field(description="Name of the place of usual residence, as published.")
    drug_label: Series[str] = pa.Field(description="Class of drug, as published; all drugs where the table has none.")
    value: Series[str] = pa.Field(description="Deaths, as published.", metadata={"unit": "deaths"})
    file_name: Series[str] = pa.Field(alias="_file", description="File the cell stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the cell, from 1.")
    column: Series[str] = pa.Field(alias="_column", description="Column the cell stood in.")

    class Config:
        """No other column: wide tables are unpivoted, so added years become rows."""

        strict = True
        name = "raw.ons_drug_poisoning"
