"""The page on equity: how groups and places fare beside a reference, how far apart they lie, and whether gaps close."""

from collections.abc import Iterator

import pandas as pd

from dashboards import figures, forest_figures, formats, theme, time_figures
from dashboards import selection as sel
from dashboards.charts import INTERVAL, NOTE, PLACE, Chart, Column, Control, View, options_of
from dashboards.page import Page
from dashboards.pages.waiting import waiting
from dashboards.published import Published, records

GROUPS = ("sex", "age_group", "race_ethnicity")
RATIO, DIFFERENCE, AGAINST = "group_ratio", "group_difference", "rate_against_country"
BETWEEN = {
    "disparity_between_places": "Index of disparity",
    "excess_over_best_place": "In excess of the best place",
    "spread_between_places": "Standard deviation",
    "theil_between_places": "Theil index",
}
OTHERS = (
    "group_ratio_trend",
    "group_difference_trend",
    "slope_index_over_age",
    "relative_index_over_age",
    "race_missing_share",
    "overdose_death_rate_age_adjusted_by_group",
    "overdose_death_rate_by_group",
    "unintentional_overdose_death_rate_age_adjusted",
    "unintentional_overdose_death_rate_by_age",
    "stigma_and_violence_pwid",
    "art_gap_pwid",
)
"""Indicators of the topic without a chart of their own, and the sources of groups."""

FEWEST_POINTS = 3
PLACES: tuple[forest_figures.Kind, ...] = (("study", "Place", "circle", theme.BLUE),)
READ_BOTH = "A ratio says nothing of the size of the problem, a difference nothing of its proportion: read both."


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


def parts_of(strata: object) -> dict[str, str]:
    """Read the strata of a value as a dictionary; nothing for the total."""
    pairs = (part.partition("=") for part in formats.text(strata).split(";"))
    return {key: value for key, sign, value in pairs if sign}


def title_of(published: Published, strata: object, key: str) -> str:
    """Name the indicator that a comparison is of, with its drug."""
    parts = parts_of(strata)
    indicator_id = parts.get(key, "")
    title = formats.text(published.indicators.get(indicator_id, {}).get("title")) or indicator_id.replace("_", " ")
    return f"{title}, {formats.drug(parts['drug'])}" if "drug" in parts else title


def headline(published: Published) -> list[str]:
    """Say which place stands furthest above and below its country, and whether places move apart."""
    said = []
    for strata, rows in _newest_years(published):
        known = rows[rows["value"].notna()]
        if len(known) < FEWEST_POINTS or "drug" in parts_of(strata):
            continue
        top, low = known.loc[known["value"].idxmax()], known.loc[known["value"].idxmin()]
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
    options.sort(key=lambda pair: -len(views[pair[0]].frame))
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
        note="Hollow: provisional. The line stands at the country's own rate. Crude rates: places differ in age too. The interval is that of "
        "the place's own count. A place whose rate is suppressed or of low quality is named without a mark.",
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
            moved = _moved(first, last)
            words = (
                f"{rate}. {label}: {formats.number(last['value'], _digits(last))} {unit} "
                f"{formats.in_period(last['period'])}, {formats.number(first['value'], _digits(first))} "
                f"{formats.in_period(first['period'])}. {moved}"
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


def _moved(first: pd.Series, last: pd.Series) -> str:
    """Say whether the gap closed, opened, or cannot be told from its intervals."""
    limits = (first["lower"], first["upper"], last["lower"], last["upper"])
    if first["period"] == last["period"] or any(formats.is_missing(limit) for limit in limits):
        return ""
    if last["upper"] < first["lower"]:
        return "The gap is smaller: the intervals do not overlap."
    return "The gap is larger: the intervals do not overlap." if last["lower"] > first["upper"] else (
        "Whether the gap moved cannot be told: the intervals overlap."
    )  # fmt: skip


def _group_name(strata: object) -> str:
    parts = parts_of(strata)
    words = [formats.stratum(f"{key}={parts[key]}") for key in GROUPS if key in parts]
    return ", ".join(words)


def _of_groups(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows that are for a group of people, with the group's name and what else the stratum says."""
    rows = frame[frame["strata"].astype("str").str.contains(r"(?:^|;)(?:sex|age_group|race_ethnicity)=")]
    names = [_group_name(strata) for strata in rows["strata"]]
    rest = [
        ";".join(part for part in formats.text(strata).split(";") if part.partition("=")[0] not in GROUPS)
        for strata in rows["strata"]
    ]
    return rows.assign(place=rows["name"], name=names, rest=rest)


def groups(published: Published) -> Chart:
    """Show the newest value of each group with its interval; suppressed groups stay suppressed."""
    views, titles, areas = {}, {}, set()
    derived = {RATIO, DIFFERENCE, *OTHERS[:4]}
    for indicator_id, card in published.indicators.items():
        rows = _of_groups(published.latest(indicator_id)) if indicator_id not in derived else pd.DataFrame()
        if rows.empty:
            continue
        title = formats.text(card["title"]) or indicator_id
        for (area, rest), part in rows.groupby(["area_id", "rest"], sort=True):
            newest = part[part["period_end"] == part["period_end"].max()]
            ordered = sel.ranked(newest.drop_duplicates("name"))
            if len(ordered) < 2 or not (ordered["role"] == "place").any():
                continue
            key = f"{indicator_id};{rest}" if rest else indicator_id
            unit = formats.text(ordered.iloc[0]["unit"])
            words = f"{ordered.iloc[0]['place']}, {ordered.iloc[0]['when']}. {sel.highest_and_lowest(ordered, unit)}"
            views[f"{key}|{area}"] = View(ordered, words, sel.source_line(published, ordered), unit)
            titles[key] = f"{title}, {formats.stratum(rest)}" if rest else title
            areas.add(str(area))
    first = next(iter(views), "|").split("|")
    return Chart(
        "equity-groups",
        "Groups, with 95% intervals",
        figures.ranked_dots(""),
        [Column("name", "Group"), Column("value", "Value", "n1"), *INTERVAL, Column("unit", "Unit"),
         Column("when", "Period"), NOTE],
        views,
        "",
        [Control("what", "Indicator", options_of(titles.items()), first[0]),
         Control("where", "Place", options_of(sel.place_options(published, areas)), first[1])],
        extra=("role", "provisional", "status_word"),
        note="A suppressed group is named without a mark: it is hidden, not zero. Hollow: provisional.",
        height=110,
        row_height=22,
        split=True,
    )  # fmt: skip


def _compared(published: Published) -> pd.DataFrame:
    """Join ratio and difference of each group, place and period."""
    ratio = published.values(RATIO)
    keys = ["area_id", "period", "strata"]
    other = published.values(DIFFERENCE)[[*keys, "value", "lower", "upper", "unit"]]
    other = other.rename(
        columns={"value": "difference", "lower": "difference_low", "upper": "difference_high", "unit": "of_unit"}
    )
    rows = _of_groups(ratio.merge(other, on=keys, how="left", validate="one_to_one"))
    rows["what"] = [title_of(published, strata, "of") for strata in rows["rest"]]
    return rows


def ratios(published: Published) -> Chart:
    """Show each group's value against the reference group's as a ratio, with the difference beside it."""
    frame = _compared(published)
    views, whats, areas = {}, {}, set()
    values = [float(value) for name in ("value", "lower", "upper") for value in frame[name].dropna()]
    ends = forest_figures.axis_ends(values, True)
    for (rest, area), part in frame.groupby(["rest", "area_id"], sort=True):
        newest = part[part["period_end"] == part["period_end"].max()].drop_duplicates("name")
        rows = sel.ranked(newest).assign(kind="study")
        rows["arm"] = [low if formats.is_missing(low) or low > 0 else ends["low"] for low in rows["lower"]]
        known = rows[rows["value"].notna()]
        if known.empty:
            continue
        top = known.iloc[0]
        words = (
            f"{top['place']}, {top['when']}, {top['what']}: {top['name']} at {formats.number(top['value'], 2)} times "
            f"the reference group ({formats.interval(top['lower'], top['upper'], 2)}), a difference of "
            f"{formats.number(top['difference'], 1)} {formats.text(top['of_unit'])}. {READ_BOTH}"
        )
        views[f"{rest}|{area}"] = View(rows, words, sel.source_line(published, rows))
        whats[str(rest)] = str(top["what"])
        areas.add(str(area))
    first = next(iter(views), "|").split("|")
    return Chart(
        "equity-ratio",
        "Groups against the reference group: ratio and difference",
        forest_figures.forest(
            "times the reference group", ends, (("study", "Group", "circle", theme.BLUE),), provisional=True
        ),
        [Column("name", "Group"), Column("value", "Ratio", "n2"), Column("lower", "Ratio, low", "n2"),
         Column("upper", "Ratio, high", "n2"), Column("difference", "Difference", "n1"),
         Column("difference_low", "Difference, low", "n1"), Column("difference_high", "Difference, high", "n1"),
         Column("of_unit", "Unit of the difference"), Column("when", "Period"), NOTE],
        views,
        "",
        [Control("of", "Indicator", options_of(whats.items()), first[0]),
         Control("here", "Place", options_of(sel.place_options(published, areas)), first[1])],
        extra=("kind", "role", "arm", "status_word", "provisional"),
        note="Hollow: provisional. The remark names the reference group. Intervals are 95%. Groups differ in age too, where the rates are "
        "not age-adjusted.",
        height=110,
        row_height=24,
    )  # fmt: skip


def ratio_trend(published: Published) -> Chart:
    """Show a group's ratio to the reference group over the years."""
    frame = sel.keep(_compared(published), "period", formats.is_year)
    views, names, areas = {}, {}, set()
    for (strata, area), part in frame.groupby(["strata", "area_id"], sort=True):
        known = part[part["value"].notna()]
        if len(known) < FEWEST_POINTS:
            continue
        first, last = known.iloc[0], known.iloc[-1]
        label = f"{last['what']}: {last['name']}"
        words = (
            f"{last['place']}, {label}: {formats.number(last['value'], 2)} times the reference group "
            f"{formats.in_period(last['period'])}, {formats.number(first['value'], 2)} times "
            f"{formats.in_period(first['period'])}. {_moved(first, last)}"
        )
        views[f"{strata}|{area}"] = View(part, words.strip(), sel.source_line(published, part))
        names[str(strata)] = label
        areas.add(str(area))
    first_key = next(iter(views), "|").split("|")
    return Chart(
        "equity-gap",
        "The gap over time: a group's ratio to the reference group",
        time_figures.value_over_time("times the reference group"),
        [Column("when", "Year"), Column("value", "Ratio", "n2"), Column("lower", "95% interval, low", "n2"),
         Column("upper", "95% interval, high", "n2"), Column("difference", "Difference", "n1"),
         Column("of_unit", "Unit of the difference"), NOTE],
        views,
        "",
        [Control("group", "Group", options_of(names.items()), first_key[0]),
         Control("there", "Place", options_of(sel.place_options(published, areas)), first_key[1])],
        extra=("date", "provisional", "series_break"),
        note="At 1 the group fares as the reference group. A year without a value stays a gap.",
    )  # fmt: skip
