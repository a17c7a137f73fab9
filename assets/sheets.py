"""Sheets: the wanted tables of a workbook, or of the text files that its sheets were saved as."""

import csv
import io
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from assets.reading import Table, decode, file_bytes, read_text, refuse_web_page
from assets.source import SourceRefused
from assets.tidying import refuse_cut_off

_SHOWN = 12


def read_sheets(path: Path, wanted: dict[str, list[str]], help_text: str) -> dict[str, Table]:
    """Read the sheets of a file that have the columns of a wanted table; other sheets are left alone.

    Args:
        path: A workbook, or one of its sheets saved as csv.
        wanted: Columns by which each table is known, in small letters. The first table that fits is taken.
        help_text: What a person should do where nothing fits.

    Returns:
        Tables by their name in ``wanted``, with column names in small letters: publishers change their case.

    Raises:
        SourceRefused: No sheet fits, two sheets are the same table, or a text file is cut off.
    """
    found: dict[str, Table] = {}
    headers = _headers(path)
    for sheet, header in headers:
        name = next((name for name, columns in wanted.items() if set(columns) <= set(header)), "")
        if not name:
            continue
        if name in found:
            raise SourceRefused(f"{path.name}: expected one sheet with the {name} table, found two. {help_text}")
        table = read_text(path, sheet=sheet or 0)
        refuse_cut_off(table, path.name)
        names = {column: column.lower() for column in table.frame.columns}
        found[name] = Table(table.frame.rename(columns=names), table.quarantine, table.encoding)
    if not found:
        nearest = max(headers, key=lambda each: _likeness(each[1], wanted), default=("", []))[1]
        closest = max(wanted.values(), key=lambda columns: len(set(columns) & set(nearest)))
        raise SourceRefused(
            f"{path.name}: expected the columns {closest}, of which {[c for c in closest if c not in nearest]} are "
            f"absent; found instead {[c for c in nearest if c and c not in closest][:_SHOWN] or 'none'}. {help_text}"
        )
    return found


def _likeness(header: list[str], wanted: dict[str, list[str]]) -> int:
    return max(len(set(columns) & set(header)) for columns in wanted.values())


def _headers(path: Path) -> list[tuple[str, list[str]]]:
    """Give each sheet's name, empty for a text file, and the first line of it in small letters."""
    content = file_bytes(path)
    if content[:4] == b"PK\x03\x04":
        return [(sheet, _small(cells)) for sheet, cells in _workbook_lines(content, path.name)]
    text, _ = decode(content, path.name)
    refuse_web_page(text, path.name)
    first = next(islice(csv.reader(io.StringIO(text, newline="")), 1), [])
    return [("", _small(first))]


def _small(cells: Sequence[object]) -> list[str]:
    return [str(cell).strip().lower() for cell in cells]


def _workbook_lines(content: bytes, name: str) -> list[tuple[str, list[object]]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        heads = [
            (sheet, book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)[:1]) for sheet in book.sheet_names
        ]
    except CalamineError as fault:
        raise SourceRefused(
            f"{name}: expected a workbook, found that the workbook cannot be read ({fault}). Download it again."
        ) from fault
    return [(sheet, list(lines[0]) if lines else []) for sheet, lines in heads]
