"""What the published file says of itself: sources, indicators, checks; and whether a refresh is at work."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from pipelines import query
from pipelines.settings import Settings

Rows = list[dict[str, Any]]

PUBLICATION = "SELECT * FROM meta.publication"
CHECKS = "SELECT * FROM meta.checks"
SNAPSHOTS = "SELECT * FROM meta.snapshots ORDER BY source_id, release"
COUNTS = """
    SELECT (SELECT count(*) FROM marts.indicator_values) AS indicator_values,
           (SELECT count(*) FROM core.observations) AS observations,
           (SELECT count(*) FROM core.quarantine) AS quarantined
"""
SOURCES = """
    SELECT s.*, coalesce(o.observations, 0) AS observations
    FROM meta.sources AS s
    LEFT JOIN (SELECT source_id, count(*) AS observations FROM core.observations GROUP BY source_id) AS o
        USING (source_id)
    ORDER BY s.source_id
"""
INDICATORS = """
    SELECT i.*, v.first_day, v.last_day
    FROM meta.indicators AS i
    LEFT JOIN (
        SELECT indicator_id, min(period_end) AS first_day, max(period_end) AS last_day
        FROM marts.indicator_values WHERE status = 'reported' GROUP BY indicator_id
    ) AS v USING (indicator_id)
    ORDER BY try_cast(i.number AS DOUBLE) NULLS LAST, i.indicator_id
"""


def read(settings: Settings, **questions: str) -> dict[str, Rows]:
    """Ask our own questions in one connection, so that all answers are of one release.

    Args:
        settings: Where the published file is.
        questions: SQL by the name its answer gets.

    Raises:
        QueryRefused: Nothing is published, or the file is not as this version makes it.
    """
    connection = query.connect(settings.database)
    try:
        with query.bounded(connection, query.SECONDS):
            return {name: _rows(connection, text) for name, text in questions.items()}
    except query.QueryRefused as refusal:
        raise query.QueryRefused(
            f"{refusal}\nThe published file may be of another version of hre; 'hre refresh --offline' makes a new one."
        ) from refusal
    finally:
        connection.close()


def _rows(connection: Any, text: str) -> Rows:
    rows = connection.execute(text).fetchall()
    names = [name for name, _ in query.columns(connection)]
    return [dict(zip(names, row, strict=True)) for row in rows]


def is_locked(lock: Path) -> bool:
    """Say whether another process holds a lock file; nothing is created and nobody is made to wait."""
    try:
        import fcntl

        stream = lock.open("rb")
    except (ImportError, OSError):
        return False
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        with suppress(OSError):
            fcntl.flock(stream, fcntl.LOCK_UN)
    return False


def dropped(folder: Path) -> dict[str, list[str]]:
    """List what people put into the drop folders, source by source."""
    found: dict[str, list[str]] = {}
    for source in sorted(folder.iterdir()) if folder.is_dir() else []:
        entries = sorted(source.iterdir()) if source.is_dir() else []
        names = [entry.name for entry in entries if entry.name[:1] != "." and entry.name.lower() != "readme.md"]
        if names:
            found[source.name] = names
    return found
