"""Public Health Agency of Canada: monthly visits, clients and overdoses at supervised consumption sites."""

import datetime
from pathlib import Path

import pandas as pd

from assets.reading import Table, parse_number, read_text, require_columns
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, tidy_observations
from assets.tidying import first_faults, refuse_cut_off, release_in_name, set_aside, without_duplicates
from assets.transport import Transport, Validators
from schemas.areas import resolve
from schemas.source_card import SourceCard
from schemas.sources import phac_consumption_sites as layout

CARD = SourceCard(
    id="phac_consumption_sites",
    title="Supervised Consumption Sites: visits, clients and overdoses",
    publisher="Public Health Agency of Canada, Health Infobase",
    licence="Open Government Licence - Canada",
    licence_url="https://open.canada.ca/en/open-government-licence-canada",
    homepage="https://health-infobase.canada.ca/supervised-consumption-sites/",
    download_url="",
    cadence="monthly data, published irregularly",
    basis="events at the sites that reported in the month",
    citation=(
        "Public Health Agency of Canada. Supervised consumption sites dashboard (scs-visits-clients-trends.csv). "
        "Health Infobase."
    ),
    coverage="Canada, all reporting sites together; months from March 2020",
    caveats=(
        "The number of reporting sites changes from month to month: a trend in counts is not a trend in use.",
        "Clients are unique inside a site and a month: they cannot be added over months, and people who use two sites "
        "count twice.",
        "Sites exempted by the federal government only; overdose prevention sites are not in the table.",
        "The published overdose rates cannot be reproduced from visits; their denominator is not stated: they are not "
        "loaded.",
    ),
    drop_in_help=(
        "Download scs-visits-clients-trends.csv from the Health Infobase page of supervised consumption sites, put the "
        "release date shown there into the file name (scs-visits-clients-trends-YYYY-MM-DD.csv) and drop it in "
        "data/drop/phac_consumption_sites/."
    ),
    automated=False,
)

_KEY = ["measure_id", "area_id", "period_start", "period_end"]


def fetch(transport: Transport, known: Validators | None, into: Path) -> Recognised | None:  # noqa: ARG001
    """Say how to get the file: no stable download address is documented.

    Raises:
        SourceRefused: Always, with what to do.
    """
    raise SourceRefused(f"{CARD.id}: expected a documented download address, found only a page. {CARD.drop_in_help}")


def recognise(path: Path) -> Recognised:
    """Tell the release of a dropped file from the date in its name, once it is known to be the monthly table.

    Raises:
        SourceRefused: Another table, a cut-off file, or no release date in the name.
    """
    table, date_column = _read(path)
    ends = _months(table.frame[date_column])["period_end"].dropna()
    last = ends.max().date() if len(ends) else None
    return Recognised(release_in_name(path, CARD.id, last), (path,), {"release_date": "date in the file name"})


def _read(path: Path) -> tuple[Table, str]:
    """Read the table and find its date column, which releases name differently."""
    for other, title in layout.OTHER_TABLES.items():
        if path.name.lower().startswith(other.removesuffix(".csv")):
            raise SourceRefused(
                f"{path.name}: expected {layout.FILE_NAME}, found {other}, {title}. Drop {layout.FILE_NAME} instead."
            )
    table = read_text(path)
    columns = set(table.frame.columns)
    if {"Substance", "Specific_Measure"} <= columns:
        raise SourceRefused(
            f"{path.name}: expected {layout.FILE_NAME}, found the table of substance-related harms. "
            "Drop it in data/drop/phac_substance_harms/."
        )
    found = [name for name in layout.DATE_COLUMNS if name in columns]
    if len(found) != 1:
        raise SourceRefused(
            f"{path.name}: expected one date column, {' or '.join(layout.DATE_COLUMNS)}, found "
            f"{found or sorted(columns)[:12]}. "
            "If the publisher renamed it, add the new name to the source's schema."
        )
    require_columns(table.frame, ["province", *layout.MEASURES, *layout.DROPPED], path.name, optional=found)
    refuse_cut_off(table, path.name)
    return table, found[0]


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the monthly table into observations.

    Grain: one cell of a counted column gives one observation. Steps: read as text, unpivot, month to dates; unreadable
    cells go to quarantine. Caveats: published rates and averages are left out, for the reason counted in ``dropped``.
    """
    read = [_read(path) for path in snapshot.files]
    parts = [table.frame.rename(columns={date_column: "date"}) for table, date_column in read]
    frame = pd.concat(parts, ignore_index=True).fillna("")
    ragged = pd.concat([table.quarantine for table, _ in read], ignore_index=True)
    raw = layout.Raw.validate(frame)
    full = _cells(frame)
    faults = _faults(full)
    kept, conflicting, dropped = without_duplicates(full[faults["code"] == ""], _KEY, "_column")
    for column, reason in layout.DROPPED.items():
        reason = f"{column}: {reason}"
        dropped = dropped | {reason: len(frame)}
    extra = require_columns(frame, ["province", "date", *layout.MEASURES, *layout.DROPPED], CARD.id)
    notes = {"release_rule": snapshot.notes.get("release_date", ""), "added_columns": ", ".join(extra)}
    renamed = {date_column for _, date_column in read} - {"date"}
    notes["renamed_columns"] = "".join(f"{column} is read as date" for column in renamed)
    return Tidy(
        observations=tidy_observations(kept.drop(columns=["_file", "_row", "_column"])),
        raw={CARD.id: raw},
        quarantine=pd.concat([ragged, set_aside(full, faults), conflicting], ignore_index=True),
        dropped=dropped,
        records_in=len(frame) * (len(layout.MEASURES) + len(layout.DROPPED)) + len(ragged),
        release_notes={name: text for name, text in notes.items() if text},
    )


def _cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Unpivot the counted columns: one row for each cell, with its area, month, value and status."""
    cells = frame.melt(["province", "date", "_file", "_row"], list(layout.MEASURES), "_column", "value_text")
    word = cells["value_text"].str.strip().map(layout.STATUSES)
    value, unreadable = parse_number(cells["value_text"].where(word.isna(), ""))
    whole = (
        value.where(cells["_column"] == "trend_nr_od_nf").groupby([cells["_file"], cells["_row"]]).transform("first")
    )
    return cells.join(_months(cells["date"])).assign(
        measure_id=cells["_column"].map(layout.MEASURES),
        area_id=resolve(cells["province"], scheme="ca").astype(object),
        value=value,
        status=word.fillna("reported"),
        unreadable=unreadable,
        overdoses=whole,
        is_provisional=False,
    )


def _months(labels: pd.Series) -> pd.DataFrame:
    """Read a month's first day, such as 2020-03-01; null where it is none."""
    tidy_label = labels.str.strip().where(labels.str.strip().str.match(r"^\d{4}-\d{1,2}-0?1$"))
    start = pd.to_datetime(tidy_label, format="%Y-%m-%d", errors="coerce")
    start = start.where(start.dt.date <= datetime.date(2100, 1, 1))
    return pd.DataFrame({"period_start": start, "period_end": start + pd.offsets.MonthEnd(0)})


def _faults(full: pd.DataFrame) -> pd.DataFrame:
    part = (full["_column"] == "trend_nr_od_naloxone") & (full["value"] > full["overdoses"])
    return first_faults(
        [
            (
                "unknown_area",
                "province",
                full["area_id"].isna(),
                "expected TOTAL, or a province or territory of Canada",
            ),
            ("unreadable_period", "date", full["period_start"].isna(), "expected a month's first day, as 2020-03-01"),
            ("not_a_number", "", full["unreadable"], "expected a number, or an empty cell"),
            ("negative", "", full["value"] < 0, "expected zero or more"),
            ("not_whole", "", full["value"] % 1 > 0, "expected a whole number"),
            ("part_exceeds_whole", "", part, "expected no more overdoses with naloxone than overdoses"),
        ]
    )
