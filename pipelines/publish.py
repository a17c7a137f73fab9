"""Publishing: built aside, audited, then swapped in at once. A reader sees yesterday's publication or today's, whole.

``data/published/current`` is a link to the newest release; the file and the site are reached through it, so that one
``os.replace`` moves both. Where links cannot be made (some Windows set-ups) publishing stops with an explanation.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipelines.audit import PublicationRefused, audit
from pipelines.build import build
from pipelines.settings import Settings

RELEASES_KEPT = 3
DATABASE = "harm_reduction.duckdb"
_STAMP = "fingerprint"


@dataclass(frozen=True)
class Contents:
    """What one publication is made of."""

    tables: dict[str, Path]
    raw: dict[str, list[tuple[str, str]]]
    publication: dict[str, str]
    site: Callable[[Path, Path], object]
    """Builds the site from the new file into a folder."""


def published_fingerprint(settings: Settings) -> str:
    """Give the fingerprint of what is published now; empty where nothing is, or where the release is damaged."""
    stamp = settings.published / "current" / _STAMP
    whole = settings.database.is_file() and settings.site.is_file() and stamp.is_file()
    return stamp.read_text(encoding="utf-8").strip() if whole else ""


def publish(settings: Settings, contents: Contents) -> Path:
    """Build, audit and swap in a publication.

    Args:
        settings: Where it goes.
        contents: What it is made of.

    Returns:
        The release's folder.

    Raises:
        PublicationRefused: The audit or the site failed; the earlier publication stays.
    """
    clear_leftovers(settings)
    run_id = contents.publication["run_id"]
    building = settings.published / "build" / run_id
    building.mkdir(parents=True)
    database = building / DATABASE
    loaded = build(database, contents.tables, contents.raw, contents.publication)
    audit(database, loaded)
    contents.site(database, building / "site")
    if not (building / "site" / "index.html").is_file():
        raise PublicationRefused(
            "expected the site's first page, found none; run the refresh again and report the fault"
        )
    (building / _STAMP).write_text(contents.publication["fingerprint"] + "\n", encoding="utf-8")
    database.chmod(0o444)
    _flush_tree(building)
    release = settings.published / "releases" / run_id
    release.parent.mkdir(parents=True, exist_ok=True)
    os.rename(building, release)
    _flush(release.parent)
    _point(settings.published, "current", Path("releases") / run_id)
    _point(settings.published, DATABASE, Path("current") / DATABASE)
    _point(settings.published, "site", Path("current") / "site")
    _flush(settings.published)
    _keep_newest(release)
    return release


def clear_leftovers(settings: Settings) -> None:
    """Remove what a killed run left half-built; the caller holds the refresh lock."""
    shutil.rmtree(settings.published / "build", ignore_errors=True)
    for link in settings.published.glob(".*.new"):
        link.unlink()


def _point(folder: Path, name: str, target: Path) -> None:
    link = folder / name
    if link.is_symlink() and os.readlink(link) == str(target):
        return
    if link.exists() and not link.is_symlink():
        raise PublicationRefused(
            f"expected {link.name} in the publication to be a link, found something else; move it away"
        )
    fresh = folder / f".{name}.new"
    fresh.unlink(missing_ok=True)
    try:
        fresh.symlink_to(target)
    except OSError as fault:
        raise PublicationRefused(
            f"this file system does not allow links ({fault}), which an undivided swap needs; "
            "set HRE_HOME to one that does"
        ) from fault
    os.replace(fresh, link)


def _keep_newest(release: Path) -> None:
    """Keep the newest releases: readers of the one before may still be at work."""
    others = [entry for entry in release.parent.iterdir() if entry.is_dir() and entry != release]
    others.sort(key=lambda entry: entry.stat().st_mtime)
    for old in others[: max(0, len(others) - RELEASES_KEPT + 1)]:
        shutil.rmtree(old, ignore_errors=True)


def _flush_tree(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_dir() or path.is_file():
            _flush(path)
    _flush(folder)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
