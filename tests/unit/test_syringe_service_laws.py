"""State laws on syringe service programmes: one day, 51 states, totals that an altered copy does not have."""

from pathlib import Path

import pytest

from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import syringe_service_laws as source
from schemas.observations import Observation, as_observations
from schemas.sources import syringe_service_laws as layout

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "syringe_service_laws"


def read(name: str) -> Tidy:
    """Recognise a file and read it as its snapshot, every record accounted for."""
    found = source.recognise(FIXTURES / name)
    snapshot = Snapshot(source.CARD.id, found.release, FIXTURES, found.files, "", "", "", "drop-in", found.notes)
    tidied = source.tidy(snapshot)
    assert tidied.unaccounted() == 0
    stamps = {"source_id": source.CARD.id, "release": found.release, "snapshot_id": snapshot.snapshot_id}
    Observation.validate(as_observations(tidied.observations.assign(**stamps)))
    return tidied


def test_each_answer_is_an_observation_of_one_day() -> None:
    """51 states have six answers each, all of 1 August 2019; the totals are those of the article."""
    rows = read("synthetic_PS08_2019_S-2021-02-23.csv").observations
    assert len(rows) == 51 * 6
    assert set(rows["period_start"].dt.strftime("%Y-%m-%d")) == set(rows["period_end"].dt.strftime("%Y-%m-%d"))
    assert set(rows["period_end"].dt.strftime("%Y-%m-%d")) == {"2019-08-01"}
    totals = rows.groupby("measure_id")["value"].sum()
    assert totals[["ssp_authorised_law", "paraphernalia_law_absent"]].tolist() == [32, 1]
    assert rows["area_id"].nunique() == 51


def test_other_capitals_are_the_same_table() -> None:
    """A later edition writes the columns with other capitals and means the same."""
    first, later = (
        read(name).observations.sort_values(["measure_id", "area_id"], ignore_index=True)
        for name in ("synthetic_PS08_2019_S-2021-02-23.csv", "synthetic_later_capitals-2024-01-03.csv")
    )
    assert first.equals(later)


def test_odd_answers_and_names_are_set_aside() -> None:
    """An answer other than 1 and 0, and a name that is not the code's, are in quarantine with their line."""
    aside = read("synthetic_two_odd_lines-2021-02-23.csv").quarantine
    assert aside.groupby("code")["row"].agg(["size", "min"]).to_numpy().tolist() == [[1, 5], [6, 6]]
    assert sorted(set(aside["code"])) == ["not_a_number", "unknown_area"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bad_synthetic_altered-2021-02-23.csv", r"expected \{'expSSP': 32, 'noPrphLw': 1\}.*found \{'expSSP': 51"),
        ("bad_synthetic_fifty-2021-02-23.csv", "expected 51 lines.*found 50"),
        ("bad_synthetic_renamed-2021-02-23.csv", "expSSP"),
        ("bad_synthetic_too_early-2018-02-23.csv", "on or after 2019-08-01"),
    ],
)
def test_other_tables_are_refused(name: str, message: str) -> None:
    """Altered, shorter and renamed copies, and a release before the laws' own day, are refused by name."""
    with pytest.raises(SourceRefused, match=message):
        source.recognise(FIXTURES / name)


def test_fetch_says_how_a_person_gets_it() -> None:
    """No script takes the file."""
    with pytest.raises(SourceRefused, match="data/drop/syringe_service_laws"):
        source.fetch(None, None, Path())  # type: ignore[arg-type]


def test_columns_of_the_layout_are_all_read() -> None:
    """Every answer has its measure, once."""
    assert len(set(layout.MEASURES.values())) == len(layout.MEASURES) == 6
