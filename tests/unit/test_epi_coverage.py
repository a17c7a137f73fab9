"""`epi.coverage`: coverage under an uncertain denominator, and the judgement of targets."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epi.coverage import coverage, target_status
from epi.coverage_simulation import coverage_draws, simulated_coverage

amounts = st.floats(min_value=0, max_value=1e9).map(lambda amount: round(amount, 3))
sizes = st.floats(min_value=1, max_value=1e9)
percentages = st.floats(min_value=-100, max_value=200)


def test_the_large_denominator_makes_the_lower_bound():
    """Bounds come from the denominator's opposite limits, in the unit asked for, on the Series' index."""
    on_oat = pd.Series([300, 90], index=["AUT", "GBR"], dtype="Int64")
    share = coverage(on_oat, [1_000, 100], [500, 90], [1_500, 120], per=100)
    assert share.to_dict("index") == {
        "AUT": {"value": 30, "lower": 20, "upper": 60},
        "GBR": {"value": 90, "lower": 75, "upper": 100},
    }


def test_unknown_limits_are_nan_and_leave_the_rest():
    """A missing limit is missing in the result only on its side; without limits the value stands alone."""
    share = coverage([10, 10, 10, None], [100, 100, None, 100], [None, 50, 50, 50], [200, None, 200, 200])
    expected = [[0.1, 0.05, np.nan], [0.1, np.nan, 0.2], [np.nan, 0.05, 0.2], [np.nan] * 3]
    np.testing.assert_array_equal(share, expected)
    np.testing.assert_array_equal(coverage(10, 100), [[0.1, np.nan, np.nan]])


@pytest.mark.filterwarnings("error")
def test_zero_denominators_give_nan_never_an_error():
    """A population of 0, or a limit of 0, gives a missing result; nothing delivered gives 0."""
    np.testing.assert_array_equal(coverage(5, 0, 0, 0), [[np.nan] * 3])
    np.testing.assert_array_equal(coverage(5, 10, 0, 20), [[0.5, 0.25, np.nan]])
    np.testing.assert_array_equal(coverage(0, 10, 5, 20), [[0, 0, 0]])


def test_coverage_above_one_is_kept():
    """More reached than estimated to exist stays visible, unclipped."""
    assert coverage(150, 100, 80, 200).loc[0].tolist() == [1.5, 0.75, 1.875]


def test_impossible_estimates_are_refused():
    """Swapped limits, an estimate outside its limits and negative numbers are named with their position."""
    with pytest.raises(
        ValueError,
        match="must not exceed denominator_high; found denominator_low 9 and denominator_high 8 at position 1",
    ):
        coverage([1, 1], [5, None], [4, 9], [6, 8])
    with pytest.raises(ValueError, match="denominator must not exceed denominator_high; found denominator 50"):
        coverage(1, 50, 10, 40)
    with pytest.raises(ValueError, match="denominator_low must not exceed denominator; found denominator_low 60"):
        coverage(1, 50, 60, None)
    with pytest.raises(ValueError, match="numerator must not be negative; found -1"):
        coverage(-1, 50)
    with pytest.raises(ValueError, match="per must be a finite number above 0"):
        coverage(1, 50, per=-1)


@given(amounts, st.tuples(sizes, sizes, sizes).map(sorted), st.sampled_from([1, 100, 1_000]))
@settings(max_examples=60, deadline=None)
def test_bounds_enclose_the_value_and_scale(numerator, estimates, per):
    """The bounds enclose the value and all three columns scale with the unit."""
    low, middle, high = estimates
    share = coverage(numerator, middle, low, high)
    value, lower, upper = share.loc[0]
    assert lower <= value <= upper
    np.testing.assert_allclose(coverage(numerator, middle, low, high, per), share * per, rtol=1e-12)


@pytest.mark.parametrize(
    ("value", "lower", "upper", "floor", "ceiling"),
    [
        (50, 45, 55, "met", "not_met"),
        (30, 25, 35, "not_met", "met"),
        (41, 35, 55, "undetermined", "undetermined"),
        (40, 40, 40, "met", "met"),
        (45, 40, 55, "met", "undetermined"),
        (35, 30, 40, "undetermined", "met"),
        (50, None, None, "met", "not_met"),
        (30, None, None, "not_met", "met"),
        (40, None, None, "met", "met"),
        (50, 45, None, "met", "not_met"),
        (50, None, 55, "undetermined", "undetermined"),
        (30, None, 35, "not_met", "met"),
        (50, 35, None, "undetermined", "undetermined"),
        (None, None, None, "undetermined", "undetermined"),
    ],
)
def test_status_follows_the_whole_interval(value, lower, upper, floor, ceiling):
    """A target of 40 as a floor and as a ceiling is judged by the whole interval, its edge included."""
    assert target_status(value, lower, upper, 40) == floor
    assert target_status(value, lower, upper, 40, higher_is_better=False) == ceiling


def test_require_interval_never_judges_by_the_value_alone():
    """With require_interval a row without interval is undetermined; rows with one are judged as before."""
    status = target_status([50, 50, 30], [None, 45, 25], [None, 55, 35], 40, require_interval=True)
    assert status.tolist() == ["undetermined", "met", "not_met"]


def test_missing_targets_have_no_target():
    """Without a target there is none to meet, whatever else is known."""
    target = pd.Series([None, 40, None], dtype="Float64")
    status = target_status(pd.Series([50, 50, None], dtype="Float64"), np.nan, np.nan, target)
    assert status.tolist() == ["no_target", "met", "no_target"]


def test_negative_values_and_unbounded_limits_are_judged():
    """Percent changes may be negative, and a ratio's upper limit infinite."""
    assert target_status(-80, -85, -76, -75, higher_is_better=False) == "met"
    assert target_status(np.inf, 1.2, np.inf, 1) == "met"
    assert target_status(np.nan, 0, np.inf, 1) == "undetermined"


def test_swapped_limits_are_refused():
    """An interval upside down is an error, not a judgement."""
    with pytest.raises(ValueError, match="lower must not exceed upper; found lower 9 and upper 3 at position 1"):
        target_status([1, 5], [0, 9], [2, 3], 4)


@given(percentages, st.tuples(percentages, percentages).map(sorted), percentages)
@settings(max_examples=60, deadline=None)
def test_directions_mirror(value, limits, target):
    """Judging the negated interval against the negated target in the other direction says the same."""
    lower, upper = limits
    mirrored = target_status(-value, -upper, -lower, -target, higher_is_better=False)
    assert target_status(value, lower, upper, target) == mirrored


def test_wider_intervals_never_decide_more():
    """Widening an interval can only turn a decision into undetermined."""
    widths = np.array([0, 5, 10, 20, 40])
    for centre in (30, 50):
        status = target_status(centre, centre - widths, centre + widths, 40).tolist()
        decided = [item != "undetermined" for item in status]
        assert decided == sorted(decided, reverse=True)
        assert decided[0]
        assert not decided[-1]


def test_simulated_limits_of_a_full_count_are_the_bounds():
    """With a numerator counted in full, simulation gives the bounds, however lopsided the estimate."""
    inputs = ([1_200_000, 300], [10_000, 1_000], [8_000, 900], [15_000, 4_000])
    bounds, simulated = coverage(*inputs), simulated_coverage(*inputs)
    np.testing.assert_allclose(simulated[["value", "lower", "upper"]], bounds, rtol=3e-3)


def test_simulated_limits_of_two_log_normal_numbers_have_a_closed_form():
    """The ratio of two log-normal numbers is log-normal, with the two errors added in squares."""
    z = 1.959963984540054
    row = simulated_coverage(
        400, 1_000, 1_000 / np.exp(0.2 * z), 1_000 * np.exp(0.2 * z), 400 / np.exp(0.1 * z), 400 * np.exp(0.1 * z)
    ).loc[0]
    spread = np.exp(z * np.hypot(0.2, 0.1))
    np.testing.assert_allclose([row["lower"], row["upper"]], [0.4 / spread, 0.4 * spread], rtol=0.01)


def test_the_probability_of_meeting_a_target_is_that_of_the_draws():
    """Above its own median with probability one half; certainty where limits are clear; none without a target."""
    table = simulated_coverage(400, 1_000, 800, 1_250, target=[40, 30, 60, None], per=100)
    np.testing.assert_allclose(table["probability_met"], [0.5, 1, 0, np.nan], atol=0.01)
    assert table["target_status"].tolist() == ["undetermined", "met", "not_met", "no_target"]
    ceiling = simulated_coverage(400, 1_000, 800, 1_250, target=42, per=100, higher_is_better=False).loc[0]
    floor = simulated_coverage(400, 1_000, 800, 1_250, target=42, per=100).loc[0]
    assert ceiling["probability_met"] + floor["probability_met"] == pytest.approx(1)


@pytest.mark.parametrize("distribution", ["log-normal", "normal", "beta"])
def test_numerator_draws_have_the_limits_they_are_made_from(distribution):
    """Draws of a sampled share keep its limits (of a near-symmetric share also as a beta distribution)."""
    drawn = coverage_draws(0.5, 1, 1, 1, 0.45, 0.55, numerator_distribution=distribution)
    np.testing.assert_allclose(np.quantile(drawn, [0.025, 0.5, 0.975]), [0.45, 0.5, 0.55], rtol=3e-3)


def test_draws_repeat_with_the_seed_and_not_with_another():
    """The same seed gives the same draws, whichever rows stand beside; another seed gives others."""
    one, two = (
        coverage_draws(100, size, size / 2, size * 2, draws=50) for size in map(np.array, (1_000, [1_000, 500]))
    )
    np.testing.assert_array_equal(one[:, 0], two[:, 0])
    assert (coverage_draws(100, 1_000, 500, 2_000, draws=50, seed=3) != one).any()


@pytest.mark.filterwarnings("error")
def test_simulation_never_raises_on_zeros():
    """Unknown or zero populations and limits give nan; nothing delivered gives 0."""
    table = simulated_coverage(
        [5, 5, 0, None, 5], [0, 10, 10, 10, 10], [0, None, 5, 5, 0], [0, 20, 20, 20, 20], target=1
    )
    assert table["value"].isna().tolist() == [True, False, False, True, False]
    assert table["lower"].isna().tolist() == [True, True, False, True, True]
    assert table.loc[2, ["value", "lower", "upper"]].tolist() == [0, 0, 0]
    assert table["probability_met"].isna().tolist() == [True, True, False, True, True]
    assert simulated_coverage([], [], [], []).shape == (0, 5)


def test_impossible_simulations_are_refused():
    """A beta numerator in percent, no draws, and limits that exclude the numerator are named."""
    with pytest.raises(ValueError, match="a beta numerator must be a proportion between 0 and 1"):
        coverage_draws(40, 100, 90, 110, 35, 45, numerator_distribution="beta")
    with pytest.raises(ValueError, match="draws must be at least 1"):
        coverage_draws(40, 100, 90, 110, draws=0)
    with pytest.raises(ValueError, match="numerator_low must not exceed numerator; found numerator_low 50"):
        coverage_draws(40, 100, 90, 110, 50, 60)


@given(amounts, st.tuples(sizes, sizes, sizes).map(sorted), st.sampled_from([1, 100]))
@settings(max_examples=30, deadline=None)
def test_simulated_limits_enclose_and_scale(numerator, estimates, per):
    """Simulated limits enclose the value and scale with the unit."""
    low, middle, high = estimates
    table = simulated_coverage(numerator, middle, low, high, per=per, draws=200)
    value, lower, upper = table.loc[0, ["value", "lower", "upper"]]
    assert lower <= value <= upper
    plain = simulated_coverage(numerator, middle, low, high, draws=200)
    np.testing.assert_allclose(table[["value", "lower", "upper"]], plain[["value", "lower", "upper"]] * per, rtol=1e-9)
