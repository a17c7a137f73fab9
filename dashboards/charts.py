"""A chart: a figure skeleton, and the rows that both its marks and the table beneath it show.

A trace says in its ``meta`` which rows and which columns it draws, and one small script in the page binds them. So a
chart and its table cannot differ: there is only one set of rows.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboards import formats


@dataclass(frozen=True)
class Column:
    """One column of a chart's rows, and how the table shows it."""

    name: str
    label: str
    format: str = "text"
    """text, or n0, n1, n2: a number with so many decimals."""

    def write(self, value: Any) -> str:
        """Write one cell as the table shows it."""
        if self.format == "text":
            return formats.text(value)
        return formats.number(value, int(self.format[1:]))


PLACE = Column("name", "Place")
INTERVAL = [Column("lower", "95% interval, low", "n1"), Column("upper", "95% interval, high", "n1")]
NOTE = Column("note", "Remarks")


@dataclass(frozen=True)
class Option:
    """One choice of a control."""

    value: str
    label: str
    group: str = ""


@dataclass(frozen=True)
class Control:
    """A native select whose choice picks the view; its name is the key in the page's address."""

    name: str
    label: str
    options: tuple[Option, ...]
    default: str

    def groups(self) -> list[tuple[str, list[Option]]]:
        """Give the options by group, in order."""
        found: dict[str, list[Option]] = {}
        for option in self.options:
            found.setdefault(option.group, []).append(option)
        return list(found.items())


@dataclass(frozen=True)
class View:
    """The rows of a chart for one choice, with the sentence that says what they show."""

    frame: pd.DataFrame
    summary: str
    source: str = ""
    """Where the rows come from, when that differs between the views of a chart."""
    unit: str = ""
    """What the value axis says, when that differs between the views of a chart."""


@dataclass
class Chart:
    """Everything a page needs to show one chart. An empty ``views`` shows that there is no data yet."""

    id: str
    title: str
    figure: go.Figure
    columns: list[Column]
    views: dict[str, View]
    source: str = ""
    controls: list[Control] = field(default_factory=list)
    extra: tuple[str, ...] = ()
    """Columns that marks need and the table does not show."""
    note: str = ""
    height: int = 420
    row_height: int = 0
    """Pixels for each row, for charts with one row for each place; then ``height`` is what the axes take."""
    map: str = ""
    """Name of the outlines a map needs, loaded when it is first seen."""
    split: bool = False
    """Whether each choice of the first control is a data file of its own."""
    heading: str = "h3"
    nothing: str = "There is no series for this choice."
    """What the page says for a choice without rows."""

    @property
    def default_key(self) -> str:
        """Give the key of the view shown first."""
        wanted = "|".join(control.default for control in self.controls)
        return wanted if wanted in self.views else next(iter(self.views), "")

    @property
    def default_view(self) -> View | None:
        """Give the view shown first, or nothing where there is no data."""
        return self.views.get(self.default_key)

    def pixels(self, view: View | None = None) -> int:
        """Give the height to keep free for the chart, so that the page does not jump when it is drawn."""
        view = view or self.default_view
        rows = 0 if view is None else len(view.frame)
        return self.height + self.row_height * rows

    def table(self, view: View | None = None) -> list[list[str]]:
        """Give the cells of the table beneath the chart, as written."""
        view = view or self.default_view
        if view is None:
            return []
        shown = [view.frame[column.name].tolist() for column in self.columns]
        return [
            [column.write(value) for column, value in zip(self.columns, row, strict=True)]
            for row in zip(*shown, strict=True)
        ]

    def settings(self) -> dict[str, Any]:
        """Give what the page's script needs of the chart apart from its rows."""
        return {
            "figure": json.loads(self.figure.to_json()),
            "columns": [{"name": c.name, "label": c.label, "format": c.format} for c in self.columns],
            "controls": [control.name for control in self.controls],
            "default": self.default_key,
            "title": self.title,
            "source": self.source,
            "height": self.height,
            "rowHeight": self.row_height,
            "map": self.map,
            "split": self.split,
            "nothing": self.nothing,
        }

    def rows(self, view: View) -> dict[str, Any]:
        """Give a view as the page's script reads it: one list for each column, and the sentence."""
        names = [column.name for column in self.columns] + list(self.extra)
        written: dict[str, Any] = {
            "summary": view.summary,
            "columns": {name: compact(view.frame[name]) for name in names},
        }
        for name, value in (("source", view.source), ("unit", view.unit)):
            if value:
                written[name] = value
        return written

    @property
    def default_source(self) -> str:
        """Give the source line of the view shown first."""
        view = self.default_view
        return (view.source if view else "") or self.source

    def files(self) -> dict[str, str]:
        """Give the chart's data files: the part before ``.js`` of each name, and its text."""
        if not self.views:
            return {}
        parts: dict[str, dict[str, Any]] = {}
        for key, view in self.views.items():
            part = key.split("|")[0] if self.split else ""
            parts.setdefault(part, {})[key] = self.rows(view)
        files = {}
        for part, views in parts.items():
            name = f"{self.id}.{formats.slug(part)}" if self.split else self.id
            files[name] = data_script({"chart": self.id, "part": part, "views": views})
        return files


def compact(values: pd.Series) -> list[Any]:
    """Give a column as JSON values: numbers to seven figures (more than any page shows), null for missing."""
    return [_json_value(value) for value in values.tolist()]


def _json_value(value: Any) -> Any:
    if type(value) is str:
        return value
    if formats.is_missing(value):
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value if isinstance(value, bool) else str(value)
    rounded = float(f"{float(value):.7g}")
    return int(rounded) if rounded.is_integer() else rounded


def to_json(value: Any) -> str:
    """Write JSON that is safe inside a script: no tag can end it, no line separator breaks it."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character, escaped in (
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u2028", "\\u2028"),
        ("\u2029", "\\u2029"),
    ):
        written = written.replace(character, escaped)
    return written


def data_script(value: Any) -> str:
    """Write data as a classic script, which also loads from ``file://``."""
    return f"(window.hreData=window.hreData||[]).push({to_json(value)});\n"


def options_of(pairs: Iterable[tuple[str, str]], group: str = "") -> tuple[Option, ...]:
    """Make options from values and labels."""
    return tuple(Option(value, label, group) for value, label in pairs)
