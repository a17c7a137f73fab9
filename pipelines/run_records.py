"""Dagster's records of runs, in SQLite files of this home: opened, kept small, and quick to write."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy

RUNS_KEPT = 30
STARTED_BY = {"hre/started_by": "hre refresh"}
_SETTINGS = """\
telemetry:
  enabled: false
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""


@contextmanager
def run_records(home: Path) -> Iterator[dg.DagsterInstance]:
    """Open the records of a home for one run: runs of killed processes are ended before it, old ones forgotten after.

    Args:
        home: Folder of the records; made where absent.
    """
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.is_file():
        config.write_text(_SETTINGS, encoding="utf-8")
    with _kept_open(), dg.DagsterInstance.from_config(str(home)) as instance:
        _reap(instance)
        yield instance
        _forget_old(instance)


@contextmanager
def _kept_open() -> Iterator[None]:
    """Keep a connection open to each SQLite file that is opened meanwhile.

    Dagster opens and closes its files at every event. Closing the last connection to a file writes its log back and
    waits for the disk: a thousand times in a refresh. These records may lose their last moments in a power cut;
    publications do not depend on them.
    """
    kept: dict[str, sqlite3.Connection] = {}

    def keep(connection: Any, _record: Any) -> None:
        if not isinstance(connection, sqlite3.Connection):
            return
        connection.execute("PRAGMA synchronous = NORMAL")
        path = connection.execute("PRAGMA database_list").fetchone()[2]
        if path and path not in kept:
            kept[path] = sqlite3.connect(path, check_same_thread=False)
            # A connection that has read nothing does not count as one.
            kept[path].execute("PRAGMA schema_version").fetchone()

    sqlalchemy.event.listen(sqlalchemy.Engine, "connect", keep)
    try:
        yield
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "connect", keep)
        with ExitStack() as closed:
            for each in kept.values():
                closed.enter_context(closing(each))


def _reap(instance: dg.DagsterInstance) -> None:
    """End runs of this command that a killed process left as started: we hold the lock, so none of them is alive."""
    statuses = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING]
    for run in instance.get_runs(dg.RunsFilter(statuses=statuses, tags=STARTED_BY)):
        instance.report_run_failed(run, "The process ended before the run did.")


def _forget_old(instance: dg.DagsterInstance) -> None:
    for run in instance.get_runs()[RUNS_KEPT:]:
        instance.delete_run(run.run_id)
