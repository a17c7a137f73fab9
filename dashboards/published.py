"""The published DuckDB file as pages read it: read-only, one query for each thing a page shows."""

import functools
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pandas as pd

from dashboards.wording import with_words

VALUE_COLUMNS = (
    "indicator_id", "area_id", "period", "period_start", "period_end", "strata", "value", "lower_95", "upper_95",
    "numerator", "denominator", "denominator_low", "denominator_high", "unit", "method", "status", "reason",
    "reliability", "completeness_pct", "is_provisional", "series_break", "target", "target_status", "source_ids",
    "release",
)  # fmt: skip
_TABLES: dict[str, tuple[str, ...]] = {
    "marts.indicator_values": VALUE_COLUMNS,
    "marts.latest_values": VALUE_COLUMNS,
    "marts.target_summary": ("indicator_id", "target", "target_source", "places", "met", "not_met", "undetermined"),
    "marts.revisions": (
        "source_id", "release_from", "release_to", "rows_compared", "rows_changed", "rows_added", "rows_missing",
        "largest_change_pct",
    ),
    "marts.revision_changes": (
        "source_id", "release_from", "release_to", "rank", "measure_id", "area_id", "period_start", "period_end", "sex",
        "age_group", "race_ethnicity", "drug", "population_group", "old_value", "new_value", "old_status", "new_status",
        "change_pct",
    ),
    "meta.corrections": (
        "correction_id", "source_id", "release", "measure_id", "area_id", "period_start", "period_end", "sex",
        "age_group", "race_ethnicity", "drug", "population_group", "action", "applied", "old_value", "new_value",
        "new_status", "reason", "evidence",
    ),
    "marts.intervention_value": (
        "area_id", "intervention_id", "level", "comparator", "horizon_years", "perspective", "discount_pct", "outcome",
        "value", "lower_95", "upper_95", "unit", "currency", "cost_basis", "status", "reason", "draws", "seed",
        "parameter_set", "source_ids", "release",
    ),
    "marts.intervention_acceptability": (
        "area_id", "perspective", "willingness_to_pay", "strategy", "probability_optimal", "on_frontier",
        "expected_loss", "evpi", "currency",
    ),
    "marts.intervention_plane": (
        "area_id", "perspective", "strategy", "draw", "qalys_gained", "cost_difference", "currency",
    ),
    "marts.intervention_drivers": (
        "area_id", "strategy", "parameter_id", "low_value", "high_value", "at_low", "at_high", "at_mean",
    ),
    "marts.portfolio": (
        "area_id", "budget", "intervention_id", "level", "is_chosen", "probability_chosen", "portfolio_cost",
        "portfolio_qalys", "currency",
    ),
    "meta.parameters": (
        "topic", "parameter_id", "source_key", "value", "lower", "upper", "unit", "population", "setting",
        "income_group", "study_design", "year", "currency", "cost_year", "citation", "identifier", "where_seen",
        "verified", "is_default", "conflicts_with", "note",
    ),
    "meta.model_validation": (
        "result_id", "study", "quantity", "unit", "theirs", "theirs_lower", "theirs_upper", "ours", "difference",
        "difference_pct", "agreement", "explanation", "citation", "where_seen",
    ),
    "meta.cheers": ("item", "section", "topic", "met", "artefact", "where_found"),
    "meta.sources": (
        "source_id", "title", "publisher", "licence", "licence_url", "homepage", "download_url", "cadence", "basis",
        "citation", "coverage", "caveats", "origin", "newest_release", "retrieved", "state", "message",
    ),
    "meta.snapshots": ("source_id", "release", "origin", "url", "retrieved", "sha256", "licence", "rows"),
    "meta.measures": ("measure_id", "title", "meaning", "unit", "kind", "basis"),
    "meta.areas": ("area_id", "name", "kind", "iso_alpha3", "parent_id", "who_region"),
    "meta.indicators": (
        "indicator_id", "number", "version", "title", "question", "numerator", "numerator_type", "denominator",
        "denominator_type", "unit", "polarity", "interval_method", "standard", "suppression_rule", "targets", "target",
        "target_source", "target_verified", "caveats", "refs", "owner", "values", "places", "periods", "groups",
        "waits_for",
    ),
    "meta.checks": ("asset", "check_name", "passed", "severity", "description", "failures"),
    "meta.citations": ("source_id", "release", "publisher", "title", "published", "locator", "licence", "rows"),
    "meta.publication": ("run_id", "built_at", "code_version", "fingerprint"),
    "core.observations": (
        "source_id", "release", "measure_id", "area_id", "period_start", "period_end", "value", "status",
        "is_provisional", "note",
    ),
    "core.quarantine": ("source_id", "release", "file", "row", "column", "value", "code", "reason"),
}  # fmt: skip
# Pages show places that a programme is run for; counties stay in the published file.
_SHOWN_KINDS = "('country', 'subdivision', 'city', 'aggregate')"


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Give the rows of a frame as dictionaries, in order."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


class Published:
    """A read-only view of one published file; a missing table or column reads as empty."""

    def __init__(self, database: Path) -> None:
        """Open the file.

        Args:
            database: The published DuckDB file.
        """
        # One thread and no extensions: the same file gives the same rows in the same order, and nothing is fetched.
        self.connection = duckdb.connect(
            str(database),
            read_only=True,
            config={"threads": "1", "autoinstall_known_extensions": "false", "autoload_known_extensions": "false"},
        )
        self._types = self._read_types()

    def __enter__(self) -> Self:
        """Give the open file."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.connection.close()

    def _read_types(self) -> dict[str, dict[str, str]]:
        rows = self.connection.execute(
            "select table_schema || '.' || table_name, column_name, data_type from information_schema.columns"
        ).fetchall()
        types: dict[str, dict[str, str]] = {}
        for table, column, type_ in rows:
            types.setdefault(table, {})[column] = type_
        return types

    def has(self, table: str) -> bool:
        """Tell whether the file holds a table."""
        return table in self._types

    def types(self, table: str) -> dict[str, str]:
        """Give the SQL type of each column of a table; none where the table is absent."""
        return self._types.get(table, {})

    def select(
        self, table: str, where: str = "true", parameters: list[Any] | None = None, order: str = "all"
    ) -> pd.DataFrame:
        """Read the contract's columns of a table as a frame; dates come as ISO text and absent columns as null."""
        wanted = _TABLES[table]
        if not self.has(table):
            return pd.DataFrame({name: pd.Series(dtype="object") for name in wanted})
        terms = [self._term(table, name) for name in wanted]
        query = f"select {', '.join(terms)} from {table} where {where} order by {order}"
        frame = self.connection.execute(query, parameters or []).df()
        for name in frame.columns:
            if frame[name].dtype.kind in "OUT" or str(frame[name].dtype) == "str":
                frame[name] = frame[name].astype("object").where(frame[name].notna(), None)
        return frame

    def _term(self, table: str, name: str) -> str:
        if name not in self._types[table]:
            return f'null as "{name}"'
        if name in ("period_start", "period_end"):
            return f"strftime({name}, '%Y-%m-%d') as {name}"
        if name in (
            "retrieved",
            "built_at",
            "release",
            "newest_release",
            "release_from",
            "release_to",
            "number",
            "version",
        ):
            return f'"{name}"::varchar as "{name}"'
        return f'"{name}"'

    def _shown(self) -> str:
        return f"area_id in (select area_id from meta.areas where kind in {_SHOWN_KINDS})"

    @functools.cached_property
    def areas(self) -> pd.DataFrame:
        """Give the places pages may show, by id."""
        frame = self.select("meta.areas", f"kind in {_SHOWN_KINDS}", order="area_id")
        return frame.set_index("area_id", drop=False)

    @functools.cached_property
    def names(self) -> dict[str, str]:
        """Give the name of each place pages may show."""
        return dict(zip(self.areas["area_id"], self.areas["name"], strict=True))

    @functools.cached_property
    def indicators(self) -> dict[str, dict[str, Any]]:
        """Give the card of each indicator, by id, in the order of their numbers."""
        frame = self.select("meta.indicators", order="try_cast(number as double) nulls last, number, indicator_id")
        return {row["indicator_id"]: row for row in records(frame)}

    @functools.cached_property
    def sources(self) -> dict[str, dict[str, Any]]:
        """Give the card and state of each source, by id."""
        return {row["source_id"]: row for row in records(self.select("meta.sources", order="source_id"))}

    @functools.cached_property
    def measures(self) -> dict[str, dict[str, Any]]:
        """Give the card of each measure, by id."""
        return {row["measure_id"]: row for row in records(self.select("meta.measures", order="measure_id"))}

    @functools.cached_property
    def publication(self) -> dict[str, str]:
        """Give what identifies this publication, as text."""
        rows = records(self.select("meta.publication", order="built_at"))
        row = rows[-1] if rows else dict.fromkeys(_TABLES["meta.publication"])
        return {name: "" if value is None else str(value) for name, value in row.items()}

    def values(self, indicator_id: str) -> pd.DataFrame:
        """Give every value of an indicator for the places pages show, oldest first."""
        return self._named("marts.indicator_values", indicator_id)

    def latest(self, indicator_id: str) -> pd.DataFrame:
        """Give the newest value of an indicator for each place and stratum."""
        return self._named("marts.latest_values", indicator_id)

    def _named(self, table: str, indicator_id: str) -> pd.DataFrame:
        whole, places = self._whole(table)
        first, count = places.get(indicator_id, (0, 0))
        return whole.iloc[first : first + count].reset_index(drop=True)

    @functools.cache  # noqa: B019 - one short-lived object per build
    def _whole(self, table: str) -> tuple[pd.DataFrame, dict[str, tuple[int, int]]]:
        """Give all values of a table, an indicator's rows together, and by indicator its first row and their number."""
        where = self._shown() if self.has("meta.areas") else "false"
        frame = self.select(table, where, order="indicator_id, period_end, period_start, area_id, strata")
        frame["name"] = pd.Series([self.names.get(area, area) for area in frame["area_id"]], dtype="object")
        counts = frame.groupby("indicator_id", sort=False).size()
        firsts = counts.cumsum() - counts
        spans = zip(counts.index, firsts.tolist(), counts.tolist(), strict=True)
        return with_words(frame), {str(name): (first, count) for name, first, count in spans}

    def counts(self, table: str, by: list[str], where: str = "true") -> list[dict[str, Any]]:
        """Count the rows of a table by some of its columns, for the page on data and methods."""
        if not self.has(table) or not set(by) <= set(self._types[table]):
            return []
        keys = ", ".join(f'"{name}"' for name in by)
        query = f"select {keys}, count(*) as rows from {table} where {where} group by all order by all"
        result = self.connection.execute(query)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
