"""Costs of several years and currencies brought to one, by price indexes and rates that the user gives and cites."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from epi.economics.money import convert_costs
from schemas.evidence import MONEY

COLUMNS = ("currency", "year", "index", "per_unit", "source")
_AMOUNTS = ["value", "lower", "upper"]


@dataclass(frozen=True)
class Prices:
    """Price indexes and exchange rates, and the year that costs are brought to.

    Attributes:
        table: ``currency, year, index, per_unit, source``, each currency and year once; ``per_unit`` is units of the
            currency for one common unit, US dollars or international dollars at purchasing power parity.
        year: Year of all costs after conversion.
    """

    table: pd.DataFrame
    year: int


def read_prices(path: Path, currency: str, year: int | None = None) -> Prices:
    """Read a CSV file of price indexes and exchange rates.

    Args:
        path: The file.
        currency: Currency that costs are brought to.
        year: Year that they are brought to; the newest that the file has for the currency when left out.

    Raises:
        ValueError: The file cannot be read, lacks a column or a source, or has nothing for the currency.
    """
    try:
        table = pd.read_csv(path, dtype={"currency": "str", "source": "str"}, keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as fault:
        raise ValueError(f"--prices {path}: expected a CSV file, found none that can be read: {fault}") from fault
    if list(table.columns) != list(COLUMNS):
        raise ValueError(f"--prices {path}: expected the columns {', '.join(COLUMNS)}; found {list(table)}.")
    for name in ("year", "index", "per_unit"):
        table[name] = _numbers(path, table[name])
    blank = table["currency"].isna() | table["source"].fillna("").str.strip().eq("") | table["year"].isna()
    if blank.any():
        raise ValueError(
            f"--prices {path}: expected a currency, a year and a source in every row, found none in line "
            f"{int(blank.to_numpy().argmax()) + 2}. Say where the figure was published."
        )
    table["year"] = table["year"].astype("int64")
    years = table.loc[table["currency"].eq(currency) & table["index"].notna(), "year"]
    if years.empty:
        raise ValueError(f"--prices {path}: expected a price index of {currency}, found none.")
    return Prices(table, int(years.max()) if year is None else year)


def _numbers(path: Path, cells: pd.Series) -> pd.Series:
    found = pd.to_numeric(cells, errors="coerce")
    bad = found.isna() & cells.notna()
    if bad.any():
        line = int(bad.to_numpy().argmax())
        raise ValueError(f"--prices {path}: expected a number, found {cells.iloc[line]!r} in line {line + 2}.")
    return found


def carried(
    figures: pd.DataFrame, prices: Prices, currency: str, chosen: Mapping[str, str], needed: Collection[str]
) -> pd.DataFrame:
    """Bring the costs that an analysis would take to one year and currency; the other figures stay as they are.

    Costs are taken along the way they were paid: local prices first, then the exchange rate. A cost without a price
    year cannot be carried and stays in its own currency.

    Args:
        figures: All figures, as ``assets.evidence.load().figures``.
        prices: Indexes and rates.
        currency: Currency of all costs.
        chosen: Source that the user chose, by parameter.
        needed: Parameters of the analysis.

    Raises:
        ValueError: An index or a rate is lacking; the message names it. None is carried forward.
    """
    named = pd.Series(
        [
            chosen.get(name, "") == source
            for name, source in zip(figures["parameter_id"], figures["source_key"], strict=True)
        ],
        index=figures.index,
    )
    default = figures["is_default"] & ~figures["parameter_id"].isin(list(chosen))
    dated = (
        figures["parameter_id"].isin(list(needed))
        & figures["topic"].isin(MONEY)
        & (figures["currency"] != "GDP")
        & figures["cost_year"].notna()
    )
    wanted = figures[dated & (named | default)]
    asked = wanted[["currency"]].assign(amount=1.0, year=wanted["cost_year"].astype("int64"))
    indexes = prices.table.loc[prices.table["index"].notna(), ["currency", "year", "index"]]
    rates = prices.table.loc[prices.table["per_unit"].notna(), ["currency", "year", "per_unit"]]
    try:
        factor = convert_costs(asked, prices.year, currency, indexes, rates)["converted_amount"]
    except ValueError as fault:
        raise ValueError(f"--prices: {fault}") from fault
    result = figures.copy()
    result.loc[wanted.index, _AMOUNTS] = wanted[_AMOUNTS].mul(factor, axis=0)
    result.loc[wanted.index, "currency"] = currency
    result.loc[wanted.index, "cost_year"] = prices.year
    return result


def told(prices: Prices, currency: str) -> str:
    """Say in a sentence what costs were brought to, and by whose figures."""
    sources = "; ".join(dict.fromkeys(prices.table["source"]))
    return f"Costs are brought to {currency} of {prices.year} by your price indexes and exchange rates ({sources})."
