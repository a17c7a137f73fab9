"""Equity: how groups fare beside a reference group, whether the gap closes, and how far places lie apart."""

import numpy as np
import pandas as pd

from assets.indicators import gaps
from assets.indicators.age_groups import disjoint
from assets.indicators.rows import (
    NORMAL_QUANTILE,
    indicator_rows,
    part_of,
    remark,
    standard_errors,
    with_part,
    without_part,
)
from epi.equity import inequality
from epi.rates import rate_difference, rate_ratio
from schemas.indicators import IndicatorCard

REFERENCES = {
    "sex": ("female",),
    "race_ethnicity": (
        "Non-Hispanic White",
        "White, non-Hispanic",
        "single race: White, not Hispanic",
        "bridged: White, not Hispanic",
    ),
    "age_group": ("25-34", "25-64", "25+", "26+"),
}
"""Kind of group, and the group that the others are held against, as each source writes it.

Bridged and single races are two classifications: a group of one is only held against the reference of the same. An age
group is only held against a reference that shares no year of age with it."""

ERAS = ("bridged: ", "single race: ", "gap: ")
"""How a race group's name begins where its classification changed: bridged to 2020, the gap of 2021, single since."""

FEWEST_PLACES = 5
DRAWS = 1_000
UNIT_OF_VALUE = "unit of the value"
_WHO = ("WHO, Health Equity Assessment Toolkit", "Schlotheuber and Hosseinpoor 2022, summary measures of inequality")
_BOTH_ARMS = "both groups must be shown; the publisher's rules hold for each"
_GROUPS_DIFFER = (
    "A ratio says nothing of the size of the problem, a difference nothing of its proportion: read both.",
    "Groups differ in age too, where the rates are not age-adjusted.",
)


def _card(id: str, number: str, title: str, question: str, unit: str, interval: str, **more: object) -> IndicatorCard:
    plain: dict[str, object] = {
        "numerator": "Value of the group",
        "numerator_type": "rate",
        "denominator": "Value of the reference group",
        "denominator_type": "value",
        "polarity": "none",
        "suppression_rule": _BOTH_ARMS,
        "caveats": _GROUPS_DIFFER,
        "references": ("CDC, MMWR 71(29): rate ratios by race and ethnicity", *_WHO),
    }
    return IndicatorCard(id, number, title, question, unit=unit, interval_method=interval, **{**plain, **more})  # type: ignore[arg-type]


_WAITS = "nchs_drug_poisoning or another source with groups (live or dropped in)"
RATIO = _card(
    "group_ratio", "41", "Ratio between groups", "How many times as high is the value of one group as of another?",
    "ratio", "exact conditional where both counts are known; log-normal from both intervals otherwise",
    waits_for=_WAITS,
)  # fmt: skip
DIFFERENCE = _card(
    "group_difference", "41", "Difference between groups", "How much higher is the value of one group than of another?",
    UNIT_OF_VALUE, "Poisson limits combined where both counts are known; from both intervals otherwise",
    waits_for=_WAITS,
)  # fmt: skip


def _between(measure: str, id: str, title: str, unit: str) -> tuple[str, IndicatorCard]:
    return measure, _card(
        id, "42", title, "How far apart are the states or provinces of a country?", unit,
        f"{DRAWS:,} draws of each place's value from its interval; reflected quantiles",
        numerator="Values of the places",
        denominator="Their population",
        denominator_type="population",
        polarity="lower",
        suppression_rule="places whose value is hidden are left out and counted in the remark",
        caveats=(
            "Places are groups of people who live together, not groups of equal need.",
            "Chance alone makes small places differ: the limits allow for it, and the remark names places left out.",
        ),
        references=_WHO,
    )  # fmt: skip


BETWEEN_PLACES = dict(
    (
        _between(
            "index_of_disparity_weighted_pct", "disparity_between_places", "Index of disparity between places",
            "percent",
        ),
        _between("theil_index", "theil_between_places", "Theil index between places", "index"),
        _between(
            "between_group_standard_deviation", "spread_between_places", "Standard deviation between places",
            UNIT_OF_VALUE,
        ),
        _between(
            "population_attributable_fraction_pct", "excess_over_best_place",
            "Share of the value in excess of the best place", "percent",
        ),
    )
)  # fmt: skip
CARDS = (RATIO, DIFFERENCE, *gaps.CARDS, *BETWEEN_PLACES.values())


def compute(values: pd.DataFrame) -> pd.DataFrame:
    """Compare the groups of every indicator that has them, follow their gaps, and compare the places of death rates.

    Grain: area, period, and in ``strata`` the indicator and the group.

    Args:
        values: Indicator rows.
    """
    groups = _groups(values)
    return pd.concat([groups, gaps.trends(groups), gaps.slopes(values), _places(values)], ignore_index=True)


def _groups(values: pd.DataFrame) -> pd.DataFrame:
    pairs = [
        _against_reference(values, kind, reference)
        for kind, references in REFERENCES.items()
        for reference in references
    ]
    both = pd.concat(pairs, ignore_index=True)
    shown = (both["status"] == "reported") & (both["status_reference"] == "reported")
    counted = shown & both[["numerator", "denominator", "numerator_reference", "denominator_reference"]].notna().all(
        axis=1
    )
    # Only crude rates are counts over people; a standardised rate is compared by its interval.
    counted &= np.isclose(both["value"] * both["denominator"], both["numerator"] * both["per"], rtol=1e-6)
    shared = {
        "strata": with_part(both["named"], "of", both["indicator_id"]),
        "status": both["status"].where(both["status"] != "reported", both["status_reference"]),
        "reason": remark("against " + both["reference"], both["reason"]),
        "numerator": both["value"],
        "denominator": both["value_reference"],
        "is_provisional": both["is_provisional"] | both["is_provisional_reference"],
        "series_break": both["series_break"].where(both["series_break"] != "", both["series_break_reference"]),
    }
    rows = both.assign(**shared)
    hidden = rows["status"] != "reported"
    rows[["numerator", "denominator"]] = rows[["numerator", "denominator"]].mask(hidden)
    events, people = both["numerator"], both["denominator"]
    events_reference, people_reference = both["numerator_reference"], both["denominator_reference"]
    exact_ratio = rate_ratio(events, people, events_reference, people_reference)
    exact_difference = rate_difference(events, people, events_reference, people_reference, per=1)
    log_ratio, plain = _from_intervals(both)
    ratio, difference = log_ratio.copy(), plain.copy()
    for limit in ("lower", "upper"):
        ratio[limit] = ratio[limit].mask(counted, exact_ratio[limit])
        difference[limit] = difference[limit].mask(counted, exact_difference[limit] * both["per"])
    nothing = shown & ratio["value"].isna()
    ratio_status = rows["status"].mask(nothing, "not_applicable")
    method = pd.Series("from both intervals", index=both.index).mask(counted, "from both counts")
    return pd.concat(
        [
            indicator_rows(
                RATIO,
                rows.assign(
                    value=ratio["value"], lower_95=ratio["lower"], upper_95=ratio["upper"], status=ratio_status,
                    method="ratio; limits " + method,
                ),
            ),
            indicator_rows(
                DIFFERENCE,
                rows.assign(
                    value=difference["value"], lower_95=difference["lower"], upper_95=difference["upper"],
                    method="difference; limits " + method,
                ),
                unit=rows["unit"],
            ),
        ],
        ignore_index=True,
    )  # fmt: skip


def _against_reference(values: pd.DataFrame, kind: str, reference: str) -> pd.DataFrame:
    """Put each group beside the reference group of the same indicator, place, period and other groups."""
    keys = ["indicator_id", "area_id", "period_start", "period_end", "_others"]
    part = part_of(values["strata"], kind)
    # Only the group's own rows: an empty frame would take over the index of what is assigned to it.
    grouped = values[part.notna()].assign(_group=part.dropna())
    grouped = grouped.assign(_others=without_part(grouped["strata"], kind), reference=f"{kind} {reference}")
    columns = ["value", "lower_95", "upper_95", "numerator", "denominator", "status", "is_provisional", "series_break"]
    base = grouped[grouped["_group"] == reference][[*keys, *columns]]
    rest = grouped[grouped["_group"] != reference]
    if kind == "age_group":
        # A count by age says nothing without the people of that age; overlapping ages are no two groups.
        compared = rest["unit"].str.contains(" per ") | (rest["unit"] == "percent")
        rest = rest[compared & disjoint(rest["_group"], reference)]
    if kind == "race_ethnicity":
        era = next((name for name in ERAS if reference.startswith(name)), "")
        rest = rest[rest["_group"].map(lambda name: next((each for each in ERAS if name.startswith(each)), "")) == era]
    both = rest.merge(base, on=keys, suffixes=("", "_reference"), validate="m:1")
    # A group of two kinds, such as women of one race, is compared along each: the kind then has to be named.
    several = pd.concat([part_of(both["_others"], other).notna() for other in REFERENCES if other != kind], axis=1).any(
        axis=1
    )
    named = both["strata"].mask(several, with_part(both["strata"], "compared_by", pd.Series(kind, index=both.index)))
    units = pd.Series(both["unit"].unique(), dtype="str")
    multipliers = units.str.extract(r"per ([\d,]+)", expand=False).str.replace(",", "").astype("float64")
    per = both["unit"].map(dict(zip(units, multipliers, strict=True))).astype("float64")
    return both.assign(per=per.fillna(np.nan), named=named)


def _from_intervals(both: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give ratio and difference with limits from the standard errors that both intervals stand for."""
    value, base = both["value"], both["value_reference"].where(both["value_reference"] > 0)
    ours = standard_errors(both)
    theirs = standard_errors(
        both[["value_reference", "lower_95_reference", "upper_95_reference"]].rename(
            columns=lambda name: name.removesuffix("_reference")
        )
    )
    ratio = value / base
    spread = NORMAL_QUANTILE * np.sqrt((ours / value.where(value > 0)) ** 2 + (theirs / base) ** 2)
    difference = value - both["value_reference"]
    width = NORMAL_QUANTILE * np.sqrt(ours**2 + theirs**2)
    return (
        pd.DataFrame({"value": ratio, "lower": ratio * np.exp(-spread), "upper": ratio * np.exp(spread)}),
        pd.DataFrame({"value": difference, "lower": difference - width, "upper": difference + width}),
    )


def _places(values: pd.DataFrame) -> pd.DataFrame:
    rates = values["unit"].str.startswith("deaths per ") & values["period"].str.fullmatch(r"\d{4}")
    # Parts of one country and one level: US-CA, CA-BC; not cities, counties or groups of states.
    part = values["area_id"].str.fullmatch(r"(US|CA|GB)-[A-Z]{2,3}") & (values["area_id"] != "US-NYC")
    rows = values[rates & part].assign(
        country=values["area_id"].str.slice(0, 2).map({"US": "USA", "CA": "CAN", "GB": "GBR"}),
    )
    keys = ["indicator_id", "country", "strata", "period", "period_start", "period_end"]
    shown = (rows["status"] == "reported") & rows["denominator"].notna()
    hidden = (~shown).groupby([rows[name] for name in keys]).sum().rename("hidden").reset_index()
    kept = rows[shown]
    enough = kept.groupby(keys)["area_id"].transform("size") >= FEWEST_PLACES
    kept = kept[enough]
    if kept.empty:
        return indicator_rows(RATIO, kept.assign(is_provisional=False))
    found = inequality(
        kept, by=keys, group="area_id", population="denominator", lower="lower_95", upper="upper_95",
        measures=list(BETWEEN_PLACES), draws=DRAWS,
    )  # fmt: skip
    last = kept.groupby(keys, as_index=False).agg(
        source_ids=("source_ids", "first"),
        release=("release", "first"),
        is_provisional=("is_provisional", "any"),
        unit=("unit", "first"),
    )
    found = found.merge(last, on=keys, validate="m:1").merge(hidden, on=keys, how="left", validate="m:1")
    places = found["groups"].astype("int64").astype("str") + " places"
    without = (", " + found["hidden"].astype("int64").astype("str") + " left out").where(found["hidden"] > 0, "")
    found = found.assign(
        area_id=found["country"],
        strata=with_part(found["strata"], "rate", found["indicator_id"]),
        lower_95=found["lower"],
        upper_95=found["upper"],
        status=np.where(found["value"].notna(), "reported", "not_applicable"),
        reason=remark(places + without, found["reason"]),
        method="weighted by population; limits from draws of each place's interval",
    )
    # WHO gives the attributable part as best less mean, so below zero for harm; said as an excess it is above.
    excess = found["measure"] == "population_attributable_fraction_pct"
    turned = {"value": "value", "lower_95": "upper_95", "upper_95": "lower_95"}
    found = found.assign(**{name: found[name].mask(excess, -found[other]) for name, other in turned.items()})
    parts = []
    for measure, card in BETWEEN_PLACES.items():
        rows = found[found["measure"] == measure].reset_index(drop=True)
        parts.append(indicator_rows(card, rows, unit=rows["unit"] if card.unit == UNIT_OF_VALUE else None))
    return pd.concat(parts, ignore_index=True)
