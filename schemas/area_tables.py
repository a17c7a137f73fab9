"""The contracts of the two reference tables of places: areas, and the labels that publishers use for them."""

from typing import ClassVar, Literal, get_args

import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

Scheme = Literal["country", "us", "vsrr", "ca", "gb", "au", "fips"]

KINDS = ("world", "country", "subdivision", "county", "city", "aggregate")
WHO_REGIONS = ("Africa", "Americas", "Eastern Mediterranean", "Europe", "South-East Asia", "Western Pacific")
INCOME_GROUPS = ("Low income", "Lower middle income", "Upper middle income", "High income")


class Area(pa.DataFrameModel):
    """One place that an observation can be about.

    Grain: area.
    """

    area_id: Series[str] = pa.Field(
        unique=True,
        str_matches=r"^[A-Z]{3}(-[A-Z]{3})*$|^[A-Z]{2}-[A-Z0-9]{2,9}(-[A-Z]+)?$",
        description="Id of the place: ISO 3166-1 alpha-3, ISO 3166-2, US-<county FIPS>, GB-<ONS code>, or special",
        metadata={"unit": "id"},
    )
    name: Series[str] = pa.Field(str_length={"min_value": 1}, description="Name to show", metadata={"unit": "text"})
    kind: Series[str] = pa.Field(
        isin=KINDS,
        description="world, country, subdivision, county, city, or aggregate (a place made of, or cut out of, others)",
        metadata={"unit": "category"},
    )
    iso_alpha2: Series[str] = pa.Field(
        nullable=True, str_matches=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2 code", metadata={"unit": "code"}
    )
    iso_alpha3: Series[str] = pa.Field(
        nullable=True, str_matches=r"^[A-Z]{3}$", description="ISO 3166-1 alpha-3 code", metadata={"unit": "code"}
    )
    iso_3166_2: Series[str] = pa.Field(
        nullable=True,
        str_matches=r"^[A-Z]{2}-[A-Z0-9]{1,3}$",
        description="ISO 3166-2 code of a subdivision",
        metadata={"unit": "code"},
    )
    fips: Series[str] = pa.Field(
        nullable=True,
        str_matches=r"^\d{2}(\d{3})?$",
        description="US FIPS code as text: two digits for a state or territory, five for a county",
        metadata={"unit": "code"},
    )
    parent_id: Series[str] = pa.Field(
        nullable=True, description="Area that this one is a part of; null for the world only", metadata={"unit": "id"}
    )
    who_region: Series[str] = pa.Field(
        nullable=True,
        isin=WHO_REGIONS,
        description="WHO region, 2025 grouping (Indonesia in the Western Pacific); null for a place outside WHO's list",
        metadata={"unit": "category"},
    )
    wb_region: Series[str] = pa.Field(
        nullable=True, description="World Bank region, 2025 grouping", metadata={"unit": "category"}
    )
    wb_income_group: Series[str] = pa.Field(
        nullable=True,
        isin=INCOME_GROUPS,
        description="World Bank income group in the fiscal year of `wb_income_fiscal_year`; null where not classified",
        metadata={"unit": "category"},
    )
    wb_income_fiscal_year: Series[str] = pa.Field(
        nullable=True,
        str_matches=r"^FY\d{4}$",
        description="World Bank fiscal year that the income group was published for",
        metadata={"unit": "fiscal year"},
    )
    income_verified: Series[bool] = pa.Field(
        description="True when the income group was checked against the World Bank's own file; not shown if not",
        metadata={"unit": "flag"},
    )
    in_us_total: Series[bool] = pa.Field(
        description="True for the 52 parts whose provisional counts (VSRR) sum to USA: 49 states, New York State "
        "without New York City, New York City, District of Columbia",
        metadata={"unit": "flag"},
    )
    valid_from: Series[str] = pa.Field(
        nullable=True,
        str_matches=r"^\d{4}-\d{2}-\d{2}$",
        description="First day on which publishers use the place under this id, where that matters",
        metadata={"unit": "ISO date"},
    )
    valid_to: Series[str] = pa.Field(
        nullable=True,
        str_matches=r"^\d{4}-\d{2}-\d{2}$",
        description="Last day on which publishers use the place under this id, where that matters",
        metadata={"unit": "ISO date"},
    )
    note: Series[str] = pa.Field(description="What to know before using the row, or empty", metadata={"unit": "text"})

    class Config:
        """Exactly these columns, in this order."""

        strict = True
        ordered = True

    @pa.dataframe_check(description="Every parent_id is the area_id of another row")
    def parents_exist(cls, frame: pd.DataFrame) -> pd.Series:
        """Every parent is itself in the table, and no area is its own parent."""
        known = frame["parent_id"].isin(frame["area_id"]) | frame["parent_id"].isna()
        return known & frame["parent_id"].ne(frame["area_id"])

    @pa.dataframe_check(description="An income group is dated, and a fiscal year stands beside an income group only")
    def income_group_is_dated(cls, frame: pd.DataFrame) -> pd.Series:
        """An undated income group cannot be read: the lists change each July."""
        return frame["wb_income_group"].isna() == frame["wb_income_fiscal_year"].isna()


class AreaAlias(pa.DataFrameModel):
    """One row per reviewed label; grain: `scheme`, `alias`. A null `area_id` documents a label that is no one place."""

    scheme: Series[str] = pa.Field(
        isin=get_args(Scheme), description="Set of labels that the alias belongs to", metadata={"unit": "category"}
    )
    alias: Series[str] = pa.Field(
        str_length={"min_value": 1}, description="Label as published, without footnote marks", metadata={"unit": "text"}
    )
    area_id: Series[str] = pa.Field(
        nullable=True,
        description="Area that the label means; null for an aggregate or other label that is not one place",
        metadata={"unit": "id"},
    )
    seen_in: Series[str] = pa.Field(
        str_length={"min_value": 1}, description="Source id that uses the label", metadata={"unit": "id"}
    )
    reviewed: Series[str] = pa.Field(
        str_matches=r"^\d{4}-\d{2}-\d{2}$", description="Day of the last review", metadata={"unit": "ISO date"}
    )
    note: Series[str] = pa.Field(description="Why, where the label does not say it", metadata={"unit": "text"})

    class Config:
        """Exactly these columns, one row per scheme and alias."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = ["scheme", "alias"]
