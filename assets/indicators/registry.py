"""The registry: every indicator's card and rows, gathered from the topics."""

import pandas as pd

from assets.indicators import (
    alerts,
    canada,
    completeness,
    consumption_sites,
    coverage,
    equity,
    funnels,
    hepatitis_c,
    hiv,
    infections,
    involved_drugs,
    mortality,
    nonfatal,
    overdose,
    policy,
    population_size,
    programme,
    published,
    quality,
    registered,
    rights,
    services,
    standards,
    surveys,
    treatment,
    trends,
)
from assets.indicators.measures import Measures
from assets.indicators.rows import with_source_breaks
from schemas.indicators import GRAIN, IndicatorCard

TOPICS = (
    overdose,
    mortality,
    involved_drugs,
    canada,
    registered,
    nonfatal,
    alerts,
    infections,
    hiv,
    hepatitis_c,
    population_size,
    surveys,
    published,
    services,
    coverage,
    treatment,
    programme,
    consumption_sites,
    policy,
    rights,
    completeness,
    quality,
)
"""Topics that make rows from measures."""

DERIVED = (trends, funnels, equity, standards)
"""Topics that make rows from the rows of the others."""


SILENT = {
    "suppressed": "suppressed by the publisher",
    "low_quality": "withheld by the publisher for its quality",
    "not_collected": "not collected",
    "not_applicable": "not applicable",
    "withdrawn": "withdrawn by the publisher",
}
"""What a status without a value says, where nothing more is told."""


def cards() -> tuple[IndicatorCard, ...]:
    """Give every indicator's card, in the order of the topics."""
    return tuple(card for topic in (*TOPICS, *DERIVED) for card in topic.CARDS)


def indicator_values(observations: pd.DataFrame, releases: pd.DataFrame | None = None) -> pd.DataFrame:
    """Make the rows of all indicators from the newest observations.

    Grain: indicator, area, period, strata.

    Args:
        observations: ``core.observations``.
        releases: ``core.observation_releases``, for what figures were before.
    """
    return values_of(Measures(observations, releases))


def values_of(measures: Measures) -> pd.DataFrame:
    """Make the rows of all indicators from measures. Grain: indicator, area, period, strata.

    Args:
        measures: The newest observations; afterwards it knows what was asked of it.
    """
    made = pd.concat([topic.compute(measures) for topic in TOPICS], ignore_index=True)
    rows = with_source_breaks(completeness.with_completeness(made, measures))
    derived = [topic.compute(rows) for topic in DERIVED]
    joined = pd.concat([rows, *derived], ignore_index=True).sort_values(GRAIN, ignore_index=True)
    return _with_reasons(joined)


def _with_reasons(rows: pd.DataFrame) -> pd.DataFrame:
    """Give rows without a value the reason that their status says, where none is told, and call none reliable."""
    silent = rows["status"] != "reported"
    told = rows["reason"].mask(silent & (rows["reason"] == ""), rows["status"].map(SILENT))
    unseen = silent & (rows["reliability"] == "reliable")
    return rows.assign(reason=told, reliability=rows["reliability"].mask(unseen, "not_assessed"))


def latest_values(values: pd.DataFrame) -> pd.DataFrame:
    """Keep the newest reported value of each indicator, area and group; where none is reported, the newest row.

    Grain: indicator, area, strata.
    """
    keys = ["indicator_id", "area_id", "strata"]
    ordered = values.assign(_reported=values["status"] == "reported").sort_values(
        ["_reported", "period_end"], kind="stable"
    )
    last = ordered.drop_duplicates(keys, keep="last").drop(columns="_reported")
    return last.sort_values(keys, ignore_index=True)


def target_summary(latest: pd.DataFrame) -> pd.DataFrame:
    """Count, for each indicator with targets, the places that meet each of them, verified or legacy.

    Grain: indicator, target. Only totals, and only places that report a value.
    """
    totals = latest[(latest["strata"] == "all") & (latest["status"] == "reported")]
    found = [
        _against(card, target.value, target.source, totals[totals["indicator_id"] == card.id])
        for card in cards()
        for target in card.targets
        if target.verified
    ]
    columns = ["indicator_id", "target", "target_source", "places", "met", "not_met", "undetermined", "median_value"]
    return pd.DataFrame(found, columns=columns).astype({"target": "float64", "median_value": "float64"})


def _against(card: IndicatorCard, target: float, source: str, rows: pd.DataFrame) -> list[object]:
    from epi.coverage import target_status

    met = pd.Series(
        target_status(
            rows["value"], rows["lower_95"], rows["upper_95"], target, higher_is_better=card.polarity == "higher"
        ),
        dtype="str",
    )
    counts = [int((met == status).sum()) for status in ("met", "not_met", "undetermined")]
    return [card.id, target, source, len(rows), *counts, float(rows["value"].median())]
