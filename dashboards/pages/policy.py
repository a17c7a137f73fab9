"""The page on policy and rights: which laws protect people, where and since when, and what moved beside them."""

import pandas as pd

from dashboards import figures, forest_figures, formats, time_figures
from dashboards import selection as sel
from dashboards.charts import INTERVAL, NOTE, PLACE, Chart, Column, Control, View, options_of
from dashboards.page import Page
from dashboards.pages.by_period import by_period
from dashboards.pages.policy_rights import answers, association, scores
from dashboards.pages.policy_words import ANSWERS, ASSOCIATION, LAW_WORDS, LAWS, NOT_AN_EFFECT, OTHERS, RANGE, SCORES
from dashboards.pages.waiting import waiting
from dashboards.published import Published, records

IN_FORCE, INDEX, RATE = "overdose_law_in_force", "overdose_law_index", "overdose_death_rate_age_adjusted"
FEWEST_POINTS = 3


def page(published: Published) -> Page:
    """Make the page on policy and rights."""
    laws = _laws(published)
    charts = [dates(published, laws), counts(published), index(published), around(published, laws)]
    optional = [association(published), scores(published)]
    used = (ASSOCIATION, *(one for one, _, _ in SCORES), *ANSWERS, *OTHERS)
    return Page(
        "policy.html",
        "policy.html",
        "Policy and rights",
        "Which laws protect people who witness or survive an overdose, where and since when; rights and prisons.",
        {
            "headline": headline(laws),
            "answers": answers(published),
            "waits": waiting(published, used),
            "laws": len(laws),
        },
        [*charts, *(chart for chart in optional if chart.views)],
    )


def _laws(published: Published) -> pd.DataFrame:
    """Read each place's laws: since when each is in force, or that there was none in the period observed."""
    frame = published.select(
        "core.observations", "contains(measure_id, '_law') and not contains(measure_id, 'year_share')",
        order="area_id, measure_id, period_start",
    )  # fmt: skip
    frame = sel.keep(frame, "area_id", lambda area: area in published.names)
    frame = sel.keep(frame, "measure_id", lambda measure: measure in LAW_WORDS)
    return frame.drop_duplicates(["area_id", "measure_id"], ignore_index=True)


def headline(laws: pd.DataFrame) -> list[str]:
    """Say how many of the places observed had each law at the end of the period observed."""
    noun = "US jurisdictions" if len(laws) and laws["area_id"].str.startswith("US-").all() else "places"
    said = []
    for measure, label in LAWS:
        part = laws[laws["measure_id"] == measure]
        if len(part):
            year = max(formats.text(end)[:4] for end in part["period_end"])
            many = formats.number(int((part["value"] == 1).sum()), 0)
            said.append((year, f"{many} of {formats.number(len(part), 0)} {noun} had {_a(label)}"))
    if not said:
        return []
    first = f"At the end of {said[0][0]}, {said[0][1]}."
    rest = [f"{words} ({year})" for year, words in said[1:]]
    newest = max(year for year, _ in said)
    tail = f" The dates observed end in {newest}: what was passed since is not here."
    return [first, f"{formats.sentence_list(rest)}.{tail}" if rest else tail.strip()]


def _a(label: str) -> str:
    plain = label[:1].lower() + label[1:] if not label.startswith("Good") else label
    return f"a {plain}" if "law" in plain else plain.replace("naloxone", "rules for naloxone", 1) if (
        plain.startswith("naloxone")
    ) else f"protection from arrest ({plain.split(':')[0]})"  # fmt: skip


def dates(published: Published, laws: pd.DataFrame) -> Chart:
    """Show for each place since when each law is in force; the table beneath is the list of laws."""
    rows = _wide(published, laws)
    known = [float(value) for name, _ in LAWS for value in rows[name].dropna()]
    first, last = (int(min(known)), int(max(known))) if known else (2000, 2018)
    sources = laws.assign(source_ids=laws["source_id"])
    every = int((rows["laws"] == len(LAWS)).sum())
    words = (
        f"{formats.number(every, 0)} of {formats.number(len(rows), 0)} places had all {len(LAWS)} laws in force in the "
        "period observed. Places with the earliest naloxone access law come first."
    )
    return Chart(
        "law-dates",
        "Overdose laws by place, and since when each is in force",
        forest_figures.law_dates(list(LAWS), first, last),
        [PLACE, *(Column(f"{name}_since", label) for name, label in LAWS), Column("observed", "Observed to")],
        {"all": View(rows, words)} if len(rows) else {},
        sel.source_line(published, sources),
        extra=tuple(name for name, _ in LAWS),
        note="Dates of first effect; where only the month is published, the first of the month. They rest on judgement "
        "in some states. A law on paper says nothing of how it is used. A place without a mark had no such law in "
        "the period observed.",
        height=150,
        row_height=19,
    )


def _wide(published: Published, laws: pd.DataFrame) -> pd.DataFrame:
    """Lay each place's laws in one row: a year with its fraction for the mark, and a date in words for the table."""
    begun = laws[laws["value"] == 1]
    day = pd.to_datetime(begun["period_start"])
    fraction = day.dt.year + (day.dt.day_of_year - 1) / 366
    wide = begun.assign(at=fraction).pivot_table(index="area_id", columns="measure_id", values="at", aggfunc="first")
    areas = sorted(laws["area_id"].unique())
    wide = wide.reindex(index=areas, columns=[name for name, _ in LAWS]).astype("float64")
    words = {
        (area, measure): formats.text(start) if value == 1 else "none" if value == 0 else formats.NOT_AVAILABLE
        for area, measure, start, value in zip(
            laws["area_id"], laws["measure_id"], laws["period_start"], laws["value"], strict=True
        )
    }
    for name, _ in LAWS:
        wide[f"{name}_since"] = [words.get((area, name), "not observed") for area in areas]
    ends = laws.groupby("area_id")["period_end"].max()
    wide = wide.assign(
        name=[published.names[area] for area in areas],
        observed=[formats.text(ends[area]) for area in areas],
        laws=wide[[name for name, _ in LAWS]].notna().sum(axis=1),
        area_id=areas,
    )
    return wide.sort_values([LAWS[0][0], "name"], na_position="last", kind="stable").reset_index(drop=True)


def counts(published: Published) -> Chart:
    """Show in how many places each law was in force for at least part of each year."""
    frame = published.values(IN_FORCE)
    law = frame["strata"].astype("str").str.extract(r"^law=([^;]+)$", expand=False)
    shown = frame.assign(law=law)[law.isin(list(LAW_WORDS)) & frame["value"].notna()]
    rows = (
        shown.assign(some=shown["value"] > 0)
        .groupby(["law", "period"], as_index=False)
        .agg(value=("some", "sum"), places=("area_id", "nunique"), when=("when", "first"))
    )
    order = {name: at for at, (name, _) in enumerate(LAWS)}
    rows = rows.assign(
        _at=[order[name] for name in rows["law"]],
        law_word=[LAW_WORDS[name] for name in rows["law"]],
        label=[str(label) for label in rows["period"]],
        provisional="final",
    ).sort_values(["period", "_at"], kind="stable", ignore_index=True)
    words = ""
    if len(rows):
        last = rows.drop_duplicates("law", keep="last").sort_values("_at", kind="stable")
        said = [f"{row['law_word']} {formats.number(row['value'], 0)} ({row['period']})" for row in records(last)]
        words = f"Places with each law in its last year observed: {formats.sentence_list(said)}."
    return Chart(
        "law-counts",
        "How many places have each law, by year",
        time_figures.groups_over_time("places with the law in force", "law", list(LAWS)),
        [Column("when", "Year"), Column("law_word", "Law"), Column("value", "Places", "n0"),
         Column("places", "Places observed", "n0")],
        {"all": View(rows, words)} if len(rows) else {},
        sel.source_line(published, frame),
        extra=("label", "law", "provisional"),
        note="A law counts from the year in which it was in force for at least a day.",
        height=460,
    )  # fmt: skip


def index(published: Published) -> Chart:
    """Rank places by the overdose law index, with its range over other weights, for a year."""
    frame = sel.total(published.values(INDEX))
    unit = sel.unit_of(published, INDEX, frame)
    views, options = by_period(frame, "", unit, "")
    return Chart(
        "law-index",
        "Overdose law index by place, with its range over other weights",
        figures.ranked_dots(unit),
        [PLACE, Column("value", "Index", "n2"), *RANGE, NOTE],
        views,
        sel.source_line(published, frame),
        [Control("year", "Year", options_of(options), options[0][0] if options else "")],
        extra=("role", "provisional", "status_word"),
        note="One fifth for each of five laws, by the share of the year in which it was in force. The line is the "
        "range that other sets of weights give: it is no sampling interval. Syringe programmes, drug checking and "
        "possession are not in it, because no dated law data are at hand.",
        height=110,
        row_height=19,
    )  # fmt: skip


def around(published: Published, laws: pd.DataFrame) -> Chart:
    """Show a place's overdose death rate over time, and the years in which laws came into force."""
    frame = sel.total(published.values(RATE))
    came: dict[tuple[str, str], list[str]] = {}
    for row in records(laws[laws["value"] == 1]):
        came.setdefault((row["area_id"], formats.text(row["period_start"])[:4]), []).append(
            f"{LAW_WORDS[row['measure_id']]} ({row['period_start']})"
        )
    with_laws = set(laws["area_id"])
    views = {}
    for area, part in frame.groupby("area_id", sort=True):
        if area not in with_laws or part["value"].notna().sum() < FEWEST_POINTS:
            continue
        rows = part.assign(
            laws=["; ".join(came.get((str(area), formats.text(label)), [])) for label in part["period"]], zero=0.0
        )
        rows["law_came"] = ["yes" if words and not missing else "no"
                            for words, missing in zip(rows["laws"], rows["value"].isna(), strict=True)]  # fmt: skip
        views[str(area)] = View(rows, _around_words(rows, came, str(area)))
    # The first place shown is the one with the most laws inside its line, so that a reader sees what a stem means.
    default = max(sorted(views), key=lambda area: (views[area].frame["law_came"] == "yes").sum(), default="")
    return Chart(
        "law-rate",
        "Overdose death rate and the years laws came: association, not effect",
        forest_figures.rate_and_laws(sel.unit_of(published, RATE, frame)),
        [Column("when", "Year"), Column("value", "Rate", "n1"), *INTERVAL,
         Column("laws", "Laws that came into force"), NOTE],
        views,
        "; ".join([sel.source_line(published, frame).removesuffix("."),
                   sel.source_line(published, laws.assign(source_ids=laws["source_id"]))]),
        [Control("state", "Place", options_of(sel.place_options(published, views)), default)],
        extra=("date", "provisional", "series_break", "law_came", "zero"),
        note=NOT_AN_EFFECT + " Laws from before the first year of the line are named in the sentence above.",
        height=440,
    )  # fmt: skip


def _around_words(rows: pd.DataFrame, came: dict[tuple[str, str], list[str]], area: str) -> str:
    known = rows[rows["value"].notna()]
    first, last = known.iloc[0], known.iloc[-1]
    during = [f"{words} in {label}" for words, label in zip(rows["laws"], rows["period"], strict=True) if words]
    before = [
        words for (place, year), listed in sorted(came.items()) if place == area and year < rows["period"].min()
        for words in listed
    ]  # fmt: skip
    told = (
        f"{last['name']}: {formats.number(last['value'], 1)} per 100,000 people {formats.in_period(last['period'])}, "
        f"{formats.number(first['value'], 1)} {formats.in_period(first['period'])}."
    )
    inside = [words.rpartition(" in ")[0] for words in during]
    told += f" Came in these years: {'; '.join(inside)}." if inside else " No law came in these years."
    return told + (f" Came before: {'; '.join(before)}." if before else "")
