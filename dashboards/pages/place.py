"""The page on a place: everything published for one country, state or province, ready to print."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pandas as pd
from jinja2 import Environment
from markupsafe import escape

from dashboards import formats, time_figures
from dashboards import selection as sel
from dashboards.charts import Chart, Column, Control, Option, View, data_script
from dashboards.page import Page
from dashboards.published import Published, records

DEFAULT = "USA"
TOPICS = (
    ("Law in numbers", ("overdose_law_",)),
    ("Trends and gaps", ("overdose_trend_", "disparity_", "theil_", "spread_", "excess_", "group_")),
    ("Quality of the data", ("reporting_", "revision_", "death_records_", "deaths_pending_", "pwid_estimate_")),
    ("Overdose", ("overdose_", "opioid_death", "drug_induced_", "drug_poisoning_", "stimulant_")),
    ("HIV and hepatitis C", ("hiv_", "hcv_", "hbv_")),
    ("Coverage of services", ()),
)
SHOWN = ("Overdose", "HIV and hepatitis C", "Coverage of services", "Trends and gaps", "Law in numbers")
"""Sections in the order they are shown; those not named follow."""

# A series needs this many points before it is worth a line.
FEWEST_POINTS = 3


def page(published: Published, environment: Environment) -> Page:
    """Make the page on a place, with one data file for each place."""
    latest = _all_latest(published)
    laws = _laws(published)
    present = set(latest["area_id"]) | set(laws)
    places = sel.place_options(published, present)
    template = environment.get_template("_place.html")
    by_area = dict(list(latest.groupby("area_id", sort=False)))
    nothing = latest.head(0)
    bodies = {
        area: template.render(place=_place(published, area, name, by_area.get(area, nothing), laws))
        for area, name in places
    }
    chart = _trend(published, places)
    files: dict[str, str] = {}
    for area, name in places:
        views = {key: chart.rows(view) for key, view in chart.views.items() if key.split("|")[0] == area}
        files[f"place-trend.{formats.slug(area)}"] = data_script(
            {
                "chart": chart.id,
                "part": area,
                "views": views,
                "html": {"place-body": bodies[area], "place-name": escape(name)},
            }
        )
    default = DEFAULT if DEFAULT in bodies else next(iter(bodies), "")
    context = {"body": bodies.get(default, ""), "name": published.names.get(default, ""), "place_files": files}
    return Page(
        "place.html",
        "place.html",
        "A place",
        "Everything published for one country, state or province, on one page to print or to send.",
        context,
        [chart],
        files,
    )


def topic_of(indicator_id: str) -> str:
    """Give the section of the page that an indicator belongs to."""
    for title, starts in TOPICS:
        if indicator_id.startswith(starts):
            return title
    return TOPICS[-1][0]


def _all_latest(published: Published) -> pd.DataFrame:
    frames = [published.latest(indicator_id) for indicator_id in published.indicators]
    frames = [frame for frame in frames if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else published.latest("")


def _laws(published: Published) -> dict[str, list[dict[str, str]]]:
    """Give, for each place, the laws observed, with the date since which each is in force."""
    frame = published.select(
        "core.observations", "contains(measure_id, '_law')", order="area_id, measure_id, period_start, period_end"
    )
    found: dict[str, list[dict[str, str]]] = {}
    for row in records(frame):
        in_force = row["value"] == 1
        status = formats.STATUS_WORDS.get(row["status"], row["status"])
        words = "in force" if in_force else "none in force in the period observed" if row["value"] == 0 else status
        card = published.measures.get(row["measure_id"], {})
        source = published.sources.get(row["source_id"], {})
        found.setdefault(row["area_id"], []).append(
            {
                "title": (formats.text(card.get("title")) or row["measure_id"]).removesuffix(" in force"),
                "meaning": formats.text(card.get("meaning")),
                "state": words,
                "start": formats.text(row["period_start"]) if in_force else "",
                "observed": formats.text(row["period_end"]),
                "note": formats.text(row["note"]),
                "source": formats.text(source.get("title")) or row["source_id"],
            }
        )
    return found


def _series(published: Published, known_places: set[str]) -> tuple[dict[str, View], dict[str, str]]:
    """Give every series with enough points as a view, and the titles of the indicators that have one."""
    views, titles = {}, {}
    for indicator_id, card in published.indicators.items():
        frame = sel.total(published.values(indicator_id))
        title = formats.text(card["title"]) or indicator_id
        # Part of a year, or a window, never joins a line of full years: one kind of period makes one line.
        kinds = frame["period"].astype("str").str.replace(r"\d", "0", regex=True)
        for area, rows in _one_kind(frame.assign(_kind=kinds)):
            if area in known_places:
                views[f"{area}|{indicator_id}"] = _view(published, title, rows)
                titles[indicator_id] = title
    return views, titles


def _one_kind(frame: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give the rows of each place that have its commonest kind of period, where there are enough of them."""
    for area, part in frame.groupby("area_id", sort=True):
        kinds = Counter(part["_kind"].tolist())
        commonest = min(kinds, key=lambda kind: (-kinds[kind], kind))
        rows = part if len(kinds) == 1 else part[part["_kind"].eq(commonest)]
        if int(rows["value"].notna().sum()) >= FEWEST_POINTS:
            yield str(area), rows


def _view(published: Published, title: str, rows: pd.DataFrame) -> View:
    last = rows[rows["value"].notna()].iloc[-1]
    sentence = (
        f"{last['name']}. {title}: {formats.amount(last['value'], last['unit'])} {formats.text(last['unit'])} "
        f"{formats.in_period(last['period'])}."
    )
    return View(rows, sentence, sel.source_line(published, rows), formats.text(last["unit"]))


def _trend(published: Published, places: list[tuple[str, str]]) -> Chart:
    known_places = {area for area, _ in places}
    views, used = _series(published, known_places)
    kinds = published.areas["kind"].to_dict()
    groups = {"country": "Countries"}
    parents = published.areas["parent_id"].to_dict()
    place_options = tuple(
        Option(area, name, groups.get(kinds[area]) or published.names.get(str(parents.get(area)), "Other places"))
        for area, name in places
    )
    ordered_places = tuple(
        sorted(place_options, key=lambda option: (option.group != "Countries", option.group, option.label))
    )
    first = [key.split("|")[1] for key in views if key.split("|")[0] == DEFAULT]
    return Chart(
        "place-trend",
        "Over time",
        time_figures.value_over_time(""),
        [
            Column("when", "Period"),
            Column("value", "Value", "n1"),
            Column("lower", "95% interval, low", "n1"),
            Column("upper", "95% interval, high", "n1"),
            Column("unit", "Unit"),
            Column("note", "Remarks"),
        ],
        views,
        "",
        [
            Control(
                "place",
                "Place",
                ordered_places,
                DEFAULT if DEFAULT in known_places else next(iter(sorted(known_places)), ""),
            ),
            Control(
                "indicator",
                "Indicator",
                tuple(Option(i, t) for i, t in used.items()),
                first[0] if first else next(iter(used), ""),
            ),
        ],
        extra=("date", "provisional", "series_break"),
        note="Hollow: provisional. The band is the 95% interval; it is left open where a period has no value. A line "
        "that stops marks a break in the series.",
        split=True,
        heading="h2",
        nothing="Too few years are published here for a line over time. The newest values are below.",
    )


def _place(
    published: Published, area: str, name: str, latest: pd.DataFrame, laws: dict[str, list[dict[str, str]]]
) -> dict[str, Any]:
    """Give what the template shows of one place: totals by topic, the groups within them, and laws."""
    titles = dict.fromkeys([*SHOWN, *(title for title, _ in TOPICS)])
    sections: dict[str, dict[str, list[dict[str, str]]]] = {title: {"rows": [], "groups": []} for title in titles}
    for row in records(latest):
        part = "rows" if row["strata"] == "all" else "groups"
        sections[topic_of(row["indicator_id"])][part].append(_line(published, row))
    known = published.areas.loc[area]
    return {
        "id": area,
        "name": name,
        "parent": published.names.get(str(known["parent_id"]), ""),
        "region": formats.text(known["who_region"]),
        "sections": [
            {"title": title, **found} for title, found in sections.items() if found["rows"] or found["groups"]
        ],
        "laws": laws.get(area, []),
    }


def _line(published: Published, row: dict[str, Any]) -> dict[str, str]:
    card = published.indicators.get(row["indicator_id"], {})
    titles = [formats.text(published.sources.get(s, {}).get("title")) or s for s in sel.source_ids([row["source_ids"]])]
    return {
        "id": row["indicator_id"],
        "title": formats.text(card.get("title")) or row["indicator_id"],
        "stratum": formats.stratum(row["strata"]),
        "value": row["status_word"] if formats.is_missing(row["value"]) else formats.amount(row["value"], row["unit"]),
        "interval": formats.interval(row["lower"], row["upper"]),
        "unit": formats.text(row["unit"]),
        "when": row["when"],
        "target": "" if formats.is_missing(row["target"]) else formats.with_unit(row["target"], row["unit"]),
        "target_symbol": formats.TARGET_SYMBOLS.get(str(row["target_status"]), ""),
        "target_word": row["target_word"] if row["target_status"] != "no_target" else "",
        "target_status": formats.text(row["target_status"]),
        "note": row["note"],
        "sources": ", ".join(titles),
        "release": formats.text(row["release"]).replace("+", ", "),
    }
