"""Reading the two layouts of UNAIDS Global AIDS Monitoring into rows of one shape."""

import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from assets import unaids_bulk
from assets.reading import MOST_BYTES, read_text, require_columns
from assets.source import SourceRefused
from schemas.sources import unaids_gam as layout

SOURCE_ID = "unaids_gam"
AREAS, CONCEPTS = "ddf--entities--area.csv", "ddf--concepts.csv"
_DATAPOINTS = re.compile(r"^ddf--datapoints--(.+)--by--area--year\.csv$")


@dataclass(frozen=True)
class Member:
    """One file of the re-shaped edition: ``path`` is the file, or the zip that holds it under ``name``."""

    path: Path
    name: str


@dataclass
class Records:
    """Rows in one shape for both layouts, all text; ``value_column`` names the column that the value stood in."""

    frame: pd.DataFrame
    raw: dict[str, pd.DataFrame]
    quarantine: pd.DataFrame
    notes: dict[str, str] = field(default_factory=dict)


def members_of(path: Path) -> list[Member] | None:
    """List the re-shaped edition's files in a folder or zip that this source reads; None for anything else."""
    if path.is_dir():
        names = {entry.name: Member(entry, entry.name) for entry in sorted(path.iterdir()) if not entry.is_symlink()}
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if "__MACOSX" not in info.filename]
        if sum(info.file_size for info in infos) > MOST_BYTES:
            raise SourceRefused(
                f"{path.name}: expected under {MOST_BYTES:,} bytes unpacked, found more; check its origin"
            )
        names = {Path(info.filename).name: Member(path, Path(info.filename).name) for info in infos}
    else:
        return None
    found = [member for name, member in names.items() if name.startswith("ddf--")]
    if not found and not path.is_dir():
        return None
    wanted = [m for m in found if m.name in (AREAS, CONCEPTS) or _gid_and_subgroup(_concept(m.name))[0]]
    if AREAS not in names or len(wanted) < 2:
        raise SourceRefused(
            f"{path.name}: expected {AREAS} and files ddf--datapoints--<indicator>--by--area--year.csv about people "
            f"who inject drugs or people in prison, found {sorted(names)[:4]}. Drop the whole folder, or a zip of it."
        )
    return wanted


def _concept(name: str) -> str:
    match = _DATAPOINTS.match(name)
    return match[1] if match else ""


def _gid_and_subgroup(concept: str) -> tuple[str, str]:
    """Split a re-shaped file's concept into UNAIDS' ids of indicator and subgroup; empty where it is another topic."""
    for gid, indicator in layout.INDICATORS.items():
        if concept.startswith(f"{indicator.base}_"):
            subgroup = layout.DDF_SUBGROUPS.get(concept.removeprefix(f"{indicator.base}_"))
            if subgroup:
                return gid, subgroup
    return "", ""


def read_bulk(path: Path) -> Records:
    """Read the bulk table, whatever its quotation marks, and refuse what is another table."""
    bulk = unaids_bulk.read(path, unaids_bulk.GAM)
    _refuse_other_topic(bulk.frame, path.name)
    return Records(unaids_bulk.rows_of(bulk.frame), {SOURCE_ID: bulk.frame}, bulk.refused, bulk.notes)


def _refuse_other_topic(frame: pd.DataFrame, name: str) -> None:
    gids = frame["Indicator_GId"].str.strip()
    if len(frame) and gids.isin([*layout.INDICATORS, *(gid for gid, _ in layout.HEPATITIS)]).any():
        return
    raise SourceRefused(
        f"{name}: expected rows of Global AIDS Monitoring on people who inject drugs (PWID_HIV_PREVALENCE and others), "
        f"found the indicators {sorted(gids.unique())[:4]}. Download GAM_<year>_en.zip instead."
    )


def read_reshaped(name: str, members: list[Member]) -> Records:
    """Read the files of the re-shaped edition and join the areas' names to their numbers."""
    by_name = {member.name: member for member in members}
    if AREAS not in by_name:
        raise SourceRefused(f"{name}: expected {AREAS} among its files, found none. Drop the whole folder again.")
    areas, refused = _read_member(by_name[AREAS], ["area", "name"])
    units = pd.Series(dtype="str")
    if CONCEPTS in by_name:
        concepts, more = _read_member(by_name[CONCEPTS], ["concept", "unit"])
        units = concepts.drop_duplicates("concept").set_index("concept")["unit"]
    if areas["area"].duplicated().any():
        twice = areas.loc[areas["area"].duplicated(), "area"].iloc[0]
        raise SourceRefused(f"{name}: expected each area once in {AREAS}, found {twice} twice. Download it again.")
    parts, ragged = [], [refused]
    for member in members:
        if concept := _concept(member.name):
            part, more = _read_member(member, ["year", "area", concept])
            parts.append(part.rename(columns={concept: "value"}).assign(concept=concept))
            ragged.append(more)
    raw = pd.concat(parts, ignore_index=True)[["concept", "area", "year", "value", "_file", "_row"]]
    ids = {concept: _gid_and_subgroup(concept) for concept in raw["concept"].unique()}
    gid = raw["concept"].map({concept: pair[0] for concept, pair in ids.items()})
    expected = gid.map({key: indicator.unit for key, indicator in layout.INDICATORS.items()})
    rows = pd.DataFrame(
        {
            "_file": raw["_file"],
            "_row": raw["_row"],
            "gid": gid,
            "unit": raw["concept"].map(units).astype("str").where(raw["concept"].isin(units.index), expected),
            "subgroup": raw["concept"].map({concept: pair[1] for concept, pair in ids.items()}),
            "area": raw["area"].map(areas.set_index("area")["name"]).fillna("UNAIDS area " + raw["area"]),
            "area_code": "",
            "year": raw["year"].str.strip(),
            "text": raw["value"].str.strip(),
            "formatted": "",
            "denominator": "",
            "footnote": "",
            "value_column": raw["concept"],
        }
    ).astype({"unit": "str", "area": "str"})
    tables = {f"{SOURCE_ID}_datapoints": raw, f"{SOURCE_ID}_areas": areas}
    notes = {"layout": "2019 edition re-shaped by a third party"}
    return Records(rows, tables, pd.concat(ragged, ignore_index=True), notes)


def _read_member(member: Member, columns: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    table = read_text(member.path, member=member.name)
    require_columns(table.frame, columns, member.name)
    frame = table.frame[[*columns, "_file", "_row"]].assign(_file=member.name)
    return frame, table.quarantine.assign(file=member.name)
