"""Service indicators, by hand and from the publishers' printed numbers."""

import numpy as np
import pandas as pd
import pytest
from observed import observed, printed, value, values

from assets.indicators import consumption_sites, services
from epi.intervals import poisson_interval

DISPENSED, PER_DEATH = "naloxone_dispensed_per_100k", "naloxone_dispensed_per_overdose_death"


def syringes(year: int, number: float | None, area_id: str = "CZE", source_id: str = "emcdda_bulletin") -> dict:
    """Make one observation of syringes distributed."""
    return observed(source_id, "syringes_distributed", area_id, year, number)


def people(year: int, number: float | None, area_id: str = "CZE", **limits: object) -> dict:
    """Make one observation of people who inject drugs."""
    return observed("unaids_gam", "people_who_inject_drugs", area_id, year, number, **limits)


def california(**changed: float | None) -> list[dict]:
    """Give what the ratio of naloxone to opioid deaths rests on: California in 2021 as published, or changed."""
    numbers = {"rate": 0.4, "people": 39_142_565, "deaths": 7_538, **changed}
    return [
        observed("cdc_dispensing", "naloxone_dispensed_per_100", "US-CA", 2021, numbers["rate"]),
        observed("census_population", "resident_population", "US-CA", 2021, numbers["people"]),
        observed("cdc_vsrr", "overdose_deaths", "US-CA", 2021, numbers["deaths"], drug="opioids"),
    ]


def test_syringes_per_person_by_hand() -> None:
    """6,410,000 syringes for 43,700 people in Czechia in 2017 are 146.7 each, below the target of 200."""
    row = value(
        services,
        "syringes_per_pwid_computed",
        syringes(2017, printed("syringes_distributed", "CZE", 2017)),
        people(2017, printed("people_who_inject_drugs", "CZE", 2017)),
    )
    assert (row["numerator"], row["denominator"]) == (6_410_000, 43_700)
    assert row["value"] == pytest.approx(6_410_000 / 43_700)
    assert round(row["value"], 1) == 146.7
    assert (row["target"], row["target_status"]) == (200, "not_met")
    assert row[["lower_95", "upper_95"]].isna().all()
    assert (row["source_ids"], row["release"]) == ("emcdda_bulletin+unaids_gam", "2019-01-01+2019-01-01")


def test_the_range_is_that_of_the_number_of_people() -> None:
    """The high estimate of people gives the lower limit, the low one the upper; a target inside is undetermined."""
    row = value(
        services,
        "syringes_per_pwid_computed",
        syringes(2017, 2_000_000),
        people(2016, 9_000, lower=8_000, upper=12_500),
    )
    assert row[["lower_95", "upper_95"]].tolist() == [160, 250]
    assert row[["denominator_low", "denominator_high"]].tolist() == [8_000, 12_500]
    assert row["target_status"] == "undetermined"
    assert row["reason"] == "number of people who inject drugs of 2016"


@pytest.mark.parametrize(("year", "rows"), [(2017, 1), (2012, 1), (2011, 0), (2018, 0)])
def test_an_estimate_of_people_is_used_for_five_years(year: int, rows: int) -> None:
    """A population size serves its year and five more: neither an older one nor one of the future is used."""
    made = values(services, "syringes_per_pwid_computed", syringes(2017, 100_000), people(year, 1_000))
    assert len(made) == rows


def test_the_newest_estimate_of_the_same_country_is_used() -> None:
    """Of several estimates the newest not after the syringes is taken, and never another country's."""
    row = value(
        services,
        "syringes_per_pwid_computed",
        syringes(2017, 100_000),
        people(2014, 500),
        people(2016, 1_000),
        people(2017, 10, "AUT"),
        people(2018, 2_000),
    )
    assert row["value"] == 100


@pytest.mark.parametrize(("given", "size"), [(None, 1_000), (100_000, None)])
def test_nothing_is_computed_from_a_value_that_is_not_there(given: float | None, size: float | None) -> None:
    """Without syringes or without people there is no ratio."""
    assert values(services, "syringes_per_pwid_computed", syringes(2017, given), people(2017, size)).empty


def test_coverage_above_the_population_is_kept() -> None:
    """More syringes than a person could need stay as they are: clipping would hide that the numbers disagree."""
    row = value(services, "syringes_per_pwid_computed", syringes(2017, 5_000_000), people(2017, 1_000))
    assert (row["value"], row["target_status"]) == (5_000, "met")


@pytest.mark.parametrize(
    ("indicator_id", "measure_id", "number", "status"),
    [
        ("syringes_per_pwid", "syringes_per_pwid", 200, "met"),
        ("syringes_per_pwid", "syringes_per_pwid", 199.9, "not_met"),
        ("oat_coverage", "oat_coverage_pct", 50, "met"),
        ("oat_coverage", "oat_coverage_pct", 40, "not_met"),
        ("safe_injecting", "safe_injecting_pct", 90, "met"),
        ("safe_injecting", "safe_injecting_pct", 47.8, "not_met"),
    ],
)
def test_a_target_includes_its_own_edge(indicator_id: str, measure_id: str, number: float, status: str) -> None:
    """200 syringes, 50 % on agonist treatment and 90 % safe injecting are the targets; exactly there is met."""
    row = value(services, indicator_id, observed("unaids_gam", measure_id, "AUT", 2017, number))
    assert (row["value"], row["target_status"]) == (number, status)


@pytest.mark.parametrize("status", ["suppressed", "not_collected", "low_quality", "withdrawn"])
def test_a_country_without_a_value_keeps_its_status(status: str) -> None:
    """What is not reported has no number, its own status, and is not counted as missing the target."""
    row = value(services, "oat_coverage", observed("unaids_gam", "oat_coverage_pct", "AUT", 2017, None, status=status))
    assert (row["status"], row["target_status"]) == (status, "undetermined")
    assert pd.isna(row["value"])


def test_dispensing_is_shown_per_100k_with_the_range_of_its_rounding() -> None:
    """0.4 per 100 people are 400 per 100,000, and since it is rounded to 0.1, between 350 and 450."""
    row = value(services, DISPENSED, *california()[:1])
    assert row[["value", "lower_95", "upper_95"]].tolist() == pytest.approx([400, 350, 450])
    nothing = value(services, DISPENSED, observed("cdc_dispensing", "naloxone_dispensed_per_100", "US-CA", 2021, 0.0))
    assert nothing[["value", "lower_95", "upper_95"]].tolist() == pytest.approx([0, 0, 50])


def test_naloxone_per_death_by_hand() -> None:
    """0.4 per 100 of 39,142,565 people are 156,570 prescriptions: 20.8 for each of 7,538 opioid deaths."""
    row = value(services, PER_DEATH, *california())
    few, many = poisson_interval([7_538])
    assert row["numerator"] == pytest.approx(0.4 * 391_425.65)
    assert row["value"] == pytest.approx(156_570.26 / 7_538)
    assert row["lower_95"] == pytest.approx(0.35 * 391_425.65 / many[0])
    assert row["upper_95"] == pytest.approx(0.45 * 391_425.65 / few[0])
    assert row["source_ids"] == "cdc_dispensing+census_population+cdc_vsrr"


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"deaths": None}, "suppressed"),
        ({"rate": None}, "suppressed"),
        ({"deaths": 0}, "not_applicable"),
        ({"people": None}, "not_applicable"),
    ],
)
def test_no_ratio_without_all_three(changed: dict, status: str) -> None:
    """A hidden part hides the ratio with everything it rests on; no deaths or no people give a reason, not infinity."""
    row = value(services, PER_DEATH, *california(**changed))
    assert row["status"] == status
    assert row[["value", "lower_95", "upper_95"]].isna().all()
    assert status != "suppressed" or np.isnan(row["numerator"])
    assert status != "not_applicable" or row["reason"].endswith("no deaths or no population to divide by")


def test_only_opioid_deaths_count_for_naloxone() -> None:
    """Naloxone reverses opioids: deaths of all drugs, or of cocaine, are not its denominator."""
    deaths = [observed("cdc_vsrr", "overdose_deaths", "US-CA", 2021, 10, drug=drug) for drug in ("all", "cocaine")]
    assert values(services, PER_DEATH, *california()[:2], *deaths).empty


def test_visits_per_site_by_hand() -> None:
    """42,856 visits to 40 reporting sites in February 2025 are 1,071 per site; the month is the period."""
    month = "2025-02"
    rows = [
        observed("phac_consumption_sites", "consumption_site_visits", "CAN", month, 42_856),
        observed("phac_consumption_sites", "consumption_sites_reporting", "CAN", month, 40),
    ]
    row = value(consumption_sites, "consumption_site_visits_per_site", *rows)
    assert (row["value"], row["period"], row["denominator"]) == (42_856 / 40, "2025-02", 40)
    assert value(consumption_sites, "consumption_site_visits", *rows)["value"] == 42_856


def test_months_without_sites_have_no_visits_per_site() -> None:
    """No site reporting leaves nothing to divide by: no row rather than infinity."""
    rows = [
        observed("phac_consumption_sites", "consumption_site_visits", "CAN", "2025-02", 0),
        observed("phac_consumption_sites", "consumption_sites_reporting", "CAN", "2025-02", 0),
    ]
    assert values(consumption_sites, "consumption_site_visits_per_site", *rows).empty


def test_ratios_that_differ_twofold_are_marked_doubtful() -> None:
    """Ireland in 2017: UNAIDS publishes 168 syringes a person, and the bulletin's count gives 32: both say so."""
    rows = [
        syringes(2017, 520_000, "IRL"),
        people(2014, 16_400, "IRL"),
        observed("unaids_gam", "syringes_per_pwid", "IRL", 2017, 168.0),
        syringes(2017, 6_410_000, "CZE"),
        people(2017, 43_700, "CZE"),
        observed("unaids_gam", "syringes_per_pwid", "CZE", 2017, 150.0),
    ]
    for indicator_id, other in (("syringes_per_pwid", "32"), ("syringes_per_pwid_computed", "168")):
        found = values(services, indicator_id, *rows).set_index("area_id")["reason"]
        assert f"doubtful: {other} " in found["IRL"]
        assert "doubtful" not in found["CZE"]


def test_a_new_estimate_of_people_is_a_break() -> None:
    """A ratio over another estimate of people is no change in syringes: the series breaks there, and only there."""
    rows = values(
        services,
        "syringes_per_pwid_computed",
        *[syringes(year, 1_000_000) for year in (2014, 2015, 2016)],
        people(2014, 10_000),
        people(2016, 20_000),
    )
    assert (rows.set_index("period")["series_break"] != "").to_dict() == {"2014": False, "2015": False, "2016": True}
