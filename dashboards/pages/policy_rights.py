"""What the policy page shows of rights, prisons and deaths after laws, where a publication holds it."""

from typing import Any

from dashboards import figures, forest_figures, formats
from dashboards import selection as sel
from dashboards.charts import NOTE, PLACE, Chart, Column, Control, View, options_of
from dashboards.pages.policy_words import ANSWERS, ASSOCIATION, LAW_WORDS, NOT_AN_EFFECT, RANGE, SCORES
from dashboards.published import Published


def association(published: Published) -> Chart:
    """Show how deaths moved after each law against the trend before it, for each law and kind of change."""
    frame = published.latest(ASSOCIATION)
    parts = frame["strata"].astype("str").str.extract(r"^law=([^;]+);term=([^;]+)$")
    frame = frame.assign(law=parts[0], term=parts[1], kind="study", arm=frame["lower"])[parts[0].notna()]
    ends = forest_figures.axis_ends(
        [float(value) for name in ("value", "lower", "upper") for value in frame[name].dropna()], True
    )
    views, laws, terms = {}, {}, {}
    for (law, term), part in frame.groupby(["law", "term"], sort=True):
        rows = sel.ranked(part)
        clear = int(((rows["lower"] > 1) | (rows["upper"] < 1)).sum())
        words = (
            f"{LAW_WORDS.get(str(law), str(law))}, change in {term}: in {formats.number(clear, 0)} of "
            f"{formats.number(len(rows), 0)} places the interval leaves out 1. {NOT_AN_EFFECT}"
        )
        views[f"{law}|{term}"] = View(rows, words)
        laws[str(law)], terms[str(term)] = LAW_WORDS.get(str(law), str(law)), f"Change in {term}"
    first = next(iter(views), "|").split("|")
    return Chart(
        "law-association",
        "Deaths after a law against the trend before it: association, not effect",
        forest_figures.forest("rate ratio", ends, (("study", "Place", "circle", "#155695"),)),
        [PLACE, Column("value", "Ratio", "n2"), Column("lower", "95% interval, low", "n2"),
         Column("upper", "95% interval, high", "n2"), NOTE],
        views,
        sel.source_line(published, frame),
        [Control("law", "Law", options_of(laws.items()), first[0]),
         Control("term", "Change", options_of(terms.items()), first[1])],
        extra=("role", "kind", "arm", "status_word"),
        note="Interrupted time series of yearly deaths. The remark says where the trend before the law was not one "
        "straight line: there the comparison means little.",
        height=110,
        row_height=20,
    )  # fmt: skip


def scores(published: Published) -> Chart:
    """Rank countries by what governments, civil society and reports say of law and services."""
    views, options = {}, []
    for indicator_id, strata, label in SCORES:
        frame = published.latest(indicator_id)
        rows = sel.ranked(frame[frame["strata"] == strata])
        if not (rows["role"] == "place").any():
            continue
        unit = sel.unit_of(published, indicator_id, rows)
        words = f"{label}. {sel.highest_and_lowest(rows, unit)} Newest year of each place: {sel.years_of(rows)}."
        key = f"{indicator_id}.{strata.rpartition('=')[2]}"
        views[key] = View(rows, words, sel.source_line(published, rows), unit)
        options.append((key, label))
    return Chart(
        "rights",
        "Law, rights and services in place, by country",
        figures.ranked_dots(""),
        [PLACE, Column("value", "Value", "n2"), *RANGE, Column("unit", "Unit"), Column("when", "Year"), NOTE],
        views,
        "",
        [Control("score", "What", options_of(options), options[0][0] if options else "")],
        extra=("role", "provisional", "status_word"),
        note="The line is the range over open answers and other weights, and no sampling interval. An answer is what a "
        "respondent says, not a reading of the law.",
        height=110,
        row_height=19,
    )  # fmt: skip


def answers(published: Published) -> list[dict[str, Any]]:
    """Count the newest yes and no of each question on law, services and prisons."""
    rows = []
    for indicator_id in ANSWERS:
        frame = published.latest(indicator_id)
        title = formats.text(published.indicators.get(indicator_id, {}).get("title")) or indicator_id
        for strata, part in frame.groupby("strata", sort=True):
            said = formats.stratum(strata).replace("_", " ").replace("question: ", "").replace("service: ", "")
            rows.append(
                {
                    "title": title,
                    "asked": said[:1].upper() + said[1:],
                    "yes": formats.number(int((part["value"] == 1).sum()), 0),
                    "no": formats.number(int((part["value"] == 0).sum()), 0),
                    "open": formats.number(int(part["value"].isna().sum()), 0),
                    "years": sel.years_of(part),
                }
            )
    return rows
