"""NCHS: drug poisoning deaths of residents, by state and year, and by sex, age and race for the country."""

from collections import Counter
from pathlib import Path

import pandas as pd

from assets.reading import Table, parse_number, read_text, require_columns
from assets.socrata import release_date
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, tidy_observations
from assets.tidying import first_faults, refuse_cut_off, release_in_name, remarks, set_aside, without_duplicates
from assets.transport import Transport, Validators
from schemas.areas import resolve
from schemas.observations import KEY
from schemas.source_card import SourceCard
from schemas.sources import nchs_drug_poisoning as layout

HOST = "https://data.cdc.gov"

CARD = SourceCard(
    id="nchs_drug_poisoning",
    title="NCHS - Drug Poisoning Mortality by State: United States",
    publisher="National Center for Health Statistics, Centers for Disease Control and Prevention",
    licence="Public domain (US Government work)",
    licence_url="https://www.usa.gov/government-works",
    homepage=f"{HOST}/d/{layout.DATASET}",
    download_url=f"{HOST}/api/views/{layout.DATASET}/rows.csv?accessType=DOWNLOAD",
    cadence="no longer updated after 2015, it seems; a later edition is xbxb-epbu",
    basis="residence",
    citation=(
        "National Center for Health Statistics. NCHS - Drug Poisoning Mortality by State: United States. "
        f"Available from {HOST}/d/{layout.DATASET}."
    ),
    coverage="United States, 50 states and DC, 1999-2015; sex, age and race for the country alone",
    caveats=(
        "Underlying cause X40-X44, X60-X64, X85 or Y10-Y14: the deaths that CDC WONDER counts as overdoses.",
        "Age-adjusted to the US 2000 population. Rates from fewer than 20 deaths are unreliable and have no value "
        "here, as in CDC WONDER; counts of 1 to 9, which the table shows, are hidden with their rates.",
        "A hidden count could be told from the total and the other groups; the publisher shows it.",
        "Too low where causes were pending or coded R99: New Jersey 2009, West Virginia 2005 and 2009 among others.",
        "Populations are those of their time: postcensal for 2011-2015.",
        "The class of the map is called crude, but holds the age-adjusted rate; it is not read.",
    ),
    drop_in_help=(
        f"Open {HOST}/d/{layout.DATASET}, export the whole table as CSV, put the date of its last update into its name "
        "(..._YYYY-MM-DD.csv), and drop it in data/drop/nchs_drug_poisoning/."
    ),
    automated=True,
)

SMALL_COUNT = "1-9: hidden as in all death counts here"
SMALL_RATE = "rate of 1 to 9 deaths: hidden as they are"
UNRELIABLE = "fewer than 20 deaths: rate unreliable by the publisher"
DROPS = {
    **dict.fromkeys(layout.STANDARD_ERRORS.values(), "standard error"),
    layout.RANGE: "class of the publisher's map",
    **dict.fromkeys(layout.NATIONAL, "rate of the country, repeated on every line"),
}
NOT_FOR_AGES = "age-adjusted rate of one age group, which there is none of"
_API_LIMITS = (1_000, 50_000)
_WIDEST = 0.06
"""Difference between a rate and its deaths over its population that rounding to one decimal explains."""


def fetch(transport: Transport, known: Validators | None, into: Path) -> Recognised | None:
    """Download the whole table; its release is the day on which the portal last changed the rows."""
    name = "NCHS_Drug_Poisoning_Mortality_by_State_United_States.csv"
    download = transport.socrata_csv(layout.DATASET, into, name, known, HOST)
    if download is None:
        return None
    _read(download.path)
    notes = {"release_date": "day the portal last changed the rows (rowsUpdatedAt)"}
    release = release_date(download.validators.rows_updated_at)
    return Recognised(release, (download.path,), notes, download.validators, download.url)


def recognise(path: Path) -> Recognised:
    """Tell the release of a dropped file from the date in its name, once it is known to be the whole table.

    Raises:
        SourceRefused: Another table, a part of it, a cut-off file, or no release date in the name.
    """
    last = _years(_read(path).frame["Year"])["period_end"].max()
    release = release_in_name(path, CARD.id, None if pd.isna(last) else last.date())
    return Recognised(release, (path,), {"release_date": "date in the file name"})


def _read(path: Path) -> Table:
    """Read the table under one set of column names, and refuse what is not the whole of it."""
    table = read_text(path)
    published = [str(column) for column in table.frame.columns if not str(column).startswith("_")]
    names = {column: layout.NAMES.get(layout.slug(column), column) for column in published}
    frame = table.frame.rename(columns=names)
    require_columns(frame, layout.REQUIRED, path.name, layout.OPTIONAL)
    refuse_cut_off(table, path.name)
    if not frame["State"].str.strip().eq("United States").any():
        raise SourceRefused(
            f"{path.name}: expected rows of the United States, found {frame['State'].nunique()} other places: an "
            f"extract. {CARD.drop_in_help}"
        )
    if len(frame) in _API_LIMITS:
        raise SourceRefused(
            f"{path.name}: expected the whole table, found exactly {len(frame):,} rows, at which the portal's query "
            f"interface cuts off. {CARD.drop_in_help}"
        )
    return Table(frame, table.quarantine, table.encoding)


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the table into observations.

    Grain: each count, population and rate is one record; standard errors, the map's class and the repeated national
    rates are documented drops. Steps: read as text; a rate must be its deaths over its population and lie between its
    limits; counts of 1 to 9 are hidden with their rates, in observations and in raw; rates from fewer than 20 deaths
    keep their limits and lose their value. Caveats: sex, age and race for the country alone.
    """
    tables = [_read(path) for path in snapshot.files]
    frame = pd.concat([table.frame for table in tables], ignore_index=True).fillna("")
    lines = _lines(frame)
    records = pd.concat([_records(lines, column) for column in layout.MEASURES], ignore_index=True)
    not_for_ages = records["_column"].eq(layout.ADJUSTED) & records["value_text"].eq("") & records["one_age"]
    counts = {reason: len(frame) * n for reason, n in _left_out(frame).items()} | {
        NOT_FOR_AGES: int(not_for_ages.sum())
    }
    records = records[~not_for_ages]
    faults = _faults(records)
    kept, conflicting, repeated = without_duplicates(_withheld(records[faults["code"] == ""]), KEY, "_column")
    ragged = [table.quarantine for table in tables]
    dropped = {reason: count for reason, count in counts.items() if count} | repeated
    return Tidy(
        observations=tidy_observations(kept),
        raw={CARD.id: layout.Raw.validate(_hidden(frame))},
        quarantine=pd.concat([*ragged, set_aside(records, faults), conflicting], ignore_index=True),
        dropped=dropped,
        records_in=len(records) + sum(counts.values()) + sum(len(bad) for bad in ragged),
        release_notes=_release_notes(frame, snapshot),
    )


def _left_out(frame: pd.DataFrame) -> dict[str, int]:
    """Count the columns that are not read, by the reason."""
    return dict(Counter(reason for column, reason in DROPS.items() if column in frame))


def _years(text: pd.Series) -> pd.DataFrame:
    year = text.str.strip().where(text.str.fullmatch(r"\s*(?:19|20)\d\d\s*"))
    return pd.DataFrame(
        {
            "period_start": pd.to_datetime(year + "-01-01", errors="coerce"),
            "period_end": pd.to_datetime(year + "-12-31", errors="coerce"),
        }
    )


def _lines(frame: pd.DataFrame) -> pd.DataFrame:
    """Find what holds for a whole line: area, year, groups, deaths and population."""
    tidy_text = frame[layout.KEYS].apply(lambda column: column.str.strip().str.replace(r"[–—]", "-", regex=True))
    return frame.assign(
        group=tidy_text["Sex"] + ", " + tidy_text["Age"] + ", " + tidy_text["Race and Hispanic Origin"],
        area_id=resolve(tidy_text["State"], scheme="us"),
        sex=tidy_text["Sex"].map(layout.SEXES),
        age_group=tidy_text["Age"].map(layout.AGES),
        race_ethnicity=tidy_text["Race and Hispanic Origin"].map(layout.RACES),
        one_age=tidy_text["Age"].ne("All Ages"),
        deaths=parse_number(frame["Deaths"])[0],
        people=parse_number(frame["Population"])[0],
        drug="all",
        population_group="all",
        is_provisional=False,
    ).join(_years(frame["Year"]))


def _records(lines: pd.DataFrame, column: str) -> pd.DataFrame:
    """Make one record of each line for one value column, with its limits where it is a rate."""
    same = ["_file", "_row", "State", "Year", "group", "one_age", "deaths", "people", "is_provisional"]
    value, bad = parse_number(lines[column])
    limits: dict[str, pd.Series] = {}
    for name, limit in zip(("lower", "upper"), layout.LIMITS.get(column, ()), strict=False):
        limits[name], odd = parse_number(lines[limit])
        bad = bad | odd
    keys = [name for name in KEY if name != "measure_id"]
    return lines[[*same, *keys]].assign(
        _column=column,
        value_text=lines[column].str.strip(),
        measure_id=layout.MEASURES[column],
        value=value,
        unreadable=bad | lines[column].str.strip().eq(""),
        **limits,
    )


def _faults(records: pd.DataFrame) -> pd.DataFrame:
    groups = records[["sex", "age_group", "race_ethnicity"]].isna().any(axis=1)
    whole = records["_column"].isin(["Deaths", "Population"])
    expected = 100_000 * records["deaths"] / records["people"]
    off = records["_column"].eq(layout.CRUDE) & (records["value"] - expected).abs().gt(_WIDEST)
    outside = records["value"].lt(records["lower"]) | records["value"].gt(records["upper"])
    return first_faults(
        [
            ("unknown_area", "State", records["area_id"].isna(), "expected a state's name or United States"),
            ("unknown_period", "Year", records["period_end"].isna(), "expected a calendar year"),
            ("unknown_group", "group", groups, "expected one of the table's sexes, ages and races or origins"),
            ("not_a_number", "", records["unreadable"], "expected a number, and numbers as its limits"),
            ("out_of_range", "", records["value"].lt(0), "expected 0 or more"),
            ("not_whole", "", whole & records["value"].mod(1).gt(0), "expected a whole number"),
            ("outside_its_limits", "", outside, "expected a rate between its confidence limits, found it outside"),
            ("rate_disagrees", "", off, "expected the deaths over the population to one decimal, found another rate"),
        ]
    )


def _withheld(records: pd.DataFrame) -> pd.DataFrame:
    """Hide counts of 1 to 9 with their rates, and leave rates from 10 to 19 deaths their limits alone."""
    rate = records["_column"].isin(list(layout.LIMITS))
    small = records["deaths"].between(1, 9) & (rate | records["_column"].eq("Deaths"))
    few = rate & records["deaths"].between(10, 19)
    status = pd.Series("reported", index=records.index).mask(small, "suppressed").mask(few, "low_quality")
    return records.assign(
        value=records["value"].mask(small | few),
        lower=records["lower"].mask(small),
        upper=records["upper"].mask(small),
        status=status,
        note=remarks([(small & ~rate, SMALL_COUNT), (small & rate, SMALL_RATE), (few, UNRELIABLE)]),
    )


def _hidden(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the table as published, but for counts of 1 to 9, which stand there as ``1-9``, and their rates."""
    small = frame["Deaths"].str.fullmatch(r"\s*[1-9](\.0*)?\s*")
    limits = [limit for pair in layout.LIMITS.values() for limit in pair]
    rates = [column for column in [*layout.LIMITS, *limits, *layout.STANDARD_ERRORS.values()] if column in frame]
    hidden = {column: frame[column].mask(small & frame[column].str.strip().ne(""), "hidden") for column in rates}
    return frame.assign(Deaths=frame["Deaths"].mask(small, "1-9"), **hidden)


def _release_notes(frame: pd.DataFrame, snapshot: Snapshot) -> dict[str, str]:
    added = require_columns(frame, layout.REQUIRED, CARD.id, layout.OPTIONAL)
    years = _years(frame["Year"])["period_end"].dt.year.dropna()
    notes = {
        "release_rule": snapshot.notes.get("release_date", ""),
        "years": f"{years.min():.0f} to {years.max():.0f}" if len(years) else "",
        "added_columns": ", ".join(added),
        "absent_columns": ", ".join(column for column in layout.OPTIONAL if column not in frame),
    }
    return {name: text for name, text in notes.items() if text}
