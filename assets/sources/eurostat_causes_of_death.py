"""Eurostat causes of death: age-standardised death rates of countries from causes that drugs have a part in."""

import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pandas as pd

from assets.reading import Table, parse_number, read_text
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, tidy_observations
from assets.tidying import first_faults, refuse_cut_off, release_in_name, set_aside, without_duplicates
from assets.transport import FILE_TYPES, Transport, TransportError, Validators
from schemas.areas import resolve
from schemas.source_card import SourceCard
from schemas.sources import eurostat_causes_of_death as layout

API = f"https://ec.europa.eu/eurostat/api/dissemination/sdmx/2.1/data/{layout.DATASET}"
KEY = f"A.{layout.UNIT}.{'+'.join(layout.SEXES)}.{layout.ALL_AGES}.{'+'.join(layout.MEASURES)}."
FORMAT = "format=TSV&compressed=true"

CARD = SourceCard(
    id="eurostat_causes_of_death",
    title="Causes of death: standardised death rate by NUTS 2 region of residence (hlth_cd_asdr2)",
    publisher="Eurostat, European Commission",
    licence="CC BY 4.0",
    licence_url="https://creativecommons.org/licenses/by/4.0/",
    homepage="https://ec.europa.eu/eurostat/databrowser/view/hlth_cd_asdr2/",
    download_url=API,
    cadence="yearly, with revisions",
    basis="residents, by underlying cause of death",
    citation="Eurostat. Causes of death, standardised death rate by NUTS 2 region of residence (hlth_cd_asdr2).",
    coverage="Countries of the European Union and others that report; years from 2011",
    caveats=(
        "Drug dependence (F11-F16, F18-F19) leaves out poisoning; accidental poisoning (X40-X49) holds other "
        "substances too: neither is the number of drug-induced deaths.",
        "Countries certify and code causes differently; a flag b marks a break in a country's series.",
        "Rates are standardised to the European Standard Population: not comparable with other standards.",
        "Regions within countries are dropped by count.",
        "The original table was not seen: layout and codes are as Eurostat's pages and other readers describe them.",
    ),
    drop_in_help=(
        f"Download {API}?{FORMAT}, put the date of its last update into its name (hlth_cd_asdr2-YYYY-MM-DD.tsv.gz) and "
        "drop it in data/drop/eurostat_causes_of_death/."
    ),
    automated=True,
)

_OBSERVATION_KEY = ["measure_id", "area_id", "period_start", "sex"]
OTHER_CAUSE = "cause that is not read"
OTHER_GROUP = "age group or unit that is not read"
WITHIN = "region within a country"
GROUP = "group of countries, or a part of a country"


def fetch(transport: Transport, known: Validators | None, into: Path) -> Recognised | None:
    """Download the causes that are read; where the server does not take the selection, the whole table.

    Raises:
        SourceRefused: What the server gives is not the table.
        TransportError: The server cannot be reached.
    """
    url = f"{API}/{KEY}?{FORMAT}"
    types = (*FILE_TYPES, "application/vnd.sdmx.data+tsv")
    try:
        download = transport.download(url, into, f"{layout.DATASET}.tsv.gz", known, types)
    except TransportError as fault:
        if not any(sign in str(fault) for sign in ("HTTP 400", "HTTP 404")):
            raise
        url = f"{API}?{FORMAT}"
        download = transport.download(url, into, f"{layout.DATASET}.tsv.gz", known, types)
    if download is None:
        return None
    _read(download.path)
    try:
        release = parsedate_to_datetime(download.validators.last_modified).date().isoformat()
        notes = {"release_date": "day the server last changed the table"}
    except (TypeError, ValueError):
        release, notes = datetime.date.today().isoformat(), {"release_date": "day of download: the answer holds none"}
    return Recognised(release, (download.path,), notes, download.validators, url)


def recognise(path: Path) -> Recognised:
    """Tell the release from the date in the file's name, once it is known to be the table.

    Raises:
        SourceRefused: Another table, a damaged file, or no date in the name.
    """
    _read(path)
    return Recognised(release_in_name(path, CARD.id), (path,), {"release_date": "date in the file name"})


def _read(path: Path) -> Table:
    table = read_text(path, delimiter="\t")
    packed = str(table.frame.columns[0])
    dimensions = packed.split("\\")[0].split(",")
    missing = [name for name in layout.DIMENSIONS if name not in dimensions]
    if missing or "\\" not in packed:
        raise SourceRefused(
            f"{path.name}: expected a first column that packs {', '.join(layout.DIMENSIONS)} and names the years after "
            f"a backslash, found {packed[:80]!r}. {CARD.drop_in_help}"
        )
    refuse_cut_off(table, path.name)
    cells = table.frame[packed].str.split(",", expand=True)
    if cells.shape[1] != len(dimensions):
        raise SourceRefused(
            f"{path.name}: expected {len(dimensions)} codes in the first column ({packed}), found {cells.shape[1]}. "
            "Download it again."
        )
    codes = cells.set_axis(dimensions, axis=1)[list(layout.DIMENSIONS)].apply(lambda column: column.str.strip())
    if not codes["icd10"].isin(layout.MEASURES).any():
        raise SourceRefused(
            f"{path.name}: expected causes such as {', '.join(layout.MEASURES)}, found "
            f"{sorted(codes['icd10'].unique())[:6]}. {CARD.drop_in_help}"
        )
    return Table(codes.join(table.frame.drop(columns=packed)), table.quarantine, table.encoding)


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the cells of countries into observations.

    Grain: one cell, a year of a line, is one record. Steps: other causes, ages and units, regions and groups are
    dropped by count; the value and its flags, which share a cell, are taken apart.
    """
    tables = [_read(path) for path in snapshot.files]
    ragged = pd.concat([table.quarantine for table in tables], ignore_index=True)
    names = [*layout.DIMENSIONS, "_file", "_row"]
    lines = pd.concat([table.frame for table in tables], ignore_index=True)
    years = [column for column in lines.columns if column not in names]
    wanted = lines["icd10"].isin(layout.MEASURES)
    cells = lines[wanted].melt(names, years, "period", "value").assign(period=lambda frame: frame["period"].str.strip())
    raw = layout.Raw.validate(cells.reindex(columns=list(layout.Raw.to_schema().columns)).fillna(""))
    records = _records(raw)
    dropped = {OTHER_CAUSE: int((~wanted).sum()) * len(years)}
    records_in = len(lines) * len(years) + len(ragged)
    country = records["geo"].str.fullmatch("[A-Z]{2}") & ~records["geo"].isin(layout.NOT_COUNTRIES)
    inside = records["geo"].str.fullmatch(r"[A-Z]{2}[A-Z0-9]{1,3}") & ~records["geo"].str.match("EU|EA|EFTA")
    for mask, reason in (
        ((records["unit"] != layout.UNIT) | (records["age"] != layout.ALL_AGES), OTHER_GROUP),
        (inside, WITHIN),
        (~country, GROUP),
    ):
        gone = mask.reindex(records.index)
        dropped[reason] = int(gone.sum())
        records = records[~gone]
    faults = _faults(records, int(snapshot.release[:4]))
    kept, conflicting, repeated = without_duplicates(records[faults["code"] == ""], _OBSERVATION_KEY, "_column")
    return Tidy(
        observations=tidy_observations(kept),
        raw={CARD.id: raw},
        quarantine=pd.concat([ragged, set_aside(records, faults), conflicting], ignore_index=True),
        dropped={reason: number for reason, number in dropped.items() if number} | repeated,
        records_in=records_in,
        release_notes={"release_rule": snapshot.notes.get("release_date", ""), "raw": "only the causes that are read"},
    )


def _records(raw: pd.DataFrame) -> pd.DataFrame:
    parts = raw["value"].str.strip().str.extract(r"^(\S*?)\s*([a-z]*)$")
    text, flags = parts[0].fillna(""), parts[1].fillna("")
    none = text.isin([":", ""])
    value, bad = parse_number(text.mask(none, ""))
    year = raw["period"].where(raw["period"].str.fullmatch(r"(?:19|20)\d\d"))
    said = {letters: "; ".join(layout.FLAGS.get(letter, "") for letter in letters) for letters in flags.unique()}
    unknown = flags.map({letters: any(letter not in layout.FLAGS for letter in letters) for letters in said})
    status = {
        letters: next((w for f, w in layout.WITHOUT_VALUE.items() if f in letters), "not_collected") for letters in said
    }
    return raw.assign(
        _column=raw["period"],
        value_text=raw["value"],
        measure_id=raw["icd10"].map(layout.MEASURES),
        area_id=resolve(raw["geo"].replace(layout.OWN_CODES)),
        published_sex=raw["sex"],
        sex=raw["sex"].map(layout.SEXES),
        period_start=pd.to_datetime(year + "-01-01", errors="coerce"),
        period_end=pd.to_datetime(year + "-12-31", errors="coerce"),
        value=value,
        unreadable=bad | (value < 0) | parts[0].isna() | unknown,
        status=flags.map(status).mask(value.notna(), "reported"),
        is_provisional=flags.str.contains("p"),
        note=flags.map(said),
    )


def _faults(records: pd.DataFrame, release_year: int) -> pd.DataFrame:
    return first_faults(
        [
            ("unknown_area", "geo", records["area_id"].isna(), "expected the code of a country"),
            ("bad_period", "period", records["period_end"].isna(), "expected a year of four digits"),
            (
                "future_period",
                "period",
                records["period_end"].dt.year > release_year,
                "expected a year up to the release's",
            ),
            ("unknown_subgroup", "published_sex", records["sex"].isna(), "expected T, M or F"),
            ("not_a_number", "", records["unreadable"], "expected a number with known flags, or a colon"),
        ]
    )
