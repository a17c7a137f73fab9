"""All indicators together: periods, groups, newest values, targets, and what must not move them."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from observed import figures, frame, observed

from assets.indicators import registry
from assets.indicators.rows import with_source_breaks
from schemas.indicators import COLUMNS, GRAIN, IndicatorValue, period_label
from schemas.measures import MEASURES
from schemas.meta import LatestValue, TargetSummary
from schemas.observations import as_observations

STATUSES = ["suppressed", "low_quality", "not_collected", "not_applicable", "withdrawn"]


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Give every indicator's rows from the transcribed figures."""
    return registry.indicator_values(figures())


@cache
def unchanged() -> pd.DataFrame:
    """Make all indicators from the few observations alone, once."""
    return compute()


def compute(*others: dict) -> pd.DataFrame:
    """Make all indicators from a few observations that touch most of them, and others."""
    base = [
        observed("cdc_wonder", "overdose_deaths", "US-VT", 2021, 210),
        observed("cdc_wonder", "resident_population", "US-VT", 2021, 645_570),
        observed("cdc_vsrr", "overdose_deaths", "US-VT", 2021, 215, drug="opioids"),
        observed("cdc_vsrr", "overdose_deaths_predicted", "US-VT", 2021, 220),
        observed("cdc_vsrr", "overdose_deaths_predicted", "US-VT", 2020, 160),
        observed("cdc_dispensing", "naloxone_dispensed_per_100", "US-VT", 2021, 0.5),
        observed("phac_substance_harms", "opioid_deaths", "CAN", 2023, 8_020),
        observed("phac_substance_harms", "opioid_death_rate_crude_per_100k", "CAN", 2023, 20.0),
        observed("emcdda_bulletin", "syringes_distributed", "CZE", 2017, 6_410_000),
        observed("unaids_gam", "people_who_inject_drugs", "CZE", 2017, 43_700),
    ]
    return registry.indicator_values(frame(*base, *others))


def test_every_indicator_has_rows_of_its_own_card(rows: pd.DataFrame) -> None:
    """The figures feed an indicator, or its card says what it waits for; unit and id are those of the card."""
    IndicatorValue.validate(rows)
    units = rows.groupby("indicator_id")["unit"].unique().map(list).to_dict()
    compared = "unit of the value"
    fed = {card.id: [card.unit] for card in registry.cards() if card.id in units and card.unit != compared}
    assert {name: unit for name, unit in units.items() if name in fed} == fed
    waiting = [card.id for card in registry.cards() if card.id not in units]
    assert [card.id for card in registry.cards() if card.id in waiting and not card.waits_for] == []
    pd.testing.assert_frame_equal(rows, rows.sort_values(GRAIN, ignore_index=True))


def test_each_of_the_46_numbers_has_a_card() -> None:
    """No number of the registry is left out; an additional indicator has none."""
    numbers = {card.number for card in registry.cards() if card.number}
    assert sorted(numbers, key=int) == [str(number) for number in range(1, 47)]


def test_sources_and_releases_stand_in_the_same_order(rows: pd.DataFrame) -> None:
    """Each row names one release for each of its sources."""
    assert (rows["source_ids"].str.count(r"\+") == rows["release"].str.count(r"\+")).all()
    known = set(zip(figures()["source_id"], figures()["release"], strict=True))
    named = rows[["source_ids", "release"]].drop_duplicates()
    pairs = {
        pair
        for sources, releases in named.itertuples(index=False)
        for pair in zip(sources.split("+"), releases.split("+"), strict=True)
    }
    assert pairs <= known


def test_no_observations_give_no_rows() -> None:
    """Without any observation there are no rows, and no error; the columns stay."""
    empty = as_observations(figures().iloc[:0])
    values = registry.indicator_values(empty)
    assert values.empty
    assert list(values.columns) == COLUMNS
    assert registry.target_summary(registry.latest_values(values))["places"].sum() == 0


@pytest.mark.parametrize(
    "measure_id",
    [
        "overdose_deaths",
        "overdose_deaths_predicted",
        "overdose_death_rate_age_adjusted_per_100k",
        "drug_induced_deaths",
        "opioid_death_rate_crude_per_100k",
        "resident_population",
        "people_who_inject_drugs",
        "syringes_distributed",
        "naloxone_dispensed_per_100",
        "consumption_sites_reporting",
    ],
)
def test_one_measure_alone_is_no_error(measure_id: str) -> None:
    """Whatever single measure is at hand, the indicators that need more have no value, and none fails."""
    IndicatorValue.validate(registry.indicator_values(figures()[figures()["measure_id"] == measure_id]))


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_passes_through_every_indicator(status: str) -> None:
    """If nothing is reported, no row has a number, and each row says the status that its observation had."""
    hidden = figures().assign(value=np.nan, lower=np.nan, upper=np.nan, status=status)
    values = IndicatorValue.validate(registry.indicator_values(hidden))
    assert len(values) > 1_000
    assert set(values["status"]) == {status}
    assert values[["value", "lower_95", "upper_95", "numerator"]].isna().all(axis=None)


def test_statuses_stay_distinct(rows: pd.DataFrame) -> None:
    """Zero, suppressed and not collected are three things in one table."""
    assert {"reported", "low_quality"} <= set(rows["status"])
    made = compute(
        observed("phac_substance_harms", "opioid_deaths", "CA-NU", 2023, 0),
        observed("phac_substance_harms", "opioid_deaths", "CA-YT", 2023, None),
        observed("phac_substance_harms", "opioid_deaths", "CA-PE", 2023, None, status="not_collected"),
    )
    found = made[made["indicator_id"] == "opioid_deaths"].set_index("area_id")
    assert found.loc[["CA-NU", "CA-YT", "CA-PE"], "status"].tolist() == ["reported", "suppressed", "not_collected"]
    assert found.loc["CA-NU", "value"] == 0


@pytest.mark.parametrize(
    ("start", "end", "label"),
    [
        ("2021-01-01", "2021-12-31", "2021"),
        ("2021-12-01", "2021-12-31", "2021-12"),
        ("2021-02-01", "2022-01-31", "12 months to 2022-01"),
        ("2025-01-01", "2025-09-30", "2025-01 to 2025-09"),
        ("2024-02-01", "2024-02-29", "2024-02"),
    ],
)
def test_periods_are_named(start: str, end: str, label: str) -> None:
    """A year, a month, twelve months to a month and a part of a year each have their own label."""
    days = [pd.Series(pd.to_datetime([day])).astype("datetime64[us]") for day in (start, end)]
    assert period_label(*days).tolist() == [label]


def test_latest_is_the_newest_that_is_reported() -> None:
    """The newest reported value stands for a place, not a newer hidden one; a place without any keeps its newest."""
    made = compute(
        observed("unaids_gam", "oat_coverage_pct", "AUT", 2016, 51.0),
        observed("unaids_gam", "oat_coverage_pct", "AUT", 2017, None, status="not_collected"),
        observed("unaids_gam", "oat_coverage_pct", "DEU", 2016, None),
        observed("unaids_gam", "oat_coverage_pct", "DEU", 2017, None, status="not_collected"),
    )
    latest = LatestValue.validate(registry.latest_values(made))
    found = latest[latest["indicator_id"] == "oat_coverage"].set_index("area_id")
    assert found["period"].to_dict() == {"AUT": "2016", "DEU": "2017"}
    assert found["status"].to_dict() == {"AUT": "reported", "DEU": "not_collected"}


def test_latest_keeps_groups_apart(rows: pd.DataFrame) -> None:
    """There is one row for each indicator, place and group, and it is one of the values."""
    latest = registry.latest_values(rows)
    keys = ["indicator_id", "area_id", "strata"]
    assert len(latest) == len(rows[keys].drop_duplicates())
    assert len(latest.merge(rows, on=[*keys, "period_start", "period_end"], validate="1:1")) == len(latest)


def test_targets_count_places_that_report() -> None:
    """Of four places, one is above, one below, one straddles the target by its interval, one does not report."""
    people = [
        observed("unaids_gam", "people_who_inject_drugs", area, 2017, 1_000, lower=low, upper=high)
        for area, low, high in [("AUT", 900, 1_100), ("DEU", 900, 1_100), ("FRA", 500, 2_000)]
    ]
    given = [
        observed("emcdda_bulletin", "syringes_distributed", area, 2017, number)
        for area, number in [("AUT", 500_000), ("DEU", 20_000), ("FRA", 250_000), ("ESP", None)]
    ]
    latest = registry.latest_values(registry.indicator_values(frame(*people, *given)))
    summary = TargetSummary.validate(registry.target_summary(latest))
    at_200 = summary.query("indicator_id == 'syringes_per_pwid_computed' and target == 200").iloc[0]
    assert at_200[["places", "met", "not_met", "undetermined"]].tolist() == [3, 1, 1, 1]
    assert at_200["median_value"] == 250


def test_every_verified_target_is_counted_also_the_second(rows: pd.DataFrame) -> None:
    """Agonist treatment is held against 50 % and the older 40 %: 16 and 20 of 60 countries."""
    summary = registry.target_summary(registry.latest_values(rows)).set_index(["indicator_id", "target"])
    assert summary.loc[("oat_coverage", 50.0), ["met", "places"]].tolist() == [16, 60]
    assert summary.loc[("oat_coverage", 40.0), ["met", "places"]].tolist() == [20, 60]
    assert (summary[["met", "not_met", "undetermined"]].sum(axis=1) == summary["places"]).all()


@settings(max_examples=10, deadline=None)
@given(
    measure_id=st.sampled_from(sorted(MEASURES)),
    value=st.one_of(st.none(), st.floats(0, 1)),
    year=st.integers(1999, 2030),
    source_id=st.sampled_from(["optic_policy", "another_source"]),
)
def test_an_unrelated_observation_changes_nothing(
    measure_id: str, value: float | None, year: int, source_id: str
) -> None:
    """A value of a source that no indicator names changes no row, whatever it measures, for the same place and year.

    How late a source reports is told of every source, so that one indicator is left aside.
    """
    more = [observed(source_id, measure_id, area, year, value) for area in ("US-VT", "CZE")]
    changed, before = (
        rows[rows["indicator_id"] != "reporting_lag"].reset_index(drop=True) for rows in (compute(*more), unchanged())
    )
    pd.testing.assert_frame_equal(changed, before)


@pytest.mark.parametrize("measure_id", ["overdose_deaths", "resident_population", "people_who_inject_drugs"])
def test_another_place_changes_no_row_of_this_one(measure_id: str) -> None:
    """Observations of another place add rows of that place at most."""
    more = compute(*[observed(name, measure_id, "US-ME", 2021, 9) for name in ("cdc_wonder", "cdc_vsrr", "unaids_gam")])
    kept = more[more["area_id"] != "US-ME"].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, unchanged())


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_observations_does_not_matter(seed: int) -> None:
    """The same observations in any order give the same rows."""
    sample = figures().query("area_id in ['USA', 'US-CA', 'US-NYC', 'US-NY-XNYC', 'CZE', 'CAN']")
    shuffled = sample.sample(frac=1, random_state=seed).reset_index(drop=True)
    pd.testing.assert_frame_equal(registry.indicator_values(shuffled), registry.indicator_values(sample))


def test_a_change_of_source_is_a_break_and_not_a_jump() -> None:
    """A value from another source than the one before it in its series says so; other series stay as they are."""
    plain = pd.DataFrame(
        {
            "indicator_id": "oat_coverage",
            "area_id": ["AUT"] * 4 + ["BEL"],
            "strata": ["all"] * 3 + ["sex=female", "all"],
            "period_start": pd.to_datetime([f"{year}-01-01" for year in (2016, 2017, 2018, 2018, 2018)]),
            "period_end": pd.to_datetime([f"{year}-12-31" for year in (2016, 2017, 2018, 2018, 2018)]),
            "status": "reported",
            "source_ids": ["unaids_gam", "unaids_gam", "programme", "programme", "programme"],
            "series_break": "",
        }
    )
    found = with_source_breaks(plain)["series_break"].tolist()
    assert found == ["", "", "source changes from unaids_gam to programme", "", ""]
