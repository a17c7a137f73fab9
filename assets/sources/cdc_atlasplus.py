"""CDC AtlasPlus: HIV diagnoses, deaths and prevalence, as queried by a person."""

import re
from pathlib import Path
from typing import NoReturn

import pandas as pd

from assets.atlasplus_files import Preamble, read_export
from assets.reading import Table, parse_number, require_columns
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, tidy_observations
from assets.tidying import first_faults, release_in_name, set_aside, without_duplicates
from assets.transport import Transport, Validators
from schemas.areas import resolve
from schemas.observations import KEY
from schemas.source_card import SourceCard
from schemas.sources import cdc_atlasplus as layout

CARD = SourceCard(
    id="cdc_atlasplus",
    title="NCHHSTP AtlasPlus: HIV surveillance",
    publisher="Centers for Disease Control and Prevention, National Center for HIV, Viral Hepatitis, STD, and TB "
    "Prevention",
    licence="Public domain (US Government work)",
    licence_url="https://www.usa.gov/government-works",
    homepage="https://gis.cdc.gov/grasp/nchhstpatlas/tables.html",
    download_url="",
    cadence="yearly",
    basis="residence at diagnosis; people with diagnosed HIV where they last lived",
    citation="Centers for Disease Control and Prevention. NCHHSTP AtlasPlus.",
    coverage="United States, states, counties where queried; people aged 13 and over; from 2008",
    caveats=(
        "Diagnoses are not infections: they depend on testing, and come years after infection for some.",
        "2020 was the first year of the COVID-19 pandemic: fewer people were tested, so a fall is not a fall in HIV.",
        "Preliminary years, named in the footnotes, lack diagnoses that are still to be reported.",
        "Transmission categories are adjusted by the publisher for people whose category is unknown.",
        "Each export is one query: what it leaves out was not asked for.",
        "Counties of Connecticut are not available for 2022 and 2023.",
    ),
    drop_in_help=(
        "In AtlasPlus, choose HIV and the indicators HIV diagnoses, HIV deaths or HIV prevalence, create the table, "
        "export it with its underlying data as CSV, and drop it in data/drop/cdc_atlasplus/. The release is the date "
        "that the first line says it was printed on."
    ),
    automated=False,
)

SMALL_COUNT = "1-9: hidden by this project's rule for deaths"
COLUMNS_OF = {"sex": "Sex", "race_ethnicity": "Race/Ethnicity", "age_group": "Age Group"} | {
    "population_group": "Transmission Category"
}
_AGE = r"\d+-\d+|\d+\+"


def fetch(transport: Transport, known: Validators | None, into: Path) -> NoReturn:  # noqa: ARG001
    """Refuse: the address that AtlasPlus's own page uses is undocumented and may break without notice.

    Raises:
        SourceRefused: Always; it says how a person makes the table.
    """
    raise SourceRefused(
        f"{CARD.id}: expected a documented address for scripts, and AtlasPlus has none. See {CARD.homepage}. "
        f"{CARD.drop_in_help}"
    )


def recognise(path: Path) -> Recognised:
    """Tell the release from the day on which the table was printed, or from the name where that line is missing.

    Raises:
        SourceRefused: Another table, other diseases, an unknown condition, or no date anywhere.
    """
    _, preamble, _ = _read(path)
    release = preamble.printed or release_in_name(path, CARD.id)
    rule = "day on which the table was printed" if preamble.printed else "date in the file name"
    return Recognised(release, (path,), {"release_date": rule})


def _read(path: Path) -> tuple[Table, Preamble, dict[str, str]]:
    """Read a table, and what holds for all its rows because only the title says it."""
    table, preamble = read_export(path)
    require_columns(table.frame, layout.REQUIRED, path.name, layout.OPTIONAL)
    if not table.frame["Indicator"].str.strip().isin(list(layout.INDICATORS)).any():
        raise SourceRefused(
            f"{path.name}: expected one of the indicators {list(layout.INDICATORS)}, found "
            f"{sorted(table.frame['Indicator'].unique())[:3]}. {CARD.drop_in_help}"
        )
    return table, preamble, _from_title(table.frame, preamble, path.name)


def _from_title(frame: pd.DataFrame, preamble: Preamble, name: str) -> dict[str, str]:
    """Give what the title says of groups that have no column; the groups of a column stand in its cells."""
    shown = [column for column in frame if column in (*COLUMNS_OF.values(), "Indicator", "Geography", "Year")]
    written = {cell.strip() for column in shown for cell in frame[column].unique()}
    areas = resolve(pd.Series(list(preamble.conditions), dtype="str"), scheme="us")
    places = dict(zip(preamble.conditions, areas, strict=True))
    known = {
        "area_id": {part: area for part, area in places.items() if pd.notna(area)},
        "sex": layout.SEXES,
        "race_ethnicity": {layout.ALL_RACES: "all"},
        "age_group": layout.AGES | {part: part for part in preamble.conditions if re.fullmatch(_AGE, part)},
        "population_group": layout.TRANSMISSION,
    }
    found: dict[str, str] = {}
    for group, labels in known.items():
        column = COLUMNS_OF.get(group, "Geography")
        values = sorted({labels[part] for part in preamble.conditions if part in labels})
        if column in frame:
            continue
        if len(values) != 1:
            raise SourceRefused(
                f"{name}: expected the column {column!r}, or a title that names one value for it such as "
                f"{next(iter(labels), 'United States')!r}, found {values or 'neither'}. Export the table again with "
                "its first lines."
            )
        found[group] = values[0]
    labels_known = {part for labels in known.values() for part in labels} | set(layout.INDICATORS) | written
    strange = [part for part in preamble.conditions if part not in labels_known and not re.match(r"\d{4}\b", part)]
    if strange:
        raise SourceRefused(
            f"{name}: expected a title of known conditions, found {strange[:3]}, which no column shows: its rows may "
            "cover only some people. Query without it, or add it to the source's layout."
        )
    return found


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the exports of one day into observations.

    Grain: each line gives two records, its cases and its rate (one where the export has no rates). Groups without a
    column are those that the title names. Caveats: diagnoses depend on testing; preliminary years are provisional.
    """
    parts = [(*_read(path), path) for path in snapshot.files]
    records, faults, raw = [], [], []
    for table, preamble, said, _ in parts:
        raw.append(_deaths_hidden(table.frame))
        rows = _rows(table.frame, preamble, said)
        columns = [column for column in (layout.CASES, layout.RATE) if column in table.frame]
        records += [_values(rows, column, preamble) for column in columns]
    judged = pd.concat(records, ignore_index=True)
    faults = _faults(judged)
    kept, conflicting, dropped = without_duplicates(judged[faults["code"] == ""], KEY, "_column")
    ragged = [table.quarantine for table, *_ in parts]
    return Tidy(
        observations=tidy_observations(kept),
        raw={CARD.id: layout.Raw.validate(pd.concat(raw, ignore_index=True).fillna(""))},
        quarantine=pd.concat([*ragged, set_aside(judged, faults), conflicting], ignore_index=True),
        dropped=dropped,
        records_in=len(judged) + sum(map(len, ragged)),
        release_notes=_notes(snapshot, parts),
    )


def _rows(frame: pd.DataFrame, preamble: Preamble, said: dict[str, str]) -> pd.DataFrame:
    """Find what holds for both values of a line: place, year, groups."""
    year = pd.to_numeric(frame["Year"].str.extract(r"^\s*(\d{4})(?:\s*\(.*\))?\s*$")[0], errors="coerce")
    groups: dict[str, object] = {group: value for group, value in said.items() if group != "area_id"}
    for group, column in COLUMNS_OF.items():
        if column in frame:
            groups[group] = _labels(group, frame[column].str.strip())
    pandemic = frame["Year"].str.contains("COVID", regex=False)
    area, mismatch = _areas(frame) if "Geography" in frame else (said["area_id"], False)
    return frame.assign(
        **groups,
        area_id=area,
        drug="all",
        area_mismatch=mismatch,
        period_start=pd.to_datetime(pd.DataFrame({"year": year, "month": 1, "day": 1}), errors="coerce"),
        period_end=pd.to_datetime(pd.DataFrame({"year": year, "month": 12, "day": 31}), errors="coerce"),
        is_provisional=year.isin(list(preamble.preliminary)),
        note=pandemic.map({True: "first year of the COVID-19 pandemic: fewer tests", False: ""}),
    )


def _labels(group: str, cells: pd.Series) -> pd.Series:
    """Give our names of a column's groups; null where the label is not known."""
    if group == "sex":
        return cells.map(layout.SEXES)
    if group == "population_group":
        return cells.map(layout.TRANSMISSION)
    if group == "race_ethnicity":
        return cells.mask(cells == "").replace(layout.ALL_RACES, "all")
    return cells.map(layout.AGES).fillna(cells.where(cells.str.fullmatch(_AGE)))


def _areas(frame: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Give areas by FIPS code where there is one, by name otherwise, and say where a state's name contradicts it."""
    name = frame["Geography"].str.replace(r"[\^*~†‡\s]+$", "", regex=True).str.strip()
    by_name = resolve(name.replace(dict.fromkeys(layout.NATION, "United States")), scheme="us")
    if "FIPS" not in frame:
        return by_name, pd.Series(False, index=frame.index)
    code = frame["FIPS"].str.strip()
    # Spreadsheets lose the leading zero of Alabama to Connecticut and of their counties.
    by_code = resolve(code.where(code.str.len() <= 2, code.str.zfill(5)).str.zfill(2), scheme="fips")
    mismatch = by_name.notna() & by_code.notna() & by_name.ne(by_code)
    return by_code.fillna(by_name), mismatch


def _values(rows: pd.DataFrame, column: str, preamble: Preamble) -> pd.DataFrame:
    """Read one value of each line, and give its status."""
    place = 0 if column == layout.CASES else 1
    text = rows[column].str.strip()
    value, unreadable = parse_number(text.mask(text.isin(list(layout.STATUSES)), ""))
    cases, _ = parse_number(rows[layout.CASES])
    small = cases.lt(preamble.caution_under)
    note = rows["note"].mask(
        small & value.notna(), rows["note"] + f"; fewer than {preamble.caution_under}: interpret with caution"
    )
    deaths = rows["Indicator"].str.strip().eq("HIV deaths") & cases.between(1, 9)
    ids = {name: measures[place] for name, measures in layout.INDICATORS.items()}
    return rows.assign(
        _column=column,
        value_text=text.mask(deaths, "1-9"),
        measure_id=rows["Indicator"].str.strip().map(ids),
        value=value.mask(deaths),
        unreadable=unreadable | (text == ""),
        whole=value.isna() | (value % 1 == 0) | (column == layout.RATE),
        status=text.map(layout.STATUSES).fillna("reported").mask(deaths, "suppressed"),
        note=note.mask(deaths, SMALL_COUNT).str.removeprefix("; "),
    )


def _deaths_hidden(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the lines as published, but for deaths of 1 to 9 people and their rates, which stand there as ``1-9``."""
    few = frame["Indicator"].str.strip().eq("HIV deaths") & frame[layout.CASES].str.fullmatch(r"\s*[1-9]\s*")
    hidden = {column: frame[column].mask(few, "1-9") for column in (layout.CASES, layout.RATE) if column in frame}
    return frame.assign(**hidden)


def _faults(records: pd.DataFrame) -> pd.DataFrame:
    mismatch = records["area_mismatch"].astype(bool)
    checks = [
        ("unknown_indicator", "Indicator", records["measure_id"].isna(), "expected an indicator known to the layout"),
        ("unknown_period", "Year", records["period_end"].isna(), "expected a calendar year, found something else"),
        ("area_mismatch", "", mismatch, "expected the FIPS code of the area's name, found another area's"),
        ("unknown_area", "", records["area_id"].isna(), "expected a state, county or United States, found another"),
        *[
            ("unknown_group", column, records[group].isna(), f"expected a known label under {column}, found another")
            for group, column in COLUMNS_OF.items()
            if column in records
        ],
        ("not_a_number", "", records["unreadable"] | records["value"].lt(0), "expected a number or a known word"),
        ("not_a_count", "", ~records["whole"], "expected a whole number of people"),
    ]
    return first_faults(checks)


def _notes(snapshot: Snapshot, parts: list[tuple[Table, Preamble, dict[str, str], Path]]) -> dict[str, str]:
    notes = {"release_rule": snapshot.notes.get("release_date", "")}
    for table, preamble, said, path in parts:
        added = require_columns(table.frame, layout.REQUIRED, path.name, layout.OPTIONAL)
        notes |= {
            f"{path.name}: query": " | ".join(preamble.conditions),
            f"{path.name}: footnotes": preamble.text.partition("Footnote(s):")[2].strip(),
            f"{path.name}: from the title": ", ".join(f"{group} {value}" for group, value in said.items()),
            f"{path.name}: added_columns": ", ".join(added),
        }
    return {name: text for name, text in notes.items() if text}
