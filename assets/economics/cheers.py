"""The CHEERS 2022 checklist, filled from what a run made: an item is met only if its artefact exists.

Items and their names: Husereau D, Drummond M, Augustovski F and others. Consolidated Health Economic Evaluation
Reporting Standards 2022 (CHEERS 2022) statement, table 1, 10.1016/j.hpopen.2021.100063.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

METHODS_PAGE = Path(__file__).resolve().parents[2] / "docs" / "economics.md"
_VALUE, _PARAMETERS = "marts.intervention_value", "meta.parameters"
_CURVES, _DRIVERS, _CHECKED = "marts.intervention_acceptability", "marts.intervention_drivers", "meta.model_validation"
_PAGE = "docs/economics.md"


@dataclass(frozen=True)
class Made:
    """What a run made, as the items ask about it."""

    tables: Mapping[str, pd.DataFrame]
    page: str

    @property
    def values(self) -> pd.DataFrame:
        """Rows on interventions that have a value."""
        frame = self.tables[_VALUE]
        return frame[frame["status"] == "reported"]

    def defaults(self, topic: str) -> pd.DataFrame:
        """Give the figures of a topic that analyses use."""
        frame = self.tables[_PARAMETERS]
        return frame[frame["is_default"] & (frame["topic"] == topic)]

    def filled(self, *names: str) -> bool:
        """Tell whether all these tables have rows."""
        return all(len(self.tables[name]) > 0 for name in names)

    def heading(self, words: str) -> bool:
        """Tell whether the methods page has a section of this name with text beneath it."""
        _, found, rest = f"\n{self.page}".partition(f"\n## {words}\n")
        return bool(found and rest.split("\n## ")[0].strip())

    def distinct(self, column: str) -> list[str]:
        """List the distinct values of a column of the rows that have a value."""
        return sorted({str(value) for value in self.values[column]})


Found = Callable[[Made], str]
"""What there is of an item, in words; nothing where it is lacking."""


@dataclass(frozen=True)
class Item:
    """One item: what it is called, what it takes, and what to say where that is lacking."""

    section: str
    topic: str
    where: str
    found: Found | None
    """None where nothing could meet it yet."""

    lacking: str


def checklist(tables: Mapping[str, pd.DataFrame], page: str | None = None) -> pd.DataFrame:
    """Fill the checklist from a run's tables. Grain: item; ``schemas.cheers.Cheers``.

    Args:
        tables: The economics tables of the run, by name.
        page: Text of the methods page; read from the checkout when left out, empty where it is absent.
    """
    made = Made(tables, read_page() if page is None else page)
    rows = []
    for number, item in enumerate(ITEMS, start=1):
        words = item.found(made) if item.found else ""
        rows.append(
            {
                "item": number,
                "section": item.section,
                "topic": item.topic,
                "met": bool(words),
                "artefact": words or item.lacking,
                "where_found": item.where if words else "",
            }
        )
    frame = pd.DataFrame(rows)
    return frame.astype({name: "str" for name in ("section", "topic", "artefact", "where_found")})


def read_page() -> str:
    """Read the methods page, empty where an installation comes without it."""
    return METHODS_PAGE.read_text(encoding="utf-8") if METHODS_PAGE.is_file() else ""


def _section(words: str) -> Found:
    return lambda made: f'Section "{words}"' if made.heading(words) else ""


def _title(made: Made) -> str:
    first = made.page.split("\n")[0]
    return f'Title "{first.removeprefix("# ")}"' if "economic evaluation" in first.lower() else ""


def _places(made: Made) -> str:
    count = made.values["area_id"].nunique()
    return f"{count} places with values, each with the sources of its inputs" if count else ""


def _comparators(made: Made) -> str:
    found = made.distinct("comparator")
    return "Compared with services as they are, and these with none" if len(found) == 2 else ""


def _perspectives(made: Made) -> str:
    found = [name for name in made.distinct("perspective") if name != "none"]
    return f"Perspectives: {', '.join(found)}" if len(found) == 2 else ""


def _horizon(made: Made) -> str:
    found = made.distinct("horizon_years")
    return f"{found[0]} years in every row" if len(found) == 1 and made.heading("Assumptions") else ""


def _discount(made: Made) -> str:
    found = sorted(set(made.values["discount_pct"]))
    told = ", ".join(f"{rate:g}" for rate in found[:-1])
    return f"Rates of {told} and {found[-1]:g} % side by side" if len(found) > 1 else ""


def _outcomes(made: Made) -> str:
    found = set(made.distinct("outcome"))
    wanted = {"overdose_deaths_averted", "hiv_infections_averted", "hcv_infections_averted", "qalys_gained"}
    dalys = ", DALYs" if "dalys_averted" in found else ""
    return f"Overdose deaths, overdoses, infections, attendances, QALYs{dalys}" if wanted <= found else ""


def _cited(topic: str) -> Found:
    def found(made: Made) -> str:
        rows = made.defaults(topic)
        whole = len(rows) > 0 and bool((rows["verified"] & (rows["citation"] != "")).all())
        return f"{len(rows)} figures on {topic}, each cited and seen on its page" if whole else ""

    return found


def _currency(made: Made) -> str:
    costs = made.defaults("costs")
    if not len(costs) or not (costs["cost_year"].notna() & (costs["currency"] != "")).all():
        return ""
    years = costs["cost_year"]
    return f"Currency and price year ({years.min()} to {years.max()}) of each cost; amounts are not converted"


def _analytics(made: Made) -> str:
    if not (made.heading("Assumptions") and made.filled(_CHECKED)):
        return ""
    agrees = int((made.tables[_CHECKED]["agreement"] == "agrees").sum())
    return f'Section "Assumptions"; {agrees} published results come out again'


def _uncertainty(made: Made) -> str:
    draws = int(made.values["draws"].max()) if len(made.values) else 0
    return f"{draws} draws, one-way limits, acceptability" if draws > 1 and made.filled(_CURVES, _DRIVERS) else ""


def _parameters(made: Made) -> str:
    frame = made.tables[_PARAMETERS]
    whole = len(frame) > 0 and bool((frame["citation"] != "").all())
    count = frame["parameter_id"].nunique()
    return f"{count} parameters with value, limits, distribution and citation" if whole else ""


def _results(made: Made) -> str:
    wanted = {"cost_difference", "qalys_gained", "cost_per_qaly", "cost_per_overdose_death_averted"}
    found = set(made.distinct("outcome"))
    more = ", net benefit and returns" if {"net_monetary_benefit", "benefit_cost_ratio"} <= found else ""
    return f"Costs, QALYs and their ratios{more}, with limits" if wanted <= found else ""


def _effect(made: Made) -> str:
    has = made.filled(_CURVES, _DRIVERS) and bool((made.tables[_CURVES]["evpi"] > 0).any())
    return "Acceptability, expected loss, value of perfect information, drivers" if has else ""


def _discussion(made: Made) -> str:
    whole = made.heading("Limits") and made.filled(_CHECKED)
    return 'Section "Limits"; published results beside ours' if whole else ""


_METHODS, _RESULTS, _OTHER = "Methods", "Results", "Other relevant information"
ITEMS: tuple[Item, ...] = (
    Item("Title", "Title", _PAGE, _title, "No title that calls it an economic evaluation."),
    Item("Abstract", "Abstract", _PAGE, _section("Summary"), "No summary."),
    Item("Introduction", "Background and objectives", _PAGE, _section("Question"), "No question is stated."),
    Item(_METHODS, "Health economic analysis plan", "", None, "No plan was made public before the analysis."),
    Item(_METHODS, "Study population", _PAGE, _section("Population"), "The population is not described."),
    Item(_METHODS, "Setting and location", _VALUE, _places, "No place has a value."),
    Item(_METHODS, "Comparators", _VALUE, _comparators, "One of the two comparators has no rows."),
    Item(_METHODS, "Perspective", _VALUE, _perspectives, "Not both perspectives have rows."),
    Item(_METHODS, "Time horizon", _VALUE, _horizon, "No single horizon, or no word on why."),
    Item(_METHODS, "Discount rate", _VALUE, _discount, "No discounted rows beside undiscounted ones."),
    Item(_METHODS, "Selection of outcomes", _VALUE, _outcomes, "An outcome has no rows."),
    Item(_METHODS, "Measurement of outcomes", _PARAMETERS, _cited("effects"), "An effect has no verified citation."),
    Item(_METHODS, "Valuation of outcomes", _PARAMETERS, _cited("utilities"), "A utility has no verified citation."),
    Item(
        _METHODS,
        "Measurement and valuation of resources and costs",
        _PARAMETERS,
        _cited("costs"),
        "A cost has no verified citation.",
    ),
    Item(_METHODS, "Currency, price date, and conversion", _PARAMETERS, _currency, "A cost has no currency or year."),
    Item(_METHODS, "Rationale and description of model", _PAGE, _section("Model"), "The model is not described."),
    Item(_METHODS, "Analytics and assumptions", _PAGE, _analytics, "No assumptions, or no published result tried."),
    Item(_METHODS, "Characterising heterogeneity", "", None, "Results are by place; there are no subgroups yet."),
    Item(_METHODS, "Characterising distributional effects", "", None, "Effects are not split by group yet."),
    Item(_METHODS, "Characterising uncertainty", _VALUE, _uncertainty, "No sensitivity analysis has rows."),
    Item(
        _METHODS,
        "Approach to engagement with patients and others affected by the study",
        "",
        None,
        "No engagement took place.",
    ),
    Item(_RESULTS, "Study parameters", _PARAMETERS, _parameters, "A parameter has no citation."),
    Item(_RESULTS, "Summary of main results", _VALUE, _results, "Costs, QALYs or ratios have no rows."),
    Item(_RESULTS, "Effect of uncertainty", _CURVES, _effect, "No sensitivity analysis has rows."),
    Item(
        _RESULTS,
        "Effect of engagement with patients and others affected by the study",
        "",
        None,
        "No engagement took place.",
    ),
    Item(
        "Discussion",
        "Study findings, limitations, generalisability, and current knowledge",
        _PAGE,
        _discussion,
        "No limits are stated, or no published result stands beside ours.",
    ),
    Item(_OTHER, "Source of funding", _PAGE, _section("Funding"), "Funding is not stated."),
    Item(_OTHER, "Conflicts of interest", _PAGE, _section("Conflicts of interest"), "Conflicts are not stated."),
)
