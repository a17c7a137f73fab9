"""How much of what a value counts had arrived, and for how many people a death record tells no race."""

import numpy as np
import pandas as pd

from assets.indicators.age_groups import group_keys
from assets.indicators.measures import PLACE_AND_TIME, Measures
from assets.indicators.rows import indicator_rows, remark
from schemas.indicators import IndicatorCard

LEAST_COMPLETE_PCT = 90.0
"""No claim of a change is made from records less complete than this: the registry's rule, not an official text."""

CHANGE = "overdose_deaths_12_month_change_pct"
SMALLEST_COUNT = 10
_NOT_STATED = "origin not stated"
_SUDORS = "CDC, SUDORS Dashboard: Fatal Drug Overdose Data"

RACE_MISSING = IndicatorCard(
    id="race_missing_share",
    number="46",
    title="Deaths without a race or origin",
    question="How many deaths are in no group when rates by race and origin are compared?",
    numerator="Overdose deaths whose race or Hispanic origin is not known",
    numerator_type="deaths",
    denominator="Overdose deaths",
    denominator_type="deaths",
    unit="percent",
    polarity="lower",
    interval_method="range over hidden groups: each may stand for 1 to 9 deaths",
    suppression_rule="publisher's: 1-9 deaths hidden, with what would tell them",
    caveats=(
        "SUDORS: deaths less those of all groups shown; none where a group is hidden. WONDER: origin not stated.",
        "Rates by group are too low by about this share, and not for all groups alike.",
    ),
    references=(_SUDORS, "CDC WONDER, Multiple Cause of Death (D77)"),
    waits_for="cdc_sudors, or cdc_wonder by race and origin (dropped in)",
)
CARDS = (RACE_MISSING,)


def compute(measures: Measures) -> pd.DataFrame:
    """Make the rows on deaths without a race.

    Grain: area, period; the source in ``strata``.
    """
    return indicator_rows(RACE_MISSING, pd.concat([_sudors(measures), _wonder(measures)], ignore_index=True))


def _by_race(measures: Measures, measure_id: str, source_id: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give all deaths, and those of each race, of everybody else alike."""
    rows = measures.read(measure_id, (source_id,), calendar_year=True)
    rows = rows[(rows[group_keys("race_ethnicity", *PLACE_AND_TIME)] == "all").all(axis=1)]
    everybody = rows["race_ethnicity"] == "all"
    parts = rows[~everybody]
    known = rows[everybody & (rows["status"] == "reported") & (rows["value"] > 0)]
    return known[[*PLACE_AND_TIME, "value", "is_provisional", "source_id", "release"]], parts


def _sudors(measures: Measures) -> pd.DataFrame:
    """Take all deaths less those of the groups; a remainder of 1 to 9 is shown nowhere."""
    whole, parts = _by_race(measures, "unintentional_overdose_deaths", "cdc_sudors")
    of_groups = parts.assign(hidden=parts["status"] != "reported").groupby(PLACE_AND_TIME, as_index=False)
    sums = of_groups.agg(known=("value", "sum"), hidden=("hidden", "sum"))
    both = whole.merge(sums, on=PLACE_AND_TIME, validate="1:1")
    missing = both["value"] - both["known"]
    shown = (both["hidden"] == 0) & (missing >= 0) & ((missing == 0) | (missing >= SMALLEST_COUNT))
    hidden = both["hidden"].astype("int64").astype("str") + " groups hidden"
    few = pd.Series("1 to 9 deaths", index=both.index, dtype="str")
    return both.assign(
        strata="source=cdc_sudors",
        numerator=missing.where(shown),
        denominator=both["value"],
        value=(100 * missing / both["value"]).where(shown),
        status=pd.Series("reported", index=both.index).mask(~shown, "suppressed"),
        reason=few.where(both["hidden"] == 0, hidden).mask(shown, ""),
        method="100 x (deaths - deaths of all groups) / deaths",
        source_ids=both["source_id"],
    )


def _wonder(measures: Measures) -> pd.DataFrame:
    """Add up the groups whose origin is not stated; hidden ones widen the range."""
    whole, parts = _by_race(measures, "overdose_deaths", "cdc_wonder")
    unstated = parts[parts["race_ethnicity"].str.endswith(_NOT_STATED)]
    of_groups = unstated.assign(hidden=unstated["status"] == "suppressed").groupby(PLACE_AND_TIME, as_index=False)
    sums = of_groups.agg(missing=("value", "sum"), hidden=("hidden", "sum"))
    both = whole.merge(sums, on=PLACE_AND_TIME, validate="1:1")
    most = both["missing"] + (SMALLEST_COUNT - 1) * both["hidden"]
    words = both["hidden"].astype("int64").astype("str") + " groups of 1 to 9 deaths hidden: at least"
    return both.assign(
        strata="source=cdc_wonder",
        numerator=both["missing"],
        denominator=both["value"],
        value=100 * both["missing"] / both["value"],
        lower_95=100 * both["missing"] / both["value"],
        upper_95=100 * most / both["value"],
        status="reported",
        reason=words.where(both["hidden"] > 0, ""),
        method="100 x deaths whose Hispanic origin is not stated / deaths",
        source_ids=both["source_id"],
    )


def with_completeness(rows: pd.DataFrame, measures: Measures) -> pd.DataFrame:
    """Say of every value that rests on provisional records how complete they were; from too few no change is claimed.

    Args:
        rows: Indicator rows, all columns.
        measures: All measures.
    """
    known = measures.read("deaths_records_complete_pct", ("cdc_vsrr",), months=12, total=True)
    known = known[known["status"] == "reported"][[*PLACE_AND_TIME, "value"]]
    parts = known[known["area_id"].isin(["US-NYC", "US-NY-XNYC"])]
    # New York State is the city and the rest: as complete as the less complete of the two.
    state = parts.groupby(PLACE_AND_TIME[1:], as_index=False).agg(value=("value", "min"), parts=("value", "size"))
    state = state[state["parts"] == 2].drop(columns="parts").assign(area_id="US-NY")
    known = pd.concat([known[known["area_id"] != "US-NY"], state], ignore_index=True)
    provisional = {text: "cdc_vsrr" in text.split("+") for text in rows["source_ids"].unique()}
    found = rows[PLACE_AND_TIME].merge(known, on=PLACE_AND_TIME, how="left", validate="m:1")["value"].to_numpy()
    mine = rows["source_ids"].map(provisional).astype("bool")
    share = rows["completeness_pct"].where(~mine, rows["completeness_pct"].fillna(pd.Series(found, index=rows.index)))
    rows = rows.assign(completeness_pct=share)
    early = (rows["indicator_id"] == CHANGE) & (share < LEAST_COMPLETE_PCT) & (rows["status"] == "reported")
    if not early.any():
        return rows
    numbers = ["value", "lower_95", "upper_95"]
    words = pd.Series("", index=rows.index, dtype="str").mask(
        early, f"no claim: records less than {LEAST_COMPLETE_PCT:g} % complete"
    )
    return rows.assign(
        **{name: rows[name].mask(early, np.nan) for name in numbers},
        status=rows["status"].mask(early, "low_quality"),
        reason=remark(words, rows["reason"]).astype("str"),
        target_status=rows["target_status"].mask(early & (rows["target_status"] != "no_target"), "undetermined"),
    )
