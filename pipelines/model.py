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
    ("dalys_averted", "DALYs averted"),
)
RATIOS = (
    ("cost_per_overdose_death_averted", "per death averted"),
    ("cost_per_qaly", "per QALY"),
    ("cost_per_daly_averted", "per DALY averted"),
)
RETURNS = (
    ("net_monetary_benefit", "Net benefit"),
    ("benefit_cost_ratio", "Benefit-cost ratio"),
    ("return_on_investment", "Return on investment"),
)
FIRST_YEARS = 3
MOST_FIGURES = 5
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
    rate = round(100 * how.horizon.discount_rate_cost, 6)
    costs = _costs(found, rate, RATIOS, added=True)
    if costs:
        head = [("Intervention", ""), ("Level", ""), ("Perspective", ""), (f"{how.currency} added", "r"),
                *((f"{how.currency} {label}", "r") for _, label in RATIOS)]  # fmt: skip
        year = "" if how.prices is None else f" of {how.prices.year}"
        title = f"Costs, {how.currency}{year}, discounted at {rate:g} % (prices: {basis(found, how)})"
        show.emit(out, show.table(head, costs, title))
        head = [("Intervention", ""), ("Level", ""), ("Perspective", ""), *((label, "r") for _, label in RETURNS)]
        title = f"Returns at {how.currency} {how.willingness_to_pay:,.0f} a QALY, discounted at {rate:g} %"
        show.emit(out, show.table(head, _costs(found, rate, RETURNS), title))
    payments = _payments(found)
    if payments:
        head = [("Intervention", ""), ("Level", ""), ("Payer", ""), ("Year", "r"), (f"{how.currency} more", "r"),
                ("In all so far", "r")]  # fmt: skip
        show.emit(out, show.table(head, payments, "Budget impact, not discounted"))
    if len(found.steps):
        head = [("Strategy", ""), (how.currency, "r"), ("QALYs", "r"), (f"{how.currency} more", "r"),
                ("QALYs more", "r"), (f"{how.currency} per QALY", "r"), ("", "")]  # fmt: skip
        show.emit(out, show.table(head, _steps(found), "Step by step, health system, at the means, discounted"))
    worth = _worth_knowing(found)
    if worth:
        head = [("Figure", ""), (how.currency, "r"), ("standard error", "r")]
        title = "Worth knowing better, health system: the most that a study of one figure alone could be worth here"
        show.emit(out, show.table(head, worth, title))
    _print_list(out, "Assumed", found.assumed)
    _print_list(out, "Lacking", found.lacking or ("nothing that these interventions need",))
    _print_list(out, "Figures", _figures(found, how))
    out.print(Text(f"Inputs of the place: {found.place.source_ids}, release {found.place.release}"))


def basis(found: "Answer", how: "Analysis") -> str:
    """Say whose unit costs an answer rests on."""
    transferred = "transferred" if how.prices is not None else "transferred, not converted"
    words = {"own country": "the country's own", "transferred": transferred}
    bases = [str(word) for word in found.rows["cost_basis"] if word != "none"]
    return words.get(bases[0], bases[0]) if bases else "none"


def _strategies(found: "Answer") -> list[tuple[str, str]]:
    keys = zip(found.rows["intervention_id"], found.rows["level"], strict=True)
    return list(dict.fromkeys((str(one), str(level)) for one, level in keys))


def _pick(
    found: "Answer", one: str, level: str, outcome: str, payer: str = "none", rate: float = 0.0
) -> Mapping[str, Any] | None:
    frame = found.rows
    hit = frame[
        frame["intervention_id"].eq(one) & frame["level"].eq(level) & frame["outcome"].eq(outcome)
        & frame["perspective"].eq(payer) & frame["discount_pct"].eq(rate)
    ]  # fmt: skip
    return None if hit.empty else {str(key): cell for key, cell in hit.iloc[0].items()}


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


def _costs(found: "Answer", rate: float, wanted: Sequence[tuple[str, str]], added: bool = False) -> list[list[str]]:
    """Tell money discounted at the rate of the question, and health as it is."""
    outcomes = [*(["cost_difference"] if added else []), *(outcome for outcome, _ in wanted)]
    rows = []
    for one, level in _strategies(found):
        for payer in ("health system", "society"):
            cells = [_pick(found, one, level, outcome, payer, rate) for outcome in outcomes]
            if cells[-1] is not None:
                rows.append([_title(one), level, payer, *(_cell(cell) for cell in cells)])
    return rows


def _worth_knowing(found: "Answer") -> list[list[str]]:
    """Tell what knowing one figure would be worth, for those that stand out from the noise, and all together."""
    frame = found.information
    if frame.empty:
        return []
    own = frame[frame["perspective"].eq("health system")].sort_values("evppi", ascending=False)
    clear = own[own["evppi"] > 2 * own["standard_error"]].head(MOST_FIGURES)
    rows = [
        [str(row["parameter_id"]), _number(row["evppi"]), _number(row["standard_error"])]
        for row in clear.to_dict("records")
    ]
    return [*rows, [f"all {len(own)} uncertain figures together", _number(float(own["evpi"].iloc[0])), ""]]


def _payments(found: "Answer") -> list[list[str]]:
    """Tell what each payer pays more in the first years and the last."""
    frame = found.payments
    if frame.empty:
        return []
    shown = frame[frame["part"].eq("all") & (frame["year"].le(FIRST_YEARS) | frame["year"].eq(frame["year"].max()))]
    return [
        [_title(str(row["intervention_id"])), str(row["level"]), str(row["payer"]), str(row["year"]),
         f"{_number(row['budget_impact'])} ({_number(row['lower_95'])} to {_number(row['upper_95'])})",
         _number(row["cumulative_impact"])]
        for row in shown.to_dict("records")
    ]  # fmt: skip


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
