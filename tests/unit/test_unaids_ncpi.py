"""UNAIDS policy questionnaire: words become 1, 0 or a reason, and each respondent keeps an answer of its own."""

import zipfile
from pathlib import Path

import pandas as pd
import pytest
from bulk_server import ADDRESS, BulkServer, set_calendar, zipped
from loopback import MISBEHAVIOUR, running, transport

from assets import unaids_bulk
from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import unaids_ncpi as source
from assets.transport import TransportError, Validators
from schemas.measures import MEASURES
from schemas.observations import Observation, as_observations
from schemas.sources import unaids_ncpi as layout

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "unaids_ncpi"
GOOD = FIXTURES / "NCPI_2025_en_synthetic.csv"


def read(path: Path) -> Tidy:
    """Recognise a file and read it as its snapshot, every record accounted for."""
    found = source.recognise(path)
    snapshot = Snapshot(source.CARD.id, found.release, path.parent, found.files, "", "", "", "drop-in", found.notes)
    tidied = source.tidy(snapshot)
    assert tidied.unaccounted() == 0
    stamps = {"source_id": source.CARD.id, "release": found.release, "snapshot_id": snapshot.snapshot_id}
    Observation.validate(as_observations(tidied.observations.assign(**stamps)))
    return tidied


@pytest.fixture(scope="module")
def answers() -> Tidy:
    """Give the fixture, read."""
    return read(GOOD)


def one(tidied: Tidy, measure: str, area: str) -> pd.Series:
    """Give the one observation of a measure and area."""
    rows = tidied.observations.query("measure_id == @measure and area_id == @area")
    assert len(rows) == 1, rows
    return rows.iloc[0]


def test_every_question_has_a_measure() -> None:
    """Each question that is read is a measure that has a card, from 0 to 1 unless it asks for a number."""
    assert set(layout.MEASURES.values()) <= set(MEASURES)
    assert all((MEASURES[measure].most == 1) == (gid not in layout.COUNTS) for gid, measure in layout.MEASURES.items())


def test_government_and_civil_society_keep_their_own_answers(answers: Tidy) -> None:
    """Two answers of one country that differ are two observations, not a conflict and not a choice."""
    rows = answers.observations.query("measure_id == 'nsp_operational' and area_id == 'AUT'")
    found = rows.set_index("population_group")["value"].to_dict()
    assert found == {"answered by government": 1, "answered by civil society": 0}
    assert 'two "towns" of the west' in rows["note"].iloc[1]


def test_no_is_zero_and_no_answer_is_not(answers: Tidy) -> None:
    """No, nothing, not applicable and no data are four things that only No makes a zero."""
    assert one(answers, "oat_operational", "NAM")["value"] == 0
    rows = answers.observations.query("measure_id == 'naloxone_community_available'").set_index("area_id")
    assert rows["status"].to_dict() == {
        "KEN": "reported",
        "TGO": "not_collected",
        "TCD": "not_applicable",
        "MLI": "not_collected",
    }
    assert rows.loc["KEN", ["value", "note"]].tolist() == [1, "answered: Yes, in some regions"]


def test_numbers_are_asked_for_where_a_room_is_counted(answers: Tidy) -> None:
    """The number of drug consumption rooms is read as a number, and the question whether they exist as yes or no."""
    assert one(answers, "consumption_rooms", "DEU")["value"] == 30
    assert one(answers, "consumption_rooms", "TGO")["status"] == "not_collected"
    assert one(answers, "consumption_rooms_exist", "AUT")["value"] == 0


def test_each_oddity_is_set_aside_with_its_code(answers: Tidy) -> None:
    """An answer that is neither yes nor no, and whatever has no place or year, is in quarantine by line."""
    found = answers.quarantine.sort_values("row")[["row", "code", "value"]].to_numpy().tolist()
    assert found == [
        [11, "out_of_range", "2.5"],
        [13, "answer_not_known", "Decriminalised below a threshold"],
        [14, "unknown_area", "Area Atlantis: No"],
        [15, "bad_period", "Time Period 2022-2023: No"],
        [16, "future_period", "Time Period 2031: No"],
        [17, "unknown_subgroup", "Subgroup_Val_GId A_999: No"],
        [20, "conflicting_duplicate", "No"],
        [21, "conflicting_duplicate", "Yes"],
    ]


def test_drops_are_counted_by_reason(answers: Tidy) -> None:
    """Other topics, described answers, regions and repeats are left out by count; described answers stay in raw."""
    assert answers.dropped == {
        source.OTHER_TOPIC: 1,
        source.CATEGORY: 1,
        "region or group of countries": 1,
        "exact duplicate of another record": 1,
    }
    raw = answers.raw["unaids_ncpi"]
    assert len(raw) == 22
    assert "Symbolic application" in set(raw["Formatted"])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bad_gam_2025_synthetic.csv", "Global AIDS Monitoring"),
        ("bad_renamed_2025_synthetic.csv", r"\['Formatted'\].*Answer"),
        ("bad_other_topic_2025_synthetic.csv", "Q_A_1202"),
        ("bad_page_2025_synthetic.csv", "web page"),
    ],
)
def test_other_files_are_refused_by_name(name: str, message: str) -> None:
    """Each file that is something else is refused, saying what it is."""
    with pytest.raises(SourceRefused, match=message):
        source.recognise(FIXTURES / name)


def test_cut_off_zip_is_refused(tmp_path: Path) -> None:
    """A zip without its end is damaged, not a table with fewer answers."""
    whole = zipped(GOOD, tmp_path / "whole_2025.zip")
    cut = tmp_path / "NCPI_2025_en.zip"
    cut.write_bytes(whole.read_bytes()[:-40])
    with pytest.raises(SourceRefused, match="damaged"):
        source.recognise(cut)


def test_fetch_finds_the_newest_edition(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Editions are looked for from this year back; the release is the day the server last changed the file."""
    set_calendar(monkeypatch, 2026)
    server = BulkServer(f"{ADDRESS}/NCPI_2025_en.zip", GOOD)
    found = source.fetch(server, None, tmp_path)  # type: ignore[arg-type]
    assert found is not None
    assert (found.release, found.url) == ("2026-01-15", server.has)
    assert zipfile.is_zipfile(found.files[0])
    assert len(server.asked) == 4
    unchanged = BulkServer(server.has, GOOD, unchanged=True)
    assert source.fetch(unchanged, Validators("x"), tmp_path) is None  # type: ignore[arg-type]


def test_fetch_refuses_what_is_not_the_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Another table at the address is refused, no edition at all gives the drop-in help, a fault is passed on."""
    set_calendar(monkeypatch, 2026)
    other = BulkServer(f"{ADDRESS}/NCPI_2025_en.zip", FIXTURES / "bad_gam_2025_synthetic.csv")
    with pytest.raises(SourceRefused, match="Global AIDS Monitoring"):
        source.fetch(other, None, tmp_path)  # type: ignore[arg-type]
    with pytest.raises(SourceRefused, match="data/drop/unaids_ncpi"):
        source.fetch(BulkServer("", GOOD, "expected data, found a web page."), None, tmp_path)  # type: ignore[arg-type]
    with pytest.raises(TransportError, match="certificate"):
        source.fetch(BulkServer("", GOOD, "certificate verify failed"), None, tmp_path)  # type: ignore[arg-type]


@pytest.mark.parametrize("misbehave", MISBEHAVIOUR.values(), ids=MISBEHAVIOUR.keys())
def test_a_misbehaving_server_gives_no_release(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, misbehave: object
) -> None:
    """Whatever the server sends in place of the zip is refused, or the source counts as unreachable."""
    with running() as server:
        monkeypatch.setattr(unaids_bulk, "FOLDERS", (server.url,))
        server.otherwise = misbehave  # type: ignore[assignment]
        with pytest.raises((SourceRefused, TransportError), match="xpected"):
            source.fetch(transport(), None, tmp_path)
