"""What Dagster sees: every asset, the jobs, the schedule, the sensor, and the bench they work at."""

from collections.abc import Iterator

import dagster as dg

from assets.graph import table_assets
from assets.workspace import Workspace
from pipelines.bench import workspace
from pipelines.jobs import jobs
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

    Args:
        settings: Where the lock is.
        bench: Where the steps work.
    """

    @dg.resource(description="Folders and permissions of this run, held under the refresh lock.")
    def workspace_under_lock(context: dg.InitResourceContext) -> Iterator[Workspace]:  # noqa: ARG001
        with held(settings.lock):
            yield bench

    return workspace_under_lock


@dg.definitions
def defs() -> dg.Definitions:
    """Give ``dg dev`` the definitions of this checkout."""
    settings = load()
    return definitions(settings, workspace(settings))
