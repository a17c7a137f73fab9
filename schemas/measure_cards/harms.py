"""Harms that people survive."""

from schemas.measure_cards.card import MeasureCard, events, rate, share

CARDS: tuple[MeasureCard, ...] = (
    *(
        card
        for drug in ("opioid", "stimulant")
        for card in (
            events(
                f"{drug}_hospitalisations", f"{drug.title()}-related poisoning hospitalisations", "hospitalisations"
            ),
            rate(
                f"{drug}_hospitalisation_rate_crude_per_100k",
                f"{drug.title()}-related poisoning hospitalisation rate, crude, published",
                "Hospitalisations per 100,000 population; annualised by the publisher for part of a year; Canada.",
                "hospitalisations per 100,000 population",
            ),
            share(
                f"{drug}_hospitalisations_share_pct",
                f"Share of {drug}-related poisoning hospitalisations",
                "Part of the hospitalisations with the sex, age, drug or intent that the row names; drugs overlap.",
            ),
            events(f"{drug}_ed_visits", f"{drug.title()}-related poisoning emergency department visits", "visits"),
            rate(
                f"{drug}_ed_visit_rate_crude_per_100k",
                f"{drug.title()}-related poisoning emergency department visit rate, crude, published",
                "Visits per 100,000 population; annualised by the publisher for part of a year; Canada.",
                "visits per 100,000 population",
            ),
            share(
                f"{drug}_ed_visits_share_pct",
                f"Share of {drug}-related poisoning emergency department visits",
                "Part of the visits with the sex, age, drug or intent that the row names; drugs overlap.",
            ),
        )
    ),
    events("opioid_ems_responses", "Emergency medical service responses to suspected opioid overdoses", "responses"),
    share(
        "opioid_ems_responses_share_pct",
        "Share of emergency medical service responses to suspected opioid overdoses",
        "Part of the responses to people of the sex or age that the row names.",
    ),
)
