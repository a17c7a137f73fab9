"""Answers to a question: a table on the terminal, or a file that is whole or not there."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from pipelines import query, show

if TYPE_CHECKING:
    import duckdb


def give(
    connection: "duckdb.DuckDBPyConnection", text: str, form: str, output: Path | None, limit: int, timeout: float
) -> None:
    """Ask one checked question and show or write its answer.

    Args:
        connection: From ``query.connect``.
        text: The question, seen good by ``query.require_question``.
        form: table, csv or parquet; parquet only with an output.
        output: File to write; None shows the answer.
        limit: Most rows of a table; 0 for all.
        timeout: Seconds to give it.

    Raises:
        QueryRefused: It failed or was stopped; no file is left then.
    """
    if output is None:
        with query.bounded(connection, timeout):
            connection.execute(text)
            if form == "csv":
                query.write_csv(connection, sys.stdout)
                return
            rows = connection.fetchmany(limit + 1) if limit else connection.fetchall()
        _show_rows(connection, rows, limit)
        return
    with query.replacing(output) as part, query.bounded(connection, timeout, leftover=part):
        connection.execute(text)
        if form == "parquet":
            count = query.write_parquet(connection, part)
        elif form == "csv":
            with part.open("w", encoding="utf-8", newline="") as stream:
                count = query.write_csv(connection, stream)
        else:
            count = _write_table(connection, part, limit)
    print(f"{count:,} rows in {query.shown(output)}", file=sys.stderr)


def _write_table(connection: "duckdb.DuckDBPyConnection", path: Path, limit: int) -> int:
    rows = connection.fetchmany(limit) if limit else connection.fetchall()
    with path.open("w", encoding="utf-8") as stream:
        show.answer(Console(file=stream, width=show.WIDE), query.columns(connection), rows)
    return len(rows)


def _show_rows(connection: "duckdb.DuckDBPyConnection", rows: list[tuple[Any, ...]], limit: int) -> None:
    shown = rows[:limit] if limit else rows
    show.answer(show.console(), query.columns(connection), shown)
    if not rows:
        print("No rows.", file=sys.stderr)
    elif len(rows) > len(shown):
        print(f"The first {limit:,} rows; --limit 0 shows all, --output FILE.csv writes all.", file=sys.stderr)
