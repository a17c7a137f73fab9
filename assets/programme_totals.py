"""Own programme data, added up: from every service's lines to protected totals of places.

Services are never told apart in what is stored: their counts are added up for each place, period and group, small
totals are hidden together with what would give them away, and what stays is rounded.
"""

import datetime
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from assets.programme_periods import months_of
from assets.programme_relations import contradicted, facts, relations
from assets.programme_rows import KEY, faults
from assets.source import SourceRefused
from epi.disclosure import audit, protect
from schemas.measures import MEASURES
from schemas.programme import ROUND_TO, THRESHOLD

TOTAL_KEY = ["measure_id", "drug", "area_id", "period_start", "period_end", "sex", "age_group"]
EXACT = "the same count stood in another line"
REPLACED = "replaced by a later file, or withdrawn by it"
ADDED = "added to another line of the same place, period and group"
EARLIER = "refused in an earlier file, and told there"

_REASONS = {
    "groups": ("groups_exceed_total", "no more in the groups together than in all", "correct the total or the groups"),
    "parts": ("part_exceeds_whole", "no more than the count that this one is part of", "correct one of the two"),
    "periods": (
        "shorter_periods_disagree",
        "what the months or quarters inside this period say: their sum where all are given, else at least as much",
        "correct the longer period or the shorter ones",
    ),
    "areas": ("", "", ""),
}


@dataclass(frozen=True)
class Gathered:
    """The lines of all files so far, judged."""

    lines: pd.DataFrame
    """Every count that was filled in, with ``code``, ``shown``, ``expected``, ``to_do`` (empty where it is good), and
    ``sequence``, the file's place in the order in which files came in."""

    dropped: dict[str, int] = field(default_factory=dict)

    @property
    def good(self) -> pd.DataFrame:
        """Give the lines that count: of each the newest, faultless and not withdrawn."""
        return self.lines[(self.lines["code"] == "") & self.lines["counts"]]


def gather(parts: list[tuple[pd.DataFrame, datetime.date]]) -> Gathered:
    """Judge the counts of all files that came in so far, oldest first; later ones replace earlier ones.

    Args:
        parts: What ``programme_rows.cells`` gave of the files of each release, and the day they came in.
    """
    judged = [
        long[long["text"] != ""].join(faults(long, day)).assign(sequence=number)
        for number, (long, day) in enumerate(parts)
    ]
    lines = pd.concat(judged, ignore_index=True)
    # An estimate is of a place, whoever wrote it down.
    lines["written_service"] = lines["service"]
    lines["service"] = lines["service"].where(lines["template"] != "population-size", "").str.casefold()
    lines = _conflicts(lines)
    good = lines["code"] == ""
    last = ~lines[good].duplicated(KEY, keep="last").reindex(lines.index, fill_value=True)
    again = lines[good].duplicated([*KEY, "sequence"], keep="last").reindex(lines.index, fill_value=False)
    stands = good & last & ~lines["withdrawn"]
    dropped = {EXACT: int(again.sum()), REPLACED: int((good & ~stands & ~again).sum())}
    lines = _contradictions(lines.assign(counts=stands))
    return Gathered(lines, dropped)


def _conflicts(lines: pd.DataFrame) -> pd.DataFrame:
    good = lines[lines["code"] == ""]
    differing = good.groupby([*KEY, "sequence"], dropna=False)["text"].transform("nunique") > 1
    at = differing.index[differing]
    lines.loc[at, ["code", "shown", "expected", "to_do"]] = [
        "conflicting_duplicate",
        "",
        "one count for this service, place, period and group, not several that differ",
        "keep the right line; give two services two names in the column service",
    ]
    return lines


def _contradictions(lines: pd.DataFrame) -> pd.DataFrame:
    """Set aside totals that contradict the groups, the shorter periods or the parts that the same service gives."""
    good = lines[(lines["code"] == "") & lines["counts"] & (lines["limit"] == "")]
    wrong = contradicted([r for r in relations(good, ["service"]) if r.kind != "areas"], good["value"])
    for at, kind in wrong.items():
        code, expected, to_do = _REASONS[kind]
        lines.loc[at, ["code", "shown", "expected", "to_do"]] = [code, "", expected, to_do]
    return lines.assign(counts=lines["counts"] & (lines["code"] == ""))


def with_years(good: pd.DataFrame) -> pd.DataFrame:
    """Add the year of each service that gives all its months or quarters but not the year, where counts add up."""
    adds = good[good["measure_id"].map(lambda name: MEASURES[name].adds_over_time).astype("bool")]
    keys = [
        *(name for name in KEY if not name.startswith("period_")),
        "year",
        "measure_id",
        "drug",
        "limit",
        "template",
    ]
    rows = adds.assign(year=adds["period_start"].dt.year, months=months_of(adds["period_start"], adds["period_end"]))
    sums = rows.groupby([*keys, "months"], as_index=False)["value"].agg(["sum", "size"])
    whole = sums[(sums["size"] * sums["months"] == 12) & (sums["months"] < 12)].sort_values("months")
    given = rows.loc[rows["months"] == 12, keys].assign(given=True)
    new = whole.drop_duplicates(keys).merge(given, on=keys, how="left")
    new = new[new["given"].isna()].rename(columns={"sum": "value"})
    start = pd.to_datetime(new["year"].astype("str") + "-01-01").astype("datetime64[us]")
    end = pd.to_datetime(new["year"].astype("str") + "-12-31").astype("datetime64[us]")
    new = new.assign(period_start=start, period_end=end, made_up_of_parts=True)
    wanted = [name for name in good.columns if name in new.columns]
    return pd.concat([good.assign(made_up_of_parts=False), new[[*wanted, "made_up_of_parts"]]], ignore_index=True)


def totals(rows: pd.DataFrame) -> pd.DataFrame:
    """Add services up for each place, period and group.

    Grain: measure, drug, place, period, sex, age group; with the number of services added up and of those that gave
    anything in the period, and the limits of an estimate.
    """
    values = rows[rows["limit"] == ""]
    summed = values.groupby(TOTAL_KEY, as_index=False, sort=True).agg(
        value=("value", "sum"),
        services=("service", "nunique"),
        template=("template", "first"),
        column=("column", "first"),
        summed_periods=("made_up_of_parts", "any"),
    )
    for side in ("lower", "upper"):
        limits = rows[rows["limit"] == side].drop_duplicates(TOTAL_KEY)
        summed = summed.merge(
            limits[[*TOTAL_KEY, "value"]].rename(columns={"value": side}), on=TOTAL_KEY, how="left", validate="1:1"
        )
    return summed.assign(services_about=_services_about(summed, values))


def _services_about(summed: pd.DataFrame, values: pd.DataFrame) -> pd.Series:
    """Count the services that gave something of the measure in the place inside each period."""
    keys = ["measure_id", "drug", "area_id", "sex", "age_group"]
    both = summed[TOTAL_KEY].assign(at=summed.index).merge(values, on=keys, suffixes=("", "_part"))
    inside = both[(both["period_start_part"] >= both["period_start"]) & (both["period_end_part"] <= both["period_end"])]
    return inside.groupby("at")["service"].nunique().reindex(summed.index)


def protected(summed: pd.DataFrame, previous: pd.DataFrame | None) -> pd.DataFrame:
    """Hide and round totals so that neither they alone nor with the release before give a small count away.

    Args:
        summed: What ``totals`` gave.
        previous: What this gave for the release before; None for the first.

    Returns:
        The same rows with ``shown`` (null where hidden) and ``status`` in place of the count.

    Raises:
        SourceRefused: No choice of hidden totals passes the audit.
    """
    cell = _cell(summed)
    labelled = summed.set_index(cell)
    known = facts(relations(labelled, []), labelled["value"])
    before = None
    if previous is not None:
        before = pd.DataFrame(
            {"cell": _cell(previous).to_numpy(), "count": previous["shown"], "status": previous["status"]}
        )
    frame = pd.DataFrame({"cell": cell.to_numpy(), "count": summed["value"].to_numpy()})
    try:
        safe = protect(frame, "count", ["cell"], [], THRESHOLD, round_to=ROUND_TO, also=known, previous=before)
        left = audit(safe, "count", ["cell"], THRESHOLD, round_to=ROUND_TO, also=known, previous=before)
    except ValueError as fault:
        raise SourceRefused(
            f"expected totals that can be protected, found none ({type(fault).__name__}); give fewer groups or periods"
        ) from None
    # What the release before gives away is out already; refusing this one would not take it back.
    left = left[left["finding"] != "previous"]
    if len(left):
        raise SourceRefused(
            f"expected no hidden total that can be worked out, found {len(left)}; give fewer groups or periods"
        )
    hidden = safe["status"].to_numpy() == "suppressed"
    limits = {side: (np.floor(summed[side] / ROUND_TO + 0.5) * ROUND_TO).where(~hidden) for side in ("lower", "upper")}
    shown = summed.drop(columns="value").assign(shown=safe["count"].to_numpy(), status=safe["status"].to_numpy())
    return shown.assign(**limits)


def _cell(frame: pd.DataFrame) -> pd.Series:
    days = [frame[name].dt.strftime("%Y-%m-%d") for name in ("period_start", "period_end")]
    words = [frame[name] for name in ("measure_id", "drug", "area_id", "sex", "age_group")]
    joined = words[0]
    for part in (*words[1:], *days):
        joined = joined + "|" + part
    return joined.rename("cell")
