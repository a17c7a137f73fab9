"""SUDORS: 9999, small counts, who is Overall, what the columns' names say, and rates of another standard."""

import shutil
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import cdc_sudors
from assets.transport import Transport
from schemas.measures import MEASURES
from schemas.observations import COLUMNS, GROUP_COLUMNS, Observation
from schemas.quarantine import Quarantine
from schemas.sources import cdc_sudors as layout

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "cdc_sudors"
DATA = FIXTURES / "synthetic Data 2022-11-15.csv"
RELEASE = "2022-11-15"


def tidy(*paths: Path) -> Tidy:
    """Tidy files as one dropped-in release and check what holds for every file."""
    snapshot = Snapshot("cdc_sudors", RELEASE, paths[0].parent, paths, "", "", "", "drop-in")
    result = cdc_sudors.tidy(snapshot)
    assert result.unaccounted() == 0
    stamp = {"source_id": "cdc_sudors", "release": RELEASE}
    Observation.validate(result.observations.assign(**stamp, snapshot_id=snapshot.snapshot_id)[COLUMNS])
    Quarantine.validate(result.quarantine.assign(**stamp)[["source_id", "release", *result.quarantine.columns]])
    return result


def one(result: Tidy, area: str, measure: str, months: int = 12, **groups: str) -> pd.Series:
    """Give the one observation of a place, measure and group; all where a group is not named."""
    rows = result.observations[result.observations["area_id"].eq(area) & result.observations["measure_id"].eq(measure)]
    for column in GROUP_COLUMNS:
        rows = rows[rows[column].eq(groups.get(column, "all"))]
    length = (rows["period_end"].dt.to_period("M") - rows["period_start"].dt.to_period("M")).map(
        lambda each: each.n + 1
    )
    rows = rows[length.eq(months)].sort_values("period_start")
    return rows.iloc[0]


def test_the_sheet_is_recognised_and_released_by_its_name() -> None:
    """The sheet with the data is known by its columns, whatever their case; its release is the date in its name."""
    recognised = cdc_sudors.recognise(DATA)
    assert (recognised.release, recognised.files) == (RELEASE, (DATA,))


def test_9999_is_suppressed_and_never_a_number() -> None:
    """The publisher's 9999 has no value, and a zero beside it has one."""
    result = tidy(DATA)
    assert result.observations["value"].max() == 50_000
    assert not result.observations["value"].eq(layout.SUPPRESSED).any()
    rate = one(result, "US-VT", layout.ADJUSTED, drug="methamphetamine")
    assert (rate["status"], rate["note"]) == ("suppressed", cdc_sudors.FEW)
    assert one(result, "US-VT", layout.COUNT, race_ethnicity="Asian, non-Hispanic")["value"] == 0


def test_small_counts_and_their_shares_are_hidden_also_in_raw() -> None:
    """A count of 1 to 9 is suppressed, as is the share that would give it back; 0 and 10 stay."""
    result = tidy(DATA)
    hidden = [
        one(result, "US-ME", layout.COUNT, drug="heroin"),
        one(result, "US-ME", layout.SHARE, drug="heroin"),
        one(result, "US-ME", layout.COUNT, months=1),
        one(result, "US-ME", layout.SHARE, race_ethnicity="Asian, non-Hispanic"),
    ]
    assert [row["status"] for row in hidden] == ["suppressed"] * 4
    assert one(result, "US-VT", layout.COUNT, drug="methamphetamine")["value"] == 10
    raw = result.raw["cdc_sudors"].set_index("jurisdiction")
    assert raw.loc["Maine", ["heroin_deaths", "heroin_percent", "heroin_rate"]].tolist() == ["1-9", "hidden", "9999"]
    assert raw.loc["Maine", "jan_deaths"] == "1-9"
    assert raw.loc["Vermont", "asian_nh_deaths"] == "0"


def test_overall_is_the_jurisdictions_in_the_dashboard_not_the_country() -> None:
    """Overall has an area of its own, so that it never stands beside national numbers."""
    result = tidy(DATA)
    assert not result.observations["area_id"].eq("USA").any()
    naloxone = one(result, "US-XSUDORS", layout.CIRCUMSTANCE, population_group="circumstance: naloxone_given")
    assert naloxone["value"] == 20.2
    assert result.release_notes["jurisdictions"] == "2020: 1, 2021: 6, FY21: 1"


def test_the_columns_names_say_sex_age_drug_month_and_combination() -> None:
    """Each beginning of a column's name is read; a combination is the one that its words name in that line."""
    result = tidy(DATA)
    assert one(result, "US-VT", layout.COUNT, sex="female", age_group="15-24")["value"] == 12
    assert one(result, "US-VT", layout.SHARE, sex="female", age_group="15-24")["value"] == 20.0
    assert one(result, "US-VT", layout.ADJUSTED, sex="male")["value"] == 43.0
    month = one(result, "US-VT", layout.COUNT, months=1)
    assert (month["period_start"], month["period_end"], month["value"]) == (
        pd.Timestamp("2021-01-01"),
        pd.Timestamp("2021-01-31"),
        18,
    )
    assert one(result, "US-VT", layout.SHARE, population_group="combination: Heroin and Cocaine")["value"] == 7.5
    involved = "involvement: opioids_without_stimulants"
    assert one(result, "US-VT", layout.COUNT, population_group=involved)["value"] == 90


def test_rates_of_2010_are_no_rates_of_2000() -> None:
    """The adjusted rate is a measure of its own whose card names its standard; ages have crude rates."""
    assert "2010" in MEASURES[layout.ADJUSTED].meaning
    assert "2000" in MEASURES["overdose_death_rate_age_adjusted_per_100k"].meaning
    assert not tidy(DATA).observations["measure_id"].str.startswith("overdose_").any()
    assert layout.measure_of("age_under15", "rate") == layout.AGE_SPECIFIC


def test_unreadable_records_are_quarantined_with_their_reason() -> None:
    """Each fault has its code; doubled lines keep what agrees and set aside what does not."""
    result = tidy(DATA)
    cells = sum(column in layout.VALUES for column in result.raw["cdc_sudors"].columns)
    assert result.quarantine["code"].value_counts().to_dict() == {
        "unknown_area": cells,
        "unknown_period": cells,
        "unknown_group": 2,
        "not_a_number": 1,
        "out_of_range": 1,
        "over_100_pct": 1,
        "not_whole": 1,
        "exceeds_total": 1,
        "conflicting_duplicate": 2,
    }
    assert result.dropped == {"exact duplicate of another record": cells - 1}
    assert "priorod_deaths" in result.release_notes["absent_columns"]


def test_the_workbook_is_read_as_its_sheet_is(tmp_path: Path) -> None:
    """The sheet Data is found among the others, and numbers of a workbook read as those of a csv."""
    book = openpyxl.Workbook()
    book.active.title = "Info Tab"
    book.active.append(["Introduction"])
    sheet = book.create_sheet("Data")
    for line in pd.read_csv(DATA, header=None, dtype=str, keep_default_na=False).to_numpy():
        sheet.append([float(cell) if cell.replace(".", "", 1).isdigit() else cell for cell in line])
    book.save(tmp_path / "synthetic-2022-11-15.xlsx")
    path = tmp_path / "synthetic-2022-11-15.xlsx"
    pd.testing.assert_frame_equal(tidy(path).observations, tidy(DATA).observations)


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("bad_synthetic renamed 2022-11-15.csv", r"naloxone_percent.*narcan_percent"),
        ("bad_synthetic Data Dictionary 2022-11-15.csv", "expected the columns"),
        ("bad_synthetic cut 2022-11-15.csv", "cut off"),
    ],
)
def test_other_files_are_refused(name: str, match: str) -> None:
    """A renamed column, the dictionary and a cut-off file are refused with the difference."""
    with pytest.raises(SourceRefused, match=match):
        cdc_sudors.recognise(FIXTURES / name)


def test_release_date_is_never_guessed(tmp_path: Path) -> None:
    """A name without the date of the publisher's update is refused with the remedy."""
    shutil.copyfile(DATA, tmp_path / "SUDORS_Dashboard_Data.csv")
    with pytest.raises(SourceRefused, match="Rename it"):
        cdc_sudors.recognise(tmp_path / "SUDORS_Dashboard_Data.csv")


def test_fetch_says_where_a_person_finds_the_file(tmp_path: Path) -> None:
    """There is no address for scripts: the refusal names the page and the drop folder."""
    with pytest.raises(SourceRefused, match=r"cdc\.gov.*data/drop/cdc_sudors"):
        cdc_sudors.fetch(Transport(), None, tmp_path)


def test_published_workbook_is_accounted_for(shared_data: Path) -> None:
    """Every value cell of the workbook is an observation: 66 lines of 165, 652 of them suppressed by the publisher."""
    result = tidy(shared_data / "us" / "cdc_sudors" / "SUDORS_Dashboard_Data.xlsx")
    print(f"\n{result.records_in:,} records in, {len(result.observations):,} out, {len(result.quarantine)} quarantined")
    assert result.records_in == len(result.observations) == 66 * 165
    assert result.observations["note"].eq(cdc_sudors.FEW).sum() == 652
    assert not result.observations.query("measure_id == @layout.COUNT")["value"].between(1, 9).any()
    assert one(result, "US-XSUDORS", layout.COUNT)["value"] == 44_606
    given = one(result, "US-XSUDORS", layout.CIRCUMSTANCE, population_group="circumstance: naloxone_given")
    assert given["value"] == 19.9
    bystander = one(result, "US-XSUDORS", layout.COUNT, population_group="circumstance: potential_bystander_present")
    assert bystander["value"] == 20_078
    assert result.release_notes["jurisdictions"] == "2020: 32, 2021: 32"
    assert "absent_columns" not in result.release_notes
