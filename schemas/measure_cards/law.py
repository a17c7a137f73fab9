"""Law and policy."""

from schemas.measure_cards.card import MeasureCard

CARDS: tuple[MeasureCard, ...] = (
    MeasureCard(
        "naloxone_access_law",
        "Naloxone access law in force",
        "1 while any law that widens access to naloxone is in force (period of force), 0 where none came into force in "
        "the period observed.",
        "law in force",
        "index",
        most=1.0,
    ),
    MeasureCard(
        "naloxone_standing_order_law",
        "Naloxone by standing or protocol order in force",
        "1 while a law allows naloxone to be dispensed by standing or protocol order, 0 where none came into force.",
        "law in force",
        "index",
        most=1.0,
    ),
    MeasureCard(
        "naloxone_pharmacist_prescribing_law",
        "Naloxone prescribing by pharmacists in force",
        "1 while a law lets pharmacists prescribe naloxone, 0 where none came into force.",
        "law in force",
        "index",
        most=1.0,
    ),
    MeasureCard(
        "good_samaritan_law",
        "Good Samaritan overdose law in force",
        "1 while any law protects people who call for help at an overdose, 0 where none came into force.",
        "law in force",
        "index",
        most=1.0,
    ),
    MeasureCard(
        "good_samaritan_arrest_law",
        "Good Samaritan protection from arrest in force",
        "1 while a law protects people who call for help at an overdose from arrest, 0 where none came into force.",
        "law in force",
        "index",
        most=1.0,
    ),
)
