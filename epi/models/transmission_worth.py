"""What the transmission model's years and events are worth: utilities, disability weights, prices and who pays."""

from collections.abc import Mapping

import numpy as np

from epi.models.interface import FloatArray, Horizon, Parameter
from epi.models.transmission_rates import oat_mean

PAY_YEAR = "currency per person-year"

HEALTH = (
    Parameter("utility_injecting", "Utility while injecting, out of OAT.", "utility", -1, 1, "utility", 1),
    Parameter("utility_oat", "Utility on OAT.", "utility", -1, 1, "utility", None, "utility_injecting"),
    Parameter(
        "utility_cessation",
        "Utility in a pause or after lasting cessation, out of OAT.",
        "utility",
        -1,
        1,
        "utility",
        None,
        "utility_injecting",
    ),
    Parameter("utility_prison", "Utility in prison.", "utility", -1, 1, "utility", None, "utility_injecting"),
    Parameter("utility_loss_hiv", "Loss with untreated HIV (acute or chronic).", "utility", 0, 1, "utility", 0),
    Parameter("utility_loss_art", "Loss with HIV on ART.", "utility", 0, 1, "utility", 0),
    Parameter("utility_loss_hcv", "Loss with chronic HCV, F0 to F3.", "utility", 0, 1, "utility", 0),
    Parameter("utility_loss_f4", "Loss with cirrhosis.", "utility", 0, 1, "utility", 0),
    Parameter(
        "disability_injecting",
        "Disability weight while injecting, out of OAT.",
        "disability weight",
        0,
        1,
        "utility",
        0,
    ),
    Parameter("disability_oat", "Disability weight on OAT.", "disability weight", 0, 1, "utility", 0),
    Parameter("disability_hiv_acute", "Disability weight of acute HIV.", "disability weight", 0, 1, "utility", 0),
    Parameter("disability_hiv", "Disability weight of untreated chronic HIV.", "disability weight", 0, 1, "utility", 0),
    Parameter("disability_art", "Disability weight of HIV on ART.", "disability weight", 0, 1, "utility", 0),
    Parameter("disability_hcv", "Disability weight of chronic HCV, F0 to F3.", "disability weight", 0, 1, "utility", 0),
    Parameter("disability_f4", "Disability weight of cirrhosis.", "disability weight", 0, 1, "utility", 0),
    Parameter(
        "life_years_lost_overdose", "Remaining life expectancy at an overdose death.", "years", 0, 100, "population", 0
    ),
    Parameter(
        "life_years_lost_other",
        "Remaining life expectancy at a death from another cause.",
        "years",
        0,
        100,
        "population",
        0,
    ),
    Parameter(
        "life_years_lost_hiv", "Remaining life expectancy at a death from HIV.", "years", 0, 100, "population", 0
    ),
    Parameter(
        "life_years_lost_liver",
        "Remaining life expectancy at a death from liver disease.",
        "years",
        0,
        100,
        "population",
        0,
    ),
)
COST = (
    Parameter("cost_oat", "OAT with methadone, all services included.", PAY_YEAR, 0, 1e9, "cost", 0),
    Parameter("cost_buprenorphine", "OAT with buprenorphine.", PAY_YEAR, 0, 1e9, "cost", None, "cost_oat"),
    Parameter(
        "cost_xr_buprenorphine", "OAT with extended-release buprenorphine.", PAY_YEAR, 0, 1e9, "cost", None, "cost_oat"
    ),
    Parameter("cost_nsp", "High needle and syringe coverage.", PAY_YEAR, 0, 1e9, "cost", 0),
    Parameter("cost_naloxone_kit", "One naloxone kit with its training.", "currency per kit", 0, 1e9, "cost", 0),
    Parameter(
        "consumption_room_visits",
        "Visits a year of a person whose injections all happen in a consumption room.",
        "visits per person-year",
        0,
        5000,
        "coverage",
        0,
    ),
    Parameter(
        "cost_consumption_room_visit", "One visit to a consumption room.", "currency per visit", 0, 1e9, "cost", 0
    ),
    Parameter(
        "cost_consumption_room_setup",
        "Setting up consumption rooms, paid once when a scale-up of them begins.",
        "currency",
        0,
        1e12,
        "cost",
        0,
    ),
    Parameter("cost_drug_checking", "Drug checking for a person who uses it.", PAY_YEAR, 0, 1e9, "cost", 0),
    Parameter("cost_safer_supply", "Safer supply for a person on it.", PAY_YEAR, 0, 1e9, "cost", 0),
    Parameter("cost_hiv_test", "One HIV test.", "currency per test", 0, 1e9, "cost", 0),
    Parameter("cost_art", "ART and HIV care.", PAY_YEAR, 0, 1e9, "cost", 0),
    Parameter("cost_hiv_untreated", "Care of untreated HIV.", PAY_YEAR, 0, 1e9, "cost", 0),
    Parameter("cost_prep", "Pre-exposure prophylaxis.", PAY_YEAR, 0, 1e9, "cost", 0),
    Parameter(
        "hcv_tests_per_course", "HCV tests done for each course begun.", "tests per course", 0, 1000, "coverage", 0
    ),
    Parameter("cost_hcv_test", "One HCV test.", "currency per test", 0, 1e9, "cost", 0),
    Parameter("cost_hcv_course", "One course of HCV treatment.", "currency per course", 0, 1e9, "cost", 0),
    Parameter("cost_hcv", "Care of chronic HCV, F0 to F3.", PAY_YEAR, 0, 1e9, "cost", 0),
    Parameter("cost_f4", "Care of cirrhosis.", PAY_YEAR, 0, 1e9, "cost", 0),
    Parameter(
        "cost_emergency_attendance",
        "One attendance at an overdose, ambulance and hospital.",
        "currency per attendance",
        0,
        1e9,
        "cost",
        0,
    ),
    Parameter(
        "cost_injection_infection",
        "One hospital stay for an injection-related infection.",
        "currency per stay",
        0,
        1e9,
        "cost",
        0,
    ),
    Parameter("cost_prison", "Prison.", PAY_YEAR, 0, 1e9, "cost", 0),
    Parameter(
        "cost_crime_injecting", "Crime and courts of a person who injects, out of OAT.", PAY_YEAR, 0, 1e9, "cost", 0
    ),
    Parameter("cost_crime_oat", "Crime and courts of a person on OAT.", PAY_YEAR, 0, 1e9, "cost", 0),
    Parameter(
        "cost_overdose_death", "An overdose death to society besides care.", "currency per death", 0, 1e9, "cost", 0
    ),
)

PAYERS = {
    **dict.fromkeys(
        ("oat", "nsp", "naloxone", "consumption_rooms", "drug_checking", "safer_supply", "hiv_testing", "hiv_care"),
        "health system",
    ),
    **dict.fromkeys(
        ("prep", "hcv_treatment", "hcv_care", "emergency_care", "injection_infection_care"), "health system"
    ),
    **dict.fromkeys(("prison", "crime", "losses_by_overdose_death"), "society"),
}
"""Categories of cost and who carries them; the perspective of society takes all."""

UTILITIES = {
    **dict.fromkeys(("injecting", "injecting_nsp", "oat_left", "oat_left_nsp", "released"), "injecting"),
    **dict.fromkeys(("oat_first_weeks", "oat_first_weeks_nsp", "oat", "oat_nsp", "paused_oat"), "oat"),
    **dict.fromkeys(("paused", "former"), "cessation"),
    **dict.fromkeys(("prison", "prison_oat"), "prison"),
}
"""Which utility holds in each position; the losses from HIV and HCV are taken off it."""
OUT_OF_OAT = tuple(f"years_{name}" for name, kind in UTILITIES.items() if kind == "injecting")


def costs(values: Mapping[str, FloatArray], events: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Give the cost of each category of `PAYERS` from events, discounted if the events are.

    Formula: events or person-years x price, year by year, without the one-off `setup_cost`.

    Args:
        values: Every parameter of the model, arrays of length draws.
        events: What was counted, draws x years.

    Returns:
        Cost by category, draws x years, in the currency of the prices.

    References:
        Briggs A, Claxton K, Sculpher M. Decision modelling for health economic evaluation. Oxford 2006, ch. 2.
    """
    price = {name: value[:, None] for name, value in values.items()}
    out_of_oat = sum(events[name] for name in OUT_OF_OAT)
    medication = oat_mean(values, "cost_oat", "cost_{}")[:, None]
    hcv_course = price["cost_hcv_course"] * events["hcv_courses"]
    found = {
        "oat": medication * (events["oat_years"] + events["years_prison_oat"]),
        "nsp": price["cost_nsp"] * events["nsp_years"],
        "naloxone": price["cost_naloxone_kit"] * events["naloxone_kits"],
        "consumption_rooms": price["cost_consumption_room_visit"] * events["room_visits"],
        "drug_checking": price["cost_drug_checking"] * events["checking_years"],
        "safer_supply": price["cost_safer_supply"] * events["supply_years"],
        "hiv_testing": price["cost_hiv_test"] * events["hiv_tests"],
        "hiv_care": price["cost_art"] * events["art_years"]
        + price["cost_hiv_untreated"] * events["hiv_untreated_years"],
        "prep": price["cost_prep"] * events["prep_years"],
        "hcv_treatment": hcv_course + price["cost_hcv_test"] * events["hcv_tests"],
        "hcv_care": price["cost_hcv"] * events["years_hcv_f0_f3"] + price["cost_f4"] * events["years_hcv_f4"],
        "emergency_care": price["cost_emergency_attendance"] * events["emergency_attendances"],
        "injection_infection_care": price["cost_injection_infection"] * events["injection_infections"],
        "prison": price["cost_prison"] * (events["years_prison"] + events["years_prison_oat"]),
        "crime": price["cost_crime_injecting"] * out_of_oat + price["cost_crime_oat"] * events["oat_years"],
        "losses_by_overdose_death": price["cost_overdose_death"] * events["overdose_deaths"],
    }
    return {name: np.asarray(value, dtype=np.float64) for name, value in found.items()}


def setup_cost(values: Mapping[str, FloatArray], horizon: Horizon, discounted: bool) -> FloatArray:
    """Give the one-off cost of consumption rooms in the year in which their scale-up begins.

    Formula: cost x (1 + r)^-t at the time t of the beginning, where the target is above today's reach.

    Args:
        values: Every parameter of the model.
        horizon: Years and discount rates.
        discounted: Whether r is the rate of costs; otherwise 0.

    Returns:
        Array draws x years, 0 outside that year.

    References:
        As for `costs`.
    """
    begins = values["scale_up_start_year"]
    grows = values["consumption_room_reach_target"] > values["consumption_room_reach"]
    rate = horizon.discount_rate_cost if discounted else 0.0
    paid = np.where(grows, values["cost_consumption_room_setup"] * (1 + rate) ** -begins, 0.0)
    return np.where(np.arange(horizon.years) == np.floor(begins)[:, None], paid[:, None], 0.0)


def effects(
    values: Mapping[str, FloatArray], events: Mapping[str, FloatArray], rate: float = 0.0
) -> dict[str, FloatArray]:
    """Give QALYs and DALYs from person-years and deaths, discounted if they are.

    Formulas: QALYs = sum of utility x person-years by position - losses x person-years with HIV and HCV.
    YLD = sum of disability weight x person-years. YLL = deaths x (1 - exp(-d L)) / d with d = log(1 + r) and L the
    remaining life expectancy (deaths x L without discounting). DALYs = YLL + YLD. Years after the horizon of people
    still alive count nowhere in QALYs; YLL reach beyond it.

    Args:
        values: Every parameter of the model, arrays of length draws.
        events: What was counted, draws x years; discounted at the rate of effects if `rate` is that rate.
        rate: r per year.

    Returns:
        `qalys`, `yll`, `yld`, `dalys`, draws x years.

    References:
        Murray CJL. Quantifying the burden of disease. Bull World Health Organ 1994;72:429-445, without age weights.
    """
    value = {name: number[:, None] for name, number in values.items()}
    gains = (value[f"utility_{kind}"] * events[f"years_{name}"] for name, kind in UTILITIES.items())
    losses = {
        "utility_loss_hiv": "hiv_untreated_years",
        "utility_loss_art": "art_years",
        "utility_loss_hcv": "years_hcv_f0_f3",
        "utility_loss_f4": "years_hcv_f4",
    }
    weights = {
        "disability_hiv_acute": "years_hiv_acute",
        "disability_hiv": "years_hiv_chronic",
        "disability_art": "art_years",
        "disability_hcv": "years_hcv_f0_f3",
        "disability_f4": "years_hcv_f4",
        "disability_oat": "oat_years",
    }
    qalys = sum(gains) - sum(value[loss] * events[name] for loss, name in losses.items())
    yld = sum(value[weight] * events[name] for weight, name in weights.items())
    yld = yld + value["disability_injecting"] * sum(events[name] for name in OUT_OF_OAT)
    force = float(np.log1p(rate))
    lost = {cause: value[f"life_years_lost_{cause}"] for cause in ("overdose", "other", "hiv", "liver")}
    years = {cause: -np.expm1(-force * number) / force if force > 0 else number for cause, number in lost.items()}
    yll = sum(years[cause] * events[f"{cause}_deaths"] for cause in lost)
    found = {"qalys": qalys, "yll": yll, "yld": yld, "dalys": yll + yld}
    return {name: np.asarray(number, dtype=np.float64) for name, number in found.items()}
