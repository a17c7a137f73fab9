"""Behaviour of the connector to the European drugs agency's Statistical Bulletin."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import emcdda_bulletin as source
from assets.transport import Transport
from schemas.observations import KEY, Observation
from schemas.sources import emcdda_bulletin as layout

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "emcdda_bulletin"
FILES = sorted(FIXTURES.glob("synthetic_*.xlsx"))


def _tidy(*paths: Path, **notes: str) -> Tidy:
    return source.tidy(Snapshot(source.CARD.id, "2019-01-01", FIXTURES, paths, "", "", "", "drop-in", notes))


@pytest.fixture(scope="module")
def read() -> Tidy:
    """Give what is read out of the made-up tables of one release."""
    return _tidy(*FILES, release_date="inferred")


def _row(read: Tidy, measure_id: str, area_id: str, year: int, drug: str = "all") -> pd.Series:
    rows = read.observations.query("measure_id == @measure_id and area_id == @area_id and drug == @drug")
    rows = rows[rows["period_start"].dt.year == year]
    assert len(rows) == 1, rows
    return rows.iloc[0]


def test_every_record_is_accounted_for(read: Tidy) -> None:
    """Every cell of the five tables is an observation, in quarantine or dropped for a stated reason."""
    assert read.records_in == 9 * 3 + 4 * 2 + 5 * 12 + 2 * 2 + 2 * 2
    assert read.unaccounted() == 0
    assert read.dropped == {
        layout.PROVIDERS_DROPPED: 4,
        layout.SHARES_DROPPED: 30,
        layout.FOOTNOTE_DROPPED: 3,
        layout.NO_YEAR_DROPPED: 11,
        layout.BLANK_DROPPED: 1,
        "exact duplicate of another record": 1,
    }


def test_observations_keep_the_contract(read: Tidy) -> None:
    """The observations pass the contract of the core table and their key is unique."""
    stamped = read.observations.assign(source_id=source.CARD.id, release="2019-01-01", snapshot_id="x")
    Observation.validate(stamped[list(Observation.to_schema().columns)])
    assert not read.observations.duplicated(KEY).any()
    assert set(read.raw[source.CARD.id]["table_id"]) == {"DRD-32", "HSR-2-3", "HSR-3-2", "HSR-3-3", "HSR-5-1-1"}


def test_syringes_are_given_as_units_and_the_note_says_it_is_inferred(read: Tidy) -> None:
    """Thousands become units, over a calendar year."""
    row = _row(read, "syringes_distributed", "AUT", 2017)
    assert (row["value"], str(row["period_end"].date())) == (1_200_000, "2017-12-31")
    assert row["note"] == (
        "published in thousands (unit inferred from magnitude); footnote mark * (text not in the file)"
    )
    assert _row(read, "syringes_distributed", "AUT", 2016)["value"] == 1_100_500


def test_empty_is_not_zero(read: Tidy) -> None:
    """An empty cell was not collected; an explicit zero is a zero."""
    assert _row(read, "syringes_distributed", "TUR", 2017)["status"] == "not_collected"
    assert _row(read, "syringes_distributed", "GB-ENG", 2017)["status"] == "not_collected"
    assert _row(read, "syringes_distributed", "CYP", 2017)["value"] == 0


def test_the_four_rows_of_the_united_kingdom_are_its_countries(read: Tidy) -> None:
    """Odd dashes are evened out, and no total of the United Kingdom is made."""
    areas = set(read.observations.query("measure_id == 'syringes_distributed'")["area_id"])
    assert {"GB-WLS", "GB-ENG", "GB-SCT"} <= areas
    assert "GBR" not in areas


def test_clients_have_a_medicine_and_their_own_reference_year(read: Tidy) -> None:
    """Clients by medicine are kept, shares are not."""
    assert _row(read, "oat_clients", "AUT", 2017, "slow_release_morphine")["value"] == 1000
    assert _row(read, "oat_clients", "AUT", 2017, "diacetylmorphine")["value"] == 0
    assert _row(read, "oat_clients", "FIN", 2017, "buprenorphine")["value"] == 186
    assert "partial" in _row(read, "oat_clients", "GBR", 2017, "methadone")["note"]


def test_tables_that_agree_give_one_value_and_those_that_differ_none(read: Tidy) -> None:
    """A value in two tables is kept once, a blank yields to a value, and a conflict sets both aside."""
    assert _row(read, "oat_clients", "AUT", 2017, "methadone")["value"] == 420
    assert _row(read, "oat_clients", "FIN", 2017, "methadone")["value"] == 108
    conflict = read.quarantine.query("code == 'conflicting_duplicate'")
    assert dict(zip(conflict["column"], conflict["value"], strict=True)) == {
        "2017": "99",
        "Number of methadone clients": "290",
    }


def test_unreadable_cells_go_to_quarantine(read: Tidy) -> None:
    """Every faulty cell is set aside with file, row, column, text and code."""
    found = {(row.file, row.row, row.column, row.value, row.code) for row in read.quarantine.itertuples()}
    assert {
        ("synthetic_syringes.xlsx", 8, "2017", "country Atlantis: 1", "unknown_area"),
        ("synthetic_syringes.xlsx", 9, "2017", "-5", "negative"),
        ("synthetic_syringes.xlsx", 9, "2016", "n.k.", "not_a_number"),
        ("synthetic_clients.xlsx", 5, "Number of methadone clients", "year : 9", "unreadable_period"),
        ("synthetic_women.xlsx", 3, "2016", "1.5", "not_whole"),
    } <= found


def test_deaths_have_a_sex_or_an_age(read: Tidy) -> None:
    """Women's deaths are female; the csv form of an age table has its age group and passes over its title."""
    assert read.observations.query("measure_id == 'drug_induced_deaths'")["sex"].unique().tolist() == ["female"]
    path = FIXTURES / "synthetic_DRD-46-2025-06-05.csv"
    rows = _tidy(path).observations
    assert rows["age_group"].unique().tolist() == ["65+"]
    assert rows.query("area_id == 'AUT'").sort_values("period_start")["value"].tolist() == [2, 1003]
    assert source.recognise(path).release == "2025-06-05"


def test_release_of_old_tables_is_inferred_and_says_so(read: Tidy) -> None:
    """Data to 2017 without a date belong to the 2019 bulletin; the notes call it inferred."""
    found = source.recognise(FIXTURES / "synthetic_syringes.xlsx")
    assert found.release == "2019-01-01"
    assert "inferred" in found.notes["release_date"]
    assert read.release_notes["release_rule"] == "inferred"
    assert read.release_notes["footnotes"] == "* Definition changed in 2016"


@pytest.mark.parametrize("name", ["DRD-46.csv", "providers.xlsx"])
def test_release_that_cannot_be_told_is_asked_for(tmp_path: Path, name: str) -> None:
    """Newer tables, and those without a year, need the date in their name."""
    original = "synthetic_DRD-46-2025-06-05.csv" if name.endswith("csv") else "synthetic_providers-2019-06-06.xlsx"
    with pytest.raises(SourceRefused, match="YYYY-MM-DD"):
        source.recognise(Path(shutil.copy(FIXTURES / original, tmp_path / name)))


def test_another_bulletin_table_is_refused_by_name() -> None:
    """The message names the table found and the tables that are read."""
    with pytest.raises(SourceRefused, match=r"HSR-5-1-1.*found INF-1"):
        source.recognise(FIXTURES / "bad_synthetic_other_table.xlsx")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty file"),
        ("Country,2017\n", "found none"),
        ("<!DOCTYPE html><title>Attention required</title>", "web page"),
        ("State,2017\nAustria,3\n", "column Country"),
        ("Country,number\nAustria,3\n", "one column for each year"),
        ("Country,2017,2016\nAustria,3,4\nBelg", "cut off"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, words: str) -> None:
    """What is not a bulletin table is refused with what was found instead."""
    path = tmp_path / "HSR-3-2.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceRefused, match=words):
        source.recognise(path)


def test_renamed_column_of_clients_is_refused(tmp_path: Path) -> None:
    """The difference to the known columns is shown."""
    book = Workbook()
    book.active.title = "HSR-3-3"
    book.active.append(["Country", "Year", "Methadone clients"])
    book.active.append(["Austria", 2017, 4])
    book.save(tmp_path / "clients.xlsx")
    with pytest.raises(SourceRefused, match=r"Number of methadone clients.*Methadone clients"):
        source.recognise(tmp_path / "clients.xlsx")


def test_damaged_workbook_is_refused(tmp_path: Path) -> None:
    """A workbook that was cut off asks for another download."""
    path = tmp_path / "syringes.xlsx"
    path.write_bytes((FIXTURES / "synthetic_syringes.xlsx").read_bytes()[:3000])
    with pytest.raises(SourceRefused, match="Download it again"):
        source.recognise(path)


def test_fetch_says_how_to_drop_the_tables_in(tmp_path: Path) -> None:
    """The agency's site refuses scripts, so the source asks for dropped files."""
    with pytest.raises(SourceRefused, match="data/drop/emcdda_bulletin"):
        source.fetch(Transport(), None, tmp_path)


def test_raw_layout_refuses_an_unknown_table(read: Tidy) -> None:
    """The layout of the cells as published knows the tables that are read."""
    with pytest.raises(Exception, match="table_id"):
        layout.Raw.validate(read.raw[source.CARD.id].assign(table_id="INF-1"))


def test_published_tables_are_read_whole(shared_data: Path) -> None:
    """All eighteen tables are accounted for; only Norway's two figures for methadone in 2017 contradict each other."""
    read = _tidy(*sorted((shared_data / "eu" / "emcdda_2019").glob("*/*.xlsx")))
    print(f"records in {read.records_in}, observations {len(read.observations)}, quarantined {len(read.quarantine)}")
    assert read.records_in == 12135
    assert read.unaccounted() == 0
    assert sorted(read.quarantine["value"]) == ["2896", "991"]
    assert _row(read, "syringes_distributed", "AUT", 2017)["value"] == 6_294_000
    assert _row(read, "syringes_distributed", "GB-SCT", 2017)["value"] == 4_401_000
    assert _row(read, "oat_clients", "FIN", 2015, "methadone")["value"] == 1084
    assert read.observations.query("area_id == 'TUR' and measure_id == 'syringes_distributed'")["value"].isna().all()
    assert read.observations.query("area_id == 'CYP' and measure_id == 'syringes_distributed'")["value"].sum() == 0
