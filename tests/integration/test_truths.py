"""What is known to be true, asked of the published file: from the figures alone, and with the publishers' files."""

from pathlib import Path
from typing import Any

import pytest
from looking import ask

from assets.source import Snapshot
from pipelines.refresh import Outcome
from pipelines.settings import Settings

ALL = "sex = 'all' AND age_group = 'all' AND race_ethnicity = 'all' AND population_group = 'all'"
WINDOWS = """
    SELECT v.area_id, v.period, v.strata, v.indicator_id, v.value, o.value AS published
    FROM marts.indicator_values v LEFT JOIN core.observations o
    ON o.source_id = 'cdc_vsrr' AND o.area_id = v.area_id AND o.period_start = v.period_start
    AND o.period_end = v.period_end AND v.strata = CASE o.drug WHEN 'all' THEN 'all' ELSE 'drug=' || o.drug END
    AND o.measure_id = CASE v.indicator_id WHEN 'overdose_deaths_12_month' THEN 'overdose_deaths'
    ELSE 'overdose_deaths_predicted' END
    WHERE v.indicator_id IN ('overdose_deaths_12_month', 'overdose_deaths_12_month_predicted')
    AND v.status = 'reported'
"""
CANADA = [2832, 3928, 4253, 3585, 6166, 7546, 7227, 8020, 7313]


@pytest.fixture(scope="module", params=["figures", "publishers_files"])
def database(request: pytest.FixtureRequest) -> Path:
    """Give the published file, made from the figures alone or with the publishers' own files dropped in."""
    if request.param == "figures":
        return request.getfixturevalue("published_home").database
    settings, outcome = request.getfixturevalue("real_refresh")
    assert outcome.exit_code == 0, outcome.message
    return settings.database


@pytest.fixture(scope="module")
def real(real_refresh: tuple[Settings, Outcome]) -> Path:
    """Give the file published with the publishers' own files dropped in."""
    settings, outcome = real_refresh
    assert outcome.exit_code == 0, outcome.message
    return settings.database


def one(database: Path, query: str) -> Any:
    """Give the single value of a query that must have one row."""
    rows = ask(database, query)
    assert len(rows) == 1, rows
    return rows[0][0]


@pytest.mark.parametrize(
    ("indicator_id", "value"), [("overdose_deaths_12_month", 107_573), ("overdose_deaths_12_month_predicted", 109_099)]
)
def test_us_twelve_months_to_december_2021(database: Path, indicator_id: str, value: int) -> None:
    """The 12 months ending December 2021 have the reported and the predicted deaths that CDC published."""
    query = (
        "SELECT value FROM marts.indicator_values WHERE area_id = 'USA' AND strata = 'all' "
        f"AND period = '12 months to 2021-12' AND indicator_id = '{indicator_id}'"
    )
    assert one(database, query) == value


def test_wonder_deaths_of_2021(database: Path) -> None:
    """CDC WONDER's final count for the United States in 2021 is the observation and the rate's numerator."""
    observed = (
        "SELECT value FROM core.observations WHERE source_id = 'cdc_wonder' AND measure_id = 'overdose_deaths' AND "
        f"area_id = 'USA' AND period_start = '2021-01-01' AND period_end = '2021-12-31' AND drug = 'all' AND {ALL}"
    )
    rate = (
        "SELECT numerator FROM marts.indicator_values WHERE indicator_id = 'overdose_death_rate_crude' "
        "AND area_id = 'USA' AND period = '2021' AND strata = 'all'"
    )
    assert one(database, observed) == 106_699
    assert one(database, rate) == 106_699


@pytest.mark.parametrize("year", [2015, 2021, 2024])
def test_us_is_states_and_dc_and_new_york_city(database: Path, year: int) -> None:
    """The provisional count of the country is that of 50 states, DC and New York City, without Puerto Rico."""
    rows = (
        "FROM core.observations o JOIN meta.areas a USING (area_id) WHERE source_id = 'cdc_vsrr' AND measure_id = "
        f"'overdose_deaths' AND period_end = '{year}-12-31' AND drug = 'all' AND o.status = 'reported'"
    )
    parts = ask(database, f"SELECT count(*), sum(value) {rows} AND a.in_us_total")
    whole = one(database, f"SELECT value {rows} AND area_id = 'USA'")
    assert parts == [(52, whole)]
    assert ask(database, f"SELECT count(*) {rows} AND area_id = 'US-PR' AND a.in_us_total") == [(0,)]


def test_canada_opioid_deaths(database: Path) -> None:
    """Canada's apparent opioid deaths of 2016 to 2024 are those of the Public Health Agency."""
    rows = ask(
        database,
        "SELECT value FROM marts.indicator_values WHERE indicator_id = 'opioid_deaths' AND area_id = 'CAN' AND strata "
        "= 'all' AND length(period) = 4 AND period BETWEEN '2016' AND '2024' ORDER BY period",
    )
    assert [value for (value,) in rows] == CANADA


def test_england_and_wales_add_up_with_non_residents(database: Path) -> None:
    """England, Wales and non-residents make up the deaths registered in England and Wales in 2020."""
    rows = ask(
        database,
        "SELECT area_id, population_group, value FROM core.observations WHERE measure_id = 'drug_poisoning_deaths' "
        "AND period_start = '2020-01-01' AND drug = 'all' AND sex = 'all' AND age_group = 'all'",
    )
    found = {(area, group): value for area, group, value in rows if area in ("GB-ENG", "GB-WLS", "GB-EAW")}
    assert found[("GB-ENG", "all")] == 4312
    assert found[("GB-WLS", "all")] == 224
    assert found[("GB-EAW", "non_residents")] == 25
    assert found[("GB-EAW", "all")] == 4561 == 4312 + 224 + 25


def test_no_value_covers_more_than_a_year(database: Path) -> None:
    """No count of deaths and no indicator spans more than a year: overlapping windows were not added up."""
    longest = "SELECT max(date_diff('day', period_start, period_end)) + 1 FROM"
    assert one(database, f"{longest} marts.indicator_values") <= 366
    assert one(database, f"{longest} core.observations WHERE measure_id LIKE 'overdose_deaths%'") <= 366


def test_twelve_month_windows_are_the_published_ones(database: Path) -> None:
    """Every 12-month value is its observation, one by one; New York State alone is the city and the rest, as told."""
    differing = ask(database, f"SELECT * FROM ({WINDOWS}) WHERE value IS DISTINCT FROM published")
    assert ask(database, f"SELECT count(*) > 1000 FROM ({WINDOWS})") == [(True,)]
    assert {row[0] for row in differing} == {"US-NY"}
    parts = (
        f"SELECT period, strata, indicator_id, sum(value) FROM ({WINDOWS}) "
        "WHERE area_id IN ('US-NYC', 'US-NY-XNYC') GROUP BY ALL HAVING count(*) = 2"
    )
    summed = {row[:3]: row[3] for row in ask(database, parts)}
    assert {row[1:4]: row[4] for row in differing} == {row[1:4]: summed[row[1:4]] for row in differing}


def test_a_true_zero_stays_zero(database: Path) -> None:
    """A published 0 is reported with value 0, and no row without a value is reported."""
    assert one(database, "SELECT count(*) FROM core.observations WHERE value = 0 AND status = 'reported'") > 0
    broken = "SELECT count(*) FROM core.observation_releases WHERE (value IS NULL) = (status = 'reported')"
    assert one(database, broken) == 0


def test_suppressed_and_missing_are_told_apart(real: Path) -> None:
    """Suppressed, low-quality and not collected cells of the publishers' files each keep their own status."""
    counts = dict(ask(real, "SELECT status, count(*) FROM core.observations GROUP BY status"))
    assert min(counts[status] for status in ("reported", "suppressed", "low_quality", "not_collected")) > 0
    hidden = dict(
        ask(
            real,
            "SELECT status, count(*) FROM core.observations WHERE source_id = 'cdc_wonder' AND area_id LIKE 'US-%' "
            "AND drug <> 'all' GROUP BY status",
        )
    )
    assert hidden["suppressed"] > 0


@pytest.mark.parametrize(
    ("indicator_id", "target", "met", "places"), [("syringes_per_pwid", 200, 12, 73), ("oat_coverage", 40, 20, 60)]
)
def test_countries_that_meet_a_target(database: Path, indicator_id: str, target: int, met: int, places: int) -> None:
    """The number of countries at or above a target of UNAIDS and WHO, among those that report."""
    query = (
        "SELECT met, places, met + not_met + undetermined FROM marts.target_summary "
        f"WHERE indicator_id = '{indicator_id}' AND target = {target}"
    )
    assert ask(database, query) == [(met, places, places)]


def test_all_46_numbers_are_listed_with_what_there_is_of_each(database: Path) -> None:
    """Each number of the registry has cards; each card counts its places, periods and groups or says what it awaits."""
    rows = ask(
        database,
        'SELECT number, indicator_id, "values", places, periods, groups, waits_for FROM meta.indicators '
        "ORDER BY try_cast(number AS INTEGER) NULLS LAST, indicator_id",
    )
    assert {row[0] for row in rows} - {""} == {str(number) for number in range(1, 47)}
    counted = (
        "SELECT indicator_id, count(*), count(DISTINCT area_id), count(DISTINCT period), count(DISTINCT strata) "
        "FROM marts.indicator_values WHERE status = 'reported' GROUP BY ALL"
    )
    found = {row[0]: row[1:] for row in ask(database, counted)}
    for number, indicator_id, *counts, waits_for in rows:
        print(f"{number:>3} {indicator_id:48} {counts[0]:>7,} {counts[1]:>5} {counts[2]:>4} {counts[3]:>4} {waits_for}")
        assert tuple(counts) == found.get(indicator_id, (0, 0, 0, 0))
        assert (waits_for == "") == (counts[0] > 0), indicator_id


def test_the_order_of_sources_is_stated_and_the_alternatives_are_there(database: Path) -> None:
    """Where two sources can stand in for each other the order is in meta.measures; each value's source is one of it."""
    stated = dict(ask(database, "SELECT measure_id, precedence FROM meta.measures WHERE precedence <> ''"))
    assert stated["people_who_inject_drugs"].splitlines()[0] == "unaids_gam, then unaids_kp_atlas, then unodc_annex"
    sources = ask(
        database,
        "SELECT DISTINCT unnest(string_split(source_ids, '+')) FROM marts.indicator_values "
        "WHERE indicator_id = 'pwid_population_size'",
    )
    assert {source for (source,) in sources} <= {"unaids_gam", "unaids_kp_atlas", "unodc_annex"}
    # Another source's number of the same place, year and group is never lost: it stands beside the one taken.
    lost = (
        "SELECT count(*) FROM core.observations a JOIN core.observations b USING (measure_id, area_id, period_start, "
        "period_end, sex, age_group, race_ethnicity, drug, population_group) LEFT JOIN marts.source_disagreements d ON "
        "d.measure_id = a.measure_id AND d.area_id = a.area_id AND d.period_start = a.period_start AND d.period_end = "
        "a.period_end AND d.source_a = a.source_id AND d.source_b = b.source_id "
        "WHERE a.source_id < b.source_id AND a.status = 'reported' AND b.status = 'reported' AND d.measure_id IS NULL"
    )
    assert one(database, lost) == 0


def test_a_change_of_source_inside_a_series_is_marked(database: Path) -> None:
    """Each value whose sources differ from those of the value before it in its series says that it is a break."""
    unmarked = (
        "SELECT count(*) FROM (SELECT *, lag(source_ids) OVER (PARTITION BY indicator_id, area_id, strata, "
        "date_diff('day', period_start, period_end) // 28 ORDER BY period_end) AS before FROM marts.indicator_values "
        "WHERE status = 'reported') v JOIN meta.indicators i USING (indicator_id) WHERE before <> source_ids "
        "AND series_break = '' AND i.denominator_type <> 'value' AND i.numerator_type <> 'rate'"
    )
    assert one(database, unmarked) == 0


def test_every_rate_of_a_state_has_its_place_in_the_funnel(database: Path) -> None:
    """Crude overdose death rates of states stand against the country's, and each limit is a number of its own."""
    query = (
        "SELECT count(*), count(*) FILTER (r.value IS NULL), count(*) FILTER (l.limits IS DISTINCT FROM 4) "
        "FROM marts.indicator_values v LEFT JOIN marts.indicator_values r ON r.indicator_id = 'rate_against_country' "
        "AND r.area_id = v.area_id AND r.period = v.period AND r.strata = 'of=' || v.indicator_id LEFT JOIN ("
        "SELECT area_id, period, count(*) AS limits FROM marts.indicator_values WHERE indicator_id = 'funnel_limit' "
        "AND strata LIKE 'limit=%;of=overdose_death_rate_crude' GROUP BY ALL) l ON l.area_id = v.area_id AND l.period= "
        "v.period WHERE v.indicator_id = 'overdose_death_rate_crude' AND v.strata = 'all' AND v.status = 'reported' "
        "AND regexp_full_match(v.area_id, 'US-[A-Z]{2}')"
    )
    rows, without_ratio, without_limits = ask(database, query)[0]
    assert rows > 0
    assert (without_ratio, without_limits) == (0, 0)


def test_every_observation_has_its_snapshot(database: Path) -> None:
    """Each observation of each release names kept bytes or figures, whose digest is in meta.snapshots."""
    orphans = (
        "SELECT count(*) FROM core.observation_releases o LEFT JOIN meta.snapshots s USING (snapshot_id) "
        "WHERE s.snapshot_id IS NULL OR length(s.sha256) <> 64 OR s.source_id <> o.source_id OR s.release <> o.release"
    )
    assert one(database, orphans) == 0


def test_records_in_are_accounted_for(database: Path) -> None:
    """Records in equal observations, quarantined records and documented drops, for every snapshot."""
    rows = ask(
        database,
        "SELECT snapshot_id, records_in, rows, quarantined, dropped FROM meta.snapshots ORDER BY snapshot_id",
    )
    for snapshot_id, records_in, kept, quarantined, dropped in rows:
        drops = sum(int(line.rsplit(": ", 1)[1]) for line in dropped.splitlines())
        print(f"{snapshot_id:45} {records_in:>9,} = {kept:>9,} + {quarantined:>4,} + {drops:>9,}")
        assert records_in == kept + quarantined + drops
        assert records_in > 0
    aside = dict(ask(database, "SELECT source_id || '/' || release, count(*) FROM core.quarantine GROUP BY ALL"))
    assert aside == {row[0]: row[3] for row in rows if row[3]}


def test_every_table_and_column_has_a_comment(database: Path) -> None:
    """Every table and column says what it is, and meta.columns lists exactly the columns that are there."""
    assert one(database, "SELECT count(*) FROM duckdb_tables() WHERE NOT internal AND coalesce(comment, '') = ''") == 0
    assert one(database, "SELECT count(*) FROM duckdb_columns() WHERE NOT internal AND coalesce(comment, '') = ''") == 0
    there = "SELECT schema_name, table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal ORDER BY ALL"
    told = "SELECT table_schema, table_name, column_name, description FROM meta.columns ORDER BY ALL"
    listed = [row for row in ask(database, there) if row[:2] != ("meta", "columns")]
    assert [row for row in ask(database, told) if row[:2] != ("meta", "columns")] == listed


def test_meta_columns_lists_itself(database: Path) -> None:
    """The table of columns has its own columns in it, so that it is a whole data dictionary."""
    assert one(database, "SELECT count(*) FROM meta.columns WHERE table_name = 'columns'") == 6


def test_releases_differ_countably(real: Path) -> None:
    """The release of 2019 stays queryable, the newest is the default, and what was revised can be counted."""
    predicted = (
        "measure_id = 'overdose_deaths_predicted' AND area_id = 'USA' AND period_end = '2015-01-31' "
        f"AND drug = 'all' AND {ALL} AND source_id = 'cdc_vsrr'"
    )
    releases = ask(real, f"SELECT release, value FROM core.observation_releases WHERE {predicted} ORDER BY release")
    assert releases == [("2019-04-24", 48_549.0), ("2025-07-16", 48_060.0)]
    newest = ask(real, f"SELECT release, value FROM core.observations WHERE {predicted}")
    assert newest == [("2025-07-16", 48_060.0)]
    revised = ask(
        real,
        "SELECT release_from, release_to, rows_compared, rows_changed, rows_missing FROM marts.revisions "
        "WHERE source_id = 'cdc_vsrr'",
    )
    counted = ask(
        real,
        "SELECT '2019-04-24', '2025-07-16', count(*), count(*) FILTER (a.value IS DISTINCT FROM b.value "
        "OR a.status <> b.status), 0 FROM core.observation_releases a JOIN core.observation_releases b "
        "USING (source_id, measure_id, area_id, period_start, period_end, sex, age_group, race_ethnicity, drug, "
        "population_group) WHERE source_id = 'cdc_vsrr' AND a.release = '2019-04-24' AND b.release = '2025-07-16'",
    )
    assert revised == counted
    assert revised[0][3] > 1000


def test_publishers_files_take_the_place_of_figures(real: Path) -> None:
    """Where a kept file of the same release has a row, the published row points to the file, not to the figure."""
    both = (
        "SELECT count(*) FROM core.observation_releases WHERE source_id = 'cdc_vsrr' AND release = '2025-07-16' "
        "AND snapshot_id LIKE 'figures/%'"
    )
    assert one(real, both) == 0


def test_figures_agree_with_the_publishers_files(real: Path, published_home: Settings) -> None:
    """Each figure that a file of the same release also has is equal to it, in value and status."""
    key = "measure_id, area_id, period_start, period_end, sex, age_group, race_ethnicity, drug, population_group"
    query = f"SELECT source_id, release, {key}, value, status FROM core.observation_releases"
    figures = {row[:11]: row[11:] for row in ask(published_home.database, query)}
    files = {row[:11]: row[11:] for row in ask(real, f"{query} WHERE snapshot_id NOT LIKE 'figures/%'")}
    shared = figures.keys() & files.keys()
    assert len(shared) > 3000
    assert {key: (figures[key], files[key]) for key in shared if figures[key] != files[key]} == {}


def test_raw_tables_hold_the_files_as_published(real: Path) -> None:
    """A published cell can be traced to the file and line it came from, text as it was."""
    rows = ask(
        real,
        'SELECT snapshot_id, _file, "Data Value" FROM raw.cdc_vsrr WHERE "State" = \'US\' AND "Year" = \'2021\' '
        "AND \"Month\" = 'December' AND \"Indicator\" = 'Number of Drug Overdose Deaths'",
    )
    cells = {snapshot_id: (file, cell) for snapshot_id, file, cell in rows}
    file, cell = cells["cdc_vsrr/2025-07-16"]
    assert "2025-07-16" in file
    assert cell.replace(",", "") in ("107573", "107573.0")


def test_snapshot_names_are_those_of_the_steps() -> None:
    """A snapshot's id is source and release, which is what observations carry."""
    kept = Snapshot("cdc_vsrr", "2025-07-16", Path("."), (), "", "", "", "drop-in")
    assert kept.snapshot_id == "cdc_vsrr/2025-07-16"
