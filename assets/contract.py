"""Checking a table against its pandera model, and saying what failed so that a person can act on it."""

from dataclasses import dataclass

import pandas as pd
import pandera.errors
import pandera.pandas as pa

MOST_SHOWN = 20


@dataclass(frozen=True)
class Verdict:
    """Whether a table keeps its contract; ``failures`` has one line per kind of fault, with examples."""

    name: str
    passed: bool
    rows: int
    failures: pd.DataFrame

    def sentence(self) -> str:
        """Say in one sentence what failed, for error texts and checks."""
        if self.passed:
            return f"{self.name}: {self.rows:,} rows keep the contract"
        first = self.failures.iloc[0]
        return (
            f"{self.name}: expected every row to keep {first['check']} on {first['column']}, "
            f"found {first['cases']:,} that do "
            f"not, for example {first['example']!r}"
            + (f" in row {first['row']}" if first["row"] else "")
            + (f" (and {len(self.failures) - 1} other faults)" if len(self.failures) > 1 else "")
        )


class ContractBroken(Exception):
    """A table does not keep its contract and must not be stored."""


def check(frame: pd.DataFrame, model: type[pa.DataFrameModel], name: str = "") -> Verdict:
    """Check every rule of a model and gather all faults, not only the first.

    Args:
        frame: The table.
        model: Its pandera model.
        name: Name for messages; the model's own name where empty.
    """
    title = name or model.to_schema().name or model.__name__
    try:
        model.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as fault:
        return Verdict(title, False, len(frame), _summary(fault.failure_cases))
    return Verdict(title, True, len(frame), _summary(None))


def require(frame: pd.DataFrame, model: type[pa.DataFrameModel], name: str = "") -> Verdict:
    """Check a table and raise where it breaks its contract.

    Raises:
        ContractBroken: With the first fault, its column, an example and its row.
    """
    verdict = check(frame, model, name)
    if not verdict.passed:
        raise ContractBroken(verdict.sentence())
    return verdict


def _summary(cases: pd.DataFrame | None) -> pd.DataFrame:
    columns = ["check", "column", "cases", "example", "row"]
    if cases is None or cases.empty:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in columns})
    text = cases.assign(
        check=cases["check"].astype("str"),
        column=cases["column"].astype("str"),
        failure_case=cases["failure_case"].astype("str"),
        row=cases["index"].astype("str").replace({"None": "", "nan": "", "<NA>": ""}),
    )
    # A table-wide rule reports every cell of a failing row; one line per row is what a reader wants.
    rows = text.drop_duplicates(["check", "row"]) if "row" in text else text
    grouped = rows.groupby(["check", "column"], sort=False, observed=True)
    summary = grouped.agg(cases=("row", "size"), example=("failure_case", "first"), row=("row", "first"))
    return summary.reset_index()[columns].head(MOST_SHOWN)
