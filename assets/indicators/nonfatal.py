"""Overdoses that people survive: visits, hospital stays, their share of all visits, and deaths beside them."""

import numpy as np
import pandas as pd

from assets.indicators.age_groups import band_weights, group_keys, joined, summed, written
from assets.indicators.measures import PLACE_AND_TIME, Measures, pair, strata
from assets.indicators.nonfatal_cards import (
    CARDS,
    ED_CHANGE,
    ED_CRUDE,
    ED_STANDARDISED,
    FATALITY,
    HOSPITAL_CHANGE,
    HOSPITAL_CRUDE,
    HOSPITAL_STANDARDISED,
    PHAC_ED,
    PHAC_HOSPITAL,
    REPEAT,
    SHARE,
    SHARE_CHANGE,
)
from assets.indicators.overdose import scaled_interval
from assets.indicators.rows import indicator_rows, provenance, reliability, remark
from epi.intervals import binomial_interval
from epi.rates import rate_ratio
from epi.repeat_events import repeat_event_counts, repeat_event_rate
from epi.standardise import direct_rate
from schemas.indicators import IndicatorCard

__all__ = ["CARDS", "compute", "repeat_rows"]

AGES = ("0-14", "15-24", "25-34", "35-54", "55+")
LEAST_RATE = 2.0
_DOSE = ("cdc_dose_discharge",)
_PHAC = ("phac_substance_harms",)


def compute(measures: Measures) -> pd.DataFrame:
    """Make the rows of the indicators of overdoses that people survive.

    Grain: indicator, area, period, strata.
    """
    visits = measures.read("overdose_ed_visits", _DOSE, calendar_year=True)
    stays = measures.read("overdose_hospitalisations", _DOSE, calendar_year=True)
    visit_rates = measures.read("overdose_ed_visit_rate_crude_per_100k", _DOSE, calendar_year=True)
    stay_rates = measures.read("overdose_hospitalisation_rate_crude_per_100k", _DOSE, calendar_year=True)
    shares = measures.read("overdose_ed_visits_share_per_10k", ("cdc_dose_syndromic",), months=12)
    return pd.concat(
        [
            _standardised(ED_STANDARDISED, measures, visits),
            _standardised(HOSPITAL_STANDARDISED, measures, stays),
            _published(ED_CRUDE, visit_rates, visits),
            _published(HOSPITAL_CRUDE, stay_rates, stays),
            _change(ED_CHANGE, visits, visit_rates),
            _change(HOSPITAL_CHANGE, stays, stay_rates),
            _published(PHAC_HOSPITAL, *_canada(measures, "hospitalisation")),
            _published(PHAC_ED, *_canada(measures, "ed_visit")),
            _shares(shares),
            _share_change(shares),
            _fatality(measures),
        ],
        ignore_index=True,
    )


def _standardised(card: IndicatorCard, measures: Measures, events: pd.DataFrame) -> pd.DataFrame:
    """Standardise the events of all jurisdictions together, for each sex and for both."""
    people = measures.read("resident_population", _DOSE, calendar_year=True)
    people = people[people["age_group"].isin(AGES)]
    keys = group_keys("drug")
    aged = joined(events[events["age_group"].isin(AGES) & (events["sex"] != "all")], people, keys, "people")
    ageless, sexless = group_keys("age_group"), group_keys("sex")
    halves = summed(aged, sexless)
    total = aged.groupby(sexless, as_index=False).agg(
        value_people=("value_people", "sum"), source_id_people=("source_id_people", "first"),
        release_people=("release_people", "max"),
    )  # fmt: skip
    # Both sexes are only there where both halves are.
    both = halves[halves["parts"] == 2].merge(total, on=sexless, validate="1:1").assign(sex="all")
    frame = pd.concat([aged, both.drop(columns="parts")], ignore_index=True)
    frame = frame.assign(weight=frame["age_group"].map(band_weights("us_2000_11", AGES)).astype("float64"))
    totals = summed(frame, ageless)
    whole = totals[totals["parts"] == len(AGES)]
    rate = direct_rate(
        frame.merge(whole[ageless], on=ageless, validate="m:1"), ageless, count="value", population="value_people"
    )
    rows = whole.merge(rate.drop(columns="count"), on=ageless, suffixes=("", "_rate"), validate="1:1")
    return indicator_rows(
        card,
        rows.assign(
            strata=strata(rows.assign(age_group="all")),
            numerator=rows["value"],
            denominator=rows["population"].where(rows["value"].notna()),
            value=rows["value_rate"],
            lower_95=rows["lower"],
            upper_95=rows["upper"],
            method="sum of weight x events / population over 5 age groups; gamma limits (Tiwari)",
            reason=rows["note"],
            reliability=reliability(rows["value"]),
            source_ids=rows["source_id"],
        ),
    )


def _published(card: IndicatorCard, rates: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Give published crude rates with the Poisson interval of their count."""
    frame = pair(rates, events, group_keys(), "events")
    limits = scaled_interval(frame["value"], frame["value_events"])
    return indicator_rows(
        card,
        frame.assign(
            strata=strata(frame),
            numerator=frame["value_events"].where(frame["value"].notna()),
            lower_95=limits["lower"],
            upper_95=limits["upper"],
            method="rate as published; Poisson interval of the count scaled to it",
            reason=frame["note"],
            reliability=reliability(frame["value_events"]),
            source_ids=frame["source_id"],
        ),
    )


def _canada(measures: Measures, kind: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give Canada's rates and counts of whole years and of the newest part of a year, by drug and sex."""
    rates, counts = [], []
    for drug in ("opioid", "stimulant"):
        rates.append(measures.read(f"{drug}_{kind}_rate_crude_per_100k", _PHAC).assign(drug=f"{drug}s"))
        found = measures.read(f"{drug}_{kind}s", _PHAC).assign(drug=f"{drug}s")
        sexes = summed(found[found["age_group"] != "all"], group_keys("age_group"))
        sexes = sexes[sexes["parts"] == sexes["parts"].max()].drop(columns="parts") if len(sexes) else sexes
        extra = sexes.assign(age_group="all", lower=np.nan, upper=np.nan)
        counts += [found[found["age_group"] == "all"], extra[[*group_keys(), *_OBSERVED]]]
    rate, count = pd.concat(rates, ignore_index=True), pd.concat(counts, ignore_index=True)
    start, end = rate["period_start"], rate["period_end"]
    return rate[(start.dt.month == 1) & (start.dt.year == end.dt.year) & (end.dt.month > 3)], count


_OBSERVED = ["value", "lower", "upper", "status", "is_provisional", "source_id", "release", "note"]


def _change(card: IndicatorCard, events: pd.DataFrame, rates: pd.DataFrame) -> pd.DataFrame:
    """Compare each year's rate with the year before, the population being the one that the published rate implies."""
    totals = events["age_group"].eq("all") & events["sex"].eq("all")
    frame = pair(events[totals], rates, group_keys(), "rate", how="inner")
    # Rates are rounded to 0.1: below this one the population they imply is too coarse.
    frame = frame[(frame["value"] > 0) & (frame["value_rate"] >= LEAST_RATE)]
    frame = frame.assign(people=100_000 * frame["value"] / frame["value_rate"], year=frame["period_end"].dt.year)
    keys = [*group_keys("period_start", "period_end"), "year"]
    before = frame.assign(year=frame["year"] + 1)[[*keys, "value", "people", "value_rate", "note"]]
    both = frame.merge(before, on=keys, suffixes=("", "_before"), validate="1:1")
    ratio = rate_ratio(both["value"], both["people"], both["value_before"], both["people_before"])
    low, high = 100 * (ratio["lower"] - 1), 100 * (ratio["upper"] - 1)
    words = pd.Series("no significant change", index=both.index, dtype="str")
    words = words.mask(low > 0, "significant rise").mask(high < 0, "significant fall")
    panel = (both["note"] + " against " + both["note_before"]).where(
        both["note"].str.contains("jurisdictions") & (both["note"] != both["note_before"]), ""
    )
    return indicator_rows(
        card,
        both.assign(
            strata=strata(both),
            numerator=both["value"],
            denominator=both["value_before"],
            value=100 * (ratio["value"] - 1),
            lower_95=low,
            upper_95=high,
            method="100 x (rate / rate of the year before - 1); exact conditional interval from both counts",
            reason=remark(words, panel),
            source_ids=both["source_id"],
        ),
    )


def _shares(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep whole calendar years, and the newest window of each group."""
    newest = rows["period_end"] == rows["period_end"].max()
    kept = rows[newest | (rows["period_end"].dt.month == 12)]
    return indicator_rows(
        SHARE,
        kept.assign(strata=strata(kept), method="as published", reason=kept["note"], source_ids=kept["source_id"]),
    )


def _share_change(rows: pd.DataFrame) -> pd.DataFrame:
    everybody = (rows["sex"] == "all") & (rows["age_group"] == "all")
    known = rows[everybody & (rows["status"] == "reported")]
    known = known.assign(month=known["period_end"].dt.to_period("M").astype("int64"))
    keys = group_keys("period_start", "period_end")
    before = known.assign(month=known["month"] + 12)[[*keys, "month", "value"]]
    both = known.merge(before, on=[*keys, "month"], suffixes=("", "_before"), validate="1:1")
    both = both[both["value_before"] > 0].reset_index(drop=True)
    newest = both["period_end"] == both["period_end"].max()
    both = both[newest | (both["period_end"].dt.month == 12)].reset_index(drop=True)
    return indicator_rows(
        SHARE_CHANGE,
        both.assign(
            strata=strata(both),
            value=100 * (both["value"] / both["value_before"] - 1),
            method="100 x (share / share of the twelve months before - 1)",
            reason=remark(both["note"], pd.Series("no counts published: no interval", index=both.index)),
            source_ids=both["source_id"],
        ),
    )


def _fatality(measures: Measures) -> pd.DataFrame:
    """Put deaths beside overdoses survived of the same place and year, for each kind of record of the latter."""
    vsrr = measures.read("overdose_deaths", ("cdc_vsrr",), calendar_year=True)
    pairs = [
        (vsrr, measures.read("overdose_ed_visits", _DOSE, calendar_year=True), "ed_visits"),
        (vsrr, measures.read("overdose_hospitalisations", _DOSE, calendar_year=True), "hospitalisations"),
    ]
    for drug in ("opioid", "stimulant"):
        deaths = measures.read(f"{drug}_deaths", _PHAC, calendar_year=True, total=True).assign(drug=f"{drug}s")
        kinds = ("hospitalisations", "ed_visits", "ems_responses") if drug == "opioid" else ("hospitalisations",)
        for kind in kinds:
            events = measures.read(f"{drug}_{kind}", _PHAC, calendar_year=True, total=True)
            pairs.append((deaths, events.assign(drug=f"{drug}s"), kind))
    frame = pd.concat(
        [
            pair(deaths, events, group_keys(), "survived", how="inner").assign(beside=kind)
            for deaths, events, kind in pairs
        ],
        ignore_index=True,
    )
    known = (frame["status"] == "reported") & (frame["status_survived"] == "reported")
    everyone = (frame["value"] + frame["value_survived"]).where(known)
    known &= everyone > 0
    died = frame["value"].where(known)
    low, high = binomial_interval(died, everyone.where(known))
    status = frame["status"].where(frame["status"] != "reported", frame["status_survived"])
    groups = strata(frame)
    labels = ("beside=" + frame["beside"]).where(groups == "all", "beside=" + frame["beside"] + ";" + groups)
    return indicator_rows(
        FATALITY,
        frame.assign(
            strata=labels,
            numerator=died,
            denominator=everyone.where(known),
            value=100 * died / everyone,
            lower_95=100 * low,
            upper_95=100 * high,
            status=status.mask((status == "reported") & ~known, "not_applicable"),
            method="100 x deaths / (deaths + overdoses survived); Wilson interval",
            reason=remark(frame["note"], frame["note_survived"]),
            reliability=reliability(died),
            is_provisional=frame["is_provisional"] | frame["is_provisional_survived"],
            **provenance(frame, "survived"),
        ),
    )


def repeat_rows(people: pd.DataFrame, source_id: str, release: str) -> pd.DataFrame:
    """Tell first from repeat hospital stays, from how many people had how many, with limits that allow for repeats.

    Grain: area, period, ``count``: persons, events.

    Args:
        people: One row per place, year and number of stays: ``area_id``, ``period_start``, ``period_end``, ``people``,
            ``events_per_person``, ``population``.
        source_id: Where they come from.
        release: Its release, a date.
    """
    counts = repeat_event_counts(people, PLACE_AND_TIME)
    population = people.drop_duplicates(PLACE_AND_TIME)[[*PLACE_AND_TIME, "population"]]
    both = counts.merge(population, on=PLACE_AND_TIME, validate="1:1")
    parts = []
    for kind, number, variance in (("persons", "people", "people"), ("events", "count", "count_variance")):
        rate = repeat_event_rate(both[number], both[variance], both["population"])
        repeats = 1 - both["people"] / both["count"].where(both["count"] > 0)
        parts.append(
            both[PLACE_AND_TIME].assign(
                strata=f"count={kind}",
                value=rate["value"],
                lower_95=rate["lower"],
                upper_95=rate["upper"],
                numerator=both[number],
                denominator=both["population"],
                status=np.where(rate["value"].notna(), "reported", "not_applicable"),
                reason="repeat stays: " + written(100 * repeats, "{:.1f} %"),
                reliability=reliability(both[number]),
            )
        )
    return indicator_rows(
        REPEAT,
        pd.concat(parts, ignore_index=True).assign(
            method="persons, or stays with the variance of repeats, per 100,000; Byar's limits, scaled",
            is_provisional=False,
            source_ids=source_id,
            release=release,
        ),
    )
