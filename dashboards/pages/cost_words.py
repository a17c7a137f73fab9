"""How the cost-effectiveness page names interventions, outcomes, amounts and where unit costs come from."""

import math
import re
from typing import Any

from dashboards import formats

INTERVENTIONS = {
    "today": "Services as they are today",
    "services_today": "Today, against none",
    "oat": "OAT",
    "nsp": "NSP",
    "naloxone": "Naloxone",
    "consumption_room": "Consumption rooms",
    "drug_checking": "Drug checking",
    "safer_supply": "Safer supply",
    "hcv_treatment": "HCV treatment",
    "hiv_testing": "HIV testing",
    "art": "HIV treatment",
    "prep": "PrEP",
    "prison_oat": "Prison OAT, link at release",
    "oat_nsp": "OAT + NSP",
    "oat_nsp_naloxone": "OAT + NSP + naloxone",
    "oat_nsp_hcv_treatment": "OAT + NSP + HCV treatment",
    "oat_nsp_naloxone_hcv_treatment": "OAT + NSP + naloxone + HCV treatment",
    "hiv_testing_art": "HIV testing + treatment",
    "oat_nsp_art": "OAT + NSP + HIV treatment",
}
"""Names short enough for an axis on a phone, told apart by their first letters."""

IN_WORDS = {
    "oat": "opioid agonist treatment",
    "nsp": "needle and syringe programmes",
    "naloxone": "take-home naloxone",
    "consumption_room": "drug consumption rooms",
    "drug_checking": "drug checking",
    "safer_supply": "prescribed safer supply",
    "hcv_treatment": "hepatitis C treatment",
}
"""Single interventions as a sentence names them."""

KEY = "OAT: opioid agonist treatment. NSP: needle and syringe programmes. HCV: hepatitis C."
OUTCOMES = {
    "overdose_deaths_averted": ("Overdose deaths averted", "overdose deaths averted"),
    "qalys_gained": ("QALYs gained", "QALYs gained"),
    "hiv_infections_averted": ("HIV infections averted", "HIV infections averted"),
    "hcv_infections_averted": ("Hepatitis C infections averted", "hepatitis C infections averted"),
    "overdoses_averted": ("Overdoses averted, fatal or not", "overdoses averted"),
    "emergency_attendances_averted": ("Emergency attendances averted", "emergency attendances averted"),
}
"""Health outcomes in the order that pages offer them: name, and unit in a sentence or on an axis."""

RATIOS = {
    "cost_per_overdose_death_averted": ("For each overdose death averted", "overdose death averted"),
    "cost_per_qaly": ("For each QALY gained", "QALY gained"),
}
PERSPECTIVES = (("health system", "Health system"), ("society", "Society"))
BASES = {
    "own country": "unit costs of the Australian Capital Territory",
    "transferred": "Australian unit costs, not converted",
    "given by the user": "unit costs given by the user",
    "none": "",
}
"""What stands beside every amount: whose unit costs it rests on."""

BASIS_SENTENCES = {
    "own country": "Unit costs are those of the Australian Capital Territory, which stand for the whole country.",
    "transferred": "No unit costs of this place are at hand. Amounts are what the services would cost at the prices of "
    "the Australian Capital Territory, in Australian dollars: not converted, and not adjusted to local prices. "
    "The health outcomes are this place's own.",
}
_ACRONYMS = {"oat": "OAT", "nsp": "NSP", "hiv": "HIV", "hcv": "HCV", "art": "ART", "svr": "cure", "rr": "rate ratio"}


def intervention(name: str) -> str:
    """Name an intervention as a reader knows it."""
    return INTERVENTIONS.get(name, name.replace("_", " ").capitalize())


def level(words: object) -> str:
    """Write a level as pages write percentages: 50% and not 50 %."""
    return re.sub(r"(\d) %", r"\1%", formats.text(words))


def in_a_sentence(name: str, words: object) -> str:
    """Name a single intervention and its level in a sentence: opioid agonist treatment at 50%."""
    told = level(words)
    return f"{IN_WORDS.get(name, intervention(name))} {'at ' if told[:1].isdigit() else ''}{told}"


def strategy(name: str) -> str:
    """Name a strategy, such as ``oat 50 %``: an intervention and its level."""
    first, _, rest = name.partition(" ")
    return f"{intervention(first)}, {level(rest)}" if rest else intervention(first)


def parameter(name: str) -> str:
    """Name a parameter in words: ``oat_overdose_rr`` as OAT overdose rate ratio."""
    words = " ".join(_ACRONYMS.get(part, part) for part in name.split("_"))
    return words[:1].upper() + words[1:]


def money(value: object, currency: object) -> str:
    """Write an amount to three figures: AUD 883,000, AUD 3.78 million; a true minus where money is saved."""
    if formats.is_missing(value):
        return formats.NOT_AVAILABLE
    size = abs(float(value))  # type: ignore[arg-type]
    sign = "−" if float(value) < 0 else ""  # type: ignore[arg-type]
    return f"{sign}{formats.text(currency)} {_three_figures(size)}"


def _three_figures(size: float) -> str:
    for limit, word in ((1e9, " billion"), (1e6, " million")):
        if size >= limit * 0.9995:
            scaled = size / limit
            return f"{formats.number(scaled, max(0, 2 - int(math.log10(scaled))))}{word}"
    if size == 0:
        return "0"
    digits = 2 - math.floor(math.log10(size)) if size >= 1 else 2
    return formats.number(round(size, digits), max(0, digits))


def amount_interval(row: dict[str, Any]) -> str:
    """Write the interval of an amount, or that there is none."""
    if formats.is_missing(row["lower"]) or formats.is_missing(row["upper"]):
        return "no interval"
    return f"{money(row['lower'], row['currency'])} to {money(row['upper'], row['currency'])}"


def count_interval(row: dict[str, Any]) -> str:
    """Write a number of people or events with its interval."""
    return f"{formats.number(row['value'], 0)} ({limits(row)})".replace("-", "−")


def limits(row: dict[str, Any]) -> str:
    """Write the limits of a number of people or events."""
    return f"{formats.number(row['lower'], 0)} to {formats.number(row['upper'], 0)}".replace("-", "−")
