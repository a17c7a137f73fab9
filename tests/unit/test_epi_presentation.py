"""`epi.presentation`: the published presentation standards, at their thresholds."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epi.intervals import binomial_interval, poisson_interval
from epi.presentation import NCHS_PROPORTIONS, NCHS_RATES, PRESETS, PresentationRule, present


def actions(rule, **inputs):
    """Give the actions as a list."""
    return present(rule, **inputs)["action"].tolist()


def test_exact_poisson_relative_width_is_at_most_160_percent_from_8_events():
    """Registry, "NCHS rates & counts": for exact Poisson limits the relative width passes from 8 events on."""
    width_only = replace(NCHS_RATES, suppress_count_below=None)
    assert actions(width_only, count=np.arange(1, 13)) == ["suppress"] * 7 + ["show"] * 5


def test_nchs_rates_bind_at_10_events_for_crude_rates():
    """Counts decide for crude rates; the reason says which check failed."""
    shown = present("nchs_rates", count=[7, 9, 10, 200], population=[9, 50_000, 50_000, 50_000])
    assert shown["action"].tolist() == ["suppress", "suppress", "show", "show"]
    assert shown["reason"].tolist() == [
        "fewer than 10 events; population below 10; relative interval width above 160%",
        "fewer than 10 events",
        "",
        "",
    ]


def test_nchs_rates_use_the_limits_that_are_given():
    """Limits of an age-adjusted rate can suppress it in spite of 10 events; exactly 160 % is shown."""
    given_limits = {"value": [10.0, 10.0], "lower": [4.0, 4.0], "upper": [20.0, 20.001], "count": [12, 12]}
    assert actions("nchs_rates", **given_limits) == ["show", "suppress"]


def test_few_degrees_of_freedom_ask_for_a_review():
    """7 degrees of freedom make an estimate unreliable until reviewed; 8 do not; suppression outranks that."""
    rows = present("nchs_rates", count=[50, 50, 5], degrees_of_freedom=[7, 8, 7])
    assert rows["action"].tolist() == ["unreliable", "show", "suppress"]
    assert rows["reason"][0] == "needs review: fewer than 8 degrees of freedom"
    assert rows["reason"][2] == (
        "fewer than 10 events; needs review: fewer than 8 degrees of freedom; relative interval width above 160%"
    )


@pytest.mark.parametrize(
    ("value", "lower", "upper", "sample", "action"),
    [
        (0.50, 0.40, 0.60, 29.9, "suppress"),
        (0.50, 0.40, 0.60, 30, "show"),
        (0.50, 0.35, 0.65, 100, "suppress"),
        (0.50, 0.351, 0.649, 100, "show"),
        (0.02, 0.001, 0.051, 100, "show"),
        (0.02, 0.001, 0.052, 100, "suppress"),
        (0.20, 0.07, 0.33, 100, "show"),
        (0.20, 0.07, 0.331, 100, "suppress"),
    ],
)
def test_nchs_proportions_at_each_threshold(value, lower, upper, sample, action):
    """Effective sample 30, width 0.30, width 0.05 and relative width 130 % act on the side that Series 2-175 names."""
    rows = {"value": [value], "lower": [lower], "upper": [upper], "effective_sample": [sample]}
    assert actions("nchs_proportions", **rows) == [action]


def test_proportions_near_one_and_extremes():
    """A shown proportion with a complement too uncertain says so; 0 % and 100 % are for review."""
    rows = present(
        "nchs_proportions", value=[0.95, 0.0, 1.0], lower=[0.87, 0, 0.93], upper=[0.995, 0.07, 1], effective_sample=60
    )
    assert rows["action"].tolist() == ["show", "unreliable", "unreliable"]
    assert rows["reason"].tolist() == [
        "complement not to be shown: its relative interval width is above 130%",
        "needs review: 0 %",
        "needs review: 100 %",
    ]


def test_limits_are_made_where_none_are_given():
    """Without limits, exact ones are used: the same answer as giving them."""
    count = np.arange(1, 40)
    lower, upper = poisson_interval(count, method="exact")
    made = present("nchs_rates", count=count)
    pd.testing.assert_frame_equal(made, present("nchs_rates", count, lower, upper, count))
    lower, upper = binomial_interval(count, 40, method="clopper-pearson")
    made = present("nchs_proportions", value=count / 40, effective_sample=40)
    pd.testing.assert_frame_equal(made, present("nchs_proportions", count / 40, lower, upper, effective_sample=40))


def test_wonder_and_wisqars_differ_at_exactly_20():
    """1-9 are suppressed and 0 is not; 20 deaths are reliable in WONDER's exports, unreliable in WISQARS."""
    count = [0, 1, 9, 10, 19, 20, 21]
    assert actions("wonder", count=count) == ["unreliable", *["suppress"] * 2, *["unreliable"] * 2, "show", "show"]
    assert actions("wisqars", count=count) == ["unreliable", *["suppress"] * 2, *["unreliable"] * 3, "show"]
    assert actions("state_cancer_profiles", count=[15, 16]) == ["suppress", "show"]
    assert actions("dose", count=[0, 19, 20]) == ["show", "suppress", "show"]
    assert actions("ohid", count=[9, 10]) == ["suppress", "show"]


def test_missing_numbers_are_suppressed_and_zeros_never_raise():
    """What was given but is missing cannot be judged; zero events and populations are no error."""
    rows = present("nchs_rates", count=[None, 20, 0], population=[10_000, None, 0])
    assert rows["action"].tolist() == ["suppress"] * 3
    assert rows["reason"][0] == "count is missing"
    assert rows["reason"][1] == "population is missing"
    assert actions("nchs_proportions", value=[0, None], effective_sample=[0, 50]) == ["suppress", "suppress"]
    assert present("wonder", count=[]).columns.tolist() == ["action", "reason"]


def test_the_index_is_kept():
    """The answer has the index of the Series given."""
    count = pd.Series([5, 50], index=["US-VT", "US-CA"])
    assert present("wonder", count=count)["action"].to_dict() == {"US-VT": "suppress", "US-CA": "show"}


def test_rules_are_frozen_and_changed_by_replacing():
    """A preset cannot be changed by accident; a changed copy is a rule of its own."""
    with pytest.raises(AttributeError):
        NCHS_RATES.suppress_count_below = 5
    with pytest.raises(TypeError):
        PRESETS["mine"] = NCHS_RATES
    strict = replace(NCHS_PROPORTIONS, name="strict", suppress_width_from=0.1)
    assert actions(strict, value=[0.5], lower=[0.45], upper=[0.55], effective_sample=[400]) == ["suppress"]
    assert all(rule.name == name and rule.source and rule.status for name, rule in PRESETS.items())


def test_misuse_is_refused():
    """Unknown rules, absent arguments, lone limits, percentages and impossible thresholds are named."""
    with pytest.raises(ValueError, match="one of nchs_rates, nchs_proportions"):
        present("cdc", count=[1])
    with pytest.raises(ValueError, match="nchs_rates needs count; count is not given"):
        present("nchs_rates", value=[1.0])
    with pytest.raises(ValueError, match="go together; found lower without the others"):
        present("nchs_rates", count=[1], value=[1], lower=[1])
    with pytest.raises(ValueError, match=r"from 0 to 1; found 50\. Divide percentages by 100"):
        present("nchs_proportions", value=[50], effective_sample=[100])
    with pytest.raises(ValueError, match="kind must be rate or proportion"):
        PresentationRule("mine", "ratio", "")
    with pytest.raises(ValueError, match="suppress_count_below must be a finite number"):
        replace(NCHS_RATES, suppress_count_below=-1)


@given(st.lists(st.integers(0, 400), min_size=1, max_size=20), st.sampled_from([n for n in PRESETS if "prop" not in n]))
@settings(max_examples=40, deadline=None)
def test_more_events_are_never_treated_worse(counts, name):
    """Among positive counts strictness only falls with more events; rows stand alone; reasons go with actions."""
    rows = present(name, count=counts)
    rank = rows["action"].map({"show": 0, "unreliable": 1, "suppress": 2}).to_numpy()
    order = np.argsort(counts, kind="stable")
    positive = np.array(counts)[order] > 0
    assert (np.diff(rank[order][positive]) <= 0).all()
    assert ((rows["reason"] == "") == (rows["action"] == "show")).all()
    assert actions(name, count=counts[::-1])[::-1] == rows["action"].tolist()
