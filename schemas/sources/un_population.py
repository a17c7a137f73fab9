"""Layouts of World Population Prospects: by broad age as re-published, and by single age and sex."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

FIRST_YEAR, LAST_YEAR = 1990, 2035
"""Years that are kept: the indicators need no others, and the files run from 1950 to 2100."""

LAST_ESTIMATED_YEAR = {2017: 2015, 2024: 2023}
"""Last year of each revision that is an estimate; later ones are projections."""

AGE_OF_LABEL = {
    "Under 15 years old": "0-14",
    "Working age (15-64 years old)": "15-64",
    "65+ years old": "65+",
    "Under 5 years old": "0-4",
    "5-14 years old": "5-14",
    "15-24 years old": "15-24",
    "25-64 years old": "25-64",
}
BROAD_AGES = ("0-14", "15-64", "65+")
BROAD_COLUMN = r"^(.+) \(UNWPP, (\d{4})\)$"

SINGLE_AGE_NAME = r"WPP(\d{4})_PopulationBySingleAgeSex_Medium_(\d{4})-(\d{4})\.csv"
SINGLE_AGE_COLUMNS = ["LocTypeName", "ISO3_code", "Time", "AgeGrpStart", "PopMale", "PopFemale", "PopTotal"]
COUNTRY = "Country/Area"
SEX_OF_COLUMN = {"PopMale": "male", "PopFemale": "female", "PopTotal": "all"}
PEOPLE_PER_UNIT = 1000

FINE_AGES = {"0-4": (0, 4), "5-14": (5, 14), "15-24": (15, 24), "25-64": (25, 64), "65+": (65, 100)}
"""First and last single age of the groups that make up all others; 100 is 100 and over."""
MADE_OF = {
    "0-14": ("0-4", "5-14"),
    "15-64": ("15-24", "25-64"),
    "all": ("0-4", "5-14", "15-24", "25-64", "65+"),
}


class RawBroadAges(pa.DataFrameModel):
    """Population by broad age group, as re-published from WPP; one line per country or group of countries and year."""

    entity: Series[str] = pa.Field(
        alias="Entity", description="Country or group of countries.", metadata={"unit": "text"}
    )
    year: Series[str] = pa.Field(alias="Year", description="Year; population at mid-year.", metadata={"unit": "year"})
    people: Series[str] = pa.Field(
        alias=BROAD_COLUMN,
        regex=True,
        description="Population of the ages in the column's name; the revision stands in brackets.",
        metadata={"unit": "people"},
    )
    file_: Series[str] = pa.Field(alias="_file", description="File the line stood in.", metadata={"unit": "text"})
    row_: Series[int] = pa.Field(alias="_row", description="Its line number, from 1.", metadata={"unit": "line"})

    class Config:
        """Columns that the publisher adds are kept."""

        name = "raw.un_population_broad_ages"


class RawSingleAges(pa.DataFrameModel):
    """Population by single age and sex, as published; only countries and the years kept."""

    loc_type: Series[str] = pa.Field(
        alias="LocTypeName", description="Kind of place: Country/Area.", metadata={"unit": "category"}
    )
    iso3: Series[str] = pa.Field(alias="ISO3_code", description="ISO 3166-1 alpha-3 code.", metadata={"unit": "code"})
    time: Series[str] = pa.Field(alias="Time", description="Year; population on 1 July.", metadata={"unit": "year"})
    age: Series[str] = pa.Field(
        alias="AgeGrpStart", description="Age; 100 is 100 and over.", metadata={"unit": "years"}
    )
    male: Series[str] = pa.Field(alias="PopMale", description="Male population.", metadata={"unit": "thousand people"})
    female: Series[str] = pa.Field(
        alias="PopFemale", description="Female population.", metadata={"unit": "thousand people"}
    )
    total: Series[str] = pa.Field(alias="PopTotal", description="Population.", metadata={"unit": "thousand people"})
    file_: Series[str] = pa.Field(alias="_file", description="File the line stood in.", metadata={"unit": "text"})
    row_: Series[int] = pa.Field(alias="_row", description="Its line number, from 1.", metadata={"unit": "line"})

    class Config:
        """Other columns of the file are not kept."""

        name = "raw.un_population_single_ages"


RAW_MODELS: dict[str, type[pa.DataFrameModel]] = {
    "un_population_broad_ages": RawBroadAges,
    "un_population_single_ages": RawSingleAges,
}
Raw = RawBroadAges
