"""Corrections: reviewed decisions on published values that must not be taken as they stand."""

from typing import ClassVar

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

from schemas.observations import STATUSES

ACTIONS = ("withdraw", "replace", "confirm")
"""withdraw hides the value, replace puts another in its place, confirm lets it stand though another contradicts it."""

ENTRY_FIELDS = ("id", "rows", "action", "expect", "value", "releases", "foreseen", "reason", "evidence")
"""What an entry of ``data/corrections/<source>.corrections.yml`` may say, in the order to say it."""

REQUIRED_FIELDS = ("id", "rows", "action", "expect", "reason", "evidence")


class CorrectionRow(pa.DataFrameModel):
    """A correction and each release's row that it was applied to, with the value before and after.

    Grain: correction, release. A correction whose row no release holds has one row that was not applied. The published
    cell itself stays in raw, untouched.
    """

    correction_id: Series[str] = pa.Field(
        str_matches=r"^[a-z][a-z0-9_]*$", description="Correction, by its short name; unique in its source."
    )
    source_id: Series[str] = pa.Field(description="Source; see meta.sources.")
    file: Series[str] = pa.Field(description="File in data/corrections that holds the entry.")
    release: Series[str] = pa.Field(description="Release of the corrected row; empty where no release holds the row.")
    measure_id: Series[str] = pa.Field(description="Measure of the row; see meta.measures.")
    area_id: Series[str] = pa.Field(description="Place of the row; see meta.areas.")
    period_start: Series[np.dtype("datetime64[us]")] = pa.Field(  # type: ignore[valid-type]
        description="First day of the row, inclusive.", metadata={"unit": "date"}
    )
    period_end: Series[np.dtype("datetime64[us]")] = pa.Field(  # type: ignore[valid-type]
        description="Last day of the row, inclusive.", metadata={"unit": "date"}
    )
    sex: Series[str] = pa.Field(description="Sex; all for the total.")
    age_group: Series[str] = pa.Field(description="Completed years of age; all for the total.")
    race_ethnicity: Series[str] = pa.Field(description="Race and ethnicity; all for the total.")
    drug: Series[str] = pa.Field(description="Drug class; all for any drug.")
    population_group: Series[str] = pa.Field(description="Other group; all for the total.")
    action: Series[str] = pa.Field(isin=list(ACTIONS), description="What was decided: withdraw, replace or confirm.")
    applied: Series[bool] = pa.Field(description="Whether the release held the row and it was corrected.")
    old_value: Series[float] = pa.Field(nullable=True, description="Value as published.")
    new_value: Series[float] = pa.Field(nullable=True, description="Value in core; null where it was withdrawn.")
    new_status: Series[str] = pa.Field(
        isin=["", *STATUSES], description="Status in core; empty where nothing was applied."
    )
    reason: Series[str] = pa.Field(str_length={"min_value": 20}, description="Why the published value does not stand.")
    evidence: Series[str] = pa.Field(
        str_length={"min_value": 20}, description="What the decision rests on, with table and year."
    )

    @pa.dataframe_check()
    def withdrawn_row_has_no_value(cls, frame: pd.DataFrame) -> pd.Series:
        """A withdrawn row has no value in core."""
        return (frame["new_status"] != "withdrawn") | frame["new_value"].isna()

    class Config:
        """Every column is checked, and no other column is allowed."""

        unique: ClassVar[list[str]] = ["source_id", "correction_id", "release"]
        strict = True
        ordered = True
        name = "meta.corrections"


COLUMNS = list(CorrectionRow.to_schema().columns)
