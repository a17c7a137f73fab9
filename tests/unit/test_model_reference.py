"""The transmission model beside the same model written a second time, with every pair of states, solved by LSODA."""

import numpy as np
import pytest
from model_reference import NAMES, SHAPE, solved

from epi.models.interface import Horizon, read_parameters
from epi.models.transmission import PARAMETERS, run
from epi.models.transmission_layout import HCV_STATES, HIV_STATES
from epi.models.transmission_levers import LEVER_IDS
from epi.models.transmission_rates import people_at_start

# Synthetic, and chosen so that every service, move and state of the model matters.
SYNTHETIC = {
    "people_who_inject_drugs": 5_000.0, "recruitment_rate": 0.11, "injecting_duration_years": 12.0,
    "temporary_cessation_share": 0.2, "temporary_cessation_rate": 0.3, "relapse_rate": 0.8,
    "former_injecting_ratio": 0.5, "former_relapse_rate": 0.02, "other_mortality_rate": 0.01,
    "oat_other_mortality_rr": 0.4, "former_other_mortality_rr": 0.6, "incarceration_rate": 0.1,
    "incarcerated_ratio": 0.05, "prison_stay_years": 0.5, "overdose_rate": 0.11, "overdose_fatality": 0.08,
    "naloxone_fatality": 0.04, "overdose_witnessed": 0.5, "naloxone_use_highest": 0.9, "naloxone_kits_scale": 0.7,
    "oat_overdose_rr": 0.4, "oat_induction_overdose_rr": 1.4, "oat_cessation_overdose_rr": 2.0,
    "temporary_cessation_overdose_rr": 0.3, "former_overdose_rr": 0.1, "release_overdose_rr": 4.0,
    "prison_overdose_rr": 0.2, "consumption_room_fatality_rr": 0.1, "consumption_room_sharing_rr": 0.3,
    "oat_discontinuation_rate": 0.9, "nsp_discontinuation_rate": 1.2, "scale_up_start_year": 1.0,
    "scale_up_years": 2.0, "hiv_prevalence": 0.12, "hiv_transmission_rate": 0.25, "hiv_acute_years": 0.25,
    "hiv_acute_infectiousness": 5.6, "art_transmission_rr": 0.1, "art_start_after_test": 0.3,
    "art_discontinuation_rate": 0.1, "oat_hiv_rr": 0.46, "nsp_hiv_rr": 0.66, "prep_hiv_rr": 0.5,
    "hcv_prevalence": 0.35, "hcv_cleared_prevalence": 0.15, "hcv_f4_share": 0.1, "hcv_transmission_rate": 0.35,
    "hcv_clearance_proportion": 0.26, "hcv_reinfection_rr": 0.7, "hcv_progression_rate": 0.03,
    "hcv_svr_proportion": 0.9, "oat_hcv_rr": 0.5, "nsp_hcv_rr": 0.79, "oat_nsp_hcv_rr": 0.24,
    "oat_nsp_interaction": 2.0, "prison_sharing_rr": 0.4,
    "oat_coverage": 0.2, "oat_coverage_target": 0.4, "nsp_coverage": 0.3, "nsp_coverage_target": 0.6,
    "naloxone_kits": 0.1, "naloxone_kits_target": 1.0, "consumption_room_reach_target": 0.15,
    "hcv_treatment_rate": 0.05, "hcv_treatment_rate_target": 0.3, "hiv_tests": 0.3, "hiv_tests_target": 1.0,
    "art_coverage": 0.4, "art_coverage_target": 0.6, "prep_coverage_target": 0.1, "prison_oat_coverage": 0.1,
    "prison_oat_coverage_target": 0.5, "release_oat_link_target": 0.6,
}  # fmt: skip
DISEASE_DEATHS = {"hiv_mortality_rate": 0.03, "art_mortality_rate": 0.005, "hcv_f4_mortality_rate": 0.03}


def ratios(v: dict[str, float]) -> dict[str, np.ndarray]:
    """Write down each position's rate ratios by its name."""
    overdose = {"oat_first_weeks": v["oat_induction_overdose_rr"], "oat": v["oat_overdose_rr"],
                "oat_left": v["oat_cessation_overdose_rr"], "paused": v["temporary_cessation_overdose_rr"],
                "paused_oat": v["temporary_cessation_overdose_rr"] * v["oat_overdose_rr"],
                "former": v["former_overdose_rr"], "released": v["release_overdose_rr"],
                "prison": v["prison_overdose_rr"],
                "prison_oat": v["prison_overdose_rr"] * v["oat_overdose_rr"]}  # fmt: skip
    both = {"hiv": v["oat_hiv_rr"] * v["nsp_hiv_rr"], "hcv": v["oat_nsp_hcv_rr"]}
    found: dict[str, list[float]] = {"overdose": [], "other": [], "hiv": [], "hcv": []}
    for name in NAMES:
        covered, treated = name.endswith("_nsp"), "oat" in name and not name.startswith("oat_left")
        found["overdose"].append(overdose.get(name.removesuffix("_nsp"), 1.0))
        found["other"].append(
            v["former_other_mortality_rr"] if name == "former" else v["oat_other_mortality_rr"] if treated else 1.0
        )
        for virus in ("hiv", "hcv"):
            oat, nsp = v[f"oat_{virus}_rr"], v[f"nsp_{virus}_rr"]
            own = both[virus] if treated and covered else oat if treated else nsp if covered else 1.0
            found[virus].append(own * (v["prison_sharing_rr"] if name.startswith("prison") else 1.0))
    return {name: np.array(numbers) for name, numbers in found.items()}


@pytest.mark.parametrize(
    ("extra", "tolerance"),
    [
        ({}, dict.fromkeys(("overdoses", "overdose_deaths", "hiv_infections", "hcv_infections", "person_years"), 1e-6)),
        (DISEASE_DEATHS, {"overdoses": 1e-4, "overdose_deaths": 1e-4, "person_years": 1e-4, "hiv_infections": 3e-3,
                          "hcv_infections": 3e-3}),
    ],
    ids=["exact", "deaths from HIV and liver disease spread"],
)  # fmt: skip
def test_the_folded_model_is_the_full_one(extra: dict[str, float], tolerance: dict[str, float]) -> None:
    """Without deaths from HIV and liver disease the two agree to the solver's error; with them, to 0.3 %."""
    values = {name: array for name, array in read_parameters(PARAMETERS, {**SYNTHETIC, **extra}, 1).items()}
    numbers = {name: float(array[0]) for name, array in values.items()}
    rows = people_at_start(values).reshape(14, 9)
    people = rows[:, :4].sum(1)
    start = np.divide(
        rows[:, :4, None] * rows[:, None, 4:],
        people[:, None, None],
        out=np.zeros(SHAPE),
        where=people[:, None, None] > 0,
    )
    there = solved(numbers, start, ratios(numbers), 5)
    here = run({**SYNTHETIC, **extra}, 1, Horizon(5), steps_per_year=48)
    for name, most in tolerance.items():
        assert here.total(name)[0] == pytest.approx(there[name], rel=most), name
    assert here.stocks["alive"][0, -1] == pytest.approx(there["alive"], rel=1e-4)


def test_the_usual_step_is_small_enough() -> None:
    """Half the usual step, on every service scaled up at once, changes no count by more than 4 in a million."""
    usual, half = (run({**SYNTHETIC, **DISEASE_DEATHS}, 1, Horizon(20), steps) for steps in (12, 24))
    for name in usual.events:
        assert usual.total(name)[0] == pytest.approx(half.total(name)[0], rel=4e-6), name


def test_the_error_falls_with_the_fourth_power() -> None:
    """Without services, whose starts have a cap, halving the step takes about fifteen sixteenths off the error."""
    place = {name: value for name, value in SYNTHETIC.items() if name.removesuffix("_target") not in LEVER_IDS}
    found = [run(place, 1, Horizon(5), steps).total("hiv_infections")[0] for steps in (12, 24, 48, 192)]
    errors = [abs(value - found[-1]) for value in found[:3]]
    assert 3.5 < np.log2(errors[0] / errors[1]) < 4.6
    assert 3.5 < np.log2(errors[1] / errors[2]) < 4.6


def test_hiv_and_hcv_count_the_same_people() -> None:
    """People and person-years by HIV state, by HCV state and by position are the same, however many have died."""
    found = run({**SYNTHETIC, **DISEASE_DEATHS}, 1, Horizon(20))
    everyone = found.total("person_years")[0]
    for states in (HIV_STATES, HCV_STATES):
        assert sum(found.total(f"years_{name}")[0] for name in states) == pytest.approx(everyone, rel=1e-12)


def test_a_place_that_empties_stays_sound() -> None:
    """Positions that nearly empty, as when all services stop, give no negative count and lose nobody."""
    place = {**SYNTHETIC, **DISEASE_DEATHS, **{f"{name}_target": 0.0 for name in LEVER_IDS}, "scale_up_years": 0.0}
    found = run({**place, "recruitment_rate": 0.0, "incarceration_rate": 0.0}, 1, Horizon(60))
    assert all((value >= 0).all() for value in found.events.values())
    alive, died = found.stocks["alive"][0], found.total("deaths")[0]
    assert alive[-1] == pytest.approx(alive[0] - died, abs=1e-9 * alive[0])


def test_rates_too_fast_for_the_step_are_refused() -> None:
    """A rate at which the solver would go astray is refused, and more steps let it pass."""
    fast = {**SYNTHETIC, "oat_discontinuation_rate": 12.0}
    with pytest.raises(ValueError, match=r"expected at least 16 .* found 12"):
        run(fast, 1, Horizon(1))
    assert run(fast, 1, Horizon(1), steps_per_year=24).total("overdoses")[0] > 0
