"""History: what an indicator was as known on an earlier day, from the releases published by then."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from observed import frame, observed

from assets import core, history, revisions
from assets.contract import require
from assets.indicators import overdose, quality, registry
from pipelines import query
from pipelines.build import MACROS
from schemas.history import IndicatorHistory

FIRST, SECOND, THIRD = "2019-04-24", "2022-01-05", "2025-07-16"
DAYS = [FIRST, SECOND, THIRD]
WINDOW = "2018-10 to 2019-09"


@pytest.fixture(scope="module", autouse=True)
def only_overdose() -> Iterator[None]:
    """Make the indicators of one topic only: the others have no rows here, and take their time all the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "TOPICS", (overdose, quality))
        patch.setattr(registry, "DERIVED", ())
        yield


@cache
def known_on(day: str) -> pd.DataFrame:
    """Give the indicators as known on a day."""
    return history.values_known_on(releases(), day)


def releases() -> pd.DataFrame:
    """Make one window of deaths in three releases: published, revised, revised and a second place added."""
    rows = frame(
        observed("cdc_vsrr", "overdose_deaths", "USA", WINDOW, 67_000.0, release=FIRST),
        observed("cdc_vsrr", "overdose_deaths", "USA", WINDOW, 68_000.0, release=SECOND),
        observed("cdc_vsrr", "overdose_deaths", "USA", WINDOW, 68_000.0, release=THIRD),
        observed("cdc_vsrr", "overdose_deaths", "US-CA", WINDOW, None, release=SECOND),
        observed("cdc_vsrr", "overdose_deaths", "US-CA", WINDOW, 6_000.0, release=THIRD),
    )
    return core.observation_releases(rows.iloc[:0], rows)


def made() -> pd.DataFrame:
    """Make the history of all indicators; it must keep its contract."""
    found = history.indicator_history(DAYS, known_on)
    require(found, IndicatorHistory)
    return found[found["indicator_id"] == "overdose_deaths_12_month"].reset_index(drop=True)


def test_each_value_has_the_days_between_which_it_stood() -> None:
    """A revised value ends on the day of the revision; a release that repeats it begins nothing new."""
    found = made()
    country = found[found["area_id"] == "USA"]
    assert country["value"].tolist() == [67_000.0, 68_000.0]
    assert country["known_from"].dt.strftime("%Y-%m-%d").tolist() == [FIRST, SECOND]
    assert country["known_to"].dt.strftime("%Y-%m-%d").tolist()[0] == SECOND
    assert country["known_to"].isna().tolist() == [False, True]


def test_suppressed_value_that_is_shown_later_begins_anew() -> None:
    """A change of status is a change, although no number stood there before."""
    state = made().query("area_id == 'US-CA'")
    assert state["status"].tolist() == ["suppressed", "reported"]
    assert state["known_from"].dt.strftime("%Y-%m-%d").tolist() == [SECOND, THIRD]


def test_value_that_no_later_release_supports_ends() -> None:
    """A row that a later day does not give is closed on that day."""
    first = known_on(THIRD)
    days = {FIRST: first, SECOND: first.iloc[:0]}
    found = history.indicator_history(list(days), lambda day: days[day])
    require(found, IndicatorHistory)
    assert len(found) == len(first) > 0
    assert (found["known_to"] == pd.Timestamp(SECOND)).all()


def test_what_stands_is_what_the_indicators_say_now() -> None:
    """The spells without an end are the indicators made from every release."""
    found = made()
    now = known_on("2030-01-01").query("indicator_id == 'overdose_deaths_12_month'").drop(columns="release")
    standing = found.loc[found["known_to"].isna(), now.columns].reset_index(drop=True)
    pd.testing.assert_frame_equal(standing, now.reset_index(drop=True))


def test_days_to_look_at_are_those_on_which_values_changed() -> None:
    """The days of releases that changed a value, the release days just before them, and the last of all."""
    days = ["2018-01-01", "2020-01-01", "2024-01-01.2", "2024-01-01", "2024-06-01", "2025-01-01"]
    rows = pd.DataFrame({"release": days})
    revised = pd.DataFrame({"release_to": ["2024-01-01.2", "2024-06-01"], "rows_changed": [3, 0]})
    assert history.days_to_look_at(rows, revised) == ["2020-01-01", "2024-01-01", "2025-01-01"]
    assert history.days_to_look_at(rows.iloc[:0], revised.iloc[:0]) == []
    assert history.days_to_look_at(releases(), revisions.revisions(releases(), {})) == DAYS


def test_value_counts_from_the_release_it_rests_on() -> None:
    """Between two days looked at, a value begins with its own newest release, and ends the one it replaces then."""
    rows = known_on(THIRD).head(2)
    later = rows.assign(value=[1.0, 2.0], release=["2018-01-01+2020-06-01", "2018-01-01"])
    days = {FIRST: rows.head(1), SECOND: later}
    found = history.indicator_history(list(days), lambda day: days[day])
    require(found, IndicatorHistory)
    from_to = found[["value", "known_from", "known_to"]].astype("str").fillna("").to_numpy().tolist()
    first = str(rows["value"].iloc[0])
    assert from_to == [[first, FIRST, "2020-06-01"], ["1.0", "2020-06-01", ""], ["2.0", SECOND, ""]]


def test_no_releases_give_an_empty_history() -> None:
    """Without a release there is nothing that was known."""
    assert history.indicator_history([], lambda _: pd.DataFrame()).empty


def published(rows: pd.DataFrame) -> duckdb.DuckDBPyConnection:
    """Load releases and their history into a database with the published questions."""
    connection = duckdb.connect()
    for schema, name, table in (
        ("core", "observation_releases", rows),
        ("marts", "indicator_history", history.indicator_history(DAYS, known_on)),
    ):
        connection.execute(f"CREATE SCHEMA {schema}")
        connection.register("given", table)
        connection.execute(f"CREATE TABLE {schema}.{name} AS FROM given")
    for name, (definition, _) in MACROS.items():
        connection.execute(f"CREATE MACRO {name} AS TABLE {definition}")
    return connection


def test_observations_as_of_a_day_are_the_newest_by_then() -> None:
    """Before the first release there is nothing, on its day it is known, and after the last all is as it is now."""
    tenth = releases().assign(
        release=lambda rows: rows["release"].replace({SECOND: f"{FIRST}.10", THIRD: f"{FIRST}.9"})
    )
    asked = "SELECT value FROM core.observations_as_of('{}') WHERE area_id = 'USA'"
    connection = published(releases())
    answers = [connection.execute(asked.format(day)).fetchall() for day in ("2019-04-23", FIRST, "2022-01-04", SECOND)]
    assert answers == [[], [(67_000.0,)], [(67_000.0,)], [(68_000.0,)]]
    assert published(tenth).execute(asked.format(FIRST)).fetchall() == [(68_000.0,)]
    [(rows,)] = connection.execute("SELECT count(*) FROM core.observations_as_of(current_date)").fetchall()
    assert rows == len(core.newest(releases()))


def test_indicators_as_of_a_day_are_those_of_the_releases_by_then() -> None:
    """The published question gives what the same code makes from the releases of that day."""
    connection = published(releases())
    for day in ("2019-04-23", FIRST, "2022-01-04", SECOND, THIRD, "2030-01-01"):
        asked = f"SELECT area_id, value FROM marts.indicator_values_as_of('{day}') ORDER BY ALL"
        wanted = known_on(day)[["area_id", "value"]]
        answer = connection.execute(asked).df()
        assert len(answer) == len(wanted), day
        assert answer["value"].sum() == wanted["value"].sum(), day


def test_sandbox_of_hre_sql_answers_both_questions(tmp_path: Path) -> None:
    """The read-only, locked connection of hre sql may ask both, with a day of its own; other functions stay closed."""
    path = tmp_path / "file.duckdb"
    with published(releases()) as connection:
        connection.execute(f"ATTACH '{path}' AS made; COPY FROM DATABASE memory TO made")
    asking = query.connect(path)
    for sql in (
        "FROM core.observations_as_of('2022-01-05')",
        "SELECT value FROM marts.indicator_values_as_of(today())",
    ):
        query.require_question(asking, sql)
        assert asking.execute(sql).fetchall()
    with pytest.raises(query.QueryRefused, match="read_csv"):
        query.require_question(asking, "SELECT * FROM core.observations_as_of((SELECT max(a) FROM read_csv('x') t(a)))")
    asking.close()
