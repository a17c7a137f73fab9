"""UNAIDS Global AIDS Monitoring: the layouts of its files, and what each of its indicators becomes.

Two layouts are read: the bulk table that UNAIDS publishes in a zip, and the 2019 edition re-shaped by a third party
into one file per indicator and subgroup (``ddf--datapoints--<indicator>_<subgroup>--by--area--year.csv``).
"""

from dataclasses import dataclass

import pandera.pandas as pa
from pandera.typing.pandas import Series

BULK_COLUMNS = [
    "Indicator",
    "Indicator_GId",
    "Unit",
    "Subgroup",
    "Subgroup_Val_GId",
    "Area",
    "Area ID",
    "Time Period",
    "Source",
    "Data value",
    "Formatted",
    "Data_Denominator",
    "Footnote",
]
"""Columns of the bulk table, 2023-2025 editions; the 2020 edition spelled ``Data Value``."""


@dataclass(frozen=True)
class Indicator:
    """What one UNAIDS indicator, in its expected unit, becomes; ``base`` starts its name in the re-shaped files."""

    measure_id: str
    unit: str
    base: str
    population_group: str = "all"


_PRISON = "prisoners"
NEEDLES = "PWID_NEEDLES"
INDICATORS = {
    "PWID_POPULATION_SIZE": Indicator(
        "people_who_inject_drugs", "NUMBER", "people_who_inject_drugs_population_size_estimate"
    ),
    "PWID_HIV_PREVALENCE": Indicator(
        "hiv_prevalence_pwid_pct", "PERCENT", "hiv_prevalence_among_people_who_inject_drugs"
    ),
    "PWID_HIV_STATUS": Indicator(
        "hiv_status_known_pwid_pct", "PERCENT", "knowledge_of_hiv_status_among_people_who_inject_drugs"
    ),
    "PWID_ART_COVERAGE": Indicator(
        "art_coverage_pwid_pct", "PERCENT", "antiretroviral_therapy_coverage_among_people_who_inject_drugs"
    ),
    NEEDLES: Indicator("syringes_per_pwid", "RATE", "needles_and_syringes_distributed_per_person_who_inject_drugs"),
    "PWID_OST_COVERAGE": Indicator("oat_coverage_pct", "PERCENT", "coverage_of_opioid_substitution_therapy"),
    "PWID_SAFETY": Indicator("safe_injecting_pct", "PERCENT", "safe_injecting_practices_among_people_who_inject_drugs"),
    "PWID_CONDOM_USE": Indicator("condom_use_pwid_pct", "PERCENT", "condom_use_among_people_who_inject_drugs"),
    "PWID_PROGRAMMES": Indicator(
        "prevention_coverage_pwid_pct", "PERCENT", "coverage_of_hiv_prevention_programmes_among_people_who_inject_drugs"
    ),
    "PWID_AVOIDANCE_CARE": Indicator(
        "healthcare_avoidance_pwid_pct",
        "PERCENT",
        "people_who_inject_drugs_avoidance_of_health_care_because_of_stigma_and_discrimination",
    ),
    "IDU_KP_REPORT_EXP_SD": Indicator(
        "stigma_experience_pwid_pct", "PERCENT", "experience_of_stigma_and_discrimination_among_people_who_inject_drugs"
    ),
    "IDU_EXP_PHYS_SV": Indicator(
        "violence_experience_pwid_pct",
        "PERCENT",
        "experience_of_sexual_and_or_physical_violence_among_people_who_inject_drugs",
    ),
    # Subgroups of PWID_HEPATITIS and PRISONERS_HEPATITIS begin with the virus, which is moved here to the indicator.
    "PWID_HEPATITIS_B": Indicator(
        "hbv_prevalence_pwid_pct", "PERCENT", "viral_hepatitis_among_people_who_inject_drugs_hepatitis_b"
    ),
    "PWID_HEPATITIS_C": Indicator(
        "hcv_antibody_prevalence_pwid_pct", "PERCENT", "viral_hepatitis_among_people_who_inject_drugs_hepatitis_c"
    ),
    "PRISONERS_POPULATION_SIZE": Indicator("prisoners", "NUMBER", "prisoners_population_size_estimate", _PRISON),
    "PRISONERS_OST": Indicator("oat_clients", "NUMBER", "prisoners_receiving_opioid_substitution_therapy", _PRISON),
    # Its id reads like people who inject drugs, its title says needles distributed to prisoners.
    "PWID_NEEDLES_DISTRIBUTED": Indicator(
        "syringes_distributed_prison", "NUMBER", "clean_needles_distributed_to_prisoners", _PRISON
    ),
    "PRISONERS_CONDOMS_DISTRIBUTED": Indicator(
        "condoms_distributed_prison", "NUMBER", "condoms_distributed_to_prisoners", _PRISON
    ),
    "PRISONERS_HIV_PREVALENCE": Indicator(
        "hiv_prevalence_prisoners_pct", "PERCENT", "hiv_prevalence_among_prisoners", _PRISON
    ),
    "PRISONERS_ART_COVERAGE": Indicator(
        "art_coverage_prisoners_pct",
        "PERCENT",
        "antiretroviral_therapy_coverage_among_prisoners_living_with_hiv",
        _PRISON,
    ),
    "PRISONERS_HEPATITIS_B": Indicator(
        "hbv_prevalence_prisoners_pct", "PERCENT", "viral_hepatitis_among_prisoners_hepatitis_b", _PRISON
    ),
    "PRISONERS_HEPATITIS_C": Indicator(
        "hcv_prevalence_prisoners_pct", "PERCENT", "hepatitis_c_hcv_infection_among_prisoners", _PRISON
    ),
    # Countries report both in one year, with other values: not the same indicator.
    "PRISONERS_VIRAL_HEPATITIS_C": Indicator(
        "hcv_prevalence_prisoners_2016_pct", "PERCENT", "viral_hepatitis_among_prisoners_hepatitis_c", _PRISON
    ),
    "PRISONERS_TB": Indicator(
        "tb_prevalence_prisoners_pct", "PERCENT", "tuberculosis_tb_infection_among_prisoners", _PRISON
    ),
}
HEPATITIS = {
    ("PWID_HEPATITIS", "B"): "PWID_HEPATITIS_B",
    ("PWID_HEPATITIS", "C"): "PWID_HEPATITIS_C",
    ("PRISONERS_HEPATITIS", "B"): "PRISONERS_HEPATITIS_B",
    ("PRISONERS_HEPATITIS", "C"): "PRISONERS_VIRAL_HEPATITIS_C",
}
"""UNAIDS' id and the virus that begins its subgroup, to the key of ``INDICATORS``."""

COUNT_OF_NEEDLES = Indicator("syringes_distributed", "NUMBER", "")
MOST_SYRINGES_PER_PERSON = 1_000.0
"""Above the highest published yearly rate (Australia 2016: 624.9), and below any national programme's yearly count."""

UNITS = {
    "PERCENT": "PERCENT",
    "PERCENTAGE": "PERCENT",
    "%": "PERCENT",
    "NUMBER": "NUMBER",
    "RATE": "RATE",
}
SUBGROUPS = {
    # subgroup: (sex, age group, part of the estimate)
    "TOTAL": ("all", "all", "value"),
    "ESTIMATE": ("all", "all", "value"),
    "LOW_ESTIMATE": ("all", "all", "lower"),
    "HIGH_ESTIMATE": ("all", "all", "upper"),
    "MALES": ("male", "all", "value"),
    "FEMALES": ("female", "all", "value"),
    "TRANSGENDER": ("transgender", "all", "value"),
    "LESS_25": ("all", "0-24", "value"),
    "LT_25": ("all", "0-24", "value"),
    "25_AND_UP": ("all", "25+", "value"),
    "GTE_25": ("all", "25+", "value"),
}
DDF_SUBGROUPS = {
    "total": "TOTAL",
    "estimate": "ESTIMATE",
    "lower_estimate": "LOW_ESTIMATE",
    "upper_estimate": "HIGH_ESTIMATE",
    "males": "MALES",
    "females": "FEMALES",
    "transgender": "TRANSGENDER",
    "below25": "LESS_25",
    "lt_25": "LT_25",
    "25plus": "25_AND_UP",
    "25": "GTE_25",
}
MISSING = ("", "...", "…", "-", "n/a", "N/A", "NA")

AGGREGATES = frozenset(
    {
        "global",
        "asia and the pacific",
        "asia and pacific",
        "caribbean",
        "eastern and southern africa",
        "east and southern africa",
        "eastern europe and central asia",
        "latin america",
        "latin america and the caribbean",
        "middle east and north africa",
        "western and central africa",
        "west and central africa",
        "western and central europe and north america",
        "western & central europe and north america",
        "low income",
        "lower middle income",
        "upper middle income",
        "high income",
        "low- and middle-income countries",
        "low and middle income countries",
    }
)
"""UNAIDS regions and income groups under their bare names, in lower case."""


class RawBulk(pa.DataFrameModel):
    """The bulk table as published, one row per indicator, unit, subgroup, area and year; every cell is text."""

    indicator: Series[str] = pa.Field(
        alias="Indicator", description="Title of the indicator.", metadata={"unit": "text"}
    )
    indicator_gid: Series[str] = pa.Field(
        alias="Indicator_GId", description="Id of the indicator, stable over editions.", metadata={"unit": "code"}
    )
    unit: Series[str] = pa.Field(
        alias="Unit",
        description="Unit of the value: Number, Percent, Rate, or a kind of answer.",
        metadata={"unit": "text"},
    )
    subgroup: Series[str] = pa.Field(
        alias="Subgroup", description="Title of the sex, age or other group.", metadata={"unit": "text"}
    )
    subgroup_gid: Series[str] = pa.Field(
        alias="Subgroup_Val_GId", description="Id of the sex, age or other group.", metadata={"unit": "code"}
    )
    area: Series[str] = pa.Field(alias="Area", description="Name of the country or region.", metadata={"unit": "text"})
    area_code: Series[str] = pa.Field(
        alias="Area ID",
        description="ISO 3166-1 alpha-3 code since 2023; UNAIDS' own integer in earlier editions.",
        metadata={"unit": "code"},
    )
    year: Series[str] = pa.Field(alias="Time Period", description="Year the value is for.", metadata={"unit": "year"})
    source: Series[str] = pa.Field(
        alias="Source", description="Where UNAIDS has the value from.", metadata={"unit": "text"}
    )
    value: Series[str] = pa.Field(
        alias="Data value",
        description="Value in full precision; ... or empty where there is none.",
        metadata={"unit": "as in Unit"},
    )
    formatted: Series[str] = pa.Field(
        alias="Formatted",
        description="Value as shown, rounded, with < signs, or a text answer.",
        metadata={"unit": "text"},
    )
    denominator: Series[str] = pa.Field(
        alias="Data_Denominator", description="Denominator of the value, where given.", metadata={"unit": "people"}
    )
    footnote: Series[str] = pa.Field(
        alias="Footnote", description="Remarks on source, method or place.", metadata={"unit": "text"}
    )
    file: Series[str] = pa.Field(alias="_file", description="File the row was read from.", metadata={"unit": "text"})
    row: Series[int] = pa.Field(alias="_row", ge=1, description="Line of the file, from 1.", metadata={"unit": "line"})

    class Config:
        """Columns that a newer edition adds are kept."""

        strict = False
        name = "raw.unaids_gam"


class RawDatapoint(pa.DataFrameModel):
    """The 2019 edition re-shaped by a third party, all its files in one; one row per concept, area and year."""

    concept: Series[str] = pa.Field(
        description="Name of the value column: indicator and subgroup.", metadata={"unit": "text"}
    )
    area: Series[str] = pa.Field(
        description="UNAIDS' own integer for the area; see raw.unaids_gam_areas.", metadata={"unit": "code"}
    )
    year: Series[str] = pa.Field(description="Year the value is for.", metadata={"unit": "year"})
    value: Series[str] = pa.Field(description="Value as published.", metadata={"unit": "by concept"})
    file: Series[str] = pa.Field(alias="_file", description="File the row was read from.", metadata={"unit": "text"})
    row: Series[int] = pa.Field(alias="_row", ge=1, description="Line of the file, from 1.", metadata={"unit": "line"})

    class Config:
        """Columns that a newer edition adds are kept."""

        strict = False
        name = "raw.unaids_gam_datapoints"


class RawArea(pa.DataFrameModel):
    """Areas of the re-shaped 2019 edition, one row per area."""

    area: Series[str] = pa.Field(
        unique=True, description="UNAIDS' own integer for the area.", metadata={"unit": "code"}
    )
    area_name: Series[str] = pa.Field(
        alias="name", description="Name of the country or region.", metadata={"unit": "text"}
    )
    file: Series[str] = pa.Field(alias="_file", description="File the row was read from.", metadata={"unit": "text"})
    row: Series[int] = pa.Field(alias="_row", ge=1, description="Line of the file, from 1.", metadata={"unit": "line"})

    class Config:
        """Columns that a newer edition adds are kept."""

        strict = False
        name = "raw.unaids_gam_areas"


RAW_MODELS: dict[str, type[pa.DataFrameModel]] = {
    "unaids_gam": RawBulk,
    "unaids_gam_datapoints": RawDatapoint,
    "unaids_gam_areas": RawArea,
}
