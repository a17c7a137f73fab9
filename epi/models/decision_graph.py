"""Decision graphs: chains of conditional probabilities from services to outcomes, as in the ACT harm reduction model.

A graph is a table of rows `P(node = outcome | up to five conditions)`. A year has people x probability events;
nothing carries over to the next year. Any table of that shape can be run: the published databook, or a selection.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from epi.models.interface import FloatArray, Horizon, Outcomes, Parameter, Values, read_parameters
from epi.models.yearly import outcomes

MOST_CONDITIONS = 5
OTHERWISE = "otherwise"
NO_SERVICE = "none"
GRAPH = ["population", "graph"]
LEVEL = Parameter(
    "service_level", "All services against their coverage today; 0 is none.", "ratio", 0, 1, "coverage", 1
)
INTERVENTION = "intervention"


@dataclass(frozen=True)
class Case:
    """One line of a node's table: the conditions under which it holds, and the parameter of each outcome."""

    conditions: Mapping[str, frozenset[str]]
    shares: Mapping[str, str]
    is_otherwise: bool = False

    def holds(self, known: Mapping[str, str]) -> bool:
        """Say whether the conditions hold."""
        return not self.is_otherwise and all(known[name] in wanted for name, wanted in self.conditions.items())


@dataclass(frozen=True)
class Node:
    """A node: what it depends on, and the lines of its table."""

    name: str
    parents: frozenset[str]
    cases: tuple[Case, ...]

    @property
    def is_service(self) -> bool:
        """Say whether the node is a service: without conditions, and with the outcome `none`."""
        return not self.parents and any(NO_SERVICE in case.shares for case in self.cases)


@dataclass(frozen=True)
class DecisionGraphs:
    """A model made of decision graphs, on the interface of all models.

    Attributes:
        probabilities: `population`, `graph`, `node`, `outcome`, `best`, `lower`, `upper` and up to five pairs
            `condition1`, `value1` ... Values joined by `|` are alternatives; a condition that is not named does not
            matter; `otherwise` as condition1 is for all that the node's other rows leave out. Outcome `no` is what is
            left of `yes`; other outcomes of a node are shares of their sum.
        results: What is counted and what it costs: `population`, `graph`, `node`, `outcome`, `event` (empty where not
            counted), `unit_cost`, `setup_cost`, `cost_weight`, `cost_category`, `payer`.
        people: `population`, `year`, `people`, one row per year that can be run.
        name: The model's name.
    """

    probabilities: pd.DataFrame
    results: pd.DataFrame
    people: pd.DataFrame
    name: str = "decision graph"
    _graphs: dict[tuple[str, str], dict[str, Node]] = field(default_factory=dict, repr=False)
    _quantities: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)

    def __post_init__(self) -> None:
        """Order the nodes of each graph, and name each distinct probability once."""
        table = _named(self.probabilities)
        quantities = table.drop_duplicates("parameter_id").set_index("parameter_id")
        object.__setattr__(self, "_quantities", quantities)
        graphs = {(str(k[0]), str(k[1])): _nodes(rows) for k, rows in table.groupby(GRAPH, sort=False)}
        object.__setattr__(self, "_graphs", graphs)

    @property
    def NAME(self) -> str:
        """Give the model's name."""
        return self.name

    @property
    def PARAMETERS(self) -> tuple[Parameter, ...]:
        """Give one parameter for each distinct probability, and the level of all services."""
        named = self._quantities[["node", "outcome"]].itertuples()
        return (LEVEL, *(Parameter(i, f"{n} is {o}.", "proportion", 0, 1, "natural history") for i, n, o in named))

    def evidence(self) -> pd.DataFrame:
        """Give the table to draw from: `parameter_id`, `distribution`, `mean`, `lower`, `upper`.

        A probability strictly between 0 and 1 with an interval is beta, any other is fixed. Rows of one node and
        outcome with the same figures are one quantity and share their draws.
        """
        table = self._quantities.reset_index().rename(columns={"best": "mean"})
        inside = (table["mean"] > 0) & (table["mean"] < 1) & (table["lower"] < table["upper"])
        columns = ["parameter_id", "distribution", "mean", "lower", "upper"]
        return table.assign(distribution=np.where(inside, "beta", "fixed"))[columns]

    def run(self, parameters: Values, draws: int, horizon: Horizon | None = None) -> Outcomes:
        """Run every graph for every draw.

        Args:
            parameters: Values by parameter id; `service_level` 0 gives the run without services.
            draws: Number of draws.
            horizon: Years from the first in `people`; 5 years at 5 % when not given.

        Returns:
            Outcomes with the events and cost categories of `results`; services are the category `intervention`.

        Raises:
            ValueError: A parameter is missing or out of bounds, a case has no probability, or people are not known
                for all years.

        References:
            Bowring AL et al. A cost-benefit analysis of the implementation and scale-up of harm reduction
            interventions in the Australian Capital Territory. 2026; model of the Burnet Institute (MIT).
        """
        horizon = horizon or Horizon(5, 0.05, 0.05)
        values = read_parameters(self.PARAMETERS, parameters, draws)
        events = {name: np.zeros((draws, horizon.years)) for name in self.results["event"].unique() if name}
        costs = {name: np.zeros((draws, horizon.years)) for name in self.results["cost_category"].unique() if name}
        for (population, graph), nodes in self._graphs.items():
            people = self._people(population, horizon.years)
            chances = marginals(nodes, values, draws)
            mine = self.results[(self.results["population"] == population) & (self.results["graph"] == graph)]
            for row in mine.to_dict("records"):
                chance = chances.get((row["node"], row["outcome"]), np.zeros(draws))
                count = chance[:, None] * people
                if row["event"]:
                    events[row["event"]] += count
                if row["cost_category"]:
                    category, weight = row["cost_category"], float(row["cost_weight"])
                    costs[category] += count * float(row["unit_cost"]) * weight
                    costs[category][:, 0] += (chance > 0) * float(row["setup_cost"]) * weight
        payers = dict(zip(self.results["cost_category"], self.results["payer"], strict=True))
        return outcomes(self.name, horizon, events, costs, {name: payers[name] for name in costs})

    def _people(self, population: str, years: int) -> FloatArray:
        found = self.people[self.people["population"] == population].sort_values("year")["people"].to_numpy(np.float64)
        if len(found) < years:
            raise ValueError(
                f"{population}: expected people for {years} years, found {len(found)}; add years or run fewer"
            )
        return found[:years]


def marginals(
    nodes: Mapping[str, Node], values: Mapping[str, FloatArray], draws: int
) -> dict[tuple[str, str], FloatArray]:
    """Give the probability of every outcome of every node of one graph.

    Formula: P(node = x) = sum over the values of its parents of P(node = x | parents) P(parents). Nodes are taken in
    order; values of a node are forgotten as soon as no later node depends on it, so that the sum stays short.

    Args:
        nodes: Nodes by name, each after its parents.
        values: Arrays of length `draws` by parameter id, and `service_level`.
        draws: Number of draws.

    Returns:
        Arrays of length `draws` by node and outcome.

    Raises:
        ValueError: A combination of the parents' values has no line in a node's table, or several.

    References:
        Koller D, Friedman N. Probabilistic graphical models. MIT Press 2009, ch. 9 (variable elimination).
    """
    found: dict[tuple[str, str], FloatArray] = {}
    weights: dict[tuple[tuple[str, str], ...], FloatArray] = {(): np.ones(draws)}
    order = list(nodes)
    for position, name in enumerate(order):
        needed = {parent for later in order[position + 1 :] for parent in nodes[later].parents}
        following: dict[tuple[tuple[str, str], ...], FloatArray] = {}
        for state, weight in weights.items():
            for outcome, chance in _shares(nodes[name], dict(state), values):
                joint = weight * chance
                found[name, outcome] = found.get((name, outcome), 0.0) + joint
                key = tuple(pair for pair in (*state, (name, outcome)) if pair[0] in needed)
                following[key] = following.get(key, 0.0) + joint
        weights = {key: weight for key, weight in following.items() if weight.any()}
    return found


def _shares(node: Node, known: Mapping[str, str], values: Mapping[str, FloatArray]) -> Iterator[tuple[str, FloatArray]]:
    """Give each outcome of a node with its probability, for known values of its parents."""
    cases = [case for case in node.cases if case.holds(known)] or [case for case in node.cases if case.is_otherwise]
    if len(cases) != 1:
        found = ", ".join(f"{name}={known[name]}" for name in known if name in node.parents)
        raise ValueError(
            f"{node.name}: expected one line of its table for {found or 'no conditions'}, found {len(cases)}; "
            "correct the table"
        )
    shares = {outcome: values[parameter] for outcome, parameter in cases[0].shares.items()}
    if node.is_service:
        shares = {name: share * values[LEVEL.id] for name, share in shares.items() if name != NO_SERVICE}
        yield NO_SERVICE, 1 - np.sum(list(shares.values()), axis=0)
        yield from shares.items()
    elif set(shares) == {"yes"}:
        yield "yes", shares["yes"]
        yield "no", 1 - shares["yes"]
    else:
        whole = np.sum(list(shares.values()), axis=0)
        yield from ((name, share / whole) for name, share in shares.items())


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """Give the table with limits filled in and a parameter id for each distinct probability of a node's outcome."""
    pairs = [f"{kind}{at}" for at in range(1, MOST_CONDITIONS + 1) for kind in ("condition", "value")]
    missing = [name for name in [*GRAPH, "node", "outcome", "best"] if name not in table]
    if missing:
        raise ValueError(f"probabilities: expected the columns of a decision graph, found none named {missing}")
    full = table.reindex(columns=[*GRAPH, "node", "outcome", "best", "lower", "upper", *pairs]).reset_index(drop=True)
    full[pairs] = full[pairs].astype("str").fillna("")
    full["lower"], full["upper"] = full["lower"].fillna(full["best"]), full["upper"].fillna(full["best"])
    outcome = [*GRAPH, "node", "outcome"]
    distinct = full.drop_duplicates([*outcome, "best", "lower", "upper"]).copy()
    names = distinct[["graph", "node", "outcome"]].agg("_".join, axis=1).str.lower()
    distinct["parameter_id"] = names + "_" + (distinct.groupby(outcome).cumcount() + 1).astype("str")
    return full.merge(distinct[[*outcome, "best", "lower", "upper", "parameter_id"]], validate="many_to_one")


def _nodes(rows: pd.DataFrame) -> dict[str, Node]:
    """Give the nodes of one graph, each after those it depends on."""
    waiting = {str(name): _node(str(name), part) for name, part in rows.groupby("node", sort=False)}
    ordered: dict[str, Node] = {}
    while waiting:
        ready = [name for name, node in waiting.items() if node.parents <= set(ordered)]
        if not ready:
            raise ValueError(
                f"graph: expected nodes that depend on earlier ones, found {sorted(waiting)} in a circle or open"
            )
        ordered |= {name: waiting.pop(name) for name in ready}
    return ordered


def _node(name: str, rows: pd.DataFrame) -> Node:
    names = [f"condition{at}" for at in range(1, MOST_CONDITIONS + 1)]
    cases: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
    for row in rows.to_dict("records"):
        pairs = tuple(sorted((row[key], row[key.replace("condition", "value")]) for key in names if row[key]))
        cases.setdefault(pairs, {})[row["outcome"]] = row["parameter_id"]
    made = tuple(
        Case(
            {key: frozenset(value.split("|")) for key, value in pairs if key != OTHERWISE},
            shares,
            (OTHERWISE, "") in pairs,
        )
        for pairs, shares in cases.items()
    )
    return Node(name, frozenset(key for case in made for key in case.conditions), made)
