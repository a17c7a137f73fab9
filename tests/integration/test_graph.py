"""The asset graph that Dagster shows: every table, every job, and nothing sent to anybody."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

from assets import tables
from assets.source import Recognised
from assets.sources import CONNECTED
from assets.transport import Transport
from assets.workspace import Workspace
from pipelines import definitions
from pipelines.bench import workspace
from pipelines.jobs import BACKFILL, REFRESH
from pipelines.settings import Settings
from schemas.tables import MODELS

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"

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
    assert set(jobs) == {REFRESH, BACKFILL, *(f"refresh_{source_id}" for source_id in CONNECTED)}
    for name, job in jobs.items():
        if name == BACKFILL:
            continue
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


def test_every_source_with_a_cadence_has_a_freshness_policy(defs: dg.Definitions) -> None:
    """Dagster tells when a source was last looked for, for every source that is published at regular times."""
    specs = {tuple(spec.key.path): spec for spec in defs.resolve_all_asset_specs()}
    without = {source_id for source_id in CONNECTED if specs[(source_id, "snapshots")].freshness_policy is None}
    assert without == {
        *("dea_nflis", "nchs_drug_poisoning", "optic_policy", "programme_data", "syringe_service_laws"),
        *("ukhsa_uam_nesi", "who_gho"),
    }, "none but these says that it is irregular, or over"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """Give an empty Dagster."""
    with dg.instance_for_test() as empty:
        yield empty


def test_kept_releases_are_partitions_and_one_can_be_read_again(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    """An old release and a new one each have their partition; a backfill reads the old one anew, and it alone."""
    settings = Settings(home=tmp_path, checkout=Path(__file__).resolve().parents[2])
    for day in ("2017-12-13", "2019-10-16"):
        (settings.drop / "cdc_vsrr").mkdir(parents=True, exist_ok=True)
        shutil.copy(FIXTURES / "cdc_vsrr" / f"synthetic_{day}.csv", settings.drop / "cdc_vsrr" / f"invented-{day}.csv")
    bench = workspace(settings, offline=True, source_ids=("cdc_vsrr",))
    defs = definitions.definitions(settings, bench)
    keys = [dg.AssetKey(["cdc_vsrr", "snapshots"]), dg.AssetKey(["cdc_vsrr", "observations"])]
    job = defs.resolve_job_def("refresh_cdc_vsrr")
    assert job.execute_in_process(instance=instance, asset_selection=keys).success
    assert sorted(instance.get_dynamic_partitions("release")) == ["cdc_vsrr/2017-12-13", "cdc_vsrr/2019-10-16"]

    folder = settings.tables / "sources" / "cdc_vsrr"
    (folder / "2017-12-13" / "observations.parquet").write_bytes(b"damaged")
    untouched = (folder / "2019-10-16" / tables.RECORD).stat().st_mtime_ns
    again = defs.resolve_job_def(BACKFILL)
    done = again.execute_in_process(instance=instance, partition_key="cdc_vsrr/2017-12-13")
    [event] = done.asset_materializations_for_node("releases__observations")
    made = tables.last_good(folder / "2017-12-13")
    assert made is not None
    assert event.metadata["observations"].value == len(made.table("observations")) > 0
    assert (folder / "2019-10-16" / tables.RECORD).stat().st_mtime_ns == untouched


def test_run_started_in_dagster_downloads_its_sources_together(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    """Two publishers that wait for each other both come through, which they never could one after the other."""
    meeting = threading.Barrier(2, timeout=20)

    def publisher(source_id: str) -> SimpleNamespace:
        def fetch(*asked: object) -> Recognised | None:
            meeting.wait()
            return None

        return SimpleNamespace(CARD=SimpleNamespace(id=source_id, automated=True), fetch=fetch)

    monkeypatch.setattr(definitions, "CONNECTED", ("a_one", "a_two"))
    monkeypatch.setattr(definitions, "source", publisher)
    settings = Settings(home=tmp_path, checkout=tmp_path)
    bench = Workspace(*[tmp_path] * 5, transport=Transport, bring_in=frozenset({"a_one", "a_two"}))

    @dg.op(required_resource_keys={"workspace"})
    def take(context: dg.OpExecutionContext) -> None:
        downloads = context.resources.workspace.downloads
        assert [downloads.take(name) for name in ("a_one", "a_two")] == [None, None]

    @dg.job(name=REFRESH, resource_defs={"workspace": definitions.locked(settings, bench)})
    def refresh_all() -> None:
        take()

    assert refresh_all.execute_in_process(instance=instance).success
    assert bench.downloads is None
