"""Assembly of core: what jumped is held back, corrections are applied or stop it, revisions are of published values."""

from pathlib import Path

import pandas as pd
import pytest
from observed import frame, observed

from assets import assembly, tables
from assets.contract import require
from assets.plausibility import Blocked
from schemas.quarantine import COLUMNS as QUARANTINE
from schemas.tables import MODELS

CORRECTION = """\
- id: usa_2021
  rows: {measure_id: overdose_deaths, area_id: USA, period_start: 2021-01-01, period_end: 2021-12-31}
  action: replace
  expect: 100
  value: 110
  reason: An invented reason that is long enough to be read.
  evidence: An invented table of an invented report, page 3.
"""
NOTHING = pd.DataFrame({name: pd.Series(dtype="int64" if name == "row" else "str") for name in QUARANTINE})


def part(release: str, factor: float = 1.0, layout: str = "one") -> assembly.Part:
    """Make one release with twelve years of deaths."""
    rows = [
        observed("cdc_wonder", "overdose_deaths", "USA", year, 100.0 * factor, release=release)
        for year in range(2010, 2022)
    ]
    return assembly.Part(f"cdc_wonder/{release}", f"{release}T05:00:00Z", layout, frame(*rows), NOTHING)


def assemble(reviewed: Path, *parts: assembly.Part) -> assembly.Assembled:
    """Assemble releases without figures; every table must keep its contract."""
    made = assembly.assemble(part("2020-01-01").observations.iloc[:0], list(parts), reviewed)
    for name, table in made.tables.items():
        require(table, MODELS[name], name)
    return made


def failed(made: assembly.Assembled) -> dict[str, str]:
    """Give the checks that did not pass."""
    return {str(row["check_name"]): str(row["description"]) for row in made.checks if not row["passed"]}


def test_every_check_is_announced(tmp_path: Path) -> None:
    """The checks that run are those that the asset declares: Dagster refuses any other."""
    made = assemble(tmp_path, part("2024-01-01"))
    assert {(row["asset"], row["check_name"]) for row in made.checks} == set(assembly.CHECKS)
    assert failed(made) == {}


def test_jumping_release_is_left_out_and_named(tmp_path: Path) -> None:
    """The newest values stay those of the release before; the check names the one held back."""
    made = assemble(tmp_path, part("2024-01-01"), part("2025-01-01", 1_000.0))
    assert made.tables["core.observations"]["value"].unique().tolist() == [100.0]
    assert set(made.tables["core.observation_releases"]["release"]) == {"2024-01-01"}
    assert "cdc_wonder/2025-01-01" in failed(made)["releases_do_not_jump"]
    assert [each.source_id for each in made.held] == ["cdc_wonder"]


def test_correction_reaches_core_but_not_the_revisions(tmp_path: Path) -> None:
    """A corrected value is in core; what publishers revised is told from what they published."""
    (tmp_path / "cdc_wonder.corrections.yml").write_text(CORRECTION)
    made = assemble(tmp_path, part("2024-01-01", 0.9), part("2025-01-01"))
    newest = made.tables["core.observations"].loc[lambda rows: rows["period_end"] == "2021-12-31"]
    assert newest["value"].tolist() == [110.0]
    changes = made.tables["marts.revision_changes"].loc[lambda rows: rows["period_end"] == "2021-12-31"]
    assert changes[["old_value", "new_value"]].to_numpy().tolist() == [[90.0, 100.0]]
    assert made.tables["meta.corrections"]["applied"].tolist() == [True]
    [largest] = made.tables["marts.revisions"]["largest_change_pct"]
    assert abs(largest - 100 / 9) < 1e-9


def test_mended_value_blocks(tmp_path: Path) -> None:
    """A correction that no longer fits stops the step with a blocking check that says what to do."""
    (tmp_path / "cdc_wonder.corrections.yml").write_text(CORRECTION)
    with pytest.raises(Blocked, match="entry usa_2021: expected 100") as blocked:
        assemble(tmp_path, part("2025-01-01", 1.1))
    [check] = blocked.value.checks
    assert (check["check_name"], check["severity"], check["passed"]) == ("corrections_fit", "block", False)


def test_correction_without_a_row_is_a_warning(tmp_path: Path) -> None:
    """A correction whose row is not at hand is told, and stops nothing."""
    (tmp_path / "cdc_wonder.corrections.yml").write_text(CORRECTION.replace("USA", "CAN"))
    assert "usa_2021" in failed(assemble(tmp_path, part("2025-01-01")))["corrections_found_their_rows"]
    foreseen = CORRECTION.replace("USA", "CAN").rstrip() + "\n  foreseen: yes\n"
    (tmp_path / "cdc_wonder.corrections.yml").write_text(foreseen)
    assert "corrections_found_their_rows" not in failed(assemble(tmp_path, part("2025-01-01")))


def test_different_queries_have_different_layouts(tmp_path: Path) -> None:
    """Two releases are of one layout when raw columns, measures and query agree; the query alone can differ."""

    def made(name: str, query: str) -> str:
        frames = {"observations": part("2024-01-01").observations, "raw__cdc_wonder": pd.DataFrame({"Deaths": ["1"]})}
        facts = {"snapshot_id": name, "notes": {f"{name}.txt: query": query, f"{name}.txt: query date": name}}
        return assembly.layout(tables.make(tmp_path / name, name, lambda: (frames, dict(facts))))

    assert made("2024-01-01", "Year: 2018-2022") == made("2025-01-01", "Year: 2018-2022")
    assert made("2024-02-01", "Year: 2018-2022") != made("2025-02-01", "Year: 1999-2020")
