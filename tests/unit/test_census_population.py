"""Census population estimates: counties, states, nation, ages; refusals."""

import gzip
from pathlib import Path

import pandas as pd
import pytest

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import census_population
from assets.transport import Download, Validators
from schemas.observations import COLUMNS, KEY, Observation
from schemas.sources.census_population import RAW_MODELS

FIXTURES = Path(__file__).parents[1] / "fixtures" / "census_population"
COUNTIES = "synthetic_co-est2024-alldata.csv"
NATION = "synthetic_NST-EST2024-ALLDATA.csv"
STATES = "synthetic_statepop20-24.csv"
AGES = "synthetic_state_age_sex_race.csv"


def tidy(*names: str, folder: Path = FIXTURES) -> Tidy:
    """Read files as one release and check what every release must hold."""
    files = tuple(folder / name for name in names)
    result = census_population.tidy(Snapshot("census_population", "2024-07-01", folder, files, "", "", "", "drop-in"))
    assert result.unaccounted() == 0
    stamped = result.observations.assign(source_id="census_population", release="2024-07-01", snapshot_id="x")
    Observation.validate(stamped[COLUMNS])
    for name, raw in result.raw.items():
        RAW_MODELS[name].validate(raw)
    return result


def value(result: Tidy, area: str, year: int, sex: str = "all", age: str = "all") -> float:
    """Give the one population of an area, year, sex and age group."""
    rows = result.observations
    chosen = (rows["area_id"] == area) & (rows["period_start"].dt.year == year) & (rows["sex"] == sex)
    rows = rows[chosen & (rows["age_group"] == age)]
    assert len(rows) == 1
    return float(rows["value"].iloc[0])


@pytest.mark.parametrize("name", [COUNTIES, NATION, STATES, AGES])
def test_every_layout_is_recognised_by_its_vintage(name: str) -> None:
    """A release is the reference date of the vintage, whatever the layout."""
    assert census_population.recognise(FIXTURES / name).release == "2024-07-01"


def test_county_file() -> None:
    """Counties and states resolve by FIPS, lost zeros included; Connecticut has planning regions; latin-1 is read."""
    result = tidy(COUNTIES)
    assert value(result, "US-09110", 2024) == 990000
    assert value(result, "US-CT", 2023) == 3650000
    assert value(result, "US-01001", 2024) == 61000
    assert value(result, "US-35013", 2024) == 227000
    assert "Doña Ana County" in set(result.raw["census_population_estimates"]["CTYNAME"])
    assert result.dropped == {census_population.BASE_DROP: 6}
    refused = result.quarantine.sort_values(["code", "row"])
    assert list(refused["code"]) == ["not_a_number"] * 2 + ["unknown_area"] * 2
    assert set(refused["value"]) == {"1e5", "-4", "2", "3"}


def test_national_file_leaves_out_regions() -> None:
    """The nation and Puerto Rico are areas; census regions are left out by count."""
    result = tidy(NATION)
    assert value(result, "USA", 2024) == 340000000
    assert value(result, "US-PR", 2024) == 3203000
    assert result.dropped[census_population.REGION_DROP] == 2


def test_state_table_with_preamble_dots_commas_and_footnotes() -> None:
    """The printed table is read below its preamble, and its footnotes become release notes."""
    result = tidy(STATES)
    assert value(result, "US-DC", 2024) == 702000
    assert value(result, "US-PR", 2023) == 3200000
    assert len(result.observations) == 8
    assert result.quarantine.empty
    assert "Release Date: December 2024" in result.release_notes[f"{STATES}: footnotes"]


def test_files_of_one_vintage_agree_or_are_set_aside() -> None:
    """A state in two files is kept once where equal and set aside where the figures differ."""
    result = tidy(NATION, STATES)
    assert result.dropped["exact duplicate of another record"] == 5
    assert set(result.quarantine["value"]) == {"3675000", "3675001"}
    assert not result.observations.duplicated(KEY).any()


def test_cells_are_summed_to_ages_and_sexes() -> None:
    """Cells by race add up to age, sex and total, and every cell is accounted for."""
    result = tidy(AGES)
    assert value(result, "US-WY", 2024, "female", "5-9") == 105 + 15
    assert value(result, "US-WY", 2024, "all", "85+") == 2 * (185 + 95)
    assert value(result, "US-WY", 2024) == 2 * sum(110 + 2 * age for age in range(0, 90, 5))
    assert len(result.observations) == 19 * 3
    assert "USA" not in set(result.observations["area_id"])


def test_a_total_with_an_unreadable_cell_is_withheld() -> None:
    """A total that lacks a cell is not published too small; its sex and all-age totals are withheld with it."""
    result = tidy("synthetic_state_age_sex_race_one_bad_cell.csv")
    assert list(result.quarantine["value"]) == ["9_5"]
    ages = result.observations
    assert not ((ages["age_group"] == "85+") & (ages["sex"] == "female")).any()
    assert not ((ages["age_group"] == "all") & ages["sex"].isin(["female", "all"])).any()
    assert value(result, "US-WY", 2024, "male") == sum(110 + 2 * age for age in range(0, 90, 5))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("bad_synthetic_renamed_column.csv", "POPESTIMATE"),
        ("bad_synthetic_cut_off.csv", "cut off"),
    ],
)
def test_bad_files_are_refused(name: str, says: str) -> None:
    """A renamed column and a cut-off file are refused with what was expected."""
    with pytest.raises(SourceRefused, match=says):
        census_population.recognise(FIXTURES / name)


def test_missing_cells_are_refused() -> None:
    """A file by age that lacks cells is refused, since its totals would be too small."""
    with pytest.raises(SourceRefused, match="without the ages"):
        tidy("bad_synthetic_missing_cells.csv")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"<html><body>Not found</body></html>", "web page"),
        (b"year,age,sex,race,pop\n1979,0,both,black,2\n", "SUMLEV"),
        (b"SUMLEV,STATE,NAME,SEX,ORIGIN,RACE,AGE,POPESTIMATE2024\n040,01,Alabama,0,0,1,0,5\n", "SUMLEV"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, says: str) -> None:
    """Empty files, web pages and other Census tables are refused, saying what they are."""
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(SourceRefused, match=says):
        census_population.recognise(path)


def test_truncated_gzip_is_refused(tmp_path: Path) -> None:
    """A gzip file that ends early is refused, not read in part."""
    path = tmp_path / "cells.csv.gz"
    path.write_bytes(gzip.compress((FIXTURES / AGES).read_bytes())[:-20])
    with pytest.raises(SourceRefused, match="damaged"):
        census_population.recognise(path)


class OneFile:
    """Stands for the transport: gives one fixture under the name asked for, or nothing new."""

    def __init__(self, unchanged: bool) -> None:
        """Say whether the server has anything new."""
        self.unchanged = unchanged

    def download(self, url: str, into: Path, name: str, *_: object, **__: int) -> Download | None:
        """Write the fixture where a download would go."""
        if self.unchanged:
            return None
        path = into / name
        path.write_bytes((FIXTURES / COUNTIES).read_bytes())
        return Download(path, url, "", 1, "text/csv", Validators(etag="synthetic"))


def test_fetch_gives_the_release_or_nothing_new(tmp_path: Path) -> None:
    """A live download is recognised and carries its validators and address; unchanged gives nothing."""
    found = census_population.fetch(OneFile(unchanged=False), None, tmp_path)  # type: ignore[arg-type]
    assert found is not None
    assert (found.release, found.url) == ("2024-07-01", census_population.CARD.download_url)
    assert found.validators == Validators(etag="synthetic")
    assert census_population.fetch(OneFile(unchanged=True), found.validators, tmp_path) is None  # type: ignore[arg-type]


def test_official_files(shared_data: Path) -> None:
    """The official files agree with each other to the person: 50 states and DC, by age and sex, are the nation."""
    folder = shared_data / "us" / "census_population"
    names = ["co-est2024-alldata.csv", "state_age_sex_race_2020_2024.csv.gz", "statepop20-24.csv"]
    result = tidy(*names, folder=folder)
    assert result.quarantine.empty
    assert value(result, "USA", 2024) == 340110988
    states = result.observations.query("sex == 'all' and age_group == 'all'")
    states = states[states["period_start"].dt.year == 2024]
    inside = states["area_id"].str.fullmatch(r"US-[A-Z]{2}") & (states["area_id"] != "US-PR")
    assert states.loc[inside, "value"].sum() == 340110988
    assert result.dropped["exact duplicate of another record"] == 515
    assert pd.Series(result.observations["period_end"]).dt.month.eq(12).all()
