"""United Nations World Population Prospects: residents of countries by age and sex."""

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from assets.reading import Table, file_bytes, parse_number, read_text, refuse_web_page, require_columns
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, refused_records, tidy_observations
from assets.tidying import refuse_cut_off, without_duplicates
from assets.transport import Transport, Validators
from schemas import areas
from schemas.observations import KEY
from schemas.source_card import SourceCard
from schemas.sources import un_population as layout

FILE_NAME = "WPP2024_PopulationBySingleAgeSex_Medium_1950-2023.csv.gz"
URL = (
    "https://population.un.org/wpp/assets/Excel%20Files/1_Indicator%20(Standard)/CSV_FILES/"
    "WPP2024_PopulationBySingleAgeSex_Medium_1950-2023.csv.gz"
)

CARD = SourceCard(
    id="un_population",
    title="World Population Prospects: population by age and sex",
    publisher="United Nations, Department of Economic and Social Affairs, Population Division",
    licence="CC BY 3.0 IGO",
    licence_url="https://creativecommons.org/licenses/by/3.0/igo/",
    homepage="https://population.un.org/wpp/",
    download_url=URL,
    cadence="every two years",
    basis="residence",
    citation=(
        "United Nations, Department of Economic and Social Affairs, Population Division. World Population Prospects, "
        "revision as given by the release."
    ),
    coverage=f"Countries and areas, mid-year {layout.FIRST_YEAR}-{layout.LAST_YEAR}, by age; by sex from revision 2024",
    caveats=(
        "The release is 1 July of the revision's year, the reference day of its populations; the files hold no "
        "day of release.",
        "Years after the revision's last estimated year are projections (medium variant) and marked provisional.",
        "The 2017 revision is read as re-published by age group; its total is the sum of three broad groups.",
        "The 2024 file counts thousands; they are multiplied out and rounded to people. Its header was not seen "
        "in the original.",
    ),
    drop_in_help=(
        f"Drop {FILE_NAME} or the later years' file from https://population.un.org/wpp/ under its own name, or a table "
        "with the columns Entity, Year, 'Under 15 years old (UNWPP, 2017)' ..., in data/drop/un_population/."
    ),
    automated=True,
)

YEARS_DROP = f"outside {layout.FIRST_YEAR}-{layout.LAST_YEAR}"
AGGREGATE_DROP = "group of countries or the world"
SUMMED_DROP = "summed into age groups"
WITHHELD_DROP = "age group withheld: one of its ages could not be read"


def fetch(transport: Transport, known: Validators | None, into: Path) -> Recognised | None:
    """Download the estimates of the 2024 revision."""
    download = transport.download(URL, into, FILE_NAME, known, least_bytes=1_000_000)
    if download is None:
        return None
    return replace(recognise(download.path), validators=download.validators, url=download.url)


def recognise(path: Path) -> Recognised:
    """Tell which revision a file is.

    Raises:
        SourceRefused: Neither layout, or a revision whose last estimated year is not known here.
    """
    header = _header(path)
    kind, revision = _kind(header, path.name)
    _refuse_cut_off(path, header)
    notes = {
        "layout": kind,
        "revision": str(revision),
        "release": "1 July of the revision's year, not the day of release",
    }
    return Recognised(f"{revision}-07-01", (path,), notes)


def _refuse_cut_off(path: Path, header: list[str]) -> None:
    """Refuse a file whose last line has fewer cells than its header: whole countries would be missing."""
    last = next(csv.reader([file_bytes(path).rstrip()[-4000:].decode("utf-8", errors="replace").splitlines()[-1]]), [])
    if len(last) < len(header):
        raise SourceRefused(
            f"{path.name}: expected a complete last line of {len(header)} cells, found it cut off: {last[:4]}. "
            "Download it again."
        )


def _header(path: Path) -> list[str]:
    start = file_bytes(path)[:4000].decode("utf-8-sig", errors="replace")
    refuse_web_page(start, path.name)
    return next(csv.reader(start.splitlines()), [])


def _kind(header: list[str], name: str) -> tuple[str, int]:
    if "AgeGrpStart" in header or re.search(layout.SINGLE_AGE_NAME, name):
        require_columns(pd.DataFrame(columns=header), layout.SINGLE_AGE_COLUMNS, name)
        named = re.search(layout.SINGLE_AGE_NAME, name)
        if named is None:
            raise SourceRefused(
                f"{name}: expected the publisher's file name, such as {FILE_NAME}, because the file itself does not "
                "say its revision; found another. Give it its own name back and drop it again."
            )
        return "single ages", _known(int(named.group(1)), name)
    revisions = {int(found.group(2)) for column in header if (found := re.match(layout.BROAD_COLUMN, str(column)))}
    if "Entity" not in header or len(revisions) != 1:
        raise SourceRefused(
            f"{name}: expected the columns Entity, Year and ages such as 'Under 15 years old (UNWPP, 2017)' of one "
            f"revision, or {', '.join(layout.SINGLE_AGE_COLUMNS)}; found {header[:8]}. {CARD.drop_in_help}"
        )
    revision = revisions.pop()
    wanted = [f"{label} (UNWPP, {revision})" for label in layout.AGE_OF_LABEL]
    require_columns(pd.DataFrame(columns=header), ["Entity", "Year", *wanted], name)
    return "broad ages", _known(revision, name)


def _known(revision: int, name: str) -> int:
    if revision not in layout.LAST_ESTIMATED_YEAR:
        raise SourceRefused(
            f"{name}: expected a revision of {sorted(layout.LAST_ESTIMATED_YEAR)}, found {revision}. Add its last "
            "estimated year to the source's schema, so that projections can be told from estimates."
        )
    return revision


def tidy(snapshot: Snapshot) -> Tidy:
    """Read every file of one revision.

    Grain: country, year, sex, age group. Steps: leave out other years and groups of countries, sum single ages to
    groups, mark projections.
    """
    parts = []
    for path in snapshot.files:
        kind, revision = _kind(_header(path), path.name)
        parts.append(_single_ages(path, revision) if kind == "single ages" else _broad_ages(path, revision))
    records = pd.concat([part.observations for part in parts], ignore_index=True)
    kept, conflicts, dropped = without_duplicates(records, KEY, "_column")
    raw: dict[str, list[pd.DataFrame]] = {}
    for part in parts:
        for reason, count in part.dropped.items():
            dropped[reason] = dropped.get(reason, 0) + count
        for name, frame in part.raw.items():
            raw.setdefault(name, []).append(frame)
    return Tidy(
        observations=tidy_observations(kept),
        raw={name: pd.concat(frames, ignore_index=True) for name, frames in raw.items()},
        quarantine=pd.concat([*(part.quarantine for part in parts), conflicts], ignore_index=True),
        dropped={reason: count for reason, count in dropped.items() if count},
        records_in=sum(part.records_in for part in parts),
        release_notes={key: value for part in parts for key, value in part.release_notes.items()},
    )


def _finished(records: pd.DataFrame, revision: int) -> pd.DataFrame:
    """Add what all observations of a revision share; years after its last estimate are projections."""
    year = records["year"].astype("int64")
    projected = year > layout.LAST_ESTIMATED_YEAR[revision]
    note = records["note"].mask(
        projected, (records["note"] + "; ").where(records["note"] != "", "") + "projection, medium variant"
    )
    start = pd.to_datetime(year.astype("str") + "-01-01", format="%Y-%m-%d")
    return records.assign(
        measure_id="resident_population",
        period_start=start,
        period_end=start + pd.offsets.YearEnd(0),
        race_ethnicity="all",
        drug="all",
        population_group="all",
        status="reported",
        is_provisional=projected,
        note=note,
        value_text=records["value"].astype("str"),
    )


def _broad_ages(path: Path, revision: int) -> Tidy:
    """Read one record per line and age group, and add the total of the three broad groups as one more."""
    table: Table = read_text(path)
    refuse_cut_off(table, path.name)
    frame = table.frame
    columns = {f"{label} (UNWPP, {revision})": age for label, age in layout.AGE_OF_LABEL.items()}
    extra = require_columns(frame, ["Entity", "Year", *columns], path.name)
    year = pd.to_numeric(frame["Year"].where(frame["Year"].str.fullmatch(r"\d{4}")))
    other = year.notna() & ~year.between(layout.FIRST_YEAR, layout.LAST_YEAR)
    area = areas.resolve(frame["Entity"])
    group = ~other & (areas.is_known_aggregate(frame["Entity"]) | (area == "WLD"))
    lines = frame[~other & ~group]
    wide = pd.DataFrame({"area_id": area, "year": year, "_row": frame["_row"]}, index=lines.index)
    long = wide.join(lines[list(columns)]).melt(
        ["area_id", "year", "_row"], var_name="_column", value_name="value_text"
    )
    long = long.assign(_file=path.name, sex="all", age_group=long["_column"].map(columns), note="")
    long["value"], bad = parse_number(long["value_text"])
    bad |= long["value"].isna() | (long["value"] < 0)
    good, refused = _without_faults(long, bad)
    broad = (
        good[good["age_group"].isin(layout.BROAD_AGES)]
        .groupby(["area_id", "year", "_row"])["value"]
        .agg(["sum", "size"])
    )
    whole = broad[broad["size"] == len(layout.BROAD_AGES)].reset_index().rename(columns={"sum": "value"})
    total = whole.assign(
        _file=path.name, _column="Entity", sex="all", age_group="all", note="sum of 0-14, 15-64 and 65+"
    )
    dropped = {YEARS_DROP: int(other.sum()) * len(columns), AGGREGATE_DROP: int(group.sum()) * len(columns)}
    notes = {f"{path.name}: columns not read": ", ".join(extra)} if extra else {}
    return Tidy(
        observations=_finished(pd.concat([good, total], ignore_index=True), revision),
        raw={"un_population_broad_ages": frame},
        quarantine=pd.concat([table.quarantine, refused], ignore_index=True),
        dropped=dropped,
        # The totals are records that this step adds, so they count on both sides.
        records_in=len(frame) * len(columns) + len(total) + len(table.quarantine),
        release_notes={**notes, f"{path.name}: totals": f"{len(total)} totals over all ages are sums made here"},
    )


def _without_faults(records: pd.DataFrame, bad: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Set aside records without a known area, a year or a number, with the first fault of each."""
    listed = records.rename(columns={"_file": "file", "_row": "row", "_column": "column"}).assign(
        value=records["value_text"]
    )
    nowhere, never = records["area_id"].isna(), records["year"].isna()
    refused = [
        refused_records(listed.loc[mask, ["file", "row", "column", "value"]], code=code, reason=reason)
        for mask, code, reason in (
            (nowhere, "unknown_area", "expected a country known in data/reference/areas.csv, found another label"),
            (never & ~nowhere, "unknown_period", "expected a year of four digits, found another text"),
            (bad & ~nowhere & ~never, "not_a_number", "expected a number of people of at least 0, found another text"),
        )
    ]
    return records[~nowhere & ~never & ~bad], pd.concat(refused, ignore_index=True)


def _single_ages(path: Path, revision: int) -> Tidy:
    """Sum single ages to the groups of the other layout, by sex.

    One record is one cell; a group stands for the cells summed into it, and the remaining cells are counted as dropped.
    """
    frame, other, group, ragged = _read_single_ages(path)
    sexes = list(layout.SEX_OF_COLUMN)
    long = frame.assign(
        area_id=areas.resolve(frame["ISO3_code"]),
        year=pd.to_numeric(frame["Time"].where(frame["Time"].str.fullmatch(r"\d{4}"))),
        age=pd.to_numeric(frame["AgeGrpStart"].where(frame["AgeGrpStart"].str.fullmatch(r"\d{1,3}"))),
    ).melt(["area_id", "year", "age", "_file", "_row"], sexes, var_name="_column", value_name="value_text")
    long["value"], bad = parse_number(long["value_text"])
    bad |= long["value"].isna() | (long["value"] < 0) | ~long["age"].between(0, 100)
    good, refused = _without_faults(long, bad)
    fine = _fine_groups(good)
    if not fine["whole"].all() and ragged.empty and refused.empty:
        short = fine[~fine["whole"]].iloc[0]
        raise SourceRefused(
            f"{path.name}: expected every single age from 0 to 100 once for each country and year, found "
            f"{short['area_id']} {short['year']:.0f} with {short['size']} ages in {short['age_group']}. Get it whole."
        )
    totals = _all_groups(fine[fine["whole"]])
    withheld = int(fine.loc[~fine["whole"], "size"].sum())
    dropped = {YEARS_DROP: other * len(sexes), AGGREGATE_DROP: group * len(sexes), WITHHELD_DROP: withheld}
    dropped[SUMMED_DROP] = len(good) - withheld - len(totals)
    return Tidy(
        observations=_finished(totals.assign(_file=path.name, _row=0, note=""), revision),
        raw={"un_population_single_ages": frame},
        quarantine=pd.concat([ragged, refused], ignore_index=True),
        dropped=dropped,
        records_in=len(long) + (other + group) * len(sexes) + len(ragged),
        release_notes={
            f"{path.name}: raw": f"countries in {layout.FIRST_YEAR}-{layout.LAST_YEAR} only, the columns that are read"
        },
    )


def _read_single_ages(path: Path) -> tuple[pd.DataFrame, int, int, pd.DataFrame]:
    """Read the columns needed as text, of countries in the years kept; count the lines left out by year and by kind."""
    ragged: list[tuple[int, str]] = []

    def set_aside(line: pa_csv.InvalidRow) -> str:
        ragged.append((line.number or 0, line.text))
        return "skip"

    try:
        table = pa_csv.read_csv(
            io.BytesIO(file_bytes(path)),
            read_options=pa_csv.ReadOptions(use_threads=False),
            parse_options=pa_csv.ParseOptions(invalid_row_handler=set_aside),
            convert_options=pa_csv.ConvertOptions(
                include_columns=layout.SINGLE_AGE_COLUMNS,
                column_types=dict.fromkeys(layout.SINGLE_AGE_COLUMNS, pa.string()),
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as fault:
        raise SourceRefused(
            f"{path.name}: expected a table as UTF-8 csv, found one that cannot be read ({fault})."
        ) from fault
    if table.num_rows == 0:
        raise SourceRefused(f"{path.name}: expected data under the column names, found none. Download the file again.")
    lines = [number for number, _ in ragged]
    rows = pd.Series(range(2, table.num_rows + len(lines) + 2)).loc[lambda s: ~s.isin(lines)]
    table = table.append_column("_row", pa.array(rows.to_numpy()[: table.num_rows], pa.int64()))
    years = pa.array([str(year) for year in range(layout.FIRST_YEAR, layout.LAST_YEAR + 1)])
    unread = pc.invert(pc.match_substring_regex(table["Time"], r"^\d{4}$"))
    in_years = table.filter(pc.or_(pc.is_in(table["Time"], value_set=years), unread))
    kept = in_years.filter(pc.equal(in_years["LocTypeName"], layout.COUNTRY))
    frame = kept.to_pandas().assign(_file=path.name)
    text = [column for column in frame.columns if column != "_row"]
    refused = pd.DataFrame({"file": path.name, "row": lines, "column": "", "value": [text for _, text in ragged]})
    reason = "expected as many cells as in the header, found another number"
    quarantine = refused_records(refused, code="ragged_line", reason=reason)
    frame = frame.astype(dict.fromkeys(text, "str"))
    return frame, table.num_rows - in_years.num_rows, in_years.num_rows - kept.num_rows, quarantine


def _fine_groups(cells: pd.DataFrame) -> pd.DataFrame:
    """Sum single ages to the smallest groups, and say which have every age once."""
    edges = [first for first, _ in layout.FINE_AGES.values()] + [101]
    group = pd.cut(cells["age"], edges, right=False, labels=list(layout.FINE_AGES)).astype("str")
    keys = ["area_id", "year", "_column", "age_group"]
    sums = (
        cells.assign(age_group=group)
        .groupby(keys, sort=True)
        .agg(value=("value", "sum"), size=("age", "size"), ages=("age", "nunique"))
    )
    sums = sums.reset_index()
    wanted = sums["age_group"].map({name: last - first + 1 for name, (first, last) in layout.FINE_AGES.items()})
    return sums.assign(whole=(sums["size"] == wanted) & (sums["ages"] == wanted))


def _all_groups(fine: pd.DataFrame) -> pd.DataFrame:
    """Give all age groups in people; a group lacking a part is left out."""
    keys = ["area_id", "year", "_column"]
    made = [fine[[*keys, "age_group", "value"]]]
    for name, members in layout.MADE_OF.items():
        sums = fine[fine["age_group"].isin(members)].groupby(keys)["value"].agg(["sum", "size"]).reset_index()
        whole = sums[sums["size"] == len(members)].rename(columns={"sum": "value"})
        made.append(whole[[*keys, "value"]].assign(age_group=name))
    groups = pd.concat(made, ignore_index=True)
    people = (groups["value"] * layout.PEOPLE_PER_UNIT).round()
    return groups.assign(sex=groups["_column"].map(layout.SEX_OF_COLUMN), value=people)
