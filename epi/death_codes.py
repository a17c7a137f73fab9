"""How the codes of a death are read under each definition: groups, overdose or not, intent, drug classes."""

from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from epi.definitions import (
    ICD9_CONTRIBUTING,
    ICD9_UNDERLYING,
    ICD10_CONTRIBUTING,
    ICD10_UNDERLYING,
    INTENTS,
    BoolArray,
    flags_per_row,
)

Definition = Literal["nchs", "isw7", "emcdda_b", "emcdda_b_x44"]
Flags = dict[str, BoolArray]
DRUG_CLASSES = (
    "any_opioid",
    "heroin",
    "natural_semisynthetic",
    "methadone",
    "synthetic_opioid",
    "cocaine",
    "psychostimulant",
)
# ICD-9 has one code for all opioids but heroin and methadone.
NOT_IN_ICD9 = ("natural_semisynthetic", "synthetic_opioid")
ICD9_DRUGS = ("heroin", "methadone", "cocaine", "psychostimulant")


def check_definition(definition: str, revision: int) -> None:
    """Refuse a definition or revision that is unknown, and the two that do not go together."""
    names = get_args(Definition)
    if definition not in names:
        raise ValueError(f"definition must be one of {', '.join(names)}; found {definition!r}.")
    if revision not in (10, 9):
        raise ValueError(f"revision must be 10 or 9; found {revision!r}.")
    if revision == 9 and definition not in ("nchs", "isw7"):
        raise ValueError(f"definition must be nchs or isw7 for ICD-9 codes; found {definition!r}.")


def code_flags(causes: "pd.Series[Any]", codes: "pd.Series[Any]", revision: int) -> tuple[Flags, Flags]:
    """Say which groups the underlying cause, and which the contributing codes, of each death belong to."""
    of_cause, of_code = (
        (ICD10_UNDERLYING, ICD10_CONTRIBUTING) if revision == 10 else (ICD9_UNDERLYING, ICD9_CONTRIBUTING)
    )
    return flags_per_row(causes, of_cause, "underlying"), flags_per_row(codes, of_code, "contributing")


def overdose_deaths(cause: Flags, code: Flags, definition: str, revision: int) -> BoolArray:
    """Say which deaths are overdose deaths under the definition."""
    poisoning: BoolArray = np.logical_or.reduce([cause[intent] for intent in INTENTS])
    if definition == "nchs":
        return poisoning
    if definition == "isw7":
        return poisoning | code["drug"] if revision == 9 else poisoning & code["drug"]
    coded = cause["selection_b"] | (cause["unspecified_drug"] & (definition == "emcdda_b_x44"))
    return cause["drug_use_disorder"] | (coded & code["selection_b"])


def intent_of(cause: Flags, overdose: BoolArray) -> npt.NDArray[np.str_]:
    """Name the intent of each overdose death by its underlying cause; empty where that has none."""
    known = [cause[intent] & overdose for intent in INTENTS]
    return np.select(known, list(INTENTS), default="")


def drugs_involved(cause: Flags, code: Flags, revision: int, include_t406: bool) -> Flags:
    """Say which drug classes the codes of each death name, whatever it died of."""
    if revision == 10:
        opioid = code["opioid"] | (code["other_narcotic"] & include_t406)
        return {"any_opioid": opioid} | {name: code[name] for name in DRUG_CLASSES[1:]}
    known = {name: cause[name] | code[name] for name in ("opioid", *ICD9_DRUGS)}
    unknown = np.zeros(len(known["opioid"]), dtype=bool)
    return {name: known.get({"any_opioid": "opioid"}.get(name, name), unknown) for name in DRUG_CLASSES}
