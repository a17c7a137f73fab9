"""Layout of CDC's DOSE syndromic download: two sheets of overdose visits per 10,000 emergency department visits."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

MEASURE = "overdose_ed_visits_share_per_10k"
PANEL_MEASURE = "jurisdictions_reporting"
PANEL_COLUMN = "jurisdiction_count"
PANEL_AREA = "US-XDOSESYS"
"""What ``US`` means in these sheets: the jurisdictions that take part in a month, which are not the country."""

DRUGS = {
    "drug_rate": "all",
    "opioid_rate": "opioids",
    "fentanyl_rate": "fentanyl",
    "heroin_rate": "heroin",
    "stimulant_rate": "stimulants",
    "cocaine_rate": "cocaine",
    "methamphetamine_rate": "methamphetamine",
    "benzodiazepine_rate": "benzodiazepines",
}
"""Value column as published, and the drug it is about; syndromes are nested and overlap."""

TABLES = {
    "overall": ["geoid", "year", "month", "rate_time", PANEL_COLUMN, "sex", *DRUGS],
    "jurisdiction": ["jurisdiction", "year", "month", "rate_time", *DRUGS],
}
"""Columns by which each sheet is known."""

AGE_COLUMNS = ("age_range", "agerange")
"""Column of ages in the data, and as the publisher's dictionary calls it, in small letters."""

SEXES = {"total": "all", "f": "female", "m": "male", "missing": "unknown"}
MONTHS = {"monthly": 1, "annual": 12}
"""Length of the window that a line covers; annual ones end in the month and overlap."""

NOT_SHARED = "state does not share these data with DOSE"
NOT_TAKING_PART = "state does not take part in DOSE syndromic surveillance"
STATUSES = {
    "*": ("suppressed", "fewer than 20 overdoses, or too few months of data"),
    "§": ("not_collected", NOT_SHARED),
    "¶": ("not_applicable", NOT_TAKING_PART),
}
"""Marker as published, the status it is, and the publisher's reason in short."""

EXCLUDED = ("2020-03-01", "2020-08-31")
"""First and last day of the months that the publisher leaves out for all, marked ``*`` as suppression is."""
EXCLUDED_NOTE = "window holds months of March to August 2020, which the publisher leaves out"

_RATES = "^(" + "|".join(DRUGS) + ")$"


class RawJurisdiction(pa.DataFrameModel):
    """The sheet by jurisdiction as published, every cell as text. Grain: jurisdiction, month, kind of window."""

    jurisdiction: Series[str] = pa.Field(description="Two letters of the state or of DC.")
    year: Series[str] = pa.Field(description="Year in which the window ends.", metadata={"unit": "year"})
    month: Series[str] = pa.Field(description="Month in which the window ends, 1 to 12.", metadata={"unit": "month"})
    rate_time: Series[str] = pa.Field(description="Monthly, or Annual: the twelve months ending in the month.")
    rates: Series[str] = pa.Field(
        alias=_RATES,
        regex=True,
        description="Suspected nonfatal overdoses of the drug; * suppressed, § not shared, ¶ not taking part.",
        metadata={"unit": "per 10,000 emergency department visits"},
    )
    file_name: Series[str] = pa.Field(alias="_file", description="File the row stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the row, from 1.")

    class Config:
        """Columns that the publisher adds are kept."""

        strict = False
        name = "raw.cdc_dose_syndromic"


class RawOverall(pa.DataFrameModel):
    """The sheet of all jurisdictions together as published. Grain: month, kind of window, sex, age group."""

    geoid: Series[str] = pa.Field(description="US: the jurisdictions that take part, not the country.")
    year: Series[str] = pa.Field(description="Year in which the window ends.", metadata={"unit": "year"})
    month: Series[str] = pa.Field(description="Month in which the window ends, 1 to 12.", metadata={"unit": "month"})
    rate_time: Series[str] = pa.Field(description="Monthly, or Annual: the twelve months ending in the month.")
    jurisdictions: Series[str] = pa.Field(
        alias=PANEL_COLUMN,
        description="Jurisdictions that take part in the window.",
        metadata={"unit": "jurisdictions"},
    )
    sex: Series[str] = pa.Field(description="M, F, Total or Missing.")
    age: Series[str] = pa.Field(alias="age_range", description="0 to 14, ..., 65+, Total or Missing.")
    rates: Series[str] = pa.Field(
        alias=_RATES,
        regex=True,
        description="Suspected nonfatal overdoses of the drug; * where suppressed.",
        metadata={"unit": "per 10,000 emergency department visits"},
    )
    file_name: Series[str] = pa.Field(alias="_file", description="File the row stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the row, from 1.")

    class Config:
        """Columns that the publisher adds are kept."""

        strict = False
        name = "raw.cdc_dose_syndromic_overall"


RAW_MODELS: dict[str, type[pa.DataFrameModel]] = {
    "cdc_dose_syndromic": RawJurisdiction,
    "cdc_dose_syndromic_overall": RawOverall,
}
RAW_OF_TABLE = {"jurisdiction": "cdc_dose_syndromic", "overall": "cdc_dose_syndromic_overall"}
