"""What every model of interventions offers: a name, its parameters, and a run over draws that gives outcomes.

A model is a module with three public names:

- `NAME`: one word or a few, as tables and pages show it.
- `PARAMETERS`: a tuple of `Parameter`; the values come from evidence, never from here.
- `run(parameters, draws, horizon=Horizon()) -> Outcomes`: `parameters` gives a number or an array of length `draws`
  for each parameter; draw number i uses the i-th entry of every array.

A strategy is a set of parameters: `replace(parameters, oat_coverage_target=0.5)`. Strategies that are compared share
the arrays of everything they do not change, so that draw i of one is the same world as draw i of the other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]
Values = Mapping[str, float | npt.ArrayLike]
Role = Literal["population", "natural history", "effect", "coverage", "cost", "utility", "assumption"]


@dataclass(frozen=True)
class Parameter:
    """One number that a model needs: what it means, its unit and the bounds outside which it is refused.

    Attributes:
        id: Plain name, as in `oat_overdose_rr`.
        meaning: One sentence, ending with a full stop.
        unit: `per person-year`, `proportion`, `rate ratio`, `currency per course`, ...
        lower: Smallest value that makes sense.
        upper: Largest value that makes sense.
        role: What kind of evidence it is, and so how it is varied by default.
        neutral: The value that switches it off (0 of a coverage, 1 of a ratio); None where evidence must give one.
        same_as: Another parameter whose value it takes when it is not given, such as a target its coverage today.
    """

    id: str
    meaning: str
    unit: str
    lower: float
    upper: float
    role: Role
    neutral: float | None = None
    same_as: str | None = None


@dataclass(frozen=True)
class Horizon:
    """How long a model runs and how what comes later is weighed.

    Attributes:
        years: Whole years.
        discount_rate_cost: Per year; a cost at time t counts (1 + rate)^-t.
        discount_rate_effect: Per year, for QALYs and DALYs.
    """

    years: int = 20
    discount_rate_cost: float = 0.03
    discount_rate_effect: float = 0.03

    def __post_init__(self) -> None:
        """Refuse a horizon that cannot be run."""
        if not (isinstance(self.years, int) and 1 <= self.years <= 200):
            raise ValueError(f"years: expected a whole number from 1 to 200, found {self.years!r}; give whole years")
        for name in ("discount_rate_cost", "discount_rate_effect"):
            rate = getattr(self, name)
            if not 0 <= rate < 1:
                raise ValueError(f"{name}: expected a rate from 0 to below 1 (0.03 is 3 %), found {rate!r}")


@dataclass(frozen=True)
class Outcomes:
    """What a run gives, draw by draw and year by year; every array has shape draws x years.

    Attributes:
        model: The model's `NAME`.
        horizon: The years and discount rates of the run.
        events: Undiscounted counts, person-years and quantities of services, by name.
        events_discounted: The same, discounted at the rate of costs.
        costs: Undiscounted cost by category.
        costs_discounted: Discounted cost by category.
        payers: Who pays for each category: `health system` or `society`.
        effects: Undiscounted `qalys`, `yll`, `yld` and `dalys`.
        effects_discounted: The same, discounted at the rate of effects.
        stocks: People at the start of the run and at the end of each year, draws x (years + 1); empty where a model has
            none.
    """

    model: str
    horizon: Horizon
    events: dict[str, FloatArray]
    events_discounted: dict[str, FloatArray]
    costs: dict[str, FloatArray]
    costs_discounted: dict[str, FloatArray]
    effects: dict[str, FloatArray]
    effects_discounted: dict[str, FloatArray]
    payers: dict[str, str] = field(default_factory=dict)
    stocks: dict[str, FloatArray] = field(default_factory=dict)

    def total(self, name: str, discounted: bool = False) -> FloatArray:
        """Give one event, effect or cost category summed over the years.

        Args:
            name: A key of `events`, `effects` or `costs`.
            discounted: Whether later years count less.

        Returns:
            An array of length draws.

        Raises:
            KeyError: No outcome has that name.
        """
        tables = (
            (self.events_discounted, self.effects_discounted, self.costs_discounted)
            if discounted
            else (self.events, self.effects, self.costs)
        )
        for table in tables:
            if name in table:
                return np.asarray(table[name].sum(axis=1), dtype=np.float64)
        known = ", ".join(sorted(key for table in tables for key in table))
        raise KeyError(f"expected an outcome of model {self.model} ({known}), found {name!r}")

    def cost(self, discounted: bool = True, payers: Iterable[str] | None = None) -> FloatArray:
        """Give the cost of all categories, or of those that some payers carry, summed over the years.

        Args:
            discounted: Whether later years count less.
            payers: Names out of `payers.values()`; all of them when not given (the societal perspective).

        Returns:
            An array of length draws.
        """
        wanted = None if payers is None else set(payers)
        table = self.costs_discounted if discounted else self.costs
        chosen = [value for name, value in table.items() if wanted is None or self.payers.get(name) in wanted]
        if not chosen:
            found, known = sorted(wanted or ()), sorted(set(self.payers.values()))
            raise ValueError(f"payers: expected some of {known}, found {found}; name a payer that carries a category")
        return np.asarray(np.sum([value.sum(axis=1) for value in chosen], axis=0), dtype=np.float64)

    def by_year(self, discounted: bool = False) -> pd.DataFrame:
        """Give means and 95 % limits over the draws; one row per outcome and year.

        Args:
            discounted: Whether later years count less.

        Returns:
            Columns `kind` (event, effect, cost), `outcome`, `year` (from 1), `mean`, `lower_95`, `upper_95`.
        """
        tables = {
            "event": self.events_discounted if discounted else self.events,
            "effect": self.effects_discounted if discounted else self.effects,
            "cost": self.costs_discounted if discounted else self.costs,
        }
        parts = []
        for kind, table in tables.items():
            for name, values in table.items():
                lower, upper = np.quantile(values, [0.025, 0.975], axis=0)
                year = np.arange(1, values.shape[1] + 1)
                parts.append(pd.DataFrame({"kind": kind, "outcome": name, "year": year, "mean": values.mean(axis=0),
                                           "lower_95": lower, "upper_95": upper}))  # fmt: skip
        return pd.concat(parts, ignore_index=True)


class Model(Protocol):
    """A module that fits here: what analyses may ask of any model."""

    NAME: str
    PARAMETERS: tuple[Parameter, ...]

    def run(self, parameters: Values, draws: int, horizon: Horizon = ...) -> Outcomes:
        """Run the model for every draw."""


def replace(parameters: Values, **changes: float | npt.ArrayLike) -> dict[str, float | npt.ArrayLike]:
    """Give the parameters of another strategy: those given, with some changed.

    Args:
        parameters: Values of the strategy to start from.
        **changes: New values by parameter id.

    Returns:
        A new mapping; the arrays that do not change are shared, so the draws stay paired.

    Examples:
        >>> replace({"oat_coverage": 0.2, "oat_coverage_target": 0.2}, oat_coverage_target=0.5)
        {'oat_coverage': 0.2, 'oat_coverage_target': 0.5}
    """
    return {**parameters, **changes}


def read_parameters(known: Iterable[Parameter], values: Values, draws: int) -> dict[str, FloatArray]:
    """Give one array of length `draws` per parameter, or refuse what is missing, unknown or out of bounds.

    Args:
        known: The model's `PARAMETERS`.
        values: A number or an array of length `draws` by parameter id.
        draws: How many draws; at least 1.

    Returns:
        All parameters by id; those not given have their neutral value, or that of `same_as`.

    Raises:
        ValueError: A parameter is unknown, missing without a neutral value, not a number, of another length, or
            outside its bounds. The message says which, with the first value and its draw.

    Examples:
        >>> ratio = Parameter("oat_overdose_rr", "Overdose rate on OAT.", "rate ratio", 0, 10, "effect", neutral=1)
        >>> read_parameters([ratio], {"oat_overdose_rr": [0.5, 0.4]}, 2)["oat_overdose_rr"].tolist()
        [0.5, 0.4]
        >>> read_parameters([ratio], {}, 2)["oat_overdose_rr"].tolist()
        [1.0, 1.0]
    """
    if draws < 1:
        raise ValueError(f"draws: expected at least 1, found {draws}")
    by_id = {parameter.id: parameter for parameter in known}
    unknown = sorted(set(values) - set(by_id))
    if unknown:
        raise ValueError(f"parameters: expected ids that the model knows, found {unknown}; see its PARAMETERS")
    found: dict[str, FloatArray] = {}
    for parameter in by_id.values():
        source = parameter.id if parameter.id in values else parameter.same_as
        if source is not None and source in values:
            found[parameter.id] = _array(by_id[source], values[source], draws)
        elif parameter.neutral is not None or parameter.same_as is not None:
            neutral = by_id[parameter.same_as].neutral if parameter.neutral is None and parameter.same_as else None
            found[parameter.id] = np.full(draws, parameter.neutral if neutral is None else neutral, dtype=np.float64)
        else:
            raise ValueError(f"parameters: expected a value of {parameter.id} ({parameter.meaning}), found none")
    return found


def _array(parameter: Parameter, value: float | npt.ArrayLike, draws: int) -> FloatArray:
    """Give one parameter as an array of length `draws`, inside its bounds."""
    array = np.asarray(value, dtype=np.float64)
    if array.shape not in {(), (draws,)}:
        raise ValueError(
            f"{parameter.id}: expected one number or an array of length {draws}, found shape {array.shape}"
        )
    array = np.array(np.broadcast_to(array, (draws,)))
    wrong = ~((array >= parameter.lower) & (array <= parameter.upper))
    if wrong.any():
        draw = int(wrong.argmax())
        raise ValueError(
            f"{parameter.id}: expected {parameter.unit} from {parameter.lower:g} to {parameter.upper:g}, "
            f"found {array[draw]:g} in draw {draw} ({int(wrong.sum())} of {draws} draws are outside); "
            "correct the value or its distribution"
        )
    return array


def check_parameters(known: Iterable[Parameter]) -> None:
    """Refuse a list of parameters that contradicts itself.

    Args:
        known: A model's `PARAMETERS`.

    Raises:
        ValueError: An id stands twice, a meaning is no sentence, bounds are crossed, a role is unknown, a neutral value
            is out of bounds, or `same_as` names no other parameter.
    """
    parameters = list(known)
    ids = [parameter.id for parameter in parameters]
    for parameter in parameters:
        faults = {
            "a unique id": ids.count(parameter.id) == 1,
            "a meaning that ends with a full stop": parameter.meaning.endswith("."),
            "a unit": bool(parameter.unit),
            "bounds in order": parameter.lower < parameter.upper,
            "a known role": parameter.role in get_args(Role),
            "a neutral value inside the bounds": parameter.neutral is None
            or parameter.lower <= parameter.neutral <= parameter.upper,
            "same_as a parameter of the model": parameter.same_as is None or parameter.same_as in ids,
        }
        for expected, holds in faults.items():
            if not holds:
                raise ValueError(f"{parameter.id}: expected {expected}, found {parameter}")
