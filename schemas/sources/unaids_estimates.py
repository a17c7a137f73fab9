"""UNAIDS HIV estimates: the indicators and groups that are read from the bulk table, most of which is left out."""

import pandera.pandas as pa

from schemas.sources.unaids_gam import Indicator, RawBulk

INDICATORS = {
    "PLWH": Indicator("people_living_with_hiv", "NUMBER", ""),
    "NEW_INFECTIONS": Indicator("new_hiv_infections", "NUMBER", ""),
    "PLHIV_KNOWLEDGE_OF_STATUS": Indicator("hiv_status_known_pct", "PERCENT", ""),
    "PERCENT_PLWH": Indicator("art_coverage_pct", "PERCENT", ""),
    "PERCENT_KNOW_STATUS_ON_ART": Indicator("art_coverage_status_known_pct", "PERCENT", ""),
    "VIRAL_LOAD_SUPPRESSION": Indicator("viral_suppression_pct", "PERCENT", ""),
    "PERCENT_ON_ART_VL_SUPPRESSED": Indicator("viral_suppression_on_art_pct", "PERCENT", ""),
}
"""UNAIDS' id of an indicator to its measure; UNAIDS publishes both forms of each 95: of all, and of those before."""

_PARTS = {"": "value", "LOW_": "lower", "HIGH_": "upper"}
_GROUPS = {
    "ALL_AGES": ("all", "all"),
    "0_14": ("all", "0-14"),
    "15_AND_UP": ("all", "15+"),
    "FEMALES_15_AND_UP": ("female", "15+"),
    "MALES_15_AND_UP": ("male", "15+"),
}
SUBGROUPS = {
    **{f"{sign}ESTIMATE_{name}": (*group, part) for sign, part in _PARTS.items() for name, group in _GROUPS.items()},
    **{f"FEMALES_ALL_{sign}ESTIMATE": ("female", "all", part) for sign, part in _PARTS.items()},
    **{f"MALES_ALL_{sign}ESTIMATE": ("male", "all", part) for sign, part in _PARTS.items()},
}
"""UNAIDS' id of a subgroup: sex, age group, part of the estimate."""

MOST_BYTES = 2_000_000_000
"""Size of the unpacked table over which it is refused; the zip of 2025 has 27 million bytes."""


class Raw(RawBulk):
    """The indicators of the testing and treatment cascade as published, every cell as text; others are left out.

    Grain: one row for each indicator, subgroup, country or region, and year.
    """

    class Config:
        """Columns that a newer edition adds are kept."""

        strict = False
        name = "raw.unaids_estimates"


RAW_MODELS: dict[str, type[pa.DataFrameModel]] = {"unaids_estimates": Raw}
