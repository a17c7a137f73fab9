"""Attacks on ``hre sql``: each must be refused, and leave the database and everything around it as it was."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from pipelines import query

SECRET = "canary-7d1f3a"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a small synthetic publication with a secret file beside it."""
    home = tmp_path_factory.mktemp("home")
    published = home / "data" / "published"
    (published / "releases").mkdir(parents=True)
    release = published / "releases" / "synthetic.duckdb"
    with duckdb.connect(str(release)) as connection:
        connection.execute("CREATE SCHEMA marts")
        rows = "SELECT range AS n, 'x' || range AS t FROM range(5000)"
        connection.execute(f"CREATE TABLE marts.indicator_values AS {rows}")
    release.chmod(0o444)
    (published / "harm_reduction.duckdb").symlink_to("releases/synthetic.duckdb")
    (home / "secret.csv").write_text(f"a,b\n1,{SECRET}\n", encoding="utf-8")
    return home


@pytest.fixture
def database(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the published file, and check afterwards that neither it nor its surroundings changed."""
    monkeypatch.chdir(home)
    database = home / "data" / "published" / "harm_reduction.duckdb"
    before = _everything(home)
    yield database
    assert _everything(home) == before


def _everything(home: Path) -> dict[str, str]:
    files = [path for path in sorted(home.rglob("*")) if path.is_file()]
    return {str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def ask(database: Path, sql: str) -> list[tuple[object, ...]]:
    """Ask as ``hre sql`` does."""
    connection = query.connect(database)
    try:
        query.require_question(connection, sql)
        with query.bounded(connection, 10):
            return connection.execute(sql).fetchall()
    finally:
        connection.close()


ITSELF = "'data/published/releases/synthetic.duckdb'"
ATTACKS = {
    "read_csv": "SELECT * FROM read_csv('secret.csv')",
    "read_csv_auto": "SELECT * FROM read_csv_auto('secret.csv')",
    "read_text": "SELECT * FROM read_text('secret.csv')",
    "read_blob": "SELECT * FROM read_blob('/etc/passwd')",
    "read_blob_of_the_database": "SELECT * FROM read_blob('data/published/releases/synthetic.duckdb')",
    "read_json": "SELECT * FROM read_json('secret.csv')",
    "read_parquet": "SELECT * FROM read_parquet('secret.parquet')",
    "sniff_csv": "SELECT * FROM sniff_csv('secret.csv')",
    "glob": "SELECT * FROM glob('/etc/*')",
    "file_as_table": "SELECT * FROM 'secret.csv'",
    "absolute_file_as_table": "FROM '/etc/passwd'",
    "quoted_file_as_table": 'SELECT * FROM "secret.csv"',
    "file_in_a_subquery": "SELECT (SELECT max(content) FROM read_text('secret.csv')) AS x",
    "file_in_a_cte": "WITH x AS (FROM read_text('secret.csv')) SELECT * FROM x",
    "file_in_upper_case": "SELECT * FROM READ_TEXT('secret.csv')",
    "file_with_schema_name": "SELECT * FROM main.read_text('secret.csv')",
    "file_by_query": "SELECT * FROM query('SELECT * FROM read_text(''secret.csv'')')",
    "file_by_query_table": "SELECT * FROM query_table('secret.csv')",
    "file_by_describe": "DESCRIBE SELECT * FROM read_csv('secret.csv')",
    "file_by_summarize": "SUMMARIZE FROM 'secret.csv'",
    "file_by_serialized_sql": "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "read_memory_addresses": "SELECT * FROM arrow_scan(1, 2, 3)",
    "pandas_address": "SELECT * FROM pandas_scan(1)",
    "bare_seq_scan": "SELECT * FROM seq_scan()",
    "url": "SELECT * FROM 'https://example.org/x.csv'",
    "url_by_function": "SELECT * FROM read_parquet('https://example.org/x.parquet')",
    "bucket": "SELECT * FROM 's3://bucket/x.parquet'",
    "copy_to": "COPY marts.indicator_values TO 'stolen.csv'",
    "copy_query_to": "COPY (SELECT 1) TO 'stolen.parquet' (FORMAT parquet)",
    "copy_over_the_database": f"COPY (SELECT 1) TO {ITSELF} (USE_TMP_FILE false)",
    "copy_from": "COPY marts.indicator_values FROM 'secret.csv'",
    "copy_database": "COPY FROM DATABASE harm_reduction TO other",
    "explain_analyze_copy": f"EXPLAIN ANALYZE COPY (SELECT 1) TO {ITSELF} (USE_TMP_FILE false)",
    "explain_analyse_copy_hidden": "/* a */ EXPLAIN -- b\n ANALYSE COPY (SELECT 1) TO 'stolen.csv'",
    "explain_options_copy": "EXPLAIN (ANALYZE) COPY (SELECT 1) TO 'stolen.csv'",
    "explain_create": "EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1",
    "explain_read": "EXPLAIN SELECT * FROM read_csv('secret.csv')",
    "export": "EXPORT DATABASE 'stolen'",
    "import": "IMPORT DATABASE 'stolen'",
    "attach": "ATTACH 'other.duckdb'",
    "attach_memory": "ATTACH ':memory:' AS scratch",
    "detach": "DETACH harm_reduction",
    "use": "USE marts",
    "install": "INSTALL httpfs",
    "load": "LOAD httpfs",
    "load_path": "LOAD './evil.duckdb_extension'",
    "update_extensions": "UPDATE EXTENSIONS",
    "set": "SET enable_external_access = true",
    "reset": "RESET lock_configuration",
    "set_memory": "SET memory_limit = '100GB'",
    "pragma": "PRAGMA enable_external_access = true",
    "pragma_call": "PRAGMA enable_profiling",
    "pragma_as_table": "SELECT * FROM enable_logging('QueryLog', storage = 'file', storage_config = {'path': 'logs'})",
    "profiling_as_table": "SELECT * FROM enable_profiling(save_location = 'profile.json')",
    "call": "CALL enable_logging(storage = 'file', storage_path = 'logs')",
    "checkpoint": "CHECKPOINT",
    "vacuum": "VACUUM",
    "secret": "CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "persistent_secret": "CREATE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'b')",
    "create": "CREATE TABLE x AS SELECT 1",
    "create_temporary": "CREATE TEMP TABLE x AS SELECT 1",
    "create_macro": "CREATE MACRO f() AS 1",
    "insert": "INSERT INTO marts.indicator_values VALUES (1, 'a')",
    "update": "UPDATE marts.indicator_values SET t = 'a'",
    "delete": "DELETE FROM marts.indicator_values",
    "drop": "DROP TABLE marts.indicator_values",
    "alter": "ALTER TABLE marts.indicator_values ADD COLUMN z INTEGER",
    "truncate": "TRUNCATE marts.indicator_values",
    "write_in_a_cte": "WITH x AS (INSERT INTO marts.indicator_values VALUES (1, 'a') RETURNING n) SELECT * FROM x",
    "two_statements": "SELECT 1; DROP TABLE marts.indicator_values",
    "two_questions": "SELECT 1; SELECT 2",
    "transaction": "BEGIN",
    "prepare": "PREPARE x AS SELECT 1",
    "execute": "EXECUTE x",
    "environment": "SELECT getenv('HOME')",
    "nothing": "  -- nothing\n",
    "nul": "SELECT 1 \0 ; DROP TABLE marts.indicator_values",
    "lone_surrogate": "SELECT '\ud800'",
}


@pytest.mark.parametrize("sql", ATTACKS.values(), ids=ATTACKS.keys())
def test_attack_is_refused(database: Path, sql: str) -> None:
    """A statement that could reach past the published tables is refused with a message."""
    with pytest.raises(query.QueryRefused) as refusal:
        ask(database, sql)
    assert str(refusal.value)
    assert SECRET not in str(refusal.value)


def test_python_variables_are_out_of_reach(database: Path) -> None:
    """A frame in scope is no table, whatever its name."""
    frame = pd.DataFrame({"secret": [SECRET]})
    with pytest.raises(query.QueryRefused, match="frame"):
        ask(database, "SELECT * FROM frame")
    assert len(frame) == 1


CLOSED = (
    "enable_external_access",
    "autoinstall_known_extensions",
    "autoload_known_extensions",
    "allow_community_extensions",
    "allow_persistent_secrets",
    "python_enable_replacements",
)


@pytest.mark.parametrize("setting", CLOSED)
def test_settings_are_closed(database: Path, setting: str) -> None:
    """What would open a way out is off, and the connection itself cannot turn it on again."""
    connection = query.connect(database)
    assert connection.execute("SELECT current_setting(?)::VARCHAR", [setting]).fetchone() == ("false",)
    with pytest.raises(duckdb.Error):
        connection.execute(f"SET {setting} = true")
    connection.close()


def test_settings_alone_refuse_files(database: Path) -> None:
    """Were the list of statements to fail, the settings would still keep files closed."""
    connection = query.connect(database)
    for sql in ("FROM read_text('secret.csv')", "FROM 'secret.csv'", "COPY (SELECT 1) TO 'stolen.csv'", "LOAD httpfs"):
        with pytest.raises(duckdb.Error):
            connection.execute(sql)
    connection.close()


BOMBS = {
    "cross_join": "SELECT count(*) FROM marts.indicator_values a, marts.indicator_values b, marts.indicator_values c",
    "endless_recursion": "WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r) SELECT max(i) FROM r",
    "one_deaf_call": "SELECT levenshtein(repeat('a', 400000), repeat('b', 400000))",
    "one_long_text": "SELECT repeat('x', 4000000000)",
    "many_long_texts": "SELECT repeat('abcdefgh', 1000000) FROM range(5000)",
    "long_list": "SELECT range(1000000000)",
    "grouped_list": "SELECT list(range) FROM range(1000000000)",
    "sorted_cross_join": "SELECT a.t || b.t AS x FROM marts.indicator_values a, marts.indicator_values b ORDER BY x",
}


@pytest.mark.parametrize("sql", BOMBS.values(), ids=BOMBS.keys())
def test_bomb_is_stopped(database: Path, home: Path, sql: str) -> None:
    """A question without end or measure ends with exit code 1 and a message, inside 2 GB."""
    program = (
        "import resource, sys\n"
        "from pipelines.cli import app\n"
        "try:\n"
        "    app(['sql', sys.argv[1], '--timeout', '1', '--format', 'csv'])\n"
        "finally:\n"
        "    print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\n"
    )
    environment = {**os.environ, "HRE_HOME": str(home), "PYTHONPATH": str(Path(query.__file__).parents[1])}
    command = [sys.executable, "-c", program, sql]
    with open(os.devnull, "w") as nowhere:
        done = subprocess.run(command, stdout=nowhere, stderr=subprocess.PIPE, text=True, env=environment, timeout=60)
    assert done.returncode == 1
    assert "Stopped" in done.stderr
    assert "Traceback" not in done.stderr
    if "peak" in done.stderr:
        assert int(done.stderr.split("peak")[1]) < 2_000_000


QUESTIONS = {
    "select": "SELECT count(*) FROM marts.indicator_values",
    "from_first": "FROM marts.indicator_values LIMIT 1",
    "with": "WITH x AS (SELECT 1 AS a) SELECT * FROM x",
    "values": "VALUES (1), (2)",
    "show": "SHOW ALL TABLES",
    "describe": "DESCRIBE marts.indicator_values",
    "summarize": "SUMMARIZE marts.indicator_values",
    "explain": "EXPLAIN SELECT * FROM marts.indicator_values",
    "explain_analyze": "EXPLAIN ANALYZE SELECT count(*) FROM marts.indicator_values",
    "explain_json": "EXPLAIN (FORMAT json) SELECT 1",
    "semicolon": "SELECT 1; -- one question",
    "pivot": "PIVOT (FROM marts.indicator_values LIMIT 5) ON t IN ('x0', 'x1') USING count(*)",
    "range": "SELECT * FROM range(3), generate_series(1, 2)",
    "unnest": "SELECT unnest([1, 2])",
    "catalogue": "SELECT table_name FROM duckdb_tables()",
    "information_schema": "SELECT * FROM information_schema.columns",
    "word_copy_in_text": "SELECT 'COPY x TO y; DROP TABLE z' AS words",
    "recursive": "WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r WHERE i < 5) SELECT max(i) FROM r",
    "window": "SELECT n, lag(n) OVER (ORDER BY n) FROM marts.indicator_values QUALIFY rank() OVER (ORDER BY n) < 3",
}


@pytest.mark.parametrize("sql", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_question_is_answered(database: Path, sql: str) -> None:
    """What an analyst would ask is answered."""
    assert ask(database, sql)
