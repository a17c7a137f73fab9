"""UNAIDS Key Populations Atlas: only whole countries count, and the rest is dropped by count."""

from pathlib import Path

import pandas as pd
import pytest
from bulk_server import ADDRESS, BulkServer, set_calendar
from loopback import MISBEHAVIOUR, running, transport

from assets import unaids_bulk
from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import unaids_kp_atlas as source
from assets.transport import TransportError
from schemas.observations import Observation, as_observations

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "unaids_kp_atlas"
GOOD = FIXTURES / "KPAtlasDB_2025_en_synthetic.csv"


@pytest.fixture(scope="module")
def atlas() -> Tidy:
    """Give the fixture, read, every record accounted for."""
    found = source.recognise(GOOD)
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


def test_a_city_is_never_its_country(atlas: Tidy) -> None:
    """Rows of places inside countries carry the country's code, and only the row of the whole country is read."""
    row = one(atlas, "people_who_inject_drugs", "AUT")
    assert (row["value"], row["lower"]) == (12000, 9000)
    assert row["note"] == 'The so-called "register" of towns'


def test_drops_are_counted_by_reason(atlas: Tidy) -> None:
    """Places inside countries, regions by level or by name, other topics and undefined categories are counted."""
    assert atlas.dropped == {
        source.INSIDE: 2,
        source.REGION: 2,
        source.OTHER_TOPIC: 1,
        "category that the publisher does not define": 1,
        "limit joined to its estimate": 1,
    }
    assert len(atlas.raw["unaids_kp_atlas"]) == 11


def test_programmes_in_prison_are_yes_or_no(atlas: Tidy) -> None:
    """UNAIDS' compiled answers on prisons are 1 and 0; needles given out in prison stay a count of their own."""
    assert one(atlas, "nsp_prison_operational", "AUT")["value"] == 0
    assert one(atlas, "oat_prison_operational", "AUT")["value"] == 1
    assert one(atlas, "syringes_distributed_prison", "AUT")["value"] == 500


def test_each_oddity_is_set_aside_with_its_code(atlas: Tidy) -> None:
    """A place that is no country and an answer that is neither yes nor no are in quarantine by line."""
    assert one(atlas, "hiv_prevalence_pwid_pct", "KEN")["status"] == "not_collected"
    found = atlas.quarantine.sort_values("row")[["row", "code"]].to_numpy().tolist()
    assert found == [[9, "unknown_area"], [15, "answer_not_known"]]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bad_without_level_2025_synthetic.csv", "found the Global AIDS Monitoring table"),
        ("bad_only_cities_2025_synthetic.csv", r"only the levels \['4'\]"),
        ("bad_cut_off_2025_synthetic.csv", "line 3 cut off"),
    ],
)
def test_other_files_are_refused_by_name(name: str, message: str) -> None:
    """Each file that is something else is refused, saying what it is."""
    with pytest.raises(SourceRefused, match=message):
        source.recognise(FIXTURES / name)


def test_fetch_finds_the_newest_edition(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Editions are looked for from this year back, under the atlas's own name."""
    set_calendar(monkeypatch, 2026)
    server = BulkServer(f"{ADDRESS}/KPAtlasDB_2025_en.zip", GOOD)
    found = source.fetch(server, None, tmp_path)  # type: ignore[arg-type]
    assert found is not None
    assert (found.release, found.url) == ("2026-01-15", server.has)
    assert server.asked[0].endswith("documents/KPAtlasDB_2026_en.zip")


@pytest.mark.parametrize("misbehave", MISBEHAVIOUR.values(), ids=MISBEHAVIOUR.keys())
def test_a_misbehaving_server_gives_no_release(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, misbehave: object
) -> None:
    """Whatever the server sends in place of the zip is refused, or the source counts as unreachable."""
    with running() as server:
        monkeypatch.setattr(unaids_bulk, "FOLDERS", (server.url,))
        server.otherwise = misbehave  # type: ignore[assignment]
        with pytest.raises((SourceRefused, TransportError), match="xpected"):
            source.fetch(transport(), None, tmp_path)
