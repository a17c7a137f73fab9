"""UNAIDS Key Populations Atlas: national values about people who inject drugs and people in prison."""

from pathlib import Path

import pandas as pd

from assets import unaids_bulk
from assets.source import Recognised, Snapshot, SourceRefused, Tidy
from assets.transport import Transport, Validators
from assets.unaids_answers import read_answers
from assets.unaids_bulk import ATLAS, Bulk
from assets.unaids_records import Sieve
from schemas.source_card import SourceCard
from schemas.sources import unaids_kp_atlas as layout
from schemas.sources.unaids_ncpi import COMPILED

CARD = SourceCard(
    id="unaids_kp_atlas",
    title="Key Populations Atlas",
    publisher="Joint United Nations Programme on HIV/AIDS (UNAIDS)",
    licence="CC BY-NC-SA 3.0 IGO",
    licence_url="https://creativecommons.org/licenses/by-nc-sa/3.0/igo/",
    homepage="https://kpatlas.unaids.org/",
    download_url="https://aidsinfo.unaids.org/documents/",
    cadence="yearly",
    basis="gathered by UNAIDS from reports, surveys and publications; many values are from surveys in some cities only",
    citation="UNAIDS. Key Populations Atlas. Geneva: Joint United Nations Programme on HIV/AIDS.",
    coverage="Countries, national values only; years from 2011",
    caveats=(
        "Most of the published table is about places inside countries; those rows are dropped by count.",
        "It overlaps with Global AIDS Monitoring, and some values differ: indicators prefer Global AIDS Monitoring.",
        "Surveys differ in place, recruitment and definition; compare countries with care.",
        "Non-commercial use only, and what is made from it is shared under the same licence.",
        "The year in a file's name is that of the edition, not of the release.",
    ),
    drop_in_help=(
        "Download KPAtlasDB_<year>_en.zip from https://aidsinfo.unaids.org/, put the release date into its name "
        "(KPAtlasDB_2025_en-YYYY-MM-DD.zip) and drop it in data/drop/unaids_kp_atlas/."
    ),
    automated=True,
)

INSIDE = "place inside a country (Area Level other than 1 and 2)"
REGION = "region or group of countries"
OTHER_TOPIC = "indicator of another topic"


def fetch(transport: Transport, known: Validators | None, into: Path) -> Recognised | None:
    """Download the newest edition: this year's, or of the three years before, at either of the two known addresses.

    Raises:
        SourceRefused: No edition is at the known addresses, or what is there is not the table.
        TransportError: The server cannot be reached.
    """
    found = unaids_bulk.newest_edition(ATLAS, transport, known, into, CARD.drop_in_help)
    if found is not None:
        _read(found.files[0])
    return found


def recognise(path: Path) -> Recognised:
    """Tell the release of the bulk zip or csv.

    Raises:
        SourceRefused: Another UNAIDS table, a damaged file, no national rows, or no year in the name.
    """
    _read(path)
    release, notes = unaids_bulk.release_of(path, ATLAS, CARD.id)
    return Recognised(release, (path,), notes)


def _read(path: Path) -> Bulk:
    bulk = unaids_bulk.read(path, ATLAS, (layout.LEVEL,))
    levels = bulk.frame[layout.LEVEL].str.strip()
    # An answer of the interface is of one indicator, which may have been studied in cities only.
    if not levels.eq(layout.NATIONAL).any() and path.suffix != ".json":
        raise SourceRefused(
            f"{path.name}: expected rows of whole countries (Area Level {layout.NATIONAL}), found only the levels "
            f"{sorted(levels.unique())[:6]}. Download KPAtlasDB_<year>_en.zip again, or correct the source's layout."
        )
    return bulk


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the national rows into observations of people who inject drugs and people in prison.

    Grain: one row of the file is one record; a published range is folded into its estimate's row. Steps: places inside
    countries, regions and other topics are dropped by count; the rest is read as in Global AIDS Monitoring, and UNAIDS'
    answers on programmes in prison as 1 or 0.
    """
    bulks = [_read(path) for path in snapshot.files]
    frame = pd.concat([bulk.frame for bulk in bulks], ignore_index=True)
    level, year = frame[layout.LEVEL].str.strip(), int(snapshot.release[:4])
    ours = frame["Indicator_GId"].str.strip().str.startswith(layout.TOPIC)
    national = level.eq(layout.NATIONAL)
    rows = unaids_bulk.rows_of(frame)[national]
    questions = rows["gid"].isin(layout.PRISON_QUESTIONS)
    answers = read_answers(rows[questions], COMPILED, year)
    sieve = Sieve(rows[~questions], year)
    sieve.drop(~ours.reindex(sieve.rows.index), OTHER_TOPIC)
    sieve.drop_undefined()
    sieve.refuse_unreadable()
    sieve.read_values()
    sieve.check_units()
    sieve.check_duplicates()
    observations = sieve.join_limits()
    dropped = {INSIDE: int((~national & level.ne("1")).sum()), REGION: int(level.eq("1").sum())}
    for part in (sieve.dropped, answers.dropped):
        dropped |= {reason: number + dropped.get(reason, 0) for reason, number in part.items()}
    ragged = [bulk.refused for bulk in bulks]
    return Tidy(
        observations=pd.concat([observations, answers.observations], ignore_index=True),
        raw={CARD.id: layout.Raw.validate(frame[national & ours].reset_index(drop=True))},
        quarantine=pd.concat([*ragged, *sieve.refused, answers.quarantine], ignore_index=True),
        dropped={reason: number for reason, number in dropped.items() if number},
        records_in=len(frame) + sum(map(len, ragged)),
        release_notes={
            "release_rule": snapshot.notes.get("release_date", unaids_bulk.EDITION),
            "raw": "only national rows about people who inject drugs and people in prison",
        }
        | {key: text for bulk in bulks for key, text in bulk.notes.items() if text}
        | sieve.notes,
    )
