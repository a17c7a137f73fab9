"""HIV, hepatitis C and the number of people who inject drugs, as surveys and estimates publish them."""

import pandas as pd

from assets.indicators.measures import Measures, strata
from assets.indicators.rows import indicator_rows, remark
from schemas.indicators import IndicatorCard

_GAM = "UNAIDS, Global AIDS Monitoring"
_SURVEY = "Often a survey in a few cities, not the country; no sample size is published, so no interval can be given."

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
    interval_method="none published",
    suppression_rule="none: published national figures",
    caveats=(_SURVEY,),
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
    interval_method="none published",
    suppression_rule="none: published national figures",
    caveats=(
        "Antibodies show past or present infection. Viraemic prevalence (indicator 25 proper) has no source yet, so "
        "the target of an 80 % fall against 2015 cannot be judged.",
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
    ),
    references=(f"{_GAM}, indicator 1.2C", "WHO and UNAIDS 2010"),
)
CARDS = (HIV, HCV, SIZE)
_MEASURE = {
    HIV.id: "hiv_prevalence_pwid_pct",
    HCV.id: "hcv_antibody_prevalence_pwid_pct",
    SIZE.id: "people_who_inject_drugs",
}


def compute(measures: Measures) -> pd.DataFrame:
    """Make the rows of HIV and hepatitis C prevalence and of population size.

    Grain: indicator, area, period, strata.
    """
    return pd.concat(
        [as_published(card, measures, _MEASURE[card.id], ("unaids_gam",)) for card in CARDS], ignore_index=True
    )


def as_published(card: IndicatorCard, measures: Measures, measure_id: str, sources: tuple[str, ...]) -> pd.DataFrame:
    """Make an indicator's rows from a measure that is published as the indicator itself.

    Args:
        card: The indicator's card.
        measures: All measures.
        measure_id: The published measure.
        sources: Sources in order of precedence.
    """
    rows = measures.read(measure_id, sources, calendar_year=True)
    has_limits = rows["lower"].notna() | rows["upper"].notna()
    method = pd.Series("value as published", index=rows.index, dtype="str")
    return indicator_rows(
        card,
        rows.assign(
            strata=strata(rows),
            lower_95=rows["lower"],
            upper_95=rows["upper"],
            method=method.mask(has_limits, "value and limits as published").mask(
                ~has_limits, "value as published, without limits"
            ),
            reason=remark(rows["note"]),
            source_ids=rows["source_id"],
        ),
    )
