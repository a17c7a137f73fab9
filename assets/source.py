"""What every source gives and gets: snapshots in, tidy observations out."""

from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

import pandas as pd

from assets.transport import Transport, Validators
from schemas import quarantine
from schemas.observations import TIDY_COLUMNS, as_observations
from schemas.source_card import SourceCard


class SourceRefused(Exception):
    """A file or an answer that must not be loaded; the message says what was expected, what was found, what to do."""


@dataclass(frozen=True)
class Recognised:
    """A release that was recognised in files: its date, the files to keep, and remarks about it."""

    release: str
    files: tuple[Path, ...]
    notes: dict[str, str] = field(default_factory=dict)
    validators: Validators | None = None
    """What the server marked a live download with; fetch sets it, so that the next run can ask whether it changed."""

    url: str = ""
    """Address the files really came from; the card's download address where empty."""


@dataclass(frozen=True)
class Snapshot:
    """One release of one source, its bytes kept as published."""

    source_id: str
    release: str
    directory: Path
    files: tuple[Path, ...]
    retrieved: str
    url: str
    sha256: str
    origin: str
    """live, drop-in or figures: how the bytes came here."""

    notes: dict[str, str] = field(default_factory=dict)

    @property
    def snapshot_id(self) -> str:
        """Name that observations carry to say which bytes they came from."""
        return f"{self.source_id}/{self.release}"


@dataclass
class Tidy:
    """What a source reads out of one snapshot.

    A *record* is one value cell of the file that could become one observation. Every record is accounted for:
    ``records_in == len(observations) + len(quarantine) + sum(dropped.values())``.
    """

    observations: pd.DataFrame
    raw: dict[str, pd.DataFrame]
    quarantine: pd.DataFrame
    dropped: dict[str, int]
    records_in: int
    release_notes: dict[str, str] = field(default_factory=dict)

    def unaccounted(self) -> int:
        """Number of records that ended nowhere; anything but 0 is a fault of the source module."""
        return self.records_in - len(self.observations) - len(self.quarantine) - sum(self.dropped.values())


class Source(Protocol):
    """The module of one source, ``assets/sources/<id>.py``."""

    CARD: SourceCard

    def fetch(self, transport: Transport, known: Validators | None, into: Path) -> Recognised | None:
        """Download the newest release into a folder, or None where nothing changed since ``known``."""

    def recognise(self, path: Path) -> Recognised:
        """Tell which release a dropped-in file is, or refuse it saying what it is instead."""

    def tidy(self, snapshot: Snapshot) -> Tidy:
        """Turn a snapshot's bytes into observations."""


def as_source(module: ModuleType) -> Source:
    """Read a module as a source; a test checks that it has all three functions and its card."""
    return cast("Source", module)


def tidy_observations(frame: pd.DataFrame) -> pd.DataFrame:
    """Give rows the observation columns that a source fills in, in order and with their types."""
    return as_observations(frame, TIDY_COLUMNS)


def refused_records(frame: pd.DataFrame | None = None, **constants: str) -> pd.DataFrame:
    """Make a quarantine table from columns ``file, row, column, value``, with ``code`` and ``reason`` as constants."""
    if frame is None or frame.empty:
        empty = pd.DataFrame({name: pd.Series(dtype="str") for name in quarantine.TIDY_COLUMNS})
        return empty.astype({"row": "int64"})
    full = frame.assign(**constants)[quarantine.TIDY_COLUMNS]
    types = {name: "int64" if name == "row" else "str" for name in quarantine.TIDY_COLUMNS}
    return full.assign(value=full["value"].astype("str").str.slice(0, 200)).astype(types).reset_index(drop=True)
