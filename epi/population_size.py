"""The size of a population that no register lists: capture-recapture, multipliers, and what several estimates say."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from epi.intervals import (
    FloatArray,
    Numbers,
    binomial_interval,
    broadcast,
    check_confidence,
    check_method,
    common_index,
    first_position,
    interval_frame,
)
from epi.strata import Groups, read_columns

CaptureMethod = Literal["chapman", "lincoln-petersen"]
CaptureInterval = Literal["chao", "normal"]
CombineMethod = Literal["random-effects", "inverse-variance", "geometric-mean"]

# WHO and UNAIDS ask for population sizes to be estimated again after about this many years.
LONGEST_AGE_YEARS = 5


def capture_recapture(
    first: Numbers,
    second: Numbers,
    both: Numbers,
    confidence: float = 0.95,
    method: CaptureMethod = "chapman",
    interval: CaptureInterval = "chao",
) -> pd.DataFrame:
    r"""Estimate a closed population from two independent lists and their overlap, row by row.

    Formula: with :math:`n_1, n_2` people on the lists and m on both,

    - `chapman`: N = (n1 + 1)(n2 + 1) / (m + 1) - 1, nearly unbiased; var = (n1+1)(n2+1)(n1-m)(n2-m) / ((m+1)^2 (m+2)).
    - `lincoln-petersen`: N = n1 n2 / m; var = n1 n2 (n1-m)(n2-m) / m^3.

    Limits `chao`: with D = n1 + n2 - m people seen, f = N - D unseen and C = exp(z sqrt(log(1 + var / f^2))), D + f / C
    and D + f C; so the lower limit is never below the number of people seen. `normal`: N -/+ z sqrt(var), for
    comparison with reports that use it. Nobody unseen (one list within the other): both Chao limits are D.

    The estimate holds if the population is closed, everybody can be matched, the lists are independent, and people are
    alike in their chance of being on a list. Lists that refer to one another make it too small.

    Args:
        first: People on the first list, one per row; not negative, missing allowed.
        second: People on the second list.
        both: People on both; not above either.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.
        method: `chapman` or `lincoln-petersen`.
        interval: `chao` or `normal`.

    Returns:
        A frame with one row per input row and columns `value`, `lower`, `upper`, `standard_error` (people) and
        `reason`: why the value is nan (`missing_count`, `empty_list`, `no_overlap`), "" otherwise.

    Raises:
        ValueError: The overlap is larger than a list, a number is negative or infinite, lengths differ, two Series
            carry different indexes, or an option is unknown.
        TypeError: An argument is not numeric.

    References:
        Chapman DG. Univ Calif Publ Stat 1951;1:131-160. Seber GAF. The Estimation of Animal Abundance. 2nd ed. 1982,
        p. 59-60. Chao A. Estimating population size for sparse data in capture-recapture experiments. Biometrics
        1989;45:427-438. WHO, UNAIDS. Guidelines on estimating the size of populations most at risk to HIV. 2010.

    Examples:
        >>> capture_recapture(467, 450, 54).drop(columns="reason").round(0)
            value   lower   upper  standard_error
        0  3837.0  3075.0  4860.0           451.0
    """
    z = -special.ndtri((1 - check_confidence(confidence)) / 2)
    check_method(method, CaptureMethod)
    check_method(interval, CaptureInterval)
    inputs = {"first": first, "second": second, "both": both}
    n1, n2, m = (np.atleast_1d(array) for array in broadcast(inputs))
    excess = m > np.minimum(n1, n2)
    if excess.any():
        raise ValueError(
            f"both must not exceed either list; found {m[excess][0]:g} on both, {n1[excess][0]:g} and "
            f"{n2[excess][0]:g} on the lists{first_position(excess)}. Check that `both` counts people once."
        )
    missing = np.isnan(n1 + n2 + m)
    empty = (n1 == 0) | (n2 == 0)
    no_overlap = (m == 0) & (method == "lincoln-petersen")
    reason = np.select([missing, empty, no_overlap], ["missing_count", "empty_list", "no_overlap"], "")
    n1, n2, m = (np.where(reason == "", array, np.nan) for array in (n1, n2, m))
    unmatched = (n1 - m) * (n2 - m)
    if method == "chapman":
        size = (n1 + 1) * (n2 + 1) / (m + 1) - 1
        variance = (n1 + 1) * (n2 + 1) * unmatched / ((m + 1) ** 2 * (m + 2))
    else:
        size, variance = n1 * n2 / m, n1 * n2 * unmatched / m**3
    seen = n1 + n2 - m
    if interval == "chao":
        lower, upper = _chao(seen, np.maximum(size - seen, 0), variance, z)
    else:
        lower, upper = size - z * np.sqrt(variance), size + z * np.sqrt(variance)
    columns = {"value": size, "lower": lower, "upper": upper, "standard_error": np.sqrt(variance)}
    return interval_frame(columns, common_index(inputs)).assign(reason=reason)


def multiplier(
    benchmark: Numbers,
    successes: Numbers,
    trials: Numbers,
    design_effect: Numbers = 1.0,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate a population from a count of those served and the share of a survey who say that they were served.

    Formula: N = M / P with M the people served (counted once each) and P = successes / trials; limits M / upper(P) and
    M / lower(P), with the Wilson limits of P on the effective sample size trials / design_effect: a Wilson interval
    turned over. M is taken as counted in full. Nobody served in the survey leaves N without value and upper limit.

    Args:
        benchmark: People served by the programme in the period and place of the survey, one per row; missing allowed.
        successes: Survey participants who report that service; missing allowed.
        trials: Survey participants asked; missing or 0 gives nan.
        design_effect: Variance of P under the survey's design relative to simple random sampling; at least 1, as a
            rule 2 or more in respondent-driven samples. One number, or one per row.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.

    Returns:
        A frame with one row per input row and columns `value`, `lower`, `upper` (people) and `reason`: why the value
        is nan (`missing_count`, `no_survey`, `nobody_served_in_survey`), "" otherwise.

    Raises:
        ValueError: There are more successes than trials, a design effect below 1, a negative or infinite number,
            lengths differ, or two Series carry different indexes.
        TypeError: An argument is not numeric.

    References:
        WHO, UNAIDS. Guidelines on estimating the size of populations most at risk to HIV. 2010. Wilson EB. JASA
        1927;22:209-212.

    Examples:
        >>> multiplier(1_200, 90, 300, design_effect=2).drop(columns="reason").round(0)
            value   lower   upper
        0  4000.0  3178.0  5163.0
    """
    inputs = {"benchmark": benchmark, "successes": successes, "trials": trials, "design_effect": design_effect}
    served, x, n, effect = (np.atleast_1d(array) for array in broadcast(inputs))
    if (effect < 1).any():
        wrong = effect < 1
        raise ValueError(
            f"design_effect must be at least 1; found {effect[wrong][0]:g}{first_position(wrong)}. "
            "Give 1 for a simple random sample."
        )
    low, high = (np.asarray(limit) for limit in binomial_interval(x / effect, n / effect, confidence))
    reason = np.select(
        [np.isnan(served + x + n + effect), n == 0, x == 0],
        ["missing_count", "no_survey", "nobody_served_in_survey"],
        "",
    )
    share = np.where(x > 0, x, np.nan) / np.where(n > 0, n, np.nan)
    columns = {"value": served / share, "lower": served / high, "upper": served / np.where(low > 0, low, np.nan)}
    return interval_frame(columns, common_index(inputs)).assign(reason=reason)


def combine_sizes(
    frame: pd.DataFrame,
    by: str | Sequence[str],
    value: str = "value",
    lower: str = "lower",
    upper: str = "upper",
    confidence: float = 0.95,
    method: CombineMethod = "random-effects",
) -> pd.DataFrame:
    r"""Combine several estimates of the same population on the log scale, and say how far they agree.

    Formula: y = log(value), s = log(upper / lower) / 2z. With :math:`w = 1 / s^2`, `inverse-variance` gives
    :math:`\sum w y / \sum w` -/+ :math:`z / \sqrt{\sum w}`; `random-effects` adds to each :math:`s^2` the variance
    between estimates :math:`\tau^2 = \max(0, (Q - k + 1) / (\sum w - \sum w^2 / \sum w))`,
    :math:`Q = \sum w (y - \bar y)^2` (DerSimonian and Laird); `geometric-mean` weights all alike and takes its limits
    from their scatter (t with k - 1 degrees of freedom), needing no limits of the estimates. Methods of different bias
    disagree more than their intervals admit, so `random-effects` is the default; its limits are no cure for a shared
    bias.

    Args:
        frame: One row per place and estimate.
        by: Column, or columns, that name the population (place and year, say).
        value: Column with the estimate; above 0. Rows without a value (or, but for `geometric-mean`, without limits of
            lower < upper, both above 0) are left out and counted.
        lower: Column with its lower limit, at `confidence`.
        upper: Column with its upper limit.
        confidence: Two-sided confidence level of the limits given and made.
        method: `random-effects`, `inverse-variance` or `geometric-mean`.

    Returns:
        One row per population, sorted: `by`, `value`, `lower`, `upper`, `estimates` (used), `left_out`,
        `heterogeneity_pct` (I squared: share of the scatter beyond the estimates' own error), `largest_to_smallest`
        (ratio of estimates) and `overlap` (whether all intervals share a value). Nan where nothing can be said.

    Raises:
        ValueError: A column is missing from the frame, a number is negative or infinite, or an option is unknown.
        TypeError: A column is not numeric.

    References:
        DerSimonian R, Laird N. Meta-analysis in clinical trials. Control Clin Trials 1986;7:177-188. Higgins JPT,
        Thompson SG. Quantifying heterogeneity in a meta-analysis. Stat Med 2002;21:1539-1558.

    Examples:
        >>> sizes = pd.DataFrame({"place": "A", "value": [8_000, 12_000], "lower": [6_000, 9_000],
        ...                       "upper": [11_000, 16_000]})
        >>> combine_sizes(sizes, by="place")[["place", "value", "lower", "upper", "overlap"]].round(0)
          place   value   lower    upper  overlap
        0     A  9827.0  6605.0  14620.0     True
    """
    alpha = 1 - check_confidence(confidence)
    check_method(method, CombineMethod)
    groups = Groups(frame, by)
    estimate, low, high = read_columns(frame, [value, lower, upper])
    bounded = (low > 0) & (high > low)
    used = (estimate > 0) & (bounded | (method == "geometric-mean"))
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.where(used, np.log(estimate), 0.0)
        s = np.where(bounded, np.log(high / low), np.nan) / (-2 * special.ndtri(alpha / 2))
    bounded &= used
    spread = groups.largest(np.where(used, y, -np.inf)) + groups.largest(np.where(used, -y, -np.inf))
    highest_low = groups.largest(np.where(bounded, low, -np.inf))
    lowest_high = -groups.largest(np.where(bounded, -high, -np.inf))
    results = _pooled(groups, _group_of_row(frame, by), y, s, used, alpha, method)
    results["largest_to_smallest"] = np.where(spread >= 0, np.exp(spread), np.nan)
    counts = {name: results[name].astype(np.int64) for name in ("estimates", "left_out")}
    return groups.table(results).assign(**counts, overlap=(highest_low > 0) & (highest_low <= lowest_high))


def check_sizes(
    value: Numbers,
    known_people: Numbers = None,
    residents: Numbers = None,
    largest_share: float = 0.05,
    estimate_year: Numbers = None,
    reference_year: Numbers = None,
) -> npt.NDArray[np.str_]:
    """Say what speaks against using an estimate of a population's size, row by row.

    Formula:

    - `below_known_people`: services alone have seen more people than the estimate says there are.
    - `above_largest_share`: the estimate is more than `largest_share` of the residents.
    - `too_old`: the estimate is more than 5 years older than the figure it is to be a denominator of.

    The first that applies is given; "" if none does, as when what a check needs is missing.

    Args:
        value: Estimated size, one per row; missing gives `missing`.
        known_people: Distinct people that services have seen in the same place and period.
        residents: Residents of the same place, of the ages that the estimate is about.
        largest_share: Share of the residents above which an estimate is doubted: a convention, to be set per
            population (0.05 is above national estimates for people who inject drugs).
        estimate_year: Year that the estimate is about.
        reference_year: Year of the figure that it is to be used with.

    Returns:
        Array of text, of the broadcast shape.

    Raises:
        ValueError: A number is negative or infinite, lengths differ, two Series carry different indexes, or
            `largest_share` is no proportion.
        TypeError: An argument is not numeric.

    References:
        UNAIDS. Global AIDS Monitoring: population size estimates of key populations. WHO, UNAIDS. Guidelines on
        estimating the size of populations most at risk to HIV. 2010.

    Examples:
        >>> check_sizes([900, 90_000, 5_000], known_people=1_000, residents=1_000_000).tolist()
        ['below_known_people', 'above_largest_share', '']
    """
    check_confidence(largest_share)
    size, known, people, made, needed = broadcast(
        {
            "value": value,
            "known_people": known_people,
            "residents": residents,
            "estimate_year": estimate_year,
            "reference_year": reference_year,
        }
    )
    wrong = [np.isnan(size), size < known, size > largest_share * people, needed - made > LONGEST_AGE_YEARS]
    return np.select(wrong, ["missing", "below_known_people", "above_largest_share", "too_old"], "")


def _chao(seen: FloatArray, unseen: FloatArray, variance: FloatArray, z: float) -> tuple[FloatArray, FloatArray]:
    # Nobody unseen: variance and unseen are both 0, and the limits are the people seen.
    some = np.where(unseen > 0, unseen, 1.0)
    spread = np.exp(z * np.sqrt(np.log1p(variance / some**2)))
    return seen + unseen / spread, seen + unseen * spread


def _group_of_row(frame: pd.DataFrame, by: str | Sequence[str]) -> npt.NDArray[np.intp]:
    names = [by] if isinstance(by, str) else list(by)
    if not names:
        return np.zeros(len(frame), dtype=np.intp)
    return frame.groupby(names, sort=True, dropna=False, observed=True).ngroup().to_numpy().astype(np.intp)


def _pooled(
    groups: Groups,
    group: npt.NDArray[np.intp],
    y: FloatArray,
    s: FloatArray,
    used: npt.NDArray[np.bool_],
    alpha: float,
    method: CombineMethod,
) -> dict[str, FloatArray]:
    """Pool log estimates; y, s (standard errors), `used` and `group` hold one item per row, the results per group."""
    k = groups.sum(used)
    known = used & ~np.isnan(s)
    w = np.where(known, 1 / np.where(known, s, 1.0) ** 2, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = groups.sum(w)
        centre = groups.sum(w * y) / total
        q = groups.sum(w * np.where(known, y - centre[group], 0.0) ** 2)
        several = (k > 1) & (groups.sum(known) == k)
        excess = np.where(several, np.maximum(q - k + 1, 0.0), np.nan)
        half = -special.ndtri(alpha / 2) / np.sqrt(total)
        if method == "geometric-mean":
            centre = groups.sum(y) / k
            scatter = groups.sum(np.where(used, y - centre[group], 0.0) ** 2) / (k - 1)
            half = -special.stdtrit(np.where(k > 1, k - 1, np.nan), alpha / 2) * np.sqrt(scatter / k)
        elif method == "random-effects":
            between = np.where(several, excess / (total - groups.sum(w**2) / total), 0.0)
            w = np.where(known, 1 / (np.where(known, s, 1.0) ** 2 + between[group]), 0.0)
            centre, half = groups.sum(w * y) / groups.sum(w), -special.ndtri(alpha / 2) / np.sqrt(groups.sum(w))
        heterogeneity = np.where(excess > 0, excess / q, excess) * 100
    limits = {"value": centre, "lower": centre - half, "upper": centre + half}
    return {name: np.exp(np.where(k > 0, limit, np.nan)) for name, limit in limits.items()} | {
        "estimates": k,
        "left_out": groups.sum(~used),
        "heterogeneity_pct": heterogeneity,
    }
