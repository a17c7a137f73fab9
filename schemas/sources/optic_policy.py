"""Layouts of the OPTIC workbooks of naloxone access and Good Samaritan laws: a line for each state and year."""

from typing import NamedTuple

import pandera.pandas as pa
from pandera.typing.pandas import Series


class Law(NamedTuple):
    """Columns of one law, and its measure; the share of the year has the same name with an ending."""

    date: str
    share: str
    measure: str


SHARE = "_year_share"
NALOXONE, SAMARITAN, MONITORING = "WEB_NAL", "WEB_GSL", "WEB_OPTIC_PDMP"
LAWS = {
    NALOXONE: (
        Law("date_anynal", "any_nal", "naloxone_access_law"),
        Law("date_nal_protocol_standing", "nal_protocol_standing", "naloxone_standing_order_law"),
        Law("date_nal_Rx_prescriptive_auth", "nal_Rx_prescriptive_auth", "naloxone_pharmacist_prescribing_law"),
    ),
    SAMARITAN: (
        Law("date_anygsl", "anygsl", "good_samaritan_law"),
        Law("date_gsl_arrest", "gsl_arrest", "good_samaritan_arrest_law"),
    ),
}
"""Laws by the sheet, and workbook, that holds them."""

SHARES = tuple(law.measure + SHARE for laws in LAWS.values() for law in laws)
MONTHS_ONLY = (NALOXONE,)
"""Sheets whose dates are months: the day in them is always the first."""

JANUARY_BY, OTHERS_BY = 7, 3
"""A month counts as one in force when the law took effect by this day of January, or of any other month."""

MONTHLY_REMARK = "effective month; the day is not published"
NO_LAW = "no such law in the period observed"


class RawNaloxone(pa.DataFrameModel):
    """One row per state and year of naloxone access laws, every cell as text; a law's date stands in every year."""

    state: Series[str] = pa.Field(description="Name of the state, or District of Columbia.")
    year: Series[str] = pa.Field(description="Calendar year.", metadata={"unit": "year"})
    any_date: Series[str] = pa.Field(alias="date_anynal", description="Month in which any naloxone law took effect.")
    standing_date: Series[str] = pa.Field(
        alias="date_nal_protocol_standing", description="Month in which standing or protocol orders took effect."
    )
    prescribing_date: Series[str] = pa.Field(
        alias="date_nal_Rx_prescriptive_auth", description="Month in which pharmacists' prescribing took effect."
    )
    any_share: Series[str] = pa.Field(
        alias="any_nal", description="Part of the year with any naloxone law.", metadata={"unit": "share of the year"}
    )
    standing_share: Series[str] = pa.Field(
        alias="nal_protocol_standing",
        description="Part of the year with standing or protocol orders.",
        metadata={"unit": "share of the year"},
    )
    prescribing_share: Series[str] = pa.Field(
        alias="nal_Rx_prescriptive_auth",
        description="Part of the year with prescribing by pharmacists.",
        metadata={"unit": "share of the year"},
    )
    file_name: Series[str] = pa.Field(alias="_file", description="File the row stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the row, from 1.")

    class Config:
        """Columns that the publisher adds are kept."""

        strict = False
        name = "raw.optic_policy_naloxone"


class RawSamaritan(pa.DataFrameModel):
    """One row per state and year of Good Samaritan laws, every cell as text; a law's date stands in every year."""

    state: Series[str] = pa.Field(description="Name of the state, or District of Columbia.")
    year: Series[str] = pa.Field(description="Calendar year.", metadata={"unit": "year"})
    any_date: Series[str] = pa.Field(
        alias="date_anygsl", description="Day on which any Good Samaritan law took effect."
    )
    arrest_date: Series[str] = pa.Field(
        alias="date_gsl_arrest", description="Day on which protection from arrest took effect."
    )
    any_share: Series[str] = pa.Field(
        alias="anygsl",
        description="Part of the year with any Good Samaritan law.",
        metadata={"unit": "share of the year"},
    )
    arrest_share: Series[str] = pa.Field(
        alias="gsl_arrest",
        description="Part of the year with protection from arrest.",
        metadata={"unit": "share of the year"},
    )
    file_name: Series[str] = pa.Field(alias="_file", description="File the row stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the row, from 1.")

    class Config:
        """Columns that the publisher adds are kept."""

        strict = False
        name = "raw.optic_policy_samaritan"


RAW_MODELS: dict[str, type[pa.DataFrameModel]] = {
    "optic_policy_naloxone": RawNaloxone,
    "optic_policy_samaritan": RawSamaritan,
}
RAW_NAMES = {NALOXONE: "optic_policy_naloxone", SAMARITAN: "optic_policy_samaritan"}
