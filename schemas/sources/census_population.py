"""Layouts of Census population estimates: county and state files, the state table, states by age, sex and race."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

ESTIMATE = r"^POPESTIMATE(\d{4})$"
BASE = r"^ESTIMATESBASE\d{4}$"
REGIONS = ("Northeast", "Midwest", "South", "West")
NATION, REGION, DIVISION, STATE, COUNTY = "010", "020", "030", "040", "050"

AGE_STARTS = tuple(range(0, 90, 5))
OPEN_AGE = 85
CELL_COLUMNS = ["state_fips", "year", "age", "sex", "race", "hispanic_origin", "pop", "vintage"]
CELL_OPTIONAL = ["scheme", "source"]
STATES_IN_NATION = 51
"""States and the District of Columbia; Puerto Rico is outside the United States total."""


class RawEstimates(pa.DataFrameModel):
    """County, state and national files (co-est...-alldata, NST-EST...-ALLDATA) as published; one line per area."""

    sumlev: Series[str] = pa.Field(
        alias="SUMLEV",
        description="Level: 010 nation, 020 region, 030 division, 040 state, 050 county.",
        metadata={"unit": "code"},
    )
    region: Series[str] | None = pa.Field(alias="REGION", description="Census region.", metadata={"unit": "code"})
    division: Series[str] | None = pa.Field(alias="DIVISION", description="Census division.", metadata={"unit": "code"})
    state: Series[str] = pa.Field(alias="STATE", description="State FIPS code, two digits.", metadata={"unit": "code"})
    county: Series[str] | None = pa.Field(
        alias="COUNTY",
        description="County FIPS code, three digits; Connecticut has its nine planning regions.",
        metadata={"unit": "code"},
    )
    stname: Series[str] | None = pa.Field(alias="STNAME", description="Name of the state.", metadata={"unit": "text"})
    ctyname: Series[str] | None = pa.Field(
        alias="CTYNAME", description="Name of the county.", metadata={"unit": "text"}
    )
    name: Series[str] | None = pa.Field(
        alias="NAME", description="Name of the area (state file).", metadata={"unit": "text"}
    )
    base: Series[str] = pa.Field(
        alias=BASE, regex=True, description="Estimates base, 1 April of the census year.", metadata={"unit": "people"}
    )
    estimate: Series[str] = pa.Field(
        alias=ESTIMATE,
        regex=True,
        description="Resident population on 1 July of the year.",
        metadata={"unit": "people"},
    )
    components: Series[str] | None = pa.Field(
        alias=r"^(R?(BIRTHS?|DEATHS?|NATURAL(CHG|INC)|INTERNATIONALMIG|DOMESTICMIG|NETMIG)|NPOPCHG_?|PPOPCHG_?|RESIDUAL|GQESTIMATES(BASE)?)"
        r"_?\d{4}$",
        regex=True,
        description="Component of population change, or people in group quarters; not read.",
        metadata={"unit": "people, or per 1,000 where the name begins with R"},
    )
    file_: Series[str] = pa.Field(alias="_file", description="File the line stood in.", metadata={"unit": "text"})
    row_: Series[int] = pa.Field(alias="_row", description="Its line number, from 1.", metadata={"unit": "line"})

    class Config:
        """Columns that the publisher adds are kept."""

        name = "raw.census_population_estimates"


class RawTable(pa.DataFrameModel):
    """The state table (NST-EST...-POP) as published, below its preamble; its first two columns have no name."""

    area: Series[str] = pa.Field(
        alias="unnamed_1",
        description="Name of the area, states with a leading dot; or a footnote.",
        metadata={"unit": "text"},
    )
    base: Series[str] = pa.Field(
        alias="unnamed_2", description="Estimates base, 1 April of the census year.", metadata={"unit": "people"}
    )
    estimate: Series[str] = pa.Field(
        alias=r"^\d{4}$",
        regex=True,
        description="Resident population on 1 July, with thousands commas.",
        metadata={"unit": "people"},
    )
    file_: Series[str] = pa.Field(alias="_file", description="File the line stood in.", metadata={"unit": "text"})
    row_: Series[int] = pa.Field(alias="_row", description="Its line number, from 1.", metadata={"unit": "line"})

    class Config:
        """Columns that the publisher adds are kept."""

        name = "raw.census_population_table"


class RawCells(pa.DataFrameModel):
    """State by age, sex, race and Hispanic origin, finest cells only."""

    state_fips: Series[str] = pa.Field(description="State FIPS code, two digits.", metadata={"unit": "code"})
    year: Series[str] = pa.Field(description="Year; population on 1 July.", metadata={"unit": "year"})
    age: Series[str] = pa.Field(
        description="First age of a five-year group; 85 is 85 and over.", metadata={"unit": "years"}
    )
    sex: Series[str] = pa.Field(description="female or male.", metadata={"unit": "category"})
    race: Series[str] = pa.Field(description="Single race, or multiracial.", metadata={"unit": "category"})
    hispanic_origin: Series[str] = pa.Field(description="hispanic or non_hispanic.", metadata={"unit": "category"})
    pop: Series[str] = pa.Field(description="Resident population.", metadata={"unit": "people"})
    scheme: Series[str] | None = pa.Field(description="Race scheme: single.", metadata={"unit": "category"})
    source: Series[str] | None = pa.Field(description="Programme and vintage.", metadata={"unit": "text"})
    vintage: Series[str] = pa.Field(description="Vintage of the estimates, as V2024.", metadata={"unit": "text"})
    file_: Series[str] = pa.Field(alias="_file", description="File the line stood in.", metadata={"unit": "text"})
    row_: Series[int] = pa.Field(alias="_row", description="Its line number, from 1.", metadata={"unit": "line"})

    class Config:
        """Columns that the publisher adds are kept."""

        name = "raw.census_population_cells"


RAW_MODELS: dict[str, type[pa.DataFrameModel]] = {
    "census_population_estimates": RawEstimates,
    "census_population_table": RawTable,
    "census_population_cells": RawCells,
}
Raw = RawEstimates
