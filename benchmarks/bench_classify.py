"""Time `epi.mortality.classify` and `epi.visits.classify` beside pandas' regular expressions over every row.

Run from the checkout: `python benchmarks/bench_classify.py [deaths]`. The deaths are invented: causes and codes are
drawn at random, so that nearly every text is unique; on real certificates many rows share one.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from epi.mortality import classify
from epi.visits import classify as classify_visits

DEATHS = 1_000_000
CAUSES = ["X40", "X41", "X42", "X44", "X62", "X64", "X85", "Y12", "Y14", "I250", "C349", "J449", "F112", "E119"]
DRUGS = ["T391", "T400", "T401", "T402", "T403", "T404", "T405", "T406", "T424", "T436", "T509", "T510"]
CLASSES = {
    "any_opioid": "T40[0-46]",
    "heroin": "T401",
    "natural_semisynthetic": "T402",
    "methadone": "T403",
    "synthetic_opioid": "T404",
    "cocaine": "T405",
    "psychostimulant": "T436",
}


def main(rows: int = DEATHS) -> None:
    """Print seconds and ratios for `rows` deaths; both routes must give the same frame first."""
    random = np.random.default_rng(1999)
    others = np.array([f"{letter}{number:03d}" for letter in "FIJKR" for number in range(0, 1_000, 5)])
    codes = np.column_stack([random.choice(DRUGS, (rows, 3)), random.choice(others, (rows, 2))]).astype(object)
    causes, texts = pd.Series(random.choice(CAUSES, rows)), pd.Series([" ".join(row) for row in codes.tolist()])
    lists = pd.Series(codes.tolist())
    print(f"{rows:,} deaths, {texts.nunique():,} different texts")
    seconds, deaths = timed(lambda: classify(causes, texts), repeats=3)
    report("classify, texts", seconds)
    row_seconds, slow = timed(lambda: row_by_row(causes, texts))
    pd.testing.assert_frame_equal(deaths[list(slow)], slow, check_dtype=False)
    report("  regular expressions over every row", row_seconds, seconds)
    listed, same = timed(lambda: classify(causes, lists), repeats=3)
    pd.testing.assert_frame_equal(same, deaths)
    report("classify, lists", listed, seconds)
    few = pd.Series(random.choice(texts.unique()[: max(rows // 50, 1)], rows))
    report(f"classify, {few.nunique():,} different texts", timed(lambda: classify(causes, few), repeats=3)[0], seconds)
    visits = texts.str.replace("T(...)", r"T\1X1A", regex=True)
    report("visits.classify, texts", timed(lambda: classify_visits(visits), repeats=3)[0], seconds)


def row_by_row(causes: "pd.Series[Any]", texts: "pd.Series[Any]") -> pd.DataFrame:
    """Apply each expression to every row of text."""
    overdose = causes.str.contains("^(?:X4[0-4]|X6[0-4]|X85|Y1[0-4])")
    columns = {name: texts.str.contains(rf"\b{rule}\b") & overdose for name, rule in CLASSES.items()}
    return pd.DataFrame({"is_overdose": overdose} | columns)


def timed(work: Callable[[], Any], repeats: int = 1) -> tuple[float, Any]:
    """Give the fastest of `repeats` runs in seconds, and the result."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def report(name: str, seconds: float, beside: float | None = None) -> None:
    """Print one line: what, seconds, and how many times as long as `classify` with texts."""
    ratio = "" if beside is None else f"  {seconds / beside:8.1f} x as long"
    print(f"{name:45s} {seconds:9.3f} s{ratio}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else DEATHS)
