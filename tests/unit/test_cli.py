"""The command line: exit codes, what is said, and where it goes."""

import os
import subprocess
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

import pipelines
from pipelines import catalogue, cli, settings

RUN = CliRunner()
Calls = list[dict[str, object]]
Refreshes = Callable[[object], Calls]


@dataclass
class SourceOutcome:
    """Stand-in for the refresh's own."""

    source_id: str = "cdc_vsrr"
    origin: str = "live"
    release: str = "2025-07-16"
    state: str = "new release"
    rows: int = 12_345
    quarantined: int = 2
    checks_passed: int = 9
    checks_failed: int = 0
    messages: list[str] | tuple[str, ...] = ()


@dataclass
class Outcome:
    """Stand-in for the refresh's own."""

    exit_code: int = 0
    run_id: str = "run-1"
    sources: tuple[SourceOutcome, ...] = (SourceOutcome(),)
    database: Path | None = None
    site: Path | None = None
    message: str = "Published."
    seconds: float = 1.25
    unchanged: bool = False
    revisions: tuple[str, ...] = ("cdc_vsrr: overdose_deaths USA: 60,000 to 62,000 (+3.3 %)",)


class AnotherRefreshIsRunning(Exception):
    """Stand-in for the refresh's own."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty home, with nothing published."""
    monkeypatch.setenv("HRE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def published(home: Path) -> Path:
    """Give a home with a small synthetic publication."""
    folder = home / "data" / "published"
    (folder / "site").mkdir(parents=True)
    (folder / "site" / "index.html").write_text("<!doctype html>", encoding="utf-8")
    with duckdb.connect(str(folder / "harm_reduction.duckdb")) as connection:
        for schema in ("core", "marts", "meta"):
            connection.execute(f"CREATE SCHEMA {schema}")
        for table, query in TABLES.items():
            connection.execute(f"CREATE TABLE {table} AS {query}")
    return home


TABLES = {
    "core.observations": "SELECT 'cdc_vsrr' AS source_id, range AS value FROM range(7)",
    "core.quarantine": "SELECT 'cdc_vsrr' AS source_id LIMIT 0",
    "marts.indicator_values": """
        SELECT 'oat_coverage' AS indicator_id, 'AUT' AS area_id, (2019 + range)::VARCHAR AS period,
               make_date(2019 + range::INT, 12, 31) AS period_end, CASE WHEN range < 2 THEN 40.5 END AS value,
               CASE WHEN range < 2 THEN 'reported' ELSE 'not_collected' END AS status, '=cmd' AS note
        FROM range(3)
    """,
    "meta.publication": """
        SELECT 'run-7' AS run_id, TIMESTAMP '2026-01-02 03:04:05' AS built_at, 'abc1234' AS code_version,
               'f00d' AS fingerprint
    """,
    "meta.sources": """
        SELECT 'cdc_vsrr' AS source_id, 'figures' AS origin, '2025-07-16' AS newest_release, '2025-08-01' AS retrieved,
               'unchanged' AS state, '' AS message
    """,
    "meta.snapshots": """
        SELECT 'cdc_vsrr/2025-07-16' AS snapshot_id, 'cdc_vsrr' AS source_id, '2025-07-16' AS release,
               'figures' AS origin, '2025-08-01' AS retrieved, 7 AS rows
    """,
    "meta.checks": """
        FROM (VALUES ('core.observations', 'keys_are_unique', true, 'error', 'One row for each key.', 0),
                     ('cdc_vsrr', 'share_of_last_release', false, 'warn', 'Fewer rows than before.', 3))
             AS t (asset, check_name, passed, severity, description, failures)
    """,
    "meta.indicators": """
        SELECT 'oat_coverage' AS indicator_id, '37' AS number, 1 AS version, 'Coverage of OAT' AS title,
               'How many are reached?' AS question, 'people on OAT' AS numerator, 'stock' AS numerator_type,
               'people who use opioids' AS denominator, 'estimate' AS denominator_type, 'percent' AS unit,
               'higher' AS polarity, 'as published' AS interval_method, 'none' AS standard, 'none' AS suppression_rule,
               '[{"value": 40, "source": "WHO technical guide"}]' AS targets, 40.0 AS target,
               'WHO technical guide' AS target_source, true AS target_verified, '["Estimates are old."]' AS caveats,
               '["A reference"]' AS refs, 'hre' AS owner, 2 AS values, 1 AS places, 2 AS periods, 1 AS groups,
               '' AS waits_for
    """,
}


@pytest.fixture
def refreshes(monkeypatch: pytest.MonkeyPatch) -> Refreshes:
    """Put a stand-in in the place of the refresh; it records how it was called."""

    def put(result: object) -> Calls:
        calls: Calls = []

        def refresh(settings: object, **options: object) -> object:
            calls.append(options)
            report = options["report"]
            assert callable(report)
            report("tidy cdc_vsrr", 1, 2)
            if isinstance(result, BaseException):
                raise result
            return result

        module = types.ModuleType("pipelines.refresh")
        module.refresh = refresh  # type: ignore[attr-defined]
        module.AnotherRefreshIsRunning = AnotherRefreshIsRunning  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "pipelines.refresh", module)
        monkeypatch.setattr(pipelines, "refresh", module, raising=False)
        return calls

    return put


def test_published_is_0(published: Path, refreshes: Refreshes) -> None:
    """A publication ends with 0, each source's line, and where the results are, as short paths."""
    calls = refreshes(Outcome())
    done = RUN.invoke(cli.app, ["refresh", "--offline", "--source", "cdc_vsrr", "--source", "cdc_wonder"])
    assert done.exit_code == 0
    assert calls[0]["offline"] is True
    assert calls[0]["source_ids"] == ("cdc_vsrr", "cdc_wonder")
    assert "[1/2] tidy cdc_vsrr" in done.stderr
    for part in ("cdc_vsrr", "live", "new release", "2025-07-16", "12,345", "9 of 9", "hre serve", "hre sql"):
        assert part in done.stdout
    assert "Largest changes of earlier values" in done.stdout
    assert "overdose_deaths USA: 60,000 to 62,000 (+3.3 %)" in done.stdout
    assert "Database  data/published/harm_reduction.duckdb" in done.stdout
    assert "Site      data/published/site/index.html" in done.stdout


def test_refused_source_is_3(published: Path, refreshes: Refreshes) -> None:
    """A source that was refused is named with the reason, and its last good data are said to stay."""
    refused = SourceOutcome(state="refused", origin="kept", messages=["expected 12 columns, found 11 [row 3]"])
    refreshes(Outcome(exit_code=3, sources=(refused, SourceOutcome("cdc_wonder"))))
    done = RUN.invoke(cli.app, ["refresh"])
    assert done.exit_code == 3
    assert "Refused: cdc_vsrr. Its last good data (2025-07-16) stay." in done.stdout
    assert "expected 12 columns, found 11 [row 3]" in done.stdout


def test_refused_source_without_data_is_said(published: Path, refreshes: Refreshes) -> None:
    """Where there is nothing to keep, nothing is promised."""
    refused = SourceOutcome(state="refused", origin="none", release="", rows=0, messages=["a web page, not a table"])
    refreshes(Outcome(exit_code=3, sources=(refused,)))
    assert "It has no earlier data to keep." in RUN.invoke(cli.app, ["refresh"]).stdout


def test_refused_publication_is_1(published: Path, refreshes: Refreshes) -> None:
    """A refused publication ends with 1 and says that the last one stays."""
    refreshes(Outcome(exit_code=1, message="Publication refused: 3 rows without a source."))
    done = RUN.invoke(cli.app, ["refresh"])
    assert done.exit_code == 1
    assert "3 rows without a source" in done.stdout
    assert "(as it was before)" in done.stdout


def test_refused_first_publication_promises_nothing(home: Path, refreshes: Refreshes) -> None:
    """Where nothing was ever published, no paths are shown."""
    refreshes(Outcome(exit_code=1, message="Publication refused."))
    done = RUN.invoke(cli.app, ["refresh"])
    assert "Nothing is published yet" in done.stdout
    assert "Database" not in done.stdout


def test_full_disk_is_1(home: Path, refreshes: Refreshes) -> None:
    """A fault of the disk is a message, not a traceback."""
    refreshes(OSError(28, "No space left on device"))
    done = RUN.invoke(cli.app, ["refresh"])
    assert done.exit_code == 1
    assert "No space left on device" in done.stderr


def test_another_refresh_is_75(home: Path, refreshes: Refreshes) -> None:
    """A second refresh leaves at once with 75."""
    refreshes(AnotherRefreshIsRunning())
    done = RUN.invoke(cli.app, ["refresh"])
    assert done.exit_code == 75
    assert "Another refresh is running" in done.stderr


def test_interrupt_is_130(home: Path, refreshes: Refreshes) -> None:
    """Ctrl-C says that the last publication stays."""
    refreshes(KeyboardInterrupt())
    done = RUN.invoke(cli.app, ["refresh"])
    assert done.exit_code == 130
    assert "stays as it was" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["refresh", "--source", "cdc_vssr"], "Did you mean cdc_vsrr?"),
        (["refresh", "--source", "nothing"], "cdc_wonder"),
        (["sources", "nothing"], "cdc_wonder"),
        (["indicators", "oat_cover"], "Did you mean oat_coverage?"),
        (["publish"], "No such command"),
        (["sql"], "Missing argument"),
        (["sql", "SELECT 1", "--format", "parquet"], "--output"),
        (["sql", "SELECT 1", "--format", "xlsx"], "xlsx"),
        (["sql", "SELECT 1", "--output", "x.xlsx"], ".xlsx"),
        (["sql", "SELECT 1", "--output", "nowhere/x.csv"], "existing folder"),
        (["sql", "SELECT 1", "--output", "data/published/x.csv"], "outside the publication"),
        (["serve", "--port", "99999"], "65535"),
    ],
)
def test_wrong_usage_is_2(published: Path, arguments: list[str], words: str) -> None:
    """Wrong usage ends with 2 and says what there is."""
    done = RUN.invoke(cli.app, arguments)
    assert done.exit_code == 2
    assert words in " ".join(done.stderr.split())


@pytest.mark.parametrize("arguments", [["status"], ["indicators"], ["sql", "SELECT 1"], ["serve", "--no-browser"]])
def test_nothing_published_is_1(home: Path, arguments: list[str]) -> None:
    """Before the first publication each command says what to do."""
    done = RUN.invoke(cli.app, arguments)
    assert done.exit_code == 1
    assert "hre refresh --offline" in done.stderr


def test_status_tells_what_is_published(published: Path) -> None:
    """Status shows run, time, version, fingerprint, sources, failed checks and files that wait."""
    waiting = published / "data" / "drop" / "cdc_wonder"
    waiting.mkdir(parents=True)
    (waiting / "export.txt").write_text("x", encoding="utf-8")
    (published / "data" / "drop" / "README.md").write_text("x", encoding="utf-8")
    done = RUN.invoke(cli.app, ["status"])
    assert done.exit_code == 0
    parts = ["run-7", "2026-01-02 03:04:05 UTC", "abc1234", "f00d", "3 indicator values", "7 observations"]
    parts += ["2025-07-16", "1 passed, 1 failed", "share_of_last_release", "No refresh is running."]
    parts += ["data/drop/cdc_wonder: export.txt"]
    for part in parts:
        assert part in done.stdout


def test_status_sees_a_running_refresh(published: Path) -> None:
    """Status says when another process holds the lock, and does not wait for it."""
    fcntl = pytest.importorskip("fcntl")
    lock = settings.load().lock
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        assert "A refresh is running now." in RUN.invoke(cli.app, ["status"]).stdout
    assert not catalogue.is_locked(lock)


def test_sources_are_listed(published: Path) -> None:
    """The list holds all sources, how they come, and the release and rows of those published."""
    done = RUN.invoke(cli.app, ["sources"])
    assert done.exit_code == 0
    parts = ("cdc_vsrr", "un_population", "drop-in", "live", "figures", "2025-07-16", "Office for National Statistics")
    for part in parts:
        assert part in done.stdout


def test_sources_are_known_before_the_first_publication(home: Path) -> None:
    """A person can look up where to drop a file before anything is published."""
    done = RUN.invoke(cli.app, ["sources", "cdc_wonder"])
    assert done.exit_code == 0
    assert "data/drop/cdc_wonder" in done.stdout
    assert "Nothing is published yet" in done.stderr


def test_a_source_has_a_card(published: Path) -> None:
    """The card has terms, citation, caveats and releases."""
    done = RUN.invoke(cli.app, ["sources", "cdc_vsrr"])
    assert done.exit_code == 0
    for part in ("Cite as", "Licence", "Caveats", "To drop in", "Releases", "2025-07-16 (figures), 7 rows"):
        assert part in done.stdout


def test_indicators_are_listed(published: Path) -> None:
    """The list has number, id, title, unit, places, years, target and values reported."""
    done = RUN.invoke(cli.app, ["indicators"])
    assert done.exit_code == 0
    for part in ("37", "oat_coverage", "Coverage of OAT", "percent", "2019–2020", "40"):
        assert part in done.stdout


def test_an_indicator_has_a_card(published: Path) -> None:
    """The card has the definition, the target with its source, and lists item by item."""
    done = RUN.invoke(cli.app, ["indicators", "oat_coverage"])
    assert done.exit_code == 0
    for part in ("people on OAT (stock)", "40, WHO technical guide", "- Estimates are old.", "2 values, 1 places"):
        assert part in done.stdout


def test_sql_shows_a_table(published: Path) -> None:
    """The default is a table of at most so many rows, and says when there are more; null is not blank."""
    sql = "SELECT period, value FROM marts.indicator_values ORDER BY 1 DESC"
    done = RUN.invoke(cli.app, ["sql", sql, "--limit", "2"])
    assert done.exit_code == 0
    assert "2021" in done.stdout
    assert "null" in done.stdout
    assert "2019" not in done.stdout
    assert "The first 2 rows" in done.stderr


def test_sql_gives_csv(published: Path) -> None:
    """CSV goes to the standard output, whole, with formulas disarmed."""
    sql = "SELECT period, value, note FROM marts.indicator_values ORDER BY 1"
    done = RUN.invoke(cli.app, ["sql", sql, "-f", "csv"])
    assert done.stdout == "period,value,note\n2019,40.5,'=cmd\n2020,40.5,'=cmd\n2021,,'=cmd\n"


def test_sql_reads_standard_input(published: Path) -> None:
    """A dash reads the question from the standard input."""
    done = RUN.invoke(cli.app, ["sql", "-", "-f", "csv"], input="SELECT 1 AS one\n")
    assert done.stdout == "one\n1\n"


@pytest.mark.parametrize("name", ["x.csv", "x.parquet", "x.txt"])
def test_sql_writes_files(published: Path, name: str) -> None:
    """The form follows the file's ending; the count is said."""
    done = RUN.invoke(cli.app, ["sql", "SELECT period FROM marts.indicator_values", "--output", name])
    assert done.exit_code == 0
    assert done.stdout == ""
    assert f"3 rows in {name}" in done.stderr
    start = {"x.csv": b"period\n", "x.parquet": b"PAR1", "x.txt": b"period"}[name]
    assert (published / name).read_bytes().lstrip().startswith(start)


def test_sql_refusal_is_1(published: Path) -> None:
    """A question that is none ends with 1 and leaves no file."""
    done = RUN.invoke(cli.app, ["sql", "DROP TABLE marts.indicator_values", "--output", "x.csv"])
    assert done.exit_code == 1
    assert "not a question" in done.stderr
    assert not (published / "x.csv").exists()


def test_table_keeps_terminal_codes_out(published: Path) -> None:
    """Control characters of the data do not reach the terminal."""
    done = RUN.invoke(cli.app, ["sql", "SELECT chr(27) || '[31mred' || chr(7) AS x"])
    assert "\x1b" not in done.stdout
    assert "\x07" not in done.stdout
    assert "\\x1b[31mred\\x07" in done.stdout


def test_version_and_help() -> None:
    """The version is said; help names the exit codes and every command."""
    assert RUN.invoke(cli.app, ["--version"]).stdout.startswith("hre")
    text = RUN.invoke(cli.app, ["--help"]).stdout
    for part in ("75", "refresh", "serve", "sql", "status", "sources", "indicators", "Examples", "Exit codes"):
        assert part in text


HEAVY = ("pandas", "numpy", "pandera", "dagster", "plotly", "pyarrow", "scipy", "httpx")


@pytest.mark.parametrize(
    ("arguments", "allowed"), [(["--help"], ()), (["sql", "--help"], ()), (["sql", "SELECT 1"], ("duckdb", "rich"))]
)
def test_heavy_libraries_wait(published: Path, arguments: list[str], allowed: tuple[str, ...]) -> None:
    """Help and a short question load nothing heavy, so that they start at once."""
    program = (
        "import sys\n"
        "from pipelines.cli import app\n"
        "try:\n"
        "    app(sys.argv[1:])\n"
        "except SystemExit:\n"
        "    print('loaded', *sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])}
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=True)
    loaded = set(done.stderr.split("loaded")[1].split())
    assert "typer" in loaded
    assert not loaded & set(HEAVY)
    assert allowed or "duckdb" not in loaded
    assert set(allowed) <= loaded
