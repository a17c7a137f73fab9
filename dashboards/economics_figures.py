"""Skeletons of charts on cost-effectiveness, bound like the others (see figures)."""

import math
from typing import Any

import plotly.graph_objects as go

from dashboards import formats, theme
from dashboards.figures import skeleton

LOWEST_AMOUNT, HIGHEST_AMOUNT = 1_000, 100_000_000
"""Ends of the axis of amounts for a unit of health; the same for every place, so that places compare."""

NO_SKETCH = {"sketch": False}
"""Said by figures that the plain drawing cannot show; their table stands in."""


def _bars(colour: str) -> dict[str, Any]:
    return {"type": "data", "symmetric": False, "thickness": 1.4, "width": 0, "color": colour}


def _arms(lower: str = "lower") -> dict[str, Any]:
    return {"error_x.array": ["minus", "upper", "value"], "error_x.arrayminus": ["minus", "value", lower]}


def _mark(colour: str, symbol: str) -> dict[str, Any]:
    return {"symbol": symbol, "size": 9, "color": colour, "line": {"width": 1.6, "color": colour}}


def _reasons(start: float) -> go.Scatter:
    return go.Scatter(
        mode="text",
        showlegend=False,
        textposition="middle right",
        texttemplate=" %{text}",
        textfont={"size": 11, "color": theme.QUIET},
        cliponaxis=False,
        meta={"where": {"role": ["none"]}, "bind": {"x": ["constant", "name", start], "y": "name", "text": "short"}},
    )


def strategy_dots(unit: str, logarithmic: bool = False) -> go.Figure:
    """Show one dot with its interval for each strategy, highest first; today's services in another colour.

    Args:
        unit: Title of the value axis.
        logarithmic: Whether the axis is logarithmic, with the same ends for every place; arms that reach zero or less
            are then not drawn to their end.
    """
    kinds = (
        ("strategy", "circle", theme.BLUE, "More of a service, against today"),
        ("today", "diamond", theme.RUST, "Today's services, against none"),
    )
    traces = [
        go.Scatter(
            name=label,
            mode="markers",
            cliponaxis=False,
            error_x=_bars(colour),
            marker=_mark(colour, symbol),
            meta={
                "where": {"role": [role]},
                "bind": {"x": "value", "y": "name", **_arms("arm" if logarithmic else "lower")},
            },
        )
        for role, symbol, colour, label in kinds
    ]
    axis: dict[str, Any] = {"title": {"text": formats.label(unit)}, "side": "top"}
    if logarithmic:
        axis |= {
            "type": "log",
            "range": [math.log10(0.955 * LOWEST_AMOUNT), math.log10(HIGHEST_AMOUNT)],
            "dtick": 1,
            "exponentformat": "B",
        }
    else:
        axis |= {"zeroline": True, "zerolinecolor": "#aab3bf", "rangemode": "tozero", "separatethousands": True}
    meta = {"bind": {"yaxis.categoryarray": "name"}, "categories": "yaxis", "unit": "xaxis.title.text"}
    return skeleton(
        [*traces, _reasons(LOWEST_AMOUNT if logarithmic else 0)],
        xaxis=axis,
        yaxis=_names(),
        margin={"t": 84, "b": 12},
        legend={"y": 1, "yref": "container", "yanchor": "top"},
        meta={**meta, **(NO_SKETCH if logarithmic else {})},
    )


def _names() -> dict[str, Any]:
    return {
        "type": "category",
        "showgrid": True,
        "gridcolor": "#f1f3f6",
        "tickfont": {"color": theme.INK},
        "tickmode": "linear",
        "dtick": 1,
    }


def series_style(at: int) -> tuple[str, str, str]:
    """Give colour, symbol and dash of a series: after six, colours come again with other symbols and dashes."""
    turn = at // 6
    return theme.SERIES[at % 6], theme.SYMBOLS[(at + turn) % 6], theme.DASHES[(at + 2 * turn) % 6]


def plane(series: list[tuple[str, str]]) -> go.Figure:
    """Show draws of the cost-effectiveness plane: QALYs gained and cost added against today, one mark each.

    Args:
        series: Value and label of each strategy, in the order of their colours.
    """
    traces = []
    for at, (value, label) in enumerate(series):
        colour, symbol, _ = series_style(at)
        traces.append(
            go.Scatter(
                name=formats.label(label),
                mode="markers",
                marker={"symbol": symbol, "size": 6, "color": colour, "opacity": 0.65},
                meta={"where": {"strategy": [value]}, "bind": {"x": "qalys", "y": "cost"}},
            )
        )
    zero = {"zeroline": True, "zerolinecolor": theme.INK, "zerolinewidth": 1}
    return skeleton(
        traces,
        xaxis={"title": {"text": "QALYs gained against today"}, "separatethousands": True, **zero},
        yaxis={"title": {"text": ""}, "exponentformat": "B", **zero},
        legend={"y": -0.13, "yanchor": "top"},
        margin={"t": 12, "b": 112},
        meta={"unit": "yaxis.title.text", "legendRows": len(series) - 2, **NO_SKETCH},
    )


def acceptability(series: list[tuple[str, str]]) -> go.Figure:
    """Show how likely each strategy is the best for a willingness to pay; marks where it is the best on average."""
    traces: list[Any] = []
    for at, (value, label) in enumerate(series):
        colour, symbol, dash = series_style(at)
        traces.append(
            go.Scatter(
                name=formats.label(label),
                mode="lines+markers",
                line={"color": colour, "width": 2, "dash": dash},
                marker={"symbol": symbol, "size": 5, "color": colour},
                meta={"where": {"strategy": [value]}, "bind": {"x": "pay", "y": "probability"}},
            )
        )
    traces.append(
        go.Scatter(
            name="Frontier: the best on average",
            mode="markers",
            hoverinfo="skip",
            marker={"symbol": "circle-open", "size": 13, "color": theme.INK, "line": {"width": 1.6}},
            meta={"where": {"frontier": ["best on average"]}, "bind": {"x": "pay", "y": "probability"}, "quiet": True},
        )
    )
    return skeleton(
        traces,
        xaxis={"title": {"text": "Willingness to pay for a QALY"}, "tickformat": ",.0f", "rangemode": "tozero"},
        yaxis={"title": {"text": "probability of being the best"}, "range": [0, 1.03], "tickformat": ".0%"},
        legend={"y": -0.13, "yanchor": "top"},
        margin={"t": 12, "b": 112},
        meta={"unit": "xaxis.title.text", "legendRows": len(series) - 1},
    )


def perfect_information() -> go.Figure:
    """Show what knowing every parameter would be worth, by the willingness to pay."""
    trace = go.Scatter(
        mode="lines+markers",
        line={"color": theme.BLUE, "width": 2},
        marker={"size": 6, "color": theme.BLUE},
        meta={"bind": {"x": "pay", "y": "evpi"}},
    )
    return skeleton(
        [trace],
        xaxis={"title": {"text": "Willingness to pay for a QALY"}, "tickformat": ",.0f", "rangemode": "tozero"},
        yaxis={"title": {"text": ""}, "exponentformat": "B", "rangemode": "tozero"},
        margin={"t": 16},
        meta={"unit": "yaxis.title.text"},
    )


def tornado() -> go.Figure:
    """Show overdose deaths averted with one parameter at its lower and at its upper limit, widest first."""
    kinds = (
        ("low", "at_low", "Parameter at its lower limit", theme.ORANGE, "/"),
        ("high", "at_high", "Parameter at its upper limit", theme.BLUE, ""),
    )
    traces = [
        go.Bar(
            name=label,
            orientation="h",
            width=0.6,
            marker={
                "color": colour,
                "pattern": {"shape": pattern, "size": 5, "solidity": 0.25, "fgcolor": "#ffffff", "fillmode": "overlay"},
            },
            meta={"bind": {"x": ["minus", column, "at_mean"], "base": "at_mean", "y": "name"}},
        )
        for _, column, label, colour, pattern in kinds
    ]
    return skeleton(
        traces,
        barmode="overlay",
        xaxis={"title": {"text": "overdose deaths averted"}, "side": "top", "separatethousands": True},
        yaxis=_names(),
        margin={"t": 84, "b": 12},
        legend={"y": 1, "yref": "container", "yanchor": "top"},
        meta={"bind": {"yaxis.categoryarray": "name"}, "categories": "yaxis", **NO_SKETCH},
    )


def chosen_dots() -> go.Figure:
    """Show how often each level is bought over all draws; filled where the best portfolio at the means has it."""
    kinds = (
        ("in the best portfolio", "circle", theme.BLUE, "In the best portfolio at the means"),
        ("not in it", "circle-open", theme.RUST, "Not in it"),
    )
    traces = [
        go.Scatter(
            name=label,
            mode="markers",
            cliponaxis=False,
            marker=_mark(colour, symbol),
            meta={"where": {"chosen": [word]}, "bind": {"x": "probability", "y": "name"}},
        )
        for word, symbol, colour, label in kinds
    ]
    return skeleton(
        traces,
        xaxis={"title": {"text": "share of draws that buy it"}, "side": "top", "range": [0, 1], "tickformat": ".0%"},
        yaxis=_names(),
        margin={"t": 84, "b": 12},
        legend={"y": 1, "yref": "container", "yanchor": "top"},
        meta={"bind": {"yaxis.categoryarray": "name"}, "categories": "yaxis", **NO_SKETCH},
    )
