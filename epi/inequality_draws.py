"""Random values of groups, and limits of measures of inequality that are made from them."""

from typing import Literal

import numpy as np
from scipy import special

from epi.inequality_measures import Measure
from epi.intervals import FloatArray

Distribution = Literal["log-normal", "normal"]


def value_draws(
    value: FloatArray,
    low: FloatArray,
    high: FloatArray,
    distribution: Distribution = "log-normal",
    confidence: float = 0.95,
    draws: int = 4_000,
    seed: int = 2021,
    ceiling: float = np.inf,
) -> FloatArray:
    r"""Draw values of groups whose limits are given, so that half the draws are below the value.

    Formula: with z standard normal and q its (1 + confidence) / 2 quantile, `normal`: value + z (high - value) / q for
    z > 0, value + z (value - low) / q below, cut off at 0 and at the ceiling; `log-normal`: the same for logarithms.
    Where the value is 0 its draws are exponential, -log(Phi(-z)) high / -log((1 - confidence) / 2): for a count of 0
    with an exact upper limit that is the likelihood of its rate. Where only `low` is not above 0, `normal` is used.

    Args:
        value: Value of each group, places x groups.
        low: Lower limit of each.
        high: Upper limit of each.
        distribution: `log-normal` or `normal`.
        confidence: Confidence level of the limits.
        draws: Number of draws, stratified: one from each of equally probable slices, for each group.
        seed: Seed of the random numbers. All places share them: draws do not depend on which places there are.
        ceiling: Largest possible value.

    Returns:
        Array of draws x places x groups, in the unit of the value; nan for groups without limits.

    References:
        McKay MD, Beckman RJ, Conover WJ. Technometrics 1979;21:239-245 (stratified draws).

    Examples:
        >>> drawn = value_draws(np.array([[10.0]]), np.array([[5.0]]), np.array([[40.0]]))
        >>> np.quantile(drawn, [0.025, 0.5, 0.975]).round().tolist()
        [5.0, 10.0, 40.0]
    """
    random = np.random.default_rng(seed)
    tail = (1 - confidence) / 2
    quantile = float(-special.ndtri(tail))
    z = np.column_stack([_stratified(random, draws) for _ in range(value.shape[-1])])[:, None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = np.maximum(value + z * (np.where(z < 0, value - low, high - value) / quantile), 0.0)
        if distribution == "log-normal":
            logs = np.log(value) + z * (np.where(z < 0, np.log(value / low), np.log(high / value)) / quantile)
            drawn = np.where(low > 0, np.exp(logs), drawn)
        drawn = np.where(value == 0, special.log_ndtr(-z) / np.log(tail) * high, drawn)
    return np.asarray(np.minimum(drawn, ceiling))


def limits_of_measure(
    value: FloatArray, drawn: FloatArray | None, measure: Measure, ordered: bool, confidence: float
) -> dict[str, FloatArray]:
    """Give `lower`, `upper` and `bias` of a measure from its value per place and its draws x places.

    Limits of measures that noise can only move away from equality are reflected about the value (on the log scale for
    a ratio) and stop at equality; others are plain quantiles. Nan where a draw is undefined, or there are none.
    """
    if drawn is None:
        return {name: np.full(value.shape, np.nan) for name in ("lower", "upper", "bias")}
    known = ~np.isnan(drawn).any(axis=0) & ~np.isnan(value)
    drawn = np.where(known, drawn, 0.0)
    tails = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tails, 1 - tails], axis=0, method="closest_observation")
    bias = np.where(known, drawn.mean(axis=0) - value, np.nan)
    # Between groups in order, difference and ratio have a direction that noise may reverse.
    if measure.no_effect is None or (ordered and measure.fewest == 2):
        lower, upper = low, high
    elif measure.no_effect == 0:
        sign = np.where((value < 0) | (low < 0), -1.0, 1.0)
        near, far = (np.where(sign < 0, -high, low), np.where(sign < 0, -low, high))
        inner, outer = np.maximum(2 * np.abs(value) - far, 0.0), 2 * np.abs(value) - near
        lower, upper = np.where(sign < 0, -outer, inner), np.where(sign < 0, -inner, outer)
    else:
        lower, upper = np.maximum(value**2 / high, measure.no_effect), value**2 / low
    lower, upper = np.minimum(lower, value), np.maximum(upper, value)
    return {"lower": np.where(known, lower, np.nan), "upper": np.where(known, upper, np.nan), "bias": bias}


def _stratified(random: np.random.Generator, draws: int) -> FloatArray:
    slices = (np.arange(draws) + random.random(draws)) / draws
    return np.asarray(special.ndtri(random.permutation(slices)))
