"""Skeletons of charts whose axis does not start at zero: ratios around one, pairs of shares, dates of laws."""

import math
from typing import Any

import plotly.graph_objects as go

from dashboards import formats, theme
from dashboards.figures import skeleton

NO_EFFECT = 1.0
_MARKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Marks of a logarithmic axis."""

Kind = tuple[str, str, str, str]
"""A kind of mark: value in the rows, label, symbol, colour."""

DESIGNS: tuple[Kind, ...] = (
    ("review", "Review or pooled analysis", "circle", theme.BLUE),
    ("study", "Single study", "diamond", theme.RUST),
    ("input", "Input of another model", "square-open", theme.ROSE),
)
LAW_MARKS = ("circle", "diamond", "square", "triangle-up", "x")


def _bars(colour: str) -> dict[str, Any]:
    return {"type": "data", "symmetric": False, "thickness": 1.4, "width": 0, "color": colour}


def _mark(colour: str, symbol: str) -> dict[str, Any]:
    return {"symbol": symbol, "size": 9, "color": colour, "line": {"width": 1.6, "color": colour}}


def _hollow(symbol: str) -> dict[str, Any]:
    return {"marker.symbol": ["map", "provisional", {"final": symbol, "provisional": f"{symbol}-open"}]}


def _names() -> dict[str, Any]:
    return {
        "type": "category", "showgrid": True, "gridcolor": "#f1f3f6", "tickfont": {"color": theme.INK},
        "tickmode": "linear", "dtick": 1, "ticklabelstandoff": 6,
    }  # fmt: skip


def _reasons(start: float) -> go.Scatter:
    """Write why a row has no mark, where its mark would begin."""
    return go.Scatter(
        mode="text", showlegend=False, textposition="middle right", texttemplate=" %{text}", cliponaxis=False,
        textfont={"size": 11, "color": theme.QUIET},
        meta={
            "where": {"role": ["none"]},
            "bind": {"x": ["constant", "name", start], "y": "name", "text": "status_word"},
        },
    )  # fmt: skip


def axis_ends(values: list[float], logarithmic: bool) -> dict[str, Any]:
    """Choose the ends and the marks of a value axis, so that every value and the line of no effect lie inside.

    Args:
        values: Every value and limit to be drawn; on a logarithmic axis those above zero count.
        logarithmic: Whether equal steps are equal ratios; then one is always inside, otherwise it is a percentage.
    """
    if not logarithmic:
        return {
            "log": False, "low": 0.0, "high": 100.0, "line": None,
            "marks": [(at, f"{at}%") for at in range(0, 101, 20)],
        }  # fmt: skip
    known = [value for value in values if not formats.is_missing(value) and value > 0]
    low, high = min([*known, NO_EFFECT]) / 1.15, max([*known, NO_EFFECT]) * 1.15
    inside = [at for at in _MARKS if low <= at <= high]
    if len(inside) < 3:
        step = max(at for at in _MARKS if at < low), min(at for at in _MARKS if at > high)
        low, high, inside = step[0], step[1], [step[0], *inside, step[1]]
    # The wider the axis, the fewer marks fit beside each other on a phone.
    width = math.log10(high / low)
    leading = "125" if width <= 1.8 else "15" if width <= 2.8 else "1"
    kept = [at for at in inside if f"{at:e}"[0] in leading]
    return {
        "log": True, "low": low, "high": high, "marks": [(at, f"{at:g}") for at in kept], "line": NO_EFFECT,
    }  # fmt: skip


def forest(unit: str, ends: dict[str, Any], kinds: tuple[Kind, ...] = DESIGNS, provisional: bool = False) -> go.Figure:
    """Show one estimate with its interval in each row, around the line of no effect; kinds of rows by symbol.

    Args:
        unit: Title of the value axis.
        ends: What ``axis_ends`` chose.
        kinds: Kinds of marks, by the column ``kind``.
        provisional: Whether marks of provisional rows are hollow.
    """
    traces: list[Any] = [
        go.Scatter(
            name=label, mode="markers", cliponaxis=False, error_x=_bars(colour), marker=_mark(colour, symbol),
            meta={
                "where": {"kind": [kind], "role": ["place"]},
                "bind": {
                    "x": "value", "y": "name", "error_x.array": ["minus", "upper", "value"],
                    "error_x.arrayminus": ["minus", "value", "arm"],
                    **(_hollow(symbol) if provisional else {}),
                },
            },
        )
        for kind, label, symbol, colour in kinds
    ]  # fmt: skip
    change = math.log10 if ends["log"] else float
    axis: dict[str, Any] = {
        "title": {"text": formats.label(unit)}, "side": "top", "type": "log" if ends["log"] else "linear",
        "range": [change(ends["low"]), change(ends["high"])], "tickmode": "array",
        "tickvals": [at for at, _ in ends["marks"]], "ticktext": [label for _, label in ends["marks"]],
    }  # fmt: skip
    line = {
        "type": "line", "x0": ends["line"], "x1": ends["line"], "yref": "paper", "y0": 0, "y1": 1, "layer": "below",
        "line": {"color": theme.INK, "width": 1.2},
    }  # fmt: skip
    return skeleton(
        [*traces, _reasons(ends["low"])],
        xaxis=axis,
        yaxis=_names(),
        margin={"t": 96, "b": 12},
        legend={"y": 1, "yref": "container", "yanchor": "top"},
        shapes=[] if ends["line"] is None else [line],
        meta={
            "bind": {"yaxis.categoryarray": "name"}, "categories": "yaxis", "wrap": True, "ends": ends,
        },
    )  # fmt: skip


def pairs(unit: str, first: str, second: str) -> go.Figure:
    """Show two shares of each place in one row: people who inject drugs, and everyone.

    Args:
        unit: Title of the value axis.
        first: Label of the column ``value``.
        second: Label of the column ``other``.
    """
    ends = axis_ends([], False)
    traces = [
        go.Scatter(
            name=formats.label(label), mode="markers", cliponaxis=False, marker=_mark(colour, symbol),
            meta={"bind": {"x": column, "y": "name"}},
        )
        for column, label, symbol, colour in (
            ("other", second, "diamond-open", theme.RUST), ("value", first, "circle", theme.BLUE),
        )
    ]  # fmt: skip
    return skeleton(
        traces,
        xaxis={"title": {"text": formats.label(unit)}, "side": "top", "range": [0, 100]},
        yaxis=_names(),
        margin={"t": 84, "b": 12},
        legend={"y": 1, "yref": "container", "yanchor": "top"},
        meta={"bind": {"yaxis.categoryarray": "name"}, "categories": "yaxis", "ends": ends},
    )


def steps(unit: str) -> go.Figure:
    """Show the steps of a cascade of care as bars from the first step down, each with its interval."""
    trace = go.Bar(
        orientation="h", width=0.62, marker={"color": theme.BLUE}, textposition="inside", insidetextanchor="start",
        texttemplate=" %{text}", textfont={"size": 13, "color": "#ffffff"}, constraintext="none", textangle=0,
        error_x=_bars(theme.ORANGE),
        meta={
            "bind": {
                "x": "value", "y": "name", "text": "percent", "error_x.array": ["minus", "upper", "value"],
                "error_x.arrayminus": ["minus", "value", "lower"],
            }
        },
    )  # fmt: skip
    return skeleton(
        [trace],
        xaxis={"title": {"text": formats.label(unit)}, "rangemode": "tozero"},
        yaxis={"type": "category", "showgrid": False, "tickfont": {"color": theme.INK, "size": 13}},
        meta={"bind": {"yaxis.categoryarray": "name"}, "categories": "yaxis", "wrap": True, "unit": "xaxis.title.text"},
    )


def law_dates(laws: list[tuple[str, str]], first: int, last: int) -> go.Figure:
    """Show, for each place, the year from which each law was in force.

    Args:
        laws: Column and label of each law.
        first: Year the axis starts with.
        last: Year the axis ends with.
    """
    years = list(range(first, last + 1))
    # A law without a date has no mark, so its column is empty there.
    traces = [
        go.Scatter(
            name=formats.label(label), mode="markers", cliponaxis=False,
            marker={"symbol": f"{LAW_MARKS[at % 5]}-open" if LAW_MARKS[at % 5] != "x" else "x-thin-open", "size": 10,
                    "color": theme.SERIES[at % 6], "line": {"width": 2, "color": theme.SERIES[at % 6]}},
            meta={"bind": {"x": column, "y": "name"}},
        )
        for at, (column, label) in enumerate(laws)
    ]  # fmt: skip
    stride = 4
    ends = {
        "log": False, "low": first, "high": last + 1, "line": None,
        "marks": [(year, str(year)) for year in years[::stride]],
    }  # fmt: skip
    return skeleton(
        traces,
        xaxis={
            "title": {"text": "law in force since"}, "side": "top", "range": [first, last + 1], "tickmode": "array",
            "tickvals": years[::stride], "ticktext": [str(year) for year in years[::stride]],
        },
        yaxis=_names(),
        margin={"t": 128, "b": 12},
        legend={"y": 1, "yref": "container", "yanchor": "top"},
        meta={"bind": {"yaxis.categoryarray": "name"}, "categories": "yaxis", "ends": ends},
    )  # fmt: skip


def rate_and_laws(unit: str) -> go.Figure:
    """Show a rate over time with its interval, and stand a stem at each year in which a law came into force."""
    traces = [
        go.Scatter(
            name="95% interval", mode="lines", fill="toself", hoverinfo="skip", fillcolor="rgba(21,86,149,0.16)",
            line={"width": 0, "color": theme.BLUE},
            meta={"bind": {"xy": ["band", "date", "lower", "upper", "series_break"]}, "quiet": True},
        ),
        go.Scatter(
            name="Rate", mode="lines+markers", connectgaps=False, line={"color": theme.BLUE, "width": 2},
            marker={"size": 6, "color": theme.BLUE},
            meta={
                "breaks": "series_break",
                "bind": {
                    "x": "date", "y": "value",
                    "marker.symbol": ["map", "provisional", {"final": "circle", "provisional": "circle-open"}],
                },
            },
        ),
        go.Scatter(
            name="A law came into force in this year", mode="markers", cliponaxis=False,
            marker={"symbol": "diamond", "size": 12, "color": theme.ORANGE, "line": {"width": 1, "color": theme.INK}},
            error_y={"type": "data", "symmetric": False, "thickness": 1.6, "width": 0, "color": theme.ORANGE},
            meta={
                "where": {"law_came": ["yes"]},
                "bind": {
                    "x": "date", "y": "value", "error_y.array": ["minus", "zero", "zero"],
                    "error_y.arrayminus": ["minus", "value", "zero"],
                },
            },
        ),
    ]  # fmt: skip
    return skeleton(
        traces,
        xaxis={"type": "date", "showgrid": False, "showline": True, "ticks": "outside", "hoverformat": "%Y"},
        yaxis={"title": {"text": formats.label(unit)}, "rangemode": "tozero"},
        legend={"y": -0.1, "yanchor": "top"},
        margin={"t": 12, "b": 84},
        hovermode="closest",
        meta={"unit": "yaxis.title.text", "legendRows": 2},
    )
