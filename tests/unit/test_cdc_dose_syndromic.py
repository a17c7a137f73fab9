"""DOSE syndromic surveillance: markers, windows, the changing panel, and what is refused."""

import shutil
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import cdc_dose_syndromic
from assets.transport import Transport
from schemas.observations import COLUMNS, Observation
from schemas.quarantine import Quarantine

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "cdc_dose_syndromic"
JURISDICTION = FIXTURES / "synthetic Jurisdiction 2025-08-25.csv"
OVERALL = FIXTURES / "synthetic Overall 2025-08-25.csv"
DICTIONARY = FIXTURES / "synthetic Overall as in the dictionary 2024-02-12.csv"
RELEASE = "2025-08-25"
DECEMBER = pd.Timestamp("2024-12-01")


def tidy(*paths: Path) -> Tidy:
    """Tidy files as one dropped-in release and check what holds for every file."""
    snapshot = Snapshot("cdc_dose_syndromic", RELEASE, paths[0].parent, paths, "", "", "", "drop-in")
    result = cdc_dose_syndromic.tidy(snapshot)
    assert result.unaccounted() == 0
    stamp = {"source_id": "cdc_dose_syndromic", "release": RELEASE}
    Observation.validate(result.observations.assign(**stamp, snapshot_id=snapshot.snapshot_id)[COLUMNS])
    Quarantine.validate(result.quarantine.assign(**stamp)[["source_id", "release", *result.quarantine.columns]])
    return result


def rows(result: Tidy, query: str) -> pd.DataFrame:
    """Give the observations that a query names, by drug."""
    return result.observations.query(query).set_index("drug")


@pytest.mark.parametrize("path", [JURISDICTION, OVERALL])
def test_each_sheet_is_recognised_by_its_columns(path: Path) -> None:
    """Either sheet may be dropped alone; its release is the date in its name."""
    recognised = cdc_dose_syndromic.recognise(path)
    assert (recognised.release, recognised.files) == (RELEASE, (path,))


def test_both_sheets_together_are_one_release() -> None:
    """Two sheets give what each gives alone, and each has its raw table."""
    both = tidy(JURISDICTION, OVERALL)
    assert len(both.observations) == len(tidy(JURISDICTION).observations) + len(tidy(OVERALL).observations)
    assert set(both.raw) == {"cdc_dose_syndromic", "cdc_dose_syndromic_overall"}
    assert tidy(OVERALL).release_notes["absent_sheets"] == "jurisdiction"


def test_each_marker_has_its_own_status_and_zero_is_a_value() -> None:
    """Suppressed, not shared and not taking part are three things, and none of them is a zero."""
    result = tidy(JURISDICTION)
    vermont = rows(result, "area_id == 'US-VT' and period_start == @DECEMBER")
    assert vermont.loc[["all", "cocaine"], "value"].tolist() == [41.5, 0.0]
    assert vermont.loc["heroin", "status"] == "suppressed"
    illinois = rows(result, "area_id == 'US-IL'")
    assert illinois["status"].to_dict()["fentanyl"] == "not_collected"
    assert illinois.loc["heroin", "note"] == "state does not share these data with DOSE"
    assert set(rows(result, "area_id == 'US-ND'")["status"]) == {"not_applicable"}


def test_excluded_months_are_not_called_suppressed() -> None:
    """A mark of suppression in a window that holds March to August 2020 means that nothing was collected there."""
    maine = tidy(JURISDICTION).observations.query("area_id == 'US-ME'")
    status = maine.groupby("period_end")["status"].unique().map(sorted)
    assert status[pd.Timestamp("2020-04-30")] == ["not_collected"]
    assert status[pd.Timestamp("2021-07-31")] == ["not_collected"]
    assert status[pd.Timestamp("2021-08-31")] == ["reported", "suppressed"]


def test_annual_windows_are_the_twelve_months_to_the_month() -> None:
    """Monthly and annual values of one month are two periods of one measure."""
    vermont = tidy(JURISDICTION).observations.query("area_id == 'US-VT' and drug == 'all'").set_index("value")
    assert vermont.loc[41.5, "period_start"] == pd.Timestamp("2024-12-01")
    assert vermont.loc[40.2, "period_start"] == pd.Timestamp("2024-01-01")
    assert set(vermont["period_end"]) == {pd.Timestamp("2024-12-31")}


def test_us_is_the_jurisdictions_that_take_part_not_the_country() -> None:
    """All jurisdictions together have an area of their own, and each value says how many there were."""
    result = tidy(OVERALL)
    assert set(result.observations["area_id"]) == {"US-XDOSESYS"}
    total = rows(
        result, "measure_id == 'overdose_ed_visits_share_per_10k' and sex == 'all' and period_start == @DECEMBER"
    )
    assert (total.loc["all", "value"], total.loc["all", "note"]) == (44.0, "46 jurisdictions")
    panel = result.observations.query("measure_id == 'jurisdictions_reporting'").set_index("period_start")["value"]
    assert (panel["2024-12-01"], panel["2024-01-01"]) == (46, 45)
    assert result.dropped == {cdc_dose_syndromic.REPEATED: 3}
    assert result.release_notes["jurisdictions_taking_part"] == "44 to 46"


def test_sex_and_age_are_read_as_the_data_and_the_dictionary_write_them() -> None:
    """``0 to 14`` of the data and ``<15`` of the dictionary are one age group; Missing is unknown."""
    groups = tidy(OVERALL).observations[["sex", "age_group"]].drop_duplicates().apply(tuple, axis=1)
    assert {("female", "0-14"), ("male", "65+"), ("unknown", "unknown"), ("all", "all")} <= set(groups)
    spelt = tidy(DICTIONARY).observations
    assert set(spelt["age_group"]) == {"all", "0-14", "65+"}


def test_unreadable_records_are_quarantined_with_their_reason() -> None:
    """Each fault has its code; a doubled place keeps what agrees and sets aside what does not."""
    result = tidy(JURISDICTION)
    assert result.quarantine["code"].value_counts().to_dict() == {
        "unknown_area": 8,
        "unknown_period": 16,
        "not_a_number": 2,
        "out_of_range": 2,
        "conflicting_duplicate": 2,
        "ragged_line": 1,
    }
    assert result.dropped == {"exact duplicate of another record": 7}
    assert rows(result, "area_id == 'US-DC'")["value"].max() == 55.0
    conflicts = tidy(OVERALL).quarantine.groupby("code")["value"].agg(list).to_dict()
    assert sorted(conflicts["conflicting_duplicate"]) == ["46", "47"]
    assert len(conflicts["unknown_group"]) == 8
    assert conflicts["not_a_number"] == ["many"]


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("bad_synthetic renamed 2025-08-25.csv", r"\['drug_rate'\] are absent; found instead \['all_drugs'\]"),
        ("bad_synthetic Data Dictionary 2025-08-25.csv", "expected the columns"),
        ("bad_synthetic cut 2025-08-25.csv", "cut off"),
        ("bad_synthetic without ages 2025-08-25.csv", "age_range"),
        ("bad_synthetic older than its data 2025-08-25.csv", "on or after 2025-12-31"),
    ],
)
def test_other_files_are_refused(name: str, match: str) -> None:
    """A renamed column, the dictionary, a cut-off file and a wrong date are refused with the difference."""
    with pytest.raises(SourceRefused, match=match):
        cdc_dose_syndromic.recognise(FIXTURES / name)


def test_the_workbook_is_read_as_its_sheets_are(tmp_path: Path) -> None:
    """One workbook with both sheets and a dictionary gives what the two csv files give."""
    book = openpyxl.Workbook()
    book.active.title = "Data Dictionary"
    book.active.append(["Symbols"])
    for title, path in (("Jurisdiction", JURISDICTION), ("Overall", OVERALL)):
        sheet = book.create_sheet(title)
        for line in pd.read_csv(path, header=None, dtype=str, keep_default_na=False, skip_blank_lines=False).to_numpy():
            if line[-1]:
                sheet.append([float(cell) if cell.replace(".", "", 1).isdigit() else cell for cell in line])
    book.save(tmp_path / "synthetic-2025-08-25.xlsx")
    columns = ["measure_id", "area_id", "period_start", "drug", "sex", "age_group", "value", "status"]
    found = tidy(tmp_path / "synthetic-2025-08-25.xlsx").observations[columns]
    wanted = tidy(JURISDICTION, OVERALL).observations[columns]
    pd.testing.assert_frame_equal(
        found.sort_values(columns, ignore_index=True), wanted.sort_values(columns, ignore_index=True)
    )


def test_release_date_is_never_guessed(tmp_path: Path) -> None:
    """A name without the date of the publisher's update is refused with the remedy."""
    shutil.copyfile(OVERALL, tmp_path / "Overall-Table 1.csv")
    with pytest.raises(SourceRefused, match="Rename it"):
        cdc_dose_syndromic.recognise(tmp_path / "Overall-Table 1.csv")


def test_fetch_says_where_a_person_finds_the_file(tmp_path: Path) -> None:
    """There is no address for scripts: the refusal names the page and the drop folder."""
    with pytest.raises(SourceRefused, match=r"cdc\.gov.*data/drop/cdc_dose_syndromic"):
        cdc_dose_syndromic.fetch(Transport(), None, tmp_path)


def test_published_files_are_accounted_for(shared_data: Path) -> None:
    """Every cell of the release of August 2025 is an observation or a repeated number of jurisdictions."""
    folder = shared_data / "us" / "cdc_dose_sys"
    result = tidy(*(folder / f"{sheet}-Table 1.csv" for sheet in ("Jurisdiction", "Overall")))
    print(f"\n{result.records_in:,} records in, {len(result.observations):,} out; {result.dropped}")
    assert result.records_in == 7_956 * 8 + 3_480 * 9
    assert result.quarantine.empty
    assert result.dropped == {cdc_dose_syndromic.REPEATED: 3_480 - 145}
    assert result.release_notes["jurisdictions_taking_part"] == "40 to 47"
    assert "jurisdictions_with_fewer_lines" not in result.release_notes
    status = result.observations.groupby("area_id")["status"].unique()
    assert status["US-ND"].tolist() == ["not_applicable"]
    year = result.observations[result.observations["period_end"] - result.observations["period_start"] > "300D"]
    first = year[year["period_end"].eq(pd.Timestamp("2019-12-31")) & year["area_id"].eq("US-XDOSESYS")]
    first = first.query("sex == 'all' and age_group == 'all' and measure_id == 'overdose_ed_visits_share_per_10k'")
    assert first.set_index("drug")["value"].to_dict()["opioids"] == 18.9
