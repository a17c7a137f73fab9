"""Time summary measures of inequality for many places at once, with and without simulated limits.

Run from the checkout: `python benchmarks/bench_equity.py [places]`. Each place has ten groups in order.
"""

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from epi.equity import compare_groups, inequality

GROUPS = 10


def main(places: int = 1_000) -> None:
    """Print seconds for all measures of `places` places."""
    random = np.random.default_rng(7)
    rows = places * GROUPS
    frame = pd.DataFrame(
        {
            "place": np.repeat(np.arange(places), GROUPS),
            "decile": np.tile(np.arange(1, GROUPS + 1), places),
            "value": random.gamma(20, 1, rows),
            "population": random.integers(1_000, 50_000, rows),
        }
    ).assign(se=lambda table: table["value"] / 10, count=lambda table: random.poisson(table["population"] / 2_000))
    options: dict[str, Any] = {"by": "place", "group": "decile", "order": "decile", "reference": 1}
    timed("all measures, no limits", places, lambda: inequality(frame, **options))
    for model in ("linear", "log"):
        timed(
            f"all measures, 4,000 draws, {model} slope",
            places,
            lambda model=model: inequality(frame, se="se", model=model, **options),
        )
    timed("compare_groups", places, lambda: compare_groups(frame, "place", "decile", 1))


def timed(name: str, places: int, work: Any) -> None:
    """Print the seconds that `work` takes, in all and per place."""
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    print(f"{name:45s} {seconds:9.3f} s {seconds / places * 1e3:9.3f} ms per place")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
