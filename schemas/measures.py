"""Measures: what a value means, its unit, and what may be added up.

Sources write measures and indicators read them; neither knows the other.
"""

from schemas.measure_cards import harms, infections, law, mortality, population, programme, services, studies, supply
from schemas.measure_cards.card import MeasureCard

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
    "carfentanil",
    "fentanyl_related_other",
    "non_fentanyl_opioids",
    "cocaine",
    "illicitly_manufactured_fentanyls",
    "prescription_opioids",
    "psychostimulants",
    "benzodiazepines",
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

TOPICS = (mortality, harms, population, services, infections, law, supply, programme, studies)

MEASURES: dict[str, MeasureCard] = {card.id: card for topic in TOPICS for card in topic.CARDS}
