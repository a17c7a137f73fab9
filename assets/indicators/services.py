"""Service coverage: syringes, safe injecting, opioid agonist treatment, naloxone and drug consumption sites."""

import numpy as np
import pandas as pd

from assets.indicators.infections import as_published
from assets.indicators.measures import PLACE_AND_TIME, Measures, pair
from assets.indicators.programme import OWN, behind
from assets.indicators.rows import indicator_rows, provenance, remark
from epi.coverage import coverage
from epi.intervals import poisson_interval
from schemas.indicators import IndicatorCard, Target

OLDEST_SIZE_ESTIMATE_YEARS = 5
DISAGREEMENT = 2
"""Two ratios of one place and year that differ more than so many times are marked doubtful."""
_ROUNDING = 0.05
_GHSS = "WHO Global health sector strategy on viral hepatitis 2016-2021"
_GAM = "UNAIDS, Global AIDS Monitoring"
_RETAIL = "Retail pharmacies only: naloxone given out by community programmes is not in it."

SYRINGES = IndicatorCard(
    id="syringes_per_pwid",
    number="29",
    title="Syringes distributed per person who injects drugs",
    question="Do people who inject drugs get enough sterile syringes?",
    numerator="Needles and syringes distributed by programmes in the year",
    numerator_type="programme",
    denominator="People who inject drugs",
    denominator_type="population",
    unit="syringes per person per year",
    polarity="higher",
    interval_method="none published",
    suppression_rule="none: national totals",
    targets=(Target(200.0, 2020, _GHSS, True), Target(300.0, 2030, _GHSS, True)),
    caveats=(
        "Per person who injects drugs in the population, not per client of a programme.",
        "The number of people who inject drugs is itself an estimate, whose limits are not published with the ratio.",
    ),
    references=(f"{_GAM}, indicator 1.9",),
)
SYRINGES_COMPUTED = IndicatorCard(
    id="syringes_per_pwid_computed",
    number="29",
    title="Syringes distributed per person who injects drugs, computed",
    question="What do the syringe and population size figures published apart say together?",
    numerator="Needles and syringes distributed by programmes in the year",
    numerator_type="programme",
    denominator="People who inject drugs, newest estimate at most five years older",
    denominator_type="population",
    unit="syringes per person per year",
    polarity="higher",
    interval_method="range of the denominator: syringes / high estimate to syringes / low estimate",
    suppression_rule="none: national totals",
    targets=SYRINGES.targets,
    caveats=(
        "Kept apart from the ratio UNAIDS publishes: the two must not be joined into one series.",
        "The bulletin gives syringes in thousands; that unit is inferred from their size.",
    ),
    references=("EMCDDA Statistical Bulletin, table HSR-5-1-1", f"{_GAM}, indicator 1.2C"),
)
SAFE_INJECTING = IndicatorCard(
    id="safe_injecting",
    number="32",
    title="Sterile equipment at last injection",
    question="Do people who inject drugs have sterile equipment when they need it?",
    numerator="People reporting sterile equipment at last injection",
    numerator_type="programme",
    denominator="People who injected in the past month",
    denominator_type="tested",
    unit="percent",
    polarity="higher",
    interval_method="none published",
    suppression_rule="none: published national figures",
    targets=(Target(90.0, None, f"{_GAM}, indicator 1.8", True),),
    caveats=("Survey answers, often from a few cities; the sample size is not published.",),
    references=(f"{_GAM}, indicator 1.8",),
)
OAT = IndicatorCard(
    id="oat_coverage",
    number="37",
    title="Opioid agonist treatment coverage",
    question="Do people who need opioid agonist treatment get it?",
    numerator="People on opioid agonist treatment at a date",
    numerator_type="programme",
    denominator="People who inject drugs with opioid dependence",
    denominator_type="opioid_dependent",
    unit="percent",
    polarity="higher",
    interval_method="none published",
    suppression_rule="none: national totals",
    targets=(
        Target(50.0, 2025, "UNAIDS indicator registry (current)", True),
        Target(40.0, None, "UNAIDS indicator registry (older page)", True),
    ),
    caveats=("The number with opioid dependence is itself an estimate; its limits are not published.",),
    references=(f"{_GAM}, indicator 1.10",),
)
NALOXONE = IndicatorCard(
    id="naloxone_dispensed_per_100k",
    number="40",
    title="Naloxone dispensed by pharmacies per 100,000 people",
    question="How much naloxone reaches people through pharmacies?",
    numerator="Naloxone prescriptions dispensed by retail pharmacies",
    numerator_type="programme",
    denominator="Resident population",
    denominator_type="population",
    unit="prescriptions per 100,000 population",
    polarity="higher",
    interval_method="range of the published rounding (0.1 per 100 people); no sampling",
    suppression_rule="none: state totals",
    caveats=(_RETAIL, "No universal saturation figure exists; need depends on fentanyl and on who is present."),
    references=("CDC, naloxone dispensing rate maps", "Irvine 2022"),
)
NALOXONE_PER_DEATH = IndicatorCard(
    id="naloxone_dispensed_per_overdose_death",
    number="40",
    title="Naloxone dispensed by pharmacies per opioid overdose death",
    question="Does naloxone reach the places where people die of opioids?",
    numerator="Naloxone prescriptions dispensed: published rate x resident population",
    numerator_type="programme",
    denominator="Opioid overdose deaths of the year",
    denominator_type="deaths",
    unit="prescriptions per death",
    polarity="higher",
    interval_method="rounding of the rate and Poisson interval of the deaths, combined as bounds",
    suppression_rule="publisher's: 1-9 deaths hidden; low quality hidden",
    caveats=(
        _RETAIL,
        "Deaths are counted where they occurred; prescriptions by pharmacy.",
        "No value where opioid deaths are not published (such as Pennsylvania).",
    ),
    references=("CDC, naloxone dispensing rate maps", "NCHS, VSRR provisional drug overdose death counts"),
)
BUPRENORPHINE = IndicatorCard(
    id="buprenorphine_dispensed_per_100k",
    number="",
    title="Buprenorphine dispensed by pharmacies per 100,000 people",
    question="How much buprenorphine reaches people through pharmacies?",
    numerator="Buprenorphine prescriptions dispensed by retail pharmacies",
    numerator_type="programme",
    denominator="Resident population",
    denominator_type="population",
    unit="prescriptions per 100,000 population",
    polarity="higher",
    interval_method="range of the published rounding (0.1 per 100 people); no sampling",
    suppression_rule="none: state totals",
    caveats=("Prescriptions, not people: length of a prescription differs between states.",),
    references=("CDC, buprenorphine dispensing rate maps",),
)
CARDS = (
    SYRINGES,
    SYRINGES_COMPUTED,
    SAFE_INJECTING,
    OAT,
    NALOXONE,
    NALOXONE_PER_DEATH,
    BUPRENORPHINE,
)


def compute(measures: Measures) -> pd.DataFrame:
    """Make the rows of all service indicators.

    Grain: indicator, area, period, strata.
    """
    official = _syringes_computed(measures, ("emcdda_bulletin", "unaids_gam"), ("unaids_gam",))
    # A service's syringes are set against its own place's estimate only, never against a country's.
    published, computed = _compared(
        as_published(SYRINGES, measures, "syringes_per_pwid", ("unaids_gam",)),
        behind(official, _syringes_computed(measures, OWN, OWN)),
    )
    return pd.concat(
        [
            published,
            computed,
            as_published(SAFE_INJECTING, measures, "safe_injecting_pct", ("unaids_gam",)),
            as_published(OAT, measures, "oat_coverage_pct", ("unaids_gam",)),
            _dispensed(NALOXONE, measures, "naloxone_dispensed_per_100"),
            _dispensed(BUPRENORPHINE, measures, "buprenorphine_dispensed_per_100"),
            _naloxone_per_death(measures),
        ],
        ignore_index=True,
    )


def _compared(published: pd.DataFrame, computed: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Say beside both ratios where the one UNAIDS publishes and the one computed differ more than twofold.

    The two rest on other counts of syringes and other estimates of people; which of them is wrong cannot be seen here.
    """
    keys = [*PLACE_AND_TIME, "strata"]
    found = []
    for rows, others, words in ((published, computed, "computed from"), (computed, published, "published by")):
        there = others.loc[others["status"] == "reported", [*keys, "value", "source_ids"]]
        beside = rows[[*keys, "value"]].merge(there, on=keys, how="left", suffixes=("", "_other"), validate="1:1")
        beside.index = rows.index
        least, most = beside[["value", "value_other"]].min(axis=1), beside[["value", "value_other"]].max(axis=1)
        far = beside["value"].notna() & beside["value_other"].notna() & (most > DISAGREEMENT * least)
        said = beside["value_other"].round(0).astype("Int64").astype("str").fillna("")
        doubt = ("doubtful: " + said + " " + words + " " + beside["source_ids"].fillna("")).where(far, "")
        found.append(rows.assign(reason=remark(doubt, rows["reason"]).astype("str")))
    return found[0], found[1]


def _syringes_computed(measures: Measures, given_by: tuple[str, ...], sized_by: tuple[str, ...]) -> pd.DataFrame:
    syringes = measures.read("syringes_distributed", given_by, calendar_year=True, total=True)
    size = measures.read("people_who_inject_drugs", sized_by, calendar_year=True, total=True)
    size = size[size["status"] == "reported"]
    size = (
        size.assign(size_year=size["period_end"].dt.year)
        .rename(columns={"period_end": "size_end"})
        .sort_values("size_end")
    )
    size = size[["area_id", "size_end", "size_year", "value", "lower", "upper", "source_id", "release"]]
    given = syringes[syringes["status"] == "reported"].sort_values("period_end")
    frame = pd.merge_asof(
        given, size, left_on="period_end", right_on="size_end", by="area_id", suffixes=("", "_people")
    ).reset_index(drop=True)
    age = frame["period_end"].dt.year - frame["size_year"]
    frame = frame[frame["value_people"].notna() & (age <= OLDEST_SIZE_ESTIMATE_YEARS)].reset_index(drop=True)
    frame = frame.sort_values(["area_id", "period_end"], ignore_index=True)
    size_before = frame.groupby("area_id")["size_year"].shift()
    re_estimated = size_before.notna() & (size_before != frame["size_year"])
    per_person = coverage(frame["value"], frame["value_people"], frame["lower_people"], frame["upper_people"])
    of_year = "number of people who inject drugs of " + frame["size_year"].astype("int64").astype("str")
    return indicator_rows(
        SYRINGES_COMPUTED,
        frame.assign(
            strata="all",
            numerator=frame["value"],
            denominator=frame["value_people"],
            denominator_low=frame["lower_people"],
            denominator_high=frame["upper_people"],
            value=per_person["value"],
            lower_95=per_person["lower"],
            upper_95=per_person["upper"],
            method="syringes distributed / people who inject drugs; range of the denominator where published",
            reason=remark(frame["note"], of_year),
            series_break=pd.Series("the number of people who inject drugs is estimated anew", index=frame.index).where(
                re_estimated, ""
            ),
            **provenance(frame, "people"),
        ),
    )


def _dispensed(card: IndicatorCard, measures: Measures, measure_id: str) -> pd.DataFrame:
    rows = measures.read(measure_id, ("cdc_dispensing",), calendar_year=True, total=True)
    return indicator_rows(
        card,
        rows.assign(
            strata="all",
            value=1000 * rows["value"],
            lower_95=1000 * (rows["value"] - _ROUNDING).clip(lower=0),
            upper_95=1000 * (rows["value"] + _ROUNDING),
            method="rate as published per 100 people x 1,000; limits are those of its rounding",
            reason=rows["note"],
            source_ids=rows["source_id"],
        ),
    )


def _naloxone_per_death(measures: Measures) -> pd.DataFrame:
    rate = measures.read("naloxone_dispensed_per_100", ("cdc_dispensing",), calendar_year=True, total=True)
    people = measures.read("resident_population", ("census_population", "cdc_wonder"), calendar_year=True, total=True)
    deaths = measures.read("overdose_deaths", ("cdc_vsrr",), calendar_year=True)
    opioids = deaths[deaths["drug"] == "opioids"]
    frame = pair(pair(rate, people, PLACE_AND_TIME, "people"), opioids, PLACE_AND_TIME, "deaths", how="inner")
    frame = frame.reset_index(drop=True)
    few, many = poisson_interval(frame["value_deaths"])
    hundreds = frame["value_people"] / 100
    some = frame["value_deaths"] > 0
    deaths_count = frame["value_deaths"].where(some)
    status = frame["status_deaths"].mask(frame["status"] != "reported", frame["status"])
    silent = (status == "reported") & (frame["value_people"].isna() | ~some)
    return indicator_rows(
        NALOXONE_PER_DEATH,
        frame.assign(
            strata="all",
            # A hidden count of deaths hides the whole ratio, its numerator too.
            numerator=(frame["value"] * hundreds).where(status != "suppressed"),
            denominator=frame["value_deaths"],
            denominator_low=few,
            denominator_high=many,
            value=frame["value"] * hundreds / deaths_count,
            lower_95=(frame["value"] - _ROUNDING).clip(lower=0) * hundreds / many,
            upper_95=(frame["value"] + _ROUNDING) * hundreds / np.where(few > 0, few, np.nan),
            method="published rate x population / opioid overdose deaths; bounds from rounding and Poisson interval",
            status=status.mask(silent, "not_applicable"),
            reason=remark(frame["note"], frame["note_deaths"]).mask(silent, "no deaths or no population to divide by"),
            is_provisional=frame["is_provisional"] | frame["is_provisional_deaths"].fillna(False).astype("bool"),
            **provenance(frame, "people", "deaths"),
        ),
    )
