"""A drug consumption room by seven closed forms: what one site averts and saves in a year.

After Irwin and colleagues: infections with HIV and HCV by needle circulation, hospital days for skin infections,
overdose deaths near the site, ambulance calls and hospital stays for overdoses, and people who start treatment (OAT).
Nothing carries over from one year to the next, and people who inject at the site are taken to be like all others.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from epi.models.interface import FloatArray, Horizon, Outcomes, Parameter, Role, Values, read_parameters
from epi.models.needle_circulation import new_infections
from epi.models.yearly import outcomes

NAME = "consumption site"
SHARE = "proportion"
COURSE: Role = "natural history"
PEOPLE: Role = "population"
# fmt: off
PARAMETERS = (
    Parameter("site_open", "Share of its planned size at which the site runs.", SHARE, 0, 1, "coverage", 0),
    Parameter("site_clients", "People who use the site.", "people", 0, 1e7, PEOPLE),
    Parameter("site_injections", "Injections at the site in a year.", "injections per year", 0, 1e9, PEOPLE),
    Parameter("site_cost", "Running the site for a year.", "currency per year", 0, 1e10, "cost"),
    Parameter("city_people_who_inject_drugs", "People who inject drugs in the city.", "people", 1, 1e8, PEOPLE),
    Parameter("needles_in_circulation", "Needles in circulation in a year.", "needles per year", 0, 1e12, PEOPLE),
    Parameter("needle_sharing_proportion", "Injections with a needle that somebody has used.", SHARE, 0, 1, COURSE),
    Parameter("needles_not_disinfected", "Shared needles not disinfected before use.", SHARE, 0, 1, COURSE, 1),
    Parameter("sharing_partners", "People who share a needle, for each shared needle.", "people", 0, 1000, COURSE),
    Parameter("site_sharing_reduction", "Fall in needle sharing among people who use the site.", SHARE, 0, 1, "effect"),
    Parameter("hiv_susceptible", "People who inject drugs without HIV.", SHARE, 0, 1, PEOPLE),
    Parameter("hiv_infected", "People who inject drugs with HIV.", SHARE, 0, 1, PEOPLE),
    Parameter("hiv_needle_transmission", "HIV from one injection with an infected needle.", SHARE, 0, 1, COURSE),
    Parameter("cost_hiv_lifetime", "Lifetime care of one HIV infection.", "currency per infection", 0, 1e9, "cost"),
    Parameter("hcv_susceptible", "People who inject drugs without HCV.", SHARE, 0, 1, PEOPLE),
    Parameter("hcv_infected", "People who inject drugs with HCV.", SHARE, 0, 1, PEOPLE),
    Parameter("hcv_needle_transmission", "HCV from one injection with an infected needle.", SHARE, 0, 1, COURSE),
    Parameter("cost_hcv_lifetime", "Lifetime care of one HCV infection.", "currency per infection", 0, 1e9, "cost"),
    Parameter("skin_infection_hospital", "Hospital stays for skin infections.", "per person-year", 0, 12, COURSE),
    Parameter("site_skin_infection_reduction", "Fall in those stays for people who use it.", SHARE, 0, 1, "effect"),
    Parameter("skin_infection_stay_days", "Length of such a stay.", "days", 0, 365, COURSE),
    Parameter("cost_hospital_day", "One day in hospital.", "currency per day", 0, 1e7, "cost"),
    Parameter("city_overdose_deaths", "Overdose deaths in the city in a year.", "deaths per year", 0, 1e6, PEOPLE),
    Parameter("site_area_share", "Share of the city's overdoses that happen near the site.", SHARE, 0, 1, PEOPLE),
    Parameter("site_overdose_death_reduction", "Fall in overdose deaths near the site.", SHARE, 0, 1, "effect"),
    Parameter("working_years_lost", "Years of work lost by an overdose death.", "years", 0, 100, PEOPLE),
    Parameter("annual_wage", "Yearly wage.", "currency per year", 0, 1e9, "cost"),
    Parameter("wage_discount_rate", "Discount rate of later wages.", "per year", 0, 1, "assumption"),
    Parameter("overdose_per_injection", "Overdoses at one injection.", SHARE, 0, 1, COURSE),
    Parameter("ambulance_per_overdose", "Overdoses elsewhere with an ambulance call.", SHARE, 0, 1, COURSE),
    Parameter("ambulance_per_site_overdose", "Overdoses at the site with an ambulance call.", SHARE, 0, 1, "effect"),
    Parameter("cost_ambulance_call", "One ambulance call.", "currency per call", 0, 1e7, "cost"),
    Parameter("hospital_per_overdose", "Overdoses elsewhere with a hospital stay.", SHARE, 0, 1, COURSE),
    Parameter("hospital_per_site_overdose", "Overdoses at the site with a hospital stay.", SHARE, 0, 1, "effect"),
    Parameter("cost_overdose_hospital", "One hospital stay for an overdose.", "currency per stay", 0, 1e7, "cost"),
    Parameter("site_oat_uptake", "People who use the site and start OAT through it.", SHARE, 0, 1, "effect"),
    Parameter("oat_retained", "People who stay on OAT among those who start.", SHARE, 0, 1, COURSE),
    Parameter("oat_benefit_cost_ratio", "What one unit spent on OAT saves society.", "ratio", 0, 1000, "effect"),
    Parameter("site_oat_cost", "OAT of one person who started there.", "currency per person-year", 0, 1e9, "cost"),
)
# fmt: on
PAYERS = {
    "site": "health system",
    "hiv_care": "health system",
    "hcv_care": "health system",
    "skin_infection_hospital": "health system",
    "ambulance": "health system",
    "overdose_hospital": "health system",
    "oat": "health system",
    "oat_savings": "society",
    "earnings_lost": "society",
}


def present_value(yearly: npt.ArrayLike, years: npt.ArrayLike, rate: npt.ArrayLike) -> FloatArray:
    """Give today's value of a yearly amount paid at the end of each year.

    Formula: W [1 - (1 + r)^-N] / r; W N where r is 0.

    Args:
        yearly: W, currency per year.
        years: N.
        rate: r, per year.

    Returns:
        Currency.

    References:
        Irwin A et al. Mitigating the heroin crisis in Baltimore. Harm Reduct J 2017;14:29, table 4.

    Examples:
        >>> round(float(present_value(25_707, 30, 0.03)))
        503869
    """
    wage, n, r = (np.asarray(value, dtype=np.float64) for value in (yearly, years, rate))
    safe = np.where(r > 0, r, 1.0)
    return np.asarray(np.where(r > 0, wage * (1 - (1 + safe) ** -n) / safe, wage * n))


def averted(p: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Give what the site averts in a year, one array for each line.

    Formula: with size x, clients C of T people who inject and reduction n, infections A x n C / T (A by needle
    circulation); hospital days C x h r L; deaths D x f r, with f the share of deaths near the site; calls and stays
    J x o (c - c_site), with J injections and o overdoses at one; people who start treatment C x u.

    Args:
        p: All of `PARAMETERS` by id, as arrays of one length.

    Returns:
        `hiv_infections`, `hcv_infections`, `skin_infection_days`, `overdose_deaths`, `ambulance_calls`,
        `overdose_hospital_stays`, and (gained, not averted) `oat_starts`; each per year.

    References:
        Irwin A et al. Mitigating the heroin crisis in Baltimore. Harm Reduct J 2017;14:29, tables 1-8.

    Examples:
        >>> [parameter.id for parameter in PARAMETERS][:2]
        ['site_open', 'site_clients']
    """
    reached = p["site_open"] * p["site_clients"] / p["city_people_who_inject_drugs"] * p["site_sharing_reduction"]
    site_overdoses = p["site_open"] * p["site_injections"] * p["overdose_per_injection"]
    return {
        "hiv_infections": _infections(p, "hiv") * reached,
        "hcv_infections": _infections(p, "hcv") * reached,
        "skin_infection_days": p["site_open"] * _skin_days(p) * p["site_skin_infection_reduction"],
        "overdose_deaths": p["site_open"]
        * p["city_overdose_deaths"]
        * p["site_area_share"]
        * p["site_overdose_death_reduction"],
        "ambulance_calls": site_overdoses * (p["ambulance_per_overdose"] - p["ambulance_per_site_overdose"]),
        "overdose_hospital_stays": site_overdoses * (p["hospital_per_overdose"] - p["hospital_per_site_overdose"]),
        "oat_starts": p["site_open"] * p["site_clients"] * p["site_oat_uptake"],
    }


def run(parameters: Values, draws: int, horizon: Horizon = Horizon(years=1)) -> Outcomes:  # noqa: B008 frozen
    """Run the closed forms for every draw; each year is like the first.

    Without `site_open` there is no site: compare with `replace(parameters, site_open=1)`. Ambulance calls and hospital
    stays are those for overdoses at the injections that the site could host, wherever they happen.

    Args:
        parameters: Values of `PARAMETERS`.
        draws: Number of draws.
        horizon: Years and discount rates.

    Returns:
        Outcomes with the seven lines as events and the costs of `PAYERS`; `oat_savings` is a negative cost.

    Raises:
        ValueError: A parameter is missing, unknown or out of bounds.

    References:
        Irwin A et al. Mitigating the heroin crisis in Baltimore. Harm Reduct J 2017;14:29.

    Examples:
        >>> run({}, 1)
        Traceback (most recent call last):
        ...
        ValueError: parameters: expected a value of site_clients (People who use the site.), found none
    """
    p = read_parameters(PARAMETERS, parameters, draws)
    overdoses = p["site_injections"] * p["overdose_per_injection"]
    without = {
        "hiv_infections": _infections(p, "hiv"),
        "hcv_infections": _infections(p, "hcv"),
        "skin_infection_days": _skin_days(p),
        "overdose_deaths": p["city_overdose_deaths"],
        "ambulance_calls": overdoses * p["ambulance_per_overdose"],
        "overdose_hospital_stays": overdoses * p["hospital_per_overdose"],
        "oat_starts": np.zeros(draws),
    }
    change = averted(p)
    change["oat_starts"] = -change["oat_starts"]
    events = {name: without[name] - change[name] for name in without}
    return outcomes(NAME, horizon, events, _costs(p, events), PAYERS)


def _infections(p: Mapping[str, FloatArray], virus: str) -> FloatArray:
    return new_infections(
        p[f"{virus}_susceptible"],
        p["needles_in_circulation"],
        p["needle_sharing_proportion"],
        p["needles_not_disinfected"],
        p[f"{virus}_infected"],
        p[f"{virus}_needle_transmission"],
        p["sharing_partners"],
    )


def _skin_days(p: Mapping[str, FloatArray]) -> FloatArray:
    return p["site_clients"] * p["skin_infection_hospital"] * p["skin_infection_stay_days"]


def _costs(p: Mapping[str, FloatArray], events: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Give each category's cost; a person who starts OAT costs it and saves society a multiple of it."""
    oat = events["oat_starts"] * p["oat_retained"] * p["site_oat_cost"]
    death = present_value(p["annual_wage"], p["working_years_lost"], p["wage_discount_rate"])
    return {
        "site": p["site_open"] * p["site_cost"],
        "hiv_care": events["hiv_infections"] * p["cost_hiv_lifetime"],
        "hcv_care": events["hcv_infections"] * p["cost_hcv_lifetime"],
        "skin_infection_hospital": events["skin_infection_days"] * p["cost_hospital_day"],
        "ambulance": events["ambulance_calls"] * p["cost_ambulance_call"],
        "overdose_hospital": events["overdose_hospital_stays"] * p["cost_overdose_hospital"],
        "oat": oat,
        "oat_savings": -oat * p["oat_benefit_cost_ratio"],
        "earnings_lost": events["overdose_deaths"] * death,
    }
