"""What Dagster sees: every asset, the jobs, the schedule, and the bench they work at."""

import dagster as dg

from assets.graph import table_assets
from assets.workspace import Workspace
from pipelines.bench import workspace
from pipelines.jobs import jobs
from pipelines.publication import publication
from pipelines.schedules import MONTHLY
from pipelines.settings import Settings, load


def definitions(settings: Settings, bench: Workspace) -> dg.Definitions:
    """Join the assets with one bench and one set of folders.

    Args:
        settings: Where the publication goes.
        bench: Where the steps work.
    """
    return dg.Definitions(
        assets=[*table_assets(), publication],
        jobs=jobs(),
        schedules=[MONTHLY],
        resources={"workspace": bench, "settings": settings},
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Give ``dg dev`` the definitions of this checkout."""
    settings = load()
    return definitions(settings, workspace(settings))
