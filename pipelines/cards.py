"""What the command line shows of sources and indicators: their lists and their cards."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from pipelines.query import shown
from pipelines.show import Row, card, emit, listing, table, when
from schemas.source_card import SourceCard


def sources(out: Console, cards: Mapping[str, SourceCard], rows: Mapping[str, Row]) -> None:
    """Show all sources, published or not."""
    headings = [("Source", "n"), ("Comes", "n"), ("Newest release", "n"), ("Rows", "rn")]
    lines, notes = [], []
    for source_id, of in cards.items():
        row = rows.get(source_id, {})
        count = f"{row['observations']:,}" if row else ""
        lines.append((source_id, comes(of), row.get("newest_release"), count))
        notes.append({"Publisher": of.publisher, "Licence": of.licence})
    listing(out, headings, lines, notes)
    out.print(Text("One source's card, with its caveats and how to drop in its file: hre sources ID"))


def comes(of: SourceCard) -> str:
    """Say how a source's data come."""
    if of.confidential:
        return "own"
    return "figures" if of.figures_only else "live" if of.automated else "drop-in"


def source(out: Console, of: SourceCard, row: Row, kept: Sequence[Row], folder: Path) -> None:
    """Show one source's card, its published state and its releases."""
    ways = {
        "figures": "as transcribed figures only; no file of it is read yet",
        "live": "a refresh fetches it, or a person drops its file in",
        "drop-in": "a person downloads its file and drops it in; the publisher forbids or defeats scripts",
        "own": "services drop in their own files; small counts are hidden before anything is stored",
    }
    how = f"Put the published file in {shown(folder)} and run hre refresh.\n{of.drop_in_help}".strip()
    newest = f"{row.get('newest_release')} ({row.get('origin')}), {row.get('observations', 0):,} rows" if row else ""
    facts = [
        ("Source", of.id), ("Publisher", of.publisher), ("Newest release", newest),
        ("Retrieved", when(row.get("retrieved"))),
        ("State", " ".join(str(row.get(name) or "") for name in ("state", "message")).strip()),
        ("Coverage", of.coverage), ("Basis", of.basis), ("Cadence", of.cadence), ("Comes", ways[comes(of)]),
        ("To drop in", "" if of.figures_only else how), ("Homepage", of.homepage), ("Download", of.download_url),
        ("Licence", f"{of.licence} {of.licence_url}".strip()), ("Cite as", of.citation), ("Caveats", of.caveats),
    ]  # fmt: skip
    card(out, of.title, facts)
    if kept:
        fields = ("release", "origin", "retrieved", "rows")
        headings = [("Release", "n"), ("From", ""), ("Retrieved", ""), ("Rows", "r")]
        emit(out, table(headings, [[release.get(field) for field in fields] for release in kept], "Releases"))


def indicators(out: Console, rows: Sequence[Row]) -> None:
    """Show all indicators with how much of each is published."""
    headings = [
        ("No.", "n"), ("Indicator", "n"), ("Places", "rn"), ("Periods", "rn"), ("Groups", "rn"), ("Years", "n"),
        ("Target", "rn"), ("Values", "rn"),
    ]  # fmt: skip
    lines = [
        (
            row["number"], row["indicator_id"], row["places"], row["periods"], row["groups"], span(row),
            number(row.get("target")), f"{row['values']:,}",
        )
        for row in rows
    ]  # fmt: skip
    notes = [{"Title": row["title"], "Unit": row["unit"], "Waits for": row.get("waits_for")} for row in rows]
    listing(out, headings, lines, notes)
    out.print(Text("One indicator's card: hre indicators ID. Its values: marts.indicator_values, by hre sql."))


def indicator(out: Console, row: Row) -> None:
    """Show one indicator's card."""
    kind = {name: f" ({row[name]})" if row.get(name) else "" for name in ("numerator_type", "denominator_type")}
    target = number(row.get("target"))
    facts = [
        ("Indicator", row["indicator_id"]), ("Number", row["number"]), ("Version", row.get("version")),
        ("Question", row.get("question")),
        ("Numerator", f"{row.get('numerator')}{kind['numerator_type']}"),
        ("Denominator", f"{row.get('denominator')}{kind['denominator_type']}"),
        ("Unit", row.get("unit")), ("Better", {"lower": "lower", "higher": "higher"}.get(str(row.get("polarity")), "")),
        ("Interval", row.get("interval_method")), ("Standard", row.get("standard")),
        ("Suppression", row.get("suppression_rule")),
        ("Target", f"{target}, {row.get('target_source')}" if target else ""),
        ("All targets", row.get("targets")),
        ("Published", f"{row['values']:,} values, {row['places']} places, {row['groups']} groups, {span(row)}"),
        ("Waits for", row.get("waits_for")),
        ("Caveats", row.get("caveats")), ("References", row.get("refs")), ("Owner", row.get("owner")),
    ]  # fmt: skip
    card(out, str(row["title"]), facts)


def number(value: float | None) -> str:
    """Give a number without a needless .0; nothing for none."""
    return "" if value is None or value != value else f"{float(value):g}"


def span(row: Row) -> str:
    """Give the years from a row's first to its last period."""
    first, last = str(row.get("first_day") or "")[:4], str(row.get("last_day") or "")[:4]
    return first if first == last else f"{first}–{last}"
