"""Layout of the National Records of Scotland's workbook of drug deaths: rates by sex, and counts by age and sex.

No workbook was at hand. The layout is that which two public R scripts read, of the releases with data to 2023 and 2024:
sheet and column names, their order, and the 20 ages. What they do not show is not assumed.
"""

import pandera.pandas as pa
from pandera.typing.pandas import Series

RATES, COUNTS = "Table_1", "Table_4"
"""Sheets that are read."""

RATE, LOWER, UPPER = (
    "Age-standardised rate (per 100,000 population)",
    "Lower 95% confidence interval",
    "Upper 95% confidence interval",
)
FIRST_COLUMNS = ["Year", "Sex"]
"""First cells of the line with column names; notes stand above it, one line more in some sheets and releases."""

DEATHS, RATE_MEASURE = "drug_misuse_deaths", "drug_misuse_death_rate_age_adjusted_per_100k"
SEXES = {"Persons": "all", "Females": "female", "Males": "male"}
AGES = {
    "0": "0-0",
    "1-4": "1-4",
    **{f"{first}-{first + 4}": f"{first}-{first + 4}" for first in range(5, 90, 5)},
    "90+": "90+",
}
"""Age as published, and here."""

ALL_AGES_AT = 2
"""Position of the column of all ages, whose name is not known; it must be the sum of the ages."""

MARKS = {"[c]": "suppressed", "[u]": "low_quality", "[x]": "not_collected", "[z]": "not_applicable"}
"""Marks that British official tables use in common, and what they mean; not seen in this workbook."""


class Raw(pa.DataFrameModel):
    """Cells of the two sheets as published, every cell as text, one row for each.

    Grain: one cell; file, sheet, row and column name it.
    """

    sheet: Series[str] = pa.Field(isin=[RATES, COUNTS], description="Sheet the cell stood in.")
    year: Series[str] = pa.Field(
        description="Year of registration, with its mark where there is one.", metadata={"unit": "year"}
    )
    sex: Series[str] = pa.Field(description="Persons, Females or Males.")
    value: Series[str] = pa.Field(
        description="Cell as published: deaths, or deaths per 100,000.", metadata={"unit": "as in the sheet"}
    )
    file_name: Series[str] = pa.Field(alias="_file", description="File the cell stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the cell, from 1.")
    column: Series[str] = pa.Field(alias="_column", description="Column the cell stood in: an age, or which rate.")

    class Config:
        """No other column: sheets are unpivoted."""

        strict = True
        name = "raw.nrs_drug_deaths"
