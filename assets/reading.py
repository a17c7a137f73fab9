"""Reading published files as text, whatever their dress: csv, tsv, gz, zip or xlsx.

Nothing is interpreted here: every cell stays the text its publisher wrote, so that ``NA`` stays Namibia and ``01001``
keeps its zero. A line that does not fit the header is set aside with its number.
"""

import csv
import gzip
import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from assets.source import SourceRefused, refused_records

MOST_BYTES = 300_000_000
_NUMBER = r"^[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?$|^[+-]?\.[0-9]+$"


@dataclass(frozen=True)
class Table:
    """A file's cells as text: ``frame`` has the published columns plus ``_file`` and ``_row`` (1 is the first line)."""

    frame: pd.DataFrame
    quarantine: pd.DataFrame
    encoding: str


def file_bytes(path: Path, member: str | None = None) -> bytes:
    """Give a file's content, unpacked where it is gzip or a zip with one table in it.

    Raises:
        SourceRefused: The file is empty, truncated, too large when unpacked, or a zip without exactly one match.
    """
    content = path.read_bytes()
    if not content:
        raise SourceRefused(f"{path.name}: expected a table, found an empty file. Download it again.")
    if content[:2] == b"\x1f\x8b":
        return _gunzip(content, path.name)
    if content[:4] == b"PK\x03\x04" and not _is_workbook(content):
        return _unzip(content, path.name, member)
    return content


def _gunzip(content: bytes, name: str) -> bytes:
    try:
        with gzip.open(io.BytesIO(content)) as stream:
            plain = stream.read(MOST_BYTES + 1)
    except (EOFError, OSError, zlib.error) as fault:
        raise SourceRefused(
            f"{name}: expected a complete gzip file, found a damaged one ({fault}). Download it again."
        ) from fault
    if len(plain) > MOST_BYTES:
        raise SourceRefused(
            f"{name}: expected at most {MOST_BYTES:,} bytes, found more when unpacked. Check its origin."
        )
    return plain


def _is_workbook(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "[Content_Types].xml" in archive.namelist()
    except zipfile.BadZipFile:
        return False


def _unzip(content: bytes, name: str, member: str | None) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            tables = [
                info
                for info in archive.infolist()
                if not info.is_dir()
                and info.filename.lower().endswith((".csv", ".txt", ".tsv"))
                and (member is None or Path(info.filename).name == member)
            ]
            if len(tables) != 1:
                found = ", ".join(info.filename for info in archive.infolist()[:6])
                raise SourceRefused(
                    f"{name}: expected a zip with one table{f' named {member}' if member else ''}, found: {found}. "
                    "Drop the table itself."
                )
            if tables[0].file_size > MOST_BYTES:
                raise SourceRefused(
                    f"{name}: {tables[0].filename} unpacks to over {MOST_BYTES:,} bytes. Check its origin."
                )
            return archive.read(tables[0])
    except (zipfile.BadZipFile, zlib.error, EOFError) as fault:
        raise SourceRefused(f"{name}: expected a complete zip file, found a damaged one. Download it again.") from fault
    except (RuntimeError, NotImplementedError) as fault:
        raise SourceRefused(
            f"{name}: expected an open zip file, found one that {fault}. Drop the table itself."
        ) from fault


def decode(content: bytes, name: str, encodings: tuple[str, ...] = ("utf-8-sig",)) -> tuple[str, str]:
    """Decode by the first of the source's known encodings that fits; UTF-16 and a byte-order mark are recognised.

    Raises:
        SourceRefused: No encoding fits, or the text holds NUL characters.
    """
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ("utf-16",)
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            raise SourceRefused(f"{name}: expected text, found NUL characters. Download the file again.")
        return text, encoding
    raise SourceRefused(
        f"{name}: expected text in {' or '.join(encodings)}, found other bytes. Save the file as UTF-8."
    )


def refuse_web_page(text: str, name: str) -> None:
    """Refuse an HTML or JSON answer that stands where a table should be."""
    start = text.lstrip()[:200].lower()
    if start.startswith(("<!doctype", "<html", "<?xml", "{")):
        raise SourceRefused(
            f"{name}: expected a table, found a web page or error message beginning {start[:60]!r}. "
            "Download the data file itself."
        )


def read_text(
    path: Path,
    *,
    delimiter: str = ",",
    encodings: tuple[str, ...] = ("utf-8-sig",),
    sheet: str | int = 0,
    header_row: int = 1,
    last_row: int | None = None,
    member: str | None = None,
) -> Table:
    """Read a table as text.

    Args:
        path: csv, tsv, txt, any of them in gz or zip, or xlsx.
        delimiter: What separates cells of a text file.
        encodings: Encodings this publisher is known to use, likeliest first.
        sheet: Sheet of a workbook, by name or position.
        header_row: Line that holds the column names, from 1.
        last_row: Last line of the table, where a footer follows.
        member: File name inside a zip that holds several.

    Returns:
        The table; lines whose number of cells differs from the header's are in its quarantine.

    Raises:
        SourceRefused: Not a table, damaged, a doubled column name, or no data lines.
    """
    content = file_bytes(path, member)
    if content[:4] == b"PK\x03\x04":
        lines, encoding = _workbook_lines(content, path.name, sheet), "xlsx"
    else:
        text, encoding = decode(content, path.name, encodings)
        refuse_web_page(text, path.name)
        lines = _text_lines(text, path.name, delimiter)
    return _table(lines[: last_row or len(lines)], header_row, path.name, encoding)


def sheets_of(path: Path) -> dict[str, list[tuple[int, list[str]]]]:
    """Give every sheet of a workbook by its name: each line's number, from 1, and its cells as text.

    For sheets whose column names stand in several lines, so that only positions tell what a cell is.

    Raises:
        SourceRefused: Not a workbook, or a damaged one.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    content = path.read_bytes()
    if content[:4] != b"PK\x03\x04" or not _is_workbook(content):
        refuse_web_page(content[:200].decode("utf-8", errors="replace"), path.name)
        raise SourceRefused(
            f"{path.name}: expected a whole xlsx workbook, found another file or a damaged one. Download it again."
        )
    try:
        names = CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names
    except CalamineError as fault:
        raise SourceRefused(
            f"{path.name}: expected a readable workbook, found a fault ({fault}). Save it again."
        ) from fault
    return {name: _workbook_lines(content, path.name, name) for name in names}


def _text_lines(text: str, name: str, delimiter: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines = []
    try:
        for cells in reader:
            lines.append((reader.line_num, cells))
    except csv.Error as fault:
        raise SourceRefused(
            f"{name}: expected every quotation mark to be closed, found line {reader.line_num} that cannot be read "
            f"({fault}). It is another kind of file, or cut off: download it again."
        ) from fault
    return lines


def _workbook_lines(content: bytes, name: str, sheet: str | int) -> list[tuple[int, list[str]]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        opened = book.get_sheet_by_index(sheet) if isinstance(sheet, int) else book.get_sheet_by_name(sheet)
        rows = opened.to_python(skip_empty_area=False)
    except CalamineError as fault:
        raise SourceRefused(
            f"{name}: expected a workbook, found that the workbook cannot be read ({fault}). Save it again as xlsx "
            "or csv."
        ) from fault
    return [(number, [_cell_text(cell) for cell in row]) for number, row in enumerate(rows, start=1)]


def _cell_text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


def _table(lines: list[tuple[int, list[str]]], header_row: int, name: str, encoding: str) -> Table:
    if len(lines) < header_row:
        raise SourceRefused(f"{name}: expected column names in line {header_row}, found {len(lines)} lines.")
    header = [cell.strip() for cell in lines[header_row - 1][1]]
    while header and not header[-1]:
        header.pop()
    doubled = sorted({column for column in header if column and header.count(column) > 1})
    if doubled or not header:
        raise SourceRefused(f"{name}: expected distinct column names in line {header_row}, found {doubled or 'none'}.")
    names = [column or f"unnamed_{position}" for position, column in enumerate(header, start=1)]
    body = [(number, cells) for number, cells in lines[header_row:] if any(cell.strip() for cell in cells)]
    if not body:
        raise SourceRefused(f"{name}: expected data under the column names, found none. Download the file again.")
    width = len(names)
    fits = [len(cells) >= width and not any(cell.strip() for cell in cells[width:]) for _, cells in body]
    good = [(number, cells[:width]) for (number, cells), fit in zip(body, fits, strict=True) if fit]
    bad = [(number, cells) for (number, cells), fit in zip(body, fits, strict=True) if not fit]
    frame = pd.DataFrame([cells for _, cells in good], columns=names, dtype="str")
    frame = frame.assign(_file=name, _row=pd.Series([number for number, _ in good], dtype="int64"))
    ragged = pd.DataFrame(
        {"file": name, "row": [n for n, _ in bad], "column": "", "value": [repr(c)[:200] for _, c in bad]}
    )
    reason = f"expected {width} cells as in the header, found another number"
    return Table(frame, refused_records(ragged, code="ragged_line", reason=reason), encoding)


def require_columns(
    frame: pd.DataFrame, required: list[str], file: str, optional: list[str] | None = None
) -> list[str]:
    """Check that the columns a source reads are there, and return those nobody knew.

    Raises:
        SourceRefused: A required column is absent; the message shows the difference.
    """
    found = [column for column in frame.columns if not column.startswith("_")]
    missing = [column for column in required if column not in found]
    extra = [column for column in found if column not in required and column not in (optional or [])]
    if missing:
        raise SourceRefused(
            f"{file}: expected the columns {missing}, which are absent; found instead {extra or 'nothing new'}. "
            "If the publisher renamed a column, add the new name to the source's schema."
        )
    return extra


def parse_number(text: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Read plain decimal numbers, with or without thousands commas.

    Args:
        text: Cells as text; blanks around them are ignored.

    Returns:
        The values as float64 (null where the cell is empty or not a number), and a mask of the cells that hold
        something which is not a number, such as ``1e3``, ``0x1f``, ``1_000`` or ``<10``.
    """
    cells = text.astype("str").str.strip()
    empty = cells == ""
    good = cells.str.match(_NUMBER)
    values = pd.to_numeric(cells.where(good & ~empty).str.replace(",", "", regex=False), errors="coerce")
    return values.astype("float64"), ~good & ~empty
