"""Years of life lost, and life expectancy from abridged life tables."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from scipy import special

from epi.intervals import FloatArray, Numbers, as_floats, check_confidence, check_method, first_position
from epi.life_table import LastInterval, abridged_life_table, common_ages
from epi.rates import check_per
from epi.strata import Groups, read_columns
from epi.weighted_rates import weighted_limits

MidpointRule: TypeAlias = Literal["completed", "exact"]


def midpoint_age(age_start: Numbers, age_end: Numbers, rule: MidpointRule = "completed") -> FloatArray:
    """Give the age at death that stands for an age group.

    Formula: `completed` (NCHS): (first + last) / 2 in completed years, and age + 0.5 for a group of one year: 0.5 for
    under 1, 7.5 for 1-14, 19.5 for 15-24. `exact`: (first + last + 1) / 2, the middle of the time lived in the group:
    8 for 1-14, 20 for 15-24. An open-ended group (missing `age_end`) has no midpoint: nan.

    Args:
        age_start: First completed year of age of the group, one per row.
        age_end: Last completed year of age; missing where the group is open-ended.
        rule: `completed` or `exact`.

    Returns:
        Array of ages in years.

    Raises:
        ValueError: An age is negative, a group ends before it starts, or the rule is unknown.

    References:
        National Center for Health Statistics, Health Indicators Warehouse: Years of potential life lost before age 75.

    Examples:
        >>> midpoint_age([0, 1, 15, 65], [0, 14, 24, 74]).tolist()
        [0.5, 7.5, 19.5, 69.5]
        >>> midpoint_age([0, 1, 15, 65], [0, 14, 24, 74], rule="exact").tolist()
        [0.5, 8.0, 20.0, 70.0]
    """
    check_method(rule, MidpointRule)
    first, last = as_floats(age_start, "age_start"), as_floats(age_end, "age_end")
    backward = last < first
    if backward.any():
        raise ValueError(f"age_end must not be below age_start; found {last[backward][0]:g}{first_position(backward)}.")
    exact = (first + last + 1) / 2
    return exact if rule == "exact" else np.where(first == last, exact, exact - 0.5)


def ypll(
    frame: pd.DataFrame,
    by: str | Sequence[str],
    count: str = "count",
    age_start: str = "age_start",
    age_end: str = "age_end",
    population: str | None = None,
    before: float = 75,
    per: float = 100_000,
    confidence: float = 0.95,
    midpoints: MidpointRule = "completed",
) -> pd.DataFrame:
    """Add up the years of potential life lost before an age, per group.

    Formula: years = sum over age groups below `before` of deaths x (before - midpoint of the age group); rate = years /
    population below that age x per. Limits: Dobson's, for a weighted sum of Poisson counts (`epi.standardise`). Groups
    without a death have 0 years, lower 0 and upper -ln(alpha/2) x the years that one death at the youngest age costs
    (at the youngest age that has people, given a population).

    The published indicator is not shown for fewer than 20 deaths; this function shows all, with its limits.

    Args:
        frame: One row per group and age group, in any order.
        by: Column, or columns, that name the group.
        count: Column with deaths; a missing one makes the group's numbers missing.
        age_start: Column with the first completed year of age.
        age_end: Column with the last; missing where open-ended.
        population: Column with the population of the age group, for the rate; None for no rate.
        before: The age up to which life counts, 75 by default. No age group may straddle it.
        per: Multiplier of the rate.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.
        midpoints: `completed` (as published) or `exact`: see `midpoint_age`.

    Returns:
        One row per group, sorted: the columns of `by`, `count` (deaths below the age), `years`, `years_lower`,
        `years_upper` and, given a population, `population`, `value`, `lower`, `upper` (years per `per`; nan without
        people).

    Raises:
        ValueError: A column is not in the frame, a number is negative or infinite, an `age_start` is missing, an age
            group straddles `before`, or an option is out of range.
        TypeError: A column is not numeric.

    References:
        National Center for Health Statistics, Health Indicators Warehouse: Years of potential life lost before age 75.
        Dobson AJ et al. Stat Med 1991;10:457-462.

    Examples:
        >>> deaths = pd.DataFrame({"area": "A", "age_start": [15, 25, 75], "age_end": [24, 34, None],
        ...                        "count": [2, 10, 300]})
        >>> ypll(deaths, by="area").round(1)
          area  count  years  years_lower  years_upper
        0    A   12.0  566.0        291.3        990.1
    """
    check_per(per)
    alpha = 1 - check_confidence(confidence)
    groups = Groups(frame, by)
    deaths, first, last = read_columns(frame, [count, age_start, age_end])
    _check_ages_known(first, age_start)
    counted = first < before
    straddles = counted & ~(last < before)
    if straddles.any():
        found = f"{first[straddles][0]:g} to {last[straddles][0]:g}{first_position(straddles)}"
        raise ValueError(f"No age group may straddle {before:g}; found {found}. Split it, or change `before`.")
    costs = np.where(counted, before - midpoint_age(first, last, midpoints), 0.0)
    deaths = np.where(counted, deaths, 0.0)
    number, years = groups.sum(deaths), groups.sum(deaths * costs)
    residents = np.full_like(costs, np.nan) if population is None else read_columns(frame, [population])[0]
    # Nobody dies where nobody lives: such an age must not raise the limit of no deaths.
    lived = groups.largest(np.where(residents == 0, 0.0, costs))
    at_risk = np.where(lived > 0, lived, groups.largest(costs))
    lower, upper = weighted_limits(number, years, groups.sum(deaths * costs**2), at_risk, alpha)
    columns = {"count": number, "years": years, "years_lower": lower, "years_upper": upper}
    if population is not None:
        people = groups.sum(np.where(counted, residents, 0.0))
        known = np.where(people > 0, people, np.nan)
        rates = {"value": years, "lower": lower, "upper": upper}
        columns |= {"population": people} | {name: array / known * per for name, array in rates.items()}
    return groups.table(columns)


def years_of_life_lost(
    frame: pd.DataFrame,
    by: str | Sequence[str],
    remaining_years: "pd.Series[float]",
    count: str = "count",
    age_start: str = "age_start",
    age_end: str = "age_end",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Add up the years that people who died would still have lived by a life table, per group.

    Formula: years = sum over age groups of deaths x e(age at death), the age at death being the exact midpoint of the
    age group (`midpoint_age`), and e interpolated linearly between the ages of the table. An open-ended age group takes
    e at its first year, which is an upper bound: give old ages in narrow groups. Limits as in `ypll`.

    Args:
        frame: One row per group and age group, in any order.
        by: Column, or columns, that name the group.
        remaining_years: Life expectancy at exact ages, in years; the index is the age. Beyond its last age its last
            value holds.
        count: Column with deaths; a missing one makes the group's numbers missing.
        age_start: Column with the first completed year of age.
        age_end: Column with the last; missing where open-ended.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.

    Returns:
        One row per group, sorted: the columns of `by`, `count`, `years`, `lower`, `upper` (years), `years_per_death`
        (nan without deaths).

    Raises:
        ValueError: A column is not in the frame, a number is negative or infinite, an `age_start` is missing, the table
            is empty, not sorted by age or has gaps, or an age is below its first.
        TypeError: A column is not numeric.

    References:
        Murray CJL. Quantifying the burden of disease: the technical basis for disability-adjusted life years. Bull
        World Health Organ 1994;72:429-445.

    Examples:
        >>> table = pd.Series([78.8, 59.5, 40.7, 23.4], index=[0, 20, 40, 60])
        >>> deaths = pd.DataFrame({"area": "A", "age_start": [20, 30], "age_end": [29, 39], "count": [4, 6]})
        >>> years_of_life_lost(deaths, by="area", remaining_years=table).round(1)
          area  count  years  lower  upper  years_per_death
        0    A   10.0  491.6  234.2  905.9             49.2
    """
    alpha = 1 - check_confidence(confidence)
    ages = as_floats(remaining_years.index, "ages of remaining_years")
    expectancy = as_floats(remaining_years, "remaining_years")
    if not ages.size or np.isnan(expectancy).any() or not (np.diff(ages) > 0).all():
        raise ValueError("remaining_years must have a value at each age, ages rising; found none, gaps or disorder.")
    groups = Groups(frame, by)
    deaths, first, last = read_columns(frame, [count, age_start, age_end])
    _check_ages_known(first, age_start)
    young = first < ages[0]
    if young.any():
        raise ValueError(f"The table starts at age {ages[0]:g}; found age {first[young][0]:g}{first_position(young)}.")
    at_death = np.where(np.isnan(last), first, midpoint_age(first, last, "exact"))
    costs = np.interp(at_death, ages, expectancy)
    number, years = groups.sum(deaths), groups.sum(deaths * costs)
    lower, upper = weighted_limits(number, years, groups.sum(deaths * costs**2), groups.largest(costs), alpha)
    each = np.divide(years, number, out=np.full_like(years, np.nan), where=number > 0)
    return groups.table({"count": number, "years": years, "lower": lower, "upper": upper, "years_per_death": each})


def life_expectancy(
    frame: pd.DataFrame,
    by: str | Sequence[str] = (),
    age_start: str = "age_start",
    deaths: str = "deaths",
    population: str = "population",
    infant_fraction: float = 0.1,
    confidence: float = 0.95,
    last_interval: LastInterval = "silcocks",
) -> pd.DataFrame:
    r"""Make the abridged life table of each group (Chiang's method), with confidence limits of life expectancy.

    Formula, for an age interval of n years with death rate :math:`m = D / P`, those who die in it living the fraction
    a of it (`infant_fraction` in the first year of life, 0.5 elsewhere):
    :math:`q = n m / (1 + n (1 - a) m)`, at most 1, and 1 in the last; survivors :math:`l_{x+n} = l_x (1 - q)`; years
    lived :math:`L = n (l_{x+n} + a l_x q)`, and l / m in the last; :math:`e_x = \sum_{y \ge x} L_y / l_x`. Variance of
    :math:`e_x`: :math:`\sum_{y \ge x} l_y^2 ((1 - a) n + e_{y+n})^2 q^2 (1 - q) / D`, over :math:`l_x^2`. The last
    interval adds :math:`l^2 / (m^2 D)` (`silcocks`) or, as Chiang left it, nothing (`chiang`). Limits are normal.

    An interval without deaths is no problem; the last needs one. An interval without population leaves life
    expectancy missing at its age and all younger ones. No minimum population is applied here; ONS and OHID use 5,000
    person-years.

    Args:
        frame: One row per group and age interval, in any order, the last interval open-ended; each group with the same
            intervals.
        by: Column, or columns, that name the group; by default the frame is one group.
        age_start: Column with the exact age at which the interval starts, in years.
        deaths: Column with deaths; missing allowed.
        population: Column with population or person-years; missing or 0 allowed.
        infant_fraction: Fraction of the first year of life that those who die in it live.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.
        last_interval: `silcocks` or `chiang`.

    Returns:
        One row per group and age, sorted: the columns of `by`, `age_start`, `deaths`, `population`,
        `probability_of_dying`, `survivors` (of 1), `value` (life expectancy at that age, years), `lower`, `upper`,
        `standard_error`.

    Raises:
        ValueError: A column is not in the frame, a number is negative or infinite, groups differ in their age
            intervals, an interval comes twice, or an option is out of range.
        TypeError: A column is not numeric.

    References:
        Chiang CL. The Life Table and its Applications. Krieger 1984. Silcocks PBS, Jenner DA, Reza R. Life expectancy
        as a summary of mortality in a population. J Epidemiol Community Health 2001;55:38-43. Eayres D, Williams ES.
        Evaluation of methodologies for small area life expectancy estimation. J Epidemiol Community Health
        2004;58:243-249.

    Examples:
        >>> table = pd.DataFrame({"age_start": [0, 1, 15, 45, 65], "deaths": [6, 3, 40, 130, 400],
        ...                       "population": [1_000, 15_000, 30_000, 20_000, 8_000]})
        >>> life_expectancy(table)[["age_start", "value", "lower", "upper"]].round(2)
           age_start  value  lower  upper
        0          0  78.65  76.77  80.54
        1          1  78.13  76.27  79.99
        2         15  64.32  62.47  66.18
        3         45  36.34  34.52  38.16
        4         65  20.00  18.04  21.96
    """
    z = -special.ndtri((1 - check_confidence(confidence)) / 2)
    check_method(last_interval, LastInterval)
    if not 0 <= infant_fraction <= 1:
        raise ValueError(f"infant_fraction must be between 0 and 1; found {infant_fraction}.")
    by = [by] if isinstance(by, str) else list(by)
    cells = Groups(frame, [*by, age_start])
    counts = read_columns(frame, [deaths, population])
    if cells.size != len(frame):
        raise ValueError(f"Each age interval must come once per group; found {len(frame) - cells.size} rows too many.")
    died, people = (cells.sum(values) for values in counts)
    ages = common_ages(Groups(cells.keys, by).sum(np.ones(cells.size)), cells.keys[age_start], age_start)
    shape = (cells.size // max(ages.size, 1), ages.size)
    columns = abridged_life_table(died.reshape(shape), people.reshape(shape), ages, infant_fraction, last_interval)
    error = columns.pop("standard_error")
    table = {"deaths": died, "population": people}
    table |= {name: array.ravel() for name, array in columns.items()}
    value, spread = table["value"], z * error.ravel()
    table |= {"lower": np.maximum(value - spread, 0.0), "upper": value + spread, "standard_error": error.ravel()}
    return cells.table(table)


def _check_ages_known(first: FloatArray, name: str) -> None:
    """Refuse deaths of unknown age: counted as nothing, they would make the years lost too few without a word."""
    missing = np.isnan(first)
    if missing.any():
        raise ValueError(
            f"{name} must not be missing; found nan{first_position(missing)}. Leave deaths of unknown age out and say "
            "how many, or spread them over the age groups."
        )
