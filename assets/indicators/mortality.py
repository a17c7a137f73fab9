"""Overdose mortality by age and group: standardised rates and ratios, age-specific rates, years of life lost."""

import numpy as np
import pandas as pd

from assets.indicators.age_groups import age_columns, band_of, band_weights, group_keys, joined, summed, written
from assets.indicators.measures import PLACE_AND_TIME, Measures, pair, strata
from assets.indicators.mortality_cards import (
    BY_GROUP,
    CARDS,
    EUROPE_BY_GROUP,
    EUROPE_STANDARDISED,
    EUROPE_YPLL,
    PUBLISHED_BY_GROUP,
    STANDARDISED,
    STANDARDISED_RATIO,
    YLL,
    YPLL,
)
from assets.indicators.rows import EVENTS_FOR_RELIABLE_RATE, indicator_rows, provenance, reliability, remark
from epi.life import years_of_life_lost, ypll
from epi.rates import crude_rate
from epi.small_areas import funnel_limits
from epi.standardise import direct_rate, expected_counts, standardised_ratio
from schemas.indicators import IndicatorCard

__all__ = ["CARDS", "compute"]

US_AGES = ("0-14", "15-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75+")
BANDS = ("15-24", "25-64", "65+")
EUROPE_AGES = 11
"""Age groups of the European tables: ten of five years from 15, and 65 and over."""

FEWEST_COUNTRIES = 5
LEAST_BY_AGE = 0.9
"""Deaths by age over deaths by sex below which the ages say too little."""

_AGELESS = group_keys("age_group")


def compute(measures: Measures) -> pd.DataFrame:
    """Make the rows of the mortality indicators that rest on deaths by age.

    Grain: indicator, area, period, strata.
    """
    deaths = measures.read("overdose_deaths", ("nchs_drug_poisoning",), calendar_year=True)
    people = measures.read("resident_population", ("nchs_drug_poisoning",), calendar_year=True)
    both = joined(deaths, people, group_keys(), "people")
    grouped = both[both["area_id"].isin(both.loc[both["age_group"] != "all", "area_id"])].reset_index(drop=True)
    aged = grouped[grouped["age_group"].isin(US_AGES) & grouped["value_people"].notna()]
    europe = _europe_deaths(measures)
    residents = measures.read("resident_population", ("un_population",), calendar_year=True)
    bands = _in_bands(europe, residents)
    return pd.concat(
        [
            _published(measures, grouped),
            _standardised(STANDARDISED, aged, US_AGES, "us_2000_11", 100_000, _published_rates(measures)),
            _crude(BY_GROUP, grouped, 100_000),
            _standardised(EUROPE_STANDARDISED, bands, BANDS, "esp_2013_19", 1_000_000),
            _crude(EUROPE_BY_GROUP, _europe_groups(measures, europe, residents, bands), 1_000_000),
            _ratios(bands),
            _lost_before_75(aged),
            _lost_before_65(europe, residents),
            _lost_by_life_table(measures, pd.concat([aged, europe], ignore_index=True)),
        ],
        ignore_index=True,
    )


def _published_rates(measures: Measures) -> pd.DataFrame:
    return measures.read("overdose_death_rate_age_adjusted_per_100k", ("nchs_drug_poisoning",), calendar_year=True)


def _published(measures: Measures, grouped: pd.DataFrame) -> pd.DataFrame:
    rates = _published_rates(measures)
    counts = grouped[grouped["age_group"] == "all"].rename(columns={"value_people": "people"})
    kept = ["value", "lower", "upper", "status", "is_provisional", "source_id", "release", "note"]
    frame = pair(rates, counts[[*group_keys(), *kept]], group_keys(), "deaths", how="inner")
    frame = frame.merge(counts[[*group_keys(), "people"]], on=group_keys(), how="left", validate="1:1")
    return indicator_rows(
        PUBLISHED_BY_GROUP,
        frame.assign(
            strata=strata(frame),
            lower_95=frame["lower"],
            upper_95=frame["upper"],
            numerator=frame["value_deaths"],
            denominator=frame["people"].where(frame["value_deaths"].notna()),
            method="age-adjusted rate and interval as published by NCHS",
            reason=frame["note"],
            reliability=reliability(frame["value_deaths"]),
            source_ids=frame["source_id"],
        ),
    )


def _standardised(
    card: IndicatorCard,
    aged: pd.DataFrame,
    ages: tuple[str, ...],
    standard_id: str,
    per: int,
    published: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Standardise groups that have every age; one with a hidden age has no value, and says so."""
    weighted = aged.assign(weight=aged["age_group"].map(band_weights(standard_id, ages)).astype("float64"))
    totals = summed(weighted, _AGELESS)
    whole = totals[totals["parts"] == len(ages)]
    weighted = weighted.merge(whole[_AGELESS], on=_AGELESS, validate="m:1")
    rate = direct_rate(weighted, _AGELESS, count="value", population="value_people", per=per)
    frame = whole.merge(rate.drop(columns="count"), on=_AGELESS, suffixes=("", "_rate"), validate="1:1")
    people = weighted.drop_duplicates(_AGELESS)[[*_AGELESS, "source_id_people", "release_people"]]
    unsure = weighted.groupby(_AGELESS, as_index=False)["is_provisional_people"].any()
    frame = frame.merge(people, on=_AGELESS, validate="1:1").merge(unsure, on=_AGELESS, validate="1:1")
    said = frame["note"]
    if published is not None:
        theirs = frame[_AGELESS].merge(
            published[published["age_group"] == "all"][[*_AGELESS, "value"]], on=_AGELESS, how="left", validate="1:1"
        )["value"]
        said = remark(
            said, ("published with eleven age groups: " + theirs.round(1).astype("str")).where(theirs.notna())
        )
    return indicator_rows(
        card,
        frame.assign(
            strata=strata(frame.assign(age_group="all")),
            numerator=frame["value"],
            denominator=frame["population"].where(frame["value"].notna()),
            value=frame["value_rate"],
            lower_95=frame["lower"],
            upper_95=frame["upper"],
            method=f"sum of weight x deaths / population over {len(ages)} age groups x {per:,}; gamma limits (Tiwari)",
            reason=said,
            reliability=reliability(frame["value"]),
            is_provisional=frame["is_provisional"] | frame["is_provisional_people"],
            **provenance(frame, "people"),
        ),
    )


def _crude(card: IndicatorCard, frame: pd.DataFrame, per: int) -> pd.DataFrame:
    rate = crude_rate(frame["value"], frame["value_people"], per=per)
    nobody = (frame["status"] == "reported") & rate["value"].isna()
    return indicator_rows(
        card,
        frame.assign(
            strata=strata(frame),
            numerator=frame["value"],
            denominator=frame["value_people"].where(frame["value"].notna()),
            value=rate["value"],
            lower_95=rate["lower"],
            upper_95=rate["upper"],
            status=frame["status"].mask(nobody, "not_collected"),
            method=f"deaths / population x {per:,}; Poisson interval, exact below 10 deaths, Byar from 10",
            reason=remark(frame["note"], frame["note_people"]),
            reliability=reliability(frame["value"]),
            is_provisional=frame["is_provisional"] | frame["is_provisional_people"].fillna(False).astype("bool"),
            **provenance(frame, "people"),
        ),
    )


def _europe_deaths(measures: Measures) -> pd.DataFrame:
    """Give deaths by age of the countries and years that report every age, with a remark where the sexes differ."""
    deaths = measures.read("drug_induced_deaths", ("emcdda_bulletin",), calendar_year=True)
    known = deaths[deaths["status"] == "reported"]
    aged = known[(known["age_group"] != "all") & (known["sex"] == "all")]
    ages = summed(aged, PLACE_AND_TIME)
    sexes = summed(known[(known["age_group"] == "all") & known["sex"].isin(["female", "male"])], PLACE_AND_TIME)
    ages = ages[ages["parts"] == EUROPE_AGES]
    checked = ages[[*PLACE_AND_TIME, "value"]].merge(
        sexes.loc[sexes["parts"] == 2, [*PLACE_AND_TIME, "value"]],
        on=PLACE_AND_TIME, how="left", suffixes=("_by_age", "_by_sex"), validate="1:1",
    )  # fmt: skip
    differ = checked["value_by_sex"].notna() & (checked["value_by_sex"] != checked["value_by_age"])
    words = written(checked["value_by_age"], "{:.0f}") + " deaths by age, "
    words += written(checked["value_by_sex"], "{:.0f}") + " by sex"
    checked["differ"] = words.where(differ, "")
    checked["poor"] = checked["value_by_age"] < LEAST_BY_AGE * checked["value_by_sex"]
    rows = aged.merge(checked[[*PLACE_AND_TIME, "differ", "poor"]], on=PLACE_AND_TIME, validate="m:1")
    poor = rows["poor"].astype("bool")
    return rows.assign(
        value=rows["value"].mask(poor),
        status=rows["status"].mask(poor, "low_quality"),
        note=remark(rows["note"], rows["differ"]),
    ).drop(columns=["differ", "poor"])


def _in_bands(deaths: pd.DataFrame, residents: pd.DataFrame) -> pd.DataFrame:
    banded = deaths.assign(age_group=band_of(deaths["age_group"], BANDS)).dropna(subset=["age_group"])
    return joined(summed(banded, group_keys()), residents[residents["status"] == "reported"], group_keys(), "people")


def _europe_groups(
    measures: Measures, deaths: pd.DataFrame, residents: pd.DataFrame, bands: pd.DataFrame
) -> pd.DataFrame:
    """Give the deaths and people of each band, of 15 to 64 together, and of each sex where its people are known."""
    adults = deaths.assign(age_group=band_of(deaths["age_group"], ("15-64",))).dropna(subset=["age_group"])
    known = residents[residents["status"] == "reported"]
    reported = measures.read("drug_induced_deaths", ("emcdda_bulletin",), calendar_year=True)
    sexes = reported[reported["sex"].isin(["female", "male"]) & (reported["status"] == "reported")]
    parts = [bands, *(joined(summed(rows, group_keys()), known, group_keys(), "people") for rows in (adults, sexes))]
    return pd.concat(parts, ignore_index=True)


def _ratios(bands: pd.DataFrame) -> pd.DataFrame:
    """Hold each country's deaths against the rates of all countries that report every age in the year."""
    known = bands[bands["status"] == "reported"]
    countries = known.groupby("period_start")["area_id"].transform("nunique")
    known = known[countries >= FEWEST_COUNTRIES].assign(countries=countries)
    of_year = known.groupby(["period_start", "age_group"])
    known = known.assign(
        reference_count=of_year["value"].transform("sum"), reference_population=of_year["value_people"].transform("sum")
    )
    expected = expected_counts(known, PLACE_AND_TIME, population="value_people")
    frame = summed(known, PLACE_AND_TIME).merge(expected, on=PLACE_AND_TIME, validate="1:1")
    frame = frame.merge(
        known.drop_duplicates(PLACE_AND_TIME)[[*PLACE_AND_TIME, "source_id_people", "release_people", "countries"]],
        on=PLACE_AND_TIME, validate="1:1",
    )  # fmt: skip
    unsure = known.groupby(PLACE_AND_TIME, as_index=False)["is_provisional_people"].any()
    frame = frame.merge(unsure, on=PLACE_AND_TIME, validate="1:1")
    frame = frame[frame["expected"] > 0].reset_index(drop=True)
    ratio = standardised_ratio(frame["value"], frame["expected"])
    funnel = funnel_limits(frame["value"], frame["expected"], target=1, per=1)
    place = funnel["significance"].astype("str").str.replace("_", " ")
    words = place + ": chance allows " + written(funnel["lower_95"], "{:.2f}") + " to "
    words += written(funnel["upper_95"], "{:.2f}") + " (95 %), " + written(funnel["lower_99_8"], "{:.2f}") + " to "
    words += written(funnel["upper_99_8"], "{:.2f}") + " (99.8 %); reference of "
    return indicator_rows(
        STANDARDISED_RATIO,
        frame.assign(
            strata="all",
            numerator=frame["value"],
            denominator=frame["expected"],
            value=ratio["value"],
            lower_95=ratio["lower"],
            upper_95=ratio["upper"],
            method="deaths / sum of population x reference rate over three ages; Poisson limits of the deaths",
            reason=remark(frame["note"], words + frame["countries"].astype("str") + " countries"),
            reliability=reliability(frame["value"]),
            is_provisional=frame["is_provisional"] | frame["is_provisional_people"],
            **provenance(frame, "people"),
        ),
    )


def _lost_before_75(aged: pd.DataFrame) -> pd.DataFrame:
    young = aged[aged["age_group"] != US_AGES[-1]].reset_index(drop=True)
    young = young.assign(**age_columns(young["age_group"]))
    totals = summed(young, _AGELESS)
    whole = totals[totals["parts"] == len(US_AGES) - 1]
    young = young.merge(whole[_AGELESS], on=_AGELESS, validate="m:1")
    lost = ypll(young, _AGELESS, count="value", population="value_people", before=75)
    frame = whole.merge(lost, on=_AGELESS, suffixes=("_deaths", ""), validate="1:1")
    return _years_rows(YPLL, frame, frame["source_id"], frame["release"])


def _lost_before_65(deaths: pd.DataFrame, residents: pd.DataFrame) -> pd.DataFrame:
    working = deaths.assign(**age_columns(deaths["age_group"]))
    working = working[working["age_end"] < 65].reset_index(drop=True)
    known = residents[(residents["status"] == "reported") & residents["age_group"].isin(["0-14", "15-64"])]
    people = summed(known, _AGELESS)
    lost = ypll(working, _AGELESS, count="value", before=65)
    frame = summed(working, _AGELESS).merge(lost, on=_AGELESS, suffixes=("_deaths", ""), validate="1:1")
    frame = joined(frame, people[people["parts"] == 2], _AGELESS, "people")
    rates = {"value": "years", "lower": "years_lower", "upper": "years_upper"}
    frame = frame.rename(columns={"value": "value_deaths"}).assign(population=frame["value_people"])
    frame = frame.assign(**{name: 100_000 * frame[years] / frame["population"] for name, years in rates.items()})
    named = provenance(frame, "people")
    frame["is_provisional"] |= frame["is_provisional_people"]
    return _years_rows(EUROPE_YPLL, frame, named["source_ids"], named["release"])


def _years_rows(card: IndicatorCard, frame: pd.DataFrame, sources: pd.Series, release: pd.Series) -> pd.DataFrame:
    few = (frame["status"] == "reported") & (frame["value_deaths"] < EVENTS_FOR_RELIABLE_RATE)
    hidden = few | (frame["status"] != "reported")
    return indicator_rows(
        card,
        frame.assign(
            strata=strata(frame.assign(age_group="all")),
            numerator=frame["years"].mask(hidden),
            denominator=frame["population"].mask(hidden) if "population" in frame else np.nan,
            lower_95=frame["lower"],
            upper_95=frame["upper"],
            status=frame["status"].mask(few, "low_quality"),
            method="deaths x years lost at the middle of their age group; limits by Dobson",
            reason=remark(frame["note"], pd.Series("fewer than 20 deaths", index=frame.index).where(few, "")),
            reliability=reliability(frame["value_deaths"]),
            source_ids=sources,
            release=release,
        ),
    )


def _lost_by_life_table(measures: Measures, aged: pd.DataFrame) -> pd.DataFrame:
    """Add up years by each place's and sex's own life table of the same year; no table, no row."""
    tables = measures.read("life_expectancy_years", ("programme_data", "who_gho", "un_population"), calendar_year=True)
    tables = tables[(tables["status"] == "reported") & tables["age_group"].str.fullmatch(r"\d+\+")]
    tables = tables.assign(age=tables["age_group"].str.rstrip("+").astype("float64"))
    same = [*PLACE_AND_TIME, "sex"]
    parts = []
    deaths = {key: rows for key, rows in aged.assign(**age_columns(aged["age_group"])).groupby(same)}
    for key, table in tables.groupby(same):
        if key not in deaths:
            continue
        remaining = table.sort_values("age").set_index("age")["value"]
        rows = deaths[key][deaths[key]["age_start"] >= remaining.index[0]]
        lost = years_of_life_lost(rows, _AGELESS, remaining, count="value")
        found = summed(rows, _AGELESS).merge(lost, on=_AGELESS, suffixes=("_deaths", ""), validate="1:1")
        parts.append(found.assign(source_id_table=table["source_id"].iloc[0], release_table=table["release"].max()))
    empty = summed(aged.iloc[:0], _AGELESS).assign(
        years=0.0, lower=0.0, upper=0.0, source_id_table="", release_table=""
    )
    frame = pd.concat(parts, ignore_index=True) if parts else empty
    frame = frame.rename(columns={"value": "value_deaths"}).assign(value=frame["years"])
    named = provenance(frame, "table")
    return _years_rows(YLL, frame, named["source_ids"], named["release"])
