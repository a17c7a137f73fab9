"""How figures change from release to release: revisions, completeness, and what was known on a date.

Every function takes a long frame with one row per key (`by`), reference period and release; `reference` and `release`
are dates (lags are then in days) or whole numbers (lags are in their unit). For a period of some length, its last day
is the reference date that makes a lag mean "after the period ended".
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from epi.intervals import FloatArray, as_floats
from epi.pending import completeness_from_pending
from epi.reporting import require_columns

__all__ = ["as_known_on", "completeness", "completeness_from_pending", "revision_summary"]

By = str | Sequence[str]


def as_known_on(
    frame: pd.DataFrame, date: Any, by: By = (), reference: str = "reference", release: str = "release"
) -> pd.DataFrame:
    """Give the figures as they stood on a date: the newest release of each reference period by then.

    Formula: of each figure the row with the largest release that is not after the date. A period that a later release
    leaves out keeps its last figure; a figure withdrawn (missing) stays withdrawn.

    Args:
        frame: Long frame of releases.
        date: Date (or whole number) of the view; releases on that day count.
        by: Columns that, with the reference period, identify a figure (area, drug, ...).
        reference: Column of the reference period.
        release: Column of the release.

    Returns:
        The rows of the frame that stood then, all columns, in order of `by` and reference.

    Raises:
        ValueError: Columns are absent, or a release repeats a figure.

    References:
        The "as of" view of an epi_archive: McDonald DJ et al. epiprocess (Delphi group).

    Examples:
        >>> releases = pd.DataFrame({"reference": [1, 1, 2], "release": [2, 3, 3], "value": [90.0, 97.0, 80.0]})
        >>> as_known_on(releases, 2)
           reference  release  value
        0          1        2   90.0
    """
    keys, ordered = _ordered(frame, by, reference, release)
    known: pd.DataFrame = ordered[ordered[release] <= date]
    return known.drop_duplicates(keys, keep="last")


def revision_summary(
    frame: pd.DataFrame,
    by: By = (),
    reference: str = "reference",
    release: str = "release",
    value: str = "value",
    within: float = 0.2,
    min_age: float | None = None,
) -> pd.DataFrame:
    r"""Summarise how the figure of each reference period changed between releases.

    Missing figures are left out, and a release that repeats the figure before it is no revision. Formula: spread =
    maximum - minimum; relative spread = spread / maximum; `near_latest_lag` is the lag of the first figure from which
    on every one is within `within` x abs(latest) of the latest: how long until the figure can be used.

    Args:
        frame: Long frame of releases.
        by: Columns that, with the reference period, identify a figure.
        reference: Column of the reference period.
        release: Column of the release.
        value: Column of the figure, any unit; missing allowed.
        within: How near the latest figure counts as near, a proportion of it.
        min_age: Leave out reference periods whose age at the newest release of the frame is less (in days, or units):
            too young to have settled. None keeps all.

    Returns:
        A frame by key and reference period: `revisions`, `first`, `latest`, `minimum`, `maximum`, `median` (of the
        distinct successive figures), `spread` (unit of the value), `relative_spread` (proportion; nan where the
        maximum is 0), `first_lag`, `last_lag` (to the last change), `near_latest_lag` (days, or units).

    Raises:
        ValueError: Columns are absent, a figure is infinite, a release repeats a figure, or `within` is negative.
        TypeError: The figures are not numeric.

    References:
        Definitions of `revision_analysis` in McDonald DJ et al. epiprocess (Delphi group).

    Examples:
        >>> releases = pd.DataFrame({"reference": 1, "release": [2, 3, 4, 5], "value": [50.0, 90, 100, 100]})
        >>> found = revision_summary(releases).reset_index()
        >>> found[["reference", "revisions", "first", "latest", "spread", "near_latest_lag"]]
           reference  revisions  first  latest  spread  near_latest_lag
        0          1          2   50.0   100.0    50.0              2.0
    """
    if not within >= 0:
        raise ValueError(f"within must be a proportion of 0 or more, such as 0.2; found {within}.")
    keys, ordered = _ordered(frame, by, reference, release)
    work = ordered[keys].assign(_value=_figures(ordered[value], value), _lag=_lags(ordered, reference, release))
    kept = work["_value"].notna().to_numpy()
    if min_age is not None and len(work):
        kept = kept & (_as_days(ordered[release].max() - ordered[reference]) >= min_age)
    # The caller's index may repeat labels (frames put together), which pandas cannot group by.
    work = work[kept].reset_index(drop=True)
    same = work["_value"].eq(work.groupby(keys, sort=False, dropna=False)["_value"].shift())
    changes = work[~same]
    last = changes.groupby(keys, sort=False, dropna=False)["_value"].transform("last")
    changes = changes.assign(_far=(changes["_value"] - last).abs() > (within + 1e-12) * last.abs())
    # The figures after the last one that was far: counted from the end, so that a wandering figure starts over.
    far = changes[::-1].groupby(keys, sort=False, dropna=False)["_far"].cummax()
    changes = changes.assign(_near=changes["_lag"].where(~far.sort_index().astype(bool)))
    groups = changes.groupby(keys, sort=False, dropna=False)
    table = groups.agg(
        revisions=("_value", "size"),
        first=("_value", "first"),
        latest=("_value", "last"),
        minimum=("_value", "min"),
        maximum=("_value", "max"),
        median=("_value", "median"),
        first_lag=("_lag", "first"),
        last_lag=("_lag", "last"),
        near_latest_lag=("_near", "min"),
    )
    table["revisions"] -= 1
    table.insert(6, "spread", table["maximum"] - table["minimum"])
    maximum = table["maximum"].abs()
    table.insert(7, "relative_spread", table["spread"] / maximum.where(maximum > 0))
    return table


def completeness(
    frame: pd.DataFrame,
    lags: Sequence[float],
    by: By = (),
    reference: str = "reference",
    release: str = "release",
    value: str = "value",
    final_after: float | None = None,
) -> pd.DataFrame:
    """Say how complete figures were at given lags after their reference period, beside their final value.

    Formula: value = sum of the figures known at the lag / sum of the final figures, over reference periods. A figure
    not published by then counts as 0. Reference periods of which the frame cannot tell (they reached the lag before its
    first release, or after its last) are left out at that lag, and so are ones with a missing figure.

    Args:
        frame: Long frame of releases.
        lags: Lags to assess, in days (dates) or units (whole numbers); not negative.
        by: Columns that, with the reference period, identify a figure; results are per `by`.
        reference: Column of the reference period.
        release: Column of the release.
        value: Column of the figure; not negative, missing allowed.
        final_after: The figure known at this lag is taken as final; younger periods are left out. None takes the
            longest of `lags`.

    Returns:
        A frame with the columns of `by`, `lag`, `periods` (how many assessed), `value` (proportion, above 1 where
        figures were later reduced; nan without final events), `lowest`, `median`, `highest` (of single periods).

    Raises:
        ValueError: Columns are absent, a lag is negative or beyond `final_after`, a figure is negative or infinite, or
            a release repeats a figure.
        TypeError: The figures are not numeric.

    References:
        Spencer MR, Ahmad F. Timeliness of death certificate data for mortality surveillance and provisional estimates.
        NCHS Vital Statistics Rapid Release 1. 2016 (percent complete by weeks after death).

    Examples:
        >>> releases = pd.DataFrame({"reference": [1, 1, 2, 2], "release": [1, 3, 3, 4], "value": [80, 100, 90, 90]})
        >>> completeness(releases, [0, 1, 2])
           lag  periods     value  lowest  median  highest
        0    0        2  0.421053     0.0     0.4      0.8
        1    1        2  0.894737     0.8     0.9      1.0
        2    2        2  1.000000     1.0     1.0      1.0
    """
    wanted = np.unique(np.asarray(lags))
    final_lag = float(wanted.max(initial=0)) if final_after is None else float(final_after)
    if not len(wanted) or wanted[0] < 0 or wanted[-1] > final_lag:
        raise ValueError(f"lags must be from 0 to final_after ({final_lag:g}); found {list(lags)}.")
    keys, ordered = _ordered(frame, by, reference, release)
    columns = keys[:-1]
    wide = _known_at(ordered, keys, release, np.append(wanted, final_lag), value)
    final = wide.iloc[:, -1].to_numpy()
    known = wide.iloc[:, :-1].to_numpy()
    used = ~np.isnan(known) & ~np.isnan(final)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = known / final[:, None]
    long = pd.DataFrame(
        {
            "lag": np.tile(wanted, len(wide)),
            "used": used.ravel(),
            "known": np.where(used, known, 0.0).ravel(),
            "final": np.where(used, final[:, None], 0.0).ravel(),
            "share": np.where(used & np.isfinite(shares), shares, np.nan).ravel(),
        }
    )
    for column in columns:
        long[column] = np.repeat(wide.index.get_level_values(column).to_numpy(), len(wanted))
    table = (
        long.groupby([*columns, "lag"], sort=True, dropna=False)
        .agg(
            periods=("used", "sum"),
            known=("known", "sum"),
            final=("final", "sum"),
            lowest=("share", "min"),
            median=("share", "median"),
            highest=("share", "max"),
        )
        .reset_index()
    )
    table.insert(len(columns) + 2, "value", table.pop("known") / table["final"].where(table["final"] > 0))
    return table.drop(columns="final")


def _ordered(frame: pd.DataFrame, by: By, reference: str, release: str) -> tuple[list[str], pd.DataFrame]:
    """Give the columns that identify a figure, and the frame in their order and that of releases."""
    keys = [*([by] if isinstance(by, str) else by), reference]
    require_columns(frame, [*keys, release])
    missing = frame[[reference, release]].isna().any(axis=1)
    if missing.any():
        raise ValueError(
            f"{reference} and {release} must not be missing; found {int(missing.sum())} such rows. Drop or fix them."
        )
    repeated = frame.duplicated([*keys, release])
    if repeated.any():
        row = frame.loc[repeated, [*keys, release]].iloc[0].to_dict()
        raise ValueError(
            f"a release must have one row per figure; found a second one for {row}. Name every identifying column in "
            "by, or sum the strata first."
        )
    return keys, frame.sort_values([*keys, release], kind="stable")


def _figures(values: "pd.Series[Any]", name: str, quantity: bool = False) -> FloatArray:
    figures = as_floats(values, name, quantity=quantity)
    if np.isinf(figures).any():
        raise ValueError(f"{name} must be finite; found an infinite figure. Make it missing.")
    return figures


def _as_days(difference: "pd.Series[Any]") -> FloatArray:
    if pd.api.types.is_timedelta64_dtype(difference):
        return np.asarray(difference.to_numpy() / np.timedelta64(1, "D"), dtype=float)
    return np.asarray(difference.to_numpy(), dtype=float)


def _lags(frame: pd.DataFrame, reference: str, release: str) -> FloatArray:
    return _as_days(frame[release] - frame[reference])


def _known_at(
    ordered: pd.DataFrame, keys: list[str], release: str, lags: npt.NDArray[np.float64], value: str
) -> pd.DataFrame:
    """Give the figure known at each lag (a column): 0 before it was published, nan where that cannot be told."""
    reference = keys[-1]
    origin = ordered[release].min() if len(ordered) else 0
    at = _as_days(ordered[reference] - origin)
    released = _as_days(ordered[release] - origin)
    figures = pd.DataFrame({"figure": _figures(ordered[value], value, quantity=True), "row": np.arange(len(ordered))})
    code = ordered.groupby(keys, sort=False, dropna=False).ngroup().to_numpy()
    starts = np.flatnonzero(np.diff(code, prepend=-1))
    # One sorted axis for all groups: a group's own releases lie within its own stretch of it.
    width = float(max(released.max(initial=0.0), (at.max(initial=0.0) + lags.max())) - min(at.min(initial=0.0), 0) + 1)
    axis = code * width + released
    asked = (at[starts][:, None] + lags).clip(-1, None)
    found = np.searchsorted(axis, np.arange(len(starts))[:, None] * width + asked, side="right") - 1
    published = found >= starts[:, None]
    known = np.where(published, figures["figure"].to_numpy()[np.maximum(found, 0)] if len(figures) else 0.0, 0.0)
    telling = (at[starts][:, None] + lags >= 0) & (at[starts][:, None] + lags <= released.max(initial=0.0))
    index = pd.MultiIndex.from_frame(ordered.iloc[starts][keys])
    return pd.DataFrame(np.where(telling, known, np.nan), index=index)
