"""Summary measures of inequality between groups, as arithmetic on arrays: many places and many draws at once.

Values have the shape (..., places, groups); a place with fewer groups than others is filled up at the end with groups
of share 0. `epi.equity.inequality` is the table that people use.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from epi.intervals import FloatArray

SlopeModel = Literal["linear", "log", "logit"]


@dataclass(frozen=True)
class Layout:
    """Who the groups are: everything about them but their values."""

    share: FloatArray  # places x groups: share of the place's population; 0 for a filler
    present: npt.NDArray[np.bool_]  # places x groups: whether it is a group
    ordered: bool  # whether groups stand in order, the most disadvantaged first
    reference: npt.NDArray[np.intp]  # places: position of the reference group, -1 if there is none
    higher_is_better: bool
    model: SlopeModel
    ceiling: float  # largest possible value (100 for percent), inf if there is none

    @property
    def groups(self) -> FloatArray:
        """Number of groups of each place."""
        return np.asarray(self.present.sum(axis=-1), dtype=np.float64)

    @property
    def rank(self) -> FloatArray:
        """Relative rank of each group: the share of the population below the middle of the group."""
        return np.asarray(np.cumsum(self.share, axis=-1) - self.share / 2)


@dataclass(frozen=True)
class Measure:
    """One measure: how it is made, what it needs, and how its limits are made from draws."""

    make: Callable[[FloatArray, Layout], FloatArray]
    fewest: int = 3  # groups; WHO asks complex measures of more than two
    order: bool = False  # only for groups in order
    reference: bool = False  # only with a reference group
    relative: bool = False  # undefined where the mean is 0
    no_effect: float | None = 0.0  # value under equality that sampling noise can only move away from; None: either way
    positive: bool = False  # undefined where a group has value 0


def mean(y: FloatArray, layout: Layout) -> FloatArray:
    """Give the mean of the groups' values, weighted by population."""
    return np.asarray((layout.share * y).sum(axis=-1))


def _largest(y: FloatArray, layout: Layout) -> FloatArray:
    return np.asarray(np.where(layout.present, y, -np.inf).max(axis=-1))


def _smallest(y: FloatArray, layout: Layout) -> FloatArray:
    return np.asarray(np.where(layout.present, y, np.inf).min(axis=-1))


def _best(y: FloatArray, layout: Layout) -> FloatArray:
    return (_largest if layout.higher_is_better else _smallest)(y, layout)


def _at(y: FloatArray, position: npt.NDArray[np.intp]) -> FloatArray:
    """Give the value of one group per place."""
    index = np.broadcast_to(np.maximum(position, 0)[:, None], (*y.shape[:-1], 1))
    return np.asarray(np.take_along_axis(y, index, axis=-1)[..., 0])


def _last(layout: Layout) -> npt.NDArray[np.intp]:
    return layout.groups.astype(np.intp) - 1


def _ends(y: FloatArray, layout: Layout) -> tuple[FloatArray, FloatArray]:
    """Give the two groups compared: the most and the least advantaged, or else the highest and the lowest value."""
    if layout.ordered:
        return _at(y, _last(layout)), y[..., 0]
    return _largest(y, layout), _smallest(y, layout)


def _difference(y: FloatArray, layout: Layout) -> FloatArray:
    high, low = _ends(y, layout)
    return high - low


def _ratio(y: FloatArray, layout: Layout) -> FloatArray:
    high, low = _ends(y, layout)
    return high / low


def _variance(y: FloatArray, layout: Layout) -> FloatArray:
    return np.asarray((layout.share * (y - mean(y, layout)[..., None]) ** 2).sum(axis=-1))


def _apart(centre: Callable[[FloatArray, Layout], FloatArray], weighted: bool) -> Callable[..., FloatArray]:
    """Make the mean absolute difference of the groups from a centre, each group alike or weighted by population."""

    def make(y: FloatArray, layout: Layout) -> FloatArray:
        weight = layout.share if weighted else layout.present / layout.groups[:, None]
        return np.asarray((weight * np.abs(y - centre(y, layout)[..., None])).sum(axis=-1))

    return make


def _reference(y: FloatArray, layout: Layout) -> FloatArray:
    return _at(y, layout.reference)


def _of_mean(make: Callable[..., FloatArray], per: float = 1.0) -> Callable[..., FloatArray]:
    return lambda y, layout: make(y, layout) / mean(y, layout) * per


def _theil(y: FloatArray, layout: Layout) -> FloatArray:
    ratio = y / mean(y, layout)[..., None]
    # Rounding can leave equal groups a trifle below 0, which the index cannot be.
    return np.asarray(np.maximum((layout.share * special.xlogy(ratio, ratio)).sum(axis=-1), 0.0))


def _mean_log_deviation(y: FloatArray, layout: Layout) -> FloatArray:
    ratio = np.where(layout.present, y / mean(y, layout)[..., None], 1.0)
    return np.asarray(np.maximum(-(layout.share * np.log(ratio)).sum(axis=-1), 0.0))


def _concentration(y: FloatArray, layout: Layout) -> FloatArray:
    return np.asarray((layout.share * (2 * layout.rank - 1) * y).sum(axis=-1))


def _gini(y: FloatArray, layout: Layout) -> FloatArray:
    # Ranked by the value itself, the concentration index is the Gini coefficient.
    order = np.argsort(y, axis=-1, kind="stable")
    share = np.take_along_axis(np.broadcast_to(layout.share, y.shape), order, axis=-1)
    ranked = np.take_along_axis(y, order, axis=-1)
    rank = np.cumsum(share, axis=-1) - share / 2
    return np.asarray(np.maximum((share * (2 * rank - 1) * ranked).sum(axis=-1), 0.0) / mean(y, layout))


def _attributable(y: FloatArray, layout: Layout) -> FloatArray:
    """Give how far the mean would move if all groups had the value of the best-off one; never for the worse."""
    target = _at(y, _last(layout)) if layout.ordered else _best(y, layout)
    gain = target - mean(y, layout)
    return np.asarray(np.maximum(gain, 0.0) if layout.higher_is_better else np.minimum(gain, 0.0))


def slope_ends(y: FloatArray, layout: Layout) -> tuple[FloatArray, FloatArray]:
    """Give the fitted value at rank 1 (most advantaged) and at rank 0 (most disadvantaged)."""
    centred = layout.rank - 0.5
    if layout.model == "linear":
        weight = layout.share * centred
        spread = (weight * centred).sum(axis=-1)
        slope = (weight * y).sum(axis=-1) / np.where(spread > 0, spread, np.nan)
        middle = mean(y, layout)
        return middle + slope / 2, middle - slope / 2
    logit = layout.model == "logit"
    scale = layout.ceiling if logit else 1.0
    level, slope = _fit(y / scale, layout.share, centred, logit)
    ends = level + slope / 2, level - slope / 2
    high, low = ((special.expit if logit else np.exp)(end) * scale for end in ends)
    return high, low


def _fit(y: FloatArray, share: FloatArray, x: FloatArray, logit: bool) -> tuple[FloatArray, FloatArray]:
    """Fit log or logit of the mean on x by weighted quasi-likelihood: Newton steps, all places and draws at once."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        middle = (share * y).sum(axis=-1)
        level = special.logit(middle) if logit else np.log(middle)
        level = np.where(np.isfinite(level), level, np.nan)
        slope = np.zeros_like(level)
        for _ in range(50):
            linear = level[..., None] + slope[..., None] * x
            fitted = special.expit(linear) if logit else np.exp(linear)
            weight = share * (fitted * (1 - fitted) if logit else fitted)
            error = share * (y - fitted)
            s0, s1, s2 = (np.asarray((weight * x**power).sum(axis=-1)) for power in range(3))
            g0, g1 = error.sum(axis=-1), (error * x).sum(axis=-1)
            determinant = s0 * s2 - s1**2
            # Steps of at most 2 keep a poor start from overshooting; near the solution they are never that long.
            change = np.clip([(s2 * g0 - s1 * g1) / determinant, (s0 * g1 - s1 * g0) / determinant], -2.0, 2.0)
            level, slope = level + change[0], slope + change[1]
            if not (np.abs(change) > 1e-11).any():
                break
    return level, slope


def _slope_index(y: FloatArray, layout: Layout) -> FloatArray:
    high, low = slope_ends(y, layout)
    return high - low


def _relative_index(y: FloatArray, layout: Layout) -> FloatArray:
    high, low = slope_ends(y, layout)
    # A line that crosses 0 within the population has no ratio of its ends.
    return np.where((high > 0) & (low > 0), high / np.where(low > 0, low, np.nan), np.nan)


FEWEST_RANKED = 5
"""Groups that a slope is fitted to, at the least; OHID fits none to fewer."""

MEASURES: dict[str, Measure] = {
    "difference": Measure(_difference, fewest=2),
    "ratio": Measure(_ratio, fewest=2, positive=True, no_effect=1.0),
    "between_group_variance": Measure(_variance),
    "between_group_standard_deviation": Measure(lambda y, layout: np.sqrt(_variance(y, layout))),
    "coefficient_of_variation_pct": Measure(
        _of_mean(lambda y, layout: np.sqrt(_variance(y, layout)), 100), relative=True
    ),
    "mean_difference_from_mean": Measure(_apart(mean, weighted=False)),
    "mean_difference_from_mean_weighted": Measure(_apart(mean, weighted=True)),
    "mean_difference_from_best": Measure(_apart(_best, weighted=False)),
    "mean_difference_from_best_weighted": Measure(_apart(_best, weighted=True)),
    "mean_difference_from_reference": Measure(_apart(_reference, weighted=False), reference=True),
    "mean_difference_from_reference_weighted": Measure(_apart(_reference, weighted=True), reference=True),
    "index_of_disparity_pct": Measure(_of_mean(_apart(mean, weighted=False), 100), relative=True),
    "index_of_disparity_weighted_pct": Measure(_of_mean(_apart(mean, weighted=True), 100), relative=True),
    "theil_index": Measure(_theil, relative=True),
    "mean_log_deviation": Measure(_mean_log_deviation, relative=True, positive=True),
    "gini_coefficient": Measure(_gini, relative=True),
    "absolute_concentration_index": Measure(_concentration, order=True, no_effect=None),
    "relative_concentration_index": Measure(_of_mean(_concentration), order=True, relative=True, no_effect=None),
    "slope_index_of_inequality": Measure(_slope_index, fewest=FEWEST_RANKED, order=True, no_effect=None),
    "relative_index_of_inequality": Measure(
        _relative_index, fewest=FEWEST_RANKED, order=True, relative=True, no_effect=None
    ),
    "population_attributable_risk": Measure(_attributable),
    "population_attributable_fraction_pct": Measure(_of_mean(_attributable, 100), relative=True),
}
