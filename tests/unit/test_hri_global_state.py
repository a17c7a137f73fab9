"""Global State of Harm Reduction: a checked transcription's ticks, crosses and nd are three things."""

from pathlib import Path

import pytest

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import hri_global_state as source
from assets.transport import Transport
from schemas.measures import MEASURES
from schemas.observations import Observation, as_observations
from schemas.sources import hri_global_state as layout

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "hri_global_state"
GOOD = FIXTURES / "synthetic_gshr-2024-10-01.csv"


@pytest.fixture(scope="module")
def marks() -> Tidy:
    """Give the fixture, read, every record accounted for."""
    found = source.recognise(GOOD)
    snapshot = Snapshot(source.CARD.id, found.release, FIXTURES, found.files, "", "", "", "drop-in", found.notes)
    tidied = source.tidy(snapshot)
    assert tidied.unaccounted() == 0
    stamps = {"source_id": source.CARD.id, "release": found.release, "snapshot_id": snapshot.snapshot_id}
    Observation.validate(as_observations(tidied.observations.assign(**stamps)))
    return tidied


def test_ten_marks_are_ten_measures() -> None:
    """Each of the report's ten columns is a question of yes or no that has a card."""
    assert len(layout.MEASURES) == len(set(layout.MEASURES.values())) == 10
    assert all(MEASURES[name].most == 1 for name in layout.MEASURES.values())


def test_tick_cross_and_nd_are_three_things(marks: Tidy) -> None:
    """A tick is 1, a cross is 0 and nd is no value; words that a keyboard has say the same as signs."""
    for area in ("AUT", "CIV"):
        found = marks.observations[marks.observations["area_id"] == area].set_index("measure_id")
        assert found.loc["oat_operational", "value"] == 1
        assert found.loc["consumption_rooms_exist", "value"] == 0
        assert found.loc["naloxone_peer_distribution", "status"] == "not_collected"
    assert set(marks.observations["note"]) == {"page 14", "page 15", "page 16"}
    assert marks.observations["period_start"].dt.year.eq(2024).all()


def test_each_oddity_is_set_aside_with_its_code(marks: Tidy) -> None:
    """An empty mark, a doubtful one, an unknown country and an unclear edition are in quarantine, mark by mark."""
    assert marks.quarantine["code"].value_counts().to_dict() == {
        "unknown_area": 10,
        "bad_period": 10,
        "answer_not_known": 2,
    }
    unclear = marks.quarantine.query("code == 'answer_not_known'").sort_values("column")
    assert unclear[["row", "column", "value"]].to_numpy().tolist() == [[5, "nsp", ""], [5, "oat", "✓?"]]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bad_synthetic_unchecked-2024-10-01.csv", "second person.*line 2"),
        ("bad_synthetic_renamed-2024-10-01.csv", r"\['dcr'\].*rooms"),
        ("bad_synthetic_report-2024-10-01.pdf", "the PDF itself.*edition,country,policy"),
        ("bad_synthetic_undated.csv", "Rename it"),
    ],
)
def test_other_files_are_refused_by_name(name: str, message: str) -> None:
    """The report itself, a table that nobody compared, and another table are refused with the header to use."""
    with pytest.raises(SourceRefused, match=message):
        source.recognise(FIXTURES / name)


def test_there_is_nothing_to_fetch(tmp_path: Path) -> None:
    """No program reads the PDF: what a person must do is said instead."""
    with pytest.raises(SourceRefused, match="second person compare it"):
        source.fetch(Transport(), None, tmp_path)
