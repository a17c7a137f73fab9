"""The observation: one published value for one measure, area, period and group.

Every source ends in this one long table, and every indicator starts from it.
"""

from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

from schemas.measures import DRUGS, MEASURES

STATUSES = ("reported", "suppressed", "low_quality", "not_collected", "not_applicable", "withdrawn")
SEXES = ("all", "female", "male", "transgender", "unknown")

KEY = [
    "measure_id",
    "area_id",
    "period_start",
    "period_end",
    "sex",
    "age_group",
    "race_ethnicity",
    "drug",
    "population_group",
]
COLUMNS = ["source_id", "release", "snapshot_id", *KEY, "value", "lower", "upper", "status", "is_provisional", "note"]
TIDY_COLUMNS = [column for column in COLUMNS if column not in ("source_id", "release", "snapshot_id")]
GROUP_COLUMNS = ["sex", "age_group", "race_ethnicity", "drug", "population_group"]

_DTYPES = {
    **dict.fromkeys(["source_id", "release", "snapshot_id", "measure_id", "area_id", *GROUP_COLUMNS], "str"),
    "period_start": "datetime64[us]",
    "period_end": "datetime64[us]",
    "value": "float64",
    "lower": "float64",
    "upper": "float64",
    "status": "str",
    "is_provisional": "bool",
    "note": "str",
}


class Observation(pa.DataFrameModel):
    """One published value, as its publisher gave it, with the reason where there is none.

    Grain: source, release, measure, area, period, sex, age group, race and ethnicity, drug, population group.
    Windows of twelve months ending in a month overlap and are never summed.
    """

    source_id: Series[str] = pa.Field(description="Source that published the value; see meta.sources.")
    release: Series[str] = pa.Field(
        str_matches=r"^\d{4}-\d{2}-\d{2}(\.\d+)?$", description="Release of the source, by its date."
    )
    snapshot_id: Series[str] = pa.Field(description="Kept bytes the value was read from; see meta.snapshots.")
    measure_id: Series[str] = pa.Field(isin=list(MEASURES), description="What was measured; see meta.measures.")
    area_id: Series[str] = pa.Field(
        str_matches=r"^[A-Z]{2,3}(-[A-Z0-9]+)*$", description="Place the value is for; see meta.areas."
    )
    period_start: Series[np.dtype("datetime64[us]")] = pa.Field(  # type: ignore[valid-type]
        description="First day the value covers, inclusive.", metadata={"unit": "date"}
    )
    period_end: Series[np.dtype("datetime64[us]")] = pa.Field(  # type: ignore[valid-type]
        description="Last day the value covers, inclusive.", metadata={"unit": "date"}
    )
    sex: Series[str] = pa.Field(isin=list(SEXES), description="Sex; all for the total.")
    age_group: Series[str] = pa.Field(
        str_matches=r"^(all|unknown|\d+-\d+|\d+\+)$",
        description="Completed years of age, both ends inclusive; all for the total.",
        metadata={"unit": "years"},
    )
    race_ethnicity: Series[str] = pa.Field(
        str_length={"min_value": 1},
        description="Race and ethnicity in the publisher's classification; all for the total.",
    )
    drug: Series[str] = pa.Field(
        isin=list(DRUGS), description="Drug class involved; all for any drug. Classes overlap."
    )
    population_group: Series[str] = pa.Field(
        str_length={"min_value": 1}, description="Other group the value is for, such as prisoners; all for the total."
    )
    value: Series[float] = pa.Field(
        nullable=True, description="Published value; null exactly when status is not reported."
    )
    lower: Series[float] = pa.Field(nullable=True, description="Published lower limit, where the publisher gives one.")
    upper: Series[float] = pa.Field(nullable=True, description="Published upper limit, where the publisher gives one.")
    status: Series[str] = pa.Field(
        isin=list(STATUSES),
        description="Whether a value was reported, and if not, why. Suppressed is neither zero nor missing.",
    )
    is_provisional: Series[bool] = pa.Field(
        description="The publisher calls the value provisional, preliminary or predicted."
    )
    note: Series[str] = pa.Field(description="Publisher's remark in short; empty where there is none.")

    @pa.dataframe_check()
    def value_null_exactly_when_not_reported(cls, frame: pd.DataFrame) -> pd.Series:
        """A value is there exactly when its status is reported."""
        return frame["value"].notna() == (frame["status"] == "reported")

    @pa.dataframe_check()
    def period_ends_after_it_starts(cls, frame: pd.DataFrame) -> pd.Series:
        """A period does not end before it starts."""
        return frame["period_end"] >= frame["period_start"]

    @pa.dataframe_check()
    def limits_contain_value(cls, frame: pd.DataFrame) -> pd.Series:
        """Published limits, where given, lie on either side of the value."""
        below = frame["lower"].isna() | frame["value"].isna() | (frame["lower"] <= frame["value"])
        above = frame["upper"].isna() | frame["value"].isna() | (frame["upper"] >= frame["value"])
        return below & above

    @pa.dataframe_check()
    def value_within_the_measure_s_range(cls, frame: pd.DataFrame) -> pd.Series:
        """A value lies inside the range its measure's card allows."""
        least = frame["measure_id"].map({card.id: card.least for card in MEASURES.values()}).astype("float64")
        most = frame["measure_id"].map({card.id: card.most for card in MEASURES.values()}).astype("float64")
        low_enough = most.isna() | frame["value"].isna() | (frame["value"] <= most)
        high_enough = least.isna() | frame["value"].isna() | (frame["value"] >= least)
        return low_enough & high_enough

    class Config:
        """Every column is checked, and no other column is allowed."""

        unique: ClassVar[list[str]] = ["source_id", "release", *KEY]

        strict = True
        ordered = True
        name = "core.observations"


def as_observations(frame: pd.DataFrame, columns: list[str] | None = None) -> pd.DataFrame:
    """Give a frame the observation columns, in order, with their types.

    Totals that were left out become ``all``, limits null, notes empty. Nothing is invented: a column that has no
    such default must be there, or a KeyError names it.

    Args:
        frame: Rows in the observation layout, in any column order.
        columns: Columns wanted; all of them, or ``TIDY_COLUMNS`` before a source is stamped.
    """
    wanted = COLUMNS if columns is None else columns
    defaults = {**dict.fromkeys(GROUP_COLUMNS, "all"), "lower": np.nan, "upper": np.nan, "note": ""}
    missing: dict[str, Any] = {name: value for name, value in defaults.items() if name not in frame.columns}
    full = frame.assign(**missing)
    return full[wanted].astype({name: _DTYPES[name] for name in wanted}).reset_index(drop=True)
