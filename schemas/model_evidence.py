"""What models are tried on: the facts of a decision graph, printed portfolios, and published results beside ours."""

from typing import ClassVar

import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

from schemas.evidence import ID_PATTERN

AGREEMENTS = ("agrees", "in range", "differs", "not computed", "cited only")
CONDITIONS = [f"{kind}{at}" for at in range(1, 6) for kind in ("condition", "value")]


class GraphProbability(pa.DataFrameModel):
    """One probability of a decision graph: a node's outcome under up to five conditions.

    Grain: population, graph, node, outcome, conditions. A selection of facts: what today's services need.
    """

    population: Series[str] = pa.Field(description="People the graph is about.")
    graph: Series[str] = pa.Field(description="Graph.")
    node: Series[str] = pa.Field(description="Node.")
    outcome: Series[str] = pa.Field(description="Outcome of the node; no is what is left of yes.")
    best: Series[float] = pa.Field(ge=0, le=1, description="Probability.", metadata={"unit": "proportion"})
    lower: Series[float] = pa.Field(ge=0, le=1, description="Its lower limit.", metadata={"unit": "proportion"})
    upper: Series[float] = pa.Field(ge=0, le=1, description="Its upper limit.", metadata={"unit": "proportion"})
    condition1: Series[str] = pa.Field(description="Node it depends on; otherwise for all that other rows leave out.")
    value1: Series[str] = pa.Field(description="Outcome of that node; alternatives joined by |.")
    condition2: Series[str] = pa.Field(description="Second node it depends on.")
    value2: Series[str] = pa.Field(description="Outcome of that node.")
    condition3: Series[str] = pa.Field(description="Third node it depends on.")
    value3: Series[str] = pa.Field(description="Outcome of that node.")
    condition4: Series[str] = pa.Field(description="Fourth node it depends on.")
    value4: Series[str] = pa.Field(description="Outcome of that node.")
    condition5: Series[str] = pa.Field(description="Fifth node it depends on.")
    value5: Series[str] = pa.Field(description="Outcome of that node.")
    source: Series[str] = pa.Field(str_length={"min_value": 3}, description="Where the databook took it from.")

    @pa.dataframe_check()
    def interval_contains_best(cls, frame: pd.DataFrame) -> pd.Series:
        """The limits lie on either side of the probability."""
        return (frame["lower"] <= frame["best"]) & (frame["best"] <= frame["upper"])

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = ["population", "graph", "node", "outcome", *CONDITIONS]
        name = "evidence.decision_graph"


class GraphResult(pa.DataFrameModel):
    """What is counted, and what it costs, where a node of a decision graph has an outcome.

    Grain: population, graph, node, outcome.
    """

    population: Series[str] = pa.Field(description="People the graph is about.")
    graph: Series[str] = pa.Field(description="Graph.")
    node: Series[str] = pa.Field(description="Node.")
    outcome: Series[str] = pa.Field(description="Outcome of the node.")
    event: Series[str] = pa.Field(description="Event it counts as; empty where it is not counted.")
    unit_cost: Series[float] = pa.Field(ge=0, description="Cost of one.", metadata={"unit": "AUD"})
    setup_cost: Series[float] = pa.Field(
        ge=0, description="Cost paid once, in the first year.", metadata={"unit": "AUD"}
    )
    cost_weight: Series[float] = pa.Field(
        ge=0, le=1, description="Share of the cost that counts here; 0 where another graph counts it."
    )
    cost_category: Series[str] = pa.Field(description="Kind of cost; empty where it has none.")
    payer: Series[str] = pa.Field(isin=["", "health system", "society"], description="Who pays.")
    source: Series[str] = pa.Field(str_length={"min_value": 3}, description="Where it was read from.")

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = ["population", "graph", "node", "outcome"]
        name = "evidence.decision_graph_results"


class GraphPeople(pa.DataFrameModel):
    """How many people a decision graph is about in a year.

    Grain: population, year.
    """

    population: Series[str] = pa.Field(description="People the graph is about.")
    year: Series[int] = pa.Field(ge=2000, le=2100, description="Calendar year.")
    people: Series[float] = pa.Field(gt=0, description="Number of people.", metadata={"unit": "people"})
    source: Series[str] = pa.Field(str_length={"min_value": 3}, description="Where it was read from.")

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = ["population", "year"]
        name = "evidence.decision_graph_people"


class Portfolio(pa.DataFrameModel):
    """Cost and effect of one strategy as a study printed them, against the same reference.

    Grain: study, portfolio.
    """

    study: Series[str] = pa.Field(str_matches=ID_PATTERN, description="Study.")
    portfolio: Series[str] = pa.Field(description="Strategy, as the study names it.")
    cost: Series[float] = pa.Field(description="Cost beyond the reference's.")
    effect: Series[float] = pa.Field(description="Effect beyond the reference's.")
    currency: Series[str] = pa.Field(str_matches=r"^[A-Z]{3}$", description="Currency of the cost.")
    effect_unit: Series[str] = pa.Field(description="Unit of the effect.")
    citation: Series[str] = pa.Field(str_length={"min_value": 4}, description="Authors and title.")
    where_seen: Series[str] = pa.Field(str_length={"min_value": 4}, description="Page and table it was read from.")

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = ["study", "portfolio"]
        name = "evidence.portfolios"


class PublishedResult(pa.DataFrameModel):
    """A result that a study printed, to set ours beside it.

    Grain: result.
    """

    result_id: Series[str] = pa.Field(unique=True, str_matches=ID_PATTERN, description="Result, by its short name.")
    study: Series[str] = pa.Field(str_length={"min_value": 4}, description="Study.")
    quantity: Series[str] = pa.Field(str_length={"min_value": 4}, description="What is counted.")
    theirs: Series[float] = pa.Field(description="What the study printed.")
    theirs_lower: Series[float] = pa.Field(nullable=True, description="Its lower limit, where printed.")
    theirs_upper: Series[float] = pa.Field(nullable=True, description="Its upper limit, where printed.")
    unit: Series[str] = pa.Field(str_length={"min_value": 2}, description="Unit.")
    decimals: Series[int] = pa.Field(ge=-9, le=6, description="Decimals printed; -2 where rounded to hundreds.")
    citation: Series[str] = pa.Field(str_length={"min_value": 4}, description="Authors or publisher, and title.")
    where_seen: Series[str] = pa.Field(str_length={"min_value": 4}, description="Page and table it was read from.")
    explanation: Series[str] = pa.Field(description="Why ours differs or is not computed, in plain words.")

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        name = "evidence.published_results"


class PublishedSetting(pa.DataFrameModel):
    """One figure on the setting of a study in which our own model is run, to set its result beside the study's.

    Grain: study, parameter.
    """

    study: Series[str] = pa.Field(str_matches=ID_PATTERN, description="Study.")
    parameter_id: Series[str] = pa.Field(str_matches=ID_PATTERN, description="What the figure is.")
    value: Series[float] = pa.Field(ge=0, description="The figure.")
    unit: Series[str] = pa.Field(str_length={"min_value": 2}, description="Unit.")
    citation: Series[str] = pa.Field(str_length={"min_value": 4}, description="Authors or publisher, and title.")
    where_seen: Series[str] = pa.Field(
        str_length={"min_value": 4}, description="Page and table it was read from, or that it is an assumption and why."
    )
    note: Series[str] = pa.Field(description="What to mind.")

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        unique: ClassVar[list[str]] = ["study", "parameter_id"]
        name = "evidence.published_settings"


class ModelValidation(pa.DataFrameModel):
    """Published results beside ours: what our models give from the same printed inputs, or in the same setting.

    Grain: result. `agrees` means that ours, rounded as the study printed it, is the study's figure; `in range` that it
    is not, and lies between the study's limits.
    """

    result_id: Series[str] = pa.Field(unique=True, str_matches=ID_PATTERN, description="Result, by its short name.")
    study: Series[str] = pa.Field(description="Study.")
    quantity: Series[str] = pa.Field(description="What is counted.")
    unit: Series[str] = pa.Field(description="Unit.")
    theirs: Series[float] = pa.Field(description="What the study printed.")
    theirs_lower: Series[float] = pa.Field(nullable=True, description="Its lower limit, where printed.")
    theirs_upper: Series[float] = pa.Field(nullable=True, description="Its upper limit, where printed.")
    ours: Series[float] = pa.Field(nullable=True, description="What our model gives; null where it is not computed.")
    difference: Series[float] = pa.Field(nullable=True, description="Ours less theirs.")
    difference_pct: Series[float] = pa.Field(
        nullable=True, description="Difference in percent of theirs.", metadata={"unit": "percent"}
    )
    agreement: Series[str] = pa.Field(isin=list(AGREEMENTS), description="Whether the two agree as printed.")
    explanation: Series[str] = pa.Field(description="Why ours differs or is not computed, in plain words.")
    citation: Series[str] = pa.Field(description="Authors or publisher, and title.")
    where_seen: Series[str] = pa.Field(description="Page and table it was read from.")

    @pa.dataframe_check()
    def a_difference_is_explained(cls, frame: pd.DataFrame) -> pd.Series:
        """What does not agree says why."""
        return (frame["agreement"] == "agrees") | (frame["explanation"] != "")

    class Config:
        """Every column is checked, and no other column is allowed."""

        strict = True
        ordered = True
        name = "meta.model_validation"
