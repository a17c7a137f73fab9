"""World Bank: pages of the population indicator as JSON, and the workbook of income groups."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

INDICATOR = "SP.POP.TOTL"
FIRST_YEAR = 1990
"""Years before it are dropped by count: no indicator needs them."""

HEADER = ("page", "pages", "total")
INCOME_COLUMNS = ("Economy", "Code", "Income group")
INCOME_GROUPS = {
    "Low income": 1.0,
    "Lower middle income": 2.0,
    "Upper middle income": 3.0,
    "High income": 4.0,
}
_GROUP_CODES = (
    "AFE AFR AFW ARB CEA CEB CEU CLA CME CSA CSS EAP EAR EAS ECA ECS EMU EUU FCS HIC HPC IBB IBD IBT IDA IDB IDX INX "
    "LAC LCN LDC LIC LMC LMY LTE MDE MEA MIC MNA NAC NAF NRS NXS OED OSS PRE PSS PST RRS SAS SSA SSF SST SXZ TEA TEC "
    "TLA TMN TSA TSS UMC WLD XZN"
)
AGGREGATES = frozenset(_GROUP_CODES.split())
"""The bank's codes of regions, income groups and lending groups, which it lists among the countries."""


class Population(pa.DataFrameModel):
    """Rows of the population indicator as published, every cell as text. Grain: one country or group, and year."""

    indicator: Series[str] = pa.Field(description="Code of the indicator.")
    country: Series[str] = pa.Field(description="Name of the country or group.")
    code: Series[str] = pa.Field(alias="countryiso3code", description="ISO 3166-1 alpha-3, or the bank's own code.")
    date: Series[str] = pa.Field(description="Year; population at mid-year.", metadata={"unit": "year"})
    value: Series[str] = pa.Field(description="Residents; empty where there is no value.", metadata={"unit": "people"})
    remark: Series[str] = pa.Field(alias="obs_status", description="The bank's mark of the value.")
    file_name: Series[str] = pa.Field(alias="_file", description="File the row stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Place of the row in its page, from 1.")

    class Config:
        """Fields that the publisher adds are left out."""

        strict = True
        name = "raw.world_bank_population"


class Income(pa.DataFrameModel):
    """List of economies as published, every cell as text. Grain: one economy or group."""

    economy: Series[str] = pa.Field(alias="Economy", description="Name of the economy.")
    code: Series[str] = pa.Field(alias="Code", description="ISO 3166-1 alpha-3, or the bank's own code.")
    group: Series[str] = pa.Field(alias="Income group", description="Income group; empty where not classified.")
    file_name: Series[str] = pa.Field(alias="_file", description="File the row stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the sheet, from 1.")

    class Config:
        """Columns that are not read are left out."""

        strict = True
        name = "raw.world_bank_income_groups"


RAW_MODELS: dict[str, type[pa.DataFrameModel]] = {
    "world_bank_population": Population,
    "world_bank_income_groups": Income,
}
