"""Jumps: a release whose values lie far from those before is held back, unless a person let it through."""

from pathlib import Path

import pandas as pd
import pytest
from observed import frame, observed

from assets import jumps

OLD, NEW = "2025-06-18", "2025-07-16"
ARRIVED = {f"cdc_vsrr/{release}": f"{release}T05:00:00Z" for release in (OLD, NEW, "2019-04-24")}


def release(name: str, factor: float = 1.0, rows: int = 12, snapshot: str = "cdc_vsrr") -> list[dict[str, object]]:
    """Make the windows of a year of one release, every value multiplied by a factor."""
    return [
        observed("cdc_vsrr", "overdose_deaths", "USA", f"2024-{month:02d} to 2024-{month:02d}", 1_000.0 * factor)
        | {"release": name, "snapshot_id": f"{snapshot}/{name}"}
        for month in range(1, rows + 1)
    ]


def held(*releases: list[dict[str, object]], let_through: set[tuple[str, str]] | None = None) -> list[jumps.Held]:
    """Give what is held back."""
    return jumps.held_back(frame(*[row for each in releases for row in each]), ARRIVED, let_through or set())


@pytest.mark.parametrize("factor", [0.5, 0.9, 1.0, 1.2, 2.0])
def test_plausible_revision_passes(factor: float) -> None:
    """A release at half to twice the values before it is not held."""
    assert held(release(OLD), release(NEW, factor)) == []


@pytest.mark.parametrize("factor", [0.001, 0.49, 2.1, 1_000.0])
def test_release_that_jumps_is_held(factor: float) -> None:
    """A release outside half to twice is held, saying expected, found, and how to let it through."""
    [found] = held(release(OLD), release(NEW, factor))
    assert (found.source_id, found.snapshot_id) == ("cdc_vsrr", f"cdc_vsrr/{NEW}")
    for part in ("expected values of overdose_deaths", f"found {factor:,.4g} times", "12 shared rows", "accepted.yml"):
        assert part in found.message


def test_few_wild_values_do_not_hold_a_release() -> None:
    """The median decides: five of twelve values in another unit, or a few shared rows, hold nothing."""
    mixed = [*release(NEW, 1_000.0)[:5], *release(NEW)[5:]]
    assert held(release(OLD), mixed) == []
    assert held(release(OLD, rows=9), release(NEW, 1_000.0, rows=9)) == []


def test_old_release_dropped_later_does_not_hold_the_newest() -> None:
    """Backfilled in the wrong unit, the old file is held, not the newest release that was here before it."""
    ARRIVED["cdc_vsrr/2019-04-24"] = "2025-09-01T05:00:00Z"
    [found] = held(release("2019-04-24", 1_000.0), release(NEW))
    assert found.snapshot_id == "cdc_vsrr/2019-04-24"


def test_file_is_held_against_the_figures_of_its_own_release() -> None:
    """A first file in the wrong unit differs from the transcribed figures, which are never held themselves."""
    both = [release(NEW, snapshot="figures"), release(NEW, 1_000.0)]
    rows = pd.concat([frame(*rows) for rows in both], ignore_index=True)
    [found] = jumps.held_back(rows, ARRIVED, set())
    assert found.snapshot_id == f"cdc_vsrr/{NEW}"


def test_figures_are_never_held() -> None:
    """Transcribed figures are reviewed by us: two releases of them may differ by any factor."""
    assert held(release(OLD, snapshot="figures"), release(NEW, 1_000.0, snapshot="figures")) == []


def test_held_release_is_no_measure_for_the_next() -> None:
    """The release after a held one is compared with the last good one."""
    ARRIVED["cdc_vsrr/2025-08-13"] = "2025-08-13T05:00:00Z"
    found = held(release(OLD), release(NEW, 1_000.0), release("2025-08-13"))
    assert [each.snapshot_id for each in found] == [f"cdc_vsrr/{NEW}"]


def test_accepted_release_passes(tmp_path: Path) -> None:
    """A release that a person let through is taken, and the next one is held against it."""
    (tmp_path / "accepted.yml").write_text(
        f"- source_id: cdc_vsrr\n  release: {NEW}\n  reason: rebased by the publisher\n  evidence: its notice\n"
    )
    let_through = jumps.accepted(tmp_path)
    assert let_through == {("cdc_vsrr", NEW)}
    assert held(release(OLD), release(NEW, 3.0), let_through=let_through) == []
    assert jumps.accepted(tmp_path / "absent") == set()


@pytest.mark.parametrize(
    "text", ["- source_id: cdc_vsrr\n", "- a\n", "- {source_id: a, release: b, reason: c, evidence: ''}"]
)
def test_incomplete_acceptance_is_refused(tmp_path: Path, text: str) -> None:
    """Letting a release through takes a reason and evidence."""
    (tmp_path / "accepted.yml").write_text(text)
    with pytest.raises(jumps.AcceptanceError, match=r"expected evidence.*found"):
        jumps.accepted(tmp_path)


def test_no_rows_hold_nothing() -> None:
    """Without observations nothing is held."""
    assert jumps.held_back(frame(*release(OLD)).iloc[:0], {}, set()) == []
    assert isinstance(jumps.unit_steps(frame(*release(OLD)).iloc[:0]), pd.DataFrame)
