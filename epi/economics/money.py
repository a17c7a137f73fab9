"""Costs of many years and currencies in one year and one currency, by stated deflators and exchange rates."""

from typing import Literal

import pandas as pd

from epi.intervals import check_method

Order = Literal["deflate-first", "exchange-first"]


def convert_costs(
    costs: pd.DataFrame,
    to_year: int,
    to_currency: str,
    deflators: pd.DataFrame,
    exchange_rates: pd.DataFrame | None = None,
    order: Order = "deflate-first",
) -> pd.DataFrame:
    """Bring costs to a common year and currency.

    Formula: with price index P and units of currency per common unit E (US dollars, or international dollars at
    purchasing power parity),

    - `deflate-first` (default, for goods bought and paid locally): cost x P(own currency, to_year) / P(own currency,
      year) x E(to_currency, to_year) / E(own currency, to_year);
    - `exchange-first` (for traded goods): cost x E(to_currency, year) / E(own currency, year) x P(to_currency, to_year)
      / P(to_currency, year).

    A factor that would be 1 (same year, same currency) needs no entry. Nothing is interpolated or carried forward.

    Args:
        costs: One row per cost: `amount`, `currency`, `year`; other columns are kept.
        to_year: Year to which prices are brought.
        to_currency: Currency, as the frames name it (`USD`, `AUD`).
        deflators: Price indexes: `currency`, `year`, `index` (above 0), each currency and year once.
        exchange_rates: `currency`, `year`, `per_unit` (above 0); not needed where all costs are in `to_currency`.
        order: `deflate-first` or `exchange-first`.

    Returns:
        The costs with `converted_amount`, `converted_currency`, `converted_year`, and the two factors used,
        `price_factor` and `exchange_factor`.

    Raises:
        ValueError: A column, a year or a currency is missing, an entry repeats or is not above 0.

    References:
        Turner HC, Lauer JA, Tran BX, Teerawattananon Y, Jit M. Adjusting for inflation and currency changes within
        health economic studies. Value Health 2019;22:1026-1032.

    Examples:
        >>> costs = pd.DataFrame({"amount": [100.0], "currency": ["AUD"], "year": [2015]})
        >>> prices = pd.DataFrame({"currency": "AUD", "year": [2015, 2020], "index": [100.0, 110.0]})
        >>> rates = pd.DataFrame({"currency": ["AUD", "USD"], "year": 2020, "per_unit": [1.5, 1.0]})
        >>> convert_costs(costs, 2020, "USD", prices, rates)["converted_amount"].round(2).tolist()
        [73.33]
    """
    check_method(order, Order)
    _columns("costs", costs, ["amount", "currency", "year"])
    prices = _lookup("deflators", deflators, "index")
    empty = pd.DataFrame({"currency": [], "year": [], "per_unit": []})
    rates = _lookup("exchange_rates", empty if exchange_rates is None else exchange_rates, "per_unit")
    own, year = costs["currency"].astype(str), costs["year"].astype(int)
    target, now = pd.Series(to_currency, index=costs.index), pd.Series(to_year, index=costs.index)
    in_currency, exchanged_in = (own, now) if order == "deflate-first" else (target, year)
    price = _ratio("deflators", prices, (in_currency, now), (in_currency, year))
    exchange = _ratio("exchange_rates", rates, (target, exchanged_in), (own, exchanged_in))
    return costs.assign(
        converted_amount=costs["amount"].astype(float) * price * exchange,
        converted_currency=to_currency,
        converted_year=to_year,
        price_factor=price,
        exchange_factor=exchange,
    )


def _columns(label: str, frame: pd.DataFrame, wanted: list[str]) -> None:
    missing = [name for name in wanted if name not in frame]
    if missing:
        raise ValueError(f"{label}: expected the columns {wanted}; found none named {missing}.")


def _lookup(label: str, frame: pd.DataFrame, value: str) -> "pd.Series[float]":
    """Give the values by currency and year, once each is above 0 and there once."""
    _columns(label, frame, ["currency", "year", value])
    table = frame.assign(currency=frame["currency"].astype(str), year=frame["year"].astype(int))
    series: pd.Series[float] = table.set_index(["currency", "year"])[value].astype(float)
    if series.index.has_duplicates:
        raise ValueError(
            f"{label}: expected each currency and year once; found {series.index[series.index.duplicated()][0]}."
        )
    if not (series > 0).all():
        raise ValueError(f"{label}: expected {value} above 0; found {series[~(series > 0)].iloc[0]}.")
    return series


def _ratio(
    label: str,
    values: "pd.Series[float]",
    above: "tuple[pd.Series[str], pd.Series[int]]",
    below: "tuple[pd.Series[str], pd.Series[int]]",
) -> "pd.Series[float]":
    """Divide the value of one currency and year by that of another, 1 where they are the same."""
    index = above[0].index
    keys = [pd.MultiIndex.from_arrays([part.to_numpy() for part in pair]) for pair in (above, below)]
    same = pd.Series((above[0] == below[0]) & (above[1] == below[1]), index=index)
    found = [pd.Series(values.reindex(key).to_numpy(), index=index).where(~same, 1.0) for key in keys]
    for key, series in zip(keys, found, strict=True):
        if series.isna().any():
            currency, year = key[int(series.isna().to_numpy().argmax())]
            years = sorted({int(when) for name, when in values.index if name == currency})
            raise ValueError(
                f"{label}: expected an entry for {currency} in {year}; found years {years or 'none'} of it. Add the "
                "published figure; none is carried forward."
            )
    return found[0] / found[1]
