"""The audit of a new file: one planted fault for each of its rules, and faults of the file itself."""

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from assets.figures import load
from assets.tables import write_parquet
from pipelines.audit import RULES, PublicationRefused, audit
from pipelines.build import build, contents
from schemas.observations import KEY
from schemas.tables import MODELS

CHECKOUT = Path(__file__).resolve().parents[2]
NEWEST = "core.observations"
FAULTS = {
    "observations_unique": f"INSERT INTO {NEWEST} FROM {NEWEST} LIMIT 1",
    "observation_releases_unique": "INSERT INTO core.observation_releases FROM core.observation_releases LIMIT 1",
    "indicator_values_unique": "INSERT INTO marts.indicator_values FROM marts.indicator_values LIMIT 1",
    "value_null_exactly_when_not_reported": "UPDATE core.observation_releases SET status = 'suppressed' "
    "WHERE value = (SELECT max(value) FROM core.observation_releases)",
    "no_number_behind_a_hidden_indicator": "UPDATE marts.indicator_values SET value = NULL, status = 'suppressed', "
    "lower_95 = NULL, upper_95 = NULL, numerator = 7",
    "no_rate_from_a_suppressed_count": f"UPDATE {NEWEST} SET status = 'suppressed', value = NULL "
    "WHERE measure_id = 'overdose_deaths'",
    "every_observation_has_a_snapshot": "DELETE FROM meta.snapshots",
    "every_indicator_names_known_sources": "UPDATE marts.indicator_values SET source_ids = 'cdc_vsrr+hearsay'",
    "every_measure_is_known": "DELETE FROM meta.measures WHERE measure_id = 'overdose_deaths'",
    "every_area_is_known": f"UPDATE {NEWEST} SET area_id = 'US-ZZ'",
    "every_indicator_is_known": "DELETE FROM meta.indicators",
    "windows_are_never_summed": "UPDATE marts.indicator_values SET period_start = period_start - INTERVAL 12 MONTH",
    "twelve_month_values_are_as_published": "UPDATE marts.indicator_values SET value = value + 1",
    "only_verified_targets_are_held_against": "UPDATE meta.indicators SET target_verified = false; "
    "UPDATE marts.indicator_values SET target = 1",
    "own_programme_data_are_protected": "UPDATE core.observation_releases SET source_id = 'programme_data', value = 7",
    "no_synthetic_data": "UPDATE meta.snapshots SET url = 'https://example.org/Synthetic.csv'",
    "every_table_has_a_comment": "COMMENT ON TABLE marts.latest_values IS NULL",
    "every_column_has_a_comment": "COMMENT ON COLUMN marts.latest_values.value IS ''",
}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a small file: the window of one place as an observation and an indicator, everything else empty."""
    folder = tmp_path_factory.mktemp("audited")
    _build(folder, _tables(), "good.duckdb")
    return folder / "good.duckdb"


def _build(folder: Path, tables: dict[str, pd.DataFrame], name: str) -> dict[str, tuple[int, int]]:
    parquet = {table: folder / f"{table}.parquet" for table in tables}
    for table, frame in tables.items():
        write_parquet(frame, parquet[table])
    row = {"run_id": "1", "built_at": "2026-01-01T00:00:00Z", "code_version": "0", "fingerprint": "f"}
    return build(folder / name, parquet, {}, row)


def _tables() -> dict[str, pd.DataFrame]:
    figures = load(CHECKOUT / "data" / "figures").observations
    window = figures[
        (figures["source_id"] == "cdc_vsrr")
        & (figures["measure_id"] == "overdose_deaths")
        & (figures["area_id"] == "USA")
        & (figures["drug"] == "all")
    ].head(1)
    value = window.iloc[0]
    one = {name: "x" for name in MODELS["marts.indicator_values"].to_schema().columns}
    numbers = dict.fromkeys(["value", "lower_95", "upper_95", "numerator"], value["value"])
    none = dict.fromkeys(["denominator", "denominator_low", "denominator_high", "target"], float("nan"))
    dates = {name: value[name] for name in ("period_start", "period_end")}
    known = {"indicator_id": "overdose_deaths_12_month", "area_id": "USA", "strata": "all", "status": "reported"}
    indicator = pd.DataFrame([one | numbers | none | dates | known | {"source_ids": "cdc_vsrr"}])
    filled = {
        "core.observations": window,
        "core.observation_releases": window,
        "marts.indicator_values": indicator,
        "meta.sources": pd.DataFrame({"source_id": ["cdc_vsrr"]}),
        "meta.snapshots": window[["snapshot_id", "source_id"]].assign(url="https://example.org/"),
        "meta.measures": window[["measure_id"]],
        "meta.areas": window[["area_id"]],
        "meta.indicators": indicator[["indicator_id"]].assign(target_verified=True),
    }
    made = {name for name in MODELS if name not in ("meta.columns", "meta.publication")}
    # The macros for a day in the past compare days with days.
    days = {"known_from", "known_to"}
    empty = {
        name: pd.DataFrame(
            {column: pd.Series(dtype="datetime64[us]" if column in days else "str") for column in _columns(name)}
        )
        for name in made
    }
    return {name: filled.get(name, empty[name]) for name in sorted(made)}


def _columns(name: str) -> list[str]:
    return [str(column) for column in MODELS[name].to_schema().columns]


@pytest.fixture
def file(good: Path, tmp_path: Path) -> Path:
    """Give a copy of the good file to spoil."""
    return Path(shutil.copyfile(good, tmp_path / "spoilt.duckdb"))


def spoil(path: Path, statements: str) -> dict[str, tuple[int, int]]:
    """Plant a fault; give the contents of every table as they then are, so that only the rule can find it."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(statements)
        connection.execute("CHECKPOINT")
        return contents(connection)


def test_good_file_keeps_every_rule(file: Path) -> None:
    """A file without fault passes, and every rule was asked."""
    assert audit(file, spoil(file, "SELECT 1")) == [rule.name for rule in RULES]


def test_every_rule_has_its_planted_fault() -> None:
    """A new rule needs a fault that shows that it can fail."""
    assert set(FAULTS) == {rule.name for rule in RULES}
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("name", FAULTS)
def test_planted_fault_is_found_by_its_rule(file: Path, name: str) -> None:
    """Each rule refuses a file with the fault that it is for, and names itself and what it expected."""
    rows = spoil(file, FAULTS[name])
    expectation = next(rule.expectation for rule in RULES if rule.name == name)
    with pytest.raises(PublicationRefused, match=f"{name}: expected {expectation}, found"):
        audit(file, rows)


def test_missing_table_is_named(file: Path) -> None:
    """A table that is promised but not there is refused by name."""
    rows = spoil(file, "DROP TABLE marts.revisions")
    with pytest.raises(PublicationRefused, match=r"expected table marts\.revisions, found none"):
        audit(file, rows)


def test_empty_observations_are_refused(file: Path) -> None:
    """A publication without a single observation is a fault, even where that is what was loaded."""
    rows = spoil(file, f"DELETE FROM {NEWEST}")
    with pytest.raises(PublicationRefused, match=r"expected rows in core\.observations, found none"):
        audit(file, rows)


def test_lost_rows_are_counted(file: Path) -> None:
    """A table with other rows than were loaded is refused with both numbers."""
    rows = spoil(file, "SELECT 1")
    with pytest.raises(PublicationRefused, match=r"meta\.areas: expected 5 rows, found 1"):
        audit(file, rows | {"meta.areas": (5, 0)})


def test_all_faults_are_listed_at_once(file: Path) -> None:
    """Two faults are both in the message: nobody has to refresh twice to find the second."""
    rows = spoil(file, f"DELETE FROM meta.snapshots; {FAULTS['every_table_has_a_comment']}")
    with pytest.raises(PublicationRefused) as refusal:
        audit(file, rows)
    assert "every_observation_has_a_snapshot" in str(refusal.value)
    assert "every_table_has_a_comment" in str(refusal.value)


def test_write_ahead_log_is_refused(file: Path) -> None:
    """A write-ahead log beside the file means that it was not closed."""
    rows = spoil(file, "SELECT 1")
    file.with_name(file.name + ".wal").write_bytes(b"")
    with pytest.raises(PublicationRefused, match="write-ahead log"):
        audit(file, rows)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.95])
def test_truncated_file_is_refused(file: Path, share: float) -> None:
    """A file cut off anywhere is refused as unreadable."""
    rows = spoil(file, "SELECT 1")
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(PublicationRefused):
        audit(file, rows)


def test_changed_value_is_found(file: Path) -> None:
    """A value that is not the one that was loaded is found, though every rule holds and every row is there."""
    rows = spoil(file, "SELECT 1")
    spoil(file, "UPDATE core.observations SET note = 'x'")
    with pytest.raises(PublicationRefused, match=r"core\.observations: expected the values that were loaded"):
        audit(file, rows)


# DuckDB checks the checksum of some of the blocks that it reads, and damage to the others can end its process: so each
# damaged copy is audited in a process of its own, forked from one that has loaded nothing but the code.
DAMAGE = """
import os, pathlib, random, sys
sys.path.insert(0, sys.argv[1])
import duckdb
from pipelines.audit import PublicationRefused, audit
path, loaded, copies = pathlib.Path(sys.argv[2]), eval(sys.argv[3]), int(sys.argv[4])
content, pick = path.read_bytes(), random.Random(7)
for number in range(copies):
    spoilt = bytearray(content)
    start = pick.randrange(3 * 4096, len(content) - 512)
    spoilt[start : start + 512] = bytes(byte ^ 0xFF for byte in content[start : start + 512])
    child = os.fork()
    if child == 0:
        copy = path.with_name(f"copy-{number}.duckdb")
        copy.write_bytes(spoilt)
        try:
            audit(copy, loaded)
        except PublicationRefused:
            os._exit(3)
        with duckdb.connect(str(copy), read_only=True) as connection:
            same = connection.execute("FROM core.observations ORDER BY ALL").fetchall()
        with duckdb.connect(str(path), read_only=True) as connection:
            os._exit(0 if same == connection.execute("FROM core.observations ORDER BY ALL").fetchall() else 9)
    status = os.waitpid(child, 0)[1]
    print(os.WEXITSTATUS(status) if os.WIFEXITED(status) else "ended")
"""


def test_damage_is_found_before_publication(tmp_path: Path, published_file: tuple[Path, dict]) -> None:
    """Of 60 copies with 512 bytes overwritten at random places, none passes the audit with another value in it."""
    path, loaded = published_file
    done = subprocess.run(
        [sys.executable, "-c", DAMAGE, str(CHECKOUT), str(path), repr(loaded), "60"],
        capture_output=True,
        text=True,
        check=True,
    )
    verdicts = Counter(done.stdout.split())
    assert verdicts.total() == 60
    assert verdicts["9"] == 0
    assert verdicts["3"] > 10


@pytest.fixture
def published_file(tmp_path: Path) -> tuple[Path, dict[str, tuple[int, int]]]:
    """Build a file whose blocks are mostly full: all figures as observations."""
    tables = _tables()
    figures = load(CHECKOUT / "data" / "figures").observations
    tables |= {
        "core.observations": figures.drop_duplicates(["source_id", *KEY]),
        "core.observation_releases": figures,
        "meta.sources": figures[["source_id"]].drop_duplicates(),
        "meta.snapshots": figures[["snapshot_id", "source_id"]].drop_duplicates().assign(url="https://example.org/"),
        "meta.measures": figures[["measure_id"]].drop_duplicates(),
        "meta.areas": figures[["area_id"]].drop_duplicates(),
    }
    loaded = _build(tmp_path, tables, "full.duckdb")
    assert audit(tmp_path / "full.duckdb", loaded)
    return tmp_path / "full.duckdb", loaded
