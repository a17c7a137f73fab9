"""Figures that their publishers calculate and this project passes on: prison, rights, infections, causes of death."""

import pandas as pd

from assets.indicators.infections import passed_on
from assets.indicators.measures import Measures, strata
from assets.indicators.rows import with_part
from assets.indicators.shares import beside, published_card, ratio
from schemas.indicators import IndicatorCard

_GAM = "UNAIDS, Global AIDS Monitoring"
_OFFICIAL = ("unaids_gam", "unaids_kp_atlas")
_SURVEY = "Survey answers, often from a few cities or prisons; the sample size is rarely published."
_WAITS = "unaids_gam or unaids_kp_atlas (live or dropped in)"

PRISON_INFECTION = published_card(
    "prison_infection_prevalence", "35", "Infections among people in prison", "How many people in prison have HIV, "
    "hepatitis or tuberculosis?", "People in prison with the infection", "People in prison tested", polarity="lower",
    caveats=(_SURVEY, "Who is tested differs between countries: read a country's own series first."),
    references=(f"{_GAM}, indicators on people in prison",), waits_for=_WAITS,
)  # fmt: skip
PRISON_ART = published_card(
    "prison_art_coverage", "35", "Antiretroviral therapy among people in prison living with HIV",
    "Do people in prison get HIV treatment?", "People in prison on antiretroviral therapy",
    "People in prison living with HIV", caveats=("Programme records; how many live with HIV unknown is not in it.",),
    references=(f"{_GAM}, indicators on people in prison",), waits_for=_WAITS,
)  # fmt: skip
PRISON_OAT_SHARE = published_card(
    "prison_oat_share", "35", "People in prison on opioid agonist treatment, of all people in prison",
    "How many people in prison get opioid agonist treatment?", "People in prison on opioid agonist treatment",
    "People in prison", numerator_type="programme", denominator_type="population", polarity="none",
    interval_method="none: both are counts",
    caveats=("Not a coverage: how many people in prison need treatment is not published.",),
    references=(f"{_GAM}, indicator 1.7",), waits_for=_WAITS,
)  # fmt: skip
PREVALENCE = published_card(
    "pwid_prevalence_15_64", "36", "People who inject drugs among people aged 15 to 64", "How common is injecting?",
    "People who inject drugs, estimated", "People aged 15 to 64", numerator_type="population",
    denominator_type="population", polarity="none", interval_method="limits as published, where they are",
    caveats=("Estimates by different methods and years.",), references=("UNODC, World Drug Report, annex 4.1",),
    waits_for="unodc_annex (dropped in)",
)  # fmt: skip
HBV = published_card(
    "hbv_prevalence_pwid", "", "Hepatitis B prevalence among people who inject drugs",
    "How many people who inject drugs have hepatitis B?", "People who inject drugs with hepatitis B",
    "People who inject drugs tested", polarity="lower", caveats=(_SURVEY,),
    references=(f"{_GAM}, viral hepatitis among people who inject drugs",), waits_for=_WAITS,
)  # fmt: skip
CONDOM = published_card(
    "condom_use_pwid", "", "Condom use at last sex among people who inject drugs",
    "Do people who inject drugs use condoms?", "People reporting a condom at last sex",
    "People who inject drugs who had sex in the past month", caveats=(_SURVEY,),
    references=(f"{_GAM}, condom use among people who inject drugs",), waits_for=_WAITS,
)  # fmt: skip
EXPERIENCE = published_card(
    "stigma_and_violence_pwid", "", "Stigma, avoided health care and violence",
    "Do people who inject drugs avoid health care, or meet stigma or violence?", "People who report it",
    "People who inject drugs asked", polarity="lower", caveats=(_SURVEY,),
    references=(f"{_GAM}, indicators 6.5C and 6.6C",), waits_for=_WAITS,
)  # fmt: skip
CAUSES = published_card(
    "death_rate_by_cause_age_standardised", "1", "Death rate by cause related to drugs, age-standardised, Europe",
    "How many people die of drug dependence or poisoning, allowing for age?", "Deaths of residents of the cause",
    "Resident population, in the publisher's rate", numerator_type="deaths", denominator_type="population",
    unit="deaths per 100,000 population", polarity="lower", standard="ESP 2013",
    interval_method="none: the publisher gives no limits and no counts beside the rate",
    caveats=(
        "Accidental poisoning holds every poison, alcohol and gases too; drug dependence only deaths coded so. Neither "
        "is a count of overdose deaths, and they must not be added.",
        "Standardised to Europe's population of 2013: never beside rates standardised to the US of 2000.",
    ),
    references=("Eurostat, causes of death (hlth_cd_asdr2)",),
    waits_for="eurostat_causes_of_death (live or dropped in)",
)  # fmt: skip
INFECTION_DEATHS = published_card(
    "infection_death_rate_age_standardised", "", "Death rate of HIV and viral hepatitis, age-standardised, Europe",
    "How many people die of HIV and viral hepatitis, allowing for age?", "Deaths of residents of the cause",
    "Resident population, in the publisher's rate", numerator_type="deaths", denominator_type="population",
    unit="deaths per 100,000 population", polarity="lower", standard="ESP 2013",
    interval_method="none: the publisher gives no limits and no counts beside the rate",
    caveats=("Viral hepatitis of all kinds; deaths of liver cancer and cirrhosis are not in it.",),
    references=("Eurostat, causes of death (hlth_cd_asdr2)",),
    waits_for="eurostat_causes_of_death (live or dropped in)",
)  # fmt: skip
HIV_BURDEN = published_card(
    "hiv_burden", "", "People living with HIV, new infections and deaths", "How many people live with HIV, get it, and "
    "die with it?", "People, estimated or reported", "none", numerator_type="population", denominator_type="none",
    unit="people", polarity="none", interval_method="limits as published, where they are",
    caveats=("All people of the country, however they got HIV; estimates and reported numbers are told apart.",),
    references=("UNAIDS estimates", "WHO, Global Health Observatory", "CDC, AtlasPlus"),
    waits_for="unaids_estimates, who_gho or cdc_atlasplus (live or dropped in)",
)  # fmt: skip
HCV_BURDEN = published_card(
    "hcv_prevalence_population", "", "Chronic hepatitis C in the population", "How many people have chronic "
    "hepatitis C?", "People with chronic hepatitis C, estimated", "Resident population", numerator_type="population",
    denominator_type="population", polarity="lower", caveats=("All people of the country, modelled.",),
    references=("WHO, Global Health Observatory",), waits_for="who_gho (live)",
)  # fmt: skip
CARDS: tuple[IndicatorCard, ...] = (
    PRISON_INFECTION, PRISON_ART, PRISON_OAT_SHARE, PREVALENCE, HBV, CONDOM, EXPERIENCE, CAUSES, INFECTION_DEATHS,
    HIV_BURDEN, HCV_BURDEN,
)  # fmt: skip

_PARTS: tuple[tuple[IndicatorCard, str, tuple[str, ...], dict[str, str]], ...] = (
    (PRISON_INFECTION, "infection", _OFFICIAL, {
        "hiv": "hiv_prevalence_prisoners_pct", "hcv": "hcv_prevalence_prisoners_pct",
        "hcv_indicator_of_2016": "hcv_prevalence_prisoners_2016_pct", "hbv": "hbv_prevalence_prisoners_pct",
        "tb": "tb_prevalence_prisoners_pct"}),
    (PRISON_ART, "", _OFFICIAL, {"": "art_coverage_prisoners_pct"}),
    (PREVALENCE, "", ("unodc_annex",), {"": "pwid_prevalence_15_64_pct"}),
    (HBV, "", _OFFICIAL, {"": "hbv_prevalence_pwid_pct"}),
    (CONDOM, "", _OFFICIAL, {"": "condom_use_pwid_pct"}),
    (EXPERIENCE, "experience", _OFFICIAL, {
        "avoided_health_care": "healthcare_avoidance_pwid_pct", "stigma": "stigma_experience_pwid_pct",
        "violence": "violence_experience_pwid_pct"}),
    (CAUSES, "cause", ("eurostat_causes_of_death",), {
        "drug_dependence": "drug_dependence_deaths_per_100k",
        "accidental_poisoning": "accidental_poisoning_deaths_per_100k",
        "undetermined_intent": "undetermined_intent_deaths_per_100k"}),
    (INFECTION_DEATHS, "cause", ("eurostat_causes_of_death",), {
        "hiv": "hiv_deaths_per_100k", "viral_hepatitis": "viral_hepatitis_deaths_per_100k"}),
    (HIV_BURDEN, "count", ("unaids_estimates", "who_gho"), {
        "living_with_hiv": "people_living_with_hiv", "new_infections": "new_hiv_infections"}),
    (HIV_BURDEN, "count", ("cdc_atlasplus", "who_gho"), {
        "deaths": "hiv_deaths", "living_with_diagnosed_hiv": "people_with_diagnosed_hiv"}),
    (HCV_BURDEN, "", ("who_gho",), {"": "hcv_prevalence_population_pct"}),
)  # fmt: skip
"""Card, name of the part in ``strata``, sources in order of precedence, and the measure of each part."""


def compute(measures: Measures) -> pd.DataFrame:
    """Make the rows of figures that are passed on.

    Grain: indicator, area, period, strata.
    """
    parts = [
        passed_on(card, _named(measures.read(measure, sources, calendar_year=True), name, part))
        for card, name, sources, of in _PARTS
        for part, measure in of.items()
    ]
    return pd.concat([*parts, _prison_oat(measures)], ignore_index=True)


def _named(rows: pd.DataFrame, name: str, part: str) -> pd.DataFrame:
    """Name each row's group, people in prison being everybody here, and the part of the indicator it is."""
    plain = strata(rows.assign(population_group=rows["population_group"].replace("prisoners", "all")))
    if name:
        plain = with_part(plain, name, pd.Series(part, index=rows.index, dtype="str"))
    return rows.assign(strata=plain)


def _prison_oat(measures: Measures) -> pd.DataFrame:
    groups = ("oat_clients", "prisoners")
    clients, people = (measures.read(name, _OFFICIAL, calendar_year=True) for name in groups)
    ours = [rows[(rows["population_group"] == "prisoners") & (strata(rows) == "population_group=prisoners")]
            for rows in (clients, people)]  # fmt: skip
    return ratio(
        PRISON_OAT_SHARE, beside(ours[0], ours[1], "people"), "people", 100, "people on treatment / people in prison"
    )
