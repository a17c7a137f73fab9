"""Templates for own programme data: which columns a service fills in, in which unit, and which measure each becomes."""

from schemas.programme_studies import STUDIES
from schemas.programme_template import GROUP_COLUMNS as GROUP_COLUMNS
from schemas.programme_template import PLACE_COLUMNS as PLACE_COLUMNS
from schemas.programme_template import Column as Column
from schemas.programme_template import Template as Template

UNITS_MARK = "UNITS"
EXAMPLE_MARK = "EXAMPLE"
"""First cell of the two lines that every template comes with."""

THRESHOLD = 10
"""Counts from 1 up to this, excluded, are hidden before anything is stored."""

ROUND_TO = 5
"""Counts that are shown are rounded to multiples of this."""

PLACE_MEANINGS = {
    "service": "Your name for the service; it keeps the rows of two services apart and is never stored or shown.",
    "area_id": "The place the service is for, such as US-06037, US-CA, CA-BC, GB-ENG or AUT; may be left out where "
    "another row of the same service has it.",
    "period": "A month, a quarter or a year: 2026-03, 2026-Q1 or 2026.",
    "sex": "female, male, transgender or unknown; all or empty for everybody.",
    "age_group": "Completed years, such as 18-24 or 65+; all or empty for everybody.",
}

_MEDICINES = {
    "methadone": "methadone",
    "buprenorphine": "buprenorphine",
    "slow_release_morphine": "slow-release oral morphine",
    "diacetylmorphine": "diacetylmorphine",
}

TEMPLATES: dict[str, Template] = {
    template.id: template
    for template in (
        Template(
            "nsp",
            "Needle and syringe programme",
            (
                Column(
                    "syringes_distributed",
                    "syringes_distributed",
                    "syringes",
                    "Needles and syringes given out in the period.",
                    "4180",
                ),
                Column("nsp_clients", "nsp_clients", "people", "Different people served in the period.", "212"),
            ),
        ),
        Template(
            "oat",
            "Opioid agonist treatment",
            (
                Column(
                    "oat_clients", "oat_clients", "people", "People in treatment on the last day of the period.", "164"
                ),
                *(
                    Column(
                        f"oat_clients_{drug}",
                        "oat_clients",
                        "people",
                        f"Of these, people who receive {name}.",
                        example,
                        drug,
                        part_of="oat_clients",
                    )
                    for (drug, name), example in zip(_MEDICINES.items(), ("97", "52", "15", "0"), strict=True)
                ),
            ),
        ),
        Template(
            "naloxone",
            "Naloxone distribution",
            (
                Column(
                    "naloxone_kits_distributed",
                    "naloxone_kits_distributed",
                    "kits",
                    "Naloxone kits given to people who may witness an overdose, in the period.",
                    "260",
                ),
                Column(
                    "naloxone_reversals_reported",
                    "naloxone_reversals_reported",
                    "events",
                    "Overdoses that people reported to have reversed with naloxone, in the period.",
                    "31",
                ),
            ),
            grouped=False,
        ),
        Template(
            "consumption-site",
            "Drug consumption site",
            (
                Column("consumption_site_visits", "consumption_site_visits", "visits", "Visits in the period.", "3020"),
                Column(
                    "consumption_site_clients",
                    "consumption_site_clients",
                    "people",
                    "Different people who visited in the period.",
                    "410",
                    part_of="consumption_site_visits",
                ),
                Column(
                    "consumption_site_overdoses",
                    "consumption_site_overdoses",
                    "events",
                    "Overdoses attended at the site.",
                    "24",
                ),
                Column(
                    "consumption_site_overdoses_naloxone",
                    "consumption_site_overdoses_naloxone",
                    "events",
                    "Of these, overdoses in which naloxone was given.",
                    "12",
                    part_of="consumption_site_overdoses",
                ),
            ),
        ),
        Template(
            "drug-checking",
            "Drug checking",
            (
                Column(
                    "drug_checking_samples", "drug_checking_samples", "samples", "Samples checked in the period.", "140"
                ),
                Column(
                    "drug_checking_samples_unexpected",
                    "drug_checking_samples_unexpected",
                    "samples",
                    "Of these, samples that held something other than what the person expected.",
                    "38",
                    part_of="drug_checking_samples",
                ),
            ),
            grouped=False,
        ),
        Template(
            "hcv-cascade",
            "Hepatitis C clearance cascade of the service's clients",
            (
                Column(
                    "hcv_ever_infected", "hcv_ever_infected", "people", "People ever infected: antibody or RNA.", "220"
                ),
                Column(
                    "hcv_viral_tested",
                    "hcv_viral_tested",
                    "people",
                    "Of these, people with a test for RNA.",
                    "185",
                    part_of="hcv_ever_infected",
                ),
                Column(
                    "hcv_initial_infection",
                    "hcv_initial_infection",
                    "people",
                    "Of these, people whose RNA was found.",
                    "130",
                    part_of="hcv_viral_tested",
                ),
                Column(
                    "hcv_cured_or_cleared",
                    "hcv_cured_or_cleared",
                    "people",
                    "Of these, people whose RNA was later not found any more.",
                    "60",
                    part_of="hcv_initial_infection",
                ),
                Column(
                    "hcv_persistent_or_reinfected",
                    "hcv_persistent_or_reinfected",
                    "people",
                    "Of these, people whose RNA was found again after that.",
                    "10",
                    part_of="hcv_cured_or_cleared",
                ),
            ),
        ),
        Template(
            "population-size",
            "Estimated number of people who inject drugs",
            (
                Column(
                    "people_who_inject_drugs",
                    "people_who_inject_drugs",
                    "people",
                    "Estimated number of people who inject drugs in the area, in the year.",
                    "1900",
                ),
                Column(
                    "people_who_inject_drugs_low",
                    "people_who_inject_drugs",
                    "people",
                    "Low end of the estimate.",
                    "1400",
                    limit="lower",
                ),
                Column(
                    "people_who_inject_drugs_high",
                    "people_who_inject_drugs",
                    "people",
                    "High end of the estimate.",
                    "2600",
                    limit="upper",
                ),
            ),
            grouped=False,
            yearly=True,
        ),
        *STUDIES,
    )
}
"""Every template, by the name that ``hre template`` takes."""

COLUMNS: dict[str, Column] = {column.name: column for each in TEMPLATES.values() for column in each.columns}
TEMPLATE_OF: dict[str, str] = {column.name: each.id for each in TEMPLATES.values() for column in each.columns}
"""Column names belong to one template each: a file says by its header which template it is."""
