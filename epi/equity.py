"""Equity: groups compared with a reference group, and summary measures of inequality for many places at once."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from epi.inequality_draws import Distribution, limits_of_measure, value_draws
from epi.inequality_measures import FEWEST_RANKED, MEASURES, SlopeModel
from epi.inequality_places import Places, read_places
from epi.intervals import FloatArray, PoissonMethod, check_confidence, check_method
from epi.rates import RatioMethod, crude_rate, rate_difference, rate_ratio
from epi.strata import read_columns, require_columns

MissingGroups = Literal["refuse", "leave_out"]

# Draws times groups times places held at once: 4 million numbers are 32 MB.
BLOCK = 4_000_000


def compare_groups(
    frame: pd.DataFrame,
    by: str | Sequence[str],
    group: str,
    reference: object,
    count: str = "count",
    population: str = "population",
    per: float = 100_000,
    confidence: float = 0.95,
    method: PoissonMethod = "hybrid",
    ratio_method: RatioMethod = "exact",
) -> pd.DataFrame:
    """Compare the crude rate of every group with that of the reference group of the same place.

    Formula: rate as `epi.rates.crude_rate`; ratio and difference to the reference group's rate as
    `epi.rates.rate_ratio` and `epi.rates.rate_difference`, each with its own limits.

    Args:
        frame: One row per place and group.
        by: Column, or columns, that name the place (and period, and indicator).
        group: Column that names the group.
        reference: The group that others are compared with, as written in `group`.
        count: Column with the number of events; missing allowed.
        population: Column with the population or person-time.
        per: Multiplier of rates and differences: 100,000 people by default.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.
        method: Poisson limits of rates and differences: `exact`, `byar` or `hybrid`.
        ratio_method: Limits of ratios: `exact`, `midp` or `log`.

    Returns:
        One row per row of the frame, in its order and with its index: `by`, `group`, then `rate`, `rate_lower`,
        `rate_upper`, `ratio`, `ratio_lower`, `ratio_upper`, `difference`, `difference_lower`, `difference_upper` and
        `reason`: `reference` in the reference group's own row (ratio 1, difference 0, no limits), `no_reference` where
        the place has none, `missing` where a number is missing or a population 0, "" otherwise.

    Raises:
        ValueError: A column is missing from the frame, a place has a group twice, a number is negative or infinite, or
            an option is unknown.
        TypeError: A column is not numeric.

    References:
        As `epi.rates`. WHO. Handbook on health inequality monitoring. 2013 (difference and ratio).

    Examples:
        >>> deaths = pd.DataFrame({"state": "X", "sex": ["female", "male"], "count": [15, 41],
        ...                        "population": [19_017, 28_010]})
        >>> compare_groups(deaths, "state", "sex", "female")[["sex", "ratio", "ratio_lower", "difference"]].round(2)
              sex  ratio  ratio_lower  difference
        0  female   1.00          NaN         0.0
        1    male   1.86         1.01        67.5
    """
    keys = [by] if isinstance(by, str) else list(by)
    require_columns(frame, [*keys, group])
    events, people = read_columns(frame, [count, population])
    _refuse_repeated(frame, keys, group)
    place = (
        frame.groupby(keys, sort=False, dropna=False, observed=True).ngroup() if keys else frame[group].map(lambda _: 0)
    )
    at = place.to_numpy().astype(np.intp)
    own = (frame[group] == reference).to_numpy(dtype=bool, na_value=False)
    position = np.full(at.max(initial=-1) + 1, -1, dtype=np.intp)
    position[at[own]] = np.flatnonzero(own)
    row = position[at]
    events_b, people_b = (np.where(row >= 0, array[row], np.nan) if len(row) else array for array in (events, people))
    tables = {
        "rate": crude_rate(events, people, per, confidence, method),
        "ratio": rate_ratio(events, people, events_b, people_b, confidence, ratio_method),
        "difference": rate_difference(events, people, events_b, people_b, per, confidence, method),
    }
    tables["ratio"].loc[own & (events > 0) & (people > 0), "value"] = 1.0
    for name in ("ratio", "difference"):
        tables[name].loc[own, ["lower", "upper"]] = np.nan
    missing = tables["difference"]["value"].isna().to_numpy()
    reason = np.select([row < 0, missing, own], ["no_reference", "missing", "reference"], "")
    columns = {
        name if part == "value" else f"{name}_{part}": table[part].to_numpy()
        for name, table in tables.items()
        for part in ("value", "lower", "upper")
    }
    return frame[[*keys, group]].assign(**columns, reason=reason)


def inequality(
    frame: pd.DataFrame,
    by: str | Sequence[str],
    group: str,
    value: str = "value",
    population: str = "population",
    lower: str | None = None,
    upper: str | None = None,
    se: str | None = None,
    order: str | None = None,
    reference: object = None,
    higher_is_better: bool = False,
    measures: Sequence[str] | None = None,
    model: SlopeModel = "linear",
    ceiling: float | None = None,
    missing: MissingGroups = "refuse",
    fewest_ranked: int = FEWEST_RANKED,
    distribution: Distribution = "log-normal",
    confidence: float = 0.95,
    draws: int = 4_000,
    seed: int = 2021,
) -> pd.DataFrame:
    r"""Make summary measures of the inequality between the groups of every place, with simulated limits.

    Formula: with value :math:`y_j`, population share :math:`p_j`, mean :math:`\mu = \sum p_j y_j`, k groups:

    - `difference`, `ratio`: most against least advantaged group (groups in order), else highest against lowest value.
    - `between_group_variance`: :math:`\sum p_j (y_j - \mu)^2`; `between_group_standard_deviation`: its root;
      `coefficient_of_variation_pct`: the root / mean x 100.
    - `mean_difference_from_mean` (`_best`, `_reference`): :math:`\sum |y_j - c| / k`, c the mean (the best, the
      reference group's value); `_weighted`: :math:`\sum p_j |y_j - c|`. `index_of_disparity_pct` (`_weighted_pct`):
      that from the mean / mean x 100, as WHO has it (Pearcy and Keppel divide by a reference group instead).
    - `theil_index`: :math:`\sum p_j r_j \log r_j`, r = y / mean; `mean_log_deviation`: :math:`-\sum p_j \log r_j`;
      `gini_coefficient` between groups: :math:`\sum_i \sum_j p_i p_j |y_i - y_j| / 2 \mu`.
    - Groups in order, with ranks :math:`R_j` (share of the population below the middle of the group):
      `absolute_concentration_index` :math:`\sum p_j (2 R_j - 1) y_j`, `relative_concentration_index`: that / mean;
      `slope_index_of_inequality` and `relative_index_of_inequality`: difference and ratio of the values that a line
      fitted to y on R, weighted by p, has at R = 1 (most advantaged) and R = 0. `model`: `linear` least squares; `log`
      or `logit` quasi-likelihood with that link (multiplicative; holds with zeros, never leaves 0 to the ceiling).
      WHO's R package healthequal (`sii`, `rii`) differs for `logit`: it rounds values to whole people and gives them to
      the model as counts *and* as weights, so that a group counts with the square of its population.
    - `population_attributable_risk`: value of the best-off group (the last in order, else the best) - mean, 0 if that
      would make things worse; `population_attributable_fraction_pct`: that / mean x 100.

    Limits come from `draws` random values of each group (`epi.inequality_draws.value_draws`): their quantiles for
    measures with a sign; for measures of distance, that noise can only enlarge, the quantiles reflected about the value
    and cut off at equality, since draws repeat on top of the data the noise that is in them already. Both are widened
    to the value where they would miss it. `bias` says how much larger draws are than the value on average: where it is
    near the value itself, the measure shows noise.

    Args:
        frame: One row per place and group.
        by: Column, or columns, that name the place (and period, and indicator: many indicators in one frame).
        group: Column that names the group.
        value: Column with the indicator's value; not negative.
        population: Column with the group's population (the indicator's denominator); 0 or missing: no such group.
        lower: Column with the value's lower limit, at `confidence`.
        upper: Column with its upper limit.
        se: Column with its standard error, instead of limits. Without either, the measures have no limits.
        order: Column with the order of the groups, the most disadvantaged first (1, 2, ...); None: no order.
        reference: The group that others are compared with, as written in `group`; None: no such measures.
        higher_is_better: True for what should be high (coverage), False for harms.
        measures: Names of measures; None makes all that the arguments allow.
        model: Line of the slope measures: `linear`, `log` or `logit` (needs `ceiling`).
        ceiling: Largest possible value (100 for percent, 1 for proportions); None: no limit.
        missing: `refuse`: a group with people but without value makes the place's measures nan; `leave_out`: the
            measures are those of the other groups, and `groups_left_out` says so.
        fewest_ranked: Groups that slopes need at the least.
        distribution: Of the draws: `log-normal` or `normal`.
        confidence: Two-sided confidence level of the limits given and made.
        draws: Number of draws.
        seed: Seed of the random numbers.

    Returns:
        One row per place and measure, places sorted: `by`, `measure`, `value`, `lower`, `upper`, `bias`, `groups`,
        `groups_left_out`, `reason` (`few_groups`, `missing_value`, `no_reference`, `zero_mean`, `zero_value`,
        `no_fit`, `limits_undefined` or ""). Units are those of the value, squared for the variance, none for indices.

    Raises:
        ValueError: A column is missing, a place has a group twice or two groups of the same order, a number is
            negative or infinite, a measure is unknown or lacks its `order` or `reference`, or an option is unknown.
        TypeError: A column is not numeric.

    References:
        Schlotheuber A, Hosseinpoor AR. Summary measures of health inequality. Int J Environ Res Public Health
        2022;19:3697. Ahn J, Harper S, Yu M, et al. Improved Monte Carlo methods for estimating confidence intervals
        for eleven commonly used health disparity measures. PLoS One 2019;14:e0219542. Mackenbach JP, Kunst AE. Soc
        Sci Med 1997;44:757-771 (slopes). Davison AC, Hinkley DV. Bootstrap Methods. 1997, ch. 2 (reflected limits).

    Examples:
        >>> births = pd.DataFrame({"country": "X", "quintile": [1, 2, 3, 4, 5],
        ...     "value": [75.60530, 91.01997, 96.03959, 97.04223, 99.22405],
        ...     "population": [2072.436, 2112.204, 1983.059, 2052.124, 1884.510]})
        >>> some = ["absolute_concentration_index", "population_attributable_fraction_pct"]
        >>> inequality(births, "country", "quintile", order="quintile", higher_is_better=True, measures=some)[
        ...     ["measure", "value"]].round(4)
                                        measure   value
        0          absolute_concentration_index  4.3005
        1  population_attributable_fraction_pct  8.3271
    """
    check_confidence(confidence)
    for option, allowed in ((model, SlopeModel), (missing, MissingGroups), (distribution, Distribution)):
        check_method(option, allowed)
    if model == "logit" and ceiling is None:
        raise ValueError("model 'logit' needs the ceiling of the value; found none. Give 100 for percent.")
    names = _chosen(measures, order, reference)
    columns = {"value": value, "population": population, "lower": lower, "upper": upper, "se": se, "order": order}
    places = read_places(
        frame,
        by,
        group,
        columns,
        reference,
        higher_is_better,
        model,
        ceiling or np.inf,
        missing == "leave_out",
        confidence,
    )
    _refuse_repeated(frame, places.by, group)
    blocks = [
        _measured(places.rows(rows), names, fewest_ranked, distribution, confidence, draws, seed)
        for rows in _blocks(places, draws)
    ]
    numbers = {
        name: np.concatenate([block[name] for block in blocks], axis=0).ravel() if blocks else np.empty(0)
        for name in ("value", "lower", "upper", "bias", "reason")
    }
    size, width = len(places.keys), len(names)
    table = places.keys.iloc[np.repeat(np.arange(size), width)].reset_index(drop=True)
    counts = {"groups": places.layout.groups.astype(np.int64), "groups_left_out": places.left_out.astype(np.int64)}
    reason = numbers.pop("reason")
    return table.assign(
        measure=np.tile(np.array(names, dtype=object), size),
        **numbers,
        **{name: np.repeat(column, width) for name, column in counts.items()},
        reason=reason.astype(object),
    )


def _refuse_repeated(frame: pd.DataFrame, by: Sequence[str], group: str) -> None:
    """Refuse a frame that has a group of a place twice."""
    repeated = frame.duplicated([*by, group]).to_numpy()
    if repeated.any():
        found = ", ".join(f"{name} {frame[name].iloc[int(repeated.argmax())]}" for name in [*by, group])
        raise ValueError(
            f"a place must have each group once; found {found} again ({int(repeated.sum())} such rows). "
            "Name what tells the rows apart in `by`, or add them up."
        )


def _chosen(measures: Sequence[str] | None, order: str | None, reference: object) -> list[str]:
    """Give the names of the measures to make, refusing unknown ones and those that lack what they need."""
    possible = [
        name
        for name, measure in MEASURES.items()
        if (order is not None or not measure.order) and (reference is not None or not measure.reference)
    ]
    if measures is None:
        return possible
    for name in measures:
        if name not in MEASURES:
            raise ValueError(f"measures must be among {', '.join(MEASURES)}; found {name!r}.")
        if name not in possible:
            needed = "order" if MEASURES[name].order else "reference"
            raise ValueError(f"{name} needs the argument {needed}; found none.")
    return list(measures)


def _blocks(places: Places, draws: int) -> list[slice]:
    size, width = places.value.shape
    drawn = draws if places.low is not None else 1
    step = max(1, BLOCK // (drawn * max(width, 1)))
    return [slice(start, start + step) for start in range(0, size, step)]


def _measured(
    places: Places,
    names: list[str],
    fewest_ranked: int,
    distribution: Distribution,
    confidence: float,
    draws: int,
    seed: int,
) -> dict[str, FloatArray]:
    """Make every measure of a block of places: arrays of places x measures."""
    layout = places.layout
    drawn = None
    if places.low is not None and places.high is not None:
        bounds = places.value, places.low, places.high
        drawn = value_draws(*bounds, distribution, confidence, draws, seed, layout.ceiling)
    found: dict[str, list[FloatArray]] = {name: [] for name in ("value", "lower", "upper", "bias", "reason")}
    for name in names:
        measure = MEASURES[name]
        fewest = fewest_ranked if measure.fewest == FEWEST_RANKED else measure.fewest
        with np.errstate(divide="ignore", invalid="ignore"):
            value = measure.make(places.value, layout)
            reason = places.reason(measure, fewest, value)
            value = np.where(reason == "", value, np.nan)
            simulated = None if drawn is None else measure.make(drawn, layout)
            limits = limits_of_measure(value, simulated, measure, layout.ordered, confidence)
        undefined = (drawn is not None) & np.isnan(limits["lower"]) & (reason == "") & places.known_limits
        found["value"].append(value)
        found["reason"].append(np.where(undefined, "limits_undefined", reason))
        for part, numbers in limits.items():
            found[part].append(numbers)
    return {part: np.column_stack(columns) for part, columns in found.items()}
