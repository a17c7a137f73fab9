"""Harms that people survive."""

from schemas.measure_cards.card import MeasureCard, events, rate, share

CARDS: tuple[MeasureCard, ...] = (
    MeasureCard(
        "overdose_ed_visits_share_per_10k",
        "Suspected nonfatal overdoses among emergency department visits",
        "Visits for suspected nonfatal overdose per 10,000 emergency department visits for any reason, not per "
        "population; in a month, or in the twelve months ending in one, which overlap. Drugs overlap.",
        "visits per 10,000 emergency department visits",
        "share",
        basis="by_source",
        most=10_000.0,
    ),
    *(
        MeasureCard(id, title, meaning, unit, "flow", adds_over_time=True, adds_over_area=True, basis=basis)
        for id, title, meaning, unit, basis in (
            (
                "overdose_ed_visits",
                "Emergency department visits for nonfatal overdose",
                "Visits with a discharge diagnosis of nonfatal drug overdose in the jurisdiction; one person may have "
                "several.",
                "visits",
                "by_source",
            ),
            (
                "overdose_ed_visits_residents",
                "Emergency department visits for nonfatal overdose, residents inside their state",
                "Visits of the county's residents to emergency departments of their own state, with a discharge "
                "diagnosis of nonfatal drug overdose; visits in other states are missing.",
                "visits",
                "residence",
            ),
            (
                "overdose_hospitalisations",
                "Hospital stays for nonfatal overdose",
                "Inpatient stays with a discharge diagnosis of nonfatal drug overdose in the jurisdiction; one person "
                "may have several.",
                "hospital stays",
                "by_source",
            ),
        )
    ),
    rate(
        "overdose_ed_visit_rate_crude_per_100k",
        "Emergency department visit rate for nonfatal overdose, crude, published",
        "Visits per 100,000 population of the jurisdiction; for a month it is the month's, not annualised.",
        "visits per 100,000 population",
    ),
    rate(
        "overdose_ed_visit_rate_residents_crude_per_100k",
        "Emergency department visit rate for nonfatal overdose of residents inside their state, crude, published",
        "Visits of residents to emergency departments of their own state per 100,000 residents, or per 100,000 "
        "person-years where five years are taken together.",
        "visits per 100,000 population",
        "residence",
    ),
    rate(
        "overdose_hospitalisation_rate_crude_per_100k",
        "Hospital stay rate for nonfatal overdose, crude, published",
        "Hospital stays per 100,000 population of the jurisdiction; for a month it is the month's, not annualised.",
        "hospital stays per 100,000 population",
    ),
    MeasureCard(
        "jurisdictions_reporting",
        "Jurisdictions taking part",
        "States and DC whose data make up a total of jurisdictions; their number changes, so a trend in the total is "
        "not a trend in the country.",
        "jurisdictions",
        "stock",
        most=60.0,
    ),
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
    share(
        "opioid_use_disorder_pct",
        "Opioid use disorder in the past year",
        "Share of people in households with opioid use disorder in the past year by DSM-5, as a survey's model "
        "estimates it; people without a home, in prison or in hospital are not in it.",
    ),
)
