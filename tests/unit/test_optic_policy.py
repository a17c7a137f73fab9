"""OPTIC's laws: one period of force for each state and law, parts of years that fit it, and the figures' own rows."""

from pathlib import Path

import pandas as pd
import pytest

from assets.figures import load
from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import optic_policy
from assets.transport import Transport
from schemas.observations import COLUMNS, TIDY_COLUMNS, Observation
from schemas.quarantine import Quarantine
from schemas.sources import optic_policy as layout

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "optic_policy"
FIGURES = Path(__file__).resolve().parents[2] / "data" / "figures"
NALOXONE, SAMARITAN = FIXTURES / "synthetic_WEB_NAL.xlsx", FIXTURES / "synthetic_WEB_GSL.xlsx"


def tidy(*paths: Path, release: str = "2020-07-29") -> Tidy:
    """Tidy workbooks as one dropped-in release and check what holds for every file."""
    snapshot = Snapshot("optic_policy", release, paths[0].parent, paths, "", "", "", "drop-in")
    result = optic_policy.tidy(snapshot)
    assert result.unaccounted() == 0
    stamp = {"source_id": "optic_policy", "release": release}
    Observation.validate(result.observations.assign(**stamp, snapshot_id=snapshot.snapshot_id)[COLUMNS])
    Quarantine.validate(result.quarantine.assign(**stamp)[["source_id", "release", *result.quarantine.columns]])
    return result


@pytest.fixture(scope="module")
def samaritan() -> Tidy:
    """The made-up workbook of Good Samaritan laws, with one state for each oddity."""
    return tidy(SAMARITAN)


def force(result: Tidy, area: str, law: str = "good_samaritan_law") -> tuple[str, str, float]:
    """Give the period and value of a state's law."""
    chosen = result.observations.query("area_id == @area and measure_id == @law")
    assert len(chosen) == 1
    row = chosen.iloc[0]
    return f"{row['period_start']:%Y-%m-%d}", f"{row['period_end']:%Y-%m-%d}", row["value"]


def parts(result: Tidy, area: str, law: str = "good_samaritan_law") -> list[float]:
    """Give the part of each year in which a state's law was in force."""
    chosen = result.observations.query("area_id == @area and measure_id == @law + @layout.SHARE")
    return chosen.sort_values("period_end")["value"].tolist()


@pytest.mark.parametrize("path", [NALOXONE, SAMARITAN])
def test_release_is_the_last_update_of_the_text_box(path: Path) -> None:
    """The documentation is a drawing without cells; its day of last update names the release of both workbooks."""
    assert optic_policy.recognise(path).release == "2020-07-29"


def test_a_law_is_one_period_of_force(samaritan: Tidy) -> None:
    """A date, repeated in each year, is one row to the last day observed; no law is 0 over all years."""
    assert force(samaritan, "US-UT") == ("2016-05-04", "2017-12-31", 1)
    assert force(samaritan, "US-OH", "good_samaritan_arrest_law") == ("2015-01-01", "2017-12-31", 0)
    rows = samaritan.observations.set_index(["area_id", "measure_id"])["note"]
    assert rows["US-OH", "good_samaritan_arrest_law"] == "no such law in the period observed"
    assert rows["US-UT", "good_samaritan_law"] == ""


def test_a_law_after_the_last_year_is_not_in_force(samaritan: Tidy) -> None:
    """A date past what was observed says nothing of the years observed but that there was no law."""
    assert force(samaritan, "US-HI") == ("2015-01-01", "2017-12-31", 0)


def test_parts_of_years_follow_the_publisher_s_rule(samaritan: Tidy) -> None:
    """January counts where the law began by the 7th, another month by the 3rd; single precision becomes twelfths."""
    assert parts(samaritan, "US-OH") == [0, 1, 1]
    assert parts(samaritan, "US-TX") == [0, 11 / 12, 1]
    assert parts(samaritan, "US-UT") == [0, 7 / 12, 1]
    assert parts(samaritan, "US-UT", "good_samaritan_arrest_law") == [0, 0, 8 / 12]


def test_naloxone_dates_are_months() -> None:
    """Their day is always the first, and the row says that the day is not known."""
    result = tidy(NALOXONE)
    assert force(result, "US-VT", "naloxone_access_law") == ("2016-02-01", "2017-12-31", 1)
    note = result.observations.query("area_id == 'US-VT' and measure_id == 'naloxone_access_law'")["note"].item()
    assert note == "effective month; the day is not published"
    assert len(result.quarantine) == 0


def test_both_workbooks_are_one_release() -> None:
    """Two files give the rows of each."""
    both = tidy(NALOXONE, SAMARITAN)
    assert both.records_in == tidy(NALOXONE).records_in + tidy(SAMARITAN).records_in
    assert set(both.raw) == set(layout.RAW_MODELS)


def test_unreadable_records_are_quarantined_with_their_reason(samaritan: Tidy) -> None:
    """Two dates, a missing year, a part that contradicts its date and a word are faults of their own cells only."""
    found = samaritan.quarantine.groupby("code")["value"].agg(list).to_dict()
    assert {code: len(texts) for code, texts in found.items()} == {
        "unknown_area": 4,
        "not_a_date": 3,
        "several_dates": 3,
        "incomplete_years": 4,
        "contradicts_date": 1,
        "not_twelfths": 1,
    }
    assert found["not_a_date"] == ["spring 2016"] * 3
    assert "date_text 2016-07-01: 1" in found["contradicts_date"]
    assert parts(samaritan, "US-ID") == [0, 1]
    assert force(samaritan, "US-ID") == ("2016-07-01", "2017-12-31", 1)


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("bad_synthetic_WEB_OPTIC_PDMP.xlsx", "WEB_OPTIC_PDMP, which this project does not read"),
        ("bad_synthetic_renamed.xlsx", r"date_anygsl.*date_gsl"),
        ("bad_synthetic_no_date.xlsx", "Rename it"),
        ("bad_synthetic_text.csv", "expected an xlsx workbook"),
    ],
)
def test_other_files_are_refused(name: str, match: str) -> None:
    """OPTIC's other workbook, a renamed column, one without a date and a text file are refused."""
    with pytest.raises(SourceRefused, match=match):
        optic_policy.recognise(FIXTURES / name)


def test_fetch_says_that_a_person_asks_for_the_terms(tmp_path: Path) -> None:
    """No script takes files whose terms are not verified."""
    with pytest.raises(SourceRefused, match=r"terms.*data/drop/optic_policy"):
        optic_policy.fetch(Transport(), None, tmp_path)


def test_published_workbooks_give_the_figures_rows(shared_data: Path) -> None:
    """Every record is accounted for; the laws are the transcribed figures, row by row; parts fit every date."""
    paths = sorted((shared_data / "us" / "optic_policy").glob("*.xlsx"))
    assert {optic_policy.recognise(path).release for path in paths} == {"2020-07-29"}
    result = tidy(*paths)
    assert result.records_in == 51 * (28 * 6 + 29 * 4)
    assert len(result.quarantine) == 0
    assert result.dropped == {optic_policy.REPEATED: 51 * (27 * 3 + 28 * 2)}
    figures = load(FIGURES).observations.query("source_id == 'optic_policy'")[TIDY_COLUMNS]
    laws = result.observations[~result.observations["measure_id"].isin(layout.SHARES)]
    key = ["measure_id", "area_id"]
    pd.testing.assert_frame_equal(
        laws.sort_values(key, ignore_index=True), figures.sort_values(key, ignore_index=True), check_exact=True
    )
    massachusetts = [parts(result, "US-MA", law)[22] for law in ("good_samaritan_law", "naloxone_access_law")]
    assert massachusetts == pytest.approx([0.417, 0.333], abs=0.0005)
