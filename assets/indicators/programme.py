"""Own programme data: what services count themselves, set against the people they are there for."""

import pandas as pd

from assets.indicators.measures import PLACE_AND_TIME, Measures, pair
from assets.indicators.rows import indicator_rows, provenance
from epi.coverage import coverage
from epi.intervals import binomial_interval
from schemas.indicators import GRAIN, IndicatorCard, Target

OWN = ("programme_data",)
RESIDENTS = ("census_population", "cdc_wonder", "un_population")
_OLDEST_SIZE_ESTIMATE_YEARS = 5
_HIDDEN = "none: a count of everything the services gave"
_RULE = "own data: 1-9 hidden, with what would tell them; others rounded to 5; audited"
_OURS = "Own programme data of the services that sent files; no official figure."
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
            *(_shares(card, measures, part, whole) for card, part, whole in SHARES),
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
    frame = _both(kits, people, "people")
    return _ratio(KITS, frame, "people", 100_000, "kits / resident population")


def _per_client(measures: Measures) -> pd.DataFrame:
    syringes = measures.read("syringes_distributed", OWN, calendar_year=True, total=True)
    clients = measures.read("nsp_clients", OWN, calendar_year=True, total=True)
    return _ratio(SYRINGES_PER_CLIENT, _both(syringes, clients, "clients"), "clients", 1, "syringes / clients")


def _oat_per_pwid(measures: Measures) -> pd.DataFrame:
    clients = measures.read("oat_clients", OWN, calendar_year=True, total=True)
    size = measures.read("people_who_inject_drugs", OWN, calendar_year=True, total=True)
    size = size[size["status"] == "reported"].assign(size_end=size["period_end"]).sort_values("size_end")
    columns = ["area_id", "size_end", "value", "lower", "upper", "status", "is_provisional", "source_id", "release"]
    frame = pd.merge_asof(
        clients.sort_values("period_end"),
        size[columns],
        left_on="period_end",
        right_on="size_end",
        by="area_id",
        suffixes=("", "_people"),
    )
    age = frame["period_end"].dt.year - frame["size_end"].dt.year
    frame = frame[age <= _OLDEST_SIZE_ESTIMATE_YEARS].reset_index(drop=True)
    limits = coverage(frame["value"], frame["value_people"], frame["lower_people"], frame["upper_people"])
    return _ratio(
        OAT_PER_PWID,
        frame.assign(
            lower_95=100 * limits["lower"],
            upper_95=100 * limits["upper"],
            denominator_low=frame["lower_people"],
            denominator_high=frame["upper_people"],
        ),
        "people",
        100,
        "people on OAT / people who inject drugs; range of the denominator",
    )


def _shares(card: IndicatorCard, measures: Measures, part: str, whole: str) -> pd.DataFrame:
    frame = _both(measures.read(part, OWN, total=True), measures.read(whole, OWN, total=True), "whole")
    # Rounding apart can lift a part a little over its whole.
    counted = frame["value"].where(frame["value"] <= frame["value_whole"], frame["value_whole"])
    lower, upper = binomial_interval(counted, frame["value_whole"])
    return _ratio(
        card,
        frame.assign(value=counted.where(frame["value"].notna()), lower_95=100 * lower, upper_95=100 * upper),
        "whole",
        100,
        "part / whole; Wilson interval",
    )


def _both(first: pd.DataFrame, second: pd.DataFrame, name: str) -> pd.DataFrame:
    return pair(first, second, PLACE_AND_TIME, name, how="inner").reset_index(drop=True)


def _ratio(card: IndicatorCard, frame: pd.DataFrame, name: str, per: float, method: str) -> pd.DataFrame:
    """Divide two measures; what is hidden in either hides the ratio."""
    below = frame[f"value_{name}"]
    status = frame["status"].mask(frame["status"] == "reported", frame[f"status_{name}"])
    empty = (status == "reported") & ~(below > 0)
    return indicator_rows(
        card,
        frame.assign(
            strata="all",
            numerator=frame["value"].where(status == "reported"),
            denominator=below,
            value=per * frame["value"] / below.where(below > 0),
            method=method,
            status=status.mask(empty, "not_applicable"),
            reason=frame["note"].mask(empty, "nobody to divide by"),
            is_provisional=frame["is_provisional"] | frame[f"is_provisional_{name}"].fillna(False).astype("bool"),
            **provenance(frame, name),
        ),
    )
