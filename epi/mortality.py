"""Which deaths are overdose deaths, and which drugs were involved, under each published definition."""

from typing import Any, Literal

import numpy as np
import pandas as pd

from epi.death_codes import (
    DRUG_CLASSES,
    NOT_IN_ICD9,
    Definition,
    check_definition,
    code_flags,
    drugs_involved,
    intent_of,
    overdose_deaths,
)
from epi.definitions import Codes, paired
from epi.intervals import binomial_interval

__all__ = [
    "DRUG_CLASSES",
    "SPREAD_TO_REPORT",
    "Definition",
    "classify",
    "definition_spread",
    "polysubstance",
    "polysubstance_share",
    "unspecified_drug",
    "unspecified_drug_share",
]

SPREAD_TO_REPORT = 0.02


def classify(
    underlying: Codes,
    contributing: Codes,
    definition: Definition = "nchs",
    revision: Literal[10, 9] = 10,
    include_t406: bool = True,
) -> pd.DataFrame:
    """Say of each death whether it is an overdose death, with which intent, and which drug classes were involved.

    Formula (ICD-10, U = underlying cause, T = any contributing code), by definition:

    - `nchs`: U in X40-X44, X60-X64, X85, Y10-Y14. What CDC WONDER and VSRR count.
    - `isw7`: the same U and a drug T (T36-T50); about 0.1 % fewer deaths than `nchs`.
    - `emcdda_b`: EMCDDA Selection B as ECHIM words it: U in F11, F12, F14-F16, F19; or U in X41, X42, X61, X62, Y11,
      Y12 with T in T40.0-T40.9, T43.6.
    - `emcdda_b_x44`: the same, and U in X44, X64, Y14 (unspecified drugs) with the same T, as the ECHI sheet of 2011
      words it. Many deaths from several drugs are coded X44, so this one is far larger in the United States. The
      extension is unverified: EMCDDA's own protocol was not seen, so it is never the default and is to be named.

    Drug classes, only for overdose deaths: any opioid T40.0-T40.4, T40.6; heroin T40.1; natural and semisynthetic
    T40.2; methadone T40.3; synthetic other than methadone T40.4 (mostly fentanyl since 2013, but the code cannot say
    so); cocaine T40.5; psychostimulants T43.6. Classes overlap: they never add up to the total.

    Caveat of T40.6 ("other and unspecified narcotics"): some jurisdictions use it for drugs that are no opioids
    (cocaine among them). It counts as an opioid, as in every official figure, unless `include_t406` is False.

    ICD-9 (`revision=9`, data years before 1999): `nchs` is U in E850-E858, E950.0-E950.5, E962.0, E980.0-E980.5; `isw7`
    is also true where any contributing code is one of these or N909.0, N909.5, N960-N979, N995.2, N995.4. Opioids are
    E850.0-E850.2, N965.0; heroin E850.0, N965.01; methadone E850.1, N965.02; cocaine E855.2, N968.5; psychostimulants
    E854.2, N969.7. Natural and synthetic opioids have no codes in ICD-9: missing for overdose deaths. The fifth digit
    of 965.01 and 965.02 is the clinical modification's; NCHS's files have four (965.0), so heroin and methadone show
    there by their external cause only. E855.2 and N968.5 are the local anaesthetics, cocaine among them. These counts
    are floors: of 238 certificates written for deaths from cocaine, 45 got a code of cocaine as underlying cause.
    Counts before and after 1999 are not comparable without comparability ratios.

    Args:
        underlying: Underlying cause of each death; dots, lower case, padding and a fourth character are tolerated.
        contributing: Codes of each death's record axis: lists, or texts separated by spaces. ICD-9 codes need their
            letter (E for external causes, N for nature of injury), as E965.0 and N965.0 are different things.
        definition: `nchs`, `isw7`, `emcdda_b` or `emcdda_b_x44`.
        revision: 10, or 9 for ICD-9 codes (`nchs` and `isw7` only). Never guessed: E85.0 is amyloidosis in ICD-10.
        include_t406: Whether T40.6 makes a death an opioid death.

    Returns:
        One row per death, in order, with the index of the Series given, else 0, 1, 2, ... Columns `is_overdose`;
        `intent` (unintentional, suicide, homicide, undetermined; empty where not an overdose, or where the code has no
        intent: F codes, and ICD-9 deaths that only a contributing code makes an overdose); then `any_opioid`, `heroin`,
        `natural_semisynthetic`, `methadone`, `synthetic_opioid`, `cocaine`, `psychostimulant` (truth values; for ICD-9
        nullable). A missing underlying cause is no overdose under the ICD-10 definitions.

    Raises:
        ValueError: The definition or revision is unknown, the two do not go together, or lengths or indexes differ.
        TypeError: Codes are not text.

    References:
        Injury Surveillance Workgroup 7. Consensus recommendations for national and state poisoning surveillance. Safe
        States Alliance 2012 (also the caveat of T40.6 and the ICD-9 groups, as documented in the R package narcan).
        ECHI documentation sheet 14, Drug-related deaths (2011), and its ECHIM predecessor. Fingerhut L, Griffiths C,
        Wilkins K. Drug poisoning: trends and current status (ICD-9 beside ICD-10; cocaine in local anaesthetics).
        E855.2: deaths from cocaine 1979-1998, CDC WONDER, as tabulated by Bennett BC; N968.5: its counterpart in the
        General Equivalence Mappings. N965.01: R package overdoser. N965.02: pairs of N and E codes in a table of
        Injury Prevention. E854.2, N969.7: Xiong F, program after Slavova S et al. Public Health Rep 2014;129:437-445.
        The floors: survey of medical examiners, Am J Forensic Med Pathol 1993;14:43-47.

    Examples:
        >>> deaths = classify(["X42", "X40", "I250"], ["T40.1 T40.4 T42.4", "T391", "I250"])
        >>> deaths[["is_overdose", "intent", "any_opioid", "heroin", "synthetic_opioid"]]
           is_overdose         intent  any_opioid  heroin  synthetic_opioid
        0         True  unintentional        True    True              True
        1         True  unintentional       False   False             False
        2        False                      False   False             False
    """
    check_definition(definition, revision)
    causes, codes = paired(underlying, contributing)
    index = causes.index if isinstance(underlying, pd.Series) else codes.index
    cause, code = code_flags(causes, codes, revision)
    overdose = overdose_deaths(cause, code, definition, revision)
    columns: dict[str, Any] = {"is_overdose": overdose, "intent": intent_of(cause, overdose)}
    for name, met in drugs_involved(cause, code, revision, include_t406).items():
        columns[name] = met & overdose
    frame = pd.DataFrame(columns, index=index)
    if revision == 9:
        # Not False: nobody looked. Missing where the death is an overdose, False where it is not.
        for name in DRUG_CLASSES:
            frame[name] = frame[name].astype("boolean")
        frame.loc[overdose, list(NOT_IN_ICD9)] = pd.NA
    return frame


def unspecified_drug(underlying: Codes, contributing: Codes, definition: Definition = "nchs") -> "pd.Series[bool]":
    """Say of each death whether it is an overdose death whose certificate names no drug (T50.9 the only drug code).

    Formula: an overdose death by the definition, with T50.9 among its codes and no other of T36-T50.

    Args:
        underlying: As in `classify` (ICD-10).
        contributing: As in `classify`.
        definition: As in `classify`.

    Returns:
        A Series of truth values, one per death. Overdose deaths without any drug code are not among them.

    Raises:
        ValueError: The definition is unknown, or lengths or indexes differ.
        TypeError: Codes are not text.

    References:
        Indicator 6 of this project's registry. The share of T40.6 among opioid deaths is another thing: whether the
        opioid was named, not whether any drug was.

    Examples:
        >>> unspecified_drug(["X44", "X44", "X44"], ["T509", "T509 T401", "T509 F102"]).tolist()
        [True, False, True]
    """
    check_definition(definition, 10)
    causes, codes = paired(underlying, contributing)
    index = causes.index if isinstance(underlying, pd.Series) else codes.index
    cause, code = code_flags(causes, codes, 10)
    only = code["drug"] & ~code["specified_drug"]
    return pd.Series(only & overdose_deaths(cause, code, definition, 10), index=index, name="unspecified_drug")


def unspecified_drug_share(
    underlying: Codes,
    contributing: Codes,
    definition: Definition = "nchs",
    by: "pd.Series[Any] | None" = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Make the share of overdose deaths whose certificate names no drug, with Wilson limits.

    Formula: value = deaths with T50.9 as the only drug code / overdose deaths. A data-quality flag: where it falls,
    drug-specific rates rise although nothing else changed.

    Args:
        underlying: As in `classify` (ICD-10).
        contributing: As in `classify`.
        definition: As in `classify`.
        by: Group of each death (year, place), a missing one being a group too; without it, one row for all deaths.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.

    Returns:
        One row per group: `numerator` and `denominator` (deaths), `value`, `lower`, `upper` (proportions; nan without
        an overdose death).

    Raises:
        ValueError: The definition is unknown, lengths or indexes differ, or the confidence is no proportion.
        TypeError: Codes are not text.

    References:
        Indicator 6 of this project's registry. Wilson EB. JASA 1927;22:209-212.

    Examples:
        >>> unspecified_drug_share(["X44", "X42", "X44", "I250"], ["T509", "T401", "T509", "I250"]).round(3)
             numerator  denominator  value  lower  upper
        all          2            3  0.667  0.208  0.939
    """
    unspecified = unspecified_drug(underlying, contributing, definition)
    overdose = classify(underlying, contributing, definition)["is_overdose"]
    return _share(unspecified, overdose, by, confidence)


def polysubstance(deaths: pd.DataFrame) -> "pd.Series[Any]":
    """Say of each classified death whether an opioid and a stimulant (cocaine or psychostimulant) were both involved.

    Formula: any_opioid and (cocaine or psychostimulant).

    Args:
        deaths: What `classify` gives.

    Returns:
        A Series of truth values, one per death (nullable for ICD-9).

    Raises:
        KeyError: A drug class is not among the columns.

    References:
        Indicator 5 of this project's registry, in the style of CDC's SUDORS (opioids with stimulants).

    Examples:
        >>> polysubstance(classify(["X42", "X42"], ["T404 T436", "T404 T424"])).tolist()
        [True, False]
    """
    both = deaths["any_opioid"] & (deaths["cocaine"] | deaths["psychostimulant"])
    return both.rename("polysubstance")


def polysubstance_share(
    deaths: pd.DataFrame, by: "pd.Series[Any] | None" = None, confidence: float = 0.95
) -> pd.DataFrame:
    """Make the share of overdose deaths that involved an opioid and a stimulant, with Wilson limits.

    Formula: value = overdose deaths with any opioid and (cocaine or a psychostimulant) / overdose deaths.

    Args:
        deaths: What `classify` gives. From ICD-9 codes both parts are floors (see there), and so is the share.
        by: Group of each death (year, place), a missing one being a group too; without it, one row for all deaths.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.

    Returns:
        One row per group: `numerator` and `denominator` (deaths), `value`, `lower`, `upper` (proportions; nan without
        an overdose death).

    Raises:
        ValueError: A flag is missing.

    References:
        Indicator 5 of this project's registry. Wilson EB. JASA 1927;22:209-212.

    Examples:
        >>> polysubstance_share(classify(["X42", "X42"], ["T404 T436", "T404 T424"])).round(3)
             numerator  denominator  value  lower  upper
        all          1            2    0.5  0.095  0.905
    """
    both = polysubstance(deaths)
    if both.isna().any():
        raise ValueError(
            "deaths must say whether an opioid and a stimulant were involved; found deaths where that is missing. Give "
            "the frame of classify as it is."
        )
    return _share(both, deaths["is_overdose"], by, confidence)


def definition_spread(
    underlying: Codes,
    contributing: Codes,
    definitions: tuple[Definition, ...] = ("nchs", "isw7", "emcdda_b", "emcdda_b_x44"),
) -> pd.DataFrame:
    """Count the same deaths under each definition, and say how far the counts lie from the first one's.

    Formula: ratio = deaths under the definition / deaths under the first definition.

    Args:
        underlying: As in `classify` (ICD-10).
        contributing: As in `classify`.
        definitions: Definitions to compare; the first is the reference.

    Returns:
        One row per definition: `definition`, `deaths`, `ratio` (nan where the first counts no death) and `report` (the
        ratio is more than 2 % away from 1, so figures made with different definitions must not be compared).

    Raises:
        ValueError: A definition is unknown, none is given, or lengths or indexes differ.

    References:
        Indicator 7 of this project's registry, which reports a spread of more than 2 %; definitions as `classify`.

    Examples:
        >>> definition_spread(["X42", "X44", "X40", "F112"], ["T401", "T404", "", ""]).round(2)
             definition  deaths  ratio  report
        0          nchs       3   1.00   False
        1          isw7       2   0.67    True
        2      emcdda_b       2   0.67    True
        3  emcdda_b_x44       3   1.00   False
    """
    if not definitions:
        raise ValueError("definitions must name at least one definition; found none.")
    for definition in definitions:
        check_definition(definition, 10)
    cause, code = code_flags(*paired(underlying, contributing), 10)
    deaths = np.array([int(overdose_deaths(cause, code, definition, 10).sum()) for definition in definitions])
    ratio = deaths / deaths[0] if deaths[0] else np.full(len(deaths), np.nan)
    report = np.abs(ratio - 1) > SPREAD_TO_REPORT
    return pd.DataFrame({"definition": list(definitions), "deaths": deaths, "ratio": ratio, "report": report})


def _share(
    part: "pd.Series[Any]", whole: "pd.Series[Any]", by: "pd.Series[Any] | None", confidence: float
) -> pd.DataFrame:
    group = pd.Series("all", index=whole.index) if by is None else by
    if not group.index.equals(whole.index):
        raise ValueError("by must have the index of the deaths, in the same order; found an index that differs.")
    counts = pd.DataFrame({"numerator": part & whole, "denominator": whole})
    counts = counts.groupby(group, sort=True, dropna=False, observed=True).sum()
    counts.index.name = group.name
    lower, upper = binomial_interval(counts["numerator"], counts["denominator"], confidence)
    value = (counts["numerator"] / counts["denominator"].where(counts["denominator"] > 0)).astype("float64")
    return counts.astype("int64").assign(value=value, lower=lower, upper=upper)
