"""The page on HIV and hepatitis C: how common they are, and who gets tested and treated."""

import pandas as pd

from dashboards import figures, forest_figures, formats, time_figures
from dashboards import selection as sel
from dashboards.charts import INTERVAL, NOTE, PLACE, Chart, Column, Control, View, options_of
from dashboards.page import Page
from dashboards.pages.coverage import world
from dashboards.pages.waiting import waiting
from dashboards.published import Published

HIV, HCV = "hiv_prevalence_pwid", "hcv_antibody_prevalence_pwid"
TRENDS = (
    HIV,
    HCV,
    "hiv_diagnoses_injecting",
    "hiv_diagnosis_rate_injecting",
    "hcv_viraemic_prevalence_pwid",
    "hcv_incidence_pwid",
    "hiv_status_known_pwid",
    "prevention_coverage_pwid",
    "hiv_burden",
)
RANKED = (
    "hiv_status_known_pwid",
    "prevention_coverage_pwid",
    "condom_use_pwid",
    "hcv_prevalence_pwid_any_test",
    "hcv_prevalence_population",
    "hcv_new_infection_rate",
    "hcv_diagnosed_of_living",
    "hcv_treated_of_diagnosed",
    "hbv_prevalence_pwid",
    "hiv_suppressed_of_status_known",
    "infection_death_rate_age_standardised",
)
"""Indicators that a further ranking offers, in this order."""

GAP = "art_gap_pwid"
CASCADES = {
    "hiv_cascade_population": "HIV: of all people living with HIV",
    "hcv_cascade_of_ever_infected": "Hepatitis C: of all ever infected, own programme data",
}
STEPS = {
    "know_their_status": "Know their status",
    "on_treatment": "On treatment",
    "virally_suppressed": "Virally suppressed",
    "viral_test": "Tested for the virus",
    "initial_infection": "Infection found",
    "cured_or_cleared": "Cured or cleared",
    "persistent_or_reinfected": "Persistent or reinfected",
}
OTHERS = (
    "hiv_cascade_conditional",
    "hiv_linkage_one_month",
    "hiv_suppressed_of_diagnosed",
    "hiv_diagnoses_injecting_change",
    "hcv_treatment_uptake",
    "hcv_sustained_response",
    "hcv_elimination_tier",
    "prep_coverage",
    "prison_infection_prevalence",
    "prison_art_coverage",
)
"""Indicators of the topic without a chart of their own; the page of each place has them."""

FEWEST_POINTS = 3
HIGH_HIV, HIGH_HCV = 10.0, 50.0
"""Shares that the headline counts places at or above: one in ten, and half."""


def page(published: Published) -> Page:
    """Make the page on HIV and hepatitis C."""
    map_chart = world(published, (HIV, HCV), "hiv-map", "HIV and hepatitis C around the world", "map")
    shown = [
        _ranked(published, HIV, "hiv-ranked", "HIV among people who inject drugs, by place"),
        map_chart,
        _ranked(published, HCV, "hcv-ranked", "Hepatitis C antibodies among people who inject drugs, by place"),
    ]
    optional = [trend(published), against_everyone(published), cascade(published), further(published)]
    used = (HIV, HCV, GAP, *TRENDS, *RANKED, *CASCADES, *OTHERS)
    return Page(
        "hiv_hcv.html",
        "hiv_hcv.html",
        "HIV and hepatitis C",
        "How common HIV and hepatitis C are among people who inject drugs, and who gets tested and treated.",
        {"headline": headline(published), "waits": waiting(published, used)},
        [*shown, *(chart for chart in optional if chart.views)],
    )


def headline(published: Published) -> list[str]:
    """Say in how many places HIV is found in one in ten, and hepatitis C antibodies in half, of people tested."""
    sentences = []
    for indicator_id, least, share, what in (
        (HIV, HIGH_HIV, "at least one in ten", "HIV"),
        (HCV, HIGH_HCV, "at least half", "antibodies to hepatitis C"),
    ):
        frame = sel.total(published.latest(indicator_id))
        known = frame[frame["value"].notna()]
        if known.empty:
            continue
        many = formats.number(int((known["value"] >= least).sum()), 0)
        places = formats.number(len(known), 0)
        sentences.append(
            f"In {many} of the {places} places with a published value, {share} of the people who inject drugs tested "
            f"had {what} (newest value of each place, {sel.years_of(known)})."
        )
    return sentences


def _ranked(published: Published, indicator_id: str, chart_id: str, title: str) -> Chart:
    frame = sel.total(published.latest(indicator_id))
    rows = sel.ranked(frame)
    unit = sel.unit_of(published, indicator_id, frame)
    views = {}
    if (rows["role"] == "place").any():
        bare = int((rows["value"].notna() & rows["lower"].isna()).sum())
        words = f"{sel.highest_and_lowest(rows, unit)} Newest year of each place: {sel.years_of(rows)}."
        if bare:
            some = f"{formats.number(bare, 0)} have no" if bare < len(rows) else "None has a"
            words += f" {some} published interval."
        views["latest"] = View(rows, words)
    return Chart(
        chart_id,
        title,
        figures.ranked_dots(f"{unit} of people tested"),
        [PLACE, Column("value", "Percent", "n1"), *INTERVAL, Column("when", "Year"), NOTE],
        views,
        sel.source_line(published, frame),
        extra=("role", "provisional", "status_word"),
        note="Often a survey in a few cities and not the whole country; places, years and methods differ, so read a "
        "rank as a rough guide. A dot without a line has no interval because the number tested is not published."
        + (" Antibodies show past or present infection, cured ones too." if indicator_id == HCV else ""),
        height=110,
        row_height=19,
    )


def trend(published: Published) -> Chart:
    """Show an indicator over time with its interval, for each place that has enough years."""
    views, indicators, places = {}, {}, set()
    for indicator_id in TRENDS:
        frame = sel.total(published.values(indicator_id))
        frame = sel.keep(frame, "period", formats.is_year)
        for area, part in frame.groupby("area_id", sort=True):
            known = part[part["value"].notna()]
            if len(known) < FEWEST_POINTS:
                continue
            first, last = known.iloc[0], known.iloc[-1]
            unit = formats.text(last["unit"])
            words = (
                f"{last['name']}: {formats.amount(last['value'], unit)} {unit} {formats.in_period(last['period'])}, "
                f"{formats.amount(first['value'], unit)} {formats.in_period(first['period'])}."
            )
            views[f"{indicator_id}|{area}"] = View(part, words, sel.source_line(published, part), unit)
            indicators[indicator_id] = formats.text(published.indicators[indicator_id]["title"]) or indicator_id
            places.add(str(area))
    first_indicator = next(iter(indicators), "")
    first_place = next((key.split("|")[1] for key in views if key.startswith(f"{first_indicator}|")), "")
    return Chart(
        "hiv-trend",
        "HIV and hepatitis C over time",
        time_figures.value_over_time(""),
        [Column("when", "Year"), Column("value", "Value", "n1"), *INTERVAL, Column("unit", "Unit"), NOTE],
        views,
        "",
        [
            Control("series", "Indicator", options_of(indicators.items()), first_indicator),
            Control("country", "Place", options_of(sel.place_options(published, places)), first_place),
        ],
        extra=("date", "provisional", "series_break"),
        note="Places with three years or more. The band is the 95% interval; it is left open where there is none. A "
        "line that stops marks a break in the series: another source, city or method. Hollow: provisional.",
    )


def against_everyone(published: Published) -> Chart:
    """Set HIV treatment of people who inject drugs beside that of all people living with HIV."""
    frame = sel.total(published.latest(GAP))
    frame = frame[frame["value"].notna() & frame["numerator"].notna() & frame["denominator"].notna()]
    rows = frame.assign(gap=frame["value"], value=frame["numerator"], other=frame["denominator"])
    rows = sel.ranked(rows.sort_values("gap", kind="stable"))
    less = int((rows["gap"] < 0).sum())
    words = (
        f"In {formats.number(less, 0)} of {formats.number(len(rows), 0)} places with both values, people who inject "
        f"drugs get HIV treatment less often than all people living with HIV. Years: {sel.years_of(rows)}."
    )
    return Chart(
        "art-gap",
        "HIV treatment: people who inject drugs against all people living with HIV",
        forest_figures.pairs(
            "percent on treatment", "People who inject drugs living with HIV", "All people living with HIV"
        ),
        [
            PLACE, Column("value", "People who inject drugs", "n1"), Column("other", "All", "n1"),
            Column("gap", "Difference, points", "n1"), Column("lower", "Difference, low", "n1"),
            Column("upper", "Difference, high", "n1"), Column("when", "Year"), NOTE,
        ],
        {"latest": View(rows, words)} if len(rows) else {},
        sel.source_line(published, frame),
        note="A survey of people who inject drugs set against a model of the country: a small difference says little.",
        height=110,
        row_height=19,
    )  # fmt: skip


def cascade(published: Published) -> Chart:
    """Show the newest cascade of care of each place that has one."""
    views, kinds, places = {}, {}, set()
    for indicator_id, label in CASCADES.items():
        frame = published.latest(indicator_id)
        step = frame["strata"].astype("str").str.extract(r"^step=([^;]+)$", expand=False)
        frame = frame.assign(step=step)[step.notna() & frame["value"].notna()]
        for area, part in frame.groupby("area_id", sort=True):
            rows = part[part["period_end"] == part["period_end"].max()]
            rows = _in_order(rows)
            said = [
                f"{name.lower()} {formats.number(value, 0)}%"
                for name, value in zip(rows["name"], rows["value"], strict=True)
            ]
            words = f"{published.names[str(area)]}, {rows.iloc[0]['when']}: {formats.sentence_list(said)}."
            views[f"{indicator_id}|{area}"] = View(rows, words, sel.source_line(published, rows), "percent")
            kinds[indicator_id] = label
            places.add(str(area))
    first = next(iter(views), "|").split("|")
    return Chart(
        "cascade",
        "Cascade of care",
        forest_figures.steps("percent"),
        [Column("name", "Step"), Column("value", "Percent", "n1"), *INTERVAL, Column("when", "Year"), NOTE],
        views,
        "",
        [
            Control("cascade", "Cascade", options_of(kinds.items()), first[0]),
            Control("people", "Place", options_of(sel.place_options(published, places)), first[1]),
        ],
        extra=("percent",),
        note="Each bar is a share of the same people, so that a step can only be shorter than the one before. The HIV "
        "cascade is for all people living with HIV and not for people who inject drugs.",
        height=110,
        row_height=46,
    )


def _in_order(rows: pd.DataFrame) -> pd.DataFrame:
    order = list(STEPS)
    place = [order.index(step) if step in order else len(order) for step in rows["step"]]
    named = [STEPS.get(str(step), str(step).replace("_", " ").capitalize()) for step in rows["step"]]
    percent = [f"{formats.number(value, 0)}%" for value in rows["value"]]
    rows = rows.assign(name=named, percent=percent, _place=place)
    return rows.sort_values("_place", kind="stable").drop(columns="_place").reset_index(drop=True)


def further(published: Published) -> Chart:
    """Rank places by what else is published on testing, prevention and treatment."""
    views, options = {}, []
    for indicator_id in RANKED:
        frame = sel.total(published.latest(indicator_id))
        rows = sel.ranked(frame)
        if not (rows["role"] == "place").any():
            continue
        unit = sel.unit_of(published, indicator_id, frame)
        title = formats.text(published.indicators[indicator_id]["title"]) or indicator_id
        words = f"{title}. {sel.highest_and_lowest(rows, unit)} Newest year of each place: {sel.years_of(rows)}."
        views[indicator_id] = View(rows, words, sel.source_line(published, rows), unit)
        options.append((indicator_id, title))
    return Chart(
        "hiv-further",
        "Testing, prevention and treatment, by place",
        figures.ranked_dots(""),
        [PLACE, Column("value", "Value", "n1"), *INTERVAL, Column("unit", "Unit"), Column("when", "Year"), NOTE],
        views,
        "",
        [Control("further", "Indicator", options_of(options), options[0][0] if options else "")],
        extra=("role", "provisional", "status_word"),
        note="Newest value of each place. National figures on hepatitis C are for everyone, not for people who inject "
        "drugs.",
        height=110,
        row_height=19,
    )
