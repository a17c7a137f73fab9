"""From rows of UNAIDS' policy questions to observations: words become 1, 0 or the reason why there is no answer."""

import re
from dataclasses import dataclass

import pandas as pd

from assets.reading import parse_number
from assets.source import refused_records, tidy_observations
from assets.tidying import first_faults, set_aside, without_duplicates
from assets.unaids_records import meaning
from schemas.observations import TIDY_COLUMNS
from schemas.sources import unaids_gam, unaids_ncpi

_KEY = ["measure_id", "area_id", "period_start", "period_end", "population_group"]
_YES_OR_NO = r"^(yes|no)(?:$|\s*[,;:.(])"


@dataclass(frozen=True)
class Answers:
    """What was read of the answers, each record in one of the three."""

    observations: pd.DataFrame
    quarantine: pd.DataFrame
    dropped: dict[str, int]


def read_answers(rows: pd.DataFrame, groups: dict[str, str], release_year: int) -> Answers:
    """Turn answers to known questions into observations.

    Args:
        rows: Rows of a bulk table whose ``gid`` is one of the questions.
        groups: Who answered: UNAIDS' id of the subgroup, and the population group it becomes.
        release_year: Year of the release; an answer for a later year is not plausible.
    """
    if rows.empty:
        return Answers(tidy_observations(pd.DataFrame(columns=TIDY_COLUMNS)), refused_records(), {})
    known = meaning(rows, {}, {})
    regional = known["regional"]
    records = _records(rows, known, groups)[~regional]
    faults = _faults(records, release_year, groups)
    kept, conflicting, repeated = without_duplicates(records[faults["code"] == ""], _KEY, "_column")
    dropped = {"region or group of countries": int(regional.sum())} if regional.any() else {}
    return Answers(
        tidy_observations(kept.drop(columns=["_file", "_row", "_column"])),
        pd.concat([set_aside(records, faults), conflicting], ignore_index=True),
        dropped | repeated,
    )


def _records(rows: pd.DataFrame, known: dict[str, pd.Series], groups: dict[str, str]) -> pd.DataFrame:
    missing = (*unaids_gam.MISSING, "NaN", "nan")
    shown = rows["formatted"].mask(rows["formatted"].isin(missing), "")
    answer = shown.where(shown != "", rows["text"].mask(rows["text"].isin(missing), ""))
    counted = rows["gid"].isin(unaids_ncpi.COUNTS)
    number, not_number = parse_number(rows["text"].mask(rows["text"].isin(missing), "").where(counted, ""))
    word = answer.str.lower().str.strip(" .")
    yes_or_no = answer.str.extract(_YES_OR_NO, flags=re.IGNORECASE)[0].str.lower()
    value = yes_or_no.map({"yes": 1.0, "no": 0.0}).mask(counted, number)
    no_answer = word.map(unaids_ncpi.NO_ANSWER).mask(answer == "", "not_collected")
    longer = yes_or_no.notna() & ~word.isin(["yes", "no"])
    note = ("answered: " + answer.str.slice(0, 160) + "; " + known["note"]).str.strip("; ")
    years = known["year"].map("{:.0f}".format, na_action="ignore")
    return pd.DataFrame(
        {
            "_file": rows["_file"],
            "_row": rows["_row"],
            "_column": "Formatted",
            "value_text": answer,
            "measure_id": rows["gid"].map(unaids_ncpi.MEASURES),
            "Area": rows["area"],
            "area_id": known["area_id"],
            "Time Period": rows["year"],
            "year": known["year"],
            "Subgroup_Val_GId": rows["subgroup"],
            "population_group": rows["subgroup"].map(groups),
            "period_start": pd.to_datetime(years + "-01-01", errors="coerce"),
            "period_end": pd.to_datetime(years + "-12-31", errors="coerce"),
            "value": value,
            "unreadable": (~counted & value.isna() & no_answer.isna()) | not_number,
            "counted": counted,
            "status": no_answer.mask(value.notna(), "reported").fillna("not_collected"),
            "is_provisional": False,
            "note": known["note"].mask(longer, note),
        }
    )


def _faults(records: pd.DataFrame, release_year: int, groups: dict[str, str]) -> pd.DataFrame:
    uncounted = records["counted"] & ((records["value"] < 0) | (records["value"] % 1 > 0))
    known = ", ".join(groups)
    return first_faults(
        [
            ("unknown_area", "Area", records["area_id"].isna(), "expected a country, found an unknown name or code"),
            ("bad_period", "Time Period", records["year"].isna(), "expected one calendar year, found something else"),
            (
                "future_period",
                "Time Period",
                records["year"] > release_year,
                "expected a year up to the release's, found a later one",
            ),
            (
                "unknown_subgroup",
                "Subgroup_Val_GId",
                records["population_group"].isna(),
                f"expected one of {known}, found another respondent",
            ),
            (
                "answer_not_known",
                "",
                records["unreadable"],
                "expected Yes, No, a number where one is asked, or a word for no answer, found another answer",
            ),
            ("out_of_range", "", uncounted, "expected a whole number of 0 or more, found another"),
        ]
    )
