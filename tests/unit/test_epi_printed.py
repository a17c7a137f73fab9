"""Examples that publications and other programs print with their data, reproduced to every printed digit.

Examples of a function that has a test file of its own subject often stand there; here are those that span several.
"""

import numpy as np
import pandas as pd
import pytest

from epi.aberration import farrington_flexible, farrington_many
from epi.coverage import coverage
from epi.coverage_simulation import coverage_draws, simulated_coverage
from epi.equity import compare_groups
from epi.farrington_model import Settings, upper_limit
from epi.intervals import binomial_interval, mover_difference
from epi.life import years_of_life_lost
from epi.linear_trends import linear_trends
from epi.log_rates import pooled_variance
from epi.mortality import classify, polysubstance, polysubstance_share, unspecified_drug, unspecified_drug_share
from epi.nowcast import delay_distribution, nowcast, triangle_as_of
from epi.population_size import combine_sizes
from epi.proportions import proportion
from epi.reporting import reporting_triangle
from epi.small_areas import empirical_bayes, quantile_groups
from epi.timeliness import as_known_on, completeness_from_pending
from epi.trends import annual_percent_change, joinpoint_many

nan = np.nan

# Homicides 1979-84 and population of 78 counties around St Louis: stl_hom.csv of the Python package libpysal.
HOMICIDES = [
    4, 19, 3, 2, 2, 28, 61, 3, 7, 3, 4, 0, 1, 12, 0, 2, 6, 6, 3, 4, 0, 2, 9, 2, 23, 5, 2, 2, 0, 2, 10, 4, 95, 8, 31, 0,
    407, 5, 10, 1238, 3, 14, 0, 2, 18, 369, 5, 0, 3, 0, 40, 9, 7, 1, 3, 2, 8, 5, 11, 12, 8, 10, 2, 8, 7, 25, 6, 19, 6,
    2, 2, 6, 9, 0, 1, 13, 3, 4,
]  # fmt: skip
COUNTIES = [
    189087, 425580, 69649, 88540, 33697, 774843, 1056438, 172182, 224033, 113497, 218510, 87628, 36354, 316661, 53222,
    141872, 103469, 193449, 295848, 99013, 34772, 65947, 155266, 123387, 612258, 135365, 133297, 186877, 68404, 68779,
    192789, 96686, 1480530, 92864, 905683, 93388, 5863876, 109086, 265200, 2658090, 199528, 347829, 79838, 72381,
    432159, 1605518, 110883, 48352, 121762, 92348, 891502, 225007, 113880, 46260, 108510, 55620, 213680, 131792,
    109953, 108864, 205880, 260154, 90841, 255875, 253540, 372227, 100389, 345641, 87410, 66694, 64680, 127071,
    107508, 43056, 61456, 353841, 47507, 68218,
]  # fmt: skip
# Employees per square kilometre in the 58 counties of California: load_example() of the Python package mapclassify.
DENSITY = [
    329.92, 0.42, 5.9, 14.03, 2.78, 1.34, 181.27, 1.65, 10.03, 16.7, 1.32, 3.99, 3.16, 0.22, 8.7, 6.56, 3.27, 0.33,
    370.5, 4.51, 75.29, 0.99, 2.74, 8.68, 0.14, 0.92, 12.63, 28.7, 12.02, 722.85, 36.68, 0.74, 29.82, 192.05, 3.38,
    11.15, 110.74, 4111.45, 49.47, 10.33, 317.11, 20.47, 264.93, 66.26, 5.39, 0.13, 0.61, 50.65, 40.48, 36.67, 13.09,
    1.81, 0.2, 7.6, 2.51, 57.26, 24.32, 6.97,
]  # fmt: skip
# R's data set `women`: weight in pounds at heights of 58 to 72 inches.
HEIGHT = np.arange(58, 73)
WEIGHT = np.array([115, 117, 120, 123, 126, 129, 132, 135, 139, 142, 146, 150, 154, 159, 164])
# Trials of BCG vaccine (dat.bcg of R's metafor): cases and others among the vaccinated, then among the controls.
BCG = [
    [4, 119, 11, 128], [6, 300, 29, 274], [3, 228, 11, 209], [62, 13536, 248, 12619], [33, 5036, 47, 5761],
    [180, 1361, 372, 1079], [8, 2537, 10, 619], [505, 87886, 499, 87892], [29, 7470, 45, 7232], [17, 1699, 65, 1600],
    [186, 50448, 141, 27197], [5, 2493, 3, 2338], [27, 16886, 29, 17825],
]  # fmt: skip
# Larney et al. 2017, table 3: people who inject drugs (limits), needles and syringes per person and year (limits).
SYRINGES = {
    "Eastern Europe": [3_020_000, 1_653_500, 5_008_000, 15, 9, 27],
    "East and southeast Asia": [3_989_000, 3_041_000, 4_955_000, 16, 13, 21],
    "South Asia": [1_023_500, 783_500, 1_263_000, 43, 35, 56],
    "Central Asia": [281_500, 189_500, 416_500, 115, 78, 172],
    "Caribbean": [79_500, 53_000, 118_000, 6, 4, 8],
    "Latin America": [1_823_000, 1_392_000, 2_380_000, 6, 5, 8],
    "North America": [2_557_000, 1_498_500, 4_428_000, 39, 22, 66],
    "Australasia": [115_500, 83_000, 148_000, 396, 309, 550],
}


def test_farrington_has_the_thresholds_of_rs_surveillance():
    """Thresholds for 5 expected are those in the tests of R's surveillance (test-farringtonFlexible.R).

    For alpha 0.05 it prints upper limits of 10 (variance 1.5 times the mean, "nbPlugin"), 9 (Poisson) and, for a
    standard error of 0.2, 9.1154825 ("delta", power 2/3); 11 cases are above. A series of 5 in every week, its 11 in
    the last, is that Poisson case.
    """
    poisson, power = (Settings(5, 52, 3, 10, 26, 2.58, 0.05, (5, 4), name) for name in ("negative-binomial", "power"))
    assert upper_limit(5, 1.5, 0, poisson) == 10
    assert upper_limit(5, 1.0, 0, poisson) == 9
    assert upper_limit(5, 1.0, 0.2**2, power) == pytest.approx(9.1154825, abs=5e-8)
    counts = np.append(np.full(399, 5.0), 11)
    row = farrington_flexible(counts, alpha=0.05).iloc[0]
    assert (round(row["expected"], 9), row["upper"], row["dispersion"], row["alarm"]) == (5, 9, 1, True)
    many = pd.DataFrame({"place": np.repeat(["A", "B"], 400), "period": np.tile(range(400), 2)})
    many["count"] = np.append(counts, np.full(400, 5.0))
    found = farrington_many(many, "place", alpha=0.05).set_index("place")
    assert found["upper"].tolist() == [9, 9]
    assert found["alarm"].tolist() == [True, False]


@pytest.mark.parametrize("region", SYRINGES)
def test_limits_of_coverage_are_those_of_a_published_table(region):
    """Syringes per person have the printed range, for some number of syringes that gives the printed, rounded value.

    Larney S et al. Lancet Glob Health 2017;5:e1208-e1220, table 3. The syringes are not printed, but their number is
    the value times the people, within the rounding of the value. Western Europe, where a quarter of the people live in
    countries with data, is left out: its range (118 to 243 about 166) is not that of its people alone.
    """
    people, low, high, *printed = SYRINGES[region]
    syringes = people * (printed[0] + np.linspace(-0.5, 0.5, 801)[1:-1])
    possible = syringes[(coverage(syringes, people, low, high).round() == printed).all(axis=1)][:30]
    assert possible.size
    simulated = simulated_coverage(possible, people, low, high)[["value", "lower", "upper"]]
    assert (simulated.round() == printed).all(axis=1).any()
    drawn = np.quantile(coverage_draws(possible, people, low, high), [0.5, 0.025, 0.975], axis=0)
    assert (drawn.round() == np.array(printed)[:, None]).all(axis=0).any()


def test_groups_are_compared_as_stata_prints_it():
    """Rates, their difference, and ratio with exact limits are those that Stata prints for `iri 41 15 28010 19017`.

    stata.com, "Incidence-rate ratio calculator". Its limits of the difference (.0000749 to .0012751) are value -/+ z
    standard errors; ours are recovered from exact limits and wider: see `rate_difference`.
    """
    cohort = {"study": 1, "group": ["exposed", "unexposed"], "count": [41, 15], "population": [28_010, 19_017]}
    found = compare_groups(pd.DataFrame(cohort), "study", "group", "unexposed", per=1)
    assert found["rate"].round(7).tolist() == [0.0014638, 0.0007888]
    assert found.loc[0, ["ratio", "ratio_lower", "ratio_upper"]].tolist() == pytest.approx(
        [1.855759, 1.005684, 3.6093], abs=5e-7
    )
    assert round(found.loc[0, "difference"], 6) == 0.000675


def test_recovered_limits_are_newcombes_printed_ones():
    """Wilson limits of 5 in 56 and 0 in 29 make -0.0381 to 0.1926 for the difference: Newcombe's example (d).

    Printed in the tests of R's ratesci (test3.R, "Newcombe/'Score'/Square&add").
    """
    found = mover_difference(np.array(5 / 56), binomial_interval(5, 56), np.array(0.0), binomial_interval(0, 29))
    assert [round(float(limit), 4) for limit in found] == [-0.0381, 0.1926]


@pytest.mark.parametrize(
    ("method", "lower", "upper"),
    [
        ("wilson", [0.0624, 0, 0.0061], [0.1605, 0.1611, 0.1718]),
        ("clopper-pearson", [0.0578, 0, 0.0009], [0.1617, 0.1684, 0.1776]),
    ],
)
def test_proportions_have_newcombes_printed_limits(method, lower, upper):
    """15 of 148, 0 of 20 and 1 of 29 have the limits in the tests of R's ratesci (test3.R, "Newcombe examples")."""
    found = proportion([15, 0, 1], [148, 20, 29], method=method).round(4)
    assert found["lower"].tolist() == lower
    assert found["upper"].tolist() == upper


def test_hundred_deaths_at_60_lose_the_printed_years():
    """100 deaths at 60 with 20 years to live lose 2000 years, 20 each, as R's yll prints without discounting.

    README of AntoineSoetewey/yll: yll(100, 60, 20, discount.rate = 0) and avg_yll likewise. Its default discounts.
    """
    deaths = pd.DataFrame({"place": "A", "count": [100], "age_start": [60], "age_end": [nan]})
    found = years_of_life_lost(deaths, "place", pd.Series([20.0], index=[60])).loc[0]
    assert found[["years", "years_per_death"]].tolist() == [2000, 20]


@pytest.mark.parametrize(("confidence", "limits"), [(0.95, [3.253112, 3.646888]), (0.9, [3.288603, 3.611397])])
def test_a_line_has_the_limits_that_r_prints(confidence, limits):
    """The slope of R's `women`, 3.45, has the limits that confint prints at 95 % and at 90 %.

    rstudio-pubs 359091 and 357995; the data are printed in 318869. So it has as the line of the logarithms of rates.
    """
    frame = pd.DataFrame({"data": "women", "year": HEIGHT, "value": WEIGHT, "se": nan})
    line = linear_trends(frame, "data", confidence=confidence).loc[0, ["value", "lower", "upper"]].astype(float)
    rates = annual_percent_change(HEIGHT, np.exp(WEIGHT / 100), confidence=confidence).loc[0, line.index]
    for found in (line, 100 * np.log1p(rates.astype(float) / 100)):
        assert found.round(6).tolist() == [3.45, *limits]


def test_annual_percent_change_of_the_joinpoint_help():
    """Rates of 50, 50.5 and 51.005 in 1990 to 1992 change by 1 % a year (help of NCI's Joinpoint, "APC")."""
    found = annual_percent_change([1990, 1991, 1992], [50, 50.5, 51.005]).loc[0, ["value", "lower", "upper"]]
    assert found.astype(float).tolist() == pytest.approx([1, 1, 1], abs=1e-8)


def test_prediction_limits_are_those_that_r_prints():
    """One new observation at 66 and 63 has the limits of predict(lm(weight ~ height, women), interval = "predict").

    rstudio-pubs 359091 (66 inches) and 357995 (63 inches).
    """
    found = completeness_from_pending([66, 63], HEIGHT, WEIGHT, confidence=0.95)
    printed = [[140.1833, 136.775, 143.5916], [129.8333, 126.408, 133.2587]]
    np.testing.assert_allclose(found[["value", "lower", "upper"]], printed, rtol=0, atol=5.1e-5)


def test_bcg_trials_are_pooled_as_stata_and_r_print_it():
    """Random effects (DerSimonian-Laird) and fixed effect of the BCG trials, with I squared, as metan and metafor.

    Tests of R's metafor (test_misc_metan_vs_rma.uni_with_dat.bcg.r), which compare it with Stata's metan.
    """
    a, b, c, d = np.array(BCG, dtype=float).T
    y = np.log(a / (a + b) / (c / (c + d)))
    s = np.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))
    z = 1.959963984540054
    trials = pd.DataFrame({"of": "BCG", "value": np.exp(y), "lower": np.exp(y - z * s), "upper": np.exp(y + z * s)})
    found = combine_sizes(trials, "of").loc[0]
    assert found[["value", "lower", "upper"]].astype(float).round(4).tolist() == [0.4896, 0.3449, 0.6950]
    assert round(found["heterogeneity_pct"], 4) == 92.1173
    fixed = combine_sizes(trials, "of", method="inverse-variance").loc[0, ["value", "lower", "upper"]]
    assert fixed.astype(float).round(4).tolist() == [0.6503, 0.6007, 0.7040]


def test_five_imputations_have_the_printed_degrees_of_freedom():
    """5 imputations that add 10 % to the variance have 484 degrees of freedom in large samples.

    SAS/STAT user's guide, MI procedure, "Combining Inferences": "with m = 5 and r = 10%". The small-sample correction
    is proven elsewhere, by hand.
    """
    variance, df = pooled_variance(np.array(1.0), np.array(0.1 / (1 + 1 / 5)), 5, 1e12)
    assert (round(float(variance), 9), round(float(df), 6)) == (1.1, 484)


def test_employment_density_has_the_printed_fifths():
    """58 counties in fifths are 12, 11, 12, 11 and 12, at the bounds that mapclassify prints (Quantiles, k=5)."""
    group = quantile_groups(DENSITY, groups=5)
    assert group.value_counts().sort_index().tolist() == [12, 11, 12, 11, 12]
    bounds = [1.464, 5.798, 13.278, 54.616, 4111.45]
    assert (group == np.searchsorted(bounds, DENSITY) + 1).all()


def test_homicides_are_smoothed_as_esda_prints_it():
    """The first ten counties have the rates that esda's Empirical_Bayes prints for its example."""
    printed = [
        2.36718950e-05, 4.54539167e-05, 4.78114019e-05, 2.76907146e-05, 6.58989323e-05,
        3.66494122e-05, 5.79952721e-05, 2.03064590e-05, 3.31152999e-05, 3.02748380e-05,
    ]  # fmt: skip
    found = empirical_bayes(HOMICIDES, COUNTIES, per=1)["empirical_bayes_marshall_global"]
    np.testing.assert_allclose(found[:10], printed, rtol=0, atol=5.1e-14)


def test_an_archive_as_of_a_day_is_the_printed_one():
    """Cases as of 3 June are 2, 1 and 1: the archive in the tests of epiprocess (test-methods-epi_archive.R)."""
    rows = [(1, 1, 1), (1, 2, 2), (2, 2, 0), (2, 3, 1), (2, 4, 2), (3, 3, 1), (4, 4, 4)]
    archive = pd.DataFrame(rows, columns=["time", "version", "cases"])
    for column in ("time", "version"):
        archive[column] = pd.to_datetime("2020-05-31") + pd.to_timedelta(archive[column], unit="D")
    found = as_known_on(archive, pd.Timestamp("2020-06-03"), reference="time", release="version")
    assert found["time"].dt.day.tolist() == [1, 2, 3]
    assert found["cases"].tolist() == [2, 1, 1]


def test_delays_and_earlier_triangles_are_those_of_baselinenowcast():
    """Delays, and the triangle of a day before, are those that R's baselinenowcast prints or expects.

    reference/estimate_delay.md (max_delay 3, n 4), test-estimate_delay.R ("known delay PMF"), test-generate_triangles.R
    ("structure 1", its last triangle).
    """
    rows = [[80, 50, 25, 10], [100, 50, 30, 20], [90, 45, 25, nan], [80, 40, nan, nan], [70, nan, nan, nan]]
    found = delay_distribution(pd.DataFrame(rows), history=4)["probability"]
    assert found.round(7).tolist() == [0.5029412, 0.2514706, 0.1455882, 0.1]
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    known = np.arange(5)[:, None] + np.arange(4) < 5
    triangle = pd.DataFrame(np.where(known, np.outer([100, 150, 200, 250, 300], shares), nan))
    np.testing.assert_allclose(delay_distribution(triangle)["probability"], shares, atol=1e-9)
    np.testing.assert_allclose(nowcast(triangle, draws=10).periods["value"], [100, 150, 200, 250, 300], rtol=1e-9)
    whole = [[65, 46, 21, 7], [70, 40, 20, 5], [80, 50, 10, 10], [100, 40, 31, 20]]
    today = pd.DataFrame([*whole, [95, 45, 21, nan], [82, 42, nan, nan], [70, nan, nan, nan]])
    before = [*whole[:3], [100, 40, 31, nan], [95, 45, nan, nan], [82, nan, nan, nan]]
    np.testing.assert_array_equal(triangle_as_of(today, 1), before)


def test_a_table_becomes_the_printed_triangle():
    """Totals by origin and year make the triangle that the Python package chainladder prints (class Triangle)."""
    rows = {
        "reference": [1981, 1981, 1981, 1981, 1982, 1982, 1982, 1983, 1983, 1984],
        "report": [1981, 1982, 1983, 1984, 1982, 1983, 1984, 1983, 1984, 1984],
        "count": [5012, 8269, 10907, 11805, 106, 4285, 5396, 3410, 8992, 5655],
    }
    found = reporting_triangle(pd.DataFrame(rows), cumulative=True)
    printed = [[5012, 8269, 10907, 11805], [106, 4285, 5396, nan], [3410, 8992, nan, nan], [5655, nan, nan, nan]]
    np.testing.assert_array_equal(found.cumsum(axis=1), printed)
    assert found.index.tolist() == [1981, 1982, 1983, 1984]


def test_many_series_have_the_printed_joinpoints():
    """HIV diagnoses in Argentina, all three series in one table, have the joinpoints that joinpointR prints."""
    rates = {
        "both": [17.6, 17.4, 17.3, 17.1, 15.3, 15.3, 14.2, 11.1, 13.6, 12.9, 8.1, 11.6, 12.2],
        "female": [11.6, 11.1, 11.1, 10.9, 9.1, 8.6, 8.2, 6.3, 7.8, 7.5, 4.6, 6.7, 7.3],
        "male": [23.9, 24.0, 23.7, 23.6, 21.7, 22.3, 20.5, 16.2, 19.5, 18.4, 11.7, 16.6, 17.2],
    }
    table = pd.DataFrame(rates, index=pd.RangeIndex(2010, 2023, name="year")).reset_index()
    table = table.melt("year", var_name="sex", value_name="rate")
    found = joinpoint_many(table, "sex", max_joinpoints=2, criterion="bic")
    assert found.groupby("sex")["joinpoints"].first().to_dict() == {"both": 0, "female": 1, "male": 0}
    assert found.loc[found["sex"] == "female", "end"].tolist() == [2020, 2022]


def test_shares_of_polysubstance_deaths_are_those_of_the_vital_signs_report():
    """Of 16,236 deaths 5,301 involved opioids and stimulants, 32.6 %; the other three combinations are not counted.

    O'Donnell J et al. MMWR 2020;69:1189-1197: opioids without stimulants 7,936 (48.9 %), stimulants without opioids
    2,056 (12.7 %), neither 943 (5.8 %). The certificates are made up to have these numbers.
    """
    codes = {"T404": 7_936, "T404 T405": 3_000, "T401 T436": 2_301, "T436": 2_056, "T424": 943}
    deaths = classify(["X44"] * sum(codes.values()), [code for code, number in codes.items() for _ in range(number)])
    assert polysubstance(deaths).sum() == 5_301
    found = polysubstance_share(deaths).loc["all"]
    assert (found["numerator"], found["denominator"], round(100 * found["value"], 1)) == (5_301, 16_236, 32.6)


def test_a_quarter_of_overdose_deaths_named_no_drug():
    """9,429 of 38,329 deaths of 2010 had "other and unspecified drugs" only: the "about 25 %" without a named drug.

    Slavova S et al. Public Health Rep 2015;130:339-342. That category is T50.9; the certificates are made up to have
    the printed numbers, 16,651 with an opioid analgesic.
    """
    codes = {"T509": 9_429, "T402 T509": 16_651, "T424": 12_249}
    contributing = [code for code, number in codes.items() for _ in range(number)]
    underlying = ["X44"] * len(contributing)
    assert unspecified_drug(underlying, contributing).sum() == 9_429
    found = unspecified_drug_share(underlying, contributing).loc["all"]
    assert (found["denominator"], round(100 * found["value"])) == (38_329, 25)
