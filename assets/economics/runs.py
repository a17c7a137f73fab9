"""Running the transmission model for a place: its parameters, its strategies, and what they come to draw by draw."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.economics.interventions import (
    CATALOGUE,
    NALOXONE_LEVEL,
    NALOXONE_TARGET,
    NONE,
    SCALE_UP_YEARS,
    TODAY,
    Intervention,
)
from assets.economics.places import Place
from epi.economics.draws import sample
from epi.models.interface import FloatArray, Horizon, Outcomes
from epi.models.transmission import PARAMETERS
from epi.models.transmission import run as run_model
from epi.models.transmission_levers import no_services, scale_up, status_quo

SEED = 20240101
DRAWS = 200
HORIZON = Horizon(years=10)
_KNOWN = {parameter.id for parameter in PARAMETERS}


@dataclass(frozen=True)
class Strategy:
    """One intervention at one level, by the name that tables use."""

    intervention: Intervention
    level: str

    @property
    def name(self) -> str:
        """Name of the strategy, such as ``oat 50 %``."""
        return f"{self.intervention.id} {self.level}"


def strategies(place: Place, wanted: Iterable[Intervention] = CATALOGUE) -> list[Strategy]:
    """List the strategies that raise at least one of their levers above what the place has today."""
    return [
        Strategy(one, level)
        for one in wanted
        for level, targets in one.targets.items()
        if any(target > place.values.get(lever, 0.0) for lever, target in targets.items())
    ]


def parameter_values(
    place: Place, chosen: pd.DataFrame, draws: int = DRAWS, seed: int = SEED, given: Mapping[str, float] | None = None
) -> dict[str, FloatArray]:
    """Draw every parameter of a place: evidence, its own inputs, and what follows from them.

    Common random numbers: a parameter's draws depend on its name, the seed and the number of the draw alone, so that
    places and strategies differ only in what they differ in.

    Args:
        place: Inputs of the place; they take the place of evidence of the same name.
        chosen: Set of parameters, as ``assets.evidence.parameter_set`` gives it.
        draws: Number of draws.
        seed: Seed of the draws.
        given: Values that the user sets, by parameter.
    """
    return _with_what_follows(place, _drawn(place, chosen, draws, seed, given or {}), given or {})


def _drawn(
    place: Place, chosen: pd.DataFrame, draws: int, seed: int, given: Mapping[str, float]
) -> dict[str, FloatArray]:
    own = {*place.inputs["parameter_id"], *given}
    columns = ["parameter_id", "distribution", "mean", "lower", "upper", "centre"]
    evidence = chosen[~chosen["parameter_id"].isin(list(own))]
    useful = evidence["parameter_id"].isin([*_KNOWN, NALOXONE_TARGET, "cost_naloxone_person"])
    inputs = place.inputs[~place.inputs["parameter_id"].isin(list(given))]
    table = pd.concat([evidence.loc[useful, columns], inputs[columns]], ignore_index=True)
    drawn = sample(table, draws, seed)
    values = {str(name): drawn[name].to_numpy(np.float64) for name in drawn}
    return values | {name: np.full(draws, value) for name, value in given.items()}


def _with_what_follows(
    place: Place, values: dict[str, FloatArray], given: Mapping[str, float]
) -> dict[str, FloatArray]:
    """Add what no study gives but the place's balance does: recruitment, transmission, kits and their price.

    Assumptions, all stated in docs/methods.md: the number of people who inject drugs would stay as it is; prevalence
    would stay as it is with today's services; a kit costs what naloxone for a person costs over the kits given.
    """
    one = np.ones_like(values["overdose_rate"])
    oat, nsp = values["oat_coverage"], values["nsp_coverage"]

    def eased(name: str, share: FloatArray) -> FloatArray:
        return 1 - share * (1 - values.get(name, one))

    deaths = values["overdose_rate"] * values["overdose_fatality"] * eased("oat_overdose_rr", oat)
    deaths = deaths + values["other_mortality_rate"] * eased("oat_other_mortality_rr", oat)
    leaving = 1 / values["injecting_duration_years"] + deaths
    found = dict(values)
    found.setdefault("recruitment_rate", leaving)
    if "hiv_prevalence" in place.values and "hiv_transmission_rate" not in given:
        risk = eased("oat_hiv_rr", oat) * eased("nsp_hiv_rr", nsp)
        early = 1 + (values.get("hiv_acute_infectiousness", one) - 1) * values.get("hiv_acute_years", one) * leaving
        free = 1 - values["hiv_prevalence"]
        found["hiv_transmission_rate"] = leaving / (risk * early * free)
    if "hcv_prevalence" in place.values and "hcv_transmission_rate" not in given:
        risk = eased("oat_hcv_rr", oat) * eased("nsp_hcv_rr", nsp)
        clears = values.get("hcv_clearance_proportion", 0 * one)
        found["hcv_transmission_rate"] = leaving / (risk * (1 - values["hcv_prevalence"]) * (1 - clears))
    target, highest = found.pop(NALOXONE_TARGET, None), found.get("naloxone_use_highest")
    per_person = found.pop("cost_naloxone_person", None)
    if target is not None and highest is not None and "naloxone_kits_scale" not in given:
        # As many kits as bring the use at witnessed overdoses to its target; the level in the catalogue is a label.
        reached = np.minimum(target / highest, 0.999)
        found["naloxone_kits_scale"] = NALOXONE_LEVEL / -np.log(1 - reached)
        if per_person is not None:
            found.setdefault("cost_naloxone_kit", per_person / NALOXONE_LEVEL)
    return {name: value for name, value in found.items() if name in _KNOWN}


def run(
    values: Mapping[str, FloatArray], wanted: Iterable[Strategy], horizon: Horizon = HORIZON
) -> dict[str, Outcomes]:
    """Run today's services, no services, and every strategy, on the same draws.

    Args:
        values: Parameters of the place, one array per parameter.
        wanted: Strategies.
        horizon: Years and discount rates.

    Returns:
        Outcomes by the name of the strategy; ``today`` and ``no_services`` first.
    """
    draws = len(next(iter(values.values())))
    plans = {TODAY: status_quo(values), NONE: no_services(values)}
    for one in wanted:
        targets = one.intervention.targets[one.level]
        higher = {lever: level for lever, level in targets.items() if level > np.max(values.get(lever, 0.0))}
        plans[one.name] = scale_up(values, 0.0, SCALE_UP_YEARS, **higher)
    return {name: run_model(plan, draws, horizon, threads=1) for name, plan in plans.items()}


def spread_values(
    place: Place, chosen: pd.DataFrame, draws: int, seed: int, given: Mapping[str, float] | None = None
) -> tuple[list[tuple[str, float, float]], dict[str, FloatArray]]:
    """Give the settings of a one-way analysis: first all means, then each uncertain parameter low and high.

    Args:
        place: Inputs of the place.
        chosen: Set of parameters.
        draws: Draws that the quantiles are taken from.
        seed: Seed of the draws.
        given: Values that the user sets, by parameter.

    Returns:
        The uncertain parameters with their 2.5 and 97.5 % quantiles, and values for a run of two
        draws for each of them and one.
    """
    drawn = _drawn(place, chosen, draws, seed, given or {})
    means = {name: float(values.mean()) for name, values in drawn.items()}
    varied = [
        (name, *(float(limit) for limit in np.quantile(values, [0.025, 0.975])))
        for name, values in drawn.items()
        if values.std() > 0 and name != NALOXONE_TARGET
    ]
    settings = 2 * len(varied) + 1
    table = {name: np.full(settings, mean) for name, mean in means.items()}
    for at, (name, low, high) in enumerate(varied):
        table[name][2 * at + 1], table[name][2 * at + 2] = low, high
    return varied, _with_what_follows(place, table, given or {})
