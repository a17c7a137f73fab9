"""Drug reports by forensic laboratories: classes are summed, unreadable lines withhold theirs, others are refused."""

from pathlib import Path

import pandas as pd
import pytest

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import dea_nflis
from assets.transport import Transport
from schemas.observations import COLUMNS, Observation
from schemas.quarantine import Quarantine

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "dea_nflis"
ODDITIES = FIXTURES / "synthetic_fentanyl_by_state.csv"


def tidy(path: Path, release: str = "2025-08-10") -> Tidy:
    """Tidy one file and check what holds for every file."""
    snapshot = Snapshot("dea_nflis", release, path.parent, (path,), "", "", "", "drop-in")
    result = dea_nflis.tidy(snapshot)
    assert result.unaccounted() == 0
    stamp = {"source_id": "dea_nflis", "release": release}
    Observation.validate(result.observations.assign(**stamp, snapshot_id=snapshot.snapshot_id)[COLUMNS])
    Quarantine.validate(result.quarantine.assign(**stamp)[["source_id", "release", *result.quarantine.columns]])
    return result


@pytest.fixture(scope="module")
def oddities() -> Tidy:
    """The made-up query with one line for each oddity."""
    return tidy(ODDITIES)


def values(result: Tidy) -> dict[tuple[str, int, str], float]:
    """Give values by area, year and class."""
    rows = result.observations
    keys = zip(rows["area_id"], rows["period_end"].dt.year, rows["drug"], strict=True)
    return dict(zip(keys, rows["value"], strict=True))


def test_release_is_the_day_of_the_query() -> None:
    """The file holds its own date, so its name does not matter."""
    assert dea_nflis.recognise(ODDITIES).release == "2025-08-10"


def test_substances_are_summed_to_classes_that_do_not_overlap(oddities: Tidy) -> None:
    """Salts count with their base, carfentanil by itself, and analogues and precursors as the rest."""
    found = values(oddities)
    assert found["US-OH", 2022, "fentanyl"] == 107
    assert found["US-OH", 2022, "carfentanil"] == 3
    assert found["US-OH", 2022, "fentanyl_related_other"] == 25


def test_a_zero_is_a_value_and_no_line_is_none(oddities: Tidy) -> None:
    """A reported zero is kept; a class without a line has no row at all."""
    found = values(oddities)
    assert found["US-PR", 2023, "fentanyl"] == 0
    assert ("US-PR", 2023, "carfentanil") not in found


def test_year_before_the_query_is_provisional(oddities: Tidy) -> None:
    """Laboratories report with delay; a running year is provisional and ends with the query."""
    rows = oddities.observations.set_index(["area_id", "period_end"])["is_provisional"]
    assert rows["US-CO", pd.Timestamp("2024-12-31")]
    assert not rows["US-PR", pd.Timestamp("2023-12-31")]
    assert rows["US-VT", pd.Timestamp("2025-08-10")]


def test_spelling_does_not_matter(oddities: Tidy) -> None:
    """A lost leading zero, a thousands comma and the order of laboratories are read; an equal line counts once."""
    found = values(oddities)
    assert found["US-CO", 2024, "fentanyl"] == 1204
    assert found["US-VT", 2019, "fentanyl"] == 8
    assert found["US-NY", 2021, "fentanyl"] == 50


def test_an_unreadable_line_withholds_its_class_alone(oddities: Tidy) -> None:
    """A class that lacks a line is too small to show; where the base is unknown, no class of the state is shown."""
    found = values(oddities)
    assert ("US-TX", 2022, "fentanyl") not in found
    assert found["US-TX", 2022, "carfentanil"] == 1
    assert ("US-NY", 2020, "fentanyl") not in found
    assert found["US-NY", 2020, "carfentanil"] == 4
    assert not [key for key in found if key[0] == "US-WA"]


def test_unreadable_lines_are_quarantined_with_their_reason(oddities: Tidy) -> None:
    """Each fault has its code and text; lines left out on purpose are counted by reason."""
    assert oddities.quarantine.groupby("code")["value"].agg(sorted).to_dict() == {
        "unknown_area": ["ZZ"],
        "area_mismatch": ["39"],
        "unknown_period": ["2022-1", "22"],
        "partial_laboratories": ["State,Federal"],
        "other_count": ["CaseReport"],
        "unknown_substance": [""],
        "not_a_number": ["about 5"],
        "conflicting_duplicate": ["10", "11"],
    }
    assert oddities.dropped == {
        "exact duplicate of another record": 1,
        dea_nflis.OTHER_CATEGORY: 1,
        dea_nflis.UNKNOWN_STATE: 1,
        dea_nflis.WITHHELD: 4,
        dea_nflis.SUMMED: 2,
    }


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("bad_synthetic_renamed.csv", r"DRUG_REPORTS.*REPORTS"),
        ("bad_synthetic_other_category.csv", "found .*Heroin"),
        ("bad_synthetic_two_queries.csv", "one day of query"),
        ("bad_synthetic_cut_off.csv", "cut off"),
    ],
)
def test_other_files_are_refused(name: str, match: str) -> None:
    """Another table, another drug, joined queries and half a file are refused saying what they are."""
    with pytest.raises(SourceRefused, match=match):
        dea_nflis.recognise(FIXTURES / name)


def test_fetch_says_how_a_person_gets_the_file(tmp_path: Path) -> None:
    """There is no address for scripts: the refusal names the query and the drop folder."""
    with pytest.raises(SourceRefused, match=r"query.*data/drop/dea_nflis"):
        dea_nflis.fetch(Transport(), None, tmp_path)


def test_published_file_is_accounted_for(shared_data: Path) -> None:
    """Every line is in a class of its state and year, but three without a state; sums over all states are as known."""
    path = shared_data / "us" / "nflis" / "NFLIS_fent_all.csv"
    assert dea_nflis.recognise(path).release == "2025-08-10"
    result = tidy(path)
    rows = result.observations
    print(f"\n{result.records_in} lines in, {len(rows)} out, {len(result.quarantine)} quarantined, {result.dropped}")
    assert result.records_in == 6472
    assert len(result.quarantine) == 0
    assert set(result.dropped) == {dea_nflis.SUMMED, dea_nflis.UNKNOWN_STATE}
    assert rows["value"].sum() == 1_361_991 - 3
    totals = rows.groupby(rows["period_end"].dt.year)["value"].sum()
    assert totals[[2014, 2022, 2024]].tolist() == [5605, 225_017, 172_143 - 1]
    assert rows.loc[rows["is_provisional"], "period_end"].unique() == [pd.Timestamp("2024-12-31")]
