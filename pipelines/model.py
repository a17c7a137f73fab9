"""``hre model``: one question about one place, from the published file and the cited evidence."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from pipelines import catalogue, show
from pipelines.settings import Settings

if TYPE_CHECKING:
    from assets.economics.question import Answer
    from assets.economics.tables import Settings as Analysis

LATEST = """
select area_id, indicator_id, strata, value, lower_95, upper_95, status, reason, source_ids, release::varchar as release
from marts.latest_values where strata = 'all'
"""
NAMES = "select area_id, name from meta.areas"
LATEST_COLUMNS = (
    "area_id", "indicator_id", "strata", "value", "lower_95", "upper_95", "status", "reason", "source_ids", "release",
)  # fmt: skip

HEALTH = (
    ("overdose_deaths_averted", "Overdose deaths averted"),
    ("hiv_infections_averted", "HIV infections averted"),
    ("hcv_infections_averted", "HCV infections averted"),
    ("qalys_gained", "QALYs gained"),
)
RATIOS = (("cost_per_overdose_death_averted", "per death averted"), ("cost_per_qaly", "per QALY"))
STATUS_WORDS = {"ND": "on the frontier", "ED": "extendedly dominated", "D": "dominated"}


def ask(settings: Settings, place: str, how: "Analysis") -> "tuple[Answer, str]":
    """Ask the published file and the evidence about one place.

    Returns:
        The answer, and the place's name.

    Raises:
        pipelines.query.QueryRefused: Nothing is published, or the file is not as this version makes it.
        assets.economics.asking.QuestionRefused: The question cannot be answered as asked.
    """
    import pandas as pd

    from assets.economics.asking import QuestionRefused
    from assets.economics.question import answer
    from assets.evidence import EvidenceError, load

    facts = catalogue.read(settings, latest=LATEST, names=NAMES)
    latest = pd.DataFrame(facts["latest"], columns=list(LATEST_COLUMNS))
    latest = latest.astype({name: "float64" for name in ("value", "lower_95", "upper_95")})
    for column in ("reason", "source_ids", "release"):
        latest[column] = latest[column].fillna("").astype("str")
    names = {str(row["area_id"]): str(row["name"]) for row in facts["names"]}
    try:
        found = answer(latest, names, load(), place, how)
    except (EvidenceError, ValueError) as fault:
        raise QuestionRefused(str(fault)) from fault
    return found, names.get(found.place.area_id, found.place.area_id)


def tell(out: Console, found: "Answer", name: str, how: "Analysis") -> None:
    """Print an answer: health, costs, steps, what was assumed, what is lacking."""
    out.print(Text(f"{name} ({found.place.area_id}), {how.horizon.years} years, against today's services", "bold"))
    head = [("Intervention", ""), ("Level", ""), *((label, "r") for _, label in HEALTH)]
    show.emit(out, show.table(head, _health(found)))
    costs = _costs(found)
    if costs:
        head = [("Intervention", ""), ("Level", ""), ("Perspective", ""), (f"{how.currency} added", "r"),
                *((f"{how.currency} {label}", "r") for _, label in RATIOS)]  # fmt: skip
        title = f"Costs, discounted at {100 * how.horizon.discount_rate_cost:g} % (prices: {basis(found)})"
        show.emit(out, show.table(head, costs, title))
    if len(found.steps):
        head = [("Strategy", ""), (how.currency, "r"), ("QALYs", "r"), (f"{how.currency} more", "r"),
                ("QALYs more", "r"), (f"{how.currency} per QALY", "r"), ("", "")]  # fmt: skip
        show.emit(out, show.table(head, _steps(found), "Step by step, health system, at the means, discounted"))
    _print_list(out, "Assumed", found.assumed)
    _print_list(out, "Lacking", found.lacking or ("nothing that these interventions need",))
    _print_list(out, "Figures", _figures(found, how))
    out.print(Text(f"Inputs of the place: {found.place.source_ids}, release {found.place.release}"))


def basis(found: "Answer") -> str:
    """Say whose unit costs an answer rests on."""
    words = {"own country": "the country's own", "transferred": "transferred, not converted"}
    bases = [str(word) for word in found.rows["cost_basis"] if word != "none"]
    return words.get(bases[0], bases[0]) if bases else "none"


def _strategies(found: "Answer") -> list[tuple[str, str]]:
    keys = zip(found.rows["intervention_id"], found.rows["level"], strict=True)
    return list(dict.fromkeys((str(one), str(level)) for one, level in keys))


def _pick(found: "Answer", one: str, level: str, outcome: str, payer: str = "none") -> Mapping[str, Any] | None:
    frame = found.rows
    hit = frame[
        frame["intervention_id"].eq(one) & frame["level"].eq(level) & frame["outcome"].eq(outcome)
        & frame["perspective"].eq(payer)
    ]  # fmt: skip
    if hit.empty:
        return None
    # Where a discounted row stands beside an undiscounted one, money is told discounted and health as it is.
    row = hit.sort_values("discount_pct").iloc[-1 if payer != "none" else 0]
    return {str(key): cell for key, cell in row.items()}


def _cell(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "–"
    if row["status"] != "reported":
        return str(row["reason"])
    value = _number(row["value"])
    low, high = row["lower_95"], row["upper_95"]
    limits = f" ({_number(low)} to {_number(high)})" if low == low and high == high else " (no interval)"
    return value + limits


def _number(value: float) -> str:
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 1 else 2
    return f"{round(value, digits) + 0.0:,.{digits}f}"


def _health(found: "Answer") -> list[list[str]]:
    return [
        [_title(one), level, *(_cell(_pick(found, one, level, outcome)) for outcome, _ in HEALTH)]
        for one, level in _strategies(found)
    ]


def _title(one: str) -> str:
    return "today's services, against none" if one == "services_today" else one


def _costs(found: "Answer") -> list[list[str]]:
    rows = []
    for one, level in _strategies(found):
        for payer in ("health system", "society"):
            added = _pick(found, one, level, "cost_difference", payer)
            if added is not None:
                ratios = [_cell(_pick(found, one, level, outcome, payer)) for outcome, _ in RATIOS]
                rows.append([_title(one), level, payer, _cell(added), *ratios])
    return rows


def _steps(found: "Answer") -> list[list[str]]:
    columns = ("cost", "effect", "incremental_cost", "incremental_effect", "icer")
    return [
        [str(row["strategy"]), *("–" if row[name] != row[name] else _number(float(row[name])) for name in columns),
         STATUS_WORDS.get(str(row["status"]), str(row["status"]))]
        for row in found.steps.to_dict("records")
    ]  # fmt: skip


def _figures(found: "Answer", how: "Analysis") -> list[str]:
    sources = dict(zip(found.chosen["parameter_id"], found.chosen["citation"], strict=True))
    lines = [
        f"{found.evidence}: {len(found.chosen)} figures, {how.draws:,} draws, seed {how.seed}; see meta.parameters"
    ]
    lines += [f"chosen: {name} from {source} ({sources.get(name, '')})" for name, source in how.choices.items()]
    return lines + [f"yours: {name} = {number:g}" for name, number in how.given.items()]


def _print_list(out: Console, title: str, lines: Sequence[str]) -> None:
    out.print(Text(f"\n{title}", style="bold"))
    for line in lines:
        out.print(Text(f"  - {show.clean(line, 1000)}"))


def write_csv(found: "Answer", path: Path) -> None:
    """Write an answer's rows, as ``marts.intervention_value`` has them, with nulls empty.

    Raises:
        OSError: The file cannot be written.
    """
    from pipelines.query import as_csv

    columns = [str(name) for name in found.rows.columns]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        for row in found.rows.to_dict("records"):
            writer.writerow(["" if row[name] != row[name] else as_csv(row[name]) for name in columns])
