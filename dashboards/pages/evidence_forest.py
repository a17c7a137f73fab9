"""The rows and the forest plots of the evidence page: one row for each outcome and study."""

from typing import Any

import pandas as pd

from dashboards import forest_figures, formats
from dashboards.charts import Chart, Column, View
from dashboards.pages import evidence_words
from dashboards.pages.evidence_words import Topic
from dashboards.published import records

COLUMNS = [
    Column("name", "Outcome and study"),
    Column("value", "Estimate", "n2"),
    Column("lower", "95% interval, low", "n2"),
    Column("upper", "95% interval, high", "n2"),
    Column("unit", "Measure"),
    Column("study_design", "Study design"),
    Column("population", "Population"),
    Column("setting", "Setting"),
    Column("income_group", "Income group"),
    Column("used", "Used by the model"),
    Column("citation", "Citation"),
    Column("identifier", "Identifier"),
    Column("note", "Remarks"),
]


def rows_of(figures: pd.DataFrame, topic: Topic) -> pd.DataFrame:
    """Give the effects of an intervention in the order of its outcomes, each row under a name of its own."""
    outcomes = dict(topic.effects)
    place = {parameter: at for at, parameter in enumerate(outcomes)}
    rows = figures[figures["parameter_id"].isin(list(outcomes))].copy()
    rows["_place"] = [place[parameter] for parameter in rows["parameter_id"]]
    rows = rows.sort_values("_place", kind="stable").drop(columns="_place").reset_index(drop=True)
    rows["outcome"] = [outcomes[parameter] for parameter in rows["parameter_id"]]
    rows["study"] = [
        evidence_words.study(formats.text(key), formats.text(citation), year)
        for key, citation, year in zip(rows["source_key"], rows["citation"], rows["year"], strict=True)
    ]
    rows["kind"] = [evidence_words.design_kind(formats.text(design)) for design in rows["study_design"]]
    rows["name"] = _names(rows)
    return rows


def _names(rows: pd.DataFrame) -> list[str]:
    """Name each row by outcome and study, with the setting or the design where several would share a name."""
    named = rows.assign(
        name=[f"{outcome}: {study}" for outcome, study in zip(rows["outcome"], rows["study"], strict=True)]
    )
    for _, part in named.groupby("name", sort=False):
        if len(part) > 1:
            telling = [column for column in ("setting", "study_design") if part[column].is_unique]
            more = part[telling[0] if telling else "source_key"]
            named.loc[part.index, "name"] = [f"{name}, {formats.text(word)}" for name, word in
                                             zip(part["name"], more, strict=True)]  # fmt: skip
    return [str(name) for name in named["name"]]


def forests(topic: Topic, rows: pd.DataFrame) -> list[Chart]:
    """Make the chart of an intervention's ratios, and that of its shares where it has any."""
    ratios = rows["unit"].astype("str").str.endswith("ratio")
    shares = rows["unit"].eq("proportion")
    return [
        *_forest(topic, rows[ratios], "evidence", True, "ratio, below 1: less of it with the service"),
        *_forest(topic, _as_percent(rows[shares]), "shares", False, "percent of people"),
    ]


def _as_percent(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(**{name: 100 * rows[name] for name in ("value", "lower", "upper")}, unit="percent")


def _forest(topic: Topic, rows: pd.DataFrame, kind: str, logarithmic: bool, unit: str) -> list[Chart]:
    if rows.empty:
        return []
    rows = rows.reset_index(drop=True)
    zero = rows["value"].le(0) & logarithmic
    rows["role"] = ["none" if flag else "place" for flag in zero]
    # A logarithmic axis has no place for zero: the mark becomes words, an arm ends at the estimate or at the axis.
    rows["status_word"] = [f"{with_interval(row)}: off a ratio axis" if flag else "" for row, flag in
                           zip(records(rows), zero, strict=True)]  # fmt: skip
    values = [float(value) for name in ("value", "lower", "upper") for value in rows[name].dropna()]
    ends = forest_figures.axis_ends(values, logarithmic)
    rows["arm"] = [
        low if formats.is_missing(low) or low > 0 or not logarithmic else ends["low"] for low in rows["lower"]
    ]
    title = f"{topic.title}: {'effects by outcome and study' if logarithmic else 'shares by outcome and study'}"
    return [
        Chart(
            f"{kind}-{topic.id.replace('_', '-')}",
            title,
            forest_figures.forest(unit, ends),
            COLUMNS,
            {"all": View(rows, _summary(rows))},
            _sources(rows),
            extra=("kind", "role", "arm", "status_word"),
            height=118,
            row_height=24,
        )
    ]


def _summary(rows: pd.DataFrame) -> str:
    """Say how many estimates there are, from what, and where they lie on both sides of one."""
    count = formats.number(len(rows), 0)
    bare = int(rows["lower"].isna().sum())
    words = f"{count} estimate{'s' if len(rows) != 1 else ''}"
    kinds = [
        f"{int((rows['kind'] == kind).sum())} {label}"
        for kind, label in (("review", "from reviews or pooled analyses"), ("study", "from single studies"),
                            ("input", "from the inputs of other models"))
        if (rows["kind"] == kind).any()
    ]  # fmt: skip
    words += f": {formats.sentence_list(kinds)}."
    if bare:
        words += f" {formats.number(bare, 0)} without an interval."
    both_ways = [lower_first(name) for name in opposed(rows)]
    if both_ways:
        words += f" Estimates point in opposite directions for {formats.sentence_list(both_ways)}."
    return words


def opposed(rows: pd.DataFrame) -> list[str]:
    """Name the outcomes whose estimates lie on both sides of one."""
    ratios = rows[rows["unit"].astype("str").str.endswith("ratio")]
    return [
        str(outcome)
        for outcome, part in ratios.groupby("outcome", sort=False)
        if (part["value"] < 1).any() and (part["value"] > 1).any()
    ]


def _sources(rows: pd.DataFrame) -> str:
    return "; ".join(dict.fromkeys(formats.text(citation) for citation in rows["citation"])) + "."


def with_interval(row: dict[str, Any]) -> str:
    """Write an estimate with its interval, a share in percent, or say that it has no interval."""
    unit = formats.text(row["unit"])
    share = unit in ("proportion", "percent")
    scale, sign = (100.0 if unit == "proportion" else 1.0, "%") if share else (1.0, "")
    digits = None if share else 3 if 0 < abs(row["value"]) < 0.1 else 2
    value = formats.number(scale * row["value"], digits) + sign
    if formats.is_missing(row["lower"]) or formats.is_missing(row["upper"]):
        return f"{value} (no interval)"
    return f"{value} ({formats.interval(scale * row['lower'], scale * row['upper'], digits)})"


def lower_first(words: str) -> str:
    """Write words as they stand inside a sentence; HIV stays HIV."""
    return words if words[:2].isupper() else words[:1].lower() + words[1:]


def upper_first(words: str) -> str:
    """Write words as they begin a line."""
    return words[:1].upper() + words[1:]
