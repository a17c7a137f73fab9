"""Quality of the data as indicators: how complete, how late, how often revised, how old the denominators."""

import pandas as pd

from assets.indicators.measures import PLACE_AND_TIME, Measures, strata
from assets.indicators.rows import indicator_rows, with_part
from epi.timeliness import revision_summary
from schemas.indicators import IndicatorCard, Target
from schemas.observations import GROUP_COLUMNS

DAYS_PER_YEAR = 365.25
FIRST_LOOK_DAYS = 366
# Counts whose delay and revisions matter: what surveillance publishes again and again.
FOLLOWED = ("overdose_deaths", "overdose_deaths_predicted", "opioid_deaths", "drug_poisoning_deaths")
_VSRR = "NCHS, Vital Statistics Rapid Release, Report 006"
_EPIPROCESS = "Delphi epiprocess: revision analysis (definitions)"


def _card(id: str, number: str, title: str, question: str, unit: str, **more: object) -> IndicatorCard:
    plain: dict[str, object] = {
        "numerator": title,
        "numerator_type": "records",
        "denominator": "none",
        "denominator_type": "none",
        "polarity": "lower",
        "interval_method": "none: a fact about the data",
        "suppression_rule": "none: a fact about the data",
        "caveats": (),
        "references": (_EPIPROCESS,),
    }
    return IndicatorCard(id, number, title, question, unit=unit, **{**plain, **more})  # type: ignore[arg-type]


COMPLETENESS = _card(
    "death_records_completeness", "45", "Completeness of death records", "How much of the period has been reported?",
    "percent", numerator="Death records received", denominator="Death records expected", denominator_type="deaths",
    polarity="higher", references=(_VSRR,), waits_for="cdc_vsrr (live or dropped in)",
    targets=(Target(90.0, None, f"{_VSRR}: no claim below 90 % complete (registry of indicators)", False),),
    caveats=("Complete records can still await their cause of death: read it with the share pending.",),
)  # fmt: skip
PENDING = _card(
    "deaths_pending_investigation", "45", "Death records whose cause is pending",
    "How many deaths still await their cause?", "percent", numerator="Records pending investigation",
    denominator="Death records received", denominator_type="deaths", references=(_VSRR,),
    waits_for="cdc_vsrr (live or dropped in)",
    caveats=("Overdose deaths wait longer than others, so even a small share hides many of them.",),
)  # fmt: skip
LAG = _card(
    "reporting_lag", "45", "Days from the end of a period to its release",
    "How old is the newest figure when it comes out?", "days", numerator="Release date less last day of the period",
    caveats=("The newest period of each place; release dates of transcribed figures are those of the publication.",),
)  # fmt: skip
REVISION = _card(
    "revision_spread", "45", "Spread of a figure over its releases", "How far do figures move after they come out?",
    "percent", numerator="Largest less smallest value over all releases kept",
    waits_for="a second release of cdc_vsrr or another source (live or dropped in)",
    denominator="Newest value", denominator_type="value",
    caveats=("Only releases that are kept count: the more are kept, the larger it can be.",),
)  # fmt: skip
ESTIMATE_AGE = _card(
    "pwid_estimate_age", "46", "Age of the estimate of people who inject drugs",
    "How old is the number that coverage is divided by?", "years",
    numerator="Date of the release less the year of the estimate",
    references=("WHO and UNAIDS 2010, guidelines on estimating the size of populations most at risk to HIV",),
    caveats=(
        "Measured at the release it was taken from: it has grown older since. UNAIDS asks for a new estimate every "
        "five years (Global AIDS Monitoring, 1.2C); no status is given: it would be that of the release's day.",
    ),
)  # fmt: skip
GRADE = _card(
    "pwid_estimate_grade", "46", "Grade of the estimate of people who inject drugs",
    "How far can the number be trusted that coverage is divided by?", "grade: 1 A, 2 B, 3 C, 4 D",
    numerator="Grade of the newest estimate by its age, one worse where no limits are published",
    references=("WHO and UNAIDS 2010, guidelines on estimating the size of populations most at risk to HIV",),
    caveats=("Own grades: A to 2 years old, B to 5, C to 10, D older; a count without limits is one grade worse.",),
)  # fmt: skip
NEAR_LATEST = _card(
    "lag_near_latest", "45", "Days until a figure is near its newest value",
    "How long after a period does its figure stay within a fifth of what it becomes?", "days",
    numerator="Release from which on every value is within 20 % of the newest, less last day of the period",
    waits_for="a second release of cdc_vsrr or another source (live or dropped in)",
    caveats=(
        f"Only figures of which a release within {FIRST_LOOK_DAYS} days of the period is kept: the first one kept sets "
        "the least it can be.",
    ),
)  # fmt: skip
CARDS = (COMPLETENESS, PENDING, LAG, REVISION, NEAR_LATEST, ESTIMATE_AGE, GRADE)


def compute(measures: Measures) -> pd.DataFrame:
    """Make the rows of the indicators on data quality.

    Grain: indicator, area, period, strata.
    """
    return pd.concat(
        [
            _published(COMPLETENESS, measures, "deaths_records_complete_pct"),
            _published(PENDING, measures, "deaths_pending_investigation_pct"),
            _lag(measures),
            *_revisions(measures),
            *_estimate_age(measures),
        ],
        ignore_index=True,
    )


def _published(card: IndicatorCard, measures: Measures, measure_id: str) -> pd.DataFrame:
    rows = measures.read(measure_id, ("cdc_vsrr",), months=12, total=True)
    named = rows.assign(
        strata="all",
        period="12 months to " + rows["period_end"].dt.strftime("%Y-%m"),
        method="as published",
        reason=rows["note"],
        source_ids=rows["source_id"],
    )
    return indicator_rows(card, named)


def _lag(measures: Measures) -> pd.DataFrame:
    rows = measures.newest_by_source(FOLLOWED)
    named = rows.assign(
        value=(pd.to_datetime(rows["release"].str.slice(0, 10)) - rows["period_end"]).dt.days.astype("float64"),
        strata=with_part(with_part(strata(rows), "measure", rows["measure_id"]), "source", rows["source_id"]),
        status="reported",
        method="release date - last day of the newest period",
        source_ids=rows["source_id"],
    )
    return indicator_rows(LAG, named)


def _revisions(measures: Measures) -> list[pd.DataFrame]:
    rows = measures.releases(FOLLOWED)
    keys = ["source_id", "measure_id", *PLACE_AND_TIME, *GROUP_COLUMNS]
    several = rows[rows.groupby(keys)["release"].transform("nunique") > 1]
    if several.empty:
        nothing = several.assign(strata="all", method="", source_ids="", is_provisional=False)
        return [indicator_rows(REVISION, nothing), indicator_rows(NEAR_LATEST, nothing)]
    dated = several.assign(_release=pd.to_datetime(several["release"].str.slice(0, 10)))
    by = [name for name in keys if name != "period_end"]
    found = revision_summary(dated, by=by, reference="period_end", release="_release", value="value").reset_index()
    last = dated.sort_values("_release").drop_duplicates(keys, keep="last")
    joined = found.merge(last[[*keys, "release", "is_provisional", "value"]], on=keys, how="left", validate="1:1")
    newest = joined["value"]
    spread = joined["maximum"] - joined["minimum"]
    named = joined.assign(
        value=(100 * spread / newest.where(newest > 0)),
        numerator=spread,
        denominator=newest,
        strata=with_part(with_part(strata(joined), "measure", joined["measure_id"]), "source", joined["source_id"]),
        status=pd.Series("reported", index=joined.index).mask(~(newest > 0), "not_applicable"),
        method="(largest - smallest) / newest value, over the releases kept",
        source_ids=joined["source_id"],
    )
    lag = named["near_latest_lag"]
    near = named.assign(
        value=lag,
        numerator=float("nan"),
        denominator=float("nan"),
        status=pd.Series("reported", index=named.index).mask(lag.isna(), "not_applicable"),
        method="first release from which on every value is within 20 % of the newest - last day of the period",
    )
    # The oldest release kept may be years younger than the period: it then tells nothing of the wait.
    near = near[near["first_lag"] <= FIRST_LOOK_DAYS].reset_index(drop=True)
    return [indicator_rows(REVISION, named), indicator_rows(NEAR_LATEST, near)]


def _estimate_age(measures: Measures) -> list[pd.DataFrame]:
    rows = measures.read("people_who_inject_drugs", ("unaids_gam",), calendar_year=True, total=True)
    rows = rows[rows["status"] == "reported"]
    newest = rows.sort_values("period_end").drop_duplicates("area_id", keep="last").reset_index(drop=True)
    age = (pd.to_datetime(newest["release"].str.slice(0, 10)) - newest["period_end"]).dt.days / DAYS_PER_YEAR
    grade = pd.cut(age, [-100.0, 2, 5, 10, 1000], labels=["A", "B", "C", "D"]).astype("str")
    named = newest.assign(
        value=age.clip(lower=0),
        strata="all",
        method="release date - last day of the year estimated",
        reason="grade " + grade + " (A to 2 years, B to 5, C to 10, D older)",
        source_ids=newest["source_id"],
    )
    limits = newest["lower"].notna() & newest["upper"].notna()
    number = grade.map({"A": 1.0, "B": 2.0, "C": 3.0, "D": 4.0}).astype("float64") + (~limits)
    graded = named.assign(
        value=number.clip(upper=4.0),
        method="age of the estimate; one grade worse without published limits",
        reason=("by age " + grade + ", ").astype("str")
        + pd.Series("no limits published", index=newest.index, dtype="str").mask(limits, "limits published"),
    )
    return [indicator_rows(ESTIMATE_AGE, named), indicator_rows(GRADE, graded)]
