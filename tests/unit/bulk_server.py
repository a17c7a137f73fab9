"""A server of UNAIDS' bulk zips that a test fills: it stands in for the transport."""

import dataclasses
import datetime
import zipfile
from pathlib import Path

import pytest

from assets import unaids_bulk
from assets.transport import Download, TransportError, Validators

ADDRESS = "https://aidsinfo.unaids.org/public/documents"


def zipped(table: Path, path: Path) -> Path:
    """Zip a table as its publisher does."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(table, table.name.replace("_synthetic", ""))
    return path


@dataclasses.dataclass
class BulkServer:
    """Gives one table's zip at one address, and a fault at all others."""

    has: str
    table: Path
    fault: str = "expected the file, found HTTP 404. Check the address."
    unchanged: bool = False
    asked: list[str] = dataclasses.field(default_factory=list)

    def download(
        self,
        url: str,
        into: Path,
        name: str,
        known: Validators | None = None,  # noqa: ARG002
        **rules: object,  # noqa: ARG002
    ) -> Download | None:
        """Answer as the real transport does."""
        self.asked.append(url)
        if url != self.has:
            raise TransportError(f"{url}: {self.fault}")
        if self.unchanged:
            return None
        marks = Validators(last_modified="Thu, 15 Jan 2026 10:00:00 GMT")
        return Download(zipped(self.table, into / name), url, "", 1, "application/zip", marks)


def set_calendar(monkeypatch: pytest.MonkeyPatch, year: int) -> None:
    """Set the calendar to a year."""

    class Calendar(datetime.date):
        @classmethod
        def today(cls) -> "Calendar":
            return cls(year, 3, 1)

    monkeypatch.setattr(unaids_bulk.datetime, "date", Calendar)
