"""The transmission model: people are conserved, the solver converges, limits hold, and a known solver agrees."""

from typing import Any

import numpy as np
import pytest

from epi.models.interface import Horizon, check_parameters, replace
from epi.models.transmission import PARAMETERS, run
from epi.models.transmission_levers import no_services, scale_up, status_quo

# Fairley 2021 and Sordo 2017 as ECONOMICS quotes them; the other numbers are synthetic.
PLACE: dict[str, Any] = {
    "people_who_inject_drugs": 10_000.0,
    "injecting_duration_years": 15.0,
    "recruitment_rate": 0.09,
    "other_mortality_rate": 0.00978,
    "overdose_rate": 0.103,
    "overdose_fatality": 0.101,
    "naloxone_fatality": 0.091,
    "oat_overdose_rr": 0.21,
    "oat_other_mortality_rr": 0.37,
    "oat_discontinuation_rate": 1.051,
    "nsp_discontinuation_rate": 1.5,
    "oat_coverage": 0.2,
    "nsp_coverage": 0.3,
    "hiv_prevalence": 0.1,
    "hiv_transmission_rate": 0.2,
    "hiv_acute_years": 0.24,
    "hiv_acute_infectiousness": 5.6,
    "oat_hiv_rr": 0.46,
    "nsp_hiv_rr": 0.66,
    "hcv_prevalence": 0.3,
    "hcv_cleared_prevalence": 0.1,
    "hcv_transmission_rate": 0.3,
    "hcv_clearance_proportion": 0.26,
    "hcv_svr_proportion": 0.88,
    "hcv_progression_rate": 0.0257,
    "hcv_f4_mortality_rate": 0.026,
    "oat_hcv_rr": 0.5,
    "nsp_hcv_rr": 0.79,
    "overdose_witnessed": 0.465,
    "naloxone_use_highest": 0.9,
    "overdose_attended": 0.47,
    "consumption_room_fatality_rr": 0.025,
    "consumption_room_sharing_rr": 0.3,
    "utility_injecting": 0.574,
    "utility_oat": 0.766,
    "cost_oat": 5559.7,
}
PRISON = {"incarceration_rate": 0.1, "incarcerated_ratio": 0.05, "prison_stay_years": 0.5, "release_overdose_rr": 4.0}
TEN_YEARS = Horizon(years=10)
DEATHS = ("overdose_deaths", "other_deaths", "hiv_deaths", "liver_deaths")


def ran(place: dict[str, Any], draws: int = 1, **options: Any) -> Any:
    """Run ten years."""
    return run(place, draws, options.pop("horizon", TEN_YEARS), **options)


def test_the_parameters_do_not_contradict_themselves() -> None:
    """Ids are unique, meanings are sentences, bounds are in order."""
    check_parameters(PARAMETERS)


@pytest.mark.parametrize("extra", [{}, PRISON], ids=["community", "with prison"])
def test_people_are_conserved(extra: dict[str, float]) -> None:
    """People alive at the end are those of the start and the recruits, less all deaths, to a billionth."""
    found = ran({**PLACE, **extra, "oat_coverage_target": 0.5, "scale_up_years": 3})
    alive = found.stocks["alive"]
    died = sum(found.total(name) for name in DEATHS)
    np.testing.assert_allclose(alive[:, -1], alive[:, 0] + found.total("recruits") - died, rtol=1e-9)
    assert all((stock >= 0).all() for stock in found.stocks.values())


def test_half_the_step_changes_nothing_that_matters() -> None:
    """Twice as many steps change every count by less than a millionth; the error falls with the fourth power or so."""
    place = {**PLACE, **PRISON, "oat_coverage_target": 0.5, "scale_up_years": 2}
    coarse, usual, fine = (ran(place, steps_per_year=steps) for steps in (12, 24, 96))
    for name in ("overdose_deaths", "hiv_infections", "hcv_infections", "qalys"):
        exact = fine.total(name)[0]
        assert abs(coarse.total(name)[0] / exact - 1) < 1e-6
        assert abs(usual.total(name)[0] / exact - 1) <= abs(coarse.total(name)[0] / exact - 1) + 1e-12


def test_a_place_without_transmission_has_the_closed_form() -> None:
    """Without services or infection, people are a linear equation: deaths equal its integral."""
    plain = {
        name: PLACE[name]
        for name in (
            "people_who_inject_drugs", "injecting_duration_years", "recruitment_rate", "other_mortality_rate",
            "overdose_rate", "overdose_fatality", "oat_discontinuation_rate",
        )
    }  # fmt: skip
    leaving = 1 / 15 + 0.00978 + 0.103 * 0.101
    balance = 900 / leaving
    person_years = balance * 10 + (10_000 - balance) * -np.expm1(-leaving * 10) / leaving
    found = ran(plain)
    assert found.total("overdoses")[0] == pytest.approx(0.103 * person_years, rel=1e-9)
    assert found.total("overdose_deaths")[0] == pytest.approx(0.103 * 0.101 * person_years, rel=1e-9)


def test_infection_agrees_with_scipy() -> None:
    """HIV among people who inject, without services: the same equations solved by scipy's LSODA to a millionth."""
    from scipy.integrate import solve_ivp

    place = {name: value for name, value in PLACE.items() if "hcv" not in name and "nsp" not in name}
    place = {**place, "oat_coverage": 0.0, "hiv_mortality_rate": 0.02}
    stop, dies = 1 / 15, 0.00978 + 0.103 * 0.101

    def slopes(_: float, y: np.ndarray) -> list[float]:
        s, a, c, infections = y[0], y[1], y[2], y[3]
        force = 0.2 * (5.6 * a + c) / (s + a + c)
        end = 1 / 0.24
        out = stop + dies
        return [
            900 - (out + force) * s,
            force * s - (out + end) * a,
            end * a - (out + 0.02) * c,
            force * s + 0 * infections,
        ]

    solved = solve_ivp(slopes, (0, 10), [9000, 0, 1000, 0], method="LSODA", rtol=1e-10, atol=1e-8)
    assert ran(place).total("hiv_infections")[0] == pytest.approx(solved.y[3, -1], rel=1e-6)


def test_draws_do_not_see_each_other() -> None:
    """A draw has the same outcomes whatever the number of threads, and alone but for the last digit's rounding."""
    rates = np.linspace(0.05, 0.2, 37)
    together = ran(replace(PLACE, overdose_rate=rates), draws=37)
    threaded = ran(replace(PLACE, overdose_rate=rates), draws=37, threads=2)
    alone = ran(replace(PLACE, overdose_rate=float(rates[20])))
    assert (together.total("overdose_deaths") == threaded.total("overdose_deaths")).all()
    assert together.total("overdose_deaths")[20] == pytest.approx(alone.total("overdose_deaths")[0], rel=1e-13)


@pytest.mark.parametrize(
    ("lever", "level", "event"),
    [
        ("oat_coverage", 0.5, "overdose_deaths"),
        ("oat_coverage", 0.5, "hcv_infections"),
        ("nsp_coverage", 0.6, "hiv_infections"),
        ("naloxone_kits", 2.0, "overdose_deaths"),
        ("consumption_room_reach", 0.2, "overdose_deaths"),
        ("hcv_treatment_rate", 0.5, "hcv_infections"),
    ],
)
def test_more_of_a_service_that_protects_never_harms(lever: str, level: float, event: str) -> None:
    """Scaling up what has a ratio below 1 lowers the events it acts on, and more lowers them more."""
    today = ran(status_quo(PLACE)).total(event)[0]
    some = ran(scale_up(PLACE, 0, 2, **{lever: level})).total(event)[0]
    half = PLACE.get(lever, 0.0) + 0.5 * (level - PLACE.get(lever, 0.0))
    little = ran(scale_up(PLACE, 0, 2, **{lever: half})).total(event)[0]
    assert some < little < today


def test_no_infection_without_transmission_or_without_the_virus() -> None:
    """Zero transmission, or zero prevalence, gives exactly no infection."""
    assert ran({**PLACE, "hiv_transmission_rate": 0.0}).total("hiv_infections")[0] == 0
    assert ran({**PLACE, "hcv_prevalence": 0.0, "hcv_transmission_rate": 0.4}).total("hcv_infections")[0] == 0


def test_coverage_follows_its_path() -> None:
    """Coverage of OAT is at its level today, and near its target once the scale-up is over."""
    found = ran(scale_up(PLACE, 0, 2, oat_coverage=0.5))
    share = found.stocks["on_oat"][0] / found.stocks["people_who_inject"][0]
    assert share[0] == pytest.approx(0.2)
    assert share[-1] == pytest.approx(0.5, abs=0.01)


def test_costs_qalys_and_discounting() -> None:
    """OAT's cost is its price times its person-years; discounting weighs later years less, and 0 % not at all."""
    found = ran(PLACE)
    oat = found.total("oat_years")[0]
    assert found.costs["oat"].sum() == pytest.approx(5559.7 * oat)
    assert found.total("qalys", discounted=True)[0] < found.total("qalys")[0]
    plain = ran(PLACE, horizon=Horizon(10, 0.0, 0.0))
    assert plain.total("qalys", discounted=True)[0] == pytest.approx(plain.total("qalys")[0], rel=1e-12)


def test_years_lost_are_an_annuity() -> None:
    """An overdose death that loses 40 years loses (1 - 1.03^-40) / ln 1.03 of them at 3 %, at the death."""
    place = {**PLACE, "life_years_lost_overdose": 40.0, "life_years_lost_other": 0.0}
    found = ran(place, horizon=Horizon(1, 0.03, 0.03))
    assert found.total("yll")[0] == pytest.approx(40 * found.total("overdose_deaths")[0])
    ratio = found.total("yll", discounted=True)[0] / found.total("overdose_deaths")[0]
    assert ratio == pytest.approx((1 - 1.03**-40) / np.log(1.03), rel=0.02)


def test_services_of_today_are_compared_with_none() -> None:
    """Without OAT, needles and naloxone more people die and more are infected."""
    none = ran(no_services(PLACE))
    today = ran(status_quo(PLACE))
    for event in ("overdose_deaths", "hiv_infections", "hcv_infections"):
        assert none.total(event)[0] > today.total(event)[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"overdose_fatality": 1.2}, "overdose_fatality.*0 to 1.*found 1.2"),
        ({"oat_share_buprenorphine": 0.8, "oat_share_xr_buprenorphine": 0.4}, "found 1.2"),
        ({"hcv_prevalence": 0.8, "hcv_cleared_prevalence": 0.4}, "found 1.2 together"),
        ({"oat_nsp_interaction": 0.5}, "expected 0, 1 or 2, found 0.5"),
        ({"no_such_thing": 1.0}, "no_such_thing"),
    ],
)
def test_wrong_values_are_refused(change: dict[str, float], words: str) -> None:
    """A value that cannot be is refused by name, with what was expected and found."""
    with pytest.raises(ValueError, match=words):
        ran({**PLACE, **change})
