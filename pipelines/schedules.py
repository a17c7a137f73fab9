"""When a refresh starts by itself: each month, and when a file is dropped in.

Both are off until a person turns them on in Dagster; ``hre refresh`` needs neither.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from assets.snapshots import dropped_in
from assets.sources import CONNECTED
from pipelines.catalogue import is_locked
from pipelines.jobs import REFRESH, source_job_name
from pipelines.settings import Settings

SETTLED_SECONDS = 10.0
"""A file that changed within this time may still be on its way into the folder."""

Seen = dict[str, list[int]]
"""Size and time of change of each dropped file, by its path in the drop folder."""

MONTHLY = dg.ScheduleDefinition(
    name="monthly_refresh",
    job_name=REFRESH,
    cron_schedule="0 5 16 * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="On the 16th: the provisional overdose counts come out around mid-month.",
)


def drop_sensor(settings: Settings, started: list[UnresolvedAssetJobDefinition]) -> dg.SensorDefinition:
    """Make the sensor that starts a refresh when a file is dropped in or replaced.

    One source's file starts that source's job, files of several the refresh of everything. The cursor holds name, size
    and time of change of what was seen; a file that is still arriving, or a refresh that runs, is waited for.

    Args:
        settings: Where the drop folder and the lock are.
        started: The refresh of everything and that of each source.
    """

    @dg.sensor(
        name="dropped_files",
        jobs=started,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Starts a refresh when a file is new in data/drop/<source>/, or was replaced.",
    )
    def dropped_files(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        before: Seen = json.loads(context.cursor) if context.cursor else {}
        now = seen(settings.drop)
        fresh = {name: facts for name, facts in now.items() if before.get(name) != facts}
        sources = sorted({name.split("/")[0] for name in fresh})
        if not sources:
            # What was taken away is forgotten, so that the same file counts again when it comes back.
            return dg.SensorResult(cursor=json.dumps(now), skip_reason=dg.SkipReason("nothing new in data/drop"))
        ages = [time.time() - changed / 1e9 for _, changed in fresh.values()]
        if any(0 <= age < SETTLED_SECONDS for age in ages):
            return dg.SkipReason("a file is still arriving")
        if is_locked(settings.lock):
            return dg.SkipReason("a refresh is running; the new files wait for its end")
        job = source_job_name(sources[0]) if len(sources) == 1 else REFRESH
        cursor = json.dumps(now, sort_keys=True)
        request = dg.RunRequest(run_key=cursor, job_name=job, tags={"hre/dropped": ", ".join(sources)})
        return dg.SensorResult(run_requests=[request], cursor=cursor)

    return dropped_files


def seen(drop: Path) -> Seen:
    """Note what lies in the drop folders of connected sources.

    Args:
        drop: Folder that holds one drop folder for each source.
    """
    return {
        path.relative_to(drop).as_posix(): [path.stat().st_size, path.stat().st_mtime_ns]
        for source_id in CONNECTED
        for entry in dropped_in(drop / source_id)
        for path in _files(entry)
    }


def _files(entry: Path) -> Iterator[Path]:
    """Give a file, or the files of a folder that was dropped in as one."""
    if entry.is_file():
        yield entry
    elif entry.is_dir():
        yield from sorted(path for path in entry.rglob("*") if path.is_file() and not path.is_symlink())
