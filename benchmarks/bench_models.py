"""Time the transmission model beside scipy's LSODA: 10,000 draws of one strategy over 20 years, in CPU seconds.

Run ``python benchmarks/bench_models.py``. The kernel is compiled before timing. LSODA solves the same equations through
the model's own kernel, one draw at a time, for a few draws, and is scaled up; its count of events is left out, which
favours it.
"""

import resource
import time

import numpy as np

from epi.models import transmission_kernel as kernel
from epi.models import transmission_layout as layout
from epi.models.interface import Horizon, read_parameters
from epi.models.transmission import PARAMETERS, _rates, _start, run

DRAWS, YEARS, PEER_DRAWS = 10_000, 20, 20
PLACE = {
    "people_who_inject_drugs": 10_000.0, "injecting_duration_years": 15.0, "recruitment_rate": 0.09,
    "other_mortality_rate": 0.01, "overdose_rate": 0.1, "overdose_fatality": 0.1, "oat_overdose_rr": 0.2,
    "oat_discontinuation_rate": 1.0, "nsp_discontinuation_rate": 1.5, "oat_coverage": 0.2, "nsp_coverage": 0.3,
    "oat_coverage_target": 0.5, "scale_up_years": 2.0, "hiv_prevalence": 0.1, "hiv_transmission_rate": 0.2,
    "hcv_prevalence": 0.3, "hcv_transmission_rate": 0.3,
}  # fmt: skip
"""Synthetic place."""


def lsoda(values: dict[str, np.ndarray], draw: int) -> None:
    """Solve one draw with scipy's LSODA on the slopes that the kernel gives."""
    from scipy.integrate import solve_ivp

    from epi.models.transmission_solver import slopes

    rates, start = _rates(values)[:, draw : draw + 1].copy(), _start(values)[:, draw]
    states = kernel.NP * kernel.CELLS
    levels, now = np.zeros((kernel.LEVER_COUNT, 1)), np.zeros((kernel.NOW_ROWS, 1))
    by_hiv, by_hcv = np.zeros((kernel.NP * kernel.NH, 1)), np.zeros((kernel.NP * kernel.NC, 1))
    hazard, tally = np.zeros((3 * kernel.NP, 1)), np.zeros((kernel.COUNTED, 1))
    slope, total, after = np.zeros((states, 1)), np.zeros((states, 1)), np.zeros((states, 1))

    def right_side(time: float, y: np.ndarray) -> np.ndarray:
        here = y[:, None].copy()
        slopes(time, here, slope, rates, levels, now, by_hiv, by_hcv, hazard, tally, layout.COMMUNITY, kernel.NH, 1)
        kernel.infect_and_die(here, slope, here, np.zeros_like(here), after, total, 1.0, 0.0, hazard, rates, now,
                              layout.COMMUNITY, kernel.NH, 1)  # fmt: skip
        return total[:, 0].copy()

    solve_ivp(right_side, (0, YEARS), start, method="LSODA", rtol=1e-6, atol=1e-6)


def main() -> None:
    """Print both times, their ratio, and the memory used."""
    generator = np.random.default_rng(20240101)
    place = {**PLACE, "overdose_rate": generator.lognormal(np.log(0.1), 0.3, DRAWS)}
    without_hiv = {name: value for name, value in place.items() if "hiv" not in name}
    run({**PLACE}, 1, Horizon(1))
    for label, values, states in (("220 states", place, 220), ("55 states, no HIV", without_hiv, 55)):
        begun = time.process_time()
        run(values, DRAWS, Horizon(YEARS))
        took = time.process_time() - begun
        print(
            f"{label}: {DRAWS:,} draws x {YEARS} years in {took:.1f} CPU s; {100 * took / states:.2f} s per 100 states"
        )
    read = read_parameters(PARAMETERS, place, DRAWS)
    lsoda(read, 0)
    begun = time.process_time()
    for draw in range(PEER_DRAWS):
        lsoda(read, draw)
    peer = (time.process_time() - begun) * DRAWS / PEER_DRAWS
    begun = time.process_time()
    run(place, DRAWS, Horizon(YEARS))
    ours = time.process_time() - begun
    print(f"scipy LSODA, scaled from {PEER_DRAWS} draws: {peer:.0f} CPU s; ratio {peer / ours:.0f}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    main()
