"""Downloads of several sources: at once, within bounds, each fault its own."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from assets.downloads import Downloads
from assets.ingest import bring_in
from assets.source import Recognised, Source, SourceRefused
from assets.sources import source
from assets.transport import Transport, TransportError, Validators

Fetch = Callable[[Path], Recognised | None]
PATIENCE = 20
"""Seconds after which a test that would hang fails instead."""


@dataclass
class Publisher:
    """A source that does what a test says when it is fetched."""

    CARD: SimpleNamespace
    act: Fetch

    def fetch(self, transport: Transport, known: Validators | None, into: Path) -> Recognised | None:  # noqa: ARG002
        """Do as told."""
        return self.act(into)


def publisher(name: str, act: Fetch, automated: bool = True) -> Source:
    """Make a source of a name."""
    card = SimpleNamespace(**{**vars(source("who_gho").CARD), "id": name, "automated": automated})
    return Publisher(card, act)  # type: ignore[return-value]


def release(into: Path) -> Recognised:
    """Give a release of one file, in the folder that the source was given."""
    path = into / "table.csv"
    path.write_text(f"{into.name}\n", encoding="utf-8")
    return Recognised("2026-01-15", (path,))


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., Downloads]]:
    """Start downloads, and close them at the end."""
    running: list[Downloads] = []

    def start(*sources: Source, **bounds: float) -> Downloads:
        running.append(Downloads(sources, tmp_path / "kept", Transport, **bounds))  # type: ignore[arg-type]
        return running[-1]

    yield start
    for each in running:
        each.close()


def test_sources_are_fetched_at_the_same_time(started: Callable[..., Downloads]) -> None:
    """Three sources that wait for one another all come through, as they could not in turn."""
    meeting = threading.Barrier(3, timeout=PATIENCE)

    def meet(into: Path) -> Recognised:
        meeting.wait()
        return release(into)

    names = ("a_one", "a_two", "a_three")
    downloads = started(*(publisher(name, meet) for name in names))
    texts = [found.files[0].read_text() for name in names if (found := downloads.take(name))]
    assert texts == [f"{name}\n" for name in names]


def test_no_more_than_the_workers_run_at_one_time(started: Callable[..., Downloads]) -> None:
    """Two workers never run three downloads at once, and yet all are done."""
    running, most, lock = [0], [0], threading.Lock()

    def count(into: Path) -> Recognised:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        found = release(into)
        with lock:
            running[0] -= 1
        return found

    names = [f"a_{number}" for number in range(12)]
    downloads = started(*(publisher(name, count) for name in names), workers=2)
    assert all(downloads.take(name) for name in names)
    assert 1 <= most[0] <= 2


def test_one_that_never_ends_is_unreachable_and_holds_up_no_other(
    started: Callable[..., Downloads], tmp_path: Path
) -> None:
    """At the end of the time for all, a source that is not there counts as unreachable; the others are kept."""
    never = threading.Event()
    hanging = publisher("a_hanging", lambda into: None if never.wait(PATIENCE) else release(into))
    fine = publisher("a_fine", release)
    downloads = started(hanging, fine, seconds=0.5)
    assert downloads.take("a_fine") is not None
    arrival = bring_in(hanging, tmp_path / "kept", tmp_path / "drop", None, downloads)
    assert "expected its release within 0.5 seconds" in arrival.unreachable
    assert "found it unfinished" in arrival.unreachable
    never.set()


def raises(fault: Exception) -> Fetch:
    """Make a fetch that fails."""

    def fail(into: Path) -> None:
        raise fault

    return fail


def test_each_fault_is_its_own_source_s(started: Callable[..., Downloads], tmp_path: Path) -> None:
    """A refusal, a fault of the network and a mistake in a module end where they belong."""
    sources = {
        "a_refused": publisher("a_refused", raises(SourceRefused("expected a table, found a page"))),
        "a_silent": publisher("a_silent", raises(TransportError("expected an answer, found none"))),
        "a_broken": publisher("a_broken", raises(KeyError("mistake"))),
        "a_same": publisher("a_same", lambda into: None),  # noqa: ARG005
        "a_new": publisher("a_new", release),
    }
    downloads = started(*sources.values())
    came = {
        name: bring_in(each, tmp_path / "kept", tmp_path / "drop", None, downloads)
        for name, each in sources.items()
        if name != "a_broken"
    }
    assert came["a_refused"].refused == ["expected a table, found a page"]
    assert came["a_silent"].unreachable == "expected an answer, found none"
    assert (came["a_same"].origin, came["a_same"].new) == ("live", [])
    assert [snapshot.snapshot_id for snapshot in came["a_new"].new] == ["a_new/2026-01-15"]
    with pytest.raises(KeyError, match="mistake"):
        bring_in(sources["a_broken"], tmp_path / "kept", tmp_path / "drop", None, downloads)


def test_only_what_a_script_may_fetch_is_looked_for(started: Callable[..., Downloads], tmp_path: Path) -> None:
    """A source for which a person downloads is never fetched, and a run without network looks for nothing."""
    by_hand = publisher("a_by_hand", raises(AssertionError("fetched")), automated=False)
    assert not started(by_hand).has("a_by_hand")
    assert bring_in(by_hand, tmp_path / "kept", tmp_path / "drop", Transport(), started(by_hand)).origin == "none"
    offline = Downloads([publisher("a_one", release)], tmp_path / "kept", lambda: None)
    assert not offline.has("a_one")
    offline.close()


def test_closing_removes_what_nobody_took(tmp_path: Path) -> None:
    """Folders of downloads are gone when the run ends; what was kept stays."""
    downloads = Downloads([publisher("a_new", release)], tmp_path / "kept", Transport)
    found = downloads.take("a_new")
    assert found is not None
    assert found.files[0].exists()
    downloads.close()
    assert not found.files[0].exists()
