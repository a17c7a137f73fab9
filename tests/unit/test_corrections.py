"""Corrections: reviewed entries are applied, listed and marked; one that the source has outrun stops the refresh."""

from pathlib import Path

import pandas as pd
import pytest
from observed import frame, observed

from assets import core, corrections
from assets.contract import require
from assets.figures import load
from assets.sources import SOURCE_IDS
from schemas.corrections import CorrectionRow
from schemas.observations import Observation

CHECKOUT = Path(__file__).resolve().parents[2]
REVIEWED = CHECKOUT / "data" / "corrections"
ENTRY = """\
- id: austria_2017
  rows: {measure_id: people_who_inject_drugs, area_id: AUT, period_start: 2017-01-01, period_end: 2017-12-31}
  action: withdraw
  expect: 900
  reason: An invented reason that is long enough to be read.
  evidence: An invented table of an invented report, page 3.
"""


def austria(value: float | None, release: str = "2019-01-01", **others: object) -> dict[str, object]:
    """Make the row that the entry is about."""
    return observed("unaids_gam", "people_who_inject_drugs", "AUT", 2017, value, release=release, **others)


def entries(folder: Path, text: str = ENTRY) -> list[corrections.Correction]:
    """Write entries to a file and read them."""
    (folder / "unaids_gam.corrections.yml").write_text(text, encoding="utf-8")
    return corrections.load(folder)


def test_withdrawn_row_keeps_its_place_without_its_value(tmp_path: Path) -> None:
    """A withdrawn row has its status, no value, no limits, and a note after the publisher's own."""
    rows = frame(austria(900.0, lower=800.0, upper=1000.0, note="sample"), austria(5.0, sex="female"))
    done, listed = corrections.apply(rows, entries(tmp_path))
    require(done, Observation)
    require(listed, CorrectionRow)
    row = done[done["sex"] == "all"].iloc[0]
    assert row["status"] == "withdrawn"
    assert row[["value", "lower", "upper"]].isna().all()
    assert row["note"].startswith("sample; corrected: withdrawn by us, published was 900: An invented reason")
    assert done.loc[done["sex"] == "female", ["value", "note"]].to_numpy().tolist() == [[5.0, ""]]
    assert listed[["release", "old_value", "new_status", "applied"]].to_numpy().tolist() == [
        ["2019-01-01", 900.0, "withdrawn", True]
    ]
    assert rows["status"].eq("reported").all(), "the published rows themselves stay"


def test_replaced_row_has_the_new_value(tmp_path: Path) -> None:
    """A replaced row is reported with the other value; old and new are listed."""
    text = ENTRY.replace("withdraw", "replace") + "  value: 90\n"
    done, listed = corrections.apply(frame(austria(900.0)), entries(tmp_path, text))
    assert done[["value", "status"]].to_numpy().tolist() == [[90.0, "reported"]]
    assert listed[["old_value", "new_value"]].to_numpy().tolist() == [[900.0, 90.0]]


def test_confirmed_row_stays_and_says_why(tmp_path: Path) -> None:
    """A confirmed row keeps value and limits; the note names the decision."""
    done, listed = corrections.apply(
        frame(austria(900.0, lower=800.0)), entries(tmp_path, ENTRY.replace("withdraw", "confirm"))
    )
    assert done[["value", "lower", "status"]].to_numpy().tolist() == [[900.0, 800.0, "reported"]]
    assert "kept by us" in done["note"].iloc[0]
    assert listed["new_value"].tolist() == [900.0]


def test_source_that_mended_itself_stops_the_refresh(tmp_path: Path) -> None:
    """A newest release with another value names file, entry, expected, found and what to do."""
    rows = frame(austria(900.0), austria(95.0, "2025-01-01"))
    with pytest.raises(corrections.CorrectionError) as refusal:
        corrections.apply(rows, entries(tmp_path))
    message = str(refusal.value)
    for part in ("unaids_gam.corrections.yml, entry austria_2017", "expected 900", "found 95 in release 2025-01-01"):
        assert part in message
    assert "delete the entry" in message


@pytest.mark.parametrize("status", ["suppressed", "low_quality"])
def test_row_that_lost_its_value_stops_the_refresh_too(tmp_path: Path, status: str) -> None:
    """A row that the publisher now hides is no longer the one that was judged."""
    rows = frame(austria(900.0), austria(None, "2025-01-01", status=status))
    with pytest.raises(corrections.CorrectionError, match=f"found {status}"):
        corrections.apply(rows, entries(tmp_path))


def test_entry_for_old_releases_leaves_the_new_one(tmp_path: Path) -> None:
    """With releases named, the mended release is free and the old one stays corrected."""
    rows = frame(austria(900.0), austria(95.0, "2025-01-01"))
    done, _ = corrections.apply(rows, entries(tmp_path, ENTRY + "  releases: [2019-01-01]\n"))
    assert done["status"].tolist() == ["withdrawn", "reported"]
    assert core.newest(done)["value"].tolist() == [95.0]


def test_older_release_with_another_value_is_left(tmp_path: Path) -> None:
    """Only rows that hold the expected value are corrected: an older one was not judged."""
    rows = frame(austria(880.0, "2018-01-01"), austria(900.0))
    done, listed = corrections.apply(rows, entries(tmp_path))
    assert done["status"].tolist() == ["reported", "withdrawn"]
    assert listed["release"].tolist() == ["2019-01-01"]


def test_entry_without_a_row_is_listed_as_not_applied(tmp_path: Path) -> None:
    """A correction whose row is not at hand changes nothing and is listed as such."""
    rows = frame(austria(900.0, sex="female"))
    done, listed = corrections.apply(rows, entries(tmp_path))
    pd.testing.assert_frame_equal(done, rows)
    require(listed, CorrectionRow)
    assert listed[["release", "applied", "new_status"]].to_numpy().tolist() == [["", False, ""]]


def test_no_entries_give_an_empty_table() -> None:
    """Without corrections nothing changes and the table keeps its contract."""
    rows = frame(austria(900.0))
    done, listed = corrections.apply(rows, [])
    pd.testing.assert_frame_equal(done, rows)
    require(listed, CorrectionRow)
    assert listed.empty


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("expect: 900", "expect: many", "plain number"),
        ("expect: 900", "expect: 900\n  expect: 800", "found one twice"),
        ("action: withdraw", "action: guess", "found 'guess'"),
        ("action: withdraw", "action: replace", "a value with action replace"),
        ("action: withdraw", "action: withdraw\n  value: 3", "a value with action replace"),
        ("  evidence: An invented table of an invented report, page 3.\n", "", r"none for \['evidence'\]"),
        ("area_id: AUT, ", "", "Name the row by its key"),
        ("area_id: AUT", "area: AUT", "Name the row by its key"),
        ("2017-01-01", "1 Jan 2017", "such as 2013-01-01"),
        ("- id", "  id", "a list of entries"),
        ("reason:", "reasons:", "not known"),
        ("{", "[", "YAML"),
    ],
)
def test_faulty_entry_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    """An entry that is not what it should be is refused with its file, what was expected and what was found."""
    assert old in ENTRY
    with pytest.raises(corrections.CorrectionError, match=said) as refusal:
        entries(tmp_path, ENTRY.replace(old, new))
    assert str(refusal.value).startswith("unaids_gam.corrections.yml")
    assert "expected" in str(refusal.value)
    assert "found" in str(refusal.value)


def test_two_entries_for_one_row_are_refused(tmp_path: Path) -> None:
    """One row is corrected once: a second entry under another id is refused."""
    with pytest.raises(corrections.CorrectionError, match="one correction for each row"):
        entries(tmp_path, ENTRY + ENTRY.replace("austria_2017", "again"))
    with pytest.raises(corrections.CorrectionError, match="one correction for each id"):
        entries(tmp_path, ENTRY + ENTRY)


def test_file_of_an_unknown_source_is_refused(tmp_path: Path) -> None:
    """A misspelt file name would leave its entries unheard: it is refused."""
    (tmp_path / "unaids_gamm.corrections.yml").write_text(ENTRY, encoding="utf-8")
    with pytest.raises(corrections.CorrectionError, match="named after a source"):
        corrections.load(tmp_path, SOURCE_IDS)


def test_country_code_no_stays_text(tmp_path: Path) -> None:
    """YAML's habit of reading NO as false does not reach a place or a note."""
    [entry] = entries(tmp_path, ENTRY.replace("AUT", "NO"))
    assert entry.rows["area_id"] == "NO"


def test_reviewed_corrections_fit_the_figures() -> None:
    """The entries in data/corrections all meet their row in the transcribed figures, with the value they expect."""
    published = load(CHECKOUT / "data" / "figures").observations
    reviewed = corrections.load(REVIEWED, SOURCE_IDS)
    done, listed = corrections.apply(published, reviewed)
    require(listed, CorrectionRow)
    foreseen = {entry.id for entry in reviewed if entry.foreseen}
    assert listed.loc[~listed["correction_id"].isin(foreseen), "applied"].all()
    found = done[done["note"].str.contains(corrections.MARK)].set_index(["area_id", "measure_id"])
    assert found["status"].to_dict() == {
        ("JPN", "people_who_inject_drugs"): "withdrawn",
        ("POL", "syringes_per_pwid"): "withdrawn",
        ("NOR", "oat_clients"): "reported",
    }
    assert listed.set_index("area_id")["old_value"].to_dict() == {"JPN": 519_700.0, "POL": 0.0, "NOR": 2_896.0}


def test_foreseen_value_is_waited_for_and_stops_nothing(tmp_path: Path) -> None:
    """An entry written before its value was seen withdraws it where it comes, and lets any other value pass."""
    entry = ENTRY + "  foreseen: yes\n"
    done, listed = corrections.apply(frame(austria(900.0)), entries(tmp_path, entry))
    assert done["status"].tolist() == ["withdrawn"]
    done, listed = corrections.apply(frame(austria(850.0)), entries(tmp_path, entry))
    assert done[["value", "status"]].to_numpy().tolist() == [[850.0, "reported"]]
    assert listed["applied"].tolist() == [False]
    with pytest.raises(corrections.CorrectionError, match="expected foreseen to be yes or no, found 'perhaps'"):
        entries(tmp_path, ENTRY + "  foreseen: perhaps\n")
