"""Canada's opioid indicators and registered drug poisonings, against the publishers' printed numbers."""

import numpy as np
import pytest
from observed import observed, printed, value, values

from assets.indicators import canada
from epi.intervals import poisson_interval

COUNT, RATE = "opioid_deaths", "opioid_death_rate_crude_per_100k"


def phac(
    measure_id: str, number: float | None, year: int | str = 2023, area_id: str = "CA-BC", **others: object
) -> dict:
    """Make one observation of the Public Health Agency of Canada."""
    return observed("phac_substance_harms", measure_id, area_id, year, number, **others)


def test_the_printed_rate_gets_the_counts_interval() -> None:
    """British Columbia's 40.5 per 100,000 in 2023 keeps its printed digits; its limits are those of 2,236 deaths."""
    count, rate = printed(COUNT, "CA-BC", 2023), printed(RATE, "CA-BC", 2023)
    row = value(canada, "opioid_death_rate_crude", phac(COUNT, count), phac(RATE, rate))
    low, high = poisson_interval([2_236])
    assert row["value"] == 40.5
    assert row[["lower_95", "upper_95"]].tolist() == pytest.approx([40.5 * low[0] / 2_236, 40.5 * high[0] / 2_236])
    # Byar's limits by hand (Breslow and Day 1987): x (1 - 1/9x - z / 3 sqrt(x))^3.
    by_hand = 2_236 * (1 - 1 / (9 * 2_236) - 1.959964 / (3 * 2_236**0.5)) ** 3
    assert row["lower_95"] == pytest.approx(40.5 * by_hand / 2_236, rel=1e-6)
    assert (row["numerator"], row["reliability"]) == (2_236, "reliable")


def test_a_rate_of_no_deaths_has_no_upper_limit() -> None:
    """No deaths have rate 0 and lower limit 0; without a population in the publication the upper one is not known."""
    row = value(canada, "opioid_death_rate_crude", phac(COUNT, 0, area_id="CA-NU"), phac(RATE, 0, area_id="CA-NU"))
    assert [row["value"], row["lower_95"]] == [0, 0]
    assert np.isnan(row["upper_95"])
    assert row["reliability"] == "unreliable"


def test_a_rate_without_its_count_has_no_interval() -> None:
    """A rate whose count is suppressed stays as published, without interval, its reliability not assessed."""
    row = value(canada, "opioid_death_rate_crude", phac(COUNT, None), phac(RATE, 3.1))
    assert row["value"] == 3.1
    assert row[["lower_95", "upper_95", "numerator"]].isna().all()
    assert row["reliability"] == "not_assessed"


@pytest.mark.parametrize("status", ["suppressed", "not_collected"])
def test_a_hidden_count_stays_hidden(status: str) -> None:
    """Suppressed and not collected stay two things, and neither has a number."""
    row = value(canada, "opioid_deaths", phac(COUNT, None, status=status, note="why"))
    assert (row["status"], row["reason"]) == (status, "why")
    assert row[["value", "numerator"]].isna().all()


def test_part_of_a_year_is_named_as_such() -> None:
    """Whole years and the months of the newest year are kept and labelled; single quarters are not indicators."""
    made = values(
        canada, "opioid_deaths", *[phac(COUNT, 9, span) for span in (2024, "2025-01 to 2025-09", "2025-01 to 2025-03")]
    )
    assert made["period"].tolist() == ["2024", "2025-01 to 2025-09"]


def test_groups_stay_apart() -> None:
    """Deaths of women and of all drugs are rows of their own, paired with their own rate only."""
    rows = [phac(COUNT, 600, sex="female"), phac(COUNT, 2_236), phac(RATE, 21.0, sex="female"), phac(RATE, 40.5)]
    made = values(canada, "opioid_death_rate_crude", *rows).set_index("strata")
    assert made["numerator"].to_dict() == {"all": 2_236, "sex=female": 600}


def test_registered_deaths_add_up_as_printed() -> None:
    """England 4,312, Wales 224 and 25 non-residents are the 4,561 deaths registered in England and Wales in 2020."""
    rows = [
        observed("ons_drug_poisoning", "drug_poisoning_deaths", area, 2020, number, population_group=group)
        for area, group, number in [
            ("GB-EAW", "all", printed("drug_poisoning_deaths", "GB-EAW", 2020)),
            ("GB-ENG", "all", printed("drug_poisoning_deaths", "GB-ENG", 2020)),
            ("GB-WLS", "all", printed("drug_poisoning_deaths", "GB-WLS", 2020)),
            ("GB-EAW", "non_residents", 25),
        ]
    ]
    made = values(canada, "drug_poisoning_deaths_registered", *rows).set_index(["area_id", "strata"])["value"]
    assert made["GB-EAW", "all"] == 4_561
    assert made["GB-EAW", "population_group=non_residents"] + made["GB-ENG", "all"] + made["GB-WLS", "all"] == 4_561
