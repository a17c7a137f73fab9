"""The reporting checklist is filled from what a run made: an item without its artefact is not met."""

import pandas as pd
import pytest

from assets.economics.cheers import ITEMS, METHODS_PAGE, checklist
from schemas.cheers import SECTIONS, Cheers

PAGE = (
    "# Economic evaluation of synthetic services\n\n"
    "## Assumptions\nNone.\n\n## Model\nA model.\n\n## Limits\n\n## Funding\n"
)


def values(**changes: object) -> pd.DataFrame:
    """Make rows of marts.intervention_value (synthetic): every outcome, perspective, comparator and rate."""
    outcomes = [
        "overdose_deaths_averted", "hiv_infections_averted", "hcv_infections_averted", "qalys_gained",
        "cost_difference", "cost_per_qaly", "cost_per_overdose_death_averted",
    ]  # fmt: skip
    rows = [
        {"area_id": "AUS", "outcome": outcome, "comparator": comparator, "perspective": perspective,
         "discount_pct": rate, "horizon_years": 10, "draws": 200, "status": "reported"}
        for outcome in outcomes
        for comparator in ("today", "no_services")
        for perspective in ("none", "health system", "society")
        for rate in (0.0, 3.0)
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(**changes)


def tables() -> dict[str, pd.DataFrame]:
    """Make the economics tables of a run (synthetic), as far as the checklist reads them."""
    figures = [
        {"topic": topic, "parameter_id": f"{topic}_x", "is_default": True, "verified": True,
         "citation": "A, synthetic.", "currency": "AUD" if topic == "costs" else "", "cost_year": 2024}
        for topic in ("effects", "utilities", "costs")
    ]  # fmt: skip
    return {
        "marts.intervention_value": values(),
        "meta.parameters": pd.DataFrame(figures),
        "marts.intervention_acceptability": pd.DataFrame({"evpi": [0.0, 5.0]}),
        "marts.intervention_drivers": pd.DataFrame({"at_low": [1.0]}),
        "meta.model_validation": pd.DataFrame({"agreement": ["agrees", "differs"]}),
    }


def met(found: pd.DataFrame, topic: str) -> bool:
    """Tell whether the item of a topic is met."""
    return bool(found.set_index("topic").loc[topic, "met"])


def test_the_checklist_has_the_28_items_of_the_statement_in_its_sections() -> None:
    """28 items: one each in title, abstract, introduction and discussion, 18 in methods, 4 in results, 2 others."""
    found = Cheers.validate(checklist(tables(), PAGE))
    assert found["item"].tolist() == list(range(1, 29))
    assert found.groupby("section")["item"].count().reindex(SECTIONS).tolist() == [1, 1, 1, 18, 4, 1, 2]
    assert len({item.topic for item in ITEMS}) == 28


@pytest.mark.parametrize(
    ("topic", "change"),
    [
        ("Perspective", {"perspective": "society"}),
        ("Discount rate", {"discount_pct": 3.0}),
        ("Comparators", {"comparator": "today"}),
        ("Characterising uncertainty", {"draws": 1}),
        ("Setting and location", {"status": "not_applicable"}),
        ("Selection of outcomes", {"outcome": "qalys_gained"}),
        ("Summary of main results", {"outcome": "qalys_gained"}),
    ],
)
def test_an_item_about_results_is_met_only_with_its_rows(topic: str, change: dict[str, object]) -> None:
    """Both perspectives, both comparators, both rates, all outcomes and several draws must be in the table."""
    made = tables()
    assert met(checklist(made, PAGE), topic)
    made["marts.intervention_value"] = values(**change)
    assert not met(checklist(made, PAGE), topic)


@pytest.mark.parametrize(
    ("topic", "table"),
    [
        ("Characterising uncertainty", "marts.intervention_drivers"),
        ("Effect of uncertainty", "marts.intervention_acceptability"),
        ("Analytics and assumptions", "meta.model_validation"),
    ],
)
def test_an_empty_table_leaves_its_item_unmet(topic: str, table: str) -> None:
    """A table without rows is no artefact."""
    made = tables()
    assert met(checklist(made, PAGE), topic)
    made[table] = made[table].head(0)
    assert not met(checklist(made, PAGE), topic)


def test_a_cost_without_price_year_leaves_the_item_on_currency_unmet() -> None:
    """Every cost that analyses use needs its currency and price year."""
    made = tables()
    assert met(checklist(made, PAGE), "Currency, price date, and conversion")
    made["meta.parameters"] = made["meta.parameters"].assign(cost_year=None)
    assert not met(checklist(made, PAGE), "Currency, price date, and conversion")


def test_a_heading_without_text_is_no_section() -> None:
    """A section of the methods page counts only with words under it, and only under its own heading."""
    found = checklist(tables(), PAGE)
    assert met(found, "Rationale and description of model")
    assert not met(found, "Source of funding")
    assert not met(found, "Study findings, limitations, generalisability, and current knowledge")
    assert not met(found, "Abstract")


def test_what_is_not_met_says_what_is_lacking() -> None:
    """An item that is not met names no place, and says what is lacking."""
    found = checklist(tables(), "")
    lacking = found[~found["met"]]
    assert (lacking["where_found"] == "").all()
    assert (lacking["artefact"].str.len() > 10).all()
    assert met(found, "Study parameters")


def test_the_methods_page_has_the_sections_that_items_ask_for() -> None:
    """The page in the checkout meets the items on title, summary, question, population, model, assumptions, limits."""
    found = checklist(tables(), METHODS_PAGE.read_text(encoding="utf-8"))
    on_page = found[found["where_found"] == "docs/economics.md"]
    assert on_page["item"].tolist() == [1, 2, 3, 5, 16, 17, 26]
