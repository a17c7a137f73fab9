"""What publishers revised: every value against the release before that held the same row.

Releases of one source need not hold the same rows: another WONDER query, a selection of figures beside a whole file. A
row is therefore compared with the newest earlier release that holds it, and rows count as added or missing only between
two releases of one layout.
"""

import numpy as np
import pandas as pd

from assets.snapshots import release_order
from schemas.observations import KEY

REVISION_COLUMNS = [
    "source_id",
    "release_from",
    "release_to",
    "same_layout",
    "rows_compared",
    "rows_changed",
    "rows_added",
    "rows_missing",
    "largest_change_pct",
]
CHANGE_COLUMNS = [
    "source_id",
    "release_from",
    "release_to",
    "rank",
    *KEY,
    "old_value",
    "new_value",
    "old_status",
    "new_status",
    "change_pct",
]
MOST_LISTED = 100
"""Changes that are listed for each pair of releases, largest first; ``marts.revisions`` counts all."""

FIGURES = "figures"
_PAIR = ["source_id", "release_from", "release_to"]


def rank_of_releases(release: pd.Series) -> pd.Series:
    """Number releases from old to new, by date and then by number under one date."""
    ranks = {name: rank for rank, name in enumerate(sorted(release.unique(), key=release_order))}
    return release.map(ranks).astype("int64")


def compared(releases: pd.DataFrame) -> pd.DataFrame:
    """Put beside each row what the newest earlier release that holds it said.

    Grain: source, later release, observation key; only rows that an earlier release holds.

    Args:
        releases: ``core.observation_releases``.
    """
    rows = releases[["source_id", "release", *KEY, "value", "status"]]
    # Numbers instead of nine columns of text: exact, and many times faster to group by.
    series = rows.groupby(["source_id", *KEY], sort=False, observed=True).ngroup()
    ordered = rows.assign(_series=series, _rank=rank_of_releases(rows["release"])).sort_values(
        ["_series", "_rank"], kind="stable", ignore_index=True
    )
    before = ordered.groupby("_series", sort=False)[["release", "value", "status"]].shift(1)
    named = ordered.rename(columns={"release": "release_to", "value": "new_value", "status": "new_status"}).assign(
        release_from=before["release"], old_value=before["value"], old_status=before["status"]
    )
    both = named[named["release_from"].notna()].reset_index(drop=True)
    same = (both["old_value"] == both["new_value"]) | (both["old_value"].isna() & both["new_value"].isna())
    pct = 100 * (both["new_value"] / both["old_value"].where(both["old_value"] != 0) - 1)
    return both.assign(changed=~(same & (both["old_status"] == both["new_status"])), change_pct=pct)


def revisions(releases: pd.DataFrame, layouts: dict[str, str]) -> pd.DataFrame:
    """Count, for each source and pair of releases, the rows that changed, came and went.

    Grain: source, earlier release, later release. A row counts as changed where its value or its status differs. Rows
    added and missing are null where the two releases are not of one layout.

    Args:
        releases: ``core.observation_releases``.
        layouts: Layout or query of each snapshot, by its id; snapshots that are not in it are of none.
    """
    both = compared(releases)
    largest = both[both["changed"] & both["change_pct"].notna()]
    largest = largest.loc[largest.groupby(_PAIR)["change_pct"].agg(lambda change: change.abs().idxmax())]
    counted = both.groupby(_PAIR).agg(rows_compared=("changed", "size"), rows_changed=("changed", "sum")).reset_index()
    found = counted.merge(_came_and_went(releases, layouts), on=_PAIR, how="outer", validate="1:1").merge(
        largest[[*_PAIR, "change_pct"]].rename(columns={"change_pct": "largest_change_pct"}),
        on=_PAIR,
        how="left",
        validate="1:1",
    )
    counts = ["rows_compared", "rows_changed"]
    typed = found.assign(
        same_layout=found["rows_added"].notna(), **{name: found[name].fillna(0).astype("int64") for name in counts}
    ).astype({"rows_added": "Int64", "rows_missing": "Int64", "largest_change_pct": "float64"})
    ranks = {name: rank_of_releases(typed[name]) for name in ("release_from", "release_to")} if len(typed) else {}
    order = typed.assign(**{f"_{name}": rank for name, rank in ranks.items()})
    return order.sort_values(["source_id", *[f"_{name}" for name in ranks]], ignore_index=True)[REVISION_COLUMNS]


def _came_and_went(releases: pd.DataFrame, layouts: dict[str, str]) -> pd.DataFrame:
    """Count the rows that only one of two following releases of one layout holds."""
    kinds = releases[["source_id", "release", "snapshot_id"]].drop_duplicates()
    kinds = kinds.assign(layout=kinds["snapshot_id"].map(layouts)).dropna(subset="layout")
    # A release is known by a file, with figures beside it, or by figures alone: those are a selection.
    kinds = kinds[kinds["layout"] != FIGURES]
    kinds = kinds.assign(_rank=rank_of_releases(kinds["release"])).sort_values(["source_id", "layout", "_rank"])
    pairs = kinds.assign(release_from=kinds.groupby(["source_id", "layout"])["release"].shift(1)).dropna(
        subset="release_from"
    )
    found = []
    for source_id, earlier, later in pairs[["source_id", "release_from", "release"]].itertuples(index=False):
        of_source = releases[(releases["source_id"] == source_id) & ~releases["snapshot_id"].str.startswith(FIGURES)]
        before = of_source.loc[of_source["release"] == earlier, KEY]
        after = of_source.loc[of_source["release"] == later, KEY]
        both = before.merge(after, on=KEY, how="outer", indicator=True, validate="1:1")["_merge"]
        found.append((source_id, earlier, later, (both == "right_only").sum(), (both == "left_only").sum()))
    named = pd.DataFrame(found, columns=[*_PAIR, "rows_added", "rows_missing"])
    return named.astype({**dict.fromkeys(_PAIR, "str"), "rows_added": "float64", "rows_missing": "float64"})


def changes(releases: pd.DataFrame, most: int = MOST_LISTED) -> pd.DataFrame:
    """List the changed rows of each pair of releases, largest first.

    Grain: source, earlier release, later release, rank. The size of a change is its difference over the square root of
    the greater value: a change of many deaths comes before a doubling of one. A row that lost or gained its value, such
    as one that is now suppressed, follows after the rows whose two values differ.

    Args:
        releases: ``core.observation_releases``.
        most: Rows to list for each pair.
    """
    both = compared(releases)
    changed = both[both["changed"]]
    greater = changed[["old_value", "new_value"]].abs().max(axis=1)
    size = (changed["new_value"] - changed["old_value"]).abs() / np.sqrt(greater)
    ordered = changed.assign(_size=size.fillna(-1.0)).sort_values(
        [*_PAIR, "_size", *KEY], ascending=[True, True, True, False, *[True] * len(KEY)], ignore_index=True
    )
    ranked = ordered.assign(rank=ordered.groupby(_PAIR).cumcount() + 1)
    listed = ranked[ranked["rank"] <= most].reset_index(drop=True)
    return listed.astype({"rank": "int64", "change_pct": "float64"})[CHANGE_COLUMNS]


def newest_changes(listed: pd.DataFrame, source_ids: tuple[str, ...], most: int = 3) -> list[str]:
    """Say in a line each the largest changes that the newest release of some sources brought.

    Args:
        listed: ``marts.revision_changes``.
        source_ids: Sources that brought a release.
        most: Lines for each source.
    """
    lines: list[str] = []
    for source_id in source_ids:
        rows = listed[listed["source_id"] == source_id]
        if rows.empty:
            continue
        newest = max(rows["release_to"].unique(), key=release_order)
        lines += [_line(row) for _, row in rows[rows["release_to"] == newest].sort_values("rank").head(most).iterrows()]
    return lines


def _line(row: "pd.Series[float]") -> str:
    groups = [str(row[name]) for name in KEY[4:] if row[name] != "all"]
    span = f"{row['period_start']:%Y-%m-%d} to {row['period_end']:%Y-%m-%d}"
    old, new = (
        f"{row[f'{age}_value']:,.10g}" if pd.notna(row[f"{age}_value"]) else str(row[f"{age}_status"])
        for age in ("old", "new")
    )
    by = f" ({row['change_pct']:+.1f} %)" if pd.notna(row["change_pct"]) else ""
    what = " ".join([str(row["measure_id"]), str(row["area_id"]), *groups, span])
    return f"{row['source_id']} {row['release_from']} to {row['release_to']}: {what}: {old} to {new}{by}"
