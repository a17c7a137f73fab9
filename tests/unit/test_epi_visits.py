"""`epi.visits`: overdose visits under the CSTE/CDC definition, against the published regular expression."""

import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epi.visits import classify

# As CSTE's workgroup published it and the R package overdoser carries it (initial or missing encounters only).
PUBLISHED = re.compile(r"((T3[6-9]|T4[0-9]|T50)..[1-4](A|$))|((T3[679]9|T414|T427|T4[3579]9)[1-4].(A|$))")
FIFTH = ["T369", "T379", "T399", "T414", "T427", "T439", "T459", "T479", "T499"]
categories = st.sampled_from([*FIFTH, *[f"T{number}{digit}" for number in range(35, 52) for digit in "01469"]])
intents = st.sampled_from("123456")
encounters = st.sampled_from(["A", "D", "S", ""])


@st.composite
def poisoning_codes(draw) -> str:
    """Make a valid ICD-10-CM poisoning code, whose intent is where its category puts it."""
    category, intent, encounter = draw(categories), draw(intents), draw(encounters)
    if category in FIFTH:
        return f"{category}{intent}X{encounter}"
    return f"{category}{draw(st.sampled_from('X019'))}{intent}{encounter}"


other_codes = st.sampled_from(["F1120", "R4020", "T510X1A", "Z9181", "X42XXXA", "S0100XA", "T401X5A", "T404X6A"])


@given(st.lists(st.lists(st.one_of(poisoning_codes(), other_codes), max_size=5), min_size=1, max_size=20))
@settings(max_examples=80, deadline=None)
def test_agrees_with_the_published_expression(visits):
    """A visit is an overdose exactly when one of its codes meets the published expression; lists and texts agree."""
    found = classify(visits)
    expected = [any(PUBLISHED.match(code) for code in codes) for codes in visits]
    assert found["is_overdose"].tolist() == expected
    pd.testing.assert_frame_equal(classify([" ".join(codes).lower() for codes in visits]), found)
    assert found["intent"].ne("").tolist() == expected
    assert found["encounter"].isin(["initial", "missing"]).tolist() == expected
    heroin = [any(PUBLISHED.match(code) and code[:4] == "T401" for code in codes) for codes in visits]
    assert found["heroin"].tolist() == heroin


@given(poisoning_codes())
@settings(max_examples=60, deadline=None)
def test_intent_is_read_from_the_right_character(code):
    """The intent of a counted code is that of its fifth or sixth character, as its category says."""
    digit = code[4] if code[:4] in FIFTH else code[5]
    intent = classify([code])["intent"].tolist()[0]
    if intent:
        assert intent == {"1": "unintentional", "2": "self_harm", "3": "assault", "4": "undetermined"}[digit]


@pytest.mark.parametrize(
    ("code", "encounter", "counted"),
    [
        ("T40.1X1A", "initial", True),
        ("T40.1X1", "missing", True),
        ("T40.1X1D", "subsequent", False),
        ("T40.1X1S", "sequela", False),
        ("T40.1X5A", "", False),
        ("T40.1X6A", "", False),
        ("T43.91XA", "initial", True),
        ("T43.91", "missing", True),
        ("T43.91X", "missing", True),
        ("T43.95XA", "", False),
        ("T51.0X1A", "", False),
        ("T50.911A", "initial", True),
    ],
)
def test_encounters_and_adverse_effects(code, encounter, counted):
    """Only poisonings at the first encounter count; adverse effects, underdosing and alcohol never do."""
    visit = classify([code]).loc[0]
    assert (visit["encounter"], visit["is_overdose"]) == (encounter, counted)


def test_disagreeing_intents_and_mixed_encounters():
    """Two intents are named as such; an initial code beside a sequela makes an initial visit."""
    visits = classify(["T401X1A T424X2A", "T401X1A T424X1A", "T401X1S T424X2A", None, ""])
    assert visits["intent"].tolist() == ["multiple", "unintentional", "self_harm", "", ""]
    assert visits["encounter"].tolist() == ["initial", "initial", "initial", "", ""]
    assert visits["heroin"].tolist() == [True, True, False, False, False]
    assert visits["benzodiazepine"].tolist() == [True, True, True, False, False]


def test_newer_codes_and_their_switch():
    """Fentanyl is T40.41 within synthetic opioids, methamphetamine T43.65 within psychostimulants; both can be off."""
    codes = ["T40.411A", "T40.421A", "T40.4X1A", "T43.651A", "T43.621A", "T40.601A", "T40.415A"]
    visits = classify(codes)
    assert visits["fentanyl"].tolist() == [True] + [False] * 6
    assert visits["synthetic_opioid"].tolist() == [True] * 3 + [False] * 4
    assert visits["methamphetamine"].tolist() == [False] * 3 + [True] + [False] * 3
    assert visits["psychostimulant"].tolist() == [False] * 3 + [True] * 2 + [False] * 2
    assert visits["any_opioid"].tolist() == [True] * 3 + [False] * 2 + [True, False]
    off = classify(codes, fentanyl_codes=[])
    assert off["fentanyl"].isna().tolist() == [True] * 6 + [False]
    pd.testing.assert_frame_equal(off.drop(columns="fentanyl"), visits.drop(columns="fentanyl"))
    with pytest.raises(
        ValueError, match=r"fentanyl_codes must lie within T40\.4, without intent and encounter; found 'T401'"
    ):
        classify(codes, fentanyl_codes=["T40.1"])
    with pytest.raises(TypeError, match="Put it in brackets"):
        classify(codes, fentanyl_codes="T40.41")


def test_no_visits_and_wrong_types():
    """No visits give an empty frame with every column; numbers are refused; the index is kept."""
    assert classify([]).columns.tolist() == classify(["T401X1A"]).columns.tolist()
    assert classify(pd.Series(["T401X1A"], index=["visit"])).index.tolist() == ["visit"]
    with pytest.raises(TypeError, match="diagnoses must be text"):
        classify([5])
