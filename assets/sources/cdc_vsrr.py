"""CDC/NCHS provisional drug overdose deaths by state: twelve months ending in each month, reported and predicted."""

import calendar
import datetime
import re
from pathlib import Path

import pandas as pd

from assets.reading import Table, parse_number, read_text, require_columns
from assets.socrata import release_date
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, refused_records, tidy_observations
from assets.tidying import refuse_cut_off, release_in_name, without_duplicates
from assets.transport import Transport, Validators
from schemas.areas import areas, resolve
from schemas.source_card import SourceCard
from schemas.sources import cdc_vsrr as layout

HOST = "https://data.cdc.gov"

CARD = SourceCard(
    id="cdc_vsrr",
    title="VSRR Provisional Drug Overdose Death Counts",
    publisher="National Center for Health Statistics, Centers for Disease Control and Prevention",
    licence="Public domain (US Government work)",
    licence_url="https://www.usa.gov/government-works",
    homepage="https://www.cdc.gov/nchs/nvss/vsrr/drug-overdose-data.htm",
    download_url=f"{HOST}/api/views/{layout.DATASET}/rows.csv?accessType=DOWNLOAD",
    cadence="monthly",
    basis="occurrence: deaths are counted in the state where they happened, whoever lived there",
    citation=(
        "National Center for Health Statistics. VSRR Provisional Drug Overdose Death Counts. "
        f"Available from {HOST}/d/{layout.DATASET}."
    ),
    coverage="United States, 50 states, DC, New York City, Puerto Rico in newer releases; from January 2015",
    caveats=(
        "Each value covers the twelve months ending in a month; windows overlap and are never added.",
        "Deaths count where they occurred: rates differ from those by residence, in DC by a quarter.",
        "New York State is shown without New York City; the United States are the states, DC and New York City, "
        "without Puerto Rico.",
        "Reported and predicted values of old months change between releases, up and down.",
        "Drug classes overlap, and some states lack them; the publisher advises against comparing them between states.",
        "Counts of 1 to 9 are suppressed; zeros are true zeros.",
    ),
    drop_in_help=(
        f"Open {HOST}/d/{layout.DATASET}, export the whole table as CSV, put the release date into its name "
        "(..._YYYY-MM-DD.csv), and drop it in data/drop/cdc_vsrr/."
    ),
    automated=True,
)

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_COMPACT_DATE = re.compile(r"(?<!\d)(20\d{2})(\d{2})(\d{2})(?!\d)")
_API_LIMITS = (1_000, 50_000)
_COUNTS = ("overdose_deaths", "all_cause_deaths")
SMALL_COUNT = "1-9: hidden by the publisher's present rule"
NOT_PREDICTED = "no predicted value is published for this indicator"
NOT_GIVEN = "predicted value not given, with a reported value"
REPEATED = "percent complete or pending, repeated on the lines of the month's other indicators"


def fetch(transport: Transport, known: Validators | None, into: Path) -> Recognised | None:
    """Download the whole table; its release is the day on which the portal last changed the rows."""
    name = "VSRR_Provisional_Drug_Overdose_Death_Counts.csv"
    download = transport.socrata_csv(layout.DATASET, into, name, known, HOST)
    if download is None:
        return None
    _read(download.path)
    notes = {"release_date": "day the portal last changed the rows (rowsUpdatedAt)"}
    release = release_date(download.validators.rows_updated_at)
    return Recognised(release, (download.path,), notes, download.validators, download.url)


def recognise(path: Path) -> Recognised:
    """Tell the release of a dropped file from the date in its name, once it is known to be the whole state table.

    Raises:
        SourceRefused: Another table, an altered or partial copy, a cut-off file, or no release date in the name.
    """
    frame = _read(path).frame
    last = _window_ends(frame).max()
    compact = _COMPACT_DATE.search(path.name)
    named = path.with_name(path.name.replace(compact.group(), "-".join(compact.groups()))) if compact else path
    release = release_in_name(named, CARD.id, None if pd.isna(last) else last.date())
    return Recognised(release, (path,), {"release_date": "date in the file name"})


def _read(path: Path) -> Table:
    """Read the table under its published column names, and refuse what is not the whole of it."""
    table = read_text(path)
    frame = table.frame.rename(columns=layout.SODA_NAMES)
    missing = [column for column in layout.REQUIRED if column not in frame.columns]
    others = [name for column, name in layout.OTHER_TABLES.items() if column in frame.columns]
    if missing and others:
        raise SourceRefused(f"{path.name}: expected {CARD.title}, found {others[0]}. {CARD.drop_in_help}")
    require_columns(frame, layout.REQUIRED, path.name, layout.OPTIONAL)
    refuse_cut_off(table, path.name)
    altered = frame["Indicator"].str.contains("|", regex=False)
    if altered.any():
        line = frame[altered].iloc[0]
        raise SourceRefused(
            f"{path.name}: expected the publisher's own indicator names, found {line['Indicator']!r} in line "
            f"{line['_row']}: a copy altered by somebody else. {CARD.drop_in_help}"
        )
    if not frame["State"].str.strip().isin(["US", "United States"]).any():
        raise SourceRefused(
            f"{path.name}: expected rows of the United States (State US), found {frame['State'].nunique()} others: "
            f"an extract or an altered copy. {CARD.drop_in_help}"
        )
    if len(frame) in _API_LIMITS:
        raise SourceRefused(
            f"{path.name}: expected the whole table, found exactly {len(frame):,} rows, at which the portal's query "
            f"interface cuts off. {CARD.drop_in_help}"
        )
    return Table(frame, table.quarantine, table.encoding)


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the table into observations.

    Grain: each line gives up to four records: its reported value, its predicted value, and the percentages of records
    complete and pending, which the publisher repeats on every line of a state's month and which are kept once, from
    the line that counts all deaths. Steps: read as text; find area, window and measure; read numbers; an empty value
    takes its status from the footnote. Caveats: windows of twelve months overlap and are never added; predicted values
    are always provisional.
    """
    table = _read(snapshot.files[0])
    raw = layout.Raw.validate(_small_counts_hidden(table.frame))
    lines = _lines(table.frame, snapshot.release[:10])
    blocks, dropped = _records(lines)
    records = _withheld(_judged(pd.concat(blocks, ignore_index=True)))
    refused = records[records["code"] != ""]
    kept, conflicting, repeated = without_duplicates(
        records[records["code"] == ""], ["measure_id", "drug", "area_id", "period_end"], "_column"
    )
    value_columns = [column for column in layout.VALUE_COLUMNS if column in table.frame.columns]
    return Tidy(
        observations=tidy_observations(kept),
        raw={CARD.id: raw},
        quarantine=pd.concat([table.quarantine, _quarantine(refused), conflicting], ignore_index=True),
        dropped=dropped | repeated,
        records_in=len(table.frame) * len(value_columns) + len(table.quarantine),
        release_notes=_release_notes(table.frame, lines, snapshot),
    )


def _withheld(records: pd.DataFrame) -> pd.DataFrame:
    """Hide counts of 1 to 9 in every release: earlier ones show some that the publisher's rule now suppresses."""
    deaths = records["measure_id"].isin([*_COUNTS, "overdose_deaths_predicted"])
    small = deaths & records["value"].between(1, 9) & (records["code"] == "")
    note = records["note"].where(records["note"] == "", records["note"] + "; ") + SMALL_COUNT
    return records.assign(
        value=records["value"].mask(small),
        status=records["status"].mask(small, "suppressed"),
        note=records["note"].mask(small, note),
    )


def _small_counts_hidden(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the lines as published, but for counts of 1 to 9, which stand there as ``1-9``."""
    deaths = ~frame["Indicator"].str.startswith("Percent")
    hidden = {
        column: frame[column].mask(deaths & frame[column].str.fullmatch(r"\s*[1-9](\.0*)?\s*"), "1-9")
        for column in ("Data Value", "Predicted Value")
        if column in frame
    }
    return frame.assign(**hidden)


def _window_ends(frame: pd.DataFrame) -> pd.Series:
    """Give the last day of each line's month; null where year or month cannot be read."""
    cells = frame[["Year", "Month"]].drop_duplicates()
    years, bad = parse_number(cells["Year"])
    usable = ~bad & years.between(2000, 2100) & (years % 1 == 0)
    months = cells["Month"].str.strip().str.lower().map(_MONTHS)
    parts = pd.DataFrame({"year": years.where(usable), "month": months, "day": 1})
    ends = pd.to_datetime(parts, errors="coerce") + pd.offsets.MonthEnd(0)
    found = cells.assign(period_end=ends.astype("datetime64[us]"))
    return frame[["Year", "Month"]].merge(found, how="left", validate="m:1")["period_end"].set_axis(frame.index)


def _indicator(name: str) -> tuple[str, str] | None:
    """Give measure and drug; drug classes go by their codes, whose spacing has varied."""
    tidy_name = " ".join(name.split())
    if tidy_name in layout.INDICATORS:
        return layout.INDICATORS[tidy_name]
    codes = re.search(r"\(([TX0-9.,\s–-]+)\)$", tidy_name)
    drug = layout.DRUGS_BY_CODES.get(re.sub(r"\s", "", codes.group(1)).replace("–", "-")) if codes else None
    return ("overdose_deaths", drug) if drug else None


def _lines(frame: pd.DataFrame, release: str) -> pd.DataFrame:
    """Find what holds for all records of a line: area, window, measure, remark; and the fault, if it has one."""
    empty = pd.Series("", index=frame.index, dtype="str")
    measures = {name: _indicator(name) for name in frame["Indicator"].unique()}
    ends = _window_ends(frame)
    # Each footnote is read once: few differ, and the lines are many.
    footnotes = frame.get("Footnote", empty).str.cat(frame.get("Footnote Symbol", empty), sep="\n")
    remarks = {text: _remark(text) for text in footnotes.unique()}
    lines = frame.assign(
        area_id=resolve(frame["State"], scheme="vsrr"),
        period_end=ends,
        period_start=ends + pd.Timedelta(days=1) - pd.DateOffset(years=1),
        measure_id=frame["Indicator"].map({name: found[0] for name, found in measures.items() if found}),
        drug=frame["Indicator"].map({name: found[1] for name, found in measures.items() if found}),
        reason_empty=footnotes.map({text: remark[0] for text, remark in remarks.items()}),
        is_provisional=footnotes.map({text: remark[1] for text, remark in remarks.items()}).astype(bool),
        note=footnotes.map({text: remark[2] for text, remark in remarks.items()}),
    )
    period = frame["Period"].str.strip() if "Period" in frame else empty
    faults = [
        ("unknown_area", "State", lines["area_id"].isna(), "expected a state's code, US or YC, found another label"),
        ("unknown_period", "Month", ends.isna(), "expected a year and an English month name, found others"),
        ("future_period", "Month", ends > pd.Timestamp(release), f"expected a month before the release {release}"),
        ("unknown_window", "Period", ~period.isin(["", layout.PERIOD]), f"expected {layout.PERIOD}, found another one"),
        ("unknown_indicator", "Indicator", lines["measure_id"].isna(), "expected an indicator known to the layout"),
    ]
    lines = lines.assign(code="", fault_column="", fault_value="", reason="")
    for code, column, mask, reason in faults:
        if (first := mask & (lines["code"] == "")).any():
            lines.loc[first, ["code", "fault_column", "reason"]] = [code, column, reason]
            shown = frame["Month"].str.cat(frame["Year"], sep=" ") if column == "Month" else frame[column]
            lines.loc[first, "fault_value"] = shown[first]
    return lines


def _remark(text: str) -> tuple[str, bool, str]:
    """Give the status of an empty value, whether the line is provisional, and the footnote in short."""
    footnote, _, symbol = text.partition("\n")
    words = " ".join(footnote.lower().split())
    low, suppressed = layout.LOW_QUALITY in words, layout.SUPPRESSED in words
    underreported = layout.UNDERREPORTED in words or symbol.strip() == "*"
    remarks = [
        "underreported: incomplete data" if underreported else "",
        "may differ from final data" if layout.MAY_DIFFER in words else "",
        "low data quality" if low else "",
        "suppressed (under 10)" if suppressed else "",
    ]
    # Where both reasons are given, the one that forbids any derivation counts.
    status = "suppressed" if suppressed else "low_quality" if low else ""
    return status, underreported, "; ".join(remark for remark in remarks if remark)


_SHARED = [
    "_file", "_row", "area_id", "period_start", "period_end", "measure_id", "drug", "reason_empty", "is_provisional",
    "note", "code", "fault_column", "fault_value", "reason",
]  # fmt: skip


def _block(lines: pd.DataFrame, column: str, measure_id: str = "") -> pd.DataFrame:
    block = lines[_SHARED].assign(_column=column, value_text=lines[column].str.strip())
    return block.assign(measure_id=measure_id) if measure_id else block


def _records(lines: pd.DataFrame) -> tuple[list[pd.DataFrame], dict[str, int]]:
    """Take the records out of the lines, one block for each value column, and count those dropped on purpose."""
    blocks = [_block(lines, "Data Value")]
    dropped: dict[str, int] = {}
    if "Predicted Value" in lines:
        blank = lines["Predicted Value"].str.strip() == ""
        fine = lines["code"] == ""
        unpredicted = fine & blank & lines["measure_id"].ne("overdose_deaths")
        # Where the reported value is withheld, the predicted one is withheld for the same reason: a status, not a drop.
        not_given = fine & blank & ~unpredicted & lines["Data Value"].str.strip().ne("")
        dropped |= {NOT_PREDICTED: int(unpredicted.sum()), NOT_GIVEN: int(not_given.sum())}
        predicted = _block(lines[~unpredicted & ~not_given], "Predicted Value").assign(is_provisional=True)
        known = predicted["measure_id"] == "overdose_deaths"
        blocks.append(predicted.assign(measure_id=predicted["measure_id"].mask(known, "overdose_deaths_predicted")))
    for column, measure in (
        ("Percent Complete", "deaths_records_complete_pct"),
        ("Percent Pending Investigation", "deaths_pending_investigation_pct"),
    ):
        block, repeated = _once_a_month(lines, column, measure)
        blocks.append(block)
        dropped[REPEATED] = dropped.get(REPEATED, 0) + repeated
    return blocks, {reason: number for reason, number in dropped.items() if number}


def _once_a_month(lines: pd.DataFrame, column: str, measure: str) -> tuple[pd.DataFrame, int]:
    """Keep a percentage once for a state's month, and those that differ from it; count the repetitions."""
    # A line in quarantine is there with all its cells, so its percentages are not looked at.
    good = lines[lines["code"] == ""]
    first = good.sort_values("measure_id", key=lambda ids: ids != "all_cause_deaths", kind="stable")
    first = first.drop_duplicates(["area_id", "period_end"])
    chosen = good[["area_id", "period_end"]].merge(
        first[["area_id", "period_end", column]], how="left", on=["area_id", "period_end"], validate="m:1"
    )
    repeats = good[column].eq(chosen[column].set_axis(good.index)) & ~good.index.isin(first.index)
    block = _block(lines.drop(index=good.index[repeats]), column, measure).assign(drug="all", reason_empty="")
    return block, int(repeats.sum())


def _judged(records: pd.DataFrame) -> pd.DataFrame:
    """Read each record's number, give its status, and name its fault where the line had none."""
    at_least = records["value_text"].str.endswith("+") & records["_column"].eq("Percent Complete")
    values, bad = parse_number(records["value_text"].mask(at_least, records["value_text"].str.rstrip("+")))
    blank = records["value_text"] == ""
    percent = records["measure_id"].str.endswith("_pct").eq(True)
    unpredicted = records["_column"].eq("Predicted Value") & records["measure_id"].ne("overdose_deaths_predicted")
    faults = [
        ("not_a_number", bad, "expected a plain number, found something else"),
        ("out_of_range", values.lt(0) | (percent & values.gt(100)), "expected 0 or more, and at most 100 percent"),
        ("not_a_count", records["measure_id"].isin(_COUNTS) & (values % 1 > 0), "expected a whole number of deaths"),
        ("empty_without_reason", blank & records["reason_empty"].eq(""), "expected a footnote saying why, found none"),
        ("unexpected_prediction", ~blank & unpredicted, "expected no predicted value for this indicator, found one"),
    ]
    records = records.assign(
        value=values,
        lower=values.where(at_least),
        upper=pd.Series(100.0, index=records.index).where(at_least),
        status=records["reason_empty"].where(blank, "reported"),
        note=records["note"].mask(at_least, records["value_text"].str.rstrip("+") + " or more"),
    )
    for code, mask, reason in faults:
        if (first := mask & (records["code"] == "")).any():
            records.loc[first, ["code", "reason"]] = [code, reason]
            records.loc[first, "fault_column"] = records.loc[first, "_column"]
            records.loc[first, "fault_value"] = records.loc[first, "value_text"]
    return records


def _quarantine(refused: pd.DataFrame) -> pd.DataFrame:
    names = {"_file": "file", "_row": "row", "fault_column": "column", "fault_value": "value"}
    return refused_records(refused.drop(columns="value").rename(columns=names))


def _release_notes(frame: pd.DataFrame, lines: pd.DataFrame, snapshot: Snapshot) -> dict[str, str]:
    added = require_columns(frame, layout.REQUIRED, snapshot.files[0].name, layout.OPTIONAL)
    known = areas()
    absent = sorted(set(known.loc[known["in_us_total"], "area_id"]) - set(lines["area_id"].dropna()))
    last: datetime.datetime = lines["period_end"].max()
    notes = {
        "release_rule": snapshot.notes.get("release_date", ""),
        "newest_month": "" if pd.isna(last) else f"{last:%Y-%m}",
        "added_columns": ", ".join(added),
        "absent_areas": ", ".join(absent),
    }
    return {name: text for name, text in notes.items() if text}
