"""Syringes over three denominators, reach, individual coverage, access and drug checking."""

import numpy as np
import pandas as pd
import pytest
from observed import figures, observed, value, values

from assets.indicators import coverage, programme, services
from assets.indicators.measures import Measures


def own(measure: str, count: float | None, period: int | str = 2025, **others: float) -> dict[str, object]:
    """Make one count of a service's own data."""
    return observed("programme_data", measure, "US-06037", period, count, **others)


@pytest.mark.parametrize(
    ("ratio", "bands"),
    [
        (0.0, (1, 1)),
        (99.9, (1, 1)),
        (100.0, (2, 1)),
        (199.9, (2, 1)),
        (200.0, (3, 2)),
        (299.0, (3, 2)),
        (300.0, (3, 3)),
    ],
)
def test_bands_of_syringe_distribution(ratio: float, bands: tuple[int, int]) -> None:
    """A ratio is low, medium or high by each set of edges; on an edge it is in the band above."""
    made = values(coverage, "syringe_coverage_band", observed("unaids_gam", "syringes_per_pwid", "AUT", 2017, ratio))
    assert made.set_index("strata")["value"].to_dict() == {"bands=legacy": bands[0], "bands=strategy": bands[1]}


def test_twelve_of_73_countries_reach_200() -> None:
    """Of the 73 countries of the transcribed figures 12 are at 200 syringes a year or more."""
    rows = coverage.compute(Measures(figures()))
    legacy = rows[(rows["indicator_id"] == "syringe_coverage_band") & (rows["strata"] == "bands=legacy")]
    assert (legacy["area_id"].nunique(), int((legacy["value"] == 3).sum())) == (73, 12)


def test_three_denominators_stand_side_by_side() -> None:
    """Of 200,000 syringes: 100 per person in the population, 200 per person reached, 400 per client."""
    public = [
        observed("emcdda_bulletin", "syringes_distributed", "AUT", 2020, 200_000),
        observed("unaids_gam", "people_who_inject_drugs", "AUT", 2018, 2_000, lower=1_000, upper=4_000),
        observed("unaids_gam", "prevention_coverage_pwid_pct", "AUT", 2020, 50.0),
    ]
    population = value(services, "syringes_per_pwid_computed", *public)
    reached = value(coverage, "syringes_per_person_reached", *public)
    clients = value(programme, "syringes_per_client", own("syringes_distributed", 200_000), own("nsp_clients", 500))
    assert [row["value"] for row in (population, reached, clients)] == [100, 200, 400]
    assert reached[["lower_95", "upper_95", "denominator"]].tolist() == [100, 400, 1_000]
    types = [services.SYRINGES_COMPUTED, coverage.PER_REACHED, programme.SYRINGES_PER_CLIENT]
    assert [card.denominator_type for card in types] == ["population", "reached", "programme"]
    assert not coverage.PER_REACHED.targets


def test_reach_has_the_range_of_its_denominator() -> None:
    """Of 400 (300 to 800) people 100 are clients: 25 %, from 12.5 to 33 %."""
    people = own("people_who_inject_drugs", 400, 2023, lower=300, upper=800)
    row = value(coverage, "nsp_reach", own("nsp_clients", 100), people)
    np.testing.assert_allclose(row[["value", "lower_95", "upper_95"]].astype("float64"), [25, 12.5, 100 / 3])


def test_an_estimate_older_than_five_years_is_no_denominator() -> None:
    """The number of people of 2019 does not serve for 2025."""
    made = values(coverage, "nsp_reach", own("nsp_clients", 100), own("people_who_inject_drugs", 400, 2019))
    assert made.empty


def test_monthly_access_is_the_mean_of_twelve_months() -> None:
    """Months of 40 and 60 clients are 50 on average; a year with a month that is hidden has no value."""
    months = [
        own("nsp_clients", 40 + 20 * (month % 2), f"2025-{month:02d} to 2025-{month:02d}") for month in range(1, 13)
    ]
    people = own("people_who_inject_drugs", 400, 2023)
    row = value(coverage, "nsp_monthly_access", *months, people)
    assert (row["value"], row["numerator"], row["period"]) == (12.5, 50, "2025")
    hidden = own("nsp_clients", None, "2025-12 to 2025-12")
    assert values(coverage, "nsp_monthly_access", *months[:-1], hidden, people).empty


def test_individual_coverage_above_100_is_kept() -> None:
    """More syringes than injections is above 100 %, and the share of people with enough is a share of people."""
    rows = [own("survey_syringes_kept", 1_200), own("survey_injections", 1_000), own("survey_people_injecting", 50)]
    row = value(coverage, "syringe_coverage_of_injections", *rows)
    assert row["value"] == 120
    share = value(coverage, "people_with_full_syringe_coverage", *rows, own("survey_people_covered", 25))
    assert (share["value"], share["denominator"]) == (50, 50)


def test_access_is_by_service() -> None:
    """Each service has a group of its own, and a service that nobody gave has none."""
    made = values(coverage, "people_within_reach", own("access_people", 9_000), own("access_people_nsp", 6_000))
    assert made["strata"].tolist() == ["service=nsp"]
    assert made["value"].tolist() == [pytest.approx(66.67, abs=0.01)]


def test_samples_are_counted_and_the_unexpected_have_wilson_limits() -> None:
    """Of 200 samples 50 held something else: a quarter, with limits."""
    rows = [own("drug_checking_samples", 200), own("drug_checking_samples_unexpected", 50)]
    assert value(coverage, "drug_checking_samples_checked", *rows)["value"] == 200
    share = value(programme, "drug_checking_unexpected", *rows)
    assert share["lower_95"] < share["value"] == 25 < share["upper_95"]


def test_a_missing_band_is_none() -> None:
    """A ratio that is not there is in no band."""
    found = coverage.band(pd.Series([np.nan, 50.0]), (100, 200))
    assert found.isna().tolist() == [True, False]
