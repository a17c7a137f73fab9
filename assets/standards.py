"""Standard populations: the age structures that rates are standardised to."""

import functools
from pathlib import Path

import pandas as pd

STANDARDS_FILE = Path(__file__).resolve().parents[1] / "data" / "reference" / "standard_populations.csv"

_DTYPES = {
    "standard_id": "str",
    "title": "str",
    "age_start": "int64",
    "age_end": "Int64",
    "weight": "float64",
    "source": "str",
    "table": "str",
    "verified": "bool",
}


def standards() -> pd.DataFrame:
    """Give every standard population. Grain: standard x age group.

    Columns: `standard_id`, `title`, `age_start` and `age_end` (first and last completed year of age; `age_end` is null
    where the group is open-ended), `age_group` (the label of observations: `0`, `1-4`, `85+`), `weight` (people, or a
    share, on the publisher's own scale), `source` (publisher and title), `table` (where in it, or where it was read),
    `verified` (the figures and the title were seen together in the source or in two independent copies of it).

    Within a standard the age groups are in order, without gap or overlap, from age 0. A new frame on each call.
    """
    return _standards().copy()


def weights(standard_id: str) -> pd.DataFrame:
    """Give the age groups and weights of one standard, to merge with counts and populations. Grain: age group.

    Columns: `age_group`, `age_start`, `age_end`, `weight`.

    Args:
        standard_id: Such as `us_2000_18`, `esp_2013_19`, `who_2000_2025_21`.

    Raises:
        ValueError: The standard is unknown.
    """
    table = _standards()
    chosen = table[table["standard_id"] == standard_id]
    if chosen.empty:
        known = ", ".join(table["standard_id"].unique())
        raise ValueError(
            f"standard_id must be one of {known}; found {standard_id!r}. Add a standard to {STANDARDS_FILE.name}."
        )
    return chosen[["age_group", "age_start", "age_end", "weight"]].reset_index(drop=True)


@functools.cache
def _standards() -> pd.DataFrame:
    table = pd.read_csv(STANDARDS_FILE, dtype=_DTYPES, keep_default_na=False, na_values={"age_end": [""]})
    _check_ages(table)
    start, end = table["age_start"].astype("str"), table["age_end"].astype("str")
    closed = start.where(table["age_start"].eq(table["age_end"]).fillna(False).astype(bool), start + "-" + end)
    table.insert(4, "age_group", closed.where(table["age_end"].notna(), start + "+"))
    return table


def _check_ages(table: pd.DataFrame) -> None:
    """Refuse a standard whose age groups do not cover all ages once, or with a weight that is not above 0."""
    expected = table.groupby("standard_id")["age_end"].shift() + 1
    first = ~table["standard_id"].duplicated()
    last = ~table["standard_id"].duplicated(keep="last")
    wrong = (
        table["age_start"].ne(expected.mask(first, 0)).fillna(True)
        | table["age_end"].isna().ne(last)
        | ~table["weight"].gt(0)
    )
    if wrong.any():
        row, line = table[wrong].iloc[0], wrong.to_numpy().argmax() + 2
        raise ValueError(
            f"{STANDARDS_FILE.name} must list each standard's age groups in order, without gap or overlap, from 0 to "
            f"an open-ended one, with weights above 0; found line {line}: {row['standard_id']}, "
            f"age {row['age_start']}, weight {row['weight']}. Correct that line."
        )
