"""Whether an estimate is precise enough to be shown, under the published standards, as one configurable set of rules.

These rules are about precision. Hiding small counts so that nobody can be recognised is another matter, and needs the
complementary suppression of a whole table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from epi.intervals import (
    FloatArray,
    Limits,
    Numbers,
    binomial_interval,
    broadcast,
    check_confidence,
    common_index,
    poisson_interval,
)

Action = Literal["show", "unreliable", "suppress"]
Check = tuple[npt.NDArray[np.bool_], Action, str]
ACTIONS: tuple[Action, ...] = ("show", "unreliable", "suppress")
# Widths are differences of rounded numbers; a width meant to be 0.30 must not pass as 0.2999999999999999.
WIDTH_DECIMALS = 12


@dataclass(frozen=True)
class PresentationRule:
    """A presentation standard. None switches a check off; use `dataclasses.replace` to change a preset.

    Attributes:
        name: Short name, as in `PRESETS`.
        kind: `rate` (rates and counts: judged by count and width) or `proportion` (by effective sample and width).
        source: Where the rule is published.
        status: `seen`, or what about it was not seen in the publisher's own text.
        suppress_count_below: Suppress where there are fewer events than this.
        zero_is_small: Whether a count of 0 is among those (else only 1 and more are suppressed).
        suppress_population_below: Suppress where the denominator is smaller than this.
        suppress_relative_width_above: Suppress where (upper - lower) / value is larger than this (1.6 is 160 %).
        suppress_effective_sample_below: Suppress where the effective sample is smaller than this.
        suppress_width_from: Suppress where upper - lower, a proportion, is this or more.
        relative_width_from: Widths up to this one are narrow enough whatever their relative width.
        unreliable_count_below: Unreliable where there are fewer events than this.
        review_degrees_of_freedom_below: Unreliable until reviewed, where the design has fewer degrees of freedom.
        review_extremes: Unreliable until reviewed where a proportion is 0 or 1.
        confidence: Confidence level of limits that are made here.
    """

    name: str
    kind: Literal["rate", "proportion"]
    source: str
    status: str = "seen"
    suppress_count_below: float | None = None
    zero_is_small: bool = True
    suppress_population_below: float | None = None
    suppress_relative_width_above: float | None = None
    suppress_effective_sample_below: float | None = None
    suppress_width_from: float | None = None
    relative_width_from: float = 0.0
    unreliable_count_below: float | None = None
    review_degrees_of_freedom_below: float | None = None
    review_extremes: bool = False
    confidence: float = 0.95

    def __post_init__(self) -> None:
        """Refuse a kind that is none, and thresholds that are no positive numbers."""
        if self.kind not in ("rate", "proportion"):
            raise ValueError(f"kind must be rate or proportion; found {self.kind!r}.")
        check_confidence(self.confidence)
        for field, value in vars(self).items():
            if field.endswith(("_below", "_above", "_from")) and value is not None and not 0 <= value < np.inf:
                raise ValueError(f"{field} must be a finite number, 0 or above, or None; found {value}.")


NCHS_RATES = PresentationRule(
    name="nchs_rates",
    kind="rate",
    source="Parker JD, et al. NCHS data presentation standards for rates and counts. Vital Health Stat 2(200). 2023.",
    suppress_count_below=10,
    suppress_population_below=10,
    suppress_relative_width_above=1.6,
    review_degrees_of_freedom_below=8,
)
NCHS_PROPORTIONS = PresentationRule(
    name="nchs_proportions",
    kind="proportion",
    source="Parker JD, et al. NCHS data presentation standards for proportions. Vital Health Stat 2(175). 2017.",
    suppress_effective_sample_below=30,
    suppress_width_from=0.30,
    relative_width_from=0.05,
    suppress_relative_width_above=1.3,
    review_degrees_of_freedom_below=8,
    review_extremes=True,
)
WONDER = PresentationRule(
    name="wonder",
    kind="rate",
    source="CDC WONDER exports of 2025: 1-9 deaths read Suppressed, rates of 10-19 deaths Unreliable, of 20 not.",
    status="seen in exports; their footer says 'numerator of 20 or less', which the rows contradict",
    suppress_count_below=10,
    zero_is_small=False,
    unreliable_count_below=20,
)
WISQARS = PresentationRule(
    name="wisqars",
    kind="rate",
    source="CDC WISQARS: rates of 20 or fewer deaths are unreliable; 1-9 deaths are not shown.",
    status="20 or fewer seen; suppression of 1-9 taken from WONDER",
    suppress_count_below=10,
    zero_is_small=False,
    unreliable_count_below=21,
)
DOSE = PresentationRule(
    name="dose",
    kind="rate",
    source="CDC DOSE discharge data (2025): counts of 1-9 and rates of 1-19 visits are suppressed.",
    suppress_count_below=20,
    zero_is_small=False,
)
OHID = PresentationRule(
    name="ohid",
    kind="rate",
    source="OHID (England), Public Health Technical Guidance: no standardised rate from fewer than 10 events.",
    status="seen in the documentation of OHID's own PHEindicatormethods (calculate_dsr), not in the guidance itself",
    suppress_count_below=10,
)
STATE_CANCER_PROFILES = PresentationRule(
    name="state_cancer_profiles",
    kind="rate",
    source="State Cancer Profiles: counts below 16 are suppressed, as their 95 % interval is as wide as the rate.",
    suppress_count_below=16,
)
PRESETS: Mapping[str, PresentationRule] = MappingProxyType(
    {rule.name: rule for rule in (NCHS_RATES, NCHS_PROPORTIONS, WONDER, WISQARS, DOSE, OHID, STATE_CANCER_PROFILES)}
)


def present(
    rule: PresentationRule | str,
    value: Numbers = None,
    lower: Numbers = None,
    upper: Numbers = None,
    count: Numbers = None,
    population: Numbers = None,
    effective_sample: Numbers = None,
    degrees_of_freedom: Numbers = None,
) -> pd.DataFrame:
    """Say of each estimate whether it is to be shown, shown as unreliable, or suppressed, and why.

    Formula: relative width = (upper - lower) / value. An action is the strictest one among the checks of the rule; the
    reason names every check that failed.

    - `nchs_rates`: suppressed if events or population are below 10 or the relative width is above 160 %; unreliable
      until reviewed if the design has fewer than 8 degrees of freedom. From a census of deaths, the exact Poisson
      relative width is at most 160 % from 8 events on, so the count decides for crude rates and the width for
      age-adjusted ones.
    - `nchs_proportions`: suppressed if the effective sample is below 30, or the width 0.30 or more, or the width is
      above 0.05 and the relative width above 130 %. Of 0 and 100 % neither the relative width nor its complement's
      exists: they are unreliable until reviewed, like those with fewer than 8 degrees of freedom. A proportion that may
      be shown, but not its complement, is shown and its reason says so.
    - `wonder`: 1-9 events suppressed, fewer than 20 unreliable. `wisqars`: 20 is unreliable too. `dose`: 1-19
      suppressed. `ohid`: fewer than 10 suppressed. `state_cancer_profiles`: fewer than 16 suppressed.

    What is not given is not checked (population, degrees of freedom); what is given but missing in a row suppresses
    it, since nothing says that it is precise.

    Args:
        rule: A `PresentationRule` or the name of one in `PRESETS`.
        value: Estimate per row, 0 or above; a proportion for a proportion's rule. For rates, only with limits.
        lower: Its lower limit. Without limits, exact Poisson limits of `count` are used for rates, and Clopper-Pearson
            limits of value x effective sample out of effective sample for proportions.
        upper: Its upper limit.
        count: Events per row, the numerator that was counted (not a weighted sum). Needed for rates.
        population: Denominator per row, people or sampled people.
        effective_sample: Effective sample size of a proportion (the sample size, for a simple random sample). Needed
            for proportions.
        degrees_of_freedom: Of the survey design; leave out for censuses and registers.

    Returns:
        One row per estimate, with the index of the Series given, else 0, 1, 2, ...: `action` (`show`, `unreliable`,
        `suppress`) and `reason` (empty where shown without remark).

    Raises:
        ValueError: The rule is unknown, a needed argument is missing, only one limit is given, a proportion is above
            1, a number is negative or infinite, or lengths or indexes differ.
        TypeError: An argument is not numeric.

    References:
        Each rule's `source`. The order of checks for proportions, and 0 and 100 %, as CDC's R package surveytable.

    Examples:
        >>> present("nchs_rates", count=[9, 10]).loc[0].tolist()
        ['suppress', 'fewer than 10 events']
        >>> present("wonder", count=[0, 9, 19, 20])["action"].tolist()
        ['unreliable', 'suppress', 'unreliable', 'show']
    """
    chosen = _rule(rule)
    inputs = {
        "value": value,
        "lower": lower,
        "upper": upper,
        "count": count,
        "population": population,
        "effective_sample": effective_sample,
        "degrees_of_freedom": degrees_of_freedom,
    }
    _check_given(chosen, inputs)
    given = {name: numbers for name, numbers in inputs.items() if numbers is not None}
    arrays = dict(zip(given, map(np.atleast_1d, broadcast(given)), strict=True))
    checks = _count_checks(chosen, arrays)
    checks += _proportion_checks(chosen, arrays) if chosen.kind == "proportion" else _rate_checks(chosen, arrays)
    return _strictest(checks, common_index(given))


def _rule(rule: PresentationRule | str) -> PresentationRule:
    if isinstance(rule, PresentationRule):
        return rule
    if rule not in PRESETS:
        raise ValueError(f"rule must be a PresentationRule or one of {', '.join(PRESETS)}; found {rule!r}.")
    return PRESETS[rule]


def _check_given(rule: PresentationRule, inputs: dict[str, Numbers]) -> None:
    needed = ("count",) if rule.kind == "rate" else ("value", "effective_sample")
    absent = [name for name in needed if inputs[name] is None]
    if absent:
        raise ValueError(f"The rule {rule.name} needs {' and '.join(needed)}; {' and '.join(absent)} is not given.")
    limits = [name for name in ("lower", "upper") if inputs[name] is not None]
    if len(limits) == 1 or (limits and inputs["value"] is None):
        raise ValueError(f"value, lower and upper go together; found {limits[0]} without the others.")


def _count_checks(rule: PresentationRule, arrays: dict[str, FloatArray]) -> list[Check]:
    """Check what both kinds have: counts, denominators, degrees of freedom, and missing numbers."""
    checks: list[Check] = [
        (np.isnan(array), "suppress", f"{name.replace('_', ' ')} is missing") for name, array in arrays.items()
    ]
    count, population = arrays.get("count"), arrays.get("population")
    if count is not None:
        limit = rule.suppress_count_below
        if limit is not None:
            small = (count < limit) & ((count > 0) | rule.zero_is_small)
            checks.append((small, "suppress", f"fewer than {limit:g} events"))
        limit = rule.unreliable_count_below
        if limit is not None:
            checks.append((count < limit, "unreliable", f"fewer than {limit:g} events: unreliable"))
    limit = rule.suppress_population_below
    if population is not None and limit is not None:
        checks.append((population < limit, "suppress", f"population below {limit:g}"))
    limit = rule.review_degrees_of_freedom_below
    if "degrees_of_freedom" in arrays and limit is not None:
        few = arrays["degrees_of_freedom"] < limit
        checks.append((few, "unreliable", f"needs review: fewer than {limit:g} degrees of freedom"))
    return checks


def _rate_checks(rule: PresentationRule, arrays: dict[str, FloatArray]) -> list[Check]:
    limit = rule.suppress_relative_width_above
    if limit is None:
        return []
    if "lower" in arrays:
        value, (lower, upper) = arrays["value"], (arrays["lower"], arrays["upper"])
    else:
        value = arrays["count"]
        lower, upper = poisson_interval(value, rule.confidence, "exact")
    relative = _relative_width(lower, upper, value)
    return [
        (value == 0, "suppress", "no relative width, as the value is 0"),
        ((relative > limit) & (value > 0), "suppress", f"relative interval width above {limit:.0%}"),
    ]


def _proportion_checks(rule: PresentationRule, arrays: dict[str, FloatArray]) -> list[Check]:
    value, sample = arrays["value"], arrays["effective_sample"]
    if (value > 1).any():
        raise ValueError(
            f"value must be a proportion from 0 to 1; found {value[value > 1][0]:g}. Divide percentages by 100."
        )
    lower, upper = _proportion_limits(rule, arrays)
    width = np.round(upper - lower, WIDTH_DECIMALS)
    inner, checks = (value > 0) & (value < 1), list[Check]()
    if rule.suppress_effective_sample_below is not None:
        limit = rule.suppress_effective_sample_below
        checks.append((sample < limit, "suppress", f"effective sample below {limit:g}"))
    if rule.suppress_width_from is not None:
        limit = rule.suppress_width_from
        checks.append((width >= limit, "suppress", f"interval width {limit:g} or more"))
    if rule.suppress_relative_width_above is not None:
        limit = rule.suppress_relative_width_above
        wide = inner & (width > rule.relative_width_from)
        own, other = (_relative_width(lower, upper, part) > limit for part in (value, 1 - value))
        checks.append((wide & own, "suppress", f"relative interval width above {limit:.0%}"))
        checks.append(
            (
                wide & ~own & other,
                "show",
                f"complement not to be shown: its relative interval width is above {limit:.0%}",
            )
        )
    if rule.review_extremes:
        checks.append((value == 0, "unreliable", "needs review: 0 %"))
        checks.append((value == 1, "unreliable", "needs review: 100 %"))
    return checks


def _proportion_limits(rule: PresentationRule, arrays: dict[str, FloatArray]) -> Limits:
    if "lower" in arrays:
        return arrays["lower"], arrays["upper"]
    sample = arrays["effective_sample"]
    return binomial_interval(arrays["value"] * sample, sample, rule.confidence, "clopper-pearson")


def _relative_width(lower: FloatArray, upper: FloatArray, value: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        relative: FloatArray = np.round((upper - lower) / value, WIDTH_DECIMALS)
    return relative


def _strictest(checks: list[Check], index: pd.Index | None) -> pd.DataFrame:
    """Give the strictest action and all reasons per row; texts are made once per combination of failed checks."""
    failed = np.column_stack([check[0] for check in checks])
    combination = failed @ (1 << np.arange(len(checks)))
    different, first, place = np.unique(combination, return_index=True, return_inverse=True)
    actions, reasons = np.empty(len(different), dtype=object), np.empty(len(different), dtype=object)
    for number, row in enumerate(first):
        met = [(action, reason) for (_, action, reason), hit in zip(checks, failed[row], strict=True) if hit]
        actions[number] = max((action for action, _ in met), key=ACTIONS.index, default="show")
        reasons[number] = "; ".join(reason for _, reason in met)
    return pd.DataFrame({"action": actions[place], "reason": reasons[place]}, index=index, dtype="str")
