"""DOSE discharge data: words and blanks, who counts as US, counties, and rates that must fit their counts."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import cdc_dose_discharge
from assets.transport import Transport
from schemas.observations import COLUMNS, Observation
from schemas.quarantine import Quarantine

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "cdc_dose_discharge"
JURISDICTION = FIXTURES / "synthetic Jurisdiction Counts & Rates 2025-01-13.csv"
OVERALL = FIXTURES / "synthetic Overall by Sex & Age 2025-01-13.csv"
COUNTY = FIXTURES / "synthetic County Counts & Rates 2025-01-13.csv"
SUBMISSIONS = FIXTURES / "synthetic US Jurisdiction Submissions 2025-01-13.csv"
SHEETS = (JURISDICTION, OVERALL, COUNTY, SUBMISSIONS)
RELEASE = "2025-01-13"
VISITS, VISIT_RATE = "overdose_ed_visits", "overdose_ed_visit_rate_crude_per_100k"
RESIDENTS, RESIDENT_RATE = "overdose_ed_visits_residents", "overdose_ed_visit_rate_residents_crude_per_100k"


def tidy(*paths: Path) -> Tidy:
    """Tidy files as one dropped-in release and check what holds for every file."""
    snapshot = Snapshot("cdc_dose_discharge", RELEASE, paths[0].parent, paths, "", "", "", "drop-in")
    result = cdc_dose_discharge.tidy(snapshot)
    assert result.unaccounted() == 0
    stamp = {"source_id": "cdc_dose_discharge", "release": RELEASE}
    Observation.validate(result.observations.assign(**stamp, snapshot_id=snapshot.snapshot_id)[COLUMNS])
    Quarantine.validate(result.quarantine.assign(**stamp)[["source_id", "release", *result.quarantine.columns]])
    return result


def of(result: Tidy, area: str, start: str, end: str, by: str = "measure_id", **groups: str) -> pd.DataFrame:
    """Give a place's observations of one period and group."""
    rows = result.observations
    mask = rows["area_id"].eq(area) & rows["period_start"].eq(pd.Timestamp(start))
    mask &= rows["period_end"].eq(pd.Timestamp(end))
    for column, value in groups.items():
        mask &= rows[column].eq(value)
    return rows[mask].set_index(by)


@pytest.mark.parametrize("path", SHEETS)
def test_each_sheet_is_recognised_by_its_columns(path: Path) -> None:
    """Any sheet may be dropped alone; its release is the date in its name."""
    recognised = cdc_dose_discharge.recognise(path)
    assert (recognised.release, recognised.files) == (RELEASE, (path,))
    assert len(tidy(path).raw) == 1


def test_words_and_zero_are_told_apart() -> None:
    """Suppressed is hidden, NA before a code existed does not apply, zero is zero."""
    year = of(tidy(*SHEETS), "US-VT", "2019-01-01", "2019-12-31", by="drug", measure_id=VISITS)
    assert year["status"].to_dict() == {
        **dict.fromkeys(["all", "opioids", "heroin", "stimulants", "benzodiazepines"], "reported"),
        **dict.fromkeys(["fentanyl", "methamphetamine"], "not_applicable"),
        "cocaine": "suppressed",
    }
    assert (year.loc["all", "value"], year.loc["benzodiazepines", "value"]) == (500, 0)
    assert year.loc["cocaine", "note"] == "1 to 9 overdoses"
    month = of(tidy(*SHEETS), "US-VT", "2021-03-01", "2021-03-31", by="drug", measure_id=VISIT_RATE)
    assert month.loc["all", ["value", "note"]].tolist() == [6.3, "rate of the month, not annualised"]
    assert month.loc["fentanyl", "note"].endswith("1 to 19 overdoses")


def test_us_is_the_jurisdictions_that_give_the_data_not_the_country() -> None:
    """Each kind of data has an area and a denominator of its own, and values say how many jurisdictions there were."""
    result = tidy(*SHEETS)
    assert not result.observations["area_id"].eq("USA").any()
    visits = of(result, "US-XDOSEED", "2021-01-01", "2021-12-31", drug="all", sex="all")
    stays = of(result, "US-XDOSEHOSP", "2021-01-01", "2021-12-31", drug="all", sex="all")
    assert visits.loc[VISITS, ["value", "note"]].tolist() == [30_000, "29 jurisdictions"]
    assert visits.loc["resident_population", "value"] == 30_000_000
    assert stays.loc["overdose_hospitalisations", ["value", "note"]].tolist() == [20_000, "33 jurisdictions"]
    assert stays.loc["jurisdictions_reporting", "value"] == 33


def test_groups_by_sex_and_age_have_their_population_once() -> None:
    """The mid-year population of a group is kept for the year, and its repetition on a month's line is a drop."""
    result = tidy(OVERALL)
    girls = of(result, "US-XDOSEED", "2021-01-01", "2021-12-31", sex="female", age_group="0-14", drug="all")
    assert girls.loc["resident_population", "value"] == 3_000_000
    assert result.dropped == {cdc_dose_discharge.REPEATED: 1}
    missing = of(result, "US-XDOSEED", "2021-01-01", "2021-12-31", sex="unknown", age_group="unknown", drug="all")
    assert missing["status"].to_dict() == {
        VISITS: "reported",
        VISIT_RATE: "not_collected",
        "resident_population": "not_collected",
    }


def test_counties_are_of_residents_and_five_years_are_one_period() -> None:
    """A county keeps its own measures, gets its lost zero back, and five years are per person-years."""
    result = tidy(COUNTY)
    five = of(result, "US-50001", "2019-01-01", "2023-12-31")
    assert five["value"].to_dict() == {RESIDENTS: 74, RESIDENT_RATE: 40.0}
    assert five.loc[RESIDENT_RATE, "note"] == "per 100,000 person-years; five years together"
    assert of(result, "US-50009", "2019-01-01", "2023-12-31").loc[RESIDENT_RATE, "value"] == 83.3
    assert of(result, "US-50009", "2019-01-01", "2019-12-31")["value"].tolist() == [0, 0]
    assert set(of(result, "US-06003", "2019-01-01", "2019-12-31")["status"]) == {"suppressed"}
    assert set(of(result, "US-15005", "2019-01-01", "2019-12-31")["status"]) == {"not_collected"}
    assert result.dropped == {
        cdc_dose_discharge.BLANK: 11,
        cdc_dose_discharge.CENSUS: 9,
        cdc_dose_discharge.PERSON_YEARS: 4,
    }


def test_unreadable_records_are_quarantined_with_their_reason() -> None:
    """Each fault has its code; a rate that is not its count over its population gives a shifted column away."""
    assert tidy(COUNTY).quarantine["code"].value_counts().to_dict() == {
        "area_mismatch": 2,
        "unknown_area": 2,
        "unknown_period": 2,
        "unknown_measure": 2,
        "rate_disagrees": 1,
    }
    found = tidy(JURISDICTION).quarantine.groupby("code")["value"].agg(list)
    assert found.map(len).to_dict() == {
        "not_a_number": 1,
        "not_whole": 1,
        "out_of_range": 1,
        "ragged_line": 1,
        "rate_disagrees": 2,
        "unknown_area": 16,
        "unknown_measure": 16,
        "unknown_period": 16,
    }
    assert found["not_whole"] == ["100.5"]
    assert "800" in found["rate_disagrees"]
    assert tidy(OVERALL).quarantine["code"].value_counts().to_dict() == {"unknown_group": 17}
    assert tidy(SUBMISSIONS).quarantine["value"].tolist() == ["many"]


def test_columns_may_be_named_as_in_the_dictionary() -> None:
    """The dictionary's names for three columns are understood."""
    path = FIXTURES / "synthetic Jurisdiction as in the dictionary 2025-01-13.csv"
    rows = of(tidy(path), "US-VT", "2019-01-01", "2019-12-31", by="drug", measure_id=VISITS)
    assert rows.loc["benzodiazepines", "value"] == 0


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("bad_synthetic renamed 2025-01-13.csv", r"count_heroin.*found instead \['heroin'\]"),
        ("bad_synthetic Data Dictionary 2025-01-13.csv", "expected the columns"),
        ("bad_synthetic cut 2025-01-13.csv", "cut off"),
        ("bad_synthetic syndromic 2025-01-13.csv", "expected the columns.*rate_time"),
    ],
)
def test_other_files_are_refused(name: str, match: str) -> None:
    """A renamed column, the dictionary, a cut-off file and the other DOSE download are refused with the difference."""
    with pytest.raises(SourceRefused, match=match):
        cdc_dose_discharge.recognise(FIXTURES / name)


def test_release_date_is_never_guessed(tmp_path: Path) -> None:
    """A name without the date, or with one before the data end, is refused with the remedy."""
    shutil.copyfile(COUNTY, tmp_path / "County.csv")
    with pytest.raises(SourceRefused, match="Rename it"):
        cdc_dose_discharge.recognise(tmp_path / "County.csv")
    shutil.copyfile(COUNTY, tmp_path / "County 2023-06-30.csv")
    with pytest.raises(SourceRefused, match="on or after 2023-12-31"):
        cdc_dose_discharge.recognise(tmp_path / "County 2023-06-30.csv")


def test_fetch_says_where_a_person_finds_the_file(tmp_path: Path) -> None:
    """There is no address for scripts: the refusal names the page and the drop folder."""
    with pytest.raises(SourceRefused, match=r"cdc\.gov.*data/drop/cdc_dose_discharge"):
        cdc_dose_discharge.fetch(Transport(), None, tmp_path)


def test_published_files_are_accounted_for(shared_data: Path) -> None:
    """Every cell of the release of January 2025 is an observation or a documented drop, and every rate fits."""
    folder = shared_data / "us" / "cdc_dose_dx"
    paths = [path for path in sorted(folder.glob("*.csv")) if "Dictionary" not in path.name]
    result = tidy(*paths)
    print(f"\n{result.records_in:,} records in, {len(result.observations):,} out; {result.dropped}")
    assert result.records_in == (5_018 + 1_560) * 17 + 14_196 * 4 + 156
    assert result.quarantine.empty
    assert result.observations.query("measure_id == 'overdose_ed_visits_residents'")["area_id"].nunique() == 2_061
    assert result.dropped[cdc_dose_discharge.BLANK] == 14_196
    visits = of(result, "US-XDOSEED", "2023-01-01", "2023-12-31", drug="all", sex="all")
    assert visits.loc[VISITS, ["value", "note"]].tolist() == [307_848, "29 jurisdictions"]
    alaska = of(result, "US-AK", "2018-01-01", "2018-12-31", by="drug", measure_id=VISIT_RATE)
    assert alaska.loc[["all", "heroin"], "value"].tolist() == [107.5, 18.3]
