"""Reading SEER's population records: hundreds of megabytes of fixed lines, summed while they stream by."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from assets.source import SourceRefused
from schemas.areas import resolve
from schemas.sources import seer_population as layout

CHUNK = 1 << 23
MOST_BYTES = 2_500_000_000
"""The largest file, all counties from 1990, unpacks to about one thousand million."""

MOST_REFUSED = 1_000
_STATE_CELL = ["year", "state_fips", "race", "origin", "sex", "age"]
_COUNTY_CELL = ["year", "state_fips", "county_fips"]
Bytes = npt.NDArray[np.uint8]


@dataclass
class Sums:
    """What a file's lines add up to, how many there were, and those whose codes are not known."""

    states: pd.DataFrame
    counties: pd.DataFrame
    lines: int
    per_state: pd.Series
    """Number of lines of each state and year."""

    refused: pd.DataFrame
    """Lines with ``row``, ``value``, ``code`` and ``reason``, and their ``year`` and ``state_fips``."""


def check_records(path: Path) -> None:
    """Check that every line of a file is as long as the layout says; one that was cut off ends in a shorter one.

    Raises:
        SourceRefused: A line of another length.
    """
    for _ in _records(path):
        pass


def read_sums(path: Path) -> Sums:
    """Sum a file's lines to states by race, origin, sex and age, and to counties.

    Raises:
        SourceRefused: A line of another length, or with anything but digits in a number.
    """
    states, counties, numbers, refused = [], [], [], []
    count = 0
    for rows, start in _records(path):
        cells = _numbers(rows, start, path.name)
        faults = _faults(rows, cells, start)
        bad = faults["row"].to_numpy() - start if len(faults) else np.empty(0, dtype=int)
        good = cells.drop(index=bad)
        states.append(good.groupby(_STATE_CELL, as_index=False)["population"].sum())
        counties.append(good.groupby(_COUNTY_CELL, as_index=False)["population"].sum())
        numbers.append(good.groupby(["year", "state_fips"]).size())
        refused.append(faults)
        count += len(rows)
    lines = pd.concat(refused, ignore_index=True)
    if len(lines) > MOST_REFUSED:
        raise SourceRefused(
            f"{path.name}: expected codes of SEER's population files, found {len(lines):,} lines with others, first in "
            f"line {lines['row'].iloc[0]}: {lines['value'].iloc[0]}. Check whether the layout has changed."
        )
    return Sums(
        pd.concat(states).groupby(_STATE_CELL, as_index=False)["population"].sum(),
        pd.concat(counties).groupby(_COUNTY_CELL, as_index=False)["population"].sum(),
        count,
        pd.concat(numbers).groupby(level=[0, 1]).sum(),
        lines,
    )


def _records(path: Path) -> Iterator[tuple[Bytes, int]]:
    """Give lines as rows of characters, with the number of the first, from 1."""
    start, read, rest = 1, 0, b""
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if packed else path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                read += len(chunk)
                if read > MOST_BYTES:
                    raise SourceRefused(f"{path.name}: expected at most {MOST_BYTES:,} bytes, found more.")
                whole, _, rest = (rest + chunk).rpartition(b"\n")
                if whole:
                    rows = _rows(whole + b"\n", start, path.name)
                    yield rows, start
                    start += len(rows)
    except (EOFError, OSError, zlib.error) as fault:
        raise SourceRefused(
            f"{path.name}: expected a complete file, found a damaged one ({fault}). Download it again."
        ) from fault
    if rest.strip():
        yield _rows(rest + b"\n", start, path.name), start
    if not read:
        raise SourceRefused(f"{path.name}: expected lines, found an empty file. Download it again.")


def _rows(content: bytes, start: int, name: str) -> Bytes:
    lines = content.replace(b"\r\n", b"\n")
    table = np.frombuffer(lines, dtype=np.uint8)
    width = layout.WIDTH + 1
    if len(table) % width == 0 and (table[layout.WIDTH :: width] == ord("\n")).all():
        rows = table.reshape(-1, width)[:, : layout.WIDTH]
        if not (rows == ord("\n")).any():
            return rows
    split = lines.split(b"\n")[:-1]
    number, line = next((at, line) for at, line in enumerate(split) if len(line) != layout.WIDTH)
    raise SourceRefused(
        f"{name}: expected {layout.WIDTH} characters in each line, found {len(line)} in line {start + number}: "
        f"{line[:60]!r}. The file may be cut off or in another layout: download it again."
    )


def _numbers(rows: Bytes, start: int, name: str) -> pd.DataFrame:
    """Read every number of the lines."""
    numeric = [at for field, (first, last) in layout.FIELDS.items() if field != "state" for at in range(first, last)]
    digits = (rows[:, numeric] >= ord("0")) & (rows[:, numeric] <= ord("9"))
    # Registries are not read, and some files leave theirs blank.
    blank = (rows[:, numeric] == ord(" ")) & np.isin(numeric, np.arange(*layout.FIELDS["registry"]))
    wrong = np.flatnonzero(~(digits | blank).all(axis=1))
    if len(wrong):
        raise SourceRefused(
            f"{name}: expected digits in every number, found line {start + wrong[0]}: {_text(rows[wrong[0]])!r}. "
            "The file may be in another layout: check it against SEER's population data dictionary."
        )
    found = {}
    for field, (first, last) in layout.FIELDS.items():
        if field not in ("state", "registry"):
            places = 10 ** np.arange(last - first - 1, -1, -1, dtype=np.int64)
            found[field] = (rows[:, first:last].astype(np.int64) - ord("0")) @ places
    return pd.DataFrame(found)


def _faults(rows: Bytes, cells: pd.DataFrame, start: int) -> pd.DataFrame:
    """Give the lines whose codes are not known, or whose state is named by two codes that differ."""
    letters = rows[:, slice(*layout.FIELDS["state"])].astype(np.int64)
    pairs = cells["state_fips"] * 65_536 + letters[:, 0] * 256 + letters[:, 1]
    states = pd.Series(pairs.unique())
    fips = resolve((states // 65_536).astype("str").str.zfill(2), scheme="fips")
    named = resolve((states % 65_536).map(lambda code: chr(code // 256) + chr(code % 256)), scheme="us")
    strange = states[fips.isna() & (states // 65_536 != layout.EVACUEES)]
    differ = states[fips.notna() & fips.ne(named)]
    checks = [
        ("unknown_area", pairs.isin(strange), "expected a state's FIPS code, found another"),
        ("area_mismatch", pairs.isin(differ), "expected the letters of the state's FIPS code, found others"),
        ("unknown_group", ~cells["sex"].isin(list(layout.SEXES)), "expected 1 (male) or 2 (female), found another sex"),
        ("unknown_group", ~cells["race"].isin(layout.RACES), "expected a race from 1 to 4, found another"),
        ("unknown_group", ~cells["origin"].isin(layout.ORIGINS), "expected an origin of 0, 1 or 9, found another"),
        ("unknown_group", cells["age"] > max(layout.OLDEST.values()), "expected an age code to 19, found another"),
    ]
    code = np.select([mask for _, mask, _ in checks], [each[0] for each in checks], "")
    reason = np.select([mask for _, mask, _ in checks], [each[2] for each in checks], "")
    bad = np.flatnonzero(code != "")
    return pd.DataFrame(
        {
            "row": bad + start,
            "value": [_text(rows[at]) for at in bad[: MOST_REFUSED + 1]] + [""] * max(len(bad) - MOST_REFUSED - 1, 0),
            "code": code[bad],
            "reason": reason[bad],
            "year": cells["year"].to_numpy()[bad],
            "state_fips": cells["state_fips"].to_numpy()[bad],
        }
    )


def _text(row: Bytes) -> str:
    return row.tobytes().decode("latin-1")
