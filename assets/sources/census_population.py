"""US Census Bureau population estimates: nation, states, counties; states by age and sex."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from assets.reading import Table, decode, file_bytes, parse_number, read_text, refuse_web_page, require_columns
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, refused_records, tidy_observations
from assets.tidying import refuse_cut_off, without_duplicates
from assets.transport import Transport, Validators
from schemas import areas
from schemas.observations import KEY
from schemas.source_card import SourceCard
from schemas.sources import census_population as layout

URL = "https://www2.census.gov/programs-surveys/popest/datasets/2020-2024/counties/totals/co-est2024-alldata.csv"

CARD = SourceCard(
    id="census_population",
    title="Annual estimates of the resident population of the United States, states and counties",
    publisher="US Census Bureau, Population Estimates Program",
    licence="Public domain (US government work)",
    licence_url="https://www.census.gov/about/policies/open-gov/open-data.html",
    homepage="https://www.census.gov/programs-surveys/popest.html",
    download_url=URL,
    cadence="yearly",
    basis="residence",
    citation="US Census Bureau, Population Division. Annual Estimates of the Resident Population.",
    coverage="United States, states, District of Columbia, Puerto Rico, counties; states by age and sex; 2020 on",
    caveats=(
        "The release is the reference date of the vintage (1 July of its last year); the files do not hold "
        "their day of release.",
        "Every vintage revises all its years: rates made with another vintage differ.",
        "Connecticut is given by nine planning regions, not by its former counties.",
        "Puerto Rico is not part of the United States total.",
        "The download address is the one other public programs use; it was not opened when this connector was "
        "written (unverified).",
    ),
    drop_in_help=(
        "Drop co-est2024-alldata.csv, NST-EST2024-ALLDATA.csv, the state table (NST-EST2024-POP, csv or xlsx), or "
        "state_age_sex_race_2020_2024.csv.gz in data/drop/census_population/."
    ),
    automated=True,
)

ENCODINGS = ("utf-8-sig", "latin-1")
BASE_DROP = "estimates base of 1 April, not a mid-year population"
REGION_DROP = "census region or division, not an area of ours"
SUMMED_DROP = "summed into totals by age and sex"
WITHHELD_DROP = "total withheld: one of its cells could not be read"


def fetch(transport: Transport, known: Validators | None, into: Path) -> Recognised | None:
    """Download the county file, which holds the state totals too."""
    download = transport.download(
        URL, into, "co-est2024-alldata.csv", known, least_bytes=100_000, most_bytes=50_000_000
    )
    if download is None:
        return None
    return replace(recognise(download.path), validators=download.validators, url=download.url)


def recognise(path: Path) -> Recognised:
    """Tell a file's vintage.

    Raises:
        SourceRefused: Not one of the layouts of the population estimates that are read here.
    """
    kind, table = _open(path)
    vintage = _vintage(kind, table.frame, path.name)
    notes = {
        "layout": kind,
        "vintage": f"V{vintage}",
        "release": "reference date of the vintage, not the day of release",
    }
    return Recognised(f"{vintage}-07-01", (path,), notes)


def _open(path: Path) -> tuple[str, Table]:
    """Read a file in the layout that its first lines show."""
    content = file_bytes(path)
    if content[:4] == b"PK\x03\x04":
        kind, header = "table", 4
    else:
        text, _ = decode(content, path.name, ENCODINGS)
        refuse_web_page(text, path.name)
        kind, header = _layout(text, path.name)
    table = read_text(path, encodings=ENCODINGS, header_row=header)
    if kind != "table":
        refuse_cut_off(table, path.name)
    return kind, table


def _layout(text: str, name: str) -> tuple[str, int]:
    first = [line.replace('"', "").split(",") for line in text[:20_000].splitlines()[:12]]
    cells = [cell.strip() for cell in first[0]] if first else []
    if "SUMLEV" in cells and not {"AGE", "AGEGRP", "RACE"} & set(cells):
        return "estimates", 1
    if "state_fips" in cells:
        return "cells", 1
    for number, line in enumerate(first, start=1):
        if line[0].strip() == "Geographic Area":
            return "table", number + 1
    raise SourceRefused(
        f"{name}: expected a Census population file with the column SUMLEV (county or state totals), a line "
        f"'Geographic Area' "
        f"(state table) or the column state_fips (age, sex, race), found a first line beginning {cells[:8]}. "
        f"{CARD.drop_in_help}"
    )


def _vintage(kind: str, frame: pd.DataFrame, name: str) -> int:
    if kind == "cells":
        require_columns(frame, layout.CELL_COLUMNS, name, layout.CELL_OPTIONAL)
        vintages = sorted(set(frame["vintage"].str.extract(r"^V(\d{4})$")[0].dropna()))
        if len(vintages) != 1 or len(set(frame["vintage"])) != 1:
            raise SourceRefused(
                f"{name}: expected one vintage such as V2024, found {sorted(set(frame['vintage']))[:5]}."
            )
        return int(vintages[0])
    years = _years(kind, frame)
    respelt = [column for column in frame.columns if column.startswith("POPESTIMATE") and column not in years]
    if respelt:
        raise SourceRefused(
            f"{name}: expected POPESTIMATE and a year in the columns' names, found {respelt}. "
            "If the publisher renamed them, add the new names to the source's schema."
        )
    if not years:
        wanted = "POPESTIMATE and a year" if kind == "estimates" else "years under 'Population Estimate (as of July 1)'"
        raise SourceRefused(
            f"{name}: expected columns named by {wanted}, found {list(frame.columns[:12])}. "
            "If the publisher renamed them, add the new names to the source's schema."
        )
    return max(int(year) for year in years.values())


def _years(kind: str, frame: pd.DataFrame) -> dict[str, str]:
    pattern = layout.ESTIMATE if kind == "estimates" else r"^(\d{4})$"
    return {column: found.group(1) for column in frame.columns if (found := re.match(pattern, column))}


def tidy(snapshot: Snapshot) -> Tidy:
    """Read every file of one vintage.

    Grain: area, year, sex, age group. A total that several files publish is kept once; differing ones are set aside.
    """
    parts = [_read(path) for path in snapshot.files]
    # Published totals come before those summed here, so that they are the ones kept of equal ones.
    parts.sort(key=lambda part: "census_population_cells" in part.raw)
    records = pd.concat([part.observations for part in parts], ignore_index=True)
    kept, conflicts, dropped = without_duplicates(records, KEY, "_column")
    raw: dict[str, list[pd.DataFrame]] = {}
    for part in parts:
        for reason, count in part.dropped.items():
            dropped[reason] = dropped.get(reason, 0) + count
        for name, frame in part.raw.items():
            raw.setdefault(name, []).append(frame)
    return Tidy(
        observations=tidy_observations(kept),
        raw={name: pd.concat(frames, ignore_index=True) for name, frames in raw.items()},
        quarantine=pd.concat([*(part.quarantine for part in parts), conflicts], ignore_index=True),
        dropped=dropped,
        records_in=sum(part.records_in for part in parts),
        release_notes={key: value for part in parts for key, value in part.release_notes.items()},
    )


def _read(path: Path) -> Tidy:
    kind, table = _open(path)
    _vintage(kind, table.frame, path.name)
    if kind == "cells":
        return _cells(table, path.name)
    return _totals(table, kind, path.name)


def _totals(table: Table, kind: str, name: str) -> Tidy:
    """Read published totals: one record per line and year, and one for the estimates base."""
    frame, footnotes = table.frame, {}
    years = _years(kind, frame)
    if kind == "estimates":
        require_columns(frame, ["SUMLEV", "STATE", *years], name)
        bases = [column for column in frame.columns if re.match(layout.BASE, column)]
        area, regional = _estimate_areas(frame)
    else:
        bases = ["unnamed_2"]
        empty = (frame[[*years, *bases]].apply(lambda column: column.str.strip()) == "").all(axis=1)
        notes = frame.loc[empty, "unnamed_1"].str.strip()
        footnotes = {f"{name}: footnotes": " | ".join(notes[notes != ""])}
        frame = frame[~empty]
        label = frame["unnamed_1"].str.strip().str.lstrip(".")
        area, regional = areas.resolve(label, "us"), label.isin(layout.REGIONS)
    wide = frame[list(years)].set_axis(list(years.values()), axis=1).assign(area_id=area, _row=frame["_row"])
    long = wide[~regional].melt(id_vars=["area_id", "_row"], var_name="year", value_name="value_text")
    column = dict(zip(years.values(), years, strict=True))
    long = long.assign(_file=name, _column=long["year"].map(column), sex="all", age_group="all", note="")
    good, refused = _checked(long)
    dropped = {BASE_DROP: len(frame) * len(bases), REGION_DROP: int(regional.sum()) * len(years)}
    return Tidy(
        observations=good,
        raw={f"census_population_{kind}": table.frame},
        quarantine=pd.concat([table.quarantine, refused], ignore_index=True),
        dropped={reason: count for reason, count in dropped.items() if count},
        records_in=len(long) + sum(dropped.values()) + len(table.quarantine),
        release_notes=footnotes,
    )


def _estimate_areas(frame: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Give the area of each line by its level, and which lines are regions or divisions."""
    level = frame["SUMLEV"].str.strip().str.zfill(3)
    state = frame["STATE"].str.strip().str.zfill(2)
    area = areas.resolve(state.where(level == layout.STATE), "us")
    if "COUNTY" in frame:
        county = areas.resolve((state + frame["COUNTY"].str.strip().str.zfill(3)).where(level == layout.COUNTY), "fips")
        area = area.where(level != layout.COUNTY, county)
    area = area.mask(level == layout.NATION, "USA")
    return area, level.isin([layout.REGION, layout.DIVISION])


def _checked(records: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Turn text into observations and set aside what has no area or no number."""
    text = records["value_text"].str.strip()
    value, bad = parse_number(text)
    bad |= (text == "") | (value < 0)
    nowhere = records["area_id"].isna()
    full = records.assign(
        value=value,
        value_text=text.str.replace(",", "", regex=False),
        measure_id="resident_population",
        period_start=pd.to_datetime(records["year"] + "-01-01", format="%Y-%m-%d"),
        period_end=pd.to_datetime(records["year"] + "-12-31", format="%Y-%m-%d"),
        race_ethnicity="all",
        drug="all",
        population_group="all",
        status="reported",
        is_provisional=False,
    )
    listed = full.rename(columns={"_file": "file", "_row": "row", "_column": "column"}).assign(value=text)
    refused = [
        refused_records(
            listed.loc[nowhere, ["file", "row", "column", "value"]],
            code="unknown_area",
            reason="expected the FIPS code or name of the nation, a state or a county, found another",
        ),
        refused_records(
            listed.loc[bad & ~nowhere, ["file", "row", "column", "value"]],
            code="not_a_number",
            reason="expected a number of people of at least 0, found another text",
        ),
    ]
    return full[~nowhere & ~bad], pd.concat(refused, ignore_index=True)


def _cells(table: Table, name: str) -> Tidy:
    """Sum the finest cells to totals by age and sex, for states and for the nation.

    One record is one cell; a total stands for the cells summed into it, and the remaining cells are counted as dropped.
    """
    frame = table.frame
    text = frame[["year", "age", "sex", "pop"]].apply(lambda column: column.str.strip())
    value, bad = parse_number(text["pop"])
    state_fips = frame["state_fips"].str.strip()
    cells = pd.DataFrame(
        {
            "area_id": areas.resolve(state_fips, "us"),
            "year": text["year"],
            "age": pd.to_numeric(text["age"], errors="coerce"),
            "sex": text["sex"].where(text["sex"].isin(["female", "male"])),
            "value": value,
        }
    )
    odd_group = cells["sex"].isna() | ~cells["age"].isin(layout.AGE_STARTS) | ~text["year"].str.fullmatch(r"\d{4}")
    fault = bad | value.isna() | (value < 0) | odd_group | cells["area_id"].isna()
    listed = frame.rename(columns={"_file": "file", "_row": "row"})[["file", "row"]].assign(
        column="pop", value=text["pop"]
    )
    refused = refused_records(
        listed[fault],
        code="unreadable_cell",
        reason="expected a state, year, age (0, 5 ... 85), female or male, and a number of people, found another text",
    )
    _refuse_incomplete(frame[~fault], len(refused) + len(table.quarantine), name)
    totals, whole = _totals_by_age_and_sex(cells[~fault], frame.loc[~fault, ["race", "hispanic_origin"]])
    observations = totals.assign(
        _file=name, _row=0, _column="pop", value_text=totals["value"].astype("int64").astype("str")
    )
    good, unread = _checked(observations)
    withheld = int((~whole).sum())
    dropped = {SUMMED_DROP: int(whole.sum()) - len(good), WITHHELD_DROP: withheld}
    return Tidy(
        observations=good,
        raw={"census_population_cells": frame},
        quarantine=pd.concat([table.quarantine, refused, unread], ignore_index=True),
        dropped={reason: count for reason, count in dropped.items() if count},
        records_in=len(frame) + len(table.quarantine),
        release_notes={f"{name}: totals": "summed here from cells by race and Hispanic origin"},
    )


def _refuse_incomplete(frame: pd.DataFrame, refused: int, name: str) -> None:
    """Refuse a file in which some state, year, age or sex has fewer cells than the others without a visible reason."""
    keys = ["state_fips", "year", "age", "sex", "race", "hispanic_origin"]
    expected = int(np.prod([frame[key].nunique() for key in keys]))
    ages = sorted(set(frame["age"].str.strip()), key=int)
    missing = [start for start in layout.AGE_STARTS if str(start) not in ages]
    if missing or frame.duplicated(keys).any() or len(frame) + refused < expected:
        raise SourceRefused(
            f"{name}: expected {expected:,} different cells, one for each state, year, age (0, 5 ... 85), sex, "
            f"race and Hispanic "
            f"origin, found {len(frame):,}{f' without the ages {missing}' if missing else ''}. Totals would be "
            f"too small or too "
            "large: get the whole file."
        )


def _totals_by_age_and_sex(cells: pd.DataFrame, groups: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Give totals of every age and sex and of all, and which cells were summed; a total lacking a cell is left out."""
    full = groups["race"].nunique() * groups["hispanic_origin"].nunique()
    keys = ["area_id", "year", "age", "sex"]
    sums = cells.groupby(keys, sort=True)["value"].agg(["sum", "size"]).reset_index()
    whole = sums["size"] == full
    fine = sums.loc[whole, [*keys, "sum"]].rename(columns={"sum": "value"})
    states = fine.groupby(["year", "age", "sex"])["area_id"].transform("nunique")
    nation = fine[states == layout.STATES_IN_NATION].groupby(["year", "age", "sex"], as_index=False)["value"].sum()
    fine = pd.concat([fine, nation.assign(area_id="USA")], ignore_index=True)
    sexes = _complete_sum(fine, ["area_id", "year", "age"], 2).assign(sex="all")
    both = pd.concat([fine, sexes], ignore_index=True)
    ages = _complete_sum(both, ["area_id", "year", "sex"], len(layout.AGE_STARTS)).assign(age=-1)
    totals = pd.concat([both, ages], ignore_index=True)
    names = {start: f"{start}-{start + 4}" for start in layout.AGE_STARTS} | {
        -1: "all",
        layout.OPEN_AGE: f"{layout.OPEN_AGE}+",
    }
    note = np.where(totals["area_id"] == "USA", "sum of the states and the District of Columbia", "")
    totals = totals.assign(age_group=totals["age"].astype("int64").map(names), note=note).drop(columns="age")
    summed = cells[keys].merge(sums.assign(whole=whole)[[*keys, "whole"]], on=keys, how="left", validate="many_to_one")[
        "whole"
    ]
    return totals, summed.astype(bool)


def _complete_sum(frame: pd.DataFrame, keys: list[str], parts: int) -> pd.DataFrame:
    """Sum groups that have all their parts."""
    sums = frame.groupby(keys)["value"].agg(["sum", "size"]).reset_index()
    return sums.loc[sums["size"] == parts, [*keys, "sum"]].rename(columns={"sum": "value"})
