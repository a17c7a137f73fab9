"""Acceptability, losses and the value of information, against definitions, closed forms and a second route."""

import inspect

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

import epi.economics as economics
from epi.economics.partial_information import evppi_nested
from epi.economics.smoothers import gaussian_process, spline

DRAWS = 20_000
GRID = np.linspace(0, 100, 21)


def gain(mean, sd):
    """Give the expected value of a free choice between nothing and a normal net benefit, over the better of the two."""
    return mean * norm.cdf(mean / sd) + sd * norm.pdf(mean / sd) - max(mean, 0)


@pytest.fixture(scope="module")
def linear():
    """Net benefit .3 + a + 2 e + .5 b c of a strategy against none; d does nothing, f never varies."""
    random = np.random.default_rng(8)
    drawn = pd.DataFrame(random.normal(size=(DRAWS, 5)), columns=list("abcde")).assign(f=1.0)
    effects = pd.DataFrame({"none": 0.0, "nsp": 0.3 + drawn["a"] + 2 * drawn["e"] + drawn["b"] * drawn["c"] / 2})
    return effects * 0, effects, drawn


def some_draws(seed=3, draws=400, strategies=4):
    """Give whole-number costs and effects, so that ties are common."""
    random = np.random.default_rng(seed)
    names = [f"s{number}" for number in range(strategies)]
    costs = pd.DataFrame(random.integers(0, 6, (draws, strategies)).astype(float), columns=names)
    return costs, pd.DataFrame(random.integers(0, 4, (draws, strategies)).astype(float), columns=names)


def test_signatures_and_columns_are_those_of_the_design():
    """The four calls of the design have its arguments, first and in order, and its columns."""
    wanted = {
        "incremental_analysis": ["frame", "strategy", "cost", "effect"],
        "acceptability": ["costs", "effects", "willingness_to_pay"],
        "evpi": ["costs", "effects", "willingness_to_pay"],
        "evppi": ["costs", "effects", "parameters", "of", "willingness_to_pay"],
    }
    for name, arguments in wanted.items():
        assert list(inspect.signature(getattr(economics, name)).parameters)[: len(arguments)] == arguments
    costs, effects = some_draws()
    columns = ["willingness_to_pay", "strategy", "probability_optimal", "on_frontier", "expected_loss"]
    assert list(economics.acceptability(costs, effects, GRID).columns) == columns
    assert list(economics.evpi(costs, effects, GRID).columns) == ["willingness_to_pay", "evpi"]
    partial = economics.evppi(costs, effects, effects, "s0", GRID, method="bins")
    assert list(partial.columns) == ["willingness_to_pay", "evppi", "standard_error"]


def test_acceptability_is_its_definition_with_ties_to_the_first():
    """Probability, frontier and loss are those of a loop over draws in which the first of equal strategies wins."""
    costs, effects = some_draws()
    result = economics.acceptability(costs, effects, GRID).set_index(["willingness_to_pay", "strategy"])
    for value in GRID:
        benefit = value * effects - costs
        wins = benefit.idxmax(axis=1).value_counts(normalize=True).reindex(costs.columns, fill_value=0.0)
        part = result.loc[value]
        assert part["probability_optimal"].to_numpy() == pytest.approx(wins.to_numpy())
        loss = benefit.max(axis=1).to_numpy()[:, None] - benefit
        assert part["expected_loss"].to_numpy() == pytest.approx(loss.mean().to_numpy())
        assert part.index[part["on_frontier"]].tolist() == [benefit.mean().idxmax()]


def test_two_runs_and_two_orders_agree():
    """The same draws give the same curve twice; a duplicate strategy never takes a draw from the first."""
    costs, effects = some_draws()
    first = economics.acceptability(costs, effects, GRID)
    pd.testing.assert_frame_equal(first, economics.acceptability(costs, effects, GRID))
    doubled = [frame.assign(copy=frame["s0"]) for frame in (costs, effects)]
    again = economics.acceptability(*doubled, GRID)
    assert (again.loc[again["strategy"] == "copy", "probability_optimal"] == 0).all()
    assert not again.loc[again["strategy"] == "copy", "on_frontier"].any()
    same = again[again["strategy"] != "copy"].reset_index(drop=True)
    pd.testing.assert_frame_equal(same, first)
    shuffled = economics.acceptability(costs, effects[effects.columns[::-1]], GRID)
    pd.testing.assert_frame_equal(shuffled, first)


@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_losses_and_perfect_information_agree(seed, strategies, draws):
    """Perfect information is worth the lowest loss, which is the frontier's; E max - max E; probabilities add to 1."""
    costs, effects = some_draws(seed, draws, strategies)
    curves = economics.acceptability(costs, effects, GRID)
    worth = economics.evpi(costs, effects, GRID)["evpi"].to_numpy()
    by_value = curves.groupby("willingness_to_pay")
    assert worth == pytest.approx(by_value["expected_loss"].min().to_numpy(), abs=1e-12)
    assert worth == pytest.approx(curves.loc[curves["on_frontier"], "expected_loss"].to_numpy(), abs=1e-12)
    assert by_value["probability_optimal"].sum().to_numpy() == pytest.approx(1)
    direct = [(v * effects - costs).max(axis=1).mean() - (v * effects - costs).mean().max() for v in GRID]
    assert worth == pytest.approx(direct, abs=1e-9)
    assert (worth >= 0).all()


def test_certainty_is_worth_nothing_exactly():
    """One strategy, one draw, or a strategy best in all draws: perfect information is worth exactly 0."""
    costs, effects = some_draws()
    assert (economics.evpi(costs[["s0"]], effects[["s0"]], GRID)["evpi"] == 0).all()
    assert (economics.evpi(costs[:1], effects[:1], GRID)["evpi"] == 0).all()
    best = effects.assign(best=effects.max(axis=1) + 0.1)
    assert (economics.evpi(costs.assign(best=-0.1), best, GRID)["evpi"] == 0).all()


def test_net_benefits():
    """Net monetary benefit is the threshold times net health benefit; a threshold of 0 has no health equivalent."""
    costs, effects = some_draws()
    money, health = (
        function(costs, effects, 50.0) for function in (economics.net_monetary_benefit, economics.net_health_benefit)
    )
    assert (money / 50).to_numpy() == pytest.approx(health.to_numpy())
    with pytest.raises(ValueError, match="expected above 0 for a net health benefit, found 0"):
        economics.net_health_benefit(costs, effects, 0)


@pytest.mark.parametrize(("method", "bound"), [("spline", 3.5), ("gp", 3.5), ("bins", 3.5)])
@pytest.mark.parametrize(("of", "sd"), [("a", 1.0), ("e", 2.0)])
def test_partial_information_has_its_closed_form(linear, of, sd, method, bound):
    """For a sum of normal terms knowing one of them is worth the closed form, within the stated standard error."""
    found = economics.evppi(*linear, of, 1, method=method).loc[0]
    assert abs(found["evppi"] - gain(0.3, sd)) < bound * found["standard_error"]
    assert found["standard_error"] < 0.015


@pytest.mark.parametrize("method", ["spline", "gp"])
def test_parameters_known_together(linear, method):
    """Two terms known together are worth the closed form of their sum; all that matters is worth all information."""
    both = economics.evppi(*linear, ["a", "e"], 1, method=method).loc[0]
    assert abs(both["evppi"] - gain(0.3, 5**0.5)) < 3 * both["standard_error"]
    everything = economics.evppi(*linear, ["a", "b", "c", "e"], 1, method=method)["evppi"][0]
    assert everything == pytest.approx(economics.evpi(*linear[:2], 1)["evpi"][0], rel=0.01)


def test_partial_information_responds_to_the_parameter(linear):
    """A parameter without effect, or alone in a product, is worth next to nothing; one that never varies exactly 0."""
    worth = {of: economics.evppi(*linear, of, 1)["evppi"][0] for of in "abcdef"}
    assert worth["e"] > worth["a"] > 0.2
    assert max(worth[of] for of in "bcd") < 0.01
    assert worth["f"] == 0
    product = economics.evppi(*linear, ["b", "c"], 1)["evppi"][0]
    assert product > 5 * max(worth["b"], worth["c"], 0.002)


def test_partial_information_of_three_strategies_by_brute_force():
    """With three strategies and a discrete parameter, the value is that of averaging within each of its values."""
    random = np.random.default_rng(4)
    known = pd.DataFrame({"x": random.integers(0, 3, 3_000), "y": random.normal(size=3_000)})
    effects = pd.DataFrame({"none": 0.0, "nsp": known["x"] - 0.9 + known["y"], "oat": 1.3 * known["x"] - 1.2})
    costs = pd.DataFrame({"none": 0.0, "nsp": 1.0 + known["x"], "oat": 1.5}, index=known.index)
    for value in (0.5, 2.0, 6.0):
        benefit = value * effects - costs
        inside = benefit.groupby(known["x"]).mean()
        direct = (inside.max(axis=1) * known["x"].value_counts(normalize=True)).sum() - benefit.mean().max()
        for method in ("spline", "bins"):
            found = economics.evppi(costs, effects, known, "x", value, method=method)["evppi"][0]
            assert found == pytest.approx(direct, abs=1e-9)


def test_bootstrap_and_formula_agree(linear):
    """The standard error from the formula is near that of resampled draws, and near the scatter over new samples."""
    costs, effects, drawn = (frame[:500] for frame in linear)
    by_formula = economics.evppi(costs, effects, drawn, "e", 1)["standard_error"][0]
    resampled = economics.evppi(costs, effects, drawn, "e", 1, bootstrap=60)["standard_error"][0]
    parts = [slice(start, start + 500) for start in range(0, DRAWS, 500)]
    scatter = np.std([economics.evppi(*(f[p] for f in linear), "e", 1)["evppi"][0] for p in parts], ddof=1)
    assert by_formula == pytest.approx(resampled, rel=0.35)
    assert by_formula == pytest.approx(scatter, rel=0.35)


def test_noise_that_strategies_share_does_not_blur_the_value():
    """The standard error is of the difference between choices: noise common to the strategies chosen among cancels."""
    random = np.random.default_rng(9)
    drawn = pd.DataFrame({"x": random.normal(size=4_000)})
    shared = pd.Series(1_000 + 100 * random.normal(size=4_000))
    effects = pd.DataFrame({"none": 0.0, "nsp": shared + drawn["x"], "oat": shared})
    found = economics.evppi(effects * 0, effects, drawn, "x", 1).loc[0]
    assert found["standard_error"] < 2 / 4_000**0.5
    assert abs(found["evppi"] - gain(0, 1)) < 3 * found["standard_error"]


def test_nested_runs_agree_with_the_regression():
    """Running the model again for each answer gives the value that the regression gives."""
    table = pd.DataFrame(
        [("x", "normal", 0.2, -1.76, 2.16), ("y", "normal", 0.0, -1.96, 1.96)],
        columns=["parameter_id", "distribution", "mean", "lower", "upper"],
    )

    def run(draws):
        effects = pd.DataFrame({"none": 0.0, "nsp": draws["x"] * (1 + draws["y"] / 4)})
        return effects * 0, effects

    nested = evppi_nested(run, table, "x", 1, outer=1_500, inner=200).loc[0]
    assert abs(nested["evppi"] - gain(0.2, 1.0)) < 3 * nested["standard_error"]
    with pytest.raises(ValueError, match=r"expected names of parameters, found \['z'\]"):
        evppi_nested(run, table, "z", 1, 10, 10)


def test_smoothers_find_the_curve_in_the_noise():
    """Spline and Gaussian process of two parameters come near a curved surface that noise hides."""
    random = np.random.default_rng(2)
    x = random.normal(size=(4_000, 2))
    truth = np.column_stack([np.sin(x[:, 0]) + x[:, 0] * x[:, 1], np.exp(x[:, 1] / 2)])
    seen = truth + random.normal(size=truth.shape)
    for smoother in (spline, gaussian_process):
        assert np.sqrt(((smoother(x, seen) - truth) ** 2).mean()) < 0.15


@pytest.mark.parametrize("size", [1, 4, 25])
def test_sample_information_of_a_normal_mean(size):
    """A sample of n explains n / (n + 1) of the variance of a normal mean: regression and moment matching say so."""
    random = np.random.default_rng(size)
    x, sd_after = random.normal(size=10_000), (1 / (1 + size)) ** 0.5
    explained = (size / (1 + size)) ** 0.5
    effects = pd.DataFrame({"none": 0.0, "nsp": 0.2 + x})
    study = pd.DataFrame({"mean": x + random.normal(size=10_000) / size**0.5})
    found = economics.evsi(effects * 0, effects, study, [1, 3]).set_index("willingness_to_pay")
    assert abs(found.loc[1, "evsi"] - gain(0.2, explained)) < 3 * found.loc[1, "standard_error"]
    assert found.loc[3, "evsi"] == pytest.approx(3 * found.loc[1, "evsi"])
    after = []
    for mean in norm.ppf((np.arange(30) + 0.5) / 30) * explained:
        posterior = pd.DataFrame({"none": 0.0, "nsp": 0.2 + mean + sd_after * random.normal(size=1_000)})
        after.append((posterior * 0, posterior))
    known = pd.DataFrame({"x": x})
    matched = economics.evsi_moment_matching(effects * 0, effects, known, "x", after, [1])["evsi"][0]
    assert matched == pytest.approx(gain(0.2, explained), abs=0.03)


def test_moment_matching_with_three_strategies():
    """With posteriors that leave nothing unknown, a study is worth partial information; with today's, nothing."""
    random = np.random.default_rng(5)
    known = pd.DataFrame(random.normal(size=(6_000, 2)), columns=["x", "y"])
    effects = pd.DataFrame({"none": 0.0, "nsp": known["x"], "oat": known["y"] - 0.2})
    certain = [(frame * 0, frame * 0 + frame.to_numpy()[0]) for frame in [effects[:50]]]
    full = economics.evsi_moment_matching(effects * 0, effects, known, ["x", "y"], certain, 1)["evsi"][0]
    assert full == pytest.approx(economics.evppi(effects * 0, effects, known, ["x", "y"], 1)["evppi"][0], rel=0.01)
    none = economics.evsi_moment_matching(effects * 0, effects, known, "x", [(effects * 0, effects)], 1)["evsi"][0]
    assert none == pytest.approx(0, abs=1e-6)


def test_study_worth_and_population():
    """People of later years count less; no study is best where none is worth its cost; late answers serve fewer."""
    assert economics.effective_population(100, 3, 0.0) == 300
    assert economics.effective_population([100, 200], 2, 0.05) == pytest.approx(100 + 200 / 1.05)
    assert economics.effective_population(100, 3, 0.0, first_year=2) == 100
    table = economics.enbs([1.0, 2.0], 10, [50, 60])
    assert table["enbs"].tolist() == [-40, -40]
    assert not table["is_best"].any()
    assert economics.enbs([10.0, 10.0], 10, 50)["is_best"].tolist() == [True, False]
    with pytest.raises(ValueError, match="finite numbers of 0 or more, found"):
        economics.enbs([np.nan], 10, 50)
    with pytest.raises(ValueError, match="expected 1 or 3 numbers, found 2"):
        economics.effective_population([1, 2], 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda c, e: (c.assign(s0=c["s0"].where(c.index != 7)), e),
            "costs: expected a finite value in every draw; found nan for s0 in draw 7",
        ),
        (lambda c, e: (c, e.drop(columns="s1")), "expected the same strategies, each once"),
        (lambda c, e: (c, e[:-1]), "expected the same draws in the same order; found 400 and 399"),
        (lambda c, e: (c[:0], e[:0]), "at least one strategy and one draw; found 4 and 0"),
    ],
)
def test_unfit_draws_are_refused(change, message):
    """Missing values, other strategies, other draws and none are refused with what was found."""
    costs, effects = change(*some_draws())
    for function in (economics.acceptability, economics.evpi):
        with pytest.raises(ValueError, match=message):
            function(costs, effects, GRID)


def test_unfit_requests_are_refused():
    """Negative thresholds, unknown parameters and methods, several parameters in bins and too few draws are refused."""
    costs, effects = some_draws()
    drawn = pd.DataFrame(np.random.default_rng(1).normal(size=(400, 2)), columns=["x", "y"])
    with pytest.raises(ValueError, match="finite values of 0 or more, found -1"):
        economics.evpi(costs, effects, [1, -1])
    with pytest.raises(ValueError, match=r"expected names of parameters, found \['z'\]. There are \['x', 'y'\]"):
        economics.evppi(costs, effects, drawn, "z", 1)
    with pytest.raises(ValueError, match="method must be one of spline, gp, bins"):
        economics.evppi(costs, effects, drawn, "x", 1, method="gam")
    with pytest.raises(ValueError, match="bins: expected one parameter, found 2"):
        economics.evppi(costs, effects, drawn, ["x", "y"], 1, method="bins")
    with pytest.raises(ValueError, match="expected at least 140 draws for 2 parameters, found 50"):
        economics.evppi(costs[:50], effects[:50], drawn[:50], ["x", "y"], 1)
    with pytest.raises(ValueError, match="expected the draws of the costs"):
        economics.evppi(costs, effects, drawn[:300], "x", 1)
    with pytest.raises(ValueError, match="expected finite values, found nan for x"):
        economics.evppi(costs, effects, drawn.assign(x=drawn["x"].where(drawn.index != 3)), "x", 1)
