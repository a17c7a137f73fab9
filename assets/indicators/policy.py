"""Law: which laws that protect people are in force, and how death rates moved around the year they came."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from assets.indicators.measures import PLACE_AND_TIME, Measures
from assets.indicators.rows import indicator_rows
from epi.interrupted import InterruptedFit, interrupted_time_series
from schemas.indicators import IndicatorCard
from schemas.observations import GROUP_COLUMNS

FIRST_YEAR = 2001
FEWEST_YEARS_PER_SIDE = 5
WEIGHTS: dict[str, dict[str, float]] = {
    "equal": {
        "naloxone_access_law": 0.2,
        "naloxone_standing_order_law": 0.2,
        "naloxone_pharmacist_prescribing_law": 0.2,
        "good_samaritan_law": 0.2,
        "good_samaritan_arrest_law": 0.2,
    },
    "any law only": {"naloxone_access_law": 0.5, "good_samaritan_law": 0.5},
    "strongest law only": {"naloxone_standing_order_law": 0.5, "good_samaritan_arrest_law": 0.5},
    "naloxone only": {
        "naloxone_access_law": 1 / 3,
        "naloxone_standing_order_law": 1 / 3,
        "naloxone_pharmacist_prescribing_law": 1 / 3,
    },
    "Good Samaritan only": {"good_samaritan_law": 0.5, "good_samaritan_arrest_law": 0.5},
}
"""Weights of each law in the index: the first set makes the value, all of them its range."""

LAWS = tuple(WEIGHTS["equal"])
_OPTIC = "RAND-USC OPTIC, naloxone access and Good Samaritan law data"
_JUDGEMENT = "Dates of first effect rest on judgement in some states, and the data end in 2017 and 2018."

LAW_IN_FORCE = IndicatorCard(
    id="overdose_law_in_force",
    number="43",
    title="Share of the year in which an overdose law was in force",
    question="Is the law in force here, and since when?",
    numerator="Days on which the law was in force",
    numerator_type="law",
    denominator="Days of the year",
    denominator_type="time",
    unit="proportion of the year",
    polarity="higher",
    interval_method="none: a fact of law",
    suppression_rule="none: a fact of law",
    caveats=(_JUDGEMENT, "A law on paper says nothing of how it is used."),
    references=(_OPTIC,),
)
INDEX = IndicatorCard(
    id="overdose_law_index",
    number="43",
    title="Overdose law index",
    question="How far does the law protect people who witness or survive an overdose?",
    numerator="Laws in force, each weighted by the share of the year",
    numerator_type="law",
    denominator="All laws looked at",
    denominator_type="laws",
    unit="index from 0 to 1",
    polarity="higher",
    interval_method="range over five sets of weights, not a sampling interval",
    suppression_rule="none: a fact of law",
    caveats=(
        "Weights are ours: one fifth for each of five laws; limits show what other weights would give, and each other "
        "set of weights has rows of its own.",
        "Syringe programmes, drug checking and possession are not in it: no dated law data are at hand.",
        _JUDGEMENT,
    ),
    references=(_OPTIC,),
)
ASSOCIATION = IndicatorCard(
    id="overdose_law_association",
    number="44",
    title="Overdose deaths after a law, against the trend before it",
    question="Did death rates move away from their earlier trend in the years after the law?",
    numerator="Overdose deaths in the years from the law on",
    numerator_type="deaths",
    denominator="Deaths had the earlier trend gone on",
    denominator_type="deaths",
    unit="rate ratio",
    polarity="none",
    interval_method="interrupted time series: quasi-Poisson, log-linear trend, level and slope, t-based limits",
    suppression_rule="that of the deaths it rests on",
    caveats=(
        "An association, never an effect: laws come where deaths rise, and fentanyl came in the same years.",
        f"At least {FEWEST_YEARS_PER_SIDE} final years on each side; yearly counts, so no season is modelled.",
        "The remark says where the trend before was not one straight line: there the comparison means little.",
    ),
    references=("Bernal, Cummins and Gasparrini 2017, interrupted time series regression", _OPTIC),
    waits_for="cdc_wonder deaths by state from 1999 (dropped in)",
)
CARDS = (LAW_IN_FORCE, INDEX, ASSOCIATION)


def compute(measures: Measures) -> pd.DataFrame:
    """Make the rows on laws.

    Grain: indicator, area, period, strata.
    """
    laws = pd.concat(
        [measures.read(law, ("optic_policy",), total=True).assign(law=law) for law in LAWS], ignore_index=True
    )
    in_force = _in_force(laws)
    return pd.concat([_law_rows(in_force), _index(in_force), _associations(measures, laws)], ignore_index=True)


def _in_force(laws: pd.DataFrame) -> pd.DataFrame:
    """Give for each law, place and year the share of its days on which the law was in force; only observed years."""
    known = laws[laws["status"] == "reported"]
    observed = known[["law", "area_id", "period_start", "period_end", "value", "source_id", "release"]]
    last = int(observed["period_end"].dt.year.max()) if len(observed) else FIRST_YEAR
    years = pd.DataFrame({"year": range(FIRST_YEAR, last + 1)})
    grid = observed.merge(years, how="cross")
    grid = grid[grid["year"] <= grid["period_end"].dt.year].reset_index(drop=True)
    first = pd.to_datetime(grid["year"].astype("str") + "-01-01")
    final = pd.to_datetime(grid["year"].astype("str") + "-12-31")
    days = (final - grid["period_start"].clip(lower=first)).dt.days + 1
    share = days.clip(lower=0) / ((final - first).dt.days + 1)
    return grid.assign(
        share=share.where(grid["value"] == 1, 0.0),
        period_start=first.astype("datetime64[us]"),
        period_end=final.astype("datetime64[us]"),
        status="reported",
        is_provisional=False,
        source_ids=grid["source_id"],
    )


def _law_rows(in_force: pd.DataFrame) -> pd.DataFrame:
    named = in_force.assign(
        strata="law=" + in_force["law"], value=in_force["share"], method="days in force / days of the year"
    )
    return indicator_rows(LAW_IN_FORCE, named)


def _index(in_force: pd.DataFrame) -> pd.DataFrame:
    wide = in_force.pivot_table(
        index=[*PLACE_AND_TIME, "status", "is_provisional", "source_ids", "release"], columns="law", values="share"
    )
    wide = wide.reindex(columns=list(LAWS)).dropna()
    sets = pd.DataFrame({name: sum(wide[law] * weight for law, weight in of.items()) for name, of in WEIGHTS.items()})
    rows = pd.DataFrame(
        {"value": sets["equal"], "lower_95": sets.min(axis=1), "upper_95": sets.max(axis=1)}, index=wide.index
    ).reset_index()
    named = rows.assign(strata="all", method="one fifth for each law; range over other weights")
    others = [
        rows[[*wide.index.names]].assign(
            strata=f"weights={name}", value=sets[name].to_numpy(), lower_95=np.nan, upper_95=np.nan,
            method="other weights: " + ", ".join(f"{weight:.2f} {law}" for law, weight in WEIGHTS[name].items()),
        )
        for name in sets.columns if name != "equal"
    ]  # fmt: skip
    return indicator_rows(INDEX, pd.concat([named, *others], ignore_index=True))


def _associations(measures: Measures, laws: pd.DataFrame) -> pd.DataFrame:
    deaths = measures.read("overdose_deaths", ("cdc_wonder",), calendar_year=True, total=True)
    people = measures.read("resident_population", ("cdc_wonder",), calendar_year=True, total=True)
    both = deaths.merge(
        people[[*PLACE_AND_TIME, "value"]].rename(columns={"value": "people"}), on=PLACE_AND_TIME, validate="1:1"
    )
    final = both[(both["status"] == "reported") & ~both["is_provisional"] & (both["people"] > 0)]
    series = {str(area): rows.sort_values("period_end") for area, rows in final.groupby("area_id")}
    begun = laws[(laws["status"] == "reported") & (laws["value"] == 1)]
    fits: dict[tuple[str, int], InterruptedFit] = {}
    found = [row for law in begun.to_dict("records") for row in _around(law, series.get(str(law["area_id"])), fits)]
    columns = [*PLACE_AND_TIME, *GROUP_COLUMNS, "strata", "value", "lower_95", "upper_95", "reason", "release"]
    rows = pd.DataFrame(found, columns=columns)
    named = rows.assign(
        status="reported",
        is_provisional=False,
        method="quasi-Poisson segmented regression of yearly deaths; association, not effect",
        source_ids="cdc_wonder+optic_policy",
        period_start=pd.to_datetime(rows["period_start"]).astype("datetime64[us]"),
        period_end=pd.to_datetime(rows["period_end"]).astype("datetime64[us]"),
    )
    return indicator_rows(ASSOCIATION, named)


def _around(
    law: dict[str, object], series: pd.DataFrame | None, fits: dict[tuple[str, int], InterruptedFit]
) -> Iterator[dict[str, object]]:
    """Fit one place's deaths around one law, once for laws that came together; nothing from too few years."""
    begins = pd.Timestamp(str(law["period_start"]))
    # A law of the second half of a year had little of that year: the next one is its first.
    first = begins.year + (begins.month > 6)
    if series is None:
        return
    year = series["period_end"].dt.year
    if (year < first).sum() < FEWEST_YEARS_PER_SIDE or (year >= first).sum() < FEWEST_YEARS_PER_SIDE:
        return
    key = (str(law["area_id"]), first)
    if key not in fits:
        fits[key] = interrupted_time_series(year, series["value"], float(first), population=series["people"])
    fit = fits[key]
    doubts = fit.pre_trend[(fit.pre_trend["p_value"] < 0.05) & (fit.pre_trend["test"] != "trend")]["test"]
    span = f"law from {begins:%Y-%m-%d}, years {year.min()} to {year.max()}"
    warning = f"; the trend before was not one straight line ({', '.join(doubts)})" if len(doubts) else ""
    last = series.iloc[-1]
    for row in fit.effects.to_dict("records"):
        term = str(row["term"])
        if not term.startswith(("level", "slope")):
            continue
        yield {
            "area_id": last["area_id"],
            "period_start": last["period_start"],
            "period_end": last["period_end"],
            "strata": f"law={law['law']};term={term.split()[0]}",
            "value": row["estimate"],
            "lower_95": row["lower"],
            "upper_95": row["upper"],
            "reason": f"association, not effect; {span}{warning}",
            "release": f"{last['release']}+{law['release']}",
        }
