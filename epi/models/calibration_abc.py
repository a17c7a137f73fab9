"""Calibration without a likelihood: approximate Bayesian computation by rejection and by sequential Monte Carlo."""

from collections.abc import Callable

import numpy as np
from scipy import special

from epi.models.calibration import (
    Parameters,
    Posterior,
    Priors,
    from_scores,
    log_standard_normal,
    posterior,
    systematic,
)
from epi.models.interface import FloatArray

Distance = Callable[[Parameters], FloatArray]
"""Gives one number per draw for arrays of parameters by id: 0 where a run meets the figures, nan if impossible."""


def abc_rejection(priors: Priors, distance: Distance, draws: int, seed: int, runs: int) -> Posterior:
    """Keep those draws from the prior whose runs come nearest to what was observed.

    Args:
        priors: A frozen distribution of scipy.stats by parameter id.
        distance: Distance of a run from the observed figures.
        draws: How many to keep: the share kept, draws / runs, decides how near they are.
        seed: Seed of the draws.
        runs: Draws from the prior.

    Returns:
        The nearest draws; `tolerance` is the distance of the farthest kept.

    Raises:
        ValueError: Fewer runs than draws, or fewer possible runs than draws.

    References:
        Beaumont MA. Approximate Bayesian computation in evolution and ecology. Annu Rev Ecol Evol Syst 2010;41:379-406.

    Examples:
        >>> from scipy import stats
        >>> near_half = lambda found: abs(found["p"] - 0.5)
        >>> kept = abc_rejection({"p": stats.uniform(0, 1)}, near_half, draws=100, seed=1, runs=10_000)
        >>> bool(kept.tolerance < 0.01)
        True
    """
    if not 1 <= draws <= runs:
        raise ValueError(f"abc_rejection: expected 1 to runs ({runs}) draws, found {draws}")
    scores = np.random.default_rng(seed).standard_normal((runs, len(priors)))
    apart = _distances(priors, distance, scores)
    near = np.argsort(apart, kind="stable")[:draws]
    tolerance = _possible(float(apart[near[-1]]), draws)
    weights = np.full(draws, 1 / draws)
    return posterior(priors, scores[near], weights, np.arange(draws), runs=runs, rounds=0, tolerance=tolerance)


def abc_smc(priors: Priors, distance: Distance, draws: int, seed: int, rounds: int = 6, keep: float = 0.5) -> Posterior:
    """Come nearer to what was observed round by round.

    Steps: `draws` from the prior; in each round the tolerance becomes the `keep` quantile of the distances, new draws
    are normal steps (twice the weighted covariance) from weighted old ones until `draws` lie within it, weighted by
    prior / mixture of all the steps that could have led there; last, `draws` are resampled systematically.

    Args:
        priors: A frozen distribution of scipy.stats by parameter id.
        distance: Distance of a run from the observed figures.
        draws: Draws of each round and of the sample.
        seed: Seed of everything random.
        rounds: Rounds of a smaller tolerance.
        keep: Share of a round's draws that are within the next tolerance.

    Returns:
        The sample of the last round; `tolerance` is its largest distance allowed.

    Raises:
        ValueError: Sizes are not positive, `keep` is not between 0 and 1, or a round finds no draws (a tolerance that
            nothing meets).

    References:
        Beaumont MA, Cornuet JM, Marin JM, Robert CP. Adaptive approximate Bayesian computation. Biometrika
        2009;96:983-990. Toni T, et al. J R Soc Interface 2009;6:187-202.

    Examples:
        >>> from scipy import stats
        >>> near_half = lambda found: abs(found["p"] - 0.5)
        >>> found = abc_smc({"p": stats.uniform(0, 1)}, near_half, draws=200, seed=1, rounds=4)
        >>> bool(found.tolerance < 0.05)
        True
    """
    if min(draws, rounds) < 1 or not 0 < keep < 1:
        raise ValueError(f"abc_smc: expected sizes of at least 1 and keep inside 0 to 1, found {(draws, rounds, keep)}")
    random = np.random.default_rng(seed)
    scores = random.standard_normal((draws, len(priors)))
    apart, weights, runs, tolerance = _distances(priors, distance, scores), np.full(draws, 1 / draws), draws, np.inf
    for _ in range(rounds):
        tolerance = _possible(float(np.quantile(np.where(np.isinf(apart), 1e300, apart), keep)), draws)
        shape = 2 * np.atleast_2d(np.cov(scores.T, aweights=weights)) + 1e-9 * np.eye(len(priors))
        new, near, asked = _within(priors, distance, scores, weights, shape, tolerance, random)
        weights = _reweighted(new, scores, weights, shape)
        scores, apart, runs = new, near, runs + asked
    chosen = systematic(weights, draws, random)
    return posterior(priors, scores, weights, chosen, runs=runs, rounds=rounds, tolerance=tolerance)


def _within(
    priors: Priors,
    distance: Distance,
    scores: FloatArray,
    weights: FloatArray,
    shape: FloatArray,
    tolerance: float,
    random: np.random.Generator,
) -> tuple[FloatArray, FloatArray, int]:
    """Draw steps from weighted draws until as many lie within the tolerance; give them, their distances, the runs."""
    kept: list[FloatArray] = []
    near: list[FloatArray] = []
    draws, asked, found = len(scores), 0, 0
    while found < draws:
        if asked >= 1_000 * draws:
            raise ValueError(
                f"abc_smc: expected {draws} draws within {tolerance:g}, found {found} in {asked} runs; "
                "give fewer rounds or a larger keep"
            )
        origin = scores[random.choice(draws, draws, p=weights)]
        new = origin + random.multivariate_normal(np.zeros(scores.shape[1]), shape, draws, method="cholesky")
        apart = _distances(priors, distance, new)
        kept.append(new[apart <= tolerance])
        near.append(apart[apart <= tolerance])
        asked += draws
        found += len(kept[-1])
    return np.concatenate(kept)[:draws], np.concatenate(near)[:draws], asked


def _reweighted(new: FloatArray, old: FloatArray, weights: FloatArray, shape: FloatArray) -> FloatArray:
    """Weight new draws by prior over the mixture of steps that could have led to them."""
    root = np.linalg.inv(np.linalg.cholesky(shape))
    here, there = new @ root.T, old @ root.T
    led = np.empty(len(new))
    # In parts: all pairs at once would need the square of the number of draws in memory.
    for first in range(0, len(new), 256):
        part = here[first : first + 256]
        squared = (part**2).sum(1)[:, None] + (there**2).sum(1) - 2 * part @ there.T
        led[first : first + 256] = special.logsumexp(-0.5 * squared, b=weights, axis=1)
    log_weight = log_standard_normal(new) - led
    return np.asarray(np.exp(log_weight - special.logsumexp(log_weight)), dtype=np.float64)


def _distances(priors: Priors, distance: Distance, scores: FloatArray) -> FloatArray:
    """Give distances; what is impossible is infinitely far."""
    apart = np.asarray(distance(from_scores(priors, scores)), dtype=np.float64)
    return np.where(np.isnan(apart), np.inf, apart)


def _possible(tolerance: float, draws: int) -> float:
    """Refuse a tolerance that only impossible runs define."""
    if tolerance >= 1e300:
        raise ValueError(
            f"distance: expected finite distances of at least {draws} draws, found too few; check the runs"
        )
    return tolerance
