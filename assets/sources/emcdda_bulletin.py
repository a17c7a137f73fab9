"""European drugs agency (EMCDDA, now EUDA): Statistical Bulletin tables on deaths, syringes and agonist treatment."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from assets.reading import Table, decode, file_bytes, parse_number, read_text, refuse_web_page, require_columns
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, tidy_observations
from assets.tidying import first_faults, refuse_cut_off, release_in_name, set_aside, without_duplicates
from assets.transport import Transport, Validators
from schemas.areas import is_known_aggregate, resolve
from schemas.observations import KEY
from schemas.source_card import SourceCard
from schemas.sources import emcdda_bulletin as layout

CARD = SourceCard(
    id="emcdda_bulletin",
    title="Statistical Bulletin: drug-induced deaths, syringes distributed, opioid agonist treatment",
    publisher="European Union Drugs Agency (EUDA), formerly EMCDDA",
    licence="Reuse with acknowledgement; 2026 tables are listed as CC BY 4.0, terms of older ones not verified",
    licence_url="https://creativecommons.org/licenses/by/4.0/",
    homepage="https://www.euda.europa.eu/data/stats2026_en",
    download_url="",
    cadence="yearly",
    basis="by source; every country counts by its national definition",
    citation="European Monitoring Centre for Drugs and Drug Addiction. Statistical Bulletin.",
    coverage="European Union, Norway, Turkey and the United Kingdom; years to two before the bulletin",
    caveats=(
        "The tables name no release. Where the file name has no date, the release is inferred: 1 January two years "
        "after the last year of data (2017 gives 2019-01-01).",
        "Syringes are taken to be in thousands, inferred from magnitude: the table names no unit.",
        "Syringes of the United Kingdom come as four countries; England is always empty, so there is no total for it.",
        "Clients by medicine have a reference year of their own in each country, and cannot be added over years.",
        "Methadone clients of the United Kingdom are far too few for the whole country.",
        "Marks beside a country's name point to changes of definition whose text is not in the file.",
    ),
    drop_in_help=(
        "The agency's site answers scripts with 403. Open the bulletin's page in a browser, download the table as xlsx "
        "or csv, keep the table id (such as HSR-5-1-1) in the sheet or file name, put the release date into the file "
        "name as YYYY-MM-DD where its data end after 2017, and drop it in data/drop/emcdda_bulletin/."
    ),
    automated=False,
)

LAST_INFERRED_YEAR = 2017
"""Newest last year of data whose release may be inferred; later bulletins state their date and must carry it."""

_TABLE_ID = re.compile(r"(?<![A-Z])(?:DRD|HSR|INF|TDI|PDU|PPP|GPS|SZR|DLO|ESPAD|NPS)-\d+(?:-\d+)*(?!\d)", re.IGNORECASE)
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MARK = re.compile(r"\s*([*†‡§¶]+)\s*$")
_HEADER_LINES = 10
_ENCODINGS = ("utf-8-sig", "cp1252")


@dataclass(frozen=True)
class _Found:
    """One bulletin table in a file."""

    table_id: str
    table: Table


def fetch(transport: Transport, known: Validators | None, into: Path) -> Recognised | None:  # noqa: ARG001
    """Say how to get the tables: the agency's site refuses scripts.

    Raises:
        SourceRefused: Always, with what to do.
    """
    raise SourceRefused(
        f"{CARD.id}: expected a site that lets scripts download, found one that answers 403. {CARD.drop_in_help}"
    )


def recognise(path: Path) -> Recognised:
    """Tell the release of one dropped bulletin table; a release has as many files as were dropped.

    Raises:
        SourceRefused: Another bulletin table, no bulletin table, or a release that cannot be told.
    """
    found = _tables(path)
    years = [int(year) for each in found for year in _years(each)]
    ids = ", ".join(each.table_id for each in found)
    if _ISO_DATE.search(path.name) or not years or max(years) > LAST_INFERRED_YEAR:
        release = release_in_name(path, CARD.id)
        return Recognised(release, (path,), {"tables": ids, "release_date": "date in the file name"})
    rule = f"inferred: 1 January two years after the last year of data, {max(years)}; the file names no release"
    return Recognised(f"{max(years) + 2}-01-01", (path,), {"tables": ids, "release_date": rule})


def _tables(path: Path) -> list[_Found]:
    """Find the bulletin tables in a file by their ids: in a sheet's name, the file's name or above the header."""
    content = file_bytes(path)
    heads = _workbook_heads(content, path.name) if content[:4] == b"PK\x03\x04" else _text_head(content, path.name)
    found, others = [], []
    for sheet, lines in heads:
        table_id = _table_id(sheet, path.name, lines)
        if table_id not in layout.TITLES:
            others.append(table_id or f"no table id (sheet {sheet!r})")
            continue
        header_row = next(
            (number for number, cells in enumerate(lines, 1) if cells and cells[0].strip() == "Country"), 0
        )
        if not header_row:
            raise SourceRefused(
                f"{path.name}: expected {table_id} to have the column Country in its first {_HEADER_LINES} lines, "
                f"found {[cell for cell in lines[0] if cell][:6] if lines else 'an empty sheet'}. "
                "Download the table again."
            )
        table = read_text(path, sheet=sheet or 0, header_row=header_row, encodings=_ENCODINGS)
        refuse_cut_off(table, path.name)
        found.append(_Found(table_id, table))
        _check_columns(found[-1], path.name)
    if not found:
        raise SourceRefused(
            f"{path.name}: expected one of the bulletin tables {', '.join(layout.TITLES)}, found {', '.join(others)}. "
            "Drop one of those, with its table id in the sheet or file name."
        )
    return found


def _workbook_heads(content: bytes, name: str) -> Iterator[tuple[str, list[list[str]]]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for sheet in book.sheet_names:
            rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False, nrows=_HEADER_LINES)
            yield sheet, [[str(cell) for cell in row] for row in rows]
    except CalamineError as fault:
        raise SourceRefused(
            f"{name}: the workbook cannot be read ({fault}). Download it again, or save it as csv."
        ) from fault


def _text_head(content: bytes, name: str) -> Iterator[tuple[str, list[list[str]]]]:
    text, _ = decode(content, name, _ENCODINGS)
    refuse_web_page(text, name)
    yield "", list(islice(csv.reader(io.StringIO(text, newline="")), _HEADER_LINES))


def _table_id(sheet: str, name: str, lines: list[list[str]]) -> str:
    above = [" ".join(cells) for cells in lines if cells and cells[0].strip() != "Country"][:3]
    for text in (sheet, _ISO_DATE.sub("", name), *above):
        match = _TABLE_ID.search(text)
        if match:
            return match.group().upper()
    return ""


def _check_columns(found: _Found, name: str) -> None:
    if found.table_id == layout.CLIENTS_TABLE:
        require_columns(found.table.frame, ["Country", "Year", *layout.CLIENT_COLUMNS, *layout.SHARE_COLUMNS], name)
    if found.table_id in layout.YEAR_TABLES and not _year_columns(found.table.frame):
        columns = [column for column in found.table.frame.columns if not column.startswith("_")]
        raise SourceRefused(
            f"{name}: expected {found.table_id} to have one column for each year, found {columns[:8]}. "
            "Download the table again."
        )


def _year_columns(frame: pd.DataFrame) -> list[str]:
    return [column for column in frame.columns if re.fullmatch(r"(?:19|20)\d{2}", column)]


def _years(found: _Found) -> list[str]:
    """Give the years that a table's data are for."""
    if found.table_id == layout.CLIENTS_TABLE:
        years = found.table.frame["Year"].str.strip()
        return years[years.str.fullmatch(r"(?:19|20)\d{2}")].tolist()
    return _year_columns(found.table.frame) if found.table_id in layout.YEAR_TABLES else []


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the bulletin tables of one release into observations.

    Grain: one cell of a country and year (or of a country, its reference year and a medicine). Steps: unpivot, take
    footnote marks off names, thousands to units, calendar year to dates. Caveats: a figure that two tables give alike
    is kept once; where they differ both go to quarantine. Empty cells are ``not_collected``, zeros are zeros.
    """
    found = [each for path in snapshot.files for each in _tables(path)]
    cells = pd.concat([_cells(each) for each in found], ignore_index=True)
    full = _described(cells)
    dropped = full["dropped"][full["dropped"] != ""].value_counts().to_dict()
    left = full[full["dropped"] == ""]
    faults = _faults(left)
    good = left[faults["code"] == ""]
    good, blanks = _without_blanks(good)
    kept, conflicting, repeated = without_duplicates(good, KEY, "_column")
    ragged = [each.table.quarantine for each in found]
    counts = {**dropped, **blanks, **repeated}
    raw = cells.rename(columns={"_column": "column_name", "value_text": "value"})
    return Tidy(
        observations=tidy_observations(kept.drop(columns=["_file", "_row", "_column"])),
        raw={CARD.id: layout.Raw.validate(raw[["table_id", "country", "column_name", "value", "_file", "_row"]])},
        quarantine=pd.concat([*ragged, set_aside(left, faults), conflicting], ignore_index=True),
        dropped={str(reason): int(count) for reason, count in counts.items()},
        records_in=len(cells) + sum(len(each) for each in ragged),
        release_notes=_release_notes(snapshot, found, full),
    )


def _cells(found: _Found) -> pd.DataFrame:
    """Unpivot a table: one row for each cell, with the year it is for."""
    frame = found.table.frame
    columns = [column for column in frame.columns if column not in ("Country", "_file", "_row")]
    if found.table_id == layout.CLIENTS_TABLE:
        columns.remove("Year")
    if found.table_id in layout.YEAR_TABLES:
        columns = _year_columns(frame)
    cells = frame.melt(["Country", "_file", "_row"], columns, "_column", "value_text").rename(
        columns={"Country": "country"}
    )
    if found.table_id == layout.CLIENTS_TABLE:
        cells["year"] = cells["_row"].map(frame.set_index("_row")["Year"].str.strip())
    else:
        cells["year"] = cells["_column"] if found.table_id in layout.YEAR_TABLES else ""
    return cells.assign(table_id=found.table_id).astype({"_column": "str", "value_text": "str", "year": "str"})


def _described(cells: pd.DataFrame) -> pd.DataFrame:
    """Give each cell its measure, area, period, groups, value, status and note, and the reason where it is left out."""
    tables = cells["table_id"].map(layout.YEAR_TABLES.get)
    clients = cells["table_id"] == layout.CLIENTS_TABLE
    default = layout.YearTable("", "")

    def of(name: str) -> pd.Series:
        return tables.map(lambda table: getattr(table or default, name))

    text = cells["value_text"].str.strip()
    value, unreadable = parse_number(text)
    named = cells["country"].str.replace(_MARK, "", regex=True)
    year = cells["year"].where(cells["year"].str.fullmatch(r"(?:19|20)\d{2}"))
    full = cells.assign(
        value_text=text.str.replace(",", "", regex=False),
        value=value * of("factor"),
        status=np.where(text == "", "not_collected", "reported"),
        unreadable=unreadable,
        whole=of("whole"),
        measure_id=of("measure_id").mask(clients, layout.CLIENTS_MEASURE),
        area_id=resolve(named, scheme="country").astype(object),
        period_start=pd.to_datetime(year + "-01-01"),
        period_end=pd.to_datetime(year + "-12-31"),
        sex=of("sex"),
        age_group=of("age_group"),
        drug=of("drug").mask(clients, cells["_column"].map(layout.CLIENT_COLUMNS)),
        race_ethnicity="all",
        population_group="all",
        is_provisional=False,
    )
    return full.assign(note=_notes(full, of("note")), dropped=_dropped(full, named))


def _notes(full: pd.DataFrame, table_note: pd.Series) -> pd.Series:
    mark = full["country"].str.extract(_MARK, expand=False)
    footnote = ("footnote mark " + mark + " (text not in the file)").fillna("")
    reported = full["status"] == "reported"
    partial = reported & (full["area_id"] == "GBR") & (full["measure_id"] == layout.CLIENTS_MEASURE)
    parts = [
        table_note.where(reported, ""),
        footnote,
        pd.Series(np.where(partial, layout.PARTIAL_UK, ""), index=full.index),
    ]
    joined = parts[0].str.cat(parts[1:], sep="; ")
    return joined.str.replace(r"(?:; )+", "; ", regex=True).str.strip("; ")


def _dropped(full: pd.DataFrame, named: pd.Series) -> np.ndarray:
    blank = full["status"] == "not_collected"
    clients = full["table_id"] == layout.CLIENTS_TABLE
    empty_row = blank.groupby([full["_file"], full["table_id"], full["_row"]]).transform("all")
    reasons = {
        layout.PROVIDERS_DROPPED: full["table_id"] == layout.PROVIDERS_TABLE,
        layout.SHARES_DROPPED: clients & full["_column"].isin(layout.SHARE_COLUMNS),
        "column added by the publisher": clients & ~full["_column"].isin(list(layout.CLIENT_COLUMNS)),
        layout.FOOTNOTE_DROPPED: full["area_id"].isna() & empty_row,
        "aggregate of countries": is_known_aggregate(named, scheme="country"),
        layout.NO_YEAR_DROPPED: clients & (full["year"] == "") & blank,
    }
    return np.select([mask.to_numpy(bool) for mask in reasons.values()], list(reasons), default="")


def _without_blanks(good: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Leave out empty cells for which another table of the release has a value."""
    reported = (good["status"] == "reported").groupby([good[name] for name in KEY]).transform("any")
    blank = reported & (good["status"] != "reported")
    return good[~blank], {layout.BLANK_DROPPED: int(blank.sum())} if blank.any() else {}


def _faults(full: pd.DataFrame) -> pd.DataFrame:
    too_old = (full["measure_id"] == "drug_induced_deaths_mean_age") & (full["value"] > 120)
    return first_faults(
        [
            (
                "unknown_area",
                "country",
                full["area_id"].isna(),
                "expected a country, or a country of the United Kingdom",
            ),
            ("unreadable_period", "year", full["period_start"].isna(), "expected a year beside the value"),
            ("not_a_number", "", full["unreadable"], "expected a number or an empty cell"),
            ("negative", "", full["value"] < 0, "expected zero or more"),
            ("not_whole", "", full["whole"] & (full["value"] % 1 > 0), "expected a whole number of people or deaths"),
            ("implausible_age", "", too_old, "expected a mean age of at most 120 years"),
        ]
    )


def _release_notes(snapshot: Snapshot, found: list[_Found], full: pd.DataFrame) -> dict[str, str]:
    known = {"Country", "Year", "_file", "_row"}
    extra = {
        f"{each.table_id} {column}"
        for each in found
        if each.table_id in layout.YEAR_TABLES
        for column in set(each.table.frame.columns) - known - set(_year_columns(each.table.frame))
    }
    footnotes = full.loc[full["dropped"] == layout.FOOTNOTE_DROPPED, "country"].str.strip().unique()
    notes = {
        "release_rule": snapshot.notes.get("release_date", ""),
        "tables": ", ".join(sorted(each.table_id for each in found)),
        "added_columns": ", ".join(sorted(extra)),
        "footnotes": " | ".join(text for text in footnotes if text),
    }
    return {name: text for name, text in notes.items() if text}
