"""Naloxone and buprenorphine dispensing by state: both files, together or alone, and what is refused."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import cdc_dispensing
from assets.transport import Transport
from schemas.observations import COLUMNS, Observation
from schemas.quarantine import Quarantine

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "cdc_dispensing"
NALOXONE = FIXTURES / "synthetic State Naloxone Dispensing Rates 2024-11-05.csv"
BUPRENORPHINE = FIXTURES / "synthetic State Buprenorphine Dispensing Rates 2024-11-05.csv"


def tidy(*paths: Path) -> Tidy:
    """Tidy files as one dropped-in release and check what holds for every file."""
    release = "2024-11-05"
    snapshot = Snapshot("cdc_dispensing", release, paths[0].parent, paths, "", "", "", "drop-in")
    result = cdc_dispensing.tidy(snapshot)
    assert result.unaccounted() == 0
    stamp = {"source_id": "cdc_dispensing", "release": release}
    Observation.validate(result.observations.assign(**stamp, snapshot_id=snapshot.snapshot_id)[COLUMNS])
    Quarantine.validate(result.quarantine.assign(**stamp)[["source_id", "release", *result.quarantine.columns]])
    return result


def values(result: Tidy) -> pd.Series:
    """Give values by measure and area."""
    return result.observations.set_index(["measure_id", "area_id"])["value"]


@pytest.mark.parametrize("path", [NALOXONE, BUPRENORPHINE])
def test_each_file_is_recognised_by_its_rate_column(path: Path) -> None:
    """Either file may be dropped alone; its release is the date in its name."""
    recognised = cdc_dispensing.recognise(path)
    assert (recognised.release, recognised.files) == ("2024-11-05", (path,))


def test_both_files_together_are_one_release() -> None:
    """Two files under one release give both measures, as does each file alone."""
    both = tidy(NALOXONE, BUPRENORPHINE)
    assert both.records_in == tidy(NALOXONE).records_in + tidy(BUPRENORPHINE).records_in
    found = values(both)
    assert found["naloxone_dispensed_per_100", "US-AL"] == 0.3
    assert found["buprenorphine_dispensed_per_100", "US-AL"] == 7.8
    assert set(both.raw["cdc_dispensing"]["_file"]) == {NALOXONE.name, BUPRENORPHINE.name}


def test_periods_are_calendar_years_and_the_class_is_kept() -> None:
    """A rate covers a calendar year, is final, and its published class stands in the note."""
    row = tidy(BUPRENORPHINE).observations.iloc[0]
    assert (row["period_start"], row["period_end"]) == (pd.Timestamp("2021-01-01"), pd.Timestamp("2021-12-31"))
    assert (row["note"], row["is_provisional"]) == ("published class >7.0", False)


def test_zero_missing_and_whole_state_are_kept_apart() -> None:
    """A zero is a value, an empty line is not collected, New York is the whole state, US the country."""
    result = tidy(NALOXONE)
    found = values(result)["naloxone_dispensed_per_100"]
    assert found["US-AK"] == 0
    assert found["US-NY"] == 0.7
    assert found["USA"] == 0.5
    ohio = result.observations.query("area_id == 'US-OH'").iloc[0]
    assert ohio["status"] == "not_collected"
    assert pd.isna(ohio["value"])


def test_unreadable_records_are_quarantined_with_their_reason() -> None:
    """Each fault has its code and its text; the rate's own class gives a shifted unit away."""
    result = tidy(NALOXONE)
    assert result.quarantine.groupby("code")["value"].agg(list).to_dict() == {
        "ragged_line": ["['2021', 'Kansas', 'KS', '20', '0.3']"],
        "empty_without_reason": [""],
        "rate_outside_band": ["30"],
        "area_mismatch": ["20"],
        "unknown_area": ["ZZ"],
        "unknown_period": ["21"],
        "not_a_number": ["<0.2"],
        "conflicting_duplicate": ["0.3", "0.4"],
    }
    assert result.dropped == {"exact duplicate of another record": 1}


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("bad_synthetic State Opioid Dispensing Rates 2024-11-05.csv", "found opioid dispensing"),
        ("bad_synthetic County Naloxone Dispensing Rates 2024-11-05.csv", "the one by county"),
        ("bad_synthetic renamed 2024-11-05.csv", "expected one of the columns"),
    ],
)
def test_other_tables_are_refused(name: str, match: str) -> None:
    """The other tables of the same page, and one with a renamed column, are refused saying what they are."""
    with pytest.raises(SourceRefused, match=match):
        cdc_dispensing.recognise(FIXTURES / name)
    with pytest.raises(SourceRefused, match=match):
        tidy(FIXTURES / name)


def test_release_date_is_never_guessed(tmp_path: Path) -> None:
    """A name without the date of the publisher's update is refused with the remedy."""
    shutil.copyfile(NALOXONE, tmp_path / "State Naloxone Dispensing Rates.csv")
    with pytest.raises(SourceRefused, match="Rename it"):
        cdc_dispensing.recognise(tmp_path / "State Naloxone Dispensing Rates.csv")


def test_fetch_says_where_a_person_finds_the_files(tmp_path: Path) -> None:
    """There is no address for scripts: the refusal names the page and the drop folder."""
    with pytest.raises(SourceRefused, match=r"cdc\.gov.*data/drop/cdc_dispensing"):
        cdc_dispensing.fetch(Transport(), None, tmp_path)


def test_published_files_are_accounted_for(shared_data: Path) -> None:
    """Every line of the publisher's files is an observation: 51 places in five years, for two medicines."""
    paths = sorted((shared_data / "us" / "cdc_dispensing").glob("*.csv"))
    result = tidy(*paths)
    print(f"\n{result.records_in} records in, {len(result.observations)} out, {len(result.quarantine)} quarantined")
    assert result.records_in == len(result.observations) == 2 * 5 * 51
    assert result.observations.groupby(["measure_id", "period_end"])["area_id"].nunique().eq(51).all()
    alabama = result.observations.query("area_id == 'US-AL'").set_index("period_end")
    assert set(alabama.loc[pd.Timestamp("2019-12-31"), "value"]) == {0.2, 7.8}
