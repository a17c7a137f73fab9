"""Own programme data, row by row: reading a filled-in template and finding every fault in it.

What is found is told twice: in full to the service worker who asks (``hre check``), by position and reason alone in the
published quarantine, because a cell of a confidential file may not leave it.
"""

import datetime
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from assets.programme_periods import months_of, periods
from assets.reading import decode, file_bytes, parse_number, read_text
from assets.source import SourceRefused
from schemas.areas import areas
from schemas.observations import SEXES
from schemas.programme import (
    COLUMNS,
    EXAMPLE_MARK,
    GROUP_COLUMNS,
    PLACE_COLUMNS,
    TEMPLATE_OF,
    TEMPLATES,
    UNITS_MARK,
    Template,
)

WITHDRAWN = "withdrawn"
KEY = ["service", "area_id", "period_start", "period_end", "sex", "age_group", "column"]
_WORDS = (r"^<\s*\d+$", r"^(suppressed|supp\.?|\*+|n/?a|unknown|-+)$")
_UNREADABLE = (
    "expected a filled-in template, as csv or xlsx, found a file that cannot be read as one. "
    "Run 'hre check FILE' to see where; nothing of it was loaded."
)


@dataclass(frozen=True)
class Sheet:
    """One file as it was filled in."""

    template: Template
    frame: pd.DataFrame
    """Every cell as text; ``_file``, ``_row``."""

    ragged: pd.DataFrame
    unknown_columns: tuple[str, ...]


def read(path: Path, quiet: bool = False) -> Sheet:
    """Read a filled-in template, comma- or semicolon-separated, or the first sheet of a workbook.

    Args:
        path: The file.
        quiet: Whether a refusal may quote nothing of the file.

    Raises:
        SourceRefused: It is no table, or its header is none of the templates'.
    """
    try:
        table = read_text(path, delimiter=_delimiter(path), encodings=("utf-8-sig", "cp1252"))
    except OSError as fault:
        raise SourceRefused(
            f"{path.name}: expected a file, found none that can be opened ({fault.strerror})."
        ) from None
    except SourceRefused:
        if not quiet:
            raise
        raise SourceRefused(f"{path.name}: {_UNREADABLE}") from None
    names = {name: name.strip().lower() for name in table.frame.columns}
    frame = table.frame.rename(columns=names)
    found = [name for name in frame.columns if not name.startswith("_")]
    kinds = {TEMPLATE_OF[name] for name in found if name in TEMPLATE_OF}
    absent = [name for name in PLACE_COLUMNS if name not in found]
    doubled = frame.columns.duplicated().any()
    if absent or len(kinds) != 1 or doubled:
        named = "column names that differ" if quiet else f"the columns {', '.join(map(repr, found[:20]))}"
        raise SourceRefused(
            f"{path.name}: expected the columns of one template ({', '.join(TEMPLATES)}), the columns "
            f"{', '.join(PLACE_COLUMNS)} among them, found {named}. Write one with 'hre template nsp' and copy your "
            "figures into it; leave its first line as it is."
        )
    template = TEMPLATES[kinds.pop()]
    unknown = tuple(name for name in found if name not in template.header)
    return Sheet(template, _usual(frame, template), table.quarantine, unknown)


def _delimiter(path: Path) -> str:
    content = file_bytes(path)
    if content[:4] == b"PK\x03\x04":
        return ","
    first = decode(content, path.name, ("utf-8-sig", "cp1252"))[0].lstrip().split("\n", 1)[0]
    return max(",;\t", key=first.count)


def _usual(frame: pd.DataFrame, template: Template) -> pd.DataFrame:
    """Give the frame every column of its template, and no other; blanks around cells are dropped."""
    wanted = [*template.header, *(name for name in GROUP_COLUMNS if name not in template.header)]
    full = frame.reindex(columns=[*wanted, "_file", "_row"])
    full[wanted] = full[wanted].astype("object").fillna("").apply(lambda cells: cells.astype("str").str.strip())
    units = full["service"].str.upper().str.startswith(UNITS_MARK)
    return full[~units].reset_index(drop=True)


def cells(sheet: Sheet) -> pd.DataFrame:
    """Give one row for each count that a sheet could hold, read as far as it can be.

    Grain: row of the file, column of counts. ``service`` and place stay what the service wrote.
    """
    frame = sheet.frame
    names = [column.name for column in sheet.template.columns]
    filled = frame.assign(area_id=_places(frame), written_area=frame["area_id"], written_period=frame["period"])
    filled = filled.join(periods(frame["period"]))
    filled["sex"] = frame["sex"].str.lower().replace("", "all")
    filled["age_group"] = frame["age_group"].str.lower().replace("", "all").str.replace("–", "-")
    keep = [*KEY[:-1], "written_area", "written_period", "_file", "_row"]
    long = filled.melt(keep, names, "column", "text")
    value, unreadable = parse_number(long["text"].where(long["text"].str.lower() != WITHDRAWN, ""))
    return long.assign(
        template=sheet.template.id,
        value=value,
        unreadable=unreadable,
        withdrawn=long["text"].str.lower() == WITHDRAWN,
        measure_id=long["column"].map({name: COLUMNS[name].measure_id for name in names}),
        drug=long["column"].map({name: COLUMNS[name].drug for name in names}),
        part_of=long["column"].map({name: COLUMNS[name].part_of for name in names}),
        limit=long["column"].map({name: COLUMNS[name].limit for name in names}),
        order=range(len(long)),
    )


def _places(frame: pd.DataFrame) -> pd.Series:
    """Give each row's place; one left out is that of the other rows of the same service, where they agree."""
    written = frame["area_id"].str.upper()
    # A county's code without its country, as spreadsheets and health departments write it.
    place = written.where(~written.str.fullmatch(r"\d{5}"), "US-" + written)
    named = frame.assign(place=place)[place.isin(areas()["area_id"]) & (frame["service"] != "")]
    only = named.groupby("service")["place"].agg(["first", "nunique"])
    known = only.loc[only["nunique"] == 1, "first"]
    return place.where(place != "", frame["service"].map(known).astype("object").fillna("")).astype("str")


def faults(long: pd.DataFrame, not_after: datetime.date) -> pd.DataFrame:
    """Find the first fault of each count that was filled in.

    Args:
        long: What ``cells`` gave, of one file or several.
        not_after: Last day that a period may cover.

    Returns:
        ``code``, ``shown`` (column that shows the fault; empty for the count itself), ``expected``, ``to_do``; code is
        empty where there is no fault.
    """
    found = pd.DataFrame({name: "" for name in ("code", "shown", "expected", "to_do")}, index=long.index, dtype="str")
    for code, shown, mask, expected, to_do in _checks(long, not_after):
        new = mask.fillna(False).astype(bool) & (found["code"] == "")
        found.loc[new, ["code", "shown", "expected", "to_do"]] = [code, shown, expected, to_do]
    return found


Check = tuple[str, str, pd.Series, str, str]


def _checks(long: pd.DataFrame, not_after: datetime.date) -> list[Check]:
    known = set(areas()["area_id"])
    yearly = long["template"].map({each.id: each.yearly for each in TEMPLATES.values()})
    months = months_of(long["period_start"], long["period_end"])
    missing = long["area_id"] == ""
    words = pd.Series(False, index=long.index)
    for pattern in _WORDS:
        words |= long["text"].str.lower().str.match(pattern)
    return [
        (
            "example_row",
            "service",
            long["service"].str.upper().str.startswith(EXAMPLE_MARK),
            "your own figures, not the example of the template",
            "delete the line",
        ),
        ("missing_area", "written_area", missing, "the place the service is for", "write its id, such as US-06037"),
        (
            "unknown_area",
            "written_area",
            ~missing & ~long["area_id"].isin(known),
            "the id of a place, such as US-06037, US-CA, CA-BC, GB-ENG or AUT",
            "look it up in data/reference/areas.csv",
        ),
        (
            "unreadable_period",
            "written_period",
            long["period_start"].isna(),
            "a month, quarter or year: 2026-03, 2026-Q1 or 2026",
            "write the period so",
        ),
        (
            "not_a_year",
            "written_period",
            yearly & (months != 12),
            "a year, such as 2026, in this template",
            "write the year alone",
        ),
        (
            "future_period",
            "written_period",
            long["period_end"].dt.date > not_after,
            "a period that is over on the day the file comes in",
            "correct the period, or wait for its end",
        ),
        (
            "unknown_sex",
            "sex",
            ~long["sex"].isin(SEXES),
            "female, male, transgender, unknown, all, or nothing",
            "write one of these",
        ),
        (
            "unreadable_age_group",
            "age_group",
            ~long["age_group"].str.fullmatch(r"all|unknown|\d+-\d+|\d+\+"),
            "completed years, such as 18-24 or 65+, all, or nothing",
            "write the age group so",
        ),
        (
            "hidden_count",
            "",
            words,
            "the count itself: small counts are hidden for you before anything is stored",
            "write the count, or leave the cell empty if you do not know it",
        ),
        ("not_a_number", "", long["unreadable"], "a whole number, or nothing", "write digits only, such as 4180"),
        ("negative", "", long["value"] < 0, "zero or more", "correct the count"),
        ("not_whole", "", long["value"] % 1 > 0, "a whole number", "write the count, not a rate or an average"),
        (
            "part_exceeds_whole",
            "",
            long["value"] > _beside(long, "part_of"),
            "no more than the count that this one is part of, in the same line",
            "correct one of the two",
        ),
        (
            "limits_cross",
            "",
            _limits_cross(long),
            "the low end below the estimate and the high end above it",
            "put the three in order",
        ),
    ]


def _beside(long: pd.DataFrame, name: str) -> pd.Series:
    """Give the count of another column of the same line."""
    place = pd.MultiIndex.from_frame(long[["_file", "_row", "column"]])
    value = pd.Series(long["value"].to_numpy(), index=place)
    wanted = pd.MultiIndex.from_frame(long[["_file", "_row"]].assign(column=long[name]))
    once = value[~value.index.duplicated()]
    return pd.Series(once.reindex(wanted).to_numpy(), index=long.index)


def _limits_cross(long: pd.DataFrame) -> pd.Series:
    estimate = _beside(long.assign(base=long["measure_id"]), "base")
    low = (long["limit"] == "lower") & ~(long["value"] <= estimate) & long["value"].notna()
    return low | ((long["limit"] == "upper") & ~(long["value"] >= estimate) & long["value"].notna())
