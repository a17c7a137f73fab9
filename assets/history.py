"""What the indicators were as known on an earlier day, from the releases that were published by then."""

from collections.abc import Callable, Iterator

import pandas as pd

from assets import core
from assets.indicators import quality, registry
from schemas.history import COLUMNS
from schemas.indicators import GRAIN

_COMPARED = [name for name in COLUMNS if name not in (*GRAIN, "known_from", "known_to")]
_ABOUT_RELEASES = tuple(card.id for card in quality.CARDS)


def days_to_look_at(releases: pd.DataFrame, revised: pd.DataFrame) -> list[str]:
    """Give the days on which a release changed published values, the release days just before, and the last.

    Values change on the first; the second hold what they were. On other days rows came out for the first time, and a
    value that rests on them says so itself. Looking at every day would take as many computations as there are releases.

    Args:
        releases: ``core.observation_releases``.
        revised: ``marts.revisions``.

    Returns:
        Days such as 2024-09-24, oldest first.
    """
    days = sorted(releases["release"].str.slice(0, 10).unique())
    changed = set(revised.loc[revised["rows_changed"] > 0, "release_to"].str.slice(0, 10))
    before = {days[place - 1] for place, day in enumerate(days) if day in changed and place}
    return sorted(changed | before | set(days[-1:]))


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
    known = known_on(releases, day)
    return followed(registry.indicator_values(core.newest(known), known))


def followed(values: pd.DataFrame) -> pd.DataFrame:
    """Keep the indicators and columns whose history is kept.

    Args:
        values: ``marts.indicator_values``.
    """
    return values.loc[~values["indicator_id"].isin(_ABOUT_RELEASES), [*GRAIN, *_COMPARED, "release"]].reset_index(
        drop=True
    )


def indicator_history(days: list[str], values_on: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
    """Join what was known on each day into spells in which nothing about a value changed.

    Grain: indicator, area, period, strata, known_from. A value that is new on a day counts from the newest release it
    rests on, if that came out after the day before; the value that it replaces stood until then.

    Args:
        days: Days to look at, oldest first.
        values_on: Gives the followed indicators as known on a day.
    """
    spells = list(_spells(days, values_on))
    joined = pd.concat(spells, ignore_index=True) if spells else pd.DataFrame(columns=COLUMNS)
    return joined.sort_values([*GRAIN, "known_from"], ignore_index=True)[COLUMNS]


def _spells(days: list[str], values_on: Callable[[str], pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Give spells as they end, and at last those that stand."""
    standing: pd.DataFrame | None = None
    last = ""
    for day in days:
        values = values_on(day)
        fresh = values.assign(known_from=_known_from(values["release"], last, day), known_to=pd.NaT)
        fresh = fresh[COLUMNS].astype({"known_from": "datetime64[us]", "known_to": "datetime64[us]"})
        last = day
        if standing is None:
            standing = fresh
            continue
        both = standing.merge(fresh, on=GRAIN, how="outer", suffixes=("", "_new"), indicator=True, validate="1:1")
        same = (both["_merge"] == "both") & _same(both)
        gone = both[~same & (both["_merge"] != "right_only")]
        ended = gone["known_from_new"].fillna(pd.Timestamp(day).as_unit("us"))
        yield _typed(gone[COLUMNS].assign(known_to=ended), fresh)
        came = both[~same & (both["_merge"] != "left_only")]
        renamed = {f"{name}_new": name for name in [*_COMPARED, "known_from", "known_to"]}
        begun = came[[*GRAIN, *renamed]].rename(columns=renamed)
        standing = _typed(pd.concat([both.loc[same, COLUMNS], begun], ignore_index=True), fresh)
    if standing is not None:
        yield standing


def _known_from(release: pd.Series, last: str, day: str) -> pd.Series:
    """Give the day from which each value counts: that of the newest release it names, kept between two days."""
    newest = {text: max(part[:10] for part in text.split("+")) for text in release.unique()}
    within = {text: found if last < found <= day else day for text, found in newest.items()}
    return pd.to_datetime(release.map(within), format="%Y-%m-%d").dt.as_unit("us")


def _same(both: pd.DataFrame) -> pd.Series:
    same = pd.Series(True, index=both.index)
    for name in _COMPARED:
        old, new = both[name], both[f"{name}_new"]
        same &= (old == new) | (old.isna() & new.isna())
    return same


def _typed(frame: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """Give a merge's columns their types again: an outer merge makes flags objects."""
    return frame[COLUMNS].astype({name: like[name].dtype for name in COLUMNS}).reset_index(drop=True)
