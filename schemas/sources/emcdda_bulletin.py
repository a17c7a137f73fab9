"""Layout of the tables of the European drugs agency's Statistical Bulletin that are read here."""

from dataclasses import dataclass

import pandera.pandas as pa
from pandera.typing.pandas import Series


@dataclass(frozen=True)
class YearTable:
    """A bulletin table with one row for a country and one column for a year."""

    title: str
    measure_id: str
    sex: str = "all"
    age_group: str = "all"
    drug: str = "all"
    factor: float = 1.0
    note: str = ""
    whole: bool = True
    """Whether only whole numbers can be right."""


def _deaths(title: str, sex: str = "all", age_group: str = "all") -> YearTable:
    return YearTable(f"Drug-induced deaths, {title}", "drug_induced_deaths", sex, age_group)


_AGES = ("15-19", "20-24", "25-29", "30-34", "35-39", "40-44", "45-49", "50-54", "55-59", "60-64", "65+")

YEAR_TABLES = {
    "HSR-5-1-1": YearTable(
        "Syringes distributed by specialised programmes, thousands",
        "syringes_distributed",
        factor=1000.0,
        note="published in thousands (unit inferred from magnitude)",
        whole=False,
    ),
    "HSR-3-2": YearTable("Clients receiving methadone, by year", "oat_clients", drug="methadone"),
    "DRD-31": _deaths("men", sex="male"),
    "DRD-32": _deaths("women", sex="female"),
    "DRD-34": YearTable("Mean age at drug-induced death", "drug_induced_deaths_mean_age", whole=False),
    **{f"DRD-{number}": _deaths(f"aged {age}", age_group=age) for number, age in enumerate(_AGES, start=36)},
}
"""Bulletin table id, and what its cells are."""

CLIENTS_TABLE = "HSR-3-3"
CLIENT_COLUMNS = {
    "Number of methadone clients": "methadone",
    "Number of buprenorphine-based OST clients": "buprenorphine",
    "Number of SROM clients": "slow_release_morphine",
    "Number of DHC clients": "dihydrocodeine",
    "Number of diacetylmorphine clients": "diacetylmorphine",
    "Number of other clients": "other",
}
SHARE_COLUMNS = [
    "Methadone share",
    "Buprenorphine-based OST share",
    "SROM share",
    "DHC share",
    "Diacetylmorphine share",
    "Other share",
]
CLIENTS_MEASURE = "oat_clients"

PROVIDERS_TABLE = "HSR-2-3"

TITLES = {
    **{table_id: table.title for table_id, table in YEAR_TABLES.items()},
    CLIENTS_TABLE: "Clients in opioid substitution treatment by medicine, each country with its own reference year",
    PROVIDERS_TABLE: "Providers of opioid substitution treatment by medicine and kind of provider",
}

SHARES_DROPPED = "HSR-3-3 share: kept as clients instead; whole percents for most countries, a fraction for Finland"
PROVIDERS_DROPPED = "HSR-2-3 provider mark: the table states no year, and an empty cell may mean no or not reported"
NO_YEAR_DROPPED = "HSR-3-3 row without a reference year and without a value"
FOOTNOTE_DROPPED = "line that names no country and holds no value (a footnote)"
BLANK_DROPPED = "empty cell whose value another table of the same release gives"

PARTIAL_UK = "too few for the whole United Kingdom: partial coverage (inferred)"


class Raw(pa.DataFrameModel):
    """Cells of the bulletin's tables as published, every cell as text, one row for each.

    Grain: one cell; table, file, row and column name it.
    """

    table_id: Series[str] = pa.Field(isin=list(TITLES), description="Bulletin table id, such as HSR-5-1-1.")
    country: Series[str] = pa.Field(description="Country as published, with footnote marks.")
    column_name: Series[str] = pa.Field(description="Column as published: a year, or what the cell counts.")
    value: Series[str] = pa.Field(
        description="Cell as published; empty where blank.", metadata={"unit": "as in the table"}
    )
    file_name: Series[str] = pa.Field(alias="_file", description="File the cell stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Sheet row of the cell, from 1.")

    class Config:
        """No other column: tables are unpivoted, so added columns become rows."""

        strict = True
        name = "raw.emcdda_bulletin"
