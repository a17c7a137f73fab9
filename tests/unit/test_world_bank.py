"""World Bank: pages are whole or refused, groups of countries do not count, an income group holds for a fiscal year."""

from pathlib import Path

import pytest
from loopback import MISBEHAVIOUR, Server, gives, running, transport

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import world_bank as source
from assets.transport import TransportError
from schemas.observations import Observation, as_observations

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "world_bank"
PAGES = FIXTURES / "synthetic_pages"
BOOK = FIXTURES / "synthetic_income_groups-2026-08-15.xlsx"


def read(path: Path) -> Tidy:
    """Recognise what was dropped and read it as its snapshot, every record accounted for."""
    found = source.recognise(path)
    snapshot = Snapshot(source.CARD.id, found.release, FIXTURES, found.files, "", "", "", "drop-in", found.notes)
    tidied = source.tidy(snapshot)
    assert tidied.unaccounted() == 0
    stamps = {"source_id": source.CARD.id, "release": found.release, "snapshot_id": snapshot.snapshot_id}
    Observation.validate(as_observations(tidied.observations.assign(**stamps)))
    return tidied


def test_groups_of_countries_do_not_count() -> None:
    """Regions stand among the countries, with and without a code; two places that are no ISO country are known."""
    tidied = read(PAGES)
    found = tidied.observations.set_index("area_id")
    assert found.loc[["AUT", "GGY-JEY", "XKX"], "value"].tolist() == [9_100_000, 170_000, 1_700_000]
    assert found.loc["KEN", "status"] == "not_collected"
    assert "WLD" not in found.index
    assert tidied.dropped == {source.GROUP: 3, source.EARLIER: 1}


def test_each_oddity_is_set_aside_with_its_code() -> None:
    """Unknown places and years are in quarantine by page and row."""
    aside = read(PAGES).quarantine.sort_values("row")
    assert aside[["file", "row", "code"]].to_numpy().tolist() == [
        ["population-2.json", 5, "unknown_area"],
        ["population-2.json", 6, "future_period"],
        ["population-2.json", 7, "bad_period"],
    ]


def test_an_income_group_holds_for_a_fiscal_year() -> None:
    """A list of August is that of the fiscal year from July; not classified is no group, an unknown group no number."""
    tidied = read(BOOK)
    found = tidied.observations.set_index("area_id")
    assert found.loc[["AUT", "KEN"], "value"].tolist() == [4, 2]
    assert found.loc["VEN", ["status", "note"]].tolist() == ["not_collected", "not classified"]
    assert [str(found.loc["AUT", name].date()) for name in ("period_start", "period_end")] == [
        "2026-07-01",
        "2027-06-30",
    ]
    assert sorted(tidied.quarantine["code"]) == ["not_a_number", "unknown_area"]
    assert tidied.dropped == {source.GROUP: 1}


def test_release_is_the_day_of_the_bank_s_update() -> None:
    """The pages' header has the day of the last update; the workbook's is in its name."""
    assert source.recognise(PAGES).release == "2025-07-01"
    assert source.recognise(BOOK).release == "2026-08-15"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bad_synthetic_first_page_only.json", r"expected 2 pages with 11 rows, found the pages \[1\] with 4"),
        ("bad_synthetic_rows_missing.json", r"expected 1 pages with 11 rows, found the pages \[1\] with 4"),
        ("bad_synthetic_error_array.json", "error message.*not valid"),
        ("bad_synthetic_xml.json", "XML"),
        ("bad_synthetic_other_indicator.json", "NY.GDP.MKTP.CD"),
        ("bad_synthetic_other_list-2026-07-01.xlsx", "Income group"),
    ],
)
def test_other_files_are_refused_by_name(name: str, message: str) -> None:
    """An error, another indicator, missing pages and another list are refused, saying what was found."""
    with pytest.raises(SourceRefused, match=message):
        source.recognise(FIXTURES / name)


def serve(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server stand for both of the bank's: two pages and the workbook."""
    monkeypatch.setattr(source, "API", f"{server.url}/population")
    monkeypatch.setattr(source, "INCOME", f"{server.url}/income")
    for number in (1, 2):
        path = PAGES / f"population-{number}.json"
        server.routes[f"/population?format=json&per_page=1000&page={number}"] = gives(path.read_bytes())
    server.routes["/income"] = gives(BOOK.read_bytes(), "application/octet-stream")


def test_fetch_asks_for_every_page_and_the_groups(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The header says how many pages there are; the income groups come from their own address."""
    with running() as server:
        serve(server, monkeypatch)
        found = source.fetch(transport(), None, tmp_path)
    assert found is not None
    assert [path.name for path in found.files] == ["population-1.json", "population-2.json", "income_groups.xlsx"]
    assert found.release == "2025-07-01"


def test_population_comes_without_the_groups(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the second server does not answer, the population is kept all the same and the notes say so."""
    with running() as server:
        serve(server, monkeypatch)
        del server.routes["/income"]
        found = source.fetch(transport(), None, tmp_path)
    assert found is not None
    assert len(found.files) == 2
    assert "HTTP 404" in found.notes["income_groups"]


@pytest.mark.parametrize("misbehave", MISBEHAVIOUR.values(), ids=MISBEHAVIOUR.keys())
def test_a_misbehaving_server_gives_no_release(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, misbehave: object
) -> None:
    """Whatever the server sends in place of the second page is refused, or the source counts as unreachable."""
    with running() as server:
        serve(server, monkeypatch)
        server.routes["/population?format=json&per_page=1000&page=2"] = misbehave  # type: ignore[assignment]
        with pytest.raises((SourceRefused, TransportError), match="xpected"):
            source.fetch(transport(), None, tmp_path)
