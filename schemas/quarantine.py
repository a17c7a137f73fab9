"""Quarantine: what could not be read, where it stood and why."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

TIDY_COLUMNS = ["file", "row", "column", "value", "code", "reason"]
COLUMNS = ["source_id", "release", *TIDY_COLUMNS]


class Quarantine(pa.DataFrameModel):
    """One refused record of a published file.

    Grain: one cell, or one line where the line itself could not be read. Nothing is dropped in silence.
    """

    source_id: Series[str] = pa.Field(description="Source whose file held the record.")
    release: Series[str] = pa.Field(description="Release of the file.")
    file: Series[str] = pa.Field(description="File name inside the snapshot.")
    row: Series[int] = pa.Field(ge=0, description="Line or sheet row, from 1; 0 for the file as a whole.")
    column: Series[str] = pa.Field(description="Column name as published; empty for a whole line.")
    value: Series[str] = pa.Field(description="Text found there, at most 200 characters.")
    code: Series[str] = pa.Field(
        str_matches=r"^[a-z][a-z0-9_]*$", description="Short name of the fault, such as unknown_area or not_a_number."
    )
    reason: Series[str] = pa.Field(str_length={"min_value": 10}, description="What was expected, and what was found.")

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        name = "core.quarantine"
