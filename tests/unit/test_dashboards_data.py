"""The page on data: what publishers revised, and what we corrected."""

import runpy
from pathlib import Path
from typing import Any

import pytest

from dashboards.pages import data
from dashboards.published import Published

ROOT = Path(__file__).resolve().parents[2]
SYNTHETIC = runpy.run_path(str(ROOT / "tests" / "fixtures" / "published.py"))


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Give what the page shows of the synthetic file."""
    database = SYNTHETIC["write_published"](tmp_path_factory.mktemp("data") / "plain.duckdb")
    with Published(database) as published:
        return data.page(published, []).context


def test_changes_are_those_of_the_newest_revision(context: dict[str, Any]) -> None:
    """Only the newest release's changes show, largest first; a county stays in the file, as on every page."""
    changes = context["changes"]
    assert {row["release_to"] for row in changes} == {"2025-07-16"}
    assert [row["what"].split(", ", 1)[1] for row in changes] == [
        "heroin, United States, 2024-03 to 2025-02",
        "California, 2024-03 to 2025-02",
    ]
    assert [(row["old"], row["new"], row["change_pct"]) for row in changes] == [
        ("4,000", "4,100", "+2.5"),
        ("12", "suppressed", "–"),
    ]


def test_corrections_show_both_values_and_the_reason(context: dict[str, Any]) -> None:
    """A withdrawn value shows what was published; a correction that found no row says so."""
    rows = context["corrections"]
    assert [(row["old"], row["new"], row["action"]) for row in rows] == [
        ("519,700", "withdrawn", "withdrawn"),
        ("519,700", "no such row at hand", "withdrawn"),
    ]
    assert all(row["reason"] and row["evidence"] for row in rows)
    assert rows[0]["what"].endswith("2013")


def test_release_of_the_day_with_the_highest_number_is_the_newest() -> None:
    """The tenth release of a day comes after the ninth."""
    assert max(["2025-07-16.9", "2025-07-16.10", "2025-07-16"], key=data._release_order) == "2025-07-16.10"
