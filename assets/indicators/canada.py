"""Canada and other places that publish counts and rates of their own: opioid deaths, registered drug poisonings."""

from dataclasses import replace

import pandas as pd

from assets.indicators.measures import PLACE_AND_TIME, Measures, pair, strata
from assets.indicators.overdose import scaled_interval
from assets.indicators.rows import indicator_rows, reliability
from schemas.indicators import IndicatorCard
from schemas.observations import GROUP_COLUMNS

_PHAC = "Public Health Agency of Canada, Opioid- and stimulant-related harms in Canada"

DEATHS = IndicatorCard(
    id="opioid_deaths",
    number="4",
    title="Apparent opioid toxicity deaths",
    question="How many people died of opioid toxicity?",
    numerator="Apparent opioid toxicity deaths",
    numerator_type="deaths",
    denominator="none",
    denominator_type="none",
    unit="deaths",
    polarity="lower",
    interval_method="none: a count of all reported deaths",
    suppression_rule="publisher's",
    caveats=(
        "Includes deaths still under investigation; counts are revised.",
        "Part of a year is marked and never compared with a whole one.",
    ),
    references=(_PHAC,),
)
RATE = IndicatorCard(
    id="opioid_death_rate_crude",
    number="4",
    title="Apparent opioid toxicity death rate, crude",
    question="How many people died of opioid toxicity, per 100,000 population?",
    numerator="Apparent opioid toxicity deaths",
    numerator_type="deaths",
    denominator="Population, in the publisher's rate",
    denominator_type="population",
    unit="deaths per 100,000 population",
    polarity="lower",
    interval_method="the count's Poisson interval (exact below 10, Byar from 10) scaled to the published rate",
    suppression_rule="publisher's",
    caveats=("The rate for part of a year is annualised by the publisher; the count is not.",),
    references=(_PHAC,),
)
REGISTERED = IndicatorCard(
    id="drug_poisoning_deaths_registered",
    number="",
    title="Deaths related to drug poisoning, by year of registration",
    question="How many deaths related to drug poisoning were registered in England and Wales?",
    numerator="Deaths related to drug poisoning registered in the year",
    numerator_type="deaths",
    denominator="none",
    denominator_type="none",
    unit="deaths",
    polarity="lower",
    interval_method="none: a count of all registered deaths",
    suppression_rule="none: national totals",
    caveats=(
        "Year of registration, which can be years after the death.",
        "Counts: the population of England's regions is not among the sources, so no rate is made.",
    ),
    references=("Office for National Statistics, Deaths related to drug poisoning in England and Wales",),
)
STIMULANT_DEATHS = replace(
    DEATHS,
    id="stimulant_deaths",
    title="Apparent stimulant toxicity deaths",
    question="How many people died of stimulant toxicity?",
    numerator="Apparent stimulant toxicity deaths",
    caveats=(*DEATHS.caveats, "Fewer provinces report them; most deaths involve an opioid too: never add the two."),
    waits_for="phac_substance_harms (live or dropped in)",
)
STIMULANT_RATE = replace(
    RATE,
    id="stimulant_death_rate_crude",
    title="Apparent stimulant toxicity death rate, crude",
    question="How many people died of stimulant toxicity, per 100,000 population?",
    numerator="Apparent stimulant toxicity deaths",
    caveats=(*RATE.caveats, "Most of these deaths involve an opioid too: never add the two rates."),
    waits_for="phac_substance_harms (live or dropped in)",
)
CARDS = (DEATHS, RATE, STIMULANT_DEATHS, STIMULANT_RATE, REGISTERED)


def compute(measures: Measures) -> pd.DataFrame:
    """Make the rows of Canada's opioid and stimulant indicators and of registered drug poisonings.

    Grain: indicator, area, period, strata. Canadian periods are years, or the part of the newest year that is in.
    """
    deaths, stimulant_deaths = (
        _years(measures.read(f"{drug}_deaths", ("phac_substance_harms",))) for drug in ("opioid", "stimulant")
    )
    rates, stimulant_rates = (
        _years(measures.read(f"{drug}_death_rate_crude_per_100k", ("phac_substance_harms",)))
        for drug in ("opioid", "stimulant")
    )
    registered = measures.read("drug_poisoning_deaths", ("ons_drug_poisoning",), calendar_year=True)
    return pd.concat(
        [
            _counts(DEATHS, deaths),
            _rates(RATE, rates, deaths),
            _counts(STIMULANT_DEATHS, stimulant_deaths),
            _rates(STIMULANT_RATE, stimulant_rates, stimulant_deaths),
            _counts(REGISTERED, registered),
        ],
        ignore_index=True,
    )


def _years(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep whole years and the newest part-year of more than one quarter; single quarters stay in core."""
    start, end = rows["period_start"], rows["period_end"]
    return rows[(start.dt.month == 1) & (start.dt.year == end.dt.year) & (end.dt.month > 3)]


def _counts(card: IndicatorCard, rows: pd.DataFrame) -> pd.DataFrame:
    return indicator_rows(
        card,
        rows.assign(
            strata=strata(rows),
            numerator=rows["value"],
            method="count as published",
            reason=rows["note"],
            source_ids=rows["source_id"],
        ),
    )


def _rates(card: IndicatorCard, rates: pd.DataFrame, deaths: pd.DataFrame) -> pd.DataFrame:
    frame = pair(rates, deaths, [*PLACE_AND_TIME, *GROUP_COLUMNS], "deaths")
    limits = scaled_interval(frame["value"], frame["value_deaths"])
    return indicator_rows(
        card,
        frame.assign(
            strata=strata(frame),
            numerator=frame["value_deaths"],
            lower_95=limits["lower"],
            upper_95=limits["upper"],
            method="rate as published; Poisson interval of the count scaled to it",
            reason=frame["note"],
            reliability=reliability(frame["value_deaths"]),
            source_ids=frame["source_id"],
        ),
    )
