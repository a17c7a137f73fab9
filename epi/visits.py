"""Which emergency department visits and hospital stays are for a drug overdose, from ICD-10-CM diagnoses."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from epi.definitions import BoolArray, Codes, as_series, flags_per_row

INTENTS = {"unintentional": "1", "self_harm": "2", "assault": "3", "undetermined": "4"}
ENCOUNTERS = {"initial": "A", "missing": "", "subsequent": "D", "sequela": "S"}
# Categories whose intent is the fifth character, an X standing in for the sixth: "unspecified" drugs of their group.
FIFTH_CHARACTER = "(?:T3[679]9|T414|T427|T4[3579]9)"
DRUGS = "(?:T3[6-9]|T4[0-9]|T50)"
# Codes that ICD-10-CM received in the middle of the series: before that, the flag says nothing.
FENTANYL = ("T4041",)
METHAMPHETAMINE = ("T4365",)
INTENT_AT = 5
DRUG_CLASSES = {
    "any_opioid": "T40[0-46].",
    "heroin": "T401.",
    "natural_semisynthetic": "T402.",
    "methadone": "T403.",
    "synthetic_opioid": "T404.",
    "cocaine": "T405.",
    "psychostimulant": "T436.",
    "benzodiazepine": "T424.",
}


def classify(
    diagnoses: Codes,
    fentanyl_codes: Sequence[str] = FENTANYL,
    methamphetamine_codes: Sequence[str] = METHAMPHETAMINE,
) -> pd.DataFrame:
    """Say of each visit whether it is for a drug overdose (CSTE/CDC), with intent, encounter and drug classes.

    Formula: any diagnosis in T36-T50 whose intent is 1-4 and whose encounter is A (initial) or missing. Intent is
    the sixth character, or the fifth in T36.9, T37.9, T39.9, T41.4, T42.7, T43.9, T45.9, T47.9 and T49.9. So adverse
    effects (5), underdosing (6), subsequent encounters (D) and sequelae (S) are left out. Drug classes come from the
    diagnoses that make the visit an overdose, not from others: heroin dependence beside a paracetamol overdose is not a
    heroin overdose. Visits are events: one person may have several.

    Fentanyl (T40.41) was split from T40.4X in October 2020 and methamphetamine (T43.65) from T43.6 in October 2022;
    earlier visits cannot carry them, and False means nothing there. The codes are options, so that a system that holds
    them back can be read: with no codes the column is missing for overdose visits.

    Args:
        diagnoses: All diagnoses of each visit: lists, or texts separated by spaces; dots, lower case and padding are
            tolerated. Several columns are joined first (`frame[columns].to_numpy().tolist()`).
        fentanyl_codes: Beginnings of the codes that name fentanyl.
        methamphetamine_codes: Beginnings of the codes that name methamphetamine.

    Returns:
        One row per visit, with the index of a Series given, else 0, 1, 2, ...:

        - `is_overdose`;
        - `intent`: unintentional, self_harm, assault, undetermined; multiple where the diagnoses disagree; empty where
          not an overdose;
        - `encounter`: initial or missing for overdoses (initial if any is); subsequent or sequela where the visit has
          only such diagnoses of an overdose and so is not counted; else empty;
        - truth values `any_opioid` (T40.0-T40.4, T40.6), `heroin`, `natural_semisynthetic`, `methadone`,
          `synthetic_opioid`, `cocaine`, `psychostimulant`, `benzodiazepine`; `fentanyl`, `methamphetamine` (nullable).

    Raises:
        ValueError: A code option does not lie within T40.4 or T43.6, or has an intent in it.
        TypeError: Diagnoses are not text.

    References:
        Vivolo-Kantor A, et al. Defining indicators for drug overdose emergency department visits and hospitalisations
        in ICD-10-CM coded discharge data. Inj Prev 2021;27(Suppl 1):i56-i61. CDC Stimulants v3 (syndrome definition of
        25 October 2022), for T43.65.

    Examples:
        >>> visits = classify(["T40.1X1A F11.20", "T40.2X5A", "T42.4X2A T40.411A", "T40.1X1D"])
        >>> visits[["is_overdose", "intent", "encounter", "any_opioid", "fentanyl"]]
           is_overdose         intent   encounter  any_opioid  fentanyl
        0         True  unintentional     initial        True     False
        1        False                                  False     False
        2         True       multiple     initial        True      True
        3        False                 subsequent       False     False
    """
    visits = as_series(diagnoses)
    options = {
        "fentanyl": _beginning(fentanyl_codes, "T404", "fentanyl_codes"),
        "methamphetamine": _beginning(methamphetamine_codes, "T436", "methamphetamine_codes"),
    }
    flags = flags_per_row(visits, _rules(DRUG_CLASSES | options), "diagnoses")
    overdose = flags["initial"] | flags["missing"]
    columns: dict[str, Any] = {
        "is_overdose": overdose,
        "intent": _intent(flags),
        "encounter": np.select([flags[name] for name in ENCOUNTERS], list(ENCOUNTERS), default=""),
    }
    columns |= {name: flags[name] for name in DRUG_CLASSES}
    frame = pd.DataFrame(columns, index=visits.index)
    for name in options:
        # Without codes nobody looked: missing where the visit is an overdose, False where it is not.
        frame[name] = pd.array(flags.get(name, np.zeros(len(visits), dtype=bool)), dtype="boolean")
        if name not in flags:
            frame.loc[overdose, name] = pd.NA
    return frame


def _rules(classes: dict[str, str]) -> dict[str, str]:
    """Give the rule of each encounter, intent and drug class, as regular expressions over whole codes."""
    rules = {encounter: _poisoning("[1-4]", letter) for encounter, letter in ENCOUNTERS.items()}
    rules |= {intent: _poisoning(digit, "A?") for intent, digit in INTENTS.items()}
    # No drug class lies in a category whose intent is the fifth character.
    return rules | {name: f"^(?:{beginning})[1-4]A?$" for name, beginning in classes.items() if beginning}


def _poisoning(intent: str, letter: str) -> str:
    """Give the rule of a poisoning by any drug with an intent and the letter of an encounter."""
    fifth = f"{FIFTH_CHARACTER}{intent}.{letter}"
    if letter in ("", "A?"):
        # The X that stands in for the sixth character may be missing too where nothing follows it (T36.91).
        fifth += f"|{FIFTH_CHARACTER}{intent}"
    return f"^(?:{fifth}|{DRUGS}..{intent}{letter})$"


def _beginning(codes: Sequence[str], within: str, name: str) -> str:
    """Turn the codes of an option into one regular expression, empty without codes."""
    if isinstance(codes, str):
        raise TypeError(f"{name} must be a list of codes; found the single text {codes!r}. Put it in brackets.")
    plain = [code.replace(".", "").strip().upper() for code in codes]
    for code in plain:
        if not (code.startswith(within) and code.isalnum() and len(code) <= INTENT_AT):
            raise ValueError(
                f"{name} must lie within {within[:3]}.{within[3:]}, without intent and encounter; found {code!r}."
            )
    # The intent is the sixth character, whatever stands before it.
    return "|".join(code.ljust(INTENT_AT, ".") for code in plain)


def _intent(flags: dict[str, BoolArray]) -> "np.typing.NDArray[np.str_]":
    several = np.sum([flags[intent] for intent in INTENTS], axis=0) > 1
    return np.select([several, *(flags[intent] for intent in INTENTS)], ["multiple", *INTENTS], default="")
