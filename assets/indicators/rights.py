"""Rights: what governments, civil society and Harm Reduction International say of law and services; prison."""

import numpy as np
import pandas as pd

from assets.indicators.measures import PLACE_AND_TIME, Measures
from assets.indicators.rows import indicator_rows, with_part
from assets.indicators.shares import published_card
from schemas.indicators import IndicatorCard

OLDEST_ANSWER_YEARS = 5
FEWEST_ANSWERS = 4
_HARMFUL = ("possession_criminalised", "compulsory_detention")
_SERVICES = ("nsp_operational", "oat_operational", "naloxone_community_available")
_PRISON = ("nsp_prison_operational", "oat_prison_operational")
QUESTIONS = (*_HARMFUL, *_SERVICES, *_PRISON)
WEIGHTS: dict[str, dict[str, float]] = {
    "equal": dict.fromkeys(QUESTIONS, 1 / 7),
    "law only": dict.fromkeys(_HARMFUL, 1 / 2),
    "services only": dict.fromkeys(_SERVICES, 1 / 3),
    "prison only": dict.fromkeys(_PRISON, 1 / 2),
    "law half": dict.fromkeys(_HARMFUL, 1 / 4) | dict.fromkeys((*_SERVICES, *_PRISON), 1 / 10),
}
"""Weights of each answer in the index: the first set makes the value, all of them its range."""

RESPONDENTS = {"answered by government": "government", "answered by civil society": "civil_society"}
HRI_MARKS = (
    "harm_reduction_in_policy", "nsp_operational", "oat_operational", "consumption_rooms_exist", "naloxone_available",
    "naloxone_peer_distribution", "safer_smoking_equipment_available", "stimulant_prescribing_available",
    "nsp_prison_operational", "oat_prison_operational",
)  # fmt: skip
PRISON_SERVICES = {
    "nsp": "nsp_prison_operational",
    "oat": "oat_prison_operational",
    "hcv_treatment": "hcv_treatment_prison_available",
}
_NCPI = "UNAIDS, National Commitments and Policy Instrument"
_HRI = "Harm Reduction International, Global State of Harm Reduction"
_WAITS_NCPI = "unaids_ncpi (live or dropped in)"
_WAITS_HRI = "hri_global_state (transcribed and dropped in)"
_LAW = {
    "numerator_type": "law", "denominator_type": "laws", "suppression_rule": "none: a fact of law",
}  # fmt: skip

INDEX = published_card(
    "legal_environment_index", "43", "Legal environment for people who use drugs",
    "Do law and services protect people who use drugs, by those who answer for the country?",
    "Answers in favour: no criminalised possession, no compulsory detention, services in the community and in prison",
    "Questions answered, of seven", unit="index from 0 to 1",
    interval_method="range over five sets of weights and, for questions not answered, over both answers",
    caveats=(
        "Weights are ours: one seventh for each of seven answers; limits show what other weights would give, and each "
        "other set of weights has rows of its own where all its answers are known.",
        "Answers of government and of civil society stand apart and are never joined.",
        f"Each question's newest answer, at most {OLDEST_ANSWER_YEARS} years older than the newest of all, and at "
        f"least {FEWEST_ANSWERS} of seven; questions are asked in turn.",
        "An answer is what a respondent says, not a reading of the law.",
    ),
    references=(_NCPI,), waits_for=_WAITS_NCPI, **_LAW,
)  # fmt: skip
ANSWER = published_card(
    "legal_environment_answer", "43", "Law and services, as government and civil society answer",
    "What do government and civil society say of each law and service?", "Answer yes", "Answers",
    unit="yes (1) or no (0)", polarity="none", interval_method="none: an answer",
    caveats=("For criminalisation and detention, yes is the answer that harms.",
             "An answer is what a respondent says."),
    references=(_NCPI,), waits_for=_WAITS_NCPI, **_LAW,
)  # fmt: skip
IN_PLACE = published_card(
    "harm_reduction_in_place", "43", "Harm reduction policy and services in place",
    "Which policy and services exist in the country?", "Mark yes", "Marks", unit="yes (1) or no (0)",
    interval_method="none: a mark in a report",
    caveats=("At least one service, not how many people it reaches.", "A mark nd is neither yes nor no: no value."),
    references=(_HRI,), waits_for=_WAITS_HRI, **_LAW,
)  # fmt: skip
NUMBER_IN_PLACE = published_card(
    "harm_reduction_services_in_place", "43", "Harm reduction services in place, of ten marks",
    "How much of policy and services for harm reduction exists?", "Marks yes", "Marks determined, of ten",
    unit="marks of ten", interval_method="range over marks that could not be determined",
    caveats=("Ten marks: national policy and nine services; each counts alike, whatever its reach.",),
    references=(_HRI,), waits_for=_WAITS_HRI, **_LAW,
)  # fmt: skip
PRISON = published_card(
    "prison_services", "35", "Harm reduction services in prison", "Are services there for people in prison?",
    "Answer yes", "Answers", unit="yes (1) or no (0)", interval_method="none: an answer",
    caveats=(
        "At least one prison, not how many.",
        "As UNAIDS compiles it; else as the government answers; else by Harm Reduction International.",
    ),
    references=("UNAIDS, Global AIDS Monitoring, indicator 1.7", _NCPI, _HRI),
    waits_for="unaids_kp_atlas, unaids_ncpi or hri_global_state (live or dropped in)", **_LAW,
)  # fmt: skip
PRISON_OAT = published_card(
    "prison_oat_clients", "35", "People in prison on opioid agonist treatment",
    "How many people in prison get opioid agonist treatment?", "People in prison on opioid agonist treatment", "none",
    numerator_type="programme", denominator_type="none", unit="people", interval_method="none: a count",
    caveats=("How many people in prison need treatment is not published.",),
    references=("UNAIDS, Global AIDS Monitoring, indicator 1.7",),
    waits_for="unaids_gam or unaids_kp_atlas with the tables on prison (live or dropped in)",
)  # fmt: skip
CARDS: tuple[IndicatorCard, ...] = (INDEX, ANSWER, IN_PLACE, NUMBER_IN_PLACE, PRISON, PRISON_OAT)


def compute(measures: Measures) -> pd.DataFrame:
    """Make the rows on rights and on services in prison.

    Grain: indicator, area, period, strata.
    """
    answers = _answers(measures, QUESTIONS, "unaids_ncpi")
    answers = answers[answers["population_group"].isin(RESPONDENTS)].reset_index(drop=True)
    answers = answers.assign(
        strata=with_part(
            with_part(answers["strata"], "answered_by", answers["population_group"].map(RESPONDENTS)),
            "question",
            answers["question"],
        )
    )
    marks = _answers(measures, HRI_MARKS, "hri_global_state")
    marks = marks.assign(strata=with_part(marks["strata"], "service", marks["question"]))
    return pd.concat(
        [
            _index(answers),
            indicator_rows(ANSWER, answers),
            indicator_rows(IN_PLACE, marks),
            _number(marks),
            _prison(measures),
            _prison_oat(measures),
        ],
        ignore_index=True,
    )


def _answers(measures: Measures, questions: tuple[str, ...], source: str) -> pd.DataFrame:
    rows = [measures.read(name, (source,), calendar_year=True).assign(question=name) for name in questions]
    joined = pd.concat(rows, ignore_index=True)
    return joined.assign(
        strata=pd.Series("all", index=joined.index, dtype="str"), method="answer as published", reason=joined["note"],
        source_ids=joined["source_id"],
    )  # fmt: skip


def _index(answers: pd.DataFrame) -> pd.DataFrame:
    """Weigh each respondent's newest answers: of the year of the newest, older ones only up to a limit."""
    keys = ["area_id", "population_group"]
    shown = answers[answers["status"] == "reported"].sort_values("period_end", kind="stable")
    newest = shown.drop_duplicates([*keys, "question"], keep="last")
    year = newest["period_end"].dt.year
    last = year.groupby([newest[key] for key in keys]).transform("max")
    newest = newest[last - year <= OLDEST_ANSWER_YEARS]
    good = newest["value"].where(~newest["question"].isin(_HARMFUL), 1 - newest["value"])
    wide = newest.assign(good=good).pivot_table(index=keys, columns="question", values="good")
    wide = wide.reindex(columns=list(QUESTIONS)).astype("float64")
    wide = wide[wide.notna().sum(axis=1) >= FEWEST_ANSWERS]
    known, weight = wide.notna(), pd.Series(WEIGHTS["equal"])
    value = (wide.fillna(0) * weight).sum(axis=1) / (known * weight).sum(axis=1)
    ranges = [
        (wide.fillna(filled)[list(of)] * pd.Series(of)).sum(axis=1) for of in WEIGHTS.values() for filled in (0, 1)
    ]
    # With other weights only where every answer they weigh is known.
    varied = {
        name: (wide[list(of)] * pd.Series(of)).sum(axis=1, skipna=False)
        for name, of in WEIGHTS.items()
        if name != "equal"
    }
    spread = pd.concat([value, *ranges], axis=1)
    open_questions = (~known).dot(wide.columns + ", ").str.removesuffix(", ")
    about = newest.groupby(keys, as_index=False).agg(
        period_start=("period_start", "max"), period_end=("period_end", "max"), release=("release", "max"),
        source_ids=("source_id", "first"), is_provisional=("is_provisional", "any"),
    )  # fmt: skip
    found = pd.DataFrame(
        {"value": value, "lower_95": spread.min(axis=1), "upper_95": spread.max(axis=1), "open": open_questions,
         "answers": known.sum(axis=1)},
        index=wide.index,
    ).reset_index()  # fmt: skip
    found = found.merge(about, on=keys, how="left", validate="1:1")
    group = pd.Series("all", index=found.index, dtype="str")
    found = found.assign(
        strata=with_part(group, "answered_by", found["population_group"].map(RESPONDENTS)), status="reported",
        numerator=found["value"], denominator=found["answers"],
        reason=("not answered: " + found["open"]).where(found["open"] != "", ""),
        method="one seventh for each answer, of those answered; range over other weights and open answers",
    )  # fmt: skip
    others = [
        found.assign(
            strata=with_part(found["strata"], "weights", pd.Series(name, index=found.index, dtype="str")),
            value=index.to_numpy(), lower_95=np.nan, upper_95=np.nan, numerator=index.to_numpy(), reason="",
            denominator=float(len(WEIGHTS[name])),
            method="other weights: " + ", ".join(f"{weight:.2f} {each}" for each, weight in WEIGHTS[name].items()),
        )[index.notna().to_numpy()]
        for name, index in varied.items()
    ]  # fmt: skip
    return indicator_rows(INDEX, pd.concat([found, *others], ignore_index=True))


def _number(marks: pd.DataFrame) -> pd.DataFrame:
    """Count the marks of each country and edition; none where no mark could be determined."""
    yes = marks["value"].fillna(0)
    known = marks["status"] == "reported"
    counted = marks.assign(yes=yes, known=known).groupby(PLACE_AND_TIME, as_index=False).agg(
        value=("yes", "sum"), known=("known", "sum"), asked=("known", "size"), release=("release", "max"),
        source_ids=("source_id", "first"), is_provisional=("is_provisional", "any"),
    )  # fmt: skip
    counted = counted[counted["known"] > 0].reset_index(drop=True)
    open_marks = counted["asked"] - counted["known"]
    unsaid = open_marks.astype("int64").astype("str") + " of " + counted["asked"].astype("str") + " not determined"
    return indicator_rows(
        NUMBER_IN_PLACE,
        counted.assign(
            strata="all", status="reported", numerator=counted["value"], denominator=counted["known"],
            lower_95=counted["value"], upper_95=counted["value"] + open_marks, reason=unsaid.where(open_marks > 0, ""),
            method="marks yes; up to those with the marks not determined",
        ),
    )  # fmt: skip


def _prison(measures: Measures) -> pd.DataFrame:
    sources = ("unaids_kp_atlas", "unaids_ncpi", "hri_global_state")
    groups = ("all", "prisoners", "answered by government")
    parts = []
    for service, measure in PRISON_SERVICES.items():
        rows = pd.concat([measures.read(measure, (source,), calendar_year=True) for source in sources])
        rows = rows[rows["population_group"].isin(groups)]
        rows = rows.assign(silent=rows["status"] != "reported").sort_values("silent", kind="stable")
        rows = rows.drop_duplicates(PLACE_AND_TIME).reset_index(drop=True)
        group = pd.Series("service=" + service, index=rows.index, dtype="str")
        parts.append(
            rows.assign(strata=group, method="answer as published", reason=rows["note"], source_ids=rows["source_id"])
        )
    return indicator_rows(PRISON, pd.concat(parts, ignore_index=True))


def _prison_oat(measures: Measures) -> pd.DataFrame:
    rows = measures.read("oat_clients", ("unaids_gam", "unaids_kp_atlas"), calendar_year=True)
    inside = (rows["population_group"] == "prisoners") & (
        rows[["sex", "age_group", "race_ethnicity", "drug"]] == "all"
    ).all(axis=1)
    rows = rows[inside].reset_index(drop=True)
    named = rows.assign(
        strata="all", numerator=rows["value"], method="count as published", reason=rows["note"],
        source_ids=rows["source_id"],
    )  # fmt: skip
    return indicator_rows(PRISON_OAT, named)
