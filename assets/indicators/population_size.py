"""How many people inject drugs: what several estimates say together, and what a study's counts say."""

import pandas as pd

from assets.indicators.measures import PLACE_AND_TIME, Measures
from assets.indicators.rows import indicator_rows, provenance, remark
from assets.indicators.shares import OLDEST_SIZE_ESTIMATE_YEARS, OURS, OWN, beside, own_card, published_card
from epi.population_size import capture_recapture, combine_sizes, multiplier
from schemas.indicators import IndicatorCard

SOURCES = ("unaids_gam", "unaids_kp_atlas", "unodc_annex", "programme_data")
_REFERENCES = ("WHO and UNAIDS 2010", "UNAIDS, Global AIDS Monitoring, indicator 1.2C")
_QUESTION = "How many people inject drugs?"
_WAITS = "own programme data, template size-study (dropped in)"


def _study(id: str, title: str, over: str, of: str, interval: str, *caveats: str) -> IndicatorCard:
    return own_card(
        id, "36", title, _QUESTION, over, of, denominator_type="tested", unit="people", polarity="none",
        interval_method=interval, caveats=(OURS, *caveats), references=_REFERENCES, waits_for=_WAITS,
    )  # fmt: skip


CONSENSUS = published_card(
    "pwid_population_size_consensus", "36", "Number of people who inject drugs, estimates combined", _QUESTION,
    "Newest estimate of each source", "none", numerator_type="population", denominator_type="none", unit="people",
    polarity="none", interval_method="random effects on the log scale (DerSimonian and Laird), from published limits",
    caveats=(
        "Only where two sources give different estimates with limits, at most five years apart; the same estimate in "
        "two publications is counted once.",
        "Sources share studies and biases: the limits are no cure for that.",
        "The remark tells the ratio of the largest to the smallest estimate, and I squared.",
    ),
    references=(*_REFERENCES, "DerSimonian and Laird 1986"),
    waits_for="two of unaids_gam, unaids_kp_atlas, unodc_annex and own data with limits (live or dropped in)",
)  # fmt: skip
RECAPTURE = _study(
    "pwid_population_size_recapture", "Number of people who inject drugs by capture and recapture",
    "People on the first list x people on the second", "People on both",
    "Chao's log-normal limits of Chapman's estimate",
    "Lists that refer to one another make it too small.",
)  # fmt: skip
MULTIPLIER = _study(
    "pwid_population_size_multiplier", "Number of people who inject drugs by multiplier", "People served by a service",
    "Share of a survey who say that it served them", "Wilson interval of the share, turned over",
    "Without the survey's design effect, so that the interval is too narrow for a respondent-driven sample.",
)  # fmt: skip
CARDS: tuple[IndicatorCard, ...] = (CONSENSUS, RECAPTURE, MULTIPLIER)


def compute(measures: Measures) -> pd.DataFrame:
    """Make the rows on the number of people who inject drugs.

    Grain: indicator, area, period, strata.
    """
    return pd.concat([_consensus(measures), _recapture(measures), _multiplier(measures)], ignore_index=True)


def _consensus(measures: Measures) -> pd.DataFrame:
    """Combine the newest estimate of each source; the row is of the year of the newest of all."""
    every = [measures.read("people_who_inject_drugs", (source,), calendar_year=True, total=True) for source in SOURCES]
    rows = pd.concat(every, ignore_index=True)
    rows = rows[(rows["status"] == "reported") & (rows["lower"] > 0) & (rows["upper"] > rows["lower"])]
    rows = rows.sort_values("period_end", kind="stable").drop_duplicates(["source_id", "area_id"], keep="last")
    newest = rows.groupby("area_id")["period_end"].transform("max")
    rows = rows[newest.dt.year - rows["period_end"].dt.year <= OLDEST_SIZE_ESTIMATE_YEARS]
    rank = rows["source_id"].map({name: number for number, name in enumerate(SOURCES)})
    rows = rows.assign(rank=rank).sort_values(["area_id", "rank"], kind="stable")
    rows = rows.drop_duplicates(["area_id", "value", "lower", "upper"])
    rows = rows[rows.groupby("area_id")["source_id"].transform("size") > 1].reset_index(drop=True)
    pooled = combine_sizes(rows, by="area_id")
    last = rows.sort_values("period_end", kind="stable").groupby("area_id", as_index=False).agg(
        period_start=("period_start", "last"), period_end=("period_end", "last"),
        is_provisional=("is_provisional", "any"),
    )  # fmt: skip
    named = rows.groupby("area_id", as_index=False).agg(
        source_ids=("source_id", "+".join), release=("release", "+".join)
    )
    found = pooled.merge(last, on="area_id", validate="1:1").merge(named, on="area_id", validate="1:1")
    apart = "largest / smallest " + found["largest_to_smallest"].round(1).astype("str")
    spread = "I squared " + found["heterogeneity_pct"].round(0).astype("str").str.removesuffix(".0") + " %"
    number = found["estimates"].astype("int64").astype("str") + " estimates"
    overlap = pd.Series("", index=found.index, dtype="str").mask(
        ~found["overlap"].astype("bool"), "limits do not overlap"
    )
    return indicator_rows(
        CONSENSUS,
        found.assign(
            strata="all", status="reported", lower_95=found["lower"], upper_95=found["upper"],
            reason=remark(number, apart, spread, overlap), method="random effects of log estimates",
        ),
    )  # fmt: skip


def _counts(measures: Measures, first: str, **others: str) -> pd.DataFrame:
    """Put a study's counts beside each other, with what is hidden in any and the sources of all."""
    both = measures.read(first, OWN, calendar_year=True, total=True)
    for name, measure in others.items():
        both = beside(both, measures.read(measure, OWN, calendar_year=True, total=True), name)
    status = both["status"]
    for name in others:
        status = status.mask(status == "reported", both[f"status_{name}"])
    return both.assign(strata="all", status=status, **provenance(both, *others))


def _study_rows(card: IndicatorCard, both: pd.DataFrame, estimate: pd.DataFrame, method: str) -> pd.DataFrame:
    nothing = (both["status"] == "reported") & estimate["value"].isna()
    why = estimate["reason"].str.replace("_", " ")
    return indicator_rows(
        card,
        both.assign(
            value=estimate["value"], lower_95=estimate["lower"], upper_95=estimate["upper"], method=method,
            status=both["status"].mask(nothing, "not_applicable"), reason=remark(why.where(nothing, ""), both["note"]),
        ),
    )  # fmt: skip


def _recapture(measures: Measures) -> pd.DataFrame:
    both = _counts(measures, "size_first_list", second="size_second_list", both="size_both_lists")
    shared = both["value_both"].clip(upper=both[["value", "value_second"]].min(axis=1))
    estimate = capture_recapture(both["value"], both["value_second"], shared)
    return _study_rows(RECAPTURE, both[PLACE_AND_TIME + _KEPT], estimate, "Chapman's estimate; Chao's limits")


def _multiplier(measures: Measures) -> pd.DataFrame:
    both = _counts(measures, "size_people_served", asked="size_survey_asked", served="size_survey_served")
    said = both["value_served"].clip(upper=both["value_asked"])
    estimate = multiplier(both["value"], said, both["value_asked"])
    return _study_rows(MULTIPLIER, both[PLACE_AND_TIME + _KEPT], estimate, "people served / share of the survey served")


_KEPT = ["strata", "status", "is_provisional", "note", "source_ids", "release"]
