"""Behaviour of the connector to Canada's opioid- and stimulant-related harms."""

import gzip
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import phac_substance_harms as source
from assets.transport import Download, TransportError, Validators
from schemas.observations import KEY, Observation
from schemas.sources.phac_substance_harms import Raw

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "phac_substance_harms"
GOOD = FIXTURES / "synthetic_harms-2026-01-15.csv"


def _tidy(path: Path) -> Tidy:
    return source.tidy(Snapshot(source.CARD.id, "2026-01-15", path.parent, (path,), "", "", "", "drop-in"))


@pytest.fixture(scope="module")
def read() -> Tidy:
    """Give what is read out of the made-up table."""
    return _tidy(GOOD)


def _row(read: Tidy, **wanted: str) -> pd.Series:
    everything = {"sex": "all", "age_group": "all", "drug": "all", "population_group": "all"} | wanted
    rows = read.observations
    for column, value in everything.items():
        rows = rows[rows[column].astype(str) == value]
    assert len(rows) == 1, rows
    return rows.iloc[0]


def test_every_record_is_accounted_for(read: Tidy) -> None:
    """Rows in are observations, quarantine and documented drops."""
    assert read.records_in == 35
    assert read.unaccounted() == 0
    assert read.dropped == {"exact duplicate of another record": 1}


def test_observations_keep_the_contract(read: Tidy) -> None:
    """The observations pass the contract of the core table and their key is unique."""
    stamped = read.observations.assign(source_id=source.CARD.id, release="2026-01-15", snapshot_id="x")
    Observation.validate(stamped[list(Observation.to_schema().columns)])
    assert not read.observations.duplicated(KEY).any()


def test_part_of_a_year_ends_in_september_and_is_provisional(read: Tidy) -> None:
    """January to September is a period of its own; only its rate is annualised by the publisher."""
    number = _row(read, measure_id="opioid_deaths", area_id="CAN", period_end="2025-09-30", period_start="2025-01-01")
    rate = _row(read, measure_id="opioid_death_rate_crude_per_100k", area_id="CAN", period_end="2025-09-30")
    assert (number["value"], bool(number["is_provisional"]), number["note"]) == (801, True, "part of a year")
    assert "annualised" in rate["note"]


def test_quarters_are_dated_and_only_the_newest_year_is_provisional(read: Tidy) -> None:
    """A quarter spans its three months."""
    newest = _row(read, measure_id="opioid_deaths", period_start="2025-07-01")
    first = _row(read, measure_id="opioid_deaths", period_start="2016-01-01", period_end="2016-03-31")
    assert bool(newest["is_provisional"])
    assert str(newest["period_end"].date()) == "2025-09-30"
    assert not bool(first["is_provisional"])


@pytest.mark.parametrize(
    ("area_id", "status"),
    [("CA-YT", "not_collected"), ("CA-PE", "suppressed"), ("CA-NU", "not_collected"), ("CA-NB", "reported")],
)
def test_suppressed_missing_and_zero_stay_apart(read: Tidy, area_id: str, status: str) -> None:
    """Suppr., n/a, n.d. and 0 each keep their meaning."""
    row = _row(read, measure_id="opioid_deaths", area_id=area_id)
    assert row["status"] == status
    assert row["value"] == 0 if status == "reported" else pd.isna(row["value"])


@pytest.mark.parametrize(
    ("wanted", "value"),
    [
        ({"measure_id": "opioid_death_rate_crude_per_100k", "sex": "female"}, 3.1),
        ({"measure_id": "opioid_deaths_share_pct", "age_group": "60+"}, 12),
        ({"measure_id": "opioid_deaths", "sex": "male", "age_group": "20-29"}, 160),
        ({"measure_id": "opioid_deaths_share_pct", "drug": "fentanyl_and_analogues"}, 74),
        ({"measure_id": "opioid_deaths_share_pct", "drug": "stimulants"}, 70),
        ({"measure_id": "opioid_deaths_share_pct", "population_group": "manner: accidental"}, 96),
        ({"measure_id": "opioid_deaths_share_pct", "population_group": "origin: non_pharmaceutical_only"}, 80),
        ({"measure_id": "opioid_hospitalisations_share_pct", "population_group": "intent: intentional"}, 21),
        ({"measure_id": "stimulant_ed_visits", "area_id": "CA-TERR"}, 64),
        (
            {
                "measure_id": "stimulant_deaths_share_pct",
                "population_group": "involving: other_psychoactive_substances",
            },
            33,
        ),
        ({"measure_id": "opioid_ems_responses"}, 9001),
        ({"measure_id": "opioid_deaths", "area_id": "CA-MB-WINNIPEG"}, 31),
        ({"measure_id": "opioid_deaths", "area_id": "CAN", "period_start": "2024-01-01"}, 1204),
    ],
)
def test_breakdowns_become_groups(read: Tidy, wanted: dict[str, str], value: float) -> None:
    """Each breakdown fills the column of its kind, and sub-areas never pass for their province."""
    assert _row(read, **wanted)["value"] == value


def test_unreadable_rows_go_to_quarantine_with_their_line(read: Tidy) -> None:
    """Every faulty row is set aside with line, column, text and code."""
    found = {(row.row, row.column, row.value, row.code) for row in read.quarantine.itertuples()}
    assert {
        (24, "Value", "500", "conflicting_duplicate"),
        (25, "Value", "501", "conflicting_duplicate"),
        (26, "Region", "Atlantis", "unknown_area"),
        (27, "Value", "1e3", "not_a_number"),
        (28, "Value", "-4", "negative"),
        (29, "Value", "2.5", "not_whole"),
        (30, "Value", "104", "over_100_pct"),
        (31, "Disaggregator", "Libra", "unknown_group"),
        (32, "Year_Quarter", "2022 Q5", "unreadable_period"),
        (33, "Time_Period", "By year", "contradictory_period"),
        (34, "Unit", "Number", "unknown_measure"),
    } <= found
    assert read.quarantine.query("row == 35")["code"].tolist() == ["ragged_line"]
    assert len(read.quarantine) == 12


def test_release_comes_from_the_file_name() -> None:
    """A dropped file is dated by its name."""
    assert source.recognise(GOOD).release == "2026-01-15"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SubstanceHarmsData.csv", "YYYY-MM-DD"),
        ("SubstanceHarmsData-2026-02-30.csv", "calendar"),
        ("SubstanceHarmsData-2025-03-31.csv", "2025-09-30"),
    ],
)
def test_a_name_without_a_possible_date_is_refused(tmp_path: Path, name: str, words: str) -> None:
    """The message says how to name the file."""
    with pytest.raises(SourceRefused, match=words):
        source.recognise(Path(shutil.copy(GOOD, tmp_path / name)))


def test_zip_and_gzip_are_read_alike(tmp_path: Path, read: Tidy) -> None:
    """The publisher's zip and a compressed copy give the observations of the plain file."""
    packed = tmp_path / "HealthInfobase-2026-01-15.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(GOOD, "data/SubstanceHarmsData.csv")
    squeezed = tmp_path / "harms-2026-01-15.csv.gz"
    squeezed.write_bytes(gzip.compress(GOOD.read_bytes()))
    for path in (packed, squeezed):
        assert source.recognise(path).release == "2026-01-15"
        pd.testing.assert_frame_equal(_tidy(path).observations, read.observations)


def test_french_twin_is_named(tmp_path: Path) -> None:
    """The French twin is refused by name, plain and zipped, with the English file's address."""
    french = FIXTURES / "bad_synthetic_french-2026-01-15.csv"
    packed = tmp_path / "HealthInfobase-2026-01-15.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(french, "DonneesMefaitsSubstances.csv")
    for path in (french, packed):
        with pytest.raises(SourceRefused, match=r"French twin.*SubstanceHarmsData\.csv"):
            source.recognise(path)


def _changed(text: str, tmp_path: Path) -> Path:
    path = tmp_path / "changed-2026-01-15.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("cut", [-4, -30])
def test_cut_off_download_is_refused(tmp_path: Path, cut: int) -> None:
    """A file that stops inside its last line is refused, whether or not a cell is lost."""
    with pytest.raises(SourceRefused, match="cut off"):
        source.recognise(_changed(GOOD.read_text(encoding="utf-8")[:cut], tmp_path))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty file"),
        ("Substance,Source\n", "found none"),
        ((FIXTURES / "bad_synthetic_web_page-2026-01-15.csv").read_text(encoding="utf-8"), "web page"),
        (GOOD.read_text(encoding="utf-8").replace("Unit,Value", "Unit,Amount", 1), r"Value.*Amount"),
        (GOOD.read_text(encoding="utf-8").replace("Opioids,Deaths", "Alcohol,Deaths"), "opioid deaths"),
        ("province,date,trend_total_visits\nTOTAL,2020-03-01,5\n", "phac_consumption_sites"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, words: str) -> None:
    """What is not the table is refused with what was found instead."""
    with pytest.raises(SourceRefused, match=words):
        source.recognise(_changed(text, tmp_path))


def test_two_files_of_one_release_are_both_read(tmp_path: Path, read: Tidy) -> None:
    """A second copy of the release adds nothing but counted duplicates, and no file is passed over."""
    copy = Path(shutil.copy(GOOD, tmp_path / "copy.csv"))
    both = source.tidy(Snapshot(source.CARD.id, "2026-03-20", tmp_path, (GOOD, copy), "", "", "", "drop-in"))
    assert both.records_in == 2 * read.records_in
    assert both.unaccounted() == 0
    assert len(both.observations) == len(read.observations)


def test_added_column_is_accepted_and_reported(tmp_path: Path) -> None:
    """A new column does not stop a refresh; the release notes name it."""
    lines = GOOD.read_text(encoding="utf-8").splitlines()
    wider = [lines[0] + ",Gender", *(line + ",x" for line in lines[1:5])]
    assert _tidy(_changed("\n".join(wider) + "\n", tmp_path)).release_notes["added_columns"] == "Gender"


class _Server:
    """Answers downloads with the made-up table."""

    def __init__(self, last_modified: str, fails_first: bool = False) -> None:
        self.last_modified, self.fails_first, self.asked = last_modified, fails_first, []

    def download(self, url: str, into: Path, name: str, known: Validators | None = None) -> Download | None:
        self.asked.append(url)
        if self.fails_first and len(self.asked) == 1:
            raise TransportError("404")
        if known is not None:
            return None
        path = Path(shutil.copy(GOOD, into / name))
        return Download(path, url, "", 1, "text/csv", Validators(last_modified=self.last_modified))


def test_live_release_is_the_day_the_server_changed_it(tmp_path: Path) -> None:
    """The release is named by Last-Modified, and an unchanged file gives nothing."""
    server = _Server("Tue, 16 Dec 2025 15:00:00 GMT")
    found = source.fetch(server, None, tmp_path)
    assert found is not None
    assert (found.release, found.url) == ("2025-12-16", source.CARD.download_url)
    assert source.fetch(server, Validators(etag="x"), tmp_path) is None


@pytest.mark.parametrize("last_modified", ["", "Tue, 01 Apr 2025 15:00:00 GMT"])
def test_live_file_without_a_possible_date_is_refused(tmp_path: Path, last_modified: str) -> None:
    """No date, or one before the data end, names no release."""
    with pytest.raises(SourceRefused, match="data/drop/phac_substance_harms"):
        source.fetch(_Server(last_modified), None, tmp_path)


def test_the_older_address_is_tried_where_the_newer_fails(tmp_path: Path) -> None:
    """The plain file of the older page stands in for a zip that is gone."""
    server = _Server("Tue, 16 Dec 2025 15:00:00 GMT", fails_first=True)
    found = source.fetch(server, None, tmp_path)
    assert found is not None
    assert found.url == source.URLS[1]


def test_raw_layout_refuses_a_missing_column(read: Tidy) -> None:
    """The layout of the table as published names every column it needs."""
    with pytest.raises(Exception, match="Region"):
        Raw.validate(read.raw[source.CARD.id].drop(columns="Region"))


def test_published_file_gives_the_known_deaths(shared_data: Path) -> None:
    """Canada's opioid deaths in the publisher's file are those of its own page, 2016 to September 2025."""
    read = _tidy(shared_data / "ca" / "phac_substance_harms" / "SubstanceHarmsData.csv")
    print(f"rows in {read.records_in}, observations {len(read.observations)}, quarantined {len(read.quarantine)}")
    rows = read.observations.query("measure_id == 'opioid_deaths' and area_id == 'CAN' and sex == 'all'")
    yearly = rows[(rows["period_end"] - rows["period_start"]).dt.days > 100].sort_values("period_start")
    assert yearly["value"].tolist() == [2832, 3928, 4253, 3585, 6166, 7546, 7227, 8020, 7313, 4162]
    assert yearly["is_provisional"].tolist() == [False] * 9 + [True]
    assert read.unaccounted() == 0
    assert (read.records_in, len(read.quarantine)) == (24464, 0)
    assert read.observations["status"].value_counts().to_dict() == {
        "reported": 16359,
        "not_collected": 5748,
        "suppressed": 2357,
    }
