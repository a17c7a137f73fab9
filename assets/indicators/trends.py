"""Trends: how fast death rates rise or fall, in percent a year, and when the pace changed."""

import pandas as pd

from assets.indicators.rows import indicator_rows, standard_errors, with_part
from epi.joinpoint import joinpoint_many
from schemas.indicators import GRAIN, IndicatorCard

FEWEST_YEARS = 8
_SERIES = ["indicator_id", "area_id", "strata"]
_REFERENCES = ("Kim et al. 2000, permutation tests for joinpoint regression", "NCI, Joinpoint Regression Program help")
_CAVEATS = (
    "Only full calendar years with final data; provisional years would pass for a fall.",
    f"No trend from fewer than {FEWEST_YEARS} years, or across a break in the series.",
    "A year without deaths has no logarithm: such a series has no trend here.",
)

APC = IndicatorCard(
    id="overdose_trend_apc",
    number="10",
    title="Annual percent change of death rates, by stretch of years",
    question="How fast do death rates rise or fall, and when did the pace change?",
    numerator="Slope of the log rate within a segment",
    numerator_type="rate",
    denominator="none",
    denominator_type="none",
    unit="percent per year",
    polarity="lower",
    interval_method="log-linear joinpoint model, weights 1/variance, t-based limits",
    suppression_rule="that of the rates it rests on",
    caveats=(*_CAVEATS, "Each value stands at the last year of its segment; the remark names the first."),
    references=_REFERENCES,
)
AAPC = IndicatorCard(
    id="overdose_trend_aapc",
    number="10",
    title="Average annual percent change of death rates over all years",
    question="How much did death rates change per year, over the whole series?",
    numerator="Mean slope of the log rate",
    numerator_type="rate",
    denominator="none",
    denominator_type="none",
    unit="percent per year",
    polarity="lower",
    interval_method="joinpoint model, segments weighted by length, parametric limits",
    suppression_rule="that of the rates it rests on",
    caveats=_CAVEATS,
    references=(*_REFERENCES, "Clegg et al. 2009, average annual percent change"),
)
CARDS = (APC, AAPC)


def compute(values: pd.DataFrame) -> pd.DataFrame:
    """Make the trends of every death rate with enough final years.

    Grain: rate, area, segment of years; the rate and its group are named in ``strata``.

    Args:
        values: Indicator rows, with their breaks.
    """
    series = _series(values)
    found = joinpoint_many(series[series["se"] > 0], by=_SERIES, year="year", rate="value", se="se")
    found = found[found["reason"] == ""].drop(columns="reason")
    last = series.drop_duplicates(_SERIES, keep="last")[[*_SERIES, "source_ids", "release"]]
    rows = found.merge(last, on=_SERIES, how="left", validate="m:1")
    end = rows["end"].astype("int64").astype("str")
    rows = rows.assign(
        strata=with_part(rows["strata"], "rate", rows["indicator_id"]),
        period_start=pd.to_datetime(end + "-01-01"),
        period_end=pd.to_datetime(end + "-12-31"),
        status="reported",
        is_provisional=False,
        years=rows["start"].astype("int64").astype("str") + " to " + end,
    )
    whole = rows.groupby(["area_id", "strata"], sort=False)
    first_year = whole["start"].transform("first").astype("int64").astype("str")
    joinpoints = rows["joinpoints"].astype("int64").astype("str")
    newest = rows["segment"] == whole["segment"].transform("max")
    segments = rows.assign(value=rows["apc"], lower_95=rows["lower"], upper_95=rows["upper"], reason=rows["years"])
    average = rows.assign(
        value=rows["aapc"],
        lower_95=rows["aapc_lower"],
        upper_95=rows["aapc_upper"],
        reason=first_year + " to " + end + ", " + joinpoints + " joinpoints",
    )
    return pd.concat(
        [
            indicator_rows(APC, segments.assign(method="joinpoint, weighted BIC, at most 3 joinpoints")),
            indicator_rows(AAPC, average[newest].assign(method="joinpoint, weighted BIC; parametric limits")),
        ],
        ignore_index=True,
    )


def _series(values: pd.DataFrame) -> pd.DataFrame:
    """Keep the death rates of full, final calendar years after the last break of each series."""
    years = values["period"].str.fullmatch(r"\d{4}")
    rates = values["unit"].str.startswith("deaths per ")
    kept = values[years & rates & (values["status"] == "reported") & ~values["is_provisional"]].sort_values(GRAIN)
    # Every break starts a new stretch; only the newest stretch of a series is one trend.
    stretch = (kept["series_break"] != "").groupby([kept[name] for name in _SERIES]).cumsum()
    newest = stretch == stretch.groupby([kept[name] for name in _SERIES]).transform("max")
    kept = kept[newest].assign(year=lambda rows: rows["period_end"].dt.year.astype("float64"))
    kept["se"] = standard_errors(kept)
    enough = kept.groupby(_SERIES)["value"].transform("size") >= FEWEST_YEARS
    return kept[enough & (kept.groupby(_SERIES)["value"].transform("min") > 0)]
