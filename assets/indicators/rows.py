"""Indicator rows: filling in what every indicator says in the same way."""

from functools import cache

import numpy as np
import pandas as pd

from epi.coverage import target_status
from schemas.indicators import COLUMNS, GRAIN, IndicatorCard, period_label

EVENTS_FOR_RELIABLE_RATE = 20
NORMAL_QUANTILE = 1.959963984540054
_LIMITS = [
    "lower_95",
    "upper_95",
    "numerator",
    "denominator",
    "denominator_low",
    "denominator_high",
    "completeness_pct",
]
_TEXT = [
    "indicator_id",
    "area_id",
    "period",
    "strata",
    "unit",
    "method",
    "status",
    "reason",
    "reliability",
    "series_break",
    "source_ids",
    "release",
]


_TYPES = {
    **dict.fromkeys([*_LIMITS, "value", "target"], "float64"),
    **dict.fromkeys(_TEXT, "str"),
    "is_provisional": "bool",
}


def indicator_rows(card: IndicatorCard, frame: pd.DataFrame, unit: pd.Series | None = None) -> pd.DataFrame:
    """Complete an indicator's rows: unit, period label, target and whether it is met; nothing where there is no value.

    Grain: area, period, strata.

    Args:
        card: The indicator's card.
        frame: Columns area_id, period_start, period_end, strata, value, status, method, is_provisional, source_ids,
            release; and where they are known interval, numerator, denominator, completeness_pct, reason, reliability,
            series_break, period.
        unit: Unit of each row, where it is that of the value compared and not the card's.
    """
    if frame.empty:
        return _no_rows().copy()
    missing = {name: np.nan for name in _LIMITS if name not in frame}
    unsaid = {"reason": "", "reliability": "not_assessed", "series_break": ""}
    silent = {name: text for name, text in unsaid.items() if name not in frame}
    units = card.unit if unit is None else unit
    rows = frame.assign(indicator_id=card.id, unit=units, **missing, **silent).reset_index(drop=True)
    if "period" not in rows:
        rows = rows.assign(period=period_label(rows["period_start"], rows["period_end"]))
    reported = rows["status"] == "reported"
    numbers = ["value", "lower_95", "upper_95"]
    rows[numbers] = rows[numbers].astype("float64").where(reported, np.nan, axis=0)
    rows = rows.assign(**_held_against_target(card, rows))
    return rows.astype(_TYPES)[COLUMNS].sort_values(GRAIN, ignore_index=True)


@cache
def _no_rows() -> pd.DataFrame:
    days = dict.fromkeys(["period_start", "period_end"], "datetime64[us]")
    types = {**_TYPES, **days, "target_status": "str"}
    return pd.DataFrame({name: pd.Series(dtype=types[name]) for name in COLUMNS})


def _held_against_target(card: IndicatorCard, rows: pd.DataFrame) -> dict[str, object]:
    target = card.target
    if target is None or card.polarity == "none":
        return {"target": np.nan, "target_status": "no_target"}
    met = target_status(
        rows["value"], rows["lower_95"], rows["upper_95"], target.value, higher_is_better=card.polarity == "higher"
    )
    status = pd.Series(met, index=rows.index).where(rows["value"].notna(), "undetermined")
    return {"target": target.value, "target_status": status}


def reliability(count: pd.Series) -> pd.Series:
    """Call a rate unreliable below 20 events, as CDC WONDER does; not assessed where no count is known."""
    label = pd.Series("reliable", index=count.index, dtype="str")
    return label.mask(count < EVENTS_FOR_RELIABLE_RATE, "unreliable").mask(count.isna(), "not_assessed")


def with_part(strata: pd.Series, key: str, value: pd.Series) -> pd.Series:
    """Add a part such as ``rate=overdose_death_rate_crude`` to each row's group, the parts in alphabetic order.

    Args:
        strata: Groups as ``schemas.indicators`` writes them.
        key: Name of the part.
        value: Value of the part in each row, same index.
    """
    labels = {
        pair: ";".join(sorted([part for part in pair[0].split(";") if part != "all"] + [f"{key}={pair[1]}"]))
        for pair in set(zip(strata, value, strict=True))
    }
    return pd.Series([labels[pair] for pair in zip(strata, value, strict=True)], index=strata.index, dtype="str")


def part_of(strata: pd.Series, key: str) -> pd.Series:
    """Give the value that each row's group has in one part, such as ``female`` of ``sex``; missing where it has none.

    Args:
        strata: Groups as ``schemas.indicators`` writes them.
        key: Name of the part.
    """
    parts = {label: dict(part.split("=", 1) for part in label.split(";") if "=" in part) for label in strata.unique()}
    return strata.map({label: of.get(key) for label, of in parts.items()}).astype("str")


def without_part(strata: pd.Series, key: str) -> pd.Series:
    """Take one part out of each row's group; ``all`` where nothing is left.

    Args:
        strata: Groups as ``schemas.indicators`` writes them.
        key: Name of the part.
    """
    left = {
        label: ";".join(part for part in label.split(";") if not part.startswith(f"{key}=")) or "all"
        for label in strata.unique()
    }
    return strata.map(left).astype("str")


def standard_errors(rows: pd.DataFrame) -> pd.Series:
    """Give the standard error that a 95 % interval stands for: its width over twice 1.96; null without an interval.

    Args:
        rows: Columns ``lower_95``, ``upper_95``.
    """
    return (rows["upper_95"] - rows["lower_95"]) / (2 * NORMAL_QUANTILE)


def with_source_breaks(rows: pd.DataFrame) -> pd.DataFrame:
    """Mark each value whose sources differ from those of the value before it in its series.

    A series is an indicator, a place, a group and a length of period; a source that changes inside one is a break to
    show and never a rise or a fall.

    Args:
        rows: Indicator rows, all columns.
    """
    months = (rows["period_end"] - rows["period_start"]).dt.days // 28
    keys = [rows[name] for name in ("indicator_id", "area_id", "strata")] + [months]
    ordered = rows[rows["status"] == "reported"].sort_values("period_end", kind="stable")
    groups = ordered.groupby([key.loc[ordered.index] for key in keys], sort=False)
    before = groups["source_ids"].shift()
    changed = before.notna() & (before != ordered["source_ids"])
    words = ("source changes from " + before + " to " + ordered["source_ids"]).where(changed, "")
    found = words.reindex(rows.index).fillna("")
    return rows.assign(series_break=remark(rows["series_break"], found).astype("str"))


def provenance(frame: pd.DataFrame, *others: str) -> dict[str, pd.Series]:
    """Name the sources a row rests on and their releases, in the same order, each pair once.

    Args:
        frame: Columns source_id, release, and the same ending in ``_<other>`` for each measure put beside the first.
        others: Names of those measures, as ``pair`` gave them; a row that has none of one leaves it out.

    Returns:
        Columns ``source_ids`` and ``release``, joined by plus signs.
    """
    pairs = [(frame["source_id"], frame["release"])]
    sources, releases = pairs[0]
    for other in others:
        source, release = frame[f"source_id_{other}"], frame[f"release_{other}"]
        new = source.notna()
        for known_source, known_release in pairs:
            new &= ~((source == known_source) & (release == known_release))
        sources = sources.where(~new, sources + "+" + source.fillna(""))
        releases = releases.where(~new, releases + "+" + release.fillna(""))
        pairs.append((source, release))
    return {"source_ids": sources, "release": releases}


def remark(*parts: pd.Series) -> pd.Series:
    """Join remarks, leaving out empty ones."""
    total = parts[0].fillna("")
    for part in parts[1:]:
        text = part.fillna("")
        gap = pd.Series("; ", index=total.index, dtype="str").where((total != "") & (text != ""), "")
        total = total + gap + text
    return total
