"""The site in a real browser: what each page draws, says, keeps in its address, and never does."""

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

pytestmark = pytest.mark.browser

PAGES = (
    "index.html", "overdose.html", "hiv_hcv.html", "coverage.html", "cost_effectiveness.html", "evidence.html",
    "policy.html", "equity.html", "place.html", "data.html",
)  # fmt: skip
CHARTS = {"index.html": 2, "overdose.html": 9, "hiv_hcv.html": 7, "coverage.html": 7, "cost_effectiveness.html": 8,
          "evidence.html": 4, "policy.html": 6, "equity.html": 5,
          "place.html": 1, "data.html": 0}  # fmt: skip
FIRST_PAGE_KB = 600

# What a chart shows: for each mark, its attributes as drawn; and its table, as written.
DRAWN = """(id) => {
  const box = document.getElementById(id + '-plot');
  return box.data.filter(t => t.visible !== false).map(t => ({
    name: t.name || '', x: t.x ? Array.from(t.x) : null, y: t.y ? Array.from(t.y) : null,
    z: t.z ? Array.from(t.z) : null,
    locations: t.locations || null, symbol: (t.marker || {}).symbol || null,
    plus: (t.error_x || {}).array || null, minus: (t.error_x || {}).arrayminus || null }));
}"""
TABLE = """(id) => Array.from(document.querySelectorAll('#' + id + '-table tbody tr'))
  .map(r => Array.from(r.cells).map(c => c.textContent))"""


def _marks(page: Any, chart: str) -> list[dict[str, Any]]:
    return list(page.evaluate(DRAWN, chart))


def _table(page: Any, chart: str) -> list[list[str]]:
    return list(page.evaluate(TABLE, chart))


def _query(site_folder: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(site_folder.parent / "published.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("way", ["http", "file"])
@pytest.mark.parametrize("name", PAGES)
def test_page_draws_every_chart_and_asks_nobody(
    way: str, name: str, served: str, site_folder: Path, opened: Any
) -> None:
    """Each page draws all its charts, on a server and from a folder, without a fault and without an outside request."""
    base = served if way == "http" else f"{site_folder.as_uri()}/"
    page = opened(base + name)
    assert page.faults == []
    assert [address for address in page.asked if not address.startswith((base, "data:", "blob:"))] == []
    assert page.locator(".plot[data-drawn]").count() == CHARTS[name]
    assert page.evaluate("typeof window.pwned") == "undefined"


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_nothing_is_wider_than_the_screen(width: int, served: str, opened: Any) -> None:
    """No page scrolls sideways, and no text is under 11 px."""
    for name in PAGES:
        page = opened(served + name, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        small = page.evaluate(
            "Array.from(document.querySelectorAll('main *, .plot text')).filter(e => e.childNodes.length && "
            "Array.from(e.childNodes).some(n => n.nodeType === 3 && n.textContent.trim()) && "
            "parseFloat(getComputedStyle(e).fontSize) < 11).map(e => e.outerHTML.slice(0, 80))"
        )
        assert small == [], name


def test_every_chart_has_a_name_controls_and_a_table(served: str, opened: Any) -> None:
    """Each chart is named by its heading, hides its drawing from assistive technology, and stands above a table."""
    for name in PAGES:
        page = opened(served + name)
        for box in page.query_selector_all(".plot"):
            heading = box.get_attribute("aria-labelledby") or ""
            assert page.inner_text(f"#{heading}").strip()
            assert box.get_attribute("role") == "application"
            assert box.query_selector("svg:not([aria-hidden])") is None
            assert page.locator(f"#{heading.removesuffix('-title')}-table tbody tr").count() > 0
        unnamed = page.evaluate("Array.from(document.querySelectorAll('select')).filter(s => !s.labels.length).length")
        assert unnamed == 0
        assert page.get_attribute("html", "lang") == "en"
        assert page.locator("h1").count() == 1


def test_no_share_button_and_no_clutter(served: str, opened: Any) -> None:
    """No chart offers to send its data to a cloud."""
    page = opened(served + "overdose.html")
    assert page.locator(".modebar-btn").count() == 0
    assert "Share" not in page.inner_text("main")
    assert page.evaluate(
        "Array.from(document.querySelectorAll('.plot')).every(p => p._context.showSendToCloud === false)"
    )


def _ranked_agrees(marks: list[dict[str, Any]], table: list[list[str]], rows: list[tuple[Any, ...]]) -> bool:
    """Tell whether dots, table and published rows (name, value, lower, upper) are the same."""
    drawn = {}
    for mark in marks:
        for at, place in enumerate(mark["y"] or []):
            if mark["plus"]:
                value = mark["x"][at]
                drawn[place] = (value, value - mark["minus"][at], value + mark["plus"][at])
    published = {name: (value, lower, upper) for name, value, lower, upper in rows if value == value}
    close = set(drawn) == set(published) and all(
        abs(a - b) < 1e-4 for place in drawn for a, b in zip(drawn[place], published[place], strict=True)
    )
    written = {row[0]: row[1:4] for row in table}
    return close and all(
        abs(float(cell) - value) < 0.0501
        for place, values in published.items()
        for cell, value in zip(written[place], values, strict=True)
    )


def test_ranked_dots_table_and_database_agree(served: str, site_folder: Path, opened: Any) -> None:
    """Dots, intervals and table hold the published values; one changed value is noticed."""
    rows = _query(
        site_folder,
        "select name, value, lower_95, upper_95 from marts.indicator_values join meta.areas using (area_id) "
        "where indicator_id = 'overdose_death_rate_age_adjusted' and period = '2023' "
        "and value is not null and not isnan(value)",
    )
    page = opened(served + "overdose.html")
    marks, table = _marks(page, "us-ranked"), _table(page, "us-ranked")
    assert _ranked_agrees(marks, table, rows)
    mutant = [(name, value + (name == "Texas"), lower, upper) for name, value, lower, upper in rows]
    assert not _ranked_agrees(marks, table, mutant)
    swapped = [[table[0][0], *table[1][1:]], *table[1:]]
    assert not _ranked_agrees(marks, swapped, rows)


def test_trend_table_and_database_agree_for_another_choice(served: str, site_folder: Path, opened: Any) -> None:
    """After choosing a place and a drug the lines, the table and the published windows are the same."""
    rows = _query(
        site_folder,
        "select value, is_provisional from marts.indicator_values where indicator_id = 'overdose_deaths_12_month' "
        "and area_id = 'US-WV' and strata = 'drug=cocaine' order by period_end",
    )
    page = opened(served + "overdose.html", draw=False)
    page.select_option("#overdose-trend-place", "US-WV")
    page.select_option("#overdose-trend-drug", "cocaine")
    page.wait_for_selector("#overdose-trend-plot[data-drawn='US-WV|cocaine']")
    reported = next(mark for mark in _marks(page, "overdose-trend") if mark["name"].startswith("Reported"))
    assert reported["y"] == [value for value, _ in rows]
    assert [symbol == "circle-open" for symbol in reported["symbol"]] == [flag for _, flag in rows]
    written = [row[1] for row in _table(page, "overdose-trend")]
    assert written == [f"{value:,.0f}" for value, _ in rows]
    assert written != [f"{value + 1:,.0f}" for value, _ in rows]
    assert "West Virginia" in page.inner_text("#overdose-trend-summary")


def test_map_and_database_agree(served: str, site_folder: Path, opened: Any) -> None:
    """The map colours each state by its published value, and a suppressed state is grey without a value."""
    rows = _query(
        site_folder,
        "select substr(area_id, 4), value from marts.indicator_values "
        "where indicator_id = 'overdose_death_rate_age_adjusted' and period = '2023' and area_id like 'US-%'",
    )
    page = opened(served + "overdose.html")
    value, none = _marks(page, "us-map")
    assert dict(zip(value["locations"], value["z"], strict=True)) == {
        state: v for state, v in rows if v == v and v is not None
    }
    assert none["locations"] == ["WY"]
    assert page.locator("#us-map-plot .choroplethlayer path").count() == 6


def test_bands_do_not_bridge_a_gap(served: str, opened: Any) -> None:
    """A year without a value splits the band: two polygons, each over its own years."""
    page = opened(served + "overdose.html", draw=False)
    page.select_option("#canada-trend-province", "CA-PE")
    page.locator("#canada-trend").scroll_into_view_if_needed()
    page.wait_for_selector("#canada-trend-plot[data-drawn='CA-PE']")
    band, line = _marks(page, "canada-trend")
    parts, current = [], []
    for x in band["x"]:
        if x is None:
            parts, current = [*parts, current], []
        else:
            current.append(x)
    assert [(min(part), max(part)) for part in parts] == [("2018", "2020"), ("2022", "2024")]
    assert line["y"][3] is None


def test_address_restores_the_choice(served: str, opened: Any) -> None:
    """The link to a view opens the page with the same choice, and choosing writes it into the address."""
    page = opened(served + "overdose.html?drug=heroin&place=US-CA#overdose-trend", draw=False)
    page.wait_for_selector("#overdose-trend-plot[data-drawn='US-CA|heroin']")
    assert page.input_value("#overdose-trend-drug") == "heroin"
    page.select_option("#overdose-trend-drug", "all")
    page.wait_for_selector("#overdose-trend-plot[data-drawn='US-CA|all']")
    assert "drug=all" in page.url
    link = page.get_attribute("#overdose-trend [data-do=link]", "href")
    again = opened(served + str(link), draw=False)
    again.wait_for_selector("#overdose-trend-plot[data-drawn='US-CA|all']")
    wrong = opened(served + "overdose.html?drug=nonsense&place=<script>", draw=False)
    wrong.wait_for_selector("#overdose-trend-plot[data-drawn='USA|all']")
    assert wrong.faults == []


def test_a_place_shows_its_own_figures(served: str, opened: Any) -> None:
    """Choosing a place changes its name, its figures, its laws and its chart, and the address brings it back."""
    page = opened(served + "place.html?place=US-CA", draw=False)
    page.locator("#place-name", has_text="California").wait_for()
    assert "Naloxone access law" in page.inner_text("#place-body")
    assert "2014-01-01" in page.inner_text("#place-body")
    page.select_option("#place-trend-place", "KEN")
    page.locator("#place-name", has_text="Kenya").wait_for()
    assert "Naloxone access law" not in page.inner_text("#place-body")
    assert "204" in page.inner_text("#place-body")
    assert page.faults == []


def test_keyboard_reads_the_points(served: str, opened: Any) -> None:
    """Arrow, Home, End and Escape keys read the rows of a chart into the live region."""
    page = opened(served + "overdose.html")
    page.focus("#us-ranked-plot")
    first, last = _table(page, "us-ranked")[0], _table(page, "us-ranked")[-1]
    page.keyboard.press("ArrowDown")
    assert page.inner_text("#live").startswith(f"{first[0]}, Rate: {first[1]}")
    page.keyboard.press("End")
    assert page.inner_text("#live").startswith(last[0])
    page.keyboard.press("Home")
    assert page.inner_text("#live").startswith(first[0])
    page.keyboard.press("Escape")
    assert page.inner_text("#live") == ""


def test_downloads_come_from_the_page_itself(served: str, opened: Any) -> None:
    """CSV, SVG and PNG of a chart are made in the page; the CSV names its source and holds the table's rows."""
    page = opened(served + "overdose.html")
    files = {}
    for kind in ("csv", "svg", "png"):
        with page.expect_download() as waiting:
            page.click(f"#us-ranked [data-do={kind}]")
        files[kind] = Path(waiting.value.path()).read_bytes()
    lines = files["csv"].decode("utf-8-sig").splitlines()
    rows = list(csv.reader(line for line in lines if not line.startswith("# ")))
    assert any(line.startswith("# source: Invented publisher") for line in lines)
    assert [row[0] for row in rows[1:]] == [row[0] for row in _table(page, "us-ranked")]
    assert files["png"].startswith(b"\x89PNG")
    assert b"Source: Invented publisher" in files["svg"]
    assert page.faults == []


def test_scorecard_filters_by_region(served: str, opened: Any) -> None:
    """Choosing a region leaves only its places."""
    page = opened(served + "index.html", draw=False)
    page.select_option("#score-region", "Africa")
    shown = page.evaluate(
        "Array.from(document.querySelectorAll('#scorecard-table tbody tr'))"
        ".filter(r => !r.hidden).map(r => r.cells[0].innerText)"
    )
    assert shown == ["Kenya", "Seychelles"]


@pytest.mark.parametrize("name", PAGES)
def test_hostile_text_runs_nothing(name: str, hostile_folder: Path, opened: Any) -> None:
    """Whatever a source writes, no script runs, no link leads away from a chart, and nothing is fetched."""
    base = f"{hostile_folder.as_uri()}/"
    page = opened(base + name)
    for control in page.query_selector_all("select[data-control]"):
        control.select_option(value=control.evaluate("s => Array.from(s.options).filter(o => !o.disabled).pop().value"))
        # A place's file arrives, then the other control follows.
        page.wait_for_timeout(250)
    for box in page.query_selector_all(".plot"):
        box.hover()
        page.wait_for_timeout(20)
    assert page.evaluate("typeof window.pwned") == "undefined"
    assert page.faults == []
    assert (
        page.evaluate(
            "document.querySelectorAll('.plot a, .plot img, main img, [onerror], [onload], [onmouseover]').length"
        )
        == 0
    )
    hosts = page.evaluate(
        "Array.from(document.querySelectorAll('a')).map(a => a.protocol + a.host).filter(h => !h.startsWith('file:'))"
    )
    assert [host for host in hosts if "evil" in host or host.startswith("javascript")] == []
    assert [address for address in page.asked if not address.startswith((base, "data:", "blob:"))] == []


def test_hostile_csv_has_no_formula(hostile_folder: Path, opened: Any) -> None:
    """The CSV that a page makes keeps hostile text from running in a spreadsheet."""
    page = opened(f"{hostile_folder.as_uri()}/overdose.html")
    body = page.evaluate("window.hre.csv('us-ranked')")
    rows = list(csv.reader(io.StringIO("\n".join(line for line in body.split("\n") if not line.startswith("# ")))))
    assert len(rows) > 3
    assert not [cell for row in rows for cell in row if cell[:1] in ("=", "+", "@", "\t")]


def test_first_page_is_light(site_folder: Path, served: str, opened: Any) -> None:
    """What the first page loads is at most 600 kB when packed, plotly.js included, and nothing jumps."""
    page = opened(served + "index.html", draw=False)
    page.wait_for_selector("#overview-trend-plot[data-drawn]")
    paths = [address.removeprefix(served).split("?")[0] for address in page.asked if address.startswith(served)]
    size = sum(len(gzip.compress((site_folder / path).read_bytes(), 6)) for path in paths)
    assert any("plotly" in path for path in paths)
    assert not any("topojson" in path for path in paths)
    assert size <= FIRST_PAGE_KB * 1000
    shift = page.evaluate(
        "new Promise(done => { let sum = 0; "
        "new PerformanceObserver(list => { for (const e of list.getEntries()) sum += e.value; })"
        ".observe({ type: 'layout-shift', buffered: true }); setTimeout(() => done(sum), 300); })"
    )
    assert shift <= 0.1


def test_page_tells_its_story_without_scripts(browser: Any, served: str) -> None:
    """With scripts off the headline, the sentences and the tables are there, and no dead control."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served + "overdose.html")
    assert page.locator("#us-ranked-table tbody tr").count() == 7
    assert "United States" in page.inner_text("#overdose-trend-summary")
    assert not page.locator("#us-ranked select").is_visible()
    assert page.locator("#us-ranked .sketch").is_visible()
    assert page.locator("#us-ranked .sketch circle").count() == 6
    context.close()


def test_settings_hold_no_remote_address(site_folder: Path) -> None:
    """No figure names a server to send or to fetch from."""
    for path in (site_folder / "data").glob("page.*.js"):
        text = path.read_text(encoding="utf-8")
        settings = json.loads(text[text.index("push(") + 5 : text.rindex(")")])
        assert "http" not in json.dumps([chart["figure"] for chart in settings["charts"].values()])


def test_a_place_with_too_few_years_says_so(served: str, opened: Any) -> None:
    """A place without a series says so in words, shows no empty chart, and a place with one brings the chart back."""
    page = opened(served + "place.html?place=SYC", draw=False)
    page.locator("#place-name", has_text="Seychelles").wait_for()
    assert "Too few years" in page.inner_text("#place-trend-summary")
    assert not page.locator("#place-trend-plot").is_visible()
    page.select_option("#place-trend-place", "CAN")
    page.wait_for_selector("#place-trend-plot[data-drawn^='CAN|']")
    assert page.locator("#place-trend-plot svg").first.is_visible()
    assert page.locator("#place-trend-plot .main-svg").first.bounding_box()["width"] > 600


def test_cost_effectiveness_follows_place_and_perspective(served: str, site_folder: Path, opened: Any) -> None:
    """A chart with three selects shows the published amounts of its choice; the headline follows the place."""
    page = opened(served + "cost_effectiveness.html?place=KEN&perspective=society")
    assert "Kenya" in page.locator("#ce-headline").inner_text()
    assert "not converted" in page.locator("#ce-basis").inner_text()
    assert page.locator("#ce-costs-perspective").input_value() == "society"
    wanted = _query(
        site_folder,
        "select value from marts.intervention_value where area_id = 'KEN' and perspective = 'society' "
        "and outcome = 'cost_per_overdose_death_averted' and value is not null order by value",
    )
    drawn = [value for mark in _marks(page, "ce-costs") if mark["name"] for value in mark["x"]]
    assert drawn == [value for (value,) in wanted]
    page.select_option("#ce-costs-place", "EST")
    page.wait_for_function("document.getElementById('ce-headline').textContent.includes('Estonia')")
    assert page.locator("#ce-plane-place").input_value() == "EST"
    assert page.locator("#ce-costs-measure option:disabled").count() == 1


def test_tornado_bars_start_at_the_means(served: str, opened: Any) -> None:
    """Each bar goes from the result at the means to the result at the parameter's limit."""
    page = opened(served + "cost_effectiveness.html?place=EST")
    bars = page.evaluate(
        "document.getElementById('ce-drivers-plot').data.map(t => [Array.from(t.base), Array.from(t.x), t.name])"
    )
    assert [base for base, _, _ in bars] == [[130, 130], [130, 130]]
    assert [length for _, length, _ in bars] == [[20 - 130, 150 - 130], [300 - 130, 120 - 130]]


def test_forest_table_and_database_agree(served: str, site_folder: Path, opened: Any) -> None:
    """Marks, intervals and table of the evidence page hold the verified figures; a changed one is noticed."""
    rows = _query(
        site_folder,
        "select value, lower, upper from meta.parameters where parameter_id = 'nsp_hcv_rr' and verified order by value",
    )
    page = opened(served + "evidence.html", draw=False)
    page.locator("#evidence-nsp").scroll_into_view_if_needed()
    page.wait_for_selector("#evidence-nsp-plot[data-drawn]")
    drawn = sorted(
        (value, value - minus if minus else None, value + plus if plus else None)
        for mark in _marks(page, "evidence-nsp")
        if mark["plus"]
        for value, minus, plus in zip(mark["x"], mark["minus"], mark["plus"], strict=True)
    )
    assert [value for value, _, _ in drawn] == [value for value, _, _ in rows]
    limits = [limit for row in drawn for limit in row[1:] if limit is not None]
    published = [limit for row in rows for limit in row[1:] if limit is not None and limit == limit]
    assert limits == pytest.approx(published)
    written = sorted(float(row[1]) for row in _table(page, "evidence-nsp"))
    assert written == pytest.approx([value for value, _, _ in rows])
    assert written != pytest.approx([value + 0.1 for value, _, _ in rows])


def test_law_dates_are_the_published_days(served: str, site_folder: Path, opened: Any) -> None:
    """Each mark stands at the year of its law, the table holds the day, and a place without the law has no mark."""
    rows = _query(
        site_folder,
        "select name, strftime(period_start, '%Y-%m-%d') from core.observations join meta.areas using (area_id) "
        "where measure_id = 'naloxone_access_law' and value = 1 order by name",
    )
    page = opened(served + "policy.html", draw=False)
    page.locator("#law-dates").scroll_into_view_if_needed()
    page.wait_for_selector("#law-dates-plot[data-drawn]")
    access = _marks(page, "law-dates")[0]
    drawn = {place: year for place, year in zip(access["y"], access["x"], strict=True) if year is not None}
    assert {place: int(year) for place, year in drawn.items()} == {place: int(day[:4]) for place, day in rows}
    written = {row[0]: row[1] for row in _table(page, "law-dates")}
    assert [written[place] for place, _ in rows] == [day for _, day in rows]
    assert written["Wyoming"] == "none"


def test_long_lists_are_folded_on_a_phone(served: str, opened: Any) -> None:
    """On a phone the scorecard opens when asked for, or when its region is chosen; a wide screen shows it at once."""
    page = opened(served + "index.html", 360, draw=False)
    assert not page.locator("#scorecard-table").is_visible()
    page.select_option("#score-region", "Africa")
    assert page.locator("#scorecard-table").is_visible()
    assert opened(served + "index.html", 1280, draw=False).locator("#scorecard-table").is_visible()
    linked = opened(served + "data.html#indicator-oat_coverage", 360, draw=False)
    assert linked.locator("#indicator-oat_coverage dl").is_visible()
    assert not linked.locator("#indicator-safe_injecting dl").is_visible()


@pytest.mark.parametrize("name", ["hiv_hcv.html", "evidence.html", "policy.html", "equity.html"])
def test_labels_of_an_axis_do_not_overlap_on_a_phone(name: str, served: str, opened: Any) -> None:
    """At 360 px no two labels of one axis of a chart lie over each other."""
    page = opened(served + name, 360)
    found = page.evaluate(
        """() => Array.from(document.querySelectorAll('.plot')).flatMap(plot =>
          ['.xtick text', '.ytick text'].flatMap(kind => {
            const boxes = Array.from(plot.querySelectorAll(kind)).map(e => [e.textContent, e.getBoundingClientRect()]);
            return boxes.flatMap(([a, one], at) => boxes.slice(at + 1)
              .filter(([b, two]) => one.left < two.right - 1 && two.left < one.right - 1
                && one.top < two.bottom - 1 && two.top < one.bottom - 1)
              .map(([b]) => plot.id + ': ' + a + ' / ' + b));
          }))"""
    )
    assert found == []
