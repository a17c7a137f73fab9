"""Plausibility: identities that hold in published figures are checked, and a broken one is counted and shown."""

import datetime
from pathlib import Path

import pandas as pd
import pytest
from observed import frame, observed

from assets import plausibility
from assets.figures import load
from schemas.areas import areas
from schemas.observations import as_observations
from schemas.quarantine import COLUMNS as QUARANTINE

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
    """Every check passes on the transcribed figures, but for sites that come and go; each compared something."""
    checks = {row["check_name"]: row for row in plausibility.of_core(published)}
    assert tuple(checks) == plausibility.CORE_CHECKS
    assert [name for name, row in checks.items() if not row["passed"]] == ["panels_stay"]
    idle = [name for name, row in checks.items() if " in 0 " in str(row["description"])]
    assert idle == ["sexes_within_total", "panel_members_stay"], "the figures have no total beside the sexes, no panel"
    assert {row["asset"] for row in checks.values()} == {"core.observations"}


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


def spoilt(published: pd.DataFrame, value: float, **cells: str) -> pd.DataFrame:
    """Give the figures with the value of the first row that has these cells changed."""
    wanted = published["status"] == "reported"
    for name, cell in cells.items():
        wanted &= published[name] == (pd.Timestamp(cell) if name.startswith("period_") else cell)
    assert wanted.any()
    found = published.copy()
    found.loc[found.index[wanted][0], "value"] = value
    return found


def test_women_and_men_above_everybody_are_found() -> None:
    """Deaths of women that alone exceed all deaths are found, with place and value; a difference of one is too."""
    rows = [observed("cdc_wonder", "overdose_deaths", "USA", 2020, 100.0)]
    parts = [observed("cdc_wonder", "overdose_deaths", "USA", 2020, 60.0, sex=sex) for sex in ("female", "male")]
    found = plausibility.sexes_within_total(frame(*rows, *parts))
    assert (found["passed"], found["failures"]) == (False, 1)
    assert "cdc_wonder overdose_deaths USA 2020-12: 100" in str(found["description"])
    assert plausibility.sexes_within_total(frame(*rows, parts[0]))["passed"] is True


def test_too_many_people_who_inject_are_found(published: pd.DataFrame) -> None:
    """More than one resident in twenty who injects drugs is a mistake, with the estimate named."""
    wrong = spoilt(published, 5e6, measure_id="people_who_inject_drugs", area_id="AUS")
    found = plausibility.few_people_inject_drugs(wrong)
    assert (found["passed"], found["failures"]) == (False, 1)
    assert "AUS" in str(found["description"])


def test_naloxone_in_more_overdoses_than_there_were_is_found(published: pd.DataFrame) -> None:
    """Naloxone given in more overdoses than a month had is found."""
    found = plausibility.naloxone_within_overdoses(
        spoilt(published, 1e6, measure_id="consumption_site_overdoses_naloxone")
    )
    assert (found["passed"], found["failures"]) == (False, 1)


@pytest.mark.parametrize(("factor", "failures"), [(1_000.0, 2), (1 / 1_000, 2), (3.0, 0), (100.0, 0)])
def test_value_in_another_unit_is_found(published: pd.DataFrame, factor: float, failures: int) -> None:
    """Syringes in thousands among syringes are a step up and a step down; what can be real is left alone."""
    norway = {"measure_id": "syringes_distributed", "area_id": "NOR", "period_end": "2015-12-31"}
    found = plausibility.units_stay(spoilt(published, 2_500_000 * factor, **norway))
    assert found["failures"] == failures


def test_fraction_among_percentages_is_found() -> None:
    """A prevalence of 0.4 between 40 and 41 percent is a fraction: two steps by a hundred."""
    years = {2015: 40.0, 2016: 0.4, 2017: 41.0}
    rows = [observed("unaids_gam", "hiv_prevalence_pwid_pct", "AUT", year, value) for year, value in years.items()]
    assert plausibility.units_stay(frame(*rows))["failures"] == 2


def test_panel_that_changes_is_found() -> None:
    """Forty sites that become 28 are named with both numbers; a site more is not."""
    months = {"2025-02": 40.0, "2025-03": 41.0, "2025-04": 28.0}
    rows = [
        observed("phac_consumption_sites", "consumption_sites_reporting", "CAN", f"{month} to {month}", value)
        for month, value in months.items()
    ]
    found = plausibility.panels_stay(frame(*rows))
    assert found["failures"] == 1
    assert str(found["description"]).endswith("CAN 2025-04: 28 after 41")


def test_panel_with_other_members_is_found() -> None:
    """Twenty jurisdictions in both years, two of which are others, are no panel to follow; the same twenty are."""
    places = areas().loc[lambda known: known["area_id"].str.fullmatch("US-[A-Z]{2}"), "area_id"].tolist()
    rows = [
        observed("cdc_sudors", "unintentional_overdose_deaths", place, year, 10.0)
        for year, members in ((2020, places[:20]), (2021, places[:20]), (2022, places[2:22]))
        for place in members
    ]
    found = plausibility.panel_members_stay(frame(*rows))
    assert found["failures"] == 1
    assert str(found["description"]).endswith("USA 2022-12: 4 left or came, of 20 before")
    assert plausibility.panel_members_stay(frame(*rows[:40]))["passed"] is True


def test_places_above_their_whole_are_found() -> None:
    """Counties and states may not have more than their state and country; territories are outside the country."""
    usa = observed("cdc_wonder", "overdose_deaths", "USA", 2020, 1_000.0)
    parts = [observed("cdc_wonder", "overdose_deaths", place, 2020, 490.0) for place in ("US-CA", "US-TX", "US-PR")]
    assert plausibility.places_within_whole(frame(usa, *parts))["passed"] is True
    more = observed("cdc_wonder", "overdose_deaths", "US-OH", 2020, 490.0)
    found = plausibility.places_within_whole(frame(usa, *parts, more))
    assert (found["passed"], found["failures"]) == (False, 1)
    assert "cdc_wonder overdose_deaths USA 2020-12: 1,000" in str(found["description"])


def test_label_never_seen_before_is_found() -> None:
    """A refused record with a new label names source and label; another fault does not."""
    quarantine = pd.DataFrame(
        [
            ["cdc_vsrr", "2025-07-16", "file.csv", 7, "Indicator", "Deaths on Mars", "unknown_measure", "not known"],
            ["cdc_vsrr", "2025-07-16", "file.csv", 8, "Data Value", "1e3", "not_a_number", "no number"],
        ],
        columns=QUARANTINE,
    )
    found = plausibility.labels_are_known(quarantine)
    assert (found["passed"], found["failures"]) == (False, 1)
    assert "cdc_vsrr unknown measure: Deaths on Mars" in str(found["description"])
    assert plausibility.labels_are_known(quarantine.iloc[1:])["passed"] is True


def test_share_of_more_than_all_is_found() -> None:
    """Twelve cured of ten tested is found; the same numbers of an indicator that is no share are not."""
    values = pd.DataFrame(
        {
            "indicator_id": ["hcv_cascade", "group_difference"],
            "area_id": ["AUT", "AUT"],
            "status": "reported",
            "numerator": 12.0,
            "denominator": 10.0,
        }
    )
    found = plausibility.numerators_within_denominators(values, ["hcv_cascade"])
    assert (found["failures"], str(found["description"]).endswith("such as hcv_cascade of AUT")) == (1, True)


@pytest.mark.parametrize(
    ("cadence", "release", "passed"),
    [
        ("monthly", "2025-07-16", True),
        ("monthly", "2025-07-15", False),
        ("monthly", "2025-07-16.2", True),
        ("yearly, with about eight months' lag", "2024-01-01", True),
        ("every two years", "2021-07-15", True),
        ("every two years", "2021-07-14", False),
    ],
)
def test_source_that_fell_silent_is_found(cadence: str, release: str, passed: bool) -> None:
    """A source is late two of its intervals and a month after its newest release, not before."""
    found = plausibility.freshness("cdc_vsrr", cadence, release, datetime.date(2025, 10, 17))
    if cadence == "every two years":
        found = plausibility.freshness("un_population", cadence, release, datetime.date(2025, 8, 16))
    assert found is not None
    assert found["passed"] is passed
    assert release in str(found["description"])


@pytest.mark.parametrize(("cadence", "release"), [("irregular", "2019-01-01"), ("monthly", "")])
def test_source_without_interval_or_release_is_not_judged(cadence: str, release: str) -> None:
    """Nothing is expected of a source that publishes now and then, or of one that is not at hand."""
    assert plausibility.freshness("optic_policy", cadence, release, datetime.date(2030, 1, 1)) is None
