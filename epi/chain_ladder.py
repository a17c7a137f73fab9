"""The chain ladder with Mack's standard errors: final counts from a reporting triangle, in closed form."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from epi.intervals import FloatArray, check_confidence
from epi.reporting import triangle_cells


@dataclass(frozen=True)
class MackFit:
    """Chain ladder totals with Mack's standard errors.

    Attributes:
        factors: One row per delay but the last: `factor` (to the next delay), `variance` (Mack's sigma squared).
        periods: One row per reference period: `reported`, `value` (estimated final count), `outstanding`,
            `standard_error`, `lower`, `upper` of the final count.
        outstanding: Events outstanding over all periods.
        standard_error: Standard error of `outstanding`, with the covariance between periods.
    """

    factors: pd.DataFrame
    periods: pd.DataFrame
    outstanding: float
    standard_error: float


def mack(triangle: pd.DataFrame, confidence: float = 0.9) -> MackFit:
    r"""Estimate final counts by the chain ladder with Mack's distribution-free standard errors, in closed form.

    Formula, with C_{id} all events of period i by delay d: factor f_d = sum C_{i,d+1} / sum C_{id} over periods seen
    at d + 1; variance s_d^2 = sum C_{id} (C_{i,d+1}/C_{id} - f_d)^2 / (n_d - 1), n_d the number of periods; where n_d =
    1, min(s_{d-1}^4 / s_{d-2}^2, s_{d-2}^2, s_{d-1}^2). With U the final count, a the newest delay,
    mse(i) = U_i^2 sum_{d>=a} s_d^2 / f_d^2 (1 / C_{id} + 1 / S_d), S_d the denominator of f_d; the total adds
    2 U_i U_j sum s_d^2 / (f_d^2 S_d) over pairs, d from the newer of their delays on. Limits take `outstanding` as
    lognormal (normal where not above 0). A factor of 0 / 0 is 1 (nan where no period was
    seen at both delays). A period without
    events so far stays at 0 with standard error 0, as any factor times 0 is 0: `epi.nowcast.nowcast` has limits for it.

    Args:
        triangle: New events, reference periods x delays, nan where not yet known. Negative cells (withdrawn reports)
            are taken as long as no period's total falls below 0.
        confidence: Level of the limits, a proportion strictly between 0 and 1.

    Returns:
        A `MackFit`. Figures are nan where a variance cannot be had (a single period, or no events before a delay that
        has some).

    Raises:
        ValueError: A total is negative, a cell infinite, a row has a gap, or the confidence is no proportion.
        TypeError: The triangle is not numeric.

    References:
        Mack T. Distribution-free calculation of the standard error of chain ladder reserve estimates. ASTIN Bull
        1993;23:213-225.

    Examples:
        >>> found = mack(pd.DataFrame([[60.0, 30, 10], [66, 34, 12], [50, 22, np.nan], [55, np.nan, np.nan]]))
        >>> found.periods[["reported", "value", "standard_error"]].round(2)
           reported   value  standard_error
        0     100.0  100.00            0.00
        1     112.0  112.00            0.00
        2      72.0   80.34            0.61
        3      55.0   91.36            2.86
    """
    check_confidence(confidence)
    cells = np.cumsum(triangle_cells(triangle, negative=True), axis=1)
    if (cells < 0).any():
        raise ValueError("the total of a reference period must not be negative; found one. Correct the withdrawals.")
    factor, variance, base = _factors(cells)
    known = ~np.isnan(cells)
    newest = known.sum(axis=1) - 1
    reported = np.where(newest >= 0, cells[np.arange(len(cells)), newest], np.nan)
    growth = np.concatenate([[1.0], np.cumprod(factor)])
    with np.errstate(divide="ignore", invalid="ignore"):
        path = np.where(known, cells, reported[:, None] * growth / growth[newest][:, None])
        scaled = variance / factor**2
        terms = np.where(variance == 0, 0.0, scaled * (1 / path[:, :-1] + 1 / base))
        common = np.where(variance == 0, 0.0, scaled / base)
    # An infinite factor (no events before, some after) says only that the final count cannot be told.
    path[~np.isfinite(path)] = np.nan
    ahead = np.arange(cells.shape[1] - 1) >= newest[:, None]
    final = path[:, -1]
    with np.errstate(invalid="ignore"):
        own = np.where(final == 0, 0.0, final**2 * np.where(ahead, terms, 0.0).sum(axis=1))
    tails = np.append(np.cumsum(common[::-1])[::-1], 0.0)
    shared = tails[np.maximum(newest[:, None], newest)] * np.outer(final, final)
    np.fill_diagonal(shared, 0.0)
    total = float(np.sqrt(own.sum() + shared.sum()))
    error, outstanding = np.sqrt(own), final - reported
    lower, upper = _reserve_limits(outstanding, error, confidence)
    columns = {"reported": reported, "value": final, "outstanding": outstanding, "standard_error": error}
    columns |= {"lower": reported + lower, "upper": reported + upper}
    factors = pd.DataFrame({"factor": factor, "variance": variance}, index=triangle.columns[:-1])
    return MackFit(factors, pd.DataFrame(columns, index=triangle.index), float(outstanding.sum()), total)


def _factors(cells: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give chain ladder factors, Mack's variances and the sums that the factors are made on."""
    pair = ~np.isnan(cells[:, 1:])
    now, later = np.where(pair, cells[:, :-1], 0.0), np.where(pair, cells[:, 1:], 0.0)
    base = now.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = later.sum(axis=0) / base
        factor = np.where(pair.any(axis=0) & (base == 0) & (later.sum(axis=0) == 0), 1.0, factor)
        squares = np.where(now > 0, now * (later / now - factor) ** 2, 0.0).sum(axis=0)
    number = ((now > 0) & pair).sum(axis=0)
    variance = np.divide(squares, number - 1, out=np.full(len(base), np.nan), where=number > 1)
    variance[number == 0] = np.where(np.isfinite(factor[number == 0]), 0.0, np.nan)
    for delay in np.flatnonzero((number == 1) & (np.arange(len(base)) >= 2)):
        before, last = variance[delay - 2], variance[delay - 1]
        variance[delay] = min(last**2 / before if before > 0 else 0.0, before, last)
    return factor, variance, base


def _reserve_limits(outstanding: FloatArray, error: FloatArray, confidence: float) -> tuple[FloatArray, FloatArray]:
    z = special.ndtri((1 + confidence) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.log1p((error / outstanding) ** 2))
        centre = np.log(outstanding) - spread**2 / 2
        logs = np.exp(centre - z * spread), np.exp(centre + z * spread)
    normal = outstanding - z * error, outstanding + z * error
    # Above a coefficient of variation of some 200 % a lognormal's upper limit falls below its own mean.
    lower, upper = (np.where(outstanding > 0, a, b) for a, b in zip(logs, normal, strict=True))
    return np.minimum(lower, outstanding), np.maximum(upper, outstanding)
