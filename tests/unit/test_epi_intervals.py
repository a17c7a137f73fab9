"""`epi.intervals`: limits of counts and proportions, against printed values, scipy and their own laws."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from epi.intervals import binomial_interval, poisson_interval

POISSON_METHODS = ["exact", "byar", "hybrid"]
BINOMIAL_METHODS = ["wilson", "clopper-pearson"]
counts = st.integers(min_value=0, max_value=10**7)
confidences = st.sampled_from([0.8, 0.9, 0.95, 0.99, 0.998])


@pytest.mark.parametrize(("method", "lower", "upper"), [("byar", 1.611, 11.668), ("exact", 1.623, 11.668)])
def test_five_events_have_the_printed_limits(method, lower, upper):
    """Five events have the limits printed for Byar (Breslow-Day, not its mid-P namesake) and Garwood."""
    assert np.round(poisson_interval(5, method=method), 3).tolist() == [lower, upper]


def test_exact_limits_agree_with_chi_square_quantiles():
    """Garwood limits are half the chi-square quantiles, to a relative 1e-9, from 1 event to 10 million."""
    events = np.array([1, 2, 9, 10, 99, 5_000, 1e5, 1e7])
    lower, upper = poisson_interval(events, 0.95, "exact")
    np.testing.assert_allclose(lower, stats.chi2.ppf(0.025, 2 * events) / 2, rtol=1e-9)
    np.testing.assert_allclose(upper, stats.chi2.isf(0.025, 2 * events + 2) / 2, rtol=1e-9)


def test_exact_limits_leave_half_the_error_in_each_tail():
    """At the exact limits, as many events or more (or fewer) have probability 2.5 % each."""
    lower, upper = poisson_interval([3, 17], method="exact")
    np.testing.assert_allclose(stats.poisson.sf([2, 16], lower), 0.025, rtol=1e-9)
    np.testing.assert_allclose(stats.poisson.cdf([3, 17], upper), 0.025, rtol=1e-9)


def test_hybrid_is_exact_below_ten_and_byar_from_ten():
    """The hybrid method switches from Garwood to Byar at exactly 10 events."""
    hybrid, exact, byar = (np.array(poisson_interval([9, 10], method=method)) for method in ("hybrid", "exact", "byar"))
    assert (hybrid[:, 0] == exact[:, 0]).all()
    assert (hybrid[:, 0] != byar[:, 0]).all()
    assert (hybrid[:, 1] == byar[:, 1]).all()
    assert (hybrid[:, 1] != exact[:, 1]).all()


@pytest.mark.parametrize("method", POISSON_METHODS)
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.9999])
def test_zero_events_have_lower_limit_exactly_zero(method, confidence):
    """No event has lower limit exactly 0 and a positive, finite upper limit."""
    lower, upper = poisson_interval(0, confidence, method)
    assert lower == 0
    assert 0 < upper < np.inf


def test_zero_events_have_the_closed_form_upper_limit():
    """The exact upper limit of no events is minus the logarithm of half the error."""
    assert poisson_interval(0)[1] == pytest.approx(-np.log(0.025), rel=1e-12)


@given(st.lists(counts, min_size=1, max_size=20), confidences, st.sampled_from(POISSON_METHODS))
@settings(max_examples=60, deadline=None)
def test_poisson_limits_enclose_the_count_and_ignore_the_order(events, confidence, method):
    """Limits enclose the count, are not negative, and do not depend on the order of rows."""
    lower, upper = poisson_interval(events, confidence, method)
    assert (lower >= 0).all()
    assert (lower <= events).all()
    assert (upper > events).all()
    reverse = poisson_interval(events[::-1], confidence, method)
    assert (reverse[0][::-1] == lower).all()
    assert (reverse[1][::-1] == upper).all()


@given(counts, confidences, st.sampled_from(POISSON_METHODS))
@settings(max_examples=60, deadline=None)
def test_poisson_limits_rise_with_the_count_and_widen_with_confidence(count, confidence, method):
    """One more event raises both limits; more confidence never narrows them."""
    lower, upper = poisson_interval([count, count + 1], confidence, method)
    assert lower[0] <= lower[1]
    assert upper[0] < upper[1]
    wider = poisson_interval(count, 0.999, method)
    assert wider[0] <= lower[0]
    assert wider[1] >= upper[0]


@pytest.mark.parametrize("dtype", ["Int64", "Float64"])
def test_nullable_series_keep_missing_counts_missing(dtype):
    """A missing value of a nullable Series gives missing limits and leaves its neighbours alone."""
    lower, upper = poisson_interval(pd.Series([5, None, 0], dtype=dtype), method="exact")
    assert np.round(lower, 3).tolist()[::2] == [1.623, 0]
    assert np.isnan(lower[1])
    assert np.isnan(upper[1])


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
@pytest.mark.parametrize("method", POISSON_METHODS)
def test_a_missing_scalar_or_element_is_nan(missing, method):
    """None, nan and NA are missing both alone and inside a list."""
    assert np.isnan(poisson_interval(missing, method=method)).all()
    lower, upper = poisson_interval([missing, 12], method=method)
    assert np.isnan([lower[0], upper[0]]).all()
    assert lower[1] < 12 < upper[1]


def test_shapes_are_kept():
    """A scalar gives scalars, a matrix matrices, an empty list empty arrays."""
    assert [np.shape(limit) for limit in poisson_interval(3)] == [(), ()]
    assert [np.shape(limit) for limit in poisson_interval(np.ones((2, 3)))] == [(2, 3), (2, 3)]
    assert [np.shape(limit) for limit in poisson_interval([])] == [(0,), (0,)]
    assert binomial_interval([[1], [2]], [10, 20, 30])[0].shape == (2, 3)


def test_inputs_are_not_changed():
    """The caller's array is left as it was."""
    events = np.array([0.0, 12.0, np.nan])
    poisson_interval(events)
    binomial_interval(events, np.array([0.0, 20.0, 5.0]))
    np.testing.assert_array_equal(events, [0.0, 12.0, np.nan])


def test_errors_name_position_and_value():
    """An impossible count is refused with where it stands and what it is."""
    with pytest.raises(ValueError, match=r"count must not be negative; found -3 at position 2 \(1 such of 3\)"):
        poisson_interval([1, np.nan, -3])
    with pytest.raises(
        ValueError, match=r"successes must not exceed trials; found successes 12 of trials 10 at position 1"
    ):
        binomial_interval([1, 12, np.nan], 10)
    with pytest.raises(ValueError, match="count must be finite; found inf"):
        poisson_interval(np.inf)


def test_text_and_unknown_options_are_refused():
    """Text is not parsed; a percentage as confidence and an unknown method are named."""
    with pytest.raises(TypeError, match="count must be numeric; found string"):
        poisson_interval(pd.Series(["5", "suppressed"], dtype=object))
    with pytest.raises(TypeError, match="count must be numeric"):
        poisson_interval("5")
    with pytest.raises(ValueError, match=r"found 95\. Divide percentages by 100"):
        poisson_interval(5, confidence=95)
    with pytest.raises(ValueError, match="one of exact, byar, hybrid; found 'normal'"):
        poisson_interval(5, method="normal")


def test_series_with_different_indexes_are_refused():
    """Rows are matched by position, so Series in another order are refused rather than paired wrongly."""
    with pytest.raises(ValueError, match="successes and trials must have the same index"):
        binomial_interval(pd.Series([1, 2], index=["a", "b"]), pd.Series([9, 8], index=["b", "a"]))
    with pytest.raises(ValueError, match=r"successes \(2,\), trials \(3,\)"):
        binomial_interval([1, 2], [9, 8, 7])


@pytest.mark.parametrize(
    ("successes", "trials", "method", "lower", "upper", "digits"),
    [
        (68, 69, "wilson", 0.922369, 0.997437, 6),
        (68, 73, "wilson", 0.849479, 0.970391, 6),
        (58, 58, "wilson", 0.937882, 1, 6),
        (194, 200, "wilson", 0.936106, 0.986180, 6),
        (5, 10, "clopper-pearson", 0.187086, 0.812914, 6),
        (12, 100, "clopper-pearson", 0.06356890, 0.2002357, 7),
    ],
)
def test_binomial_limits_are_those_that_other_programs_print(successes, trials, method, lower, upper, digits):
    """Limits have the digits printed by R's tern (_snaps/estimate_proportion.md) and statpsych (ci.prop, "Exact")."""
    found = binomial_interval(successes, trials, method=method)
    np.testing.assert_allclose(found, [lower, upper], atol=0.51 * 10**-digits, rtol=0)


@pytest.mark.parametrize(("method", "scipy_name"), [("wilson", "wilson"), ("clopper-pearson", "exact")])
def test_binomial_limits_agree_with_scipy(method, scipy_name):
    """Wilson and Clopper-Pearson limits are scipy's, to a relative 1e-9."""
    successes, trials = [0, 1, 10, 81, 999, 20], [20, 20, 50, 263, 1000, 20]
    expected = np.array(
        [stats.binomtest(x, n).proportion_ci(0.95, scipy_name) for x, n in zip(successes, trials, strict=True)]
    )
    lower, upper = binomial_interval(successes, trials, method=method)
    np.testing.assert_allclose(lower, expected[:, 0], rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(upper, expected[:, 1], rtol=1e-9)


@pytest.mark.parametrize("method", BINOMIAL_METHODS)
def test_no_and_all_successes_touch_the_edges_exactly(method):
    """No success has lower limit 0, no failure upper limit 1, exactly."""
    lower, upper = binomial_interval([0, 7, 1_000_003], [7, 7, 1_000_003], method=method)
    assert lower[0] == 0
    assert 0 < upper[0] < 1
    assert upper[1] == upper[2] == 1
    assert 0 < lower[1] < 1


@pytest.mark.parametrize("method", BINOMIAL_METHODS)
def test_no_trials_give_nan(method):
    """No or unknown trials give missing limits without an error or a warning."""
    with np.errstate(all="raise"):
        limits = binomial_interval([0, 3, np.nan], [0, np.nan, 10], method=method)
    assert np.isnan(limits).all()


@given(st.integers(0, 10**6), st.integers(0, 10**6), confidences, st.sampled_from(BINOMIAL_METHODS))
@settings(max_examples=80, deadline=None)
def test_binomial_limits_enclose_the_proportion_and_mirror(successes, failures, confidence, method):
    """Limits enclose the proportion, stay in 0 to 1 and mirror when success and failure swap; zeros never raise."""
    trials = successes + failures
    lower, upper = binomial_interval(successes, trials, confidence, method)
    if trials == 0:
        assert np.isnan(lower)
        assert np.isnan(upper)
        return
    assert 0 <= lower <= successes / trials <= upper <= 1
    mirrored = binomial_interval(failures, trials, confidence, method)
    np.testing.assert_allclose([1 - mirrored[1], 1 - mirrored[0]], [lower, upper], rtol=1e-7, atol=1e-12)


def test_clopper_pearson_covers_wilson_or_more_on_average():
    """Clopper-Pearson, which never covers too little, is wider than Wilson for 1 of 10 to 9 of 10."""
    exact, wilson = (
        np.diff(binomial_interval(np.arange(1, 10), 10, method=m), axis=0) for m in ("clopper-pearson", "wilson")
    )
    assert (exact > wilson).all()
