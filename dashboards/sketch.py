"""The drawing a page shows before its script runs, and without one: the default view as a plain SVG.

It reads the same figure and the same rows as the script does and draws dots, intervals, lines, bands and stacked bars.
Maps have none: their table stands in.
"""

import datetime as dt
import math
from collections.abc import Callable
from typing import Any

from markupsafe import Markup, escape

from dashboards import formats, theme
from dashboards.charts import Chart

WIDTH = 1056
Scale = Callable[[Any], float]
_DASHES = {"dash": "9 6", "dot": "2 4", "dashdot": "9 4 2 4", "longdash": "14 6", "longdashdot": "14 5 2 5"}


def sketch(chart: Chart) -> Markup:
    """Draw the default view of a chart, or nothing where it has no rows, is a map or is not for a plain drawing."""
    view = chart.default_view
    if view is None or chart.map or not len(view.frame):
        return Markup("")
    columns = {name: view.frame[name].tolist() for name in view.frame.columns}
    figure = chart.figure.to_plotly_json()
    if figure["layout"].get("meta", {}).get("sketch") is False:
        return Markup("")
    return _Drawing(figure, columns, chart.pixels()).svg()


class _Drawing:
    """One drawing: scales from the rows, then marks on them."""

    def __init__(self, figure: dict[str, Any], columns: dict[str, list[Any]], height: int) -> None:
        self.traces = [trace for trace in figure["data"] if trace.get("mode") != "text"]
        self.layout, self.columns, self.height = figure["layout"], columns, height
        self.count = len(next(iter(columns.values())))
        margin = self.layout.get("margin", {})
        categories = self.layout.get("meta", {}).get("bind", {}).get("yaxis.categoryarray")
        self.categories = [formats.text(name) for name in columns[categories]] if categories else []
        longest = max((len(name) for name in self.categories), default=0)
        self.left = min(16 + 6.6 * longest, 330) if categories else 64.0
        self.right, self.top = WIDTH - 16.0, float(margin.get("t", 34))
        self.bottom = height - float(margin.get("b", 44))
        self.parts: list[str] = []

    def rows_of(self, trace: dict[str, Any]) -> list[int]:
        where = trace["meta"].get("where", {})
        return [at for at in range(self.count) if all(self.columns[name][at] in kept for name, kept in where.items())]

    def svg(self) -> Markup:
        self._legend()
        kind = self.traces[0].get("type")
        if kind == "bar":
            self._bars()
        elif self.categories:
            self._dots()
        else:
            self._lines()
        body = "".join(self.parts)
        return Markup(
            f'<svg class="sketch" viewBox="0 0 {WIDTH} {self.height}" width="{WIDTH}" height="{self.height}" '
            f'aria-hidden="true" focusable="false" font-size="12" font-family="inherit">{body}</svg>'
        )

    def _legend(self) -> None:
        named = [t for t in self.traces if t.get("name") and t.get("showlegend") is not False and self.rows_of(t)]
        # A legend below the axis has several lines; above it there is room for one.
        below = "legendRows" in self.layout.get("meta", {})
        x, y = self.left, self.bottom + 42.0 if below else 14.0
        for trace in named if len(named) > 1 else []:
            words, colour = str(trace["name"]), _colour(trace)
            if x + 22 + 6.4 * len(words) > WIDTH:
                x, y = self.left, y + 18
            self._line(x, y - 4, x + 16, y - 4, colour, 4)
            self.parts.append(f'<text x="{x + 22:.1f}" y="{y:.1f}" fill="{theme.INK}">{words}</text>')
            x += 44 + 6.4 * len(words)

    def _text(self, x: float, y: float, words: str, anchor: str = "middle", colour: str = theme.QUIET) -> None:
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'
        )

    def _line(self, x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1) -> None:
        self.parts.append(
            f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}" stroke-width="{width}" fill="none"/>'
        )

    def _value_axis_on_top(self, top: float) -> Scale:
        """Draw the value axis of a chart of places, from zero, and give its scale."""
        low = self.bottom
        for at in ticks(top):
            x = self.left + (self.right - self.left) * at / top
            self._line(x, self.top, x, low, theme.RULE)
            self._text(x, self.top - 8, formats.number(at, 0 if top > 5 else 1))
        return lambda value: self.left + (self.right - self.left) * value / top

    def _row_height(self) -> float:
        return (self.bottom - self.top) / len(self.categories)

    def _between_ends(self, ends: dict[str, Any]) -> Scale:
        """Draw a value axis whose ends and marks the figure says itself, logarithmic or not, and give its scale."""
        change: Scale = math.log10 if ends["log"] else float
        low, high = change(ends["low"]), change(ends["high"])

        def place(value: Any) -> float:
            share = (change(value) - low) / (high - low)
            return self.left + (self.right - self.left) * min(max(share, 0.0), 1.0)

        for at, label in ends["marks"]:
            self._line(place(at), self.top, place(at), self.bottom, theme.RULE)
            self._text(place(at), self.top - 8, label)
        if ends.get("line") is not None:
            self._line(place(ends["line"]), self.top, place(ends["line"]), self.bottom, theme.INK, 1.2)
        return place

    def _dots(self) -> None:
        ends = self.layout.get("meta", {}).get("ends")
        known = [value for name in ("value", "upper") for value in self.columns.get(name, [])]
        place = (
            self._between_ends(ends)
            if ends
            else self._value_axis_on_top(_headroom([value for value in known if not formats.is_missing(value)]))
        )
        step = self._row_height()
        middles = [self.top + step * (at + 0.5) for at in range(self.count)]
        for name, middle in zip(self.categories, middles, strict=True):
            self._text(self.left - 8, middle + 4, name, "end", theme.INK)
        for trace in self.traces:
            bind = trace["meta"]["bind"]
            lows, highs = (bind.get(f"error_x.{arm}") for arm in ("arrayminus", "array"))
            for at in self.rows_of(trace):
                value = self.columns[bind["x"]][at]
                if formats.is_missing(value):
                    continue
                colour, limits = trace["marker"]["color"], []
                for arm, end in ((lows, 2), (highs, 1)):
                    limit = self.columns[arm[end]][at] if arm else None
                    limits.append(value if formats.is_missing(limit) else limit)
                if limits[0] != limits[1]:
                    self._line(place(limits[0]), middles[at], place(limits[1]), middles[at], colour, 1.4)
                self._dot(place(value), middles[at], colour, self._is_open(trace, at), 4.5)

    def _is_open(self, trace: dict[str, Any], at: int) -> bool:
        if "marker.symbol" in trace["meta"]["bind"]:
            return bool(self.columns["provisional"][at] == "provisional")
        return str(trace["marker"].get("symbol", "")).endswith("-open")

    def _dot(self, x: float, y: float, colour: str, hollow: bool, size: float) -> None:
        fill = "#fff" if hollow else colour
        self.parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" fill="{fill}" stroke="{colour}" stroke-width="1.4"/>'
        )

    def _bars(self) -> None:
        names = [trace["meta"]["bind"]["x"] for trace in self.traces]
        totals = [sum(self.columns[name][at] for name in names) for at in range(self.count)]
        place, step = self._value_axis_on_top(_headroom(totals)), self._row_height()
        for at, label in enumerate(self.categories):
            y, start = self.top + step * (at + 0.19), 0.0
            self._text(self.left - 8, y + step * 0.31 + 4, label, "end", theme.INK)
            for trace, name in zip(self.traces, names, strict=True):
                count = self.columns[name][at]
                if count:
                    x, width = place(start), place(start + count) - place(start)
                    self.parts.append(
                        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{step * 0.62:.1f}" '
                        f'fill="{trace["marker"]["color"]}" stroke="#fff"/>'
                    )
                    ink = trace["textfont"]["color"]
                    self._text(x + width / 2, y + step * 0.31 + 4, formats.number(count, 0), "middle", ink)
                start += count

    def _lines(self) -> None:
        lines = [trace for trace in self.traces if "x" in trace["meta"]["bind"]]
        name = lines[0]["meta"]["bind"]["x"]
        positions, labels = _positions(self.columns[name])
        first, last = min(positions.values()), max(positions.values())
        pad = (self.right - self.left) * 0.03
        width = self.right - self.left - 2 * pad

        def across(value: Any) -> float:
            share = 0.5 if last == first else (positions[value] - first) / (last - first)
            return self.left + pad + width * share

        for trace in self.traces:
            self._trace(trace, across)
        for value, label in labels:
            self._text(across(value), self.bottom + 18, label)

    def _trace(self, trace: dict[str, Any], across: Scale) -> None:
        bind, rows = trace["meta"]["bind"], self.rows_of(trace)
        axis = self.layout.get("yaxis2" if trace.get("yaxis") == "y2" else "yaxis", {})
        low, high = axis.get("domain", [0, 1])
        height = self.bottom - self.top
        bottom, top = self.bottom - height * low, self.bottom - height * high
        names = self._columns_on(trace.get("yaxis", "y"))
        known = [v for name in names for v in self.columns[name] if not formats.is_missing(v)]
        limit = _headroom(known)

        def up(value: Any) -> float:
            return float(bottom - (bottom - top) * float(value) / limit)

        if not trace["meta"].get("quiet"):
            self._grid(limit, up, f"<!--axis {low}-->")
        if "xy" in bind:
            self._band(bind["xy"], across, up)
            return
        self._path(trace, bind, rows, across, up)

    def _columns_on(self, axis: str) -> list[str]:
        found: list[str] = []
        for trace in self.traces:
            if trace.get("yaxis", "y") == axis:
                bind = trace["meta"]["bind"]
                found += [bind["y"]] if "y" in bind else bind["xy"][2:4]
        return found

    def _grid(self, limit: float, up: Scale, mark: str) -> None:
        if mark in self.parts:
            return
        self.parts.append(mark)
        for at in ticks(limit):
            self._line(self.left, up(at), self.right, up(at), theme.RULE)
            self._text(self.left - 8, up(at) + 4, formats.number(at, 0 if limit > 5 else 1), "end")

    def _band(self, rule: list[str], across: Scale, up: Scale) -> None:
        x, lower, upper, breaks = (self.columns[name] for name in rule[1:])
        runs: list[list[int]] = [[]]
        for at in range(self.count):
            known = not (formats.is_missing(lower[at]) or formats.is_missing(upper[at]))
            if not known or breaks[at]:
                runs.append([])
            if known:
                runs[-1].append(at)
        for run in runs:
            if len(run) > 1:
                edge = [(across(x[i]), up(lower[i])) for i in run] + [(across(x[i]), up(upper[i])) for i in run[::-1]]
                points = " ".join(f"{a:.1f},{b:.1f}" for a, b in edge)
                self.parts.append(f'<polygon points="{points}" fill="{theme.BLUE}" fill-opacity="0.16"/>')

    def _path(self, trace: dict[str, Any], bind: dict[str, Any], rows: list[int], across: Scale, up: Scale) -> None:
        line = trace.get("line", {})
        x, y = self.columns[bind["x"]], self.columns[bind["y"]]
        path, pen = [], "M"
        breaks = self.columns[trace["meta"]["breaks"]] if "breaks" in trace["meta"] else [""] * self.count
        for at in rows:
            if formats.is_missing(y[at]):
                pen = "M"
                continue
            pen = "M" if breaks[at] else pen
            path.append(f"{pen}{across(x[at]):.1f} {up(y[at]):.1f}")
            pen = "L"
        dash = _DASHES.get(str(line.get("dash")))
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        colour = _colour(trace)
        if "lines" in str(trace.get("mode")):
            stroke = f'stroke="{colour}" stroke-width="{line.get("width", 2)}"{dashed}'
            self.parts.append(f'<path d="{"".join(path)}" fill="none" {stroke}/>')
        if "markers" in str(trace.get("mode")):
            for at in rows:
                if not formats.is_missing(y[at]):
                    hollow = "marker.symbol" in bind and self._is_open(trace, at)
                    self._dot(across(x[at]), up(y[at]), colour, hollow, 2.8)


def _colour(trace: dict[str, Any]) -> str:
    return str(trace.get("line", {}).get("color") or trace.get("marker", {}).get("color") or theme.BLUE)


def _headroom(values: list[float]) -> float:
    return max([float(value) for value in values], default=1.0) * 1.06 or 1.0


def ticks(top: float, most: int = 7) -> list[float]:
    """Give round numbers from zero to a limit, at most so many steps: multiples of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(top / most))
    step = next(size * power for size in (1, 2, 5, 10) if top / (size * power) <= most)
    return [at * step for at in range(int(top / step) + 1)]


def _positions(values: list[Any]) -> tuple[dict[Any, float], list[tuple[Any, str]]]:
    """Give where each date, category or number stands on the axis, and which of them carry a label."""
    distinct = list(dict.fromkeys(values))
    if all(isinstance(value, (int, float)) for value in distinct):
        # Numbers, such as amounts, have ticks of their own; the points need not stand at them.
        top = max([float(value) for value in distinct], default=0.0)
        marks = [at for at in ticks(top) if at in distinct] if top > 0 else []
        return {value: float(value) for value in distinct}, [(at, formats.number(at, 0)) for at in marks]
    try:
        days = {value: _day(str(value)) for value in distinct}
    except ValueError:
        return {value: float(at) for at, value in enumerate(distinct)}, [(value, str(value)) for value in distinct]
    januaries = [value for value in distinct if str(value)[4:7] in ("", "-01")]
    stride = math.ceil(len(januaries) / 8) or 1
    return days, [(value, str(value)[:4]) for value in januaries[::stride]]


def _day(label: str) -> float:
    return float(dt.date.fromisoformat(label if len(label) == 10 else f"{int(label):04d}-01-01").toordinal())
