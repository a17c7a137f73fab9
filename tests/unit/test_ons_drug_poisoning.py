"""ONS's drug poisonings: three tables of one release, levels that are not mixed, totals that add up."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from assets.figures import load
from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import ons_drug_poisoning
from assets.transport import Transport
from schemas.observations import COLUMNS, TIDY_COLUMNS, Observation
from schemas.quarantine import Quarantine

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "ons_drug_poisoning"
FIGURES = Path(__file__).resolve().parents[2] / "data" / "figures"
REGIONS = FIXTURES / "synthetic_by_region_and_drug-2021-08-03.csv"
LOCAL = FIXTURES / "synthetic_by_local_area-2021-08-03.csv"
CLASSES = FIXTURES / "synthetic_by_class-2022-08-03.csv"


def tidy(*paths: Path) -> Tidy:
    """Recognise and tidy files as one dropped-in release, and check what holds for every file."""
    (release,) = {ons_drug_poisoning.recognise(path).release for path in paths}
    snapshot = Snapshot("ons_drug_poisoning", release, paths[0].parent, paths, "", "", "", "drop-in")
    result = ons_drug_poisoning.tidy(snapshot)
    assert result.unaccounted() == 0
    stamp = {"source_id": "ons_drug_poisoning", "release": release}
    Observation.validate(result.observations.assign(**stamp, snapshot_id=snapshot.snapshot_id)[COLUMNS])
    Quarantine.validate(result.quarantine.assign(**stamp)[["source_id", "release", *result.quarantine.columns]])
    return result


def deaths(result: Tidy, year: int, drug: str = "all") -> dict[tuple[str, str], float]:
    """Give the deaths of a year by place and group."""
    rows = result.observations.query("drug == @drug")
    rows = rows[rows["period_start"] == pd.Timestamp(year, 1, 1)]
    assert (rows["period_end"] == pd.Timestamp(year, 12, 31)).all()
    return dict(zip(zip(rows["area_id"], rows["population_group"], strict=True), rows["value"], strict=True))


def refusals(result: Tidy) -> dict[int, str]:
    """Give the code of each refused record by its line."""
    return dict(zip(result.quarantine["row"], result.quarantine["code"], strict=True))


def test_regions_countries_and_people_who_lived_elsewhere_are_read() -> None:
    """A thousands comma, a zero and an empty cell are three things; non-residents are a group of the whole."""
    result = tidy(REGIONS)
    found = deaths(result, 2020)
    assert found["GB-ENG", "all"] == 1100
    assert found["GB-EAW", "all"] == 1167
    assert found["GB-EAW", "non_residents"] == 7
    assert deaths(result, 2020, "opiates") == {("GB-E12000003", "all"): 0}
    london = result.observations.query("area_id == 'GB-E12000007'")
    assert london["status"].item() == "not_collected"
    note = result.observations.query("population_group == 'non_residents'")["note"].item()
    assert note == "lived elsewhere, died in England or Wales"


def test_what_cannot_be_read_is_set_aside_with_its_line() -> None:
    """An unknown drug, a name that is not its code's, a country out of scope, a span of years, a mark, half a death."""
    expected = {
        8: "unknown_drug",
        9: "contradictory_area",
        10: "unknown_area",
        11: "unknown_period",
        12: "not_a_number",
        13: "not_a_number",
    }
    assert {line: code for line, code in refusals(tidy(REGIONS)).items() if line < 14} == expected


def test_a_total_that_its_parts_do_not_make_is_refused_with_them() -> None:
    """England, Wales and non-residents make 955 in 2019 where the total says 956: none of the four can be trusted."""
    result = tidy(REGIONS)
    assert [line for line, code in refusals(result).items() if code == "contradicts_total"] == [14, 15, 16, 17]
    assert deaths(result, 2019) == {}


def test_regions_that_do_not_make_england_are_refused(tmp_path: Path) -> None:
    """Nine regions of ten deaths are 90: England with 90 is kept, with 91 it is refused together with its regions."""
    header = "Year of death registration,Usual residence code,Usual residence name,Substance,Deaths"
    names = ["North East", "North West", "Yorkshire and The Humber", "East Midlands", "West Midlands"]
    names += ["East of England", "London", "South East", "South West"]
    for england, kept in ((90, 10), (91, 0)):
        lines = [f"2020,E1200000{n},{name},01 All drug poisonings,10" for n, name in enumerate(names, 1)]
        path = tmp_path / "by_region-2021-08-03.csv"
        path.write_text("\n".join([header, *lines, f"2020,E92000001,England,01 All drug poisonings,{england}"]))
        assert len(tidy(path).observations) == kept


def test_levels_below_the_region_are_dropped_and_counted() -> None:
    """Codes of all levels stand in one column: authorities and counties are dropped, so nothing counts twice."""
    result = tidy(LOCAL)
    assert set(result.observations["area_id"]) == {"GB-EAW", "GB-ENG", "GB-WLS", "GB-E12000002"}
    assert sorted(result.dropped.values()) == [4, 6]
    assert result.records_in == 20
    assert refusals(result) == {11: "unknown_area"}


def test_a_name_in_the_publisher_s_old_encoding_is_read() -> None:
    """The table by local authority is in Windows' encoding: the apostrophe of King's Lynn is no fault."""
    assert "King’s Synthetic" in set(tidy(LOCAL).raw["ons_drug_poisoning"]["area_name"])


def test_tables_of_one_day_agree_or_both_are_refused() -> None:
    """What two tables give alike is kept once; where they differ neither is kept."""
    both = tidy(REGIONS, LOCAL)
    assert both.dropped["exact duplicate of another record"] == 3
    assert deaths(both, 2020)["GB-ENG", "all"] == 1100
    found = tidy(CLASSES)
    assert deaths(found, 2021, "heroin_and_morphine") == {("GB-EAW", "all"): 300}
    assert deaths(found, 2020, "heroin_and_morphine") == {("GB-EAW", "all"): 0}
    assert found.observations.query("drug == 'opiates'")["status"].tolist() == ["reported", "not_collected"]


def test_differing_tables_are_refused(tmp_path: Path) -> None:
    """Two tables of one release with different numbers for England put both into quarantine."""
    other = tmp_path / "by_local_area-2021-08-03.csv"
    other.write_bytes(LOCAL.read_bytes().replace(b"ENGLAND,1100", b"ENGLAND,1101"))
    result = tidy(REGIONS, other)
    conflicting = result.quarantine.query("code == 'conflicting_duplicate'")
    assert conflicting["value"].tolist() == ["1100", "1101"]
    assert ("GB-ENG", "all") not in deaths(result, 2020)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bad_synthetic_without_years-2021-08-03.csv", "expected a column for each year, found"),
        ("bad_synthetic_renamed-2021-08-03.csv", r"Substance.*found instead \['Drug'\]"),
        ("bad_synthetic_population-2021-08-03.csv", "found the columns.*Age"),
        ("bad_synthetic_cut_off-2022-08-03.csv", "line 3 cut off"),
        ("bad_synthetic_no_date.csv", "expected the date the publisher released it"),
        ("bad_synthetic_too_early-2021-06-30.csv", "on or after 2021-12-31"),
    ],
)
def test_other_files_are_refused(name: str, message: str) -> None:
    """Another table, a cut-off one and one without a possible release date are refused with what was found."""
    with pytest.raises(SourceRefused, match=message):
        ons_drug_poisoning.recognise(FIXTURES / name)


def test_it_is_never_fetched(tmp_path: Path) -> None:
    """No script downloads it: the message says how a person does."""
    with pytest.raises(SourceRefused, match="data/drop/ons_drug_poisoning"):
        ons_drug_poisoning.fetch(Transport(), None, tmp_path)


def test_published_files_give_the_figures_rows(shared_data: Path, tmp_path: Path) -> None:
    """The files give every transcribed figure as it stands, and 2020 adds up: 4,312 + 224 + 25 = 4,561."""
    folder = shared_data / "uk" / "ons_drug_poisoning"
    releases = {
        "2021-08-03": ["drug_poisoning_registrations.csv", "drug_poisoning_registrations_by_LA.csv"],
        "2022-08-03": ["2021registrations.csv"],
    }
    rows = []
    for release, names in releases.items():
        paths = [shutil.copy(folder / name, tmp_path / f"{Path(name).stem}-{release}.csv") for name in names]
        result = tidy(*paths)
        assert result.quarantine.empty
        rows.append(result.observations.assign(release=release))
    read = pd.concat(rows)
    by_local = {"local authority: in the raw table only, its code is not among our areas": 331 * 28}
    by_local["county or part of London: a group of local authorities, listed beside its members"] = 32 * 28
    first = tidy(*[tmp_path / f"{Path(name).stem}-2021-08-03.csv" for name in releases["2021-08-03"]])
    assert first.dropped == {**by_local, "exact duplicate of another record": 12 * 28}
    assert (first.records_in, len(first.observations)) == (728 + 375 * 28, 728)
    assert len(read) == 728 + 29 * 4
    found = deaths(first, 2020)
    parts = found["GB-ENG", "all"], found["GB-WLS", "all"], found["GB-EAW", "non_residents"]
    assert (*parts, sum(parts)) == (4312, 224, 25, found["GB-EAW", "all"])
    figures = load(FIGURES).observations.query("source_id == 'ons_drug_poisoning'")
    columns = ["release", *TIDY_COLUMNS]
    both = figures[columns].merge(read[columns], how="left", on=columns, indicator=True)
    assert (both["_merge"] == "both").all()
