"""Trust: corrections that no longer fit, releases that jump, old releases that come late, and runs that meet."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from assets import steps
from assets.graph import CORE_TABLES, table_key
from assets.plausibility import Blocked
from assets.sources import CONNECTED
from pipelines.bench import workspace
from pipelines.definitions import definitions
from pipelines.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[2]
FIXTURES = CHECKOUT / "tests" / "fixtures" / "cdc_vsrr"
OLD, NEW = "2019-10-16", "2025-07-16"
CORE = tuple(table_key(name) for name in CORE_TABLES)
HOLDER = """\
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from pipelines.lock import held
with held(Path(sys.argv[2])):
    print("held", flush=True)
    sys.stdin.read()
"""
CORRECTION = """\
- id: usa_2021
  rows: {measure_id: overdose_deaths, area_id: USA, period_start: 2021-01-01, period_end: 2021-12-31}
  action: withdraw
  expect: 1
  reason: An invented reason that is long enough to be read.
  evidence: An invented table of an invented report, page 3.
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Give an empty home, and a checkout of figures and corrections that a test may change."""
    for name in ("figures", "corrections"):
        shutil.copytree(CHECKOUT / "data" / name, tmp_path / "checkout" / "data" / name)
    return Settings(home=tmp_path / "home", checkout=tmp_path / "checkout")


def drop(settings: Settings, release: str) -> None:
    """Drop a release of provisional counts in."""
    folder = settings.drop / "cdc_vsrr"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(FIXTURES / f"synthetic_{release}.csv", folder / f"file_{release}.csv")


def core_of(settings: Settings) -> steps.Made:
    """Run the steps up to core, as a refresh does."""
    bench = workspace(settings, offline=True)
    for source_id in CONNECTED:
        steps.bring_in(bench, source_id)
        steps.tidy(bench, source_id)
    steps.load_figures(bench)
    return steps.make_core(bench)


def run(settings: Settings, *keys: dg.AssetKey) -> dg.ExecuteInProcessResult:
    """Make some assets as a run that was started in Dagster's pages."""
    job = definitions(settings, workspace(settings, offline=True)).resolve_job_def("refresh")
    with dg.DagsterInstance.ephemeral() as instance:
        return job.execute_in_process(instance=instance, asset_selection=list(keys), raise_on_error=False)


@contextmanager
def another_refresh(settings: Settings) -> Iterator[None]:
    """Hold the refresh lock in another process."""
    arguments = [sys.executable, "-c", HOLDER, str(CHECKOUT), str(settings.lock)]
    settings.lock.parent.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield
        finally:
            process.stdin.close()


def test_old_release_that_comes_late_does_not_lead(settings: Settings) -> None:
    """Dropping an older release after the newest keeps it for questions as of its day; the newest rows stay."""
    drop(settings, NEW)
    before = core_of(settings).table("core.observations")
    drop(settings, OLD)
    made = core_of(settings)
    after = made.table("core.observations")
    kept = before.merge(after, how="left", indicator=True)["_merge"]
    assert (kept == "both").all(), "every newest row is as it was"
    assert OLD in set(made.table("core.observation_releases")["release"])
    assert set(after.loc[after["release"] == OLD, "period_end"]) <= set(
        made.table("core.observation_releases").query(f"release == '{OLD}'")["period_end"]
    )
    revised = made.table("marts.revisions").query("source_id == 'cdc_vsrr'")
    assert (OLD, NEW) in set(zip(revised["release_from"], revised["release_to"], strict=True))


def test_correction_that_no_longer_fits_stops_the_refresh_with_its_check(settings: Settings) -> None:
    """Dagster shows the failed check with file and entry, the tables of before stay, and mending the entry frees it."""
    made = core_of(settings)
    entry = settings.checkout / "data" / "corrections" / "cdc_vsrr.corrections.yml"
    entry.write_text(CORRECTION)
    with pytest.raises(Blocked, match=r"cdc_vsrr\.corrections\.yml, entry usa_2021: expected 1 "):
        core_of(settings)
    result = run(settings, *CORE)
    assert not result.success
    [check] = result.get_asset_check_evaluations()
    assert (check.check_name, check.passed, check.severity) == ("corrections_fit", False, dg.AssetCheckSeverity.ERROR)
    assert "usa_2021" in str(check.metadata["found"].value)
    assert result.asset_materializations_for_node("core_tables") == []
    entry.unlink()
    assert core_of(settings).fingerprint == made.fingerprint


def test_run_of_dagster_takes_the_lock_before_its_first_step(settings: Settings) -> None:
    """While another process refreshes, a run begun in Dagster ends at once and touches no table; afterwards it runs."""
    core_of(settings)
    shutil.rmtree(settings.tables / "core")
    with another_refresh(settings):
        result = run(settings, *CORE)
        assert not result.success
        assert "another refresh is running" in str([event.event_specific_data for event in result.all_events])
        assert not (settings.tables / "core").exists()
    result = run(settings, *CORE)
    assert result.success
    assert {check.check_name for check in result.get_asset_check_evaluations()} >= {"contract", "panels_stay"}
