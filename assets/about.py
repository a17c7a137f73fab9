"""Tables about the tables: cards, snapshots and checks as rows."""

import datetime
from collections.abc import Mapping, Sequence

import pandas as pd

from assets import plausibility
from assets.indicators.registry import cards as indicator_cards
from assets.sources import CONNECTED
from assets.sources import cards as source_cards
from schemas.areas import areas
from schemas.indicators import IndicatorCard
from schemas.measures import MEASURES
from schemas.source_card import SourceCard

_INDICATOR_FIELDS = (
    "number",
    "version",
    "title",
    "question",
    "numerator",
    "numerator_type",
    "denominator",
    "denominator_type",
    "unit",
    "polarity",
    "interval_method",
    "standard",
    "suppression_rule",
)
_SOURCE_FIELDS = (
    "title",
    "publisher",
    "licence",
    "licence_url",
    "homepage",
    "download_url",
    "cadence",
    "basis",
    "citation",
    "coverage",
)


def measure_rows(orders: Mapping[str, Sequence[Sequence[str]]]) -> pd.DataFrame:
    """Make ``meta.measures`` from the cards. Grain: measure.

    Args:
        orders: Orders of sources in which indicators read each measure.
    """
    rows = pd.DataFrame([vars(card) for card in MEASURES.values()]).rename(columns={"id": "measure_id"})
    rows["precedence"] = [
        "\n".join(", then ".join(order) for order in orders.get(measure, ())) for measure in rows["measure_id"]
    ]
    return rows.astype({"least": "float64", "most": "float64"}).sort_values("measure_id", ignore_index=True)


def area_rows() -> pd.DataFrame:
    """Make ``meta.areas`` from the reference table. Grain: area."""
    return areas().reset_index(drop=True).sort_values("area_id", ignore_index=True)


def indicator_rows(values: pd.DataFrame) -> pd.DataFrame:
    """Make ``meta.indicators`` from the cards and from how much of each there is. Grain: indicator.

    Args:
        values: ``marts.indicator_values``.
    """
    reported = values[values["status"] == "reported"].groupby("indicator_id")
    counts = reported.agg(
        values=("value", "size"),
        places=("area_id", "nunique"),
        periods=("period", "nunique"),
        groups=("strata", "nunique"),
    )
    rows = pd.DataFrame([_indicator(card) for card in indicator_cards()]).join(counts, on="indicator_id")
    rows[list(counts)] = rows[list(counts)].fillna(0).astype("int64")
    rows["waits_for"] = rows.pop("waits_for").where(rows["values"] == 0, "")
    return rows.astype({"target": "float64"}).sort_values("indicator_id", ignore_index=True)


def _indicator(card: IndicatorCard) -> dict[str, object]:
    lead = card.target
    plain = {name: getattr(card, name) for name in _INDICATOR_FIELDS}
    targets = [
        f"{target.value:g}{f' by {target.by_year}' if target.by_year else ''} ({target.source}; "
        f"{'verified' if target.verified else 'unverified'})"
        for target in card.targets
    ]
    return {
        "indicator_id": card.id,
        **plain,
        "targets": "\n".join(targets),
        "target": lead.value if lead else None,
        "target_source": lead.source if lead else "",
        "target_verified": lead is not None,
        "caveats": "\n".join(card.caveats),
        "refs": "\n".join(card.references),
        "owner": card.owner,
        "waits_for": card.waits_for,
    }


def source_rows(steps: dict[str, dict[str, object]], newest: pd.DataFrame) -> pd.DataFrame:
    """Make ``meta.sources`` from the cards and from what each source's step left. Grain: source.

    Args:
        steps: Record of each source's step, by source.
        newest: ``core.observations``.
    """
    counts = newest.groupby("source_id").size()
    releases = newest.groupby("source_id")["release"].max()
    rows = [
        _source(card, steps.get(card.id, {}), int(counts.get(card.id, 0)), str(releases.get(card.id, "")))
        for card in source_cards().values()
    ]
    return pd.DataFrame(rows).sort_values("source_id", ignore_index=True)


def _source(card: SourceCard, step: dict[str, object], rows: int, release: str) -> dict[str, object]:
    refused, unreachable = list(step.get("refused", [])), str(step.get("unreachable", ""))  # type: ignore[call-overload]
    origin = str(step.get("origin", "none"))
    state = "refused" if refused else "unreachable" if unreachable else "current" if rows else "no data"
    plain = {name: getattr(card, name) for name in _SOURCE_FIELDS}
    return {
        "source_id": card.id,
        **plain,
        "caveats": "\n".join(card.caveats),
        "drop_in_help": card.drop_in_help,
        "automated": card.automated and card.id in CONNECTED,
        "origin": "figures" if origin == "none" and rows else "kept" if origin in ("live", "dropped-in") else origin,
        "newest_release": release,
        "retrieved": str(step.get("retrieved", "")),
        "rows": rows,
        "state": state,
        "message": "\n".join([*refused, *([unreachable] if unreachable else [])]),
    }


def freshness_checks(releases: dict[str, str]) -> list[plausibility.Check]:
    """Check of each source with data whether a newer release should be out by now.

    Args:
        releases: Newest release of each source.
    """
    today = datetime.datetime.now(datetime.UTC).date()
    of_each = [
        plausibility.freshness(card.id, card.cadence, releases.get(card.id, ""), today)
        for card in source_cards().values()
    ]
    return [found for found in of_each if found is not None]


def snapshot_rows(kept: list[dict[str, object]], citations: pd.DataFrame, sha256: dict[str, str]) -> pd.DataFrame:
    """Make ``meta.snapshots`` from the kept releases and the transcribed figures. Grain: snapshot.

    Args:
        kept: One record for each kept release, with the columns of the table.
        citations: The figures' citations.
        sha256: Digest of each figure file.
    """
    figured = [_figures_snapshot(group, sha256) for _, group in citations.groupby(["source_id", "release"])]
    return pd.DataFrame([*kept, *figured]).sort_values("snapshot_id", ignore_index=True)


def _figures_snapshot(group: pd.DataFrame, sha256: dict[str, str]) -> dict[str, object]:
    first = group.iloc[0]
    rows = int(group["rows"].sum())
    return {
        "snapshot_id": f"figures/{first['source_id']}/{first['release']}",
        "source_id": first["source_id"],
        "release": first["release"],
        "origin": "figures",
        "url": f"data/figures/{first['file']}",
        "retrieved": "",
        "sha256": sha256[first["file"]],
        "licence": first["licence"],
        "citation": f"{first['publisher']}, {first['title']}, {first['published']}.",
        "records_in": rows,
        "rows": rows,
        "quarantined": 0,
        "dropped": "",
        "notes": "\n".join(sorted(set(group["locator"]))),
    }


def check_rows(checks: list[dict[str, object]]) -> pd.DataFrame:
    """Make ``meta.checks`` from the checks that ran. Grain: table or source, check."""
    columns = ["asset", "check_name", "passed", "severity", "description", "failures"]
    rows = pd.DataFrame(checks, columns=columns).astype({"passed": "bool", "failures": "int64"})
    return rows.sort_values(["asset", "check_name"], ignore_index=True)
