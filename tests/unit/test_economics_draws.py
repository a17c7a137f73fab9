"""`epi.economics.draws`: stated figures come back, and a parameter's draws depend on nothing but itself."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from epi.economics.draws import fitted, mean_values, sample, uniforms

COLUMNS = ["parameter_id", "distribution", "mean", "lower", "upper"]
# Relative risk of HCV with OAT and with NSP (Platt, Cochrane), HIV with OAT (PMC3489107), utility in active injection
# (PMC5034732), excess mortality in treatment (PMC8014209), as the evidence table of the project states them.
STATED = pd.DataFrame(
    [
        ("oat_hcv_rr", "lognormal", 0.50, 0.40, 0.63),
        ("nsp_hcv_rr", "lognormal", 0.79, 0.39, 1.61),
        ("oat_hiv_rr", "lognormal", 0.46, 0.32, 0.67),
        ("utility_injecting", "beta", 0.574, 0.538, 0.611),
        ("smr", "normal", 14.68, 13.01, 16.35),
        ("pwid_mortality", "gamma", 2.35, 2.12, 2.58),
        ("drug_check", "uniform", 474.0, 374.0, 574.0),
        ("behaviour", "triangular", 0.5, 0.2, 0.8),
        ("cost", "fixed", 1.8e6, np.nan, np.nan),
    ],
    columns=COLUMNS,
)


def one(distribution="beta", mean=0.2, lower=0.1, upper=0.3, **more):
    """Give a table of one parameter."""
    row = {"parameter_id": "p", "distribution": distribution, "mean": mean, "lower": lower, "upper": upper}
    return pd.DataFrame([row | more])


@pytest.mark.parametrize("name", STATED["parameter_id"][:6])
def test_stated_interval_comes_back(name):
    """Mean or median and both limits of the draws are those stated, within 2 % of the interval's width."""
    drawn, row = sample(STATED, 40_000)[name], STATED.set_index("parameter_id").loc[name]
    centre = drawn.median() if row["distribution"] == "lognormal" else drawn.mean()
    got = np.array([centre, *drawn.quantile([0.025, 0.975])])
    assert np.abs(got - row[["mean", "lower", "upper"]].astype(float)).max() < 0.02 * (row["upper"] - row["lower"])


def test_ends_of_uniform_and_triangular_are_the_limits():
    """Uniform and triangular draws stay inside their limits and come near them; a fixed parameter never varies."""
    drawn = sample(STATED, 20_000)
    assert drawn["drug_check"].min() >= 374
    assert drawn["drug_check"].max() <= 574
    assert drawn["drug_check"].max() - drawn["drug_check"].min() > 199.8
    assert drawn["behaviour"].between(0.2, 0.8).all()
    assert drawn["behaviour"].mean() == pytest.approx(0.5, abs=0.003)
    assert (drawn["cost"] == 1.8e6).all()


@pytest.mark.parametrize(
    ("row", "distribution"),
    [
        (one("beta"), "beta"),
        (one("gamma", 120.0, 60.0, 200.0), "gamma"),
        (one("normal", -1.0, -3.0, 1.0), "norm"),
        (one("lognormal", 2.0, 1.0, 4.0), "lognorm"),
        (one("triangular", 0.4, 0.1, 0.9, centre="mode"), "triang"),
        (one("uniform", 0.4, 0.1, 0.9), "uniform"),
    ],
)
def test_draws_have_the_distribution_named(row, distribution):
    """Draws of every kind follow scipy's distribution of that name with the constants the rule gives."""
    lower, upper = row.loc[0, "lower"], row.loc[0, "upper"]
    sd = (upper - lower) / (2 * stats.norm.ppf(0.975))
    drawn = sample(row, 5_000)["p"]
    mean = fitted(row).loc["p", "fitted_mean"]
    frozen = {
        "beta": lambda: stats.beta(*_beta(0.2, 0.2)),
        "gamma": lambda: stats.gamma(drawn.mean() ** 2 / drawn.var(), scale=drawn.var() / drawn.mean()),
        "norm": lambda: stats.norm(-1, sd),
        "lognorm": lambda: stats.lognorm(np.log(4) / (2 * stats.norm.ppf(0.975)), scale=2),
        "triang": lambda: stats.triang((0.4 - 0.1) / 0.8, 0.1, 0.8),
        "uniform": lambda: stats.uniform(0.1, 0.8),
    }[distribution]()
    assert stats.kstest(drawn, frozen.cdf).pvalue > 0.01
    assert frozen.mean() == pytest.approx(mean, rel=0.02)


def _beta(mean, width):
    """Find the beta distribution with a mean and a width of its interval by plain search."""
    concentrations = np.linspace(10, 200, 100_000)
    widths = stats.beta(concentrations * mean, concentrations * (1 - mean)).ppf([[0.025], [0.975]])
    best = concentrations[np.abs(widths[1] - widths[0] - width).argmin()]
    return best * mean, best * (1 - mean)


@pytest.mark.parametrize(
    "row", [one("beta", 0.05, 0.005, 0.16), one("beta", 0.9, 0.7, 0.99), one("gamma", 3.0, 0.4, 9.0)]
)
def test_skewed_intervals_keep_mean_and_width(row):
    """Also far from the normal, a beta or gamma has the stated mean and an interval exactly as wide as stated."""
    found = fitted(row).loc["p"]
    assert found["fitted_mean"] == pytest.approx(row.loc[0, "mean"])
    width = row.loc[0, "upper"] - row.loc[0, "lower"]
    assert found["fitted_upper"] - found["fitted_lower"] == pytest.approx(width, rel=1e-6)


def test_lognormal_mean_may_be_meant():
    """With centre `mean` the average of a log-normal's draws is the stated figure; else their median is."""
    wide = one("lognormal", 0.79, 0.39, 1.61)
    assert sample(wide, 100_000)["p"].median() == pytest.approx(0.79, rel=0.005)
    meant = wide.assign(centre="mean")
    assert sample(meant, 100_000)["p"].mean() == pytest.approx(0.79, rel=0.005)
    assert fitted(meant).loc["p", "fitted_mean"] == pytest.approx(0.79)


def test_exact_shapes_are_used():
    """Shapes given are drawn from as they are; limits may then be missing, and the mean comes from them."""
    rows = pd.DataFrame(
        [
            ("b", "beta", None, None, None, 14, 486),
            ("g", "gamma", None, None, None, 4, 250.0),
            ("l", "lognormal", None, None, None, np.log(2), 0.3),
            ("n", "normal", None, None, None, -1.0, 2.0),
        ],
        columns=[*COLUMNS, "shape_1", "shape_2"],
    )
    assert mean_values(rows).round(6).to_dict() == {"b": 0.028, "g": 1000.0, "l": 2.0, "n": -1.0}
    drawn = sample(rows, 50_000)
    assert drawn["b"].quantile(0.9) == pytest.approx(stats.beta(14, 486).ppf(0.9), rel=0.01)
    assert drawn["g"].std() == pytest.approx(500, rel=0.02)
    assert np.log(drawn["l"]).std() == pytest.approx(0.3, rel=0.02)
    assert drawn["n"].std() == pytest.approx(2, rel=0.02)


def test_dirichlet_shares_add_up_to_one():
    """Shares of one group add up to 1 in every draw, have the stated means, and spread as counts say."""
    rows = pd.DataFrame(
        {
            "parameter_id": ["f0", "f1", "f2"],
            "distribution": "dirichlet",
            "mean": [0.5, 0.3, 0.2],
            "lower": np.nan,
            "upper": np.nan,
            "shape_1": [50, 30, 20],
            "group": "stage",
        }
    )
    drawn = sample(rows, 20_000)
    assert drawn.sum(axis=1).to_numpy() == pytest.approx(1)
    assert drawn.mean().to_numpy() == pytest.approx([0.5, 0.3, 0.2], abs=0.002)
    assert drawn["f0"].std() == pytest.approx(np.sqrt(0.25 / 101), rel=0.02)
    low, high = stats.beta([50, 30, 20], [50, 70, 80]).ppf([[0.025], [0.975]])
    from_limits = rows.drop(columns="shape_1").assign(lower=low, upper=high)
    assert fitted(from_limits)["fitted_upper"].to_numpy() == pytest.approx(high, rel=1e-3)
    assert sample(from_limits, 20_000)["f0"].std() == pytest.approx(np.sqrt(0.25 / 101), rel=0.02)


@given(st.permutations(range(len(STATED))), st.integers(1, len(STATED)), st.integers(1, 50))
@settings(max_examples=30, deadline=None)
def test_draws_do_not_depend_on_the_company(order, kept, draws):
    """Any selection of parameters in any order, and any shorter run, has the same draws of each."""
    part = STATED.iloc[order[:kept]]
    everything = sample(STATED, 60, seed=5)
    pd.testing.assert_frame_equal(sample(part, draws, seed=5), everything.loc[: draws - 1, part["parameter_id"]])


def test_other_seeds_and_names_are_independent():
    """Another seed or another id gives uncorrelated numbers; the first number of a stream is pinned for all times."""
    streams = np.array([uniforms(name, 20_000, seed) for seed in (1, 2) for name in ("a", "b", "ab")])
    assert np.abs(np.corrcoef(streams) - np.eye(6)).max() < 0.03
    assert stats.kstest(streams.ravel(), "uniform").pvalue > 0.01
    assert uniforms("oat_rr", 2, 20240101) == pytest.approx([0.6368906096227323, 0.48608672452091856], abs=1e-15)


def test_ranks_survive_new_figures():
    """A parameter whose published figures change keeps the order of its draws."""
    before, after = (sample(one(mean=m, lower=m - 0.1, upper=m + 0.1), 500)["p"] for m in (0.2, 0.4))
    assert (before.rank() == after.rank()).all()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (one("weibull"), "expected one of fixed, beta.*found distribution weibull"),
        (one(lower=np.nan), "expected a lower limit, or shapes; found lower nan"),
        (one(upper=None), "expected an upper limit"),
        (one(mean=1.2, upper=1.3), "mean inside the distribution's support; found mean 1.2"),
        (one("gamma", -1.0, -2.0, 3.0), "mean inside the distribution's support"),
        (one("lognormal", 0.5, 0.0, 1.0), "lower limit in the support"),
        (one(upper=1.2), "upper limit in the support"),
        (one(mean=0.5), "mean between its limits; found mean 0.5"),
        (one(lower=0.3, upper=0.1), "lower below upper"),
        (one(mean=np.nan), "expected a finite mean"),
        (one("triangular", 0.12), "triangle between the limits"),
        (one(centre="mode"), "a centre that its distribution has; found centre mode"),
        (one(shape_1=2.0, shape_2=2.0), "agrees with the shapes within 5 %; found mean 0.2"),
        (one(shape_1=-2.0, shape_2=2.0), "a shape above 0; found shape_1 -2"),
        (one("dirichlet"), "expected a group"),
        (one("dirichlet", group="g"), "two or more rows in a group"),
        (pd.concat([one(), one()]), "each parameter_id once; found parameter_id p"),
        (one().drop(columns="upper"), r"found none named \['upper'\]"),
    ],
)
def test_contradictions_are_refused(table, message):
    """What cannot be drawn from is refused: the message names the parameter, what was expected and what was found."""
    with pytest.raises(ValueError, match=message):
        sample(table, 10)


def test_shares_that_do_not_add_up_are_refused():
    """Dirichlet means must add up to 1, and counts be given for all rows of a group or for none."""
    two = pd.concat([one("dirichlet", group="g"), one("dirichlet", group="g").assign(parameter_id="q")])
    with pytest.raises(ValueError, match="means that add up to 1"):
        sample(two, 10)
    half = two.assign(mean=0.5, upper=0.9, shape_1=[5, np.nan])
    with pytest.raises(ValueError, match="shape_1 in all rows of a group or in none"):
        sample(half, 10)


def test_no_draws_are_refused():
    """A run needs at least one draw."""
    with pytest.raises(ValueError, match="expected at least 1, found 0"):
        sample(STATED, 0)
