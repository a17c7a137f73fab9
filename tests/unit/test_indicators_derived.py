"""Trends, equity, law and data quality: rows made from other rows, checked by hand."""

import numpy as np
import pandas as pd
import pytest
from observed import frame, observed, value, values

from assets.indicators import equity, policy, quality, trends
from assets.indicators.measures import Measures
from assets.indicators.rows import indicator_rows, with_part
from schemas.indicators import IndicatorCard, IndicatorValue

RATE = IndicatorCard(
    "overdose_death_rate_crude", "2", "Rate", "?", "deaths", "deaths", "people", "population",
    "deaths per 100,000 population", "lower", "x", "x", (), (),
)  # fmt: skip


def rates(numbers: dict[int, float], area_id: str = "USA", strata: str = "all", **others: object) -> pd.DataFrame:
    """Make yearly rows of a death rate with a tenth of it as the interval's arm."""
    years = list(numbers)
    rows = pd.DataFrame(
        {
            "area_id": area_id,
            "period_start": pd.to_datetime([f"{year}-01-01" for year in years]).astype("datetime64[us]"),
            "period_end": pd.to_datetime([f"{year}-12-31" for year in years]).astype("datetime64[us]"),
            "strata": strata,
            "value": list(numbers.values()),
            "status": "reported",
            "method": "x",
            "is_provisional": False,
            "source_ids": "cdc_wonder",
            "release": "2024-09-24",
            **others,
        }
    )
    rows = rows.assign(lower_95=rows["value"] * 0.9, upper_95=rows["value"] * 1.1)
    return indicator_rows(RATE, rows)


def of(rows: pd.DataFrame, indicator_id: str) -> pd.DataFrame:
    """Keep one indicator's rows; all rows must keep the contract."""
    return IndicatorValue.validate(rows)[lambda found: found["indicator_id"] == indicator_id].reset_index(drop=True)


def test_steady_growth_is_one_segment() -> None:
    """A rate that grows by 5 % a year has an annual change of 5 %, in one segment that names its years."""
    made = trends.compute(rates({year: 10 * 1.05 ** (year - 2010) for year in range(2010, 2020)}))
    apc = of(made, "overdose_trend_apc")
    assert len(apc) == 1
    assert apc["value"][0] == pytest.approx(5)
    assert (apc["period"][0], apc["reason"][0]) == ("2019", "2010 to 2019")
    assert apc["strata"][0] == "rate=overdose_death_rate_crude"


def test_a_turn_is_found() -> None:
    """Growth of 10 % a year to 2014 and a fall of 5 % after it are two segments."""
    numbers = {year: 10 * 1.1 ** min(year - 2005, 9) * 0.95 ** max(year - 2014, 0) for year in range(2005, 2023)}
    apc = of(trends.compute(rates(numbers)), "overdose_trend_apc")
    assert apc["value"].round(6).tolist() == [10, -5]
    assert apc["reason"].tolist() == ["2005 to 2014", "2014 to 2022"]


def test_provisional_years_and_years_before_a_break_are_no_part_of_a_trend() -> None:
    """Provisional years are left out, a break starts the series anew, and too few years give no trend."""
    numbers = {year: 10 * 1.05 ** (year - 2010) for year in range(2010, 2020)}
    provisional = pd.concat([rates(numbers), rates({2020: 1.0}, is_provisional=True)])
    assert of(trends.compute(provisional), "overdose_trend_aapc")["value"].round(6).tolist() == [5]
    parted = pd.concat([rates(dict.fromkeys(range(2000, 2010), 90.0)), rates(numbers)], ignore_index=True)
    parted.loc[parted["period"] == "2010", "series_break"] = "another definition"
    assert of(trends.compute(parted), "overdose_trend_aapc")["reason"].tolist() == ["2010 to 2019, 0 joinpoints"]
    assert trends.compute(rates({year: 10.0 for year in range(2010, 2017)})).empty


def test_ratio_and_difference_between_groups() -> None:
    """Men of 65 and over who are Black against White, United States 2020, as MMWR 71(29) printed: 52.6 and 7.7."""
    groups = {"Black, non-Hispanic": 52.6, "White, non-Hispanic": 7.7}
    rows = pd.concat(
        [rates({2020: number}, strata=f"race_ethnicity={group};sex=male") for group, number in groups.items()],
        ignore_index=True,
    )
    made = equity.compute(rows)
    ratio, difference = of(made, "group_ratio"), of(made, "group_difference")
    assert ratio["value"].round(1).tolist() == [6.8]
    assert difference["value"].round(1).tolist() == [44.9]
    assert difference["unit"].tolist() == ["deaths per 100,000 population"]
    group = "compared_by=race_ethnicity;of=overdose_death_rate_crude;race_ethnicity=Black, non-Hispanic;sex=male"
    assert ratio["strata"].tolist() == [group]
    assert ratio["lower_95"][0] > 1


def test_counts_give_the_exact_ratio() -> None:
    """Where counts and people are known the limits are the exact conditional ones, here by scipy's F quantiles."""
    from scipy.stats import f

    men = rates({2020: 30.0}, strata="sex=male", numerator=30.0, denominator=100_000.0)
    women = rates({2020: 10.0}, strata="sex=female", numerator=10.0, denominator=100_000.0)
    ratio = of(equity.compute(pd.concat([men, women], ignore_index=True)), "group_ratio").iloc[0]
    assert ratio["value"] == pytest.approx(3)
    assert ratio["lower_95"] == pytest.approx(30 / (11 * f.ppf(0.975, 22, 60)))
    assert ratio["upper_95"] == pytest.approx(31 * f.ppf(0.975, 62, 20) / 10)


def test_a_hidden_group_hides_the_comparison() -> None:
    """A suppressed group has neither ratio nor difference, nor a number to work it out from."""
    men = rates({2020: 30.0}, strata="sex=male")
    women = rates({2020: 10.0}, strata="sex=female").assign(
        value=np.nan, lower_95=np.nan, upper_95=np.nan, status="suppressed"
    )
    made = equity.compute(pd.concat([men, women], ignore_index=True))
    for indicator_id in ("group_ratio", "group_difference"):
        row = of(made, indicator_id).iloc[0]
        assert row["status"] == "suppressed"
        assert row[["value", "lower_95", "upper_95", "numerator", "denominator"]].isna().all()


def test_spread_between_places_by_hand() -> None:
    """Five states with equal population and rates 10 to 50: mean 30, distance 12 on average, so 40 %; best 10."""
    rows = pd.concat(
        [
            rates({2020: 10.0 * at}, area_id=f"US-{code}", denominator=1e6, numerator=100.0 * at)
            for at, code in enumerate(("AL", "AK", "AZ", "AR", "CA"), start=1)
        ],
        ignore_index=True,
    )
    made = equity.compute(rows)
    found = {name: of(made, name)["value"][0] for name in ("disparity_between_places", "spread_between_places")}
    assert found == pytest.approx({"disparity_between_places": 40, "spread_between_places": np.sqrt(200)})
    excess = of(made, "excess_over_best_place").iloc[0]
    assert excess["value"] == pytest.approx(100 * 20 / 30)
    assert excess["lower_95"] <= excess["value"] <= excess["upper_95"]
    assert (excess["area_id"], excess["reason"]) == ("USA", "5 places")


def law(area_id: str, measure_id: str, start: str, in_force: float = 1.0) -> dict:
    """Make one observation of a law in force from a date to the end of 2017."""
    return observed(
        "optic_policy", measure_id, area_id, 2017, in_force,
        period_start=pd.Timestamp(start), period_end=pd.Timestamp("2017-12-31"),
    )  # fmt: skip


def test_share_of_the_year_in_force() -> None:
    """Massachusetts: Good Samaritan from 2 August 2012 (OPTIC, by months: 0.417), naloxone from 1 September (0.333)."""
    laws = [
        law("US-MA", "good_samaritan_law", "2012-08-02"),
        law("US-MA", "naloxone_access_law", "2012-09-01"),
        *[law("US-MA", name, "2001-01-01", 0.0) for name in policy.LAWS[1:3] + policy.LAWS[4:]],
    ]
    shares = values(policy, "overdose_law_in_force", *laws).query("period == '2012'").set_index("strata")["value"]
    assert shares["law=good_samaritan_law"] == pytest.approx(0.417, abs=0.01)
    assert shares["law=naloxone_access_law"] == pytest.approx(0.333, abs=0.01)
    every = values(policy, "overdose_law_index", *laws)
    index = every[every["strata"] == "all"].set_index("period")
    assert index.loc["2012", "value"] == pytest.approx((152 + 122) / 366 / 5)
    assert index.loc["2017", ["value", "lower_95", "upper_95"]].tolist() == pytest.approx([0.4, 0, 1])
    # Each other set of weights has a row of its own, and together they make the range.
    of_2017 = every[(every["period"] == "2017") & (every["strata"] != "all")].set_index("strata")["value"]
    assert of_2017.to_dict() == pytest.approx(
        {
            "weights=any law only": 1.0,
            "weights=strongest law only": 0.0,
            "weights=naloxone only": 1 / 3,
            "weights=Good Samaritan only": 0.5,
        }
    )


def deaths(area_id: str, level: float, years: range = range(2000, 2018)) -> list[dict]:
    """Make yearly deaths that rise by 4 % a year and change at once by a level from 2009 on."""
    return [
        row
        for year in years
        for row in (
            observed(
                "cdc_wonder", "overdose_deaths", area_id, year,
                float(round(4_000 * 1.04 ** (year - 2000) * (level if year >= 2009 else 1))),
            ),
            observed("cdc_wonder", "resident_population", area_id, year, 5e6),
        )
    ]  # fmt: skip


def test_a_known_step_is_found_and_called_an_association() -> None:
    """A fall of a fifth in the year of the law comes out as 0.8 at once and no change of slope."""
    rows = values(
        policy, "overdose_law_association", law("US-NM", "naloxone_access_law", "2009-03-01"), *deaths("US-NM", 0.8)
    )
    found = rows.set_index("strata")
    level, slope = (found.loc[f"law=naloxone_access_law;term={term}"] for term in ("level", "slope"))
    assert level["value"] == pytest.approx(0.8, abs=0.001)
    assert level["lower_95"] < 0.8 < level["upper_95"]
    assert slope["value"] == pytest.approx(1, abs=0.001)
    assert "association, not effect" in level["reason"]


def test_a_trend_that_bent_before_the_law_is_named() -> None:
    """Deaths that were level and rose steeply before the law fail the pre-trend test, and the row says so."""
    rising = [
        observed(
            "cdc_wonder", "overdose_deaths", "US-NM", year, float(round(4_000 * 1.12 ** max(min(year, 2016) - 2004, 0)))
        )
        for year in range(1999, 2018)
    ]
    people = [observed("cdc_wonder", "resident_population", "US-NM", year, 5e6) for year in range(1999, 2018)]
    found = values(
        policy, "overdose_law_association", law("US-NM", "naloxone_access_law", "2010-03-01"), *rising, *people
    )
    assert len(found) == 2
    assert found["reason"].str.contains("the trend before was not one straight line").all()
    assert found["reason"].str.contains("association, not effect").all()


def test_too_few_years_on_a_side_give_no_association() -> None:
    """A law four years before the end of the series is not compared with anything."""
    made = policy.compute(Measures(frame(law("US-NM", "naloxone_access_law", "2014-03-01"), *deaths("US-NM", 1.0))))
    assert made[made["indicator_id"] == "overdose_law_association"].empty


def test_lag_and_age_of_estimates() -> None:
    """Days from the end of the newest period to its release; an estimate of 2014 released in 2019 has grade B."""
    lag = value(
        quality, "reporting_lag", observed("cdc_vsrr", "overdose_deaths", "USA", "2024-03 to 2025-02", 80_000.0)
    )
    assert lag["value"] == 138
    age = value(quality, "pwid_estimate_age", observed("unaids_gam", "people_who_inject_drugs", "CZE", 2014, 40_000.0))
    assert age["value"] == pytest.approx(4.0, abs=0.01)
    assert age["reason"].startswith("grade B")
    # Met on the day of the release is not met today.
    assert age["target_status"] == "no_target"


def test_spread_over_releases() -> None:
    """Deaths in the 12 months to May 2017 were 66,324, then 67,016, then 68,370: a spread of 3 %."""
    releases = frame(
        *[
            observed("cdc_vsrr", "overdose_deaths", "USA", "2016-06 to 2017-05", number, release=release)
            for release, number in (("2017-12-06", 66_324.0), ("2018-03-07", 67_016.0), ("2019-04-24", 68_370.0))
        ]
    )
    made = quality.compute(Measures(releases.iloc[-1:], releases))
    row = of(made, "revision_spread").iloc[0]
    assert row["value"] == pytest.approx(100 * (68_370 - 66_324) / 68_370)
    assert row["numerator"] == 2_046


def test_parts_of_a_group_are_in_alphabetic_order() -> None:
    """A part is added in its place, and replaces the word for everybody."""
    strata = pd.Series(["all", "sex=male"])
    assert with_part(strata, "rate", pd.Series(["x", "x"])).tolist() == ["rate=x", "rate=x;sex=male"]
