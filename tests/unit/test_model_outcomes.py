"""What runs of models come to: parameters read or refused, costs by payer, QALYs, DALYs, strategies, services."""

from typing import Any

import numpy as np
import pytest
from test_model_reference import DISEASE_DEATHS, SYNTHETIC

from epi.models.interface import Horizon, Outcomes, Parameter, check_parameters, read_parameters, replace
from epi.models.transmission import PARAMETERS, run
from epi.models.transmission_levers import LEVER_IDS, no_services, scale_up, status_quo
from epi.models.transmission_rates import both_together
from epi.models.transmission_worth import COST, PAYERS

PLACE: dict[str, Any] = {
    **SYNTHETIC, **DISEASE_DEATHS, "consumption_room_visits": 100.0, "hcv_tests_per_course": 12.0,
    "drug_checking_reach": 0.1, "safer_supply_reach": 0.05, "overdose_attended": 0.5, "injection_infection_rate": 0.05,
}  # fmt: skip
YEARS = Horizon(8)


def ran(**changes: Any) -> Outcomes:
    """Run the synthetic place with some values changed."""
    return run(replace(PLACE, **changes), 1, YEARS)


PRICED = {
    "cost_oat": ("oat", lambda x: x["oat_years"] + x["years_prison_oat"]),
    "cost_nsp": ("nsp", lambda x: x["nsp_years"]),
    "cost_naloxone_kit": ("naloxone", lambda x: x["naloxone_kits"]),
    "cost_consumption_room_visit": ("consumption_rooms", lambda x: 100 * x["room_years"]),
    "cost_drug_checking": ("drug_checking", lambda x: x["checking_years"]),
    "cost_safer_supply": ("safer_supply", lambda x: x["supply_years"]),
    "cost_hiv_test": ("hiv_testing", lambda x: x["hiv_tests"]),
    "cost_art": ("hiv_care", lambda x: x["years_hiv_art"]),
    "cost_hiv_untreated": ("hiv_care", lambda x: x["years_hiv_acute"] + x["years_hiv_chronic"]),
    "cost_prep": ("prep", lambda x: x["prep_years"]),
    "cost_hcv_test": ("hcv_treatment", lambda x: 12 * x["hcv_courses"]),
    "cost_hcv_course": ("hcv_treatment", lambda x: x["hcv_courses"]),
    "cost_hcv": ("hcv_care", lambda x: x["years_hcv_f0_f3"]),
    "cost_f4": ("hcv_care", lambda x: x["years_hcv_f4"]),
    "cost_emergency_attendance": ("emergency_care", lambda x: x["emergency_attendances"]),
    "cost_injection_infection": ("injection_infection_care", lambda x: x["injection_infections"]),
    "cost_prison": ("prison", lambda x: x["years_prison"] + x["years_prison_oat"]),
    "cost_crime_oat": ("crime", lambda x: x["oat_years"]),
    "cost_crime_injecting": (
        "crime",
        lambda x: x["person_years"] - x["oat_years"] - x["years_prison"] - x["years_prison_oat"]
        - x["years_former"] - x["years_paused"],
    ),
    "cost_overdose_death": ("losses_by_overdose_death", lambda x: x["overdose_deaths"]),
}  # fmt: skip


@pytest.mark.parametrize("price", PRICED)
def test_each_price_pays_for_its_own_quantity(price: str) -> None:
    """One price of 10 makes a cost of ten times its quantity, discounted or not, and no other cost."""
    changes = {price: 10.0} | ({"cost_buprenorphine": 0.0} if price == "cost_oat" else {})
    found = ran(**changes)
    category, quantity = PRICED[price]
    for costs, events in ((found.costs, found.events), (found.costs_discounted, found.events_discounted)):
        assert quantity(events).sum() > 0
        np.testing.assert_allclose(costs[category], 10 * quantity(events), rtol=1e-12)
        assert all((value == 0).all() for name, value in costs.items() if name != category)


def test_every_price_is_tried() -> None:
    """The test above tries every price but those of other medications and of setting up."""
    left = {"cost_buprenorphine", "cost_xr_buprenorphine", "cost_consumption_room_setup"}
    assert {one.id for one in COST if one.id.startswith("cost_")} == set(PRICED) | left
    assert set(ran().costs) == set(PAYERS)


def test_the_medications_of_oat_share_its_cost_and_its_effects() -> None:
    """With 30 % on buprenorphine and 20 % on its extended release, price and overdose rate are weighted means."""
    mix = {"oat_share_buprenorphine": 0.3, "oat_share_xr_buprenorphine": 0.2}
    priced = ran(**mix, cost_oat=100.0, cost_buprenorphine=200.0, cost_xr_buprenorphine=1_000.0)
    assert priced.costs["oat"].sum() == pytest.approx(
        310 * (priced.total("oat_years") + priced.total("years_prison_oat"))[0]
    )
    mixed = ran(**mix, oat_overdose_rr=0.4, buprenorphine_overdose_rr=0.5, xr_buprenorphine_overdose_rr=0.2)
    same = ran(oat_overdose_rr=0.5 * 0.4 + 0.3 * 0.5 + 0.2 * 0.2)
    assert mixed.total("overdoses")[0] == pytest.approx(same.total("overdoses")[0], rel=1e-12)


def test_setting_up_is_paid_once_when_the_scale_up_begins() -> None:
    """Setting up consumption rooms costs its price in the year of the beginning, discounted to the start."""
    found = ran(cost_consumption_room_setup=1e6, scale_up_start_year=2.5)
    assert found.costs["consumption_rooms"][0].tolist() == [0, 0, 1e6, 0, 0, 0, 0, 0]
    assert found.costs_discounted["consumption_rooms"].sum() == pytest.approx(1e6 * 1.03**-2.5)
    assert ran(cost_consumption_room_setup=1e6, consumption_room_reach_target=0.0).costs["consumption_rooms"].sum() == 0


def test_payers_share_the_cost() -> None:
    """The perspective of the health system leaves out prison and crime; that of society takes all."""
    found = ran(cost_art=10.0, cost_prison=5.0)
    health, society = found.cost(payers=["health system"]), found.cost(payers=["society"])
    assert health[0] == pytest.approx(found.total("hiv_care", discounted=True)[0])
    assert found.cost()[0] == pytest.approx((health + society)[0])
    with pytest.raises(ValueError, match=r"expected some of .*society.*found \['nobody'\]"):
        found.cost(payers=["nobody"])


def test_utilities_and_weights_follow_people() -> None:
    """Utility 1 for all gives person-years; losses and weights take their own states' years."""
    whole = ran()
    assert whole.total("qalys")[0] == pytest.approx(whole.total("person_years")[0], rel=1e-12)
    assert whole.total("yld")[0] == 0
    for loss, years in (("hiv", "hiv_untreated_years"), ("art", "art_years"), ("f4", "years_hcv_f4")):
        found = ran(**{f"utility_loss_{loss}": 0.3, f"disability_{loss}": 0.2})
        assert (whole.total("qalys") - found.total("qalys"))[0] == pytest.approx(0.3 * found.total(years)[0])
        weighted = found.total("years_hiv_chronic" if loss == "hiv" else years)[0]
        assert found.total("yld")[0] == pytest.approx(0.2 * weighted)
    oat = ran(utility_oat=0.5, utility_injecting=1.0)
    assert (whole.total("qalys") - oat.total("qalys"))[0] == pytest.approx(0.5 * oat.total("oat_years")[0])


def test_dalys_are_years_lost_and_years_with_disability() -> None:
    """Undiscounted years lost are deaths times remaining life expectancy, cause by cause; DALYs add the two parts."""
    lost = {"life_years_lost_overdose": 40.0, "life_years_lost_other": 20.0, "life_years_lost_hiv": 30.0,
            "life_years_lost_liver": 15.0}  # fmt: skip
    found = ran(**lost, disability_injecting=0.3)
    causes = {"overdose_deaths": 40, "other_deaths": 20, "hiv_deaths": 30, "liver_deaths": 15}
    assert found.total("yll")[0] == pytest.approx(sum(n * found.total(cause)[0] for cause, n in causes.items()))
    np.testing.assert_allclose(found.effects["dalys"], found.effects["yll"] + found.effects["yld"])


def test_discounting_is_an_integral_and_no_sum_of_years() -> None:
    """A constant stream of recruits weighs (1 - 1.03^-8) / ln 1.03 of a year's, at the rate of costs."""
    found = run(PLACE, 1, Horizon(8, discount_rate_cost=0.03, discount_rate_effect=0.05))
    a_year = found.events["recruits"][0, 0]
    assert found.total("recruits", discounted=True)[0] == pytest.approx(
        a_year * (1 - 1.03**-8) / np.log(1.03), rel=1e-9
    )
    qalys, plain = found.total("qalys", discounted=True)[0], found.total("qalys")[0]
    assert 1.05**-8 * plain < qalys < plain
    assert qalys < found.total("person_years", discounted=True)[0]


def test_an_unpriced_model_costs_nothing_and_zero_rates_discount_nothing() -> None:
    """Without prices every cost is 0; at 0 % everything discounted equals the undiscounted."""
    found = run(PLACE, 1, Horizon(3, 0.0, 0.0))
    assert found.cost()[0] == 0
    for name, value in found.events.items():
        np.testing.assert_allclose(found.events_discounted[name], value, rtol=1e-13)


def test_strategies_change_only_what_they_scale_up() -> None:
    """Status quo drops the targets, none drops the services, a scale-up sets its own targets alone."""
    assert not [
        name for name in status_quo(PLACE) if name.endswith("_target") and name.removesuffix("_target") in LEVER_IDS
    ]
    none = no_services(PLACE)
    assert {none[name] for name in LEVER_IDS} == {0.0}
    both = scale_up(PLACE, 1, 4, oat_coverage=0.5, naloxone_kits=2.0)
    changed = {name for name in both if both[name] != status_quo(PLACE).get(name)}
    assert changed == {"oat_coverage_target", "naloxone_kits_target", "scale_up_years"}
    with pytest.raises(ValueError, match=r"expected levers .*found \['oat'\]"):
        scale_up(PLACE, 0, 1, oat=0.5)


def test_services_act_on_what_they_should() -> None:
    """Each service lowers its own outcome, and leaves alone what it has no effect on."""
    before = run(status_quo(PLACE), 1, YEARS)
    for lever, level, less in (
        ("art_coverage", 0.9, "hiv_deaths"), ("hiv_tests", 3.0, "hiv_deaths"), ("prep_coverage", 0.5, "hiv_infections"),
        ("prison_oat_coverage", 0.8, "overdose_deaths"), ("hcv_treatment_rate", 1.0, "liver_deaths"),
    ):  # fmt: skip
        after = run(scale_up(PLACE, 0, 2, **{lever: level}), 1, YEARS)
        assert after.total(less)[0] < before.total(less)[0], lever
    linked = replace(PLACE, release_overdose_rr=10.0, prison_oat_coverage=0.6, prison_oat_coverage_target=0.6)
    apart, together = (
        run(replace(linked, release_oat_link=link, release_oat_link_target=link), 1, YEARS) for link in (0.0, 1.0)
    )
    assert together.total("overdose_deaths")[0] < apart.total("overdose_deaths")[0]


def test_three_rules_for_oat_and_needles_together() -> None:
    """Published (.24) protects most, the product (.395) less, the better one alone (.50) least: Platt 2017."""
    rules = both_together(*(np.full(3, x) for x in (0.5, 0.79, 0.24)), np.arange(3.0))
    np.testing.assert_allclose(rules, [0.395, 0.5, 0.24])
    found = [ran(oat_nsp_interaction=float(rule)).total("hcv_infections")[0] for rule in range(3)]
    assert found[2] < found[0] < found[1]


def test_naloxone_saturates() -> None:
    """Each further kit per person saves less, and never more than the highest use at witnessed overdoses."""
    kits = [0.0, 1.0, 2.0, 3.0, 50.0]
    deaths = [run(no_services(PLACE) | {"naloxone_kits": n}, 1, Horizon(1)).total("overdose_deaths")[0] for n in kits]
    saved = -np.diff(deaths)
    assert saved[0] > saved[1] > saved[2] > 0
    share = (0.08 - 0.5 * 0.9 * (0.08 - 0.04)) / 0.08
    assert deaths[-1] / deaths[0] == pytest.approx(share, rel=1e-3)


def test_totals_by_name_and_by_year() -> None:
    """Outcomes are found by name; the yearly frame has one row per outcome and year, limits about the mean."""
    found = run(replace(PLACE, overdose_rate=np.linspace(0.05, 0.15, 40)), 40, Horizon(2))
    frame = found.by_year().set_index(["outcome", "year"])
    assert frame.index.is_unique
    row = frame.loc[("overdoses", 2)]
    assert row["lower_95"] < row["mean"] < row["upper_95"]
    with pytest.raises(KeyError, match=r"expected an outcome .* found 'happiness'"):
        found.total("happiness")


ONE = Parameter("a", "A thing.", "proportion", 0, 1, "effect")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "expected a value of a .*found none"),
        ({"a": [0.1, 0.2, 0.3]}, r"length 2, found shape \(3,\)"),
        ({"a": [0.1, np.nan]}, "from 0 to 1, found nan in draw 1"),
        ({"a": -0.1}, "found -0.1 in draw 0"),
        ({"a": 0.1, "b": 1.0}, r"found \['b'\]"),
    ],
)
def test_parameters_out_of_order_are_refused(values: dict[str, Any], words: str) -> None:
    """Missing, unknown, of another length, not a number, out of bounds: each refused by name."""
    with pytest.raises(ValueError, match=words):
        read_parameters([ONE], values, 2)


def test_a_parameter_takes_the_value_of_another() -> None:
    """A target that is not given is today's level; a medication's ratio that is not given is methadone's."""
    found = read_parameters(PARAMETERS, {**PLACE, "oat_coverage": [0.1, 0.2]} | {"oat_coverage_target": 0.4}, 2)
    assert found["oat_coverage_target"].tolist() == [0.4, 0.4]
    assert found["drug_checking_reach_target"].tolist() == [0.1, 0.1]
    assert found["xr_buprenorphine_overdose_rr"].tolist() == [0.4, 0.4]


def test_lists_of_parameters_must_make_sense() -> None:
    """An id twice, a meaning that is no sentence, or crossed bounds are refused."""
    check_parameters([ONE])
    with pytest.raises(ValueError, match="expected a unique id"):
        check_parameters([ONE, ONE])
    with pytest.raises(ValueError, match="full stop"):
        check_parameters([Parameter("a", "A thing", "share", 0, 1, "effect")])
    with pytest.raises(ValueError, match="bounds in order"):
        check_parameters([Parameter("a", "A thing.", "share", 1, 0, "effect")])


@pytest.mark.parametrize(("years", "rate"), [(0, 0.03), (5, 1.0), (5, -0.1)])
def test_horizons_that_cannot_be_run_are_refused(years: int, rate: float) -> None:
    """Whole years from 1, rates from 0 to below 1."""
    with pytest.raises(ValueError, match=r"expected .* found"):
        Horizon(years, rate, 0.03)
