"""The parts of a question's way: what is written, in which form, and what an error says."""

import csv
import datetime
import io
import threading
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as parquet
import pytest

from pipelines import query


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Make a tiny synthetic database."""
    path = tmp_path / "harm_reduction.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA marts")
        connection.execute("CREATE TABLE marts.indicator_values AS SELECT range AS n FROM range(25000)")
    return path


def as_csv(database: Path, sql: str) -> list[list[str]]:
    """Ask, write as CSV, and read that back."""
    connection = query.connect(database)
    connection.execute(sql)
    stream = io.StringIO()
    query.write_csv(connection, stream)
    connection.close()
    return list(csv.reader(io.StringIO(stream.getvalue())))


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\tx", "\rx", "-", "=", "+1-1"])
def test_formula_is_disarmed(text: str) -> None:
    """Text that a spreadsheet would run gets an apostrophe in front."""
    assert query.as_csv(text) == "'" + text


@pytest.mark.parametrize("value", ["-12.5", "+7", "5", "a=b", "", "x-y", "US-CA", "2021-12", -5, -2.5, 10**30, None])
def test_numbers_and_plain_text_stay(value: object) -> None:
    """Numbers, also published as text, and ordinary text stay as they are."""
    assert query.as_csv(value) == value


def test_csv_holds_values_as_published(database: Path) -> None:
    """Nulls are empty, dates ISO, truth in small letters, whole numbers exact, and headings disarmed too."""
    sql = """
        SELECT NULL::DOUBLE AS a, DATE '2021-12-31' AS b, true AS c, 9007199254740993::HUGEINT AS d, -0.5 AS e,
               [1, 2] AS f, {'k': 'v'} AS g, 'two' || chr(10) || 'lines, "quoted"' AS h, '=1' AS "=1"
    """
    heading, row = as_csv(database, sql)
    assert heading == ["a", "b", "c", "d", "e", "f", "g", "h", "'=1"]
    lines = 'two\nlines, "quoted"'
    assert row == ["", "2021-12-31", "true", "9007199254740993", "-0.5", "[1, 2]", "{k: v}", lines, "'=1"]


def test_csv_is_whole(database: Path) -> None:
    """More rows than one batch are all written, in order."""
    rows = as_csv(database, "FROM marts.indicator_values ORDER BY n")
    assert [int(row[0]) for row in rows[1:]] == list(range(25_000))


def test_parquet_keeps_types_and_exact_numbers(database: Path, tmp_path: Path) -> None:
    """Parquet holds every row with its type; a sum of whole numbers stays exact."""
    connection = query.connect(database)
    columns = "sum(n) + 9007199254740993 AS total, DATE '2021-01-01' AS day"
    connection.execute(f"SELECT {columns} FROM marts.indicator_values")
    assert query.write_parquet(connection, tmp_path / "x.parquet") == 1
    connection.close()
    row = parquet.read_table(tmp_path / "x.parquet").to_pylist()[0]
    assert row == {"total": Decimal(9007199254740993 + 24_999 * 25_000 // 2), "day": datetime.date(2021, 1, 1)}


def test_parquet_says_what_it_cannot_hold(database: Path, tmp_path: Path) -> None:
    """A type without a Parquet form is refused with what to do."""
    connection = query.connect(database)
    connection.execute("SELECT INTERVAL 1 DAY AS i")
    with pytest.raises(query.QueryRefused, match="Cast that column"):
        query.write_parquet(connection, tmp_path / "x.parquet")
    connection.close()


def test_failed_output_leaves_the_old_file(tmp_path: Path) -> None:
    """A file is replaced only when the new one is whole; nothing half-written stays."""
    path = tmp_path / "x.csv"
    path.write_text("old", encoding="utf-8")

    def fail() -> None:
        with query.replacing(path) as part:
            part.write_text("half", encoding="utf-8")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        fail()
    assert [file.name for file in tmp_path.iterdir()] == ["x.csv"]
    assert path.read_text(encoding="utf-8") == "old"


def test_slow_question_is_stopped(database: Path) -> None:
    """The timer interrupts, the message says how to go on, and no timer is left."""
    connection = query.connect(database)
    endless = "WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r) SELECT max(i) FROM r"
    with pytest.raises(query.QueryRefused, match="--timeout"), query.bounded(connection, 0.2):
        connection.execute(endless).fetchall()
    connection.close()
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer) and thread.is_alive()]


def test_limits_are_lifted_afterwards(database: Path) -> None:
    """The bound on memory ends with the question."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_DATA)
    connection = query.connect(database)
    with query.bounded(connection, 5):
        assert resource.getrlimit(resource.RLIMIT_DATA) != before
    connection.close()
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


@pytest.mark.parametrize(
    ("sql", "hint"),
    [
        ("FROM indicator_value", "SHOW ALL TABLES"),
        ("SELECT m FROM marts.indicator_values", "DESCRIBE"),
        ("SELEC 1", "An example"),
        ("FROM 'x.csv'", "out of its reach"),
    ],
)
def test_errors_say_what_to_do(database: Path, sql: str, hint: str) -> None:
    """An error is DuckDB's first line and a hint, without its excerpt of the question."""
    connection = query.connect(database)

    def ask() -> None:
        with query.bounded(connection, 5):
            query.require_question(connection, sql)
            connection.execute(sql)

    with pytest.raises(query.QueryRefused) as refusal:
        ask()
    connection.close()
    assert hint in str(refusal.value)
    assert "LINE 1" not in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 2


def test_two_connections_of_one_process(database: Path) -> None:
    """A second connection to the same file finds the settings locked, and works all the same."""
    first, second = query.connect(database), query.connect(database)
    assert second.execute("SELECT current_setting('enable_external_access')").fetchone() == (False,)
    first.close()
    second.close()


def test_missing_and_broken_files_are_named(tmp_path: Path) -> None:
    """No publication, or one that is no database, is said in words."""
    with pytest.raises(query.QueryRefused, match="hre refresh --offline"):
        query.connect(tmp_path / "none.duckdb")
    broken = tmp_path / "broken.duckdb"
    broken.write_text("not a database", encoding="utf-8")
    with pytest.raises(query.QueryRefused, match=r"broken\.duckdb"):
        query.connect(broken)


def test_paths_are_said_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path below the current folder is said from there; any other as it is."""
    monkeypatch.chdir(tmp_path)
    assert query.shown(tmp_path / "data" / "x") == "data/x"
    assert query.shown(tmp_path.parent / "y") == str(tmp_path.parent / "y")
