"""What every public function of `epi` says of itself, and by which example or second route it is proven."""

import ast
import inspect
from importlib import import_module
from pathlib import Path

import pytest

from pipelines.methods import documented_functions

HERE = Path(__file__).parent
ELSEWHERE = ("economics.", "models.", "disclosure")
"""Packages and modules that are held to this by tests of their own."""
NAMES = sorted(name for name, _, _ in documented_functions() if not name.startswith(ELSEWHERE))
PARTS = ("Formula", "Args:", "Returns:", "Raises:", "References:", ">>> ")
NOTHING_REFUSED = {
    "inequality_draws.value_draws",
    "intervals.mover_difference",
    "joinpoint_model.recommended_joinpoints",
    "log_rates.pooled_variance",
}
"""Plain arithmetic on what others have checked."""
SHAPES = ("row", "shape", "array", "frame", "series", "tuple", "number", "columns", "triangle", "`")
UNITS = (
    "unit",
    "per",
    "proportion",
    "percent",
    "events",
    "people",
    "years",
    "days",
    "text",
    "truth",
    "counts",
    "draws",
)

PRINTED = {
    "cascade.cascade": "test_hcv_clearance_cascade_of_the_united_states",
    "cascade.cascade_product": "test_95_95_95_is_86_percent_of_all",
    "chain_ladder.mack": "test_mack_gives_the_printed_example",
    "coverage.coverage": "test_limits_of_coverage_are_those_of_a_published_table",
    "coverage_simulation.coverage_draws": "test_limits_of_coverage_are_those_of_a_published_table",
    "coverage_simulation.simulated_coverage": "test_limits_of_coverage_are_those_of_a_published_table",
    "equity.compare_groups": "test_groups_are_compared_as_stata_prints_it",
    "equity.inequality": "test_births_have_the_values_that_healthequal_prints",
    "farrington.farrington_flexible": "test_farrington_has_the_thresholds_of_rs_surveillance",
    "farrington.farrington_many": "test_farrington_has_the_thresholds_of_rs_surveillance",
    "interrupted.interrupted_time_series": "test_published_sicilian_smoking_ban",
    "intervals.binomial_interval": "test_binomial_limits_are_those_that_other_programs_print",
    "intervals.mover_difference": "test_recovered_limits_are_newcombes_printed_ones",
    "intervals.poisson_interval": "test_five_events_have_the_printed_limits",
    "joinpoint.joinpoint": "test_printed_example_of_joinpointr",
    "joinpoint.joinpoint_many": "test_many_series_have_the_printed_joinpoints",
    "joinpoint_model.recommended_joinpoints": "test_recommended_number_of_joinpoints",
    "life.life_expectancy": "test_life_expectancy_is_that_of_ohids_method",
    "life.midpoint_age": "test_midpoints_are_those_that_nchs_prints",
    "life.years_of_life_lost": "test_hundred_deaths_at_60_lose_the_printed_years",
    "life.ypll": "test_the_death_of_a_person_aged_15_to_24_costs_55_and_a_half_years",
    "linear_trends.linear_trends": "test_a_line_has_the_limits_that_r_prints",
    "log_rates.pooled_variance": "test_five_imputations_have_the_printed_degrees_of_freedom",
    "mortality.classify": "test_documented_example_of_narcan",
    "mortality.polysubstance": "test_shares_of_polysubstance_deaths_are_those_of_the_vital_signs_report",
    "mortality.polysubstance_share": "test_shares_of_polysubstance_deaths_are_those_of_the_vital_signs_report",
    "mortality.unspecified_drug": "test_a_quarter_of_overdose_deaths_named_no_drug",
    "mortality.unspecified_drug_share": "test_a_quarter_of_overdose_deaths_named_no_drug",
    "nowcast.delay_distribution": "test_delays_and_earlier_triangles_are_those_of_baselinenowcast",
    "nowcast.nowcast": "test_nowcasts_give_the_printed_reserve",
    "pending.completeness_from_pending": "test_prediction_limits_are_those_that_r_prints",
    "population_size.capture_recapture": "test_luanda_has_the_printed_lincoln_petersen_limits",
    "population_size.combine_sizes": "test_bcg_trials_are_pooled_as_stata_and_r_print_it",
    "presentation.present": "test_nchs_proportions_at_each_threshold",
    "proportions.proportion": "test_proportions_have_newcombes_printed_limits",
    "proportions.proportion_difference": "test_printed_newcombe_limits",
    "proportions.survey_proportion": "test_printed_limits_on_an_effective_sample_size",
    "rates.crude_rate": "test_openepi_single_rate_limits",
    "rates.incidence_rate": "test_incidence_has_the_printed_limits",
    "rates.rate_ratio": "test_published_rate_ratios",
    "reporting.reporting_triangle": "test_a_table_becomes_the_printed_triangle",
    "reporting.triangle_as_of": "test_delays_and_earlier_triangles_are_those_of_baselinenowcast",
    "small_areas.empirical_bayes": "test_homicides_are_smoothed_as_esda_prints_it",
    "small_areas.funnel_limits": "test_published_properties_of_prediction_limits",
    "small_areas.marshall_moments": "test_moments_standardise_as_published",
    "small_areas.quantile_groups": "test_employment_density_has_the_printed_fifths",
    "standardise.direct_rate": "test_fay_and_feuers_example",
    "standardise.expected_counts": "test_skin_cancer_in_florida_has_the_printed_ratios",
    "standardise.indirect_rate": "test_skin_cancer_in_florida_has_the_printed_ratios",
    "standardise.standardised_ratio": "test_skin_cancer_in_florida_has_the_printed_ratios",
    "timeliness.as_known_on": "test_an_archive_as_of_a_day_is_the_printed_one",
    "timeliness.revision_summary": "test_revision_summary_gives_the_printed_example",
    "trends.annual_percent_change": "test_annual_percent_change_of_the_joinpoint_help",
    "visits.classify": "test_agrees_with_the_published_expression",
}
"""Functions with an example, a table or a rule that a publication or another program prints, and the test of it."""

SECOND_ROUTE = {
    "aberration.ears": "test_ears_agrees_with_a_slow_second_route",
    "coverage.target_status": "test_status_follows_the_whole_interval",
    "inequality_draws.value_draws": "test_draws_of_zero_have_the_exact_upper_limit",
    "joinpoint_model.JoinpointFit.aapc": "test_delta_limits_differentiate_the_joinpoints_too",
    "mortality.definition_spread": "test_spread_reports_more_than_two_percent",
    "population_size.check_sizes": "test_what_speaks_against_an_estimate_is_named",
    "population_size.multiplier": "test_the_multiplier_turns_a_wilson_interval_over",
    "rates.rate_difference": "test_rate_differences_approach_the_normal_limits",
    "repeat_events.repeat_direct_rate": "test_repeat_events_widen_the_limits_by_the_root_of_the_variance_ratio",
    "repeat_events.repeat_event_counts": "test_the_variance_of_repeat_events_is_that_of_simulated_people",
    "repeat_events.repeat_event_rate": "test_repeat_events_widen_the_limits_by_the_root_of_the_variance_ratio",
    "timeliness.completeness": "test_completeness_agrees_with_as_known_on",
}
"""Functions of which no printed example was seen: scipy, statsmodels, simulation, a slow loop or hand calculation."""


def docstring(name: str) -> str:
    """Give what a function, or a method of a class, says of itself."""
    module, *path = name.split(".")
    found = import_module(f"epi.{module}")
    for part in path:
        found = getattr(found, part)
    return inspect.getdoc(found) or ""


@pytest.mark.parametrize("name", NAMES)
def test_a_function_says_all_that_is_needed_to_use_it(name):
    """Formula, arguments, result with its shape, units, what is refused, references and an example that is run."""
    text = docstring(name)
    wanted = [part for part in PARTS if part != "Raises:" or name not in NOTHING_REFUSED]
    assert [part for part in wanted if part not in text] == []
    result = text.partition("Returns:")[2].partition("\n\n")[0].lower()
    assert any(word in result for word in SHAPES)
    assert any(word in text.partition("Args:")[2] for word in UNITS)


@pytest.mark.parametrize("name", NAMES)
def test_a_function_is_proven_by_a_printed_example_or_a_second_route(name):
    """Each function names one test of either kind, and that test calls it."""
    assert (name in PRINTED) != (name in SECOND_ROUTE)
    wanted = PRINTED.get(name) or SECOND_ROUTE[name]
    bodies = [
        ast.unparse(node)
        for path in HERE.glob("test_epi_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name == wanted
    ]
    assert bodies
    assert any(name.rpartition(".")[2] in body or name in HELPED for body in bodies)


HELPED = {"interrupted.interrupted_time_series", "equity.inequality", "presentation.present"}
"""Functions that their test calls through a helper."""


def test_nothing_is_proven_that_is_not_there():
    """The lists name no function that is gone."""
    assert set(PRINTED) | set(SECOND_ROUTE) <= set(NAMES)
