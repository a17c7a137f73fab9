"""`epi.timeliness`: revisions between releases, completeness by lag, as-of views and the pending signal."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from epi.timeliness import as_known_on, completeness, completeness_from_pending, revision_summary

nan = np.nan

figures = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 8), st.one_of(st.none(), st.integers(0, 50))),
    unique_by=lambda row: row[:2],
    max_size=25,
).map(lambda rows: pd.DataFrame(rows, columns=["reference", "release", "value"]).astype({"value": float}))


def epiprocess_releases():
    """Give the dummy archive of epiprocess' own tests (test-revision-latency-functions.R)."""
    rows = [
        *[
            ("ak", 1, release, value)
            for release, value in zip((3, 5, 6, 7, 8, 9, 20), (1, nan, 1, 5, 6, 7, 102), strict=True)
        ],
        *[("ak", 2, 6, 100), ("ak", 2, 7, 91), ("ak", 3, 6, 0), ("ak", 3, 7, 0)],
        *[("al", 1, 1, 1), ("al", 1, 10, 1), ("al", 1, 20, 100), ("al", 2, 2, 1)],
        *[("al", 3, 4, 1), ("al", 3, 5, 4), ("al", 4, 4, nan), ("al", 4, 5, 9)],
    ]
    frame = pd.DataFrame(rows, columns=["area", "reference", "release", "value"])
    for column in ("reference", "release"):
        frame[column] = pd.Timestamp("2019-12-31") + pd.to_timedelta(frame[column], unit="D")
    return frame


def test_revision_summary_gives_the_printed_example():
    """Every column agrees with the printed table of epiprocess.

    Seen in cmu-delphi/epiprocess, tests/testthat/_snaps/revision-latency-functions.md, "rs1$revision_behavior" (there
    0.990 is 101 / 102 rounded).
    """
    found = revision_summary(epiprocess_releases().sample(frac=1, random_state=1), by="area")
    printed = {
        "revisions": [4, 1, 0, 1, 0, 1, 0],
        "first_lag": [2, 4, 3, 0, 0, 1, 1],
        "last_lag": [19, 5, 3, 19, 0, 2, 1],
        "near_latest_lag": [19, 4, 3, 19, 0, 2, 1],
        "spread": [101, 9, 0, 99, 0, 3, 0],
        "relative_spread": [0.990, 0.09, nan, 0.99, 0, 0.75, 0],
        "minimum": [1, 91, 0, 1, 1, 1, 9],
        "maximum": [102, 100, 0, 100, 1, 4, 9],
        "median": [6, 95.5, 0, 50.5, 1, 2.5, 9],
    }
    for name, values in printed.items():
        np.testing.assert_allclose(found[name], values, atol=3e-4 if name == "relative_spread" else 0, err_msg=name)
    assert found["first"].tolist() == [1, 100, 0, 1, 1, 1, 9]
    assert found["latest"].tolist() == [102, 91, 0, 100, 1, 4, 9]


def test_a_wandering_figure_is_near_only_once_it_stays():
    """99 is near 100, but 150 after it is not: the lag is that of 102, from where on all are near.

    The series 0, 20, 99, 150, 102, 100 is the example in epiprocess' documentation of lag_near_latest, which counts
    its releases from 1 and gives 5.
    """
    frame = pd.DataFrame({"reference": 0, "release": range(1, 7), "value": [0, 20, 99, 150, 102, 100]})
    found = revision_summary(frame).iloc[0]
    assert found["near_latest_lag"] == 5
    assert revision_summary(frame, within=0.01).iloc[0]["near_latest_lag"] == 6
    assert revision_summary(frame, within=0.6).iloc[0]["near_latest_lag"] == 3


def test_young_periods_can_be_left_out():
    """min_age counts from the reference date to the newest release of the frame."""
    frame = pd.DataFrame({"reference": [1, 1, 5], "release": [2, 7, 7], "value": [3, 4, 1]})
    assert revision_summary(frame, min_age=3).index.tolist() == [1]
    assert revision_summary(frame, min_age=2).index.tolist() == [1, 5]


def test_as_known_on_gives_the_newest_by_then():
    """Each period has its newest release by the date; later ones are unseen, withdrawals stay withdrawn."""
    releases = epiprocess_releases()
    known = as_known_on(releases, pd.Timestamp("2020-01-05"), by=["area"])
    rows = [(row.area, row.reference.day, row.release.day) for row in known.itertuples()]
    assert rows == [("ak", 1, 5), ("al", 1, 1), ("al", 2, 2), ("al", 3, 5), ("al", 4, 5)]
    assert known["value"].isna().tolist() == [True, False, False, False, False]
    assert as_known_on(releases, pd.Timestamp("2019-01-01"), by="area").empty


@given(figures, st.integers(0, 9))
@settings(max_examples=30, deadline=None)
def test_as_known_on_agrees_with_a_loop(frame, date):
    """The view equals picking, period by period, the row with the largest release by then."""
    expected = {}
    for row in frame.sort_values("release").itertuples():
        if row.release <= date:
            expected[row.reference] = row.release
    known = as_known_on(frame, date)
    assert dict(zip(known["reference"], known["release"], strict=True)) == expected


@given(figures, st.integers(1, 9))
@settings(max_examples=40, deadline=None)
def test_revisions_are_ordered_and_scale(frame, factor):
    """Limits enclose the figures, lags are ordered, row order and an unchanged release add nothing, values scale."""
    found = revision_summary(frame)
    assert (found["minimum"] <= found[["first", "latest", "median"]].min(axis=1)).all()
    assert (found["maximum"] >= found[["first", "latest", "median"]].max(axis=1)).all()
    assert (found["first_lag"] <= found["near_latest_lag"]).all()
    assert (found["near_latest_lag"] <= found["last_lag"]).all()
    pd.testing.assert_frame_equal(revision_summary(frame.iloc[::-1]), found)
    scaled = revision_summary(frame.assign(value=frame["value"] * factor))
    np.testing.assert_allclose(scaled["spread"], found["spread"] * factor)
    np.testing.assert_allclose(scaled["relative_spread"], found["relative_spread"])
    known = frame.dropna().sort_values("release")
    later = known.drop_duplicates("reference", keep="last").assign(release=100)
    pd.testing.assert_frame_equal(revision_summary(pd.concat([frame, later])), found)


def test_completeness_by_hand():
    """Sums over periods make the share; periods that the archive cannot speak for are left out at that lag."""
    frame = pd.DataFrame(
        {
            "area": ["x"] * 6 + ["y"] * 2,
            "reference": [0, 0, 4, 4, 4, 9, 4, 4],
            "release": [5, 8, 5, 7, 9, 10, 5, 9],
            "value": [90, 100, 20, 50, 60, 5, 0, 0],
        }
    )
    found = completeness(frame, [0, 1, 3, 5], by="area", final_after=5).set_index(["area", "lag"])
    assert found.loc[("x", 1)].to_dict() == {
        "periods": 1,
        "value": 20 / 60,
        "lowest": 1 / 3,
        "median": 1 / 3,
        "highest": 1 / 3,
    }
    assert found.loc[("x", 0), "periods"] == 0
    assert np.isnan(found.loc[("x", 0), "value"])
    assert found.loc[("x", 3), "value"] == 50 / 60
    assert found.loc[("x", 5)].tolist() == [2, 1, 1, 1, 1]
    assert found.loc[("y", 3), "periods"] == 1
    assert np.isnan(found.loc[("y", 3), "value"])


def test_completeness_agrees_with_as_known_on():
    """The share at each lag equals the one from as-of views, on dates and several areas (slow second route)."""
    generator = np.random.default_rng(4)
    days = pd.date_range("2024-01-01", periods=8, freq="MS")
    rows = [
        (area, day, day + pd.Timedelta(days=30 * lag), float(total * (1 - 0.5**lag)))
        for area in "ab"
        for day, total in zip(days, generator.integers(20, 90, 8), strict=True)
        for lag in range(1, 6)
        if generator.random() > 0.2
    ]
    frame = pd.DataFrame(rows, columns=["area", "reference", "release", "value"])
    found = completeness(frame, [30, 75, 150], by=["area"]).set_index(["area", "lag"])["value"]
    first, newest = frame["release"].min(), frame["release"].max()
    for (area, lag), value in found.items():
        known = final = 0.0
        own = frame[frame["area"] == area]
        for day in own["reference"].unique():
            at, end = day + pd.Timedelta(days=lag), day + pd.Timedelta(days=150)
            if at < first or end > newest:
                continue
            one = own[own["reference"] == day]
            known += as_known_on(one, at)["value"].sum()
            final += as_known_on(one, end)["value"].sum()
        assert value == pytest.approx(known / final, rel=1e-9)


def test_missing_keys_are_a_group_of_their_own():
    """Figures whose area is missing are kept, not dropped in silence."""
    frame = pd.DataFrame({"area": ["x", None, None], "reference": 1, "release": [2, 2, 3], "value": [4, 5, 10]})
    assert revision_summary(frame, by="area")["latest"].tolist() == [4, 10]
    assert completeness(frame, [1, 2], by="area")["value"].tolist() == [1, 1, 0.5, 1]


@given(figures)
@settings(max_examples=40, deadline=None)
def test_completeness_never_raises_and_is_one_at_the_end(frame):
    """Zeros, gaps and empty frames are taken; at the final lag the share is 1 or unknown."""
    found = completeness(frame, [0, 2, 4])
    last = found.loc[found["lag"] == 4, "value"]
    assert ((last == 1) | last.isna()).all()
    assert not (found["value"] < 0).any()


def test_pending_line_agrees_with_statsmodels():
    """Value and prediction limits equal those of statsmodels' ordinary least squares."""
    generator = np.random.default_rng(8)
    x = generator.uniform(0, 0.3, 20)
    y = 1 - 0.9 * x + generator.normal(0, 0.01, 20)
    fit = sm.OLS(y, sm.add_constant(x)).fit().get_prediction(sm.add_constant(np.array([0.05, 0.2]))).summary_frame(0.1)
    found = completeness_from_pending([0.05, 0.2], x, y)
    expected = fit[["mean", "obs_ci_lower", "obs_ci_upper"]]
    np.testing.assert_allclose(found[["value", "lower", "upper"]], expected, rtol=1e-9)


def test_pending_says_what_may_be_claimed():
    """Well above the threshold is complete, well below incomplete, near it undetermined; beyond the data is said."""
    past = [0.01, 0.05, 0.1, 0.2], [0.99, 0.96, 0.9, 0.81]
    found = completeness_from_pending(pd.Series([0.02, 0.11, 0.3, nan], index=list("abcd")), *past)
    assert found["status"].tolist() == ["complete", "undetermined", "incomplete", "undetermined"]
    assert found["extrapolated"].tolist() == [False, False, True, False]
    assert found.index.tolist() == list("abcd")


def test_misuse_is_refused():
    """Absent columns, repeated figures, wrong lags and too little past are named."""
    frame = pd.DataFrame({"reference": [1, 1], "release": [2, 2], "value": [3, 4]})
    with pytest.raises(ValueError, match=r"one row per figure; found a second one for .'reference': 1, 'release': 2."):
        as_known_on(frame, 2)
    with pytest.raises(ValueError, match="found no area among reference, release, value"):
        revision_summary(frame, by="area")
    with pytest.raises(ValueError, match="within must be a proportion"):
        revision_summary(frame, within=-1)
    with pytest.raises(ValueError, match="lags must be from 0 to final_after"):
        completeness(frame, [0, 5], final_after=3)
    with pytest.raises(ValueError, match="must not be missing; found 1 such"):
        as_known_on(frame.assign(release=[1, None]), 2)
    with pytest.raises(ValueError, match="3 or more periods with different shares"):
        completeness_from_pending(0.1, [0.2, 0.2, 0.2], [0.9, 0.9, 0.9])
