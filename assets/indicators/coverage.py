"""Coverage of services in the terms that figures leave open: syringes, reach, access, drug checking."""

import pandas as pd

from assets.indicators.infections import as_published
from assets.indicators.measures import PLACE_AND_TIME, Measures, pair
from assets.indicators.rows import indicator_rows, with_part
from assets.indicators.shares import (
    OURS,
    OWN,
    beside,
    covered,
    own_card,
    own_share,
    published_card,
    ratio,
    with_newest,
)
from schemas.indicators import IndicatorCard

SYRINGE_BANDS = {"legacy": (100.0, 200.0), "strategy": (200.0, 300.0)}
"""Edges of low, medium and high, by set; a value on an edge is in the band above it. ``legacy``: low under 100 and 200
recommended were seen, medium and the edges were not; ``strategy``: the targets for 2020 and 2030."""

_GAM = "UNAIDS, Global AIDS Monitoring"
_PRV = "WHO digital adaptation kit"
_RANGE = "range of the denominator: numerator / high estimate to numerator / low estimate"


def _waits(template: str) -> str:
    return f"own programme data, template {template} (dropped in)"


BAND = published_card(
    "syringe_coverage_band", "29", "Level of syringe distribution per person who injects drugs",
    "Is syringe distribution low, medium or high?", "Band of the published ratio", "none",
    unit="band: 1 low, 2 medium, 3 high", denominator_type="none", numerator_type="value",
    interval_method="bands of the published limits, where they are",
    caveats=(
        "Two sets of bands side by side, under 100 and 200 (legacy) and 200 and 300 (strategy); a value on an edge is "
        "in the band above. How official bands treat their edges, and the legacy medium band, were not verified.",
    ),
    references=(f"{_GAM}, indicator 1.9", "Larney 2017", "WHO Global health sector strategy 2016-2021"),
)  # fmt: skip
PER_REACHED = published_card(
    "syringes_per_person_reached", "29", "Syringes distributed per person reached by prevention",
    "How many syringes are there for each person whom programmes reach?",
    "Needles and syringes distributed by programmes in the year",
    "People who inject drugs x share reached by at least two interventions", numerator_type="programme",
    denominator_type="reached", unit="syringes per person reached per year", interval_method=_RANGE,
    caveats=(
        "The third denominator: read it beside the ratio per person who injects drugs and per client, never joined.",
        "The targets of 200 and 300 are per person in the population: not set against this.",
    ),
    references=("Global Fund, indicator KP-4", f"{_GAM}, indicators 1.6C and 1.9"),
    waits_for="unaids_gam with coverage of prevention (live or dropped in)",
)  # fmt: skip
REACHED = published_card(
    "prevention_coverage_pwid", "30", "People who inject drugs reached by prevention",
    "How many people who inject drugs do HIV prevention programmes reach?",
    "People reached by at least two interventions in three months", "People who inject drugs asked",
    caveats=("Survey answers or programme records, by country.", "Global AIDS Monitoring before the Key Populations "
             "Atlas; a change of source is a break."),
    references=(f"{_GAM}, indicator 1.6C",), waits_for="unaids_gam or unaids_kp_atlas (live or dropped in)",
)  # fmt: skip
NSP_REACH = own_card(
    "nsp_reach", "30", "Reach of syringe programmes", "How many people who inject drugs use a syringe programme?",
    "Different people served in the year", "People who inject drugs, own estimate at most five years older",
    denominator_type="population", interval_method=_RANGE, references=(f"{_PRV}, PRV.8",), waits_for=_waits("nsp"),
)  # fmt: skip
NSP_MONTHLY = own_card(
    "nsp_monthly_access", "30", "Regular access to syringe programmes",
    "How many people who inject drugs use a syringe programme in an average month?",
    "Different people served in each month, mean over the months of the year", "People who inject drugs, own estimate",
    denominator_type="population", interval_method=_RANGE, references=(f"{_PRV}, PRV.9",), waits_for=_waits("nsp"),
    caveats=(OURS, "Only years with twelve months that can be shown."),
)  # fmt: skip
INDIVIDUAL = own_card(
    "syringe_coverage_of_injections", "31", "Injections covered by sterile syringes",
    "Do people have a sterile syringe for each injection?", "Sterile syringes kept for own use", "Injections",
    denominator_type="tested", interval_method="none: totals of a survey do not tell how people differ",
    caveats=(OURS, "Above 100 % is possible and kept: some have more syringes than injections."),
    references=("O'Keefe 2019",), waits_for=_waits("syringe-survey"),
)  # fmt: skip
FULLY_COVERED = own_card(
    "people_with_full_syringe_coverage", "31", "People with a sterile syringe for every injection",
    "How many people who inject drugs have enough syringes?", "People with at least as many syringes as injections",
    "Participants who injected", references=("O'Keefe 2019",), waits_for=_waits("syringe-survey"),
)  # fmt: skip
ACCESS = own_card(
    "people_within_reach", "33", "People within reach of a service", "Do people live near a service?",
    "People within reach of the service", "People looked at: residents, or people who inject drugs",
    denominator_type="population", interval_method="none: everybody was counted", references=("own definition",),
    caveats=(OURS, "What is within reach is set by who fills in the template: compare places with care."),
    waits_for=_waits("access"),
)  # fmt: skip
SAMPLES = own_card(
    "drug_checking_samples_checked", "34", "Samples checked by drug checking", "How much is drug checking used?",
    "Samples checked", "none", denominator_type="none", unit="samples", polarity="none",
    interval_method="none: a count",
    caveats=(OURS, "People choose what they bring: samples are not the drug supply."),
    references=("drug checking services' own reports",), waits_for=_waits("drug-checking"),
)  # fmt: skip
CARDS: tuple[IndicatorCard, ...] = (
    BAND, PER_REACHED, REACHED, NSP_REACH, NSP_MONTHLY, INDIVIDUAL, FULLY_COVERED, ACCESS, SAMPLES,
)  # fmt: skip
_OFFICIAL = ("unaids_gam", "unaids_kp_atlas")


def compute(measures: Measures) -> pd.DataFrame:
    """Make the rows on syringes, reach, access and drug checking.

    Grain: indicator, area, period, strata.
    """
    samples = measures.read("drug_checking_samples", OWN, total=True)
    counted = samples.assign(
        strata="all", numerator=samples["value"], method="count, rounded to 5", reason=samples["note"],
        source_ids=samples["source_id"],
    )  # fmt: skip
    injections = beside(
        measures.read("survey_syringes_kept", OWN, total=True),
        measures.read("survey_injections", OWN, total=True),
        "injections",
    )
    return pd.concat(
        [
            _bands(measures),
            _per_reached(measures),
            as_published(REACHED, measures, "prevention_coverage_pwid_pct", _OFFICIAL),
            *_reach(measures),
            ratio(INDIVIDUAL, injections, "injections", 100, "syringes kept / injections"),
            own_share(FULLY_COVERED, measures, "survey_people_covered", "survey_people_injecting"),
            _access(measures),
            indicator_rows(SAMPLES, counted),
        ],
        ignore_index=True,
    )


def band(value: pd.Series, edges: tuple[float, float]) -> pd.Series:
    """Give 1, 2 or 3 for low, medium and high; a value on an edge is in the band above it, a missing one in none."""
    return (1.0 + (value >= edges[0]) + (value >= edges[1])).where(value.notna())


def _bands(measures: Measures) -> pd.DataFrame:
    rows = measures.read("syringes_per_pwid", ("unaids_gam",), calendar_year=True, total=True)
    parts = []
    for name, edges in SYRINGE_BANDS.items():
        group = pd.Series("all", index=rows.index, dtype="str")
        parts.append(
            rows.assign(
                strata=with_part(group, "bands", pd.Series(name, index=rows.index, dtype="str")),
                value=band(rows["value"], edges),
                lower_95=band(rows["lower"], edges),
                upper_95=band(rows["upper"], edges),
                numerator=rows["value"],
                method=f"low under {edges[0]:g}, medium under {edges[1]:g}, high from there",
                reason=rows["note"],
                source_ids=rows["source_id"],
            )
        )
    return indicator_rows(BAND, pd.concat(parts, ignore_index=True))


def _per_reached(measures: Measures) -> pd.DataFrame:
    """Divide syringes by the people reached: of the year, with the newest number of people who inject drugs."""
    syringes = measures.read("syringes_distributed", ("emcdda_bulletin", "unaids_gam"), calendar_year=True, total=True)
    share = measures.read("prevention_coverage_pwid_pct", _OFFICIAL, calendar_year=True, total=True)
    size = measures.read("people_who_inject_drugs", ("unaids_gam",), calendar_year=True, total=True)
    both = with_newest(pair(syringes, share, PLACE_AND_TIME, "share", how="inner"), size)
    part = both["value_share"] / 100
    reached = {f"{name}_people": both[f"{name}_people"] * part for name in ("value", "lower", "upper")}
    hidden = both["status"].mask(both["status"] == "reported", both["status_share"])
    return covered(
        PER_REACHED,
        both.assign(**reached, status=hidden),
        "people",
        1,
        "syringes / (people who inject drugs x share reached); range of the number of people",
        ("share",),
    )


def _reach(measures: Measures) -> list[pd.DataFrame]:
    size = measures.read("people_who_inject_drugs", OWN, calendar_year=True, total=True)
    clients = measures.read("nsp_clients", OWN, months=1, total=True)
    yearly = measures.read("nsp_clients", OWN, calendar_year=True, total=True)
    monthly = clients[clients["status"] == "reported"]
    year = monthly["period_end"].dt.year
    whole = monthly.groupby([monthly["area_id"], year])["value"].transform("size") == 12
    complete = monthly[whole].assign(year=year[whole])
    mean = complete.groupby(["area_id", "year"], as_index=False).agg(
        period_end=("period_end", "max"), value=("value", "mean"), release=("release", "max"),
        source_id=("source_id", "first"), is_provisional=("is_provisional", "any"),
    )  # fmt: skip
    january = pd.to_datetime(mean["year"].astype("str") + "-01-01").astype("datetime64[us]")
    mean = mean.assign(status="reported", note="", period_start=january)
    method = "clients / people who inject drugs; range of the denominator"
    return [
        covered(NSP_REACH, with_newest(yearly, size), "people", 100, method),
        covered(NSP_MONTHLY, with_newest(mean, size), "people", 100, f"mean of twelve months' {method}"),
    ]


def _access(measures: Measures) -> pd.DataFrame:
    people = measures.read("access_people", OWN, calendar_year=True, total=True)
    parts = []
    for service in ("nsp", "oat", "naloxone"):
        both = beside(measures.read(f"access_people_{service}", OWN, calendar_year=True, total=True), people, "people")
        group = pd.Series(f"service={service}", index=both.index, dtype="str")
        parts.append(ratio(ACCESS, both.assign(strata=group), "people", 100, "people within reach / people looked at"))
    return pd.concat(parts, ignore_index=True)
