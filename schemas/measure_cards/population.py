"""People."""

from schemas.measure_cards.card import MeasureCard, share

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
    share(
        "pwid_prevalence_15_64_pct",
        "People who inject drugs among people aged 15-64",
        "People who inject drugs among all people aged 15 to 64.",
    ),
    MeasureCard(
        "income_group",
        "World Bank income group",
        "1 low, 2 lower middle, 3 upper middle, 4 high income, by gross national income per person.",
        "group, 1 to 4",
        "index",
        least=1.0,
        most=4.0,
    ),
)
