"""Sources: one module each; ``schemas.sources`` lists them once."""

from importlib import import_module

from assets.source import Source, as_source
from schemas.source_card import SourceCard
from schemas.sources import CONNECTED

FIGURES_ONLY_CARDS: tuple[SourceCard, ...] = ()
"""Cards of sources of which only transcribed figures are at hand; no connector reads their files."""

FIGURES_ONLY = tuple(card.id for card in FIGURES_ONLY_CARDS)
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
    return found | {card.id: card for card in FIGURES_ONLY_CARDS}
