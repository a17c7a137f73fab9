"""`epi.proportions`: proportions and their differences, against printed values, statsmodels and their own laws."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

from epi.intervals import binomial_interval, mover_difference
from epi.proportions import proportion, proportion_difference, survey_proportion

groups = st.integers(1, 10**5).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_a_proportion_has_its_binomial_limits_in_its_unit():
    """Value and limits are those of the binomial, times the unit, on the Series' index."""
    tested = pd.Series([45, 0, None], index=["a", "b", "c"], dtype="Int64")
    share = proportion(tested, [310, 24, 10], per=100, method="clopper-pearson")
    lower, upper = binomial_interval([45, 0], [310, 24], method="clopper-pearson")
    np.testing.assert_allclose(share.iloc[:2], np.column_stack([[45 / 3.10, 0], lower * 100, upper * 100]), rtol=1e-12)
    assert share.loc["c"].isna().all()
    assert share.index.tolist() == ["a", "b", "c"]


@pytest.mark.filterwarnings("error")
def test_nobody_examined_is_nan_never_an_error():
    """Without trials nothing is known; without successes the value and the lower limit are 0."""
    share = proportion([0, 0], [0, 20])
    assert share.loc[0].isna().all()
    assert share.loc[1, ["value", "lower"]].tolist() == [0, 0]
    assert survey_proportion([0.0, None], [0.0, 0.1], [0, 50]).isna().all(axis=None)
    assert proportion_difference(0, 0, 3, 9).isna().all(axis=None)


def test_printed_limits_on_an_effective_sample_size():
    """4 of 141 (211 participants at a design effect of 1.5) have 0.0078 to 0.0710.

    Printed in the manual of the Triangulator (fellstat.github.io/triangulator, "Proportion Confidence Interval
    Example"), from a survey of people who inject drugs in Kumasi.
    """
    share = 4 / 141
    row = survey_proportion(share, np.sqrt(share * (1 - share) / 141), 211).loc[0]
    assert row["effective_sample_size"] == pytest.approx(141, rel=1e-12)
    assert (round(row["lower"], 4), round(row["upper"], 4)) == (0.0078, 0.0710)


def test_degrees_of_freedom_shrink_the_effective_sample():
    """The adjusted effective size is (t with n - 1 / t with d degrees of freedom) squared times the unadjusted one."""
    plain, adjusted = (survey_proportion(0.3, 0.04, 500, df).loc[0] for df in (None, 12))
    factor = (stats.t.ppf(0.975, 499) / stats.t.ppf(0.975, 12)) ** 2
    assert adjusted["effective_sample_size"] == pytest.approx(plain["effective_sample_size"] * factor, rel=1e-9)
    assert adjusted["lower"] < plain["lower"] < plain["value"] < plain["upper"] < adjusted["upper"]


def test_a_simple_random_sample_has_clopper_pearson_limits():
    """With the binomial standard error the limits are Clopper-Pearson's; a smaller error never raises the size."""
    se = np.sqrt(0.2 * 0.8 / 60)
    expected = binomial_interval(12, 60, method="clopper-pearson")
    for error in (se, se / 3):
        row = survey_proportion(0.2, error, 60).loc[0]
        np.testing.assert_allclose([row["lower"], row["upper"]], expected, rtol=1e-9)
        assert row["effective_sample_size"] == pytest.approx(60)


def test_none_and_all_use_the_whole_sample():
    """At 0 and 1 the survey shows no design effect, so the sample size stands, adjusted or not."""
    table = survey_proportion([0, 1], [0, 0], 80, design_df=10)
    assert table["effective_sample_size"].tolist() == [80, 80]
    np.testing.assert_allclose(table["upper"], [1 - 0.025 ** (1 / 80), 1], rtol=1e-9)
    np.testing.assert_allclose(table["lower"], [0, 0.025 ** (1 / 80)], rtol=1e-9)


def test_percentages_are_refused_as_shares():
    """A share above 1 is named with its place."""
    with pytest.raises(ValueError, match=r"share must be a proportion from 0 to 1; found 12 at position 1"):
        survey_proportion([0.1, 12], 0.02, 100)
    with pytest.raises(ValueError, match="successes must not exceed trials"):
        proportion_difference(5, 4, 1, 2)


def test_printed_newcombe_limits():
    """7 of 34 against 1 of 34 (Perondi 2004) differ by 0.1765 (0.0189 to 0.3404).

    Printed in the tests of the R package contingencytables (Newcombe hybrid score), and to two digits by Fagerland
    et al. 2015, as quoted in statsmodels' tests of confint_proportions_2indep.
    """
    assert proportion_difference(7, 34, 1, 34).loc[0].round(4).tolist() == [0.1765, 0.0189, 0.3404]


@pytest.mark.parametrize("counts", [(56, 70, 48, 80), (9, 10, 3, 10), (10, 10, 0, 20), (5, 56, 0, 29)])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_differences_agree_with_statsmodels(counts, confidence):
    """Limits of a difference are statsmodels' Newcombe limits, to a relative 1e-9."""
    expected = confint_proportions_2indep(*counts, method="newcomb", compare="diff", alpha=1 - confidence)
    row = proportion_difference(*counts, confidence=confidence).loc[0]
    np.testing.assert_allclose(row[["lower", "upper"]], expected, rtol=1e-9, atol=1e-12)


@given(groups, groups, st.sampled_from(["wilson", "clopper-pearson"]), st.sampled_from([1, 100]))
@settings(max_examples=80, deadline=None)
def test_differences_are_enclosed_bounded_and_mirror(a, b, method, per):
    """Limits enclose the difference, stay within -1 and 1, and change sign when the groups are exchanged."""
    value, lower, upper = proportion_difference(*a, *b, per=per, method=method).loc[0]
    assert -per * (1 + 1e-12) <= lower <= value + 1e-12
    assert value - 1e-12 <= upper <= per * (1 + 1e-12)
    mirrored = proportion_difference(*b, *a, per=per, method=method).loc[0]
    np.testing.assert_allclose(mirrored, [-value, -upper, -lower], rtol=1e-9, atol=1e-12)


@given(st.floats(0, 1), st.floats(0, 0.5), st.integers(1, 10_000), st.none() | st.integers(1, 60))
@settings(max_examples=80, deadline=None)
def test_survey_limits_enclose_the_share(share, error, size, df):
    """Whatever the design says, limits enclose the share and the effective size is at most the sample's."""
    row = survey_proportion(share, error, size, df).loc[0]
    assert 0 <= row["lower"] <= share + 1e-9
    assert share - 1e-9 <= row["upper"] <= 1
    assert row["effective_sample_size"] <= size


def test_recovered_limits_are_exact_for_normal_estimates():
    """From symmetric limits, recovery gives the normal limits of a difference."""
    a, b, se_a, se_b = 5.0, 3.0, 0.7, 0.4
    lower, upper = mover_difference(
        *map(np.asarray, (a,)), (a - 2 * se_a, a + 2 * se_a), b, (b - 2 * se_b, b + 2 * se_b)
    )
    np.testing.assert_allclose([lower, upper], [2 - 2 * np.hypot(0.7, 0.4), 2 + 2 * np.hypot(0.7, 0.4)], rtol=1e-12)
