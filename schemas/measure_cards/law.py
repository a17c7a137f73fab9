"""Law and policy."""

from schemas.measure_cards.card import MeasureCard, yes_no

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
    yes_no(
        "ssp_authorised_law",
        "Law that authorises syringe service programmes",
        "a law explicitly authorises syringe service programmes",
    ),
    yes_no("paraphernalia_law_absent", "No drug paraphernalia law", "the state has no law on drug paraphernalia"),
    yes_no(
        "syringe_distribution_not_prohibited",
        "Free distribution of syringes not prohibited",
        "the law does not prohibit that syringes are given out free",
    ),
    yes_no(
        "paraphernalia_law_excludes_injecting",
        "Paraphernalia law excludes objects for injecting",
        "the law's definition of paraphernalia explicitly excludes objects used for injecting",
    ),
    yes_no(
        "paraphernalia_law_silent_on_injecting",
        "Paraphernalia law does not name objects for injecting",
        "the law's definition of paraphernalia does not refer to objects used for injecting",
    ),
    yes_no(
        "ssp_barriers_not_removed_by_law",
        "No law removes barriers to syringe service programmes",
        "no law removes barriers to syringe service programmes, or uncertainty about whether they are legal",
    ),
    yes_no("nsp_operational", "Needle and syringe programmes operate", "needle and syringe programmes operate"),
    yes_no("oat_operational", "Opioid agonist treatment operates", "opioid agonist treatment programmes operate"),
    yes_no(
        "naloxone_community_available",
        "Naloxone in the community",
        "naloxone is available through community distribution",
    ),
    yes_no("consumption_rooms_exist", "Drug consumption rooms exist", "at least one drug consumption room operates"),
    yes_no("nsp_prison_operational", "Needle and syringe programmes in prison", "they operate in at least one prison"),
    yes_no("oat_prison_operational", "Opioid agonist treatment in prison", "it operates in at least one prison"),
    yes_no(
        "hcv_treatment_prison_available",
        "Hepatitis C treatment in prison",
        "treatment of hepatitis C is available in prisons",
    ),
    yes_no(
        "possession_criminalised",
        "Possession of small amounts criminalised",
        "possession of small amounts of drugs is criminalised",
    ),
    yes_no(
        "drug_use_offence",
        "Drug use or possession for personal use an offence",
        "drug use or possession for personal use is an offence",
    ),
    yes_no(
        "compulsory_detention",
        "Compulsory detention of people who use drugs",
        "compulsory detention of people who use drugs is applied",
    ),
    yes_no(
        "death_penalty_drug_offences",
        "Death penalty for drug offences in law",
        "the death penalty is retained in law for drug-related offences",
    ),
    yes_no(
        "syringe_possession_evidence",
        "Syringe possession as evidence or cause for arrest",
        "possession of a needle or syringe is used as evidence of drug use or as cause for arrest",
    ),
    *(
        MeasureCard(
            f"{law}_year_share",
            f"{title}, part of the year",
            f"Part of the year in which {what} was in force, in whole months.",
            "share of the year",
            "index",
            most=1.0,
        )
        for law, title, what in (
            ("naloxone_access_law", "Naloxone access law", "any law that widens access to naloxone"),
            ("naloxone_standing_order_law", "Naloxone by standing or protocol order", "a law that allows it"),
            ("naloxone_pharmacist_prescribing_law", "Naloxone prescribing by pharmacists", "a law that allows it"),
            ("good_samaritan_law", "Good Samaritan overdose law", "any such law"),
            ("good_samaritan_arrest_law", "Good Samaritan protection from arrest", "a law that gives it"),
        )
    ),
    yes_no(
        "harm_reduction_in_policy",
        "Harm reduction in national policy",
        "national policy documents refer to harm reduction in support of it",
    ),
    yes_no("naloxone_available", "Naloxone programmes operate", "at least one naloxone programme operates"),
    yes_no(
        "naloxone_peer_distribution",
        "Naloxone distributed by peers",
        "people who use drugs distribute naloxone to their peers",
    ),
    yes_no(
        "safer_smoking_equipment_available",
        "Safer smoking equipment is given out",
        "at least one programme gives out safer smoking equipment",
    ),
    yes_no(
        "stimulant_prescribing_available",
        "Stimulants are prescribed",
        "stimulants are prescribed to people who use stimulants, as treatment",
    ),
)
