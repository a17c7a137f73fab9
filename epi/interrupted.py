"""Interrupted time series: how the level and the slope of a series differ after a known time."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from epi.interrupted_model import Design, Estimate, Family, autocorrelation, fit_draws, limits
from epi.intervals import FloatArray, Numbers, as_floats, check_confidence, check_method, common_index
from epi.log_rates import Flags, complete_with_draws

__all__ = ["Family", "Impact", "InterruptedFit", "interrupted_time_series"]

Impact = Literal["level and slope", "level", "slope"]
Covariance = Literal["model", "newey-west"]

# Fewer periods than this on a side of an interruption say nothing about a slope there.
FEWEST_PER_SIDE = 3


@dataclass(frozen=True)
class InterruptedFit:
    """A fitted interrupted time series.

    Attributes:
        effects: One row per term: `term`, `estimate`, `lower`, `upper`, `p_value` (of no difference). Rate ratios for
            counts, differences in the outcome's unit for `ols`: `trend` (per unit of time before the first
            interruption), then for each interruption `level` (at once) and `slope` (ratio of, or difference between,
            the slopes after and before it), and `trend after` the last one.
        periods: One row per period used: `time`, `observed`, `fitted`, `counterfactual` (had the first trend gone on),
            `lower` and `upper` (of the counterfactual's expected value), all in the unit of the outcome.
        excess: One row: `observed`, `counterfactual`, `difference` (fitted less counterfactual, summed over the periods
            from the first interruption on), `lower`, `upper`.
        autocorrelation: One row per lag: `lag`, `correlation` of the Pearson residuals, Ljung-Box `statistic` and
            `p_value` for all lags up to it. Small p-values say that the model's own limits are too narrow.
        pre_trend: Tests within the periods before the first interruption: `test` (`trend`: any slope; `curvature`: a
            straight line does not do; `placebo level`, `placebo slope`: a break in the middle, where none was),
            `estimate`, `lower`, `upper`, `p_value`. Small p-values of the last three warn against the counterfactual.
        dispersion: Pearson chi-squared / degrees of freedom (counts), residual variance (`ols`).
        family: Model family.
        draws: Number of nowcast draws pooled, 0 for none.
    """

    effects: pd.DataFrame
    periods: pd.DataFrame
    excess: pd.DataFrame
    autocorrelation: pd.DataFrame
    pre_trend: pd.DataFrame
    dispersion: float
    family: str
    draws: int
    confidence: float = field(default=0.95)

    def summary(self, event: str = "the interruption", outcome: str = "the outcome") -> str:
        """Say what was found in sentences, as an association.

        Args:
            event: What happened at the (first) interruption, such as "the naloxone standing order".
            outcome: What the series counts, such as "overdose deaths".

        Returns:
            Sentences with the level and slope differences, their limits, and what the checks warn of.
        """
        ratios = self.family != "ols"
        kind, same = ("rate ratio", 1.0) if ratios else ("difference", 0.0)
        sentences = []
        columns = ["term", "estimate", "lower", "upper"]
        for term, *figures in self.effects[columns].itertuples(index=False, name=None):
            if not str(term).startswith(("level", "slope")):
                continue
            value, lower, upper = (float(figure) for figure in figures)
            what = f"{term} per unit of time" if str(term).startswith("slope") else str(term)
            link = "was associated" if lower > same or upper < same else "was not clearly associated"
            found = f"{kind} {value:.4g} ({self.confidence:.0%} CI {lower:.4g} to {upper:.4g})"
            if np.isnan(value):
                link, found = "could not be compared", "a side has no events"
            sentences.append(
                f"{event[:1].upper()}{event[1:]} {link} with a change in the {what} of {outcome}: {found}."
            )
        sentences.append(
            "This is an association: without a comparison series, other changes at the same time cannot be told apart."
        )
        if (self.autocorrelation["p_value"] < 1 - self.confidence).any():
            sentences.append("Residuals are autocorrelated: limits other than Newey-West may be too narrow.")
        doubts = self.pre_trend[self.pre_trend["p_value"] < 1 - self.confidence]["test"]
        doubts = doubts[doubts != "trend"]
        if len(doubts):
            sentences.append(f"The trend before was not one straight line ({', '.join(doubts)}).")
        return " ".join(sentences)


def interrupted_time_series(
    time: Numbers,
    outcome: Numbers,
    interruption: float | Sequence[float],
    population: Numbers = None,
    family: Family = "quasi-poisson",
    impact: Impact = "level and slope",
    harmonics: int = 0,
    season: float = 12,
    covariance: Covariance | None = None,
    lags: int | None = None,
    complete: Flags = None,
    draws: Numbers = None,
    confidence: float = 0.95,
) -> InterruptedFit:
    r"""Estimate by segmented regression how a series differs from its earlier trend after known interruptions.

    Formula: with time t and interruptions at T_1 < T_2 < ...,
    eta = b0 + b1 (t - T_1) + sum_j [l_j 1(t >= T_j) + s_j (t - T_j)+] + sum_h [sin, cos](2 pi h t / season);
    for counts log E(outcome) = eta + log(population), for `ols` E(outcome) = eta. `level` is exp(l) (or l), the
    difference in the very period of the interruption; `slope` is exp(s) (or s), per unit of time.

    - `poisson`: variance equals the mean, normal limits.
    - `quasi-poisson`: variance is the dispersion (Pearson chi-squared / residual degrees of freedom) times the mean,
      t-based limits.
    - `ols`: least squares; with `newey-west` covariance by default.

    `newey-west` sums autocovariances of the scores up to `lags` with Bartlett weights, and corrects for small samples.
    The counterfactual keeps the first trend and the season and leaves out every interruption term; limits on the scale
    of eta (counts) and by the delta method (excess). Nothing here makes an association causal.

    An incomplete period is refused unless nowcast draws are given: its missing events would pass for an effect. With
    draws, one model is fitted per draw, and coefficients and covariances are pooled as multiple imputations.

    Args:
        time: Number of each period (months counted 1, 2, ..., say), in any order; distinct. Lags and the
            autocorrelation check take the periods as equally spaced.
        outcome: Events per period (counts), or any figure (`ols`); missing periods are left out (so can a phase-in be).
        interruption: First time under each intervention; one, or several for segmented regression.
        population: Population or person-time per period, for counts; a period with 0 or none is left out.
        family: `quasi-poisson`, `poisson` or `ols`.
        impact: Whether each interruption may change `level and slope`, `level` or `slope`; to be chosen before seeing
            the data.
        harmonics: Pairs of sine and cosine that follow the season; 0 for no season. 2 do for most monthly series.
        season: Periods per year: 12 for months.
        covariance: `model` or `newey-west`; None means `newey-west` for `ols`, else `model`.
        lags: Lags of `newey-west`; None means the whole part of 4 (n/100)^(2/9).
        complete: Whether each period is complete (final); None says that all are.
        draws: Nowcast draws of the outcome, one row per draw, one column per period (or per incomplete period).
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.

    Returns:
        An `InterruptedFit`. Without any event before, or after, a ratio cannot be had: its figures are nan.

    Raises:
        ValueError: A period is incomplete and has no draws, a count is negative, times repeat, an interruption leaves
            fewer than 3 periods on a side, there are more terms than periods, shapes or indexes differ, or an option
            is unknown.
        TypeError: An argument is not numeric.

    References:
        Wagner AK, Soumerai SB, Zhang F, Ross-Degnan D. Segmented regression analysis of interrupted time series
        studies in medication use research. J Clin Pharm Ther 2002;27:299-309. Lopez Bernal J, Cummins S, Gasparrini A.
        Interrupted time series regression for the evaluation of public health interventions: a tutorial. Int J
        Epidemiol 2017;46:348-355. Newey WK, West KD. Econometrica 1987;55:703-708. Ljung GM, Box GEP. Biometrika
        1978;65:297-303.

    Examples:
        >>> months = np.arange(1, 25)
        >>> deaths = np.where(months < 13, 100, 80) + months % 3
        >>> found = interrupted_time_series(months, deaths, interruption=13, impact="level")
        >>> found.effects[["term", "estimate", "lower", "upper"]].round(2)
                  term  estimate  lower  upper
        0        trend       1.0   1.00   1.00
        1        level       0.8   0.79   0.82
        2  trend after       1.0   1.00   1.00
    """
    alpha = 1 - check_confidence(confidence)
    check_method(family, Family)
    check_method(impact, Impact)
    covariance = ("newey-west" if family == "ols" else "model") if covariance is None else covariance
    check_method(covariance, Covariance)
    times, rows, offset = _series(time, outcome, population, family, complete, draws)
    breaks = np.unique(np.atleast_1d(np.asarray(interruption, dtype=float)))
    _check_sides(times, breaks)
    if not (harmonics == int(harmonics) and 0 <= 2 * harmonics <= season):
        raise ValueError(f"harmonics must be a whole number from 0 to half the season ({season:g}); found {harmonics}.")
    design = Design(times, breaks, "level" in impact, "slope" in impact, int(harmonics), season, offset)
    if design.matrix.shape[0] <= design.matrix.shape[1]:
        raise ValueError(
            f"there must be more periods than terms; found {design.matrix.shape[0]} periods and "
            f"{design.matrix.shape[1]} terms. Drop harmonics or interruptions, or add periods."
        )
    lags = int(4 * (len(times) / 100) ** (2 / 9)) if lags is None else int(lags)
    robust = lags if covariance == "newey-west" else None
    estimate = fit_draws(design, rows, family, robust)
    return InterruptedFit(
        effects=_effects(design, estimate, family, alpha),
        periods=_periods(design, estimate, family, rows.mean(axis=0), alpha),
        excess=_excess(design, estimate, family, rows.mean(axis=0), alpha),
        autocorrelation=autocorrelation(estimate.residuals, design.matrix.shape[1]),
        pre_trend=_pre_trend(design, rows, family, robust, alpha),
        dispersion=estimate.dispersion,
        family=family,
        draws=len(rows) if len(rows) > 1 else 0,
        confidence=confidence,
    )


def _series(
    time: Numbers, outcome: Numbers, population: Numbers, family: Family, complete: Flags, draws: Numbers
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give times, outcomes (one row per draw) and offsets, ascending, without missing periods."""
    common_index({"time": time, "outcome": outcome, "population": population})
    counts = family != "ols"
    times, values = as_floats(time, "time", quantity=False), as_floats(outcome, "outcome", quantity=counts)
    if population is not None and not counts:
        raise ValueError("population is for counts; found family 'ols'. Divide the outcome by the population instead.")
    people = np.ones(values.shape) if population is None else as_floats(population, "population")
    if not times.ndim == 1 or not times.shape == values.shape == people.shape:
        raise ValueError(
            f"time, outcome and population must be one-dimensional and of one length; found shapes {times.shape}, "
            f"{values.shape} and {people.shape}."
        )
    rows = complete_with_draws(values, complete, draws)
    kept = np.isfinite(rows).all(axis=0) & np.isfinite(times) & (people > 0)
    order = np.flatnonzero(kept)[np.argsort(times[kept], kind="stable")]
    if (np.diff(times[order]) == 0).any():
        repeated = times[order][1:][np.diff(times[order]) == 0][0]
        raise ValueError(f"time must not repeat; found {repeated:g} twice. Sum the periods or give one series.")
    return times[order], rows[:, order], np.log(people[order])


def _check_sides(times: FloatArray, breaks: FloatArray) -> None:
    edges = [-np.inf, *breaks.tolist(), np.inf]
    for start, end in itertools.pairwise(edges):
        periods = int(((times >= start) & (times < end)).sum())
        if periods < FEWEST_PER_SIDE:
            raise ValueError(
                f"there must be at least {FEWEST_PER_SIDE} periods on each side of an interruption; found {periods} "
                f"from {start:g} to before {end:g}. Check that interruption is in the unit of time."
            )


def _effects(design: Design, estimate: Estimate, family: Family, alpha: float) -> pd.DataFrame:
    width = design.matrix.shape[1]
    contrasts = {name: np.eye(width)[column] for name, column in design.terms.items()}
    contrasts["trend after"] = sum(
        (vector for name, vector in contrasts.items() if name.startswith(("trend", "slope"))), np.zeros(width)
    )
    table = limits(estimate, np.stack(list(contrasts.values())), alpha)
    if family != "ols":
        table[["estimate", "lower", "upper"]] = np.exp(table[["estimate", "lower", "upper"]])
    table.insert(0, "term", list(contrasts))
    return table


def _periods(design: Design, estimate: Estimate, family: Family, observed: FloatArray, alpha: float) -> pd.DataFrame:
    plain = limits(estimate, design.counterfactual, alpha)[["estimate", "lower", "upper"]].to_numpy()
    columns = np.column_stack([design.matrix @ estimate.coefficients, plain])
    if family != "ols":
        columns = np.exp(columns + design.offset[:, None])
    names = ["fitted", "counterfactual", "lower", "upper"]
    return pd.DataFrame({"time": design.times, "observed": observed} | dict(zip(names, columns.T, strict=True)))


def _excess(design: Design, estimate: Estimate, family: Family, observed: FloatArray, alpha: float) -> pd.DataFrame:
    after = design.times >= design.breaks[0]
    means, gradients = [], []
    for matrix in (design.matrix[after], design.counterfactual[after]):
        eta = matrix @ estimate.coefficients
        mean = eta if family == "ols" else np.exp(eta + design.offset[after])
        means.append(mean.sum())
        gradients.append(matrix.sum(axis=0) if family == "ols" else mean @ matrix)
    gradient = gradients[0] - gradients[1]
    around = limits(estimate, gradient[None], alpha)
    half_width = around["upper"].iloc[0] - around["estimate"].iloc[0]
    difference = means[0] - means[1]
    row = {"observed": observed[after].sum(), "counterfactual": means[1], "difference": difference}
    return pd.DataFrame(row | {"lower": difference - half_width, "upper": difference + half_width}, index=[0])


def _pre_trend(design: Design, rows: FloatArray, family: Family, robust: int | None, alpha: float) -> pd.DataFrame:
    before = design.times < design.breaks[0]
    middle = design.times[before][int(before.sum()) // 2]
    placebo = {"placebo level": "level", "placebo slope": "slope"}
    asked = [("trend", design.before(), "trend"), ("curvature", design.before(curved=True), "curvature")]
    asked += [(name, design.before(placebo=float(middle)), term) for name, term in placebo.items()]
    parts = []
    for name, smaller, term in asked:
        table = pd.DataFrame([[np.nan] * 4], columns=["estimate", "lower", "upper", "p_value"])
        if smaller.matrix.shape[0] > smaller.matrix.shape[1]:
            estimate = fit_draws(smaller, rows[:, before], family, robust)
            table = limits(estimate, np.eye(smaller.matrix.shape[1])[[smaller.terms[term]]], alpha)
        if family != "ols":
            table[["estimate", "lower", "upper"]] = np.exp(table[["estimate", "lower", "upper"]])
        table.insert(0, "test", name)
        parts.append(table)
    return pd.concat(parts, ignore_index=True)
