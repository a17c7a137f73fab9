"""Published results beside ours: what our models give from a study's printed inputs, or else in its printed setting.

No parameter is tuned to a result. Where ours differs, the row says why in plain words; ``assets.study_settings`` has
the studies whose inputs were seen in part only, and where nothing was seen nothing is computed.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from assets import study_settings
from assets.evidence import EvidenceBase, parameter_set, values
from epi.economics.dominance import incremental_analysis
from epi.models.cohort import run as run_cohort
from epi.models.consumption_site import PARAMETERS as SITE_PARAMETERS
from epi.models.consumption_site import present_value
from epi.models.consumption_site import run as run_site
from epi.models.decision_graph import INTERVENTION, LEVEL, DecisionGraphs
from epi.models.interface import Horizon, Outcomes, replace

CITED_ONLY = "Cited only"
COLUMNS = [
    "result_id", "study", "quantity", "unit", "theirs", "theirs_lower", "theirs_upper", "ours", "difference",
    "difference_pct", "agreement", "explanation", "citation", "where_seen",
]  # fmt: skip


def model_validation(base: EvidenceBase) -> pd.DataFrame:
    """Set our results beside the published ones. Grain: result; ``schemas.model_evidence.ModelValidation``.

    Ours agrees where, rounded as the study printed it, it is the study's figure; it is in range where it is not, and
    lies within the limits that the study gives.

    Args:
        base: All evidence.
    """
    table = base.tables["published_results"].copy()
    parts = (irwin, alistar, fairley, act, study_settings.bernard, study_settings.stone, study_settings.zang)
    computed = {name: value for part in (*parts, study_settings.murray) for name, value in part(base).items()}
    table["ours"] = table["result_id"].map(computed).astype("float64")
    table["difference"] = table["ours"] - table["theirs"]
    table["difference_pct"] = 100 * table["difference"] / table["theirs"]
    scale = 10.0 ** table["decimals"]
    rounded = np.floor(table["ours"] * scale + 0.5) / scale
    agrees = np.isclose(rounded, table["theirs"], rtol=1e-12)
    cited = table["explanation"].str.startswith(CITED_ONLY)
    within = table["ours"].between(table["theirs_lower"], table["theirs_upper"])
    cases = {"agrees": agrees, "in range": within, "differs": table["ours"].notna(), "cited only": cited}
    names = np.select(list(cases.values()), list(cases), "not computed")
    table["agreement"] = pd.Series(names, index=table.index, dtype="str")
    return table[COLUMNS]


def irwin(base: EvidenceBase) -> dict[str, float]:
    """Give the lines of Irwin 2017, the Baltimore consumption site, by result."""
    ids = [parameter.id for parameter in SITE_PARAMETERS]
    inputs = values(parameter_set(base.figures, parameters=ids, currency="USD"))
    without = run_site(inputs, 1)
    site = run_site(replace(inputs, site_open=1), 1)
    lines = {
        "irwin_hiv_infections": "hiv_infections",
        "irwin_hcv_infections": "hcv_infections",
        "irwin_skin_infection_days": "skin_infection_days",
        "irwin_overdose_deaths": "overdose_deaths",
        "irwin_ambulance_calls": "ambulance_calls",
        "irwin_hospital_stays": "overdose_hospital_stays",
    }
    found = {result: _fall(without, site, event) for result, event in lines.items()}
    wage, years, rate = (inputs[name] for name in ("annual_wage", "working_years_lost", "wage_discount_rate"))
    return found | {
        "irwin_oat_starts": -_fall(without, site, "oat_starts"),
        "irwin_death_value": float(present_value(wage, years, rate)),
        "irwin_site_cost": -_fall(without, site, "site"),
        "irwin_total_savings": sum(_fall(without, site, name) for name in site.costs if name != "site"),
    }


def alistar(base: EvidenceBase) -> dict[str, float]:
    """Give the incremental ratios of Alistar 2014, Ukraine, along the frontier of its table 2."""
    rows = base.tables["portfolios"].query("study == 'alistar_2014'")
    ratios = incremental_analysis(rows, strategy="portfolio").set_index("portfolio")["icer"]
    results = {"alistar_mmt": "MMT", "alistar_mmt_art": "MMT, ART", "alistar_mmt_art_prep25": "MMT, ART, 25% PrEP"}
    return {result: float(ratios[portfolio]) for result, portfolio in results.items()}


def fairley(base: EvidenceBase) -> dict[str, float]:
    """Give overdoses and deaths of Fairley's untreated cohort, from the printed rates alone."""
    names = ("overdose_rate", "overdose_fatality", "excess_mortality_rate")
    inputs = values(parameter_set(base.figures, dict.fromkeys(names, "fairley_2021"), parameters=names))
    # The study takes background mortality from life tables that were not seen; without it, ours is a lower bound.
    result = run_cohort({**inputs, "background_mortality_rate": 0.0, "cohort_people": 100_000}, 1, Horizon(years=5))
    overdoses, fatal = _sum(result, "overdoses"), _sum(result, "overdose_deaths")
    return {
        "fairley_overdoses": overdoses,
        "fairley_overdose_deaths": fatal,
        "fairley_nonfatal_overdoses": overdoses - fatal,
        "fairley_deaths": _sum(result, "deaths"),
    }


def act(base: EvidenceBase) -> dict[str, float]:
    """Give what today's services avert in the Australian Capital Territory, 2026 to 2030, at the databook's coverage.

    The published scenario runs start from another coverage of OAT (0.472) than the databook (0.43); this is the latter.
    """
    graphs = decision_graphs(base.tables)
    evidence = graphs.evidence()
    inputs = dict(zip(evidence["parameter_id"], evidence["mean"], strict=True))
    services = graphs.run(inputs, 1)
    none = graphs.run(replace(inputs, **{LEVEL.id: 0.0}), 1)
    cost = float(services.costs_discounted[INTERVENTION].sum())
    saved = {name: none.costs_discounted[name] - services.costs_discounted[name] for name in none.costs}
    benefit = float(sum(amount.sum() for name, amount in saved.items() if name != INTERVENTION))
    events = (
        "opioid_overdoses",
        "nonopioid_overdoses",
        "overdose_deaths",
        "emergency_responses",
        "hcv_infections",
        "injection_infections",
    )
    averted = {f"act_{event}": _fall(none, services, event) for event in events}
    return {"act_cost": cost, "act_benefit": benefit, "act_benefit_cost_ratio": benefit / cost, **averted}


def decision_graphs(tables: Mapping[str, pd.DataFrame]) -> DecisionGraphs:
    """Give the ACT model made of the selection of facts in ``data/evidence``."""
    return DecisionGraphs(
        tables["decision_graph"],
        tables["decision_graph_results"],
        tables["decision_graph_people"],
        name="decision graph, Australian Capital Territory",
    )


def _fall(before: Outcomes, after: Outcomes, name: str) -> float:
    return _sum(before, name) - _sum(after, name)


def _sum(result: Outcomes, name: str) -> float:
    return float(result.total(name)[0])
