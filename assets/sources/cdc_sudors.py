"""CDC SUDORS: overdose deaths of unintentional or undetermined intent, with their drugs, people and circumstances."""

from pathlib import Path
from typing import NoReturn

import pandas as pd

from assets.reading import Table, parse_number, require_columns
from assets.sheets import read_sheets
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, tidy_observations
from assets.tidying import first_faults, release_in_name, remarks, set_aside, without_duplicates
from assets.transport import Transport, Validators
from schemas.areas import resolve
from schemas.observations import KEY
from schemas.source_card import SourceCard
from schemas.sources import cdc_sudors as layout

CARD = SourceCard(
    id="cdc_sudors",
    title="SUDORS Dashboard: Fatal Drug Overdose Data",
    publisher="Centers for Disease Control and Prevention",
    licence="US Government work",
    licence_url="https://www.usa.gov/government-works",
    homepage=(
        "https://www.cdc.gov/overdose-prevention/data-research/facts-stats/sudors-dashboard-fatal-overdose-data.html"
    ),
    download_url="",
    cadence="about twice a year, not verified",
    basis="occurrence: deaths are counted in the jurisdiction where they happened",
    citation=(
        "Centers for Disease Control and Prevention. SUDORS Dashboard: Fatal Drug Overdose Data (State Unintentional "
        "Drug Overdose Reporting System)."
    ),
    coverage="32 US jurisdictions in 2020 and 32 in 2021, 34 different ones, and each year's together",
    caveats=(
        "Overall is the jurisdictions in the dashboard in the year: not the country, and not the same ones each year.",
        "Rates are standardised to the US 2010 population: never beside rates standardised to 2000, which the National "
        "Center for Health Statistics and CDC WONDER give.",
        "Unintentional and undetermined intent only, where the death occurred: counts differ from CDC WONDER's.",
        "9999 stands for a suppressed value: rates from fewer than 20 deaths. Counts of 1 to 9, which the workbook "
        "shows, are hidden here, and so are their shares.",
        "A month or group that is hidden could be told from the total and the others; the publisher shows it.",
        "Circumstances are those found in reports and so underestimates; their shares are of deaths with a report.",
        "Rates of 2021 rest on a new kind of population estimate and may not be comparable with 2020.",
    ),
    drop_in_help=(
        "Download the data file offered on the SUDORS dashboard, put the date on which CDC updated it into its name "
        "(SUDORS_Dashboard_Data-YYYY-MM-DD.xlsx), or into that of its sheet Data saved as csv, and drop it in "
        "data/drop/cdc_sudors/."
    ),
    automated=False,
)

SMALL_COUNT = "1-9: hidden as in all death counts here"
SMALL_SHARE = "share of 1 to 9 deaths: hidden as they are"
FEW = "suppressed by the publisher: rate from fewer than 20 deaths"


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
    """Tell the release from the date in the file's name, once its sheet with the data is found.

    Raises:
        SourceRefused: No such sheet, a cut-off file, or no release date in the name.
    """
    years = _years(_read(path).frame["year"])
    last = years["period_end"].max()
    release = release_in_name(path, CARD.id, None if pd.isna(last) else last.date())
    return Recognised(release, (path,), {"release_date": "date in the file name"})


def _read(path: Path) -> Table:
    table = read_sheets(path, layout.KNOWN_BY, CARD.drop_in_help)["data"]
    frame = table.frame.rename(columns=layout.ALIASES)
    require_columns(frame, layout.REQUIRED, path.name)
    return Table(frame, table.quarantine, table.encoding)


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the wide sheet into observations.

    Grain: each cell with a count, a rate or a share is one record. Steps: unpivot; the column's name says sex, age,
    race, drug, circumstance or month; ``Overall`` becomes the area of those in the dashboard; 9999 is suppressed;
    counts of 1 to 9 and their shares are hidden, in observations and in raw. Caveats: rates are standardised to 2010.
    """
    tables = [_read(path) for path in snapshot.files]
    frame = pd.concat([table.frame for table in tables], ignore_index=True).fillna("")
    cells = _cells(frame)
    records = cells.assign(**_values(cells))
    faults = _faults(records)
    kept, conflicting, dropped = without_duplicates(_withheld(records[faults["code"] == ""]), KEY, "_column")
    ragged = [table.quarantine for table in tables]
    return Tidy(
        observations=tidy_observations(kept),
        raw={CARD.id: layout.Raw.validate(_hidden(frame))},
        quarantine=pd.concat([*ragged, set_aside(records, faults), conflicting], ignore_index=True),
        dropped=dropped,
        records_in=len(cells) + sum(len(lines) for lines in ragged),
        release_notes=_release_notes(frame, snapshot),
    )


def _years(text: pd.Series) -> pd.DataFrame:
    year = text.str.strip().where(text.str.fullmatch(r"\s*20\d\d\s*"))
    return pd.DataFrame(
        {
            "period_start": pd.to_datetime(year + "-01-01", errors="coerce"),
            "period_end": pd.to_datetime(year + "-12-31", errors="coerce"),
        }
    )


def _cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Unpivot: one record for each value cell, with what its line and its column say of it."""
    place = frame["jurisdiction"].str.strip()
    lines = frame.assign(
        area_id=resolve(place, scheme="us").astype(object).mask(place.eq(layout.PANEL_LABEL), layout.PANEL_AREA),
        total=parse_number(frame["alldrug_deaths"])[0],
    ).join(_years(frame["year"]))
    same = ["_file", "_row", "jurisdiction", "year", "area_id", "total", "period_start", "period_end"]
    found = [column for column in layout.VALUES if column in frame]
    texts = [f"{name}_drugs" for name in layout.COMBINATIONS if f"{name}_drugs" in frame]
    cells = lines.melt([*same, *texts], found, "_column", "value_text")
    stem = cells["_column"].map({column: stem for column, (stem, _) in layout.VALUES.items()})
    cells = cells.assign(
        value_text=cells["value_text"].str.strip(),
        stem=stem,
        kind=cells["_column"].map({column: kind for column, (_, kind) in layout.VALUES.items()}),
        measure_id=cells["_column"].map({c: layout.measure_of(*parts) for c, parts in layout.VALUES.items()}),
        is_provisional=False,
        **{
            name: stem.map({key: groups.get(name, "all") for key, groups in layout.GROUPS.items()})
            for name in ("sex", "age_group", "race_ethnicity", "drug", "population_group")
        },
    )
    for name in layout.COMBINATIONS:
        words = cells.get(f"{name}_drugs", pd.Series("", index=cells.index)).str.strip()
        said = ("combination: " + words).where(words != "")
        cells["population_group"] = cells["population_group"].mask(stem.eq(name), said)
    return _in_months(cells)


def _in_months(cells: pd.DataFrame) -> pd.DataFrame:
    """Give the deaths of a month the days of that month."""
    month = cells["stem"].map(layout.MONTHS)
    parts = pd.DataFrame({"year": cells["period_start"].dt.year, "month": month, "day": 1})
    start = pd.to_datetime(parts, errors="coerce")
    return cells.assign(
        period_start=cells["period_start"].mask(month.notna(), start),
        period_end=cells["period_end"].mask(month.notna(), start + pd.offsets.MonthEnd(0)),
    )


def _values(cells: pd.DataFrame) -> dict[str, pd.Series]:
    value, unreadable = parse_number(cells["value_text"])
    withheld = value.eq(layout.SUPPRESSED)
    status = pd.Series("reported", index=cells.index).mask(withheld, "suppressed")
    return {
        "value": value.mask(withheld),
        "unreadable": unreadable | cells["value_text"].eq(""),
        "status": status,
        "note": remarks([(withheld, FEW)]),
    }


def _faults(records: pd.DataFrame) -> pd.DataFrame:
    count, percent = records["kind"].eq("deaths"), records["kind"].eq("percent")
    more = count & records["value"].gt(records["total"])
    return first_faults(
        [
            ("unknown_area", "jurisdiction", records["area_id"].isna(), "expected a state's name, DC's or Overall"),
            ("unknown_period", "year", records["period_end"].isna(), "expected a calendar year"),
            ("unknown_group", "", records["population_group"].isna(), "expected the combination's drugs in words"),
            ("not_a_number", "", records["unreadable"], "expected a number, or 9999 where suppressed"),
            ("out_of_range", "", records["value"].lt(0), "expected 0 or more"),
            ("over_100_pct", "", percent & records["value"].gt(100), "expected a percentage of at most 100"),
            ("not_whole", "", count & records["value"].mod(1).gt(0), "expected a whole number of deaths"),
            ("exceeds_total", "", more, "expected at most the jurisdiction's deaths of the year, found more"),
        ]
    )


def _withheld(records: pd.DataFrame) -> pd.DataFrame:
    """Hide counts of 1 to 9, as in every source of deaths here, and the shares that would give them back."""
    small = records["kind"].eq("deaths") & records["value"].between(1, 9)
    same = ["_file", "_row", "stem"]
    beside = small.groupby([records[name] for name in same]).transform("any") & ~small
    share = beside & records["status"].eq("reported")
    return records.assign(
        value=records["value"].mask(small | share),
        status=records["status"].mask(small | share, "suppressed"),
        note=records["note"].mask(small, SMALL_COUNT).mask(share, SMALL_SHARE),
    )


def _hidden(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the sheet as published, but for counts of 1 to 9, which stand there as ``1-9``, and their shares."""
    hidden: dict[str, pd.Series] = {}
    for column, (stem, kind) in layout.VALUES.items():
        counts = frame.get(f"{stem}_deaths")
        if column not in frame or counts is None:
            continue
        small = counts.str.fullmatch(r"\s*[1-9](\.0*)?\s*")
        shown = small & parse_number(frame[column])[0].ne(layout.SUPPRESSED)
        hidden[column] = frame[column].mask(shown, "1-9" if kind == "deaths" else "hidden")
    return frame.assign(**hidden)


def _release_notes(frame: pd.DataFrame, snapshot: Snapshot) -> dict[str, str]:
    """Report the jurisdictions of each year, and columns that came or went."""
    words = {f"{name}_drugs" for name in layout.COMBINATIONS}
    added = [
        c for c in frame.columns if not c.startswith("_") and c not in {*layout.VALUES, *words, "jurisdiction", "year"}
    ]
    counts = frame.loc[frame["jurisdiction"].str.strip().ne(layout.PANEL_LABEL), "year"].value_counts().sort_index()
    notes = {
        "release_rule": snapshot.notes.get("release_date", ""),
        "jurisdictions": ", ".join(f"{year}: {count}" for year, count in counts.items()),
        "added_columns": ", ".join(added),
        "absent_columns": ", ".join(column for column in layout.VALUES if column not in frame),
    }
    return {name: text for name, text in notes.items() if text}
