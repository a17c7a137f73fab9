"""Layout of CDC's provisional drug overdose death counts by county (VSRR, gb4e-yj24)."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

DATASET = "gb4e-yj24"
MEASURE = "overdose_deaths"
DEATHS = "Provisional Drug Overdose Deaths"

REQUIRED = ["Data as of", "Year", "Month", "ST_ABBREV", "FIPS", DEATHS, "MonthEndingDate"]
OPTIONAL = [
    "STATE_NAME", "COUNTYNAME", "STATEFIPS", "COUNTYFIPS", "CODE2013", "Footnote",
    "Percentage Of Records Pending Investigation", "HistoricalDataCompletenessNote", "Start Date", "End Date",
]  # fmt: skip

SODA_NAMES = {name.lower().replace(" ", "_"): name for name in [*REQUIRED, *OPTIONAL]} | {
    "provisional_drug_overdose": DEATHS,
    "percentage_of_records_pending": "Percentage Of Records Pending Investigation",
}
"""Column names of the portal's query interface, and what the published table calls them."""

SUPPRESSED = r"suppress|1\s*-\s*9|less than 10|fewer than 10|<\s*10"
LOW_QUALITY = "low data quality"
FORMER = {"51515", "51560"}
"""Bedford and Clifton Forge, cities of Virginia that joined their counties before the data begin."""


class Raw(pa.DataFrameModel):
    """One row per county and month, every cell as text; counts of 1 to 9, where shown, stand as ``1-9``."""

    as_of: Series[str] = pa.Field(alias="Data as of", description="Day up to which death records had come in.")
    year: Series[str] = pa.Field(
        alias="Year", description="Year of the window's last month.", metadata={"unit": "year"}
    )
    month: Series[str] = pa.Field(alias="Month", description="Number of the window's last month.")
    state: Series[str] = pa.Field(alias="ST_ABBREV", description="Two letters of the state.")
    state_name: Series[str] | None = pa.Field(alias="STATE_NAME", description="Name of the state.")
    county_name: Series[str] | None = pa.Field(alias="COUNTYNAME", description="Name of the county of residence.")
    fips: Series[str] = pa.Field(alias="FIPS", description="FIPS code of the county, without its leading zero.")
    state_fips: Series[str] | None = pa.Field(alias="STATEFIPS", description="FIPS code of the state, as a number.")
    county_fips: Series[str] | None = pa.Field(
        alias="COUNTYFIPS", description="FIPS code of the county in its state, as a number."
    )
    urbanisation: Series[str] | None = pa.Field(
        alias="CODE2013", description="Urban-rural class of the county in the NCHS scheme of 2013, 1 to 6."
    )
    deaths: Series[str] = pa.Field(
        alias=DEATHS, description="Deaths of the twelve months that end in the month.", metadata={"unit": "deaths"}
    )
    footnote: Series[str] | None = pa.Field(alias="Footnote", description="Why a count is not shown.")
    pending: Series[str] | None = pa.Field(
        alias="Percentage Of Records Pending Investigation",
        description="Records whose cause is pending; not read, as its unit (share or percent) is not documented.",
    )
    completeness: Series[str] | None = pa.Field(
        alias="HistoricalDataCompletenessNote", description="Remark on counties whose records used to come in late."
    )
    month_ending: Series[str] = pa.Field(alias="MonthEndingDate", description="Last day of the window.")
    start: Series[str] | None = pa.Field(alias="Start Date", description="Start of the window.")
    end: Series[str] | None = pa.Field(alias="End Date", description="End of the window.")
    file_name: Series[str] = pa.Field(alias="_file", description="File the row stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the row, from 1.")

    class Config:
        """Columns that the publisher adds are kept."""

        strict = False
        name = "raw.cdc_vsrr_county"
