"""Harm Reduction International, Global State of Harm Reduction: which services and policies a country has."""

from pathlib import Path

import numpy as np
import pandas as pd

from assets.reading import Table, read_text, require_columns
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, tidy_observations
from assets.tidying import first_faults, refuse_cut_off, release_in_name, set_aside, without_duplicates
from assets.transport import Transport, Validators
from schemas.areas import resolve
from schemas.source_card import SourceCard
from schemas.sources import hri_global_state as layout

REPORT = "https://hri.global/wp-content/uploads/2024/10/HRI-GSHR-2024_Full-Report_Final.pdf"

CARD = SourceCard(
    id="hri_global_state",
    title="Global State of Harm Reduction, table 1: policies and services by country",
    publisher="Harm Reduction International",
    licence="not verified; single figures with citation",
    licence_url="",
    homepage="https://hri.global/flagship-research/the-global-state-of-harm-reduction/",
    download_url="",
    cadence="every two years, with updates between",
    basis="gathered by Harm Reduction International from civil society, researchers and reports",
    citation="Harm Reduction International. Global State of Harm Reduction 2024. London: Harm Reduction International.",
    coverage="Countries and territories of the report; ten marks each",
    caveats=(
        "The table is transcribed from a PDF by one person and compared with it by another: no program reads it.",
        "A mark says that there is at least one service, not how many people it reaches.",
        "The mark nd means that the answer could not be determined: it is neither yes nor no.",
        "The marks are for the year of the report; services may have opened or closed since.",
        "Other sources ask the same of governments, and their answers may differ.",
    ),
    drop_in_help=(
        f"Transcribe table 1 of the report ({REPORT} for 2024) into a csv with the header "
        f"{','.join(layout.COLUMNS)}, one line for each country, signs as printed or yes, no and nd; have a second "
        "person compare it; put the report's day of release into its name (gshr-2024-10-01.csv) and drop it in "
        "data/drop/hri_global_state/."
    ),
)

_KEY = ["measure_id", "area_id", "period_start"]


def fetch(transport: Transport, known: Validators | None, into: Path) -> Recognised | None:  # noqa: ARG001
    """Say how to get the table: the report is a PDF, which a person transcribes.

    Raises:
        SourceRefused: Always, with what to do.
    """
    raise SourceRefused(f"{CARD.id}: expected a table, found only a report as PDF. {CARD.drop_in_help}")


def recognise(path: Path) -> Recognised:
    """Tell the release from the date in the file's name, once it is known to be a checked transcription.

    Raises:
        SourceRefused: The PDF itself, another table, lines that nobody compared with it, or no date in the name.
    """
    table = _read(path)
    unchecked = table.frame[
        (table.frame["checked_by"].str.strip() == "") | table.frame["checked_by"].eq(table.frame["transcribed_by"])
    ]
    if len(unchecked):
        raise SourceRefused(
            f"{path.name}: expected each line to be compared with the report by a second person (checked_by), found "
            f"{len(unchecked)} that were not, first in line {unchecked['_row'].iloc[0]}. Have them compared."
        )
    return Recognised(release_in_name(path, CARD.id), (path,), {"release_date": "date in the file name"})


def _read(path: Path) -> Table:
    if path.read_bytes()[:5] == b"%PDF-":
        raise SourceRefused(f"{path.name}: expected a transcription as csv, found the PDF itself. {CARD.drop_in_help}")
    table = read_text(path)
    require_columns(table.frame, layout.COLUMNS, path.name)
    refuse_cut_off(table, path.name)
    return table


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the marks into observations.

    Grain: one mark of a country is one record. Steps: a tick is 1, a cross is 0, nd is not collected; an empty cell or
    another sign is set aside, because the report leaves none empty.
    """
    tables = [_read(path) for path in snapshot.files]
    ragged = [table.quarantine for table in tables]
    frame = pd.concat([table.frame for table in tables], ignore_index=True).fillna("")
    cells = frame.melt(["edition", "country", "page", "_file", "_row"], list(layout.MEASURES), "_column", "value_text")
    mark = cells["value_text"].str.strip().str.lower()
    value = mark.map(layout.MARKS)
    year = cells["edition"].str.strip().where(cells["edition"].str.strip().str.fullmatch(r"20\d\d"))
    records = cells.assign(
        measure_id=cells["_column"].map(layout.MEASURES),
        area_id=resolve(cells["country"]),
        period_start=pd.to_datetime(year + "-01-01", errors="coerce"),
        period_end=pd.to_datetime(year + "-12-31", errors="coerce"),
        value=value,
        status=np.where(value.isna(), "not_collected", "reported"),
        is_provisional=False,
        note="page " + cells["page"].str.strip(),
    )
    faults = _faults(records, value.isna() & ~mark.isin(layout.NOT_DETERMINED), int(snapshot.release[:4]))
    kept, conflicting, repeated = without_duplicates(records[faults["code"] == ""], _KEY, "_column")
    return Tidy(
        observations=tidy_observations(kept),
        raw={CARD.id: layout.Raw.validate(frame)},
        quarantine=pd.concat([*ragged, set_aside(records, faults), conflicting], ignore_index=True),
        dropped=repeated,
        records_in=len(cells) + sum(map(len, ragged)),
        release_notes={"release_rule": snapshot.notes.get("release_date", "")},
    )


def _faults(records: pd.DataFrame, unknown_mark: pd.Series, release_year: int) -> pd.DataFrame:
    return first_faults(
        [
            ("unknown_area", "country", records["area_id"].isna(), "expected a country or territory"),
            ("bad_period", "edition", records["period_end"].isna(), "expected the year of the report"),
            (
                "future_period",
                "edition",
                records["period_end"].dt.year > release_year,
                "expected an edition up to the release's year",
            ),
            ("answer_not_known", "", unknown_mark, "expected a tick, a cross or nd, as printed"),
        ]
    )
