"""Drug consumption sites: how often they are used, and by how many sites that is counted."""

import pandas as pd

from assets.indicators.measures import PLACE_AND_TIME, Measures, pair, strata
from assets.indicators.rows import indicator_rows
from assets.indicators.shares import beside, ratio
from epi.rates import crude_rate
from schemas.indicators import IndicatorCard

VISITS = IndicatorCard(
    id="consumption_site_visits",
    number="",
    title="Visits to drug consumption sites",
    question="How often are drug consumption sites used?",
    numerator="Visits in the month",
    numerator_type="programme",
    denominator="none",
    denominator_type="none",
    unit="visits",
    polarity="none",
    interval_method="none: a count of all reported visits",
    suppression_rule="none: national totals",
    caveats=(
        "The number of sites that report changes (40 in February 2025, 28 in April): fewer visits are not less use.",
    ),
    references=("Public Health Agency of Canada, Supervised consumption sites",),
)
VISITS_PER_SITE = IndicatorCard(
    id="consumption_site_visits_per_site",
    number="",
    title="Visits per reporting drug consumption site",
    question="How busy is a drug consumption site?",
    numerator="Visits in the month",
    numerator_type="programme",
    denominator="Sites that reported visits in the month",
    denominator_type="programme",
    unit="visits per site",
    polarity="none",
    interval_method="none: a count of all reported visits",
    suppression_rule="none: national totals",
    caveats=("Sites that stop reporting are not a random choice.",),
    references=("Public Health Agency of Canada, Supervised consumption sites",),
)
OVERDOSES = IndicatorCard(
    id="consumption_site_overdoses_per_10k_visits",
    number="",
    title="Overdoses needing naloxone per 10,000 visits to drug consumption sites",
    question="How often do staff of a drug consumption site reverse an overdose?",
    numerator="Overdoses needing naloxone",
    numerator_type="events",
    denominator="Visits in the month",
    denominator_type="programme",
    unit="overdoses per 10,000 visits",
    polarity="none",
    interval_method="Poisson: exact (Garwood) below 10, Byar (Breslow-Day) from 10",
    suppression_rule="none: national totals",
    caveats=("A reversed overdose is a death that may have been prevented: high is not bad.",),
    references=("Public Health Agency of Canada, Supervised consumption sites",),
    waits_for="phac_consumption_sites (live or dropped in)",
)
CARDS = (VISITS, VISITS_PER_SITE, OVERDOSES)


def compute(measures: Measures) -> pd.DataFrame:
    """Make the rows on drug consumption sites.

    Grain: indicator, area, period, strata.
    """
    return pd.concat([_visits(measures), _visits_per_site(measures), _overdoses(measures)], ignore_index=True)


def _visits(measures: Measures) -> pd.DataFrame:
    sources = ("phac_consumption_sites", "programme_data")
    rows = measures.read("consumption_site_visits", sources, months=1, total=True)
    return indicator_rows(
        VISITS,
        rows.assign(
            strata=strata(rows),
            numerator=rows["value"],
            method="count as published",
            reason=rows["note"],
            source_ids=rows["source_id"],
        ),
    )


def _overdoses(measures: Measures) -> pd.DataFrame:
    source = ("phac_consumption_sites",)
    events = measures.read("consumption_site_overdoses_naloxone", source, months=1, total=True)
    visits = measures.read("consumption_site_visits", source, months=1, total=True)
    frame = beside(events, visits, "visits")
    rate = crude_rate(frame["value"], frame["value_visits"], per=10_000)
    limited = frame.assign(lower_95=rate["lower"], upper_95=rate["upper"])
    return ratio(OVERDOSES, limited, "visits", 10_000, "overdoses / visits x 10,000; Poisson interval")


def _visits_per_site(measures: Measures) -> pd.DataFrame:
    visits = measures.read("consumption_site_visits", ("phac_consumption_sites",), months=1, total=True)
    sites = measures.read("consumption_sites_reporting", ("phac_consumption_sites",), months=1, total=True)
    frame = pair(visits, sites, PLACE_AND_TIME, "sites", how="inner")
    frame = frame[(frame["value_sites"] > 0) | (frame["status"] != "reported")].reset_index(drop=True)
    return indicator_rows(
        VISITS_PER_SITE,
        frame.assign(
            strata="all",
            numerator=frame["value"],
            denominator=frame["value_sites"],
            value=frame["value"] / frame["value_sites"],
            method="visits / sites that reported in the month",
            reason=frame["note"],
            source_ids=frame["source_id"],
        ),
    )
