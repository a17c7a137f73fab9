"""Time the transmission model beside scipy's LSODA, and 50 places in a row, in CPU seconds and memory.

Run ``python benchmarks/bench_models.py``. Everything is compiled before timing, which is told apart. LSODA solves the
same equations through our own compiled slopes, one draw at a time, for a few draws, and is scaled up. Its count of
events by year is left out, and its slopes carry sixteen draws of which one is used, so fifteen sixteenths of their time
are taken off it: both favour it. Engines that the project does not install, such as heormodel, are not timed.
"""

import resource
import sys
import time
from pathlib import Path

import numpy as np
from scipy.integrate import solve_ivp

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

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


def cpu(call: object, *arguments: object) -> float:
    """Give the CPU seconds of a call, all threads together."""
    begun = time.process_time()
    call(*arguments)  # type: ignore[operator]
    return time.process_time() - begun


def draws_of(places: dict[str, float], seed: int) -> dict[str, object]:
    """Vary the overdose rate and the effect of OAT over the draws."""
    random = np.random.default_rng(seed)
    return {
        **places,
        "overdose_rate": random.lognormal(np.log(0.1), 0.3, DRAWS),
        "oat_overdose_rr": random.lognormal(np.log(0.2), 0.2, DRAWS),
    }


def lsoda_seconds() -> float:
    """Give CPU seconds of scipy's LSODA for all draws, scaled from a few, without the fifteen idle lanes."""
    from epi.models import transmission_kernel as kernel
    from epi.models import transmission_solver as solver

    values = read_parameters(PARAMETERS, draws_of(PLACE, 1), DRAWS)
    rates, people, lanes = rate_rows(values), people_at_start(values), kernel.W
    work, y = np.zeros(kernel.WORK_ROWS * lanes), np.zeros(kernel.NP * kernel.NS * lanes)
    slope, tally = np.zeros_like(y), np.zeros(kernel.COUNTED * lanes)
    rows = 11 * kernel.NS
    calls = 0

    def right_side(moment: float, state: np.ndarray) -> np.ndarray:
        nonlocal calls
        calls += 1
        y.reshape(-1, lanes)[:rows, 0] = state
        solver.slopes(moment, y, slope, work, tally, 11)
        return slope.reshape(-1, lanes)[:rows, 0].copy()

    def solve(draw: int) -> None:
        work[: kernel.RATE_ROWS * lanes] = np.repeat(rates[:, draw], lanes)
        y[:] = np.repeat(people[:, draw], lanes)
        solve_ivp(right_side, (0, YEARS), people[:rows, draw], method="LSODA", rtol=1e-6, atol=1e-6)

    solve(0)
    calls = 0
    seconds = sum(cpu(solve, draw) for draw in range(PEER_DRAWS))
    alone = cpu(lambda: [solver.slopes(1.0, y, slope, work, tally, 11) for _ in range(calls)])
    return (seconds - alone * (lanes - 1) / lanes) * DRAWS / PEER_DRAWS


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
    peer = lsoda_seconds()
    print(f"scipy LSODA (rtol 1e-6), scaled from {PEER_DRAWS} draws: {peer:.0f} CPU s, {peer / ours:.0f} times ours")
    seconds = sum(cpu(run, draws_of(PLACE, place), DRAWS, horizon) for place in range(PLACES))
    print(f"{PLACES} places, one strategy: {seconds:.0f} CPU s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    main()
