"""World Bank: residents of countries, and the income group each country is in."""

import datetime
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from assets.reading import file_bytes, parse_number, sheets_of
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, refused_records, tidy_observations
from assets.tidying import first_faults, release_in_name, set_aside, without_duplicates
from assets.transport import JSON_TYPES, Transport, TransportError, Validators
from schemas.areas import resolve
from schemas.source_card import SourceCard
from schemas.sources import world_bank as layout

API = f"https://api.worldbank.org/v2/en/country/all/indicator/{layout.INDICATOR}"
INCOME = "https://ddh-openapi.worldbank.org/resources/DR0095334/download"

CARD = SourceCard(
    id="world_bank",
    title="World Development Indicators: population; country income groups",
    publisher="World Bank",
    licence="CC BY 4.0",
    licence_url="https://creativecommons.org/licenses/by/4.0/",
    homepage="https://data.worldbank.org/",
    download_url=API,
    cadence="population several times a year; income groups every 1 July",
    basis="residence; income groups by gross national income per person of the year before",
    citation="World Bank. World Development Indicators (SP.POP.TOTL); World Bank Country and Lending Groups.",
    coverage=f"Countries and territories; population from {layout.FIRST_YEAR}, income groups of one fiscal year",
    caveats=(
        "Regions and income groups of countries stand among the countries and are dropped by count.",
        "Population follows the United Nations' figures with changes: indicators prefer the United Nations' own.",
        "An income group holds for the bank's fiscal year, from 1 July; the file's date says which one.",
        "A country that is not classified has no income group, which is neither low nor high.",
    ),
    drop_in_help=(
        f"Save every page of {API}?format=json&per_page=1000&page=1 as population-1.json and so on and drop one folder "
        f"with all of them, or download {INCOME} with its date in the name (income_groups-2026-07-01.xlsx), in "
        "data/drop/world_bank/."
    ),
    automated=True,
)

_KEY = ["measure_id", "area_id", "period_start", "period_end"]
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
GROUP = "region, income group or other group of countries"
EARLIER = f"year before {layout.FIRST_YEAR}"
MOST_PAGES = 200


def fetch(transport: Transport, known: Validators | None, into: Path) -> Recognised | None:  # noqa: ARG001
    """Download every page of the population, and the income groups where their own server gives them.

    Raises:
        SourceRefused: An answer that is not a page of the indicator.
        TransportError: The population's server cannot be reached.
    """
    files: list[Path] = []
    pages = 1
    while len(files) < pages:
        number = len(files) + 1
        url = f"{API}?format=json&per_page=1000&page={number}"
        download = transport.download(url, into, f"population-{number}.json", content_types=JSON_TYPES)
        if download is None:
            raise TransportError(f"{url}: expected rows, found HTTP 304 to a plain question. Try again later.")
        header, _ = _page(download.path)
        pages = int(header["pages"])
        if pages > MOST_PAGES or int(header["page"]) != number:
            raise SourceRefused(
                f"{download.path.name}: expected page {number} of at most {MOST_PAGES}, found page {header['page']} of "
                f"{pages}. Try again later."
            )
        files.append(download.path)
    found = _recognised_pages(files)
    extra, notes = _fetch_income(transport, into)
    return Recognised(found.release, (*found.files, *extra), found.notes | notes, Validators(), API)


def _fetch_income(transport: Transport, into: Path) -> tuple[tuple[Path, ...], dict[str, str]]:
    try:
        download = transport.download(INCOME, into, "income_groups.xlsx")
    except TransportError as fault:
        return (), {"income_groups": f"not downloaded: {fault}"}
    if download is None:
        return (), {"income_groups": "not downloaded: the server says that nothing changed"}
    _income(download.path)
    return (download.path,), {"income_groups_date": datetime.date.today().isoformat()}


def _page(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Read one page: a header and its rows; an error is an array with a message alone."""
    try:
        answer = json.loads(file_bytes(path), parse_float=str, parse_int=str)
    except (UnicodeDecodeError, ValueError) as fault:
        raise SourceRefused(
            f"{path.name}: expected a page in JSON, found text that is not ({fault}); the server at times answers in "
            "XML or with a web page. Download it again."
        ) from fault
    if isinstance(answer, list) and len(answer) == 1 and isinstance(answer[0], dict) and "message" in answer[0]:
        raise SourceRefused(
            f"{path.name}: expected a page of {layout.INDICATOR}, found the error message "
            f"{str(answer[0]['message'])[:160]}. Check the address."
        )
    whole = isinstance(answer, list) and len(answer) == 2 and isinstance(answer[0], dict)
    if not whole or not all(name in answer[0] for name in layout.HEADER) or not isinstance(answer[1], list):
        raise SourceRefused(
            f"{path.name}: expected a header with {', '.join(layout.HEADER)} and rows, found {str(answer)[:80]!r}. "
            f"{CARD.drop_in_help}"
        )
    header, rows = answer
    ids = {str((row.get("indicator") or {}).get("id")) if isinstance(row, dict) else "" for row in rows}
    if ids != {layout.INDICATOR} or not all({"countryiso3code", "date", "value"} <= set(row) for row in rows):
        raise SourceRefused(
            f"{path.name}: expected rows of {layout.INDICATOR} with countryiso3code, date and value, found "
            f"{str(rows[:1])[:160]}. {CARD.drop_in_help}"
        )
    return header, rows


def recognise(path: Path) -> Recognised:
    """Tell the release of a folder of pages, of one page that is all, or of the workbook of income groups.

    Raises:
        SourceRefused: Another file, pages that are missing, or a workbook without a date in its name.
    """
    if path.suffix.lower() == ".xlsx":
        _income(path)
        release = release_in_name(path, CARD.id)
        return Recognised(release, (path,), {"income_groups_date": release})
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files:
        raise SourceRefused(f"{path.name}: expected pages in JSON, found none in the folder. {CARD.drop_in_help}")
    return _recognised_pages(files)


def _recognised_pages(files: list[Path]) -> Recognised:
    header = _pages(files)[0]
    updated = str(header.get("lastupdated") or "")
    if _DAY.fullmatch(updated):
        return Recognised(updated, tuple(files), {"release_date": "day the bank last updated the indicator"})
    today = datetime.date.today().isoformat()
    return Recognised(today, tuple(files), {"release_date": "day of download: the answer holds none"})


def _pages(files: list[Path]) -> tuple[dict[str, Any], pd.DataFrame]:
    """Join the pages once all of them are there and their rows are as many as they say."""
    read = [(path, *_page(path)) for path in files]
    numbers = sorted(int(header["page"]) for _, header, _ in read)
    first = read[0][1]
    rows = sum(len(page) for _, _, page in read)
    if numbers != list(range(1, int(first["pages"]) + 1)) or rows != int(first["total"]):
        raise SourceRefused(
            f"{files[0].name}: expected {first['pages']} pages with {first['total']} rows, found the pages {numbers} "
            f"with {rows} rows. {CARD.drop_in_help}"
        )
    frames = []
    for path, _, page in read:
        plain = pd.DataFrame(
            {
                "indicator": layout.INDICATOR,
                "country": [str((row.get("country") or {}).get("value") or "") for row in page],
                **{name: [_text(row.get(name)) for row in page] for name in ("countryiso3code", "date", "value")},
                "obs_status": [_text(row.get("obs_status")) for row in page],
            },
            dtype="str",
        )
        frames.append(plain.assign(_file=path.name, _row=np.arange(1, len(plain) + 1)))
    joined = pd.concat(frames, ignore_index=True)
    # A page sent in place of another has rows of the right number, and the other's are lost.
    again = joined[joined.duplicated(["country", "countryiso3code", "date"])]
    if len(again):
        raise SourceRefused(
            f"{again['_file'].iloc[0]}: expected each country and year once, found {again['country'].iloc[0]} "
            f"{again['date'].iloc[0]} again (of {len(again):,}): a page was sent twice. Try again later."
        )
    return first, joined


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _income(path: Path) -> pd.DataFrame:
    """Find the list of economies in whichever sheet and line it starts."""
    for lines in sheets_of(path).values():
        for position, (_, cells) in enumerate(lines[:30]):
            names = [cell.strip() for cell in cells]
            if all(name in names for name in layout.INCOME_COLUMNS):
                body = [(number, row) for number, row in lines[position + 1 :] if row[names.index("Code")].strip()]
                columns = {name: [row[names.index(name)].strip() for _, row in body] for name in layout.INCOME_COLUMNS}
                frame = pd.DataFrame(columns, dtype="str")
                if frame["Income group"].isin(layout.INCOME_GROUPS).any():
                    return frame.assign(_file=path.name, _row=[number for number, _ in body])
    raise SourceRefused(
        f"{path.name}: expected a sheet with the columns {', '.join(layout.INCOME_COLUMNS)} and groups such as 'Low "
        f"income', found none. {CARD.drop_in_help}"
    )


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn pages and workbook into observations.

    Grain: one row of a page, or one economy of the workbook, is one record. Steps: groups of countries and early years
    are dropped by count; a fiscal year runs from the last 1 July before the workbook's date.
    """
    pages = [path for path in snapshot.files if path.suffix == ".json"]
    books = [path for path in snapshot.files if path.suffix != ".json"]
    raw: dict[str, pd.DataFrame] = {}
    parts, dropped, quarantine = [], {}, [refused_records()]
    if pages:
        _, frame = _pages(pages)
        raw["world_bank_population"] = layout.Population.validate(frame)
        parts.append(_people(frame))
    for path in books:
        frame = _income(path)
        raw["world_bank_income_groups"] = layout.Income.validate(frame)
        parts.append(_groups(frame, snapshot.notes.get("income_groups_date", snapshot.release)))
    records = pd.concat(parts, ignore_index=True)
    records_in = len(records)
    for mask, reason in ((records["group"], GROUP), (records["year"] < layout.FIRST_YEAR, EARLIER)):
        gone = mask.reindex(records.index)
        dropped[reason] = int(gone.sum())
        records = records[~gone]
    faults = _faults(records, int(snapshot.release[:4]))
    kept, conflicting, repeated = without_duplicates(records[faults["code"] == ""], _KEY, "_column")
    quarantine += [set_aside(records, faults), conflicting]
    return Tidy(
        observations=tidy_observations(kept),
        raw=raw,
        quarantine=pd.concat(quarantine, ignore_index=True),
        dropped={reason: number for reason, number in dropped.items() if number} | repeated,
        records_in=records_in,
        release_notes=dict(snapshot.notes),
    )


def _people(frame: pd.DataFrame) -> pd.DataFrame:
    value, bad = parse_number(frame["value"])
    year = frame["date"].where(frame["date"].str.fullmatch(r"(?:19|20)\d\d"))
    code = frame["countryiso3code"]
    return pd.DataFrame(
        {
            "_file": frame["_file"],
            "_row": frame["_row"],
            "_column": "value",
            "value_text": frame["value"],
            "code": code.where(code != "", frame["country"]),
            "measure_id": "resident_population",
            "area_id": resolve(code).fillna(resolve(frame["country"])),
            "group": code.isin(layout.AGGREGATES) | (code == ""),
            "date": frame["date"],
            "year": pd.to_numeric(year),
            "period_start": pd.to_datetime(year + "-01-01", errors="coerce"),
            "period_end": pd.to_datetime(year + "-12-31", errors="coerce"),
            "value": value,
            "unreadable": bad | (value < 0),
            "status": np.where(value.isna(), "not_collected", "reported"),
            "is_provisional": False,
            "note": "",
        }
    )


def _groups(frame: pd.DataFrame, date: str) -> pd.DataFrame:
    day = datetime.date.fromisoformat(date[:10])
    first = day.year if day.month >= 7 else day.year - 1
    group, code = frame["Income group"], frame["Code"]
    value = group.map(layout.INCOME_GROUPS)
    return pd.DataFrame(
        {
            "_file": frame["_file"],
            "_row": frame["_row"],
            "_column": "Income group",
            "value_text": group,
            "code": code,
            "measure_id": "income_group",
            "area_id": resolve(code).fillna(resolve(frame["Economy"])),
            "group": code.isin(layout.AGGREGATES),
            "date": date,
            "year": float(first),
            "period_start": pd.Timestamp(first, 7, 1),
            "period_end": pd.Timestamp(first + 1, 6, 30),
            "value": value,
            "unreadable": value.isna() & ~group.isin(["", "..", "Not classified"]),
            "status": np.where(value.isna(), "not_collected", "reported"),
            "is_provisional": False,
            "note": group.where(value.notna(), "not classified"),
        }
    )


def _faults(records: pd.DataFrame, release_year: int) -> pd.DataFrame:
    return first_faults(
        [
            ("unknown_area", "code", records["area_id"].isna(), "expected the code of a country or of a known group"),
            ("bad_period", "date", records["year"].isna(), "expected a year of four digits"),
            ("future_period", "date", records["year"] > release_year, "expected a year up to the release's"),
            ("not_a_number", "", records["unreadable"], "expected a number of 0 or more, or an income group"),
        ]
    )
