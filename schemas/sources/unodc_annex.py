"""World Drug Report, annex 4.1: where each cell stands in its sheets, whose column names run over several lines."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

FIRST_LINE = 6
"""First line with data, in the edition of 2026; above it stand titles and column names."""

PWID = "PWID"
COLUMNS = {
    PWID: {
        0: "region",
        1: "subregion",
        2: "country",
        4: "low_pct",
        5: "best_pct",
        6: "high_pct",
        7: "low_people",
        8: "best_people",
        9: "high_people",
        10: "year",
        11: "definition",
        12: "age",
        13: "sex",
        14: "coverage",
        15: "reference",
        16: "method",
        17: "attribution",
        18: "notes",
    },
    **{
        f"{virus} among PWID": {
            0: "region",
            1: "subregion",
            2: "country",
            4: "low_pct",
            5: "best_pct",
            6: "high_pct",
            7: "year",
            8: "definition",
            9: "age",
            10: "sex",
            11: "coverage",
            12: "sample",
            13: "reference",
            14: "method",
            15: "attribution",
            16: "notes",
        }
        for virus in ("HIV", "HCV")
    },
}
"""Sheet, and the position of its columns, from 0."""

LEFT_OUT = {
    "Sub-regional summary": "modelled by the publisher for groups of countries",
    "HBV among PWID": "it has no column for the place that was studied, so that a city cannot be told from a country",
    "Notes": "remarks without values",
}
"""Sheets that give no observations, and why."""

MEASURES = {
    (PWID, "pct"): "pwid_prevalence_15_64_pct",
    (PWID, "people"): "people_who_inject_drugs",
    ("HIV among PWID", "pct"): "hiv_prevalence_pwid_pct",
    ("HCV among PWID", "pct"): "hcv_prevalence_pwid_pct",
}
"""Sheet and the end of the value columns' names, and the measure it is."""

NATIONAL = r"^(?:national|nationwide|whole country|country)\b"
"""Words that a national geographic coverage begins with; all else is a part of the country."""

SEXES = {
    **dict.fromkeys(["", "all", "both", "both sexes", "total", "male and female", "m/f", "mf"], "all"),
    **dict.fromkeys(["male", "males", "m", "men"], "male"),
    **dict.fromkeys(["female", "females", "f", "women"], "female"),
}
MISSING = ("", "-", "–", "...", "n/a", "N/A", "NA")
CELLS = (
    "region",
    "subregion",
    "country",
    "low_pct",
    "best_pct",
    "high_pct",
    "low_people",
    "best_people",
    "high_people",
    "year",
    "definition",
    "age",
    "sex",
    "coverage",
    "sample",
    "reference",
    "method",
    "attribution",
    "notes",
)


class Raw(pa.DataFrameModel):
    """Annex 4.1 as published, its three sheets under one another, every cell as text; columns have names of ours.

    Grain: one line of a sheet, a study or estimate of a country.
    """

    sheet: Series[str] = pa.Field(description="Sheet of the workbook.")
    region: Series[str] = pa.Field(description="Region of the world.")
    subregion: Series[str] = pa.Field(description="Part of the region.")
    country: Series[str] = pa.Field(description="Country or territory.")
    low_pct: Series[str] = pa.Field(description="Lower limit of the share.", metadata={"unit": "percent"})
    best_pct: Series[str] = pa.Field(
        description="Best estimate of the share: of people aged 15-64, or of people who inject drugs.",
        metadata={"unit": "percent"},
    )
    high_pct: Series[str] = pa.Field(description="Upper limit of the share.", metadata={"unit": "percent"})
    low_people: Series[str] = pa.Field(description="Lower limit of the number.", metadata={"unit": "people"})
    best_people: Series[str] = pa.Field(
        description="Best estimate of the number of people who inject drugs.", metadata={"unit": "people"}
    )
    high_people: Series[str] = pa.Field(description="Upper limit of the number.", metadata={"unit": "people"})
    year: Series[str] = pa.Field(description="Year or range of years of the study.", metadata={"unit": "year"})
    definition: Series[str] = pa.Field(description="Who counts as injecting, as the study defines it.")
    age: Series[str] = pa.Field(description="Ages that were studied.", metadata={"unit": "years"})
    sex: Series[str] = pa.Field(description="Sex of those studied.")
    coverage: Series[str] = pa.Field(description="Place that was studied: the whole country, or cities of it.")
    sample: Series[str] = pa.Field(description="People in the sample.", metadata={"unit": "people"})
    reference: Series[str] = pa.Field(description="Study that the value is from.")
    method: Series[str] = pa.Field(description="How it was estimated.")
    attribution: Series[str] = pa.Field(description="Who reported it to the publisher.")
    notes: Series[str] = pa.Field(description="Publisher's remarks.")
    file_name: Series[str] = pa.Field(alias="_file", description="File the line stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of its sheet, from 1.")

    class Config:
        """Columns have names of ours: the publisher's stand in several lines."""

        strict = True
        name = "raw.unodc_annex"


RAW_MODELS: dict[str, type[pa.DataFrameModel]] = {"unodc_annex": Raw}
