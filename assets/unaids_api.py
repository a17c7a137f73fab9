"""UNAIDS' interface by indicator: asked where no edition of a bulk table is at its known addresses.

One question gives one indicator, unit and subgroup, of all countries and years. Only totals are asked for, with the
limits of estimates: the splits by sex and age are in the bulk tables. UNAIDS' list of links names the questions; of the
answer only its frame is described (``Data``, ``Observation``, ``TIME_PERIOD``), so that the other fields are looked for
under the names that such interfaces use, and an answer without them is refused with the names that it has.
"""

import datetime
import json
import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from assets.source import Recognised, SourceRefused, refused_records
from assets.transport import JSON_TYPES, Transport, TransportError, Validators
from assets.unaids_bulk import ATLAS, ESTIMATES, GAM, POLICY, Bulk, Topic
from schemas.areas import resolve
from schemas.sources import unaids_estimates, unaids_kp_atlas, unaids_ncpi
from schemas.sources import unaids_gam as layout

ADDRESS = "https://aidsinfodbapi.unaids.org"
Series = tuple[str, str, str]
"""Indicator, unit and subgroup, by UNAIDS' ids."""

CODE_OF_TOPIC = {ATLAS: "KPA", GAM: "GAM", POLICY: "NCPI", ESTIMATES: "EPI"}
FIELDS = {
    "Time Period": ("timeperiod",),
    "Data value": ("obsvalue", "datavalue", "value"),
    "Area ID": ("areaid", "refarea", "areacode", "iso3", "area"),
    "Area": ("areaname", "areadescription", "country", "area"),
    "Formatted": ("formatted", "formattedvalue", "displayvalue"),
    "Data_Denominator": ("datadenominator", "denominator"),
    "Footnote": ("footnote", "footnotes"),
    "Source": ("source",),
    unaids_kp_atlas.LEVEL: ("arealevel",),
}
"""Column of the bulk table: names of the field in an answer, in small letters and digits only, likeliest first."""

NEEDED = ("Time Period", "Data value", "Area ID")
_NAME = re.compile(r"(KPA|GAM|NCPI|EPI)-([A-Z0-9_]+)@([A-Z]+)@([A-Z0-9_]+)\.json")
_SIZES = ("PWID_POPULATION_SIZE", "PRISONERS_POPULATION_SIZE")


def series_of(topic: Topic) -> list[Series]:
    """List the questions that are asked of a topic.

    >>> ("PWID_NEEDLES", "NUMBER", "TOTAL") in series_of(GAM)
    True
    """
    if topic == POLICY:
        questions = [gid for gid in unaids_ncpi.MEASURES if gid.startswith("Q_A_")]
        kinds = {gid: "NUMBER" if gid in unaids_ncpi.COUNTS else "SINGLECHOICEWITHNO" for gid in questions}
        return [(gid, kinds[gid], respondent) for gid in questions for respondent in ("A_251", "A_274")]
    if topic == ESTIMATES:
        groups = [f"{sign}ESTIMATE_ALL_AGES" for sign in ("", "LOW_", "HIGH_")]
        return [(gid, card.unit, group) for gid, card in unaids_estimates.INDICATORS.items() for group in groups]
    viruses = [(gid, "PERCENT", f"HEPATITIS_{virus}_TOTAL") for gid, virus in layout.HEPATITIS]
    ours = [(gid, card.unit) for gid, card in layout.INDICATORS.items() if gid not in layout.HEPATITIS.values()]
    parts = {gid: ("ESTIMATE", "LOW_ESTIMATE", "HIGH_ESTIMATE") for gid in _SIZES}
    asked = [
        (gid, unit, part) for gid, unit in (*ours, (layout.NEEDLES, "NUMBER")) for part in parts.get(gid, ("TOTAL",))
    ]
    return list(dict.fromkeys([*asked, *viruses]))


def fetch(topic: Topic, transport: Transport, into: Path) -> Recognised:
    """Ask every question of a topic, and keep the answers that have observations.

    Raises:
        SourceRefused: No question has an answer.
        TransportError: The server cannot be reached.
    """
    code, files, silent = CODE_OF_TOPIC[topic], [], []
    for gid, unit, subgroup in series_of(topic):
        asked = f"{gid}@{unit}@{subgroup}"
        url = f"{ADDRESS}/{code}?p=1&INDICATOR={asked}&Language=en&ResponseFormat=JSON&GbyI=false"
        try:
            download = transport.download(url, into, f"{code}-{asked}.json", content_types=JSON_TYPES)
        except TransportError as fault:
            if "HTTP 404" not in str(fault):
                raise
            download = None
        if download is None or not _observations(download.path):
            silent.append(asked)
            continue
        read(download.path, topic)
        files.append(download.path)
    if not files:
        raise SourceRefused(f"{ADDRESS}/{code}: expected observations, found none to {len(silent)} questions.")
    today = datetime.date.today().isoformat()
    notes = {"release_date": "day of download: the interface names none", "read": "interface by indicator, totals only"}
    notes |= {"without_answer": ", ".join(silent)} if silent else {}
    return Recognised(today, tuple(files), notes, Validators(), f"{ADDRESS}/{code}")


def read(path: Path, topic: Topic, extra: tuple[str, ...] = ()) -> Bulk:
    """Read one answer into the columns of the bulk table.

    Args:
        path: The answer, under the name that `fetch` gave it, which says what was asked.
        topic: The table it must belong to.
        extra: Columns that only this table has.
    """
    named = _NAME.fullmatch(path.name)
    if named is None or named[1] != CODE_OF_TOPIC[topic]:
        raise SourceRefused(
            f"{path.name}: expected a name such as {CODE_OF_TOPIC[topic]}-PWID_NEEDLES@RATE@TOTAL.json, which says "
            "what was asked, found another. Drop the bulk table instead."
        )
    records = _observations(path)
    if not records:
        raise SourceRefused(f"{path.name}: expected observations, found none. Ask again later.")
    place = _places(records, path.name)
    cells = {column: [_text(record.get(place.get(column, ""))) for record in records] for column in FIELDS}
    constants = {"Indicator": named[2], "Indicator_GId": named[2], "Unit": named[3]}
    constants |= {"Subgroup": named[4], "Subgroup_Val_GId": named[4]}
    frame = pd.DataFrame(cells, dtype="str").assign(**constants)
    frame["Area"] = frame["Area"].where(frame["Area"] != "", frame["Area ID"])
    frame["Formatted"] = frame["Formatted"].where(frame["Formatted"] != "", frame["Data value"])
    if "Area Level" not in place:
        country = frame["Area ID"].str.fullmatch("[A-Z]{3}") & resolve(frame["Area ID"]).notna()
        frame[unaids_kp_atlas.LEVEL] = country.map({True: unaids_kp_atlas.NATIONAL, False: ""}).astype("str")
    frame = frame[[*layout.BULK_COLUMNS, *extra]]
    frame = frame.assign(_file=path.name, _row=range(1, len(frame) + 1))
    return Bulk(frame, refused_records(), {})


def _observations(path: Path) -> list[dict[str, object]]:
    """Give the observations of an answer; none where the server answers without ``Data``, as it at times does."""
    try:
        answer = json.loads(path.read_bytes(), parse_float=str, parse_int=str)
    except (UnicodeDecodeError, ValueError) as fault:
        raise SourceRefused(
            f"{path.name}: expected an answer in JSON, found text that is not ({fault}). Ask again later."
        ) from fault
    data = answer.get("Data") if isinstance(answer, dict) else None
    found = data[0].get("Observation") if isinstance(data, list) and data and isinstance(data[0], dict) else None
    return [record for record in found if isinstance(record, dict)] if isinstance(found, list) else []


def _places(records: list[dict[str, object]], name: str) -> dict[str, str]:
    """Find each column's field in the answer."""
    published: Iterable[str] = dict.fromkeys(field for record in records for field in record)
    plain = {re.sub(r"[^a-z0-9]", "", field.lower()): field for field in published}
    place = {}
    for column, names in FIELDS.items():
        field = next((plain[each] for each in names if each in plain), None)
        if field is not None:
            place[column] = field
    missing = [column for column in NEEDED if column not in place]
    if missing:
        raise SourceRefused(
            f"{name}: expected fields for {', '.join(missing)} ({', '.join(FIELDS[missing[0]])}), found "
            f"{list(plain.values())[:12]}. Add UNAIDS' name to the fields that are looked for."
        )
    return place


def _text(value: object) -> str:
    return "" if value is None else str(value)
