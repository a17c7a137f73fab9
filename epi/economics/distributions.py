"""Distributions of uncertain parameters: fitted to a point estimate and 95 % limits, drawn by inverse transform."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special
from scipy.optimize import elementwise

from epi.intervals import FloatArray

Constants = tuple[FloatArray, FloatArray, FloatArray]
"""Up to three constants of a distribution, one element per parameter."""

TAIL = 0.025
Z = float(special.ndtri(1 - TAIL))
WIDTH = 2 * Z
"""Width of a normal distribution's 95 % interval in standard deviations, 3.92."""


@dataclass(frozen=True)
class Family:
    """What can be done with one kind of distribution; every function works on whole columns.

    `fit` takes the columns mean, lower, upper and centre, and gives the constants; `quantile`
    takes probabilities and constants; `mean` gives the mean from the constants.
    """

    fit: Callable[[FloatArray, FloatArray, FloatArray, "np.typing.NDArray[np.str_]"], Constants]
    quantile: Callable[[FloatArray, FloatArray, FloatArray, FloatArray], FloatArray]
    mean: Callable[[FloatArray, FloatArray, FloatArray], FloatArray]
    support: tuple[float, float]
    centres: tuple[str, ...] = ("mean",)
    has_interval: bool = True


def _same_width(
    width: Callable[[FloatArray, FloatArray], FloatArray], of: FloatArray, wanted: FloatArray, start: FloatArray
) -> FloatArray:
    """Find the concentration near `start` whose 95 % interval is as wide as `wanted`; `start` where there is none.

    Intervals narrow as the concentration grows, except among distributions so skewed that a limit of them is 0.
    """
    found = elementwise.find_root(
        lambda log_n, mean, goal: width(np.exp(log_n), mean) - goal,
        (np.log(start) - np.log(8), np.log(start) + np.log(8)),
        args=(of, wanted),
    )
    return np.asarray(np.where(found.success, np.exp(found.x), start))


def _spread(quantile: Callable[..., FloatArray], *constants: FloatArray) -> FloatArray:
    return np.asarray(quantile(*constants, 1 - TAIL) - quantile(*constants, TAIL))


def _concentration(mean: FloatArray, lower: FloatArray, upper: FloatArray) -> FloatArray:
    """Give alpha + beta of the beta distributions with these means and these widths of the 95 % interval."""
    by_moments = mean * (1 - mean) / ((upper - lower) / WIDTH) ** 2 - 1
    start = np.maximum(by_moments, 0.5)
    return _same_width(lambda n, m: _spread(special.betaincinv, n * m, n * (1 - m)), mean, upper - lower, start)


def _fit_beta(mean: FloatArray, lower: FloatArray, upper: FloatArray, _: object) -> Constants:
    n = _concentration(mean, lower, upper)
    return n * mean, n * (1 - mean), np.zeros_like(n)


def _fit_gamma(mean: FloatArray, lower: FloatArray, upper: FloatArray, _: object) -> Constants:
    start = np.maximum((mean * WIDTH / (upper - lower)) ** 2, 0.5)
    shape = _same_width(lambda k, m: m / k * _spread(special.gammaincinv, k), mean, upper - lower, start)
    return shape, mean / shape, np.zeros_like(shape)


def _fit_lognormal(
    mean: FloatArray, lower: FloatArray, upper: FloatArray, centre: "np.typing.NDArray[np.str_]"
) -> Constants:
    sigma = np.log(upper / lower) / WIDTH
    mu = np.log(mean) - np.where(centre == "mean", sigma**2 / 2, 0.0)
    return mu, sigma, np.zeros_like(mu)


def _fit_triangular(
    mean: FloatArray, lower: FloatArray, upper: FloatArray, centre: "np.typing.NDArray[np.str_]"
) -> Constants:
    return lower, np.where(centre == "mode", mean, 3 * mean - lower - upper), upper


def _triangular_quantile(u: FloatArray, lower: FloatArray, mode: FloatArray, upper: FloatArray) -> FloatArray:
    rising = lower + np.sqrt(u * (upper - lower) * (mode - lower))
    falling = upper - np.sqrt((1 - u) * (upper - lower) * (upper - mode))
    return np.asarray(np.where(u * (upper - lower) < mode - lower, rising, falling))


FAMILIES: Mapping[str, Family] = {
    "fixed": Family(
        fit=lambda mean, _lower, _upper, _: (mean, np.zeros_like(mean), np.zeros_like(mean)),
        quantile=lambda u, a, _b, _c: np.broadcast_to(a, u.shape),
        mean=lambda a, _b, _c: a,
        support=(-np.inf, np.inf),
        has_interval=False,
    ),
    "beta": Family(
        fit=_fit_beta,
        quantile=lambda u, a, b, _c: special.betaincinv(a, b, u),
        mean=lambda a, b, _c: a / (a + b),
        support=(0.0, 1.0),
    ),
    "gamma": Family(
        fit=_fit_gamma,
        quantile=lambda u, a, b, _c: special.gammaincinv(a, u) * b,
        mean=lambda a, b, _c: a * b,
        support=(0.0, np.inf),
    ),
    "lognormal": Family(
        fit=_fit_lognormal,
        quantile=lambda u, a, b, _c: np.exp(a + b * special.ndtri(u)),
        mean=lambda a, b, _c: np.exp(a + b**2 / 2),
        support=(0.0, np.inf),
        centres=("median", "mean"),
    ),
    "normal": Family(
        fit=lambda mean, lower, upper, _: (mean, (upper - lower) / WIDTH, np.zeros_like(mean)),
        quantile=lambda u, a, b, _c: a + b * special.ndtri(u),
        mean=lambda a, _b, _c: a,
        support=(-np.inf, np.inf),
    ),
    "uniform": Family(
        fit=lambda mean, lower, upper, _: (lower, upper, np.zeros_like(mean)),
        quantile=lambda u, a, b, _c: a + u * (b - a),
        mean=lambda a, b, _c: (a + b) / 2,
        support=(-np.inf, np.inf),
    ),
    "triangular": Family(
        fit=_fit_triangular,
        quantile=_triangular_quantile,
        mean=lambda a, b, c: (a + b + c) / 3,
        support=(-np.inf, np.inf),
        centres=("mean", "mode"),
    ),
    "dirichlet": Family(
        fit=lambda mean, lower, upper, _: (mean, _concentration(mean, lower, upper), np.zeros_like(mean)),
        quantile=lambda u, a, b, _c: special.gammaincinv(a * b, u),
        mean=lambda a, _b, _c: a,
        support=(0.0, 1.0),
    ),
}
"""Every distribution by name. `dirichlet` holds mean and total concentration, and draws gamma variables."""
