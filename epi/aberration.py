"""Aberration detection: is the newest count of a regular series higher than its own past would lead one to expect?

A flag is a reason to look, not a finding. Recent counts are usually incomplete: nowcast them first, or a real rise is
hidden by the reports that are still to come.
"""

from typing import Any, Literal

import numpy as np
import pandas as pd

from epi.farrington import farrington_flexible, farrington_many
from epi.intervals import FloatArray, as_floats, check_method

__all__ = ["EarsMethod", "ears", "farrington_flexible", "farrington_many"]

EarsMethod = Literal["C1", "C2", "C3"]

GUARD = {"C1": 0, "C2": 2, "C3": 2}
THRESHOLD = {"C1": 3.0, "C2": 3.0, "C3": 2.0}
# C3 adds what C2 exceeds 1 by over this many periods, the assessed one included.
C3_PERIODS = 3


def ears(
    counts: "pd.Series[Any] | pd.DataFrame | FloatArray",
    method: EarsMethod = "C2",
    baseline: int = 7,
    guard: int | None = None,
    threshold: float | None = None,
    minimum_sd: float = 0.0,
    add_flagged: bool = True,
) -> pd.DataFrame:
    r"""Flag counts above the recent past with the EARS methods C1, C2 or C3, many series at once.

    Formula, with m and s the mean and standard deviation (n - 1) of the `baseline` counts that end `guard` periods
    before period t, and c(t) = (y(t) - m(t)) / s(t):

    - `C1`: guard 0; score c, flagged above 3.
    - `C2`: guard 2, so that a slow start of an outbreak does not raise its own baseline; score c, flagged above 3.
    - `C3`: guard 2; score = sum over t, t - 1, t - 2 of max(0, c - 1), flagged above 2; the most sensitive.

    So the literature writes C3. CDC's EARS, as its descendant SAGES still runs it, adds t - 1 and t - 2 only where they
    do not exceed the threshold themselves: `add_flagged=False`; one large count then flags once, not for three periods.
    3 and 2 are EARS' own thresholds; R's surveillance takes normal quantiles in their place (3.09 and 1.96).

    Any regular series will do: `baseline=7` days is EARS' own, weeks or months work alike but have no season here
    (`farrington_flexible` has). Without spread in the baseline (all 0, say) s is 0: a count above m scores inf, an
    equal one 0, one below -inf; `minimum_sd` of 0.5 or 1 keeps single events in sparse series from being flagged.

    Args:
        counts: One series (Series or one-dimensional array), or several: a frame or array, periods x series. Not
            negative, missing allowed. Periods must be regular and in order of time.
        method: `C1`, `C2` or `C3`.
        baseline: Periods in the baseline, at least 2.
        guard: Periods between baseline and assessed period; None takes the method's.
        threshold: Score above which to flag; None takes the method's.
        minimum_sd: Least standard deviation to divide by, in events.
        add_flagged: Whether C3 adds earlier periods that exceeded its threshold by themselves.

    Returns:
        A frame with one row per period (per series and period for several: the index then is series, period) and
        columns `count`, `expected` (m), `upper` (flagged above; need not be whole; nan where C3 flags
        whatever the count), `score`, `alarm` (nullable: missing where not assessed) and `reason` (why not
        assessed, else "").

    Raises:
        ValueError: A count is negative or infinite, the method is unknown, or an option is out of range.
        TypeError: A count is not numeric.

    References:
        Hutwagner L, Thompson W, Seeman GM, Treadwell T. The bioterrorism preparedness and response Early Aberration
        Reporting System (EARS). J Urban Health 2003;80(2 Suppl 1):i89-96. Fricker RD, Hegler BL, Dunfee DA. Comparing
        syndromic surveillance detection methods: EARS' versus a CUSUM-based methodology. Stat Med 2008;27:3407-3429.
        Least standard deviation: Tokars JI et al. Emerg Infect Dis 2009;15:533-539. What C3 adds: Johns Hopkins
        University Applied Physics Laboratory, SAGES (backend/src/vims/app/detector/Ears.py).

    Examples:
        >>> ears([2, 4, 3, 2, 4, 3, 3, 3, 2, 9]).tail(2).drop(columns="reason").round(2)
           count  expected  upper  score  alarm
        8    2.0       NaN    NaN    NaN   <NA>
        9    9.0       3.0   5.45   7.35   True
    """
    check_method(method, EarsMethod)
    guard = GUARD[method] if guard is None else guard
    limit = THRESHOLD[method] if threshold is None else threshold
    if not (baseline >= 2 and guard >= 0 and minimum_sd >= 0):
        raise ValueError(
            f"baseline must be at least 2, guard and minimum_sd at least 0; found {baseline}, {guard}, {minimum_sd}."
        )
    numbers = as_floats(counts.to_numpy() if isinstance(counts, pd.DataFrame) else counts, "counts")
    if numbers.ndim not in (1, 2):
        raise ValueError(f"counts must be one series, or periods x series; found {numbers.ndim} dimensions.")
    table = numbers[:, None] if numbers.ndim == 1 else numbers
    mean, spread = _baselines(table, baseline, guard, minimum_sd)
    score = _scores(table, mean, spread)
    upper = mean + limit * spread
    before = np.zeros(table.shape)
    if method == "C3":
        excess = np.maximum(score - 1, 0)
        # SAGES leaves out a period that reaches the threshold, not only one above it.
        past = excess if add_flagged else np.where(excess >= limit, 0.0, excess)
        for lag in range(1, C3_PERIODS):
            before += _shifted(past, lag)
        score = excess + before
        # Past excess above the threshold flags by itself (and may be inf); no count then is low enough.
        left = np.where(before <= limit, limit - before, np.nan)
        upper = mean + (1 + left) * spread
    first = baseline + guard + (C3_PERIODS - 1 if method == "C3" else 0)
    early = (np.arange(len(table)) < first)[:, None]
    reasons = np.select(
        [np.isnan(table), np.broadcast_to(early, table.shape), np.isnan(score)],
        ["count missing", "baseline too short", "count missing in the baseline"],
        "",
    )
    alarm = pd.array(score.T.ravel() > limit, dtype="boolean")
    alarm[np.isnan(score.T.ravel())] = pd.NA
    columns = {"count": table, "expected": mean, "upper": upper, "score": score}
    frame = pd.DataFrame(
        {name: values.T.ravel() for name, values in columns.items()}, index=_index(counts, table.shape)
    )
    frame.loc[np.isnan(score.T.ravel()), ["expected", "upper"]] = np.nan
    return frame.assign(alarm=alarm, reason=reasons.T.ravel())


def _baselines(table: FloatArray, baseline: int, guard: int, minimum_sd: float) -> tuple[FloatArray, FloatArray]:
    """Give mean and standard deviation of each period's baseline, nan where it does not reach back far enough."""
    mean, spread = np.full(table.shape, np.nan), np.full(table.shape, np.nan)
    first = baseline + guard
    if len(table) <= first:
        return mean, spread
    windows = np.lib.stride_tricks.sliding_window_view(table[: len(table) - guard - 1], baseline, axis=0)
    mean[first:] = windows.mean(axis=-1)
    # One lag at a time: a copy of every window would take `baseline` times the memory of the series.
    squares = np.zeros(windows.shape[:-1])
    for lag in range(baseline):
        squares += (windows[..., lag] - mean[first:]) ** 2
    deviation = np.sqrt(squares / (baseline - 1))
    # Counts that do not vary leave rounding, not spread.
    deviation[deviation < 1e-12 * np.abs(mean[first:])] = 0.0
    spread[first:] = np.maximum(deviation, minimum_sd)
    return mean, spread


def _scores(table: FloatArray, mean: FloatArray, spread: FloatArray) -> FloatArray:
    gap = table - mean
    gap[np.abs(gap) < 1e-12 * np.abs(mean)] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(gap == 0, 0.0, gap / spread)


def _shifted(values: FloatArray, lag: int) -> FloatArray:
    moved = np.full(values.shape, np.nan)
    moved[lag:] = values[:-lag]
    return moved


def _index(counts: Any, shape: tuple[int, ...]) -> "pd.Index[Any]":
    periods: pd.Index[Any] = counts.index if isinstance(counts, pd.Series | pd.DataFrame) else pd.RangeIndex(shape[0])
    if np.ndim(counts) == 1:
        return periods
    series = counts.columns if isinstance(counts, pd.DataFrame) else pd.RangeIndex(shape[1])
    names = [series.name or "series", periods.name or "period"]
    return pd.MultiIndex.from_arrays([series.repeat(shape[0]), np.tile(periods, shape[1])], names=names)
