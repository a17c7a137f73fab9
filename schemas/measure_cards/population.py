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
    MeasureCard(
        "life_expectancy_years",
        "Life expectancy",
        "Years that people who reach an age still live on average, by the life table of the year; the age group 20+ "
        "stands for the exact age of 20, and 0+ for birth.",
        "years",
        "index",
        basis="residence",
        most=120.0,
    ),
    MeasureCard("prisoners", "People in prison", "Estimated number of people in prison.", "people", "stock"),
    MeasureCard(
        "pwid_survey_participants",
        "People who inject drugs in a survey",
        "People who took part in a survey of people who inject drugs and gave the answer that the group names; the "
        "groups are answers to different questions and are never added.",
        "people",
        "stock",
    ),
    *(
        MeasureCard(
            f"pwid_{name}_{part}_years", f"{title}, {part.replace('_', ' ')}", f"{of}, {meaning}.", "years", "index"
        )
        for name, title, of in (
            ("age", "Age of people who inject drugs", "Age of people who inject drugs who took part in a survey"),
            (
                "injecting_duration",
                "Years since first injection",
                "Years since first injecting among people who inject drugs who took part in a survey",
            ),
            (
                "first_injection_age",
                "Age at first injection",
                "Age at first injection, by year of first injection, of people who inject drugs who took part in a "
                "survey",
            ),
        )
        for part, meaning in (
            ("lower_quartile", "which a quarter of them are below"),
            ("median", "which half of them are below"),
            ("upper_quartile", "which three quarters of them are below"),
        )
    ),
    share(
        "pwid_injecting_duration_share_pct",
        "People who inject drugs by years since first injection",
        "Those who first injected as many years ago as the group says, among all who took part in the survey; years "
        "over 40 are not published.",
    ),
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
