"""`epi.economics.incremental_analysis`: who is dominated, exactly, and in which order the table stands."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import epi.economics as economics
from epi.economics.dominance import efficiency_frontier, incremental_tables


def table(*points, names="abcdefghij"):
    """Give a frame of strategies a, b, c, ... with (cost, effect)."""
    return pd.DataFrame([(name, *point) for name, point in zip(names, points, strict=False)]).set_axis(
        ["strategy", "cost", "effect"], axis=1
    )


def statuses(frame, **options):
    """Give the status of each strategy by name."""
    return economics.incremental_analysis(frame, **options).set_index("strategy")["status"].to_dict()


def by_definition(frame):
    """Give statuses the slow way: every strategy against every other and every mixture of two, in fractions."""
    found = {}
    rows = [(s, Fraction(repr(float(c))), Fraction(repr(float(e)))) for s, c, e in frame.itertuples(index=False)]
    for i, (name, cost, effect) in enumerate(rows):
        dominated = any(
            (c <= cost and e >= effect) and ((c, e) != (cost, effect) or j < i)
            for j, (_, c, e) in enumerate(rows)
            if j != i
        )
        mixed = any(
            e1 < effect < e2 and (c2 - c1) * (effect - e1) < (cost - c1) * (e2 - e1)
            for _, c1, e1 in rows
            for _, c2, e2 in rows
        )
        found[name] = "D" if dominated else "ED" if mixed else "ND"
    return found


small = st.integers(-4, 4).map(float)
tenths = st.integers(-20, 20).map(lambda number: number / 10)
anything = st.floats(-1e6, 1e6)


@pytest.mark.parametrize("numbers", [small, tenths, anything], ids=["small", "tenths", "anything"])
def test_statuses_are_those_of_the_definition(numbers):
    """Dominance agrees with a comparison of every strategy with every other and with every mixture of two."""

    @given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=10))
    @settings(max_examples=150, deadline=None)
    def check(points):
        frame = table(*points)
        assert statuses(frame) == by_definition(frame)

    check()


@given(st.lists(st.tuples(small, small), min_size=1, max_size=10))
@settings(max_examples=100, deadline=None)
def test_ratios_rise_along_the_frontier(points):
    """Along the frontier cost, effect and ratio rise; others have no ratio; rows stand in the stated order."""
    result = economics.incremental_analysis(table(*points))
    frontier = result[result["status"] == "ND"]
    assert (frontier["incremental_cost"][1:] > 0).all()
    assert (frontier["incremental_effect"][1:] > 0).all()
    assert frontier["icer"][1:].is_monotonic_increasing
    assert result.loc[result["status"] != "ND", "icer"].isna().all()
    place = result["status"].map({"ND": 0, "ED": 1, "D": 2})
    assert place.is_monotonic_increasing
    assert all(part["cost"].is_monotonic_increasing for _, part in result.groupby("status"))


def test_published_order_and_columns():
    """Columns are those of the design, under the names given, and no others."""
    frame = table((0, 0), (10, 1)).rename(columns={"strategy": "programme", "cost": "usd", "effect": "qaly"})
    result = economics.incremental_analysis(frame, "programme", "usd", "qaly")
    expected = ["programme", "usd", "qaly", "incremental_cost", "incremental_effect", "icer", "status"]
    assert list(result.columns) == expected
    assert result["icer"].tolist()[1] == 10


def test_only_a_strict_fall_of_the_ratio_dominates():
    """Three strategies with ratios 15, 15 and then a fall: the collinear one stays, the one above the line goes."""
    frame = table((0, 0), (30, 2), (100, 3), (150, 10))
    assert statuses(frame) == {"a": "ND", "b": "ND", "c": "ED", "d": "ND"}


@pytest.mark.parametrize("unit", [1.0, 0.1, 1e-9, 123456789.12])
def test_collinear_points_stay(unit):
    """Three points on one line stay on the frontier, whatever the unit they are written in."""
    decimal = float(f"{unit:.12g}")
    points = [(float(f"{decimal * k:.12g}"), k) for k in range(1, 7)]
    assert set(statuses(table(*points)).values()) == {"ND"}


def test_a_tenth_of_a_billionth_counts():
    """A strategy above the line by one part in 10^15 is extendedly dominated; below it, it stays."""
    assert statuses(table((0, 0), (1 + 1e-15, 1), (2, 2)))["b"] == "ED"
    assert statuses(table((0, 0), (1 - 1e-15, 1), (2, 2)))["b"] == "ND"
    assert statuses(table((0.1, 1), (0.2, 2), (0.3, 3)))["b"] == "ND"


def test_duplicates_go_to_the_first():
    """Of strategies equal in cost and effect the first stays and the others are dominated, wherever they stand."""
    assert statuses(table((5, 5), (0, 0), (5, 5), (5, 5))) == {"a": "ND", "b": "ND", "c": "D", "d": "D"}


def test_edges():
    """One strategy stands alone; equal effects leave the cheapest, equal costs the best; costs may be negative."""
    alone = economics.incremental_analysis(table((5, 0)))
    assert alone["status"].tolist() == ["ND"]
    assert alone[["incremental_cost", "incremental_effect", "icer"]].isna().all(axis=None)
    assert statuses(table((5, 0), (3, 0), (4, 0))) == {"b": "ND", "c": "D", "a": "D"}
    assert statuses(table((5, 1), (5, 2))) == {"b": "ND", "a": "D"}
    saving = economics.incremental_analysis(table((-10, 1), (-4, 2), (0, 0)))
    assert saving["strategy"].tolist() == ["a", "b", "c"]
    assert saving["icer"][1] == 6


def test_any_reference_comes_first_and_changes_no_status():
    """The reference is listed first even where dominated; each strategy is compared with it directly."""
    frame = table((0, 0), (30, 2), (100, 3), (150, 10))
    result = economics.incremental_analysis(frame, reference="c")
    assert result["strategy"].tolist() == ["c", "a", "b", "d"]
    assert result["status"].tolist() == ["ED", "ND", "ND", "ND"]
    against = result.set_index("strategy")
    assert against.loc["d", ["cost_to_reference", "effect_to_reference"]].tolist() == [50, 7]
    assert against.loc["d", "icer_to_reference"] == pytest.approx(50 / 7)
    assert np.isnan(against.loc["c", "icer_to_reference"])


@given(st.lists(st.tuples(st.integers(0, 3), small, small), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_many_tables_are_as_one_by_one(rows):
    """Tables made at once are those made one by one, and an order of rows does not mix them."""
    frame = pd.DataFrame(rows, columns=["place", "cost", "effect"])
    frame["strategy"] = [f"s{row}" for row in range(len(frame))]
    together = incremental_tables(frame, "place")
    apart = pd.concat(
        [economics.incremental_analysis(part).assign(place=name) for name, part in frame.groupby("place")]
    )
    pd.testing.assert_frame_equal(together, apart[together.columns].reset_index(drop=True))


def test_tables_with_a_reference():
    """Each table has its own reference row; a table without the reference is refused."""
    frame = pd.concat([table((0, 0), (9, 3)).assign(place="A"), table((5, 1), (2, 2)).assign(place="B")])
    result = incremental_tables(frame, ["place"], reference="a")
    assert result["strategy"].tolist() == ["a", "b", "a", "b"]
    assert result["cost_to_reference"].tolist() == [0, 9, 0, -3]
    with pytest.raises(ValueError, match=r"expected the reference z in every table; found \['a', 'b'\]"):
        incremental_tables(frame, "place", reference="z")


def test_frontier_says_where_each_strategy_is_best():
    """Between the thresholds given, and only there, a point of the frontier has the highest net benefit."""
    frame = table((0, 0), (30, 2), (100, 3), (80, 3.5), (200, 4))
    points = efficiency_frontier(frame)
    for _, row in points.iterrows():
        for inside in np.linspace(row["best_from"] + 1e-6, min(row["best_to"], 1e4) - 1e-6, 5):
            benefit = inside * frame["effect"] - frame["cost"]
            assert frame.loc[benefit.idxmax(), "strategy"] == row["strategy"]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (table((0, 0)).iloc[:0], "expected at least one strategy, found none"),
        (table((0, np.nan)), "expected a finite cost and effect.*found cost 0.0, effect nan for a"),
        (table((np.inf, 1)), "found cost inf"),
        (table((0, 0), (1, 1), names="aa"), "expected each strategy once in a table; found a again"),
        (table((0, 0)).drop(columns="effect"), r"found none named \['effect'\]"),
    ],
)
def test_impossible_tables_are_refused(frame, message):
    """Empty tables, missing or infinite numbers, missing columns and repeated names are refused by name."""
    with pytest.raises(ValueError, match=message):
        economics.incremental_analysis(frame)
