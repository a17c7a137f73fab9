"""Reporting triangles: events by the period they fell in (rows) and by how late they were reported (columns)."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from epi.intervals import FloatArray, as_floats, first_position


def reporting_triangle(
    frame: pd.DataFrame,
    reference: str = "reference",
    report: str = "report",
    count: str = "count",
    frequency: str = "M",
    max_delay: int | None = None,
    cumulative: bool = False,
    reference_end: str | None = None,
) -> pd.DataFrame:
    """Arrange reports as a triangle: one row per reference period, one column per delay, cells of new events.

    Formula: delay = report period - reference period, in whole periods. A cell whose report period is not after the
    newest one is observed: 0 where the frame has no row for it. A later cell is not yet known: nan.

    Overlapping windows, such as 12 months ending in each month, are refused when `reference_end` is given: one event
    would be in twelve rows, and the rows' errors would not be independent. Nowcast the single months, and sum the draws
    (`Nowcast.window`).

    Args:
        frame: Reports in long form; rows of the same reference and report period are summed.
        reference: Column with the date (or whole number) of the period that the events fell in.
        report: Column with the date (or whole number) at which they were reported or released; not before `reference`.
        count: Column with new events; not negative, missing refused.
        frequency: Pandas period alias for dates: `D`, `W`, `M`, `Q`, `Y`. Not used for whole numbers.
        max_delay: Longest delay kept. Later reports are left out (`.attrs["left_out"]` counts them), and the totals
            then mean "reported within `max_delay`". None keeps all.
        cumulative: `count` is the total known at that report (a release), not the new events. A reference period not
            in a release keeps its last total; a total that falls gives a negative cell, which only `mack` accepts.
        reference_end: Column with the last day (or number) of the reference period, to have overlaps refused.

    Returns:
        A frame of floats: index the reference periods without gaps (`pd.PeriodIndex`, or whole numbers), columns the
        delays 0, 1, 2, ...

    Raises:
        ValueError: Columns are absent, a date or count is missing, a count is negative or not finite, a report is
            before its reference period, windows overlap, or releases repeat a reference period.
        TypeError: A count is not numeric, or a period is neither date nor whole number.

    References:
        Lawless JF. Adjustments for reporting delays and the prediction of occurred but not reported events. Can J Stat
        1994;22:15-31.

    Examples:
        >>> reports = pd.DataFrame({"reference": [1, 1, 2, 2, 3], "report": [1, 2, 2, 3, 3], "count": [6, 2, 5, 1, 7]})
        >>> reporting_triangle(reports).to_numpy()
        array([[ 6.,  2.],
               [ 5.,  1.],
               [ 7., nan]])
    """
    require_columns(frame, [reference, report, count, *([reference_end] if reference_end else [])])
    if reference_end:
        _refuse_overlap(frame[reference], frame[reference_end])
    counts = _counts(frame[count], count)
    if not len(frame):
        return pd.DataFrame(dtype=float)
    at, reported = _ordinals(frame[reference], frequency), _ordinals(frame[report], frequency)
    delays = reported - at
    if (delays < 0).any():
        raise ValueError(
            f"{report} must not be before {reference}; found {frame[report].iloc[int(np.argmax(delays < 0))]} for "
            f"{frame[reference].iloc[int(np.argmax(delays < 0))]}{first_position(delays < 0)}. Correct the dates."
        )
    first, newest = int(at.min()), int(reported.max())
    rows, columns = int(at.max()) - first + 1, int(delays.max()) + 1
    if cumulative:
        cells = _differences(at - first, delays, counts, (rows, columns))
    else:
        cells = np.zeros((rows, columns))
        np.add.at(cells, (at - first, delays), counts)
    observed = np.arange(columns) <= (newest - first - np.arange(rows))[:, None]
    kept = columns if max_delay is None else min(columns, max_delay + 1)
    periods: pd.Index[Any] = pd.RangeIndex(first, first + rows)
    if not pd.api.types.is_integer_dtype(frame[reference]):
        periods = pd.period_range(pd.Period(ordinal=first, freq=frequency), periods=rows)
    triangle = pd.DataFrame(np.where(observed, cells, np.nan)[:, :kept], index=periods.rename(reference))
    triangle.columns = pd.RangeIndex(kept, name="delay")
    triangle.attrs["left_out"] = float(cells[:, kept:].sum())
    return triangle


def triangle_as_of(triangle: pd.DataFrame, periods_ago: int) -> pd.DataFrame:
    """Give the triangle as it was known a number of periods before its newest report, for back-tests.

    Formula: a cell stays if its report period (reference period + delay) is at least `periods_ago` before the newest.

    Args:
        triangle: A reporting triangle.
        periods_ago: How many reporting periods to take away; 0 changes nothing.

    Returns:
        The earlier triangle, without the reference periods that had not begun.

    Raises:
        ValueError: The triangle is malformed, or `periods_ago` is negative or leaves no row.

    References:
        As for `reporting_triangle`.

    Examples:
        >>> triangle_as_of(pd.DataFrame([[6.0, 2.0], [5.0, 1.0], [7.0, np.nan]]), 1)
             0    1
        0  6.0  2.0
        1  5.0  NaN
    """
    cells = triangle_cells(triangle, negative=True)
    rows = len(cells) - periods_ago
    if periods_ago < 0 or rows < 1:
        raise ValueError(f"periods_ago must be from 0 to {len(cells) - 1}; found {periods_ago}.")
    # The newest row says how far reports had come; its own latest delay is 0 in a full triangle, more in a closed one.
    newest = len(cells) - 1 + int((~np.isnan(cells[-1])).sum()) - 1 - periods_ago
    known = np.arange(rows)[:, None] + np.arange(cells.shape[1]) <= newest
    return triangle.iloc[:rows].where(known)


def triangle_cells(triangle: pd.DataFrame, negative: bool = False) -> FloatArray:
    """Give the cells of a triangle as an array, or refuse one whose unknown cells are not the last of their row."""
    cells = as_floats(triangle.to_numpy(), "triangle", quantity=not negative)
    if cells.ndim != 2 or not cells.size:
        raise ValueError(
            f"triangle must have at least one reference period and one delay; found shape {cells.shape}. "
            "Make it with epi.reporting.reporting_triangle."
        )
    gaps = np.isnan(cells[:, :-1]) & ~np.isnan(cells[:, 1:])
    if gaps.any():
        raise ValueError(
            f"an unknown cell of the triangle must have no known one after it in its row; found a gap"
            f"{first_position(gaps)}. Put 0 where nothing was reported."
        )
    if np.isinf(cells).any():
        raise ValueError(f"triangle must be finite; found an infinite cell{first_position(np.isinf(cells))}.")
    return cells


def require_columns(frame: pd.DataFrame, columns: list[str]) -> None:
    """Refuse a frame that lacks a column."""
    absent = [column for column in columns if column not in frame.columns]
    if absent:
        raise ValueError(
            f"frame must have the columns {', '.join(columns)}; found no {', '.join(absent)} among "
            f"{', '.join(map(str, frame.columns))}. Rename them or name yours in the arguments."
        )


def _counts(values: "pd.Series[Any]", name: str) -> FloatArray:
    counts = as_floats(values, name)
    if np.isnan(counts).any():
        raise ValueError(
            f"{name} must not be missing; found a missing one{first_position(np.isnan(counts))}. Drop suppressed "
            "rows, or give their imputed counts."
        )
    return counts


def _ordinals(values: "pd.Series[Any]", frequency: str) -> npt.NDArray[np.int64]:
    if values.isna().any():
        raise ValueError(f"{values.name} must not be missing; found a missing one. Drop or correct such rows.")
    if pd.api.types.is_integer_dtype(values):
        return values.to_numpy(dtype=np.int64)
    if isinstance(values.dtype, pd.PeriodDtype):
        return values.dt.asfreq(frequency).array.asi8  # type: ignore[no-any-return, attr-defined, unused-ignore]
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.dt.to_period(frequency).array.asi8  # type: ignore[no-any-return, attr-defined, unused-ignore]
    raise TypeError(
        f"{values.name} must hold dates (datetime64), pandas periods or whole numbers; found {values.dtype}. "
        "Convert text with pd.to_datetime."
    )


def _differences(
    row: npt.NDArray[np.int64],
    delay: npt.NDArray[np.int64],
    totals: FloatArray,
    shape: tuple[int, int],
) -> FloatArray:
    """Turn totals known at each release into new events per delay."""
    seen = np.full(shape, np.nan)
    positions = row * shape[1] + delay
    if len(np.unique(positions)) < len(positions):
        raise ValueError(
            "cumulative totals must have one row per reference and report period; found repeated ones. Keep the "
            "last release of each period, or sum the strata first."
        )
    seen[row, delay] = totals
    known = pd.DataFrame(seen).ffill(axis=1).fillna(0.0).to_numpy()
    return np.diff(known, axis=1, prepend=0.0)


def _refuse_overlap(start: "pd.Series[Any]", end: "pd.Series[Any]") -> None:
    windows = pd.DataFrame({"start": start, "end": end}).drop_duplicates().sort_values(["start", "end"])
    overlap = np.asarray(windows["start"].iloc[1:].to_numpy() <= windows["end"].iloc[:-1].to_numpy())
    if overlap.any():
        at = int(np.argmax(overlap))
        raise ValueError(
            f"reference periods must not overlap; found {windows['start'].iloc[at]} to {windows['end'].iloc[at]} and "
            f"{windows['start'].iloc[at + 1]} to {windows['end'].iloc[at + 1]}. 12-month-ending windows share events: "
            "nowcast the single months and sum the draws with Nowcast.window(12)."
        )
