"""Take-home naloxone: how often a kit is used at a witnessed overdose, as more kits are given out.

After the idea of Irvine and colleagues: use saturates, and a kit counts by how it is given out. Their own function and
constants are not public in a form we could read, so the function here is ours, and its scale has to come from a place's
own data (`scale_from`).
"""

import numpy as np
import numpy.typing as npt

from epi.models.interface import FloatArray, Horizon, Outcomes, Parameter, Role, Values, read_parameters
from epi.models.yearly import outcomes

NAME = "naloxone saturation"
TARGET_USE = 0.8
"""Share of witnessed overdoses with naloxone that is aimed at (Irvine 2022)."""

SHARE = "proportion"
KITS = "kits per person-year"
COURSE: Role = "natural history"
# fmt: off
PARAMETERS = (
    Parameter("people_at_risk", "People at risk of an opioid overdose.", "people", 1, 1e9, "population"),
    Parameter("overdose_rate", "Overdoses of a person at risk.", "per person-year", 0, 12, COURSE),
    Parameter("overdose_witnessed", "Overdoses that somebody else is present at.", SHARE, 0, 1, COURSE),
    Parameter("overdose_fatality", "Overdoses that end in death without naloxone.", SHARE, 0, 1, COURSE),
    Parameter("naloxone_fatality", "Overdoses that end in death with naloxone.", SHARE, 0, 1, "effect"),
    Parameter("naloxone_use_highest", "Witnessed overdoses with naloxone when kits abound.", SHARE, 0, 1, "effect"),
    Parameter("naloxone_kits_scale", "Kits a person at which 63 % of it is reached.", KITS, 1e-6, 1000, "effect"),
    Parameter("kits_community", "Kits by community programmes, for each person.", KITS, 0, 1000, "coverage", 0),
    Parameter("kits_standing_order", "Kits by pharmacies without prescription.", KITS, 0, 1000, "coverage", 0),
    Parameter("kits_prescription", "Kits on prescription.", KITS, 0, 1000, "coverage", 0),
    Parameter("kit_weight_standing_order", "What such a kit counts against a community kit.", "ratio", 0, 10, "effect"),
    Parameter("kit_weight_prescription", "What such a kit counts against a community kit.", "ratio", 0, 10, "effect"),
    Parameter("cost_naloxone_kit", "One kit with its training.", "currency per kit", 0, 1e9, "cost", 0),
)
# fmt: on


def effective_kits(
    community: npt.ArrayLike,
    standing_order: npt.ArrayLike,
    prescription: npt.ArrayLike,
    standing_order_weight: npt.ArrayLike,
    prescription_weight: npt.ArrayLike,
) -> FloatArray:
    """Give the kits that count, in kits given out by community programmes.

    Formula: K = K_community + w_s K_standing_order + w_p K_prescription.

    Args:
        community: Kits by community programmes; any unit, the same for all three.
        standing_order: Kits by pharmacies without prescription.
        prescription: Kits on prescription.
        standing_order_weight: w_s, ratio.
        prescription_weight: w_p, ratio; about one fifth.

    Returns:
        Effective kits in that unit.

    References:
        Irvine MA et al. Estimating naloxone need in the USA. Lancet Public Health 2022, e210-e218.

    Examples:
        >>> float(effective_kits(100, 0, 100, 1, 0.2))
        120.0
    """
    by_programmes, by_pharmacies, by_prescribers, pharmacy, prescriber = (
        np.asarray(value, dtype=np.float64)
        for value in (community, standing_order, prescription, standing_order_weight, prescription_weight)
    )
    return np.asarray(by_programmes + pharmacy * by_pharmacies + prescriber * by_prescribers)


def probability_used(kits: npt.ArrayLike, highest: npt.ArrayLike, scale: npt.ArrayLike) -> FloatArray:
    """Give the probability that naloxone is used at a witnessed overdose.

    Formula: p = p_max [1 - exp(-K / k)]: each further kit adds less, as if kits fell at random on groups of people.

    Args:
        kits: K, effective kits for each person at risk in a year.
        highest: p_max, proportion that is reached when kits abound.
        scale: k, kits for each person at which 63 % of p_max is reached.

    Returns:
        Proportion of witnessed overdoses.

    References:
        Irvine MA et al. Estimating naloxone need in the USA. Lancet Public Health 2022, e210-e218 (that use saturates;
        the function is this project's).

    Examples:
        >>> probability_used([0.0, 1.0, 100.0], 0.9, 0.5).round(3).tolist()
        [0.0, 0.778, 0.9]
    """
    ratio = np.asarray(kits, dtype=np.float64) / np.asarray(scale, dtype=np.float64)
    return np.asarray(np.asarray(highest, dtype=np.float64) * -np.expm1(-ratio))


def kits_needed(target: npt.ArrayLike, highest: npt.ArrayLike, scale: npt.ArrayLike) -> FloatArray:
    """Give the effective kits for each person with which a target is reached.

    Formula: K = -k ln(1 - p / p_max); infinite where the target is not below p_max.

    Args:
        target: p, proportion of witnessed overdoses at which naloxone is used, such as `TARGET_USE`.
        highest: p_max, proportion.
        scale: k, kits for each person.

    Returns:
        Effective kits for each person at risk in a year.

    References:
        Irvine MA et al. Estimating naloxone need in the USA. Lancet Public Health 2022, e210-e218 (target of 80 %).

    Examples:
        >>> round(float(kits_needed(TARGET_USE, 0.9, 0.5)), 3)
        1.099
    """
    share = np.asarray(target, dtype=np.float64) / np.asarray(highest, dtype=np.float64)
    reachable = np.where(share < 1, share, 0.0)
    return np.asarray(np.where(share < 1, -np.asarray(scale, dtype=np.float64) * np.log1p(-reachable), np.inf))


def scale_from(kits: npt.ArrayLike, used: npt.ArrayLike, highest: npt.ArrayLike) -> FloatArray:
    """Give the scale at which a place's own kits and own naloxone use agree.

    Formula: k = -K / ln(1 - p / p_max).

    Args:
        kits: K, effective kits for each person at risk in the year of the observation.
        used: p, proportion of witnessed overdoses with naloxone in that year; above 0 and below p_max.
        highest: p_max, proportion.

    Returns:
        k, kits for each person; null where `used` is not between 0 and `highest`.

    References:
        Irvine MA et al. Estimating naloxone need in the USA. Lancet Public Health 2022, e210-e218.

    Examples:
        >>> round(float(scale_from(1.0, probability_used(1.0, 0.9, 0.5), 0.9)), 6)
        0.5
    """
    share = np.asarray(used, dtype=np.float64) / np.asarray(highest, dtype=np.float64)
    inside = (share > 0) & (share < 1)
    logarithm = np.log1p(-np.where(inside, share, 0.5))
    return np.asarray(np.where(inside, -np.asarray(kits, dtype=np.float64) / logarithm, np.nan))


def run(parameters: Values, draws: int, horizon: Horizon = Horizon(years=1)) -> Outcomes:  # noqa: B008 frozen
    """Run the closed form for every draw; each year is like the first.

    Args:
        parameters: Values of `PARAMETERS`.
        draws: Number of draws.
        horizon: Years and discount rates.

    Returns:
        Outcomes with the events `overdoses`, `witnessed_overdoses`, `naloxone_uses`, `overdose_deaths`,
        `naloxone_kits` (as given out, not weighted), and the cost `naloxone`.

    Raises:
        ValueError: A parameter is missing, unknown or out of bounds.

    References:
        Irvine MA et al. Estimating naloxone need in the USA. Lancet Public Health 2022, e210-e218.

    Examples:
        >>> run({"people_at_risk": 1000}, 1)
        Traceback (most recent call last):
        ...
        ValueError: parameters: expected a value of overdose_rate (Overdoses of a person at risk.), found none
    """
    p = read_parameters(PARAMETERS, parameters, draws)
    kits = effective_kits(
        p["kits_community"],
        p["kits_standing_order"],
        p["kits_prescription"],
        p["kit_weight_standing_order"],
        p["kit_weight_prescription"],
    )
    given_out = p["people_at_risk"] * (p["kits_community"] + p["kits_standing_order"] + p["kits_prescription"])
    overdoses = p["people_at_risk"] * p["overdose_rate"]
    witnessed = overdoses * p["overdose_witnessed"]
    used = witnessed * probability_used(kits, p["naloxone_use_highest"], p["naloxone_kits_scale"])
    deaths = used * p["naloxone_fatality"] + (overdoses - used) * p["overdose_fatality"]
    events = {
        "overdoses": overdoses,
        "witnessed_overdoses": witnessed,
        "naloxone_uses": used,
        "overdose_deaths": deaths,
        "naloxone_kits": given_out,
    }
    costs = {"naloxone": given_out * p["cost_naloxone_kit"]}
    return outcomes(NAME, horizon, events, costs, payers={"naloxone": "health system"})
