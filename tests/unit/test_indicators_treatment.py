"""Treatment and naloxone against the people who need them."""

import numpy as np
import pytest
from observed import figures, observed, value, values

from assets.indicators import registry, treatment
from epi.intervals import poisson_interval


def own(measure: str, count: float | None, period: int | str = 2025, **others: float) -> dict[str, object]:
    """Make one count of a service's own data."""
    return observed("programme_data", measure, "US-CA", period, count, **others)


def clients(area: str, year: int, **medicines: float) -> list[dict[str, object]]:
    """Make the clients of each medicine, as the bulletin gives them."""
    return [
        observed("emcdda_bulletin", "oat_clients", area, year, number, drug=drug) for drug, number in medicines.items()
    ]


def test_clients_are_held_against_40_and_50_percent_side_by_side() -> None:
    """Of 1,000 (900 to 1,200) people 450 are 45 (37.5 to 50): undetermined at both levels."""
    size = observed("unaids_gam", "people_who_inject_drugs", "AUT", 2016, 1_000, lower=900, upper=1_200)
    row = value(
        treatment, "oat_clients_per_pwid_computed", *clients("AUT", 2017, methadone=400, buprenorphine=50), size
    )
    assert (row["value"], row["lower_95"], row["upper_95"]) == (45, 37.5, 50)
    assert row["reason"].startswith("at 40 %: undetermined; at 50 %: undetermined")
    assert row["target_status"] == "no_target"


def test_a_missing_medicine_makes_no_sum() -> None:
    """Where methadone or buprenorphine is not given the sum would be too small: no row."""
    size = observed("unaids_gam", "people_who_inject_drugs", "AUT", 2016, 1_000)
    rows = [*clients("AUT", 2017, methadone=400), *clients("AUT", 2016, buprenorphine=50), size]
    assert values(treatment, "oat_clients_per_pwid_computed", *rows).empty


def test_more_clients_than_people_are_kept_and_meet_nothing() -> None:
    """Above 100 the two numbers do not fit: the value stays, and no level is called met."""
    size = observed("unaids_gam", "people_who_inject_drugs", "AUT", 2016, 100)
    row = value(
        treatment, "oat_clients_per_pwid_computed", *clients("AUT", 2017, methadone=150, buprenorphine=50), size
    )
    assert row["value"] == 200
    assert row["reason"].startswith("exceeds population")


def test_published_coverage_stays_at_20_of_60_at_40_percent() -> None:
    """The computed ratio stands beside the published coverage, whose count of countries it does not change."""
    summary = registry.target_summary(registry.latest_values(registry.indicator_values(figures())))
    row = summary.set_index(["indicator_id", "target"]).loc[("oat_coverage", 40.0)]
    assert row[["met", "places"]].tolist() == [20, 60]


def test_the_gap_of_medication_is_86_6_percent() -> None:
    """Of 1,000 people with the disorder 134 treated leave 86.6 %, as printed for the United States in 2019."""
    need = own("people_with_opioid_use_disorder", 1_000, lower=800, upper=1_340)
    row = value(treatment, "moud_gap", own("moud_recipients", 134), need)
    np.testing.assert_allclose(row[["value", "lower_95", "upper_95"]].astype("float64"), [86.6, 83.25, 90])
    assert row["numerator"] == 866


def test_more_recipients_than_need_are_told() -> None:
    """A gap below zero is kept, with the reason."""
    row = value(treatment, "moud_gap", own("moud_recipients", 150), own("people_with_opioid_use_disorder", 100))
    assert row["value"] == -50
    assert "exceeds population" in row["reason"]


def test_two_survey_years_are_shown_at_the_second() -> None:
    """A window of two years is a row of the last, which says so, with its own limits and ages."""
    window = observed(
        "samhsa_nsduh", "opioid_use_disorder_pct", "US-CA", "2022-01 to 2023-12", 2.1, lower=1.6, upper=2.8,
        age_group="12+",
    )  # fmt: skip
    row = value(treatment, "opioid_use_disorder_prevalence", window)
    assert (row["period"], row["strata"], row["lower_95"]) == ("2023", "age_group=12+", 1.6)
    assert row["reason"].startswith("survey years 2022 and 2023")


@pytest.mark.parametrize(
    ("name", "part", "whole"),
    [
        ("oat_retention_six_months", "oat_retained_six_months", "oat_started"),
        ("oat_adequate_dose_share", "oat_adequate_dose", "oat_maintained"),
        ("oat_person_year_share", "oat_person_years", "opioid_dependent_person_years"),
    ],
)
def test_quality_of_treatment_is_a_share(name: str, part: str, whole: str) -> None:
    """Each of the three is its part over its whole; the one of person-years has no sampling limits."""
    row = value(treatment, name, own(part, 60), own(whole, 80))
    assert row["value"] == 75
    assert np.isnan(row["lower_95"]) == (name == "oat_person_year_share")


def test_kits_per_opioid_death_have_the_deaths_limits() -> None:
    """Of 2,000 kits and 100 opioid deaths 20 each; hidden deaths hide the ratio; all overdose deaths are not used."""
    kits = own("naloxone_kits_distributed", 2_000)
    opioids = observed("cdc_vsrr", "overdose_deaths", "US-CA", 2025, 100, drug="opioids")
    every = observed("cdc_vsrr", "overdose_deaths", "US-CA", 2025, 400)
    row = value(treatment, "naloxone_kits_per_opioid_death", kits, every, opioids)
    low, high = poisson_interval(100)
    np.testing.assert_allclose(
        row[["value", "lower_95", "upper_95"]].astype("float64"), [20, 2_000 / high, 2_000 / low]
    )
    hidden = value(
        treatment, "naloxone_kits_per_opioid_death", kits, {**opioids, "value": None, "status": "suppressed"}
    )
    assert (hidden["status"], np.isnan(hidden["numerator"])) == ("suppressed", True)


def test_kits_are_a_share_of_the_modelled_need() -> None:
    """Eight hundred of 3,200 kits are a quarter of the need."""
    row = value(
        treatment,
        "naloxone_kits_of_modelled_need",
        own("naloxone_kits_distributed", 800),
        own("naloxone_kits_needed", 3_200),
    )
    assert row["value"] == 25
