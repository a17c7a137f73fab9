"""Mortality by age: standardised by hand, against published rates, and what happens where a part is hidden."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from observed import frame, observed, value, values

from assets.indicators import equity, involved_drugs, mortality
from assets.indicators.age_groups import band_of, band_weights
from assets.indicators.measures import Measures
from epi.intervals import poisson_interval
from epi.rates import crude_rate
from schemas.indicators import IndicatorValue

AGES = mortality.US_AGES
EUROPE = [f"{low}-{low + 4}" for low in range(15, 65, 5)] + ["65+"]


def nchs(deaths: list[float | None], people: list[float], year: int = 2015, **group: str) -> list[dict]:
    """Make synthetic deaths and residents of the United States by eight ages."""
    rows = []
    for age, number, residents in zip(AGES, deaths, people, strict=True):
        group_of = {"age_group": age, **group}
        rows.append(observed("nchs_drug_poisoning", "overdose_deaths", "USA", year, number, **group_of))
        rows.append(observed("nchs_drug_poisoning", "resident_population", "USA", year, residents, **group_of))
    return rows


def country(area_id: str, deaths: list[float | None], people: tuple[float, float, float], year: int = 2015) -> list:
    """Make synthetic European deaths by 11 ages, and residents under 15, of 15-24, 25-64 and from 65."""
    rows = [
        observed("emcdda_bulletin", "drug_induced_deaths", area_id, year, number, age_group=age, **missing(number))
        for age, number in zip(EUROPE, deaths, strict=True)
    ]
    young, middle, old = people
    residents = {"0-14": 1e6, "15-24": young, "25-64": middle, "65+": old, "15-64": young + middle}
    residents["all"] = 1e6 + young + middle + old
    return rows + [
        observed("un_population", "resident_population", area_id, year, number, age_group=age)
        for age, number in residents.items()
    ]


def missing(number: float | None) -> dict[str, str]:
    """Say that a country did not report, where it gave no number."""
    return {"status": "not_collected"} if number is None else {}


def one_death_in(age: str, number: float = 100) -> list[float]:
    """Put all deaths into one European age group."""
    return [number if each == age else 0.0 for each in EUROPE]


def test_standardised_by_hand() -> None:
    """Deaths at 25-34 alone: the rate is that age's weight in the US 2000 standard times its own rate."""
    row = value(mortality, "overdose_death_rate_age_standardised", *nchs([0, 0, 50, 0, 0, 0, 0, 0], [1e5] * 8))
    assert row["value"] == pytest.approx(0.135573 * 50)
    # One stratum: the gamma interval of its count, scaled, but for the small correction of the upper limit.
    low, _ = poisson_interval([50.0], method="exact")
    assert row["lower_95"] == pytest.approx(0.135573 * low[0], rel=1e-6)
    assert (row["numerator"], row["denominator"]) == (50, 8e5)


def test_a_rate_that_does_not_differ_by_age_is_its_own_standard() -> None:
    """Where every age dies at 30 per 100,000, any standard gives 30."""
    people = [float(1e5 * (number + 1)) for number in range(8)]
    row = value(mortality, "overdose_death_rate_age_standardised", *nchs([30 * n / 1e5 for n in people], people))
    assert row["value"] == pytest.approx(30)


def test_a_hidden_age_hides_what_rests_on_it() -> None:
    """A count of 1 to 9 in one age leaves the standardised rate and the years without value, numerator and people."""
    rows = nchs([None, 60, 60, 60, 60, 60, 60, 60], [1e6] * 8, sex="female")
    for indicator_id in ("overdose_death_rate_age_standardised", "overdose_ypll_75"):
        row = value(mortality, indicator_id, *rows)
        assert row["status"] == "suppressed"
        assert row[["value", "lower_95", "upper_95", "numerator", "denominator"]].isna().all()
    shown = values(mortality, "overdose_death_rate_by_group", *rows)
    assert shown["status"].value_counts().to_dict() == {"reported": 7, "suppressed": 1}


def test_an_absent_age_is_no_zero() -> None:
    """Without a row for every age there is no standardised rate: what is not there was not counted as none."""
    rows = [row for row in nchs([50] * 8, [1e6] * 8) if row["age_group"] != "45-54"]
    assert values(mortality, "overdose_death_rate_age_standardised", *rows).empty


def test_years_lost_by_hand() -> None:
    """20 deaths at 15-24 are 20 x (75 - 19.5) years; the old are not counted, and 19 deaths show no years."""
    deaths = [0, 20, 0, 0, 0, 0, 0, 500]
    row = value(mortality, "overdose_ypll_75", *nchs(deaths, [1e5] * 8))
    assert row["numerator"] == pytest.approx(20 * 55.5)
    assert row["value"] == pytest.approx(20 * 55.5 / 7e5 * 1e5)
    few = value(mortality, "overdose_ypll_75", *nchs([0, 19, 0, 0, 0, 0, 0, 500], [1e5] * 8))
    assert (few["status"], few["reason"]) == ("low_quality", "fewer than 20 deaths")
    assert few[["value", "numerator", "denominator"]].isna().all()


def test_europe_is_standardised_over_three_ages() -> None:
    """100 deaths at 30-34 among 1 million of 25-64: 100 per million of that band, weighted 53 of 84."""
    rows = country("CZE", one_death_in("30-34"), (2e5, 1e6, 3e5))
    row = value(mortality, "drug_induced_death_rate_age_standardised", *rows)
    assert row["value"] == pytest.approx(100 * 53_000 / 84_000)
    bands = values(mortality, "drug_induced_death_rate_by_group", *rows).set_index("strata")
    assert bands.loc["age_group=25-64", "value"] == pytest.approx(100)
    assert bands.loc["age_group=15-64", "value"] == pytest.approx(100 / 1.2)
    assert bands.loc["age_group=65+", ["value", "lower_95"]].tolist() == [0, 0]


def test_a_country_that_leaves_out_an_age_has_no_rate() -> None:
    """Eleven ages are needed; one that was not collected leaves the country out rather than counting nobody."""
    deaths: list[float | None] = [None, *one_death_in("30-34")[1:]]
    rows = country("CZE", deaths, (2e5, 1e6, 3e5))
    assert values(mortality, "drug_induced_death_rate_age_standardised", *rows).empty


@pytest.mark.parametrize(("men", "status"), [(60, "reported"), (80, "low_quality")])
def test_ages_that_miss_a_tenth_of_the_deaths_give_no_rate(men: float, status: str) -> None:
    """100 deaths by age beside 100 by sex are shown; beside 120 by sex a sixth has no age, and there is no value."""
    sexes = [
        observed("emcdda_bulletin", "drug_induced_deaths", "TUR", 2015, number, sex=sex)
        for sex, number in (("female", 40), ("male", men))
    ]
    rows = country("TUR", one_death_in("30-34"), (2e5, 1e6, 3e5))
    row = value(mortality, "drug_induced_death_rate_age_standardised", *rows, *sexes)
    assert row["status"] == status
    assert ("120 by sex" in row["reason"]) == (status == "low_quality")


def test_the_standardised_ratio_by_hand() -> None:
    """Five equal countries, one with twice the deaths: 200 over the 120 expected; chance allows far less."""
    rows = [
        row for area in ("AUT", "BEL", "CZE", "DEU") for row in country(area, one_death_in("30-34"), (1e5, 1e6, 1e5))
    ]
    rows += country("ESP", one_death_in("30-34", 200), (1e5, 1e6, 1e5))
    made = values(mortality, "drug_induced_death_ratio_standardised", *rows).set_index("area_id")
    assert made.loc["ESP", "value"] == pytest.approx(200 / 120)
    assert made.loc["AUT", ["numerator", "denominator"]].tolist() == pytest.approx([100, 120])
    assert made.loc["ESP", "reason"].startswith("far above: chance allows")
    assert made.loc["AUT", "reason"].startswith("within")
    assert values(mortality, "drug_induced_death_ratio_standardised", *rows[: len(rows) // 5 * 4]).empty


def test_years_by_a_life_table_need_one() -> None:
    """30 deaths at 25-34 with 50 years still expected at 30 are 1,500 years; without a table there is no row."""
    rows = nchs([0, 0, 30, 0, 0, 0, 0, 0], [1e6] * 8)
    assert values(mortality, "overdose_yll", *rows).empty
    table = [
        observed("programme_data", "life_expectancy_years", "USA", 2015, years, age_group=age)
        for age, years in (("0+", 79.0), ("30+", 50.0), ("80+", 9.0))
    ]
    row = value(mortality, "overdose_yll", *rows, *table)
    assert row["value"] == pytest.approx(30 * 50.0)
    assert row["source_ids"] == "nchs_drug_poisoning+programme_data"


def test_groups_of_two_kinds_are_compared_along_both() -> None:
    """Men who are Black are held against women who are Black and against men who are White; no row is there twice."""
    rates = {
        ("Non-Hispanic Black", "male"): 40,
        ("Non-Hispanic Black", "female"): 20,
        ("Non-Hispanic White", "male"): 25,
    }
    rows = []
    for (race, sex), deaths in rates.items():
        group = {"race_ethnicity": race, "sex": sex, "age_group": "25-34"}
        rows += [
            observed("nchs_drug_poisoning", measure, "USA", 2015, number, **group)
            for measure, number in (("overdose_deaths", deaths), ("resident_population", 1e5))
        ]
    made = IndicatorValue.validate(equity.compute(mortality.compute(Measures(frame(*rows)))))
    ratios = made[made["indicator_id"] == "group_ratio"].set_index("strata")["value"]
    black_men = (
        "age_group=25-34;compared_by={};of=overdose_death_rate_by_group;race_ethnicity=Non-Hispanic Black;sex=male"
    )
    assert ratios[black_men.format("sex")] == 2
    assert ratios[black_men.format("race_ethnicity")] == pytest.approx(1.6)
    assert len(ratios) == 2


def test_bands_hold_whole_ages_of_the_standard() -> None:
    """A band that cuts an age group of the standard in two is refused, saying which; labels fall where they belong."""
    with pytest.raises(ValueError, match=r"expected bands .*found 35-44"):
        band_weights("us_2000_11", ("35-39", "40-84"))
    found = band_of(pd.Series(["15-19", "65+", "all", "unknown"]), ("15-24", "65+"))
    assert found.fillna("none").tolist() == ["15-24", "65+", "none", "none"]
    assert sum(band_weights("us_2000_11", AGES).values()) == pytest.approx(1)


# Involved drugs


def sudors(number: float | None, **group: str) -> dict:
    """Make a synthetic count of CDC SUDORS."""
    return observed("cdc_sudors", "unintentional_overdose_deaths", "US-CT", 2021, number, **group)


def test_polysubstance_share_by_hand() -> None:
    """40 of 100 deaths with an opioid and a stimulant are 40 %, with Wilson's limits; a hidden count has none."""
    group = {"population_group": "involvement: opioids_and_stimulants"}
    row = value(involved_drugs, "opioid_and_stimulant_deaths_pct", sudors(100), sudors(40, **group))
    assert row["value"] == 40
    # Wilson by hand: (p + z2/2n +- z sqrt(p q / n + z2/4n2)) / (1 + z2/n) with z = 1.959964.
    assert row[["lower_95", "upper_95"]].tolist() == pytest.approx([30.94, 49.80], abs=0.005)
    hidden = value(involved_drugs, "opioid_and_stimulant_deaths_pct", sudors(100), sudors(None, **group))
    assert hidden["status"] == "suppressed"
    assert hidden[["value", "numerator", "denominator"]].isna().all()


def test_residence_and_occurrence_do_not_mix() -> None:
    """Cocaine with fentanyl among residents is an indicator of its own, beside no death counted by occurrence."""
    rows = [
        observed("cdc_wonder", "overdose_deaths", "US-CT", 2016, number, drug=drug)
        for drug, number in (("all", 900), ("cocaine_and_fentanyl", 90))
    ]
    row = value(involved_drugs, "cocaine_and_fentanyl_deaths_pct", *rows, sudors(100))
    assert (row["value"], row["source_ids"]) == (10, "cdc_wonder")


def test_the_unspecified_share_is_the_rest_of_the_published_percent() -> None:
    """96 % of 1,000 deaths name a drug: 4 % do not, 40 deaths; of 100 the 4 that do not are not shown as a count."""
    rows = {
        deaths: [
            observed("cdc_vsrr", "deaths_drugs_specified_pct", "US-CT", "2020-03 to 2021-02", 96.0),
            observed("cdc_vsrr", "overdose_deaths", "US-CT", "2020-03 to 2021-02", deaths),
        ]
        for deaths in (1_000, 100, None)
    }
    row = value(involved_drugs, "unspecified_drug_deaths_pct", *rows[1_000])
    assert [row["value"], row["numerator"]] == pytest.approx([4, 40])
    assert row["lower_95"] < 4 < row["upper_95"]
    assert row["period"] == "12 months to 2021-02"
    assert np.isnan(value(involved_drugs, "unspecified_drug_deaths_pct", *rows[100])["numerator"])
    without = value(involved_drugs, "unspecified_drug_deaths_pct", *rows[None])
    assert without["value"] == pytest.approx(4)
    assert without[["numerator", "lower_95", "upper_95"]].isna().all()


def test_definitions_of_one_place_and_year_are_compared() -> None:
    """Drug misuse beside drug poisoning, England and Wales: 2,000 of 4,000 is a ratio of 0.5, too far to compare."""
    rows = [
        observed("ons_drug_poisoning", "drug_poisoning_deaths", "GB-EAW", 2020, number, drug=drug)
        for drug, number in (("all", 4_000), ("drug_misuse", 2_000))
    ]
    row = value(involved_drugs, "case_definition_ratio", *rows)
    assert (row["value"], row["denominator"]) == (0.5, 4_000)
    assert row["reason"] == "more than 2 % apart: not comparable"


def test_definitions_from_records() -> None:
    """Of three NCHS deaths (X42, X44, X40 without a T-code) ISW7 counts two; a death of F11 is in Selection B alone."""
    records = pd.DataFrame(
        {
            "area_id": "USA", "year": 2019,
            "underlying": ["X42", "X44", "X40", "F112"], "contributing": ["T401", "T404", "", ""],
        }
    )  # fmt: skip
    made = IndicatorValue.validate(involved_drugs.definition_rows(records, "nchs_microdata", "2021-01-01"))
    found = made.set_index("strata")
    assert found.loc["definition=isw7, of nchs", "value"] == pytest.approx(2 / 3)
    assert found.loc["definition=emcdda_b_x44, of nchs", "value"] == 1
    assert found["denominator"].tolist() == [3, 3, 3]


# Published rates, from the real files where they are at hand


@pytest.fixture
def published(shared_data: Path) -> pd.DataFrame:
    """Give the publisher's whole table of rates by state, sex, age and race."""
    return pd.read_csv(next((shared_data / "us/nchs_drug_poisoning_state").glob("*.csv")))


def test_published_crude_rates_and_limits_are_reproduced(published: pd.DataFrame) -> None:
    """All crude rates of states and groups, 1999-2015, are deaths over people; limits of 100 or more are near."""
    shown = published.dropna(subset=["Crude Death Rate", "Low Confidence Limit for Crude Rate"])
    shown = shown[shown["Deaths"] >= 20]
    ours = crude_rate(shown["Deaths"], shown["Population"])
    assert (ours["value"] - shown["Crude Death Rate"]).abs().max() <= 0.0501
    many = shown["Deaths"] >= 100
    assert many.sum() > 1_000
    # NCHS takes the normal limits from 100 deaths on; they are within 2 % of ours there.
    gap = (ours["lower"] - shown["Low Confidence Limit for Crude Rate"]).abs() / ours["value"]
    assert (gap[many] < 0.02 + 0.05 / ours["value"][many]).all()


def test_published_age_adjusted_rates_are_reproduced(published: pd.DataFrame) -> None:
    """Standardised from eight ages, the national rates of 1999-2015, by sex and race, are the published ones to 0.1."""
    national = published[published["State"] == "United States"]
    races = {"All Races-All Origins": "all"}
    sexes = {"Both Sexes": "all", "Female": "female", "Male": "male"}
    rows = []
    for row in national.to_dict("records"):
        age = "0-14" if row["Age"] == "Less than 15 years" else row["Age"].removesuffix(" years")
        if age not in AGES or row["Deaths"] < 10:
            continue
        group = {
            "age_group": age, "sex": sexes[row["Sex"]],
            "race_ethnicity": races.get(row["Race and Hispanic Origin"], row["Race and Hispanic Origin"]),
        }  # fmt: skip
        rows += [
            observed("nchs_drug_poisoning", measure, "USA", int(row["Year"]), float(row[column]), **group)
            for measure, column in (("overdose_deaths", "Deaths"), ("resident_population", "Population"))
        ]
    made = values(mortality, "overdose_death_rate_age_standardised", *rows)
    assert len(made) > 150
    theirs = {
        (str(row["Year"]), sexes[row["Sex"]], row["Race and Hispanic Origin"]): row["Age-adjusted Rate"]
        for row in national[national["Age"] == "All Ages"].to_dict("records")
    }
    sex = made["strata"].str.extract(r"sex=(\w+)", expand=False).fillna("all")
    race = made["strata"].str.extract(r"race_ethnicity=([^;]+)", expand=False).fillna("All Races-All Origins")
    expected = [theirs[key] for key in zip(made["period"], sex, race, strict=True)]
    assert (made["value"] - pd.Series(expected)).abs().max() < 0.1
