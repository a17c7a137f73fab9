"""`epi.nowcast`: reporting triangles, delays, nowcasts with prediction intervals, Mack's chain ladder."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from epi.interrupted import interrupted_time_series
from epi.nowcast import delay_distribution, mack, nowcast, reporting_triangle, triangle_as_of
from epi.trends import annual_percent_change

# Taylor and Ashe's claims, as copied in the tests of an actuarial add-in; Mack's 1993 paper works on them.
TAYLOR_ASHE = [
    [357848, 1124788, 1735330, 2218270, 2745596, 3319994, 3466336, 3606286, 3833515, 3901463],
    [352118, 1236139, 2170033, 3353322, 3799067, 4120063, 4647867, 4914039, 5339085],
    [290507, 1292306, 2218525, 3235179, 3985995, 4132918, 4628910, 4909315],
    [310608, 1418858, 2195047, 3757447, 4029929, 4381982, 4588268],
    [443160, 1136350, 2128333, 2897821, 3402672, 3873311],
    [396132, 1333217, 2180715, 2985752, 3691712],
    [440832, 1288463, 2419861, 3483130],
    [359480, 1421128, 2864498],
    [376686, 1363294],
    [344014],
]
DELAYS = (0.25, 0.3, 0.2, 0.1, 0.08, 0.05, 0.02)


def increments(totals):
    """Turn rows of cumulative totals into a triangle of new events."""
    width = max(map(len, totals))
    cells = np.array([[*row, *[np.nan] * (width - len(row))] for row in totals], dtype=float)
    return pd.DataFrame(np.diff(cells, axis=1, prepend=0))


def simulated(generator, mean=60, periods=36, overdispersed=False):
    """Draw final counts and their triangle, cut at the newest period."""
    finals = generator.poisson(mean * np.exp(0.3 * np.sin(np.arange(periods) / 3)))
    shares = generator.dirichlet(np.array(DELAYS) * 60, periods) if overdispersed else [DELAYS] * periods
    cells = np.array([generator.multinomial(n, p) for n, p in zip(finals, shares, strict=True)], dtype=float)
    known = np.arange(periods)[:, None] + np.arange(len(DELAYS)) < periods
    return pd.DataFrame(np.where(known, cells, np.nan)), finals


cells = st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=3, max_size=8).map(
    lambda rows: pd.DataFrame(
        np.where(np.arange(len(rows))[:, None] + np.arange(3) < len(rows), np.array(rows, float), np.nan)
    )
)


def test_mack_gives_the_printed_example():
    """Taylor and Ashe's triangle gives the printed factors, total reserve and standard errors.

    Mack's paper itself was not seen. Seen: a test of R's ChainLadder ("GenIns total IBNR 18,680,856 and Mack SE
    2,447,095", est.sigma = "Mack"), and an actuarial add-in's tests with the triangle, the factors ("E&V 2002") and
    the error of each year ("0, 75535, 121699, 133549, 261406, 411010, 558317, 875328, 971258, 1363155"),
    which its change log says were worked out anew from Mack 1993.
    """
    found = mack(increments(TAYLOR_ASHE))
    assert found.factors["factor"].round(3).tolist() == [3.491, 1.747, 1.457, 1.174, 1.104, 1.086, 1.054, 1.077, 1.018]
    assert round(found.outstanding) == 18_680_856
    assert round(found.standard_error) == 2_447_095
    printed = [0, 75535, 121699, 133549, 261406, 411010, 558317, 875328, 971258, 1363155]
    assert found.periods["standard_error"].round().tolist() == printed
    assert (found.periods["lower"] <= found.periods["value"]).all()
    assert (found.periods["value"] <= found.periods["upper"]).all()


def test_nowcasts_give_the_printed_reserve():
    """Nowcasts of Taylor and Ashe's triangle add up to the printed reserve, their delays to the printed factors.

    The total and the factors are those of the test above: 18,680,856, and "E&V 2002".
    """
    periods = nowcast(increments(TAYLOR_ASHE), draws=10).periods
    assert round((periods["value"] - periods["reported"]).sum()) == 18_680_856
    share = delay_distribution(increments(TAYLOR_ASHE))["completeness"].to_numpy()
    assert (share[1:] / share[:-1]).round(3).tolist() == [3.491, 1.747, 1.457, 1.174, 1.104, 1.086, 1.054, 1.077, 1.018]


def test_three_routes_give_the_same_totals():
    """Completeness, chain ladder and a Poisson model with factors for period and delay agree to 1e-9."""
    triangle, _ = simulated(np.random.default_rng(2), periods=12)
    found = nowcast(triangle, draws=10).periods["value"]
    np.testing.assert_allclose(found, mack(triangle).periods["value"], rtol=1e-9)
    period, delay = np.nonzero(triangle.notna().to_numpy())
    design = np.hstack([np.eye(12)[period], np.eye(7)[delay][:, 1:]])
    counts = triangle.to_numpy()[period, delay]
    model = sm.GLM(counts, design, family=sm.families.Poisson()).fit(tol=1e-14, maxiter=100)
    growth = 1 + np.exp(model.params[12:]).sum()
    np.testing.assert_allclose(found, np.exp(model.params[:12]) * growth, rtol=1e-9)


def test_delays_by_hand():
    """Two periods with 8 of 10 and 12 of 14 events on time: 20 of 24; a third has only its first reports."""
    found = delay_distribution(pd.DataFrame([[8.0, 2], [12, 2], [5, np.nan]]))
    assert found["completeness"].tolist() == pytest.approx([20 / 24, 1], rel=1e-12)
    assert found["probability"].tolist() == pytest.approx([20 / 24, 4 / 24], rel=1e-12)
    assert found[["events", "reports"]].to_numpy().tolist() == [[25, 25], [24, 4]]
    assert found["lower"].iloc[0] < 20 / 24 < found["upper"].iloc[0]


@pytest.mark.parametrize(("mean", "overdispersed"), [(60, False), (60, True), (400, True)])
def test_intervals_cover_final_counts(mean, overdispersed):
    """In a seeded back-test 90 % intervals hold 80 to 98 % of final counts, and the nowcast is not biased."""
    generator = np.random.default_rng(90)
    covered, errors = [], []
    for run in range(60):
        triangle, finals = simulated(generator, mean, overdispersed=overdispersed)
        late = nowcast(triangle, draws=500, seed=run).periods.iloc[-6:]
        covered.append(late["lower"].le(finals[-6:]) & late["upper"].ge(finals[-6:]))
        errors.append(late["value"].sum() / finals[-6:].sum())
    assert 0.80 <= np.mean(covered) <= 0.98
    assert np.mean(errors) == pytest.approx(1, abs=0.04)


def test_poisson_alone_is_too_sure_of_varying_delays():
    """Where delays vary between periods, the negative binomial's limits are wider and its dispersion above 1."""
    triangle, _ = simulated(np.random.default_rng(3), 400, overdispersed=True)
    wide, narrow = nowcast(triangle), nowcast(triangle, family="poisson")
    assert narrow.dispersion == 1 < wide.dispersion
    assert ((wide.periods["upper"] - wide.periods["lower"]) > (narrow.periods["upper"] - narrow.periods["lower"]))[
        -3:
    ].all()


def test_closed_form_agrees_with_simulation():
    """With known delays late reports have the mean and variance of a negative binomial with size reported + 1/2."""
    triangle = pd.DataFrame([[3e7, 7e7], [40, np.nan]])
    found = nowcast(triangle, family="poisson", draws=200_000, history=None, delays=delay_distribution(triangle))
    late = found.draws[:, 1] - 40
    size, share = 40.5, 0.3
    assert late.mean() == pytest.approx(size * 0.7 / share, rel=0.005)
    assert late.var() == pytest.approx(size * 0.7 / share**2, rel=0.02)


@pytest.mark.filterwarnings("error")
def test_nothing_reported():
    """Without a report value and lower are 0; the upper limit is known only where delays are."""
    empty = simulated(np.random.default_rng(1), periods=9)[0] * 0
    alone = nowcast(empty)
    assert (alone.periods["value"] == 0).all()
    assert (alone.periods["lower"] == 0).all()
    assert alone.periods["upper"].isna().tolist() == (~alone.periods["complete"]).tolist()
    assert np.isnan(alone.draws[:, -1]).all()
    state = delay_distribution(simulated(np.random.default_rng(1))[0])
    borrowed = nowcast(empty, delays=state).periods
    assert (borrowed[["value", "lower"]] == 0).all(axis=None)
    assert borrowed["upper"].is_monotonic_increasing
    assert borrowed["upper"].iloc[-1] > 0
    assert mack(empty).outstanding == 0
    for newest in (0.0, 3.0):
        never_early = pd.DataFrame([[0.0, 5], [0, 4], [newest, np.nan]])
        found = nowcast(never_early).periods.iloc[-1]
        assert np.isnan(found[["value", "lower", "upper"]].astype(float)).all()
        assert found["completeness"] == 0
        assert np.isnan(mack(never_early).periods["value"].iloc[-1])


@given(cells, st.integers(1, 9))
@settings(max_examples=40, deadline=None)
def test_nowcasts_never_raise_and_hold_their_estimate(triangle, factor):
    """Intervals hold the value, which is at least what is reported; values scale; an empty period changes no other."""
    found = nowcast(triangle, draws=50).periods
    known = found.dropna()
    assert (known["lower"] <= known["value"]).all()
    assert (known["value"] <= known["upper"]).all()
    assert (known["value"] >= known["reported"]).all()
    assert (known["lower"] >= 0).all()
    np.testing.assert_allclose(nowcast(triangle * factor, draws=2).periods["value"], found["value"] * factor, rtol=1e-9)
    padded = pd.concat([triangle.iloc[:1] * 0, triangle], ignore_index=True)
    np.testing.assert_allclose(nowcast(padded, draws=2).periods["value"][1:], found["value"], rtol=1e-9)
    errors = mack(triangle).periods["standard_error"]
    assert not (errors < 0).any()


def test_what_no_period_shows_is_unknown():
    """A delay that no period has reached gives nan, not a claim that nothing more will come."""
    triangle = pd.DataFrame([[4.0, 2, np.nan], [3, np.nan, np.nan]])
    assert nowcast(triangle).periods[["value", "upper"]].isna().all(axis=None)
    assert mack(triangle).periods[["value", "standard_error"]].isna().all(axis=None)
    alone = mack(pd.DataFrame([[4.0, 2], [3, np.nan]])).periods
    assert alone["value"].tolist() == [6, 4.5]
    assert np.isnan(alone["standard_error"].iloc[1])


def test_the_same_seed_gives_the_same_draws():
    """Draws are reproducible, complete periods constant, and every draw holds what is reported."""
    triangle, _ = simulated(np.random.default_rng(6))
    found = nowcast(triangle, seed=4)
    np.testing.assert_array_equal(found.draws, nowcast(triangle, seed=4).draws)
    assert not np.array_equal(found.draws, nowcast(triangle, seed=5).draws)
    assert (found.draws >= found.periods["reported"].to_numpy()).all()
    assert (found.draws[:, :30].std(axis=0) == 0).all()


def test_trends_and_interrupted_series_take_the_draws():
    """Incomplete periods pass into both models by their draws, and widen the limits."""
    triangle, _ = simulated(np.random.default_rng(6))
    found = nowcast(triangle, draws=100)
    months, counts, complete = np.arange(36), found.periods["reported"], found.periods["complete"]
    with pytest.raises(ValueError, match="every period must be complete"):
        annual_percent_change(months / 12, counts.to_numpy(), complete=complete.to_numpy())
    trend = annual_percent_change(months / 12, counts.to_numpy(), complete=complete.to_numpy(), draws=found.draws)
    assert trend["periods"].item() == 36
    model = interrupted_time_series(months, counts.to_numpy(), 18, complete=complete.to_numpy(), draws=found.draws)
    assert model.draws == 100


def test_windows_are_sums_of_draws():
    """12-month windows sum months draw by draw; ones of complete months are exact."""
    found = nowcast(simulated(np.random.default_rng(6))[0])
    table, draws = found.window(12)
    assert draws.shape == (2_000, 25)
    assert table.index[0] == 11
    last = table.iloc[-1]
    assert last["value"] == pytest.approx(found.periods["value"].iloc[-12:].sum(), rel=1e-12)
    assert last["lower"] <= last["value"] <= last["upper"]
    assert not last["complete"]
    first = table.iloc[0]
    assert first["lower"] == first["upper"] == first["reported"] == found.periods["reported"].iloc[:12].sum()
    with pytest.raises(ValueError, match="periods must be from 1 to 36"):
        found.window(37)


def test_triangles_from_dates():
    """Dates become months, repeated rows are summed, gaps are 0, cells to come are nan, long delays are left out."""
    reports = pd.DataFrame(
        {
            "reference": pd.to_datetime(["2024-01-03", "2024-01-30", "2024-01-09", "2024-03-15", "2024-01-09"]),
            "report": pd.to_datetime(["2024-01-31", "2024-01-31", "2024-02-28", "2024-03-16", "2024-04-01"]),
            "count": [1, 2, 4, 5, 7],
        }
    )
    triangle = reporting_triangle(reports, max_delay=2)
    assert triangle.index.astype(str).tolist() == ["2024-01", "2024-02", "2024-03"]
    np.testing.assert_array_equal(triangle, [[3, 4, 0], [0, 0, 0], [5, 0, np.nan]])
    assert triangle.attrs["left_out"] == 7
    totals = pd.DataFrame({"reference": [1, 1, 1, 2, 2], "report": [1, 2, 4, 2, 3], "count": [5, 8, 7, 6, 9]})
    released = reporting_triangle(totals, cumulative=True)
    np.testing.assert_array_equal(released, [[5, 3, 0, -1], [6, 3, 0, np.nan]])
    assert mack(released).periods["reported"].tolist() == [7, 9]
    with pytest.raises(ValueError, match="triangle must not be negative; found -1"):
        nowcast(released)


def test_back_tests_see_only_what_was_known():
    """A triangle of two periods ago lacks the newest two diagonals and rows."""
    triangle, _ = simulated(np.random.default_rng(6), periods=10)
    earlier = triangle_as_of(triangle, 2)
    assert earlier.shape == (8, 7)
    assert earlier.notna().sum(axis=1).tolist() == [7, 7, 6, 5, 4, 3, 2, 1]
    pd.testing.assert_frame_equal(triangle_as_of(triangle, 0), triangle)


def test_overlapping_windows_are_refused():
    """12-month-ending windows share events and are refused with the way out; single months are not."""
    ends = pd.date_range("2024-01-31", periods=3, freq="ME")
    frame = pd.DataFrame({"start": ends - pd.DateOffset(months=12) + pd.Timedelta(days=1), "end": ends})
    frame = frame.assign(report=ends + pd.Timedelta(days=40), count=5)
    with pytest.raises(ValueError, match=r"must not overlap; found 2023-02-01 .* sum the draws with Nowcast.window"):
        reporting_triangle(frame, reference="start", reference_end="end")
    single = frame.assign(start=ends.to_period("M").start_time)
    assert reporting_triangle(single, reference="start", reference_end="end").shape == (3, 3)


def test_misuse_is_refused():
    """Reports before their events, gaps, unknown counts, foreign delays and wrong options are named."""
    frame = pd.DataFrame({"reference": [2], "report": [1], "count": [1]})
    with pytest.raises(ValueError, match="report must not be before reference; found 1 for 2"):
        reporting_triangle(frame)
    with pytest.raises(ValueError, match="count must not be missing"):
        reporting_triangle(frame.assign(count=np.nan))
    with pytest.raises(TypeError, match="must hold dates"):
        reporting_triangle(frame.assign(report="2024-01"))
    with pytest.raises(ValueError, match="found repeated ones"):
        reporting_triangle(pd.concat([frame, frame]).assign(report=3), cumulative=True)
    triangle = pd.DataFrame([[1.0, 2], [3, np.nan]])
    with pytest.raises(ValueError, match="unknown cell of the triangle"):
        nowcast(triangle.iloc[:, ::-1])
    with pytest.raises(ValueError, match="delays must have the triangle's 2 delays"):
        nowcast(triangle, delays=delay_distribution(triangle[[0]]))
    with pytest.raises(ValueError, match="history must be at least 1"):
        nowcast(triangle, history=0)
    with pytest.raises(ValueError, match="draws must be at least 2"):
        nowcast(triangle, draws=1)
    with pytest.raises(ValueError, match="negative-binomial, poisson; found 'normal'"):
        nowcast(triangle, family="normal")
    with pytest.raises(ValueError, match="total of a reference period must not be negative"):
        mack(triangle * -1)
