"""CDC: naloxone and buprenorphine prescriptions dispensed by retail pharmacies, by state and year."""

import datetime
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd

from assets.reading import Table, parse_number, read_text, require_columns
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, refused_records, tidy_observations
from assets.tidying import refuse_cut_off, release_in_name, without_duplicates
from assets.transport import Transport, Validators
from schemas.areas import resolve
from schemas.source_card import SourceCard
from schemas.sources import cdc_dispensing as layout

CARD = SourceCard(
    id="cdc_dispensing",
    title="Naloxone and Buprenorphine Dispensing Rates by State",
    publisher="Centers for Disease Control and Prevention",
    licence="US Government work; terms of the prescription data behind it (IQVIA Xponent) not verified",
    licence_url="https://www.usa.gov/government-works",
    homepage="https://www.cdc.gov/overdose-prevention/data-research/facts-stats/opioid-dispensing-rate-maps.html",
    download_url="https://www.cdc.gov/overdose-prevention/data-research/facts-stats/opioid-dispensing-rate-maps.html",
    cadence="about yearly",
    basis="location of the prescriber; population of the state",
    citation=(
        "Centers for Disease Control and Prevention. State Naloxone Dispensing Rates; State Buprenorphine Dispensing "
        "Rates. Source of the prescriptions: IQVIA Xponent."
    ),
    coverage="United States: 50 states and the District of Columbia; calendar years",
    caveats=(
        "Retail pharmacies only: naloxone given out by harm reduction programmes is not in it.",
        "A prescription counts where its prescriber is, not where the person lives.",
        "Rates are rounded to one decimal, which is coarse for naloxone.",
        "The address of the page was seen in another publisher's reference and is not verified.",
    ),
    drop_in_help=(
        "Download the state tables of naloxone and buprenorphine dispensing rates from CDC's dispensing rate maps, put "
        "the date on which CDC updated them into both names (State Naloxone Dispensing Rates YYYY-MM-DD.csv), and drop "
        "them in data/drop/cdc_dispensing/."
    ),
    automated=False,
)

_BAND = r"^(?:<\s*(?P<under>[\d.]+)|>\s*(?P<over>[\d.]+)|(?P<low>[\d.]+)\s*[-–]\s*(?P<high>[\d.]+))$"


def fetch(transport: Transport, known: Validators | None, into: Path) -> NoReturn:  # noqa: ARG001
    """Refuse: the tables have no address that a script can rely on.

    Raises:
        SourceRefused: Always; it says where a person finds the files.
    """
    raise SourceRefused(
        f"{CARD.id}: expected an address for scripts, and CDC gives none that is known. See {CARD.homepage}. "
        f"{CARD.drop_in_help}"
    )


def recognise(path: Path) -> Recognised:
    """Tell the release of one of the two files from the date in its name; files of one date are one release.

    Raises:
        SourceRefused: Another table, a cut-off file, or no release date in the name.
    """
    table, _ = _read(path)
    years, _ = parse_number(table.frame["YEAR"])
    plausible = years[years.between(2000, 2100)]
    last = datetime.date(int(plausible.max()), 12, 31) if len(plausible) else None
    return Recognised(release_in_name(path, CARD.id, last), (path,), {"release_date": "date in the file name"})


def _read(path: Path) -> tuple[Table, str]:
    """Read one of the two files, and give the name of its rate column."""
    table = read_text(path)
    columns = list(table.frame.columns)
    rates = [column for column in layout.RATES if column in columns]
    if any(column in columns for column in layout.COUNTY_COLUMNS):
        raise SourceRefused(f"{path.name}: expected the table by state, found the one by county. {CARD.drop_in_help}")
    if not rates and layout.OPIOIDS in columns:
        raise SourceRefused(
            f"{path.name}: expected naloxone or buprenorphine, found opioid dispensing. {CARD.drop_in_help}"
        )
    if len(rates) != 1:
        raise SourceRefused(
            f"{path.name}: expected one of the columns {list(layout.RATES)}, found {rates or columns[:8]}. "
            f"{CARD.drop_in_help}"
        )
    require_columns(table.frame, layout.REQUIRED, path.name)
    refuse_cut_off(table, path.name)
    return table, rates[0]


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn one or both files into observations.

    Grain: each line is one record, a state's rate in a calendar year. Steps: read as text; the state's letters and
    FIPS code must name one place; the rate must lie in its published class, which catches a changed unit or a shifted
    column. Caveats: retail dispensing only; place is the prescriber's.
    """
    parts = [(path, *_read(path)) for path in snapshot.files]
    judged = pd.concat([_records(table, rate) for _, table, rate in parts], ignore_index=True)
    ragged = [table.quarantine for _, table, _ in parts]
    names = {"_file": "file", "_row": "row", "published": "value"}
    refused = judged[judged["code"] != ""].drop(columns="value").rename(columns=names)
    kept, conflicting, dropped = without_duplicates(
        judged[judged["code"] == ""], ["measure_id", "area_id", "period_end"], "_column"
    )
    raw = pd.concat([table.frame for _, table, _ in parts], ignore_index=True).fillna("")
    added = sorted({name for path, table, rate in parts for name in _added(table, rate, path.name)})
    notes = {"release_rule": snapshot.notes.get("release_date", ""), "added_columns": ", ".join(added)}
    return Tidy(
        observations=tidy_observations(kept),
        raw={CARD.id: layout.Raw.validate(raw)},
        quarantine=pd.concat([*ragged, refused_records(refused), conflicting], ignore_index=True),
        dropped=dropped,
        records_in=len(judged) + sum(len(lines) for lines in ragged),
        release_notes={name: text for name, text in notes.items() if text},
    )


def _added(table: Table, rate: str, name: str) -> list[str]:
    return require_columns(table.frame, [*layout.REQUIRED, rate], name, [layout.BANDS[rate]])


def _records(table: Table, rate: str) -> pd.DataFrame:
    """Give each line's observation, and its first fault where it has one."""
    frame = table.frame
    blank = pd.Series("", index=frame.index, dtype="str")
    band = frame.get(layout.BANDS[rate], blank).str.strip()
    area = resolve(frame["STATE_ABBREV"].str.strip(), scheme="us")
    # Spreadsheets lose the leading zero of Alabama to Connecticut.
    fips = resolve(frame["STATE_FIPS"].str.strip().str.zfill(2), scheme="fips")
    years, bad_year = parse_number(frame["YEAR"])
    years = years.where(~bad_year & years.between(2000, 2100) & (years % 1 == 0))
    values, bad = parse_number(frame[rate])
    empty = frame[rate].str.strip() == ""
    faults = [
        ("unknown_area", "STATE_ABBREV", area.isna(), "expected a state's two letters, found another label"),
        ("area_mismatch", "STATE_FIPS", fips.notna() & fips.ne(area), "expected the state's FIPS code, found another"),
        ("unknown_period", "YEAR", years.isna(), "expected a calendar year, found something else"),
        ("not_a_number", rate, bad | values.lt(0), "expected a plain number of 0 or more, found something else"),
        ("empty_without_reason", rate, empty & band.ne(""), "expected a rate beside its class, found none"),
        ("rate_outside_band", rate, ~_inside(values, band), "expected a rate inside its class, found it outside"),
    ]
    records = pd.DataFrame(
        {
            "_file": frame["_file"],
            "_row": frame["_row"],
            "_column": rate,
            "value_text": frame[rate].str.strip(),
            "measure_id": layout.RATES[rate],
            "area_id": area,
            "period_start": _day(years, 1, 1),
            "period_end": _day(years, 12, 31),
            "value": values,
            "status": np.where(empty, "not_collected", "reported"),
            "is_provisional": False,
            "note": ("published class " + band).where(band != "", ""),
            "code": "",
            "column": "",
            "reason": "",
            "published": "",
        }
    )
    for code, column, mask, reason in faults:
        if (first := mask & (records["code"] == "")).any():
            records.loc[first, ["code", "column", "reason"]] = [code, column, reason]
            records.loc[first, "published"] = frame.loc[first, column]
    return records


def _inside(values: pd.Series, band: pd.Series) -> pd.Series:
    """Say whether each value lies in its class; true where there is no value, no class, or one in other words."""
    limits = band.str.extract(_BAND).apply(pd.to_numeric, errors="coerce")
    outside = (
        values.ge(limits["under"]) | values.le(limits["over"]) | values.lt(limits["low"]) | values.gt(limits["high"])
    )
    return ~outside


def _day(years: pd.Series, month: int, day: int) -> pd.Series:
    return pd.to_datetime(pd.DataFrame({"year": years, "month": month, "day": day}), errors="coerce")
