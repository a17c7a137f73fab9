"""The tables about the tables: sources, snapshots, measures, indicators, checks, and this publication."""

from typing import ClassVar

import numpy as np
import pandera.pandas as pa
from pandera.typing.pandas import Series

from schemas.indicators import IndicatorValue

_STATES = ["current", "refused", "unreachable", "no data"]
_ORIGINS = ["live", "drop-in", "kept", "figures", "none"]


class LatestValue(IndicatorValue):
    """The newest reported value of each indicator, place and group; where none is reported, the newest row.

    Grain: indicator, area, strata.
    """

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = ["indicator_id", "area_id", "strata"]
        name = "marts.latest_values"


class TargetSummary(pa.DataFrameModel):
    """How many places meet each verified target, by their newest reported total.

    Grain: indicator, target.
    """

    indicator_id: Series[str] = pa.Field(description="Indicator; see meta.indicators.")
    target: Series[float] = pa.Field(description="Level to reach, in the indicator's unit.")
    target_source: Series[str] = pa.Field(description="Where the target was seen.")
    places: Series[int] = pa.Field(ge=0, description="Places that report a value.")
    met: Series[int] = pa.Field(ge=0, description="Places whose whole interval meets the target.")
    not_met: Series[int] = pa.Field(ge=0, description="Places whose whole interval misses the target.")
    undetermined: Series[int] = pa.Field(ge=0, description="Places whose interval straddles the target.")
    median_value: Series[float] = pa.Field(nullable=True, description="Median of the places' values, unweighted.")

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = ["indicator_id", "target"]
        name = "marts.target_summary"


class SourceDisagreement(pa.DataFrameModel):
    """The same measure of the same place, period and group as two sources report it: the alternatives to a value.

    Grain: measure, place, period, group, pair of sources. Indicators take the source that comes first in their stated
    precedence; what the others say stays here and in core.observations.
    """

    measure_id: Series[str] = pa.Field(description="Measure; see meta.measures.")
    area_id: Series[str] = pa.Field(description="Place; see meta.areas.")
    period_start: Series[np.dtype("datetime64[us]")] = pa.Field(  # type: ignore[valid-type]
        description="First day, inclusive.", metadata={"unit": "date"}
    )
    period_end: Series[np.dtype("datetime64[us]")] = pa.Field(  # type: ignore[valid-type]
        description="Last day, inclusive.", metadata={"unit": "date"}
    )
    strata: Series[str] = pa.Field(description="all, or the group the value is for.")
    source_a: Series[str] = pa.Field(description="One source.")
    source_b: Series[str] = pa.Field(description="The other source.")
    value_a: Series[float] = pa.Field(description="What the one reports.")
    value_b: Series[float] = pa.Field(description="What the other reports.")
    ratio: Series[float] = pa.Field(
        nullable=True, description="The larger over the smaller value; null where one of them is zero.", ge=1
    )

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = [
            "measure_id", "area_id", "period_start", "period_end", "strata", "source_a", "source_b"
        ]  # fmt: skip
        name = "marts.source_disagreements"


class SourceRow(pa.DataFrameModel):
    """One source: who publishes it, under which terms, and where its newest data come from.

    Grain: source.
    """

    source_id: Series[str] = pa.Field(unique=True, description="Source, by its short name.")
    title: Series[str] = pa.Field(description="Title of the data set.")
    publisher: Series[str] = pa.Field(description="Who publishes it.")
    licence: Series[str] = pa.Field(description="Terms of the publisher.")
    licence_url: Series[str] = pa.Field(description="Where the terms can be read; empty where not known.")
    homepage: Series[str] = pa.Field(description="Page about the data set.")
    download_url: Series[str] = pa.Field(description="Address of the file; empty where a person must look it up.")
    cadence: Series[str] = pa.Field(description="How often it is published.")
    basis: Series[str] = pa.Field(description="Rule for the place of a death: residence, occurrence, registration.")
    citation: Series[str] = pa.Field(description="How to cite it.")
    coverage: Series[str] = pa.Field(description="Places and years it covers.")
    caveats: Series[str] = pa.Field(description="What to mind, one remark per line.")
    drop_in_help: Series[str] = pa.Field(description="What to download by hand, and where to put it.")
    automated: Series[bool] = pa.Field(description="Whether a script may fetch it.")
    origin: Series[str] = pa.Field(isin=_ORIGINS, description="Where the newest data come from.")
    newest_release: Series[str] = pa.Field(description="Newest release at hand; empty where there is none.")
    retrieved: Series[str] = pa.Field(description="When its bytes were fetched or dropped in; empty for figures.")
    rows: Series[int] = pa.Field(ge=0, description="Observations of its newest rows.")
    state: Series[str] = pa.Field(isin=_STATES, description="Whether the last attempt to refresh it went well.")
    message: Series[str] = pa.Field(description="What was refused or unreachable, and why; empty otherwise.")

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        name = "meta.sources"


class SnapshotRow(pa.DataFrameModel):
    """One kept release: its bytes' digest, origin and licence.

    Grain: snapshot. Figures transcribed from a publication have a snapshot of their own.
    """

    snapshot_id: Series[str] = pa.Field(unique=True, description="Name that observations carry.")
    source_id: Series[str] = pa.Field(description="Source; see meta.sources.")
    release: Series[str] = pa.Field(description="Release, by its date.")
    origin: Series[str] = pa.Field(isin=_ORIGINS, description="How the bytes came here.")
    url: Series[str] = pa.Field(description="Where they came from.")
    retrieved: Series[str] = pa.Field(description="When they came; empty for figures.")
    sha256: Series[str] = pa.Field(str_matches=r"^[0-9a-f]{64}$", description="Digest of the bytes.")
    licence: Series[str] = pa.Field(description="Terms of the publisher.")
    citation: Series[str] = pa.Field(description="How to cite them.")
    records_in: Series[int] = pa.Field(ge=0, description="Value cells the files hold.")
    rows: Series[int] = pa.Field(ge=0, description="Observations read from them.")
    quarantined: Series[int] = pa.Field(ge=0, description="Records set aside; see core.quarantine.")
    dropped: Series[str] = pa.Field(description="Records left out on purpose: reason and number, one per line.")
    notes: Series[str] = pa.Field(description="The publisher's remarks about the release, one per line.")

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        name = "meta.snapshots"


class CitationRow(pa.DataFrameModel):
    """The publication behind transcribed figures.

    Grain: figure file, source, release, publication, table.
    """

    file: Series[str] = pa.Field(description="File in data/figures.")
    source_id: Series[str] = pa.Field(description="Source; see meta.sources.")
    release: Series[str] = pa.Field(description="Release, by its date.")
    publisher: Series[str] = pa.Field(description="Who published the figures.")
    title: Series[str] = pa.Field(description="Title of the publication or data set.")
    published: Series[str] = pa.Field(description="Date of the release the figures were read from.")
    locator: Series[str] = pa.Field(description="Table, sheet, page or column.")
    licence: Series[str] = pa.Field(description="Terms of the publisher.")
    rows: Series[int] = pa.Field(ge=1, description="Figures that rest on it.")

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        name = "meta.citations"


class MeasureRow(pa.DataFrameModel):
    """What a measure means, its unit, and what may be added up.

    Grain: measure.
    """

    measure_id: Series[str] = pa.Field(unique=True, description="Measure, by its short name.")
    title: Series[str] = pa.Field(description="Name to show.")
    meaning: Series[str] = pa.Field(description="What was measured.")
    unit: Series[str] = pa.Field(description="Unit of the value.")
    kind: Series[str] = pa.Field(description="flow, stock, rate, share or index.")
    adds_over_time: Series[bool] = pa.Field(description="Whether values of periods that do not overlap may be added.")
    adds_over_area: Series[bool] = pa.Field(description="Whether values of places that do not overlap may be added.")
    adds_over_category: Series[bool] = pa.Field(
        description="Whether values of groups that do not overlap may be added."
    )
    basis: Series[str] = pa.Field(description="Rule for the place of an event; by_source where publishers differ.")
    least: Series[float] = pa.Field(nullable=True, description="Least value that can be.")
    most: Series[float] = pa.Field(nullable=True, description="Greatest value that can be; null where unbounded.")
    precedence: Series[str] = pa.Field(
        description="Orders of sources in which indicators read it, one per line: the first that reports a value for a "
        "place, period and group is taken, the others stay in core.observations and marts.source_disagreements."
    )

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        name = "meta.measures"


class IndicatorRow(pa.DataFrameModel):
    """Definition of an indicator: what is counted, over what, and how its uncertainty is found.

    Grain: indicator.
    """

    indicator_id: Series[str] = pa.Field(unique=True, description="Indicator, by its short name.")
    number: Series[str] = pa.Field(description="Number in the registry of 46, as text; empty for an additional one.")
    version: Series[int] = pa.Field(ge=1, description="Version of the definition.")
    title: Series[str] = pa.Field(description="Name to show.")
    question: Series[str] = pa.Field(description="Question it answers.")
    numerator: Series[str] = pa.Field(description="What is above the line.")
    numerator_type: Series[str] = pa.Field(description="Kind of numerator.")
    denominator: Series[str] = pa.Field(description="What is below the line; none for a count.")
    denominator_type: Series[str] = pa.Field(
        description="population, programme, opioid_dependent, tested, deaths, events, time, laws, value or none."
    )
    unit: Series[str] = pa.Field(description="Unit of value and interval.")
    polarity: Series[str] = pa.Field(isin=["lower", "higher", "none"], description="Which way is better.")
    interval_method: Series[str] = pa.Field(description="How its interval is found.")
    standard: Series[str] = pa.Field(description="Standard population; none for crude values.")
    suppression_rule: Series[str] = pa.Field(description="Which small counts are hidden, and by whom.")
    targets: Series[str] = pa.Field(description="All targets with their source and whether verified, one per line.")
    target: Series[float] = pa.Field(nullable=True, description="Verified target that values are held against.")
    target_source: Series[str] = pa.Field(description="Where it was seen; empty where there is none.")
    target_verified: Series[bool] = pa.Field(description="Whether its text was seen.")
    caveats: Series[str] = pa.Field(description="What to mind, one remark per line.")
    refs: Series[str] = pa.Field(description="References, one per line.")
    owner: Series[str] = pa.Field(description="Who keeps the definition.")
    values: Series[int] = pa.Field(ge=0, description="Values reported in marts.indicator_values.")
    places: Series[int] = pa.Field(ge=0, description="Places with a reported value.")
    periods: Series[int] = pa.Field(ge=0, description="Periods with a reported value.")
    groups: Series[int] = pa.Field(ge=0, description="Groups with a reported value, everybody counted as one.")
    waits_for: Series[str] = pa.Field(
        description="Sources that it needs and that brought nothing yet; empty where it has values."
    )

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        name = "meta.indicators"


class CheckRow(pa.DataFrameModel):
    """One check that ran, and what it found.

    Grain: table or source, check.
    """

    asset: Series[str] = pa.Field(description="Table or source that was checked.")
    check_name: Series[str] = pa.Field(description="Short name of the check.")
    passed: Series[bool] = pa.Field(description="Whether it passed.")
    severity: Series[str] = pa.Field(
        isin=["warn", "block"], description="block where a failure stops the publication or holds back a release."
    )
    description: Series[str] = pa.Field(description="What was expected, and what was found.")
    failures: Series[int] = pa.Field(ge=0, description="Number of rows or records that fail.")

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = ["asset", "check_name"]
        name = "meta.checks"


class ColumnRow(pa.DataFrameModel):
    """Every column of every table: its type, unit and meaning.

    Grain: table, column.
    """

    table_schema: Series[str] = pa.Field(description="Schema: raw, core, marts or meta.")
    table_name: Series[str] = pa.Field(description="Table.")
    column_name: Series[str] = pa.Field(description="Column.")
    type: Series[str] = pa.Field(description="Type in DuckDB.")
    unit: Series[str] = pa.Field(description="Unit; empty where it stands in the row or there is none.")
    description: Series[str] = pa.Field(str_length={"min_value": 5}, description="Meaning.")

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = ["table_schema", "table_name", "column_name"]
        name = "meta.columns"


class PublicationRow(pa.DataFrameModel):
    """This publication: which run made it, when, with which code, from which inputs.

    Grain: one row.
    """

    run_id: Series[str] = pa.Field(description="Run that made it; Dagster shows it under this id.")
    built_at: Series[str] = pa.Field(description="When, in UTC.")
    code_version: Series[str] = pa.Field(description="Version of the package and digest of its code.")
    fingerprint: Series[str] = pa.Field(description="Digest of everything it rests on: the same inputs give the same.")

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        name = "meta.publication"
