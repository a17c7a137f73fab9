"""The core tables: figures give way to files, the newest release leads."""

import pandas as pd
from observed import frame, observed

from assets import core
from schemas.observations import COLUMNS, Observation, as_observations


def rows(*cells: tuple[str, str, str, float | None]) -> pd.DataFrame:
    """Make observations from release, snapshot's origin, month and value; no value means suppressed."""
    month = pd.to_datetime([cell[2] for cell in cells])
    return as_observations(
        pd.DataFrame(
            {
                "source_id": "cdc_vsrr",
                "release": [cell[0] for cell in cells],
                "snapshot_id": [f"{cell[1]}/{cell[0]}" for cell in cells],
                "measure_id": "overdose_deaths",
                "area_id": "USA",
                "period_start": month,
                "period_end": month + pd.offsets.MonthEnd(0),
                "value": pd.Series([cell[3] for cell in cells], dtype="float64"),
                "status": ["suppressed" if cell[3] is None else "reported" for cell in cells],
                "is_provisional": False,
            }
        )
    )


NOTHING = rows().iloc[:0]


def test_figure_gives_way_to_the_file_of_its_release() -> None:
    """A row that both a figure and a kept file of one release have is the file's; a row that only one has stays."""
    figures = rows(("2025-07-16", "figures", "2021-01-01", 5.0), ("2025-07-16", "figures", "2021-02-01", 7.0))
    files = rows(("2025-07-16", "cdc_vsrr", "2021-01-01", 6.0))
    joined = core.observation_releases(figures, files)
    assert joined[["snapshot_id", "value"]].to_numpy().tolist() == [
        ["cdc_vsrr/2025-07-16", 6.0],
        ["figures/2025-07-16", 7.0],
    ]
    Observation.validate(joined)


def test_figure_of_another_release_stays() -> None:
    """An older or newer release of a row is kept beside the file's: every release can be asked for."""
    figures = rows(("2025-07-16", "figures", "2021-01-01", 5.0))
    files = rows(("2019-04-24", "cdc_vsrr", "2021-01-01", 6.0))
    joined = core.observation_releases(figures, files)
    assert joined["release"].tolist() == ["2019-04-24", "2025-07-16"]
    assert core.newest(joined)["value"].tolist() == [5.0]


def test_newest_release_leads_row_by_row() -> None:
    """A row that a newer release leaves out keeps its last value; one that it suppresses is suppressed, not older."""
    releases = core.observation_releases(
        NOTHING,
        rows(
            ("2019-04-24", "x", "2021-01-01", 1.0),
            ("2019-04-24", "x", "2021-02-01", 2.0),
            ("2019-04-24", "x", "2021-03-01", 3.0),
            ("2025-07-16", "x", "2021-01-01", 9.0),
            ("2025-07-16", "x", "2021-02-01", None),
        ),
    )
    newest = core.newest(releases)
    assert newest["release"].tolist() == ["2025-07-16", "2025-07-16", "2019-04-24"]
    assert newest["status"].tolist() == ["reported", "suppressed", "reported"]
    assert newest["value"].fillna(-1).tolist() == [9.0, -1.0, 3.0]
    assert list(newest.columns) == COLUMNS


def test_tenth_release_of_a_day_is_newer_than_the_ninth() -> None:
    """Releases that came under one date are ordered by their number, not by their letters."""
    releases = core.observation_releases(
        NOTHING,
        rows(
            ("2025-07-16.10", "x", "2021-01-01", 10.0),
            ("2025-07-16", "x", "2021-01-01", 1.0),
            ("2025-07-16.9", "x", "2021-01-01", 9.0),
        ),
    )
    assert core.newest(releases)["value"].tolist() == [10.0]


def test_order_of_the_input_does_not_matter() -> None:
    """The same rows in any order give the same table."""
    frame = rows(*[("2025-07-16", "x", f"20{year:02d}-01-01", float(year)) for year in range(1, 20)])
    shuffled = frame.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(
        core.observation_releases(NOTHING, frame), core.observation_releases(NOTHING, shuffled)
    )


def test_what_two_sources_say_stands_side_by_side() -> None:
    """Two sources that report one measure of one place and year make a pair; a third place has none."""
    found = core.disagreements(
        frame(
            observed("cdc_vsrr", "overdose_deaths", "US-DC", 2021, 590.0),
            observed("cdc_wonder", "overdose_deaths", "US-DC", 2021, 472.0),
            observed("cdc_wonder", "overdose_deaths", "US-MD", 2021, 2800.0),
            observed("cdc_vsrr", "overdose_deaths", "US-MD", 2021, None),
        )
    )
    assert len(found) == 1
    row = found.iloc[0]
    assert (row["area_id"], row["source_a"], row["source_b"]) == ("US-DC", "cdc_vsrr", "cdc_wonder")
    assert row["ratio"] == 590.0 / 472.0
