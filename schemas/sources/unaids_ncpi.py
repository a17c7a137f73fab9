"""UNAIDS policy questionnaire (NCPI): its layout, and the measure that each question about drugs is.

The National Commitments and Policy Instrument is answered in words: the word is in ``Formatted``, while ``Data value``
is empty. Governments answer part A, civil society part B, and the two may differ: both are kept, each under its name.
"""

import pandera.pandas as pa

from schemas.sources.unaids_gam import RawBulk

MEASURES = {
    "Q_A_249": "nsp_operational",
    "Q_A_250": "oat_operational",
    "Q_A_254": "naloxone_community_available",
    "Q_A_255": "consumption_rooms_exist",
    "Q_A_256": "consumption_rooms",
    "Q_A_257": "consumption_room_enrolments",
    "Q_A_258": "nsp_prison_operational",
    "Q_A_259": "oat_prison_operational",
    "Q_A_932": "hcv_treatment_prison_available",
    "Q_A_1324": "possession_criminalised",
    "Q_A_1319": "drug_use_offence",
    "Q_A_762": "compulsory_detention",
    "Q_A_214": "death_penalty_drug_offences",
    "Q_A_506": "syringe_possession_evidence",
    "PRISON_HAS_NSP": "nsp_prison_operational",
    "PRISON_HAS_OST": "oat_prison_operational",
}
"""UNAIDS' id of a question, and the measure it is; the last two UNAIDS compiles for its Key Populations Atlas."""

COUNTS = ("Q_A_256", "Q_A_257")
"""Questions answered with a number."""

CATEGORIES = {
    "Q_A_215": "how the death penalty for drug offences is applied",
    "Q_A_216": "whether drug use or possession is an offence (2017-2021), several answers at once",
}
"""Questions on drugs answered by choosing among descriptions: kept in the raw table, no observation is made of them."""

RESPONDENTS = {"A_251": "answered by government", "A_274": "answered by civil society"}
"""UNAIDS' id of the part of the questionnaire, and the population group that the answer is kept under."""

COMPILED = {"COMPILED": "all", "TOTAL": "all"}
"""What UNAIDS compiled from several sources is its own answer."""

NO_ANSWER = {
    **dict.fromkeys(
        ["no data", "no information", "don't know", "do not know", "unknown", "no answer"], "not_collected"
    ),
    **dict.fromkeys(["not applicable"], "not_applicable"),
}


class Raw(RawBulk):
    """The questionnaire's answers about drugs as published, every cell as text; other topics are left out.

    Grain: one row for each question, part of the questionnaire or answer offered, country and year.
    """

    class Config:
        """Columns that a newer edition adds are kept."""

        strict = False
        name = "raw.unaids_ncpi"


RAW_MODELS: dict[str, type[pa.DataFrameModel]] = {"unaids_ncpi": Raw}
