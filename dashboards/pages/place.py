"""The page on a place: everything published for one country, state or province, ready to print."""

from typing import Any

import pandas as pd
from jinja2 import Environment
from markupsafe import escape

from dashboards import figures, formats
from dashboards import selection as sel
from dashboards.charts import Chart, Column, Control, Option, View, data_script
from dashboards.page import Page
from dashboards.published import Published

DEFAULT = "USA"
TOPICS = (
    ("Overdose", ("overdose_", "opioid_death", "drug_induced_", "drug_poisoning_", "stimulant_")),
    ("HIV and hepatitis C", ("hiv_", "hcv_", "hbv_")),
    ("Coverage of services", ()),
)
# A series needs this many points before it is worth a line.
FEWEST_POINTS = 3


def page(published: Published, environment: Environment) -> Page:
    """Make the page on a place, with one data file for each place."""
    latest = _all_latest(published)
    laws = _laws(published)
    series = _series(published)
    present = set(latest["area_id"]) | set(laws)
    places = sel.place_options(published, present)
    template = environment.get_template("_place.html")
    by_area = dict(list(latest.groupby("area_id", sort=False)))
    nothing = latest.head(0)
    bodies = {
        area: template.render(place=_place(published, area, name, by_area.get(area, nothing), laws)) for area, name in places
    }
    chart = _trend(published, series, places)
    files: dict[str, str] = {}
    for area, name in places:
        views = {key: chart.rows(view) for key, view in chart.views.items() if key.split("|")[0] == area}
        files[f"place-trend.{formats.slug(area)}"] = data_script(
            {"chart": chart.id, "part": area, "views": views, "html": {"place-body": bodies[area], "place-name": escape(name)}}
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
    if not frames:
        return sel.with_words(published.select("marts.latest_values", "false", order="period"))
    return sel.with_words(pd.concat(frames, ignore_index=True))


def _laws(published: Published) -> dict[str, list[dict[str, str]]]:
    """Give, for each place, the laws observed, with the date since which each is in force."""
    frame = published.select(
        "core.observations", "contains(measure_id, '_law')", order="area_id, measure_id, period_start, period_end"
    )
    found: dict[str, list[dict[str, str]]] = {}
    for row in frame.to_dict("records"):
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


def _series(published: Published) -> list[tuple[str, str, pd.DataFrame]]:
    """Give every series with enough points: indicator, place, rows in order of time."""
    found = []
    for indicator_id in published.indicators:
        frame = sel.total(published.values(indicator_id))
        if frame.empty:
            continue
        # Part of a year, or a window, never joins a line of full years: one kind of period makes one line.
        kinds = frame["period"].astype("str").str.replace(r"\d", "0", regex=True)
        for area, part in frame.assign(_kind=kinds).groupby("area_id", sort=True):
            commonest = part["_kind"].value_counts().sort_index().idxmax()
            rows = part[part["_kind"].eq(commonest)].drop(columns="_kind")
            if rows["value"].notna().sum() >= FEWEST_POINTS:
                found.append((indicator_id, str(area), rows))
    return found


def _trend(published: Published, series: list[tuple[str, str, pd.DataFrame]], places: list[tuple[str, str]]) -> Chart:
    views, used = {}, {}
    known_places = {area for area, _ in places}
    for indicator_id, area, rows in series:
        if area not in known_places:
            continue
        ordered = sel.over_time(rows)
        card = published.indicators[indicator_id]
        title = formats.text(card["title"]) or indicator_id
        unit = sel.unit_of(published, indicator_id, rows)
        ordered["unit"] = unit
        known = ordered[ordered["value"].notna()]
        last = known.iloc[-1]
        sentence = f"{last['name']}. {title}: {formats.number(last['value'])} {unit} {formats.in_period(last['period'])}."
        views[f"{area}|{indicator_id}"] = View(ordered, sentence, sel.source_line(published, rows))
        used[indicator_id] = title
    kinds = published.areas["kind"].to_dict()
    groups = {"country": "Countries"}
    parents = published.areas["parent_id"].to_dict()
    place_options = tuple(
        Option(area, name, groups.get(kinds[area]) or published.names.get(str(parents.get(area)), "Other places"))
        for area, name in places
    )
    ordered_places = tuple(sorted(place_options, key=lambda option: (option.group != "Countries", option.group, option.label)))
    first = [key.split("|")[1] for key in views if key.split("|")[0] == DEFAULT]
    return Chart(
        "place-trend",
        "Over time",
        figures.value_over_time(""),
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
            Control("place", "Place", ordered_places, DEFAULT if DEFAULT in known_places else next(iter(sorted(known_places)), "")),
            Control("indicator", "Indicator", tuple(Option(i, t) for i, t in used.items()), first[0] if first else next(iter(used), "")),
        ],
        extra=("date", "provisional"),
        note="Hollow: provisional. The band is the 95% interval; it is left open where a period has no value.",
        split=True,
        heading="h2",
    )


def _place(
    published: Published, area: str, name: str, latest: pd.DataFrame, laws: dict[str, list[dict[str, str]]]
) -> dict[str, Any]:
    """Give what the template shows of one place: totals by topic, the groups within them, and laws."""
    sections: dict[str, dict[str, list[dict[str, str]]]] = {title: {"rows": [], "groups": []} for title, _ in TOPICS}
    for row in latest.to_dict("records"):
        part = "rows" if row["strata"] == "all" else "groups"
        sections[topic_of(row["indicator_id"])][part].append(_line(published, row))
    known = published.areas.loc[area]
    return {
        "id": area,
        "name": name,
        "parent": published.names.get(str(known["parent_id"]), ""),
        "region": formats.text(known["who_region"]),
        "sections": [{"title": title, **found} for title, found in sections.items() if found["rows"] or found["groups"]],
        "laws": laws.get(area, []),
    }


def _line(published: Published, row: dict[str, Any]) -> dict[str, str]:
    card = published.indicators.get(row["indicator_id"], {})
    titles = [formats.text(published.sources.get(s, {}).get("title")) or s for s in sel.source_ids([row["source_ids"]])]
    return {
        "id": row["indicator_id"],
        "title": formats.text(card.get("title")) or row["indicator_id"],
        "stratum": formats.stratum(row["strata"]),
        "value": row["status_word"] if formats.is_missing(row["value"]) else formats.number(row["value"]),
        "interval": formats.interval(row["lower_95"], row["upper_95"]),
        "unit": formats.text(row["unit"]),
        "when": row["when"],
        "target": "" if formats.is_missing(row["target"]) else formats.with_unit(row["target"], row["unit"]),
        "target_symbol": formats.TARGET_SYMBOLS.get(str(row["target_status"]), ""),
        "target_word": row["target_word"] if row["target_status"] != "no_target" else "",
        "target_status": formats.text(row["target_status"]),
        "note": row["note"],
        "sources": ", ".join(titles),
        "release": formats.text(row["release"]),
    }
