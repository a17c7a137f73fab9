"""The arithmetic of abridged life tables, many tables at once."""

from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from epi.intervals import FloatArray, as_floats

LastInterval: TypeAlias = Literal["silcocks", "chiang"]


def common_ages(sizes: FloatArray, age: "pd.Series[Any]", name: str) -> FloatArray:
    """Give the ages at which intervals start, the same in each group, or say which group differs."""
    starts = as_floats(age, name)
    width = int(sizes[0]) if sizes.size else 0
    ages = starts[:width]
    if width and ((sizes != width).any() or (starts.reshape(-1, width) != ages).any()):
        raise ValueError(
            f"Each group must have the same {name} values; the first has {ages.tolist()} and another differs. "
            "Add the intervals it lacks, with 0 deaths."
        )
    return ages


def abridged_life_table(
    deaths: FloatArray, people: FloatArray, ages: FloatArray, infant_fraction: float, last_interval: LastInterval
) -> dict[str, FloatArray]:
    """Make the columns of life tables from arrays of groups x ages."""
    rate = np.divide(deaths, people, out=np.full_like(deaths, np.nan), where=people > 0)
    width = np.diff(ages, append=np.nan)
    fraction = np.where((ages == 0) & (width == 1), infant_fraction, 0.5)
    dying = np.minimum(width * rate / (1 + width * (1 - fraction) * rate), 1.0)
    dying[:, -1:] = 1.0
    survivors = np.cumprod(np.hstack([np.ones((len(rate), 1)), 1 - dying[:, :-1]]), axis=1)[:, : ages.size]
    number = np.where(deaths > 0, deaths, np.where(np.isnan(deaths), np.nan, 1.0))
    expectancy, variance = np.full_like(rate, np.nan), np.full_like(rate, np.nan)
    if ages.size:
        expectancy[:, -1] = np.divide(1, rate[:, -1], out=np.full(len(rate), np.nan), where=rate[:, -1] > 0)
        variance[:, -1] = expectancy[:, -1] ** 2 / number[:, -1] if last_interval == "silcocks" else 0.0
    # From the oldest age down, per person alive at each: an interval without people then leaves older ages known.
    for age in range(ages.size - 2, -1, -1):
        n, a, q = width[age], fraction[age], dying[:, age]
        lost = (1 - a) * n + expectancy[:, age + 1]
        expectancy[:, age] = n * (1 - q + a * q) + (1 - q) * expectancy[:, age + 1]
        variance[:, age] = (lost * q) ** 2 * (1 - q) / number[:, age] + (1 - q) ** 2 * variance[:, age + 1]
    return {
        "probability_of_dying": dying,
        "survivors": survivors,
        "value": expectancy,
        "standard_error": np.sqrt(variance),
    }
