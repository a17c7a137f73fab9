"""Periods as services write them: a month, a quarter or a year, and what a spreadsheet makes of a month."""

import calendar

import pandas as pd

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_PATTERNS = (
    r"^(?P<year>\d{4})$",
    r"^(?P<year>\d{4})[- ]?[Qq](?P<quarter>[1-4])$",
    r"^(?P<year>\d{4})-(?P<month>\d{1,2})$",
    # A spreadsheet turns 2026-03 into a date, and shows it in its own way when it saves the file.
    r"^(?P<year>\d{4})-(?P<month>\d{2})-01(?: 00:00:00)?$",
    r"^(?P<name>[A-Za-z]{3})[a-z]*[- ](?P<year>\d{4}|\d{2})$",
)


def periods(text: pd.Series) -> pd.DataFrame:
    """Read periods.

    Args:
        text: Cells such as 2026, 2026-Q1, 2026-03 or Mar-26.

    Returns:
        ``period_start`` and ``period_end``, inclusive, with the index of ``text``; null where it is no period.
    """
    cells = text.astype("str").str.strip()
    parts = [cells.str.extract(pattern) for pattern in _PATTERNS]
    found = pd.DataFrame(index=text.index, columns=["year", "quarter", "month", "name"], dtype="object")
    for part in parts:
        found = found.fillna(part.reindex(columns=found.columns))
    year = pd.to_numeric(found["year"])
    year = year.where(year >= 100, year + 2000)
    named = found["name"].str.lower().map(_MONTHS).where(found["name"].notna())
    month = pd.to_numeric(found["month"]).fillna(pd.to_numeric(named))
    quarter = pd.to_numeric(found["quarter"])
    known = year.between(1980, 2100) & (month.between(1, 12) | (month.isna() & found["name"].isna()))
    first = month.fillna(3 * quarter - 2).fillna(1).where(known)
    length = pd.Series(1, index=text.index).mask(quarter.notna(), 3).mask(month.isna() & quarter.isna(), 12)
    start = pd.to_datetime(pd.DataFrame({"year": year.where(known), "month": first, "day": 1}), errors="coerce")
    last = pd.to_datetime(
        pd.DataFrame({"year": year.where(known), "month": (first + length - 1).where(known), "day": 1}), errors="coerce"
    )
    return pd.DataFrame({"period_start": start, "period_end": last + pd.offsets.MonthEnd(0)}).astype("datetime64[us]")


def label(start: pd.Series, end: pd.Series) -> pd.Series:
    """Write periods as the templates do: 2026, 2026-Q1 or 2026-03."""
    months = months_of(start, end)
    written: pd.Series = start.dt.strftime("%Y-%m")
    quarter = start.dt.quarter.astype("Int64").astype("str").fillna("")
    written = written.mask(months == 3, start.dt.strftime("%Y") + "-Q" + quarter)
    return written.mask(months == 12, start.dt.strftime("%Y"))


def months_of(start: pd.Series, end: pd.Series) -> pd.Series:
    """Count the months of each period."""
    return (end.dt.year - start.dt.year) * 12 + end.dt.month - start.dt.month + 1
