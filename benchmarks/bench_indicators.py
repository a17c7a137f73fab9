"""Time all indicators over the observations that a refresh has stored.

Run from the checkout: `HRE_HOME=/some/home python benchmarks/bench_indicators.py`, after `hre refresh` in that home
with the files to be measured in its drop folders. CPU seconds count where the machine does other work too.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from assets import tables
from assets.indicators import registry
from assets.indicators.measures import Measures
from pipelines.settings import load


def main() -> None:
    """Print CPU seconds of each topic, and of all indicators together."""
    made = tables.last_good(load().tables / "core")
    if made is None:
        raise SystemExit("expected stored observations, found none; run `hre refresh` in this home first")
    observations, releases = (made.table(f"core.{name}") for name in ("observations", "observation_releases"))
    measures = Measures(observations, releases)
    for topic in registry.TOPICS:
        start = time.process_time()
        rows = topic.compute(measures)
        print(f"{topic.__name__.rpartition('.')[2]:20} {len(rows):>9,} rows {time.process_time() - start:6.2f} s CPU")
    start, clock = time.process_time(), time.perf_counter()
    values = registry.indicator_values(observations, releases)
    spent = time.process_time() - start
    print(f"{'all indicators':20} {len(values):>9,} rows {spent:6.2f} s CPU, {time.perf_counter() - clock:.2f} s")


if __name__ == "__main__":
    main()
