"""`epi.standardise` and `epi.repeat_events`: against printed values, second routes and their own laws."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from epi.intervals import poisson_interval
from epi.rates import crude_rate
from epi.repeat_events import repeat_direct_rate, repeat_event_counts, repeat_event_rate
from epi.standardise import direct_rate, expected_counts, indirect_rate, standardised_ratio
from epi.strata import Groups

METHODS = ["tiwari", "fay-feuer", "gamma-mean", "dobson"]
LIMITS = ["value", "lower", "upper"]
# Population-time of ten age groups in 2000, of the example of SAS' PROC STDRATE.
FLORIDA = [953_785, 1_997_935, 1_885_014, 1_957_573, 2_356_649, 2_088_000, 1_548_371, 1_447_432, 1_087_524, 335_944]
UNITED_STATES = [19_175_798, 41_077_577, 39_183_891, 39_892_024, 45_148_527, 37_677_952, 24_274_684]
UNITED_STATES += [18_390_986, 12_361_180, 4_239_587]

# Down's syndrome and live births by birth order (rows) and mother's age (columns), Michigan 1950-1964: Fleiss 1981,
# table 14.4, the example of Fay and Feuer 1997. Read in the documentation of epitools (ageadjust.direct) and dsrTest.
CASES = [
    [107, 141, 60, 40, 39, 25],
    [25, 150, 110, 84, 82, 39],
    [3, 71, 114, 103, 108, 75],
    [1, 26, 64, 89, 137, 96],
    [0, 8, 63, 112, 262, 295],
]
BIRTHS = [
    [230061, 329449, 114920, 39487, 14208, 3052],
    [72202, 326701, 208667, 83228, 28466, 5375],
    [15050, 175702, 207081, 117300, 45026, 8660],
    [2293, 68800, 132424, 98301, 46075, 9834],
    [327, 30666, 123419, 149919, 104088, 34392],
]
ORDERS = ["1", "2", "3", "4", "5+"]
MICHIGAN = pd.DataFrame(
    {
        "order": np.repeat(ORDERS, 6),
        "age": np.tile(["<20", "20-24", "25-29", "30-34", "35-39", "40+"], 5),
        "count": np.ravel(CASES),
        "population": np.ravel(BIRTHS),
        "weight": np.tile(np.sum(BIRTHS, axis=0), 5),
    }
)
FIFTH = MICHIGAN[MICHIGAN["order"] == "5+"]

strata = st.tuples(
    st.integers(0, 400),
    st.integers(0, 10**7) | st.sampled_from([0, None]),
    st.integers(0, 10**6),
    st.sampled_from("ABC"),
)
tables = st.lists(strata, min_size=1, max_size=20).map(
    lambda rows: pd.DataFrame(rows, columns=["count", "population", "weight", "area"]).astype({"population": "float64"})
)


def one_group(counts, populations, weights, alpha=0.05, step="tiwari"):
    """Give value and gamma limits of one group, straight from the formulas and scipy's gamma distribution."""
    counts, populations, weights = (np.asarray(values, dtype=float) for values in (counts, populations, weights))
    w = weights / weights.sum() / populations
    y, v = (w * counts).sum(), (w**2 * counts).sum()
    steps = {"tiwari": (w.mean(), (w**2).mean()), "fay-feuer": (w.max(), w.max() ** 2), "gamma-mean": (w.mean(),) * 2}
    add, add_v = steps[step]
    if step == "gamma-mean":
        add_v = add**2
    lower = stats.gamma.ppf(alpha / 2, y**2 / v, scale=v / y)
    upper = stats.gamma.isf(alpha / 2, (y + add) ** 2 / (v + add_v), scale=(v + add_v) / (y + add))
    return y, lower, upper


@pytest.mark.parametrize(
    ("method", "upper"), [("tiwari", 112.9), ("fay-feuer", 188.3), ("gamma-mean", 96.5), ("dobson", 83.9)]
)
def test_fay_and_feuers_example(method, upper):
    """Fifth and later births: 75.5 per 100,000, with the upper limit that is printed for each method."""
    row = direct_rate(FIFTH, "order", method=method).loc[0]
    assert (row["count"], row["population"]) == (740, 442_811)
    assert (round(row["value"], 1), round(row["upper"], 1)) == (75.5, upper)


def test_fay_and_feuers_example_to_five_decimals():
    """The vignette of dsrTest prints 75.52901 with 67.70212 and 188.30017 for the method of Fay and Feuer."""
    row = direct_rate(FIFTH, "order", method="fay-feuer").loc[0]
    assert [round(row[name], 5) for name in LIMITS] == [75.52901, 67.70212, 188.30017]


def test_dobson_limits_are_those_of_another_program():
    """All birth orders have the limits that PHStatsMethods 0.1.16 (OHID's method) gives for the same table."""
    table = direct_rate(MICHIGAN, "order", method="dobson")
    theirs = [
        [92.304526, 80.329221, 105.187209],
        [91.174117, 82.337126, 100.623015],
        [85.069221, 77.173354, 93.521328],
        [92.717865, 79.858240, 106.550647],
        [75.529007, 67.632743, 83.867109],
    ]
    np.testing.assert_allclose(table[LIMITS], theirs, atol=5.1e-7)


@pytest.mark.parametrize("method", METHODS[:3])
def test_gamma_limits_agree_with_scipys_gamma_distribution(method):
    """Each group's limits are the quantiles of scipy's gamma distribution, to a relative 1e-9."""
    table = direct_rate(MICHIGAN, "order", per=1, confidence=0.9, method=method).set_index("order")
    for order, rows in MICHIGAN.groupby("order"):
        expected = one_group(rows["count"], rows["population"], rows["weight"], alpha=0.1, step=method)
        np.testing.assert_allclose(table.loc[order, LIMITS].astype(float), expected, rtol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_one_stratum_has_the_limits_of_its_count(method):
    """With one stratum the standardised rate is the crude rate, and its gamma limits are Garwood's."""
    frame = pd.DataFrame({"area": ["A", "B"], "count": [4, 900], "population": [2_000, 10**6], "weight": [3, 7]})
    found = direct_rate(frame, "area", method=method)[LIMITS]
    crude = crude_rate(frame["count"], frame["population"], method="byar" if method == "dobson" else "exact")
    np.testing.assert_allclose(found, crude, rtol=1e-9)


def test_tiwari_limits_cover_as_published():
    """At 20 expected deaths in 18 ages, simulated limits cover the true rate about 95.7 % of the time."""
    random = np.random.default_rng(2006)
    weight = np.array([69, 73, 73, 72, 66, 65, 71, 81, 82, 72, 62, 48, 39, 34, 32, 27, 18, 16])
    risk = np.exp(-(((np.arange(18) - 7) / 4.0) ** 2))
    mean = 20 * risk / risk.sum()
    simulations = 4_000
    frame = pd.DataFrame(
        {
            "run": np.repeat(np.arange(simulations), 18),
            "count": random.poisson(mean, (simulations, 18)).ravel(),
            "population": np.tile(weight * 1_000, simulations),
            "weight": np.tile(weight, simulations),
        }
    )
    table = direct_rate(frame, "run", per=1)
    truth = mean.sum() / weight.sum() / 1_000
    covered = ((table["lower"] <= truth) & (truth <= table["upper"])).mean()
    assert 0.945 < covered < 0.972


def test_national_overdose_rates_are_those_that_nchs_publishes(shared_data):
    """Age-specific deaths of 1999-2015 give the published age-adjusted rates, as far as eight age groups can."""
    path = shared_data / "us/nchs_drug_poisoning_state/NCHS_Drug_Poisoning_Mortality_by_State_United_States.csv"
    national = pd.read_csv(path).query(
        "State == 'United States' and Sex == 'Both Sexes' and `Race and Hispanic Origin` == 'All Races-All Origins'"
    )
    shares = {"Less than 15 years": 0.2147, "15-24 years": 0.138646, "25-34 years": 0.135573, "35-44 years": 0.162613}
    shares |= {"45-54 years": 0.134834, "55-64 years": 0.087247, "65-74 years": 0.066037, "75+ years": 0.06035}
    ages = national[national["Age"] != "All Ages"].assign(weight=lambda frame: frame["Age"].map(shares))
    found = direct_rate(ages, "Year", count="Deaths", population="Population").set_index("Year")["value"]
    published = national[national["Age"] == "All Ages"].set_index("Year")["Age-adjusted Rate"]
    assert len(published) == 17
    assert (found - published).abs().max() < 0.1


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("method", METHODS)
def test_no_events_have_value_and_lower_zero_and_the_exact_upper(method):
    """Without events all methods have the exact limit: all risk in the stratum of the largest weight per person."""
    row = direct_rate(FIFTH.assign(count=0), "order", per=1, method=method).loc[0]
    share = FIFTH["weight"] / FIFTH["weight"].sum() / FIFTH["population"]
    assert row["value"] == row["lower"] == 0
    assert row["upper"] == pytest.approx(-np.log(0.025) * share.max(), rel=1e-12)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("method", METHODS)
def test_strata_without_population_are_counted_reported_and_left_out(method):
    """A stratum of no or unknown population is no error; the others' weights are scaled up to 1."""
    frame = FIFTH.assign(population=FIFTH["population"].where(FIFTH["age"] != "<20", 0).astype("Int64"))
    frame.loc[frame["age"] == "20-24", "population"] = pd.NA
    row = direct_rate(frame, "order", method=method).loc[0]
    rest = direct_rate(FIFTH[2:], "order", method=method).loc[0]
    assert (row["strata_without_population"], row["events_without_population"], row["count"]) == (2, 8, 740)
    assert rest["strata_without_population"] == 0
    pd.testing.assert_series_equal(row[[*LIMITS, "population"]], rest[[*LIMITS, "population"]])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("method", METHODS)
def test_a_group_without_any_population_is_null_and_does_not_touch_the_others(method):
    """Nothing is known about a group without people; its neighbours keep their rates."""
    empty = FIFTH.assign(order="4", population=0)
    table = direct_rate(pd.concat([FIFTH, empty]), "order", method=method)
    assert table["order"].tolist() == ["4", "5+"]
    assert table.loc[0, LIMITS].isna().all()
    assert (table.loc[0, "population"], table.loc[0, "strata_without_population"]) == (0, 6)
    pd.testing.assert_frame_equal(table[1:].reset_index(drop=True), direct_rate(FIFTH, "order", method=method))


@pytest.mark.parametrize("method", METHODS)
def test_a_missing_count_makes_its_group_missing_and_is_never_zero(method):
    """One suppressed count leaves the group's count, value and limits unknown, and only that group's."""
    frame = MICHIGAN.astype({"count": "Int64"})
    frame.loc[0, "count"] = pd.NA
    table = direct_rate(frame, "order", method=method).set_index("order")
    assert table.loc["1", ["count", *LIMITS]].isna().all()
    assert table.loc["2":, LIMITS].notna().all(axis=None)


def test_a_stratum_of_weight_zero_is_outside_the_standard():
    """A standard that ends at 64 ignores events and people at 65, and reports nothing about them."""
    old = FIFTH.assign(weight=FIFTH["weight"].where(FIFTH["age"] != "40+", 0))
    pd.testing.assert_frame_equal(direct_rate(old, "order"), direct_rate(FIFTH[:-1], "order"))


@given(tables, st.sampled_from(METHODS), st.randoms(use_true_random=False))
@settings(max_examples=120, deadline=None)
def test_laws_of_direct_rates(frame, method, random):
    """Limits enclose; order, scale of the weights and empty strata change nothing; nothing raises."""
    table = direct_rate(frame, "area", method=method)
    known = table["value"].notna()
    assert (table["lower"][known] <= table["value"][known] * (1 + 1e-12)).all()
    assert (table["value"][known] <= table["upper"][known] * (1 + 1e-12)).all()
    assert table.loc[~known, ["lower", "upper"]].isna().all(axis=None)
    order = random.sample(range(len(frame)), len(frame))
    pd.testing.assert_frame_equal(direct_rate(frame.iloc[order], "area", method=method), table, rtol=1e-9)
    scaled = frame.assign(weight=frame["weight"] * 7.0, population=frame["population"] * 1_000)
    found = direct_rate(scaled, "area", per=1e8, method=method)
    pd.testing.assert_frame_equal(found[["area", *LIMITS]], table[["area", *LIMITS]], rtol=1e-9)
    empty = frame.groupby("area", as_index=False).first().assign(count=0, population=0, weight=5_000)
    found = direct_rate(pd.concat([frame, empty]), "area", method=method)
    reported = found.pop("strata_without_population") - table["strata_without_population"]
    assert reported.eq(1).all()
    pd.testing.assert_frame_equal(found, table.drop(columns="strata_without_population"), rtol=1e-9)


@pytest.mark.parametrize("kind", ["object", "str", "category", "Int64", "datetime64[us]"])
def test_groups_of_any_type_keep_their_values(kind):
    """Keys of every type come back sorted and unchanged, blocks of rows or not, missing keys included."""
    keys = pd.Series([2, 1, 2, 3, 1, None], dtype="Int64")
    if kind in {"object", "str", "category"}:
        keys = keys.map({1: "a", 2: "b", 3: "c"})
    keys = keys.astype(kind)
    frame = pd.DataFrame({"key": keys, "sex": ["f", "f", "m", "f", "f", "m"], "count": [1, 2, 4, 8, 16, 32]})
    frame = frame.assign(population=1_000, weight=1)
    table = direct_rate(frame, "key")
    assert table["count"].tolist() == [18, 5, 8, 32]
    assert table["key"].dtype == frame["key"].dtype
    assert table["key"].isna().tolist() == [False, False, False, True]
    both = direct_rate(frame, ["sex", "key"])
    assert both["count"].tolist() == [18, 1, 8, 4, 32]
    assert both.columns.tolist()[:4] == ["sex", "key", "count", "population"]
    assert direct_rate(frame, [])["count"].tolist() == [63]
    assert direct_rate(frame[:0], "key").shape == (0, 8)


def test_impossible_inputs_are_refused():
    """Lacking columns, missing weights, negative numbers and unknown methods say what to do."""
    with pytest.raises(ValueError, match="lacks deaths, has order, age, count"):
        direct_rate(MICHIGAN, "order", count="deaths")
    with pytest.raises(ValueError, match=r"lacks area"):
        direct_rate(MICHIGAN, "area")
    with pytest.raises(ValueError, match="weight must not be missing; found nan at position 3"):
        direct_rate(MICHIGAN.assign(weight=MICHIGAN["weight"].where(MICHIGAN.index != 3)), "order")
    with pytest.raises(ValueError, match="population must not be negative; found -1"):
        direct_rate(MICHIGAN.assign(population=-1), "order")
    with pytest.raises(ValueError, match="one of tiwari, fay-feuer, gamma-mean, dobson; found 'normal'"):
        direct_rate(MICHIGAN, "order", method="normal")
    with pytest.raises(ValueError, match="by must not name a result; found population"):
        direct_rate(MICHIGAN, "population")


def test_the_frame_given_is_not_changed():
    """The caller's frame keeps its numbers, floats included."""
    frame = FIFTH.astype({"count": float, "population": float, "weight": float})
    before = frame.copy()
    direct_rate(frame, "order")
    indirect_rate(frame.assign(reference_count=1.0, reference_population=9.0), "order")
    pd.testing.assert_frame_equal(frame, before)


def test_ratios_have_the_limits_of_the_observed_count():
    """Each row of ratios is the Poisson limits of its observed count over its own expectation."""
    observed = pd.Series([17, 0, 40, 5], index=list("abcd"))
    ratio = standardised_ratio(observed, [9.5, 3.0, 0, None])
    np.testing.assert_allclose(ratio.loc["a":"b", "lower"] * [9.5, 3.0], poisson_interval(observed[:2])[0], rtol=1e-12)
    assert ratio.loc["b"].tolist()[:2] == [0, 0]
    assert ratio.loc["b", "upper"] == pytest.approx(-np.log(0.025) / 3, rel=1e-12)
    assert ratio.loc["c":].isna().all(axis=None)


# All deaths in the United States 1940 and 1960 by age, from Selvin 2004, in the documentation of epitools
# (ageadjust.indirect), where its results are computed but not printed; so the second route is plain arithmetic.
SELVIN = pd.DataFrame(
    {
        "year": 1940,
        "count": [45, 201, 320, 670, 1126, 3160, 9723, 17935, 22179, 13461, 2238],
        "population": [
            906897,
            3794573,
            10003544,
            10629526,
            9465330,
            8249558,
            7294330,
            5022499,
            2920220,
            1019504,
            142532,
        ],
        "reference_count": [141, 926, 1253, 1080, 1869, 4891, 14956, 30888, 41725, 26501, 5928],
        "reference_population": [
            *[1784033, 7065148, 15658730, 10482916, 9939972, 10563872, 9114202, 6850263, 4702482, 1874619, 330915]
        ],
    }
)


def test_skin_cancer_in_florida_has_the_printed_ratios():
    """Expected deaths and ratios by age, and observed beside expected in all, are those that SAS prints.

    SAS/STAT, PROC STDRATE, "Getting Started": deaths from skin cancer in Florida beside the United States in 2000.
    """
    ages = pd.DataFrame(
        {
            "state": "Florida",
            "age": range(10),
            "count": [0, 0, 4, 14, 43, 72, 70, 126, 136, 73],
            "population": FLORIDA,
            "reference_count": [0, 1, 41, 186, 626, 1_199, 1_303, 1_637, 1_624, 803],
            "reference_population": UNITED_STATES,
        }
    )
    expected = expected_counts(ages, "age")
    printed = [0, 0.049, 1.972, 9.127, 32.676, 66.445, 83.112, 128.837, 142.878, 63.630]
    assert expected["expected"].round(3).tolist() == printed
    assert (expected["reference_rate"][1:4] * 1e5).round(4).tolist() == [0.0024, 0.1046, 0.4663]
    ratios = standardised_ratio(ages["count"], expected["expected"])["value"]
    assert ratios[2:7].round(4).tolist() == [2.0280, 1.5339, 1.3160, 1.0836, 0.8422]
    whole = indirect_rate(ages, "state").loc[0]
    assert whole["observed"] == 538
    assert whole["expected"] == pytest.approx(sum(printed), abs=0.005)
    assert whole["value"] == pytest.approx(whole["reference_rate"] * 538 / sum(printed), rel=1e-5)


def test_indirect_rates_agree_with_plain_arithmetic():
    """Expected deaths, ratio and rate are sums of products; a group equal to its reference has ratio 1."""
    people, deaths, others = (
        SELVIN[name].tolist() for name in ("population", "reference_count", "reference_population")
    )
    expected = sum(n * d / m for n, d, m in zip(people, deaths, others, strict=True))
    row = indirect_rate(SELVIN, "year").loc[0]
    assert row["expected"] == pytest.approx(expected, rel=1e-12)
    assert row["observed"] == sum(SELVIN["count"])
    assert row["reference_rate"] == pytest.approx(sum(deaths) / sum(others) * 1e5, rel=1e-12)
    # PHStatsMethods 0.1.16 (ph_ISRate) gives the same three numbers.
    np.testing.assert_allclose(row[LIMITS].astype(float), [137.94145373, 136.92906365, 138.95946951], rtol=1e-10)
    ratio = standardised_ratio(row["observed"], expected).loc[0]
    np.testing.assert_allclose(row[LIMITS].astype(float), ratio * row["reference_rate"], rtol=1e-12)
    same = SELVIN.assign(count=SELVIN["reference_count"], population=SELVIN["reference_population"])
    assert indirect_rate(same, "year").loc[0, "expected"] == pytest.approx(sum(deaths), rel=1e-12)
    assert indirect_rate(same, "year").loc[0, "value"] == pytest.approx(sum(deaths) / sum(others) * 1e5, rel=1e-12)


@pytest.mark.filterwarnings("error")
def test_expected_counts_without_people_or_reference():
    """No people expect nothing; unknown people, or a reference without people, leave the number unknown."""
    frame = pd.DataFrame({"area": list("AABC"), "population": [0, 10, None, 10], "reference_count": [1, 2, 3, 0]})
    frame["reference_population"] = [0, 100, 100, 0]
    assert expected_counts(frame, "area")["expected"].fillna(-1).tolist() == [pytest.approx(0.2), -1, -1]
    table = indirect_rate(frame.assign(count=0), "area")
    assert table.loc[0, "value"] == 0
    assert table.loc[1:, LIMITS].isna().all(axis=None)


VISITS = pd.DataFrame(
    {
        "area": ["A"] * 5 + ["B"] * 2,
        "age_group": ["15-44", "15-44", "15-44", "45+", "45+", "15-44", "45+"],
        "events_per_person": [1, 2, 9, 1, 3, 0, 1],
        "people": [50, 10, 1, 20, 2, 0, 0],
        "population": [20_000] * 3 + [30_000] * 2 + [5_000, 6_000],
        "weight": [6] * 3 + [4] * 2 + [6, 4],
    }
)


def test_the_variance_of_repeat_events_is_that_of_simulated_people():
    """The compound Poisson variance is the variance of simulated totals of people who each have 1, 2 or 9 visits."""
    row = repeat_event_counts(VISITS[:3], "area").loc[0]
    assert (row["people"], row["count"], row["count_variance"]) == (61, 79, 50 + 40 + 81)
    random = np.random.default_rng(1994)
    totals = (random.poisson([50, 10, 1], (200_000, 3)) * [1, 2, 9]).sum(axis=1)
    assert totals.mean() == pytest.approx(row["count"], rel=0.002)
    assert totals.var() == pytest.approx(row["count_variance"], rel=0.02)


def test_single_events_are_independent_events():
    """With one event per person, crude and standardised limits are those of independent events, to 1e-9."""
    single = MICHIGAN.assign(people=MICHIGAN["count"], events_per_person=1)
    counts = repeat_event_counts(single, "order")
    assert counts["count"].tolist() == counts["count_variance"].tolist() == counts["people"].tolist()
    crude = repeat_event_rate(counts["count"], counts["count_variance"], 10**6)
    pd.testing.assert_frame_equal(crude, crude_rate(counts["count"], 10**6), rtol=1e-9)
    found = repeat_direct_rate(single, "order", "age")
    pd.testing.assert_frame_equal(found, direct_rate(MICHIGAN, "order", method="dobson"), rtol=1e-9)


def test_repeat_events_widen_the_limits_by_the_root_of_the_variance_ratio():
    """Limits are as far from the value as independent ones, times sqrt(variance / count)."""
    counts = repeat_event_counts(VISITS[:3], "area").loc[0]
    crude = crude_rate(counts["count"], 20_000).loc[0]
    wide = repeat_event_rate(counts["count"], counts["count_variance"], 20_000).loc[0]
    scale = np.sqrt(171 / 79)
    np.testing.assert_allclose(wide - crude["value"], (crude - crude["value"]) * scale, rtol=1e-9, atol=1e-9)
    row = repeat_direct_rate(VISITS, "area", "age_group", per=1).loc[0]
    a = np.array([0.6 / 20_000, 0.4 / 30_000])
    events, variance = np.array([79, 26]), np.array([171, 38])
    assert row["value"] == pytest.approx((a * events).sum(), rel=1e-12)
    upper = poisson_interval(105, method="byar")[1]
    expected = (a * events).sum() + np.sqrt((a**2 * variance).sum() / 105) * (upper - 105)
    assert row["upper"] == pytest.approx(expected, rel=1e-9)


@pytest.mark.filterwarnings("error")
def test_repeat_rates_without_events_or_people():
    """No events have 0, 0 and an exact upper limit; no population is null; the strata's numbers must agree."""
    table = repeat_direct_rate(VISITS, "area", "age_group").set_index("area")
    assert table.loc["B", ["count", "value", "lower"]].tolist() == [0, 0, 0]
    assert table.loc["B", "upper"] == pytest.approx(-np.log(0.025) * 0.6 / 5_000 * 1e5, rel=1e-9)
    none = repeat_direct_rate(VISITS.assign(population=0), "area", "age_group")
    assert none[LIMITS].isna().all(axis=None)
    assert none["strata_without_population"].tolist() == [2, 2]
    crude = repeat_event_rate([0, 4, 4, None], [0, 8, 8, None], [1_000, 0, None, 10])
    assert crude.loc[0].tolist() == [0, 0, pytest.approx(-np.log(0.025) * 100)]
    assert crude.loc[1:].isna().all(axis=None)
    with pytest.raises(ValueError, match=r"population must be the same on all rows of a stratum.*'area': 'A'"):
        repeat_direct_rate(VISITS.assign(population=range(7)), "area", "age_group")
    with pytest.raises(ValueError, match="events_per_person must not be missing"):
        repeat_event_counts(VISITS.assign(events_per_person=None), "area")


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 12)), min_size=1, max_size=8), st.integers(1, 10**6))
@settings(max_examples=50, deadline=None)
def test_laws_of_repeat_rates(rows, people):
    """Limits enclose the rate, and are never narrower than those of as many independent events."""
    frame = pd.DataFrame(rows, columns=["people", "events_per_person"]).assign(area="A")
    counts = repeat_event_counts(frame, "area").loc[0]
    rate = repeat_event_rate(counts["count"], counts["count_variance"], people).loc[0]
    independent = crude_rate(counts["count"], people).loc[0]
    assert 0 <= rate["lower"] <= rate["value"] <= rate["upper"]
    assert rate["lower"] <= independent["lower"] * (1 + 1e-12)
    assert rate["upper"] >= independent["upper"] * (1 - 1e-12)


def test_a_value_per_group_goes_back_to_its_rows():
    """Rows get the value of their own group, in whatever order they come."""
    frame = pd.DataFrame({"area": list("BBABCA")})
    groups = Groups(frame, "area")
    assert groups.of_rows(groups.sum(np.ones(6))).tolist() == [3, 3, 2, 3, 1, 2]
    assert groups.largest(np.arange(6.0)).tolist() == [5, 3, 4]
    assert Groups(frame[:0], "area").of_rows(np.zeros(0)).size == 0
