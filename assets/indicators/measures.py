"""How indicators read measures: a source is chosen by a stated precedence, and every row names it."""

import re

import numpy as np
import pandas as pd

from schemas.observations import GROUP_COLUMNS

PLACE_AND_TIME = ["area_id", "period_start", "period_end"]


class Measures:
    """The newest observations, asked for by measure."""

    def __init__(self, observations: pd.DataFrame, releases: pd.DataFrame | None = None) -> None:
        """Take the newest release of every observation, and where revisions matter every release.

        Args:
            observations: ``core.observations``.
            releases: ``core.observation_releases``; the newest alone where left out.
        """
        self._releases = observations if releases is None else releases
        start, end = observations["period_start"], observations["period_end"]
        months = (end.dt.year - start.dt.year) * 12 + end.dt.month - start.dt.month + 1
        self._rows = observations.assign(
            months=months,
            calendar_year=(months == 12) & (start.dt.month == 1),
            total=np.logical_and.reduce([observations[column] == "all" for column in GROUP_COLUMNS]),
        )
        self._by_source = dict(tuple(self._rows.groupby(["measure_id", "source_id"], sort=False)))
        self._read: dict[tuple[object, ...], pd.DataFrame] = {}
        self.asked: dict[str, list[tuple[str, ...]]] = {}
        """Measures that were read, and the orders of sources in which they were: the first that reports a value counts.

        A source decides for each place, period and group by itself; what the others say stays in ``core.observations``.
        """

    def read(
        self,
        measure_id: str,
        sources: tuple[str, ...],
        *,
        months: int | None = None,
        calendar_year: bool = False,
        total: bool = False,
    ) -> pd.DataFrame:
        """Give a measure's rows, one per area, period and group, from the first source that reports it.

        Args:
            measure_id: Measure wanted.
            sources: Sources in order of precedence; a source that reports a value comes before one that does not.
            months: Only periods of this many months.
            calendar_year: Only periods that start in January and last twelve months.
            total: Only rows that are for everybody and any drug.
        """
        orders = self.asked.setdefault(measure_id, [])
        if sources not in orders:
            orders.append(sources)
        asked = (measure_id, sources, months, calendar_year, total)
        if asked not in self._read:
            self._read[asked] = self._chosen(measure_id, sources, months, calendar_year, total)
        # A copy without data: what a reader changes is its own.
        return self._read[asked].copy(deep=False)

    def _chosen(
        self, measure_id: str, sources: tuple[str, ...], months: int | None, calendar_year: bool, total: bool
    ) -> pd.DataFrame:
        there = [self._by_source[measure_id, name] for name in sources if (measure_id, name) in self._by_source]
        kept = [
            rows[
                (rows["calendar_year"] | (not calendar_year))
                & ((rows["months"] == months) | (months is None))
                & (rows["total"] | (not total))
            ]
            for rows in there
        ]
        rows = pd.concat(kept) if len(kept) > 1 else kept[0] if kept else self._rows.iloc[:0]
        if len(kept) > 1:
            # Concatenated in order of precedence: a stable sort keeps it.
            silent = (rows["status"] != "reported").to_numpy()
            rows = rows.iloc[np.argsort(silent, kind="stable")].drop_duplicates([*PLACE_AND_TIME, *GROUP_COLUMNS])
        unneeded = ["months", "calendar_year", "total", "measure_id", "snapshot_id"]
        return rows.drop(columns=unneeded).sort_index(ignore_index=True)

    def releases(self, measure_ids: tuple[str, ...]) -> pd.DataFrame:
        """Give every release of some measures' totals that reports a value.

        Args:
            measure_ids: Measures wanted.
        """
        rows = self._releases[self._releases["measure_id"].isin(measure_ids)]
        everybody = (rows[GROUP_COLUMNS] == "all").all(axis=1)
        return rows[everybody & (rows["status"] == "reported")].reset_index(drop=True)

    def newest_by_source(self, measure_ids: tuple[str, ...]) -> pd.DataFrame:
        """Give the newest reported total of some measures for each source and place.

        Args:
            measure_ids: Measures wanted.
        """
        rows = self._rows[self._rows["measure_id"].isin(measure_ids) & (self._rows["status"] == "reported")]
        rows = rows[(rows[GROUP_COLUMNS] == "all").all(axis=1)].sort_values(["period_end", "months"], kind="stable")
        return rows.drop_duplicates(["source_id", "measure_id", "area_id"], keep="last").sort_index(ignore_index=True)


def strata(rows: pd.DataFrame) -> pd.Series:
    """Name each row's group: all, or its parts such as ``drug=heroin;sex=female`` in alphabetic order."""
    columns = sorted(GROUP_COLUMNS)
    # Few groups recur in many rows: each is named once.
    number = rows.groupby(columns, sort=False).ngroup()
    groups = rows.loc[~number.duplicated().to_numpy(), columns].to_numpy()
    parts = [
        [f"{column}={re.sub('[;=]', ',', text)}" for column, text in zip(columns, group, strict=True) if text != "all"]
        for group in groups
    ]
    labels = pd.array([";".join(part) or "all" for part in parts], dtype="str")
    return pd.Series(labels.take(number.to_numpy()), index=rows.index, dtype="str")


def pair(left: pd.DataFrame, right: pd.DataFrame, on: list[str], name: str, how: str = "left") -> pd.DataFrame:
    """Put a second measure beside a first, on explicit keys; its columns end in ``_<name>``.

    Args:
        left: Rows of the first measure.
        right: Rows of the second, unique on the keys.
        on: Keys.
        name: What the second measure is, for its column names.
        how: left or inner.
    """
    columns = [*on, "value", "lower", "upper", "status", "is_provisional", "source_id", "release", "note"]
    renamed = right[columns].rename(columns={column: f"{column}_{name}" for column in columns if column not in on})
    return left.merge(renamed, on=on, how=how, validate="m:1")  # type: ignore[arg-type]
