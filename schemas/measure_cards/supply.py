"""The drug supply."""

from schemas.measure_cards.card import MeasureCard

CARDS: tuple[MeasureCard, ...] = (
    MeasureCard(
        "forensic_drug_reports",
        "Drug reports by forensic laboratories",
        "Reports of a drug in seized material that laboratories analysed; one seizure may hold several drugs, each a "
        "report. Where a drug class is named, classes do not overlap.",
        "reports",
        "flow",
        adds_over_time=True,
        adds_over_area=True,
        adds_over_category=True,
        basis="occurrence",
    ),
)
