"""The publication's assets: the DuckDB file and the site, which are swapped in together."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from assets import steps, tables
from assets.graph import CORE_TABLES, ECONOMICS_TABLES, HISTORY_TABLES, MART_TABLES, META_TABLES, table_key
from assets.workspace import Workspace
from dashboards.site import build_site
from pipelines.bench import code_version
from pipelines.lock import held
from pipelines.publish import Contents, publish, published_fingerprint
from pipelines.settings import Settings

DATABASE_KEY, SITE_KEY = dg.AssetKey(["publication", "database"]), dg.AssetKey(["publication", "site"])
_TABLES = {
    "core": CORE_TABLES,
    "marts": MART_TABLES,
    "history": HISTORY_TABLES,
    "economics": ECONOMICS_TABLES,
    "meta": META_TABLES,
}


@dg.multi_asset(
    name="publication",
    specs=[
        dg.AssetSpec(
            DATABASE_KEY,
            deps=[table_key(name) for names in _TABLES.values() for name in names],
            group_name="publication",
            description="One DuckDB file with the schemas raw, core, marts and meta; audited before anyone sees it.",
        ),
        dg.AssetSpec(
            SITE_KEY,
            deps=[DATABASE_KEY],
            group_name="publication",
            description="The dashboard site, built from that file and swapped in with it.",
        ),
    ],
)
def publication(
    context: dg.AssetExecutionContext,
    workspace: dg.ResourceParam[Workspace],
    settings: dg.ResourceParam[Settings],
) -> tuple[dg.MaterializeResult, dg.MaterializeResult]:
    """Build, audit and swap in the file and the site, unless what is published rests on the same things."""
    mark = fingerprint(workspace)
    with held(settings.lock):
        changed = published_fingerprint(settings) != mark
        if changed:
            publish(settings, contents(workspace, context.run.run_id, mark))
    told = {"changed": changed, "fingerprint": mark}
    database, site = settings.database.resolve(), settings.site.resolve()
    return (
        dg.MaterializeResult(
            DATABASE_KEY,
            metadata={**told, "path": dg.MetadataValue.path(str(database)), "bytes": database.stat().st_size},
        ),
        dg.MaterializeResult(SITE_KEY, metadata={**told, "path": dg.MetadataValue.path(str(site))}),
    )


def fingerprint(workspace: Workspace) -> str:
    """Give the fingerprint of everything a publication rests on: its tables and the code that shapes it."""
    made = [tables.last_good(workspace.tables / step) for step in _TABLES]
    return tables.fingerprint(code_version(workspace.checkout), *[step.fingerprint for step in made if step])


def contents(workspace: Workspace, run_id: str, mark: str) -> Contents:
    """Gather what a publication is made of.

    Args:
        workspace: The run's bench.
        run_id: The run.
        mark: Fingerprint of its inputs.
    """
    parquet = {name: _parquet(workspace, step, name) for step, names in _TABLES.items() for name in names}
    row = {
        "run_id": run_id,
        "built_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "code_version": code_version(workspace.checkout),
        "fingerprint": mark,
    }
    return Contents(tables=parquet, raw=steps.raw_tables(workspace), publication=row, site=build_site)


def _parquet(workspace: Workspace, step: str, name: str) -> Path:
    return workspace.tables / step / f"{name}.parquet"
