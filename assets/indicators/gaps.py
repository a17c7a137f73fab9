"""Gaps between groups over time, and slopes over groups that have an order."""

import numpy as np
import pandas as pd

from assets.indicators.age_groups import bounds
from assets.indicators.rows import indicator_rows, part_of, standard_errors, with_part, without_part
from epi.equity import inequality
from epi.linear_trends import linear_trends
from schemas.indicators import IndicatorCard

FEWEST_YEARS = 5
FEWEST_GROUPS = 5
DRAWS = 200
_SERIES = ["indicator_id", "area_id", "strata"]
_WHO = ("WHO, Health Equity Assessment Toolkit", "Schlotheuber and Hosseinpoor 2022, summary measures of inequality")
_BOTH_ARMS = "both groups must be shown; the publisher's rules hold for each"
_TREND_CAVEATS = (
    f"At least {FEWEST_YEARS} full calendar years with final data, after the last break of either group's series.",
    "One straight line: a gap that widened and then closed can have no trend. Read the yearly gaps beside it.",
    "The relative and the absolute gap can move in opposite directions: read both.",
)
_AGE_CAVEATS = (
    "Ages have an order but none of them is the disadvantaged one: a slope says how steeply the value climbs with age, "
    "and little where it peaks in the middle.",
    f"At least {FEWEST_GROUPS} ages that do not overlap, each with a value and its people.",
)


def _card(id: str, number: str, title: str, question: str, unit: str, interval: str, **more: object) -> IndicatorCard:
    plain: dict[str, object] = {
        "numerator_type": "rate",
        "denominator_type": "value",
        "polarity": "none",
        "suppression_rule": _BOTH_ARMS,
        "references": _WHO,
        "waits_for": "five years of a source with groups, such as nchs_drug_poisoning (live or dropped in)",
    }
    return IndicatorCard(id, number, title, question, unit=unit, interval_method=interval, **{**plain, **more})  # type: ignore[arg-type]


RATIO_TREND = _card(
    "group_ratio_trend", "41", "Trend of the ratio between groups", "Does the relative gap between groups close?",
    "percent per year", "log-linear, weights 1/variance, t-based limits", numerator="Slope of the log ratio",
    denominator="none", denominator_type="none", caveats=_TREND_CAVEATS,
)  # fmt: skip
DIFFERENCE_TREND = _card(
    "group_difference_trend", "41", "Trend of the difference between groups",
    "Does the absolute gap between groups close?", "unit of the value", "linear, weights 1/variance, t-based limits",
    numerator="Slope of the difference", denominator="none", denominator_type="none", caveats=_TREND_CAVEATS,
)  # fmt: skip
SLOPE = _card(
    "slope_index_over_age", "42", "Slope index over ages", "How much higher is the value of the oldest than of the "
    "youngest, over all ages?", "unit of the value", f"{DRAWS:,} draws of each age's value from its interval",
    numerator="Value the fitted line has at the oldest", denominator="Value it has at the youngest",
    caveats=_AGE_CAVEATS,
)  # fmt: skip
RELATIVE = _card(
    "relative_index_over_age", "42", "Relative index over ages", "How many times as high is the value of the oldest as "
    "of the youngest, over all ages?", "ratio", f"{DRAWS:,} draws of each age's value from its interval",
    numerator="Value the fitted line has at the oldest", denominator="Value it has at the youngest",
    caveats=_AGE_CAVEATS,
)  # fmt: skip
CARDS = (RATIO_TREND, DIFFERENCE_TREND, SLOPE, RELATIVE)
_FOLLOWED = {"group_ratio": RATIO_TREND, "group_difference": DIFFERENCE_TREND}


def trends(groups: pd.DataFrame) -> pd.DataFrame:
    """Follow the gaps between groups over full, final years.

    Grain: ratio or difference, area, group and what it is of.

    Args:
        groups: Rows of the ratios and differences between groups.
    """
    yearly = groups["period"].str.fullmatch(r"\d{4}") & (groups["status"] == "reported") & ~groups["is_provisional"]
    rows = groups[yearly].sort_values([*_SERIES, "period_end"], kind="stable")
    # A break starts a new stretch: only the newest is one trend.
    keys = [rows[name] for name in _SERIES]
    stretch = (rows["series_break"] != "").groupby(keys).cumsum()
    rows = rows[stretch == stretch.groupby(keys).transform("max")]
    rows = rows.assign(year=rows["period_end"].dt.year.astype("float64"))
    rows = rows[rows.groupby(_SERIES)["year"].transform("size") >= FEWEST_YEARS]
    # Limits of a ratio are symmetric on the log scale: its error there, times the ratio, is the one that fits.
    log_error = standard_errors(
        pd.DataFrame({name: np.log(rows[name].where(rows[name] > 0)) for name in ("lower_95", "upper_95")})
    )
    rows = rows.assign(se=standard_errors(rows).where(rows["indicator_id"] != "group_ratio", log_error * rows["value"]))
    return pd.concat([_trend(rows, name, card) for name, card in _FOLLOWED.items()], ignore_index=True)


def _trend(rows: pd.DataFrame, indicator_id: str, card: IndicatorCard) -> pd.DataFrame:
    own = rows[rows["indicator_id"] == indicator_id]
    found = linear_trends(own, _SERIES, log=card is RATIO_TREND)
    last = own.drop_duplicates(_SERIES, keep="last")[[*_SERIES, "unit", "source_ids", "release"]]
    found = found.merge(last, on=_SERIES, how="left", validate="1:1")
    first, end = (found[name].astype("int64").astype("str") for name in ("start", "end"))
    method = pd.Series("straight line, weights 1/variance", index=found.index, dtype="str")
    return indicator_rows(
        card,
        found.assign(
            period_start=pd.to_datetime(end + "-01-01").astype("datetime64[us]"),
            period_end=pd.to_datetime(end + "-12-31").astype("datetime64[us]"),
            lower_95=found["lower"],
            upper_95=found["upper"],
            status="reported",
            is_provisional=False,
            method=method.mask(~found["weighted"].astype("bool"), "straight line, all years alike"),
            reason=(first + " to " + end + ", " + found["points"].astype("str") + " years").astype("str"),
        ),
        unit=None if card is RATIO_TREND else (found["unit"] + ", change per year").astype("str"),
    )


def slopes(values: pd.DataFrame) -> pd.DataFrame:
    """Fit a line over the ages of every indicator that gives at least five of them with their people.

    Grain: slope or relative index, area, period, other groups and the indicator.

    Args:
        values: Indicator rows.
    """
    label = part_of(values["strata"], "age_group")
    aged = label.notna() & values["unit"].isin([unit for unit in values["unit"].unique() if " per " in unit])
    rows = values[aged].assign(age=label[aged])
    rows = rows.assign(others=without_part(rows["strata"], "age_group"))
    keys = ["indicator_id", "area_id", "period", "period_start", "period_end", "others"]
    rows["hidden"] = (rows["status"] != "reported").groupby([rows[key] for key in keys]).transform("sum")
    rows = rows[(rows["status"] == "reported") & (rows["denominator"] > 0)]
    spans = {name: bounds(name) for name in rows["age"].unique()}
    rows = rows.assign(
        first=rows["age"].map({name: float(span[0]) for name, span in spans.items()}).astype("float64"),
        last=rows["age"].map({name: span[1] for name, span in spans.items()}).astype("float64"),
    ).sort_values([*keys, "first", "last"], kind="stable")
    overlaps = (rows["first"] <= rows.groupby(keys)["last"].shift()).groupby([rows[key] for key in keys])
    enough = rows.groupby(keys)["age"].transform("size") >= FEWEST_GROUPS
    rows = rows[~overlaps.transform("any") & enough]
    if rows.empty:
        return indicator_rows(SLOPE, rows)
    found = inequality(
        rows, by=keys, group="age", population="denominator", lower="lower_95", upper="upper_95", order="first",
        measures=["slope_index_of_inequality", "relative_index_of_inequality"], model="log", draws=DRAWS,
    )  # fmt: skip
    about = rows.groupby(keys, as_index=False).agg(
        unit=("unit", "first"), source_ids=("source_ids", "first"), release=("release", "first"),
        is_provisional=("is_provisional", "any"), series_break=("series_break", "max"), hidden=("hidden", "first"),
    )  # fmt: skip
    found = found.merge(about, on=keys, how="left", validate="m:1")
    groups = found["groups"].astype("int64").astype("str") + " ages"
    groups += (", " + found["hidden"].astype("int64").astype("str") + " left out").where(found["hidden"] > 0, "")
    found = found.assign(
        strata=with_part(found["others"], "of", found["indicator_id"]),
        lower_95=found["lower"],
        upper_95=found["upper"],
        status=pd.Series("reported", index=found.index).mask(found["value"].isna(), "not_applicable"),
        reason=(groups + (", " + found["reason"].astype("str")).where(found["reason"] != "", "")).astype("str"),
        method="log-linear fit over ages ranked by their share of the population, youngest first",
    )
    slope = found[found["measure"] == "slope_index_of_inequality"].reset_index(drop=True)
    relative = found[found["measure"] == "relative_index_of_inequality"].reset_index(drop=True)
    return pd.concat(
        [indicator_rows(SLOPE, slope, unit=slope["unit"]), indicator_rows(RELATIVE, relative)], ignore_index=True
    )
