"""Plausibility: identities that published figures must satisfy, whatever the contract says of single rows."""

from collections.abc import Callable

import pandas as pd

from schemas.areas import areas
from schemas.observations import GROUP_COLUMNS, KEY

Check = dict[str, object]


def check(asset: str, name: str, failures: int, description: str, severity: str = "warn") -> Check:
    """Make one row of ``meta.checks``."""
    return {
        "asset": asset,
        "check_name": name,
        "passed": failures == 0,
        "severity": severity,
        "description": description,
        "failures": failures,
    }


def of_core(newest: pd.DataFrame) -> list[Check]:
    """Run every plausibility check on the newest observations."""
    return [run(newest) for run in _CHECKS]


def us_total_is_sum_of_parts(newest: pd.DataFrame) -> Check:
    """Check that the provisional count of the United States is the sum of states, DC and New York City.

    Only windows for which all 52 parts are reported are compared; Puerto Rico is outside.
    """
    rows = newest[
        (newest["source_id"] == "cdc_vsrr")
        & (newest["measure_id"] == "overdose_deaths")
        & (newest[GROUP_COLUMNS] == "all").all(axis=1)
        & (newest["status"] == "reported")
    ]
    known = areas()
    parts = set(known.loc[known["in_us_total"], "area_id"])
    inside = rows[rows["area_id"].isin(parts)].groupby("period_end")["value"].agg(["sum", "size"])
    whole = rows[rows["area_id"] == "USA"].set_index("period_end")["value"]
    complete = inside[inside["size"] == len(parts)].join(whole, how="inner")
    wrong = complete[complete["sum"] != complete["value"]]
    text = f"expected 52 parts to sum to USA in {len(complete)} windows; {len(wrong)} differ"
    if len(wrong):
        first = wrong.iloc[0]
        text += f", first {wrong.index[0]:%Y-%m}: {first['sum']:,.0f} against {first['value']:,.0f}"
    return check("core.observations", "us_total_is_sum_of_parts", len(wrong), text)


def drug_class_within_total(newest: pd.DataFrame) -> Check:
    """Check that no drug class has more overdose deaths than all drugs together in the same place and period."""
    rows = newest[newest["measure_id"].isin(["overdose_deaths"]) & (newest["status"] == "reported")]
    keys = ["source_id", *[column for column in KEY if column != "drug"]]
    total = rows.loc[rows["drug"] == "all", [*keys, "value"]]
    both = rows[rows["drug"] != "all"].merge(total, on=keys, suffixes=("", "_all"), validate="m:1")
    wrong = int((both["value"] > both["value_all"]).sum())
    text = f"expected no class above all drugs in {len(both):,} rows; {wrong} are"
    return check("core.observations", "drug_class_within_total", wrong, text)


def england_and_wales_add_up(newest: pd.DataFrame) -> Check:
    """Check that England, Wales and non-residents sum to England and Wales in registered drug poisonings."""
    rows = newest[
        (newest["measure_id"] == "drug_poisoning_deaths") & (newest["drug"] == "all") & (newest["status"] == "reported")
    ]
    part = rows["area_id"].isin(["GB-ENG", "GB-WLS"]) | (rows["population_group"] == "non_residents")
    sums = rows[part].groupby("period_end")["value"].agg(["sum", "size"])
    whole = rows[(rows["area_id"] == "GB-EAW") & (rows["population_group"] == "all")].set_index("period_end")["value"]
    complete = sums[sums["size"] == 3].join(whole, how="inner")
    wrong = int((complete["sum"] != complete["value"]).sum())
    text = f"expected England, Wales and non-residents to sum to the whole in {len(complete)} years; {wrong} differ"
    return check("core.observations", "england_and_wales_add_up", wrong, text)


_CHECKS: tuple[Callable[[pd.DataFrame], Check], ...] = (
    us_total_is_sum_of_parts,
    drug_class_within_total,
    england_and_wales_add_up,
)
