"""Jumps: releases, series and panels whose numbers move as no real change does.

A release whose values lie as a whole far from those of the release before it is held back: a unit or a column was
mistaken, by the publisher or by us. A person who finds that the publisher really changed them lets it through.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from assets.revisions import rank_of_releases
from schemas.observations import GROUP_COLUMNS, KEY

LEAST_RATIO, MOST_RATIO = 0.5, 2.0
LEAST_SHARED = 10
"""Rows of a measure that two releases must share before a median says anything."""

ACCEPTED = "accepted.yml"
PANEL_MEASURES = ("jurisdictions_reporting", "consumption_sites_reporting")
PANELS = {
    "cdc_sudors": ("unintentional_overdose_deaths",),
    "cdc_dose_syndromic": ("overdose_ed_visits_share_per_10k",),
    "cdc_dose_discharge": ("overdose_ed_visits", "overdose_hospitalisations"),
}
"""Sources whose jurisdictions take part as they can, and the measures that show which do."""

PANEL_CHANGE = 0.05
"""Share of a panel that may come or go from one period to the next before a count and a trend part."""

_FIELDS = {"source_id", "release", "reason", "evidence"}


class AcceptanceError(Exception):
    """A file of accepted releases that is not what it should be."""


@dataclass(frozen=True)
class Held:
    """A release that is held back, and why."""

    source_id: str
    snapshot_id: str
    message: str


def accepted(directory: Path) -> set[tuple[str, str]]:
    """Read which releases a person let through although their values jumped.

    Args:
        directory: Folder of corrections; ``accepted.yml`` may be absent.

    Raises:
        AcceptanceError: An entry lacks a field or has one that is not known.
    """
    path = directory / ACCEPTED
    if not path.is_file():
        return set()
    entries = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader) or []
    for entry in entries:
        if not isinstance(entry, dict) or set(entry) != _FIELDS or not all(entry.values()):
            raise AcceptanceError(f"{ACCEPTED}: expected {', '.join(sorted(_FIELDS))} in each entry, found {entry}")
    return {(str(entry["source_id"]), str(entry["release"])) for entry in entries}


def held_back(rows: pd.DataFrame, arrived: dict[str, str], let_through: set[tuple[str, str]]) -> list[Held]:
    """Find files whose values lie as a whole below half or above twice those that were here before.

    Snapshots are taken in the order they came: transcribed figures first, then files by when they were fetched or
    dropped in. Each is compared, measure by measure, with the nearest accepted one, of its own or an earlier release
    before those of later ones. Transcribed figures are reviewed by us and never held.

    Args:
        rows: Observations of figures and files, before one gives way to the other.
        arrived: When each snapshot came, by its id; figures are not in it.
        let_through: Source and release that a person accepted.
    """
    known = rows[(rows["status"] == "reported") & (rows["value"] > 0)]
    series = known.groupby(KEY, sort=False, observed=True).ngroup()
    slim = known[["source_id", "release", "snapshot_id", "measure_id", "value"]].assign(_series=series)
    came = slim["snapshot_id"].map(lambda snapshot_id: arrived.get(snapshot_id, "")).astype("str")
    slim = slim.assign(_rank=rank_of_releases(slim["release"]), _came=came)
    return [held for _, of_source in slim.groupby("source_id", sort=True) for held in _held(of_source, let_through)]


def _held(rows: pd.DataFrame, let_through: set[tuple[str, str]]) -> list[Held]:
    by_snapshot = dict(tuple(rows.groupby("snapshot_id")))
    firsts = rows.drop_duplicates("snapshot_id").sort_values(["_came", "_rank", "snapshot_id"])
    taken: list[tuple[int, str]] = []
    found = []
    named = firsts[["source_id", "release", "snapshot_id", "_came", "_rank"]]
    for source_id, release, snapshot_id, came, rank in named.itertuples(index=False):
        others = sorted(taken, key=lambda each, rank=rank: (each[0] > rank, abs(each[0] - rank)))
        worst = _furthest(by_snapshot, snapshot_id, [name for _, name in others]) if came else None
        if worst is not None and (source_id, release) not in let_through:
            found.append(Held(source_id, snapshot_id, _why(snapshot_id, *worst)))
        else:
            taken.append((rank, snapshot_id))
    return found


def _furthest(
    by_snapshot: dict[str, pd.DataFrame], snapshot_id: str, others: list[str]
) -> tuple[str, str, float, int] | None:
    """Give the other snapshot, measure, ratio and rows of the measure that lies furthest off; None where none does."""
    mine = by_snapshot[snapshot_id].set_index("_series")
    seen: set[str] = set()
    worst: tuple[str, str, float, int] | None = None
    for other in others:
        before = by_snapshot[other].set_index("_series")["value"].rename("before")
        shared = mine[~mine["measure_id"].isin(seen)].join(before, how="inner")
        ratios = (shared["value"] / shared["before"]).groupby(shared["measure_id"]).agg(["median", "size"])
        enough = ratios[ratios["size"] >= LEAST_SHARED]
        seen |= set(enough.index)
        for measure_id, (ratio, size) in enough[~enough["median"].between(LEAST_RATIO, MOST_RATIO)].iterrows():
            if worst is None or abs(np.log(ratio)) > abs(np.log(worst[2])):
                worst = (other, str(measure_id), float(ratio), int(size))
    return worst


def _why(snapshot_id: str, other: str, measure_id: str, ratio: float, size: int) -> str:
    return (
        f"{snapshot_id}: expected values of {measure_id} near those of {other}, found {ratio:,.4g} times them (median "
        f"of {size:,} shared rows, allowed {LEAST_RATIO:g} to {MOST_RATIO:g}); the release is held back, the earlier "
        "one stays. Look at unit and column of the file; if the publisher really changed the values, let the release "
        f"through with an entry in data/corrections/{ACCEPTED} (source_id, release, reason, evidence)."
    )


def unit_steps(newest: pd.DataFrame) -> pd.DataFrame:
    """Find values about 1,000 times, or a thousandth of, the value a period before, where both are of one series.

    Grain: one row for each step, with ``ratio`` and the columns of the observation. Shares are held to a factor of 100,
    the difference between a fraction and a percentage.
    """
    rows = newest[(newest["status"] == "reported") & (newest["value"] > 0)]
    series = ["source_id", *[name for name in KEY if not name.startswith("period_")]]
    days = (rows["period_end"] - rows["period_start"]).dt.days // 27
    ordered = rows.assign(_span=days).sort_values([*series, "_span", "period_end"], kind="stable", ignore_index=True)
    before = ordered.groupby([*series, "_span"], sort=False, observed=True)["value"].shift(1)
    ratio = ordered["value"] / before
    size = np.log10(ratio).abs()
    greater = pd.concat([ordered["value"], before], axis=1).max(axis=1)
    share = ordered["measure_id"].str.endswith("_pct")
    # Two zeros of a percentage point, or three of a count that is not small, are a unit; less can be real.
    stepped = (share & size.between(1.9, 2.1) & (greater > 10)) | (~share & size.between(2.8, 3.2) & (greater >= 1_000))
    return ordered[stepped].assign(ratio=ratio[stepped])


def panel_steps(newest: pd.DataFrame) -> pd.DataFrame:
    """Find periods in which the number of places or sites that report differs by more than a twentieth from the last.

    Grain: one row for each step, with ``before`` and the columns of the observation.
    """
    rows = newest[newest["measure_id"].isin(PANEL_MEASURES) & (newest["status"] == "reported")]
    series = ["source_id", "measure_id", "area_id", *GROUP_COLUMNS]
    ordered = rows.assign(_span=(rows["period_end"] - rows["period_start"]).dt.days // 27).sort_values(
        [*series, "_span", "period_end"], kind="stable", ignore_index=True
    )
    before = ordered.groupby([*series, "_span"], sort=False, observed=True)["value"].shift(1)
    stepped = (ordered["value"] - before).abs() > PANEL_CHANGE * before
    return ordered[stepped].assign(before=before[stepped])


def member_steps(newest: pd.DataFrame) -> pd.DataFrame:
    """Find periods in which more than a twentieth of a panel's jurisdictions left or came since the period before.

    A panel of the same size can have other members: 32 jurisdictions of a year need not be those of the year before.

    Grain: one row for each step, with ``value`` (left and came), ``before`` (members before), and the columns of the
    observation that name it.
    """
    asked = pd.concat(
        [newest["source_id"].eq(name) & newest["measure_id"].isin(PANELS[name]) for name in PANELS], axis=1
    )
    taking_part = newest["area_id"].str.fullmatch("US-[A-Z]{2}") & newest["status"].isin(["reported", "suppressed"])
    rows = newest[asked.any(axis=1) & taking_part & (newest[GROUP_COLUMNS] == "all").all(axis=1)]
    steps = []
    spans = (rows["period_end"] - rows["period_start"]).dt.days // 27
    for _, series in rows.groupby(["source_id", "measure_id", spans], observed=True):
        there = pd.crosstab(series["period_end"], series["area_id"]).gt(0)
        moved = (there != there.shift(1)).iloc[1:].sum(axis=1)
        before = there.sum(axis=1).shift(1).iloc[1:]
        changed = moved[moved > PANEL_CHANGE * before]
        named = series.drop_duplicates("period_end").set_index("period_end", drop=False).loc[changed.index]
        steps.append(named.assign(area_id="USA", value=changed.astype("float64"), before=before.loc[changed.index]))
    return pd.concat(steps, ignore_index=True) if steps else newest.iloc[:0].assign(before=0.0)
