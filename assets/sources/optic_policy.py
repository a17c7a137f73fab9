"""RAND-USC OPTIC: naloxone access and Good Samaritan laws by state, with the date of each and its part of each year."""

import html
import io
import re
import zipfile
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd

from assets.reading import Table, file_bytes, parse_number, read_text, require_columns
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, tidy_observations
from assets.tidying import first_faults, release_in_name, set_aside, without_duplicates
from assets.transport import Transport, Validators
from schemas.areas import resolve
from schemas.source_card import SourceCard
from schemas.sources import optic_policy as layout

CARD = SourceCard(
    id="optic_policy",
    title="OPTIC-vetted naloxone access and Good Samaritan law data",
    publisher="RAND-USC Opioid Policy Tools and Information Center (OPTIC)",
    licence="not verified; single figures with citation",
    licence_url="",
    homepage="https://www.rand.org/health-care/centers/optic.html",
    download_url="",
    cadence="irregular",
    basis="not_applicable",
    citation="RAND-USC OPTIC, Naloxone access law and Good Samaritan law policy data, 1990-2018.",
    coverage="United States, laws by state to the end of 2017 (naloxone) and 2018 (Good Samaritan)",
    caveats=(
        "Nothing later is at hand: laws passed afterwards are missing.",
        "Dates of first effect rest on judgement in some states (California 2008 pilot or 2014; Iowa 2016).",
        "A part of a year counts whole months: January where the law took effect by the 7th, another month by the 3rd.",
    ),
    drop_in_help=(
        "Ask RAND for its terms, then download WEB_NAL.xlsx and WEB_GSL.xlsx from OPTIC's data page and drop them in "
        "data/drop/optic_policy/. The release is the day of last update in their documentation sheet."
    ),
    automated=False,
)

REPEATED = "date of a law, repeated in every year of its state"
_UPDATED = re.compile(r"Last Updated:\s*(\w+ \d{1,2}, \d{4})")
_LARGEST_DRAWING = 5_000_000


def fetch(transport: Transport, known: Validators | None, into: Path) -> NoReturn:  # noqa: ARG001
    """Refuse: the terms of use are not verified, so no script takes the files.

    Raises:
        SourceRefused: Always; it says how a person gets them.
    """
    raise SourceRefused(
        f"{CARD.id}: expected terms that let a script download, and found none that are known. See {CARD.homepage}. "
        f"{CARD.drop_in_help}"
    )


def recognise(path: Path) -> Recognised:
    """Tell the release from the documentation's day of last update; both workbooks of one day are one release.

    Raises:
        SourceRefused: Another workbook, or no such day in it or its name.
    """
    _read(path)
    updated = _last_update(path)
    rule = "day of last update in the documentation sheet" if updated else "date in the file name"
    return Recognised(updated or release_in_name(path, CARD.id), (path,), {"release_date": rule})


def _read(path: Path) -> tuple[Table, str]:
    """Read the sheet with the laws, and give its name."""
    sheets = _sheet_names(path)
    found = [name for name in layout.LAWS if name in sheets]
    if len(found) != 1:
        known = f"{layout.MONITORING}, which this project does not read" if layout.MONITORING in sheets else sheets[:4]
        raise SourceRefused(
            f"{path.name}: expected a workbook with one of the sheets {', '.join(layout.LAWS)}, found {known}. "
            f"{CARD.drop_in_help}"
        )
    table = read_text(path, sheet=found[0])
    columns = [column for law in layout.LAWS[found[0]] for column in (law.date, law.share)]
    require_columns(table.frame, ["state", "year", *columns], path.name)
    return table, found[0]


def _sheet_names(path: Path) -> list[str]:
    from python_calamine import CalamineError, CalamineWorkbook

    content = file_bytes(path)
    try:
        return list(CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names)
    except (CalamineError, OSError) as fault:
        raise SourceRefused(
            f"{path.name}: expected an xlsx workbook, found something else ({fault}). {CARD.drop_in_help}"
        ) from fault


def _last_update(path: Path) -> str:
    """Give the day of last update, as an ISO date, from the documentation's text box; empty where there is none."""
    # The documentation is a drawing, so its sheet has no cells.
    with zipfile.ZipFile(io.BytesIO(file_bytes(path))) as book:
        drawings = [info for info in book.infolist() if info.filename.startswith("xl/drawings/")]
        boxes = [book.read(info).decode("utf-8", "replace") for info in drawings if info.file_size < _LARGEST_DRAWING]
    words = html.unescape("".join(re.findall(r"<a:t[^>]*>([^<]*)</a:t>", "".join(boxes))))
    found = _UPDATED.search(words)
    day = pd.to_datetime(found[1], format="%B %d, %Y", errors="coerce") if found else pd.NaT
    return "" if pd.isna(day) else f"{day:%Y-%m-%d}"


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the workbooks into observations.

    Grain: each line gives two records for each law, its date and its part of the year. The dates of a state's lines,
    which repeat it, make one observation: 1 from that day to the last one observed, or 0 over all years where there is
    none. Steps: parts must be twelfths, and those that the date gives by the publisher's rule. Caveats: nothing is
    known after the last year; some dates are judgements.
    """
    parts = [_read(path) for path in snapshot.files]
    made = [_workbook(table, sheet) for table, sheet in parts]
    ragged = [table.quarantine for table, _ in parts]
    kept, conflicting, dropped = without_duplicates(
        pd.concat([each[0] for each in made], ignore_index=True),
        ["measure_id", "area_id", "period_start", "period_end"],
        "_column",
    )
    repeated = sum(each[2] for each in made)
    raw: dict[str, list[pd.DataFrame]] = {}
    for table, sheet in parts:
        raw.setdefault(layout.RAW_NAMES[sheet], []).append(table.frame)
    return Tidy(
        observations=tidy_observations(kept),
        raw={
            name: layout.RAW_MODELS[name].validate(pd.concat(frames, ignore_index=True)) for name, frames in raw.items()
        },
        quarantine=pd.concat([*ragged, *[each[1] for each in made], conflicting], ignore_index=True),
        dropped=dropped | ({REPEATED: repeated} if repeated else {}),
        records_in=sum(2 * len(layout.LAWS[sheet]) * len(table.frame) for table, sheet in parts)
        + sum(map(len, ragged)),
        release_notes={"release_rule": snapshot.notes.get("release_date", "")},
    )


def _workbook(table: Table, sheet: str) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Give the observations of one workbook, its quarantine, and how many dates only repeat another."""
    lines = _lines(table.frame)
    cells = pd.concat([_law(table.frame, lines, law, sheet) for law in layout.LAWS[sheet]], ignore_index=True)
    dates, shares = _dates(cells), _shares(cells)
    faults = [_faults(dates, share=False), _faults(shares, share=True)]
    quarantine = pd.concat([set_aside(dates, faults[0]), set_aside(shares, faults[1])], ignore_index=True)
    good = dates[faults[0]["code"] == ""]
    laws = good.drop_duplicates(["measure_id", "area_id"])
    return pd.concat([laws, shares[faults[1]["code"] == ""]], ignore_index=True), quarantine, len(good) - len(laws)


def _lines(frame: pd.DataFrame) -> pd.DataFrame:
    """Find each line's state and year, and whether its state has every year once."""
    year, bad = parse_number(frame["year"])
    year = year.where(~bad & year.between(1900, 2100) & (year % 1 == 0))
    area = resolve(frame["state"].str.strip(), scheme="us")
    states = pd.DataFrame({"area_id": area, "year": year}).groupby("area_id")["year"].agg(["nunique", "size"])
    complete = area.map((states["nunique"] == year.nunique()) & (states["size"] == year.nunique()))
    return pd.DataFrame(
        {
            "area_id": area,
            "year": year,
            "complete": complete.eq(True),
            "first": pd.Timestamp(int(year.min()), 1, 1) if year.notna().any() else pd.NaT,
            "last": pd.Timestamp(int(year.max()), 12, 31) if year.notna().any() else pd.NaT,
        },
        index=frame.index,
    )


def _law(frame: pd.DataFrame, lines: pd.DataFrame, law: layout.Law, sheet: str) -> pd.DataFrame:
    """Give both cells of one law in each line, with the date read."""
    text = frame[law.date].str.strip()
    day = pd.to_datetime(text.str.slice(0, 10), format="%Y-%m-%d", errors="coerce")
    return lines.assign(
        _file=frame["_file"],
        _row=frame["_row"],
        date_column=law.date,
        share_column=law.share,
        date_text=text,
        share_text=frame[law.share].str.strip(),
        law=law.measure,
        day=day,
        unreadable_day=(text != "") & day.isna(),
        monthly=sheet in layout.MONTHS_ONLY,
    )


def _dates(cells: pd.DataFrame) -> pd.DataFrame:
    """Give the period of force that each line's date says, or all years where it says none."""
    in_force = cells["day"].notna() & (cells["day"] <= cells["last"])
    several = cells.groupby(["law", "area_id"])["date_text"].transform("nunique").gt(1)
    remark = np.where(cells["monthly"], layout.MONTHLY_REMARK, "")
    return cells.assign(
        _column=cells["date_column"],
        value_text=cells["date_text"],
        measure_id=cells["law"],
        period_start=cells["day"].where(in_force, cells["first"]),
        period_end=cells["last"],
        value=in_force.astype("float64"),
        status="reported",
        is_provisional=False,
        note=np.where(in_force, remark, layout.NO_LAW),
        several=several,
    )


def _shares(cells: pd.DataFrame) -> pd.DataFrame:
    """Give the part of each year in twelfths, and the part that the date gives by the publisher's rule."""
    value, unreadable = parse_number(cells["share_text"])
    months = (value * 12).round()
    # The workbook holds single precision: a twelfth is 0.0833333358.
    twelfths = (value - months / 12).abs() < 1e-6
    day = cells["day"]
    by = np.where(day.dt.month == 1, layout.JANUARY_BY, layout.OTHERS_BY)
    left = 13 - day.dt.month - (day.dt.day > by)
    due = left.where(cells["year"] == day.dt.year, 12.0 * (cells["year"] > day.dt.year)).fillna(0)
    year = cells["year"].astype("Int64").astype("str")
    return cells.assign(
        _column=cells["share_column"],
        value_text=cells["share_text"],
        measure_id=cells["law"] + layout.SHARE,
        period_start=pd.to_datetime(year + "-01-01", format="%Y-%m-%d", errors="coerce"),
        period_end=pd.to_datetime(year + "-12-31", format="%Y-%m-%d", errors="coerce"),
        value=months / 12,
        status="reported",
        is_provisional=False,
        note="",
        unreadable=unreadable | value.isna(),
        outside=~twelfths | ~value.between(0, 1),
        contradicts=months.ne(due) & ~cells["unreadable_day"],
    )


def _faults(records: pd.DataFrame, share: bool) -> pd.DataFrame:
    line = [
        ("unknown_area", "", records["area_id"].isna(), "expected the name of a state, found another label"),
        ("unknown_period", "", records["year"].isna(), "expected a calendar year, found something else"),
    ]
    if share:
        return first_faults(
            [
                *line,
                ("not_a_number", "", records["unreadable"], "expected a part of the year, found something else"),
                ("not_twelfths", "", records["outside"], "expected twelfths from 0 to 1, found another number"),
                ("contradicts_date", "date_text", records["contradicts"], "expected the part that the date gives"),
            ]
        )
    return first_faults(
        [
            *line,
            ("not_a_date", "", records["unreadable_day"], "expected a date or nothing, found something else"),
            ("several_dates", "", records["several"], "expected one date in all years of a state, found several"),
            ("incomplete_years", "", ~records["complete"], "expected every year of the state once, found others"),
        ]
    )
