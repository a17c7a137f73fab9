"""CDC WONDER exports: table, footer, statuses, drugs, periods, refusals."""

from pathlib import Path

import pandas as pd
import pytest

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import cdc_wonder
from assets.wonder_footer import read_footer
from schemas.observations import COLUMNS, KEY, Observation
from schemas.sources.cdc_wonder import Raw

FIXTURES = Path(__file__).parents[1] / "fixtures" / "cdc_wonder"


def tidy(*names: str, release: str = "2024-09-24", folder: Path = FIXTURES) -> Tidy:
    """Read fixture files as one release and check what every release must hold."""
    files = tuple(folder / name for name in names)
    result = cdc_wonder.tidy(Snapshot("cdc_wonder", release, folder, files, "", "", "", "drop-in"))
    assert result.unaccounted() == 0
    stamped = result.observations.assign(source_id="cdc_wonder", release=release, snapshot_id=f"cdc_wonder/{release}")
    Observation.validate(stamped[COLUMNS])
    Raw.validate(result.raw["cdc_wonder"])
    return result


def one(result: Tidy, area: str, measure: str, year: int, **groups: str) -> pd.Series:
    """Give the one observation of an area, measure and year."""
    rows = result.observations
    rows = rows[(rows["area_id"] == area) & (rows["measure_id"] == measure) & (rows["period_start"].dt.year == year)]
    for column, value in groups.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1
    return rows.iloc[0]


def test_release_is_the_query_date() -> None:
    """A release is named by the query date in the footer, and the footer becomes its notes."""
    found = cdc_wonder.recognise(FIXTURES / "synthetic_state_year.txt")
    assert found.release == "2024-09-24"
    assert found.notes["data vintage"] == "Deaths occurring through September 14, 2024 as of September 22, 2024"
    assert "<b>" not in found.notes["caveats"]
    assert '"Modified Blended Base."' in found.notes["caveats"]
    assert found.notes["group by"] == "Residence State; Year"


def test_counts_and_rates_carry_their_limits() -> None:
    """A rate keeps its published limits, and a count its value."""
    result = tidy("synthetic_state_year.txt")
    assert one(result, "US-AL", "overdose_deaths", 2022)["value"] == 1500
    rate = one(result, "US-AL", "overdose_death_rate_crude_per_100k", 2022)
    assert (rate["value"], rate["lower"], rate["upper"]) == (30.0, 28.481, 31.519)
    assert rate["period_end"] == pd.Timestamp(2022, 12, 31)
    assert not rate["is_provisional"]


def test_words_become_statuses_and_zero_stays_zero() -> None:
    """Suppressed, unreliable and zero never mix; an unreliable rate keeps its limits."""
    result = tidy("synthetic_state_year.txt")
    assert one(result, "US-AK", "overdose_deaths", 2022)["status"] == "suppressed"
    assert one(result, "US-AK", "resident_population", 2022)["value"] == 730000
    unreliable = one(result, "US-HI", "overdose_death_rate_age_adjusted_per_100k", 2022)
    assert unreliable["status"] == "low_quality"
    assert pd.isna(unreliable["value"])
    assert (unreliable["lower"], unreliable["upper"]) == (0.6, 1.9)
    assert unreliable["note"] == cdc_wonder.UNRELIABLE
    assert one(result, "US-HI", "overdose_deaths", 2022)["value"] == 15
    zero = one(result, "US-WY", "overdose_deaths", 2022)
    assert zero["value"] == 0
    assert zero["status"] == "reported"


def test_partial_year_ends_where_the_deaths_end() -> None:
    """A partial year is provisional, ends on the last day of deaths, and its rate says it is not annualised."""
    result = tidy("synthetic_state_year.txt")
    partial = one(result, "US-AL", "overdose_death_rate_crude_per_100k", 2024)
    assert partial["period_end"] == pd.Timestamp(2024, 9, 14)
    assert partial["is_provisional"]
    assert "not annualised" in partial["note"]
    assert "population of 2022 reused" in partial["note"]
    whole = one(result, "US-AL", "resident_population", 2023)
    assert whole["period_end"] == pd.Timestamp(2023, 12, 31)
    assert whole["is_provisional"]
    assert whole["note"] == "population of 2022 reused by CDC"


def test_partial_year_without_vintage_is_set_aside(tmp_path: Path) -> None:
    """A partial year whose last day is nowhere stated goes to quarantine, not to 31 December."""
    text = (FIXTURES / "synthetic_state_year.txt").read_text(encoding="utf-8")
    (tmp_path / "synthetic.txt").write_text(text.replace("Deaths occurring through", "Deaths until"), encoding="utf-8")
    result = tidy("synthetic.txt", folder=tmp_path)
    assert set(result.quarantine.loc[result.quarantine["code"] == "unknown_period", "row"]) == {4}


def test_subtotals_and_standard_errors_are_documented_drops() -> None:
    """Subtotal lines and standard errors are left out by count; unreadable cells are set aside with row and reason."""
    result = tidy("synthetic_state_year.txt")
    assert result.dropped == {"subtotal": 6, "standard error": 18}
    assert result.quarantine.groupby("code").size().to_dict() == {
        "unknown_area": 4,
        "not_a_number": 1,
        "outside_its_limits": 1,
    }
    bad = result.quarantine.set_index("code").loc["not_a_number"]
    assert (bad["row"], bad["column"], bad["value"]) == (11, "Deaths", "<10")
    assert one(result, "US-VT", "overdose_death_rate_crude_per_100k", 2022)["status"] == "not_collected"


def test_drug_comes_from_the_query_and_months_are_periods() -> None:
    """Codes asked together name the drug class; a month is a period; the repeated population is left out."""
    result = tidy("synthetic_month_two_drugs.txt", release="2018-04-28")
    deaths = one(result, "USA", "overdose_deaths", 2016, drug="cocaine_and_fentanyl")
    assert deaths["value"] == 900
    assert (deaths["period_start"], deaths["period_end"]) == (pd.Timestamp(2016, 2, 1), pd.Timestamp(2016, 2, 29))
    assert one(result, "USA", "overdose_death_rate_crude_per_100k", 2016)["status"] == "not_applicable"
    assert result.dropped == {"population repeated in an export for one drug class": 1}


def test_race_carries_its_era() -> None:
    """Race and origin are one label that says whether race is bridged."""
    result = tidy("synthetic_race.txt", release="2018-04-28")
    assert set(result.observations["race_ethnicity"]) == {
        "bridged: White, not Hispanic",
        "bridged: White, Hispanic origin not stated",
    }


def test_counties_ages_sexes_and_pooled_years() -> None:
    """County exports resolve by FIPS; years taken together are one period without an added-up population."""
    result = tidy("synthetic_county_age_pooled.txt", release="2016-02-03")
    row = one(result, "US-01001", "overdose_deaths", 2006, age_group="25-34", sex="female")
    assert row["period_end"] == pd.Timestamp(2014, 12, 31)
    assert row["value"] == 40
    assert one(result, "US-01001", "overdose_deaths", 2006, age_group="0-0", sex="male")["value"] == 0
    assert "population added up over several years" in result.dropped
    clifton = pd.concat([result.observations.query("status == 'not_collected'"), result.quarantine.query("row == 4")])
    assert len(clifton) == 2


def test_equal_records_are_kept_once_and_conflicts_set_aside() -> None:
    """Two exports of one day: what agrees is kept once, what differs is set aside on both sides."""
    result = tidy("synthetic_us_year.txt", "synthetic_us_year_repeated.txt")
    assert result.dropped["exact duplicate of another record"] == 2
    assert list(result.quarantine["code"]) == ["conflicting_duplicate"] * 2
    assert set(result.quarantine["value"]) == {"333000000", "333000999"}
    assert not result.observations.duplicated(KEY).any()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("bad_synthetic_cut_off.txt", "cut off"),
        ("bad_synthetic_other_cause.txt", "All other drug-induced causes"),
        ("bad_synthetic_filtered.txt", "Gender: Female"),
    ],
)
def test_wrong_exports_are_refused(name: str, says: str) -> None:
    """A cut-off export, another cause, and a hidden filter are refused with what was found."""
    with pytest.raises(SourceRefused, match=says):
        cdc_wonder.recognise(FIXTURES / name)


def test_renamed_column_is_refused() -> None:
    """A renamed column is refused showing the difference."""
    with pytest.raises(SourceRefused, match=r"\['Deaths'\].*Fatalities"):
        tidy("bad_synthetic_renamed_column.txt")


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "empty"), ("<!DOCTYPE html><html>Sorry</html>", "web page"), ("Entity,Year\nAustria,2015\n", "Notes")],
)
def test_other_files_are_refused(tmp_path: Path, text: str, says: str) -> None:
    """Empty files, web pages and other tables are refused, saying what they are."""
    path = tmp_path / "export.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceRefused, match=says):
        cdc_wonder.recognise(path)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("Per: 100,000", "Per: 1,000,000", "1,000,000"),
        ("Title: synthetic, made for tests", "MCD - ICD-10 Codes: T40.9 (Other)", "T40.9"),
        ('Suicide"\n"(X60-X64)', 'Suicide"\n"(X60-X63)', "X64"),
        ("Dataset: Provisional", "Dataset: Natality", "Natality"),
    ],
)
def test_queries_that_mean_something_else_are_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    """Another rate base, unknown drug codes, missing causes and other data sets are refused."""
    text = (FIXTURES / "synthetic_state_year.txt").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "export.txt"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(SourceRefused, match=says):
        cdc_wonder.recognise(path)


def test_wrapped_parameters_are_joined() -> None:
    """A parameter wrapped over several quoted lines is one value."""
    footer = read_footer((FIXTURES / "synthetic_state_year.txt").read_text(encoding="utf-8"), "x")
    assert footer.asked("UCD - Drug/Alcohol Induced Causes").endswith("Undetermined (Y10-Y14)")


def test_official_exports(shared_data: Path) -> None:
    """Every official export is read whole, and its known national figures come out."""
    folder = shared_data / "us" / "cdc_wonder"
    releases: dict[str, list[str]] = {}
    for path in sorted(folder.iterdir()):
        releases.setdefault(cdc_wonder.recognise(path).release, []).append(path.name)
    results = {release: tidy(*names, release=release, folder=folder) for release, names in releases.items()}
    assert all(result.quarantine.empty for result in results.values())
    newest = results["2024-09-24"]
    assert one(newest, "USA", "overdose_deaths", 2021)["value"] == 106699
    assert one(newest, "USA", "overdose_deaths", 1999)["value"] == 16849
    drugs = set(results["2018-04-24"].observations["drug"])
    assert drugs == {"cocaine", "cocaine_and_fentanyl"}


def test_counts_of_1_to_9_are_hidden_whatever_an_export_shows() -> None:
    """WONDER's terms forbid counts under 10; a true zero, a count of 10 and a population stay."""
    deaths = "overdose_deaths"
    records = pd.DataFrame(
        {
            "measure_id": [deaths, deaths, deaths, "resident_population"],
            "value": [4.0, 0.0, 10.0, 9.0],
            "status": "reported",
        }
    )
    hidden = cdc_wonder._withheld(records)
    assert hidden["status"].tolist() == ["suppressed", "reported", "reported", "reported"]
    assert hidden["value"].isna().tolist() == [True, False, False, False]
