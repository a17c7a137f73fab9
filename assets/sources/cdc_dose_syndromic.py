"""CDC DOSE syndromic surveillance: suspected nonfatal overdoses among emergency department visits, by month."""

from pathlib import Path
from typing import NoReturn

import pandas as pd

from assets.reading import Table, parse_number
from assets.sheets import read_sheets
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, tidy_observations
from assets.tidying import first_faults, release_in_name, set_aside, without_duplicates
from assets.transport import Transport, Validators
from schemas.areas import resolve
from schemas.observations import KEY
from schemas.source_card import SourceCard
from schemas.sources import cdc_dose_syndromic as layout

CARD = SourceCard(
    id="cdc_dose_syndromic",
    title="DOSE Dashboard: Nonfatal Overdose Syndromic Surveillance Data",
    publisher="Centers for Disease Control and Prevention",
    licence="US Government work",
    licence_url="https://www.usa.gov/government-works",
    homepage=(
        "https://www.cdc.gov/overdose-prevention/data-research/facts-stats/"
        "dose-dashboard-nonfatal-surveillance-data.html"
    ),
    download_url="",
    cadence="monthly",
    basis="emergency department visited; suspected from records as they come in, before diagnoses are final",
    citation=(
        "Centers for Disease Control and Prevention. DOSE Dashboard: Nonfatal Overdose Syndromic Surveillance Data "
        "(Drug Overdose Surveillance and Epidemiology system)."
    ),
    coverage="US states and DC that share data, and all of them together; months and twelve months, from January 2019",
    caveats=(
        "Per 10,000 emergency department visits for any reason, not per population: fewer other visits raise it.",
        "All jurisdictions together are those that take part in the month, 40 to 47 in the release of August 2025: "
        "not the country, and not a fixed panel.",
        "Windows of twelve months overlap: never added, and compared only with the same month of another year.",
        "March to August 2020 are left out for all, and with them every window of twelve months that holds one.",
        "* is suppression or too few months, § a state that does not share data, ¶ one that does not take part; none "
        "is zero, and zeros are true zeros.",
        "Drugs overlap; suspected from text and codes of the first record, which states fill in differently.",
        "No counts are given, so nothing can be added up over jurisdictions.",
    ),
    drop_in_help=(
        "Download the data set offered on the DOSE syndromic dashboard, put the date on which CDC updated it into the "
        "file name (dose-syndromic-YYYY-MM-DD.xlsx), or into the names of its sheets Jurisdiction and Overall saved as "
        "csv, and drop it in data/drop/cdc_dose_syndromic/."
    ),
    automated=False,
)

REPEATED = "number of jurisdictions, repeated on the lines of the window's other groups"
_AGES = r"^(?P<low>\d{1,3}) ?(?:to|-|–) ?(?P<high>\d{1,3})$"


def fetch(transport: Transport, known: Validators | None, into: Path) -> NoReturn:  # noqa: ARG001
    """Refuse: the dashboard offers a file whose address changes.

    Raises:
        SourceRefused: Always; it says where a person finds the file.
    """
    raise SourceRefused(
        f"{CARD.id}: expected an address for scripts, found none: the dashboard links a file whose name changes. "
        f"See {CARD.homepage}. {CARD.drop_in_help}"
    )


def recognise(path: Path) -> Recognised:
    """Tell the release from the date in the file's name; the sheets of one date are one release.

    Raises:
        SourceRefused: Neither sheet in the file, a cut-off file, or no release date in the name.
    """
    ends = pd.concat([_periods(table.frame)["period_end"] for table in _read(path).values()]).dropna()
    last = ends.max().date() if len(ends) else None
    return Recognised(release_in_name(path, CARD.id, last), (path,), {"release_date": "date in the file name"})


def _read(path: Path) -> dict[str, Table]:
    """Read the sheets by name, with the ages' column under its name in the data."""
    found = read_sheets(path, layout.TABLES, CARD.drop_in_help)
    overall = found.get("overall")
    if overall is not None:
        ages = [column for column in layout.AGE_COLUMNS if column in overall.frame]
        if not ages:
            raise SourceRefused(
                f"{path.name}: expected one of the columns {list(layout.AGE_COLUMNS)} in the sheet of all "
                f"jurisdictions, found {list(overall.frame.columns)[:9]}. {CARD.drop_in_help}"
            )
        frame = overall.frame.rename(columns={ages[0]: "age_range"})
        found["overall"] = Table(frame, overall.quarantine, overall.encoding)
    return found


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the two sheets, together or alone, into observations.

    Grain: each cell of a drug is one record, and so is each number of jurisdictions, kept once for a window. Steps:
    read as text; ``US`` becomes the area of those that take part; markers become statuses, and ``*`` in a window that
    holds excluded months is not collected rather than suppressed. Caveats: windows of twelve months overlap.
    """
    parts = [(name, table) for path in snapshot.files for name, table in _read(path).items()]
    cells = pd.concat([_cells(_lines(table.frame)) for _, table in parts], ignore_index=True)
    records = cells.assign(**_values(cells))
    faults = _faults(records)
    good = records[faults["code"] == ""]
    repeats = good["measure_id"].eq(layout.PANEL_MEASURE) & good.duplicated([*KEY, "value_text"])
    kept, conflicting, dropped = without_duplicates(good[~repeats], KEY, "_column")
    ragged = [table.quarantine for _, table in parts]
    return Tidy(
        observations=tidy_observations(kept),
        raw=_raw(parts),
        quarantine=pd.concat([*ragged, set_aside(records, faults), conflicting], ignore_index=True),
        dropped=dropped | ({REPEATED: int(repeats.sum())} if repeats.any() else {}),
        records_in=len(records) + sum(len(lines) for lines in ragged),
        release_notes=_release_notes(parts, kept, snapshot),
    )


def _raw(parts: list[tuple[str, Table]]) -> dict[str, pd.DataFrame]:
    found: dict[str, pd.DataFrame] = {}
    for table, name in layout.RAW_OF_TABLE.items():
        frames = [each.frame for kind, each in parts if kind == table]
        if frames:
            found[name] = layout.RAW_MODELS[name].validate(pd.concat(frames, ignore_index=True).fillna(""))
    return found


def _periods(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the window of each line; null where year, month or kind of window cannot be read."""
    months = frame["rate_time"].str.strip().str.lower().map(layout.MONTHS)
    year = frame["year"].str.strip().where(frame["year"].str.fullmatch(r"\s*20\d\d\s*"))
    end = pd.to_datetime(year + "-" + frame["month"].str.strip().str.zfill(2), format="%Y-%m", errors="coerce")
    last = (end + pd.offsets.MonthEnd(0)).where(months.notna())
    first = end.mask(months.eq(12), end - pd.DateOffset(months=11)).where(months.notna())
    return pd.DataFrame({"period_start": first, "period_end": last})


def _lines(frame: pd.DataFrame) -> pd.DataFrame:
    """Find what holds for a whole line: area, window, sex, age group, number of jurisdictions."""
    place = frame["geoid" if "geoid" in frame else "jurisdiction"].str.strip()
    together = place.eq("US")
    sex = frame.get("sex", pd.Series("total", index=frame.index)).str.strip().str.lower()
    age = frame.get("age_range", pd.Series("total", index=frame.index)).str.strip().str.lower()
    count = frame.get(layout.PANEL_COLUMN, pd.Series("", index=frame.index)).str.strip()
    return (
        frame.assign(
            place=place,
            window=frame["rate_time"] + " " + frame["year"] + "-" + frame["month"],
            group=sex + ", " + age,
            panel=count,
            area_id=resolve(place, scheme="us").astype(object).mask(together, layout.PANEL_AREA),
            sex=sex.map(layout.SEXES),
            age_group=_age_groups(age),
        )
        .join(_periods(frame))
        .assign(race_ethnicity="all", population_group="all")
    )


def _age_groups(age: pd.Series) -> pd.Series:
    """Read ``0 to 14``, ``15-24``, ``<15``, ``65+``, Total and Missing."""
    read = age.str.extract(_AGES)
    under = pd.to_numeric(age.str.extract(r"^< ?(\d+)$", expand=False)) - 1
    group = (read["low"] + "-" + read["high"]).where(under.isna(), "0-" + under.astype("Int64").astype("str"))
    named = {"total": "all", "missing": "unknown"}
    return group.mask(age.str.fullmatch(r"\d+\+"), age).mask(age.isin(list(named)), age.map(named))


def _cells(lines: pd.DataFrame) -> pd.DataFrame:
    """Unpivot: one record for each drug of a line, and one for its number of jurisdictions where it has one."""
    same = ["_file", "_row", "place", "window", "group", "panel", *(name for name in KEY if name in lines)]
    drugs = lines.melt(same, list(layout.DRUGS), "_column", "value_text")
    drugs = drugs.assign(measure_id=layout.MEASURE, drug=drugs["_column"].map(layout.DRUGS))
    if layout.PANEL_COLUMN not in lines:
        return drugs
    panel = lines[same].assign(_column=layout.PANEL_COLUMN, value_text=lines[layout.PANEL_COLUMN])
    everybody = {"measure_id": layout.PANEL_MEASURE, "drug": "all", "sex": "all", "age_group": "all"}
    return pd.concat([drugs, panel.assign(**everybody)], ignore_index=True)


def _values(cells: pd.DataFrame) -> dict[str, pd.Series | bool]:
    """Give value, status and remark of each cell; a marker is never a number."""
    text = cells["value_text"].str.strip()
    marked = text.isin(list(layout.STATUSES))
    value, unreadable = parse_number(text.mask(marked, ""))
    status = text.map({mark: status for mark, (status, _) in layout.STATUSES.items()}).fillna("reported")
    reason = text.map({mark: reason for mark, (_, reason) in layout.STATUSES.items()}).fillna("")
    first, last = (pd.Timestamp(day) for day in layout.EXCLUDED)
    excluded = text.eq("*") & (cells["period_start"] <= last) & (cells["period_end"] >= first)
    panel = (cells["panel"] + " jurisdictions").where(cells["panel"].ne("") & ~cells["_column"].eq(layout.PANEL_COLUMN))
    note = reason.mask(excluded, layout.EXCLUDED_NOTE)
    joint = pd.Series("; ", index=cells.index, dtype="str").where(panel.notna() & note.ne(""), "")
    return {
        "value": value,
        "unreadable": unreadable | (text == ""),
        "status": status.mask(excluded, "not_collected"),
        "note": panel.fillna("") + joint + note,
        "is_provisional": False,
    }


def _faults(records: pd.DataFrame) -> pd.DataFrame:
    share = records["measure_id"].eq(layout.MEASURE)
    count = records["measure_id"].eq(layout.PANEL_MEASURE)
    groups = records[["sex", "age_group"]].isna().any(axis=1)
    beyond = (share & records["value"].gt(10_000)) | (count & (records["value"].gt(60) | records["value"].mod(1).gt(0)))
    return first_faults(
        [
            ("unknown_area", "place", records["area_id"].isna(), "expected a state's two letters, DC or US"),
            (
                "unknown_period",
                "window",
                records["period_end"].isna(),
                "expected Monthly or Annual, a year and a month",
            ),
            ("unknown_group", "group", groups, "expected M, F, Total or Missing, and an age group in years"),
            ("not_a_number", "", records["unreadable"], "expected a number or one of the marks *, § and ¶"),
            ("out_of_range", "", records["value"].lt(0) | beyond, "expected 0 to 10,000 visits, or 0 to 60 places"),
        ]
    )


def _release_notes(parts: list[tuple[str, Table]], kept: pd.DataFrame, snapshot: Snapshot) -> dict[str, str]:
    """Report how many jurisdictions take part, places with fewer lines than the others, and added columns."""
    counts = kept.loc[kept["measure_id"].eq(layout.PANEL_MEASURE), "value"]
    known = {*layout.TABLES["overall"], *layout.TABLES["jurisdiction"], "age_range"}
    added = {column for _, table in parts for column in table.frame.columns if not column.startswith("_")} - known
    places = pd.concat(
        [table.frame["jurisdiction"] for name, table in parts if name == "jurisdiction"] or [pd.Series([])]
    )
    lines = places.value_counts()
    notes = {
        "release_rule": snapshot.notes.get("release_date", ""),
        "jurisdictions_taking_part": f"{counts.min():.0f} to {counts.max():.0f}" if len(counts) else "",
        "jurisdictions_with_fewer_lines": ", ".join(sorted(lines.index[lines < lines.max()].astype("str"))),
        "absent_sheets": ", ".join(sorted(set(layout.TABLES) - {name for name, _ in parts})),
        "added_columns": ", ".join(sorted(added)),
    }
    return {name: text for name, text in notes.items() if text}
