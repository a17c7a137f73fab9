"""The groups of people on the equity page: their values, their ratio to a reference group, and the gap over time."""

import pandas as pd

from dashboards import figures, forest_figures, formats, theme, time_figures
from dashboards import selection as sel
from dashboards.charts import INTERVAL, NOTE, Chart, Column, Control, View, options_of
from dashboards.published import Published

GROUPS = ("sex", "age_group", "race_ethnicity")
RATIO, DIFFERENCE = "group_ratio", "group_difference"
TRENDS = ("group_ratio_trend", "group_difference_trend", "slope_index_over_age", "relative_index_over_age")
FEWEST_POINTS = 3
READ_BOTH = "A ratio says nothing of the size of the problem, a difference nothing of its proportion: read both."


def _group_name(strata: object) -> str:
    parts = parts_of(strata)
    # Names of races and sexes speak for themselves, and a phone has room for little more.
    words = [f"age {parts[key]}" if key == "age_group" else parts[key] for key in GROUPS if key in parts]
    told = ", ".join(words)
    return told[:1].upper() + told[1:]


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
    derived = {RATIO, DIFFERENCE, *TRENDS}
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
    figure = figures.ranked_dots("")
    figure.layout.meta = {**figure.layout.meta, "wrap": True}
    first = next(iter(views), "|").split("|")
    return Chart(
        "equity-groups",
        "Groups, with 95% intervals",
        figure,
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
            f"{formats.number(top['difference'], 1).replace('-', '−')} {formats.text(top['of_unit'])}. {READ_BOTH}"
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
        note="Hollow: provisional. The remark names the reference group. Intervals are 95%. Groups differ in age too, "
        "where the rates are not age-adjusted.",
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
            f"{formats.in_period(first['period'])}. {moved(first, last)}"
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


def moved(first: pd.Series, last: pd.Series) -> str:
    """Say whether the gap closed, opened, or cannot be told from its intervals."""
    limits = (first["lower"], first["upper"], last["lower"], last["upper"])
    if first["period"] == last["period"] or any(formats.is_missing(limit) for limit in limits):
        return ""
    if last["upper"] < first["lower"]:
        return "The gap is smaller: the intervals do not overlap."
    return "The gap is larger: the intervals do not overlap." if last["lower"] > first["upper"] else (
        "Whether the gap moved cannot be told: the intervals overlap."
    )  # fmt: skip
