"""Sources: one module each; ``schemas.sources`` lists them once."""

from importlib import import_module

from assets.source import Source, as_source
from schemas.source_card import SourceCard
from schemas.sources import CONNECTED

FIGURES_ONLY = ("ons_drug_poisoning",)
SOURCE_IDS = (*CONNECTED, *FIGURES_ONLY)


def source(source_id: str) -> Source:
    """Give the module of a connected source.

    Raises:
        KeyError: No such source; the message lists those there are.
    """
    if source_id not in CONNECTED:
        raise KeyError(f"expected one of the sources {', '.join(CONNECTED)}; found {source_id!r}")
    return as_source(import_module(f"assets.sources.{source_id}"))


def cards() -> dict[str, SourceCard]:
    """Give every source's card, those known only by figures included."""
    found = {source_id: source(source_id).CARD for source_id in CONNECTED}
    return found | {card.id: card for card in _figures_only_cards()}


def _figures_only_cards() -> tuple[SourceCard, ...]:
    return (
        SourceCard(
            id="ons_drug_poisoning",
            title="Deaths related to drug poisoning in England and Wales",
            publisher="Office for National Statistics",
            licence="Open Government Licence v3.0",
            licence_url="https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
            homepage="https://www.ons.gov.uk/peoplepopulationandcommunity/birthsdeathsandmarriages/deaths",
            download_url="",
            cadence="yearly",
            basis="registration",
            citation="Office for National Statistics, Deaths related to drug poisoning in England and Wales.",
            coverage="England and Wales, registration years 1993-2021",
            caveats=("Years are years of registration; inquests delay registration, often past the year of death.",),
            figures_only=True,
        ),
    )
