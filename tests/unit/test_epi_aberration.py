"""`epi.aberration`: EARS C1, C2, C3 and the Farrington-flexible algorithm."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from epi.aberration import ears, farrington_flexible, farrington_many
from epi.farrington import season_levels

series = st.lists(st.integers(0, 40), min_size=1, max_size=30)


def slow_ears(counts, method):
    """Score one series period by period with the statistics module's formulas."""
    guard = 0 if method == "C1" else 2
    scores = []
    for at in range(len(counts)):
        past = counts[at - guard - 7 : at - guard] if at >= guard + 7 else []
        if len(past) < 7:
            scores.append(np.nan)
            continue
        mean, spread = np.mean(past), np.std(past, ddof=1)
        gap = counts[at] - mean
        scores.append(gap / spread if spread > 1e-12 else 0.0 if abs(gap) < 1e-12 else np.sign(gap) * np.inf)
    if method != "C3":
        return np.array(scores)
    excess = [max(0, score - 1) if score == score else np.nan for score in scores]
    return np.array([sum(excess[at - 2 : at + 1]) if at >= 2 else np.nan for at in range(len(counts))])


@pytest.mark.parametrize(("method", "first"), [("C1", 7), ("C2", 9), ("C3", 11)])
def test_ears_agrees_with_a_slow_second_route(method, first):
    """Scores equal those of a loop, and start where the manual of R's surveillance (earsC) says.

    No printed example could be seen. The manual has C1 start at period baseline + 1, C2 at baseline + 3, C3 at baseline
    + 5 (counted from 1).
    """
    counts = np.random.default_rng(7).poisson(4, 60)
    found = ears(counts, method)
    np.testing.assert_allclose(found["score"], slow_ears(counts, method), rtol=1e-9)
    assert found["score"].first_valid_index() == first
    assert found["reason"].tolist() == ["baseline too short"] * first + [""] * (60 - first)


def test_ears_by_hand():
    """Baseline 1..7 has mean 4 and standard deviation sqrt(14/3): each method's expected, upper and score."""
    counts = [1, 2, 3, 4, 5, 6, 7, 4, 4, 20]
    c2 = ears(counts, "C2").iloc[-1]
    spread = np.sqrt(14 / 3)
    assert c2["expected"] == 4
    assert c2["upper"] == pytest.approx(4 + 3 * spread, rel=1e-12)
    assert c2["score"] == pytest.approx(16 / spread, rel=1e-12)
    assert c2["alarm"]
    c1 = ears(counts, "C1").iloc[7]
    assert (c1["expected"], c1["score"], bool(c1["alarm"])) == (4, 0, False)


@pytest.mark.parametrize("method", ["C1", "C2", "C3"])
def test_upper_is_where_flags_begin(method):
    """Putting the newest count just above upper flags it, just below does not; nan upper flags any count."""
    generator = np.random.default_rng(3)
    for _ in range(25):
        counts = generator.poisson(5, 14).astype(float)
        last = ears(counts, method).iloc[-1]
        if np.isnan(last["upper"]):
            assert last["alarm"]
            continue
        for shift, flagged in ((1e-6, True), (-1e-6, False)):
            changed = np.append(counts[:-1], max(last["upper"] + shift, 0))
            assert ears(changed, method).iloc[-1]["alarm"] == flagged


@pytest.mark.filterwarnings("error")
def test_baselines_without_events():
    """All zeros score 0 and are not flagged; an event after them is, unless a least standard deviation is set."""
    for method in ("C1", "C2", "C3"):
        quiet = ears(np.zeros(20), method)
        assert not quiet["alarm"].any()
        assert (quiet["score"].dropna() == 0).all()
        assert (quiet["upper"].dropna() == 0).all()
        assert ears([0] * 19 + [1], method).iloc[-1]["score"] == np.inf
    assert not ears([0] * 19 + [1], minimum_sd=0.5).iloc[-1]["alarm"]
    assert ears([0] * 19 + [2], minimum_sd=0.5).iloc[-1]["score"] == 4
    assert ears([], "C3").empty


def test_missing_counts_are_not_assessed():
    """A missing count, and periods whose baseline has it, are named and have no alarm."""
    counts = pd.Series([3.0, 4, 5] * 8, index=pd.date_range("2024-01-01", periods=24))
    counts.iloc[10] = np.nan
    found = ears(counts, "C1")
    assert found["reason"].iloc[10] == "count missing"
    assert (found["reason"].iloc[11:18] == "count missing in the baseline").all()
    assert found["alarm"].iloc[10:18].isna().all()
    assert found["reason"].iloc[18] == ""
    assert found.index.equals(counts.index)


def test_many_series_equal_each_alone():
    """A frame of series gives the rows of each series by itself, indexed by series and period."""
    table = pd.DataFrame(np.random.default_rng(1).poisson(3, (40, 3)), columns=["US-OH", "US-KY", "US-WV"])
    for method in ("C1", "C2", "C3"):
        together = ears(table, method)
        for name in table:
            pd.testing.assert_frame_equal(together.loc[name], ears(table[name], method), check_names=False)


@given(series, st.sampled_from(["C1", "C2", "C3"]), st.sampled_from([0.5, 2, 8]))
@settings(max_examples=40, deadline=None)
def test_ears_never_raises_and_scales(counts, method, factor):
    """Any counts are assessed; multiplying them all leaves scores alone and scales the limits."""
    found, scaled = ears(counts, method), ears(np.array(counts) * factor, method)
    np.testing.assert_allclose(scaled["score"], found["score"], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(scaled["upper"], found["upper"] * factor, rtol=1e-9)
    assert (found["alarm"].isna() == (found["reason"] != "")).all()


def test_ears_refuses_misuse():
    """Unknown methods, short baselines, negative counts and text are named."""
    with pytest.raises(ValueError, match="C1, C2, C3; found 'C4'"):
        ears([1, 2], "C4")
    with pytest.raises(ValueError, match="baseline must be at least 2"):
        ears([1, 2], baseline=1)
    with pytest.raises(ValueError, match="counts must not be negative; found -1"):
        ears([1, -1])
    with pytest.raises(ValueError, match="periods x series; found 3 dimensions"):
        ears(np.zeros((2, 2, 2)))


def test_season_levels_are_those_of_the_paper():
    """A year has one level of 7 weeks about the assessed week and nine of 5 weeks.

    Noufaily et al. 2013, as told on the page of obdetector.ir on Farrington flexible: "a reference period of seven
    weeks ... as well as nine five-week periods per year".
    """
    levels = season_levels(np.arange(52), 52, 3, 10)
    assert np.bincount(levels).tolist() == [7, *[5] * 9]
    assert levels[[0, 3, 49]].tolist() == [0, 0, 0]
    assert levels[[4, 48]].min() > 0


def test_farrington_agrees_with_a_second_route():
    """Expected, dispersion and upper equal those of the model written out with explicit hat matrix and weights.

    No printed example could be seen (the surveillance manual prints none), so an independent slow route stands in.
    """
    generator = np.random.default_rng(5)
    weeks = np.arange(300)
    counts = generator.negative_binomial(6, 0.3, 300) + 1
    counts[120:123] += 70
    found = farrington_flexible(counts).iloc[0]
    past = np.arange(299 - 5 * 52 - 3, 299 - 26)
    level = [0 if min((299 - t) % 52, -(299 - t) % 52) <= 3 else 1 + ((t - 299 + 3) % 52 - 7) // 5 for t in past]
    design = np.column_stack([np.ones(len(past)), weeks[past], pd.get_dummies(level).to_numpy(float)[:, 1:]])
    y = counts[past]

    def fitted(weights):
        fit = sm.GLM(y, design, family=sm.families.Poisson(), var_weights=weights).fit(tol=1e-12)
        phi = max(1, (weights * (y - fit.fittedvalues) ** 2 / fit.fittedvalues).sum() / (len(y) - design.shape[1]))
        return fit, fit.fittedvalues, phi

    _, mean, phi = fitted(np.ones(len(y)))
    hat = design @ np.linalg.inv(design.T @ (design * mean[:, None])) @ design.T * mean
    residual = 1.5 * (y ** (2 / 3) - mean ** (2 / 3)) / (mean ** (1 / 6) * np.sqrt(phi * (1 - np.diag(hat))))
    assert (residual > 2.58).sum() >= 3
    weights = np.where(residual > 2.58, residual**-2.0, 1.0)
    fit, _, phi = fitted(weights * len(y) / weights.sum())
    expected = np.exp(fit.params[0] + fit.params[1] * 299)
    assert found["expected"] == pytest.approx(expected, rel=1e-9)
    assert found["dispersion"] == pytest.approx(phi, rel=1e-9)
    assert found["trend"] == pytest.approx(fit.params[1], rel=1e-9)
    assert found["upper"] == stats.nbinom.ppf(0.995, expected / (phi - 1), 1 / phi)
    assert found["score"] == pytest.approx((counts[-1] - expected) / (found["upper"] - expected), rel=1e-9)


def test_old_outbreaks_do_not_hide_new_ones():
    """With reweighting an outbreak a year ago leaves the limit lower than without."""
    counts = np.random.default_rng(2).poisson(10, 320)
    counts[264:268] = 60
    counts[-1] = 26
    with_weights = farrington_flexible(counts).iloc[0]
    without = farrington_flexible(counts, reweight_above=1e9).iloc[0]
    assert with_weights["upper"] < without["upper"]
    assert with_weights["alarm"]


def test_a_trend_that_overshoots_is_left_out():
    """A rise that would expect more than was ever seen is not extrapolated."""
    counts = np.round(2 * np.exp(np.arange(290) / 60))
    found = farrington_flexible(counts).iloc[0]
    assert found["trend"] == 0
    assert found["expected"] <= counts[: 289 - 26].max()


def test_farrington_holds_its_false_alarm_rate():
    """Counts without outbreak are flagged at most about as often as alpha says (seeded)."""
    weeks = np.arange(500)
    counts = np.random.default_rng(11).poisson(15 * np.exp(0.4 * np.sin(2 * np.pi * weeks / 52)))
    found = farrington_flexible(counts, assess=200, alpha=0.05)
    assert 0 < found["alarm"].mean() <= 0.09


def test_short_baselines_are_named():
    """Periods without five years behind them have a reason and no alarm; so do missing counts."""
    counts = np.full(266, 9.0)
    counts[-1] = np.nan
    found = farrington_flexible(pd.Series(counts, index=range(100, 366)), assess=3)
    assert found["reason"].tolist() == ["", "", "count missing"]
    assert found.index.tolist() == [363, 364, 365]
    early = farrington_flexible(counts[:200], assess=None)
    assert (early["reason"] == "baseline too short").all()
    assert early["alarm"].isna().all()
    sparse = np.full(300, np.nan)
    sparse[-1] = 4
    assert farrington_flexible(sparse)["reason"].item() == "too many counts missing in the baseline"
    assert farrington_flexible([]).empty


@pytest.mark.filterwarnings("error")
def test_farrington_without_events():
    """An all-zero baseline expects 0; single events are held back as too few, five are flagged."""
    quiet = farrington_flexible(np.zeros(320)).iloc[0]
    assert quiet[["expected", "upper", "score", "alarm"]].tolist() == [0, 0, 0, False]
    few = farrington_flexible([0] * 319 + [4]).iloc[0]
    assert (bool(few["alarm"]), few["reason"]) == (False, "fewer than 5 events in 4 periods")
    many = farrington_flexible([0] * 319 + [5]).iloc[0]
    assert (bool(many["alarm"]), many["score"]) == (True, np.inf)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.02, 0.3, 5]))
@settings(max_examples=10, deadline=None)
def test_farrington_never_raises_and_upper_is_above_expected(seed, mean):
    """Sparse or dense counts give a limit at or above the floor of the expected count, and a clear answer."""
    counts = np.random.default_rng(seed).poisson(mean, 12 * 7)
    found = farrington_flexible(counts, assess=6, season=12, half_window=1, levels=4, guard=6)
    assert (found["upper"] >= np.floor(found["expected"])).all()
    assert found["alarm"].notna().all()


def test_farrington_refuses_misuse():
    """Seasons, levels and probabilities that make no baseline are named."""
    with pytest.raises(ValueError, match="levels must be from 2 to 10"):
        farrington_flexible([1], season=12, half_window=1, guard=6, levels=11)
    with pytest.raises(ValueError, match="alpha must be a probability"):
        farrington_flexible([1], alpha=1)
    with pytest.raises(ValueError, match="guard from 0 to below season"):
        farrington_flexible([1], guard=52)
    with pytest.raises(ValueError, match="counts must be one series"):
        farrington_flexible(np.zeros((2, 2)))


def test_c3_may_leave_flagged_periods_out_as_ears_does():
    """In SAGES (Ears.py of the Johns Hopkins laboratory) a period at the threshold adds nothing to the next two.

    A baseline of mean 10 and deviation 2; excesses 0.5, 4 and 0.5 sum to 5 when all are added and to 1 when the middle
    one, flagged by itself, is not.
    """
    baseline = [8, 12, 8, 12, 10, 8, 12]
    spread = np.std(baseline, ddof=1)
    counts = np.array([*baseline, 10, 10, 10 + 1.5 * spread, 10 + 5 * spread, 10 + 1.5 * spread])
    # Later baselines must stay as they are, so the scores are put together from C2 with the guard held back.
    c2 = ears(counts, "C2")["score"].to_numpy()
    excess = np.maximum(c2 - 1, 0)
    assert excess[10] >= 2 > max(excess[9], excess[11])
    every, some = (ears(counts, "C3", add_flagged=add)["score"].to_numpy()[11] for add in (True, False))
    assert every == pytest.approx(excess[9:].sum(), rel=1e-12)
    assert some == pytest.approx(excess[9] + excess[11], rel=1e-12)


def test_scores_above_a_limit_below_the_mean_are_infinite():
    """Where 0.004 events are expected the limit is 0: five events score inf and are flagged, none score 0."""
    months = np.zeros(96)
    months[[36, 48]] = 1
    sparse = {"season": 12, "half_window": 5, "levels": 2, "guard": 0, "alpha": 0.05}
    quiet, loud = (farrington_flexible(np.append(months, last), **sparse).iloc[0] for last in (0, 6))
    assert quiet["upper"] == 0 < quiet["expected"]
    assert (quiet["score"], bool(quiet["alarm"])) == (0, False)
    assert (loud["score"], bool(loud["alarm"])) == (np.inf, True)


def test_a_trend_takes_three_years():
    """Two years of baseline carry no trend forward, three do (Farrington et al. 1996; R's surveillance alike)."""
    counts = np.round(60 * np.exp(-np.arange(320) / 300))
    assert farrington_flexible(counts, years=2)["trend"].item() == 0
    assert farrington_flexible(counts, years=3)["trend"].item() < 0


def test_the_power_threshold_is_farringtons():
    """(mu^(2/3) + z sqrt(4/9 mu^(1/3) (phi + var(mu) / mu)))^(3/2), var(mu) from a model written out by statsmodels."""
    counts = np.random.default_rng(3).poisson(30, 96)
    months = {"season": 12, "half_window": 1, "levels": 4, "guard": 6, "reweight_above": 1e9}
    found, plug_in = (
        farrington_flexible(counts, alpha=0.01, threshold=name, **months).iloc[0]
        for name in ("power", "negative-binomial")
    )
    past = np.arange(95 - 61, 95 - 6)
    level = season_levels(95 - past, 12, 1, 4)
    design = np.column_stack([np.ones(len(past)), past - 95, pd.get_dummies(level).to_numpy(float)[:, 1:]])
    fit = sm.GLM(counts[past], design, family=sm.families.Poisson()).fit(tol=1e-12)
    phi = max(1, fit.pearson_chi2 / fit.df_resid)
    now = fit.get_prediction(np.array([[1, 0, 0, 0, 0]]))
    mean, variance = now.predicted_mean.item(), phi * now.se_mean.item() ** 2
    spread = np.sqrt(4 / 9 * mean ** (1 / 3) * (phi + variance / mean))
    assert found["upper"] == pytest.approx((mean ** (2 / 3) + stats.norm.ppf(0.99) * spread) ** 1.5, rel=1e-9)
    assert found["expected"] == plug_in["expected"]
    with pytest.raises(ValueError, match="method must be one of negative-binomial, power"):
        farrington_flexible(counts, threshold="normal")


def test_many_series_are_each_assessed_by_their_own_past():
    """A frame of series gives what single calls give, whatever the order of rows, a missing key included."""
    random = np.random.default_rng(6)
    weeks = pd.date_range("2019-01-06", periods=313, freq="W")
    places = ["A", "B", None]
    rows = pd.concat(
        [pd.DataFrame({"place": name, "week": weeks, "deaths": random.poisson(9, 313)}) for name in places],
        ignore_index=True,
    )
    found = farrington_many(rows.sample(frac=1, random_state=4), "place", "week", "deaths", assess=2)
    assert found["week"].tolist() == list(weeks[-2:]) * 3
    assert found["place"].isna().tolist() == [False] * 4 + [True] * 2
    for number, name in enumerate(places):
        own = rows["place"].isna() if name is None else rows["place"] == name
        single = farrington_flexible(rows.loc[own, "deaths"].reset_index(drop=True), assess=2)
        together = found.iloc[2 * number : 2 * number + 2].drop(columns=["place", "week"])
        pd.testing.assert_frame_equal(together.reset_index(drop=True), single.reset_index(drop=True))


def test_a_series_without_a_row_has_no_count():
    """A place that did not report is not assessed, and is not taken to have had no event."""
    weeks = np.arange(313)
    rows = pd.DataFrame({"place": "A", "period": weeks, "count": 9.0})
    both = pd.concat([rows, rows.assign(place="B").iloc[:-1]], ignore_index=True)
    found = farrington_many(both, "place")
    assert found["reason"].tolist() == ["", "count missing"]
    assert farrington_many(both.iloc[:0], "place").empty
    with pytest.raises(ValueError, match=r"every period once, none missing; found \{'place': 'A', 'period': 0\}"):
        farrington_many(pd.concat([both, both.iloc[[0]]]), "place")
    with pytest.raises(ValueError, match=r"frame must have the columns \['week'\]"):
        farrington_many(both, "place", period="week")
