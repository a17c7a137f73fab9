"""The asset graph: one Dagster asset for each table, each calling one step and adding rows, columns and checks."""

import datetime
from collections.abc import Iterator

import dagster as dg
import pandas as pd

from assets import assembly, steps
from assets.ingest import Ingested
from assets.plausibility import Blocked, Check, cadence_days, freshness
from assets.release_graph import list_releases, release_observations
from assets.sources import CONNECTED, source
from assets.tables import Made
from assets.workspace import Workspace
from schemas.tables import MODELS, column_descriptions, describe

CORE_TABLES = (
    "core.observation_releases",
    "core.observations",
    "core.quarantine",
    "marts.source_disagreements",
    "marts.revisions",
    "marts.revision_changes",
    "meta.corrections",
)
MART_TABLES = ("marts.indicator_values", "marts.latest_values", "marts.target_summary")
HISTORY_TABLES = ("marts.indicator_history",)
ECONOMICS_TABLES = (
    "marts.intervention_value",
    "marts.intervention_acceptability",
    "marts.intervention_plane",
    "marts.intervention_drivers",
    "marts.portfolio",
    "marts.budget_impact",
    "marts.value_of_information",
    "meta.parameters",
    "meta.model_validation",
    "meta.cheers",
)
SOURCE_CHECKS = (
    "releases_keep_the_contract",
    "every_record_accounted_for",
    "few_records_in_quarantine",
    "fresh_enough",
)
_BEFORE_META = ("marts.indicator_values", "marts.indicator_history", "core.quarantine", "meta.parameters")
META_TABLES = (
    "meta.sources",
    "meta.snapshots",
    "meta.citations",
    "meta.measures",
    "meta.areas",
    "meta.indicators",
    "meta.checks",
)


def table_key(name: str) -> dg.AssetKey:
    """Give the asset key of a published table, such as core.observations."""
    return dg.AssetKey(name.split("."))


def column_schema(name: str) -> dg.TableSchema:
    """Give a published table's columns with their meaning, for Dagster's catalogue."""
    columns = MODELS[name].to_schema().columns
    described = column_descriptions(MODELS[name])
    return dg.TableSchema(
        columns=[
            dg.TableColumn(str(column), type=str(columns[column].dtype), description=described[str(column)][0])
            for column in columns
        ]
    )


def source_assets(source_id: str) -> list[dg.AssetsDefinition]:
    """Make the two assets of a source: its kept releases, and the observations read from them."""
    snapshots_key, observations_key = dg.AssetKey([source_id, "snapshots"]), dg.AssetKey([source_id, "observations"])

    @dg.asset(
        key=snapshots_key,
        group_name=source_id,
        description="Kept releases of the source, as published.",
        freshness_policy=_freshness(source_id),
    )
    def snapshots(context: dg.AssetExecutionContext, workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult:
        record = steps.bring_in(workspace, source_id)
        list_releases(context.instance, workspace, source_id)
        return dg.MaterializeResult(metadata={key: _plain(value) for key, value in record.items()})

    @dg.asset(
        key=observations_key,
        deps=[snapshots_key],
        group_name=source_id,
        description="Observations read from every kept release; refused releases leave the last good ones.",
        check_specs=[dg.AssetCheckSpec(name, asset=observations_key) for name in SOURCE_CHECKS],
    )
    def observations(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult:
        ingested = steps.tidy(workspace, source_id)
        found = {str(row["check_name"]): row for row in [*steps.source_checks(ingested), *_fresh_enough(ingested)]}
        return dg.MaterializeResult(
            metadata=_source_metadata(ingested),
            check_results=[
                dg.AssetCheckResult(
                    passed=bool(found[name]["passed"]) if name in found else True,
                    check_name=name,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata={"found": str(found[name]["description"]) if name in found else "nothing to check"},
                )
                for name in SOURCE_CHECKS
            ],
        )

    return [snapshots, observations]


def _freshness(source_id: str) -> dg.FreshnessPolicy | None:
    """Tell Dagster how long ago we may last have looked for news; how old the news is, a check of ours tells."""
    days = cadence_days(source(source_id).CARD.cadence)
    if days is None:
        return None
    return dg.FreshnessPolicy.time_window(
        fail_window=datetime.timedelta(days=2 * days), warn_window=datetime.timedelta(days=days)
    )


def _fresh_enough(ingested: Ingested) -> list[Check]:
    """Tell whether a newer release should be out by now; ``meta.checks`` has the same of figures and files together."""
    newest = ingested.made[-1].directory.name if ingested.made else ""
    cadence = source(ingested.source_id).CARD.cadence
    found = freshness(ingested.source_id, cadence, newest, datetime.datetime.now(datetime.UTC).date())
    return [found] if found else []


def _source_metadata(ingested: Ingested) -> dict[str, dg.MetadataValue]:
    metadata: dict[str, dg.MetadataValue] = {
        "dagster/row_count": dg.MetadataValue.int(ingested.total("observations")),
        "records_in": dg.MetadataValue.int(ingested.total("records_in")),
        "quarantined": dg.MetadataValue.int(ingested.total("quarantined")),
        "releases": dg.MetadataValue.text(", ".join(made.directory.name for made in ingested.made) or "none"),
        "dagster/column_schema": dg.MetadataValue.table_schema(column_schema("core.observations")),
    }
    aside = [made.table("quarantine") for made in ingested.made if made.record["quarantined"]]
    if aside:
        metadata["first_quarantined"] = dg.MetadataValue.md(_markdown(pd.concat(aside).head(10)))
    if ingested.refused:
        metadata["refused"] = dg.MetadataValue.md("\n\n".join(ingested.refused))
    return metadata


@dg.asset(
    key=dg.AssetKey(["figures", "observations"]),
    group_name="figures",
    description="Published figures transcribed in data/figures, each with its citation.",
)
def figures(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult:
    """Read the transcribed figures."""
    made = steps.load_figures(workspace)
    return dg.MaterializeResult(metadata=_made_metadata(made, "observations", "core.observations"))


@dg.multi_asset(
    name="core_tables",
    specs=[
        dg.AssetSpec(
            table_key(name),
            deps=[dg.AssetKey([source_id, "observations"]) for source_id in (*CONNECTED, "figures")],
            group_name="core",
            description=describe(MODELS[name]),
        )
        for name in CORE_TABLES
    ],
    check_specs=[
        *[dg.AssetCheckSpec("contract", asset=table_key(name)) for name in CORE_TABLES],
        *[dg.AssetCheckSpec(name, asset=table_key(table)) for table, name in assembly.CHECKS],
    ],
)
def core_tables(workspace: dg.ResourceParam[Workspace]) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Join all observations and keep the newest of each."""
    try:
        made = steps.make_core(workspace)
    except Blocked as blocked:
        yield from [_check_result(row) for row in blocked.checks]
        raise
    yield from _results(made, CORE_TABLES, checked=CORE_TABLES)


@dg.multi_asset(
    name="mart_tables",
    specs=[
        dg.AssetSpec(
            table_key(name),
            deps=[table_key("core.observations")],
            group_name="marts",
            description=describe(MODELS[name]),
        )
        for name in MART_TABLES
    ],
    check_specs=[
        dg.AssetCheckSpec(name, asset=table_key("marts.indicator_values"))
        for name in ("contract", "numerators_within_denominators")
    ],
)
def mart_tables(workspace: dg.ResourceParam[Workspace]) -> Iterator[dg.MaterializeResult]:
    """Make the indicators and their summaries."""
    yield from _results(steps.make_marts(workspace), MART_TABLES, checked=("marts.indicator_values",))


@dg.multi_asset(
    name="history_tables",
    specs=[
        dg.AssetSpec(
            table_key(name),
            deps=[table_key("core.observation_releases"), table_key("marts.indicator_values")],
            group_name="marts",
            description=describe(MODELS[name]),
        )
        for name in HISTORY_TABLES
    ],
    check_specs=[dg.AssetCheckSpec("contract", asset=table_key(name)) for name in HISTORY_TABLES],
)
def history_tables(workspace: dg.ResourceParam[Workspace]) -> Iterator[dg.MaterializeResult]:
    """Make the indicators as they were known on earlier days."""
    yield from _results(steps.make_history(workspace), HISTORY_TABLES, checked=HISTORY_TABLES)


@dg.multi_asset(
    name="economics_tables",
    specs=[
        dg.AssetSpec(
            table_key(name),
            deps=[table_key("marts.latest_values")],
            group_name="economics",
            description=describe(MODELS[name]),
        )
        for name in ECONOMICS_TABLES
    ],
    check_specs=[dg.AssetCheckSpec("contract", asset=table_key("marts.intervention_value"))],
)
def economics_tables(workspace: dg.ResourceParam[Workspace]) -> Iterator[dg.MaterializeResult]:
    """Run the models for every place, on cited evidence."""
    yield from _results(steps.make_economics(workspace), ECONOMICS_TABLES, checked=("marts.intervention_value",))


@dg.multi_asset(
    name="meta_tables",
    specs=[
        dg.AssetSpec(
            table_key(name),
            deps=[table_key(name) for name in _BEFORE_META],
            group_name="meta",
            description=describe(MODELS[name]),
        )
        for name in META_TABLES
    ],
)
def meta_tables(workspace: dg.ResourceParam[Workspace]) -> Iterator[dg.MaterializeResult]:
    """Make the tables about the tables."""
    yield from _results(steps.make_meta(workspace), META_TABLES, checked=())


def _results(made: Made, names: tuple[str, ...], checked: tuple[str, ...]) -> Iterator[dg.MaterializeResult]:
    found: list[Check] = made.record.get("checks", [])  # type: ignore[assignment]
    for name in names:
        results = [_check_result(row) for row in found if name in checked and row["asset"] == name]
        yield dg.MaterializeResult(table_key(name), metadata=_made_metadata(made, name, name), check_results=results)


def _check_result(row: Check) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=bool(row["passed"]),
        asset_key=table_key(str(row["asset"])),
        check_name=str(row["check_name"]),
        severity=dg.AssetCheckSeverity.WARN if row["severity"] == "warn" else dg.AssetCheckSeverity.ERROR,
        metadata={"found": str(row["description"]), "failures": int(str(row["failures"]))},
    )


def _made_metadata(made: Made, table: str, model: str) -> dict[str, dg.MetadataValue]:
    rows: dict[str, int] = made.record["rows"]  # type: ignore[assignment]
    return {
        "dagster/row_count": dg.MetadataValue.int(rows[table]),
        "dagster/column_schema": dg.MetadataValue.table_schema(column_schema(model)),
        "changed": dg.MetadataValue.bool(made.changed),
        "fingerprint": dg.MetadataValue.text(made.fingerprint),
    }


def _plain(value: object) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def _markdown(frame: pd.DataFrame) -> str:
    lines = ["| " + " | ".join(frame.columns) + " |", "|" + " --- |" * frame.shape[1]]
    cells = frame.astype("str").map(lambda cell: cell.replace("|", "\\|").replace("\n", " "))
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in cells.itertuples(index=False))])


def table_assets() -> list[dg.AssetsDefinition]:
    """Give every asset that makes a table; the publication's assets are the pipeline's."""
    sources = [asset for source_id in CONNECTED for asset in source_assets(source_id)]
    return [
        *sources,
        release_observations,
        figures,
        core_tables,
        mart_tables,
        history_tables,
        economics_tables,
        meta_tables,
    ]
