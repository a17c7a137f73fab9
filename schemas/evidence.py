"""Evidence: the cited numbers that models run on, with where each was seen and what says otherwise."""

from typing import ClassVar

import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

TOPICS = ("effects", "rates", "utilities", "costs", "thresholds")
"""One file in ``data/evidence`` each."""

DISTRIBUTIONS = ("fixed", "beta", "gamma", "lognormal", "normal", "uniform", "triangular")
COLUMNS = [
    "parameter_id", "source_key", "value", "lower", "upper", "distribution", "unit", "population", "setting",
    "income_group", "study_design", "year", "currency", "cost_year", "citation", "identifier", "where_seen", "verified",
    "is_default", "conflicts_with", "note",
]  # fmt: skip
"""Columns of those files, in order."""

ID_PATTERN = r"^[a-z][a-z0-9_]*$"
MONEY = ("costs", "thresholds")


class Evidence(pa.DataFrameModel):
    """One published figure for one parameter, with where it was seen; alternatives stand side by side.

    Grain: parameter, source. A parameter with a verified figure has exactly one default; costs need a price year to be
    one. What was not seen on a named page is never a default. Values derived from printed ones say how in their note.
    """

    topic: Series[str] = pa.Field(isin=list(TOPICS), description="File in data/evidence.")
    parameter_id: Series[str] = pa.Field(str_matches=ID_PATTERN, description="Parameter, by the id that models use.")
    source_key: Series[str] = pa.Field(
        str_matches=ID_PATTERN, description="Source, by the name that a choice of it uses."
    )
    value: Series[float] = pa.Field(description="Point estimate, in the row's unit.")
    lower: Series[float] = pa.Field(nullable=True, description="Published lower limit; null where none was seen.")
    upper: Series[float] = pa.Field(nullable=True, description="Published upper limit; null where none was seen.")
    distribution: Series[str] = pa.Field(
        isin=list(DISTRIBUTIONS), description="How it is drawn; fixed where no interval was seen."
    )
    unit: Series[str] = pa.Field(str_length={"min_value": 3}, description="Unit of value and limits.")
    population: Series[str] = pa.Field(str_length={"min_value": 3}, description="People whom the figure is about.")
    setting: Series[str] = pa.Field(
        str_length={"min_value": 3}, description="Place; not stated where the page does not say."
    )
    income_group: Series[str] = pa.Field(
        str_length={"min_value": 3}, description="Income or development group of the place; not stated where unknown."
    )
    study_design: Series[str] = pa.Field(str_length={"min_value": 3}, description="Kind of study.")
    year: Series[pd.Int64Dtype] = pa.Field(
        nullable=True, ge=1980, le=2100, description="Year of the publication; null where not seen."
    )
    currency: Series[str] = pa.Field(
        str_matches=r"^([A-Z]{3})?$", description="Currency; GDP for a multiple of it; empty for other figures."
    )
    cost_year: Series[pd.Int64Dtype] = pa.Field(
        nullable=True, ge=1980, le=2100, description="Price year of a cost; null where not seen."
    )
    citation: Series[str] = pa.Field(str_length={"min_value": 4}, description="Authors or publisher, and title.")
    identifier: Series[str] = pa.Field(
        str_matches=r"^((doi|pmid|pmc) \S+)?$",
        description="DOI, PubMed or PubMed Central number; empty where not seen.",
    )
    where_seen: Series[str] = pa.Field(str_length={"min_value": 4}, description="Page and table it was read from.")
    verified: Series[bool] = pa.Field(description="Whether the figure was seen there.")
    is_default: Series[bool] = pa.Field(description="Whether models use it unless another source is chosen.")
    conflicts_with: Series[str] = pa.Field(
        description="Sources of the same parameter that say otherwise, joined by |; empty where none."
    )
    note: Series[str] = pa.Field(description="What to mind, and how a derived value was made.")

    @pa.dataframe_check()
    def interval_contains_value(cls, frame: pd.DataFrame) -> pd.Series:
        """Limits come in pairs and lie on either side of the value."""
        both = frame["lower"].notna() & frame["upper"].notna()
        none = frame["lower"].isna() & frame["upper"].isna()
        return none | (both & (frame["lower"] <= frame["value"]) & (frame["value"] <= frame["upper"]))

    @pa.dataframe_check()
    def distribution_has_what_it_needs(cls, frame: pd.DataFrame) -> pd.Series:
        """A fixed figure has no limits; any other has two that differ."""
        is_fixed = frame["distribution"] == "fixed"
        return (is_fixed & frame["lower"].isna()) | (~is_fixed & (frame["lower"] < frame["upper"]))

    @pa.dataframe_check()
    def distribution_can_hold_the_figures(cls, frame: pd.DataFrame) -> pd.Series:
        """Beta stays inside 0 and 1; gamma and lognormal stay above 0."""
        value, lower, upper = frame["value"], frame["lower"], frame["upper"]
        beta = (value > 0) & (value < 1) & (lower >= 0) & (upper <= 1)
        holds = pd.Series(True, index=frame.index)
        holds = holds.mask(frame["distribution"] == "beta", beta)
        holds = holds.mask(frame["distribution"] == "gamma", (value > 0) & (lower >= 0))
        return holds.mask(frame["distribution"] == "lognormal", lower > 0)

    @pa.dataframe_check()
    def shares_and_ratios_stay_in_range(cls, frame: pd.DataFrame) -> pd.Series:
        """Proportions and disability weights lie between 0 and 1, utilities not above 1, nothing else below 0."""
        value, unit = frame["value"], frame["unit"]
        return (value >= 0) & ~(unit.isin(["proportion", "disability weight", "utility"]) & (value > 1))

    @pa.dataframe_check()
    def money_has_a_currency(cls, frame: pd.DataFrame) -> pd.Series:
        """Costs and thresholds have a currency, and only they; the default among them has a price year."""
        is_money = frame["topic"].isin(MONEY)
        dated = frame["cost_year"].notna() | ~frame["is_default"]
        return (is_money & (frame["currency"] != "") & dated) | (~is_money & (frame["currency"] == ""))

    @pa.dataframe_check()
    def unverified_is_never_a_default(cls, frame: pd.DataFrame) -> pd.Series:
        """What was not seen is not used unless somebody asks for it by name."""
        return frame["verified"] | ~frame["is_default"]

    @pa.dataframe_check()
    def one_default_for_each_parameter(cls, frame: pd.DataFrame) -> pd.Series:
        """A parameter has one default, or none where no figure may be one."""
        may = frame["verified"] & (~frame["topic"].isin(MONEY) | frame["cost_year"].notna())
        possible = may.groupby(frame["parameter_id"]).transform("any")
        return frame.groupby("parameter_id")["is_default"].transform("sum") == possible.astype("int64")

    @pa.dataframe_check()
    def one_unit_for_each_parameter(cls, frame: pd.DataFrame) -> pd.Series:
        """All sources of a parameter give it in one unit, so that one can take another's place."""
        return frame.groupby("parameter_id")["unit"].transform("nunique") == 1

    @pa.dataframe_check()
    def conflicts_name_other_sources(cls, frame: pd.DataFrame) -> pd.Series:
        """A conflict names sources of the same parameter other than its own."""
        known = frame.groupby("parameter_id")["source_key"].agg(set)
        named = frame["conflicts_with"].str.split("|").map(lambda keys: {key for key in keys if key})
        others = [
            known[parameter] - {source}
            for parameter, source in zip(frame["parameter_id"], frame["source_key"], strict=True)
        ]
        return pd.Series([found <= wanted for found, wanted in zip(named, others, strict=True)], index=frame.index)

    @pa.dataframe_check()
    def figures_apart_name_each_other(cls, frame: pd.DataFrame) -> pd.Series:
        """Verified figures of one parameter in one currency whose intervals do not meet stand as conflicts."""
        low, high = frame["lower"].fillna(frame["value"]), frame["upper"].fillna(frame["value"])
        keys = ["parameter_id", "currency", "source_key", "conflicts_with"]
        own = frame.assign(low=low, high=high, row=frame.index)[[*keys, "low", "high", "row"]][frame["verified"]]
        pairs = own.merge(own, on=["parameter_id", "currency"], suffixes=("", "_other"))
        apart = (pairs["low"] > pairs["high_other"]) | (pairs["low_other"] > pairs["high"])
        named = [
            other in conflicts.split("|")
            for other, conflicts in zip(pairs["source_key_other"], pairs["conflicts_with"], strict=True)
        ]
        return ~frame.index.to_series().isin(pairs.loc[apart & ~pd.Series(named, dtype=bool), "row"])

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = ["parameter_id", "source_key"]
        name = "evidence"


class ParameterRow(Evidence):
    """Every figure that models can run on: its source, where it was seen, and the alternatives to it.

    Grain: parameter, source. `is_default` marks what the published analyses use.
    """

    class Config(Evidence.Config):
        """The evidence's rules; only the name differs."""

        name = "meta.parameters"
