"""What binds the counts of a programme together: groups and their total, months and their year, parts and their whole.

The same relations find contradictions in what services send, and tell what could be computed from what is shown.
"""

from collections.abc import Hashable
from dataclasses import dataclass

import pandas as pd

from assets.programme_periods import months_of
from epi.disclosure import Fact, part_of, total_is_sum
from schemas.areas import parents
from schemas.measures import MEASURES
from schemas.programme import COLUMNS

_AGES = r"^(\d+)(?:-(\d+)|\+)$"


@dataclass(frozen=True)
class Relation:
    """One count and those that lie within it, by their labels in the frame."""

    total: Hashable
    parts: tuple[Hashable, ...]
    adds: bool
    """Whether the parts do not overlap, so that their sum is no more than the total."""

    complete: bool
    """Whether the parts are known to be all there is."""

    kind: str
    """groups, periods, areas or parts."""


def relations(frame: pd.DataFrame, within: list[str]) -> list[Relation]:
    """Find all relations between the counts of a frame.

    Args:
        frame: Columns ``measure_id, drug, area_id, period_start, period_end, sex, age_group`` and those of ``within``.
        within: Further columns that both counts must share, such as the service.
    """
    if frame.empty:
        return []
    place = ["area_id", "period_start", "period_end"]
    whose = ["measure_id", "drug", *within]
    return [
        *_groups(frame, [*whose, *place]),
        *_periods(frame, [*whose, "area_id", "sex", "age_group"]),
        *_areas(frame, [*whose, "period_start", "period_end", "sex", "age_group"]),
        *_parts(frame, [*within, *place, "sex", "age_group"]),
    ]


def _groups(frame: pd.DataFrame, keys: list[str]) -> list[Relation]:
    found = []
    for column, other in (("sex", "age_group"), ("age_group", "sex")):
        for _, rows in frame[frame.duplicated([*keys, other], keep=False)].groupby([*keys, other]):
            total, parts = rows.index[rows[column] == "all"], rows[rows[column] != "all"]
            if len(total) and len(parts):
                apart = column == "sex" or not _overlap(parts["age_group"])
                found.append(Relation(total[0], tuple(parts.index), apart, False, "groups"))
    return found


def _overlap(ages: pd.Series) -> bool:
    ends = ages.str.extract(_AGES)
    start = pd.to_numeric(ends[0]).fillna(-1)
    last = pd.to_numeric(ends[1]).fillna(999).where(start >= 0, -1)
    ordered = pd.DataFrame({"start": start, "last": last}).sort_values("start")
    return bool((ordered["start"].iloc[1:].to_numpy() <= ordered["last"].iloc[:-1].to_numpy()).any())


def _periods(frame: pd.DataFrame, keys: list[str]) -> list[Relation]:
    flows = frame[frame["measure_id"].map(lambda name: MEASURES[name].kind == "flow").astype("bool")]
    rows = flows[[*keys, "period_start", "period_end"]].assign(
        months=months_of(flows["period_start"], flows["period_end"]), at=flows.index
    )
    longer = rows[rows["months"] > 1]
    both = longer.merge(rows, on=keys, suffixes=("", "_part"))
    inside = (both["period_start_part"] >= both["period_start"]) & (both["period_end_part"] <= both["period_end"])
    both = both[inside & (both["months_part"] < both["months"])]
    found = []
    for (at, _), parts in both.groupby(["at", "months_part"]):
        adds = MEASURES[str(parts["measure_id"].iloc[0])].adds_over_time
        complete = adds and parts["months_part"].sum() == parts["months"].iloc[0]
        found.append(Relation(at, tuple(parts["at_part"]), adds, complete, "periods"))
    return found


def _areas(frame: pd.DataFrame, keys: list[str]) -> list[Relation]:
    there, above = set(frame["area_id"]), parents()
    nearest = {area: _nearest(area, there, above) for area in there}
    parent = frame["area_id"].map(nearest)
    inner = frame.assign(parent=parent.astype("object"), at=frame.index)[parent.notna().to_numpy()]
    outer = frame.assign(total=frame.index)[[*keys, "area_id", "total"]].rename(columns={"area_id": "parent"})
    both = inner[[*keys, "parent", "at"]].merge(outer, on=[*keys, "parent"])
    return [
        Relation(total, tuple(parts["at"]), MEASURES[str(parts["measure_id"].iloc[0])].adds_over_area, False, "areas")
        for total, parts in both.groupby("total")
    ]


def _nearest(area: str, there: set[str], above: dict[str, str]) -> str | None:
    parent = above.get(area)
    while parent is not None and parent not in there:
        parent = above.get(parent)
    return parent


def _parts(frame: pd.DataFrame, keys: list[str]) -> list[Relation]:
    pairs = [
        (column.measure_id, column.drug, COLUMNS[column.part_of].measure_id, COLUMNS[column.part_of].drug)
        for column in COLUMNS.values()
        if column.part_of
    ]
    wholes = pd.DataFrame(pairs, columns=["measure_id", "drug", "whole_measure", "whole_drug"])
    parts = frame.assign(part=frame.index)[[*keys, "measure_id", "drug", "part"]].merge(
        wholes, on=["measure_id", "drug"]
    )
    whole = frame.assign(whole=frame.index)[[*keys, "measure_id", "drug", "whole"]]
    whole = whole.rename(columns={"measure_id": "whole_measure", "drug": "whole_drug"})
    both = parts.merge(whole, on=[*keys, "whole_measure", "whole_drug"])
    medicines = both["drug"] != both["whole_drug"]
    found = [Relation(row.whole, (row.part,), True, False, "parts") for row in both[~medicines].itertuples()]
    return found + [
        Relation(total, tuple(rows["part"]), True, False, "parts") for total, rows in both[medicines].groupby("whole")
    ]


def contradicted(found: list[Relation], value: pd.Series) -> dict[Hashable, str]:
    """Give the totals that contradict their parts, each with the kind of relation.

    Args:
        found: Relations.
        value: Counts, by the labels that the relations use.
    """
    wrong: dict[Hashable, str] = {}
    for relation in found:
        parts, total = value.loc[list(relation.parts)], float(value.loc[relation.total])
        least = float(parts.sum() if relation.adds else parts.max())
        if total < least or (relation.complete and total != least):
            wrong.setdefault(relation.total, relation.kind)
    return wrong


def facts(found: list[Relation], value: pd.Series) -> list[Fact]:
    """Write relations as facts about the counts, as strong as an attacker may take them to be.

    Parts that happen to sum to their total are taken for all there is, as anybody would guess. A relation that the true
    counts do not keep, as sums over different services may not, is none.
    """
    written: list[Fact] = []
    for relation in found:
        parts, total = value.loc[list(relation.parts)], float(value.loc[relation.total])
        cells = [(part,) for part in relation.parts]
        if relation.adds and (relation.complete or len(cells) > 1) and total == float(parts.sum()):
            written.append(total_is_sum((relation.total,), cells))
        elif relation.adds and total >= float(parts.sum()):
            written.append(part_of(cells, (relation.total,)))
        else:
            written += [part_of((at,), (relation.total,)) for at, part in parts.items() if part <= total]
    return written
