"""Layout of SAMHSA's interactive NSDUH state estimates, as downloaded for one outcome and pair of years."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

REQUIRED = ["outcome", "age_group", "year_pair", "state", "estimate", "ci_lower", "ci_upper"]
OUTCOMES = {"Opioid Use Disorder in Past Year": "opioid_use_disorder_pct"}
AGES = {
    "12 or Older": "12+",
    "12 to 17": "12-17",
    "18 to 25": "18-25",
    "18 or Older": "18+",
    "26 or Older": "26+",
}
NATION = ("Total U.S.", "United States", "National")
REGIONS = ("Northeast", "Midwest", "South", "West")
LOW_PRECISION = "*"
"""Printed where the estimate is too imprecise to be published."""


class Raw(pa.DataFrameModel):
    """One row per outcome, age group, pair of years and state, every cell as text."""

    outcome: Series[str] = pa.Field(description="What people were asked about, in the publisher's words.")
    age_group: Series[str] = pa.Field(description="Age group, in words.", metadata={"unit": "years"})
    year_pair: Series[str] = pa.Field(description="The two survey years together, as 2022-23.")
    state: Series[str] = pa.Field(description="Name of the state, or District of Columbia.")
    estimate: Series[str] = pa.Field(description="Share of people, from 0 to 1.", metadata={"unit": "proportion"})
    lower: Series[str] = pa.Field(
        alias="ci_lower", description="Lower limit of the 95% Bayesian interval.", metadata={"unit": "proportion"}
    )
    upper: Series[str] = pa.Field(
        alias="ci_upper", description="Upper limit of the 95% Bayesian interval.", metadata={"unit": "proportion"}
    )
    file_name: Series[str] = pa.Field(alias="_file", description="File the row stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the row, from 1.")

    class Config:
        """Columns that the publisher adds are kept."""

        strict = False
        name = "raw.samhsa_nsduh"
