"""The core tables: every release of every observation, the newest of each, and what sources say differently."""

import pandas as pd

from assets.indicators.measures import strata
from assets.revisions import rank_of_releases
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
    order = original.assign(_order=rank_of_releases(original["release"]))
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
