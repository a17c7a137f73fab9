"""Time the transmission model beside scipy's LSODA, and 50 places in a row, in CPU seconds and memory.

Run ``python benchmarks/bench_models.py``. Everything is compiled before timing, which is told apart. LSODA solves the
same equations through our own compiled slopes, one draw at a time, for a few draws, and is scaled up. Its count of
events by year is left out, and its slopes carry sixteen draws of which one is used, so fifteen sixteenths of their time
are taken off it: both favour it. heormodel's engine is timed in the same way where it is installed.
"""

import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.integrate import solve_ivp

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from epi.models import transmission_kernel as kernel
from epi.models import transmission_solver as solver
from epi.models.interface import Horizon, read_parameters
from epi.models.transmission import PARAMETERS, run
from epi.models.transmission_rates import people_at_start, rate_rows

DRAWS, YEARS, PEER_DRAWS, PLACES = 10_000, 20, 20, 50
PLACE = {
    "people_who_inject_drugs": 10_000.0, "injecting_duration_years": 15.0, "recruitment_rate": 0.09,
    "other_mortality_rate": 0.01, "overdose_rate": 0.1, "overdose_fatality": 0.1, "oat_overdose_rr": 0.2,
    "oat_discontinuation_rate": 1.0, "nsp_discontinuation_rate": 1.5, "oat_coverage": 0.2, "nsp_coverage": 0.3,
    "oat_coverage_target": 0.5, "scale_up_years": 2.0, "hiv_prevalence": 0.1, "hiv_transmission_rate": 0.2,
    "hcv_prevalence": 0.3, "hcv_transmission_rate": 0.3,
}  # fmt: skip
"""Synthetic place."""
PRISON = {"incarceration_rate": 0.1, "incarcerated_ratio": 0.05, "prison_stay_years": 0.5}


def cpu(call: Callable[..., object], *arguments: object) -> float:
    """Give the CPU seconds of a call, all threads together."""
    begun = time.process_time()
    call(*arguments)
    return time.process_time() - begun


def draws_of(place: dict[str, float], seed: int) -> dict[str, Any]:
    """Vary the overdose rate and the effect of OAT over the draws."""
    random = np.random.default_rng(seed)
    return {
        **place,
        "overdose_rate": random.lognormal(np.log(0.1), 0.3, DRAWS),
        "oat_overdose_rr": random.lognormal(np.log(0.2), 0.2, DRAWS),
    }


class Peer:
    """Our compiled slopes for the solvers of others: one draw at a time, and how often they were asked for."""

    def __init__(self) -> None:
        """Prepare the arrays of the synthetic place."""
        values = read_parameters(PARAMETERS, draws_of(PLACE, 1), DRAWS)
        self.rates, self.people = rate_rows(values), people_at_start(values)
        self.work, self.y = np.zeros(kernel.WORK_ROWS * kernel.W), np.zeros(kernel.NP * kernel.NS * kernel.W)
        self.slope, self.tally = np.zeros_like(self.y), np.zeros(kernel.COUNTED * kernel.W)
        self.rows, self.calls = kernel.COMMUNITY * kernel.NS, 0

    def start(self, draw: int) -> np.ndarray:
        """Take the rates of one draw, and give its people at the start."""
        self.work[: kernel.RATE_ROWS * kernel.W] = np.repeat(self.rates[:, draw], kernel.W)
        self.y[:] = np.repeat(self.people[:, draw], kernel.W)
        return self.people[: self.rows, draw].copy()

    def slopes(self, moment: float, state: np.ndarray) -> np.ndarray:
        """Give the change of every state per year."""
        self.calls += 1
        self.y.reshape(-1, kernel.W)[: self.rows, 0] = state
        solver.slopes(moment, self.y, self.slope, self.work, self.tally, kernel.COMMUNITY)
        return self.slope.reshape(-1, kernel.W)[: self.rows, 0].copy()

    def seconds(self, solve: Callable[[int], object]) -> float:
        """Give CPU seconds for all draws, scaled from a few, without the time of the fifteen idle lanes."""
        solve(0)
        self.calls = 0
        spent = sum(cpu(solve, draw) for draw in range(PEER_DRAWS))
        arrays = (self.y, self.slope, self.work, self.tally)
        alone = cpu(lambda: [solver.slopes(1.0, *arrays, kernel.COMMUNITY) for _ in range(self.calls)])
        return (spent - alone * (kernel.W - 1) / kernel.W) * DRAWS / PEER_DRAWS


def lsoda_seconds() -> float:
    """Time scipy's LSODA."""
    peer = Peer()
    return peer.seconds(
        lambda draw: solve_ivp(peer.slopes, (0, YEARS), peer.start(draw), method="LSODA", rtol=1e-6, atol=1e-6)
    )


def heormodel_seconds(method: str) -> float:
    """Time the engine for differential equations of heormodel, which adds cost and effect as two more equations."""
    from heormodel.models.ode import ODEModel, ODESpec

    peer = Peer()
    flat = np.ones(peer.rows)

    def spec(draw: pd.Series, _: str) -> Any:
        return ODESpec(
            derivatives=peer.slopes, initial=peer.start(int(draw["draw"])), state_cost=flat, state_effect=flat
        )

    engine = ODEModel(
        states=[str(row) for row in range(peer.rows)], interventions=("one",), dynamics_and_rewards=spec,
        horizon=YEARS, method=method, rtol=1e-6, atol=1e-6,
    )  # fmt: skip
    return peer.seconds(
        lambda draw: engine.evaluate(pd.DataFrame({"draw": [draw]}, index=pd.RangeIndex(1, name="iteration")))
    )


def main() -> None:
    """Print the times of one place and strategy, of LSODA, of many places, and the memory used."""
    begun = time.process_time()
    run(PLACE, 1, Horizon(1))
    print(f"first call, compiled or read from its cache: {time.process_time() - begun:.1f} CPU s")
    horizon, ours = Horizon(YEARS), 0.0
    for label, place, states in (("community", PLACE, 99), ("with prison", {**PLACE, **PRISON}, 126)):
        seconds = min(cpu(run, draws_of(place, 1), DRAWS, horizon) for _ in range(3))
        ours = ours or seconds
        print(f"{label}: {states} states, {DRAWS:,} draws, {YEARS} years: {seconds:.2f} CPU s (best of 3)")
    peers: dict[str, Callable[[], float]] = {"scipy LSODA": lsoda_seconds}
    if find_spec("heormodel"):
        peers |= {f"heormodel {method}": partial(heormodel_seconds, method) for method in ("RK45", "LSODA")}
    for label, peer in peers.items():
        seconds = peer()
        print(
            f"{label} (rtol 1e-6), scaled from {PEER_DRAWS} draws: {seconds:.0f} CPU s, {seconds / ours:.0f} times ours"
        )
    seconds = sum(cpu(run, draws_of(PLACE, place), DRAWS, horizon) for place in range(PLACES))
    print(f"{PLACES} places, one strategy: {seconds:.0f} CPU s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    main()
