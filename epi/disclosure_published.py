"""What a published table says: the range of each cell, the sums its labels imply, and what two releases tell."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from epi.disclosure_attack import Attacker
from epi.disclosure_facts import TOTAL, Cell, Fact, FloatArray, as_rows, cells_of, unrounded

Ranges: TypeAlias = tuple[FloatArray, FloatArray]
Found: TypeAlias = list[tuple[int, float, float]]


def ranges(shown: FloatArray, threshold: int, round_to: int) -> Ranges:
    """Give what is known of each cell alone: nothing of a hidden one, its rounding of a shown one."""
    low, high = unrounded(shown, round_to)
    # Whoever knows the rule knows that a shown count is not a small one.
    low = np.where(shown == 0, 0.0, np.maximum(low, np.minimum(threshold, shown)))
    high = np.where((shown == 0) & (high < threshold), 0.0, high)
    hidden = np.isnan(shown)
    return np.where(hidden, 0.0, low), np.where(hidden, np.inf, high)


def attacker(frame: pd.DataFrame, by: list[str], also: Sequence[Fact], low: FloatArray, high: FloatArray) -> Attacker:
    """Make the attacker who knows the ranges of a table's cells, the sums its labels imply, and some facts."""
    sums = _sums_by_label(frame, by)
    facts, fact_low, fact_high = as_rows(also, cells_of(frame, by))
    zeros = np.zeros(sums.shape[0])
    rows = sparse.vstack([sums, facts], format="csr")
    return Attacker(low, high, rows, np.concatenate([zeros, fact_low]), np.concatenate([zeros, fact_high]))


def _sums_by_label(frame: pd.DataFrame, by: list[str]) -> sparse.csr_array:
    """Find, for each row with totals in it, the cells it sums over, by their labels alone."""
    is_total = (frame[by] == TOTAL).to_numpy()
    inner = np.flatnonzero(~is_total.any(axis=1))
    rows, columns, values, number = [], [], [], 0
    places = {pattern: [by[at] for at in np.flatnonzero(~np.array(pattern))] for pattern in set(map(tuple, is_total))}
    for pattern, keep in places.items():
        if not any(pattern):
            continue
        totals = np.flatnonzero((is_total == np.array(pattern)).all(axis=1))
        parts: dict[Cell, list[int]] = {}
        for place, label in zip(inner, cells_of(frame.iloc[inner], keep) if keep else [()] * len(inner), strict=True):
            parts.setdefault(label, []).append(int(place))
        for place, label in zip(
            totals, cells_of(frame.iloc[totals], keep) if keep else [()] * len(totals), strict=True
        ):
            found = parts.get(label, [])
            if found:
                rows += [number] * (len(found) + 1)
                columns += [*found, place]
                values += [1.0] * len(found) + [-1.0]
                number += 1
    return sparse.csr_array((values, (rows, columns)), shape=(number, len(frame)), dtype=np.float64)


def lasting(also: Sequence[Fact], cells: list[Cell]) -> list[Fact]:
    """Give the facts that hold for any release with these cells; a published number holds for its own release only."""
    known, limits = set(cells), {0.0, np.inf, -np.inf}
    return [
        fact
        for fact in also
        if {fact.lower, fact.upper} <= limits
        and set(fact.cells) <= known
        and all(float(coefficient).is_integer() for coefficient in fact.cells.values())
    ]


def aligned(ranges: Ranges, cells: list[Cell], wanted: list[Cell]) -> Ranges:
    """Give the ranges of one release in the order of another; nothing is known of a cell it does not have."""
    place = {cell: position for position, cell in enumerate(cells)}
    at = np.array([place.get(cell, -1) for cell in wanted], dtype=np.int64)
    # Position -1, of a cell that is not there, leads to the end that is put behind.
    return np.append(ranges[0], -np.inf)[at], np.append(ranges[1], np.inf)[at]


def narrowed(own: Ranges, other: Ranges) -> Ranges:
    """Take hidden counts to be what the other release shows of them."""
    linked = ~np.isfinite(own[1]) & np.isfinite(other[1])
    return np.where(linked, other[0], own[0]), np.where(linked, other[1], own[1])


def tried(
    bold: Attacker, plain: Attacker, cells: npt.NDArray[np.bool_], threshold: int, among: tuple[float, float]
) -> Found:
    """Try with the other release's figures; where they contradict this one's, they have changed and tell nothing."""
    try:
        return bold.too_narrow(np.flatnonzero(cells), threshold, among)
    except ValueError:
        return plain.too_narrow(np.flatnonzero(cells), threshold, among)


def known_changes(attacker: Attacker, threshold: int) -> Found:
    """Give the changes that are known to the person: more than none, and fewer than the threshold."""
    every = np.arange(len(attacker.low))
    found = attacker.too_narrow(every, 2, (-np.inf, np.inf))
    return [(cell, least, most) for cell, least, most in found if 1 <= abs(least) < threshold]
