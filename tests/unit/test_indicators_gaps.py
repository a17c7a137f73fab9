"""Gaps between groups: ages against a reference, trends of the gap, slopes over ages, eras of race never joined."""

import numpy as np
import pandas as pd
import pytest

from assets.indicators import equity
from assets.indicators.rows import indicator_rows
from schemas.indicators import IndicatorCard, IndicatorValue

RATE = IndicatorCard(
    "overdose_death_rate_by_group", "2", "Rate", "?", "deaths", "deaths", "people", "population",
    "deaths per 100,000 population", "lower", "x", "x", (), (),
)  # fmt: skip


def rates(groups: dict[str, dict[int, float]], breaks: dict[int, str] | None = None, **others: object) -> pd.DataFrame:
    """Make yearly rows of groups, each with its rate and a tenth of it as the interval's arm."""
    rows = pd.DataFrame(
        [(strata, year, value) for strata, years in groups.items() for year, value in years.items()],
        columns=["strata", "year", "value"],
    )
    year = rows["year"].astype("str")
    return indicator_rows(
        RATE,
        rows.assign(
            area_id="USA", period_start=pd.to_datetime(year + "-01-01").astype("datetime64[us]"),
            period_end=pd.to_datetime(year + "-12-31").astype("datetime64[us]"), status="reported", method="x",
            is_provisional=False, source_ids="nchs_drug_poisoning", release="2017-01-01",
            lower_95=rows["value"] * 0.9, upper_95=rows["value"] * 1.1,
            series_break=[(breaks or {}).get(year, "") for year in rows["year"]], **others,
        ),
    )  # fmt: skip


def found(rows: pd.DataFrame, indicator_id: str) -> pd.DataFrame:
    """Give one indicator's rows of the comparison, which must keep the contract, by group."""
    made = IndicatorValue.validate(equity.compute(rows))
    return made[made["indicator_id"] == indicator_id].set_index("strata")


def test_the_ratio_follows_a_line_and_so_does_the_difference() -> None:
    """Men's rate grows by 8 % a year and women's by 3 %: the ratio grows by 1.08 / 1.03; a gap of 2 a year by 2."""
    years = range(2010, 2018)
    growing = rates(
        {
            "sex=male": {year: 20 * 1.08 ** (year - 2010) for year in years},
            "sex=female": {year: 10 * 1.03 ** (year - 2010) for year in years},
        }
    )
    row = found(growing, "group_ratio_trend").loc["of=overdose_death_rate_by_group;sex=male"]
    assert row["value"] == pytest.approx(100 * (1.08 / 1.03 - 1))
    assert row["lower_95"] <= row["value"] <= row["upper_95"]
    assert (row["unit"], row["period"], row["reason"]) == ("percent per year", "2017", "2010 to 2017, 8 years")
    steady = rates(
        {"sex=male": {y: 20 + 3.0 * (y - 2010) for y in years}, "sex=female": {y: 10 + y - 2010 for y in years}}
    )
    apart = found(steady, "group_difference_trend").loc["of=overdose_death_rate_by_group;sex=male"]
    assert apart["value"] == pytest.approx(2)
    assert apart["unit"] == "deaths per 100,000 population, change per year"


def test_a_break_in_either_group_starts_the_trend_anew() -> None:
    """A gap is only followed after the last break, and not at all from fewer than five years."""
    years = range(2010, 2020)
    groups = {"sex=male": {y: 20.0 + y - 2010 for y in years}, "sex=female": dict.fromkeys(years, 10.0)}
    late = found(rates(groups, {2014: "another definition"}), "group_difference_trend")
    assert late["reason"].tolist() == ["2014 to 2019, 6 years"]
    shown = found(rates(groups, {2014: "another definition"}), "group_ratio")
    assert set(shown.loc[shown["period"] == "2014", "series_break"]) == {"another definition"}
    assert found(rates(groups, {2016: "another definition"}), "group_difference_trend").empty


def test_provisional_years_are_no_part_of_a_trend_of_the_gap() -> None:
    """A provisional year may still change: the gap of it is shown, the trend ends before."""
    years = range(2010, 2016)
    rows = rates({"sex=male": {y: 20.0 + y - 2010 for y in years}, "sex=female": dict.fromkeys(years, 10.0)})
    rows["is_provisional"] = rows["period"] == "2015"
    assert found(rows, "group_ratio_trend")["period"].tolist() == ["2014"]


def test_ages_are_held_against_one_that_they_do_not_overlap() -> None:
    """Ages of 15-24 against 25-34; an age group that holds the reference is no other group, and counts are no rates."""
    ages = {"15-24": 12.0, "25-34": 24.0, "15-64": 20.0}
    rows = rates({f"age_group={age}": {2015: value} for age, value in ages.items()})
    ratio = found(rows, "group_ratio")
    assert ratio["value"].to_dict() == {"age_group=15-24;of=overdose_death_rate_by_group": 0.5}
    assert found(rows.assign(unit="deaths"), "group_ratio").empty


def test_slope_over_ages_by_hand() -> None:
    """Rates that double from rank 0 to rank 1 over five ages of equal size: a relative index of 2, a slope of 10."""
    rank = np.arange(0.1, 1, 0.2)
    ages = ("15-24", "25-34", "35-44", "45-54", "55-64")
    values = {f"age_group={age}": {2015: 10 * 2**at} for age, at in zip(ages, rank, strict=True)}
    rows = rates(values, denominator=1e6, numerator=100.0)
    relative, slope = (found(rows, name).iloc[0] for name in ("relative_index_over_age", "slope_index_over_age"))
    assert relative["value"] == pytest.approx(2, rel=1e-6)
    assert slope["value"] == pytest.approx(10, rel=1e-6)
    assert relative["lower_95"] < 2 < relative["upper_95"]
    assert relative["reason"] == "5 ages"
    assert found(rows.iloc[1:], "slope_index_over_age").empty


def test_eras_of_race_are_never_joined() -> None:
    """A bridged group is held against the bridged reference, a single-race one against its own; neither crosses."""
    names = ("bridged: Black or African American, not Hispanic", "bridged: White, not Hispanic",
             "single race: Black, not Hispanic", "single race: White, not Hispanic")  # fmt: skip
    both = rates({f"race_ethnicity={name}": {2019: value} for name, value in zip(names, (40, 20, 30, 10), strict=True)})
    ratio = found(both, "group_ratio")["value"]
    group = "of=overdose_death_rate_by_group;race_ethnicity={}"
    assert ratio.to_dict() == {group.format(names[0]): 2.0, group.format(names[2]): 3.0}
    crossed = both[both["strata"].isin([f"race_ethnicity={names[0]}", f"race_ethnicity={names[3]}"])]
    assert found(crossed.reset_index(drop=True), "group_ratio").empty
