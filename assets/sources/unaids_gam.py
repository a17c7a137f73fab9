"""UNAIDS Global AIDS Monitoring: what countries report on people who inject drugs and people in prison."""

import re
from pathlib import Path

import pandas as pd

from assets.source import Recognised, Snapshot, SourceRefused, Tidy
from assets.tidying import release_in_name
from assets.transport import Transport, Validators
from assets.unaids_bulk import EDITION, GAM, newest_edition, release_of
from assets.unaids_files import AREAS, Member, Records, members_of, read_bulk, read_reshaped
from assets.unaids_records import Sieve
from schemas.source_card import SourceCard
from schemas.sources import unaids_gam as layout

CARD = SourceCard(
    id="unaids_gam",
    title="Global AIDS Monitoring",
    publisher="Joint United Nations Programme on HIV/AIDS (UNAIDS)",
    licence="CC BY-NC-SA 3.0 IGO",
    licence_url="https://creativecommons.org/licenses/by-nc-sa/3.0/igo/",
    homepage="https://aidsinfo.unaids.org/",
    download_url="https://aidsinfo.unaids.org/documents/",
    cadence="yearly",
    basis="reported by countries' governments; many values are from surveys in some cities only",
    citation="UNAIDS. Global AIDS Monitoring, AIDSinfo. Geneva: Joint United Nations Programme on HIV/AIDS.",
    coverage="Countries that report; years from 2011",
    caveats=(
        "Countries report what they have: a missing country or year is not a zero.",
        "Surveys differ in place, recruitment and definition; compare countries with care.",
        "Non-commercial use only, and what is made from it is shared under the same licence.",
        "Syringes per person come under the units Rate and Number; Number is read as a rate where values are rates.",
        "The year in a file's name is that of the edition, not of the release.",
    ),
    drop_in_help=(
        "Download GAM_<year>_en.zip from https://aidsinfo.unaids.org/, put the release date into its name "
        "(GAM_2025_en-YYYY-MM-DD.zip) and drop it in data/drop/unaids_gam/. For the re-shaped 2019 edition drop its "
        "folder, or a zip of the folder, with ddf--entities--area.csv in it."
    ),
    automated=True,
)

_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
_DATE = re.compile(r"(?<!\d)20\d\d-\d\d-\d\d(?!\d)")


def fetch(transport: Transport, known: Validators | None, into: Path) -> Recognised | None:
    """Download the newest edition: this year's, or of the three years before, at either of the two known addresses.

    Raises:
        SourceRefused: No edition is at the known addresses, or what is there is not the table.
        TransportError: The server cannot be reached.
    """
    found = newest_edition(GAM, transport, known, into, CARD.drop_in_help)
    if found is not None:
        read_bulk(found.files[0])
    return found


def recognise(path: Path) -> Recognised:
    """Tell the release of the bulk zip or csv, or of the re-shaped 2019 edition (its folder, or a zip of it).

    Raises:
        SourceRefused: A file of the 2019 edition alone, another UNAIDS table, a damaged file, or no year in the name.
    """
    if path.name.startswith("ddf--"):
        raise SourceRefused(
            f"{path.name}: expected the whole re-shaped edition, found one of its files, whose areas are numbers that "
            f"only {AREAS} explains. Zip the folder that holds both, or put the folder itself, in data/drop/{CARD.id}/."
        )
    members = members_of(path)
    if members is None:
        read_bulk(path)
        release, notes = release_of(path, GAM, CARD.id)
        return Recognised(release, (path,), notes)
    edition = read_reshaped(path.name, members)
    files = tuple(member.path for member in members if member.path != path) or (path,)
    release, notes = _release_of_reshaped(path, edition)
    return Recognised(release, files, notes)


def _release_of_reshaped(path: Path, edition: Records) -> tuple[str, dict[str, str]]:
    if _DATE.search(path.name):
        return release_in_name(path, CARD.id), {"release_date": "date in the name of what was dropped"}
    years = pd.to_numeric(edition.frame["year"], errors="coerce")
    year = _YEAR.search(path.name)
    newest = int(year[1]) if year else int(years.max()) + 1
    return f"{newest}-01-01", {"release_date": EDITION}


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the tables into observations of people who inject drugs and people in prison.

    Grain: one row of the file is one record; a published range is folded into its estimate's row. Steps: other topics,
    regions and undefined categories are dropped by count; id and unit give the measure, the subgroup sex or age; values
    are checked against their unit and range; equal duplicates are dropped, contradicting ones set aside.
    Caveats: values are as countries reported them; what is implausible is withdrawn in data/corrections.
    """
    inputs = _inputs(snapshot)
    frame = pd.concat([part.frame for part in inputs], ignore_index=True)
    sieve = Sieve(frame, int(snapshot.release[:4]))
    sieve.drop_other_topics()
    sieve.drop_undefined()
    sieve.refuse_unreadable()
    sieve.read_values()
    sieve.check_units()
    sieve.check_duplicates()
    observations = sieve.join_limits()
    notes = {key: text for part in inputs for key, text in part.notes.items() if text}
    return Tidy(
        observations=observations,
        raw={name: layout.RAW_MODELS[name].validate(table) for part in inputs for name, table in part.raw.items()},
        quarantine=pd.concat([*(part.quarantine for part in inputs), *sieve.refused], ignore_index=True),
        dropped=sieve.dropped,
        records_in=len(frame) + sum(len(part.quarantine) for part in inputs),
        release_notes={"release_rule": snapshot.notes.get("release_date", EDITION)} | notes | sieve.notes,
    )


def _inputs(snapshot: Snapshot) -> list[Records]:
    loose = [Member(path, path.name) for path in snapshot.files if path.name.startswith("ddf--")]
    inputs = [read_reshaped(snapshot.snapshot_id, loose)] if loose else []
    for path in snapshot.files:
        if not path.name.startswith("ddf--"):
            members = members_of(path)
            inputs.append(read_bulk(path) if members is None else read_reshaped(path.name, members))
    return inputs
