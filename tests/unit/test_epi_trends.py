"""`epi.trends`: annual percent change and joinpoints, against printed values, second routes and their own laws."""

import itertools

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import epi.joinpoint
from epi import trends
from epi.joinpoint_search import candidates, fit, permutation_p, search
from epi.linear_trends import linear_trends
from epi.log_rates import pooled_variance
from epi.trends import annual_percent_change, joinpoint, joinpoint_many, recommended_joinpoints

# HIV diagnoses per 100,000 in Argentina, 2010-2022, as printed in joinpointR's example data (data-ar.csv).
ARGENTINA = {
    "both": [17.6, 17.4, 17.3, 17.1, 15.3, 15.3, 14.2, 11.1, 13.6, 12.9, 8.1, 11.6, 12.2],
    "female": [11.6, 11.1, 11.1, 10.9, 9.1, 8.6, 8.2, 6.3, 7.8, 7.5, 4.6, 6.7, 7.3],
    "male": [23.9, 24.0, 23.7, 23.6, 21.7, 22.3, 20.5, 16.2, 19.5, 18.4, 11.7, 16.6, 17.2],
}
YEARS = np.arange(2010, 2023)
some_rates = st.lists(st.floats(0.1, 1000), min_size=6, max_size=16)


def bent(years, slopes, at, start=3.0):
    """Give noiseless rates whose log slope changes at the times `at`."""
    years = np.asarray(years, dtype=float)
    log_rate = start + slopes[0] * (years - years[0])
    for before, after, tau in zip(slopes[:-1], slopes[1:], at, strict=True):
        log_rate += (after - before) * np.maximum(years - tau, 0)
    return np.exp(log_rate)


def noisy(seed, periods=14):
    """Give years, rates with a bend and standard errors, all scattered."""
    random = np.random.default_rng(seed)
    years = np.arange(2000, 2000 + periods)
    rates = bent(years, [0.08, -0.05], [2000 + periods // 2]) * np.exp(random.normal(0, 0.05, periods))
    return years, rates, rates * random.uniform(0.02, 0.1, periods)


def design(years, taus):
    """Give the joinpoint model's columns the plain way."""
    years = np.asarray(years, dtype=float)
    return np.column_stack([np.ones(len(years)), years - years.mean()] + [np.maximum(years - tau, 0) for tau in taus])


@pytest.mark.parametrize(
    ("sex", "joinpoints", "bic"), [("both", (), -3.775), ("female", (2020.0,), -3.686), ("male", (), -3.85)]
)
def test_printed_example_of_joinpointr(sex, joinpoints, bic):
    """Joinpoints and BIC are those printed in the vignette of the R package joinpointR (CRAN, Introduction.html)."""
    found = joinpoint(YEARS, ARGENTINA[sex], max_joinpoints=2, criterion="bic")
    assert found.joinpoints == joinpoints
    assert found.models.loc[found.models["chosen"], "bic"].item() == pytest.approx(bic, abs=5e-4)


def test_apc_is_the_regression_of_the_log_rate():
    """Without standard errors, slope, limits and p-value are those of scipy's linear regression."""
    row = annual_percent_change(YEARS, ARGENTINA["male"]).loc[0]
    line = stats.linregress(YEARS, np.log(ARGENTINA["male"]))
    half_width = stats.t.ppf(0.975, len(YEARS) - 2) * line.stderr
    expected = 100 * (np.exp([line.slope, line.slope - half_width, line.slope + half_width]) - 1)
    np.testing.assert_allclose(row[["value", "lower", "upper"]].astype(float), expected, rtol=1e-9)
    assert row["p_value"] == pytest.approx(line.pvalue, rel=1e-9)
    assert (row["start"], row["end"], row["periods"]) == (2010, 2022, 13)


def test_weighted_apc_is_weighted_least_squares():
    """With standard errors, the weights are (rate / se)^2 in statsmodels' weighted least squares."""
    years, rates, errors = noisy(1)
    model = sm.WLS(np.log(rates), sm.add_constant(years.astype(float)), weights=(rates / errors) ** 2).fit()
    row = annual_percent_change(years, rates, errors, confidence=0.9).loc[0]
    expected = 100 * np.expm1([model.params[1], *model.conf_int(0.1)[1]])
    np.testing.assert_allclose(row[["value", "lower", "upper"]].astype(float), expected, rtol=1e-9)


@pytest.mark.parametrize("log", [False, True])
def test_lines_of_many_series_are_weighted_least_squares(log):
    """Slopes and limits of each series are statsmodels'; percent per year are those of a single series."""
    years, rates, errors = noisy(2)
    frame = pd.DataFrame({"place": "A", "year": years, "value": rates, "se": errors})
    frame = pd.concat([frame, frame.assign(place="B", value=rates[::-1], se=np.nan)])
    found = linear_trends(frame, "place", log=log).set_index("place")
    weights = (rates / errors) ** 2 if log else errors**-2.0
    for place, y, w in (("A", rates, weights), ("B", rates[::-1], np.ones(len(rates)))):
        model = sm.WLS(np.log(y) if log else y, sm.add_constant(years - years.mean()), weights=w).fit()
        expected = np.array([model.params[1], *model.conf_int()[1]])
        limits = found.loc[place, ["value", "lower", "upper"]].astype(float)
        np.testing.assert_allclose(limits, 100 * np.expm1(expected) if log else expected, rtol=1e-9)
    assert found["weighted"].tolist() == [True, False]


def test_apc_of_constant_growth_is_exact():
    """Rates that grow 7 % a year have an APC of 7, whatever the unit and with a gap in the years."""
    years = [2001, 2002, 2005, 2009]
    row = annual_percent_change(years, [3 * 1.07 ** (year - 2001) for year in years]).loc[0]
    np.testing.assert_allclose(row[["value", "lower", "upper"]].astype(float), 7, rtol=1e-9)


@settings(max_examples=40, deadline=None)
@given(rates=some_rates, seed=st.integers(0, 1000))
def test_apc_laws(rates, seed):
    """The interval contains the estimate; order, the unit of the rate and missing periods change nothing."""
    years = np.arange(len(rates)) + 2000.0
    plain = annual_percent_change(years, rates)
    assert plain["lower"].item() <= plain["value"].item() <= plain["upper"].item()
    order = np.random.default_rng(seed).permutation(len(rates))
    others = (
        annual_percent_change(years[order], 1000 * np.array(rates)[order]),
        annual_percent_change([*years, 2050], [*rates, None]),
    )
    for other in others:
        pd.testing.assert_frame_equal(other, plain, rtol=1e-7, atol=1e-4)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("criterion", ["bic", "bic3", "wbic"])
@pytest.mark.parametrize("at", [(), (2005,), (2004, 2011), (2003, 2009, 2016)])
def test_noiseless_joinpoints_are_found_exactly(at, criterion, weighted):
    """Places, annual percent changes and fitted rates of a noiseless series come back, and no further joinpoint."""
    years = np.arange(1999, 2021)
    slopes = [0.02, 0.1, -0.04, 0.06][: len(at) + 1]
    rates = bent(years, slopes, at)
    errors = rates * np.linspace(0.01, 0.2, len(years)) if weighted else None
    found = joinpoint(years, rates, errors, criterion=criterion)
    assert found.joinpoints == at
    np.testing.assert_allclose(found.segments["apc"], 100 * np.expm1(slopes), rtol=1e-9)
    np.testing.assert_allclose(found.fitted, rates, rtol=1e-9)
    assert found.segments["start"].tolist() == [1999, *at]
    assert found.segments["end"].tolist() == [*at, 2020]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_grid_search_is_every_weighted_fit_done_one_by_one(seed):
    """The batched grid finds the least sum of squares of a plain loop over statsmodels fits, to 1e-9."""
    years, rates, errors = noisy(seed)
    y, weight = np.log(rates), (rates / errors) ** 2
    found = joinpoint(years, rates, errors, max_joinpoints=2)
    for k in range(3):
        loop = {}
        for at in itertools.combinations(range(len(years)), k):
            ends = (-1, *at, len(years))
            gaps = np.diff(ends) - 1
            if k and gaps.min() < 2:
                continue
            taus = tuple(years[list(at)].tolist())
            loop[taus] = sm.WLS(y, design(years, taus), weights=weight).fit()
        assert len(loop) == len(candidates(len(years), k, 2, 2))
        best = min(loop, key=lambda taus: (loop[taus].resid ** 2 * weight).sum())
        sse = (loop[best].resid ** 2 * weight).sum()
        row = found.models.loc[k]
        assert row["at"] == best
        n = len(years)
        expected = [sse, *(np.log(sse / n) + (per * k + 2) * np.log(n) / n for per in (2, 3))]
        np.testing.assert_allclose(row[["sse", "bic", "bic3"]].astype(float), expected, rtol=1e-9)


def test_segments_are_linear_combinations_of_a_weighted_fit():
    """Slopes, t-based limits on n - (2k + 2) degrees of freedom and p-values agree with statsmodels at the places."""
    years, rates, errors = noisy(5)
    weight = (rates / errors) ** 2
    found = joinpoint(years, rates, errors, max_joinpoints=1, criterion="bic")
    assert len(found.joinpoints) == 1
    model = sm.WLS(np.log(rates), design(years, found.joinpoints), weights=weight).fit()
    df = len(years) - 4
    covariance = model.normalized_cov_params * (model.resid**2 * weight).sum() / df
    for contrast, row in zip(([0, 1, 0], [0, 1, 1]), found.segments.itertuples(), strict=True):
        slope, error = np.dot(contrast, model.params), np.sqrt(contrast @ covariance @ contrast)
        limits = slope + stats.t.ppf([0.5, 0.025, 0.975], df) * error
        np.testing.assert_allclose([row.apc, row.lower, row.upper], 100 * np.expm1(limits), rtol=1e-9)
        assert row.p_value == pytest.approx(2 * stats.t.sf(abs(slope / error), df), rel=1e-9)


def test_wbic_mixes_bic_and_bic3_by_the_partial_r_squared():
    """WBIC = BIC (1 - weight) + BIC3 weight (NCI's help page), the weight of one joinpoint from two nested fits."""
    years, rates, errors = noisy(7)
    models = joinpoint(years, rates, errors).models.loc[1:]
    mixed = models["bic"] * (1 - models["weight"]) + models["bic3"] * models["weight"]
    np.testing.assert_allclose(models["wbic"], mixed, rtol=1e-9)
    weight = (rates / errors) ** 2
    line, one = (sm.WLS(np.log(rates), design(years, taus), weights=weight).fit() for taus in ((), models["at"][1]))
    assert models["weight"][1] == pytest.approx(1 - one.ssr / line.ssr, rel=1e-9)
    tau_1, tau_2 = models["at"][2]
    shares = []
    for near, tau in ((years <= tau_2, tau_1), (years > tau_1, tau_2)):
        fits = [
            sm.WLS(np.log(rates[near]), design(years[near], taus), weights=weight[near]).fit() for taus in ((), (tau,))
        ]
        shares.append(1 - fits[1].ssr / fits[0].ssr)
    assert models["weight"][2] == pytest.approx(max(shares), rel=1e-9)


def test_joinpoints_keep_their_distance():
    """Configured distances hold, short series are given fewer joinpoints, and none leaves a single trend."""
    assert candidates(7, 1, 2, 2).ravel().tolist() == [2, 3, 4]
    # NCI's formula: 2 x end + (k - 1) x between + k observations are just enough.
    assert len(candidates(2 * 2 + 2 * 2 + 3, 3, 2, 2)) == 1
    assert len(candidates(2 * 2 + 2 * 2 + 2, 3, 2, 2)) == 0
    assert np.diff(candidates(15, 3, 3, 1), axis=1).min() == 2
    assert joinpoint(range(6), [1, 2, 1, 5, 2, 3]).models["joinpoints"].max() == 1
    assert joinpoint(range(20), np.arange(1, 21), max_joinpoints=0).joinpoints == ()
    assert joinpoint(YEARS, ARGENTINA["both"], max_joinpoints=None).models["joinpoints"].max() == 2


def test_recommended_number_of_joinpoints():
    """The table of NCI's defaults, as printed in joinpointR's documentation, row by row."""
    firsts = {0: 0, 7: 1, 12: 2, 17: 3, 22: 4, 27: 5, 32: 6, 37: 7}
    for first, most in firsts.items():
        assert recommended_joinpoints(first) == most
        assert first == 0 or recommended_joinpoints(first - 1) == most - 1
    assert recommended_joinpoints(500) == 7


def test_no_joinpoint_is_the_annual_percent_change():
    """A model without joinpoints has the APC, limits and AAPC of `annual_percent_change`."""
    years, rates, errors = noisy(4)
    whole = annual_percent_change(years, rates, errors).loc[0, ["value", "lower", "upper"]].astype(float)
    found = joinpoint(years, rates, errors, max_joinpoints=0)
    np.testing.assert_allclose(found.segments.loc[0, ["apc", "lower", "upper"]].astype(float), whole, rtol=1e-9)
    for limits in found.aapc()[["aapc", "lower", "upper"]].to_numpy():
        np.testing.assert_allclose(limits, whole, rtol=1e-9)


def test_aapc_weighs_slopes_by_length():
    """The AAPC over a range is the length-weighted mean of the slopes, with normal limits over several segments."""
    years, rates, errors = noisy(6)
    found = joinpoint(years, rates, errors, max_joinpoints=1, criterion="bic")
    (tau,) = found.joinpoints
    slopes = np.log1p(found.segments["apc"].to_numpy() / 100)
    start, end = tau - 3, tau + 2
    share = np.array([3, 2]) / 5
    row = found.aapc(start, end).loc[0]
    assert row["aapc"] == pytest.approx(100 * np.expm1(slopes @ share), rel=1e-9)
    weight = (rates / errors) ** 2
    model = sm.WLS(np.log(rates), design(years, (tau,)), weights=weight).fit()
    contrast = np.array([0, 1, share[1]])
    variance = contrast @ model.normalized_cov_params @ contrast * (model.resid**2 * weight).sum() / (len(years) - 4)
    limits = contrast @ model.params + stats.norm.ppf([0.025, 0.975]) * np.sqrt(variance)
    np.testing.assert_allclose(row[["lower", "upper"]].astype(float), 100 * np.expm1(limits), rtol=1e-9)


def test_aapc_within_one_segment_is_its_apc():
    """A range inside one segment has that segment's APC and limits (Clegg 2009, abstract)."""
    years, rates, errors = noisy(6)
    found = joinpoint(years, rates, errors, max_joinpoints=1, criterion="bic")
    inside = found.aapc(found.joinpoints[0] + 1, years[-1]).loc[0, ["aapc", "lower", "upper"]].astype(float)
    last = found.segments.loc[1, ["apc", "lower", "upper"]].astype(float)
    np.testing.assert_allclose(inside, last, rtol=1e-9)


def test_delta_limits_differentiate_the_joinpoints_too():
    """The delta interval is that of the model's numerical derivatives in its coefficients and its joinpoint."""
    years, rates, errors = noisy(8)
    found = joinpoint(years, rates, errors, max_joinpoints=1, criterion="bic")
    weight = (rates / errors) ** 2
    model = sm.WLS(np.log(rates), design(years, found.joinpoints), weights=weight).fit()
    at = np.array([*model.params, *found.joinpoints])

    def curve(parameters, when):
        bend = np.maximum(when - parameters[3], 0)
        return parameters[0] + parameters[1] * (when - years.mean()) + parameters[2] * bend

    step = 1e-6
    moves = at + step * np.eye(4)
    jacobian = np.stack([(curve(move, years) - curve(at, years)) / step for move in moves], axis=1)
    ends = np.array([years[0], years[-1]], dtype=float)
    mean = [np.diff(curve(move, ends))[0] / (ends[1] - ends[0]) for move in (at, *moves)]
    gradient = (np.array(mean[1:]) - mean[0]) / step
    df = len(years) - 4
    covariance = np.linalg.inv(jacobian.T @ (jacobian * weight[:, None])) * (model.resid**2 * weight).sum() / df
    limits = mean[0] + stats.t.ppf([0.025, 0.975], df) * np.sqrt(gradient @ covariance @ gradient)
    both = found.aapc().set_index("method")
    np.testing.assert_allclose(both.loc["delta", ["lower", "upper"]].astype(float), 100 * np.expm1(limits), rtol=1e-4)
    width = both["upper"] - both["lower"]
    assert width["delta"] > width["parametric"]


def test_simulated_trends_are_recovered():
    """In 300 seeded series with a clear bend, WBIC finds it nearly always and 95 % limits hold about as often
    as documented.
    """
    random = np.random.default_rng(20)
    years = np.arange(2000, 2022)
    clean = bent(years, [0.02, 0.14], [2011])
    rates = clean * np.exp(random.normal(0, 0.04, (300, len(years))))
    frame = pd.DataFrame(
        {"place": np.repeat(np.arange(300), len(years)), "year": np.tile(years, 300), "rate": rates.ravel()}
    )
    found = joinpoint_many(frame, "place")
    first = found[found["segment"] == 1]
    near = (first["joinpoints"] == 1) & first["end"].between(2010, 2012)
    assert near.mean() > 0.85
    truth = 100 * np.expm1((11 * 0.02 + 10 * 0.14) / 21)
    assert (first["aapc_lower"].le(truth) & first["aapc_upper"].ge(truth)).mean() > 0.87
    delta = pd.concat([joinpoint(years, one).aapc().iloc[1:] for one in rates[:150]])
    assert 0.9 < (delta["lower"].le(truth) & delta["upper"].ge(truth)).mean() < 0.99


def test_permutation_test_is_its_definition():
    """Statistic and p-value agree with shuffles refitted one by one in statsmodels."""
    years, rates, errors = noisy(3, periods=11)
    weight = (rates / errors) ** 2
    root, y = np.sqrt(weight), np.log(rates)
    sets = candidates(11, 0, 2, 2), candidates(11, 1, 2, 2)
    ours = permutation_p(years.astype(float), root, y, sets, 60, np.random.default_rng(9))
    line = sm.WLS(y, design(years, ()), weights=weight).fit()

    def ratio(values):
        sums = [
            min(sm.WLS(values, design(years, years[at]), weights=weight).fit().ssr for at in allowed)
            for allowed in sets
        ]
        return sums[0] / sums[1]

    residual = np.repeat((root * line.resid)[None], 60, axis=0)
    shuffled = np.random.default_rng(9).permuted(residual, axis=1)
    ratios = [ratio(line.fittedvalues + one / root) for one in shuffled]
    statistic = ratio(y)
    assert ours[0] == pytest.approx(statistic, rel=1e-9)
    assert ours[1] == pytest.approx((1 + sum(r >= statistic for r in ratios)) / 61, rel=1e-12)


def test_permutation_criterion_is_deterministic_and_sequential():
    """One seed gives one answer; tests run from 0 against the most, each at level / (most - fewer)."""
    years, rates, _ = noisy(11)
    first, again = (joinpoint(years, rates, criterion="permutation", permutations=499, seed=5) for _ in range(2))
    pd.testing.assert_frame_equal(first.tests, again.tests)
    assert first.joinpoints == again.joinpoints != ()
    null, alternative = 0, 3
    for row in first.tests.itertuples():
        assert (row.null, row.alternative) == (null, alternative)
        assert row.level == pytest.approx(0.05 / (3 - null))
        null, alternative = (null + 1, alternative) if row.p_value < row.level else (null, alternative - 1)
    assert null == alternative == len(first.joinpoints)
    exact = joinpoint(range(20), bent(range(20), [0.1, -0.1], [9]), criterion="permutation", permutations=99, level=0.2)
    assert exact.joinpoints == (9.0,)


@settings(max_examples=25, deadline=None)
@given(rates=some_rates, scale=st.sampled_from([1e-3, 7.0, 1e5]), seed=st.integers(0, 1000))
def test_joinpoint_laws(rates, scale, seed):
    """Limits contain the estimates; order and the rate's unit change nothing; no joinpoint fits worst."""
    years = np.arange(len(rates)) + 2000.0
    found = joinpoint(years, rates)
    order = np.random.default_rng(seed).permutation(len(rates))
    shuffled = joinpoint(years[order], np.array(rates)[order])
    pd.testing.assert_frame_equal(shuffled.segments, found.segments)
    for frame, value in ((found.segments, "apc"), (found.aapc(), "aapc")):
        assert (frame["lower"] <= frame[value]).all()
        assert (frame[value] <= frame["upper"]).all()
    assert (found.models["sse"] <= found.models["sse"][0] * (1 + 1e-9)).all()
    scaled = joinpoint(years, np.array(rates) * scale)
    np.testing.assert_allclose(scaled.models["sse"], found.models["sse"], rtol=1e-6, atol=1e-18)


def test_search_shares_weights_between_series():
    """Several series searched together give what each gives alone, to the last chosen position."""
    random = np.random.default_rng(2)
    years = np.arange(20.0)
    root = random.uniform(0.5, 2, (2, 20))
    y = random.normal(0, 1, (2, 3, 20)).cumsum(axis=2)
    sets = candidates(20, 2, 2, 2)
    positions, sse = search(years, root, y, sets)
    for s, p in itertools.product(range(2), range(3)):
        alone = search(years, root[[s]], y[[s]][:, [p]], sets)
        assert (positions[s, p] == alone[0][0, 0]).all()
        exact = fit(years, root[[s]], y[s, [p]], positions[s, [p]]).sse[0]
        assert sse[s, p] == pytest.approx(exact, rel=1e-9)


def test_incomplete_periods_are_refused_without_draws():
    """An incomplete last year is named; marked as missing or given draws, the trend is fitted."""
    complete = np.arange(13) < 12
    for trend in (annual_percent_change, joinpoint):
        with pytest.raises(ValueError, match=r"incomplete one at position 12 .*nowcast draws"):
            trend(YEARS, ARGENTINA["both"], complete=complete)
    draws = np.random.default_rng(1).lognormal(np.log(12.5), 0.05, (100, 1))
    assert (
        annual_percent_change(YEARS, [*ARGENTINA["both"][:12], None], complete=complete, draws=draws)
        .notna()
        .all(axis=None)
    )


def test_draws_without_spread_hardly_change_anything():
    """Draws that all equal the figure give the same estimate, with the degrees of freedom of Barnard and Rubin."""
    years, rates, errors = noisy(5)
    complete = years < years[-1]
    draws = np.full((20, 1), rates[-1])
    plain = annual_percent_change(years, rates, errors).loc[0]
    pooled = annual_percent_change(years, rates, errors, complete=complete, draws=draws).loc[0]
    slope, upper = np.log1p(plain[["value", "upper"]].astype(float).to_numpy() / 100)
    error = (upper - slope) / stats.t.ppf(0.975, 12)
    expected = slope + stats.t.ppf([0.5, 0.025, 0.975], 12 * 13 / 15) * error
    np.testing.assert_allclose(pooled[["value", "lower", "upper"]].astype(float), 100 * np.expm1(expected), rtol=1e-9)
    found = joinpoint(years, rates, errors, complete=complete, draws=draws)
    assert found.joinpoints == joinpoint(years, rates, errors).joinpoints
    assert sorted(found.models["share_of_draws"]) == [0, 0, 0, 1]


def test_draws_are_pooled_as_imputations():
    """Estimate, limits and degrees of freedom are those of one fit per draw, pooled by hand (Rubin; Barnard-Rubin)."""
    rates = np.array(ARGENTINA["both"])
    draws = np.random.default_rng(3).lognormal(np.log(13), 0.2, (40, 2))
    complete = YEARS < 2021
    fits = [stats.linregress(YEARS, np.log(np.append(rates[:11], draw))) for draw in draws]
    slopes, variances = np.array([[one.slope, one.stderr**2] for one in fits]).T
    added = (1 + 1 / 40) * slopes.var(ddof=1)
    total = variances.mean() + added
    old = 39 * (total / added) ** 2
    observed = (11 + 1) / (11 + 3) * 11 * (1 - added / total)
    df = 1 / (1 / old + 1 / observed)
    limits = slopes.mean() + stats.t.ppf([0.5, 0.025, 0.975], df) * np.sqrt(total)
    row = annual_percent_change(YEARS, rates, complete=complete, draws=draws).loc[0, ["value", "lower", "upper"]]
    np.testing.assert_allclose(row.astype(float), 100 * np.expm1(limits), rtol=1e-9)
    whole = np.column_stack([np.tile(rates[:11], (40, 1)), draws])
    found = joinpoint(YEARS, rates, max_joinpoints=0, complete=complete, draws=pd.DataFrame(whole))
    np.testing.assert_allclose(
        found.segments.loc[0, ["apc", "lower", "upper"]].astype(float), row.astype(float), rtol=1e-9
    )
    assert found.segments["upper"][0] > joinpoint(YEARS, rates, max_joinpoints=0).segments["upper"][0] - 10
    assert pooled_variance(np.array(2.0), np.array(9.0), 0, 5)[0] == 2


def test_many_series_are_each_its_own():
    """A table of series with different years gives each series' own answer; a refused series says why, in its row."""
    parts = []
    for place, seed, periods in (("A", 1, 14), ("B", 2, 14), ("C", 3, 18)):
        years, rates, errors = noisy(seed, periods)
        parts.append(pd.DataFrame({"place": place, "sex": "all", "year": years, "rate": rates, "se": errors}))
    zero = parts[0].assign(place="Z", rate=0.0)
    short = parts[0].head(2).assign(place="S")
    table = pd.concat([zero, *parts, short], ignore_index=True).sample(frac=1, random_state=1)
    found = joinpoint_many(table, ["place", "sex"], se="se")
    assert found.columns.tolist()[:4] == ["place", "sex", "segment", "start"]
    for part in parts:
        alone = joinpoint(part["year"], part["rate"], part["se"])
        rows = found[found["place"] == part["place"][0]].reset_index(drop=True)
        pd.testing.assert_frame_equal(rows[alone.segments.columns], alone.segments, rtol=1e-7, atol=1e-12)
        assert rows["aapc"].iloc[0] == pytest.approx(alone.aapc()["aapc"][0], rel=1e-9)
        assert (rows["joinpoints"] == len(alone.joinpoints)).all()
    refused = found[found["reason"] != ""].set_index("place")
    assert sorted(refused.index) == ["S", "Z"]
    assert "found 0" in refused.loc["Z", "reason"]
    assert "at least 3 periods" in refused.loc["S", "reason"]
    assert refused[["apc", "aapc", "joinpoints"]].isna().all(axis=None)
    without = joinpoint_many(table[table["place"] != "Z"], ["place", "sex"], se="se")
    assert without.equals(found[found["place"] != "Z"].reset_index(drop=True))
    assert joinpoint_many(table.iloc[:0], ["place", "sex"]).columns.tolist() == found.columns.tolist()
    incomplete = joinpoint_many(parts[0].assign(final=parts[0]["year"] < 2013), "place", complete="final")
    assert "incomplete" in incomplete["reason"][0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate": [5, 0, 6, 7]}, r"rate must be above 0 .* found 0 at position 1"),
        ({"rate": [5, -1, 6, 7]}, "rate must not be negative; found -1 at position 1"),
        ({"year": [1, 2, 2, 3]}, "year must not repeat; found 2 twice"),
        ({"year": [1, 2, 3, np.inf]}, "year must be finite"),
        ({"rate": [5, 6, 7]}, "of one length"),
        ({"se": [1, 1, 0, 1]}, "se must be above 0 .* found 0 at position 2"),
        ({"se": [1, 1, None, 1]}, "se must be above 0 .* found nan at position 2"),
        ({"rate": [5, None, None, None]}, "at least"),
        ({"confidence": 95}, "confidence must be a proportion"),
        ({"complete": [True, None, True, True]}, "complete must be True or False"),
        ({"complete": [1, 1, 1, 0], "draws": [[1.0, 2.0, 3.0]] * 3}, "draws must have 2 or more rows"),
        ({"complete": [1, 1, 1, 0], "draws": [[1.0], [0.0]]}, "rate must be above 0 .* position 3"),
        ({"rate": pd.Series([1, 2, 3, 4]), "year": pd.Series([1, 2, 3, 4], index=list("abcd"))}, "same index"),
    ],
)
def test_misuse_is_named(change, message):
    """Rates without logarithm, repeated years, bad weights, masks and draws are refused with what was found."""
    given = {"year": [1, 2, 3, 4], "rate": [5, 6, 6, 7]} | change
    for function in (annual_percent_change, joinpoint):
        with pytest.raises(ValueError, match=message):
            function(**given)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"criterion": "aic"}, "method must be one of bic"),
        ({"max_joinpoints": -1}, "max_joinpoints must be a whole number from 0"),
        ({"min_end": 0}, "min_end must be a whole number from 1"),
        ({"min_between": 0.5}, "min_between must be a whole number"),
        ({"level": 5}, "level must be a proportion"),
    ],
)
def test_options_out_of_range_are_named(options, message):
    """Unknown criteria and impossible distances are refused."""
    with pytest.raises(ValueError, match=message):
        joinpoint(YEARS, ARGENTINA["both"], **options)


def test_range_and_columns_are_checked():
    """A range outside the series and a missing column are named; a grid too large says what to lower."""
    found = joinpoint(YEARS, ARGENTINA["both"])
    with pytest.raises(ValueError, match="within 2010 to 2022"):
        found.aapc(2000, 2015)
    with pytest.raises(ValueError, match="must have the columns"):
        joinpoint_many(pd.DataFrame({"year": [1], "rate": [1]}), "place")
    with pytest.raises(ValueError, match="Lower max_joinpoints"):
        joinpoint(range(200), np.arange(1, 201), max_joinpoints=5)
    assert trends.joinpoint is epi.joinpoint.joinpoint
