"""History: what the table on earlier knowledge of the indicators promises."""

from typing import ClassVar

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

from schemas.indicators import GRAIN, RELIABILITIES
from schemas.observations import STATUSES

COLUMNS = [
    *GRAIN, "value", "lower_95", "upper_95", "numerator", "denominator", "unit", "status", "reliability",
    "is_provisional", "source_ids", "known_from", "known_to",
]  # fmt: skip


class IndicatorHistory(pa.DataFrameModel):
    """Every value that an indicator has had, with the days between which it was the newest that could be known.

    Grain: indicator, area, period, strata, known_from. Made from the releases published by each day, with today's
    definitions, code and corrections: it shows what publishers revised, not what we did.
    marts.indicator_values_as_of(day) reads it. Indicators on the quality of the data are left out: they are about
    releases themselves.
    """

    indicator_id: Series[str] = pa.Field(description="Indicator; see meta.indicators.")
    area_id: Series[str] = pa.Field(description="Place; see meta.areas.")
    period_start: Series[np.dtype("datetime64[us]")] = pa.Field(  # type: ignore[valid-type]
        description="First day, inclusive.", metadata={"unit": "date"}
    )
    period_end: Series[np.dtype("datetime64[us]")] = pa.Field(  # type: ignore[valid-type]
        description="Last day, inclusive.", metadata={"unit": "date"}
    )
    strata: Series[str] = pa.Field(description="all, or the group the value is for.")
    value: Series[float] = pa.Field(nullable=True, description="Value; null exactly when status is not reported.")
    lower_95: Series[float] = pa.Field(nullable=True, description="Lower end of the 95 % interval, where one is known.")
    upper_95: Series[float] = pa.Field(nullable=True, description="Upper end of the 95 % interval, where one is known.")
    numerator: Series[float] = pa.Field(nullable=True, description="Count above the line, where used or published.")
    denominator: Series[float] = pa.Field(nullable=True, description="Population or count below the line, where used.")
    unit: Series[str] = pa.Field(description="Unit of value and interval.")
    status: Series[str] = pa.Field(isin=list(STATUSES), description="Whether there is a value, and if not, why.")
    reliability: Series[str] = pa.Field(
        isin=list(RELIABILITIES), description="unreliable below 20 events; not_assessed where no count is published."
    )
    is_provisional: Series[bool] = pa.Field(description="Any of the values it rests on was provisional.")
    source_ids: Series[str] = pa.Field(description="Sources, joined by a plus sign.")
    known_from: Series[np.dtype("datetime64[us]")] = pa.Field(  # type: ignore[valid-type]
        description="Day of the release that brought the value.", metadata={"unit": "date"}
    )
    known_to: Series[np.dtype("datetime64[us]")] = pa.Field(  # type: ignore[valid-type]
        nullable=True,
        description="Day of the release that changed or removed it; null while it stands.",
        metadata={"unit": "date"},
    )

    @pa.dataframe_check()
    def value_null_exactly_when_not_reported(cls, frame: pd.DataFrame) -> pd.Series:
        """A value is there exactly when its status is reported."""
        return frame["value"].notna() == (frame["status"] == "reported")

    @pa.dataframe_check()
    def changed_after_it_was_known(cls, frame: pd.DataFrame) -> pd.Series:
        """A value is changed on a later day than it was known from."""
        return frame["known_to"].isna() | (frame["known_to"] > frame["known_from"])

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = [*GRAIN, "known_from"]
        name = "marts.indicator_history"
