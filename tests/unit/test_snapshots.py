"""Kept releases: bytes as published, never changed, never twice."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from assets import snapshots
from assets.source import Recognised, SourceRefused
from assets.sources.cdc_vsrr import CARD
from assets.transport import Validators


def file(folder: Path, content: str, name: str = "table_2025-07-16.csv") -> Path:
    """Write a file to keep."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def keep(tmp_path: Path, *contents: str, release: str = "2025-07-16") -> snapshots.Snapshot | None:
    """Keep files with the given contents as one release."""
    files = tuple(file(tmp_path / "in" / str(number), content) for number, content in enumerate(contents))
    return snapshots.keep(tmp_path / "kept", CARD, Recognised(release, files, {"rule": "date in the name"}), "drop-in")


def test_bytes_and_record_are_kept(tmp_path: Path) -> None:
    """A kept release has the bytes as they came, and a record of where from, when, under which terms, and digests."""
    path = file(tmp_path / "in", "\ufeffState,Année\r\n")
    marks = Validators(etag='"x"', last_modified="Wed, 16 Jul 2025 00:00:00 GMT", rows_updated_at=1)
    found = snapshots.keep(
        tmp_path / "kept", CARD, Recognised("2025-07-16", (path,)), "live", "https://example.org/a.csv", marks
    )
    assert found is not None
    assert found.files[0].read_bytes() == path.read_bytes()
    assert found.snapshot_id == "cdc_vsrr/2025-07-16"
    assert found == snapshots.read(found.directory)
    record = json.loads((found.directory / snapshots.RECORD).read_text(encoding="utf-8"))
    assert record["url"] == "https://example.org/a.csv"
    assert (record["licence"], record["citation"]) == (CARD.licence, CARD.citation)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record["retrieved"])
    assert re.fullmatch(r"[0-9a-f]{64}", record["sha256"])
    assert snapshots.validators([found]) == marks


def test_same_bytes_are_no_new_release(tmp_path: Path) -> None:
    """The same bytes are kept once, whatever release they are said to be."""
    assert keep(tmp_path, "a") is not None
    assert keep(tmp_path, "a") is None
    assert keep(tmp_path, "a", release="2026-01-01") is None
    assert [each.release for each in snapshots.kept(tmp_path / "kept", CARD.id)] == ["2025-07-16"]


def test_other_bytes_of_the_same_date_are_another_release(tmp_path: Path) -> None:
    """A corrected file under the same date is kept beside the first, with a number, and comes after it."""
    for number in range(1, 12):
        kept = keep(tmp_path, f"version {number}")
        assert kept is not None
        assert kept.release == ("2025-07-16" if number == 1 else f"2025-07-16.{number}")
    keep(tmp_path, "next", release="2025-08-13")
    order = [each.release for each in snapshots.kept(tmp_path / "kept", CARD.id)]
    assert order == ["2025-07-16", *[f"2025-07-16.{number}" for number in range(2, 12)], "2025-08-13"]
    assert (tmp_path / "kept" / CARD.id / "2025-07-16" / "table_2025-07-16.csv").read_text() == "version 1"


def test_release_of_several_files_is_kept_whole(tmp_path: Path) -> None:
    """When one of two files changed, the unchanged one is kept with it: they are read together."""
    keep(tmp_path, "naloxone", "buprenorphine")
    second = keep(tmp_path, "naloxone corrected", "buprenorphine")
    assert second is not None
    assert sorted(path.read_text() for path in second.files) == ["buprenorphine", "naloxone corrected"]


def test_same_file_twice_in_a_release_is_kept_once(tmp_path: Path) -> None:
    """Two copies of one file under two names are one file of the release."""
    kept = keep(tmp_path, "a", "a", "b")
    assert kept is not None
    assert sorted(path.read_text() for path in kept.files) == ["a", "b"]


def test_digest_of_a_release_does_not_depend_on_the_order_of_its_files(tmp_path: Path) -> None:
    """The same files in another order have the same digest."""
    first = keep(tmp_path / "1", "a", "b")
    second = keep(tmp_path / "2", "b", "a")
    assert first is not None
    assert second is not None
    assert first.sha256 == second.sha256


@pytest.mark.parametrize("name", [".hidden", "x" * 180 + ".csv", "snapshot.json", "tab\there.csv"])
def test_odd_names_are_replaced(tmp_path: Path, name: str) -> None:
    """A name that is hidden, endless, unprintable or that of the record does not go into the folder."""
    path = file(tmp_path / "in", "content", name)
    kept = snapshots.keep(tmp_path / "kept", CARD, Recognised("2025-07-16", (path,)), "drop-in")
    assert kept is not None
    assert kept.files[0].name.startswith("file-1")
    assert kept.files[0].read_text(encoding="utf-8") == "content"
    snapshots.verify(kept)


def test_files_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    """Two files of one name from two folders are both kept."""
    kept = keep(tmp_path, "a", "b")
    assert kept is not None
    assert sorted(path.name for path in kept.files) == ["file-2.csv", "table_2025-07-16.csv"]


def test_changed_byte_is_found(tmp_path: Path) -> None:
    """A kept file that was changed is refused by name, with both digests and what to do."""
    kept = keep(tmp_path, "State,Year\nUS,2021\n")
    assert kept is not None
    snapshots.verify(kept)
    kept.files[0].write_text("State,Year\nUS,2022\n", encoding="utf-8")
    with pytest.raises(SourceRefused, match=r"table_2025-07-16\.csv.*must not change\. Delete its folder"):
        snapshots.verify(kept)


def test_deleted_file_is_found(tmp_path: Path) -> None:
    """A kept file that is gone is refused by name."""
    kept = keep(tmp_path, "a")
    assert kept is not None
    kept.files[0].unlink()
    with pytest.raises(SourceRefused, match="found nothing"):
        snapshots.verify(kept)


def test_half_kept_release_does_not_count(tmp_path: Path) -> None:
    """What a killed run left half-copied is not a release, and the next run keeps the file after all."""
    half = tmp_path / "kept" / CARD.id / ".2025-07-16.123"
    half.mkdir(parents=True)
    (half / "table_2025-07-16.csv").write_text("State,Ye", encoding="utf-8")
    assert snapshots.kept(tmp_path / "kept", CARD.id) == []
    kept = keep(tmp_path, "State,Year\n")
    assert kept is not None
    assert kept.release == "2025-07-16"


def test_half_kept_release_with_its_record_does_not_count(tmp_path: Path) -> None:
    """Killed between writing the record and the rename, the folder is still hidden and is not a release."""
    kept = keep(tmp_path, "State,Year\n")
    assert kept is not None
    kept.directory.rename(kept.directory.with_name(".2025-07-16.123"))
    assert snapshots.kept(tmp_path / "kept", CARD.id) == []
    assert keep(tmp_path, "State,Year\n") is not None


def test_only_what_a_person_dropped_is_taken(tmp_path: Path) -> None:
    """Hidden files, the folder's read-me and links are left alone; a missing folder is an empty one."""
    folder = tmp_path / "drop"
    for name in ("b.csv", "a.csv", ".DS_Store", "README.md"):
        file(folder, "x", name)
    (folder / "edition").mkdir()
    (folder / "link.csv").symlink_to(tmp_path / "elsewhere.csv")
    assert [path.name for path in snapshots.dropped_in(folder)] == ["a.csv", "b.csv", "edition"]
    assert snapshots.dropped_in(tmp_path / "nowhere") == []


def test_dropped_files_have_no_validators(tmp_path: Path) -> None:
    """Only a live release tells what to ask the server; a newer dropped file does not hide it."""
    path = file(tmp_path / "in", "live")
    marks = Validators(etag='"x"')
    snapshots.keep(tmp_path / "kept", CARD, Recognised("2025-07-16", (path,)), "live", "", marks)
    keep(tmp_path, "dropped", release="2025-08-13")
    kept = snapshots.kept(tmp_path / "kept", CARD.id)
    assert [each.origin for each in kept] == ["live", "drop-in"]
    assert snapshots.validators(kept) == marks
    assert snapshots.validators([replace(each, origin="drop-in") for each in kept]) is None
