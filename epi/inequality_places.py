"""From a frame of places and groups to the arrays that measures of inequality are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from epi.inequality_measures import Layout, Measure, SlopeModel, mean
from epi.intervals import FloatArray
from epi.strata import read_columns, require_columns


@dataclass(frozen=True)
class Places:
    """The groups of every place: arrays of places x groups, with 0 for a group that a place does not have."""

    by: list[str]
    keys: pd.DataFrame
    value: FloatArray
    low: FloatArray | None
    high: FloatArray | None
    layout: Layout
    incomplete: npt.NDArray[np.bool_]  # places: a group with people has no value, and that is not allowed
    left_out: npt.NDArray[np.intp]  # places: groups with people left out for want of a value

    @property
    def known_limits(self) -> npt.NDArray[np.bool_]:
        """Whether every group of the place has limits."""
        if self.low is None or self.high is None:
            return np.zeros(len(self.value), dtype=np.bool_)
        return np.asarray(~np.isnan(self.low + self.high).any(axis=-1))

    def rows(self, rows: slice) -> "Places":
        """Give some of the places."""
        layout = replace(
            self.layout,
            share=self.layout.share[rows],
            present=self.layout.present[rows],
            reference=self.layout.reference[rows],
        )
        return replace(
            self,
            keys=self.keys.iloc[rows],
            value=self.value[rows],
            low=None if self.low is None else self.low[rows],
            high=None if self.high is None else self.high[rows],
            layout=layout,
            incomplete=self.incomplete[rows],
            left_out=self.left_out[rows],
        )

    def reason(self, measure: Measure, fewest: int, value: FloatArray) -> npt.NDArray[np.object_]:
        """Say of every place why a measure of it is undefined, "" where it is defined."""
        no_mean = mean(self.value, self.layout) == 0
        undefined = ~np.isfinite(value)
        wrong = [
            (self.incomplete, "missing_value"),
            (self.layout.groups < fewest, "few_groups"),
            (measure.reference & (self.layout.reference < 0), "no_reference"),
            (measure.relative & no_mean, "zero_mean"),
            (measure.positive & undefined, "zero_value"),
            (undefined, "no_fit"),
        ]
        return np.select([which for which, _ in wrong], [why for _, why in wrong], "").astype(object)


def read_places(
    frame: pd.DataFrame,
    by: str | Sequence[str],
    group: str,
    columns: Mapping[str, str | None],
    reference: object,
    higher_is_better: bool,
    model: SlopeModel,
    ceiling: float,
    leave_out: bool,
    confidence: float,
) -> Places:
    """Read the groups of every place from the columns named, groups in order, those without people dropped.

    Raises:
        ValueError: A column is missing or of impossible numbers, or two groups of a place have the same order.
    """
    keys = [by] if isinstance(by, str) else list(by)
    require_columns(frame, [*keys, group])
    names = [name for name in columns.values() if name is not None]
    read = dict(zip(names, read_columns(frame, names), strict=True))
    data = {part: read[name] for part, name in columns.items() if name is not None}
    if (data["value"] > ceiling).any():
        raise ValueError(f"value must not exceed the ceiling {ceiling:g}; found {np.nanmax(data['value']):g}.")
    peopled = data["population"] > 0
    known = ~np.isnan(data["value"])
    rows = frame[keys].assign(_=0) if not keys else frame[keys]
    grouped = rows.groupby(keys or ["_"], sort=True, dropna=False, observed=True)
    place = grouped.ngroup().to_numpy().astype(np.intp)
    size = int(place.max(initial=-1)) + 1
    first = np.full(size, -1, dtype=np.intp)
    first[place[::-1]] = np.arange(len(frame))[::-1]
    lost = np.bincount(place[peopled & ~known], minlength=size)
    used = np.flatnonzero(peopled & known)
    if "order" in data:
        by_order = data["order"][used]
    else:
        by_order = pd.factorize(frame[group].to_numpy(), sort=True, use_na_sentinel=False)[0][used].astype(np.float64)
    used = used[np.lexsort((by_order, place[used]))]
    if "order" in data:
        _check_order(data["order"][used], place[used])
    of = place[used]
    position = np.arange(used.size) - np.searchsorted(of, of)
    shape = size, int(position.max(initial=0)) + 1
    at = of, position

    def matrix(values: FloatArray) -> FloatArray:
        filled = np.zeros(shape)
        filled[at] = values[used]
        return filled

    people = matrix(data["population"])
    total = people.sum(axis=-1, keepdims=True)
    named = np.asarray((frame[group] == reference).to_numpy(dtype=np.float64, na_value=0.0), dtype=np.float64)
    is_reference = matrix(named) > 0
    low, high = _bounds(data, confidence)
    layout = Layout(
        share=people / np.where(total > 0, total, 1.0),
        present=people > 0,
        ordered="order" in data,
        reference=np.where(is_reference.any(axis=-1), is_reference.argmax(axis=-1), -1),
        higher_is_better=higher_is_better,
        model=model,
        ceiling=ceiling,
    )
    return Places(
        by=keys,
        keys=frame[keys].iloc[first],
        value=matrix(data["value"]),
        low=None if low is None else matrix(low),
        high=None if high is None else matrix(high),
        layout=layout,
        incomplete=np.zeros(size, dtype=np.bool_) if leave_out else lost > 0,
        left_out=lost,
    )


def _check_order(order: FloatArray, place: npt.NDArray[np.intp]) -> None:
    if np.isnan(order).any():
        raise ValueError("order must not be missing in a group with people; found nan. Give every group its rank.")
    tied = (np.diff(order) == 0) & (np.diff(place) == 0)
    if tied.any():
        raise ValueError(
            f"the groups of a place must differ in order; found {order[int(tied.argmax())]:g} twice "
            f"({int(tied.sum())} such pairs). Merge them, or rank them."
        )


def _bounds(data: Mapping[str, FloatArray], confidence: float) -> tuple[FloatArray | None, FloatArray | None]:
    """Give the limits of each value: as given, or from its standard error."""
    if "se" in data:
        half = float(-special.ndtri((1 - confidence) / 2)) * data["se"]
        return data["value"] - half, data["value"] + half
    if "lower" not in data or "upper" not in data:
        return None, None
    outside = (data["lower"] > data["value"]) | (data["upper"] < data["value"])
    if outside.any():
        row = int(outside.argmax())
        raise ValueError(
            f"lower and upper must enclose the value; found {data['value'][row]:g} ({data['lower'][row]:g} to "
            f"{data['upper'][row]:g}) at position {row} ({int(outside.sum())} such of {outside.size})."
        )
    return data["lower"], data["upper"]
