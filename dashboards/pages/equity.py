"""The page on equity: how groups and places fare beside a reference, how far apart they lie, and whether gaps close."""

from collections.abc import Iterator

import pandas as pd

from dashboards import forest_figures, formats, theme, time_figures
from dashboards import selection as sel
from dashboards.charts import NOTE, PLACE, Chart, Column, Control, View, options_of
from dashboards.page import Page
from dashboards.pages.equity_groups import (
    DIFFERENCE,
    FEWEST_POINTS,
    RATIO,
    TRENDS,
    groups,
    moved,
    parts_of,
    ratio_trend,
    ratios,
    title_of,
)
from dashboards.pages.waiting import waiting
from dashboards.published import Published

AGAINST = "rate_against_country"
BETWEEN = {
    "disparity_between_places": "Index of disparity",
    "excess_over_best_place": "In excess of the best place",
    "spread_between_places": "Standard deviation",
    "theil_between_places": "Theil index",
}
OTHERS = (
    *TRENDS,
    "race_missing_share",
    "overdose_death_rate_age_adjusted_by_group",
    "overdose_death_rate_by_group",
    "unintentional_overdose_death_rate_age_adjusted",
    "unintentional_overdose_death_rate_by_age",
    "stigma_and_violence_pwid",
    "art_gap_pwid",
)
"""Indicators of the topic without a chart of their own, and the sources of groups."""

PLACES: tuple[forest_figures.Kind, ...] = (("study", "Place", "circle", theme.BLUE),)


def page(published: Published) -> Page:
    """Make the page on equity."""
    shown = [places(published), spread(published)]
    optional = [groups(published), ratios(published), ratio_trend(published)]
    return Page(
        "equity.html",
        "equity.html",
        "Equity",
        "Who is hit harder, by how much, and whether the gap closes: groups beside a reference group, places beside "
        "their country.",
        {
            "headline": headline(published),
            "groups": any(chart.views for chart in optional),
            "waits": waiting(published, (RATIO, DIFFERENCE, AGAINST, *BETWEEN, *OTHERS)),
        },
        [*shown, *(chart for chart in optional if chart.views)],
    )


def headline(published: Published) -> list[str]:
    """Say which place stands furthest above and below its country, and whether places move apart."""
    said = []
    for strata, rows in _newest_years(published):
        known = rows[rows["value"].notna()]
        if len(known) < FEWEST_POINTS or "drug" in parts_of(strata):
            continue
        by_value = known.sort_values("value", kind="stable")
        top, low = by_value.iloc[-1], by_value.iloc[0]
        provisional = "; these counts are provisional" if (known["provisional"] == "provisional").any() else ""
        words = (
            f"{title_of(published, strata, 'of')}: {top['name']} stood at {formats.number(top['value'], 1)} times the "
            f"rate of its country {formats.in_period(top['period'])}, {low['name']} at "
            f"{formats.number(low['value'], 1)} times{provisional}."
        )
        said.append((len(known), words))
    # The comparison with the most places leads.
    return [*(words for _, words in sorted(said, key=lambda pair: -pair[0])), *_disparity(published)]


def _disparity(published: Published) -> list[str]:
    frame = published.values("disparity_between_places")
    frame = frame[frame["strata"].eq("rate=overdose_death_rate_age_adjusted") & frame["value"].notna()]
    said = []
    for _, part in frame.groupby("area_id", sort=True):
        if len(part) > 1:
            first, last = part.iloc[0], part.iloc[-1]
            said.append(
                f"{last['name']}: the index of disparity of overdose death rates between its states or provinces was "
                f"{formats.number(first['value'], 1)}% {formats.in_period(first['period'])} and "
                f"{formats.number(last['value'], 1)}% {formats.in_period(last['period'])}."
            )
    return said


def _newest_years(published: Published) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give each comparison of places with their country in its newest full year, hidden places too."""
    frame = sel.keep(published.values(AGAINST), "period", formats.is_year)
    for strata, part in frame.groupby("strata", sort=True):
        rows = part[part["period"] == part["period"].max()]
        yield str(strata), _with_hidden(published, str(strata), rows)


def _with_hidden(published: Published, strata: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Add the places whose own rate is not shown in that year: they are hidden, and not equal to their country."""
    own = published.values(parts_of(strata)["of"])
    rest = ";".join(part for part in strata.split(";") if not part.startswith("of=")) or "all"
    own = own[
        own["strata"].eq(rest) & own["period"].eq(rows.iloc[0]["period"]) & own["value"].isna()
        & ~own["area_id"].isin(rows["area_id"].tolist())
    ]  # fmt: skip
    return pd.concat([rows, own], ignore_index=True) if len(own) else rows.reset_index(drop=True)


def places(published: Published) -> Chart:
    """Show each place's rate against that of its country, with intervals, in the newest full year."""
    views, options, values = {}, [], []
    for strata, part in _newest_years(published):
        rows = sel.ranked(part).assign(kind="study")
        rows["arm"] = rows["lower"]
        known = rows[rows["value"].notna()]
        above = int((known["lower"] > 1).sum())
        below = int((known["upper"] < 1).sum())
        hidden = len(rows) - len(known)
        title = title_of(published, strata, "of")
        words = (
            f"{title}, {formats.period(rows.iloc[0]['period'])}: {formats.number(above, 0)} of "
            f"{formats.number(len(known), 0)} places lie above their country by more than chance allows, "
            f"{formats.number(below, 0)} below."
        )
        words += f" Not shown as a number: {formats.number(hidden, 0)} (see the table)." if hidden else ""
        views[strata] = View(rows, words, sel.source_line(published, known))
        options.append((strata, title))
        values += [float(value) for name in ("value", "lower", "upper") for value in known[name].dropna()]
    # All drugs come before one drug, many places before few.
    options.sort(key=lambda pair: ("drug" in parts_of(pair[0]), -len(views[pair[0]].frame)))
    return Chart(
        "equity-places",
        "Places against their country, with 95% intervals",
        forest_figures.forest(
            "times the rate of the country", forest_figures.axis_ends(values, True), PLACES, provisional=True
        ),
        [PLACE, Column("value", "Ratio", "n2"), Column("lower", "95% interval, low", "n2"),
         Column("upper", "95% interval, high", "n2"), Column("when", "Year"), NOTE],
        views,
        "",
        [Control("rate", "Rate", options_of(options), options[0][0] if options else "")],
        extra=("kind", "role", "arm", "status_word", "provisional"),
        note="Hollow: provisional. The line stands at the country's own rate. Crude rates: places differ in age too. "
        "The interval is that of the place's own count. A place whose rate is suppressed or of low quality is named "
        "without a mark.",
        height=110,
        row_height=19,
    )  # fmt: skip


def spread(published: Published) -> Chart:
    """Show how far places lie apart over the years, by several measures of inequality."""
    views, measures, rates = {}, {}, {}
    for indicator_id, label in BETWEEN.items():
        frame = published.values(indicator_id)
        for (area, strata), part in frame.groupby(["area_id", "strata"], sort=True):
            known = part[part["value"].notna()]
            if known.empty:
                continue
            first, last = known.iloc[0], known.iloc[-1]
            unit = formats.text(last["unit"])
            rate = f"{title_of(published, strata, 'rate')}, {last['name']}"
            words = (
                f"{rate}. {label}: {formats.number(last['value'], _digits(last))} {unit} "
                f"{formats.in_period(last['period'])}, {formats.number(first['value'], _digits(first))} "
                f"{formats.in_period(first['period'])}. {moved(first, last)}"
            )
            key = f"{area};{strata}"
            views[f"{indicator_id}|{key}"] = View(part, words.strip(), sel.source_line(published, part), unit)
            measures[indicator_id], rates[key] = label, rate
    first_key = next((key for key in rates if key.endswith("rate=overdose_death_rate_age_adjusted")), "")
    first_key = first_key or next(iter(rates), "")
    return Chart(
        "equity-spread",
        "How far apart places lie, over time",
        time_figures.value_over_time(""),
        [Column("when", "Year"), Column("value", "Value", "n2"), Column("lower", "95% interval, low", "n2"),
         Column("upper", "95% interval, high", "n2"), Column("unit", "Unit"), NOTE],
        views,
        "",
        [Control("measure", "Measure", options_of(measures.items()), next(iter(measures), "")),
         Control("between", "Rate", options_of(rates.items()), first_key)],
        extra=("date", "provisional", "series_break"),
        note="Weighted by population. The band comes from draws of each place's interval. Index of disparity: mean "
        "distance of places from the mean, in percent of it. In excess: the share that would go if every place were at "
        "the best place's value. Places left out because their value is hidden are counted in the remarks. A line that "
        "stops marks a break in the series.",
    )  # fmt: skip


def _digits(row: pd.Series) -> int:
    return 3 if abs(float(row["value"])) < 1 else 1
