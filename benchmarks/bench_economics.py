"""Time the economics on the sizes that matter, beside heormodel where it can be imported.

Run from the checkout: `python benchmarks/bench_economics.py`. Bounds: acceptability and perfect information of 10,000
draws, 20 strategies and 201 thresholds in .2 s; 3,303 strategies in 215 incremental tables in 1 s (CPU seconds).
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from epi.economics import acceptability, evpi, evppi, funding_probability, incremental_analysis, incremental_tables
from epi.economics.draws import sample

DRAWS, STRATEGIES, THRESHOLDS = 10_000, 20, 201
TABLES, ROWS = 215, 3_303
BOUNDS = {"acceptability and evpi": 0.2, "incremental tables": 1.0}


def main() -> None:
    """Print CPU seconds of each task, the bound where there is one, and how many times as long heormodel takes."""
    random = np.random.default_rng(1)
    names = [f"strategy {number:02d}" for number in range(STRATEGIES)]
    costs = pd.DataFrame(random.normal(1e5, 1e4, (DRAWS, STRATEGIES)), columns=names)
    effects = pd.DataFrame(random.normal(10, 1, (DRAWS, STRATEGIES)), columns=names)
    values = np.linspace(0, 100_000, THRESHOLDS)
    places = np.sort(random.integers(0, TABLES, ROWS))
    tables = pd.DataFrame({"place": places, "strategy": [f"s{row}" for row in range(ROWS)]})
    tables = tables.assign(cost=random.gamma(2, 1e6, ROWS)).assign(
        effect=lambda frame: np.sqrt(frame["cost"]) * random.normal(1, 0.1, ROWS)
    )
    known = pd.DataFrame(random.normal(size=(DRAWS, 3)), columns=list("abc"))
    theirs = peer(costs, effects, values, tables)
    ours = {
        "acceptability and evpi": lambda: (acceptability(costs, effects, values), evpi(costs, effects, values)),
        "incremental tables": lambda: incremental_tables(tables, "place"),
        "incremental tables, one by one": lambda: [incremental_analysis(part) for _, part in tables.groupby("place")],
        "evppi, one parameter": lambda: evppi(costs, effects, known, "a", values),
        "evppi, three parameters": lambda: evppi(costs, effects, known, list("abc"), values),
        "best budget, 8 x 5 levels, 1,000 draws": budget_task(random),
        "draws of 100 parameters": draws_task(),
    }
    for name, task in ours.items():
        seconds = timed(task)
        bound = f"  bound {BOUNDS[name]:.1f} s" if name in BOUNDS else ""
        beside = f"  heormodel {timed(theirs[name], 1) / seconds:8.1f} x as long" if name in theirs else ""
        print(f"{name:40s} {seconds:8.3f} s{bound}{beside}")


def budget_task(random: np.random.Generator) -> Callable[[], Any]:
    """Give the task of finding the best budget in many draws."""
    options = pd.MultiIndex.from_product([[f"intervention {i}" for i in range(8)], [f"level {k}" for k in range(5)]])
    frames = [pd.DataFrame(random.gamma(4, 1, (1_000, 40)), columns=options) for _ in range(2)]
    return lambda: funding_probability(frames[0], frames[1], 15.0)


def draws_task() -> Callable[[], Any]:
    """Give the task of drawing parameters of every kind."""
    kinds = ["beta", "gamma", "lognormal", "normal"]
    rows = [(f"p{number}", kinds[number % 4], 0.2, 0.1, 0.35) for number in range(100)]
    table = pd.DataFrame(rows, columns=["parameter_id", "distribution", "mean", "lower", "upper"])
    return lambda: sample(table, DRAWS)


def peer(costs: pd.DataFrame, effects: pd.DataFrame, values: Any, tables: pd.DataFrame) -> dict[str, Callable[[], Any]]:
    """Give the same tasks done by heormodel (MIT), or nothing where it is not installed."""
    try:
        from heormodel import cea, voi
        from heormodel.models import Outcomes
    except ImportError:
        print("heormodel cannot be imported: no comparison")
        return {}
    outcomes = Outcomes.from_wide(costs, effects)
    parts = [part.set_index("strategy")[["cost", "effect"]] for _, part in tables.groupby("place")]
    return {
        "acceptability and evpi": lambda: (cea.ceac(outcomes, values), voi.evpi(outcomes, values)),
        "incremental tables": lambda: [cea.icer_table(part) for part in parts],
    }


def timed(task: Callable[[], Any], repeats: int = 3) -> float:
    """Give the fewest CPU seconds of some runs."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        task()
        seconds.append(time.process_time() - start)
    return min(seconds)


if __name__ == "__main__":
    main()
