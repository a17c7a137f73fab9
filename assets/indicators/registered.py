"""Deaths and visits of single publishers: Scotland, Australia, American counties, ages in SUDORS; forensic reports."""

import pandas as pd

from assets.indicators.age_groups import group_keys
from assets.indicators.measures import PLACE_AND_TIME, Measures, pair, strata
from assets.indicators.overdose import scaled_interval
from assets.indicators.rows import indicator_rows, provenance, reliability, remark, with_part
from epi.rates import crude_rate
from schemas.indicators import IndicatorCard

_POISSON = "Poisson: exact (Garwood) below 10, Byar (Breslow-Day) from 10"
_SCALED = "the count's Poisson interval (exact below 10, Byar from 10) scaled to the published rate"
_NO_PEOPLE = "no population at hand for this place and period"


def _card(id: str, number: str, title: str, question: str, over: str, of: str, **more: object) -> IndicatorCard:
    plain: dict[str, object] = {
        "numerator": over,
        "numerator_type": "deaths",
        "denominator": of,
        "denominator_type": "population",
        "unit": "deaths per 100,000 population",
        "polarity": "lower",
        "interval_method": _POISSON,
        "suppression_rule": "publisher's",
    }
    return IndicatorCard(id, number, title, question, **{**plain, **more})  # type: ignore[arg-type]


SCOTLAND = _card(
    "drug_misuse_death_rate_age_adjusted", "1", "Drug misuse death rate, age-standardised, Scotland",
    "How many people die of drug misuse in Scotland, allowing for age?", "Drug misuse deaths registered in the year",
    "Resident population, in the publisher's rate", standard="ESP 2013", interval_method="as published",
    caveats=("By year of registration.", "Drug misuse, a narrower definition than drug poisoning."),
    references=("National Records of Scotland, Drug-related deaths in Scotland",),
    waits_for="nrs_drug_deaths (dropped in)",
)  # fmt: skip
SCOTLAND_DEATHS = _card(
    "drug_misuse_deaths_registered", "2", "Drug misuse deaths registered in Scotland, by age and sex",
    "Who dies of drug misuse in Scotland?", "Drug misuse deaths registered in the year", "none",
    denominator_type="none", unit="deaths", interval_method="none: a count of all registered deaths",
    caveats=("Counts: Scotland's population by age is not among the sources, so no rate by age is made.",),
    references=("National Records of Scotland, Drug-related deaths in Scotland",),
    waits_for="nrs_drug_deaths (dropped in)",
)  # fmt: skip
AUSTRALIA = _card(
    "drug_death_rate_crude_australia", "4", "Drug-induced death rate by drug, crude, Australia",
    "Which drugs are involved in deaths in Australia?", "Drug-induced deaths of residents",
    "Resident population (UN)",
    caveats=(
        "Underlying cause and any mention are two counts (see counted): never joined, never added.",
        "Small counts are changed at random by the publisher. No rate where no population is at hand (states, ages).",
        "Classes overlap: never add them.",
    ),
    references=("Australian Bureau of Statistics, Causes of Death; NDARC",), waits_for="abs_drug_deaths (dropped in)",
)  # fmt: skip
COUNTY = _card(
    "overdose_death_rate_county", "9", "Drug overdose death rate of counties, crude, provisional",
    "How many people of the county die of overdose?", "Drug overdose deaths of residents, twelve months, provisional",
    "Resident population on 1 July of the window's last year",
    suppression_rule="publisher's: 1-9 deaths hidden",
    caveats=(
        "By county of residence: never beside provisional counts of states, which are by place of death.",
        "Windows of twelve months overlap: never add them. Small numbers: read the funnel limits.",
    ),
    references=("NCHS, VSRR county-level provisional drug overdose death counts",),
    waits_for="cdc_vsrr_county (live or dropped in)",
)  # fmt: skip
COUNTY_VISITS = _card(
    "overdose_ed_visit_rate_county", "11", "Emergency department visits for overdose by county of residence",
    "How many people of the county go to an emergency department for an overdose?",
    "Visits of residents of the county, inside their state", "Resident population, in the publisher's rate",
    numerator_type="events", unit="visits per 100,000 population", interval_method=_SCALED,
    suppression_rule="publisher's: 1-9 visits hidden; no rate below 20",
    caveats=(
        "Crude: ages are not published by county, so it is not standardised.",
        "Residents treated in another state are not in it. A person can come more than once.",
    ),
    references=("CDC, Drug Overdose Surveillance and Epidemiology: discharge data",),
    waits_for="cdc_dose_discharge (dropped in)",
)  # fmt: skip
BY_AGE = _card(
    "unintentional_overdose_death_rate_by_age", "2", "Unintentional overdose death rate by age and sex",
    "At which ages do people die of overdose?", "Deaths of unintentional or undetermined overdose of the age",
    "Resident population of the age, in the publisher's rate", interval_method=_SCALED,
    suppression_rule="publisher's: 1-9 deaths hidden",
    caveats=("Where the death occurred, in the places that take part.",),
    references=("CDC, SUDORS Dashboard: Fatal Drug Overdose Data",), waits_for="cdc_sudors (dropped in)",
)  # fmt: skip
CIRCUMSTANCES = _card(
    "overdose_death_circumstances_pct", "", "Circumstances of unintentional overdose deaths",
    "Was somebody there, and was naloxone given?", "Deaths with the circumstance",
    "Deaths whose circumstances are known", denominator_type="deaths", unit="percent", polarity="none",
    interval_method="none: the number of deaths with known circumstances is not published",
    suppression_rule="publisher's: shares of 1-9 deaths hidden",
    caveats=("Circumstances are known for a part of the deaths only; they overlap.",),
    references=("CDC, SUDORS Dashboard: Fatal Drug Overdose Data",), waits_for="cdc_sudors (dropped in)",
)  # fmt: skip
FORENSIC = _card(
    "forensic_fentanyl_reports_per_100k", "", "Fentanyl reports of forensic laboratories", "How much fentanyl do "
    "police laboratories find?", "Drug reports", "Resident population", numerator_type="events",
    unit="reports per 100,000 population", polarity="none",
    caveats=(
        "What police seize and send in, not what people use; the newest year is not complete. Reports have no age.",
        "Only years for which a population is at hand.",
    ),
    references=("DEA, National Forensic Laboratory Information System",), waits_for="dea_nflis (dropped in)",
)  # fmt: skip
CARDS = (SCOTLAND, SCOTLAND_DEATHS, AUSTRALIA, COUNTY, COUNTY_VISITS, BY_AGE, CIRCUMSTANCES, FORENSIC)
_RESIDENTS = ("census_population", "cdc_wonder")


def compute(measures: Measures) -> pd.DataFrame:
    """Make the rows of single publishers' deaths, visits and reports.

    Grain: indicator, area, period, strata.
    """
    return pd.concat(
        [*_scotland(measures), _australia(measures), _county(measures), *_united_states(measures)], ignore_index=True
    )


def _as_it_is(card: IndicatorCard, rows: pd.DataFrame, method: str) -> pd.DataFrame:
    named = rows.assign(
        strata=rows["strata"] if "strata" in rows else strata(rows),
        lower_95=rows["lower"], upper_95=rows["upper"], method=method, reason=rows["note"],
        source_ids=rows["source_id"],
    )  # fmt: skip
    return indicator_rows(card, named)


def _scotland(measures: Measures) -> list[pd.DataFrame]:
    source = ("nrs_drug_deaths",)
    rates = measures.read("drug_misuse_death_rate_age_adjusted_per_100k", source, calendar_year=True)
    deaths = measures.read("drug_misuse_deaths", source, calendar_year=True)
    both = pair(rates, deaths, group_keys(), "deaths")
    counted = both.assign(numerator=both["value_deaths"], reliability=reliability(both["value_deaths"]))
    return [
        _as_it_is(SCOTLAND, counted, "rate and limits as published"),
        _as_it_is(SCOTLAND_DEATHS, deaths.assign(numerator=deaths["value"]), "count as published"),
    ]


def _australia(measures: Measures) -> pd.DataFrame:
    people = measures.read("resident_population", ("un_population",), calendar_year=True, total=True)
    counts = {"underlying": "drug_induced_deaths_underlying", "any_mention": "drug_mentioned_deaths"}
    parts = []
    for name, measure in counts.items():
        rows = measures.read(measure, ("abs_drug_deaths",), calendar_year=True)
        total = (rows[["sex", "age_group"]] == "all").all(axis=1)
        rows = rows[total].reset_index(drop=True)
        group = with_part(strata(rows), "counted", pd.Series(name, index=rows.index, dtype="str"))
        parts.append(pair(rows.assign(strata=group), people, PLACE_AND_TIME, "people"))
    return _rates(AUSTRALIA, pd.concat(parts, ignore_index=True))


def _county(measures: Measures) -> pd.DataFrame:
    rows = measures.read("overdose_deaths", ("cdc_vsrr_county",), months=12, total=True)
    people = measures.read("resident_population", _RESIDENTS, calendar_year=True, total=True)
    people = people.assign(year=people["period_end"].dt.year)
    frame = pair(rows.assign(year=rows["period_end"].dt.year), people, ["area_id", "year"], "people")
    return _rates(COUNTY, frame.assign(strata=strata(frame)))


def _rates(card: IndicatorCard, frame: pd.DataFrame) -> pd.DataFrame:
    """Make crude rates from counts (``value``) and people (``value_people``); without people, no rate."""
    rate = crude_rate(frame["value"], frame["value_people"])
    without = (frame["status"] == "reported") & rate["value"].isna()
    return indicator_rows(
        card,
        frame.assign(
            numerator=frame["value"],
            denominator=frame["value_people"].where(frame["value"].notna()),
            value=rate["value"],
            lower_95=rate["lower"],
            upper_95=rate["upper"],
            status=frame["status"].mask(without, "not_collected"),
            method="events / population x 100,000; Poisson interval, exact below 10, Byar from 10",
            reason=remark(frame["note"].mask(without, _NO_PEOPLE), frame["note_people"]),
            reliability=reliability(frame["value"]),
            is_provisional=frame["is_provisional"] | frame["is_provisional_people"].fillna(False).astype("bool"),
            **provenance(frame, "people"),
        ),
    )


def _united_states(measures: Measures) -> list[pd.DataFrame]:
    dose, sudors = ("cdc_dose_discharge",), ("cdc_sudors",)
    visits = measures.read("overdose_ed_visits_residents", dose, calendar_year=True)
    rates = measures.read("overdose_ed_visit_rate_residents_crude_per_100k", dose, calendar_year=True)
    deaths = measures.read("unintentional_overdose_deaths", sudors, calendar_year=True)
    ages = measures.read("unintentional_overdose_death_rate_age_specific_per_100k", sudors, calendar_year=True)
    shares = measures.read("unintentional_overdose_deaths_circumstance_pct", sudors, calendar_year=True)
    named = "circumstance=" + shares["population_group"].str.removeprefix("circumstance: ")
    reports = measures.read("forensic_drug_reports", ("dea_nflis",), calendar_year=True)
    people = measures.read("resident_population", _RESIDENTS, calendar_year=True, total=True)
    found = pair(reports, people, PLACE_AND_TIME, "people", how="inner")
    return [
        _scaled(COUNTY_VISITS, rates, visits),
        _scaled(BY_AGE, ages, deaths),
        _as_it_is(CIRCUMSTANCES, shares.assign(strata=named.astype("str")), "percent as published"),
        _rates(FORENSIC, found.assign(strata=strata(found))),
    ]


def _scaled(card: IndicatorCard, rates: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """Give published crude rates the Poisson interval of their count."""
    frame = pair(rates, counts, group_keys(), "counts")
    limits = scaled_interval(frame["value"], frame["value_counts"])
    return indicator_rows(
        card,
        frame.assign(
            strata=strata(frame),
            numerator=frame["value_counts"].where(frame["value"].notna()),
            lower_95=limits["lower"],
            upper_95=limits["upper"],
            method="rate as published; Poisson interval of the count scaled to it",
            reason=frame["note"],
            reliability=reliability(frame["value_counts"]),
            source_ids=frame["source_id"],
        ),
    )
