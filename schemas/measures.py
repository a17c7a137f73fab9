"""Measures: what a value means, its unit, and what may be added up.

Sources write measures and indicators read them; neither knows the other.
"""

from dataclasses import dataclass

DRUGS = (
    "all",
    "opioids",
    "opioids_natural_semisynthetic_methadone_synthetic",
    "natural_semisynthetic_and_methadone",
    "heroin",
    "natural_semisynthetic",
    "methadone",
    "synthetic_opioids",
    "fentanyl_and_analogues",
    "fentanyl",
    "fentanyl_analogues",
    "non_fentanyl_opioids",
    "cocaine",
    "psychostimulants",
    "methamphetamine",
    "stimulants",
    "other_stimulants",
    "buprenorphine",
    "cocaine_and_fentanyl",
    "opiates",
    "heroin_and_morphine",
    "drug_misuse",
    "slow_release_morphine",
    "dihydrocodeine",
    "diacetylmorphine",
    "other",
)


@dataclass(frozen=True)
class MeasureCard:
    """Meaning of one measure. ``basis`` is by_source where publishers count by different rules."""

    id: str
    title: str
    meaning: str
    unit: str
    kind: str
    """flow (counted over a period), stock (at a date), rate, share or index."""

    adds_over_time: bool = False
    adds_over_area: bool = False
    adds_over_category: bool = False
    basis: str = "not_applicable"
    """residence, occurrence, registration, by_source or not_applicable."""

    least: float | None = 0.0
    most: float | None = None


def _deaths(id: str, title: str, meaning: str, basis: str = "by_source") -> MeasureCard:
    return MeasureCard(id, title, meaning, "deaths", "flow", adds_over_time=True, adds_over_area=True, basis=basis)


def _rate(id: str, title: str, meaning: str, unit: str, basis: str = "by_source") -> MeasureCard:
    return MeasureCard(id, title, meaning, unit, "rate", basis=basis)


def _events(id: str, title: str, unit: str) -> MeasureCard:
    meaning = "Events in the period, as reported to the Public Health Agency of Canada; one person may have several."
    return MeasureCard(id, title, meaning, unit, "flow", adds_over_time=True, adds_over_area=True, basis="by_source")


def _share(id: str, title: str, meaning: str, most: float | None = 100.0) -> MeasureCard:
    return MeasureCard(id, title, meaning, "percent", "share", most=most)


_CARDS = [
    # Mortality
    _deaths(
        "overdose_deaths",
        "Drug overdose deaths",
        "Deaths with underlying cause X40-X44, X60-X64, X85 or Y10-Y14 (ICD-10), as reported. Windows of twelve months "
        "ending in a month overlap: they add over areas, never over time.",
    ),
    _deaths(
        "overdose_deaths_predicted",
        "Drug overdose deaths, predicted",
        "Reported deaths of the twelve months ending in a month, adjusted by the publisher for incomplete reporting.",
        "occurrence",
    ),
    _deaths("all_cause_deaths", "Deaths from all causes", "Deaths from any cause, as reported."),
    _share(
        "deaths_drugs_specified_pct",
        "Overdose deaths with drugs specified",
        "Share of overdose deaths whose certificate names at least one drug.",
    ),
    _share(
        "deaths_pending_investigation_pct",
        "Deaths pending investigation",
        "Share of death records whose cause is still pending investigation.",
    ),
    _share("deaths_records_complete_pct", "Completeness of death records", "Share of expected death records received."),
    _rate(
        "overdose_death_rate_crude_per_100k",
        "Drug overdose death rate, crude, published",
        "Overdose deaths per 100,000 residents, as published with its interval.",
        "deaths per 100,000 population",
        "residence",
    ),
    _rate(
        "overdose_death_rate_age_adjusted_per_100k",
        "Drug overdose death rate, age-adjusted, published",
        "Overdose deaths per 100,000 residents, standardised by the publisher to the US 2000 population.",
        "deaths per 100,000 population",
        "residence",
    ),
    _deaths(
        "opioid_deaths",
        "Apparent opioid toxicity deaths",
        "Deaths that the coroner or medical examiner attributes, at least in part, to opioids; Canada.",
        "occurrence",
    ),
    _rate(
        "opioid_death_rate_crude_per_100k",
        "Apparent opioid toxicity death rate, crude, published",
        "Opioid toxicity deaths per 100,000 population; annualised by the publisher for part of a year.",
        "deaths per 100,000 population",
        "occurrence",
    ),
    _deaths(
        "stimulant_deaths",
        "Apparent stimulant toxicity deaths",
        "Deaths that the coroner or medical examiner attributes, at least in part, to stimulants; Canada.",
        "occurrence",
    ),
    _rate(
        "stimulant_death_rate_crude_per_100k",
        "Apparent stimulant toxicity death rate, crude, published",
        "Stimulant toxicity deaths per 100,000 population; annualised by the publisher for part of a year.",
        "deaths per 100,000 population",
        "occurrence",
    ),
    _deaths(
        "drug_poisoning_deaths",
        "Deaths related to drug poisoning",
        "Deaths related to drug poisoning by year of registration, often long after the death; England and Wales.",
        "registration",
    ),
    _deaths(
        "drug_induced_deaths",
        "Drug-induced deaths",
        "Overdose deaths by each European country's national definition (mostly EMCDDA Selection B or D).",
        "by_source",
    ),
    MeasureCard(
        "drug_induced_deaths_mean_age",
        "Mean age at drug-induced death",
        "Mean age of the people whose deaths count as drug-induced by the national definition.",
        "years",
        "index",
        basis="by_source",
        most=120.0,
    ),
    _share(
        "opioid_deaths_share_pct",
        "Share of apparent opioid toxicity deaths",
        "Part of the deaths with the sex, age, drug, origin or manner that the row names; drugs overlap.",
    ),
    _share(
        "stimulant_deaths_share_pct",
        "Share of apparent stimulant toxicity deaths",
        "Part of the deaths with the sex, age, drug or manner that the row names; drugs overlap.",
    ),
    # Non-fatal harms
    *(
        card
        for drug in ("opioid", "stimulant")
        for card in (
            _events(
                f"{drug}_hospitalisations", f"{drug.title()}-related poisoning hospitalisations", "hospitalisations"
            ),
            _rate(
                f"{drug}_hospitalisation_rate_crude_per_100k",
                f"{drug.title()}-related poisoning hospitalisation rate, crude, published",
                "Hospitalisations per 100,000 population; annualised by the publisher for part of a year; Canada.",
                "hospitalisations per 100,000 population",
            ),
            _share(
                f"{drug}_hospitalisations_share_pct",
                f"Share of {drug}-related poisoning hospitalisations",
                "Part of the hospitalisations with the sex, age, drug or intent that the row names; drugs overlap.",
            ),
            _events(f"{drug}_ed_visits", f"{drug.title()}-related poisoning emergency department visits", "visits"),
            _rate(
                f"{drug}_ed_visit_rate_crude_per_100k",
                f"{drug.title()}-related poisoning emergency department visit rate, crude, published",
                "Visits per 100,000 population; annualised by the publisher for part of a year; Canada.",
                "visits per 100,000 population",
            ),
            _share(
                f"{drug}_ed_visits_share_pct",
                f"Share of {drug}-related poisoning emergency department visits",
                "Part of the visits with the sex, age, drug or intent that the row names; drugs overlap.",
            ),
        )
    ),
    _events("opioid_ems_responses", "Emergency medical service responses to suspected opioid overdoses", "responses"),
    _share(
        "opioid_ems_responses_share_pct",
        "Share of emergency medical service responses to suspected opioid overdoses",
        "Part of the responses to people of the sex or age that the row names.",
    ),
    # Population
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
    # Services
    MeasureCard(
        "syringes_distributed",
        "Syringes distributed",
        "Needles and syringes given out by specialised programmes in the period.",
        "syringes",
        "flow",
        adds_over_time=True,
        adds_over_area=True,
    ),
    MeasureCard(
        "syringes_per_pwid",
        "Syringes per person who injects drugs, published",
        "Needles and syringes distributed by programmes in the year per person who injects drugs in the population.",
        "syringes per person per year",
        "rate",
    ),
    MeasureCard(
        "oat_clients",
        "People on opioid agonist treatment",
        "People receiving opioid agonist treatment, by medicine where the drug is given.",
        "people",
        "stock",
        adds_over_area=True,
    ),
    _share(
        "oat_coverage_pct",
        "Opioid agonist treatment coverage, published",
        "People on opioid agonist treatment at a specified date among people who inject drugs with opioid dependence.",
        most=None,
    ),
    _share(
        "safe_injecting_pct",
        "Safe injecting at last injection",
        "People reporting sterile equipment at last injection, of those who injected in the last month.",
    ),
    _share("condom_use_pwid_pct", "Condom use at last sex", "People who inject drugs who used a condom at last sex."),
    _share(
        "prevention_coverage_pwid_pct",
        "HIV prevention programme coverage",
        "People who inject drugs reached by at least two HIV prevention interventions in the last three months.",
    ),
    _share(
        "healthcare_avoidance_pwid_pct",
        "Avoidance of health care",
        "People who inject drugs who avoided health care because of stigma and discrimination.",
    ),
    _share(
        "stigma_experience_pwid_pct",
        "Experience of stigma and discrimination",
        "People who inject drugs who report having experienced stigma and discrimination.",
    ),
    _share(
        "violence_experience_pwid_pct",
        "Experience of violence",
        "People who inject drugs who report having experienced sexual or physical violence.",
    ),
    MeasureCard(
        "syringes_distributed_prison",
        "Syringes distributed in prison",
        "Sterile needles given out to people in prison in the period; not part of community programmes.",
        "syringes",
        "flow",
        adds_over_time=True,
        adds_over_area=True,
    ),
    MeasureCard(
        "condoms_distributed_prison",
        "Condoms distributed in prison",
        "Condoms given out to people in prison in the period.",
        "condoms",
        "flow",
        adds_over_time=True,
        adds_over_area=True,
    ),
    MeasureCard(
        "naloxone_dispensed_per_100",
        "Naloxone dispensed by retail pharmacies",
        "Naloxone prescriptions dispensed by retail pharmacies per 100 people in the year; not community distribution.",
        "prescriptions per 100 people",
        "rate",
    ),
    MeasureCard(
        "buprenorphine_dispensed_per_100",
        "Buprenorphine dispensed by retail pharmacies",
        "Buprenorphine prescriptions dispensed by retail pharmacies per 100 people in the year.",
        "prescriptions per 100 people",
        "rate",
    ),
    MeasureCard(
        "consumption_site_visits",
        "Visits to drug consumption sites",
        "Visits to supervised consumption sites in the period.",
        "visits",
        "flow",
        adds_over_time=True,
        adds_over_area=True,
    ),
    MeasureCard(
        "consumption_site_clients",
        "Clients of drug consumption sites",
        "Unique clients in the month; not additive over months.",
        "people",
        "flow",
    ),
    MeasureCard(
        "consumption_site_overdoses",
        "Non-fatal overdoses at drug consumption sites",
        "Non-fatal overdoses and drug-related medical emergencies attended at the sites.",
        "events",
        "flow",
        adds_over_time=True,
    ),
    MeasureCard(
        "consumption_site_overdoses_naloxone",
        "Overdoses at drug consumption sites needing naloxone",
        "Non-fatal overdoses at the sites in which naloxone was given.",
        "events",
        "flow",
        adds_over_time=True,
    ),
    MeasureCard(
        "consumption_sites_reporting",
        "Drug consumption sites reporting",
        "Number of sites that reported visits in the month; it changes, so a trend in counts is not a trend in use.",
        "sites",
        "stock",
    ),
    # HIV and viral hepatitis
    _share(
        "hiv_prevalence_pwid_pct",
        "HIV prevalence among people who inject drugs",
        "People who inject drugs living with HIV among those tested in surveys.",
    ),
    _share(
        "hcv_antibody_prevalence_pwid_pct",
        "Hepatitis C antibody prevalence among people who inject drugs",
        "People who inject drugs with hepatitis C antibodies among those tested; past or present infection.",
    ),
    _share(
        "hbv_prevalence_pwid_pct",
        "Hepatitis B prevalence among people who inject drugs",
        "People who inject drugs with hepatitis B markers among those tested.",
    ),
    _share(
        "hiv_status_known_pwid_pct",
        "Knowledge of HIV status among people who inject drugs",
        "People who inject drugs who know their HIV status (tested in the last 12 months, or known to live with HIV).",
    ),
    _share(
        "art_coverage_pwid_pct",
        "Antiretroviral therapy among people who inject drugs",
        "People who inject drugs receiving antiretroviral therapy among those living with HIV.",
    ),
    _share(
        "hiv_prevalence_prisoners_pct",
        "HIV prevalence among people in prison",
        "People in prison living with HIV among those tested.",
    ),
    _share(
        "hcv_prevalence_prisoners_pct",
        "Hepatitis C infection among people in prison",
        "People in prison with hepatitis C infection, by the reporting country's test, among those tested.",
    ),
    _share(
        "hcv_prevalence_prisoners_2016_pct",
        "Viral hepatitis C among people in prison (indicator of 2016)",
        "People in prison with hepatitis C by UNAIDS' indicator on viral hepatitis of 2016, whose values differ from "
        "those of the later indicator on hepatitis C infection.",
    ),
    _share(
        "hbv_prevalence_prisoners_pct",
        "Hepatitis B infection among people in prison",
        "People in prison with hepatitis B infection, by the reporting country's test, among those tested.",
    ),
    _share(
        "tb_prevalence_prisoners_pct",
        "Tuberculosis among people in prison",
        "People in prison with tuberculosis, by the reporting country's definition.",
    ),
    _share(
        "art_coverage_prisoners_pct",
        "Antiretroviral therapy among people in prison",
        "People in prison receiving antiretroviral therapy among those living with HIV.",
    ),
    # Law
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
]

MEASURES: dict[str, MeasureCard] = {card.id: card for card in _CARDS}
