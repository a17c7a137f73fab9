"""One file out of its packing: people drop what they downloaded, and that is at times a workbook in a zip."""

import gzip
import re
import zipfile
import zlib
from pathlib import Path
from typing import IO

from assets.reading import MOST_BYTES
from assets.source import SourceRefused

TYPES = (".csv", ".tsv", ".txt", ".xlsx", ".json", ".tsv.gz", ".csv.gz", ".txt.gz")
_DATE = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")
_CHUNK = 1 << 20


def unpacked(path: Path, into: Path) -> Path | None:
    """Unpack a gzip file, or a zip with one table or workbook in it; None where the file is neither.

    The file gets its own name, with the date of the packing's where it has none itself.

    Args:
        path: The dropped file.
        into: An empty folder.

    Raises:
        SourceRefused: The packing is damaged, needs a password, or holds too much.
    """
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        start = stream.read(4)
    try:
        if start[:2] == b"\x1f\x8b":
            name = path.name.removesuffix(".gz").removesuffix(".GZ")
            with gzip.open(path) as packed:
                return _copy(packed, into / (name if name != path.name else f"{path.stem}.csv"), path.name)
        if start == b"PK\x03\x04":
            return _only_member(path, into)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError) as fault:
        raise SourceRefused(
            f"{path.name}: expected a whole file without a password, found one that cannot be unpacked ({fault}). "
            "Download it again, or drop the table itself."
        ) from fault
    return None


def _only_member(path: Path, into: Path) -> Path | None:
    with zipfile.ZipFile(path) as archive:
        files = [info for info in archive.infolist() if not info.is_dir() and "__MACOSX" not in info.filename]
        if any(info.filename == "[Content_Types].xml" for info in files):
            return None
        tables = [info for info in files if info.filename.lower().endswith(TYPES)]
        if len(tables) != 1:
            return None
        # Only the last part of a member's name is used, so that it cannot lead out of the folder.
        name = re.split(r"[/\\]", tables[0].filename)[-1]
        date = _DATE.search(path.name)
        if date and not _DATE.search(name):
            stem, dot, ending = name.partition(".")
            name = f"{stem} {date.group()}{dot}{ending}"
        with archive.open(tables[0]) as packed:
            return _copy(packed, into / name, path.name)


def _copy(packed: IO[bytes] | gzip.GzipFile, target: Path, name: str) -> Path:
    size = 0
    with target.open("wb") as sink:
        while chunk := packed.read(_CHUNK):
            size += len(chunk)
            if size > MOST_BYTES:
                break
            sink.write(chunk)
    if size > MOST_BYTES:
        target.unlink()
        raise SourceRefused(
            f"{name}: expected at most {MOST_BYTES:,} bytes, found more when unpacked. Check its origin."
        )
    return target
