"""The bulk tables of UNAIDS, one csv in a zip for each of four topics: finding, telling apart and reading them."""

import csv
import datetime
import io
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

import pandas as pd

from assets.reading import decode, file_bytes, refuse_web_page, require_columns, sheets_of
from assets.source import Recognised, SourceRefused, refused_records
from assets.stray_quotes import read_lines
from assets.tidying import release_in_name
from assets.transport import Transport, TransportError, Validators
from schemas.sources import unaids_gam as layout

FOLDERS = ("https://aidsinfo.unaids.org/documents", "https://aidsinfo.unaids.org/public/documents")
EDITION = "edition year only: the publisher's day of release is not known"
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
_DATE = re.compile(r"(?<!\d)20\d\d-\d\d-\d\d(?!\d)")
_ABSENT = ("HTTP 404", "a web page", "'text/html'")
_SHAPE = {
    "gid": "Indicator_GId",
    "unit": "Unit",
    "subgroup": "Subgroup_Val_GId",
    "area": "Area",
    "area_code": "Area ID",
    "year": "Time Period",
    "text": "Data value",
    "formatted": "Formatted",
    "denominator": "Data_Denominator",
    "footnote": "Footnote",
}


@dataclass(frozen=True)
class Topic:
    """One of UNAIDS' four bulk tables: its short name in file names, and what a reader calls it."""

    stem: str
    title: str


GAM = Topic("GAM", "the Global AIDS Monitoring table")
ATLAS = Topic("KPAtlasDB", "the Key Populations Atlas")
POLICY = Topic("NCPI", "the policy questionnaire (NCPI)")
ESTIMATES = Topic("Estimates", "the table of HIV estimates")


@dataclass(frozen=True)
class Bulk:
    """A bulk table as published, its cells text; lines that do not fit the header; and remarks on the reading."""

    frame: pd.DataFrame
    refused: pd.DataFrame
    notes: dict[str, str]


def newest_edition(
    topic: Topic, transport: Transport, known: Validators | None, into: Path, drop_in_help: str
) -> Recognised | None:
    """Download a table's newest edition: this year's, or of the three years before, at either of two known addresses.

    Where none is there, the interface by indicator is asked, which has the totals.

    Raises:
        SourceRefused: No edition is at the known addresses, and the interface has nothing.
        TransportError: The server cannot be reached.
    """
    from assets import unaids_api

    this_year = datetime.date.today().year
    absent = []
    for year in range(this_year, this_year - 4, -1):
        name = f"{topic.stem}_{year}_en.zip"
        for folder in FOLDERS:
            try:
                download = transport.download(f"{folder}/{name}", into, name, known)
            except TransportError as fault:
                if not any(sign in str(fault) for sign in _ABSENT):
                    raise
                absent.append(str(fault))
                continue
            if download is None:
                return None
            release, notes = _released(download.validators.last_modified, year)
            return Recognised(release, (download.path,), notes, download.validators, f"{folder}/{name}")
    try:
        return unaids_api.fetch(topic, transport, into)
    except (SourceRefused, TransportError) as fault:
        raise SourceRefused(
            f"Expected {topic.stem}_<year>_en.zip of {this_year - 3} to {this_year} at {' or '.join(FOLDERS)}, found "
            f"none ({absent[0]}), nor an answer from the interface by indicator ({fault}). {drop_in_help}"
        ) from None


def _released(last_modified: str, year: int) -> tuple[str, dict[str, str]]:
    try:
        day = parsedate_to_datetime(last_modified).date()
    except (TypeError, ValueError):
        return f"{year}-01-01", {"release_date": EDITION}
    return day.isoformat(), {"release_date": "day the server last changed the file"}


def release_of(path: Path, topic: Topic, source_id: str) -> tuple[str, dict[str, str]]:
    """Tell a dropped file's release from the date, or else the edition's year, in its name.

    Raises:
        SourceRefused: Neither is in the name.
    """
    if _DATE.search(path.name):
        return release_in_name(path, source_id), {"release_date": "date in the file name"}
    year = _YEAR.search(path.name)
    if year is None:
        raise SourceRefused(
            f"{path.name}: expected the release date or the edition's year in the file name, found neither. Rename it, "
            f"for example to {topic.stem}_2025_en-2026-01-15{path.suffix}, and drop it again."
        )
    return f"{year[1]}-01-01", {"release_date": EDITION}


def text_of(path: Path) -> tuple[str, str]:
    """Give a bulk table's text, unpacked where it is a zip, and its encoding; a workbook's cells as if it were csv."""
    content = file_bytes(path)
    if content[:4] == b"PK\x03\x04":
        sink = io.StringIO(newline="")
        lines = next(iter(sheets_of(path).values()))
        csv.writer(sink, lineterminator="\n").writerows(cells for _, cells in lines if any(cells))
        return sink.getvalue(), "xlsx"
    text, encoding = decode(content, path.name, ("utf-8-sig", "cp1252"))
    refuse_web_page(text, path.name)
    return text, encoding


def read(path: Path, topic: Topic, extra: tuple[str, ...] = ()) -> Bulk:
    """Read a bulk table, whatever its quotation marks, and refuse one of the other three.

    Args:
        path: csv, a zip with one csv in it, or one answer of the interface by indicator.
        topic: The table it must be.
        extra: Columns that only this table has.
    """
    if path.suffix == ".json":
        from assets import unaids_api

        return unaids_api.read(path, topic, extra)
    text, encoding = text_of(path)
    bulk = table_of(text, path.name, topic, extra)
    return Bulk(bulk.frame, bulk.refused, bulk.notes | ({"encoding": encoding} if encoding == "cp1252" else {}))


def table_of(text: str, name: str, topic: Topic, extra: tuple[str, ...] = ()) -> Bulk:
    """Split a bulk table's text into records, under the column names of the newest editions."""
    lines = read_lines(text)
    last = max((number for number, _ in lines.records), default=0)
    if lines.refused and lines.refused[-1][0] > last and not text.endswith(("\n", "\r")):
        raise SourceRefused(
            f"{name}: expected a complete last line, found line {lines.refused[-1][0]} cut off. Download it again."
        )
    wanted = [*layout.BULK_COLUMNS, *extra]
    published = {_plain(column): column for column in wanted}
    names = [published.get(_plain(column), column.strip()) for column in lines.header]
    frame = pd.DataFrame([cells for _, cells in lines.records], columns=names, dtype="str")
    frame = frame.assign(_file=name, _row=pd.Series([number for number, _ in lines.records], dtype="int64"))
    _refuse_other_table(frame, name, topic)
    added = require_columns(frame, wanted, name)
    respelt = [column for column in lines.header if column.strip() not in names]
    ragged = pd.DataFrame(lines.refused, columns=["row", "value"]).assign(file=name, column="")
    reason = f"expected {len(names)} cells as in the header, found another number, also after mending quotation marks"
    notes = {
        "lines_mended": f"{lines.mended} lines with unescaped quotation marks" if lines.mended else "",
        "columns_added": ", ".join(added),
        "columns_respelt": ", ".join(respelt),
    }
    return Bulk(frame, refused_records(ragged, code="ragged_line", reason=reason), notes)


def rows_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a bulk table's rows in the short names that the steps after this work with, without outer blanks."""
    rows = pd.DataFrame({name: frame[column].str.strip() for name, column in _SHAPE.items()})
    return rows.assign(_file=frame["_file"], _row=frame["_row"], value_column="Data value")


def _plain(column: str) -> str:
    return re.sub(r"[^a-z0-9]", "", column.lower())


def _refuse_other_table(frame: pd.DataFrame, name: str, topic: Topic) -> None:
    found = _kind_of(frame)
    if found is None or found == topic:
        return
    more = " (it has the column 'Area Level' and mostly places inside countries)" if found == ATLAS else ""
    raise SourceRefused(
        f"{name}: expected {topic.title}, found {found.title}{more}. Download {topic.stem}_<year>_en.zip instead."
    )


def _kind_of(frame: pd.DataFrame) -> Topic | None:
    """Tell which of the four tables this is; None where its columns or indicators say nothing."""
    if "Area Level" in frame.columns:
        return ATLAS
    if "Indicator_GId" not in frame.columns or frame.empty:
        return None
    gids = frame["Indicator_GId"].str.strip()
    if gids.str.startswith(("Q_", "Q.")).mean() > 0.5:
        return POLICY
    if gids.isin([*layout.INDICATORS, "PWID_HEPATITIS"]).any():
        return GAM
    return ESTIMATES if gids.isin(["PLWH", "NEW_INFECTIONS", "HIV_PREVALENCE", "AIDS_DEATHS"]).any() else None
