"""Corrections: published values that must not be taken as they stand, each a reviewed entry with reason and evidence.

An entry names one row by the observation's key and the value that is published for it now. The moment the publisher
mends the row, the entry no longer fits and says so: nothing is corrected twice, and no decision outlives its cause.
"""

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

from assets.jumps import ACCEPTED
from assets.reading import parse_number
from assets.snapshots import release_order
from schemas.corrections import ACTIONS, COLUMNS, ENTRY_FIELDS, REQUIRED_FIELDS
from schemas.observations import GROUP_COLUMNS, KEY

SUFFIX = ".corrections.yml"
MARK = "corrected"
_DAYS = ("period_start", "period_end")


class CorrectionError(Exception):
    """Corrections that must not be applied; the message names file, entry, expected, found and what to do."""


@dataclass(frozen=True)
class Correction:
    """One reviewed decision on one row of one source."""

    source_id: str
    file: str
    id: str
    rows: dict[str, str]
    """The observation key, as text; groups that the entry leaves out are all."""

    action: str
    expect: float
    """Value that is published now."""

    value: float | None
    """Value to put in its place, for replace only."""

    releases: tuple[str, ...]
    """Releases that it is meant for; all of them where empty."""

    reason: str
    evidence: str
    foreseen: bool = False
    """Whether it was written before a release with the value was at hand; another value then means nothing."""

    @property
    def place(self) -> str:
        """File and entry, for messages."""
        return f"{self.file}, entry {self.id}"

    def outcome(self) -> tuple[str, float | None]:
        """Give status and value that the row has once it is corrected."""
        return {
            "withdraw": ("withdrawn", None),
            "replace": ("reported", self.value),
            "confirm": ("reported", self.expect),
        }[self.action]


def digest(directory: Path) -> str:
    """Digest all files of reviewed decisions, so that tables are remade when one changes."""
    files = sorted(directory.glob("*.y*ml"))
    return hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()


def load(directory: Path, known_sources: tuple[str, ...] = ()) -> list[Correction]:
    """Read every correction of a folder.

    Args:
        directory: Folder of ``<source>.corrections.yml``; may be absent.
        known_sources: Sources that a file may be named after; any where empty.

    Raises:
        CorrectionError: A file or an entry is not what it should be.
    """
    found: list[Correction] = []
    for path in sorted(directory.glob("*.y*ml")):
        if path.name == ACCEPTED:
            continue
        source_id = path.name.removesuffix(SUFFIX)
        if source_id == path.name or (known_sources and source_id not in known_sources):
            raise CorrectionError(
                f"{path.name}: expected a file named after a source, such as unaids_gam{SUFFIX}, found another name. "
                "Rename it; sources are listed by: hre sources"
            )
        found += [_entry(source_id, path.name, fields) for fields in _entries(path)]
    names = [(entry.source_id, entry.id) for entry in found]
    rows = [(entry.source_id, *entry.rows.values(), release) for entry in found for release in entry.releases or ("",)]
    for what, listed in (("id", names), ("row", rows)):
        twice = sorted({str(item) for item in listed if listed.count(item) > 1})
        if twice:
            raise CorrectionError(f"expected one correction for each {what}, found several for {twice[0]}; keep one")
    return found


def _entries(path: Path) -> list[dict[str, object]]:
    try:
        # Every scalar stays text: YAML would read NO as false, and dates and numbers as it pleases.
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        entries = _plain(node, path.name) if node is not None else []
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        raise CorrectionError(f"{path.name}: expected YAML in UTF-8, found a fault: {fault}. Correct it.") from fault
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise CorrectionError(f"{path.name}: expected a list of entries, each beginning with '- id:', found another")
    return entries


def _plain(node: yaml.Node, file: str) -> object:
    """Turn YAML nodes into lists, dicts and text; a key given twice is refused, where YAML would keep the last."""
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, file) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        pairs = [(str(key.value), _plain(value, file)) for key, value in node.value]
        if len({key for key, _ in pairs}) < len(pairs):
            line = node.start_mark.line + 1
            raise CorrectionError(f"{file}, line {line}: expected each field once, found one twice. Keep one of them.")
        return dict(pairs)
    return str(node.value).strip()


def _entry(source_id: str, file: str, fields: dict[str, object]) -> Correction:
    place = f"{file}, entry {fields.get('id', 'without id')}"
    missing = [name for name in REQUIRED_FIELDS if not fields.get(name)]
    extra = [name for name in fields if name not in ENTRY_FIELDS]
    if missing or extra:
        raise CorrectionError(
            f"{place}: expected the fields {', '.join(ENTRY_FIELDS)} (value, releases, foreseen only where needed), "
            f"found none for {missing} and not known {extra}. Complete the entry."
        )
    action = str(fields["action"])
    if action not in ACTIONS:
        raise CorrectionError(f"{place}: expected action {', '.join(ACTIONS)}, found {action!r}. Choose one.")
    if (action == "replace") != ("value" in fields):
        raise CorrectionError(f"{place}: expected a value with action replace and with no other, found {action}.")
    listed = fields.get("releases", [])
    return Correction(
        source_id=source_id,
        file=file,
        id=str(fields["id"]),
        rows=_rows(place, fields["rows"]),
        action=action,
        expect=_number(place, "expect", fields["expect"]),
        value=_number(place, "value", fields["value"]) if "value" in fields else None,
        releases=tuple(map(str, listed)) if isinstance(listed, list) else (str(listed),),
        reason=" ".join(str(fields["reason"]).split()),
        evidence=" ".join(str(fields["evidence"]).split()),
        foreseen=_yes(place, fields.get("foreseen", "no")),
    )


def _yes(place: str, said: object) -> bool:
    if said not in ("yes", "no"):
        raise CorrectionError(f"{place}: expected foreseen to be yes or no, found {said!r}. Correct it.")
    return said == "yes"


def _rows(place: str, given: object) -> dict[str, str]:
    named = [name for name in KEY if name not in GROUP_COLUMNS]
    if not isinstance(given, dict) or not set(named) <= set(given) or not set(given) <= set(KEY):
        raise CorrectionError(
            f"{place}: expected rows to name {', '.join(named)} and, where it is not all, {', '.join(GROUP_COLUMNS)}; "
            f"found {given}. Name the row by its key."
        )
    rows = {name: str(given.get(name, "all")) for name in KEY}
    wrong = [name for name in _DAYS if not pd.Series([rows[name]]).str.fullmatch(r"\d{4}-\d{2}-\d{2}").all()]
    if wrong:
        raise CorrectionError(f"{place}: expected {wrong[0]} such as 2013-01-01, found {rows[wrong[0]]!r}. Correct it.")
    return rows


def _number(place: str, field: str, text: object) -> float:
    number, bad = parse_number(pd.Series([str(text)], dtype="str"))
    if bad.any() or number.isna().any():
        raise CorrectionError(f"{place}: expected {field} to be a plain number, found {text!r}. Correct it.")
    return float(number.iloc[0])


def apply(releases: pd.DataFrame, entries: list[Correction]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Apply corrections to every release's rows.

    Grain: unchanged. A release whose value is not the one that an entry expects is left as it is, unless it is the
    newest that the entry is meant for: then the publisher has mended the row, and the entry must be looked at. An entry
    that foresees a value waits for it, and stops nothing.

    Args:
        releases: ``core.observation_releases``, before corrections.
        entries: What ``load`` gave.

    Returns:
        The corrected rows, and ``meta.corrections``.

    Raises:
        CorrectionError: An entry expects another value than is published now; all such entries are listed.
    """
    corrected = releases.copy()
    listed, outdated = [], []
    for entry in entries:
        rows = _selected(releases, entry)
        fits = rows[(rows["status"] == "reported") & (rows["value"] == entry.expect)]
        newest = rows.loc[rows["release"].map(release_order).idxmax()] if len(rows) else None
        if newest is not None and newest.name not in fits.index and not entry.foreseen:
            outdated.append(_mended(entry, newest))
            continue
        _mark(corrected, fits.index, entry)
        listed.append(_listed(entry, fits))
    if outdated:
        raise CorrectionError("\n".join(outdated))
    table = pd.concat(listed, ignore_index=True) if listed else _listed_nothing()
    return corrected, table.sort_values(["source_id", "correction_id", "release"], ignore_index=True)


def _selected(releases: pd.DataFrame, entry: Correction) -> pd.DataFrame:
    wanted = releases["source_id"] == entry.source_id
    for name, text in entry.rows.items():
        wanted &= releases[name] == (pd.Timestamp(text) if name in _DAYS else text)
    if entry.releases:
        wanted &= releases["release"].isin(entry.releases)
    return releases[wanted]


def _mended(entry: Correction, row: "pd.Series[float]") -> str:
    found = f"{row['value']:,.10g}" if row["status"] == "reported" else str(row["status"])
    return (
        f"{entry.place}: expected {entry.expect:,.10g} in the newest release of {entry.source_id} for "
        f"{' '.join(text for text in entry.rows.values() if text != 'all')}, found {found} in release "
        f"{row['release']}. The publisher has changed the row: look at the new value, then delete the entry, or limit "
        "it to the releases it was meant for with the field releases."
    )


def _mark(corrected: pd.DataFrame, rows: "pd.Index[int]", entry: Correction) -> None:
    """Set status and value, and say so in the note; the publisher's own remark stays in front."""
    status, value = entry.outcome()
    said = {
        "withdraw": f"withdrawn by us, published was {entry.expect:,.10g}",
        "replace": f"replaced by us, published was {entry.expect:,.10g}",
        "confirm": "kept by us although another published value contradicts it",
    }[entry.action]
    before = corrected.loc[rows, "note"]
    text = f"{MARK}: {said}: {entry.reason} (meta.corrections: {entry.id})"
    corrected.loc[rows, "note"] = before.where(before == "", before + "; ") + text
    corrected.loc[rows, "status"] = status
    if entry.action != "confirm":
        corrected.loc[rows, ["lower", "upper"]] = float("nan")
        corrected.loc[rows, "value"] = float("nan") if value is None else value


def _listed(entry: Correction, rows: pd.DataFrame) -> pd.DataFrame:
    status, value = entry.outcome()
    applied = len(rows) > 0
    frame = rows[["release"]].reset_index(drop=True) if applied else pd.DataFrame({"release": [""]})
    said: dict[Hashable, object] = {
        **entry.rows,
        **{name: pd.Timestamp(entry.rows[name]) for name in _DAYS},
        "correction_id": entry.id,
        "source_id": entry.source_id,
        "file": entry.file,
        "action": entry.action,
        "applied": applied,
        "old_value": entry.expect,
        "new_value": float("nan") if value is None or not applied else value,
        "new_status": status if applied else "",
        "reason": entry.reason,
        "evidence": entry.evidence,
    }
    full = frame.assign(**{str(name): value for name, value in said.items()})[COLUMNS]
    texts = dict.fromkeys([name for name in COLUMNS if name not in (*_DAYS, *_OTHER)], "str")
    return full.astype({**texts, **dict.fromkeys(_DAYS, "datetime64[us]"), **_OTHER})


_OTHER = {"applied": "bool", "old_value": "float64", "new_value": "float64"}


def _listed_nothing() -> pd.DataFrame:
    texts = {name: pd.Series(dtype="str") for name in COLUMNS}
    days = {name: pd.Series(dtype="datetime64[us]") for name in _DAYS}
    return pd.DataFrame({**texts, **days, **{name: pd.Series(dtype=kind) for name, kind in _OTHER.items()}})[COLUMNS]
