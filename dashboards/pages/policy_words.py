"""How the policy page names laws, scores and answers."""

from dashboards.charts import Column

RANGE = [Column("lower", "Range, low", "n2"), Column("upper", "Range, high", "n2")]
"""Columns of a range over other weights or open answers, which is no sampling interval."""

LAWS = (
    ("naloxone_access_law", "Naloxone access law"),
    ("naloxone_standing_order_law", "Naloxone by standing order"),
    ("naloxone_pharmacist_prescribing_law", "Naloxone prescribed by pharmacists"),
    ("good_samaritan_law", "Good Samaritan overdose law"),
    ("good_samaritan_arrest_law", "Good Samaritan: no arrest"),
)
LAW_WORDS = dict(LAWS)
ASSOCIATION = "overdose_law_association"
SCORES = (
    ("harm_reduction_services_in_place", "all", "Harm reduction services in place, of ten marks"),
    ("legal_environment_index", "answered_by=government", "Legal environment, as governments answer"),
    ("legal_environment_index", "answered_by=civil_society", "Legal environment, as civil society answers"),
    ("prison_oat_clients", "all", "People in prison on opioid agonist treatment"),
)
ANSWERS = ("legal_environment_answer", "harm_reduction_in_place", "prison_services")
OTHERS = ("prison_oat_share", "stigma_and_violence_pwid")
NOT_AN_EFFECT = (
    "An association, never an effect: laws come where deaths rise, other things change in the same years, and fentanyl "
    "reached states at different times."
)
