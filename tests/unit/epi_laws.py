"""What the laws of `epi` are tried on: for every public function how to make its input, call it, and what must hold."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from epi import (
    aberration,
    cascade,
    coverage,
    coverage_simulation,
    equity,
    interrupted,
    intervals,
    joinpoint,
    life,
    mortality,
    nowcast,
    population_size,
    presentation,
    proportions,
    rates,
    repeat_events,
    small_areas,
    standardise,
    timeliness,
    trends,
    visits,
)
from epi.chain_ladder import mack
from epi.farrington import farrington_flexible, farrington_many
from epi.linear_trends import linear_trends
from epi.pending import completeness_from_pending
from epi.reporting import reporting_triangle, triangle_as_of

Frame = pd.DataFrame
ENCLOSED = (("value", "lower", "upper"),)
CODES = ["X42", "X44", "X62", "Y12", "F112", "I250", "", "E8500"]
DRUGS = ["T401", "T404 T436", "T509", "T405 T402", "T406", "T391", ""]
YEARS = np.arange(2000, 2012)
AGES = [0, 1, *range(5, 90, 5)]


@dataclass(frozen=True)
class Law:
    """How one function is tried.

    Attributes:
        inputs: Makes its input: a frame of rows.
        run: Calls it with those rows and gives its answer as a frame.
        each: The answer has one row per row of the input; else the order of rows must not matter at all.
        enclosed: Estimate and limits, by their columns.
        zeros: Columns of the input that are set to 0; none may raise.
        scaled: Columns of the input that are multiplied.
        powers: The power of that factor by which columns of the answer grow; columns that are not named stay.
        silent: Columns of the answer that count the empty row.
        empty: A row that must not change the answer of the others; where `each`, its own answer is left out.
    """

    inputs: st.SearchStrategy[Frame]
    run: Callable[[Frame], Frame]
    each: bool = True
    enclosed: tuple[tuple[str, str, str], ...] = ENCLOSED
    zeros: tuple[str, ...] = ()
    scaled: tuple[str, ...] = ()
    powers: tuple[tuple[str, int], ...] = ()
    silent: tuple[str, ...] = ()
    empty: tuple[tuple[str, object], ...] = ()


def rows(at_least: int = 1, at_most: int = 8, **columns: st.SearchStrategy) -> st.SearchStrategy[Frame]:
    """Make frames of rows whose columns are drawn one by one."""
    row = st.tuples(*columns.values())
    return st.lists(row, min_size=at_least, max_size=at_most).map(lambda drawn: Frame(drawn, columns=list(columns)))


def table(limits: tuple, value: object) -> Frame:
    """Put an estimate beside its limits."""
    return Frame({"value": value, "lower": limits[0], "upper": limits[1]})


def rate_powers(power: int) -> tuple[tuple[str, int], ...]:
    """Say that an estimate and its limits grow alike."""
    return tuple((name, power) for name in ("value", "lower", "upper"))


def with_ages(frame: Frame) -> Frame:
    """Give each row its own age group, in the order of its `age`, within its area."""
    start = np.array([0, 5, 15, 25, 45, 65])[frame["age"]]
    end = np.array([4, 14, 24, 44, 64, np.nan])[frame["age"]]
    return frame.assign(age_start=start, age_end=end)


def life_rows(deaths: list[int]) -> Frame:
    """Make two areas with every age of an abridged table."""
    area = np.repeat(["A", "B"], len(AGES))
    return Frame({"area": area, "age_start": AGES * 2, "deaths": deaths, "population": 5_000})


def of_strata(frame: Frame) -> Frame:
    """Give the rows of a stratum the same population and weight."""
    return frame.assign(
        population=np.where(frame["stratum"] < 9, 1_000.0 * (1 + frame["stratum"]), 0.0), weight=1 + frame["stratum"]
    )


def grouped(frame: Frame) -> Frame:
    """Number the groups within each place, so that none is there twice."""
    return frame.assign(group=frame.groupby("area").cumcount())


def triangle(frame: Frame) -> Frame:
    """Arrange rows of reports as a triangle of periods and delays."""
    cells = frame.sort_values("period")[["d0", "d1", "d2"]].to_numpy(dtype=float)
    known = np.arange(len(cells))[:, None] + np.arange(3) < len(cells)
    return Frame(np.where(known, cells, np.nan))


def series(frame: Frame, run: Callable[[np.ndarray], Frame]) -> Frame:
    """Assess counts that stand in order of their period."""
    return run(frame.sort_values("period")["count"].to_numpy(dtype=float))


def in_periods(at_least: int, at_most: int, **columns: st.SearchStrategy) -> st.SearchStrategy[Frame]:
    """Make frames with a period of its own in each row."""
    return rows(at_least, at_most, **columns).map(lambda frame: frame.assign(period=range(len(frame))))


def releases(frame: Frame) -> Frame:
    """Keep one figure per reference period and release."""
    return frame.drop_duplicates(["reference", "release"])


def moments(frame: Frame) -> Frame:
    """Put Marshall's two moments in a row."""
    mean, variance = small_areas.marshall_moments(frame["count"], frame["population"])
    return Frame({"mean": [mean], "variance": [variance]})


def aapc(frame: Frame) -> Frame:
    """Average the annual percent change of the joinpoint model of a series."""
    return joinpoint.joinpoint(frame["year"], frame["rate"], max_joinpoints=1).aapc()


def caught(frame: Frame) -> Frame:
    """Estimate sizes from people on the first list only, the second only, and both."""
    first, second = frame["first"] + frame["both"], frame["second"] + frame["both"]
    return population_size.capture_recapture(first, second, frame["both"])


def classified(frame: Frame, revision: int = 10) -> Frame:
    """Classify deaths."""
    return mortality.classify(frame["cause"], frame["codes"], revision=revision)


def simulated(frame: Frame) -> Frame:
    """Simulate coverage under an uncertain denominator."""
    return coverage_simulation.simulated_coverage(
        frame["reached"], *sized(frame), target=40, per=100, draws=500, numerator_low=None
    )


def sized(frame: Frame) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Give value, lower and upper limit of a population from three numbers in any order."""
    low, value, high = np.sort(frame[["a", "b", "c"]].to_numpy(dtype=float), axis=1).T
    return tuple(pd.Series(part, index=frame.index) for part in (value, low, high))


def with_limits(frame: Frame) -> Frame:
    """Add those three as an estimate and its limits."""
    value, lower, upper = sized(frame)
    return frame.assign(value=value, lower=lower, upper=upper)


def steps(frame: Frame) -> Frame:
    """Make a cascade of each place from the people who got no further."""
    people = frame[["cured", "treated", "tested"]].cumsum(axis=1).assign(place=frame["place"])
    found = cascade.cascade(people, ["tested", "treated", "cured"], by="place")
    return found.sort_values(["place", "step_number"]).reset_index(drop=True)


def windows(frame: Frame) -> Frame:
    """Estimate final counts of the periods of a triangle."""
    return nowcast.nowcast(triangle(frame), draws=200).periods[["reported", "value", "lower", "upper"]]


def expected_draws(frame: Frame) -> Frame:
    """Average the draws of coverage by row."""
    drawn = coverage_simulation.coverage_draws(frame["reached"], *sized(frame), per=100, draws=200)
    return Frame({"value": drawn.mean(axis=0)}, index=frame.index)


def differences(frame: Frame) -> Frame:
    """Recover the limits of the difference of two counts."""
    limits = [intervals.poisson_interval(frame[name].to_numpy()) for name in ("a", "b")]
    a, b = (frame[name].to_numpy(dtype=float) for name in ("a", "b"))
    return table(intervals.mover_difference(a, limits[0], b, limits[1]), a - b)


events, people, share = st.integers(0, 300), st.integers(0, 10**6), st.floats(0, 1)
some_people, area = st.integers(1, 10**6), st.sampled_from(["A", "B"])
rates_above_0 = st.floats(0.5, 500)
two_arms = {"a": events, "n_a": people, "b": events, "n_b": people}
deaths_coded = rows(cause=st.sampled_from(CODES), codes=st.sampled_from(DRUGS))
other_death = (("cause", "I250"), ("codes", ""))
stratified = rows(area=area, count=events, population=people, reference_count=events, reference_population=people)
some_strata = stratified.map(lambda frame: frame.assign(weight=1.0 + np.arange(len(frame))))
nobody = (("area", "A"), ("count", 0), ("population", 0), ("weight", 3.0))
aged = rows(area=area, age=st.integers(0, 4), count=events, population=some_people).map(with_ages)
yearly = st.lists(rates_above_0, min_size=12, max_size=12, unique=True).map(
    lambda rate: Frame({"year": YEARS, "rate": rate})
)
monthly = in_periods(30, 30, count=events)
never_constant = monthly.map(lambda frame: frame.assign(count=frame["count"] + np.tile([3, 17, 8, 29, 11], 6)))
weekly = in_periods(120, 120, count=st.integers(0, 40))
known_figures = rows(reference=st.integers(0, 3), release=st.integers(3, 7), value=events).map(releases)
reports = in_periods(2, 7, d0=events, d1=events, d2=events)
lists = rows(first=events, second=events, both=events)
sizes = {name: st.integers(1, 10**6) for name in "abc"}
groups = rows(area=area, count=events, population=people).map(grouped)
measured = rows(area=area, value=events, population=people).map(grouped)

LAWS = {
    "intervals.poisson_interval": Law(
        rows(count=events), lambda f: table(intervals.poisson_interval(f["count"]), f["count"]), zeros=("count",)
    ),
    "intervals.binomial_interval": Law(
        rows(yes=events, no=events),
        lambda f: table(intervals.binomial_interval(f["yes"], f["yes"] + f["no"]), f["yes"] / (f["yes"] + f["no"])),
        zeros=("yes", "no"),
    ),
    "intervals.mover_difference": Law(rows(a=events, b=events), differences, zeros=("a", "b")),
    "rates.crude_rate": Law(
        rows(count=events, population=people),
        lambda f: rates.crude_rate(f["count"], f["population"]),
        zeros=("count", "population"),
        scaled=("population",),
        powers=rate_powers(-1),
    ),
    "rates.rate_ratio": Law(
        rows(**two_arms),
        lambda f: rates.rate_ratio(f["a"], f["n_a"], f["b"], f["n_b"]),
        zeros=("a", "n_a", "b", "n_b"),
        scaled=("n_a", "n_b"),
    ),
    "rates.incidence_rate": Law(
        rows(count=events, years=people),
        lambda f: rates.incidence_rate(f["count"], f["years"]),
        zeros=("count", "years"),
        scaled=("years",),
        powers=rate_powers(-1),
    ),
    "rates.rate_difference": Law(
        rows(**two_arms),
        lambda f: rates.rate_difference(f["a"], f["n_a"], f["b"], f["n_b"]),
        zeros=("a", "n_a", "b", "n_b"),
        scaled=("n_a", "n_b"),
        powers=rate_powers(-1),
    ),
    "proportions.proportion": Law(
        rows(yes=events, no=events), lambda f: proportions.proportion(f["yes"], f["yes"] + f["no"]), zeros=("yes", "no")
    ),
    "proportions.survey_proportion": Law(
        rows(share=share, error=st.floats(0, 0.5), size=st.integers(0, 5_000)),
        lambda f: proportions.survey_proportion(f["share"], f["error"], f["size"]),
        zeros=("share", "error", "size"),
    ),
    "proportions.proportion_difference": Law(
        rows(a=events, rest_a=events, b=events, rest_b=events),
        lambda f: proportions.proportion_difference(f["a"], f["a"] + f["rest_a"], f["b"], f["b"] + f["rest_b"]),
        zeros=("a", "rest_a", "b", "rest_b"),
    ),
    "repeat_events.repeat_event_counts": Law(
        rows(area=area, people=events, events_per_person=st.integers(0, 9)),
        lambda f: repeat_events.repeat_event_counts(f, "area"),
        each=False,
        enclosed=(),
        zeros=("people", "events_per_person"),
        scaled=("people",),
        powers=(("people", 1), ("count", 1), ("count_variance", 1)),
        empty=(("area", "A"), ("people", 0), ("events_per_person", 4)),
    ),
    "repeat_events.repeat_event_rate": Law(
        rows(count=events, more=events, population=people),
        lambda f: repeat_events.repeat_event_rate(f["count"], f["count"] + f["more"], f["population"]),
        zeros=("count", "more", "population"),
        scaled=("population",),
        powers=rate_powers(-1),
    ),
    "repeat_events.repeat_direct_rate": Law(
        rows(area=area, stratum=st.integers(0, 3), people=events, events_per_person=st.integers(0, 9)),
        lambda f: repeat_events.repeat_direct_rate(of_strata(f), "area", "stratum"),
        each=False,
        zeros=("people", "events_per_person"),
        empty=(("area", "A"), ("stratum", 9), ("people", 0), ("events_per_person", 1)),
        silent=("strata_without_population",),
    ),
    "standardise.direct_rate": Law(
        some_strata,
        lambda f: standardise.direct_rate(f, "area"),
        each=False,
        zeros=("count", "population"),
        scaled=("population",),
        powers=(*rate_powers(-1), ("population", 1)),
        empty=nobody,
        silent=("strata_without_population",),
    ),
    "standardise.standardised_ratio": Law(
        rows(observed=events, expected=st.just(0.0) | st.floats(0.01, 1e4)),
        lambda f: standardise.standardised_ratio(f["observed"], f["expected"]),
        zeros=("observed", "expected"),
        scaled=("expected",),
        powers=rate_powers(-1),
    ),
    "standardise.expected_counts": Law(
        some_strata,
        lambda f: standardise.expected_counts(f, "area"),
        each=False,
        enclosed=(),
        zeros=("population", "reference_count", "reference_population"),
        scaled=("population",),
        powers=(("expected", 1),),
        empty=(*nobody, ("reference_count", 0), ("reference_population", 0)),
    ),
    "standardise.indirect_rate": Law(
        some_strata,
        lambda f: standardise.indirect_rate(f, "area"),
        each=False,
        zeros=("count", "population", "reference_count", "reference_population"),
        scaled=("population", "reference_population"),
        powers=(*rate_powers(-1), ("reference_rate", -1)),
        empty=(*nobody, ("reference_count", 0), ("reference_population", 0)),
    ),
    "life.midpoint_age": Law(
        rows(start=st.integers(0, 90), width=st.integers(0, 20)),
        lambda f: Frame({"value": life.midpoint_age(f["start"], f["start"] + f["width"])}, index=f.index),
        enclosed=(),
        zeros=("start", "width"),
    ),
    "life.ypll": Law(
        aged,
        lambda f: life.ypll(f, "area", population="population"),
        each=False,
        enclosed=(*ENCLOSED, ("years", "years_lower", "years_upper")),
        zeros=("count", "population"),
        scaled=("population",),
        powers=(*rate_powers(-1), ("population", 1)),
        empty=(("area", "A"), ("age", 1), ("count", 0), ("population", 0), ("age_start", 5), ("age_end", 14)),
    ),
    "life.years_of_life_lost": Law(
        aged,
        lambda f: life.years_of_life_lost(f, "area", pd.Series([80.0, 20], index=[0, 60])),
        each=False,
        enclosed=(("years", "lower", "upper"),),
        zeros=("count",),
        empty=(("area", "A"), ("age", 5), ("count", 0), ("population", 0), ("age_start", 90), ("age_end", np.nan)),
    ),
    "life.life_expectancy": Law(
        st.lists(events, min_size=2 * len(AGES), max_size=2 * len(AGES)).map(life_rows),
        lambda f: life.life_expectancy(f, "area"),
        each=False,
        zeros=("deaths", "population"),
    ),
    "mortality.classify": Law(deaths_coded, classified, enclosed=(), empty=other_death),
    "mortality.unspecified_drug": Law(
        deaths_coded,
        lambda f: mortality.unspecified_drug(f["cause"], f["codes"]).to_frame(),
        enclosed=(),
        empty=other_death,
    ),
    "mortality.unspecified_drug_share": Law(
        deaths_coded, lambda f: mortality.unspecified_drug_share(f["cause"], f["codes"]), each=False, empty=other_death
    ),
    "mortality.polysubstance": Law(
        deaths_coded, lambda f: mortality.polysubstance(classified(f)).to_frame(), enclosed=(), empty=other_death
    ),
    "mortality.polysubstance_share": Law(
        deaths_coded, lambda f: mortality.polysubstance_share(classified(f)), each=False, empty=other_death
    ),
    "mortality.definition_spread": Law(
        deaths_coded,
        lambda f: mortality.definition_spread(f["cause"], f["codes"]),
        each=False,
        enclosed=(),
        empty=other_death,
    ),
    "visits.classify": Law(
        rows(codes=st.sampled_from(["T401X1A", "T400X2A T424X4A", "T401X1D", "S000", "", "T509X6A"])),
        lambda f: visits.classify(f["codes"]),
        enclosed=(),
        empty=(("codes", ""),),
    ),
    "trends.annual_percent_change": Law(
        yearly,
        lambda f: trends.annual_percent_change(f["year"], f["rate"]),
        each=False,
        scaled=("rate",),
        empty=(("year", 2020), ("rate", np.nan)),
    ),
    "joinpoint.joinpoint": Law(
        yearly,
        lambda f: joinpoint.joinpoint(f["year"], f["rate"], max_joinpoints=1).segments,
        each=False,
        enclosed=(("apc", "lower", "upper"),),
        scaled=("rate",),
        empty=(("year", 2020), ("rate", np.nan)),
    ),
    "joinpoint.joinpoint_many": Law(
        yearly.map(lambda frame: frame.assign(area="A")),
        lambda f: joinpoint.joinpoint_many(f, "area", max_joinpoints=1),
        each=False,
        enclosed=(("apc", "lower", "upper"), ("aapc", "aapc_lower", "aapc_upper")),
        zeros=("rate",),
        scaled=("rate",),
        empty=(("area", "A"), ("year", 2020), ("rate", np.nan)),
    ),
    "joinpoint_model.JoinpointFit.aapc": Law(
        yearly, aapc, each=False, enclosed=(("aapc", "lower", "upper"),), scaled=("rate",)
    ),
    "linear_trends.linear_trends": Law(
        yearly.map(lambda frame: frame.assign(area="A", se=frame["rate"] / 10)),
        lambda f: linear_trends(f, "area", value="rate"),
        each=False,
        zeros=("rate", "se"),
        scaled=("rate", "se"),
        powers=rate_powers(1),
        empty=(("area", "A"), ("year", 2020), ("rate", np.nan), ("se", 1)),
    ),
    "interrupted.interrupted_time_series": Law(
        never_constant.map(lambda frame: frame.assign(population=1_000)),
        lambda f: interrupted.interrupted_time_series(f["period"], f["count"], 15, f["population"]).effects,
        each=False,
        enclosed=(("estimate", "lower", "upper"),),
        zeros=("count",),
        scaled=("population",),
        empty=(("period", 40), ("count", np.nan), ("population", 1_000)),
    ),
    "timeliness.as_known_on": Law(
        known_figures, lambda f: timeliness.as_known_on(f, 5).reset_index(drop=True), each=False, enclosed=()
    ),
    "timeliness.revision_summary": Law(
        known_figures,
        lambda f: timeliness.revision_summary(f).reset_index(),
        each=False,
        enclosed=(("latest", "minimum", "maximum"), ("median", "minimum", "maximum")),
        zeros=("value",),
        scaled=("value",),
        powers=tuple((name, 1) for name in ("first", "latest", "minimum", "maximum", "median", "spread")),
        empty=(("reference", 9), ("release", 9), ("value", np.nan)),
    ),
    "timeliness.completeness": Law(
        known_figures,
        lambda f: timeliness.completeness(f, [0, 1, 3]),
        each=False,
        enclosed=(("median", "lowest", "highest"),),
        zeros=("value",),
        scaled=("value",),
    ),
    "pending.completeness_from_pending": Law(
        rows(pending=share),
        lambda f: completeness_from_pending(f["pending"], [0.01, 0.05, 0.1, 0.2], [0.99, 0.96, 0.9, 0.81]),
        zeros=("pending",),
    ),
    "reporting.reporting_triangle": Law(
        rows(reference=st.integers(0, 3), report=st.integers(3, 5), count=events),
        lambda f: reporting_triangle(f).reset_index(),
        each=False,
        enclosed=(),
        zeros=("count",),
    ),
    "reporting.triangle_as_of": Law(
        reports, lambda f: triangle_as_of(triangle(f), 1), each=False, enclosed=(), zeros=("d0", "d1", "d2")
    ),
    "nowcast.delay_distribution": Law(
        reports,
        lambda f: nowcast.delay_distribution(triangle(f), draws=200),
        each=False,
        enclosed=(("completeness", "lower", "upper"),),
        zeros=("d0", "d1", "d2"),
    ),
    "nowcast.nowcast": Law(reports, windows, each=False, zeros=("d0", "d1", "d2")),
    "chain_ladder.mack": Law(
        reports,
        lambda f: mack(triangle(f)).periods,
        each=False,
        enclosed=(("value", "lower", "upper"),),
        zeros=("d0", "d1", "d2"),
    ),
    "aberration.ears": Law(
        monthly,
        lambda f: series(f, aberration.ears),
        each=False,
        enclosed=(),
        zeros=("count",),
        scaled=("count",),
        powers=(("count", 1), ("expected", 1), ("upper", 1)),
    ),
    "farrington.farrington_flexible": Law(
        weekly,
        lambda f: series(f, lambda counts: farrington_flexible(counts, assess=1, season=20, years=5, guard=5)),
        each=False,
        enclosed=(),
        zeros=("count",),
    ),
    "farrington.farrington_many": Law(
        weekly.map(lambda frame: frame.assign(area="A")),
        lambda f: farrington_many(f, "area", season=20, years=5, guard=5),
        each=False,
        enclosed=(),
        zeros=("count",),
    ),
    "equity.compare_groups": Law(
        groups,
        lambda f: equity.compare_groups(f, "area", "group", 0),
        enclosed=tuple((name, f"{name}_lower", f"{name}_upper") for name in ("rate", "ratio", "difference")),
        zeros=("count", "population"),
        scaled=("population",),
        powers=tuple((f"{n}{e}", -1) for n in ("rate", "difference") for e in ("", "_lower", "_upper")),
        empty=(("area", "A"), ("count", 0), ("population", 0), ("group", 99)),
    ),
    "equity.inequality": Law(
        measured,
        lambda f: equity.inequality(f.assign(se=1.0), "area", "group", se="se", order="group", draws=50),
        each=False,
        zeros=("value", "population"),
        scaled=("population",),
        empty=(("area", "A"), ("value", 3), ("population", 0), ("group", 99)),
    ),
    "coverage.coverage": Law(
        rows(reached=people, **sizes),
        lambda f: coverage.coverage(f["reached"], *sized(f)),
        zeros=("reached", "a", "b", "c"),
        scaled=("reached",),
        powers=rate_powers(1),
    ),
    "coverage.target_status": Law(
        rows(target=events, **sizes),
        lambda f: Frame({"status": coverage.target_status(*sized(f), f["target"])}, index=f.index),
        enclosed=(),
        zeros=("target", "a", "b", "c"),
        scaled=("target", "a", "b", "c"),
    ),
    "coverage_simulation.coverage_draws": Law(
        rows(reached=people, **sizes),
        expected_draws,
        enclosed=(),
        zeros=("reached", "a", "b", "c"),
        scaled=("reached",),
        powers=(("value", 1),),
    ),
    "coverage_simulation.simulated_coverage": Law(
        rows(reached=people, **sizes),
        simulated,
        zeros=("reached", "a", "b", "c"),
        scaled=("reached", "a", "b", "c"),
    ),
    "population_size.capture_recapture": Law(lists, caught, zeros=("first", "second", "both")),
    "population_size.multiplier": Law(
        rows(benchmark=people, yes=events, no=events),
        lambda f: population_size.multiplier(f["benchmark"], f["yes"], f["yes"] + f["no"]),
        zeros=("benchmark", "yes", "no"),
        scaled=("benchmark",),
        powers=rate_powers(1),
    ),
    "population_size.combine_sizes": Law(
        rows(area=area, **sizes).map(
            lambda f: f.assign(**dict(zip(("value", "lower", "upper"), sized(f), strict=True)))
        ),
        lambda f: population_size.combine_sizes(f, "area"),
        each=False,
        zeros=("value", "lower", "upper"),
        scaled=("value", "lower", "upper"),
        powers=rate_powers(1),
        empty=(("area", "A"), ("value", np.nan), ("lower", np.nan), ("upper", np.nan)),
        silent=("left_out",),
    ),
    "population_size.check_sizes": Law(
        rows(value=people, known=people, residents=people),
        lambda f: Frame({"found": population_size.check_sizes(f["value"], f["known"], f["residents"])}, index=f.index),
        enclosed=(),
        zeros=("value", "known", "residents"),
        scaled=("value", "known", "residents"),
    ),
    "cascade.cascade": Law(
        rows(tested=events, treated=events, cured=events).map(lambda f: f.assign(place=range(len(f)))),
        steps,
        each=False,
        enclosed=tuple((name, f"{name}_lower", f"{name}_upper") for name in ("conditional", "population")),
        zeros=("tested", "treated", "cured"),
    ),
    "cascade.cascade_product": Law(
        rows(first=share, second=share),
        lambda f: cascade.cascade_product(
            [f["first"], f["second"]], [f["first"] * 0.8, f["second"] * 0.7], [f["first"] ** 0.5, f["second"] ** 0.9]
        ),
        zeros=("first", "second"),
    ),
    "presentation.present": Law(
        rows(count=events, population=people),
        lambda f: presentation.present("nchs_rates", count=f["count"], population=f["population"]),
        enclosed=(),
        zeros=("count", "population"),
    ),
    "small_areas.funnel_limits": Law(
        rows(count=events, population=people),
        lambda f: small_areas.funnel_limits(f["count"], f["population"]),
        enclosed=(("lower_95", "lower_99_8", "upper_99_8"), ("upper_95", "lower_99_8", "upper_99_8")),
        zeros=("count", "population"),
        scaled=("population",),
        powers=tuple((n, -1) for n in ("value", "target", "lower_95", "upper_95", "lower_99_8", "upper_99_8")),
        empty=(("count", 0), ("population", 0)),
    ),
    "small_areas.quantile_groups": Law(
        rows(value=st.integers(-50, 50), weight=some_people),
        lambda f: small_areas.quantile_groups(f["value"], weights=f["weight"]).to_frame(),
        enclosed=(),
        zeros=("value", "weight"),
        scaled=("weight",),
        empty=(("value", 3), ("weight", 0)),
    ),
    "small_areas.empirical_bayes": Law(
        rows(count=events, population=people),
        lambda f: small_areas.empirical_bayes(f["count"], f["population"]),
        enclosed=(),
        zeros=("count", "population"),
        scaled=("population",),
        powers=(("value", -1), ("empirical_bayes_marshall_global", -1)),
        empty=(("count", 0), ("population", 0)),
    ),
    "small_areas.marshall_moments": Law(
        rows(count=events, population=people),
        moments,
        each=False,
        enclosed=(),
        zeros=("count", "population"),
        scaled=("population",),
        powers=(("mean", -1), ("variance", -2)),
        empty=(("count", 0), ("population", 0)),
    ),
}
"""Every public function of `epi` but those of its packages and of disclosure, which have laws of their own."""
