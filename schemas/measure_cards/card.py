"""The card of one measure, and short ways to write the common kinds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MeasureCard:
    """Meaning of one measure. ``basis`` is by_source where publishers count by different rules."""

    id: str
    title: str
    meaning: str
    unit: str
    kind: str
    """flow (counted over a period), stock (at a date), rate, share or index."""

    adds_over_time: bool = False
    adds_over_area: bool = False
    adds_over_category: bool = False
    basis: str = "not_applicable"
    """residence, occurrence, registration, by_source or not_applicable."""

    least: float | None = 0.0
    most: float | None = None


def deaths(id: str, title: str, meaning: str, basis: str = "by_source") -> MeasureCard:
    """Make the card of a count of deaths."""
    return MeasureCard(id, title, meaning, "deaths", "flow", adds_over_time=True, adds_over_area=True, basis=basis)


def rate(id: str, title: str, meaning: str, unit: str, basis: str = "by_source") -> MeasureCard:
    """Make the card of a published rate."""
    return MeasureCard(id, title, meaning, unit, "rate", basis=basis)


def events(id: str, title: str, unit: str) -> MeasureCard:
    """Make the card of a count of events that Canada reports."""
    meaning = "Events in the period, as reported to the Public Health Agency of Canada; one person may have several."
    return MeasureCard(id, title, meaning, unit, "flow", adds_over_time=True, adds_over_area=True, basis="by_source")


def share(id: str, title: str, meaning: str, most: float | None = 100.0) -> MeasureCard:
    """Make the card of a share in percent; ``most`` is None where values over 100 are kept."""
    return MeasureCard(id, title, meaning, "percent", "share", most=most)


def yes_no(id: str, title: str, meaning: str) -> MeasureCard:
    """Make the card of a question of policy: 1 where the answer is yes, 0 where it is no."""
    return MeasureCard(id, title, f"1 where {meaning}, 0 where not.", "yes (1) or no (0)", "index", most=1.0)


def people(id: str, title: str, meaning: str) -> MeasureCard:
    """Make the card of a number of people at a date."""
    return MeasureCard(id, title, meaning, "people", "stock", adds_over_area=True)
