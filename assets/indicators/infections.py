"""HIV, hepatitis C and the number of people who inject drugs, as surveys and estimates publish them."""

import pandas as pd

from assets.indicators.measures import Measures, strata
from assets.indicators.rows import indicator_rows, remark
from assets.indicators.shares import exceeding
from epi.intervals import binomial_interval
from schemas.indicators import IndicatorCard

_GAM = "UNAIDS, Global AIDS Monitoring"
_SURVEY = "Often a survey in a few cities, not the country; no interval where the number tested is not published."
_PRECEDENCE = (
    "Global AIDS Monitoring comes first, then the Key Populations Atlas, then the World Drug Report's annex (single "
    "years only); a change of source inside a series is a break."
)

HIV = IndicatorCard(
    id="hiv_prevalence_pwid",
    number="17",
    title="HIV prevalence among people who inject drugs",
    question="How many people who inject drugs live with HIV?",
    numerator="People who inject drugs who test positive for HIV",
    numerator_type="tested",
    denominator="People who inject drugs tested",
    denominator_type="tested",
    unit="percent",
    polarity="lower",
    interval_method="Wilson where the number tested is published, else none",
    suppression_rule="none: published national figures",
    caveats=(_SURVEY, _PRECEDENCE),
    references=(f"{_GAM}, indicator 1.3C",),
)
HCV = IndicatorCard(
    id="hcv_antibody_prevalence_pwid",
    number="25",
    title="Hepatitis C antibody prevalence among people who inject drugs",
    question="How many people who inject drugs have ever had hepatitis C?",
    numerator="People who inject drugs with hepatitis C antibodies",
    numerator_type="tested",
    denominator="People who inject drugs tested",
    denominator_type="tested",
    unit="percent",
    polarity="lower",
    interval_method="Wilson where the number tested is published, else none",
    suppression_rule="none: published national figures",
    caveats=(
        "Antibodies show past or present infection. Viraemic prevalence is an indicator of its own, from own data; the "
        "target of an 80 % fall against 2015 cannot be judged from antibodies.",
        "Global AIDS Monitoring comes first, the Key Populations Atlas where it has no value; a change is a break.",
        _SURVEY,
    ),
    references=(f"{_GAM}, viral hepatitis among people who inject drugs",),
)
SIZE = IndicatorCard(
    id="pwid_population_size",
    number="36",
    title="Number of people who inject drugs",
    question="How many people inject drugs?",
    numerator="People who inject drugs, estimated",
    numerator_type="population",
    denominator="none",
    denominator_type="none",
    unit="people",
    polarity="none",
    interval_method="limits as published, where they are",
    suppression_rule="none: published national figures",
    caveats=(
        "Estimates by different methods and years; many countries publish no limits.",
        "WHO and UNAIDS advise a new estimate every five years.",
        _PRECEDENCE,
    ),
    references=(f"{_GAM}, indicator 1.2C", "WHO and UNAIDS 2010"),
)
CARDS = (HIV, HCV, SIZE)
_MEASURE = {
    HIV.id: "hiv_prevalence_pwid_pct",
    HCV.id: "hcv_antibody_prevalence_pwid_pct",
    SIZE.id: "people_who_inject_drugs",
}
_SOURCES = {
    HIV.id: ("unaids_gam", "unaids_kp_atlas", "unodc_annex"),
    HCV.id: ("unaids_gam", "unaids_kp_atlas"),
    SIZE.id: ("unaids_gam", "unaids_kp_atlas", "unodc_annex"),
}
"""Sources of each, in order of precedence."""


def compute(measures: Measures) -> pd.DataFrame:
    """Make the rows of HIV and hepatitis C prevalence and of population size.

    Grain: indicator, area, period, strata.
    """
    return pd.concat(
        [as_published(card, measures, _MEASURE[card.id], _SOURCES[card.id]) for card in CARDS], ignore_index=True
    )


def as_published(card: IndicatorCard, measures: Measures, measure_id: str, sources: tuple[str, ...]) -> pd.DataFrame:
    """Make an indicator's rows from a measure that is published as the indicator itself.

    Args:
        card: The indicator's card.
        measures: All measures.
        measure_id: The published measure.
        sources: Sources in order of precedence.
    """
    return passed_on(card, measures.read(measure_id, sources, calendar_year=True))


def passed_on(card: IndicatorCard, rows: pd.DataFrame) -> pd.DataFrame:
    """Make an indicator's rows from published rows, with Wilson limits where the number tested is told.

    Args:
        card: The indicator's card.
        rows: Rows of a measure; ``strata`` where their groups are not to be named as they stand.
    """
    published = rows["lower"].notna() | rows["upper"].notna()
    size = tested(rows["note"]).where((card.unit == "percent") & ~published & (rows["value"] <= 100))
    count = rows["value"] / 100 * size
    lower, upper = binomial_interval(count, size)
    method = pd.Series("value as published, without limits", index=rows.index, dtype="str")
    return indicator_rows(
        card,
        rows.assign(
            strata=rows["strata"] if "strata" in rows else strata(rows),
            lower_95=rows["lower"].fillna(pd.Series(100 * lower, index=rows.index)),
            upper_95=rows["upper"].fillna(pd.Series(100 * upper, index=rows.index)),
            numerator=count,
            denominator=size,
            method=method.mask(published, "value and limits as published").mask(
                count.notna(), "value as published; Wilson interval of the number tested"
            ),
            reason=remark(exceeding(rows["value"], 100 if card.unit == "percent" else 1), rows["note"]),
            source_ids=rows["source_id"],
        ),
    )


def tested(note: pd.Series) -> pd.Series:
    """Read the number tested from a remark that gives it as ``denominator 310``; null where it gives none."""
    return note.str.extract(r"\bdenominator ([\d,]+)\b", expand=False).str.replace(",", "").astype("float64")
