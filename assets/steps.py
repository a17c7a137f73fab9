"""The steps of a refresh, one function each; Dagster's assets call them and add nothing but metadata."""

import hashlib
from dataclasses import dataclass

import pandas as pd

from assets import about, core, figures, ingest, plausibility, snapshots, tables
from assets.contract import Verdict, require
from assets.indicators import registry
from assets.sources import CONNECTED, source
from assets.tables import Made
from assets.workspace import Workspace
from schemas.quarantine import COLUMNS as QUARANTINE_COLUMNS
from schemas.tables import MODELS


def bring_in(workspace: Workspace, source_id: str) -> dict[str, object]:
    """Look for news of a source, unless this run leaves it alone, and leave a record of what came."""
    if source_id not in workspace.bring_in:
        return workspace.recall(f"arrival-{source_id}")
    arrival = ingest.bring_in(
        source(source_id), workspace.snapshots, workspace.drop, workspace.transport(), workspace.downloads
    )
    kept = snapshots.kept(workspace.snapshots, source_id)
    record: dict[str, object] = {
        "origin": arrival.origin,
        "new": [snapshot.snapshot_id for snapshot in arrival.new],
        "refused": arrival.refused,
        "unreachable": arrival.unreachable,
        "retrieved": kept[-1].retrieved if kept else "",
    }
    workspace.remember(f"arrival-{source_id}", record)
    return record


def tidy(workspace: Workspace, source_id: str) -> ingest.Ingested:
    """Turn every kept release of a source into tables, and leave a record of them for the steps after this."""
    ingested = ingest.tidy_all(
        source(source_id), workspace.snapshots, workspace.tables / "sources" / source_id, workspace.code
    )
    workspace.remember(
        f"tidy-{source_id}",
        {
            "fingerprint": ingested.fingerprint,
            "refused": ingested.refused,
            "tables": [str(made.directory.relative_to(workspace.tables)) for made in ingested.made],
            "checks": source_checks(ingested),
        },
    )
    return ingested


def source_checks(ingested: ingest.Ingested) -> list[plausibility.Check]:
    """Check what was read of a source: nothing where no release is kept."""
    records, aside = ingested.total("records_in"), ingested.total("quarantined")
    lost = records - ingested.total("observations") - aside - ingested.total("dropped_records")
    description = f"{len(ingested.made)} releases kept, {len(ingested.refused)} refused"
    asset = ingested.source_id
    if not ingested.made and not ingested.refused:
        return []
    return [
        plausibility.check(
            asset, "releases_keep_the_contract", len(ingested.refused), "; ".join(ingested.refused) or description
        ),
        plausibility.check(
            asset, "every_record_accounted_for", abs(lost), f"{records:,} records in, {aside:,} quarantined"
        ),
        plausibility.check(
            asset, "few_records_in_quarantine", aside if aside > 0.01 * records else 0, f"{aside:,} of {records:,}"
        ),
    ]


def load_figures(workspace: Workspace) -> Made:
    """Read the transcribed figures with their citations."""
    files = sorted(workspace.figures.glob("*.csv"))
    digest = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()

    def read() -> tuple[dict[str, pd.DataFrame], dict[str, object]]:
        loaded = figures.load(workspace.figures)
        found = {"observations": loaded.observations, "raw__figures": loaded.raw, "citations": loaded.citations}
        return found, {"sha256": loaded.sha256, "checks": _figure_checks(loaded.observations)}

    before = tables.last_good(workspace.tables / "figures")
    made = tables.make(workspace.tables / "figures", tables.fingerprint("figures", digest, workspace.code), read)
    known: dict[str, str] = before.record["sha256"] if before else {}  # type: ignore[assignment]
    now: dict[str, str] = made.record["sha256"]  # type: ignore[assignment]
    # Each file of figures is named after its source.
    workspace.remember(
        "figures", {"new": sorted(name.removesuffix(".csv") for name in now if known.get(name) != now[name])}
    )
    return made


def _figure_checks(observations: pd.DataFrame) -> list[plausibility.Check]:
    return [
        plausibility.check(
            str(source_id), "figures_keep_the_contract", 0, f"{rows:,} transcribed figures, each with its citation"
        )
        for source_id, rows in observations.groupby("source_id").size().items()
    ]


def make_core(workspace: Workspace) -> Made:
    """Join all observations, keep the newest of each, and gather what was set aside."""
    parts = _source_tables(workspace)
    figures_made = _figures(workspace)
    mark = tables.fingerprint("core", figures_made.fingerprint, workspace.code, *[part.fingerprint for part in parts])

    def join() -> tuple[dict[str, pd.DataFrame], dict[str, object]]:
        sourced = [part.table("observations") for part in parts]
        aside = [part.table("quarantine") for part in parts]
        figured = figures_made.table("observations")
        releases = core.observation_releases(figured, pd.concat(sourced) if sourced else figured.iloc[:0])
        newest = core.newest(releases)
        quarantined = pd.concat(aside, ignore_index=True) if aside else _empty_quarantine()
        found = {
            "core.observation_releases": releases,
            "core.observations": newest,
            "core.quarantine": quarantined.sort_values(QUARANTINE_COLUMNS, ignore_index=True),
            "marts.revisions": core.revisions(releases),
            "marts.source_disagreements": core.disagreements(newest),
        }
        return found, {"checks": [*_kept_contracts(found), *plausibility.of_core(newest)]}

    return tables.make(workspace.tables / "core", mark, join)


def make_marts(workspace: Workspace) -> Made:
    """Make the indicators and their summaries from the newest observations."""
    core_made = _last(workspace, "core")
    mark = tables.fingerprint("marts", core_made.fingerprint, workspace.code)

    def compute() -> tuple[dict[str, pd.DataFrame], dict[str, object]]:
        values = registry.indicator_values(
            core_made.table("core.observations"), core_made.table("core.observation_releases")
        )
        latest = registry.latest_values(values)
        found = {
            "marts.indicator_values": values,
            "marts.latest_values": latest,
            "marts.target_summary": registry.target_summary(latest),
        }
        return found, {"checks": _kept_contracts(found)}

    return tables.make(workspace.tables / "marts", mark, compute)


def make_economics(workspace: Workspace) -> Made:
    """Make the tables on evidence, models and interventions, for the places as their indicators describe them."""
    from assets import evidence
    from assets.economics.tables import intervention_tables
    from assets.model_validation import model_validation

    marts_made = _last(workspace, "marts")
    files = sorted(evidence.EVIDENCE_DIRECTORY.glob("*.csv"))
    digest = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()
    mark = tables.fingerprint("economics", marts_made.fingerprint, digest, workspace.code)

    def compute() -> tuple[dict[str, pd.DataFrame], dict[str, object]]:
        base = evidence.load()
        found = {
            "meta.parameters": evidence.parameter_rows(base),
            "meta.model_validation": model_validation(base),
            **intervention_tables(marts_made.table("marts.latest_values"), base),
        }
        return found, {"checks": _kept_contracts(found)}

    return tables.make(workspace.tables / "economics", mark, compute)


def make_meta(workspace: Workspace) -> Made:
    """Make the tables about the tables; what was refused or unreachable belongs to them."""
    core_made, marts_made, figures_made = _last(workspace, "core"), _last(workspace, "marts"), _figures(workspace)
    economics_made = _last(workspace, "economics")
    steps = {source_id: _what_happened(workspace, source_id) for source_id in CONNECTED}
    news = [
        f"{key} {step.get('refused')} {step.get('unreachable')} {step.get('retrieved')}" for key, step in steps.items()
    ]
    marks = [made.fingerprint for made in (core_made, marts_made, economics_made)]
    mark = tables.fingerprint("meta", *marks, workspace.code, *news)

    def gather() -> tuple[dict[str, pd.DataFrame], dict[str, object]]:
        citations = figures_made.table("citations")
        sha256: dict[str, str] = figures_made.record["sha256"]  # type: ignore[assignment]
        kept = [
            _snapshot(workspace, source_id, part)
            for source_id in CONNECTED
            for part in _source_tables(workspace, source_id)
        ]
        checks = [
            *_checks(core_made),
            *_checks(marts_made),
            *_checks(economics_made),
            *_checks(figures_made),
            *[row for step in steps.values() for row in _list(step, "checks")],
        ]
        found = {
            "meta.sources": about.source_rows(steps, core_made.table("core.observations")),
            "meta.snapshots": about.snapshot_rows(kept, citations, sha256),
            "meta.citations": citations,
            "meta.measures": about.measure_rows(),
            "meta.areas": about.area_rows(),
            "meta.indicators": about.indicator_rows(marts_made.table("marts.indicator_values")),
            "meta.checks": about.check_rows(checks),
        }
        _kept_contracts(found)
        return found, {}

    return tables.make(workspace.tables / "meta", mark, gather)


def _kept_contracts(found: dict[str, pd.DataFrame]) -> list[plausibility.Check]:
    """Hold each table against its model; one that breaks it stops the step, and the last good tables stay."""
    verdicts: dict[str, Verdict] = {name: require(frame, MODELS[name], name) for name, frame in found.items()}
    return [
        plausibility.check(name, "contract", 0, verdict.sentence(), severity="block")
        for name, verdict in verdicts.items()
    ]


def _what_happened(workspace: Workspace, source_id: str) -> dict[str, object]:
    arrival, tidied = workspace.recall(f"arrival-{source_id}"), workspace.recall(f"tidy-{source_id}")
    return {**arrival, **tidied, "refused": [*_list(arrival, "refused"), *_list(tidied, "refused")]}


def _snapshot(workspace: Workspace, source_id: str, part: Made) -> dict[str, object]:
    kept = {snapshot.snapshot_id: snapshot for snapshot in snapshots.kept(workspace.snapshots, source_id)}
    snapshot = kept[str(part.record["snapshot_id"])]
    card = source(source_id).CARD
    dropped: dict[str, int] = part.record["dropped"]  # type: ignore[assignment]
    notes: dict[str, str] = part.record["notes"]  # type: ignore[assignment]
    return {
        "snapshot_id": snapshot.snapshot_id,
        "source_id": source_id,
        "release": snapshot.release,
        "origin": snapshot.origin,
        "url": snapshot.url,
        "retrieved": snapshot.retrieved,
        "sha256": _protected_digest(part) if card.confidential else snapshot.sha256,
        "licence": card.licence,
        "citation": card.citation,
        "records_in": part.record["records_in"],
        "rows": part.record["observations"],
        "quarantined": part.record["quarantined"],
        "dropped": "\n".join(f"{reason}: {number}" for reason, number in dropped.items()),
        "notes": "\n".join(f"{key}: {text}" for key, text in notes.items()),
    }


def _protected_digest(part: Made) -> str:
    """Digest what may be published: small counts could be guessed until the digest of a confidential file fits."""
    files = sorted(part.directory.glob("raw__*.parquet"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _source_tables(workspace: Workspace, *source_ids: str) -> list[Made]:
    directories = [
        workspace.tables / str(name)
        for source_id in source_ids or CONNECTED
        for name in _list(workspace.recall(f"tidy-{source_id}"), "tables")
    ]
    return [made for made in map(tables.last_good, directories) if made is not None]


def raw_tables(workspace: Workspace) -> dict[str, list[tuple[str, str]]]:
    """List every raw table's Parquet files: its name, then snapshot and path of each release."""
    found: dict[str, list[tuple[str, str]]] = {}
    parts = [(str(part.record["snapshot_id"]), part) for part in _source_tables(workspace)]
    for snapshot_id, part in [*parts, ("figures", _figures(workspace))]:
        for path in sorted(part.directory.glob("raw__*.parquet")):
            found.setdefault(path.stem.removeprefix("raw__"), []).append((snapshot_id, str(path)))
    return found


def _figures(workspace: Workspace) -> Made:
    return _last(workspace, "figures")


def _last(workspace: Workspace, step: str) -> Made:
    made = tables.last_good(workspace.tables / step)
    if made is None:
        raise FileNotFoundError(f"expected the tables of step {step}, found none; run the whole refresh first")
    return made


def _checks(made: Made) -> list[plausibility.Check]:
    return _list(made.record, "checks")


def _list(record: dict[str, object], key: str) -> list:  # type: ignore[type-arg]
    value = record.get(key, [])
    return list(value) if isinstance(value, list) else []


def _empty_quarantine() -> pd.DataFrame:
    empty = pd.DataFrame({name: pd.Series(dtype="str") for name in QUARANTINE_COLUMNS})
    return empty.astype({"row": "int64"})


@dataclass(frozen=True)
class SourceFacts:
    """What a run's steps left about one source, for the closing summary."""

    origin: str
    release: str
    state: str
    rows: int
    quarantined: int
    checks_passed: int
    checks_failed: int
    messages: list[str]


def source_facts(workspace: Workspace, source_id: str) -> SourceFacts:
    """Gather what the steps left about a source; rows and release are those of its newest observations."""
    step = _what_happened(workspace, source_id)
    row = _source_row(workspace, source_id)
    refused, unreachable = _list(step, "refused"), str(step.get("unreachable", ""))
    figures_made = tables.last_good(workspace.tables / "figures")
    figured = [check for check in (_checks(figures_made) if figures_made else []) if check["asset"] == source_id]
    checks = [*_list(step, "checks"), *figured]
    rows = int(str(row.get("rows", 0)))
    origin = str(step.get("origin", "none"))
    new = bool(_list(step, "new")) or source_id in _list(workspace.recall("figures"), "new")
    state = (
        "refused"
        if refused
        else "unreachable"
        if unreachable
        else "new release"
        if new
        else "unchanged"
        if rows
        else "no data"
    )
    return SourceFacts(
        origin="figures" if origin == "none" and rows else origin,
        release=str(row.get("newest_release", "")),
        state=state,
        rows=rows,
        quarantined=sum(int(str(part.record["quarantined"])) for part in _source_tables(workspace, source_id)),
        checks_passed=sum(bool(check["passed"]) for check in checks),
        checks_failed=sum(not check["passed"] for check in checks),
        messages=[*refused, *([unreachable] if unreachable else [])],
    )


def _source_row(workspace: Workspace, source_id: str) -> dict[str, object]:
    made = tables.last_good(workspace.tables / "meta")
    if made is None:
        return {}
    rows = made.table("meta.sources")
    found = rows[rows["source_id"] == source_id].to_dict("records")
    return dict(found[0]) if found else {}
