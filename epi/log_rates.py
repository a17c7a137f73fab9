"""Series of rates over time, made ready for log-linear models: checked, ordered, weighted, complete."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from epi.intervals import FloatArray, Numbers, as_floats, common_index, first_position

Flags = npt.ArrayLike | None

# Squared residuals this small beside the squared values are rounding, not scatter.
ROUNDING = 1e-24


@dataclass(frozen=True)
class LogRates:
    """One series in ascending order of time, without missing rates.

    `log_rate` is the mean over the nowcast draws where there are any; `draws` has one row per draw, none without
    draws. `weight` is 1 / var(log rate), or 1 throughout when no standard errors were given.
    """

    year: FloatArray
    log_rate: FloatArray
    weight: FloatArray
    draws: FloatArray


def log_rates(
    year: Numbers, rate: Numbers, se: Numbers = None, complete: Flags = None, draws: Numbers = None
) -> LogRates:
    """Check a series of rates and take its logarithm.

    Formula: weight = 1 / var(log rate) = (rate / se)^2 by the delta method. Nowcast draws stand in for the rates of
    incomplete periods; there, the geometric mean of the draws is the rate. Missing rates are left out.

    Args:
        year: Time of each rate, in years; finite and distinct, in any order.
        rate: Rate of each period, any unit; above 0, missing allowed.
        se: Standard error of each rate, in its unit; above 0.
        complete: Whether each period is complete; None says that all are.
        draws: Nowcast draws of the rate, one row per draw and one column per period (or per incomplete period).

    Raises:
        ValueError: A rate is 0, a period is incomplete and has no draws, times repeat, or shapes differ.
        TypeError: An argument is not numeric.
    """
    common_index({"year": year, "rate": rate, "se": se})
    years, rates = as_floats(year, "year", quantity=False), as_floats(rate, "rate")
    errors = np.full(rates.shape, np.nan) if se is None else as_floats(se, "se")
    if not years.ndim == 1 or not years.shape == rates.shape == errors.shape:
        raise ValueError(
            f"year, rate and se must be one-dimensional and of one length; found shapes {years.shape}, {rates.shape} "
            f"and {errors.shape}. Give one series at a time."
        )
    simulated = complete_with_draws(rates, complete, draws)
    refuse_zero(simulated)
    # The geometric mean of one row is that row: without draws nothing changes but rounding, which the copy avoids.
    rates = np.exp(np.log(simulated).mean(axis=0)) if len(simulated) > 1 else simulated[0]
    kept = ~np.isnan(rates) & ~np.isnan(years)
    order = np.flatnonzero(kept)[np.argsort(years[kept], kind="stable")]
    years, rates, errors, simulated = years[order], rates[order], errors[order], simulated[:, order]
    _check_years(years)
    if se is not None and not (errors > 0).all():
        wrong = order[~(errors > 0)][0]
        raise ValueError(
            f"se must be above 0 for every rate that is not missing; found {errors[~(errors > 0)][0]:g} at position "
            f"{wrong}. Leave se out to weight all periods alike, or make that rate missing."
        )
    weight = np.ones(len(rates)) if se is None else (rates / errors) ** 2
    return LogRates(
        years, np.log(simulated).mean(axis=0), weight, np.log(simulated if len(simulated) > 1 else simulated[:0])
    )


def complete_with_draws(values: FloatArray, complete: Flags, draws: Numbers) -> FloatArray:
    """Give the series as rows, one per nowcast draw, with the draws in the incomplete periods; one row without draws.

    Raises:
        ValueError: A period is incomplete and there are no draws, or the draws do not fit the series.
    """
    incomplete = ~as_flags(complete, values.shape)
    if not incomplete.any():
        return values[None]
    if draws is None:
        raise ValueError(
            f"every period must be complete; found an incomplete one{first_position(incomplete)}. Its figure will "
            "still rise, which would look like a fall. Leave it out, or give nowcast draws for it in draws."
        )
    table = as_floats(draws.to_numpy() if isinstance(draws, pd.DataFrame) else draws, "draws")
    columns = int(incomplete.sum())
    if table.ndim != 2 or len(table) < 2 or table.shape[1] not in (columns, len(values)):
        raise ValueError(
            f"draws must have 2 or more rows and one column per period ({len(values)}) or per incomplete period "
            f"({columns}); found shape {table.shape}. Put one nowcast draw in each row."
        )
    rows = np.repeat(values[None], len(table), axis=0)
    rows[:, incomplete] = table if table.shape[1] == columns else table[:, incomplete]
    return rows


def as_flags(complete: Flags, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Turn a mask of complete periods into booleans; None says that all are complete."""
    if complete is None:
        return np.ones(shape, dtype=bool)
    flags = np.asarray(complete)
    if flags.shape != shape or pd.isna(flags).any() or not np.isin(flags, (True, False)).all():
        raise ValueError(
            f"complete must be True or False for each of the {shape} periods; found shape {flags.shape}, "
            f"values {pd.unique(flags.ravel())[:5].tolist()}. Mark an unknown period as False."
        )
    return flags.astype(bool)


def refuse_zero(rates: FloatArray) -> None:
    """Refuse rates of 0, which have no logarithm."""
    if (rates == 0).any():
        where = first_position((rates == 0).any(axis=0))
        raise ValueError(
            f"rate must be above 0 in a log-linear model; found 0{where}. Join periods or places until every rate has "
            "events, or model the counts with epi.interrupted (Poisson), which takes zeros."
        )


def pooled_variance(within: FloatArray, between: FloatArray, draws: int, df: float) -> tuple[FloatArray, FloatArray]:
    """Pool the variance of an estimate over nowcast draws, taken as multiple imputations.

    Formula (m draws): T = within + (1 + 1/m) between; with r = (1 + 1/m) between / T, the degrees of freedom are
    1 / (1/a + 1/b), a = (m - 1) / r^2, b = (df + 1) / (df + 3) x df (1 - r). Without draws: T = within, df as given.
    Draws thus never narrow the limits: even draws without spread leave a little fewer degrees of freedom.

    Args:
        within: Mean over draws of the estimate's variance.
        between: Variance of the estimate between draws.
        draws: Number of draws, 0 for none.
        df: Residual degrees of freedom of one fit.

    Returns:
        `(variance, degrees of freedom)` of the shape of `within`.

    References:
        Rubin DB. Multiple Imputation for Nonresponse in Surveys. Wiley 1987. Barnard J, Rubin DB. Small-sample degrees
        of freedom with multiple imputation. Biometrika 1999;86:948-955.

    Examples:
        >>> variance, df = pooled_variance(np.array(4.0), np.array(1.0), draws=10, df=20)
        >>> f"{variance:.1f} {df:.2f}"
        '5.1 13.34'
    """
    if draws == 0:
        return within, np.full(np.shape(within), df)
    added = (1 + 1 / draws) * between
    total = within + added
    ratio = np.divide(added, total, out=np.zeros(np.shape(total)), where=total > 0)
    observed = (df + 1) / (df + 3) * df * (1 - ratio)
    with np.errstate(divide="ignore"):
        return total, 1 / (ratio**2 / (draws - 1) + 1 / observed)


def percent(slope: FloatArray) -> FloatArray:
    """Turn slopes of log rates into percent change per unit of time."""
    return 100 * np.expm1(slope)


def least_scatter(log_rate: FloatArray, weight: FloatArray) -> FloatArray:
    """Give the weighted sum of squares that rounding alone may leave, along the last axis."""
    size = np.maximum(np.abs(log_rate).max(axis=-1, keepdims=True), 1)
    return np.asarray((ROUNDING * size**2 * weight).sum(axis=-1))


def _check_years(years: FloatArray) -> None:
    if np.isinf(years).any():
        raise ValueError("year must be finite; found an infinite one. Correct it, or make its rate missing.")
    repeated = np.flatnonzero(np.diff(years) == 0)
    if len(repeated):
        raise ValueError(
            f"year must not repeat; found {years[repeated[0]]:g} twice. Give one series at a time (joinpoint_many "
            "takes several)."
        )
