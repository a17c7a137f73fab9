"""National Records of Scotland: drug misuse deaths by year of registration, sex and age, and their rates."""

from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd

from assets.reading import parse_number, sheets_of
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, tidy_observations
from assets.tidying import first_faults, release_in_name, remarks, set_aside, without_duplicates
from assets.transport import Transport, Validators
from schemas.source_card import SourceCard
from schemas.sources import nrs_drug_deaths as layout

CARD = SourceCard(
    id="nrs_drug_deaths",
    title="Drug misuse deaths in Scotland",
    publisher="National Records of Scotland",
    licence="Open Government Licence v3.0 (not verified)",
    licence_url="https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    homepage="https://www.nrscotland.gov.uk/",
    download_url="",
    cadence="yearly",
    basis="registration",
    citation="National Records of Scotland, Drug misuse deaths in Scotland.",
    coverage="Scotland, years of registration from 2000",
    caveats=(
        "No workbook was at hand: the reader follows the layout that two public scripts read (data to 2023 and 2024).",
        "Years are years of registration, not of death.",
        "The definition is narrower than that of drug poisoning deaths in England and Wales: never compare the counts.",
        "Suspected drug deaths of Police Scotland are another series and are not read.",
        "Deaths by drug, health board, council area and deprivation stand in other sheets, which are not read.",
    ),
    drop_in_help=(
        "Download the data workbook (xlsx) of the newest release, put the day it was published into its name (such as "
        "drug-related-deaths-data-2025-09-02.xlsx) and drop it in data/drop/nrs_drug_deaths/."
    ),
    automated=False,
)

SCOTLAND = "GB-SCT"
_YEAR = r"^\s*((?:19|20)\d{2})\s*(\[[a-z]\])?\s*$"
_CELL = ["measure_id", "period_start", "sex", "age_group"]


def fetch(transport: Transport, known: Validators | None, into: Path) -> NoReturn:  # noqa: ARG001
    """Refuse: the workbook's address changes with each release, so a person downloads it.

    Raises:
        SourceRefused: Always; it says how a person gets it.
    """
    raise SourceRefused(
        f"{CARD.id}: expected an address for scripts that stays, found one that changes with each release. See "
        f"{CARD.homepage}. {CARD.drop_in_help}"
    )


def recognise(path: Path) -> Recognised:
    """Tell the release from the date in the file's name, once both sheets are found in it.

    Raises:
        SourceRefused: Another workbook, or no release date in the name.
    """
    last = pd.to_datetime(_read(path)["year"].str.extract(_YEAR)[0].max(), format="%Y", errors="coerce")
    ends = None if pd.isna(last) else last.replace(month=12, day=31).date()
    return Recognised(release_in_name(path, CARD.id, ends), (path,), {"release_date": "date in the file name"})


def _read(path: Path) -> pd.DataFrame:
    """Give the cells of both sheets, one row for each, in the columns of the raw layout."""
    sheets = sheets_of(path)
    missing = [name for name in (layout.RATES, layout.COUNTS) if name not in sheets]
    if missing:
        raise SourceRefused(
            f"{path.name}: expected the sheets {layout.RATES} and {layout.COUNTS}, found {list(sheets)[:12]}. "
            f"{CARD.drop_in_help}"
        )
    rates = _sheet(sheets[layout.RATES], path.name, layout.RATES)
    counts = _sheet(sheets[layout.COUNTS], path.name, layout.COUNTS)
    counts = counts.rename(columns={counts.columns[layout.ALL_AGES_AT]: "all"})
    wanted = {layout.RATES: [layout.RATE, layout.LOWER, layout.UPPER], layout.COUNTS: list(layout.AGES)}
    for name, frame in ((layout.RATES, rates), (layout.COUNTS, counts)):
        absent = [column for column in wanted[name] if column not in frame.columns]
        if absent:
            found = [column for column in frame.columns if column not in wanted[name]]
            raise SourceRefused(
                f"{path.name}: expected the columns {absent} in the sheet {name}, which are absent; found instead "
                f"{found}. If the publisher renamed a column, add the new name to the source's schema."
            )
    cells = [
        frame.melt(["Year", "Sex", "_row"], columns, "_column", "value").assign(sheet=name)
        for name, frame, columns in (
            (layout.RATES, rates, wanted[layout.RATES]),
            (layout.COUNTS, counts, ["all", *layout.AGES]),
        )
    ]
    long = pd.concat(cells, ignore_index=True).rename(columns={"Year": "year", "Sex": "sex"}).assign(_file=path.name)
    return long[list(layout.Raw.to_schema().columns)]


def _sheet(lines: list[tuple[int, list[str]]], file: str, name: str) -> pd.DataFrame:
    """Give the lines under the column names, wherever those stand."""
    starts = [at for at, (_, cells) in enumerate(lines) if [cell.strip() for cell in cells[:2]] == layout.FIRST_COLUMNS]
    if len(starts) != 1 or len(lines) == starts[0] + 1:
        shown = [cells[:2] for _, cells in lines[:8]]
        raise SourceRefused(
            f"{file}: expected one line in the sheet {name} that begins with Year and Sex, and data under it; found "
            f"{len(starts)} among lines that begin {shown}. {CARD.drop_in_help}"
        )
    # A column's note marks and line breaks change between releases; its words do not.
    header = pd.Series(lines[starts[0]][1]).str.replace(r"\s*\[[^\]]*\]", "", regex=True).str.split().str.join(" ")
    body = [(number, cells) for number, cells in lines[starts[0] + 1 :] if any(cell.strip() for cell in cells)]
    frame = pd.DataFrame([cells for _, cells in body], columns=header.tolist(), dtype="str")
    return frame.assign(_row=[number for number, _ in body])


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the workbook into observations.

    Grain: each line of rates is one record, a rate with its limits; each cell of counts is one record, deaths by year,
    sex and age. Steps: names of columns are found, not counted; ages must make up all ages, or the whole line goes to
    quarantine. Caveats: years are of registration; the layout is that of public scripts.
    """
    cells = pd.concat([_read(path) for path in snapshot.files], ignore_index=True)
    records = _described(_with_limits(cells))
    faults = _faults(records)
    kept, conflicting, dropped = without_duplicates(records[faults["code"] == ""], _CELL, "_column")
    return Tidy(
        observations=tidy_observations(kept),
        raw={CARD.id: layout.Raw.validate(cells)},
        quarantine=pd.concat([set_aside(records, faults), conflicting], ignore_index=True),
        dropped=dropped,
        records_in=len(records),
        release_notes={"release_rule": snapshot.notes.get("release_date", "")},
    )


def _with_limits(cells: pd.DataFrame) -> pd.DataFrame:
    """Put the limits of each rate beside it; counts have none."""
    line = ["_file", "sheet", "_row"]
    limits = [
        cells[cells["_column"] == column].set_index(line)["value"].rename(name)
        for column, name in ((layout.LOWER, "lower_text"), (layout.UPPER, "upper_text"))
    ]
    records = cells[~cells["_column"].isin([layout.LOWER, layout.UPPER])].reset_index(drop=True)
    joined = records.join(limits[0], on=line, validate="m:1").join(limits[1], on=line, validate="m:1")
    return joined.fillna({"lower_text": "", "upper_text": ""})


def _described(records: pd.DataFrame) -> pd.DataFrame:
    """Give each record its measure, period, sex, age and value, as far as they can be read."""
    text, year = records["value"].str.strip(), records["year"].str.extract(_YEAR)
    marked = text.map(layout.MARKS)
    numbers = {"value": parse_number(text.mask(marked.notna(), ""))}
    for name in ("lower", "upper"):
        limit = records[f"{name}_text"].str.strip()
        numbers[name] = parse_number(limit.mask(limit.isin(layout.MARKS), ""))
    counts = records["sheet"] == layout.COUNTS
    ages = {"all": "all", layout.RATE: "all", **layout.AGES}
    return records.assign(
        value_text=text,
        measure_id=np.where(counts, layout.DEATHS, layout.RATE_MEASURE),
        area_id=SCOTLAND,
        period_start=pd.to_datetime(year[0] + "-01-01", format="%Y-%m-%d", errors="coerce"),
        period_end=pd.to_datetime(year[0] + "-12-31", format="%Y-%m-%d", errors="coerce"),
        sex_text=records["sex"],
        sex=records["sex"].str.strip().map(layout.SEXES),
        age_group=records["_column"].map(ages),
        **{name: found[0] for name, found in numbers.items()},
        unreadable=np.logical_or.reduce([found[1].to_numpy() for found in numbers.values()]),
        status=marked.fillna("reported").mask(text == "", "not_collected"),
        is_provisional=False,
        note=remarks(
            [
                (year[1] == "[b]", "published mark of the year: [b]"),
                (marked.notna(), "published mark instead of a value"),
            ]
        ),
    )


def _faults(records: pd.DataFrame) -> pd.DataFrame:
    counts = records["sheet"] == layout.COUNTS
    bad = records["unreadable"] | (records["value"] < 0) | (counts & (records["value"] % 1 > 0))
    outside = (records["lower"] > records["value"]) | (records["upper"] < records["value"])
    return first_faults(
        [
            ("unknown_period", "year", records["period_end"].isna(), "expected a year of registration"),
            ("unknown_group", "sex_text", records["sex"].isna(), "expected Persons, Females or Males"),
            ("not_a_number", "", bad, "expected a number of 0 or more, whole where it counts deaths, or a known mark"),
            ("outside_limits", "", outside, "expected the rate to lie between its limits"),
            (
                "contradicts_total",
                "year",
                _not_adding_up(records.assign(bad=bad)),
                "expected the ages of a line to make its third column, all ages",
            ),
        ]
    )


def _not_adding_up(records: pd.DataFrame) -> pd.Series:
    """Mark the lines of counts whose ages are all there and differ from all ages."""
    counts = records["sheet"] == layout.COUNTS
    value = records["value"].mask(records["bad"])
    total = records["_column"] == "all"
    line = [records["_file"], records["sheet"], records["_row"]]
    whole = value.where(total).groupby(line).transform("max")
    parts = value.where(counts & ~total).groupby(line)
    there = parts.transform("count") == len(layout.AGES)
    return counts & there & (whole != parts.transform("sum"))
