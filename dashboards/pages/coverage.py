"""The page on coverage: do services reach the people who need them, against the targets, as far as anyone can tell."""

import functools
import json
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboards import figures, formats, maps, time_figures
from dashboards import selection as sel
from dashboards.charts import INTERVAL, NOTE, PLACE, Chart, Column, Control, View, options_of
from dashboards.page import Page
from dashboards.published import Published, records

STATIC = Path(__file__).resolve().parents[1] / "static"
MAP_INDICATORS = (
    "syringes_per_pwid",
    "oat_coverage",
    "safe_injecting",
    "hiv_prevalence_pwid",
    "hcv_antibody_prevalence_pwid",
)


def page(published: Published) -> Page:
    """Make the page on coverage."""
    charts = [
        syringes(published),
        syringes_computed(published),
        treatment(published),
        scatter(published),
        world(published),
        dispensing(published),
        visits(published),
    ]
    return Page(
        "coverage.html",
        "coverage.html",
        "Coverage",
        "Do syringes, treatment, naloxone and consumption sites reach the people who need them?",
        charts=charts,
    )


def target_lines(published: Published, indicator_id: str) -> list[tuple[float, str]]:
    """Give the targets of an indicator from the published summary, lowest first, with a label each."""
    frame = published.select("marts.target_summary", "indicator_id = ?", [indicator_id], "target")
    return [(float(target), f"target {formats.number(target)}") for target in frame["target"].dropna().tolist()]


@functools.cache
def _map_places() -> dict[str, Any]:
    return dict(json.loads((STATIC / "map_places.json").read_text(encoding="utf-8")))


def _against_target(
    published: Published, indicator_id: str, chart_id: str, title: str, decimals: str, note: str
) -> Chart:
    """Rank countries on one indicator, each dot saying whether the target is met, with the denominator's interval."""
    frame = sel.total(published.latest(indicator_id))
    rows = sel.ranked(frame)
    unit = sel.unit_of(published, indicator_id, frame)
    views = {}
    if (rows["role"] == "place").any():
        counts, ranks = _status_counts(published, indicator_id, unit), sel.highest_and_lowest(rows, unit)
        views["latest"] = View(rows, f"{counts} {ranks} Newest year of each place: {sel.years_of(rows)}.".strip())
    columns = [
        PLACE,
        Column("value", "Value", decimals),
        Column("lower", "Interval, low", decimals),
        Column("upper", "Interval, high", decimals),
        Column("target_word", "Target"),
        Column("when", "Year"),
        NOTE,
    ]
    goals = rows["target"].dropna()
    figure = figures.ranked_dots(
        unit, target_lines(published, indicator_id), target=float(goals.iloc[0]) if len(goals) else None
    )
    return Chart(
        chart_id,
        title,
        figure,
        columns,
        views,
        sel.source_line(published, frame),
        extra=("target_status", "role", "provisional", "status_word"),
        note=note,
        height=140,
        row_height=19,
    )


def _undecided(count: int) -> str:
    return f" (cannot tell for {formats.number(count, 0)})" if count else ""


def _status_counts(published: Published, indicator_id: str, unit: str) -> str:
    frame = published.select("marts.target_summary", "indicator_id = ?", [indicator_id], "target")
    parts = [
        f"{formats.number(row['met'], 0)} of {formats.number(row['places'], 0)} places meet the target of "
        f"{formats.with_unit(row['target'], unit)}{_undecided(row['undetermined'])}"
        for row in records(frame)
    ]
    return "; ".join(parts) + "." if parts else ""


def syringes(published: Published) -> Chart:
    """Rank countries by syringes per person who injects drugs."""
    return _against_target(
        published,
        "syringes_per_pwid",
        "syringes",
        "Syringes given out per person who injects drugs, a year",
        "n0",
        "As countries reported it. Where no interval was published, a mark says only whether the value itself "
        "reaches the target.",
    )


def syringes_computed(published: Published) -> Chart:
    """Rank countries by syringes per person, computed with both ends of the population estimate."""
    return _against_target(
        published,
        "syringes_per_pwid_computed",
        "syringes-computed",
        "The same, computed from syringes and the number of people who inject drugs",
        "n0",
        "Syringes given out divided by the estimated number of people who inject drugs, published apart. Some "
        "countries differ much from the ratio they report to UNAIDS above: read neither as settled. Where the "
        "estimate has a range, a bar shows what it allows.",
    )


def treatment(published: Published) -> Chart:
    """Rank countries by coverage of opioid agonist treatment."""
    return _against_target(
        published,
        "oat_coverage",
        "oat",
        "Opioid agonist treatment coverage",
        "n1",
        "A coverage above 100% is kept: it says that the number of people in need is underestimated. Denominators "
        "differ: some countries count people who inject drugs, some people with opioid dependence.",
    )


def scatter(published: Published) -> Chart:
    """Show syringes against opioid agonist treatment for countries that have both."""
    needles, oat = (sel.total(published.latest(name)) for name in ("syringes_per_pwid", "oat_coverage"))
    both = needles.merge(
        oat[["area_id", "value", "period"]].rename(columns={"value": "oat", "period": "oat_period"}),
        on="area_id",
        how="inner",
        validate="one_to_one",
    )
    both = both[both["value"].notna() & both["oat"].notna()].sort_values("name", kind="stable")
    both = both.rename(columns={"value": "syringes"})
    both["oat_when"] = [formats.period(label) for label in both["oat_period"]]
    lines = [target_lines(published, name) for name in ("syringes_per_pwid", "oat_coverage")]
    goals = [found[0][0] if found else 0.0 for found in lines]
    # Names crowd near zero: only places that reach a target are named on the chart, all in the table and on pointing.
    both["mark"] = [
        area if needles >= goals[0] or share >= goals[1] else ""
        for area, needles, share in both[["area_id", "syringes", "oat"]].itertuples(index=False)
    ]
    views = (
        {"latest": View(both, f"{len(both)} places publish both, for years {sel.years_of(both)}.")} if len(both) else {}
    )
    sources = pd.concat([needles[["source_ids", "release"]], oat[["source_ids", "release"]]])
    figure: go.Figure = figures.coverage_scatter(
        sel.unit_of(published, "syringes_per_pwid", needles),
        "OAT coverage, " + sel.unit_of(published, "oat_coverage", oat),
        lines[0][-1][0] if lines[0] else None,
        lines[1][-1][0] if lines[1] else None,
    )
    return Chart(
        "nsp-oat",
        "Syringes and treatment together",
        figure,
        [
            PLACE,
            Column("syringes", "Syringes per person", "n0"),
            Column("when", "Year"),
            Column("oat", "OAT coverage", "n1"),
            Column("oat_when", "Year of OAT"),
        ],
        views,
        sel.source_line(published, sources),
        extra=("mark",),
        note="Dashed: the highest targets; places in the upper right meet both. Only places that reach a target are "
        "named on the chart, all in the table.",
        height=460,
    )


def world(
    published: Published,
    indicator_ids: tuple[str, ...] = MAP_INDICATORS,
    chart_id: str = "world",
    heading: str = "Coverage and prevalence around the world",
    control: str = "indicator",
) -> Chart:
    """Show a coverage or prevalence indicator on a world map, small countries as dots."""
    places, views, options = _map_places(), {}, []
    for indicator_id in indicator_ids:
        frame = sel.total(published.latest(indicator_id))
        rows = sel.ranked(sel.keep(frame, "area_id", lambda area: len(area) == 3))
        if not (rows["role"] == "place").any():
            continue
        drawn, dots = set(places["drawn"]), places["dots"]
        rows["code"] = rows["area_id"]
        rows["shown"] = [
            "none" if missing else "value" if area in drawn else "dot" if area in dots else "table"
            for area, missing in zip(rows["area_id"], rows["value"].isna(), strict=True)
        ]
        rows["lon"] = [dots.get(area, [None, None])[0] for area in rows["area_id"]]
        rows["lat"] = [dots.get(area, [None, None])[1] for area in rows["area_id"]]
        title = formats.text(published.indicators.get(indicator_id, {}).get("title")) or indicator_id
        unit = sel.unit_of(published, indicator_id, frame)
        words = f"{title}, newest year of each place ({sel.years_of(rows)}). {sel.highest_and_lowest(rows, unit)}"
        views[indicator_id] = View(rows, words, sel.source_line(published, rows), unit)
        options.append((indicator_id, title))
    return Chart(
        chart_id,
        heading,
        maps.world_map("newest value of each place"),
        [PLACE, Column("value", "Value", "n1"), *INTERVAL, Column("unit", "Unit"), Column("when", "Year"), NOTE],
        views,
        "",
        [Control(control, "Indicator", options_of(options), options[0][0] if options else "")],
        extra=("code", "shown", "lon", "lat"),
        note="Dots: places too small for this map. Pale: no value. Borders are a drawing aid and "
        "no statement on any boundary.",
        height=480,
        map="world_110m",
    )


def dispensing(published: Published) -> Chart:
    """Rank US states by naloxone or buprenorphine dispensed by retail pharmacies."""
    views: dict[str, View] = {}
    indicators, years = [], {}
    for indicator_id, label in (
        ("naloxone_dispensed_per_100k", "Naloxone per 100,000 people"),
        ("naloxone_dispensed_per_overdose_death", "Naloxone per overdose death"),
        ("buprenorphine_dispensed_per_100k", "Buprenorphine per 100,000 people"),
    ):
        frame = sel.total(published.values(indicator_id))
        frame = sel.keep(frame, "area_id", lambda area: area == "USA" or sel.is_us_state(area))
        unit = sel.unit_of(published, indicator_id, frame)
        for period in sorted({str(label) for label in frame["period"]}, reverse=True):
            rows = sel.ranked(frame[frame["period"] == period], "USA")
            if (rows["role"] == "place").any():
                words = sel.highest_and_lowest(rows, unit, "United States")
                views[f"{indicator_id}|{period}"] = View(
                    rows, f"{words} Year: {formats.period(period)}.", sel.source_line(published, rows), unit
                )
                years[period] = formats.period(period)
        if any(key.startswith(f"{indicator_id}|") for key in views):
            indicators.append((indicator_id, label))
    ordered = sorted(years.items(), reverse=True)
    return Chart(
        "dispensing",
        "Naloxone and buprenorphine dispensed by retail pharmacies, by US state",
        figures.ranked_dots("prescriptions", reference="United States"),
        [
            PLACE,
            Column("value", "Value", "n1"),
            Column("lower", "Range, low", "n1"),
            Column("upper", "Range, high", "n1"),
            Column("unit", "Unit"),
            NOTE,
        ],
        views,
        "",
        [
            Control("medicine", "Medicine", options_of(indicators), indicators[0][0] if indicators else ""),
            Control("dispensed", "Year", options_of(ordered), ordered[0][0] if ordered else ""),
        ],
        extra=("role", "provisional", "status_word"),
        note="Retail pharmacies only: naloxone that programmes give out for free is not in these figures. The range "
        "is that of the published rounding (for naloxone per death, of chance in the deaths as well), not of a sample.",
        height=110,
        row_height=19,
    )


def visits(published: Published) -> Chart:
    """Show visits to consumption sites by month above the number of sites that reported."""
    frame = sel.total(published.values("consumption_site_visits"))
    # The number of sites is the denominator of the indicator on visits per site: one row for each month and place.
    sites = sel.total(published.values("consumption_site_visits_per_site"))[["area_id", "period", "denominator"]]
    joined = frame.merge(
        sites.rename(columns={"denominator": "sites"}), on=["area_id", "period"], how="left", validate="one_to_one"
    )
    views = {}
    for area, part in joined.groupby("area_id", sort=True):
        known = part[part["value"].notna()]
        if len(known):
            last = known.iloc[-1]
            count = f" at {formats.number(last['sites'], 0)} sites" if not formats.is_missing(last["sites"]) else ""
            views[str(area)] = View(
                part,
                f"{last['name']}: {formats.number(last['value'], 0)} visits "
                f"{formats.in_period(last['period'])}{count}.",
            )
    return Chart(
        "visits",
        "Visits to drug consumption sites, and how many sites reported",
        time_figures.visits_and_sites(),
        [Column("when", "Month"), Column("value", "Visits", "n0"), Column("sites", "Sites reporting", "n0"), NOTE],
        views,
        sel.source_line(published, frame),
        [Control("sites", "Place", options_of(sel.place_options(published, views)), "CAN")],
        extra=("date", "provisional"),
        note="Sites open, close and start to report: when the lower panel moves, a change in visits need not "
        "be a change in use.",
        height=460,
    )
