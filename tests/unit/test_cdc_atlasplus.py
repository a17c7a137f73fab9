"""AtlasPlus exports: any preamble, any columns, words instead of numbers, and titles that say what no column says."""

from pathlib import Path

import pandas as pd
import pytest

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import cdc_atlasplus
from assets.transport import Transport
from schemas.observations import COLUMNS, Observation
from schemas.quarantine import Quarantine

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "cdc_atlasplus"
NATIONAL = FIXTURES / "synthetic_national_age.csv"
BY_STATE = FIXTURES / "synthetic_by_state_2024-08-01.csv"


def tidy(path: Path, release: str = "2024-05-21") -> Tidy:
    """Tidy one file and check what holds for every file."""
    snapshot = Snapshot("cdc_atlasplus", release, path.parent, (path,), "", "", "", "drop-in")
    result = cdc_atlasplus.tidy(snapshot)
    assert result.unaccounted() == 0
    stamp = {"source_id": "cdc_atlasplus", "release": release}
    Observation.validate(result.observations.assign(**stamp, snapshot_id=snapshot.snapshot_id)[COLUMNS])
    Quarantine.validate(result.quarantine.assign(**stamp)[["source_id", "release", *result.quarantine.columns]])
    return result


@pytest.fixture(scope="module")
def national() -> Tidy:
    """The made-up national table by age, with one line for each oddity."""
    return tidy(NATIONAL)


@pytest.fixture(scope="module")
def by_state() -> Tidy:
    """The made-up table by state, race, sex and transmission category."""
    return tidy(BY_STATE, "2024-08-01")


def one(result: Tidy, **wanted: object) -> pd.Series:
    """Give the only observation with the wanted properties."""
    rows = result.observations
    for name, value in wanted.items():
        rows = rows[rows[name] == (pd.Timestamp(f"{value}-12-31") if name == "period_end" else value)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_release_is_the_day_of_printing_or_the_name_s() -> None:
    """The first line dates the table; where it is missing, the name must."""
    assert cdc_atlasplus.recognise(NATIONAL).release == "2024-05-21"
    assert cdc_atlasplus.recognise(BY_STATE).release == "2024-08-01"


def test_preamble_of_any_length_is_passed_over(national: Tidy, by_state: Tidy) -> None:
    """The table starts at its column names; lines are numbered as in the file, and footnotes are kept readable."""
    assert national.raw["cdc_atlasplus"]["_row"].iloc[0] == 9
    assert by_state.raw["cdc_atlasplus"]["_row"].iloc[0] == 5
    assert "less than 12, and rates" in national.release_notes[f"{NATIONAL.name}: footnotes"]


def test_groups_without_a_column_come_from_the_title(national: Tidy, by_state: Tidy) -> None:
    """A national table is of the United States and of the groups that its title names; ages may be too."""
    row = one(national, measure_id="hiv_diagnoses", period_end=2010)
    assert row[["area_id", "sex", "race_ethnicity", "population_group"]].tolist() == ["USA", "all", "all", "all"]
    assert row["age_group"] == "35-44"
    assert set(by_state.observations["age_group"]) == {"13+"}


def test_numbers_and_words_are_told_apart(national: Tidy) -> None:
    """A thousands comma is read; suppressed, not available and zero are three things."""
    assert one(national, measure_id="hiv_diagnoses", period_end=2010)["value"] == 10_074
    assert one(national, measure_id="hiv_diagnosis_rate_per_100k", period_end=2010)["value"] == 24.6
    assert one(national, measure_id="hiv_diagnosis_rate_per_100k", period_end=2022)["status"] == "not_collected"
    young = one(national, measure_id="hiv_diagnoses", period_end=2021, age_group="13-24")
    assert young["status"] == "suppressed"
    assert pd.isna(young["value"])
    assert one(national, measure_id="hiv_diagnoses", period_end=2021, age_group="55+")["value"] == 0


def test_years_with_remarks_are_read(national: Tidy) -> None:
    """2020 carries the pandemic's remark; years that the footnote calls preliminary are provisional; few is said."""
    row = one(national, measure_id="hiv_diagnoses", period_end=2020)
    assert (row["value"], row["note"]) == (11_279, "first year of the COVID-19 pandemic: fewer tests")
    assert one(national, measure_id="hiv_diagnoses", period_end=2022)["is_provisional"]
    assert not row["is_provisional"]
    few = one(national, measure_id="hiv_diagnoses", period_end=2021, age_group="45-54")
    assert few["note"] == "fewer than 12: interpret with caution"


def test_areas_go_by_code_whatever_zeros_were_lost(by_state: Tidy) -> None:
    """A footnote mark and a lost zero do not matter for states and counties; each group has our name."""
    alabama = one(by_state, area_id="US-AL", measure_id="hiv_diagnoses")
    assert alabama[["sex", "race_ethnicity", "population_group"]].tolist() == [
        "male",
        "Black/African American",
        "injection_drug_use",
    ]
    assert one(by_state, area_id="US-01001", measure_id="hiv_diagnoses")["value"] == 4
    assert one(by_state, area_id="USA", measure_id="hiv_diagnoses")["value"] == 2_513
    assert one(by_state, area_id="US-TX", measure_id="people_with_diagnosed_hiv")["value"] == 98_000


def test_deaths_of_one_to_nine_people_are_hidden(by_state: Tidy) -> None:
    """Nine deaths and their rate are suppressed everywhere, also as published; none and many are not."""
    assert set(by_state.observations.query("area_id == 'US-VT'")["status"]) == {"suppressed"}
    raw = by_state.raw["cdc_atlasplus"].query("Geography == 'Vermont'")
    assert raw[["Cases", "Rate per 100000"]].to_numpy().tolist() == [["1-9", "1-9"]]
    assert one(by_state, area_id="US-ME", measure_id="hiv_deaths")["value"] == 0
    assert one(by_state, area_id="US-TX", measure_id="hiv_death_rate_per_100k")["value"] == 5.6


def test_unreadable_records_are_quarantined_with_their_reason(national: Tidy, by_state: Tidy) -> None:
    """Each fault has its code and text, once for the cases and once for the rate where it is the line's."""
    found = national.quarantine.groupby("code")["value"].agg(sorted).to_dict()
    assert found == {
        "unknown_period": ["Year 2020-2021: 0.1", "Year 2020-2021: 5"],
        "unknown_group": ["Age Group adults: 0.1", "Age Group adults: 5"],
        "unknown_indicator": ["Indicator Syphilis: 0.1", "Indicator Syphilis: 5"],
        "not_a_number": ["about 5"],
        "not_a_count": ["5.5"],
        "conflicting_duplicate": ["0.2", "0.3"],
        "ragged_line": ['"HIV diagnoses","2015","45-54","20"'],
    }
    assert national.dropped == {"exact duplicate of another record": 1}
    assert by_state.quarantine.groupby("code").size().to_dict() == {
        "area_mismatch": 2,
        "unknown_area": 2,
        "unknown_group": 2,
    }


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("bad_synthetic_headless.csv", "line of column names"),
        ("bad_synthetic_other_disease.csv", "found .*Chlamydia"),
        ("bad_synthetic_no_title_2024-08-01.csv", "expected the column 'Geography'"),
        ("bad_synthetic_unknown_condition.csv", "found .*Born abroad"),
        ("bad_synthetic_no_date.csv", "Rename it"),
        ("bad_synthetic_renamed.csv", r"Cases.*Number"),
        ("bad_synthetic_cut_off.csv", "cut off"),
    ],
)
def test_other_files_are_refused(name: str, match: str) -> None:
    """A table whose rows may be of other people, or whose lines are missing, is refused saying why."""
    with pytest.raises(SourceRefused, match=match):
        cdc_atlasplus.recognise(FIXTURES / name)


def test_fetch_says_how_a_person_makes_the_table(tmp_path: Path) -> None:
    """There is no documented address for scripts: the refusal names the page and the drop folder."""
    with pytest.raises(SourceRefused, match=r"gis\.cdc\.gov.*data/drop/cdc_atlasplus"):
        cdc_atlasplus.fetch(Transport(), None, tmp_path)


def test_published_file_is_accounted_for(shared_data: Path) -> None:
    """Five ages in fifteen years give cases and rates, of which those of 2022 are not available."""
    path = shared_data / "us" / "atlasplus" / "AtlasPlusTableData_national_age.csv"
    assert cdc_atlasplus.recognise(path).release == "2024-05-21"
    result = tidy(path)
    assert result.records_in == len(result.observations) == 2 * 5 * 15
    missing = result.observations.query("status != 'reported'")
    assert set(missing["period_end"]) == {pd.Timestamp("2022-12-31")}
    assert set(missing["status"]) == {"not_collected"}
    row = one(result, measure_id="hiv_diagnoses", period_end=2022, age_group="25-34")
    assert (row["value"], row["is_provisional"]) == (13_990, True)
    total = result.observations.query("measure_id == 'hiv_diagnoses' and period_end == '2021-12-31'")["value"].sum()
    print(f"\n{total:,.0f} diagnoses in 2021")
