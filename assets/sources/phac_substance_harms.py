"""Public Health Agency of Canada: opioid- and stimulant-related harms, by region, period, sex, age, drug and manner."""

import calendar
import io
import zipfile
from email.utils import parsedate_to_datetime
from pathlib import Path

import numpy as np
import pandas as pd

from assets.reading import Table, file_bytes, parse_number, read_text, require_columns
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, tidy_observations
from assets.tidying import first_faults, refuse_cut_off, release_in_name, set_aside, without_duplicates
from assets.transport import Transport, TransportError, Validators
from schemas.areas import resolve
from schemas.observations import KEY
from schemas.source_card import SourceCard
from schemas.sources import phac_substance_harms as layout

CARD = SourceCard(
    id="phac_substance_harms",
    title="Opioid- and Stimulant-related Harms in Canada",
    publisher="Public Health Agency of Canada, Health Infobase",
    licence="Open Government Licence - Canada",
    licence_url="https://open.canada.ca/en/open-government-licence-canada",
    homepage="https://health-infobase.canada.ca/substance-related-harms/opioids-stimulants/",
    download_url=(
        "https://health-infobase.canada.ca/src/data/substance-related-harms/download/HealthInfobase-SubstanceHarmsData.zip"
    ),
    cadence="quarterly",
    basis="by source; provinces and territories differ in what they count and how far back",
    citation=(
        "Public Health Agency of Canada. Opioid- and Stimulant-related Harms in Canada (SubstanceHarmsData.csv). "
        "Health Infobase."
    ),
    coverage="Canada, provinces, territories and four parts of them; years and quarters from 2016",
    caveats=(
        "The newest year is preliminary and revised in later releases; provinces report with different delays.",
        "For part of a year the crude rate is annualised by the publisher, the number is not: never divide one by the "
        "other.",
        "Percentages by drug overlap and add to more than 100.",
        "n/a means not collected, Suppr. means suppressed for small numbers; neither is zero.",
        "Winnipeg, rural Manitoba, Whitehorse and Yellowknife lie inside their province or territory: never add them.",
    ),
    drop_in_help=(
        "Download SubstanceHarmsData.csv, or the zip that holds it, from the Health Infobase page and put the release "
        "date shown there into the file name (SubstanceHarmsData-YYYY-MM-DD.csv); drop it in "
        "data/drop/phac_substance_harms/."
    ),
    automated=True,
)

URLS = (CARD.download_url, "https://health-infobase.canada.ca/src/doc/SRHD/SubstanceHarmsData.csv")
"""The zip of the newer page, and the plain file of the older one as second choice."""

_MONTHS = {name: number for number, name in enumerate(calendar.month_abbr) if name}
_PART_YEAR = r"^(?P<year>\d{4})(?: Q(?P<quarter>[1-4])| \((?P<first>[A-Z][a-z]{2}) to (?P<last>[A-Z][a-z]{2})\))?$"
_RATE_NOTE = "part of a year: rate annualised by the publisher"
_PART_NOTE = "part of a year"


def fetch(transport: Transport, known: Validators | None, into: Path) -> Recognised | None:
    """Download the table; its release is the day the server says it was last changed.

    Raises:
        SourceRefused: The server gives no date, or the file is not the table.
    """
    try:
        download = transport.download(URLS[0], into, "HealthInfobase-SubstanceHarmsData.zip", known)
    except TransportError as fault:
        try:
            download = transport.download(URLS[1], into, layout.MEMBER)
        except TransportError as second:
            raise TransportError(f"{fault} The older address: {second}") from None
    if download is None:
        return None
    try:
        released = parsedate_to_datetime(download.validators.last_modified).date()
    except (TypeError, ValueError) as fault:
        raise SourceRefused(
            f"{download.url}: expected a Last-Modified date to name the release by, found "
            f"{download.validators.last_modified or 'none'}. {CARD.drop_in_help}"
        ) from fault
    ends = _periods(_read(download.path).frame["Year_Quarter"])["period_end"].max()
    if pd.notna(ends) and released < ends.date():
        raise SourceRefused(
            f"{download.url}: expected a file changed on or after {ends.date()}, up to when its data run, found "
            f"Last-Modified {released}. {CARD.drop_in_help}"
        )
    notes = {"release_date": "day the server last changed the file"}
    return Recognised(released.isoformat(), (download.path,), notes, download.validators, download.url)


def recognise(path: Path) -> Recognised:
    """Tell the release of a dropped file from the date in its name, once it is known to be the English table.

    Raises:
        SourceRefused: Another table, the French twin, a cut-off file, or no release date in the name.
    """
    table = _read(path)
    periods = _periods(table.frame["Year_Quarter"])
    ends = periods["period_end"].dropna()
    last = ends.max().date() if len(ends) else None
    release = release_in_name(path, CARD.id, last)
    return Recognised(release, (path,), {"release_date": "date in the file name"})


def _read(path: Path) -> Table:
    """Read the table and refuse what is not it."""
    member = _member(path)
    if member is not None and member.lower() == layout.FRENCH_MEMBER.lower():
        raise _french(path.name)
    table = read_text(path, member=member)
    if any(column in table.frame.columns for column in layout.FRENCH_COLUMNS):
        raise _french(path.name)
    if "trend_total_visits" in table.frame.columns:
        raise SourceRefused(
            f"{path.name}: expected {layout.MEMBER}, found the table of supervised consumption sites. "
            "Drop it in data/drop/phac_consumption_sites/."
        )
    require_columns(table.frame, layout.COLUMNS, path.name)
    refuse_cut_off(table, path.name)
    if table.encoding != "xlsx" and not file_bytes(path, member).endswith((b"\n", b"\r")):
        raise SourceRefused(
            f"{path.name}: expected the last line to be complete, found line {table.frame['_row'].max()} without an "
            "end: the download was cut off. Download it again."
        )
    if not table.frame[["Substance", "Source"]].eq(["Opioids", "Deaths"]).all(axis=1).any():
        raise SourceRefused(
            f"{path.name}: expected rows of opioid deaths, found {sorted(table.frame['Substance'].unique())[:5]} with "
            f"{sorted(table.frame['Source'].unique())[:5]}. Download {layout.MEMBER} from {CARD.homepage}."
        )
    return table


def _member(path: Path) -> str | None:
    """Name the table to read inside a zip; None for a plain file."""
    content = path.read_bytes()
    if content[:4] != b"PK\x03\x04":
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            tables = [Path(name).name for name in archive.namelist() if name.lower().endswith(".csv")]
    except zipfile.BadZipFile:
        return None
    return tables[0] if len(tables) == 1 else layout.MEMBER if tables else None


def _french(name: str) -> SourceRefused:
    return SourceRefused(
        f"{name}: expected the English {layout.MEMBER}, found its French twin {layout.FRENCH_MEMBER} "
        "(Mesure_Spéficique). "
        f"Download the English file from {CARD.homepage} or {URLS[1]}."
    )


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the table into observations.

    Grain: one row of the file gives one observation. Steps: read as text, map substance, source and unit to a measure,
    the breakdown to sex, age, drug or population group, the period to dates; unreadable rows go to quarantine.
    Caveats: the newest year in the file is marked provisional; rates for part of a year are the publisher's annualised.
    """
    tables = [_read(path) for path in snapshot.files]
    frame = pd.concat([table.frame for table in tables], ignore_index=True).fillna("")
    ragged = pd.concat([table.quarantine for table in tables], ignore_index=True)
    raw = layout.Raw.validate(frame)
    rows = frame.assign(value_text=frame["Value"].str.strip())
    full = rows.assign(**_measures(rows), **_groups(rows), **_values(rows))
    full = full.join(_periods(rows["Year_Quarter"])).assign(area_id=resolve(rows["Region"], scheme="ca").astype(object))
    full = full.assign(**_remarks(full))
    faults = _faults(full)
    good = full[faults["code"] == ""]
    quarantine = set_aside(full, faults)
    kept, conflicting, dropped = without_duplicates(good, KEY, "Value")
    notes = {"release_rule": snapshot.notes.get("release_date", "")} | _release_notes(frame)
    return Tidy(
        observations=tidy_observations(kept.drop(columns=["_file", "_row"])),
        raw={CARD.id: raw},
        quarantine=pd.concat([ragged, quarantine, conflicting], ignore_index=True),
        dropped=dropped,
        records_in=len(frame) + len(ragged),
        release_notes={name: text for name, text in notes.items() if text},
    )


def _measures(rows: pd.DataFrame) -> dict[str, pd.Series]:
    wanted = pd.Series(layout.MEASURES).rename_axis(["Substance", "Source", "Unit"]).rename("measure_id")
    return {
        "measure_id": rows[["Substance", "Source", "Unit"]].join(wanted, on=["Substance", "Source", "Unit"])[
            "measure_id"
        ]
    }


def _groups(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """Give sex, age group, drug and population group; null where a category is not known."""
    groups = {
        name: pd.Series("all", index=rows.index, dtype=object)
        for name in ("sex", "age_group", "drug", "population_group")
    }
    unknown = ~rows["Specific_Measure"].isin(list(layout.STRATA))
    for measure, (column, categories) in layout.STRATA.items():
        mask = rows["Specific_Measure"] == measure
        groups[column] = groups[column].mask(mask, rows["Disaggregator"].map(categories).astype(object))
    both = rows["Specific_Measure"] == "Sex and age group"
    groups["age_group"] = groups["age_group"].mask(both, rows["Aggregator"].map(layout.AGE_GROUPS).astype(object))
    groups["population_group"] = groups["population_group"].mask(unknown, np.nan)
    return groups


def _periods(labels: pd.Series) -> pd.DataFrame:
    """Read ``2016``, ``2018 Q1`` and ``2025 (Jan to Sep)`` as inclusive dates; null where a label is none of them."""
    read = labels.str.strip().str.extract(_PART_YEAR)
    quarter = pd.to_numeric(read["quarter"])
    first = read["first"].map(_MONTHS).fillna(quarter * 3 - 2).where(read["first"].notna() | quarter.notna(), 1)
    last = read["last"].map(_MONTHS).fillna(quarter * 3).where(read["last"].notna() | quarter.notna(), 12)
    year = pd.to_numeric(read["year"])
    readable = year.notna() & first.notna() & last.notna() & (first <= last)
    starts = pd.DataFrame({"year": year, "month": first, "day": 1})[readable]
    ends = pd.DataFrame({"year": year, "month": last, "day": 1})[readable]
    newest = year[readable].max() if readable.any() else np.nan
    return pd.DataFrame(
        {
            "period_start": pd.to_datetime(starts).reindex(labels.index),
            "period_end": (pd.to_datetime(ends) + pd.offsets.MonthEnd(0)).reindex(labels.index),
            # The newest year is still being reported: its quarters and its total are revised in the next releases.
            "is_provisional": year == newest,
            "part_year": read["first"].notna() & ~((first == 1) & (last == 12)),
        }
    )


def _values(rows: pd.DataFrame) -> dict[str, pd.Series]:
    word = rows["value_text"].map(layout.STATUSES)
    value, unreadable = parse_number(rows["value_text"].where(word.isna(), ""))
    return {"value": value, "status": word.fillna("reported"), "unreadable": unreadable}


def _remarks(full: pd.DataFrame) -> dict[str, pd.Series]:
    note = pd.Series("", index=full.index)
    note = note.mask(full["part_year"], _PART_NOTE).mask(full["part_year"] & (full["Unit"] == "Crude rate"), _RATE_NOTE)
    return {"note": note, "race_ethnicity": pd.Series("all", index=full.index)}


def _faults(full: pd.DataFrame) -> pd.DataFrame:
    number, percent = full["Unit"] == "Number", full["Unit"] == "Percent"
    unknown = full[["sex", "age_group", "drug", "population_group"]].isna().any(axis=1)
    repeats = full["Aggregator"].isin(["", *layout.AGE_GROUPS]) | (full["Aggregator"] == full["Year_Quarter"])
    quarterly = full["Year_Quarter"].str.contains(" Q")
    agrees = repeats & (full["Time_Period"] == quarterly.map({True: "By quarter", False: "By year"}))
    return first_faults(
        [
            ("unknown_area", "Region", full["area_id"].isna(), "expected Canada, a province, a territory or its part"),
            (
                "unknown_measure",
                "Unit",
                full["measure_id"].isna(),
                "expected a known substance, source and unit together",
            ),
            ("unknown_group", "Disaggregator", unknown, "expected a known breakdown and category"),
            (
                "unreadable_period",
                "Year_Quarter",
                full["period_start"].isna(),
                "expected 2016, 2018 Q1 or 2025 (Jan to Sep)",
            ),
            ("contradictory_period", "Time_Period", ~agrees, "expected the period columns to agree with Year_Quarter"),
            ("not_a_number", "Value", full["unreadable"], "expected a number, n/a, n.d. or Suppr."),
            ("negative", "Value", full["value"] < 0, "expected zero or more"),
            ("not_whole", "Value", number & (full["value"] % 1 > 0), "expected a whole number of events"),
            ("over_100_pct", "Value", percent & (full["value"] > 100), "expected a percentage of at most 100"),
        ]
    )


def _release_notes(frame: pd.DataFrame) -> dict[str, str]:
    """Report added columns and harms that earlier releases had and this one lacks."""
    extra = require_columns(frame, layout.COLUMNS, CARD.id)
    found = set(zip(frame["Substance"], frame["Source"], strict=True))
    absent = sorted({key[:2] for key in layout.MEASURES} - found)
    ends = _periods(frame["Year_Quarter"])["period_end"].max()
    return {
        "data_end": "" if pd.isna(ends) else str(ends.date()),
        "added_columns": ", ".join(extra),
        "absent": "; ".join(f"{substance}: {source}" for substance, source in absent),
    }
