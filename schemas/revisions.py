"""Revisions: what the tables on publishers' changes promise."""

from typing import ClassVar

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

from schemas.observations import STATUSES


class Revision(pa.DataFrameModel):
    """How many values changed between a release and the earlier ones that hold the same rows.

    Grain: source, earlier release, later release. Each row of a release is compared with the newest earlier release
    that holds it; rows count as added or missing only between two releases of one layout and query.
    """

    source_id: Series[str] = pa.Field(description="Source; see meta.sources.")
    release_from: Series[str] = pa.Field(description="Earlier release.")
    release_to: Series[str] = pa.Field(description="Later release.")
    same_layout: Series[bool] = pa.Field(
        description="Whether both come from files of one layout and query; figures are a selection, never a file."
    )
    rows_compared: Series[int] = pa.Field(
        ge=0, description="Rows of the later release whose newest earlier release is this one."
    )
    rows_changed: Series[int] = pa.Field(ge=0, description="Of those, rows whose value or status differs.")
    rows_added: Series[pd.Int64Dtype] = pa.Field(
        nullable=True, ge=0, description="Rows only in the later release; null unless both are of one layout."
    )
    rows_missing: Series[pd.Int64Dtype] = pa.Field(
        nullable=True, ge=0, description="Rows only in the earlier release; null unless both are of one layout."
    )
    largest_change_pct: Series[float] = pa.Field(
        nullable=True, description="Largest change of a value, with its sign.", metadata={"unit": "percent"}
    )

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = ["source_id", "release_from", "release_to"]
        name = "marts.revisions"


class RevisionChange(pa.DataFrameModel):
    """The largest changes between releases, one value each; marts.revisions counts all of them.

    Grain: source, earlier release, later release, rank. At most 100 are listed for each pair of releases. Rank 1 is the
    greatest difference over the square root of the greater value, so that a change of many deaths comes before a
    doubling of one; rows that lost or gained their value come last. Corrections of ours are no revisions.
    """

    source_id: Series[str] = pa.Field(description="Source; see meta.sources.")
    release_from: Series[str] = pa.Field(description="Earlier release.")
    release_to: Series[str] = pa.Field(description="Later release.")
    rank: Series[int] = pa.Field(ge=1, description="Place among the changes of the two releases; 1 is the largest.")
    measure_id: Series[str] = pa.Field(description="Measure; see meta.measures.")
    area_id: Series[str] = pa.Field(description="Place; see meta.areas.")
    period_start: Series[np.dtype("datetime64[us]")] = pa.Field(  # type: ignore[valid-type]
        description="First day the value covers, inclusive.", metadata={"unit": "date"}
    )
    period_end: Series[np.dtype("datetime64[us]")] = pa.Field(  # type: ignore[valid-type]
        description="Last day the value covers, inclusive.", metadata={"unit": "date"}
    )
    sex: Series[str] = pa.Field(description="Sex; all for the total.")
    age_group: Series[str] = pa.Field(description="Completed years of age; all for the total.")
    race_ethnicity: Series[str] = pa.Field(description="Race and ethnicity; all for the total.")
    drug: Series[str] = pa.Field(description="Drug class; all for any drug.")
    population_group: Series[str] = pa.Field(description="Other group; all for the total.")
    old_value: Series[float] = pa.Field(nullable=True, description="Value in the earlier release.")
    new_value: Series[float] = pa.Field(nullable=True, description="Value in the later release.")
    old_status: Series[str] = pa.Field(isin=list(STATUSES), description="Status in the earlier release.")
    new_status: Series[str] = pa.Field(isin=list(STATUSES), description="Status in the later release.")
    change_pct: Series[float] = pa.Field(
        nullable=True,
        description="Change of the value, with its sign; null where a value is absent or was 0.",
        metadata={"unit": "percent"},
    )

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = ["source_id", "release_from", "release_to", "rank"]
        name = "marts.revision_changes"
