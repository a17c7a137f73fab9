"""What a decision does to the budgets of those who pay, year by year."""

import pandas as pd

ALL = "all"


def budget_impact(
    flows: pd.DataFrame,
    reference: str,
    scenario: str = "scenario",
    year: str = "year",
    payer: str = "payer",
    cost: str = "cost",
) -> pd.DataFrame:
    """Make the budget impact of each scenario: its cost less that of the reference, by payer and year.

    Formula: sum of costs of the scenario - sum of costs of the reference. Undiscounted, as a budget is spent in the
    money of its year. A payer without a row in a year pays 0 in it; years must be the same in all scenarios.

    Args:
        flows: Costs: one row or more per scenario, year and payer; undiscounted.
        reference: Scenario that goes on without a decision.
        scenario: Column of the scenario.
        year: Column of the year.
        payer: Column of who pays (health system, local government, clients).
        cost: Column of the cost, money of one price year.

    Returns:
        One row per scenario other than the reference, payer (then `all`) and year: `scenario`, `payer`, `year`,
        `reference_cost`, `scenario_cost`, `budget_impact`, `cumulative_impact` (from the first year on).

    Raises:
        ValueError: A column is missing, the reference is unknown, a scenario lacks a year, a cost or a payer is
            missing, or a payer is called `all`.

    References:
        Sullivan SD et al. Budget impact analysis: principles of good practice. Report of the ISPOR 2012 task force.
        Value Health 2014;17:5-14.

    Examples:
        >>> flows = pd.DataFrame(
        ...     {
        ...         "scenario": ["now", "now", "more", "more"],
        ...         "year": [2025, 2026] * 2,
        ...         "payer": "state",
        ...         "cost": [10.0, 10.0, 16.0, 9.0],
        ...     }
        ... )
        >>> budget_impact(flows, "now")[["payer", "year", "budget_impact", "cumulative_impact"]]
           payer  year  budget_impact  cumulative_impact
        0  state  2025            6.0                6.0
        1  state  2026           -1.0                5.0
        2    all  2025            6.0                6.0
        3    all  2026           -1.0                5.0
    """
    keys = [scenario, payer, year]
    _check(flows, [*keys, cost], reference, (scenario, year, payer))
    payers, years = flows[payer].unique().tolist(), sorted(flows[year].unique().tolist())
    scenarios = [name for name in flows[scenario].unique().tolist() if name != reference]
    paid = pd.concat([flows, flows.assign(**{payer: ALL})]).groupby(keys)[cost].sum()
    wanted = pd.MultiIndex.from_product([scenarios, [*payers, ALL], years], names=keys)
    result = wanted.to_frame(index=False)
    own = result.assign(**{scenario: reference})
    for column, rows in {"reference_cost": own, "scenario_cost": result[keys]}.items():
        result[column] = paid.reindex(pd.MultiIndex.from_frame(rows), fill_value=0.0).to_numpy(dtype=float)
    result["budget_impact"] = result["scenario_cost"] - result["reference_cost"]
    result["cumulative_impact"] = result.groupby([scenario, payer])["budget_impact"].cumsum()
    return result


def _check(flows: pd.DataFrame, wanted: list[str], reference: str, names: tuple[str, str, str]) -> None:
    """Refuse flows that cannot be compared."""
    scenario, year, payer = names
    missing = [name for name in wanted if name not in flows]
    if missing:
        raise ValueError(f"flows: expected the columns {wanted}; found none named {missing}.")
    empty = flows[wanted].isna().any(axis=1)
    if empty.any():
        raise ValueError(f"flows: expected no missing values; found {flows.loc[empty, wanted].iloc[0].to_dict()}.")
    if reference not in set(flows[scenario]):
        raise ValueError(f"reference: expected one of {flows[scenario].unique().tolist()}, found {reference}.")
    if (flows[payer] == ALL).any():
        raise ValueError(f"flows: expected payers by name, found a payer called `{ALL}`: leave totals out.")
    years = set(flows[year])
    for name, own in flows.groupby(scenario)[year].unique().items():
        if set(own) != years:
            raise ValueError(
                f"flows: expected every year in every scenario; found no {min(years - set(own))} in {name}."
            )
