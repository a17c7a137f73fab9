"""NCHS drug poisoning: groups, limits, small counts, columns that are not read, and the live download."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import cdc_wonder, nchs_drug_poisoning
from assets.transport import Download, Validators
from schemas.observations import COLUMNS, GROUP_COLUMNS, Observation
from schemas.quarantine import Quarantine

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "nchs_drug_poisoning"
TABLE = FIXTURES / "synthetic_2017-06-01.csv"
RELEASE = "2017-06-01"
DEATHS, PEOPLE = "overdose_deaths", "resident_population"
CRUDE, ADJUSTED = "overdose_death_rate_crude_per_100k", "overdose_death_rate_age_adjusted_per_100k"


def tidy(path: Path) -> Tidy:
    """Tidy a file and check what holds for every file."""
    snapshot = Snapshot("nchs_drug_poisoning", RELEASE, path.parent, (path,), "", "", "", "drop-in")
    result = nchs_drug_poisoning.tidy(snapshot)
    assert result.unaccounted() == 0
    stamp = {"source_id": "nchs_drug_poisoning", "release": RELEASE}
    Observation.validate(result.observations.assign(**stamp, snapshot_id=snapshot.snapshot_id)[COLUMNS])
    Quarantine.validate(result.quarantine.assign(**stamp)[["source_id", "release", *result.quarantine.columns]])
    return result


def of(result: Tidy, area: str, year: int = 2015, **groups: str) -> pd.DataFrame:
    """Give a place's observations of one year and group, by measure; all where a group is not named."""
    rows = result.observations[result.observations["area_id"].eq(area)]
    rows = rows[rows["period_start"].eq(pd.Timestamp(year, 1, 1)) & rows["period_end"].eq(pd.Timestamp(year, 12, 31))]
    for column in GROUP_COLUMNS:
        rows = rows[rows[column].eq(groups.get(column, "all"))]
    return rows.set_index("measure_id")


def test_counts_rates_and_limits_are_read() -> None:
    """A state has a count, a population and two rates with their limits; thousands commas are read."""
    vermont = of(tidy(TABLE), "US-VT")
    assert vermont["value"].to_dict() == {DEATHS: 100, PEOPLE: 625_000, CRUDE: 16.0, ADJUSTED: 16.5}
    assert vermont.loc[ADJUSTED, ["lower", "upper"]].tolist() == [13.2, 19.8]
    assert vermont[["lower", "upper"]].loc[[DEATHS, PEOPLE]].isna().all(axis=None)
    assert of(tidy(TABLE), "US-VT", 2014).loc[PEOPLE, "value"] == 6_250_000


def test_small_counts_and_their_rates_are_hidden_also_in_raw() -> None:
    """A count of 1 to 9 is suppressed, and so are its rate and limits, which would give it back."""
    result = tidy(TABLE)
    girls = of(result, "USA", sex="female", age_group="0-14", race_ethnicity="Hispanic")
    assert girls["status"].to_dict() == {DEATHS: "suppressed", PEOPLE: "reported", CRUDE: "suppressed"}
    assert girls.loc[[DEATHS, CRUDE], ["value", "lower", "upper"]].isna().all(axis=None)
    raw = result.raw["nchs_drug_poisoning"].query("Age == 'Less than 15 years'").iloc[0]
    assert (raw["Deaths"], raw[nchs_drug_poisoning.layout.CRUDE], raw["Standard Error for Crude Rate"]) == (
        "1-9",
        "hidden",
        "hidden",
    )


def test_rates_from_fewer_than_twenty_deaths_are_unreliable() -> None:
    """As in CDC WONDER, such a rate has no value and keeps its limits, and its count stays."""
    north_dakota = of(tidy(TABLE), "US-ND")
    assert north_dakota["status"].to_dict() == {
        DEATHS: "reported",
        PEOPLE: "reported",
        CRUDE: "low_quality",
        ADJUSTED: "low_quality",
    }
    assert north_dakota.loc[CRUDE, ["lower", "upper"]].tolist() == [1.0, 3.5]
    assert north_dakota.loc[CRUDE, "note"] == nchs_drug_poisoning.UNRELIABLE


def test_what_is_not_read_is_counted() -> None:
    """Standard errors, the map's class, repeated national rates and rates that an age has not are documented drops."""
    result = tidy(TABLE)
    lines = len(result.raw["nchs_drug_poisoning"])
    assert result.dropped == {
        "standard error": 2 * lines,
        "rate of the country, repeated on every line": 2 * lines,
        "class of the publisher's map": lines,
        nchs_drug_poisoning.NOT_FOR_AGES: 2,
        "exact duplicate of another record": 3,
    }
    assert ADJUSTED not in of(result, "USA", sex="male", age_group="75+", race_ethnicity="Non-Hispanic White").index


def test_unreadable_records_are_quarantined_with_their_reason() -> None:
    """Each fault has its code; a total without its age-adjusted rate, and a rate that does not fit, are faults."""
    result = tidy(TABLE)
    assert result.quarantine["code"].value_counts().to_dict() == {
        "unknown_area": 4,
        "unknown_period": 4,
        "unknown_group": 4,
        "not_a_number": 2,
        "not_whole": 1,
        "outside_its_limits": 1,
        "rate_disagrees": 1,
        "conflicting_duplicate": 2,
    }


def test_columns_of_the_query_interface_are_the_same_table() -> None:
    """Names in small letters with underscores, and the table's own change of case, give the same rows."""
    soda = tidy(FIXTURES / "synthetic_soda_2017-06-01.csv").observations
    published = tidy(TABLE).observations
    both = soda.merge(published, how="left", indicator=True)
    assert both["_merge"].eq("both").all()
    assert len(soda) == 16


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("bad_synthetic_renamed_2017-06-01.csv", r"\['Deaths'\].*found instead \['Number'\]"),
        ("bad_synthetic_without_us_2017-06-01.csv", "an extract"),
        ("bad_synthetic_cut_2017-06-01.csv", "cut off"),
        ("bad_synthetic_cut_off_at_1000_rows_2017-06-01.csv", "exactly 1,000 rows"),
        ("bad_synthetic_older_than_its_data_2015-06-01.csv", "on or after 2015-12-31"),
    ],
)
def test_other_files_are_refused(name: str, match: str) -> None:
    """A renamed column, an extract, a cut-off file and a wrong date are refused with the difference."""
    with pytest.raises(SourceRefused, match=match):
        nchs_drug_poisoning.recognise(FIXTURES / name)


def test_release_date_is_never_guessed(tmp_path: Path) -> None:
    """A name without a date is refused with the remedy; one with it gives the release."""
    assert nchs_drug_poisoning.recognise(TABLE).release == RELEASE
    shutil.copyfile(TABLE, tmp_path / "NCHS.csv")
    with pytest.raises(SourceRefused, match="Rename it"):
        nchs_drug_poisoning.recognise(tmp_path / "NCHS.csv")


class Portal:
    """Stands for the transport: hands over a file, or None where the rows have not changed."""

    def socrata_csv(self, dataset: str, into: Path, name: str, known: Validators | None, host: str) -> Download | None:
        """Give the table last changed on 2017-06-01."""
        marks = Validators(rows_updated_at="1496275200")
        if known == marks:
            return None
        shutil.copyfile(TABLE, into / name)
        return Download(into / name, f"{host}/{dataset}", "", 1, "text/csv", marks)


def test_live_release_is_the_day_the_rows_changed(tmp_path: Path) -> None:
    """A download is named by the portal's time of change, and an unchanged one gives nothing."""
    recognised = nchs_drug_poisoning.fetch(Portal(), None, tmp_path)
    assert recognised is not None
    assert (recognised.release, recognised.url) == (RELEASE, "https://data.cdc.gov/jx6g-fdh6")
    assert nchs_drug_poisoning.fetch(Portal(), recognised.validators, tmp_path) is None


def published(shared_data: Path) -> Tidy:
    """Tidy the publisher's own file."""
    name = "NCHS_Drug_Poisoning_Mortality_by_State_United_States.csv"
    return tidy(shared_data / "us" / "nchs_drug_poisoning_state" / name)


def test_published_file_is_accounted_for(shared_data: Path) -> None:
    """Every cell of the 2,703 lines is an observation or a documented drop, and none is unreadable."""
    result = published(shared_data)
    print(f"\n{result.records_in:,} records in, {len(result.observations):,} out; {result.dropped}")
    assert result.records_in == 2_703 * 9
    assert result.quarantine.empty
    assert result.dropped[nchs_drug_poisoning.NOT_FOR_AGES] == 1_632
    assert result.observations.query("measure_id == @DEATHS")["status"].value_counts()["suppressed"] == 55
    assert of(result, "USA")["value"].to_dict() == {DEATHS: 52_404, PEOPLE: 321_418_820, CRUDE: 16.3, ADJUSTED: 16.3}


def test_published_counts_are_those_of_wonder(shared_data: Path) -> None:
    """The deaths of every state and year that both CDC WONDER's export and this table give are the same number."""
    path = shared_data / "us" / "cdc_wonder" / "Multiple Cause of Death, 1999-2020.txt"
    release = cdc_wonder.recognise(path).release
    wonder = cdc_wonder.tidy(Snapshot("cdc_wonder", release, path.parent, (path,), "", "", "", "drop-in")).observations
    keys = ["measure_id", "area_id", "period_start", "period_end", *GROUP_COLUMNS]
    both = published(shared_data).observations.merge(wonder, on=keys, suffixes=("", "_wonder"), validate="1:1")
    deaths = both[both["measure_id"].eq(DEATHS)]
    assert len(deaths) == 51 * 17
    assert deaths["value"].equals(deaths["value_wonder"])
    assert deaths["status"].equals(deaths["status_wonder"])
