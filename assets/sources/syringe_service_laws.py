"""State laws on syringe service programmes and drug paraphernalia, as of 1 August 2019."""

import datetime
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd

from assets.reading import Table, parse_number, read_text, require_columns
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, tidy_observations
from assets.tidying import first_faults, refuse_cut_off, release_in_name, set_aside, without_duplicates
from assets.transport import Transport, Validators
from schemas.areas import resolve
from schemas.source_card import SourceCard
from schemas.sources import syringe_service_laws as layout

CARD = SourceCard(
    id="syringe_service_laws",
    title="State laws governing syringe service programmes and possession of syringes",
    publisher="Policy Surveillance Program (LawAtlas); as a table by the Opioid Environment Policy Scan",
    licence="not verified; single figures with citation",
    licence_url="",
    homepage="https://lawatlas.org/datasets/syringe-services-programs-laws",
    download_url="",
    cadence="irregular",
    basis="not_applicable",
    citation=(
        "Fernández-Viña MH, Prood NE, Herpolsheimer A, Waimberg J, Burris S. State laws governing syringe services "
        "programs and participant syringe possession, 2014-2019. Public Health Reports 2020;135:128S-137S, table 1. "
        "doi:10.1177/0033354920921817"
    ),
    coverage="United States, states and the District of Columbia; laws in effect on 1 August 2019",
    caveats=(
        "One day only: laws passed since are missing, and the day a law began is not given.",
        "A programme may operate without a law that names it, and a law does not mean that one operates.",
        "Local laws are not in it.",
        "The layout is read as re-published by the Opioid Environment Policy Scan, whose totals are held against the "
        "article's; no original file was at hand.",
    ),
    drop_in_help=(
        "Download PS08_2019_S.csv of the Opioid Environment Policy Scan (github.com/GeoDaCenter/opioid-policy-scan), "
        "put the day of its release into its name (such as PS08_2019_S-2021-02-23.csv) and drop it in "
        "data/drop/syringe_service_laws/."
    ),
    automated=False,
)

_KEY = ["measure_id", "area_id", "period_start"]


def fetch(transport: Transport, known: Validators | None, into: Path) -> NoReturn:  # noqa: ARG001
    """Refuse: the terms of use are not verified, so no script takes the file.

    Raises:
        SourceRefused: Always; it says how a person gets it.
    """
    raise SourceRefused(
        f"{CARD.id}: expected terms that let a script download, and found none that are known. See {CARD.homepage}. "
        f"{CARD.drop_in_help}"
    )


def recognise(path: Path) -> Recognised:
    """Tell the release from the date in the file's name, once the table adds up to the article's totals.

    Raises:
        SourceRefused: Another table, an altered or cut-off copy, or no date in the name.
    """
    _read(path)
    release = release_in_name(path, CARD.id, datetime.date.fromisoformat(layout.AS_OF))
    return Recognised(release, (path,), {"release_date": "date in the file name"})


def _read(path: Path) -> Table:
    table = read_text(path)
    known = {name.lower(): name for name in (*layout.AREA_COLUMNS, *layout.MEASURES)}
    frame = table.frame.rename(columns=lambda name: known.get(str(name).strip().lower(), name))
    require_columns(frame, [*layout.AREA_COLUMNS, *layout.MEASURES], path.name)
    refuse_cut_off(table, path.name)
    if len(frame) != layout.STATES:
        raise SourceRefused(
            f"{path.name}: expected {layout.STATES} lines, one for each state and the District of Columbia, found "
            f"{len(frame)}. {CARD.drop_in_help}"
        )
    found = {name: int(frame[name].str.strip().eq("1").sum()) for name in layout.PUBLISHED_TOTALS}
    if found != layout.PUBLISHED_TOTALS:
        raise SourceRefused(
            f"{path.name}: expected {layout.PUBLISHED_TOTALS} states with a 1, as the article counts them, found "
            f"{found}: an altered copy, or laws of another day. {CARD.drop_in_help}"
        )
    return Table(frame, table.quarantine, table.encoding)


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the answers into observations.

    Grain: one answer of a state is one record, of the one day that the table is for. Steps: 1 is yes, 0 is no; code and
    name of a state must agree; anything else is set aside. Caveats: the day a law began is not known.
    """
    tables = [_read(path) for path in snapshot.files]
    ragged = [table.quarantine for table in tables]
    frame = pd.concat([table.frame for table in tables], ignore_index=True)
    cells = frame.melt([*layout.AREA_COLUMNS, "_file", "_row"], list(layout.MEASURES), "_column", "value_text")
    value, unreadable = parse_number(cells["value_text"].str.strip())
    by_code, by_name = (resolve(cells[name].str.strip(), scheme="us") for name in ("STUSPS", "NAME"))
    records = cells.assign(
        measure_id=cells["_column"].map(layout.MEASURES),
        area_id=by_code.where(by_code.eq(by_name)),
        period_start=pd.Timestamp(layout.AS_OF),
        period_end=pd.Timestamp(layout.AS_OF),
        value=value,
        status=np.where(value.isna(), "not_collected", "reported"),
        is_provisional=False,
        note="law in effect on that day; since when is not given",
    )
    faults = first_faults(
        [
            ("unknown_area", "NAME", records["area_id"].isna(), "expected a state's postal code and its name"),
            ("not_a_number", "", unreadable | ~value.isin([0.0, 1.0]), "expected 1 or 0"),
        ]
    )
    kept, conflicting, repeated = without_duplicates(records[faults["code"] == ""], _KEY, "_column")
    return Tidy(
        observations=tidy_observations(kept),
        raw={CARD.id: layout.Raw.validate(frame)},
        quarantine=pd.concat([*ragged, set_aside(records, faults), conflicting], ignore_index=True),
        dropped=repeated,
        records_in=len(cells) + sum(map(len, ragged)),
        release_notes={"release_rule": snapshot.notes.get("release_date", "")},
    )
