"""Complementary suppression: which further cells to hide so that no hidden cell can be worked out."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import optimize, sparse
from scipy.sparse import csgraph

from epi.disclosure_facts import FloatArray

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

_WHOLE = 1e-6
_DEARER_SUM = 4.0
_DEARER_ZERO = 3.0
_LOGARITHM = 0.1


class Unprotectable(ValueError):
    """No choice of hidden cells protects one of them: what is published besides fixes it."""


@dataclass
class Cover:
    """A table whose hidden cells grow until each can take enough values.

    For one cell at a time a linear programme looks for two other tables of counts, equal to the true one in every cell
    that stays shown, in which that cell differs by enough; cells that must then be hidden as well cost something, those
    that are hidden already cost nothing.

    Attributes:
        count: True counts, n.
        sums: Statements that hold exactly for every table (total minus parts), m x n.
        facts: Statements with limits, k x n.
        fact_low: Their least values, k.
        fact_high: Their largest values, k.
        hidden: Cells hidden already, n; changed in place.
        kept: Cells that should not be hidden, n.
        is_sum: Cells that are sums of others, dearer to hide, n.
    """

    count: FloatArray
    sums: sparse.csr_array
    facts: sparse.csr_array
    fact_low: FloatArray
    fact_high: FloatArray
    hidden: BoolArray
    kept: BoolArray
    is_sum: BoolArray
    _low: FloatArray = field(init=False)
    _high: FloatArray = field(init=False)
    _group: IntArray = field(init=False)

    def __post_init__(self) -> None:
        """Find which cells are connected; nothing has been moved yet."""
        self._low, self._high = self.count.copy(), self.count.copy()
        every = sparse.vstack([self.sums, self.facts], format="csr")
        touched = sparse.csr_array(every != 0).astype(np.int8)
        _, labels = csgraph.connected_components((touched.T @ touched).astype(np.int32), directed=False)
        self._group = labels.astype(np.int64)
        self._alone = np.diff(sparse.csc_array(every).indptr) == 0

    def protect(self, cells: IntArray, distance: float) -> None:
        """Hide further cells until each of these can differ by so much between two tables that fit what is shown.

        Raises:
            Unprotectable: What is published besides fixes a cell.
        """
        for cell in cells:
            if not self._alone[cell] and self._high[cell] - self._low[cell] < distance:
                self._protect_one(int(cell), distance)

    def _protect_one(self, cell: int, distance: float) -> None:
        columns = np.flatnonzero(self._group == self._group[cell])
        moves = self._cheapest(columns, int(np.flatnonzero(columns == cell)[0]), distance, self.kept)
        if moves is None:
            moves = self._cheapest(columns, int(np.flatnonzero(columns == cell)[0]), distance, np.zeros_like(self.kept))
        if moves is None:
            raise Unprotectable(
                f"Expected every hidden cell to be able to differ by {distance:g} or more, found cell {cell} that "
                "published facts fix. Leave out the rate, the sum or the margin that gives it away."
            )
        for move in moves:
            self.hidden[columns[np.abs(move) > _WHOLE]] = True
            other = self.count[columns] + move
            whole = np.abs(other - np.round(other)) <= _WHOLE
            if whole.all():
                self._low[columns] = np.minimum(self._low[columns], np.round(other))
                self._high[columns] = np.maximum(self._high[columns], np.round(other))

    def _cheapest(
        self, columns: IntArray, place: int, distance: float, kept: BoolArray
    ) -> tuple[FloatArray, FloatArray] | None:
        """Find the two tables, as differences from the true one, that need the fewest further cells hidden."""
        size, count = len(columns), self.count[columns]
        sums, facts, low, high = self._statements(columns)
        fixed = kept[columns] & ~self.hidden[columns]
        most = np.where(fixed, 0.0, np.inf)
        bounds = optimize.Bounds(0.0, np.concatenate([most, np.where(fixed, 0.0, count)] * 2))
        single = sparse.csr_array(([1.0], ([0], [place])), shape=(1, size))
        one = sparse.hstack([sums, -sums])
        apart = sparse.hstack([single, -single, -single, single])
        rows = [sparse.block_diag([one, one]), apart]
        none = np.zeros(2 * sums.shape[0])
        lower, upper = [none, np.array([distance])], [none, np.array([np.inf])]
        if facts.shape[0]:
            own = sparse.hstack([facts, -facts])
            rows.append(sparse.block_diag([own, own]))
            room = facts @ count
            lower.append(np.tile(np.minimum(low - room, 0), 2))
            upper.append(np.tile(np.maximum(high - room, 0), 2))
        constraint = optimize.LinearConstraint(
            sparse.vstack(rows, format="csr"), np.concatenate(lower), np.concatenate(upper)
        )
        solved = optimize.milp(np.tile(self._prices(columns), 4), bounds=bounds, constraints=constraint)
        if solved.x is None:
            return None
        up, up_back, down, down_back = np.split(solved.x, 4)
        return up - up_back, down - down_back

    def _prices(self, columns: IntArray) -> FloatArray:
        count = self.count[columns]
        price = (1.0 + _LOGARITHM * np.log1p(count)) * np.where(self.is_sum[columns], _DEARER_SUM, 1.0)
        price = np.where(count == 0, price * _DEARER_ZERO, price)
        prices: FloatArray = np.where(self.hidden[columns], 0.0, price)
        return prices

    def _statements(self, columns: IntArray) -> tuple[sparse.csr_array, sparse.csr_array, FloatArray, FloatArray]:
        sums, facts = self.sums[:, columns], self.facts[:, columns]
        used = np.flatnonzero(np.diff(sparse.csr_array(sums).indptr))
        said = np.flatnonzero(np.diff(sparse.csr_array(facts).indptr))
        return sums[used], facts[said], self.fact_low[said], self.fact_high[said]
