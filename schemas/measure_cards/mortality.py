"""Deaths and death rates."""

from schemas.measure_cards.card import MeasureCard, deaths, rate, share

CARDS: tuple[MeasureCard, ...] = (
    deaths(
        "overdose_deaths",
        "Drug overdose deaths",
        "Deaths with underlying cause X40-X44, X60-X64, X85 or Y10-Y14 (ICD-10), as reported. Windows of twelve months "
        "ending in a month overlap: they add over areas, never over time.",
    ),
    deaths(
        "overdose_deaths_predicted",
        "Drug overdose deaths, predicted",
        "Reported deaths of the twelve months ending in a month, adjusted by the publisher for incomplete reporting.",
        "occurrence",
    ),
    deaths("all_cause_deaths", "Deaths from all causes", "Deaths from any cause, as reported."),
    share(
        "deaths_drugs_specified_pct",
        "Overdose deaths with drugs specified",
        "Share of overdose deaths whose certificate names at least one drug.",
    ),
    share(
        "deaths_pending_investigation_pct",
        "Deaths pending investigation",
        "Share of death records whose cause is still pending investigation.",
    ),
    share("deaths_records_complete_pct", "Completeness of death records", "Share of expected death records received."),
    rate(
        "overdose_death_rate_crude_per_100k",
        "Drug overdose death rate, crude, published",
        "Overdose deaths per 100,000 residents, as published with its interval.",
        "deaths per 100,000 population",
        "residence",
    ),
    rate(
        "overdose_death_rate_age_adjusted_per_100k",
        "Drug overdose death rate, age-adjusted, published",
        "Overdose deaths per 100,000 residents, standardised by the publisher to the US 2000 population.",
        "deaths per 100,000 population",
        "residence",
    ),
    deaths(
        "unintentional_overdose_deaths",
        "Drug overdose deaths, unintentional or of undetermined intent",
        "Overdose deaths of unintentional or undetermined intent with a coroner's or medical examiner's report "
        "(SUDORS), counted where they occurred; suicide and homicide are not among them. Drugs overlap.",
        "occurrence",
    ),
    rate(
        "unintentional_overdose_death_rate_age_adjusted_2010_per_100k",
        "Rate of drug overdose deaths of unintentional or undetermined intent, age-adjusted to 2010, published",
        "Overdose deaths (SUDORS) per 100,000 residents, standardised by the publisher to the US 2010 population: not "
        "comparable with rates standardised to the US 2000 population.",
        "deaths per 100,000 population",
        "occurrence",
    ),
    rate(
        "unintentional_overdose_death_rate_age_specific_per_100k",
        "Rate of drug overdose deaths of unintentional or undetermined intent, by age, published",
        "Overdose deaths (SUDORS) of an age group per 100,000 residents of that age.",
        "deaths per 100,000 population",
        "occurrence",
    ),
    share(
        "unintentional_overdose_deaths_share_pct",
        "Share of drug overdose deaths of unintentional or undetermined intent",
        "Part of the overdose deaths (SUDORS) with the drug, sex, age or race that the row names, of those for which "
        "it is known; ages by sex are parts of that sex. Drugs overlap.",
    ),
    share(
        "unintentional_overdose_deaths_circumstance_pct",
        "Circumstances of drug overdose deaths of unintentional or undetermined intent",
        "Part of the overdose deaths (SUDORS) with a coroner's or medical examiner's report in which the circumstance "
        "was found; likely an underestimate.",
    ),
    deaths(
        "opioid_deaths",
        "Apparent opioid toxicity deaths",
        "Deaths that the coroner or medical examiner attributes, at least in part, to opioids; Canada.",
        "occurrence",
    ),
    rate(
        "opioid_death_rate_crude_per_100k",
        "Apparent opioid toxicity death rate, crude, published",
        "Opioid toxicity deaths per 100,000 population; annualised by the publisher for part of a year.",
        "deaths per 100,000 population",
        "occurrence",
    ),
    deaths(
        "stimulant_deaths",
        "Apparent stimulant toxicity deaths",
        "Deaths that the coroner or medical examiner attributes, at least in part, to stimulants; Canada.",
        "occurrence",
    ),
    rate(
        "stimulant_death_rate_crude_per_100k",
        "Apparent stimulant toxicity death rate, crude, published",
        "Stimulant toxicity deaths per 100,000 population; annualised by the publisher for part of a year.",
        "deaths per 100,000 population",
        "occurrence",
    ),
    deaths(
        "drug_poisoning_deaths",
        "Deaths related to drug poisoning",
        "Deaths related to drug poisoning by year of registration, often long after the death; England and Wales.",
        "registration",
    ),
    deaths(
        "drug_misuse_deaths",
        "Drug misuse deaths",
        "Deaths due to drug misuse by the definition of the National Records of Scotland, by year of registration; "
        "narrower than deaths related to drug poisoning.",
        "registration",
    ),
    rate(
        "drug_misuse_death_rate_age_adjusted_per_100k",
        "Drug misuse death rate, age-adjusted, published",
        "Drug misuse deaths per 100,000 population, adjusted for age by the publisher; Scotland.",
        "deaths per 100,000 population",
        "registration",
    ),
    deaths(
        "drug_induced_deaths",
        "Drug-induced deaths",
        "Overdose deaths by each European country's national definition (mostly EMCDDA Selection B or D).",
        "by_source",
    ),
    deaths(
        "drug_induced_deaths_underlying",
        "Drug-induced deaths, drug as the underlying cause",
        "Deaths whose underlying cause is the drug that the row names; Australia. Small counts are changed at random.",
        "by_source",
    ),
    deaths(
        "drug_mentioned_deaths",
        "Deaths with a mention of a drug",
        "Deaths in which the drug that the row names was found, whatever caused them; Australia. Small counts are "
        "changed at random.",
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
    share(
        "opioid_deaths_share_pct",
        "Share of apparent opioid toxicity deaths",
        "Part of the deaths with the sex, age, drug, origin or manner that the row names; drugs overlap.",
    ),
    share(
        "stimulant_deaths_share_pct",
        "Share of apparent stimulant toxicity deaths",
        "Part of the deaths with the sex, age, drug or manner that the row names; drugs overlap.",
    ),
    deaths("hcv_deaths", "Deaths due to hepatitis C", "Estimated deaths due to hepatitis C in the year.", "residence"),
    deaths("hiv_deaths", "HIV-related deaths", "Estimated deaths from HIV-related causes in the year.", "residence"),
    rate(
        "drug_dependence_deaths_per_100k",
        "Deaths due to drug dependence, age-standardised",
        "Deaths with drug dependence as underlying cause (F11-F16, F18-F19), standardised to the European population; "
        "poisoning is not among them.",
        "deaths per 100,000 population",
        "residence",
    ),
    rate(
        "accidental_poisoning_deaths_per_100k",
        "Deaths due to accidental poisoning, age-standardised",
        "Deaths from accidental poisoning by any substance (X40-X49), standardised to the European population; drugs "
        "are one part of it.",
        "deaths per 100,000 population",
        "residence",
    ),
    rate(
        "undetermined_intent_deaths_per_100k",
        "Deaths of undetermined intent, age-standardised",
        "Deaths of undetermined intent (Y10-Y34, Y87.2), standardised to the European population; drug poisoning is "
        "one part of it.",
        "deaths per 100,000 population",
        "residence",
    ),
    rate(
        "viral_hepatitis_deaths_per_100k",
        "Deaths due to viral hepatitis, age-standardised",
        "Deaths due to viral hepatitis and its sequelae (B15-B19, B94.2), standardised to the European population.",
        "deaths per 100,000 population",
        "residence",
    ),
    rate(
        "hiv_deaths_per_100k",
        "Deaths due to HIV, age-standardised",
        "Deaths due to HIV disease (B20-B24), standardised to the European population.",
        "deaths per 100,000 population",
        "residence",
    ),
)
