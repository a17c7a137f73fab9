"""Coverage when the size of the population to be covered is itself an estimate, and whether a target is met."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from epi.intervals import FloatArray, Numbers, broadcast, common_index, first_position, interval_frame
from epi.rates import check_per


def coverage(
    numerator: Numbers,
    denominator: Numbers,
    denominator_low: Numbers = None,
    denominator_high: Numbers = None,
    per: float = 1.0,
) -> pd.DataFrame:
    """Make coverage per row, and the range that the uncertainty of its denominator leaves.

    Formula: value = numerator / denominator x per; lower = numerator / denominator_high x per; upper = numerator /
    denominator_low x per. The numerator is taken as counted in full (syringes distributed, people on OAT), so the range
    has the confidence of the denominator's own interval and no sampling error is added. Coverage above 1 is kept:
    it says that numerator and denominator disagree, which clipping would hide.

    Args:
        numerator: What was delivered or who was reached, one per row; not negative, missing allowed.
        denominator: Estimated population (people who inject drugs, say); missing or 0 gives value nan.
        denominator_low: Lower limit of that estimate; missing or 0 gives upper nan (0 people would bound nothing).
        denominator_high: Upper limit of that estimate; missing or 0 gives lower nan.
        per: 1 for a proportion or for units per person, 100 for percent.

    Returns:
        A frame with one row per input row and columns `value`, `lower`, `upper`, in units of `per`. The index is that
        of the Series given, else 0, 1, 2, ...

    Raises:
        ValueError: A number is negative or infinite, `denominator_low` is above `denominator_high`, the denominator is
            outside its limits, lengths differ, or two Series carry different indexes.
        TypeError: An argument is not numeric.

    References:
        UNAIDS. Global AIDS Monitoring, indicators 1.9 (needles and syringes) and 1.10 (opioid agonist therapy), whose
        denominators are population size estimates. The limits follow from monotonicity: interval arithmetic (Moore
        RE. Interval Analysis. 1966).

    Examples:
        Syringes per person who injects drugs, from 1.2 million syringes and 10,000 people (8,000 to 15,000).

        >>> coverage(1_200_000, 10_000, 8_000, 15_000)
           value  lower  upper
        0  120.0   80.0  150.0
    """
    check_per(per)
    inputs = {
        "numerator": numerator,
        "denominator": denominator,
        "denominator_low": denominator_low,
        "denominator_high": denominator_high,
    }
    reached, people, low, high = broadcast(inputs)
    check_limits("denominator", people, low, high)
    columns = {"value": people, "lower": high, "upper": low}
    shares = {name: reached * per / np.where(of > 0, of, np.nan) for name, of in columns.items()}
    return interval_frame(shares, common_index(inputs))


def target_status(
    value: Numbers,
    lower: Numbers,
    upper: Numbers,
    target: Numbers,
    higher_is_better: bool = True,
    require_interval: bool = False,
) -> npt.NDArray[np.str_]:
    """Say of each row whether its target is met, as far as its interval allows.

    - `no_target`: the target is missing.
    - `met`: the whole interval is at the target or on its good side. A value exactly at the target meets it.
    - `not_met`: the whole interval is on the bad side of the target.
    - `undetermined`: the interval straddles the target, or nothing is known.

    Formula, for a floor: `met` if lower >= target, `not_met` if upper < target; for a ceiling: `met` if upper <=
    target, `not_met` if lower > target.

    An interval of which one limit is known decides only where that limit suffices: a lower limit above a target of at
    least 90 % is `met` whatever the upper limit. Where neither limit is known the value itself is compared with the
    target, unless `require_interval` is set: then such rows are `undetermined`.

    Args:
        value: The indicator's value, any shape; missing allowed.
        lower: Its lower limit; missing allowed.
        upper: Its upper limit; missing, or inf where there is no upper bound, allowed.
        target: The target, in the unit of `value`; one for all rows or one per row.
        higher_is_better: True where the target is a floor (coverage), False where it is a ceiling (incidence).
        require_interval: Never judge a row by its value alone.

    Returns:
        Array of text, of the broadcast shape (zero-dimensional for scalars).

    Raises:
        ValueError: `lower` is above `upper`, shapes do not broadcast, or two Series carry different indexes. Numbers
            may be negative (percent changes).
        TypeError: An argument is not numeric.

    References:
        The rule is the confidence-interval form of a one-sided test against a fixed value: Hahn GJ, Meeker WQ.
        Statistical Intervals. Wiley 1991. That a target includes its own edge is this project's convention.

    Examples:
        >>> target_status([45, 45, 45, 45], [41, 38, None, 20], [49, 52, None, 39], [40, 40, 40, None]).tolist()
        ['met', 'undetermined', 'met', 'no_target']
        >>> str(target_status(45, None, None, 40, require_interval=True))
        'undetermined'
    """
    inputs = {"value": value, "lower": lower, "upper": upper, "target": target}
    point, low, high, goal = broadcast(inputs, quantity=False)
    check_order("lower", low, "upper", high)
    if not require_interval:
        no_interval = np.isnan(low) & np.isnan(high)
        low, high = (np.where(no_interval, point, limit) for limit in (low, high))
    met, missed = (low >= goal, high < goal) if higher_is_better else (high <= goal, low > goal)
    return np.select([np.isnan(goal), met, missed], ["no_target", "met", "not_met"], "undetermined")


def check_limits(name: str, value: FloatArray, low: FloatArray, high: FloatArray) -> None:
    """Refuse an estimate that is outside its limits, and limits that are swapped."""
    check_order(f"{name}_low", low, f"{name}_high", high)
    check_order(f"{name}_low", low, name, value)
    check_order(name, value, f"{name}_high", high)


def check_order(low_name: str, low: FloatArray, high_name: str, high: FloatArray) -> None:
    """Refuse a row whose lower number is above its higher one."""
    wrong = low > high
    if wrong.any():
        raise ValueError(
            f"{low_name} must not exceed {high_name}; found {low_name} {low[wrong][0]:g} and {high_name} "
            f"{high[wrong][0]:g}{first_position(wrong)}. "
            "Correct the estimate at its source, or make the limit missing."
        )
