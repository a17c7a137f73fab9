"""The asset graph that Dagster shows: every table, every job, and nothing sent to anybody."""

import dagster as dg
import pytest

from assets.sources import CONNECTED
from pipelines import definitions
from pipelines.jobs import REFRESH
from schemas.tables import MODELS

BUILT_WITH_THE_FILE = {"meta.columns", "meta.publication"}


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    """Give the definitions as ``dg dev`` loads them."""
    return definitions.defs()


def test_definitions_load(defs: dg.Definitions) -> None:
    """The definitions resolve: every asset has what it depends on and every resource it asks for."""
    dg.Definitions.validate_loadable(defs)


def test_every_published_table_is_an_asset(defs: dg.Definitions) -> None:
    """Each published table has its asset, described by its model; the two that come with the file have none."""
    specs = {".".join(spec.key.path): spec for spec in defs.resolve_all_asset_specs()}
    tables = {name for name in specs if name.split(".")[0] in ("core", "marts", "meta")}
    assert tables == set(MODELS) - BUILT_WITH_THE_FILE
    assert all(spec.description for spec in specs.values())
    assert {"publication.database", "publication.site"} <= set(specs)


def test_each_source_has_its_assets(defs: dg.Definitions) -> None:
    """Each connected source has its kept releases and its observations, grouped under its name."""
    specs = {tuple(spec.key.path): spec for spec in defs.resolve_all_asset_specs()}
    for source_id in CONNECTED:
        assert specs[(source_id, "snapshots")].group_name == source_id
        assert specs[(source_id, "observations")].group_name == source_id


def test_one_job_for_all_and_one_for_each_source(defs: dg.Definitions) -> None:
    """There is a job that refreshes everything and one for each source, each of which ends in the publication."""
    jobs = {job.name: job for job in defs.resolve_all_job_defs() if not job.name.startswith("__")}
    assert set(jobs) == {REFRESH, *(f"refresh_{source_id}" for source_id in CONNECTED)}
    for name, job in jobs.items():
        keys = {key.to_user_string() for key in job.asset_layer.selected_asset_keys}
        assert {"publication/database", "publication/site"} <= keys, name


@pytest.mark.parametrize("source_id", CONNECTED)
def test_job_of_a_source_touches_no_other(defs: dg.Definitions, source_id: str) -> None:
    """The job of one source looks for no news of the others, but joins what they have."""
    job = defs.resolve_job_def(f"refresh_{source_id}")
    groups = {key.path[0] for key in job.asset_layer.selected_asset_keys}
    assert groups & set(CONNECTED) == {source_id}
    assert {"core", "marts", "meta", "publication", "figures"} <= groups


def test_schedule_is_off_until_turned_on(defs: dg.Definitions) -> None:
    """The monthly refresh does not start by itself on a new installation."""
    [schedule] = defs.schedules or []
    assert isinstance(schedule, dg.ScheduleDefinition)
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    assert schedule.job_name == REFRESH
