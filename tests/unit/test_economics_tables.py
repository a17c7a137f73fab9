"""The tables on interventions: DALYs, returns, budgets, information, and what is run together, on a synthetic place."""

import numpy as np
import pandas as pd
import pytest
from one_place import only, whole_place

from assets.economics.cheers import METHODS_PAGE
from assets.economics.interventions import intervention
from assets.economics.runs import (
    Strategy,
    draw_evidence,
    drawn_values,
    parameter_values,
    plan,
    run,
    run_each,
    run_one_way,
    spread,
    strategies,
)
from assets.economics.tables import Settings, evidence_for, intervention_tables
from assets.economics.totals import totals
from assets.evidence import EvidenceBase, load
from epi import economics
from epi.models import transmission
from epi.models.interface import Horizon

FEW = Settings(draws=16, horizon=Horizon(years=5))
LACKING = {
    "art": {"art_mortality_rate": 0.01, "art_coverage": 0.3},
    "hiv_testing": {"art_mortality_rate": 0.01, "art_coverage": 0.3, "art_start_after_test": 0.8},
    "prison_oat": {"incarceration_rate": 0.1, "incarcerated_ratio": 0.1, "prison_stay_years": 1.0},
}
"""What no verified evidence gives, by intervention, with synthetic values."""


@pytest.fixture(scope="module")
def evidence() -> EvidenceBase:
    """Read the evidence once."""
    return load()


@pytest.fixture(scope="module")
def made(evidence: EvidenceBase) -> dict[str, pd.DataFrame]:
    """Make every table of one place with enough draws for the value of information."""
    return intervention_tables(whole_place(), evidence, Settings(draws=100, horizon=Horizon(4)))


def told(made: dict[str, pd.DataFrame], one: str, level: str, perspective: str, rate: float) -> pd.DataFrame:
    """Give the rows of a strategy by outcome."""
    frame = made["marts.intervention_value"]
    return frame[
        frame["intervention_id"].eq(one) & frame["level"].eq(level) & frame["perspective"].eq(perspective)
        & frame["discount_pct"].eq(rate)
    ].set_index("outcome")  # fmt: skip


@pytest.mark.parametrize("name", list(LACKING))
def test_what_lacks_evidence_says_which_and_runs_with_ones_own(evidence: EvidenceBase, name: str) -> None:
    """An intervention without a verified figure has one row that names each and how to give it; given, it is run."""
    lacks = intervention_tables(whole_place(), evidence, FEW)["marts.intervention_value"]
    row = lacks[lacks["intervention_id"].eq(name)]
    assert row["status"].tolist() == ["not_applicable"]
    assert all(f"--set {one}=…" in row["reason"].iloc[0] for one in LACKING[name])
    assert "hre model CZE -i " in row["reason"].iloc[0]
    own = Settings(16, horizon=Horizon(5), given=LACKING[name], catalogue=(intervention(name),))
    found = intervention_tables(whole_place(), evidence, own)["marts.intervention_value"]
    rows = found[found["intervention_id"].eq(name) & found["perspective"].eq("none")]
    gained = rows.set_index(["outcome", "discount_pct"])["value"]
    assert gained["dalys_averted", 0.0] > 0
    assert (("hiv_deaths_averted", 0.0) in gained.index) == (name != "prison_oat")


def test_an_intervention_without_a_price_says_which(made: dict[str, pd.DataFrame]) -> None:
    """Prophylaxis has health and no verified price: one row on costs that names the price and how to give it."""
    frame = made["marts.intervention_value"]
    rows = frame[frame["intervention_id"].eq("prep") & frame["perspective"].ne("none")]
    assert rows["outcome"].tolist() == ["cost_difference"]
    assert "no single verified figure in AUD for cost_prep" in rows["reason"].iloc[0]
    assert "--set cost_prep=…" in rows["reason"].iloc[0]
    assert "prep" not in set(made["marts.budget_impact"]["intervention_id"])


@pytest.mark.parametrize("coverage", [0.0, 0.5, 0.9])
def test_prevalence_stays_with_treatment_and_deaths_from_hiv_too(evidence: EvidenceBase, coverage: float) -> None:
    """Where today's treatment is known, deaths from HIV count, and people and prevalence hold within a twentieth."""
    given = {"art_coverage": coverage, "art_mortality_rate": 0.01}
    today = run(parameter_values(only(whole_place()), evidence_for(evidence, FEW), 16, given=given), [])["today"]
    assert today.total("hiv_deaths").min() > 0
    for name in ("people_who_inject", "hiv"):
        drift = today.stocks[name][:, -1] / today.stocks[name][:, 0]
        assert drift.mean() == pytest.approx(1, abs=0.06), name


def test_strategies_run_together_are_those_run_alone(evidence: EvidenceBase) -> None:
    """A strategy solved in one call with others gives the draws that it gives alone, to the last digit."""
    place = only(whole_place())
    values = parameter_values(place, evidence_for(evidence, FEW), 16)
    wanted = strategies(place, [intervention("oat"), intervention("consumption_room")])
    together = run(values, wanted, Horizon(3))
    for one in wanted:
        alone = transmission.run(plan(values, one), 16, Horizon(3))
        assert (alone.total("qalys") == together[one.name].total("qalys")).all()
        assert (alone.cost() == together[one.name].cost()).all()


@pytest.mark.parametrize("start", [0.0, 2.5])
def test_other_discount_rates_are_those_of_the_solver(evidence: EvidenceBase, start: float) -> None:
    """Yearly figures discounted at 3 % differ from the solver's by less than a thousandth, also what is paid once."""
    place = only(whole_place())
    # A setting up so dear (synthetic) that a year's discount on it would show.
    given = {"scale_up_start_year": start, "cost_consumption_room_setup": 1e9}
    values = parameter_values(place, evidence_for(evidence, FEW), 16, given=given)
    wanted = strategies(place, [intervention("oat"), intervention("consumption_room")])
    by_year, solved = (
        totals(run_each(values, wanted, Horizon(10, rate, rate)), wanted, values, [0.03]) for rate in (0.05, 0.03)
    )
    assert (by_year.rates, solved.rates) == ((0.0, 0.03, 0.05), (0.0, 0.03))
    for perspective in ("health system", "society"):
        assert by_year.cost(0.03, perspective) == pytest.approx(solved.cost(0.03, perspective), rel=1e-3)
    rooms = [one.costs[0.03]["consumption_rooms"] for one in (by_year, solved)]
    assert rooms[0] == pytest.approx(rooms[1], rel=1e-3)
    assert rooms[0][-1].min() > 0
    for name in ("qalys", "person_years", "yld"):
        assert by_year.effects[0.03][name] == pytest.approx(solved.effects[0.03][name], rel=1e-3)


def test_what_is_left_out_of_the_tornado_changes_nothing(evidence: EvidenceBase) -> None:
    """Parameters that are not varied for a strategy would leave its overdose deaths averted where they are."""
    place = only(whole_place())
    drawn = drawn_values(place, draw_evidence(evidence_for(evidence, FEW), 16, 1, {}), 1, {})
    settings = spread(place, drawn, {})
    wanted = [Strategy(intervention("oat"), "50 %"), Strategy(intervention("naloxone"), "as needed")]
    kept, whole = run_one_way(settings, wanted, Horizon(3)), run(settings.values, wanted, Horizon(3))
    for one in wanted:
        averted = whole["today"].total("overdose_deaths") - whole[one.name].total("overdose_deaths")
        at, mean, limits = kept[one.name]
        assert mean[0] == averted[0]
        assert limits == pytest.approx(np.array([averted[[2 * row + 1, 2 * row + 2]] for row in at]))
        left = sorted(set(range(len(settings.varied))) - set(at))
        assert 5 < len(left) < len(settings.varied)
        assert averted[[2 * row + side for row in left for side in (1, 2)]] == pytest.approx(averted[0], rel=1e-9)


def test_dalys_are_years_of_life_and_disability_of_hiv(made: dict[str, pd.DataFrame]) -> None:
    """Treatment gains years of life; prophylaxis hardly any, but averts disability: 0.078 a year with HIV."""
    for rate in (0.0, 3.0, 5.0):
        oat = told(made, "oat", "50 %", "none", rate)
        assert oat.loc["dalys_averted", "value"] == pytest.approx(oat.loc["life_years_gained", "value"], rel=0.05)
        assert "no verified weight of opioid dependence" in oat.loc["dalys_averted", "reason"]
    prep = told(made, "prep", "30 %", "none", 0.0)["value"]
    disability = prep["dalys_averted"] - prep["life_years_gained"]
    assert 0.078 * prep["hiv_infections_averted"] < disability < 0.078 * 4 * prep["hiv_infections_averted"]
    worth = [told(made, "oat", "50 %", "none", rate).loc["dalys_averted", "value"] for rate in (0.0, 3.0, 5.0)]
    assert worth[0] > worth[1] > worth[2] > worth[0] * 1.05**-4


def test_net_benefit_and_returns_follow_from_costs_and_health(made: dict[str, pd.DataFrame]) -> None:
    """Net benefit is 50,000 x QALYs - cost; the returns and their definitions are those of `epi`."""
    health, rows = told(made, "oat", "50 %", "none", 3.0)["value"], told(made, "oat", "50 %", "health system", 3.0)
    money, qalys = rows["value"], health["qalys_gained"]
    assert money["net_monetary_benefit"] == pytest.approx(50_000 * qalys - money["cost_difference"])
    assert money["net_health_benefit"] == pytest.approx(qalys - money["cost_difference"] / 50_000)
    assert money["cost_per_daly_averted"] == pytest.approx(money["cost_difference"] / health["dalys_averted"])
    saved = money["programme_cost"] - money["cost_difference"]
    theirs = economics.returns(money["programme_cost"], saved, 50_000 * qalys).set_index("measure")
    for measure in theirs.index:
        assert money[measure] == pytest.approx(theirs.loc[measure, "value"]), measure
        assert theirs.loc[measure, "definition"] in rows.loc[measure, "reason"]
        assert rows.loc[measure, "lower_95"] <= money[measure] <= rows.loc[measure, "upper_95"]


def test_steps_along_the_frontier_are_those_of_the_incremental_table(made: dict[str, pd.DataFrame]) -> None:
    """Each priced strategy has its step, or is dominated, as the incremental analysis of the same means says."""
    frame = made["marts.intervention_value"]
    means = frame[frame["perspective"].isin(["none", "health system"]) & frame["discount_pct"].eq(3.0)]
    wide = means[means["comparator"].eq("today")].pivot_table("value", ["intervention_id", "level"], "outcome")
    wide = wide.dropna(subset=["cost_difference"]).reset_index()
    names = wide["intervention_id"] + " " + wide["level"]
    table = pd.DataFrame({"strategy": names, "cost": wide["cost_difference"], "effect": wide["qalys_gained"]})
    table.loc[len(table)] = ["today", 0.0, 0.0]
    steps = economics.incremental_analysis(table).set_index("strategy")
    rows = frame[frame["outcome"].eq("icer_on_frontier") & frame["perspective"].eq("health system")]
    assert len(rows) == len(table) - 1 > 5
    for _, row in rows.iterrows():
        step = steps.loc[f"{row['intervention_id']} {row['level']}"]
        if step["status"] == "ND" and step["icer"] == step["icer"]:
            assert row["value"] == pytest.approx(step["icer"])
        else:
            assert row["status"] == "not_applicable"


def test_budgets_add_up_to_the_undiscounted_cost(made: dict[str, pd.DataFrame]) -> None:
    """Services and care are all that a payer pays, and its years add up to the undiscounted cost difference."""
    budget = made["marts.budget_impact"]
    keys = ["intervention_id", "level", "comparator", "payer", "year"]
    parts = budget.pivot_table("budget_impact", keys, "part")
    assert (parts["services"] + parts["care"]).to_numpy() == pytest.approx(parts["all"].to_numpy(), abs=1e-3)
    assert set(budget["payer"]) == {"health system"}
    every = budget[budget["part"].eq("all") & budget["comparator"].eq("today")]
    for (one, level), rows in every.groupby(["intervention_id", "level"]):
        cost = told(made, str(one), str(level), "health system", 0.0).loc["cost_difference", "value"]
        assert rows["budget_impact"].sum() == pytest.approx(cost)
        assert rows.sort_values("year")["cumulative_impact"].iloc[-1] == pytest.approx(cost)
        assert (rows["strategy_cost"] - rows["comparator_cost"]).sum() == pytest.approx(cost)


def test_information_about_one_parameter_is_worth_what_epi_says(
    made: dict[str, pd.DataFrame], evidence: EvidenceBase
) -> None:
    """Every parameter that varies has its value and error, those of `evppi`, and none is worth more than all."""
    table = made["marts.value_of_information"]
    assert set(table["perspective"]) == {"health system", "society"}
    assert table["parameter_id"].nunique() > 15
    assert (table["evppi"] <= table["evpi"] + 2 * table["standard_error"]).all()
    place, chosen = only(whole_place()), evidence_for(evidence, FEW)
    values = parameter_values(place, chosen, 100)
    priced = set(made["marts.intervention_plane"]["strategy"])
    wanted = [one for one in strategies(place) if one.name in priced]
    found = totals(run_each(values, wanted, Horizon(4)), wanted, values, [])
    rows = [found.row(name) for name in ("today", *(one.name for one in wanted))]
    money, health = found.cost(0.03, "society")[rows], found.effects[0.03]["qalys"][rows]
    drawn = pd.DataFrame({"overdose_rate": values["overdose_rate"]})
    theirs = economics.evppi(pd.DataFrame(money.T), pd.DataFrame(health.T), drawn, "overdose_rate", 50_000).iloc[0]
    ours = table[table["perspective"].eq("society") & table["parameter_id"].eq("overdose_rate")].iloc[0]
    assert ours["evppi"] == pytest.approx(theirs["evppi"])
    assert ours["standard_error"] == pytest.approx(theirs["standard_error"])


def test_few_draws_say_nothing_about_single_parameters(evidence: EvidenceBase) -> None:
    """Below 80 draws the table has its columns and no row."""
    few = intervention_tables(whole_place(), evidence, FEW)["marts.value_of_information"]
    assert few.empty
    assert "evppi" in few.columns


def test_the_worked_example_of_the_methods_page_runs() -> None:
    """The page's example on who gains runs as printed, and its gain in equality is one where the poorer gain more."""
    blocks = METHODS_PAGE.read_text(encoding="utf-8").split("```python\n")[1:]
    assert len(blocks) == 1
    lines = blocks[0].split("```")[0].strip().split("\n")
    scope: dict[str, pd.DataFrame] = {}
    exec("\n".join([*lines[:-1], f"found = {lines[-1]}"]), scope)
    assert scope["found"]["equity_gain"].iloc[0] > 0
