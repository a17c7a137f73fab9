"""Care cascades: how many people reach each step, out of those who reached the step before and of all."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from epi.intervals import (
    FloatArray,
    Numbers,
    binomial_interval,
    broadcast,
    check_confidence,
    common_index,
    interval_frame,
)
from epi.rates import check_per
from epi.strata import read_columns, require_columns

HIV_CASCADE = ("living_with_hiv", "know_their_status", "on_treatment", "virally_suppressed")
"""The steps of UNAIDS' 95-95-95 targets; each 95 % is of the step before."""

HCV_CLEARANCE_CASCADE = (
    "ever_infected",
    "viral_test",
    "initial_infection",
    "cured_or_cleared",
    "persistent_or_reinfected",
)
"""CDC's hepatitis C virus clearance cascade; the last step is a loss, not a success."""

EHE_CASCADE = ("living_with_hiv", "diagnosed", "received_care", "virally_suppressed")
"""Ending the HIV Epidemic in the US: care and suppression are both of those diagnosed (`EHE_DENOMINATORS`)."""

EHE_DENOMINATORS = {"received_care": "diagnosed", "virally_suppressed": "diagnosed"}


def cascade(
    frame: pd.DataFrame,
    steps: Sequence[str],
    by: str | Sequence[str] = (),
    of: Mapping[str, str] | None = None,
    per: float = 100,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Lay out the cascade of every place, one row per place and step, in its conditional and its population form.

    Formula: conditional = people at the step / people at the step before (or at the step that `of` names) x per;
    population = people at the step / people at the first step x per; Wilson limits for both. The first step is 100 %
    of itself in the population form and has no conditional one. The limits are those of a sample of people; where the
    counts are modelled estimates (people living with HIV, say) their own error is not in them: see `cascade_product`.

    A step with more people than its denominator is kept as it is and flagged, since the two were then counted in
    different people (other years, other places, no linkage); the share is above 100 % and has no limits.

    Args:
        frame: One row per place (and period); columns of `by` and one column of people per step.
        steps: Columns with the people at each step, first to last. `HIV_CASCADE` and the like name common ones.
        by: Column, or columns, to carry along.
        of: Denominator of a step where it is not the step before: step to earlier step (`EHE_DENOMINATORS`).
        per: 100 for percent, 1 for proportions.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.

    Returns:
        A frame with the rows of each place together, in the order given, and columns `by`, `step`, `step_number` (from
        1), `count`, `denominator` (people; nan at the first step), `conditional`, `conditional_lower`,
        `conditional_upper`, `population`, `population_lower`, `population_upper` (units of `per`), `lost` (people of
        the denominator who did not get to the step) and `exceeds_previous` (True where a step has more people than its
        denominator). Nan where a count is missing or a denominator is 0.

    Raises:
        ValueError: A column is missing from the frame, a count is negative or infinite, there are fewer than 2 steps or
            a step repeats, or `of` names an unknown or a later step.
        TypeError: A column is not numeric.

    References:
        UNAIDS. Global AIDS Monitoring, indicators 2.1-2.3. Wester C, Osinubi A, Kaufman HW, et al. Hepatitis C virus
        clearance cascade: United States, 2013-2022. MMWR 2023;72(26):716-720. Wilson EB. JASA 1927;22:209-212.

    Examples:
        >>> places = pd.DataFrame({"place": ["A"], "infected": [1_000], "tested": [880], "cured": [220]})
        >>> cascade(places, ["infected", "tested", "cured"], by="place")[["step", "conditional", "population"]]
               step  conditional  population
        0  infected          NaN       100.0
        1    tested         88.0        88.0
        2     cured         25.0        22.0
    """
    check_per(per)
    check_confidence(confidence)
    keys = [by] if isinstance(by, str) else list(by)
    names = list(steps)
    require_columns(frame, [*keys, *names])
    denominators = _denominators(names, of or {})
    counts = np.column_stack(read_columns(frame, names)) if len(frame) else np.empty((0, len(names)))
    rows, width = counts.shape
    before = np.where(denominators < 0, np.nan, counts[:, np.maximum(denominators, 0)])
    first = np.repeat(counts[:, :1], width, axis=1)
    table = frame[keys].iloc[np.repeat(np.arange(rows), width)]
    numbers = {"count": counts, "denominator": before}
    numbers |= _shares("conditional", counts, before, per, confidence)
    numbers |= _shares("population", counts, first, per, confidence)
    numbers["lost"] = np.maximum(before - counts, 0.0)
    return table.reset_index(drop=True).assign(
        step=np.tile(np.array(names, dtype=object), rows),
        step_number=np.tile(np.arange(1, width + 1), rows),
        **{name: column.ravel() for name, column in numbers.items()},
        exceeds_previous=(counts > before).ravel(),
    )


def cascade_product(
    shares: Sequence[Numbers],
    lowers: Sequence[Numbers] | None = None,
    uppers: Sequence[Numbers] | None = None,
    per: float = 100,
) -> pd.DataFrame:
    r"""Multiply the conditional shares of a cascade's steps into the share of all, with limits.

    Formula: value = :math:`\prod p_i` x per (95-95-95 is 85.7 %). With limits :math:`l_i, u_i` of independently
    estimated steps, on the log scale: lower = value :math:`\exp(-\sqrt{\sum \log^2(p_i / l_i)})`, upper = value
    :math:`\exp(\sqrt{\sum \log^2(u_i / p_i)})`, at most `per`: recovery of each step's variance from its own limits,
    for a sum of logarithms. A step at 0 gives value and lower 0 and the smallest upper limit of the steps at 0.

    Args:
        shares: Conditional share of each step (proportions, 0 to 1), each one number per row.
        lowers: Lower limit of each, in the same order; None gives no limits.
        uppers: Upper limit of each.
        per: 100 for percent, 1 for proportions: the unit of the result only.

    Returns:
        A frame with one row per input row and columns `value`, `lower`, `upper`, in units of `per`. The index is that
        of the Series given, else 0, 1, 2, ...

    Raises:
        ValueError: There is no step, a share is above 1 or outside its limits, numbers of steps or lengths differ, or
            two Series carry different indexes.
        TypeError: An argument is not numeric.

    References:
        Zou GY, Donner A. Stat Med 2008;27:1693-1702. UNAIDS. Understanding fast-track: accelerating action to end the
        AIDS epidemic by 2030. 2015 (95-95-95).

    Examples:
        >>> cascade_product([0.95, 0.95, 0.95], [0.93, 0.94, 0.92], [0.97, 0.96, 0.97]).round(1)
           value  lower  upper
        0   85.7   82.4   88.5
    """
    check_per(per)
    lows, highs = (list(limits) if limits is not None else [None] * len(shares) for limits in (lowers, uppers))
    if not len(shares) == len(lows) == len(highs) or not len(shares):
        raise ValueError(
            "shares, lowers and uppers must have one item per step, at least one; found "
            f"{len(shares)}, {len(lows)} and {len(highs)}."
        )
    inputs: dict[str, Numbers] = {}
    for number, step in enumerate(zip(shares, lows, highs, strict=True), start=1):
        inputs |= dict(zip((f"share {number}", f"lower {number}", f"upper {number}"), step, strict=True))
    stacked = np.stack([np.atleast_1d(array) for array in broadcast(inputs)])
    p, low, high = stacked[::3], stacked[1::3], stacked[2::3]
    wrong = (p > 1) | (low > p) | (high < p) | (high > 1)
    if wrong.any():
        at, row = (int(axis[0]) for axis in np.nonzero(wrong)[:2])
        raise ValueError(
            f"a share must be a proportion within its limits; found {p[at, row]:g} ({low[at, row]:g} to "
            f"{high[at, row]:g}) at step {at + 1}, position {row}. Divide percentages by 100."
        )
    value = p.prod(axis=0)
    none = (p == 0).any(axis=0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        down, up = (np.sqrt((np.log(p / limit) ** 2).sum(axis=0)) for limit in (low, high))
        log_value = np.log(p).sum(axis=0)
        lower, upper = np.exp(log_value - down), np.minimum(np.exp(log_value + up), 1.0)
    lower, upper = np.minimum(lower, value), np.maximum(upper, value)
    lower = np.where(none & ~np.isnan(low.sum(axis=0)), 0.0, lower)
    upper = np.where(none, np.where(p == 0, high, np.inf).min(axis=0), upper)
    columns = {"value": value, "lower": lower, "upper": upper}
    return interval_frame({name: column * per for name, column in columns.items()}, common_index(inputs))


def _denominators(steps: list[str], of: Mapping[str, str]) -> npt.NDArray[np.intp]:
    """Give the position of each step's denominator, -1 for the first step."""
    if len(steps) < 2 or len(set(steps)) < len(steps):
        raise ValueError(f"steps must name at least 2 different columns; found {', '.join(steps) or 'none'}.")
    positions = np.arange(-1, len(steps) - 1, dtype=np.intp)
    for step, earlier in of.items():
        if step not in steps or earlier not in steps or steps.index(earlier) >= steps.index(step):
            raise ValueError(
                f"of must lead from a step to an earlier one; found {step!r} of {earlier!r} among {', '.join(steps)}."
            )
        positions[steps.index(step)] = steps.index(earlier)
    return positions


def _shares(
    name: str, counts: FloatArray, denominator: FloatArray, per: float, confidence: float
) -> dict[str, FloatArray]:
    known = np.where(denominator > 0, denominator, np.nan)
    share = counts / known
    lower, upper = binomial_interval(np.where(share <= 1, counts, np.nan), known, confidence)
    return {name: share * per, f"{name}_lower": lower * per, f"{name}_upper": upper * per}
