"""The page on data and methods: how fresh, how complete, how defined, under which terms, and where to download."""

from typing import Any

from dashboards import formats
from dashboards import selection as sel
from dashboards.page import Page
from dashboards.published import Published, records

STATE_WORDS = {
    "new": "new release",
    "unchanged": "unchanged",
    "refused": "refused: last good data kept",
    "figures": "transcribed figures",
    "no data": "no data",
    "current": "no fault",
}
ORIGIN_WORDS = {
    "live": "fetched",
    "drop-in": "file dropped in",
    "kept": "kept snapshot",
    "figures": "transcribed figures",
}


def page(published: Published, downloads: list[dict[str, Any]]) -> Page:
    """Make the page on data and methods.

    Args:
        published: The published file.
        downloads: What the site offers: ``indicator_id``, ``file``, ``bytes`` and ``rows`` of each file.
    """
    files = {row["indicator_id"]: row for row in downloads if row["indicator_id"]}
    context = {
        "publication": published.publication,
        "sources": _sources(published),
        "indicators": [_indicator(published, card, files) for card in published.indicators.values()],
        "downloads": [row for row in downloads if not row["indicator_id"]],
        "revisions": _revisions(published),
        "quarantine": published.counts("core.quarantine", ["source_id", "code"]),
        "statuses": _statuses(published),
        "value_statuses": [
            {"status": formats.STATUS_WORDS.get(row["status"], row["status"]), "rows": row["rows"]}
            for row in published.counts("marts.indicator_values", ["status"])
        ],
        "checks": _checks(published),
        "snapshots": _snapshots(published),
    }
    return Page(
        "data.html",
        "data.html",
        "Data and methods",
        "Where every number comes from, how fresh it is, how it is defined, what was refused, and files to take away.",
        context,
    )


def _sources(published: Published) -> list[dict[str, Any]]:
    kept = {row["source_id"]: row["rows"] for row in published.counts("core.observations", ["source_id"])}
    refused = {row["source_id"]: row["rows"] for row in published.counts("core.quarantine", ["source_id"])}
    cited: dict[str, list[str]] = {}
    for row in records(published.select("meta.citations", order="source_id, published, title, locator")):
        parts = [formats.text(row[name]) for name in ("publisher", "title", "published", "locator")]
        cited.setdefault(row["source_id"], []).append(". ".join(part for part in parts if part))
    rows = []
    for source_id, card in published.sources.items():
        plain = {name: formats.text(value) for name, value in card.items()}
        rows.append(
            {
                **plain,
                "state_word": STATE_WORDS.get(plain["state"], plain["state"]),
                "origin_word": ORIGIN_WORDS.get(plain["origin"], plain["origin"]),
                "retrieved": plain["retrieved"][:10],
                "rows": formats.number(kept.get(source_id, 0), 0),
                "quarantined": formats.number(refused.get(source_id, 0), 0),
                "caveats": _lines(card.get("caveats")),
                "citations": cited.get(source_id, []),
            }
        )
    return rows


def _lines(value: object) -> list[str]:
    """Give text, or a list of texts, as lines."""
    if isinstance(value, (list, tuple)):
        return [formats.text(item) for item in value]
    return [line.strip() for line in formats.text(value).split("\n") if line.strip()]


def _indicator(published: Published, card: dict[str, Any], files: dict[str, dict[str, Any]]) -> dict[str, Any]:
    plain = {name: "" if name in ("caveats", "refs") else formats.text(value) for name, value in card.items()}
    latest = published.latest(card["indicator_id"])
    methods = dict.fromkeys(formats.text(method) for method in latest["method"])
    return {
        **plain,
        "targets": _lines(card["targets"]),
        "target": "" if formats.is_missing(card["target"]) else formats.number(card["target"]),
        "verified": card["target_verified"] is True or card["target_verified"] == 1,
        "caveats": _lines(card["caveats"]),
        "refs": [{"text": line, "url": formats.url(line)} for line in _lines(card["refs"])],
        "methods": [method for method in methods if method],
        "places": formats.number(latest["area_id"].nunique(), 0),
        "source": sel.source_line(published, latest),
        "file": files.get(card["indicator_id"]),
    }


def _revisions(published: Published) -> list[dict[str, Any]]:
    frame = published.select("marts.revisions", order="source_id, release_from, release_to")
    counts = ("rows_compared", "rows_changed", "rows_added", "rows_missing")
    return [
        {
            **{name: formats.text(row[name]) for name in ("source_id", "release_from", "release_to")},
            **{name: formats.number(row[name], 0) for name in counts},
            "largest_change_pct": formats.number(row["largest_change_pct"], 1),
        }
        for row in records(frame)
    ]


def _statuses(published: Published) -> tuple[list[str], list[dict[str, Any]]]:
    """Give the observation counts as a table: a row for each source, a column for each status."""
    counted = published.counts("core.observations", ["source_id", "status"])
    statuses = [status for status in formats.STATUS_WORDS if any(row["status"] == status for row in counted)]
    table: dict[str, dict[str, int]] = {}
    for row in counted:
        table.setdefault(row["source_id"], {})[row["status"]] = row["rows"]
    rows = [
        {
            "source_id": formats.text(published.sources.get(source, {}).get("title")) or source,
            "counts": [formats.number(found.get(status, 0), 0) for status in statuses],
        }
        for source, found in table.items()
    ]
    return [formats.STATUS_WORDS[status] for status in statuses], rows


def _checks(published: Published) -> list[dict[str, Any]]:
    """Give the checks, those that failed first."""
    frame = published.select("meta.checks", order="passed, asset, check_name")
    return [
        {
            "name": formats.text(row["check_name"]).replace("_", " "),
            "asset": formats.text(row["asset"]),
            "passed": row["passed"] is True or row["passed"] == 1,
            "severity": formats.text(row["severity"]),
            "description": formats.text(row["description"]),
            "failures": formats.number(row["failures"], 0),
        }
        for row in records(frame)
    ]


def _snapshots(published: Published) -> list[dict[str, Any]]:
    frame = published.select("meta.snapshots", order="source_id, release desc")
    return [
        {
            "source_id": formats.text(row["source_id"]),
            "release": formats.text(row["release"]),
            "origin": ORIGIN_WORDS.get(formats.text(row["origin"]), formats.text(row["origin"])),
            "retrieved": formats.text(row["retrieved"])[:10],
            "sha256": formats.text(row["sha256"]),
            "rows": formats.number(row["rows"], 0),
        }
        for row in records(frame)
    ]
