"""Confidence limits of a Poisson count and of a binomial proportion.

Every function takes numbers, sequences, numpy arrays or pandas Series (nullable `Int64` and `Float64` too), which are
broadcast by position. A missing input gives missing limits; an impossible one (negative, infinite, more successes than
trials) is an error that names its position and value, since limits made from it would look as good as any other.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

FloatArray: TypeAlias = npt.NDArray[np.float64]
Numbers: TypeAlias = "npt.ArrayLike | pd.Series[Any] | None"
Limits: TypeAlias = tuple[FloatArray, FloatArray]
PoissonMethod = Literal["exact", "byar", "hybrid"]
BinomialMethod = Literal["wilson", "clopper-pearson"]

# Byar's approximation is close enough from here on; England's OHID publishes its indicators with the same switch.
HYBRID_EXACT_BELOW = 10
NUMERIC_OBJECTS = {"integer", "floating", "mixed-integer-float", "decimal", "boolean", "empty"}


def poisson_interval(
    count: Numbers, confidence: float = 0.95, method: PoissonMethod = "hybrid"
) -> tuple[FloatArray, FloatArray]:
    r"""Give the two-sided confidence limits of the expected number of events behind an observed count.

    Formula: with :math:`x` events, :math:`\alpha = 1 - confidence` and :math:`z` the :math:`1-\alpha/2` normal
    quantile,

    - `exact` (Garwood): lower = chi2(alpha/2; 2x) / 2, upper = chi2(1 - alpha/2; 2x + 2) / 2.
    - `byar` (Breslow & Day): lower = x (1 - 1/(9x) - z/(3 sqrt x))^3,
      upper = (x+1) (1 - 1/(9(x+1)) + z/(3 sqrt(x+1)))^3; a lower limit that would be negative is 0.
    - `hybrid`: exact below 10 events, Byar from 10.

    A count of 0 has lower limit exactly 0; its upper limit is the upper end of the two-sided interval (3.689 at 95 %,
    not the one-sided "rule of three"). Counts need not be whole (averages, imputed counts).

    Args:
        count: Number of events, any shape; not negative, missing allowed.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.
        method: `exact`, `byar` or `hybrid`.

    Returns:
        `(lower, upper)`, in events, each of the shape of `count` (numpy scalars for a scalar); nan where it is missing.

    Raises:
        ValueError: A count is negative or infinite, or the confidence or the method is unknown.
        TypeError: `count` is not numeric.

    References:
        Garwood F. Fiducial limits for the Poisson distribution. Biometrika 1936;28:437-442.
        Breslow NE, Day NE. Statistical Methods in Cancer Research, vol II: The Design and Analysis of Cohort Studies.
        IARC 1987, p. 69.

    Examples:
        >>> lower, upper = poisson_interval([0, 5, 100], method="exact")
        >>> lower.round(3).tolist(), upper.round(3).tolist()
        ([0.0, 1.623, 81.364], [3.689, 11.668, 121.627])
        >>> lower, upper = poisson_interval(5, method="byar")
        >>> f"{lower:.3f} to {upper:.3f}"
        '1.611 to 11.668'
    """
    alpha = 1 - check_confidence(confidence)
    check_method(method, PoissonMethod)
    given = as_floats(count, "count")
    events = np.atleast_1d(given)
    if method == "exact":
        lower, upper = _garwood(events, alpha)
    elif method == "byar":
        lower, upper = _byar(events, alpha)
    else:
        lower, upper = _byar(events, alpha)
        few = events < HYBRID_EXACT_BELOW
        lower[few], upper[few] = _garwood(events[few], alpha)
    return lower.reshape(given.shape)[()], upper.reshape(given.shape)[()]


def binomial_interval(
    successes: Numbers, trials: Numbers, confidence: float = 0.95, method: BinomialMethod = "wilson"
) -> tuple[FloatArray, FloatArray]:
    r"""Give the two-sided confidence limits of a proportion.

    Formula: with :math:`x` successes in :math:`n` trials, :math:`p = x/n` and :math:`z` the :math:`1-\alpha/2` normal
    quantile,

    - `wilson`: (p + z^2/2n -/+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n).
    - `clopper-pearson`: lower = Beta(alpha/2; x, n-x+1), upper = Beta(1 - alpha/2; x+1, n-x) (quantiles); never
      covers less than the stated confidence.

    No success has lower limit exactly 0, no failure has upper limit exactly 1. Neither argument need be whole, so that
    an effective sample size may be given.

    Args:
        successes: Number with the characteristic, any shape; not negative, not above `trials`, missing allowed.
        trials: Number examined, broadcast against `successes`; missing or 0 gives nan.
        confidence: Two-sided confidence level, a proportion strictly between 0 and 1.
        method: `wilson` or `clopper-pearson`.

    Returns:
        `(lower, upper)`, proportions from 0 to 1, of the broadcast shape (numpy scalars for scalars).

    Raises:
        ValueError: A number is negative or infinite, there are more successes than trials, shapes do not broadcast, or
            the confidence or the method is unknown.
        TypeError: An argument is not numeric.

    References:
        Wilson EB. Probable inference, the law of succession, and statistical inference. JASA 1927;22:209-212.
        Clopper CJ, Pearson ES. The use of confidence or fiducial limits illustrated in the case of the binomial.
        Biometrika 1934;26:404-413.

    Examples:
        >>> lower, upper = binomial_interval([0, 10], [20, 50])
        >>> lower.round(3).tolist(), upper.round(3).tolist()
        ([0.0, 0.112], [0.161, 0.33])
        >>> lower, upper = binomial_interval(0, 20, method="clopper-pearson")
        >>> f"{lower:.3f} to {upper:.3f}"
        '0.000 to 0.168'
    """
    alpha = 1 - check_confidence(confidence)
    check_method(method, BinomialMethod)
    x, n = broadcast({"successes": successes, "trials": trials})
    excess = x > n
    if excess.any():
        where = first_position(excess)
        raise ValueError(
            f"successes must not exceed trials; found successes {x[excess][0]:g} of trials {n[excess][0]:g}{where}. "
            "Check that numerator and denominator describe the same group."
        )
    x = np.where(n > 0, x, np.nan)
    n = np.where(n > 0, n, np.nan)
    lower, upper = (_wilson if method == "wilson" else _clopper_pearson)(x, n, alpha)
    return np.where(x == 0, 0.0, lower)[()], np.where(x == n, 1.0, upper)[()]


def mover_difference(
    value_a: FloatArray, limits_a: Limits, value_b: FloatArray, limits_b: Limits
) -> tuple[FloatArray, FloatArray]:
    """Give the limits of a - b from the separate limits of a and b (method of variance estimates recovery).

    Formula: lower = a - b - sqrt((a - lower_a)^2 + (upper_b - b)^2); upper = a - b + sqrt((upper_a - a)^2 +
    (b - lower_b)^2). With Wilson limits of two proportions this is Newcombe's method 10; with limits of two rates it is
    the difference that Zou and Donner recommend. The two must come from independent samples.

    Args:
        value_a: The first estimate, any shape.
        limits_a: Its lower and upper limit.
        value_b: The second estimate, broadcast against the first.
        limits_b: Its lower and upper limit, at the same confidence.

    Returns:
        `(lower, upper)` of value_a - value_b; nan where an input is missing.

    References:
        Zou GY, Donner A. Construction of confidence limits about effect measures: a general approach. Stat Med
        2008;27:1693-1702. Newcombe RG. Stat Med 1998;17:873-890.

    Examples:
        >>> first, low, high, second, low_second, high_second = np.array([5.0, 4.0, 8.0, 3.0, 2.0, 3.5])
        >>> lower, upper = mover_difference(first, (low, high), second, (low_second, high_second))
        >>> f"{lower:.3f} to {upper:.3f}"
        '0.882 to 5.162'
    """
    difference = value_a - value_b
    down = np.hypot(value_a - limits_a[0], limits_b[1] - value_b)
    up = np.hypot(limits_a[1] - value_a, value_b - limits_b[0])
    return difference - down, difference + up


def as_floats(values: Numbers, name: str, quantity: bool = True) -> FloatArray:
    """Turn a numeric input into a new float64 array with missing values as nan.

    Args:
        values: A number, sequence, array or Series; None, nan and pandas' NA are missing.
        name: What the values are, for the error message.
        quantity: The values count or measure something, so that negative and infinite ones are refused.

    Raises:
        TypeError: The values are not numeric (text is never parsed here).
        ValueError: A quantity is negative or infinite; the message has the first position and value.
    """
    raw = values.to_numpy() if isinstance(values, pd.Series | pd.Index) else np.asarray(values)
    if raw.dtype.kind in "iufb":
        numbers = raw.astype(np.float64)
    else:
        present = np.asarray(pd.notna(raw))
        kind = pd.api.types.infer_dtype(raw[present], skipna=False) if raw.dtype == object else str(raw.dtype)
        if kind not in NUMERIC_OBJECTS:
            raise TypeError(f"{name} must be numeric; found {kind} values. Convert them to numbers first.")
        numbers = np.full(raw.shape, np.nan)
        numbers[present] = raw[present].astype(np.float64)
    for wrong, what in ((numbers < 0, "not be negative"), (np.isinf(numbers), "be finite")):
        if quantity and wrong.any():
            raise ValueError(
                f"{name} must {what}; found {numbers[wrong][0]:g}{first_position(wrong)}. "
                "Correct the value, or make it missing if it is unknown."
            )
    return numbers


def broadcast(inputs: Mapping[str, Numbers], quantity: bool = True) -> list[FloatArray]:
    """Turn named numeric inputs into new float64 arrays of one common shape.

    Args:
        inputs: Name of each input, for error messages, and its values.
        quantity: As in `as_floats`.

    Raises:
        ValueError: The shapes do not broadcast, or two Series carry different indexes (values are matched by position,
            so a different order would silently pair one place's events with another's population).
    """
    common_index(inputs)
    arrays = {name: as_floats(values, name, quantity) for name, values in inputs.items()}
    try:
        return [np.array(array) for array in np.broadcast_arrays(*arrays.values())]
    except ValueError as error:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(f"Inputs must have one length or be single numbers; found {shapes}.") from error


def common_index(inputs: Mapping[str, Numbers]) -> pd.Index | None:
    """Give the index that the Series among the inputs share, None without a Series.

    Raises:
        ValueError: Two Series have different indexes.
    """
    series = {name: values for name, values in inputs.items() if isinstance(values, pd.Series)}
    if not series:
        return None
    first_name, *other_names = series
    index: pd.Index = series[first_name].index
    for name in other_names:
        if not series[name].index.equals(index):
            raise ValueError(
                f"{first_name} and {name} must have the same index in the same order; found indexes that differ. "
                "Align or merge them first."
            )
    return index


def interval_frame(columns: dict[str, FloatArray], index: pd.Index | None) -> pd.DataFrame:
    """Put one-dimensional results side by side in a frame, one row per input; single numbers give one row."""
    arrays = {name: np.atleast_1d(array) for name, array in columns.items()}
    shape = next(iter(arrays.values())).shape
    if len(shape) > 1 or (index is not None and shape != (len(index),)):
        expected = "one-dimensional" if index is None else f"of the Series' length {len(index)}"
        raise ValueError(f"Inputs must be {expected} to make a frame; found shape {shape}.")
    return pd.DataFrame(arrays, index=index)


def check_confidence(confidence: float) -> float:
    """Give the confidence level back, or refuse one that is not a proportion strictly between 0 and 1."""
    if not 0 < confidence < 1:
        raise ValueError(
            f"confidence must be a proportion between 0 and 1, such as 0.95; found {confidence}. "
            "Divide percentages by 100."
        )
    return float(confidence)


def check_method(method: str, allowed: Any) -> None:
    """Refuse a method that is not one of a Literal's values."""
    names: Sequence[str] = get_args(allowed)
    if method not in names:
        raise ValueError(f"method must be one of {', '.join(names)}; found {method!r}.")


def first_position(wrong: npt.NDArray[np.bool_]) -> str:
    """Say where the first wrong value stands (counted from 0), and how many there are."""
    if wrong.ndim == 0:
        return ""
    position = tuple(int(axis[0]) for axis in np.nonzero(wrong))
    label = position[0] if len(position) == 1 else position
    return f" at position {label} ({int(wrong.sum())} such of {wrong.size})"


def _garwood(events: FloatArray, alpha: float) -> tuple[FloatArray, FloatArray]:
    # gammaincinv is half the chi-square quantile of the docstring's formula; the complement keeps the upper tail exact.
    some = np.where(events > 0, events, np.nan)
    lower = np.where(events == 0, 0.0, special.gammaincinv(some, alpha / 2))
    return lower, special.gammainccinv(events + 1, alpha / 2)


def _byar(events: FloatArray, alpha: float) -> tuple[FloatArray, FloatArray]:
    z = -special.ndtri(alpha / 2)
    some = np.where(events > 0, events, np.nan)
    root = np.maximum(1 - 1 / (9 * some) - z / (3 * np.sqrt(some)), 0)
    more = events + 1
    return np.where(events == 0, 0.0, some * root**3), more * (1 - 1 / (9 * more) + z / (3 * np.sqrt(more))) ** 3


def _wilson(x: FloatArray, n: FloatArray, alpha: float) -> tuple[FloatArray, FloatArray]:
    z = -special.ndtri(alpha / 2)
    p = x / n
    centre = p + z**2 / (2 * n)
    half_width = z * np.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2)
    scale = 1 + z**2 / n
    return (centre - half_width) / scale, (centre + half_width) / scale


def _clopper_pearson(x: FloatArray, n: FloatArray, alpha: float) -> tuple[FloatArray, FloatArray]:
    some = np.where(x > 0, x, np.nan)
    failures = np.where(x < n, n - x, np.nan)
    return special.betaincinv(some, n - x + 1, alpha / 2), special.betainccinv(x + 1, failures, alpha / 2)
