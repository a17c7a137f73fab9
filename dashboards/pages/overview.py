"""The overview: the headline, the targets, and every place on one scorecard."""

from typing import Any

import pandas as pd

from dashboards import figures, formats
from dashboards import selection as sel
from dashboards.charts import Chart, Column, View
from dashboards.page import Page
from dashboards.pages import cost_effectiveness, overdose
from dashboards.published import Published, records

SHORT_NAMES = {
    "syringes_per_pwid": "Syringes",
    "syringes_per_pwid_computed": "Syringes (calc.)",
    "oat_coverage": "OAT coverage",
    "safe_injecting": "Safe injecting",
    "hiv_prevalence_pwid": "HIV prevalence",
    "hcv_antibody_prevalence_pwid": "HCV antibodies",
}
# What the "then and now" table follows: indicator and place.
FOLLOWED = (
    ("overdose_deaths_12_month", "USA"),
    ("overdose_death_rate_age_adjusted", "USA"),
    ("opioid_death_rate_crude", "CAN"),
    ("opioid_deaths", "CAN"),
    ("drug_poisoning_deaths_registered", "GB-EAW"),
    ("naloxone_dispensed_per_100k", "USA"),
    ("buprenorphine_dispensed_per_100k", "USA"),
    ("consumption_site_visits_per_site", "CAN"),
)


def page(published: Published) -> Page:
    """Make the overview."""
    headline, source = _headline(published)
    trend = overdose.trend(published)
    trend.views = {key: view for key, view in trend.views.items() if key == "USA|all"}
    trend.id, trend.controls, trend.split = "overview-trend", [], False
    trend.title = "United States: overdose deaths in the 12 months ending each month"
    columns, rows = _scorecard(published)
    context: dict[str, Any] = {
        "headline": headline,
        "headline_source": source,
        "life_saved": cost_effectiveness.overview_sentence(published),
        "then_and_now": _then_and_now(published),
        "score_columns": columns,
        "score_rows": rows,
        "regions": sorted({row["region"] for row in rows if row["region"]}),
    }
    return Page(
        "index.html",
        "index.html",
        "Overview",
        "Harm reduction keeps people who use drugs alive and well. This is what the newest public figures say.",
        context,
        [trend, targets(published)],
    )


def _last(frame: pd.DataFrame, area: str) -> dict[str, Any] | None:
    rows = frame[frame["area_id"].eq(area) & frame["value"].notna()]
    return None if rows.empty else dict(rows.sort_values(["period_end", "period_start"], kind="stable").iloc[-1])


def _headline(published: Published) -> tuple[list[str], str]:
    """Compose the headline from the newest values: the United States, then Canada."""
    sentences, used = [], []
    reported = _last(sel.total(published.values("overdose_deaths_12_month")), "USA")
    if reported is not None:
        words = (
            f"{formats.number(reported['value'], 0)} people are reported to have died of overdose in the United States "
        )
        words += formats.in_period(reported["period"])
        predicted = _same(published, "overdose_deaths_12_month_predicted", reported)
        if predicted is not None:
            words += f"; {formats.number(predicted['value'], 0)} once late reports are counted"
        change = _same(published, "overdose_deaths_12_month_change_pct", reported)
        if change is not None:
            size = formats.number(abs(float(change["value"])), 1)
            words += f", {size}% {'fewer' if change['value'] < 0 else 'more'} than a year before"
        if reported["provisional"] == "provisional" or predicted is not None:
            words += "; these counts are provisional"
        sentences.append(words + ".")
        used.append(reported)
    canada = sel.total(published.values("opioid_deaths"))
    canada = sel.keep(canada, "period", formats.is_year)
    newest = _last(canada, "CAN")
    if newest is not None:
        words = f"In Canada, {formats.number(newest['value'], 0)} people died of opioid toxicity "
        words += formats.in_period(newest["period"])
        before = _last(canada[canada["period_end"] < newest["period_end"]], "CAN")
        if before is not None:
            words += f", against {formats.number(before['value'], 0)} {formats.in_period(before['period'])}"
        if newest["provisional"] == "provisional":
            words += "; the count is provisional"
        sentences.append(words + ".")
        used.append(newest)
    return sentences, sel.source_line(published, pd.DataFrame(used)) if used else ""


def _same(published: Published, indicator_id: str, row: dict[str, Any]) -> dict[str, Any] | None:
    frame = sel.total(published.values(indicator_id))
    return _last(frame[frame["period"].eq(row["period"])], str(row["area_id"]))


def _summary(published: Published) -> pd.DataFrame:
    """Give the summary of targets in the order of the indicators' numbers, lowest target first."""
    frame = published.select("marts.target_summary", order="indicator_id, target")
    place = {indicator_id: at for at, indicator_id in enumerate(published.indicators)}
    # A target of which no place has a value is no row of zeros: the page on data says what it waits for.
    frame = frame[frame["places"].astype("float64") > 0]
    order = [place.get(indicator_id, len(place)) for indicator_id in frame["indicator_id"]]
    return frame.assign(_order=order).sort_values(["_order", "target"], kind="stable", ignore_index=True)


def targets(published: Published) -> Chart:
    """Show how many places meet each target."""
    frame = _summary(published)
    frame["title"] = [formats.text(published.indicators.get(i, {}).get("title")) or i for i in frame["indicator_id"]]
    # Two targets on one indicator need two rows: the target is part of the row's name.
    frame["short"] = [
        f"{SHORT_NAMES.get(i, title)}, {formats.with_unit(target, published.indicators.get(i, {}).get('unit'))}"
        for i, title, target in zip(frame["indicator_id"], frame["title"], frame["target"], strict=True)
    ]
    frame["verified"] = [
        _verified(published.indicators.get(i, {}), source)
        for i, source in zip(frame["indicator_id"], frame["target_source"], strict=True)
    ]
    frame["years"] = [sel.years_of(sel.total(published.latest(i))) for i in frame["indicator_id"]]
    parts = [
        f"{row['short']}: {formats.number(row['met'], 0)} of {formats.number(row['places'], 0)}"
        for row in records(frame)
    ]
    used = [published.latest(indicator_id) for indicator_id in dict.fromkeys(frame["indicator_id"])]
    return Chart(
        "targets",
        "How many places meet the targets",
        figures.met_bars(),
        [
            Column("title", "Indicator"),
            Column("target", "Target", "n0"),
            Column("places", "Places", "n0"),
            Column("met", "Met", "n0"),
            Column("undetermined", "Cannot tell", "n0"),
            Column("not_met", "Not met", "n0"),
            Column("years", "Years of the values"),
            Column("verified", "Target's source"),
        ],
        {"all": View(frame, f"Places that meet each target. {'; '.join(parts)}.")} if len(frame) else {},
        sel.source_line(published, pd.concat(used)) if used else "",
        extra=("short",),
        note="Cannot tell: the target lies inside the interval, so the data do not decide. Only places with a "
        "published value count. Syringes are counted per person who injects drugs and year; calc.: computed with both "
        "ends of the population estimate.",
        height=110,
        row_height=46,
    )


def _verified(card: dict[str, Any], source: object) -> str:
    """Give where a target comes from, and say so when its text was not seen."""
    plain = formats.text(source) or formats.text(card.get("target_source"))
    return plain if not plain or card.get("target_verified") in (True, 1) else f"{plain} (text not seen)"


def _then_and_now(published: Published) -> list[dict[str, Any]]:
    """Put the first and the newest full value of what is followed side by side, with a small line of all between."""
    rows = []
    for indicator_id, area in FOLLOWED:
        frame = sel.total(published.values(indicator_id))
        frame = frame[frame["area_id"].eq(area) & frame["value"].notna()]
        # A part of a year is no match for a full one.
        frame = sel.keep(frame, "period", lambda label: " to " not in label or label.startswith("12 months"))
        if len(frame) < 2:
            continue
        first, last = frame.iloc[0], frame.iloc[-1]
        card = published.indicators.get(indicator_id, {})
        rows.append(
            {
                "title": formats.text(card.get("title")) or indicator_id,
                "place": last["name"],
                "unit": sel.unit_of(published, indicator_id, frame),
                "first": formats.amount(first["value"], last["unit"]),
                "first_when": first["when"],
                "last": formats.amount(last["value"], last["unit"]),
                "last_when": last["when"],
                "provisional": last["provisional"] == "provisional",
                "line": sparkline([float(value) for value in frame["value"]]),
                "source": sel.source_line(published, frame),
            }
        )
    return rows


def sparkline(values: list[float], width: int = 150, height: int = 34) -> dict[str, Any]:
    """Give the points of a small line: the whole range of the values, from zero, fitted into the box."""
    top = max([*values, 0.0]) or 1.0
    step = (width - 8) / max(len(values) - 1, 1)
    points = [(4 + at * step, height - 4 - (height - 8) * value / top) for at, value in enumerate(values)]
    return {
        "width": width,
        "height": height,
        "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in points),
        "end": (round(points[-1][0], 1), round(points[-1][1], 1)),
    }


def _scorecard(published: Published) -> tuple[list[dict[str, str]], list[dict[str, Any]]]:
    """Give the columns and rows of the scorecard: each place that has a value for an indicator with a target."""
    summary = _summary(published)
    columns: list[dict[str, str]] = []
    cells: dict[str, dict[str, dict[str, str]]] = {}
    for indicator_id in dict.fromkeys(summary["indicator_id"]):
        card = published.indicators.get(indicator_id, {})
        rows = sel.total(published.latest(indicator_id))
        rows = rows[rows["target_status"].isin(["met", "not_met", "undetermined"])]
        if rows.empty:
            continue
        title = formats.text(card.get("title")) or indicator_id
        goal = formats.with_unit(rows.iloc[0]["target"], card.get("unit"))
        columns.append(
            {"id": indicator_id, "title": title, "short": SHORT_NAMES.get(indicator_id, title), "target": goal}
        )
        for row in records(rows):
            cells.setdefault(row["area_id"], {})[indicator_id] = {
                "status": row["target_status"],
                "symbol": formats.TARGET_SYMBOLS[row["target_status"]],
                "word": row["target_word"],
                "value": formats.number(row["value"]),
                "interval": formats.interval(row["lower"], row["upper"]),
                "when": row["when"],
            }
    regions = published.areas["who_region"].to_dict() if len(published.areas) else {}
    table = [
        {"id": area, "name": published.names.get(area, area), "region": formats.text(regions.get(area)), "cells": found}
        for area, found in cells.items()
    ]
    return columns, sorted(table, key=lambda row: (str(row["name"]), str(row["id"])))
