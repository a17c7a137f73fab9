"""Colours, type and the one plotly template that every figure uses."""

import functools

import plotly.graph_objects as go
import plotly.io as pio

# At least 3.1:1 on white and told apart in normal vision and three kinds of colour blindness; never used alone:
# a symbol, a dash or a word says the same.
BLUE, ORANGE, PLUM, SKY, RUST, ROSE = "#155695", "#f46225", "#442132", "#1c9ad3", "#8e2c01", "#9c6d73"
SERIES = (BLUE, ORANGE, PLUM, SKY, RUST, ROSE)
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "x", "cross")
INK, QUIET, RULE, LAND = "#1b2430", "#566171", "#e3e7ec", "#eef0f3"
SCALE = [[0.0, "#e6eff7"], [0.35, "#8fb8db"], [0.7, "#155695"], [1.0, "#0a2743"]]
FONT = '-apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Liberation Sans", sans-serif'

TEMPLATE = "hre"


@functools.cache
def template() -> str:
    """Register the template, once, and give its name."""
    axis = {
        "showgrid": True,
        "gridcolor": RULE,
        "gridwidth": 1,
        "zeroline": False,
        "linecolor": "#aab3bf",
        "tickfont": {"size": 12, "color": QUIET},
        "title": {"font": {"size": 12, "color": QUIET}, "standoff": 10},
        "automargin": True,
        "fixedrange": True,
        "ticks": "",
    }
    layout = go.Layout(
        font={"family": FONT, "size": 13, "color": INK},
        paper_bgcolor="#ffffff",
        plot_bgcolor="#ffffff",
        colorway=list(SERIES),
        margin={"l": 8, "r": 16, "t": 34, "b": 44, "pad": 2},
        xaxis=axis,
        yaxis=axis,
        dragmode=False,
        hovermode="closest",
        hoverlabel={
            "bgcolor": "#ffffff",
            "bordercolor": "#aab3bf",
            "font": {"size": 12, "color": INK},
            "align": "left",
        },
        legend={
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.0,
            "yanchor": "bottom",
            "font": {"size": 12},
            "itemclick": False,
            "itemdoubleclick": False,
        },
        geo={"bgcolor": "#ffffff", "showframe": False, "landcolor": LAND, "fitbounds": False},
        colorscale={"sequential": SCALE},
        separators=".,",
    )
    pio.templates[TEMPLATE] = go.layout.Template(layout=layout)
    return TEMPLATE
