"""From parameters to what the solver of the transmission model reads: rates, and the people at the start."""

from collections.abc import Mapping

import numpy as np

from epi.models.interface import FloatArray
from epi.models.transmission_layout import BY_POSITION, COMMUNITY, ON_OAT, POSITIONS, RATES
from epi.models.transmission_levers import LEVER_IDS

FOUR_WEEKS = 365.25 / 28
PRODUCT, BEST_SINGLE, PUBLISHED = 0, 1, 2
# The method of Runge and Kutta is stable up to 2.78; inner stages behave well below this.
LARGEST_STEP = 2.5


def both_together(oat: FloatArray, nsp: FloatArray, published: FloatArray, rule: FloatArray) -> FloatArray:
    """Give the rate ratio of OAT and high needle coverage together, by one of three rules.

    Formula: 0: oat x nsp, as if independent; 1: min(oat, nsp), as if the second added nothing; 2: as published.

    Args:
        oat: Rate ratio of OAT alone.
        nsp: Rate ratio of high needle and syringe coverage alone.
        published: Rate ratio that a study gives for both.
        rule: 0, 1 or 2, draw by draw.

    Returns:
        Rate ratio of both against neither.

    Raises:
        ValueError: A rule is not 0, 1 or 2.

    References:
        Platt L, et al. Cochrane Database Syst Rev 2017;9:CD012021 (PMC5836947): OAT .50, NSP .79, both .24.

    Examples:
        >>> values = [np.full(3, x) for x in (0.50, 0.79, 0.24)]
        >>> both_together(*values, np.arange(3.0)).round(3).tolist()
        [0.395, 0.5, 0.24]
    """
    if not np.isin(rule, (PRODUCT, BEST_SINGLE, PUBLISHED)).all():
        found = rule[~np.isin(rule, (PRODUCT, BEST_SINGLE, PUBLISHED))][0]
        raise ValueError(f"oat_nsp_interaction: expected 0, 1 or 2, found {found:g}")
    return np.where(rule == PRODUCT, oat * nsp, np.where(rule == BEST_SINGLE, np.minimum(oat, nsp), published))


def oat_mean(values: Mapping[str, FloatArray], methadone: str, others: str) -> FloatArray:
    """Give the mean over the medications that people on OAT take of a rate, ratio or cost.

    Args:
        values: Parameters by id.
        methadone: Id of methadone's value.
        others: End of the ids of the two kinds of buprenorphine, as in `buprenorphine_overdose_rr`.

    Returns:
        Mean weighted by the shares of people.

    Raises:
        ValueError: The shares of the two kinds of buprenorphine are together above 1.
    """
    plain, extended = values["oat_share_buprenorphine"], values["oat_share_xr_buprenorphine"]
    if (plain + extended > 1 + 1e-12).any():
        found = float((plain + extended).max())
        raise ValueError(
            f"oat_share_buprenorphine: expected at most 1 with oat_share_xr_buprenorphine, found {found:g}"
        )
    names = [others.format(name) for name in ("buprenorphine", "xr_buprenorphine")]
    rest = values[methadone] * (1 - plain - extended)
    return np.asarray(rest + values[names[0]] * plain + values[names[1]] * extended)


def rate_rows(values: Mapping[str, FloatArray]) -> FloatArray:
    """Give all rates, rows x draws: those of `RATES`, one row per position for each of `BY_POSITION`, then the levers.

    Args:
        values: Every parameter of the model, as arrays of one length.

    Returns:
        Array of rates in the order that the solver reads.

    Raises:
        ValueError: Shares or codes among the parameters contradict each other.
    """
    found = {
        "oat_drop": oat_mean(values, "oat_discontinuation_rate", "{}_discontinuation_rate"),
        "nsp_drop": values["nsp_discontinuation_rate"],
        "pause": values["temporary_cessation_rate"],
        "relapse": values["relapse_rate"],
        "stop": 1 / values["injecting_duration_years"],
        "former_relapse": values["former_relapse_rate"],
        "incarceration": values["incarceration_rate"],
        "release": 1 / values["prison_stay_years"],
        "recruits": values["recruitment_rate"] * values["people_who_inject_drugs"],
        **_infection_rates(values),
        **_overdose_rates(values),
        "scale_up_start": values["scale_up_start_year"],
        "scale_up_years": values["scale_up_years"],
    }
    by_position = _by_position(values)
    rows = [found[name] for name in RATES]
    rows += [row for name in BY_POSITION for row in by_position[name]]
    rows += [values[name] for name in LEVER_IDS] + [values[f"{name}_target"] for name in LEVER_IDS]
    return np.ascontiguousarray(np.stack(rows), dtype=np.float64)


def _infection_rates(values: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Give the rates of infection and disease that do not depend on the position."""
    return {
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
    }


def _overdose_rates(values: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Give the chances around an overdose, and what consumption rooms, checking and supply take away."""
    fentanyl = 1 + values["fentanyl_share"] * (values["fentanyl_fatality_rr"] - 1)
    changed = values["drug_checking_unexpected"] * values["drug_checking_change"]
    return {
        "overdose_witnessed": values["overdose_witnessed"],
        "naloxone_use_highest": values["naloxone_use_highest"],
        "naloxone_kits_scale": values["naloxone_kits_scale"],
        "fatality": np.minimum(values["overdose_fatality"] * fentanyl, 1),
        "fatality_naloxone": np.minimum(values["naloxone_fatality"] * fentanyl, 1),
        "overdose_attended": values["overdose_attended"],
        "room_saves": 1 - values["consumption_room_fatality_rr"],
        "room_attended_less": 1 - values["consumption_room_attended_rr"],
        "room_shares_less": 1 - values["consumption_room_sharing_rr"],
        "room_injures_less": 1 - values["consumption_room_injection_infection_rr"],
        "checking_protects": changed * (1 - values["drug_checking_overdose_rr"]),
        "supply_protects": 1 - values["safer_supply_overdose_rr"],
    }


def _by_position(values: Mapping[str, FloatArray]) -> dict[str, list[FloatArray]]:
    """Give the rates that depend on the position, in the order of `POSITIONS`."""
    one, none = np.ones_like(values["overdose_rate"]), np.zeros_like(values["overdose_rate"])
    oat = oat_mean(values, "oat_overdose_rr", "{}_overdose_rr")
    first, left = values["oat_induction_overdose_rr"], values["oat_cessation_overdose_rr"]
    pause, prison = values["temporary_cessation_overdose_rr"], values["prison_overdose_rr"]
    overdose = [one, one, first, first, oat, oat, left, left, pause, pause * oat, values["former_overdose_rr"],
                values["release_overdose_rr"], prison, prison * oat]  # fmt: skip
    rule = values["oat_nsp_interaction"]
    hiv = both_together(values["oat_hiv_rr"], values["nsp_hiv_rr"], values["oat_hiv_rr"] * values["nsp_hiv_rr"], rule)
    hcv = both_together(values["oat_hcv_rr"], values["nsp_hcv_rr"], values["oat_nsp_hcv_rr"], rule)
    injury = values["oat_injection_infection_rr"] * values["nsp_injection_infection_rr"]
    inside = values["prison_sharing_rr"]

    def risk(on_oat: FloatArray, with_nsp: FloatArray, with_both: FloatArray) -> list[FloatArray]:
        outside = [one, with_nsp, on_oat, with_both, on_oat, with_both, one, with_nsp, none, none, none, one]
        return [*outside, inside, inside * on_oat]

    hiv_risk = risk(values["oat_hiv_rr"], values["nsp_hiv_rr"], hiv)
    hcv_risk = risk(values["oat_hcv_rr"], values["nsp_hcv_rr"], hcv)
    hurt = risk(values["oat_injection_infection_rr"], values["nsp_injection_infection_rr"], injury)[:12]
    hurt += [none, none]
    passed = values["protection_passed_on"]
    treated = [*ON_OAT, POSITIONS.index("prison_oat")]
    dying = [values["oat_other_mortality_rr"] if p in treated else one for p in range(len(POSITIONS))]
    dying[POSITIONS.index("former")] = values["former_other_mortality_rr"]
    return {
        "overdose": [values["overdose_rate"] * ratio for ratio in overdose],
        "other_death": [values["other_mortality_rate"] * ratio for ratio in dying],
        "injection_infection": [values["injection_infection_rate"] * ratio for ratio in hurt],
        "hiv_risk": hiv_risk,
        # Who has a higher risk than others, as in prison, does not pass more on for it.
        "hiv_passing": [1 - passed * (1 - np.minimum(ratio, 1)) for ratio in hiv_risk],
        "hcv_risk": hcv_risk,
        "hcv_passing": [1 - passed * (1 - np.minimum(ratio, 1)) for ratio in hcv_risk],
    }


def people_at_start(values: Mapping[str, FloatArray]) -> FloatArray:
    """Give the people in every state at the start, rows (positions x 9 states) x draws.

    Coverage of OAT and of needles and syringes, HIV and HCV are taken as independent of each other at the start; those
    in the first 4 weeks of OAT and after it are as many as today's coverage keeps there.

    Args:
        values: Every parameter of the model, as arrays of one length.

    Returns:
        People by position, in each the 4 states of HIV and then the 5 of HCV of the same people.

    Raises:
        ValueError: Shares of HCV states are together above 1.
    """
    size, paused = values["people_who_inject_drugs"], values["temporary_cessation_share"]
    oat, nsp = values["oat_coverage"], values["nsp_coverage"]
    drop = oat_mean(values, "oat_discontinuation_rate", "{}_discontinuation_rate")
    leave = drop + 1 / values["injecting_duration_years"] + values["temporary_cessation_rate"]
    first = oat * leave / (FOUR_WEEKS + leave)
    left = np.minimum(oat * drop / FOUR_WEEKS, 1 - oat)
    now = size * (1 - paused)
    people = np.zeros((len(POSITIONS), size.size))
    for index, share in zip((0, 2, 4, 6), (1 - oat - left, first, oat - first, left), strict=True):
        people[index], people[index + 1] = now * share * (1 - nsp), now * share * nsp
    people[8], people[9] = size * paused * (1 - oat), size * paused * oat
    people[10] = size * values["former_injecting_ratio"]
    inside = size * values["incarcerated_ratio"]
    people[12], people[13] = inside * (1 - values["prison_oat_coverage"]), inside * values["prison_oat_coverage"]
    hiv, art = values["hiv_prevalence"], values["art_coverage"]
    rna, cleared, cirrhosis = values["hcv_prevalence"], values["hcv_cleared_prevalence"], values["hcv_f4_share"]
    if (rna + cleared > 1 + 1e-12).any():
        found = float((rna + cleared).max())
        raise ValueError(f"hcv_prevalence: expected at most 1 with hcv_cleared_prevalence, found {found:g} together")
    none = np.zeros_like(hiv)
    states = [1 - hiv, none, hiv * (1 - art), hiv * art]
    states += [1 - rna - cleared, none, rna * (1 - cirrhosis), rna * cirrhosis, cleared]
    return np.ascontiguousarray((people[:, None, :] * np.stack(states)).reshape(-1, size.size))


def position_count(values: Mapping[str, FloatArray]) -> int:
    """Give the number of positions to solve: without prison where nobody is in prison or goes there.

    Args:
        values: Every parameter of the model.

    Returns:
        11 or 14.
    """
    prison = values["incarceration_rate"].any() or values["incarcerated_ratio"].any()
    return len(POSITIONS) if prison else COMMUNITY


def check_step(rates: FloatArray, steps_per_year: int) -> None:
    """Refuse rates too fast for the step: the solver would go astray without a word.

    Args:
        rates: What `rate_rows` gives.
        steps_per_year: Steps of the solver in a year.

    Raises:
        ValueError: People would leave some state faster than 2.5 times a step.
    """
    row = {name: rates[index] for index, name in enumerate(RATES)}
    # Twice the fastest start: on OAT and to high needle coverage.
    moves = FOUR_WEEKS + 2 * 6.0 + row["oat_drop"] + row["pause"] + row["stop"] + row["incarceration"]
    other = [row["nsp_drop"], row["hiv_acute_end"], row["hcv_acute_end"], row["relapse"], row["release"]]
    fastest = float(np.maximum(moves, np.max(other, axis=0)).max())
    if fastest > LARGEST_STEP * steps_per_year:
        need = int(np.ceil(fastest / LARGEST_STEP))
        raise ValueError(
            f"steps_per_year: expected at least {need} for people who move at {fastest:.1f} per year, "
            f"found {steps_per_year}; give more steps or check the rates"
        )
