"""Indicators: the card that defines one, and the table that holds their values."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

from schemas.observations import STATUSES

TARGET_STATUSES = ("met", "not_met", "undetermined", "no_target")
RELIABILITIES = ("reliable", "unreliable", "not_assessed")

GRAIN = ["indicator_id", "area_id", "period_start", "period_end", "strata"]
COLUMNS = [
    "indicator_id",
    "area_id",
    "period",
    "period_start",
    "period_end",
    "strata",
    "value",
    "lower_95",
    "upper_95",
    "numerator",
    "denominator",
    "denominator_low",
    "denominator_high",
    "unit",
    "method",
    "status",
    "reason",
    "reliability",
    "completeness_pct",
    "is_provisional",
    "series_break",
    "target",
    "target_status",
    "source_ids",
    "release",
]


@dataclass(frozen=True)
class Target:
    """A level to reach, with the words it was seen in."""

    value: float
    by_year: int | None
    source: str
    verified: bool


@dataclass(frozen=True)
class IndicatorCard:
    """Definition of one indicator: what is counted, over what, and how its uncertainty is found."""

    id: str
    number: str
    """Number in the registry of 46; text, since 1.10 is not 1.1. Empty for an additional one."""

    title: str
    question: str
    numerator: str
    numerator_type: str
    denominator: str
    denominator_type: str
    unit: str
    polarity: str
    """lower or higher: which way is better; none where neither is."""

    interval_method: str
    suppression_rule: str
    caveats: tuple[str, ...]
    references: tuple[str, ...]
    standard: str = "none"
    targets: tuple[Target, ...] = ()
    owner: str = "hre"
    version: int = 1
    waits_for: str = ""
    """Source whose file the indicator needs and which is not at hand by default; empty where figures suffice."""

    @property
    def target(self) -> Target | None:
        """The verified target that values are held against; the first listed leads."""
        return next((target for target in self.targets if target.verified), None)


class IndicatorValue(pa.DataFrameModel):
    """One value of one indicator, with its interval, its method and where it comes from. Start here.

    Grain: indicator, area, period, strata. Every row names its sources and their release.
    """

    indicator_id: Series[str] = pa.Field(description="Indicator; see meta.indicators.")
    area_id: Series[str] = pa.Field(description="Place; see meta.areas.")
    period: Series[str] = pa.Field(
        description="Label of the period: 2021, 2021-12, 12 months to 2021-12, or 2025-01 to 2025-09."
    )
    period_start: Series[np.dtype("datetime64[us]")] = pa.Field(  # type: ignore[valid-type]
        description="First day, inclusive.", metadata={"unit": "date"}
    )
    period_end: Series[np.dtype("datetime64[us]")] = pa.Field(  # type: ignore[valid-type]
        description="Last day, inclusive.", metadata={"unit": "date"}
    )
    strata: Series[str] = pa.Field(
        str_matches=r"^(all|[a-z_]+=[^;=]+(;[a-z_]+=[^;=]+)*)$",
        description="all, or the group the value is for, such as drug=heroin;sex=female.",
    )
    value: Series[float] = pa.Field(nullable=True, description="Value; null exactly when status is not reported.")
    lower_95: Series[float] = pa.Field(nullable=True, description="Lower end of the 95 % interval, where one is known.")
    upper_95: Series[float] = pa.Field(nullable=True, description="Upper end of the 95 % interval, where one is known.")
    numerator: Series[float] = pa.Field(
        nullable=True, description="Count above the line, where it was used or published."
    )
    denominator: Series[float] = pa.Field(nullable=True, description="Population or count below the line, where used.")
    denominator_low: Series[float] = pa.Field(
        nullable=True, description="Low estimate of the denominator, where published."
    )
    denominator_high: Series[float] = pa.Field(
        nullable=True, description="High estimate of the denominator, where published."
    )
    unit: Series[str] = pa.Field(description="Unit of value and interval.")
    method: Series[str] = pa.Field(description="How value and interval were found.")
    status: Series[str] = pa.Field(isin=list(STATUSES), description="Whether there is a value, and if not, why.")
    reason: Series[str] = pa.Field(
        description="Why there is no value, or what to mind; empty where there is nothing to say."
    )
    reliability: Series[str] = pa.Field(
        isin=list(RELIABILITIES), description="unreliable below 20 events; not_assessed where no count is published."
    )
    completeness_pct: Series[float] = pa.Field(
        nullable=True,
        ge=0,
        description="Share of the records expected for the period that had arrived, where the publisher says.",
        metadata={"unit": "percent"},
    )
    is_provisional: Series[bool] = pa.Field(
        description="Any of the values it rests on is provisional, predicted or projected."
    )
    series_break: Series[str] = pa.Field(
        description="Why the value cannot be read as a change from the one before it in its series (another source, "
        "another estimate of the population, another definition); empty where it can."
    )
    target: Series[float] = pa.Field(nullable=True, description="Verified target, where there is one.")
    target_status: Series[str] = pa.Field(
        isin=list(TARGET_STATUSES),
        description="met, not_met, undetermined (the interval straddles the target) or no_target.",
    )
    source_ids: Series[str] = pa.Field(str_length={"min_value": 3}, description="Sources, joined by a plus sign.")
    release: Series[str] = pa.Field(str_length={"min_value": 10}, description="Their releases, in the same order.")

    @pa.dataframe_check()
    def value_null_exactly_when_not_reported(cls, frame: pd.DataFrame) -> pd.Series:
        """A value is there exactly when its status is reported."""
        return frame["value"].notna() == (frame["status"] == "reported")

    @pa.dataframe_check()
    def interval_contains_value(cls, frame: pd.DataFrame) -> pd.Series:
        """The interval, where there is one, contains the value."""
        low = frame["lower_95"].isna() | frame["value"].isna() | (frame["lower_95"] <= frame["value"])
        high = frame["upper_95"].isna() | frame["value"].isna() | (frame["upper_95"] >= frame["value"])
        return low & high

    @pa.dataframe_check()
    def period_of_at_most_a_year(cls, frame: pd.DataFrame) -> pd.Series:
        """No value covers more than a year: windows of twelve months are never summed."""
        return (frame["period_end"] - frame["period_start"]).dt.days <= 366

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = GRAIN
        name = "marts.indicator_values"


def period_label(start: pd.Series, end: pd.Series) -> pd.Series:
    """Name periods: a calendar year, a month, twelve months to a month, or a span of months.

    Args:
        start: First days, datetime64.
        end: Last days, datetime64, same length.
    """
    months = (end.dt.year - start.dt.year) * 12 + end.dt.month - start.dt.month + 1
    last = end.dt.strftime("%Y-%m")
    label: pd.Series = start.dt.strftime("%Y-%m") + " to " + last
    label = label.mask(months == 1, last)
    label = label.mask(months == 12, "12 months to " + last)
    return label.mask((months == 12) & (start.dt.month == 1), end.dt.strftime("%Y"))
