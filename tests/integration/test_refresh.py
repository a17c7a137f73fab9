"""A refresh from end to end: what it publishes, what it refuses, and what it leaves as it was."""

import json
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest
from looking import ask, bytes_published, is_whole

from assets.graph import CORE_TABLES, MART_TABLES, META_TABLES, table_key
from assets.indicators import registry
from assets.indicators.measures import Measures
from assets.sources import CONNECTED, FIGURES_ONLY
from pipelines import audit, publication
from pipelines.bench import workspace
from pipelines.definitions import definitions
from pipelines.jobs import REFRESH
from pipelines.lock import held
from pipelines.refresh import STARTED_BY, AnotherRefreshIsRunning, Outcome, SourceOutcome, refresh
from pipelines.settings import Settings

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
NALOXONE = FIXTURES / "cdc_dispensing" / "synthetic State Naloxone Dispensing Rates 2024-11-05.csv"
HARMS = FIXTURES / "phac_substance_harms" / "synthetic_harms-2026-01-15.csv"
WEB_PAGE = FIXTURES / "phac_substance_harms" / "bad_synthetic_web_page-2026-01-15.csv"


def drop(settings: Settings, source_id: str, path: Path) -> Path:
    """Put a fixture into a source's drop folder, under a name that does not give it away as synthetic."""
    folder = settings.drop / source_id
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(path, folder / path.name.replace("synthetic", "file")))


def told(outcome: Outcome, source_id: str) -> SourceOutcome:
    """Give what a refresh says of one source."""
    return next(each for each in outcome.sources if each.source_id == source_id)


@pytest.fixture
def small_site(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish a first page alone: most of a publication's time goes into drawing charts, which other tests look at."""

    def build(database: Path, out: Path) -> None:
        out.mkdir(parents=True)
        [(run_id,)] = ask(database, "SELECT run_id FROM meta.publication")
        (out / "index.html").write_text(f"<html>{run_id}</html>", encoding="utf-8")

    monkeypatch.setattr(publication, "build_site", build)


@pytest.fixture
def other_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the code seem changed, so that the next refresh publishes anew."""
    monkeypatch.setattr(publication, "code_version", lambda _: "0.1.0+changed")


def instance_of(settings: Settings) -> dg.DagsterInstance:
    """Open Dagster's record of a home."""
    return dg.DagsterInstance.from_config(str(settings.dagster_home))


def test_first_refresh_publishes_every_source(first_refresh: tuple[Settings, Outcome]) -> None:
    """A refresh of an empty home without network publishes a file and a site with rows of every source with figures."""
    settings, outcome = first_refresh
    assert (outcome.exit_code, outcome.message, outcome.unchanged) == (0, "published", False)
    assert [each.source_id for each in outcome.sources] == [*CONNECTED, *FIGURES_ONLY]
    figured = {path.stem for path in settings.figures.glob("*.csv")}
    assert {each.source_id: (each.origin, each.state) for each in outcome.sources} == {
        source_id: ("figures", "new release") if source_id in figured else ("none", "no data")
        for source_id in (*CONNECTED, *FIGURES_ONLY)
    }
    counted = dict(ask(settings.database, "SELECT source_id, count(*) FROM core.observations GROUP BY 1"))
    assert {each.source_id: each.rows for each in outcome.sources if each.rows} == counted
    assert set(counted) == figured
    assert (outcome.database, outcome.site) == (settings.database, settings.site)
    assert is_whole(settings)


@dataclass
class Second:
    """A second refresh of a copy of the published home, in which a killed process had left a started run."""

    settings: Settings
    outcome: Outcome
    before: dict[str, str]
    left_run: str
    heard: list[tuple[str, int, int]]


@pytest.fixture(scope="module")
def second(published_home: Settings, tmp_path_factory: pytest.TempPathFactory) -> Second:
    """Refresh once more with nothing new."""
    home = Settings(home=tmp_path_factory.mktemp("second") / "home", checkout=published_home.checkout)
    shutil.copytree(published_home.home, home.home, symlinks=True)
    before = bytes_published(home)
    job = definitions(home, workspace(home, offline=True)).resolve_job_def(REFRESH)
    with instance_of(home) as instance:
        left = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags=STARTED_BY).run_id
    heard: list[tuple[str, int, int]] = []
    outcome = refresh(home, offline=True, report=lambda *step: heard.append(step))
    return Second(home, outcome, before, left, heard)


def test_second_refresh_changes_nothing(second: Second, published_home: Settings) -> None:
    """With nothing new, the publication stays byte for byte, run id included, and every source is unchanged."""
    assert (second.outcome.exit_code, second.outcome.unchanged) == (0, True)
    assert bytes_published(second.settings) == second.before
    links = [(each.published / "current").readlink() for each in (second.settings, published_home)]
    assert links[0] == links[1]
    assert {each.state for each in second.outcome.sources if each.rows} == {"unchanged"}
    assert {each.state for each in second.outcome.sources if not each.rows} <= {"no data"}


def test_run_of_a_killed_process_is_ended(second: Second) -> None:
    """A run that a killed process left as started is marked as failed by the next refresh."""
    with instance_of(second.settings) as instance:
        run = instance.get_run_by_id(second.left_run)
        assert run is not None
        assert run.status == dg.DagsterRunStatus.FAILURE


def test_steps_report_their_progress(second: Second) -> None:
    """Progress is told from none of the steps to all of them, one by one."""
    total = second.heard[0][2]
    assert total > len(CONNECTED)
    assert [done for _, done, _ in second.heard] == list(range(total + 1))


@pytest.mark.usefixtures("small_site")
def test_bad_dropped_file_is_named_and_the_rest_is_published(home: Settings) -> None:
    """A refused file gives exit code 3 with its name and the reason; other news is published; removed, it is 0."""
    before = ask(home.database, "SELECT * FROM core.observations WHERE source_id = 'phac_substance_harms' ORDER BY ALL")
    drop(home, "cdc_dispensing", NALOXONE)
    bad = drop(home, "phac_substance_harms", WEB_PAGE)
    outcome = refresh(home, offline=True)
    assert outcome.exit_code == 3
    assert "phac_substance_harms" in outcome.message
    refused, taken = told(outcome, "phac_substance_harms"), told(outcome, "cdc_dispensing")
    assert refused.state == "refused"
    assert bad.name in refused.messages[0]
    assert "web page" in refused.messages[0]
    assert (taken.state, taken.origin, taken.release) == ("new release", "dropped-in", "2024-11-05")
    after = ask(home.database, "SELECT * FROM core.observations WHERE source_id = 'phac_substance_harms' ORDER BY ALL")
    assert after == before
    newest = "SELECT count(*) FROM core.observations WHERE snapshot_id = 'cdc_dispensing/2024-11-05'"
    assert ask(home.database, newest)[0][0] > 0

    bad.unlink()
    outcome = refresh(home, offline=True)
    assert outcome.exit_code == 0
    assert told(outcome, "phac_substance_harms").state == "unchanged"
    assert told(outcome, "cdc_dispensing").origin == "kept"


@pytest.mark.usefixtures("small_site")
def test_changed_bytes_of_a_kept_release_are_refused(home: Settings) -> None:
    """One changed byte in a kept release is found and named; its last good observations stay published."""
    drop(home, "cdc_dispensing", NALOXONE)
    assert refresh(home, offline=True).exit_code == 0
    before = ask(home.database, "SELECT * FROM core.observations WHERE source_id = 'cdc_dispensing' ORDER BY ALL")
    kept = next((home.snapshots / "cdc_dispensing" / "2024-11-05").glob("*.csv"))
    content = bytearray(kept.read_bytes())
    content[-3] ^= 1
    kept.write_bytes(content)
    outcome = refresh(home, offline=True)
    assert outcome.exit_code == 3
    assert "must not change" in told(outcome, "cdc_dispensing").messages[0]
    assert kept.name in told(outcome, "cdc_dispensing").messages[0]
    after = ask(home.database, "SELECT * FROM core.observations WHERE source_id = 'cdc_dispensing' ORDER BY ALL")
    assert after == before


def test_broken_contract_leaves_the_publication(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Indicators that break their model stop the run with exit code 1; the old publication stays byte for byte."""
    before = bytes_published(home)
    shutil.rmtree(home.tables / "marts")
    real = registry.values_of

    def twice(measures: Measures) -> pd.DataFrame:
        return pd.concat([real(measures)] * 2, ignore_index=True)

    monkeypatch.setattr(registry, "values_of", twice)
    outcome = refresh(home, offline=True)
    assert outcome.exit_code == 1
    assert "marts.indicator_values" in outcome.message
    assert "the earlier publication stays" in outcome.message
    assert bytes_published(home) == before
    assert is_whole(home)
    assert not (home.tables / "marts").exists()


@pytest.mark.usefixtures("other_code")
def test_broken_audit_leaves_the_publication(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that does not hold stops the publication with exit code 1; the old one stays byte for byte."""
    before = bytes_published(home)
    rule = audit.Rule("planted", "no rows at all", "SELECT count(*) FROM core.observations")
    monkeypatch.setattr(audit, "RULES", (*audit.RULES, rule))
    outcome = refresh(home, offline=True)
    assert outcome.exit_code == 1
    assert "planted: expected no rows at all" in outcome.message
    assert bytes_published(home) == before
    assert is_whole(home)


@pytest.mark.usefixtures("small_site", "other_code")
def test_failing_site_leaves_the_publication(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site that cannot be built stops the publication; neither file nor site changes, and the next run recovers."""
    before = bytes_published(home)

    def fail(database: Path, out: Path) -> None:
        (out / "data").mkdir(parents=True)
        raise ValueError("expected a chart, found none")

    with monkeypatch.context() as patch:
        patch.setattr(publication, "build_site", fail)
        outcome = refresh(home, offline=True)
    assert outcome.exit_code == 1
    assert "expected a chart, found none" in outcome.message
    assert bytes_published(home) == before

    outcome = refresh(home, offline=True)
    assert (outcome.exit_code, outcome.unchanged) == (0, False)
    assert is_whole(home)
    assert bytes_published(home) != before
    assert list((home.published / "build").iterdir()) == []


def test_bad_figure_publishes_nothing(published_home: Settings, tmp_path: Path, figures_checkout: Path) -> None:
    """A figure that cannot be read stops the first refresh with its file and line, and nothing is published."""
    path = figures_checkout / "data" / "figures" / "cdc_wonder.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[1] = lines[1].replace("16849", "1e4", 1)
    path.write_text("".join(lines), encoding="utf-8")
    settings = Settings(home=tmp_path / "home", checkout=figures_checkout)
    outcome = refresh(settings, offline=True)
    assert outcome.exit_code == 1
    assert "cdc_wonder.csv line 2, value" in outcome.message
    assert "1e4" in outcome.message
    assert (outcome.database, outcome.site) == (None, None)
    assert not is_whole(settings)


def test_one_refresh_at_a_time(home: Settings) -> None:
    """While another process holds the lock, a refresh does not start and names that process."""
    code = f"""
import pathlib, sys
sys.path.insert(0, {str(home.checkout)!r})
from pipelines.lock import held
with held(pathlib.Path({str(home.lock)!r})):
    print("held", flush=True)
    sys.stdin.read()
"""
    runs = len(instance_of(home).get_runs())
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "held"
        with pytest.raises(AnotherRefreshIsRunning, match=f"process {other.pid}"):
            refresh(home, offline=True)
        other.communicate()
    assert len(instance_of(home).get_runs()) == runs
    with held(home.lock):
        assert home.lock.is_file()


def test_run_is_recorded_with_rows_columns_and_checks(first_refresh: tuple[Settings, Outcome]) -> None:
    """Dagster's record shows the run, and for each table its rows, its columns and the results of its checks."""
    settings, outcome = first_refresh
    with instance_of(settings) as instance:
        run = instance.get_run_by_id(outcome.run_id)
        assert run is not None
        assert run.status == dg.DagsterRunStatus.SUCCESS
        for name in (*CORE_TABLES, *MART_TABLES, *META_TABLES):
            event = instance.get_latest_materialization_event(table_key(name))
            assert event is not None
            assert event.asset_materialization is not None
            metadata = event.asset_materialization.metadata
            [(rows,)] = ask(settings.database, f"SELECT count(*) FROM {name}")
            assert metadata["dagster/row_count"].value == rows
            columns: Any = metadata["dagster/column_schema"].value
            [(described,)] = ask(
                settings.database,
                f"SELECT list(column_name ORDER BY column_index) FROM duckdb_columns() WHERE "
                f"schema_name || '.' || table_name = '{name}'",
            )
            assert [column.name for column in columns.columns] == described
            assert all(column.description for column in columns.columns)
        entries = instance.all_logs(outcome.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
        results: list[Any] = [entry.get_dagster_event().event_specific_data for entry in entries]
        found = {(each.asset_key.to_user_string(), each.check_name): each.passed for each in results}
    assert found[("core/observations", "us_total_is_sum_of_parts")] is True
    assert {name for asset, name in found if asset == "cdc_vsrr/observations"} == {
        "releases_keep_the_contract",
        "every_record_accounted_for",
        "few_records_in_quarantine",
        "fresh_enough",
    }


@pytest.mark.usefixtures("small_site")
def test_one_source_leaves_the_others(home: Settings) -> None:
    """A refresh of one source takes its news and leaves what was dropped for another source where it is."""
    drop(home, "cdc_dispensing", NALOXONE)
    drop(home, "phac_substance_harms", HARMS)
    outcome = refresh(home, offline=True, source_ids=("cdc_dispensing",))
    assert outcome.exit_code == 0
    assert told(outcome, "cdc_dispensing").state == "new release"
    assert told(outcome, "phac_substance_harms").state == "unchanged"
    assert not (home.snapshots / "phac_substance_harms").exists()
    outcome = refresh(home, offline=True)
    assert told(outcome, "phac_substance_harms").state == "new release"


@pytest.mark.usefixtures("small_site")
def test_unreachable_sources_keep_what_there_is(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no server to be reached, sources are called unreachable, few attempts are made, and the data stay."""
    before = ask(home.database, "SELECT count(*) FROM core.observations")
    asked: list[str] = []

    def nowhere(host: str, port: int, *args: object, **kwargs: object) -> list[tuple[Any, ...]]:
        asked.append(str(host))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", free.getsockname()[1]))]

    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    outcome = refresh(home, offline=False)
    assert outcome.exit_code == 0
    unreachable = [each for each in outcome.sources if each.state == "unreachable"]
    assert {each.source_id for each in unreachable} >= {"cdc_vsrr", "un_population", "census_population"}
    figured = {path.stem for path in home.figures.glob("*.csv")}
    assert all(each.messages and bool(each.rows) == (each.source_id in figured) for each in unreachable)
    # Two attempts, each looked up by the clock and by the client, for each of the sources that share a host: at most
    # the four tables of UNAIDS.
    assert max(asked.count(host) for host in asked) <= 16
    assert ask(home.database, "SELECT count(*) FROM core.observations") == before
    said = ask(home.database, "SELECT count(*) FROM meta.sources WHERE state = 'unreachable' AND message <> ''")
    assert said[0][0] == len(unreachable)


def test_telemetry_is_off(published_home: Settings) -> None:
    """Dagster sends nothing anywhere about the runs."""
    with instance_of(published_home) as instance:
        assert instance.telemetry_enabled is False


def test_records_between_steps_are_whole(published_home: Settings) -> None:
    """What steps leave for each other is whole JSON, and no half-written file stays."""
    left = list((published_home.tables / "steps").iterdir())
    assert left
    assert {path.suffix for path in left} == {".json"}
    for path in left:
        json.loads(path.read_text(encoding="utf-8"))
