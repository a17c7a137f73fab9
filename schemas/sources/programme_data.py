"""Layout of own programme data as it is kept: protected totals, never the lines that services sent."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

from schemas.programme import COLUMNS

MEASURES = {name: column.measure_id for name, column in COLUMNS.items()}
"""Column of the templates, and the measure it is."""


class Raw(pa.DataFrameModel):
    """Own programme data as totals of places, small ones hidden and the others rounded, every cell as text.

    Grain: column of a template, place, period, sex, age group. What services sent is not in it: small counts are
    protected before anything is stored.
    """

    template: Series[str] = pa.Field(description="Template that was filled in; see hre template.")
    column_name: Series[str] = pa.Field(alias="column", description="Column of the template.")
    area_id: Series[str] = pa.Field(description="Place; see meta.areas.")
    period: Series[str] = pa.Field(description="Month, quarter or year, such as 2026-03, 2026-Q1 or 2026.")
    sex: Series[str] = pa.Field(description="Sex; all for everybody.")
    age_group: Series[str] = pa.Field(
        description="Completed years of age; all for everybody.", metadata={"unit": "years"}
    )
    services: Series[str] = pa.Field(description="Number of services added up.", metadata={"unit": "services"})
    value: Series[str] = pa.Field(description="Total, rounded to 5; empty where it is hidden.")
    status: Series[str] = pa.Field(description="reported, or suppressed for small counts and what would tell them.")

    class Config:
        """No other column is kept."""

        strict = True
        name = "raw.programme_data"
