"""Annual percent change of a series of rates; `joinpoint` finds where a trend changed."""

import numpy as np
import pandas as pd
from scipy import special

from epi.intervals import Numbers, check_confidence
from epi.joinpoint import JoinpointFit, joinpoint, joinpoint_many, recommended_joinpoints
from epi.log_rates import Flags, least_scatter, log_rates, percent, pooled_variance

__all__ = ["JoinpointFit", "annual_percent_change", "joinpoint", "joinpoint_many", "recommended_joinpoints"]


def annual_percent_change(
    year: Numbers,
    rate: Numbers,
    se: Numbers = None,
    complete: Flags = None,
    draws: Numbers = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Estimate the constant percent change per year of a series of rates.

    Formula: log(rate) = a + b year by least squares, weighted by w = (rate / se)^2 when standard errors are given;
    value = 100 (exp(b) - 1). With n periods, :math:`b = \sum w (x - \bar x)(y - \bar y) / \sum w (x - \bar x)^2`,
    var(b) = s^2 / :math:`\sum w (x - \bar x)^2`, s^2 = :math:`\sum w r^2 / (n - 2)`, r the residuals; the limits are
    100 (exp(b -/+ t se(b)) - 1), t the quantile with n - 2 degrees of freedom. The weights say which periods are known
    best; how far rates scatter about the line is estimated (as in Joinpoint and SEER*Stat), not taken from `se`.

    A rate of 0 has no logarithm and is refused, as is an incomplete period without nowcast draws, whose figure will
    still rise. With draws, one line is fitted per draw and the variances are pooled as those of multiple imputations.

    Args:
        year: Time of each rate in years, in any order; distinct. Parts of a year may be given as decimals.
        rate: Rate of each period, any unit; above 0. Missing rates are left out.
        se: Standard error of each rate, in its unit; above 0. None weights all periods alike.
        complete: Whether each period is complete (final); None says that all are.
        draws: Nowcast draws of the rate, one row per draw, one column per period (or per incomplete period). Used in
            the incomplete periods only.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.

    Returns:
        A frame of one row: `start`, `end` (first and last year used), `periods` (how many), `value`, `lower`, `upper`
        (percent per year), `p_value` (of no change). Limits are nan with 2 periods.

    Raises:
        ValueError: A rate is 0 or negative, a period is incomplete and has no draws, years repeat, fewer than 2 rates
            are left, shapes or indexes differ, or the confidence is no proportion.
        TypeError: An argument is not numeric.

    References:
        National Cancer Institute. SEER*Stat help: Trend algorithms (APC). Kim HJ, Fay MP, Feuer EJ, Midthune DN.
        Permutation tests for joinpoint regression with applications to cancer rates. Stat Med 2000;19:335-351.
        For draws: Barnard J, Rubin DB. Biometrika 1999;86:948-955.

    Examples:
        >>> annual_percent_change([2018, 2019, 2020, 2021], [20.0, 22.3, 24.0, 26.9]).round(2)
            start     end  periods  value  lower  upper  p_value
        0  2018.0  2021.0        4  10.11   7.56  12.71      0.0
    """
    alpha = 1 - check_confidence(confidence)
    series = log_rates(year, rate, se, complete, draws)
    if len(series.year) < 2:
        raise ValueError(f"a trend needs at least 2 periods with a rate; found {len(series.year)}. Add earlier years.")
    # Without draws the series itself is the only row.
    rows = series.draws if len(series.draws) else series.log_rate[None]
    x = series.year - np.average(series.year, weights=series.weight)
    squares = series.weight @ x**2
    slopes = rows @ (series.weight * x) / squares
    centred = rows - np.average(rows, axis=1, weights=series.weight)[:, None]
    df = len(x) - 2
    scatter = np.maximum((centred - slopes[:, None] * x) ** 2 @ series.weight, least_scatter(rows, series.weight))
    within = scatter.mean() / df / squares if df else np.nan
    between = slopes.var(ddof=1) if len(series.draws) else 0.0
    variance, pooled_df = pooled_variance(np.asarray(within), np.asarray(between), len(series.draws), df)
    slope, error = slopes.mean(), np.sqrt(variance)
    half_width = -special.stdtrit(pooled_df, alpha / 2) * error
    limits = {"value": slope, "lower": slope - half_width, "upper": slope + half_width}
    with np.errstate(divide="ignore", invalid="ignore"):
        p_value = 2 * special.stdtr(pooled_df, -abs(slope) / error)
    return pd.DataFrame(
        {"start": series.year[0], "end": series.year[-1], "periods": len(x)}
        | {name: percent(np.asarray(limit)) for name, limit in limits.items()}
        | {"p_value": p_value},
        index=[0],
    )
