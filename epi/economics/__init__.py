"""Cost-effectiveness: strategies compared, uncertainty and its price, budgets, and who gains.

- `epi.economics.draws`: uncertain parameters, drawn so that each keeps its draws whatever else is drawn.
- `epi.economics.dominance`: incremental tables and the efficiency frontier.
- `epi.economics.decision_uncertainty`: net benefit, acceptability, expected loss, perfect information.
- `epi.economics.partial_information`, `epi.economics.sample_information`: what some parameters, or a study, are worth.
- `epi.economics.sensitivity`: one parameter at a time, two at a time, all at once.
- `epi.economics.discounting`, `epi.economics.burden`, `epi.economics.money`: later years, DALYs and QALYs, price years.
- `epi.economics.cohorts`: Markov cohorts with three rules of counting.
- `epi.economics.value_for_money`, `epi.economics.payers`, `epi.economics.budget`: returns, budget impact, best budgets.
- `epi.economics.distributional`: who gains and who bears the cost.
"""

from epi.economics.budget import BudgetPlan, best_portfolio, funding_probability, optimise_budget
from epi.economics.burden import dalys, qalys, years_lived_with_disability, years_of_life_lost
from epi.economics.cohorts import cohort_totals, cohort_trace, rate_to_probability
from epi.economics.decision_uncertainty import acceptability, evpi, net_health_benefit, net_monetary_benefit
from epi.economics.discounting import (
    annuity,
    discount_factors,
    equivalent_annual_cost,
    present_value,
    present_value_table,
)
from epi.economics.distributional import distribute, equally_distributed_equivalent, equity_impact, equity_weights
from epi.economics.dominance import efficiency_frontier, incremental_analysis, incremental_tables
from epi.economics.money import convert_costs
from epi.economics.partial_information import evppi, evppi_each, evppi_nested
from epi.economics.payers import budget_impact
from epi.economics.sample_information import effective_population, enbs, evsi, evsi_moment_matching
from epi.economics.sensitivity import metamodel, one_way, two_way
from epi.economics.value_for_money import returns

__all__ = [
    "BudgetPlan",
    "acceptability",
    "annuity",
    "best_portfolio",
    "budget_impact",
    "cohort_totals",
    "cohort_trace",
    "convert_costs",
    "dalys",
    "discount_factors",
    "distribute",
    "effective_population",
    "efficiency_frontier",
    "enbs",
    "equally_distributed_equivalent",
    "equity_impact",
    "equity_weights",
    "equivalent_annual_cost",
    "evpi",
    "evppi",
    "evppi_each",
    "evppi_nested",
    "evsi",
    "evsi_moment_matching",
    "funding_probability",
    "incremental_analysis",
    "incremental_tables",
    "metamodel",
    "net_health_benefit",
    "net_monetary_benefit",
    "one_way",
    "optimise_budget",
    "present_value",
    "present_value_table",
    "qalys",
    "rate_to_probability",
    "returns",
    "two_way",
    "years_lived_with_disability",
    "years_of_life_lost",
]
