"""CDC WONDER's web service: the one national question that is asked of it, and its answer as a table.

The service has no data by state or county. CDC describes its parameters for an older data set (D76); that D176 has the
same ones, and the shape of the answer, is taken from what users have published. So the answer is checked against the
question that is kept beside it, by its own list of columns, and by its numbers.
"""

import datetime
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pandas as pd

from assets.reading import Table
from assets.source import SourceRefused, refused_records
from assets.transport import Transport, TransportError
from assets.wonder_footer import Footer
from schemas.sources.cdc_wonder import LOWER, UPPER

ADDRESS = "https://wonder.cdc.gov/controller/datarequest"
DATASET = "D176"
TITLE = "Provisional Mortality Statistics, 2018 through Last Week"
QUESTION, ANSWER = f"{DATASET}-question.xml", f"{DATASET}-answer.xml"

CAUSES = (
    "Drug poisonings (overdose) Unintentional (X40-X44); Drug poisonings (overdose) Suicide (X60-X64); "
    "Drug poisonings (overdose) Homicide (X85); Drug poisonings (overdose) Undetermined (Y10-Y14)"
)
CAUSE_CODES = ("D1", "D2", "D3", "D4")
"""WONDER's codes of the four kinds of drug overdose, in the order of ``CAUSES``."""

COLUMNS = ("Deaths", "Population", "Crude Rate", "Age Adjusted Rate")
MEASURES = ("M1", "M2", "M3", "M4")
"""WONDER's codes of the columns. Three come with every answer, the fourth with the option for age adjustment."""

INTERVALS = {"M32": "Crude Rate", "M42": "Age Adjusted Rate"}
"""Codes of 95% confidence intervals, which stand inside the cell of their rate."""

MOST_PER_100K = 200
"""Rate above which an answer is of more deaths than overdoses: the service ignores a filter that it does not know."""

_ADJUSTED_TO_CRUDE = (0.7, 1.4)
_INTERVAL = re.compile(r"\(?([\d.,]+) ?- ?([\d.,]+)\)?")
_ALL = "*All*"
_SHORTEST_SENTENCE = 30
"""Shorter texts of an answer repeat the question's names and values."""

_PLACES_AND_DATES = ("V1", "V9", "V10", "V27", "V77", "V79", "V80", "V100")
_LISTS = ("V4", "V5", "V7", "V11", "V12", "V17", "V19", "V20", "V21", "V22", "V23", "V42", "V43", "V44", "V51", "V52")
_OPTIONS = {
    "O_aar": "aar_std",
    "O_aar_CI": "true",
    "O_aar_SE": "false",
    "O_aar_enable": "true",
    "O_aar_pop": "0000",
    "O_age": f"{DATASET}.V5",
    "O_dates": "YEAR",
    "O_javascript": "on",
    "O_location": f"{DATASET}.V9",
    "O_death_location": f"{DATASET}.V79",
    "O_mcd": f"{DATASET}.V13",
    "O_precision": "9",
    "O_race": f"{DATASET}.V42",
    "O_rate_per": "100000",
    "O_show_suppressed": "true",
    "O_show_totals": "false",
    "O_show_zeros": "true",
    "O_timeout": "120",
    "O_title": "",
    "O_ucd": f"{DATASET}.V25",
    "O_urban": f"{DATASET}.V19",
    "action-Send": "Send",
    "dataset_code": DATASET,
    "stage": "request",
}


def question() -> str:
    """Give the question: overdose deaths, population and rates of the United States, by year.

    >>> "<name>F_D176.V25</name><value>D1</value><value>D2</value>" in question()
    True
    """
    asked: dict[str, tuple[str, ...]] = {"accept_datause_restrictions": ("true",), "B_1": (f"{DATASET}.V1-level1",)}
    asked |= {f"B_{place}": ("*None*",) for place in range(2, 6)}
    asked |= {f"M_{code[1:]}": (f"{DATASET}.{code}",) for code in (*MEASURES[:3], *INTERVALS)}
    for variable in (*_PLACES_AND_DATES, "V2", "V13", "V25", "V26"):
        advanced = variable in ("V13", "V26")
        asked[f"F_{DATASET}.{variable}"] = CAUSE_CODES if variable == "V25" else (_ALL,)
        asked[f"V_{DATASET}.{variable}"] = ("",)
        asked[f"O_{variable}_fmode"] = ("fadv" if advanced else "freg",)
        asked[f"finder-stage-{DATASET}.{variable}"] = ("codeset",)
    asked |= {f"V_{DATASET}.{variable}": (_ALL,) for variable in _LISTS}
    asked[f"V_{DATASET}.V6"] = ("00",)
    asked |= {f"VM_{DATASET}.M6_{DATASET}.{name}": (_ALL,) for name in ("V17", "V1_S", "V42", "V7")}
    asked[f"VM_{DATASET}.M6_{DATASET}.V10"] = ("",)
    asked |= {name: (value,) for name, value in _OPTIONS.items()}
    root = ET.Element("request-parameters")
    for name, values in sorted(asked.items()):
        parameter = ET.SubElement(root, "parameter")
        ET.SubElement(parameter, "name").text = name
        for value in values:
            ET.SubElement(parameter, "value").text = value
    return '<?xml version="1.0" encoding="UTF-8"?>' + ET.tostring(root, encoding="unicode")


def fetch(transport: Transport, into: Path) -> tuple[Path, Path]:
    """Ask the question, and keep it with its answer.

    Raises:
        TransportError: The service cannot be reached, or refuses the question.
        SourceRefused: The answer is not a table by year.
    """
    into.mkdir(parents=True, exist_ok=True)
    asked = into / QUESTION
    asked.write_text(question(), encoding="utf-8")
    form = {"request_xml": asked.read_text(encoding="utf-8"), "accept_datause_restrictions": "true"}
    types = ("text/xml", "application/xml")
    download = transport.download(f"{ADDRESS}/{DATASET}", into, ANSWER, content_types=types, form=form)
    if download is None:
        raise TransportError(f"{ADDRESS}: expected a table, found HTTP 304 to a plain question. Try again later.")
    read(download.path, datetime.date.today())
    return asked, download.path


def read(path: Path, query_date: datetime.date) -> tuple[Footer, Table]:
    """Read an answer as if it were an export grouped by year.

    Args:
        path: The answer; the question lies beside it.
        query_date: Day on which it was asked.

    Raises:
        SourceRefused: Not a table, a message in place of one, or other columns than were asked for.
    """
    root = _parsed(path)
    table = root.find(".//data-table")
    if table is None:
        said = " ".join(" ".join(text.split()) for text in root.itertext() if text.strip())[:200]
        raise SourceRefused(
            f"{path.name}: expected a data-table, found {said or 'none'!r}. CDC may have changed the service: try "
            "again later, or export the table by hand."
        )
    asked = _asked(path.with_name(QUESTION))
    _check_columns(root, path.name)
    lines = [list(row) for row in table.findall("r")]
    wrong = next((line for line in lines if len(line) != len(COLUMNS) + 1), None)
    if wrong is not None or not lines:
        found = [dict(cell.attrib) for cell in wrong][:6] if wrong is not None else "no rows"
        raise SourceRefused(
            f"{path.name}: expected a year and {', '.join(COLUMNS)} in each row, found {found}. Export it by hand."
        )
    frame = pd.DataFrame([_cells(line) for line in lines]).fillna("").astype("str")
    frame = frame.assign(_file=path.name, _row=range(1, len(frame) + 1))
    _check_numbers(frame, path.name)
    said = " ".join(" ".join(text.split()) for text in _texts(root, table) if text.strip())
    footer = Footer(
        last_line=len(frame),
        dataset=TITLE,
        query_date=query_date,
        parameters=(
            ("UCD - Drug/Alcohol Induced Causes", CAUSES if tuple(asked[f"F_{DATASET}.V25"]) == CAUSE_CODES else ""),
            ("Group By", "Year"),
            ("Standard Population", "2000 U.S. Std. Population"),
            ("Calculate Rates Per", "100,000"),
        ),
        caveats=said,
        messages="",
    )
    return footer, Table(frame, refused_records(), "utf-8")


def _parsed(path: Path) -> ET.Element:
    content = path.read_bytes()
    if b"<!ENTITY" in content or b"<!DOCTYPE" in content:
        # Entities can blow a small answer up to fill the memory; the service's own answers declare none.
        raise SourceRefused(f"{path.name}: expected a plain XML answer, found declarations in it. Try again later.")
    try:
        return ET.fromstring(content)
    except ET.ParseError as fault:
        raise SourceRefused(
            f"{path.name}: expected a complete XML answer, found one that is not ({fault}). Try again later."
        ) from fault


def _asked(path: Path) -> dict[str, list[str]]:
    if not path.is_file():
        raise SourceRefused(f"{path.name}: expected the question beside its answer, found none. Ask again.")
    return {
        str(parameter.findtext("name")): [value.text or "" for value in parameter.findall("value")]
        for parameter in _parsed(path).findall("parameter")
    }


def _check_columns(root: ET.Element, name: str) -> None:
    """Hold what the answer says of its columns, where it does, against the question."""
    grouped = [variable.get("code", "") for variable in root.iterfind(".//byvariables/variable")]
    measures = [measure.get("code", "").split(".")[-1] for measure in root.iterfind(".//measure-selections/measure")]
    plain = [code for code in measures if code not in INTERVALS]
    if any(not code.startswith(f"{DATASET}.V1") for code in grouped) or plain not in ([], [*MEASURES[:3]], [*MEASURES]):
        raise SourceRefused(
            f"{name}: expected {', '.join(MEASURES)} by year ({DATASET}.V1), found {', '.join(measures)} by "
            f"{', '.join(grouped)}. CDC may have changed the service: export the table by hand."
        )


def _check_numbers(frame: pd.DataFrame, name: str) -> None:
    """Check that the columns are what they are taken for: the crude rate is deaths over population, of overdoses."""
    deaths, population, crude, adjusted = (
        pd.to_numeric(frame[column].str.replace(",", "", regex=False), errors="coerce") for column in COLUMNS
    )
    highest = crude.max()
    if highest > MOST_PER_100K:
        raise SourceRefused(
            f"{name}: expected at most {MOST_PER_100K} overdose deaths per 100,000 residents, found {highest:g}: the "
            "service has left out the choice of causes. Export the table by hand."
        )
    off = (crude - deaths / population * 100_000).abs() > 0.06
    apart = ~(adjusted / crude).between(*_ADJUSTED_TO_CRUDE) & adjusted.notna() & crude.notna()
    if (off | apart).any():
        row = frame[off | apart].iloc[0]
        raise SourceRefused(
            f"{name}: expected deaths, population, their rate and an adjusted rate near it, found "
            f"{[row[column] for column in COLUMNS]} for {row['Year']}: the columns have changed. Export it by hand."
        )


def _cells(line: list[ET.Element]) -> dict[str, str]:
    """Give a row's label, values and limits; a total has a count of columns in place of the label, or says Total."""
    label = line[0].get("l", "")
    found = {"Notes": "" if label and label != "Total" else "Total", "Year": label, "Year Code": label.strip()[:4]}
    for column, cell in zip(COLUMNS, line[1:], strict=True):
        found[column] = (cell.get("v") or cell.get("dt") or "").strip()
        inside = cell.find("l")
        limits = _INTERVAL.fullmatch(inside.get("v", "").strip()) if inside is not None else None
        if column in INTERVALS.values():
            found[column + LOWER], found[column + UPPER] = limits.groups() if limits else ("", "")
    return found


def _texts(root: ET.Element, table: ET.Element) -> list[str]:
    """Give the sentences outside the table: caveats, footnotes, the day up to which deaths are in."""
    inside = set(table.iter())
    said = [element.text or "" for element in root.iter() if element not in inside]
    return [text for text in said if len(text) > _SHORTEST_SENTENCE]
