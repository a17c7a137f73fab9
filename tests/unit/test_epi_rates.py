"""`epi.rates`: crude rates and rate ratios, against printed values, other implementations and their own laws."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.rates import confint_poisson_2indep

from epi.intervals import poisson_interval
from epi.rates import crude_rate, incidence_rate, rate_difference, rate_ratio

RATIO_METHODS = ["exact", "midp", "log"]
events = st.integers(min_value=0, max_value=100_000)
people = st.integers(min_value=1, max_value=10**9)


def test_united_states_2021_crude_rate():
    """The 106,699 overdose deaths of 2021 (CDC WONDER) among 331,893,745 residents are 32.1 per 100,000."""
    row = crude_rate(106_699, 331_893_745).loc[0]
    assert row["value"] == pytest.approx(32.1485, abs=5e-5)
    assert row["lower"] < row["value"] < row["upper"]


def test_openepi_single_rate_limits():
    """17 cases in 100,025 person-years have OpenEpi's Byar limits 9.895 and 27.21 per 100,000."""
    row = crude_rate(17, 100_025, method="byar").loc[0]
    assert (round(row["lower"], 3), round(row["upper"], 2)) == (9.895, 27.21)


def test_a_row_keeps_its_place_and_its_index():
    """The frame carries the Series' index, and each row is the limits of its own count over its own population."""
    count = pd.Series([3, 0, 40], index=["US-VT", "US-WY", "US-ME"], dtype="Int64", name="deaths")
    population = pd.Series([647_464, 576_851, 1_372_247], index=count.index)
    rate = crude_rate(count, population, per=1_000_000)
    assert rate.columns.tolist() == ["value", "lower", "upper"]
    assert rate.index.equals(count.index)
    assert rate.dtypes.unique().tolist() == [np.dtype("float64")]
    expected = np.array(poisson_interval(count)) * 1_000_000 / population.to_numpy()
    np.testing.assert_allclose(rate[["lower", "upper"]].T, expected, rtol=1e-12)


def test_zero_events_have_value_and_lower_zero_and_an_exact_upper():
    """No events make a rate of 0 with the exact upper limit of no events."""
    row = crude_rate(0, 50_000).loc[0]
    assert row["value"] == row["lower"] == 0
    assert row["upper"] == pytest.approx(-np.log(0.025) * 2, rel=1e-12)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("population", [0, None, np.nan, pd.NA])
@pytest.mark.parametrize("count", [0, 5, None])
def test_zero_or_missing_population_is_nan_and_never_an_error(count, population):
    """Nothing can be said without a population: all three columns are missing, without a warning."""
    assert crude_rate([count], [population]).isna().all(axis=None)
    assert crude_rate(count, population).shape == (1, 3)


def test_impossible_inputs_are_refused():
    """Negative counts and populations, a multiplier of 0 and differing indexes or lengths are named."""
    with pytest.raises(ValueError, match="count must not be negative; found -1 at position 1"):
        crude_rate([1, -1], 100)
    with pytest.raises(ValueError, match="population must not be negative; found -100"):
        crude_rate(1, -100)
    with pytest.raises(ValueError, match="per must be a finite number above 0"):
        crude_rate(1, 100, per=0)
    with pytest.raises(ValueError, match="count and population must have the same index"):
        crude_rate(pd.Series([1, 2]), pd.Series([1, 2], index=[1, 0]))
    with pytest.raises(ValueError, match=r"count \(2,\), population \(3,\)"):
        crude_rate([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match=r"Series' length 1 to make a frame; found shape \(2,\)"):
        crude_rate(pd.Series([1]), [10, 20])


def test_empty_input_gives_an_empty_frame():
    """No rows in, no rows out, same columns."""
    assert crude_rate([], []).shape == (0, 3)
    assert all(rate_ratio([], [], [], [], method=method).shape == (0, 3) for method in RATIO_METHODS)


@given(st.lists(st.tuples(events, people), min_size=1, max_size=15), st.sampled_from([2, 1_000]))
@settings(max_examples=50, deadline=None)
def test_rates_are_enclosed_scale_with_the_multiplier_and_ignore_the_order(rows, factor):
    """Limits enclose the rate; a larger multiplier scales all columns; rows do not affect each other."""
    count, population = np.array(rows).T
    rate = crude_rate(count, population)
    assert (rate["lower"] <= rate["value"]).all()
    assert (rate["value"] < rate["upper"]).all()
    np.testing.assert_allclose(crude_rate(count, population, per=100_000 * factor), rate * factor, rtol=1e-12)
    np.testing.assert_array_equal(crude_rate(count[::-1], population[::-1])[::-1], rate)


# Published with the data: Stata's `iri` (fluoroscopy and breast cancer; exact), episheet's tests of
# Rothman's table 14-2 (log), and OpenEpi's example of "Comparing two person-time rates" (mid-P, Fisher exact).
FLUOROSCOPY = (41, 28_010, 15, 19_017)
STRATUM_1 = (17, 100_025, 3, 122_268)
STRATUM_2 = (8, 78_531, 1, 77_932)


@pytest.mark.parametrize(
    ("groups", "method", "value", "lower", "upper"),
    [
        (FLUOROSCOPY, "exact", "1.855759", "1.005684", "3.6093"),
        (FLUOROSCOPY, "log", "1.86", "1.03", "3.35"),
        (STRATUM_1, "exact", "6.927", "2.004", "36.89"),
        (STRATUM_1, "midp", "6.927", "2.21", "29.63"),
        (STRATUM_2, "exact", "7.939", "1.064", "352.3"),
        (STRATUM_2, "midp", "7.939", "1.27", "177.6"),
    ],
)
def test_published_rate_ratios(groups, method, value, lower, upper):
    """Rate ratios have the value and limits that other packages print for the same data, to every printed digit."""
    row = rate_ratio(*groups, method=method).loc[0]
    for found, printed in zip(row, (value, lower, upper), strict=True):
        decimals = len(printed.partition(".")[2])
        assert found == pytest.approx(float(printed), abs=0.51 * 10**-decimals)


def test_exact_ratio_is_the_transformed_clopper_pearson_interval():
    """Exact limits are scipy's Clopper-Pearson limits of a out of a + b, as odds, to a relative 1e-9."""
    a, n_a, b, n_b = np.array([[1, 7, 250, 4], [100, 900, 5_000, 70], [1, 30, 100, 90], [300, 1_000, 4_000, 10]])
    limits = np.array([stats.binomtest(x, x + y).proportion_ci() for x, y in zip(a, b, strict=True)])
    expected = limits / (1 - limits) * (n_b / n_a)[:, None]
    np.testing.assert_allclose(rate_ratio(a, n_a, b, n_b)[["lower", "upper"]], expected, rtol=1e-9)


@pytest.mark.parametrize(("a", "b"), [(41, 15), (1, 1), (3, 900), (900, 3), (6, 0)])
def test_midp_agrees_with_a_scalar_root_finder(a, b):
    """Vectorised mid-P limits are those of Brent's method on the binomial tail, row by row."""

    def lower_odds(x, y):
        def tail(p):
            return stats.binom.sf(x, x + y, p) + stats.binom.pmf(x, x + y, p) / 2 - 0.025

        p = optimize.brentq(tail, 1e-12, 1 - 1e-12, xtol=1e-15)
        return p / (1 - p)

    row = rate_ratio([a, 5], [200, 10], [b, 5], [100, 10], method="midp").loc[0]
    assert row["lower"] == pytest.approx(lower_odds(a, b) / 2, rel=1e-9)
    assert row["upper"] == (np.inf if b == 0 else pytest.approx(1 / lower_odds(b, a) / 2, rel=1e-9))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("method", RATIO_METHODS)
def test_ratios_without_events_are_as_documented(method):
    """No events in a: 0, 0, finite; none in b: inf, finite, inf; none at all: nan within 0 and inf."""
    ratio = rate_ratio([0, 4, 0], 1_000, [4, 0, 0], 2_000, method=method)
    assert ratio["value"].tolist()[:2] == [0, np.inf]
    assert np.isnan(ratio.loc[2, "value"])
    assert ratio["lower"].tolist()[::2] == [0, 0]
    assert 0 < ratio.loc[1, "lower"] < np.inf
    assert ratio["upper"].tolist()[1:] == [np.inf, np.inf]
    assert 0 < ratio.loc[0, "upper"] < np.inf
    assert ratio.loc[0, "upper"] == pytest.approx(4 / ratio.loc[1, "lower"], rel=1e-9)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("method", RATIO_METHODS)
def test_unknown_or_zero_populations_give_nan_ratios(method):
    """A missing input or a population of 0 leaves the whole row missing, and only that row."""
    ratio = rate_ratio(
        [1, 1, None, 1, 9], [10, 0, 10, 10, 10], [1, 1, 1, None, 9], [None, 10, 10, 10, 10], method=method
    )
    assert ratio.isna().all(axis=1).tolist() == [True] * 4 + [False]
    assert ratio.loc[4, "lower"] < 1 < ratio.loc[4, "upper"]


@given(events, people, events, people, st.sampled_from(RATIO_METHODS))
@settings(max_examples=80, deadline=None)
def test_ratios_are_enclosed_invert_and_ignore_the_unit(a, n_a, b, n_b, method):
    """Limits enclose the ratio, swapping groups inverts it, and the unit of the populations is immaterial."""
    ratio = rate_ratio(a, n_a, b, n_b, method=method).loc[0]
    with np.errstate(divide="ignore"):
        swapped = 1 / rate_ratio(b, n_b, a, n_a, method=method).loc[0]
    np.testing.assert_allclose(ratio, swapped[["value", "upper", "lower"]], rtol=1e-7)
    np.testing.assert_allclose(ratio, rate_ratio(a, n_a / 1_000, b, n_b / 1_000, method=method).loc[0], rtol=1e-9)
    assert ratio["lower"] <= ratio["upper"]
    assert (a == b == 0) or ratio["lower"] <= ratio["value"] <= ratio["upper"]


@given(events, events)
@settings(max_examples=50, deadline=None)
def test_midp_lies_within_exact(a, b):
    """Mid-P limits lie within the exact ones."""
    exact, midp = (rate_ratio(a, 1, b, 1, method=method).loc[0] for method in ("exact", "midp"))
    assert exact["lower"] <= midp["lower"] * (1 + 1e-9)
    assert midp["upper"] <= exact["upper"] * (1 + 1e-9)


def test_a_result_does_not_depend_on_its_neighbours():
    """A mid-P row is the same alone and among other rows, so chunks of a table can be computed apart."""
    together = rate_ratio([1, 50, 4_000], 10, [2, 0, 3_900], 10, method="midp")
    alone = pd.concat([rate_ratio(a, 10, b, 10, method="midp") for a, b in ((1, 2), (50, 0), (4_000, 3_900))])
    np.testing.assert_allclose(together, alone, rtol=1e-12)


def test_unknown_ratio_method_is_named():
    """An unknown method is refused with the known ones."""
    with pytest.raises(ValueError, match="one of exact, midp, log; found 'wald'"):
        rate_ratio(1, 1, 1, 1, method="wald")


def test_incidence_has_the_printed_limits():
    """14 events in 400 person-years are 0.035 a year, 0.019135 to 0.058724 (StatsDirect's help, Poisson rate)."""
    assert incidence_rate(14, 400, per=1).loc[0].round(6).tolist() == [0.035, 0.019135, 0.058724]


def test_incidence_is_a_crude_rate_with_exact_limits():
    """12 events in 640.5 person-years are 1.87 per 100, with Garwood's limits; none in any has a finite upper limit."""
    table = incidence_rate([12, 0, 3], [640.5, 85.0, 0])
    expected = stats.chi2.ppf([0.025, 0.975], [24, 26]) / 2 / 6.405
    np.testing.assert_allclose(table.loc[0], [12 / 6.405, *expected], rtol=1e-9)
    assert table.loc[1, ["value", "lower"]].tolist() == [0, 0]
    assert table.loc[2].isna().all()


@pytest.mark.parametrize("method", ["exact", "byar", "hybrid"])
def test_rate_differences_recover_the_limits_of_their_rates(method):
    """A difference with a rate known for sure has the other rate's own limits, whatever the Poisson method."""
    rate = crude_rate(41, 28_010, method=method).loc[0]
    sure = crude_rate(4_000_000_000, 2.0e14).loc[0, "value"]
    row = rate_difference(41, 28_010, 4_000_000_000, 2.0e14, method=method).loc[0]
    np.testing.assert_allclose(row, rate - sure, rtol=1e-4)


def test_rate_differences_approach_the_normal_limits():
    """With many events the limits are value -/+ z times the root of the summed variances, as statsmodels' Wald."""
    expected = confint_poisson_2indep(41_000, 28_010, 15_000, 19_017, method="wald", compare="diff")
    row = rate_difference(41_000, 28_010, 15_000, 19_017, per=1).loc[0]
    np.testing.assert_allclose(row[["lower", "upper"]], expected, rtol=1e-3)


@given(events, people, events, people)
@settings(max_examples=60, deadline=None)
def test_rate_differences_are_enclosed_mirror_and_never_raise(a, n_a, b, n_b):
    """Limits enclose the difference and change sign with the groups exchanged, zeros included."""
    value, lower, upper = rate_difference(a, n_a, b, n_b).loc[0]
    assert lower <= value <= upper
    np.testing.assert_allclose(rate_difference(b, n_b, a, n_a).loc[0], [-value, -upper, -lower], rtol=1e-9, atol=1e-9)
    assert rate_difference(a, 0, b, n_b).isna().all(axis=None)


def test_mid_p_limits_of_a_fraction_of_an_event_are_known():
    """An imputed count far below 1 has a lower limit of 0 (too small to write), not a missing one."""
    row = rate_ratio(1e-9, 1_000, 2, 1_000, method="midp").loc[0]
    assert (row["lower"], row["value"]) == (0, 5e-10)
    assert 0 < row["upper"] < np.inf


@pytest.mark.parametrize("method", RATIO_METHODS)
def test_limits_of_any_confidence_hold_the_ratio(method):
    """However low the confidence, the estimate lies within: mid-P limits alone would miss it below some 30 %."""
    random = np.random.default_rng(8)
    numbers = [
        random.poisson(2, 400),
        random.integers(1, 1000, 400),
        random.poisson(3, 400),
        random.integers(1, 99, 400),
    ]
    for confidence in (0.01, 0.2, 0.5):
        found = rate_ratio(*numbers, confidence=confidence, method=method)
        known = found[found["value"].notna()]
        assert ((known["lower"] <= known["value"]) & (known["value"] <= known["upper"])).all()
