"""Provisional overdose deaths by county: lost zeros, hidden counts, and windows that must fit their month."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import cdc_vsrr_county
from assets.transport import Download, Validators
from schemas.observations import COLUMNS, Observation
from schemas.quarantine import Quarantine

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "cdc_vsrr_county"
ODDITIES = FIXTURES / "synthetic_county_counts.csv"


def tidy(path: Path, release: str = "2026-07-05") -> Tidy:
    """Tidy one file and check what holds for every file."""
    snapshot = Snapshot("cdc_vsrr_county", release, path.parent, (path,), "", "", "", "drop-in")
    result = cdc_vsrr_county.tidy(snapshot)
    assert result.unaccounted() == 0
    stamp = {"source_id": "cdc_vsrr_county", "release": release}
    Observation.validate(result.observations.assign(**stamp, snapshot_id=snapshot.snapshot_id)[COLUMNS])
    Quarantine.validate(result.quarantine.assign(**stamp)[["source_id", "release", *result.quarantine.columns]])
    return result


@pytest.fixture(scope="module")
def oddities() -> Tidy:
    """The made-up table with one line for each oddity."""
    return tidy(ODDITIES)


def one(result: Tidy, area: str, end: str = "2025-12-31") -> pd.Series:
    """Give the only observation of a county and month."""
    rows = result.observations
    chosen = rows[(rows["area_id"] == area) & (rows["period_end"] == pd.Timestamp(end))]
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_release_is_the_day_up_to_which_records_had_come_in() -> None:
    """The file holds its own date, in the CSV's spelling and in the query interface's."""
    assert cdc_vsrr_county.recognise(ODDITIES).release == "2026-07-05"
    assert cdc_vsrr_county.recognise(FIXTURES / "synthetic_query_interface.csv").release == "2026-07-05"


def test_codes_get_their_zero_back_and_windows_are_twelve_months(oddities: Tidy) -> None:
    """1001 is Autauga County in Alabama; twelve months end on the last day of the month, in a leap year too."""
    row = one(oddities, "US-01001", "2024-02-29")
    assert (row["value"], row["period_start"]) == (31, pd.Timestamp("2023-03-01"))
    assert one(oddities, "US-01001")["period_start"] == pd.Timestamp("2025-01-01")
    assert one(oddities, "US-09110")["value"] == 310
    assert one(oddities, "US-39003")["value"] == 1_204


def test_every_count_is_provisional_overdose_deaths_of_all_drugs(oddities: Tidy) -> None:
    """The table counts one thing, and nothing in it is final."""
    assert oddities.observations["is_provisional"].all()
    assert set(oddities.observations["measure_id"]) == {"overdose_deaths"}
    assert set(oddities.observations["drug"]) == {"all"}


def test_suppressed_low_quality_and_zero_are_kept_apart(oddities: Tidy) -> None:
    """An empty count takes its status from the footnote; a zero is a value; the completeness remark is kept."""
    assert one(oddities, "US-50009")["value"] == 0
    assert one(oddities, "US-50017")["status"] == "suppressed"
    assert one(oddities, "US-50025")["note"] == "Records were under 90% complete after 6 months"
    assert one(oddities, "US-54059")["status"] == "low_quality"


def test_a_small_count_is_hidden_wherever_it_is_shown(oddities: Tidy) -> None:
    """Seven deaths, which the publisher's rule hides, are in no table of ours."""
    row = one(oddities, "US-33007")
    assert (row["status"], row["note"]) == ("suppressed", cdc_vsrr_county.SMALL_COUNT)
    assert pd.isna(row["value"])
    raw = oddities.raw["cdc_vsrr_county"]
    assert raw.loc[raw["COUNTYNAME"] == "Coos", "Provisional Drug Overdose Deaths"].tolist() == ["1-9"]


def test_query_interface_gives_the_same(oddities: Tidy) -> None:
    """Lower-case names and timestamps are the same table."""
    rows = tidy(FIXTURES / "synthetic_query_interface.csv").observations
    assert len(rows) == 4
    assert rows.equals(oddities.observations.head(len(rows)))


def test_unreadable_lines_are_quarantined_with_their_reason(oddities: Tidy) -> None:
    """Each fault has its code and text; a city that is gone is counted, not shown."""
    assert oddities.quarantine.groupby("code")["value"].agg(sorted).to_dict() == {
        "empty_without_reason": [""],
        "not_a_number": ["-4", "many"],
        "period_mismatch": ["11"],
        "unknown_period": ["12/30/2025"],
        "future_period": ["12/31/2027"],
        "area_mismatch": ["TX"],
        "unknown_area": ["23", "99001"],
        "conflicting_duplicate": ["200", "201"],
    }
    assert oddities.dropped == {"exact duplicate of another record": 1, cdc_vsrr_county.FORMER_COUNTY: 1}


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("bad_synthetic_state_table.csv", "the one by state.*data/drop/cdc_vsrr/"),
        ("bad_synthetic_renamed.csv", r"FIPS.*COUNTY_CODE"),
        ("bad_synthetic_first_thousand.csv", "exactly 1,000 rows"),
        ("bad_synthetic_no_day.csv", "found .*last Sunday"),
        ("bad_synthetic_cut_off.csv", "cut off"),
    ],
)
def test_other_files_are_refused(name: str, match: str) -> None:
    """The table of states, a part of this one, and one without a date are refused saying what they are."""
    with pytest.raises(SourceRefused, match=match):
        cdc_vsrr_county.recognise(FIXTURES / name)


class Portal:
    """Stands for the transport: hands over a file, or None where the rows have not changed."""

    def socrata_csv(self, dataset: str, into: Path, name: str, known: Validators | None, host: str) -> Download | None:
        """Give the table that was last changed at one time."""
        marks = Validators(rows_updated_at="1783500000")
        if known == marks:
            return None
        shutil.copyfile(ODDITIES, into / name)
        return Download(into / name, f"{host}/{dataset}", "", 1, "text/csv", marks)


def test_live_table_is_named_like_a_dropped_one(tmp_path: Path) -> None:
    """A download and a file of the same day are one release, and an unchanged one gives nothing."""
    recognised = cdc_vsrr_county.fetch(Portal(), None, tmp_path)
    assert recognised is not None
    assert (recognised.release, recognised.url) == ("2026-07-05", "https://data.cdc.gov/gb4e-yj24")
    assert cdc_vsrr_county.fetch(Portal(), recognised.validators, tmp_path) is None
