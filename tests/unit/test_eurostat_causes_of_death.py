"""Eurostat causes of death: the packed column is unpacked, values and flags are taken apart, only countries count."""

import gzip
from pathlib import Path

import pandas as pd
import pytest
from loopback import MISBEHAVIOUR, gives, running, transport

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import eurostat_causes_of_death as source
from assets.transport import TransportError
from schemas.measures import MEASURES
from schemas.observations import Observation, as_observations
from schemas.sources import eurostat_causes_of_death as layout

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "eurostat_causes_of_death"
GOOD = FIXTURES / "synthetic_hlth_cd_asdr2-2026-06-08.tsv"


@pytest.fixture(scope="module")
def causes() -> Tidy:
    """Give the fixture, read, every record accounted for."""
    found = source.recognise(GOOD)
    snapshot = Snapshot(source.CARD.id, found.release, FIXTURES, found.files, "", "", "", "drop-in", found.notes)
    tidied = source.tidy(snapshot)
    assert tidied.unaccounted() == 0
    stamps = {"source_id": source.CARD.id, "release": found.release, "snapshot_id": snapshot.snapshot_id}
    Observation.validate(as_observations(tidied.observations.assign(**stamps)))
    return tidied


def one(tidied: Tidy, cause: str, area: str, year: int, sex: str = "all") -> pd.Series:
    """Give the one observation of a cause, area, year and sex."""
    rows = tidied.observations
    at = rows["period_start"].eq(pd.Timestamp(year, 1, 1)) & rows["area_id"].eq(area) & rows["sex"].eq(sex)
    rows = rows[at & rows["measure_id"].eq(layout.MEASURES[cause])]
    assert len(rows) == 1, rows
    return rows.iloc[0]


def test_every_cause_has_a_measure() -> None:
    """Each cause that is read is a rate that has a card."""
    assert {MEASURES[name].kind for name in layout.MEASURES.values()} == {"rate"}


def test_value_and_flags_are_taken_apart(causes: Tidy) -> None:
    """A flag after the value marks it provisional, estimated or a break, and never changes it."""
    row = one(causes, "TOXICO", "AUT", 2022)
    assert (row["value"], row["is_provisional"], row["note"]) == (2.4, True, "provisional")
    assert one(causes, "TOXICO", "AUT", 2021, "female")["note"] == "break in series"
    row = one(causes, "X40-X49", "DEU", 2021)
    assert (row["value"], row["note"]) == (1.8, "break in series; estimated; provisional")


def test_a_colon_is_missing_for_its_own_reason(causes: Tidy) -> None:
    """No value, confidential and not applicable are three things, and none of them is 0."""
    assert one(causes, "TOXICO", "GRC", 2021)["value"] == 0
    assert one(causes, "TOXICO", "GRC", 2022)["status"] == "suppressed"
    assert one(causes, "TOXICO", "GBR", 2021)["status"] == "not_collected"
    assert one(causes, "TOXICO", "GBR", 2022)["status"] == "not_applicable"


def test_only_countries_count(causes: Tidy) -> None:
    """Regions within countries, groups, other ages, units and causes are left out by count of cells."""
    assert causes.dropped == {
        source.OTHER_CAUSE: 2,
        source.OTHER_GROUP: 4,
        source.WITHIN: 4,
        source.GROUP: 4,
        "exact duplicate of another record": 1,
    }


def test_each_oddity_is_set_aside_with_its_code(causes: Tidy) -> None:
    """Words, unknown flags, places and sexes, and contradictions are in quarantine by line and year."""
    found = causes.quarantine.sort_values(["row", "column"])[["row", "column", "code"]].to_numpy().tolist()
    assert found == [
        [12, "2022", "not_a_number"],
        [13, "2021", "not_a_number"],
        [14, "2021", "unknown_subgroup"],
        [14, "2022", "unknown_subgroup"],
        [15, "2021", "unknown_area"],
        [15, "2022", "unknown_area"],
        [17, "2022", "conflicting_duplicate"],
        [18, "2022", "conflicting_duplicate"],
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bad_synthetic_cut_off-2026-06-08.tsv", "cut off"),
        ("bad_synthetic_cut_off-2026-06-08.tsv.gz", "damaged"),
        ("bad_synthetic_other_header-2026-06-08.tsv", "isced11"),
        ("bad_synthetic_other_causes-2026-06-08.tsv", r"found \['C'\]"),
        ("bad_synthetic_queued-2026-06-08.tsv", "web page or error message"),
    ],
)
def test_other_files_are_refused_by_name(name: str, message: str) -> None:
    """A damaged file, another table and the notice of a queued request are refused, saying what was found."""
    with pytest.raises(SourceRefused, match=message):
        source.recognise(FIXTURES / name)


def test_fetch_takes_the_whole_table_where_a_selection_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A server that does not know the selection is asked for all; the day of its last change is the release."""
    with running() as server:
        monkeypatch.setattr(source, "API", f"{server.url}/data")
        packed = gzip.compress(GOOD.read_bytes())
        server.routes[f"/data/{source.KEY}"] = gives(b"unknown", "text/plain", 400)
        server.routes["/data"] = gives(packed, "application/x-gzip", Last_Modified="Mon, 08 Jun 2026 09:00:00 GMT")
        found = source.fetch(transport(), None, tmp_path)
    assert found is not None
    assert (found.release, found.url) == ("2026-06-08", f"{server.url}/data?{source.FORMAT}")
    assert len(server.asked) == 2


@pytest.mark.parametrize("misbehave", MISBEHAVIOUR.values(), ids=MISBEHAVIOUR.keys())
def test_a_misbehaving_server_gives_no_release(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, misbehave: object
) -> None:
    """Whatever the server sends in place of the table is refused, or the source counts as unreachable."""
    with running() as server:
        monkeypatch.setattr(source, "API", f"{server.url}/data")
        server.otherwise = misbehave  # type: ignore[assignment]
        with pytest.raises((SourceRefused, TransportError), match="xpected"):
            source.fetch(transport(), None, tmp_path)
