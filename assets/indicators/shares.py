"""One measure over another, as many indicators are made: what is hidden in either hides the value."""

import pandas as pd

from assets.indicators.measures import PLACE_AND_TIME, Measures, pair
from assets.indicators.rows import indicator_rows, provenance, remark
from epi.coverage import coverage
from epi.intervals import binomial_interval
from schemas.indicators import IndicatorCard

OWN = ("programme_data",)
OLDEST_SIZE_ESTIMATE_YEARS = 5
OWN_RULE = "own data: 1-9 hidden, with what would tell them; others rounded to 5; audited"
OURS = "Own programme data of the services that sent files; no official figure."
EXCEEDS = "exceeds population: more than 100 % of it; numerator and denominator disagree"


def published_card(
    id: str, number: str, title: str, question: str, over: str, of: str, **more: object
) -> IndicatorCard:
    """Make the card of a share that its publisher calculates; ``more`` sets any other field."""
    plain: dict[str, object] = {
        "numerator": over,
        "denominator": of,
        "numerator_type": "tested",
        "denominator_type": "tested",
        "unit": "percent",
        "polarity": "higher",
        "interval_method": "limits as published; Wilson where the number tested is published; else none",
        "suppression_rule": "none: published national figures",
    }
    return IndicatorCard(id, number, title, question, **{**plain, **more})  # type: ignore[arg-type]


def own_card(id: str, number: str, title: str, question: str, over: str, of: str, **more: object) -> IndicatorCard:
    """Make the card of a share that services' own counts tell; ``more`` sets any other field."""
    plain: dict[str, object] = {
        "numerator_type": "programme",
        "interval_method": "Wilson, of counts that are rounded to 5",
        "suppression_rule": OWN_RULE,
        "caveats": (OURS,),
    }
    return published_card(id, number, f"{title}, own programme data", question, over, of, **{**plain, **more})


def own_share(card: IndicatorCard, measures: Measures, part: str, whole: str) -> pd.DataFrame:
    """Make the rows of a part of a whole from services' own counts, with Wilson limits.

    Args:
        card: The indicator's card, in percent.
        measures: All measures.
        part: Measure above the line; never more than ``whole`` but for rounding.
        whole: Measure below it.
    """
    frame = beside(measures.read(part, OWN, total=True), measures.read(whole, OWN, total=True), "whole")
    # Rounding apart can lift a part a little over its whole.
    counted = frame["value"].where(frame["value"] <= frame["value_whole"], frame["value_whole"])
    lower, upper = binomial_interval(counted, frame["value_whole"])
    limited = frame.assign(value=counted.where(frame["value"].notna()), lower_95=100 * lower, upper_95=100 * upper)
    return ratio(card, limited, "whole", 100, "part / whole; Wilson interval")


def beside(first: pd.DataFrame, second: pd.DataFrame, name: str) -> pd.DataFrame:
    """Put a second measure beside a first, only where both have a row of the place and period."""
    return pair(first, second, PLACE_AND_TIME, name, how="inner").reset_index(drop=True)


def with_newest(frame: pd.DataFrame, sizes: pd.DataFrame, name: str = "people") -> pd.DataFrame:
    """Put the newest estimate of a population beside each row: of its year, or at most five years older.

    Args:
        frame: Rows of a measure.
        sizes: Rows of the estimate; those that are not reported are left out.
        name: What the estimate is, for its column names; ``size_year`` tells its year.
    """
    columns = ["value", "lower", "upper", "status", "is_provisional", "source_id", "release", "note"]
    known = sizes[sizes["status"] == "reported"]
    known = known.assign(size_end=known["period_end"]).sort_values("size_end")
    known = known[["area_id", "size_end", *columns]].rename(columns={each: f"{each}_{name}" for each in columns})
    found = pd.merge_asof(
        frame.sort_values("period_end", kind="stable"), known, left_on="period_end", right_on="size_end", by="area_id"
    )
    found = found.assign(size_year=found["size_end"].dt.year)
    recent = found["period_end"].dt.year - found["size_year"] <= OLDEST_SIZE_ESTIMATE_YEARS
    kept: pd.DataFrame = found[recent].sort_values(["area_id", "period_end"], ignore_index=True)
    return kept


def covered(
    card: IndicatorCard, frame: pd.DataFrame, name: str, per: float, method: str, others: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Make the rows of a coverage, with the range that the limits of its denominator leave.

    Args:
        card: The indicator's card.
        frame: What ``with_newest`` or ``beside`` gave, with the limits of the denominator where it has them.
        name: The denominator's name in the columns.
        per: 100 for percent, 1 for units per person.
        method: How value and interval were found.
        others: Names of further measures that the value rests on.
    """
    low, high = frame[f"lower_{name}"], frame[f"upper_{name}"]
    limits = coverage(frame["value"], frame[f"value_{name}"], low, high, per=per)
    limited = frame.assign(
        lower_95=limits["lower"], upper_95=limits["upper"], denominator_low=low, denominator_high=high
    )
    return ratio(card, limited, name, per, method, others)


def ratio(
    card: IndicatorCard, frame: pd.DataFrame, name: str, per: float, method: str, others: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Divide two measures; what is hidden in either hides the ratio, and more than 100 % is kept and told.

    Args:
        card: The indicator's card.
        frame: Columns of the first measure, and of the second ending in ``_<name>``; limits where they are known.
        name: The second measure's name in the columns.
        per: What the quotient is multiplied by.
        method: How value and interval were found.
        others: Names of further measures that the value rests on.
    """
    below = frame[f"value_{name}"]
    status = frame["status"].mask(frame["status"] == "reported", frame[f"status_{name}"])
    empty = (status == "reported") & ~(below > 0)
    value = per * frame["value"] / below.where(below > 0)
    reason = frame["note"] if "reason" not in frame else frame["reason"]
    group = frame.get("strata", "all")
    return indicator_rows(
        card,
        frame.assign(
            strata=group,
            numerator=frame["value"].where(status == "reported"),
            denominator=below,
            value=value,
            method=method,
            status=status.mask(empty, "not_applicable"),
            reason=remark(exceeding(value, per), reason).mask(empty, "nobody to divide by"),
            is_provisional=_any_early(frame, name, *others),
            **provenance(frame, name, *others),
        ),
    )


def _any_early(frame: pd.DataFrame, *names: str) -> pd.Series:
    early = frame["is_provisional"]
    for name in names:
        early = early | frame[f"is_provisional_{name}"].fillna(False).astype("bool")
    return early


def exceeding(value: pd.Series, per: float = 100) -> pd.Series:
    """Say of percents above 100 that they exceed the population; they are kept as they are."""
    words = pd.Series("", index=value.index, dtype="str")
    return words.mask(value > 100, EXCEEDS) if per == 100 else words
