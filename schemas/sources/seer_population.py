"""Layout of SEER's US county population files: fixed records of 26 characters, one population each."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

MEASURE = "resident_population"
WIDTH = 26
FIELDS = {
    "year": (0, 4),
    "state": (4, 6),
    "state_fips": (6, 8),
    "county_fips": (8, 11),
    "registry": (11, 13),
    "race": (13, 14),
    "origin": (14, 15),
    "sex": (15, 16),
    "age": (16, 18),
    "population": (18, 26),
}
"""First character of each field, from 0, and the one after its last."""

SEXES = {1: "male", 2: "female"}
RACES = (1, 2, 3, 4)
ORIGINS = (0, 1, 9)
OLDEST = {"19ages": 18, "20ages": 19}
"""Last code of age by the file's name: 85 or 90 and over; 0 is under one year, 1 is 1-4, then steps of five."""

EVACUEES = 99
"""Code of the state made for people whom the hurricanes of 2005 displaced: in the nation's sum, in no state's."""

STATES_IN_NATION = 51


class Raw(pa.DataFrameModel):
    """One row per state, year, race, origin, sex and age code, summed over counties, of which a file has thousands."""

    year: Series[str] = pa.Field(description="Year; population on 1 July.", metadata={"unit": "year"})
    state_fips: Series[str] = pa.Field(description="FIPS code of the state; 99 for people displaced in 2005.")
    race: Series[str] = pa.Field(
        description="1 White, 2 Black, 3 other (files from 1969) or American Indian and Alaska Native, 4 Asian or "
        "Pacific Islander (files from 1990); bridged to one race."
    )
    origin: Series[str] = pa.Field(description="0 not Hispanic, 1 Hispanic, 9 not applicable (files from 1969).")
    sex: Series[str] = pa.Field(description="1 male, 2 female.")
    age: Series[str] = pa.Field(description="Age code: 00 under one, 01 1-4, 02 5-9, to 18 (85+) or 19 (90+).")
    population: Series[str] = pa.Field(description="Resident population.", metadata={"unit": "people"})
    file_name: Series[str] = pa.Field(alias="_file", description="File the lines stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="0: a sum of many lines.")

    class Config:
        """Columns are those of the record, without county and registry."""

        strict = False
        name = "raw.seer_population"
