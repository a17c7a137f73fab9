"""Years of life lost, lived with disability, and adjusted for quality."""

import numpy as np
import pandas as pd
from scipy import special

from epi.economics.discounting import Timing, check_rate, present_value
from epi.intervals import FloatArray, Numbers, broadcast

AGE_WEIGHT_C = 0.1658
AGE_WEIGHT_BETA = 0.04
SMALL = 1e-4


def weighted_years(
    age: Numbers,
    years: Numbers,
    discount_rate: float = 0.0,
    age_weighting: float = 0.0,
    beta: float = AGE_WEIGHT_BETA,
    constant: float = AGE_WEIGHT_C,
) -> FloatArray:
    r"""Give the years from an age on, discounted and weighted by age.

    Formula (Murray): :math:`\int_a^{a+L} [K C x e^{-\beta x} + (1 - K)] e^{-r (x - a)} dx`, r the force of discounting,
    in closed form for any r, K and beta, 0 included.

    Args:
        age: Age a at which the years begin.
        years: Length L of the time, 0 or more.
        discount_rate: r, continuous yearly rate as a proportion (the burden studies' .03); 0 for none.
        age_weighting: K, from 0 (none, the default) to 1 (full).
        beta: Constant of the weights by age.
        constant: C, which keeps the global total of weights as it is.

    Returns:
        Weighted years, of the shape that the arguments broadcast to; nan where one is missing.

    Raises:
        ValueError: An age or a length is negative, K is outside 0 to 1, or the rate or beta is negative.

    References:
        Murray CJL. Quantifying the burden of disease: the technical basis for disability-adjusted life years. Bull
        World Health Organ 1994;72:429-445.

    Examples:
        >>> weighted_years(30, 50).round(2), weighted_years(30, 50, 0.03).round(2)
        (np.float64(50.0), np.float64(25.9))
        >>> weighted_years(30, 50, 0.03, age_weighting=1).round(2)
        np.float64(29.56)
    """
    check_rate(discount_rate)
    if not 0 <= age_weighting <= 1 or beta < 0:
        raise ValueError(f"age weighting: expected K from 0 to 1, beta not negative; found {age_weighting} and {beta}.")
    start, length = broadcast({"age": age, "years": years})
    plain = length * special.exprel(-discount_rate * length)
    total = (1 - age_weighting) * plain
    if age_weighting > 0:
        s = discount_rate + beta
        first = length * special.exprel(-s * length)
        total = total + age_weighting * constant * np.exp(-beta * start) * (start * first + _rising(s * length, length))
    return np.asarray(total)[()]


def years_of_life_lost(
    deaths: Numbers, age: Numbers, life_expectancy: Numbers, discount_rate: float = 0.0, age_weighting: float = 0.0
) -> FloatArray:
    """Give the years of life that deaths cost.

    Formula: deaths x `weighted_years`(age, life expectancy at that age).

    Args:
        deaths: Number of deaths.
        age: Age at death.
        life_expectancy: Years still to be expected at that age.
        discount_rate: Continuous yearly rate; 0 for none.
        age_weighting: K, 0 for none.

    Returns:
        Years, of the shape that the arguments broadcast to.

    Raises:
        ValueError: As `weighted_years`, or deaths are negative.

    References:
        Murray CJL. Bull World Health Organ 1994;72:429-445.

    Examples:
        >>> years_of_life_lost([10, 0], [35, 50], [45.0, 32.0]).tolist()
        [450.0, 0.0]
    """
    died = broadcast({"deaths": deaths})[0]
    return np.asarray(died * weighted_years(age, life_expectancy, discount_rate, age_weighting))[()]


def years_lived_with_disability(
    cases: Numbers,
    disability_weight: Numbers,
    age: Numbers,
    duration: Numbers,
    discount_rate: float = 0.0,
    age_weighting: float = 0.0,
) -> FloatArray:
    """Give the healthy years that a condition costs those who live with it.

    Formula: cases x disability weight x `weighted_years`(age at onset, duration).

    Args:
        cases: Number of new cases.
        disability_weight: D, from 0 (full health) to 1 (as bad as death).
        age: Age at onset.
        duration: Years with the condition.
        discount_rate: Continuous yearly rate; 0 for none.
        age_weighting: K, 0 for none.

    Returns:
        Years, of the shape that the arguments broadcast to.

    Raises:
        ValueError: As `weighted_years`; cases are negative; or a weight is outside 0 to 1.

    References:
        Murray CJL. Bull World Health Organ 1994;72:429-445.

    Examples:
        >>> years_lived_with_disability(100, 0.078, 30, 20).round(1)
        np.float64(156.0)
    """
    new, weight = broadcast({"cases": cases, "disability_weight": disability_weight})
    if (weight > 1).any():
        raise ValueError(f"disability_weight: expected 0 to 1, found {np.nanmax(weight)}.")
    return np.asarray(new * weight * weighted_years(age, duration, discount_rate, age_weighting))[()]


def dalys(yll: Numbers, yld: Numbers) -> pd.DataFrame:
    """Make disability-adjusted life years from their two parts, kept beside their sum.

    Formula: YLL + YLD.

    Args:
        yll: Years of life lost.
        yld: Years lived with disability, with the same discounting and weighting.

    Returns:
        A frame with `yll`, `yld`, `dalys` (years), one row per element.

    Raises:
        ValueError: A number is negative or infinite, or lengths differ.

    References:
        Murray CJL. Bull World Health Organ 1994;72:429-445.

    Examples:
        >>> dalys([450.0], [156.0])
             yll    yld  dalys
        0  450.0  156.0  606.0
    """
    lost, lived = (np.atleast_1d(part) for part in broadcast({"yll": yll, "yld": yld}))
    return pd.DataFrame({"yll": lost, "yld": lived, "dalys": lost + lived})


def qalys(
    people: Numbers, utility: Numbers, discount_rate: float = 0.0, timing: Timing = "start", period_years: float = 1.0
) -> FloatArray:
    """Give quality-adjusted life years of people followed over periods.

    Formula: sum over periods of people x utility x length of the period x discount factor.

    Args:
        people: ... x periods, people alive in each period.
        utility: Utility in each period, broadcast against `people`: 1 for full health, 0 for death; below 0 allowed.
        discount_rate: Yearly rate as a proportion: factors (1 + r)^-t.
        timing: When in a period it is counted: `start`, `middle`, `end` or `continuous`.
        period_years: Length of a period in years.

    Returns:
        QALYs, without the last axis.

    Raises:
        ValueError: A utility is above 1 or not finite, people are negative, or as `discount_factors`.

    References:
        Drummond MF et al. Methods for the economic evaluation of health care programmes, 4th ed. Oxford 2015, ch. 5.

    Examples:
        >>> qalys([100, 90], 0.574).round(2)
        np.float64(109.06)
    """
    alive, quality = np.broadcast_arrays(np.atleast_1d(np.asarray(people, float)), np.asarray(utility, float))
    if not (np.isfinite(quality).all() and (quality <= 1).all()):
        raise ValueError(f"utility: expected finite values of 1 or less, found {np.max(quality)}.")
    if not (alive >= 0).all():
        raise ValueError(f"people: expected numbers of 0 or more, found {np.min(alive)}.")
    return present_value(alive * quality * period_years, discount_rate, timing, period_years)


def _rising(x: FloatArray, length: FloatArray) -> FloatArray:
    """Give the integral of y e^(-s y) from 0 to L, with x = s L; a series where the closed form would be 0 / 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        closed = special.gammainc(2, x) / x**2
    return np.asarray(length**2 * np.where(x < SMALL, 0.5 - x / 3 + x**2 / 8, closed))
