"""WHO Global Health Observatory: hepatitis C and HIV in countries' populations."""

import datetime
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from assets.reading import file_bytes, parse_number
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, tidy_observations
from assets.tidying import first_faults, set_aside, without_duplicates
from assets.transport import JSON_TYPES, Transport, TransportError, Validators
from schemas.areas import resolve
from schemas.measures import MEASURES
from schemas.source_card import SourceCard
from schemas.sources import who_gho as layout

API = "https://ghoapi.azureedge.net/api"

CARD = SourceCard(
    id="who_gho",
    title="Global Health Observatory",
    publisher="World Health Organization",
    licence="CC BY-NC-SA 3.0 IGO",
    licence_url="https://creativecommons.org/licenses/by-nc-sa/3.0/igo/",
    homepage="https://www.who.int/data/gho",
    download_url=f"{API}/",
    cadence="irregular; values change in place",
    basis="modelled by WHO and partners, or reported by countries; by indicator",
    citation="World Health Organization. Global Health Observatory data repository (OData). Geneva: WHO.",
    coverage="Countries: hepatitis C and HIV in the whole population; years by indicator",
    caveats=(
        "The whole population, not people who inject drugs: the observatory has no such values.",
        "Values change in place without a release: the release here is the newest date on any row.",
        "Numbers that are shown as a bound, such as <500, are left out by count: the bound is not a value.",
        "Survey answers on substance use services (codes RSUD_) are old and in words; they are not read.",
        "Non-commercial use only, and what is made from it is shared under the same licence.",
    ),
    drop_in_help=(
        f"Save {API}/<code> of each indicator as <code>.json, with every further page that @odata.nextLink names as "
        "<code>-2.json and so on, and drop one folder with all of them in data/drop/who_gho/."
    ),
    automated=True,
)

_KEY = ["measure_id", "area_id", "period_start", "sex", "age_group"]
NOT_A_COUNTRY = "region, income group or the world"
OTHER_SPLIT = "split by a dimension other than sex and age"
BOUND = "shown as a bound (< or >), which is not a value"
OTHER_PERIOD = "period other than a year"


def fetch(transport: Transport, known: Validators | None, into: Path) -> Recognised | None:  # noqa: ARG001
    """Download every indicator with all its pages; one that is gone is named in the notes.

    Raises:
        SourceRefused: An answer that is not the indicator's rows, or no indicator at all.
        TransportError: The server cannot be reached, or sends nothing.
    """
    files: list[Path] = []
    gone: list[str] = []
    for code in layout.MEASURES:
        try:
            files += _pages(transport, code, into)
        except TransportError as fault:
            if "HTTP 404" not in str(fault):
                raise
            gone.append(code)
    if not files:
        raise SourceRefused(f"Expected indicators at {API}, found none of {gone}. {CARD.drop_in_help}")
    found = _recognised(files)
    notes = found.notes | ({"indicators_gone": ", ".join(gone)} if gone else {})
    return Recognised(found.release, found.files, notes, Validators(), f"{API}/")


def _pages(transport: Transport, code: str, into: Path) -> list[Path]:
    """Download one indicator, following its own links to further pages on the same server only."""
    url, pages = f"{API}/{code}", []
    while url:
        if len(pages) == layout.MOST_PAGES:
            raise SourceRefused(f"{code}: expected at most {layout.MOST_PAGES} pages, found more. Check the address.")
        name = f"{code}.json" if not pages else f"{code}-{len(pages) + 1}.json"
        download = transport.download(url, into, name, content_types=JSON_TYPES)
        if download is None:
            raise TransportError(f"{url}: expected rows, found HTTP 304 to a plain question. Try again later.")
        url = str(_answer(download.path).get(layout.NEXT) or "")
        if url and not url.startswith(f"{API}/"):
            raise SourceRefused(f"{name}: expected the next page at {API}, found {url[:120]!r}. Report it to us.")
        pages.append(download.path)
    return pages


def _answer(path: Path) -> dict[str, Any]:
    """Read one page; numbers stay the text they were written as."""
    try:
        answer = json.loads(file_bytes(path), parse_float=str, parse_int=str)
    except (UnicodeDecodeError, ValueError) as fault:
        raise SourceRefused(
            f"{path.name}: expected an OData answer in JSON, found text that is not ({fault}). Download it again."
        ) from fault
    rows = answer.get("value") if isinstance(answer, dict) else None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise SourceRefused(
            f"{path.name}: expected rows under 'value', found {str(answer)[:80]!r}. The server at times gives none "
            "although there are data: try again later."
        )
    absent = [field for field in layout.REQUIRED if not any(field in row for row in rows)]
    if absent:
        new = sorted(set(rows[0]) - set(layout.FIELDS))
        raise SourceRefused(
            f"{path.name}: expected the fields {absent}, found {new or 'nothing new'}. "
            "If WHO renamed a field, correct the source's layout."
        )
    return answer  # type: ignore[no-any-return]


def recognise(path: Path) -> Recognised:
    """Tell the release of a dropped folder of pages, or of one page that is a whole indicator, from its newest date.

    Raises:
        SourceRefused: Another file, an indicator that is not read, or one whose further pages are missing.
    """
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files:
        raise SourceRefused(f"{path.name}: expected pages in JSON, found none in the folder. {CARD.drop_in_help}")
    return _recognised(files)


def _recognised(files: list[Path]) -> Recognised:
    frame = _read(files)
    days = pd.to_datetime(frame["Date"].str.slice(0, 10), format="%Y-%m-%d", errors="coerce").dropna()
    if days.empty:
        today = datetime.date.today().isoformat()
        return Recognised(today, tuple(files), {"release_date": "day of download: no row has a date"})
    return Recognised(str(days.max().date()), tuple(files), {"release_date": "newest date on any row"})


def _read(files: list[Path]) -> pd.DataFrame:
    """Join the pages of all indicators, once every page that is named is there."""
    frames, waiting, seen = [], {}, {}
    for path in files:
        answer = _answer(path)
        page = pd.DataFrame(answer["value"]).reindex(columns=layout.FIELDS).astype(object)
        page = page.where(page.notna(), "").astype("str")
        codes = set(page["IndicatorCode"])
        if len(codes) != 1 or not codes <= set(layout.MEASURES):
            raise SourceRefused(
                f"{path.name}: expected rows of one of the indicators {', '.join(layout.MEASURES)}, found "
                f"{sorted(codes)[:4]}. {CARD.drop_in_help}"
            )
        code = codes.pop()
        seen[code] = seen.get(code, 0) + 1
        waiting[code] = waiting.get(code, 0) + bool(answer.get(layout.NEXT))
        frames.append(page.assign(_file=path.name, _row=np.arange(1, len(page) + 1)))
    cut = [code for code in seen if waiting[code] != seen[code] - 1]
    if cut:
        raise SourceRefused(
            f"{', '.join(path.name for path in files[:3])}: expected every page of {', '.join(cut)}, found "
            f"{seen[cut[0]]} of which {waiting[cut[0]]} name a further one. {CARD.drop_in_help}"
        )
    rows = pd.concat(frames, ignore_index=True)
    # A page sent twice stands in place of another one, whose rows would be lost without a trace.
    again = rows[(rows["Id"] != "") & rows.duplicated(["IndicatorCode", "Id"])]
    if len(again):
        first = again.iloc[0]
        raise SourceRefused(
            f"{first['_file']}: expected each row once, found row {first['Id']} of {first['IndicatorCode']} again (of "
            f"{len(again):,}): a page was sent twice. Try again later."
        )
    return rows


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the rows of countries into observations.

    Grain: one row is one record. Steps: regions, other splits and bounds are dropped by count; sex and age are looked
    for in all three dimensions, because their place differs from row to row.
    """
    frame = _read(list(snapshot.files))
    raw = layout.Raw.validate(frame)
    records = _records(frame)
    dropped = {}
    for mask, reason in (
        (records["SpatialDimType"] != layout.COUNTRY, NOT_A_COUNTRY),
        (~records["TimeDimType"].isin([layout.YEAR, ""]), OTHER_PERIOD),
        (records["other_split"], OTHER_SPLIT),
        (records["Value"].str.match(r"\s*[<>]"), BOUND),
    ):
        gone = mask.reindex(records.index)
        dropped[reason] = int(gone.sum())
        records = records[~gone]
    faults = _faults(records, int(snapshot.release[:4]))
    kept, conflicting, repeated = without_duplicates(records[faults["code"] == ""], _KEY, "NumericValue")
    return Tidy(
        observations=tidy_observations(kept),
        raw={CARD.id: raw},
        quarantine=pd.concat([set_aside(records, faults), conflicting], ignore_index=True),
        dropped={reason: number for reason, number in dropped.items() if number} | repeated,
        records_in=len(frame),
        release_notes={"release_rule": snapshot.notes.get("release_date", "")},
    )


def _dimension(frame: pd.DataFrame, kind: str) -> pd.Series:
    """Give the value of a dimension in whichever of the three places it stands; empty where it stands in none."""
    found = pd.Series("", index=frame.index)
    for place in ("Dim1", "Dim2", "Dim3"):
        found = found.mask(frame[f"{place}Type"].eq(kind), frame[place])
    return found.str.removeprefix(f"{kind}_")


def _records(frame: pd.DataFrame) -> pd.DataFrame:
    sex, age = _dimension(frame, "SEX"), _dimension(frame, "AGEGROUP")
    kinds = frame[["Dim1Type", "Dim2Type", "Dim3Type"]]
    numbers = {name: parse_number(frame[name]) for name in ("NumericValue", "Low", "High")}
    value = numbers["NumericValue"][0]
    year = frame["TimeDim"].where(frame["TimeDim"].str.fullmatch(r"(?:19|20)\d\d"))
    spans = age.str.extract(r"^YEARS(\d+-\d+)$")[0]
    above = age.str.extract(r"^YEARS(\d+)PLUS$")[0] + "+"
    remark = frame["Comments"].str.slice(0, 160)
    return frame.assign(
        _column="NumericValue",
        value_text=frame["NumericValue"],
        measure_id=frame["IndicatorCode"].map(layout.MEASURES),
        area_id=resolve(frame["SpatialDim"]),
        period_start=pd.to_datetime(year + "-01-01", errors="coerce"),
        period_end=pd.to_datetime(year + "-12-31", errors="coerce"),
        group=(sex + " " + age).str.strip(),
        sex=sex.map({"": "all", **layout.SEXES}),
        age_group=age.map({"": "all", **layout.AGES}).fillna(spans).fillna(above),
        other_split=(~kinds.isin(["", "SEX", "AGEGROUP"])).any(axis=1),
        value=value,
        lower=numbers["Low"][0].where(value.notna()),
        upper=numbers["High"][0].where(value.notna()),
        unreadable=numbers["NumericValue"][1] | numbers["Low"][1] | numbers["High"][1],
        status=np.where(value.isna(), "not_collected", "reported"),
        is_provisional=False,
        note=remark,
    )


def _faults(records: pd.DataFrame, release_year: int) -> pd.DataFrame:
    most = records["measure_id"].map({name: MEASURES[name].most for name in layout.MEASURES.values()}).astype("float64")
    outside = (records["value"] < 0) | (records["value"] > most)
    beside = (records["lower"] > records["value"]) | (records["upper"] < records["value"])
    return first_faults(
        [
            ("unknown_area", "SpatialDim", records["area_id"].isna(), "expected the ISO code of a country"),
            ("bad_period", "TimeDim", records["period_end"].isna(), "expected a year of four digits"),
            (
                "future_period",
                "TimeDim",
                records["period_end"].dt.year > release_year,
                "expected a year up to the release's",
            ),
            (
                "unknown_subgroup",
                "group",
                records["sex"].isna() | records["age_group"].isna(),
                "expected a sex and a span of ages in years that are known",
            ),
            ("not_a_number", "", records["unreadable"], "expected numbers in NumericValue, Low and High"),
            ("out_of_range", "", outside, "expected 0 to 100 for percent and no negative number"),
            ("limit_excludes_estimate", "", beside, "expected the value between Low and High"),
        ]
    )
