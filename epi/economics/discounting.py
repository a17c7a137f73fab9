"""Amounts of later years in today's terms, with the moment at which they are counted said."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special

from epi.intervals import FloatArray, Numbers, check_method

Timing = Literal["start", "middle", "end", "continuous"]
RATES = (0.0, 0.03, 0.05)
"""Yearly rates shown side by side unless others are asked for."""


def discount_factors(periods: int, rate: float, timing: Timing = "start", period_years: float = 1.0) -> FloatArray:
    r"""Give what 1 in each of several periods of equal length counts today.

    Formula: (1 + r)^-t, t in years from 0: at the `start` (0, L, 2L, ...), `middle` or `end` of the period of length L;
    `continuous` averages over the period: :math:`[(1+r)^{-kL} - (1+r)^{-(k+1)L}] / (L \ln(1+r))`. (1 - r)^t, or factors
    that are subtracted, are other things and wrong.

    Args:
        periods: Number of periods.
        rate: Yearly rate r as a proportion, 0 or more.
        timing: `start`, `middle`, `end` or `continuous`.
        period_years: Length L of a period in years.

    Returns:
        Array of length `periods`.

    Raises:
        ValueError: The rate is negative or missing, a length is not above 0, or the timing is unknown.

    References:
        Drummond MF et al. Methods for the economic evaluation of health care programmes, 4th ed. Oxford 2015, ch. 7.

    Examples:
        >>> discount_factors(3, 0.05).round(4).tolist()
        [1.0, 0.9524, 0.907]
        >>> discount_factors(2, 0.05, "continuous").round(4).tolist()
        [0.976, 0.9295]
    """
    check_method(timing, Timing)
    check_rate(rate)
    if periods < 1 or not period_years > 0:
        raise ValueError(
            f"discount_factors: expected one period or more, longer than 0 years; found {periods} of {period_years}."
        )
    start = np.arange(periods, dtype=float) * period_years
    if timing == "continuous":
        force = np.log1p(rate)
        return np.asarray(np.exp(-force * start) * special.exprel(-force * period_years))
    shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[timing] * period_years
    return np.asarray((1 + rate) ** -(start + shift))


def present_value(amounts: Numbers, rate: float, timing: Timing = "start", period_years: float = 1.0) -> FloatArray:
    """Give the present value of a series of amounts, one per period along the last axis.

    Formula: sum over periods of amount x discount factor.

    Args:
        amounts: ... x periods, per period (not per year), any unit.
        rate: Yearly rate as a proportion.
        timing: When in a period its amount is counted: `start`, `middle`, `end` or `continuous`.
        period_years: Length of a period in years.

    Returns:
        Array without the last axis (a number for one series).

    Raises:
        ValueError: As `discount_factors`, or there is no period.

    References:
        Drummond MF et al. Methods for the economic evaluation of health care programmes, 4th ed. Oxford 2015, ch. 7.

    Examples:
        >>> round(float(present_value([100, 100, 100], 0.05)), 2)
        285.94
    """
    values = np.atleast_1d(np.asarray(amounts, dtype=float))
    return np.asarray(values @ discount_factors(values.shape[-1], rate, timing, period_years))[()]


def present_value_table(
    amounts: pd.DataFrame,
    rates: Sequence[float] | Mapping[str, float] = RATES,
    timing: Timing = "start",
    period_years: float = 1.0,
) -> pd.DataFrame:
    """Make undiscounted and discounted totals side by side.

    Formula: `present_value` of each column at each rate; a rate of 0 is always among them, first.

    Args:
        amounts: Periods x outcomes (costs, QALYs, deaths averted, ...), in order of time.
        rates: Yearly rates as proportions; or rates by name, such as those that countries prescribe.
        timing: When in a period its amount is counted.
        period_years: Length of a period in years.

    Returns:
        One row per outcome, one column per rate: `undiscounted`, then `at_3_pct`, `at_5_pct`, ... or the names given.

    Raises:
        ValueError: As `discount_factors`.

    References:
        Sanders GD et al. Recommendations for conduct, methodological practices, and reporting of cost-effectiveness
        analyses: second panel. JAMA 2016;316:1093-1103.

    Examples:
        >>> flows = pd.DataFrame({"cost": [100.0, 100.0], "qalys": [1.0, 2.0]})
        >>> present_value_table(flows).round(2)
               undiscounted  at_3_pct  at_5_pct
        cost          200.0    197.09    195.24
        qalys           3.0      2.94      2.90
    """
    named = dict(rates) if isinstance(rates, Mapping) else {f"at_{rate * 100:g}_pct": rate for rate in rates if rate}
    columns = {"undiscounted": 0.0, **named}
    values = amounts.to_numpy(dtype=float).T
    totals = {name: present_value(values, rate, timing, period_years) for name, rate in columns.items()}
    return pd.DataFrame(totals, index=amounts.columns)


def annuity(years: Numbers, rate: float, timing: Timing = "end") -> FloatArray:
    r"""Give the present value of 1 a year.

    Formula: `end` (1 - (1+r)^-n) / r; `start` that times (1 + r), `middle` times (1+r)^.5; `continuous`
    (1 - (1+r)^-n) / ln(1+r). n if r = 0. n need not be whole.

    Args:
        years: Number of years n, 0 or more.
        rate: Yearly rate as a proportion.
        timing: When in each year the 1 is counted.

    Returns:
        Array of the shape of `years`, in years.

    Raises:
        ValueError: The rate or a number of years is negative, or the timing is unknown.

    References:
        Drummond MF et al. Methods for the economic evaluation of health care programmes, 4th ed. Oxford 2015, ch. 7.

    Examples:
        The value of 30 years of $25,707 at 3 % that a study of a consumption site used.

        >>> round(25_707 * float(annuity(30, 0.03)))
        503869
    """
    check_method(timing, Timing)
    check_rate(rate)
    n = np.asarray(years, dtype=float)
    if not (n >= 0).all():
        raise ValueError(f"years: expected numbers of 0 or more, found {n[~(n >= 0)].ravel()[0]}.")
    force = np.log1p(rate)
    total = n * special.exprel(-n * force)
    if timing == "continuous" or rate == 0:
        return np.asarray(total)[()]
    later = {"end": 0.0, "middle": 0.5, "start": 1.0}[timing]
    return np.asarray(total * (force / rate) * (1 + rate) ** later)[()]


def equivalent_annual_cost(
    price: float, useful_years: float, rate: float, resale: float = 0.0, timing: Timing = "end"
) -> float:
    """Give the yearly cost of something bought once, such as the building of a consumption room.

    Formula: (price - resale (1 + r)^-n) / annuity(n, r).

    Args:
        price: Price, money.
        useful_years: Years n that it serves, above 0.
        rate: Yearly rate as a proportion.
        resale: What it fetches after n years, in today's money.
        timing: When in each year the cost is counted.

    Returns:
        Money a year.

    Raises:
        ValueError: The years are not above 0, or as `annuity`.

    References:
        Drummond MF et al. Methods for the economic evaluation of health care programmes, 4th ed. Oxford 2015, ch. 7.

    Examples:
        >>> round(equivalent_annual_cost(100_000, 10, 0.03), 2)
        11723.05
    """
    if not useful_years > 0:
        raise ValueError(f"useful_years: expected more than 0, found {useful_years}.")
    return float((price - resale * (1 + rate) ** -useful_years) / annuity(useful_years, rate, timing))


def check_rate(rate: float) -> None:
    """Refuse a discount rate that is negative, missing, or so high that it must be a percentage."""
    if not 0 <= rate < 1:
        raise ValueError(f"discount rate: expected a proportion from 0 to below 1 (.03 for 3 %), found {rate}.")
