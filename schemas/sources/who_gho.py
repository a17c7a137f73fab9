"""WHO Global Health Observatory: the fields of its OData answers, and the indicators that are read."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

MEASURES = {
    "HEPATITIS_HCV_PREVALENCE_PER100": "hcv_prevalence_population_pct",
    "HEPATITIS_HCV_LIVINGWITH_NUM": "people_living_with_hcv",
    "HEPATITIS_HCV_INFECTIONS_NEW_NUM": "new_hcv_infections",
    "HEPATITIS_HCV_DEATHS_NUM": "hcv_deaths",
    "HEPATITIS_HCV_DIAGNOSED_NUM": "hcv_diagnosed",
    "HEPATITIS_HCV_TREATMENT_CUM_NUM": "hcv_treated",
    "HIV_0000000001": "people_living_with_hiv",
    "HIV_0000000006": "hiv_deaths",
    "HIV_0000000026": "new_hiv_infections",
    "HIV_ARTCOVERAGE": "art_coverage_pct",
}
"""WHO's code of an indicator, and the measure it is."""

FIELDS = [
    "Id",
    "IndicatorCode",
    "SpatialDimType",
    "SpatialDim",
    "TimeDimType",
    "TimeDim",
    "Dim1Type",
    "Dim1",
    "Dim2Type",
    "Dim2",
    "Dim3Type",
    "Dim3",
    "DataSourceDim",
    "Value",
    "NumericValue",
    "Low",
    "High",
    "Comments",
    "Date",
]
"""Fields of a row that are kept; a row may lack those that are empty."""

REQUIRED = ["IndicatorCode", "SpatialDimType", "SpatialDim", "TimeDim", "NumericValue"]
COUNTRY = "COUNTRY"
YEAR = "YEAR"
NEXT = "@odata.nextLink"
MOST_PAGES = 50

SEXES = {"BTSX": "all", "MLE": "male", "FMLE": "female"}
"""Sexes by WHO's code; newer answers put SEX_ before it."""

AGES = {"YEARSALL": "all", "ALLAGES": "all", "ALL": "all"}
"""Ages by WHO's code without AGEGROUP_; others are YEARS15PLUS or YEARS15-24."""


class Raw(pa.DataFrameModel):
    """Rows of the observatory's answers as published, every cell as text.

    Grain: one row for each indicator, place, year, up to three dimensions and data source.
    """

    id_number: Series[str] = pa.Field(alias="Id", description="WHO's number of the row; not durable.")
    code: Series[str] = pa.Field(alias="IndicatorCode", description="WHO's code of the indicator.")
    place_type: Series[str] = pa.Field(alias="SpatialDimType", description="COUNTRY, REGION, GLOBAL or another kind.")
    place: Series[str] = pa.Field(alias="SpatialDim", description="ISO 3166-1 alpha-3 of a country, or another code.")
    time_type: Series[str] = pa.Field(alias="TimeDimType", description="Kind of period: YEAR.")
    time: Series[str] = pa.Field(alias="TimeDim", description="Year that the value is for.", metadata={"unit": "year"})
    dim1_type: Series[str] = pa.Field(alias="Dim1Type", description="Kind of the first dimension, such as SEX.")
    dim1: Series[str] = pa.Field(alias="Dim1", description="Value of the first dimension.")
    dim2_type: Series[str] = pa.Field(alias="Dim2Type", description="Kind of the second dimension.")
    dim2: Series[str] = pa.Field(alias="Dim2", description="Value of the second dimension.")
    dim3_type: Series[str] = pa.Field(alias="Dim3Type", description="Kind of the third dimension.")
    dim3: Series[str] = pa.Field(alias="Dim3", description="Value of the third dimension.")
    data_source: Series[str] = pa.Field(alias="DataSourceDim", description="WHO's code of the data source.")
    shown: Series[str] = pa.Field(alias="Value", description="Value as shown, with range, bound or words.")
    value: Series[str] = pa.Field(
        alias="NumericValue", description="Value as a number; empty where there is none.", metadata={"unit": "by code"}
    )
    low: Series[str] = pa.Field(alias="Low", description="Lower limit, where given.", metadata={"unit": "by code"})
    high: Series[str] = pa.Field(alias="High", description="Upper limit, where given.", metadata={"unit": "by code"})
    comments: Series[str] = pa.Field(alias="Comments", description="WHO's remarks.")
    date: Series[str] = pa.Field(alias="Date", description="When WHO last changed the row.", metadata={"unit": "date"})
    file_name: Series[str] = pa.Field(alias="_file", description="File the row stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Place of the row in its file, from 1.")

    class Config:
        """Fields that the publisher adds are left out."""

        strict = True
        name = "raw.who_gho"


RAW_MODELS: dict[str, type[pa.DataFrameModel]] = {"who_gho": Raw}
