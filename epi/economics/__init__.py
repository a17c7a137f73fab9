"""Cost-effectiveness: comparison of strategies, uncertainty, budgets; see each module."""

from epi.economics.decision_uncertainty import acceptability, evpi, net_health_benefit, net_monetary_benefit
from epi.economics.dominance import efficiency_frontier, incremental_analysis, incremental_tables
from epi.economics.partial_information import evppi, evppi_nested
from epi.economics.sample_information import effective_population, enbs, evsi, evsi_moment_matching

__all__ = [
    "acceptability",
    "effective_population",
    "efficiency_frontier",
    "enbs",
    "evpi",
    "evppi",
    "evppi_nested",
    "evsi",
    "evsi_moment_matching",
    "incremental_analysis",
    "incremental_tables",
    "net_health_benefit",
    "net_monetary_benefit",
]
