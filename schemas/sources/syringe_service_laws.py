"""State laws on syringe service programmes as of 1 August 2019: the table's layout, and what each column becomes."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

AS_OF = "2019-08-01"
"""Day on which the laws were in effect; the table's source has no other."""

AREA_COLUMNS = ["GEOID", "STUSPS", "NAME"]
MEASURES = {
    "expSSP": "ssp_authorised_law",
    "noPrphLw": "paraphernalia_law_absent",
    "ntPrFrDsSy": "syringe_distribution_not_prohibited",
    "PrExcInj": "paraphernalia_law_excludes_injecting",
    "PrNtRefInj": "paraphernalia_law_silent_on_injecting",
    "noLwRmUnc": "ssp_barriers_not_removed_by_law",
}
"""Column of the table, each 0 or 1, and the measure it is. A later edition writes the columns with other capitals."""

STATES = 51
"""The states and the District of Columbia."""

PUBLISHED_TOTALS = {"expSSP": 32, "noPrphLw": 1}
"""States that the article counts: an altered copy of its table does not add up to them."""


def _law(name: str, text: str) -> Series[str]:
    return pa.Field(alias=name, description=f"{text}: 1 yes, 0 no.", metadata={"unit": "1 or 0"})  # type: ignore[no-any-return]


class Raw(pa.DataFrameModel):
    """The table as published, every cell as text. Grain: one state."""

    geoid: Series[str] = pa.Field(alias="GEOID", description="FIPS code of the state, without its leading zero.")
    stusps: Series[str] = pa.Field(alias="STUSPS", description="Postal code of the state.")
    name: Series[str] = pa.Field(alias="NAME", description="Name of the state.")
    authorised: Series[str] = _law("expSSP", "A law explicitly authorises syringe service programmes")
    absent: Series[str] = _law("noPrphLw", "The state has no drug paraphernalia law")
    distribution: Series[str] = _law("ntPrFrDsSy", "The law does not prohibit free distribution of syringes")
    excludes: Series[str] = _law("PrExcInj", "The definition of paraphernalia excludes objects for injecting")
    silent: Series[str] = _law("PrNtRefInj", "The definition of paraphernalia does not refer to objects for injecting")
    barriers: Series[str] = _law("noLwRmUnc", "No law removes barriers to, or uncertainty about, such programmes")
    file_name: Series[str] = pa.Field(alias="_file", description="File the row stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the row, from 1.")

    class Config:
        """Other columns are kept."""

        strict = False
        name = "raw.syringe_service_laws"


RAW_MODELS: dict[str, type[pa.DataFrameModel]] = {"syringe_service_laws": Raw}
