"""Looking at a publication from outside, as a reader does."""

import hashlib
import os
from pathlib import Path

import duckdb

from pipelines.settings import Settings

RUN_FACTS = ("run_id", "built_at")
"""Columns of meta.publication that differ between two builds of the same inputs."""


def ask(database: Path, query: str) -> list[tuple]:
    """Ask a file a question, read-only."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query).fetchall()


def logical_hashes(database: Path) -> dict[str, str]:
    """Digest every table's rows in sorted order, without what must differ from run to run."""
    with duckdb.connect(str(database), read_only=True, config={"threads": "1"}) as connection:
        names = connection.execute("SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal").fetchall()
        found = {}
        for schema, table in sorted(names):
            left_out = f" EXCLUDE ({', '.join(RUN_FACTS)})" if (schema, table) == ("meta", "publication") else ""
            rows = connection.execute(f"SELECT *{left_out} FROM {schema}.{table} ORDER BY ALL").fetchall()
            found[f"{schema}.{table}"] = hashlib.sha256(repr(rows).encode()).hexdigest()
        return found


def bytes_published(settings: Settings) -> dict[str, str]:
    """Digest every file that the publication shows, by its path from the published name."""
    root = settings.published / "current"
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def is_whole(settings: Settings) -> bool:
    """Tell whether the published names lead to a whole release, every table of which can be read; else to none."""
    if not os.path.lexists(settings.published / "current"):
        assert not settings.database.exists()
        return False
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        names = connection.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE NOT internal"
        ).fetchall()
        assert len(names) >= 16
        for (name,) in names:
            connection.execute(f"SELECT bit_xor(hash(COLUMNS(*))) FROM {name}").fetchall()
    assert not list(settings.database.resolve().parent.glob("*.wal"))
    assert settings.site.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert (settings.published / "current" / "fingerprint").read_text(encoding="utf-8").strip()
    return True
