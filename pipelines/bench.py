"""Setting up the bench of a run from the settings: folders, and whether it may use the network."""

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from assets import tables
from assets.sources import CONNECTED
from assets.transport import Transport
from assets.workspace import Workspace
from pipelines.settings import Settings, tokens


def workspace(settings: Settings, *, offline: bool = False, source_ids: tuple[str, ...] = ()) -> Workspace:
    """Make the bench that every step works at.

    Args:
        settings: Where things are.
        offline: Whether the run must not use the network; files dropped in are taken all the same.
        source_ids: Sources to look for news of; all of them where empty.
    """
    transport = (lambda: None) if offline else (lambda: Transport(token_for=tokens()))
    return Workspace(
        checkout=settings.checkout,
        snapshots=settings.snapshots,
        drop=settings.drop,
        tables=settings.tables,
        figures=settings.figures,
        transport=transport,
        bring_in=frozenset(source_ids or CONNECTED),
    )


@cache
def code_version(checkout: Path) -> str:
    """Give the package's version and a digest of all code that shapes a publication, pages included."""
    digest = hashlib.sha256(tables.code_fingerprint(checkout).encode())
    for room in ("dashboards", "pipelines"):
        for path in sorted((checkout / room).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(checkout)).encode() + path.read_bytes())
    try:
        number = version("hre")
    except PackageNotFoundError:
        number = "0"
    return f"{number}+{digest.hexdigest()[:12]}"
