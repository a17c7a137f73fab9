"""`epi.mortality`: overdose deaths and drug classes, against documented examples and a second route through regexes."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epi.intervals import binomial_interval
from epi.mortality import (
    DRUG_CLASSES,
    classify,
    definition_spread,
    polysubstance,
    polysubstance_share,
    unspecified_drug,
    unspecified_drug_share,
)

COLUMNS = [
    "is_overdose",
    "intent",
    "any_opioid",
    "heroin",
    "natural_semisynthetic",
    "methadone",
    "synthetic_opioid",
    "cocaine",
    "psychostimulant",
]
POISONINGS = [f"X4{i}" for i in range(5)] + [f"X6{i}" for i in range(5)] + ["X85"] + [f"Y1{i}" for i in range(5)]
UNDERLYING = [
    *POISONINGS,
    "X45",
    "X49",
    "X65",
    "X84",
    "Y15",
    "F112",
    "F102",
    "F130",
    "F199",
    "I250",
    "E850",
    "T401",
    "",
]
CONTRIBUTING = [f"T40{i}" for i in range(10)] + ["T36", "T360", "T399", "T424", "T436", "T439", "T509", "T501", "T510"]
CONTRIBUTING += ["T350", "T519", "F112", "I250", "J960", "X42", "R99"]


def by_regex(underlying: str, contributing: str, definition: str) -> bool:
    """Apply a definition to one death with one regular expression over its text: a route of its own."""
    poisoning = bool(re.search(r"^(X[46][0-4]|X85|Y1[0-4])", underlying))
    if definition == "nchs":
        return poisoning
    if definition == "isw7":
        return poisoning and bool(re.search(r"\b(T3[6789]\d?|T(4\d|50)\d?)\b", contributing))
    ours = r"^(X[46][12]|Y1[12])" if definition == "emcdda_b" else r"^(X[46][124]|Y1[124])"
    drug = bool(re.search(r"\b(T40\d|T436)\b", contributing))
    return bool(re.search("^F1[124569]", underlying)) or (drug and bool(re.search(ours, underlying)))


def test_documented_example_of_narcan():
    """The ten deaths of narcan's vignette "Classifying overdose deaths (ISW7)" get the flags that it describes."""
    causes = ["X42", "X42", "X44", "X42", "X42", "Y12", "X40", "I250", "C509", "X42"]
    codes = ["T400", "T401 T404", "T402", "T403", "T404", "T406", "T436", "I250", "C509", "T404 T401"]
    deaths = classify(causes, codes, "isw7")
    assert deaths.columns.tolist() == COLUMNS
    assert deaths["is_overdose"].tolist() == [True] * 7 + [False, False, True]
    assert deaths["any_opioid"].tolist() == [True] * 6 + [False] * 3 + [True]
    assert deaths["heroin"].tolist() == [False, True] + [False] * 7 + [True]
    assert deaths["synthetic_opioid"].tolist() == [False, True, False, False, True, False, False, False, False, True]
    assert deaths["natural_semisynthetic"].tolist() == [i == 2 for i in range(10)]
    assert deaths["methadone"].tolist() == [i == 3 for i in range(10)]
    assert deaths["psychostimulant"].tolist() == [i == 6 for i in range(10)]
    assert deaths["intent"].tolist() == ["unintentional"] * 5 + [
        "undetermined",
        "unintentional",
        "",
        "",
        "unintentional",
    ]


def test_documented_unspecified_opioid_shares_of_narcan():
    """Counts of narcan's vignette on unspecified drugs give its T40.6 shares of opioid deaths: 0.40 and 0.15."""
    recipe = {1999: {"T401": 4, "T404": 2, "T406": 4, "T405": 2}, 2019: {"T401": 8, "T404": 9, "T406": 3, "T405": 2}}
    for year, share in ((1999, 0.4), (2019, 0.15)):
        codes = [code for code, number in recipe[year].items() for _ in range(number)]
        with_it = classify(["X42"] * len(codes), codes)["any_opioid"].sum()
        without = classify(["X42"] * len(codes), codes, include_t406=False)["any_opioid"].sum()
        assert (with_it - without) / with_it == pytest.approx(share)


@pytest.mark.parametrize("cause", POISONINGS)
def test_intent_follows_the_underlying_cause(cause):
    """X40-X44 are unintentional, X60-X64 suicide, X85 homicide, Y10-Y14 of undetermined intent."""
    intent = {"X4": "unintentional", "X6": "suicide", "X8": "homicide", "Y1": "undetermined"}[cause[:2]]
    assert classify([cause], [""])["intent"].tolist() == [intent]


@pytest.mark.parametrize(
    ("cause", "codes", "expected"),
    [
        ("X42", "", ["nchs"]),
        ("X42", "T509", ["nchs", "isw7"]),
        ("X42", "T401", ["nchs", "isw7", "emcdda_b", "emcdda_b_x44"]),
        ("X41", "T436", ["nchs", "isw7", "emcdda_b", "emcdda_b_x44"]),
        ("X41", "T424", ["nchs", "isw7"]),
        ("X44", "T404", ["nchs", "isw7", "emcdda_b_x44"]),
        ("X40", "T401", ["nchs", "isw7"]),
        ("X85", "T401", ["nchs", "isw7"]),
        ("F112", "", ["emcdda_b", "emcdda_b_x44"]),
        ("F130", "T424", []),
        ("F102", "T401", []),
        ("I250", "T401", []),
    ],
)
def test_each_definition_counts_what_it_says(cause, codes, expected):
    """A death counts under exactly the definitions whose published wording includes it."""
    names = ["nchs", "isw7", "emcdda_b", "emcdda_b_x44"]
    assert [name for name in names if classify([cause], [codes], name)["is_overdose"].all()] == expected


def test_drugs_of_other_deaths_are_not_counted():
    """A drug code on the certificate of a death from another cause makes no overdose and no drug class."""
    assert not classify(["I250", None, ""], ["T401 T404 T405 T436"] * 3).drop(columns="intent").any(axis=None)


@pytest.mark.parametrize(
    "codes",
    [
        "T401 T424",
        "t40.1 t42.4",
        "  T40.1   T424 ",
        "T401,T424",
        "T401\tT424",
        ["T401", "T424"],
        ["T40.1 ", None, "t424"],
        ("T401",),
    ],
)
def test_spelling_and_container_do_not_matter(codes):
    """Dots, lower case, padding, missing entries, texts and lists give the same classes."""
    deaths = classify(pd.Series([" x42 ", "X42.0"]), pd.Series([codes, codes]))
    assert deaths[["is_overdose", "any_opioid", "heroin"]].all(axis=None)
    assert not deaths[["cocaine", "psychostimulant", "methadone"]].any(axis=None)


def test_one_row_of_an_array_is_one_death():
    """A two-dimensional array and lists of equal length have one death per row."""
    codes = [["T401", ""], ["T405", "T436"]]
    deaths = classify(["X42", "X42"], codes)
    assert deaths["heroin"].tolist() == [True, False]
    pd.testing.assert_frame_equal(classify(np.array(["X42", "X42"]), np.array(codes)), deaths)
    pd.testing.assert_frame_equal(classify(pd.Series(["X42", "X42"]), np.array(codes, dtype=object)), deaths)


def test_missing_codes_and_empty_frames_are_no_error():
    """None, nan, NA, empty texts and empty lists are no code; no deaths give an empty frame with all columns."""
    codes = pd.Series([None, np.nan, pd.NA, "", [], [None]], dtype=object)
    deaths = classify(pd.Series(["X42"] * 6), codes)
    assert deaths["is_overdose"].all()
    assert not deaths[COLUMNS[2:]].any(axis=None)
    empty = classify([], [])
    assert empty.columns.tolist() == COLUMNS
    assert empty.empty
    assert classify(pd.Series([], dtype="str"), pd.Series([], dtype="str"), revision=9).empty


def test_the_index_and_types_of_the_answer():
    """The frame keeps the index of the Series; flags are plain truth values and categoricals are read as text."""
    causes = pd.Series(["X42", "I250"], index=["b", "a"], dtype="category")
    deaths = classify(causes, pd.Series(["T401", "I250"], index=["b", "a"], dtype="category"))
    assert deaths.index.tolist() == ["b", "a"]
    assert deaths.drop(columns="intent").dtypes.unique().tolist() == [np.dtype(bool)]


def test_misuse_is_refused():
    """Unknown definitions, numbers for codes, one text for a column, and differing lengths or indexes are named."""
    with pytest.raises(ValueError, match="definition must be one of nchs, isw7, emcdda_b, emcdda_b_x44; found 'cdc'"):
        classify(["X42"], ["T401"], "cdc")
    with pytest.raises(ValueError, match="revision must be 10 or 9; found 8"):
        classify(["X42"], ["T401"], revision=8)
    with pytest.raises(ValueError, match="must be nchs or isw7 for ICD-9"):
        classify(["E8500"], [""], "emcdda_b", revision=9)
    with pytest.raises(ValueError, match="found 1 underlying causes and 2 rows"):
        classify(["X42"], ["T401", "T401"])
    with pytest.raises(ValueError, match="same index"):
        classify(pd.Series(["X42"]), pd.Series(["T401"], index=[5]))
    with pytest.raises(TypeError, match=r"contributing must be text, such as 'T40\.1'; found integer values"):
        classify(["X42"], [401])
    with pytest.raises(TypeError, match="contributing must be text"):
        classify(["X42"], [["T401", 401]])
    with pytest.raises(TypeError, match="found the single text 'X42'"):
        classify("X42", "T401")
    with pytest.raises(ValueError, match="at least one definition"):
        definition_spread(["X42"], ["T401"], ())
    with pytest.raises(ValueError, match="index of the deaths"):
        polysubstance_share(classify(["X42"], ["T401"]), by=pd.Series([2020], index=[7]))


@given(
    st.lists(
        st.tuples(st.sampled_from(UNDERLYING), st.lists(st.sampled_from(CONTRIBUTING), max_size=6)),
        min_size=1,
        max_size=25,
    ),
    st.sampled_from(["nchs", "isw7", "emcdda_b", "emcdda_b_x44"]),
)
@settings(max_examples=60, deadline=None)
def test_agrees_with_regexes_over_each_death(rows, definition):
    """Lists and texts give the same frame; both agree with regexes over each death's text; deaths stand alone."""
    causes, lists = [row[0] for row in rows], [row[1] for row in rows]
    texts = [" ".join(codes) for codes in lists]
    deaths = classify(causes, texts, definition)
    pd.testing.assert_frame_equal(classify(causes, lists, definition), deaths)
    pd.testing.assert_frame_equal(classify(causes[::-1], lists[::-1], definition)[::-1].reset_index(drop=True), deaths)
    expected = [by_regex(cause, text, definition) for cause, text in zip(causes, texts, strict=True)]
    assert deaths["is_overdose"].tolist() == expected
    for column, pattern in (("any_opioid", "T40[0-46]"), ("cocaine", "T405"), ("psychostimulant", "T436")):
        found = [is_one and pattern_in(pattern, text) for is_one, text in zip(expected, texts, strict=True)]
        assert deaths[column].tolist() == found
    subclasses = deaths[["heroin", "natural_semisynthetic", "methadone", "synthetic_opioid"]].any(axis=1)
    assert (deaths["any_opioid"] | ~subclasses).all()
    spread = definition_spread(causes, texts).set_index("definition")["deaths"]
    assert spread[definition] == sum(expected)
    assert spread["isw7"] <= spread["nchs"]
    assert spread["emcdda_b"] <= spread["emcdda_b_x44"]


def pattern_in(pattern: str, text: str) -> bool:
    """Say whether one whole code of the text meets a pattern."""
    return bool(re.search(rf"\b{pattern}\b", text))


@pytest.mark.parametrize(("year", "ucod", "records"), [(2019, 146, 344), (2022, 146, 344)])
def test_agrees_with_regexes_over_fixed_width_records(shared_data, year, ucod, records):
    """On NCHS's record layout (synthetic records) classes read from columns agree with regexes over the raw bytes."""
    path = shared_data / "us" / "nchs_mcod" / f"synthetic_mort{year}us.dat"
    if not path.exists():
        pytest.skip(f"{path.name} is not among the shared data")
    lines = path.read_text(encoding="latin-1").splitlines()
    lines = [line for line in lines if line[19] != "4"]
    causes = pd.Series([line[ucod - 1 : ucod + 3] for line in lines])
    axis = pd.Series([[line[at : at + 4] for at in range(records - 1, records + 99, 5)] for line in lines])
    area = pd.Series([line[records - 1 : records + 99] for line in lines])
    for definition in ("nchs", "isw7", "emcdda_b", "emcdda_b_x44"):
        deaths = classify(causes, axis, definition)
        pd.testing.assert_frame_equal(classify(causes, area, definition), deaths)
        expected = [by_regex(cause, text, definition) for cause, text in zip(causes, area, strict=True)]
        assert deaths["is_overdose"].tolist() == expected
    deaths = classify(causes, area)
    assert deaths["is_overdose"].sum() > 20
    for column, pattern in (("heroin", "T401"), ("methadone", "T403"), ("synthetic_opioid", "T404")):
        assert deaths[column].tolist() == (area.str.contains(pattern) & deaths["is_overdose"]).tolist()


def test_unspecified_drug_is_t509_and_nothing_else():
    """Only overdose deaths whose one drug code is T50.9 count; alcohol, other causes and no code do not change that."""
    causes = ["X44", "X44", "X44", "X44", "X44", "I250"]
    codes = ["T509", "T509 T519 F102", "T509 T401", "T501", "", "T509"]
    assert unspecified_drug(causes, codes).tolist() == [True, True, False, False, False, False]
    share = unspecified_drug_share(causes, codes).loc["all"]
    assert (share["numerator"], share["denominator"]) == (2, 5)
    np.testing.assert_allclose(share[["lower", "upper"]].astype(float), binomial_interval(2, 5), rtol=1e-12)


def test_polysubstance_shares_by_year():
    """Opioid with cocaine or a psychostimulant counts, per group; a group without overdose deaths has no share."""
    codes = ["T404 T436", "T401 T405", "T404 T424", "T405 T436", "T404 T405"]
    deaths = classify(["X42", "X42", "X44", "X42", "I250"], codes)
    assert polysubstance(deaths).tolist() == [True, True, False, False, False]
    year = pd.Series([2020, 2020, 2020, 2021, 2022], name="year")
    share = polysubstance_share(deaths, by=year)
    assert share.index.name == "year"
    assert share[["numerator", "denominator"]].to_numpy().tolist() == [[2, 3], [0, 1], [0, 0]]
    assert share.loc[2021, ["value", "lower"]].tolist() == [0, 0]
    assert share.loc[2022, ["value", "lower", "upper"]].isna().all()


def test_spread_reports_more_than_two_percent():
    """50 deaths against 51 are within 2 %; against 52 they are not; nothing against nothing has no ratio."""
    causes = ["X42"] * 51
    spread = definition_spread(causes, ["T401"] * 50 + [""], ("nchs", "isw7"))
    assert spread["report"].tolist() == [False, False]
    assert spread["ratio"].tolist() == [1, 50 / 51]
    spread = definition_spread([*causes, "X42"], ["T401"] * 50 + ["", ""], ("nchs", "isw7"))
    assert spread["report"].tolist() == [False, True]
    nothing = definition_spread(["I250"], ["I250"])
    assert nothing["ratio"].isna().all()
    assert not nothing["report"].any()


def test_icd9_groups():
    """ICD-9 deaths follow the groups that NCHS, ISW7 and narcan document; unnamed classes are missing, not False."""
    causes = ["E8500", "E850.1", "8502", "E9503", "E9506", "E9620", "E9805", "E8600", "4149", "E8588"]
    codes = ["", "", "N9650", "N9690", "N9860", "N977", "N9650", "N980", "N9650", ""]
    deaths = classify(causes, codes, revision=9)
    assert deaths["is_overdose"].tolist() == [True, True, True, True, False, True, True, False, False, True]
    assert deaths["intent"].tolist() == [
        *["unintentional"] * 3,
        *["suicide", "", "homicide", "undetermined", "", "", "unintentional"],
    ]
    assert deaths["any_opioid"].tolist() == [True, True, True, False, False, False, True, False, False, False]
    assert deaths["heroin"].tolist() == [i == 0 for i in range(10)]
    assert deaths["methadone"].tolist() == [i == 1 for i in range(10)]
    assert deaths["synthetic_opioid"].isna().tolist() == deaths["is_overdose"].tolist()
    assert not deaths[["cocaine", "psychostimulant"]].any(axis=None)
    assert classify(causes, codes, "isw7", revision=9)["is_overdose"].tolist() == [
        *deaths["is_overdose"][:8].tolist(),
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("cause", "codes", "drugs"),
    [
        ("E855.2", "", ["cocaine"]),
        ("8588", "N9685 N9650", ["any_opioid", "cocaine"]),
        ("E8542", "N969.7", ["psychostimulant"]),
        ("E858.8", "N9697 E8501", ["any_opioid", "methadone", "psychostimulant"]),
        ("E8502", "N965.01 N965.09", ["any_opioid", "heroin"]),
        ("E8502", "N965.02", ["any_opioid", "methadone"]),
        ("E8502", "N965.00", ["any_opioid"]),
        ("E8553", "N9684 N9698", []),
        ("4149", "N9685", []),
    ],
)
def test_icd9_names_cocaine_and_psychostimulants(cause, codes, drugs):
    """Drugs have the codes seen in CDC WONDER's counts, overdoser and Xiong's program; 965.0's fifth digit counts."""
    found = classify([cause], [codes], revision=9).loc[0, [*DRUG_CLASSES]]
    assert found.index[found.fillna(False).astype(bool)].tolist() == drugs


def test_icd9_has_polysubstance_shares_as_floors():
    """An opioid with cocaine or a psychostimulant counts from ICD-9 codes too; a missing flag is refused."""
    deaths = classify(["E8500", "E8552", "E8588", "E8502"], ["N9685", "", "N9650 N9697", ""], revision=9)
    assert polysubstance_share(deaths).loc["all", ["numerator", "denominator"]].tolist() == [2, 4]
    with pytest.raises(ValueError, match="found deaths where that is missing"):
        polysubstance_share(deaths.assign(cocaine=pd.array([None] * 4, dtype="boolean")))


def test_icd10_amyloidosis_is_no_icd9_heroin():
    """E85.0 is an accidental heroin poisoning in ICD-9 and a hereditary amyloidosis in ICD-10."""
    assert classify(["E850"], [""])["is_overdose"].tolist() == [False]
    assert classify(["E8500"], [""], revision=9)["is_overdose"].tolist() == [True]


def test_deaths_without_a_group_keep_their_row():
    """A missing year is a group of its own: no death is dropped from the shares."""
    shares = unspecified_drug_share(["X44", "X42", "X42"], ["T509", "T401", "T509"], by=pd.Series([2020, None, None]))
    assert shares["denominator"].tolist() == [1, 2]
    assert shares["numerator"].tolist() == [1, 1]
    assert shares.index.isna().tolist() == [False, True]
