"""Skeletons of charts over time, bound like the others (see figures)."""

from typing import Any

import plotly.graph_objects as go

from dashboards import formats, theme
from dashboards.figures import skeleton


def reported_and_predicted(unit: str) -> go.Figure:
    """Show reported and predicted values of overlapping windows over time; provisional ones are hollow."""
    provisional = {"final": "circle", "provisional": "circle-open"}
    traces = [
        go.Scatter(
            name="Predicted, adjusted for late reports",
            mode="lines",
            line={"color": theme.ORANGE, "width": 2, "dash": "dash"},
            hoverinfo="skip",
            meta={"bind": {"x": "date", "y": "predicted"}},
        ),
        go.Scatter(
            name="Reported (hollow: provisional)",
            mode="lines+markers",
            line={"color": theme.BLUE, "width": 2},
            marker={"size": 5.5, "color": theme.BLUE},
            meta={"bind": {"x": "date", "y": "value", "marker.symbol": ["map", "provisional", provisional]}},
        ),
    ]
    return _time_figure(traces, unit)


def _time_figure(traces: list[Any], unit: str, **layout: Any) -> go.Figure:
    return skeleton(
        traces,
        **{
            "xaxis": {"type": "date", "showgrid": False, "showline": True, "ticks": "outside", "hoverformat": "%B %Y"},
            "yaxis": {"title": {"text": formats.label(unit)}, "rangemode": "tozero", "separatethousands": True},
            "hovermode": "x",
            **layout,
        },
    )


def value_over_time(unit: str, label: str = "Value") -> go.Figure:
    """Show one series with its interval as a band; provisional points are hollow, gaps stay gaps.

    The line is not drawn across a break in the series: what lies on both sides is not one trend.
    """
    traces = [
        go.Scatter(
            name="95% interval",
            mode="lines",
            fill="toself",
            line={"width": 0, "color": theme.BLUE},
            hoverinfo="skip",
            fillcolor="rgba(21,86,149,0.16)",
            meta={"bind": {"xy": ["band", "date", "lower", "upper", "series_break"]}, "quiet": True},
        ),
        go.Scatter(
            name=label,
            mode="lines+markers",
            line={"color": theme.BLUE, "width": 2},
            marker={"size": 7, "color": theme.BLUE},
            connectgaps=False,
            meta={
                "breaks": "series_break",
                "bind": {
                    "x": "date",
                    "y": "value",
                    "marker.symbol": ["map", "provisional", {"final": "circle", "provisional": "circle-open"}],
                },
            },
        ),
    ]
    return _time_figure(traces, unit, meta={"unit": "yaxis.title.text"})


def groups_over_time(unit: str, column: str, groups: list[tuple[str, str]]) -> go.Figure:
    """Show one line for each group, told apart by colour, dash and symbol; provisional points are hollow.

    Windows stand side by side under their names: a date axis would set a window that ends in December at the next year.
    """
    traces = []
    for at, (value, label) in enumerate(groups):
        colour, symbol = theme.SERIES[at % 6], theme.SYMBOLS[at % 6]
        marks = {"final": symbol, "provisional": f"{symbol}-open"}
        traces.append(
            go.Scatter(
                name=formats.label(label),
                mode="lines+markers",
                connectgaps=False,
                line={"color": colour, "width": 2, "dash": theme.DASHES[at % 6]},
                marker={"size": 7, "color": colour},
                meta={
                    "where": {column: [value]},
                    "bind": {"x": "label", "y": "value", "marker.symbol": ["map", "provisional", marks]},
                },
            )
        )
    # The legend wraps over several lines, so it gets the space below the axis.
    return _time_figure(
        traces,
        unit,
        xaxis={"type": "category", "showgrid": False, "showline": True},
        legend={"y": -0.1, "yanchor": "top"},
        hovermode="closest",
        margin={"t": 12, "b": 84},
        meta={"legendRows": len(groups)},
    )


def visits_and_sites() -> go.Figure:
    """Show visits by month above the number of sites that reported them: the panel of sites changes."""
    traces = [
        go.Scatter(
            name="Visits",
            mode="lines+markers",
            line={"color": theme.BLUE, "width": 2},
            marker={"size": 5, "color": theme.BLUE},
            meta={
                "bind": {
                    "x": "date",
                    "y": "value",
                    "marker.symbol": ["map", "provisional", {"final": "circle", "provisional": "circle-open"}],
                }
            },
        ),
        go.Scatter(
            name="Sites reporting",
            mode="lines",
            line={"color": theme.RUST, "width": 2, "shape": "hvh"},
            yaxis="y2",
            hoverinfo="skip",
            meta={"bind": {"x": "date", "y": "sites"}},
        ),
    ]
    return _time_figure(
        traces,
        "visits in the month",
        yaxis={"title": {"text": "visits in the month"}, "rangemode": "tozero", "domain": [0.36, 1]},
        yaxis2={
            "title": {"text": "sites"},
            "rangemode": "tozero",
            "domain": [0, 0.24],
            "gridcolor": theme.RULE,
            "automargin": True,
            "fixedrange": True,
            "zeroline": False,
            "tickfont": {"size": 12, "color": theme.QUIET},
            "nticks": 4,
        },
        xaxis={"type": "date", "showgrid": False, "anchor": "y2", "hoverformat": "%B %Y"},
    )
