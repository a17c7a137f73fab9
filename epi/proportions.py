"""Proportions and their differences with confidence limits, from counts and from complex surveys."""

import numpy as np
import pandas as pd
from scipy import special

from epi.intervals import (
    BinomialMethod,
    FloatArray,
    Numbers,
    binomial_interval,
    broadcast,
    check_confidence,
    check_method,
    common_index,
    first_position,
    interval_frame,
    mover_difference,
)
from epi.rates import check_per


def proportion(
    successes: Numbers,
    trials: Numbers,
    per: float = 1.0,
    confidence: float = 0.95,
    method: BinomialMethod = "wilson",
) -> pd.DataFrame:
    """Make the proportion of each row, with its binomial limits.

    Formula: value = successes / trials x per; the limits are those of `epi.intervals.binomial_interval` x per.

    Args:
        successes: Number with the characteristic, one per row; not negative, not above `trials`, missing allowed.
        trials: Number examined; missing or 0 gives nan in all three columns, never an error.
        per: 1 for a proportion, 100 for percent.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.
        method: `wilson` or `clopper-pearson`.

    Returns:
        A frame with one row per input row and columns `value`, `lower`, `upper`, in units of `per`. The index is that
        of the Series given, else 0, 1, 2, ...

    Raises:
        ValueError: A number is negative or infinite, there are more successes than trials, `per` is not above 0,
            lengths differ, or two Series carry different indexes.
        TypeError: An argument is not numeric.

    References:
        Wilson EB. JASA 1927;22:209-212. Clopper CJ, Pearson ES. Biometrika 1934;26:404-413.

    Examples:
        >>> proportion([45, 0], [310, 24], per=100).round(1)
           value  lower  upper
        0   14.5   11.0   18.9
        1    0.0    0.0   13.8
    """
    check_per(per)
    inputs = {"successes": successes, "trials": trials}
    x, n = broadcast(inputs)
    lower, upper = binomial_interval(x, n, confidence, method)
    share = x / np.where(n > 0, n, np.nan)
    columns = {"value": share, "lower": lower, "upper": upper}
    return interval_frame({name: column * per for name, column in columns.items()}, common_index(inputs))


def survey_proportion(
    share: Numbers,
    standard_error: Numbers,
    sample_size: Numbers,
    design_df: Numbers = None,
    per: float = 1.0,
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Give the Korn-Graubard limits of a proportion that a survey with a complex design estimated.

    Formula: Clopper-Pearson limits of :math:`p n_e` successes in :math:`n_e` trials, where the effective sample size
    is :math:`n_e = p (1 - p) / se^2`, and, given the design's degrees of freedom d (sampling units less strata),
    :math:`n_e (t_{n-1} / t_d)^2` with t the :math:`1 - \alpha/2` quantiles. It is never above the sample size n (as in
    NCHS presentation standards), and equals n where p is 0 or 1 or the standard error is 0: then the survey itself
    says nothing about its design effect.

    Args:
        share: Estimated (weighted) proportion, 0 to 1, one per row; missing allowed.
        standard_error: Its standard error under the design, on the same scale; missing gives limits nan.
        sample_size: Number of people in the denominator, unweighted; missing or 0 gives nan.
        design_df: Degrees of freedom of the design; None makes no adjustment; below 1 gives limits nan.
        per: 1 for a proportion, 100 for percent: the unit of the result only.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.

    Returns:
        A frame with one row per input row and columns `value`, `lower`, `upper` (units of `per`) and
        `effective_sample_size` (people).

    Raises:
        ValueError: A proportion is above 1, a number is negative or infinite, lengths differ, or two Series carry
            different indexes.
        TypeError: An argument is not numeric.

    References:
        Korn EL, Graubard BI. Confidence intervals for proportions with small expected number of positive counts
        estimated from survey data. Surv Methodol 1998;24:193-201. Parker JD, Talih M, Malec DJ, et al. National Center
        for Health Statistics data presentation standards for proportions. Vital Health Stat 2(175), 2017.

    Examples:
        >>> survey_proportion(0.12, 0.025, 400, design_df=20, per=100).round(1)
           value  lower  upper  effective_sample_size
        0   12.0    7.3   18.3                  150.1
    """
    alpha = 1 - check_confidence(confidence)
    check_per(per)
    inputs = {"share": share, "standard_error": standard_error, "sample_size": sample_size}
    if design_df is not None:
        inputs["design_df"] = design_df
    p, se, n, *df = broadcast(inputs)
    if (p > 1).any():
        found = f"{np.atleast_1d(p)[np.atleast_1d(p) > 1][0]:g}{first_position(p > 1)}"
        raise ValueError(f"share must be a proportion from 0 to 1; found {found}. Divide percentages by 100.")
    n = np.where(n > 0, n, np.nan)
    sure = (p == 0) | (p == 1) | (se == 0)
    # A standard error next to 0 overflows to a size that the sample's own then replaces.
    with np.errstate(divide="ignore", over="ignore"):
        effective = np.where(sure, n, p * (1 - p) / np.where(sure, np.nan, se) ** 2)
    if df:
        d = np.where(df[0] >= 1, df[0], np.nan)
        # A sample of one person has no t quantile; its effective size is 1 whatever the design.
        ratio = special.stdtrit(np.maximum(n - 1, 1), alpha / 2) / special.stdtrit(d, alpha / 2)
        effective = np.where(sure, effective, effective * ratio**2)
    effective = np.minimum(effective, n)
    # p n_e may exceed n_e by a rounding error when p is 1.
    lower, upper = binomial_interval(np.minimum(p * effective, effective), effective, confidence, "clopper-pearson")
    columns = {
        "value": np.where(np.isnan(n), np.nan, p) * per,
        "lower": lower * per,
        "upper": upper * per,
        "effective_sample_size": effective,
    }
    return interval_frame(columns, common_index(inputs))


def proportion_difference(
    successes_a: Numbers,
    trials_a: Numbers,
    successes_b: Numbers,
    trials_b: Numbers,
    per: float = 1.0,
    confidence: float = 0.95,
    method: BinomialMethod = "wilson",
) -> pd.DataFrame:
    """Make the difference of two independent proportions, row by row, with Newcombe's limits.

    Formula: value = (a / n_a - b / n_b) x per; with Wilson limits l, u of each proportion p, lower = value -
    sqrt((p_a - l_a)^2 + (u_b - p_b)^2), upper = value + sqrt((u_a - p_a)^2 + (p_b - l_b)^2): Newcombe's method 10,
    without continuity correction. The limits never leave -1 to 1 and hold at 0 and at all successes.

    Args:
        successes_a: Number with the characteristic in the group of interest, one per row; missing allowed.
        trials_a: Number examined in it; missing or 0 gives nan.
        successes_b: Number with the characteristic in the reference group.
        trials_b: Number examined in it.
        per: 1 for a proportion, 100 for percentage points.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.
        method: Limits of each proportion: `wilson` (Newcombe's) or `clopper-pearson` (wider).

    Returns:
        A frame with one row per input row and columns `value`, `lower`, `upper`, in units of `per`. The index is that
        of the Series given, else 0, 1, 2, ...

    Raises:
        ValueError: As `proportion`.
        TypeError: An argument is not numeric.

    References:
        Newcombe RG. Interval estimation for the difference between independent proportions: comparison of eleven
        methods. Stat Med 1998;17:873-890.

    Examples:
        >>> proportion_difference(7, 34, 1, 34).round(4)
            value   lower   upper
        0  0.1765  0.0189  0.3404
    """
    check_per(per)
    check_method(method, BinomialMethod)
    inputs = {"successes_a": successes_a, "trials_a": trials_a, "successes_b": successes_b, "trials_b": trials_b}
    a, n_a, b, n_b = broadcast(inputs)
    p_a, p_b = (x / np.where(n > 0, n, np.nan) for x, n in ((a, n_a), (b, n_b)))
    limits_a, limits_b = (binomial_interval(x, n, confidence, method) for x, n in ((a, n_a), (b, n_b)))
    lower, upper = mover_difference(p_a, limits_a, p_b, limits_b)
    columns: dict[str, FloatArray] = {"value": p_a - p_b, "lower": lower, "upper": upper}
    return interval_frame({name: column * per for name, column in columns.items()}, common_index(inputs))
