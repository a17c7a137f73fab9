"""The page on overdose: where deaths are highest, where they are heading, and which drugs are involved."""

import pandas as pd

from dashboards import figures, formats, maps, time_figures
from dashboards import selection as sel
from dashboards.charts import INTERVAL, NOTE, PLACE, Chart, Column, Control, View, options_of
from dashboards.page import Page
from dashboards.pages import overdose_elsewhere as elsewhere
from dashboards.pages.by_period import by_period, capitalised
from dashboards.published import Published

DRUG_CLASSES = ("synthetic_opioids", "psychostimulants", "cocaine", "natural_semisynthetic", "heroin", "methadone")
# A ranking of fewer places than this says little.
FEWEST_PLACES = 5


def page(published: Published) -> Page:
    """Make the page on overdose."""
    charts = [
        trend(published),
        state_map(published),
        state_ranks(published),
        drug_mix(published),
        drug_ranks(published),
        elsewhere.canada_ranks(published),
        elsewhere.canada_trend(published),
        elsewhere.england_and_wales(published),
        elsewhere.europe_ranks(published),
    ]
    return Page(
        "overdose.html",
        "overdose.html",
        "Overdose",
        "Where people die of overdose, where deaths are heading, and which drugs are involved.",
        charts=charts,
    )


def trend(published: Published) -> Chart:
    """Show deaths in overlapping 12-month windows, reported against predicted, for a place and a drug."""
    reported, predicted = (
        published.values("overdose_deaths_12_month"),
        published.values("overdose_deaths_12_month_predicted"),
    )
    keys = ["area_id", "period", "strata"]
    joined = reported.merge(
        predicted[[*keys, "value"]].rename(columns={"value": "predicted"}), on=keys, how="left", validate="one_to_one"
    )
    rows = joined
    rows["drug"] = [sel.drug_of(strata) for strata in rows["strata"]]
    rows = rows[rows["drug"] != ""]
    views, places, drugs = {}, set(), set()
    for (area, drug), part in rows.groupby(["area_id", "drug"], sort=True):
        views[f"{area}|{drug}"] = View(part, _trend_sentence(part, formats.drug(str(drug))))
        places.add(str(area))
        drugs.add(str(drug))
    ordered = [drug for drug in formats.DRUG_WORDS if drug in drugs] + sorted(drugs - set(formats.DRUG_WORDS))
    return Chart(
        "overdose-trend",
        "Overdose deaths in the 12 months ending each month",
        time_figures.reported_and_predicted("deaths in 12 months"),
        [
            Column("when", "Period"),
            Column("value", "Reported", "n0"),
            Column("predicted", "Predicted", "n0"),
            Column("note", "Remarks"),
        ],
        views,
        sel.source_line(published, reported),
        [
            Control("place", "Place", options_of(sel.place_options(published, places)), "USA"),
            Control("drug", "Drug", options_of((drug, formats.drug(drug)) for drug in ordered), "all"),
        ],
        extra=("date", "provisional"),
        note="Windows overlap: each month's figure covers the year before it, so figures are never added up. "
        "Predicted counts are the publisher's adjustment for deaths still under investigation.",
        split=True,
    )


def _trend_sentence(rows: pd.DataFrame, drug: str) -> str:
    last = rows.iloc[-1]
    place = last["name"]
    words = f"{place}, {drug[0].lower() + drug[1:]}: {formats.number(last['value'], 0)} deaths reported"
    if not formats.is_missing(last["value"]) and not formats.is_missing(last["predicted"]):
        words += f" and {formats.number(last['predicted'], 0)} predicted"
    if formats.is_missing(last["value"]):
        words = f"{place}, {drug[0].lower() + drug[1:]}: {last['status_word']}"
    return f"{words} {formats.in_period(last['period'])}."


def _state_rates(published: Published) -> pd.DataFrame:
    frame = sel.total(published.values("overdose_death_rate_age_adjusted"))
    return sel.keep(frame, "area_id", lambda area: area == "USA" or sel.is_us_state(area))


def state_map(published: Published) -> Chart:
    """Show the age-adjusted death rate of US states on a map, for a year."""
    frame = _state_rates(published)
    views, options = by_period(frame, "USA", "per 100,000 people, age-adjusted", "United States")
    for view in views.values():
        view.frame["code"] = [area.removeprefix("US-") for area in view.frame["area_id"]]
        view.frame["shown"] = [
            "hidden" if area == "USA" else "none" if missing else "value"
            for area, missing in zip(view.frame["area_id"], view.frame["value"].isna(), strict=True)
        ]
    unit = sel.unit_of(published, "overdose_death_rate_age_adjusted", frame)
    return Chart(
        "us-map",
        "Overdose death rate by US state, age-adjusted",
        maps.us_map(unit),
        [PLACE, Column("value", "Rate", "n1"), *INTERVAL, NOTE],
        views,
        sel.source_line(published, frame),
        [Control("year", "Year", options_of(options), options[0][0] if options else "")],
        extra=("code", "shown"),
        note="Grey: no value published (suppressed or missing). Small states are easier to read in the ranking below.",
        height=440,
        map="usa_110m",
    )


def state_ranks(published: Published) -> Chart:
    """Rank US states by age-adjusted death rate, with intervals and the national value, for a year."""
    frame = _state_rates(published)
    views, options = by_period(frame, "USA", "per 100,000 people, age-adjusted", "United States")
    return Chart(
        "us-ranked",
        "US states by overdose death rate, with 95% intervals",
        figures.ranked_dots(
            sel.unit_of(published, "overdose_death_rate_age_adjusted", frame), reference="United States"
        ),
        [PLACE, Column("value", "Rate", "n1"), *INTERVAL, NOTE],
        views,
        sel.source_line(published, frame),
        [Control("year", "Year", options_of(options), options[0][0] if options else "")],
        extra=("role", "provisional", "status_word"),
        note="Age-adjusted to the US 2000 standard population. Hollow: provisional.",
        height=110,
        row_height=19,
    )


def drug_mix(published: Published) -> Chart:
    """Show deaths involving each drug class in the years ending December, and the newest window."""
    frame = published.values("overdose_deaths_12_month")
    rows = frame.copy()
    rows["drug"] = [sel.drug_of(strata) for strata in rows["strata"]]
    rows["label"] = [_window_label(day) for day in rows["period_end"]]
    rows["drug_word"] = [formats.drug(drug) for drug in rows["drug"]]
    rows = rows[rows["drug"].isin(DRUG_CLASSES)]
    views = {}
    for area, part in rows.groupby("area_id", sort=True):
        newest = part["period_end"].eq(part["period_end"].max())
        kept = part[newest | part["period_end"].str.slice(5, 7).eq("12")]
        if len(kept):
            views[str(area)] = View(kept, _mix_sentence(kept))
    return Chart(
        "drug-mix",
        "Drugs involved in overdose deaths, years ending December",
        time_figures.groups_over_time(
            "deaths in 12 months", "drug", [(drug, formats.drug(drug)) for drug in DRUG_CLASSES]
        ),
        [Column("when", "Period"), Column("drug_word", "Drug involved"), Column("value", "Deaths", "n0"), NOTE],
        views,
        sel.source_line(published, frame),
        [Control("mix", "Place", options_of(sel.place_options(published, views)), "USA")],
        extra=("label", "drug", "provisional"),
        note="One death may involve several drugs, so classes overlap and are never added up. The last point may be "
        "the newest 12 months and not a calendar year.",
        height=460,
    )


def _window_label(period_end: str) -> str:
    """Name a 12-month window: by its year where it ends in December."""
    if period_end[5:7] == "12":
        return period_end[:4]
    name, year = formats.month(period_end[:7]).split(" ")
    return f"to {name[:3]} {year}"


def _mix_sentence(rows: pd.DataFrame) -> str:
    newest = rows[rows["period_end"] == rows["period_end"].max()]
    known = newest[newest["value"].notna()].sort_values("value", ascending=False, kind="stable")
    if known.empty:
        return f"{newest.iloc[0]['name']}: no class has a value {formats.in_period(newest.iloc[0]['period'])}."
    first = known.iloc[0]
    return (
        f"{first['name']}: most deaths {formats.in_period(first['period'])} involved {first['drug_word'].lower()} "
        f"({formats.number(first['value'], 0)})."
    )


def _absent(published: Published, rows: pd.DataFrame) -> str:
    """Name the states that have no row at all, which a ranking would pass over in silence."""
    states = {area for area in published.names if sel.is_us_state(area)}
    missing = sorted(published.names[area] for area in states - set(rows["area_id"]))
    return f" No row is published for {formats.sentence_list(missing)}." if missing else ""


def drug_ranks(published: Published) -> Chart:
    """Rank US states by the death rate of a drug class, for a year."""
    frame = published.values("overdose_death_rate_by_drug")
    frame = sel.keep(frame, "area_id", lambda area: area == "USA" or sel.is_us_state(area))
    frame = frame.assign(drug=[sel.drug_of(strata) for strata in frame["strata"]])
    unit = sel.unit_of(published, "overdose_death_rate_by_drug", frame)
    views, drugs, years = {}, {}, {}
    for (drug, period), part in frame.groupby(["drug", "period"], sort=True):
        rows = sel.ranked(part, "USA")
        if drug and (rows["role"] == "place").sum() >= FEWEST_PLACES:
            words = f"{formats.drug(str(drug))}. {sel.highest_and_lowest(rows, unit, 'United States')}"
            absent = _absent(published, rows)
            views[f"{drug}|{period}"] = View(rows, f"{words} {capitalised(period)}.{absent}")
            drugs[str(drug)], years[str(period)] = formats.drug(str(drug)), formats.period(period)
    newest = sorted(years, reverse=True)
    first = "opioids" if "opioids" in drugs else next(iter(drugs), "")
    return Chart(
        "drug-ranked",
        "US states by overdose death rate of a drug class",
        figures.ranked_dots(unit, reference="United States"),
        [PLACE, Column("value", "Rate", "n1"), *INTERVAL, NOTE],
        views,
        sel.source_line(published, frame),
        [
            Control("class", "Drug", options_of(sorted(drugs.items())), first),
            Control("period", "Year", options_of((year, years[year]) for year in newest), newest[0] if newest else ""),
        ],
        extra=("role", "provisional", "status_word"),
        note="States differ in how often a certificate names the drug, so NCHS advises against comparing drugs between "
        "states: read a state against its own past. Deaths count where they happened, over the people who live "
        "there, which raises rates of places such as the District of Columbia. Provisional counts. A state "
        "without a mark has no published count of this class.",
        height=110,
        row_height=19,
    )
