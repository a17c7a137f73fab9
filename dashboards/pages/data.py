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


ACTION_WORDS = {
    "withdraw": "withdrawn",
    "replace": "replaced",
    "confirm": "kept, although another published value contradicts it",
}
GROUPS = ("sex", "age_group", "race_ethnicity", "drug", "population_group")
MOST_CHANGES = 5
"""Changes to show of each source's newest revision."""


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
        "changes": _changes(published),
        "corrections": _corrections(published),
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


def _changes(published: Published) -> list[dict[str, Any]]:
    """Give the largest changes that each source's newest revision brought, in places that pages show."""
    by_source: dict[str, list[dict[str, Any]]] = {}
    for row in records(published.select("marts.revision_changes", order="source_id, rank")):
        if row["area_id"] in published.names:
            by_source.setdefault(row["source_id"], []).append(row)
    rows = []
    for found in by_source.values():
        newest = max((row["release_to"] for row in found), key=_release_order)
        rows += [row for row in found if row["release_to"] == newest][:MOST_CHANGES]
    return [
        {
            **{name: formats.text(row[name]) for name in ("source_id", "release_from", "release_to")},
            "what": _row_in_words(published, row),
            "old": _value_or_status(row["old_value"], row["old_status"]),
            "new": _value_or_status(row["new_value"], row["new_status"]),
            "change_pct": _signed_or_none(row["change_pct"]),
        }
        for row in rows
    ]


def _release_order(release: str) -> tuple[str, int]:
    """Order releases by date, then by number where several came under one date."""
    date, _, number = release.partition(".")
    return date, int(number) if number.isdecimal() else 1


def _corrections(published: Published) -> list[dict[str, Any]]:
    frame = published.select("meta.corrections", order="source_id, correction_id, release")
    return [
        {
            **{name: formats.text(row[name]) for name in ("source_id", "release", "reason", "evidence")},
            "what": _row_in_words(published, row),
            "action": ACTION_WORDS.get(formats.text(row["action"]), formats.text(row["action"])),
            "old": formats.number(row["old_value"]),
            "new": _value_or_status(row["new_value"], row["new_status"]) if row["applied"] else "no such row at hand",
        }
        for row in records(frame)
    ]


def _row_in_words(published: Published, row: dict[str, Any]) -> str:
    """Name an observation: its measure, place, period and, where it is for one, its group."""
    card = published.measures.get(row["measure_id"], {})
    groups = [formats.text(row[name]) for name in GROUPS if formats.text(row[name]) not in ("", "all")]
    measure = formats.text(card.get("title")) or formats.text(row["measure_id"])
    start, end = formats.text(row["period_start"])[:7], formats.text(row["period_end"])[:7]
    year = start.endswith("-01") and end.endswith("-12") and start[:4] == end[:4]
    period = start[:4] if year else end if start == end else f"{start} to {end}"
    return ", ".join([measure, *groups, published.names.get(row["area_id"], formats.text(row["area_id"])), period])


def _signed_or_none(change_pct: object) -> str:
    return formats.NOT_AVAILABLE if formats.is_missing(change_pct) else formats.signed(change_pct, 1)


def _value_or_status(value: object, status: object) -> str:
    if not formats.is_missing(value):
        return formats.number(value)
    return formats.STATUS_WORDS.get(formats.text(status), formats.text(status)) or formats.NOT_AVAILABLE


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
