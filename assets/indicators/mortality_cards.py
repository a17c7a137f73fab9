"""Cards of the mortality indicators that rest on deaths by age."""

from schemas.indicators import IndicatorCard

_NCHS = "NCHS, Drug Poisoning Mortality by State (jx6g-fdh6)"
_EMCDDA = "EMCDDA Statistical Bulletin, tables DRD-31, DRD-32 and DRD-36 to DRD-46"
_GAMMA = "gamma limits of Tiwari, Clegg and Zou, as SEER*Stat"
_POISSON = "Poisson: exact (Garwood) below 10 deaths, Byar (Breslow-Day) from 10"
_TIWARI = "Tiwari, Clegg and Zou 2006, intervals for age-adjusted rates"
_WAITS_US = "nchs_drug_poisoning (live or dropped in)"
_WAITS_EU = "emcdda_bulletin deaths by age, and un_population (dropped in)"
_EARLY = "Populations are those of their time, postcensal from 2011; race as on the death certificate."
_NATIONAL = "National definitions differ (Selection B, Selection D or national): trends within a country first."
_BANDS = "Three bands of age, 15-24, 25-64 and 65 and over: the population at hand has no finer ones of adults."
_AGE_GAPS = (
    "Where the deaths by age are under 90 % of those by sex there is no value; where the two differ, a remark says so."
)
_HIDDEN = "publisher's: 1-9 deaths hidden; a sum with a hidden part is hidden"


def _card(id: str, number: str, title: str, question: str, unit: str, **more: object) -> IndicatorCard:
    plain: dict[str, object] = {
        "numerator": "Drug overdose deaths of residents",
        "numerator_type": "deaths",
        "denominator": "Resident population",
        "denominator_type": "population",
        "polarity": "lower",
        "suppression_rule": _HIDDEN,
        "waits_for": _WAITS_US,
    }
    return IndicatorCard(id, number, title, question, unit=unit, **{**plain, **more})  # type: ignore[arg-type]


PUBLISHED_BY_GROUP = _card(
    "overdose_death_rate_age_adjusted_by_group", "1", "Drug overdose death rate by sex and race, age-adjusted",
    "Do some groups die of overdose more often than others, allowing for age?", "deaths per 100,000 population",
    interval_method="as published by NCHS", standard="US 2000", references=(_NCHS,), caveats=(_EARLY,),
)  # fmt: skip
STANDARDISED = _card(
    "overdose_death_rate_age_standardised", "1", "Drug overdose death rate, standardised here from counts by age",
    "How many people die of overdose, allowing for age, if we count ourselves?", "deaths per 100,000 population",
    interval_method=_GAMMA, standard="US 2000, 8 age groups", references=(_NCHS, _TIWARI),
    caveats=(_EARLY, "Eight age groups where the publisher uses eleven: the last digit can differ from its rate."),
)  # fmt: skip
BY_GROUP = _card(
    "overdose_death_rate_by_group", "2", "Drug overdose death rate by age, sex and race, crude",
    "Who dies of overdose?", "deaths per 100,000 population", interval_method=_POISSON, caveats=(_EARLY,),
    references=(_NCHS, "Breslow and Day 1987, p. 69", "Garwood 1936"),
)  # fmt: skip
EUROPE_STANDARDISED = _card(
    "drug_induced_death_rate_age_standardised", "1",
    "Drug-induced death rate of people aged 15 and over, age-standardised, European countries",
    "How many people die of drug-induced causes, allowing for age?", "deaths per million population",
    numerator="Drug-induced deaths at 15 and over", denominator="Resident population aged 15 and over (UN)",
    interval_method=_GAMMA, standard="European 2013, ages 15 and over, 3 bands", suppression_rule="none: national",
    waits_for=_WAITS_EU, references=(_EMCDDA, _TIWARI), caveats=(_NATIONAL, _BANDS, _AGE_GAPS),
)  # fmt: skip
EUROPE_BY_GROUP = _card(
    "drug_induced_death_rate_by_group", "2", "Drug-induced death rate by age or sex, crude, European countries",
    "Who dies of drug-induced causes?", "deaths per million population", numerator="Drug-induced deaths of the group",
    denominator="Resident population of the group (UN)", interval_method=_POISSON, suppression_rule="none: national",
    waits_for=_WAITS_EU, references=(_EMCDDA, "EUDA: deaths per million population aged 15 to 64"),
    caveats=(_NATIONAL, _AGE_GAPS, "By sex only where the population by sex is at hand (UN revision of 2024)."),
)  # fmt: skip
STANDARDISED_RATIO = _card(
    "drug_induced_death_ratio_standardised", "9", "Drug-induced deaths against those expected, European countries",
    "Are there more deaths than the age of the population would lead one to expect?", "observed / expected",
    numerator="Drug-induced deaths at 15 and over", denominator="Deaths at the rates of all countries of the year",
    denominator_type="deaths", interval_method=_POISSON + ", of the observed deaths", waits_for=_WAITS_EU,
    suppression_rule="none: national",
    references=("Breslow and Day 1987, section 2.3", "Spiegelhalter 2005, funnel plots"),
    caveats=(
        _NATIONAL, _BANDS, "The reference is the countries that report the year, the country itself among them.",
        "A funnel lets chance alone explain a difference: definitions and reporting explain most of what lies outside.",
    ),
)  # fmt: skip
YPLL = _card(
    "overdose_ypll_75", "8", "Years of potential life lost to overdose before age 75",
    "How much life do people lose who die of overdose young?", "years per 100,000 population under 75",
    numerator="Years from the middle of the age group to 75, over all deaths", numerator_type="years",
    denominator="Resident population under 75", interval_method="Dobson, for a weighted sum of Poisson counts",
    suppression_rule="not shown below 20 deaths; 1-9 deaths hidden", caveats=(_EARLY,),
    references=("NCHS, Health Indicators Warehouse: years of potential life lost before age 75",),
)  # fmt: skip
EUROPE_YPLL = _card(
    "drug_induced_ypll_65", "8", "Years of potential life lost to drug-induced deaths before age 65, Europe",
    "How much life do people lose who die of drug-induced causes young?", "years per 100,000 population under 65",
    numerator="Years from the middle of the age group to 65, over deaths at 15 to 64", numerator_type="years",
    denominator="Resident population under 65 (UN)", interval_method="Dobson, for a weighted sum of Poisson counts",
    suppression_rule="not shown below 20 deaths", waits_for=_WAITS_EU, references=(_EMCDDA,),
    caveats=(
        _NATIONAL, _AGE_GAPS, "Before 65 and not 75: the tables end with 65 and over. Deaths under 15 are not in them.",
    ),
)  # fmt: skip
YLL = _card(
    "overdose_yll", "8", "Years of life lost to overdose by a life table",
    "How long would the people who died still have lived?", "years",
    numerator="Deaths times the years still expected at that age", numerator_type="years", denominator="none",
    denominator_type="none", interval_method="Dobson, for a weighted sum of Poisson counts",
    suppression_rule="not shown below 20 deaths; 1-9 deaths hidden",
    waits_for="a life table by age for the same place and year (measure life_expectancy_years; no source yet)",
    references=("Murray 1994, quantifying the burden of disease",),
    caveats=("The last, open-ended age group takes the expectation at its first year: an upper bound.",),
)  # fmt: skip
CARDS = (
    PUBLISHED_BY_GROUP, STANDARDISED, BY_GROUP, EUROPE_STANDARDISED, EUROPE_BY_GROUP, STANDARDISED_RATIO, YPLL,
    EUROPE_YPLL, YLL,
)  # fmt: skip
