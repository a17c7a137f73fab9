"""`epi.life`: years of life lost and life expectancy, against printed values, second routes and their own laws."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epi.life import life_expectancy, midpoint_age, years_of_life_lost, ypll

# NCHS's eight age groups below 75 and an older one.
AGES = pd.DataFrame({"age_start": [0, 1, 15, 25, 35, 45, 55, 65, 75], "age_end": [0, 14, 24, 34, 44, 54, 64, 74, None]})

# Input and results of the test of PHEindicatormethods::phe_life_expectancy (tests/testthat/testLifeExpectancy.R),
# which rounds the normal quantile to 1.96.
FIVE_YEAR = [0, 1, *range(5, 95, 5)]
POPULATION = [
    *[7060, 35059, 46974, 48489, 43219, 38561, 46009, 57208, 61435, 55601],
    *[50209, 56416, 46411, 39820, 37978, 37039, 33288, 23306, 11936, 11936],
]
DEATHS = [17, 9, 4, 8, 20, 15, 24, 33, 50, 71, 100, 163, 263, 304, 536, 872, 1390, 1605, 1936, 1937]
EXPECTANCY = [
    *[80.16960813, 79.36245674, 75.44193645, 70.47299936, 65.52909542, 60.67510088, 55.78835987, 50.92752727],
    *[46.06740425, 41.24505636, 36.49322717, 31.83343842, 27.26027992, 22.9719144, 18.76856852, 14.95858336],
    *[11.51684445, 8.618849241, 6.163942934, 6.16210635],
]
LOWER = [
    *[79.88268548, 79.0898816, 75.17407307, 70.20675732, 65.26548673, 60.41876577, 55.53801579, 50.68279939],
    *[45.82666794, 41.00842831, 36.26223216, 31.60996318, 27.04337271, 22.76653134, 18.57570352, 14.77985004],
    *[11.34831778, 8.451134045, 5.978358351, 5.887683386],
]
TABLE = pd.DataFrame({"age_start": FIVE_YEAR, "deaths": DEATHS, "population": POPULATION})


def group(deaths, people=10_000):
    """Give one area's deaths by NCHS's age groups."""
    return AGES.assign(area="A", count=deaths, population=people)


def test_midpoints_are_those_that_nchs_prints():
    """The eight groups have midpoints .5 to 69.5 (healthindicators.gov, YPLL-75), an open-ended one has none."""
    found = midpoint_age(AGES["age_start"], AGES["age_end"])
    assert found[:-1].tolist() == [0.5, 7.5, 19.5, 29.5, 39.5, 49.5, 59.5, 69.5]
    assert np.isnan(found[-1])
    assert midpoint_age(0, 4, "exact") == 2.5
    with pytest.raises(ValueError, match="age_end must not be below age_start; found 3 at position 1"):
        midpoint_age([1, 5], [4, 3])


def test_the_death_of_a_person_aged_15_to_24_costs_55_and_a_half_years():
    """The printed example of healthindicators.gov, and the sum over all groups in plain arithmetic."""
    one = ypll(group([0, 0, 1, 0, 0, 0, 0, 0, 500]), "area").loc[0]
    assert (one["count"], one["years"]) == (1, 55.5)
    deaths = [1, 2, 30, 90, 80, 70, 60, 20, 40]
    costs = [74.5, 67.5, 55.5, 45.5, 35.5, 25.5, 15.5, 5.5]
    row = ypll(group(deaths), "area", population="population").loc[0]
    assert row["years"] == pytest.approx(sum(d * c for d, c in zip(deaths, costs, strict=False)), rel=1e-12)
    assert (row["count"], row["population"]) == (353, 80_000)
    assert row["value"] == pytest.approx(row["years"] / 80_000 * 1e5, rel=1e-12)
    assert row["upper"] == pytest.approx(row["years_upper"] / 80_000 * 1e5, rel=1e-12)


def test_an_age_without_people_does_not_widen_the_limits():
    """Nobody aged 0 to 14 lives there: the upper limit of no deaths is that of a death at 15 to 24, the youngest."""
    ages = pd.DataFrame({"area": "A", "age_start": [0, 15, 25], "age_end": [14, 24, 34], "count": 0})
    found = ypll(ages.assign(population=[0, 900, 800]), by="area", population="population").loc[0]
    assert found["years_upper"] == pytest.approx(-np.log(0.025) * 55.5, rel=1e-12)
    assert ypll(ages, by="area").loc[0, "years_upper"] == pytest.approx(-np.log(0.025) * 68, rel=1e-12)


def test_limits_of_years_are_those_of_simulated_deaths():
    """Dobson's limits are near the 2.5 % and 97.5 % points of years lost when deaths are Poisson."""
    deaths = np.array([1, 2, 30, 90, 80, 70, 60, 20, 40])
    row = ypll(group(deaths), "area").loc[0]
    costs = 75 - midpoint_age(AGES["age_start"][:-1], AGES["age_end"][:-1])
    years = np.random.default_rng(75).poisson(deaths[:-1], (100_000, 8)) @ costs
    np.testing.assert_allclose(
        row[["years_lower", "years_upper"]].astype(float), np.quantile(years, [0.025, 0.975]), rtol=0.01
    )


@pytest.mark.filterwarnings("error")
def test_years_without_deaths_people_or_counts():
    """No deaths: 0 years with an upper limit; no people: no rate; an unknown count: nothing known."""
    row = ypll(group([0] * 9, 0), "area", population="population").loc[0]
    assert row[["count", "years", "years_lower"]].tolist() == [0, 0, 0]
    assert row["years_upper"] == pytest.approx(-np.log(0.025) * 74.5, rel=1e-12)
    assert row[["value", "lower", "upper"]].isna().all()
    unknown = ypll(group([None, *[1] * 8]), "area").loc[0]
    assert unknown[["count", "years", "years_lower", "years_upper"]].isna().all()
    assert ypll(group([*[1] * 8, None]), "area").loc[0, "count"] == 8
    with pytest.raises(ValueError, match=r"No age group may straddle 70; found 65 to 74 at position 7"):
        ypll(group([1] * 9), "area", before=70)
    with pytest.raises(ValueError, match=r"No age group may straddle 80; found 75 to nan"):
        ypll(group([1] * 9), "area", before=80)


@given(st.lists(st.integers(0, 500), min_size=9, max_size=9), st.integers(1, 10**6), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_laws_of_years_lost(deaths, people, random):
    """Limits enclose; the order of rows is immaterial; at 75 remaining years less age, both functions agree."""
    frame = group(deaths, people)
    row = ypll(frame, "area", population="population").loc[0]
    for low, value, high in (("years_lower", "years", "years_upper"), ("lower", "value", "upper")):
        assert 0 <= row[low] <= row[value] <= row[high]
    shuffled = frame.iloc[random.sample(range(9), 9)]
    pd.testing.assert_series_equal(ypll(shuffled, "area", population="population").loc[0], row)
    line = pd.Series([75.0, 0.0], index=[0, 75])
    lost = years_of_life_lost(frame[:8], "area", line).loc[0]
    exact = ypll(frame, "area", midpoints="exact").loc[0]
    np.testing.assert_allclose(
        lost[["years", "lower", "upper"]].astype(float), exact.iloc[2:5].astype(float), rtol=1e-9
    )


def test_years_lost_against_a_life_table():
    """Each death costs the remaining years at its age, between the ages of the table and at an open-ended start."""
    table = life_expectancy(TABLE).set_index("age_start")["value"]
    deaths = pd.DataFrame({"area": "A", "age_start": [20, 90], "age_end": [24, None], "count": [10, 2]})
    row = years_of_life_lost(deaths, "area", table).loc[0]
    middle = (EXPECTANCY[5] + EXPECTANCY[6]) / 2
    assert row["years"] == pytest.approx(10 * middle + 2 * EXPECTANCY[-1], abs=1e-7)
    assert row["years_per_death"] == pytest.approx(row["years"] / 12, rel=1e-12)
    none = years_of_life_lost(deaths.assign(count=0), "area", table).loc[0]
    assert none[["years", "lower"]].tolist() == [0, 0]
    assert np.isnan(none["years_per_death"])
    with pytest.raises(ValueError, match="starts at age 30; found age 20 at position 0"):
        years_of_life_lost(deaths, "area", table.loc[30:])
    with pytest.raises(ValueError, match="ages rising; found none, gaps or disorder"):
        years_of_life_lost(deaths, "area", table[::-1])


def test_life_expectancy_is_that_of_ohids_method():
    """All twenty expectancies and limits are those that the tests of PHEindicatormethods hold, to eight digits."""
    table = life_expectancy(TABLE.sample(frac=1, random_state=1))
    assert table["age_start"].tolist() == FIVE_YEAR
    np.testing.assert_allclose(table["value"], EXPECTANCY, rtol=1e-9)
    np.testing.assert_allclose(table["value"] - 1.96 * table["standard_error"], LOWER, rtol=1e-9)
    np.testing.assert_allclose(table["lower"], LOWER, atol=1e-4)
    np.testing.assert_allclose(table["upper"] - table["value"], table["value"] - table["lower"], rtol=1e-9)


def plain_expectancy(deaths, population):
    """Give life expectancy at birth, one age interval after the other."""
    alive, years = 1.0, 0.0
    for place, (died, people) in enumerate(zip(deaths, population, strict=True)):
        rate = died / people
        if place == len(deaths) - 1:
            return years + alive / rate
        width, fraction = FIVE_YEAR[place + 1] - FIVE_YEAR[place], 0.5 if place else 0.1
        dying = width * rate / (1 + width * (1 - fraction) * rate)
        years += width * alive * (1 - dying * (1 - fraction))
        alive *= 1 - dying
    return None


def test_life_expectancy_agrees_with_plain_arithmetic_and_its_error_with_the_delta_method():
    """The table is that of a scalar loop; its standard error is the one that numerical derivatives give."""
    row = life_expectancy(TABLE).loc[0]
    assert row["value"] == pytest.approx(plain_expectancy(DEATHS, POPULATION), rel=1e-12)
    variance = 0.0
    for place, (died, people) in enumerate(zip(DEATHS, POPULATION, strict=True)):
        up, down = (np.array(DEATHS, float) for _ in range(2))
        up[place], down[place] = died * 1.0001, died * 0.9999
        slope = (plain_expectancy(up, POPULATION) - plain_expectancy(down, POPULATION)) / (died * 0.0002)
        # Chiang's deaths are binomial: q^2 (1 - q) / D for q is D (1 - q) for D, passed through dq/dD.
        rate = died / people
        width = FIVE_YEAR[place + 1] - FIVE_YEAR[place] if place < 19 else 0
        fraction = 0.5 if place else 0.1
        per_rate = 1 + width * (1 - fraction) * rate
        dying = width * rate / per_rate
        of_count = died if place == 19 else dying**2 * (1 - dying) / died * (people * per_rate**2 / width) ** 2
        variance += slope**2 * of_count
    assert row["standard_error"] == pytest.approx(np.sqrt(variance), rel=1e-6)


def test_the_last_interval_adds_its_own_variance_only_in_silcocks_method():
    """Chiang's own variance leaves out the last interval, which has no error there."""
    chiang, silcocks = (life_expectancy(TABLE, last_interval=name) for name in ("chiang", "silcocks"))
    assert chiang["value"].equals(silcocks["value"])
    assert (chiang["standard_error"] < silcocks["standard_error"]).all()
    assert chiang["standard_error"].iloc[-1] == 0
    # 1 / m has the standard error 1 / (m sqrt D), that of a Poisson count through 1 / m.
    expected = POPULATION[-1] / DEATHS[-1] / np.sqrt(DEATHS[-1])
    assert silcocks["standard_error"].iloc[-1] == pytest.approx(expected, rel=1e-12)


def test_groups_have_tables_of_their_own():
    """Two groups give what each gives alone, sorted by group and age."""
    other = TABLE.assign(deaths=TABLE["deaths"] * 2)
    both = life_expectancy(pd.concat([other.assign(area="B"), TABLE.assign(area="A")]), "area")
    assert both["area"].tolist() == ["A"] * 20 + ["B"] * 20
    pd.testing.assert_frame_equal(both[:20].drop(columns="area"), life_expectancy(TABLE))
    pd.testing.assert_frame_equal(both[20:].drop(columns="area").reset_index(drop=True), life_expectancy(other))


@pytest.mark.filterwarnings("error")
def test_zero_deaths_and_zero_people_never_raise():
    """Ages above an empty interval keep their value; no deaths in the last interval leave all unknown; q stays <= 1."""
    empty = life_expectancy(TABLE.assign(population=TABLE["population"].where(TABLE["age_start"] != 50, 0)))
    assert empty["value"].isna().tolist() == [True] * 12 + [False] * 8
    np.testing.assert_allclose(empty["value"][12:], EXPECTANCY[12:], rtol=1e-9)
    none = life_expectancy(TABLE.assign(deaths=0))
    assert none[["value", "lower", "upper"]].isna().all(axis=None)
    assert (
        life_expectancy(TABLE.assign(deaths=TABLE["deaths"].where(TABLE["age_start"] != 10, 0)))["value"].notna().all()
    )
    doomed = life_expectancy(TABLE.assign(deaths=TABLE["population"]))
    assert doomed["probability_of_dying"].max() == 1
    assert doomed.loc[0, "value"] < 2
    assert life_expectancy(TABLE[:0]).empty


def test_tables_that_do_not_fit_together_are_refused():
    """Groups with other intervals, intervals given twice and impossible options are named."""
    with pytest.raises(ValueError, match="Each group must have the same age_start"):
        life_expectancy(pd.concat([TABLE.assign(area="A"), TABLE[1:].assign(area="B")]), "area")
    with pytest.raises(ValueError, match="once per group; found 20 rows too many"):
        life_expectancy(pd.concat([TABLE, TABLE]))
    with pytest.raises(ValueError, match="infant_fraction must be between 0 and 1; found 2"):
        life_expectancy(TABLE, infant_fraction=2)
    with pytest.raises(ValueError, match="one of silcocks, chiang"):
        life_expectancy(TABLE, last_interval="none")


@given(st.lists(st.integers(0, 3_000), min_size=20, max_size=20), st.integers(2, 50))
@settings(max_examples=40, deadline=None)
def test_laws_of_life_expectancy(deaths, factor):
    """Limits enclose; more person-years at the same rates narrow them and leave the value; survivors never rise."""
    frame = TABLE.assign(deaths=[*deaths[:-1], deaths[-1] + 1], population=TABLE["population"] + 3_000)
    table = life_expectancy(frame)
    assert (table["lower"] <= table["value"]).all()
    assert (table["value"] <= table["upper"]).all()
    assert (table["survivors"].diff().dropna() <= 0).all()
    more = life_expectancy(frame.assign(deaths=frame["deaths"] * factor, population=frame["population"] * factor))
    np.testing.assert_allclose(more["value"], table["value"], rtol=1e-9)
    np.testing.assert_allclose(more["standard_error"] * np.sqrt(factor), table["standard_error"], rtol=1e-9)


def test_deaths_of_unknown_age_are_refused_not_left_out():
    """A death without age would cost no years and vanish from the count; both sums refuse it by position."""
    deaths = pd.DataFrame({"area": "A", "age_start": [20, None], "age_end": [24, None], "count": [1, 7]})
    with pytest.raises(ValueError, match="age_start must not be missing; found nan at position 1"):
        ypll(deaths, by="area")
    with pytest.raises(ValueError, match="age_start must not be missing; found nan at position 1"):
        years_of_life_lost(deaths, by="area", remaining_years=pd.Series([70.0, 20.0], index=[0, 80]))
