"""Overdose indicators, against the publishers' own printed numbers and by hand."""

import pandas as pd
import pytest
from observed import figures, observed, printed, value, values

from assets.indicators import overdose
from assets.indicators.measures import Measures
from epi.intervals import poisson_interval


def deaths(area_id: str, year: int | str, number: float | None, drug: str = "all", **others: object) -> dict:
    """Make one observation of provisional deaths."""
    return observed("cdc_vsrr", "overdose_deaths", area_id, year, number, drug=drug, **others)


def wonder(measure_id: str, area_id: str, number: float | None, **others: object) -> dict:
    """Make one observation of CDC WONDER in 2021."""
    return observed("cdc_wonder", measure_id, area_id, 2021, number, **others)


def test_crude_rate_is_the_one_cdc_printed() -> None:
    """106,699 deaths among 331,893,745 residents are 32.148541998 per 100,000, to the last digit CDC WONDER prints."""
    row = value(
        overdose,
        "overdose_death_rate_crude",
        wonder("overdose_deaths", "USA", 106_699),
        wonder("resident_population", "USA", 331_893_745),
    )
    assert f"{row['value']:.9f}" == "32.148541998"
    assert printed("overdose_death_rate_crude_per_100k", "USA", 2021) == pytest.approx(row["value"], abs=5e-10)
    # CDC prints normal limits from 100 deaths on; at this size they agree with the Poisson ones to three digits.
    assert [row["lower_95"], row["upper_95"]] == pytest.approx([31.955639799, 32.341444197], abs=1e-3)
    assert (row["period"], row["reliability"], row["source_ids"]) == ("2021", "reliable", "cdc_wonder")


def test_every_crude_rate_of_the_country_agrees_with_cdc() -> None:
    """Our crude rate equals the one CDC WONDER prints beside it, for each year at hand."""
    rows = overdose.compute(Measures(figures()))
    ours = rows[(rows["indicator_id"] == "overdose_death_rate_crude") & (rows["area_id"] == "USA")].set_index("period")
    theirs = figures().query("measure_id == 'overdose_death_rate_crude_per_100k' and area_id == 'USA'")
    assert len(theirs) >= 20
    for _, row in theirs.iterrows():
        assert ours.loc[str(row["period_end"].year), "value"] == pytest.approx(row["value"], abs=1e-8)


@pytest.mark.parametrize(("count", "low", "high"), [(5, 1.623, 11.668), (0, 0.0, 3.689)])
def test_few_deaths_have_exact_limits(count: int, low: float, high: float) -> None:
    """Five deaths have Garwood's limits 1.623 and 11.668, no deaths 0 and 3.689, and the rate is called unreliable."""
    row = value(
        overdose,
        "overdose_death_rate_crude",
        wonder("overdose_deaths", "US-VT", count),
        wonder("resident_population", "US-VT", 100_000),
    )
    assert [row["value"], row["lower_95"], row["upper_95"]] == pytest.approx([count, low, high], abs=5e-4)
    assert row["reliability"] == "unreliable"


@pytest.mark.parametrize("status", ["suppressed", "low_quality", "not_collected", "not_applicable", "withdrawn"])
def test_a_hidden_count_gives_no_rate(status: str) -> None:
    """A count that is not reported gives a row with its own status and no number above the line or in the interval."""
    row = value(
        overdose,
        "overdose_death_rate_crude",
        wonder("overdose_deaths", "US-VT", None, status=status),
        wonder("resident_population", "US-VT", 645_570),
    )
    assert row["status"] == status
    assert row[["value", "lower_95", "upper_95", "numerator"]].isna().all()
    assert row["reliability"] == "not_assessed"


def test_without_people_there_is_no_rate_and_a_reason() -> None:
    """A count without a population gives no rate and says so; the count itself stays readable."""
    row = value(overdose, "overdose_death_rate_crude", wonder("overdose_deaths", "US-VT", 210))
    assert (row["status"], row["reason"]) == ("not_collected", "no population at hand for this place and period")
    assert pd.isna(row["value"])
    assert row["numerator"] == 210


def test_the_age_adjusted_rate_is_passed_on_as_published() -> None:
    """The published rate and limits are kept; deaths and people stand beside it, and few deaths make it unreliable."""
    row = value(
        overdose,
        "overdose_death_rate_age_adjusted",
        wonder("overdose_death_rate_age_adjusted_per_100k", "US-SD", 11.5, lower=4.9, upper=22.7),
        wonder("overdose_deaths", "US-SD", 19),
        wonder("resident_population", "US-SD", 895_376),
    )
    assert row[["value", "lower_95", "upper_95", "numerator", "denominator"]].tolist() == [11.5, 4.9, 22.7, 19, 895_376]
    assert row["reliability"] == "unreliable"


def test_new_york_state_is_the_city_and_the_rest() -> None:
    """VSRR reports New York City apart: the state is 2,775 + 3,170 deaths in 2021, provisional if either part is."""
    made = values(
        overdose,
        "overdose_deaths_12_month",
        deaths("US-NYC", 2021, printed("overdose_deaths", "US-NYC", 2021)),
        deaths("US-NY-XNYC", 2021, printed("overdose_deaths", "US-NY-XNYC", 2021), is_provisional=True, note="pending"),
    ).set_index("area_id")
    assert made["value"].to_dict() == {"US-NY": 5_945, "US-NYC": 2_775, "US-NY-XNYC": 3_170}
    assert made["is_provisional"].to_dict() == {"US-NY": True, "US-NYC": False, "US-NY-XNYC": True}
    assert made.loc["US-NY", "reason"] == "New York City and the rest of the state, added; pending"


def test_no_state_is_made_from_a_hidden_part() -> None:
    """Where one part is withheld there is no sum: it would show the other part's rest, or be wrong."""
    made = values(overdose, "overdose_deaths_12_month", deaths("US-NYC", 2021, 2_775), deaths("US-NY-XNYC", 2021, None))
    assert made.set_index("area_id")["status"].to_dict() == {"US-NYC": "reported", "US-NY-XNYC": "suppressed"}


def test_windows_are_named_by_their_last_month_and_never_added() -> None:
    """Twelve months ending in a month stay as published, December's too, and are labelled by their last month."""
    made = values(
        overdose,
        "overdose_deaths_12_month",
        deaths("USA", 2021, 107_573),
        deaths("USA", "2021-02 to 2022-01", 107_000),
        deaths("USA", "2021-12", 9_000),
    )
    assert made[["period", "value"]].to_numpy().tolist() == [
        ["12 months to 2021-12", 107_573],
        ["12 months to 2022-01", 107_000],
    ]


def test_change_over_a_year_from_the_printed_counts() -> None:
    """109,099 predicted deaths after 93,526 are a rise of 16.65 %, with the exact interval of two Poisson counts."""
    now, before = (printed("overdose_deaths_predicted", "USA", year) for year in (2021, 2020))
    assert (now, before) == (109_099, 93_526)
    rows = [
        observed("cdc_vsrr", "overdose_deaths_predicted", "USA", year, number, is_provisional=True)
        for year, number in [(2021, now), (2020, before)]
    ]
    row = value(overdose, "overdose_deaths_12_month_change_pct", *rows)
    assert row["value"] == pytest.approx(100 * (109_099 - 93_526) / 93_526)
    assert (row["numerator"], row["denominator"], row["period"]) == (109_099, 93_526, "12 months to 2021-12")
    # With counts this large the log-normal limits are the exact ones to two digits.
    half = 1.959964 * (1 / 109_099 + 1 / 93_526) ** 0.5
    wanted = [100 * (now / before * 2.718281828 ** (sign * half) - 1) for sign in (-1, 1)]
    assert [row["lower_95"], row["upper_95"]] == pytest.approx(wanted, abs=0.02)


def test_change_needs_the_same_month_a_year_earlier() -> None:
    """A window without its partner of a year before, or after none at all, has no change."""
    rows = [
        observed("cdc_vsrr", "overdose_deaths_predicted", area, span, number)
        for area, span, number in [
            ("US-VT", 2021, 200),
            ("US-VT", "2020-02 to 2021-01", 190),
            ("US-ME", 2021, 5),
            ("US-ME", 2020, 0),
        ]
    ]
    assert values(overdose, "overdose_deaths_12_month_change_pct", *rows).empty


def test_rates_by_drug_use_december_and_the_census() -> None:
    """A drug's rate is December's count over the population: 7,538 opioid deaths of 39,142,565 Californians in 2021."""
    made = values(
        overdose,
        "overdose_death_rate_by_drug",
        deaths("US-CA", 2021, printed("overdose_deaths", "US-CA", 2021, drug="opioids"), "opioids"),
        deaths("US-CA", "2021-02 to 2022-01", 7_600, "opioids"),
        deaths("US-CA", 2021, 11_398),
        observed("census_population", "resident_population", "US-CA", 2021, 39_142_565),
        observed("cdc_wonder", "resident_population", "US-CA", 2021, 39_237_836),
    )
    assert made["value"].tolist() == pytest.approx([100_000 * 7_538 / 39_142_565])
    assert made[["strata", "source_ids", "release", "period"]].to_numpy().tolist() == [
        ["drug=opioids", "cdc_vsrr+census_population", "2025-07-16+2024-07-01", "2021"]
    ]


def test_rates_by_drug_take_the_next_population_where_the_census_has_none() -> None:
    """Where the first source has no population the second gives it, and the row names that one."""
    row = value(
        overdose,
        "overdose_death_rate_by_drug",
        deaths("US-CA", 2019, 100, "heroin"),
        observed("cdc_wonder", "resident_population", "US-CA", 2019, 39_512_223),
    )
    assert row["source_ids"] == "cdc_vsrr+cdc_wonder"


def test_drug_induced_deaths_add_women_and_men_over_the_population() -> None:
    """Czechia in 2017: 30 men and 12 women of 10,618,303 people are 3.96 per million, with Byar's limits."""
    people = printed("resident_population", "CZE", 2017)
    rows = [
        observed("emcdda_bulletin", "drug_induced_deaths", "CZE", 2017, number, sex=sex)
        for sex, number in [("male", 30), ("female", 12)]
    ]
    row = value(
        overdose,
        "drug_induced_death_rate_crude",
        *rows,
        observed("un_population", "resident_population", "CZE", 2017, people, is_provisional=True, note="projection"),
    )
    low, high = poisson_interval([42])
    wanted = [1e6 * number / people for number in (42, low[0], high[0])]
    assert row[["value", "lower_95", "upper_95"]].tolist() == pytest.approx(wanted)
    assert round(row["value"], 2) == 3.96
    assert (row["strata"], row["is_provisional"], row["reason"]) == ("all", True, "projection")


def test_one_sex_alone_gives_no_total() -> None:
    """Deaths of men only are not the deaths of everybody."""
    made = values(
        overdose,
        "drug_induced_death_rate_crude",
        observed("emcdda_bulletin", "drug_induced_deaths", "CZE", 2017, 30, sex="male"),
        observed("un_population", "resident_population", "CZE", 2017, 10_618_303),
    )
    assert made.empty
