"""Own programme data through a whole refresh: what services sent is published as protected totals, nothing else is."""

import csv
import shutil
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from looking import ask

from pipelines.refresh import Outcome, refresh
from pipelines.settings import Settings

SECRET_WORDS = ("Unmistakable House", "Unmistakable Note", "US-UNMISTAKABLE", "unmistakable-sex", "unmistakable-count")
# Not the digits of a fraction: 4/81 ends in 7654321 by itself.
SECRET_COUNTS = ("739061393", "739061399", "851392617")
"""Counts of single services, and one that is set aside: none is a total, and totals are rounded."""

SHOWN_TOTAL = 1_478_122_790
"""The county's two services together, 1,478,122,792, rounded to 5."""
HEADER = ["service", "area_id", "period", "sex", "age_group", "syringes_distributed", "nsp_clients", "notes"]
LINES = [
    ["Unmistakable House", "US-06037", "2024", "", "", "739061393", "431", "Unmistakable Note"],
    ["Unmistakable House South", "US-06037", "2024", "", "", "739061399", "7", ""],
    ["Unmistakable House", "US-06037", "2023", "female", "", "", "7", ""],
    ["Unmistakable House", "US-UNMISTAKABLE", "2024", "", "", "851392617", "851392617", ""],
    ["Unmistakable House", "US-06037", "2022", "unmistakable-sex", "", "", "unmistakable-count", ""],
    ["Unmistakable House", "US-06037", "2022", "", "", "unmistakable-count", "", ""],
]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Outcome]:
    """Refresh a home into whose drop folder a service's file, and one that is none, were put."""
    home = tmp_path_factory.mktemp("own")
    settings = Settings(home=home, checkout=Path(__file__).resolve().parents[2])
    drop = settings.drop / "programme"
    drop.mkdir(parents=True)
    with (drop / "nsp.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([HEADER, *LINES])
    (drop / "lines.csv").write_text("Unmistakable House,US-06037,739061393\n", encoding="utf-8")
    fixtures = Path(__file__).parents[1] / "fixtures" / "programme_data"
    shutil.copyfile(fixtures / "synthetic_population_size.csv", drop / "population.csv")
    return settings, refresh(settings, offline=True)


def test_protected_totals_are_published_with_their_source(done: tuple[Settings, Outcome]) -> None:
    """The county's total stands beside its source, which says that the data are one's own; a bad file is named."""
    settings, outcome = done
    assert outcome.exit_code == 3, outcome.message
    (mine,) = [each for each in outcome.sources if each.source_id == "programme_data"]
    assert mine.state == "refused"
    assert "lines.csv" in mine.messages[0]
    rows = ask(
        settings.database,
        "SELECT measure_id, value, status FROM core.observations WHERE source_id = 'programme_data' "
        "AND sex = 'all' AND period_end = DATE '2024-12-31' ORDER BY 1",
    )
    assert rows == [
        ("nsp_clients", 440, "reported"),
        ("people_who_inject_drugs", 1900, "reported"),
        ("syringes_distributed", SHOWN_TOTAL, "reported"),
    ]
    hidden = "SELECT status, value FROM core.observations WHERE source_id = 'programme_data' AND sex = 'female'"
    assert ask(settings.database, hidden) == [("suppressed", None)]
    card = "SELECT licence, rows, newest_release <> '' FROM meta.sources WHERE source_id = 'programme_data'"
    assert ask(settings.database, card)[0][0] == "yours"


def test_indicators_of_the_place_rest_on_own_figures_alone(done: tuple[Settings, Outcome]) -> None:
    """Syringes are set against the service's own estimate for the county, and official places keep their rows."""
    settings, _ = done
    rows = ask(
        settings.database,
        "SELECT area_id, value, source_ids FROM marts.indicator_values "
        "WHERE indicator_id = 'syringes_per_pwid_computed' AND contains(source_ids, 'programme_data')",
    )
    assert rows == [("US-06037", pytest.approx(SHOWN_TOTAL / 1900), "programme_data")]
    official = "SELECT count(*) FROM marts.indicator_values WHERE indicator_id = 'syringes_per_pwid_computed'"
    assert ask(settings.database, official)[0][0] > 20


def test_quarantine_tells_place_and_reason_but_no_cell(done: tuple[Settings, Outcome]) -> None:
    """Each refused count is in quarantine by line and column, with an empty value."""
    settings, _ = done
    rows = ask(
        settings.database,
        "SELECT DISTINCT file, row, code, value FROM core.quarantine WHERE source_id = 'programme_data' "
        "AND starts_with(file, 'nsp') ORDER BY row",
    )
    assert [(row, code, value) for _, row, code, value in rows] == [
        (5, "unknown_area", ""),
        (6, "unknown_sex", ""),
        (7, "not_a_number", ""),
    ]


def test_no_cell_of_the_file_is_anywhere_but_in_the_kept_bytes(done: tuple[Settings, Outcome]) -> None:
    """Names, notes, refused words and single services' counts are in no log, table, database or page."""
    settings, _ = done
    private = (settings.drop, settings.snapshots)
    files = [path for path in settings.home.rglob("*") if path.is_file() and not path.is_symlink()]
    public = [path for path in files if not any(path.is_relative_to(folder) for folder in private)]
    assert any(path.suffix == ".db" for path in public)
    assert any(path.suffix == ".html" for path in public)
    leaks = [f"{path}: {word}" for path in public for word in secrets_in(path)]
    assert leaks == []
    assert any(secrets_in(path) for path in files if path.is_relative_to(settings.snapshots))


def test_a_planted_secret_is_found(done: tuple[Settings, Outcome], tmp_path: Path) -> None:
    """The search looks into compressed tables and databases too: what is planted there is found."""
    _, _ = done
    with duckdb.connect(str(tmp_path / "planted.duckdb")) as connection:
        connection.execute("CREATE TABLE planted AS SELECT 'Unmistakable House' AS service, 739061393 AS syringes")
        connection.execute(f"COPY planted TO '{tmp_path / 'planted.parquet'}' (COMPRESSION zstd)")
    for name in ("planted.duckdb", "planted.parquet"):
        assert set(secrets_in(tmp_path / name)) >= {"Unmistakable House", "739061393"}


def secrets_in(path: Path) -> list[str]:
    """Give the secrets that a file holds, in its bytes or in the tables that it keeps compressed."""
    content = path.read_bytes()
    if path.suffix == ".parquet":
        content += str(pq.read_table(path).to_pylist()).encode()
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE NOT internal"
            for (name,) in connection.execute(tables).fetchall():
                content += str(connection.execute(f"SELECT * FROM {name}").fetchall()).encode()
    lower = content.lower()
    return [word for word in (*SECRET_WORDS, *SECRET_COUNTS) if word.lower().encode() in lower]
