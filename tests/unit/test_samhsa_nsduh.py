"""Opioid use disorder by state: intervals are kept, one pair of years counts once, invented estimates are refused."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import samhsa_nsduh
from assets.transport import Transport
from schemas.observations import COLUMNS, Observation
from schemas.quarantine import Quarantine

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "samhsa_nsduh"
ODDITIES = FIXTURES / "synthetic_nsduh_oud_22-23 2024-12-15.csv"
AGAIN = FIXTURES / "synthetic_nsduh_oud_again 2024-12-15.csv"


def tidy(*paths: Path, release: str = "2024-12-15") -> Tidy:
    """Tidy files as one dropped-in release and check what holds for every file."""
    snapshot = Snapshot("samhsa_nsduh", release, paths[0].parent, paths, "", "", "", "drop-in")
    result = samhsa_nsduh.tidy(snapshot)
    assert result.unaccounted() == 0
    stamp = {"source_id": "samhsa_nsduh", "release": release}
    Observation.validate(result.observations.assign(**stamp, snapshot_id=snapshot.snapshot_id)[COLUMNS])
    Quarantine.validate(result.quarantine.assign(**stamp)[["source_id", "release", *result.quarantine.columns]])
    return result


@pytest.fixture(scope="module")
def oddities() -> Tidy:
    """The made-up download with one line for each oddity."""
    return tidy(ODDITIES)


def one(result: Tidy, area: str, age: str = "12+") -> pd.Series:
    """Give the only observation of an area and age group."""
    chosen = result.observations.query("area_id == @area and age_group == @age")
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_shares_become_percent_with_their_interval(oddities: Tidy) -> None:
    """An estimate of 0.0253733893 is 2.53733893 percent, between its published limits."""
    row = one(oddities, "US-VT")
    assert row["value"] == 2.53733893
    assert 0 < row["lower"] < row["value"] < row["upper"] < 4
    assert (row["measure_id"], row["status"]) == ("opioid_use_disorder_pct", "reported")


def test_a_pair_of_years_is_one_period(oddities: Tidy) -> None:
    """2022-23 and 2021-2022 are periods of two years, first January to last December."""
    periods = oddities.observations.set_index("area_id")[["period_start", "period_end"]]
    assert periods.loc["US-VT"].tolist() == [pd.Timestamp("2022-01-01"), pd.Timestamp("2023-12-31")]
    assert periods.loc["US-TX"].tolist() == [pd.Timestamp("2021-01-01"), pd.Timestamp("2022-12-31")]


def test_ages_nation_and_imprecise_estimates_are_told_apart(oddities: Tidy) -> None:
    """Age groups keep their limits, the nation has its row, and an asterisk is low quality."""
    assert one(oddities, "US-OH", "18-25")["value"] == pytest.approx(1.1)
    assert one(oddities, "US-OH", "26+")["value"] == pytest.approx(2.3)
    assert one(oddities, "USA")["value"] == pytest.approx(2.05)
    imprecise = one(oddities, "US-WY")
    assert imprecise["status"] == "low_quality"
    assert imprecise[["value", "lower", "upper"]].isna().all()


def test_unreadable_lines_are_quarantined_with_their_reason(oddities: Tidy) -> None:
    """Each fault has its code and text; percentages among shares and uneven limits are faults."""
    found = oddities.quarantine.groupby("code")["value"].agg(sorted).to_dict()
    assert {code: texts for code, texts in found.items() if code != "conflicting_duplicate"} == {
        "not_a_number": ["", "2.54%"],
        "out_of_range": ["2.1"],
        "uneven_interval": ["0.031"],
        "unknown_area": ["Ruritania"],
        "unknown_age": ["Adults"],
        "unknown_period": ["2022"],
        "unknown_outcome": ["Cigarette Use in Past Month"],
    }
    assert len(found["conflicting_duplicate"]) == 2
    assert oddities.dropped == {"exact duplicate of another record": 1, samhsa_nsduh.REGION: 1}


def test_one_pair_in_two_files_counts_once() -> None:
    """Two downloads of one pair of years give the rows of one, and the release says that they hold the same."""
    both = tidy(ODDITIES, AGAIN)
    assert both.observations.equals(tidy(ODDITIES).observations)
    assert both.dropped["exact duplicate of another record"] == 1 + 3
    assert both.release_notes["same_pair_in_several_files"] == f"2022-23: {ODDITIES.name}, {AGAIN.name}"


def test_a_name_that_contradicts_the_years_is_refused() -> None:
    """A file named 21-22 that holds 2022-23 is the other pair again: refused, with both pairs in the message."""
    with pytest.raises(SourceRefused, match=r"expected the years 2021-22 .* found 2022-23 .* same pair"):
        samhsa_nsduh.recognise(FIXTURES / "bad_synthetic_nsduh_oud_21-22 2024-12-15.csv")


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("bad_synthetic_demonstration_22-23 2024-12-15.csv", r"3 of 3 that are not.*invented"),
        ("bad_synthetic_other_outcome 2024-12-15.csv", "expected one of the outcomes"),
        ("bad_synthetic_no_release_22-23.csv", "Rename it"),
        ("bad_synthetic_renamed 2024-12-15.csv", r"estimate.*percent"),
    ],
)
def test_other_files_are_refused(name: str, match: str) -> None:
    """Demonstration data, another outcome, no release date and a renamed column are refused saying what they are."""
    with pytest.raises(SourceRefused, match=match):
        samhsa_nsduh.recognise(FIXTURES / name)


def test_release_is_the_date_in_the_name_and_not_before_the_data() -> None:
    """The pair of years in a name is not taken for a date, nor the date for a pair."""
    assert samhsa_nsduh.recognise(ODDITIES).release == "2024-12-15"


def test_fetch_says_where_a_person_finds_the_file(tmp_path: Path) -> None:
    """There is no address for scripts: the refusal names the tool and the drop folder."""
    with pytest.raises(SourceRefused, match=r"datatools\.samhsa\.gov.*data/drop/samhsa_nsduh"):
        samhsa_nsduh.fetch(Transport(), None, tmp_path)


def test_published_files_hold_one_pair(shared_data: Path, tmp_path: Path) -> None:
    """Of the two published files one is named for years that it does not hold; the other gives 51 states."""
    folder = shared_data / "us" / "nsduh"
    for name in ("nsduh_oud_21-22", "nsduh_oud_22-23"):
        shutil.copyfile(folder / f"{name}.csv", tmp_path / f"{name} 2024-12-15.csv")
    with pytest.raises(SourceRefused, match="same pair"):
        samhsa_nsduh.recognise(tmp_path / "nsduh_oud_21-22 2024-12-15.csv")
    path = tmp_path / "nsduh_oud_22-23 2024-12-15.csv"
    assert samhsa_nsduh.recognise(path).release == "2024-12-15"
    result = tidy(path)
    assert result.records_in == len(result.observations) == 51
    louisiana = one(result, "US-LA")
    assert (louisiana["value"], louisiana["lower"], louisiana["upper"]) == (3.75224363, 2.79684928, 5.01715239)
    assert result.observations["value"].idxmax() == louisiana.name
