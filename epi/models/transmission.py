"""The transmission model of people who inject drugs: overdose, HIV, hepatitis C and services of one place.

A deterministic model in continuous time. People move between injecting, a pause and lasting cessation, opioid agonist
treatment (first four weeks, later, four weeks after), high and low needle and syringe coverage, and, where it is
given, prison; each of them has a state of HIV and of HCV. Overdose, naloxone, consumption rooms, drug checking and
safer supply act as hazards and as odds of surviving an overdose. All events, person-years and their discounted sums
are states of the solver. What a value means and its unit stands in `PARAMETERS`; values come from evidence.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from epi.models import transmission_layout as layout
from epi.models.interface import FloatArray, Horizon, Outcomes, Values, read_parameters
from epi.models.transmission_levers import LEVER_IDS
from epi.models.transmission_outcomes import outcomes
from epi.models.transmission_parameters import PARAMETERS

__all__ = ["NAME", "PARAMETERS", "run"]

NAME = "transmission"
STEPS_PER_YEAR = 12


def run(
    parameters: Values, draws: int, horizon: Horizon | None = None, steps: int = STEPS_PER_YEAR, threads: int = 1
) -> Outcomes:
    """Run the model for every draw.

    Formula: dy/dt = M(t, y) y + recruitment, solved by the classical Runge-Kutta method of order 4 in `steps` equal
    steps a year. M holds movement between positions, infection (force = transmission rate x infectious share of those
    who share x own risk), progression, treatment and death. A service's level goes in a straight line to its
    target; people start it at the rate that makes coverage follow that path, at most six times a year.

    Args:
        parameters: A number or an array of length `draws` by parameter id.
        draws: How many draws.
        horizon: Years and discount rates; 20 years at 3 % when left out.
        steps: Steps a year; twice as many change results by less than one part in a million.
        threads: Threads that share the draws; results do not depend on it.

    Returns:
        Outcomes of every draw and year; `stocks` at the start and the end of each year.

    Raises:
        ValueError: A parameter is missing, unknown, out of bounds or of another length, or a level makes no sense.

    References:
        Butcher JC. Numerical Methods for Ordinary Differential Equations (Runge-Kutta). Rates and ratios with their
        sources: `meta.parameters`.

    Examples:
        >>> place = {"people_who_inject_drugs": 1000, "recruitment_rate": 0.1, "injecting_duration_years": 10}
        >>> rates = {"overdose_rate": 0.1, "overdose_fatality": 0.1, "other_mortality_rate": 0.01}
        >>> made = run({**place, **rates, "oat_discontinuation_rate": 1}, draws=1, horizon=Horizon(years=1))
        >>> float(made.total("overdose_deaths")[0].round(2))
        9.9
    """
    horizon = horizon or Horizon()
    values = read_parameters(PARAMETERS, parameters, draws)
    rates, start = _rates(values), _start(values)
    counted, stocks = solve(values, rates, start, horizon, steps, threads)
    return outcomes(NAME, horizon, values, counted, stocks)


def solve(
    values: dict[str, FloatArray], rates: FloatArray, start: FloatArray, horizon: Horizon, steps: int, threads: int
) -> tuple[FloatArray, FloatArray]:
    """Solve the equations.

    Args:
        values: Parameters by id, arrays of length draws.
        rates: Rows as the kernel reads them x draws.
        start: People in each state x draws.
        horizon: Years and discount rates.
        steps: Steps a year.
        threads: Threads.

    Returns:
        Counted events and person-years (undiscounted, at the cost rate, at the effect rate) x rows x years x draws, and
        stocks x (years + 1) x draws.

    References:
        As for `run`.
    """
    from epi.models import transmission_equations as kernel
    from epi.models.transmission_steps import STOCK_ROWS
    from epi.models.transmission_steps import solve as solve_draws

    draws = rates.shape[1]
    prison = bool((values["incarceration_rate"] > 0).any() or (values["incarcerated_ratio"] > 0).any())
    hiv = bool((values["hiv_prevalence"] > 0).any())
    positions, hiv_states = (kernel.NP if prison else layout.COMMUNITY), (kernel.NH if hiv else 1)
    counted = np.zeros((3, kernel.COUNTED, horizon.years, draws))
    stocks = np.zeros((STOCK_ROWS, horizon.years + 1, draws))
    forces = np.log1p([horizon.discount_rate_cost, horizon.discount_rate_effect])

    def part(first: int, last: int) -> None:
        solve_draws(rates, start, counted, stocks, first, last, horizon.years, steps, forces[0], forces[1],
                    positions, hiv_states)  # fmt: skip

    # Whole blocks to each thread; one thread compiles first, so that two never compile the same.
    share = kernel.LANES * max(1, -(-draws // (kernel.LANES * threads)))
    edges = [(first, min(first + share, draws)) for first in range(0, draws, share)]
    part(*edges[0])
    with ThreadPoolExecutor(max(1, threads)) as pool:
        list(pool.map(lambda edge: part(*edge), edges[1:]))
    return counted, stocks


def _mix(values: dict[str, FloatArray], methadone: str, others: str) -> FloatArray:
    """Average a figure over the medicines of OAT by the share of people who take each."""
    buprenorphine, extended = values["oat_share_buprenorphine"], values["oat_share_xr_buprenorphine"]
    if (buprenorphine + extended > 1).any():
        raise ValueError(
            "oat_share_buprenorphine and oat_share_xr_buprenorphine: expected shares that sum to at most 1, found "
            f"{float((buprenorphine + extended).max()):g}; the rest take methadone"
        )
    rest = 1 - buprenorphine - extended
    return (
        rest * values[methadone]
        + buprenorphine * values[f"buprenorphine_{others}"]
        + extended * values[f"xr_buprenorphine_{others}"]
    )


def _rates(values: dict[str, FloatArray]) -> FloatArray:
    """Give the rows that the kernel reads, in the order of the layout."""
    fentanyl = 1 + values["fentanyl_share"] * (values["fentanyl_fatality_rr"] - 1)
    named = {
        "oat_drop": _mix(values, "oat_discontinuation_rate", "discontinuation_rate"),
        "nsp_drop": values["nsp_discontinuation_rate"],
        "pause": values["temporary_cessation_rate"],
        "relapse": values["relapse_rate"],
        "stop": 1 / values["injecting_duration_years"],
        "former_relapse": values["former_relapse_rate"],
        "incarceration": values["incarceration_rate"],
        "release": 1 / values["prison_stay_years"],
        "recruits": values["recruitment_rate"] * values["people_who_inject_drugs"],
        "hiv_transmission": values["hiv_transmission_rate"],
        "hiv_acute_end": 1 / values["hiv_acute_years"],
        "hiv_acute_infectiousness": values["hiv_acute_infectiousness"],
        "art_infectiousness": values["art_transmission_rr"],
        "art_start_after_test": values["art_start_after_test"],
        "art_drop": values["art_discontinuation_rate"],
        "hiv_death": values["hiv_mortality_rate"],
        "art_death": values["art_mortality_rate"],
        "prep_protection": 1 - values["prep_hiv_rr"],
        "hcv_transmission": values["hcv_transmission_rate"],
        "hcv_acute_end": 1 / values["hcv_acute_years"],
        "hcv_clearance": values["hcv_clearance_proportion"],
        "hcv_reinfection": values["hcv_reinfection_rr"],
        "hcv_progression": values["hcv_progression_rate"],
        "hcv_f4_death": values["hcv_f4_mortality_rate"],
        "hcv_cure": values["hcv_svr_proportion"],
        "overdose_witnessed": values["overdose_witnessed"],
        "naloxone_use_highest": values["naloxone_use_highest"],
        "naloxone_kits_scale": values["naloxone_kits_scale"],
        "fatality": np.minimum(values["overdose_fatality"] * fentanyl, 1.0),
        "fatality_naloxone": np.minimum(values["naloxone_fatality"] * fentanyl, 1.0),
        "overdose_attended": values["overdose_attended"],
        "room_saves": 1 - values["consumption_room_fatality_rr"],
        "room_attended_less": 1 - values["consumption_room_attended_rr"],
        "room_shares_less": 1 - values["consumption_room_sharing_rr"],
        "room_injures_less": 1 - values["consumption_room_injection_infection_rr"],
        "checking_protects": values["drug_checking_unexpected"]
        * values["drug_checking_change"]
        * (1 - values["drug_checking_overdose_rr"]),
        "supply_protects": 1 - values["safer_supply_overdose_rr"],
        "scale_up_start": values["scale_up_start_year"],
        "scale_up_years": values["scale_up_years"],
    }
    by_position = {**_mortality(values), **_infection(values)}
    levers = [values[name] for name in LEVER_IDS] + [values[f"{name}_target"] for name in LEVER_IDS]
    blocks = [by_position[kind][position] for kind in layout.BY_POSITION for position in layout.POSITIONS]
    return np.ascontiguousarray(np.stack([*(named[name] for name in layout.RATES), *blocks, *levers]))


def _mortality(values: dict[str, FloatArray]) -> dict[str, dict[str, FloatArray]]:
    """Give each position its rate of overdose, of other deaths and of injection-related infection."""
    none = np.zeros_like(values["overdose_rate"])
    on_oat = _mix(values, "oat_overdose_rr", "overdose_rr")
    paused, prison = values["temporary_cessation_overdose_rr"], values["prison_overdose_rr"]
    factor = {
        "oat_first_weeks": values["oat_induction_overdose_rr"],
        "oat": on_oat,
        "oat_left": values["oat_cessation_overdose_rr"],
        "paused": paused,
        "paused_oat": paused * on_oat,
        "former": values["former_overdose_rr"],
        "released": values["release_overdose_rr"],
        "prison": prison,
        "prison_oat": prison * on_oat,
    }
    overdose, other, injury = {}, {}, {}
    treated = {layout.POSITIONS[at] for at in layout.ON_OAT} | {"prison_oat"}
    injecting = {layout.POSITIONS[at] for at in layout.INJECTING}
    for at, position in enumerate(layout.POSITIONS):
        plain = position.removesuffix("_nsp")
        overdose[position] = values["overdose_rate"] * factor.get(plain, 1.0)
        ratio = values["oat_other_mortality_rr"] if position in treated else 1.0
        ratio = values["former_other_mortality_rr"] if position == "former" else ratio
        other[position] = values["other_mortality_rate"] * ratio
        eased = values["oat_injection_infection_rr"] if position in treated else 1.0
        eased = eased * (values["nsp_injection_infection_rr"] if at in layout.HIGH_NSP else 1.0)
        injury[position] = values["injection_infection_rate"] * eased if position in injecting else none
    return {"overdose": overdose, "other_death": other, "injection_infection": injury}


def _infection(values: dict[str, FloatArray]) -> dict[str, dict[str, FloatArray]]:
    """Give each position its own risk of HIV and HCV, and how much of it others share."""
    rule = values["oat_nsp_interaction"]
    if not np.isin(rule, (0, 1, 2)).all():
        raise ValueError(
            f"oat_nsp_interaction: expected 0, 1 or 2, found {float(rule[~np.isin(rule, (0, 1, 2))][0]):g}"
        )
    found: dict[str, dict[str, FloatArray]] = {}
    for virus in ("hiv", "hcv"):
        oat, nsp = values[f"oat_{virus}_rr"], values[f"nsp_{virus}_rr"]
        both = np.where(rule == 1, np.minimum(oat, nsp), oat * nsp)
        if virus == "hcv":
            both = np.where(rule == 2, values["oat_nsp_hcv_rr"], both)
        one, none, prison = np.ones_like(oat), np.zeros_like(oat), values["prison_sharing_rr"]
        risk, passing = {}, {}
        for at, position in enumerate(layout.POSITIONS):
            treated, covered = at in layout.ON_OAT or position == "prison_oat", at in layout.HIGH_NSP
            own = both if treated and covered else oat if treated else nsp if covered else one
            shares = at in layout.INJECTING or position.startswith("prison")
            risk[position] = (own * (prison if position.startswith("prison") else 1.0)) if shares else none
            passing[position] = (1 - values["protection_passed_on"] * (1 - own)) if shares else none
        found[f"{virus}_risk"], found[f"{virus}_passing"] = risk, passing
    return found


def _start(values: dict[str, FloatArray]) -> FloatArray:
    """Give the people in every state at the start: positions as today's services imply, HIV and HCV apart."""
    people, paused = values["people_who_inject_drugs"], values["temporary_cessation_share"]
    oat, nsp = values["oat_coverage"], values["nsp_coverage"]
    leave = 1 / values["injecting_duration_years"] + values["temporary_cessation_rate"]
    drop = _mix(values, "oat_discontinuation_rate", "discontinuation_rate")
    four_weeks = 365.25 / 28
    first = 1 / (four_weeks + drop + leave)
    later = four_weeks * first / (drop + leave)
    new = first / (first + later)
    now = people * (1 - paused)
    on = now * oat
    left = np.minimum(on * drop / four_weeks, now - on)
    groups = {
        "injecting": now - on - left,
        "oat_first_weeks": on * new,
        "oat": on * (1 - new),
        "oat_left": left,
        "paused": people * paused * (1 - oat),
        "paused_oat": people * paused * oat,
        "former": people * values["former_injecting_ratio"],
        "released": 0 * people,
        "prison": people * values["incarcerated_ratio"] * (1 - values["prison_oat_coverage"]),
        "prison_oat": people * values["incarcerated_ratio"] * values["prison_oat_coverage"],
    }
    infected, art = values["hiv_prevalence"], values["art_coverage"]
    hiv = [1 - infected, 0 * infected, infected * (1 - art), infected * art]
    chronic, cleared, cirrhosis = values["hcv_prevalence"], values["hcv_cleared_prevalence"], values["hcv_f4_share"]
    if (chronic + cleared > 1).any():
        raise ValueError(
            "hcv_prevalence and hcv_cleared_prevalence: expected shares that sum to at most 1, found "
            f"{float((chronic + cleared).max()):g}; antibodies are the sum of the two"
        )
    hcv = [1 - chronic - cleared, 0 * chronic, chronic * (1 - cirrhosis), chronic * cirrhosis, cleared]
    rows = []
    for at, position in enumerate(layout.POSITIONS):
        size = groups[position.removesuffix("_nsp")]
        if at < 8:
            size = size * (nsp if at in layout.HIGH_NSP else 1 - nsp)
        rows += [size * h * c for h in hiv for c in hcv]
    return np.ascontiguousarray(np.stack(rows))
