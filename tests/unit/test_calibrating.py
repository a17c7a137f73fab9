"""Calibration of a place: what it published becomes targets, and the rates behind a made-up place come out."""

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from assets.economics.asking import QuestionRefused, analysis
from assets.economics.calibrating import (
    UNSTATED_SPREAD,
    Calibration,
    calibrate,
    calibrated_answer,
    observed,
    predictions,
)
from assets.economics.places import Place, places
from assets.economics.runs import parameter_values
from assets.economics.tables import Settings, evidence_for
from assets.evidence import load
from epi.models.calibration_targets import Target
from epi.models.interface import Horizon
from epi.models.transmission import run
from epi.models.transmission_levers import status_quo
from pipelines import cli

INPUTS = {
    "pwid_population_size": 8_600.0, "oat_coverage": 13.1, "syringes_per_pwid": 60.0, "hiv_prevalence_pwid": 20.0,
    "hcv_antibody_prevalence_pwid": 50.0,
}  # fmt: skip
TRUTH = {"overdose_rate": 0.15, "hiv_transmission_rate": 0.2, "hcv_transmission_rate": 0.3}


def published(**more: float) -> pd.DataFrame:
    """Make marts.latest_values (synthetic) of one place; deaths are given by name, as counts behind a rate."""
    rows = [("SYN", name, value, np.nan) for name, value in INPUTS.items()]
    rows += [("SYN", name, 80.0 if name.endswith("_crude") else count, count) for name, count in more.items()]
    frame = pd.DataFrame(rows, columns=["area_id", "indicator_id", "value", "numerator"])
    limits = {"lower_95": float("nan"), "upper_95": float("nan"), "period": "2018", "release": "2019"}
    return frame.assign(**limits, strata="all", status="reported", reason="", source_ids="synthetic")


@pytest.fixture(scope="module")
def chosen() -> pd.DataFrame:
    """Give the default figures."""
    return evidence_for(load(), Settings())


def only(frame: pd.DataFrame, chosen: pd.DataFrame) -> Place:
    """Read the only place."""
    clearance = float(chosen.set_index("parameter_id").loc["hcv_clearance_proportion", "mean"])
    return places(frame, clearance)[0]


@pytest.fixture(scope="module")
def true(chosen: pd.DataFrame) -> dict[str, float]:
    """Give what the model of the synthetic place predicts at known rates."""
    place = only(published(), chosen)
    given: dict[str, Any] = {name: np.array([value]) for name, value in TRUTH.items()}
    whole = parameter_values(place, chosen.assign(distribution="fixed", centre=None), 1, given=given)
    ran = run(status_quo(whole), 1, Horizon(5, 0.0, 0.0))
    return {name: float(value[0]) for name, value in predictions(ran).items()}


def to_itself(method: Any, chosen: pd.DataFrame, true: dict[str, float]) -> Calibration:
    """Calibrate the synthetic place to its own predictions."""
    frame = published(drug_induced_death_rate_crude=round(true["overdose_deaths"]))
    names = ("hiv_prevalence", "hcv_prevalence", "hiv_incidence", "hcv_incidence")
    own = [Target(name, "lognormal", true[name], spread=0.05) for name in names]
    return calibrate(only(frame, chosen), frame, chosen, draws=200, method=method, more=own)


@pytest.fixture(scope="module")
def calibrated(chosen: pd.DataFrame, true: dict[str, float]) -> Calibration:
    """Calibrate by importance sampling."""
    return to_itself("imis", chosen, true)


@pytest.mark.parametrize("method", ["imis", "abc"])
def test_the_rates_behind_a_place_come_out(method: str, chosen: pd.DataFrame, true: dict[str, float]) -> None:
    """From prevalence, incidence, deaths and coverage, limits hold the true rates and are narrower than the prior's."""
    calibrated = to_itself(method, chosen, true)
    rows = calibrated.summary().set_index("parameter")
    for name, value in {**TRUTH, "oat_coverage": 0.131}.items():
        assert rows.loc[name, "lower_95"] < value < rows.loc[name, "upper_95"], name
        width = rows.loc[name, "upper_95"] - rows.loc[name, "lower_95"]
        assert width < 0.9 * (rows.loc[name, "prior_upper_95"] - rows.loc[name, "prior_lower_95"]), name
    assert calibrated.predictive["inside"].all()
    assert calibrated.predictive.set_index("target").loc["hiv_incidence", "observed"] == true["hiv_incidence"]


def test_rate_and_fatality_are_told_apart_by_nothing(calibrated: Calibration) -> None:
    """Deaths know only the product of overdose rate and fatality: it is known well, and the two are opposed."""
    sample = calibrated.posterior.sample
    deaths = sample["overdose_rate"] * sample["overdose_fatality"]
    assert sample[["overdose_rate", "overdose_fatality"]].corr().iloc[0, 1] < -0.7
    assert deaths.std() / deaths.mean() < 0.2 < sample["overdose_rate"].std() / sample["overdose_rate"].mean()


def test_the_sample_goes_into_a_run(calibrated: Calibration, chosen: pd.DataFrame) -> None:
    """Runs use the sample draw by draw; recruitment follows from it, and everything else varies as before."""
    values = parameter_values(calibrated.place, chosen, 200, given=calibrated.given)
    plain = parameter_values(calibrated.place, chosen, 200)
    assert (values["overdose_rate"] == calibrated.posterior.sample["overdose_rate"]).all()
    assert (values["oat_overdose_rr"] == plain["oat_overdose_rr"]).all()
    beyond_duration = values["recruitment_rate"] - 1 / values["injecting_duration_years"]
    assert np.corrcoef(beyond_duration, values["overdose_rate"] * values["overdose_fatality"])[0, 1] > 0.7
    assert not np.allclose(values["recruitment_rate"], plain["recruitment_rate"])


def test_what_was_published_becomes_targets(chosen: pd.DataFrame) -> None:
    """Percents are proportions, antibodies lose those who clear, a rate gives its count; where it was read stays."""
    frame = published(drug_induced_death_rate_crude=110.0, opioid_deaths=90.0)
    frame.loc[frame["indicator_id"] == "hiv_prevalence_pwid", ["lower_95", "upper_95"]] = [16.0, 25.0]
    targets, told = observed(only(frame, chosen), frame, injecting_share=0.5)
    by_name = {one.name: one for one in targets}
    assert by_name["oat_coverage"] == Target("oat_coverage", "lognormal", 0.131, spread=UNSTATED_SPREAD)
    assert by_name["hcv_prevalence"].observed == pytest.approx(0.5 * (1 - 0.26))
    assert by_name["hiv_prevalence"].spread == pytest.approx(np.log(25 / 16) / 3.92, rel=1e-3)
    assert by_name["overdose_deaths"] == Target("overdose_deaths", "poisson", 45)
    assert told.set_index("target").loc["overdose_deaths", "indicator_id"] == "opioid_deaths"
    _, told = observed(only(frame, chosen), published(drug_induced_death_rate_crude=110.0))
    assert told.set_index("target").loc["overdose_deaths", "period"] == "2018"
    assert (told["source_ids"] == "synthetic").all()


def test_predictions_are_of_the_moment_that_they_say(chosen: pd.DataFrame) -> None:
    """Deaths and incidence are those of the first year, as a run of one year gives; shares are those of the last."""
    given: dict[str, Any] = {name: np.array([2 * value]) for name, value in TRUTH.items()}
    still = chosen.assign(distribution="fixed", centre=None)
    whole = status_quo(parameter_values(only(published(), chosen), still, 1, given=given))
    long, first = run(whole, 1, Horizon(5, 0.0, 0.0)), run(whole, 1, Horizon(1, 0.0, 0.0))
    found = {name: float(value[0]) for name, value in predictions(long).items()}
    assert found["overdose_deaths"] == pytest.approx(first.total("overdose_deaths")[0])
    free = first.total("years_hcv_susceptible")[0] + first.total("years_hcv_cleared")[0]
    assert found["hcv_incidence"] == pytest.approx(first.total("hcv_infections")[0] / free)
    assert found["hiv_incidence"] == pytest.approx(
        first.total("hiv_infections")[0] / first.total("years_hiv_susceptible")[0]
    )
    last = {name: float(stock[0, 5]) for name, stock in long.stocks.items()}
    for name, stock in {"hiv_prevalence": "hiv", "hcv_prevalence": "hcv_rna", "oat_coverage": "on_oat"}.items():
        assert found[name] == pytest.approx(last[stock] / last["people_who_inject"])
    assert found["hcv_prevalence"] > 1.1 * 0.5 * (1 - 0.26)


def test_zero_and_full_are_no_targets(chosen: pd.DataFrame) -> None:
    """A prevalence of 0 has no error to be told from, and a coverage cut to what the model holds is not observed."""
    frame = published(opioid_deaths=0.0)
    frame.loc[frame["indicator_id"] == "hiv_prevalence_pwid", "value"] = 0.0
    frame.loc[frame["indicator_id"] == "oat_coverage", "value"] = 90.0
    targets, _ = observed(only(frame, chosen), frame)
    assert [one.name for one in targets] == ["hcv_prevalence"]


def test_what_is_not_observed_keeps_its_prior(chosen: pd.DataFrame) -> None:
    """Without deaths the overdose rate is not touched; the assumption about deaths is then not made."""
    frame = published()
    found = calibrate(only(frame, chosen), frame, chosen, draws=50)
    assert set(found.given) == {"oat_coverage", "hiv_transmission_rate", "hcv_transmission_rate"}
    assert not any("deaths" in sentence for sentence in found.assumed)
    again = calibrate(only(frame, chosen), frame, chosen, draws=50)
    pd.testing.assert_frame_equal(found.posterior.sample, again.posterior.sample)


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({}, {"more": [Target("prison", "poisson", 3.0)]}, "found \\['prison'\\]"),
        ({}, {"method": "guess"}, "expected imis or abc, found 'guess'"),
        ({"syringes_per_pwid": None}, {}, "found none of syringes_per_pwid"),
        ({"oat_coverage": 0.0, "hiv_prevalence_pwid": 0.0, "hcv_antibody_prevalence_pwid": 0.0}, {}, "found none"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(
    change: dict[str, float | None], options: dict[str, Any], words: str, chosen: pd.DataFrame
) -> None:
    """A target or method that is unknown, a place without inputs, and a place that observed nothing are refused."""
    frame = published()
    for name, value in change.items():
        frame.loc[frame["indicator_id"] == name, "value"] = value
    frame = frame[frame["value"].notna()]
    with pytest.raises(QuestionRefused, match=words) as refusal:
        calibrate(only(frame, chosen), frame, chosen, draws=50, **options)
    assert "expected" in str(refusal.value)


def test_an_answer_rests_on_the_sample_and_says_so(chosen: pd.DataFrame) -> None:
    """Deaths averted move with the deaths observed; the evidence set is marked, and no study's rate is claimed."""
    averted = {}
    how = analysis(["oat=0.4"], [], ["overdose_fatality=0.05"], 2, 60, 1, "AUD", 0.03)
    for deaths in (60.0, 120.0):
        frame = published(opioid_deaths=deaths)
        found, fitted = calibrated_answer(frame, {"SYN": "Synthetica"}, load(), "synthetica", how)
        rows = found.rows[found.rows["intervention_id"] == "oat"]
        averted[deaths] = float(rows.loc[rows["outcome"] == "overdose_deaths_averted", "value"].iloc[0])
        assert "overdose_rate" in fitted.given
        assert "overdose_fatality" not in fitted.given
        rate, covered = fitted.given["overdose_rate"], fitted.given["oat_coverage"]
        assert (rate * 0.05 * 8_600 * (1 - covered * (1 - 0.208))).mean() == pytest.approx(deaths, rel=0.15)
    assert averted[120.0] == pytest.approx(2 * averted[60.0], rel=0.15)
    assert found.evidence.endswith("+calibrated")
    assert set(found.rows["parameter_set"]) == {found.evidence}
    assert not any("those of the study" in sentence for sentence in found.assumed)
    assert any("opioid_deaths" in sentence for sentence in found.assumed)


def test_nothing_is_left_to_calibrate_where_all_is_given(chosen: pd.DataFrame) -> None:
    """Values of one's own are not calibrated; where they are all that could be, that is said."""
    frame = published()
    given = {"oat_coverage": 0.1, "hiv_transmission_rate": 0.2, "hcv_transmission_rate": 0.2}
    with pytest.raises(QuestionRefused, match="expected something left to calibrate, found all of it given"):
        calibrate(only(frame, chosen), frame, chosen, draws=50, given=given)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Publish the synthetic place in a home of its own."""
    monkeypatch.setenv("HRE_HOME", str(tmp_path))
    folder = tmp_path / "data" / "published"
    folder.mkdir(parents=True)
    names = pd.DataFrame({"area_id": ["SYN"], "name": ["Synthetica"]})
    with duckdb.connect(str(folder / "harm_reduction.duckdb")) as connection:
        for table, frame in (("marts.latest_values", published(opioid_deaths=60.0)), ("meta.areas", names)):
            connection.execute(f"create schema if not exists {table.split('.')[0]}")
            connection.register("incoming", pa.Table.from_pandas(frame, preserve_index=False))
            connection.execute(f"create table {table} as select * from incoming")
            connection.unregister("incoming")
    return tmp_path


def test_the_command_calibrates(home: Path) -> None:
    """The option prints what was calibrated, to which published figures, and how well they are met."""
    result = CliRunner().invoke(
        cli.app, ["model", "SYN", "-i", "oat=0.4", "--years", "2", "--draws", "60", "--calibrate"]
    )
    assert result.exit_code == 0, result.output
    for words in ("+calibrated", "overdose_rate", "Mean before", "opioid_deaths", "independent draws"):
        assert words in result.output
    plain = CliRunner().invoke(cli.app, ["model", "SYN", "-i", "oat=0.4", "--years", "2", "--draws", "6"])
    assert "alibrated" not in plain.output
    every = ("overdose_rate", "overdose_fatality", "oat_coverage", "hiv_transmission_rate", "hcv_transmission_rate")
    given = [word for name in every for word in ("--set", f"{name}=0.1")]
    refused = CliRunner().invoke(cli.app, ["model", "SYN", "-i", "oat=0.4", "--calibrate", *given])
    assert refused.exit_code == 1
    assert "left to calibrate" in refused.output
