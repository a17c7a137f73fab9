"""The core tables: every release of every observation, the newest of each, and what changed between releases."""

from itertools import pairwise

import numpy as np
import pandas as pd

from assets.indicators.measures import strata
from assets.snapshots import release_order
from schemas.observations import COLUMNS, GROUP_COLUMNS, KEY

DISAGREEMENT_COLUMNS = [
    "measure_id",
    "area_id",
    "period_start",
    "period_end",
    "strata",
    "source_a",
    "source_b",
    "value_a",
    "value_b",
    "ratio",
]

REVISION_COLUMNS = [
    "source_id",
    "release_from",
    "release_to",
    "rows_compared",
    "rows_changed",
    "rows_added",
    "rows_missing",
    "largest_change_pct",
]


def observation_releases(figures: pd.DataFrame, sourced: pd.DataFrame) -> pd.DataFrame:
    """Join transcribed figures and read files.

    Grain: source, release and observation key. Where a kept file of the same release gives the same row, the figure
    gives way to it: the file is the original.

    Args:
        figures: Observations transcribed in ``data/figures``.
        sourced: Observations read from kept snapshots.
    """
    joined = pd.concat([sourced, figures], ignore_index=True)
    original = joined.drop_duplicates(["source_id", "release", *KEY], keep="first")
    order = original.assign(_order=_release_rank(original["release"]))
    ordered = order.sort_values(["source_id", "_order", *KEY], kind="stable", ignore_index=True)
    return ordered[COLUMNS]


def newest(releases: pd.DataFrame) -> pd.DataFrame:
    """Keep the newest release of each row; the order of ``observation_releases`` already runs from old to new.

    Grain: source and observation key.
    """
    last = releases.drop_duplicates(["source_id", *KEY], keep="last")
    return last.sort_values(["source_id", *KEY], kind="stable", ignore_index=True)[COLUMNS]


def disagreements(observations: pd.DataFrame) -> pd.DataFrame:
    """Put side by side what two sources report for the same measure, place, period and group.

    Grain: measure, place, period, group, pair of sources. Sources may count by different rules (where a death occurred,
    where the person lived): a difference is something to explain, not always a mistake.

    Args:
        observations: ``core.observations``.
    """
    columns = ["measure_id", "area_id", "period_start", "period_end", *GROUP_COLUMNS]
    known = observations.loc[observations["status"] == "reported", ["source_id", *columns, "value"]]
    known = known[known.duplicated(columns, keep=False)]
    pairs = known.merge(known, on=columns, suffixes=("_a", "_b"))
    pairs = pairs[pairs["source_id_a"] < pairs["source_id_b"]].reset_index(drop=True)
    least, most = pairs[["value_a", "value_b"]].min(axis=1), pairs[["value_a", "value_b"]].max(axis=1)
    ratio = (most / least.where(least > 0)).mask((least == 0) & (most == 0), 1.0)
    named = pairs.rename(columns={"source_id_a": "source_a", "source_id_b": "source_b"})
    found = named.assign(strata=strata(pairs), ratio=ratio)
    return found[DISAGREEMENT_COLUMNS].sort_values(DISAGREEMENT_COLUMNS, ignore_index=True)


def revisions(releases: pd.DataFrame) -> pd.DataFrame:
    """Count, for each source and pair of following releases, the rows that changed, came and went.

    Grain: source, earlier release, later release. A row counts as changed where its value or its status differs.
    """
    found = [
        _compare(source_id, earlier, later, rows)
        for source_id, rows in releases.groupby("source_id", sort=True)
        for earlier, later in _following(rows["release"])
    ]
    return pd.DataFrame(found, columns=REVISION_COLUMNS).astype({"largest_change_pct": "float64"})


def _release_rank(release: pd.Series) -> pd.Series:
    ranks = {name: rank for rank, name in enumerate(sorted(release.unique(), key=release_order))}
    return release.map(ranks).astype("int64")


def _following(release: pd.Series) -> list[tuple[str, str]]:
    ordered = sorted(release.unique(), key=release_order)
    return list(pairwise(ordered))


def _compare(source_id: str, earlier: str, later: str, rows: pd.DataFrame) -> list[object]:
    columns = [*KEY, "value", "status"]
    before = rows.loc[rows["release"] == earlier, columns]
    after = rows.loc[rows["release"] == later, columns]
    both = before.merge(after, on=KEY, how="outer", indicator=True, suffixes=("_before", "_after"), validate="1:1")
    shared = both[both["_merge"] == "both"]
    same_value = (shared["value_before"] == shared["value_after"]) | (
        shared["value_before"].isna() & shared["value_after"].isna()
    )
    changed = shared[~(same_value & (shared["status_before"] == shared["status_after"]))]
    change_pct = (
        (100 * (changed["value_after"] / changed["value_before"] - 1)).replace([np.inf, -np.inf], np.nan).dropna()
    )
    largest = change_pct.loc[change_pct.abs().idxmax()] if len(change_pct) else np.nan
    came, went = (both["_merge"] == "right_only").sum(), (both["_merge"] == "left_only").sum()
    return [source_id, earlier, later, len(shared), len(changed), int(came), int(went), float(largest)]
