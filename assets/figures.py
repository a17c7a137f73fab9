"""Figures: real published values kept with the code, in our own selection and layout, each with its citation.

They are rows of the sources they were read from: when a source's full file is dropped in or fetched, its rows take
their place one by one. A figure that cannot be read is a fault of ours, so one bad row refuses all of them.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pandera.errors
import pandera.pandas as pa

from assets.reading import parse_number, read_text
from assets.source import SourceRefused
from schemas.areas import areas
from schemas.figures import CITATION_COLUMNS, COLUMNS, FigureCitation
from schemas.observations import COLUMNS as OBSERVATION_COLUMNS
from schemas.observations import KEY, Observation, as_observations

ORIGIN = "figures"
MOST_SHOWN = 10

_ROW_COLUMNS = ["_file", "_row"]
_CITATION_KEY = ["file", "source_id", "release", *[name for name in CITATION_COLUMNS if name != "verification"]]
_FAULT_COLUMNS = ["file", "line", "column", "value", "expectation"]


class FigureError(Exception):
    """Figures that must not be loaded; the message lists file, line, column, value and what was expected."""


@dataclass(frozen=True)
class Figures:
    """All figures of a folder."""

    observations: pd.DataFrame
    """Columns and types of ``schemas.observations.COLUMNS``; ``snapshot_id`` is ``figures/<source_id>/<release>``."""

    raw: pd.DataFrame
    """The rows as they stand in the files, verified or not: every column text, plus ``_file`` and ``_row``."""

    citations: pd.DataFrame
    """One row for each file and citation: file, source_id, release, the citation's columns, rows."""

    sha256: dict[str, str]
    """Digest of each file, by its name."""

    origin: str = ORIGIN


def load(directory: Path, include_unverified: bool = False) -> Figures:
    """Read and check every figure in a folder.

    Args:
        directory: Folder with one CSV for each publication, in the columns of ``schemas.figures.COLUMNS``.
        include_unverified: Whether figures that were not seen in their publisher's own file are observations too.

    Raises:
        FigureError: No file, a file that is not in the layout, or any row with a fault; all faults are found at once.
    """
    files = sorted(directory.glob("*.csv"))
    if not files:
        raise FigureError(f"{directory}: expected CSV files of figures, found none. Restore the folder.")
    raw = pd.concat([_read(path) for path in files], ignore_index=True)
    parsed, faults = _parse(raw)
    faults = [*faults, _unknown_areas(raw)]
    if not any(len(found) for found in faults):
        faults = [_against(FigureCitation, raw[CITATION_COLUMNS], raw), _against(Observation, parsed, raw)]
    _refuse(pd.concat(faults, ignore_index=True))
    shown = pd.Series(True, index=raw.index) if include_unverified else raw["verification"] == "verified"
    return Figures(
        observations=parsed[shown].reset_index(drop=True),
        raw=raw,
        citations=_citations(raw[shown]),
        sha256={path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files},
    )


def _read(path: Path) -> pd.DataFrame:
    try:
        table = read_text(path)
    except SourceRefused as fault:
        raise FigureError(str(fault)) from fault
    if len(table.quarantine):
        line = table.quarantine.iloc[0]
        raise FigureError(
            f"{path.name}: line {line['row']}: {line['reason']}: {line['value']}. "
            "Quote every cell that has a comma in it."
        )
    found = [name for name in table.frame.columns if name not in _ROW_COLUMNS]
    if found != COLUMNS:
        missing = [name for name in COLUMNS if name not in found]
        extra = [name for name in found if name not in COLUMNS]
        raise FigureError(
            f"{path.name}: expected the columns {', '.join(COLUMNS)}, in this order; missing {missing}, "
            f"not known {extra}. Bring the header in line with schemas/figures.py."
        )
    return table.frame


def _parse(raw: pd.DataFrame) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Turn text into the observations' types, strictly; give the cells that are not what they should be as well."""
    faults, typed = [], {}
    for name in ("period_start", "period_end"):
        written = raw[name].str.fullmatch(r"\d{4}-\d{2}-\d{2}")
        days = pd.to_datetime(raw[name].where(written), format="%Y-%m-%d", errors="coerce")
        typed[name] = days.astype("datetime64[us]")
        faults.append(_faults(raw, name, typed[name].isna(), "a date such as 2021-12-31"))
    for name in ("value", "lower", "upper"):
        typed[name], bad = parse_number(raw[name])
        bad |= raw[name].str.contains(",")
        faults.append(_faults(raw, name, bad, "a plain number without commas, or nothing"))
    faults.append(_faults(raw, "is_provisional", ~raw["is_provisional"].isin(["true", "false"]), "true or false"))
    typed["is_provisional"] = raw["is_provisional"] == "true"
    snapshot_id = "figures/" + raw["source_id"] + "/" + raw["release"]
    unpadded = raw[COLUMNS].apply(lambda cells: cells != cells.str.strip())
    faults += [_faults(raw, name, unpadded[name], "no blanks around the text") for name in COLUMNS]
    return as_observations(raw.assign(**typed, snapshot_id=snapshot_id), OBSERVATION_COLUMNS), faults


def _unknown_areas(raw: pd.DataFrame) -> pd.DataFrame:
    return _faults(raw, "area_id", ~raw["area_id"].isin(areas()["area_id"]), "an area_id of data/reference/areas.csv")


def _faults(raw: pd.DataFrame, column: str, bad: pd.Series, expectation: str) -> pd.DataFrame:
    rows = raw[bad]
    place = {"file": rows["_file"], "line": rows["_row"], "column": column}
    return pd.DataFrame({**place, "value": rows[column], "expectation": expectation})


def _against(model: type[pa.DataFrameModel], frame: pd.DataFrame, raw: pd.DataFrame) -> pd.DataFrame:
    """Check a frame against its model and name each fault by the line it stands in."""
    try:
        model.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as failed:
        cases = failed.failure_cases
    else:
        return pd.DataFrame(columns=_FAULT_COLUMNS)
    cases = cases.assign(index=pd.to_numeric(cases["index"])).drop_duplicates(["index", "check"])
    rows = raw.reindex(cases["index"])
    cases = cases.set_axis(rows.index)
    whole = cases["schema_context"] == "DataFrameSchema"
    checks = cases["check"].astype("str")
    one_row = f"one row for each source_id, release, {', '.join(KEY)}"
    return pd.DataFrame(
        {
            "file": rows["_file"],
            "line": rows["_row"],
            "column": cases["column"].astype("str").where(~whole, "the row"),
            "value": cases["failure_case"].astype("str").where(~whole, _in_short(rows)),
            "expectation": checks.mask(checks.str.contains("unique"), one_row).str.slice(0, 200),
        }
    )


def _in_short(rows: pd.DataFrame) -> pd.Series:
    shown = ["measure_id", "area_id", "period_start", "period_end", "value", "lower", "upper", "status"]
    return rows[shown].apply(lambda row: " ".join(f"{name}={cell}" for name, cell in row.items() if cell != ""), axis=1)


def _refuse(faults: pd.DataFrame) -> None:
    if faults.empty:
        return
    shown = faults.sort_values(["file", "line"]).head(MOST_SHOWN)
    lines = [
        f"  {file} line {line}, {column}: expected {expectation}, found {value!r}"
        for file, line, column, value, expectation in shown[_FAULT_COLUMNS].itertuples(index=False)
    ]
    more = f"\n  and {len(faults) - MOST_SHOWN} more" if len(faults) > MOST_SHOWN else ""
    listed = "\n".join(lines) + more
    raise FigureError(f"{len(faults)} faults in the figures:\n{listed}\nCorrect them against the cited publication.")


def _citations(raw: pd.DataFrame) -> pd.DataFrame:
    """One row for each file and citation, with the number of figures that it covers."""
    counted = raw.rename(columns={"_file": "file"}).groupby(_CITATION_KEY, sort=True, dropna=False)
    return counted.size().rename("rows").reset_index()
