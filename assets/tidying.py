"""Steps that several sources share between reading a file and giving observations."""

import datetime
import re
from pathlib import Path

import numpy as np
import pandas as pd

from assets.reading import Table
from assets.source import SourceRefused, refused_records

_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
Check = tuple[str, str, pd.Series, str]
"""Code of a fault, column that shows it (empty: the cell itself), mask of the faulty records, what was expected."""

EXACT_DUPLICATE = "exact duplicate of another record"


def release_in_name(path: Path, source_id: str, not_before: datetime.date | None = None) -> str:
    """Read the publisher's release date from a file name, for files that hold no date themselves.

    Args:
        path: The dropped file.
        source_id: Source it was dropped for, named in the message.
        not_before: Last day the data cover; a release cannot be older.

    Raises:
        SourceRefused: No date, more than one, or an impossible one.
    """
    found = sorted({match.group() for match in _DATE.finditer(path.name)})
    example = f"{path.name.split('.')[0]}-2026-03-31{''.join(path.suffixes) or '.csv'}"
    if len(found) != 1:
        raise SourceRefused(
            f"{path.name}: expected the date the publisher released it, as YYYY-MM-DD, in the file name, because the "
            f"file itself holds none; found {found or 'no date'}. Rename it, for example to {example}, and drop it "
            f"again in data/drop/{source_id}/."
        )
    try:
        released = datetime.date.fromisoformat(found[0])
    except ValueError as fault:
        raise SourceRefused(
            f"{path.name}: expected a date of the calendar as YYYY-MM-DD, found {found[0]}. Rename it."
        ) from fault
    if not_before is not None and released < not_before:
        raise SourceRefused(
            f"{path.name}: expected a release date on or after {not_before}, up to when its data run, found "
            f"{found[0]}. Put the publisher's release date in the file name, not the date of the data."
        )
    return found[0]


def refuse_cut_off(table: Table, name: str) -> None:
    """Refuse a text file whose last line is incomplete: the download stopped there."""
    ragged = table.quarantine.query("code == 'ragged_line'")
    last = table.frame["_row"].max() if len(table.frame) else 0
    if len(ragged) and (len(table.frame) == 0 or ragged["row"].max() > last):
        row = ragged.sort_values("row").iloc[-1]
        raise SourceRefused(
            f"{name}: expected a complete last line, found line {row['row']} cut off: {row['value'][:80]}. "
            "Download it again."
        )


def without_duplicates(
    frame: pd.DataFrame, key: list[str], column: str, value: str = "value_text"
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int]]:
    """Keep one of equal records, and set aside all records of a key whose values differ.

    Args:
        frame: Records with ``_file``, ``_row`` and the key.
        key: Columns that name one observation.
        column: Published column (or column of ``frame`` starting with ``_``) that the refused value stood in.
        value: Column with the text as published.

    Returns:
        The records to keep, the quarantine of conflicting ones, and the number of exact duplicates dropped.
    """
    repeated = frame.duplicated(key, keep=False)
    if not repeated.any():
        return frame, refused_records(), {}
    differing = frame[repeated].groupby(key)[value].transform("nunique") > 1
    conflicting = repeated & differing.reindex(frame.index, fill_value=False)
    refused = frame[conflicting].rename(columns={"_file": "file", "_row": "row"})
    refused = refused.assign(column=refused[column] if column.startswith("_") else column, value=refused[value])
    quarantine = refused_records(
        refused[["file", "row", "column", "value"]],
        code="conflicting_duplicate",
        reason="expected one value for this measure, area, period and group, found several that differ",
    )
    exact = frame.duplicated(key) & ~conflicting
    dropped = {EXACT_DUPLICATE: int(exact.sum())} if exact.any() else {}
    return frame[~conflicting & ~exact], quarantine, dropped


def first_faults(checks: list[Check]) -> pd.DataFrame:
    """Name the first fault of each record in ``code``, ``shown`` and ``reason``; empty text where there is none."""
    masks = [mask.fillna(False).to_numpy(bool) for _, _, mask, _ in checks]
    places = {"code": 0, "shown": 1, "reason": 3}
    found = {name: np.select(masks, [check[at] for check in checks], default="") for name, at in places.items()}
    return pd.DataFrame(found, index=checks[0][2].index)


def set_aside(frame: pd.DataFrame, faults: pd.DataFrame) -> pd.DataFrame:
    """Make the quarantine of the faulty records.

    Args:
        frame: Records with ``_file``, ``_row`` and ``value_text``; ``_column`` where each is one cell of a wide row.
        faults: What ``first_faults`` found.
    """
    parts = [refused_records()]
    for (code, shown, reason), found in faults[faults["code"] != ""].groupby(["code", "shown", "reason"]):
        bad = frame.loc[found.index].rename(columns={"_file": "file", "_row": "row", "_column": "column"})
        if "column" not in bad.columns:
            bad = bad.assign(column=shown, value=bad[str(shown)])
        elif shown:
            bad = bad.assign(value=str(shown) + " " + bad[str(shown)] + ": " + bad["value_text"])
        else:
            bad = bad.assign(value=bad["value_text"])
        parts.append(refused_records(bad[["file", "row", "column", "value"]], code=str(code), reason=str(reason)))
    return pd.concat(parts, ignore_index=True)


def remarks(parts: list[tuple[pd.Series, str]]) -> pd.Series:
    """Join the remarks that hold for each record, in the order given; empty text where none does.

    Args:
        parts: Masks of the records, all of one index, and what to say of them.
    """
    note = pd.Series("", index=parts[0][0].index, dtype="str")
    for mask, text in parts:
        note = note.mask(mask.fillna(False).astype(bool), note.where(note == "", note + "; ") + text)
    return note
