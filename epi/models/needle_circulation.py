"""Needle circulation: new infections among people who share equipment, from what the needles carry.

A closed form after Kaplan and O'Keefe, as Jacobs and Irwin write it; one year at a time, nothing carries over.
"""

import numpy as np
import numpy.typing as npt

from epi.models.interface import FloatArray, Horizon, Outcomes, Parameter, Role, Values, read_parameters
from epi.models.yearly import outcomes

NAME = "needle circulation"
SHARE = "proportion"
COURSE: Role = "natural history"
# fmt: off
PARAMETERS = (
    Parameter("needles_in_circulation", "Needles in circulation in a year.", "needles per year", 0, 1e12, "population"),
    Parameter("needle_sharing_proportion", "Injections with a needle that somebody has used.", SHARE, 0, 1, COURSE),
    Parameter("needles_not_disinfected", "Shared needles not disinfected before use.", SHARE, 0, 1, COURSE, 1),
    Parameter("sharing_partners", "People who share a needle, for each shared needle.", "people", 0, 1000, COURSE),
    Parameter("susceptible_proportion", "People who inject drugs without the infection.", SHARE, 0, 1, "population"),
    Parameter("infected_proportion", "People who inject drugs with the infection.", SHARE, 0, 1, "population"),
    Parameter("transmission_probability", "Infection from one injection, infected needle.", SHARE, 0, 1, COURSE),
    Parameter("sharing_reduction", "Fall in needle sharing among those a service reaches.", SHARE, 0, 1, "effect", 0),
    Parameter("service_reach", "People who inject drugs whom the service reaches.", SHARE, 0, 1, "coverage", 0),
    Parameter("cost_infection", "Lifetime care of one infection.", "currency per infection", 0, 1e9, "cost", 0),
)
# fmt: on


def new_infections(
    susceptible: npt.ArrayLike,
    needles: npt.ArrayLike,
    sharing: npt.ArrayLike,
    not_disinfected: npt.ArrayLike,
    infected: npt.ArrayLike,
    transmission: npt.ArrayLike,
    partners: npt.ArrayLike,
) -> FloatArray:
    """Give the yearly number of new infections from shared needles.

    Formula: A = I N s d [1 - (1 - q t)^m], with I the share without the infection, N the needles in circulation in a
    year, s the share of them that is shared, d the share of those not disinfected, q the share of people with the
    infection, t the probability of infection from one injection and m the number of sharing partners.

    Args:
        susceptible: I, proportion; a number or an array, as are all others; they are broadcast together.
        needles: N, needles per year.
        sharing: s, proportion.
        not_disinfected: d, proportion.
        infected: q, proportion.
        transmission: t, probability per injection.
        partners: m, people.

    Returns:
        New infections per year.

    References:
        Kaplan EH, O'Keefe E. Let the needles do the talking! Interfaces 1993.
        Irwin A et al. Mitigating the heroin crisis in Baltimore. Harm Reduct J 2017;14:29, tables 1 and 2.

    Examples:
        >>> round(float(new_infections(0.823, 1.6e6, 0.028, 1, 0.177, 0.0067, 1.2)), 2)
        52.46
    """
    i, n, s, d, q, t, m = (
        np.asarray(value, dtype=np.float64)
        for value in (susceptible, needles, sharing, not_disinfected, infected, transmission, partners)
    )
    return np.asarray(i * n * s * d * (1 - (1 - q * t) ** m))


def critical_sharing_partners(transmission: npt.ArrayLike, infectious_years: npt.ArrayLike) -> FloatArray:
    """Give the yearly number of sharing partners below which an infection dies out.

    Formula: c = 1 / (p D), the number at which one person with the infection passes it on to one other: p is the
    probability that a partnership passes the infection on, D the years that a person stays infectious and shares.

    Args:
        transmission: p, probability per sharing partnership.
        infectious_years: D, years.

    Returns:
        Sharing partners per year.

    References:
        Murray JM, Law MG, Gao Z, Kaldor JM. The impact of behavioural changes on the prevalence of human
        immunodeficiency virus and hepatitis C. Int J Epidemiol 2003 (17 partners a year for HIV, 3 for HCV).

    Examples:
        >>> float(critical_sharing_partners(0.01, 10.0))
        10.0
    """
    return np.asarray(1 / (np.asarray(transmission, dtype=np.float64) * np.asarray(infectious_years)))


def run(parameters: Values, draws: int, horizon: Horizon = Horizon(years=1)) -> Outcomes:  # noqa: B008 frozen
    """Run the closed form for every draw; each year is like the first.

    Args:
        parameters: Values of `PARAMETERS`; without `service_reach` nobody is reached.
        draws: Number of draws.
        horizon: Years and discount rates.

    Returns:
        Outcomes with the events `infections` and the cost of their lifetime `infection_care`.

    Raises:
        ValueError: A parameter is missing, unknown or out of bounds.

    References:
        Kaplan EH, O'Keefe E. Let the needles do the talking! Interfaces 1993.

    Examples:
        >>> city = {"needles_in_circulation": 1.6e6, "needle_sharing_proportion": 0.028, "sharing_partners": 1.2,
        ...         "susceptible_proportion": 0.25, "infected_proportion": 0.75, "transmission_probability": 0.03}
        >>> run(city, 1).total("infections").round(1).tolist()
        [301.7]
    """
    p = read_parameters(PARAMETERS, parameters, draws)
    before = new_infections(
        p["susceptible_proportion"],
        p["needles_in_circulation"],
        p["needle_sharing_proportion"],
        p["needles_not_disinfected"],
        p["infected_proportion"],
        p["transmission_probability"],
        p["sharing_partners"],
    )
    infections = before * (1 - p["service_reach"] * p["sharing_reduction"])
    costs = {"infection_care": infections * p["cost_infection"]}
    return outcomes(NAME, horizon, {"infections": infections}, costs, payers={"infection_care": "health system"})
