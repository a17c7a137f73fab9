"""UNODC World Drug Report, annex 4.1: people who inject drugs, and HIV and hepatitis C among them."""

import datetime
import re
from email.utils import parsedate_to_datetime
from pathlib import Path

import numpy as np
import pandas as pd

from assets.reading import parse_number, sheets_of
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, tidy_observations
from assets.tidying import first_faults, release_in_name, set_aside, without_duplicates
from assets.transport import Transport, TransportError, Validators
from schemas.areas import is_known_aggregate, resolve
from schemas.source_card import SourceCard
from schemas.sources import unodc_annex as layout

FOLDER = "https://www.unodc.org/documents/data-and-analysis"
NAME = "4.1_people_who_inject_drugs_and_prevalence_of_diseases.xlsx"

CARD = SourceCard(
    id="unodc_annex",
    title="World Drug Report, annex 4.1: people who inject drugs and prevalence of diseases",
    publisher="United Nations Office on Drugs and Crime (UNODC)",
    licence="not stated in the file; United Nations terms of use, source to be cited",
    licence_url="https://www.un.org/en/about-us/terms-of-use",
    homepage="https://www.unodc.org/unodc/en/data-and-analysis/world-drug-report.html",
    download_url=f"{FOLDER}/",
    cadence="yearly, in June",
    basis="studies and reports of countries as gathered by UNODC; each with its own method",
    citation="UNODC. World Drug Report, annex 4.1. Vienna: United Nations Office on Drugs and Crime.",
    coverage="Countries; the newest value of each, so that years differ; whole countries only",
    caveats=(
        "Many values are from samples of some cities: only lines with national geographic coverage are read.",
        "Definitions of injecting, ages and methods differ between studies; compare countries with care.",
        "The sheet on hepatitis C does not say in its name whether antibodies or the virus were tested.",
        "A study over several years is kept for all of them together.",
        "File names change with every edition; where the known name leads nowhere, the file is dropped in by hand.",
        "The original file was not seen: its columns are as another reader of the edition of 2026 describes them.",
    ),
    drop_in_help=(
        "Download table 4.1 from the annex page of the World Drug Report, put the release date or the report's year "
        "into its name (4.1_people_who_inject_drugs-2026-06-26.xlsx) and drop it in data/drop/unodc_annex/."
    ),
    automated=True,
)

_KEY = ["measure_id", "area_id", "period_start", "period_end", "sex"]
_YEARS = re.compile(r"^((?:19|20)\d\d)(?:\s*[-–/]\s*((?:19|20)?\d\d))?$")
_YEAR_IN_NAME = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
PART_OF_COUNTRY = "sample of a part of the country, or place not stated: only in the raw table"
EMPTY_CELL = "line without a value in this column"
NOT_A_COUNTRY = "line without a country: headings and remarks"


def fetch(transport: Transport, known: Validators | None, into: Path) -> Recognised | None:
    """Download the newest edition whose address is known: of this year's report, or of the two before.

    Raises:
        SourceRefused: No edition is at a known address, or what is there is not the table.
        TransportError: The server cannot be reached.
    """
    this_year = datetime.date.today().year
    absent = []
    for year in range(this_year, this_year - 3, -1):
        url = f"{FOLDER}/WDR_{year}/Annex/{NAME}"
        try:
            download = transport.download(url, into, f"{year}_{NAME}", known)
        except TransportError as fault:
            if not any(sign in str(fault) for sign in ("HTTP 404", "a web page", "'text/html'")):
                raise
            absent.append(str(fault))
            continue
        if download is None:
            return None
        _read(download.path)
        release, notes = _released(download.validators.last_modified, year)
        return Recognised(release, (download.path,), notes, download.validators, url)
    raise SourceRefused(
        f"Expected {NAME} of the reports of {this_year - 2} to {this_year}, found none ({absent[0]}). "
        f"{CARD.drop_in_help}"
    )


def _released(last_modified: str, year: int) -> tuple[str, dict[str, str]]:
    try:
        day = parsedate_to_datetime(last_modified).date()
    except (TypeError, ValueError):
        return f"{year}-01-01", {"release_date": "year of the report only"}
    return day.isoformat(), {"release_date": "day the server last changed the file"}


def recognise(path: Path) -> Recognised:
    """Tell the release from the date, or else the report's year, in the name of the workbook.

    Raises:
        SourceRefused: Another workbook, columns elsewhere, or neither date nor year in the name.
    """
    _read(path)
    if re.search(r"\d{4}-\d\d-\d\d", path.name):
        return Recognised(release_in_name(path, CARD.id), (path,), {"release_date": "date in the file name"})
    year = _YEAR_IN_NAME.search(path.name)
    if year is None:
        raise SourceRefused(
            f"{path.name}: expected the release date or the report's year in the file name, found neither. Rename it, "
            f"for example to 4.1_people_who_inject_drugs-2026-06-26.xlsx, and drop it again in data/drop/{CARD.id}/."
        )
    return Recognised(f"{year[1]}-01-01", (path,), {"release_date": "year of the report only"})


def _read(path: Path) -> tuple[pd.DataFrame, dict[str, int]]:
    """Read the three sheets under one another, and count the lines of the sheets left out."""
    sheets = sheets_of(path)
    missing = [name for name in layout.COLUMNS if name not in sheets]
    if missing:
        raise SourceRefused(
            f"{path.name}: expected the sheets {list(layout.COLUMNS)} of annex 4.1, found {list(sheets)[:8]}. "
            f"{CARD.drop_in_help}"
        )
    frames = [_sheet(path, name, sheets[name]) for name in layout.COLUMNS]
    others = {name: lines for name, lines in sheets.items() if name not in layout.COLUMNS}
    left_out = {
        f"sheet {name}: {layout.LEFT_OUT.get(name, 'not known')}": sum(
            any(cells) for number, cells in lines if number >= layout.FIRST_LINE
        )
        for name, lines in others.items()
    }
    return pd.concat(frames, ignore_index=True), {reason: number for reason, number in left_out.items() if number}


def _sheet(path: Path, name: str, lines: list[tuple[int, list[str]]]) -> pd.DataFrame:
    places = layout.COLUMNS[name]
    body = [(number, cells) for number, cells in lines if number >= layout.FIRST_LINE and any(map(str.strip, cells))]
    cells = pd.DataFrame([row for _, row in body], dtype="str").reindex(columns=range(max(places) + 1), fill_value="")
    frame = cells[list(places)].rename(columns=places).apply(lambda column: column.str.strip())
    frame = frame.assign(sheet=name, _file=path.name, _row=pd.Series([number for number, _ in body], dtype="int64"))
    frame = frame.reindex(columns=["sheet", *layout.CELLS, "_file", "_row"], fill_value="")
    studied = frame[frame["country"] != ""]
    dated = studied["year"].str.match(_YEARS)
    if studied.empty or dated.mean() < 0.5:
        raise SourceRefused(
            f"{path.name}: expected countries in column 3 and years in column "
            f"{list(places.values()).index('year') + 2} of sheet {name!r} from line {layout.FIRST_LINE}, found "
            f"{studied['year'].head(3).tolist()}. The edition may have moved its columns: correct the source's layout."
        )
    return frame


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn national lines into observations.

    Grain: a record is one best estimate of a line, its limits beside it. Steps: sheets that are modelled or that do not
    say where, lines of a part of a country and empty cells are dropped by count; a range of years is one period.
    """
    read = [_read(path) for path in snapshot.files]
    frame = pd.concat([table for table, _ in read], ignore_index=True)
    dropped: dict[str, int] = {}
    for _, left_out in read:
        for reason, number in left_out.items():
            dropped[reason] = dropped.get(reason, 0) + number
    records = _records(frame)
    records_in = len(records) + sum(dropped.values())
    for mask, reason in (
        (_heading(records), NOT_A_COUNTRY),
        (records[["value_text", "low", "high"]].isin(layout.MISSING).all(axis=1), EMPTY_CELL),
        (~records["coverage"].str.lower().str.match(layout.NATIONAL), PART_OF_COUNTRY),
        (is_known_aggregate(records["country"]), "group of countries"),
    ):
        gone = mask.reindex(records.index)
        dropped[reason] = int(gone.sum())
        records = records[~gone]
    faults = _faults(records, int(snapshot.release[:4]))
    kept, conflicting, repeated = without_duplicates(records[faults["code"] == ""], _KEY, "_column")
    return Tidy(
        observations=tidy_observations(kept),
        raw={CARD.id: layout.Raw.validate(frame)},
        quarantine=pd.concat([set_aside(records, faults), conflicting], ignore_index=True),
        dropped={reason: number for reason, number in dropped.items() if number} | repeated,
        records_in=records_in,
        release_notes={"release_rule": snapshot.notes.get("release_date", "")},
    )


def _heading(records: pd.DataFrame) -> pd.Series:
    return (records["country"] == "") & records["value_text"].isin(layout.MISSING)


def _records(frame: pd.DataFrame) -> pd.DataFrame:
    """Give one record for each best estimate: of the share, and of the number where the sheet has one."""
    parts = []
    for (sheet, unit), measure in layout.MEASURES.items():
        lines = frame[frame["sheet"] == sheet]
        cells = {"value_text": f"best_{unit}", "low": f"low_{unit}", "high": f"high_{unit}"}
        parts.append(
            lines.assign(measure_id=measure, _column=f"best_{unit}", **{to: lines[of] for to, of in cells.items()})
        )
    records = pd.concat(parts, ignore_index=True)
    numbers = {
        name: records[name].where(~records[name].isin(layout.MISSING), "") for name in ("value_text", "low", "high")
    }
    (value, bad), (lower, bad_low), (upper, bad_high) = (parse_number(text) for text in numbers.values())
    years = records["year"].str.extract(_YEARS)
    last = years[1].where(years[1].isna() | (years[1].str.len() == 4), years[0].str[:2] + years[1]).fillna(years[0])
    said = records[["age", "definition", "method", "reference"]].apply(lambda column: column.str.slice(0, 80))
    note = (said["age"] + "; " + said["definition"] + "; " + said["method"] + "; " + said["reference"]).str.replace(
        r"(?:; )+", "; ", regex=True
    )
    return records.assign(
        area_id=resolve(records["country"]),
        period_start=pd.to_datetime(years[0] + "-01-01", errors="coerce"),
        period_end=pd.to_datetime(last + "-12-31", errors="coerce"),
        group_sex=records["sex"],
        sex=records["sex"].str.lower().map(layout.SEXES),
        value=value,
        lower=lower,
        upper=upper,
        unreadable=bad | bad_low | bad_high | value.isna(),
        status=np.where(value.isna(), "not_collected", "reported"),
        is_provisional=False,
        note=note.str.strip("; "),
    )


def _faults(records: pd.DataFrame, release_year: int) -> pd.DataFrame:
    share = records["_column"].eq("best_pct")
    outside = (records["value"] < 0) | (share & (records[["value", "upper"]].max(axis=1) > 100))
    beside = (records["lower"] > records["value"]) | (records["upper"] < records["value"])
    ends = records["period_end"].dt.year
    return first_faults(
        [
            ("unknown_area", "country", records["area_id"].isna(), "expected a country or territory"),
            (
                "bad_period",
                "year",
                ends.isna() | (records["period_end"] < records["period_start"]),
                "expected a year or a range of years",
            ),
            ("future_period", "year", ends > release_year, "expected a year up to the release's"),
            ("unknown_subgroup", "group_sex", records["sex"].isna(), "expected men, women or both"),
            ("not_a_number", "", records["unreadable"], "expected numbers in best, low and high estimate"),
            ("out_of_range", "", outside, "expected 0 to 100 for percent and no negative number"),
            ("limit_excludes_estimate", "", beside, "expected the best estimate between low and high"),
        ]
    )
