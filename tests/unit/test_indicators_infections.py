"""HIV, hepatitis C and population size: passed on as published, limits and gaps included."""

import numpy as np
import pandas as pd
import pytest
from observed import observed, value, values

from assets.indicators import infections

MEASURES = {
    "hiv_prevalence_pwid": "hiv_prevalence_pwid_pct",
    "hcv_antibody_prevalence_pwid": "hcv_antibody_prevalence_pwid_pct",
    "pwid_population_size": "people_who_inject_drugs",
}


@pytest.mark.parametrize(("indicator_id", "measure_id"), MEASURES.items())
def test_a_published_value_is_passed_on(indicator_id: str, measure_id: str) -> None:
    """The value keeps its digits and its remark, without an interval that nobody published and without a target."""
    row = value(infections, indicator_id, observed("unaids_gam", measure_id, "AUT", 2017, 12.34, note="two cities"))
    assert (row["value"], row["reason"], row["period"]) == (12.34, "two cities", "2017")
    assert row["method"] == "value as published, without limits"
    assert row[["lower_95", "upper_95", "target"]].isna().all()
    assert (row["target_status"], row["source_ids"]) == ("no_target", "unaids_gam")


def test_published_limits_are_kept() -> None:
    """Where the publisher gives limits they are the interval, one-sided ones too."""
    both = observed("unaids_gam", "people_who_inject_drugs", "AUT", 2017, 1_000, lower=800, upper=1_500)
    one = observed("unaids_gam", "people_who_inject_drugs", "DEU", 2017, 1_000, lower=800)
    made = values(infections, "pwid_population_size", both, one).set_index("area_id")
    assert made.loc["AUT", ["lower_95", "upper_95"]].tolist() == [800, 1_500]
    assert made.loc["DEU", "lower_95"] == 800
    assert np.isnan(made.loc["DEU", "upper_95"])
    assert set(made["method"]) == {"value and limits as published"}


def test_an_implausible_estimate_is_a_row_without_a_number() -> None:
    """A value set to low quality stays visible with its reason, without its number and limits."""
    odd = observed(
        "unaids_gam",
        "people_who_inject_drugs",
        "JPN",
        2013,
        None,
        status="low_quality",
        note="not plausible",
        lower=1.0,
    )
    row = value(infections, "pwid_population_size", odd)
    assert (row["status"], row["reason"]) == ("low_quality", "not plausible")
    assert row[["value", "lower_95", "upper_95"]].isna().all()


def test_zero_is_a_value() -> None:
    """A prevalence of zero is reported, and is not the same as none."""
    made = values(
        infections,
        "hiv_prevalence_pwid",
        observed("unaids_gam", "hiv_prevalence_pwid_pct", "AUT", 2017, 0.0),
        observed("unaids_gam", "hiv_prevalence_pwid_pct", "DEU", 2017, None, status="not_collected"),
    ).set_index("area_id")
    assert made["status"].to_dict() == {"AUT": "reported", "DEU": "not_collected"}
    assert made.loc["AUT", "value"] == 0


def test_another_source_or_part_of_a_year_is_not_read() -> None:
    """Only UNAIDS' values of whole years are these indicators."""
    made = values(
        infections,
        "hiv_prevalence_pwid",
        observed("emcdda_bulletin", "hiv_prevalence_pwid_pct", "AUT", 2017, 1.0),
        observed("unaids_gam", "hiv_prevalence_pwid_pct", "AUT", "2017-01 to 2017-06", 1.0),
    )
    assert isinstance(made, pd.DataFrame)
    assert made.empty
