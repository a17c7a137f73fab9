"""Straight-line trends of many short series at once, absolute or on the log scale."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

from epi.intervals import check_confidence
from epi.strata import read_columns, require_columns

FEWEST_POINTS = 3


def linear_trends(
    frame: pd.DataFrame,
    by: str | Sequence[str],
    year: str = "year",
    value: str = "value",
    se: str = "se",
    log: bool = False,
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Fit one line to each series and give its slope with limits.

    Formula: with weights w = 1 / se^2, the slope is :math:`b = \sum w (x - \bar x)(y - \bar y) / \sum w (x - \bar x)^2`
    and its variance s^2 / :math:`\sum w (x - \bar x)^2` with s^2 = :math:`\sum w r^2 / (n - 2)`, r the residuals;
    limits are b -/+ t se(b), t the quantile with n - 2 degrees of freedom. A series of which any standard error is
    missing or 0 is fitted with equal weights. With `log`, y = log(value), w = (value / se)^2, and slope and limits are
    given as percent per year, 100 (exp(b) - 1), as `epi.trends.annual_percent_change` has it for one series.

    Args:
        frame: One row per series and year.
        by: Column, or columns, that name the series.
        year: Column with the year; distinct within a series.
        value: Column with the value, any unit; missing ones are left out. Above 0 with `log`.
        se: Column with its standard error, in its unit.
        log: True for percent per year, False for units per year.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.

    Returns:
        One row per series, sorted: `by`, `start`, `end`, `points`, `value`, `lower`, `upper`, `weighted` (whether all
        standard errors were used). Series with fewer than three values, or years that do not differ, are left out;
        with `log` also a series with a value of 0 or below.

    Raises:
        ValueError: A column is missing, a year repeats within a series, or the confidence is no proportion.
        TypeError: An argument is not numeric.

    References:
        Weighted least squares: Draper NR, Smith H. Applied Regression Analysis. 3rd ed. 1998, ch. 9. National Cancer
        Institute. SEER*Stat help: Trend algorithms (APC).

    Examples:
        >>> years, values = [2018, 2019, 2020, 2021], [1.0, 1.5, 2.5, 3.0]
        >>> gaps = pd.DataFrame({"place": "X", "year": years, "value": values, "se": 1.0})
        >>> linear_trends(gaps, "place").round(3)[["place", "start", "end", "points", "value", "lower", "upper"]]
          place   start     end  points  value  lower  upper
        0     X  2018.0  2021.0       4    0.7  0.396  1.004
    """
    alpha = 1 - check_confidence(confidence)
    keys = [by] if isinstance(by, str) else list(by)
    require_columns(frame, keys)
    years, errors = read_columns(frame, [year, se])
    values = pd.to_numeric(frame[value]).to_numpy(dtype="float64")
    series = frame[keys].assign(_x=years, _y=values, _se=errors).dropna(subset=["_x", "_y"])
    if series.duplicated([*keys, "_x"]).any():
        twice = series.loc[series.duplicated([*keys, "_x"])].iloc[0]
        raise ValueError(f"expected each year once in a series; found {twice['_x']:g} again in {list(twice[keys])}.")
    if log:
        above = (series["_y"] > 0).groupby([series[key] for key in keys]).transform("all")
        series = series[above]
        series = series.assign(_se=series["_se"] / series["_y"], _y=np.log(series["_y"]))
    known = (series["_se"] > 0).groupby([series[key] for key in keys]).transform("all")
    series = series.assign(_w=(1 / series["_se"].where(known) ** 2).fillna(1.0), _known=known)
    found = _slopes(series, keys)
    half = -special.stdtrit(found["points"] - 2, alpha / 2) * found["_error"]
    limits = {"value": found["_slope"], "lower": found["_slope"] - half, "upper": found["_slope"] + half}
    if log:
        limits = {name: 100 * np.expm1(limit) for name, limit in limits.items()}
    table = found.assign(**limits)
    return table[[*keys, "start", "end", "points", "value", "lower", "upper", "weighted"]].reset_index(drop=True)


def _slopes(series: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Give slope and standard error of each series, from sums over its points."""
    by = [series[key] for key in keys]
    total = series["_w"].groupby(by).transform("sum")
    x = series["_x"] - (series["_w"] * series["_x"]).groupby(by).transform("sum") / total
    y = series["_y"] - (series["_w"] * series["_y"]).groupby(by).transform("sum") / total
    squares = (series["_w"] * x**2).groupby(by).transform("sum")
    slope = (series["_w"] * x * y).groupby(by).transform("sum") / squares.where(squares > 0)
    work = series.assign(_slope=slope, _squares=squares, _scatter=series["_w"] * (y - slope * x) ** 2)
    found = work.groupby(keys, as_index=False).agg(
        start=("_x", "min"), end=("_x", "max"), points=("_x", "size"), _slope=("_slope", "first"),
        _squares=("_squares", "first"), _scatter=("_scatter", "sum"), weighted=("_known", "all"),
    )  # fmt: skip
    found = found[(found["points"] >= FEWEST_POINTS) & found["_slope"].notna()].reset_index(drop=True)
    return found.assign(_error=np.sqrt(found["_scatter"] / (found["points"] - 2) / found["_squares"]))
