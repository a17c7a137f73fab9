"""The reporting checklist for economic evaluations: which of its 28 items this publication meets, and where."""

from typing import ClassVar

import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

SECTIONS = ("Title", "Abstract", "Introduction", "Methods", "Results", "Discussion", "Other relevant information")


class Cheers(pa.DataFrameModel):
    """One item of the CHEERS 2022 checklist: met only where what it asks for is in this publication.

    Grain: item. Computed from the published tables and the methods page, so that an item cannot be ticked by hand.
    The items are those of Husereau and colleagues, 10.1016/j.hpopen.2021.100063, table 1.
    """

    item: Series[int] = pa.Field(ge=1, le=28, unique=True, description="Number of the item.")
    section: Series[str] = pa.Field(isin=list(SECTIONS), description="Section of the checklist.")
    topic: Series[str] = pa.Field(str_length={"min_value": 4}, description="Name of the item.")
    met: Series[bool] = pa.Field(description="Whether its artefact exists.")
    artefact: Series[str] = pa.Field(str_length={"min_value": 4}, description="What there is, or what is lacking.")
    where_found: Series[str] = pa.Field(description="Table or page; empty where nothing meets it.")

    @pa.dataframe_check()
    def met_says_where(cls, frame: pd.DataFrame) -> pd.Series:
        """What is met says where, and what is not names no place."""
        return frame["met"] == (frame["where_found"] != "")

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        name = "meta.cheers"
        unique: ClassVar[list[str]] = ["item"]
