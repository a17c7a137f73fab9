"""Running the transmission model for a place: its parameters, its strategies, and what they come to draw by draw."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from assets.economics.balance import KNOWN, counts_hiv_deaths, with_what_follows
from assets.economics.interventions import CATALOGUE, NALOXONE_TARGET, NONE, SCALE_UP_YEARS, TODAY, Intervention
from assets.economics.places import Place
from epi.economics.draws import sample
from epi.models.interface import FloatArray, Horizon, Outcomes, replace
from epi.models.transmission import PARAMETERS
from epi.models.transmission import run as run_model
from epi.models.transmission_levers import LEVER_IDS, no_services, scale_up, status_quo

SEED = 20240101
DRAWS = 200
HORIZON = Horizon(years=10)
TOGETHER = 6_000
"""Draws of several strategies that are solved in one call; more would only need more memory."""

Columns = npt.NDArray[np.intp]
_TABLE = ["parameter_id", "distribution", "mean", "lower", "upper", "centre"]
_ROLES = {parameter.id: parameter.role for parameter in PARAMETERS}
_ACTS_WITH = {
    "naloxone_": "naloxone_kits", "overdose_witnessed": "naloxone_kits", "prep_": "prep_coverage",
    "consumption_room_": "consumption_room_reach", "drug_checking_": "drug_checking_reach",
    "safer_supply_": "safer_supply_reach", "hcv_svr_": "hcv_treatment_rate", "release_": "prison_oat_coverage",
}  # fmt: skip
"""Beginnings of the names of parameters that do nothing where a service neither is nor comes, and that service."""

_NO_DEATHS = ("overdose_attended", "injection_infection", "oat_injection", "nsp_injection")
_OF_HIV = ("hiv_", "oat_hiv_", "nsp_hiv_", "prep_", "art_")


@dataclass(frozen=True)
class Strategy:
    """One intervention at one level, by the name that tables use."""

    intervention: Intervention
    level: str

    @property
    def name(self) -> str:
        """Name of the strategy, such as ``oat 50 %``."""
        return f"{self.intervention.id} {self.level}"

    @property
    def targets(self) -> Mapping[str, float]:
        """Levels to reach, by lever."""
        return self.intervention.targets[self.level]


@dataclass(frozen=True)
class Spread:
    """Settings of a one-way analysis: first all means, then each uncertain parameter low and high.

    Attributes:
        varied: Parameters with their 2.5 and 97.5 % quantiles.
        values: Every parameter, one entry per setting.
    """

    varied: list[tuple[str, float, float]]
    values: dict[str, FloatArray]

    def matters(self, one: Strategy | None) -> list[int]:
        """List the places in ``varied`` of the parameters that can change overdose deaths with a strategy.

        Prices and utilities never do, HIV only where people die of it, and what belongs to a service only with it.
        """
        has = {lever for lever in LEVER_IDS if self.values.get(lever, np.zeros(1))[0] > 0}
        has |= set(one.targets) if one else set()
        deadly = counts_hiv_deaths(self.values)

        def acts(name: str) -> bool:
            if _ROLES.get(name) in ("cost", "utility") or name.startswith(_NO_DEATHS):
                return False
            if name.startswith(_OF_HIV) and not deadly:
                return False
            return all(lever in has for start, lever in _ACTS_WITH.items() if name.startswith(start))

        return [at for at, (name, _, _) in enumerate(self.varied) if acts(name)]


def strategies(place: Place, wanted: Iterable[Intervention] = CATALOGUE) -> list[Strategy]:
    """List the strategies that raise at least one of their levers above what the place has today."""
    return [
        Strategy(one, level)
        for one in wanted
        for level, targets in one.targets.items()
        if any(target > place.values.get(lever, 0.0) for lever, target in targets.items())
    ]


def draw_evidence(chosen: pd.DataFrame, draws: int, seed: int, given: Mapping[str, float]) -> dict[str, FloatArray]:
    """Draw the evidence that the model reads, the same for every place.

    Args:
        chosen: Set of parameters, as ``assets.evidence.parameter_set`` gives it.
        draws: Number of draws.
        seed: Seed of the draws.
        given: Values that the user sets; they take the place of evidence.
    """
    useful = chosen["parameter_id"].isin([*KNOWN, NALOXONE_TARGET, "cost_naloxone_person"])
    drawn = sample(chosen.loc[useful & ~chosen["parameter_id"].isin(list(given)), _TABLE], draws, seed)
    values = {str(name): drawn[name].to_numpy(np.float64) for name in drawn}
    return values | {name: np.full(draws, value) for name, value in given.items()}


def drawn_values(place: Place, evidence: Mapping[str, FloatArray], seed: int, given: Mapping[str, float]) -> dict[
    str, FloatArray
]:  # fmt: skip
    """Put a place's own inputs beside the drawn evidence, in place of what has the same name.

    Common random numbers: a parameter's draws depend on its name, the seed and the number of the draw alone, so that
    places and strategies differ only in what they differ in.
    """
    draws = len(next(iter(evidence.values())))
    own = place.inputs[~place.inputs["parameter_id"].isin(list(given))]
    fixed = own["distribution"] == "fixed"
    values = {str(name): np.full(draws, mean) for name, mean in own.loc[fixed, ["parameter_id", "mean"]].to_numpy()}
    if not fixed.all():
        drawn = sample(own[~fixed], draws, seed)
        values |= {str(name): drawn[name].to_numpy(np.float64) for name in drawn}
    return {**evidence, **values}


def parameter_values(
    place: Place, chosen: pd.DataFrame, draws: int = DRAWS, seed: int = SEED, given: Mapping[str, float] | None = None
) -> dict[str, FloatArray]:
    """Draw every parameter of a place: evidence, its own inputs, and what follows from them.

    Args:
        place: Inputs of the place; they take the place of evidence of the same name.
        chosen: Set of parameters, as ``assets.evidence.parameter_set`` gives it.
        draws: Number of draws.
        seed: Seed of the draws.
        given: Values that the user sets, by parameter.
    """
    fixed = given or {}
    return with_what_follows(place, drawn_values(place, draw_evidence(chosen, draws, seed, fixed), seed, fixed), fixed)


def spread(place: Place, drawn: Mapping[str, FloatArray], given: Mapping[str, float]) -> Spread:
    """Make the settings of a one-way analysis.

    Args:
        place: Inputs of the place.
        drawn: Evidence and inputs, draw by draw; limits are quantiles of the draws.
        given: Values that the user sets, by parameter.
    """
    names = [name for name, values in drawn.items() if name != NALOXONE_TARGET and (values != values[0]).any()]
    limits = (
        np.quantile(np.array([drawn[name] for name in names]), [0.025, 0.975], axis=1) if names else np.empty((2, 0))
    )
    table = {name: np.full(2 * len(names) + 1, values.mean()) for name, values in drawn.items()}
    for at, name in enumerate(names):
        table[name][2 * at + 1 : 2 * at + 3] = limits[:, at]
    varied = [(name, float(low), float(high)) for name, (low, high) in zip(names, limits.T, strict=True)]
    return Spread(varied, with_what_follows(place, table, given))


def run(
    values: Mapping[str, FloatArray], wanted: Iterable[Strategy], horizon: Horizon = HORIZON
) -> dict[str, Outcomes]:
    """Run today's services, no services, and every strategy, on the same draws, and keep all that comes of it.

    Args:
        values: Parameters of the place, one array per parameter.
        wanted: Strategies.
        horizon: Years and discount rates.

    Returns:
        Outcomes by the name of the strategy; ``today`` and ``no_services`` first.
    """
    return dict(run_each(values, wanted, horizon))


def run_each(
    values: Mapping[str, FloatArray],
    wanted: Iterable[Strategy],
    horizon: Horizon = HORIZON,
    threads: int | None = 1,
) -> Iterator[tuple[str, Outcomes]]:
    """Run as `run` does and give one strategy after another, so that thousands of draws need not all be kept.

    Args:
        values: Parameters of the place, one array per parameter.
        wanted: Strategies.
        horizon: Years and discount rates.
        threads: Threads at work; as many as processors with none.

    Yields:
        The name of a strategy and its outcomes; ``today`` and ``no_services`` first.
    """
    named = list(_named(wanted))
    plans = [plan(values, one, none=name == NONE) for name, one in named]
    yield from zip((name for name, _ in named), _run_together(plans, horizon, threads), strict=True)


def run_one_way(
    settings: Spread, wanted: Sequence[Strategy], horizon: Horizon = HORIZON
) -> dict[str, tuple[list[int], FloatArray, FloatArray]]:
    """Give overdose deaths averted with each parameter at its limits and the others at their means.

    Returns:
        For each strategy: the places in ``settings.varied`` of the parameters that matter to it, deaths averted with
        all at their means (one number), and an array of these parameters x (low, high).
    """
    plans: list[dict[str, npt.ArrayLike]] = []
    columns: list[Columns] = []
    before = np.empty(2 * len(settings.varied) + 1)
    for one in (None, *wanted):
        at = settings.matters(one) if one else range(len(settings.varied))
        chosen = np.array([0, *(2 * row + side for row in at for side in (1, 2))])
        whole = plan(settings.values, one)
        plans.append({name: np.broadcast_to(value, len(before))[chosen] for name, value in whole.items()})
        columns.append(chosen)
    deaths = [outcome.total("overdose_deaths") for outcome in _run_together(plans, horizon, 1)]
    before[columns[0]] = deaths[0]
    found = {}
    for one, chosen, after in zip(wanted, columns[1:], deaths[1:], strict=True):
        averted = before[chosen] - after
        found[one.name] = (settings.matters(one), averted[:1], averted[1:].reshape(-1, 2))
    return found


def plan(values: Mapping[str, FloatArray], one: Strategy | None, none: bool = False) -> dict[str, npt.ArrayLike]:
    """Give the parameters of a strategy: today's services, none of them, or some levels raised.

    Args:
        values: Parameters of the place.
        one: Strategy; today's services without.
        none: No services at all.
    """
    if none:
        return dict(no_services(values))
    if one is None:
        return dict(status_quo(values))
    higher = {lever: level for lever, level in one.targets.items() if level > np.max(values.get(lever, 0.0))}
    begins, takes = values.get("scale_up_start_year", 0.0), values.get("scale_up_years", SCALE_UP_YEARS)
    return replace(scale_up(values, 0.0, SCALE_UP_YEARS, **higher), scale_up_start_year=begins, scale_up_years=takes)


def _named(wanted: Iterable[Strategy]) -> Iterator[tuple[str, Strategy | None]]:
    yield TODAY, None
    yield NONE, None
    yield from ((one.name, one) for one in wanted)


def _run_together(
    plans: Sequence[Mapping[str, npt.ArrayLike]], horizon: Horizon, threads: int | None
) -> Iterator[Outcomes]:
    """Solve several sets of parameters in few calls: a call costs as much as the solution of hundreds of draws."""
    sizes = [max(np.size(value) for value in one.values()) for one in plans]
    first = 0
    while first < len(plans):
        last = first + 1
        while last < len(plans) and sum(sizes[first : last + 1]) <= TOGETHER:
            last += 1
        together = run_model(
            _joined(plans[first:last], sizes[first:last]), sum(sizes[first:last]), horizon, threads=threads
        )
        edges = np.cumsum([0, *sizes[first:last]])
        yield from (_rows(together, slice(low, high)) for low, high in pairwise(edges.tolist()))
        first = last


def _joined(plans: Sequence[Mapping[str, npt.ArrayLike]], sizes: Sequence[int]) -> dict[str, npt.ArrayLike]:
    """Put the draws of several sets behind one another; a level without a target stays where it is."""
    names = list(dict.fromkeys(name for one in plans for name in one))

    def of(one: Mapping[str, npt.ArrayLike], name: str) -> npt.ArrayLike:
        return one.get(name, one.get(name.removesuffix("_target"), 0.0))

    return {
        name: np.concatenate([np.broadcast_to(of(one, name), size) for one, size in zip(plans, sizes, strict=True)])
        for name in names
    }


def _rows(whole: Outcomes, rows: slice) -> Outcomes:
    """Give some draws of outcomes, as views."""

    def cut(table: dict[str, FloatArray]) -> dict[str, FloatArray]:
        return {name: value[rows] for name, value in table.items()}

    return Outcomes(
        whole.model, whole.horizon, cut(whole.events), cut(whole.events_discounted), cut(whole.costs),
        cut(whole.costs_discounted), cut(whole.effects), cut(whole.effects_discounted), whole.payers, cut(whole.stocks),
    )  # fmt: skip
