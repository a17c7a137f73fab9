"""What somebody who knows everything that was published can say of one cell: the least and the largest it can be."""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import optimize, sparse
from scipy.sparse import csgraph

from epi.disclosure_facts import FloatArray

_WHOLE = 1e-6
_SECONDS = 10.0
IntArray: TypeAlias = npt.NDArray[np.int64]
Part: TypeAlias = tuple[IntArray, optimize.Bounds, optimize.LinearConstraint]


@dataclass
class Attacker:
    """Everything published about the cells: a range for each, and rows of linear statements about several.

    Attributes:
        low: Least count of each cell by what is published of it alone, n.
        high: Largest count of each cell, n; may be infinite.
        rows: Matrix of linear statements, m x n.
        row_low: Least value of each statement, m.
        row_high: Largest value of each statement, m.
    """

    low: FloatArray
    high: FloatArray
    rows: sparse.csr_array
    row_low: FloatArray
    row_high: FloatArray
    _seen_low: FloatArray = field(init=False)
    _seen_high: FloatArray = field(init=False)
    _group: IntArray = field(init=False)
    _parts: dict[int, Part] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Make open ranges finite, far beyond any threshold, and find which cells are connected at all."""
        every = np.concatenate([self.low, self.high])
        self._far = 10.0 * float(np.abs(every[np.isfinite(every)]).max(initial=0.0)) + 100_000.0
        count = len(self.low)
        self._seen_low, self._seen_high = np.full(count, np.inf), np.full(count, -np.inf)
        # A cell known exactly passes nothing on: it is a constant in every statement.
        free = np.flatnonzero(self.low < self.high)
        touched = sparse.csr_array(self.rows[:, free] != 0).astype(np.int8)
        _, labels = csgraph.connected_components((touched.T @ touched).astype(np.int32), directed=False)
        self._group = np.full(count, -1, dtype=np.int64)
        spoken_of = np.diff(sparse.csc_array(touched).indptr) > 0
        self._group[free[spoken_of]] = labels[spoken_of]

    def too_narrow(self, cells: IntArray, values: int, among: tuple[float, float]) -> list[tuple[int, float, float]]:
        """Give the cells for which fewer than so many whole numbers remain, some of them sensitive.

        Args:
            cells: Positions to try.
            values: How many possible counts must remain.
            among: Least and largest sensitive count.

        Returns:
            Position, least and largest possible count of each such cell.
        """
        found = []
        for cell in cells:
            if self._seen_high[cell] - self._seen_low[cell] + 1 >= values:
                continue
            least, most = self.range_of(int(cell), values)
            if most - least + 1 < values and least <= among[1] and most >= among[0]:
                found.append((int(cell), least, most))
        return found

    def range_of(self, cell: int, enough: int | None = None) -> tuple[float, float]:
        """Give the least and the largest whole number that a cell can be.

        Args:
            cell: Its position.
            enough: A range of so many numbers need not be narrowed down further.

        Raises:
            ValueError: Nothing satisfies all that was published.
        """
        if self._group[cell] < 0:
            return float(self.low[cell]), float(self.high[cell])
        least, sure_low = self._extreme(cell, 1.0, whole=False)
        most, sure_high = self._extreme(cell, -1.0, whole=False)
        if enough is not None and most - least + 1 < enough:
            return least, most
        # The relaxed range is at least as wide as that of whole numbers: what it calls wide is tried in whole numbers.
        if not sure_low:
            least, _ = self._extreme(cell, 1.0, whole=True)
        if not sure_high:
            most, _ = self._extreme(cell, -1.0, whole=True)
        return least, np.inf if most >= self._far else most

    def _extreme(self, cell: int, sign: float, whole: bool) -> tuple[float, bool]:
        columns, bounds, constraint = self._part(int(self._group[cell]))
        place = int(np.searchsorted(columns, cell))
        goal = np.zeros(len(columns))
        goal[place] = sign
        solved = optimize.milp(
            goal,
            bounds=bounds,
            constraints=constraint,
            integrality=np.full(len(columns), 1 if whole else 0),
            options={"time_limit": _SECONDS},
        )
        if solved.x is None:
            if solved.status == 1:
                raise ValueError(
                    f"Expected an answer for each cell within {_SECONDS:g} s, found none for one of a group of "
                    f"{len(columns)} connected cells. Publish fewer margins, or merge categories first."
                )
            raise ValueError(
                "Expected published figures that agree with each other, found some that no table of counts satisfies. "
                "Check that rounded figures are marked as rounded, and that totals are sums of their parts."
            )
        nearest = np.round(solved.x)
        integral = bool(np.abs(solved.x - nearest).max() <= _WHOLE)
        if integral:
            self._seen_low[columns] = np.minimum(self._seen_low[columns], nearest)
            self._seen_high[columns] = np.maximum(self._seen_high[columns], nearest)
        at = float(solved.x[place])
        return float(np.ceil(at - _WHOLE) if sign > 0 else np.floor(at + _WHOLE)), integral

    def _part(self, group: int) -> Part:
        """Give the connected cells of a group, their ranges, and the statements about them."""
        if group not in self._parts:
            columns = np.flatnonzero(self._group == group)
            within = sparse.csr_array(self.rows[:, columns])
            numbers = np.flatnonzero(np.diff(within.indptr))
            constant = self.rows[numbers] @ np.where(self.low == self.high, self.low, 0.0)
            low, high = self.row_low[numbers] - constant, self.row_high[numbers] - constant
            constraint = optimize.LinearConstraint(sparse.csr_array(within[numbers]), low, high)
            bounds = optimize.Bounds(
                np.where(np.isfinite(self.low), self.low, -self._far)[columns],
                np.where(np.isfinite(self.high), self.high, self._far)[columns],
            )
            self._parts[group] = columns, bounds, constraint
        return self._parts[group]
