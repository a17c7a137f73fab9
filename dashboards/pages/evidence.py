"""The page on evidence: each intervention's effects with study and setting, and what nobody here has measured."""

from typing import Any

import pandas as pd

from dashboards import forest_figures, formats
from dashboards import selection as sel
from dashboards.charts import Chart, Column, View
from dashboards.page import Page
from dashboards.pages import cost_words, evidence_words
from dashboards.pages.cost_effectiveness import DEFAULT
from dashboards.pages.cost_rows import all_rows
from dashboards.pages.evidence_words import NOTHING, QUESTIONS, TOPICS, Topic
from dashboards.published import Published, records

MOST_LINES = 4
"""Effects named in words before the chart."""

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


def page(published: Published) -> Page:
    """Make the page on evidence, from verified figures only."""
    figures = _figures(published)
    drawn = {topic.id: _rows(figures, topic) for topic in TOPICS}
    charts = [chart for topic in TOPICS for chart in _forests(topic, drawn[topic.id])]
    money = _money(published)
    told = [_told(published, topic, drawn[topic.id], figures, money) for topic in TOPICS]
    used = {parameter for topic in TOPICS for parameter, _ in (*topic.effects, *topic.practical, *topic.safe)}
    rest = figures[figures["topic"].eq("effects") & ~figures["parameter_id"].isin(sorted(used))]
    context = {
        "headline": headline(drawn),
        "told": told if len(figures) else [],
        "questions": QUESTIONS,
        "rest": [_plain_row(row) for row in records(rest)],
        "unverified": _unverified(published),
    }
    return Page(
        "evidence.html",
        "evidence.html",
        "Evidence",
        "What studies found each service does, side by side where they disagree, and what the evidence here leaves open.",
        context,
        charts,
    )


def _figures(published: Published) -> pd.DataFrame:
    """Read the verified figures, the one the model uses first within each parameter."""
    frame = published.select(
        "meta.parameters", "verified", order="topic, parameter_id, is_default desc, value, source_key"
    )
    frame["used"] = ["yes" if flag is True or flag == 1 else "no" for flag in frame["is_default"]]
    return frame


def _unverified(published: Published) -> int:
    return len(published.select("meta.parameters", "topic = 'effects' and not verified"))


def _rows(figures: pd.DataFrame, topic: Topic) -> pd.DataFrame:
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
    named = rows.assign(name=[f"{outcome}: {study}" for outcome, study in zip(rows["outcome"], rows["study"], strict=True)])
    for _, part in named.groupby("name", sort=False):
        if len(part) > 1:
            telling = [column for column in ("setting", "study_design") if part[column].is_unique]
            more = part[telling[0] if telling else "source_key"]
            named.loc[part.index, "name"] = [f"{name}, {formats.text(word)}" for name, word in
                                             zip(part["name"], more, strict=True)]  # fmt: skip
    return [str(name) for name in named["name"]]


def _forests(topic: Topic, rows: pd.DataFrame) -> list[Chart]:
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
    rows["status_word"] = [f"{_with_interval(row)}: off a ratio axis" if flag else "" for row, flag in
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
            note="A mark without a line has no published interval. "
            + ("Left of the line there is less of the outcome with the service, right of it more. " if logarithmic else "")
            + "Estimates compare people with and without a service; most are from cohorts, where who gets the service "
            "is not left to chance.",
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
    opposed = _opposed(rows)
    if opposed:
        words += f" Estimates point in opposite directions for {formats.sentence_list([_lower(name) for name in opposed])}."
    return words


def _lower(words: str) -> str:
    return words if words[:2].isupper() else words[:1].lower() + words[1:]


def _upper(words: str) -> str:
    return words[:1].upper() + words[1:]


def _opposed(rows: pd.DataFrame) -> list[str]:
    """Name the outcomes whose estimates lie on both sides of one."""
    ratios = rows[rows["unit"].astype("str").str.endswith("ratio")]
    return [
        str(outcome)
        for outcome, part in ratios.groupby("outcome", sort=False)
        if (part["value"] < 1).any() and (part["value"] > 1).any()
    ]


def _sources(rows: pd.DataFrame) -> str:
    return "; ".join(dict.fromkeys(formats.text(citation) for citation in rows["citation"])) + "."


def _with_interval(row: dict[str, Any]) -> str:
    unit = formats.text(row["unit"])
    share = unit in ("proportion", "percent")
    scale, sign = (100.0 if unit == "proportion" else 1.0, "%") if share else (1.0, "")
    digits = None if share else 3 if 0 < abs(row["value"]) < 0.1 else 2
    value = formats.number(scale * row["value"], digits) + sign
    if formats.is_missing(row["lower"]) or formats.is_missing(row["upper"]):
        return f"{value} (no interval)"
    return f"{value} ({formats.interval(scale * row['lower'], scale * row['upper'], digits)})"


def headline(drawn: dict[str, pd.DataFrame]) -> list[str]:
    """Say how much verified evidence there is, and what the plainest disagreement is."""
    every = pd.concat([rows.assign(topic_id=name) for name, rows in drawn.items()], ignore_index=True)
    if every.empty:
        return []
    distinct = every.drop_duplicates(["parameter_id", "source_key"])
    studies = distinct["citation"].nunique()
    first = (
        f"{formats.number(len(distinct), 0)} verified estimates from {formats.number(studies, 0)} sources say what "
        f"{formats.number(every['topic_id'].nunique(), 0)} services do; "
        f"{formats.number(int(distinct['lower'].isna().sum()), 0)} of them have no published interval."
    )
    sentences = [first]
    for topic in TOPICS:
        rows = drawn[topic.id]
        for outcome in _opposed(rows):
            part = rows[rows["outcome"] == outcome]
            listed = [f"{_with_interval(row)} in {row['study']}, {row['setting']}" for row in records(part)]
            sentences.append(
                f"Sources disagree on {topic.short} and {_lower(outcome)}: "
                f"{formats.sentence_list(listed)}."
            )
    return sentences


def _told(
    published: Published, topic: Topic, rows: pd.DataFrame, figures: pd.DataFrame, money: dict[str, str]
) -> dict[str, Any]:
    """Answer the five questions of an intervention, each with figures or with the plain word that there are none."""
    answers = {
        "practical": _listed(figures, topic.practical),
        "feasible": [*_costs(figures, topic), *_coverage(published, topic)],
        "effective": _effects(rows),
        "safe": _listed(figures, topic.safe),
        "cost_effective": [money[topic.id]] if topic.id in money else [],
    }  # fmt: skip
    return {
        "id": topic.id.replace("_", "-"),
        "title": topic.title,
        "answers": [
            {"question": title, "asks": asks, "lines": answers[key] or [NOTHING], "none": not answers[key]}
            for key, title, asks in QUESTIONS
        ],
        "sides": _side_by_side(rows),
        "charts": [f"{kind}-{topic.id.replace('_', '-')}" for kind in ("evidence", "shares")],
    }


def _effects(rows: pd.DataFrame) -> list[str]:
    """Name the first effects that the model runs on, and how many more the chart shows."""
    used = rows[rows["used"] == "yes"]
    lines = [
        f"{row['outcome']}: {_with_interval(row)}, {row['study']}"
        + (" (input of another model)" if row["kind"] == "input" else "")
        for row in records(used.head(MOST_LINES))
    ]
    more = len(rows) - len(lines)
    return [*lines, f"and {formats.number(more, 0)} more below"] if lines and more else lines


def _listed(figures: pd.DataFrame, wanted: tuple[tuple[str, str], ...]) -> list[str]:
    lines = []
    for parameter, what in wanted:
        part = figures[figures["parameter_id"] == parameter]
        for row in records(part):
            unit = formats.text(row["unit"])
            tail = "" if unit == "proportion" else f", {unit}"
            named = evidence_words.study(
                formats.text(row["source_key"]), formats.text(row["citation"]), row["year"]
            )
            lines.append(f"{_upper(what)}: {_with_interval(row)}{tail}; {named}, {formats.text(row['setting'])}")
    return lines


def _costs(figures: pd.DataFrame, topic: Topic) -> list[str]:
    lines = []
    for parameter, what in topic.costs:
        for row in records(figures[figures["parameter_id"] == parameter]):
            year = formats.text(row["cost_year"]).removesuffix(".0")
            named = evidence_words.study(formats.text(row["source_key"]), formats.text(row["citation"]), None)
            amount = cost_words.money(row["value"], row["currency"])
            lines.append(f"{amount} {what}; {named}{', prices of ' + year if year else ', year of prices not stated'}")
    return lines


def _coverage(published: Published, topic: Topic) -> list[str]:
    """Say for each indicator of a service how many places have a value, and how many meet its highest target."""
    lines = []
    for indicator_id in topic.indicators:
        frame = published.latest(indicator_id)
        known = sel.total(frame)[sel.total(frame)["value"].notna()]
        if known.empty:
            continue
        title = formats.text(published.indicators[indicator_id]["title"]) or indicator_id
        places = int(known["area_id"].nunique())
        words = f"{title}: {formats.number(places, 0)} {'place has' if places == 1 else 'places have'} a value"
        summary = published.select("marts.target_summary", "indicator_id = ?", [indicator_id], "target")
        if len(summary):
            last = dict(summary.iloc[-1])
            goal = formats.with_unit(last["target"], published.indicators[indicator_id]["unit"])
            words += f", {formats.number(last['met'], 0)} of {formats.number(last['places'], 0)} meet the target of {goal}"
        lines.append(f"{words} ({sel.years_of(known)})")
    return lines


def _money(published: Published) -> dict[str, str]:
    """Give the model's answer on each single intervention, for the default place of the cost-effectiveness page."""
    frame = all_rows(published)
    if frame.empty:
        return {}
    rows = frame[frame["comparator"].eq("today")]
    valued = rows[rows["status"].eq("reported")]
    areas = sorted(valued["area_id"].unique())
    area = DEFAULT if DEFAULT in areas else next(iter(areas), "")
    told = {}
    for topic in TOPICS:
        mine = rows[rows["intervention_id"].eq(topic.id)]
        here = mine[mine["area_id"].eq(area)]
        cost = here[
            here["outcome"].eq("cost_per_overdose_death_averted")
            & here["perspective"].eq("health system")
            & (here["discount_pct"] > 0)
            & here["value"].notna()
        ].sort_values(["value", "level"], kind="stable")
        count = formats.number(valued.loc[valued["intervention_id"].eq(topic.id), "area_id"].nunique(), 0)
        if len(cost):
            row = dict(cost.iloc[0])
            level = cost_words.level(row["level"])
            told[topic.id] = (
                f"Model, {published.names[area]}, {level}: {cost_words.money(row['value'], row['currency'])} for each "
                f"overdose death averted ({cost_words.amount_interval(row)}). Places with a model result: {count}"
            )
        elif len(here):
            note = next((formats.text(note) for note in here["note"] if formats.text(note)), "no value")
            note = note.partition("; with your own")[0]
            told[topic.id] = f"Model, {published.names[area]}: no result; {note}. Places with a model result: {count}"
    return told


def _side_by_side(rows: pd.DataFrame) -> list[str]:
    """Put the values of different sources on one outcome beside each other."""
    lines = []
    for outcome, part in rows.groupby("outcome", sort=False):
        if len(part) > 1:
            listed = [f"{_with_interval(row)} {row['study']}, {row['setting']}" for row in records(part)]
            lines.append(f"{outcome}: {'; '.join(listed)}")
    return lines


def _plain_row(row: dict[str, Any]) -> dict[str, str]:
    return {
        "name": cost_words.parameter(formats.text(row["parameter_id"])),
        "value": _with_interval(row),
        "unit": formats.text(row["unit"]),
        "setting": formats.text(row["setting"]),
        "design": formats.text(row["study_design"]),
        "citation": formats.text(row["citation"]),
        "note": formats.text(row["note"]),
    }
