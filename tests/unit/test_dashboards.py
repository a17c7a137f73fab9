"""What the dashboards write: numbers, harmless text, figures and files."""

import csv
import gzip
import io
import json
import re
import runpy
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dashboards import charts, figures, formats, maps, plotly_bundle, theme, time_figures
from dashboards.published import Published
from dashboards.site import build_site

ROOT = Path(__file__).resolve().parents[2]
SYNTHETIC = runpy.run_path(str(ROOT / "tests" / "fixtures" / "published.py"))
PAGES = (
    "index.html", "overdose.html", "hiv_hcv.html", "coverage.html", "cost_effectiveness.html", "evidence.html",
    "policy.html", "equity.html", "place.html", "data.html",
)  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give the folders of the sites built from the synthetic, the empty and the hostile file, and the databases."""
    folder = tmp_path_factory.mktemp("dashboards")
    made: dict[str, Path] = {}
    for name, options in (("plain", {}), ("empty", {"empty": True}), ("hostile", {"hostile": True})):
        database = SYNTHETIC["write_published"](folder / f"{name}.duckdb", **options)
        build_site(database, folder / name)
        made[name], made[f"{name} database"] = folder / name, database
    return made


@pytest.mark.parametrize(
    ("value", "decimals", "written"),
    [
        (107573, 0, "107,573"),
        (0.125, 2, "0.13"),
        (2.5, 0, "3"),
        (-7.25, 1, "-7.3"),
        (None, 1, "–"),
        (float("nan"), 1, "–"),
        (0, None, "0"),
        (0.04, None, "0.04"),
        (412.0, None, "412"),
        (1e21, 0, "1,000,000,000,000,000,000,000"),
    ],
)
def test_number_is_written_as_readers_expect(value: Any, decimals: int | None, written: str) -> None:
    """Numbers have thousands separators, halves round away from zero, and null is a dash."""
    assert formats.number(value, decimals) == written


@pytest.mark.parametrize(
    ("label", "written"),
    [
        ("2021", "2021"),
        ("2021-12", "December 2021"),
        ("12 months to 2021-12", "12 months to December 2021"),
        ("2025-01 to 2025-09", "January 2025 to September 2025"),
        ("2021-13", "2021-13"),
        ("something else", "something else"),
    ],
)
def test_period_is_written_in_words(label: str, written: str) -> None:
    """Each period label of the published tables has its words; any other stays as it is."""
    assert formats.period(label) == written


def test_stratum_is_written_in_words() -> None:
    """A stratum names its drug and its other groups."""
    assert formats.stratum("drug=heroin;sex=female") == "Heroin, sex female"
    assert formats.stratum("all") == "All"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_csv_text_is_never_a_formula(start: str) -> None:
    """Text that a spreadsheet would run gets an apostrophe."""
    cell = formats.csv_cell(f"{start}cmd|' /C calc'!A0")
    assert next(csv.reader(io.StringIO(cell, newline="")))[0].startswith("'")


def test_csv_numbers_stay_numbers() -> None:
    """A negative number is a number and not text with an apostrophe."""
    assert (
        formats.csv_lines(["a", "b"], [[-7.25, "-x"], [None, 'say "hi", you']])
        == 'a,b\n-7.25,\'-x\n,"say ""hi"", you"\n'
    )


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "https://a b",
        'https://a/"onx=1',
        "https://[",
        "",
        None,
    ],
)
def test_only_plain_web_addresses_become_links(address: str | None) -> None:
    """An address that could run or break out of its attribute is dropped."""
    assert formats.url(address) == ""
    assert formats.url("https://www.example.org/a?b=c&d=e") == "https://www.example.org/a?b=c&d=e"


def test_labels_are_escaped_in_figures() -> None:
    """Text given to a figure's title cannot carry markup."""
    figure = figures.ranked_dots("<b onclick=x>deaths</b>", reference="<a href='x'>y</a>")
    written = figure.to_json()
    assert not re.search("<[ab]", written)


def test_json_cannot_end_its_script() -> None:
    """Data inside a script holds no tag and no line separator, and still reads back as it was."""
    value = {"a": "</script><script>x</script> & \u2028\u2029"}
    written = charts.to_json(value)
    assert not re.search("[<>&\u2028\u2029]", written)
    assert json.loads(written) == value


@pytest.mark.parametrize(
    "figure",
    [
        figures.ranked_dots("x", [(200, "target 200")], target=200),
        figures.ranked_dots("x", reference="United States"),
        time_figures.reported_and_predicted("x"),
        time_figures.value_over_time("x"),
        time_figures.groups_over_time("x", "drug", [("heroin", "Heroin")]),
        maps.us_map("x"),
        maps.world_map("x"),
        figures.coverage_scatter("x", "y", 200.0, 50.0),
        figures.met_bars(),
        time_figures.visits_and_sites(),
    ],
)
def test_figures_are_skeletons_with_bindings(figure: Any) -> None:
    """Every trace says which columns it draws and holds no data of its own, and every font is at least 11 px."""
    for trace in figure.data:
        assert trace.meta["bind"]
        assert getattr(trace, "x", None) is None
    sizes = [int(size) for size in re.findall(r'"font":\{[^{}]*"size":(\d+)', figure.to_json())]
    assert sizes
    assert min(sizes) >= 11


def _contrast(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)


def test_colours_stand_out_on_white() -> None:
    """Marks have at least 3:1 and text at least 4.5:1 contrast on white."""
    assert min(_contrast(colour) for colour in theme.SERIES) >= 3
    assert min(_contrast(colour) for colour in (theme.INK, theme.QUIET)) >= 4.5


def test_every_page_is_built_and_listed(built: dict[str, Path]) -> None:
    """All pages, their data and the downloads are written, and every file of the site is reported."""
    database, site = built["plain database"], built["plain"]
    listed = build_site(database, site)
    assert sorted(path for path in site.rglob("*") if path.is_file()) == listed
    assert {path.name for path in listed} >= set(PAGES)


def test_building_twice_gives_the_same_bytes(built: dict[str, Path], tmp_path: Path) -> None:
    """The same published file gives the same site, byte for byte."""
    again = build_site(built["plain database"], tmp_path / "again")
    assert {str(path.relative_to(tmp_path / "again")): path.read_bytes() for path in again} == {
        str(path.relative_to(built["plain"])): path.read_bytes() for path in built["plain"].rglob("*") if path.is_file()
    }


def test_empty_tables_say_that_there_is_no_data_yet(built: dict[str, Path]) -> None:
    """A file without rows gives every page, each saying that there is no data yet."""
    for name in PAGES:
        assert "No data yet" in (built["empty"] / name).read_text(encoding="utf-8")


def test_a_file_without_any_table_gives_pages_too(tmp_path: Path) -> None:
    """Even a file without the contract's tables gives pages and no error."""
    duckdb.connect(str(tmp_path / "nothing.duckdb")).close()
    names = {path.name for path in build_site(tmp_path / "nothing.duckdb", tmp_path / "site")}
    assert set(PAGES) <= names


def test_the_headline_says_what_the_file_holds(built: dict[str, Path]) -> None:
    """The headline holds the newest reported and predicted values and Canada's newest full year."""
    page = (built["plain"] / "index.html").read_text(encoding="utf-8")
    with duckdb.connect(str(built["plain database"]), read_only=True) as connection:
        query = "select value from marts.latest_values where indicator_id = ? and area_id = 'USA' and strata = 'all'"
        for indicator in ("overdose_deaths_12_month", "overdose_deaths_12_month_predicted"):
            row = connection.execute(query, [indicator]).fetchone()
            assert row is not None
            assert formats.number(row[0], 0) in page
    assert "people died of opioid toxicity in 2024, against" in page


def test_suppressed_is_a_word_and_never_a_number(built: dict[str, Path]) -> None:
    """A suppressed value appears as suppressed in the table and has no number in the data."""
    page = (built["plain"] / "overdose.html").read_text(encoding="utf-8")
    row = re.search(r'<tr><th scope="row">Wyoming</th>(.*?)</tr>', page)
    assert row is not None
    assert "suppressed" in row[1]
    assert not re.search(r"\d", row[1])


def test_nothing_hostile_is_markup(built: dict[str, Path]) -> None:
    """No payload of a source reaches a page or a data file as markup."""
    for path in built["hostile"].rglob("*"):
        if path.suffix in (".html", ".js") and "static" not in path.parts:
            content = path.read_text(encoding="utf-8")
            assert not re.search(r"<(script>|img src=x|svg onload|a href='|b onmouse)", content), path.name
            assert 'href="javascript' not in content


def test_downloads_are_injection_safe_and_explain_themselves(built: dict[str, Path]) -> None:
    """Each CSV starts with its definition, and no text cell starts like a formula."""
    files = sorted((built["hostile"] / "downloads").glob("*.csv"))
    assert files
    for path in files:
        lines = path.read_text(encoding="utf-8").split("\n")
        body = "\n".join(line for at, line in enumerate(lines) if not (line.startswith("# ") and at < 15))
        rows = list(csv.reader(io.StringIO(body)))
        assert lines[0].startswith("# title: ")
        assert rows[0][:2] == ["indicator_id", "area_id"]
        for cell in (cell for row in rows[1:] for cell in row):
            assert not re.match(r"[=+@\t\r]", cell)
            assert not cell.startswith("-") or float(cell) < 0


def test_a_download_holds_every_value(built: dict[str, Path]) -> None:
    """A CSV holds each value of its indicator as the published file does, and a changed value is noticed."""
    text = (built["plain"] / "downloads" / "syringes_per_pwid.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    written = {(row["area_id"], float(row["value"]), row["target_status"]) for row in rows}
    with duckdb.connect(str(built["plain database"]), read_only=True) as connection:
        found = connection.execute(
            "select area_id, value, target_status from marts.indicator_values where indicator_id = 'syringes_per_pwid'"
        ).fetchall()
    assert written == set(found)
    mutant = {(area, value + 1, status) for area, value, status in found}
    assert written != mutant


def test_the_bundle_is_intact_and_small() -> None:
    """The tracked plotly.js has its expected hash, its licence beside it, and is under 1 MB packed."""
    packed = plotly_bundle.STATIC / f"{plotly_bundle.BUNDLE}.gz"
    assert packed.stat().st_size < 1_000_000
    assert plotly_bundle.unpacked(plotly_bundle.BUNDLE) is not None
    assert "plotly.js 4.1.1 (MIT)" in (plotly_bundle.STATIC / "PLOTLY_LICENSE").read_text(encoding="utf-8")


def test_an_altered_bundle_is_not_used(tmp_path: Path) -> None:
    """A bundle with another hash, or none at all, gives way to the Python package's library, and maps to a stub."""
    (tmp_path / f"{plotly_bundle.BUNDLE}.gz").write_bytes(gzip.compress(b"window.pwned=1"))
    assert plotly_bundle.unpacked(plotly_bundle.BUNDLE, tmp_path) is None
    assert len(plotly_bundle.plotly_script(tmp_path)) > 2_000_000
    assert b'"objects":{}' in plotly_bundle.map_script("usa_110m", tmp_path)


def test_pages_ask_for_nothing_outside_the_site(built: dict[str, Path]) -> None:
    """No page loads a script, a style or a picture from elsewhere, and all carry the content-security policy."""
    for name in PAGES:
        page = (built["plain"] / name).read_text(encoding="utf-8")
        assert "default-src 'none'; script-src 'self'" in page
        assert not re.search(r'(src|<link[^>]* href)="(https?:)?//', page)


def test_counties_stay_out_of_the_pages(built: dict[str, Path]) -> None:
    """Places below states are in the published file and not on the pages."""
    with Published(built["plain database"]) as published:
        assert "US-06037" not in published.names
        assert "US-CA" in published.names


def test_every_inner_link_leads_somewhere(built: dict[str, Path]) -> None:
    """Each link between pages, to a section or to a download points at something that is there."""
    site = built["plain"]
    pages = {name: (site / name).read_text(encoding="utf-8") for name in PAGES}
    for name, page in pages.items():
        for target in re.findall(r'href="([^"]+)"', page):
            if target.startswith(("http", "data:")):
                continue
            file, _, anchor = target.partition("#")
            file = file.split("?")[0] or name
            assert (site / file).is_file(), (name, target)
            if anchor and file in pages:
                assert f'id="{anchor}"' in pages[file], (name, target)
