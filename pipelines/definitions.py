"""What Dagster sees: every asset, the jobs, the schedule, the sensor, and the bench they work at."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from assets.downloads import Downloads
from assets.graph import table_assets
from assets.sources import CONNECTED, source
from assets.workspace import Workspace
from pipelines.bench import workspace
from pipelines.jobs import REFRESH, jobs, source_job_name
from pipelines.lock import held
from pipelines.publication import publication
from pipelines.schedules import MONTHLY, drop_sensor
from pipelines.settings import Settings, load


def definitions(settings: Settings, bench: Workspace) -> dg.Definitions:
    """Join the assets with one bench and one set of folders.

    Args:
        settings: Where the publication goes.
        bench: Where the steps work.
    """
    all_jobs = jobs()
    return dg.Definitions(
        assets=[*table_assets(), publication],
        jobs=all_jobs,
        schedules=[MONTHLY],
        sensors=[drop_sensor(settings, all_jobs)],
        resources={"workspace": locked(settings, bench), "settings": settings},
        executor=dg.in_process_executor,
    )


def locked(settings: Settings, bench: Workspace) -> dg.ResourceDefinition:
    """Give the bench to one run at a time: a run takes the refresh lock before its first step, whoever started it.

    Two runs that both look for news, one begun in Dagster's pages and one by ``hre refresh``, would write over each
    other's tables long before either publishes. The second one ends at once and says so.

    The live releases that the run will look for are downloaded together from its start, as ``hre refresh`` does it: one
    after the other, publishers that do not answer would add up.

    Args:
        settings: Where the lock is.
        bench: Where the steps work.
    """

    @dg.resource(description="Folders and permissions of this run, held under the refresh lock.")
    def workspace_under_lock(context: dg.InitResourceContext) -> Iterator[Workspace]:
        with held(settings.lock), _downloading(bench, _looked_for(context.run)):
            yield bench

    return workspace_under_lock


def _looked_for(run: dg.DagsterRun | None) -> list[str]:
    """Name the sources whose news a run looks for, by its job or by the assets that were chosen."""
    if run is None:
        return []
    chosen = run.asset_selection or ()
    by_assets = [source_id for source_id in CONNECTED if dg.AssetKey([source_id, "snapshots"]) in chosen]
    by_job = [source_id for source_id in CONNECTED if run.job_name in (REFRESH, source_job_name(source_id))]
    return by_assets if chosen else by_job


@contextmanager
def _downloading(bench: Workspace, source_ids: list[str]) -> Iterator[None]:
    if bench.downloads is not None or not source_ids:
        yield
        return
    wanted = [source(source_id) for source_id in source_ids if source_id in bench.bring_in]
    bench.downloads = Downloads(wanted, bench.snapshots, bench.transport)
    try:
        yield
    finally:
        bench.downloads.close()
        bench.downloads = None


@dg.definitions
def defs() -> dg.Definitions:
    """Give ``dg dev`` the definitions of this checkout."""
    settings = load()
    return definitions(settings, workspace(settings))
