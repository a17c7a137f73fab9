"""Small counts: hiding them so that nobody can be recognised, and an independent audit of what was hidden.

A count below the threshold is hidden; then so many further cells, with the same mark, that the hidden ones cannot be
worked out from totals, sums, rates or the release before. What stays is rounded where asked. The audit knows nothing of
how cells were chosen: it takes the published table alone and bounds every hidden cell from it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from epi.disclosure_cover import BoolArray, Cover, Unprotectable
from epi.disclosure_facts import (
    TOTAL,
    Cell,
    Fact,
    as_rows,
    cells_of,
    part_of,
    rate_shown,
    rounded,
    share_shown,
    sum_shown,
    total_is_sum,
)
from epi.disclosure_published import aligned, attacker, known_changes, lasting, narrowed, ranges, tried

__all__ = [
    "Fact",
    "Unprotectable",
    "audit",
    "part_of",
    "protect",
    "rate_shown",
    "share_shown",
    "sum_shown",
    "total_is_sum",
]

_ROUNDS = 4
_WIDER = 2.0


def protect(
    frame: pd.DataFrame,
    count: str,
    by: Sequence[str],
    margins: Sequence[Sequence[str]],
    threshold: int = 10,
    *,
    hide_zeros: bool = False,
    round_to: int = 1,
    also: Sequence[Fact] = (),
    previous: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Hide small counts, and as many others as it takes that the small ones cannot be worked out.

    Formula: hidden are the counts from 1 (0 with `hide_zeros`) to threshold - 1; then, for each hidden cell, the
    cheapest further cells for which two tables of counts, equal to the true one in every shown cell, differ in that
    cell by threshold - 1 or more: at least `threshold` counts remain possible for whoever knows all that is shown.
    Hidden cells carry one mark: a flag that told the small ones from the others would give most of them away.

    What the release before showed is not hidden now, and what it hid stays hidden: the two patterns together must not
    give away what each of them hides. Rounding is what protects the difference between two releases.

    Args:
        frame: One row per cell, without totals; other columns are kept.
        count: Column of counts, whole numbers from 0.
        by: Columns of labels that name a cell.
        margins: Published totals, each as the columns of `by` that are kept; `()` is the total of all. Every total is
            the sum of its cells.
        threshold: Counts below it are small.
        hide_zeros: Whether a count of 0 is small too. A shown 0 is then never rounded from a small count.
        round_to: Shown counts are rounded to multiples of this; 1 leaves them.
        also: What else is published about the cells, such as rates, or known to hold, such as parts of a whole.
        previous: The release before, as this function gave it.

    Returns:
        The rows of `frame`, then a row for each cell of the margins, with `all` in the columns it sums over: the count
        as it may be published (null where hidden) and `status`, `reported` or `suppressed`.

    Raises:
        ValueError: Columns or labels are missing, a count is no whole number from 0, a cell stands twice, a margin
            names an unknown column, or a fact an unknown cell.
        Unprotectable: What is published besides fixes a hidden cell; leave that out.

    References:
        Fischetti M, Salazar JJ. Solving the cell suppression problem on tabular data with linear constraints.
        Management Science 2001;47:1008-27. Hundepool A, et al. Statistical Disclosure Control. Wiley, 2012, chapter 4.

    Examples:
        >>> table = pd.DataFrame({"county": list("AABB"), "sex": ["f", "m"] * 2, "clients": [4, 31, 25, 40]})
        >>> shown = protect(table, "clients", ["county", "sex"], [["county"], ["sex"], []])
        >>> shown.loc[shown["status"] == "reported", "clients"].tolist()
        [35.0, 65.0, 29.0, 71.0, 100.0]
        >>> len(audit(shown, "clients", ["county", "sex"]))
        0
    """
    by = list(by)
    _check(frame, count, by, margins, threshold, round_to)
    table, sums = _with_margins(frame, count, by, margins)
    true = table[count].to_numpy(float)
    cells = cells_of(table, by)
    facts, low, high = as_rows(also, cells)
    small = (true < threshold) & ((true > 0) | hide_zeros)
    hidden_before, shown_before = _before(previous, by, cells)
    is_sum = np.arange(len(table)) >= len(frame)
    cover = Cover(true, sums, facts, low, high, small | hidden_before, shown_before, is_sum)
    needy, distance = small.copy(), float(threshold - 1)
    for _ in range(_ROUNDS):
        cover.protect(np.flatnonzero(needy), distance)
        shown = np.where(cover.hidden, np.nan, rounded(true, round_to))
        status = np.where(cover.hidden, "suppressed", "reported")
        result = table.assign(status=pd.Series(status, index=table.index, dtype="str"))
        result[count] = shown
        options: dict[str, Any] = {"hide_zeros": hide_zeros, "round_to": round_to, "also": also}
        left = audit(result, count, by, threshold, **options, previous=previous)
        left = left[left["finding"].isin(["exact", "narrow"])]
        if left.empty:
            return result
        # A cell hidden for the sake of others can be bounded too, and whole numbers can be fewer than the line between.
        again = np.isin(np.arange(len(table)), [cells.index(cell) for cell in cells_of(left, by)])
        distance = distance * _WIDER if (needy & again).any() else distance
        needy |= again
    raise Unprotectable(
        f"Expected no hidden cell that can be bounded, found {len(left)} after {_ROUNDS} attempts, such as "
        f"{cells_of(left, by)[0]!r}. Publish fewer margins, or merge categories first."
    )


def audit(
    frame: pd.DataFrame,
    count: str,
    by: Sequence[str],
    threshold: int = 10,
    *,
    hide_zeros: bool = False,
    round_to: int = 1,
    also: Sequence[Fact] = (),
    previous: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Find the hidden cells that somebody who knows everything published can bound inside the threshold.

    Formula: for each hidden cell the least and the largest whole number among all tables of counts that agree with the
    shown cells (with the range that rounding leaves), with every total that is the sum of its cells, and with `also`.
    A cell is found where fewer than `threshold` numbers remain and one of them is a small count.

    With `previous`, a cell that only one of the releases hides is taken to have changed no more than its shown value
    allows, and the change of every cell from one to the other is bounded as well: a change of known size from 1 to
    threshold - 1 tells of new people.

    Args:
        frame: The table as published, totals included: a null count where `status` is not `reported`.
        count: Column of counts.
        by: Columns of labels that name a cell, `all` in those a total sums over.
        threshold: Counts below it are small.
        hide_zeros: Whether a count of 0 is small too.
        round_to: What shown counts were rounded to.
        also: What else is published or known about the cells.
        previous: The release before, in the same columns.

    Returns:
        One row per finding, none where the table is safe: the labels of `by`, `lower` and `upper` (what the cell, or
        its change, must lie between) and `finding`: `exact` or `narrow` for a cell of this release, `previous` for one
        of the release before, `change` for a change.

    Raises:
        ValueError: A column is missing, a fact names an unknown cell, or the figures contradict each other.

    References:
        Fischetti M, Salazar JJ. Solving the cell suppression problem on tabular data with linear constraints.
        Management Science 2001;47:1008-27.

    Examples:
        >>> shown = pd.DataFrame({"sex": ["f", "m", "all"], "clients": [None, 31, 35.0]})
        >>> audit(shown, "clients", ["sex"])[["sex", "lower", "upper", "finding"]].values.tolist()
        [['f', 4.0, 4.0, 'exact']]
    """
    by = list(by)
    _require_columns(frame, [count, *by])
    low, high = ranges(frame[count].to_numpy(float), threshold, round_to)
    among = (0.0 if hide_zeros else 1.0, float(threshold - 1))
    hidden = frame[count].isna().to_numpy()
    plain = attacker(frame, by, also, low, high)
    if previous is None:
        return _findings(frame, by, plain.too_narrow(np.flatnonzero(hidden), threshold, among))
    _require_columns(previous, [count, *by])
    before = ranges(previous[count].to_numpy(float), threshold, round_to)
    here, there = cells_of(frame, by), cells_of(previous, by)
    now, then = narrowed((low, high), aligned(before, there, here)), narrowed(before, aligned((low, high), here, there))
    old = lasting(also, there)
    found = tried(attacker(frame, by, also, *now), plain, hidden & ~np.isfinite(now[1]), threshold, among)
    open_then = previous[count].isna().to_numpy() & ~np.isfinite(then[1])
    earlier = attacker(previous, by, old, *before)
    stale = tried(attacker(previous, by, old, *then), earlier, open_then, threshold, among)
    known = aligned(before, there, here)
    sums = [fact for fact in lasting(also, here) if fact.lower == fact.upper]
    moved = known_changes(attacker(frame, by, sums, low - known[1], high - known[0]), threshold)
    parts = [
        _findings(frame, by, found),
        _findings(previous, by, stale, "previous"),
        _findings(frame, by, moved, "change"),
    ]
    return pd.concat(parts, ignore_index=True)


def _check(
    frame: pd.DataFrame, count: str, by: list[str], margins: Sequence[Sequence[str]], threshold: int, round_to: int
) -> None:
    _require_columns(frame, [count, *by])
    if threshold < 2 or round_to < 1:
        raise ValueError(f"threshold must be 2 or more and round_to 1 or more; found {threshold} and {round_to}.")
    unknown = [name for margin in margins for name in margin if name not in by]
    if unknown or not by:
        raise ValueError(f"margins must be made of the columns {by}; found {unknown or 'no columns at all'}.")
    if frame[by].isna().any(axis=None) or (frame[by] == TOTAL).any(axis=None):
        raise ValueError(f"Labels must be there and not {TOTAL!r}, which marks totals; found missing ones or totals.")
    if frame.duplicated(by).any():
        twice = frame.loc[frame.duplicated(by), by].iloc[0].tolist()
        raise ValueError(f"Each cell must stand once; found {twice} twice. Add its counts up first.")
    values = frame[count].to_numpy(float)
    wrong = ~(np.isfinite(values) & (values >= 0) & (values == np.round(values)))
    if wrong.any():
        raise ValueError(
            f"{count} must hold whole numbers from 0; found {values[wrong][0]} in row {frame.index[wrong][0]}. "
            "Leave out cells that were not counted."
        )


def _require_columns(frame: pd.DataFrame, wanted: list[str]) -> None:
    absent = [name for name in wanted if name not in frame.columns]
    if absent:
        raise ValueError(f"Expected the columns {wanted}, found none named {absent}.")


def _with_margins(
    frame: pd.DataFrame, count: str, by: list[str], margins: Sequence[Sequence[str]]
) -> tuple[pd.DataFrame, sparse.csr_array]:
    """Append the totals, and write each as its cells minus itself."""
    inner, parts, blocks = len(frame), [frame.assign(**{count: frame[count].astype("float64")})], []
    for margin in dict.fromkeys(tuple(name for name in by if name in margin) for margin in margins):
        if len(margin) == len(by):
            continue
        keep = list(margin)
        group = frame.groupby(keep, sort=False).ngroup().to_numpy() if keep else np.zeros(inner, dtype=np.int64)
        first = pd.Series(group).drop_duplicates().index
        totals = frame.iloc[first][keep].assign(**dict.fromkeys([name for name in by if name not in keep], TOTAL))
        sums = np.bincount(group, weights=frame[count].to_numpy(float), minlength=len(first))
        parts.append(totals.assign(**{count: sums[group[first]]}))
        blocks.append(sparse.csr_array((np.ones(inner), (group, np.arange(inner))), shape=(len(first), inner)))
    table = pd.concat(parts, ignore_index=True)
    extra = len(table) - inner
    if not blocks:
        return table, sparse.csr_array((0, inner))
    return table, sparse.hstack([sparse.vstack(blocks), -sparse.eye_array(extra)], format="csr")


def _before(previous: pd.DataFrame | None, by: list[str], cells: list[Cell]) -> tuple[BoolArray, BoolArray]:
    """Say of each cell whether the release before hid it, and whether it showed it."""
    if previous is None:
        return np.zeros(len(cells), dtype=bool), np.zeros(len(cells), dtype=bool)
    _require_columns(previous, [*by, "status"])
    status = dict(zip(cells_of(previous, by), previous["status"], strict=True))
    known = [status.get(cell) for cell in cells]
    hidden = np.array([text == "suppressed" for text in known], dtype=bool)
    return hidden, np.array([text == "reported" for text in known], dtype=bool)


def _findings(
    frame: pd.DataFrame, by: list[str], found: list[tuple[int, float, float]], finding: str = ""
) -> pd.DataFrame:
    places = [place for place, _, _ in found]
    least, most = [low for _, low, _ in found], [high for _, _, high in found]
    said = [finding or ("exact" if low == high else "narrow") for _, low, high in found]
    rows = frame.iloc[places][by].reset_index(drop=True)
    return rows.assign(lower=np.array(least, float), upper=np.array(most, float), finding=pd.Series(said, dtype="str"))
