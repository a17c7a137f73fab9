"""Reading the two layouts of UNAIDS Global AIDS Monitoring into rows of one shape."""

import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from assets.reading import MOST_BYTES, decode, file_bytes, read_text, refuse_web_page, require_columns
from assets.source import SourceRefused, refused_records
from assets.stray_quotes import read_lines
from schemas.sources import unaids_gam as layout

SOURCE_ID = "unaids_gam"
AREAS, CONCEPTS = "ddf--entities--area.csv", "ddf--concepts.csv"
_DATAPOINTS = re.compile(r"^ddf--datapoints--(.+)--by--area--year\.csv$")
_SHAPE = {
    "gid": "Indicator_GId",
    "unit": "Unit",
    "subgroup": "Subgroup_Val_GId",
    "area": "Area",
    "area_code": "Area ID",
    "year": "Time Period",
    "text": "Data value",
    "formatted": "Formatted",
    "denominator": "Data_Denominator",
    "footnote": "Footnote",
}


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
    text, encoding = decode(file_bytes(path), path.name, ("utf-8-sig", "cp1252"))
    refuse_web_page(text, path.name)
    lines = read_lines(text)
    last = max((number for number, _ in lines.records), default=0)
    if lines.refused and lines.refused[-1][0] > last and not text.endswith(("\n", "\r")):
        raise SourceRefused(
            f"{path.name}: expected a complete last line, found line {lines.refused[-1][0]} cut off. Download it again."
        )
    published = {_plain(column): column for column in layout.BULK_COLUMNS}
    names = [published.get(_plain(column), column.strip()) for column in lines.header]
    frame = pd.DataFrame([cells for _, cells in lines.records], columns=names, dtype="str")
    frame = frame.assign(_file=path.name, _row=pd.Series([number for number, _ in lines.records], dtype="int64"))
    _refuse_other_table(frame, path.name)
    extra = require_columns(frame, layout.BULK_COLUMNS, path.name)
    _refuse_other_topic(frame, path.name)
    respelt = [column for column in lines.header if column.strip() not in names]
    ragged = pd.DataFrame(lines.refused, columns=["row", "value"]).assign(file=path.name, column="")
    reason = f"expected {len(names)} cells as in the header, found another number, also after mending quotation marks"
    notes = {
        "lines_mended": f"{lines.mended} lines with unescaped quotation marks" if lines.mended else "",
        "columns_added": ", ".join(extra),
        "columns_respelt": ", ".join(respelt),
        "encoding": encoding if encoding == "cp1252" else "",
    }
    rows = pd.DataFrame({name: frame[column].str.strip() for name, column in _SHAPE.items()})
    rows = rows.assign(_file=path.name, _row=frame["_row"], value_column="Data value")
    return Records(rows, {SOURCE_ID: frame}, refused_records(ragged, code="ragged_line", reason=reason), notes)


def _plain(column: str) -> str:
    return re.sub(r"[^a-z0-9]", "", column.lower())


def _refuse_other_table(frame: pd.DataFrame, name: str) -> None:
    if "Area Level" in frame.columns:
        raise SourceRefused(
            f"{name}: expected the Global AIDS Monitoring table, found the Key Populations Atlas (it has the column "
            "'Area Level' and mostly places inside countries). Download GAM_<year>_en.zip instead."
        )


def _refuse_other_topic(frame: pd.DataFrame, name: str) -> None:
    gids = frame["Indicator_GId"].str.strip()
    if len(frame) and gids.isin([*layout.INDICATORS, "PWID_HEPATITIS"]).any():
        return
    policy = gids.str.startswith(("Q_", "Q.")).mean() > 0.5 if len(frame) else False
    found = "the policy questionnaire (NCPI)" if policy else f"the indicators {sorted(gids.unique())[:4]}"
    raise SourceRefused(
        f"{name}: expected rows of Global AIDS Monitoring on people who inject drugs (PWID_HIV_PREVALENCE and others), "
        f"found {found}. Download GAM_<year>_en.zip instead."
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
