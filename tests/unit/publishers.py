"""Every publisher whose live releases a script fetches, as a server on this machine can stand in for it.

The shapes are those the sources' pages document; the tables are the small synthetic ones beside the tests. A table
can be given changed as publishers change theirs: a column renamed, lines in another order, a page sent twice.
"""

import csv
import dataclasses
import datetime
import functools
import gzip
import io
import json
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import openpyxl
from loopback import Handler, Route, Server

from assets import wonder_answer
from assets.sources import cdc_vsrr, census_population, phac_substance_harms, un_population, who_gho, world_bank
from assets.transport import Download, Transport
from schemas.sources import cdc_vsrr as vsrr_layout
from schemas.sources import cdc_vsrr_county as county_layout
from schemas.sources import nchs_drug_poisoning as nchs_layout

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
CHANGED = "Thu, 20 Aug 2026 10:00:00 GMT"
UPDATED = 1_787_220_000
"""Seconds since 1970 of the same day, for portals that say it so."""

Answers = dict[str, tuple[bytes, str]]
"""Body and media type by address."""

Change = str
"""As published (empty), column renamed, other order, sent twice."""

RENAMED, REORDERED, TWICE = "column renamed", "other order", "sent twice"


def lines_of(path: Path, change: Change, column: str, delimiter: str = ",") -> bytes:
    """Give a table's bytes, changed."""
    content = path.read_bytes()
    encoding = "latin-1" if b"\xf1" in content else "utf-8-sig"
    header, *rows = list(csv.reader(io.StringIO(content.decode(encoding), newline=""), delimiter=delimiter))
    if change == RENAMED:
        # Eurostat packs several names into the first one.
        cells = [[f"{part} (new)" if part.strip() == column else part for part in name.split(",")] for name in header]
        header = [",".join(parts) for parts in cells]
        assert any("(new)" in name for name in header)
    rows = rows[::-1] if change == REORDERED else rows * 2 if change == TWICE else rows
    sink = io.StringIO(newline="")
    csv.writer(sink, delimiter=delimiter, lineterminator="\n").writerows([header, *rows])
    return sink.getvalue().encode(encoding.removesuffix("-sig"))


def portal(dataset: str, fixture: str, column: str) -> Callable[[Change], Answers]:
    """Make a table of the portal data.cdc.gov, whose own count of rows does not change when it is sent twice."""
    path = FIXTURES / fixture

    def answers(change: Change) -> Answers:
        body = lines_of(path, change, column)
        header = next(csv.reader(io.StringIO(body.decode())))
        rows = len(list(csv.reader(io.StringIO(lines_of(path, "", column).decode())))) - 1
        facts = {"rowsUpdatedAt": UPDATED, "columns": [{"name": name} for name in header]}
        return {
            f"{cdc_vsrr.HOST}/api/views/{dataset}.json": (json.dumps(facts).encode(), "application/json"),
            f"{cdc_vsrr.HOST}/api/views/{dataset}/rows.csv": (body, "text/csv"),
            f"{cdc_vsrr.HOST}/resource/{dataset}.json": (b'[{"count": "%d"}]' % rows, "application/json"),
        }

    return answers


def table(url: str, fixture: str, column: str, delimiter: str = ",", packed: str = "") -> Callable[[Change], Answers]:
    """Make one table at one address: plain, as gzip, or in a zip under the name given."""

    def answers(change: Change) -> Answers:
        body = lines_of(FIXTURES / fixture, change, column, delimiter)
        if packed == "gz":
            body = gzip.compress(body, mtime=0)
        elif packed:
            body = zipped(packed, body)
        return {url: (body, "application/octet-stream")}

    return answers


def zipped(name: str, body: bytes) -> bytes:
    """Zip one file."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        # A fixed day, so that the same table is the same bytes.
        archive.writestr(zipfile.ZipInfo(name, (2026, 8, 20, 10, 0, 0)), body, zipfile.ZIP_DEFLATED)
    return sink.getvalue()


@functools.cache
def annex(change: Change) -> Answers:
    """Give UNODC's workbook of this year's report; its readers go by place, so that a heading may change."""
    year = datetime.date.today().year
    book = openpyxl.load_workbook(FIXTURES / "unodc_annex" / "synthetic_4.1_people_who_inject_drugs_2026.xlsx")
    for sheet in book:
        rows = [list(row) for row in sheet.iter_rows(min_row=6, values_only=True)]
        rows = rows[::-1] if change == REORDERED else rows * 2 if change == TWICE else rows
        for number, cells in enumerate(rows, start=6):
            for place, value in enumerate(cells, start=1):
                sheet.cell(number, place).value = value
        if change == RENAMED:
            sheet.cell(4, 3).value = "Country or territory"
    sink = io.BytesIO()
    book.save(sink)
    name = "4.1_people_who_inject_drugs_and_prevalence_of_diseases.xlsx"
    url = f"https://www.unodc.org/documents/data-and-analysis/WDR_{year}/Annex/{name}"
    return {url: (sink.getvalue(), "application/octet-stream")}


def unaids(stem: str, fixture: str) -> Callable[[Change], Answers]:
    """Make one of UNAIDS' four bulk zips, of this year's edition."""
    name = f"{stem}_{datetime.date.today().year}_en"
    return table(f"https://aidsinfo.unaids.org/documents/{name}.zip", fixture, "Data value", packed=f"{name}.csv")


def observatory(change: Change) -> Answers:
    """Give the three pages of WHO's observatory: two of one indicator, in either order or one of them twice."""
    folder = FIXTURES / "who_gho" / "synthetic_pages"
    codes = ("HEPATITIS_HCV_DEATHS_NUM", "HIV_0000000001", "HIV_ARTCOVERAGE")
    pages = {name: json.loads((folder / f"{name}.json").read_text()) for name in (*codes, f"{codes[0]}-2")}
    first, second = pages[codes[0]]["value"], pages[f"{codes[0]}-2"]["value"]
    if change == REORDERED:
        pages[codes[0]]["value"], pages[f"{codes[0]}-2"]["value"] = second, first
    elif change == TWICE:
        pages[f"{codes[0]}-2"]["value"] = first
    elif change == RENAMED:
        for page in pages.values():
            page["value"] = [
                {"NumberValue" if field == "NumericValue" else field: cell for field, cell in row.items()}
                for row in page["value"]
            ]
    found: Answers = {f"{who_gho.API}/{code}": as_json(pages[code]) for code in codes}
    return found | {f"{who_gho.API}/{codes[0]}?$skip=4": as_json(pages[f"{codes[0]}-2"])}


def bank(change: Change) -> Answers:
    """Give the World Bank's two pages and its workbook of income groups."""
    folder = FIXTURES / "world_bank"
    pages = [json.loads((folder / "synthetic_pages" / f"population-{number}.json").read_text()) for number in (1, 2)]
    if change == REORDERED:
        # The rows come in another order over the pages; page numbers stay where they belong.
        rows = (pages[0][1] + pages[1][1])[::-1]
        cut = len(pages[0][1])
        pages[0][1], pages[1][1] = rows[:cut], rows[cut:]
    elif change == TWICE:
        # The header is right and so is the number of rows; only the rows are those of the first page again.
        rows = pages[0][1]
        pages[1][1] = (rows * 3)[: len(pages[1][1])]
    elif change == RENAMED:
        pages = [
            [header, [{"amount" if field == "value" else field: cell for field, cell in row.items()} for row in rows]]
            for header, rows in pages
        ]
    found: Answers = {
        f"{world_bank.API}?format=json&per_page=1000&page={number}": as_json(page)
        for number, page in enumerate(pages, start=1)
    }
    book = (folder / "synthetic_income_groups-2026-08-15.xlsx").read_bytes()
    return found | {world_bank.INCOME: (book, "application/octet-stream")}


def wonder(change: Change) -> Answers:
    """Give the answer of CDC WONDER's web service; its columns have no names, so one of them is left out instead."""
    root = ET.parse(FIXTURES / "cdc_wonder" / "synthetic_answer.xml").getroot()
    table = root.find(".//data-table")
    assert table is not None
    rows = list(table)
    if change == REORDERED:
        table[:] = rows[::-1]
    elif change == TWICE:
        table[:] = rows * 2
    elif change == RENAMED:
        for row in rows:
            row.remove(row[1])
    address = f"{wonder_answer.ADDRESS}/{wonder_answer.DATASET}"
    return {address: (ET.tostring(root), "text/xml")}


def as_json(page: Any) -> tuple[bytes, str]:
    """Give a page as it is sent."""
    return json.dumps(page).encode(), "application/json"


PUBLISHERS: dict[str, Callable[[Change], Answers]] = {
    "cdc_wonder": wonder,
    "cdc_vsrr": portal(vsrr_layout.DATASET, "cdc_vsrr/synthetic_2025-07-16.csv", "Data Value"),
    "cdc_vsrr_county": portal(
        county_layout.DATASET, "cdc_vsrr_county/synthetic_county_counts.csv", "Provisional Drug Overdose Deaths"
    ),
    "nchs_drug_poisoning": portal(nchs_layout.DATASET, "nchs_drug_poisoning/synthetic_2017-06-01.csv", "Deaths"),
    "phac_substance_harms": table(
        phac_substance_harms.URLS[0],
        "phac_substance_harms/synthetic_harms-2026-01-15.csv",
        "Value",
        packed="SubstanceHarmsData.csv",
    ),
    "census_population": table(
        census_population.URL, "census_population/synthetic_co-est2024-alldata.csv", "POPESTIMATE2024"
    ),
    "un_population": table(
        un_population.URL,
        "un_population/synthetic_WPP2024_PopulationBySingleAgeSex_Medium_1950-2023.csv",
        "PopTotal",
        packed="gz",
    ),
    "eurostat_causes_of_death": table(
        "https://ec.europa.eu/eurostat/api/dissemination/sdmx/2.1/data/hlth_cd_asdr2",
        "eurostat_causes_of_death/synthetic_hlth_cd_asdr2-2026-06-08.tsv",
        "icd10",
        "\t",
        "gz",
    ),
    "unaids_gam": unaids("GAM", "unaids_gam/GAM_2025_en_synthetic.csv"),
    "unaids_kp_atlas": unaids("KPAtlasDB", "unaids_kp_atlas/KPAtlasDB_2025_en_synthetic.csv"),
    "unaids_ncpi": unaids("NCPI", "unaids_ncpi/NCPI_2025_en_synthetic.csv"),
    "unaids_estimates": unaids("Estimates", "unaids_estimates/Estimates_2025_en_synthetic.csv"),
    "unodc_annex": annex,
    "who_gho": observatory,
    "world_bank": bank,
}
"""What each publisher answers, by source; a test holds it against the sources that a script may fetch."""


@dataclasses.dataclass
class StandIn(Transport):
    """A transport whose every address leads to one server on this machine, by host and path."""

    server: str = ""

    def _request(self, url: str, *arguments: Any) -> Any:
        parts = urlsplit(url)
        assert parts.scheme == "https", f"{url}: a source asked for something other than https"
        found = super()._request(f"{self.server}/{url.removeprefix('https://')}", *arguments)
        return dataclasses.replace(found, url=url) if dataclasses.is_dataclass(found) else found  # type: ignore[type-var]

    def download(self, *arguments: Any, least_bytes: int = 1, **rules: Any) -> Download | None:
        """Download as ever; the stand-ins' tables are smaller than the publishers'."""
        return super().download(*arguments, least_bytes=min(least_bytes, 100), **rules)


def serve(server: Server, answers: Answers, send: Callable[[bytes, str], Route] | None = None) -> None:
    """Let the server give the answers, each marked with its day of change and not sent again while it is known."""
    server.routes.clear()
    for url, (body, kind) in answers.items():
        server.routes[f"/{url.removeprefix('https://')}"] = send(body, kind) if send else marked(body, kind)


def marked(body: bytes, kind: str) -> Route:
    """Make a route that sends a body with its marks, or 304 to who has it."""
    mark = f'"{hash(body)}"'

    def answer(handler: Handler) -> None:
        known = handler.headers.get("If-None-Match") == mark
        handler.send_response(304 if known else 200)
        for name, value in (("Content-Type", kind), ("ETag", mark), ("Last-Modified", CHANGED)):
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0" if known else str(len(body)))
        handler.end_headers()
        if not known:
            handler.wfile.write(body)

    return answer
