"""Auditing a new file before anyone sees it: every table read whole, every rule asked again in SQL."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.build import CONFIG, contents
from schemas.indicators import GRAIN
from schemas.observations import KEY
from schemas.tables import MODELS

NEVER_EMPTY = ("core.observations", "marts.indicator_values")


class PublicationRefused(Exception):
    """A publication that must not go out; yesterday's stays."""


@dataclass(frozen=True)
class Rule:
    """A rule that must hold: a query that counts the rows which break it."""

    name: str
    expectation: str
    count_broken: str


def _unique(table: str, columns: list[str]) -> str:
    keys = ", ".join(columns)
    return f"SELECT count(*) FROM (SELECT {keys} FROM {table} GROUP BY {keys} HAVING count(*) > 1)"


RULES = (
    Rule(
        "observations_unique",
        "one newest row for each source and key",
        _unique("core.observations", ["source_id", *KEY]),
    ),
    Rule(
        "observation_releases_unique",
        "one row for each source, release and key",
        _unique("core.observation_releases", ["source_id", "release", *KEY]),
    ),
    Rule(
        "indicator_values_unique",
        "one row for each indicator, place, period and group",
        _unique("marts.indicator_values", GRAIN),
    ),
    Rule(
        "value_null_exactly_when_not_reported",
        "a value exactly where the status is reported",
        "SELECT count(*) FROM core.observation_releases WHERE (value IS NULL) = (status = 'reported')",
    ),
    Rule(
        "no_number_behind_a_hidden_indicator",
        "no value, limit or count beside a status other than reported",
        "SELECT count(*) FROM marts.indicator_values WHERE status <> 'reported' AND "
        "(value IS NOT NULL OR lower_95 IS NOT NULL OR upper_95 IS NOT NULL "
        "OR (status = 'suppressed' AND numerator IS NOT NULL))",
    ),
    Rule(
        "no_rate_from_a_suppressed_count",
        "no indicator whose numerator its source suppressed in the same place and period",
        "SELECT count(*) FROM marts.indicator_values v JOIN core.observations o ON o.source_id = v.source_ids AND "
        "o.area_id = v.area_id AND o.period_start = v.period_start AND o.period_end = v.period_end "
        "AND o.status = 'suppressed' "
        "AND o.measure_id = CASE v.indicator_id WHEN 'overdose_deaths_12_month' THEN 'overdose_deaths' "
        "WHEN 'opioid_deaths' THEN 'opioid_deaths' END AND "
        "(v.strata = 'all' AND o.drug = 'all' AND o.sex = 'all' AND o.age_group = 'all' AND o.population_group = 'all' "
        "OR v.strata = 'drug=' || o.drug AND o.sex = 'all' AND o.age_group = 'all') WHERE v.status = 'reported'",
    ),
    Rule(
        "every_observation_has_a_snapshot",
        "a row of meta.snapshots for each observation",
        "SELECT count(*) FROM core.observation_releases o ANTI JOIN meta.snapshots s USING (snapshot_id)",
    ),
    Rule(
        "every_indicator_names_known_sources",
        "source_ids that are in meta.sources",
        "SELECT count(*) FROM (SELECT unnest(string_split(source_ids, '+')) AS source_id FROM marts.indicator_values) "
        "ANTI JOIN meta.sources USING (source_id)",
    ),
    Rule(
        "every_measure_is_known",
        "measures that are in meta.measures",
        "SELECT count(*) FROM core.observations ANTI JOIN meta.measures USING (measure_id)",
    ),
    Rule(
        "every_area_is_known",
        "areas that are in meta.areas",
        "SELECT count(*) FROM core.observations ANTI JOIN meta.areas USING (area_id)",
    ),
    Rule(
        "every_indicator_is_known",
        "indicators that are in meta.indicators",
        "SELECT count(*) FROM marts.indicator_values ANTI JOIN meta.indicators USING (indicator_id)",
    ),
    Rule(
        "windows_are_never_summed",
        "no value over more than a year",
        "SELECT count(*) FROM marts.indicator_values WHERE date_diff('day', period_start, period_end) > 366",
    ),
    Rule(
        "twelve_month_values_are_as_published",
        "every reported national window equal to its observation",
        "SELECT count(*) FROM marts.indicator_values v JOIN core.observations o ON o.measure_id = 'overdose_deaths' "
        "AND o.source_id = 'cdc_vsrr' AND o.area_id = v.area_id AND o.period_start = v.period_start "
        "AND o.period_end = v.period_end AND o.drug = 'all' "
        "WHERE v.indicator_id = 'overdose_deaths_12_month' AND v.strata = 'all' AND v.value <> o.value",
    ),
    Rule(
        "only_verified_targets_are_held_against",
        "a target only where its text was seen",
        "SELECT count(*) FROM marts.indicator_values v JOIN meta.indicators i USING (indicator_id) "
        "WHERE v.target IS NOT NULL AND NOT i.target_verified",
    ),
    Rule(
        "own_programme_data_are_protected",
        "no total of own programme data below 10, and none that is not rounded",
        "SELECT count(*) FROM core.observation_releases WHERE source_id = 'programme_data' "
        "AND (value > 0 AND value < 10 OR value % 5 <> 0)",
    ),
    Rule(
        "no_synthetic_data",
        "no snapshot or source that is synthetic",
        "SELECT count(*) FROM meta.snapshots WHERE contains(lower(source_id || url), 'synthetic')",
    ),
    Rule(
        "every_table_has_a_comment",
        "a comment on each table",
        "SELECT count(*) FROM duckdb_tables() WHERE NOT internal AND coalesce(comment, '') = ''",
    ),
    Rule(
        "every_column_has_a_comment",
        "a comment on each column",
        "SELECT count(*) FROM duckdb_columns() WHERE NOT internal AND coalesce(comment, '') = ''",
    ),
)


def audit(path: Path, loaded: dict[str, tuple[int, int]]) -> list[str]:
    """Read a new file whole, in a fresh read-only connection, and hold it against every rule.

    Args:
        path: The closed file.
        loaded: Rows and digest of each table as they were loaded.

    Returns:
        The names of the rules that held.

    Raises:
        PublicationRefused: A table cannot be read, is absent, has other rows or values than were loaded, or breaks a
            rule; all faults are listed.
    """
    if path.with_name(path.name + ".wal").exists():
        raise PublicationRefused(f"expected {path.name} to be closed, found a write-ahead log beside it; refresh again")
    try:
        with duckdb.connect(str(path), read_only=True, config=CONFIG) as connection:
            faults = [*_wrong_tables(connection, loaded), *_broken(connection)]
    except duckdb.Error as fault:
        raise PublicationRefused(
            f"{path.name} cannot be read back: {str(fault).splitlines()[0]}; refresh again"
        ) from fault
    if faults:
        raise PublicationRefused("; ".join(faults))
    return [rule.name for rule in RULES]


def _wrong_tables(connection: duckdb.DuckDBPyConnection, loaded: dict[str, tuple[int, int]]) -> list[str]:
    """Hold what is read back against what was loaded: DuckDB does not verify the checksum of every block it reads."""
    found = contents(connection)
    rows = {name: count for name, (count, _) in found.items()}
    wrong = [
        f"{name}: expected {count:,} rows, found {rows.get(name, 0):,}"
        for name, (count, _) in loaded.items()
        if rows.get(name) != count
    ]
    damaged = [
        f"{name}: expected the values that were loaded, found others; the disk or the memory may be at fault"
        for name, read in found.items()
        if name in loaded and read[0] == loaded[name][0] and read != loaded[name]
    ]
    return [
        *[f"expected table {name}, found none" for name in sorted(set(MODELS) - set(found))],
        *wrong,
        *damaged,
        *[f"expected rows in {name}, found none" for name in NEVER_EMPTY if not rows.get(name)],
    ]


def _broken(connection: duckdb.DuckDBPyConnection) -> list[str]:
    faults = []
    for rule in RULES:
        row = connection.execute(rule.count_broken).fetchone()
        if row and row[0]:
            faults.append(f"{rule.name}: expected {rule.expectation}, found {row[0]:,} that break it")
    return faults
