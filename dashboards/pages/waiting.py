"""What a page would show and cannot yet: indicators without a value, each with the source it waits for."""

from typing import Any

from dashboards import formats
from dashboards.published import Published


def waiting(published: Published, indicator_ids: tuple[str, ...]) -> list[dict[str, Any]]:
    """List the indicators of a page that have no row, with what each waits for, in the order of their numbers."""
    return [
        {
            "id": indicator_id,
            "title": formats.text(card["title"]) or indicator_id,
            "question": formats.text(card["question"]),
            "needs": formats.text(card["waits_for"]),
        }
        for indicator_id, card in published.indicators.items()
        if indicator_id in indicator_ids and published.latest(indicator_id).empty
    ]
