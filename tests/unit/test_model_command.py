"""The command hre model: what it reads, refuses and says, on the real evidence and a synthetic place."""

import csv
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from assets.economics.asking import QuestionRefused, analysis, pairs, read_interventions
from assets.economics.question import Answer, answer
from assets.evidence import EvidenceError, load
from pipelines import cli
from schemas.economics import InterventionValue

RUN = CliRunner()
NAMES = {"SYN": "Synthetica", "LAC": "Lackland", "NIL": "Nilland"}
INPUTS = {
    "pwid_population_size": 1000.0, "oat_coverage": 20.0, "syringes_per_pwid": 50.0, "hiv_prevalence_pwid": 5.0,
    "hcv_antibody_prevalence_pwid": 40.0,
}  # fmt: skip


def latest() -> pd.DataFrame:
    """Make marts.latest_values (synthetic): one place with every input, one that lacks its coverage."""
    rows = [("SYN", name, value) for name, value in INPUTS.items()] + [("LAC", "pwid_population_size", 500.0)]
    frame = pd.DataFrame(rows, columns=["area_id", "indicator_id", "value"])
    limits = {"lower_95": float("nan"), "upper_95": float("nan")}
    return frame.assign(**limits, strata="all", status="reported", reason="", source_ids="synthetic", release="2024")


def ask(*interventions: str, place: str = "SYN", **more: object) -> Answer:
    """Ask about a place, quickly: 6 draws, 2 years."""
    options: dict[str, object] = {"chosen": (), "given": (), "currency": "AUD", "discount": 0.03, **more}
    how = analysis(interventions, years=2, draws=6, seed=1, **options)  # type: ignore[arg-type]
    return answer(latest(), NAMES, load(), place, how)


def value(found: Answer, outcome: str, payer: str = "none", one: str = "oat") -> pd.Series:
    """Give the row of an outcome, undiscounted for health and discounted for money."""
    frame = found.rows
    hit = frame[frame["intervention_id"].eq(one) & frame["outcome"].eq(outcome) & frame["perspective"].eq(payer)]
    return hit.sort_values("discount_pct").iloc[-1 if payer != "none" else 0]


def test_the_rows_keep_the_contract_of_the_table() -> None:
    """An answer has the columns, types and grain of marts.intervention_value, with and without a discount."""
    for discount in (0.03, 0.0):
        found = ask("oat=0.5", "oat=0.5+nsp=0.6", discount=discount)
        InterventionValue.validate(found.rows.fillna({"reason": ""}))
        assert set(found.rows["intervention_id"]) == {"oat", "oat+nsp", "services_today"}
        assert not found.lacking


def test_more_treatment_averts_more_deaths_and_costs_more() -> None:
    """60 % against 40 %: more deaths averted, more paid, and both steps on the frontier in order."""
    found = ask("oat=0.4", "oat=0.6")
    frame = found.rows[found.rows["outcome"].eq("overdose_deaths_averted") & found.rows["comparator"].eq("today")]
    averted = frame.set_index("level")["value"]
    assert 0 < averted["40 %"] < averted["60 %"]
    steps = found.steps.set_index("strategy")
    assert steps.index[0] == "today"
    assert steps.loc["oat 60 %", "cost"] > steps.loc["oat 40 %", "cost"] > steps.loc["today", "cost"]


def test_a_scale_up_path_of_ones_own_is_taken() -> None:
    """A slower and later scale-up averts less, and the answer says which path it took."""
    quick, slow = ask("oat=0.6"), ask("oat=0.6", given=("scale_up_years=5", "scale_up_start_year=1"))
    assert value(slow, "overdose_deaths_averted")["value"] < value(quick, "overdose_deaths_averted")["value"] / 2
    assert any("within 5 years from year 1 on" in line for line in slow.assumed)


def test_the_same_seed_gives_the_same_numbers() -> None:
    """Two runs of one question agree to the last digit; the evidence set has the same name."""
    first, second = ask("oat=0.5"), ask("oat=0.5")
    pd.testing.assert_frame_equal(first.rows, second.rows)
    assert first.evidence == second.evidence


def test_a_price_of_ones_own_changes_the_cost_and_is_said() -> None:
    """Half the price of treatment halves the cost of more treatment, less what is saved; the basis is the user's."""
    found, cheap = ask("oat=0.5"), ask("oat=0.5", given=("cost_oat=2779.85",))
    whole, half = value(found, "cost_difference", "health system"), value(cheap, "cost_difference", "health system")
    assert half["value"] == pytest.approx(whole["value"] / 2, rel=0.05)
    assert (whole["cost_basis"], half["cost_basis"]) == ("transferred", "given by the user")
    assert value(found, "qalys_gained")["value"] == value(cheap, "qalys_gained")["value"]


def test_another_source_changes_the_infections_and_the_name_of_the_set() -> None:
    """OAT and hepatitis C: 0.42 averts more infections than 0.50."""
    found, other = ask("oat=0.6"), ask("oat=0.6", chosen=("oat_hcv_rr=act_databook",))
    assert value(other, "hcv_infections_averted")["value"] > value(found, "hcv_infections_averted")["value"]
    assert other.evidence != found.evidence


def test_without_a_price_in_the_currency_health_stays_and_the_gap_is_said() -> None:
    """No figure in USD prices safer supply: health is answered, costs are lacking; a price of one's own fills it."""
    found = ask("safer_supply=0.05", currency="USD")
    rows = found.rows[found.rows["intervention_id"].eq("safer_supply")]
    assert rows[rows["perspective"].ne("none")]["status"].tolist() == ["not_applicable"]
    assert found.steps.empty
    assert "safer_supply" not in set(found.payments["intervention_id"])
    assert any("cost_safer_supply" in line and "USD" in line for line in found.lacking)
    priced = ask("safer_supply=0.05", currency="USD", given=("cost_safer_supply=9000",))
    assert value(priced, "cost_difference", "health system", "safer_supply")["currency"] == "USD"


def test_inputs_of_ones_own_stand_for_what_a_place_does_not_publish() -> None:
    """A place without coverage is refused with what to give, and answered once it is given."""
    with pytest.raises(QuestionRefused, match=r"expected oat_coverage, syringes_per_pwid, found no published value"):
        ask("oat=0.5", place="Lackland")
    found = ask("oat=0.5", place="Lackland", given=("oat_coverage=0.1", "nsp_coverage=0.2"))
    assert value(found, "overdose_deaths_averted")["value"] > 0
    assert any(line.startswith("hiv_prevalence_pwid: no published value") for line in found.lacking)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("otas=0.5", r"expected a lever, found 'otas'; near it: oat"),
        ("oat=50", r"expected a level from 0 to 0.95, found 50; shares are written as proportions"),
        ("oat", r"expected NAME=NUMBER, found 'no number'"),
        ("oat=nan", r"expected NAME=NUMBER, found 'nan'"),
        ("oat=0.5+oat=0.6", r"expected each lever once, found oat_coverage twice"),
    ],
)
def test_a_level_that_cannot_be_read_is_refused(text: str, words: str) -> None:
    """Errors say what was expected, what was found and what is near."""
    with pytest.raises(QuestionRefused, match=words):
        read_interventions([text])


def test_treatment_of_hiv_and_in_prison_is_asked_for_by_name() -> None:
    """Every lever has a name; prison's two go together in one strategy, and what they lack is refused by name."""
    made = read_interventions(["prison_oat=0.5+release_link=0.8", "art=0.8+hiv_testing=1", "prep=0.3"])
    assert [one.id for one in made] == ["prison_oat", "art+hiv_testing", "prep"]
    assert made[0].targets == {"50 % + 80 %": {"prison_oat_coverage": 0.5, "release_oat_link": 0.8}}
    with pytest.raises(
        QuestionRefused, match=r"no verified evidence for incarceration_rate, .*--set incarceration_rate=…"
    ):
        ask("prison_oat=0.5+release_link=0.8")
    found = ask("prep=0.3", given=("cost_prep=500",))
    assert value(found, "hiv_infections_averted", one="prep")["value"] > 0
    assert value(found, "programme_cost", "health system", "prep")["value"] > 0


def test_what_is_worth_knowing_is_told_with_enough_draws() -> None:
    """With 100 draws each uncertain figure has its worth, none above that of all but for noise; with 6 none has."""
    assert ask("oat=0.5").information.empty
    how = analysis(["oat=0.5"], (), (), years=2, draws=100, seed=1, currency="AUD", discount=0.03)
    table = answer(latest(), NAMES, load(), "SYN", how).information
    assert {"overdose_rate", "overdose_fatality"} <= set(table["parameter_id"])
    assert (table["evppi"] <= table["evpi"] + 2 * table["standard_error"]).all()


def test_a_strategy_twice_is_refused() -> None:
    """The incremental table needs each strategy once."""
    with pytest.raises(QuestionRefused, match="expected each strategy once"):
        read_interventions(["oat=0.5", "oat=0.50"])


@pytest.mark.parametrize(
    ("more", "fault", "words"),
    [
        ({"place": "Synthetika"}, QuestionRefused, r"found 'Synthetika'; near it: SYN \(Synthetica\)"),
        ({"place": "NIL"}, QuestionRefused, r"found Nilland \(NIL\) with none of them"),
        ({"given": ("cost_oats=5",)}, QuestionRefused, r"of the model, found 'cost_oats'; near it: cost_oat"),
        ({"given": ("oat_coverage_target=0.5",)}, QuestionRefused, r"found a target; use --intervention"),
        ({"chosen": ("oat_hcv_r=act_databook",)}, EvidenceError, r"found 'oat_hcv_r'; near it: .*oat_hcv_rr"),
        ({"chosen": ("oat_hcv_rr=platt",)}, EvidenceError, r"expected one of the sources .*platt_2017_all"),
        ({"given": ("overdose_fatality=3",)}, ValueError, r"overdose_fatality: expected proportion from 0 to 1"),
    ],
)  # fmt: skip
def test_an_unknown_name_is_refused_with_near_matches(more: dict[str, object], fault: type, words: str) -> None:
    """Place, parameter and source that do not exist, and values out of bounds, are named with what is near."""
    with pytest.raises(fault, match=words):
        ask("oat=0.5", **more)


def test_pairs_need_a_name_and_a_value() -> None:
    """An option without an equals sign, or a name twice, is refused."""
    assert pairs("--set", ["a=1", "b=2"]) == {"a": "1", "b": "2"}
    for wrong in (["a"], ["a="], ["=1"], ["a=1", "a=2"]):
        with pytest.raises(QuestionRefused, match="expected"):
            pairs("--set", wrong)


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Publish the synthetic place in a home of its own."""
    monkeypatch.setenv("HRE_HOME", str(tmp_path))
    folder = tmp_path / "data" / "published"
    folder.mkdir(parents=True)
    names = pd.DataFrame(list(NAMES.items()), columns=["area_id", "name"])
    with duckdb.connect(str(folder / "harm_reduction.duckdb")) as connection:
        for table, frame in (("marts.latest_values", latest()), ("meta.areas", names)):
            connection.execute(f"create schema if not exists {table.split('.')[0]}")
            connection.register("incoming", pa.Table.from_pandas(frame, preserve_index=False))
            connection.execute(f"create table {table} as select * from incoming")
            connection.unregister("incoming")
    return tmp_path


def test_the_command_answers_and_writes(published: Path, tmp_path: Path) -> None:
    """Health, costs, steps, assumptions and figures are printed; the file holds the rows."""
    path = tmp_path / "answer.csv"
    asked = ["model", "synthetica", "-i", "oat=0.5", "--years", "2", "--draws", "6", "-o", str(path)]
    asked += ["--willingness-to-pay", "20000"]
    result = RUN.invoke(cli.app, asked)
    assert result.exit_code == 0, result.output
    for words in ("Synthetica (SYN), 2 years", "Overdose deaths averted", "transferred, not converted", "Step by step",
                  "on the frontier", "Assumed", "Lacking", "evidence-", "Returns at AUD 20,000 a QALY",
                  "Budget impact, not discounted"):  # fmt: skip
        assert words in result.output
    with path.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["outcome"] for row in rows} >= {"overdose_deaths_averted", "cost_per_qaly", "dalys_averted"}
    assert {row["unit"] for row in rows if row["outcome"] == "net_monetary_benefit"} == {"AUD, at AUD 20,000 a QALY"}
    assert {row["draws"] for row in rows} == {"6"}
    assert "nan" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["model", "Atlantis"], 1, "expected a published place, found 'Atlantis'"),
        (["model", "SYN", "-i", "otas=0.5"], 1, "near it: oat"),
        (["model", "SYN", "--choose", "oat_hcv_rr=platt"], 1, "expected one of the sources"),
        (["model", "SYN", "--set", "overdose_fatality=3", "--draws", "6"], 1, "expected proportion from 0 to 1"),
        (["model", "SYN", "--years", "0"], 2, "--years"),
    ],
)
def test_the_command_refuses_in_plain_words(published: Path, arguments: list[str], code: int, words: str) -> None:
    """A refused question gives its message and exit code 1, wrong usage 2, and never a traceback."""
    result = RUN.invoke(cli.app, arguments)
    assert result.exit_code == code
    assert words in result.output
    assert "Traceback" not in result.output


def test_nothing_published_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a publication there is no place to ask about."""
    monkeypatch.setenv("HRE_HOME", str(tmp_path))
    result = RUN.invoke(cli.app, ["model", "SYN"])
    assert result.exit_code == 1
    assert "hre refresh" in result.output
