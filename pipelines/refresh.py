"""One refresh in this process, recorded in Dagster so that its pages show it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg

from assets import tables
from assets.downloads import Downloads
from assets.revisions import newest_changes
from assets.source_facts import source_facts
from assets.sources import CONNECTED, FIGURES_ONLY, source
from assets.workspace import Workspace
from pipelines.bench import workspace
from pipelines.definitions import definitions
from pipelines.jobs import REFRESH
from pipelines.lock import AnotherRefreshIsRunning, held
from pipelines.run_records import STARTED_BY, run_records
from pipelines.settings import Settings

__all__ = ["AnotherRefreshIsRunning", "Outcome", "SourceOutcome", "refresh"]

PUBLISHED, REFUSED, PUBLISHED_WITHOUT_A_SOURCE = 0, 1, 3
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass
class SourceOutcome:
    """What a refresh did for one source."""

    source_id: str
    origin: str
    """live, dropped-in, kept, figures or none: where its newest data come from."""

    release: str
    state: str
    """new release, unchanged, refused, unreachable or no data."""

    rows: int
    quarantined: int
    checks_passed: int
    checks_failed: int
    messages: list[str] = field(default_factory=list)


@dataclass
class Outcome:
    """What a refresh came to."""

    exit_code: int
    run_id: str
    sources: list[SourceOutcome]
    database: Path | None
    site: Path | None
    message: str
    seconds: float
    unchanged: bool
    revisions: list[str] = field(default_factory=list)
    """The largest changes that this run's new releases brought, in a line each."""


def refresh(
    settings: Settings,
    *,
    offline: bool = False,
    source_ids: tuple[str, ...] = (),
    report: Callable[[str, int, int], None] | None = None,
) -> Outcome:
    """Look for news, validate, store, compute and publish.

    Args:
        settings: Where things are.
        offline: Whether the network must not be used.
        source_ids: Sources to look for news of; all of them where empty.
        report: Called with the name of each step, how many are done, and how many there are.

    Raises:
        AnotherRefreshIsRunning: Another process is at it.
    """
    began = time.monotonic()
    with held(settings.lock):
        bench = workspace(settings, offline=offline, source_ids=source_ids)
        before = settings.database.resolve() if settings.database.exists() else None
        with _downloading(bench), run_records(settings.dagster_home) as instance:
            job = _followed(definitions(settings, bench), report)
            result = job.execute_in_process(instance=instance, run_config=_QUIET, tags=STARTED_BY, raise_on_error=False)
        outcome = _outcome(settings, bench, result, before)
        outcome.seconds = time.monotonic() - began
        return outcome


@contextmanager
def _downloading(bench: Workspace) -> Iterator[None]:
    """Look for all live releases at once: one after the other, publishers that do not answer would add up."""
    sources = [source(source_id) for source_id in CONNECTED if source_id in bench.bring_in]
    bench.downloads = Downloads(sources, bench.snapshots, bench.transport)
    try:
        yield
    finally:
        bench.downloads.close()
        bench.downloads = None


def _followed(defs: dg.Definitions, report: Callable[[str, int, int], None] | None) -> dg.JobDefinition:
    """Give the refresh job, reporting each step as it begins."""
    job = defs.resolve_job_def(REFRESH)
    if report is None:
        return job
    total = len(job.nodes)
    done = 0

    @dg.success_hook(name="follow")
    def follow(context: dg.HookContext) -> None:
        nonlocal done
        done += 1
        report(context.op.name.replace("__", " "), done, total)

    report("starting", 0, total)
    return job.with_hooks({follow})


def _outcome(settings: Settings, bench: Workspace, result: dg.ExecuteInProcessResult, before: Path | None) -> Outcome:
    database = settings.database if settings.database.exists() else None
    site = settings.site if settings.site.exists() else None
    sources = [_source_outcome(bench, source_id) for source_id in (*CONNECTED, *FIGURES_ONLY)]
    unchanged = database is not None and database.resolve() == before
    if not result.success:
        message = f"publication refused: {_first_fault(result)}" + (
            "" if database is None else "; the earlier publication stays"
        )
        return Outcome(REFUSED, result.run_id, sources, database, site, message, 0.0, unchanged)
    refused = [each.source_id for each in sources if each.state == "refused"]
    if refused:
        message = f"published without news of {', '.join(refused)}: refused; the last good data stay"
    else:
        message = "nothing changed; the publication stays" if unchanged else "published"
    code = PUBLISHED_WITHOUT_A_SOURCE if refused else PUBLISHED
    outcome = Outcome(code, result.run_id, sources, database, site, message, 0.0, unchanged)
    outcome.revisions = _revisions(bench, sources)
    return outcome


def _revisions(bench: Workspace, sources: list[SourceOutcome]) -> list[str]:
    """Tell what the new releases changed, largest first."""
    new = tuple(each.source_id for each in sources if each.state == "new release")
    made = tables.last_good(bench.tables / "core") if new else None
    return newest_changes(made.table("marts.revision_changes"), new) if made else []


def _first_fault(result: dg.ExecuteInProcessResult) -> str:
    """Give the innermost message of the first step that failed."""
    for event in result.all_events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            while error is not None and error.cause is not None:
                error = error.cause
            text = error.message.strip() if error is not None else "unknown fault"
            return f"{event.step_key}: {text.split(': ', 1)[-1]}"
    return "unknown fault; see the run in Dagster"


def _source_outcome(bench: Workspace, source_id: str) -> SourceOutcome:
    facts = source_facts(bench, source_id)
    return SourceOutcome(
        source_id=source_id,
        origin=facts.origin,
        release=facts.release,
        state=facts.state,
        rows=facts.rows,
        quarantined=facts.quarantined,
        checks_passed=facts.checks_passed,
        checks_failed=facts.checks_failed,
        messages=facts.messages,
    )
