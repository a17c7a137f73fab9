"""SEER's fixed records: summed as they stream by, withheld where a line is strange, refused where one is broken."""

import gzip
from pathlib import Path

import pandas as pd
import pytest

from assets import seer_records
from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import seer_population
from assets.transport import Transport
from schemas.areas import areas
from schemas.observations import COLUMNS, Observation
from schemas.quarantine import Quarantine

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "seer_population"
VERMONT = FIXTURES / "synthetic_vt.2018_2020.20ages.adjusted.txt"
YEARLY = 2 * 3 * sum(20 * 10 * race + sum(range(20)) for race in (1, 2, 3))
"""People of the made-up Vermont in a year: two sexes, two counties of which one has twice the other's people."""


def tidy(*paths: Path, release: str = "2020-07-01") -> Tidy:
    """Tidy files as one dropped-in release and check what holds for every file."""
    snapshot = Snapshot("seer_population", release, paths[0].parent, paths, "", "", "", "drop-in")
    result = seer_population.tidy(snapshot)
    assert result.unaccounted() == 0
    stamp = {"source_id": "seer_population", "release": release}
    Observation.validate(result.observations.assign(**stamp, snapshot_id=snapshot.snapshot_id)[COLUMNS])
    Quarantine.validate(result.quarantine.assign(**stamp)[["source_id", "release", *result.quarantine.columns]])
    return result


def people(result: Tidy, area: str, year: int, sex: str = "all", age: str = "all") -> list[float]:
    """Give the residents of an area, year and group; an empty list where none are shown."""
    rows = result.observations
    chosen = (rows["area_id"] == area) & (rows["period_end"].dt.year == year)
    return rows.loc[chosen & (rows["sex"] == sex) & (rows["age_group"] == age), "value"].tolist()


@pytest.fixture(scope="module")
def vermont() -> Tidy:
    """The made-up file of one state."""
    return tidy(VERMONT)


def test_release_is_the_last_year_of_the_name() -> None:
    """The vintage goes by 1 July of its last year, as the Census Bureau's does."""
    assert seer_population.recognise(VERMONT).release == "2020-07-01"


def test_counties_races_and_origins_are_summed(vermont: Tidy) -> None:
    """A state's total, sexes and ages add up; codes 0 and 1 are 0-4, 18 and 19 are 85 and over."""
    assert people(vermont, "US-VT", 2018) == [YEARLY]
    assert people(vermont, "US-VT", 2018, "male") == [YEARLY / 2]
    # Three races of 10, 20 and 30 people more than the age code, in counties of two parts and one.
    assert people(vermont, "US-VT", 2018, "female", "0-4") == [3 * (2 * 60 + 3 * 0 + 3 * 1)]
    assert people(vermont, "US-VT", 2018, "female", "5-9") == [3 * (60 + 3 * 2)]
    assert people(vermont, "US-VT", 2018, "all", "85+") == [2 * 3 * (2 * 60 + 3 * 18 + 3 * 19)]
    ages = vermont.observations.query("area_id == 'US-VT' and sex == 'all' and age_group != 'all'")
    assert ages.groupby("period_end")["value"].sum().iloc[0] == YEARLY
    assert ages["age_group"].nunique() == 18


def test_counties_have_totals_and_odd_codes_are_left_to_the_state(vermont: Tidy) -> None:
    """A code of SEER's own has no row, but its people are in the state."""
    assert people(vermont, "US-50001", 2018) == [YEARLY * 2 / 3]
    assert people(vermont, "US-50003", 2018) == [YEARLY / 3]
    assert people(vermont, "US-50003", 2020) == []
    assert people(vermont, "US-VT", 2020) == [YEARLY + 240]
    assert list(vermont.release_notes.values()) == ["1 codes are SEER's own"]


def test_a_strange_line_withholds_its_state_and_year(vermont: Tidy) -> None:
    """A sex of 3 is in quarantine with its line, and no sum of that year is shown, as it would be too small."""
    assert people(vermont, "US-VT", 2019) == people(vermont, "US-50001", 2019) == []
    line = vermont.quarantine.iloc[0]
    assert (line["row"], line["code"], line["value"]) == (241, "unknown_group", "2019VT50001991930000000020")
    assert vermont.dropped[seer_population.WITHHELD] == 239
    assert vermont.records_in == 720


def test_raw_keeps_race_and_origin(vermont: Tidy) -> None:
    """What is summed over for the totals is kept by code, with its zeros."""
    raw = vermont.raw["seer_population"]
    assert len(raw.query("year == '2018'")) == 3 * 2 * 20
    row = raw.query("year == '2018' and race == '2' and sex == '1' and age == '05'").iloc[0]
    assert row[["state_fips", "origin", "population"]].tolist() == ["50", "9", "75"]


def test_nation_is_the_sum_of_all_states_and_the_displaced(tmp_path: Path) -> None:
    """All 51 make the nation, with people whom the hurricanes displaced; 50 do not."""
    known = areas()
    fips = known.loc[known["in_us_total"] & known["fips"].notna(), ["area_id", "fips"]]
    codes = {area[3:]: code for area, code in zip(fips["area_id"], fips["fips"], strict=True) if len(area) == 5}
    codes["NY"] = "36"
    assert len(codes) == 51
    cells = [(county, race, sex, age) for county in "13" for race in "123" for sex in "12" for age in range(19)]

    def write(states: dict[str, str], name: str) -> Path:
        lines = [
            f"2005{letters}{code}00{county}99{race}9{sex}{age:02d}{10:08d}\n"
            for letters, code in states.items()
            for county, race, sex, age in cells
        ]
        (tmp_path / name).write_bytes(gzip.compress("".join(lines).encode()))
        return tmp_path / name

    whole = tidy(write(codes | {"KR": "99"}, "us.2005_2005.19ages.adjusted.txt.gz"), release="2005-07-01")
    assert people(whole, "USA", 2005) == [52 * 10 * len(cells)]
    assert people(whole, "US-NY", 2005) == [10 * len(cells)]
    assert people(whole, "USA", 2005, "all", "85+") == [52 * 10 * len(cells) / 19]
    fewer = {letters: code for letters, code in codes.items() if letters != "WY"}
    assert people(tidy(write(fewer, "us.2005_2005.19ages.txt.gz"), release="2005-07-01"), "USA", 2005) == []


def test_pieces_of_a_file_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading in pieces that end inside a line gives the same sums and line numbers."""
    whole = tidy(VERMONT)
    monkeypatch.setattr(seer_records, "CHUNK", 1_000)
    pieces = tidy(VERMONT)
    pd.testing.assert_frame_equal(pieces.observations, whole.observations)
    pd.testing.assert_frame_equal(pieces.quarantine, whole.quarantine)


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("bad_synthetic_vt.2018_2021.20ages.adjusted.txt", "expected years to 2021 .* found 2020"),
        ("bad_synthetic_vt.2018_2020.singleages.txt", "found singleages"),
        ("bad_synthetic_letters.2018_2020.20ages.txt", "found line 6: "),
        ("bad_synthetic_cut_off.2018_2020.20ages.txt", "found 11 in line 31"),
        ("bad_synthetic_table.2018_2020.20ages.txt", "expected 26 characters"),
        ("bad_synthetic_no_years.txt", "expected SEER's own name"),
        ("bad_synthetic_few_lines.2020_2020.20ages.txt", "not a whole file"),
    ],
)
def test_other_files_are_refused(name: str, match: str) -> None:
    """Another layout, single ages, a cut-off file, and a name that the lines contradict are refused."""
    with pytest.raises(SourceRefused, match=match):
        tidy(FIXTURES / name)


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    """A packed file that ends early is refused."""
    packed = gzip.compress(VERMONT.read_bytes())
    (tmp_path / "vt.2018_2020.20ages.txt.gz").write_bytes(packed[:-20])
    with pytest.raises(SourceRefused, match="damaged"):
        tidy(tmp_path / "vt.2018_2020.20ages.txt.gz")


def test_fetch_says_where_a_person_finds_the_files(tmp_path: Path) -> None:
    """The address changes with each vintage: the refusal names the page and the drop folder."""
    with pytest.raises(SourceRefused, match=r"seer\.cancer\.gov.*data/drop/seer_population"):
        seer_population.fetch(Transport(), None, tmp_path)
