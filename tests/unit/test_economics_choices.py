"""Budgets, equality and sensitivity: against brute force, limits and exact values."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import epi.economics as economics

# Mean health of five groups in order of deprivation, and their people; invented for these tests.
HEALTH, PEOPLE = np.array([61.0, 65.0, 68.0, 71.0, 75.0]), np.array([3.0, 2.0, 2.0, 2.0, 1.0])


def options(*rows):
    """Give a frame of options from (intervention, level, cost, effect)."""
    return pd.DataFrame(rows, columns=["intervention", "level", "cost", "effect"])


def by_enumeration(table, budget):
    """Give effect and cost of the best choice by trying every combination."""
    sets = [
        [(0.0, 0.0), *part[["cost", "effect"]].itertuples(index=False)] for _, part in table.groupby("intervention")
    ]
    affordable = [combo for combo in product(*sets) if sum(c for c, _ in combo) <= budget * (1 + 1e-12)]
    return max((sum(e for _, e in combo), -sum(c for c, _ in combo)) for combo in affordable)


whole = st.integers(-3, 9)


@given(st.lists(st.tuples(st.integers(0, 4), whole, whole), min_size=1, max_size=9), st.integers(0, 25))
@settings(max_examples=200, deadline=None)
def test_the_best_budget_is_that_of_trying_everything(rows, budget):
    """The plan gains what the best of all combinations gains, at its lowest cost, and never more than its bound."""
    table = options(*((f"i{i}", f"l{row}", c, e) for row, (i, c, e) in enumerate(rows)))
    plan = economics.optimise_budget(table, budget)
    assert (plan.effect, -plan.cost) == pytest.approx(by_enumeration(table, budget))
    assert plan.cost <= budget
    assert plan.bound >= plan.effect
    assert plan.chosen["effect"].sum() == pytest.approx(plan.effect)
    assert plan.shadow_price >= 0
    richer = economics.optimise_budget(table, budget + 1)
    assert richer.bound <= plan.bound + plan.shadow_price + 1e-7
    assert richer.effect >= plan.effect


def test_the_shadow_price_is_the_slope_of_the_bound():
    """A little more money raises the bound by the shadow price times it, in any unit of money; idle money by 0."""
    for unit in (1e-6, 1.0, 1e6):
        table = options(("a", "1", 4 * unit, 10), ("a", "2", 9 * unit, 14), ("b", "1", 6 * unit, 13))
        plan = economics.optimise_budget(table, 7 * unit)
        more = economics.optimise_budget(table, 7.01 * unit)
        assert plan.shadow_price * unit == pytest.approx(13 / 6)
        assert (more.bound - plan.bound) / (0.01 * unit) == pytest.approx(plan.shadow_price)
        assert economics.optimise_budget(table, 90 * unit).shadow_price == 0


def test_eight_interventions_with_five_levels():
    """The largest case (1.7 million combinations) is exact: as good as dynamic programming over whole costs."""
    random = np.random.default_rng(6)
    rows = [(f"i{i}", f"l{k}", float(random.integers(1, 30)), random.gamma(3)) for i in range(8) for k in range(5)]
    table, budget = options(*rows), 70
    best = np.zeros(budget + 1)
    for _, part in table.groupby("intervention"):
        before = best.copy()
        for _, cost, effect in part[["level", "cost", "effect"]].itertuples(index=False):
            step = int(cost)
            best[step:] = np.maximum(best[step:], before[: budget + 1 - step] + effect)
    assert economics.optimise_budget(table, budget).effect == pytest.approx(best[-1])


def test_ties_in_budgets_go_to_the_cheapest_then_the_first():
    """Of equally good choices the cheapest is taken, then the first given; what gains nothing is not funded."""
    plan = economics.optimise_budget(options(("a", "1", 5, 3), ("b", "1", 4, 3), ("c", "1", 4, 3), ("d", "1", 0, 0)), 5)
    assert plan.chosen["level"].tolist() == ["none", "1", "none", "none"]
    assert plan.cost == 4
    assert economics.optimise_budget(options(("a", "1", 1, -2)), 5).chosen["level"].tolist() == ["none"]
    assert economics.optimise_budget(options(("a", "1", 1, 2)), 0).effect == 0
    tenths = options(("a", "1", 0.1, 1), ("b", "1", 0.2, 1))
    assert economics.optimise_budget(tenths, 0.3).effect == 2
    saving = economics.optimise_budget(options(("a", "1", -4, 1), ("b", "1", 4, 5)), 0)
    assert (saving.cost, saving.effect) == (0, 6)


def test_funding_over_draws():
    """Probabilities are the shares of draws whose own best plan has the level, and add up to 1 per intervention."""
    random = np.random.default_rng(2)
    names = pd.MultiIndex.from_product([["nsp", "oat", "naloxone"], ["low", "high"]])
    costs = pd.DataFrame(random.gamma(4, [1, 2, 2, 4, 0.5, 1], (60, 6)), columns=names)
    effects = pd.DataFrame(random.gamma(4, [1, 1.5, 2, 3, 1, 1.2], (60, 6)), columns=names)
    result = economics.funding_probability(costs, effects, 14)
    assert result.groupby("intervention")["probability_funded"].sum().to_numpy() == pytest.approx(1)
    assert result.groupby("intervention")["is_chosen"].sum().tolist() == [1, 1, 1]
    counts = dict.fromkeys(zip(result["intervention"], result["level"], strict=True), 0)
    for draw in range(60):
        table = pd.DataFrame(names.to_list(), columns=["intervention", "level"])
        table = table.assign(cost=costs.loc[draw].to_numpy(), effect=effects.loc[draw].to_numpy())
        chosen = economics.optimise_budget(table, 14).chosen
        for key in zip(chosen["intervention"], chosen["level"], strict=True):
            counts[key] += 1
    assert result["probability_funded"].to_numpy() * 60 == pytest.approx(list(counts.values()))


def test_portfolios_with_interactions():
    """Of affordable portfolios the one with most effect is best in a draw; unaffordable in all draws means never."""
    costs = pd.DataFrame({"none": 0.0, "nsp": [4.0, 4, 4], "both": [9.0, 11, 9], "all": 99.0})
    effects = pd.DataFrame({"none": 0.0, "nsp": [5.0, 5, 5], "both": [8.0, 9, 4], "all": 99.0})
    result = economics.best_portfolio(costs, effects, 10).set_index("portfolio")
    assert result["probability_best"].to_dict() == pytest.approx({"none": 0, "nsp": 2 / 3, "both": 1 / 3, "all": 0})
    assert result.loc["both", "probability_affordable"] == pytest.approx(2 / 3)
    assert result.index[result["is_chosen"]].tolist() == ["both"]
    assert economics.best_portfolio(costs + 1, effects, 0)["probability_best"].sum() == 0


@pytest.mark.parametrize(
    ("table", "budget", "message"),
    [
        (options(("a", "1", 1, 1)), -1, "budget: expected a finite amount of 0 or more, found -1"),
        (options(("a", "1", np.nan, 1)), 1, "expected finite costs and effects"),
        (options(("a", "1", 1, 1), ("a", "1", 1, 1)), 1, "each level once"),
        (options(("a", "none", 1, 1)), 1, "none called `none`"),
        (options(("a", "1", 1, 1)).drop(columns="cost"), 1, r"found \['cost'\] missing"),
        (options(*((f"i{i}", k, 1, 1) for i in range(40) for k in "ab")), 1, "few enough to be exact"),
    ],
)
def test_unfit_budgets_are_refused(table, budget, message):
    """Impossible budgets and options are refused, and so are more options than can be tried exactly."""
    with pytest.raises(ValueError, match=message):
        economics.optimise_budget(table, budget)


def test_atkinson_is_a_power_mean():
    """Aversion 0, 1 and 2 give the arithmetic, geometric, harmonic mean; near 1 there is no step; last the minimum."""
    share = PEOPLE / PEOPLE.sum()
    ede = [
        float(economics.equally_distributed_equivalent(HEALTH, PEOPLE, e)) for e in (0, 1, 2, 1 - 1e-7, 1 + 1e-7, 5e3)
    ]
    expected = [share @ HEALTH, np.exp(share @ np.log(HEALTH)), 1 / (share @ (1 / HEALTH))]
    assert ede[:3] == pytest.approx(expected)
    assert ede[3:5] == pytest.approx([expected[1]] * 2, rel=1e-6)
    assert ede[5] == pytest.approx(61, rel=1e-3)
    assert stats.gmean(HEALTH, weights=PEOPLE) == pytest.approx(ede[1])


def test_kolm_looks_at_differences():
    """Kolm's index moves with a constant added to all, Atkinson's with a factor; limits are mean and minimum."""
    kolm = [float(economics.equally_distributed_equivalent(HEALTH, PEOPLE, a, "kolm")) for a in (1e-9, 0.1, 50)]
    assert kolm[0] == pytest.approx(PEOPLE @ HEALTH / PEOPLE.sum(), rel=1e-6)
    assert kolm[2] == pytest.approx(61, abs=0.05)
    shifted = economics.equally_distributed_equivalent(HEALTH + 5, PEOPLE, 0.1, "kolm")
    assert shifted == pytest.approx(kolm[1] + 5)
    scaled = economics.equally_distributed_equivalent(HEALTH * 3, PEOPLE, 4)
    assert scaled == pytest.approx(3 * economics.equally_distributed_equivalent(HEALTH, PEOPLE, 4))


def test_next_to_no_aversion_is_exact():
    """Where a plain formula would lose its digits the equivalent differs by distance x variance / 2."""
    share, logs = PEOPLE / PEOPLE.sum(), np.log(HEALTH)
    small = 1e-10
    kolm = economics.equally_distributed_equivalent(HEALTH, PEOPLE, small, "kolm") - share @ HEALTH
    assert kolm == pytest.approx(-small * (share @ (HEALTH - share @ HEALTH) ** 2) / 2, abs=5e-14)
    small = 1e-6
    atkinson = np.log(economics.equally_distributed_equivalent(HEALTH, PEOPLE, 1 - small)) - share @ logs
    assert atkinson == pytest.approx(small * (share @ (logs - share @ logs) ** 2) / 2, rel=1e-4)


@given(st.lists(st.floats(1, 90), min_size=2, max_size=6), st.floats(0, 20), st.sampled_from(["atkinson", "kolm"]))
@settings(max_examples=100, deadline=None)
def test_inequality_never_adds(health, aversion, index):
    """The equivalent lies between minimum and mean, and falls with aversion; equal health is its own equivalent."""
    people = np.ones(len(health))
    low, high = (
        float(economics.equally_distributed_equivalent(health, people, a, index)) for a in (aversion + 1, aversion)
    )
    assert min(health) - 1e-9 <= low <= high + 1e-9
    assert high <= np.mean(health) + 1e-9
    same = economics.equally_distributed_equivalent([health[0]] * 3, [1, 2, 3], aversion, index)
    assert same == pytest.approx(health[0])


@pytest.mark.parametrize("index", ["atkinson", "kolm"])
def test_weights_are_the_slope_of_welfare(index):
    """A small gain of one group raises the equivalent by its weight, relative to the same gain of an average person."""
    aversion = {"atkinson": 3.0, "kolm": 0.05}[index]
    weights = economics.equity_weights(HEALTH, PEOPLE, aversion, index)
    assert weights @ PEOPLE / PEOPLE.sum() == pytest.approx(1)
    step, base = 1e-4, economics.equally_distributed_equivalent(HEALTH, PEOPLE, aversion, index)
    slopes = [
        economics.equally_distributed_equivalent(HEALTH + step * unit / PEOPLE, PEOPLE, aversion, index) - base
        for unit in np.eye(5)
    ]
    assert np.array(slopes) / slopes[0] == pytest.approx(weights / weights[0], rel=1e-4)


def test_distribution_of_gains_and_of_costs():
    """Groups' net gains add up to the total; a dear programme for the worst off can cost health and gain equality."""
    groups = pd.DataFrame(
        {"people": PEOPLE * 1e5, "baseline_health": HEALTH, "opportunity_cost_share": [0.2] * 5}, index=list("abcde")
    )
    gains = pd.DataFrame([[5e4, 0, 0, 0, 0], [0, 0, 0, 0, 5e4]], index=["first", "last"], columns=list("abcde"))
    costs = pd.DataFrame({"cost": [1.1e9, 0.5e9]}, index=["first", "last"])
    given = economics.distribute(groups, gains, costs, 20_000)
    assert given.groupby("strategy")["net_health"].sum().to_dict() == pytest.approx({"first": -5e3, "last": 2.5e4})
    assert given["health_forgone"].sum() == pytest.approx(1.6e9 / 20_000)
    impact = economics.equity_impact(groups, given, 10).set_index("strategy")
    assert impact.loc["first", "equity_gain"] > 0 > impact.loc["last", "equity_gain"]
    assert impact.loc["first", "ede_gain"] > 0 > impact.loc["first", "net_health"]
    neutral = economics.equity_impact(groups, given, 0)
    assert neutral["equity_gain"].to_numpy() == pytest.approx([0, 0], abs=1e-6)
    assert neutral["weighted_net_health"].to_numpy() == pytest.approx(neutral["net_health"].to_numpy())
    with pytest.raises(ValueError, match="expected shares that add up to 1"):
        economics.distribute(groups.assign(opportunity_cost_share=0.3), gains, costs, 20_000)
    with pytest.raises(ValueError, match="gains: expected the groups"):
        economics.distribute(groups, gains.drop(columns="a"), costs, 20_000)
    with pytest.raises(ValueError, match="expected a cost of each of"):
        economics.distribute(groups, gains, costs[:1], 20_000)
    with pytest.raises(ValueError, match="expected above 0 in every group for the atkinson index, found -1"):
        economics.equally_distributed_equivalent([-1.0, 3.0], [1, 1], 1)


PARAMETERS = pd.DataFrame(
    [
        ("effect", "normal", 10.0, 5.0, 15.0, None),
        ("price", "gamma", 2.0, 1.0, 4.0, None),
        ("people", "fixed", 100.0, None, None, None),
        ("mild", "dirichlet", 0.6, 0.5, 0.7, "stage"),
        ("severe", "dirichlet", 0.3, 0.2, 0.4, "stage"),
        ("worst", "dirichlet", 0.1, 0.05, 0.15, "stage"),
    ],
    columns=["parameter_id", "distribution", "mean", "lower", "upper", "group"],
)


def outcome(runs):
    """Give an outcome that uses every parameter."""
    return runs["effect"] * 5 - runs["price"] * 3 + runs["people"] * 0 + 10 * runs["worst"] - 2 * runs["mild"]


def test_one_at_a_time():
    """Each parameter goes to its limits, the widest first; shares of a whole make room for one another."""
    table = economics.one_way(outcome, PARAMETERS)
    assert table["parameter_id"].tolist()[:2] == ["effect", "price"]
    assert "people" not in table["parameter_id"].tolist()
    assert table["spread"].is_monotonic_decreasing
    assert table["outcome_base"].unique() == pytest.approx([50 - 6 + 1 - 1.2])
    row = table.set_index("parameter_id").loc["mild"]
    assert row["outcome_high"] == pytest.approx(44 + 10 * 0.1 * 0.3 / 0.4 - 1.4)


def test_every_share_adds_up_in_every_run():
    """However a share is varied, the model only sees shares that add up to 1."""

    def check(runs):
        assert runs[["mild", "severe", "worst"]].sum(axis=1).to_numpy() == pytest.approx(1)
        return runs["effect"]

    economics.one_way(check, PARAMETERS)
    economics.two_way(check, PARAMETERS, "mild", "effect", 3)


def test_two_at_a_time():
    """The grid spans both intervals; shares of one whole, fixed parameters and one parameter twice are refused."""
    grid = economics.two_way(lambda runs: runs["effect"] * runs["price"], PARAMETERS, "effect", "price", 3)
    assert len(grid) == 9
    assert grid["outcome"].tolist()[:3] == pytest.approx([5, 12.5, 20])
    for pair in (("effect", "people"), ("effect", "effect"), ("effect", "unknown")):
        with pytest.raises(ValueError, match="expected two uncertain parameters"):
            economics.two_way(outcome, PARAMETERS, *pair)
    with pytest.raises(ValueError, match="no two shares of one whole, found mild and worst"):
        economics.two_way(outcome, PARAMETERS, "mild", "worst")
    with pytest.raises(ValueError, match="one finite outcome for each of 11 runs, found 11"):
        economics.one_way(lambda runs: runs["effect"] * np.nan, PARAMETERS)


def test_metamodel_finds_a_linear_model():
    """Coefficients are per standard deviation; for independent parameters shares of variance add up to R squared."""
    random = np.random.default_rng(3)
    drawn = pd.DataFrame(random.normal([10, 2, 0], [2.5, 0.7, 1], (20_000, 3)), columns=["effect", "price", "noise"])
    y = 5 * drawn["effect"] - 3 * drawn["price"] + random.normal(size=20_000)
    table = economics.metamodel(drawn.assign(fixed=1.0), y).set_index("parameter_id")
    assert table.index.tolist() == ["intercept", "effect", "price", "noise", "fixed"]
    assert table.loc["intercept", "coefficient"] == pytest.approx(y.mean())
    assert table.loc["effect", "coefficient"] == pytest.approx(12.5, rel=0.02)
    assert table.loc["price", "coefficient"] == pytest.approx(-2.1, rel=0.02)
    assert table.loc["fixed", ["coefficient", "variance_share"]].tolist() == [0, 0]
    assert table["variance_share"].sum() == pytest.approx(table["r_squared"].iloc[0], abs=0.01)
    fitted = stats.linregress((drawn["effect"] - drawn["effect"].mean()) / drawn["effect"].std(), y)
    alone = economics.metamodel(drawn[["effect"]], y)
    assert alone.loc[1, ["coefficient", "standard_error"]].tolist() == pytest.approx([fitted.slope, fitted.stderr])
    with pytest.raises(ValueError, match="expected more draws than 4 parameters, found 4"):
        economics.metamodel(drawn[:4], y[:4])
    with pytest.raises(ValueError, match="expected finite values in every draw"):
        economics.metamodel(drawn, y.where(y.index != 3))


def test_funding_by_several_budgets_and_by_either_way_of_counting(monkeypatch):
    """Several budgets give the tables of each; all combinations at once find what one draw after another does."""
    random = np.random.default_rng(5)
    names = pd.MultiIndex.from_product([["nsp", "oat", "naloxone"], ["low", "high"]])
    # Whole numbers make many ties, which go to the cheapest and then to the first.
    costs = pd.DataFrame(random.integers(-1, 6, (80, 6)), columns=names).astype(float)
    effects = pd.DataFrame(random.integers(-1, 5, (80, 6)), columns=names).astype(float)
    together = economics.funding_probability(costs, effects, [0.0, 4.0, 9.0])
    assert together["budget"].unique().tolist() == [0.0, 4.0, 9.0]
    for budget, part in together.groupby("budget"):
        alone = economics.funding_probability(costs, effects, float(budget))
        pd.testing.assert_frame_equal(part.drop(columns="budget").reset_index(drop=True), alone)
    monkeypatch.setattr("epi.economics.budget.FEW_COMBINATIONS", 0)
    pd.testing.assert_frame_equal(economics.funding_probability(costs, effects, [0.0, 4.0, 9.0]), together)
