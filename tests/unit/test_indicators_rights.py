"""Law and services by those who answer for a country, by Harm Reduction International, and in prison."""

import numpy as np
import pandas as pd
import pytest
from observed import observed, value, values

from assets.indicators import rights

GOVERNMENT, CIVIL = "answered by government", "answered by civil society"


def answers(who: str, year: int = 2022, **given: float | None) -> list[dict[str, object]]:
    """Make answers of one respondent of a country."""
    return [
        observed("unaids_ncpi", name, "GEO", year, answer, population_group=who,
                 **({} if answer is not None else {"status": "not_collected"}))
        for name, answer in given.items()
    ]  # fmt: skip


BEST = dict.fromkeys(rights.QUESTIONS, 1.0) | {"possession_criminalised": 0.0, "compulsory_detention": 0.0}


def index(*rows: dict) -> pd.Series:
    """Give the row of the index with the weights that make its value."""
    made = values(rights, "legal_environment_index", *rows)
    plain = made[~made["strata"].str.contains("weights=")]
    assert len(plain) == 1, made
    return plain.iloc[0]


def test_the_best_and_the_worst_law_are_one_and_zero() -> None:
    """Every answer in favour is 1 with no range left by weights, every answer against is 0."""
    best = index(*answers(GOVERNMENT, **BEST))
    worst = index(*answers(GOVERNMENT, **{k: 1 - v for k, v in BEST.items()}))
    for row, level in ((best, 1.0), (worst, 0.0)):
        np.testing.assert_allclose(row[["value", "lower_95", "upper_95"]].astype("float64"), level, atol=1e-12)


def test_weights_make_the_range() -> None:
    """Criminalised possession and detention with all services there: 5 of 7, but 0 by law alone and 1 by services."""
    given = BEST | {"possession_criminalised": 1.0, "compulsory_detention": 1.0}
    row = index(*answers(GOVERNMENT, **given))
    np.testing.assert_allclose(row[["value", "lower_95", "upper_95"]].astype("float64"), [5 / 7, 0, 1], atol=1e-12)


def test_each_other_set_of_weights_is_a_row_where_its_answers_are_known() -> None:
    """By services alone the same country is 1, by law alone 0; without an answer on a service neither is that row."""
    given = BEST | {"possession_criminalised": 1.0, "compulsory_detention": 1.0}
    made = values(rights, "legal_environment_index", *answers(GOVERNMENT, **given)).set_index("strata")["value"]
    varied = {name: made[f"answered_by=government;weights={name}"] for name in rights.WEIGHTS if name != "equal"}
    assert varied == pytest.approx({"law only": 0, "services only": 1, "prison only": 1, "law half": 0.5})
    fewer = {name: answer for name, answer in given.items() if name != "nsp_operational"}
    left = values(rights, "legal_environment_index", *answers(GOVERNMENT, **fewer))["strata"].str.extract(
        "weights=(.*)", expand=False
    )
    assert set(left.dropna()) == {"law only", "prison only"}


def test_weights_of_each_set_sum_to_one() -> None:
    """Every set of weights is a whole, so that the index stays from 0 to 1."""
    assert [sum(of.values()) for of in rights.WEIGHTS.values()] == pytest.approx([1] * len(rights.WEIGHTS))
    assert all(set(of) <= set(rights.QUESTIONS) for of in rights.WEIGHTS.values())


def test_government_and_civil_society_stand_apart() -> None:
    """The two answer differently, and each has a row of its own."""
    rows = [*answers(GOVERNMENT, **BEST), *answers(CIVIL, **{**BEST, "naloxone_community_available": 0.0})]
    made = values(rights, "legal_environment_index", *rows).set_index("strata")["value"]
    assert made["answered_by=government"] == pytest.approx(1)
    assert made["answered_by=civil_society"] == pytest.approx(6 / 7)
    single = values(rights, "legal_environment_answer", *rows).set_index("strata")["value"]
    question = "question=naloxone_community_available"
    assert single[f"answered_by=government;{question}"] == 1
    assert single[f"answered_by=civil_society;{question}"] == 0


def test_an_open_question_is_named_and_widens_the_range() -> None:
    """Six answers in favour and one not given are 1, down to what a no would leave; fewer than four make no index."""
    given = {name: answer for name, answer in BEST.items() if name != "nsp_operational"}
    row = index(*answers(GOVERNMENT, **given))
    assert row["value"] == pytest.approx(1)
    assert row["lower_95"] == pytest.approx(2 / 3)
    assert (row["reason"], row["denominator"]) == ("not answered: nsp_operational", 6)
    few = dict(list(BEST.items())[:3])
    assert values(rights, "legal_environment_index", *answers(GOVERNMENT, **few)).empty


def test_an_old_answer_is_taken_for_five_years_and_the_newest_first() -> None:
    """A question asked in 2018 stands in 2022 with its answer; one of 2014 does not, and a newer answer replaces it."""
    newer = {name: answer for name, answer in BEST.items() if name != "oat_operational"}
    recent = answers(GOVERNMENT, 2022, **newer)
    row = index(*recent, *answers(GOVERNMENT, 2018, oat_operational=0.0))
    assert row["value"] == pytest.approx(6 / 7)
    old = index(*recent, *answers(GOVERNMENT, 2014, oat_operational=0.0))
    assert old["reason"] == "not answered: oat_operational"
    replaced = index(*recent, *answers(GOVERNMENT, 2018, nsp_operational=0.0))
    assert replaced["lower_95"] > 0.5


def test_marks_of_the_report_are_counted_and_nd_is_a_range() -> None:
    """Of ten marks seven are yes, two no and one not determined: 7, at most 8."""
    marks = [
        observed("hri_global_state", name, "GEO", 2024, float(n < 7)) for n, name in enumerate(rights.HRI_MARKS[:9])
    ]
    marks.append(observed("hri_global_state", rights.HRI_MARKS[9], "GEO", 2024, None, status="not_collected"))
    row = value(rights, "harm_reduction_services_in_place", *marks)
    assert row[["value", "lower_95", "upper_95", "denominator"]].tolist() == [7, 7, 8, 9]
    assert row["reason"] == "1 of 10 not determined"
    made = values(rights, "harm_reduction_in_place", *marks).set_index("strata")
    assert made.loc["service=oat_prison_operational", "status"] == "not_collected"
    assert made.loc["service=nsp_operational", "value"] == 1


def test_services_in_prison_follow_the_stated_precedence() -> None:
    """What UNAIDS compiled comes before the government's answer and the report; civil society's is not mixed in."""
    rows = [
        observed("hri_global_state", "nsp_prison_operational", "GEO", 2022, 0.0),
        *answers(GOVERNMENT, nsp_prison_operational=1.0, oat_prison_operational=1.0),
        *answers(CIVIL, nsp_prison_operational=0.0),
        observed("unaids_kp_atlas", "nsp_prison_operational", "GEO", 2022, 0.0),
    ]
    made = values(rights, "prison_services", *rows).set_index("strata")
    assert made.loc["service=nsp", ["value", "source_ids"]].tolist() == [0.0, "unaids_kp_atlas"]
    assert made.loc["service=oat", ["value", "source_ids"]].tolist() == [1.0, "unaids_ncpi"]


def test_people_in_prison_on_treatment_are_not_people_outside() -> None:
    """Only the count for people in prison is taken."""
    rows = [
        observed("unaids_gam", "oat_clients", "GEO", 2022, 30, population_group="prisoners"),
        observed("unaids_gam", "oat_clients", "GEO", 2022, 3_000),
    ]
    assert value(rights, "prison_oat_clients", *rows)["value"] == 30
