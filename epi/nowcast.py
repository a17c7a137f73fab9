"""Nowcasts: how many events a recent period will have once the late reports are in."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from epi.chain_ladder import MackFit, mack
from epi.intervals import FloatArray, check_confidence, check_method
from epi.reporting import reporting_triangle, triangle_as_of, triangle_cells

__all__ = ["MackFit", "Nowcast", "delay_distribution", "mack", "nowcast", "reporting_triangle", "triangle_as_of"]

Family = Literal["negative-binomial", "poisson"]

# Jeffreys' prior: half an event. Without it a period with no report yet would be predicted to stay at 0 for certain.
PRIOR_EVENTS = 0.5


@dataclass(frozen=True)
class Nowcast:
    """A nowcast of every reference period.

    Attributes:
        periods: One row per reference period: `reported` (so far), `delay` (newest delay observed), `completeness`
            (proportion expected to be reported by then), `complete` (nothing more to come), `value` (reported /
            completeness), `lower`, `upper` (prediction limits of the final count), all in events.
        delays: `delay_distribution` that was used.
        draws: Simulated final counts, draws x periods; complete periods keep their count in every draw. `epi.trends`
            and `epi.interrupted` take it as `draws`, with `complete=periods["complete"]`.
        dispersion: Variance of a cell / its mean, at least 1; 1 for `poisson`.
        confidence: Level of the prediction limits.
    """

    periods: pd.DataFrame
    delays: pd.DataFrame
    draws: FloatArray
    dispersion: float
    confidence: float

    def window(self, periods: int) -> tuple[pd.DataFrame, FloatArray]:
        """Sum each run of periods, such as 12 months, draw by draw.

        Args:
            periods: Length of the window.

        Returns:
            A frame by last period of each window with `reported`, `completeness` (reported / value), `complete`,
            `value`, `lower`, `upper`, and the draws of the windows (draws x windows).

        Raises:
            ValueError: The window is longer than the series, or shorter than 1.
        """
        if not 1 <= periods <= len(self.periods):
            raise ValueError(f"periods must be from 1 to {len(self.periods)}; found {periods}.")
        views = np.lib.stride_tricks.sliding_window_view
        sums = views(self.draws, periods, axis=1).sum(axis=-1)
        totals = {name: views(self.periods[name].to_numpy(), periods).sum(axis=-1) for name in ("reported", "value")}
        lower, upper = _limits(sums, totals["value"], self.confidence)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = totals["reported"] / totals["value"]
        columns = {
            "reported": totals["reported"],
            "completeness": share,
            "complete": views(self.periods["complete"].to_numpy(), periods).all(axis=-1),
            "value": totals["value"],
            "lower": lower,
            "upper": upper,
        }
        return pd.DataFrame(columns, index=self.periods.index[periods - 1 :]), sums


def delay_distribution(
    triangle: pd.DataFrame, history: int | None = None, confidence: float = 0.9, draws: int = 2_000, seed: int = 0
) -> pd.DataFrame:
    r"""Estimate what share of a period's events is reported by each delay.

    Formula: the reverse hazard :math:`h_d = \sum_i x_{id} / \sum_i C_{id}`, sums over periods observed at delay d, x
    new and C all events so far; completeness :math:`F_d = \prod_{k>d} (1 - h_k)`, which is 1 / the product of the later
    chain ladder factors; probability F_d - F_{d-1}. Limits: quantiles of F with h_d drawn from Beta((sum x + 1/2) /
    phi, (sum C - sum x + 1/2) / phi), phi the dispersion. Completeness is of what is reported by the last delay.

    Args:
        triangle: New events, reference periods x delays, nan where not yet known (`reporting_triangle`).
        history: Use the newest so many reference periods only, where delays drift; None uses all.
        confidence: Level of the limits, a proportion strictly between 0 and 1.
        draws: Number of draws for the limits.
        seed: Seed of the random numbers; the same seed gives the same limits.

    Returns:
        A frame by delay: `events` (behind h), `reports` (new at that delay), `probability`, `completeness`, `lower`,
        `upper` (proportions). nan for delays after which it is unknown, as no period has an event.

    Raises:
        ValueError: A cell is negative or infinite, a row has a gap, or `history` or the confidence is out of range.
        TypeError: The triangle is not numeric.

    References:
        Lawless JF. Can J Stat 1994;22:15-31 (reverse hazards). Mack T. ASTIN Bull 1993;23:213-225 (chain ladder).

    Examples:
        >>> triangle = pd.DataFrame([[60.0, 30, 10], [66, 34, np.nan], [50, np.nan, np.nan]])
        >>> delay_distribution(triangle)[["probability", "completeness"]].round(3)
           probability  completeness
        0        0.597         0.597
        1        0.303         0.900
        2        0.100         1.000
    """
    check_confidence(confidence)
    cells = _recent(triangle_cells(triangle), history)
    table = _delays(cells, triangle.columns)
    drawn = _draw_completeness(table, _dispersion(cells, table), draws, np.random.default_rng(seed))
    tails = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    table["lower"] = np.minimum(tails[0], table["completeness"])
    table["upper"] = np.maximum(tails[1], table["completeness"])
    return table


def nowcast(
    triangle: pd.DataFrame,
    family: Family = "negative-binomial",
    history: int | None = None,
    delays: pd.DataFrame | None = None,
    confidence: float = 0.9,
    draws: int = 2_000,
    seed: int = 0,
) -> Nowcast:
    r"""Estimate the final count of each reference period from its reports so far.

    Formula: value = reported / F, F the completeness at the period's newest delay (`delay_distribution`): the chain
    ladder, and the maximum likelihood total of a Poisson model with a factor for period and one for delay. Each draw
    takes F (Beta draws of its reverse hazards), then the period's level from Gamma((reported + 1/2) / phi,
    phi / F), then late reports with mean level (1 - F): Poisson, or negative binomial of variance phi x mean. The
    dispersion phi is Pearson chi-squared / degrees of freedom of the triangle, at least 1. The half event (Jeffreys'
    prior) keeps periods without a report uncertain; it is not in `value`.

    It is assumed that delays do not change over the `history`, and that nothing comes after the last delay. Totals of
    overlapping windows are refused by `reporting_triangle`; sum the draws of months instead (`Nowcast.window`). Where F
    is small, one report more or less moves `value` much; read `completeness` beside it.

    Without events: a period without a report has value 0, lower 0 and the upper limit of its draws. Where no period
    at all has a report, the delays are unknown and the upper limit (and draws) of incomplete periods are nan, unless
    `delays` of a larger area are given. Where no report ever came as early as a period's newest delay, F is 0 and its
    value nan.

    Args:
        triangle: New events, reference periods x delays, nan where not yet known (`reporting_triangle`).
        family: `negative-binomial` (dispersion estimated) or `poisson`.
        history: Estimate delays from the newest so many reference periods only; None uses all.
        delays: Delays to use instead of the triangle's own, from `delay_distribution` of a larger area (a state's for
            its counties); same columns.
        confidence: Level of the prediction limits, a proportion strictly between 0 and 1.
        draws: Number of draws.
        seed: Seed of the random numbers; the same seed gives the same draws.

    Returns:
        A `Nowcast`.

    Raises:
        ValueError: A cell is negative (a net withdrawal of reports: use `mack`) or infinite, a row has a gap, `delays`
            has other delays than the triangle, or an option is out of range.
        TypeError: The triangle is not numeric.

    References:
        Mack T. Which stochastic model is underlying the chain ladder method? Insur Math Econ 1994;15:133-138.
        England PD, Verrall RJ. Stochastic claims reserving in general insurance. Br Actuar J 2002;8:443-518.

    Examples:
        >>> triangle = pd.DataFrame([[60.0, 30, 10], [66, 34, np.nan], [50, np.nan, np.nan]])
        >>> nowcast(triangle).periods[["reported", "completeness", "value", "lower", "upper"]].round(2)
           reported  completeness   value  lower  upper
        0     100.0           1.0  100.00  100.0  100.0
        1     100.0           0.9  111.11  104.0  122.0
        2      50.0           0.6   83.77   71.0  102.0
    """
    check_confidence(confidence)
    check_method(family, Family)
    cells = triangle_cells(triangle)
    recent = _recent(cells, history)
    if delays is None:
        delays = delay_distribution(triangle, history, confidence, draws, seed)
    elif not delays.index.equals(triangle.columns):
        raise ValueError(
            f"delays must have the triangle's {cells.shape[1]} delays as index; found {len(delays)}. Give "
            "reporting_triangle the same max_delay for both."
        )
    phi = _dispersion(recent, delays) if family == "negative-binomial" else 1.0
    reported, newest = np.nansum(cells, axis=1), (~np.isnan(cells)).sum(axis=1) - 1
    begun = newest >= 0
    completeness = np.where(begun, delays["completeness"].to_numpy(dtype=float)[newest], np.nan)
    complete = newest == cells.shape[1] - 1
    generator = np.random.default_rng(seed)
    drawn = _draw_completeness(delays, phi, draws, generator)[:, newest]
    drawn[:, ~begun | (completeness == 0)] = np.nan
    finals = _draw_finals(reported, drawn, complete, phi, generator)
    value = np.where(complete, reported, reported / np.where(completeness > 0, completeness, np.nan))
    # 0 reported is 0 in all whatever the completeness, so long as it is not 0 itself.
    value = np.where((reported == 0) & begun & (completeness != 0), 0.0, value)
    lower, upper = _limits(finals, value, confidence)
    columns = {
        "reported": np.where(begun, reported, np.nan),
        "delay": newest,
        "completeness": completeness,
        "complete": complete,
        "value": value,
        "lower": np.where(np.isnan(lower) & (value == 0), 0.0, lower),
        "upper": upper,
    }
    return Nowcast(pd.DataFrame(columns, index=triangle.index), delays, finals, phi, float(confidence))


def _recent(cells: FloatArray, history: int | None) -> FloatArray:
    if history is not None and history < 1:
        raise ValueError(f"history must be at least 1 reference period; found {history}.")
    return cells if history is None else cells[-history:]


def _delays(cells: FloatArray, columns: "pd.Index[Any]") -> pd.DataFrame:
    seen = ~np.isnan(cells)
    events = np.where(seen, np.cumsum(np.where(seen, cells, 0.0), axis=1), 0.0).sum(axis=0)
    reports = np.where(seen, cells, 0.0).sum(axis=0)
    hazard = np.divide(reports, events, out=np.full(len(events), np.nan), where=events > 0)
    # From the last delay backwards; a delay without any event leaves everything before it unknown.
    completeness = np.append(np.cumprod((1 - hazard)[:0:-1])[::-1], 1.0)
    probability = np.diff(completeness, prepend=0.0)
    table = {"events": events, "reports": reports, "probability": probability, "completeness": completeness}
    return pd.DataFrame(table, index=columns.rename("delay") if columns.name else columns)


def _dispersion(cells: FloatArray, delays: pd.DataFrame) -> float:
    """Give Pearson chi-squared / degrees of freedom of the period x delay model, at least 1."""
    seen = ~np.isnan(cells)
    newest = seen.sum(axis=1) - 1
    share = delays["completeness"].to_numpy(dtype=float)[newest]
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.nansum(cells, axis=1) / share
        expected = level[:, None] * delays["probability"].to_numpy(dtype=float)
        used = seen & (expected > 0)
        residual = np.where(used, (cells - expected) ** 2 / expected, 0.0)
    df = int(used.sum() - used.any(axis=1).sum() - used.any(axis=0).sum() + 1)
    return max(1.0, float(residual.sum()) / df) if df > 0 else 1.0


def _draw_completeness(
    delays: pd.DataFrame, phi: float, draws: int, generator: np.random.Generator
) -> npt.NDArray[np.float64]:
    if draws < 2:
        raise ValueError(f"draws must be at least 2; found {draws}.")
    events, reports = (delays[name].to_numpy(dtype=float) for name in ("events", "reports"))
    late = (reports[1:] + PRIOR_EVENTS) / phi, (events[1:] - reports[1:] + PRIOR_EVENTS) / phi
    on_time = 1 - generator.beta(*late, size=(draws, len(events) - 1))
    share = np.cumprod(on_time[:, ::-1], axis=1)[:, ::-1]
    share = np.concatenate([share, np.ones((draws, 1))], axis=1)
    return np.where(np.isnan(delays["completeness"].to_numpy(dtype=float)), np.nan, share)


def _draw_finals(
    reported: FloatArray, share: FloatArray, complete: npt.NDArray[np.bool_], phi: float, generator: np.random.Generator
) -> FloatArray:
    """Draw final counts; periods without a known share stay nan unless complete."""
    usable = np.where(np.isnan(share), 1.0, np.maximum(share, np.finfo(float).tiny))
    level = generator.gamma(np.broadcast_to((reported + PRIOR_EVENTS) / phi, share.shape), phi / usable)
    mean = np.where(complete, 0.0, level * (1 - usable))
    # A gamma mixture of Poisson counts with this shape has variance phi x mean (negative binomial, NB1).
    rate = generator.gamma(mean / (phi - 1), phi - 1) if phi > 1 else mean
    # numpy refuses Poisson means near 2^63; counts beyond any population need no exact draw.
    late = generator.poisson(np.minimum(rate, 1e15)).astype(float)
    return np.where(complete, reported, np.where(np.isnan(share), np.nan, reported + late))


def _limits(draws: FloatArray, value: FloatArray, confidence: float) -> tuple[FloatArray, FloatArray]:
    # Quantiles of draws need not contain the plain estimate, which lacks the half event; the interval must.
    levels = [(1 - confidence) / 2, (1 + confidence) / 2]
    tails = np.quantile(draws, levels, axis=0, method="inverted_cdf")
    return np.minimum(tails[0], value), np.maximum(tails[1], value)
