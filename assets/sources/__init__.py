"""Sources: one module each; ``schemas.sources`` lists them once."""

from importlib import import_module

from assets.source import Source, as_source
from schemas.source_card import SourceCard
from schemas.sources import CONNECTED

FIGURES_ONLY = ("ons_drug_poisoning", "optic_policy")
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
        SourceCard(
            id="optic_policy",
            title="OPTIC-vetted naloxone access and Good Samaritan law data",
            publisher="RAND-USC Opioid Policy Tools and Information Center (OPTIC)",
            licence="not verified; single figures with citation",
            licence_url="",
            homepage="https://www.rand.org/health-care/centers/optic.html",
            download_url="",
            cadence="irregular",
            basis="not_applicable",
            citation="RAND-USC OPTIC, Naloxone access law and Good Samaritan law policy data, 1990-2018.",
            coverage="United States, laws by state to the end of 2017 (naloxone) and 2018 (Good Samaritan)",
            caveats=(
                "Nothing later is at hand: laws passed afterwards are missing.",
                "Dates of first effect rest on judgement in some states (California 2008 pilot or 2014; Iowa 2016).",
            ),
            figures_only=True,
        ),
    )
