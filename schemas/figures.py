"""Figures: published values transcribed by hand or selection, each with its citation."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

from schemas.observations import TIDY_COLUMNS

CITATION_COLUMNS = ["publisher", "title", "published", "locator", "licence", "verification"]
COLUMNS = ["source_id", "release", *TIDY_COLUMNS, *CITATION_COLUMNS]


class FigureCitation(pa.DataFrameModel):
    """The citation that every transcribed figure carries.

    Grain: as the observation it belongs to; one file in ``data/figures`` for each publication.
    """

    publisher: Series[str] = pa.Field(str_length={"min_value": 2}, description="Who published the figure.")
    title: Series[str] = pa.Field(str_length={"min_value": 5}, description="Title of the publication or data set.")
    published: Series[str] = pa.Field(
        str_matches=r"^\d{4}(-\d{2}(-\d{2})?)?$", description="Date of the release the figure was read from."
    )
    locator: Series[str] = pa.Field(
        str_length={"min_value": 3}, description="Table, sheet, page or column of the figure."
    )
    licence: Series[str] = pa.Field(str_length={"min_value": 3}, description="Terms of the publisher.")
    verification: Series[str] = pa.Field(
        isin=["verified", "unverified"],
        description="Whether we saw the figure in the publisher's file; unverified ones are never shown by default.",
    )

    class Config:
        """Every citation column must be filled."""

        name = "figures.citation"
