"""Published results: what our models give from printed inputs, beside what the studies printed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assets.contract import require
from assets.evidence import EvidenceBase, load
from assets.model_validation import act, decision_graphs, fairley, model_validation
from assets.study_settings import bernard, stone
from epi.economics import incremental_analysis
from epi.economics.draws import sample
from epi.models.cohort import run as run_cohort
from epi.models.decision_graph import DecisionGraphs
from epi.models.interface import Horizon, replace
from schemas.model_evidence import ModelValidation

ACT_PRINTED = {
    "act_opioid_overdoses": 454,
    "act_nonopioid_overdoses": 20,
    "act_overdose_deaths": 70,
    "act_emergency_responses": 215,
    "act_hcv_infections": 552,
    "act_injection_infections": 199,
}


@pytest.fixture(scope="module")
def base() -> EvidenceBase:
    """Give the evidence that is kept with the code."""
    return load()


@pytest.fixture(scope="module")
def validation(base: EvidenceBase) -> pd.DataFrame:
    """Give published results beside ours, by result."""
    return model_validation(base).set_index("result_id")


def test_the_table_keeps_its_contract(base):
    """Every published result has a row, and every row that does not agree says why."""
    table = model_validation(base)
    require(table, ModelValidation)
    assert list(table["result_id"]) == list(base.tables["published_results"]["result_id"])


def test_irwin_comes_out_to_the_printed_digits(validation):
    """All seven lines, the value of a death and the site's cost agree as printed, from the evidence kept here."""
    rows = validation[validation.index.str.startswith("irwin_") & validation["ours"].notna()]
    assert len(rows) == 10
    assert list(rows.index[rows["agreement"] != "agrees"]) == ["irwin_total_savings"]


def test_irwins_total_is_within_one_percent_and_said_not_to_be_the_same(validation):
    """The seven lines that could be read add up to 7.85 million dollars against a printed 7.8."""
    row = validation.loc["irwin_total_savings"]
    assert row["ours"] == pytest.approx(7_855_000, abs=1000)
    assert row["agreement"] == "differs"
    assert "emergency" in row["explanation"]


def test_alistars_ratios_come_out_of_its_table(validation, base):
    """Table 2 gives 517 and 1,005 dollars per QALY, printed as 520 and 1,000; where 1,700 is printed, 2,163."""
    ours = validation["ours"].round()
    assert ours[["alistar_mmt", "alistar_mmt_art", "alistar_mmt_art_prep25"]].to_list() == [517, 1005, 2163]
    names = ["alistar_mmt", "alistar_mmt_art", "alistar_mmt_art_prep25"]
    assert validation.loc[names, "agreement"].to_list() == ["agrees", "agrees", "differs"]
    assert "does not follow" in validation.loc["alistar_mmt_art_prep25", "explanation"]
    table = incremental_analysis(base.tables["portfolios"], strategy="portfolio")
    frontier = table.loc[table["status"] == "ND", "portfolio"].to_list()
    assert frontier[:4] == ["Status quo", "MMT", "MMT, ART", "MMT, ART, 25% PrEP"]


def test_fairley_does_not_come_out_of_the_printed_rates(validation, base):
    """The printed rates give 48,987 overdoses and 9,599 deaths, not 42,717 and 12,660; nothing is tuned."""
    ours = {name: round(value) for name, value in fairley(base).items()}
    assert ours["fairley_overdoses"] == 48_987
    assert ours["fairley_deaths"] == 9_599
    assert ours["fairley_nonfatal_overdoses"] + ours["fairley_overdose_deaths"] == ours["fairley_overdoses"]
    rows = validation[validation.index.str.startswith("fairley_")]
    assert set(rows["agreement"]) == {"differs"}
    assert rows["explanation"].str.contains("nothing was tuned").all()


def test_what_the_explanation_of_fairley_says_is_true():
    """Background mortality explains deaths and 2 % of the overdoses; the rest is a ninth of the time without use."""
    hazard = -np.log(1 - 0.1266) / 5
    lived = 12_660 / hazard
    assert round(lived, -3) == 468_000
    rates = [round(count / lived, 4) for count in (42_717, 4_132, 12_660 - 4_132)]
    assert rates == [0.0913, 0.0088, 0.0182]
    background = (12_660 - 4_132) / lived - 0.00978
    assert round(background, 4) == 0.0085
    rates = {"overdose_rate": 0.103, "overdose_fatality": 0.101, "excess_mortality_rate": 0.00978}
    ours = run_cohort({**rates, "background_mortality_rate": background}, 1, Horizon(5))
    assert [round(float(ours.total(name)[0]), -2) for name in ("overdoses", "deaths")] == [48_000, 13_300]
    assert round(42_717 / 0.103, -2) == 414_700
    used = 414_700 / lived
    assert 1 - used == pytest.approx(1 / 9, abs=0.005)
    assert (1 - np.exp(-5 * 0.05)) / (5 * 0.05) == pytest.approx(used, abs=0.005)
    assert 0.091 < round(4132 / 42_717, 4) == 0.0967 < 0.101


def test_bernard_is_in_range_and_what_it_rests_on_is_said(validation, base):
    """OAT at 50 % costs 14,000 dollars a QALY on the evidence's price, 23,200 on another's; theirs is 14-24,000."""
    row = validation.loc["bernard_oat_50"]
    assert row["agreement"] == "in range"
    assert row["ours"] == pytest.approx(14_164, rel=0.002)
    figures = base.figures.copy()
    oat = figures["parameter_id"].eq("cost_oat") & figures["source_key"].eq("irwin_2017")
    assert figures.loc[oat, "value"].to_list() == [4_000]
    figures.loc[oat, "value"] = 6_552
    assert bernard(EvidenceBase(figures, base.tables))["bernard_oat_50"] == pytest.approx(23_200, rel=0.002)
    assert "23,200" in row["explanation"]


def test_stone_is_in_range_for_all_deaths_and_above_it_for_overdoses(validation, base):
    """OAT at 40 % averts 22 % of deaths (12-24), 23.6 % of overdose deaths (13-22); what brings it inside is true."""
    row = validation.loc["stone_oat_40"]
    assert (row["agreement"], round(row["ours"], 1)) == ("in range", 22.1)
    row = validation.loc["stone_oat_40_overdose"]
    assert (row["agreement"], round(row["ours"] - 22, 1)) == ("differs", 1.6)
    assert round(stone(base, oat_overdose_rr="fairley_2021")["stone_oat_40_overdose"], 1) == 16.1
    figures = base.figures.copy()
    figures.loc[figures["parameter_id"] == "oat_discontinuation_rate", "value"] = 12 / 4
    assert round(stone(EvidenceBase(figures, base.tables))["stone_oat_40_overdose"], 1) == 20.3
    assert all(number in row["explanation"] for number in ("20.3", "16.1", "1.6"))


def test_zang_is_near_for_health_and_far_for_money(validation):
    """Ten thousand kits a year avert 21 % of deaths against 25.3 %; theirs implies 228 dollars a kit, ours is 66."""
    share, money = validation.loc["zang_share_averted"], validation.loc["zang_death_averted"]
    assert share["ours"] == pytest.approx(21.0, abs=0.1)
    assert money["ours"] == pytest.approx(66 * 10_000 / (share["ours"] / 100 * 330))
    assert round(27_312 * 0.253 * 330 / 10_000) == 228
    assert {share["agreement"], money["agreement"]} == {"differs"}


def test_murray_on_other_studies_inputs_says_so(validation):
    """The formula gives 8.5 and 2.6 partners a year on others' probabilities; both rows name them, agreeing or not."""
    rows = validation.loc[["murray_partners_hiv", "murray_partners_hcv"]]
    assert rows["ours"].round(1).to_list() == [8.5, 2.6]
    assert rows["explanation"].str.contains("were not seen. Ours takes those of others").all()
    assert round(1 / 17, 3) == 0.059 == round(0.0067 * 17.5 / 2, 3)


def test_every_setting_of_a_study_is_seen_or_said_to_be_assumed(base):
    """Each figure of a setting names a page or a file of figures, or that it is an assumption."""
    settings = base.tables["published_settings"]
    seen = settings["where_seen"]
    assumed = seen.str.startswith("assumption: ")
    assert settings.loc[assumed, "parameter_id"].to_list() == [
        "oat_coverage",
        "discount_rate",
        "nsp_coverage",
        "nsp_coverage",
    ]
    assert seen[~assumed].str.contains(r"pmc\.|scholars|data/figures|PubMed|bjatraining|PMC").all()


def test_act_comes_out_to_the_printed_digits(validation, base):
    """At the databook's own coverage (OAT 0.43) every printed figure agrees, from 24.6 million to 10 to 1."""
    rows = validation[validation.index.str.startswith("act_")]
    assert len(rows) == 9
    assert set(rows["agreement"]) == {"agrees"}
    found = act(base)
    assert {name: round(found[name]) for name in ACT_PRINTED} == ACT_PRINTED
    assert round(found["act_cost"] / 1e6, 1) == 24.6
    assert round(found["act_benefit_cost_ratio"]) == 10
    tables = base.tables["decision_graph"]
    oat = tables[
        (tables["node"] == "int_oat") & (tables["outcome"] == "oat") & (tables["graph"] == "injection_overdose_opioid")
    ]
    assert oat["best"].to_list() == [0.43]


def databook(folder: Path) -> DecisionGraphs:
    """Give the model made of the whole published databook, as it stands."""
    book, model = sorted(folder.glob("*.xlsx"))
    sheets = pd.read_excel(book, sheet_name=None, engine="calamine", keep_default_na=False)
    chances = sheets["probabilities"].rename(columns={"DAG": "graph"})
    chances[["best", "lower", "upper"]] = chances[["best", "lower", "upper"]].apply(pd.to_numeric)
    people = sheets["population_size"].melt("population_size", var_name="year", value_name="people")
    people = people.rename(columns={"population_size": "population"}).astype({"year": int}).query("year >= 2026")
    kinds = pd.read_excel(model, sheet_name="nodes", engine="calamine", keep_default_na=False)
    kinds = kinds.rename(columns={"DAG": "graph", "short": "node"})[
        ["population", "graph", "node", "cost_cat", "outcome_cat"]
    ]
    costs = sheets["costs"].rename(columns={"DAG": "graph"}).merge(kinds, on=["population", "graph", "node"])
    names = {"Opioid overdose": "opioid_overdoses", "Non-opioid overdose": "nonopioid_overdoses",
             "Death": "overdose_deaths", "Emergency response": "emergency_responses",
             "Hepatitis C incidence": "hcv_infections", "IRID incidence": "injection_infections"}  # fmt: skip
    counted = (costs["outcome"] == "yes") & costs["outcome_cat"].isin(list(names))
    results = costs.assign(
        event=costs["outcome_cat"].map(names).where(counted, ""),
        cost_category=costs["cost_cat"].replace({"none": "", "Intervention": "intervention"}),
        payer="society",
    )
    return DecisionGraphs(chances, results, people)


def test_the_whole_databook_gives_what_the_selection_gives(shared_data, base):
    """Run as it stands, the published databook of 356 probabilities gives the same figures as the facts kept here."""
    ours, theirs = decision_graphs(base.tables), databook(shared_data / "models" / "act")
    assert len(theirs.probabilities) == 356
    falls = []
    for model in (ours, theirs):
        table = model.evidence()
        inputs = dict(zip(table["parameter_id"], table["mean"], strict=True))
        services, none = model.run(inputs, 1), model.run(replace(inputs, service_level=0), 1)
        falls.append({name: float((none.total(name) - services.total(name))[0]) for name in services.events})
        falls[-1]["cost"] = float(services.costs_discounted["intervention"].sum())
        falls[-1]["all costs"] = float((none.cost() - services.cost())[0])
    assert falls[0] == {name: pytest.approx(value, rel=1e-9) for name, value in falls[1].items()}


def test_draws_of_the_decision_graph_are_around_its_point_estimate(base):
    """Over 500 draws of the printed intervals, deaths averted are near 70 and always above 0."""
    model = decision_graphs(base.tables)
    drawn = sample(model.evidence(), 500)
    inputs = {name: drawn[name].to_numpy() for name in drawn}
    none = model.run({**inputs, "service_level": 0}, 500)
    averted = none.total("overdose_deaths") - model.run(inputs, 500).total("overdose_deaths")
    assert np.median(averted) == pytest.approx(70, abs=3)
    assert averted.min() > 0
