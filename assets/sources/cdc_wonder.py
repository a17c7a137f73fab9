"""CDC WONDER: drug overdose deaths of US residents by place, year or month, drug, age, sex, race; exported by hand."""

import calendar
import datetime
import re
from pathlib import Path

import pandas as pd

from assets import wonder_answer
from assets.reading import Table, decode, file_bytes, parse_number, read_text, refuse_web_page, require_columns
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, refused_records, tidy_observations
from assets.tidying import without_duplicates
from assets.transport import Transport, Validators
from assets.wonder_footer import Footer, check_query, drug_asked, read_footer
from schemas import areas
from schemas.observations import KEY
from schemas.source_card import SourceCard
from schemas.sources import cdc_wonder as layout

HOW_TO_EXPORT = (
    "Open https://wonder.cdc.gov/mcd.html, choose 'Provisional Mortality Statistics, 2018 through Last Week' (and, for "
    "earlier years, 'Multiple Cause of Death, 1999-2020'); group by Residence State and Year (for the country, by Year "
    "alone); leave every filter at All; under UCD choose 'Drug/Alcohol Induced Causes' and its four 'Drug poisonings "
    "(overdose)' kinds; tick age-adjusted rates, 95% confidence intervals, Show Zero Values and Show Suppressed; Send, "
    "then Export. For a drug class add its MCD ICD-10 code (T40.1, T40.4, T40.5 ...). Drop the text files in "
    "data/drop/cdc_wonder/."
)

CARD = SourceCard(
    id="cdc_wonder",
    title="CDC WONDER, Multiple Cause of Death and Provisional Mortality Statistics: drug overdose deaths",
    publisher="Centers for Disease Control and Prevention, National Center for Health Statistics",
    licence="US government work; CDC WONDER data use terms apply (no identification of people, no counts under 10)",
    licence_url="https://wonder.cdc.gov/datause.html",
    homepage="https://wonder.cdc.gov/mcd.html",
    download_url="https://wonder.cdc.gov/mcd.html",
    cadence="weekly (provisional years), yearly (final years)",
    basis="residence",
    citation=(
        "Centers for Disease Control and Prevention, National Center for Health Statistics. National Vital "
        "Statistics System, "
        "Mortality on CDC WONDER Online Database. Query date as given by the release."
    ),
    coverage="United States, states, counties; 1999 to last week; by drug, age, sex, race and origin as queried",
    caveats=(
        "Deaths are counted where people lived; CDC's monthly provisional counts (cdc_vsrr) where they died.",
        "Counts of 1 to 9 are suppressed; rates from fewer than 20 deaths are unreliable and have no value.",
        "Provisional years reuse the last population estimate; a partial year's rate is not annualised.",
        "Bridged race (to 2020) and single race (from 2018) are not comparable.",
        "A release is one query date. The web service gives national data only, here by year since 2018; the question "
        "follows CDC's description of an older data set. States, counties and earlier years are exported by hand.",
    ),
    drop_in_help=HOW_TO_EXPORT,
    automated=True,
)

ENCODINGS = ("utf-8-sig", "cp1252")
UNRELIABLE = "fewer than 20 deaths: rate unreliable by CDC"


def fetch(transport: Transport, known: Validators | None, into: Path) -> Recognised | None:  # noqa: ARG001
    """Ask WONDER's web service for the national table by year; it has none by state or county, which a person exports.

    Raises:
        SourceRefused: The answer is not the table that was asked for.
        TransportError: The service cannot be reached, or refuses the question.
    """
    files = wonder_answer.fetch(transport, into)
    notes = {"release_date": "day on which the service was asked"}
    address = f"{wonder_answer.ADDRESS}/{wonder_answer.DATASET}"
    return Recognised(datetime.date.today().isoformat(), files, notes, Validators(), address)


def recognise(path: Path) -> Recognised:
    """Tell an export's release, its query date, from its footer.

    Raises:
        SourceRefused: Not a WONDER export, cut off, or not about drug overdose deaths of whole populations.
    """
    footer = _footer(path)
    return Recognised(footer.query_date.isoformat(), (path,), footer.notes())


def _footer(path: Path) -> Footer:
    text, _ = decode(file_bytes(path), path.name, ENCODINGS)
    refuse_web_page(text, path.name)
    footer = read_footer(text, path.name)
    check_query(footer, path.name)
    drug_asked(footer, path.name)
    return footer


def tidy(snapshot: Snapshot) -> Tidy:
    """Read every export of one query date.

    Grain: measure, area, period, sex, age group, race and ethnicity, drug. Steps: read the footer, leave out subtotals,
    one record for each count and rate, words to statuses. Records that several files repeat are kept once; where files
    contradict each other, all are set aside.
    """
    asked = datetime.date.fromisoformat(snapshot.release[:10])
    parts = [_read_export(path, asked) for path in snapshot.files if path.name != wonder_answer.QUESTION]
    records = pd.concat([part.observations for part in parts], ignore_index=True)
    # The record with limits comes first, so that it is the one kept of equal ones.
    records = records.iloc[records["lower"].isna().argsort(kind="stable")]
    kept, conflicts, repeated = without_duplicates(records, KEY, "_column")
    dropped: dict[str, int] = dict(repeated)
    for part in parts:
        for reason, count in part.dropped.items():
            dropped[reason] = dropped.get(reason, 0) + count
    raw = pd.concat([part.raw["cdc_wonder"] for part in parts], ignore_index=True)
    text_columns = [column for column in raw.columns if column != "_row"]
    raw[text_columns] = raw[text_columns].fillna("")
    return Tidy(
        observations=tidy_observations(kept),
        raw={"cdc_wonder": raw},
        quarantine=pd.concat([*(part.quarantine for part in parts), conflicts], ignore_index=True),
        dropped=dropped,
        records_in=sum(part.records_in for part in parts),
        release_notes={key: value for part in parts for key, value in part.release_notes.items()},
    )


def _open(path: Path, asked: datetime.date) -> tuple[Footer, Table]:
    """Open an export, or an answer of the web service of the day on which it was asked."""
    if path.name == wonder_answer.ANSWER:
        footer, table = wonder_answer.read(path, asked)
        check_query(footer, path.name)
        return footer, table
    footer = _footer(path)
    return footer, read_text(path, delimiter="\t", encodings=ENCODINGS, last_row=footer.last_line)


def _read_export(path: Path, asked: datetime.date) -> Tidy:
    footer, table = _open(path, asked)
    drug = drug_asked(footer, path.name)
    frame = table.frame
    values, extra = _columns(frame, footer, path.name)
    errors = [column for column in layout.STANDARD_ERRORS if column in frame]
    data = frame[frame["Notes"].str.strip() == ""]
    dropped = {
        "subtotal": (len(frame) - len(data)) * (len(values) + len(errors)),
        "standard error": len(data) * len(errors),
    }
    population = _population_drop(footer, drug)
    if population and "Population" in values:
        values.remove("Population")
        dropped[population] = len(data)
    keys = _keys(data, footer, drug)
    records = pd.concat([_records(keys, data, column) for column in values], ignore_index=True)
    good, refused = _checked(records)
    good = _withheld(good)
    return Tidy(
        observations=_with_notes(good, footer),
        raw={
            "cdc_wonder": frame.assign(
                Deaths=frame["Deaths"].mask(frame["Deaths"].str.fullmatch("[1-9]"), "Suppressed")
            )
        },
        quarantine=pd.concat([table.quarantine, refused], ignore_index=True),
        dropped={reason: count for reason, count in dropped.items() if count},
        records_in=len(records) + sum(dropped.values()) + len(table.quarantine),
        release_notes={
            **{f"{path.name}: {key}": value for key, value in footer.notes().items()},
            **({f"{path.name}: columns not read": ", ".join(extra)} if extra else {}),
        },
    )


def _columns(frame: pd.DataFrame, footer: Footer, name: str) -> tuple[list[str], list[str]]:
    """Check the columns against the query, and give those with values, and those nobody reads."""
    grouped = [f"{group} Code" for group in footer.groups]
    unknown = [group for group in footer.groups if group not in layout.GROUPS]
    if unknown:
        raise SourceRefused(
            f"{name}: expected results grouped by {', '.join(layout.GROUPS)}, found {', '.join(unknown)}. Query "
            f"it without."
        )
    values = list(layout.MEASURE_OF_COLUMN)
    limits = [column + limit for column in values for limit in (layout.LOWER, layout.UPPER)]
    optional = [*footer.groups, *values, *limits, *layout.STANDARD_ERRORS]
    extra = require_columns(frame, ["Notes", "Deaths", *grouped], name, optional)
    return [column for column in values if column in frame], extra


def _population_drop(footer: Footer, drug: str) -> str | None:
    """Say why a population column is not read, if so."""
    if drug != "all":
        return "population repeated in an export for one drug class"
    if not {"Year", "Month"} & set(footer.groups):
        return "population added up over several years"
    return None


def _keys(data: pd.DataFrame, footer: Footer, drug: str) -> pd.DataFrame:
    """Give place, period, groups and drug of each data line; what cannot be told is null."""
    keys = pd.DataFrame(index=data.index)
    keys["area_id"] = _areas(data)
    keys["sex"] = _codes(data, layout.SEXES).map(layout.SEX_OF_CODE) if _has(data, layout.SEXES) else "all"
    keys["age_group"] = _age_groups(_codes(data, layout.AGES)) if _has(data, layout.AGES) else "all"
    keys["race_ethnicity"] = _race(data, footer.race_era)
    keys["drug"] = drug
    keys["population_group"] = "all"
    labels = data.get("Year", pd.Series("", index=data.index)) + data.get("Month", pd.Series("", index=data.index))
    keys["is_provisional"] = labels.str.contains("provisional")
    keys["_partial"] = labels.str.contains("partial")
    return keys.join(_periods(data, keys["_partial"], footer)).join(data[["_file", "_row"]])


def _has(data: pd.DataFrame, names: tuple[str, ...]) -> bool:
    return any(f"{name} Code" in data for name in names)


def _codes(data: pd.DataFrame, names: tuple[str, ...]) -> pd.Series:
    column = next(f"{name} Code" for name in names if f"{name} Code" in data)
    return data[column].str.strip()


def _areas(data: pd.DataFrame) -> pd.Series:
    if _has(data, layout.COUNTIES):
        codes = _codes(data, layout.COUNTIES)
        return areas.resolve(codes.where(codes.str.fullmatch(r"\d{5}")), "fips")
    if _has(data, layout.STATES):
        return areas.resolve(_codes(data, layout.STATES), "us")
    return pd.Series("USA", index=data.index)


def _age_groups(codes: pd.Series) -> pd.Series:
    named = codes.replace({"1": "0-0", "NS": "unknown"})
    return named.where(named.str.fullmatch(r"unknown|\d+-\d+|\d+\+"))


def _race(data: pd.DataFrame, era: str) -> pd.Series | str:
    name = next((name for name in layout.RACES if f"{name} Code" in data), None)
    origin = f"{layout.ORIGIN} Code" in data
    if name is None and not origin:
        return "all"
    label = data[name].str.strip() if name else pd.Series("all races", index=data.index)
    if origin:
        label = label + ", " + data[f"{layout.ORIGIN} Code"].str.strip().map(layout.ORIGIN_OF_CODE)
    return (f"{era}: " + label).where(label.fillna("") != "")


def _periods(data: pd.DataFrame, partial: pd.Series, footer: Footer) -> pd.DataFrame:
    """Give first and last day; a partial year ends on the last day of deaths that the footer states."""
    if "Month Code" in data:
        first = pd.to_datetime(data["Month Code"].str.strip(), format="%Y/%m", errors="coerce")
        last = first + pd.offsets.MonthEnd(0)
    elif "Year Code" in data:
        first = pd.to_datetime(data["Year Code"].str.strip(), format="%Y", errors="coerce")
        last = first + pd.offsets.YearEnd(0)
    else:
        first, last = (pd.Series(day, index=data.index) for day in _pooled(footer, data["_file"].iloc[0]))
    through = pd.Timestamp(footer.deaths_through) if footer.deaths_through else pd.NaT
    known = partial & (first <= through)
    last = last.mask(known, last.where(last < through, through)).mask(partial & ~known)
    return pd.DataFrame({"period_start": first, "period_end": last})


def _pooled(footer: Footer, name: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    years = sorted({int(year) for year in re.findall(r"\b\d{4}\b", footer.asked("Year/Month"))})
    if not years or years != list(range(years[0], years[-1] + 1)):
        raise SourceRefused(
            f"{name}: expected results grouped by Year or Month, or unbroken years under Year/Month in the "
            f"footer, found "
            f"{years or 'neither'}. Query it grouped by Year."
        )
    last = calendar.monthrange(years[-1], 12)[1]
    return pd.Timestamp(years[0], 1, 1), pd.Timestamp(years[-1], 12, last)


def _records(keys: pd.DataFrame, data: pd.DataFrame, column: str) -> pd.DataFrame:
    """Make one record of each line for one value column, with its limits where the file has them."""
    cells = data[column].str.strip()
    value, bad = parse_number(cells.mask(cells.isin(list(layout.STATUS_OF_WORD)), ""))
    limits = {}
    for name, ending in (("lower", layout.LOWER), ("upper", layout.UPPER)):
        text = data.get(column + ending, pd.Series("", index=data.index)).str.strip()
        limits[name], odd = parse_number(text.mask(text.isin(list(layout.STATUS_OF_WORD)), ""))
        bad = bad | odd
    return keys.assign(
        measure_id=layout.MEASURE_OF_COLUMN[column],
        value=value,
        **limits,
        status=cells.map(layout.STATUS_OF_WORD).fillna("reported"),
        value_text=cells,
        _column=column,
        _bad=bad | (value < 0) | (cells == ""),
    )


def _checked(records: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Set aside records whose place, group, period or number cannot be told, with the first fault of each."""
    outside = (records["value"] < records["lower"]) | (records["value"] > records["upper"])
    groups = records[["sex", "age_group", "race_ethnicity"]].isna().any(axis=1)
    faults = [
        (
            "unknown_area",
            records["area_id"].isna(),
            "expected the FIPS code of a US state or county, found another code",
        ),
        ("unknown_group", groups, "expected a code of WONDER's ages, sexes, races or Hispanic origins, found another"),
        (
            "unknown_period",
            records["period_start"].isna() | records["period_end"].isna(),
            "expected a year, or YYYY/MM, and for a partial one the last day of deaths in the footer, found none",
        ),
        (
            "not_a_number",
            records["_bad"],
            "expected a number of at least 0 with numeric limits, or Suppressed, Unreliable, Missing, Not Applicable",
        ),
        ("outside_its_limits", outside, "expected a rate between its confidence limits, found it outside"),
    ]
    left = pd.Series(True, index=records.index)
    refused = []
    for code, mask, reason in faults:
        found = records[mask & left].rename(columns={"_file": "file", "_row": "row", "_column": "column"})
        found = found.assign(value=found["value_text"])
        refused.append(refused_records(found[["file", "row", "column", "value"]], code=code, reason=reason))
        left &= ~mask
    return records[left], pd.concat(refused, ignore_index=True)


def _withheld(records: pd.DataFrame) -> pd.DataFrame:
    """Hide counts of 1 to 9, which some exports show and WONDER's data use terms forbid to publish."""
    small = records["measure_id"].eq("overdose_deaths") & records["value"].between(1, 9)
    return records.assign(value=records["value"].mask(small), status=records["status"].mask(small, "suppressed"))


def _with_notes(records: pd.DataFrame, footer: Footer) -> pd.DataFrame:
    """Add CDC's remarks in short: partial period, population reused, rate unreliable, years taken together."""
    rate = records["measure_id"].str.contains("_rate_")
    remarks = [
        (records["status"].eq("low_quality"), UNRELIABLE),
        (records["_partial"], f"partial: deaths through {footer.deaths_through} only"),
        (records["_partial"] & rate, "rate not annualised"),
    ]
    last = footer.last_population_year
    if last is not None:
        later = records["period_start"].dt.year.gt(last) & (rate | records["measure_id"].eq("resident_population"))
        remarks.append((later, f"population of {last} reused by CDC"))
    if not {"Year", "Month"} & set(footer.groups):
        remarks.append((pd.Series(True, index=records.index), "all years of the period together"))
    note = pd.Series("", index=records.index)
    for mask, text in remarks:
        note = note.mask(mask, note.where(note == "", note + "; ") + text)
    return records.assign(note=note)
