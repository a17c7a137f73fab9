"""UNODC annex 4.1: cells are told by their place, and only whole countries count."""

from pathlib import Path

import pandas as pd
import pytest
from loopback import MISBEHAVIOUR, gives, running, transport

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import unodc_annex as source
from assets.transport import TransportError
from schemas.measures import MEASURES
from schemas.observations import Observation, as_observations
from schemas.sources import unodc_annex as layout

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "unodc_annex"
GOOD = FIXTURES / "synthetic_4.1_people_who_inject_drugs_2026.xlsx"


@pytest.fixture(scope="module")
def annex() -> Tidy:
    """Give the fixture, read, every record accounted for."""
    found = source.recognise(GOOD)
    assert found.release == "2026-01-01"
    snapshot = Snapshot(source.CARD.id, found.release, FIXTURES, found.files, "", "", "", "drop-in", found.notes)
    tidied = source.tidy(snapshot)
    assert tidied.unaccounted() == 0
    stamps = {"source_id": source.CARD.id, "release": found.release, "snapshot_id": snapshot.snapshot_id}
    Observation.validate(as_observations(tidied.observations.assign(**stamps)))
    return tidied


def one(tidied: Tidy, measure: str, area: str) -> pd.Series:
    """Give the one observation of a measure and area."""
    rows = tidied.observations.query("measure_id == @measure and area_id == @area")
    assert len(rows) == 1, rows
    return rows.iloc[0]


def test_every_column_has_a_measure() -> None:
    """Each value column that is read is a measure that has a card, and a column of its sheet."""
    assert set(layout.MEASURES.values()) <= set(MEASURES)
    assert all(f"best_{unit}" in layout.COLUMNS[sheet].values() for sheet, unit in layout.MEASURES)


def test_low_best_and_high_are_read_by_their_place(annex: Tidy) -> None:
    """The best estimate is the value, low and high its limits, for the share and for the number."""
    share, number = (one(annex, name, "AUT") for name in ("pwid_prevalence_15_64_pct", "people_who_inject_drugs"))
    assert (share["lower"], share["value"], share["upper"]) == (0.2, 0.25, 0.3)
    assert (number["lower"], number["value"], number["upper"]) == (12000, 14500, 17000)
    assert number["note"] == "15-64; past year; capture-recapture; Synthetic 2020"


def test_a_range_of_years_is_one_period(annex: Tidy) -> None:
    """A study over two years is a period of two years, in either spelling, and not a value of one of them."""
    row = one(annex, "people_who_inject_drugs", "DEU")
    assert (row["value"], row["sex"]) == (54000, "all")
    assert [str(row[name].date()) for name in ("period_start", "period_end")] == ["2015-01-01", "2016-12-31"]
    assert one(annex, "hiv_prevalence_pwid_pct", "POL")["period_end"] == pd.Timestamp("2017-12-31")


def test_only_whole_countries_count(annex: Tidy) -> None:
    """A sample of a city, or of a place that is not stated, is never its country's value; it stays in the raw table."""
    assert one(annex, "hiv_prevalence_pwid_pct", "AUT")["value"] == 1.2
    assert not set(annex.observations["area_id"]) & {"NAM", "KEN"}
    assert annex.dropped[source.PART_OF_COUNTRY] == 3
    assert "Vienna" in set(annex.raw["unodc_annex"]["coverage"])


def test_zero_is_a_value(annex: Tidy) -> None:
    """A best estimate of 0 is read, an empty one is no row."""
    assert one(annex, "hiv_prevalence_pwid_pct", "EST")["value"] == 0


def test_drops_are_counted_by_reason(annex: Tidy) -> None:
    """Other sheets, remarks and empty cells are left out by count."""
    assert {reason: number for reason, number in annex.dropped.items() if reason.startswith("sheet ")} == {
        "sheet Notes: remarks without values": 1,
        "sheet Sub-regional summary: modelled by the publisher for groups of countries": 1,
        f"sheet HBV among PWID: {layout.LEFT_OUT['HBV among PWID']}": 1,
    }
    assert annex.dropped[source.NOT_A_COUNTRY] == 2
    assert annex.dropped[source.EMPTY_CELL] == 13


def test_each_oddity_is_set_aside_with_its_code(annex: Tidy) -> None:
    """Unknown places, periods, groups and numbers, limits on the wrong side and contradictions are in quarantine."""
    found = annex.quarantine.sort_values(["row", "code"])[["row", "column", "code"]].to_numpy().tolist()
    assert found == [
        [7, "best_pct", "not_a_number"],
        [10, "best_people", "unknown_area"],
        [12, "best_people", "limit_excludes_estimate"],
        [13, "best_pct", "out_of_range"],
        [14, "best_people", "not_a_number"],
        [15, "best_people", "bad_period"],
        [16, "best_people", "unknown_subgroup"],
        [17, "best_people", "future_period"],
        [18, "best_people", "conflicting_duplicate"],
        [19, "best_people", "conflicting_duplicate"],
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bad_synthetic_other_annex_2026.xlsx", "expected the sheets"),
        ("bad_synthetic_moved_columns_2026.xlsx", "moved its columns"),
        ("bad_synthetic_cut_off_2026.xlsx", "damaged"),
        ("bad_synthetic_page_2026.xlsx", "web page"),
    ],
)
def test_other_files_are_refused_by_name(name: str, message: str) -> None:
    """Each file that is something else, or whose columns moved, is refused, saying what was found."""
    with pytest.raises(SourceRefused, match=message):
        source.recognise(FIXTURES / name)


def test_a_name_without_a_year_is_refused(tmp_path: Path) -> None:
    """The workbook says nowhere which report it belongs to, so its name must."""
    nameless = tmp_path / "annex.xlsx"
    nameless.write_bytes(GOOD.read_bytes())
    with pytest.raises(SourceRefused, match="Rename it"):
        source.recognise(nameless)
    dated = tmp_path / "annex-2026-06-26.xlsx"
    dated.write_bytes(GOOD.read_bytes())
    assert source.recognise(dated).release == "2026-06-26"


def test_fetch_finds_the_newest_report(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Reports are looked for from this year back, and the server's day of the last change is the release."""
    with running() as server:
        monkeypatch.setattr(source, "FOLDER", server.url)
        year = source.datetime.date.today().year - 1
        marks = {"Last_Modified": "Fri, 26 Jun 2026 08:00:00 GMT"}
        server.routes[f"/WDR_{year}/Annex/{source.NAME}"] = gives(
            GOOD.read_bytes(), "application/octet-stream", **marks
        )
        found = source.fetch(transport(), None, tmp_path)
    assert found is not None
    assert (found.release, found.url) == ("2026-06-26", f"{server.url}/WDR_{year}/Annex/{source.NAME}")
    assert len(server.asked) == 2


@pytest.mark.parametrize("misbehave", MISBEHAVIOUR.values(), ids=MISBEHAVIOUR.keys())
def test_a_misbehaving_server_gives_no_release(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, misbehave: object
) -> None:
    """Whatever the server sends in place of the workbook is refused, or the source counts as unreachable."""
    with running() as server:
        monkeypatch.setattr(source, "FOLDER", server.url)
        server.otherwise = misbehave  # type: ignore[assignment]
        with pytest.raises((SourceRefused, TransportError), match="xpected"):
            source.fetch(transport(), None, tmp_path)
