"""The share of death records pending investigation, as a signal of how complete provisional counts are."""

import numpy as np
import pandas as pd
from scipy import special

from epi.coverage import target_status
from epi.intervals import Numbers, as_floats, check_confidence, common_index


def completeness_from_pending(
    pending: Numbers,
    past_pending: Numbers,
    past_completeness: Numbers,
    threshold: float = 0.9,
    confidence: float = 0.9,
) -> pd.DataFrame:
    """Predict the completeness of counts from the share of records still pending investigation.

    Formula: least squares line of past completeness on past share pending; value is the line at `pending`, limits are
    those of one new observation: value -/+ t s sqrt(1 + 1/n + (x - mean)^2 / Sxx), t with n - 2 degrees of freedom.
    Nothing is clipped to 1, and the line is not to be trusted beyond the shares seen (`extrapolated`).

    Args:
        pending: Share of records pending (a proportion, or percent if the past is too), one per row.
        past_pending: The same for past periods whose final counts are known; at least 3 different ones.
        past_completeness: Completeness (proportion) of those periods when that share was pending.
        threshold: Completeness below which no claim should be made.
        confidence: Level of the prediction limits, a proportion strictly between 0 and 1.

    Returns:
        A frame with one row per `pending`: `value`, `lower`, `upper` (proportions), `extrapolated`, and `status`:
        `complete` (whole interval at the threshold or above), `incomplete` (whole interval below), `undetermined`.

    Raises:
        ValueError: A number is negative or infinite, lengths differ, or there are fewer than 3 past periods with
            different shares.
        TypeError: An argument is not numeric.

    References:
        Ahmad FB, Rossen LM, Spencer MR et al. Provisional drug overdose death counts. NCHS Vital Statistics Rapid
        Release 6. 2018 (completeness is regressed on percent pending; this is its simple, single-predictor form).

    Examples:
        >>> completeness_from_pending([0.02, 0.3], [0.01, 0.05, 0.1, 0.2], [0.99, 0.96, 0.9, 0.81])[["value", "status"]]
              value      status
        0  0.982574    complete
        1  0.712277  incomplete
    """
    alpha = 1 - check_confidence(confidence)
    new = np.atleast_1d(as_floats(pending, "pending"))
    x, y = as_floats(past_pending, "past_pending"), as_floats(past_completeness, "past_completeness")
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"past_pending and past_completeness must have one length; found {x.shape} and {y.shape}.")
    kept = ~np.isnan(x) & ~np.isnan(y)
    x, y = x[kept], y[kept]
    if len(x) < 3 or np.ptp(x) == 0:
        raise ValueError(f"past_pending must have 3 or more periods with different shares; found {x[:5].tolist()}.")
    squares = ((x - x.mean()) ** 2).sum()
    slope = ((x - x.mean()) @ y) / squares
    scatter = ((y - y.mean() - slope * (x - x.mean())) ** 2).sum() / (len(x) - 2)
    value = y.mean() + slope * (new - x.mean())
    error = np.sqrt(scatter * (1 + 1 / len(x) + (new - x.mean()) ** 2 / squares))
    half = -special.stdtrit(len(x) - 2, alpha / 2) * error
    names = {"met": "complete", "not_met": "incomplete", "undetermined": "undetermined"}
    status = pd.Series(target_status(value, value - half, value + half, threshold, require_interval=True)).map(names)
    columns = {"value": value, "lower": value - half, "upper": value + half}
    columns |= {"extrapolated": (new < x.min()) | (new > x.max()), "status": status.to_numpy()}
    return pd.DataFrame(columns, index=common_index({"pending": pending}))
