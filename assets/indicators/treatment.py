"""Treatment and naloxone set against the people who need them."""

import pandas as pd

from assets.indicators.measures import PLACE_AND_TIME, Measures
from assets.indicators.rows import indicator_rows, remark
from assets.indicators.shares import OURS, OWN, beside, covered, own_card, own_share, published_card, ratio, with_newest
from epi.coverage import target_status
from epi.intervals import poisson_interval
from schemas.indicators import IndicatorCard, Target

OAT_TARGETS_PCT = (40.0, 50.0)
"""Levels that treatment is set against side by side: of an older page of UNAIDS' registry, and of the current one."""

_GAM = "UNAIDS, Global AIDS Monitoring"
_PRV = "WHO digital adaptation kit"
_RANGE = "range of the denominator: numerator / high estimate to numerator / low estimate"


def _waits(template: str) -> str:
    return f"own programme data, template {template} (dropped in)"


OAT_COMPUTED = published_card(
    "oat_clients_per_pwid_computed", "37", "People on opioid agonist treatment per 100 people who inject drugs",
    "How does the number of people on treatment compare with the number who inject drugs?",
    "Clients of all medicines that the country gives, added up", "People who inject drugs, at most five years older",
    numerator_type="programme", denominator_type="population", unit="people per 100 people who inject drugs",
    interval_method=_RANGE,
    targets=tuple(
        Target(level, None, "UNAIDS, of people with opioid dependence, not of people who inject drugs", False)
        for level in reversed(OAT_TARGETS_PCT)
    ),
    caveats=(
        "Not everybody who injects has an opioid dependence, and not everybody on treatment injects: no coverage.",
        "Only years with methadone and buprenorphine both given, since a missing one would make the sum too small.",
        "Kept apart from the coverage UNAIDS publishes. The remark holds it against 40 % and 50 % side by side.",
    ),
    references=("EMCDDA Statistical Bulletin, table HSR-3-3", f"{_GAM}, indicators 1.2C and 1.10", "Larney 2017"),
)  # fmt: skip
MOUD_GAP = own_card(
    "moud_gap", "38", "People with opioid use disorder without medication for it",
    "How many people with opioid use disorder get no medication?", "People with opioid use disorder less recipients",
    "People with opioid use disorder in the past year, estimated", denominator_type="opioid_dependent",
    polarity="lower", interval_method=_RANGE,
    caveats=(
        OURS, "Prescriptions dispensed are not people, so pharmacy data cannot stand for recipients here.",
        "Published for 2019 in the United States: 86.6 %.",
    ),
    references=("Krawczyk 2022",), waits_for=_waits("moud"),
)  # fmt: skip
DISORDER = published_card(
    "opioid_use_disorder_prevalence", "", "Opioid use disorder in the past year",
    "How many people have opioid use disorder?", "People with opioid use disorder in the past year, modelled",
    "People in households", polarity="lower", interval_method="95 % Bayesian limits as published",
    caveats=(
        "Two survey years together, shown at the second; windows of two years overlap and are no yearly trend.",
        "People without a home, in prison or in hospital are not in it, so it is too low.",
    ),
    references=("SAMHSA, National Survey on Drug Use and Health, state estimates",),
    waits_for="samhsa_nsduh (dropped in)",
)  # fmt: skip
RETENTION = own_card(
    "oat_retention_six_months", "39", "Retention in agonist treatment for six months",
    "Do people stay in treatment?", "People in treatment six months after they started", "People who started",
    denominator_type="programme", references=(f"{_PRV}, PRV.13",), waits_for=_waits("oat-quality"),
)  # fmt: skip
DOSE = own_card(
    "oat_adequate_dose_share", "39", "Adequate dose in agonist treatment", "Are doses high enough?",
    "People on at least 60 mg methadone or 8 mg buprenorphine a day", "People on maintenance doses",
    denominator_type="programme", references=(f"{_PRV}, PRV.14",), waits_for=_waits("oat-quality"),
)  # fmt: skip
TIME_SHARE = own_card(
    "oat_person_year_share", "39", "Share of time with opioid dependence spent in agonist treatment",
    "How much of the time in which people need treatment do they have it?", "Person-years in treatment",
    "Person-years of people with opioid dependence, estimated", denominator_type="opioid_dependent",
    interval_method="none: person-years are not a sample", references=(f"{_PRV}, PRV.12",),
    waits_for=_waits("oat-quality"),
)  # fmt: skip
KITS_PER_DEATH = own_card(
    "naloxone_kits_per_opioid_death", "40", "Naloxone kits distributed per opioid overdose death",
    "Do kits go where people die?", "Naloxone kits distributed by programmes in the year",
    "Opioid overdose deaths of the year", denominator_type="deaths", unit="kits per death",
    interval_method="Poisson interval of the deaths, as bounds",
    caveats=(OURS, "No universal saturation figure exists; a rule of 20 kits per death was not verified.",
             "Deaths: VSRR, then WONDER; in Canada the Public Health Agency."),
    references=("Irvine 2022", "NCHS, VSRR provisional drug overdose death counts"), waits_for=_waits("naloxone"),
)  # fmt: skip
KITS_OF_NEED = own_card(
    "naloxone_kits_of_modelled_need", "40", "Naloxone kits distributed, of the modelled need",
    "Are there enough kits for 80 % of overdoses with a witness?", "Naloxone kits distributed by programmes",
    "Kits that a model says are needed", denominator_type="value", interval_method="none: the need is a model's",
    caveats=(OURS, "100 % means that a kit is at hand at 80 % of overdoses with a witness, by the model."),
    references=("Irvine 2022",), waits_for=f"{_waits('naloxone')} and template naloxone-need",
)  # fmt: skip
CARDS: tuple[IndicatorCard, ...] = (
    OAT_COMPUTED, MOUD_GAP, DISORDER, RETENTION, DOSE, TIME_SHARE, KITS_PER_DEATH, KITS_OF_NEED,
)  # fmt: skip


def compute(measures: Measures) -> pd.DataFrame:
    """Make the rows on treatment and naloxone.

    Grain: indicator, area, period, strata.
    """
    person_years = beside(
        measures.read("oat_person_years", OWN, total=True),
        measures.read("opioid_dependent_person_years", OWN, total=True),
        "need",
    )
    kits = measures.read("naloxone_kits_distributed", OWN, calendar_year=True, total=True)
    need = measures.read("naloxone_kits_needed", OWN, calendar_year=True, total=True)
    return pd.concat(
        [
            _oat(measures),
            _moud_gap(measures),
            _disorder(measures),
            own_share(RETENTION, measures, "oat_retained_six_months", "oat_started"),
            own_share(DOSE, measures, "oat_adequate_dose", "oat_maintained"),
            ratio(TIME_SHARE, person_years, "need", 100, "person-years in treatment / person-years of need"),
            _kits_per_death(measures, kits),
            ratio(KITS_OF_NEED, beside(kits, need, "need"), "need", 100, "kits distributed / kits needed"),
        ],
        ignore_index=True,
    )


def _oat(measures: Measures) -> pd.DataFrame:
    """Add up each country's medicines, and divide by the newest number of people who inject drugs."""
    rows = measures.read("oat_clients", ("emcdda_bulletin",), calendar_year=True)
    rows = rows[(rows["drug"] != "all") & (rows["population_group"] == "all")]
    given = rows[rows["status"] == "reported"].sort_values("drug")
    summed = given.groupby(PLACE_AND_TIME, as_index=False).agg(
        value=("value", "sum"), note=("drug", ", ".join), source_id=("source_id", "first"), release=("release", "max"),
        is_provisional=("is_provisional", "any"),
    )  # fmt: skip
    both_kinds = summed["note"].str.contains("methadone") & summed["note"].str.contains("buprenorphine")
    summed = summed[both_kinds].reset_index(drop=True)
    summed = summed.assign(status="reported", note="sum of " + summed["note"])
    size = measures.read("people_who_inject_drugs", ("unaids_gam",), calendar_year=True, total=True)
    frame = with_newest(summed, size)
    made = covered(OAT_COMPUTED, frame, "people", 100, "clients of all medicines / people who inject drugs")
    words = []
    for level in OAT_TARGETS_PCT:
        met = target_status(made["value"], made["lower_95"], made["upper_95"], level)
        said = f"at {level:g} %: " + pd.Series(met, index=made.index).astype("str").str.replace("_", " ")
        # More clients than people says that the two do not fit, not that a level is met.
        words.append(said.where(made["value"] <= 100, ""))
    return made.assign(reason=remark(*words, made["reason"]).astype("str"))


def _moud_gap(measures: Measures) -> pd.DataFrame:
    """Give the share without medication; more recipients than people with the disorder make it negative."""
    recipients = measures.read("moud_recipients", OWN, calendar_year=True, total=True)
    people = measures.read("people_with_opioid_use_disorder", OWN, calendar_year=True, total=True)
    made = covered(
        MOUD_GAP, beside(recipients, people, "people"), "people", 100,
        "1 - recipients / people with the disorder; range of the denominator",
    )  # fmt: skip
    turned = {"value": "value", "lower_95": "upper_95", "upper_95": "lower_95"}
    without = {name: 100 - made[other] for name, other in turned.items()}
    return made.assign(**without, numerator=made["denominator"] - made["numerator"])


def _disorder(measures: Measures) -> pd.DataFrame:
    """Show windows of two survey years at the second; windows of one would not be read."""
    rows = measures.read("opioid_use_disorder_pct", ("samhsa_nsduh",), months=24)
    years = rows["period_start"].dt.year.astype("str") + " and " + rows["period_end"].dt.year.astype("str")
    ages = "age_group=" + rows["age_group"]
    return indicator_rows(
        DISORDER,
        rows.assign(
            period_start=pd.to_datetime(rows["period_end"].dt.year.astype("str") + "-01-01").astype("datetime64[us]"),
            strata=ages.mask(rows["age_group"] == "all", "all"),
            lower_95=rows["lower"], upper_95=rows["upper"], method="value and limits as published",
            reason=remark("survey years " + years, rows["note"]), source_ids=rows["source_id"],
        ),
    )  # fmt: skip


def _kits_per_death(measures: Measures, kits: pd.DataFrame) -> pd.DataFrame:
    # Deaths where they occurred, as the kits are counted where they were given; residents' deaths are never mixed in.
    deaths = measures.read("overdose_deaths", ("cdc_vsrr",), calendar_year=True)
    opioids = deaths[deaths["drug"] == "opioids"].drop_duplicates(PLACE_AND_TIME)
    canada = measures.read("opioid_deaths", ("phac_substance_harms",), calendar_year=True, total=True)
    either = pd.concat([opioids, canada], ignore_index=True).drop_duplicates(PLACE_AND_TIME)
    both = beside(kits, either, "deaths")
    few, many = poisson_interval(both["value_deaths"])
    limited = both.assign(
        lower_95=both["value"] / many,
        upper_95=both["value"] / pd.Series(few, index=both.index).where(lambda count: count > 0),
        denominator_low=few, denominator_high=many,
    )  # fmt: skip
    return ratio(KITS_PER_DEATH, limited, "deaths", 1, "kits / opioid overdose deaths; Poisson interval of the deaths")
