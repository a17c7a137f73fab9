"""Building one DuckDB file from the tables of a run: fresh, single-threaded, commented to the last column."""

import re
from pathlib import Path

import duckdb

from schemas.observations import COLUMNS as OBSERVATION_COLUMNS
from schemas.observations import KEY
from schemas.tables import MODELS, UNDESCRIBED, column_descriptions, describe, raw_column, raw_models

CONFIG = {"threads": "1", "autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
SCHEMAS = {
    "marts": "Start here: indicators with interval, method, target and source.",
    "core": "Observations: one published value each, the newest release and every one.",
    "raw": "Files as published, every cell as text, with file and line.",
    "meta": "Sources, snapshots, measures, areas, indicators, columns, checks.",
}


MACROS = {
    "core.observations_as_of(day)": (
        f"SELECT {', '.join(OBSERVATION_COLUMNS)} FROM core.observation_releases "
        "WHERE CAST(left(release, 10) AS DATE) <= CAST(day AS DATE) "
        f"QUALIFY row_number() OVER (PARTITION BY source_id, {', '.join(KEY)} ORDER BY left(release, 10) DESC, "
        "CAST(coalesce(nullif(split_part(release, '.', 2), ''), '1') AS INTEGER) DESC) = 1",
        "The newest release of each observation among those published by a day, such as '2024-12-31'.",
    ),
    "marts.indicator_values_as_of(day)": (
        "SELECT * FROM marts.indicator_history WHERE known_from <= CAST(day AS DATE) "
        "AND (known_to IS NULL OR known_to > CAST(day AS DATE))",
        "Indicators from the releases published by a day, such as '2024-12-31', with today's definitions.",
    ),
}
"""Questions as of a day that the file answers: what each selects, and what it means. They hold no data."""


def build(
    path: Path, tables: dict[str, Path], raw: dict[str, list[tuple[str, str]]], publication: dict[str, str]
) -> dict[str, tuple[int, int]]:
    """Write the file.

    Args:
        path: New file; must not exist.
        tables: Parquet file of each published table, by its name.
        raw: Parquet files of each raw table with the snapshot each was read from.
        publication: The single row of ``meta.publication``.

    Returns:
        Number of rows of every table and the digest of their values, as they were loaded.
    """
    connection = duckdb.connect(str(path), config=CONFIG)
    try:
        for schema in SCHEMAS:
            connection.execute(f"CREATE SCHEMA {schema}")
        for name, parquet in tables.items():
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM read_parquet({_text(str(parquet))})")
        for name, parts in sorted(raw.items()):
            _load_raw(connection, name, parts)
        columns = ", ".join(f"{_text(value)} AS {key}" for key, value in publication.items())
        connection.execute(f"CREATE TABLE meta.publication AS SELECT {columns}")
        for name, (definition, meaning) in MACROS.items():
            connection.execute(f"CREATE MACRO {name} AS TABLE {definition}")
            connection.execute(f"COMMENT ON MACRO TABLE {name.split('(')[0]} IS {_text(meaning)}")
        _describe(connection)
        loaded = contents(connection)
        connection.execute("CHECKPOINT")
        return loaded
    finally:
        connection.close()


def contents(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int]]:
    """Count the rows of every table and digest their values, by reading all of them, whatever their order."""
    names = connection.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE NOT internal ORDER BY 1"
    ).fetchall()
    return {name: _contents_of(connection, name) for (name,) in names}


def _contents_of(connection: duckdb.DuckDBPyConnection, name: str) -> tuple[int, int]:
    row = connection.execute(f"SELECT count(*), coalesce(sum(hash(row_read)), 0) FROM {name} AS row_read").fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def _load_raw(connection: duckdb.DuckDBPyConnection, name: str, parts: list[tuple[str, str]]) -> None:
    # Releases differ in their columns: joined by name, absent ones are null.
    selects = [
        f"SELECT {_text(snapshot_id)} AS snapshot_id, * FROM read_parquet({_text(parquet)})"
        for snapshot_id, parquet in parts
    ]
    connection.execute(f"CREATE TABLE raw.{_safe(name)} AS {' UNION ALL BY NAME '.join(selects)}")


def _describe(connection: duckdb.DuckDBPyConnection) -> None:
    """Comment every table and column, and list the columns in ``meta.columns``."""
    connection.execute(
        "CREATE TABLE meta.columns (table_schema VARCHAR, table_name VARCHAR, column_name VARCHAR, type VARCHAR, "
        "unit VARCHAR, description VARCHAR)"
    )
    found = connection.execute(
        "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal "
        "ORDER BY schema_name, table_name, column_index"
    ).fetchall()
    rows = []
    for schema, table, column, kind in found:
        description, unit = describe_column(schema, table, column)
        rows.append((schema, table, column, kind, unit, description))
        connection.execute(f"COMMENT ON COLUMN {schema}.{table}.{_quoted(column)} IS {_text(description)}")
    connection.executemany("INSERT INTO meta.columns VALUES (?, ?, ?, ?, ?, ?)", rows)
    for schema, table in dict.fromkeys((row[0], row[1]) for row in found):
        connection.execute(f"COMMENT ON TABLE {schema}.{table} IS {_text(describe_table(schema, table))}")


def describe_table(schema: str, table: str) -> str:
    """Give a published table's meaning."""
    if schema == "raw":
        return describe(raw_models()[table]) if table in raw_models() else "As published."
    return describe(MODELS[f"{schema}.{table}"])


def describe_column(schema: str, table: str, column: str) -> tuple[str, str]:
    """Give a published column's meaning and unit."""
    if schema == "raw":
        return raw_column(raw_models()[table], column) if table in raw_models() else (UNDESCRIBED, "")
    return column_descriptions(MODELS[f"{schema}.{table}"])[column]


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _safe(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError(f"expected a table name of small letters, digits and underscores, found {name!r}")
    return name
