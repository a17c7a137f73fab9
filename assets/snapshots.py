"""Keeping every release as published: bytes in, never changed again."""

import hashlib
import json
import os
import shutil
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from assets.source import Recognised, Snapshot, SourceRefused
from assets.transport import Validators
from schemas.source_card import SourceCard

RECORD = "snapshot.json"


def kept(root: Path, source_id: str) -> list[Snapshot]:
    """Give every kept release of a source, oldest first."""
    # A folder that begins with a dot is one that a killed run left half-kept.
    found = [read(record.parent) for record in (root / source_id).glob(f"[!.]*/{RECORD}")]
    return sorted(found, key=lambda snapshot: release_order(snapshot.release))


def release_order(release: str) -> tuple[str, int]:
    """Sort key of a release: its date, then its number where several came under one date."""
    date, _, number = release.partition(".")
    return date, int(number or 1)


def read(directory: Path) -> Snapshot:
    """Read one kept release."""
    record = json.loads((directory / RECORD).read_text(encoding="utf-8"))
    return Snapshot(
        source_id=record["source_id"],
        release=record["release"],
        directory=directory,
        files=tuple(directory / name for name in record["files"]),
        retrieved=record["retrieved"],
        url=record["url"],
        sha256=record["sha256"],
        origin=record["origin"],
        notes=record["notes"],
    )


def validators(snapshots: list[Snapshot]) -> Validators | None:
    """Give what the newest live release was marked with, to ask a server whether it has changed."""
    live = [snapshot for snapshot in snapshots if snapshot.origin == "live"]
    if not live:
        return None
    record = json.loads((live[-1].directory / RECORD).read_text(encoding="utf-8"))
    return Validators(**record["validators"])


def dropped_in(folder: Path) -> list[Path]:
    """List what a person put into a source's drop folder, leaving out hidden files, folders' read-me and links."""
    if not folder.is_dir():
        return []
    return sorted(
        entry
        for entry in folder.iterdir()
        if not entry.name.startswith(".") and entry.name.lower() != "readme.md" and not entry.is_symlink()
    )


def keep(
    root: Path,
    card: SourceCard,
    recognised: Recognised,
    origin: str,
    url: str = "",
    marks: Validators | None = None,
) -> Snapshot | None:
    """Keep a release's files unless the same bytes are kept already.

    Args:
        root: Folder of all snapshots.
        card: The source's card; its licence and citation go into the record.
        recognised: The release and its files.
        origin: live or drop-in.
        url: Where the files came from.
        marks: What the server marked them with.

    Returns:
        The new snapshot, or None where nothing new came.
    """
    known = {digest for snapshot in kept(root, card.id) for digest in _digests(snapshot.directory).values()}
    digests = {path: digest(path) for path in recognised.files}
    if all(digest in known for digest in digests.values()):
        return None
    # A release of several files is kept whole: its unchanged files are needed to read the changed ones.
    files = list(dict((digest, path) for path, digest in reversed(digests.items())).values())[::-1]
    release = _free_release(root / card.id, recognised.release)
    building = root / card.id / f".{release}.{os.getpid()}"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    names = _safe_names(files)
    for path, name in names.items():
        shutil.copyfile(path, building / name)
    record = {
        "source_id": card.id,
        "release": release,
        "url": url or card.homepage,
        "retrieved": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "released": recognised.release,
        "sha256": _together([digests[path] for path in files]),
        "licence": card.licence,
        "citation": card.citation,
        "origin": origin,
        "files": {name: digests[path] for path, name in names.items()},
        "notes": recognised.notes,
        "validators": asdict(marks or Validators()),
    }
    (building / RECORD).write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(building, root / card.id / release)
    return read(root / card.id / release)


def verify(snapshot: Snapshot) -> None:
    """Check that kept bytes are still those that were kept.

    Raises:
        SourceRefused: A file is gone or differs; the message names it.
    """
    for name, expected in _digests(snapshot.directory).items():
        path = snapshot.directory / name
        found = digest(path) if path.is_file() else "nothing"
        if found != expected:
            raise SourceRefused(
                f"{snapshot.snapshot_id}: expected {name} with sha256 {expected[:12]}…, found {found[:12]}…; a kept "
                "release must not change. Delete its folder under data/snapshots and drop the published file in again."
            )


def _digests(directory: Path) -> dict[str, str]:
    digests: dict[str, str] = json.loads((directory / RECORD).read_text(encoding="utf-8"))["files"]
    return digests


def digest(path: Path) -> str:
    """Give a file's SHA-256."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _together(digests: list[str]) -> str:
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()


def _free_release(folder: Path, release: str) -> str:
    if not (folder / release).exists():
        return release
    taken = [release_order(entry.name)[1] for entry in folder.glob(f"{release}*") if not entry.name.startswith(".")]
    return f"{release}.{max(taken) + 1}"


def _safe_names(paths: list[Path]) -> dict[Path, str]:
    """Keep a file's plain name where it is plain; anything else is numbered, so that no name can leave the folder."""
    names: dict[Path, str] = {}
    for number, path in enumerate(paths, start=1):
        plain = path.name
        safe = 0 < len(plain) <= 150 and plain.isprintable() and not plain.startswith(".") and plain != RECORD
        names[path] = plain if safe and plain not in names.values() else f"file-{number}{path.suffix[:8]}"
    return names
