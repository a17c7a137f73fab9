"""WHO Global Health Observatory: pages are joined, sex and age are found wherever they stand, regions do not count."""

import json
from pathlib import Path

import pandas as pd
import pytest
from loopback import MISBEHAVIOUR, Server, gives, running, transport

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import who_gho as source
from assets.transport import TransportError
from schemas.measures import MEASURES
from schemas.observations import Observation, as_observations
from schemas.sources import who_gho as layout

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "who_gho"
GOOD = FIXTURES / "synthetic_pages"
DEATHS, HIV = "HEPATITIS_HCV_DEATHS_NUM", "HIV_0000000001"


@pytest.fixture(scope="module")
def observatory() -> Tidy:
    """Give the fixture, read, every record accounted for."""
    found = source.recognise(GOOD)
    snapshot = Snapshot(source.CARD.id, found.release, GOOD, found.files, "", "", "", "drop-in", found.notes)
    tidied = source.tidy(snapshot)
    assert tidied.unaccounted() == 0
    stamps = {"source_id": source.CARD.id, "release": found.release, "snapshot_id": snapshot.snapshot_id}
    Observation.validate(as_observations(tidied.observations.assign(**stamps)))
    return tidied


def rows_of(tidied: Tidy, measure: str, area: str) -> pd.DataFrame:
    """Give the observations of a measure and area by sex and age."""
    rows = tidied.observations.query("measure_id == @measure and area_id == @area")
    return rows.set_index(["sex", "age_group"])


def test_every_indicator_has_a_measure() -> None:
    """Each indicator that is read is a measure that has a card; what is per 100 is a share."""
    assert set(layout.MEASURES.values()) <= set(MEASURES)
    assert MEASURES[layout.MEASURES["HEPATITIS_HCV_PREVALENCE_PER100"]].most == 100


def test_release_is_the_newest_date_on_any_row() -> None:
    """The observatory has no releases, so the newest row's date stands for one."""
    assert source.recognise(GOOD).release == "2025-08-01"


def test_pages_are_joined(observatory: Tidy) -> None:
    """Rows of the second page are read, an empty number is not collected, and 0 is a value."""
    deaths = observatory.observations.query("measure_id == 'hcv_deaths'").set_index("area_id")
    assert deaths["status"].to_dict() == {"AUT": "reported", "NAM": "not_collected", "KEN": "reported"}
    assert deaths.loc["AUT", ["lower", "value", "upper"]].tolist() == [100, 120, 150]
    assert deaths.loc["KEN", "value"] == 0


def test_sex_and_age_are_found_in_any_dimension(observatory: Tidy) -> None:
    """The same dimension stands first, second or third, with and without its prefix."""
    found = rows_of(observatory, "people_living_with_hiv", "AUT")["value"].to_dict()
    assert found == {("all", "all"): 9000, ("female", "all"): 2500, ("all", "15+"): 8800, ("all", "0-14"): 50}


def test_drops_are_counted_by_reason(observatory: Tidy) -> None:
    """Regions, other splits and bounds are left out by count: a bound is not a value."""
    assert observatory.dropped == {
        source.NOT_A_COUNTRY: 2,
        source.OTHER_SPLIT: 1,
        source.BOUND: 1,
        "exact duplicate of another record": 1,
    }
    assert rows_of(observatory, "people_living_with_hiv", "MLT").empty


def test_each_oddity_is_set_aside_with_its_code(observatory: Tidy) -> None:
    """Unknown places, groups and periods, limits on the wrong side and contradictions are in quarantine by row."""
    found = observatory.quarantine.sort_values(["file", "row"])[["file", "row", "code"]].to_numpy().tolist()
    assert found == [
        [f"{DEATHS}-2.json", 3, "limit_excludes_estimate"],
        [f"{DEATHS}.json", 4, "unknown_area"],
        [f"{HIV}.json", 7, "unknown_subgroup"],
        [f"{HIV}.json", 8, "future_period"],
        [f"{HIV}.json", 9, "conflicting_duplicate"],
        [f"{HIV}.json", 10, "conflicting_duplicate"],
        [f"{HIV}.json", 11, "bad_period"],
        ["HIV_ARTCOVERAGE.json", 2, "out_of_range"],
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bad_synthetic_first_page_only.json", "expected every page"),
        ("bad_synthetic_empty_answer.json", "expected rows under 'value'"),
        ("bad_synthetic_other_indicator.json", "WHOSIS_000001"),
        ("bad_synthetic_renamed_field.json", r"\['NumericValue'\].*Number"),
        ("bad_synthetic_page.json", "expected an OData answer"),
        ("bad_synthetic_cut_off.json", "expected an OData answer"),
    ],
)
def test_other_files_are_refused_by_name(name: str, message: str) -> None:
    """A file that is something else, or not the whole indicator, is refused, saying what it is."""
    with pytest.raises(SourceRefused, match=message):
        source.recognise(FIXTURES / name)


def serve(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server stand for the observatory: two pages of one indicator, one page of another."""
    monkeypatch.setattr(source, "API", server.url)
    first = json.loads((GOOD / f"{DEATHS}.json").read_text(encoding="utf-8"))
    first[layout.NEXT] = f"{server.url}/{DEATHS}?$skip=4"
    server.routes[f"/{DEATHS}"] = gives(json.dumps(first).encode())
    server.routes[f"/{DEATHS}?$skip=4"] = gives((GOOD / f"{DEATHS}-2.json").read_bytes())
    server.routes[f"/{HIV}"] = gives((GOOD / f"{HIV}.json").read_bytes())


def test_fetch_follows_the_pages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every page is kept as it was sent, and indicators that are gone are named."""
    with running() as server:
        serve(server, monkeypatch)
        found = source.fetch(transport(), None, tmp_path)
    assert found is not None
    assert [path.name for path in found.files] == [f"{DEATHS}.json", f"{DEATHS}-2.json", f"{HIV}.json"]
    assert found.release == "2025-08-01"
    assert "HIV_ARTCOVERAGE" in found.notes["indicators_gone"]


def test_a_next_page_elsewhere_is_not_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A link to another host or to a file of this machine is refused, not followed."""
    for link in ("file:///etc/hostname", "https://elsewhere.example.org/api/x"):
        with running() as server:
            serve(server, monkeypatch)
            page = {"value": json.loads((GOOD / f"{HIV}.json").read_text())["value"], layout.NEXT: link}
            server.routes[f"/{DEATHS}"] = gives(json.dumps(page).encode())
            with pytest.raises(SourceRefused, match="expected the next page at"):
                source.fetch(transport(), None, tmp_path)


def test_an_empty_answer_is_asked_for_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty body with status 200 is tried again, and is never taken for an indicator without rows."""
    with running() as server:
        serve(server, monkeypatch)
        left = [gives(b""), gives(b"")]
        whole = server.routes[f"/{HIV}"]
        server.routes[f"/{HIV}"] = lambda handler: (left.pop() if left else whole)(handler)
        assert source.fetch(transport(), None, tmp_path) is not None
        assert server.asked.count(f"/{HIV}") == 3


@pytest.mark.parametrize("misbehave", MISBEHAVIOUR.values(), ids=MISBEHAVIOUR.keys())
def test_a_misbehaving_server_gives_no_release(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, misbehave: object
) -> None:
    """Whatever the server sends in place of rows is refused, or the source counts as unreachable."""
    with running() as server:
        serve(server, monkeypatch)
        server.routes[f"/{HIV}"] = misbehave  # type: ignore[assignment]
        with pytest.raises((SourceRefused, TransportError), match="xpected"):
            source.fetch(transport(), None, tmp_path)
