"""What else is known of the cells of a table: sums, parts of a whole, rates and shares, each a linear statement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

FloatArray: TypeAlias = npt.NDArray[np.float64]
Cell: TypeAlias = tuple[object, ...]

TOTAL = "all"
"""Label of a total in the columns that it sums over."""


@dataclass(frozen=True)
class Fact:
    """A linear statement about cells: ``lower <= sum of coefficient x count <= upper``.

    Attributes:
        cells: Coefficient of each cell, a cell being the tuple of its labels in the order of ``by``.
        lower: Least value of the sum.
        upper: Largest value of the sum.
    """

    cells: Mapping[Cell, float]
    lower: float
    upper: float


def total_is_sum(total: Cell, parts: Iterable[Cell]) -> Fact:
    """State that a cell is the sum of others: a year of its months, everybody of women, men and others."""
    return Fact({total: 1.0, **dict.fromkeys(parts, -1.0)}, 0.0, 0.0)


def part_of(part: Cell | Sequence[Cell], whole: Cell) -> Fact:
    """State that a cell, or several together, are no more than another: people cured are some of those treated."""
    parts = [part] if isinstance(part, tuple) else list(part)
    return Fact({whole: 1.0, **dict.fromkeys(parts, -1.0)}, 0.0, np.inf)


def sum_shown(cells: Iterable[Cell], value: float, round_to: int = 1) -> Fact:
    """State that a sum of cells was published, exactly or rounded: a rolling or a cumulative figure."""
    low, high = unrounded(np.array([value]), round_to)
    return Fact(dict.fromkeys(cells, 1.0), float(low[0]), float(high[0]))


def rate_shown(cell: Cell, population: float, rate: float, per: float = 100_000, decimals: int = 1) -> Fact:
    """State that a rate was published beside a known population, with so many decimals."""
    half = 0.5 * 10.0**-decimals
    return Fact({cell: 1.0}, (rate - half) * population / per, (rate + half) * population / per)


def share_shown(part: Cell, whole: Cell, share_pct: float, decimals: int = 1) -> tuple[Fact, Fact]:
    """State that the share of one cell in another was published in percent, with so many decimals."""
    half = 0.5 * 10.0**-decimals
    least, most = (share_pct - half) / 100, (share_pct + half) / 100
    return Fact({part: 1.0, whole: -least}, 0.0, np.inf), Fact({part: 1.0, whole: -most}, -np.inf, 0.0)


def unrounded(shown: FloatArray, round_to: int) -> tuple[FloatArray, FloatArray]:
    """Give the least and the largest whole number that is shown as each of these, halves being rounded up."""
    return np.ceil(shown - round_to / 2), np.ceil(shown + round_to / 2) - 1


def rounded(count: FloatArray, round_to: int) -> FloatArray:
    """Round to the nearest multiple, halves up."""
    result: FloatArray = np.floor(count / round_to + 0.5) * round_to
    return result


def as_rows(facts: Sequence[Fact], cells: Sequence[Cell]) -> tuple[sparse.csr_array, FloatArray, FloatArray]:
    """Write facts as rows of a matrix over the cells, with their limits.

    Raises:
        ValueError: A fact names a cell that is not there.
    """
    place = {cell: position for position, cell in enumerate(cells)}
    rows, columns, values = [], [], []
    for number, fact in enumerate(facts):
        for cell, coefficient in fact.cells.items():
            if cell not in place:
                raise ValueError(
                    f"A fact must name cells of the table; expected labels in the order of by, found {cell!r}. "
                    "Totals are written with the label of totals, such as all."
                )
            rows.append(number)
            columns.append(place[cell])
            values.append(coefficient)
    matrix = sparse.csr_array((values, (rows, columns)), shape=(len(facts), len(cells)), dtype=np.float64)
    return matrix, np.array([f.lower for f in facts], float), np.array([f.upper for f in facts], float)


def cells_of(frame: pd.DataFrame, by: list[str]) -> list[Cell]:
    """Name each row's cell by its labels."""
    return list(frame[by].itertuples(index=False, name=None))
