"""Jobs: the whole refresh, and one for each source with everything after it."""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from assets.sources import CONNECTED

REFRESH = "refresh"


def jobs() -> list[UnresolvedAssetJobDefinition]:
    """Give the refresh of everything, and a refresh for each source."""
    whole = dg.define_asset_job(
        REFRESH, selection=dg.AssetSelection.all(), description="Look for news of every source, then publish."
    )
    return [whole, *[_source_job(source_id) for source_id in CONNECTED]]


def source_job_name(source_id: str) -> str:
    """Give the name of a source's job."""
    return f"refresh_{source_id}"


def _source_job(source_id: str) -> UnresolvedAssetJobDefinition:
    return dg.define_asset_job(
        source_job_name(source_id),
        selection=dg.AssetSelection.groups(source_id).downstream() | dg.AssetSelection.groups("figures"),
        description=f"Look for news of {source_id} only, then publish.",
    )
