"""The transcribed figures: cited, complete, true where the truth is known, refused whole when one of them is bad."""

import csv
from pathlib import Path

import pandas as pd
import pytest

from assets.figures import FigureError, Figures, load
from schemas.figures import CITATION_COLUMNS
from schemas.figures import COLUMNS as FIGURE_COLUMNS
from schemas.observations import COLUMNS, Observation

DIRECTORY = Path(__file__).resolve().parents[2] / "data" / "figures"
FILES = {
    "cdc_dispensing",
    "cdc_vsrr",
    "cdc_wonder",
    "census_population",
    "emcdda_bulletin",
    "ons_drug_poisoning",
    "optic_policy",
    "phac_consumption_sites",
    "phac_substance_harms",
    "un_population",
    "unaids_gam",
}
GOOD = {
    "source_id": "cdc_wonder",
    "release": "2024-09-24",
    "measure_id": "overdose_deaths",
    "area_id": "USA",
    "period_start": "2021-01-01",
    "period_end": "2021-12-31",
    **dict.fromkeys(["sex", "age_group", "race_ethnicity", "drug", "population_group"], "all"),
    "value": "123",
    "lower": "",
    "upper": "",
    "status": "reported",
    "is_provisional": "false",
    "note": "synthetic",
    "publisher": "A synthetic publisher",
    "title": "A synthetic table",
    "published": "2024-09-24",
    "locator": "table 1",
    "licence": "Ours",
    "verification": "verified",
}


@pytest.fixture(scope="module")
def figures() -> Figures:
    """Give the figures that are kept with the code."""
    return load(DIRECTORY)


def one(figures: Figures, **wanted: str) -> pd.Series:
    """Give the one observation with these values; the others are totals."""
    frame = figures.observations
    totals = dict.fromkeys(["sex", "age_group", "race_ethnicity", "drug", "population_group"], "all")
    mask = pd.Series(True, index=frame.index)
    for column, value in (totals | wanted).items():
        mask &= frame[column] == value
    found = frame[mask]
    assert len(found) == 1, f"{wanted}: {len(found)} rows"
    return found.iloc[0]


def write(
    directory: Path, *changes: dict[str, str], name: str = "synthetic.csv", columns: list[str] = FIGURE_COLUMNS
) -> Path:
    """Write a file of figures, one row for each set of changes to a good row."""
    with (directory / name).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows([GOOD | change for change in changes])
    return directory


def test_every_row_is_cited_and_keeps_its_contract(figures: Figures) -> None:
    """Every figure carries a whole citation, and every observation keeps the contract of observations."""
    assert (figures.raw[CITATION_COLUMNS] != "").all(axis=None)
    assert list(figures.observations.columns) == COLUMNS
    assert len(Observation.validate(figures.observations)) == len(figures.observations)
    assert (figures.raw["verification"] == "verified").all()


def test_files_are_the_publications_of_their_source(figures: Figures) -> None:
    """There is one file for each source, named like it, in one layout."""
    assert {name.removesuffix(".csv") for name in figures.sha256} == FILES
    assert (figures.raw["_file"] == figures.raw["source_id"] + ".csv").all()


def test_amount_is_about_what_was_asked_for(figures: Figures) -> None:
    """The figures stay a selection: some thousand rows, never whole data sets."""
    assert 3_500 <= len(figures.observations) <= 6_500


def test_citations_count_every_row_once(figures: Figures) -> None:
    """The citations cover all figures, each once, and name the release they belong to."""
    assert figures.citations["rows"].sum() == len(figures.observations)
    assert (figures.raw["release"].str[:4] == figures.raw["published"].str[:4]).all()


def test_release_follows_every_settled_period(figures: Figures) -> None:
    """No figure is dated before the end of the period it counts; populations are counted or projected at mid-year."""
    counted_at_a_date = figures.observations["measure_id"] == "resident_population"
    known = figures.observations[~counted_at_a_date]
    assert (pd.to_datetime(known["release"]) > known["period_end"]).all()


def test_readme_describes_every_file() -> None:
    """The folder's README has a section for each file."""
    readme = (DIRECTORY / "README.md").read_text(encoding="utf-8")
    assert [name for name in sorted(FILES) if f"`{name}.csv`" not in readme] == []


@pytest.mark.parametrize(("measure", "deaths"), [("overdose_deaths", 107_573), ("overdose_deaths_predicted", 109_099)])
def test_united_states_twelve_months_to_december_2021(figures: Figures, measure: str, deaths: int) -> None:
    """The 12 months ending December 2021 hold 107,573 reported and 109,099 predicted deaths."""
    window = {"period_start": "2021-01-01", "period_end": "2021-12-31"}
    row = one(figures, source_id="cdc_vsrr", measure_id=measure, area_id="USA", **window)
    assert row["value"] == deaths


def test_united_states_calendar_year_2021(figures: Figures) -> None:
    """WONDER counts 106,699 overdose deaths of US residents in 2021."""
    row = one(figures, source_id="cdc_wonder", measure_id="overdose_deaths", area_id="USA", period_start="2021-01-01")
    assert row["value"] == 106_699


def test_wonder_years_are_complete_and_limits_hold(figures: Figures) -> None:
    """The US has every year from 1999 to 2023 with limits, 2023 provisional; each state has 2015 to 2023."""
    frame = figures.observations[figures.observations["source_id"] == "cdc_wonder"]
    national = frame[(frame["area_id"] == "USA") & (frame["measure_id"] == "overdose_death_rate_age_adjusted_per_100k")]
    assert sorted(national["period_start"].dt.year) == list(range(1999, 2024))
    assert ((national["lower"] < national["value"]) & (national["value"] < national["upper"])).all()
    assert sorted(set(frame.loc[frame["is_provisional"], "period_start"].dt.year)) == [2023]
    states = frame[(frame["area_id"] != "USA") & (frame["measure_id"] == "overdose_deaths")]
    assert states.groupby("area_id").size().to_dict() == dict.fromkeys(states["area_id"].unique(), 9)
    assert states["area_id"].nunique() == 51


@pytest.mark.parametrize("year", [2015, 2021, 2024])
def test_united_states_is_states_with_district_and_city(figures: Figures, year: int) -> None:
    """The US total is exactly 50 states (New York without its city), the District of Columbia and New York City."""
    frame = figures.observations
    window = frame[
        (frame["source_id"] == "cdc_vsrr")
        & (frame["measure_id"] == "overdose_deaths")
        & (frame["drug"] == "all")
        & (frame["period_end"] == f"{year}-12-31")
    ].set_index("area_id")["value"]
    parts = window.drop(["USA", "US-PR"])
    assert len(parts) == 52
    assert parts.sum() == window["USA"]


def test_twelve_month_windows_are_twelve_months_long(figures: Figures) -> None:
    """Each provisional count covers the 12 months up to its month, monthly for the US from January 2015."""
    frame = figures.observations[figures.observations["source_id"] == "cdc_vsrr"]
    assert (frame["period_end"] + pd.Timedelta(days=1) == frame["period_start"] + pd.DateOffset(years=1)).all()
    assert frame["period_start"].dt.is_month_start.all()
    monthly = frame[(frame["area_id"] == "USA") & (frame["drug"] == "all") & (frame["measure_id"] == "overdose_deaths")]
    assert len(monthly) == 122


def test_canadian_opioid_deaths_by_year(figures: Figures) -> None:
    """Canada's opioid deaths 2016 to 2024 are the published ones, and 2025 is marked as part of a year."""
    frame = figures.observations
    canada = frame[(frame["measure_id"] == "opioid_deaths") & (frame["area_id"] == "CAN")].sort_values("period_start")
    assert canada["value"].tolist() == [2832, 3928, 4253, 3585, 6166, 7546, 7227, 8020, 7313, 4162]
    last = canada.iloc[-1]
    assert (str(last["period_end"].date()), bool(last["is_provisional"])) == ("2025-09-30", True)
    assert "annualised" in last["note"]


def test_england_wales_and_non_residents_make_the_total(figures: Figures) -> None:
    """England, Wales and non-residents make up England and Wales in every year; 4312 + 224 + 25 = 4561 in 2020."""
    frame = figures.observations
    deaths = frame[(frame["source_id"] == "ons_drug_poisoning") & (frame["drug"] == "all")]
    table = deaths.assign(place=deaths["area_id"] + " " + deaths["population_group"]).pivot_table(
        index="period_start", columns="place", values="value"
    )
    assert table.loc["2020-01-01"].to_dict() == {
        "GB-EAW all": 4561.0,
        "GB-EAW non_residents": 25.0,
        "GB-ENG all": 4312.0,
        "GB-WLS all": 224.0,
    }
    known = table.dropna()
    assert len(known) == 28
    assert (known.drop(columns="GB-EAW all").sum(axis=1) == known["GB-EAW all"]).all()


def test_suppressed_missing_and_zero_stay_apart(figures: Figures) -> None:
    """Nunavut has a true zero, suppressed years and a year not collected; only the zero has a value."""
    nunavut = {
        year: one(figures, measure_id="opioid_deaths", area_id="CA-NU", period_start=f"{year}-01-01")
        for year in (2016, 2020, 2024)
    }
    assert [row["status"] for row in nunavut.values()] == ["reported", "suppressed", "not_collected"]
    assert nunavut[2016]["value"] == 0
    assert pd.isna(nunavut[2020]["value"])
    assert pd.isna(nunavut[2024]["value"])
    frame = figures.observations
    assert {"reported", "low_quality"} == set(frame.loc[frame["source_id"] == "cdc_vsrr", "status"])
    assert (frame["value"].isna() == (frame["status"] != "reported")).all()


def test_implausible_count_stands_as_published(figures: Figures) -> None:
    """A figure is what was printed: Japan's count is judged in data/corrections, not in the transcription."""
    row = one(figures, measure_id="people_who_inject_drugs", area_id="JPN")
    assert (row["value"], row["status"], row["note"]) == (519_700, "reported", "")


def test_laws_are_in_force_or_absent_for_every_state(figures: Figures) -> None:
    """Each state has one row for each law, and the states with each law at the end are as many as known."""
    laws = figures.observations[figures.observations["source_id"] == "optic_policy"]
    assert laws.groupby("measure_id").size().to_dict() == {
        "good_samaritan_arrest_law": 51,
        "good_samaritan_law": 51,
        "naloxone_access_law": 51,
        "naloxone_pharmacist_prescribing_law": 51,
        "naloxone_standing_order_law": 51,
    }
    assert laws.groupby("measure_id")["value"].sum().astype(int).to_dict() == {
        "good_samaritan_arrest_law": 21,
        "good_samaritan_law": 46,
        "naloxone_access_law": 51,
        "naloxone_pharmacist_prescribing_law": 8,
        "naloxone_standing_order_law": 47,
    }
    assert (laws.loc[laws["value"] == 0, "period_start"] == "1990-01-01").all()


def test_good_rows_load_with_their_snapshot(tmp_path: Path) -> None:
    """A row is stamped with the snapshot it stands for, and unverified figures wait until they are asked for."""
    write(tmp_path, {}, {"area_id": "CAN", "verification": "unverified"})
    loaded = load(tmp_path)
    assert loaded.observations["snapshot_id"].tolist() == ["figures/cdc_wonder/2024-09-24"]
    assert (len(loaded.raw), loaded.raw["_row"].tolist(), loaded.origin) == (2, [2, 3], "figures")
    assert len(load(tmp_path, include_unverified=True).observations) == 2


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"value": "1,234"}, "value: expected a plain number without commas, or nothing, found '1,234'"),
        ({"value": "1e3"}, "value: expected a plain number"),
        ({"value": " 12"}, "value: expected no blanks around the text"),
        ({"period_start": "01/01/2021"}, "period_start: expected a date such as 2021-12-31, found '01/01/2021'"),
        ({"period_start": "2021-02-30"}, "period_start: expected a date"),
        ({"period_end": "2020-12-31"}, "the row: expected period_ends_after_it_starts"),
        ({"is_provisional": "yes"}, "is_provisional: expected true or false, found 'yes'"),
        ({"area_id": "XXX"}, "area_id: expected an area_id of data/reference/areas.csv, found 'XXX'"),
        ({"measure_id": "deaths"}, "measure_id: expected isin"),
        ({"value": ""}, "the row: expected value_null_exactly_when_not_reported"),
        ({"status": "suppressed"}, "the row: expected value_null_exactly_when_not_reported"),
        ({"lower": "200"}, "the row: expected limits_contain_value"),
        ({"licence": ""}, "licence: expected str_length"),
        ({"published": "Sep 2024"}, "published: expected str_matches"),
        ({"area_id": "USA"}, "the row: expected one row for each source_id, release, measure_id"),
    ],
)
def test_one_bad_row_refuses_all(tmp_path: Path, change: dict[str, str], expected: str) -> None:
    """One bad cell refuses the whole load and names file, line, column, value and what was expected."""
    write(tmp_path, {}, {"area_id": "CAN"} | change)
    with pytest.raises(FigureError) as refused:
        load(tmp_path)
    assert "synthetic.csv line 3, " in str(refused.value)
    assert expected in str(refused.value)


def test_two_faults_of_one_row_are_both_named(tmp_path: Path) -> None:
    """A row with several broken promises is listed once for each."""
    write(tmp_path, {"status": "suppressed", "period_end": "2020-12-31", "licence": "", "measure_id": "deaths"})
    with pytest.raises(FigureError, match="4 faults") as refused:
        load(tmp_path)
    assert "value_null_exactly_when_not_reported" in str(refused.value)
    assert "period_ends_after_it_starts" in str(refused.value)


def test_all_faults_are_listed_at_once(tmp_path: Path) -> None:
    """Faults in several rows and files come in one message, the first ten in full."""
    write(tmp_path, *[{"area_id": f"X{number}"} for number in range(10, 24)])
    write(tmp_path, {"value": "many"}, name="another_synthetic.csv")
    with pytest.raises(FigureError, match="15 faults") as refused:
        load(tmp_path)
    assert "another_synthetic.csv line 2, value" in str(refused.value)
    assert "and 5 more" in str(refused.value)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (FIGURE_COLUMNS[:-1], "missing ['verification'], not known []"),
        ([*FIGURE_COLUMNS, "comment"], "missing [], not known ['comment']"),
        ([FIGURE_COLUMNS[1], FIGURE_COLUMNS[0], *FIGURE_COLUMNS[2:]], "in this order"),
    ],
)
def test_another_layout_is_refused(tmp_path: Path, columns: list[str], expected: str) -> None:
    """A file whose header is not the layout is refused with the difference."""
    write(tmp_path, {}, columns=columns)
    with pytest.raises(FigureError) as refused:
        load(tmp_path)
    assert expected in str(refused.value)


def test_ragged_line_and_empty_folder_are_refused(tmp_path: Path) -> None:
    """A line with a comma too many and a folder without figures are refused."""
    with pytest.raises(FigureError, match="found none"):
        load(tmp_path)
    path = write(tmp_path, {}) / "synthetic.csv"
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n") + ",too much\n", encoding="utf-8")
    with pytest.raises(FigureError, match=r"synthetic\.csv: line 2"):
        load(tmp_path)
