"""The drawing that a page shows before its script runs."""

import re

import pandas as pd
import pytest

from dashboards import figures, maps, time_figures
from dashboards.charts import Chart, Column, View
from dashboards.sketch import sketch, ticks


def _ranked(values: list[float | None], names: list[str] | None = None) -> Chart:
    count = len(values)
    frame = pd.DataFrame(
        {
            "name": names or [f"Place {at}" for at in range(count)],
            "value": pd.Series(values, dtype="float64"),
            "lower": pd.Series(values, dtype="float64") - 1,
            "upper": pd.Series(values, dtype="float64") + 1,
            "role": ["none" if value is None else "place" for value in values],
            "provisional": ["provisional"] + ["final"] * (count - 1),
        }
    )
    figure = figures.ranked_dots("deaths")
    return Chart("x", "X", figure, [Column("name", "Place")], {"all": View(frame, "")}, height=100, row_height=20)


def _centres(svg: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', svg)]


def test_a_dot_stands_where_its_value_says() -> None:
    """Dots lie at distances from zero in proportion to their values, and a changed value moves its dot."""
    (first, _), (second, _) = _centres(sketch(_ranked([40.0, 20.0])))
    zero = 16 + 6.6 * len("Place 0")
    assert (first - zero) / (second - zero) == pytest.approx(2, rel=1e-3)
    (moved, _) = _centres(sketch(_ranked([40.0, 10.0])))[1]
    assert moved != pytest.approx(second, abs=1)


def test_a_place_without_a_value_has_a_name_and_no_dot() -> None:
    """A suppressed place keeps its row and gets no mark."""
    svg = sketch(_ranked([40.0, None]))
    assert len(_centres(svg)) == 1
    assert "Place 1" in svg


def test_a_provisional_dot_is_hollow() -> None:
    """The first row is provisional: its dot is white inside, the other one is filled."""
    assert re.findall(r'r="4.5" fill="(#[0-9a-f]+)"', sketch(_ranked([40.0, 20.0]))) == ["#fff", "#155695"]


def test_names_are_escaped() -> None:
    """A name with markup stays text."""
    svg = sketch(_ranked([1.0], ["<script>x</script>"]))
    assert "<script" not in svg
    assert "&lt;script&gt;" in svg


@pytest.mark.parametrize(("missing", "breaks"), [(2, []), (None, [3])])
def test_lines_and_bands_stop_at_a_gap(missing: int | None, breaks: list[int]) -> None:
    """A year without a value, or a break in the series, parts the line and the band in two."""
    values = pd.Series([1.0, 2.0, 2.5, 3.0, 4.0], dtype="float64")
    values[values.index == missing] = None
    frame = pd.DataFrame(
        {
            "date": ["2018", "2019", "2020", "2021", "2022"],
            "value": values,
            "lower": values - 0.5,
            "upper": values + 0.5,
            "provisional": ["final"] * 5,
            "series_break": ["another source" if at in breaks else "" for at in range(5)],
        }
    )
    chart = Chart("x", "X", time_figures.value_over_time("rate"), [Column("date", "Year")], {"all": View(frame, "")})
    svg = sketch(chart)
    assert svg.count("<polygon") == 2
    path = next(d for d in re.findall(r'<path d="([^"]+)" fill="none" stroke="#155695"', svg) if "L" in d)
    assert path.count("M") == 2


def test_maps_and_empty_charts_have_no_drawing() -> None:
    """A map leaves its table, and a chart without rows leaves its sentence."""
    chart = _ranked([1.0])
    chart.figure, chart.map = maps.us_map("rate"), "usa_110m"
    assert sketch(chart) == ""
    chart.map, chart.views = "", {}
    assert sketch(chart) == ""


@pytest.mark.parametrize("top", [0.003, 0.9, 1.0, 7.0, 83.0, 113_000.0])
def test_ticks_are_round_and_few(top: float) -> None:
    """An axis has at most eight ticks, from zero, inside its limit."""
    found = ticks(top)
    assert found[0] == 0
    assert 3 <= len(found) <= 8
    assert found[-1] <= top
