"""World Population Prospects: broad ages and single ages, projections, refusals."""

import gzip
from pathlib import Path

import pytest

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import un_population
from assets.transport import Download, Validators
from schemas.observations import COLUMNS, KEY, Observation
from schemas.sources.un_population import RAW_MODELS

FIXTURES = Path(__file__).parents[1] / "fixtures" / "un_population"
BROAD = "synthetic_population_wpp2017.csv"
SINGLE = "synthetic_WPP2024_PopulationBySingleAgeSex_Medium_1950-2023.csv"


def tidy(*names: str, release: str = "2017-07-01", folder: Path = FIXTURES) -> Tidy:
    """Read files as one release and check what every release must hold."""
    files = tuple(folder / name for name in names)
    result = un_population.tidy(Snapshot("un_population", release, folder, files, "", "", "", "drop-in"))
    assert result.unaccounted() == 0
    stamped = result.observations.assign(source_id="un_population", release=release, snapshot_id="x")
    Observation.validate(stamped[COLUMNS])
    for name, raw in result.raw.items():
        RAW_MODELS[name].validate(raw)
    return result


def values(result: Tidy, area: str, year: int, sex: str = "all") -> dict[str, float]:
    """Give the population by age group of an area, year and sex."""
    rows = result.observations
    rows = rows[(rows["area_id"] == area) & (rows["period_start"].dt.year == year) & (rows["sex"] == sex)]
    return dict(zip(rows["age_group"], rows["value"], strict=True))


def test_revisions_are_releases() -> None:
    """A release is 1 July of the revision's year, from the columns or from the publisher's file name."""
    assert un_population.recognise(FIXTURES / BROAD).release == "2017-07-01"
    assert un_population.recognise(FIXTURES / SINGLE).release == "2024-07-01"


def test_broad_ages_and_their_exact_total() -> None:
    """Published groups are kept, and the total is the sum of three broad groups and says so."""
    result = tidy(BROAD)
    austria = values(result, "AUT", 2015)
    assert austria["15-64"] == 5800000
    assert austria["25-64"] == 4850000
    assert austria["all"] == 1200000 + 5800000 + 1600000
    assert len(austria) == 8
    total = result.observations.query("age_group == 'all'")
    assert total["note"].str.startswith("sum of 0-14, 15-64 and 65+").all()
    assert values(result, "NAM", 2015)["0-4"] == 330000


def test_projections_are_provisional() -> None:
    """Years after the revision's last estimated year are projections; the last one is not."""
    rows = tidy(BROAD).observations.query("area_id == 'AUT'")
    year = rows["period_start"].dt.year
    assert rows.loc[year == 2016, "is_provisional"].all()
    assert rows.loc[year == 2016, "note"].str.contains("projection").all()
    assert not rows.loc[year == 2015, "is_provisional"].any()


def test_other_years_and_groups_of_countries_are_documented_drops() -> None:
    """Years outside the kept ones, the world and groups of countries are left out by count."""
    assert tidy(BROAD).dropped == {un_population.YEARS_DROP: 14, un_population.AGGREGATE_DROP: 14}


def test_unknown_places_and_unreadable_numbers_are_set_aside() -> None:
    """An unknown country is not guessed, and a country lacking a broad group has no total."""
    result = tidy(BROAD)
    assert result.quarantine.groupby("code").size().to_dict() == {"not_a_number": 1, "unknown_area": 7}
    assert result.quarantine.set_index("code").loc["not_a_number", "value"] == "n/a"
    iceland = values(result, "ISL", 2015)
    assert "all" not in iceland
    assert "0-14" not in iceland
    assert iceland["65+"] == 45000


def test_single_ages_are_summed_in_people() -> None:
    """Thousands become people; single ages add up to the same groups, by sex, with 100 and over in 65+."""
    result = tidy(SINGLE, release="2024-07-01")
    assert values(result, "AUT", 2023, "female")["0-4"] == 5 * 11001
    both = values(result, "AUT", 2023)
    assert both["65+"] == 36 * 21501
    assert both["15-64"] == 50 * 21501
    assert both["all"] == 101 * 21501
    assert len(result.observations) == 24
    assert not result.observations["is_provisional"].any()
    assert result.dropped[un_population.YEARS_DROP] == 303
    assert result.dropped[un_population.AGGREGATE_DROP] == 3


def edited(tmp_path: Path, old: str, new: str) -> Path:
    """Write the single-age fixture with one edit under the publisher's name."""
    text = (FIXTURES / SINGLE).read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "WPP2024_PopulationBySingleAgeSex_Medium_1950-2023.csv"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_a_group_with_an_unreadable_age_is_withheld(tmp_path: Path) -> None:
    """A group lacking one single age is not published too small, nor is anything made of it."""
    path = edited(tmp_path, "Medium,2023,30,30,1,10.5,", "Medium,2023,30,30,1,1e1,")
    result = tidy(path.name, release="2024-07-01", folder=tmp_path)
    assert list(result.quarantine["value"]) == ["1e1"]
    assert set(values(result, "AUT", 2023, "male")) == {"0-4", "5-14", "15-24", "65+", "0-14"}
    assert len(values(result, "AUT", 2023, "female")) == 8


def test_a_ragged_line_is_set_aside_with_its_number(tmp_path: Path) -> None:
    """A line with too few cells goes to quarantine under its own line number."""
    path = edited(tmp_path, "40,AUT,Country/Area,Austria,Medium,2023,30,30,1,10.5,11.001,21.501", "40,AUT,Country/Area")
    result = tidy(path.name, release="2024-07-01", folder=tmp_path)
    assert list(result.quarantine["code"]) == ["ragged_line"]
    assert list(result.quarantine["row"]) == [1 + 101 + 31]
    assert "25-64" not in values(result, "AUT", 2023)


def test_a_missing_age_is_refused(tmp_path: Path) -> None:
    """A file without one of the ages is refused, since its sums would be too small."""
    path = edited(tmp_path, "40,AUT,Country/Area,Austria,Medium,2023,30,30,1,10.5,11.001,21.501\n", "")
    with pytest.raises(SourceRefused, match="every single age"):
        tidy(path.name, release="2024-07-01", folder=tmp_path)


def test_single_ages_under_another_name_are_refused(tmp_path: Path) -> None:
    """The single-age file does not say its revision, so its name must."""
    path = tmp_path / "population.csv"
    path.write_bytes((FIXTURES / SINGLE).read_bytes())
    with pytest.raises(SourceRefused, match="publisher's file name"):
        un_population.recognise(path)


def test_renamed_columns_are_refused(tmp_path: Path) -> None:
    """A renamed column is refused in both layouts, showing the difference."""
    with pytest.raises(SourceRefused, match=r"65\+ years old.*Older people"):
        un_population.recognise(FIXTURES / "bad_synthetic_renamed_column.csv")
    with pytest.raises(SourceRefused, match=r"PopTotal.*Everybody"):
        un_population.recognise(edited(tmp_path, "PopTotal", "Everybody"))


def test_cut_off_files_are_refused(tmp_path: Path) -> None:
    """A table that ends in the middle of a line and a gzip file that ends early are refused."""
    with pytest.raises(SourceRefused, match="cut off"):
        tidy("bad_synthetic_cut_off.csv")
    path = tmp_path / f"{SINGLE}.gz"
    path.write_bytes(gzip.compress((FIXTURES / SINGLE).read_bytes())[:-12])
    with pytest.raises(SourceRefused, match="damaged"):
        un_population.recognise(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("\n", "Entity"),
        ("<html>Access denied</html>", "web page"),
        ("Country,Year,Population\nAustria,2015,8\n", "Entity"),
        ('Entity,Year,"Under 15 years old (UNWPP, 1999)"\nAustria,1990,1\n', "absent"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, says: str) -> None:
    """Empty files, web pages and other tables are refused, saying what was expected."""
    path = tmp_path / "file.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceRefused, match=says):
        un_population.recognise(path)


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
        path.write_bytes((FIXTURES / SINGLE).read_bytes())
        return Download(path, url, "", 1, "text/csv", Validators(etag="synthetic"))


def test_fetch_gives_the_release_or_nothing_new(tmp_path: Path) -> None:
    """A live download is recognised and carries its validators and address; unchanged gives nothing."""
    found = un_population.fetch(OneFile(unchanged=False), None, tmp_path)  # type: ignore[arg-type]
    assert found is not None
    assert (found.release, found.url) == ("2024-07-01", un_population.CARD.download_url)
    assert found.validators == Validators(etag="synthetic")
    assert un_population.fetch(OneFile(unchanged=True), found.validators, tmp_path) is None  # type: ignore[arg-type]


def test_official_file(shared_data: Path) -> None:
    """The re-published 2017 revision is read without a refused record, one row per key."""
    result = tidy("population_by_age_group_wpp2017.csv", folder=shared_data / "global" / "un_population")
    assert result.quarantine.empty
    assert not result.observations.duplicated(KEY).any()
    assert result.observations["area_id"].nunique() == 201
    assert result.observations["period_start"].dt.year.agg(["min", "max"]).tolist() == [1990, 2035]
