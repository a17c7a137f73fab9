"""CDC/NCHS provisional drug overdose deaths by county of residence: twelve months ending in each month."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from assets.reading import Table, parse_number, read_text, require_columns
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, tidy_observations
from assets.tidying import first_faults, refuse_cut_off, set_aside, without_duplicates
from assets.transport import Transport, Validators
from schemas.areas import resolve
from schemas.source_card import SourceCard
from schemas.sources import cdc_vsrr_county as layout

HOST = "https://data.cdc.gov"

CARD = SourceCard(
    id="cdc_vsrr_county",
    title="VSRR Provisional County-Level Drug Overdose Death Counts",
    publisher="National Center for Health Statistics, Centers for Disease Control and Prevention",
    licence="Public domain (US Government work)",
    licence_url="https://www.usa.gov/government-works",
    homepage="https://www.cdc.gov/nchs/nvss/vsrr/prov-county-drug-overdose.htm",
    download_url=f"{HOST}/api/views/{layout.DATASET}/rows.csv?accessType=DOWNLOAD",
    cadence="quarterly",
    basis="residence: deaths are counted in the county where the person lived",
    citation=(
        "National Center for Health Statistics. VSRR Provisional County-Level Drug Overdose Death Counts. "
        f"Available from {HOST}/d/{layout.DATASET}."
    ),
    coverage="United States, counties of the 50 states and the District of Columbia; from January 2020",
    caveats=(
        "Each value covers the twelve months ending in a month; windows overlap and are never added.",
        "Deaths count where the person lived, in the table of states where they happened: the two do not add up.",
        "Counts of 1 to 9 are suppressed, which is neither zero nor missing; sums over counties are too small.",
        "All counts are provisional: they are revised, mostly upward, while causes of death are investigated.",
        "The share of records pending is kept as published and not read: whether it is a share or a percentage is not "
        "documented.",
        "Written from the publisher's description: no file of this table was at hand.",
    ),
    drop_in_help=(
        f"Open {HOST}/d/{layout.DATASET}, export the whole table as CSV and drop it in data/drop/cdc_vsrr_county/. The "
        "release is the day in its column 'Data as of'."
    ),
    automated=True,
)

SMALL_COUNT = "1-9: hidden by the publisher's rule"
FORMER_COUNTY = "city that joined its county before the data begin"
_API_LIMITS = (1_000, 50_000)
_DATES = ("%m/%d/%Y", "%Y-%m-%d")


def fetch(transport: Transport, known: Validators | None, into: Path) -> Recognised | None:
    """Download the whole table; its release is the day up to which records had come in."""
    name = "VSRR_Provisional_County-Level_Drug_Overdose_Death_Counts.csv"
    download = transport.socrata_csv(layout.DATASET, into, name, known, HOST)
    if download is None:
        return None
    return replace(recognise(download.path), validators=download.validators, url=download.url)


def recognise(path: Path) -> Recognised:
    """Tell the release from the day up to which the file's records had come in.

    Raises:
        SourceRefused: Another table, a partial or cut-off one, or no such day.
    """
    frame = _read(path).frame
    days = _dates(frame["Data as of"]).dropna()
    if days.empty:
        raise SourceRefused(
            f"{path.name}: expected days such as 07/05/2026 in 'Data as of', found "
            f"{sorted(frame['Data as of'].unique())[:3]}. {CARD.drop_in_help}"
        )
    notes = {"release_date": "day up to which death records had come in (Data as of)"}
    if len(days.unique()) > 1:
        notes["several_days"] = f"lines are as of {days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}; the last day counts"
    return Recognised(f"{days.max():%Y-%m-%d}", (path,), notes)


def _read(path: Path) -> Table:
    table = read_text(path)
    frame = table.frame.rename(columns=layout.SODA_NAMES)
    if "Indicator" in frame.columns or "indicator" in frame.columns:
        raise SourceRefused(
            f"{path.name}: expected the table by county, found the one by state, which belongs in data/drop/cdc_vsrr/. "
            f"{CARD.drop_in_help}"
        )
    require_columns(frame, layout.REQUIRED, path.name, layout.OPTIONAL)
    refuse_cut_off(table, path.name)
    if len(frame) in _API_LIMITS:
        raise SourceRefused(
            f"{path.name}: expected the whole table, found exactly {len(frame):,} rows, at which the portal's query "
            f"interface cuts off. {CARD.drop_in_help}"
        )
    return Table(frame, table.quarantine, table.encoding)


def _dates(text: pd.Series) -> pd.Series:
    """Read days as the CSV writes them, or as the query interface does; null for anything else."""
    # Each day is read once: few differ, and the lines are many.
    cells = pd.Series(text.unique(), dtype="str")
    days = cells.str.strip().str.replace(r"[T ].*$", "", regex=True)
    found = pd.concat([pd.to_datetime(days, format=how, errors="coerce") for how in _DATES], axis=1).bfill(axis=1)[0]
    return text.map(dict(zip(cells, found, strict=True))).astype("datetime64[us]")


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the table into observations.

    Grain: each line is one record, a county's deaths over twelve months. Steps: codes get their leading zero back and
    must be of the line's state; the month must be that of the window's last day; an empty count takes its status from
    the footnote, and one of 1 to 9 is hidden wherever it is shown. Caveats: windows overlap; all counts are
    provisional.
    """
    table = _read(snapshot.files[0])
    raw = layout.Raw.validate(_small_counts_hidden(table.frame))
    records = _records(table.frame)
    former = records["county"].isin(layout.FORMER)
    faults = _faults(records, snapshot.release[:10])
    faults.loc[former, "code"] = ""
    fine = ~former & faults["code"].eq("")
    kept, conflicting, dropped = without_duplicates(
        records[fine], ["area_id", "period_start", "period_end"], layout.DEATHS
    )
    if former.any():
        dropped = dropped | {FORMER_COUNTY: int(former.sum())}
    return Tidy(
        observations=tidy_observations(kept),
        raw={CARD.id: raw},
        quarantine=pd.concat([table.quarantine, set_aside(records, faults), conflicting], ignore_index=True),
        dropped=dropped,
        records_in=len(table.frame) + len(table.quarantine),
        release_notes=_notes(snapshot, table.frame, records),
    )


def _small_counts_hidden(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the lines as published, but for counts of 1 to 9, which stand there as ``1-9``."""
    small = frame[layout.DEATHS].str.fullmatch(r"\s*[1-9](\.0*)?\s*")
    return frame.assign(**{layout.DEATHS: frame[layout.DEATHS].mask(small, "1-9")})


def _records(frame: pd.DataFrame) -> pd.DataFrame:
    """Give each line's place, window and count."""
    empty = pd.Series("", index=frame.index, dtype="str")
    county = frame["FIPS"].str.strip().str.removesuffix(".0").str.zfill(5)
    end = _dates(frame["MonthEndingDate"])
    value, unreadable = parse_number(frame[layout.DEATHS])
    text = frame[layout.DEATHS].str.strip()
    footnotes = frame.get("Footnote", empty)
    reasons = {note: _reason(note) for note in footnotes.unique()}
    small = value.between(1, 9)
    remark = frame.get("HistoricalDataCompletenessNote", empty).str.strip()
    note = remark.where(~small, remark.mask(remark != "", remark + "; ") + SMALL_COUNT)
    return frame.assign(
        county=county,
        state_area=resolve(frame["ST_ABBREV"].str.strip(), scheme="us"),
        area_id=resolve(county, scheme="fips"),
        measure_id=layout.MEASURE,
        period_end=end,
        period_start=end + pd.Timedelta(days=1) - pd.DateOffset(years=1),
        # Hidden before it can reach a quarantine.
        value_text=text.mask(small, "1-9"),
        value=value.mask(small),
        unreadable=unreadable,
        status=footnotes.map(reasons).where(text == "", "reported").mask(small, "suppressed"),
        is_provisional=True,
        note=note,
    )


def _reason(footnote: str) -> str:
    words = pd.Series([" ".join(footnote.lower().split())])
    if words.str.contains(layout.SUPPRESSED, regex=True).item():
        return "suppressed"
    return "low_quality" if words.str.contains(layout.LOW_QUALITY, regex=False).item() else ""


def _faults(records: pd.DataFrame, release: str) -> pd.DataFrame:
    year, bad_year = parse_number(records["Year"])
    month, bad_month = parse_number(records["Month"])
    end = records["period_end"]
    elsewhere = records["state_area"].ne(resolve(records["county"].str.slice(0, 2), scheme="fips"))
    other = bad_year | bad_month | year.ne(end.dt.year) | month.ne(end.dt.month)
    not_last = end.ne(end + pd.offsets.MonthEnd(0))
    bad = records["unreadable"] | records["value"].lt(0) | (records["value"] % 1 > 0)
    return first_faults(
        [
            ("unknown_area", "FIPS", records["area_id"].isna(), "expected a county's FIPS code, found another"),
            ("unknown_area", "FIPS", records["area_id"].str.len().ne(8), "expected a county, found a larger area"),
            ("area_mismatch", "ST_ABBREV", elsewhere, "expected the state of the county's code, found another"),
            ("unknown_period", "MonthEndingDate", end.isna() | not_last, "expected the last day of a month"),
            ("period_mismatch", "Month", other, "expected the month of MonthEndingDate, found another"),
            ("future_period", "MonthEndingDate", end > pd.Timestamp(release), f"expected a month before {release}"),
            ("not_a_number", layout.DEATHS, bad, "expected a whole number of deaths, 0 or more"),
            ("empty_without_reason", layout.DEATHS, records["status"].eq(""), "expected a footnote saying why"),
        ]
    )


def _notes(snapshot: Snapshot, frame: pd.DataFrame, records: pd.DataFrame) -> dict[str, str]:
    last = records["period_end"].max()
    notes = {
        "release_rule": snapshot.notes.get("release_date", ""),
        "several_days": snapshot.notes.get("several_days", ""),
        "newest_month": "" if pd.isna(last) else f"{last:%Y-%m}",
        "counties": f"{records['area_id'].nunique():,} counties of {records['state_area'].nunique()} states",
        "added_columns": ", ".join(
            require_columns(frame, layout.REQUIRED, snapshot.files[0].name, layout.OPTIONAL),
        ),
    }
    return {name: text for name, text in notes.items() if text}
