"""Socrata data portals: whole tables, with the portal's own proof that nothing is missing."""

import csv
import datetime
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.transport import Download, TransportError, Validators, with_rows_updated_at

if TYPE_CHECKING:
    from assets.transport import Transport

_DATASET = re.compile(r"[a-z0-9]{4}-[a-z0-9]{4}")


def release_date(rows_updated_at: str) -> str:
    """Give the UTC day of a portal's ``rowsUpdatedAt``, in seconds since 1970, as an ISO date.

    >>> release_date("1752674192")
    '2025-07-16'
    """
    return datetime.datetime.fromtimestamp(int(rows_updated_at), datetime.UTC).date().isoformat()


def download_table(
    transport: "Transport", dataset: str, into: Path, name: str, known: Validators | None, host: str
) -> Download | None:
    """Download a table whole by the bulk address, which has no limit on rows and needs no order.

    The rows received are counted against the portal's ``count(*)``, and the time of the last change is compared
    before and after, so that neither a short answer nor one mixed from two releases is kept.

    Returns:
        The file, its ``rows_updated_at`` filled in; None where that time equals ``known``'s.

    Raises:
        TransportError: The portal's answers do not fit together.
    """
    if not _DATASET.fullmatch(dataset):
        raise ValueError(f"Expected a Socrata id such as xkb8-kh2a, found {dataset!r}. Correct the source's address.")
    before = _metadata(transport, dataset, host)
    updated = str(before["rowsUpdatedAt"])
    if known is not None and known.rows_updated_at == updated:
        return None
    download = transport.download(f"{host}/api/views/{dataset}/rows.csv?accessType=DOWNLOAD", into, name)
    if download is None:
        raise TransportError(f"{dataset}: expected a table, found HTTP 304 to a plain question. Try again later.")
    try:
        _check_rows(transport, dataset, host, download.path, [column["name"] for column in before["columns"]])
        if str(_metadata(transport, dataset, host)["rowsUpdatedAt"]) != updated:
            raise TransportError(f"{dataset}: expected one release, found that it changed meanwhile. Try again.")
    except TransportError:
        download.path.unlink(missing_ok=True)
        raise
    return with_rows_updated_at(download, updated)


def _metadata(transport: "Transport", dataset: str, host: str) -> dict[str, Any]:
    metadata: dict[str, Any] = transport.json(f"{host}/api/views/{dataset}.json")
    updated = metadata.get("rowsUpdatedAt") if isinstance(metadata, dict) else None
    columns = metadata.get("columns") if isinstance(metadata, dict) else None
    named = isinstance(columns, list) and all(isinstance(column, dict) and "name" in column for column in columns)
    if not isinstance(updated, int) or not named:
        raise TransportError(f"{dataset}: expected metadata with rowsUpdatedAt and columns, found others. Try later.")
    return metadata


def _check_rows(transport: "Transport", dataset: str, host: str, path: Path, columns: list[str]) -> None:
    answer = transport.json(f"{host}/resource/{dataset}.json", {"$select": "count(*)"})
    try:
        expected = int(next(iter(answer[0].values())))
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, StopIteration):
        raise TransportError(f"{dataset}: expected a row count, found {str(answer)[:80]!r}. Try again later.") from None
    with path.open(encoding="utf-8-sig", newline="") as lines:
        try:
            reader = csv.reader(lines, strict=True)
            header = next(reader, [])
            found = sum(1 for row in reader if row)
        except (csv.Error, UnicodeDecodeError) as fault:
            raise TransportError(f"{dataset}: expected a CSV table, found {fault}. Try again later.") from None
    if header != columns:
        raise TransportError(
            f"{dataset}: expected the columns {columns} that the portal names, found {header[:20]}. Try again later."
        )
    if found != expected:
        raise TransportError(
            f"{dataset}: expected {expected:,} rows by the portal's count, found {found:,}. Try later."
        )
