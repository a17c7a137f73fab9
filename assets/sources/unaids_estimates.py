"""UNAIDS HIV estimates: people living with HIV, and how many know it, are treated and have a suppressed viral load."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from assets import unaids_bulk
from assets.reading import refuse_web_page
from assets.source import Recognised, Snapshot, SourceRefused, Tidy
from assets.transport import Transport, Validators
from assets.unaids_bulk import ESTIMATES, Bulk
from assets.unaids_records import Sieve
from schemas.source_card import SourceCard
from schemas.sources import unaids_estimates as layout

CARD = SourceCard(
    id="unaids_estimates",
    title="HIV estimates",
    publisher="Joint United Nations Programme on HIV/AIDS (UNAIDS)",
    licence="CC BY-NC-SA 3.0 IGO",
    licence_url="https://creativecommons.org/licenses/by-nc-sa/3.0/igo/",
    homepage="https://aidsinfo.unaids.org/",
    download_url="https://aidsinfo.unaids.org/documents/",
    cadence="yearly",
    basis="modelled by countries with UNAIDS' support; ranges are uncertainty bounds of the model",
    citation="UNAIDS. HIV estimates, AIDSinfo. Geneva: Joint United Nations Programme on HIV/AIDS.",
    coverage="Countries; people living with HIV of all ages, of 0-14 and of 15 and over; not people who inject drugs",
    caveats=(
        "All people living with HIV, not people who inject drugs: compare the two, never mix them.",
        "Every edition models all years anew: years of two editions are not a trend.",
        "Three dots mean that the country's estimate is not published, not that there is nobody.",
        "Non-commercial use only, and what is made from it is shared under the same licence.",
        "The year in a file's name is that of the edition, not of the release.",
    ),
    drop_in_help=(
        "Download Estimates_<year>_en.zip from https://aidsinfo.unaids.org/, put the release date into its name "
        "(Estimates_2025_en-YYYY-MM-DD.zip) and drop it in data/drop/unaids_estimates/."
    ),
    automated=True,
)

OTHER_LINE = "line of another indicator"
OTHER_GROUP = "age group that is not read"
_OURS = re.compile(rb'(?:^|[,"])(?:' + "|".join(layout.INDICATORS).encode() + rb')(?=[,"])')


def fetch(transport: Transport, known: Validators | None, into: Path) -> Recognised | None:
    """Download the newest edition: this year's, or of the three years before, at either of the two known addresses.

    Raises:
        SourceRefused: No edition is at the known addresses, or what is there is not the table.
        TransportError: The server cannot be reached.
    """
    found = unaids_bulk.newest_edition(ESTIMATES, transport, known, into, CARD.drop_in_help)
    if found is not None:
        _read(found.files[0])
    return found


def recognise(path: Path) -> Recognised:
    """Tell the release of the bulk zip or csv.

    Raises:
        SourceRefused: Another UNAIDS table, a damaged file, or no year in the name.
    """
    _read(path)
    release, notes = unaids_bulk.release_of(path, ESTIMATES, CARD.id)
    return Recognised(release, (path,), notes)


@contextmanager
def _lines(path: Path) -> Iterator[Iterator[bytes]]:
    """Open the table, unpacking it line by line: whole, it is too large for memory to be kind."""
    if not zipfile.is_zipfile(path):
        if path.read_bytes()[:4] == b"PK\x03\x04":
            raise SourceRefused(f"{path.name}: expected a complete zip file, found a damaged one. Download it again.")
        with path.open("rb") as stream:
            yield iter(stream)
        return
    with zipfile.ZipFile(path) as archive:
        tables = [info for info in archive.infolist() if info.filename.lower().endswith(".csv")]
        if len(tables) != 1 or tables[0].file_size > layout.MOST_BYTES:
            found = [f"{info.filename} ({info.file_size:,} bytes)" for info in archive.infolist()[:4]]
            raise SourceRefused(
                f"{path.name}: expected a zip with one csv of at most {layout.MOST_BYTES:,} bytes, found {found}. "
                "Drop the table itself."
            )
        with archive.open(tables[0]) as stream:
            yield iter(stream)


def _read(path: Path) -> tuple[Bulk, int]:
    """Read the lines of the wanted indicators, under their own line numbers, and count the others."""
    if path.suffix == ".json":
        return unaids_bulk.read(path, ESTIMATES), 0
    kept: list[tuple[int, bytes]] = []
    others, line = 0, b""
    try:
        with _lines(path) as lines:
            header = next(lines, b"")
            refuse_web_page(header.decode("utf-8-sig", errors="replace"), path.name)
            for number, line in enumerate(lines, start=2):
                if _OURS.search(line):
                    kept.append((number, line))
                else:
                    others += bool(line.strip())
    except (zipfile.BadZipFile, zlib.error, EOFError) as fault:
        raise SourceRefused(
            f"{path.name}: expected a complete zip file, found a damaged one ({fault}). Download it again."
        ) from fault
    if line and not line.endswith(b"\n") and line.count(b",") < header.count(b","):
        raise SourceRefused(f"{path.name}: expected a complete last line, found it cut off. Download it again.")
    text = b"".join([header, *(content.rstrip(b"\r\n") + b"\n" for _, content in kept)])
    bulk = unaids_bulk.table_of(_decoded(text), path.name, ESTIMATES)
    if bulk.frame.empty:
        raise SourceRefused(
            f"{path.name}: expected rows of {', '.join(layout.INDICATORS)}, found {others:,} lines of other "
            f"indicators. Download {ESTIMATES.stem}_<year>_en.zip instead."
        )
    numbers = dict(enumerate((number for number, _ in kept), start=2))
    frame = bulk.frame.assign(_row=bulk.frame["_row"].map(numbers).astype("int64"))
    refused = bulk.refused.assign(row=bulk.refused["row"].map(numbers).astype("int64"))
    return Bulk(frame, refused, bulk.notes), others


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the cascade's indicators into observations.

    Grain: one line of the file is one record; a published range is folded into its estimate's row. Steps: lines of
    other indicators, age groups that are not read and regions are dropped by count; the rest is checked as in Global
    AIDS Monitoring.
    """
    read = [_read(path) for path in snapshot.files]
    frame = pd.concat([bulk.frame for bulk, _ in read], ignore_index=True)
    others = sum(number for _, number in read)
    ragged = [bulk.refused for bulk, _ in read]
    rows = unaids_bulk.rows_of(frame)
    sieve = Sieve(rows, int(snapshot.release[:4]), layout.INDICATORS, layout.SUBGROUPS)
    sieve.drop(~rows["gid"].isin(layout.INDICATORS), OTHER_LINE)
    sieve.drop(~sieve.rows["subgroup"].isin(layout.SUBGROUPS), OTHER_GROUP)
    sieve.drop_undefined()
    sieve.refuse_unreadable()
    sieve.read_values()
    sieve.check_units()
    sieve.check_duplicates()
    observations = sieve.join_limits()
    dropped = sieve.dropped | {OTHER_LINE: others + sieve.dropped.get(OTHER_LINE, 0)}
    return Tidy(
        observations=observations,
        raw={CARD.id: layout.Raw.validate(frame)},
        quarantine=pd.concat([*ragged, *sieve.refused], ignore_index=True),
        dropped={reason: number for reason, number in dropped.items() if number},
        records_in=len(frame) + others + sum(map(len, ragged)),
        release_notes={
            "release_rule": snapshot.notes.get("release_date", unaids_bulk.EDITION),
            "raw": "only the indicators that are read",
        }
        | {key: text for bulk, _ in read for key, text in bulk.notes.items() if text}
        | sieve.notes,
    )
