"""Overdoses that people survive: rates and changes by hand, deaths beside them, repeats, and alerts."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from observed import observed, value, values
from scipy.stats import gamma

from assets.indicators import alerts, nonfatal
from epi.intervals import poisson_interval
from epi.rates import crude_rate
from schemas.indicators import IndicatorValue

VISITS, VISIT_RATE = "overdose_ed_visits", "overdose_ed_visit_rate_crude_per_100k"


def dose(
    measure_id: str, number: float | None, year: int | str = 2022, area_id: str = "US-CT", **group: object
) -> dict:
    """Make one synthetic observation of CDC DOSE discharge data."""
    return observed("cdc_dose_discharge", measure_id, area_id, year, number, **group)


def panel(visits: dict[str, float | None], people: float = 1e6) -> list[dict]:
    """Make synthetic visits and residents of all jurisdictions: the same visits for women and men, by age."""
    rows = []
    for sex in ("female", "male"):
        for age in nonfatal.AGES:
            group = {"area_id": "US-XDOSEED", "sex": sex, "age_group": age}
            rows.append(dose(VISITS, visits.get(age, 0), **group))
            rows.append(dose("resident_population", people, **group))
    return rows


def test_visits_are_standardised_for_each_sex_and_both() -> None:
    """600 visits at 15-24 of each sex among a million: 60 per 100,000 of that age, times its weight in US 2000."""
    made = values(nonfatal, "overdose_ed_visit_rate_age_adjusted", *panel({"15-24": 600})).set_index("strata")
    assert made["value"].to_dict() == pytest.approx(dict.fromkeys(["all", "sex=female", "sex=male"], 60 * 0.138646))
    assert made.loc["all", ["numerator", "denominator"]].tolist() == [1_200, 1e7]


def test_one_sex_alone_is_not_both() -> None:
    """Where only women are published, there is a rate for women and none for everybody."""
    women = [row for row in panel({"15-24": 600}) if row["sex"] == "female"]
    assert value(nonfatal, "overdose_ed_visit_rate_age_adjusted", *women)["strata"] == "sex=female"


def test_a_hidden_age_hides_the_standardised_rate() -> None:
    """A suppressed count of one age leaves both sexes and each of them without a value."""
    made = values(nonfatal, "overdose_ed_visit_rate_age_adjusted", *panel({"15-24": 600, "55+": None}))
    assert made["status"].tolist() == ["suppressed"] * 3
    assert made[["value", "numerator", "denominator"]].isna().all(axis=None)


def test_a_published_rate_gets_the_interval_of_its_count() -> None:
    """400 visits at 20.0 per 100,000: the limits are those of 400 events, scaled; the digits stay as printed."""
    row = value(nonfatal, "overdose_ed_visit_rate_crude", dose(VISIT_RATE, 20.0), dose(VISITS, 400))
    low, high = poisson_interval([400.0])
    assert row["value"] == 20.0
    assert row[["lower_95", "upper_95"]].tolist() == pytest.approx([20 * low[0] / 400, 20 * high[0] / 400])


@pytest.mark.parametrize(("now", "words"), [(600, "significant rise"), (410, "no significant change")])
def test_a_change_is_significant_or_not(now: int, words: str) -> None:
    """From 400 to 600 visits among the same two million is a rise of 50 %; from 400 to 410 is chance."""
    rows = [
        row
        for year, number in ((2021, 400), (2022, now))
        for row in (dose(VISITS, number, year), dose(VISIT_RATE, number / 20, year))
    ]
    row = value(nonfatal, "overdose_ed_visit_rate_change_pct", *rows)
    assert row["value"] == pytest.approx(100 * (now / 400 - 1))
    assert row["reason"] == words
    assert (row["lower_95"] > 0) == (words == "significant rise")


def test_a_change_of_the_panel_is_named() -> None:
    """All jurisdictions together are 28 in one year and 29 in the next: the remark says so."""
    rows = [
        row
        for year, number in ((2021, 28), (2022, 29))
        for row in (
            dose(VISITS, 4_000, year, "US-XDOSEED", note=f"{number} jurisdictions"),
            dose(VISIT_RATE, 200.0, year, "US-XDOSEED"),
        )
    ]
    row = value(nonfatal, "overdose_ed_visit_rate_change_pct", *rows)
    assert row["reason"].endswith("29 jurisdictions against 28 jurisdictions")


def test_shares_are_kept_for_whole_years_and_the_newest_window() -> None:
    """Windows of twelve months overlap: those to December are kept, and the newest; changes have no interval."""
    ends = {
        "2022-01 to 2022-12": 40.0,
        "2022-07 to 2023-06": 44.0,
        "2023-01 to 2023-12": 50.0,
        "2023-07 to 2024-06": 48.0,
    }
    rows = [
        observed("cdc_dose_syndromic", "overdose_ed_visits_share_per_10k", "US-CT", window, share)
        for window, share in ends.items()
    ]
    assert values(nonfatal, "overdose_ed_visits_per_10k", *rows)["value"].tolist() == [40, 50, 48]
    change = values(nonfatal, "overdose_ed_visits_per_10k_change_pct", *rows)
    assert change["value"].tolist() == pytest.approx([25, 100 * (48 / 44 - 1)])
    assert change[["lower_95", "upper_95"]].isna().all(axis=None)


def phac(measure_id: str, number: float | None, year: int | str = 2023, **group: object) -> dict:
    """Make one synthetic observation of the Public Health Agency of Canada."""
    return observed("phac_substance_harms", measure_id, "CA-BC", year, number, **group)


def test_the_fatality_ratio_by_hand() -> None:
    """300 deaths beside 700 stays are 30 % of 1,000; beside 2,700 responses 10 % of 3,000: each its own row."""
    rows = [phac("opioid_deaths", 300), phac("opioid_hospitalisations", 700), phac("opioid_ems_responses", 2_700)]
    made = values(nonfatal, "overdose_fatality_ratio", *rows).set_index("strata")
    assert made["value"].to_dict() == {
        "beside=ems_responses;drug=opioids": 10,
        "beside=hospitalisations;drug=opioids": 30,
    }
    # Wilson by hand for 300 of 1,000.
    assert made.iloc[1][["lower_95", "upper_95"]].tolist() == pytest.approx([27.24, 32.91], abs=0.01)


@pytest.mark.parametrize(("deaths", "stays"), [(None, 700), (300, None)])
def test_no_fatality_ratio_with_a_hidden_part(deaths: float | None, stays: float | None) -> None:
    """A suppressed count on either side leaves no value and no count of the other side."""
    row = value(
        nonfatal, "overdose_fatality_ratio", phac("opioid_deaths", deaths), phac("opioid_hospitalisations", stays)
    )
    assert row["status"] == "suppressed"
    assert row[["value", "numerator", "denominator"]].isna().all()


def test_years_only_are_compared() -> None:
    """Nine months of deaths beside a year of stays, or single quarters, give no ratio."""
    rows = [phac("opioid_deaths", 300, "2023-01 to 2023-09"), phac("opioid_hospitalisations", 700)]
    assert values(nonfatal, "overdose_fatality_ratio", *rows).empty


def test_part_of_a_year_keeps_the_publishers_annual_rate() -> None:
    """300 stays in nine months at 8.0 a year per 100,000: the publisher's rate stays, and its period is named."""
    rows = [
        phac("opioid_hospitalisations", 300, "2025-01 to 2025-09"),
        phac("opioid_hospitalisation_rate_crude_per_100k", 8.0, "2025-01 to 2025-09"),
    ]
    row = value(nonfatal, "poisoning_hospitalisation_rate_crude", *rows)
    assert (row["value"], row["period"], row["strata"]) == (8.0, "2025-01 to 2025-09", "drug=opioids")
    assert row["lower_95"] < 8 < row["upper_95"]


def test_repeat_stays_widen_the_interval() -> None:
    """50 people with one stay, 10 with two and 1 with nine: 61 persons, 79 stays of variance 171 (Stukel 1994)."""
    people = pd.DataFrame(
        {
            "area_id": "CA-BC", "period_start": pd.Timestamp("2023-01-01"), "period_end": pd.Timestamp("2023-12-31"),
            "events_per_person": [1, 2, 9], "people": [50, 10, 1], "population": 1e6,
        }
    )  # fmt: skip
    made = IndicatorValue.validate(nonfatal.repeat_rows(people, "hospital_records", "2024-06-01"))
    made = made.set_index("strata")
    assert made["value"].to_dict() == pytest.approx({"count=events": 7.9, "count=persons": 6.1})
    width = made["upper_95"] - made["lower_95"]
    alone = crude_rate(79, 1e6)
    assert width["count=events"] > 1.3 * float((alone["upper"] - alone["lower"]).iloc[0])
    assert made["reason"].tolist() == ["repeat stays: 22.8 %"] * 2


# Alerts


def months(counts: list[float | None], first: str = "2018-01-01", **group: object) -> list[dict]:
    """Make synthetic months of visits in one state."""
    starts = pd.date_range(first, periods=len(counts), freq="MS")
    return [dose(VISITS, count, f"{start:%Y-%m}", **group) for start, count in zip(starts, counts, strict=True)]


def seasonal(number: int) -> list[float | None]:
    """Give quiet months with a little scatter and a summer peak."""
    return [100.0 + 3 * (month % 4) + (20 if month % 12 in (5, 6, 7) else 0) for month in range(number)]


def test_a_jump_is_flagged_with_its_upper_bound() -> None:
    """A month of 300 visits after six years near 110 is flagged by all four methods; the remark gives the bound."""
    made = values(alerts, "overdose_alert", *months([*seasonal(71), 300.0]))
    newest = made[made["period"] == "2023-12"].set_index("strata")
    assert newest["value"].tolist() == [1.0] * 4
    assert all("expected, alert above" in reason for reason in newest["reason"])
    assert (newest["numerator"] == 300).all()
    assert sorted(made["period"].unique()) == [f"2023-{month:02d}" for month in range(7, 13)]


def test_a_season_is_no_alert_to_farrington() -> None:
    """The summer peak of every year, in its sixth, is expected by the method that knows the season."""
    made = values(alerts, "overdose_alert", *months(seasonal(72)[:68]))
    flexible = made[made["strata"].str.contains("Farrington")]
    assert flexible["value"].tolist() == [0.0] * 6


def test_a_hidden_month_is_not_assessed() -> None:
    """A suppressed month has its own status and no value; a series of a year has no Farrington at all."""
    made = values(alerts, "overdose_alert", *months([*seasonal(13)[:12], None]))
    assert not made["strata"].str.contains("Farrington").any()
    hidden = made[made["period"] == "2019-01"]
    assert hidden["status"].tolist() == ["suppressed"] * 3
    assert hidden[["value", "numerator", "denominator"]].isna().all(axis=None)


def test_groups_and_windows_raise_no_alert_of_their_own() -> None:
    """Only everybody's months are watched, of all drugs and of opioids: neither one sex nor a whole year."""
    assert values(alerts, "overdose_alert", *months(seasonal(24), sex="female")).empty
    assert values(alerts, "overdose_alert", dose(VISITS, 1_000)).empty
    watched = values(
        alerts, "overdose_alert", *months(seasonal(24), drug="opioids"), *months(seasonal(24), drug="heroin")
    )
    assert watched["strata"].str.contains("drug=opioids").all()


# Published rates, from the real files where they are at hand


WONDER = ("Multiple Cause of Death, 1999-2020.txt", "Provisional Mortality Statistics, 2018 through Last Week.txt")


def wonder(shared_data: Path, name: str) -> pd.DataFrame:
    """Give the numbers of CDC WONDER's table of states and years, printed with nine decimals."""
    table = pd.read_csv(shared_data / "us/cdc_wonder" / name, sep="\t", dtype="str").rename(columns=str.strip)
    numbers = table.apply(pd.to_numeric, errors="coerce").dropna(subset=["Deaths", "Population", "Crude Rate"])
    return numbers.reset_index(drop=True)


@pytest.mark.parametrize(("name", "rows"), list(zip(WONDER, (1_165, 256), strict=True)))
def test_wonder_crude_rates_and_limits_are_reproduced(shared_data: Path, name: str, rows: int) -> None:
    """Every crude rate is deaths over people to the ninth decimal; so are its limits by CDC's own two methods."""
    shown = wonder(shared_data, name)
    assert len(shown) == rows
    ours = crude_rate(shown["Deaths"], shown["Population"])
    exact = crude_rate(shown["Deaths"], shown["Population"], method="exact")
    np.testing.assert_allclose(ours["value"], shown["Crude Rate"], atol=1e-9, rtol=0)
    many = shown["Deaths"] >= 100
    # From 100 deaths on CDC takes the normal limits of the count, below them the exact ones of tables.
    for side, limit, sign in (("Lower", "lower", -1), ("Upper", "upper", 1)):
        theirs = shown[next(column for column in shown if f"Crude Rate {side}" in column)]
        normal = ours["value"] * (1 + sign * 1.96 / np.sqrt(shown["Deaths"]))
        np.testing.assert_allclose(normal[many], theirs[many], atol=1e-9, rtol=0)
        np.testing.assert_allclose(exact[limit][~many], theirs[~many], atol=1e-4, rtol=0)
        # Ours, by one method for all counts, is near them throughout.
        assert ((ours[limit] - theirs).abs()[many] <= 0.05 + 0.02 * ours["value"][many]).all()


@pytest.mark.parametrize("name", WONDER)
def test_wonder_age_adjusted_limits_follow_from_rate_and_standard_error(shared_data: Path, name: str) -> None:
    """No age detail is printed, so the rate stays CDC's; its limits are normal ones, gamma's below 100 deaths."""
    shown = wonder(shared_data, name)
    rate, error = shown["Age Adjusted Rate"], shown["Age Adjusted Rate Standard Error"]
    known = rate.notna() & error.notna()
    many = known & (shown["Deaths"] >= 100)
    few = known & (shown["Deaths"] < 100)
    lower, upper = (
        shown[next(column for column in shown if f"Age Adjusted Rate {side}" in column)] for side in ("Lower", "Upper")
    )
    assert many.sum() > 200
    np.testing.assert_allclose((rate - 1.96 * error)[many], lower[many], atol=1e-8, rtol=0)
    np.testing.assert_allclose((rate + 1.96 * error)[many], upper[many], atol=1e-8, rtol=0)
    # Fay and Feuer's lower limit needs rate and variance alone; the upper one needs the weights of the ages too.
    scale = error**2 / rate
    np.testing.assert_allclose(gamma.ppf(0.025, rate / scale, scale=scale)[few], lower[few], atol=0.02, rtol=0)


def test_phac_crude_rates_are_deaths_over_people(shared_data: Path) -> None:
    """Canada's crude rates of 2016 to 2019 are its deaths over the UN's population, within the rounding of both."""
    table = pd.read_csv(shared_data / "ca/phac_substance_harms/SubstanceHarmsData.csv", dtype="str")
    canada = (table["Region"] == "Canada") & (table["Substance"] == "Opioids") & (table["Source"] == "Deaths")
    found = table[canada & (table["Specific_Measure"] == "Overall numbers") & (table["Time_Period"] == "By year")]
    found = found.assign(number=pd.to_numeric(found["Value"], errors="coerce"))
    counts, rates = (
        found[found["Unit"] == unit].set_index("Year_Quarter")["number"] for unit in ("Number", "Crude rate")
    )
    # World Population Prospects 2017, Canada, as in the file at hand.
    people = {"2016": 36_289_822, "2017": 36_624_199, "2018": 36_953_765, "2019": 37_279_811}
    for year, number in people.items():
        ours = crude_rate([counts[year]], [number])["value"].item()
        assert ours == pytest.approx(rates[year], abs=0.05 + 0.015 * ours)


def test_canadas_rates_of_part_of_a_year_are_annualised(shared_data: Path) -> None:
    """Nine months of 2025 over three quarters of a year and the population of 2024 come near the published rate."""
    table = pd.read_csv(shared_data / "ca/phac_substance_harms/SubstanceHarmsData.csv", dtype="str")
    canada = (table["Region"] == "Canada") & (table["Substance"] == "Opioids") & (table["Source"] == "Deaths")
    found = table[canada & (table["Specific_Measure"] == "Overall numbers") & (table["Time_Period"] == "By year")]
    found = found.assign(number=pd.to_numeric(found["Value"]))
    counts = found[found["Unit"] == "Number"].set_index("Year_Quarter")["number"]
    rates = found[found["Unit"] == "Crude rate"].set_index("Year_Quarter")["number"]
    part = next(label for label in rates.index if label.startswith("2025") and len(label) > 4)
    people = 1e5 * counts["2024"] / rates["2024"]
    plain = 1e5 * counts[part] / people
    assert rates[part] == pytest.approx(plain / 0.75, rel=0.03)
    assert abs(rates[part] - plain) > 0.2 * rates[part]
