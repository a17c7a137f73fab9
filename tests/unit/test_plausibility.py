"""Plausibility: identities that hold in published figures are checked, and a broken one is counted and shown."""

from pathlib import Path

import pandas as pd
import pytest

from assets import plausibility
from assets.figures import load
from schemas.areas import areas
from schemas.observations import as_observations

FIGURES = Path(__file__).resolve().parents[2] / "data" / "figures"


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    """Give the transcribed figures."""
    return load(FIGURES).observations


def parts_of_us(end: str = "2021-12-31", value: float = 2.0) -> pd.DataFrame:
    """Give a count for the country and for each of the parts that make it up."""
    ids = areas().loc[lambda frame: frame["in_us_total"], "area_id"].tolist()
    frame = pd.DataFrame({"area_id": ["USA", *ids], "value": [value * len(ids), *[value] * len(ids)]})
    return as_observations(
        frame.assign(
            source_id="cdc_vsrr",
            release="2025-07-16",
            snapshot_id="cdc_vsrr/2025-07-16",
            measure_id="overdose_deaths",
            period_end=pd.Timestamp(end),
            period_start=pd.Timestamp("2021-01-01"),
            status="reported",
            is_provisional=True,
        )
    )


def test_published_figures_are_plausible(published: pd.DataFrame) -> None:
    """Every check passes on the transcribed figures, and each compared something."""
    checks = plausibility.of_core(published)
    assert [row["passed"] for row in checks] == [True, True, True]
    assert not any(" in 0 " in str(row["description"]) for row in checks)
    assert {row["asset"] for row in checks} == {"core.observations"}


def test_there_are_52_parts() -> None:
    """The country is 50 states, DC and New York City; Puerto Rico and the whole of New York State are outside."""
    parts = set(areas().loc[lambda frame: frame["in_us_total"], "area_id"])
    assert len(parts) == 52
    assert parts >= {"US-NYC", "US-NY-XNYC", "US-DC"}
    assert not parts & {"US-PR", "US-NY", "USA"}


def test_wrong_total_is_found() -> None:
    """A part that is off by one death shows with the month and both numbers."""
    frame = parts_of_us()
    assert plausibility.us_total_is_sum_of_parts(frame)["passed"] is True
    frame.loc[frame["area_id"] == "US-CA", "value"] += 1
    found = plausibility.us_total_is_sum_of_parts(frame)
    assert (found["passed"], found["failures"]) == (False, 1)
    assert "2021-12: 105 against 104" in str(found["description"])


def test_incomplete_window_is_not_compared() -> None:
    """A window in which a part is suppressed cannot be added up and is no fault."""
    frame = parts_of_us()
    frame.loc[frame["area_id"] == "US-WY", ["value", "status"]] = [float("nan"), "suppressed"]
    found = plausibility.us_total_is_sum_of_parts(frame)
    assert found["passed"] is True
    assert "in 0 windows" in str(found["description"])


def test_drug_class_above_all_drugs_is_found(published: pd.DataFrame) -> None:
    """A class of drugs with more deaths than all drugs together is counted."""
    spoilt = published.copy()
    heroin = (spoilt["drug"] == "heroin") & (spoilt["measure_id"] == "overdose_deaths") & spoilt["value"].notna()
    spoilt.loc[spoilt.index[heroin][:2], "value"] = 9e9
    found = plausibility.drug_class_within_total(spoilt)
    assert (found["passed"], found["failures"]) == (False, 2)


def test_england_and_wales_that_do_not_add_up_are_found(published: pd.DataFrame) -> None:
    """A year in which the parts are not the whole is counted."""
    spoilt = published.copy()
    wales = (
        (spoilt["area_id"] == "GB-WLS")
        & (spoilt["measure_id"] == "drug_poisoning_deaths")
        & (spoilt["period_start"] == "2020-01-01")
        & (spoilt["drug"] == "all")
    )
    assert wales.any()
    spoilt.loc[wales, "value"] += 1
    found = plausibility.england_and_wales_add_up(spoilt)
    assert (found["passed"], found["failures"]) == (False, 1)


def test_nothing_to_compare_is_no_fault(published: pd.DataFrame) -> None:
    """Without observations every check passes and says that it compared none."""
    for row in plausibility.of_core(published.iloc[:0]):
        assert row["passed"] is True
        assert " 0 " in str(row["description"])
