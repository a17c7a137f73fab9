"""How much results depend on each parameter: one at a time, two at a time, and all at once."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from epi.economics.draws import checked, fitted, mean_values
from epi.intervals import FloatArray

Outcome = Callable[[pd.DataFrame], npt.ArrayLike]
"""From a frame with one row per run and one column per parameter to one number per run."""


def one_way(model: Outcome, parameters: pd.DataFrame) -> pd.DataFrame:
    """Vary one parameter at a time between its limits, all others at their point estimates.

    The limits are those stated; where none are, the 2.5 and 97.5 % quantiles of the distribution. A share of a whole
    (`dirichlet`) takes from, or gives to, the others of its group in proportion. All runs are made in one call.

    Args:
        model: Function from runs x parameters to one outcome per run (net benefit, deaths averted; a ratio may jump).
        parameters: Table of distributions, as for `epi.economics.draws.sample`; `fixed` parameters are not varied.

    Returns:
        One row per parameter, widest first (a tornado from its top): `parameter_id`, `low`, `high` (values given to
        it), `outcome_low`, `outcome_high` (outcomes with them), `outcome_base`, `spread` (absolute difference).

    Raises:
        ValueError: As `sample`, or the model does not give one finite number per run.

    References:
        Briggs AH et al. Model parameter estimation and uncertainty: ISPOR-SMDM good research practices 6. Value Health
        2012;15:835-842.

    Examples:
        >>> table = pd.DataFrame(
        ...     [("effect", "normal", 10, 5, 15), ("price", "gamma", 2, 1, 4), ("people", "fixed", 100, None, None)],
        ...     columns=["parameter_id", "distribution", "mean", "lower", "upper"],
        ... )
        >>> bars = one_way(lambda runs: 5 * runs["effect"] - runs["price"] * 3, table)
        >>> bars[["parameter_id", "outcome_low", "spread"]]
          parameter_id  outcome_low  spread
        0       effect         19.0    50.0
        1        price         47.0     9.0
    """
    table = checked(parameters).set_index("parameter_id")
    base = mean_values(parameters)
    limits = _limits(parameters)
    varied = [name for name in table.index if table.loc[name, "distribution"] != "fixed"]
    settings = [_with(base, table, {name: limits.loc[name, end]}) for name in varied for end in ("low", "high")]
    outcome = _run(model, pd.DataFrame([base, *settings]).reset_index(drop=True))
    result = pd.DataFrame(
        {
            "parameter_id": varied,
            "low": limits.loc[varied, "low"].to_numpy(),
            "high": limits.loc[varied, "high"].to_numpy(),
            "outcome_low": outcome[1::2],
            "outcome_high": outcome[2::2],
            "outcome_base": outcome[0],
        }
    )
    result["spread"] = (result["outcome_high"] - result["outcome_low"]).abs()
    return result.sort_values("spread", ascending=False, kind="stable", ignore_index=True)


def two_way(model: Outcome, parameters: pd.DataFrame, first: str, second: str, points: int = 11) -> pd.DataFrame:
    """Vary two parameters together over a grid between their limits, all others at their point estimates.

    Args:
        model: Function from runs x parameters to one outcome per run.
        parameters: Table of distributions, as for `epi.economics.draws.sample`.
        first: One parameter.
        second: Another one, not of the same Dirichlet group.
        points: Values of each, evenly spread from limit to limit, 2 or more.

    Returns:
        One row per pair of values, `second` varying fastest: the two parameters' columns and `outcome`.

    Raises:
        ValueError: As `one_way`; a parameter is unknown or fixed, both are one, or there are too few points.

    References:
        Briggs AH et al. Value Health 2012;15:835-842.

    Examples:
        >>> table = pd.DataFrame(
        ...     [("effect", "normal", 10, 5, 15), ("price", "gamma", 2, 1, 4)],
        ...     columns=["parameter_id", "distribution", "mean", "lower", "upper"],
        ... )
        >>> two_way(lambda runs: runs["effect"] * runs["price"], table, "effect", "price", 2)["outcome"].tolist()
        [5.0, 20.0, 15.0, 60.0]
    """
    table, limits = checked(parameters).set_index("parameter_id"), _limits(parameters)
    varied = table.index[table["distribution"] != "fixed"].tolist()
    if first == second or not {first, second} <= set(varied) or points < 2:
        raise ValueError(
            f"two_way: expected two uncertain parameters of {varied[:20]} and 2 points or more; found {first}, "
            f"{second} and {points}."
        )
    shares = table.loc[[first, second]].query("distribution == 'dirichlet'")
    if shares["group"].duplicated().any():
        raise ValueError(f"two_way: expected no two shares of one whole, found {first} and {second}.")
    base = mean_values(parameters)
    axes = [np.linspace(float(limits["low"][name]), float(limits["high"][name]), points) for name in (first, second)]
    grid = [dict(zip((first, second), pair, strict=True)) for pair in np.array(np.meshgrid(*axes)).T.reshape(-1, 2)]
    runs = pd.DataFrame([_with(base, table, values) for values in grid]).reset_index(drop=True)
    return runs[[first, second]].assign(outcome=_run(model, runs))


def metamodel(parameters: pd.DataFrame, outcome: "pd.Series[float]") -> pd.DataFrame:
    """Explain an outcome over draws by all parameters at once, in one linear regression.

    Formula: least squares of the outcome on parameters standardised to mean 0 and standard deviation 1. The intercept
    is the outcome at mean values; a coefficient is what one standard deviation of the parameter changes it by; the
    share of variance is coefficient^2 / variance of the outcome, which for independent parameters add up to R^2.

    Args:
        parameters: Draws x parameters.
        outcome: Outcome of the same draws. Net benefit rather than a ratio, which is not linear in anything.

    Returns:
        One row per parameter, largest coefficient first, `intercept` at the top: `parameter_id`, `coefficient`,
        `standard_error`, `variance_share`, `r_squared` (of the regression, repeated). A parameter that does not vary
        has coefficient 0.

    Raises:
        ValueError: Draws differ, a value is missing, or there are not more draws than parameters.

    References:
        Jalal H, Dowd B, Sainfort F, Kuntz KM. Linear regression metamodeling as a tool to summarize and present
        simulation model results. Med Decis Making 2013;33:880-890.

    Examples:
        >>> drawn = pd.DataFrame(np.random.default_rng(1).normal(size=(500, 2)), columns=["x", "y"])
        >>> metamodel(drawn, 3 + 2 * drawn["x"] - drawn["y"] + 0 * drawn["x"])["parameter_id"].tolist()
        ['intercept', 'x', 'y']
    """
    if not parameters.index.equals(outcome.index):
        raise ValueError(
            f"metamodel: expected outcomes of the same draws; found {len(outcome)} and {len(parameters)}, or other "
            "labels."
        )
    x, y = parameters.to_numpy(dtype=float), np.asarray(outcome, dtype=np.float64)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("metamodel: expected finite values in every draw, found a missing or infinite one.")
    spread = x.std(axis=0, ddof=1) if len(x) > 1 else np.zeros(x.shape[1])
    varies = (x != x[:1]).any(axis=0)
    if len(x) <= varies.sum() + 1:
        raise ValueError(f"metamodel: expected more draws than {varies.sum() + 1} parameters, found {len(x)}.")
    z = (x[:, varies] - x[:, varies].mean(axis=0)) / spread[varies]
    coefficient, error, explained = _least_squares(np.column_stack([np.ones(len(z)), z]), y)
    table = pd.DataFrame({"parameter_id": parameters.columns, "coefficient": 0.0, "standard_error": 0.0})
    table.loc[varies, "coefficient"], table.loc[varies, "standard_error"] = coefficient[1:], error[1:]
    variance = float(y.var(ddof=1))
    table["variance_share"] = table["coefficient"] ** 2 / variance if variance > 0 else 0.0
    table = table.sort_values("coefficient", key=np.abs, ascending=False, kind="stable")
    top = {"parameter_id": "intercept", "coefficient": coefficient[0], "standard_error": error[0]}
    result = pd.concat([pd.DataFrame([top | {"variance_share": np.nan}]), table], ignore_index=True)
    return result.assign(r_squared=explained)


def _least_squares(design: FloatArray, outcome: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Give coefficients, their standard errors and R^2 (nan where the outcome does not vary)."""
    coefficient = np.asarray(np.linalg.lstsq(design, outcome, rcond=None)[0], dtype=float)
    rest = ((outcome - design @ coefficient) ** 2).sum()
    # Columns that repeat one another share their coefficient; the pseudo-inverse goes with that.
    covariance = np.linalg.pinv(design.T @ design) * rest / (len(outcome) - design.shape[1])
    total = ((outcome - outcome.mean()) ** 2).sum()
    return coefficient, np.asarray(np.sqrt(np.diag(covariance))), float(1 - rest / total) if total > 0 else np.nan


def _limits(parameters: pd.DataFrame) -> pd.DataFrame:
    """Give low and high of each parameter: as stated, or as its distribution has them."""
    table = fitted(parameters)
    return pd.DataFrame(
        {
            "low": table["lower"].fillna(table["fitted_lower"]),
            "high": table["upper"].fillna(table["fitted_upper"]),
        }
    )


def _with(base: "pd.Series[float]", table: pd.DataFrame, values: dict[Any, Any]) -> "pd.Series[float]":
    """Give point estimates with some values changed; the other shares of a whole make room in proportion."""
    run = base.copy()
    for name, value in values.items():
        group = table.loc[name, "group"]
        if table.loc[name, "distribution"] == "dirichlet":
            others = table.index[(table["group"] == group) & (table.index != name)]
            run[others] = base[others] * (1 - value) / (1 - base[name])
        run[name] = value
    return run


def _run(model: Outcome, runs: pd.DataFrame) -> FloatArray:
    """Give the outcomes of runs, once there is a finite one of each."""
    outcome = np.asarray(model(runs), dtype=float)
    if outcome.shape != (len(runs),) or not np.isfinite(outcome).all():
        bad = int((~np.isfinite(outcome)).sum()) if outcome.shape == (len(runs),) else outcome.shape
        raise ValueError(f"model: expected one finite outcome for each of {len(runs)} runs, found {bad} that are not.")
    return outcome
