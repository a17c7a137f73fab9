"""UNAIDS HIV estimates: the cascade's indicators are read from a large table, line by line."""

from pathlib import Path

import pandas as pd
import pytest
from bulk_server import ADDRESS, BulkServer, set_calendar, zipped
from loopback import MISBEHAVIOUR, running, transport

from assets import unaids_bulk
from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import unaids_estimates as source
from assets.transport import TransportError
from schemas.measures import MEASURES
from schemas.observations import Observation, as_observations
from schemas.sources import unaids_estimates as layout

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "unaids_estimates"
GOOD = FIXTURES / "Estimates_2025_en_synthetic.csv"


def read(path: Path) -> Tidy:
    """Recognise a file and read it as its snapshot, every record accounted for."""
    found = source.recognise(path)
    snapshot = Snapshot(source.CARD.id, found.release, path.parent, found.files, "", "", "", "drop-in", found.notes)
    tidied = source.tidy(snapshot)
    assert tidied.unaccounted() == 0
    stamps = {"source_id": source.CARD.id, "release": found.release, "snapshot_id": snapshot.snapshot_id}
    Observation.validate(as_observations(tidied.observations.assign(**stamps)))
    return tidied


@pytest.fixture(scope="module")
def estimates() -> Tidy:
    """Give the fixture, read."""
    return read(GOOD)


def one(tidied: Tidy, measure: str, area: str, sex: str = "all") -> pd.Series:
    """Give the one observation of a measure, area and sex."""
    rows = tidied.observations.query("measure_id == @measure and area_id == @area and sex == @sex")
    assert len(rows) == 1, rows
    return rows.iloc[0]


def test_every_indicator_has_a_measure() -> None:
    """Each indicator that is read becomes a measure that has a card."""
    assert {indicator.measure_id for indicator in layout.INDICATORS.values()} <= set(MEASURES)


def test_ranges_join_their_estimate(estimates: Tidy) -> None:
    """Lower and upper estimates become the limits of the estimate in full precision, not of the rounded text."""
    row = one(estimates, "people_living_with_hiv", "AUT")
    assert (row["value"], row["lower"], row["upper"]) == (9012.4, 8000, 10000)
    assert one(estimates, "people_living_with_hiv", "AUT", "female")["value"] == 2500


def test_three_dots_are_not_collected(estimates: Tidy) -> None:
    """An estimate that is not published is neither zero nor an absent row."""
    assert one(estimates, "people_living_with_hiv", "TCD")["status"] == "not_collected"


def test_the_two_forms_of_a_95_are_two_measures(estimates: Tidy) -> None:
    """Treatment among all living with HIV and among those who know it have their own measures, by sex and age."""
    assert one(estimates, "art_coverage_status_known_pct", "AUT")["note"] == 'So-called "register" data'
    row = one(estimates, "art_coverage_pct", "AUT", "male")
    assert (row["value"], row["age_group"]) == (90, "15+")


def test_each_oddity_is_set_aside_with_its_code(estimates: Tidy) -> None:
    """A bound alone, a share over 100, an unknown place and a line with too many cells are in quarantine by line."""
    found = estimates.quarantine.sort_values("row")[["row", "code", "file"]].to_numpy().tolist()
    assert found == [
        [11, "formatted_only", GOOD.name],
        [14, "out_of_range", GOOD.name],
        [15, "unknown_area", GOOD.name],
        [16, "ragged_line", GOOD.name],
    ]


def test_drops_are_counted_by_reason(estimates: Tidy) -> None:
    """Other indicators, regions and age groups that are not read are left out by count."""
    assert estimates.dropped == {
        source.OTHER_LINE: 1,
        source.OTHER_GROUP: 1,
        "region or group of countries": 1,
        "limit joined to its estimate": 2,
    }


def test_zip_equals_its_table(estimates: Tidy, tmp_path: Path) -> None:
    """The zip is unpacked line by line and gives the same observations, under the same line numbers."""
    packed = read(zipped(GOOD, tmp_path / "Estimates_2025_en.zip"))
    pd.testing.assert_frame_equal(packed.observations, estimates.observations)
    assert packed.quarantine["row"].tolist() == estimates.quarantine["row"].tolist()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bad_gam_2025_synthetic.csv", "expected rows of PLWH.*found 1 lines of other"),
        ("bad_renamed_2025_synthetic.csv", r"\['Data value'\].*Amount"),
        ("bad_cut_off_2025_synthetic.csv", "cut off"),
        ("bad_page_2025_synthetic.csv", "web page"),
    ],
)
def test_other_files_are_refused_by_name(name: str, message: str) -> None:
    """Each file that is something else is refused, saying what it is."""
    with pytest.raises(SourceRefused, match=message):
        source.recognise(FIXTURES / name)


def test_damaged_zips_are_refused(tmp_path: Path) -> None:
    """A zip without its end, or with a damaged middle, is not a smaller table."""
    whole = zipped(GOOD, tmp_path / "whole_2025.zip").read_bytes()
    damaged = bytearray(whole)
    damaged[len(whole) // 3] ^= 0xFF
    for name, content in {"cut_2025.zip": whole[:-40], "damaged_2025.zip": bytes(damaged)}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SourceRefused, match="expected a complete zip"):
            source.recognise(tmp_path / name)


def test_fetch_finds_the_newest_edition(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Editions are looked for from this year back, under the table's own name."""
    set_calendar(monkeypatch, 2026)
    server = BulkServer(f"{ADDRESS}/Estimates_2025_en.zip", GOOD)
    found = source.fetch(server, None, tmp_path)  # type: ignore[arg-type]
    assert found is not None
    assert (found.release, found.url) == ("2026-01-15", server.has)


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
