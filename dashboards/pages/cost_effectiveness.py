"""The page on cost-effectiveness: lives first, then amounts, how sure they are, and what is lacking."""

from typing import Any

import pandas as pd
from markupsafe import escape

from dashboards import formats
from dashboards import selection as sel
from dashboards.charts import Chart, Control, data_script, options_of
from dashboards.page import Page
from dashboards.pages import cost_uncertainty, cost_values
from dashboards.pages import cost_words as words
from dashboards.pages.cost_rows import all_rows, evidence_line
from dashboards.published import Published, records

DEFAULT = "AUS"
AGREEMENTS = {"agrees": ("●", "met"), "in range": ("●", "met"), "differs": ("▽", "not_met")}
"""Symbol and style of how a published result compares; others have none."""


def page(published: Published) -> Page:
    """Make the page, with the data of each place in files of their own."""
    frame = all_rows(published)
    places = sel.place_options(published, frame.loc[frame["status"] == "reported", "area_id"])
    control = place_control(places)
    charts = [
        cost_values.lives(published, frame, control),
        cost_values.costs(published, frame, control),
        cost_values.added_cost(published, frame, control),
        *cost_uncertainty.charts(published, frame, control),
    ]
    told = {area: _words_of(published, frame, area) for area, _ in places}
    context = {
        "told": told.get(control.default, {}),
        "checked": _validation(published),
        "cheers": _cheers(published),
        "lacking": _lacking(published, frame),
        "places": len(places),
        "evidence": evidence_line(frame),
        "cost_sources": cost_sources(published),
    }
    return Page(
        "cost_effectiveness.html",
        "cost_effectiveness.html",
        "Cost-effectiveness",
        "What more of a service does for people who inject drugs in a place, what it costs, and how sure that is.",
        context,
        charts,
        _place_files(charts[0], told),
    )


def place_control(places: list[tuple[str, str]]) -> Control:
    """Give the select of places: all that have a value, Australia first shown where it is among them."""
    known = [area for area, _ in places]
    default = DEFAULT if DEFAULT in known else (known[0] if known else "")
    return Control("place", "Place", options_of(places), default)


def cost_sources(published: Published) -> str:
    """Name the studies that the unit costs come from."""
    figures = published.select("meta.parameters", "topic = 'costs' and is_default and currency = 'AUD'")
    return "; ".join(dict.fromkeys(formats.text(citation) for citation in figures["citation"]))


def headline_row(frame: pd.DataFrame, area: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Pick the single intervention with the lowest cost for an overdose death averted out of those with an interval.

    Returns:
        The row of the cost, and that of the deaths averted; nothing where no strategy has an interval.
    """
    rows = frame[frame["area_id"].eq(area) & frame["comparator"].eq("today") & frame["role"].eq("strategy")]
    rows = rows[rows["intervention_id"].isin(list(words.IN_WORDS))]
    cost = rows[
        rows["outcome"].eq("cost_per_overdose_death_averted")
        & rows["perspective"].eq("health system")
        & (rows["discount_pct"] > 0)
        & rows["lower"].notna()
    ]
    if cost.empty:
        return None
    first = dict(cost.sort_values(["value", "name"], kind="stable").iloc[0])
    same = rows["intervention_id"].eq(first["intervention_id"]) & rows["level"].eq(first["level"])
    deaths = rows[same & rows["outcome"].eq("overdose_deaths_averted")]
    return None if deaths.empty else (first, dict(deaths.iloc[0]))


def life_sentence(published: Published, frame: pd.DataFrame, area: str) -> str:
    """Say what a life saved costs in a place, with both intervals, lives first."""
    found = headline_row(frame, area)
    if found is None:
        return ""
    cost, deaths = found
    years = formats.number(cost["horizon_years"], 0)
    amount = words.money(cost["value"], cost["currency"])
    prices = ", at Australian prices, not converted" if cost["cost_basis"] == "transferred" else ""
    what = words.in_a_sentence(cost["intervention_id"], cost["level"])
    return (
        f"{published.names[area]}: {what} would avert {formats.number(deaths['value'], 0)} overdose deaths in {years} "
        f"years ({words.limits(deaths)}), at {amount} each ({words.amount_interval(cost)}){prices}."
        f"{_cheaper(frame, area, cost)}"
    )


def _cheaper(frame: pd.DataFrame, area: str, cost: dict[str, Any]) -> str:
    """Name the single intervention whose mean cost for a death averted is lower still, but has no interval."""
    rows = frame[
        frame["area_id"].eq(area) & frame["comparator"].eq("today") & frame["role"].eq("strategy")
        & frame["intervention_id"].isin(list(words.IN_WORDS)) & frame["perspective"].eq("health system")
        & frame["outcome"].eq("cost_per_overdose_death_averted") & (frame["discount_pct"] > 0)
        & frame["lower"].isna() & (frame["value"] < cost["value"])
    ]  # fmt: skip
    if rows.empty:
        return ""
    row = dict(rows.sort_values(["value", "name"], kind="stable").iloc[0])
    what = words.in_a_sentence(row["intervention_id"], row["level"])
    return (
        f" {what[:1].upper()}{what[1:]} may cost less, {words.money(row['value'], row['currency'])} each, but has no "
        "interval: in some draws it averts no death."
    )


def overview_sentence(published: Published) -> str:
    """Say for the overview what a life saved costs in the default place, and whose prices these are."""
    frame = all_rows(published)
    sentence = life_sentence(published, frame, DEFAULT)
    return f"What averting a death costs, by a model at prices of one territory. {sentence}" if sentence else ""


def _words_of(published: Published, frame: pd.DataFrame, area: str) -> dict[str, str]:
    rows = frame[frame["area_id"].eq(area) & frame["cost_basis"].ne("none")]
    basis = formats.text(rows["cost_basis"].iloc[0]) if len(rows) else "none"
    sentence = life_sentence(published, frame, area)
    return {
        "headline": sentence or f"{published.names[area]}: no intervention has a cost with an interval.",
        "basis": words.BASIS_SENTENCES.get(basis, ""),
        "why": "Out of the single interventions whose cost for an overdose death averted has an interval, this one's "
        "is the lowest, seen from the health system: discounted costs over discounted deaths. The intervals are 95%."
        if sentence else "",
    }  # fmt: skip


def _place_files(chart: Chart, told: dict[str, dict[str, str]]) -> dict[str, str]:
    """Put the words about a place into the file of its first chart, so that they change with the select."""
    files = {}
    for area, said in told.items():
        views = {key: chart.rows(view) for key, view in chart.views.items() if key.split("|")[0] == area}
        html = {f"ce-{part}": str(escape(text)) for part, text in said.items()}
        files[f"{chart.id}.{formats.slug(area)}"] = data_script(
            {"chart": chart.id, "part": area, "views": views, "html": html}
        )
    return files


def _validation(published: Published) -> list[dict[str, Any]]:
    frame = published.select("meta.model_validation", order="study, result_id")
    rows = records(frame.astype("object").where(frame.notna(), None))
    for row in rows:
        row["symbol"], row["mark"] = AGREEMENTS.get(row["agreement"], ("–", ""))
        row["interval"] = formats.interval(row["theirs_lower"], row["theirs_upper"])
        row["percent"] = formats.NOT_AVAILABLE if formats.is_missing(row["difference_pct"]) else (
            f"{formats.signed(row['difference_pct'], 1)}%"
        )  # fmt: skip
    return rows


def _cheers(published: Published) -> list[dict[str, Any]]:
    return records(published.select("meta.cheers", order="item"))


def _lacking(published: Published, frame: pd.DataFrame) -> list[dict[str, str]]:
    """List the places without any value, with what each lacks."""
    valued = set(frame.loc[frame["status"] == "reported", "area_id"])
    silent = frame[~frame["area_id"].isin(sorted(valued))].drop_duplicates(["area_id", "note"])
    rows = [
        {"id": str(area), "name": published.names[str(area)], "reason": "; ".join(part["note"].astype(str))}
        for area, part in silent.groupby("area_id", sort=True)
    ]
    return sorted(rows, key=lambda row: row["name"])
