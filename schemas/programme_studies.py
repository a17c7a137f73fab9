"""Templates for what only a service's records or a study of its place tell: care, treatment, reach and population size.

A column that is an estimate and not a count (a modelled need, a population) is written in whole numbers all the same.
"""

from schemas.programme_template import Column, Template


def _people(name: str, meaning: str, example: str, part_of: str = "", limit: str = "", measure: str = "") -> Column:
    return Column(name, measure or name, "people", meaning, example, part_of=part_of, limit=limit)


def _estimate(name: str, meaning: str, example: tuple[str, str, str]) -> tuple[Column, Column, Column]:
    return (
        _people(name, meaning, example[1]),
        _people(f"{name}_low", "Low end of the estimate.", example[0], limit="lower", measure=name),
        _people(f"{name}_high", "High end of the estimate.", example[2], limit="upper", measure=name),
    )


STUDIES: tuple[Template, ...] = (
    Template(
        "hiv-care",
        "HIV care of people who inject drugs",
        (
            _people("hiv_newly_diagnosed", "People in whom HIV was diagnosed in the period.", "60"),
            _people(
                "hiv_linked_one_month",
                "Of these, people with a first CD4 or viral load test within one month.",
                "45",
                "hiv_newly_diagnosed",
            ),
            _people("hiv_diagnosed_clients", "Clients living with diagnosed HIV at the end of the period.", "340"),
            _people(
                "hiv_suppressed_clients",
                "Of these, people with fewer than 200 copies per mL in their most recent test of the period.",
                "230",
                "hiv_diagnosed_clients",
            ),
            _people("prep_indicated", "People for whom PrEP is indicated, estimated.", "400"),
            _people("prep_prescribed", "People to whom PrEP was prescribed in the period.", "70"),
        ),
    ),
    Template(
        "hcv-care",
        "Hepatitis C among people who inject drugs: infection, treatment and cure",
        (
            Column(
                "hcv_person_years",
                "hcv_person_years",
                "person-years",
                "Person-years under observation of people at risk of infection, rounded.",
                "850",
            ),
            Column(
                "hcv_seroconversions",
                "hcv_seroconversions",
                "people",
                "New infections found in these person-years.",
                "40",
            ),
            _people("hcv_rna_tested", "People who inject drugs tested for hepatitis C RNA.", "380"),
            _people("hcv_rna_positive", "Of these, people in whom RNA was found.", "120", "hcv_rna_tested"),
            _people("hcv_chronic_diagnosed", "Clients with diagnosed chronic hepatitis C.", "260"),
            _people("hcv_treatment_started", "Of these, people who started treatment.", "150", "hcv_chronic_diagnosed"),
            _people("hcv_response_assessed", "People tested 12 to 24 weeks after the end of treatment.", "110"),
            _people("hcv_response", "Of these, people without RNA.", "100", "hcv_response_assessed"),
        ),
    ),
    Template(
        "oat-quality",
        "Quality of opioid agonist treatment",
        (
            _people("oat_started", "People who started treatment in the cohort.", "140"),
            _people("oat_retained_six_months", "Of these, people in treatment six months later.", "90", "oat_started"),
            _people("oat_maintained", "People on maintenance doses: neither induction nor reduction.", "200"),
            _people(
                "oat_adequate_dose",
                "Of these, people on at least 60 mg methadone or 8 mg buprenorphine a day.",
                "150",
                "oat_maintained",
            ),
            Column(
                "oat_person_years", "oat_person_years", "person-years", "Person-years in treatment, rounded.", "180"
            ),
            Column(
                "opioid_dependent_person_years",
                "opioid_dependent_person_years",
                "person-years",
                "Person-years of people with opioid dependence in the place, estimated and rounded.",
                "600",
            ),
        ),
    ),
    Template(
        "moud",
        "Medication for opioid use disorder, and the people who need it",
        (
            *_estimate(
                "people_with_opioid_use_disorder",
                "Estimated number of people with opioid use disorder in the past year.",
                ("6000", "8000", "11000"),
            ),
            _people("moud_recipients", "People who received methadone, buprenorphine or naltrexone for it.", "1900"),
        ),
        grouped=False,
        yearly=True,
    ),
    Template(
        "syringe-survey",
        "Survey of people who inject drugs: injections and syringes",
        (
            Column(
                "survey_injections",
                "survey_injections",
                "injections",
                "Injections that all participants report for the period.",
                "9200",
            ),
            Column(
                "survey_syringes_kept",
                "survey_syringes_kept",
                "syringes",
                "Sterile syringes they got for their own use in the period, those passed on taken off.",
                "7400",
            ),
            _people("survey_people_injecting", "Participants who injected in the period.", "300"),
            _people(
                "survey_people_covered",
                "Of these, people with at least as many syringes as injections.",
                "170",
                "survey_people_injecting",
            ),
        ),
    ),
    Template(
        "access",
        "People within reach of services",
        (
            _people(
                "access_people", "People who live in the place, or people who inject drugs if so weighted.", "9000"
            ),
            _people(
                "access_people_nsp", "Of these, people within reach of a syringe programme.", "6000", "access_people"
            ),
            _people(
                "access_people_oat", "Of these, people within reach of agonist treatment.", "5000", "access_people"
            ),
            _people("access_people_naloxone", "Of these, people within reach of naloxone.", "7000", "access_people"),
        ),
        grouped=False,
        yearly=True,
    ),
    Template(
        "size-study",
        "Study of the number of people who inject drugs",
        (
            _people("size_first_list", "People on the first list (capture-recapture).", "470"),
            _people("size_second_list", "People on the second list.", "450"),
            _people("size_both_lists", "People on both lists.", "55", "size_first_list"),
            _people("size_people_served", "People that a service has served (multiplier).", "1200"),
            _people("size_survey_asked", "Survey participants asked whether the service has served them.", "300"),
            _people("size_survey_served", "Of these, people who said yes.", "90", "size_survey_asked"),
        ),
        grouped=False,
        yearly=True,
    ),
    Template(
        "naloxone-need",
        "Modelled need of naloxone",
        (
            Column(
                "naloxone_kits_needed",
                "naloxone_kits_needed",
                "kits",
                "Kits a year that a model says it takes for one to be at hand at 80 % of overdoses with a witness.",
                "3200",
            ),
        ),
        grouped=False,
        yearly=True,
    ),
)
"""Further templates, each with its columns, which its indicators read."""
