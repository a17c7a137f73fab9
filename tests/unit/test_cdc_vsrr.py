"""Provisional overdose deaths by state: every dress of the published table, and what is refused."""

import csv
import functools
import gzip
import shutil
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from assets.reading import read_text
from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import cdc_vsrr
from assets.transport import Download, Validators
from schemas.areas import areas
from schemas.observations import COLUMNS, Observation
from schemas.quarantine import Quarantine

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "cdc_vsrr"
ODDITIES = FIXTURES / "synthetic_2025-07-16.csv"


def tidy(path: Path, release: str = "2025-07-16") -> Tidy:
    """Tidy one file as a dropped-in release and check what holds for every file."""
    snapshot = Snapshot("cdc_vsrr", release, path.parent, (path,), "", "", "", "drop-in")
    result = cdc_vsrr.tidy(snapshot)
    assert result.unaccounted() == 0
    stamp = {"source_id": "cdc_vsrr", "release": release}
    Observation.validate(result.observations.assign(**stamp, snapshot_id=snapshot.snapshot_id)[COLUMNS])
    Quarantine.validate(result.quarantine.assign(**stamp)[["source_id", "release", *result.quarantine.columns]])
    return result


@pytest.fixture(scope="module")
def oddities() -> Tidy:
    """The made-up table with one row for each oddity."""
    return tidy(ODDITIES)


def one(result: Tidy, area: str, measure: str = "overdose_deaths") -> pd.Series:
    """Give the only observation of an area and measure."""
    chosen = result.observations.query("area_id == @area and measure_id == @measure")
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_windows_are_the_twelve_months_that_end_in_the_month(oddities: Tidy) -> None:
    """A window ends on the last day of its month, also in a leap year, and starts a year earlier."""
    ends = oddities.observations.drop_duplicates("period_end").set_index("period_end")["period_start"]
    assert ends[pd.Timestamp("2024-02-29")] == pd.Timestamp("2023-03-01")
    assert ends[pd.Timestamp("2015-01-31")] == pd.Timestamp("2014-02-01")


def test_new_york_is_two_places_and_puerto_rico_its_own(oddities: Tidy) -> None:
    """NY is New York State without New York City, YC the city."""
    assert one(oddities, "US-NY-XNYC")["value"] == 2100
    assert one(oddities, "US-NYC")["value"] == 900
    assert one(oddities, "US-PR")["value"] == 0


@pytest.mark.parametrize(
    ("area", "measure", "status"),
    [
        ("US-SD", "overdose_deaths", "reported"),
        ("US-AK", "overdose_deaths", "low_quality"),
        ("US-AK", "overdose_deaths_predicted", "low_quality"),
        ("US-WY", "overdose_deaths", "suppressed"),
        ("US-WY", "overdose_deaths_predicted", "suppressed"),
        ("US-VT", "overdose_deaths", "suppressed"),
        ("US-VT", "overdose_deaths_predicted", "suppressed"),
        ("US-MT", "overdose_deaths", "suppressed"),
    ],
)
def test_empty_value_takes_its_status_from_the_footnote(oddities: Tidy, area: str, measure: str, status: str) -> None:
    """Suppressed, low quality and zero stay apart, whatever the footnote's spacing, also with both reasons joined."""
    row = one(oddities, area, measure)
    assert row["status"] == status
    if area == "US-SD":
        assert row["value"] == 0


def test_predicted_and_underreported_values_are_provisional(oddities: Tidy) -> None:
    """Every predicted value is provisional, and a reported one where the footnote says it is incomplete."""
    rows = oddities.observations
    assert rows.loc[rows["measure_id"] == "overdose_deaths_predicted", "is_provisional"].all()
    deaths = rows[(rows["area_id"] == "USA") & (rows["measure_id"] == "overdose_deaths")].set_index("period_end")
    assert list(deaths.sort_index()["is_provisional"]) == [False, True]
    assert deaths.sort_index()["note"].iloc[1] == "underreported: incomplete data"


def test_percentages_are_kept_once_for_a_month(oddities: Tidy) -> None:
    """Completeness and pending investigation, repeated on each line, give one observation each."""
    rows = oddities.observations.query("area_id == 'USA'").set_index(["period_end", "measure_id"])
    rows = rows.loc[pd.Timestamp("2024-02-29")]
    assert rows.loc["deaths_pending_investigation_pct", "value"] == 0.25
    assert rows.loc["deaths_records_complete_pct", "value"] == 100
    assert rows.loc["deaths_drugs_specified_pct", "value"] == 95.512345
    assert rows.loc["all_cause_deaths", "value"] == 3_000_000


def test_at_least_is_kept_as_limits(oddities: Tidy) -> None:
    """99.5+ is a value with a lower and an upper limit, and says so."""
    row = one(oddities, "US-NYC", "deaths_records_complete_pct")
    assert (row["value"], row["lower"], row["upper"], row["note"]) == (99.5, 99.5, 100.0, "99.5 or more")


def test_drug_classes_go_by_their_codes(oddities: Tidy) -> None:
    """A class is recognised whatever the spacing inside its brackets."""
    assert one(oddities, "US-MT")["drug"] == "natural_semisynthetic_and_methadone"
    assert one(oddities, "US-CO")["drug"] == "natural_semisynthetic_and_methadone"
    assert one(oddities, "US-WY")["drug"] == "heroin"


def test_unreadable_records_are_quarantined_with_their_reason(oddities: Tidy) -> None:
    """Each fault has its code, line, column and text; a line that has no place is there with all its cells."""
    found = oddities.quarantine.groupby("code")["value"].agg(list).to_dict()
    assert found == {
        "ragged_line": ["['AL', '2015', 'January', 'short line']"],
        "unknown_area": ["ZZ"] * 4,
        "unknown_period": ["Sept 2015", "March 20x5"] * 4,
        "future_period": ["December 2025"] * 4,
        "unknown_window": ["Monthly"] * 4,
        "unknown_indicator": ["Fentanyl"] * 4,
        "not_a_number": ["1e3", "n/a"],
        "out_of_range": ["-4", "101"],
        "not_a_count": ["12.5"],
        "empty_without_reason": [""],
        "unexpected_prediction": ["50001"],
        "conflicting_duplicate": ["1100", "1101"],
    }
    number = oddities.quarantine.query("code == 'not_a_number'").iloc[0]
    assert (number["file"], number["column"]) == (ODDITIES.name, "Data Value")
    assert ODDITIES.read_text(encoding="utf-8").splitlines()[number["row"] - 1].split(",")[5] == "1e3"


def test_dropped_records_are_counted_by_reason(oddities: Tidy) -> None:
    """What is left out on purpose is counted: cells that never hold a prediction, repetitions, exact duplicates."""
    lines = len(oddities.raw["cdc_vsrr"])
    assert oddities.records_in == lines * 4 + 1
    assert oddities.dropped[cdc_vsrr.NOT_GIVEN] == 1
    assert oddities.dropped["exact duplicate of another record"] == 3
    assert set(oddities.dropped) >= {cdc_vsrr.NOT_PREDICTED, cdc_vsrr.REPEATED}
    assert "US-AZ" in oddities.release_notes["absent_areas"]


@pytest.mark.parametrize(
    "name", ["synthetic_2017-12-13.csv", "synthetic_2019-10-16.csv", "synthetic_soda_2025-07-16.csv"]
)
def test_every_dress_of_the_table_gives_the_same_observations(name: str) -> None:
    """Ten or twelve columns in any order, byte-order mark, CRLF, thousands commas, the portal's lower-case names."""
    path = FIXTURES / name
    recognised = cdc_vsrr.recognise(path)
    assert recognised.release == name.removesuffix(".csv")[-10:]
    result = tidy(path, recognised.release)
    rows = result.observations.set_index(["area_id", "measure_id"])["value"]
    assert rows["USA", "overdose_deaths"] == 52623
    assert rows["USA", "all_cause_deaths"] == 2712345
    assert rows["US-DC", "overdose_deaths"] == 1004
    assert ("overdose_deaths_predicted" in rows.index.get_level_values(1)) == ("2017" not in name)
    assert result.quarantine.empty


def test_workbook_reads_like_the_csv(tmp_path: Path) -> None:
    """A release saved as xlsx with ten columns and true numbers is read like the csv."""
    frame = read_text(FIXTURES / "synthetic_2017-12-13.csv").frame.drop(columns=["_file", "_row"])
    book = openpyxl.Workbook()
    book.active.append(list(frame.columns))
    numbers = ["Year", "Data Value", "Percent Complete", "Percent Pending Investigation"]
    for row in frame.to_dict("records"):
        cells = {name: float(text.replace(",", "")) if name in numbers else text for name, text in row.items()}
        book.active.append(list(cells.values()))
    path = tmp_path / "synthetic_vsrr_20180314.xlsx"
    book.save(path)
    assert cdc_vsrr.recognise(path).release == "2018-03-14"
    expected = tidy(FIXTURES / "synthetic_2017-12-13.csv", "2018-03-14").observations
    pd.testing.assert_frame_equal(tidy(path, "2018-03-14").observations, expected)


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("bad_synthetic_pipes_2025-07-16.csv", "altered by somebody else"),
        ("bad_synthetic_without_us_2025-07-16.csv", "expected rows of the United States"),
        ("bad_synthetic_renamed_2025-07-16.csv", r"'Data Value'.*found instead \['Deaths'\]"),
        ("bad_synthetic_county_2025-07-16.csv", "the county table"),
        ("bad_synthetic_cut_2025-07-16.csv", "cut off"),
    ],
)
def test_other_and_altered_tables_are_refused(name: str, match: str) -> None:
    """What is not the publisher's whole table is refused by recognise and by tidy, saying what it is."""
    with pytest.raises(SourceRefused, match=match):
        cdc_vsrr.recognise(FIXTURES / name)
    with pytest.raises(SourceRefused, match=match):
        tidy(FIXTURES / name)


def test_answer_cut_by_the_query_interface_is_refused(tmp_path: Path) -> None:
    """A table of exactly 1,000 rows is the query interface's default limit, not the table."""
    header, line = (FIXTURES / "synthetic_soda_2025-07-16.csv").read_text(encoding="utf-8").splitlines()[:2]
    path = tmp_path / "synthetic_2025-07-16.csv"
    path.write_text("\n".join([header, *[line] * 1000]), encoding="utf-8")
    with pytest.raises(SourceRefused, match="exactly 1,000 rows"):
        cdc_vsrr.recognise(path)


@pytest.mark.parametrize("name", ["vsrr.csv", "vsrr_2025-13-40.csv", "vsrr_2015-01-30.csv"])
def test_release_date_is_never_guessed(tmp_path: Path, name: str) -> None:
    """A file name without a release date, or with one before the data end, is refused with the remedy."""
    shutil.copyfile(FIXTURES / "synthetic_2019-10-16.csv", tmp_path / name)
    with pytest.raises(SourceRefused, match="date"):
        cdc_vsrr.recognise(tmp_path / name)


def test_packed_file_is_recognised(tmp_path: Path) -> None:
    """A gz of the table is read, and a damaged one refused."""
    packed = gzip.compress((FIXTURES / "synthetic_2019-10-16.csv").read_bytes())
    (tmp_path / "vsrr_2019-10-16.csv.gz").write_bytes(packed)
    assert cdc_vsrr.recognise(tmp_path / "vsrr_2019-10-16.csv.gz").release == "2019-10-16"
    (tmp_path / "vsrr_2019-10-17.csv.gz").write_bytes(packed[:-9])
    with pytest.raises(SourceRefused, match="damaged"):
        cdc_vsrr.recognise(tmp_path / "vsrr_2019-10-17.csv.gz")


class Portal:
    """Stands for the transport: hands over a file, or None where the rows have not changed."""

    def socrata_csv(self, dataset: str, into: Path, name: str, known: Validators | None, host: str) -> Download | None:
        """Give the table last changed on 2025-07-16."""
        marks = Validators(rows_updated_at="1752674192")
        if known == marks:
            return None
        path = into / name
        shutil.copyfile(FIXTURES / "synthetic_2019-10-16.csv", path)
        return Download(path, f"{host}/{dataset}", "", 1, "text/csv", marks)


def test_live_release_is_the_day_the_rows_changed(tmp_path: Path) -> None:
    """A download is named by the portal's time of change, and an unchanged one gives nothing."""
    recognised = cdc_vsrr.fetch(Portal(), None, tmp_path)
    assert recognised is not None
    assert (recognised.release, recognised.url) == ("2025-07-16", "https://data.cdc.gov/xkb8-kh2a")
    assert cdc_vsrr.fetch(Portal(), recognised.validators, tmp_path) is None


@functools.cache
def published(shared_data: Path, release: str) -> Tidy:
    """Tidy one of the publisher's own files."""
    paths: Sequence[Path] = list((shared_data / "us" / "cdc_vsrr").glob(f"VSRR*{release}*"))
    assert len(paths) == 1
    assert cdc_vsrr.recognise(paths[0]).release == release
    return tidy(paths[0], release)


@pytest.mark.parametrize(("release", "lines"), [("2019-04-24", 13_320), ("2025-07-16", 76_860)])
def test_published_file_is_accounted_for(shared_data: Path, release: str, lines: int) -> None:
    """Every record of the publisher's file is an observation or a documented drop; none is unreadable."""
    result = published(shared_data, release)
    print(f"\n{release}: {result.records_in:,} records in, {len(result.observations):,} out; {result.dropped}")
    assert result.records_in == lines * 4
    assert result.quarantine.empty
    assert "absent_areas" not in result.release_notes


def test_published_states_sum_to_the_published_country(shared_data: Path) -> None:
    """50 states, DC and New York City sum to US in 2015, 2021 and 2024."""
    rows = published(shared_data, "2025-07-16").observations.query("measure_id == 'overdose_deaths' and drug == 'all'")
    known = areas()
    parts = known.loc[known["in_us_total"], "area_id"]
    assert len(parts) == 52
    country = rows[rows["area_id"] == "USA"].set_index("period_end")["value"]
    summed = rows[rows["area_id"].isin(parts)].groupby("period_end")["value"].sum()
    for year in (2015, 2021, 2024):
        assert summed[pd.Timestamp(year, 12, 31)] == country[pd.Timestamp(year, 12, 31)] > 0


def test_published_country_of_2021_is_read_as_published(shared_data: Path) -> None:
    """The twelve months to December 2021 are 107,573 deaths reported and 109,099 predicted."""
    rows = published(shared_data, "2025-07-16").observations.query("area_id == 'USA' and drug == 'all'")
    values = rows.set_index(["period_end", "measure_id"])["value"][pd.Timestamp("2021-12-31")]
    assert values["overdose_deaths"] == 107_573
    assert values["overdose_deaths_predicted"] == 109_099


def test_published_reasons_for_empty_values_are_all_found(shared_data: Path) -> None:
    """The newest release at hand withholds 12,447 values for low quality and 1,725 as suppressed."""
    rows = published(shared_data, "2025-07-16").observations.query("measure_id == 'overdose_deaths'")
    counts = rows["status"].value_counts()
    assert (counts["low_quality"], counts["suppressed"]) == (12_447, 1_725)


def test_small_counts_are_hidden_in_every_release(tmp_path: Path) -> None:
    """A count of 1 to 9 that an older release shows is suppressed in observations and masked in raw; 0 and 10 stay."""
    fixture = next(path for path in sorted(FIXTURES.iterdir()) if path.name == "synthetic_2025-07-16.csv")
    lines = fixture.read_text(encoding="utf-8").splitlines()
    header = lines[0].split(",")
    us = next(line for line in lines[1:] if line.startswith("US,") and "Number of Drug Overdose Deaths" in line)
    cells = next(csv.reader([us]))
    made = []
    for area, count in (("AK", "7"), ("AL", "0"), ("AZ", "10")):
        changed = list(cells)
        changed[header.index("State")], changed[header.index("Data Value")] = area, count
        made.append(",".join(f'"{cell}"' for cell in changed))
    path = tmp_path / "counts_2025-07-16.csv"
    path.write_text("\n".join([lines[0], us, *made]) + "\n", encoding="utf-8")
    tidied = cdc_vsrr.tidy(
        Snapshot("cdc_vsrr", "2025-07-16", tmp_path, (path,), "2025-07-16T00:00:00Z", "", "0" * 64, "drop-in")
    )
    deaths = tidied.observations.query("measure_id == 'overdose_deaths' and drug == 'all'").set_index("area_id")
    assert deaths["status"].to_dict()["US-AK"] == "suppressed"
    assert pd.isna(deaths.loc["US-AK", "value"])
    assert deaths.loc[["US-AL", "US-AZ"], "value"].tolist() == [0, 10]
    assert tidied.raw["cdc_vsrr"].set_index("State").loc["AK", "Data Value"] == "1-9"
