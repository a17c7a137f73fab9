"""`epi.equity`: groups compared, and measures of inequality, against printed values, second routes and their laws."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from epi.equity import compare_groups, inequality
from epi.inequality_draws import value_draws
from epi.rates import crude_rate, rate_difference, rate_ratio

# WHO's package healthequal prints this data set (OrderedSample: births attended by skilled personnel by wealth
# quintile) and what its functions make of it, on whoequity.github.io/healthequal/reference.
BIRTHS = pd.DataFrame(
    {
        "country": "X",
        "quintile": [1, 2, 3, 4, 5],
        "value": [75.60530, 91.01997, 96.03959, 97.04223, 99.22405],
        "se": [1.5996131, 1.1351504, 0.6461946, 0.5676206, 0.2237683],
        "population": [2072.436, 2112.204, 1983.059, 2052.124, 1884.510],
    }
)
REGIONS = pd.DataFrame(
    {
        "area": list("AAAABBBBB"),
        "group": ["n", "e", "s", "w", "n", "e", "s", "w", "c"],
        "value": [4.0, 10.0, 6.0, 25.0, 3.0, 3.0, 3.0, 3.0, 3.0],
        "se": [0.5, 1.0, 0.6, 2.0, 0.4, 0.4, 0.4, 0.4, 0.4],
        "population": [100, 300, 400, 200, 10, 20, 30, 40, 50],
    }
)


def measured(frame, by="country", group="quintile", **options):
    """Give the values of a single place by measure."""
    return inequality(frame, by, group, **options).set_index("measure")


@pytest.mark.parametrize(
    ("measure", "printed"),
    [
        ("absolute_concentration_index", "4.30052"),
        ("relative_concentration_index", "0.0469506"),
        ("population_attributable_fraction_pct", "8.3271"),
    ],
)
def test_births_have_the_values_that_healthequal_prints(measure, printed):
    """Concentration indices and PAF of WHO's example have the printed digits (as far as its printed inputs carry)."""
    value = measured(BIRTHS, order="quintile", higher_is_better=True).loc[measure, "value"]
    assert round(value, len(printed.partition(".")[2])) == float(printed)


def test_the_printed_linear_slope():
    """Healthy life expectancy of 60 to 72 in five equal groups has SII 15 (as calc_rii of dceasimR prints).

    heorlytics.github.io/dceasimR/reference/calc_rii.html; it also prints the SII relative to the mean, 0.2272727.
    """
    hale = BIRTHS.assign(value=[60, 63, 66, 69, 72], population=0.2)
    table = measured(hale, order="quintile", higher_is_better=True)
    assert table.loc["slope_index_of_inequality", "value"] == pytest.approx(15, rel=1e-12)
    assert table.loc["slope_index_of_inequality", "value"] / 66 == pytest.approx(0.2272727, abs=5e-8)
    assert table.loc["relative_index_of_inequality", "value"] == pytest.approx(73.5 / 58.5, rel=1e-12)


@pytest.mark.parametrize("model", ["linear", "log", "logit"])
def test_slopes_agree_with_statsmodels(model):
    """Ends of the fitted line are those of statsmodels' weighted models, for every link, to a relative 1e-8."""
    table = measured(BIRTHS, order="quintile", model=model, ceiling=100)
    share = BIRTHS["population"] / BIRTHS["population"].sum()
    design = sm.add_constant(np.cumsum(share) - share / 2)
    family = {
        "linear": sm.families.Gaussian(),
        "log": sm.families.Poisson(),
        "logit": sm.families.Binomial(),
    }[model]
    fit = sm.GLM(BIRTHS["value"] / 100, design, family=family, var_weights=share).fit(tol=1e-13, maxiter=200)
    low, high = fit.predict([[1, 0], [1, 1]]) * 100
    assert table.loc["slope_index_of_inequality", "value"] == pytest.approx(high - low, rel=1e-9)
    assert table.loc["relative_index_of_inequality", "value"] == pytest.approx(high / low, rel=1e-9)


def test_every_measure_of_unordered_groups_by_a_second_route():
    """Measures of distance equal plain sums over the groups and over pairs of groups."""
    rows = REGIONS[REGIONS["area"] == "A"]
    table = measured(rows, "area", "group", reference="e")["value"]
    y, p = rows["value"].to_numpy(), rows["population"].to_numpy() / 1_000
    mean = sum(a * b for a, b in zip(y, p, strict=True))
    pairs = sum(p[i] * p[j] * abs(y[i] - y[j]) for i in range(4) for j in range(4))
    expected = {
        "difference": 21,
        "ratio": 6.25,
        "between_group_variance": sum(p * y**2) - mean**2,
        "between_group_standard_deviation": (sum(p * y**2) - mean**2) ** 0.5,
        "coefficient_of_variation_pct": (sum(p * y**2) - mean**2) ** 0.5 / mean * 100,
        "mean_difference_from_mean": sum(abs(y - mean)) / 4,
        "mean_difference_from_mean_weighted": sum(p * abs(y - mean)),
        "mean_difference_from_best": (0 + 6 + 2 + 21) / 4,
        "mean_difference_from_best_weighted": mean - 4,
        "mean_difference_from_reference": (6 + 0 + 4 + 15) / 4,
        "mean_difference_from_reference_weighted": 0.1 * 6 + 0.4 * 4 + 0.2 * 15,
        "index_of_disparity_pct": sum(abs(y - mean)) / 4 / mean * 100,
        "index_of_disparity_weighted_pct": sum(p * abs(y - mean)) / mean * 100,
        "theil_index": sum(p * y * np.log(y)) / mean - np.log(mean),
        "mean_log_deviation": np.log(mean) - sum(p * np.log(y)),
        "gini_coefficient": pairs / (2 * mean),
        "population_attributable_risk": 4 - mean,
        "population_attributable_fraction_pct": (4 - mean) / mean * 100,
    }
    assert table.to_dict() == pytest.approx(expected, rel=1e-9)


def test_equal_groups_have_no_inequality():
    """Without inequality every distance is 0 and every ratio 1, with limits that reach there."""
    table = inequality(REGIONS, "area", "group", se="se").set_index(["area", "measure"]).loc["B"]
    equal = np.where(table.index == "ratio", 1.0, 0.0)
    np.testing.assert_allclose(table["value"], equal, atol=1e-12)
    assert ((table["lower"] <= equal + 1e-12) & (table["upper"] >= equal - 1e-12)).all()
    assert (table["reason"] == "").all()


def test_noise_alone_is_not_shown_as_inequality():
    """Of 400 places without any true inequality, limits of variance and Theil index reach (nearly) 0 in most."""
    random = np.random.default_rng(11)
    noisy = pd.DataFrame(
        {
            "area": np.repeat(np.arange(400), 8),
            "group": np.tile(np.arange(8), 400),
            "value": random.normal(20, 2, 3_200),
            "se": 2.0,
            "population": 1_000,
        }
    )
    table = inequality(
        noisy,
        "area",
        "group",
        se="se",
        measures=["between_group_variance", "theil_index"],
        draws=400,
        distribution="normal",
    )
    reached = (table["lower"] < 1e-9).groupby(table["measure"]).mean()
    assert (reached > 0.9).all()
    assert table["bias"].groupby(table["measure"]).mean()["between_group_variance"] == pytest.approx(3.5, rel=0.1)


def test_simulated_limits_of_linear_measures_agree_with_the_closed_form():
    """Concentration index and linear slope are weighted sums: their limits are value -/+ z root of summed variances."""
    table = measured(BIRTHS, se="se", order="quintile", distribution="normal", draws=40_000)
    share = (BIRTHS["population"] / BIRTHS["population"].sum()).to_numpy()
    centred = np.cumsum(share) - share / 2 - 0.5
    weights = {
        "absolute_concentration_index": 2 * share * centred,
        "slope_index_of_inequality": share * centred / (share * centred**2).sum(),
    }
    for name, weight in weights.items():
        half = 1.959963984540054 * np.sqrt((weight**2 * BIRTHS["se"] ** 2).sum())
        expected = table.loc[name, "value"] + half * np.array([-1, 1])
        found = table.loc[name, ["lower", "upper"]].astype(float)
        np.testing.assert_allclose(found, expected, atol=0.02 * half)


def test_fewer_groups_than_needed_have_a_reason():
    """Two groups have a difference only, four no slope; a missing value is refused or left out as asked."""
    two, four = (measured(BIRTHS.head(k), order="quintile") for k in (2, 4))
    assert two.loc["difference", "reason"] == two.loc["ratio", "reason"] == ""
    assert set(two.drop(["difference", "ratio"])["reason"]) == {"few_groups"}
    assert four.index[four["reason"] == "few_groups"].tolist() == [
        "slope_index_of_inequality",
        "relative_index_of_inequality",
    ]
    assert (measured(BIRTHS.head(4), order="quintile", fewest_ranked=3)["reason"] == "").all()
    gap = BIRTHS.assign(value=BIRTHS["value"].where(BIRTHS["quintile"] != 3))
    refused, left_out = (measured(gap, order="quintile", missing=how) for how in ("refuse", "leave_out"))
    assert set(refused["reason"]) == {"missing_value"}
    assert refused["value"].isna().all()
    assert left_out["groups"].tolist() == [4] * len(left_out)
    assert left_out["groups_left_out"].tolist() == [1] * len(left_out)
    expected = measured(BIRTHS[BIRTHS["quintile"] != 3], order="quintile")
    pd.testing.assert_series_equal(left_out["value"], expected["value"])


@pytest.mark.filterwarnings("error")
def test_zeros_never_raise():
    """All values 0, one value 0, nobody in a place: nan with a reason where undefined, values elsewhere."""
    none = measured(BIRTHS.assign(value=0.0, se=0.0), se="se", order="quintile", model="log")
    assert none.loc["between_group_variance", "value"] == 0
    assert none.loc["theil_index", "reason"] == "zero_mean"
    assert none.loc["ratio", "reason"] == "zero_value"
    assert none.loc["slope_index_of_inequality", "reason"] == "no_fit"
    some = measured(BIRTHS.assign(value=[0, 1, 2, 3, 4]), se="se", order="quintile", model="log", reference=9)
    assert some.loc["theil_index", "reason"] == ""
    assert some.loc["mean_log_deviation", "reason"] == some.loc["ratio", "reason"] == "zero_value"
    assert some.loc["relative_index_of_inequality", "value"] > 1
    assert some.loc["mean_difference_from_reference", "reason"] == "no_reference"
    nobody = measured(BIRTHS.assign(population=0), order="quintile")
    assert set(nobody["reason"]) == {"few_groups"}
    assert inequality(BIRTHS.head(0), "country", "quintile").empty


def test_misuse_is_refused():
    """Repeated groups, tied orders, unknown measures and missing arguments are named."""
    with pytest.raises(ValueError, match="must have each group once; found country X, quintile 1 again"):
        measured(pd.concat([BIRTHS, BIRTHS.head(1)]))
    with pytest.raises(ValueError, match="must differ in order; found 1 twice"):
        measured(BIRTHS.assign(order=[1, 1, 2, 3, 4]), order="order")
    with pytest.raises(ValueError, match="slope_index_of_inequality needs the argument order"):
        measured(BIRTHS, measures=["slope_index_of_inequality"])
    with pytest.raises(ValueError, match=r"measures must be among .*; found 'atkinson'"):
        measured(BIRTHS, measures=["atkinson"])
    with pytest.raises(ValueError, match="model 'logit' needs the ceiling"):
        measured(BIRTHS, order="quintile", model="logit")
    with pytest.raises(ValueError, match="value must not exceed the ceiling 90; found 99"):
        measured(BIRTHS, ceiling=90)
    with pytest.raises(ValueError, match="lower and upper must enclose the value; found 75"):
        measured(BIRTHS.assign(low=80, high=99), lower="low", upper="high")


groups = st.tuples(st.floats(0.5, 90), st.floats(0.01, 0.2), st.integers(1, 10**6))
places = st.lists(groups, min_size=5, max_size=7).map(
    lambda rows: pd.DataFrame(
        {
            "place": "P",
            "rank": range(1, len(rows) + 1),
            "value": [value for value, _, _ in rows],
            "se": [value * relative for value, relative, _ in rows],
            "population": [people for _, _, people in rows],
        }
    )
)


@given(places, st.sampled_from([0.1, 1_000]))
@settings(max_examples=25, deadline=None)
def test_limits_enclose_and_measures_obey_their_laws(frame, factor):
    """Limits enclose; an empty group and the order of rows change nothing; units and head counts scale out."""
    options = {"by": "place", "group": "rank", "se": "se", "order": "rank", "reference": 1, "draws": 200}
    table = inequality(frame, **options)
    known = table["lower"].notna()
    assert (table["lower"] <= table["value"])[known].all()
    assert (table["upper"] >= table["value"])[known].all()
    empty = pd.DataFrame({"value": [50.0], "se": [1.0], "population": [0], "place": "P", "rank": [0]})
    pd.testing.assert_frame_equal(inequality(pd.concat([empty, frame[::-1]]), **options), table)
    scaled = frame.assign(value=frame["value"] * factor, se=frame["se"] * factor, population=frame["population"] * 7)
    power = table["measure"].map(
        lambda name: 2 if name == "between_group_variance" else float(name in ABSOLUTE or "mean_difference" in name)
    )
    numbers = ["value", "lower", "upper"]
    expected = table[numbers].mul(factor**power, axis=0)
    again = inequality(scaled, **options)
    np.testing.assert_allclose(again[numbers], expected, rtol=1e-6, atol=1e-6 * max(1, factor))


ABSOLUTE = {
    "difference",
    "between_group_standard_deviation",
    "absolute_concentration_index",
    "slope_index_of_inequality",
    "population_attributable_risk",
}


def test_places_do_not_affect_each_other():
    """A place's rows are the same alone as among others, limits included: draws are shared, not consumed."""
    together = inequality(REGIONS, "area", "group", se="se")
    alone = inequality(REGIONS[REGIONS["area"] == "B"], "area", "group", se="se")
    pd.testing.assert_frame_equal(together[together["area"] == "B"].reset_index(drop=True), alone)


def test_draws_of_zero_have_the_exact_upper_limit():
    """A value of 0 with an exact upper limit is drawn from the exponential whose quantile is that limit."""
    drawn = value_draws(np.array([[0.0]]), np.array([[0.0]]), np.array([[3.6888794541139363]]), draws=20_000)
    assert np.quantile(drawn, 0.975) == pytest.approx(3.689, rel=2e-3)
    assert drawn.mean() == pytest.approx(1, rel=2e-3)


DEATHS = pd.DataFrame(
    {
        "state": ["X", "X", "X", "Y", "Y", "Z"],
        "race": ["a", "b", "c", "a", "b", "b"],
        "count": [15, 41, 0, 0, 5, 3],
        "population": [19_017, 28_010, 500, 100, 200, 0],
    },
    index=list("uvwxyz"),
)


def test_groups_are_compared_with_their_place_s_reference():
    """Rates, ratios and differences are those of `epi.rates` against the reference group of the same place."""
    table = compare_groups(DEATHS, "state", "race", "a")
    assert table.index.equals(DEATHS.index)
    assert table["reason"].tolist() == ["reference", "", "", "reference", "", "no_reference"]
    pair = (41, 28_010, 15, 19_017)
    np.testing.assert_allclose(
        table.loc["v", ["ratio", "ratio_lower", "ratio_upper"]].astype(float), rate_ratio(*pair).loc[0]
    )
    difference = ["difference", "difference_lower", "difference_upper"]
    np.testing.assert_allclose(table.loc["v", difference].astype(float), rate_difference(*pair).loc[0])
    np.testing.assert_allclose(
        table[["rate", "rate_lower", "rate_upper"]], crude_rate(DEATHS["count"], DEATHS["population"]), rtol=1e-12
    )
    assert table.loc["u", ["ratio", "difference"]].tolist() == [1, 0]
    assert table.loc["w", "ratio"] == 0
    assert table.loc["y", "ratio"] == np.inf


@pytest.mark.filterwarnings("error")
def test_comparisons_never_raise_on_zeros_and_refuse_repeated_groups():
    """No events, no people, no place columns and no rows are all fine; a group twice in a place is not."""
    assert compare_groups(DEATHS.assign(population=0), "state", "race", "a")["rate"].isna().all()
    whole = compare_groups(DEATHS.head(3), [], "race", "a")
    assert whole["reason"].tolist() == ["reference", "", ""]
    assert compare_groups(DEATHS.head(0), "state", "race", "a").empty
    with pytest.raises(ValueError, match="found state X, race a again"):
        compare_groups(pd.concat([DEATHS, DEATHS.head(1)]), "state", "race", "a")


def test_why_healthequal_prints_another_logit_slope():
    """WHO's healthequal weights groups by population twice: its 31.618 is not its model's 31.679.

    R/sii.R and R/rii.R pass `cbind(y, ny)`, rounded, and `weights = pop` to glm, so that each group's weight is the
    square of its population. With each group's population once, as documented there, the slope is ours.
    """
    ours = measured(BIRTHS, order="quintile", higher_is_better=True, model="logit", ceiling=100)["value"]
    people = np.ceil(BIRTHS["population"])
    counted = np.round(BIRTHS["value"] / 100 * people) / people

    def slope(share, size, weight):
        rank = (np.cumsum(size) - size / 2) / size.sum()
        fit = sm.GLM(share, sm.add_constant(rank), sm.families.Binomial(), var_weights=weight).fit(tol=1e-13)
        high, low = fit.predict([[1, 1], [1, 0]])
        return 100 * (high - low), high / low

    theirs = slope(counted, people, people**2 / people.mean() ** 2)
    assert round(theirs[0], 3) == 31.618
    plain = slope(BIRTHS["value"] / 100, BIRTHS["population"], BIRTHS["population"] / BIRTHS["population"].mean())
    assert round(plain[0], 3) == 31.679
    assert ours["slope_index_of_inequality"] == pytest.approx(plain[0], rel=1e-9)
    assert ours["relative_index_of_inequality"] == pytest.approx(plain[1], rel=1e-9)
