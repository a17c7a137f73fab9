"""Coverage when its numerator is uncertain too: draws, limits from draws, and how probably a target is met."""

from typing import Literal

import numpy as np
import pandas as pd
from scipy import special

from epi.coverage import check_limits, target_status
from epi.intervals import (
    FloatArray,
    Numbers,
    broadcast,
    check_confidence,
    check_method,
    common_index,
    first_position,
    interval_frame,
)
from epi.rates import check_per

Distribution = Literal["log-normal", "normal", "beta"]

# Draws times rows held at once: 4 million numbers are 32 MB.
BLOCK = 4_000_000


def coverage_draws(
    numerator: Numbers,
    denominator: Numbers,
    denominator_low: Numbers,
    denominator_high: Numbers,
    numerator_low: Numbers = None,
    numerator_high: Numbers = None,
    numerator_distribution: Distribution = "log-normal",
    per: float = 1.0,
    confidence: float = 0.95,
    draws: int = 10_000,
    seed: int = 2021,
) -> FloatArray:
    r"""Draw coverage at random from what is known of its numerator and its denominator.

    Formula: coverage = X / N x per with N log-normal about the estimate: log N = log(value) + z s, where s is
    log(high / value) / q above the estimate and log(value / low) / q below it, z standard normal and q its
    (1 + confidence) / 2 quantile. So half the draws are below the estimate and the published limits are exactly the
    quantiles they claim to be, even where the interval is lopsided. X is drawn alike (`log-normal`), with the same
    halves about the value on the natural scale, cut off at 0 (`normal`), or from the beta distribution of mean
    `numerator` and standard deviation (high - low) / 2q (`beta`, for a numerator that is itself a proportion of
    a survey). Without limits X is taken as counted in full. Numerator and denominator are independent.

    z is a stratified sample (one draw from each of `draws` equal slices of its distribution, in random order), which
    makes quantiles far steadier than plain draws. All rows share it: so a row's draws do not depend on the other rows,
    and draws must not be added across rows, as if places erred independently.

    Args:
        numerator: What was delivered or who was reached, one per row; missing gives nan.
        denominator: Estimated population; missing or 0 gives nan.
        denominator_low: Lower limit of that estimate; missing or 0 gives nan: its error is not known.
        denominator_high: Upper limit of that estimate; missing gives nan.
        numerator_low: Lower limit of the numerator; None or missing, with `numerator_high`, for a full count.
        numerator_high: Upper limit of the numerator.
        numerator_distribution: `log-normal`, `normal` or `beta`.
        per: 1 for a proportion or for units per person, 100 for percent.
        confidence: Confidence level of the limits given.
        draws: Number of draws.
        seed: Seed of the random numbers; the same seed gives the same draws.

    Returns:
        Array of draws x rows, in units of `per`.

    Raises:
        ValueError: As `coverage`; a beta numerator is not between 0 and 1, or has limits wider than any beta
            distribution; or `draws` is below 1.
        TypeError: An argument is not numeric.

    References:
        McKay MD, Beckman RJ, Conover WJ. Technometrics 1979;21:239-245 (stratified draws). Briggs A, Sculpher M,
        Claxton K. Decision Modelling for Health Economic Evaluation. 2006, ch. 4 (distributions from intervals).

    Examples:
        >>> drawn = coverage_draws(1_200_000, 10_000, 8_000, 15_000)
        >>> drawn.shape, np.quantile(drawn, [0.025, 0.5, 0.975]).round(0).tolist()
        ((10000, 1), [80.0, 120.0, 150.0])
    """
    check_per(per)
    check_method(numerator_distribution, Distribution)
    quantile = float(-special.ndtri((1 - check_confidence(confidence)) / 2))
    if draws < 1:
        raise ValueError(f"draws must be at least 1; found {draws}. Give 1,000 or more for limits.")
    inputs = _named(numerator, denominator, denominator_low, denominator_high, numerator_low, numerator_high)
    reached, people, low, high, n_low, n_high = map(np.atleast_1d, broadcast(inputs))
    check_limits("denominator", people, low, high)
    check_limits("numerator", reached, n_low, n_high)
    random = np.random.default_rng(seed)
    z_people, z_reached = (_stratified(random, draws) for _ in range(2))
    sizes = _two_piece(z_people, _log(people), _log(low), _log(high), quantile)
    counted = np.isnan(n_low) & np.isnan(n_high)
    drawn = _numerators(z_reached, reached, n_low, n_high, quantile, numerator_distribution)
    return np.where(counted, reached, drawn) / np.exp(sizes) * per


def simulated_coverage(
    numerator: Numbers,
    denominator: Numbers,
    denominator_low: Numbers,
    denominator_high: Numbers,
    numerator_low: Numbers = None,
    numerator_high: Numbers = None,
    numerator_distribution: Distribution = "log-normal",
    target: Numbers = None,
    higher_is_better: bool = True,
    per: float = 1.0,
    confidence: float = 0.95,
    draws: int = 10_000,
    seed: int = 2021,
) -> pd.DataFrame:
    """Make coverage per row with simulated limits, and the probability that its target is met.

    Formula: value = numerator / denominator x per; the limits are quantiles of `coverage_draws`; `probability_met` is
    the share of draws at the target or on its good side. With a numerator counted in full the limits agree with the
    bounds of `coverage`; with a sampled one they carry both errors, without the pessimism of combining both worst
    cases. `target_status` is judged by the limits.

    Args:
        numerator: As `coverage_draws`, like all arguments not named here.
        denominator: Estimated population.
        denominator_low: Lower limit of that estimate.
        denominator_high: Upper limit of that estimate.
        numerator_low: Lower limit of the numerator, if it was sampled.
        numerator_high: Upper limit of the numerator.
        numerator_distribution: `log-normal`, `normal` or `beta`.
        target: The target, in units of `per`; one for all rows or one per row; missing for none.
        higher_is_better: True where the target is a floor, False where it is a ceiling.
        per: 1 for a proportion or for units per person, 100 for percent.
        confidence: Confidence level of the limits given and made.
        draws: Number of draws.
        seed: Seed of the random numbers.

    Returns:
        A frame with one row per input row and columns `value`, `lower`, `upper`, `probability_met` (nan without a
        target or without limits of the denominator) and `target_status`. The index is that of the Series given.

    Raises:
        ValueError: As `coverage_draws`.
        TypeError: An argument is not numeric.

    References:
        As `coverage_draws`.

    Examples:
        >>> simulated_coverage(3_400, 10_000, 8_000, 15_000, 2_900, 3_900, target=40, per=100).round(2)
           value  lower  upper  probability_met target_status
        0   34.0  21.98  43.97             0.11  undetermined
    """
    inputs = _named(numerator, denominator, denominator_low, denominator_high, numerator_low, numerator_high)
    inputs["target"] = target
    index = common_index(inputs)
    columns = list(map(np.atleast_1d, broadcast(inputs)))
    reached, people, low, high, n_low, n_high, goal = columns
    step = max(1, BLOCK // max(draws, 1))
    tails = (1 - check_confidence(confidence)) / 2
    limits, met = np.empty((2, len(goal))), np.empty(len(goal))
    for start in range(0, len(goal), step):
        rows = slice(start, start + step)
        drawn = coverage_draws(
            reached[rows],
            people[rows],
            low[rows],
            high[rows],
            n_low[rows],
            n_high[rows],
            numerator_distribution=numerator_distribution,
            per=per,
            confidence=confidence,
            draws=draws,
            seed=seed,
        )
        drawn.sort(axis=0)
        limits[:, rows] = _quantiles(drawn, tails)
        good = drawn >= goal[rows] if higher_is_better else drawn <= goal[rows]
        met[rows] = np.where(np.isnan(goal[rows] + drawn[0]), np.nan, good.mean(axis=0))
    value = reached * per / np.where(people > 0, people, np.nan)
    # A quantile of few draws can miss the value, which is their median.
    lower, upper = np.minimum(limits[0], value), np.maximum(limits[1], value)
    table = interval_frame({"value": value, "lower": lower, "upper": upper, "probability_met": met}, index)
    return table.assign(target_status=target_status(value, lower, upper, goal, higher_is_better))


def _named(
    numerator: Numbers, denominator: Numbers, low: Numbers, high: Numbers, n_low: Numbers, n_high: Numbers
) -> dict[str, Numbers]:
    return {
        "numerator": numerator,
        "denominator": denominator,
        "denominator_low": low,
        "denominator_high": high,
        "numerator_low": n_low,
        "numerator_high": n_high,
    }


def _stratified(random: np.random.Generator, draws: int) -> FloatArray:
    """Draw one standard normal number from each of equally probable slices, as a column in random order."""
    slices = (np.arange(draws) + random.random(draws)) / draws
    return np.asarray(special.ndtri(random.permutation(slices)))[:, None]


def _log(values: FloatArray) -> FloatArray:
    return np.asarray(np.log(np.where(values > 0, values, np.nan)))


def _quantiles(ordered: FloatArray, tails: float) -> FloatArray:
    """Give the two tail quantiles of each column of draws that are in order."""
    positions = np.array([tails, 1 - tails]) * (len(ordered) - 1)
    below = np.floor(positions).astype(np.intp)
    above = np.minimum(below + 1, len(ordered) - 1)
    part = (positions - below)[:, None]
    return np.asarray(ordered[below] * (1 - part) + ordered[above] * part)


def _two_piece(z: FloatArray, value: FloatArray, low: FloatArray, high: FloatArray, quantile: float) -> FloatArray:
    # With one limit missing, half the draws would be known; they must not pass for the whole.
    known = np.where(np.isnan(low + high), np.nan, value)
    return known + z * np.where(z < 0, value - low, high - value) / quantile


def _numerators(
    z: FloatArray, value: FloatArray, low: FloatArray, high: FloatArray, quantile: float, distribution: Distribution
) -> FloatArray:
    if distribution == "log-normal":
        return np.exp(_two_piece(z, _log(value), _log(low), _log(high), quantile))
    if distribution == "normal":
        return np.maximum(_two_piece(z, value, low, high, quantile), 0.0)
    spread = (high - low) / (2 * quantile)
    variance = value * (1 - value)
    drawn = ~np.isnan(spread)
    wrong = drawn & ((value >= 1) | (value <= 0) | (spread**2 >= variance))
    if wrong.any():
        raise ValueError(
            f"a beta numerator must be a proportion between 0 and 1 with limits narrower than chance; found "
            f"{value[wrong][0]:g} ({low[wrong][0]:g} to {high[wrong][0]:g}){first_position(wrong)}. "
            "Divide percentages by 100, or take another distribution."
        )
    certain = spread == 0
    size = variance / np.where(certain, np.nan, spread) ** 2 - 1
    shares: FloatArray = special.betaincinv(value * size, (1 - value) * size, special.ndtr(z))
    return np.where(certain, value, shares)
