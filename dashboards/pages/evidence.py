"""The page on evidence: each intervention's effects with study and setting, and what nobody here has measured."""

from typing import Any

import pandas as pd

from dashboards import formats
from dashboards import selection as sel
from dashboards.page import Page
from dashboards.pages import cost_words, evidence_words
from dashboards.pages.cost_effectiveness import DEFAULT
from dashboards.pages.cost_rows import all_rows
from dashboards.pages.evidence_forest import forests, lower_first, opposed, rows_of, upper_first, with_interval
from dashboards.pages.evidence_words import NOTHING, QUESTIONS, TOPICS, Topic
from dashboards.published import Published, records

MOST_LINES = 4
"""Effects named in words before the chart."""


def page(published: Published) -> Page:
    """Make the page on evidence, from verified figures only."""
    figures = _figures(published)
    drawn = {topic.id: rows_of(figures, topic) for topic in TOPICS}
    charts = [chart for topic in TOPICS for chart in forests(topic, drawn[topic.id])]
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
        "What studies found each service does, side by side where they disagree, and what the evidence leaves open.",
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
        for outcome in opposed(rows):
            part = rows[rows["outcome"] == outcome]
            listed = [f"{with_interval(row)} in {row['study']}, {row['setting']}" for row in records(part)]
            sentences.append(
                f"Sources disagree on {topic.short} and {lower_first(outcome)}: {formats.sentence_list(listed)}."
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
        f"{row['outcome']}: {with_interval(row)}, {row['study']}"
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
            named = evidence_words.study(formats.text(row["source_key"]), formats.text(row["citation"]), row["year"])
            lines.append(f"{upper_first(what)}: {with_interval(row)}{tail}; {named}, {formats.text(row['setting'])}")
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
            words += (
                f", {formats.number(last['met'], 0)} of {formats.number(last['places'], 0)} meet the target of {goal}"
            )
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
            listed = [f"{with_interval(row)} {row['study']}, {row['setting']}" for row in records(part)]
            lines.append(f"{outcome}: {'; '.join(listed)}")
    return lines


def _plain_row(row: dict[str, Any]) -> dict[str, str]:
    return {
        "name": cost_words.parameter(formats.text(row["parameter_id"])),
        "value": with_interval(row),
        "unit": formats.text(row["unit"]),
        "setting": formats.text(row["setting"]),
        "design": formats.text(row["study_design"]),
        "citation": formats.text(row["citation"]),
        "note": formats.text(row["note"]),
    }
