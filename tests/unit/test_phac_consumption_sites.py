"""Behaviour of the connector to Canada's supervised consumption sites."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import phac_consumption_sites as source
from assets.transport import Transport
from schemas.observations import KEY, Observation
from schemas.sources.phac_consumption_sites import Raw

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "phac_consumption_sites"
GOOD = FIXTURES / "synthetic_visits-2026-03-20.csv"
TEXT = GOOD.read_text(encoding="utf-8")


def _tidy(path: Path) -> Tidy:
    return source.tidy(Snapshot(source.CARD.id, "2026-03-20", path.parent, (path,), "", "", "", "drop-in"))


@pytest.fixture(scope="module")
def read() -> Tidy:
    """Give what is read out of the made-up table."""
    return _tidy(GOOD)


def _value(read: Tidy, measure_id: str, start: str) -> pd.Series:
    rows = read.observations[
        (read.observations["measure_id"] == measure_id) & (read.observations["period_start"] == start)
    ]
    assert len(rows) == 1, rows
    return rows.iloc[0]


def _changed(text: str, tmp_path: Path, name: str = "changed-2026-03-20.csv") -> Path:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / name


def test_every_record_is_accounted_for(read: Tidy) -> None:
    """Nine value cells of nine whole lines and one ragged line are observations, quarantine or documented drops."""
    assert read.records_in == 9 * 9 + 1
    assert read.unaccounted() == 0
    assert read.dropped["exact duplicate of another record"] == 9
    assert {reason.split(":")[0] for reason in read.dropped} >= {"trend_rate_od_nf", "trend_avg_visits_per_site"}


def test_observations_keep_the_contract(read: Tidy) -> None:
    """The observations pass the contract of the core table and their key is unique."""
    stamped = read.observations.assign(source_id=source.CARD.id, release="2026-03-20", snapshot_id="x")
    Observation.validate(stamped[list(Observation.to_schema().columns)])
    assert not read.observations.duplicated(KEY).any()


@pytest.mark.parametrize(
    ("measure_id", "value"),
    [
        ("consumption_site_visits", 41200),
        ("consumption_site_clients", 5600),
        ("consumption_site_overdoses", 420),
        ("consumption_site_overdoses_naloxone", 190),
        ("consumption_sites_reporting", 25),
    ],
)
def test_counts_become_monthly_observations_of_canada(read: Tidy, measure_id: str, value: float) -> None:
    """TOTAL is Canada, and a month runs to its last day."""
    row = _value(read, measure_id, "2025-12-01")
    assert (row["area_id"], row["value"], str(row["period_end"].date())) == ("CAN", value, "2025-12-31")


def test_missing_suppressed_and_zero_stay_apart(read: Tidy) -> None:
    """An empty cell, Suppr. and 0 each keep their meaning."""
    assert _value(read, "consumption_site_overdoses", "2026-01-01")["status"] == "not_collected"
    assert _value(read, "consumption_site_clients", "2025-11-01")["status"] == "suppressed"
    assert _value(read, "consumption_site_overdoses_naloxone", "2026-01-01")["value"] == 0


def test_unreadable_cells_go_to_quarantine(read: Tidy) -> None:
    """Every faulty cell is set aside with line, column, text and code."""
    found = {(row.row, row.column, row.value, row.code) for row in read.quarantine.itertuples()}
    assert {
        (5, "trend_total_visits", "38000", "conflicting_duplicate"),
        (6, "trend_total_visits", "38001", "conflicting_duplicate"),
        (7, "trend_total_visits", "-5", "negative"),
        (7, "trend_nr_clients", "12.5", "not_whole"),
        (7, "trend_nr_od_naloxone", "301", "part_exceeds_whole"),
        (7, "nr_sites_reporting", "many", "not_a_number"),
        (8, "trend_nr_clients", "province Atlantis: 1", "unknown_area"),
        (9, "trend_nr_od_nf", "date 2025-13-01: 2", "unreadable_period"),
    } <= found
    assert read.quarantine.query("row == 10")["code"].tolist() == ["ragged_line"]


def test_release_comes_from_the_file_name(tmp_path: Path) -> None:
    """A dropped file is dated by its name, and refused with an example without a date."""
    assert source.recognise(GOOD).release == "2026-03-20"
    with pytest.raises(SourceRefused, match=r"YYYY-MM-DD.*scs-visits-clients-trends-2026-03-31\.csv"):
        source.recognise(Path(shutil.copy(GOOD, tmp_path / "scs-visits-clients-trends.csv")))
    with pytest.raises(SourceRefused, match="2026-02-28"):
        source.recognise(Path(shutil.copy(GOOD, tmp_path / "scs-2026-02-01.csv")))


def test_both_names_of_the_date_column_are_read(tmp_path: Path, read: Tidy) -> None:
    """Releases that call the column concat_y_m_d give the same observations, and the notes say so."""
    other = _tidy(_changed(TEXT.replace("province,date", "province,concat_y_m_d"), tmp_path))
    pd.testing.assert_frame_equal(other.observations, read.observations)
    assert "concat_y_m_d" in other.release_notes["renamed_columns"]


def test_two_files_of_one_release_are_both_read(tmp_path: Path, read: Tidy) -> None:
    """A second copy of the release adds nothing but counted duplicates, and no file is passed over."""
    copy = Path(shutil.copy(GOOD, tmp_path / "copy.csv"))
    both = source.tidy(Snapshot(source.CARD.id, "2026-03-20", tmp_path, (GOOD, copy), "", "", "", "drop-in"))
    assert both.records_in == 2 * read.records_in
    assert both.unaccounted() == 0
    assert len(both.observations) == len(read.observations)


def test_added_column_is_accepted_and_reported(tmp_path: Path) -> None:
    """A new column does not stop a refresh; the release notes name it."""
    lines = TEXT.splitlines()
    wider = f"{lines[0]},nr_referrals\n{lines[1]},7\n"
    assert _tidy(_changed(wider, tmp_path)).release_notes["added_columns"] == "nr_referrals"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty file"),
        (TEXT.splitlines()[0] + "\n", "found none"),
        ("<html><body>Not found</body></html>", "web page"),
        (TEXT.replace("trend_total_visits", "visits"), r"trend_total_visits.*visits"),
        (TEXT.replace("province,date", "province,month"), "date or concat_y_m_d"),
        (TEXT[:-40], "cut off"),
        ("Substance,Source,Specific_Measure\na,b,c\n", "phac_substance_harms"),
        ((FIXTURES / "bad_synthetic_drugs_used-2026-03-20.csv").read_text(encoding="utf-8"), "date or concat_y_m_d"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, words: str) -> None:
    """What is not the table is refused with what was found instead."""
    with pytest.raises(SourceRefused, match=words):
        source.recognise(_changed(text, tmp_path))


def test_sister_tables_are_named(tmp_path: Path) -> None:
    """The sister tables of the same page are refused by name."""
    with pytest.raises(SourceRefused, match="the map of sites"):
        source.recognise(_changed(TEXT, tmp_path, "scs-map-2026-03-20.csv"))


def test_fetch_says_how_to_drop_the_file_in(tmp_path: Path) -> None:
    """Without a documented address the source asks for a dropped file."""
    with pytest.raises(SourceRefused, match="data/drop/phac_consumption_sites"):
        source.fetch(Transport(), None, tmp_path)


def test_raw_layout_refuses_a_missing_column(read: Tidy) -> None:
    """The layout of the table as published names every column it needs."""
    with pytest.raises(Exception, match="nr_sites_reporting"):
        Raw.validate(read.raw[source.CARD.id].drop(columns="nr_sites_reporting"))


def test_published_file_is_read_whole(shared_data: Path) -> None:
    """The publisher's 72 months give five observations each, none quarantined, with the first and last as published."""
    read = _tidy(shared_data / "ca" / "phac_scs" / "scs-visits-clients-trends.csv")
    print(f"records in {read.records_in}, observations {len(read.observations)}, quarantined {len(read.quarantine)}")
    assert (read.records_in, len(read.observations), len(read.quarantine)) == (648, 360, 0)
    assert read.unaccounted() == 0
    assert _value(read, "consumption_site_visits", "2020-03-01")["value"] == 76180
    assert _value(read, "consumption_sites_reporting", "2026-02-01")["value"] == 25
