"""Own programme data: what services count themselves, set against the people they are there for."""

import pandas as pd

from assets.indicators.measures import Measures
from assets.indicators.shares import OURS as _OURS
from assets.indicators.shares import OWN as OWN
from assets.indicators.shares import OWN_RULE as _RULE
from assets.indicators.shares import beside, covered, own_share, ratio, with_newest
from schemas.indicators import GRAIN, IndicatorCard, Target

RESIDENTS = ("census_population", "cdc_wonder", "un_population")
_HIDDEN = "none: a count of everything the services gave"
_CDC = "CDC, hepatitis C virus clearance cascade, MMWR 72(26), 2023"

KITS = IndicatorCard(
    id="naloxone_kits_per_100k",
    number="40",
    title="Naloxone kits distributed per 100,000 people, own programme data",
    question="How many naloxone kits reach people through programmes?",
    numerator="Naloxone kits distributed by the services in the year",
    numerator_type="programme",
    denominator="Resident population",
    denominator_type="population",
    unit="kits per 100,000 population",
    polarity="higher",
    interval_method=_HIDDEN,
    suppression_rule=_RULE,
    waits_for="programme_data (your own, dropped in)",
    caveats=(_OURS, "No universal saturation figure exists; need depends on fentanyl and on who is present."),
    references=("Irvine 2022",),
)
SYRINGES_PER_CLIENT = IndicatorCard(
    id="syringes_per_client",
    number="29",
    title="Syringes distributed per client, own programme data",
    question="How many syringes does a client of a programme get in a year?",
    numerator="Needles and syringes distributed by the services in the year",
    numerator_type="programme",
    denominator="Different people served in the year",
    denominator_type="programme",
    unit="syringes per client per year",
    polarity="higher",
    interval_method=_HIDDEN,
    suppression_rule=_RULE,
    waits_for="programme_data (your own, dropped in)",
    caveats=(
        _OURS,
        "Per client, not per person who injects drugs: never set against the target of 200 or 300.",
        "Somebody who uses two services counts twice, which lowers the ratio.",
    ),
    references=("Global Fund, indicator KP-4 (syringes per person reached)",),
)
OAT_PER_PWID = IndicatorCard(
    id="oat_clients_per_100_pwid",
    number="37",
    title="People on OAT per 100 people who inject drugs, own programme data",
    question="How does the number of people on treatment compare with the number who inject drugs?",
    numerator="People on opioid agonist treatment on the last day of the year",
    numerator_type="programme",
    denominator="People who inject drugs, own estimate at most five years older",
    denominator_type="population",
    unit="people per 100 people who inject drugs",
    polarity="higher",
    interval_method="range of the denominator: clients / high estimate to clients / low estimate",
    suppression_rule=_RULE,
    waits_for="programme_data (your own, dropped in)",
    caveats=(
        _OURS,
        "Not everybody who injects has an opioid dependence, and not everybody on treatment injects: no coverage.",
    ),
    references=("Larney 2017",),
)


def _share(
    id: str, number: str, title: str, question: str, numerator: str, denominator: str, **more: object
) -> IndicatorCard:
    plain = {"targets": (), "caveats": (_OURS,), "references": (_CDC,), "polarity": "higher"} | more
    return IndicatorCard(
        id=id,
        number=number,
        title=f"{title}, own programme data",
        question=question,
        numerator=numerator,
        numerator_type="programme",
        denominator=denominator,
        denominator_type="tested",
        unit="percent",
        interval_method="Wilson, of counts that are rounded to 5",
        suppression_rule=_RULE,
        waits_for="programme_data (your own, dropped in)",
        **plain,  # type: ignore[arg-type]
    )


UNEXPECTED = _share(
    "drug_checking_unexpected",
    "34",
    "Samples with unexpected contents",
    "How often does a drug hold something other than its buyer expects?",
    "Samples that held something unexpected",
    "Samples checked",
    polarity="none",
    caveats=(_OURS, "People choose what they bring: samples are not the drug supply."),
    references=("drug checking services' own reports",),
)
VIRAL_TESTED = _share(
    "hcv_cascade_viral_tested",
    "26",
    "Hepatitis C cascade: tested for RNA",
    "Do people with signs of hepatitis C get the test that tells whether they have it now?",
    "People tested for RNA",
    "People ever infected",
)
INITIAL_INFECTION = _share(
    "hcv_cascade_initial_infection",
    "26",
    "Hepatitis C cascade: RNA found",
    "How many of the people tested have hepatitis C?",
    "People in whom RNA was found",
    "People tested for RNA",
    polarity="none",
)
CLEARED = _share(
    "hcv_cascade_cured_or_cleared",
    "26",
    "Hepatitis C cascade: cured or cleared",
    "How many of the people who had hepatitis C no longer have it?",
    "People cured or who cleared the virus",
    "People in whom RNA was found",
    targets=(Target(80.0, 2030, _CDC, True),),
)
SHARES = (
    (UNEXPECTED, "drug_checking_samples_unexpected", "drug_checking_samples"),
    (VIRAL_TESTED, "hcv_viral_tested", "hcv_ever_infected"),
    (INITIAL_INFECTION, "hcv_initial_infection", "hcv_viral_tested"),
    (CLEARED, "hcv_cured_or_cleared", "hcv_initial_infection"),
)
CARDS = (KITS, SYRINGES_PER_CLIENT, OAT_PER_PWID, *(card for card, _, _ in SHARES))


def compute(measures: Measures) -> pd.DataFrame:
    """Make the rows of the indicators that only services' own counts tell.

    Grain: indicator, area, period, strata. They are for the places of the services, whatever else is known there.
    """
    return pd.concat(
        [
            _kits(measures),
            _per_client(measures),
            _oat_per_pwid(measures),
            *(own_share(card, measures, part, whole) for card, part, whole in SHARES),
        ],
        ignore_index=True,
    )


def behind(official: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Add own programme data where no official source has a row; official figures are never replaced.

    Args:
        official: Indicator rows from official sources.
        own: Rows of the same indicator from own programme data.
    """
    return pd.concat([official, own], ignore_index=True).drop_duplicates(GRAIN, keep="first", ignore_index=True)


def _kits(measures: Measures) -> pd.DataFrame:
    kits = measures.read("naloxone_kits_distributed", OWN, calendar_year=True, total=True)
    people = measures.read("resident_population", RESIDENTS, calendar_year=True, total=True)
    frame = beside(kits, people, "people")
    return ratio(KITS, frame, "people", 100_000, "kits / resident population")


def _per_client(measures: Measures) -> pd.DataFrame:
    syringes = measures.read("syringes_distributed", OWN, calendar_year=True, total=True)
    clients = measures.read("nsp_clients", OWN, calendar_year=True, total=True)
    return ratio(SYRINGES_PER_CLIENT, beside(syringes, clients, "clients"), "clients", 1, "syringes / clients")


def _oat_per_pwid(measures: Measures) -> pd.DataFrame:
    clients = measures.read("oat_clients", OWN, calendar_year=True, total=True)
    size = measures.read("people_who_inject_drugs", OWN, calendar_year=True, total=True)
    return covered(
        OAT_PER_PWID,
        with_newest(clients, size),
        "people",
        100,
        "people on OAT / people who inject drugs; range of the denominator",
    )
