"""Reading an export of AtlasPlus: where its table begins, and what its preamble says of every row."""

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from assets.reading import Table, decode, file_bytes, refuse_web_page
from assets.source import SourceRefused, refused_records
from assets.stray_quotes import read_lines
from schemas.sources import cdc_atlasplus as layout

_PRINTED = re.compile(r"Date Printed:\s*\w+,\s*(\w+ \d{1,2}, \d{4})")
_PRELIMINARY = re.compile(r"Data for ([\d ,and]+?) (?:is|are) considered preliminary")
_CAUTION = re.compile(r"Numbers less than (\d+)\b")


@dataclass(frozen=True)
class Preamble:
    """What the lines above a table say; empty where they say nothing."""

    printed: str = ""
    """Day on which the table was made, as an ISO date."""

    conditions: tuple[str, ...] = ()
    """Parts of the title: indicators, years, and groups, whether they have a column or not."""

    preliminary: frozenset[int] = field(default_factory=frozenset)
    caution_under: int = 0
    """Counts under this are marked as to be interpreted with caution."""

    text: str = ""


def read_export(path: Path) -> tuple[Table, Preamble]:
    """Read a table under its preamble, whatever that one's length and quotation marks.

    Raises:
        SourceRefused: No line of column names, no data, or a cut-off last line.
    """
    content = file_bytes(path)
    if content[:4] == b"PK\x03\x04":
        raise SourceRefused(
            f"{path.name}: expected the CSV that AtlasPlus exports, found a workbook. Export it as CSV."
        )
    text, encoding = decode(content, path.name)
    refuse_web_page(text, path.name)
    physical = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    header = next((number for number, line in enumerate(physical) if _is_header(line)), None)
    if header is None:
        raise SourceRefused(
            f"{path.name}: expected a line of column names beginning Indicator, Year, found none in {len(physical)} "
            "lines. Export the table of AtlasPlus again, with its underlying data."
        )
    lines = read_lines("\n".join(physical[header:]))
    refused = [(number + header, line) for number, line in lines.refused]
    if not lines.records:
        raise SourceRefused(f"{path.name}: expected data under the column names, found none. Export the table again.")
    last = lines.records[-1][0] + header
    if refused and refused[-1][0] > last:
        raise SourceRefused(
            f"{path.name}: expected a complete last line, found line {refused[-1][0]} cut off: {refused[-1][1][:80]}. "
            "Export the table again."
        )
    names = [name.strip() for name in lines.header]
    frame = pd.DataFrame([cells for _, cells in lines.records], columns=names, dtype="str")
    rows = pd.Series([number + header for number, _ in lines.records], dtype="int64")
    ragged = pd.DataFrame(refused, columns=["row", "value"]).assign(file=path.name, column="")
    reason = f"expected {len(names)} cells as in the header, found another number"
    table = Table(
        frame.assign(_file=path.name, _row=rows), refused_records(ragged, code="ragged_line", reason=reason), encoding
    )
    return table, _preamble(physical[:header])


def _is_header(line: str) -> bool:
    cells = [cell.strip() for cell in next(csv.reader([line]), [])]
    return cells[:2] == layout.REQUIRED[:2]


def _preamble(lines: list[str]) -> Preamble:
    text = "\n".join(lines).replace(layout.COMMA, ",")
    printed = _PRINTED.search(text)
    day = pd.to_datetime(printed[1], format="%B %d, %Y", errors="coerce") if printed else pd.NaT
    title = next((line for line in text.split("\n") if line.strip(' "').startswith("Title:")), "")
    parts = [part.strip(' "') for part in title.partition("Title:")[2].split("|")]
    early = _PRELIMINARY.search(text)
    caution = _CAUTION.search(text)
    return Preamble(
        "" if pd.isna(day) else f"{day:%Y-%m-%d}",
        tuple(part for part in parts if part),
        frozenset(int(year) for year in re.findall(r"\d{4}", early[1])) if early else frozenset(),
        int(caution[1]) if caution else 0,
        " ".join(text.split()),
    )
