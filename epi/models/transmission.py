"""People who inject drugs in one place: overdose, HIV and HCV under any combination of harm reduction services.

A deterministic compartmental model. People inject, pause or stop for good; are out of opioid agonist therapy (OAT),
in its first 4 weeks, stable on it, or in the 4 weeks after it; have low or high needle and syringe coverage while they
inject; may be in prison. They have one of 4 states of HIV and one of 5 of HCV. `epi.models.transmission_layout` lists
the positions and says how they are folded. No rate depends on the pair of HIV and HCV states, so both are followed by
position, side by side: 99 states, 126 with prison. That is exact but for one thing: deaths from liver disease are
spread over the HIV states of a position in proportion, and deaths from HIV over its HCV states.

Force of infection: rate x (infectious people among those who share, weighted by infectiousness) x the person's own
rate ratio for OAT and needle coverage. Overdose, naloxone, consumption rooms, drug checking and safer supply act on
hazards and fatality. Levels of services follow straight lines to a target; people start so that coverage follows,
nobody is made to leave, and nobody waits less than two months on average: a target set at once is nearly reached
within a year.

Not in the model: age and sex, sexual transmission of HIV, undiagnosed HIV as a state, faster liver disease with HIV,
risk left after cure of cirrhosis, movement of people between places.
"""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from epi.models.interface import FloatArray, Horizon, Outcomes, Values, read_parameters
from epi.models.transmission_layout import (
    COUNTERS,
    HCV_STATES,
    HIGH_NSP,
    HIV_STATES,
    INJECTING,
    ON_OAT,
    POSITIONS,
    STOCKS,
)
from epi.models.transmission_parameters import PARAMETERS
from epi.models.transmission_rates import check_step, people_at_start, position_count, rate_rows
from epi.models.transmission_worth import PAYERS, costs, effects, setup_cost

__all__ = ["NAME", "PARAMETERS", "run"]

NAME = "transmission"
STEPS_PER_YEAR = 12
COUNTED = (*COUNTERS, *(f"years_{name}" for name in (*POSITIONS, *HIV_STATES, *HCV_STATES)))


def run(
    parameters: Values,
    draws: int,
    horizon: Horizon | None = None,
    steps_per_year: int = STEPS_PER_YEAR,
    threads: int | None = None,
) -> Outcomes:
    """Run the model for every draw.

    Formula: dy/dt = f(t, y), solved by the classical Runge-Kutta method of order 4; events, person-years and their
    discounted integrals are states of the solver.

    Args:
        parameters: A number or an array of length `draws` by parameter id; `PARAMETERS` says which there are.
        draws: Number of draws.
        horizon: Years and discount rates; 20 years at 3 % when not given.
        steps_per_year: Steps of the solver in a year.
        threads: Threads at work; as many as processors when not given. Results do not depend on it.

    Returns:
        Outcomes draw by draw and year by year; `stocks` has the people at the start and the end of each year.

    Raises:
        ValueError: A parameter is missing, unknown or out of bounds, or rates are too fast for the step.

    References:
        Structure after Fairley M, et al. JAMA Psychiatry 2021;78:767-777 (PMC8014209), for overdose and OAT; Platt L,
        et al. Cochrane Database Syst Rev 2017;9:CD012021 (PMC5836947), for the joint effect of OAT and NSP on HCV.

    Examples:
        >>> place = {"people_who_inject_drugs": 1000, "recruitment_rate": 0.1, "injecting_duration_years": 10,
        ...     "other_mortality_rate": 0.01, "overdose_rate": 0.1, "overdose_fatality": 0.1,
        ...     "oat_discontinuation_rate": 1}  # synthetic numbers
        >>> run(place, 1, Horizon(years=1)).total("overdose_deaths").round(2).tolist()
        [9.9]
    """
    horizon = horizon or Horizon()
    values = read_parameters(PARAMETERS, parameters, draws)
    rates, people = rate_rows(values), people_at_start(values)
    check_step(rates, steps_per_year)
    counted, stocks = _solve(rates, people, horizon, steps_per_year, position_count(values), threads)
    size = len(COUNTED)
    plain, as_cost, as_effect = (
        _events(values, {name: counted[:, part * size + index].T for index, name in enumerate(COUNTED)})
        for part in range(3)
    )
    spent, spent_discounted = costs(values, plain), costs(values, as_cost)
    spent["consumption_rooms"] += setup_cost(values, horizon, discounted=False)
    spent_discounted["consumption_rooms"] += setup_cost(values, horizon, discounted=True)
    return Outcomes(
        model=NAME,
        horizon=horizon,
        events=plain,
        events_discounted=as_cost,
        costs=spent,
        costs_discounted=spent_discounted,
        effects=effects(values, plain),
        effects_discounted=effects(values, as_effect, horizon.discount_rate_effect),
        payers=PAYERS,
        stocks={name: stocks[:, index].T for index, name in enumerate(STOCKS)},
    )


def _solve(
    rates: FloatArray, people: FloatArray, horizon: Horizon, steps: int, positions: int, threads: int | None
) -> tuple[FloatArray, FloatArray]:
    """Solve all draws in as many threads as asked for, and give what was counted and the stocks."""
    # numba takes a moment to load, and most commands never run a model.
    from epi.models import transmission_solver as solver

    draws = rates.shape[1]
    counted = np.empty((horizon.years, 3 * len(COUNTED), draws))
    stocks = np.empty((horizon.years + 1, len(STOCKS), draws))
    forces = np.log1p([horizon.discount_rate_cost, horizon.discount_rate_effect])
    blocks = -(-draws // solver.LANES)
    parts = max(min(threads or os.cpu_count() or 1, blocks), 1)
    edges = [min(blocks * part // parts * solver.LANES, draws) for part in range(parts + 1)]

    solve = solver.compiled()

    def part(first: int, last: int) -> None:
        solve(rates, people, counted, stocks, first, last, horizon.years, steps, forces[0], forces[1], positions)

    # Compiled before there are threads, so that two never compile the same; no draw is solved here.
    part(0, 0)
    with ThreadPoolExecutor(parts) as pool:
        for done in [pool.submit(part, first, last) for first, last in pairwise(edges)]:
            done.result()
    return counted, stocks


def _events(values: Mapping[str, FloatArray], counted: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Add to what was counted the sums and products that have names of their own."""

    def years(positions: tuple[int, ...]) -> FloatArray:
        return np.asarray(sum(counted[f"years_{POSITIONS[index]}"] for index in positions))

    return {
        **counted,
        "injecting_years": years(INJECTING),
        "oat_years": years(ON_OAT),
        "nsp_years": years(HIGH_NSP),
        "art_years": counted["years_hiv_art"],
        "hiv_untreated_years": counted["years_hiv_acute"] + counted["years_hiv_chronic"],
        "room_visits": counted["room_years"] * values["consumption_room_visits"][:, None],
        "hcv_tests": counted["hcv_courses"] * values["hcv_tests_per_course"][:, None],
        "person_years": years(tuple(range(len(POSITIONS)))),
        "deaths": np.asarray(sum(counted[f"{cause}_deaths"] for cause in ("overdose", "other", "hiv", "liver"))),
    }
