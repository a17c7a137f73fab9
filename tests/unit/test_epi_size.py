"""What tables of many rows take: as much memory per row as small ones (seconds are for `benchmarks/`)."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from epi.rates import crude_rate, rate_ratio
from epi.standardise import direct_rate

AGES = 18
MILLION_GROUPS_BYTES = 4 * 2**30


def strata(groups):
    """Make a synthetic table of groups by 18 ages."""
    random = np.random.default_rng(1)
    rows = groups * AGES
    columns = {"count": random.poisson(2, rows), "population": random.integers(500, 50_000, rows)}
    return pd.DataFrame(
        {"area": np.repeat(np.arange(groups), AGES), **columns, "weight": np.tile(range(1, 19), groups)}
    )


def peak_bytes(work, groups):
    """Give the most memory per group that a call holds at once, beyond what was there before."""
    table = strata(groups)
    tracemalloc.start()
    work(table)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / groups


@pytest.mark.parametrize("method", ["tiwari", "dobson"])
def test_memory_per_group_is_constant_and_a_million_groups_fit(method):
    """Ten times the groups take ten times the memory, so that a million groups of 18 ages need less than 4 GiB."""
    small, large = (peak_bytes(lambda table: direct_rate(table, "area", method=method), n) for n in (3_000, 30_000))
    assert large <= 1.1 * small
    assert large * 1_000_000 < MILLION_GROUPS_BYTES / 2


@pytest.mark.parametrize("rate", [crude_rate, lambda count, people: rate_ratio(count, people, count, people)])
def test_memory_per_row_is_constant(rate):
    """Ten times the rows take ten times the memory."""
    small, large = (peak_bytes(lambda table: rate(table["count"], table["population"]), n) for n in (3_000, 30_000))
    assert large <= 1.1 * small
