"""Own programme data: every fault is found, services are added up, and nothing of their lines is stored."""

import datetime
import shutil
from pathlib import Path

import pandas as pd
import pytest

from assets import ingest, snapshots
from assets.source import Recognised, Snapshot, SourceRefused, Tidy
from assets.sources import programme_data
from epi.disclosure import audit

FIXTURES = Path(__file__).parents[1] / "fixtures" / "programme_data"
HEADER = "service,area_id,period,sex,age_group,syringes_distributed,nsp_clients\n"


def tidy(path: Path) -> Tidy:
    """Read one file as a refresh does."""
    recognised = programme_data.recognise(path)
    return programme_data.tidy(
        Snapshot("programme_data", recognised.release, path.parent, recognised.files, "", "", "", "drop-in")
    )


def written(folder: Path, lines: str, name: str = "nsp.csv") -> Path:
    """Write a filled-in template."""
    path = folder / name
    path.write_text(HEADER + lines, encoding="utf-8")
    return path


def found(result: Tidy, measure: str, start: str, end: str, **group: str) -> pd.Series:
    """Give the one observation of a measure, period and group."""
    rows = result.observations
    wanted = {"sex": "all", "age_group": "all", "drug": "all", **group}
    rows = rows[(rows["measure_id"] == measure) & (rows["period_start"] == start) & (rows["period_end"] == end)]
    for name, value in wanted.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1
    return rows.iloc[0]


def test_every_oddity_of_a_filled_in_template_is_found_and_accounted_for() -> None:
    """Each fault is in quarantine with line, column and code, and without the text that stood there."""
    result = tidy(FIXTURES / "synthetic_nsp.csv")
    codes = result.quarantine.groupby("code")["row"].agg(lambda rows: sorted(set(rows))).to_dict()
    assert codes == {
        "conflicting_duplicate": [14, 15],
        "example_row": [3],
        "future_period": [18],
        "hidden_count": [21],
        "missing_area": [23],
        "negative": [21],
        "not_a_number": [22],
        "not_whole": [22],
        "ragged_line": [24],
        "unknown_area": [16],
        "unknown_sex": [19],
        "unreadable_age_group": [20],
        "unreadable_period": [17],
    }
    assert result.unaccounted() == 0
    assert set(result.quarantine["value"]) == {""}
    assert not result.quarantine["reason"].str.contains("US-99999|women|many|young").any()
    places = result.quarantine.set_index("row").loc[[16, 17, 19], "column"]
    assert places.loc[16].tolist() == ["area_id", "area_id"]
    assert places.loc[17].tolist() == ["period", "period"]


def test_services_of_a_place_are_added_up_and_rounded() -> None:
    """Two services in one county make one total, and a repeated line counts once."""
    result = tidy(FIXTURES / "synthetic_nsp.csv")
    total = found(result, "syringes_distributed", "2025-01-01", "2025-12-31")
    assert (total["value"], total["status"]) == (21_455, "reported")  # 9,056 + 12,400
    assert "2 services added up" in total["note"]
    assert result.dropped["the same count stood in another line"] == 2
    assert not result.observations["value"].mod(5).gt(0).any()


def test_small_counts_and_what_gives_them_away_are_hidden_in_everything_stored() -> None:
    """A quarter of 6 syringes and a group of 3 people are hidden, in the observations and in the raw table."""
    result = tidy(FIXTURES / "synthetic_nsp.csv")
    for measure, start, end, group in (
        ("syringes_distributed", "2025-10-01", "2025-12-31", {}),
        ("nsp_clients", "2025-10-01", "2025-12-31", {}),
        ("nsp_clients", "2025-01-01", "2025-12-31", {"sex": "unknown"}),
    ):
        assert found(result, measure, start, end, **group)["status"] == "suppressed"
    assert not result.observations["value"].between(1, 9).any()
    raw = result.raw["programme_data"]
    assert raw.loc[raw["status"] == "suppressed", "value"].eq("").all()
    assert not pd.to_numeric(raw["value"]).between(1, 9).any()
    assert "North" not in raw.to_csv() + result.observations.to_csv() + result.quarantine.to_csv()


def test_months_and_their_year_are_protected_together(tmp_path: Path) -> None:
    """Where all months are given, their year is made of them, and one small month takes a second one with it."""
    months = "".join(
        f"North,US-06037,2024-{month:02d},,,{100 + month if month != 3 else 7},\n" for month in range(1, 13)
    )
    result = tidy(written(tmp_path, months))
    year = found(result, "syringes_distributed", "2024-01-01", "2024-12-31")
    assert year["value"] == 1_180  # 1,182 rounded
    assert "sum of its months" in year["note"]
    hidden = result.observations[result.observations["status"] == "suppressed"]
    assert len(hidden) == 2
    assert pd.Timestamp("2024-03-01") in set(hidden["period_start"])
    assert result.unaccounted() == 0


def test_groups_of_a_total_are_protected_together(tmp_path: Path) -> None:
    """One small group is not the total minus the others."""
    result = tidy(
        written(tmp_path, "A,US-CA,2024,,,,100\nA,,2024,female,,,40\nA,,2024,male,,,56\nA,,2024,unknown,,,4\n")
    )
    hidden = result.observations[result.observations["status"] == "suppressed"]
    assert set(hidden["sex"]) > {"unknown"}
    shown = pd.DataFrame({"sex": result.observations["sex"], "n": result.observations["value"]})
    assert audit(shown, "n", ["sex"], round_to=5).empty


@pytest.mark.parametrize(
    ("lines", "row", "code"),
    [
        ("A,US-CA,2024,,,100,\nA,US-CA,2024-Q1,,,60,\nA,US-CA,2024-Q2,,,60,\n", 2, "shorter_periods_disagree"),
        (
            "A,US-CA,2024-Q1,,,100,\n" + "".join(f"A,US-CA,2024-0{m},,,30,\n" for m in (1, 2, 3)),
            2,
            "shorter_periods_disagree",
        ),
        ("A,US-CA,2024,,,,50\nA,US-CA,2024-03,,,,60\n", 2, "shorter_periods_disagree"),
        ("A,US-CA,2024,,,,50\nA,US-CA,2024,female,,,30\nA,US-CA,2024,male,,,30\n", 2, "groups_exceed_total"),
        ("A,US-CA,2024,,,,50\nA,US-CA,2024,,18-24,,30\nA,US-CA,2024,,25-34,,30\n", 2, "groups_exceed_total"),
    ],
)
def test_lines_that_contradict_each_other_are_found(tmp_path: Path, lines: str, row: int, code: str) -> None:
    """A year below its quarters, a quarter unlike its months, groups above their total: the wider count is refused."""
    result = tidy(written(tmp_path, lines))
    assert result.quarantine[["row", "code"]].to_numpy().tolist() == [[row, code]]


def test_overlapping_age_groups_are_no_contradiction(tmp_path: Path) -> None:
    """Groups that share ages may sum to more than the total."""
    result = tidy(written(tmp_path, "A,US-CA,2024,,,,50\nA,US-CA,2024,,18-29,,30\nA,US-CA,2024,,25-34,,30\n"))
    assert result.quarantine.empty


def test_a_workbook_and_semicolons_are_read() -> None:
    """Dates of a spreadsheet are months, Dec-25 is one, and a comma is not the only separator."""
    kits = tidy(FIXTURES / "synthetic_naloxone.xlsx")
    assert found(kits, "naloxone_kits_distributed", "2024-02-01", "2024-02-29")["value"] == 40
    oat = tidy(FIXTURES / "synthetic_oat_semicolons.csv")
    assert found(oat, "oat_clients", "2025-12-01", "2025-12-31")["value"] == 160
    assert found(oat, "oat_clients", "2025-01-01", "2025-12-31", drug="methadone")["value"] == 95
    assert oat.quarantine["code"].tolist() == ["part_exceeds_whole"]


def test_an_estimate_keeps_its_limits(tmp_path: Path) -> None:
    """Low and high end go with the estimate; one that lies on the wrong side is set aside."""
    result = tidy(FIXTURES / "synthetic_population_size.csv")
    first = found(result, "people_who_inject_drugs", "2024-01-01", "2024-12-31")
    assert (first["lower"], first["value"], first["upper"]) == (1400, 1900, 2600)
    assert result.quarantine["code"].tolist() == ["limits_cross"]


def arrive(folder: Path, day: str, lines: str) -> Snapshot:
    """Keep a file as one that came in on a day."""
    kept = snapshots.keep(folder / "kept", programme_data.CARD, Recognised(day, (written(folder, lines),)), "drop-in")
    assert kept is not None
    return kept


def test_services_that_send_files_on_different_days_are_added_up(tmp_path: Path) -> None:
    """A later file adds its service to those that came before, and corrects its own earlier count."""
    arrive(tmp_path, "2026-01-10", "A,US-CA,2024,,,1000,\nB,US-CA,2024,,,500,\n")
    later = programme_data.tidy(arrive(tmp_path, "2026-02-10", "B,US-CA,2024,,,700,\nC,US-CA,2024,,,90,\n"))
    assert later.observations["value"].tolist() == [1_790]
    assert later.unaccounted() == 0
    gone = programme_data.tidy(arrive(tmp_path, "2026-03-10", "C,US-CA,2024,,,withdrawn,\n"))
    assert gone.observations["value"].tolist() == [1_700]
    none = programme_data.tidy(arrive(tmp_path, "2026-03-11", "A,US-CA,2024,,,withdrawn,\nB,US-CA,2024,,,withdrawn,\n"))
    assert none.observations["status"].tolist() == ["withdrawn"]
    assert none.unaccounted() == 0


def test_a_later_release_keeps_hidden_what_an_earlier_one_hid(tmp_path: Path) -> None:
    """One more person does not open a cell that was hidden, and two releases together give none away."""
    groups = "A,US-CA,2024,,,,100\nA,,2024,female,,,40\nA,,2024,male,,,56\nA,,2024,unknown,,,{}\n"
    first = programme_data.tidy(arrive(tmp_path, "2026-01-10", groups.format(4)))
    second = programme_data.tidy(arrive(tmp_path, "2026-02-10", groups.format(4).replace("100", "101")))
    for result in (first, second):
        hidden = result.observations[result.observations["status"] == "suppressed"]
        assert set(hidden["sex"]) == set(first.observations.loc[first.observations["value"].isna(), "sex"])
    frames = [
        pd.DataFrame({"sex": each.observations["sex"], "n": each.observations["value"]}) for each in (first, second)
    ]
    assert audit(frames[1], "n", ["sex"], round_to=5, previous=frames[0]).empty


def test_a_period_is_judged_by_the_day_the_file_came_in(tmp_path: Path) -> None:
    """A month that was not over on that day is set aside, however often it is read again."""
    result = programme_data.tidy(arrive(tmp_path, "2026-01-10", "A,US-CA,2025-12,,,100,\nA,US-CA,2026-01,,,100,\n"))
    assert result.quarantine[["row", "code"]].to_numpy().tolist() == [[3, "future_period"]]


def test_no_message_quotes_a_cell(tmp_path: Path) -> None:
    """A file without its header, whose first line is data, is refused without naming anything that stood there."""
    path = tmp_path / "lines.csv"
    path.write_text("Unmistakable,US-CA,2024,12345678\nUnmistakable,US-CA,2023,12345679\n", encoding="utf-8")
    with pytest.raises(SourceRefused) as refusal:
        programme_data.recognise(path)
    assert "Unmistakable" not in str(refusal.value)
    assert "12345678" not in str(refusal.value)


def test_a_fault_in_the_code_quotes_no_cell_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong while a file is read becomes a refusal that names the kind of fault alone."""

    def fail(*_: object) -> None:
        raise ValueError("could not convert string to float: 'Unmistakable'")

    monkeypatch.setattr(programme_data.programme_totals, "protected", fail)
    path = written(tmp_path, "A,US-CA,2024,,,100,\n")
    with pytest.raises(SourceRefused) as refusal:
        tidy(path)
    assert "Unmistakable" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_the_folder_that_users_know_is_read(tmp_path: Path) -> None:
    """A file in data/drop/programme/ comes in, and the folder is there before anybody needs it."""
    ingest.bring_in(programme_data, tmp_path / "kept", tmp_path / "drop", None)
    folder = tmp_path / "drop" / "programme"
    assert folder.is_dir()
    shutil.copyfile(FIXTURES / "synthetic_cascade.csv", folder / "cascade.csv")
    arrival = ingest.bring_in(programme_data, tmp_path / "kept", tmp_path / "drop", None)
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    assert [snapshot.release for snapshot in arrival.new] == [today]
    assert ingest.bring_in(programme_data, tmp_path / "kept", tmp_path / "drop", None).new == []
