"""Small areas within funnel limits, by hand and by scipy's quantiles."""

import pandas as pd
import pytest
from observed import frame, observed, values
from scipy.stats import poisson

from assets.indicators import funnels, overdose, registered
from assets.indicators.measures import Measures
from schemas.indicators import IndicatorValue


def made(deaths: dict[str, float], people: dict[str, float]) -> pd.DataFrame:
    """Make the funnel rows of places from their deaths and people of 2019."""
    rows = [
        observed("cdc_wonder", measure, area, 2019, number)
        for measure, of in (("overdose_deaths", deaths), ("resident_population", people))
        for area, number in of.items()
    ]
    return IndicatorValue.validate(funnels.compute(overdose.compute(Measures(frame(*rows)))))


def test_a_state_against_its_country() -> None:
    """The country has 15 per 100,000: 30 of 100,000 is far above the limits 8 to 23 (28 at 99.8 %), 12 is within."""
    found = made(
        {"USA": 15_000, "US-VT": 30, "US-WY": 12, "US-NYC": 30},
        {"USA": 1e8, "US-VT": 1e5, "US-WY": 1e5, "US-NYC": 1e5},
    )
    ratio = found[found["indicator_id"] == "rate_against_country"].set_index("area_id")
    # New York City is a part of a state, which is shown itself.
    assert ratio["value"].to_dict() == pytest.approx({"US-VT": 2.0, "US-WY": 0.8})
    assert ratio.loc["US-VT", "reason"].startswith(
        "far above: chance allows 0.53 to 1.53 (95 %), 0.33 to 1.87 (99.8 %)"
    )
    assert ratio.loc["US-WY", "reason"].startswith("within")
    assert ratio.loc["US-VT", "reliability"] == "reliable"
    assert ratio.loc["US-WY", "reliability"] == "unreliable"
    limits = found[(found["indicator_id"] == "funnel_limit") & (found["area_id"] == "US-VT")].set_index("strata")
    expected = {
        "lower_95": poisson.ppf(0.025, 15), "upper_95": poisson.isf(0.025, 15),
        "lower_99_8": poisson.ppf(0.001, 15), "upper_99_8": poisson.isf(0.001, 15),
    }  # fmt: skip
    named = {f"limit={name};of=overdose_death_rate_crude": number for name, number in expected.items()}
    assert limits["value"].to_dict() == pytest.approx(named)
    assert set(limits["unit"]) == {"deaths per 100,000 population"}


def test_without_the_country_all_places_together_are_the_target() -> None:
    """Five states and no country: the rate of all together; four are too few to tell."""
    people = dict.fromkeys(("US-AL", "US-AK", "US-AZ", "US-AR", "US-CA"), 1e6)
    found = made(dict(zip(people, (100, 100, 100, 100, 200), strict=True)), people)
    ratio = found[found["indicator_id"] == "rate_against_country"].set_index("area_id")
    assert ratio.loc["US-CA", "value"] == pytest.approx(200 / 120)
    assert ratio.loc["US-CA", "reason"].endswith("around the rate of all places together, 12.0")
    fewer = dict(list(people.items())[:4])
    assert made(dict.fromkeys(fewer, 100.0), fewer).empty


def test_a_hidden_count_has_no_place_in_the_funnel() -> None:
    """A suppressed state has no row, and a published zero lies within limits or below them."""
    found = made({"USA": 15_000, "US-VT": None, "US-WY": 0}, {"USA": 1e8, "US-VT": 1e5, "US-WY": 1e5})
    ratio = found[found["indicator_id"] == "rate_against_country"].set_index("area_id")
    assert list(ratio.index) == ["US-WY"]
    assert ratio.loc["US-WY", ["value", "lower_95"]].tolist() == [0, 0]
    assert ratio.loc["US-WY", "reason"].startswith("far below")


def test_counties_are_compared_by_the_people_their_published_rate_implies() -> None:
    """Visits of residents: 50 visits at 100 per 100,000 stand for 50,000 people; six counties, one twice as high."""
    rows = []
    for at in range(6):
        number, rate = (100.0, 200.0) if at == 5 else (50.0, 100.0)
        area = f"US-0400{1 + 2 * at}" if at < 5 else "US-04012"
        rows += [
            observed("cdc_dose_discharge", "overdose_ed_visits_residents", area, 2020, number),
            observed("cdc_dose_discharge", "overdose_ed_visit_rate_residents_crude_per_100k", area, 2020, rate),
        ]
    visits = values(registered, "overdose_ed_visit_rate_county", *rows)
    assert visits["lower_95"].lt(visits["value"]).all()
    ratio = funnels.compute(visits).set_index("area_id")
    assert ratio.loc["US-04012", "value"] == pytest.approx(200 / (1e5 * 350 / 300_000))
    assert ratio.loc["US-04012", "denominator"] == pytest.approx(350 / 6)


def test_a_county_rate_is_made_of_residents_and_the_population_of_its_year() -> None:
    """42 deaths of the 12 months to June 2024 over the 60,000 residents of 2024 are 70 per 100,000."""
    row = values(
        registered,
        "overdose_death_rate_county",
        observed("cdc_vsrr_county", "overdose_deaths", "US-51041", "2023-07 to 2024-06", 42, is_provisional=True),
        observed("census_population", "resident_population", "US-51041", 2024, 60_000),
    ).iloc[0]
    assert (row["value"], row["denominator"], row["is_provisional"]) == (pytest.approx(70), 60_000, True)
    assert row["period"] == "12 months to 2024-06"
