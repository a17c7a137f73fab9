"""Own programme data: what services count themselves, dropped in as filled-in templates, protected before storage."""

import datetime
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from assets import programme_rows, programme_totals, snapshots
from assets.programme_periods import label
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, refused_records, tidy_observations
from assets.transport import Transport, Validators
from schemas.observations import KEY
from schemas.programme import ROUND_TO, TEMPLATES, THRESHOLD
from schemas.source_card import SourceCard
from schemas.sources import programme_data as layout

CARD = SourceCard(
    id="programme_data",
    title="Own programme data",
    publisher="You: the services whose files were dropped in",
    licence="yours",
    licence_url="",
    homepage="",
    download_url="",
    cadence="whenever a file is dropped in",
    basis="where the service works",
    citation="Own programme data, as dropped in by the services.",
    coverage="the places and periods of the files that were dropped in",
    caveats=(
        f"Totals from 1 to {THRESHOLD - 1} are hidden, with the totals that would tell them; the others are rounded to "
        f"{ROUND_TO}.",
        "Counts of the services of a place are added up: somebody who uses two of them counts twice.",
        "A place has as many services in it as sent files: a rise can be one more service, and is no rise in use.",
        "These are no official figures, and stand beside them, never in their place.",
    ),
    drop_in_help=(
        "Write a template (hre template nsp), fill it in, check it (hre check FILE), and put it in "
        f"data/drop/programme/. Templates: {', '.join(TEMPLATES)}."
    ),
    drop_folder="programme",
    confidential=True,
)

_SHOWN = {"written_area": "area_id", "written_period": "period"}
_Kept: TypeAlias = tuple[tuple[Path, ...], str, tuple[str, ...]]
"""Files of a release, its day, and their digests: what its totals rest on."""

_GONE = "withdrawn by the service"


def fetch(transport: Transport, known: Validators | None, into: Path) -> Recognised | None:  # noqa: ARG001
    """Say how to bring the files in: they are on no server.

    Raises:
        SourceRefused: Always, with what to do.
    """
    raise SourceRefused(
        f"{CARD.id}: expected a dropped-in file, found no address to fetch one from. {CARD.drop_in_help}"
    )


def recognise(path: Path) -> Recognised:
    """Tell which template a file is; its release is the day it comes in.

    A file says nothing of when it was filled in, and what comes in later corrects what came in before.

    Raises:
        SourceRefused: It is none of the templates, or holds nothing but its example.
    """
    long = programme_rows.cells(programme_rows.read(path, quiet=True))
    filled = long[long["text"] != ""]
    found = programme_rows.faults(filled, datetime.date.max)
    if not (found["code"] != "example_row").any():
        raise SourceRefused(
            f"{path.name}: expected your own figures, found only the lines that the template came with, or none. "
            "Fill it in below its second line and delete the example."
        )
    notes = {"release_date": "day the file came in"}
    return Recognised(datetime.datetime.now(datetime.UTC).date().isoformat(), (path,), notes)


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn everything that services sent so far into protected totals of places.

    Grain: one total for each measure, place, period and group. Steps: read every file that came in up to this one,
    judge each count, let later counts replace earlier ones, add services up, hide and round, audit. Caveats: what is
    set aside is told by position and reason alone; no cell of the files is quoted anywhere.

    Raises:
        SourceRefused: A file cannot be read any more, or no protection passes the audit.
    """
    try:
        return _tidy(_up_to(snapshot))
    except SourceRefused:
        raise
    except Exception as fault:
        # Whatever it was, its text may quote a cell.
        raise SourceRefused(
            f"{snapshot.snapshot_id}: expected files that can be read, found a fault ({type(fault).__name__}). "
            "Run 'hre check' on each file in data/drop/programme/."
        ) from None


def _up_to(snapshot: Snapshot) -> list[Snapshot]:
    """Give the releases that came in before this one, and this one, oldest first."""
    if snapshot.directory.parent.name != CARD.id:
        return [snapshot]
    every = snapshots.kept(snapshot.directory.parent.parent, CARD.id)
    order = snapshots.release_order
    return [each for each in every if order(each.release) < order(snapshot.release)] + [snapshot]


def _tidy(history: list[Snapshot]) -> Tidy:
    states = [_state(tuple(_kept(each) for each in history[:number])) for number in range(1, len(history) + 1)]
    now, before = states[-1], states[-2].shown if len(states) > 1 else None
    shown, gone = now.shown, _gone(now.shown, before)
    refused = now.gathered.lines[now.gathered.lines["code"] != ""]
    new = refused["sequence"] == len(history) - 1
    dropped = {
        **now.gathered.dropped,
        programme_totals.ADDED: now.counts + now.made - len(shown),
        programme_totals.EARLIER: int((~new).sum()),
    }
    return Tidy(
        observations=tidy_observations(pd.concat([_observations(shown), gone], ignore_index=True)),
        raw={CARD.id: _raw(shown)},
        quarantine=pd.concat([_quarantine(refused[new]), now.ragged], ignore_index=True),
        dropped={reason: number for reason, number in dropped.items() if number},
        records_in=len(now.gathered.lines) + now.made + len(gone) + len(now.ragged),
    )


@dataclass(frozen=True)
class _State:
    """What is known after a release: every line so far, judged, and the protected totals they make."""

    gathered: programme_totals.Gathered
    shown: pd.DataFrame
    ragged: pd.DataFrame
    counts: int
    made: int


def _kept(snapshot: Snapshot) -> _Kept:
    digests = tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in snapshot.files)
    return snapshot.files, snapshot.release, digests


@lru_cache(maxsize=64)
def _state(history: tuple[_Kept, ...]) -> _State:
    """Add a release to those before it; each is protected together with the one before, and so with all."""
    read = [_read(each) for each in history]
    gathered = programme_totals.gather([(long, day) for long, day, _ in read])
    good = gathered.good
    rows = programme_totals.with_years(good)
    before = _state(history[:-1]).shown if len(history) > 1 else None
    shown = programme_totals.protected(programme_totals.totals(rows), before)
    return _State(gathered, shown, read[-1][2], len(good), len(rows) - len(good))


@lru_cache(maxsize=64)
def _read(kept: _Kept) -> tuple[pd.DataFrame, datetime.date, pd.DataFrame]:
    """Read one release's files: its counts, the day it came in, and the lines that do not fit their header."""
    files, release, _ = kept
    sheets = [programme_rows.read(path, quiet=True) for path in files]
    long, ragged = [], [refused_records()]
    for number, sheet in enumerate(sheets, start=1):
        # A file's name may tell whose it is.
        name = f"{sheet.template.id} file {number}"
        long.append(programme_rows.cells(sheet).assign(_file=name))
        ragged.append(sheet.ragged.assign(file=name, value=""))
    day = datetime.date.fromisoformat(release[:10])
    return pd.concat(long, ignore_index=True), day, pd.concat(ragged, ignore_index=True)


def _quarantine(refused: pd.DataFrame) -> pd.DataFrame:
    parts = [refused_records()]
    for (code, shown, expected), rows in refused.groupby(["code", "shown", "expected"]):
        place = rows.rename(columns={"_file": "file", "_row": "row"})
        if shown:
            place = place.assign(column=_SHOWN.get(str(shown), str(shown)))
        told = f"expected {expected}; what was found stays in the file: run 'hre check' on it"
        parts.append(refused_records(place[["file", "row", "column"]].assign(value=""), code=str(code), reason=told))
    return pd.concat(parts, ignore_index=True)


def _observations(shown: pd.DataFrame) -> pd.DataFrame:
    several = shown["services"].astype("str") + " services added up"
    services = several.mask(shown["services"] == 1, "one service")
    some = shown["services"] < shown["services_about"]
    of = shown["services"].astype("str") + " of " + shown["services_about"].astype("Int64").astype("str")
    services = services.mask(some, of + " services gave all of the period")
    made = pd.Series("", index=shown.index, dtype="str").mask(
        shown["summed_periods"], "; sum of its months or quarters"
    )
    hidden = shown["status"] == "suppressed"
    rounding = pd.Series(f"; rounded to {ROUND_TO}", index=shown.index, dtype="str").mask(hidden, "")
    return shown.assign(
        value=shown["shown"], is_provisional=False, note="own programme data; " + services + made + rounding
    )


def _gone(shown: pd.DataFrame, before: pd.DataFrame | None) -> pd.DataFrame:
    """Say of totals that the release before had and this one has not that they are withdrawn."""
    if before is None:
        return shown.iloc[:0].assign(value=pd.Series(dtype="float64"), is_provisional=False, note="")
    keys = [name for name in KEY if name in shown.columns]
    both = before[keys].merge(shown[keys], on=keys, how="left", indicator=True)
    gone = both.loc[both["_merge"] == "left_only", keys]
    return gone.assign(value=float("nan"), status="withdrawn", is_provisional=False, note=_GONE)


def _raw(shown: pd.DataFrame) -> pd.DataFrame:
    text = shown["shown"].astype("Int64").astype("str").fillna("")
    frame = pd.DataFrame(
        {
            "template": shown["template"],
            "column": shown["column"],
            "area_id": shown["area_id"],
            "period": label(shown["period_start"], shown["period_end"]),
            "sex": shown["sex"],
            "age_group": shown["age_group"],
            "services": shown["services"],
            "value": text.where(shown["status"] == "reported", ""),
            "status": shown["status"],
        }
    )
    return layout.Raw.validate(frame.astype("str"))
