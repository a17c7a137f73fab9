"""People."""

from schemas.measure_cards.card import MeasureCard

CARDS: tuple[MeasureCard, ...] = (
    MeasureCard(
        "resident_population",
        "Resident population",
        "People living in the area, at mid-year unless the note says otherwise.",
        "people",
        "stock",
        adds_over_area=True,
        adds_over_category=True,
        basis="residence",
    ),
    MeasureCard(
        "people_who_inject_drugs",
        "People who inject drugs",
        "Estimated number of people who inject drugs.",
        "people",
        "stock",
        adds_over_area=True,
    ),
    MeasureCard("prisoners", "People in prison", "Estimated number of people in prison.", "people", "stock"),
)
