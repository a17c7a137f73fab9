"""The publication: what lies where, that it is whole, that faults leave the old one, and that equal inputs equal it."""

import dataclasses
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from looking import ask, bytes_published, is_whole, logical_hashes

from pipelines import publish as publishing
from pipelines.bench import workspace
from pipelines.build import SCHEMAS, build
from pipelines.publication import contents
from pipelines.publish import RELEASES_KEPT, Contents, PublicationRefused, publish, published_fingerprint
from pipelines.settings import Settings
from schemas.tables import MODELS


def small_site(database: Path, out: Path) -> None:
    """Write a first page that names the publication it belongs to."""
    (out / "data").mkdir(parents=True)
    [(run_id,)] = ask(database, "SELECT run_id FROM meta.publication")
    (out / "data" / "page.js").write_text("0", encoding="utf-8")
    (out / "index.html").write_text(f"<html>{run_id}</html>\n", encoding="utf-8")


def made_of(settings: Settings, run_id: str) -> Contents:
    """Give what a publication of a home's tables is made of, with a site of one page."""
    gathered = contents(workspace(settings, offline=True), run_id, f"mark of {run_id}")
    return dataclasses.replace(gathered, site=small_site)


def run_published(settings: Settings) -> str:
    """Give the run whose file is published."""
    [(run_id,)] = ask(settings.database, "SELECT run_id FROM meta.publication")
    return str(run_id)


def test_file_and_site_are_one_release(published_home: Settings) -> None:
    """The published names are relative links through one link, so that file and site change together."""
    published = published_home.published
    targets = {name: os.readlink(published / name) for name in ("current", "harm_reduction.duckdb", "site")}
    run_id = run_published(published_home)
    assert targets == {
        "current": f"releases/{run_id}",
        "harm_reduction.duckdb": "current/harm_reduction.duckdb",
        "site": "current/site",
    }
    assert sorted(path.name for path in (published / "current").iterdir()) == [
        "fingerprint",
        "harm_reduction.duckdb",
        "site",
    ]


def test_moved_home_stays_readable(home: Settings) -> None:
    """A publication copied elsewhere, links and all, is whole there."""
    assert is_whole(home)


def test_published_file_is_read_only(published_home: Settings) -> None:
    """Nobody can write to the published file, and no write-ahead log lies beside it."""
    mode = stat.S_IMODE(published_home.database.stat().st_mode)
    assert mode == 0o444
    assert not list(published_home.published.rglob("*.wal"))


def test_file_has_the_promised_tables(published_home: Settings) -> None:
    """The schemas are raw, core, marts and meta; every table of the models is there with exactly its columns."""
    rows = ask(
        published_home.database,
        "SELECT table_schema || '.' || table_name, list(column_name ORDER BY ordinal_position) "
        "FROM information_schema.columns GROUP BY 1",
    )
    found = dict(rows)
    assert {name.split(".")[0] for name in found} == set(SCHEMAS)
    for name, model in MODELS.items():
        assert found[name] == [str(column) for column in model.to_schema().columns], name


def test_periods_are_dates_and_values_are_numbers(published_home: Settings) -> None:
    """Dates, numbers and yes-or-no are typed as such, not text."""
    rows = ask(
        published_home.database,
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'core' "
        "AND table_name = 'observations'",
    )
    kinds = dict(rows)
    assert (kinds["period_start"], kinds["value"], kinds["is_provisional"]) == ("DATE", "DOUBLE", "BOOLEAN")


def test_publication_says_what_it_is(published_home: Settings) -> None:
    """One row names the run, the time in UTC, the code and the fingerprint that the release is stamped with."""
    [(run_id, built_at, code, mark)] = ask(
        published_home.database, "SELECT run_id, built_at, code_version, fingerprint FROM meta.publication"
    )
    assert re.fullmatch(r"[0-9a-f-]{36}", run_id)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", built_at)
    assert re.fullmatch(r"[\d.]+\+[0-9a-f]{12}", code)
    assert published_fingerprint(published_home) == mark


def test_newest_releases_are_kept(home: Settings) -> None:
    """Readers of the release before may still be at work: some are kept, the oldest go."""
    for number in range(RELEASES_KEPT + 1):
        publish(home, made_of(home, f"run-{number}"))
    kept = sorted(path.name for path in (home.published / "releases").iterdir())
    assert kept == [f"run-{number}" for number in range(1, RELEASES_KEPT + 1)]
    assert run_published(home) == f"run-{RELEASES_KEPT}"


def test_leftovers_of_a_killed_run_are_cleared(home: Settings) -> None:
    """Half-built files and half-made links of a killed run do not stand in the way, and go."""
    half = home.published / "build" / "killed"
    half.mkdir(parents=True)
    (half / "harm_reduction.duckdb").write_bytes(b"half")
    (home.published / ".current.new").symlink_to("releases/killed")
    publish(home, made_of(home, "run"))
    assert run_published(home) == "run"
    assert list((home.published / "build").iterdir()) == []
    assert not os.path.lexists(home.published / ".current.new")


@pytest.mark.parametrize("name", ["harm_reduction.duckdb", "site"])
def test_damaged_release_is_published_anew(home: Settings, name: str) -> None:
    """A release without its file or its site does not pass for published, whatever its stamp says."""
    assert published_fingerprint(home) != ""
    gone = home.published / "current" / name
    shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    assert published_fingerprint(home) == ""


def test_file_in_the_place_of_a_link_is_not_overwritten(home: Settings) -> None:
    """Somebody's own file under the published name is refused, not replaced."""
    (home.published / "current").unlink()
    (home.published / "current").mkdir()
    (home.published / "current" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(PublicationRefused, match="expected current in the publication to be a link"):
        publish(home, made_of(home, "run"))
    assert (home.published / "current" / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_site_without_a_first_page_is_refused(home: Settings) -> None:
    """A site builder that leaves no first page stops the publication."""
    before = bytes_published(home)

    def empty_folder(database: Path, out: Path) -> None:
        out.mkdir()

    with pytest.raises(PublicationRefused, match="first page"):
        publish(home, dataclasses.replace(made_of(home, "run"), site=empty_folder))
    assert bytes_published(home) == before


class Durability:
    """Counts the calls that make a publication durable, and fails one of them as a full or broken disk does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fail_at: int = -1) -> None:
        """Watch every such call of the publishing module."""
        self.calls: list[str] = []
        self.fail_at = fail_at
        for name in ("fsync", "rename", "replace"):
            monkeypatch.setattr(os, name, self._watched(name, getattr(os, name)))
        monkeypatch.setattr(Path, "symlink_to", self._watched("symlink_to", Path.symlink_to))
        monkeypatch.setattr(Path, "chmod", self._watched("chmod", Path.chmod))

    def _watched(self, name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            self.calls.append(name)
            if len(self.calls) - 1 == self.fail_at:
                raise OSError(28, "No space left on device")
            return real(*args, **kwargs)

        return call


@pytest.fixture
def prebuilt(home: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Give a home where building is copying one file built before: the faults come after it."""
    made = made_of(home, "prebuilt")
    database = home.home / "prebuilt.duckdb"
    rows = build(database, made.tables, made.raw, made.publication)

    def copy(path: Path, *_: object) -> dict[str, tuple[int, int]]:
        shutil.copyfile(database, path)
        return rows

    monkeypatch.setattr(publishing, "build", copy)
    return home


def test_files_are_flushed_before_the_swap_and_folders_after(prebuilt: Settings) -> None:
    """Everything is on the disk before it can be seen, and each rename before the next step."""
    with pytest.MonkeyPatch.context() as patch:
        calls = Durability(patch)
        publish(prebuilt, made_of(prebuilt, "run"))
    order = " ".join(calls.calls)
    # chmod; file, site, its page, its folder, stamp, the release's folder; then the two swaps, each with its folder.
    assert re.fullmatch(r"chmod (fsync ){7}rename fsync symlink_to replace fsync", order), order


@pytest.mark.parametrize("call", range(13))
def test_fault_of_the_disk_leaves_a_whole_publication(prebuilt: Settings, call: int) -> None:
    """With each durability call failing in turn, the old publication stays until the swap, and a new try succeeds."""
    before = bytes_published(prebuilt)
    with pytest.MonkeyPatch.context() as patch:
        calls = Durability(patch, fail_at=call)
        with pytest.raises((OSError, PublicationRefused)):
            publish(prebuilt, made_of(prebuilt, "failed"))
    assert len(calls.calls) == call + 1
    swapped = "replace" in calls.calls[:-1]
    assert is_whole(prebuilt)
    assert (bytes_published(prebuilt) == before) is not swapped
    publish(prebuilt, made_of(prebuilt, "next"))
    assert (prebuilt.published / "current").readlink() == Path("releases/next")
    assert is_whole(prebuilt)


def edited_since(settings: Settings) -> bool:
    """Tell whether any code or figure is newer than a publication."""
    rooms = ("assets", "dashboards", "data/figures", "data/reference", "epi", "pipelines", "schemas")
    files = [
        path for room in rooms for path in (settings.checkout / room).rglob("*.*") if "__pycache__" not in path.parts
    ]
    began = (settings.lock.parent / "tables" / "steps" / "figures.json").stat().st_mtime - 10
    return any(path.stat().st_mtime > began for path in files)


def test_equal_inputs_give_equal_contents(published_home: Settings, tmp_path: Path) -> None:
    """Another process, time zone and hash seed give the same rows in every table, down to the last digit."""
    code = f"""
import pathlib, sys
sys.path.insert(0, {str(published_home.checkout)!r})
from pipelines.refresh import refresh
from pipelines.settings import Settings
settings = Settings(home=pathlib.Path({str(tmp_path)!r}), checkout=pathlib.Path({str(published_home.checkout)!r}))
sys.exit(refresh(settings, offline=True).exit_code)
"""
    environment = os.environ | {"TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "4242"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    other = Settings(home=tmp_path, checkout=published_home.checkout)
    if edited_since(published_home):
        pytest.skip("the code was edited while the tests ran, so the two were not made by the same")
    assert logical_hashes(other.database) == logical_hashes(published_home.database)
    assert run_published(other) != run_published(published_home)


def test_equal_files_give_equal_sites(published_home: Settings, tmp_path: Path) -> None:
    """The site of the published file is built again byte for byte."""
    from dashboards.site import build_site

    build_site(published_home.database, tmp_path / "site")
    for path in sorted((tmp_path / "site").rglob("*")):
        if path.is_file():
            twin = published_home.site.parent / path.relative_to(tmp_path / "site")
            assert twin.read_bytes() == path.read_bytes(), path.name
