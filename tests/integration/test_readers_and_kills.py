"""Analysts read while refreshes publish, and processes die at any moment: nobody ever sees half a publication."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from looking import ask, is_whole

from pipelines import publication
from pipelines.refresh import refresh
from pipelines.settings import Settings

KILLS = 6
"""Besides the 12 of which each comes just before one durability call."""

# Started once; each refresh is a child forked from it before it has run anything, which saves the imports.
REFRESHER = """
import os, pathlib, sys
sys.path.insert(0, sys.argv[1])
from assets import tables
from pipelines import publication
from pipelines.refresh import refresh
from pipelines.settings import Settings
settings = Settings(home=pathlib.Path(sys.argv[2]), checkout=pathlib.Path(sys.argv[1]))

def one_page(database, out):
    out.mkdir(parents=True)
    (out / "index.html").write_text("<html></html>")

publication.build_site = one_page
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        tables.code_fingerprint = lambda checkout: line
        code = 99
        try:
            code = refresh(settings, offline=True).exit_code
        finally:
            os._exit(code)
    print(child, flush=True)
    status = os.waitpid(child, 0)[1]
    print(os.waitstatus_to_exitcode(status), flush=True)
"""

# Every answer is of one version where its rows all agree on the run that is published.
READER = """
import json, pathlib, sys, time
import duckdb
path, stop = sys.argv[1], pathlib.Path(sys.argv[2])
QUERY = '''
    SELECT p.run_id, o.value, v.value FROM meta.publication p,
    (SELECT value FROM core.observations WHERE source_id = 'cdc_vsrr' AND measure_id = 'overdose_deaths'
     AND area_id = 'USA' AND period_end = '2021-12-31' AND drug = 'all') o,
    (SELECT value FROM marts.indicator_values WHERE indicator_id = 'overdose_deaths_12_month'
     AND area_id = 'USA' AND period_end = '2021-12-31' AND strata = 'all') v
'''
seen, asked, errors = {}, 0, []
print("reading", flush=True)
while not stop.exists():
    try:
        with duckdb.connect(path, read_only=True, config={"threads": "1"}) as connection:
            answer = connection.execute(QUERY).fetchall()
        seen[json.dumps(answer)] = seen.get(json.dumps(answer), 0) + 1
    except Exception as fault:
        errors.append(repr(fault))
    asked += 1
    time.sleep(0.05)
print(json.dumps({"seen": seen, "asked": asked, "errors": errors[:5]}))
"""


class Refresher:
    """Refreshes a home in processes that can be killed."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        """Take the process that forks them."""
        self.process = process
        self.number = 0

    def _line(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())

    def start(self) -> int:
        """Start a refresh that remakes every table, as changed code would; give its process id."""
        assert self.process.stdin is not None
        self.number += 1
        self.process.stdin.write(f"code {self.number}\n")
        self.process.stdin.flush()
        return self._line()

    def end(self) -> int:
        """Wait for the refresh; give its exit code, negative where a signal ended it."""
        return self._line()


@pytest.fixture
def refresher(published_home: Settings, tmp_path: Path) -> Iterator[Refresher]:
    """Start the process that refreshes an empty home."""
    arguments = [sys.executable, "-c", REFRESHER, str(published_home.checkout), str(tmp_path / "home")]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Refresher(process)
        assert process.stdin is not None
        process.stdin.close()


def kill(refresher: Refresher, after: float) -> int:
    """Start a refresh and kill it after some seconds; give its exit code."""
    child = refresher.start()
    time.sleep(after)
    # On a quick machine it may have ended by itself.
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    return refresher.end()


def test_killed_refresh_leaves_a_whole_publication_or_none(refresher: Refresher, tmp_path: Path) -> None:
    """Killed at moments spread over its duration, a refresh leaves none or a whole one, and the next succeeds."""
    settings = Settings(home=tmp_path / "home")
    pick = random.Random(2021)
    assert kill(refresher, 0.4) == -signal.SIGKILL
    assert kill(refresher, 0.8) == -signal.SIGKILL
    assert is_whole(settings) is False
    began = time.monotonic()
    refresher.start()
    assert refresher.end() == 0
    took = time.monotonic() - began
    assert is_whole(settings)
    ended = 0
    for number in range(KILLS - 2):
        before = (settings.published / "current").readlink()
        code = kill(refresher, took * (0.1 + (number + pick.random()) / (KILLS - 2)))
        assert code in (0, -signal.SIGKILL)
        ended += code == 0
        assert is_whole(settings)
        if number % 2 == 1:
            refresher.start()
            assert refresher.end() == 0
            assert is_whole(settings)
            assert (settings.published / "current").readlink() != before
    assert ended < KILLS - 2
    assert list((settings.published / "build").iterdir()) == []
    assert not list(settings.published.glob(".*.new"))


# Kills itself at the numbered call that makes a publication durable, in a child forked from a loaded process; call 0
# builds the file that all of them publish.
SUICIDE = """
import dataclasses, os, pathlib, shutil, signal, sys
sys.path.insert(0, sys.argv[1])
from pipelines.bench import workspace
from pipelines.publication import contents
from pipelines import publish
from pipelines.settings import Settings
settings = Settings(home=pathlib.Path(sys.argv[2]), checkout=pathlib.Path(sys.argv[1]))
prebuilt = settings.home / "prebuilt.duckdb"

def site(database, out):
    out.mkdir(parents=True)
    (out / "index.html").write_text("<html></html>")

def gathered(name):
    return dataclasses.replace(contents(workspace(settings, offline=True), name, f"mark of {name}"), site=site)

def prebuild():
    made = gathered("prebuilt")
    loaded = publish.build(prebuilt, made.tables, made.raw, made.publication)
    prebuilt.with_suffix(".txt").write_text(repr(loaded))

def copy(path, *_):
    shutil.copyfile(prebuilt, path)
    return eval(prebuilt.with_suffix(".txt").read_text())

def run(fatal):
    made = 0
    def watched(real):
        def call(*args, **kwargs):
            nonlocal made
            made += 1
            if made == fatal:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)
        return call
    for name in ("fsync", "rename", "replace"):
        setattr(os, name, watched(getattr(os, name)))
    pathlib.Path.symlink_to = watched(pathlib.Path.symlink_to)
    publish.build = copy
    publish.publish(settings, gathered(f"run-{fatal}"))

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        run(int(line)) if int(line) else prebuild()
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_killed_at_each_durability_call(home: Settings) -> None:
    """Killed just before each flush, rename, link and swap, the publication is the old one or the new one, whole."""
    arguments = [sys.executable, "-c", SUICIDE, str(home.checkout), str(home.home)]
    first = (home.published / "current").readlink().name
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        shown, killed = [], 0
        process.stdin.write("0\n")
        process.stdin.flush()
        assert process.stdout.readline() == "0\n"
        for fatal in range(1, 40):
            process.stdin.write(f"{fatal}\n")
            process.stdin.flush()
            code = int(process.stdout.readline())
            assert is_whole(home)
            shown.append((home.published / "current").readlink().name)
            if code == 0:
                break
            assert code == -signal.SIGKILL
            killed += 1
        process.stdin.close()
    assert killed >= 10
    # Only a kill after the swap, of which the last flush is the one, shows the new one.
    assert shown[:-2] == [first] * (killed - 1)
    assert shown[-2:] == [f"run-{killed}", f"run-{killed + 1}"]


def test_readers_see_one_version_at_a_time(
    home: Settings, figures_checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four readers through three publications have no error, and each answer is of one version."""
    monkeypatch.setattr(publication, "build_site", _one_page)
    home = Settings(home=home.home, checkout=figures_checkout)
    versions = {_published_version(home)}
    stop = tmp_path / "stop"
    arguments = [sys.executable, "-c", READER, str(home.database), str(stop)]
    readers = [subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    try:
        for reader in readers:
            assert reader.stdout is not None
            assert reader.stdout.readline().strip() == "reading"
        for number in range(1, 4):
            _bump(figures_checkout / "data" / "figures" / "cdc_vsrr.csv", f"{107_573 + number}")
            assert refresh(home, offline=True).exit_code == 0
            versions.add(_published_version(home))
            time.sleep(0.3)
    finally:
        stop.touch()
        answers = [json.loads(reader.communicate(timeout=60)[0].splitlines()[-1]) for reader in readers]
    assert len(versions) == 4
    assert [answer["errors"] for answer in answers] == [[], [], [], []]
    seen: dict[tuple[str, float, float], int] = defaultdict(int)
    for answer in answers:
        assert answer["asked"] > 10
        for text, times in answer["seen"].items():
            rows = json.loads(text)
            assert len(rows) == 1
            seen[tuple(rows[0])] += times
    assert set(seen) <= versions
    assert len(seen) >= 3


def _one_page(database: Path, out: Path) -> None:
    out.mkdir(parents=True)
    (out / "index.html").write_text("<html></html>", encoding="utf-8")


def _published_version(settings: Settings) -> tuple[str, float, float]:
    [(run_id,)] = ask(settings.database, "SELECT run_id FROM meta.publication")
    where = "area_id = 'USA' AND period_end = '2021-12-31'"
    [(observed,)] = ask(
        settings.database,
        f"SELECT value FROM core.observations WHERE {where} AND source_id = 'cdc_vsrr' "
        "AND measure_id = 'overdose_deaths' AND drug = 'all'",
    )
    [(shown,)] = ask(
        settings.database,
        f"SELECT value FROM marts.indicator_values WHERE {where} AND strata = 'all' "
        "AND indicator_id = 'overdose_deaths_12_month'",
    )
    assert observed == shown
    return (run_id, observed, shown)


def _bump(path: Path, value: str) -> None:
    """Give the United States' 12 months to December 2021 another value."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    start = "cdc_vsrr,2025-07-16,overdose_deaths,USA,2021-01-01,2021-12-31,all,all,all,all,all,"
    [at] = [number for number, line in enumerate(lines) if line.startswith(start)]
    rest = lines[at].removeprefix(start).split(",", 1)[1]
    lines[at] = f"{start}{value},{rest}"
    fresh = path.with_suffix(".new")
    fresh.write_text("".join(lines), encoding="utf-8")
    shutil.move(fresh, path)
