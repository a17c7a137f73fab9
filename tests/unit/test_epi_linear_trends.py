"""Straight-line trends of many series: against statsmodels, against one series alone, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import WLS

from epi.linear_trends import linear_trends
from epi.trends import annual_percent_change


@pytest.fixture
def series() -> pd.DataFrame:
    """Make two series of ten years with errors of different size."""
    random = np.random.default_rng(11)
    year = np.arange(2010, 2020)
    parts = [
        pd.DataFrame({"place": name, "year": year, "value": start + step * (year - 2010) + random.normal(0, 0.3, 10)})
        for name, start, step in (("A", 5.0, 0.4), ("B", 9.0, -0.2))
    ]
    return pd.concat(parts, ignore_index=True).assign(se=random.uniform(0.1, 1.0, 20))


def test_slopes_are_those_of_weighted_least_squares(series: pd.DataFrame) -> None:
    """Slope and limits of each series agree with statsmodels' weighted regression."""
    found = linear_trends(series, "place").set_index("place")
    for place, rows in series.groupby("place"):
        fit = WLS(rows["value"], np.column_stack([np.ones(10), rows["year"]]), 1 / rows["se"] ** 2).fit()
        expected = [fit.params.iloc[1], *fit.conf_int().iloc[1]]
        assert found.loc[place, ["value", "lower", "upper"]].tolist() == pytest.approx(expected, rel=1e-8)


def test_on_the_log_scale_it_is_the_annual_percent_change(series: pd.DataFrame) -> None:
    """With logarithms each series gives what `annual_percent_change` gives for it alone."""
    found = linear_trends(series, "place", log=True).set_index("place")
    for place, rows in series.groupby("place"):
        alone = annual_percent_change(rows["year"], rows["value"], rows["se"]).iloc[0]
        expected = alone[["value", "lower", "upper"]].tolist()
        assert found.loc[place, ["value", "lower", "upper"]].tolist() == pytest.approx(expected, rel=1e-8)


def test_one_missing_error_makes_all_years_alike(series: pd.DataFrame) -> None:
    """A series with one unknown error is fitted with equal weights, and says so; the other keeps its weights."""
    series.loc[0, "se"] = np.nan
    found = linear_trends(series, "place").set_index("place")
    assert found["weighted"].to_dict() == {"A": False, "B": True}
    rows = series[series["place"] == "A"]
    assert found.loc["A", "value"] == pytest.approx(np.polyfit(rows["year"], rows["value"], 1)[0])


def test_too_short_and_impossible_series_are_left_out(series: pd.DataFrame) -> None:
    """Two points make no line with limits; a value of zero has no logarithm; a year twice is refused."""
    assert linear_trends(series.groupby("place").head(2), "place").empty
    assert linear_trends(series.assign(value=0.0), "place", log=True).empty
    with pytest.raises(ValueError, match=r"expected each year once.*found 2010"):
        linear_trends(pd.concat([series, series.iloc[:1]]), "place")
    assert linear_trends(series.iloc[:0], "place").empty
