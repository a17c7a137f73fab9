"""A closed cohort of people with opioid use disorder: overdoses and deaths, out of treatment and on it.

Constant rates, three states (out of treatment, on treatment, dead), in continuous time; person-years are states of the
solved system, so no cycle length stands between rates and counts. `cycle_person_years` shows what cycles would give.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.linalg import expm

from epi.models.interface import FloatArray, Horizon, Outcomes, Parameter, Role, Values, read_parameters
from epi.models.yearly import outcomes

NAME = "opioid use disorder cohort"
Counting = Literal["beginning", "end", "life-table"]

YEAR = "per person-year"
COURSE: Role = "natural history"
PARAMETERS = (
    Parameter("cohort_people", "People in the cohort at the start.", "people", 1, 1e9, "population", 100_000),
    Parameter("treated_at_start", "People on treatment at the start.", "proportion", 0, 1, "coverage", 0),
    Parameter("treatment_start_rate", "Starting treatment.", YEAR, 0, 24, "coverage", 0),
    Parameter("oat_discontinuation_rate", "Leaving treatment.", YEAR, 0, 24, COURSE, 0),
    Parameter("overdose_rate", "Overdoses out of treatment.", YEAR, 0, 12, COURSE),
    Parameter("treated_overdose_rate", "Overdoses on treatment.", YEAR, 0, 12, "effect", None, "overdose_rate"),
    Parameter("overdose_fatality", "Overdoses that end in death.", "proportion", 0, 1, COURSE),
    Parameter("excess_mortality_rate", "Other excess deaths, out of treatment.", YEAR, 0, 2, COURSE),
    Parameter(
        "treated_excess_mortality_rate", "The same on treatment.", YEAR, 0, 2, "effect", None, "excess_mortality_rate"
    ),
    Parameter("background_mortality_rate", "Deaths in the population of that age.", YEAR, 0, 2, COURSE),
)  # fmt: skip


def run(parameters: Values, draws: int, horizon: Horizon = Horizon(years=5)) -> Outcomes:  # noqa: B008 frozen
    """Run the cohort for every draw.

    Formula: with out of treatment x and on treatment y, x' = -(a + m_x) x + d y and y' = a x - (d + m_y) y, where a is
    the start and d the end of treatment and m = overdose rate x fatality + excess + background mortality. Person-years
    are their integrals, solved in the same system by a matrix exponential for each year.

    Args:
        parameters: Values of `PARAMETERS`.
        draws: Number of draws.
        horizon: Years and discount rates.

    Returns:
        Outcomes with the events `person_years`, `person_years_treated`, `overdoses`, `overdose_deaths`, `deaths`.

    Raises:
        ValueError: A parameter is missing, unknown or out of bounds.

    References:
        Fairley M et al. Cost-effectiveness of treatments for opioid use disorder. JAMA Psychiatry 2021;78:767-777.

    Examples:
        >>> rates = {"overdose_rate": 0.103, "overdose_fatality": 0.101, "excess_mortality_rate": 0.00978}
        >>> run({**rates, "background_mortality_rate": 0}, 1).total("overdoses").round().tolist()
        [48987.0]
    """
    p = read_parameters(PARAMETERS, parameters, draws)
    rates = (p["overdose_rate"], p["treated_overdose_rate"])
    excess = (p["excess_mortality_rate"], p["treated_excess_mortality_rate"])
    other = [rate + p["background_mortality_rate"] for rate in excess]
    dying = [rate * p["overdose_fatality"] + more for rate, more in zip(rates, other, strict=True)]
    lived = _person_years(p, dying, draws, horizon.years)
    overdoses = sum(time * rate[:, None] for time, rate in zip(lived, rates, strict=True))
    deaths = sum(time * rate[:, None] for time, rate in zip(lived, dying, strict=True))
    events = {
        "person_years": lived[0] + lived[1],
        "person_years_treated": lived[1],
        "overdoses": np.asarray(overdoses),
        "overdose_deaths": np.asarray(overdoses) * p["overdose_fatality"][:, None],
        "deaths": np.asarray(deaths),
    }
    return outcomes(NAME, horizon, events, {}, {})


def cycle_person_years(
    hazard: npt.ArrayLike, years: int, cycles_per_year: int, counting: Counting = "life-table"
) -> FloatArray:
    """Give the person-years of one person under a constant hazard, as a model in cycles counts them.

    Formula: with N = years x cycles_per_year cycles of length 1/c and survival S_i = exp(-h i / c), the sum over cycles
    of S at the start (`beginning`), S at the end (`end`) or their mean (`life-table`), divided by c.

    Args:
        hazard: h per person-year; a number or an array.
        years: Whole years.
        cycles_per_year: c, such as 1, 12 or 52.
        counting: Which occupancy stands for a cycle.

    Returns:
        Person-years for each person at the start.

    Raises:
        ValueError: The way of counting is not known.

    References:
        Briggs A, Claxton K, Sculpher M. Decision modelling for health economic evaluation. Oxford 2006, ch. 2.

    Examples:
        >>> [round(float(cycle_person_years(0.1, 5, 1, how)), 3) for how in ("beginning", "life-table", "end")]
        [4.135, 3.938, 3.741]
    """
    if counting not in ("beginning", "end", "life-table"):
        raise ValueError(f"counting: expected beginning, end or life-table, found {counting!r}")
    times = np.arange(years * cycles_per_year + 1) / cycles_per_year
    alive = np.exp(-np.asarray(hazard, dtype=np.float64)[..., None] * times)
    start, end = alive[..., :-1], alive[..., 1:]
    occupancy = {"beginning": start, "end": end, "life-table": (start + end) / 2}[counting]
    return np.asarray(occupancy.sum(axis=-1) / cycles_per_year)


def _person_years(
    p: dict[str, FloatArray], dying: list[FloatArray], draws: int, years: int
) -> tuple[FloatArray, FloatArray]:
    """Give person-years out of and on treatment, draws x years: states 2 and 3 of the system add up 0 and 1."""
    system = np.zeros((draws, 4, 4))
    system[:, 0, 0] = -(p["treatment_start_rate"] + dying[0])
    system[:, 0, 1] = p["oat_discontinuation_rate"]
    system[:, 1, 0] = p["treatment_start_rate"]
    system[:, 1, 1] = -(p["oat_discontinuation_rate"] + dying[1])
    system[:, 2, 0] = system[:, 3, 1] = 1.0
    step = expm(system)
    treated = p["cohort_people"] * p["treated_at_start"]
    state = np.stack([p["cohort_people"] - treated, treated, np.zeros(draws), np.zeros(draws)], axis=1)
    lived = np.empty((2, draws, years))
    for year in range(years):
        state[:, 2:] = 0.0
        state = np.einsum("dij,dj->di", step, state)
        lived[:, :, year] = state[:, 2:].T
    return lived[0], lived[1]
