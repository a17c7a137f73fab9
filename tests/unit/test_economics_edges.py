"""What every analysis does at its edges: a defined result or a refusal that says what was expected and found."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from epi.economics import (
    acceptability,
    best_portfolio,
    budget_impact,
    efficiency_frontier,
    evpi,
    evppi,
    evsi,
    funding_probability,
    incremental_analysis,
    incremental_tables,
    metamodel,
    net_health_benefit,
    net_monetary_benefit,
    optimise_budget,
    returns,
)

WORTH = 20.0
DRAWS = 100
KNOWN = pd.DataFrame({"x": np.linspace(-1, 1, DRAWS)})


def table(*points: tuple[float, float]) -> pd.DataFrame:
    """Give strategies a, b, c, ... from (cost, effect)."""
    names = [chr(ord("a") + at) for at in range(len(points))]
    return pd.DataFrame(points, columns=["cost", "effect"]).assign(strategy=names)


def draws(*points: tuple[float, float], noise: float = 0.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give costs and effects of strategies a, b, c, ... over draws; noise rises with the one parameter known."""
    one = np.ones(DRAWS)
    names = [chr(ord("a") + at) for at in range(len(points))]
    costs = pd.DataFrame({name: cost * one for name, (cost, _) in zip(names, points, strict=True)})
    effects = pd.DataFrame(
        {n: e * one + at * noise * KNOWN["x"] for at, (n, (_, e)) in enumerate(zip(names, points, strict=True))}
    )
    return costs, effects


def statuses(frame: pd.DataFrame) -> dict[str, str]:
    """Give the status of each strategy."""
    return dict(zip(frame["strategy"], frame["status"], strict=True))


def options(*rows: tuple[str, str, float, float]) -> pd.DataFrame:
    """Give options of a budget."""
    return pd.DataFrame(rows, columns=["intervention", "level", "cost", "effect"])


def best(frame: pd.DataFrame) -> list[str]:
    """Give the strategy that is best in most draws at each threshold."""
    return frame.loc[frame["probability_optimal"] == 1, "strategy"].to_list()


def test_ties() -> None:
    """Of strategies with the same net benefit the first given is best in every draw, on the curve and in the budget."""
    equal = table((0, 0), (10, 1), (10, 1))
    assert statuses(incremental_analysis(equal)) == {"a": "ND", "b": "ND", "c": "D"}
    costs, effects = draws((0, 0), (WORTH, 1), (2 * WORTH, 2))
    assert best(acceptability(costs, effects, WORTH)) == ["a"]
    backwards = costs[["c", "b", "a"]], effects[["c", "b", "a"]]
    assert best(acceptability(*backwards, WORTH)) == ["c"]
    assert evpi(costs, effects, WORTH)["evpi"].to_list() == [0]
    plan = optimise_budget(options(("oat", "40 %", 5, 1), ("nsp", "50 %", 5, 1)), budget=5)
    assert dict(zip(plan.chosen["intervention"], plan.chosen["level"], strict=True)) == {"oat": "40 %", "nsp": "none"}


def test_duplicates() -> None:
    """A copy of a strategy is dominated by the first, never takes a draw from it, and leaves information its worth."""
    twice = incremental_analysis(table((0, 0), (10, 1), (0, 0), (10, 1)))
    assert statuses(twice) == {"a": "ND", "b": "ND", "c": "D", "d": "D"}
    single, double = draws((0, 0), (10, 1), noise=1), draws((0, 0), (10, 1), noise=1)
    double = tuple(frame.assign(c=frame["b"]) for frame in double)
    curve = acceptability(*double, WORTH).set_index("strategy")["probability_optimal"]
    assert curve["c"] == 0
    assert curve["b"] == acceptability(*single, WORTH).set_index("strategy")["probability_optimal"]["b"]
    for value in (evpi(*double, WORTH)["evpi"] - evpi(*single, WORTH)["evpi"],
                  evppi(*double, KNOWN, "x", WORTH)["evppi"] - evppi(*single, KNOWN, "x", WORTH)["evppi"]):  # fmt: skip
        assert value.abs().max() < 1e-12
    with pytest.raises(ValueError, match=r"found \(.oat., .40 %.\)"):
        optimise_budget(options(("oat", "40 %", 5, 1), ("oat", "40 %", 5, 1)), budget=5)


def test_collinear_points() -> None:
    """Three points on one line all stay, with one ratio; the middle one is best at that ratio alone."""
    line = table((0, 0), (0.1, 1), (0.2, 2), (0.3, 3))
    found = incremental_analysis(line)
    assert set(found["status"]) == {"ND"}
    assert np.allclose(found["icer"].dropna(), 0.1)
    frontier = efficiency_frontier(line).set_index("strategy")
    assert frontier.loc["b", "best_from"] == pytest.approx(frontier.loc["b", "best_to"])


def test_zero_effects() -> None:
    """Where nothing gains, the cheapest is the frontier and has no ratio; a budget funds nothing."""
    useless = table((5, 0), (0, 0), (9, 0))
    found = incremental_analysis(useless).set_index("strategy")
    assert found["status"].to_dict() == {"b": "ND", "a": "D", "c": "D"}
    assert found["icer"].isna().all()
    assert best(acceptability(*draws((0, 0), (5, 0)), [0, WORTH])) == ["a", "a"]
    assert evppi(*draws((0, 0), (5, 0)), KNOWN, "x", WORTH)["evppi"].to_list() == [0]
    plan = optimise_budget(options(("oat", "40 %", 5, 0)), budget=10)
    assert (plan.chosen["level"].to_list(), plan.cost, plan.effect) == (["none"], 0, 0)
    assert returns(100.0, 0.0, 0.0)["value"].to_list() == [0, -1, 0]


def test_negative_costs() -> None:
    """What saves money and gains dominates; what saves and harms is a step of its own; savings pay for others."""
    found = incremental_analysis(table((0, 0), (-10, 1), (-15, -1)), reference="a").set_index("strategy")
    assert found["status"].to_dict() == {"a": "D", "c": "ND", "b": "ND"}
    assert found.loc["b", "icer"] == 2.5
    assert best(acceptability(*draws((0, 0), (-10, 1)), [0, WORTH])) == ["b", "b"]
    plan = optimise_budget(options(("oat", "40 %", -5, 1), ("nsp", "50 %", 5, 1)), budget=0)
    assert (plan.cost, plan.effect) == (0, 2)
    flows = pd.DataFrame({"scenario": ["today", "oat"], "year": 1, "payer": "health system", "cost": [10.0, 4.0]})
    assert -6.0 in budget_impact(flows, "today").select_dtypes("number").to_numpy()


def test_one_strategy() -> None:
    """One strategy is the frontier, is best in every draw, and leaves nothing worth knowing."""
    alone = draws((10, 1), noise=1)
    assert statuses(incremental_analysis(table((10, 1)))) == {"a": "ND"}
    assert efficiency_frontier(table((10, 1)))[["best_from", "best_to"]].to_numpy().tolist() == [[0, np.inf]]
    assert best(acceptability(*alone, [0, WORTH])) == ["a", "a"]
    assert evpi(*alone, WORTH)["evpi"].to_list() == [0]
    assert evppi(*alone, KNOWN, "x", WORTH)["evppi"].to_list() == [0]
    assert evsi(*alone, KNOWN, WORTH)["evsi"].to_list() == [0]
    assert optimise_budget(options(("oat", "40 %", 5, 1)), budget=5).effect == 1


COSTS, EFFECTS = draws((0, 0), (10, 1), noise=1)
GAP = EFFECTS.mask((EFFECTS.index == 7)[:, None] & (EFFECTS.columns == "b"))
OPTIONS = pd.MultiIndex.from_tuples([("oat", "40 %"), ("nsp", "50 %")])
ANALYSES: dict[str, Callable[[pd.DataFrame], object]] = {
    "net monetary benefit": lambda effects: net_monetary_benefit(COSTS, effects, WORTH),
    "net health benefit": lambda effects: net_health_benefit(COSTS, effects, WORTH),
    "acceptability": lambda effects: acceptability(COSTS, effects, WORTH),
    "evpi": lambda effects: evpi(COSTS, effects, WORTH),
    "evppi": lambda effects: evppi(COSTS, effects, KNOWN, "x", WORTH),
    "evsi": lambda effects: evsi(COSTS, effects, KNOWN, WORTH),
    "metamodel": lambda effects: metamodel(KNOWN, effects["b"]),
    "funding": lambda effects: funding_probability(
        COSTS.set_axis(OPTIONS, axis=1), effects.set_axis(OPTIONS, axis=1), 5
    ),
    "portfolio": lambda effects: best_portfolio(COSTS, effects, 5),
    "returns": lambda effects: returns(COSTS["b"], 0.0, effects["b"]),
}


@pytest.mark.parametrize("name", ANALYSES)
def test_missing_draws(name: str) -> None:
    """A draw without a value, and draws left out of one frame, are refused with what was found; whole ones are not."""
    analysis = ANALYSES[name]
    analysis(EFFECTS)
    for lacking in (GAP, EFFECTS.drop(index=7)):
        with pytest.raises(ValueError, match=r"(?s)expected.*found"):
            analysis(lacking)


def test_missing_values_of_strategies() -> None:
    """A strategy without a cost or effect is refused by name, alone and among many tables."""
    gap = table((0, 0), (np.nan, 1))
    with pytest.raises(ValueError, match=r"found cost nan, effect 1\.0 for b"):
        incremental_analysis(gap)
    with pytest.raises(ValueError, match="expected a finite cost and effect"):
        incremental_tables(pd.concat([table((0, 0)).assign(place="x"), gap.assign(place="y")]), "place")
