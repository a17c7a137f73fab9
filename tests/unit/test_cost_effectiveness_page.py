"""The page on cost-effectiveness: what it says, whose prices, and that its charts are the published rows."""

import runpy
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from dashboards import economics_figures as ef
from dashboards.charts import Chart, Column, View
from dashboards.page import Page
from dashboards.pages import cost_effectiveness
from dashboards.pages import cost_words as words
from dashboards.published import Published
from dashboards.site import build_site
from dashboards.sketch import sketch

ROOT = Path(__file__).resolve().parents[2]
SYNTHETIC = runpy.run_path(str(ROOT / "tests" / "fixtures" / "published.py"))


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the synthetic published file."""
    path: Path = SYNTHETIC["write_published"](tmp_path_factory.mktemp("economics") / "synthetic.duckdb")
    return path


@pytest.fixture(scope="module")
def page(database: Path) -> Page:
    """Make the page from the synthetic file."""
    with Published(database) as published:
        return cost_effectiveness.page(published)


def chart(page: Page, name: str) -> Chart:
    """Give a chart of the page by its id."""
    return next(one for one in page.charts if one.id == name)


def rows(database: Path, query: str) -> list[tuple[object, ...]]:
    """Ask the published file."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (883_243.8, "AUD 883,000"),
        (3_778_223.9, "AUD 3.78 million"),
        (999_600, "AUD 1.00 million"),
        (2_312_659_000, "AUD 2.31 billion"),
        (45.26, "AUD 45.3"),
        (0, "AUD 0"),
        (-1_859_703, "−AUD 1.86 million"),
        (None, "–"),
    ],
)
def test_amounts_have_three_figures(value: float | None, written: str) -> None:
    """A reader gets three figures, a word for millions, and a true minus where money is saved."""
    assert words.money(value, "AUD") == written


def test_the_headline_is_the_cheapest_single_intervention_with_an_interval(page: Page) -> None:
    """Naloxone is cheaper without an interval and a combination with one: OAT at 50% is told, lives first."""
    told = page.context["told"]["headline"]
    assert told == (
        "Estonia: opioid agonist treatment at 50% would avert 150 overdose deaths in 10 years (10 to 900), "
        "at AUD 790,000 each (AUD 390,000 to AUD 1.90 million). Take-home naloxone as needed may cost less, AUD 90,000 "
        "each, but has no interval: in some draws it averts no death."
    )


def test_a_transferred_price_is_said_beside_every_amount(page: Page) -> None:
    """Kenya's amounts say that they are not converted in the headline, the axis, the sentence and the table."""
    file = page.files["ce-lives.KEN"]
    assert "at Australian prices, not converted" in file
    assert "not converted, and not adjusted to local prices" in file
    for name, key in (("ce-costs", "KEN|cost_per_overdose_death_averted|society"), ("ce-added", "KEN|society")):
        view = chart(page, name).views[key]
        assert "transferred prices" in view.unit
        assert "not converted" in view.summary
        assert set(view.frame["basis"]) == {"Australian unit costs, not converted"}
    for name in ("ce-plane", "ce-acceptability", "ce-information"):
        assert "transferred prices" in chart(page, name).views["KEN|society"].unit
    assert "transferred" not in chart(page, "ce-added").views["EST|society"].unit


@pytest.mark.parametrize("area", ["EST", "KEN"])
def test_the_charts_are_the_published_rows(page: Page, database: Path, area: str) -> None:
    """Values and limits of lives and amounts are those of the database, best first."""
    lives = chart(page, "ce-lives").views[f"{area}|overdose_deaths_averted"].frame
    found = rows(
        database,
        "select value, lower_95, upper_95 from marts.intervention_value where status = 'reported' and "
        f"area_id = '{area}' and outcome = 'overdose_deaths_averted' order by value desc",
    )
    shown = lives[lives["value"].notna()]
    assert list(zip(shown["value"], shown["lower"], shown["upper"], strict=True)) == found
    costs = chart(page, "ce-costs").views[f"{area}|cost_per_overdose_death_averted|health system"].frame
    wanted = sorted(value for value, _, _ in SYNTHETIC["ECONOMICS"]["COSTS_PER_DEATH"].values())
    assert costs["value"].tolist() == wanted


def test_what_has_no_number_says_why(page: Page) -> None:
    """A level that a place has already, and money saved, stand in words where a dot would be."""
    lives = chart(page, "ce-lives").views["EST|overdose_deaths_averted"].frame.set_index("name")
    assert lives.loc["NSP, 75%", "role"] == "none"
    assert lives.loc["NSP, 75%", "short"] == "already at this level"
    costs = chart(page, "ce-costs").views["EST|cost_per_overdose_death_averted|society"]
    saved = costs.frame.set_index("name").loc["Drug checking, 10%"]
    assert (saved["role"], saved["short"]) == ("none", "saves money, gains health")
    assert costs.summary.startswith("Estonia, society. Saves money and gains health: Drug checking, 10%. Of the others")


def test_an_arm_below_zero_is_not_drawn_on_a_logarithmic_axis(page: Page) -> None:
    """The lower limit of -500,000 stays in the table; the arm ends at the dot."""
    costs = chart(page, "ce-costs").views["EST|cost_per_overdose_death_averted|health system"].frame.set_index("name")
    assert costs.loc["Safer supply, 5%", "lower"] == -500_000
    assert pd.isna(costs.loc["Safer supply, 5%", "arm"])
    assert costs.loc["OAT, 40%", "arm"] == 400_000


def test_the_frontier_is_marked_where_the_table_says(page: Page) -> None:
    """Today's services are the best on average at 0 and 10,000, more treatment from 20,000."""
    frame = chart(page, "ce-acceptability").views["EST|health system"].frame
    marked = frame[frame["frontier"].ne("")]
    assert sorted(zip(marked["pay"], marked["strategy"], strict=True)) == [
        (0, "today"),
        (10_000, "today"),
        (20_000, "oat 50 %"),
        (30_000, "oat 50 %"),
    ]


def test_the_tornado_is_widest_first_and_leaves_out_what_does_nothing(page: Page) -> None:
    """A parameter that moves no death averted has no bar."""
    frame = chart(page, "ce-drivers").views["EST|oat 50 %"].frame
    assert frame["name"].tolist() == ["Overdose rate", "OAT overdose rate ratio"]


def test_a_budget_names_what_it_buys(page: Page) -> None:
    """What stays as it is (level none) is not among the things bought."""
    view = chart(page, "ce-budget").views["EST|middle"]
    assert "A budget of AUD 2.00 million" in view.summary
    assert "with: OAT, 40%." in view.summary
    assert sorted(view.frame["name"]) == ["Naloxone, as needed", "OAT, 40%"]


def test_places_without_inputs_are_listed_with_what_they_lack(page: Page) -> None:
    """Germany is not in the select; the list says in words what it lacks."""
    assert [row["id"] for row in page.context["lacking"]] == ["DEU"]
    assert "syringes_per_pwid" not in page.context["lacking"][0]["reason"]
    assert "DEU" not in {option.value for option in chart(page, "ce-lives").controls[0].options}


def test_every_source_names_the_evidence_set(page: Page) -> None:
    """Every view says evidence set, draws and seed, and where the place's inputs are from."""
    for one in page.charts:
        for view in one.views.values():
            assert "evidence-synthetic, 200 draws, seed 7" in view.source, one.id


def test_the_page_shows_validation_and_checklist(database: Path, tmp_path: Path) -> None:
    """Published results stand beside ours with the reason for a difference; the checklist says what is not met."""
    build_site(database, tmp_path)
    html = (tmp_path / "cost_effectiveness.html").read_text(encoding="utf-8")
    assert "1 of 2 computed results agree as printed" in html
    assert "+5.0%" in html
    assert "Synthetic reason." in html
    assert "1 of 2 items of CHEERS 2022 are met" in html
    assert "No synthetic summary." in html


def test_the_overview_says_it_in_one_sentence(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The overview's sentence is the headline of the default place; without that place there is none."""
    with Published(database) as published:
        assert cost_effectiveness.overview_sentence(published) == ""
        monkeypatch.setattr(cost_effectiveness, "DEFAULT", "EST")
        assert "Estonia: opioid agonist treatment at 50% would avert 150" in cost_effectiveness.overview_sentence(
            published
        )


def test_series_keep_apart_after_six() -> None:
    """Twelve strategies have twelve different pairs of colour and symbol, and of colour and dash."""
    styles = [ef.series_style(at) for at in range(12)]
    assert len({(colour, symbol) for colour, symbol, _ in styles}) == 12
    assert len({(colour, dash) for colour, _, dash in styles}) == 12


def test_a_sketch_of_amounts_has_ticks_and_a_tornado_has_none() -> None:
    """Numbers on the horizontal axis carry labels; what the plain drawing cannot show is left to the table."""
    frame = pd.DataFrame({"pay": [0.0, 10_000.0, 20_000.0], "evpi": [0.0, 5.0, 3.0]})
    columns = [Column("pay", "Pay"), Column("evpi", "Value")]
    drawn = str(sketch(Chart("x", "X", ef.perfect_information(), columns, {"all": View(frame, "")})))
    assert ">10,000<" in drawn
    assert ">20,000<" in drawn
    assert str(sketch(Chart("x", "X", ef.tornado(), columns, {"all": View(frame, "")}))) == ""
