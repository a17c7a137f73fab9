"""Distributional cost-effectiveness: who gains, who bears the cost, and what that is worth where equality matters."""

from typing import Literal

import numpy as np
import pandas as pd
from scipy import special

from epi.intervals import FloatArray, Numbers, check_method

EqualityIndex = Literal["atkinson", "kolm"]
SHARES_ADD_TO = 1e-9
SERIES_BELOW = 1e-8


def equally_distributed_equivalent(
    health: Numbers, people: Numbers, aversion: float, index: EqualityIndex = "atkinson"
) -> FloatArray:
    r"""Give the level of health that, if everyone had it, would be as good as the health that there is.

    Formula: with h the health of a group and w its share of people,

    - `atkinson`, aversion e to relative inequality: :math:`(\sum w h^{1-e})^{1/(1-e)}`; exp(sum w log h) for e = 1;
    - `kolm`, aversion a to absolute inequality: :math:`-\log(\sum w e^{-a h}) / a`.

    Aversion 0 gives the mean; as it grows, the health of the group worst off.

    Args:
        health: ... x groups, health per person (quality-adjusted life expectancy, years); above 0 for `atkinson`.
        people: People in each group, ... x groups.
        aversion: e or a, 0 or more.
        index: `atkinson` or `kolm`.

    Returns:
        Health per person, without the last axis. Without inequality it is the mean.

    Raises:
        ValueError: Health is missing, or not above 0 for `atkinson`; people are negative or none; the aversion is
            negative; or the index is unknown.

    References:
        Atkinson AB. On the measurement of inequality. J Econ Theory 1970;2:244-263. Kolm S-C. Unequal inequalities. J
        Econ Theory 1976;12:416-442. Asaria M, Griffin S, Cookson R. Med Decis Making 2016;36:8-19.

    Examples:
        >>> equally_distributed_equivalent([60.0, 80.0], [1, 1], 1).round(2)
        np.float64(69.28)
        >>> equally_distributed_equivalent([60.0, 80.0], [1, 1], 0.1, "kolm").round(2)
        np.float64(65.66)
    """
    check_method(index, EqualityIndex)
    levels, share = _levels(health, people, index)
    if not (np.isfinite(aversion) and aversion >= 0):
        raise ValueError(f"aversion: expected a finite number of 0 or more, found {aversion}.")
    scale = levels if index == "kolm" else np.log(levels)
    middle = (share * scale).sum(axis=-1)
    if index == "kolm":
        return np.asarray(middle + _tilted(-aversion, scale - middle[..., None], share))[()]
    if aversion == 0:
        return np.asarray((share * levels).sum(axis=-1))[()]
    return np.asarray(np.exp(middle + _tilted(1 - aversion, scale - middle[..., None], share)))[()]


def equity_weights(health: Numbers, people: Numbers, aversion: float, index: EqualityIndex = "atkinson") -> FloatArray:
    """Give what one more year of health in a group counts, relative to one for an average person.

    Formula: the slope of the social welfare function, h^-e (`atkinson`) or exp(-a h) (`kolm`), divided by its mean over
    people: weights average 1.

    Args:
        health: ... x groups, health per person.
        people: People in each group.
        aversion: e or a, 0 or more; 0 weights all alike.
        index: `atkinson` or `kolm`.

    Returns:
        ... x groups.

    Raises:
        ValueError: As `equally_distributed_equivalent`.

    References:
        Cookson R, Griffin S, Norheim OF, Culyer AJ (eds). Distributional cost-effectiveness analysis. Oxford 2021.

    Examples:
        >>> equity_weights([60.0, 80.0], [1, 1], 1).round(3).tolist()
        [1.143, 0.857]
    """
    check_method(index, EqualityIndex)
    levels, share = _levels(health, people, index)
    if not (np.isfinite(aversion) and aversion >= 0):
        raise ValueError(f"aversion: expected a finite number of 0 or more, found {aversion}.")
    logs = -aversion * (np.log(levels) if index == "atkinson" else levels)
    logs = logs - logs.max(axis=-1, keepdims=True)
    slope = np.exp(logs)
    return np.asarray(slope / (share * slope).sum(axis=-1, keepdims=True))


def distribute(
    groups: pd.DataFrame, gains: pd.DataFrame, costs: pd.DataFrame, willingness_to_pay: float
) -> pd.DataFrame:
    """Make the health of each group with each strategy, after the health that others forgo for its cost.

    Formula: net gain of a group = its health gained - cost of the strategy / willingness to pay x its share of the
    health forgone; health per person = baseline + net gain / people. A strategy that saves gives health to all.

    Args:
        groups: One row per group, index its name: `people`, `baseline_health` (per person, years) and
            `opportunity_cost_share` (of health forgone; adds up to 1: equal shares of people if nothing is known).
        gains: Strategies x groups: health gained by all people of the group, against the reference.
        costs: One row per strategy with the column `cost`: net cost against the reference, money.
        willingness_to_pay: Money that yields a year of health elsewhere, above 0.

    Returns:
        One row per strategy and group: `strategy`, `group`, `people`, `health_gained`, `health_forgone`, `net_health`,
        `health_per_person`.

    Raises:
        ValueError: Groups or strategies differ, shares do not add up to 1, a number is missing, or the willingness to
            pay is not above 0.

    References:
        Asaria M, Griffin S, Cookson R. Distributional cost-effectiveness analysis: a tutorial. Med Decis Making
        2016;36:8-19.

    Examples:
        >>> groups = pd.DataFrame(
        ...     {"people": [100.0, 900.0], "baseline_health": [50.0, 70.0], "opportunity_cost_share": [0.1, 0.9]},
        ...     index=["pwid", "others"],
        ... )
        >>> gains = pd.DataFrame([[40.0, 0.0]], index=["oat"], columns=groups.index)
        >>> distribute(groups, gains, pd.DataFrame({"cost": [200_000.0]}, index=["oat"]), 20_000)[
        ...     ["strategy", "group", "net_health", "health_per_person"]
        ... ]
          strategy   group  net_health  health_per_person
        0      oat    pwid        39.0              50.39
        1      oat  others        -9.0              69.99
    """
    _check_groups(groups, gains, costs, willingness_to_pay)
    people, names = groups["people"].to_numpy(dtype=float), list(groups.index)
    gained = gains[names].to_numpy(dtype=float)
    spent = costs.loc[gains.index, "cost"].to_numpy(dtype=float) / willingness_to_pay
    forgone = spent[:, None] * groups["opportunity_cost_share"].to_numpy(dtype=float)
    net = gained - forgone
    return pd.DataFrame(
        {
            "strategy": np.repeat(gains.index.to_numpy(), len(names)),
            "group": names * len(gains),
            "people": np.tile(people, len(gains)),
            "health_gained": gained.ravel(),
            "health_forgone": forgone.ravel(),
            "net_health": net.ravel(),
            "health_per_person": (groups["baseline_health"].to_numpy(dtype=float) + net / people).ravel(),
        }
    )


def equity_impact(
    groups: pd.DataFrame,
    distributed: pd.DataFrame,
    aversion: float,
    index: EqualityIndex = "atkinson",
) -> pd.DataFrame:
    """Make what each strategy does for health, for equality, and for both.

    Formula: net health = sum over groups; EDE gain = (equally distributed equivalent with the strategy - that of the
    baseline) x people; equity gain = EDE gain - net health: what the change in inequality is worth in years of health.

    Args:
        groups: As for `distribute`.
        distributed: What `distribute` gave.
        aversion: Aversion to inequality, 0 or more.
        index: `atkinson` (relative) or `kolm` (absolute).

    Returns:
        One row per strategy in the order given: `strategy`, `index`, `aversion`, `net_health`, `ede_gain`,
        `equity_gain` (years of health in all), `weighted_net_health` (net health with the baseline's equity weights).

    Raises:
        ValueError: As `equally_distributed_equivalent`.

    References:
        Cookson R, Griffin S, Norheim OF, Culyer AJ (eds). Distributional cost-effectiveness analysis. Oxford 2021.

    Examples:
        >>> groups = pd.DataFrame(
        ...     {"people": [1.0, 1.0], "baseline_health": [50.0, 70.0], "opportunity_cost_share": [0.5, 0.5]},
        ...     index=["pwid", "others"],
        ... )
        >>> gains = pd.DataFrame([[2.0, 0.0]], index=["oat"], columns=groups.index)
        >>> given = distribute(groups, gains, pd.DataFrame({"cost": [1.0]}, index=["oat"]), 1.0)
        >>> equity_impact(groups, given, 2)[["net_health", "ede_gain", "equity_gain"]].round(2)
           net_health  ede_gain  equity_gain
        0         1.0      1.66         0.66
    """
    people, names = groups["people"].to_numpy(dtype=float), list(groups.index)
    baseline = groups["baseline_health"].to_numpy(dtype=float)
    order = distributed["strategy"].unique().tolist()
    wide = {
        name: distributed.pivot_table(index="strategy", columns="group", values=name, sort=False).loc[order, names]
        for name in ("net_health", "health_per_person")
    }
    before = equally_distributed_equivalent(baseline, people, aversion, index)
    after = equally_distributed_equivalent(wide["health_per_person"].to_numpy(), people, aversion, index)
    net = wide["net_health"].to_numpy()
    gain = (after - before) * people.sum()
    return pd.DataFrame(
        {
            "strategy": order,
            "index": index,
            "aversion": aversion,
            "net_health": net.sum(axis=1),
            "ede_gain": gain,
            "equity_gain": gain - net.sum(axis=1),
            "weighted_net_health": net @ equity_weights(baseline, people, aversion, index),
        }
    )


def _levels(health: Numbers, people: Numbers, index: EqualityIndex) -> tuple[FloatArray, FloatArray]:
    """Give health and shares of people, once they are possible."""
    levels, number = np.broadcast_arrays(np.atleast_1d(np.asarray(health, float)), np.asarray(people, float))
    if not np.isfinite(levels).all() or (index == "atkinson" and not (levels > 0).all()):
        what = "above 0" if index == "atkinson" else "finite"
        raise ValueError(f"health: expected {what} in every group for the {index} index, found {np.min(levels)}.")
    total = number.sum(axis=-1, keepdims=True)
    if not ((number >= 0).all() and (total > 0).all()):
        raise ValueError(f"people: expected numbers of 0 or more and some people, found {np.min(number)}.")
    return levels, number / total


def _tilted(tilt: float, deviation: FloatArray, share: FloatArray) -> FloatArray:
    """Give log(sum of share x e^(tilt x deviation)) / tilt of deviations whose mean is 0, exact near tilt 0 too."""
    size = abs(tilt) * float(np.abs(deviation).max(initial=0.0))
    if size < SERIES_BELOW:
        return np.asarray(tilt / 2 * (share * deviation**2).sum(axis=-1))
    if size < 1:
        return np.asarray(np.log1p((share * np.expm1(tilt * deviation)).sum(axis=-1)) / tilt)
    return np.asarray(special.logsumexp(tilt * deviation, axis=-1, b=share) / tilt)


def _check_groups(groups: pd.DataFrame, gains: pd.DataFrame, costs: pd.DataFrame, willingness_to_pay: float) -> None:
    """Refuse groups and strategies that do not fit together."""
    wanted = ["people", "baseline_health", "opportunity_cost_share"]
    missing = [name for name in wanted if name not in groups]
    if missing:
        raise ValueError(f"groups: expected the columns {wanted}; found none named {missing}.")
    if set(groups.index) != set(gains.columns) or groups.index.has_duplicates:
        raise ValueError(f"gains: expected the groups {list(groups.index)}, found {list(gains.columns)}.")
    if "cost" not in costs or not gains.index.isin(costs.index).all() or costs.index.has_duplicates:
        raise ValueError(f"costs: expected a cost of each of {list(gains.index)}, found {list(costs.index)}.")
    numbers = [groups[wanted], gains, costs.loc[gains.index, ["cost"]]]
    if not all(np.isfinite(part.to_numpy(dtype=float)).all() for part in numbers):
        raise ValueError("distribute: expected finite numbers everywhere, found a missing or infinite one.")
    if not (groups["people"] > 0).all():
        raise ValueError(f"groups: expected people above 0 in every group, found {groups['people'].min()}.")
    shares = groups["opportunity_cost_share"]
    if not (shares >= 0).all() or abs(shares.sum() - 1) > SHARES_ADD_TO:
        raise ValueError(f"opportunity_cost_share: expected shares that add up to 1, found {shares.tolist()}.")
    if not willingness_to_pay > 0:
        raise ValueError(f"willingness_to_pay: expected above 0, found {willingness_to_pay}.")
