"""UAM and NESI: quartiles that are no limits, questions not asked, and the survey a table is of."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import ukhsa_uam_nesi
from assets.transport import Transport
from schemas.observations import COLUMNS, Observation
from schemas.quarantine import Quarantine

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "ukhsa_uam_nesi"


def tidy(*names: str | Path) -> Tidy:
    """Tidy tables as one dropped-in release and check what holds for every file."""
    paths = tuple(FIXTURES / name for name in names)
    release = ukhsa_uam_nesi.recognise(paths[0]).release
    snapshot = Snapshot("ukhsa_uam_nesi", release, paths[0].parent, paths, "", "", "", "drop-in")
    result = ukhsa_uam_nesi.tidy(snapshot)
    assert result.unaccounted() == 0
    stamp = {"source_id": "ukhsa_uam_nesi", "release": release}
    Observation.validate(result.observations.assign(**stamp, snapshot_id=snapshot.snapshot_id)[COLUMNS])
    Quarantine.validate(result.quarantine.assign(**stamp)[["source_id", "release", *result.quarantine.columns]])
    return result


def one(result: Tidy, measure: str, area: str, year: int, group: str = "all") -> pd.Series:
    """Give the one observation of a measure, place, year and group."""
    rows = result.observations.query("measure_id == @measure and area_id == @area and population_group == @group")
    rows = rows[rows["period_start"] == pd.Timestamp(year, 1, 1)]
    assert len(rows) == 1
    assert rows["period_end"].item() == pd.Timestamp(year, 12, 31)
    return rows.iloc[0]


def test_quartiles_are_measures_and_not_limits() -> None:
    """What the table calls lower and upper are quartiles of people: no row has them as its limits."""
    result = tidy("synthetic_uam_quantiles_19jan2022.csv")
    for name, value in (("lower_quartile", 29.5), ("median", 35), ("upper_quartile", 41)):
        assert one(result, f"pwid_age_{name}_years", "GB-ENG", 2018)["value"] == value
    assert result.observations[["lower", "upper"]].isna().all(axis=None)
    assert one(result, "pwid_injecting_duration_median_years", "GB-E12000003", 2018)["value"] == 16


def test_what_is_labelled_england_says_what_it_pools() -> None:
    """England is all places of the survey together by the script that made the table: its rows say so, others not."""
    rows = tidy("synthetic_uam_quantiles_19jan2022.csv").observations
    pooled = rows["note"].str.contains("Wales included")
    assert set(rows.loc[pooled, "area_id"]) == {"GB-ENG"}
    assert pooled[rows["area_id"] == "GB-ENG"].all()


def test_age_at_first_injection_is_by_year_of_first_injection() -> None:
    """Its year is no survey's, and those who began shortly before the survey are a group of their own."""
    result = tidy("synthetic_uam_quantiles_19jan2022.csv")
    recent = one(result, "pwid_first_injection_age_median_years", "GB-NIR", 2017, "began_within_3_years")
    everyone = one(result, "pwid_first_injection_age_median_years", "GB-WLS", 1985)
    assert (recent["value"], everyone["value"]) == (24, 18)
    assert {recent["note"], everyone["note"]} == {"year of first injection, not of the survey"}


def test_what_cannot_be_read_is_set_aside() -> None:
    """Quartiles out of order go together; an unknown place, parameter, year and word go with their line."""
    found = tidy("synthetic_uam_quantiles_19jan2022.csv").quarantine
    assert found.groupby("row")["code"].agg(list).to_dict() == {
        6: ["contradictory"] * 3,
        7: ["unknown_area"] * 3,
        8: ["unknown_group"] * 3,
        9: ["unknown_period"] * 3,
        10: ["not_a_number"],
    }


def test_scotland_is_kept_and_its_groups_of_health_boards_are_dropped() -> None:
    """Three groups of health boards have no area here: nine cells are dropped, and counted."""
    result = tidy("synthetic_nesi_quantiles_2oct2021.csv")
    assert set(result.observations["area_id"]) == {"GB-SCT"}
    assert result.dropped == {"group of Scottish health boards, which is no area here": 9}


def test_shares_are_percent_of_the_survey_that_the_column_names_tell() -> None:
    """Two surveys spell their columns differently, and that alone says whose shares these are."""
    group = "injecting_for_11_years"
    uam = tidy("synthetic_uam_histogram_2oct2021.csv")
    first, later = (one(uam, "pwid_injecting_duration_share_pct", "GB-XUAM", year, group) for year in (1990, 2019))
    nesi = tidy("synthetic_nesi_histogram_2oct2021.csv")
    assert (first["value"], later["value"]) == (25, 50)
    assert first["note"].startswith("heap")
    assert later["note"] == ""
    scottish = one(nesi, "pwid_injecting_duration_share_pct", "GB-SCT", 1990, group)
    assert (scottish["value"], scottish["note"]) == (12.5, "")
    empty = one(uam, "pwid_injecting_duration_share_pct", "GB-XUAM", 2019, "injecting_for_41_years")
    zero = one(uam, "pwid_injecting_duration_share_pct", "GB-XUAM", 1990, "injecting_for_12_years")
    assert (empty["status"], zero["value"]) == ("not_collected", 0)
    codes = uam.quarantine.groupby("row")["code"].first().to_dict()
    assert codes == {6: "contradictory", 7: "contradictory", 8: "unknown_group"}


def test_a_question_not_asked_is_not_a_zero() -> None:
    """Nobody said yes or no in 1992: both are not collected; a no of nobody beside a yes is a zero."""
    result = tidy("synthetic_injected_past_year-2022-04-01.csv")
    for group in ("injected_past_year", "not_injected_past_year"):
        row = one(result, "pwid_survey_participants", "GB-XUAM", 1992, group)
        assert (row["status"], row["note"]) == ("not_collected", "not asked in this year")
    assert one(result, "pwid_survey_participants", "GB-XUAM", 1992, "injected_past_year_unknown")["value"] == 300
    assert one(result, "pwid_survey_participants", "GB-XUAM", 2018, "not_injected_past_year")["value"] == 0
    assert result.quarantine[["row", "value", "code"]].to_numpy().tolist() == [[4, "1.5", "not_a_number"]]


def test_a_part_is_no_larger_than_its_whole() -> None:
    """More people with symptoms than were asked, or with earlier participation than took part, are refused together."""
    result = tidy("synthetic_symptoms-2022-06-01.csv")
    assert one(result, "pwid_survey_participants", "GB-XUAM", 2020, "injection_site_infection")["value"] == 40
    assert one(result, "pwid_survey_participants", "GB-XUAM", 2021, "injection_site_infection_untreated")["value"] == 30
    assert result.quarantine["code"].value_counts().to_dict() == {"contradictory": 2, "unknown_group": 2}
    earlier = tidy("synthetic_previous_participation-2022-04-01.csv")
    assert one(earlier, "pwid_survey_participants", "GB-XUAM", 2018, "took_part_before")["value"] == 50
    assert earlier.quarantine["code"].tolist() == ["contradictory"] * 2


def test_release_is_the_day_in_the_table_s_name() -> None:
    """Both ways to write the day are read; tables of one day are one release."""
    days = {path.name: ukhsa_uam_nesi.recognise(path).release for path in FIXTURES.glob("synthetic*.csv")}
    assert days["synthetic_uam_quantiles_19jan2022.csv"] == "2022-01-19"
    assert days["synthetic_nesi_quantiles_2oct2021.csv"] == days["synthetic_uam_histogram_2oct2021.csv"] == "2021-10-02"
    assert days["synthetic_symptoms-2022-06-01.csv"] == "2022-06-01"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bad_synthetic_renamed_2oct2021.csv", r"expected the columns of one table.*found \['year', 'median'"),
        ("bad_synthetic_no_day.csv", "expected the date the publisher released it"),
        ("bad_synthetic_cut_off_2oct2021.csv", "line 3 cut off"),
    ],
)
def test_other_files_are_refused(name: str, message: str) -> None:
    """Another table, one without a day and one that is cut off are refused with what was found."""
    with pytest.raises(SourceRefused, match=message):
        ukhsa_uam_nesi.recognise(FIXTURES / name)


def test_it_is_never_fetched(tmp_path: Path) -> None:
    """No script downloads it: the message says how a person does."""
    with pytest.raises(SourceRefused, match="data/drop/ukhsa_uam_nesi"):
        ukhsa_uam_nesi.fetch(Transport(), None, tmp_path)


def test_published_tables_are_read_whole(shared_data: Path, tmp_path: Path) -> None:
    """All seven tables are read without a refusal, and give values that were looked up in them."""
    names = sorted((shared_data / "uk" / "uam_nesi").glob("*.csv"))
    names.append(shared_data / "uk" / "ons_drug_poisoning" / "uam_ssti.csv")
    dated = [path if "20" in path.stem else tmp_path / f"{path.stem}-2022-06-08.csv" for path in names]
    results = [tidy(shutil.copy(path, tmp_path / copy.name)) for path, copy in zip(names, dated, strict=True)]
    assert [len(result.quarantine) for result in results] == [0] * 7
    counted = [(result.records_in, len(result.observations), sum(result.dropped.values())) for result in results]
    assert counted == [
        (414, 117, 297), (492, 492, 0), (60, 60, 0), (90, 90, 0), (4518, 4518, 0), (1230, 1230, 0), (20, 20, 0),
    ]  # fmt: skip
    quartiles = results[4]
    assert one(quartiles, "pwid_injecting_duration_median_years", "GB-ENG", 2019)["value"] == 17
    year = one(results[3], "pwid_survey_participants", "GB-XUAM", 2019, "injected_past_year")
    assert year["value"] == 2049
    assert results[3].observations["status"].value_counts().to_dict() == {"reported": 84, "not_collected": 6}
    assert one(results[6], "pwid_survey_participants", "GB-XUAM", 2017, "injection_site_infection")["value"] == 712
