"""The published tables and their models, in the order a reader meets them."""

import re
from functools import cache
from importlib import import_module

import pandera.pandas as pa

from schemas import economics, evidence, meta, model_evidence
from schemas.area_tables import Area
from schemas.cheers import Cheers
from schemas.corrections import CorrectionRow
from schemas.figures import FigureCitation
from schemas.history import IndicatorHistory
from schemas.indicators import IndicatorValue
from schemas.observations import Observation
from schemas.quarantine import Quarantine
from schemas.revisions import Revision, RevisionChange
from schemas.sources import CONNECTED

RAW_COLUMNS = {
    "snapshot_id": "Kept bytes the line was read from; see meta.snapshots.",
    "_file": "File name inside the snapshot.",
    "_row": "Line or sheet row in the file, from 1.",
}
UNDESCRIBED = "As published; the publisher added this column after the layout was described."


class ObservationRelease(Observation):
    """Every release of every observation, so that a question can be answered as it was known on a date.

    Grain: source, release and observation key.
    """

    class Config(Observation.Config):
        """The observation's rules; only the name differs."""

        name = "core.observation_releases"


MODELS: dict[str, type[pa.DataFrameModel]] = {
    "marts.indicator_values": IndicatorValue,
    "marts.latest_values": meta.LatestValue,
    "marts.target_summary": meta.TargetSummary,
    "marts.indicator_history": IndicatorHistory,
    "marts.source_disagreements": meta.SourceDisagreement,
    "marts.intervention_value": economics.InterventionValue,
    "marts.intervention_acceptability": economics.Acceptability,
    "marts.intervention_plane": economics.PlanePoint,
    "marts.intervention_drivers": economics.Driver,
    "marts.portfolio": economics.Portfolio,
    "marts.budget_impact": economics.BudgetImpact,
    "marts.value_of_information": economics.ValueOfInformation,
    "marts.revisions": Revision,
    "marts.revision_changes": RevisionChange,
    "core.observations": Observation,
    "core.observation_releases": ObservationRelease,
    "core.quarantine": Quarantine,
    "meta.sources": meta.SourceRow,
    "meta.snapshots": meta.SnapshotRow,
    "meta.citations": meta.CitationRow,
    "meta.corrections": CorrectionRow,
    "meta.measures": meta.MeasureRow,
    "meta.areas": Area,
    "meta.indicators": meta.IndicatorRow,
    "meta.parameters": evidence.ParameterRow,
    "meta.model_validation": model_evidence.ModelValidation,
    "meta.cheers": Cheers,
    "meta.columns": meta.ColumnRow,
    "meta.checks": meta.CheckRow,
    "meta.publication": meta.PublicationRow,
}


def describe(model: type[pa.DataFrameModel]) -> str:
    """Give a table's meaning: its model's docstring, on one line."""
    return re.sub(r"\s+", " ", model.__doc__ or "").strip()


def column_descriptions(model: type[pa.DataFrameModel]) -> dict[str, tuple[str, str]]:
    """Give each column's description and unit; a name may be a pattern where a layout varies."""
    columns = model.to_schema().columns
    return {
        str(name): (str(column.description or UNDESCRIBED), str((column.metadata or {}).get("unit", "")))
        for name, column in columns.items()
    }


@cache
def raw_models() -> dict[str, type[pa.DataFrameModel]]:
    """Give the model of every raw table, by the table's name."""
    found: dict[str, type[pa.DataFrameModel]] = {}
    for source_id in CONNECTED:
        layout = import_module(f"schemas.sources.{source_id}")
        found |= getattr(layout, "RAW_MODELS", None) or {source_id: layout.Raw}
    return found | {"figures": FigureCitation}


def raw_column(model: type[pa.DataFrameModel], name: str) -> tuple[str, str]:
    """Describe one column of a raw table.

    Args:
        model: The raw table's model.
        name: Column as published.

    Returns:
        Description and unit; names that vary are matched by the model's patterns.
    """
    if name in RAW_COLUMNS:
        return RAW_COLUMNS[name], ""
    known = column_descriptions(model)
    if model is FigureCitation:
        known = column_descriptions(Observation) | known
    if name in known:
        return known[name]
    patterns = [key for key, column in model.to_schema().columns.items() if column.regex and re.fullmatch(key, name)]
    return known[patterns[0]] if patterns else (UNDESCRIBED, "")
