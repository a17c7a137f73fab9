"""Layouts of summary tables of two British surveys of people who inject drugs: UAM and NESI."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

UAM, NESI = "UAM", "NESI"
QUARTILES, DURATIONS = "quartiles", "durations"
EARLIER, PAST_YEAR, SYMPTOMS = "earlier participation", "injected in the past year", "injection site infection"

QUARTILE_COLUMNS = {"lower": "lower_quartile_years", "md": "median_years", "upper": "upper_quartile_years"}
"""Columns of the quartiles, and how the measure's name ends: quartiles of people, not limits of an estimate."""

PARAMETERS = {
    "age": ("pwid_age", "all"),
    "dur": ("pwid_injecting_duration", "all"),
    "age_init": ("pwid_first_injection_age", "began_within_3_years"),
    "age_init_whole_sample": ("pwid_first_injection_age", "all"),
}
"""Name of what was asked, the beginning of its measure, and the group it is of."""

BY_FIRST_YEAR = ("age_init", "age_init_whole_sample")
"""Parameters whose year is that of the first injection, not of the survey."""

SHARE = "pwid_injecting_duration_share_pct"
PEOPLE = "pwid_survey_participants"

TABLES: dict[tuple[str, str], list[str]] = {
    (QUARTILES, UAM): ["year", *QUARTILE_COLUMNS, "region", "parameter"],
    (QUARTILES, NESI): ["yr", *QUARTILE_COLUMNS, "region", "parameter"],
    (DURATIONS, UAM): ["year", "injdurI", "pc"],
    (DURATIONS, NESI): ["yr", "dur_int", "pc"],
    (EARLIER, UAM): ["survey_year", "participants", "reporting_previous_participation"],
    (PAST_YEAR, UAM): ["year", "Yes", "No", "missing"],
    (SYMPTOMS, UAM): ["Population", "Symptoms of injection site infection"],
}
"""Table and survey, and the columns that tell it."""

ANSWERS = {
    "participants": "asked_of_earlier_participation",
    "reporting_previous_participation": "took_part_before",
    "Yes": "injected_past_year",
    "No": "not_injected_past_year",
    "missing": "injected_past_year_unknown",
    "All: Total number answering question": "asked_of_injection_site_infection",
    "All: Number reporting symptoms": "injection_site_infection",
    "Did not seek health care treatment: Total number answering question": "asked_of_treatment_of_infection",
    "Did not seek health care treatment: Number reporting symptoms": "injection_site_infection_untreated",
}
"""Column or line of a count of people, and the group they are."""

PARTS = {
    "took_part_before": "asked_of_earlier_participation",
    "injection_site_infection": "asked_of_injection_site_infection",
    "injection_site_infection_untreated": "asked_of_treatment_of_infection",
}
"""Group, and the group that it is a part of."""

UAM_AREA, NESI_AREA = "GB-XUAM", "GB-SCT"
NESI_GROUPS = ("GCC", "Lothian_and_Tayside", "Other")
GROUP_DROPPED = "group of Scottish health boards, which is no area here"

FIRST_YEAR_NOTE = "year of first injection, not of the survey"
POOLED_NOTE = "labelled England; the script that made the table pools all places of the survey, Wales included"
NOT_ASKED_NOTE = "not asked in this year"
HEAPED = {("1990", "11"), ("1991", "12")}
HEAPED_NOTE = "heap: everyone who began before 1980 seems to stand here (inferred)"


class Raw(pa.DataFrameModel):
    """Cells of the tables as published, every cell as text, one row for each.

    Grain: one cell; file, row and column name it.
    """

    table_name: Series[str] = pa.Field(
        isin=[QUARTILES, DURATIONS, EARLIER, PAST_YEAR, SYMPTOMS], description="Which table the cell stood in."
    )
    survey: Series[str] = pa.Field(
        isin=[UAM, NESI],
        description="UAM (England, Wales and Northern Ireland, every year) or NESI (Scotland, about every second).",
    )
    year: Series[str] = pa.Field(
        description="Year of the survey; of the first injection for age at first injection.", metadata={"unit": "year"}
    )
    region: Series[str] = pa.Field(description="Region as published; empty for the whole survey.")
    label: Series[str] = pa.Field(description="What the cell is of: parameter, years of injecting, or answer.")
    value: Series[str] = pa.Field(
        description="Cell as published: years, a share from 0 to 1, or people.", metadata={"unit": "as in the table"}
    )
    file_name: Series[str] = pa.Field(alias="_file", description="File the cell stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the cell, from 1.")
    column: Series[str] = pa.Field(alias="_column", description="Column the cell stood in.")

    class Config:
        """No other column: tables are unpivoted, so added years become rows."""

        strict = True
        name = "raw.ukhsa_uam_nesi"
