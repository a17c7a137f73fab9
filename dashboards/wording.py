"""The words and marks beside each value of the published tables, added once for a whole indicator."""

import functools

import pandas as pd

from dashboards import formats


def with_words(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the columns that marks and tables share: names of statuses, final or provisional, written period."""
    words = frame.rename(columns={"lower_95": "lower", "upper_95": "upper"})
    # A calendar year stands at its own tick; a month, or a window, at its last month.
    words["date"] = [
        label if formats.is_year(label) else f"{end[:7]}-01"
        for label, end in zip(words["period"], words["period_end"], strict=True)
    ]
    words["when"] = [formats.period(label) for label in words["period"]]
    words["provisional"] = ["provisional" if flag is True or flag == 1 else "final" for flag in words["is_provisional"]]
    words["status_word"] = [formats.STATUS_WORDS.get(str(status), str(status)) for status in words["status"]]
    words["target_word"] = [formats.TARGET_WORDS.get(str(status), "") for status in words["target_status"]]
    words["note"] = [
        _note(*row)
        for row in words[["status_word", "provisional", "reliability", "reason", "series_break"]].itertuples(
            index=False
        )
    ]
    return words


# A table has few distinct remarks and very many rows.
@functools.cache
def _note(status: str, provisional: str, reliability: object, reason: object, series_break: object) -> str:
    remarks = []
    if status != "reported":
        remarks.append(status)
    if provisional == "provisional" and not formats.text(reason).startswith("provisional"):
        remarks.append("provisional")
    if reliability == "unreliable":
        remarks.append("unreliable")
    if formats.text(reason):
        remarks.append(formats.text(reason))
    if formats.text(series_break):
        remarks.append(f"break in the series: {formats.text(series_break)}")
    return "; ".join(dict.fromkeys(remarks))
