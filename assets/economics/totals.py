"""What the runs of a place come to over the horizon: strategies x draws, at several discount rates at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assets.economics.runs import Strategy
from epi.models.interface import FloatArray, Outcomes

PERSPECTIVES: dict[str, tuple[str, ...]] = {
    "health system": ("health system",),
    "society": ("health system", "society"),
}
"""Whose costs count, and the payers of the model that this takes in."""

SERVICES = (
    "oat", "nsp", "naloxone", "consumption_rooms", "drug_checking", "safer_supply", "hiv_testing", "prep",
    "hcv_treatment",
)  # fmt: skip
"""Categories of cost that are services themselves; care of HIV is one too where treatment is what is scaled up."""

NO_PAYMENT = ("losses_by_overdose_death",)
"""Categories that value a loss and leave no budget."""

ROOMS = "consumption_rooms"
HEALTH = (("effects", "qalys"), ("effects", "yld"), ("events", "person_years"), ("events", "overdose_deaths"))
"""Where the model tells health that is discounted."""

Sums = dict[tuple[str, float], dict[str, FloatArray]]
"""Sums over the years by kind of outcome and discount rate, then by name."""

_HIV_LEVERS = {"art_coverage", "hiv_tests"}


@dataclass(frozen=True)
class Totals:
    """Outcomes of a place over the horizon.

    Attributes:
        names: Strategies: today's services, none, then those that were run.
        rates: Discount rates; the first is 0, `main` is the solver's own.
        main: Discount rate of decisions.
        events: Undiscounted events by name, strategies x draws.
        effects: By rate and name: `qalys`, `person_years`, `yld`, `overdose_deaths`.
        costs: By rate and category, strategies x draws.
        yearly: Undiscounted cost by category, strategies x draws x years.
        payers: Who pays, by category.
    """

    names: list[str]
    rates: tuple[float, ...]
    main: float
    events: dict[str, FloatArray]
    effects: dict[float, dict[str, FloatArray]]
    costs: dict[float, dict[str, FloatArray]]
    yearly: dict[str, FloatArray]
    payers: dict[str, str]

    def cost(self, rate: float, perspective: str) -> FloatArray:
        """Give the cost of every strategy in every draw, as a perspective counts it."""
        payers = PERSPECTIVES[perspective]
        found = [value for name, value in self.costs[rate].items() if self.payers[name] in payers]
        return np.asarray(np.sum(found, axis=0), dtype=np.float64)

    def row(self, name: str) -> int:
        """Give the place of a strategy."""
        return self.names.index(name)


def spread_evenly(years: int, rate: float) -> FloatArray:
    """Give what a flow that is even within each year counts today.

    Formula: the integral of (1 + r)^-t over each year, (1 + r)^-t x (1 - (1 + r)^-1) / log(1 + r) from t = 0.

    Args:
        years: Number of years.
        rate: r per year.
    """
    within = (1 - 1 / (1 + rate)) / np.log1p(rate) if rate > 0 else 1.0
    return np.asarray(within * (1.0 + rate) ** -np.arange(years, dtype=np.float64))


def totals(
    outcomes: Iterable[tuple[str, Outcomes]],
    wanted: Sequence[Strategy],
    values: Mapping[str, FloatArray],
    rates: Sequence[float],
) -> Totals:
    """Add up the runs of a place.

    At the run's own discount rate the sums are those of the solver. At another one the solver's yearly figures are
    discounted as if even within each year, which differs by less than a thousandth; what a consumption
    room costs to set up is paid at the moment when its scale-up begins.

    Args:
        outcomes: Runs with their names; today's services and none come first.
        wanted: The other strategies.
        values: Parameters of the place.
        rates: Discount rates wanted besides that of the runs.
    """
    by_name = {one.name: one for one in wanted}
    begins = values.get("scale_up_start_year", np.zeros_like(values["overdose_rate"]))
    names: list[str] = []
    summed: list[Sums] = []
    yearly: list[dict[str, FloatArray]] = []
    for name, run in outcomes:
        names.append(name)
        summed.append(_summed(run, _setup(by_name.get(name), values), begins, rates))
        yearly.append(run.costs)
    every = tuple(sorted({rate for _, rate in summed[0]}))

    def stacked(table: str, rate: float) -> dict[str, FloatArray]:
        return {name: np.array([part[table, rate][name] for part in summed]) for name in summed[0][table, rate]}

    return Totals(
        names,
        every,
        run.horizon.discount_rate_cost,
        stacked("events", 0.0),
        {rate: stacked("health", rate) for rate in every},
        {rate: stacked("costs", rate) for rate in every},
        {name: np.array([costs[name] for costs in yearly]) for name in yearly[0]},
        dict(run.payers),
    )


def _summed(run: Outcomes, setup: FloatArray, begins: FloatArray, rates: Sequence[float]) -> Sums:
    """Add up one run, by kind of outcome and discount rate."""
    main = run.horizon.discount_rate_cost

    def total(rate: float, table: str, name: str) -> FloatArray:
        plain = getattr(run, table)[name]
        if rate == main:
            return np.asarray(getattr(run, f"{table}_discounted")[name].sum(axis=1))
        if rate == 0:
            return np.asarray(plain.sum(axis=1))
        weights = spread_evenly(run.horizon.years, rate)
        return np.asarray(plain @ weights + (_paid_at_once(setup, begins, weights, rate) if name == ROOMS else 0.0))

    found: Sums = {}
    for rate in {0.0, *rates, main}:
        found["health", rate] = {name: total(rate, table, name) for table, name in HEALTH}
        found["costs", rate] = {name: total(rate, "costs", name) for name in run.costs}
    events = [name for name in run.events if not name.startswith("years_")]
    found["events", 0.0] = {name: np.asarray(run.events[name].sum(axis=1)) for name in events}
    return found


def _paid_at_once(setup: FloatArray, begins: FloatArray, weights: FloatArray, rate: float) -> FloatArray:
    """Give what is to be added where a sum that is paid at one moment was discounted as if even within its year."""
    year = np.floor(begins).astype(np.intp)
    even = np.where(year < len(weights), weights[np.minimum(year, len(weights) - 1)], 0.0)
    return np.asarray(setup * np.where(year < len(weights), (1 + rate) ** -begins - even, 0.0))


def _setup(one: Strategy | None, values: Mapping[str, FloatArray]) -> FloatArray:
    """Give what setting up consumption rooms costs a strategy, draw by draw."""
    price = values.get("cost_consumption_room_setup", np.zeros_like(values["overdose_rate"]))
    level = one.targets.get("consumption_room_reach", 0.0) if one else 0.0
    return np.where(level > np.max(values.get("consumption_room_reach", 0.0)), price, 0.0)


def service_categories(targets: Mapping[str, float]) -> tuple[str, ...]:
    """Give the categories of cost that are the programme itself for an intervention.

    Args:
        targets: Levels that it brings its levers to.
    """
    return (*SERVICES, "hiv_care") if _HIV_LEVERS & set(targets) else SERVICES
