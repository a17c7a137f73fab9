"""Questions to the published file: read-only, without reach to anything else, and bounded in time and memory."""

import csv
import datetime
import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    import duckdb

MEMORY_MIB = 1024
HEADROOM_MIB = 256
THREADS = 2
SECONDS = 15.0
GRACE_SECONDS = 3.0
BATCH = 10_000

STATEMENTS = frozenset({"SELECT", "EXPLAIN"})
"""DuckDB's parser gives SELECT for VALUES, FROM, TABLE, DESCRIBE, SHOW and SUMMARIZE too."""

TABLE_FUNCTIONS = frozenset(
    {
        "range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree", "histogram",
        "histogram_values", "summary", "duckdb_columns", "duckdb_constraints", "duckdb_databases", "duckdb_functions",
        "duckdb_indexes", "duckdb_keywords", "duckdb_schemas", "duckdb_settings", "duckdb_tables", "duckdb_types",
        "duckdb_views", "pragma_database_size", "pragma_show", "pragma_storage_info", "pragma_table_info",
        "pragma_version", "pg_timezone_names", "icu_calendar_names", "observations_as_of", "indicator_values_as_of",
    }
)  # fmt: skip
"""The last two are the published file's own. Others read files (read_csv), follow memory addresses (arrow_scan), hide
SQL from this list (query) or set things."""

_COMMENTS = r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*"
_EXPLAIN = re.compile(
    rf"^{_COMMENTS}EXPLAIN\b{_COMMENTS}(?:\([^()]*\){_COMMENTS})?(?:ANALY[ZS]E\b{_COMMENTS})?(?:VERBOSE\b{_COMMENTS})?",
    re.IGNORECASE | re.DOTALL,
)
_RISKY_START = ("=", "@", "+", "-", "\t", "\r")
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)


class QueryRefused(Exception):
    """A question that was not asked, or got no answer; the message says why and what to do next."""


def connect(database: Path) -> "duckdb.DuckDBPyConnection":
    """Open a database for questions only.

    Read-only alone is no sandbox: without these settings a query can read files, write them, load extensions and see
    Python's variables. Their order matters, since the last one locks the others.

    Raises:
        QueryRefused: There is no such file, or it cannot be opened.
    """
    import duckdb

    if not database.is_file():
        raise QueryRefused(
            f"Nothing is published yet: expected {shown(database)}. Run 'hre refresh --offline' first; "
            "it needs no network."
        )
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "python_enable_replacements": "false",
        "allow_persistent_secrets": "false",
        "threads": str(THREADS),
        "memory_limit": f"{MEMORY_MIB}MiB",
        "max_temp_directory_size": "0B",
    }
    try:
        # The link is followed once, here: a publication that is swapped meanwhile cannot change the answer half-way.
        connection = duckdb.connect(str(database.resolve()), read_only=True, config=config)
    except duckdb.Error as error:
        raise QueryRefused(f"Cannot open {shown(database)} read-only: {_first_line(error)}") from error
    # Connections of one process to one file share its settings: a second one finds them set and locked already.
    if connection.execute("SELECT current_setting('lock_configuration')").fetchone() != (True,):
        connection.execute("SET enable_progress_bar=false")
        connection.execute("SET enable_external_access=false")
        connection.execute("SET lock_configuration=true")
    return connection


def require_question(connection: "duckdb.DuckDBPyConnection", sql: str) -> None:
    """Check that a text is one question that DuckDB's parser sees as reading only.

    EXPLAIN is looked into: ``EXPLAIN ANALYZE COPY ...`` runs the COPY, which may overwrite the opened file itself.

    Raises:
        QueryRefused: It holds no statement, several, one that is not a question, or a table function not allowed.
    """
    if "\0" in sql or any("\ud800" <= char <= "\udfff" for char in sql):
        raise QueryRefused("Expected UTF-8 text, found a NUL or a broken character in the question.")
    kind = _only_statement(connection, sql)
    asked = sql
    if kind == "EXPLAIN":
        asked = _EXPLAIN.sub("", sql, count=1)
        kind = _only_statement(connection, asked) if asked != sql else kind
        if kind != "SELECT":
            raise QueryRefused("EXPLAIN takes a SELECT here, nothing that could write. Ask with SELECT.")
    # As a literal: a bound parameter makes DuckDB import pandas, which takes longer than most questions.
    row = connection.execute("SELECT json_serialize_sql('" + asked.replace("'", "''") + "')").fetchone()
    tree = json.loads(row[0]) if row else {"error": True}
    if tree["error"]:
        raise QueryRefused("This form of SELECT cannot be checked, so it is not run. Write it as a plain SELECT.")
    for name in _table_functions(tree):
        if name not in TABLE_FUNCTIONS:
            raise QueryRefused(
                f"The table function {name}() is not available: a query reads the published tables only, no files, no "
                f"addresses and no settings. Available: {', '.join(sorted(TABLE_FUNCTIONS))}."
            )


def _only_statement(connection: "duckdb.DuckDBPyConnection", sql: str) -> str:
    import duckdb

    try:
        statements = connection.extract_statements(sql)
    except (duckdb.Error, UnicodeError) as error:
        raise QueryRefused(explain(error)) from error
    if len(statements) != 1:
        found = "none" if not statements else f"{len(statements)} (a PIVOT without IN (...) counts as two)"
        raise QueryRefused(f"Expected one statement, found {found}. Ask one question at a time.")
    kind = str(statements[0].type.name)
    if kind not in STATEMENTS:
        raise QueryRefused(
            f"{kind} is not a question: the published file is only read. Expected SELECT, FROM, WITH, DESCRIBE, SHOW, "
            "SUMMARIZE or EXPLAIN. To change or export data, use --output, or work in a database of your own."
        )
    return kind


def _table_functions(node: Any) -> Iterator[str]:
    """Name every table function of a parsed statement, however deep."""
    pending = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            if part.get("type") == "TABLE_FUNCTION":
                yield str((part.get("function") or {}).get("function_name", "")).lower()
            pending.extend(part.values())
        elif isinstance(part, list):
            pending.extend(part)


@contextmanager
def bounded(connection: "duckdb.DuckDBPyConnection", seconds: float, leftover: Path | None = None) -> Iterator[None]:
    """Stop what runs inside after some seconds, or when it takes too much memory.

    DuckDB looks for an interrupt between batches only, and its own memory limit does not see the text that one function
    call makes; so a second timer ends the process, and the system's limit on data bounds what can be allocated.

    Args:
        connection: Connection the query runs on.
        seconds: When to interrupt; the process ends a few seconds later if that was not heard.
        leftover: File to remove if the process has to end.

    Raises:
        QueryRefused: The query was stopped or failed; the message says why and what to do.
    """
    import duckdb

    def end() -> None:
        with suppress(OSError):
            if leftover is not None:
                leftover.unlink(missing_ok=True)
            os.write(2, f"Stopped after {seconds + GRACE_SECONDS:g} s: the query heeded no interrupt.\n".encode())
        os._exit(1)

    timers = (threading.Timer(seconds, connection.interrupt), threading.Timer(seconds + GRACE_SECONDS, end))
    for timer in timers:
        timer.daemon = True
        timer.start()
    try:
        with _data_limit():
            yield
    except duckdb.InterruptException as error:
        raise QueryRefused(
            f"Stopped after {seconds:g} s. Ask for less (a WHERE, a LIMIT), or give it longer with --timeout SECONDS."
        ) from error
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        raise QueryRefused(
            f"Stopped: the query needs more than {MEMORY_MIB:,} MiB of memory. Ask for fewer rows or columns at once."
        ) from error
    except (duckdb.Error, UnicodeError) as error:
        raise QueryRefused(explain(error)) from error
    finally:
        for timer in timers:
            timer.cancel()


@contextmanager
def _data_limit() -> Iterator[None]:
    """Bound this process's memory to what it has now plus DuckDB's share, where the system can."""
    try:
        import resource

        status = Path("/proc/self/status").read_text(encoding="ascii")
    except (ImportError, OSError):
        yield
        return
    now = int(status.split("VmData:")[1].split()[0]) * 1024
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = now + (MEMORY_MIB + HEADROOM_MIB) * 1024 * 1024
    bounds = [wanted, *(bound for bound in (soft, hard) if bound != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_DATA, (min(bounds), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def explain(error: Exception) -> str:
    """Say a database error in a line, with what to look at next."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    hints = [line for line in lines[1:] if line.startswith(("Did you mean", "Candidate bindings"))]
    said = " ".join([*lines[:1], *hints])
    kind = type(error).__name__
    if kind == "CatalogException" or "Referenced table" in said:
        return f'{said}\nTables are listed by: hre sql "SHOW ALL TABLES". Start with marts.indicator_values.'
    if kind == "BinderException":
        return f'{said}\nColumns of a table are listed by: hre sql "DESCRIBE marts.indicator_values"'
    if kind == "PermissionException":
        return f"{said}\nA query reads the published tables only; files, networks and settings are out of its reach."
    if kind == "ParserException":
        return f'{said}\nAn example: hre sql "SELECT indicator_id, count(*) FROM marts.indicator_values GROUP BY ALL"'
    return said or kind


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def columns(connection: "duckdb.DuckDBPyConnection") -> list[tuple[str, str]]:
    """Give name and type of each column of the answer at hand."""
    return [(str(column[0]), str(column[1])) for column in connection.description or []]


def write_csv(connection: "duckdb.DuckDBPyConnection", stream: TextIO) -> int:
    """Write the answer at hand as CSV, and give its number of rows.

    Text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay numbers.
    """
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([_harmless(name) for name, _ in columns(connection)])
    rows = 0
    while batch := connection.fetchmany(BATCH):
        writer.writerows([[as_csv(value) for value in row] for row in batch])
        rows += len(batch)
    return rows


def as_csv(value: Any) -> Any:
    """Give a value as it stands in a CSV cell: nulls empty, dates ISO, text that looks like a formula disarmed."""
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    if isinstance(value, str):
        return _harmless(value)
    return plain(value)


def _harmless(text: str) -> str:
    return "'" + text if text.startswith(_RISKY_START) and not _PLAIN_NUMBER.fullmatch(text) else text


def plain(value: Any) -> str:
    """Give a value as text that a person reads, the same for tables and CSV."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(plain(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {plain(item)}" for key, item in value.items()) + "}"
    return str(value)


def write_parquet(connection: "duckdb.DuckDBPyConnection", path: Path) -> int:
    """Write the answer at hand as Parquet, and give its number of rows; our own code writes, never the query."""
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    rows = 0
    try:
        reader = connection.to_arrow_reader(BATCH)
        with parquet.ParquetWriter(path, reader.schema, compression="zstd") as writer:
            for batch in reader:
                writer.write_batch(batch)
                rows += batch.num_rows
    except (arrow.ArrowInvalid, arrow.ArrowNotImplementedError) as error:
        raise QueryRefused(f"Parquet cannot hold this: {_first_line(error)}. Cast that column to VARCHAR.") from error
    return rows


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a file to write beside ``path``; it takes its place only when all went well."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def shown(path: Path) -> str:
    """Give a path as short as it can be said from here."""
    try:
        relative = str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)
    return relative if len(relative) < len(str(path)) else str(path)
