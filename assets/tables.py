"""Tables between the steps: kept as Parquet, replaced whole, remade only when something they rest on changed."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

RECORD = "made.json"
_DAYS = ("period_", "known_")
_ROOMS = ("assets", "epi", "schemas")


@dataclass(frozen=True)
class Made:
    """What a step left behind: a folder of Parquet tables and a record about them."""

    directory: Path
    record: dict[str, object]
    changed: bool

    def table(self, name: str) -> pd.DataFrame:
        """Read one of the tables."""
        return read_parquet(self.directory / f"{name}.parquet")

    @property
    def fingerprint(self) -> str:
        """Fingerprint of everything the tables rest on."""
        return str(self.record["fingerprint"])


@cache
def code_fingerprint(checkout: Path) -> str:
    """Fingerprint of the code and reference data that tables are made with."""
    files = [path for room in _ROOMS for path in (checkout / room).rglob("*.py")]
    files += [path for path in (checkout / "data" / "reference").rglob("*.csv")]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(str(path.relative_to(checkout)).encode() + path.read_bytes())
    return digest.hexdigest()


def fingerprint(*parts: str) -> str:
    """Join fingerprints into one; the order counts."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def digest(frame: pd.DataFrame) -> str:
    """Digest the values of a frame, in their order."""
    return hashlib.sha256(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes()).hexdigest()


def last_good(directory: Path) -> Made | None:
    """Give the tables that a step made last, or None where it never has."""
    old = _old(directory)
    if old.exists() and not directory.exists():
        os.replace(old, directory)
    record = directory / RECORD
    if not record.is_file():
        return None
    return Made(directory, json.loads(record.read_text(encoding="utf-8")), changed=False)


def make(
    directory: Path,
    mark: str,
    step: Callable[[], tuple[dict[str, pd.DataFrame], dict[str, object]]],
    again: bool = False,
) -> Made:
    """Run a step unless its tables rest on the same things as before, and replace them whole.

    Args:
        directory: Folder of the step's tables.
        mark: Fingerprint of everything they rest on.
        step: Makes the tables by name, and facts about them for the record; raising leaves the last good ones.
        again: Run it whatever they rest on.
    """
    last = last_good(directory)
    if not again and last is not None and last.fingerprint == mark:
        return last
    tables, facts = step()
    building = directory.with_name(f".{directory.name}.{os.getpid()}")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    for name, frame in tables.items():
        write_parquet(frame, building / f"{name}.parquet")
    record = {"fingerprint": mark, "rows": {name: len(frame) for name, frame in tables.items()}, **facts}
    (building / RECORD).write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    _replace(building, directory)
    return Made(directory, record, changed=True)


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame by way of Arrow, which keeps nulls as nulls and dates as dates."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    for position, column in enumerate(table.schema):
        if pa.types.is_timestamp(column.type) and column.name.startswith(_DAYS):
            table = table.set_column(position, column.name, table.column(position).cast(pa.date32()))
        elif pa.types.is_large_string(column.type):
            table = table.set_column(position, column.name, table.column(position).cast(pa.string()))
    pq.write_table(table.replace_schema_metadata(None), path, compression="zstd")


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a frame as it was written: text as str, days as datetime64."""
    frame = pq.read_table(path).to_pandas(date_as_object=False)
    days = {name: "datetime64[us]" for name in frame.columns if name.startswith(_DAYS)}
    return frame.astype({name: kind for name, kind in days.items() if frame[name].dtype.kind == "M"})


def _old(directory: Path) -> Path:
    return directory.with_name(f".{directory.name}.old")


def _replace(building: Path, directory: Path) -> None:
    """Swap folders; killed in between, the old one is put back when it is next asked for."""
    old = _old(directory)
    shutil.rmtree(old, ignore_errors=True)
    if directory.exists():
        os.replace(directory, old)
    os.replace(building, directory)
    shutil.rmtree(old, ignore_errors=True)
