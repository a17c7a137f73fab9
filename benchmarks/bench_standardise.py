"""Time `epi.standardise.direct_rate` beside a loop over groups with scipy, and beside PHStatsMethods where installed.

Run from the checkout: `python benchmarks/bench_standardise.py [groups ...]`. Each size runs in a process of its own, so
that its peak memory is its own. Ratios are of one run on one machine, so they compare methods, not machines.
PHStatsMethods (GPL-3) is no dependency of this project and is only timed where found.
"""

import importlib.util
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from epi.standardise import direct_rate

SIZES = [10_000, 100_000, 1_000_000]
AGES = 18
# Contenders that go group by group get fewer groups, and their time is scaled up.
LOOP_GROUPS = 2_000
PEER_GROUPS = 1_000


def main(groups: int) -> None:
    """Print seconds, peak memory and ratios for `groups` groups; contenders must give the same limits first."""
    frame = invent(groups)
    before = peak_gib()
    first, table = timed(lambda: direct_rate(frame, "area"))
    after = peak_gib()
    again, _ = timed(lambda: direct_rate(frame, "area"))
    fastest = min(first, again)
    print(f"{groups:,} groups x {AGES} ages")
    print(f"  direct_rate, Tiwari: first {first:.3f} s, again {again:.3f} s, {fastest / groups * 1e6:.2f} us per group")
    print(f"  peak memory {after:.2f} GiB, of which the table itself {before:.2f} GiB")
    for method in ("fay-feuer", "dobson"):
        seconds, _ = timed(lambda method=method: direct_rate(frame, "area", method=method))
        print(f"  direct_rate, {method}: {seconds:.3f} s")
    if groups <= 100_000:
        shuffled = frame.sample(frac=1, random_state=1)
        seconds, mixed = timed(lambda: direct_rate(shuffled, "area"))
        np.testing.assert_allclose(mixed, table, rtol=1e-9)
        print(f"  direct_rate, Tiwari, rows in random order: {seconds:.3f} s")
    loop(frame, table, groups, fastest)
    peer(frame, groups)


def invent(groups: int) -> pd.DataFrame:
    """Make a table of small areas: about 36 deaths each, US 2000 standard million as weights."""
    random = np.random.default_rng(2006)
    million = [69_135, 72_533, 73_032, 72_169, 66_478, 64_529, 71_044, 80_762, 81_851, 72_118, 62_716, 48_454]
    million += [38_793, 34_264, 31_773, 26_999, 17_842, 15_508]
    rows = groups * AGES
    return pd.DataFrame(
        {
            "area": np.repeat(np.arange(groups), AGES),
            "count": random.poisson(2, rows),
            "population": random.integers(500, 50_000, rows),
            "weight": np.tile(million, groups),
        }
    )


def loop(frame: pd.DataFrame, ours: pd.DataFrame, groups: int, ours_seconds: float) -> None:
    """Time one group after the other with scipy's gamma distribution, and check that it gives our limits."""
    some = min(groups, LOOP_GROUPS)
    seconds, looped = timed(lambda: looped_rate(frame.head(some * AGES)))
    np.testing.assert_allclose(ours[["value", "lower", "upper"]].head(some), looped, rtol=1e-9)
    whole = seconds * groups / some
    print(f"  python loop over scipy.stats.gamma: {whole:.1f} s (from {some:,} groups), {whole / ours_seconds:,.0f} x")


def looped_rate(frame: pd.DataFrame) -> pd.DataFrame:
    """Standardise with Tiwari limits one group at a time."""
    rows = []
    for _, group in frame.groupby("area"):
        count, population, weight = (group[name].to_numpy() for name in ("count", "population", "weight"))
        w = weight / weight.sum() / population
        y, v = (w * count).sum(), (w * w * count).sum()
        m, u = y + w.mean(), v + (w * w).mean()
        lower = stats.gamma.ppf(0.025, y * y / v, scale=v / y)
        rows.append([rate * 100_000 for rate in (y, lower, stats.gamma.isf(0.025, m * m / u, scale=u / m))])
    return pd.DataFrame(rows, columns=["value", "lower", "upper"])


def peer(frame: pd.DataFrame, groups: int) -> None:
    """Time PHStatsMethods' ph_dsr (Dobson with Byar's limits), and check that it gives our Dobson limits."""
    if importlib.util.find_spec("PHStatsMethods") is None:
        print("  PHStatsMethods: not installed, not timed")
        return
    ph_dsr = importlib.import_module("PHStatsMethods").ph_dsr
    some = frame.head(min(groups, PEER_GROUPS) * AGES)
    seconds, theirs = timed(
        lambda: ph_dsr(
            some, "count", "population", "weight", group_cols="area", metadata=False, euro_standard_pops=False
        )
    )
    ours_seconds, ours = timed(lambda: direct_rate(frame, "area", method="dobson"))
    # Theirs can be negative where one stratum dominates; ours stop at 0.
    limits = np.maximum(theirs.sort_values("area").filter(regex="(?i)lower|upper").to_numpy(dtype=float), 0)
    difference = np.nanmax(np.abs(limits - ours[["lower", "upper"]].head(len(limits)).to_numpy()))
    whole = seconds * groups / len(limits)
    print(f"  PHStatsMethods.ph_dsr: {whole:.1f} s (from {len(limits):,} groups), {whole / ours_seconds:,.0f} x")
    print(f"    as long as direct_rate, dobson; largest difference of a limit: {difference:.2g} per 100,000")


def peak_gib() -> float:
    """Give the most memory that this process has had so far, in GiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**30 if sys.platform == "darwin" else 2**20)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Give seconds and the result."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


if __name__ == "__main__":
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    if len(sizes) == 1:
        main(sizes[0])
    else:
        for size in sizes:
            subprocess.run([sys.executable, __file__, str(size)], check=True)
