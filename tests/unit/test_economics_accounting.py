"""Discounting, burden, money, returns, budgets of payers, cohorts: printed examples, second routes, bounds."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from scipy.linalg import expm

import epi.economics as economics
from epi.economics.burden import weighted_years
from epi.economics.cohorts import counted

rates = st.floats(0, 0.2)


@given(rates, st.integers(1, 60), st.sampled_from([1.0, 0.25, 1 / 12]))
@settings(max_examples=60, deadline=None)
def test_factors_are_powers_of_one_plus_the_rate(rate, periods, length):
    """Factors are (1 + r)^-t from t = 0, later by half a period or a whole one; continuous ones are an integral."""
    time = np.arange(periods) * length
    for timing, shift in {"start": 0, "middle": 0.5, "end": 1}.items():
        direct = 1 / (1 + rate) ** (time + shift * length)
        assert economics.discount_factors(periods, rate, timing, length) == pytest.approx(direct)
    last = integrate.quad(lambda t: (1 + rate) ** -t, time[-1], time[-1] + length)[0] / length
    assert economics.discount_factors(periods, rate, "continuous", length)[-1] == pytest.approx(last)


def test_the_value_of_thirty_years_at_the_baltimore_site():
    """Irwin 2017 (10.1186/s12954-017-0153-2) values a death as 30 years of $25,707 at 3 %: $503,869."""
    assert round(25_707 * economics.annuity(30, 0.03)) == 503_869


@given(rates, st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_an_annuity_is_the_sum_of_its_years(rate, years):
    """The closed form is the present value of 1 a year, at start, middle, end or continuously."""
    for timing in ("start", "middle", "end", "continuous"):
        total = economics.present_value(np.ones(years), rate, timing)
        assert economics.annuity(years, rate, timing) == pytest.approx(total, rel=1e-9)
    yearly = economics.equivalent_annual_cost(1_000, years, rate)
    assert economics.present_value(np.full(years, yearly), rate, "end") == pytest.approx(1_000)


def test_discounted_and_undiscounted_stand_side_by_side():
    """Undiscounted totals come first; rates may be named, as those of countries; draws are totalled one by one."""
    flows = pd.DataFrame({"cost": [100.0, 100.0, 100.0], "deaths": [1.0, 2.0, 3.0]})
    table = economics.present_value_table(flows, {"high": 0.05})
    assert table["undiscounted"].tolist() == [300, 6]
    assert table.loc["deaths", "high"] == pytest.approx(1 + 2 / 1.05 + 3 / 1.05**2)
    assert list(economics.present_value_table(flows)) == ["undiscounted", "at_3_pct", "at_5_pct"]
    assert economics.present_value(np.ones((4, 3)), 0.0).tolist() == [3, 3, 3, 3]


@pytest.mark.parametrize("rate", [-0.01, np.nan, 3.0])
def test_impossible_rates_are_refused(rate):
    """Negative and missing rates, and percentages, are refused."""
    for call in (lambda: economics.annuity(3, rate), lambda: economics.discount_factors(3, rate)):
        with pytest.raises(ValueError, match="expected a proportion from 0 to below 1"):
            call()


@given(st.floats(0, 90), st.floats(0, 90), st.sampled_from([0, 1e-8, 0.03, 0.1]), st.floats(0, 1), st.floats(0, 0.1))
@settings(max_examples=150, deadline=None)
def test_weighted_years_are_the_integral(age, years, rate, weighting, beta):
    """Murray's closed form is the integral of discounted, age-weighted time, for any constants, 0 included."""

    def inside(x):
        weight = weighting * 0.1658 * x * np.exp(-beta * x) + 1 - weighting
        return weight * np.exp(-rate * (x - age))

    direct = integrate.quad(inside, age, age + years, epsabs=1e-9)[0]
    found = weighted_years(age, years, rate, weighting, beta)
    assert found == pytest.approx(direct, rel=1e-6, abs=1e-7)


def test_dalys_keep_their_parts():
    """Years lost and lived add up; no death and no case cost nothing; by default nothing is discounted or weighted."""
    lost = economics.years_of_life_lost([10, 0], [35, 50], [45, 32])
    lived = economics.years_lived_with_disability([100, 0], [0.078, 0.5], [30, 40], [20, 10])
    assert economics.dalys(lost, lived)["dalys"].tolist() == pytest.approx([606, 0])
    assert economics.years_of_life_lost(1, 35, 45, 0.03) < 45
    with pytest.raises(ValueError, match=r"disability_weight: expected 0 to 1, found 7\.8"):
        economics.years_lived_with_disability(1, 7.8, 30, 20)
    with pytest.raises(ValueError, match="negative"):
        economics.years_of_life_lost(-1, 35, 45)
    with pytest.raises(ValueError, match="expected K from 0 to 1"):
        weighted_years(30, 20, 0.03, 2.0)


def test_qalys():
    """QALYs are people x utility x time, discounted from the first period on; utilities above 1 are refused."""
    assert economics.qalys([100, 90], [0.574, 0.766], 0.03, period_years=0.5) == pytest.approx(
        0.5 * (57.4 + 90 * 0.766 / 1.03**0.5)
    )
    assert economics.qalys(10, -0.1) == pytest.approx(-1)
    with pytest.raises(ValueError, match=r"finite values of 1 or less, found 57.4"):
        economics.qalys(1, 57.4)


PRICES = pd.DataFrame(
    {"currency": ["AUD", "AUD", "USD", "USD"], "year": [2015, 2020] * 2, "index": [100, 110, 50, 60.0]}
)
EXCHANGE = pd.DataFrame(
    {"currency": ["AUD", "AUD", "USD", "USD"], "year": [2015, 2020] * 2, "per_unit": [1.25, 1.5, 1, 1]}
)


def test_costs_come_to_one_year_and_currency():
    """Deflating before exchanging and after differ as stated; factors are told; what needs no factor gets 1."""
    costs = pd.DataFrame({"what": ["a", "b"], "amount": [100.0, 7.0], "currency": ["AUD", "USD"], "year": [2015, 2020]})
    first = economics.convert_costs(costs, 2020, "USD", PRICES, EXCHANGE)
    assert first["converted_amount"].tolist() == pytest.approx([100 * 1.1 / 1.5, 7])
    assert first["what"].tolist() == ["a", "b"]
    assert first["price_factor"].tolist() == pytest.approx([1.1, 1])
    other = economics.convert_costs(costs, 2020, "USD", PRICES, EXCHANGE, "exchange-first")
    assert other["converted_amount"].tolist() == pytest.approx([100 / 1.25 * 1.2, 7])
    nothing = economics.convert_costs(costs[1:], 2020, "USD", PRICES.iloc[:0])
    assert nothing["converted_amount"].tolist() == [7]


def test_a_missing_year_is_refused():
    """No index or rate is carried forward: the currency and the year that are missing are named."""
    costs = pd.DataFrame({"amount": [1.0], "currency": ["AUD"], "year": [2012]})
    with pytest.raises(ValueError, match=r"deflators: expected an entry for AUD in 2012; found years \[2015, 2020\]"):
        economics.convert_costs(costs, 2020, "USD", PRICES, EXCHANGE)
    with pytest.raises(ValueError, match="exchange_rates: expected an entry for EUR in 2020; found years none"):
        economics.convert_costs(costs.assign(year=2015), 2020, "EUR", PRICES, EXCHANGE)
    with pytest.raises(ValueError, match="each currency and year once"):
        economics.convert_costs(costs, 2020, "USD", pd.concat([PRICES, PRICES]), EXCHANGE)
    with pytest.raises(ValueError, match="expected index above 0; found 0"):
        economics.convert_costs(costs, 2020, "USD", PRICES.assign(index=0.0), EXCHANGE)


def test_returns_say_what_they_divide():
    """Two conventions differ and say how: total benefit per cost, and other costs saved per programme cost."""
    table = economics.returns(100.0, 250.0, 150.0).set_index("measure")
    assert table["value"].to_dict() == {"benefit_cost_ratio": 4, "return_on_investment": 3, "saving_ratio": 2.5}
    assert "health not valued" in table.loc["saving_ratio", "definition"]
    assert table["lower"].isna().all()


def test_returns_over_draws():
    """The value is the ratio of means, not the mean of ratios; limits are quantiles; no cost has no ratio."""
    random = np.random.default_rng(1)
    cost, saved = random.gamma(4, 25, 2_000), random.gamma(9, 30, 2_000)
    row = economics.returns(cost, saved).set_index("measure").loc["saving_ratio"]
    assert row["value"] == pytest.approx(saved.mean() / cost.mean())
    assert row["value"] < (saved / cost).mean()
    assert row[["lower", "upper"]].tolist() == pytest.approx(np.quantile(saved / cost, [0.025, 0.975]).tolist())
    assert economics.returns(0.0, 10.0)["value"].isna().all()
    assert economics.returns([-5.0, 30.0], 10.0)["lower"].isna().all()
    with pytest.raises(ValueError, match="costs_saved: expected finite amounts in every draw"):
        economics.returns(1.0, [1.0, np.nan])


def test_budget_impact_by_payer_and_year():
    """Impact is the difference to the reference by payer and year, undiscounted; payers add up; 0 where none pays."""
    flows = pd.DataFrame(
        [
            ("now", 2025, "state", 10.0),
            ("now", 2026, "state", 10.0),
            ("more", 2025, "state", 12.0),
            ("more", 2025, "state", 4.0),
            ("more", 2026, "state", 9.0),
            ("more", 2026, "clients", 2.0),
        ],
        columns=["scenario", "year", "payer", "cost"],
    )
    result = economics.budget_impact(flows, "now").set_index(["payer", "year"])
    assert result["budget_impact"].to_dict() == {
        ("state", 2025): 6,
        ("state", 2026): -1,
        ("clients", 2025): 0,
        ("clients", 2026): 2,
        ("all", 2025): 6,
        ("all", 2026): 1,
    }
    assert result.loc[("all", 2026), "cumulative_impact"] == 7
    assert economics.budget_impact(flows[:2], "now").empty
    with pytest.raises(ValueError, match="expected every year in every scenario; found no 2026 in more"):
        economics.budget_impact(flows[:4], "now")
    with pytest.raises(ValueError, match=r"reference: expected one of \['now', 'more'\], found none"):
        economics.budget_impact(flows, "none")
    with pytest.raises(ValueError, match="expected no missing values"):
        economics.budget_impact(flows.assign(cost=flows["cost"].where(flows.index != 3)), "now")
    with pytest.raises(ValueError, match="a payer called `all`"):
        economics.budget_impact(flows.replace("clients", "all"), "now")


MOVES = np.array([[0.85, 0.1, 0.05], [0.2, 0.77, 0.03], [0.0, 0.0, 1.0]])
VALUES = pd.DataFrame({"cost": [100.0, 900.0, 0.0], "qalys": [0.6, 0.75, 0.0]}, index=["out", "in", "dead"])


def test_counting_rules_are_what_they_say():
    """Life-table is the mean of beginning and end, which differ by the first and last occupancy; discounting from 0."""
    trace = economics.cohort_trace([1000, 0, 0], MOVES, 12)
    begin, end, table = (counted(trace, rule) for rule in ("beginning", "end", "life-table"))
    assert table == pytest.approx((begin + end) / 2)
    assert (begin.sum(axis=0) - end.sum(axis=0)) == pytest.approx(trace[0] - trace[-1])
    found = economics.cohort_totals(trace, VALUES, "end", 0.5, 0.04).set_index("outcome")
    by_hand = sum((trace[t + 1] @ VALUES["cost"]) * 0.5 * 1.04 ** (-0.5 * t) for t in range(12))
    assert found.loc["cost", "discounted"] == pytest.approx(by_hand)
    assert found.loc["cost", "undiscounted"] == pytest.approx(float((trace[1:] @ VALUES["cost"]).sum()) * 0.5)
    assert trace.sum(axis=1) == pytest.approx(1000)


def test_life_table_comes_nearest_to_continuous_time():
    """Against the exact person-time of constant rates, the life-table rule is closest and shorter cycles converge."""
    intensity = np.array([[-0.3, 0.25, 0.05], [0.1, -0.12, 0.02], [0, 0, 0]])
    augmented = np.zeros((6, 6))
    augmented[:3, :3], augmented[:3, 3:] = intensity, np.eye(3)
    exact = (expm(augmented * 10)[:3, 3:])[0][:2].sum()
    alive = pd.DataFrame({"years": [1.0, 1.0, 0.0]})
    errors = {}
    for length in (1.0, 1 / 12):
        trace = economics.cohort_trace([1, 0, 0], expm(intensity * length), round(10 / length))
        for rule in ("beginning", "end", "life-table"):
            total = economics.cohort_totals(trace, alive, rule, length, 0.0)["undiscounted"][0]
            errors[rule, length] = abs(total - exact)
    assert errors["life-table", 1.0] < 0.1 * min(errors["beginning", 1.0], errors["end", 1.0])
    assert errors["beginning", 1 / 12] < errors["beginning", 1.0] / 10


def test_matrices_may_change_with_time_and_draw():
    """Matrices per cycle, and per draw and cycle, give what a loop gives."""
    random = np.random.default_rng(1)
    moves = random.dirichlet([2, 1, 1], (5, 4, 3))
    trace = economics.cohort_trace([10, 5, 0], moves, 4)
    for draw in range(5):
        people = np.array([10.0, 5.0, 0.0])
        for cycle in range(4):
            people = people @ moves[draw, cycle]
        assert trace[draw, -1] == pytest.approx(people)
        assert economics.cohort_trace([10, 5, 0], moves[draw], 4)[-1] == pytest.approx(people)
    totals = economics.cohort_totals(trace, VALUES)
    assert totals["draw"].tolist() == sorted([0, 1, 2, 3, 4] * 2)
    alone = economics.cohort_totals(trace[3], VALUES)
    assert totals[totals["draw"] == 3]["discounted"].tolist() == pytest.approx(alone["discounted"].tolist())


@pytest.mark.parametrize(
    ("moves", "message"),
    [
        ([[0.9, 0.2], [0, 1]], r"rows that add up to 1, found 1.1 in row \(0,\)"),
        ([[1.1, -0.1], [0, 1]], r"probabilities from 0 to 1, found 1.1 at \(0, 0\)"),
        ([[np.nan, 0.1], [0, 1]], "probabilities from 0 to 1, found nan"),
        (np.eye(3), r"transitions of 2 x 2 states, found 2 and the shape \(3, 3\)"),
        (np.broadcast_to(np.eye(2), (3, 2, 2)), "one matrix for each of 2 cycles, found 3"),
    ],
)
def test_leaking_matrices_are_refused(moves, message):
    """A matrix that makes or loses people, or does not fit, is refused with its place."""
    with pytest.raises(ValueError, match=message):
        economics.cohort_trace([1, 0], moves, 2)


def test_rates_become_probabilities():
    """A rate gives 1 - exp(-rate x time), which a cohort of two states reproduces."""
    monthly = economics.rate_to_probability(1.051, 1 / 12)
    trace = economics.cohort_trace([1, 0], [[1 - monthly, monthly], [0, 1]], 12)
    assert trace[-1, 1] == pytest.approx(1 - np.exp(-1.051))
    with pytest.raises(ValueError, match="expected rates of 0 or more"):
        economics.rate_to_probability(-1.0, 1)
