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
    "equity.inequality": "test_births_have_the_values_that_healthequal_prints",
    "interrupted.interrupted_time_series": "test_published_sicilian_smoking_ban",
    "intervals.binomial_interval": "test_binomial_limits_are_those_that_other_programs_print",
    "intervals.poisson_interval": "test_five_events_have_the_printed_limits",
    "joinpoint.joinpoint": "test_printed_example_of_joinpointr",
    "joinpoint_model.recommended_joinpoints": "test_recommended_number_of_joinpoints",
    "life.life_expectancy": "test_life_expectancy_is_that_of_ohids_method",
    "life.midpoint_age": "test_midpoints_are_those_that_nchs_prints",
    "life.ypll": "test_the_death_of_a_person_aged_15_to_24_costs_55_and_a_half_years",
    "mortality.classify": "test_documented_example_of_narcan",
    "population_size.capture_recapture": "test_luanda_has_the_printed_lincoln_petersen_limits",
    "presentation.present": "test_nchs_proportions_at_each_threshold",
    "proportions.proportion_difference": "test_printed_newcombe_limits",
    "proportions.survey_proportion": "test_printed_limits_on_an_effective_sample_size",
    "rates.crude_rate": "test_openepi_single_rate_limits",
    "rates.incidence_rate": "test_incidence_has_the_printed_limits",
    "rates.rate_ratio": "test_published_rate_ratios",
    "small_areas.funnel_limits": "test_published_properties_of_prediction_limits",
    "small_areas.marshall_moments": "test_moments_standardise_as_published",
    "standardise.direct_rate": "test_fay_and_feuers_example",
    "standardise.expected_counts": "test_skin_cancer_in_florida_has_the_printed_ratios",
    "standardise.indirect_rate": "test_skin_cancer_in_florida_has_the_printed_ratios",
    "standardise.standardised_ratio": "test_skin_cancer_in_florida_has_the_printed_ratios",
    "timeliness.revision_summary": "test_revision_summary_gives_the_printed_example",
    "visits.classify": "test_agrees_with_the_published_expression",
}
"""Functions with an example, a table or a rule that a publication or another program prints, and the test of it."""

SECOND_ROUTE = {
    "aberration.ears": "test_ears_agrees_with_a_slow_second_route",
    "coverage.coverage": "test_the_large_denominator_makes_the_lower_bound",
    "coverage.target_status": "test_status_follows_the_whole_interval",
    "coverage_simulation.coverage_draws": "test_numerator_draws_have_the_limits_they_are_made_from",
    "coverage_simulation.simulated_coverage": "test_simulated_limits_of_two_log_normal_numbers_have_a_closed_form",
    "equity.compare_groups": "test_groups_are_compared_with_their_place_s_reference",
    "farrington.farrington_flexible": "test_farrington_agrees_with_a_second_route",
    "farrington.farrington_many": "test_many_series_are_each_assessed_by_their_own_past",
    "inequality_draws.value_draws": "test_draws_of_zero_have_the_exact_upper_limit",
    "intervals.mover_difference": "test_recovered_limits_are_exact_for_normal_estimates",
    "joinpoint.joinpoint_many": "test_many_series_are_each_its_own",
    "linear_trends.linear_trends": "test_lines_of_many_series_are_weighted_least_squares",
    "joinpoint_model.JoinpointFit.aapc": "test_delta_limits_differentiate_the_joinpoints_too",
    "life.years_of_life_lost": "test_years_lost_against_a_life_table",
    "log_rates.pooled_variance": "test_draws_are_pooled_as_imputations",
    "mortality.definition_spread": "test_spread_reports_more_than_two_percent",
    "mortality.polysubstance": "test_polysubstance_shares_by_year",
    "mortality.polysubstance_share": "test_polysubstance_shares_by_year",
    "mortality.unspecified_drug": "test_unspecified_drug_is_t509_and_nothing_else",
    "mortality.unspecified_drug_share": "test_deaths_without_a_group_keep_their_row",
    "nowcast.delay_distribution": "test_delays_by_hand",
    "nowcast.nowcast": "test_closed_form_agrees_with_simulation",
    "pending.completeness_from_pending": "test_pending_line_agrees_with_statsmodels",
    "population_size.check_sizes": "test_what_speaks_against_an_estimate_is_named",
    "population_size.combine_sizes": "test_pooled_sizes_agree_with_statsmodels",
    "population_size.multiplier": "test_the_multiplier_turns_a_wilson_interval_over",
    "proportions.proportion": "test_a_proportion_has_its_binomial_limits_in_its_unit",
    "rates.rate_difference": "test_rate_differences_approach_the_normal_limits",
    "repeat_events.repeat_direct_rate": "test_repeat_events_widen_the_limits_by_the_root_of_the_variance_ratio",
    "repeat_events.repeat_event_counts": "test_the_variance_of_repeat_events_is_that_of_simulated_people",
    "repeat_events.repeat_event_rate": "test_repeat_events_widen_the_limits_by_the_root_of_the_variance_ratio",
    "reporting.reporting_triangle": "test_triangles_from_dates",
    "reporting.triangle_as_of": "test_back_tests_see_only_what_was_known",
    "small_areas.empirical_bayes": "test_smoothing_recovers_simulated_rates",
    "small_areas.quantile_groups": "test_fifths_of_areas_and_of_people",
    "timeliness.as_known_on": "test_as_known_on_agrees_with_a_loop",
    "timeliness.completeness": "test_completeness_agrees_with_as_known_on",
    "trends.annual_percent_change": "test_apc_is_the_regression_of_the_log_rate",
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
