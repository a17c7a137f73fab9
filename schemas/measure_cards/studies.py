"""What a service's records or a study of its place tell of care, treatment, reach and population size."""

from schemas.measure_cards.card import MeasureCard

_PLURALS = {"people": "stock"}


def _counted(id: str, title: str, meaning: str, unit: str = "people") -> MeasureCard:
    return MeasureCard(id, title, meaning, unit, _PLURALS.get(unit, "flow"), adds_over_area=True)


CARDS: tuple[MeasureCard, ...] = (
    _counted(
        "hcv_persistent_or_reinfected",
        "People with hepatitis C again or still",
        "Of the people cured or cleared, those in whom RNA was found again.",
    ),
    _counted("hiv_newly_diagnosed", "Clients newly diagnosed with HIV", "Clients in whom HIV was diagnosed."),
    _counted(
        "hiv_linked_one_month",
        "People linked to HIV care within one month",
        "Of the clients newly diagnosed, those with a CD4 or viral load test within one month.",
    ),
    _counted("hiv_diagnosed_clients", "Clients living with diagnosed HIV", "Clients with diagnosed HIV, at the end."),
    _counted(
        "hiv_suppressed_clients",
        "Clients with suppressed HIV",
        "Of the clients with diagnosed HIV, those below 200 copies per mL in their most recent test.",
    ),
    _counted("prep_indicated", "People with an indication for PrEP", "People for whom PrEP is indicated, estimated."),
    _counted("prep_prescribed", "People prescribed PrEP", "People to whom PrEP was prescribed in the period."),
    _counted(
        "hcv_person_years",
        "Person-years at risk of hepatitis C",
        "Person-years under observation of people who inject drugs at risk of hepatitis C.",
        "person-years",
    ),
    _counted(
        "hcv_seroconversions",
        "New hepatitis C infections under observation",
        "New hepatitis C infections of people who inject drugs in the person-years observed.",
    ),
    _counted(
        "hcv_rna_tested", "People who inject drugs tested for hepatitis C RNA", "Tested for RNA, whoever they are."
    ),
    _counted(
        "hcv_rna_positive", "People who inject drugs with hepatitis C RNA", "Of the people tested, RNA was found."
    ),
    _counted("hcv_chronic_diagnosed", "Clients with chronic hepatitis C", "Clients with diagnosed chronic infection."),
    _counted(
        "hcv_treatment_started",
        "Clients who started hepatitis C treatment",
        "Of the clients with diagnosed chronic infection, those who started treatment.",
    ),
    _counted(
        "hcv_response_assessed",
        "People whose response to hepatitis C treatment was tested",
        "People tested for RNA 12 to 24 weeks after the end of treatment.",
    ),
    _counted("hcv_response", "People with sustained response", "Of the people whose response was tested, no RNA."),
    _counted("oat_started", "People who started agonist treatment", "People who started treatment in the cohort."),
    _counted(
        "oat_retained_six_months",
        "People retained in agonist treatment for six months",
        "Of the people who started, those in treatment six months later.",
    ),
    _counted("oat_maintained", "People on maintenance doses", "People in treatment, neither induction nor reduction."),
    _counted(
        "oat_adequate_dose",
        "People on an adequate dose",
        "Of the people on maintenance doses, those on at least 60 mg methadone or 8 mg buprenorphine a day.",
    ),
    _counted(
        "oat_person_years",
        "Person-years in agonist treatment",
        "Person-years in treatment in the period.",
        "person-years",
    ),
    _counted(
        "opioid_dependent_person_years",
        "Person-years of people with opioid dependence",
        "Person-years of people with opioid dependence in the place, estimated.",
        "person-years",
    ),
    _counted(
        "people_with_opioid_use_disorder",
        "People with opioid use disorder",
        "Estimated number of people with opioid use disorder in the past year.",
    ),
    _counted(
        "moud_recipients",
        "People receiving medication for opioid use disorder",
        "People who received methadone, buprenorphine or naltrexone for opioid use disorder.",
    ),
    _counted(
        "survey_injections", "Injections reported", "Injections that the participants of a survey report.", "injections"
    ),
    _counted(
        "survey_syringes_kept",
        "Sterile syringes got for own use",
        "Sterile syringes that the participants of a survey got for their own use.",
        "syringes",
    ),
    _counted("survey_people_injecting", "Survey participants who injected", "Participants who injected in the period."),
    _counted(
        "survey_people_covered",
        "Survey participants with enough syringes",
        "Of the participants who injected, those with at least as many sterile syringes as injections.",
    ),
    _counted("access_people", "People whose reach of services was looked at", "People who live in the place."),
    *(
        _counted(
            f"access_people_{service}",
            f"People within reach of {name}",
            f"Of the people looked at, those within reach of {name}.",
        )
        for service, name in (
            ("nsp", "a syringe programme"),
            ("oat", "agonist treatment"),
            ("naloxone", "naloxone"),
        )
    ),
    _counted("size_first_list", "People on a first list", "People who inject drugs on the first list of a study."),
    _counted("size_second_list", "People on a second list", "People who inject drugs on the second list of a study."),
    _counted("size_both_lists", "People on both lists", "People who inject drugs who are on both lists of a study."),
    _counted(
        "size_people_served", "People served, for a multiplier", "People a service has served, counted once each."
    ),
    _counted("size_survey_asked", "Survey participants asked", "Participants asked whether the service served them."),
    _counted("size_survey_served", "Survey participants served", "Participants who said that the service served them."),
    _counted(
        "naloxone_kits_needed",
        "Naloxone kits needed, modelled",
        "Kits a year that a model says it takes for one to be at hand at 80 % of overdoses with a witness.",
        "kits",
    ),
)
