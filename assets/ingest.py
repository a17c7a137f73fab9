"""From published bytes to observations: what comes in, what is refused, and what is kept from before."""

import datetime
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from assets import snapshots, tables
from assets.contract import ContractBroken, require
from assets.downloads import Downloads
from assets.source import Recognised, Snapshot, Source, SourceRefused, Tidy
from assets.transport import Transport, TransportError
from assets.unpacking import unpacked
from schemas import quarantine
from schemas.areas import areas
from schemas.observations import KEY, Observation, as_observations
from schemas.quarantine import Quarantine

CHECKOUT = Path(__file__).resolve().parents[1]


@dataclass
class Arrival:
    """What came in for one source in this run."""

    source_id: str
    origin: str = "none"
    """live, dropped-in, kept, figures or none: where the newest data come from."""

    new: list[Snapshot] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unreachable: str = ""


def bring_in(
    source: Source, root: Path, drop: Path, transport: Transport | None, downloads: Downloads | None = None
) -> Arrival:
    """Keep whatever is new: files dropped in, then the live release where a script may fetch it.

    Args:
        source: The source's module.
        root: Folder of all snapshots.
        drop: Folder that holds one drop folder for each source.
        transport: How to download; None for a run without network.
        downloads: Downloads that were started for several sources together; the source's own is taken from there.
    """
    arrival = Arrival(source.CARD.id)
    folder = drop / (source.CARD.drop_folder or source.CARD.id)
    # It is there before anybody needs it, so that a person only has to put the file in.
    folder.mkdir(parents=True, exist_ok=True)
    for each in dict.fromkeys((folder, drop / source.CARD.id)):
        _take_dropped(source, root, each, arrival)
    if downloads is not None and downloads.has(source.CARD.id):
        _take_live(source, root, lambda: downloads.take(source.CARD.id), arrival)
    elif transport is not None and source.CARD.automated:
        marks = snapshots.validators(snapshots.kept(root, source.CARD.id))
        with tempfile.TemporaryDirectory(prefix="hre-") as folder:
            _take_live(source, root, lambda: source.fetch(transport, marks, Path(folder)), arrival)
    if arrival.origin == "none" and snapshots.kept(root, source.CARD.id):
        arrival.origin = "kept"
    return arrival


def _take_dropped(source: Source, root: Path, folder: Path, arrival: Arrival) -> None:
    """Take what lies in a drop folder; one that is as it was is not read through again, what was said is repeated."""
    note = root / source.CARD.id / f".looked-at-{folder.name}.json"
    before = json.loads(note.read_text(encoding="utf-8")) if note.is_file() else {}
    if before.get("mark") == _looked_at(source.CARD.id, root, folder):
        arrival.refused += before["refused"]
        return
    already = len(arrival.refused)
    with tempfile.TemporaryDirectory(prefix="hre-") as unpacking:
        _take_files(source, root, folder, arrival, Path(unpacking))
    if not note.is_file() and not snapshots.dropped_in(folder):
        return
    note.parent.mkdir(parents=True, exist_ok=True)
    said = {"mark": _looked_at(source.CARD.id, root, folder), "refused": arrival.refused[already:]}
    building = note.with_suffix(f".{os.getpid()}.tmp")
    building.write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(building, note)


def _looked_at(source_id: str, root: Path, folder: Path) -> str:
    """Fingerprint of all that a look at a drop folder rests on: its bytes, what is kept, our code and the day."""
    files = [
        path for entry in snapshots.dropped_in(folder) for path in ([entry] if entry.is_file() else entry.rglob("*"))
    ]
    found = [f"{path.relative_to(folder)} {snapshots.digest(path)}" for path in sorted(files) if path.is_file()]
    kept = [snapshot.snapshot_id for snapshot in snapshots.kept(root, source_id)]
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return tables.fingerprint(*found, *kept, tables.code_fingerprint(CHECKOUT), today)


def _recognise(source: Source, path: Path, unpacking: Path) -> Recognised:
    """Recognise a dropped file as it is; where the source has no use for its packing, the one file inside it."""
    try:
        return source.recognise(path)
    except SourceRefused:
        inside = unpacked(path, Path(tempfile.mkdtemp(dir=unpacking)))
        if inside is None:
            raise
        try:
            return source.recognise(inside)
        except SourceRefused as refusal:
            raise SourceRefused(f"{path.name}, unpacked: {refusal}") from None


def _take_files(source: Source, root: Path, folder: Path, arrival: Arrival, unpacking: Path) -> None:
    releases: dict[str, list[Recognised]] = {}
    for path in snapshots.dropped_in(folder):
        if "synthetic" in path.name.lower():
            arrival.refused.append(
                f"{path.name}: expected a publisher's file, found one that calls itself synthetic; invented data "
                "are never published. Take it out of the drop folder."
            )
            continue
        try:
            recognised = _recognise(source, path, unpacking)
        except SourceRefused as refusal:
            arrival.refused.append(str(refusal))
        else:
            releases.setdefault(recognised.release, []).append(recognised)
    for release, parts in sorted(releases.items()):
        files = tuple(dict.fromkeys(path for part in parts for path in part.files))
        notes = {key: text for part in parts for key, text in part.notes.items()}
        kept = snapshots.keep(root, source.CARD, Recognised(release, files, notes), "drop-in")
        if kept is not None:
            arrival.new.append(kept)
            arrival.origin = "dropped-in"


def _take_live(source: Source, root: Path, fetch: Callable[[], Recognised | None], arrival: Arrival) -> None:
    try:
        recognised = fetch()
    except TransportError as fault:
        arrival.unreachable = str(fault)
        return
    except SourceRefused as refusal:
        arrival.refused.append(str(refusal))
        return
    arrival.origin = "live"
    if recognised is not None:
        url = recognised.url or source.CARD.download_url
        kept = snapshots.keep(root, source.CARD, recognised, "live", url, recognised.validators)
        if kept is not None:
            arrival.new.append(kept)


@dataclass
class Ingested:
    """A source's tables over all its kept releases; refusals name what was wrong."""

    source_id: str
    made: list[tables.Made] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        """Fingerprint of all its tables and of what was refused."""
        return tables.fingerprint(self.source_id, *(made.fingerprint for made in self.made), *self.refused)

    def total(self, fact: str) -> int:
        """Add up a number that every release's record holds, such as records_in."""
        return sum(int(str(made.record.get(fact, 0))) for made in self.made)


def tidy_all(source: Source, root: Path, into: Path, code: str) -> Ingested:
    """Turn every kept release of a source into tables; a refused release leaves its last good tables.

    Args:
        source: The source's module.
        root: Folder of all snapshots.
        into: Folder of the source's tables, one folder for each release.
        code: Fingerprint of the code that makes tables.
    """
    ingested = Ingested(source.CARD.id)
    for snapshot in snapshots.kept(root, source.CARD.id):
        try:
            made = _made(source, snapshot, into, code)
        except (SourceRefused, ContractBroken) as refusal:
            ingested.refused.append(f"{snapshot.snapshot_id}: {refusal}")
            last = tables.last_good(into / snapshot.release)
            if last is not None:
                ingested.made.append(last)
        else:
            ingested.made.append(made)
    return ingested


def read_again(source: Source, root: Path, into: Path, code: str, release: str) -> tables.Made:
    """Turn one kept release into tables, also where it was read before by the same code.

    Args:
        source: The source's module.
        root: Folder of all snapshots.
        into: Folder of the source's tables, one folder for each release.
        code: Fingerprint of the code that makes tables.
        release: The kept release, by its name.

    Raises:
        SourceRefused: No such release is kept, its bytes have changed, or it is not what it should be.
        ContractBroken: Its tables break their contract.
    """
    kept = {snapshot.release: snapshot for snapshot in snapshots.kept(root, source.CARD.id)}
    if release not in kept:
        raise SourceRefused(
            f"{source.CARD.id}: expected one of the kept releases {', '.join(kept) or '(none)'}, found {release!r}."
        )
    return _made(source, kept[release], into, code, again=True)


def _made(source: Source, snapshot: Snapshot, into: Path, code: str, again: bool = False) -> tables.Made:
    # Before the fingerprint, which rests on the record: changed bytes must not pass for unchanged tables.
    snapshots.verify(snapshot)
    mark = tables.fingerprint(snapshot.snapshot_id, snapshot.sha256, code)
    return tables.make(into / snapshot.release, mark, lambda: _tidy_one(source, snapshot), again=again)


def _tidy_one(source: Source, snapshot: Snapshot) -> tuple[dict[str, pd.DataFrame], dict[str, object]]:
    tidy = source.tidy(snapshot)
    if tidy.unaccounted():
        raise SourceRefused(
            f"{tidy.unaccounted():,} of {tidy.records_in:,} records ended neither as observations nor in quarantine "
            "nor as documented drops; the source's module is at fault, its table is not stored"
        )
    observations, conflicts = _set_conflicts_aside(_stamp(tidy.observations, snapshot), snapshot)
    refused = pd.concat([_stamp_refused(tidy, snapshot), conflicts], ignore_index=True)
    require(observations, Observation, f"observations of {snapshot.snapshot_id}")
    require(refused, Quarantine, f"quarantine of {snapshot.snapshot_id}")
    require_known_areas(observations)
    found = {f"raw__{name}": frame for name, frame in tidy.raw.items()}
    facts: dict[str, object] = {
        "snapshot_id": snapshot.snapshot_id,
        "records_in": tidy.records_in,
        "observations": len(observations),
        "quarantined": len(refused),
        "dropped": tidy.dropped,
        "dropped_records": sum(tidy.dropped.values()),
        "notes": {**snapshot.notes, **tidy.release_notes},
    }
    return {"observations": observations, "quarantine": refused, **found}, facts


def _stamp(frame: pd.DataFrame, snapshot: Snapshot) -> pd.DataFrame:
    stamps = {"source_id": snapshot.source_id, "release": snapshot.release, "snapshot_id": snapshot.snapshot_id}
    return as_observations(frame.assign(**stamps)).sort_values(KEY, ignore_index=True)


def _stamp_refused(tidy: Tidy, snapshot: Snapshot) -> pd.DataFrame:
    stamped = tidy.quarantine.assign(source_id=snapshot.source_id, release=snapshot.release)[quarantine.COLUMNS]
    types = {name: "int64" if name == "row" else "str" for name in quarantine.COLUMNS}
    return stamped.astype(types)


def _set_conflicts_aside(frame: pd.DataFrame, snapshot: Snapshot) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put both of two observations with one key into quarantine: neither can be known to be right."""
    twice = frame.duplicated(KEY, keep=False)
    conflicts = frame[twice]
    aside = pd.DataFrame(
        {
            "source_id": snapshot.source_id,
            "release": snapshot.release,
            "file": snapshot.files[0].name,
            "row": 0,
            "column": conflicts["measure_id"],
            "value": conflicts["area_id"]
            + " "
            + conflicts["period_end"].dt.strftime("%Y-%m-%d")
            + " "
            + conflicts["value"].astype("str"),
            "code": "conflicting_duplicate",
            "reason": "expected one value for a measure, area, period and group, found several; all are set aside",
        },
        columns=quarantine.COLUMNS,
    )
    types = {name: "int64" if name == "row" else "str" for name in quarantine.COLUMNS}
    return frame[~twice].reset_index(drop=True), aside.astype(types).reset_index(drop=True)


def require_known_areas(observations: pd.DataFrame) -> None:
    """Check that every observation's area is in the areas table.

    Raises:
        ContractBroken: With the unknown ids.
    """
    unknown = sorted(set(observations["area_id"].unique()) - set(areas()["area_id"]))
    if unknown:
        raise ContractBroken(
            f"expected areas of data/reference/areas.csv, found unknown ids {unknown[:5]}; add them there"
        )
