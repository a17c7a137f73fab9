"""Time `epi.trends.joinpoint_many` beside a loop of statsmodels fits over the same grid.

Run from the checkout: `python benchmarks/bench_joinpoint.py [series]`. Both must find the same joinpoints and sums of
squares first. Ratios are of one run on one machine, so they compare methods, not machines.
"""

import itertools
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from epi.trends import joinpoint, joinpoint_many

SERIES = 52
YEARS = np.arange(1999, 2024)
MOST = 3


def main(series: int = SERIES) -> None:
    """Print seconds for `series` weighted series of 25 years and up to 3 joinpoints."""
    frame = simulated(series)
    seconds, found = timed(lambda: joinpoint_many(frame, "place", se="se", max_joinpoints=MOST), repeats=3)
    first = frame[frame["place"] == 0]
    loop_seconds, (sse, at) = timed(lambda: looped(first))
    ours = joinpoint(first["year"], first["rate"], first["se"], max_joinpoints=MOST).models.iloc[-1]
    assert ours["at"] == at
    np.testing.assert_allclose(ours["sse"], sse, rtol=1e-9)
    print(f"{series} series x {len(YEARS)} years, up to {MOST} joinpoints: {len(found)} segments")
    report("joinpoint_many, WBIC", seconds)
    report("  python loop over statsmodels WLS, from 1 series", loop_seconds * series, seconds)
    tests, _ = timed(lambda: joinpoint(first["year"], first["rate"], first["se"], criterion="permutation"))
    report("joinpoint, permutation test (4,499 shuffles), 1 series", tests)


def simulated(series: int) -> pd.DataFrame:
    """Make rates with one to two bends, scatter and standard errors."""
    random = np.random.default_rng(20211)
    bends = random.integers(2005, 2018, (series, 2))
    slopes = random.normal(0.05, 0.06, (series, 3))
    log_rate = 2.5 + slopes[:, :1] * (YEARS - YEARS[0]) + random.normal(0, 0.03, (series, len(YEARS)))
    for number in (0, 1):
        log_rate += slopes[:, [number + 1]] * np.maximum(YEARS - bends[:, [number]], 0)
    rate = np.exp(log_rate).ravel()
    places = np.repeat(np.arange(series), len(YEARS))
    return pd.DataFrame({"place": places, "year": np.tile(YEARS, series), "rate": rate, "se": rate * 0.03})


def looped(rows: pd.DataFrame) -> tuple[float, tuple[float, ...]]:
    """Give the least sum of squares with 3 joinpoints, and where, one statsmodels fit at a time (fewer too)."""
    year, y = rows["year"].to_numpy(dtype=float), np.log(rows["rate"].to_numpy())
    weight = (rows["rate"] / rows["se"]).to_numpy() ** 2
    best: tuple[float, tuple[float, ...]] = (np.inf, ())
    for k in range(MOST + 1):
        best = (np.inf, ())
        for at in itertools.combinations(range(2, len(year) - 2), k):
            if np.diff(at).min(initial=3) < 3:
                continue
            hinges = [np.maximum(year - year[i], 0) for i in at]
            design = np.column_stack([np.ones(len(year)), year - year.mean(), *hinges])
            best = min(best, (sm.WLS(y, design, weights=weight).fit().ssr, tuple(year[list(at)].tolist())))
    return best


def timed(work: Callable[[], Any], repeats: int = 1) -> tuple[float, Any]:
    """Give the fastest of `repeats` runs in seconds, and the result."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def report(name: str, seconds: float, beside: float | None = None) -> None:
    """Print one line: what, seconds, and how many times longer than the line it is compared with."""
    ratio = "" if beside is None else f"  {seconds / beside:8,.0f} x as long"
    print(f"{name:56s} {seconds:9.4f} s{ratio}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SERIES)
