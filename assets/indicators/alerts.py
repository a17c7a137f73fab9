"""Alerts: is the newest month of overdoses above what its own past leads one to expect?"""

import numpy as np
import pandas as pd

from assets.indicators.age_groups import group_keys, written
from assets.indicators.measures import Measures, strata
from assets.indicators.rows import indicator_rows, remark, with_part
from epi.aberration import EarsMethod, ears, farrington_many
from schemas.indicators import IndicatorCard

SERIES = (
    ("consumption_site_overdoses", "phac_consumption_sites"),
    ("overdose_ed_visits", "cdc_dose_discharge"),
    ("overdose_hospitalisations", "cdc_dose_discharge"),
    ("unintentional_overdose_deaths", "cdc_sudors"),
)
"""Monthly counts that are watched, and their source."""

MONTHS_SHOWN = 6
EARS_BASELINE = 7
FARRINGTON_YEARS = 5
FARRINGTON = "Farrington flexible"
METHODS: tuple[EarsMethod, ...] = ("C1", "C2", "C3")

ALERT = IndicatorCard(
    id="overdose_alert",
    number="14",
    title="Month with more overdoses than its past leads one to expect",
    question="Is something happening that was not there before?",
    numerator="Overdoses of the month",
    numerator_type="events",
    denominator="Overdoses expected",
    denominator_type="events",
    unit="1 alert, 0 none",
    polarity="lower",
    interval_method="none: the remark gives the upper bound",
    suppression_rule="publisher's: a hidden month is not assessed",
    caveats=(
        "A reason to look, not a finding: many series are many tests, and some months are above by chance.",
        "EARS looks back 7 months and knows no season; Farrington needs 5 years, and sets the season aside.",
        "Data come months late: an alert here is for learning, not for sending out a warning.",
        "Numbers of sites or jurisdictions that report change, and can raise a count alone.",
    ),
    references=(
        "Hutwagner et al. 2003, the EARS methods",
        "Noufaily et al. 2013, an improved algorithm for outbreak detection",
    ),
    waits_for="phac_consumption_sites by month, cdc_dose_discharge or cdc_sudors (dropped in)",
)
CARDS = (ALERT,)


def compute(measures: Measures) -> pd.DataFrame:
    """Assess the newest six months of every monthly series of overdoses, by four methods.

    Grain: area, month; in ``strata`` the measure, the drug and the method.
    """
    months = [measures.read(measure, (source,), months=1).assign(measure=measure) for measure, source in SERIES]
    rows = pd.concat(months, ignore_index=True)
    everybody = (rows[["sex", "age_group", "race_ethnicity", "population_group"]] == "all").all(axis=1)
    rows = rows[everybody & rows["drug"].isin(["all", "opioids"])].reset_index(drop=True)
    assessed = [_assess(rows[rows["measure"] == measure]) for measure, _ in SERIES]
    return _alert_rows(pd.concat([part for part in assessed if len(part)] or [_nothing(rows)], ignore_index=True))


def _nothing(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.iloc[:0].assign(count=np.nan, expected=np.nan, upper_bound=np.nan, alarm=np.nan, why="", method_name="")


def _assess(rows: pd.DataFrame) -> pd.DataFrame:
    """Assess one measure's series: months x series, a hidden or absent month having no count."""
    if rows.empty:
        return rows
    keys = group_keys("period_start", "period_end")
    rows = rows.assign(series=rows.groupby(keys, sort=False).ngroup())
    calendar = pd.date_range(rows["period_start"].min(), rows["period_start"].max(), freq="MS")
    table = rows.pivot_table("value", "period_start", "series", aggfunc="first", dropna=False).reindex(calendar)
    parts = [_ears(table, method) for method in METHODS]
    long = table.rename_axis("period").reset_index().melt("period", var_name="series", value_name="count")
    flexible = farrington_many(
        long, by="series", assess=MONTHS_SHOWN, years=FARRINGTON_YEARS, season=12, half_window=1, levels=4, guard=6
    )
    parts.append(flexible.assign(method_name=FARRINGTON))
    found = pd.concat(parts, ignore_index=True)[
        ["series", "period", "count", "expected", "upper", "alarm", "reason", "method_name"]
    ].rename(columns={"period": "period_start", "upper": "upper_bound", "reason": "why"})
    found["period_start"] = found["period_start"].astype("datetime64[us]")
    newest = rows.groupby("series")["period_start"].transform("max")
    # A series too short for a method has no row of it, rather than one for each month that says so.
    assessed = found["alarm"].notna().groupby([found["series"], found["method_name"]]).transform("any")
    found = found[(found["why"] != "baseline too short") & (assessed | (found["method_name"] != FARRINGTON))]
    recent = rows[rows["period_start"] > newest - pd.DateOffset(months=MONTHS_SHOWN)]
    return found.merge(
        recent.drop(columns=["lower", "upper", "value"]), on=["series", "period_start"], validate="m:1"
    ).drop(columns="series")


def _ears(table: pd.DataFrame, method: EarsMethod) -> pd.DataFrame:
    made = ears(table, method, baseline=EARS_BASELINE, minimum_sd=1.0)
    made.index = made.index.set_names(["series", "period"])
    return made.reset_index().assign(method_name=f"EARS {method}")


def _alert_rows(frame: pd.DataFrame) -> pd.DataFrame:
    assessed = frame["alarm"].notna() & (frame["status"] == "reported")
    numbers = written(frame["expected"], "{:.1f}") + " expected, alert above "
    numbers += written(frame["upper_bound"], "{:.1f}")
    # C3 may alert whatever the count, for what the months before have added up to.
    numbers = numbers.mask(frame["upper_bound"].isna(), "the months before alert by themselves").where(assessed, "")
    status = frame["status"].mask((frame["status"] == "reported") & ~assessed, "not_applicable")
    named = with_part(with_part(strata(frame), "method", frame["method_name"]), "of", frame["measure"])
    return indicator_rows(
        ALERT,
        frame.assign(
            strata=named,
            value=frame["alarm"].astype("Float64").astype("float64").where(assessed),
            numerator=frame["count"].where(assessed),
            denominator=frame["expected"].where(assessed),
            method=frame["method_name"],
            status=status,
            reason=remark(frame["note"], numbers, frame["why"]),
            reliability="not_assessed",
            source_ids=frame["source_id"],
        ),
    )
