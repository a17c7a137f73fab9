"""From rows of UNAIDS' tables of numbers to observations, each record accounted for."""

import numpy as np
import pandas as pd

from assets.reading import parse_number
from assets.source import refused_records, tidy_observations
from schemas.areas import is_known_aggregate, resolve
from schemas.measures import MEASURES
from schemas.sources import unaids_gam as layout

Indicators = dict[str, layout.Indicator]
Subgroups = dict[str, tuple[str, str, str]]

_KEY = ["measure_id", "area_id", "year", "sex", "age_group", "population_group"]
_FEWEST_TO_JUDGE_A_UNIT = 20


def meaning(
    frame: pd.DataFrame, indicators: Indicators = layout.INDICATORS, subgroups: Subgroups = layout.SUBGROUPS
) -> dict[str, pd.Series]:
    """Give measure, population, sex, age, part of the estimate, area and year; null where not known."""
    gid, subgroup = frame["gid"], frame["subgroup"]
    for (published, virus), key in layout.HEPATITIS.items():
        prefix = f"HEPATITIS_{virus}_"
        of_virus = frame["gid"].eq(published) & frame["subgroup"].str.startswith(prefix)
        gid = gid.mask(of_virus, key)
        subgroup = subgroup.mask(of_virus, frame["subgroup"].str.removeprefix(prefix))
    by_code = resolve(frame["area_code"].where(frame["area_code"].str.fullmatch("[A-Z]{3}")))
    by_name = resolve(frame["area"])
    regional = frame["area"].str.lower().isin(layout.AGGREGATES) | is_known_aggregate(frame["area"]) | by_name.eq("WLD")
    contradict = by_code.notna() & by_name.notna() & by_code.ne(by_name)
    return {
        "gid": gid,
        "subgroup": subgroup,
        "unit_id": frame["unit"].str.upper().map(layout.UNITS),
        "measure_id": gid.map({key: indicator.measure_id for key, indicator in indicators.items()}),
        "population_group": gid.map({key: indicator.population_group for key, indicator in indicators.items()}),
        "sex": subgroup.map({key: meaning[0] for key, meaning in subgroups.items()}),
        "age_group": subgroup.map({key: meaning[1] for key, meaning in subgroups.items()}),
        "part": subgroup.map({key: meaning[2] for key, meaning in subgroups.items()}),
        "area_id": by_name.fillna(by_code).mask(contradict),
        "regional": regional,
        "note": _remarks(frame),
        "year_text": frame["year"],
        "year": pd.to_numeric(frame["year"].where(frame["year"].str.fullmatch(r"(19|20)\d\d"))),
    }


def _remarks(frame: pd.DataFrame) -> pd.Series:
    """Give the footnote in one line, the rounded value where it says only a bound, and the denominator."""
    footnote = frame["footnote"].str.replace(r"\s+", " ", regex=True).str.strip(' "').str.slice(0, 200)
    shown = frame["formatted"]
    bound = ("published as " + shown).where(shown.str.match("[<>]"), "")
    denominator = frame["denominator"]
    people = ("denominator " + denominator).where(~denominator.isin(layout.MISSING), "")
    return (footnote + "; " + bound + "; " + people).str.replace(r"(; )+", "; ", regex=True).str.strip("; ")


class Sieve:
    """Records on their way to observations; each step takes out, by count or with the reason, those that end there."""

    def __init__(
        self,
        rows: pd.DataFrame,
        release_year: int,
        indicators: Indicators = layout.INDICATORS,
        subgroups: Subgroups = layout.SUBGROUPS,
    ) -> None:
        """Start with every record; a year after the release's is not plausible."""
        self.rows = rows
        self.indicators = indicators
        self.subgroups = subgroups
        self.release_year = release_year
        self.dropped: dict[str, int] = {}
        self.refused: list[pd.DataFrame] = []
        self.notes: dict[str, str] = {}

    def drop(self, mask: pd.Series, reason: str) -> None:
        """Take out records that are documented as not wanted."""
        if mask.any():
            self.dropped[reason] = self.dropped.get(reason, 0) + int(mask.sum())
            self.rows = self.rows[~mask]

    def refuse(self, mask: pd.Series, column: str, value: str, code: str, reason: str) -> None:
        """Take out records that cannot be read; ``column`` is as published, ``value`` names the text's column here."""
        if mask.any():
            bad = self.rows[mask]
            names = bad["value_column"] if column == "value" else column
            text = bad[value].fillna("").astype("str")
            found = bad.assign(file=bad["_file"], row=bad["_row"], column=names, value=text)
            self.refused.append(refused_records(found[["file", "row", "column", "value"]], code=code, reason=reason))
            self.rows = self.rows[~mask]

    def drop_other_topics(self) -> None:
        """Drop by id what is not about people who inject drugs or people in prison; most of the file."""
        gid = self.rows["gid"]
        ours = gid.str.startswith(("PWID", "PRISON", "IDU_")) & ~gid.str.startswith("PRISON_HAS_")
        self.drop(~ours & gid.str.match("Q_|PRISON_HAS_"), "answer to a policy question")
        self.drop(~ours.reindex(self.rows.index), "indicator of another topic")

    def drop_undefined(self) -> None:
        """Give the records their meaning, and drop what is not mapped, not one country or not defined."""
        self.rows = self.rows.assign(**meaning(self.rows, self.indicators, self.subgroups))
        unknown = self.rows["measure_id"].isna()
        if unknown.any():
            self.notes["indicators_not_read"] = ", ".join(sorted(self.rows.loc[unknown, "gid"].unique()))
        self.drop(unknown, "indicator of the topic that is not mapped to a measure")
        self.drop(self.rows["regional"], "region or group of countries")
        subgroup = self.rows["subgroup"]
        self.drop(subgroup.str.match(r"CATEGORY\d+$"), "category that the publisher does not define")
        fine = self.rows["subgroup"].str.startswith("TRANS") & self.rows["part"].isna()
        self.drop(fine, "part of the transgender subgroup")

    def refuse_unreadable(self) -> None:
        """Set aside unknown units, subgroups, areas and years."""
        needles = self.rows["gid"].eq(layout.NEEDLES) & self.rows["unit_id"].eq("NUMBER")
        expected = self.rows["gid"].map({key: indicator.unit for key, indicator in self.indicators.items()})
        reason = "expected the indicator's own unit (Percent, Number or Rate), found another"
        self.refuse(self.rows["unit_id"].ne(expected) & ~needles, "Unit", "unit", "unexpected_unit", reason)
        reason = f"expected one of {', '.join(self.subgroups)}, found another subgroup"
        self.refuse(self.rows["part"].isna(), "Subgroup_Val_GId", "subgroup", "unknown_subgroup", reason)
        reason = "expected a country, found a name or code that is not known or that contradict each other"
        self.refuse(self.rows["area_id"].isna(), "Area", "area", "unknown_area", reason)
        year = self.rows["year"]
        reason = "expected one calendar year of four digits, found something else"
        self.refuse(year.isna(), "Time Period", "year_text", "bad_period", reason)
        reason = f"expected a year up to the release's ({self.release_year}), found a later one"
        self.refuse(self.rows["year"] > self.release_year, "Time Period", "year_text", "future_period", reason)

    def read_values(self) -> None:
        """Read numbers; an empty value is not collected, a text or a bound alone is set aside."""
        text, shown = self.rows["text"], self.rows["formatted"]
        missing = text.isin(layout.MISSING)
        reason = "expected a number in Data value, found only a formatted text, which may be rounded or a bound"
        self.refuse(missing & ~shown.isin(layout.MISSING), "Formatted", "formatted", "formatted_only", reason)
        values, bad = parse_number(self.rows["text"].mask(self.rows["text"].isin(layout.MISSING), ""))
        reason = "expected a decimal number, found something else"
        self.rows = self.rows.assign(value=values)
        self.refuse(bad, "value", "text", "not_a_number", reason)

    def check_units(self) -> None:
        """Set aside values that contradict their unit, and tell yearly counts of syringes from rates per person."""
        self._tell_counts_of_syringes()
        percent = self.rows["unit_id"].eq("PERCENT")
        shown, _ = parse_number(self.rows["formatted"].str.replace(r"[%\s]", "", regex=True))
        value = self.rows["value"]
        fraction = percent & (value <= 1) & ((shown - 100 * value).abs() < 0.51) & ((shown - value).abs() > 0.51)
        positive = self.rows[percent & self.rows["part"].eq("value") & value.notna()].groupby("gid")["value"]
        all_low = positive.agg(["size", "max"]).query(f"size >= {_FEWEST_TO_JUDGE_A_UNIT} and 0 < max <= 1").index
        fraction |= percent & self.rows["gid"].isin(all_low) & value.notna()
        reason = "expected percent (0 to 100), found fractions (0 to 1)"
        self.refuse(fraction, "value", "text", "fraction_not_percent", reason)
        most = self.rows["measure_id"].map({key: card.most for key, card in MEASURES.items()}).astype("float64")
        most = most.mask(self.rows["unit_id"].eq("PERCENT"), 100.0)
        outside = (self.rows["value"] < 0) | (self.rows["value"] > most)
        self.refuse(outside, "value", "text", "out_of_range", "expected 0 to 100 for percent and no negative number")

    def _tell_counts_of_syringes(self) -> None:
        """The indicator is titled per person yet comes under the unit Number too: the values' size says which it is."""
        number = self.rows["gid"].eq(layout.NEEDLES) & self.rows["unit_id"].eq("NUMBER")
        if not number.any():
            return
        counts = bool(self.rows.loc[number, "value"].median() > layout.MOST_SYRINGES_PER_PERSON)
        large = self.rows["value"] > layout.MOST_SYRINGES_PER_PERSON
        reading = "syringes distributed in the year" if counts else "syringes per person who injects drugs"
        self.notes["needles_under_unit_number"] = f"read as {reading}, by the size of their values"
        if counts:
            measure = self.rows["measure_id"].mask(number, layout.COUNT_OF_NEEDLES.measure_id)
            self.rows = self.rows.assign(measure_id=measure)
            contradicts = number & ~large & (self.rows["value"] > 0)
        else:
            note = ("published under the unit Number; " + self.rows["note"]).str.strip("; ")
            self.rows = self.rows.assign(note=self.rows["note"].mask(number, note))
            contradicts = number & large
        reason = f"expected {reading}, as the other values under this unit are, found one that fits a different unit"
        self.refuse(contradicts, "value", "text", "unit_unclear", reason)

    def check_duplicates(self) -> None:
        """Keep one of equal records, and set aside all of those that contradict each other."""
        key = [*_KEY, "part"]
        value = self.rows["value"].fillna(-1.0)
        repeated = self.rows.duplicated(key, keep=False)
        different = value.groupby([self.rows[name] for name in key]).transform("nunique") > 1
        reason = "expected one value for this measure, area, year and group, found several that differ"
        self.refuse(repeated & different, "value", "text", "conflicting_duplicate", reason)
        self.drop(self.rows.duplicated(key), "exact duplicate of another record")

    def join_limits(self) -> pd.DataFrame:
        """Fold published lower and upper estimates into their estimate's row, and give the observations."""
        self.drop(self.rows["part"].ne("value") & self.rows["value"].isna(), "limit without a number")
        estimates = self.rows[self.rows["part"].eq("value")].set_index(_KEY)["value"].rename("estimate")
        joined = self.rows.join(estimates, on=_KEY, validate="many_to_one")
        has_estimate = pd.MultiIndex.from_frame(self.rows[_KEY]).isin(estimates.index)
        lone = self.rows["part"].ne("value") & ~has_estimate
        beyond = joined["part"].eq("lower") & (joined["value"] > joined["estimate"])
        beyond |= joined["part"].eq("upper") & (joined["value"] < joined["estimate"])
        reason = "expected an estimate beside its limit, found none"
        self.refuse(lone, "value", "text", "limit_without_estimate", reason)
        reason = "expected the limit on its side of the estimate, found it on the other"
        self.refuse(beyond.reindex(self.rows.index), "value", "text", "limit_excludes_estimate", reason)
        rows = self.rows[self.rows["part"].eq("value")]
        for part in ("lower", "upper"):
            limits = self.rows[self.rows["part"].eq(part)].set_index(_KEY)["value"].rename(part)
            rows = rows.join(limits, on=_KEY, validate="one_to_one")
        self.drop(self.rows["part"].ne("value"), "limit joined to its estimate")
        return _observations(rows)


def _observations(rows: pd.DataFrame) -> pd.DataFrame:
    """Give the rows the observation columns."""
    years = rows["year"].astype("int64").astype("str")
    status = pd.Series(np.where(rows["value"].isna(), "not_collected", "reported"), index=rows.index)
    full = rows.assign(
        period_start=pd.to_datetime(years + "-01-01"),
        period_end=pd.to_datetime(years + "-12-31"),
        status=status,
        is_provisional=False,
    )
    return tidy_observations(full)
