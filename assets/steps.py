"""The steps of a refresh, one function each; Dagster's assets call them and add nothing but metadata."""

import hashlib

import pandas as pd

from assets import about, assembly, corrections, figures, history, ingest, plausibility, snapshots, tables
from assets.contract import Verdict, require
from assets.indicators import registry
from assets.indicators.measures import Measures
from assets.sources import CONNECTED, source
from assets.tables import Made
from assets.workspace import Workspace
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
    """Join all observations, hold back what jumped, apply corrections, keep the newest of each row.

    Raises:
        Blocked: A blocking check failed; the last good tables stay.
    """
    parts = source_tables(workspace)
    figures_made = _figures(workspace)
    retrieved = {
        kept.snapshot_id: kept.retrieved
        for source_id in CONNECTED
        for kept in snapshots.kept(workspace.snapshots, source_id)
    }
    arrived = [retrieved.get(str(part.record["snapshot_id"]), "") for part in parts]
    marks = [figures_made.fingerprint, workspace.code, corrections.digest(workspace.corrections)]
    mark = tables.fingerprint("core", *marks, *[part.fingerprint for part in parts], *arrived)

    def join() -> tuple[dict[str, pd.DataFrame], dict[str, object]]:
        read = [assembly.part(part, came) for part, came in zip(parts, arrived, strict=True)]
        made = assembly.assemble(figures_made.table("observations"), read, workspace.corrections)
        held: dict[str, list[str]] = {}
        for each in made.held:
            held.setdefault(each.source_id, []).append(each.message)
        facts = {"held": held, "releases": assembly.newest_releases(made.tables["core.observations"])}
        return made.tables, {"checks": [*_kept_contracts(made.tables), *made.checks], **facts}

    return tables.make(workspace.tables / "core", mark, join)


def make_marts(workspace: Workspace) -> Made:
    """Make the indicators and their summaries from the newest observations."""
    core_made = _last(workspace, "core")
    mark = tables.fingerprint("marts", core_made.fingerprint, workspace.code)

    def compute() -> tuple[dict[str, pd.DataFrame], dict[str, object]]:
        measures = Measures(core_made.table("core.observations"), core_made.table("core.observation_releases"))
        values = registry.values_of(measures)
        latest = registry.latest_values(values)
        # The denominators of other kinds are no group that the numerator is part of, but another value or population.
        kinds = ("programme", "opioid_dependent", "tested", "deaths")
        shares = [card for card in registry.cards() if card.unit == "percent" and card.denominator_type in kinds]
        parts = [card.id for card in shares]
        found = {
            "marts.indicator_values": values,
            "marts.latest_values": latest,
            "marts.target_summary": registry.target_summary(latest),
        }
        checks = [*_kept_contracts(found), plausibility.numerators_within_denominators(values, parts)]
        return found, {"checks": checks, "precedences": measures.asked}

    return tables.make(workspace.tables / "marts", mark, compute)


def make_history(workspace: Workspace) -> Made:
    """Make the indicators as known on earlier days; a day whose releases are the same is not made again."""
    core_made, marts_made = _last(workspace, "core"), _last(workspace, "marts")
    mark = tables.fingerprint("history", core_made.fingerprint, marts_made.fingerprint, workspace.code)

    def compute() -> tuple[dict[str, pd.DataFrame], dict[str, object]]:
        releases = core_made.table("core.observation_releases")
        days = history.days_to_look_at(releases, core_made.table("marts.revisions"))

        def known(day: str) -> pd.DataFrame:
            if day == days[-1]:
                return history.followed(marts_made.table("marts.indicator_values"))
            rows = history.known_on(releases, day)
            of_day = tables.fingerprint(workspace.code, tables.digest(rows))
            made = tables.make(
                workspace.tables / "days" / day, of_day, lambda: ({"values": history.values_known_on(rows, day)}, {})
            )
            return made.table("values")

        found = {"marts.indicator_history": history.indicator_history(days, known)}
        return found, {"checks": _kept_contracts(found)}

    return tables.make(workspace.tables / "history", mark, compute)


def make_economics(workspace: Workspace) -> Made:
    """Make the tables on evidence, models and interventions, for the places as their indicators describe them."""
    from assets import evidence
    from assets.economics import cheers
    from assets.economics.tables import intervention_tables
    from assets.model_validation import model_validation

    marts_made = _last(workspace, "marts")
    files = sorted(evidence.EVIDENCE_DIRECTORY.glob("*.csv"))
    digest = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()
    page = cheers.read_page()
    mark = tables.fingerprint("economics", marts_made.fingerprint, digest, page, workspace.code)

    def compute() -> tuple[dict[str, pd.DataFrame], dict[str, object]]:
        base = evidence.load()
        found = {
            "meta.parameters": evidence.parameter_rows(base),
            "meta.model_validation": model_validation(base),
            **intervention_tables(marts_made.table("marts.latest_values"), base),
        }
        found["meta.cheers"] = cheers.checklist(found, page)
        return found, {"checks": _kept_contracts(found)}

    return tables.make(workspace.tables / "economics", mark, compute)


def make_meta(workspace: Workspace) -> Made:
    """Make the tables about the tables; what was refused or unreachable belongs to them."""
    core_made, marts_made, figures_made = _last(workspace, "core"), _last(workspace, "marts"), _figures(workspace)
    economics_made, history_made = _last(workspace, "economics"), _last(workspace, "history")
    steps = {source_id: what_happened(workspace, source_id) for source_id in CONNECTED}
    news = [
        f"{key} {step.get('refused')} {step.get('unreachable')} {step.get('retrieved')}" for key, step in steps.items()
    ]
    fresh = about.freshness_checks(dict(core_made.record.get("releases", {})))  # type: ignore[call-overload]
    news += [f"{check['asset']} {check['passed']}" for check in fresh]
    marks = [made.fingerprint for made in (core_made, marts_made, economics_made, history_made)]
    mark = tables.fingerprint("meta", *marks, workspace.code, *news)

    def gather() -> tuple[dict[str, pd.DataFrame], dict[str, object]]:
        citations = figures_made.table("citations")
        sha256: dict[str, str] = figures_made.record["sha256"]  # type: ignore[assignment]
        kept = [
            _snapshot(workspace, source_id, part)
            for source_id in CONNECTED
            for part in source_tables(workspace, source_id)
        ]
        checks = [
            *checks_of(core_made),
            *checks_of(marts_made),
            *checks_of(history_made),
            *checks_of(economics_made),
            *checks_of(figures_made),
            *[row for step in steps.values() for row in listed(step, "checks")],
            *fresh,
        ]
        found = {
            "meta.sources": about.source_rows(steps, core_made.table("core.observations")),
            "meta.snapshots": about.snapshot_rows(kept, citations, sha256),
            "meta.citations": citations,
            "meta.measures": about.measure_rows(marts_made.record["precedences"]),
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


def what_happened(workspace: Workspace, source_id: str) -> dict[str, object]:
    """Join what the arrival and the reading of a source left."""
    arrival, tidied = workspace.recall(f"arrival-{source_id}"), workspace.recall(f"tidy-{source_id}")
    core_made = tables.last_good(workspace.tables / "core")
    held: dict[str, object] = core_made.record.get("held", {}) if core_made else {}  # type: ignore[assignment]
    refused = [message for record in (arrival, tidied) for message in listed(record, "refused")]
    return {**arrival, **tidied, "refused": [*refused, *listed(held, source_id)]}


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


def source_tables(workspace: Workspace, *source_ids: str) -> list[Made]:
    """Give the tables of every kept release of some sources; of all where none is named."""
    directories = [
        workspace.tables / str(name)
        for source_id in source_ids or CONNECTED
        for name in listed(workspace.recall(f"tidy-{source_id}"), "tables")
    ]
    return [made for made in map(tables.last_good, directories) if made is not None]


def raw_tables(workspace: Workspace) -> dict[str, list[tuple[str, str]]]:
    """List every raw table's Parquet files: its name, then snapshot and path of each release."""
    found: dict[str, list[tuple[str, str]]] = {}
    parts = [(str(part.record["snapshot_id"]), part) for part in source_tables(workspace)]
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


def checks_of(made: Made) -> list[plausibility.Check]:
    """Give the checks that a step left in its record."""
    return listed(made.record, "checks")


def listed(record: dict[str, object], key: str) -> list:  # type: ignore[type-arg]
    """Give a list in a record, empty where there is none."""
    value = record.get(key, [])
    return list(value) if isinstance(value, list) else []
