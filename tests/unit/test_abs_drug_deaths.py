"""Drug-induced deaths in Australia: one count for each key, two natures apart, and a year written 2e3."""

from pathlib import Path

import pandas as pd
import pytest

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import abs_drug_deaths
from assets.transport import Transport
from schemas.observations import COLUMNS, Observation
from schemas.quarantine import Quarantine
from schemas.sources import abs_drug_deaths as layout

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "abs_drug_deaths"
GOOD = FIXTURES / "synthetic_long_table-2020-03-31.csv"


def tidy(path: Path) -> Tidy:
    """Recognise and tidy a file as one dropped-in release, and check what holds for every file."""
    release = abs_drug_deaths.recognise(path).release
    snapshot = Snapshot("abs_drug_deaths", release, path.parent, (path,), "", "", "", "drop-in")
    result = abs_drug_deaths.tidy(snapshot)
    assert result.unaccounted() == 0
    stamp = {"source_id": "abs_drug_deaths", "release": release}
    Observation.validate(result.observations.assign(**stamp, snapshot_id=snapshot.snapshot_id)[COLUMNS])
    Quarantine.validate(result.quarantine.assign(**stamp)[["source_id", "release", *result.quarantine.columns]])
    return result


@pytest.fixture(scope="module")
def result() -> Tidy:
    """The made-up table, with one line for each oddity."""
    return tidy(GOOD)


def one(result: Tidy, area: str, drug: str, year: int, measure: str = layout.UNDERLYING) -> pd.Series:
    """Give the one observation of a place, class, year and measure."""
    rows = result.observations.query("area_id == @area and drug == @drug and measure_id == @measure")
    rows = rows[rows["period_start"] == pd.Timestamp(year, 1, 1)]
    assert len(rows) == 1
    assert rows["period_end"].item() == pd.Timestamp(year, 12, 31)
    return rows.iloc[0]


def test_a_year_in_scientific_notation_is_read(result: Tidy) -> None:
    """The table's writer turned the year 2000 into 2e3, and the country has two names."""
    assert one(result, "AUS", "opioids", 2000)["value"] == 900
    assert one(result, "AUS", "all", 2018)["value"] == 1700


def test_the_newest_line_of_a_key_is_kept(result: Tidy) -> None:
    """A later version replaces an earlier one whatever the count; within a version the larger count is kept."""
    row = one(result, "AU-NSW", "heroin", 2016)
    assert (row["value"], row["is_provisional"]) == (41, True)
    assert one(result, "AU-VIC", "cocaine", 2015)["value"] == 5
    assert result.dropped == {layout.EQUAL_DROPPED: 1, layout.OTHER_DROPPED: 2, layout.CLASS_DROPPED: 1}


def test_underlying_and_any_mention_are_two_measures(result: Tidy) -> None:
    """A drug that caused the death and a drug that was found never meet in one measure."""
    assert one(result, "AU-NSW", "heroin", 2016, layout.MENTION)["value"] == 60
    row = one(result, "AU-NT", "psychostimulants", 2015, layout.MENTION)
    assert (row["value"], row["population_group"], row["age_group"]) == (0, "intent: undetermined", "75-84")


def test_preliminary_and_revised_counts_are_provisional(result: Tidy) -> None:
    """Only final counts are not provisional."""
    assert one(result, "AUS", "all", 2018)["is_provisional"]
    assert not one(result, "AUS", "opioids", 2000)["is_provisional"]


def test_small_counts_say_that_they_are_changed(result: Tidy) -> None:
    """A count under ten carries a remark; a zero and an empty cell do not."""
    assert one(result, "AU-VIC", "cocaine", 2015)["note"] == layout.PERTURBED_NOTE
    assert one(result, "AU-NT", "psychostimulants", 2015, layout.MENTION)["note"] == ""
    assert one(result, "AU-TAS", "methadone", 2015)["status"] == "not_collected"


def test_what_cannot_be_read_is_set_aside_with_its_line(result: Tidy) -> None:
    """Each unknown label, a span of years, a bound instead of a number, and an unknown version go with their line."""
    assert dict(zip(result.quarantine["row"], result.quarantine["code"], strict=True)) == {
        13: "unknown_drug",
        14: "unknown_measure",
        15: "unknown_area",
        16: "unknown_group",
        17: "unknown_group",
        18: "unknown_group",
        19: "unknown_period",
        20: "not_a_number",
        21: "unknown_note",
        22: "unknown_date",
    }


def test_the_older_layout_is_read() -> None:
    """The table of 2018 has no versions, and rates that its maker added, which are not read."""
    row = tidy(FIXTURES / "synthetic_long_table-2018-07-10.csv").observations
    assert row[["value", "is_provisional"]].to_numpy().tolist() == [[700, False]]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bad_synthetic_without_nature-2018-07-10.csv", r"expected the columns \['nature'\]"),
        ("bad_synthetic_by_region-2018-07-10.csv", r"splits them by \['region'\]"),
        ("bad_synthetic_cut_off-2018-07-10.csv", "line 3 cut off"),
        ("bad_synthetic_too_early-2018-07-10.csv", "on or after 2018-12-31"),
    ],
)
def test_other_files_are_refused(name: str, message: str) -> None:
    """A table without natures, one split by region, a cut-off one and an impossible day are refused."""
    with pytest.raises(SourceRefused, match=message):
        abs_drug_deaths.recognise(FIXTURES / name)


def test_it_is_never_fetched(tmp_path: Path) -> None:
    """No script downloads it: the message says how a person does."""
    with pytest.raises(SourceRefused, match="data/drop/abs_drug_deaths"):
        abs_drug_deaths.fetch(Transport(), None, tmp_path)
