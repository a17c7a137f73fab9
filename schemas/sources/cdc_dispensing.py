"""Layout of CDC's state tables of naloxone and buprenorphine dispensing by retail pharmacies."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

REQUIRED = ["YEAR", "STATE_NAME", "STATE_ABBREV", "STATE_FIPS"]
RATES = {
    "naloxone_dispensing_rate": "naloxone_dispensed_per_100",
    "buprenorphine_dispensing_rate": "buprenorphine_dispensed_per_100",
}
"""Rate column of each of the two files, and the measure it is."""

BANDS = {
    "naloxone_dispensing_rate": "Naloxone Dispensing Rate (per 100 persons)",
    "buprenorphine_dispensing_rate": "Buprenorphine Dispensing Rate (per 100 persons)",
}
"""Column with the class that the publisher's map shows, as text: ``0.2 - 0.4``, ``<0.2``, ``>0.6``."""

OPIOIDS = "opioid_dispensing_rate"
"""Rate column of the third file of the same page, which is about other medicines and is not read."""

COUNTY_COLUMNS = ("COUNTY_NAME", "COUNTY", "STATE_COUNTY_FIP_U", "COUNTY_FIPS")


class Raw(pa.DataFrameModel):
    """One row per state and year of one medicine's file, every cell as text; both files have the same layout."""

    year: Series[str] = pa.Field(alias="YEAR", description="Calendar year.", metadata={"unit": "year"})
    state_name: Series[str] = pa.Field(alias="STATE_NAME", description="Name of the state, or District of Columbia.")
    state_abbreviation: Series[str] = pa.Field(alias="STATE_ABBREV", description="Two letters of the state.")
    state_fips: Series[str] = pa.Field(alias="STATE_FIPS", description="Two-digit FIPS code of the state.")
    naloxone_rate: Series[str] | None = pa.Field(
        alias="naloxone_dispensing_rate",
        description="Naloxone prescriptions dispensed by retail pharmacies per 100 persons.",
        metadata={"unit": "prescriptions per 100 persons"},
    )
    naloxone_band: Series[str] | None = pa.Field(
        alias="Naloxone Dispensing Rate (per 100 persons)",
        description="Class of the rate in the publisher's map.",
        metadata={"unit": "prescriptions per 100 persons"},
    )
    buprenorphine_rate: Series[str] | None = pa.Field(
        alias="buprenorphine_dispensing_rate",
        description="Buprenorphine prescriptions dispensed by retail pharmacies per 100 persons.",
        metadata={"unit": "prescriptions per 100 persons"},
    )
    buprenorphine_band: Series[str] | None = pa.Field(
        alias="Buprenorphine Dispensing Rate (per 100 persons)",
        description="Class of the rate in the publisher's map.",
        metadata={"unit": "prescriptions per 100 persons"},
    )
    file_name: Series[str] = pa.Field(alias="_file", description="File the row stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the row, from 1.")

    class Config:
        """Columns that the publisher adds are kept."""

        strict = False
        name = "raw.cdc_dispensing"
