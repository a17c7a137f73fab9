"""Reading a csv file whose writer did not double the quotation marks inside its cells.

Such a file is not valid csv, and common readers drop the lines or swallow their neighbours. Here a valid file is read
as it is; otherwise each line is read on its own, mended where a reading has the right number of cells, and set aside
with its number where none has.
"""

import csv
import io
from dataclasses import dataclass, field

LONGEST_RECORD = 12
"""Most lines that one record with line breaks inside a cell may span."""


@dataclass
class Lines:
    """Cells by line number, the lines that could not be mended, and how many were."""

    header: list[str]
    records: list[tuple[int, list[str]]] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    mended: int = 0


def read_lines(text: str) -> Lines:
    """Split a comma-separated text with a header into records; the number is the line a record starts in.

    Nothing is lost: each line with content is in a record or refused.
    """
    strict = _strict(text)
    if strict is None or not strict.header:
        return _line_by_line(text)
    return strict


def _strict(text: str) -> Lines | None:
    """Read valid csv; None where it is not, or where any record has another number of cells than the header."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines = Lines([])
    start = 1
    try:
        for cells in reader:
            number, start = start, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not lines.header:
                lines.header = cells
            elif len(cells) == len(lines.header):
                lines.records.append((number, cells))
            else:
                return None
    except csv.Error:
        return None
    return lines


def _line_by_line(text: str) -> Lines:
    physical = list(enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1))
    content = [(number, line) for number, line in physical if line.strip()]
    if not content:
        return Lines([])
    lines = Lines(next(csv.reader([content[0][1]])))
    width = len(lines.header)
    pending: list[tuple[int, str]] = []
    for number, line in physical[content[0][0] :]:
        cells, mended = _cells(line, width)
        if cells is not None:
            _settle(lines, pending, width)
            pending = []
            lines.records.append((number, cells))
            lines.mended += mended
            continue
        if not line.strip() and not pending:
            continue
        pending.append((number, line))
        cells, mended = _cells("\n".join(part for _, part in pending), width)
        if cells is not None:
            lines.records.append((pending[0][0], cells))
            lines.mended += mended
            pending = []
        elif len(pending) == LONGEST_RECORD:
            _settle(lines, [pending.pop(0)], width)
    _settle(lines, pending, width)
    return lines


def _settle(lines: Lines, pending: list[tuple[int, str]], width: int) -> None:
    """Split lines that continue nowhere at every comma where that fits the header; refuse them where it does not."""
    for number, line in pending:
        cells = line.split(",")
        if len(cells) == width:
            lines.records.append((number, [cell.strip('"') for cell in cells]))
            lines.mended += 1
        elif line.strip():
            lines.refused.append((number, line))


def _cells(record: str, width: int) -> tuple[list[str] | None, bool]:
    """Split one record into ``width`` cells, and say whether it had to be mended; None where no reading fits."""
    try:
        rows = list(csv.reader(io.StringIO(record, newline="") if "\n" in record else [record], strict=True))
    except csv.Error:
        rows = []
    if len(rows) == 1 and len(rows[0]) == width:
        return rows[0], False
    marked = record.strip()
    every_cell_marked = marked[1:-1].split('","') if marked[:1] == marked[-1:] == '"' else []
    for cells in (every_cell_marked, _closing_at_commas(record)):
        if len(cells) == width:
            return [_without_marks(cell) for cell in cells], True
    return None, False


def _closing_at_commas(record: str) -> list[str]:
    """Split at commas outside quotation marks, where a mark opens at a cell's start and closes only before a comma."""
    cells, start, quoted = [], 0, record.startswith('"')
    for position, letter in enumerate(record):
        if quoted and letter == '"' and position > start and record[position + 1 : position + 2] in (",", ""):
            quoted = False
        elif letter == "," and not quoted:
            cells.append(record[start:position])
            start = position + 1
            quoted = record[start : start + 1] == '"'
    return [*cells, record[start:]] if not quoted else []


def _without_marks(cell: str) -> str:
    inner = cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell
    return inner.replace('""', '"')
