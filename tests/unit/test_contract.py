"""Contracts: what breaks one is named with rule, column, example and row; every source's records keep theirs."""

import shutil
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import pytest
from pandera.typing.pandas import Series

from assets import ingest
from assets.contract import ContractBroken, check, require
from assets.sources import CONNECTED, source
from schemas.observations import Observation, as_observations

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"


class Count(pa.DataFrameModel):
    """Counts by place."""

    area_id: Series[str] = pa.Field(str_matches=r"^[A-Z]{3}$", unique=True, description="Place.")
    deaths: Series[float] = pa.Field(ge=0, nullable=True, description="Deaths.", metadata={"unit": "deaths"})

    class Config:
        """Only these columns."""

        strict = True


def counts(**columns: list[object]) -> pd.DataFrame:
    """Give a good table, with some columns replaced."""
    return pd.DataFrame({"area_id": ["USA", "CAN"], "deaths": [1.0, 0.0], **columns})


def observation(**cells: object) -> pd.DataFrame:
    """Give one good observation, with some cells replaced."""
    good = {
        "source_id": "cdc_vsrr",
        "release": "2025-07-16",
        "snapshot_id": "cdc_vsrr/2025-07-16",
        "measure_id": "overdose_deaths",
        "area_id": "USA",
        "period_start": pd.Timestamp("2021-01-01"),
        "period_end": pd.Timestamp("2021-12-31"),
        "value": 107_573.0,
        "status": "reported",
        "is_provisional": True,
    }
    return as_observations(pd.DataFrame([good | cells]))


def test_good_table_passes() -> None:
    """A table that keeps every rule passes, and the sentence says how many rows it has."""
    verdict = require(counts(), Count, "counts")
    assert verdict.passed
    assert verdict.sentence() == "counts: 2 rows keep the contract"


def test_fault_is_named_with_example_and_row() -> None:
    """The message names table, rule, column, number of rows, an example and its row."""
    with pytest.raises(ContractBroken) as broken:
        require(counts(deaths=[3.0, -7.0]), Count, "counts")
    text = str(broken.value)
    for part in ("counts", "greater_than_or_equal_to(0)", "deaths", "found 1", "'-7.0'", "row 1"):
        assert part in text


def test_all_faults_are_gathered() -> None:
    """Two kinds of fault are both listed, not only the first."""
    verdict = check(counts(area_id=["USA", "canada"], deaths=[-1.0, -2.0]), Count)
    assert not verdict.passed
    assert set(verdict.failures["column"]) == {"area_id", "deaths"}
    assert verdict.failures.set_index("column").loc["deaths", "cases"] == 2
    assert "1 other fault" in verdict.sentence()


@pytest.mark.parametrize(
    "frame",
    [
        counts().drop(columns="deaths"),
        counts(deaths_per_100k=[1.0, 2.0]),
        counts(deaths=["many", "few"]),
        counts(area_id=["USA", "USA"]),
        counts(area_id=["USA", None]),
    ],
    ids=["missing column", "added column", "text for number", "repeated key", "missing key"],
)
def test_broken_tables_are_refused(frame: pd.DataFrame) -> None:
    """Missing and added columns, wrong types, repeated and missing keys are each refused."""
    with pytest.raises(ContractBroken):
        require(frame, Count, "counts")


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        ({"value": None}, "value_null_exactly_when_not_reported"),
        ({"status": "suppressed"}, "value_null_exactly_when_not_reported"),
        ({"value": -1.0}, "value_within_the_measure_s_range"),
        ({"period_end": pd.Timestamp("2020-12-31")}, "period_ends_after_it_starts"),
        ({"lower": 200_000.0}, "limits_contain_value"),
        ({"measure_id": "hearsay"}, "isin"),
        ({"status": "unknown", "value": None}, "isin"),
        ({"sex": "F"}, "isin"),
        ({"area_id": "United States"}, "str_matches"),
        ({"age_group": "15 to 24"}, "str_matches"),
        ({"release": "July 2025"}, "str_matches"),
        ({"race_ethnicity": ""}, "str_length"),
    ],
)
def test_each_rule_of_an_observation_can_fail(cells: dict[str, object], rule: str) -> None:
    """A spoilt cell breaks the rule that is for it, and the rule is named."""
    require(observation(), Observation, "one")
    with pytest.raises(ContractBroken, match=rule):
        require(observation(**cells), Observation, "one")


def test_repeated_observation_is_refused() -> None:
    """Two rows with one key are refused even if their values are equal."""
    with pytest.raises(ContractBroken):
        require(pd.concat([observation(), observation()], ignore_index=True), Observation, "two")


def test_unknown_area_is_refused() -> None:
    """An area that looks like one but is in no table is refused by its id."""
    ingest.require_known_areas(observation())
    with pytest.raises(ContractBroken, match="US-ZZ"):
        ingest.require_known_areas(observation(area_id="US-ZZ"))


@pytest.mark.parametrize("source_id", CONNECTED)
def test_records_of_every_source_keep_the_contract(source_id: str, tmp_path: Path) -> None:
    """Each source's oddities, dropped in one file at a time, are kept, read, accounted for, and keep the contract."""
    files = [path for path in sorted((FIXTURES / source_id).iterdir()) if not path.name.startswith("bad")]
    assert files
    read = 0
    for number, path in enumerate(files):
        folder = tmp_path / str(number)
        # A file that calls itself synthetic would be refused for its name.
        target = folder / "drop" / source_id / path.name.replace("synthetic", "file")
        target.parent.mkdir(parents=True)
        (shutil.copytree if path.is_dir() else shutil.copyfile)(path, target)
        arrival = ingest.bring_in(source(source_id), folder / "kept", folder / "drop", None)
        ingested = ingest.tidy_all(source(source_id), folder / "kept", folder / "tables", "code")
        assert [text for text in ingested.refused if "every row to keep" in text] == []
        read += not (arrival.refused or ingested.refused)
        for made in ingested.made:
            record = {key: int(str(made.record[key])) for key in ("records_in", "observations", "quarantined")}
            assert record["records_in"] == (
                record["observations"] + record["quarantined"] + int(str(made.record["dropped_records"]))
            )
    assert read > len(files) // 2
