"""Tables between the steps: remade only when something changed, replaced whole, types kept."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assets import tables
from assets.workspace import Workspace


def frame() -> pd.DataFrame:
    """Give one column of each kind that tables have, with a gap in each that may have one."""
    return pd.DataFrame(
        {
            "text": pd.Series(["NA", "", "None"], dtype="str"),
            "period_start": pd.to_datetime(["2021-01-01", "2015-01-31", "1999-12-31"]).astype("datetime64[us]"),
            "value": [0.1 + 0.2, np.nan, 0.0],
            "whole": pd.Series([1, 2, 9_007_199_254_740_993], dtype="int64"),
            "yes": [True, False, True],
        }
    )


def made(value: float = 1.0) -> tuple[dict[str, pd.DataFrame], dict[str, object]]:
    """Give what a step makes."""
    return {"numbers": pd.DataFrame({"value": [value]})}, {"note": "Österreich"}


def test_frames_come_back_as_they_were(tmp_path: Path) -> None:
    """Text that looks like nothing, gaps, zeros, dates and long numbers survive the way through Parquet."""
    tables.write_parquet(frame(), tmp_path / "frame.parquet")
    back = tables.read_parquet(tmp_path / "frame.parquet")
    pd.testing.assert_frame_equal(back, frame())


def test_empty_frames_keep_their_types(tmp_path: Path) -> None:
    """A table without rows keeps columns and types, so that it can be joined."""
    tables.write_parquet(frame().iloc[:0], tmp_path / "frame.parquet")
    pd.testing.assert_frame_equal(tables.read_parquet(tmp_path / "frame.parquet"), frame().iloc[:0])


def test_equal_frames_give_equal_bytes(tmp_path: Path) -> None:
    """The same table is the same file, byte for byte."""
    for name in ("a", "b"):
        tables.write_parquet(frame(), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_step_runs_only_when_something_changed(tmp_path: Path) -> None:
    """The same fingerprint gives the last tables without running the step; another one replaces them."""
    first = tables.make(tmp_path / "core", "mark", lambda: made(1.0))

    def never() -> tuple[dict[str, pd.DataFrame], dict[str, object]]:
        raise AssertionError("the step ran although nothing changed")

    second = tables.make(tmp_path / "core", "mark", never)
    third = tables.make(tmp_path / "core", "other", lambda: made(2.0))
    assert (first.changed, second.changed, third.changed) == (True, False, True)
    assert second.record == first.record == {"fingerprint": "mark", "rows": {"numbers": 1}, "note": "Österreich"}
    assert third.table("numbers")["value"].tolist() == [2.0]


def test_tables_of_before_do_not_stay_beside_new_ones(tmp_path: Path) -> None:
    """A table that a step no longer makes is gone."""
    tables.make(tmp_path / "core", "a", lambda: ({"old": frame()}, {}))
    tables.make(tmp_path / "core", "b", made)
    assert sorted(path.name for path in (tmp_path / "core").iterdir()) == [tables.RECORD, "numbers.parquet"]
    assert [path.name for path in tmp_path.iterdir()] == ["core"]


def test_failing_step_leaves_the_last_good_tables(tmp_path: Path) -> None:
    """A step that raises leaves what there was, and nothing half-made."""
    tables.make(tmp_path / "core", "a", made)

    def fail() -> tuple[dict[str, pd.DataFrame], dict[str, object]]:
        raise ValueError("planted")

    with pytest.raises(ValueError, match="planted"):
        tables.make(tmp_path / "core", "b", fail)
    last = tables.last_good(tmp_path / "core")
    assert last is not None
    assert last.fingerprint == "a"
    assert [path.name for path in tmp_path.iterdir()] == ["core"]


@pytest.mark.parametrize("call", [0, 1])
def test_killed_between_the_swaps_the_old_tables_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """Stopped at either rename of the swap, the last good tables are found by the next run."""
    tables.make(tmp_path / "core", "a", made)
    real, calls = os.replace, 0

    def replace(source: Path, target: Path) -> None:
        nonlocal calls
        calls += 1
        if calls - 1 == call:
            raise KeyboardInterrupt
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace)
        with pytest.raises(KeyboardInterrupt):
            tables.make(tmp_path / "core", "b", lambda: made(2.0))
    last = tables.last_good(tmp_path / "core")
    assert last is not None
    assert last.fingerprint == "a"
    assert last.table("numbers")["value"].tolist() == [1.0]
    assert tables.make(tmp_path / "core", "b", lambda: made(2.0)).table("numbers")["value"].tolist() == [2.0]


def test_nothing_was_made_yet(tmp_path: Path) -> None:
    """Where a step never ran there are no last good tables, not an error."""
    assert tables.last_good(tmp_path / "core") is None


def test_order_counts_in_a_fingerprint() -> None:
    """Parts are not joined so that different ones look alike."""
    assert tables.fingerprint("a", "b") != tables.fingerprint("b", "a")
    assert tables.fingerprint("ab") != tables.fingerprint("a", "b")


@pytest.mark.parametrize("path", ["assets/core.py", "epi/rates.py", "schemas/areas.py", "data/reference/areas.csv"])
def test_code_and_reference_data_are_in_the_fingerprint(tmp_path: Path, path: str) -> None:
    """A changed line of code or reference data makes tables anew; a page of the site does not."""
    checkouts = []
    for number, text in enumerate(["1", "1", "2"]):
        checkout = tmp_path / str(number)
        for name, content in {path: text, "dashboards/site.py": str(number), "docs/x.md": str(number)}.items():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            (checkout / name).write_text(content, encoding="utf-8")
        checkouts.append(tables.code_fingerprint(checkout))
    assert checkouts[0] == checkouts[1] != checkouts[2]


def test_records_of_steps_are_whole(tmp_path: Path) -> None:
    """A step's record comes back as it was left; one that was never left is empty."""
    bench = Workspace(checkout=tmp_path, snapshots=tmp_path, drop=tmp_path, tables=tmp_path, figures=tmp_path)
    assert bench.recall("arrival-x") == {}
    bench.remember("arrival-x", {"refused": ["Île: expected, found"], "origin": "live"})
    assert bench.recall("arrival-x") == {"refused": ["Île: expected, found"], "origin": "live"}
    assert [path.name for path in (tmp_path / "steps").iterdir()] == ["arrival-x.json"]
    json.loads((tmp_path / "steps" / "arrival-x.json").read_text(encoding="utf-8"))
