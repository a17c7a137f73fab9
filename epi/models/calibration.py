"""Calibration of a model to a place: samples of its parameters that agree with the place's observed figures.

Incremental mixture importance sampling where there is a likelihood; `epi.models.calibration_abc` where there is only a
distance. Both work on normal scores: each parameter is mapped by its own prior to a standard normal variable, so bounds
and skewness need no care. Same seed, same sample.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special, stats

from epi.models.interface import FloatArray

Priors = Mapping[str, Any]
"""A frozen distribution of scipy.stats by parameter id."""

Parameters = dict[str, FloatArray]
FAR = 8.0
"""Scores beyond this are moved to it: a prior's quantile would be infinite in double precision."""


@dataclass(frozen=True)
class Posterior:
    """A sample of parameters that agrees with what was observed; all its rows weigh the same.

    Attributes:
        sample: One row per draw, one column per parameter.
        effective_sample_size: How many independent draws the weighted sample was worth before it was resampled.
        unique: Different rows in `sample`.
        runs: How many times the model was run.
        rounds: Rounds of sampling.
        log_evidence: Log of the marginal likelihood (importance sampling); nan where there is no likelihood.
        tolerance: Largest distance accepted (approximate Bayesian computation); nan where there is a likelihood.
    """

    sample: pd.DataFrame
    effective_sample_size: float
    unique: int
    runs: int
    rounds: int
    log_evidence: float = np.nan
    tolerance: float = np.nan

    def summary(self) -> pd.DataFrame:
        """Give each parameter's mean, standard deviation and 95 % limits.

        Returns:
            One row per parameter: `parameter`, `mean`, `sd`, `lower_95`, `upper_95`.
        """
        lower, upper = self.sample.quantile(0.025), self.sample.quantile(0.975)
        return pd.DataFrame(
            {
                "parameter": list(self.sample.columns),
                "mean": self.sample.mean().to_numpy(),
                "sd": self.sample.std().to_numpy(),
                "lower_95": lower.to_numpy(),
                "upper_95": upper.to_numpy(),
            }
        )


def imis(
    priors: Priors,
    log_likelihood: Callable[[Parameters], FloatArray],
    draws: int,
    seed: int,
    initial: int = 2_000,
    step: int = 500,
    most_rounds: int = 60,
    effort: int = 0,
) -> Posterior:
    """Sample the posterior by incremental mixture importance sampling.

    Steps: `initial` draws from the prior are weighted by their likelihood; each round adds `step` draws from a normal
    distribution about the draw of largest weight, with the weighted covariance of its nearest neighbours; all draws are
    weighted again by prior x likelihood / mixture of everything sampled from. It ends when a resample of `draws` (of
    `effort`, if more) is expected to hold (1 - 1/e) of its size in different draws, or after `most_rounds`; then
    `draws` are resampled systematically.

    Args:
        priors: A frozen distribution of scipy.stats by parameter id.
        log_likelihood: Gives one number per draw for arrays of parameters by id; minus infinity where impossible.
        draws: Size of the posterior sample.
        seed: Seed of everything random.
        initial: Draws from the prior.
        step: Draws added in a round.
        most_rounds: Rounds after which it ends; see `effective_sample_size` for what it came to.
        effort: Size of a sample that it must be good for. A small sample ends the rounds early, when a long ridge of
            the likelihood is known in part only; 2,000 is enough for half a dozen parameters.

    Returns:
        The posterior sample and its diagnostics.

    Raises:
        ValueError: Sizes are not positive, or every draw is impossible.

    References:
        Raftery AE, Bao L. Estimating and projecting trends in HIV/AIDS generalized epidemics using incremental mixture
        importance sampling. Biometrics 2010;66:1162-1173. Hesterberg T. Technometrics 1995;37:185-194.

    Examples:
        >>> from scipy import stats
        >>> seven = lambda found: stats.binom.logpmf(7, 10, found["p"])
        >>> posterior = imis({"p": stats.beta(1, 1)}, seven, draws=2000, seed=3)
        >>> abs(float(posterior.sample["p"].mean()) - 8 / 12) < 0.01
        True
    """
    if min(draws, initial, step, most_rounds) < 1:
        raise ValueError(f"imis: expected sizes of at least 1, found {(draws, initial, step, most_rounds)}")
    random, aim = np.random.default_rng(seed), max(draws, effort)
    scores = random.standard_normal((initial, len(priors)))
    fit = log_likelihood(from_scores(priors, scores))
    mixture = [log_standard_normal(scores)]
    centres: list[tuple[FloatArray, FloatArray]] = []
    rounds, weights, evidence = 0, np.empty(0), np.nan
    while True:
        weights, evidence = _weights(scores, fit, mixture, initial, step)
        unique = float(-np.expm1(aim * np.log1p(-np.minimum(weights, 1 - 1e-15))).sum())
        if unique >= (1 - np.exp(-1)) * aim or rounds == most_rounds:
            break
        rounds += 1
        centre, spread = _about_the_best(scores, weights, step)
        new = random.multivariate_normal(centre, spread, step, method="cholesky").clip(-FAR, FAR)
        fit = np.concatenate([fit, log_likelihood(from_scores(priors, new))])
        # The new draws under what was sampled from before, then all draws under the new distribution.
        mixture[0] = np.concatenate([mixture[0], log_standard_normal(new)])
        for number, (middle, shape) in enumerate(centres, start=1):
            mixture[number] = np.concatenate([mixture[number], _log_normal(new, middle, shape)])
        scores = np.concatenate([scores, new])
        centres.append((centre, spread))
        mixture.append(_log_normal(scores, centre, spread))
    chosen = systematic(weights, draws, random)
    return posterior(priors, scores, weights, chosen, runs=len(scores), rounds=rounds, log_evidence=evidence)


def _weights(
    scores: FloatArray, fit: FloatArray, mixture: list[FloatArray], initial: int, step: int
) -> tuple[FloatArray, float]:
    """Give normalised importance weights and the log of the marginal likelihood."""
    total = initial + step * (len(mixture) - 1)
    shares = np.log(np.array([initial] + [step] * (len(mixture) - 1)) / total)
    sampled_from = special.logsumexp(np.stack(mixture) + shares[:, None], axis=0)
    log_weight = np.where(np.isnan(fit), -np.inf, fit) + log_standard_normal(scores) - sampled_from
    whole = float(special.logsumexp(log_weight))
    if not np.isfinite(whole):
        raise ValueError(
            f"imis: expected a draw with a likelihood above 0, found none among {len(scores)}; check the targets "
            "and the predictions, widen the priors, or give more initial draws"
        )
    return np.exp(log_weight - whole), whole - float(np.log(total))


def _about_the_best(scores: FloatArray, weights: FloatArray, step: int) -> tuple[FloatArray, FloatArray]:
    """Give the draw of largest weight and the weighted covariance of its nearest neighbours about it."""
    centre = scores[int(weights.argmax())]
    distance = ((scores - centre) ** 2).sum(axis=1)
    near = np.argsort(distance, kind="stable")[: min(step, len(scores))]
    # As in the reference: between the importance weights and equal ones, so that one draw cannot take all.
    weight = (weights[near] + 1 / len(scores)) / 2
    off = scores[near] - centre
    spread = (weight[:, None] * off).T @ off / weight.sum()
    return centre, spread + 1e-9 * np.eye(scores.shape[1])


def from_scores(priors: Priors, scores: FloatArray) -> Parameters:
    """Give parameters on their own scale: the prior's quantile at each normal score.

    Args:
        priors: A frozen distribution of scipy.stats by parameter id.
        scores: Draws x parameters, standard normal under the prior.

    Returns:
        An array of length draws by parameter id.
    """
    scores = scores.clip(-FAR, FAR)
    # The upper tail by its own function: 1 - p would round to 1 there.
    return {
        name: np.where(
            scores[:, at] < 0,
            prior.ppf(special.ndtr(np.minimum(scores[:, at], 0))),
            prior.isf(special.ndtr(-np.maximum(scores[:, at], 0))),
        )
        for at, (name, prior) in enumerate(priors.items())
    }


def log_standard_normal(scores: FloatArray) -> FloatArray:
    """Give the log density of independent standard normal scores.

    Args:
        scores: Draws x parameters.

    Returns:
        Array of length draws.
    """
    return np.asarray(-0.5 * (scores**2).sum(axis=1) - 0.5 * scores.shape[1] * np.log(2 * np.pi))


def _log_normal(scores: FloatArray, centre: FloatArray, spread: FloatArray) -> FloatArray:
    return np.atleast_1d(stats.multivariate_normal(centre, spread).logpdf(scores))


def systematic(weights: FloatArray, draws: int, random: np.random.Generator) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Choose draws in proportion to their weights, by one random number and even steps.

    Args:
        weights: Normalised weights.
        draws: How many to choose.
        random: Generator.

    Returns:
        Positions, in ascending order; each stands at least floor(weight x draws) times.

    References:
        Carpenter J, Clifford P, Fearnhead P. IEE Proc Radar Sonar Navig 1999;146:2-7.
    """
    points = (random.random() + np.arange(draws)) / draws
    found = np.searchsorted(np.cumsum(weights), points * weights.sum())
    return np.asarray(found.clip(max=len(weights) - 1), dtype=np.int64)


def posterior(
    priors: Priors, scores: FloatArray, weights: FloatArray, chosen: np.ndarray[Any, np.dtype[np.int64]], **facts: Any
) -> Posterior:
    """Put chosen draws and their diagnostics together.

    Args:
        priors: Priors by parameter id.
        scores: All draws as normal scores.
        weights: Their normalised weights.
        chosen: Positions of the resample.
        **facts: Other attributes of `Posterior`.

    Returns:
        The posterior sample.
    """
    return Posterior(
        sample=pd.DataFrame(from_scores(priors, scores[chosen])),
        effective_sample_size=float(1 / (weights**2).sum()),
        unique=len(np.unique(chosen)),
        **facts,
    )
