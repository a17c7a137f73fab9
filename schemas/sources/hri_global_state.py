"""Global State of Harm Reduction, table 1: the file that a person transcribes it into.

The report is a PDF whose table wraps country names over lines and marks answers with signs. No program reads it
reliably, so a person types it into a csv with the header below, one line for each country.
"""

import pandera.pandas as pa
from pandera.typing.pandas import Series

MEASURES = {
    "policy": "harm_reduction_in_policy",
    "nsp": "nsp_operational",
    "oat": "oat_operational",
    "dcr": "consumption_rooms_exist",
    "naloxone": "naloxone_available",
    "peer_naloxone": "naloxone_peer_distribution",
    "safer_smoking": "safer_smoking_equipment_available",
    "stimulant_rx": "stimulant_prescribing_available",
    "prison_nsp": "nsp_prison_operational",
    "prison_oat": "oat_prison_operational",
}
"""Column of the transcription, in the order of the report's ten columns, and the measure it is."""

COLUMNS = ["edition", "country", *MEASURES, "page", "transcribed_by", "checked_by"]
"""Header of the transcription: the year of the report, the country as printed, ten marks, page, and two people."""

MARKS = {
    **dict.fromkeys(["✓", "✔", "yes"], 1.0),
    **dict.fromkeys(["✕", "✗", "✘", "×", "no"], 0.0),
}
"""Signs as printed, or the words that a keyboard has."""

NOT_DETERMINED = ("nd", "n/d", "n.d.")
"""The report's sign for an answer that it could not determine, which is neither yes nor no."""


def _mark(text: str) -> Series[str]:
    return pa.Field(description=f"{text}: ✓, ✕ or nd.")  # type: ignore[no-any-return]


class Raw(pa.DataFrameModel):
    """Table 1 of the report as transcribed by a person, every cell as text. Grain: one edition and country."""

    edition: Series[str] = pa.Field(description="Year of the report.", metadata={"unit": "year"})
    country: Series[str] = pa.Field(description="Country or territory as printed.")
    policy: Series[str] = _mark("National policy refers to harm reduction in support of it")
    nsp: Series[str] = _mark("At least one needle and syringe programme")
    oat: Series[str] = _mark("At least one programme of opioid agonist treatment")
    dcr: Series[str] = _mark("At least one drug consumption room")
    naloxone: Series[str] = _mark("Naloxone programmes")
    peer_naloxone: Series[str] = _mark("Naloxone given out by peers")
    safer_smoking: Series[str] = _mark("Safer smoking equipment given out")
    stimulant_rx: Series[str] = _mark("Stimulants prescribed as treatment")
    prison_nsp: Series[str] = _mark("Needle and syringe programme in at least one prison")
    prison_oat: Series[str] = _mark("Opioid agonist treatment in at least one prison")
    page: Series[str] = pa.Field(description="Page of the report, as printed.", metadata={"unit": "page"})
    transcribed_by: Series[str] = pa.Field(description="Initials of the person who typed the line.")
    checked_by: Series[str] = pa.Field(description="Initials of the person who compared it with the report.")
    file_name: Series[str] = pa.Field(alias="_file", description="File the line stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the file, from 1.")

    class Config:
        """Columns that a transcriber adds are kept."""

        strict = False
        name = "raw.hri_global_state"
