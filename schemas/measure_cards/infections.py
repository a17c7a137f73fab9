"""HIV, viral hepatitis and tuberculosis."""

from schemas.measure_cards.card import MeasureCard, deaths, people, rate, share

CARDS: tuple[MeasureCard, ...] = (
    share(
        "hiv_prevalence_pwid_pct",
        "HIV prevalence among people who inject drugs",
        "People who inject drugs living with HIV among those tested in surveys.",
    ),
    share(
        "hcv_antibody_prevalence_pwid_pct",
        "Hepatitis C antibody prevalence among people who inject drugs",
        "People who inject drugs with hepatitis C antibodies among those tested; past or present infection.",
    ),
    share(
        "hbv_prevalence_pwid_pct",
        "Hepatitis B prevalence among people who inject drugs",
        "People who inject drugs with hepatitis B markers among those tested.",
    ),
    share(
        "hiv_status_known_pwid_pct",
        "Knowledge of HIV status among people who inject drugs",
        "People who inject drugs who know their HIV status (tested in the last 12 months, or known to live with HIV).",
    ),
    share(
        "art_coverage_pwid_pct",
        "Antiretroviral therapy among people who inject drugs",
        "People who inject drugs receiving antiretroviral therapy among those living with HIV.",
    ),
    share(
        "hiv_prevalence_prisoners_pct",
        "HIV prevalence among people in prison",
        "People in prison living with HIV among those tested.",
    ),
    share(
        "hcv_prevalence_prisoners_pct",
        "Hepatitis C infection among people in prison",
        "People in prison with hepatitis C infection, by the reporting country's test, among those tested.",
    ),
    share(
        "hcv_prevalence_prisoners_2016_pct",
        "Viral hepatitis C among people in prison (indicator of 2016)",
        "People in prison with hepatitis C by UNAIDS' indicator on viral hepatitis of 2016, whose values differ from "
        "those of the later indicator on hepatitis C infection.",
    ),
    share(
        "hbv_prevalence_prisoners_pct",
        "Hepatitis B infection among people in prison",
        "People in prison with hepatitis B infection, by the reporting country's test, among those tested.",
    ),
    share(
        "tb_prevalence_prisoners_pct",
        "Tuberculosis among people in prison",
        "People in prison with tuberculosis, by the reporting country's definition.",
    ),
    share(
        "art_coverage_prisoners_pct",
        "Antiretroviral therapy among people in prison",
        "People in prison receiving antiretroviral therapy among those living with HIV.",
    ),
    people("people_living_with_hiv", "People living with HIV", "Estimated number of people living with HIV."),
    share(
        "hiv_status_known_pct",
        "People living with HIV who know their status",
        "People living with HIV who know their status among all people living with HIV.",
    ),
    share(
        "art_coverage_pct",
        "People living with HIV on antiretroviral therapy",
        "People living with HIV receiving antiretroviral therapy among all people living with HIV.",
    ),
    share(
        "art_coverage_status_known_pct",
        "Antiretroviral therapy among people who know their HIV status",
        "People receiving antiretroviral therapy among people living with HIV who know their status.",
    ),
    share(
        "viral_suppression_pct",
        "People living with HIV with suppressed viral load",
        "People living with HIV whose viral load is suppressed among all people living with HIV.",
    ),
    share(
        "viral_suppression_on_art_pct",
        "Suppressed viral load among people on antiretroviral therapy",
        "People whose viral load is suppressed among people receiving antiretroviral therapy.",
    ),
    MeasureCard(
        "new_hiv_infections",
        "New HIV infections",
        "Estimated number of people who newly acquired HIV in the year.",
        "people",
        "flow",
        adds_over_time=True,
        adds_over_area=True,
    ),
    MeasureCard(
        "hiv_diagnoses",
        "HIV diagnoses",
        "People aged 13 and over in whom HIV was diagnosed in the year, by how they probably acquired it where the "
        "group is given; they may have been infected years before.",
        "people",
        "flow",
        adds_over_time=True,
        adds_over_area=True,
        adds_over_category=True,
        basis="residence",
    ),
    rate(
        "hiv_diagnosis_rate_per_100k",
        "HIV diagnosis rate, published",
        "People with HIV diagnosed in the year per 100,000 population of their age.",
        "people per 100,000 population",
        "residence",
    ),
    deaths(
        "hiv_deaths",
        "Deaths of people with diagnosed HIV",
        "Deaths from any cause of people aged 13 and over with diagnosed HIV in the year.",
        "residence",
    ),
    rate(
        "hiv_death_rate_per_100k",
        "Death rate of people with diagnosed HIV, published",
        "Deaths of people with diagnosed HIV in the year per 100,000 population of their age.",
        "deaths per 100,000 population",
        "residence",
    ),
    MeasureCard(
        "people_with_diagnosed_hiv",
        "People living with diagnosed HIV",
        "People aged 13 and over living with diagnosed HIV at the end of the year; people not diagnosed are not in it.",
        "people",
        "stock",
        adds_over_area=True,
        adds_over_category=True,
        basis="residence",
    ),
    rate(
        "diagnosed_hiv_prevalence_per_100k",
        "Prevalence of diagnosed HIV, published",
        "People living with diagnosed HIV at the end of the year per 100,000 population of their age.",
        "people per 100,000 population",
        "residence",
    ),
    share(
        "hcv_prevalence_pwid_pct",
        "Hepatitis C among people who inject drugs, any test",
        "People who inject drugs with hepatitis C, antibody or virus as the study tested, among those tested.",
    ),
    share(
        "hcv_prevalence_population_pct",
        "Chronic hepatitis C in the population",
        "People with chronic hepatitis C among all residents, modelled.",
    ),
    people("people_living_with_hcv", "People living with hepatitis C", "Estimated number with chronic hepatitis C."),
    people(
        "hcv_diagnosed",
        "People diagnosed with hepatitis C",
        "People living with chronic hepatitis C who were ever diagnosed.",
    ),
    people("hcv_treated", "People treated for hepatitis C", "People who ever received treatment for hepatitis C."),
    MeasureCard(
        "new_hcv_infections",
        "New hepatitis C infections",
        "Estimated number of people who newly acquired hepatitis C in the year.",
        "people",
        "flow",
        adds_over_time=True,
        adds_over_area=True,
    ),
)
