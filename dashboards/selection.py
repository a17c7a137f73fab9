"""Selecting and wording: what several pages do with rows of the published tables. Nothing is calculated here."""

import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from dashboards import formats
from dashboards.published import Published

NAMED_IN_A_TIE = 3
US_TERRITORIES = ("US-AS", "US-GU", "US-MP", "US-PR", "US-VI")


def source_ids(values: Iterable[object]) -> list[str]:
    """List the sources named in a column of source ids, each once, in order of appearance."""
    found: dict[str, None] = {}
    for value in dict.fromkeys(formats.text(value) for value in values):
        for name in re.split(r"[+;,|\s]+", value):
            if name:
                found[name] = None
    return list(found)


def source_line(published: Published, frame: pd.DataFrame) -> str:
    """Say where the numbers of a frame come from: publisher, title, release and licence of each source."""
    if frame.empty:
        return ""
    releases = [name for name in dict.fromkeys(formats.text(value) for value in frame["release"]) if name]
    parts = []
    for source_id in source_ids(frame["source_ids"]):
        card = published.sources.get(source_id, {})
        publisher, title = formats.text(card.get("publisher")), formats.text(card.get("title"))
        name = ", ".join(part for part in (publisher, title) if part) or source_id
        licence = formats.text(card.get("licence"))
        release = formats.text(card.get("newest_release")) or (releases[-1] if releases else "")
        parts.append(name + (f", release {release}" if release else "") + (f". Licence: {licence}" if licence else ""))
    return "; ".join(parts) + "." if parts else ""


def years_of(frame: pd.DataFrame) -> str:
    """Say which years the newest values of a frame are for: 2018, or 2011 to 2018."""
    years = sorted({end[:4] for end in frame["period_end"] if end})
    return "" if not years else years[0] if len(years) == 1 else f"{years[0]} to {years[-1]}"


def keep(frame: pd.DataFrame, column: str, wanted: Callable[[Any], bool]) -> pd.DataFrame:
    """Keep the rows whose value in a column passes a test; a frame without rows keeps its columns."""
    return frame[np.array([wanted(value) for value in frame[column]], dtype=bool)]


def is_us_state(area_id: object) -> bool:
    """Tell whether an area is a US state or the District of Columbia, and not a territory, a city or a county."""
    plain = str(area_id)
    return plain.startswith("US-") and len(plain) == 5 and plain not in US_TERRITORIES


def total(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows that are for everyone and every drug."""
    return frame[frame["strata"] == "all"]


def drug_of(strata: object) -> str:
    """Give the drug of a stratum that has nothing else, ``all`` for the total, and nothing otherwise."""
    plain = formats.text(strata)
    if plain == "all":
        return "all"
    return plain.removeprefix("drug=") if plain.startswith("drug=") and ";" not in plain else ""


def ranked(frame: pd.DataFrame, reference: str = "") -> pd.DataFrame:
    """Sort places by value, highest first, those without a value last, and say which row is the reference."""
    missing = frame["value"].isna().tolist()
    roles = [
        "none" if absent else "reference" if area == reference else "place"
        for area, absent in zip(frame["area_id"], missing, strict=True)
    ]
    rows = frame.assign(role=roles, _missing=missing)
    rows = rows.sort_values(["_missing", "value", "name"], ascending=[True, False, True], kind="stable")
    return rows.drop(columns="_missing").reset_index(drop=True)


def highest_and_lowest(rows: pd.DataFrame, unit: str, reference: str = "") -> str:
    """Word the top, the bottom and the reference of ranked rows; places that tie are named together."""
    places = rows[(rows["role"] == "place") & rows["value"].notna()]
    if places.empty:
        return "No place has a value."
    most, least = places["value"].max(), places["value"].min()
    words = f"Highest: {_all_at(places, most)}, {formats.amount(most, unit)}"
    if most > least:
        words += f"; lowest: {_all_at(places, least)}, {formats.amount(least, unit)}"
    national = rows[rows["role"] == "reference"]
    if reference and not national.empty:
        words += f"; {reference}: {formats.amount(national.iloc[0]['value'], unit)}"
    hidden = int((rows["role"] == "none").sum())
    tail = f" Not shown as a number: {hidden} (see the table)." if hidden else ""
    return f"{words} {unit}.{tail}"


def _all_at(places: pd.DataFrame, value: float) -> str:
    """Name the places that have a value: up to three of them, and how many others."""
    names = [str(name) for name in places.loc[places["value"] == value, "name"]]
    if len(names) <= NAMED_IN_A_TIE:
        return formats.sentence_list(names)
    return f"{', '.join(names[: NAMED_IN_A_TIE - 1])} and {len(names) - NAMED_IN_A_TIE + 1} others"


def place_options(published: Published, area_ids: Iterable[str]) -> list[tuple[str, str]]:
    """Give places as options: countries first, then their parts, each by name."""
    kinds = published.areas["kind"].to_dict()
    present = {area for area in area_ids if area in published.names}
    return sorted(
        ((area, published.names[area]) for area in present), key=lambda pair: (kinds[pair[0]] != "country", pair[1])
    )


def unit_of(published: Published, indicator_id: str, frame: pd.DataFrame | None = None) -> str:
    """Give the unit of an indicator, from its rows or its card."""
    if frame is not None and len(frame):
        units = [formats.text(unit) for unit in frame["unit"]]
        if units[-1]:
            return units[-1]
    return formats.text(published.indicators.get(indicator_id, {}).get("unit"))
