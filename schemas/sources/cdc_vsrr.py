"""Layout of CDC's provisional drug overdose death counts by state (VSRR, xkb8-kh2a), in every release's dress."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

DATASET = "xkb8-kh2a"

REQUIRED = [
    "State",
    "Year",
    "Month",
    "Indicator",
    "Data Value",
    "Percent Complete",
    "Percent Pending Investigation",
]
OPTIONAL = ["Period", "State Name", "Footnote", "Footnote Symbol", "Predicted Value"]
"""Columns that releases before 2019 lack in part; no release lacks a required one."""

SODA_NAMES = {name.lower().replace(" ", "_"): name for name in [*REQUIRED, *OPTIONAL]}
"""Column names of the portal's query interface, and what the published table calls them."""

VALUE_COLUMNS = ["Data Value", "Predicted Value", "Percent Complete", "Percent Pending Investigation"]
"""Columns whose cells are records."""

ALL_CAUSES = "Number of Deaths"
OVERDOSE = "Number of Drug Overdose Deaths"
SPECIFIED = "Percent with drugs specified"
INDICATORS = {
    ALL_CAUSES: ("all_cause_deaths", "all"),
    OVERDOSE: ("overdose_deaths", "all"),
    SPECIFIED: ("deaths_drugs_specified_pct", "all"),
}
"""Measure and drug of the indicators that name no ICD-10 codes."""

DRUGS_BY_CODES = {
    "T40.0-T40.4,T40.6": "opioids",
    "T40.1": "heroin",
    "T40.2": "natural_semisynthetic",
    "T40.3": "methadone",
    "T40.4": "synthetic_opioids",
    "T40.2,T40.3": "natural_semisynthetic_and_methadone",
    "T40.2-T40.4": "opioids_natural_semisynthetic_methadone_synthetic",
    "T40.5": "cocaine",
    "T43.6": "psychostimulants",
}
"""Drug class by the ICD-10 codes in the indicator's brackets, without blanks. The classes overlap."""

PERIOD = "12 month-ending"
LOW_QUALITY = "low data quality"
SUPPRESSED = "data suppressed"
UNDERREPORTED = "underreported due to incomplete data"
MAY_DIFFER = "may differ from published reports"

OTHER_TABLES = {
    "COUNTYNAME": "the county table of provisional overdose deaths (gb4e-yj24)",
    "countyname": "the county table of provisional overdose deaths (gb4e-yj24)",
    "Crude Death Rate": "NCHS drug poisoning mortality by state (jx6g-fdh6)",
    "Time Period": "the quarterly provisional death rates (489q-934x)",
    "Notes": "a CDC WONDER export, which belongs in data/drop/cdc_wonder/",
    "naloxone_dispensing_rate": "naloxone dispensing rates, which belong in data/drop/cdc_dispensing/",
    "drug_rate": "a DOSE table of emergency department visits",
}
"""A column that gives another table away, and what that table is."""


class Raw(pa.DataFrameModel):
    """One row per state, month and indicator, every cell as text under the published table's column names.

    State counts are by place of occurrence and of the twelve months that end in the month. ``NY`` is New York State
    without New York City (``YC``); ``US`` is the states, DC and New York City, without Puerto Rico.
    """

    state: Series[str] = pa.Field(alias="State", description="Two letters; US, and YC for New York City.")
    year: Series[str] = pa.Field(
        alias="Year", description="Year of the month that ends the window.", metadata={"unit": "year"}
    )
    month: Series[str] = pa.Field(
        alias="Month", description="English name of the month that ends the window.", metadata={"unit": "month"}
    )
    indicator: Series[str] = pa.Field(
        alias="Indicator", description="What is counted: all deaths, overdose deaths, a drug class, or a percentage."
    )
    data_value: Series[str] = pa.Field(
        alias="Data Value",
        description="Reported number; empty where the footnote says it is suppressed or of low quality.",
        metadata={"unit": "deaths, or percent for Percent with drugs specified"},
    )
    percent_complete: Series[str] = pa.Field(
        alias="Percent Complete",
        description="Share of expected death records received, such as 100 or 99.5+.",
        metadata={"unit": "percent"},
    )
    percent_pending: Series[str] = pa.Field(
        alias="Percent Pending Investigation",
        description="Share of death records whose cause is pending investigation.",
        metadata={"unit": "percent"},
    )
    period: Series[str] | None = pa.Field(alias="Period", description="Always 12 month-ending.")
    state_name: Series[str] | None = pa.Field(alias="State Name", description="Name of the state.")
    footnote: Series[str] | None = pa.Field(
        alias="Footnote", description="Completeness remark, and why a value is not shown; spacing varies."
    )
    footnote_symbol: Series[str] | None = pa.Field(
        alias="Footnote Symbol", description="* for underreported, ** for may differ from final data."
    )
    predicted_value: Series[str] | None = pa.Field(
        alias="Predicted Value",
        description="Reported number adjusted by the publisher for incomplete reporting.",
        metadata={"unit": "deaths"},
    )
    file_name: Series[str] = pa.Field(alias="_file", description="File the row stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the row, from 1.")

    class Config:
        """Columns that the publisher adds are kept."""

        strict = False
        name = "raw.cdc_vsrr"
