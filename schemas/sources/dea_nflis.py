"""Layout of DEA's NFLIS-Drug query of drug reports by forensic laboratories, by state, year and substance."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

MEASURE = "forensic_drug_reports"
REQUIRED = [
    "LABTYPE", "RPTAGGR", "YYYY", "PERIOD", "DRUG_REPORTS", "QUERY_RUN_DATE", "SUBSTANCE_ID", "SUBSTANCE_DESCRIPTION",
    "BASE_ID", "BASE_DESCRIPTION", "DRUG_CATEGORY_CODE", "DRUG_CATEGORY_DESCRIPTION", "STATE", "STATE_LONG_NAME",
    "STATE_FIPS",
]  # fmt: skip

CATEGORY = "33"
"""Fentanyl and fentanyl-related substances; other categories of the same query are not read."""

DRUGS_BY_BASE = {"1504": "fentanyl", "1497": "carfentanil"}
"""Base substances that are told apart, by NFLIS's number; its salts and forms count with a base."""

OTHER_DRUG = "fentanyl_related_other"
LABORATORIES = {"Local/Municipal", "State", "Federal", "Private"}
COUNTED = "DrugReport"
UNKNOWN_STATE = "XX"


class Raw(pa.DataFrameModel):
    """One row per state, year and substance that laboratories reported, every cell as text."""

    laboratories: Series[str] = pa.Field(alias="LABTYPE", description="Kinds of laboratory counted, by commas.")
    counted: Series[str] = pa.Field(alias="RPTAGGR", description="What is counted: DrugReport, with trailing blanks.")
    year: Series[str] = pa.Field(alias="YYYY", description="Calendar year.", metadata={"unit": "year"})
    period: Series[str] = pa.Field(alias="PERIOD", description="Period of the query; equals the year.")
    reports: Series[str] = pa.Field(
        alias="DRUG_REPORTS", description="Drug reports of the substance.", metadata={"unit": "reports"}
    )
    query_run: Series[str] = pa.Field(alias="QUERY_RUN_DATE", description="When the query was run.")
    substance_id: Series[str] = pa.Field(alias="SUBSTANCE_ID", description="NFLIS's number of the substance.")
    substance: Series[str] = pa.Field(alias="SUBSTANCE_DESCRIPTION", description="Substance as reported.")
    base_id: Series[str] = pa.Field(alias="BASE_ID", description="NFLIS's number of the base substance.")
    base: Series[str] = pa.Field(alias="BASE_DESCRIPTION", description="Base that salts and forms belong to.")
    category: Series[str] = pa.Field(alias="DRUG_CATEGORY_CODE", description="Number of the drug category.")
    category_name: Series[str] = pa.Field(alias="DRUG_CATEGORY_DESCRIPTION", description="Name of the drug category.")
    state: Series[str] = pa.Field(alias="STATE", description="Two letters of the state; XX where it is unknown.")
    state_name: Series[str] = pa.Field(alias="STATE_LONG_NAME", description="Name of the state.")
    state_fips: Series[str] = pa.Field(
        alias="STATE_FIPS", description="FIPS code of the state without leading zero; empty where it is unknown."
    )
    file_name: Series[str] = pa.Field(alias="_file", description="File the row stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the row, from 1.")

    class Config:
        """Columns that the publisher adds are kept."""

        strict = False
        name = "raw.dea_nflis"
