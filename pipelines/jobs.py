"""Jobs: the whole refresh, one for each source with everything after it, and one that reads kept releases anew."""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from assets.release_graph import GROUP
from assets.sources import CONNECTED

REFRESH, BACKFILL = "refresh", "read_releases_again"


def jobs() -> list[UnresolvedAssetJobDefinition]:
    """Give the refresh of everything, a refresh for each source, and the reading anew of kept releases."""
    whole = dg.define_asset_job(
        REFRESH,
        selection=dg.AssetSelection.all() - dg.AssetSelection.groups(GROUP),
        description="Look for news of every source, then publish.",
    )
    again = dg.define_asset_job(
        BACKFILL,
        selection=dg.AssetSelection.groups(GROUP),
        description="Read kept releases anew from their bytes, one partition for each; a refresh then joins them.",
    )
    return [whole, *[_source_job(source_id) for source_id in CONNECTED], again]


def source_job_name(source_id: str) -> str:
    """Give the name of a source's job."""
    return f"refresh_{source_id}"


def _source_job(source_id: str) -> UnresolvedAssetJobDefinition:
    return dg.define_asset_job(
        source_job_name(source_id),
        selection=dg.AssetSelection.groups(source_id).downstream() | dg.AssetSelection.groups("figures"),
        description=f"Look for news of {source_id} only, then publish.",
    )
