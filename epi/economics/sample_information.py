"""The expected value of a study: of what a sample would tell, and of the study after its cost."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from epi.economics.decision_uncertainty import paired, thresholds
from epi.economics.partial_information import evppi
from epi.economics.smoothers import SMOOTHERS, Estimator
from epi.intervals import FloatArray, Numbers, check_method

RANK_WITHIN = 1e-9


def evsi(
    costs: pd.DataFrame,
    effects: pd.DataFrame,
    statistics: pd.DataFrame,
    willingness_to_pay: Numbers,
    method: Estimator = "spline",
    bootstrap: int = 0,
    seed: int = 20240101,
) -> pd.DataFrame:
    """Make the expected value of sample information by regression on what the study would report.

    Formula: for each draw of the parameters a data set of the study is simulated and summarised (by the caller); the
    value is that of knowing the summary, `epi.economics.evppi` with the summaries for parameters.

    Args:
        costs: Draws x strategies, money.
        effects: Draws x strategies; more is better.
        statistics: Draws x summaries of the simulated data (a proportion, a mean, a log odds ratio), of the same draws.
        willingness_to_pay: Values in money per unit of effect, not negative.
        method: `spline`, `gp` or `bins`, as for `evppi`.
        bootstrap: Number of resamples for the standard error, or 0.
        seed: Seed of the resamples.

    Returns:
        One row per value: `willingness_to_pay`, `evsi` (money), `standard_error`.

    Raises:
        ValueError: As `evppi`.

    References:
        Strong M, Oakley JE, Brennan A, Breeze P. Estimating the expected value of sample information using the
        probabilistic sensitivity analysis sample. Med Decis Making 2015;35:570-583.

    Examples:
        A study of n people estimates x with variance 1 / n; n = 1 halves what is unknown.

        >>> random = np.random.default_rng(1)
        >>> x = random.normal(size=20_000)
        >>> effects = pd.DataFrame({"none": 0.0, "nsp": x})
        >>> study = pd.DataFrame({"mean": x + random.normal(size=20_000)})
        >>> value = evsi(effects * 0, effects, study, 1)["evsi"][0]
        >>> bool(abs(value - 0.399 / 2**0.5) < 0.02)
        True
    """
    found = evppi(costs, effects, statistics, list(statistics.columns), willingness_to_pay, method, bootstrap, seed)
    return found.rename(columns={"evppi": "evsi"})


def evsi_moment_matching(
    costs: pd.DataFrame,
    effects: pd.DataFrame,
    parameters: pd.DataFrame,
    of: str | Sequence[str],
    posteriors: Iterable[tuple[pd.DataFrame, pd.DataFrame]],
    willingness_to_pay: Numbers,
    method: Estimator = "spline",
) -> pd.DataFrame:
    r"""Make the expected value of sample information from a few simulated posteriors, by matching moments.

    Formula: let g be the incremental net benefits expected given the parameters that the study informs (one component
    per strategy after the first), with mean m and covariance F over draws; P the covariance of net benefit; Q the mean
    of its covariances in the posteriors. What the study is expected to explain is P - Q, so the expected net benefits
    after the study are m + (P - Q)^{1/2} F^{-1/2} (g - m), and the value is that of choosing by them.

    Args:
        costs: Draws x strategies, money, from today's distributions.
        effects: Draws x strategies; more is better.
        parameters: Draws x parameters, of the same draws.
        of: Name or names of the parameters that the study informs.
        posteriors: For each of some 30 to 50 simulated data sets (from evenly spread values of the parameters), the
            costs and effects of draws from the posterior that follows from it.
        willingness_to_pay: Values in money per unit of effect, not negative.
        method: Regression for g: `spline`, `gp` or `bins`.

    Returns:
        One row per value: `willingness_to_pay`, `evsi` (money).

    Raises:
        ValueError: As `evppi`; or there are no posteriors.

    References:
        Heath A, Manolopoulou I, Baio G. Efficient Monte Carlo estimation of the expected value of sample information
        using moment matching. Med Decis Making 2018;38:163-173.

    Examples:
        >>> random = np.random.default_rng(1)
        >>> drawn = pd.DataFrame({"x": random.normal(size=5_000)})
        >>> def outcome(x):
        ...     effects = pd.DataFrame({"none": 0.0, "nsp": x})
        ...     return effects * 0, effects
        >>> after = [outcome(m + 0.5**0.5 * random.normal(size=2_000)) for m in random.normal(size=30) * 0.5**0.5]
        >>> costs, effects = outcome(drawn["x"])
        >>> value = evsi_moment_matching(costs, effects, drawn, "x", after, 1)["evsi"][0]
        >>> bool(abs(value - 0.399 / 2**0.5) < 0.03)
        True
    """
    check_method(method, Estimator)
    values, wanted = thresholds(willingness_to_pay), [of] if isinstance(of, str) else list(of)
    evppi(costs.iloc[:, :1], effects[costs.columns[:1]], parameters, wanted, 0)  # refuses what cannot be regressed on
    names, cost, effect = paired(costs, effects)
    if len(names) == 1:
        return pd.DataFrame({"willingness_to_pay": values, "evsi": np.zeros(len(values))})
    outcome = _incremental(cost, effect)
    prior = np.cov(outcome)
    after = [_posterior(pair, names) for pair in posteriors]
    if not after:
        raise ValueError("posteriors: expected at least one pair of costs and effects, found none.")
    explained = prior - np.mean(after, axis=0)
    smooth = SMOOTHERS[method](parameters[wanted].to_numpy(dtype=float), outcome.T).T
    found = [_matched(value, outcome, smooth, explained) for value in values]
    return pd.DataFrame({"willingness_to_pay": values, "evsi": found})


def effective_population(
    per_year: Numbers, horizon_years: int, discount_rate: float = 0.03, first_year: int = 0
) -> float:
    """Give the number of people, discounted, for whom a decision will be taken.

    Formula: sum over t = first_year ... horizon_years - 1 of n_t (1 + r)^-t.

    Args:
        per_year: People whom the decision concerns in each year: one number, or one per year of the horizon.
        horizon_years: Years in which the decision matters.
        discount_rate: Yearly rate r as a proportion, 0 or more.
        first_year: First year that can profit, 0 for now: later where a study must first report.

    Returns:
        Discounted number of people.

    Raises:
        ValueError: The horizon is below 1, a number or the rate is negative, or there are too few numbers.

    References:
        Philips Z, Claxton K, Palmer S. The half-life of truth: what are appropriate time horizons for research
        decisions? Med Decis Making 2008;28:287-299.

    Examples:
        >>> round(effective_population(1_000, 10, 0.03), 1)
        8786.1
    """
    if horizon_years < 1 or first_year < 0 or discount_rate < 0:
        raise ValueError(
            "effective_population: expected a horizon of 1 year or more, and first year and rate not negative; found "
            f"{horizon_years}, {first_year} and {discount_rate}."
        )
    people = np.asarray(per_year, dtype=float)
    if people.ndim and len(people) != horizon_years:
        raise ValueError(f"per_year: expected 1 or {horizon_years} numbers, found {len(people)}.")
    if not (np.isfinite(people).all() and (people >= 0).all()):
        raise ValueError(f"per_year: expected finite numbers of people of 0 or more, found {people.min()}.")
    year = np.arange(horizon_years)
    return float((np.broadcast_to(people, year.shape) * (1 + discount_rate) ** -year.astype(float))[first_year:].sum())


def enbs(evsi_per_person: Numbers, people: Numbers, study_cost: Numbers) -> pd.DataFrame:
    """Make the expected net benefit of sampling: what a study is worth to all, less what it costs.

    Formula: evsi x people - cost. The study of the highest value is worth doing where that is above 0.

    Args:
        evsi_per_person: Value of sample information per person, one per study (size).
        people: Discounted people who profit (`effective_population`), one number or one per study.
        study_cost: Cost of the study, discounted, one number or one per study; with the net benefit forgone by its
            participants, where that matters.

    Returns:
        One row per study: `evsi_per_person`, `people`, `study_cost`, `enbs` (money), and `is_best`: True for the first
        of the highest values where that is above 0.

    Raises:
        ValueError: A number is missing, infinite or negative, or lengths differ.

    References:
        Conti S, Claxton K. Dimensions of design space: a decision-theoretic approach to optimal research design. Med
        Decis Making 2009;29:643-660.

    Examples:
        >>> enbs([2.0, 3.0, 3.2], 8_786.1, [10_000, 12_000, 20_000])[["enbs", "is_best"]].round(1)
              enbs  is_best
        0   7572.2    False
        1  14358.3     True
        2   8115.5    False
    """
    given = {"evsi_per_person": evsi_per_person, "people": people, "study_cost": study_cost}
    arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(value, dtype=float)) for value in given.values()))
    table = pd.DataFrame(dict(zip(given, arrays, strict=True)))
    wrong = ~(np.isfinite(table) & (table >= 0))
    if wrong.any(axis=None):
        found = table[wrong.any(axis=1)].iloc[0].to_dict()
        raise ValueError(f"enbs: expected finite numbers of 0 or more, found {found}.")
    table["enbs"] = table["evsi_per_person"] * table["people"] - table["study_cost"]
    table["is_best"] = (table.index == table["enbs"].idxmax()) & (table["enbs"] > 0)
    return table


def _incremental(cost: FloatArray, effect: FloatArray) -> FloatArray:
    """Give costs, then effects, of all strategies after the first relative to it."""
    return np.vstack([cost[1:] - cost[0], effect[1:] - effect[0]])


def _posterior(pair: tuple[pd.DataFrame, pd.DataFrame], names: list[str]) -> FloatArray:
    """Give the covariance of costs and effects in one posterior."""
    missing = set(names) ^ set(pair[0].columns)
    if missing:
        raise ValueError(f"posteriors: expected the strategies {names}, found {list(pair[0].columns)}.")
    _, cost, effect = paired(pair[0][names], pair[1])
    return np.asarray(np.cov(_incremental(cost, effect)))


def _matched(value: float, outcome: FloatArray, smooth: FloatArray, explained: FloatArray) -> float:
    """Give the value of choosing by net benefits rescaled to what the study explains, at one willingness to pay."""
    strategies = len(outcome) // 2
    net = np.hstack([-np.eye(strategies), value * np.eye(strategies)])
    benefit = net @ smooth
    mean = (net @ outcome).mean(axis=1, keepdims=True)
    spread = np.cov(benefit).reshape(strategies, strategies)
    moved = _root(net @ explained @ net.T) @ _root(spread, inverse=True) @ (benefit - benefit.mean(axis=1)[:, None])
    # The first strategy has the incremental benefit 0.
    return float(np.maximum((mean + moved).max(axis=0), 0.0).mean() - max(mean.max(), 0.0))


def _root(matrix: FloatArray, inverse: bool = False) -> FloatArray:
    """Give the square root of a covariance, or the pseudo-inverse of that; negative eigenvalues are noise around 0."""
    values, vectors = np.linalg.eigh(matrix)
    kept = values > RANK_WITHIN * max(values.max(), 0.0)
    roots = np.sqrt(np.where(kept, values, 1.0))
    return np.asarray((vectors * np.where(kept, 1 / roots if inverse else roots, 0.0)) @ vectors.T)
