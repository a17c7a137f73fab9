"""Places and interventions: what the tables on interventions rest on, and what they say when something is lacking."""

import numpy as np
import pandas as pd
import pytest
from one_place import latest, only, whole_place

from assets.economics.interventions import CATALOGUE, intervention
from assets.economics.ratios import ratio
from assets.economics.runs import parameter_values, run, strategies
from assets.economics.tables import Settings, evidence_for, intervention_tables
from assets.evidence import EvidenceBase, load
from epi.models.interface import Horizon
from schemas.tables import MODELS

FEW = Settings(draws=16, horizon=Horizon(years=5))


@pytest.fixture(scope="module")
def evidence() -> EvidenceBase:
    """Read the evidence once."""
    return load()


def test_indicators_become_parameters() -> None:
    """Percents become proportions, 50 syringes a quarter of people covered, antibodies less those who clear."""
    place = only(whole_place())
    assert place.values == pytest.approx(
        {
            "people_who_inject_drugs": 43_700,
            "oat_coverage": 0.2,
            "nsp_coverage": 0.25,
            "hiv_prevalence": 0.02,
            "hcv_prevalence": 0.3 * 0.74,
        }
    )
    assert place.inputs.set_index("parameter_id").loc["people_who_inject_drugs", "distribution"] == "lognormal"
    assert place.suffices


def test_what_is_lacking_is_named(evidence: EvidenceBase) -> None:
    """A place without a number of people has one row for each intervention, which says what it lacks."""
    made = intervention_tables(latest(oat_coverage=20.0), evidence, FEW)["marts.intervention_value"]
    assert set(made["status"]) == {"not_applicable"}
    assert set(made["intervention_id"]) == {one.id for one in CATALOGUE}
    assert made["reason"].str.contains("pwid_population_size").all()
    assert made["reason"].str.contains("--set people_who_inject_drugs=… --set nsp_coverage=…", regex=False).all()


def test_prevalence_stays_where_it_is(evidence: EvidenceBase) -> None:
    """With today's services, people and prevalence hold within a twentieth over ten years: the endemic balance."""
    place = only(whole_place())
    values = parameter_values(place, evidence_for(evidence, FEW), 16)
    stocks = run(values, [], Horizon(years=10))["today"].stocks
    for name in ("people_who_inject", "hiv", "hcv_rna"):
        drift = stocks[name][:, -1] / stocks[name][:, 0]
        assert drift.mean() == pytest.approx(1, abs=0.06), name


def test_draws_depend_on_the_parameter_alone(evidence: EvidenceBase) -> None:
    """Two places draw the same rate of overdose in every draw, so that they differ only in what they differ in."""
    chosen = evidence_for(evidence, FEW)
    one = parameter_values(only(whole_place()), chosen, 16)
    other = parameter_values(only(whole_place().iloc[:3]), chosen, 16)
    assert (one["overdose_rate"] == other["overdose_rate"]).all()


def test_levels_already_reached_are_not_run() -> None:
    """A place at 20 % is taken to 40 and 50 %; one at 45 % only to 50 %."""
    assert [one.level for one in strategies(only(whole_place()), [intervention("oat")])] == ["40 %", "50 %"]
    high = whole_place()
    high.loc[high["indicator_id"] == "oat_coverage", "value"] = 45.0
    assert [one.level for one in strategies(only(high), [intervention("oat")])] == ["50 %"]


def test_the_tables_keep_their_contracts_and_are_the_same_twice(evidence: EvidenceBase) -> None:
    """Every table keeps its model; the same evidence and seed give the same numbers."""
    first, second = (intervention_tables(whole_place(), evidence, FEW) for _ in range(2))
    for name, frame in first.items():
        MODELS[name].validate(frame)
        pd.testing.assert_frame_equal(frame, second[name])
    value = first["marts.intervention_value"].set_index(
        ["intervention_id", "level", "outcome", "perspective", "discount_pct"]
    )
    averted = value.loc[("oat", "50 %", "overdose_deaths_averted", "none", 0.0)]
    assert averted["lower_95"] <= averted["value"] <= averted["upper_95"]
    assert averted["value"] > value.loc[("oat", "40 %", "overdose_deaths_averted", "none", 0.0), "value"] > 0
    paid = first["marts.intervention_value"].query("perspective != 'none' and status == 'reported'")
    assert set(paid["cost_basis"]) == {"transferred"}


def test_a_given_price_is_used_and_named(evidence: EvidenceBase) -> None:
    """A price that the user sets changes the cost in proportion, and the rows say that it was given."""
    plain = intervention_tables(whole_place(), evidence, FEW)["marts.intervention_value"]
    dear = intervention_tables(
        whole_place(), evidence, Settings(16, horizon=Horizon(5), given={"cost_oat": 2 * 5559.7})
    )
    given = dear["marts.intervention_value"]
    paid = given.query("perspective != 'none' and status == 'reported'")
    assert set(paid["cost_basis"]) == {"given by the user"}
    where = "intervention_id == 'oat' and level == '50 %' and outcome == 'cost_difference'"
    before, after = (frame.query(where).query("perspective == 'health system'")["value"] for frame in (plain, given))
    assert after.max() > 1.5 * before.max()


def test_another_source_can_be_chosen(evidence: EvidenceBase) -> None:
    """ACT's ratio for hepatitis C on OAT (0.42) in place of Cochrane's 0.50 averts more, under another set's name."""
    settings = Settings(16, horizon=Horizon(5), choices={"oat_hcv_rr": "act_databook"})
    tables = [intervention_tables(whole_place(), evidence, one)["marts.intervention_value"] for one in (FEW, settings)]
    where = "intervention_id == 'oat' and level == '50 %' and outcome == 'hcv_infections_averted'"
    usual, act = (table.query(where).iloc[0] for table in tables)
    assert act["value"] > usual["value"]
    assert act["parameter_set"] != usual["parameter_set"]


def test_ratios_that_would_mislead_are_words() -> None:
    """Saving money while gaining health dominates; harm has no ratio; a draw without gain has no limits."""
    gain, cost = np.array([1.0, 2.0]), np.array([10.0, 20.0])
    assert ratio(cost, gain)["value"] == 10
    assert ratio(-cost, gain)["reason"] == "saves money and gains health: dominates"
    assert ratio(cost, -gain)["status"] == "not_applicable"
    unsure = ratio(cost, np.array([-0.5, 2.0]))
    assert unsure["value"] == pytest.approx(20)
    assert "lower_95" not in unsure
    assert "50%" in str(unsure["reason"])
