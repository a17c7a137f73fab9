"""Kept releases as partitions: each can be seen, and read anew from its bytes, alone or many at a time.

A refresh reads whatever needs reading; this is for a person who wants one old release, or all of a source, done again,
with its numbers shown beside it.
"""

import dagster as dg

from assets import ingest, snapshots
from assets.sources import source
from assets.workspace import Workspace

RELEASES = dg.DynamicPartitionsDefinition(name="release")
"""One partition for each kept release, named as observations name it: cdc_vsrr/2025-07-16."""

GROUP = "releases"


def list_releases(instance: dg.DagsterInstance, workspace: Workspace, source_id: str) -> None:
    """Make a partition of every kept release of a source that has none yet."""
    kept = [snapshot.snapshot_id for snapshot in snapshots.kept(workspace.snapshots, source_id)]
    new = set(kept) - set(instance.get_dynamic_partitions(str(RELEASES.name))) if kept else set()
    if new:
        instance.add_dynamic_partitions(str(RELEASES.name), sorted(new))


@dg.asset(
    key=dg.AssetKey(["releases", "observations"]),
    group_name=GROUP,
    partitions_def=RELEASES,
    description="One kept release of one source, read anew from its bytes; the next refresh joins it with the others.",
)
def release_observations(
    context: dg.AssetExecutionContext, workspace: dg.ResourceParam[Workspace]
) -> dg.MaterializeResult:
    """Read one kept release anew, whether or not anything changed since it was last read."""
    source_id, release = context.partition_key.split("/")
    made = ingest.read_again(
        source(source_id), workspace.snapshots, workspace.tables / "sources" / source_id, workspace.code, release
    )
    counts = ("records_in", "observations", "quarantined", "dropped_records")
    numbers = {name: dg.MetadataValue.int(int(str(made.record[name]))) for name in counts}
    return dg.MaterializeResult(metadata={"dagster/partition_row_count": numbers["observations"], **numbers})
