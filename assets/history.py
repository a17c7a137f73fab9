"""What the indicators were as known on an earlier day, from the releases that were published by then."""

from collections.abc import Callable, Iterator

import pandas as pd

from assets import core
from assets.indicators import quality, registry
from schemas.history import COLUMNS
from schemas.indicators import GRAIN

_COMPARED = [name for name in COLUMNS if name not in (*GRAIN, "known_from", "known_to")]
_ABOUT_RELEASES = tuple(card.id for card in quality.CARDS)


def release_days(releases: pd.DataFrame) -> list[str]:
    """Give the days on which a release came out, oldest first."""
    return sorted(releases["release"].str.slice(0, 10).unique())


def known_on(releases: pd.DataFrame, day: str) -> pd.DataFrame:
    """Give the rows of releases published by a day.

    Args:
        releases: ``core.observation_releases``.
        day: Such as 2024-09-24; the releases of that day are known.
    """
    return releases[releases["release"].str.slice(0, 10) <= day]


def values_known_on(releases: pd.DataFrame, day: str) -> pd.DataFrame:
    """Make the indicators, by today's definitions, from what was published by a day. Grain: as the indicators.

    Args:
        releases: ``core.observation_releases``.
        day: Such as 2024-09-24.
    """
    values = registry.indicator_values(core.newest(known_on(releases, day)))
    return values.loc[~values["indicator_id"].isin(_ABOUT_RELEASES), [*GRAIN, *_COMPARED]].reset_index(drop=True)


def indicator_history(days: list[str], values_on: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
    """Join what was known on each day into spells in which nothing about a value changed.

    Grain: indicator, area, period, strata, known_from.

    Args:
        days: Days on which a release came out, oldest first.
        values_on: Gives the indicators as known on a day.
    """
    spells = list(_spells(days, values_on))
    joined = pd.concat(spells, ignore_index=True) if spells else pd.DataFrame(columns=COLUMNS)
    return joined.sort_values([*GRAIN, "known_from"], ignore_index=True)[COLUMNS]


def _spells(days: list[str], values_on: Callable[[str], pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Give spells as they end, and at last those that stand."""
    standing: pd.DataFrame | None = None
    for day in days:
        since = pd.Timestamp(day).as_unit("us")
        fresh = values_on(day).assign(known_from=since, known_to=pd.Series(dtype="datetime64[us]"))
        if standing is None:
            standing = fresh
            continue
        both = standing.merge(fresh, on=GRAIN, how="outer", suffixes=("", "_new"), indicator=True, validate="1:1")
        same = (both["_merge"] == "both") & _same(both)
        gone = both.loc[~same & (both["_merge"] != "right_only"), COLUMNS].assign(known_to=since)
        yield _typed(gone, fresh)
        came = both[~same & (both["_merge"] != "left_only")]
        renamed = came[[*GRAIN, *[f"{name}_new" for name in _COMPARED]]].rename(
            columns=lambda name: name.removesuffix("_new")
        )
        begun = renamed.assign(known_from=since, known_to=pd.Series(dtype="datetime64[us]"))
        standing = _typed(pd.concat([both.loc[same, COLUMNS], begun], ignore_index=True), fresh)
    if standing is not None:
        yield standing


def _same(both: pd.DataFrame) -> pd.Series:
    same = pd.Series(True, index=both.index)
    for name in _COMPARED:
        old, new = both[name], both[f"{name}_new"]
        same &= (old == new) | (old.isna() & new.isna())
    return same


def _typed(frame: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """Give a merge's columns their types again: an outer merge makes flags objects."""
    return frame[COLUMNS].astype({name: like[name].dtype for name in COLUMNS}).reset_index(drop=True)
