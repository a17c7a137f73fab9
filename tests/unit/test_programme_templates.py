"""Templates for own programme data, and what the check of a filled-in one says."""

import datetime
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from assets.indicators import programme as indicators
from assets.indicators.measures import Measures
from assets.programme_periods import label, periods
from pipelines import cli, programme
from schemas.measures import MEASURES
from schemas.observations import as_observations
from schemas.programme import COLUMNS, TEMPLATES, Template

TODAY = datetime.date(2026, 11, 24)
FIXTURES = Path(__file__).parents[1] / "fixtures" / "programme_data"
RUN = CliRunner()


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda template: template.id)
def test_a_template_is_refused_as_it_comes_and_accepted_when_filled_in(template: Template, tmp_path: Path) -> None:
    """The example that a template comes with is a fault until it is replaced by figures of one's own."""
    path = tmp_path / f"{template.id}.csv"
    path.write_text(programme.template_text(template), encoding="utf-8")
    report = programme.check([path], TODAY)
    assert report.faults > 0
    assert "delete the line" in report.lines[0]
    example = path.read_text(encoding="utf-8").splitlines()[2]
    year = example.replace("2026-03", "2025-03").replace("2026", "2025")
    path.write_text("\n".join([*path.read_text().splitlines()[:2], year.replace("EXAMPLE: delete this line", "A")]))
    assert programme.check([path], TODAY).faults == 0


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda template: template.id)
def test_every_column_has_its_measure_unit_and_meaning(template: Template) -> None:
    """Each column of a template is a known measure in that measure's unit, and is explained."""
    for column in template.columns:
        card = MEASURES[column.measure_id]
        assert column.unit == card.unit, column.name
        assert column.part_of in {"", *(each.name for each in template.columns)}
    assert len(programme.explain(template)) == len(template.header)


def test_column_names_tell_templates_apart() -> None:
    """No column name is in two templates, so that a file's header says which one it is."""
    names = [column.name for template in TEMPLATES.values() for column in template.columns]
    assert len(names) == len(set(names)) == len(COLUMNS)


@pytest.mark.parametrize(
    ("text", "start", "end", "said"),
    [
        ("2026", "2026-01-01", "2026-12-31", "2026"),
        ("2026-Q1", "2026-01-01", "2026-03-31", "2026-Q1"),
        ("2026q4", "2026-10-01", "2026-12-31", "2026-Q4"),
        ("2026-02", "2026-02-01", "2026-02-28", "2026-02"),
        ("2026-02-01 00:00:00", "2026-02-01", "2026-02-28", "2026-02"),
        ("Feb-24", "2024-02-01", "2024-02-29", "2024-02"),
        ("September 2025", "2025-09-01", "2025-09-30", "2025-09"),
    ],
)
def test_periods_are_read_as_services_and_spreadsheets_write_them(text: str, start: str, end: str, said: str) -> None:
    """A month, quarter or year, and the date that a spreadsheet makes of a month, give their first and last day."""
    found = periods(pd.Series([text]))
    assert found.iloc[0].tolist() == [pd.Timestamp(start), pd.Timestamp(end)]
    assert label(found["period_start"], found["period_end"]).tolist() == [said]


@pytest.mark.parametrize(
    "text", ["", "26", "2026-13", "2026-Q5", "2026-03-15", "03/2026", "20260", "soon", "1799", "xyz-24"]
)
def test_what_is_no_period_is_not_guessed(text: str) -> None:
    """A day, an ambiguous date or a word is no period."""
    assert periods(pd.Series([text])).isna().all(axis=None)


def test_check_explains_each_bad_line() -> None:
    """Each fault names file, line, column, what was expected, what was found and what to do."""
    path = FIXTURES / "synthetic_nsp.csv"
    report = programme.check([path], TODAY)
    lines = "\n".join(report.lines)
    assert report.faults == 14
    for said in (
        "line 3, service: expected your own figures, not the example of the template; ",
        "found 'EXAMPLE: delete this line'; delete the line",
        "line 16, area_id: expected the id of a place",
        "found 'US-99999'",
        "line 17, period: expected a month, quarter or year: 2026-03, 2026-Q1 or 2026; found '2026-13'",
        "line 18, period: expected a period that is over",
        "line 19, sex: expected female, male",
        "line 21, syringes_distributed: expected the count itself",
        "line 21, nsp_clients: expected zero or more; found '-4'; correct the count",
        "line 22, nsp_clients: expected a whole number; found '1.5'",
        "line 14, syringes_distributed: expected one count for this service",
        "line 24: expected 8 cells",
        "columns that no template has are ignored and never stored: notes",
        "the same count stood in another line: 2",
        "some periods lie inside others",
        "periods from 2024-01 to 2025-12",
        "14 faults",
        "will be hidden",
    ):
        assert said in lines, said


def test_check_names_places_near_an_unknown_one(tmp_path: Path) -> None:
    """A name in place of an id is answered with the id, and a whole country with a remark."""
    path = tmp_path / "kits.csv"
    path.write_text(
        "service,area_id,period,naloxone_kits_distributed\nA,British Columbia,2024,40\nB,CAN,2024,50\n",
        encoding="utf-8",
    )
    lines = "\n".join(programme.check([path], TODAY).lines)
    assert "near it: CA-BC (British Columbia)" in lines
    assert "CAN is a whole country" in lines


def test_files_are_judged_together(tmp_path: Path) -> None:
    """Two files that say different things of one service and period are both told."""
    for name, count in (("a", 40), ("b", 41)):
        text = f"service,area_id,period,naloxone_kits_distributed\nA,US-CA,2024,{count}\n"
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    report = programme.check([tmp_path / "a.csv", tmp_path / "b.csv"], TODAY)
    assert report.faults == 2
    assert "a.csv: line 2" in report.lines[0]
    assert "b.csv: line 2" in report.lines[1]


@pytest.mark.parametrize("name", [path.name for path in sorted(FIXTURES.glob("bad_*"))])
def test_check_says_what_is_wrong_with_a_whole_file(name: str) -> None:
    """A file that is no filled-in template ends with what was expected of it."""
    report = programme.check([FIXTURES / name], TODAY)
    assert report.faults
    assert "expected" in report.lines[0]


def test_commands_write_and_check_and_refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A template is written once and never over a file; a check ends with 1 on a fault and 0 without one."""
    monkeypatch.chdir(tmp_path)
    done = RUN.invoke(cli.app, ["template", "nsp"])
    assert done.exit_code == 0
    assert "syringes_distributed: Needles and syringes given out in the period. (syringes)" in done.stdout
    again = RUN.invoke(cli.app, ["template", "nsp"])
    assert again.exit_code == 1
    assert RUN.invoke(cli.app, ["template", "nps"]).exit_code == 2
    assert RUN.invoke(cli.app, ["check", "nsp.csv"]).exit_code == 1
    header = Path("nsp.csv").read_text(encoding="utf-8").splitlines()[0]
    Path("good.csv").write_text(f"{header}\nA,US-CA,2024,,,4000,90\n", encoding="utf-8")
    done = RUN.invoke(cli.app, ["check", "good.csv"])
    assert done.exit_code == 0
    assert "no faults" in done.stdout
    assert RUN.invoke(cli.app, ["check", "nowhere.csv"]).exit_code == 1


def observed(**values: object) -> pd.DataFrame:
    """Give one year's total of own programme data."""
    row = {
        "source_id": "programme_data",
        "release": "2026-11-24",
        "snapshot_id": "programme_data/2026-11-24",
        "area_id": "US-06037",
        "period_start": pd.Timestamp("2025-01-01"),
        "period_end": pd.Timestamp("2025-12-31"),
        "status": "reported",
        "is_provisional": False,
        "note": "",
    }
    return pd.DataFrame([row | values])


def indicator(card: str, *rows: pd.DataFrame) -> pd.Series:
    """Compute one indicator from some totals, and give its one row."""
    values = indicators.compute(Measures(as_observations(pd.concat(rows, ignore_index=True))))
    found = values[values["indicator_id"] == card]
    assert len(found) == 1
    return found.iloc[0]


def test_own_counts_make_indicators_of_their_own_place() -> None:
    """Cured of infected with Wilson's interval; OAT over an estimate with its range; kits over residents."""
    cured = indicator(
        "hcv_cascade_cured_or_cleared",
        observed(measure_id="hcv_cured_or_cleared", value=60.0),
        observed(measure_id="hcv_initial_infection", value=130.0),
    )
    assert cured["value"] == pytest.approx(100 * 60 / 130)
    assert (cured["lower_95"], cured["upper_95"]) == pytest.approx((37.82, 54.71), abs=0.01)
    assert (cured["target"], cured["target_status"]) == (80, "not_met")
    oat = indicator(
        "oat_clients_per_100_pwid",
        observed(measure_id="oat_clients", value=500.0),
        observed(measure_id="people_who_inject_drugs", value=2000.0, lower=1000.0, upper=2500.0),
    )
    assert (oat["value"], oat["lower_95"], oat["upper_95"]) == (25, 20, 50)
    kits = indicator(
        "naloxone_kits_per_100k",
        observed(measure_id="naloxone_kits_distributed", value=500.0),
        observed(measure_id="resident_population", value=1e6, source_id="census_population"),
    )
    assert (kits["value"], kits["source_ids"]) == (50, "programme_data+census_population")


def test_a_hidden_count_hides_the_ratio() -> None:
    """A ratio with a hidden numerator has no value and no numerator, and says that it is suppressed."""
    row = indicator(
        "syringes_per_client",
        observed(measure_id="syringes_distributed", value=4000.0),
        observed(measure_id="nsp_clients", value=float("nan"), status="suppressed"),
    )
    assert row["status"] == "suppressed"
    assert row[["value", "numerator", "denominator"]].isna().all()


def test_own_data_never_replace_official_figures() -> None:
    """Where an official row is there, it stays; where none is, the own one is added."""
    keys = {"indicator_id": "x", "period_start": pd.Timestamp("2024-01-01"), "period_end": pd.Timestamp("2024-12-31")}
    official = pd.DataFrame([{**keys, "area_id": "CAN", "strata": "all", "value": 1.0}])
    own = pd.DataFrame([{**keys, "area_id": area, "strata": "all", "value": 2.0} for area in ("CAN", "CA-BC")])
    both = indicators.behind(official, own)
    assert both.set_index("area_id")["value"].to_dict() == {"CAN": 1.0, "CA-BC": 2.0}
