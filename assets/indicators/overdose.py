"""Overdose indicators: rates, twelve-month counts as reported and as predicted, and drug classes."""

import numpy as np
import pandas as pd

from assets.indicators.measures import PLACE_AND_TIME, Measures, pair, strata
from assets.indicators.rows import indicator_rows, provenance, reliability, remark
from epi.intervals import poisson_interval
from epi.rates import crude_rate, rate_ratio
from schemas.indicators import IndicatorCard
from schemas.observations import GROUP_COLUMNS

_GROUP = [*PLACE_AND_TIME, *GROUP_COLUMNS]
_NCHS = "Overdose: ICD-10 underlying cause X40-X44, X60-X64, X85, Y10-Y14 (NCHS)."
_OCCURRENCE = "Counted where the death occurred, not where the person lived; in DC the two differ by over a quarter."
_WINDOWS = "Windows of twelve months overlap: compare with the same month a year earlier, never add them."

AGE_ADJUSTED = IndicatorCard(
    id="overdose_death_rate_age_adjusted",
    number="1",
    title="Drug overdose death rate, age-adjusted",
    question="How many people die of overdose, allowing for age?",
    numerator="Drug overdose deaths of residents",
    numerator_type="deaths",
    denominator="Resident population",
    denominator_type="population",
    unit="deaths per 100,000 population",
    polarity="lower",
    interval_method="as published by CDC WONDER",
    standard="US 2000",
    suppression_rule="publisher's: 1-9 deaths hidden; rates below 20 deaths unreliable",
    caveats=(_NCHS, "Rates of provisional years rest on an earlier year's population."),
    references=("CDC WONDER, Multiple Cause of Death (D77, D176)",),
)
CRUDE = IndicatorCard(
    id="overdose_death_rate_crude",
    number="2",
    title="Drug overdose death rate, crude",
    question="How many people die of overdose, per 100,000 residents?",
    numerator="Drug overdose deaths of residents",
    numerator_type="deaths",
    denominator="Resident population",
    denominator_type="population",
    unit="deaths per 100,000 population",
    polarity="lower",
    interval_method="Poisson: exact (Garwood) below 10 deaths, Byar (Breslow-Day) from 10",
    suppression_rule="publisher's: 1-9 deaths hidden",
    caveats=(_NCHS, "Not adjusted for age."),
    references=("Breslow and Day 1987, p. 69", "Garwood 1936"),
)
DRUG_INDUCED = IndicatorCard(
    id="drug_induced_death_rate_crude",
    number="2",
    title="Drug-induced death rate, crude, European countries",
    question="How many people die of drug-induced causes, per million residents?",
    numerator="Drug-induced deaths, women and men, all ages",
    numerator_type="deaths",
    denominator="Resident population, all ages (UN)",
    denominator_type="population",
    unit="deaths per million population",
    polarity="lower",
    interval_method="Poisson: exact (Garwood) below 10 deaths, Byar (Breslow-Day) from 10",
    suppression_rule="none: national totals",
    caveats=(
        "National definitions differ (Selection B, Selection D or national): compare trends within a country first.",
        "Women and men are added; the bulletin tables at hand give no total. Deaths of unknown sex are not in them.",
    ),
    references=("EMCDDA Statistical Bulletin, tables DRD-31 and DRD-32",),
)
TWELVE_MONTHS = IndicatorCard(
    id="overdose_deaths_12_month",
    number="3",
    title="Drug overdose deaths in twelve months, reported",
    question="How many overdose deaths were reported over the last twelve months?",
    numerator="Drug overdose deaths that occurred in the area, as reported so far",
    numerator_type="deaths",
    denominator="none",
    denominator_type="none",
    unit="deaths",
    polarity="lower",
    interval_method="none: a count of all reported deaths",
    suppression_rule="publisher's: 1-9 deaths hidden; low quality hidden",
    caveats=(_WINDOWS, _OCCURRENCE, "Reported counts of recent months are incomplete; see the predicted series."),
    references=("NCHS, VSRR provisional drug overdose death counts",),
)
PREDICTED = IndicatorCard(
    id="overdose_deaths_12_month_predicted",
    number="3",
    title="Drug overdose deaths in twelve months, predicted",
    question="How many overdose deaths are expected once all records are in?",
    numerator="Reported deaths adjusted by the publisher for incomplete reporting",
    numerator_type="deaths",
    denominator="none",
    denominator_type="none",
    unit="deaths",
    polarity="lower",
    interval_method="none published",
    suppression_rule="publisher's",
    caveats=(_WINDOWS, _OCCURRENCE, "The publisher gives no interval; predicted values of settled periods change too."),
    references=("NCHS, VSRR Report 006",),
)
CHANGE = IndicatorCard(
    id="overdose_deaths_12_month_change_pct",
    number="3",
    title="Change in overdose deaths over a year",
    question="Are overdose deaths rising or falling?",
    numerator="Deaths of the twelve months, predicted",
    numerator_type="deaths",
    denominator="Deaths of the twelve months before, predicted",
    denominator_type="deaths",
    unit="percent change",
    polarity="lower",
    interval_method="exact conditional interval of the ratio of two Poisson counts",
    suppression_rule="publisher's",
    caveats=("The interval holds chance variation, not the uncertainty of the prediction.",),
    references=("NCHS, VSRR provisional drug overdose death counts",),
)
BY_DRUG = IndicatorCard(
    id="overdose_death_rate_by_drug",
    number="4",
    title="Overdose death rate by drug class",
    question="Which drugs are involved in overdose deaths?",
    numerator="Overdose deaths involving the drug class, calendar year",
    numerator_type="deaths",
    denominator="Resident population on 1 July",
    denominator_type="population",
    unit="deaths per 100,000 population",
    polarity="lower",
    interval_method="Poisson: exact (Garwood) below 10 deaths, Byar (Breslow-Day) from 10",
    suppression_rule="publisher's: 1-9 deaths hidden; low quality hidden",
    caveats=(
        "Classes overlap: a death that involves two drugs counts in both; never add them.",
        _OCCURRENCE,
        "Crude: deaths by drug and age are not published together, so it cannot be age-standardised.",
        "States differ in how often the drug is named; NCHS advises against comparing drugs between states.",
    ),
    references=("NCHS, VSRR provisional drug overdose death counts", "US Census Bureau, Vintage 2024"),
)
CARDS = (AGE_ADJUSTED, CRUDE, DRUG_INDUCED, TWELVE_MONTHS, PREDICTED, CHANGE, BY_DRUG)


def compute(measures: Measures) -> pd.DataFrame:
    """Make the rows of all overdose indicators of the United States and Europe.

    Grain: indicator, area, period, strata.
    """
    reported = _with_new_york_state(measures.read("overdose_deaths", ("cdc_vsrr",), months=12))
    predicted = _with_new_york_state(measures.read("overdose_deaths_predicted", ("cdc_vsrr",), months=12))
    return pd.concat(
        [
            _age_adjusted(measures),
            _crude(measures),
            _drug_induced(measures),
            _windows(TWELVE_MONTHS, reported, "12 month-ending count as published"),
            _windows(PREDICTED, predicted, "12 month-ending count predicted by the publisher"),
            _change(predicted),
            _by_drug(measures, reported),
        ],
        ignore_index=True,
    )


def _with_new_york_state(rows: pd.DataFrame) -> pd.DataFrame:
    """Add New York State as the sum of New York City and the rest, where both are reported; VSRR gives them apart."""
    keys = [column for column in _GROUP if column != "area_id"]
    city = rows[(rows["area_id"] == "US-NYC") & (rows["status"] == "reported")]
    rest = rows[(rows["area_id"] == "US-NY-XNYC") & (rows["status"] == "reported")]
    both = rest.merge(city[[*keys, "value", "is_provisional"]], on=keys, suffixes=("", "_city"), validate="1:1")
    state = both.assign(
        area_id="US-NY",
        value=both["value"] + both["value_city"],
        is_provisional=both["is_provisional"] | both["is_provisional_city"],
        note=remark(pd.Series("New York City and the rest of the state, added", index=both.index), both["note"]),
    )
    return pd.concat([rows, state[rows.columns]], ignore_index=True)


def _age_adjusted(measures: Measures) -> pd.DataFrame:
    rates = measures.read("overdose_death_rate_age_adjusted_per_100k", ("cdc_wonder",), calendar_year=True)
    deaths = measures.read("overdose_deaths", ("cdc_wonder",), calendar_year=True)
    people = measures.read("resident_population", ("cdc_wonder",), calendar_year=True)
    frame = pair(pair(rates, deaths, _GROUP, "deaths"), people, _GROUP, "people")
    return indicator_rows(
        AGE_ADJUSTED,
        frame.assign(
            strata=strata(frame),
            lower_95=frame["lower"],
            upper_95=frame["upper"],
            numerator=frame["value_deaths"],
            denominator=frame["value_people"],
            method="age-adjusted rate and interval as published by CDC WONDER",
            reason=frame["note"],
            reliability=reliability(frame["value_deaths"]).mask(frame["status"] == "low_quality", "unreliable"),
            source_ids=frame["source_id"],
        ),
    )


def _crude(measures: Measures) -> pd.DataFrame:
    deaths = measures.read("overdose_deaths", ("cdc_wonder",), calendar_year=True)
    people = measures.read("resident_population", ("cdc_wonder",), calendar_year=True)
    # The export by drug repeats the all-drug population, so people are matched whatever the drug.
    keys = [column for column in _GROUP if column != "drug"]
    frame = pair(deaths, people[people["drug"] == "all"], keys, "people")
    return _rate_rows(CRUDE, frame, per=100_000)


def _rate_rows(card: IndicatorCard, frame: pd.DataFrame, per: int) -> pd.DataFrame:
    """Make crude rates from deaths (``value``) and people (``value_people``); without people, no rate."""
    rate = crude_rate(frame["value"], frame["value_people"], per=per)
    no_people = (frame["status"] == "reported") & rate["value"].isna()
    status = frame["status"].mask(no_people, "not_collected")
    reason = frame["note"].mask(no_people, "no population at hand for this place and period")
    return indicator_rows(
        card,
        frame.assign(
            strata=strata(frame),
            numerator=frame["value"],
            denominator=frame["value_people"],
            value=rate["value"],
            lower_95=rate["lower"],
            upper_95=rate["upper"],
            method=f"deaths / population x {per:,}; Poisson interval, exact below 10 deaths, Byar from 10",
            status=status,
            reason=remark(reason, frame["note_people"]),
            reliability=reliability(frame["value"]),
            is_provisional=frame["is_provisional"] | frame["is_provisional_people"].fillna(False).astype("bool"),
            **provenance(frame, "people"),
        ),
    )


def _drug_induced(measures: Measures) -> pd.DataFrame:
    deaths = measures.read("drug_induced_deaths", ("emcdda_bulletin",), calendar_year=True)
    plain = deaths[(deaths["age_group"] == "all") & deaths["sex"].isin(["female", "male"])]
    women = plain[plain["sex"] == "female"].assign(sex="all")
    men = plain[plain["sex"] == "male"].assign(sex="all")
    both = pair(men, women, _GROUP, "women", how="inner")
    reported = (both["status"] == "reported") & (both["status_women"] == "reported")
    total = both.assign(
        value=both["value"] + both["value_women"],
        status=both["status"].where(both["status"] != "reported", both["status_women"]),
        note=both["note"],
    )
    people = measures.read("resident_population", ("un_population",), calendar_year=True, total=True)
    return _rate_rows(DRUG_INDUCED, pair(total[reported], people, _GROUP, "people"), per=1_000_000)


def _windows(card: IndicatorCard, rows: pd.DataFrame, method: str) -> pd.DataFrame:
    return indicator_rows(
        card,
        rows.assign(
            strata=strata(rows),
            period="12 months to " + rows["period_end"].dt.strftime("%Y-%m"),
            numerator=rows["value"],
            method=method,
            reason=rows["note"],
            source_ids=rows["source_id"],
        ),
    )


def _change(predicted: pd.DataFrame) -> pd.DataFrame:
    keys = [column for column in _GROUP if column not in ("period_start", "period_end")]
    now = predicted[predicted["status"] == "reported"]
    now = now.assign(month=now["period_end"].dt.to_period("M").astype("int64"))
    before = now.assign(month=now["month"] + 12)[[*keys, "month", "value"]]
    frame = now.merge(before, on=[*keys, "month"], suffixes=("", "_before"), validate="1:1")
    frame = frame[frame["value_before"] > 0].reset_index(drop=True)
    # Equal exposure: a ratio of rates over one unit each is the ratio of the two counts.
    ratio = rate_ratio(
        frame["value"], pd.Series(1.0, index=frame.index), frame["value_before"], pd.Series(1.0, index=frame.index)
    )
    return indicator_rows(
        CHANGE,
        frame.assign(
            strata=strata(frame),
            period="12 months to " + frame["period_end"].dt.strftime("%Y-%m"),
            numerator=frame["value"],
            denominator=frame["value_before"],
            value=100 * (frame["value"] / frame["value_before"] - 1),
            lower_95=100 * (ratio["lower"] - 1),
            upper_95=100 * (ratio["upper"] - 1),
            method="100 x (predicted / predicted a year earlier - 1); exact conditional Poisson interval",
            reason=frame["note"],
            source_ids=frame["source_id"],
        ),
    )


def _by_drug(measures: Measures, reported: pd.DataFrame) -> pd.DataFrame:
    december = reported[(reported["drug"] != "all") & (reported["period_end"].dt.month == 12)]
    people = measures.read("resident_population", ("census_population", "cdc_wonder"), calendar_year=True, total=True)
    keys = [column for column in _GROUP if column != "drug"]
    frame = pair(december, people, keys, "people")
    has_people = frame["value_people"].notna() | ~frame["area_id"].isin(["US-NYC", "US-NY-XNYC"])
    return _rate_rows(BY_DRUG, frame[has_people].reset_index(drop=True), per=100_000)


def scaled_interval(rate: pd.Series, count: pd.Series) -> pd.DataFrame:
    """Carry a count's Poisson interval over to a published rate: limits = rate x limits of the count / count.

    A rate published for no events has lower limit 0 and no upper one, since the population is not published with it.

    Args:
        rate: Published rates.
        count: The counts they rest on, same length.

    Returns:
        Columns ``lower``, ``upper`` in the rate's unit.
    """
    low, high = poisson_interval(count)
    per_event = np.where(count > 0, rate / count.where(count > 0), np.nan)
    lower = np.where(count == 0, 0.0, per_event * low)
    # Published rates are rounded, so a limit must not cross the value for that reason alone.
    return pd.DataFrame(
        {"lower": np.minimum(lower, rate), "upper": np.maximum(per_event * high, rate)}, index=rate.index
    )
