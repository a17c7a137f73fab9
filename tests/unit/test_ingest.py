"""What comes in from a drop folder, and what must not."""

import shutil
from pathlib import Path

import pytest

from assets.ingest import Arrival, bring_in
from assets.source import Recognised
from assets.sources import source

FIXTURES = Path(__file__).parents[1] / "fixtures" / "phac_consumption_sites"


def test_a_file_that_calls_itself_synthetic_is_refused(tmp_path: Path) -> None:
    """Invented data never reach a snapshot, however well they are shaped."""
    fixture = Path(__file__).parents[1] / "fixtures" / "phac_consumption_sites"
    good = next(path for path in sorted(fixture.iterdir()) if not path.name.startswith("bad"))
    drop = tmp_path / "drop" / "phac_consumption_sites"
    drop.mkdir(parents=True)
    (drop / "Synthetic-2026-04-15.csv").write_bytes(good.read_bytes())
    arrival = bring_in(source("phac_consumption_sites"), tmp_path / "snapshots", tmp_path / "drop", None)
    assert arrival.new == []
    assert "synthetic" in arrival.refused[0]
    (drop / "Synthetic-2026-04-15.csv").rename(drop / "visits-2026-04-15.csv")
    arrival = bring_in(source("phac_consumption_sites"), tmp_path / "snapshots", tmp_path / "drop", None)
    assert [snapshot.release for snapshot in arrival.new] == ["2026-04-15"]


def test_drop_folder_that_is_as_it_was_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same files are looked at once; what was refused is said each time, and any change is seen."""
    module = source("phac_consumption_sites")
    folder = tmp_path / "drop" / "phac_consumption_sites"
    folder.mkdir(parents=True)
    (folder / "visits-2026-03-20.csv").write_bytes((FIXTURES / "synthetic_visits-2026-03-20.csv").read_bytes())
    (folder / "other.csv").write_text("a,b\n1,2\n")
    looked: list[str] = []
    recognise = module.recognise

    def watched(path: Path) -> Recognised:
        looked.append(path.name)
        return recognise(path)

    monkeypatch.setattr(module, "recognise", watched)

    def look() -> Arrival:
        looked.clear()
        return bring_in(module, tmp_path / "snapshots", tmp_path / "drop", None)

    first = look()
    assert ([snapshot.release for snapshot in first.new], len(first.refused)) == (["2026-03-20"], 1)
    again = look()
    assert (looked, again.new, again.refused, again.origin) == ([], [], first.refused, "kept")
    (folder / "other.csv").write_text("a,b\n1,3\n")
    look()
    assert looked == ["other.csv", "visits-2026-03-20.csv"]
    (folder / "other.csv").unlink()
    assert look().refused == []
    shutil.rmtree(tmp_path / "snapshots" / "phac_consumption_sites" / "2026-03-20")
    assert [snapshot.release for snapshot in look().new] == ["2026-03-20"]
