"""Evidence: cited figures from ``data/evidence``, checked, and the set of them that an analysis runs on.

Alternatives stand side by side. The default of each parameter follows one rule, told in ``data/evidence/README.md``; an
analysis may choose another source by name, and the set it used has a name that changes whenever a figure in it does.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from assets.contract import ContractBroken, require
from assets.reading import parse_number, read_text
from assets.source import SourceRefused
from epi.economics.draws import mean_values, sample
from epi.models.interface import FloatArray, Parameter
from schemas.evidence import COLUMNS, MONEY, TOPICS, Evidence
from schemas.model_evidence import (
    GraphPeople,
    GraphProbability,
    GraphResult,
    Portfolio,
    PublishedResult,
    PublishedSetting,
)

EVIDENCE_DIRECTORY = Path(__file__).resolve().parents[1] / "data" / "evidence"
TABLES: dict[str, type[pa.DataFrameModel]] = {
    "decision_graph": GraphProbability,
    "decision_graph_results": GraphResult,
    "decision_graph_people": GraphPeople,
    "portfolios": Portfolio,
    "published_results": PublishedResult,
    "published_settings": PublishedSetting,
}
"""Files beside those of the topics, and what each promises."""

SET_COLUMNS = [
    "parameter_id", "source_key", "distribution", "mean", "lower", "upper", "centre", "unit", "currency", "cost_year",
    "setting", "income_group", "verified", "citation", "where_seen", "note", "alternatives",
]  # fmt: skip
_NAME_COLUMNS = ["parameter_id", "source_key", "distribution", "mean", "lower", "upper"]


class EvidenceError(Exception):
    """Evidence that must not be used; the message says what was expected, what was found and where."""


@dataclass(frozen=True)
class EvidenceBase:
    """All evidence of a folder: the figures, and the tables that models are tried on."""

    figures: pd.DataFrame
    """As ``schemas.evidence.Evidence`` promises."""

    tables: dict[str, pd.DataFrame]
    """By the name of the file, as ``TABLES`` promises."""


def load(directory: Path = EVIDENCE_DIRECTORY) -> EvidenceBase:
    """Read and check all evidence of a folder.

    Raises:
        EvidenceError: A file is missing or not in its layout, a cell is not of its type, or a rule is broken.
    """
    parts = [_read(directory / f"{topic}.csv", Evidence, drop=["topic"]).assign(topic=topic) for topic in TOPICS]
    figures = pd.concat(parts, ignore_index=True)[["topic", *COLUMNS]]
    _keep(figures, Evidence, "data/evidence")
    tables = {}
    for name, model in TABLES.items():
        tables[name] = _read(directory / f"{name}.csv", model)
        _keep(tables[name], model, f"{name}.csv")
    return EvidenceBase(figures, tables)


def parameter_rows(base: EvidenceBase) -> pd.DataFrame:
    """Give every figure, defaults first within each parameter. Grain: parameter, source; ``meta.parameters``."""
    order = base.figures.assign(_last=~base.figures["is_default"]).sort_values(["parameter_id", "_last", "source_key"])
    return order.drop(columns="_last").reset_index(drop=True)


def parameter_set(
    evidence: pd.DataFrame,
    choices: Mapping[str, str] | None = None,
    parameters: Iterable[str] | None = None,
    currency: str | None = None,
) -> pd.DataFrame:
    """Pick one figure for each parameter: the default, or the source that was chosen.

    Grain: parameter. Unverified figures are picked only when chosen by name. Amounts of money are not converted: with
    ``currency``, a cost in another one is replaced by the only verified figure in it, or left out.

    Args:
        evidence: Figures, as ``load().figures``.
        choices: Source by parameter id, such as ``{"oat_hcv_rr": "act_databook"}``.
        parameters: Ids wanted; all of the evidence when not given. Ids without evidence are left out.
        currency: Currency of all costs; needed where the defaults of the parameters wanted are in several.

    Returns:
        The columns ``SET_COLUMNS``; ``mean``, ``lower``, ``upper``, ``distribution`` and ``centre`` are what
        ``epi.economics.draws.sample`` takes, ``alternatives`` tells what the other sources say.

    Raises:
        EvidenceError: A parameter or source is unknown, or costs are in several currencies.
    """
    wanted = evidence if parameters is None else evidence[evidence["parameter_id"].isin(list(parameters))]
    chosen = dict(choices or {})
    _refuse_unknown(evidence, chosen)
    pairs = pd.Series(list(zip(wanted["parameter_id"], wanted["source_key"], strict=True)), index=wanted.index)
    by_name = pairs.isin(list(chosen.items()))
    free = ~wanted["parameter_id"].isin(list(chosen))
    picked = wanted[by_name | (free & wanted["is_default"])]
    if currency is not None:
        picked = _in_currency(wanted, picked, by_name, currency)
    elif parameters is not None:
        _refuse_mixed(picked)
    result = picked.assign(
        mean=picked["value"],
        centre=picked["distribution"].map({"triangular": "mode"}).astype("object"),
        alternatives=picked.index.map(lambda row: _alternatives(evidence, evidence.loc[row])),
    )
    return result.sort_values("parameter_id")[SET_COLUMNS].reset_index(drop=True)


def set_name(chosen: pd.DataFrame) -> str:
    """Give a set of parameters its name: the same figures from the same sources give the same name on any machine."""
    rows = chosen.sort_values("parameter_id")[_NAME_COLUMNS].astype("object").where(lambda cells: cells.notna(), "")
    text = "\n".join("\x1f".join(str(cell) for cell in row) for row in rows.itertuples(index=False))
    return f"evidence-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def values(chosen: pd.DataFrame, draws: int | None = None, seed: int = 20240101) -> dict[str, float | FloatArray]:
    """Give what a model's ``run`` takes: the point estimates, or arrays of draws, by parameter id."""
    if draws is None:
        return {str(name): float(mean) for name, mean in mean_values(chosen).items()}
    drawn = sample(chosen, draws, seed)
    return {str(name): drawn[name].to_numpy(np.float64) for name in drawn}


def missing(chosen: pd.DataFrame, known: Iterable[Parameter], given: Iterable[str] = ()) -> list[str]:
    """List the parameters that a model needs and that neither the set nor the user gives.

    Args:
        chosen: A set of parameters.
        known: The model's ``PARAMETERS``.
        given: Ids that the user gives.
    """
    have = {*chosen["parameter_id"], *given}
    by_id = {parameter.id: parameter for parameter in known}
    has_value = {name for name, parameter in by_id.items() if name in have or parameter.neutral is not None}
    return [name for name, parameter in by_id.items() if name not in has_value and parameter.same_as not in has_value]


def _in_currency(wanted: pd.DataFrame, picked: pd.DataFrame, by_name: pd.Series, currency: str) -> pd.DataFrame:
    """Keep costs in one currency; where the default is in another, take the only verified dated figure that is not."""
    other = picked["topic"].isin(MONEY) & (picked["currency"] != currency)
    named = other & by_name.reindex(picked.index)
    if named.any():
        row = picked[named].iloc[0]
        raise EvidenceError(
            f"{row['parameter_id']}: expected a cost in {currency}, found {row['source_key']} in {row['currency']}. "
            "Choose a source in that currency: amounts are not converted."
        )
    may = (
        wanted["topic"].isin(MONEY)
        & (wanted["currency"] == currency)
        & wanted["verified"]
        & wanted["cost_year"].notna()
    )
    instead = wanted[may & wanted["parameter_id"].isin(picked.loc[other, "parameter_id"])]
    only = instead[~instead["parameter_id"].duplicated(keep=False)]
    return pd.concat([picked[~other], only])


def _refuse_mixed(picked: pd.DataFrame) -> None:
    money = picked[picked["topic"].isin(MONEY) & (picked["currency"] != "GDP")]
    if len(money["currency"].unique()) > 1:
        found = money.groupby("currency")["parameter_id"].agg(lambda ids: ", ".join(sorted(ids)[:4]))
        listed = "; ".join(f"{name}: {ids}" for name, ids in found.items())
        raise EvidenceError(f"costs: expected one currency, found {listed}. Say which with currency=.")


def _refuse_unknown(evidence: pd.DataFrame, chosen: Mapping[str, str]) -> None:
    known = evidence.groupby("parameter_id")["source_key"].agg(list)
    for parameter, source in chosen.items():
        if parameter not in known.index:
            near = get_close_matches(parameter, list(known.index), 5) or sorted(known.index)[:5]
            raise EvidenceError(f"choices: expected a parameter of the evidence, found {parameter!r}; near it: {near}.")
        if source not in known[parameter]:
            rows = evidence[evidence["parameter_id"] == parameter]
            listed = "; ".join(_told(row) for _, row in rows.iterrows())
            raise EvidenceError(f"{parameter}: expected one of the sources {listed}; found {source!r}.")


def _alternatives(evidence: pd.DataFrame, row: pd.Series) -> str:
    """Tell what the other sources of a parameter say."""
    same = evidence[evidence["parameter_id"] == row["parameter_id"]]
    return "; ".join(_told(other) for _, other in same[same["source_key"] != row["source_key"]].iterrows())


def _told(row: pd.Series) -> str:
    interval = "" if pd.isna(row["lower"]) else f" ({row['lower']:g}-{row['upper']:g})"
    money = f" {row['currency']}" if row["currency"] else ""
    return f"{row['source_key']} {row['value']:g}{interval}{money}{'' if row['verified'] else ', unverified'}"


def _read(path: Path, model: type[pa.DataFrameModel], drop: Iterable[str] = ()) -> pd.DataFrame:
    """Read one file as its model types it, strictly; one cell that is not of its type refuses the file."""
    if not path.is_file():
        raise EvidenceError(f"{path.name}: expected this file of evidence, found none. Restore it.")
    try:
        table = read_text(path)
    except SourceRefused as fault:
        raise EvidenceError(str(fault)) from fault
    if len(table.quarantine):
        line = table.quarantine.iloc[0]
        raise EvidenceError(
            f"{path.name} line {line['row']}: {line['reason']}. Quote every cell that has a comma in it."
        )
    columns = {name: column for name, column in model.to_schema().columns.items() if name not in set(drop)}
    found = [name for name in table.frame.columns if not name.startswith("_")]
    if found != list(columns):
        raise EvidenceError(f"{path.name}: expected the columns {list(columns)}, found {found}. Correct the header.")
    return pd.DataFrame({name: _typed(table.frame, name, str(column.dtype), path) for name, column in columns.items()})


def _typed(frame: pd.DataFrame, name: str, dtype: str, path: Path) -> pd.Series:
    """Give one column in its type."""
    text = frame[name]
    if dtype.startswith("str"):
        bad, cells, expectation = text != text.str.strip(), text, "no blanks around the text"
    elif dtype == "bool":
        bad, cells, expectation = ~text.isin(["true", "false"]), text == "true", "true or false"
    else:
        numbers, bad = parse_number(text)
        bad |= text.str.contains(",") | ((dtype == "int64") & numbers.isna())
        expectation = "a plain number" if dtype == "float64" else "a whole number"
        if dtype != "float64":
            bad |= numbers.notna() & (numbers % 1 != 0)
        cells = numbers if bad.any() else numbers.astype("Int64" if dtype == "Int64" else dtype)
    if bad.any():
        row = frame[bad].iloc[0]
        raise EvidenceError(
            f"{path.name} line {row['_row']}, {name}: expected {expectation}, found {row[name]!r}. Correct that cell."
        )
    return cells


def _keep(frame: pd.DataFrame, model: type[pa.DataFrameModel], name: str) -> None:
    try:
        require(frame, model, name)
    except ContractBroken as fault:
        raise EvidenceError(f"{fault}. Correct it against the cited page.") from fault
