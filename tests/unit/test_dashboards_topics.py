"""The pages on HIV and hepatitis C, evidence, policy and equity: what they say is what the published file holds."""

import math
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards import forest_figures, formats
from dashboards.charts import Chart
from dashboards.page import NAVIGATION, Page
from dashboards.pages import equity, evidence, evidence_words, hiv_hcv, policy
from dashboards.pages.equity_groups import moved, parts_of
from dashboards.published import Published
from dashboards.sketch import sketch
from schemas.measures import DRUGS

ROOT = Path(__file__).resolve().parents[2]
SYNTHETIC = runpy.run_path(str(ROOT / "tests" / "fixtures" / "published.py"))
PAGES = {"hiv_hcv": hiv_hcv, "evidence": evidence, "policy": policy, "equity": equity}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """Open the synthetic published file."""
    database = SYNTHETIC["write_published"](tmp_path_factory.mktemp("topics") / "synthetic.duckdb")
    with Published(database) as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(published: Published) -> dict[str, Page]:
    """Make the four pages."""
    return {name: module.page(published) for name, module in PAGES.items()}


def chart(page: Page, name: str) -> Chart:
    """Give a chart of a page by its id."""
    return next(one for one in page.charts if one.id == name)


@pytest.mark.parametrize("name", PAGES)
def test_page_is_in_the_navigation(name: str, pages: dict[str, Page]) -> None:
    """Each page is linked from every other."""
    assert (pages[name].file, pages[name].title) in NAVIGATION


@pytest.mark.parametrize("name", PAGES)
def test_every_chart_names_its_source_and_has_a_table(name: str, pages: dict[str, Page]) -> None:
    """Each chart has a sentence, a source, and columns that its rows hold; marks may also use its further columns."""
    for one in pages[name].charts:
        assert one.default_view is not None, one.id
        assert one.default_source, one.id
        for view in one.views.values():
            assert view.summary
            assert {column.name for column in one.columns} | set(one.extra) <= set(view.frame.columns), one.id
        bound = re.findall(r'"(?:x|y|text)": ?"(\w+)"', one.figure.to_json())
        assert set(bound) <= {column.name for column in one.columns} | set(one.extra), one.id


@pytest.mark.parametrize("name", PAGES)
def test_every_chart_is_drawn_before_a_script_runs(name: str, pages: dict[str, Page]) -> None:
    """Each chart but the maps has a plain drawing of its first view, with no number outside its frame."""
    for one in pages[name].charts:
        drawing = str(sketch(one))
        assert bool(drawing) != bool(one.map), one.id
        assert "nan" not in drawing, one.id
        for x in re.findall(r'cx="([-\d.]+)"', drawing):
            assert 0 <= float(x) <= 1056, one.id


def test_hiv_headline_counts_places(pages: dict[str, Page]) -> None:
    """The headline counts the places at or above one in ten, and at or above half, by their newest value."""
    first, second = pages["hiv_hcv"].context["headline"]
    assert first.startswith("In 2 of the 4 places")
    assert "at least one in ten" in first
    assert second.startswith("In 2 of the 4 places")
    assert "2022" in second


def test_a_year_without_a_value_stays_a_gap(pages: dict[str, Page]) -> None:
    """Estonia's series keeps the year whose value is suppressed, without a number."""
    trend = chart(pages["hiv_hcv"], "hiv-trend")
    rows = trend.views["hcv_antibody_prevalence_pwid|EST"].frame
    assert rows["value"].isna().tolist() == [False, False, True, False, False, False]
    assert "suppressed" in rows["note"].tolist()[2]


def test_cascade_goes_from_the_first_step_down(pages: dict[str, Page]) -> None:
    """The steps stand in the order of care, and the chart says that they are for all people living with HIV."""
    cascade = chart(pages["hiv_hcv"], "cascade")
    assert cascade.default_view is not None
    assert cascade.default_view.frame["name"].tolist() == ["Know their status", "On treatment", "Virally suppressed"]
    assert "not for people who inject drugs" in cascade.note


def test_treatment_gap_counts_places_below(pages: dict[str, Page]) -> None:
    """Both coverages stand side by side, and the sentence counts the places where people who inject drugs get less."""
    gap = chart(pages["hiv_hcv"], "art-gap")
    assert gap.default_view is not None
    assert gap.default_view.summary.startswith("In 1 of 2 places")
    assert gap.default_view.frame.set_index("area_id").loc["KEN", ["value", "other"]].tolist() == [42.0, 81.0]


def test_what_is_not_here_says_what_it_waits_for(pages: dict[str, Page]) -> None:
    """An indicator with a card and no row is listed; one with rows is not."""
    waits = {row["id"] for row in pages["hiv_hcv"].context["waits"]}
    assert "hcv_incidence_pwid" in waits
    assert "hcv_antibody_prevalence_pwid" not in waits


def test_unverified_figures_stay_out(pages: dict[str, Page], published: Published) -> None:
    """A figure nobody has seen is on no chart and in no sentence; the page only counts it."""
    page = pages["evidence"]
    assert published.select("meta.parameters", "source_key = 'unseen'").shape[0] == 1
    assert page.context["unverified"] == 1
    assert "0.12" not in str(page.context)
    for one in page.charts:
        assert all("unseen" not in view.frame["source_key"].tolist() for view in one.views.values())


def test_sources_that_disagree_stand_side_by_side(pages: dict[str, Page]) -> None:
    """Three estimates on both sides of one are named together, with their settings and intervals."""
    headline = " ".join(pages["evidence"].context["headline"])
    assert "Sources disagree on needle and syringe programmes and hepatitis C" in headline
    for words in ("0.90 (0.40 to 1.80)", "0.50 (0.30 to 0.80)", "1.60 (no interval)", "South", "North"):
        assert words in headline
    forest = chart(pages["evidence"], "evidence-nsp")
    assert forest.default_view is not None
    assert "opposite directions for hepatitis C" in forest.default_view.summary
    assert forest.default_view.frame["used"].tolist() == ["yes", "no", "no"]


def test_a_question_without_evidence_says_so(pages: dict[str, Page]) -> None:
    """A service without figures on a question says in words that there are none, and never nothing at all."""
    told = {one["id"]: one for one in pages["evidence"].context["told"]}
    assert set(told) == {topic.id.replace("_", "-") for topic in evidence_words.TOPICS}
    safe = {answer["question"]: answer for answer in told["nsp"]["answers"]}["Safe"]
    assert safe["none"]
    assert safe["lines"] == [evidence_words.NOTHING]
    oat = {answer["question"]: answer for answer in told["oat"]["answers"]}
    assert not oat["Safe"]["none"]
    assert "14.00 (1.10 to 60.00)" in oat["Safe"]["lines"][0]


def test_zero_has_no_place_on_a_ratio_axis(pages: dict[str, Page]) -> None:
    """An estimate of zero becomes words on a logarithmic axis and stays a number in the table."""
    forest = chart(pages["evidence"], "evidence-art")
    assert forest.default_view is not None
    row = forest.default_view.frame.iloc[0]
    assert row["role"] == "none"
    assert "0.00 (0.00 to 0.08)" in row["status_word"]
    assert forest.table()[0][1:4] == ["0.00", "0.00", "0.08"]
    assert "<circle" not in str(sketch(forest))


def test_shares_are_percent_on_their_own_axis(pages: dict[str, Page]) -> None:
    """A proportion is drawn in percent from 0 to 100 and not beside ratios."""
    shares = chart(pages["evidence"], "shares-hcv-treatment")
    assert shares.table()[0][1] == "88.00"
    assert shares.figure.layout.xaxis.type == "linear"
    assert "evidence-hcv-treatment" not in {one.id for one in pages["evidence"].charts}


def test_figures_of_no_service_are_listed(pages: dict[str, Page]) -> None:
    """A verified effect that belongs to none of the services is not lost."""
    assert [row["name"] for row in pages["evidence"].context["rest"]] == ["Odd figure"]


@pytest.mark.parametrize(
    ("design", "kind"),
    [("Cochrane review, meta-analysis", "review"), ("model input from a cohort", "input"),
     ("systematic review, through a model databook", "review"), ("randomised trial", "study"),
     ("interrupted time series", "study"), ("pooled analysis of UK surveys", "review")],
)  # fmt: skip
def test_designs_are_told_apart(design: str, kind: str) -> None:
    """Designs as the evidence base writes them fall into review, single study or model input."""
    assert evidence_words.design_kind(design) == kind


def test_every_parameter_of_the_page_is_in_the_evidence_base() -> None:
    """No outcome, cost or harm of the page is asked of a parameter that the evidence base does not know."""
    known: set[str] = set()
    for path in (ROOT / "data" / "evidence").glob("*.csv"):
        lines = path.read_text(encoding="utf-8").splitlines()
        if lines[0].startswith("parameter_id"):
            known |= {line.split(",")[0].strip('"') for line in lines[1:]}
    asked = {
        parameter
        for topic in evidence_words.TOPICS
        for parameter, _ in (*topic.effects, *topic.practical, *topic.safe, *topic.costs)
    }
    assert asked <= known


def test_laws_have_their_dates(pages: dict[str, Page]) -> None:
    """A law in force has its date, a place without it says none, and the headline counts both."""
    dates = chart(pages["policy"], "law-dates")
    table = {row[0]: row[1:] for row in dates.table()}
    assert table["California"][0] == "2014-01-01"
    assert table["California"][3] == "2021-03-01"
    assert table["Wyoming"][0] == "none"
    assert table["Wyoming"][1] == "not observed"
    assert dates.default_view is not None
    marks = dates.default_view.frame.set_index("name")["naloxone_access_law"]
    assert marks["California"] == 2014.0
    assert math.isnan(marks["Wyoming"])
    assert pages["policy"].context["headline"][0] == (
        "At the end of 2023, 2 of 3 US jurisdictions had a naloxone access law."
    )


def test_law_counts_are_places_with_the_law(pages: dict[str, Page]) -> None:
    """Each year counts the places whose law was in force in it."""
    counts = chart(pages["policy"], "law-counts")
    assert counts.default_view is not None
    assert counts.default_view.frame["value"].tolist() == [0, 1, 2, 2]
    assert set(counts.default_view.frame["places"]) == {3}


def test_deaths_beside_laws_are_called_an_association(pages: dict[str, Page]) -> None:
    """Charts of deaths and laws say association in title and note, and mark the year a law came."""
    around = chart(pages["policy"], "law-rate")
    assert "association, not effect" in around.title
    assert policy.NOT_AN_EFFECT in around.note
    rows = around.views["US-CA"].frame
    assert rows.loc[rows["law_came"] == "yes", "period"].tolist() == ["2021"]
    assert "Came before: Naloxone access law (2014-01-01)" in around.views["US-CA"].summary
    assert "association, not effect" in chart(pages["policy"], "law-association").title


def test_answers_are_counted_by_yes_no_and_open(pages: dict[str, Page]) -> None:
    """A question without an answer is neither yes nor no."""
    row = next(row for row in pages["policy"].context["answers"])
    assert (row["yes"], row["no"], row["open"]) == ("1", "1", "1")


def test_suppressed_group_is_named_without_a_number(pages: dict[str, Page]) -> None:
    """A suppressed group stays in chart and table as suppressed; it is hidden, not zero."""
    groups = chart(pages["equity"], "equity-groups")
    assert groups.default_view is not None
    row = next(row for row in groups.table() if row[0].startswith("Black"))
    assert row[1:4] == ["–", "–", "–"]
    assert "suppressed" in row[-1]
    assert groups.default_view.frame["role"].tolist()[-1] == "none"


def test_ratio_and_difference_stand_together(pages: dict[str, Page]) -> None:
    """Each group's ratio has its difference beside it, of the same place and period."""
    ratios = chart(pages["equity"], "equity-ratio")
    row = dict(zip([column.name for column in ratios.columns], ratios.table()[0], strict=True))
    assert (row["value"], row["difference"]) == ("2.10", "24.0")
    assert row["of_unit"] == "deaths per 100,000 population"


def test_places_whose_rate_is_hidden_stay_named(pages: dict[str, Page]) -> None:
    """A place whose own rate is suppressed in that year stands in the chart as suppressed, without a ratio."""
    places = chart(pages["equity"], "equity-places")
    assert places.default_view is not None
    last = places.default_view.frame.iloc[-1]
    assert (last["name"], last["status_word"], last["role"]) == ("Wyoming", "suppressed", "none")
    assert "Not shown as a number: 1" in places.default_view.summary
    headline = pages["equity"].context["headline"][0]
    assert "West Virginia stood at 2.5 times the rate of its country in 2023" in headline
    assert "provisional" in headline


def test_a_gap_has_moved_only_when_intervals_part(pages: dict[str, Page]) -> None:
    """A gap is called smaller or larger only where the intervals do not overlap."""
    rows = chart(pages["equity"], "equity-spread").views
    first = next(iter(rows.values()))
    assert "The gap is smaller" in first.summary
    frame = first.frame
    assert "larger" in moved(frame.iloc[-1], frame.iloc[0])
    wide = frame.assign(lower=0.0, upper=100.0)
    assert "cannot be told" in moved(wide.iloc[0], wide.iloc[-1])
    assert moved(frame.iloc[0], frame.iloc[0]) == ""


def test_strata_are_read_as_parts() -> None:
    """The total has no part; a group has one for each key."""
    assert parts_of("all") == {}
    assert parts_of("of=a;sex=male") == {"of": "a", "sex": "male"}


@pytest.mark.parametrize("values", [[0.79, 0.39, 1.61], [0.025], [], [0.02, 3.0], [14.0, 1.08, 62.16]])
def test_ratio_axis_holds_every_value_and_one(values: list[float]) -> None:
    """Every value and the line of no effect lie inside the ends, and at least two marks are written."""
    ends = forest_figures.axis_ends(values, True)
    assert all(ends["low"] <= value <= ends["high"] for value in [*values, 1.0])
    assert len(ends["marks"]) >= 2
    assert all(ends["low"] <= at <= ends["high"] for at, _ in ends["marks"])


def test_every_drug_has_a_readable_name() -> None:
    """Each drug that a row may name is written in words, and no word is for a drug nobody knows."""
    assert set(DRUGS) == set(formats.DRUG_WORDS)
    assert not [word for word in formats.DRUG_WORDS.values() if "_" in word]
