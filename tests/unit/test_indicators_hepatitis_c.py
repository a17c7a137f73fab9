"""Hepatitis C: new infections, incidence, the clearance cascade of CDC, treatment, and tiers of elimination."""

import numpy as np
import pytest
from observed import observed, value, values

from assets.indicators import hepatitis_c, programme
from epi.intervals import binomial_interval, poisson_interval
from schemas.indicators import IndicatorCard


def own(measure: str, count: float | None) -> dict[str, object]:
    """Make one count of a service's own data."""
    return observed("programme_data", measure, "US-06037", 2025, count)


def national(**numbers: float | tuple[float, float, float]) -> list[dict[str, object]]:
    """Make numbers of the Global Health Observatory, with limits where three are given."""
    rows = []
    for name, number in numbers.items():
        best, low, high = number if isinstance(number, tuple) else (number, None, None)
        rows.append(observed("who_gho", name, "GEO", 2022, best, lower=low, upper=high))
    return rows


def test_new_infections_per_100k_carry_the_limits_of_the_model() -> None:
    """A model's 100 (50 to 200) in a million people are 10 (5 to 20) per 100,000; the unseen target judges nothing."""
    people = observed("un_population", "resident_population", "GEO", 2022, 1_000_000)
    row = value(hepatitis_c, "hcv_new_infection_rate", *national(new_hcv_infections=(100, 50, 200)), people)
    assert row[["value", "lower_95", "upper_95"]].tolist() == [10, 5, 20]
    assert row["target_status"] == "no_target"


@pytest.mark.parametrize(("count", "judged"), [(0, "met"), (40, "not met"), (15, "undetermined")])
def test_incidence_is_met_only_if_the_upper_limit_is(count: int, judged: str) -> None:
    """With 1,000 person-years 15 infections are 1.5 per 100, below 2, yet the limit is above it: undetermined."""
    row = value(hepatitis_c, "hcv_incidence_pwid", own("hcv_seroconversions", count), own("hcv_person_years", 1_000))
    low, high = poisson_interval(count, method="exact")
    assert row["value"] == count / 10
    np.testing.assert_allclose(row[["lower_95", "upper_95"]].astype("float64"), [low / 10, high / 10])
    assert f"(unverified): {judged}" in row["reason"]
    assert row["target_status"] == "no_target"


def test_viraemic_prevalence_is_of_people_tested_for_rna() -> None:
    """A third of 380 tested, with Wilson's limits."""
    row = value(hepatitis_c, "hcv_viraemic_prevalence_pwid", own("hcv_rna_positive", 95), own("hcv_rna_tested", 380))
    assert row["value"] == 25
    np.testing.assert_allclose(row["lower_95"], 100 * binomial_interval(95, 380)[0])


def test_the_cascade_of_the_united_states_comes_back() -> None:
    """CDC's 88, 69, 34 and 7 % of the step before, from counts made of them (MMWR 72(26), 1,719,493 ever infected)."""
    counts = np.round(1_719_493 * np.cumprod([1, 0.88, 0.69, 0.34, 0.07]))
    names = ("ever_infected", "viral_tested", "initial_infection", "cured_or_cleared", "persistent_or_reinfected")
    rows = [own(f"hcv_{name}", count) for name, count in zip(names, counts, strict=True)]
    ids = ("hcv_cascade_viral_tested", "hcv_cascade_initial_infection", "hcv_cascade_cured_or_cleared")
    found = [value(programme, name, *rows)["value"] for name in ids]
    found.append(value(hepatitis_c, "hcv_cascade_persistent", *rows)["value"])
    assert np.round(found).tolist() == [88, 69, 34, 7]
    of_all = values(hepatitis_c, "hcv_cascade_of_ever_infected", *rows).set_index("strata")["value"]
    np.testing.assert_allclose(
        of_all[["step=viral_test", "step=initial_infection", "step=cured_or_cleared", "step=persistent_or_reinfected"]],
        100 * np.cumprod([0.88, 0.69, 0.34, 0.07]),
        rtol=1e-4,
    )


def test_treatment_uptake_meets_80_percent_only_with_its_whole_interval() -> None:
    """Of 260 people 210 are 80.8 %, whose interval straddles the target."""
    row = value(
        hepatitis_c, "hcv_treatment_uptake", own("hcv_treatment_started", 210), own("hcv_chronic_diagnosed", 260)
    )
    assert row["value"] == pytest.approx(80.77, abs=0.01)
    assert row["target_status"] == "undetermined"


def test_national_shares_carry_the_bounds_of_both_numbers() -> None:
    """Diagnosed 60 (50 to 70) of 100 (80 to 125) living is 60 %, from 40 to 87.5 %; above 100 % is kept."""
    rows = national(hcv_diagnosed=(60, 50, 70), people_living_with_hcv=(100, 80, 125), hcv_treated=90)
    row = value(hepatitis_c, "hcv_diagnosed_of_living", *rows)
    np.testing.assert_allclose(row[["value", "lower_95", "upper_95"]].astype("float64"), [60, 40, 87.5])
    treated = value(hepatitis_c, "hcv_treated_of_diagnosed", *rows)
    assert treated["value"] == 150
    assert "exceeds population" in treated["reason"]


SERVICES = (
    observed("hri_global_state", "nsp_operational", "GEO", 2022, 1.0),
    observed("hri_global_state", "oat_operational", "GEO", 2022, 1.0),
    observed("unaids_gam", "syringes_per_pwid", "GEO", 2022, 160.0),
)


@pytest.mark.parametrize(
    ("diagnosed", "treated", "services", "tiers"),
    [
        ((85, 82, 90), 65, SERVICES, (3, 3)),
        ((85, 82, 90), 65, SERVICES[:2], (2, 3)),
        ((85, 65, 90), 65, SERVICES, (1, 3)),
        ((85, 82, 90), 65, (), (0, 3)),
        ((50, 40, 59), 45, SERVICES, (0, 0)),
        ((85, 82, 90), 65, (observed("unaids_ncpi", "nsp_operational", "GEO", 2021, 0.0),), (0, 0)),
    ],
)
def test_a_tier_is_certain_or_possible(
    diagnosed: tuple[float, float, float],
    treated: float,
    services: tuple[dict[str, object], ...],
    tiers: tuple[int, int],
) -> None:
    """What every limit and answer supports is certain; what the best limits and unknown answers allow is possible."""
    ncpi = [
        {**row, "population_group": "answered by government"} for row in services if row["source_id"] == "unaids_ncpi"
    ]
    others = [row for row in services if row["source_id"] != "unaids_ncpi"]
    rows = national(hcv_diagnosed=diagnosed, people_living_with_hcv=100, hcv_treated=treated)
    row = value(hepatitis_c, "hcv_elimination_tier", *rows, *ncpi, *others)
    assert (row["lower_95"], row["upper_95"]) == tiers
    assert row["value"] == tiers[0]
    assert row["target_status"] == "no_target"
    if services:
        assert services[0]["source_id"] in row["source_ids"]


@pytest.mark.parametrize("card", hepatitis_c.CARDS, ids=lambda card: card.id)
def test_every_card_says_what_it_waits_for(card: IndicatorCard) -> None:
    """No figures feed these indicators, so each names the file it needs."""
    assert card.waits_for
