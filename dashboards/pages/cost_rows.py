"""Rows on interventions as the cost-effectiveness page reads them: names, remarks in words, where they come from."""

import re

import pandas as pd

from dashboards import formats
from dashboards import selection as sel
from dashboards.pages import cost_words as words
from dashboards.published import Published

SHOWN_RATE = 3.0
COMMAND = "hre model "
"""From here on a remark is a command to type, in which names stay as they are."""

ROLES = {"services_today": "today"}
SHORT = (
    ("already there", "already at this level"),
    ("the place has no value", "inputs are lacking"),
    ("no verified evidence", "evidence is lacking"),
    ("saves money and gains", "saves money, gains health"),
    ("saves money, no", "saves money, no gain"),
    ("no ", "no gain on average"),
)
"""What a reason is shortened to beside a dot; the table has it whole."""


def all_rows(published: Published) -> pd.DataFrame:
    """Read every row on interventions for the places that pages show, with names and remarks in words."""
    frame = published.select("marts.intervention_value", order="area_id, intervention_id, level, outcome, discount_pct")
    # The table holds other rates too; pages show amounts as they are, or discounted as decisions are.
    frame = frame[frame["discount_pct"].isin([0.0, SHOWN_RATE])]
    frame = sel.keep(frame, "area_id", lambda area: area in published.names).reset_index(drop=True)
    frame = frame.rename(columns={"lower_95": "lower", "upper_95": "upper"})
    frame["name"] = [
        words.intervention(one) + ("" if level in ("any", "today") else f", {words.level(level)}")
        for one, level in zip(frame["intervention_id"], frame["level"], strict=True)
    ]
    frame["note"] = [plain(published, reason) for reason in frame["reason"]]
    frame["short"] = [_short(reason) for reason in frame["reason"]]
    frame["basis"] = [words.BASES.get(formats.text(basis), formats.text(basis)) for basis in frame["cost_basis"]]
    frame["role"] = [
        "none" if formats.is_missing(value) else ROLES.get(one, "strategy")
        for one, value in zip(frame["intervention_id"], frame["value"], strict=True)
    ]
    # A logarithmic axis has no place for an arm that reaches zero; the table has the limit.
    frame["arm"] = [None if formats.is_missing(low) or low <= 0 else low for low in frame["lower"]]
    return frame


def plain(published: Published, reason: object) -> str:
    """Put the names of indicators and parameters in a remark into words."""

    def name(hit: re.Match[str]) -> str:
        title = formats.text(published.indicators.get(hit[0], {}).get("title"))
        return title or words.parameter(hit[0])

    before, _, command = formats.text(reason).partition(COMMAND)
    told = re.sub(r"\b[a-z]+(?:_[a-z]+)+\b", name, before)
    return told + COMMAND + command if command else told


def _short(reason: object) -> str:
    plain_reason = formats.text(reason)
    return next((short for start, short in SHORT if plain_reason.startswith(start)), "no value")


def evidence_line(rows: pd.DataFrame) -> str:
    """Name the evidence set, the draws and the seed that rows were made with."""
    found = rows[rows["draws"] > 0]
    if found.empty:
        return ""
    first = found.iloc[0]
    draws, seed = formats.number(first["draws"], 0), formats.text(first["seed"])
    return f"Transmission model on {first['parameter_set']}, {draws} draws, seed {seed}"


def source(published: Published, rows: pd.DataFrame) -> str:
    """Say what rows rest on: the evidence set, and the sources of the place's inputs."""
    return f"{evidence_line(rows)}. The place's inputs: {sel.source_line(published, rows)}"


def by(frame: pd.DataFrame, *columns: str) -> list[tuple[tuple[str, ...], pd.DataFrame]]:
    """Give the parts of a frame that share the values of some columns, in order of these."""
    groups = frame.groupby(list(columns), sort=True)
    return [(tuple(str(part) for part in key), rows.reset_index(drop=True)) for key, rows in groups]


def price_words(rows: pd.DataFrame) -> str:
    """Say in two words whose prices amounts are in, for the title of an axis."""
    return "transferred prices" if (rows["cost_basis"] == "transferred").any() else "ACT prices"
