"""`assets.evidence` and its contract: cited figures side by side, one default each, and the sets made of them."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assets.contract import check
from assets.evidence import (
    EVIDENCE_DIRECTORY,
    SET_COLUMNS,
    TABLES,
    EvidenceError,
    load,
    missing,
    parameter_rows,
    parameter_set,
    set_name,
    values,
)
from epi.economics.distributions import FAMILIES
from epi.models import cohort, consumption_site, naloxone_saturation, needle_circulation
from epi.models.interface import Parameter
from schemas.evidence import DISTRIBUTIONS, TOPICS, Evidence, ParameterRow

MODELS = (cohort, consumption_site, naloxone_saturation, needle_circulation)

LABELS = re.compile(r"\bCD4\b|[<>]\d+|\bF\d(-\d)?|\b\d+-\d+(?= \.\d)")
"""Names of stages and of counts of cells, which are no figures."""


@pytest.fixture(scope="module")
def figures() -> pd.DataFrame:
    """Give all figures that are kept with the code."""
    return load().figures


def row(**changes: object) -> dict[str, object]:
    """Give one row that keeps the contract, with changes."""
    base = {
        "topic": "effects", "parameter_id": "oat_rr", "source_key": "study_a", "value": 0.5, "lower": 0.4, "upper": 0.6,
        "distribution": "lognormal", "unit": "rate ratio", "population": "people", "setting": "somewhere",
        "income_group": "high income", "study_design": "cohort", "year": 2020, "currency": "", "cost_year": pd.NA,
        "citation": "A study", "identifier": "", "where_seen": "page 1", "verified": True, "is_default": True,
        "conflicts_with": "", "note": "",
    }  # fmt: skip
    return base | changes


def frame(*rows: dict[str, object]) -> pd.DataFrame:
    """Give rows in the types of the contract."""
    return pd.DataFrame(list(rows)).astype(
        {"year": "Int64", "cost_year": "Int64", "value": "float64", "lower": "float64", "upper": "float64"}
    )


COST = {"topic": "costs", "distribution": "fixed", "lower": np.nan, "upper": np.nan, "unit": "currency per test"}


def test_the_evidence_keeps_its_contract(figures):
    """Every file is read, and every row keeps the rules; hundreds of figures, each cited."""
    assert set(figures["topic"]) == set(TOPICS)
    assert len(figures) > 250
    assert check(figures, Evidence).passed
    assert check(figures, ParameterRow).passed
    assert (figures["citation"].str.len() > 3).all()
    assert figures.groupby("topic").size().ge(8).all()


def test_the_published_table_has_each_default_first():
    """The table of parameters keeps its contract; within a parameter the default comes first."""
    table = parameter_rows(load())
    assert check(table, ParameterRow).passed
    first = table[~table["parameter_id"].duplicated()]
    assert first["is_default"].to_list() == table.groupby("parameter_id")["is_default"].any().to_list()


def test_the_readme_tells_what_is_missing():
    """The list of what no evidence gives names what the models refuse to run without."""
    text = (EVIDENCE_DIRECTORY / "README.md").read_text(encoding="utf-8")
    chosen = parameter_set(load().figures)
    needed = {name for model in MODELS for name in missing(chosen, model.PARAMETERS)}
    assert needed >= {"naloxone_kits_scale", "background_mortality_rate"}
    local = {parameter.id for parameter in needle_circulation.PARAMETERS}
    assert [name for name in sorted(needed - local) if f"`{name}`" not in text] == []


def test_distributions_are_those_that_can_be_drawn():
    """The contract allows the distributions of the draws, except shares of a whole, which no row here is."""
    assert set(DISTRIBUTIONS) == set(FAMILIES) - {"dirichlet"}


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ([row(lower=0.55)], "interval_contains_value"),
        ([row(upper=np.nan)], "interval_contains_value"),
        ([row(distribution="fixed")], "distribution_has_what_it_needs"),
        ([row(lower=np.nan, upper=np.nan)], "distribution_has_what_it_needs"),
        ([row(distribution="beta", value=1.0, upper=1.0)], "distribution_can_hold_the_figures"),
        ([row(lower=0.0)], "distribution_can_hold_the_figures"),
        ([row(unit="proportion", value=35.0, lower=30.0, upper=40.0)], "shares_and_ratios_stay_in_range"),
        ([row(**COST)], "money_has_a_currency"),
        ([row(**COST, currency="USD")], "money_has_a_currency"),
        ([row(currency="USD")], "money_has_a_currency"),
        ([row(verified=False)], "unverified_is_never_a_default"),
        ([row(is_default=False)], "one_default_for_each_parameter"),
        ([row(), row(source_key="study_b")], "one_default_for_each_parameter"),
        ([row(), row(source_key="study_b", unit="odds ratio", is_default=False)], "one_unit_for_each_parameter"),
        (
            [row(), row(source_key="study_b", value=0.8, lower=0.7, upper=0.9, is_default=False)],
            "figures_apart_name_each_other",
        ),
        ([row(conflicts_with="study_b")], "conflicts_name_other_sources"),
        ([row(conflicts_with="study_a")], "conflicts_name_other_sources"),
        ([row(), row(is_default=False)], "multiple_fields_uniqueness"),
        ([row(identifier="10.1000/1")], "str_matches"),
        ([row(population="")], "str_length"),
        ([row(setting="")], "str_length"),
        ([row(income_group="")], "str_length"),
    ],
)
def test_each_rule_refuses_what_breaks_it(rows, rule):
    """A table that breaks one rule is refused, and the verdict names that rule."""
    verdict = check(frame(*rows), Evidence)
    assert not verdict.passed
    assert verdict.failures["check"].str.contains(rule).any(), verdict.failures


def test_a_parameter_that_nobody_verified_has_no_default():
    """Figures that were not seen, or costs without a price year, leave the parameter without a default."""
    assert check(frame(row(verified=False, is_default=False)), Evidence).passed
    assert check(frame(row(**COST, currency="USD", is_default=False)), Evidence).passed
    assert check(frame(row(**COST, currency="USD", cost_year=2020)), Evidence).passed


def test_mean_death_rate_and_weight_of_untreated_hiv_follow_from_the_stages(figures):
    """Both are derived from the printed stages: 11.4 years of survival, as long as the stages and their deaths make."""
    of = figures[figures["source_key"].eq("optima_hiv")].set_index("parameter_id")["value"]
    stages = ["cd4_over_500", "cd4_350_500", "cd4_200_350", "cd4_50_200", "cd4_under_50"]
    moves = [1 / of[f"hiv_stage_years_{stage}"] for stage in stages[:4]]
    dying = np.array([of[f"hiv_mortality_{stage}"] for stage in stages])
    # Time in each stage of a person who enters the first, by the inverse of the matrix of moves.
    rates = np.diag(dying + np.array([*moves, 0.0])) - np.diag(moves, 1)
    years = np.linalg.inv(rates)[0]
    assert years.sum() == pytest.approx(11.44, abs=0.01)
    assert of["hiv_mortality_rate"] == pytest.approx(years @ dying / years.sum(), rel=1e-5)
    weights = np.array([of[f"disability_hiv_{stage}"] for stage in stages])
    assert of["disability_hiv"] == pytest.approx(years @ weights / years.sum(), rel=1e-5)


def test_deaths_after_release_are_those_of_two_fortnights(figures):
    """Weeks 1 and 2 are compared with weeks 3 to 12, weeks 3 and 4 with weeks 5 to 12: solved for the first four."""
    of = figures.set_index(["parameter_id", "source_key"])["value"]
    later = of["release_drug_death_rr_weeks_3_4", "merrall_2010_pooled"]
    for source, first in of["release_drug_death_rr_weeks_1_2"].items():
        weeks = [first * (2 * later + 8 * 1) / 10, later]
        assert of["release_overdose_rr", source] == pytest.approx(np.mean(weeks), rel=1e-5)


def test_conflicts_stand_side_by_side(figures):
    """OAT and HCV is 0.50 by Cochrane and 0.42 by ACT; needles and HCV differ by region; two sets of HCV utilities."""
    of = figures.set_index(["parameter_id", "source_key"])["value"]
    assert of["oat_hcv_rr", "platt_2017_all"] == 0.50
    assert of["oat_hcv_rr", "act_databook"] == 0.42
    assert of["nsp_hcv_rr"].to_dict() | {} == {
        "platt_2017_all": 0.79, "platt_2017_europe": 0.44, "platt_2017_north_america": 1.58, "turner_uk": 0.48
    }  # fmt: skip
    assert of["utility_hcv_f0_f3"].to_dict() == {"cmaj": 0.73, "pmc4519006": 0.904}
    conflicts = figures.set_index(["parameter_id", "source_key"])["conflicts_with"]
    assert "act_databook" in conflicts["oat_hcv_rr", "platt_2017_all"]
    assert "platt_2017_north_america" in conflicts["nsp_hcv_rr", "platt_2017_all"]
    assert "pmc4519006" in conflicts["utility_hcv_f0_f3", "cmaj"]


def test_a_pool_never_hides_its_regions(figures):
    """Whoever takes the pooled ratio gets the regional ones with it, opposite directions and all."""
    chosen = parameter_set(figures).set_index("parameter_id")
    told = chosen.loc["nsp_hcv_rr", "alternatives"]
    assert "platt_2017_europe 0.44 (0.24-0.8)" in told
    assert "platt_2017_north_america 1.58" in told


def test_unseen_figures_are_kept_and_never_taken_by_default(figures):
    """The disability weights of opioid dependence were not seen: no default, but they can be asked for by name."""
    weights = figures[figures["parameter_id"] == "disability_injecting"]
    assert sorted(weights["value"]) == [0.335, 0.697]
    assert not weights["verified"].any()
    assert "disability_injecting" not in set(parameter_set(figures)["parameter_id"])
    asked = parameter_set(figures, {"disability_injecting": "gbd_mild"}).set_index("parameter_id")
    assert asked.loc["disability_injecting", "mean"] == 0.335
    assert not asked.loc["disability_injecting", "verified"]


def test_a_chosen_source_takes_the_place_of_the_default(figures):
    """One choice changes one figure, and with it the name of the set; the same choice gives the same name."""
    usual, other = parameter_set(figures), parameter_set(figures, {"oat_hcv_rr": "act_databook"})
    assert list(usual.columns) == SET_COLUMNS
    assert usual["parameter_id"].is_unique
    changed = usual["mean"] != other["mean"]
    assert usual.loc[changed, "parameter_id"].to_list() == ["oat_hcv_rr"]
    assert other.loc[changed, "mean"].to_list() == [0.42]
    assert set_name(usual) != set_name(other)
    assert set_name(other) == set_name(other.sample(frac=1, random_state=1))
    assert re.fullmatch(r"evidence-[0-9a-f]{12}", set_name(usual))


def test_a_wrong_choice_is_told_what_there_is(figures):
    """An unknown source lists the sources with their figures; an unknown parameter lists near ones."""
    with pytest.raises(EvidenceError, match=r"expected one of the sources platt_2017_all 0\.5 .*; found 'cochrane'"):
        parameter_set(figures, {"oat_hcv_rr": "cochrane"})
    with pytest.raises(EvidenceError, match=r"expected a parameter .* found 'oat_hcv'; near it: \['oat_hcv_rr'"):
        parameter_set(figures, {"oat_hcv": "act_databook"})


def test_costs_in_two_currencies_are_refused_or_replaced(figures):
    """Nothing is converted: a mixture is refused, and with a currency only costs in it are left."""
    wanted = ["cost_oat", "cost_hcv_lifetime", "oat_hcv_rr"]
    with pytest.raises(EvidenceError, match=r"expected one currency, found AUD: cost_oat; USD: cost_hcv_lifetime"):
        parameter_set(figures, parameters=wanted)
    dollars = parameter_set(figures, parameters=wanted, currency="USD").set_index("parameter_id")
    assert dollars["mean"].to_dict() == {"cost_oat": 4000, "cost_hcv_lifetime": 68_219, "oat_hcv_rr": 0.5}
    assert dollars.loc["cost_oat", "setting"] == "Baltimore, USA"
    assert set(parameter_set(figures, parameters=wanted, currency="AUD")["parameter_id"]) == {"cost_oat", "oat_hcv_rr"}
    with pytest.raises(EvidenceError, match="expected a cost in USD, found act_databook in AUD"):
        parameter_set(figures, {"cost_oat": "act_databook"}, wanted, "USD")


def test_every_default_can_be_drawn(figures):
    """All defaults are fitted and drawn; ratios keep their median, and nothing leaves its range."""
    chosen = parameter_set(figures)
    drawn = values(chosen, draws=400)
    assert set(drawn) == set(chosen["parameter_id"])
    assert np.median(drawn["oat_hcv_rr"]) == pytest.approx(0.5, rel=0.02)
    shares = chosen.loc[chosen["unit"].isin(["proportion", "utility", "disability weight"]), "parameter_id"]
    assert all(((drawn[name] >= 0) & (drawn[name] <= 1)).all() for name in shares)
    assert values(chosen)["nsp_hcv_rr"] == 0.79


@pytest.mark.parametrize("source", [("oat_hcv_rr", "turner_uk"), ("cost_nsp", "teshale_2019")])
def test_every_alternative_can_be_drawn(figures, source):
    """A source that is no default is drawn like one."""
    drawn = values(parameter_set(figures, dict([source]), [source[0]]), draws=50)[source[0]]
    rows = figures[(figures["parameter_id"] == source[0]) & (figures["source_key"] == source[1])].iloc[0]
    assert rows["lower"] * 0.7 <= np.median(drawn) <= rows["upper"] * 1.3


def test_ids_of_models_mean_the_same_in_the_evidence(figures):
    """Every default that a model knows lies inside the bounds that the model sets for it."""
    known = [p for model in MODELS for p in model.PARAMETERS]
    chosen = parameter_set(figures).set_index("parameter_id")["mean"]
    shared = [parameter for parameter in known if parameter.id in chosen.index]
    assert len(shared) > 40
    assert [p.id for p in shared if not p.lower <= chosen[p.id] <= p.upper] == []


def test_what_a_model_still_needs_is_listed(figures):
    """The consumption site has all its figures; naloxone lacks its scale and the place's people, and says so."""
    chosen = parameter_set(figures)
    assert missing(chosen, consumption_site.PARAMETERS) == []
    needed = missing(chosen, naloxone_saturation.PARAMETERS)
    assert needed == ["people_at_risk", "naloxone_kits_scale", "kit_weight_standing_order"]
    assert missing(chosen, naloxone_saturation.PARAMETERS, needed) == []
    assert missing(chosen, cohort.PARAMETERS) == ["background_mortality_rate"]
    optional = Parameter("later", "A target.", "proportion", 0, 1, "coverage", None, "today")
    today = Parameter("today", "A level.", "proportion", 0, 1, "coverage", 0)
    assert missing(chosen, [today, optional]) == []


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Give a copy of the evidence to spoil."""
    return Path(shutil.copytree(EVIDENCE_DIRECTORY, tmp_path / "evidence"))


def swap(old: str, new: str) -> Callable[[str], str]:
    """Give an edit that has to find what it replaces."""

    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return edit


@pytest.mark.parametrize(
    ("name", "edit", "message"),
    [
        ("effects.csv", swap("parameter_id,", "parameter,"), "effects.csv: expected the columns"),
        ("effects.csv", swap("0.47,0.42", "half,0.42"), "line 2, value: expected a plain number, found 'half'"),
        ("effects.csv", swap(",true,true,", ",yes,true,"), "line 2, verified: expected true or false, found 'yes'"),
        ("rates.csv", swap("14800000", "14,800,000"), r"rates.csv line 2: expected 21 cells"),
        ("costs.csv", swap(",AUD,2025,", ",AUD,2025.5,"), "costs.csv line 2, cost_year: expected a whole number"),
        ("costs.csv", swap(",AUD,", ",,"), "expected every row to keep money_has_a_currency"),
        ("portfolios.csv", swap(",40405000,", ",,"), "expected every row to keep not_nullable"),
        ("decision_graph.csv", swap(",0.43,", ",0.93,"), "decision_graph.csv: expected .* interval_contains_best"),
    ],
)  # fmt: skip
def test_a_spoilt_file_is_refused_by_line(copy, name, edit, message):
    """Each fault is refused with file and line or rule, what was expected and what was found."""
    path = copy / name
    path.write_text(edit(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(EvidenceError, match=message):
        load(copy)


@pytest.mark.parametrize("name", [*TOPICS, *TABLES])
def test_a_missing_file_is_named(copy, name):
    """Evidence is loaded whole or not at all."""
    (copy / f"{name}.csv").unlink()
    with pytest.raises(EvidenceError, match=rf"{name}\.csv: expected this file of evidence, found none"):
        load(copy)


def test_every_number_of_the_review_is_kept(shared_data):
    """Each number in the tables of effects, rates, utilities and costs stands in a figure, an interval or a note."""
    text = (shared_data.parent / "ECONOMICS.md").read_text(encoding="utf-8")
    tables = text[text.index("### 4.1") :]
    files = [EVIDENCE_DIRECTORY / f"{name}.csv" for name in (*TOPICS, "published_results")]
    kept = np.array(sorted({value for path in files for value in numbers(path.read_text(encoding="utf-8"))}))
    rows = [line.strip("| ").split(" | ") for line in tables.splitlines() if line.startswith("| ")]
    told = [" ".join(row[1:3] if len(row) == 5 else row[1:2]) for row in rows]
    lost = {(value, cell[:50]) for cell in told for value in numbers(LABELS.sub(" ", cell)) if not is_kept(value, kept)}
    assert lost == set()


def numbers(text: str) -> list[float]:
    """Give the numbers in a text."""
    return [float(found.replace(",", "")) for found in re.findall(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d*\.\d+|\d+", text)]


def is_kept(value: float, kept: np.ndarray) -> bool:
    """Say whether a number is kept as it is, as a share, per person, in full, or as what is left of 1."""
    same = [value, value / 100, value / 1000, value * 1000, value * 1e6, 1 - value, 1 - value / 100]
    return any(np.isclose(kept, other, rtol=1e-3, atol=1e-9).any() for other in same)
