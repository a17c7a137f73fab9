"""Revisions: each value against the release before that held it, and the largest changes first."""

import pandas as pd
import pytest
from observed import observed

from assets import revisions
from assets.contract import require
from schemas.observations import Observation, as_observations
from schemas.revisions import Revision, RevisionChange

OLD, NEW = "2019-04-24", "2025-07-16"


def releases(*cells: tuple[str, str, float | None], snapshot: str = "cdc_vsrr") -> pd.DataFrame:
    """Make one place's monthly rows from release, month and value; no value means suppressed."""
    rows = [
        observed("cdc_vsrr", "overdose_deaths", "USA", f"{month} to {month}", value, release=release)
        | {"snapshot_id": f"{snapshot}/{release}"}
        for release, month, value in cells
    ]
    return require_rows(pd.DataFrame(rows))


def require_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Give rows as observations; they must keep the contract."""
    made = as_observations(frame)
    require(made, Observation)
    return made


def counted(rows: pd.DataFrame, layouts: dict[str, str] | None = None) -> pd.DataFrame:
    """Count revisions; all files are of one layout unless told otherwise."""
    known = dict.fromkeys(rows["snapshot_id"].unique(), "one layout") if layouts is None else layouts
    made = revisions.revisions(rows, known)
    require(made, Revision)
    return made


TWO = (
    (OLD, "2021-01", 100.0),
    (OLD, "2021-02", 100.0),
    (OLD, "2021-03", None),
    (OLD, "2021-04", 7.0),
    (OLD, "2021-05", 100.0),
    (NEW, "2021-01", 90.0),
    (NEW, "2021-02", 100.0),
    (NEW, "2021-03", None),
    (NEW, "2021-04", None),
    (NEW, "2021-06", 1.0),
)


def test_revisions_are_counted() -> None:
    """Rows that changed in value or status, came or went are counted between releases of one layout."""
    [row] = counted(releases(*TWO)).to_dict("records")
    assert abs(row.pop("largest_change_pct") + 10) < 1e-9
    assert row == {
        "source_id": "cdc_vsrr",
        "release_from": OLD,
        "release_to": NEW,
        "same_layout": True,
        "rows_compared": 4,
        "rows_changed": 2,
        "rows_added": 1,
        "rows_missing": 1,
    }


def test_rows_neither_come_nor_go_between_different_queries() -> None:
    """Two queries of one database hold other rows: what both hold is compared, the rest is neither."""
    row = counted(releases(*TWO), {f"cdc_vsrr/{OLD}": "1999-2020", f"cdc_vsrr/{NEW}": "2018-2024"}).iloc[0]
    assert (row["rows_compared"], row["rows_changed"], row["same_layout"]) == (4, 2, False)
    assert row[["rows_added", "rows_missing"]].isna().all()


def test_selection_of_figures_is_no_whole_file() -> None:
    """A file is not said to have added what the figures left out."""
    figures = releases(*TWO[:5], snapshot="figures")
    rows = pd.concat([figures, releases(*TWO[5:])], ignore_index=True)
    layouts = {f"figures/{OLD}": revisions.FIGURES, f"cdc_vsrr/{NEW}": "one layout"}
    row = counted(rows, layouts).iloc[0]
    assert row["rows_changed"] == 2
    assert row[["rows_added", "rows_missing"]].isna().all()


def test_two_selections_of_figures_are_not_compared_for_rows() -> None:
    """Two sets of figures are selections: a row that one lacks did not go missing."""
    rows = releases(*TWO, snapshot="figures")
    row = counted(rows, dict.fromkeys(rows["snapshot_id"].unique(), revisions.FIGURES)).iloc[0]
    assert pd.isna(row["rows_missing"])


def test_row_is_held_against_the_last_release_that_has_it() -> None:
    """A release of another query in between does not hide a revision."""
    rows = releases((OLD, "2021-01", 100.0), ("2022-01-01", "2020-01", 5.0), (NEW, "2021-01", 110.0))
    found = counted(rows, {f"cdc_vsrr/{OLD}": "a", "cdc_vsrr/2022-01-01": "b", f"cdc_vsrr/{NEW}": "a"})
    assert found[["release_from", "release_to", "rows_changed", "rows_added"]].to_numpy().tolist() == [[OLD, NEW, 1, 0]]


def test_tenth_release_of_a_day_follows_the_ninth() -> None:
    """Releases that came under one date are ordered by their number, not by their letters."""
    rows = releases((f"{NEW}.10", "2021-01", 10.0), (NEW, "2021-01", 1.0), (f"{NEW}.9", "2021-01", 9.0))
    assert counted(rows)["release_to"].tolist() == [f"{NEW}.9", f"{NEW}.10"]


def test_change_from_zero_has_no_percentage() -> None:
    """A change from 0 counts as a change, but has no percentage, rather than an endless one."""
    rows = releases((OLD, "2021-01", 0.0), (NEW, "2021-01", 3.0))
    row = counted(rows).iloc[0]
    assert row["rows_changed"] == 1
    assert pd.isna(row["largest_change_pct"])
    assert pd.isna(revisions.changes(rows)["change_pct"].iloc[0])


@pytest.mark.parametrize(
    "rows", [releases((OLD, "2021-01", 0.0)).iloc[:0], releases((OLD, "2021-01", 0.0))], ids=["none", "one"]
)
def test_one_release_has_no_revisions(rows: pd.DataFrame) -> None:
    """A single release, or none, gives empty tables with all their columns."""
    assert counted(rows).empty
    listed = revisions.changes(rows)
    require(listed, RevisionChange)
    assert listed.empty


def test_largest_changes_come_first() -> None:
    """Many deaths more come before a doubling of one; a value that was lost comes last; the rest is cut off."""
    rows = releases(
        *[(OLD, month, value) for month, value in (("2021-01", 1.0), ("2021-02", 60_000.0), ("2021-03", 5.0))],
        *[(NEW, month, value) for month, value in (("2021-01", 2.0), ("2021-02", 62_000.0), ("2021-03", None))],
    )
    listed = revisions.changes(rows)
    require(listed, RevisionChange)
    assert listed["old_value"].tolist() == [60_000.0, 1.0, 5.0]
    assert listed["rank"].tolist() == [1, 2, 3]
    assert listed["new_status"].tolist() == ["reported", "reported", "suppressed"]
    assert revisions.changes(rows, most=1)["old_value"].tolist() == [60_000.0]
    lines = revisions.newest_changes(listed, ("cdc_vsrr",), most=1)
    assert lines == [
        "cdc_vsrr 2019-04-24 to 2025-07-16: overdose_deaths USA 2021-02-01 to 2021-02-28: 60,000 to 62,000 (+3.3 %)"
    ]
    assert revisions.newest_changes(listed, ("cdc_wonder",)) == []
