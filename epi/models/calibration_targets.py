"""What a model is calibrated to: a place's observed figures with their kind of error, and how well a run meets them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from epi.models.interface import FloatArray

Kind = Literal["binomial", "poisson", "normal", "lognormal"]


@dataclass(frozen=True)
class Target:
    """One observed figure: what a model's prediction of the same name is compared with.

    Attributes:
        name: Name of the prediction, as in `hiv_prevalence`.
        kind: `binomial`: `observed` of `size` people, predicted as a proportion; `poisson`: a count, predicted as its
            expectation; `normal`: a figure with standard error `spread`; `lognormal`: a positive figure, `spread` is
            the standard error of its logarithm.
        observed: The figure.
        size: People asked or tested, of a binomial.
        spread: Standard error, of a normal or lognormal.
    """

    name: str
    kind: Kind
    observed: float
    size: float | None = None
    spread: float | None = None

    def __post_init__(self) -> None:
        """Refuse a figure that its kind of error cannot have."""
        spread_given = self.spread is not None and self.spread > 0
        faults = {
            "binomial": (
                self.size is not None and 0 <= self.observed <= self.size and self.size > 0,
                "0 <= observed <= size",
            ),
            "poisson": (self.observed >= 0, "observed not below 0"),
            "normal": (spread_given, "a spread above 0"),
            "lognormal": (spread_given and self.observed > 0, "observed and spread above 0"),
        }
        if self.kind not in faults:
            raise ValueError(f"{self.name}: expected a kind out of {sorted(faults)}, found {self.kind!r}")
        fits, expected = faults[self.kind]
        if not fits:
            raise ValueError(f"{self.name}: expected {expected} of a {self.kind} target, found {self}")

    @property
    def value(self) -> float:
        """Give the figure on the scale of the prediction: the proportion of a binomial."""
        return self.observed / self.size if self.kind == "binomial" and self.size else self.observed


def log_likelihood(targets: Iterable[Target], predicted: Mapping[str, npt.ArrayLike]) -> FloatArray:
    """Give the log-likelihood of all targets, draw by draw, as if they were independent.

    Formulas, with x observed and m predicted: binomial log C(n, x) + x log m + (n - x) log(1 - m); Poisson
    x log m - m - log x!; normal -(x - m)^2 / (2 s^2) - log(s sqrt(2 pi)); lognormal the normal of log x about log m,
    less log x. A prediction that is impossible (a proportion of 0 where somebody was positive, nan) has minus infinity.

    Args:
        targets: Observed figures.
        predicted: Predictions by the targets' names, each an array of length draws.

    Returns:
        Array of length draws.

    Raises:
        ValueError: A target has no prediction.

    References:
        Menzies NA, et al. Bayesian methods for calibrating health policy models: a tutorial. PharmacoEconomics
        2017;35:613-624.

    Examples:
        >>> half = Target("prevalence", "binomial", 1, size=2)
        >>> float(np.exp(log_likelihood([half], {"prevalence": [0.5]})[0]).round(6))
        0.5
    """
    total: FloatArray | None = None
    for target in targets:
        if target.name not in predicted:
            raise ValueError(f"predictions: expected {target.name}, found {sorted(predicted)}; give one per target")
        term = _one(target, np.asarray(predicted[target.name], dtype=np.float64))
        total = term if total is None else total + term
    if total is None:
        raise ValueError("targets: expected at least one, found none")
    return np.where(np.isnan(total), -np.inf, total)


def _one(target: Target, mean: FloatArray) -> FloatArray:
    """Give the log-likelihood of one target."""
    x = target.observed
    with np.errstate(divide="ignore", invalid="ignore"):
        if target.kind == "binomial":
            n = float(target.size or 0)
            constant = special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1)
            term = constant + special.xlogy(x, mean) + special.xlog1py(n - x, -mean)
            return np.where((mean >= 0) & (mean <= 1), term, -np.inf)
        if target.kind == "poisson":
            return np.where(mean >= 0, special.xlogy(x, mean) - mean - special.gammaln(x + 1), -np.inf)
        spread = float(target.spread or np.nan)
        lognormal = target.kind == "lognormal"
        off = (np.log(x) - np.log(mean)) / spread if lognormal else (x - mean) / spread
        term = -0.5 * off**2 - np.log(spread * np.sqrt(2 * np.pi))
        return np.asarray(term - np.log(x) if lognormal else term, dtype=np.float64)


def predictive_summary(targets: Iterable[Target], predicted: Mapping[str, npt.ArrayLike], seed: int) -> pd.DataFrame:
    """Say how well a posterior sample predicts what it was calibrated to, the figures' own error included.

    Formula: for each draw a new figure is drawn from the target's kind of error about the prediction; the tail is the
    share of new figures below the observed one (ties count half).

    Args:
        targets: Observed figures.
        predicted: Predictions of the posterior sample by the targets' names, arrays of one length.
        seed: Seed of the new figures.

    Returns:
        One row per target: `target`, `observed` (a proportion of a binomial), `mean`, `lower_95`, `upper_95` of the new
        figures, `tail`, and `inside`: whether the figure lies between the limits.

    References:
        Gelman A, et al. Bayesian Data Analysis. 3rd ed. CRC 2013, ch. 6.

    Examples:
        >>> deaths = Target("deaths", "poisson", 50)
        >>> predictive_summary([deaths], {"deaths": np.full(1000, 50.0)}, seed=1)["inside"].tolist()
        [True]
    """
    random, rows = np.random.default_rng(seed), []
    for target in targets:
        mean = np.asarray(predicted[target.name], dtype=np.float64)
        if target.kind == "binomial":
            size = round(float(target.size or 0))
            new = random.binomial(size, np.clip(mean, 0, 1)) / size
        elif target.kind == "poisson":
            new = random.poisson(mean).astype(np.float64)
        elif target.kind == "normal":
            new = random.normal(mean, float(target.spread or 0))
        else:
            new = mean * np.exp(random.normal(0, float(target.spread or 0), mean.shape))
        lower, upper = np.quantile(new, [0.025, 0.975])
        tail = float((new < target.value).mean() + 0.5 * (new == target.value).mean())
        rows.append((target.name, target.value, new.mean(), lower, upper, tail, bool(lower <= target.value <= upper)))
    return pd.DataFrame(rows, columns=["target", "observed", "mean", "lower_95", "upper_95", "tail", "inside"])
