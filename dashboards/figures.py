"""Figure skeletons: one function for each kind of chart, without data.

A trace's ``meta`` names the rows (``where``: column to accepted values) and the columns (``bind``: attribute to column)
that it draws. A bound attribute is a column name, or one of these, which the page's script resolves:
``["minus", a, b]`` the length of an interval's arm, ``["map", column, {value: attribute}]`` a symbol for a word,
``["band", x, lower, upper, break]`` a band, split where a limit is missing or a series breaks, so that
it never bridges a gap.
"""

from typing import Any

import plotly.graph_objects as go

from dashboards import formats, theme

TARGET_MARKS = {"met": "circle", "not_met": "triangle-down-open", "undetermined": "diamond", "no_target": "circle"}
TARGET_COLOURS = {
    "met": theme.BLUE,
    "not_met": theme.ORANGE,
    "undetermined": theme.PLUM,
    "no_target": theme.BLUE,
}


def skeleton(traces: list[Any], **layout: Any) -> go.Figure:
    """Make a figure of traces with the one template."""
    return go.Figure(data=traces, layout={"template": theme.template(), **layout})


def _interval_bars(colour: str) -> dict[str, Any]:
    return {"type": "data", "symmetric": False, "thickness": 1.4, "width": 0, "color": colour}


def _interval_bind(axis: str) -> dict[str, Any]:
    return {f"error_{axis}.array": ["minus", "upper", "value"], f"error_{axis}.arrayminus": ["minus", "value", "lower"]}


def _target_dots(target: float) -> list[go.Scatter]:
    return [
        go.Scatter(
            name=f"Target of {formats.number(target)}: {formats.TARGET_WORDS[status]}",
            mode="markers",
            cliponaxis=False,
            error_x=_interval_bars(TARGET_COLOURS[status]),
            marker=_dot(TARGET_COLOURS[status], TARGET_MARKS[status]),
            meta={"where": {"target_status": [status]}, "bind": {"x": "value", "y": "name", **_interval_bind("x")}},
        )
        for status in ("met", "undetermined", "not_met")
    ]


def _dot(colour: str, symbol: str = "circle") -> dict[str, Any]:
    return {"symbol": symbol, "size": 9, "color": colour, "line": {"width": 1.6, "color": colour}}


def _place_dots(reference: str) -> list[go.Scatter]:
    kinds = (("place", "circle", theme.BLUE, "Place"), ("reference", "diamond", theme.RUST, reference))
    return [
        go.Scatter(
            name=formats.label(label),
            mode="markers",
            cliponaxis=False,
            error_x=_interval_bars(colour),
            showlegend=bool(reference),
            marker=_dot(colour),
            meta={
                "where": {"role": [role]},
                "bind": {
                    "x": "value",
                    "y": "name",
                    **_interval_bind("x"),
                    "marker.symbol": ["map", "provisional", {"final": symbol, "provisional": f"{symbol}-open"}],
                },
            },
        )
        for role, symbol, colour, label in kinds
        if label
    ]


def _reasons(start: float) -> go.Scatter:
    """Write why a place has no number, where its dot would be."""
    return go.Scatter(
        mode="text",
        showlegend=False,
        textposition="middle right",
        texttemplate=" %{text}",
        textfont={"size": 11, "color": theme.QUIET},
        meta={
            "where": {"role": ["none"]},
            "bind": {"x": ["constant", "name", start], "y": "name", "text": "status_word"},
        },
    )


def ranked_dots(
    unit: str,
    lines: list[tuple[float, str]] | None = None,
    target: float | None = None,
    reference: str = "",
    start: float = 0,
) -> go.Figure:
    """Show one dot with its interval for each place, highest first.

    Args:
        unit: Title of the value axis.
        lines: Targets to draw, each with its label.
        target: The target that marks say is met or not; without one they say if the value is provisional.
        reference: Name of the row to draw in another colour, such as the national value.
        start: Where the value axis starts.
    """
    marks = _place_dots(reference) if target is None else _target_dots(target)
    traces = [*marks, _reasons(start)]
    shapes, notes = _target_lines(lines or [])
    return skeleton(
        traces,
        xaxis={"title": {"text": formats.label(unit)}, "side": "top", "rangemode": "tozero", "range": [start, None]},
        yaxis={
            "type": "category",
            "showgrid": True,
            "gridcolor": "#f1f3f6",
            "tickfont": {"color": theme.INK},
            "tickmode": "linear",
            "dtick": 1,
            # A dot at zero would cover the end of its place's name.
            "ticklabelstandoff": 6,
        },
        margin={"t": 84 if target is None else 96, "b": (28 + 14 * (len(notes) > 1)) if notes else 12},
        legend={"y": 1, "yref": "container", "yanchor": "top"},
        shapes=shapes,
        annotations=notes,
        meta={"bind": {"yaxis.categoryarray": "name"}, "categories": "yaxis", "unit": "xaxis.title.text"},
    )


def _target_lines(lines: list[tuple[float, str]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    shapes = [
        {
            "type": "line",
            "x0": at,
            "x1": at,
            "yref": "paper",
            "y0": 0,
            "y1": 1,
            "layer": "below",
            "line": {"color": theme.INK, "width": 1.2, "dash": "dash"},
        }
        for at, _ in lines
    ]
    notes = [
        {
            "x": at,
            "yref": "paper",
            "y": 0,
            "yanchor": "top",
            "xanchor": "center",
            "text": formats.label(label),
            "showarrow": False,
            "font": {"size": 11, "color": theme.INK},
            "bgcolor": "#ffffff",
            # Two targets can stand close together on a phone: every other label goes one line lower.
            "yshift": -14 * (number % 2),
        }
        for number, (at, label) in enumerate(lines)
    ]
    return shapes, notes


def coverage_scatter(x_unit: str, y_unit: str, x_line: float | None, y_line: float | None) -> go.Figure:
    """Show two coverages of one place against each other, with both targets."""
    line = {"color": theme.INK, "width": 1.2, "dash": "dash"}
    shapes = []
    if x_line is not None:
        shapes.append(
            {
                "type": "line",
                "x0": x_line,
                "x1": x_line,
                "yref": "paper",
                "y0": 0,
                "y1": 1,
                "line": line,
                "layer": "below",
            }
        )
    if y_line is not None:
        shapes.append(
            {
                "type": "line",
                "y0": y_line,
                "y1": y_line,
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "line": line,
                "layer": "below",
            }
        )
    trace = go.Scatter(
        mode="markers+text",
        cliponaxis=False,
        textposition="top center",
        textfont={"size": 11, "color": theme.QUIET},
        marker={"size": 10, "color": theme.BLUE, "opacity": 0.85, "line": {"width": 1, "color": "#ffffff"}},
        meta={"bind": {"x": "syringes", "y": "oat", "text": "mark"}},
    )
    return skeleton(
        [trace],
        xaxis={"title": {"text": formats.label(x_unit)}, "rangemode": "tozero"},
        yaxis={"title": {"text": formats.label(y_unit)}, "rangemode": "tozero"},
        margin={"t": 16},
        shapes=shapes,
    )


def met_bars() -> go.Figure:
    """Show, for each target, how many places meet it, do not, or leave it open."""
    kinds = (
        ("met", "Met", theme.BLUE, ""),
        ("undetermined", "Cannot tell", theme.ROSE, "/"),
        ("not_met", "Not met", "#f3b192", ""),
    )
    traces = [
        go.Bar(
            name=label,
            orientation="h",
            textposition="inside",
            insidetextanchor="middle",
            constraintext="none",
            textangle=0,
            width=0.62,
            marker={
                "color": colour,
                "line": {"color": "#ffffff", "width": 1},
                "pattern": {"shape": pattern, "size": 5, "solidity": 0.25, "fgcolor": "#ffffff", "fillmode": "overlay"},
            },
            textfont={"size": 13, "color": "#ffffff" if status == "met" else theme.INK},
            meta={"bind": {"x": status, "y": "short", "text": status}},
        )
        for status, label, colour, pattern in kinds
    ]
    return skeleton(
        traces,
        barmode="stack",
        xaxis={"title": {"text": "places with a value"}, "rangemode": "tozero"},
        yaxis={
            "type": "category",
            "autorange": "reversed",
            "showgrid": False,
            "tickfont": {"color": theme.INK, "size": 13},
        },
        legend={"traceorder": "normal"},
        meta={"bind": {"yaxis.categoryarray": "short"}, "categories": "yaxis"},
    )
