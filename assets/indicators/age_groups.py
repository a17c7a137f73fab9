"""Ages and other parts: counts put into broader bands, sums that keep why a part has no value, standard weights."""

import numpy as np
import pandas as pd

from assets.indicators.measures import PLACE_AND_TIME
from assets.standards import weights
from schemas.observations import GROUP_COLUMNS

_SUMMED = ["value", "status", "is_provisional", "source_id", "release", "note", "parts"]


def bounds(age_group: str) -> tuple[int, float]:
    """Give first and last completed year of age of a label such as 15-24, 0 or 75+.

    Args:
        age_group: Label; the last year of an open-ended one is infinite.
    """
    if age_group.endswith("+"):
        return int(age_group[:-1]), float("inf")
    first, _, last = age_group.partition("-")
    return int(first), float(last or first)


def age_columns(age_group: pd.Series) -> pd.DataFrame:
    """Give ``age_start`` and ``age_end`` of labels, the end of an open-ended one null, as ``epi.life`` wants them.

    Args:
        age_group: Labels such as 15-24 or 75+.
    """
    found = {label: bounds(label) for label in age_group.unique()}
    ends = age_group.map({label: last for label, (_, last) in found.items()}).astype("float64")
    return pd.DataFrame(
        {
            "age_start": age_group.map({label: first for label, (first, _) in found.items()}).astype("float64"),
            "age_end": ends.where(np.isfinite(ends)),
        }
    )


def band_of(age_group: pd.Series, bands: tuple[str, ...]) -> pd.Series:
    """Give the band that holds each age group whole; missing for an age group in none of them.

    Args:
        age_group: Labels such as 25-29.
        bands: Labels of bands that do not overlap, such as 25-64.
    """
    spans = {band: bounds(band) for band in bands}
    holding = {
        label: next((band for band, span in spans.items() if _within(bounds(label), span)), None)
        for label in age_group.unique()
        if label[:1].isdigit()
    }
    return age_group.map(holding).astype("str").where(lambda found: found.isin(bands))


def disjoint(age_group: pd.Series, reference: str) -> pd.Series:
    """Tell of labels whether they share no year of age with a reference; a label that is no age shares none.

    Args:
        age_group: Labels such as 15-24.
        reference: Label such as 25+.
    """
    first, last = bounds(reference)
    spans = {label: bounds(label) for label in age_group.unique() if label[:1].isdigit()}
    apart = {label: start > last or end < first for label, (start, end) in spans.items()}
    return age_group.map(lambda label: apart.get(label, True)).astype("bool")


def _within(inner: tuple[float, float], outer: tuple[float, float]) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def band_weights(standard_id: str, bands: tuple[str, ...]) -> dict[str, float]:
    """Add up a standard population over bands; the ages outside them are left out of the standard.

    Args:
        standard_id: As in ``assets.standards``.
        bands: Labels of bands that each hold whole age groups of the standard.

    Raises:
        ValueError: An age group of the standard reaches over the edge of a band.
    """
    standard = weights(standard_id)
    band = band_of(standard["age_group"], bands)
    torn = [
        label
        for label in standard["age_group"][band.isna()]
        if any(bounds(label)[0] <= bounds(each)[1] and bounds(each)[0] <= bounds(label)[1] for each in bands)
    ]
    if torn:
        raise ValueError(
            f"expected bands that hold whole age groups of {standard_id}; found {torn[0]}, which reaches over an edge "
            f"of {', '.join(bands)}. Take a standard with finer age groups."
        )
    sums = standard["weight"].groupby(band).sum()
    return {name: float(sums[name]) for name in bands}


def summed(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Add up counts; a sum is not reported where a part of it is not, and then has that part's status.

    Grain: the columns of ``by``; ``parts`` is how many rows went in. Counts of one source only: the newest release of
    its parts is named.

    Args:
        rows: Observations of one source.
        by: Columns that name the sum.
    """
    silent = rows.assign(_silent=rows["status"] != "reported")
    first = silent.sort_values("_silent", ascending=False, kind="stable").drop_duplicates(by)
    groups = silent.groupby(by, sort=False)
    total = groups.agg(
        value=("value", "sum"),
        is_provisional=("is_provisional", "any"),
        release=("release", "max"),
        parts=("value", "size"),
    ).reset_index()
    found = first[[*by, "status", "source_id", "note"]].merge(total, on=by, validate="1:1")
    return found.assign(value=found["value"].where(found["status"] == "reported"))[[*by, *_SUMMED]]


def joined(left: pd.DataFrame, right: pd.DataFrame, on: list[str], name: str) -> pd.DataFrame:
    """Put people beside sums of counts, on explicit keys, keeping only where both are; columns end in ``_<name>``.

    Args:
        left: Counts.
        right: People, unique on the keys.
        on: Keys.
        name: What the second is.
    """
    kept = ["value", "status", "is_provisional", "source_id", "release", "note"]
    renamed = right[[*on, *kept]].rename(columns={column: f"{column}_{name}" for column in kept})
    return left.merge(renamed, on=on, how="inner", validate="m:1")


def group_keys(*without: str) -> list[str]:
    """Give the columns that name an observation's place, time and group, without some of them.

    Args:
        without: Columns left out.
    """
    return [column for column in [*PLACE_AND_TIME, *GROUP_COLUMNS] if column not in without]


def written(numbers: pd.Series, form: str) -> pd.Series:
    """Write numbers for a remark, as text also where there are none.

    Args:
        numbers: Numbers.
        form: Such as ``{:.1f}``.
    """
    return numbers.map(form.format).astype("str")
