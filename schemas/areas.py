"""Areas: the places that observations are about, and how publishers' labels become area ids.

One place has one id: ``AUT``, ``US-CA``, ``US-06037``, ``GB-ENG``. A US territory is ``US-PR`` whether its publisher
lists it as a country or as a part of the United States; its ISO 3166-1 codes are kept in its row.

Labels are matched exactly after their footnote marks, spacing, dashes, apostrophes, letter case and, as a second try,
their diacritics have been evened out. Nothing is matched by likeness: an unknown label gives a null, and its rows go to
quarantine (docs/decisions/0001-country-names.md).
"""

import functools
import re
import unicodedata
from pathlib import Path
from typing import get_args

import pandas as pd

from schemas.area_tables import Area, AreaAlias, Scheme

__all__ = [
    "Area",
    "AreaAlias",
    "Scheme",
    "area_names",
    "areas",
    "is_known_aggregate",
    "parents",
    "resolve",
    "tidy_label",
]

REFERENCE = Path(__file__).resolve().parents[1] / "data" / "reference"

_FLAGS = ("income_verified", "in_us_total")
_FOOTNOTE = re.compile(r"(?:\s*(?:[*†‡§¶#]|[¹²³⁰⁴-⁹]|\(\d{1,2}\)|\[\d{1,2}\]|\[note \d{1,2}\]))+\s*$", re.IGNORECASE)
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—−"), "-")
_APOSTROPHES = dict.fromkeys(map(ord, "’‘ʼ`´ʻ"), "'")
_EVEN_OUT = {**_DASHES, **_APOSTROPHES}


@functools.cache
def _areas() -> pd.DataFrame:
    frame = _read_reference("areas.csv")
    for flag in _FLAGS:
        frame[flag] = frame[flag].map({"true": True, "false": False}).astype(bool)
    return Area.validate(frame)


@functools.cache
def _aliases() -> pd.DataFrame:
    return AreaAlias.validate(_read_reference("area_aliases.csv"))


def _read_reference(name: str) -> pd.DataFrame:
    # keep_default_na=False keeps Namibia's "NA"; only empty cells are null.
    frame = pd.read_csv(REFERENCE / name, dtype=str, keep_default_na=False, na_values=[""], encoding="utf-8")
    frame["note"] = frame["note"].fillna("")
    return frame


def areas() -> pd.DataFrame:
    """Return every area, one row each, with the columns of `Area` (a copy of the cached table)."""
    return _areas().copy()


@functools.cache
def _columns_by_id(column: str) -> dict[str, str]:
    known = _areas().dropna(subset=[column])
    return dict(zip(known["area_id"], known[column], strict=True))


def area_names() -> dict[str, str]:
    """Return the name to show of every area, by area id."""
    return dict(_columns_by_id("name"))


def parents() -> dict[str, str]:
    """Return the parent's area id of every area but the world, by area id."""
    return dict(_columns_by_id("parent_id"))


def tidy_label(label: str) -> str:
    """Even out a published label: no footnote marks, single spaces, plain dashes and apostrophes, one letter case.

    >>> tidy_label(" Lao People’s  Democratic Republic (1) *")
    "lao people's democratic republic"
    """
    text = _FOOTNOTE.sub("", label)
    text = unicodedata.normalize("NFC", text).translate(_EVEN_OUT)
    return " ".join(text.split()).casefold()


def _without_diacritics(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


def _check_scheme(scheme: str) -> None:
    if scheme not in get_args(Scheme):
        raise ValueError(
            f"Expected one of the area schemes {', '.join(get_args(Scheme))}; found {scheme!r}. "
            "Pass the set of labels that the publisher uses, as in resolve(names, scheme='us')."
        )


def _codes(scheme: str) -> dict[str, str]:
    """Codes of a scheme, matched in capitals as published: a word such as "no" or "in" is never a country code."""
    table = _areas()
    if scheme == "country":
        return _pairs(table, "iso_alpha2") | _pairs(table, "iso_alpha3")
    if scheme == "fips":
        return _pairs(table, "fips")
    if scheme == "us":
        states = _in_country(table, "US")
        postal = _pairs(states.assign(code=states["area_id"].str[3:]), "code")
        return _pairs(states, "fips") | postal | {"US": "USA"}
    if scheme == "vsrr":
        return {**_codes("us"), "NY": "US-NY-XNYC", "YC": "US-NYC"}
    if scheme == "gb":
        regions = table[table["area_id"].str.fullmatch(r"GB-[EWSNK]\d{8}")]
        return _pairs(regions.assign(code=regions["area_id"].str[3:]), "code")
    provinces = _in_country(table, scheme.upper())
    return _pairs(provinces.assign(code=provinces["area_id"].str[3:]), "code")


def _names(scheme: str) -> dict[str, str]:
    """Names of a scheme's areas, evened out by `tidy_label`."""
    table = _areas()
    if scheme == "country":
        chosen = table[table["iso_alpha3"].notna() | table["kind"].isin(["world", "country"])]
    elif scheme == "gb":
        chosen = table[table["area_id"].str.match("GB-|GBR$")]
    elif scheme == "fips":
        return {}
    else:
        country = "US" if scheme == "vsrr" else scheme.upper()
        chosen = pd.concat(
            [_in_country(table, country), table[table["iso_alpha2"].eq(country)], _cut_from(table, country)]
        )
    return {tidy_label(name): area_id for area_id, name in zip(chosen["area_id"], chosen["name"], strict=True)}


def _pairs(table: pd.DataFrame, column: str) -> dict[str, str]:
    known = table.dropna(subset=[column])
    return dict(zip(known[column], known["area_id"], strict=True))


def _in_country(table: pd.DataFrame, country: str) -> pd.DataFrame:
    return table[table["kind"].eq("subdivision") & table["area_id"].str.startswith(f"{country}-")]


def _cut_from(table: pd.DataFrame, country: str) -> pd.DataFrame:
    return table[table["kind"].isin(["city", "aggregate"]) & table["area_id"].str.startswith(f"{country}-")]


@functools.cache
def _lookup(scheme: str) -> tuple[dict[str, str], dict[str, str], dict[str, str], frozenset[str]]:
    """Codes; names and aliases; the same without diacritics; and the documented labels that are not one place."""
    aliases = _aliases()
    aliases = aliases[aliases["scheme"].eq(scheme) | (scheme == "vsrr") & aliases["scheme"].eq("us")]
    evened = aliases["alias"].map(tidy_label)
    not_one_place = frozenset(evened[aliases["area_id"].isna()])
    named = aliases["area_id"].notna()
    labels = _names(scheme) | dict(zip(evened[named], aliases.loc[named, "area_id"], strict=True))
    if scheme == "vsrr":
        labels["new york"] = "US-NY-XNYC"
    plain: dict[str, str] = {}
    clashes: set[str] = set()
    for label, area_id in labels.items():
        if plain.setdefault(_without_diacritics(label), area_id) != area_id:
            clashes.add(_without_diacritics(label))
    return _codes(scheme), labels, {k: v for k, v in plain.items() if k not in clashes}, not_one_place


@functools.cache
def _iso_names() -> dict[str, str]:
    """Official, common and short ISO 3166-1 names from pycountry."""
    # Imported here: reading its tables is paid only for by labels that our own table does not know.
    import pycountry

    by_alpha3 = _pairs(_areas(), "iso_alpha3")
    names: dict[str, str] = {}
    for country in pycountry.countries:
        for kind in ("name", "official_name", "common_name"):
            name = getattr(country, kind, None)
            if name and country.alpha_3 in by_alpha3:
                names[_without_diacritics(tidy_label(name))] = by_alpha3[country.alpha_3]
    return names


def _resolve_one(label: str, scheme: str) -> str | None:
    codes, labels, plain, not_one_place = _lookup(scheme)
    if (code := label.strip()) in codes:
        return codes[code]
    evened = tidy_label(label)
    if not evened or evened in not_one_place:
        return None
    without = _without_diacritics(evened)
    found = labels.get(evened) or plain.get(without)
    if found is None and scheme == "country":
        found = _iso_names().get(without)
    return found


def resolve(names: pd.Series, scheme: Scheme = "country") -> pd.Series:
    """Give the area id of each published label, or a null where the label is not a known place.

    Args:
        names: Labels or codes as published, as text; nulls stay null.
        scheme: The set of labels that the publisher uses. `country`: names, ISO 3166-1 alpha-2 and alpha-3. `us`:
            state and territory names, postal abbreviations, two-digit FIPS, `New York City`, `United States`; New York
            is the whole state. `vsrr`: the same, but `NY` is New York State without New York City and `YC` is New York
            City, as in CDC's provisional counts. `ca`, `au`: province and state names and abbreviations. `gb`:
            countries and regions of the United Kingdom, names or ONS codes. `fips`: state (two digits) and county
            (five) FIPS codes with their leading zeros.

    Returns:
        Area ids with the index of `names`, dtype str. Unknown labels and documented aggregates are null: tell them
        apart with `is_known_aggregate`, drop the aggregates by count and quarantine the others.

    Raises:
        ValueError: `scheme` is not one of the above.
    """
    _check_scheme(scheme)
    unique = names.dropna().unique()
    found = {label: _resolve_one(str(label), scheme) for label in unique}
    return names.map(found).astype("str").rename("area_id")


def is_known_aggregate(names: pd.Series, scheme: Scheme = "country") -> pd.Series:
    """Say which labels are documented as not being one place, such as continents: drop them by count."""
    _check_scheme(scheme)
    not_one_place = _lookup(scheme)[3]
    unique = names.dropna().unique()
    known = {label: tidy_label(str(label)) in not_one_place for label in unique}
    return names.map(known).eq(True).rename("is_known_aggregate")
