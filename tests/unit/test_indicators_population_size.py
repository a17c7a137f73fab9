"""The number of people who inject drugs: several estimates together, and what a study's counts say."""

import numpy as np
import pandas as pd
import pytest
from observed import observed, value, values

from assets.indicators import infections, population_size
from epi.population_size import capture_recapture, combine_sizes, multiplier


def size(source: str, year: int, best: float, low: float | None, high: float | None) -> dict[str, object]:
    """Make an estimate of a country."""
    return observed(source, "people_who_inject_drugs", "AUT", year, best, lower=low, upper=high)


def own(measure: str, count: float | None) -> dict[str, object]:
    """Make one count of a study."""
    return observed("programme_data", measure, "US-DC", 2013, count)


def test_two_estimates_are_combined_as_the_engine_does() -> None:
    """The newest estimate of each source makes the value; agreement is told, and both sources are named."""
    rows = [
        size("unaids_gam", 2015, 8_000, 6_000, 11_000),
        size("unaids_gam", 2012, 1_000, 900, 1_100),
        size("unodc_annex", 2018, 12_000, 9_000, 16_000),
    ]
    row = value(population_size, "pwid_population_size_consensus", *rows)
    table = pd.DataFrame({"area": "A", "value": [8e3, 12e3], "lower": [6e3, 9e3], "upper": [11e3, 16e3]})
    expected = combine_sizes(table, by="area")
    assert row["value"] == pytest.approx(expected.loc[0, "value"])
    assert (row["period"], row["source_ids"]) == ("2018", "unaids_gam+unodc_annex")
    assert row["reason"].startswith("2 estimates; largest / smallest 1.5")


@pytest.mark.parametrize(
    "other",
    [
        size("unaids_kp_atlas", 2018, 8_000, 6_000, 11_000),
        size("unaids_kp_atlas", 2018, 9_000, None, None),
        size("unaids_kp_atlas", 2022, 9_000, 8_000, 10_000),
    ],
)
def test_one_estimate_makes_no_consensus(other: dict[str, object]) -> None:
    """The same estimate twice, one without limits and one of another time are no second opinion."""
    first = size("unaids_gam", 2016, 8_000, 6_000, 11_000)
    assert values(population_size, "pwid_population_size_consensus", first, other).empty


def test_capture_and_recapture_of_a_city() -> None:
    """A study's two lists give Chapman's estimate with Chao's limits."""
    row = value(
        population_size, "pwid_population_size_recapture", own("size_first_list", 470), own("size_second_list", 450),
        own("size_both_lists", 55),
    )  # fmt: skip
    expected = capture_recapture(470, 450, 55)
    np.testing.assert_allclose(
        row[["value", "lower_95", "upper_95"]].astype("float64"),
        expected.loc[0, ["value", "lower", "upper"]].astype("float64"),
    )


def test_a_multiplier_turns_wilsons_interval_over() -> None:
    """1,200 people served, and 90 of 300 who say so, are 4,000 people."""
    rows = [own("size_people_served", 1_200), own("size_survey_asked", 300), own("size_survey_served", 90)]
    row = value(population_size, "pwid_population_size_multiplier", *rows)
    expected = multiplier(1_200, 90, 300)
    assert row["value"] == pytest.approx(4_000)
    assert row["upper_95"] == pytest.approx(expected.loc[0, "upper"])


def test_the_district_of_columbia() -> None:
    """An estimate printed as 8,829 (4,899 to 12,759) keeps its limits, and its target of none."""
    printed = observed("unaids_gam", "people_who_inject_drugs", "US-DC", 2013, 8_829, lower=4_899, upper=12_759)
    row = value(infections, "pwid_population_size", printed)
    assert row[["value", "lower_95", "upper_95"]].tolist() == [8_829, 4_899, 12_759]
    # The printed interval is symmetric: estimate -/+ 1.96 standard errors.
    assert 12_759 - 8_829 == 8_829 - 4_899


def test_nobody_served_in_the_survey_leaves_no_value() -> None:
    """A survey of which nobody was served says nothing, with the reason; a hidden count passes on its status."""
    rows = [own("size_people_served", 1_200), own("size_survey_asked", 300)]
    row = value(population_size, "pwid_population_size_multiplier", *rows, own("size_survey_served", 0))
    assert (row["status"], "nobody served" in row["reason"]) == ("not_applicable", True)
    hidden = value(population_size, "pwid_population_size_multiplier", *rows, own("size_survey_served", None))
    assert hidden["status"] == "suppressed"
