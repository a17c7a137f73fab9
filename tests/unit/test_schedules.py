"""What starts a refresh by itself: each month, and a file that is new in the drop folder or was replaced."""

import json
import os
import time
from pathlib import Path

import dagster as dg
import pytest

from pipelines import schedules
from pipelines.bench import workspace
from pipelines.definitions import definitions
from pipelines.jobs import REFRESH
from pipelines.lock import held
from pipelines.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Give an empty home."""
    return Settings(home=tmp_path / "home", checkout=CHECKOUT)


def drop(settings: Settings, name: str, text: str = "x", seconds_ago: float = 60.0) -> Path:
    """Put a file into the drop folder as it would have been some time ago."""
    path = settings.drop / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    then = time.time() - seconds_ago
    os.utime(path, (then, then))
    return path


def look(settings: Settings, cursor: str | None = None) -> dg.SensorResult | dg.SkipReason:
    """Evaluate the sensor once."""
    defs = definitions(settings, workspace(settings, offline=True))
    [sensor] = defs.sensors or []
    assert isinstance(sensor, dg.SensorDefinition)
    with dg.instance_for_test() as instance, dg.build_sensor_context(instance=instance, cursor=cursor) as context:
        found = sensor(context)
    assert isinstance(found, dg.SensorResult | dg.SkipReason)
    return found


def asked(found: dg.SensorResult | dg.SkipReason) -> list[str | None]:
    """Give the jobs that were asked for."""
    return [request.job_name for request in (found.run_requests or [])] if isinstance(found, dg.SensorResult) else []


def test_new_file_starts_its_source_once(settings: Settings) -> None:
    """A dropped file asks for its source's job; with the cursor that came back, nothing more."""
    drop(settings, "cdc_vsrr/release.csv")
    first = look(settings)
    assert asked(first) == ["refresh_cdc_vsrr"]
    assert isinstance(first, dg.SensorResult)
    assert list(json.loads(first.cursor or "")) == ["cdc_vsrr/release.csv"]
    assert asked(look(settings, first.cursor)) == []


def test_replaced_file_starts_again(settings: Settings) -> None:
    """The same name with other bytes is news, also where only the time of change tells."""
    drop(settings, "cdc_vsrr/release.csv")
    first = look(settings)
    assert isinstance(first, dg.SensorResult)
    drop(settings, "cdc_vsrr/release.csv", seconds_ago=30.0)
    assert asked(look(settings, first.cursor)) == ["refresh_cdc_vsrr"]
    drop(settings, "cdc_vsrr/release.csv", text="longer", seconds_ago=60.0)
    assert asked(look(settings, first.cursor)) == ["refresh_cdc_vsrr"]


def test_file_that_comes_back_starts_again(settings: Settings) -> None:
    """A file taken away is forgotten: nothing starts then, and it counts as new when it returns."""
    path = drop(settings, "cdc_vsrr/release.csv")
    first = look(settings)
    assert isinstance(first, dg.SensorResult)
    path.unlink()
    gone = look(settings, first.cursor)
    assert asked(gone) == []
    assert isinstance(gone, dg.SensorResult)
    drop(settings, "cdc_vsrr/release.csv")
    assert asked(look(settings, gone.cursor)) == ["refresh_cdc_vsrr"]


def test_files_of_several_sources_start_one_refresh(settings: Settings) -> None:
    """Two runs would wait for each other's lock: files of two sources ask for the refresh of everything."""
    drop(settings, "cdc_vsrr/release.csv")
    drop(settings, "unaids_gam/edition/file.csv")
    assert asked(look(settings)) == [REFRESH]


@pytest.mark.parametrize("name", ["cdc_vsrr/README.md", "cdc_vsrr/.hidden", "unknown_source/file.csv"])
def test_what_is_no_release_starts_nothing(settings: Settings, name: str) -> None:
    """Read-me files, hidden files and folders of no source are left alone."""
    drop(settings, name)
    assert asked(look(settings)) == []


def test_file_that_is_still_arriving_is_waited_for(settings: Settings) -> None:
    """A file that changed a moment ago is left until the next look; the cursor stays."""
    path = drop(settings, "cdc_vsrr/release.csv", seconds_ago=1.0)
    assert isinstance(look(settings), dg.SkipReason)
    os.utime(path, (time.time() - 60, time.time() - 60))
    assert asked(look(settings)) == ["refresh_cdc_vsrr"]


def test_file_dated_in_the_future_is_not_waited_for(settings: Settings) -> None:
    """A wrong clock elsewhere does not keep a file waiting for ever."""
    drop(settings, "cdc_vsrr/release.csv", seconds_ago=-3_600.0)
    assert asked(look(settings)) == ["refresh_cdc_vsrr"]


def test_running_refresh_is_waited_for(settings: Settings) -> None:
    """While a refresh holds the lock nothing starts, and the file is not forgotten."""
    drop(settings, "cdc_vsrr/release.csv")
    with held(settings.lock):
        assert isinstance(look(settings), dg.SkipReason)
    assert asked(look(settings)) == ["refresh_cdc_vsrr"]


def test_sensor_and_schedule_are_off_until_turned_on(settings: Settings) -> None:
    """A new installation starts nothing by itself."""
    defs = definitions(settings, workspace(settings, offline=True))
    [sensor] = defs.sensors or []
    assert isinstance(sensor, dg.SensorDefinition)
    assert sensor.default_status == dg.DefaultSensorStatus.STOPPED
    assert schedules.MONTHLY.default_status == dg.DefaultScheduleStatus.STOPPED
