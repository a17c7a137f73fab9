"""Reading diagnosis and cause-of-death codes: from columns of codes to one set of flags per row.

Codes come as lists or as space-separated text, with or without dots, in either case, padded. A million deaths have far
fewer different codes and texts, so each rule is applied to the different ones only and carried back to the rows.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from epi.intervals import common_index

Codes: TypeAlias = "pd.Series[Any] | Sequence[Any] | npt.NDArray[Any]"
BoolArray: TypeAlias = npt.NDArray[np.bool_]
BitArray: TypeAlias = npt.NDArray[np.uint64]

OTHER_SEPARATORS = r"[,;|\t\r\n]"
# Deaths: groups of underlying causes. The order is that of INTENTS for the first four.
INTENTS = ("unintentional", "suicide", "homicide", "undetermined")
ICD10_UNDERLYING = {
    "unintentional": "^X4[0-4]",
    "suicide": "^X6[0-4]",
    "homicide": "^X85",
    "undetermined": "^Y1[0-4]",
    "drug_use_disorder": "^F1[124569]",
    "selection_b": "^(?:X4|X6|Y1)[12]",
    "unspecified_drug": "^(?:X4|X6|Y1)4",
}
ICD10_CONTRIBUTING = {
    "drug": "^T(?:3[6-9]|4[0-9]|50)",
    "specified_drug": "^T(?:3[6-9]|4[0-9]|50[0-8])",
    "opioid": "^T40[0-4]",
    "other_narcotic": "^T406",
    "heroin": "^T401",
    "natural_semisynthetic": "^T402",
    "methadone": "^T403",
    "synthetic_opioid": "^T404",
    "cocaine": "^T405",
    "psychostimulant": "^T436",
    "selection_b": "^T(?:40[0-9]|436)",
}
# An underlying cause of 800-999 is an external cause in ICD-9, and NCHS's files leave the E out there. Elsewhere the
# letter decides: E965.0 is an assault with a firearm, N965.0 a poisoning by opiates.
ICD9_UNDERLYING = {
    "unintentional": "^E?85[0-8]",
    "suicide": "^E?950[0-5]",
    "homicide": "^E?9620",
    "undetermined": "^E?980[0-5]",
    "opioid": "^E?850[0-2]",
    "heroin": "^E?8500",
    "methadone": "^E?8501",
    "cocaine": "^E?8552",
    "psychostimulant": "^E?8542",
}
ICD9_CONTRIBUTING = {
    "drug": "^(?:E85[0-8]|E950[0-5]|E9620|E980[0-5]|N909[05]|N9[67][0-9]|N995[24])",
    "opioid": "^(?:E850[0-2]|N9650)",
    "heroin": "^(?:E8500|N96501)",
    "methadone": "^(?:E8501|N96502)",
    "cocaine": "^(?:E8552|N9685)",
    "psychostimulant": "^(?:E8542|N9697)",
}


def flags_per_row(codes: Codes, rules: Mapping[str, str], name: str) -> dict[str, BoolArray]:
    """Say of each row which rules at least one of its codes meets.

    Args:
        codes: One entry per row: a code, codes in a text separated by spaces, commas, semicolons or bars, or a list of
            them. Dots, lower case and padding are tolerated; None, nan, empty text and empty lists are no code.
        rules: Name of each rule (at most 64) and its regular expression, which sees a code in upper case without dots.
            It begins with ^, may end with $, and has neither look-arounds nor groups that capture.
        name: What the codes are, for the error message.

    Returns:
        For each rule an array with one truth value per row.

    Raises:
        TypeError: A code is not text.

    Examples:
        >>> flags = flags_per_row(["X42", "t40.1 T42.4", ["T40.4 ", None], None], {"heroin": "^T401"}, "codes")
        >>> flags["heroin"].tolist()
        [False, True, False, False]
    """
    rows = as_series(codes).reset_index(drop=True)
    if rows.empty:
        return {rule: np.zeros(0, dtype=bool) for rule in rules}
    entries = rows.explode() if pd.api.types.infer_dtype(rows, skipna=True) == "mixed" else rows
    _check_text(entries, name)
    bits = _entry_bits(entries, rules)
    if len(entries) != len(rows):
        starts = np.flatnonzero(np.diff(entries.index.to_numpy(), prepend=-1))
        bits = np.bitwise_or.reduceat(bits, starts)
    return {rule: (bits >> np.uint64(bit)) & np.uint64(1) == 1 for bit, rule in enumerate(rules)}


def as_series(codes: Codes) -> "pd.Series[Any]":
    """Turn codes into a Series without guessing types; a Series is given back as it is."""
    if isinstance(codes, pd.Series):
        return codes
    if isinstance(codes, str):
        raise TypeError(f"Codes must be a Series or a list with one entry per row; found the single text {codes!r}.")
    entries = np.empty(len(codes), dtype=object)
    # tolist first: numpy would spread a two-dimensional array (one row of codes per death) over the entries.
    entries[:] = codes.tolist() if isinstance(codes, np.ndarray) else codes
    return pd.Series(entries)


def paired(underlying: Codes, contributing: Codes) -> "tuple[pd.Series[Any], pd.Series[Any]]":
    """Check that underlying causes and contributing codes describe the same deaths, and give them as Series.

    Raises:
        ValueError: Their lengths or, for two Series, their indexes differ.
    """
    if isinstance(underlying, pd.Series) and isinstance(contributing, pd.Series):
        common_index({"underlying": underlying, "contributing": contributing})
    first, second = as_series(underlying), as_series(contributing)
    if len(first) != len(second):
        raise ValueError(
            "underlying and contributing must have one entry per death; "
            f"found {len(first)} underlying causes and {len(second)} rows of contributing codes."
        )
    return first, second


def _entry_bits(entries: "pd.Series[Any]", rules: Mapping[str, str]) -> BitArray:
    """Give each entry a number whose bit i says whether rule i is met by one of its codes."""
    position, different = pd.factorize(entries)
    # A separate last place for missing entries: factorize says -1, which indexes it.
    bits: BitArray = np.zeros(len(different) + 1, dtype=np.uint64)
    text = pd.Series(different, dtype="str").str.upper().str.replace(".", "", regex=False)
    # Replacing takes longer than all rules together, and few files need it.
    if text.str.contains(OTHER_SEPARATORS, regex=True).any():
        text = text.str.replace(OTHER_SEPARATORS, " ", regex=True)
    for bit, rule in enumerate(rules.values()):
        met = text.str.contains(_within_text(rule), regex=True).to_numpy(dtype=bool)
        bits[:-1] |= met.astype(np.uint64) << np.uint64(bit)
    return bits[position]


def _within_text(rule: str) -> str:
    """Turn a rule for one code into one for a text of codes separated by spaces."""
    # Look-arounds would be shorter, but the fast regular expressions of Arrow have none.
    return rule.replace("^", "(?:^| )", 1).replace("$", "(?: |$)")


def _check_text(entries: "pd.Series[Any]", name: str) -> None:
    """Refuse entries that are not text: a number has lost the zeros and the letter that make it a code."""
    kind = pd.api.types.infer_dtype(entries, skipna=True)
    if kind not in {"string", "empty", "categorical"}:
        known = entries.notna()
        found = entries[known].iloc[0] if known.any() else entries.iloc[0]
        raise TypeError(f"{name} must be text, such as 'T40.1'; found {kind} values, the first one {found!r}.")
