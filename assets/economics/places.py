"""Places as the transmission model sees them: people, coverage and prevalence, from published indicators."""

from dataclasses import dataclass, field

import pandas as pd

HIGH_COVERAGE_SYRINGES = 200.0
MOST = {"oat_coverage": 0.8, "nsp_coverage": 0.75}
"""Highest coverage that people who leave and start again can hold in the model, by its parameter; else 0.95."""
INPUTS = {
    "people_who_inject_drugs": "pwid_population_size",
    "oat_coverage": "oat_coverage",
    "nsp_coverage": "syringes_per_pwid",
    "hiv_prevalence": "hiv_prevalence_pwid",
    "hcv_prevalence": "hcv_antibody_prevalence_pwid",
}
"""Parameter of the model, and the indicator that tells it."""

REQUIRED = ("people_who_inject_drugs", "oat_coverage", "nsp_coverage")
_COLUMNS = ["parameter_id", "distribution", "mean", "lower", "upper", "centre"]


@dataclass(frozen=True)
class Place:
    """One place: what is known of it, what is lacking, and where it was read.

    Attributes:
        area_id: The place.
        inputs: One row for each parameter known, as ``epi.economics.draws.sample`` takes them.
        lacking: Indicators that the place has no value for.
        remarks: What to mind about the inputs.
        source_ids: Sources, joined by plus signs.
        release: Their releases, in the same order.
    """

    area_id: str
    inputs: pd.DataFrame
    lacking: tuple[str, ...]
    remarks: tuple[str, ...]
    source_ids: str
    release: str
    values: dict[str, float] = field(default_factory=dict)

    @property
    def suffices(self) -> bool:
        """Whether what the model cannot do without is known."""
        return all(name in self.values for name in REQUIRED)


def places(latest: pd.DataFrame, clearance: float) -> list[Place]:
    """Read every place that publishes a number of people who inject drugs.

    Steps: the newest total of each indicator; shares as proportions, capped at what the model can hold; syringes per
    person over 200 (WHO's high level) as the share of people with high coverage; antibodies less those who clear
    the virus without treatment as the share with chronic infection.

    Args:
        latest: ``marts.latest_values``.
        clearance: Proportion of acute hepatitis C infections that clear without treatment.
    """
    totals = latest[(latest["strata"] == "all") & (latest["status"] == "reported")]
    wanted = totals[totals["indicator_id"].isin(list(INPUTS.values()))]
    by_area = wanted.groupby("area_id", sort=True)
    return [_place(str(area), rows.set_index("indicator_id"), clearance) for area, rows in by_area]


def _place(area_id: str, rows: pd.DataFrame, clearance: float) -> Place:
    found, remarks = {}, []
    for parameter, indicator in INPUTS.items():
        if indicator not in rows.index:
            continue
        row = rows.loc[indicator]
        found[parameter] = _input(parameter, row, clearance)
        mean = found[parameter]["mean"]
        if str(row["reason"]).startswith("doubtful"):
            remarks.append(f"{indicator}: {row['reason'].split(';')[0]}")
        if mean == MOST.get(parameter):
            remarks.append(f"{indicator} of {row['value']:g} counts as {mean:.0%} covered")
    used = rows.loc[[INPUTS[name] for name in found]]
    pairs = list(dict.fromkeys(zip(used["source_ids"], used["release"], strict=True)))
    inputs = pd.DataFrame(list(found.values()), columns=_COLUMNS)
    return Place(
        area_id,
        inputs,
        tuple(indicator for parameter, indicator in INPUTS.items() if parameter not in found),
        tuple(remarks),
        "+".join(source for source, _ in pairs),
        "+".join(release for _, release in pairs),
        {name: float(row["mean"]) for name, row in found.items()},
    )


def _input(parameter: str, row: pd.Series, clearance: float) -> dict[str, object]:
    """Give one parameter of a place with its distribution: log-normal where an interval is published, else fixed."""
    value, lower, upper = float(row["value"]), float(row["lower_95"]), float(row["upper_95"])
    if parameter == "nsp_coverage":
        value = min(value / HIGH_COVERAGE_SYRINGES, MOST[parameter])
    elif parameter == "hcv_prevalence":
        value = min(value / 100, 0.95) * (1 - clearance)
    elif parameter != "people_who_inject_drugs":
        value = min(value / 100, MOST.get(parameter, 0.95))
    spread = parameter == "people_who_inject_drugs" and 0 < lower < value < upper
    return {
        "parameter_id": parameter,
        "distribution": "lognormal" if spread else "fixed",
        "mean": value,
        "lower": lower if spread else float("nan"),
        "upper": upper if spread else float("nan"),
        "centre": None,
    }
