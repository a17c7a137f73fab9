"""CDC DOSE discharge data: nonfatal overdose visits and hospital stays, by jurisdiction, county, sex and age."""

from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd

from assets.reading import Table, parse_number, require_columns
from assets.sheets import read_sheets
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, tidy_observations
from assets.tidying import first_faults, release_in_name, remarks, set_aside, without_duplicates
from assets.transport import Transport, Validators
from schemas.areas import parents, resolve
from schemas.observations import KEY
from schemas.source_card import SourceCard
from schemas.sources import cdc_dose_discharge as layout

CARD = SourceCard(
    id="cdc_dose_discharge",
    title="DOSE Dashboard: Nonfatal Overdose Emergency Department and Inpatient Hospitalization Discharge Data",
    publisher="Centers for Disease Control and Prevention",
    licence="US Government work",
    licence_url="https://www.usa.gov/government-works",
    homepage=(
        "https://www.cdc.gov/overdose-prevention/data-research/facts-stats/dose-dashboard-nonfatal-discharge-data.html"
    ),
    download_url="",
    cadence="yearly, with about eight months' lag",
    basis="jurisdiction that gives the data; counties: residents who stayed in their state",
    citation=(
        "Centers for Disease Control and Prevention. DOSE Dashboard: Nonfatal Overdose Emergency Department and "
        "Inpatient Hospitalization Discharge Data (Drug Overdose Surveillance and Epidemiology system)."
    ),
    coverage="About 34 US states and DC, counties of 28 of them, all of them together; years and months, 2018 to 2023",
    caveats=(
        "US means the jurisdictions that give the data in the year, 28 or 29 for emergency departments and 33 or 34 "
        "for hospitals in the release of January 2025: not the country, and not a fixed panel.",
        "Counts of 1 to 9 and rates from 1 to 19 overdoses are suppressed; zeros are true zeros.",
        "Fentanyl has a code from October 2020 and methamphetamine from October 2022; a year in which the code began "
        "is not given.",
        "Counties count residents who stayed in their state; a state's own number also counts visitors, so counties "
        "do not add up to it.",
        "A month's rate is that month's, not annualised. Five years together are per 100,000 person-years.",
        "Drugs overlap. Emergency department visits and hospital stays are two kinds of data, never added.",
    ),
    drop_in_help=(
        "Download the data set offered on the DOSE discharge dashboard, put the date on which CDC updated it into the "
        "file name (dose-discharge-YYYY-MM-DD.xlsx), or into the names of its sheets saved as csv, and drop it in "
        "data/drop/cdc_dose_discharge/."
    ),
    automated=False,
)

CENSUS = "population of a state or county, by the Census Bureau, whose own files are read"
REPEATED = "population of all jurisdictions, repeated on the lines of the year's months"
PERSON_YEARS = "person-years of five years together, by the Census Bureau: the denominator of the rate"
BLANK = "left blank by design: population of five years, person-years of one"
NO_CODE = "drug has no diagnosis code of its own yet"
_WIDEST = 0.06
"""Difference between a rate and its count over its population that rounding to one decimal explains."""


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
        SourceRefused: None of the sheets in the file, a cut-off file, or no release date in the name.
    """
    ends = pd.concat([_periods(table.frame)["period_end"] for table in _read(path).values()]).dropna()
    last = ends.max().date() if len(ends) else None
    return Recognised(release_in_name(path, CARD.id, last), (path,), {"release_date": "date in the file name"})


def _read(path: Path) -> dict[str, Table]:
    """Read the sheets by name, with columns under their names in the data."""
    found = read_sheets(path, layout.KNOWN_BY, CARD.drop_in_help)
    named = {
        name: Table(table.frame.rename(columns=layout.ALIASES), table.quarantine, table.encoding)
        for name, table in found.items()
    }
    for name, table in named.items():
        require_columns(table.frame, layout.REQUIRED[name], path.name)
    return named


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the sheets, together or alone, into observations.

    Grain: each count, rate, population and number of jurisdictions is one record. Steps: read as text; ``US`` becomes
    the area of those that give the data; words become statuses; a rate must be its count over its population, which
    catches a shifted column. Caveats: populations of states and counties are left to the Census Bureau's own files.
    """
    parts = [(name, table) for path in snapshot.files for name, table in _read(path).items()]
    cells = pd.concat([_cells(name, _lines(name, table.frame)) for name, table in parts], ignore_index=True)
    left_out = _left_out(cells)
    records = cells[left_out == ""]
    records = records.assign(**_values(records))
    records = records.assign(note=_notes(records))
    faults = _faults(records)
    good = records[faults["code"] == ""]
    repeats = good["measure_id"].eq("resident_population") & good.duplicated([*KEY, "value_text"])
    kept, conflicting, dropped = without_duplicates(good[~repeats], KEY, "_column")
    ragged = [table.quarantine for _, table in parts]
    counts = {**left_out[left_out != ""].value_counts().to_dict(), REPEATED: int(repeats.sum()), **dropped}
    return Tidy(
        observations=tidy_observations(kept),
        raw=_raw(parts),
        quarantine=pd.concat([*ragged, set_aside(records, faults), conflicting], ignore_index=True),
        dropped={str(reason): int(count) for reason, count in counts.items() if count},
        records_in=len(cells) + sum(len(lines) for lines in ragged),
        release_notes=_release_notes(parts, snapshot),
    )


def _raw(parts: list[tuple[str, Table]]) -> dict[str, pd.DataFrame]:
    found: dict[str, pd.DataFrame] = {}
    for table, name in layout.RAW_OF_TABLE.items():
        frames = [each.frame for kind, each in parts if kind == table]
        if frames:
            found[name] = layout.RAW_MODELS[name].validate(pd.concat(frames, ignore_index=True).fillna(""))
    return found


def _text(frame: pd.DataFrame, column: str) -> pd.Series:
    return frame.get(column, pd.Series("", index=frame.index, dtype="str")).str.strip()


def _periods(frame: pd.DataFrame) -> pd.DataFrame:
    """Give first and last day; null where year, month and kind of period contradict each other or cannot be read."""
    years = _text(frame, "year").str.extract(r"^(?P<first>20\d\d)(?: ?[-–‒] ?(?P<last>20\d\d))?$")
    first = pd.to_numeric(years["first"])
    last = pd.to_numeric(years["last"]).fillna(first)
    length = pd.to_numeric(_text(frame, "type").str.extract(r"^(\d) years?$", expand=False)).fillna(1)
    month = pd.to_numeric(_text(frame, "month").where(lambda text: text.str.fullmatch(r"\d{1,2}")))
    frames = _text(frame, "time_frame").str.lower()
    whole = _text(frame, "month").str.lower().isin(["all", ""])
    agrees = (last - first + 1 == length) & frames.isin(["", "annual"]).where(whole, frames.isin(["", "monthly"]))
    usable = agrees & (whole | month.between(1, 12))
    start = pd.DataFrame({"year": first, "month": month.fillna(1), "day": 1})[usable]
    end = pd.DataFrame({"year": last, "month": month.fillna(12), "day": 1})[usable]
    return pd.DataFrame(
        {
            "period_start": pd.to_datetime(start).reindex(frame.index),
            "period_end": (pd.to_datetime(end) + pd.offsets.MonthEnd(0)).reindex(frame.index),
        }
    )


def _lines(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Find what holds for a whole line: area, period, sex, age group, and the denominator of its rates."""
    dataset = frame["dataset"].str.strip().str.upper()
    place = _text(frame, "jurisdiction") if "jurisdiction" in frame else pd.Series("US", index=frame.index)
    state = resolve(place, scheme="us").astype(object)
    # Spreadsheets lose the leading zero of Alabama to Connecticut.
    county = resolve(_text(frame, "fips").str.zfill(5), scheme="fips").astype(object)
    area = county if name == "county" else state.mask(place.eq("US"), dataset.map(layout.PANEL_AREAS))
    age = _text(frame, "age").str.lower().str.replace("–", "-")
    population = pd.concat(
        [parse_number(_text(frame, of).replace(".", ""))[0] for of in ("population", "person_years")]
    )
    return (
        frame.assign(
            table=name,
            dataset=dataset,
            place=place + " " + _text(frame, "fips") if name == "county" else place,
            period=(_text(frame, "time_frame") + " " + _text(frame, "year") + " " + _text(frame, "month")).str.strip(),
            group=_text(frame, "sex") + ", " + age,
            area_id=area,
            inside=state.eq(county.map(parents())) | (name != "county"),
            sex=_text(frame, "sex").str.lower().map(layout.SEXES),
            age_group=age.replace({"": "all", "missing": "unknown"}).where(lambda text: _is_age(text)),
            denominator=population.groupby(level=0).max(),
        )
        .join(_periods(frame))
        .assign(race_ethnicity="all", population_group="all", is_provisional=False)
    )


def _is_age(text: pd.Series) -> pd.Series:
    return text.str.fullmatch(r"all|unknown|\d{1,2}-\d{1,3}|\d{1,3}\+")


def _cells(name: str, lines: pd.DataFrame) -> pd.DataFrame:
    """Unpivot: one record for each cell with a number or a word, its measure and its drug."""
    same = ["_file", "_row", "table", "dataset", "place", "period", "group", "inside", "denominator", "is_provisional"]
    cells = lines.melt(
        [*same, *(column for column in KEY if column in lines)], layout.VALUES[name], "_column", "value_text"
    )
    parts = cells["_column"].str.extract(r"^(?P<kind>count|rate)_(?P<drug>\w+)$")
    known = layout.COUNTY_MEASURES if name == "county" else layout.MEASURES
    measures = pd.Series({f"{dataset} {kind}": measure for (dataset, kind), measure in known.items()})
    found = (cells["dataset"] + " " + parts["kind"]).map(measures)
    # The population is that of mid-year, on the lines of its months too.
    mid_year = cells["_column"].eq("population") & cells["period_start"].dt.year.eq(cells["period_end"].dt.year)
    year = cells["period_start"].dt.to_period("Y").dt
    return cells.assign(
        period_start=cells["period_start"].mask(mid_year, year.start_time),
        period_end=cells["period_end"].mask(mid_year, year.end_time.dt.normalize()),
        value_text=cells["value_text"].str.strip(),
        kind=parts["kind"].fillna(""),
        measure_id=found.where(parts["kind"].notna(), cells["_column"].map(layout.PANEL_MEASURES)),
        drug=parts["drug"].map(layout.DRUGS).fillna("all"),
    )


def _left_out(cells: pd.DataFrame) -> pd.Series:
    """Give the reason why a cell is not read; empty where it is."""
    county = cells["table"].eq("county")
    five = cells["period"].str.contains(r"20\d\d ?\D+20\d\d")
    reasons = {
        BLANK: county
        & cells["value_text"].eq(".")
        & cells["_column"].eq("population").where(five, cells["_column"].eq("person_years")),
        PERSON_YEARS: county & cells["_column"].eq("person_years"),
        CENSUS: cells["_column"].eq("population") & ~cells["place"].eq("US"),
    }
    return pd.Series(
        np.select([mask.to_numpy(bool) for mask in reasons.values()], list(reasons), ""), index=cells.index
    )


def _values(records: pd.DataFrame) -> dict[str, pd.Series]:
    """Give value and status; ``NA`` for a drug before it had a code does not apply, other words are told apart."""
    word = records["value_text"].map(layout.WORDS)
    value, unreadable = parse_number(records["value_text"].where(word.isna(), ""))
    coded = pd.to_datetime(records["drug"].map(layout.CODED_FROM))
    uncoded = records["value_text"].eq("NA") & (records["period_start"] < coded)
    return {
        "value": value,
        "unreadable": unreadable | records["value_text"].eq(""),
        "status": word.fillna("reported").mask(uncoded, "not_applicable"),
    }


def _notes(records: pd.DataFrame) -> pd.Series:
    """Say what a reader must know of the single value: panel, month, five years, reason where there is none."""
    rate = records["kind"].eq("rate")
    months = records["period_start"].dt.to_period("M").ne(records["period_end"].dt.to_period("M"))
    years = records["period_end"].dt.year - records["period_start"].dt.year
    suppressed = records["status"].eq("suppressed")
    panel = records[records["measure_id"].eq("jurisdictions_reporting") & ~records["unreadable"]]
    window = ["area_id", "period_start", "period_end"]
    counts = panel.drop_duplicates(window).set_index(window)["value_text"] + " jurisdictions"
    number = counts.reindex(pd.MultiIndex.from_frame(records[window])).set_axis(records.index)
    number = number.where(~records["measure_id"].eq("jurisdictions_reporting"))
    said = remarks(
        [
            (rate & ~months, "rate of the month, not annualised"),
            (rate & years.eq(4), "per 100,000 person-years"),
            (years.eq(4), "five years together"),
            (suppressed & rate, "1 to 19 overdoses"),
            (suppressed & ~rate, "1 to 9 overdoses"),
            (records["status"].eq("not_applicable"), NO_CODE),
        ]
    )
    joint = pd.Series("; ", index=records.index, dtype="str").where(number.notna() & said.ne(""), "")
    return number.fillna("") + joint + said


def _faults(records: pd.DataFrame) -> pd.DataFrame:
    whole = records["kind"].eq("count") | records["_column"].isin(list(layout.PANEL_MEASURES))
    groups = records[["sex", "age_group"]].isna().any(axis=1)
    same = [column for column in ("_file", "_row", "drug") if column in records]
    count = (
        records["value"].where(records["kind"].eq("count")).groupby([records[name] for name in same]).transform("max")
    )
    expected = 100_000 * count / records["denominator"]
    off = records["kind"].eq("rate") & (records["value"] - expected).abs().gt(_WIDEST)
    beyond = records["value"].lt(0) | (records["_column"].eq("jurisdiction_count") & records["value"].gt(60))
    return first_faults(
        [
            (
                "unknown_area",
                "place",
                records["area_id"].isna(),
                "expected a state's two letters, US or a county's FIPS",
            ),
            ("area_mismatch", "place", ~records["inside"], "expected a county inside the jurisdiction beside it"),
            ("unknown_measure", "dataset", records["measure_id"].isna(), "expected ED or HOSP, and ED for counties"),
            ("unknown_period", "period", records["period_end"].isna(), "expected year, month and time frame to agree"),
            ("unknown_group", "group", groups, "expected F, M or Missing, and an age group in years"),
            ("not_a_number", "", records["unreadable"], "expected a number, suppressed, NA or a full stop"),
            ("out_of_range", "", beyond, "expected 0 or more, and at most 60 jurisdictions"),
            ("not_whole", "", whole & records["value"].mod(1).gt(0), "expected a whole number"),
            ("rate_disagrees", "", off, "expected the count over the population to one decimal, found another rate"),
        ]
    )


def _release_notes(parts: list[tuple[str, Table]], snapshot: Snapshot) -> dict[str, str]:
    """Report absent sheets and added columns."""
    added = {
        f"{name} {column}"
        for name, table in parts
        for column in require_columns(table.frame, layout.REQUIRED[name], CARD.id)
        if not column.startswith("unnamed_")
    }
    notes = {
        "release_rule": snapshot.notes.get("release_date", ""),
        "absent_sheets": ", ".join(sorted(set(layout.REQUIRED) - {name for name, _ in parts})),
        "added_columns": ", ".join(sorted(added)),
    }
    return {name: text for name, text in notes.items() if text}
