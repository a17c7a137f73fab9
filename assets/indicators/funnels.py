"""Funnels: which places lie outside what chance allows around the rate of their country."""

import numpy as np
import pandas as pd

from assets.indicators.age_groups import written
from assets.indicators.rows import indicator_rows, reliability, remark, with_part
from epi.small_areas import funnel_limits
from epi.standardise import standardised_ratio
from schemas.indicators import IndicatorCard

CRUDE_RATES = (
    "overdose_death_rate_crude",
    "overdose_death_rate_by_drug",
    "overdose_death_rate_county",
    "opioid_death_rate_crude",
    "stimulant_death_rate_crude",
    "overdose_ed_visit_rate_crude",
    "overdose_ed_visit_rate_county",
    "overdose_hospitalisation_rate_crude",
    "poisoning_ed_visit_rate_crude",
    "poisoning_hospitalisation_rate_crude",
)
"""Rates of events over people: only these have Poisson limits around a target."""

COUNTRIES = {"US": "USA", "CA": "CAN", "GB": "GBR", "AU": "AUS"}
LEVELS = {"county": r"[A-Z]{2}-\d{5}", "state": r"[A-Z]{2}-(?:[A-Z]{2,3}|E\d{8}|\d)"}
PARTS_OF_PARTS = ("US-NYC", "US-NY-XNYC")
FEWEST_PLACES = 5
LEAST_RATE = 2.0
"""Published rates are rounded to 0.1: below this one the people they imply are too coarse."""

_CAVEATS = (
    "Of twenty places on target one lies outside the 95 % limits by chance alone: 99.8 % is the alarm.",
    "Limits hold chance only. Large places differ by more than chance for many reasons: outside is no verdict.",
    "Crude rates: a place of other ages than its country differs for that reason too.",
    "The target is the country's own rate of the same source and period, else that of all its places together.",
)
_REFERENCES = ("Spiegelhalter 2005, funnel plots for comparing institutional performance", "OHID, Fingertips guidance")
_WAITS = "cdc_wonder, cdc_vsrr_county or another source with rates of states or counties (live or dropped in)"

RATIO = IndicatorCard(
    id="rate_against_country",
    number="9",
    title="Rate of a state, province or county against its country's",
    question="Does the place differ from its country by more than chance?",
    numerator="Events in the place",
    numerator_type="events",
    denominator="Events expected at the rate of the country",
    denominator_type="events",
    unit="ratio",
    polarity="lower",
    interval_method="Poisson limits of the events: exact (Garwood) below 10, Byar (Breslow-Day) from 10",
    suppression_rule="that of the rates it rests on",
    caveats=_CAVEATS,
    references=_REFERENCES,
    waits_for=_WAITS,
)
LIMITS = IndicatorCard(
    id="funnel_limit",
    number="9",
    title="Funnel limits of a place around its country's rate",
    question="How far may the rate of so small a place lie from its country's by chance?",
    numerator="Fewest or most events that are not surprising",
    numerator_type="events",
    denominator="Population",
    denominator_type="population",
    unit="unit of the value",
    polarity="none",
    interval_method="none: 95 % and 99.8 % prediction limits, each a row of its own",
    suppression_rule="that of the rates it rests on",
    caveats=_CAVEATS,
    references=_REFERENCES,
    waits_for=_WAITS,
)
CARDS = (RATIO, LIMITS)
_LIMITS = ("lower_95", "upper_95", "lower_99_8", "upper_99_8")


def compute(values: pd.DataFrame) -> pd.DataFrame:
    """Set every crude rate of a state, province or county against its country's, within funnel limits.

    Grain: area, period, and in ``strata`` the rate, its group and, for a limit, which.

    Args:
        values: Indicator rows.
    """
    rows = _places(values)
    if rows.empty:
        return pd.concat([indicator_rows(card, rows) for card in CARDS], ignore_index=True)
    ratio = standardised_ratio(rows["numerator"], rows["expected"])
    funnel = funnel_limits(rows["numerator"], rows["expected"], target=1, per=1)
    place = funnel["significance"].astype("str").str.replace("_", " ")
    words = place + ": chance allows " + written(funnel["lower_95"], "{:.2f}") + " to "
    words += written(funnel["upper_95"], "{:.2f}") + " (95 %), " + written(funnel["lower_99_8"], "{:.2f}") + " to "
    words += written(funnel["upper_99_8"], "{:.2f}") + " (99.8 %) around " + rows["around"]
    against = indicator_rows(
        RATIO,
        rows.assign(
            denominator=rows["expected"],
            value=ratio["value"],
            lower_95=ratio["lower"],
            upper_95=ratio["upper"],
            method="events / population x rate of the country; Poisson limits of the events",
            reason=remark(words, rows["reason"]),
            reliability=reliability(rows["numerator"]),
        ),
    )
    deaths = rows["unit"].str.startswith("deaths per ")
    limits = [
        rows[deaths].assign(
            strata=with_part(rows["strata"], "limit", pd.Series(name, index=rows.index)),
            value=(funnel[name] * rows["target_rate"])[deaths],
            numerator=(funnel[name] * rows["expected"])[deaths],
            denominator=rows["people"],
            method="prediction limit of a Poisson count around the rate of the country",
            reason=("around " + rows["around"])[deaths],
        )
        for name in _LIMITS
    ]
    joined = pd.concat(limits, ignore_index=True)
    empty = joined.assign(lower_95=np.nan, upper_95=np.nan)
    return pd.concat([against, indicator_rows(LIMITS, empty, unit=empty["unit"])], ignore_index=True)


def _places(values: pd.DataFrame) -> pd.DataFrame:
    """Give the reported rates of parts of countries, each with its people, its target and the events expected."""
    rows = values[values["indicator_id"].isin(CRUDE_RATES) & (values["status"] == "reported")]
    per = rows["unit"].map({unit: _per(unit) for unit in rows["unit"].unique()}).astype("float64")
    implied = (per * rows["numerator"] / rows["value"]).where(rows["value"] >= LEAST_RATE)
    rows = rows.assign(per=per, people=rows["denominator"].fillna(implied))
    rows = rows[rows["numerator"].notna() & (rows["people"] > 0)]
    level = pd.Series("", index=rows.index, dtype="str")
    for name, pattern in LEVELS.items():
        level = level.mask(rows["area_id"].str.fullmatch(pattern), name)
    country = rows["area_id"].str.slice(0, 2).map(COUNTRIES)
    keys = ["indicator_id", "strata", "period_start", "period_end"]
    own = rows[rows["area_id"].isin(COUNTRIES.values())]
    own = own.rename(columns={"area_id": "country", "value": "country_rate"})[["country", *keys, "country_rate"]]
    part = (level != "") & country.notna() & ~rows["area_id"].isin(PARTS_OF_PARTS)
    rows = rows.assign(level=level, country=country)[part]
    together = rows.groupby([*keys, "country", "level"])
    rate_of_all = together["numerator"].transform("sum") / together["people"].transform("sum") * rows["per"]
    rows = rows.assign(rate_of_all=rate_of_all, places=together["area_id"].transform("size"))
    rows = rows.merge(own, on=["country", *keys], how="left", validate="m:1")
    rows = rows[rows["country_rate"].notna() | (rows["places"] >= FEWEST_PLACES)].reset_index(drop=True)
    target = rows["country_rate"].fillna(rows["rate_of_all"])
    named = pd.Series("the country's rate of ", index=rows.index, dtype="str")
    named = named.mask(rows["country_rate"].isna(), "the rate of all places together, ")
    rows = rows.assign(
        target_rate=target,
        expected=rows["people"] * target / rows["per"],
        around=named + written(target, "{:.1f}"),
        strata=with_part(rows["strata"], "of", rows["indicator_id"]),
    )
    return rows[rows["expected"] > 0].reset_index(drop=True)


def _per(unit: str) -> float:
    """Give the multiplier of a unit such as deaths per 100,000 population; nan where it names none."""
    words = unit.partition(" per ")[2].split(" ")[0].replace(",", "")
    return {"million": 1e6}.get(words, float(words) if words.isdigit() else np.nan)
