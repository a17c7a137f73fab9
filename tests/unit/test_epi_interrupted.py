"""`epi.interrupted`: segmented regression, against a published example, second routes and seeded simulations."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from epi.interrupted import interrupted_time_series

MONTHS = np.arange(1, 60)
# Monthly acute coronary events and age-standardised person-years in Sicily, January 2002 to November 2006; smoking was
# banned in public places from month 37 on. As printed in sicily.csv beside Lopez Bernal et al. 2017.
EVENTS = np.fromstring(
    """
    728 659 791 734 757 726 760 740 720 814 795 858 887 766 851 769 781 756 766 752 765 831 879 928 914 808 937
    840 916 828 845 818 860 839 887 886 831 796 833 820 877 758 767 738 781 843 850 908 1021 859 976 888 962
    838 810 876 843 936 912
    """,
    sep=" ",
)
PEOPLE = np.fromstring(
    """
    379875.3 376495.5 377040.8 377116.4 377383.4 374113.1 379513.3 376295.5 374653.2 378485.6 375955.5 378349.7
    376762.4 379032.3 379360.4 376162 377972.4 381830.7 379888.6 380872.2 380966.9 381240.4 382104.9 381802.7
    381656.3 383680 383504.2 386462.9 383783.1 380836.8 383483 380906.2 382926.8 384052.4 384449.6 383428.4
    388153.2 388373.2 386470.1 386033.2 383686.4 385509.3 385901.9 386516.6 388436.5 383255.2 390148.7 385874.9
    391613.6 391750.4 394005.6 391364.9 391664.6 389022.3 391878.5 388575.3 392989 390018.8 390712.3
    """,
    sep=" ",
)
BAN = 37
FIGURES = ["estimate", "lower", "upper"]


def sicily(**options):
    """Fit the smoking ban series."""
    return interrupted_time_series(MONTHS, EVENTS, BAN, PEOPLE, **options)


def columns(times, at, harmonics=0):
    """Build intercept, trend, level, slope and season the plain way."""
    times = np.asarray(times, dtype=float)
    parts = [np.ones(len(times)), times - at, times >= at, np.where(times > at, times - at, 0)]
    for pair in range(1, harmonics + 1):
        parts += [np.sin(2 * np.pi * pair * times / 12), np.cos(2 * np.pi * pair * times / 12)]
    return np.column_stack(parts).astype(float)


def poisson_by_hand(matrix, counts, offset):
    """Fit a Poisson regression by Newton steps; give coefficients, inverse information and means."""
    coefficients = np.linalg.lstsq(matrix, np.log(counts + 0.5) - offset, rcond=None)[0]
    for _ in range(50):
        mean = np.exp(matrix @ coefficients + offset)
        inverse = np.linalg.inv(matrix.T @ (matrix * mean[:, None]))
        coefficients = coefficients + inverse @ matrix.T @ (counts - mean)
    return coefficients, inverse, mean


def test_published_sicilian_smoking_ban():
    """Means before and after, and the 11 % lower level, are those printed for Lopez Bernal et al. 2017.

    The data are sicily.csv of the authors' repository gasparrini/2017_lopezbernal_IJE_codedata; course scripts that
    rerun its code print means of 810.9 and 857.5 events, rates of 213.3 and 220.5 per 100,000, and, for the Poisson
    model with a level change, "a reduction in ACEs following the smoking ban, with an average decrease of 11%".
    """
    rate = EVENTS / PEOPLE * 100_000
    printed = [EVENTS[:36].mean(), EVENTS[36:].mean(), rate[:36].mean(), rate[36:].mean()]
    assert np.round(printed, 1).tolist() == [810.9, 857.5, 213.3, 220.5]
    level = sicily(family="poisson", impact="level").effects.set_index("term").loc["level"]
    assert round(100 * (1 - level["estimate"])) == 11
    assert level["p_value"] < 0.01


@pytest.mark.parametrize("family", ["poisson", "quasi-poisson"])
def test_counts_are_a_poisson_regression(family):
    """Ratios, limits and dispersion agree with own Newton steps, quasi-Poisson scaled and t-based."""
    found = sicily(family=family, harmonics=2)
    coefficients, inverse, mean = poisson_by_hand(columns(MONTHS, BAN, 2), EVENTS, np.log(PEOPLE))
    dispersion = ((EVENTS - mean) ** 2 / mean).sum() / (59 - 8)
    scale, quantile = (dispersion, stats.t.ppf(0.975, 51)) if family == "quasi-poisson" else (1, stats.norm.ppf(0.975))
    contrasts = np.zeros((4, 8))
    contrasts[[0, 1, 2, 3, 3], [1, 2, 3, 1, 3]] = 1
    value = contrasts @ coefficients
    half_width = quantile * np.sqrt(scale * np.diag(contrasts @ inverse @ contrasts.T))
    expected = np.exp([value, value - half_width, value + half_width]).T
    assert found.effects["term"].tolist() == ["trend", "level", "slope", "trend after"]
    np.testing.assert_allclose(found.effects[FIGURES], expected, rtol=1e-9)
    assert found.dispersion == pytest.approx(dispersion, rel=1e-9)
    np.testing.assert_allclose(found.periods["fitted"], mean, rtol=1e-9)


def test_newey_west_is_its_formula():
    """Least-squares limits come from Bartlett-weighted autocovariances of the scores, corrected by n / (n - terms)."""
    rate = EVENTS / PEOPLE * 100_000
    matrix = columns(MONTHS, BAN)
    inverse = np.linalg.inv(matrix.T @ matrix)
    coefficients = inverse @ matrix.T @ rate
    scores = matrix * (rate - matrix @ coefficients)[:, None]
    middle = scores.T @ scores
    for lag in (1, 2):
        product = scores[lag:].T @ scores[:-lag]
        middle += (1 - lag / 3) * (product + product.T)
    error = np.sqrt(np.diag(inverse @ middle @ inverse) * 59 / 55)
    expected = coefficients + stats.t.ppf([[0.5], [0.025], [0.975]], 55) * error
    found = interrupted_time_series(MONTHS, rate, BAN, family="ols", lags=2)
    np.testing.assert_allclose(found.effects[FIGURES][:3], expected.T[1:], rtol=1e-9)
    automatic = interrupted_time_series(MONTHS, rate, BAN, family="ols")
    assert int(4 * 0.59 ** (2 / 9)) == 3
    pd.testing.assert_frame_equal(
        automatic.effects, interrupted_time_series(MONTHS, rate, BAN, family="ols", lags=3).effects
    )


def test_newey_west_without_autocovariance_is_white_for_counts():
    """With 0 lags, the covariance of counts is the sandwich of squared scores."""
    matrix = columns(MONTHS, BAN)
    coefficients, inverse, mean = poisson_by_hand(matrix, EVENTS, np.log(PEOPLE))
    scores = matrix * (EVENTS - mean)[:, None]
    error = np.sqrt(np.diag(inverse @ scores.T @ scores @ inverse) * 59 / 55)
    found = sicily(covariance="newey-west", lags=0)
    upper = np.exp(coefficients + stats.t.ppf(0.975, 55) * error)
    np.testing.assert_allclose(found.effects["upper"][:3], upper[1:], rtol=1e-9)


def test_counterfactual_continues_the_first_trend():
    """The counterfactual is the model without the interruption; the excess limits agree with simulated coefficients."""
    found = sicily(harmonics=2)
    matrix = columns(MONTHS, BAN, 2)
    coefficients, inverse, mean = poisson_by_hand(matrix, EVENTS, np.log(PEOPLE))
    plain = matrix.copy()
    plain[:, 2:4] = 0
    expected = np.exp(plain @ coefficients) * PEOPLE
    np.testing.assert_allclose(found.periods["counterfactual"], expected, rtol=1e-9)
    before = found.periods[found.periods["time"] < BAN]
    np.testing.assert_allclose(before["fitted"], before["counterfactual"], rtol=1e-12)
    assert (found.periods["lower"] < expected).all()
    assert (found.periods["upper"] > expected).all()
    excess = found.excess.loc[0]
    assert excess["observed"] == EVENTS[36:].sum()
    assert excess["difference"] == pytest.approx((mean - expected)[36:].sum(), rel=1e-9)
    draws = np.random.default_rng(1).multivariate_normal(coefficients, found.dispersion * inverse, 20_000)
    sums = [(np.exp(draws @ part[36:].T) @ PEOPLE[36:]) for part in (matrix, plain)]
    spread = (sums[0] - sums[1]).std() * stats.t.ppf(0.975, 51)
    assert excess["upper"] - excess["difference"] == pytest.approx(spread, rel=0.05)


def test_simulated_interruptions_are_recovered():
    """In 200 seeded overdispersed series, estimates, limits and pre-trend tests keep their promises."""
    random = np.random.default_rng(44)
    times = np.arange(1, 61)
    mean = np.exp(5 + 0.01 * (times - 31) - 0.2 * (times >= 31) - 0.01 * np.maximum(times - 31, 0))
    hits, values, accused = [], [], []
    for _ in range(200):
        counts = random.negative_binomial(mean / 2, 1 / 3)
        found = interrupted_time_series(times, counts, 31)
        accused.append(found.pre_trend["p_value"][1:] < 0.05)
        table = found.effects.set_index("term")
        values.append(np.log(table.loc[["level", "slope"], "estimate"]))
        truth = np.exp([-0.2, -0.01])
        limits = table.loc[["level", "slope"]]
        hits.append((limits["lower"] < truth) & (truth < limits["upper"]))
    level, slope = np.mean(values, axis=0)
    assert level == pytest.approx(-0.2, abs=0.015)
    assert slope == pytest.approx(-0.01, abs=0.001)
    assert (np.mean(hits, axis=0) > 0.9).all()
    assert (np.mean(hits, axis=0) < 0.99).all()
    assert np.all((np.mean(accused, axis=0) > 0.01) & (np.mean(accused, axis=0) < 0.1))


def test_noiseless_series_are_recovered_exactly():
    """Level, slope and trends of a series without scatter come back, for counts and for least squares."""
    eta = 6 + 0.02 * (MONTHS - 30) - 0.5 * (MONTHS >= 30) - 0.03 * np.maximum(MONTHS - 30, 0)
    counts = interrupted_time_series(MONTHS, np.exp(eta), 30).effects["estimate"]
    np.testing.assert_allclose(np.log(counts), [0.02, -0.5, -0.03, -0.01], rtol=1e-7)
    figures = interrupted_time_series(MONTHS, eta, 30, family="ols").effects["estimate"]
    np.testing.assert_allclose(figures, [0.02, -0.5, -0.03, -0.01], rtol=1e-7)


def test_several_interruptions_are_segments():
    """Each of several known breaks has its numbered level and slope; the last trend sums them."""
    eta = 6 + 0.02 * (MONTHS - 20) - 0.5 * (MONTHS >= 20) + 0.1 * (MONTHS >= 40) - 0.03 * np.maximum(MONTHS - 40, 0)
    found = interrupted_time_series(MONTHS, np.exp(eta), [40, 20])
    assert found.effects["term"].tolist() == ["trend", "level 1", "slope 1", "level 2", "slope 2", "trend after"]
    np.testing.assert_allclose(np.log(found.effects["estimate"]), [0.02, -0.5, 0, 0.1, -0.03, -0.01], atol=1e-7)
    np.testing.assert_allclose(found.periods["counterfactual"], np.exp(6 + 0.02 * (MONTHS - 20)), rtol=1e-6)
    slope_only = interrupted_time_series(MONTHS, np.exp(eta), 20, impact="slope")
    assert slope_only.effects["term"].tolist() == ["trend", "slope", "trend after"]


def test_autocorrelation_is_ljung_box():
    """Correlations and Ljung-Box statistics of the Pearson residuals are their formulas; a drift is found."""
    found = sicily(family="poisson")
    residual = (EVENTS - found.periods["fitted"]) / np.sqrt(found.periods["fitted"])
    residual = residual.to_numpy() - residual.mean()
    lags = np.arange(1, 12)
    correlation = np.array([(residual[lag:] * residual[:-lag]).sum() for lag in lags]) / (residual**2).sum()
    statistic = np.cumsum(correlation**2 / (59 - lags)) * 59 * 61
    np.testing.assert_allclose(found.autocorrelation["correlation"], correlation, rtol=1e-9)
    np.testing.assert_allclose(found.autocorrelation["statistic"], statistic, rtol=1e-9)
    np.testing.assert_allclose(found.autocorrelation["p_value"], stats.chi2.sf(statistic, lags), rtol=1e-9)
    assert found.autocorrelation["p_value"].min() < 0.05


def test_pre_trend_finds_what_was_there_before():
    """A bend or a jump within the earlier periods is found; a straight line is not accused."""
    random = np.random.default_rng(8)
    noise = random.normal(0, 0.02, 60)
    times = np.arange(60)
    straight = interrupted_time_series(times, np.exp(6 + 0.01 * times + noise) * 10, 40).pre_trend.set_index("test")
    assert straight.index.tolist() == ["trend", "curvature", "placebo level", "placebo slope"]
    assert straight.loc["trend", "estimate"] == pytest.approx(np.exp(0.01), abs=0.001)
    assert (straight["p_value"] > 0.01).tolist() == [False, True, True, True]
    bend = interrupted_time_series(times, np.exp(6 + 0.03 * np.maximum(times - 20, 0) + noise) * 10, 40).pre_trend
    assert bend.set_index("test").loc[["curvature", "placebo slope"], "p_value"].max() < 0.01
    jump = interrupted_time_series(times, np.exp(6 + 0.3 * (times >= 20) + noise) * 10, 40)
    assert jump.pre_trend.set_index("test").loc["placebo level", "p_value"] < 0.01
    assert "was not one straight line" in jump.summary()
    short = interrupted_time_series(times[36:], np.exp(6 + noise[36:]), 40).pre_trend
    assert short.set_index("test").loc["placebo level"].isna().all()


def test_summary_speaks_of_association():
    """The summary names an association with its limits and never an effect or a cause."""
    text = sicily(impact="level", harmonics=2).summary("the smoking ban", "acute coronary events")
    assert text.startswith("The smoking ban was associated with a change in the level of acute coronary events: rate")
    assert "95% CI" in text
    assert "This is an association" in text
    assert not any(word in text.lower() for word in ("effect", "cause", "impact", "reduced"))
    flat = interrupted_time_series(MONTHS, 100 + MONTHS % 5, BAN).summary()
    assert "was not clearly associated" in flat
    differences = interrupted_time_series(MONTHS, EVENTS, BAN, family="ols").summary()
    assert "difference -" in differences


def test_incomplete_periods_are_refused_without_draws():
    """Incomplete last months are refused; draws take their place and widen the limits as pooled by hand."""
    complete = MONTHS < 57
    with pytest.raises(ValueError, match=r"incomplete one at position 56 \(3 such of 59\).*nowcast draws"):
        sicily(complete=complete)
    draws = np.random.default_rng(5).poisson(900, (30, 3)) + np.random.default_rng(6).normal(0, 80, (30, 1))
    found = sicily(complete=complete, draws=draws)
    assert found.draws == 30
    matrix = columns(MONTHS, BAN)
    fits = [poisson_by_hand(matrix, np.append(EVENTS[:56], draw), np.log(PEOPLE)) for draw in draws]
    values = np.array([one[0] for one in fits])
    scales = [
        ((np.append(EVENTS[:56], draw) - one[2]) ** 2 / one[2]).sum() / 55
        for draw, one in zip(draws, fits, strict=True)
    ]
    within = np.mean([scale * np.diag(one[1]) for scale, one in zip(scales, fits, strict=True)], axis=0)
    added = (1 + 1 / 30) * values.var(axis=0, ddof=1)
    ratio = added / (within + added)
    df = 1 / (ratio**2 / 29 + 1 / (56 / 58 * 55 * (1 - ratio)))
    upper = np.exp(values.mean(axis=0) + stats.t.ppf(0.975, df) * np.sqrt(within + added))
    np.testing.assert_allclose(found.effects["estimate"][:3], np.exp(values.mean(axis=0))[1:], rtol=1e-9)
    np.testing.assert_allclose(found.effects["upper"][:3], upper[1:], rtol=1e-9)
    normal = sicily(complete=complete, draws=draws, family="poisson").effects
    assert (normal["upper"] - normal["lower"]).iloc[1] > 0


@pytest.mark.filterwarnings("error")
def test_counts_that_never_vary_differ_in_nothing():
    """A constant count has ratios of 1 and large p-values, not ones made from rounding."""
    effects = interrupted_time_series(MONTHS, np.full(59, 7), BAN).effects
    np.testing.assert_allclose(effects[FIGURES], 1, rtol=1e-6)
    assert (effects["p_value"] > 0.9).all()


@pytest.mark.filterwarnings("error")
def test_zeros_never_raise():
    """Single zeros are counts like any other; a side without events has no ratio, and says so."""
    counts = np.where(MONTHS % 4 == 0, 0, 3)
    assert interrupted_time_series(MONTHS, counts, BAN).effects.notna().all(axis=None)
    for nothing in (MONTHS < BAN, MONTHS >= BAN, MONTHS > 0):
        found = interrupted_time_series(MONTHS, np.where(nothing, 0, 5 + MONTHS % 3), BAN)
        assert found.effects[FIGURES].isna().all(axis=None)
        assert "could not be compared" in found.summary()
    assert np.isfinite(interrupted_time_series(MONTHS, 0.0 * MONTHS, BAN, family="ols").effects["estimate"]).all()


def test_missing_periods_are_left_out():
    """A missing outcome or population drops its period and nothing else."""
    people = PEOPLE.copy()
    people[4] = 0
    events = EVENTS.astype(float)
    events[40] = np.nan
    kept = np.ones(59, dtype=bool)
    kept[[4, 40]] = False
    found = interrupted_time_series(MONTHS, events, BAN, people)
    expected = interrupted_time_series(MONTHS[kept], EVENTS[kept], BAN, PEOPLE[kept])
    pd.testing.assert_frame_equal(found.effects, expected.effects)
    assert found.periods["time"].tolist() == MONTHS[kept].tolist()


@settings(max_examples=15, deadline=None)
@given(
    counts=st.lists(st.integers(0, 400), min_size=12, max_size=30),
    scale=st.sampled_from([1e-5, 3.0, 1e4]),
    seed=st.integers(0, 1000),
)
def test_laws(counts, scale, seed):
    """Limits contain the estimates; order and the unit of the population change nothing."""
    counts = np.array(counts) + 1
    times = np.arange(len(counts))
    found = interrupted_time_series(times, counts, 6, np.full(len(counts), 1e4)).effects
    assert (found["lower"] <= found["estimate"]).all()
    assert (found["estimate"] <= found["upper"]).all()
    order = np.random.default_rng(seed).permutation(len(counts))
    other = interrupted_time_series(times[order], counts[order], 6, np.full(len(counts), 1e4 * scale)).effects
    np.testing.assert_allclose(other[FIGURES], found[FIGURES], rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outcome": -EVENTS}, "outcome must not be negative"),
        ({"time": MONTHS // 2}, "time must not repeat"),
        ({"time": MONTHS[1:]}, "of one length"),
        ({"interruption": 2005}, r"at least 3 periods on each side .*found 0 from 2005"),
        ({"interruption": 2}, "found 1 from -inf to before 2"),
        ({"interruption": [30, 32]}, "found 2 from 30 to before 32"),
        ({"family": "gamma"}, "method must be one of"),
        ({"impact": "both"}, "method must be one of level and slope"),
        ({"covariance": "hac"}, "method must be one of model"),
        ({"harmonics": 7}, "harmonics must be a whole number from 0 to half the season"),
        (
            {"time": MONTHS[:8], "outcome": EVENTS[:8], "population": None, "interruption": 4, "harmonics": 2},
            "more periods",
        ),
        ({"family": "ols"}, "population is for counts"),
        ({"confidence": 95}, "confidence must be a proportion"),
        ({"complete": MONTHS < 59, "draws": [[1.0, 2.0]]}, "draws must have 2 or more rows"),
    ],
)
def test_misuse_is_named(change, message):
    """Impossible counts, times, interruptions and options are refused with what was found."""
    given = {"time": MONTHS, "outcome": EVENTS, "interruption": BAN, "population": PEOPLE} | change
    with pytest.raises(ValueError, match=message):
        interrupted_time_series(**given)
