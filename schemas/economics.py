"""Economics: what the tables on interventions promise."""

from typing import ClassVar

import pandera.pandas as pa
from pandera.typing.pandas import Series

PERSPECTIVES = ("none", "health system", "society")
COST_BASES = ("none", "own country", "transferred", "given by the user")
VALUE_GRAIN = [
    "area_id", "intervention_id", "level", "comparator", "horizon_years", "perspective", "discount_pct", "outcome",
]  # fmt: skip
VALUE_COLUMNS = [
    *VALUE_GRAIN, "value", "lower_95", "upper_95", "unit", "currency", "cost_basis", "status", "reason", "draws",
    "seed", "parameter_set", "source_ids", "release",
]  # fmt: skip


class InterventionValue(pa.DataFrameModel):
    """What an intervention does in a place against a comparator: lives, infections, DALYs, QALYs, costs, returns.

    Grain: place, intervention, level, comparator, horizon, perspective, discount rate, outcome. Values are means over
    the draws of a probabilistic sensitivity analysis, limits its 2.5 and 97.5 % quantiles; ratios are ratios of means.
    Places that lack an input, and interventions that lack evidence or a price, have one row that says which figure and
    how to give it.
    """

    area_id: Series[str] = pa.Field(description="Place; see meta.areas.")
    intervention_id: Series[str] = pa.Field(description="Intervention, or several together.")
    level: Series[str] = pa.Field(description="Level that it is brought to within two years.")
    comparator: Series[str] = pa.Field(
        isin=["today", "no_services"], description="Strategy compared with: services as they are, or none of them."
    )
    horizon_years: Series[int] = pa.Field(ge=1, description="Years the model runs.", metadata={"unit": "years"})
    perspective: Series[str] = pa.Field(
        isin=list(PERSPECTIVES), description="Whose costs count; none for health alone."
    )
    discount_pct: Series[float] = pa.Field(
        ge=0, description="Discount rate of costs and effects.", metadata={"unit": "percent per year"}
    )
    outcome: Series[str] = pa.Field(description="What the value is, such as overdose_deaths_averted.")
    value: Series[float] = pa.Field(nullable=True, description="Mean over the draws, or ratio of means.")
    lower_95: Series[float] = pa.Field(nullable=True, description="2.5 % quantile of the draws.")
    upper_95: Series[float] = pa.Field(nullable=True, description="97.5 % quantile of the draws.")
    unit: Series[str] = pa.Field(description="Unit of the value.")
    currency: Series[str] = pa.Field(description="Currency of costs; empty where none.")
    cost_basis: Series[str] = pa.Field(
        isin=list(COST_BASES),
        description="Whether unit costs are of this country, or another's that stand in for them.",
    )
    status: Series[str] = pa.Field(isin=["reported", "not_applicable"], description="Whether there is a value.")
    reason: Series[str] = pa.Field(description="Why there is none, or what to mind.")
    draws: Series[int] = pa.Field(ge=0, description="Draws of the analysis; 0 where it was not run.")
    seed: Series[int] = pa.Field(description="Seed of the draws: the same gives the same numbers.")
    parameter_set: Series[str] = pa.Field(description="Name of the evidence used; see meta.parameters.")
    source_ids: Series[str] = pa.Field(description="Sources of the place's inputs, joined by a plus sign.")
    release: Series[str] = pa.Field(description="Their releases, in the same order.")

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = VALUE_GRAIN
        name = "marts.intervention_value"


class Acceptability(pa.DataFrameModel):
    """How likely each strategy is the best for a willingness to pay, and what deciding now may lose.

    Grain: place, perspective, willingness to pay, strategy.
    """

    area_id: Series[str] = pa.Field(description="Place; see meta.areas.")
    perspective: Series[str] = pa.Field(isin=list(PERSPECTIVES), description="Whose costs count.")
    willingness_to_pay: Series[float] = pa.Field(
        ge=0, description="Amount for a QALY.", metadata={"unit": "currency per QALY"}
    )
    strategy_name: Series[str] = pa.Field(alias="strategy", description="Intervention and level, or today.")
    probability_optimal: Series[float] = pa.Field(ge=0, le=1, description="Share of the draws in which it is the best.")
    on_frontier: Series[bool] = pa.Field(description="Whether its mean net benefit is the highest.")
    expected_loss: Series[float] = pa.Field(
        ge=0, description="Mean net benefit lost against knowing.", metadata={"unit": "currency"}
    )
    evpi: Series[float] = pa.Field(
        ge=0, description="Value of knowing every parameter, for the whole place.", metadata={"unit": "currency"}
    )
    currency: Series[str] = pa.Field(description="Currency.")

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = ["area_id", "perspective", "willingness_to_pay", "strategy"]
        name = "marts.intervention_acceptability"


class PlanePoint(pa.DataFrameModel):
    """One draw of the cost-effectiveness plane: what a strategy adds to today's services in that draw.

    Grain: place, perspective, strategy, draw; the first draws of the analysis only, enough for a picture.
    """

    area_id: Series[str] = pa.Field(description="Place; see meta.areas.")
    perspective: Series[str] = pa.Field(isin=list(PERSPECTIVES), description="Whose costs count.")
    strategy_name: Series[str] = pa.Field(alias="strategy", description="Intervention and level.")
    draw: Series[int] = pa.Field(ge=0, description="Number of the draw.")
    qalys_gained: Series[float] = pa.Field(description="QALYs gained, discounted.", metadata={"unit": "QALYs"})
    cost_difference: Series[float] = pa.Field(description="Cost added, discounted.", metadata={"unit": "currency"})
    currency: Series[str] = pa.Field(description="Currency.")

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = ["area_id", "perspective", "strategy", "draw"]
        name = "marts.intervention_plane"


class Driver(pa.DataFrameModel):
    """What one uncertain parameter does to an intervention's overdose deaths averted: the tornado.

    Grain: place, strategy, parameter. One parameter at a time is set to its 2.5 and 97.5 % quantile, the others to
    their means.
    """

    area_id: Series[str] = pa.Field(description="Place; see meta.areas.")
    strategy_name: Series[str] = pa.Field(alias="strategy", description="Intervention and level.")
    parameter_id: Series[str] = pa.Field(description="Parameter; see meta.parameters.")
    low_value: Series[float] = pa.Field(description="Parameter's 2.5 % quantile.")
    high_value: Series[float] = pa.Field(description="Parameter's 97.5 % quantile.")
    at_low: Series[float] = pa.Field(description="Overdose deaths averted there.", metadata={"unit": "deaths"})
    at_high: Series[float] = pa.Field(description="Overdose deaths averted there.", metadata={"unit": "deaths"})
    at_mean: Series[float] = pa.Field(description="Overdose deaths averted with every parameter at its mean.")

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = ["area_id", "strategy", "parameter_id"]
        name = "marts.intervention_drivers"


class Portfolio(pa.DataFrameModel):
    """Which levels a yearly budget buys best in a place, and how often each is bought over all draws.

    Grain: place, budget, intervention, level.
    """

    area_id: Series[str] = pa.Field(description="Place; see meta.areas.")
    budget: Series[float] = pa.Field(ge=0, description="Budget over the horizon.", metadata={"unit": "currency"})
    intervention_id: Series[str] = pa.Field(description="Intervention.")
    level: Series[str] = pa.Field(description="Level; none where it stays as it is.")
    is_chosen: Series[bool] = pa.Field(description="Part of the best portfolio at the means.")
    probability_chosen: Series[float] = pa.Field(ge=0, le=1, description="Share of the draws that choose it.")
    portfolio_cost: Series[float] = pa.Field(description="Cost of the best portfolio.", metadata={"unit": "currency"})
    portfolio_qalys: Series[float] = pa.Field(description="QALYs of the best portfolio.", metadata={"unit": "QALYs"})
    currency: Series[str] = pa.Field(description="Currency.")

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = ["area_id", "budget", "intervention_id", "level"]
        name = "marts.portfolio"


class BudgetImpact(pa.DataFrameModel):
    """What an intervention adds to the budget of a payer in each year, not discounted.

    Grain: place, intervention, level, comparator, payer, part of the budget, year. Means over the draws; the value of a
    death is no payment and is not in it. Interventions without a price have no rows.
    """

    area_id: Series[str] = pa.Field(description="Place; see meta.areas.")
    intervention_id: Series[str] = pa.Field(description="Intervention, or several together.")
    level: Series[str] = pa.Field(description="Level that it is brought to within two years.")
    comparator: Series[str] = pa.Field(
        isin=["today", "no_services"], description="Strategy compared with: services as they are, or none of them."
    )
    payer: Series[str] = pa.Field(isin=["health system", "society"], description="Who pays.")
    part: Series[str] = pa.Field(
        isin=["services", "care", "all"], description="The services themselves, care that they spare, or both."
    )
    year: Series[int] = pa.Field(ge=1, description="Year of the run, from 1.", metadata={"unit": "years"})
    comparator_cost: Series[float] = pa.Field(
        description="Paid in that year with the comparator.", metadata={"unit": "currency"}
    )
    strategy_cost: Series[float] = pa.Field(
        description="Paid in that year with the intervention.", metadata={"unit": "currency"}
    )
    budget_impact: Series[float] = pa.Field(
        description="Paid more in that year; below zero where money is saved.", metadata={"unit": "currency"}
    )
    lower_95: Series[float] = pa.Field(description="2.5 % quantile of the draws.", metadata={"unit": "currency"})
    upper_95: Series[float] = pa.Field(description="97.5 % quantile of the draws.", metadata={"unit": "currency"})
    cumulative_impact: Series[float] = pa.Field(
        description="Paid more from the first year to this one.", metadata={"unit": "currency"}
    )
    currency: Series[str] = pa.Field(description="Currency.")
    cost_basis: Series[str] = pa.Field(
        isin=list(COST_BASES),
        description="Whether unit costs are of this country, or another's that stand in for them.",
    )
    draws: Series[int] = pa.Field(ge=1, description="Draws of the analysis.")

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = [
            "area_id", "intervention_id", "level", "comparator", "payer", "part", "year",
        ]  # fmt: skip
        name = "marts.budget_impact"


class ValueOfInformation(pa.DataFrameModel):
    """What it would be worth to know one uncertain parameter, beside the worth of knowing them all.

    Grain: place, perspective, willingness to pay, parameter. Expected value of partial perfect information for the
    whole place and horizon, by regression on the draws of the analysis: with so few draws, values within two standard
    errors of zero say nothing.
    """

    area_id: Series[str] = pa.Field(description="Place; see meta.areas.")
    perspective: Series[str] = pa.Field(isin=list(PERSPECTIVES), description="Whose costs count.")
    willingness_to_pay: Series[float] = pa.Field(
        ge=0, description="Amount for a QALY.", metadata={"unit": "currency per QALY"}
    )
    parameter_id: Series[str] = pa.Field(description="Parameter; see meta.parameters.")
    evppi: Series[float] = pa.Field(ge=0, description="Value of knowing this parameter.", metadata={"unit": "currency"})
    standard_error: Series[float] = pa.Field(ge=0, description="Its standard error.", metadata={"unit": "currency"})
    evpi: Series[float] = pa.Field(ge=0, description="Value of knowing every parameter.", metadata={"unit": "currency"})
    currency: Series[str] = pa.Field(description="Currency.")
    draws: Series[int] = pa.Field(ge=1, description="Draws of the analysis.")

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = ["area_id", "perspective", "willingness_to_pay", "parameter_id"]
        name = "marts.value_of_information"
