"""Laws that every public function of `epi` obeys: limits enclose, order is free, units scale out, zeros never raise."""

import warnings

import numpy as np
import pandas as pd
import pytest
from epi_laws import LAWS
from hypothesis import given, settings
from hypothesis import strategies as st

from epi import joinpoint, trends
from pipelines.methods import documented_functions

FEW = settings(max_examples=8, deadline=None)
ELSEWHERE = ("economics.", "models.", "disclosure")
"""Packages and modules whose laws are tried in tests of their own."""
NO_DATA = {"joinpoint_model.recommended_joinpoints", "log_rates.pooled_variance", "inequality_draws.value_draws"}
"""Functions of a single number, or of what another function made."""


def same(found, expected):
    """Hold two answers against each other, numbers to a relative 1e-9."""
    found, expected = (frame.reset_index(drop=True) for frame in (found, expected))
    with np.errstate(invalid="ignore"):
        pd.testing.assert_frame_equal(found, expected, rtol=1e-9, atol=1e-12, check_dtype=False)


def having(part):
    """Give the functions for which a part of the law is told."""
    return [name for name, law in LAWS.items() if getattr(law, part)]


def test_every_public_function_has_its_laws():
    """Whatever `epi` documents with a reference is tried here, unless it has no data of its own."""
    names = {name for name, _, _ in documented_functions() if not name.startswith(ELSEWHERE)}
    assert names - NO_DATA == set(LAWS)


@pytest.mark.parametrize("name", having("enclosed"))
@FEW
@given(data=st.data())
def test_limits_enclose_the_estimate(name, data):
    """Wherever an estimate and its limits are known, it lies between them."""
    found = LAWS[name].run(data.draw(LAWS[name].inputs))
    for columns in LAWS[name].enclosed:
        value, lower, upper = (found[column].to_numpy(dtype=float) for column in columns)
        room = 1e-9 * np.abs(value) + 1e-11
        assert not (lower > value + room).any()
        assert not (upper < value - room).any()


@pytest.mark.parametrize("name", LAWS)
@FEW
@given(data=st.data())
def test_the_order_of_rows_is_free(name, data):
    """Shuffled rows give the same answers, each with its own row."""
    law = LAWS[name]
    frame = data.draw(law.inputs)
    order = data.draw(st.permutations(range(len(frame))))
    found, shuffled = law.run(frame), law.run(frame.iloc[order].reset_index(drop=True))
    same(shuffled, found.iloc[order] if law.each else found)


@pytest.mark.parametrize("name", having("scaled"))
@FEW
@given(data=st.data(), factor=st.sampled_from([4, 1_000]))
def test_units_scale_out(name, data, factor):
    """Input in another unit gives the same answer in that unit; what has no unit stays."""
    law = LAWS[name]
    frame = data.draw(law.inputs)
    found = law.run(frame.assign(**{column: frame[column] * factor for column in law.scaled}))
    expected = law.run(frame)
    powers = {column: expected[column] * float(factor) ** power for column, power in law.powers}
    same(found, expected.assign(**powers))


@pytest.mark.parametrize("name", having("empty"))
@FEW
@given(data=st.data())
def test_an_empty_row_changes_nothing(name, data):
    """A stratum without people or events, a period without figure, a death of another cause: others' answers stay."""
    law = LAWS[name]
    frame = data.draw(law.inputs)
    row = dict(law.empty)
    if "area" in row:
        row["area"] = frame["area"].iloc[0]
    longer = pd.concat([frame, pd.DataFrame([row])], ignore_index=True)
    found = law.run(longer).drop(columns=list(law.silent))
    same(found.iloc[:-1] if law.each else found, law.run(frame).drop(columns=list(law.silent)))


@pytest.mark.parametrize("name", having("zeros"))
@FEW
@given(data=st.data())
def test_zeros_never_raise(name, data):
    """No events, nobody, no size: an answer without error or warning, each alone and all together."""
    law = LAWS[name]
    frame = data.draw(law.inputs)
    zeros = [*[(column,) for column in law.zeros], law.zeros]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for columns in zeros:
            law.run(frame.assign(**dict.fromkeys(columns, 0)))


@pytest.mark.parametrize("run", [trends.annual_percent_change, joinpoint.joinpoint])
def test_a_rate_of_zero_has_no_logarithm(run):
    """The log-linear trends of one series refuse a rate of 0 and say what to do; of many they name it in its row."""
    with pytest.raises(ValueError, match=r"found 0 at position 2.*epi\.interrupted"):
        run(range(2015, 2022), [3, 2, 0, 2, 1, 2, 3])
    rows = pd.DataFrame({"place": "A", "year": range(2015, 2022), "rate": [3, 2, 0, 2, 1, 2, 3]})
    assert joinpoint.joinpoint_many(rows, "place")["reason"].str.startswith("rate must be above 0").all()
