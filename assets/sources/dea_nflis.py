"""DEA NFLIS-Drug: reports of fentanyl and related substances by forensic laboratories, by state and year."""

import datetime
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd

from assets.reading import Table, parse_number, read_text, require_columns
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, tidy_observations
from assets.tidying import first_faults, refuse_cut_off, set_aside, without_duplicates
from assets.transport import Transport, Validators
from schemas.areas import resolve
from schemas.source_card import SourceCard
from schemas.sources import dea_nflis as layout

CARD = SourceCard(
    id="dea_nflis",
    title="NFLIS-Drug: fentanyl and fentanyl-related drug reports by state",
    publisher="Drug Enforcement Administration, Diversion Control Division",
    licence="US Government work; terms of the query system not verified",
    licence_url="https://www.usa.gov/government-works",
    homepage="https://www.nflis.deadiversion.usdoj.gov/",
    download_url="",
    cadence="the query may be run at any time",
    basis="occurrence: state whose laboratories reported the drug",
    citation=(
        "Drug Enforcement Administration, Diversion Control Division. National Forensic Laboratory Information System "
        "(NFLIS-Drug), public data query."
    ),
    coverage="United States: states, District of Columbia, territories; calendar years from 1998",
    caveats=(
        "Drugs that police seized and laboratories analysed: a sign of supply and of police work, not of use or harm.",
        "One seizure may hold several substances, and each is a report; precursors such as 4-ANPP are among the "
        "related substances.",
        "A state without a line reported none, or its laboratories did not report: it is not zero.",
        "Laboratories report with delay: the last year before the query is probably incomplete, so it is provisional.",
        "Laboratories joined over time, so the first years are not a trend.",
        "National figures are not in the file; a sum over states leaves out reports of an unknown state.",
    ),
    drop_in_help=(
        "In the public data query of NFLIS-Drug, choose the category of fentanyl and fentanyl-related substances, all "
        "kinds of laboratory, all states, by year, export it as CSV, and drop it in data/drop/dea_nflis/. The release "
        "is the day on which the query was run, which stands in the file."
    ),
    automated=False,
)

SUMMED = "substances of one class, summed into the class's reports"
OTHER_CATEGORY = "another drug category, not read here"
UNKNOWN_STATE = "reported without a state"
WITHHELD = "class withheld: the reports of one of its substances could not be read"
STILL_OPEN = pd.Timedelta(days=365)
"""A year that ended less than this before the query still waits for laboratories."""

_KEY = ["area_id", "period_start", "period_end", "drug"]


def fetch(transport: Transport, known: Validators | None, into: Path) -> NoReturn:  # noqa: ARG001
    """Refuse: the query is run by a person in the browser.

    Raises:
        SourceRefused: Always; it says how to run it.
    """
    raise SourceRefused(
        f"{CARD.id}: expected an address for scripts, and the query has none that is known. See {CARD.homepage}. "
        f"{CARD.drop_in_help}"
    )


def recognise(path: Path) -> Recognised:
    """Tell the release from the day on which the query was run.

    Raises:
        SourceRefused: Another table, a cut-off file, or not one day of query.
    """
    _, run = _read(path)
    return Recognised(run.isoformat(), (path,), {"release_date": "day on which the query was run (QUERY_RUN_DATE)"})


def _read(path: Path) -> tuple[Table, datetime.date]:
    table = read_text(path)
    frame = table.frame
    require_columns(frame, layout.REQUIRED, path.name)
    refuse_cut_off(table, path.name)
    if not frame["DRUG_CATEGORY_CODE"].str.strip().eq(layout.CATEGORY).any():
        raise SourceRefused(
            f"{path.name}: expected lines of the drug category {layout.CATEGORY} (fentanyl and related), found "
            f"{sorted(frame['DRUG_CATEGORY_DESCRIPTION'].str.strip().unique())[:3]}. {CARD.drop_in_help}"
        )
    days = frame["QUERY_RUN_DATE"].str.extract(r"^\s*(\d{4}-\d{2}-\d{2})(?:[ T].*)?$")[0]
    run = pd.to_datetime(days, format="%Y-%m-%d", errors="coerce")
    if run.isna().any() or len(run.unique()) != 1:
        raise SourceRefused(
            f"{path.name}: expected one day of query in QUERY_RUN_DATE, found "
            f"{sorted(frame['QUERY_RUN_DATE'].unique())[:3]}. Do not join queries of different days."
        )
    return table, run.iloc[0].date()


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn one query into observations.

    Grain: each line is one record, a state's reports of one substance in a calendar year. Its observation is the sum
    over the substances of a class: fentanyl, carfentanil, and all others of the category, which together are the
    category. A class is withheld where one of its lines cannot be read. Caveats: no line is not zero; the last year is
    provisional.
    """
    tables = [_read(path) for path in snapshot.files]
    frame = pd.concat([table.frame for table, _ in tables], ignore_index=True)
    records = _records(frame, tables[0][1])
    faults = _faults(records, frame)
    category = frame["DRUG_CATEGORY_CODE"].str.strip().eq(layout.CATEGORY)
    nowhere = category & frame["STATE"].str.strip().eq(layout.UNKNOWN_STATE)
    faults.loc[~category | nowhere, "code"] = ""
    fine = category & ~nowhere & faults["code"].eq("")
    kept, conflicting, dropped = without_duplicates(
        records[fine], [*_KEY, "substance_id", "base_id"], "DRUG_REPORTS", "value_text"
    )
    lost = pd.concat([records[category & ~nowhere & faults["code"].ne("")], records[fine].drop(kept.index)])
    lost = lost[~lost.index.isin(_exact_copies(records[fine], kept))]
    observations, withheld = _summed(kept, lost)
    counts = {
        OTHER_CATEGORY: int((~category).sum()),
        UNKNOWN_STATE: int(nowhere.sum()),
        WITHHELD: withheld,
        SUMMED: len(kept) - withheld - len(observations),
    }
    ragged = [table.quarantine for table, _ in tables]
    return Tidy(
        observations=tidy_observations(observations),
        raw={CARD.id: layout.Raw.validate(frame)},
        quarantine=pd.concat([*ragged, set_aside(records, faults), conflicting], ignore_index=True),
        dropped=dropped | {reason: count for reason, count in counts.items() if count},
        records_in=len(frame) + sum(map(len, ragged)),
        release_notes=_notes(snapshot, frame, nowhere),
    )


def _records(frame: pd.DataFrame, run: datetime.date) -> pd.DataFrame:
    """Give each line its place, year, class and number."""
    years, bad = parse_number(frame["YYYY"])
    year = years.where(~bad & (years % 1 == 0) & years.between(1990, run.year)).astype("Int64").astype("str")
    end = pd.to_datetime(year + "-12-31", format="%Y-%m-%d", errors="coerce")
    value, unreadable = parse_number(frame["DRUG_REPORTS"])
    base = frame["BASE_ID"].str.strip()
    return frame.assign(
        value_text=frame["DRUG_REPORTS"].str.strip(),
        measure_id=layout.MEASURE,
        area_id=resolve(frame["STATE"].str.strip(), scheme="us"),
        # Spreadsheets lose the leading zero of Alabama to Connecticut.
        fips_area=resolve(frame["STATE_FIPS"].str.strip().str.zfill(2), scheme="fips"),
        drug=np.where(base == "", None, base.map(layout.DRUGS_BY_BASE).fillna(layout.OTHER_DRUG)),
        period_start=pd.to_datetime(year + "-01-01", format="%Y-%m-%d", errors="coerce"),
        # A year still running at the query ends with it.
        period_end=end.where(~(end > pd.Timestamp(run)), pd.Timestamp(run)),
        value=value,
        unreadable=unreadable,
        status="reported",
        is_provisional=end > pd.Timestamp(run) - STILL_OPEN,
        substance_id=frame["SUBSTANCE_ID"].str.strip(),
        base_id=base,
    )


def _faults(records: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    kinds = {text: set(text.split(",")) for text in frame["LABTYPE"].unique()}
    partial = frame["LABTYPE"].map(lambda text: {kind.strip() for kind in kinds[text]} != layout.LABORATORIES)
    mismatch = records["fips_area"].notna() & records["fips_area"].ne(records["area_id"])
    bad = records["unreadable"] | records["value"].isna() | records["value"].lt(0) | (records["value"] % 1 > 0)
    counted = frame["RPTAGGR"].str.strip().ne(layout.COUNTED)
    period = records["period_end"].isna() | frame["PERIOD"].str.strip().ne(frame["YYYY"].str.strip())
    return first_faults(
        [
            ("unknown_area", "STATE", records["area_id"].isna(), "expected a state's two letters, found another label"),
            ("area_mismatch", "STATE_FIPS", mismatch, "expected the state's FIPS code, found another"),
            ("unknown_period", "PERIOD", period, "expected the calendar year of YYYY before the query, found another"),
            ("partial_laboratories", "LABTYPE", partial, "expected all four kinds of laboratory, found others"),
            ("other_count", "RPTAGGR", counted, f"expected {layout.COUNTED}, found another count"),
            ("unknown_substance", "BASE_ID", records["drug"].isna(), "expected NFLIS's number of the base, found none"),
            ("not_a_number", "DRUG_REPORTS", bad, "expected a whole number of 0 or more, found something else"),
        ]
    )


def _exact_copies(fine: pd.DataFrame, kept: pd.DataFrame) -> pd.Index:
    """Give the lines left out only because an equal one is kept: they lack nothing."""
    keys = [*_KEY, "substance_id", "base_id"]
    here = pd.MultiIndex.from_frame(fine[keys]).isin(pd.MultiIndex.from_frame(kept[keys]))
    return fine.index[here]


def _summed(kept: pd.DataFrame, lost: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Sum substances to classes, and count the lines of classes that lack one."""
    # A line whose class cannot be read may belong to any class of its state and year.
    gaps = lost[["area_id", "period_end", "drug"]].drop_duplicates()
    torn = pd.Series(False, index=kept.index)
    for gap in gaps.itertuples(index=False):
        known = {name: value for name, value in gap._asdict().items() if pd.notna(value)}
        if {"area_id", "period_end"} <= set(known):
            torn |= np.logical_and.reduce([kept[name] == value for name, value in known.items()])
    whole = kept[~torn]
    sums = whole.groupby(_KEY, as_index=False).agg(
        value=("value", "sum"), lines=("value", "size"), is_provisional=("is_provisional", "first")
    )
    note = sums["lines"].astype("str") + " substances and forms"
    note = note.mask(sums["lines"] == 1, "1 substance or form")
    note = note.mask(sums["is_provisional"], note + "; laboratories may still report")
    return sums.assign(measure_id=layout.MEASURE, status="reported", note=note), int(torn.sum())


def _notes(snapshot: Snapshot, frame: pd.DataFrame, nowhere: pd.Series) -> dict[str, str]:
    added = [column for column in frame if column not in layout.REQUIRED and not column.startswith("_")]
    reports, _ = parse_number(frame.loc[nowhere, "DRUG_REPORTS"])
    notes = {
        "release_rule": snapshot.notes.get("release_date", ""),
        "added_columns": ", ".join(added),
        "unknown_state": f"{reports.sum():,.0f} reports name no state" if len(reports) else "",
    }
    return {name: text for name, text in notes.items() if text}
