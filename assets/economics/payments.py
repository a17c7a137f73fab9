"""What decisions do to the budgets of those who pay, year by year and undiscounted."""

from collections.abc import Sequence

import numpy as np

from assets.economics.ratios import summaries
from assets.economics.totals import NO_PAYMENT, Totals, service_categories
from assets.economics.value import Compared, Row
from epi.models.interface import FloatArray

PARTS = ("services", "care", "all")


def budget_rows(found: Totals, pairs: Compared, priced: Sequence[bool], shared: Row) -> list[Row]:
    """Make the budget impact of every priced comparison.

    Grain: intervention, level, comparator, payer, part, year. As `epi.economics.payers.budget_impact`, draw by draw:
    the cost of the strategy less that of its comparator, in prices of the costs' own years, not discounted. What values
    a death is no payment and is left out; a payer without a priced category has no rows.

    Args:
        found: Totals of the place.
        pairs: What is compared with what.
        priced: Whether the costs of each comparison are known.
        shared: Columns that all rows share: place, currency, cost basis.
    """
    rows: list[Row] = []
    for at in np.flatnonzero(np.array(priced)):
        services = service_categories(pairs.interventions[at].targets[pairs.levels[at]])
        for payer in dict.fromkeys(found.payers.values()):
            own = [name for name, who in found.payers.items() if who == payer and name not in NO_PAYMENT]
            if payer != "health system" and not any(found.yearly[name].any() for name in own):
                continue
            for part in PARTS:
                names = [name for name in own if part == "all" or (name in services) == (part == "services")]
                if names:
                    before, after = (_cost(found, names, row[at]) for row in (pairs.before, pairs.after))
                    named = {**shared, **pairs.named(int(at)), "payer": payer, "part": part}
                    rows += _years(before, after, named)
    return rows


def _cost(found: Totals, names: Sequence[str], row: int) -> FloatArray:
    return np.asarray(np.sum([found.yearly[name][row] for name in names], axis=0))


def _years(before: FloatArray, after: FloatArray, named: Row) -> list[Row]:
    impact = (after - before).T
    means = np.column_stack([before.mean(axis=0), after.mean(axis=0), impact.mean(axis=1).cumsum()]).tolist()
    return [
        {
            **named,
            "year": year,
            "comparator_cost": with_comparator,
            "strategy_cost": with_strategy,
            "budget_impact": summary["value"],
            "lower_95": summary["lower_95"],
            "upper_95": summary["upper_95"],
            "cumulative_impact": cumulative,
        }
        for year, ((with_comparator, with_strategy, cumulative), summary) in enumerate(
            zip(means, summaries(impact), strict=True), start=1
        )
    ]
