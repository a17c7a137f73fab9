"""Office for National Statistics: deaths related to drug poisoning in England and Wales, by year of registration."""

import datetime
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd

from assets.reading import Table, parse_number, read_text, require_columns
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, tidy_observations
from assets.tidying import first_faults, refuse_cut_off, release_in_name, set_aside, without_duplicates
from assets.transport import Transport, Validators
from schemas.areas import resolve
from schemas.source_card import SourceCard
from schemas.sources import ons_drug_poisoning as layout

CARD = SourceCard(
    id="ons_drug_poisoning",
    title="Deaths related to drug poisoning in England and Wales",
    publisher="Office for National Statistics",
    licence="Open Government Licence v3.0",
    licence_url="https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    homepage="https://www.ons.gov.uk/peoplepopulationandcommunity/birthsdeathsandmarriages/deaths",
    download_url="",
    cadence="yearly",
    basis="registration",
    citation="Office for National Statistics, Deaths related to drug poisoning in England and Wales.",
    coverage="England and Wales and the regions of England, registration years 1993-2021",
    caveats=(
        "Years are years of registration; inquests delay registration, often past the year of death.",
        "England and Wales holds deaths of people who lived elsewhere; England and Wales apart do not.",
        "Classes of drugs overlap: a death with several drugs is in each of them.",
        "Local authorities are in the raw table only: their boundaries change, and no population of them is at hand.",
    ),
    drop_in_help=(
        "Save the table by region and drug, by local authority or by class as csv (the publisher's workbooks are not "
        "read), put the day ONS published it into its name (such as drug_poisoning_registrations-2021-08-03.csv) and "
        "drop it in data/drop/ons_drug_poisoning/. Tables of one day are one release."
    ),
    automated=False,
)

NOT_ADDING_UP = "expected England, Wales and non-residents to make the total, and regions to make England"
_YEAR = r"(?:19|20)\d{2}"
_CELL = ["area_id", "period_start", "drug", "population_group"]


def fetch(transport: Transport, known: Validators | None, into: Path) -> NoReturn:  # noqa: ARG001
    """Refuse: the publisher's address and workbook change with each year, so a person saves the tables.

    Raises:
        SourceRefused: Always; it says how a person gets them.
    """
    raise SourceRefused(
        f"{CARD.id}: expected an address for scripts that stays, found one that changes each year. See "
        f"{CARD.homepage}. {CARD.drop_in_help}"
    )


def recognise(path: Path) -> Recognised:
    """Tell the release from the date in the file's name, once it is known to be one of the three tables.

    Raises:
        SourceRefused: Another table, a cut-off file, or no release date in the name.
    """
    table, kind = _read(path)
    years = _cells(table, kind)["year"].str.strip()
    last = years[years.str.fullmatch(_YEAR)].max()
    # Registration counts of a year are published after it has ended.
    ends = datetime.date(int(last), 12, 31) if isinstance(last, str) else None
    release = release_in_name(path, CARD.id, ends)
    return Recognised(release, (path,), {"release_date": "date in the file name"})


def _read(path: Path) -> tuple[Table, str]:
    """Read one of the three tables, and say which it is by its columns."""
    table = read_text(path, encodings=("utf-8-sig", "cp1252"))
    columns = [name for name in table.frame.columns if not name.startswith("_")]
    if set(layout.LOCAL_COLUMNS) <= set(columns):
        kind = layout.LOCAL_TABLE
        if not _year_columns(table.frame):
            raise SourceRefused(f"{path.name}: expected a column for each year, found {columns}. {CARD.drop_in_help}")
    elif "year" in columns and set(columns) & set(layout.CLASS_COLUMNS):
        kind = layout.CLASS_TABLE
        require_columns(table.frame, ["year", *layout.CLASS_COLUMNS], path.name)
    elif set(columns) & set(layout.REGION_COLUMNS):
        kind = layout.REGION_TABLE
        require_columns(table.frame, list(layout.REGION_COLUMNS), path.name)
    else:
        raise SourceRefused(
            f"{path.name}: expected a table of drug poisonings by region and drug ({', '.join(layout.REGION_COLUMNS)}),"
            f" by local authority (code, name and years) or by class (year, {', '.join(layout.CLASS_COLUMNS)}); found "
            f"the columns {columns[:8]}. {CARD.drop_in_help}"
        )
    refuse_cut_off(table, path.name)
    return table, kind


def _year_columns(frame: pd.DataFrame) -> list[str]:
    return frame.columns[frame.columns.str.fullmatch(_YEAR)].tolist()


def _cells(table: Table, kind: str) -> pd.DataFrame:
    """Give the cells of a table, one row for each, in the columns of the raw layout."""
    frame, place = table.frame, ["_file", "_row"]
    if kind == layout.REGION_TABLE:
        cells = frame.rename(columns=layout.REGION_COLUMNS).assign(_column="Deaths")
    elif kind == layout.LOCAL_TABLE:
        wide = frame.rename(columns=layout.LOCAL_COLUMNS)
        keep = [*layout.LOCAL_COLUMNS.values(), *place]
        cells = wide.melt(keep, _year_columns(frame), "_column", "value")
        cells = cells.assign(year=cells["_column"], drug_label="drug_poisoning")
    else:
        cells = frame.melt(["year", *place], layout.CLASS_COLUMNS, "_column", "value")
        cells = cells.assign(area_code=layout.WHOLE, area_name="England and Wales", drug_label=cells["_column"])
    return cells.assign(table_name=kind)[list(layout.Raw.to_schema().columns)]


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the tables of one release into observations.

    Grain: each cell is one record, the deaths registered in a year by place and class of drug. Steps: levels below the
    region are dropped, because the column of places mixes all levels; what does not add up goes to quarantine whole;
    a count that two tables give alike is kept once. Caveats: years are of registration.
    """
    parts = [_read(path) for path in snapshot.files]
    cells = pd.concat([_cells(table, kind) for table, kind in parts], ignore_index=True)
    level = cells["area_code"].str.strip().str.slice(0, 3).map(layout.DROPPED)
    records = _described(cells[level.isna()])
    faults = _faults(records)
    kept, conflicting, repeated = without_duplicates(records[faults["code"] == ""], _CELL, "_column")
    ragged = [table.quarantine for table, _ in parts]
    return Tidy(
        observations=tidy_observations(kept),
        raw={CARD.id: layout.Raw.validate(cells)},
        quarantine=pd.concat([*ragged, set_aside(records, faults), conflicting], ignore_index=True),
        dropped={str(name): count for name, count in level.value_counts().items()} | repeated,
        records_in=len(cells) + sum(map(len, ragged)),
        release_notes={"release_rule": snapshot.notes.get("release_date", "")},
    )


def _described(cells: pd.DataFrame) -> pd.DataFrame:
    """Give each cell its measure, place, period, class and value, as far as they can be read."""
    text, code = cells["value"].str.strip(), cells["area_code"].str.strip()
    value, unreadable = parse_number(text)
    elsewhere = code == layout.NON_RESIDENTS
    year = cells["year"].str.strip().where(cells["year"].str.strip().str.fullmatch(_YEAR))
    label = cells["drug_label"].str.replace(r"^\s*\d+\s+", "", regex=True).str.strip().str.casefold()
    return cells.assign(
        value_text=text.str.replace(",", "", regex=False),
        code=code,
        measure_id=layout.MEASURE,
        area_id=resolve(code.mask(elsewhere, layout.WHOLE), scheme="gb"),
        named_area=resolve(cells["area_name"].mask(elsewhere, "England and Wales"), scheme="gb"),
        population_group=np.where(elsewhere, "non_residents", "all"),
        drug=label.map(layout.DRUGS),
        period_start=pd.to_datetime(year + "-01-01", format="%Y-%m-%d", errors="coerce"),
        period_end=pd.to_datetime(year + "-12-31", format="%Y-%m-%d", errors="coerce"),
        value=value,
        unreadable=unreadable,
        status=np.where(text == "", "not_collected", "reported"),
        is_provisional=False,
        note=np.where(elsewhere, layout.NON_RESIDENTS_NOTE, ""),
    )


def _faults(records: pd.DataFrame) -> pd.DataFrame:
    bad = records["unreadable"] | (records["value"] < 0) | (records["value"] % 1 > 0)
    return first_faults(
        [
            ("unknown_area", "area_code", records["area_id"].isna(), "expected a known ONS code of a known level"),
            (
                "contradictory_area",
                "area_name",
                records["area_id"] != records["named_area"],
                "expected the name that belongs to the code",
            ),
            ("unknown_period", "year", records["period_end"].isna(), "expected a year of registration"),
            ("unknown_drug", "drug_label", records["drug"].isna(), "expected a known class of drugs"),
            ("not_a_number", "", bad, "expected a whole number of 0 or more, or nothing"),
            ("contradicts_total", "code", _not_adding_up(records.assign(bad=bad)), NOT_ADDING_UP),
        ]
    )


def _not_adding_up(records: pd.DataFrame) -> pd.Series:
    """Mark the counts of a file, year and class whose parts are all there and differ from their total."""
    by, code = ["_file", "year", "drug_label"], records["code"]
    value = records["value"].mask(records["bad"])
    marked = pd.Series(False, index=records.index)
    splits = [
        (code == layout.WHOLE, code.isin([layout.ENGLAND, layout.WALES, layout.NON_RESIDENTS]), 3),
        (code == layout.ENGLAND, code.str.startswith(layout.REGION), 9),
    ]
    for whole, part, size in splits:
        sums = records.assign(whole=value.where(whole), part=value.where(part)).groupby(by)[["whole", "part"]]
        there = (sums.transform("count") == [1, size]).all(axis=1)
        totals = sums.transform("sum")
        marked |= (whole | part) & there & (totals["whole"] != totals["part"])
    return marked
