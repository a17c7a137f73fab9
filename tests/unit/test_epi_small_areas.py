"""`epi.small_areas`: funnels, quantile groups and smoothed rates, against printed values and their own laws."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from epi.small_areas import empirical_bayes, funnel_limits, marshall_moments, quantile_groups

areas = st.lists(st.tuples(st.integers(0, 500), st.integers(1, 10**6)), min_size=1, max_size=20)
LIMITS = ["lower_95", "upper_95", "lower_99_8", "upper_99_8"]
# Events and populations of the doctest of assuncao_rate in PySAL's esda (BSD).
EVENTS, PEOPLE = [30, 25, 25, 15, 33, 21, 30, 20], [100, 100, 110, 90, 100, 90, 110, 90]


def test_published_properties_of_prediction_limits():
    """Seaton & Manktelow 2012, table of medians: for 1-50 expected events, 0.0186 fall below and 0.0201 above 95 %.

    Seen in the article's abstract (0.0201) and its table as indexed by ai-bt.com (0.0186; least 0.0052 above; at most
    0.0250 on either side).
    """
    expected = np.arange(100, 5_001) / 100
    limits = funnel_limits(expected, expected, target=1, per=1)
    below = stats.poisson.cdf(np.round(limits["lower_95"] * expected) - 1, expected)
    above = stats.poisson.sf(np.round(limits["upper_95"] * expected), expected)
    assert [round(float(value), 4) for value in (np.median(below), below.min(), below.max())] == [0.0186, 0, 0.025]
    assert [round(float(value), 4) for value in (np.median(above), above.min(), above.max())] == [0.0201, 0.0052, 0.025]


@pytest.mark.parametrize("distribution", ["poisson", "binomial"])
def test_limits_are_the_tightest_with_exact_tails(distribution):
    """By summing probabilities: at most a/2 lies outside each limit, and one step further in would be more."""
    people, target = np.array([40, 300, 2_000]), 0.07
    limits = funnel_limits([1, 1, 1], people, target, per=1, distribution=distribution)
    for row, size in enumerate(people):
        law = stats.poisson(size * target) if distribution == "poisson" else stats.binom(size, target)
        mass = law.pmf(np.arange(size + 1))
        for name, alpha in (("95", 0.05), ("99_8", 0.002)):
            low, high = (round(limits.loc[row, f"{side}_{name}"] * size) for side in ("lower", "upper"))
            assert mass[:low].sum() <= alpha / 2 < mass[: low + 1].sum()
            assert mass[high + 1 :].sum() <= alpha / 2 < mass[high:].sum()


def test_significance_names_the_side_and_the_limit():
    """Around 20 expected events the 95 % limits are 12 and 29 and the 99.8 % limits 8 and 35; on a limit is within."""
    count = [7, 8, 11, 12, 20, 29, 30, 35, 36]
    found = funnel_limits(count, 100_000, target=20)
    law = stats.poisson(20)
    assert found.loc[0, LIMITS].tolist() == [law.ppf(0.025), law.isf(0.025), law.ppf(0.001), law.isf(0.001)]
    assert found["significance"].tolist() == [
        *["far_below", "below", "below", "within", "within", "within", "above", "above", "far_above"]
    ]


def test_default_target_is_the_rate_of_all_areas_together():
    """Without a target, areas are compared with their total; an area without people does not count in it."""
    found = funnel_limits([10, 30, 5], [1_000, 1_000, 0], per=1_000)
    assert found["target"].tolist() == [20, 20, 20]
    assert found["significance"].tolist() == ["below", "above", "not_assessed"]
    assert found.loc[2, ["value", *LIMITS]].isna().all()


def test_funnel_never_raises_on_zeros_and_missing_numbers():
    """Zero events, zero target, missing counts and no population at all give answers or nan."""
    found = funnel_limits([0, None, 3], [100, 100, 100], target=0)
    assert found["significance"].tolist() == ["within", "not_assessed", "far_above"]
    assert funnel_limits([0, 0], [100, 200])["significance"].tolist() == ["within", "within"]
    assert funnel_limits([1], [0])["significance"].tolist() == ["not_assessed"]
    assert funnel_limits([], []).empty
    assert funnel_limits([0], [50], target=0, per=1, distribution="binomial")["significance"].tolist() == ["within"]


@given(areas, st.sampled_from([1, 1_000]))
@settings(max_examples=40, deadline=None)
def test_funnel_laws(rows, per):
    """99.8 % limits enclose the 95 % ones and the target is among them; areas without people change nothing."""
    count, people = np.array(rows).T
    found = funnel_limits(count, people, per=per)
    assert (found["lower_99_8"] <= found["lower_95"]).all()
    assert (found["upper_95"] <= found["upper_99_8"]).all()
    step = per / people
    assert (found["lower_95"] <= found["target"] + 1e-9).all()
    assert (found["target"] <= found["upper_95"] + step).all()
    more = funnel_limits([*count, 0], [*people, 0], per=per)[:-1]
    pd.testing.assert_frame_equal(more, found)
    turned = funnel_limits(count[::-1], people[::-1], per=per)[::-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(turned, found)


def test_funnel_misuse_is_refused():
    """Targets and distributions that cannot be, and binomial areas that are no counts, are named."""
    with pytest.raises(ValueError, match="target must be a finite number"):
        funnel_limits([1], [10], target=-1)
    with pytest.raises(ValueError, match="target must be a proportion"):
        funnel_limits([1], [10], target=2, per=1, distribution="binomial")
    with pytest.raises(
        ValueError, match="no count above their population; found count 11, population 10 at position 0"
    ):
        funnel_limits([11], [10], distribution="binomial")
    with pytest.raises(ValueError, match="whole numbers of people"):
        funnel_limits([1], [10.5], distribution="binomial")
    with pytest.raises(ValueError, match="method must be one of poisson, binomial"):
        funnel_limits([1], [10], distribution="normal")


def test_fifths_of_areas_and_of_people():
    """Ten areas make fifths of two; weighted by people, one large area can be a fifth of its own."""
    assert quantile_groups(np.arange(10), 5).tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert quantile_groups([5, 1, 3], 5).tolist() == [5, 1, 3]
    people = [20, 20, 20, 20, 10, 10]
    assert quantile_groups([1, 2, 3, 4, 5, 6], 5, people).tolist() == [1, 2, 3, 4, 5, 5]
    assert quantile_groups([2, 2, 2, 2], 2).tolist() == [2, 2, 2, 2]


def test_quantile_groups_of_nothing():
    """Missing values and weights have no group; no weight at all is no error; the index is kept."""
    values = pd.Series([1.0, None, -3.0], index=["a", "b", "c"])
    found = quantile_groups(values, 2)
    assert found.index.tolist() == ["a", "b", "c"]
    assert found.isna().tolist() == [False, True, False]
    assert found.dropna().tolist() == [2, 1]
    assert quantile_groups([1, 2], weights=[0, 0]).isna().all()
    assert quantile_groups([]).empty
    with pytest.raises(ValueError, match="groups must be 1 or more"):
        quantile_groups([1], 0)
    with pytest.raises(ValueError, match="weights must not be negative"):
        quantile_groups([1], 2, [-1])


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(1, 1_000)), min_size=1, max_size=30), st.integers(1, 7))
@settings(max_examples=50, deadline=None)
def test_quantile_group_laws(rows, groups):
    """Groups rise with the value, ties share one, and neither order, scale, shift nor an area without people matter."""
    value, people = (np.array(column) for column in zip(*rows, strict=True))
    found = quantile_groups(value, groups, people).to_numpy(dtype=int)
    assert ((found >= 1) & (found <= groups)).all()
    assert (np.diff(found[np.argsort(value, kind="stable")]) >= 0).all()
    assert all(len(set(found[value == one])) == 1 for one in value)
    np.testing.assert_array_equal(quantile_groups(value[::-1], groups, people[::-1])[::-1], found)
    np.testing.assert_array_equal(quantile_groups(value * 4 + 9, groups, people * 8), found)
    np.testing.assert_array_equal(quantile_groups([*value, 3], groups, [*people, 0])[:-1], found)


def test_moments_standardise_as_published():
    """With Marshall's moments the rates of esda's doctest of assuncao_rate standardise to its printed values."""
    mean, variance = marshall_moments(EVENTS, PEOPLE)
    people = np.array(PEOPLE)
    standardised = (np.array(EVENTS) / people - mean) / np.sqrt(variance + mean / people)
    np.testing.assert_allclose(standardised[:4], [1.03843594, -0.04099089, -0.56250375, -1.73061861], atol=5e-9)


def test_areas_that_differ_by_chance_only_take_the_mean():
    """Those same areas differ less than chance would have them (negative variance), so all get the overall rate."""
    found = empirical_bayes(EVENTS, PEOPLE, per=1)
    assert marshall_moments(EVENTS, PEOPLE)[1] < 0
    np.testing.assert_allclose(found["empirical_bayes_marshall_global"], sum(EVENTS) / sum(PEOPLE), rtol=1e-12)
    assert (found["weight"] == 0).all()


def test_smoothing_recovers_simulated_rates():
    """Rates drawn from a gamma distribution: the moments find its mean and variance; smoothing halves the error."""
    random = np.random.default_rng(4)
    people = random.integers(500, 20_000, 5_000)
    truth = random.gamma(9, 0.004 / 9, 5_000)
    count = random.poisson(truth * people)
    mean, variance = marshall_moments(count, people)
    assert mean == pytest.approx(0.004, rel=0.02)
    assert variance == pytest.approx(0.004**2 / 9, rel=0.1)
    found = empirical_bayes(count, people, per=1)
    smoothed = found["empirical_bayes_marshall_global"]
    small = people < 3_000
    assert ((smoothed - truth)[small] ** 2).mean() < 0.5 * ((found["value"] - truth)[small] ** 2).mean()


def test_smoothing_without_events_or_people():
    """No events anywhere smooth to 0; an area without people or count is left out and changes nothing."""
    none = empirical_bayes([0, 0], [100, 900])
    assert none["empirical_bayes_marshall_global"].tolist() == [0, 0]
    found = empirical_bayes([5, 90, 3, None], [1_000, 2_000, 0, 500])
    assert found.loc[2:].isna().all(axis=None)
    pd.testing.assert_frame_equal(found[:2], empirical_bayes([5, 90], [1_000, 2_000]))
    assert empirical_bayes([1], [0]).isna().all(axis=None)
    assert empirical_bayes([], []).shape == (0, 3)


@given(areas)
@settings(max_examples=50, deadline=None)
@pytest.mark.filterwarnings("error")
def test_smoothing_laws(rows):
    """A smoothed rate lies between the area's own and the overall one; order and multiplier are free."""
    count, people = np.array(rows).T
    found = empirical_bayes(count, people)
    smoothed = found["empirical_bayes_marshall_global"]
    overall = count.sum() / people.sum() * 100_000
    slack = 1e-9 * (1 + overall)
    assert (smoothed >= np.minimum(found["value"], overall) - slack).all()
    assert (smoothed <= np.maximum(found["value"], overall) + slack).all()
    assert found["weight"].between(0, 1).all()
    np.testing.assert_allclose(
        empirical_bayes(count[::-1], people[::-1])["empirical_bayes_marshall_global"][::-1],
        smoothed,
        rtol=1e-6,
        atol=1e-6,
    )
    np.testing.assert_allclose(empirical_bayes(count, people, per=1) * [1e5, 1e5, 1], found, rtol=1e-12)


def test_interpolated_limits_are_those_that_sas_draws():
    """Spiegelhalter's interpolation as R. Wicklin writes it out for SAS ("Funnel plots for proportions", 2011).

    r = quantile(p), limit = (r - (cdf(r) - p) / (cdf(r) - cdf(r - 1))) / n for p = 0.001, 0.025, 0.975, 0.999.
    """
    people, target = np.array([30, 143, 5_000]), 0.6
    found = funnel_limits([1, 1, 1], people, target, per=1, distribution="binomial", limits="interpolated")
    for name, p in zip(["lower_99_8", "lower_95", "upper_95", "upper_99_8"], [0.001, 0.025, 0.975, 0.999], strict=True):
        law = stats.binom(people, target)
        r = law.ppf(p)
        limit = (r - (law.cdf(r) - p) / (law.cdf(r) - law.cdf(r - 1))) / people
        np.testing.assert_allclose(found[name], limit, rtol=1e-9)


@pytest.mark.parametrize("distribution", ["poisson", "binomial"])
def test_interpolated_limits_are_smooth_and_within_an_event_of_the_exact_ones(distribution):
    """They move by less than the step of one event where the exact limits jump, and are never below 0."""
    people = np.arange(1, 3_000)
    smooth, exact = (
        funnel_limits(np.zeros(2_999), people, 0.01, per=1, distribution=distribution, limits=limits)[LIMITS].to_numpy()
        * people[:, None]
        for limits in ("interpolated", "exact")
    )
    assert (smooth >= 0).all()
    assert (exact - smooth > -1e-9).all()
    assert (exact - smooth <= 1 + 1e-9).all()
    assert np.abs(np.diff(smooth, axis=0)).max() < 0.5 < np.diff(exact, axis=0).max()
    counts = np.minimum(np.arange(2_999) % 40, people)
    by_either = [
        funnel_limits(counts, people, 0.3, per=1, distribution=distribution, limits=limits)["significance"].tolist()
        for limits in ("interpolated", "exact")
    ]
    assert by_either[0] == by_either[1]
    with pytest.raises(ValueError, match="method must be one of exact, interpolated"):
        funnel_limits([1], [10], limits="normal")
