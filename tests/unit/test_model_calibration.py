"""Calibration: known posteriors come out, a dynamic model finds the numbers it was made with, bad input is refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from test_model_transmission import PLACE

from epi.models.calibration import Posterior, imis
from epi.models.calibration_abc import abc_rejection, abc_smc
from epi.models.calibration_targets import Target, log_likelihood, predictive_summary
from epi.models.interface import Horizon
from epi.models.transmission import run

# Conjugate: Beta(2, 3) and 7 of 20 give Beta(9, 16).
PRIOR = {"p": stats.beta(2, 3)}
EXACT = stats.beta(9, 16)
SEVEN = Target("p", "binomial", 7, size=20)


def seven_of_twenty(found: dict[str, Any]) -> Any:
    """Give the log-likelihood of 7 of 20."""
    return log_likelihood([SEVEN], found)


def test_importance_sampling_finds_a_conjugate_posterior() -> None:
    """Mean within 1 %, standard deviation within 3 %, evidence within 0.02 of the beta-binomial's."""
    found = imis(PRIOR, seven_of_twenty, draws=4_000, seed=5)
    assert found.sample["p"].mean() == pytest.approx(EXACT.mean(), rel=0.01)
    assert found.sample["p"].std() == pytest.approx(EXACT.std(), rel=0.03)
    assert found.log_evidence == pytest.approx(stats.betabinom.logpmf(7, 20, 2, 3), abs=0.02)
    assert found.unique > 0.6 * 4_000
    assert found.effective_sample_size > 1_000


def test_importance_sampling_finds_a_narrow_ridge() -> None:
    """Two parameters of which only the sum is known well: means, spreads and their correlation of -0.995 come out."""
    priors = {"a": stats.norm(0, 1), "b": stats.norm(0, 1)}
    total = Target("total", "normal", 1.0, spread=0.1)
    found = imis(priors, lambda x: log_likelihood([total], {"total": x["a"] + x["b"]}), draws=4_000, seed=5)
    precision = np.eye(2) + 100 * np.ones((2, 2))
    exact = np.linalg.inv(precision)
    np.testing.assert_allclose(found.sample.mean(), exact @ [100, 100], atol=0.05)
    np.testing.assert_allclose(found.sample.std(), np.sqrt(np.diag(exact)), rtol=0.08)
    assert found.sample.corr().iloc[0, 1] == pytest.approx(exact[0, 1] / exact[0, 0], abs=0.005)
    assert found.rounds > 0


def test_few_draws_of_a_ridge_need_no_less_effort() -> None:
    """Sixty draws of a long ridge leave much of it out; with the effort for 2,000 they spread as far as it does."""
    priors = {name: stats.lognorm(0.6) for name in ("rate", "fatality")}
    product = Target("deaths", "lognormal", 1.0, spread=0.02)

    def fit(found: dict[str, Any]) -> Any:
        return log_likelihood([product], {"deaths": found["rate"] * found["fatality"]})

    spread = 0.6 / np.sqrt(2)  # of the logarithm, once the product is known
    alone, helped = [], []
    for seed in range(8):
        alone.append(np.log(imis(priors, fit, 60, seed, initial=300, step=100).sample["rate"]).std())
        helped.append(np.log(imis(priors, fit, 60, seed, initial=300, step=100, effort=2_000).sample["rate"]).std())
    np.testing.assert_allclose(helped, spread, rtol=0.2)
    assert np.abs(np.array(alone) - spread).max() > np.abs(np.array(helped) - spread).max()


def test_a_bounded_prior_keeps_its_bounds() -> None:
    """No draw leaves the bounds of its prior, even where the likelihood pulls it out."""
    found = imis({"p": stats.uniform(0.2, 0.3)}, lambda x: -100 * (x["p"] - 0.9) ** 2, draws=500, seed=1)
    assert found.sample["p"].between(0.2, 0.5).all()
    assert found.sample["p"].mean() > 0.45


def test_the_same_seed_gives_the_same_sample() -> None:
    """Two runs with one seed agree to the last digit; another seed does not."""
    first, second, other = (imis(PRIOR, seven_of_twenty, draws=200, seed=seed).sample for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, second)
    assert not first.equals(other)
    near = [abc_smc(PRIOR, lambda x: abs(x["p"] - 0.35), 200, seed=4, rounds=3).sample for _ in range(2)]
    pd.testing.assert_frame_equal(*near)


@pytest.mark.parametrize("method", ["rejection", "smc"])
def test_approximate_computation_finds_a_conjugate_posterior(method: str) -> None:
    """Simulated counts that equal the observed one leave the exact posterior: mean within 2 %, spread within 6 %."""
    random = np.random.default_rng(8)

    def apart(found: dict[str, Any]) -> Any:
        return abs(random.binomial(20, found["p"]) - 7).astype(float)

    if method == "rejection":
        found = abc_rejection(PRIOR, apart, draws=4_000, seed=2, runs=60_000)
    else:
        found = abc_smc(PRIOR, apart, draws=3_000, seed=2, rounds=4, keep=0.25)
    assert found.tolerance == 0
    assert found.sample["p"].mean() == pytest.approx(EXACT.mean(), rel=0.02)
    assert found.sample["p"].std() == pytest.approx(EXACT.std(), rel=0.06)
    assert np.isnan(found.log_evidence)


@pytest.mark.parametrize(
    ("target", "mean", "expected"),
    [
        (Target("x", "binomial", 3, size=10), 0.4, stats.binom.logpmf(3, 10, 0.4)),
        (Target("x", "binomial", 0, size=10), 0.0, 0.0),
        (Target("x", "binomial", 1, size=10), 0.0, -np.inf),
        (Target("x", "poisson", 12), 10.5, stats.poisson.logpmf(12, 10.5)),
        (Target("x", "poisson", 0), 0.0, 0.0),
        (Target("x", "normal", 2.0, spread=0.5), 1.4, stats.norm.logpdf(2.0, 1.4, 0.5)),
        (Target("x", "lognormal", 2.0, spread=0.3), 1.4, stats.lognorm.logpdf(2.0, 0.3, scale=1.4)),
        (Target("x", "normal", 2.0, spread=0.5), np.nan, -np.inf),
    ],
)
def test_likelihoods_are_those_of_scipy(target: Target, mean: float, expected: float) -> None:
    """Each kind of error has the density that its name says, and what is impossible has none."""
    assert log_likelihood([target], {"x": [mean]})[0] == pytest.approx(expected)


def test_several_targets_add_up() -> None:
    """Independent figures multiply their likelihoods."""
    both = [SEVEN, Target("deaths", "poisson", 5)]
    alone = log_likelihood(both[:1], {"p": [0.3]}) + log_likelihood(both[1:], {"deaths": [4.0]})
    assert log_likelihood(both, {"p": [0.3], "deaths": [4.0]}) == pytest.approx(alone)


def predictions(found: dict[str, Any]) -> dict[str, Any]:
    """Run the synthetic place with some of its numbers replaced, and give what is observed there."""
    ran = run({**PLACE, **found}, len(next(iter(found.values()))), Horizon(5))
    return {
        "hiv_prevalence": ran.stocks["hiv"][:, -1] / ran.stocks["people_who_inject"][:, -1],
        "hcv_prevalence": ran.stocks["hcv_rna"][:, -1] / ran.stocks["people_who_inject"][:, -1],
        "hiv_incidence": ran.events["hiv_infections"][:, -1] / ran.events["years_hiv_susceptible"][:, -1],
        "overdose_deaths": ran.events["overdose_deaths"][:, -1],
        "oat_coverage": ran.stocks["on_oat"][:, -1] / ran.stocks["people_who_inject"][:, -1],
    }


TRUTH = {"overdose_rate": 0.103, "hiv_transmission_rate": 0.2, "hcv_transmission_rate": 0.3, "oat_coverage_target": 0.3}
PRIORS = {
    "overdose_rate": stats.loguniform(0.02, 0.5),
    "hiv_transmission_rate": stats.loguniform(0.02, 1.5),
    "hcv_transmission_rate": stats.loguniform(0.02, 1.5),
    "oat_coverage_target": stats.beta(2, 5, loc=0.0, scale=0.9),
}


def observed() -> list[Target]:
    """Give what a place made with known numbers would report."""
    true = {name: float(value[0]) for name, value in predictions({n: np.array([v]) for n, v in TRUTH.items()}).items()}
    return [
        Target("hiv_prevalence", "binomial", round(500 * true["hiv_prevalence"]), size=500),
        Target("hcv_prevalence", "binomial", round(500 * true["hcv_prevalence"]), size=500),
        Target("hiv_incidence", "lognormal", true["hiv_incidence"], spread=0.15),
        Target("overdose_deaths", "poisson", round(true["overdose_deaths"])),
        Target("oat_coverage", "normal", true["oat_coverage"], spread=0.01),
    ]


def check_truth(found: Posterior, widest: float) -> None:
    """Check that limits hold the truth and are narrower than the prior's, and that the place is predicted."""
    rows = found.summary().set_index("parameter")
    for name, value in TRUTH.items():
        assert rows.loc[name, "lower_95"] < value < rows.loc[name, "upper_95"], name
        assert rows.loc[name, "sd"] < widest * PRIORS[name].std(), name
    predicted = predictions({name: found.sample[name].to_numpy() for name in found.sample})
    assert predictive_summary(observed(), predicted, seed=3)["inside"].all()


def test_the_dynamic_model_finds_the_numbers_it_was_made_with() -> None:
    """From prevalence, incidence, deaths and coverage, importance sampling finds the rates behind a synthetic place."""
    found = imis(PRIORS, lambda x: log_likelihood(observed(), predictions(x)), draws=1_000, seed=9, initial=1_500)
    check_truth(found, widest=0.7)
    assert found.unique > 600


def test_the_dynamic_model_is_found_without_a_likelihood_too() -> None:
    """Sequential Monte Carlo on relative distances finds the same rates."""
    targets = observed()

    def apart(found: dict[str, Any]) -> Any:
        predicted = predictions(found)
        return np.sqrt(sum((predicted[one.name] / one.value - 1) ** 2 for one in targets))

    found = abc_smc(PRIORS, apart, draws=300, seed=9, rounds=10, keep=0.4)
    assert found.tolerance < 0.5
    check_truth(found, widest=0.8)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Target("x", "binomial", 11, size=10), "0 <= observed <= size"),
        (lambda: Target("x", "normal", 1.0), "spread above 0"),
        (lambda: Target("x", "lognormal", 0.0, spread=1.0), "above 0"),
        (lambda: Target("x", "poisson", -1.0), "not below 0"),
        (lambda: Target("x", "uniform", 1.0), "expected a kind"),  # type: ignore[arg-type]
        (lambda: log_likelihood([SEVEN], {"q": [0.1]}), "expected p, found"),
        (lambda: imis(PRIOR, lambda x: np.full(len(x["p"]), -np.inf), draws=10, seed=1), "found none among"),
        (lambda: abc_rejection(PRIOR, lambda x: x["p"], draws=10, seed=1, runs=5), "found 10"),
        (lambda: abc_rejection(PRIOR, lambda x: x["p"] * np.nan, draws=10, seed=1, runs=20), "finite distances"),
        (lambda: abc_smc(PRIOR, lambda x: x["p"], draws=10, seed=1, keep=1.0), "keep inside 0 to 1"),
    ],
)
def test_what_cannot_be_is_refused(make: Any, words: str) -> None:
    """Targets, likelihoods and sizes that make no sense are refused, with what was expected and found."""
    with pytest.raises(ValueError, match=words) as refusal:
        make()
    assert "expected" in str(refusal.value)
    assert "found" in str(refusal.value)
