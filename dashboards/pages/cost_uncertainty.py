"""The charts on how sure the cost-effectiveness results are: plane, acceptability, information, drivers, budgets."""

import pandas as pd

from dashboards import economics_figures as ef
from dashboards import formats
from dashboards import selection as sel
from dashboards.charts import Chart, Column, Control, View, options_of
from dashboards.pages import cost_words as words
from dashboards.pages.cost_rows import by, price_words, source
from dashboards.published import Published

MOST_DRIVERS = 12
"""Bars of the tornado: the parameters that matter most."""

LEAST_WIDTH, LEAST_SHARE = 0.05, 0.001
"""Deaths, and part of the widest bar, below which a parameter does nothing that a reader could see."""

BUDGET_NAMES = (("low", "Low"), ("middle", "Middle"), ("high", "High"))
DEFAULT_STRATEGY = "oat 50 %"
STRATEGY = Column("name", "Intervention and level")


def charts(published: Published, values: pd.DataFrame, place: Control) -> list[Chart]:
    """Make the charts, for the places of the select.

    Args:
        published: The published file.
        values: Rows of ``marts.intervention_value``, as the page reads them.
        place: The select of places.
    """
    known = {option.value for option in place.options}
    told = _Told(published, values)
    perspective = Control("perspective", "Perspective", options_of(words.PERSPECTIVES), "health system")
    curves = _read(published, "marts.intervention_acceptability", known)
    return [
        _plane(told, _read(published, "marts.intervention_plane", known), [place, perspective]),
        _acceptability(told, curves, [place, perspective]),
        _information(told, curves, [place, perspective]),
        _tornado(told, _read(published, "marts.intervention_drivers", known), place),
        _budgets(told, _read(published, "marts.portfolio", known), place),
    ]


class _Told:
    """What the sentences beneath charts say of a place: name, source, whose prices."""

    def __init__(self, published: Published, values: pd.DataFrame) -> None:
        self.names = published.names
        self.source: dict[str, str] = {}
        self.prices: dict[str, str] = {}
        self.basis: dict[str, str] = {}
        for (area,), rows in by(values[values["draws"] > 0], "area_id"):
            priced = rows[rows["cost_basis"].ne("none")]
            self.source[area] = source(published, rows)
            self.prices[area] = price_words(priced)
            self.basis[area] = formats.text(priced["basis"].iloc[0]) if len(priced) else ""

    def unit(self, area: str, rows: pd.DataFrame, what: str) -> str:
        """Give the title of an axis of money."""
        return f"{what}, {formats.text(rows['currency'].iloc[0])} ({self.prices[area]})"


def _read(published: Published, table: str, known: set[str]) -> pd.DataFrame:
    frame = published.select(table)
    frame = sel.keep(frame, "area_id", lambda area: area in known).reset_index(drop=True)
    if "strategy" in frame:
        frame["name"] = [words.strategy(str(one)) for one in frame["strategy"]]
    return frame


def series(frame: pd.DataFrame) -> list[tuple[str, str]]:
    """List the strategies of a table in the order of interventions, then of levels, so that colours stay the same."""
    order = list(words.INTERVENTIONS)

    def place(one: str) -> tuple[int, str]:
        first = one.split(" ")[0]
        return (order.index(first) if first in order else len(order), one)

    return [(one, words.strategy(one)) for one in sorted({str(one) for one in frame["strategy"]}, key=place)]


def _plane(told: _Told, frame: pd.DataFrame, controls: list[Control]) -> Chart:
    frame = frame.rename(columns={"qalys_gained": "qalys", "cost_difference": "cost"})
    views = {}
    for (area, perspective), rows in by(frame, "area_id", "perspective"):
        draws = formats.number(rows["draw"].nunique(), 0)
        text = (
            f"{told.names[area]}, {perspective}. {draws} draws of each strategy against today's services: to the right "
            f"health is gained, below the line money is saved. Prices: {told.basis[area]}."
        )
        unit = told.unit(area, rows, "Cost added")
        views[f"{area}|{perspective}"] = View(rows.reset_index(drop=True), text, told.source[area], unit)
    return Chart(
        "ce-plane",
        "Cost-effectiveness plane",
        ef.plane(series(frame)),
        [
            STRATEGY,
            Column("draw", "Draw", "n0"),
            Column("qalys", "QALYs gained", "n1"),
            Column("cost", "Cost added", "n0"),
            Column("currency", "Currency"),
        ],
        views,
        "",
        controls,
        extra=("strategy",),
        note=f"{words.KEY} Both discounted. Each mark is one draw of all uncertain figures together; the first "
        "draws only, enough for a picture.",
        height=520,
        split=True,
    )


def _acceptability(told: _Told, frame: pd.DataFrame, controls: list[Control]) -> Chart:
    frame = _curves(frame)
    views = {}
    for (area, perspective), rows in by(frame, "area_id", "perspective"):
        at = rows[rows["frontier"].ne("")]
        last = dict(at.sort_values("pay").iloc[-1])
        text = (
            f"{told.names[area]}, {perspective}. At {words.money(last['pay'], last['currency'])} for a QALY, "
            f"{last['name']} is the best on average. Prices: {told.basis[area]}."
        )
        unit = told.unit(area, rows, "For a QALY")
        views[f"{area}|{perspective}"] = View(rows.reset_index(drop=True), text, told.source[area], unit)
    return Chart(
        "ce-acceptability",
        "How likely each strategy is the best",
        ef.acceptability(series(frame)),
        [
            STRATEGY,
            Column("pay", "For a QALY", "n0"),
            Column("probability", "Probability of being the best", "n2"),
            Column("frontier", "Frontier"),
            Column("expected_loss", "Expected loss", "n0"),
            Column("currency", "Currency"),
        ],
        views,
        "",
        controls,
        extra=("strategy",),
        note=f"{words.KEY} The best on average need not be the likeliest best. Ties go to the first strategy in "
        "order, so that two runs never differ.",
        height=520,
        split=True,
    )


def _curves(frame: pd.DataFrame) -> pd.DataFrame:
    names = {"willingness_to_pay": "pay", "probability_optimal": "probability"}
    marked = ["best on average" if flag is True or flag == 1 else "" for flag in frame["on_frontier"]]
    return frame.rename(columns=names).assign(frontier=marked)


def _information(told: _Told, frame: pd.DataFrame, controls: list[Control]) -> Chart:
    curve = _curves(frame).drop_duplicates(["area_id", "perspective", "pay"])
    views = {}
    for (area, perspective), rows in by(curve, "area_id", "perspective"):
        shown = rows.sort_values("pay").reset_index(drop=True)
        top = dict(shown.sort_values("evpi", ascending=False, kind="stable").iloc[0])
        text = (
            f"{told.names[area]}, {perspective}. Knowing every uncertain figure would be worth at most "
            f"{words.money(top['evpi'], top['currency'])}, at {words.money(top['pay'], top['currency'])} for a QALY. "
            f"Prices: {told.basis[area]}."
        )
        unit = told.unit(area, shown, "Value")
        views[f"{area}|{perspective}"] = View(shown, text, told.source[area], unit)
    return Chart(
        "ce-information",
        "What better evidence would be worth",
        ef.perfect_information(),
        [Column("pay", "For a QALY", "n0"), Column("evpi", "Value of perfect information", "n0"),
         Column("currency", "Currency")],
        views,
        "",
        controls,
        note="Expected value of perfect information for the whole place and horizon: no study is worth more than "
        "this.",
        height=320,
        split=True,
    )  # fmt: skip


def _tornado(told: _Told, frame: pd.DataFrame, place: Control) -> Chart:
    frame = frame.assign(name=[words.parameter(str(one)) for one in frame["parameter_id"]])
    labels = dict(series(frame))
    views = {}
    for (area, strategy), rows in by(frame, "area_id", "strategy"):
        width = (pd.to_numeric(rows["at_high"]) - pd.to_numeric(rows["at_low"])).abs()
        seen = width >= max(LEAST_WIDTH, LEAST_SHARE * float(width.max()))
        if not seen.any():
            continue
        widest = rows.assign(_width=width)[seen].sort_values(["_width", "name"], ascending=[False, True], kind="stable")
        shown = widest.head(MOST_DRIVERS).drop(columns="_width").reset_index(drop=True)
        top = shown.iloc[0]
        text = (
            f"{told.names[area]}, {labels[strategy]}. What matters most: {top['name']}. With it at its lower limit, "
            f"{formats.number(top['at_low'], 0)} overdose deaths are averted, at its upper "
            f"{formats.number(top['at_high'], 0)}."
        )
        views[f"{area}|{strategy}"] = View(shown, text, told.source[area])
    default = DEFAULT_STRATEGY if DEFAULT_STRATEGY in labels else next(iter(labels), "")
    return Chart(
        "ce-drivers",
        "Which uncertain figures decide the result",
        ef.tornado(),
        [
            Column("name", "Parameter"),
            Column("low_value", "Lower limit", "n3"),
            Column("high_value", "Upper limit", "n3"),
            Column("at_low", "Deaths averted there", "n1"),
            Column("at_high", "Deaths averted at the upper limit", "n1"),
            Column("at_mean", "Deaths averted at the means", "n1"),
        ],
        views,
        "",
        [place, Control("strategy", "Intervention", options_of(labels.items()), default)],
        note=f"{words.KEY} Overdose deaths averted over the horizon, one parameter at a time at its 2.5% and 97.5% "
        f"quantile and the others at their means; at most the {MOST_DRIVERS} widest.",
        height=96,
        row_height=32,
        split=True,
    )


def _budgets(told: _Told, frame: pd.DataFrame, place: Control) -> Chart:
    # What is not bought is what is left of the levels that are.
    frame = frame[frame["level"].ne("none")].reset_index(drop=True)
    levels = zip(frame["intervention_id"], frame["level"], strict=True)
    frame = frame.assign(
        name=[f"{words.intervention(str(one))}, {words.level(level)}" for one, level in levels],
        probability=frame["probability_chosen"],
        chosen=["in the best portfolio" if flag is True or flag == 1 else "not in it" for flag in frame["is_chosen"]],
    )
    views = {}
    for (area,), rows in by(frame, "area_id"):
        budgets = sorted(set(rows["budget"]))
        for (key, _), budget in zip(BUDGET_NAMES, budgets, strict=False):
            found = rows[rows["budget"].eq(budget)]
            shown = found.sort_values(["probability", "name"], ascending=[False, True], kind="stable")
            best = [str(name) for name in shown.loc[shown["chosen"].eq("in the best portfolio"), "name"]]
            bought = formats.sentence_list(best) or "nothing"
            first = shown.iloc[0]
            text = (
                f"{told.names[area]}. A budget of {words.money(budget, first['currency'])} over the horizon buys the "
                f"most QALYs ({formats.number(first['portfolio_qalys'], 0)}) with: {bought}. "
                f"Prices: {told.basis[area]}."
            )
            views[f"{area}|{key}"] = View(shown.reset_index(drop=True), text, told.source[area])
    return Chart(
        "ce-budget",
        "What a budget buys best",
        ef.chosen_dots(),
        [
            STRATEGY,
            Column("probability", "Share of draws that buy it", "n2"),
            Column("chosen", "Best portfolio at the means"),
            Column("budget", "Budget", "n0"),
            Column("portfolio_cost", "Cost of the best portfolio", "n0"),
            Column("portfolio_qalys", "Its QALYs", "n0"),
            Column("currency", "Currency"),
        ],
        views,
        "",
        [place, Control("budget", "Budget", options_of(BUDGET_NAMES), "middle")],
        note=f"{words.KEY} Health system, discounted. Single interventions, their effects added: together they may "
        "do less. The three budgets are a tenth, a quarter and a half of what every intervention at its "
        "highest level would cost.",
        height=96,
        row_height=34,
        split=True,
    )
