"""Own programme data at the command line: writing templates, and telling what is wrong in a filled-in one."""

import csv
import datetime
import io
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from assets import programme_rows, programme_totals
from assets.source import SourceRefused
from pipelines.show import clean
from schemas.areas import areas, tidy_label
from schemas.programme import COLUMNS, EXAMPLE_MARK, PLACE_MEANINGS, TEMPLATES, UNITS_MARK, Template

_SHOWN = {"written_area": "area_id", "written_period": "period", "written_service": "service"}
_EXAMPLES = {"service": f"{EXAMPLE_MARK}: delete this line", "area_id": "US-06037", "period": "2026-03"}
MOST_LINES = 200


@dataclass(frozen=True)
class Report:
    """What a check of files found."""

    lines: list[str]
    faults: int


def template_text(template: Template) -> str:
    """Write a template: its header, its units, and one example that is refused if it is left in."""
    units = {column.name: column.unit for column in template.columns}
    examples = _EXAMPLES | {column.name: column.example for column in template.columns}
    if template.yearly:
        examples["period"] = "2026"
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(template.header)
    writer.writerow([UNITS_MARK, *(units.get(name, "") for name in template.header[1:])])
    writer.writerow([examples.get(name, "") for name in template.header])
    return stream.getvalue()


def explain(template: Template) -> list[str]:
    """Say what each column of a template means, one line each."""
    meanings = PLACE_MEANINGS | {column.name: f"{column.meaning} ({column.unit})" for column in template.columns}
    return [f"  {name}: {meanings[name]}" for name in template.header]


def check(paths: list[Path], today: datetime.date) -> Report:
    """Read filled-in templates as a refresh would, and tell every fault, row by row.

    Args:
        paths: Files; they are judged together, as files that come in on one day are.
        today: Day up to which a period may run.
    """
    lines, faults, parts = [], 0, []
    for path in paths:
        try:
            sheet = programme_rows.read(path)
        except SourceRefused as refusal:
            lines.append(clean(str(refusal), 1000))
            faults += 1
            continue
        parts.append(programme_rows.cells(sheet).assign(_file=str(path)))
        lines += [f"{path}: line {row}: {reason}" for row, reason in sheet.ragged[["row", "reason"]].to_numpy()]
        faults += len(sheet.ragged)
        if sheet.unknown_columns:
            names = clean(", ".join(sheet.unknown_columns))
            lines.append(f"{path}: remark: columns that no template has are ignored and never stored: {names}")
    if parts:
        found = _judged(pd.concat(parts, ignore_index=True), today)
        lines, faults = [*lines, *found.lines], faults + found.faults
    lines.append(f"{faults:,} faults; lines without a fault are loaded all the same" if faults else "no faults")
    return Report(lines, faults)


def _judged(long: pd.DataFrame, today: datetime.date) -> Report:
    if not (long["text"] != "").any():
        return Report(["expected counts, found none: fill the template in below its second line"], 1)
    gathered = programme_totals.gather([(long, today)])
    bad = gathered.lines[gathered.lines["code"] != ""]
    told = [_sentence(row) for row in bad.to_dict("records")]
    told = list(dict.fromkeys(told))
    shown = told[:MOST_LINES] + ([f"and {len(told) - MOST_LINES} more"] if len(told) > MOST_LINES else [])
    good = gathered.good
    return Report([*shown, *_remarks(good, gathered.dropped), *_summary(good)], len(told))


def _sentence(row: dict[str, object]) -> str:
    name = "written_service" if row["shown"] == "service" else str(row["shown"]) or "text"
    column = str(row["column"]) if name == "text" else _SHOWN.get(name, name)
    found = clean(row[name], 60)
    near = _nearest(str(row["area_id"])) if row["code"] == "unknown_area" else ""
    return (
        f"{row['_file']}: line {row['_row']}, {column}: expected {row['expected']}; found {found!r}; "
        f"{row['to_do']}{near}"
    )


def _nearest(written: str) -> str:
    known = areas()
    by_name = known.loc[known["name"].map(tidy_label) == tidy_label(written), "area_id"].tolist()
    near = by_name[:3] or get_close_matches(written, known["area_id"], n=3)
    names = dict(zip(known["area_id"], known["name"], strict=True))
    return f"; near it: {', '.join(f'{each} ({names[each]})' for each in near)}" if near else ""


def _remarks(good: pd.DataFrame, dropped: dict[str, int]) -> list[str]:
    found = [f"remark: {reason}: {number}" for reason, number in dropped.items() if number]
    months = programme_totals.months_of(good["period_start"], good["period_end"])
    lengths = months.groupby([good["service"], good["area_id"], good["column"], good["period_start"].dt.year]).nunique()
    if (lengths > 1).any():
        found.append("remark: some periods lie inside others; all are kept as they are, and none is counted twice")
    kinds = dict(zip(areas()["area_id"], areas()["kind"], strict=True))
    whole = sorted({place for place in good["area_id"] if kinds.get(place) in ("country", "world")})
    if whole:
        found.append(
            f"remark: {', '.join(whole)} is a whole country; name the place that the service is for, if you can"
        )
    return found


def _summary(good: pd.DataFrame) -> list[str]:
    if good.empty:
        return ["no count can be loaded yet"]
    first, last = good["period_start"].min(), good["period_end"].max()
    services = good.loc[good["service"] != "", "service"].nunique()
    rows = programme_totals.with_years(good)
    try:
        shown = programme_totals.protected(programme_totals.totals(rows), None)
    except SourceRefused as refusal:
        return [f"remark: {refusal}"]
    hidden = int((shown["status"] == "suppressed").sum())
    return [
        f"{len(good):,} counts can be loaded: {_names(good)}; {services} services, "
        f"{good['area_id'].nunique()} places, periods from {first:%Y-%m} to {last:%Y-%m}",
        f"they make {len(shown):,} totals of places, of which {hidden:,} will be hidden (small ones, and what would "
        "tell them); the others are rounded to 5",
    ]


def _names(good: pd.DataFrame) -> str:
    kinds = [TEMPLATES[name].title for name in dict.fromkeys(good["template"])]
    columns = [name for name in COLUMNS if name in set(good["column"])]
    return f"{', '.join(kinds)} ({', '.join(columns)})"
