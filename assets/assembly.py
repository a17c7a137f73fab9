"""From every source's tables to core: jumps held back, figures and files joined, corrections applied, sums checked."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from assets import core, corrections, jumps, plausibility, revisions
from assets.sources import SOURCE_IDS
from assets.tables import Made
from schemas.observations import COLUMNS
from schemas.quarantine import COLUMNS as QUARANTINE_COLUMNS


@dataclass(frozen=True)
class Part:
    """One kept release as its source's step left it."""

    snapshot_id: str
    arrived: str
    layout: str
    observations: pd.DataFrame
    quarantine: pd.DataFrame


@dataclass
class Assembled:
    """The core tables with what was checked and what was held back."""

    tables: dict[str, pd.DataFrame]
    checks: list[plausibility.Check]
    held: list[jumps.Held] = field(default_factory=list)


def part(made: Made, arrived: str) -> Part:
    """Read one release's tables."""
    return Part(
        str(made.record["snapshot_id"]), arrived, layout(made), made.table("observations"), made.table("quarantine")
    )


def layout(made: Made) -> str:
    """Tell apart what a release is of: its raw tables and columns, its measures, and the query it answers.

    Two releases with the same text can be held against each other row by row; a row that only one has came or went.
    """
    notes: dict[str, str] = made.record.get("notes", {})  # type: ignore[assignment]
    queries = sorted({text for key, text in notes.items() if key.split(": ")[-1] in ("query", "group by", "dataset")})
    observations = made.table("observations")
    measures = sorted(observations["measure_id"].unique())
    raw = [
        f"{path.stem}: {sorted(name for name in made.table(path.stem).columns if not name.startswith('_'))}"
        for path in sorted(made.directory.glob("raw__*.parquet"))
    ]
    return hashlib.sha256("\n".join([*raw, *measures, *queries]).encode()).hexdigest()


def assemble(figured: pd.DataFrame, parts: list[Part], reviewed: Path) -> Assembled:
    """Make the core tables.

    Args:
        figured: Observations transcribed in ``data/figures``.
        parts: Every kept release.
        reviewed: Folder of corrections and accepted releases.

    Raises:
        Blocked: A correction no longer fits what is published, or a file of corrections cannot be read.
    """
    try:
        entries = corrections.load(reviewed, SOURCE_IDS)
        let_through = jumps.accepted(reviewed)
        sourced = _join([part.observations for part in parts], figured)
        arrived = {part.snapshot_id: part.arrived or "?" for part in parts}
        held = jumps.held_back(pd.concat([figured, sourced], ignore_index=True), arrived, let_through)
        kept = sourced[~sourced["snapshot_id"].isin([each.snapshot_id for each in held])]
        published = core.observation_releases(figured, kept)
        releases, corrected = corrections.apply(published, entries)
    except (corrections.CorrectionError, jumps.AcceptanceError) as fault:
        raise plausibility.Blocked([_corrections_fit(str(fault))]) from fault
    newest = core.newest(releases)
    layouts = {part.snapshot_id: part.layout for part in parts}
    aside = [part.quarantine for part in parts]
    quarantined = pd.concat(aside, ignore_index=True) if aside else _empty_quarantine()
    found = {
        "core.observation_releases": releases,
        "core.observations": newest,
        "core.quarantine": quarantined.sort_values(QUARANTINE_COLUMNS, ignore_index=True),
        "marts.revisions": revisions.revisions(published, layouts),
        "marts.revision_changes": revisions.changes(published),
        "marts.source_disagreements": core.disagreements(newest),
        "meta.corrections": corrected,
    }
    checks = [
        *plausibility.of_core(newest),
        plausibility.labels_are_known(found["core.quarantine"]),
        _releases_do_not_jump(held, len(parts)),
        _corrections_fit("", len(entries)),
        _corrections_found_their_rows(corrected, {entry.id for entry in entries if entry.foreseen}),
    ]
    return Assembled(found, checks, held)


def newest_releases(newest: pd.DataFrame) -> dict[str, str]:
    """Give the newest release of each source."""
    named = newest[["source_id", "release"]].drop_duplicates()
    ranks = named.assign(_rank=revisions.rank_of_releases(named["release"])).sort_values("_rank")
    last = ranks.drop_duplicates("source_id", keep="last")
    return dict(sorted(zip(last["source_id"], last["release"], strict=True)))


def _join(frames: list[pd.DataFrame], figured: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True)[COLUMNS] if frames else figured.iloc[:0]


def _empty_quarantine() -> pd.DataFrame:
    empty = pd.DataFrame({name: pd.Series(dtype="str") for name in QUARANTINE_COLUMNS})
    return empty.astype({"row": "int64"})


def _corrections_fit(fault: str, entries: int = 0) -> plausibility.Check:
    """Tell whether every correction meets the value it expects; one that does not stops the publication."""
    text = fault or f"expected each of {entries} corrections to meet the value it was written for; each does"
    return plausibility.check("meta.corrections", "corrections_fit", int(bool(fault)), text, severity="block")


def _corrections_found_their_rows(corrected: pd.DataFrame, foreseen: set[str]) -> plausibility.Check:
    idle = ~corrected["applied"] & ~corrected["correction_id"].isin(foreseen)
    lost = corrected.loc[idle, "correction_id"].tolist()
    text = f"expected each correction to find its row; {len(lost)} found none"
    named = f": {', '.join(lost)}; delete what is no longer needed" if lost else ""
    return plausibility.check("meta.corrections", "corrections_found_their_rows", len(lost), text + named)


def _releases_do_not_jump(held: list[jumps.Held], files: int) -> plausibility.Check:
    text = f"expected the values of {files} kept releases near those before; {len(held)} held back"
    named = " ".join(each.message for each in held)
    return plausibility.check(
        "core.observation_releases",
        "releases_do_not_jump",
        len(held),
        f"{text}. {named}" if held else text,
        severity="block",
    )


CHECKS = (
    *(("core.observations", name) for name in plausibility.CORE_CHECKS),
    ("core.quarantine", "labels_are_known"),
    ("core.observation_releases", "releases_do_not_jump"),
    ("meta.corrections", "corrections_fit"),
    ("meta.corrections", "corrections_found_their_rows"),
)
"""Table and name of each check that ``assemble`` runs."""
