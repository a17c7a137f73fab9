"""The page on overdose, outside the United States: Canada, England and Wales, and Europe."""

from dashboards import figures, formats, time_figures
from dashboards import selection as sel
from dashboards.charts import INTERVAL, NOTE, PLACE, Chart, Column, Control, View, options_of
from dashboards.pages.by_period import by_period
from dashboards.published import Published

EUROPE = "drug_induced_death_rate_crude"


def england_and_wales(published: Published) -> Chart:
    """Show deaths related to drug poisoning in England and Wales by year of registration."""
    frame = sel.total(published.values("drug_poisoning_deaths_registered"))
    views = {}
    for area, part in frame.groupby("area_id", sort=True):
        known = part[part["value"].notna()]
        if len(known):
            last = known.iloc[-1]
            words = f"{last['name']}: {formats.number(last['value'], 0)} deaths registered"
            views[str(area)] = View(part, f"{words} {formats.in_period(last['period'])}.")
    return Chart(
        "england-and-wales",
        "Deaths related to drug poisoning, by year of registration",
        time_figures.value_over_time("deaths registered in the year"),
        [Column("when", "Year"), Column("value", "Deaths", "n0"), NOTE],
        views,
        sel.source_line(published, frame),
        [Control("uk", "Place", options_of(sel.place_options(published, views)), "GB-EAW")],
        extra=("date", "provisional", "lower", "upper", "series_break"),
        note="A death is counted in the year it was registered, often long after it happened. England, Wales and "
        "people who lived elsewhere add up to the whole.",
    )


def _in_canada(area_id: object) -> bool:
    return str(area_id) == "CAN" or str(area_id).startswith("CA-")


def canada_ranks(published: Published) -> Chart:
    """Rank Canadian provinces by crude opioid death rate, for a period."""
    frame = sel.total(published.values("opioid_death_rate_crude"))
    frame = sel.keep(frame, "area_id", _in_canada)
    views, options = by_period(frame, "CAN", "per 100,000 people", "Canada")
    full = [value for value, _ in options if value.isdigit()]
    return Chart(
        "canada-ranked",
        "Canadian provinces and territories by opioid toxicity death rate",
        figures.ranked_dots(sel.unit_of(published, "opioid_death_rate_crude", frame), reference="Canada"),
        [PLACE, Column("value", "Rate", "n1"), *INTERVAL, NOTE],
        views,
        sel.source_line(published, frame),
        [Control("canada", "Period", options_of(options), (full or [""])[0])],
        extra=("role", "provisional", "status_word"),
        note="Crude rates. Part of a year stands apart from full years and is provisional (hollow).",
        height=110,
        row_height=24,
    )


def canada_trend(published: Published) -> Chart:
    """Show the opioid death rate of a Canadian province over the full years."""
    frame = sel.total(published.values("opioid_death_rate_crude"))
    frame = sel.keep(frame, "area_id", _in_canada)
    frame = sel.keep(frame, "period", formats.is_year)
    views = {}
    for area, part in frame.groupby("area_id", sort=True):
        known = part[part["value"].notna()]
        if len(known):
            first, last = known.iloc[0], known.iloc[-1]
            words = (
                f"{last['name']}: {formats.number(last['value'], 1)} per 100,000 people "
                f"{formats.in_period(last['period'])}, "
                f"{formats.number(first['value'], 1)} {formats.in_period(first['period'])}."
            )
            views[str(area)] = View(part, words)
    return Chart(
        "canada-trend",
        "Opioid toxicity death rate in Canada over time",
        time_figures.value_over_time(sel.unit_of(published, "opioid_death_rate_crude", frame)),
        [Column("when", "Year"), Column("value", "Rate", "n1"), *INTERVAL, NOTE],
        views,
        sel.source_line(published, frame),
        [Control("province", "Place", options_of(sel.place_options(published, views)), "CAN")],
        extra=("date", "provisional", "series_break"),
        note="Full years only. The band is the 95% interval; it is left open where a year has no value. A line "
        "that stops marks a break in the series.",
    )


def europe_ranks(published: Published) -> Chart:
    """Rank European countries by their newest drug-induced death rate."""
    indicator_id = EUROPE
    frame = sel.total(published.latest(indicator_id))
    rows = sel.ranked(frame)
    unit = sel.unit_of(published, indicator_id, frame)
    views = (
        {"latest": View(rows, f"{sel.highest_and_lowest(rows, unit)} Newest year of each: {sel.years_of(rows)}.")}
        if (rows["role"] == "place").any()
        else {}
    )
    return Chart(
        "europe-ranked",
        "European countries by drug-induced death rate, newest year of each",
        figures.ranked_dots(unit),
        [PLACE, Column("value", "Rate", "n1"), *INTERVAL, Column("when", "Year"), NOTE],
        views,
        sel.source_line(published, frame),
        extra=("role", "provisional", "status_word"),
        note="Case definitions and completeness differ between countries: a low rate may mean that few deaths are "
        "found. Read a country against its own past before reading it against another.",
        height=110,
        row_height=19,
    )
