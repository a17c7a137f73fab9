"""Design matrices and fits of interrupted time series, through statsmodels."""

import itertools
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import special
from statsmodels.genmod.families import Poisson  # type: ignore[import-untyped, unused-ignore]
from statsmodels.genmod.generalized_linear_model import GLM  # type: ignore[import-untyped, unused-ignore]
from statsmodels.regression.linear_model import OLS  # type: ignore[import-untyped, unused-ignore]
from statsmodels.stats.diagnostic import acorr_ljungbox  # type: ignore[import-untyped, unused-ignore]
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning  # type: ignore[import-untyped, unused-ignore]
from statsmodels.tsa.stattools import acf  # type: ignore[import-untyped, unused-ignore]

from epi.intervals import FloatArray
from epi.log_rates import pooled_variance

Family = Literal["quasi-poisson", "poisson", "ols"]

MOST_LAGS = 12
LEAST_DISPERSION = 1e-16


@dataclass(frozen=True)
class Design:
    """Terms of a segmented regression: trend, then level and slope of each break, then the season."""

    times: FloatArray
    breaks: FloatArray
    level: bool
    slope: bool
    harmonics: int
    season: float
    offset: FloatArray
    curved: bool = False

    @cached_property
    def terms(self) -> dict[str, int]:
        """Name the columns of the trend and of the breaks; a single break's have no number."""
        names = ["trend"] + (["curvature"] if self.curved else [])
        for number in range(1, len(self.breaks) + 1):
            suffix = f" {number}" if len(self.breaks) > 1 else ""
            names += [kind + suffix for kind, wanted in (("level", self.level), ("slope", self.slope)) if wanted]
        return {name: column for column, name in enumerate(names, start=1)}

    @cached_property
    def matrix(self) -> FloatArray:
        """Give one row per period, columns in the order intercept, `terms`, season."""
        origin = self.breaks[0] if len(self.breaks) else self.times[-1]
        since = self.times - origin
        columns = [np.ones(len(since)), since] + ([since**2] if self.curved else [])
        for at in self.breaks:
            columns += [(self.times >= at).astype(float)] if self.level else []
            columns += [np.maximum(self.times - at, 0)] if self.slope else []
        for pair in range(1, self.harmonics + 1):
            angle = 2 * np.pi * pair * self.times / self.season
            # The cosine at half the season's length is all there is of that frequency: its sine is 0 throughout.
            columns += [np.cos(angle)] if 2 * pair == self.season else [np.sin(angle), np.cos(angle)]
        return np.column_stack(columns)

    @cached_property
    def counterfactual(self) -> FloatArray:
        """Give `matrix` with every break's columns at 0."""
        without = self.matrix.copy()
        without[:, [column for name, column in self.terms.items() if name.startswith(("level", "slope"))]] = 0
        return without

    def before(self, curved: bool = False, placebo: float | None = None) -> "Design":
        """Give the design of the periods before the first break, with a curve or a break that never was."""
        kept = self.times < self.breaks[0]
        breaks = np.array([] if placebo is None else [placebo])
        return Design(
            self.times[kept], breaks, True, True, self.harmonics, self.season, self.offset[kept], curved=curved
        )


@dataclass(frozen=True)
class Estimate:
    """Pooled coefficients with their covariance within and between nowcast draws."""

    coefficients: FloatArray
    within: FloatArray
    between: FloatArray
    draws: int
    df: float
    dispersion: float
    residuals: FloatArray


def fit_draws(design: Design, rows: FloatArray, family: Family, lags: int | None) -> Estimate:
    """Fit each row of outcomes and pool; `lags` asks for Newey-West covariances, `df` is inf for normal limits."""
    fits = [_fit(design, row, family, lags) for row in rows]
    coefficients, covariances, dispersions, residuals = (np.stack(part) for part in zip(*fits, strict=True))
    width = coefficients.shape[1]
    many = len(rows) > 1
    between = np.cov(coefficients, rowvar=False).reshape(width, width) if many else np.zeros((width, width))
    df = np.inf if family == "poisson" else float(len(design.times) - width)
    return Estimate(
        coefficients.mean(axis=0),
        covariances.mean(axis=0),
        between,
        len(rows) if many else 0,
        df,
        float(dispersions.mean()),
        residuals.mean(axis=0),
    )


def limits(estimate: Estimate, contrasts: FloatArray, alpha: float) -> pd.DataFrame:
    """Give estimate, limits and p-value of each linear combination (row) of the coefficients."""
    value = contrasts @ estimate.coefficients
    within, between = (
        np.einsum("ij,jk,ik->i", contrasts, part, contrasts) for part in (estimate.within, estimate.between)
    )
    # Barnard and Rubin's small-sample formula needs finite degrees of freedom; a million are as good as normal.
    variance, df = pooled_variance(within, between, estimate.draws, min(estimate.df, 1e6))
    error = np.sqrt(variance)
    normal = np.isinf(estimate.df) and estimate.draws == 0
    quantile = -special.ndtri(alpha / 2) if normal else -special.stdtrit(df, alpha / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        score = -np.abs(value) / error
    p_value = 2 * (special.ndtr(score) if normal else special.stdtr(df, score))
    columns = {"estimate": value, "lower": value - quantile * error, "upper": value + quantile * error}
    return pd.DataFrame(columns | {"p_value": p_value})


def autocorrelation(residuals: FloatArray, terms: int) -> pd.DataFrame:
    """Give correlations of residuals with Ljung-Box tests for each lag, up to 12 or a fifth of the periods."""
    most = max(1, min(MOST_LAGS, len(residuals) // 5))
    lags = np.arange(1, most + 1)
    if not np.isfinite(residuals).all() or np.ptp(residuals) == 0 or len(residuals) <= terms:
        return pd.DataFrame({"lag": lags, "correlation": np.nan, "statistic": np.nan, "p_value": np.nan})
    tests = acorr_ljungbox(residuals, lags=most)
    correlations = acf(residuals, nlags=most, fft=False)[1:]
    columns = {"correlation": correlations, "statistic": tests["lb_stat"], "p_value": tests["lb_pvalue"]}
    return pd.DataFrame({"lag": lags} | {name: np.asarray(column) for name, column in columns.items()})


def _fit(design: Design, outcome: FloatArray, family: Family, lags: int | None) -> tuple[Any, Any, float, Any]:
    """Give coefficients, covariance, dispersion and Pearson residuals of one fit; nan where no fit exists."""
    n, width = design.matrix.shape
    if family != "ols" and _separated(design, outcome):
        return np.full(width, np.nan), np.full((width, width), np.nan), np.nan, np.full(n, np.nan)
    robust = {"cov_type": "HAC", "cov_kwds": {"maxlags": lags, "use_correction": True}} if lags is not None else {}
    if family == "ols":
        least = OLS(outcome, design.matrix).fit(**robust)
        return least.params, least.cov_params(), float(least.ssr / (n - width)), least.resid
    model = GLM(outcome, design.matrix, family=Poisson(), offset=design.offset)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        fitted = model.fit(tol=1e-12, maxiter=200, **robust)
    pearson = fitted.resid_pearson
    # Counts without scatter leave residuals of rounding, from which no p-value should come.
    dispersion = max(float((pearson**2).sum() / (n - width)), LEAST_DISPERSION * float(outcome.mean()))
    # Scaled here: statsmodels' own scale="X2" divides by it while fitting, which fails for counts that never vary.
    scale = dispersion if family == "quasi-poisson" and lags is None else 1.0
    return fitted.params, fitted.cov_params() * scale, dispersion, pearson


def _separated(design: Design, outcome: FloatArray) -> bool:
    """Say whether a segment has no event at all, so that a ratio would be 0 or infinite."""
    edges = [-np.inf, *design.breaks.tolist(), np.inf]
    sides = itertools.pairwise(edges)
    return any(outcome[(design.times >= start) & (design.times < end)].sum() == 0 for start, end in sides)
