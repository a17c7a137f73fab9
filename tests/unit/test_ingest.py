"""What comes in from a drop folder, and what must not."""

from pathlib import Path

from assets.ingest import bring_in
from assets.sources import source


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
