"""The expected value of knowing some parameters perfectly."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from epi.economics.decision_uncertainty import best_strategies, paired, thresholds
from epi.economics.draws import checked, sample
from epi.economics.smoothers import SMOOTHERS, Estimator
from epi.intervals import FloatArray, Numbers, check_method

Model = Callable[[pd.DataFrame], tuple[pd.DataFrame, pd.DataFrame]]
"""A model: from draws x parameters to costs and effects, each draws x strategies."""


def evppi(
    costs: pd.DataFrame,
    effects: pd.DataFrame,
    parameters: pd.DataFrame,
    of: str | Sequence[str],
    willingness_to_pay: Numbers,
    method: Estimator = "spline",
    bootstrap: int = 0,
    seed: int = 20240101,
) -> pd.DataFrame:
    """Make the expected value of perfect information about some parameters, together, from one set of draws.

    Formula: mean over draws of max_s g_s(x), less the max over strategies of the mean of g_s, with g_s(x) the
    expectation of net monetary benefit of strategy s given the parameters x asked for. g is a regression of net benefit
    on them (costs and effects relative to the first strategy are regressed once; net benefit is linear in them):

    - `spline`: cubic splines, with products of pairs where several parameters are asked for.
    - `gp`: a Gaussian process, for parameters that act together.
    - `bins`: means within slices of one parameter.

    Never negative; 0 for a parameter that does not vary. A parameter that changes no decision has a value near 0, above
    it by the noise of the regression, which falls with the number of draws.

    Args:
        costs: Draws x strategies, money.
        effects: Draws x strategies; more is better.
        parameters: Draws x parameters, of the same draws.
        of: Name of the parameter asked for, or several names: the value of knowing all of them at once.
        willingness_to_pay: Values in money per unit of effect, not negative.
        method: `spline`, `gp` or `bins`.
        bootstrap: Number of resamples of draws from which the standard error comes; 0 takes the formula below.
        seed: Seed of the resamples.

    Returns:
        One row per value: `willingness_to_pay`, `evppi` (money), `standard_error`: the standard deviation over draws of
        b(d, strategy best given x) - b(d, strategy best on average), divided by the root of the number of draws; a
            little on the safe side, as regressions smooth some of that scatter away.

    Raises:
        ValueError: As `acceptability`; a parameter asked for is missing from the frame or has missing values; draws
            differ; the method is unknown, or cannot do with so few draws or so many parameters.

    References:
        Strong M, Oakley JE, Brennan A. Estimating multiparameter partial expected value of perfect information from a
        probabilistic sensitivity analysis sample. Med Decis Making 2014;34:311-326.

    Examples:
        Net benefit of the second strategy is x + y at a willingness to pay of 1: knowing x alone is worth the mean of
        max(x, 0), 0.399; knowing the useless z nothing.

        >>> drawn = pd.DataFrame(np.random.default_rng(1).normal(size=(20_000, 3)), columns=["x", "y", "z"])
        >>> effects = pd.DataFrame({"none": 0.0, "nsp": drawn["x"] + drawn["y"]})
        >>> [round(float(evppi(effects * 0, effects, drawn, of, 1)["evppi"][0]), 1) for of in ("x", "z")]
        [0.4, 0.0]
    """
    check_method(method, Estimator)
    values, wanted = thresholds(willingness_to_pay), [of] if isinstance(of, str) else list(of)
    known = _asked_for(parameters, wanted, costs.index)
    _, cost, effect = paired(costs, effects)
    cost, effect = cost - cost[0], effect - effect[0]
    value, error = _regressed(values, cost, effect, known, method)
    if bootstrap:
        generator = np.random.default_rng(seed)
        samples = (generator.integers(0, len(known), len(known)) for _ in range(bootstrap))
        again = [_regressed(values, cost[:, rows], effect[:, rows], known[rows], method)[0] for rows in samples]
        error = np.std(again, axis=0, ddof=1)
    return pd.DataFrame({"willingness_to_pay": values, "evppi": value, "standard_error": error})


def evppi_nested(
    model: Model,
    parameters: pd.DataFrame,
    of: str | Sequence[str],
    willingness_to_pay: Numbers,
    outer: int = 500,
    inner: int = 500,
    seed: int = 20240101,
) -> pd.DataFrame:
    """Make the expected value of partial perfect information by running the model again for each possible answer.

    Formula: as `evppi`, with g_s(x) the mean of `inner` runs in which the parameters asked for are held at x, for
    `outer` values of x. All x share the draws of the other parameters. Slow, and without the assumptions of a
    regression; the maximum of noisy means is biased upwards, less with more inner draws.

    Args:
        model: Function from draws x parameters to the frames of costs and effects, draws x strategies.
        parameters: Table of distributions, as for `epi.economics.draws.sample`.
        of: Name or names of the parameters asked for; a Dirichlet group whole or not at all.
        willingness_to_pay: Values in money per unit of effect, not negative.
        outer: Number of values of the parameters asked for.
        inner: Number of draws of the others for each.
        seed: Seed of all draws.

    Returns:
        One row per value: `willingness_to_pay`, `evppi`, `standard_error` (over the outer draws).

    Raises:
        ValueError: As `evppi`, or part of a Dirichlet group is asked for.

    References:
        Brennan A et al. Calculating partial expected value of perfect information via Monte Carlo sampling algorithms.
        Med Decis Making 2007;27:448-470.

    Examples:
        >>> table = pd.DataFrame(
        ...     [("x", "normal", 0, -1.96, 1.96), ("y", "normal", 0, -1.96, 1.96)],
        ...     columns=["parameter_id", "distribution", "mean", "lower", "upper"],
        ... )
        >>> def run(draws):
        ...     effects = pd.DataFrame({"none": 0.0, "nsp": draws["x"] + draws["y"]})
        ...     return effects * 0, effects
        >>> bool(evppi_nested(run, table, "x", 1, 400, 400)["evppi"].between(0.3, 0.5).all())
        True
    """
    values, wanted = thresholds(willingness_to_pay), [of] if isinstance(of, str) else list(of)
    table = checked(parameters)
    _asked_for(sample(table, 2, seed), wanted, pd.RangeIndex(2))
    asked = table["parameter_id"].isin(wanted)
    split = table[asked & table["group"].isin(table.loc[~asked, "group"].dropna())]
    if len(split):
        raise ValueError(f"of: expected whole Dirichlet groups, found part of {split['group'].iloc[0]}.")
    answers = sample(table[asked], outer, seed)
    # Other numbers than those of the answers, which a run of equal length would repeat.
    others = sample(table, inner, seed + 1)
    means = [_held(model, others, answer) for answer in answers.to_dict("records")]
    effect, cost = (np.array([pair[part] for pair in means]).T for part in (0, 1))
    value, error = _value(values, cost, effect, cost, effect)
    return pd.DataFrame({"willingness_to_pay": values, "evppi": value, "standard_error": error})


def evppi_each(
    costs: pd.DataFrame, effects: pd.DataFrame, bases: Mapping[str, FloatArray], willingness_to_pay: float
) -> pd.DataFrame:
    """Make the expected value of perfect information about each of many parameters, one at a time.

    Formula: as `evppi` with `spline` for every parameter. The columns that net benefit is fitted with are given, so
    that places that share their draws share them.

    Args:
        costs: Draws x strategies, money.
        effects: Draws x strategies; more is better.
        bases: For each parameter the columns of `epi.economics.smoothers.spline_basis`, of the same draws.
        willingness_to_pay: Money per unit of effect, not negative.

    Returns:
        One row per parameter in the order given: `parameter_id`, `evppi` (money), `standard_error`.

    Raises:
        ValueError: As `evppi`, or the columns of a parameter are of another number of draws.

    References:
        Strong M, Oakley JE, Brennan A. Med Decis Making 2014;34:311-326.

    Examples:
        >>> from epi.economics.smoothers import spline_basis
        >>> drawn = pd.DataFrame(np.random.default_rng(1).normal(size=(4_000, 2)), columns=["x", "y"])
        >>> effects = pd.DataFrame({"none": 0.0, "nsp": drawn["x"] + drawn["y"]})
        >>> bases = {"x": spline_basis(drawn["x"].to_numpy())}
        >>> apart = evppi(effects * 0, effects, drawn, "x", 1)["evppi"][0]
        >>> bool(np.isclose(evppi_each(effects * 0, effects, bases, 1)["evppi"][0], apart))
        True
    """
    _, cost, effect = paired(costs, effects)
    benefit = thresholds(willingness_to_pay)[0] * effect - cost
    benefit = benefit - benefit[0]
    nothing, zero = np.zeros_like(benefit), np.zeros(1)
    found = []
    for name, basis in bases.items():
        if len(basis) != benefit.shape[1]:
            raise ValueError(f"bases: expected {benefit.shape[1]} draws of {name}, found {len(basis)}.")
        smooth = (benefit @ basis) @ basis.T
        value, error = _value(zero, -smooth, nothing, -benefit, nothing)
        found.append((name, float(value[0]), float(error[0])))
    return pd.DataFrame(found, columns=["parameter_id", "evppi", "standard_error"])


def _held(model: Model, others: pd.DataFrame, answer: dict[Any, Any]) -> tuple[FloatArray, FloatArray]:
    """Give mean effects and costs of each strategy with some parameters held fixed."""
    costs, effects = model(others.assign(**answer))
    _, cost, effect = paired(costs, effects)
    return effect.mean(axis=1), cost.mean(axis=1)


def _asked_for(parameters: pd.DataFrame, wanted: list[str], draws: pd.Index) -> FloatArray:
    """Give the parameters asked for as an array of draws x parameters."""
    missing = [name for name in wanted if name not in parameters]
    if missing or not wanted:
        raise ValueError(
            f"of: expected names of parameters, found {missing or 'none'}. There are {list(parameters.columns)[:20]}."
        )
    if not parameters.index.equals(draws):
        raise ValueError(
            f"parameters: expected the draws of the costs, in their order; found {len(parameters)} draws beside "
            f"{len(draws)}, or other labels."
        )
    known = parameters[wanted].to_numpy(dtype=float)
    wrong = ~np.isfinite(known)
    if wrong.any():
        draw, column = (int(place[0]) for place in np.nonzero(wrong))
        raise ValueError(f"parameters: expected finite values, found {known[draw, column]} for {wanted[column]}.")
    return known


def _regressed(
    values: FloatArray, cost: FloatArray, effect: FloatArray, known: FloatArray, method: Estimator
) -> tuple[FloatArray, FloatArray]:
    """Give value and standard error from a regression on the known parameters."""
    varies = (known != known[:1]).any()
    if not varies or len(cost) == 1:
        return np.zeros(len(values)), np.zeros(len(values))
    smooth = SMOOTHERS[method](known, np.vstack([cost[1:], effect[1:]]).T).T
    smooth_cost, smooth_effect = (np.vstack([cost[:1] * 0, part]) for part in np.split(smooth, 2))
    return _value(values, smooth_cost, smooth_effect, cost, effect)


def _value(
    values: FloatArray, smooth_cost: FloatArray, smooth_effect: FloatArray, cost: FloatArray, effect: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give the value of choosing by the smooth net benefit, and its standard error from the unsmoothed one.

    The strategy chosen by a regression is nearly the best, so errors of the regression cancel to first order and what
    is left is the sampling error of the mean difference between the two choices.
    """
    value, error = np.empty(len(values)), np.empty(len(values))
    smooth_cost, smooth_effect = np.ascontiguousarray(smooth_cost), np.ascontiguousarray(smooth_effect)
    draws = np.arange(cost.shape[1])
    on_average = (values[:, None] * smooth_effect.mean(axis=1) - smooth_cost.mean(axis=1)).argmax(axis=1)
    for row, (best, winner) in enumerate(best_strategies(values, smooth_cost, smooth_effect)):
        chosen = on_average[row]
        value[row] = (best - (values[row] * smooth_effect[chosen] - smooth_cost[chosen])).mean()
        gain = values[row] * (effect[winner, draws] - effect[chosen]) - (cost[winner, draws] - cost[chosen])
        error[row] = gain.std(ddof=1) / np.sqrt(len(draws)) if len(draws) > 1 else np.nan
    return value, error
