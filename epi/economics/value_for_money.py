"""What comes back for what is spent: ratios that say what stands above and below the line."""

import numpy as np
import pandas as pd

from epi.intervals import FloatArray, Numbers, check_confidence

DEFINITIONS = {
    "benefit_cost_ratio": "(other costs saved + value of health gained) / programme cost",
    "return_on_investment": "(other costs saved + value of health gained - programme cost) / programme cost",
    "saving_ratio": "other costs saved / programme cost (health not valued; the convention of the ACT model)",
}


def returns(
    programme_cost: Numbers, costs_saved: Numbers, health_value: Numbers = 0.0, confidence: float = 0.95
) -> pd.DataFrame:
    """Make the benefit-cost ratio, the return on investment and the saving ratio, each with its definition.

    Formula: with means over draws, benefit_cost_ratio = (saved + health) / programme; return_on_investment = that - 1;
    saving_ratio = saved / programme, with which the ACT model's results compare. The value is the ratio of the means
    (the mean of ratios is another, biased, number); limits are quantiles of the ratios of draws.

    A ratio means nothing where the programme costs nothing or saves: its value is nan then, and so are the limits where
    that is so in any draw. All amounts are compared with the same alternative and discounted alike.

    Args:
        programme_cost: Cost of the programme beyond that of the alternative, money; one number or one per draw.
        costs_saved: All other costs of the alternative, less those with the programme; negative where they rise.
        health_value: Health gained times willingness to pay, money.
        confidence: Two-sided level of the limits.

    Returns:
        One row per measure: `measure`, `definition`, `numerator`, `denominator` (means, money), `value`, `lower`,
        `upper` (limits nan without draws).

    Raises:
        ValueError: A number is missing or infinite, lengths differ, or the confidence is no proportion.

    References:
        Boardman AE et al. Cost-benefit analysis: concepts and practice, 5th ed. Cambridge University Press 2018, ch. 2.

    Examples:
        >>> returns(100.0, 250.0, 150.0)[["measure", "numerator", "denominator", "value"]]
                        measure  numerator  denominator  value
        0    benefit_cost_ratio      400.0        100.0    4.0
        1  return_on_investment      300.0        100.0    3.0
        2          saving_ratio      250.0        100.0    2.5
    """
    tails = (1 - check_confidence(confidence)) / 2
    given = {"programme_cost": programme_cost, "costs_saved": costs_saved, "health_value": health_value}
    arrays = [np.asarray(value, dtype=float) for value in given.values()]
    for name, array in zip(given, arrays, strict=True):
        if not np.isfinite(array).all() or not array.size:
            raise ValueError(f"{name}: expected finite amounts in every draw, found {array[~np.isfinite(array)][:1]}.")
    lengths = {name: array.size for name, array in zip(given, arrays, strict=True) if array.ndim}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"amounts: expected the same draws in each, found {lengths}. Draws must come from one run.")
    cost, saved, health = (np.atleast_1d(array) for array in np.broadcast_arrays(*arrays))
    above = {
        "benefit_cost_ratio": saved + health,
        "return_on_investment": saved + health - cost,
        "saving_ratio": saved,
    }
    rows = [_row(name, numerator, cost, tails) for name, numerator in above.items()]
    return pd.DataFrame(rows)


def _row(name: str, numerator: FloatArray, cost: FloatArray, tails: float) -> dict[str, float | str]:
    """Give one ratio with what it is made of."""
    above, below = float(numerator.mean()), float(cost.mean())
    lower = upper = np.nan
    if len(cost) > 1 and (cost > 0).all():
        lower, upper = np.quantile(numerator / cost, [tails, 1 - tails])
    return {
        "measure": name,
        "definition": DEFINITIONS[name],
        "numerator": above,
        "denominator": below,
        "value": above / below if below > 0 else np.nan,
        "lower": lower,
        "upper": upper,
    }
