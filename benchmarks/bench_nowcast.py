"""Time `epi.nowcast`, `epi.timeliness` and `epi.aberration` beside loops over rows or models.

Run from the checkout: `python benchmarks/bench_nowcast.py [series]`. Ratios are of one run on one machine, so they
compare methods, not machines. Every slow route must give the same numbers first. R's packages are not timed.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from epi.aberration import ears, farrington_flexible, farrington_many
from epi.nowcast import mack, nowcast
from epi.timeliness import completeness, revision_summary

SERIES = 1_000
DAYS = 1_095
# The loops are slow, so they get fewer series and their time is scaled up.
SLOW_SERIES = 5


def main(series: int = SERIES) -> None:
    """Print seconds and ratios for `series` daily series of three years, and for one area's triangle."""
    random = np.random.default_rng(20211)
    time_nowcast(random)
    time_ears(random, series)
    counts = random.poisson(20 * np.exp(0.3 * np.sin(np.arange(420) * 2 * np.pi / 52)))
    seconds, _ = timed(lambda: farrington_flexible(counts, assess=100))
    report("farrington_flexible, 100 weeks", seconds)
    many = pd.DataFrame({"place": np.repeat(np.arange(series), 313), "period": np.tile(np.arange(313), series)})
    many["count"] = random.poisson(8, len(many))
    seconds, _ = timed(lambda: farrington_many(many, "place"))
    report(f"farrington_many, newest week of {series:,} series", seconds)
    time_revisions(random, series)


def time_nowcast(random: np.random.Generator) -> None:
    """Time one area's nowcast of 60 months beside a fit of the same model by statsmodels (totals only, no draws)."""
    cells = random.poisson(200 * np.array([0.4, 0.3, 0.15, 0.08, 0.04, 0.02, 0.01]), (60, 7)).astype(float)
    cells[np.add.outer(np.arange(60), np.arange(7)) >= 60] = np.nan
    triangle = pd.DataFrame(cells)
    seconds, found = timed(lambda: nowcast(triangle), repeats=5)
    report("nowcast, 60 months, 2,000 draws", seconds)
    chain_seconds, chain = timed(lambda: mack(triangle), repeats=5)
    report("mack, 60 months", chain_seconds)
    model_seconds, totals = timed(lambda: modelled_totals(cells))
    np.testing.assert_allclose(found.periods["value"], totals, rtol=1e-6)
    np.testing.assert_allclose(chain.periods["value"], totals, rtol=1e-6)
    report("  statsmodels GLM, totals without limits", model_seconds, seconds)


def time_ears(random: np.random.Generator, series: int) -> None:
    """Time EARS for many daily series beside pandas' rolling windows, one series at a time."""
    table = pd.DataFrame(random.poisson(3, (DAYS, series)).astype(float))
    for method in ("C1", "C2", "C3"):
        seconds, found = timed(lambda method=method: ears(table, method))
        report(f"ears {method}, {table.size:,} counts", seconds)
        if method == "C2":
            slow, scores = timed(lambda: [rolled(table[column]) for column in table.columns[:SLOW_SERIES]])
            # pandas' rolling variance drifts: rounding left from earlier counts.
            np.testing.assert_allclose(found["score"].iloc[: DAYS * SLOW_SERIES], np.concatenate(scores), rtol=1e-6)
            report("  rolling windows, series by series", slow * series / len(scores), seconds)


def time_revisions(random: np.random.Generator, series: int) -> None:
    """Time the revision summary and completeness of `series` x 100 figures with 10 releases each."""
    size = series * 100
    frame = pd.DataFrame(
        {
            "area": np.repeat(np.arange(series), 1_000),
            "reference": np.tile(np.repeat(np.arange(100), 10), series),
            "release": np.tile(np.arange(100)[:, None] + np.arange(1, 11), (series, 1)).ravel(),
            "value": np.cumsum(random.poisson(5, (size, 10)), axis=1).ravel().astype(float),
        }
    )
    seconds, _ = timed(lambda: revision_summary(frame, by="area"))
    report(f"revision_summary, {len(frame):,} rows", seconds)
    seconds, _ = timed(lambda: completeness(frame, [1, 3, 10], by="area"))
    report(f"completeness, {len(frame):,} rows, 3 lags", seconds)


def modelled_totals(cells: np.ndarray) -> np.ndarray:
    """Fit the Poisson model with factors for period and delay, and sum each period over delays."""
    rows, delays = np.nonzero(~np.isnan(cells))
    design = np.hstack([np.eye(len(cells))[rows], np.eye(cells.shape[1])[delays][:, 1:]])
    fit = sm.GLM(cells[rows, delays], design, family=sm.families.Poisson()).fit(tol=1e-12)
    return np.exp(fit.params[: len(cells)]) * (1 + np.exp(fit.params[len(cells) :]).sum())


def rolled(counts: pd.Series) -> np.ndarray:
    """Score one series by EARS C2 with pandas' rolling windows."""
    past = counts.shift(3).rolling(7)
    with np.errstate(divide="ignore", invalid="ignore"):
        return ((counts - past.mean()) / past.std()).to_numpy()


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
    ratio = "" if beside is None else f"  {seconds / beside:8,.1f} x as long"
    print(f"{name:45s} {seconds:9.4f} s{ratio}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SERIES)
