"""The model behind `epi.farrington`: options, season levels, the reweighted fit, and the limit of a count."""

import warnings
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import stats
from statsmodels.genmod.families import Poisson  # type: ignore[import-untyped, unused-ignore]
from statsmodels.genmod.generalized_linear_model import GLM  # type: ignore[import-untyped, unused-ignore]

from epi.intervals import FloatArray, check_method

Threshold: TypeAlias = Literal["negative-binomial", "power"]


@dataclass(frozen=True)
class Settings:
    """The options of `farrington_flexible`, checked."""

    years: int
    season: int
    half_window: int
    levels: int
    guard: int
    reweight_above: float
    alpha: float
    few: tuple[int, int]
    threshold: Threshold = "negative-binomial"

    def __post_init__(self) -> None:
        """Refuse options that leave no baseline or no seasons."""
        check_method(self.threshold, Threshold)
        rest = self.season - (2 * self.half_window + 1)
        if not (self.years >= 1 and self.half_window >= 0 and 0 <= self.guard < self.season):
            raise ValueError(
                f"years must be at least 1, half_window at least 0, guard from 0 to below season ({self.season}); "
                f"found {self.years}, {self.half_window}, {self.guard}."
            )
        if not 2 <= self.levels <= rest + 1:
            raise ValueError(
                f"levels must be from 2 to {rest + 1} (season {self.season} less the window of "
                f"{2 * self.half_window + 1} periods, plus 1); found {self.levels}."
            )
        if not (0 < self.alpha < 1 and self.reweight_above > 0):
            raise ValueError(
                f"alpha must be a probability and reweight_above above 0; found {self.alpha} and {self.reweight_above}."
            )


def season_levels(ago: npt.NDArray[np.int64], season: int, half_window: int, levels: int) -> npt.NDArray[np.int64]:
    """Give the level of the seasonal factor of periods that lie `ago` periods back: 0 is the assessed season.

    Examples:
        >>> season_levels(np.arange(12), 12, 1, 4).tolist()
        [0, 0, 3, 3, 3, 2, 2, 2, 1, 1, 1, 0]
    """
    phase = (-ago + half_window) % season
    window = 2 * half_window + 1
    rest = (phase - window) * (levels - 1) // (season - window)
    return np.where(phase < window, 0, rest + 1)


def fit_baseline(
    time: FloatArray, counts: FloatArray, level: npt.NDArray[np.int64], reweight_above: float, trend: bool
) -> tuple[float, float, float, float] | None:
    """Give mean at time 0 and level 0, dispersion, trend and the variance of that mean, or None if no fit is had."""
    totals = np.bincount(level, counts, minlength=level.max() + 1)
    # A level without events has no finite coefficient; its own fit, exactly 0, leaves the others' unchanged.
    kept = totals[level] > 0
    time, counts, level = time[kept], counts[kept], level[kept]
    others = [number for number in np.flatnonzero(totals) if number > 0]
    scale = max(float(np.abs(time).max()), 1.0)
    columns = [np.ones(len(time)), *([time / scale] if trend else []), *[(level == other) * 1.0 for other in others]]
    design = np.column_stack(columns)
    if len(counts) <= design.shape[1]:
        return None
    weights = np.ones(len(counts))
    fit = _glm(counts, design, weights)
    if fit is None:
        return None
    residual = _anscombe(counts, fit.fittedvalues, design, weights)
    high = residual > reweight_above
    if high.any():
        weights[high] = residual[high] ** -2.0
        weights *= len(weights) / weights.sum()
        fit = _glm(counts, design, weights)
        if fit is None:
            return None
    phi = _dispersion(counts, fit.fittedvalues, weights, design.shape[1])
    mean = float(np.exp(fit.params[0]))
    # The intercept alone is the log mean there; its variance is that of a Poisson fit times the dispersion.
    variance = phi * mean**2 * float(fit.cov_params()[0, 0])
    return mean, phi, float(fit.params[1] / scale) if trend else 0.0, variance


def _glm(counts: FloatArray, design: FloatArray, weights: FloatArray) -> Any:
    with warnings.catch_warnings():
        # A perfect fit (counts that never vary) is a result here, not a fault.
        warnings.simplefilter("ignore")
        fit = GLM(counts, design, family=Poisson(), var_weights=weights).fit(scale=1.0)
    return fit if fit.converged and np.isfinite(fit.params).all() else None


def _dispersion(counts: FloatArray, mean: FloatArray, weights: FloatArray, terms: int) -> float:
    return max(1.0, float((weights * (counts - mean) ** 2 / mean).sum()) / (len(counts) - terms))


def _anscombe(counts: FloatArray, mean: FloatArray, design: FloatArray, weights: FloatArray) -> FloatArray:
    orthogonal, _ = np.linalg.qr(design * np.sqrt(weights * mean)[:, None])
    leverage = np.minimum((orthogonal**2).sum(axis=1), 1 - 1e-9)
    phi = _dispersion(counts, mean, weights, design.shape[1])
    gap = counts ** (2 / 3) - mean ** (2 / 3)
    return np.asarray(1.5 * gap / (mean ** (1 / 6) * np.sqrt(phi * (1 - leverage))))


def upper_limit(mean: float, phi: float, variance: float, settings: Settings) -> float:
    """Give the count above which to flag, by the threshold that the settings name."""
    if settings.threshold == "power":
        spread = np.sqrt(4 / 9 * mean ** (1 / 3) * (phi + variance / mean))
        return float((mean ** (2 / 3) + stats.norm.isf(settings.alpha) * spread) ** 1.5)
    if phi <= 1 + 1e-9:
        return float(stats.poisson.isf(settings.alpha, mean))
    return float(stats.nbinom.isf(settings.alpha, mean / (phi - 1), 1 / phi))
