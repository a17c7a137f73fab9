"""Regressions of net benefit on parameters, with which partial information is valued.

Parameters enter as normal scores of their ranks: a conditional expectation does not change when a parameter is
transformed one to one, and no long tail then pulls the fit.
"""

from collections.abc import Callable
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special
from scipy.interpolate import BSpline

from epi.intervals import FloatArray

Estimator = Literal["spline", "gp", "bins"]
Smoother = Callable[[FloatArray, FloatArray], FloatArray]

BASIS_OF_ONE, BASIS_OF_SEVERAL = 12, 7
DRAWS_PER_COLUMN = 20
BINS = 40
INDUCING = 250
LENGTHS = (0.5, 1.0, 2.0, 4.0, 8.0)
NOISES = 10.0 ** np.arange(-6, 5, 0.5)


def normal_scores(values: FloatArray) -> FloatArray:
    """Give each column's ranks as standard normal quantiles (Blom); columns that do not vary are left out.

    Args:
        values: Draws x parameters.

    Returns:
        Draws x parameters that vary.

    References:
        Blom G. Statistical estimates and transformed beta-variables. Wiley 1958.

    Examples:
        >>> normal_scores(np.array([[3.0, 1.0], [900.0, 1.0], [20.0, 1.0]])).round(2).ravel().tolist()
        [-0.87, 0.87, 0.0]
    """
    varying = values[:, (values != values[:1]).any(axis=0)]
    ranks = pd.DataFrame(varying).rank().to_numpy()
    return np.asarray(special.ndtri((ranks - 0.375) / (len(values) + 0.25)))


def spline(parameters: FloatArray, outcomes: FloatArray) -> FloatArray:
    """Fit cubic splines by least squares: of one parameter, or of each of several and of products of two.

    Formula: least squares on cubic B-splines with knots at quantiles, 12 columns for one parameter, 7 for each of
    several; for these also z_i z_j, then z_i^2 z_j and z_i z_j^2, as far as there are 20 draws per column.

    Args:
        parameters: Draws x parameters.
        outcomes: Draws x outcomes.

    Returns:
        Fitted values, draws x outcomes.

    Raises:
        ValueError: There are fewer than 20 draws for each column of the smallest fit.

    References:
        Strong M, Oakley JE, Brennan A. Estimating multiparameter partial expected value of perfect information from a
        probabilistic sensitivity analysis sample. Med Decis Making 2014;34:311-326.

    Examples:
        >>> x = np.linspace(-1, 1, 400)[:, None]
        >>> bool(np.abs(spline(x, x**3) - x**3).mean() < 0.01)
        True
    """
    design = _design(parameters)
    return np.asarray(design @ np.linalg.lstsq(design, outcomes, rcond=1e-10)[0])


def spline_basis(parameter: FloatArray) -> FloatArray:
    """Give the columns that `spline` fits outcomes with, made orthonormal, for use on many outcomes.

    Formula: the left singular vectors U of the design; the fitted values of outcomes y are U U'y, as those of `spline`.

    Args:
        parameter: Draws of one parameter.

    Returns:
        Draws x columns.

    Raises:
        ValueError: As `spline`.

    References:
        As for `spline`.

    Examples:
        >>> x = np.linspace(-1, 1, 400)
        >>> basis = spline_basis(x)
        >>> bool(np.allclose(basis @ (basis.T @ x**3), spline(x[:, None], x[:, None] ** 3)[:, 0]))
        True
    """
    left, sizes, _ = np.linalg.svd(_design(parameter[:, None]), full_matrices=False)
    return np.asarray(left[:, sizes > 1e-10 * sizes[0]])


def _design(parameters: FloatArray) -> FloatArray:
    """Give the columns that outcomes are fitted with, as `spline` describes them."""
    scores = normal_scores(parameters)
    columns = BASIS_OF_ONE if scores.shape[1] == 1 else BASIS_OF_SEVERAL
    affordable = len(scores) // DRAWS_PER_COLUMN
    parts = [np.ones((len(scores), 1)), *(_basis(column, columns) for column in scores.T)]
    if sum(part.shape[1] for part in parts) > affordable:
        # With few draws a cubic of each parameter, without knots, is what the data can bear.
        parts = [np.ones((len(scores), 1)), scores, scores**2, scores**3]
    if sum(part.shape[1] for part in parts) > affordable:
        raise ValueError(
            f"spline: expected at least {DRAWS_PER_COLUMN * sum(part.shape[1] for part in parts)} draws for "
            f"{scores.shape[1]} parameters, found {len(scores)}. Draw more, or ask for fewer parameters at once."
        )
    pairs = list(combinations(scores.T, 2))
    products = [np.column_stack([a * b for a, b in pairs])] if pairs else []
    products += [np.column_stack([part for a, b in pairs for part in (a * a * b, a * b * b)])] if pairs else []
    for product in products:
        if sum(part.shape[1] for part in parts) + product.shape[1] <= affordable:
            parts.append(product)
    return np.hstack(parts)


def bins(parameters: FloatArray, outcomes: FloatArray) -> FloatArray:
    """Average outcomes within 40 equally full slices of one parameter, or over its values where it has fewer.

    Args:
        parameters: Draws x 1 parameter.
        outcomes: Draws x outcomes.

    Returns:
        Fitted values, draws x outcomes.

    Raises:
        ValueError: There is more than one parameter.

    References:
        Strong M, Oakley JE. An efficient method for computing single-parameter partial expected value of perfect
        information. Med Decis Making 2013;33:755-766.

    Examples:
        >>> bins(np.array([[0.0], [0.0], [1.0]]), np.array([[1.0], [3.0], [7.0]])).ravel().tolist()
        [2.0, 2.0, 7.0]
    """
    if parameters.shape[1] != 1:
        raise ValueError(
            f"bins: expected one parameter, found {parameters.shape[1]}. Use `spline` or `gp` for several."
        )
    values = pd.Series(parameters[:, 0])
    few = values.nunique() <= BINS
    labels = values if few else ((values.rank() - 1) * BINS // len(values))
    return pd.DataFrame(outcomes).groupby(labels.to_numpy()).transform("mean").to_numpy()


def gaussian_process(parameters: FloatArray, outcomes: FloatArray) -> FloatArray:
    """Fit a Gaussian process around a plane, for parameters that act together in ways a spline cannot follow.

    Formula: squared exponential covariance of the normal scores; length and noise by maximal marginal likelihood over a
    grid, from 250 draws, which are also the inducing points of the fit to all draws (subset of regressors).

    Args:
        parameters: Draws x parameters.
        outcomes: Draws x outcomes.

    Returns:
        Fitted values, draws x outcomes.

    References:
        Strong M, Oakley JE, Brennan A. Med Decis Making 2014;34:311-326. Quinonero-Candela J, Rasmussen CE. A unifying
        view of sparse approximate Gaussian process regression. J Mach Learn Res 2005;6:1939-1959.

    Examples:
        >>> x = np.linspace(-1, 1, 300)[:, None]
        >>> bool(np.abs(gaussian_process(x, np.sin(3 * x)) - np.sin(3 * x)).max() < 0.01)
        True
    """
    scores = normal_scores(parameters)
    plane = np.column_stack([np.ones(len(scores)), scores])
    fitted = np.asarray(plane @ np.linalg.lstsq(plane, outcomes, rcond=None)[0])
    rest = outcomes - fitted
    scale = rest.std(axis=0)
    rest = rest / np.where(scale > 0, scale, 1.0)
    chosen = np.unique(np.linspace(0, len(scores) - 1, INDUCING).round().astype(int))
    length, noise = _likeliest(scores[chosen], rest[chosen])
    for value in np.unique(length):
        cross = _covariance(scores, scores[chosen], value)
        inner, outer = cross[chosen], cross.T @ cross
        for column in np.flatnonzero(length == value):
            ridge = outer + noise[column] * inner + 1e-9 * len(scores) * np.eye(len(chosen))
            smooth = cross @ np.linalg.solve(ridge, cross.T @ rest[:, column])
            fitted[:, column] += scale[column] * smooth
    return np.asarray(fitted + (outcomes - fitted).mean(axis=0))


SMOOTHERS: dict[Estimator, Smoother] = {"spline": spline, "gp": gaussian_process, "bins": bins}


def _basis(scores: FloatArray, columns: int) -> FloatArray:
    """Give a cubic B-spline basis without its last column (a column of ones stands beside it)."""
    distinct = np.unique(scores)
    if len(distinct) <= columns:
        return np.asarray(scores[:, None] == distinct[None, :-1], dtype=float)
    inner = np.quantile(scores, np.linspace(0, 1, columns - 2)[1:-1])
    knots = np.concatenate([[distinct[0]] * 4, np.unique(inner[(inner > distinct[0]) & (inner < distinct[-1])])])
    knots = np.concatenate([knots, [distinct[-1]] * 4])
    return np.asarray(BSpline.design_matrix(scores, knots, 3).toarray()[:, :-1])


def _covariance(a: FloatArray, b: FloatArray, length: float) -> FloatArray:
    squared = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.asarray(np.exp(-np.maximum(squared, 0) / (2 * length**2 * max(a.shape[1], 1))))


def _likeliest(scores: FloatArray, rest: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give the length and the noise ratio with the highest marginal likelihood, for each outcome."""
    best = np.full(rest.shape[1], -np.inf)
    length, noise = np.ones(rest.shape[1]), np.ones(rest.shape[1])
    for candidate in LENGTHS:
        eigenvalues, vectors = np.linalg.eigh(_covariance(scores, scores, candidate))
        power = (vectors.T @ rest) ** 2
        total = np.maximum(eigenvalues, 0)[:, None] + NOISES
        # The scale of the process is profiled out, which leaves its ratio to the noise.
        spread = np.einsum("eo,en->no", power, 1 / total) / len(scores)
        likelihood = -0.5 * len(scores) * np.log(np.maximum(spread, 1e-300)) - 0.5 * np.log(total).sum(axis=0)[:, None]
        here = likelihood.max(axis=0)
        better = here > best
        noise = np.where(better, NOISES[likelihood.argmax(axis=0)], noise)
        length, best = np.where(better, candidate, length), np.maximum(here, best)
    return length, noise
