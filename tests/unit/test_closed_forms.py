"""`epi.models`: closed forms, the decision graph and the cohort, against printed figures and hand calculations."""

import numpy as np
import pandas as pd
import pytest

from epi.models import cohort, consumption_site, naloxone_saturation, needle_circulation
from epi.models.decision_graph import DecisionGraphs
from epi.models.interface import Horizon, check_parameters, replace
from epi.models.yearly import discount_factors, outcomes

MODELS = [cohort, consumption_site, naloxone_saturation, needle_circulation]

# Irwin 2017, tables 1 to 8.
BALTIMORE = {
    "site_clients": 2100,
    "site_injections": 180_000,
    "site_cost": 1.8e6,
    "city_people_who_inject_drugs": 20_950,
    "needles_in_circulation": 1.6e6,
    "needle_sharing_proportion": 0.028,
    "sharing_partners": 1.2,
    "site_sharing_reduction": 0.70,
    "hiv_susceptible": 0.823,
    "hiv_infected": 0.177,
    "hiv_needle_transmission": 0.0067,
    "cost_hiv_lifetime": 402_000,
    "hcv_susceptible": 0.25,
    "hcv_infected": 0.75,
    "hcv_needle_transmission": 0.03,
    "cost_hcv_lifetime": 68_219,
    "skin_infection_hospital": 0.0443,
    "site_skin_infection_reduction": 0.67,
    "skin_infection_stay_days": 6,
    "cost_hospital_day": 2500,
    "city_overdose_deaths": 463,
    "site_area_share": 0.05,
    "site_overdose_death_reduction": 0.257,
    "working_years_lost": 30,
    "annual_wage": 25_707,
    "wage_discount_rate": 0.03,
    "overdose_per_injection": 0.00133,
    "ambulance_per_overdose": 0.46,
    "ambulance_per_site_overdose": 0.0079,
    "cost_ambulance_call": 750,
    "hospital_per_overdose": 0.12,
    "hospital_per_site_overdose": 0.0079,
    "cost_overdose_hospital": 2500,
    "site_oat_uptake": 0.0578,
    "oat_retained": 0.5,
    "oat_benefit_cost_ratio": 4.5,
    "site_oat_cost": 4000,
}


def fall(name: str, **changes: float) -> float:
    """Give what the Baltimore site changes in one event or cost."""
    city = replace(BALTIMORE, **changes)
    without, site = (consumption_site.run(replace(city, site_open=size), 1) for size in (0, 1))
    return float(without.total(name)[0] - site.total(name)[0])


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.NAME)
def test_models_describe_their_parameters(model):
    """Each model names every parameter once, with a meaning, a unit and bounds that hold its neutral value."""
    check_parameters(model.PARAMETERS)


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("hiv_infections", "3.7"),
        ("hcv_infections", "21"),
        ("skin_infection_days", "374"),
        ("overdose_deaths", "5.9"),
        ("ambulance_calls", "108"),
        ("overdose_hospital_stays", "27"),
        ("oat_starts", "-121"),
    ],
)
def test_the_baltimore_site_averts_what_irwin_printed(line, printed):
    """Each of the seven lines is the printed one, to the printed digits."""
    assert f"{fall(line):.{len(printed.partition('.')[2])}f}" == printed


def test_the_baltimore_site_saves_the_products_of_its_lines_and_unit_costs():
    """Savings are events averted times their printed unit cost; a death is 30 years of wages at 3 %, $503,869."""
    assert consumption_site.present_value(25_707, 30, 0.03).round() == 503_869
    expected = {
        "hiv_care": 3.681196067665589 * 402_000,
        "hcv_care": 21.170489228348615 * 68_219,
        "skin_infection_hospital": 934_951.5,
        "ambulance": 108.23274 * 750,
        "overdose_hospital": 26.83674 * 2500,
        "earnings_lost": 5.94955 * 503_868.5457708198,
        "site": -1.8e6,
    }
    assert {name: pytest.approx(fall(name), rel=1e-9) for name in expected} == expected
    assert fall("oat") + fall("oat_savings") == pytest.approx(2100 * 0.0578 * 0.5 * 4000 * (4.5 - 1))


def test_a_closed_site_changes_nothing_and_half_a_site_half():
    """Effects and cost are proportional to the size at which the site runs."""
    half = consumption_site.run(replace(BALTIMORE, site_open=0.5), 1)
    none = consumption_site.run(BALTIMORE, 1)
    assert float((none.total("overdose_deaths") - half.total("overdose_deaths"))[0]) == pytest.approx(5.94955 / 2)
    assert none.total("site").tolist() == [0]
    assert none.total("oat_starts").tolist() == [0]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.NAME)
def test_no_cost_has_the_name_of_an_event(model):
    """A total asked for by name is not ambiguous."""
    inputs = {p.id: (p.lower + min(p.upper, 1.0)) / 2 if p.neutral is None else p.neutral for p in model.PARAMETERS}
    result = model.run(inputs | {"people_at_risk": 10.0} if model is naloxone_saturation else inputs, 2)
    assert not set(result.events) & set(result.costs)
    assert set(result.payers) == set(result.costs)


def test_needle_circulation_is_the_printed_formula():
    """A = I N s d [1 - (1 - q t)^m]; nobody is infected where nobody has it, all needles are new, or none is shared."""
    printed = 0.823 * 1.6e6 * 0.028 * 1 * (1 - (1 - 0.177 * 0.0067) ** 1.2)
    assert needle_circulation.new_infections(0.823, 1.6e6, 0.028, 1, 0.177, 0.0067, 1.2) == pytest.approx(printed)
    none = needle_circulation.new_infections(
        [0, 0.8, 0.8, 0.8], 1e6, [0.1, 0, 0.1, 0.1], 1, [0.2, 0.2, 0, 0.2], 0.01, [1, 1, 1, 0]
    )
    assert none.tolist() == [0, 0, 0, 0]


def test_one_partner_at_the_critical_number_passes_the_infection_on_once():
    """At the critical number of sharing partners, partners x probability x years is 1."""
    partners = needle_circulation.critical_sharing_partners([0.006, 0.05], [9.8, 6.7])
    np.testing.assert_allclose(partners * [0.006, 0.05] * np.array([9.8, 6.7]), 1)


def test_each_further_kit_adds_less():
    """Naloxone use starts at 0, rises ever slower, and stays below its highest value; 63 % of it at the scale."""
    used = naloxone_saturation.probability_used(np.linspace(0, 10, 200), 0.9, 0.5)
    assert used[0] == 0
    assert (np.diff(used) > 0).all()
    assert (np.diff(used, 2) < 1e-15).all()
    assert used[-1] < 0.9
    assert naloxone_saturation.probability_used(0.5, 0.9, 0.5) == pytest.approx(0.9 * (1 - np.exp(-1)))


def test_kits_needed_reach_the_target_and_no_number_reaches_the_impossible():
    """The kits for 80 % give 80 %; a target at or above the highest use needs infinitely many."""
    kits = naloxone_saturation.kits_needed(naloxone_saturation.TARGET_USE, 0.9, 0.5)
    assert naloxone_saturation.probability_used(kits, 0.9, 0.5) == pytest.approx(0.8)
    assert naloxone_saturation.kits_needed([0.9, 0.95], 0.9, 0.5).tolist() == [np.inf, np.inf]
    assert np.isnan(naloxone_saturation.scale_from([1, 1], [0, 0.9], 0.9)).all()


def test_a_prescribed_kit_counts_a_fifth():
    """Five prescribed kits save as much as one from a community programme, and cost five times as much."""
    town = {
        "people_at_risk": 1000,
        "overdose_rate": 0.2,
        "overdose_witnessed": 0.5,
        "overdose_fatality": 0.1,
        "naloxone_fatality": 0.01,
        "naloxone_use_highest": 0.9,
        "naloxone_kits_scale": 0.5,
        "kit_weight_standing_order": 1,
        "kit_weight_prescription": 0.2,
        "cost_naloxone_kit": 50,
    }
    community = naloxone_saturation.run(replace(town, kits_community=0.3), 1)
    prescription = naloxone_saturation.run(replace(town, kits_prescription=1.5), 1)
    assert community.total("overdose_deaths") == pytest.approx(prescription.total("overdose_deaths"))
    assert prescription.cost() == pytest.approx(5 * community.cost())
    used = 100 * 0.9 * (1 - np.exp(-0.3 / 0.5))
    assert community.total("overdose_deaths")[0] == pytest.approx(200 * 0.1 - used * (0.1 - 0.01))


def test_what_no_evidence_gives_has_to_be_given():
    """A run without the scale of naloxone use is refused by name, not filled in."""
    with pytest.raises(ValueError, match=r"expected a value of naloxone_kits_scale .* found none"):
        naloxone_saturation.run(
            {
                "people_at_risk": 1,
                "overdose_rate": 1,
                "overdose_witnessed": 1,
                "overdose_fatality": 0.1,
                "naloxone_fatality": 0.01,
                "naloxone_use_highest": 0.9,
            },
            1,
        )


def test_the_first_year_is_not_discounted():
    """Factors are (1 + r)^-t with t from 0, for costs and effects at their own rates."""
    assert discount_factors(3, 0.05).tolist() == [1, 1 / 1.05, 1 / 1.05**2]
    result = outcomes(
        "m", Horizon(2, 0.05, 0.0), {"deaths": [1.0]}, {"site": [105.0]}, {"site": "society"}, {"qalys": [2.0]}
    )
    assert result.total("site", discounted=True).tolist() == [205]
    assert result.total("qalys", discounted=True).tolist() == [4]
    with pytest.raises(ValueError, match=r"expected draws, or draws x 2 years, found shape \(1, 3\)"):
        outcomes("m", Horizon(2), {"deaths": np.ones((1, 3))}, {}, {})


def test_the_cohort_without_treatment_is_exponential():
    """With constant rates out of treatment, person-years are N (1 - e^(-hT)) / h, and deaths N (1 - e^(-hT))."""
    rates = {"overdose_rate": 0.103, "overdose_fatality": 0.101, "excess_mortality_rate": 0.00978}
    result = cohort.run({**rates, "background_mortality_rate": 0.004}, 1)
    hazard = 0.103 * 0.101 + 0.00978 + 0.004
    assert result.total("deaths")[0] == pytest.approx(100_000 * -np.expm1(-5 * hazard), rel=1e-9)
    assert result.total("overdoses")[0] == pytest.approx(0.103 * 100_000 * -np.expm1(-5 * hazard) / hazard, rel=1e-9)
    assert result.total("overdose_deaths")[0] == pytest.approx(0.101 * result.total("overdoses")[0], rel=1e-9)


def test_treatment_averts_overdoses_until_people_leave_it():
    """Everybody starts on methadone and leaves at 1.051 a year: time on treatment is what a fine-stepped sum gives."""
    rates = {
        "overdose_rate": 0.103,
        "treated_overdose_rate": 0.0438,
        "overdose_fatality": 0.101,
        "excess_mortality_rate": 0.00978,
        "treated_excess_mortality_rate": 0.00318,
        "background_mortality_rate": 0.0,
        "treated_at_start": 1.0,
        "oat_discontinuation_rate": 1.051,
        "cohort_people": 1.0,
    }
    result = cohort.run(rates, 1)
    leaving = 1.051 + 0.0438 * 0.101 + 0.00318
    assert result.total("person_years_treated")[0] == pytest.approx(-np.expm1(-5 * leaving) / leaving, rel=1e-9)
    assert result.total("overdoses")[0] < cohort.run(replace(rates, treated_at_start=0.0), 1).total("overdoses")[0]


def test_cycles_close_in_on_continuous_time():
    """Counting at beginning and end brackets the exact person-years; weekly life-table is within 1 in 10,000."""
    exact = -np.expm1(-5 * 0.2) / 0.2
    for cycles in (1, 12, 52):
        beginning, middle, end = (
            cohort.cycle_person_years(0.2, 5, cycles, how) for how in ("beginning", "life-table", "end")
        )
        assert end < exact < middle < beginning
    assert middle == pytest.approx(exact, rel=1e-4)
    with pytest.raises(ValueError, match="expected beginning, end or life-table, found 'half'"):
        cohort.cycle_person_years(0.2, 5, 12, "half")


def graph(rows: list[tuple[object, ...]], people: float = 1000) -> DecisionGraphs:
    """Give a small graph; a row is node, outcome, best, then pairs of condition and value."""
    table = pd.DataFrame(
        [
            {"population": "p", "graph": "g", "node": node, "outcome": outcome, "best": best}
            | {f"condition{at}": pair[0] for at, pair in enumerate(given, 1)}
            | {f"value{at}": pair[1] for at, pair in enumerate(given, 1)}
            for node, outcome, best, *given in rows
        ]
    )
    table["lower"] = table["upper"] = np.nan
    results = pd.DataFrame(
        [("p", "g", "death", "yes", "deaths", 10.0, 0.0, 1.0, "death", "society"),
         ("p", "g", "int_oat", "oat", "", 5.0, 700.0, 1.0, "intervention", "health system")],
        columns=["population", "graph", "node", "outcome", "event", "unit_cost", "setup_cost", "cost_weight",
                 "cost_category", "payer"],
    )  # fmt: skip
    years = pd.DataFrame({"population": "p", "year": [2026, 2027], "people": [people, people]})
    return DecisionGraphs(table, results, years)


ROWS = [
    ("death", "yes", 0.1, ("overdose", "yes"), ("place", "public|private")),
    ("death", "yes", 0.0, ("otherwise", "")),
    ("overdose", "yes", 0.2, ("int_oat", "none")),
    ("overdose", "yes", 0.05, ("int_oat", "oat")),
    ("place", "public", 0.1),
    ("place", "private", 0.8),
    ("place", "room", 0.1),
    ("int_oat", "none", 0.6),
    ("int_oat", "oat", 0.4),
]


def estimates(model: DecisionGraphs) -> dict[str, float]:
    """Give the point estimates of a graph."""
    table = model.evidence()
    return dict(zip(table["parameter_id"], table["mean"], strict=True))


def test_a_decision_graph_gives_the_law_of_total_probability():
    """Deaths are (0.6 x 0.2 + 0.4 x 0.05) x 0.9 x 0.1 of the people; without services 0.2 x 0.9 x 0.1 of them."""
    model = graph(ROWS)
    horizon = Horizon(2, 0.0, 0.0)
    result = model.run(estimates(model), 3, horizon)
    assert result.events["deaths"] == pytest.approx(np.full((3, 2), 1000 * 0.14 * 0.9 * 0.1))
    none = model.run({**estimates(model), "service_level": 0}, 1, horizon)
    assert none.events["deaths"] == pytest.approx(np.full((1, 2), 18.0))
    assert none.total("intervention").tolist() == [0]
    assert result.costs["intervention"][0] == pytest.approx([1000 * 0.4 * 5 + 700, 2000])
    assert result.costs["death"][0] == pytest.approx([126, 126])


def test_a_graph_with_a_gap_or_an_overlap_is_refused():
    """A combination that no line holds for, or two lines do, is named; nothing is taken for it."""
    gap = graph([row for row in ROWS if row[3:] != (("int_oat", "oat"),)])
    with pytest.raises(ValueError, match="overdose: expected one line of its table for int_oat=oat, found 0"):
        gap.run(estimates(gap), 1, Horizon(1))
    overlap = graph([*ROWS, ("overdose", "yes", 0.3, ("int_oat", "oat|none"))])
    with pytest.raises(ValueError, match="overdose: expected one line of its table for int_oat=none, found 2"):
        overlap.run(estimates(overlap), 1, Horizon(1))
    with pytest.raises(ValueError, match=r"found .*death.* in a circle"):
        graph([*ROWS[:2], ("overdose", "yes", 0.2, ("death", "yes"))])
    with pytest.raises(ValueError, match="p: expected people for 3 years, found 2"):
        graph(ROWS).run(estimates(graph(ROWS)), 1, Horizon(3))


def test_equal_rows_of_a_graph_are_one_quantity():
    """The same figure for two conditions of one node is drawn once; an interval makes it beta, none makes it fixed."""
    rows = [
        *ROWS[:2],
        ("overdose", "yes", 0.2, ("int_oat", "none")),
        ("overdose", "yes", 0.2, ("int_oat", "oat")),
        *ROWS[4:],
    ]
    model = graph(rows)
    table = model.evidence()
    assert table["parameter_id"].str.startswith("g_overdose_yes").sum() == 1
    assert set(table["distribution"]) == {"fixed"}
    wide = model.probabilities.assign(lower=0.01, upper=0.99)
    drawn = DecisionGraphs(wide, model.results, model.people).evidence().set_index("parameter_id")
    assert drawn.loc["g_overdose_yes_1", "distribution"] == "beta"
    assert drawn.loc["g_death_yes_2", "distribution"] == "fixed"
