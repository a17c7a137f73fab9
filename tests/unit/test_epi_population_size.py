"""`epi.population_size`: capture-recapture, multipliers, pooled sizes and their checks."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.meta_analysis import combine_effects

from epi.intervals import binomial_interval
from epi.population_size import capture_recapture, check_sizes, combine_sizes, multiplier

overlaps = st.integers(0, 3_000).flatmap(
    lambda m: st.tuples(st.integers(max(m, 1), m + 5_000), st.integers(max(m, 1), m + 5_000), st.just(m))
)


def test_luanda_has_the_printed_lincoln_petersen_limits():
    """792 and 353 people with 45 in both have 4,566 to 7,860, as the Triangulator's manual prints.

    fellstat.github.io/triangulator, "Two Source Capture Recapture" (4566.095, 7859.505): normal limits of the
    Lincoln-Petersen estimate, from a survey in Luanda.
    """
    row = capture_recapture(792, 353, 45, method="lincoln-petersen", interval="normal").loc[0]
    np.testing.assert_allclose([row["lower"], row["upper"]], [4566.095, 7859.505], atol=0.005)


def test_kampala_has_the_printed_estimate():
    """467 and 450 people who inject drugs with 54 in both are 3,892 by Lincoln and Petersen (Doshi et al. 2019).

    JMIR Public Health Surveill 2019;5(3):e12118, abstract. Its interval (3,090 to 5,126) is of a method it does not
    state in the abstract, so only the estimate is compared.
    """
    assert round(capture_recapture(467, 450, 54, method="lincoln-petersen").loc[0, "value"]) == 3892


def test_cannon_and_roe_have_the_printed_estimate():
    """400 and 400 with 40 in both are 4,000 (Cannon and Roe 1982, in the documentation of epiR's epi.popsize)."""
    assert capture_recapture(400, 400, 40, method="lincoln-petersen").loc[0, "value"] == 4000


def test_chapman_is_unbiased_for_the_hypergeometric():
    """Averaged over every possible overlap, Chapman's estimate is the true size exactly when n1 + n2 >= N."""
    size, n1, n2 = 60, 40, 25
    both = np.arange(max(0, n1 + n2 - size), n2 + 1)
    log_choose = np.frompyfunc(lambda n, k: float(np.prod([(n - i) / (i + 1) for i in range(int(k))])), 2, 1)
    ways = (log_choose(n1, both) * log_choose(size - n1, n2 - both)).astype(float)
    estimates = capture_recapture(n1, n2, both)["value"]
    assert np.average(estimates, weights=ways) == pytest.approx(size, rel=1e-9)


def test_chao_limits_are_log_normal_in_the_unseen():
    """The limits' distances from the people seen multiply to the square of the estimate of the unseen."""
    row = capture_recapture(120, 90, 30).loc[0]
    seen = 120 + 90 - 30
    unseen = row["value"] - seen
    assert (row["lower"] - seen) * (row["upper"] - seen) == pytest.approx(unseen**2, rel=1e-9)
    spread = np.log((row["upper"] - seen) / unseen) / 1.959963984540054
    assert spread**2 == pytest.approx(np.log(1 + (row["standard_error"] / unseen) ** 2), rel=1e-9)


@pytest.mark.filterwarnings("error")
def test_empty_lists_and_no_overlap_have_a_reason():
    """Nothing is raised on zeros: Chapman has an estimate without overlap, Lincoln and Petersen a reason."""
    table = capture_recapture([0, 50, None, 20, 20], [10, 40, 5, 20, 30], [0, 0, 1, 20, 20])
    assert table["reason"].tolist() == ["empty_list", "", "missing_count", "", ""]
    assert table["value"].isna().tolist() == [True, False, True, False, False]
    assert table.loc[3, ["value", "lower", "upper"]].tolist() == [20, 20, 20]
    assert table.loc[4, ["value", "lower", "upper"]].tolist() == [30, 30, 30]
    petersen = capture_recapture(50, 40, 0, method="lincoln-petersen")
    assert petersen.loc[0, "reason"] == "no_overlap"
    assert petersen[["value", "lower", "upper"]].isna().all(axis=None)


def test_an_overlap_larger_than_a_list_is_refused():
    """More people on both lists than on one is named with its place."""
    with pytest.raises(ValueError, match="both must not exceed either list; found 9 on both, 8 and 20 on the lists"):
        capture_recapture([10, 8], 20, [5, 9])
    with pytest.raises(ValueError, match="method must be one of chapman, lincoln-petersen"):
        capture_recapture(10, 10, 5, method="bailey")


@given(overlaps)
@settings(max_examples=80, deadline=None)
def test_the_estimate_is_enclosed_and_never_below_the_people_seen(lists):
    """Limits enclose the estimate, the lower one is at least the people seen, and the lists may be exchanged."""
    first, second, both = lists
    row = capture_recapture(first, second, both).loc[0]
    assert first + second - both <= row["lower"] + 1e-6
    assert row["lower"] <= row["value"] * (1 + 1e-12)
    assert row["value"] <= row["upper"] * (1 + 1e-12)
    pd.testing.assert_series_equal(row, capture_recapture(second, first, both).loc[0])


def test_the_multiplier_turns_a_wilson_interval_over():
    """Limits are the benchmark over the Wilson limits of the share; a design effect only widens them."""
    low, high = binomial_interval(90, 300)
    plain, wider = (multiplier(1_200, 90, 300, effect).loc[0] for effect in (1, 2))
    assert plain["value"] == wider["value"] == 4000
    np.testing.assert_allclose([plain["lower"], plain["upper"]], [1_200 / high, 1_200 / low], rtol=1e-12)
    assert wider["lower"] < plain["lower"]
    assert plain["upper"] < wider["upper"]


@pytest.mark.filterwarnings("error")
def test_nobody_served_in_the_survey_leaves_a_lower_limit():
    """A share of 0 bounds the population from below only; no survey says nothing; a benchmark of 0 is 0 people."""
    table = multiplier([500, 500, 0, None], [0, 0, 10, 10], [40, 0, 40, 40])
    assert table["reason"].tolist() == ["nobody_served_in_survey", "no_survey", "", "missing_count"]
    assert np.isnan(table.loc[0, ["value", "upper"]].astype(float)).all()
    assert table.loc[0, "lower"] == pytest.approx(500 / binomial_interval(0, 40)[1])
    assert table.loc[2, ["value", "lower", "upper"]].tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match=r"design_effect must be at least 1; found 0\.5"):
        multiplier(100, 5, 10, 0.5)


@given(st.integers(1, 10**6), st.integers(1, 5_000), st.integers(0, 5_000), st.floats(1, 4))
@settings(max_examples=50, deadline=None)
def test_multipliers_are_enclosed_and_scale_with_the_benchmark(served, successes, others, effect):
    """Limits enclose the estimate; twice the people served are twice the population."""
    table = multiplier([served, 2 * served], successes, successes + others, effect)
    value, lower, upper = table.loc[0, ["value", "lower", "upper"]]
    assert lower <= value * (1 + 1e-9)
    assert value <= upper * (1 + 1e-9)
    np.testing.assert_allclose(
        table.loc[1, ["value", "lower", "upper"]].astype(float), [2 * value, 2 * lower, 2 * upper]
    )


SIZES = pd.DataFrame(
    {
        "place": ["A", "A", "A", "B", "C", "C", "D"],
        "value": [8_000, 12_000, 30_000, 500, 100, 110, None],
        "lower": [6_000, 9_000, 20_000, 300, 90, None, None],
        "upper": [11_000, 16_000, 45_000, 900, 112, 130, None],
    }
)


def test_pooled_sizes_agree_with_statsmodels():
    """Fixed and random effects on the log scale are statsmodels' (DerSimonian and Laird), to a relative 1e-9."""
    rows = SIZES[SIZES["place"] == "A"]
    log_size = np.log(rows["value"])
    error = np.log(rows["upper"] / rows["lower"]) / (2 * 1.959963984540054)
    expected = combine_effects(log_size, error**2, method_re="dl", use_t=False)
    for method, mean, sd in (
        ("inverse-variance", expected.mean_effect_fe, expected.sd_eff_w_fe),
        ("random-effects", expected.mean_effect_re, expected.sd_eff_w_re),
    ):
        row = combine_sizes(rows, "place", method=method).loc[0]
        limits = np.exp(mean + np.array([0, -1, 1]) * 1.959963984540054 * sd)
        np.testing.assert_allclose(row[["value", "lower", "upper"]].astype(float), limits, rtol=1e-9)
        assert row["heterogeneity_pct"] == pytest.approx(expected.i2 * 100, rel=1e-9)


def test_geometric_mean_is_that_with_t_limits():
    """The geometric mean weights all alike and needs no limits of the estimates."""
    row = combine_sizes(SIZES, "place", method="geometric-mean").set_index("place").loc["C"]
    assert row["value"] == pytest.approx(np.sqrt(100 * 110), rel=1e-12)
    assert row["estimates"] == 2
    assert row["lower"] < 100 < 110 < row["upper"]


def test_agreement_and_what_was_left_out_are_reported():
    """One estimate is kept as it is; estimates without limits are left out and counted; none gives nan."""
    table = combine_sizes(SIZES, "place").set_index("place")
    assert table["estimates"].tolist() == [3, 1, 1, 0]
    assert table["left_out"].tolist() == [0, 0, 1, 1]
    assert table["overlap"].tolist() == [False, True, True, False]
    assert table.loc["A", "largest_to_smallest"] == pytest.approx(3.75)
    centre = np.sqrt(300 * 900)
    np.testing.assert_allclose(
        table.loc["B", ["value", "lower", "upper"]].astype(float),
        np.array([500, 300, 900]) * [1, 500 / centre, 500 / centre],
    )
    assert table.loc["D", ["value", "lower", "upper", "heterogeneity_pct", "largest_to_smallest"]].isna().all()


@given(st.permutations(range(7)), st.sampled_from(["random-effects", "inverse-variance", "geometric-mean"]))
@settings(max_examples=20, deadline=None)
def test_pooling_ignores_the_order_and_scales(order, method):
    """Rows may come in any order, and ten times the people are ten times the size."""
    table = combine_sizes(SIZES, "place", method=method)
    shuffled = combine_sizes(SIZES.iloc[list(order)], "place", method=method)
    pd.testing.assert_frame_equal(shuffled, table)
    tenfold = combine_sizes(SIZES.assign(**SIZES[["value", "lower", "upper"]] * 10), "place", method=method)
    np.testing.assert_allclose(tenfold[["value", "lower", "upper"]], table[["value", "lower", "upper"]] * 10, rtol=1e-9)


def test_what_speaks_against_an_estimate_is_named():
    """Sizes below the people known, above a share of residents, or older than 5 years are named; unknowns are not."""
    problems = check_sizes(
        [900, 90_000, 5_000, None, 5_000, 5_000],
        known_people=[1_000, 1_000, 1_000, 1_000, None, 5_000],
        residents=1_000_000,
        estimate_year=[2015, 2015, 2015, 2015, 2016, None],
        reference_year=2021,
    )
    assert problems.tolist() == ["below_known_people", "above_largest_share", "too_old", "missing", "", ""]
