"""The charts on what interventions do and cost: health first, then amounts for a unit of health, then added cost."""

import pandas as pd

from dashboards import economics_figures as ef
from dashboards import formats
from dashboards.charts import Chart, Column, Control, View, options_of
from dashboards.pages import cost_words as words
from dashboards.pages.cost_rows import by, price_words, source
from dashboards.published import Published

NAME, NOTE = Column("name", "Intervention and level"), Column("note", "Remarks")
MOST_NAMED = 4
LIMITS = [Column("lower", "95% interval, low", "n0"), Column("upper", "95% interval, high", "n0")]


def _ordered(rows: pd.DataFrame, ascending: bool) -> pd.DataFrame:
    missing = rows["value"].isna()
    ordered = rows.assign(_missing=missing, value=pd.to_numeric(rows["value"])).sort_values(
        ["_missing", "value", "name"], ascending=[True, ascending, True], kind="stable"
    )
    return ordered.drop_duplicates(["name"]).reset_index(drop=True)


def lives(published: Published, frame: pd.DataFrame, control: Control) -> Chart:
    """Show what each intervention does for health in a place over the horizon."""
    health = frame[(frame["perspective"] == "none") & (frame["discount_pct"] == 0)]
    views: dict[str, View] = {}
    for (area,), rows in by(health, "area_id"):
        silent = rows[rows["status"] == "not_applicable"]
        for outcome, (_, unit) in words.OUTCOMES.items():
            found = rows[(rows["outcome"] == outcome) & (rows["status"] == "reported")]
            if len(found):
                shown = _ordered(pd.concat([found, silent]), ascending=False)
                views[f"{area}|{outcome}"] = _lives_view(published, area, shown, unit)
    return Chart(
        "ce-lives",
        "What each intervention does for health",
        ef.strategy_dots("overdose deaths averted"),
        [NAME, Column("value", "Averted or gained", "n0"), *LIMITS, NOTE],
        views,
        "",
        [control, Control("outcome", "Outcome", options_of((key, label) for key, (label, _) in words.OUTCOMES.items()),
                          "overdose_deaths_averted")],
        extra=("role", "short"),
        note=f"{words.KEY} Mean of the draws with their 95% interval, undiscounted. Naloxone, consumption rooms, "
        "drug checking and safer supply are compared with none of them, because today's level is not known: "
        "their gain is an upper bound. Overdose rate and fatality are those of one study in every place.",
        height=96,
        row_height=34,
        split=True,
        heading="h2",
    )  # fmt: skip


def _lives_view(published: Published, area: str, shown: pd.DataFrame, unit: str) -> View:
    years = formats.number(shown["horizon_years"].iloc[0], 0)
    best = shown[shown["role"] == "strategy"]
    text = f"{published.names[area]}, over {years} years. "
    if len(best):
        row = dict(best.iloc[0])
        text += f"Most {unit}: {row['name']}, {words.count_interval(row)}."
    return View(shown, text, source(published, shown), f"{unit} in {years} years")


def costs(published: Published, frame: pd.DataFrame, control: Control) -> Chart:
    """Show what a unit of health costs in a place, by intervention and perspective."""
    views: dict[str, View] = {}
    for (area, outcome, perspective), rows in _priced(frame, list(words.RATIOS)):
        shown = _ordered(rows, ascending=True)
        views[f"{area}|{outcome}|{perspective}"] = _cost_view(published, area, outcome, perspective, shown)
    return Chart(
        "ce-costs",
        "What a unit of health costs",
        ef.strategy_dots("AUD", logarithmic=True),
        [
            NAME,
            Column("value", "Amount", "n0"),
            *LIMITS,
            Column("unit", "Unit"),
            Column("basis", "Unit costs"),
            NOTE,
        ],
        views,
        "",
        [
            control,
            Control("measure", "Cost", options_of((key, label) for key, (label, _) in words.RATIOS.items()),
                    "cost_per_overdose_death_averted"),
            Control("perspective", "Perspective", options_of(words.PERSPECTIVES), "health system"),
        ],
        extra=("role", "short", "arm"),
        note=f"{words.KEY} Mean cost over mean effect, both discounted, against today's services; each step of the "
        "axis is ten times the one before. There is no amount where money is saved and health gained, and no "
        "interval where some draws gain nothing. An arm that reaches zero or below (money is saved) is not "
        "drawn; the table has it.",
        height=96,
        row_height=34,
        split=True,
    )  # fmt: skip


def _priced(frame: pd.DataFrame, outcomes: list[str]) -> list[tuple[tuple[str, ...], pd.DataFrame]]:
    wanted = frame[frame["outcome"].isin(outcomes) & (frame["discount_pct"] > 0) & (frame["perspective"] != "none")]
    return by(wanted, "area_id", "outcome", "perspective")


def _few(names: list[str]) -> str:
    """Name up to four, and how many others."""
    if len(names) <= MOST_NAMED:
        return formats.sentence_list(names)
    return f"{', '.join(names[: MOST_NAMED - 1])} and {len(names) - MOST_NAMED + 1} others"


def _cost_view(published: Published, area: str, outcome: str, perspective: str, shown: pd.DataFrame) -> View:
    unit = words.RATIOS[outcome][1]
    best = shown[shown["role"] == "strategy"]
    text = f"{published.names[area]}, {perspective}. "
    saved = [str(name) for name in shown.loc[shown["short"].eq("saves money, gains health"), "name"]]
    if saved:
        text += f"Saves money and gains health: {_few(saved)}. "
    if len(best):
        row = dict(best.iloc[0])
        amount = words.money(row["value"], row["currency"])
        which = "Of the others, the lowest" if saved else "The lowest"
        text += f"{which} for each {unit}: {row['name']}, {amount} ({words.amount_interval(row)}). "
    basis = formats.text(shown["basis"].iloc[0])
    text += f"Prices: {basis}."
    currency = formats.text(shown["currency"].iloc[0])
    short = "death averted" if "death" in unit else "QALY gained"
    return View(shown, text, source(published, shown), f"{currency} per {short}, {price_words(shown)}")


def added_cost(published: Published, frame: pd.DataFrame, control: Control) -> Chart:
    """Show what each intervention adds to costs over the horizon, or saves."""
    views: dict[str, View] = {}
    for (area, _, perspective), rows in _priced(frame, ["cost_difference"]):
        shown = _ordered(rows, ascending=False)
        years, currency = formats.number(shown["horizon_years"].iloc[0], 0), formats.text(shown["currency"].iloc[0])
        text = f"{published.names[area]}, {perspective}, over {years} years, discounted. "
        text += f"Prices: {formats.text(shown['basis'].iloc[0])}."
        unit = f"{currency} in {years} years, {price_words(shown)}"
        views[f"{area}|{perspective}"] = View(shown, text, source(published, shown), unit)
    return Chart(
        "ce-added",
        "What each intervention adds to costs",
        ef.strategy_dots("AUD"),
        [NAME, Column("value", "Cost added", "n0"), *LIMITS, Column("basis", "Unit costs"), NOTE],
        views,
        "",
        [control, Control("perspective", "Perspective", options_of(words.PERSPECTIVES), "health system")],
        extra=("role", "short"),
        note=f"{words.KEY} Below zero, money is saved. Society's costs hold a value set on each overdose death, "
        "which decides them.",
        height=96,
        row_height=34,
        split=True,
    )
