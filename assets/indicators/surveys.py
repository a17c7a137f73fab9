"""Surveys of people who inject drugs in Great Britain: injection-site infections, recent injecting, age."""

import pandas as pd

from assets.indicators.age_groups import written
from assets.indicators.measures import PLACE_AND_TIME, Measures
from assets.indicators.rows import indicator_rows
from assets.indicators.shares import beside, published_card, ratio
from epi.intervals import binomial_interval
from schemas.indicators import IndicatorCard

_SOURCE = ("ukhsa_uam_nesi",)
_REFERENCE = "UKHSA, Unlinked Anonymous Monitoring survey; Needle Exchange Surveillance Initiative (Scotland)"
_WAITS = "ukhsa_uam_nesi (dropped in)"
_CAVEAT = "People who come to drug services or syringe programmes: not all people who inject drugs."
NEW_YEARS = 3

INFECTION = published_card(
    "injection_site_infection", "32", "Symptoms of an injection-site infection in the past year",
    "How many people have an abscess, sore or open wound where they inject?", "People reporting symptoms",
    "People who answered", polarity="lower", interval_method="Wilson",
    caveats=(_CAVEAT, "Stands beside sterile equipment at last injection: what unsafe injecting leads to."),
    references=(_REFERENCE,), waits_for=_WAITS,
)  # fmt: skip
UNTREATED = published_card(
    "injection_site_infection_untreated", "32", "Injection-site infections without health care",
    "How many people with symptoms seek no health care?", "People with symptoms who sought no health care",
    "People with symptoms who answered", polarity="lower", interval_method="Wilson", caveats=(_CAVEAT,),
    references=(_REFERENCE,), waits_for=_WAITS,
)  # fmt: skip
STILL_INJECTING = published_card(
    "injected_past_year_share", "36", "People of the survey who injected in the past year",
    "How many of those who ever injected still do?", "People who injected in the past year",
    "People who answered", polarity="none", interval_method="Wilson", caveats=(_CAVEAT,), references=(_REFERENCE,),
    waits_for=_WAITS,
)  # fmt: skip
NEW = published_card(
    "new_injecting_share", "36", f"People who began to inject within {NEW_YEARS} years",
    "How many people have begun to inject lately?", f"People injecting for less than {NEW_YEARS} years",
    "People of the survey who inject drugs", polarity="lower",
    interval_method="none: the number of people asked is not published", caveats=(_CAVEAT,), references=(_REFERENCE,),
    waits_for=_WAITS,
)  # fmt: skip
AGE = published_card(
    "pwid_median_years", "36", "Age and years of injecting, median", "How old are people who inject drugs, and for "
    "how long have they injected?", "Median of the people asked", "none", denominator_type="none", unit="years",
    numerator_type="value", polarity="none", interval_method="none: quartiles of people stand in the remark",
    caveats=(_CAVEAT, "Age at first injection is by the year of the first injection, not of the survey."),
    references=(_REFERENCE,), waits_for=_WAITS,
)  # fmt: skip
CARDS: tuple[IndicatorCard, ...] = (INFECTION, UNTREATED, STILL_INJECTING, NEW, AGE)

_MEDIANS = {
    "age": "pwid_age", "years_of_injecting": "pwid_injecting_duration", "age_at_first_injection":
    "pwid_first_injection_age",
}  # fmt: skip


def compute(measures: Measures) -> pd.DataFrame:
    """Make the rows of the surveys.

    Grain: indicator, area, year; in ``strata`` which median.
    """
    people = measures.read("pwid_survey_participants", _SOURCE, calendar_year=True)
    of = {str(group): rows for group, rows in people.groupby("population_group")}
    return pd.concat(
        [
            _share(INFECTION, people, of, "injection_site_infection", "asked_of_injection_site_infection"),
            _share(UNTREATED, people, of, "injection_site_infection_untreated", "asked_of_treatment_of_infection"),
            _still_injecting(people, of),
            _new(measures),
            *(_median(measures, name, measure) for name, measure in _MEDIANS.items()),
        ],
        ignore_index=True,
    )


def _share(
    card: IndicatorCard, people: pd.DataFrame, of: dict[str, pd.DataFrame], part: str, whole: str
) -> pd.DataFrame:
    """Divide the people who say yes by those who answered."""
    empty = people.iloc[:0]
    frame = beside(of.get(part, empty), of.get(whole, empty), "whole")
    low, high = binomial_interval(frame["value"], frame["value_whole"])
    limited = frame.assign(lower_95=100 * low, upper_95=100 * high)
    return ratio(card, limited, "whole", 100, "100 x people / people who answered; Wilson interval")


def _still_injecting(people: pd.DataFrame, of: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Divide by yes and no together; people of whom it is not known are left out."""
    empty = people.iloc[:0]
    yes, no = of.get("injected_past_year", empty), of.get("not_injected_past_year", empty)
    both = beside(yes, no, "no")
    asked = both.assign(
        value=both["value"] + both["value_no"],
        status=both["status"].where(both["status"] != "reported", both["status_no"]),
    )
    return _share(STILL_INJECTING, people, {"yes": yes, "asked": asked[yes.columns]}, "yes", "asked")


def _new(measures: Measures) -> pd.DataFrame:
    """Add up the shares of people injecting for less than three years, where each of them is given."""
    rows = measures.read("pwid_injecting_duration_share_pct", _SOURCE, calendar_year=True)
    years = rows["population_group"].str.extract(r"^injecting_for_(\d+)_years$", expand=False).astype("float64")
    known = rows[(years < NEW_YEARS) & (rows["status"] == "reported")]
    sums = known.groupby(PLACE_AND_TIME, as_index=False).agg(
        value=("value", "sum"), parts=("value", "size"), source_ids=("source_id", "first"),
        release=("release", "max"), is_provisional=("is_provisional", "any"),
    )  # fmt: skip
    # A year of injecting that nobody of the survey had is left out of the table, so fewer parts are no gap.
    return indicator_rows(
        NEW,
        sums.assign(
            strata="all", status="reported", reason="", method=f"sum of the shares of 0 to {NEW_YEARS - 1} years"
        ),
    )


def _median(measures: Measures, name: str, measure: str) -> pd.DataFrame:
    keys = [*PLACE_AND_TIME, "population_group"]
    rows, low, high = (
        measures.read(f"{measure}_{part}_years", _SOURCE, calendar_year=True)
        for part in ("median", "lower_quartile", "upper_quartile")
    )
    both = rows
    for part, quartile in (("low", low), ("high", high)):
        both = both.merge(
            quartile[[*keys, "value"]].rename(columns={"value": part}), on=keys, how="left", validate="1:1"
        )
    words = "quartiles " + written(both["low"], "{:g}") + " to " + written(both["high"], "{:g}")
    group = ("of=" + both["population_group"] + ";which=" + name).where(
        both["population_group"] != "all", "which=" + name
    )
    note = both["note"].fillna("")
    return indicator_rows(
        AGE,
        both.assign(
            strata=group.astype("str"),
            method="median as published",
            reason=words.where(note == "", words + "; " + note),
            source_ids=both["source_id"],
        ),
    )
