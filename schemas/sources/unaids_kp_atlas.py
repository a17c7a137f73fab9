"""UNAIDS Key Populations Atlas: the bulk table's layout, which adds the level of the place to that of the others."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

from schemas.sources.unaids_gam import RawBulk

LEVEL = "Area Level"
NATIONAL = "2"
"""Area level of a country as a whole; the rest are places inside countries, most of the file."""

LEVELS = {"1": "region or group of countries (Area Level 1)", "2": "country (Area Level 2)"}
PRISON_QUESTIONS = ("PRISON_HAS_NSP", "PRISON_HAS_OST")
TOPIC = ("PWID", "PRISON", "IDU_")
"""How the ids of indicators about people who inject drugs and people in prison begin."""


class Raw(RawBulk):
    """The atlas's national rows about people who inject drugs and people in prison, as published; every cell is text.

    Grain: one row for each indicator, unit, subgroup, country and year.
    """

    level: Series[str] = pa.Field(
        alias=LEVEL, description="Level of the place: 2 is a country as a whole.", metadata={"unit": "code"}
    )

    class Config:
        """Columns that a newer edition adds are kept."""

        strict = False
        name = "raw.unaids_kp_atlas"


RAW_MODELS: dict[str, type[pa.DataFrameModel]] = {"unaids_kp_atlas": Raw}
