"""What interventions are worth: the outcome rows of a place, from its totals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.economics.balance import counts_hiv_deaths
from assets.economics.interventions import NONE, SERVICES_TODAY, TODAY, Intervention
from assets.economics.money import money_rows
from assets.economics.places import INPUTS, REQUIRED, Place
from assets.economics.ratios import summaries
from assets.economics.runs import Strategy
from assets.economics.totals import Totals
from epi.models.interface import FloatArray

Row = dict[str, object]
EVENTS = {
    "overdose_deaths": ("overdose_deaths_averted", "deaths"),
    "deaths": ("deaths_averted", "deaths"),
    "overdoses": ("overdoses_averted", "overdoses"),
    "hiv_infections": ("hiv_infections_averted", "infections"),
    "hcv_infections": ("hcv_infections_averted", "infections"),
    "hiv_deaths": ("hiv_deaths_averted", "deaths"),
    "emergency_attendances": ("emergency_attendances_averted", "attendances"),
}
"""Event of the model, and the outcome and unit it is told as."""

NEEDS = {"hiv_infections": "hiv_prevalence", "hcv_infections": "hcv_prevalence", "hiv_deaths": "hiv_prevalence"}
"""Prevalence of the place without which an event has no row."""

DALYS = "years of life within the horizon and disability of HIV; no verified weight of opioid dependence or hepatitis C"
DALYS_WITHOUT_HIV = (
    "years of life within the horizon; no HIV prevalence, no verified weight of dependence or hepatitis C"
)


@dataclass(frozen=True)
class Compared:
    """The comparisons of a place, one entry each: every strategy with today's services, and these with none.

    Attributes:
        interventions: What is compared.
        levels: Its level.
        comparators: What with.
        after: Rows of the strategies in the totals.
        before: Rows of the comparators.
    """

    interventions: list[Intervention]
    levels: list[str]
    comparators: list[str]
    after: list[int]
    before: list[int]

    def gain(self, table: FloatArray) -> FloatArray:
        """Give a table of strategies x draws, strategy less comparator."""
        return np.asarray(table[self.after] - table[self.before])

    def named(self, at: int) -> Row:
        """Give the columns that name one comparison."""
        return {
            "intervention_id": self.interventions[at].id,
            "level": self.levels[at],
            "comparator": self.comparators[at],
        }


def compared(found: Totals, wanted: Sequence[Strategy]) -> Compared:
    """List the comparisons of a place."""
    services = Intervention(SERVICES_TODAY, "Services as they are today", {"today": {}}, (), ("cost_oat", "cost_nsp"))
    return Compared(
        [*(one.intervention for one in wanted), services],
        [*(one.level for one in wanted), "today"],
        [TODAY] * len(wanted) + [NONE],
        [*(found.row(one.name) for one in wanted), found.row(TODAY)],
        [found.row(TODAY)] * len(wanted) + [found.row(NONE)],
    )


def value_rows(
    place: Place,
    found: Totals,
    pairs: Compared,
    parameters: Mapping[str, FloatArray],
    priced: Mapping[str, str],
    money: Row,
    willingness_to_pay: float,
) -> list[Row]:
    """Make the rows of one place.

    Grain: that of ``marts.intervention_value`` within a place.

    Args:
        place: The place.
        found: Its totals.
        pairs: What is compared with what.
        parameters: Parameters of the runs, which say whether deaths from HIV count.
        priced: Why an intervention's costs are not known, by its id; nothing where they are.
        money: Columns of rows on money: currency and cost basis.
        willingness_to_pay: Amount for a QALY at which net benefits and returns are told.
    """
    remarks = "; ".join(place.remarks)
    rows = [
        {**pairs.named(at), "reason": remarks, **row}
        for block in _health(place, found, pairs, counts_hiv_deaths(parameters))
        for at, row in enumerate(block)
    ]
    for at, row in money_rows(found, pairs, str(money["currency"]), willingness_to_pay):
        if not priced[pairs.interventions[at].id]:
            rows.append({**pairs.named(at), "reason": remarks, **money, **row})
    rows += [
        {**pairs.named(at), **lacking_money(priced[one.id], str(money["currency"]), found.main)}
        for at, one in enumerate(pairs.interventions)
        if priced[one.id]
    ]
    own = {"area_id": place.area_id, "source_ids": place.source_ids, "release": place.release}
    return [{**own, **row} for row in rows]


def _health(place: Place, found: Totals, pairs: Compared, deadly: bool) -> Iterator[list[Row]]:
    plain: Row = {"perspective": "none", "currency": "", "cost_basis": "none", "status": "reported"}
    for event, (outcome, unit) in EVENTS.items():
        unknown = event in NEEDS and NEEDS[event] not in place.values
        if unknown or (event == "hiv_deaths" and not deadly):
            continue
        told = {**plain, "discount_pct": 0.0, "outcome": outcome, "unit": unit}
        yield [{**told, **row} for row in summaries(-pairs.gain(found.events[event]))]
    why = DALYS if "hiv_prevalence" in place.values else DALYS_WITHOUT_HIV
    for rate in found.rates:
        effects = found.effects[rate]
        told = {**plain, "discount_pct": round(100 * rate, 6)}
        years = pairs.gain(effects["person_years"])
        for outcome, unit, gain, more in (
            ("qalys_gained", "QALYs", pairs.gain(effects["qalys"]), {}),
            ("life_years_gained", "years", years, {}),
            ("dalys_averted", "DALYs", years - pairs.gain(effects["yld"]), {"reason": _joined(place, why)}),
        ):
            yield [{**told, "outcome": outcome, "unit": unit, **more, **row} for row in summaries(gain)]


def _joined(place: Place, words: str) -> str:
    return "; ".join([*place.remarks, words])


def frame(rows: list[Row], shared: Mapping[str, object], columns: Sequence[str]) -> pd.DataFrame:
    """Make a table of rows and of what all share; what a row has of its own stands."""
    return pd.DataFrame([{**shared, **row} for row in rows]).reindex(columns=list(columns))


def lacking_money(reason: str, currency: str, rate: float) -> Row:
    """Say in one row why an intervention has no cost."""
    return {
        "perspective": "health system", "discount_pct": round(100 * rate, 6), "outcome": "cost_difference",
        "unit": currency, "currency": currency, "cost_basis": "none", "status": "not_applicable", "reason": reason,
    }  # fmt: skip


def lacking_row(place: Place, one: Intervention, reason: str, level: str) -> Row:
    """Say in one row why an intervention has no value in a place."""
    return {
        "area_id": place.area_id, "intervention_id": one.id, "level": level, "comparator": TODAY, "perspective": "none",
        "discount_pct": 0.0, "outcome": "overdose_deaths_averted", "unit": "deaths", "currency": "",
        "cost_basis": "none", "status": "not_applicable", "reason": reason, "draws": 0,
        "source_ids": place.source_ids, "release": place.release,
    }  # fmt: skip


def unfit(place: Place, known: set[str], one: Intervention) -> str:
    """Say why an intervention cannot be run in a place and what to give, or nothing where it can.

    Args:
        place: The place.
        known: Parameters that have a figure, of the evidence or the user.
        one: The intervention.
    """
    if not place.suffices:
        absent = [name for name in REQUIRED if name not in place.values]
        return f"the place has no value for {', '.join(place.lacking)}; {command(place, one, absent)}"
    if one.infections and not set(one.infections) & set(place.values):
        listed = " or ".join(INPUTS[name] for name in one.infections)
        return f"the place has no value for {listed}; {command(place, one, one.infections[:1])}"
    absent = [name for name in dict.fromkeys(one.needs) if name not in known and name not in place.values]
    return f"no verified evidence for {', '.join(absent)}; {command(place, one, absent)}" if absent else ""


def command(place: Place, one: Intervention, absent: Sequence[str]) -> str:
    """Give the command that runs an intervention with figures of one's own."""
    levels = "+".join(f"{lever}={level:g}" for lever, level in next(iter(one.targets.values())).items())
    own = " ".join(f"--set {name}=…" for name in absent)
    return f"with your own: hre model {place.area_id} -i {levels} {own}"


def unpriced(place: Place, known: set[str], one: Intervention, currency: str) -> str:
    """Say why an intervention has no costs and what to give, or nothing where it has."""
    absent = [name for name in one.prices if name not in known]
    if not absent:
        return ""
    return f"no single verified figure in {currency} for {', '.join(absent)}; {command(place, one, absent)}"


def already(place: Place, one: Intervention, level: str) -> str:
    """Say that a place has a level already."""
    found = ", ".join(f"{lever} {place.values.get(lever, 0.0):.0%}" for lever in one.targets[level])
    return f"already there or above: {found}"
