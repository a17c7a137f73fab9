"""UNAIDS policy questionnaire (NCPI): laws, policies and services about drugs, as governments and civil society say."""

from pathlib import Path

import pandas as pd

from assets import unaids_bulk
from assets.source import Recognised, Snapshot, SourceRefused, Tidy
from assets.transport import Transport, Validators
from assets.unaids_answers import read_answers
from assets.unaids_bulk import POLICY, Bulk
from schemas.source_card import SourceCard
from schemas.sources import unaids_ncpi as layout

CARD = SourceCard(
    id="unaids_ncpi",
    title="National Commitments and Policy Instrument",
    publisher="Joint United Nations Programme on HIV/AIDS (UNAIDS)",
    licence="CC BY-NC-SA 3.0 IGO",
    licence_url="https://creativecommons.org/licenses/by-nc-sa/3.0/igo/",
    homepage="https://aidsinfo.unaids.org/",
    download_url="https://aidsinfo.unaids.org/documents/",
    cadence="yearly; questions are asked in turn, not all each year",
    basis="answered by governments and by civil society of the country",
    citation=(
        "UNAIDS. National Commitments and Policy Instrument, Laws and Policies, AIDSinfo. Geneva: Joint United Nations "
        "Programme on HIV/AIDS."
    ),
    coverage="Countries that answer; questions about people who use drugs and people in prison only",
    caveats=(
        "An answer is what a respondent says, not a reading of the law, and not how much of a service there is.",
        "Government and civil society may answer differently: both are kept, as population groups of their own.",
        "No row for a country and year means that it did not answer, never that the answer is no.",
        "Questions answered by a choice of descriptions are in the raw table only (Q_A_215, Q_A_216).",
        "The words of answers other than Yes and No were not seen in the original; an unknown answer is set aside.",
        "Non-commercial use only, and what is made from it is shared under the same licence.",
    ),
    drop_in_help=(
        "Download NCPI_<year>_en.zip (Laws and Policies) from https://aidsinfo.unaids.org/, put the release date into "
        "its name (NCPI_2025_en-YYYY-MM-DD.zip) and drop it in data/drop/unaids_ncpi/."
    ),
    automated=True,
)

OTHER_TOPIC = "question of another topic"
CATEGORY = "question on drugs answered in descriptions: only in the raw table"


def fetch(transport: Transport, known: Validators | None, into: Path) -> Recognised | None:
    """Download the newest edition: this year's, or of the three years before, at either of the two known addresses.

    Raises:
        SourceRefused: No edition is at the known addresses, or what is there is not the table.
        TransportError: The server cannot be reached.
    """
    found = unaids_bulk.newest_edition(POLICY, transport, known, into, CARD.drop_in_help)
    if found is not None:
        _read(found.files[0])
    return found


def recognise(path: Path) -> Recognised:
    """Tell the release of the bulk zip or csv.

    Raises:
        SourceRefused: Another UNAIDS table, a damaged file, or no year in the name.
    """
    _read(path)
    release, notes = unaids_bulk.release_of(path, POLICY, CARD.id)
    return Recognised(release, (path,), notes)


def _read(path: Path) -> Bulk:
    bulk = unaids_bulk.read(path, POLICY)
    gids = bulk.frame["Indicator_GId"].str.strip()
    if not gids.isin(layout.MEASURES).any():
        raise SourceRefused(
            f"{path.name}: expected questions about drugs (Q_A_249 and others), found {sorted(gids.unique())[:4]}. "
            "Download NCPI_<year>_en.zip instead."
        )
    return bulk


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the answers about drugs into observations.

    Grain: one row of the file is one record: a question, who answered, a country and a year. Steps: other topics are
    dropped by count; Yes is 1, No is 0, a word for no answer is a status; an unknown answer is set aside.
    Caveats: answers are never joined over respondents.
    """
    bulks = [_read(path) for path in snapshot.files]
    frame = pd.concat([bulk.frame for bulk in bulks], ignore_index=True)
    rows = unaids_bulk.rows_of(frame)
    asked, described = rows["gid"].isin(layout.MEASURES), rows["gid"].isin(layout.CATEGORIES)
    answers = read_answers(rows[asked], layout.RESPONDENTS, int(snapshot.release[:4]))
    dropped = {OTHER_TOPIC: int((~asked & ~described).sum()), CATEGORY: int(described.sum())}
    ragged = [bulk.refused for bulk in bulks]
    notes = {key: text for bulk in bulks for key, text in bulk.notes.items() if text}
    return Tidy(
        observations=answers.observations,
        raw={CARD.id: layout.Raw.validate(frame[asked | described].reset_index(drop=True))},
        quarantine=pd.concat([*ragged, answers.quarantine], ignore_index=True),
        dropped={reason: number for reason, number in dropped.items() if number} | answers.dropped,
        records_in=len(frame) + sum(map(len, ragged)),
        release_notes={
            "release_rule": snapshot.notes.get("release_date", unaids_bulk.EDITION),
            "raw": "only questions about drugs",
        }
        | notes,
    )
