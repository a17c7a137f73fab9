"""Outcomes of models that have the same figures every year, such as closed forms."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from epi.models.interface import FloatArray, Horizon, Outcomes


def discount_factors(years: int, rate: float) -> FloatArray:
    """Give what a cost or effect of each year counts today.

    Formula: (1 + r)^-t with t = 0 in the first year.

    Args:
        years: Number of years.
        rate: r per year.

    Returns:
        Array of length `years`; the first element is 1.

    References:
        Briggs A, Claxton K, Sculpher M. Decision modelling for health economic evaluation. Oxford 2006, ch. 2.

    Examples:
        >>> discount_factors(3, 0.05).round(4).tolist()
        [1.0, 0.9524, 0.907]
    """
    return np.asarray((1.0 + rate) ** -np.arange(years, dtype=np.float64))


def outcomes(
    model: str,
    horizon: Horizon,
    events: Mapping[str, npt.ArrayLike],
    costs: Mapping[str, npt.ArrayLike],
    payers: Mapping[str, str],
    effects: Mapping[str, npt.ArrayLike] | None = None,
) -> Outcomes:
    """Give outcomes from yearly figures: those of one year, or one column for each year.

    Args:
        model: Name of the model.
        horizon: Years and discount rates.
        events: By name, an array of length draws (every year alike) or of shape draws x years.
        costs: By category, likewise.
        payers: Who pays, by category.
        effects: `qalys` and the like, likewise; none where the model has none.

    Returns:
        The outcomes; the first year is not discounted.

    Raises:
        ValueError: An array has neither of the two shapes.

    References:
        Briggs A, Claxton K, Sculpher M. Decision modelling for health economic evaluation. Oxford 2006, ch. 2.

    Examples:
        >>> two_years = Horizon(2, 0.05, 0.05)
        >>> result = outcomes("closed form", two_years, {"deaths": [3.0]}, {"site": [105.0]}, {"site": "society"})
        >>> result.total("deaths").tolist(), result.cost().tolist()
        ([6.0], [205.0])
    """
    by_cost = discount_factors(horizon.years, horizon.discount_rate_cost)
    by_effect = discount_factors(horizon.years, horizon.discount_rate_effect)
    yearly_events = {name: _by_year(name, value, horizon.years) for name, value in events.items()}
    yearly_costs = {name: _by_year(name, value, horizon.years) for name, value in costs.items()}
    yearly_effects = {name: _by_year(name, value, horizon.years) for name, value in (effects or {}).items()}
    return Outcomes(
        model=model,
        horizon=horizon,
        events=yearly_events,
        events_discounted={name: value * by_cost for name, value in yearly_events.items()},
        costs=yearly_costs,
        costs_discounted={name: value * by_cost for name, value in yearly_costs.items()},
        effects=yearly_effects,
        effects_discounted={name: value * by_effect for name, value in yearly_effects.items()},
        payers=dict(payers),
    )


def _by_year(name: str, value: npt.ArrayLike, years: int) -> FloatArray:
    array = np.asarray(value, dtype=np.float64)
    if array.ndim == 1:
        return np.repeat(array[:, None], years, axis=1)
    if array.ndim != 2 or array.shape[1] != years:
        raise ValueError(f"{name}: expected draws, or draws x {years} years, found shape {array.shape}")
    return array
