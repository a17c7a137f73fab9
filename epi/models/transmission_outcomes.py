"""What the transmission model's counts come to: events, costs by payer, QALYs and DALYs."""

import numpy as np

from epi.models import transmission_layout as layout
from epi.models.interface import FloatArray, Horizon, Outcomes

UNDISCOUNTED, AT_COST_RATE, AT_EFFECT_RATE = range(3)
PAYERS = {
    "oat": "health system",
    "nsp": "health system",
    "naloxone": "health system",
    "consumption_room": "health system",
    "drug_checking": "health system",
    "safer_supply": "health system",
    "hiv_tests": "health system",
    "hiv_care": "health system",
    "prep": "health system",
    "hcv_treatment": "health system",
    "hcv_care": "health system",
    "emergency": "health system",
    "injection_infections": "health system",
    "prison": "society",
    "crime": "society",
    "overdose_deaths": "society",
}
"""Who pays for each category of cost."""

_OAT = (*(layout.POSITIONS[at] for at in layout.ON_OAT), "prison_oat")
_NSP = tuple(layout.POSITIONS[at] for at in layout.HIGH_NSP)
_INJECTING = ("injecting", "injecting_nsp", "oat_left", "oat_left_nsp", "released")
_OAT_OUTSIDE = tuple(layout.POSITIONS[at] for at in layout.ON_OAT)
_CESSATION = ("paused", "former")
_PRISON = ("prison", "prison_oat")
ROWS = (*layout.COUNTERS, *layout.POSITIONS, *layout.HIV_STATES, *layout.HCV_STATES)


def outcomes(
    model: str, horizon: Horizon, values: dict[str, FloatArray], counted: FloatArray, stocks: FloatArray
) -> Outcomes:
    """Put what the solver counted into events, costs and effects.

    Formula: cost = sum of quantity x price; QALYs = person-years x (utility of the position less the losses of HIV and
    HCV); YLL = deaths x remaining life expectancy, discounted as an annuity from the death on; YLD = person-years x
    disability weights, added up.

    Args:
        model: Name of the model.
        horizon: Years and discount rates.
        values: Parameters by id, arrays of length draws.
        counted: Undiscounted, at the cost rate, at the effect rate x rows x years x draws.
        stocks: Stocks x (years + 1) x draws.

    Returns:
        Outcomes, every array draws x years (stocks: draws x years + 1).

    References:
        Briggs A, Claxton K, Sculpher M. Decision modelling for health economic evaluation. Oxford 2006. Murray CJL.
        Quantifying the burden of disease. Bull WHO 1994;72:429-445 (years lost, here without age weights).
    """
    tables = [{name: counted[way, at] for at, name in enumerate(ROWS)} for way in range(3)]
    plain, at_cost, at_effect = tables
    setup, setup_discounted = _setup(horizon, values)
    names = (
        *layout.COUNTERS,
        *(f"{name}_years" for name in (*layout.POSITIONS, *layout.HIV_STATES, *layout.HCV_STATES)),
    )
    return Outcomes(
        model=model,
        horizon=horizon,
        events={name: plain[row].T for name, row in zip(names, ROWS, strict=True)},
        events_discounted={name: at_cost[row].T for name, row in zip(names, ROWS, strict=True)},
        costs=_by_draw(_costs(values, plain, setup)),
        costs_discounted=_by_draw(_costs(values, at_cost, setup_discounted)),
        effects=_by_draw(_effects(values, plain, 0.0)),
        effects_discounted=_by_draw(_effects(values, at_effect, float(np.log1p(horizon.discount_rate_effect)))),
        payers=dict(PAYERS),
        stocks={name: stocks[at].T for at, name in enumerate(layout.STOCKS)},
    )


def _by_draw(table: dict[str, FloatArray]) -> dict[str, FloatArray]:
    return {name: np.ascontiguousarray(array.T) for name, array in table.items()}


def _years(table: dict[str, FloatArray], names: tuple[str, ...]) -> FloatArray:
    return np.asarray(sum(table[name] for name in names), dtype=np.float64)


def _setup(horizon: Horizon, values: dict[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Give the price of setting up consumption rooms in the year in which a scale-up of them begins."""
    start = values["scale_up_start_year"]
    grows = values["consumption_room_reach_target"] > values["consumption_room_reach"]
    price = np.where(grows, values["cost_consumption_room_setup"], 0.0)
    year = np.arange(horizon.years)[:, None]
    plain = np.where(year == np.floor(start), price, 0.0)
    return plain, plain * (1 + horizon.discount_rate_cost) ** -start


def _costs(values: dict[str, FloatArray], table: dict[str, FloatArray], setup: FloatArray) -> dict[str, FloatArray]:
    buprenorphine, extended = values["oat_share_buprenorphine"], values["oat_share_xr_buprenorphine"]
    oat_price = (
        (1 - buprenorphine - extended) * values["cost_oat"]
        + buprenorphine * values["cost_buprenorphine"]
        + extended * values["cost_xr_buprenorphine"]
    )
    tests = values["hcv_tests_per_course"] * values["cost_hcv_test"]
    off_oat = _years(table, _INJECTING)
    return {
        "oat": oat_price * _years(table, _OAT),
        "nsp": values["cost_nsp"] * _years(table, _NSP),
        "naloxone": values["cost_naloxone_kit"] * table["naloxone_kits"],
        "consumption_room": values["cost_consumption_room_visit"]
        * values["consumption_room_visits"]
        * table["room_years"]
        + setup,
        "drug_checking": values["cost_drug_checking"] * table["checking_years"],
        "safer_supply": values["cost_safer_supply"] * table["supply_years"],
        "hiv_tests": values["cost_hiv_test"] * table["hiv_tests"],
        "hiv_care": values["cost_art"] * table["hiv_art"]
        + values["cost_hiv_untreated"] * (table["hiv_acute"] + table["hiv_chronic"]),
        "prep": values["cost_prep"] * table["prep_years"],
        "hcv_treatment": (values["cost_hcv_course"] + tests) * table["hcv_courses"],
        "hcv_care": values["cost_hcv"] * table["hcv_f0_f3"] + values["cost_f4"] * table["hcv_f4"],
        "emergency": values["cost_emergency_attendance"] * table["emergency_attendances"],
        "injection_infections": values["cost_injection_infection"] * table["injection_infections"],
        "prison": values["cost_prison"] * _years(table, _PRISON),
        "crime": values["cost_crime_injecting"] * off_oat + values["cost_crime_oat"] * _years(table, _OAT_OUTSIDE),
        "overdose_deaths": values["cost_overdose_death"] * table["overdose_deaths"],
    }


def _effects(values: dict[str, FloatArray], table: dict[str, FloatArray], force: float) -> dict[str, FloatArray]:
    off_oat, on_oat = _years(table, _INJECTING), _years(table, _OAT_OUTSIDE)
    untreated = table["hiv_acute"] + table["hiv_chronic"]
    qalys = (
        values["utility_injecting"] * off_oat
        + values["utility_oat"] * on_oat
        + values["utility_cessation"] * _years(table, _CESSATION)
        + values["utility_prison"] * _years(table, _PRISON)
        - values["utility_loss_hiv"] * untreated
        - values["utility_loss_art"] * table["hiv_art"]
        - values["utility_loss_hcv"] * table["hcv_f0_f3"]
        - values["utility_loss_f4"] * table["hcv_f4"]
    )
    yld = (
        values["disability_injecting"] * off_oat
        + values["disability_oat"] * on_oat
        + values["disability_hiv_acute"] * table["hiv_acute"]
        + values["disability_hiv"] * table["hiv_chronic"]
        + values["disability_art"] * table["hiv_art"]
        + values["disability_hcv"] * table["hcv_f0_f3"]
        + values["disability_f4"] * table["hcv_f4"]
    )
    lost = {"overdose": "overdose_deaths", "other": "other_deaths", "hiv": "hiv_deaths", "liver": "liver_deaths"}
    yll = sum(_annuity(values[f"life_years_lost_{cause}"], force) * table[deaths] for cause, deaths in lost.items())
    yll = np.asarray(yll, dtype=np.float64)
    return {"qalys": qalys, "yll": yll, "yld": yld, "dalys": yll + yld}


def _annuity(years: FloatArray, force: float) -> FloatArray:
    """Give the years lost from a death on, discounted to that death: (1 - exp(-r L)) / r."""
    return years if force == 0 else np.asarray(-np.expm1(-force * years) / force)
