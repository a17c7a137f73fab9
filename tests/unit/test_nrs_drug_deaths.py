"""Drug deaths in Scotland: column names that are found, ages that make up a total, marks that are no zeros."""

from pathlib import Path

import pandas as pd
import pytest

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import nrs_drug_deaths
from assets.transport import Transport
from schemas.observations import COLUMNS, Observation
from schemas.quarantine import Quarantine

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "nrs_drug_deaths"
GOOD = FIXTURES / "synthetic_drug_deaths-2023-08-22.xlsx"


@pytest.fixture(scope="module")
def result() -> Tidy:
    """The made-up workbook, read as one dropped-in release, with what holds for every file checked."""
    release = nrs_drug_deaths.recognise(GOOD).release
    assert release == "2023-08-22"
    snapshot = Snapshot("nrs_drug_deaths", release, FIXTURES, (GOOD,), "", "", "", "drop-in")
    made = nrs_drug_deaths.tidy(snapshot)
    assert made.unaccounted() == 0
    stamp = {"source_id": "nrs_drug_deaths", "release": release}
    Observation.validate(made.observations.assign(**stamp, snapshot_id=snapshot.snapshot_id)[COLUMNS])
    Quarantine.validate(made.quarantine.assign(**stamp)[["source_id", "release", *made.quarantine.columns]])
    return made


def one(made: Tidy, measure: str, year: int, sex: str = "all", age: str = "all") -> pd.Series:
    """Give the one observation of a measure, year, sex and age."""
    rows = made.observations.query("measure_id == @measure and sex == @sex and age_group == @age")
    rows = rows[rows["period_start"] == pd.Timestamp(year, 1, 1)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_rates_have_their_limits(result: Tidy) -> None:
    """A rate stands with its published limits; where the limits are marked as absent they are null, the rate stays."""
    row = one(result, "drug_misuse_death_rate_age_adjusted_per_100k", 2022)
    assert row[["value", "lower", "upper"]].tolist() == [20.5, 18.25, 22.75]
    assert (row["area_id"], row["period_end"]) == ("GB-SCT", pd.Timestamp("2022-12-31"))
    male = one(result, "drug_misuse_death_rate_age_adjusted_per_100k", 2022, "male")
    assert male["value"] == 26
    assert male[["lower", "upper"]].isna().all()


def test_a_mark_is_no_value_and_no_zero(result: Tidy) -> None:
    """A mark in place of a value gives its reason; a mark of a year is noted and the year is read."""
    row = one(result, "drug_misuse_death_rate_age_adjusted_per_100k", 2008)
    assert (row["status"], pd.isna(row["value"])) == ("not_collected", True)
    assert row["note"] == "published mark of the year: [b]; published mark instead of a value"
    assert one(result, "drug_misuse_deaths", 2021, age="30-34")["status"] == "suppressed"
    assert one(result, "drug_misuse_deaths", 2021, age="40-44")["value"] == 0


def test_counts_are_by_age_and_sex(result: Tidy) -> None:
    """All ages stand in the third column, whatever it is called; single years and open ends are ages too."""
    assert one(result, "drug_misuse_deaths", 2022)["value"] == 100
    assert one(result, "drug_misuse_deaths", 2022, "female", "30-34")["value"] == 25
    assert one(result, "drug_misuse_deaths", 2022, age="90+")["value"] == 1
    assert one(result, "drug_misuse_deaths", 2022, age="0-0")["value"] == 0
    assert result.observations.query("measure_id == 'drug_misuse_deaths'")["age_group"].nunique() == 21


def test_what_cannot_be_read_is_set_aside(result: Tidy) -> None:
    """Ages that do not make up their total go with it; a line that lacks an age is not checked, and stays."""
    codes = result.quarantine.groupby(["row", "code"]).size().to_dict()
    assert codes == {
        (8, "contradicts_total"): 21,
        (10, "unknown_period"): 21,
        (11, "not_a_number"): 2,
        (11, "outside_limits"): 1,
        (12, "unknown_group"): 1,
        (12, "contradicts_total"): 21,
    }
    assert one(result, "drug_misuse_deaths", 2020)["value"] == 80
    assert one(result, "drug_misuse_deaths", 2018, age="30-34")["status"] == "not_collected"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bad_synthetic_renamed-2023-08-22.xlsx", r"Age-standardised rate.*found instead.*'Rate'"),
        ("bad_synthetic_one_sheet-2023-08-22.xlsx", r"expected the sheets Table_1 and Table_4, found"),
        ("bad_synthetic_no_date.xlsx", "expected the date the publisher released it"),
    ],
)
def test_other_files_are_refused(name: str, message: str) -> None:
    """A renamed column, a missing sheet and a name without a day are refused with what was found."""
    with pytest.raises(SourceRefused, match=message):
        nrs_drug_deaths.recognise(FIXTURES / name)


def test_it_is_never_fetched(tmp_path: Path) -> None:
    """No script downloads it: the message says how a person does."""
    with pytest.raises(SourceRefused, match="data/drop/nrs_drug_deaths"):
        nrs_drug_deaths.fetch(Transport(), None, tmp_path)
