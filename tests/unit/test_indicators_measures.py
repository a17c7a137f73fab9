"""How indicators read measures: precedence of sources, periods, groups, and what stands beside what."""

import pandas as pd
import pytest
from observed import frame, observed

from assets.indicators.measures import PLACE_AND_TIME, Measures, pair, strata
from assets.indicators.rows import provenance, reliability, remark

SOURCES = ("census_population", "cdc_wonder")


def people(source_id: str, value: float | None, area_id: str = "US-VT", year: int | str = 2021) -> dict[str, object]:
    """Make one observation of residents."""
    return observed(source_id, "resident_population", area_id, year, value)


def test_the_first_source_named_wins() -> None:
    """Where two sources report the same number, the first in order of precedence gives it, and the row names it."""
    rows = [people("cdc_wonder", 645_570), people("census_population", 647_093)]
    for given in (rows, rows[::-1]):
        found = Measures(frame(*given)).read("resident_population", SOURCES)
        assert found[["source_id", "value"]].to_numpy().tolist() == [["census_population", 647_093]]
    last = Measures(frame(*rows)).read("resident_population", SOURCES[::-1])
    assert last["source_id"].item() == "cdc_wonder"


def test_a_source_that_reports_comes_before_one_that_does_not() -> None:
    """A suppressed value of the first source gives way to a reported one of the second, not the other way round."""
    measures = Measures(frame(people("census_population", None), people("cdc_wonder", 645_570)))
    assert measures.read("resident_population", SOURCES)["source_id"].item() == "cdc_wonder"


def test_a_source_that_is_not_named_is_never_read() -> None:
    """Only the sources an indicator names are read, even where no other reports."""
    measures = Measures(frame(people("un_population", 645_570)))
    assert measures.read("resident_population", SOURCES).empty
    assert list(measures.read("resident_population", SOURCES).columns) == list(
        measures.read("resident_population", ("un_population",)).columns
    )


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [2021, 2021, 2021, 2022]),
        ({"calendar_year": True}, [2021]),
        ({"months": 12}, [2021, 2022]),
        ({"months": 1}, [2021]),
    ],
)
def test_periods_are_chosen_by_their_length(asked: dict, found: list[int]) -> None:
    """A calendar year, twelve months to a month, one month and a part of a year are told apart."""
    spans = [2021, "2021-07 to 2022-06", "2021-01 to 2021-09", "2021-12"]
    rows = [people("cdc_wonder", 10, year=span) for span in spans]
    read = Measures(frame(*rows)).read("resident_population", SOURCES, **asked)
    assert sorted(read["period_end"].dt.year) == found


def test_totals_leave_groups_out() -> None:
    """Asked for totals, a measure gives only rows that are for everybody and any drug."""
    deaths = [
        observed("cdc_vsrr", "overdose_deaths", "USA", 2021, 10, drug=drug, sex=sex)
        for drug, sex in [("all", "all"), ("heroin", "all"), ("all", "female")]
    ]
    assert len(Measures(frame(*deaths)).read("overdose_deaths", ("cdc_vsrr",))) == 3
    assert len(Measures(frame(*deaths)).read("overdose_deaths", ("cdc_vsrr",), total=True)) == 1


def test_groups_are_named_in_alphabetic_order() -> None:
    """A row's group is all, or its parts in alphabetic order; marks that separate parts are replaced."""
    rows = frame(
        observed("cdc_vsrr", "overdose_deaths", "USA", 2021, 1),
        observed("cdc_vsrr", "overdose_deaths", "USA", 2021, 1, sex="female", drug="opioids", age_group="15-24"),
        observed("cdc_vsrr", "overdose_deaths", "USA", 2021, 1, race_ethnicity="bridged: A; B=C"),
    )
    assert strata(rows).tolist() == [
        "all",
        "age_group=15-24;drug=opioids;sex=female",
        "race_ethnicity=bridged: A, B,C",
    ]


def test_pairs_keep_a_row_without_a_partner() -> None:
    """A row without the second measure stays, with nothing beside it; a doubled partner is an error, not two rows."""
    rates = Measures(frame(people("cdc_wonder", 1), people("cdc_wonder", 2, "US-ME"))).read(
        "resident_population", SOURCES
    )
    beside = pair(rates, rates[rates["area_id"] == "US-VT"], PLACE_AND_TIME, "other")
    assert beside.set_index("area_id")["value_other"].isna().to_dict() == {"US-VT": False, "US-ME": True}
    with pytest.raises(pd.errors.MergeError):
        pair(rates, pd.concat([rates, rates]), PLACE_AND_TIME, "other")


@pytest.mark.parametrize(
    ("first", "second", "sources", "releases"),
    [
        (("a", "2021"), ("b", "2022"), "a+b", "2021+2022"),
        (("a", "2021"), ("b", "2021"), "a+b", "2021+2021"),
        (("a", "2021"), ("a", "2021"), "a", "2021"),
        (("a", "2021"), ("a", "2022"), "a+a", "2021+2022"),
        (("a", "2021"), (None, None), "a", "2021"),
    ],
)
def test_each_source_has_its_release(first: tuple, second: tuple, sources: str, releases: str) -> None:
    """Sources and releases stand in the same order and number, even where two sources released on one day."""
    columns = {"source_id": first[0], "release": first[1], "source_id_other": second[0], "release_other": second[1]}
    made = provenance(pd.DataFrame({name: pd.Series([text], dtype="str") for name, text in columns.items()}), "other")
    assert (made["source_ids"].item(), made["release"].item()) == (sources, releases)


def test_three_parts_and_remarks_are_joined_without_gaps() -> None:
    """A third source joins the others; empty remarks leave no separator behind."""
    row = pd.DataFrame(
        [["a", "1", "a", "1", "b", "1"]],
        columns=["source_id", "release", "source_id_x", "release_x", "source_id_y", "release_y"],
    )
    assert provenance(row, "x", "y")["source_ids"].item() == "a+b"
    texts = [pd.Series(list(column), dtype="str") for column in (["", "x", ""], ["y", "", ""], ["z", "z", ""])]
    assert remark(*texts).tolist() == ["y; z", "x; z", ""]


def test_reliability_turns_at_twenty_events() -> None:
    """19 events are unreliable, 20 reliable, an unknown number is not assessed: CDC WONDER's rule."""
    assert reliability(pd.Series([0, 19, 20, None])).tolist() == [
        "unreliable",
        "unreliable",
        "reliable",
        "not_assessed",
    ]
