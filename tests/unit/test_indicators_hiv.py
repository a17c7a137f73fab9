"""HIV: diagnoses attributed to injecting, the cascade in both forms, treatment gaps, and care in own data."""

import numpy as np
import pytest
from observed import observed, value, values

from assets.indicators import hiv, infections
from epi.intervals import binomial_interval, poisson_interval
from epi.proportions import proportion_difference
from schemas.indicators import IndicatorCard

INJECTING = {"population_group": "injection_drug_use", "age_group": "13+"}
ALL = {"age_group": "13+"}


def diagnoses(area: str, year: int, count: float | None, **groups: str) -> dict[str, object]:
    """Make the diagnoses attributed to injecting of one area and year."""
    return observed("cdc_atlasplus", "hiv_diagnoses", area, year, count, **INJECTING, **groups)


def own(measure: str, count: float | None, year: int | str = 2025) -> dict[str, object]:
    """Make one count of a service's own data."""
    return observed("programme_data", measure, "US-06037", year, count)


def test_diagnoses_attributed_to_injecting_are_counted_with_poisson_limits() -> None:
    """The category's count is the total; men who have sex with men and inject are a group of their own."""
    both = observed(
        "cdc_atlasplus", "hiv_diagnoses", "US-CA", 2021, 40, age_group="13+",
        population_group="male_to_male_sexual_contact_and_injection_drug_use",
    )  # fmt: skip
    other = observed("cdc_atlasplus", "hiv_diagnoses", "US-CA", 2021, 900, **ALL)
    made = values(hiv, "hiv_diagnoses_injecting", diagnoses("US-CA", 2021, 100), both, other).set_index("strata")
    low, high = poisson_interval(100)
    assert made.loc["all", ["value", "lower_95", "upper_95"]].tolist() == [100, float(low), float(high)]
    assert sorted(made["value"]) == [40, 100]


def test_the_diagnosis_rate_takes_its_population_from_the_published_rate() -> None:
    """Ten per cent of diagnoses have ten per cent of the published rate, with the diagnoses' Poisson limits."""
    total = observed("cdc_atlasplus", "hiv_diagnoses", "US-CA", 2021, 1_000, **ALL)
    rate = observed("cdc_atlasplus", "hiv_diagnosis_rate_per_100k", "US-CA", 2021, 12.5, **ALL)
    row = value(hiv, "hiv_diagnosis_rate_injecting", diagnoses("US-CA", 2021, 100), total, rate)
    low, high = poisson_interval(100)
    assert row["value"] == pytest.approx(1.25)
    assert row["denominator"] == pytest.approx(8_000_000)
    assert row["lower_95"] == pytest.approx(float(low) / 1_000 * 12.45)
    assert row["upper_95"] == pytest.approx(float(high) / 1_000 * 12.55)


def test_a_fall_of_75_percent_is_not_called_official() -> None:
    """The change since 2017 is given, but the goals of 75 and 90 %, whose base was not seen, judge nothing."""
    rows = [diagnoses("US-CA", year, count) for year, count in [(2017, 400), (2025, 80), (2016, 500)]]
    row = value(hiv, "hiv_diagnoses_injecting_change", *rows)
    assert (row["period"], row["value"], row["denominator"]) == ("2025", -80.0, 400)
    assert row["target_status"] == "no_target"
    assert [(target.value, target.verified) for target in hiv.DIAGNOSES_CHANGE.targets] == [
        (-75.0, False),
        (-90, False),
    ]


def test_a_hidden_count_hides_the_rate_and_the_change() -> None:
    """A suppressed count passes its status on to what is made of it."""
    rows = [
        diagnoses("US-VT", 2017, 20),
        diagnoses("US-VT", 2021, None),
        observed("cdc_atlasplus", "hiv_diagnoses", "US-VT", 2021, 30, **ALL),
        observed("cdc_atlasplus", "hiv_diagnosis_rate_per_100k", "US-VT", 2021, 5.0, **ALL),
    ]
    for name in ("hiv_diagnosis_rate_injecting", "hiv_diagnoses_injecting_change"):
        row = value(hiv, name, *rows)
        assert (row["status"], np.isnan(row["value"])) == ("suppressed", True)


def test_the_number_tested_gives_wilson_limits() -> None:
    """Where UNAIDS publishes how many were tested, prevalence and testing have an interval; else none."""
    note = "survey in two cities; denominator 310"
    known = observed("unaids_gam", "hiv_status_known_pwid_pct", "AUT", 2020, 60.0, note=note)
    row = value(hiv, "hiv_status_known_pwid", known)
    np.testing.assert_allclose(
        row[["lower_95", "upper_95"]].astype("float64"), 100 * np.array(binomial_interval(186, 310))
    )
    prevalence = observed("unaids_gam", "hiv_prevalence_pwid_pct", "AUT", 2020, 10.0, note=note, sex="female")
    row = value(infections, "hiv_prevalence_pwid", prevalence)
    assert (row["strata"], row["denominator"]) == ("sex=female", 310)
    assert row["lower_95"] < 10 < row["upper_95"]


def test_global_aids_monitoring_comes_before_the_atlas_and_the_annex() -> None:
    """Of three sources for one place and year the first that reports a value is taken, and named."""
    rows = [
        observed("unaids_gam", "hiv_prevalence_pwid_pct", "AUT", 2020, None, status="not_collected"),
        observed("unaids_kp_atlas", "hiv_prevalence_pwid_pct", "AUT", 2020, 4.0),
        observed("unodc_annex", "hiv_prevalence_pwid_pct", "AUT", 2020, 5.0),
    ]
    row = value(infections, "hiv_prevalence_pwid", *rows)
    assert (row["value"], row["source_ids"]) == (4.0, "unaids_kp_atlas")


SHARES = {
    "hiv_status_known_pct": 95.0,
    "art_coverage_status_known_pct": 95.0,
    "viral_suppression_on_art_pct": 95.0,
}


def modelled(shares: dict[str, float], **others: float) -> list[dict[str, object]]:
    """Make shares as UNAIDS estimates them."""
    return [observed("unaids_estimates", name, "KEN", 2023, share, **others) for name, share in shares.items()]


def test_95_95_95_is_86_percent_of_all() -> None:
    """Three steps at their targets are each met, and leave 85.7 % of all suppressed."""
    made = values(hiv, "hiv_cascade_conditional", *modelled(SHARES))
    assert set(made["target_status"]) == {"met"}
    assert len(made) == 3
    population = values(hiv, "hiv_cascade_population", *modelled(SHARES)).set_index("strata")
    assert population.loc["step=virally_suppressed", "value"] == pytest.approx(85.7375)


def test_a_conditional_share_that_is_not_published_comes_from_two_that_are() -> None:
    """Of all 80 % know and 60 % are treated: of those who know 75 %, without limits that nobody gave."""
    rows = modelled({"hiv_status_known_pct": 80.0, "art_coverage_pct": 60.0, "viral_suppression_pct": 54.0})
    made = values(hiv, "hiv_cascade_conditional", *rows).set_index("strata")
    assert made.loc["step=on_treatment", "value"] == pytest.approx(75.0)
    assert made.loc["step=virally_suppressed", "value"] == pytest.approx(90.0)
    assert made.loc["step=on_treatment", ["lower_95", "upper_95"]].isna().all()
    assert value(hiv, "hiv_suppressed_of_status_known", *rows)["value"] == pytest.approx(67.5)


def test_a_straddled_target_is_undetermined() -> None:
    """A step of 94 to 97 % neither meets nor misses 95 %."""
    rows = [observed("unaids_estimates", "hiv_status_known_pct", "KEN", 2023, 95.5, lower=94.0, upper=97.0)]
    assert value(hiv, "hiv_cascade_conditional", *rows)["target_status"] == "undetermined"


def test_the_treatment_gap_is_below_zero_where_people_who_inject_are_treated_less() -> None:
    """Fifty against eighty is minus thirty points; Newcombe's limits only where both numbers are known."""
    everybody = observed("unaids_estimates", "art_coverage_pct", "KEN", 2023, 80.0)
    row = value(hiv, "art_gap_pwid", observed("unaids_gam", "art_coverage_pwid_pct", "KEN", 2023, 50.0), everybody)
    assert (row["value"], row["target_status"]) == (-30.0, "no_target")
    assert row[["lower_95", "upper_95"]].isna().all()
    row = value(
        hiv, "art_gap_pwid",
        observed("unaids_gam", "art_coverage_pwid_pct", "KEN", 2023, 50.0, note="denominator 200"),
        observed("unaids_estimates", "art_coverage_pct", "KEN", 2023, 80.0, note="denominator 1000"),
    )  # fmt: skip
    limits = proportion_difference(100, 200, 800, 1_000, per=100)
    assert row["lower_95"] == pytest.approx(limits.loc[0, "lower"])


def test_care_of_own_clients_is_held_against_95_percent() -> None:
    """Linkage and suppression are shares of own counts with Wilson limits; a hidden count hides them."""
    row = value(hiv, "hiv_linkage_one_month", own("hiv_newly_diagnosed", 60), own("hiv_linked_one_month", 45))
    assert (row["value"], row["target_status"]) == (75.0, "not_met")
    hidden = value(
        hiv, "hiv_suppressed_of_diagnosed", own("hiv_diagnosed_clients", 60), own("hiv_suppressed_clients", None)
    )
    assert (hidden["status"], np.isnan(hidden["numerator"])) == ("suppressed", True)


def test_more_prescriptions_than_need_are_kept_and_told() -> None:
    """PrEP above the estimated need is 120 %, not 100."""
    row = value(hiv, "prep_coverage", own("prep_indicated", 100), own("prep_prescribed", 120))
    assert row["value"] == 120
    assert "exceeds population" in row["reason"]


@pytest.mark.parametrize("card", hiv.CARDS, ids=lambda card: card.id)
def test_every_card_says_what_it_waits_for(card: IndicatorCard) -> None:
    """No figures feed these indicators, so each names the file it needs."""
    assert card.waits_for
