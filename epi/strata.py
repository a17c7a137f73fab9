"""Sums and maxima per group of a frame's rows, for millions of groups.

`groupby` looks up the group of every row. Tables of rates come as blocks of rows, one block per group; so here only the
first row of each block is looked up, and whole blocks are added. Rows in any other order give the same result.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from epi.intervals import FloatArray, as_floats


class Groups:
    """The groups of a frame's rows: rows with equal values in the columns `by`.

    A missing value in a column of `by` is a value like any other, so that no row is lost. Groups are sorted.

    Args:
        frame: Any frame; its index is ignored.
        by: Name of one column, or names of several; an empty sequence makes one group of all rows.

    Raises:
        ValueError: A column is not in the frame.
    """

    def __init__(self, frame: pd.DataFrame, by: str | Sequence[str]) -> None:
        """Find the group of each row."""
        self.by = [by] if isinstance(by, str) else list(by)
        require_columns(frame, self.by)
        self._rows = len(frame)
        self._starts = _block_starts([frame[name] for name in self.by], len(frame))
        firsts = frame[self.by].iloc[self._starts].reset_index(drop=True)
        if self.by:
            numbers = firsts.groupby(self.by, sort=True, dropna=False, observed=True).ngroup()
            codes = numbers.to_numpy().astype(np.intp)
        else:
            codes = np.zeros(len(firsts), dtype=np.intp)
        self._codes: npt.NDArray[np.intp] = codes
        self.size = int(codes.max()) + 1 if codes.size else 0
        position = np.zeros(self.size, dtype=np.intp)
        position[codes[::-1]] = np.arange(codes.size)[::-1]
        self.keys: pd.DataFrame = firsts.iloc[position].reset_index(drop=True)
        self._in_order = self.size == codes.size and bool((codes == np.arange(codes.size)).all())

    def sum(self, values: npt.NDArray[np.float64 | np.bool_]) -> FloatArray:
        """Add up one value per row, per group; nan where a group has a nan."""
        if not self._codes.size:
            return np.zeros(0)
        per_block: FloatArray = np.add.reduceat(values, self._starts, dtype=np.float64)
        if self._in_order:
            return per_block
        return np.bincount(self._codes, weights=per_block, minlength=self.size).astype(np.float64)

    def largest(self, values: FloatArray) -> FloatArray:
        """Give the largest of one value per row, per group."""
        if not self._codes.size:
            return np.zeros(0)
        per_block: FloatArray = np.maximum.reduceat(values, self._starts)
        if self._in_order:
            return per_block
        largest = np.full(self.size, -np.inf)
        np.maximum.at(largest, self._codes, per_block)
        return largest

    def of_rows(self, per_group: FloatArray) -> FloatArray:
        """Give each row the value of its group."""
        lengths = np.diff(self._starts, append=self._rows)
        return np.repeat(per_group[self._codes], lengths)

    def table(self, columns: dict[str, FloatArray]) -> pd.DataFrame:
        """Put results beside the keys, one row per group.

        Raises:
            ValueError: A result has the name of a column of `by`.
        """
        shared = [name for name in self.by if name in columns]
        if shared:
            raise ValueError(f"by must not name a result; found {', '.join(shared)}. Rename that column of the frame.")
        return pd.concat([self.keys, pd.DataFrame(columns, index=self.keys.index)], axis="columns")


def require_columns(frame: pd.DataFrame, names: Sequence[str]) -> None:
    """Refuse a frame that lacks a column, naming those it has."""
    lacking = [name for name in names if name not in frame.columns]
    if lacking:
        found = ", ".join(map(str, frame.columns))
        raise ValueError(f"frame must have the columns {', '.join(names)}; lacks {', '.join(lacking)}, has {found}.")


def read_columns(frame: pd.DataFrame, names: Sequence[str]) -> list[FloatArray]:
    """Turn columns that count or measure something into new float64 arrays, missing values as nan.

    Raises:
        ValueError: A column is not in the frame, or holds a negative or infinite number.
        TypeError: A column is not numeric.
    """
    require_columns(frame, names)
    return [as_floats(frame[name], name) for name in names]


def _block_starts(columns: Sequence["pd.Series[Any]"], rows: int) -> npt.NDArray[np.intp]:
    """Give the positions of rows that differ from the row before in some column; a row too many does no harm."""
    if rows == 0:
        return np.zeros(0, dtype=np.intp)
    differs = np.zeros(rows, dtype=np.bool_)
    differs[0] = True
    for column in columns:
        codes = column.cat.codes if isinstance(column.dtype, pd.CategoricalDtype) else column
        changed = codes.array[1:] != codes.array[:-1]
        # pandas' masked types answer NA to a comparison with a missing value: start a block there.
        differs[1:] |= changed.to_numpy(dtype=bool, na_value=True) if hasattr(changed, "to_numpy") else changed
    return np.flatnonzero(differs)
