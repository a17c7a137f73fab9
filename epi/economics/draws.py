"""Draws of uncertain parameters for probabilistic sensitivity analysis, the same whatever else is drawn.

The random numbers of a parameter depend on the seed, its id and the number of the draw alone (common random numbers):
adding, leaving out or reordering parameters changes no other parameter's draws, and the first n of N draws are the n
draws of a shorter run. Two strategies, two scenarios or two versions of a model thus differ by what they are, not by
chance. Every distribution is drawn by its quantile function: a draw keeps its rank when a parameter's figures change.
"""

import hashlib

import numpy as np
import pandas as pd
from scipy import special

from epi.economics.distributions import FAMILIES, TAIL, Constants
from epi.intervals import FloatArray

REQUIRED = ("parameter_id", "distribution", "mean", "lower", "upper")
OPTIONAL_NUMBERS = ("shape_1", "shape_2")
SHARES_ADD_TO = 1e-6
AGREES_WITHIN = 0.05


def sample(parameters: pd.DataFrame, draws: int, seed: int = 20240101) -> pd.DataFrame:
    """Draw every parameter from its distribution.

    Formula: draw i of parameter p is F_p^-1(u), with u the i-th uniform number of a generator keyed by (seed, p). The
    distribution is fitted to point estimate `mean` and 95 % limits `lower`, `upper`:

    - `fixed`: always the mean.
    - `beta` on (0, 1), `gamma` on (0, inf): the mean exactly; the other constant such that the 95 % interval is as wide
      as the stated one (by moments, sd = width / 3.92, where no such constant is near).
    - `lognormal`: sigma = log(upper / lower) / 3.92. The mean is taken for the median, as published ratios are, unless
      the column `centre` says `mean`.
    - `normal`: the mean, and sd = (upper - lower) / 3.92.
    - `uniform`: from lower to upper, whatever the mean. Here and in `triangular` the limits are the ends.
    - `triangular`: with that mean; or with its mode there, where `centre` is `mode`.
    - `dirichlet`: rows that share `group` are shares of a whole. Their means add up to 1; the total concentration is
      the geometric mean of those that give each row an interval as wide as stated.

    Where `shape_1` and `shape_2` are given, they are used and limits need not be: alpha and beta (`beta`), shape and
    scale (`gamma`), mean and sd of the logarithm (`lognormal`), mean and sd (`normal`), a count (`dirichlet`, shape_1
    alone). Parameters are drawn independently of one another, except those of a Dirichlet group.

    Args:
        parameters: One row per parameter: `parameter_id`, `distribution`, `mean`, `lower`, `upper`; where needed
            `shape_1`, `shape_2`, `centre`, `group`. Other columns are ignored.
        draws: Number of draws, at least 1.
        seed: Seed of the whole analysis.

    Returns:
        A frame with one row per draw (index `draw`: 0, 1, 2, ...) and one column per parameter, in the order given.

    Raises:
        ValueError: A column or an interval is missing, an id repeats, a distribution is unknown, a mean lies outside
            the support or its limits, shapes and mean disagree, or shares do not add up to 1.

    References:
        Briggs A, Claxton K, Sculpher M. Decision modelling for health economic evaluation. Oxford University Press
        2006, ch. 4. Salmon JK et al. Parallel random numbers: as easy as 1, 2, 3. SC 2011 (Philox).

    Examples:
        >>> table = pd.DataFrame(
        ...     [("oat_rr", "lognormal", 0.5, 0.4, 0.63), ("sharing", "beta", 0.2, 0.1, 0.3)],
        ...     columns=["parameter_id", "distribution", "mean", "lower", "upper"],
        ... )
        >>> drawn = sample(table, 2_000)
        >>> drawn.quantile([0.025, 0.5, 0.975]).round(2).to_numpy().tolist()
        [[0.4, 0.11], [0.5, 0.2], [0.62, 0.31]]
        >>> bool((sample(table[1:], 10)["sharing"] == drawn["sharing"][:10]).all())
        True
    """
    if draws < 1:
        raise ValueError(f"draws: expected at least 1, found {draws}.")
    table = checked(parameters)
    constants = _constants(table)
    ids: list[str] = table["parameter_id"].to_list()
    values = np.empty((draws, len(ids)))
    for name, rows in table.groupby("distribution").indices.items():
        numbers = np.column_stack([uniforms(ids[row], draws, seed) for row in rows])
        values[:, rows] = FAMILIES[str(name)].quantile(numbers, *(column[rows] for column in constants))
    frame = pd.DataFrame(values, columns=ids, index=pd.RangeIndex(draws, name="draw"))
    for _, members in table[table["distribution"] == "dirichlet"].groupby("group")["parameter_id"]:
        frame[members.to_list()] = frame[members].div(frame[members].sum(axis=1), axis=0)
    return frame


def uniforms(parameter_id: str, draws: int, seed: int) -> FloatArray:
    """Give the uniform random numbers of one parameter, which depend on its id, the draw and the seed alone.

    Formula: Philox with the key BLAKE2b(seed, id) and the draw as counter, moved to the middle of its 2^-53 wide slice.

    Args:
        parameter_id: Name of the parameter.
        draws: How many numbers.
        seed: Seed of the whole analysis.

    Returns:
        Array of length `draws`, strictly between 0 and 1.

    References:
        Salmon JK, Moraes MA, Dror RO, Shaw DE. Parallel random numbers: as easy as 1, 2, 3. SC 2011.

    Examples:
        >>> bool((uniforms("oat_rr", 3, 7) == uniforms("oat_rr", 1_000, 7)[:3]).all())
        True
    """
    digest = hashlib.blake2b(f"{seed}\x1f{parameter_id}".encode(), digest_size=16).digest()
    generator = np.random.Generator(np.random.Philox(key=np.frombuffer(digest, dtype="<u8").astype(np.uint64)))
    return np.clip(generator.random(draws) + 2.0**-54, 2.0**-54, 1 - 2.0**-53)


def mean_values(parameters: pd.DataFrame) -> "pd.Series[float]":
    """Give the stated point estimate of every parameter, for the deterministic run.

    Where the column `mean` is empty and shapes are given, it is the mean of that distribution. The average of the draws
    is higher than a `lognormal` point estimate that stands for the median; `fitted` shows both.

    Args:
        parameters: As for `sample`.

    Returns:
        A series by `parameter_id`, in the order given.

    Raises:
        ValueError: As `sample`.

    References:
        Briggs A, Claxton K, Sculpher M. Decision modelling for health economic evaluation. Oxford 2006, ch. 4.

    Examples:
        >>> row = {"parameter_id": "deaths", "distribution": "beta", "mean": None, "lower": None, "upper": None}
        >>> mean_values(pd.DataFrame([row | {"shape_1": 14, "shape_2": 486}])).to_dict()
        {'deaths': 0.028}
    """
    table = checked(parameters)
    return pd.Series(table["mean"].to_numpy(), index=pd.Index(table["parameter_id"], name="parameter_id"), name="mean")


def fitted(parameters: pd.DataFrame) -> pd.DataFrame:
    """Give what was stated of every parameter beside what its fitted distribution says.

    Args:
        parameters: As for `sample`.

    Returns:
        A frame by `parameter_id`: `distribution`, the stated `mean`, `lower`, `upper`, and `fitted_mean`,
        `fitted_lower`, `fitted_upper`: mean and 2.5 and 97.5 % quantiles of the distribution drawn from (the share
        itself for a Dirichlet row).

    Raises:
        ValueError: As `sample`.

    References:
        Briggs A, Claxton K, Sculpher M. Decision modelling for health economic evaluation. Oxford 2006, ch. 4.

    Examples:
        >>> row = {"parameter_id": "nsp_rr", "distribution": "lognormal", "mean": 0.79, "lower": 0.39, "upper": 1.61}
        >>> fitted(pd.DataFrame([row])).filter(like="fitted").round(3).to_numpy().tolist()
        [[0.843, 0.389, 1.605]]
    """
    table = checked(parameters)
    constants = _constants(table)
    result = table[["parameter_id", "distribution", "mean", "lower", "upper"]].copy()
    for name, rows in table.groupby("distribution").indices.items():
        a, b, c = (column[rows] for column in constants)
        family, limits = FAMILIES[str(name)], np.array([[TAIL], [1 - TAIL]])
        # What is drawn of a Dirichlet group are gamma variables; each share of the whole is beta.
        ends = (
            special.betaincinv(a * b, (1 - a) * b, limits)
            if name == "dirichlet"
            else family.quantile(np.repeat(limits, len(rows), axis=1), a, b, c)
        )
        result.loc[rows, "fitted_mean"] = family.mean(a, b, c)
        result.loc[rows, "fitted_lower"], result.loc[rows, "fitted_upper"] = ends
    return result.set_index("parameter_id")


def checked(parameters: pd.DataFrame) -> pd.DataFrame:
    """Give the table with all its columns, means filled in from shapes, once nothing in it contradicts itself."""
    missing = [name for name in REQUIRED if name not in parameters]
    if missing:
        raise ValueError(f"parameters: expected the columns {', '.join(REQUIRED)}; found none named {missing}.")
    table = parameters.reset_index(drop=True).reindex(columns=[*REQUIRED, *OPTIONAL_NUMBERS, "centre", "group"])
    for name in ("mean", "lower", "upper", *OPTIONAL_NUMBERS):
        table[name] = pd.to_numeric(table[name]).astype(float)
    table["parameter_id"], table["distribution"] = table["parameter_id"].astype(str), table["distribution"].astype(str)
    _refuse(table, table["parameter_id"].duplicated(), "each parameter_id once", "parameter_id")
    _refuse(table, ~table["distribution"].isin(FAMILIES), f"one of {', '.join(FAMILIES)}", "distribution")
    kinds = table["distribution"].map(FAMILIES)
    default = kinds.map(lambda family: family.centres[0])
    table["centre"] = table["centre"].astype(object).where(table["centre"].notna(), default).astype(str)
    wrong = [centre not in family.centres for centre, family in zip(table["centre"], kinds, strict=True)]
    _refuse(table, pd.Series(wrong), "a centre that its distribution has", "centre")
    _fill_means(table)
    _check_numbers(table)
    _check_shares(table)
    return table


def _exact(table: pd.DataFrame) -> "pd.Series[bool]":
    """Say which rows state the constants of their distribution."""
    needed = table["distribution"].map({"beta": 2, "gamma": 2, "lognormal": 2, "normal": 2, "dirichlet": 1}).fillna(0)
    given = table["shape_1"].notna().astype(int) + (table["shape_1"].notna() & table["shape_2"].notna()).astype(int)
    return (needed > 0) & (given >= needed)


def _fill_means(table: pd.DataFrame) -> None:
    """Fill in means from shapes; refuse means that disagree with the shapes by more than 5 %."""
    exact = _exact(table)
    one = exact & (table["distribution"] != "dirichlet")
    a, b = table["shape_1"], table["shape_2"]
    positive = table["distribution"].isin(["beta", "gamma", "dirichlet"])
    _refuse(table, exact & positive & ~(a > 0), "a shape above 0", "shape_1")
    _refuse(table, one & ~(b > 0), "a shape above 0", "shape_2")
    implied = pd.Series(np.nan, index=table.index)
    for name, rows in table[one].groupby("distribution").groups.items():
        implied[rows] = FAMILIES[str(name)].mean(a[rows].to_numpy(), b[rows].to_numpy(), b[rows].to_numpy())
    median = one & (table["distribution"] == "lognormal") & (table["centre"] == "median")
    implied = implied.where(~median, np.exp(a.where(median)))
    shares = table["distribution"] == "dirichlet"
    implied = implied.where(~shares, (a / a.groupby(table["group"]).transform("sum", skipna=False)).where(shares))
    table["mean"] = table["mean"].fillna(implied)
    far = implied.notna() & ((table["mean"] - implied).abs() > AGREES_WITHIN * implied.abs())
    _refuse(table, far, "a mean that agrees with the shapes within 5 %", "mean")


def _check_numbers(table: pd.DataFrame) -> None:
    """Refuse means outside the support or outside their limits, and missing, reversed or impossible limits."""
    kinds = table["distribution"].map(FAMILIES)
    least, most = kinds.map(lambda family: family.support[0]), kinds.map(lambda family: family.support[1])
    mean, lower, upper = table["mean"], table["lower"], table["upper"]
    _refuse(table, ~np.isfinite(mean), "a finite mean", "mean")
    _refuse(table, ~((mean > least) & (mean < most)), "a mean inside the distribution's support", "mean")
    fits = kinds.map(lambda family: family.has_interval).astype(bool) & ~_exact(table)
    _refuse(table, fits & ~np.isfinite(lower), "a lower limit, or shapes", "lower")
    _refuse(table, fits & ~np.isfinite(upper), "an upper limit, or shapes", "upper")
    _refuse(table, fits & ~(lower < upper), "lower below upper (a certain value is `fixed`)", "lower")
    _refuse(table, fits & ~((lower <= mean) & (mean <= upper)), "a mean between its limits", "mean")
    open_below = table["distribution"] == "lognormal"
    _refuse(table, fits & ((lower < least) | (open_below & (lower <= 0))), "a lower limit in the support", "lower")
    _refuse(table, fits & (upper > most), "an upper limit in the support", "upper")
    mode = 3 * mean - lower - upper
    by_mean = (table["distribution"] == "triangular") & (table["centre"] == "mean")
    impossible = by_mean & ((mode < lower) | (mode > upper))
    _refuse(table, impossible, "a mean that a triangle between the limits can have (or centre `mode`)", "mean")


def _check_shares(table: pd.DataFrame) -> None:
    """Refuse Dirichlet rows without a group, alone in it, half with counts, or whose shares do not add up to 1."""
    shares = table["distribution"] == "dirichlet"
    _refuse(table, shares & table["group"].isna(), "a group", "group")
    grouped = table[shares].groupby("group")
    alone = grouped["mean"].transform("size") < 2
    _refuse(table, shares & alone.reindex(table.index, fill_value=False), "two or more rows in a group", "group")
    total = grouped["mean"].transform("sum").reindex(table.index, fill_value=1.0)
    _refuse(table, (total - 1).abs() > SHARES_ADD_TO, "means that add up to 1 in each group", "mean")
    some = _exact(table).groupby(table["group"]).transform("nunique") > 1
    _refuse(table, shares & some.fillna(False), "shape_1 in all rows of a group or in none", "shape_1")


def _constants(table: pd.DataFrame) -> Constants:
    """Give the three constants of each row's distribution: the stated ones, or those fitted."""
    exact = _exact(table).to_numpy()
    constants = np.full((3, len(table)), np.nan)
    for name, part in table.groupby("distribution"):
        rows = part.index.to_numpy()
        stated = exact[rows]
        if stated.any():
            constants[:, rows[stated]] = _stated(str(name), part[stated])
        if not stated.all():
            constants[:, rows[~stated]] = _fit(str(name), part[~stated])
    return constants[0], constants[1], constants[2]


def _stated(name: str, part: pd.DataFrame) -> Constants:
    """Give constants from the shapes of rows of one distribution."""
    first, second = part["shape_1"].to_numpy(), part["shape_2"].to_numpy()
    if name == "dirichlet":
        second = part.groupby("group")["shape_1"].transform("sum").to_numpy()
        first = first / second
    return first, second, np.zeros_like(first)


def _fit(name: str, part: pd.DataFrame) -> Constants:
    """Give constants from the point estimates and limits of rows of one distribution."""
    mean, lower, upper = (part[column].to_numpy() for column in ("mean", "lower", "upper"))
    first, second, third = FAMILIES[name].fit(mean, lower, upper, part["centre"].to_numpy(dtype=str))
    if name == "dirichlet":
        second = np.exp(pd.Series(np.log(second), index=part.index).groupby(part["group"]).transform("mean").to_numpy())
    return first, second, third


def _refuse(table: pd.DataFrame, wrong: "pd.Series[bool]", expected: str, column: str) -> None:
    """Raise an error that names the first parameter for which something is wrong."""
    if wrong.any():
        row = table[wrong.to_numpy()].iloc[0]
        raise ValueError(
            f"parameters, {row['parameter_id']} ({row['distribution']}): expected {expected}; "
            f"found {column} {row[column]} (mean {row['mean']}, lower {row['lower']}, upper {row['upper']})."
        )
