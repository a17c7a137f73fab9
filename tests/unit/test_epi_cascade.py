"""`epi.cascade`: conditional and population cascades of many places, and products of their steps."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epi.cascade import EHE_CASCADE, EHE_DENOMINATORS, HCV_CLEARANCE_CASCADE, cascade, cascade_product
from epi.intervals import binomial_interval


def test_hcv_clearance_cascade_of_the_united_states():
    """The percentages that CDC prints for its five steps come back from counts made of them.

    Wester et al., MMWR 2023;72(26):716-720 (abstract): 1,719,493 ever infected; 88 % viral test; 69 % of these initial
    infection, "1.0 million"; 34 % of these cured or cleared, "approximately one third"; 7 % of these persistent or
    reinfected.
    """
    counts = np.round(1_719_493 * np.cumprod([1, 0.88, 0.69, 0.34, 0.07]))
    table = cascade(pd.DataFrame([counts], columns=HCV_CLEARANCE_CASCADE), HCV_CLEARANCE_CASCADE)
    assert table["conditional"].round().tolist()[1:] == [88, 69, 34, 7]
    assert round(table.loc[2, "count"] / 1e6, 1) == 1.0
    np.testing.assert_allclose(table["population"], np.cumprod([1, 0.88, 0.69, 0.34, 0.07]) * 100, rtol=1e-5)


def test_95_95_95_is_86_percent_of_all():
    """Three steps at 95 % leave 85.7375 % of all, which UNAIDS rounds to 86 %."""
    assert cascade_product([0.95] * 3).loc[0, "value"] == pytest.approx(85.7375, rel=1e-12)
    people = pd.DataFrame({"all": [8_000], "know": [7_600], "treated": [7_220], "suppressed": [6_859]})
    table = cascade(people, list(people))
    np.testing.assert_allclose(table["conditional"][1:], 95, rtol=1e-12)
    assert table["population"].iloc[-1] == pytest.approx(85.7375, rel=1e-12)


def test_limits_are_wilsons_in_both_forms():
    """Conditional limits are of the step before, population limits of the first step."""
    table = cascade(pd.DataFrame({"a": [500], "b": [300], "c": [120]}), ["a", "b", "c"], per=1)
    np.testing.assert_allclose(
        table.loc[2, ["conditional_lower", "conditional_upper"]].astype(float), binomial_interval(120, 300)
    )
    np.testing.assert_allclose(
        table.loc[2, ["population_lower", "population_upper"]].astype(float), binomial_interval(120, 500)
    )
    assert table["lost"].tolist()[1:] == [200, 180]


def test_a_step_with_more_people_than_the_one_before_is_flagged():
    """The share above 100 % is shown without limits, and nobody is lost there."""
    table = cascade(pd.DataFrame({"a": [100], "b": [80], "c": [90]}), ["a", "b", "c"])
    assert table["exceeds_previous"].tolist() == [False, False, True]
    assert table.loc[2, "conditional"] == 112.5
    assert table.loc[2, ["conditional_lower", "conditional_upper"]].isna().all()
    assert table.loc[2, "lost"] == 0
    assert table.loc[2, "population_lower"] < 90 < table.loc[2, "population_upper"]


def test_denominators_may_be_named():
    """In the EHE cascade care and suppression are both of those diagnosed."""
    table = cascade(pd.DataFrame([[1_000, 870, 650, 570]], columns=EHE_CASCADE), EHE_CASCADE, of=EHE_DENOMINATORS)
    np.testing.assert_array_equal(table["denominator"], [np.nan, 1_000, 870, 870])
    with pytest.raises(ValueError, match="of must lead from a step to an earlier one"):
        cascade(pd.DataFrame({"a": [1], "b": [1]}), ["a", "b"], of={"a": "b"})
    with pytest.raises(ValueError, match="steps must name at least 2 different columns"):
        cascade(pd.DataFrame({"a": [1]}), ["a", "a"])


@pytest.mark.filterwarnings("error")
def test_zeros_and_missing_counts_never_raise():
    """Nobody infected gives nan; a missing step is missing there and as a denominator; no rows give no rows."""
    frame = pd.DataFrame({"p": ["x", "y"], "a": [0, 10], "b": [0, None], "c": [0, 4]})
    table = cascade(frame, ["a", "b", "c"], by="p")
    assert table["p"].tolist() == ["x"] * 3 + ["y"] * 3
    assert table["conditional"].isna().all()
    assert table["population"].isna().tolist() == [True, True, True, False, True, False]
    assert not table["exceeds_previous"].any()
    assert cascade(frame.head(0), ["a", "b"], by="p").shape == (0, 13)


@given(
    st.lists(
        st.lists(st.integers(0, 10**6), min_size=4, max_size=4).map(lambda x: sorted(x)[::-1]), min_size=1, max_size=6
    )
)
@settings(max_examples=40, deadline=None)
def test_places_do_not_affect_each_other_and_shares_multiply(rows):
    """Limits enclose shares, conditional shares multiply to the population's, and each place stands alone."""
    steps = list("abcd")
    frame = pd.DataFrame(rows, columns=steps).assign(place=np.arange(len(rows)))
    table = cascade(frame, steps, by="place", per=1)
    pd.testing.assert_frame_equal(
        table.tail(4).reset_index(drop=True), cascade(frame.tail(1), steps, by="place", per=1), check_exact=True
    )
    for form in ("conditional", "population"):
        known = table[form].notna()
        assert (table[f"{form}_lower"][known] <= table[form][known] + 1e-12).all()
        assert (table[f"{form}_upper"][known] >= table[form][known] - 1e-12).all()
    for _, place in table.groupby("place"):
        if place["count"].min() > 0:
            product = cascade_product(place["conditional"].iloc[1:].tolist(), per=1).loc[0, "value"]
            assert product == pytest.approx(place["population"].iloc[-1], rel=1e-9)


def test_the_limits_of_a_product_agree_with_simulation():
    """Limits of the product are the quantiles of products of log-normal steps, to what 400,000 draws can tell."""
    shares, errors = np.array([0.8, 0.6, 0.5]), np.array([0.03, 0.06, 0.05])
    z = 1.959963984540054
    row = cascade_product(shares, shares * np.exp(-z * errors), shares * np.exp(z * errors)).loc[0]
    draws = np.exp(np.log(shares) + errors * np.random.default_rng(5).standard_normal((400_000, 3))).prod(axis=1) * 100
    np.testing.assert_allclose(row[["lower", "upper"]], np.quantile(draws, [0.025, 0.975]), rtol=2e-3)


@pytest.mark.filterwarnings("error")
def test_a_step_at_zero_is_zero_of_all():
    """A step that nobody reached gives 0, with the upper limit of that step; missing limits stay missing."""
    row = cascade_product([0.9, 0.0], [0.8, 0.0], [0.95, 0.1]).loc[0]
    assert row.tolist() == [0, 0, 10]
    assert cascade_product([0.9, 0.8]).loc[0].isna().tolist() == [False, True, True]
    with pytest.raises(ValueError, match=r"a share must be a proportion within its limits; found 95 .* at step 2"):
        cascade_product([0.9, 95])
    with pytest.raises(ValueError, match="one item per step"):
        cascade_product([0.9, 0.8], [0.7])


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)).map(sorted), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_products_are_enclosed_and_ignore_the_order(steps):
    """Limits enclose the product, stay within 0 and 100 %, and do not depend on the order of steps."""
    low, share, high = zip(*steps, strict=True)
    row = cascade_product(share, low, high).loc[0]
    assert 0 <= row["lower"] <= row["value"] * (1 + 1e-12)
    assert row["value"] <= row["upper"] * (1 + 1e-12)
    assert row["upper"] <= 100 * (1 + 1e-12)
    np.testing.assert_allclose(cascade_product(share[::-1], low[::-1], high[::-1]).loc[0], row, rtol=1e-9)
