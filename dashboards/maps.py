"""Map skeletons: US states, and the world with its small countries as dots; bound like the others (see figures)."""

from typing import Any

import plotly.graph_objects as go

from dashboards import formats, theme
from dashboards.figures import skeleton


def us_map(unit: str) -> go.Figure:
    """Show US states on a map; those without a value are grey."""
    shared = {"locationmode": "USA-states", "marker": {"line": {"color": "#ffffff", "width": 0.8}}}
    traces = [
        go.Choropleth(
            colorscale=theme.SCALE,
            colorbar=_colour_bar(unit),
            **shared,
            meta={"where": {"shown": ["value"]}, "bind": {"locations": "code", "z": "value"}},
        ),
        go.Choropleth(
            colorscale=[[0, "#c9ced6"], [1, "#c9ced6"]],
            showscale=False,
            **shared,
            meta={"where": {"shown": ["none"]}, "bind": {"locations": "code", "z": ["constant", "code", 0]}},
        ),
    ]
    geo = {
        "scope": "usa",
        "showlakes": False,
        "projection": {"type": "albers usa"},
        "showland": True,
        "showsubunits": True,
        "subunitcolor": "#ffffff",
        "showcoastlines": False,
        "showcountries": False,
    }
    return _map_figure(traces, geo)


def world_map(unit: str) -> go.Figure:
    """Show countries on a map; those too small to draw are dots, those without a value stay pale."""
    traces = [
        go.Choropleth(
            colorscale=theme.SCALE,
            colorbar=_colour_bar(unit),
            locationmode="ISO-3",
            marker={"line": {"color": "#ffffff", "width": 0.5}},
            meta={"where": {"shown": ["value"]}, "bind": {"locations": "code", "z": "value"}},
        ),
        go.Scattergeo(
            mode="markers",
            showlegend=False,
            marker={"size": 9, "colorscale": theme.SCALE, "line": {"color": theme.INK, "width": 1}},
            meta={"where": {"shown": ["dot"]}, "bind": {"lon": "lon", "lat": "lat", "marker.color": "value"}},
        ),
    ]
    geo = {
        "scope": "world",
        "projection": {"type": "natural earth"},
        "showcountries": True,
        "countrycolor": "#ffffff",
        "showcoastlines": False,
        "showland": True,
        "lataxis": {"range": [-56, 84]},
    }
    return _map_figure(traces, geo)


def _colour_bar(unit: str) -> dict[str, Any]:
    return {
        "orientation": "h",
        "thickness": 10,
        "len": 0.6,
        "x": 0,
        "xanchor": "left",
        "y": 1,
        "yanchor": "bottom",
        "outlinewidth": 0,
        "tickfont": {"size": 11, "color": theme.QUIET},
        "nticks": 6,
        "title": {"text": formats.label(unit), "side": "top", "font": {"size": 12, "color": theme.QUIET}},
    }


def _map_figure(traces: list[Any], geo: dict[str, Any]) -> go.Figure:
    # The script gives every mark the same colours, from zero to the highest value shown.
    return skeleton(
        traces,
        geo={**geo, "fitbounds": False},
        margin={"l": 0, "r": 0, "t": 56, "b": 0},
        meta={"colours": [0, 1], "unit": "colorbar"},
    )
