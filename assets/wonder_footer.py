"""The footer of a CDC WONDER export: what was asked, when, of which data set, and how complete the deaths are.

WONDER wraps the footer at about 130 characters inside separate quoted lines, doubles quotation marks and leaves HTML.
"""

import datetime
import re
from dataclasses import dataclass

from assets.source import SourceRefused
from schemas.sources.cdc_wonder import DATASETS, DRUG_OF_CODES, NEUTRAL_PARAMETERS, OVERDOSE_CAUSES

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PARAMETER = re.compile(r"^([A-Z0-9][\w /-]{2,60}?): (.*)$")
_DAY = r"([A-Z][a-z]{2,8})\.? (\d{1,2}), (\d{4})"
_CODES = re.compile(r"\b([A-Z]\d{2}(?:\.\d)?)(?:-([A-Z]\d{2}))?\b")
_ADVICE = "Export it again from WONDER (Results, Export, with 'Show Totals' as you like) and drop the whole file."


@dataclass(frozen=True)
class Footer:
    """What the footer says of the table above it."""

    last_line: int
    """Line on which the table ends."""

    dataset: str
    query_date: datetime.date
    parameters: tuple[tuple[str, str], ...]
    caveats: str
    messages: str

    def asked(self, name: str) -> str:
        """Give the value of a query parameter; empty where it was not stated."""
        return "; ".join(value for key, value in self.parameters if key == name)

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of what the result is grouped by; WONDER has separated them by commas and by semicolons."""
        return tuple(part.strip() for part in re.split(r"[;,]", self.asked("Group By")) if part.strip())

    @property
    def race_era(self) -> str:
        """Bridged or single race: the two are not comparable."""
        single = "single race" in self.dataset.lower() or self.dataset.startswith("Provisional")
        return "single race" if single else "bridged"

    @property
    def deaths_through(self) -> datetime.date | None:
        """Last day of the deaths in provisional data."""
        found = re.search(rf"Deaths occurring through {_DAY}", self.caveats)
        return _day(found.groups()) if found else None

    @property
    def last_population_year(self) -> int | None:
        """Year whose population CDC also uses for all later ones."""
        found = re.search(r"population figures for years? (\d{4}) and later", self.caveats)
        return int(found.group(1)) if found else None

    def notes(self) -> dict[str, str]:
        """Give what a reader must know of the release, by short names."""
        vintage = re.search(rf"Deaths occurring through {_DAY} as of {_DAY}", self.caveats)
        return {
            "dataset": self.dataset,
            "query date": self.query_date.isoformat(),
            "group by": "; ".join(self.groups),
            "query": " | ".join(f"{name}: {value}" for name, value in self.parameters if value != "All"),
            "data vintage": vintage.group() if vintage else "final data",
            "messages": self.messages,
            "caveats": self.caveats,
        }


def read_footer(text: str, name: str) -> Footer:
    """Read the footer of an export.

    Raises:
        SourceRefused: There is none, it is cut off, or the file is not a WONDER export of deaths.
    """
    lines = [line.strip() for line in text.splitlines()]
    marks = [position for position, line in enumerate(lines) if line in ('"---"', "---")]
    if not lines or "Notes" not in lines[0].replace('"', "").split("\t"):
        raise SourceRefused(
            f"{name}: expected a CDC WONDER export, whose first line has the column Notes between tabs, found "
            f"{lines[0][:60] if lines else 'nothing'!r}. Drop the text file that WONDER's Export button gives."
        )
    if not marks:
        raise SourceRefused(
            f"{name}: expected WONDER's footer after a line '---', found the file ending at line {len(lines)} "
            f"without it: "
            f"it is cut off, or the footer was removed. {_ADVICE}"
        )
    body = [_unquote(line) for line in lines[marks[0] :]]
    full = " ".join(body)
    dataset = _needed(r"Dataset: (.+)", body, "Dataset", name)
    date = re.search(rf"Query Date: {_DAY}", full)
    if date is None:
        raise SourceRefused(f"{name}: expected a Query Date in the footer, found none: the file is cut off. {_ADVICE}")
    if not dataset.startswith(DATASETS):
        raise SourceRefused(
            f"{name}: expected one of WONDER's data sets of deaths by cause ({', '.join(DATASETS)}), found {dataset!r}."
        )
    sections = _sections(body)
    return Footer(
        last_line=marks[0],
        dataset=dataset,
        query_date=_day(date.groups()),
        parameters=tuple(_parameters(sections[0])),
        caveats=_plain(next((section[1:] for section in sections if section[:1] == ["Caveats:"]), [])),
        messages=_plain(next((section[1:] for section in sections if section[:1] == ["Messages:"]), [])),
    )


def _unquote(line: str) -> str:
    inner = line[1:-1] if len(line) > 1 and line[0] == line[-1] == '"' else line
    return inner.replace('""', '"')


def _needed(pattern: str, body: list[str], what: str, name: str) -> str:
    found = [match.group(1) for line in body if (match := re.match(pattern, line))]
    if not found:
        raise SourceRefused(f"{name}: expected {what} in the footer, found none: the file is cut off. {_ADVICE}")
    return found[0].strip()


def _sections(body: list[str]) -> list[list[str]]:
    sections: list[list[str]] = []
    for line in body:
        if line == "---":
            sections.append([])
        elif line:
            sections[-1].append(line)
    return [section for section in sections if section] or [[]]


def _parameters(section: list[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in section:
        match = _PARAMETER.match(line)
        if match:
            found.append((match.group(1), match.group(2).strip()))
        elif found and line != "Query Parameters:":
            found[-1] = (found[-1][0], f"{found[-1][1]} {line}")
    return [(name, value) for name, value in found if name != "Dataset"]


def _plain(lines: list[str]) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", " ".join(lines)).split())


def _day(parts: tuple[str, ...]) -> datetime.date:
    return datetime.date(int(parts[2]), _MONTHS.index(parts[0][:3].lower()) + 1, int(parts[1]))


def _expand(value: str) -> set[str]:
    codes: set[str] = set()
    for first, last in _CODES.findall(value):
        if last:
            codes |= {f"{first[0]}{number}" for number in range(int(first[1:3]), int(last[1:3]) + 1)}
        else:
            codes.add(first)
    return codes


def check_query(footer: Footer, name: str) -> None:
    """Refuse an export that is not about all overdose deaths of the places and groups in its columns.

    Raises:
        SourceRefused: Another cause of death, another rate base or standard, or a filter on a group that is not shown.
    """
    causes = [(key, value) for key, value in footer.parameters if key.startswith("UCD") and value != "All"]
    codes = {code for _, value in causes for code in _expand(value)}
    strangers = [
        item.strip()
        for key, value in causes
        if "Drug/Alcohol" in key
        for item in value.split(";")
        if "Drug poisonings (overdose)" not in item
    ]
    if codes != OVERDOSE_CAUSES or strangers:
        missing, other = sorted(OVERDOSE_CAUSES - codes), sorted(codes - OVERDOSE_CAUSES) + strangers
        raise SourceRefused(
            f"{name}: expected the underlying causes of drug overdose, X40-X44, X60-X64, X85 and Y10-Y14, all "
            f"of them; found "
            f"{'other causes ' + str(other[:5]) if other else 'no other causes'}, missing {missing or 'none'}. "
            f"In WONDER, "
            "choose UCD - Drug/Alcohol Induced Causes, the four kinds of 'Drug poisonings (overdose)'."
        )
    for key, wanted in (("Calculate Rates Per", "100,000"), ("Standard Population", "2000 U.S. Std. Population")):
        if footer.asked(key) not in ("", wanted):
            raise SourceRefused(
                f"{name}: expected '{key}: {wanted}' in the query, found {footer.asked(key)!r}. Query it again."
            )
    for key, value in footer.parameters:
        neutral = key in NEUTRAL_PARAMETERS or key.startswith(("UCD", "MCD")) or value == "All" or _shown(key, footer)
        if not neutral:
            raise SourceRefused(
                f"{name}: expected deaths of everybody in the places and groups shown, found the query limited to "
                f"'{key}: {value[:60]}' without a column for it. Set it to All, or group by it as well."
            )


def _shown(key: str, footer: Footer) -> bool:
    by_place = any(word in group for group in footer.groups for word in ("State", "County"))
    return key in footer.groups or (by_place and key in ("States", "Residence States", "Counties"))


def drug_asked(footer: Footer, name: str) -> str:
    """Tell which drug class the query asked for by its multiple causes of death.

    Raises:
        SourceRefused: A combination of codes that has no drug class here.
    """
    groups: list[set[str]] = [set()]
    for key, value in footer.parameters:
        if not key.startswith("MCD") or value == "All":
            continue
        for part in re.split(r"\b(AND)\b", value):
            if part == "AND":
                groups.append(set())
            else:
                groups[-1] |= _expand(part) or ({f"{key}: {part.strip()}"} if part.strip() else set())
    asked = frozenset(frozenset(group) for group in groups if group)
    if asked not in DRUG_OF_CODES:
        known = sorted(" with ".join("/".join(sorted(group)) for group in codes) for codes in DRUG_OF_CODES if codes)
        raise SourceRefused(
            f"{name}: expected multiple-cause codes of one drug class ({', '.join(known)}) or none, found "
            f"{[sorted(group) for group in asked]}. Query one class at a time, or add it to the source's schema."
        )
    return DRUG_OF_CODES[asked]
