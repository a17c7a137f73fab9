"""Time `epi.rates` beside a row-by-row loop over scipy, and beside PHStatsMethods where it is installed.

Run from the checkout: `python benchmarks/bench_rates.py [rows]`. Ratios are of one run on one machine, so they compare
methods, not machines. PHStatsMethods (GPL-3) is no dependency of this project and is only timed where found.
"""

import importlib.util
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from epi.rates import crude_rate, rate_ratio

ROWS = 100_000
# PHStatsMethods groups and applies row by row, so it gets fewer rows and its time is scaled up.
SLOW_ROWS = 5_000


def main(rows: int = ROWS) -> None:
    """Print seconds and ratios for `rows` rows; every contender must give the same limits first."""
    random = np.random.default_rng(20211)
    frame = pd.DataFrame(
        {"deaths": random.negative_binomial(1, 0.03, rows), "population": random.integers(1_000, 10**6, rows)}
    )
    ours_seconds, ours = timed(lambda: crude_rate(frame["deaths"], frame["population"], method="exact"), repeats=5)
    hybrid_seconds, hybrid = timed(lambda: crude_rate(frame["deaths"], frame["population"]), repeats=5)
    loop_seconds, looped = timed(lambda: looped_rate(frame))
    np.testing.assert_allclose(ours, looped, rtol=1e-9)
    print(f"{rows:,} rows")
    report("crude_rate, exact", ours_seconds)
    report("  python loop over scipy.stats.chi2", loop_seconds, ours_seconds)
    report("crude_rate, hybrid (default)", hybrid_seconds)
    peer(frame, hybrid, hybrid_seconds)
    groups = (
        frame["deaths"],
        frame["population"],
        frame["deaths"][::-1].to_numpy(),
        frame["population"][::-1].to_numpy(),
    )
    for method in ("exact", "midp", "log"):
        seconds, _ = timed(lambda method=method: rate_ratio(*groups, method=method))
        report(f"rate_ratio, {method}", seconds)


def peer(frame: pd.DataFrame, ours: pd.DataFrame, ours_seconds: float) -> None:
    """Time PHStatsMethods' ph_rate, one group per row, and check that it gives our hybrid limits."""
    if importlib.util.find_spec("PHStatsMethods") is None:
        print("  PHStatsMethods: not installed, not timed")
        return
    ph_rate = importlib.import_module("PHStatsMethods").ph_rate
    # ph_rate 0.1.16 raises on a count of 0, so it is asked only about rows with deaths.
    some = frame[frame["deaths"] > 0].head(SLOW_ROWS).assign(place=lambda rows: rows.index.astype(str).str.zfill(9))
    seconds, theirs = timed(lambda: ph_rate(some, "deaths", "population", "place", metadata=False))
    limits = theirs.sort_values("place").filter(regex="(?i)lower|upper").to_numpy()
    difference = np.nanmax(np.abs(limits - ours.loc[some.index, ["lower", "upper"]].to_numpy()))
    report(f"  PHStatsMethods.ph_rate, from {len(some):,} rows", seconds * len(frame) / len(some), ours_seconds)
    print(f"    largest difference of a limit: {difference:.2g} per 100,000")


def looped_rate(frame: pd.DataFrame) -> pd.DataFrame:
    """Make crude rates with Garwood limits one row at a time."""
    rows = []
    for deaths, population in zip(frame["deaths"].tolist(), frame["population"].tolist(), strict=True):
        lower = stats.chi2.ppf(0.025, 2 * deaths) / 2 if deaths else 0.0
        upper = stats.chi2.isf(0.025, 2 * deaths + 2) / 2
        rows.append([limit / population * 100_000 for limit in (deaths, lower, upper)])
    return pd.DataFrame(rows, columns=["value", "lower", "upper"])


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
    print(f"{name:45s} {seconds:9.4f} s{ratio}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
