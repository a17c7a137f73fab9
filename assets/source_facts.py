"""What a run's steps left about each source, for its closing summary."""

from dataclasses import dataclass

from assets import tables
from assets.steps import checks_of, listed, source_tables, what_happened
from assets.workspace import Workspace


@dataclass(frozen=True)
class SourceFacts:
    """What a run's steps left about one source, for the closing summary."""

    origin: str
    release: str
    state: str
    rows: int
    quarantined: int
    checks_passed: int
    checks_failed: int
    messages: list[str]


def source_facts(workspace: Workspace, source_id: str) -> SourceFacts:
    """Gather what the steps left about a source; rows and release are those of its newest observations."""
    step = what_happened(workspace, source_id)
    row = _source_row(workspace, source_id)
    refused, unreachable = listed(step, "refused"), str(step.get("unreachable", ""))
    figures_made = tables.last_good(workspace.tables / "figures")
    figured = [check for check in (checks_of(figures_made) if figures_made else []) if check["asset"] == source_id]
    checks = [*listed(step, "checks"), *figured]
    rows = int(str(row.get("rows", 0)))
    origin = str(step.get("origin", "none"))
    new = bool(listed(step, "new")) or source_id in listed(workspace.recall("figures"), "new")
    state = (
        "refused"
        if refused
        else "unreachable"
        if unreachable
        else "new release"
        if new
        else "unchanged"
        if rows
        else "no data"
    )
    return SourceFacts(
        origin="figures" if origin == "none" and rows else origin,
        release=str(row.get("newest_release", "")),
        state=state,
        rows=rows,
        quarantined=sum(int(str(part.record["quarantined"])) for part in source_tables(workspace, source_id)),
        checks_passed=sum(bool(check["passed"]) for check in checks),
        checks_failed=sum(not check["passed"] for check in checks),
        messages=[*refused, *([unreachable] if unreachable else [])],
    )


def _source_row(workspace: Workspace, source_id: str) -> dict[str, object]:
    made = tables.last_good(workspace.tables / "meta")
    if made is None:
        return {}
    rows = made.table("meta.sources")
    found = rows[rows["source_id"] == source_id].to_dict("records")
    return dict(found[0]) if found else {}
