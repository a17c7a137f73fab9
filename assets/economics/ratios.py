"""Means with limits over draws, and ratios that say in words where a number would mislead."""

import numpy as np

from epi.models.interface import FloatArray

TAIL = 0.025
LEAST_EFFECT = 1e-6
"""Deaths, QALYs and amounts below this are the solver's rounding and nothing to divide by."""


def summaries(values: FloatArray) -> list[dict[str, object]]:
    """Give mean and limits over the draws of each row.

    Args:
        values: Rows x draws.
    """
    mean = values.mean(axis=1)
    lower, upper = np.quantile(values, [TAIL, 1 - TAIL], axis=1)
    together = np.column_stack([mean, np.minimum(lower, mean), np.maximum(upper, mean)])
    # What is below is the solver's rounding: nothing changed.
    together = np.where(np.abs(together) <= LEAST_EFFECT, 0.0, together).tolist()
    return [{"value": value, "lower_95": low, "upper_95": high} for value, low, high in together]


def ratio(cost: FloatArray, effect: FloatArray, gain: str = "health gained") -> dict[str, object]:
    """Give one ratio, as `ratios` does.

    Args:
        cost: Cost added, one value per draw.
        effect: Health gained, one value per draw.
        gain: What the effect is, in words.
    """
    return ratios(cost[None, :], effect[None, :], gain)[0]


def ratios(cost: FloatArray, effect: FloatArray, gain: str = "health gained") -> list[dict[str, object]]:
    """Give ratios of means with limits, or say why a ratio would mislead.

    Where money is saved and health gained, or money spent and health lost, the ratio has no reading:
    the row says so and has no value. Limits are quantiles of the draws' ratios, given only where every draw gains.

    Args:
        cost: Cost added, rows x draws.
        effect: Health gained, rows x draws.
        gain: What the effect is, in words.
    """
    limits = _limits(cost, effect)
    return [
        _told(float(added), float(gained), share, gain, low, high)
        for added, gained, share, low, high in zip(
            cost.mean(axis=1), effect.mean(axis=1), (effect <= LEAST_EFFECT).mean(axis=1), *limits, strict=True
        )
    ]


def returns_on(benefit: FloatArray, cost: FloatArray, definition: str) -> list[dict[str, object]]:
    """Give benefits over programme costs with their definition, or say that a programme costs nothing more.

    The value is the ratio of the means; limits are quantiles of the draws' ratios, given only where the programme costs
    money in every draw.

    Args:
        benefit: What stands above the line, rows x draws.
        cost: What the programme costs beyond its alternative, rows x draws.
        definition: Both in words.
    """
    found: list[dict[str, object]] = []
    shares = (cost <= LEAST_EFFECT).mean(axis=1)
    for above, below, share, low, high in zip(
        benefit.mean(axis=1), cost.mean(axis=1), shares, *_limits(benefit, cost), strict=True
    ):
        if below <= LEAST_EFFECT:
            found.append({"status": "not_applicable", "reason": f"the programme costs nothing more; {definition}"})
            continue
        value = float(above / below)
        row: dict[str, object] = {"value": value, "reason": definition}
        if share == 0:
            row |= {"lower_95": min(float(low), value), "upper_95": max(float(high), value)}
        found.append(row)
    return found


def _limits(above: FloatArray, below: FloatArray) -> tuple[FloatArray, FloatArray]:
    fine = (below > LEAST_EFFECT).all(axis=1)
    limits = np.full((2, len(above)), np.nan)
    if fine.any():
        limits[:, fine] = np.quantile(above[fine] / below[fine], [TAIL, 1 - TAIL], axis=1)
    return limits[0], limits[1]


def _told(added: float, gained: float, share: float, gain: str, low: float, high: float) -> dict[str, object]:
    if gained <= LEAST_EFFECT:
        if abs(added) <= LEAST_EFFECT and abs(gained) <= LEAST_EFFECT:
            words = "changes nothing here: the place is at this level already, or there is nobody left to reach"
        else:
            words = f"no {gain} on average" if added > 0 else f"saves money, no {gain} on average"
        return {"status": "not_applicable", "reason": words}
    if added <= 0:
        return {"status": "not_applicable", "reason": "saves money and gains health: dominates"}
    value = added / gained
    if share > 0:
        return {"value": value, "reason": f"no limits: {share:.0%} of the draws have no {gain}"}
    return {"value": value, "lower_95": min(float(low), value), "upper_95": max(float(high), value)}
