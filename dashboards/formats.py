"""How numbers, periods and names are written, and how text from a source is kept harmless.

Everything a source can write (a place name, a footnote, an address) passes through one of these functions before it
reaches a label, a page or a download.
"""

import calendar
import functools
import html
import math
import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

NOT_AVAILABLE = "–"

STATUS_WORDS = {
    "reported": "reported",
    "suppressed": "suppressed",
    "low_quality": "low quality, not shown",
    "not_collected": "not collected",
    "not_applicable": "not applicable",
    "withdrawn": "withdrawn",
}
TARGET_WORDS = {
    "met": "met",
    "not_met": "not met",
    "undetermined": "cannot tell",
    "no_target": "no target",
}
TARGET_SYMBOLS = {"met": "●", "not_met": "▽", "undetermined": "◆", "no_target": ""}

DRUG_WORDS = {
    "all": "All drugs",
    "opioids": "Any opioid",
    "opioids_natural_semisynthetic_methadone_synthetic": "Opioid pain relievers, methadone and synthetic opioids",
    "natural_semisynthetic_and_methadone": "Natural and semisynthetic opioids and methadone",
    "heroin": "Heroin",
    "natural_semisynthetic": "Natural and semisynthetic opioids",
    "methadone": "Methadone",
    "synthetic_opioids": "Synthetic opioids (mostly fentanyl)",
    "fentanyl_and_analogues": "Fentanyl and analogues",
    "fentanyl": "Fentanyl",
    "fentanyl_analogues": "Fentanyl analogues",
    "illicitly_manufactured_fentanyls": "Illicitly manufactured fentanyls",
    "fentanyl_related_other": "Other substances related to fentanyl",
    "carfentanil": "Carfentanil",
    "prescription_opioids": "Prescription opioids",
    "non_fentanyl_opioids": "Opioids other than fentanyl",
    "cocaine": "Cocaine",
    "psychostimulants": "Psychostimulants (mostly methamphetamine)",
    "methamphetamine": "Methamphetamine",
    "stimulants": "Any stimulant",
    "other_stimulants": "Other stimulants",
    "benzodiazepines": "Benzodiazepines",
    "buprenorphine": "Buprenorphine",
    "cocaine_and_fentanyl": "Cocaine and fentanyl",
    "opiates": "Opiates",
    "heroin_and_morphine": "Heroin and morphine",
    "slow_release_morphine": "Slow-release morphine",
    "dihydrocodeine": "Dihydrocodeine",
    "diacetylmorphine": "Diacetylmorphine (prescribed heroin)",
    "drug_misuse": "Drug misuse",
    "other": "Other drugs",
}
STRATUM_WORDS = {
    "answered_by": "answered by",
    "compared_by": "compared by",
    "question": "question:",
    "service": "service:",
    "step": "step:",
    "weights": "weights:",
    "law": "law:",
    "measure": "measure:",
    "of": "of",
    "rate": "of",
    "source": "source:",
    "term": "change in",
    "sex": "sex",
    "age_group": "age",
    "race_ethnicity": "race and ethnicity",
    "population_group": "group",
}

COUNTED = ("deaths", "people", "visits", "hospitalisations", "responses", "syringes", "samples", "kits")
"""Units that count whole things."""

_DANGEROUS_START = re.compile(r"^[=+\-@\t\r\n]")
_YEAR = re.compile(r"^\d{4}$")
_MONTH = re.compile(r"^(\d{4})-(\d{2})$")
_WINDOW = re.compile(r"^12 months to (\d{4}-\d{2})$")
_SPAN = re.compile(r"^(\d{4}-\d{2}) to (\d{4}-\d{2})$")


def is_missing(value: object) -> bool:
    """Tell whether a value read from the database is null."""
    if value is None or value is pd.NaT or value is pd.NA:
        return True
    return isinstance(value, float) and math.isnan(value)


def text(value: object) -> str:
    """Give a value as plain text, with nothing for null."""
    return "" if is_missing(value) else str(value)


def number(value: object, decimals: int | None = None) -> str:
    """Write a number with thousands separators, rounding halves away from zero as readers do by hand.

    Args:
        value: The number, or null, which is written as a dash.
        decimals: Digits after the point; chosen from the size of the number when left out.
    """
    if is_missing(value):
        return NOT_AVAILABLE
    amount = Decimal(repr(float(value)))  # type: ignore[arg-type]
    if decimals is None:
        decimals = decimals_for(float(amount))
    rounded = amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return f"{rounded:,f}"


def amount(value: object, unit: object) -> str:
    """Write a number as its unit wants it: things that are counted have no decimals."""
    return number(value, 0 if text(unit) in COUNTED else None)


def decimals_for(value: float) -> int:
    """Choose how many decimals a reader needs for a number of this size."""
    size = abs(value)
    if size >= 100 or (size == round(size) and size >= 10):
        return 0
    return 1 if size >= 1 else 2 if size else 0


def signed(value: object, decimals: int) -> str:
    """Write a change with its sign, and a true minus."""
    plain = number(value, decimals)
    return plain.replace("-", "−") if plain.startswith("-") else f"+{plain}"


def with_unit(value: object, unit: object) -> str:
    """Write a number with a percent sign where its unit is percent, alone otherwise."""
    return f"{number(value)}%" if text(unit).startswith("percent") else number(value)


def interval(lower: object, upper: object, decimals: int | None = None) -> str:
    """Write an interval as ``low to high``, or a dash where either end is missing."""
    if is_missing(lower) or is_missing(upper):
        return NOT_AVAILABLE
    return f"{number(lower, decimals)} to {number(upper, decimals)}"


def month(label: str) -> str:
    """Write ``2021-12`` as December 2021."""
    hit = _MONTH.match(label)
    if hit is None or not 1 <= int(hit[2]) <= 12:
        return label
    return f"{calendar.month_name[int(hit[2])]} {hit[1]}"


def is_year(label: object) -> bool:
    """Tell whether a period label is one calendar year."""
    return bool(_YEAR.match(text(label)))


@functools.cache
def period(label: object) -> str:
    """Write a period label of the published tables as a reader says it."""
    plain = text(label)
    if is_year(plain):
        return plain
    if hit := _WINDOW.match(plain):
        return f"12 months to {month(hit[1])}"
    if hit := _SPAN.match(plain):
        return f"{month(hit[1])} to {month(hit[2])}"
    return month(plain)


def in_period(label: object) -> str:
    """Write a period so that it can follow a number in a sentence."""
    plain = period(label)
    if plain.startswith("12 months"):
        return f"in the {plain}"
    return f"from {plain}" if " to " in plain else f"in {plain}"


def stratum(strata: object) -> str:
    """Write the strata of a value: ``drug=opioids;sex=female`` as Any opioid, sex female."""
    parts = []
    for part in text(strata).split(";"):
        key, _, value = part.partition("=")
        if key == "drug":
            parts.append(drug(value))
        elif value:
            parts.append(f"{STRATUM_WORDS.get(key, key)} {value}")
    return ", ".join(parts) or "All"


def drug(drug_id: str) -> str:
    """Write a drug class by its name."""
    return DRUG_WORDS.get(drug_id, drug_id.replace("_", " ").capitalize())


def label(value: object) -> str:
    """Make text safe for a plotly label: plotly renders some HTML, so all of it is escaped."""
    return html.escape(text(value), quote=True)


def url(value: object) -> str:
    """Give an address only when it is a plain web address, so that no script hides in a link."""
    plain = text(value).strip()
    try:
        parts = urlsplit(plain)
    except ValueError:
        return ""
    safe = parts.scheme in ("http", "https") and parts.netloc and not re.search(r"[\s<>\"'`]", plain)
    return plain if safe else ""


def csv_cell(value: object) -> str:
    """Write one cell of a CSV file: quoted where needed, and never a formula in a spreadsheet.

    Numbers stay numbers; text that a spreadsheet would run (it starts with ``= + - @``, a tab or a line break) gets an
    apostrophe in front.
    """
    if is_missing(value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    plain = str(value)
    if _DANGEROUS_START.match(plain):
        plain = "'" + plain
    if re.search(r'[",\r\n]', plain):
        plain = '"' + plain.replace('"', '""') + '"'
    return plain


def csv_lines(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """Write a header and rows as CSV text with ``\\n`` line ends."""
    lines = [",".join(csv_cell(name) for name in header)]
    lines += [",".join(csv_cell(cell) for cell in row) for row in rows]
    return "\n".join(lines) + "\n"


def sentence_list(items: list[str]) -> str:
    """Join names as a sentence does: a, b and c."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def slug(value: str) -> str:
    """Make a file-name-safe id from any text; the result holds letters, digits, dot, dash and underscore only."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", value).strip("._") or "x"
