"""One ranked view for each period: what several charts with a choice of year share."""

import pandas as pd

from dashboards import formats
from dashboards import selection as sel
from dashboards.charts import View


def by_period(
    frame: pd.DataFrame, reference: str, unit: str, reference_name: str
) -> tuple[dict[str, View], list[tuple[str, str]]]:
    """Make one ranked view for each period, newest first."""
    views, options = {}, []
    order = (
        frame[["period", "period_end"]]
        .drop_duplicates("period")
        .sort_values("period_end", ascending=False, kind="stable")
    )
    for period in order["period"]:
        rows = sel.ranked(frame[frame["period"] == period], reference)
        if (rows["role"] == "place").any():
            views[str(period)] = View(
                rows, f"{sel.highest_and_lowest(rows, unit, reference_name)} {capitalised(period)}."
            )
            options.append((str(period), formats.period(period)))
    return views, options


def capitalised(period: object) -> str:
    """Write a period as a sentence of its own starts."""
    words = formats.in_period(period)
    return words[0].upper() + words[1:]
