"""Reading a question that a user typed: levels, chosen sources and own figures, each refused in plain words."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from assets.economics.interventions import CATALOGUE, NALOXONE_TARGET, Intervention
from assets.economics.prices import read_prices
from assets.economics.runs import Strategy
from assets.economics.tables import THRESHOLD, Settings
from epi.models.interface import Horizon
from epi.models.transmission import PARAMETERS
from epi.models.transmission_levers import LEVERS

_EXTRA = (NALOXONE_TARGET, "cost_naloxone_person")
_SINGLE = {next(iter(levels)): one for one in CATALOGUE if len(levels := next(iter(one.targets.values()))) == 1}
"""Intervention by the one lever that it moves; what moves several levers is made of these."""

_OF_LEVER = _SINGLE | {
    lever: one for one in CATALOGUE for lever in next(iter(one.targets.values())) if lever not in _SINGLE
}
"""Prison has two levers that only go together."""

LEVER_NAMES = (
    {one.id: lever for lever, one in _SINGLE.items()}
    | {"prison_oat": "prison_oat_coverage", "release_link": "release_oat_link"}
    | {lever: lever for lever in _OF_LEVER}
)
"""Names that a user may give a lever: the intervention's and the model's."""


class QuestionRefused(Exception):
    """A question that cannot be answered as asked; the message says what was expected, found, and what to do."""


def analysis(
    interventions: Sequence[str],
    chosen: Sequence[str],
    given: Sequence[str],
    years: int,
    draws: int,
    seed: int,
    currency: str,
    discount: float,
    willingness_to_pay: float = THRESHOLD,
    prices: Path | None = None,
    price_year: int | None = None,
) -> Settings:
    """Make the settings of an analysis from what the user typed; what was left out is as in a refresh.

    Raises:
        QuestionRefused: An option cannot be read.
    """
    numbers = {name: read_number("--set", f"{name}={text}", text) for name, text in pairs("--set", given).items()}
    check_given(numbers)
    if prices is None and price_year is not None:
        raise QuestionRefused("--price-year: expected it with --prices, found it alone; nothing says what prices were.")
    try:
        indexes = None if prices is None else read_prices(prices, currency.upper(), price_year)
    except ValueError as fault:
        raise QuestionRefused(str(fault)) from fault
    return Settings(
        draws=draws,
        seed=seed,
        horizon=Horizon(years, discount, discount),
        currency=currency.upper(),
        choices=pairs("--choose", chosen),
        given=numbers,
        catalogue=read_interventions(interventions) or CATALOGUE,
        willingness_to_pay=willingness_to_pay,
        prices=indexes,
    )


def read_interventions(asked: Iterable[str]) -> tuple[Intervention, ...]:
    """Read levels such as ``oat=0.5`` or ``oat=0.5+nsp=0.75``; each is one strategy.

    Raises:
        QuestionRefused: A name is no lever, a level is no number or outside the lever's bounds, or one comes twice.
    """
    made: list[Intervention] = []
    for text in asked:
        targets: dict[str, float] = {}
        for part in text.split("+"):
            lever, level = _level(part)
            if lever in targets:
                raise QuestionRefused(f"--intervention {text}: expected each lever once, found {lever} twice.")
            targets[lever] = level
        parts = list({_OF_LEVER[lever].id: _OF_LEVER[lever] for lever in targets}.values())
        label = " + ".join(_label(lever, level) for lever, level in targets.items())
        one = Intervention(
            "+".join(part.id for part in parts),
            " with ".join(part.title for part in parts),
            {label: targets},
            tuple(dict.fromkeys(need for part in parts for need in part.needs)),
            tuple(dict.fromkeys(price for part in parts for price in part.prices)),
            tuple(dict.fromkeys(caveat for part in parts for caveat in part.caveats)),
            tuple(dict.fromkeys(name for part in parts for name in part.infections)) if len(parts) == 1 else (),
        )
        if Strategy(one, label).name in {Strategy(other, next(iter(other.targets))).name for other in made}:
            raise QuestionRefused(f"--intervention {text}: expected each strategy once, found it twice.")
        made.append(one)
    return tuple(made)


def _level(part: str) -> tuple[str, float]:
    name, _, number = part.strip().partition("=")
    lever = LEVER_NAMES.get(name.strip().lower())
    if lever is None:
        raise QuestionRefused(_unknown("--intervention", "a lever", name, sorted(set(LEVER_NAMES) - set(_OF_LEVER))))
    bound = next(top for lever_id, _, _, top in LEVERS if lever_id == lever)
    level = read_number("--intervention", part, number)
    if not 0 <= level <= bound:
        raise QuestionRefused(
            f"--intervention {part.strip()}: expected a level from 0 to {bound:g}, found {number.strip()}; "
            "shares are written as proportions, 0.5 for 50 %."
        )
    return lever, level


def _label(lever: str, level: float) -> str:
    unit = next(unit for name, _, unit, _ in LEVERS if name == lever)
    return f"{100 * level:g} %" if unit == "proportion" else f"{level:g}"


def read_number(option: str, text: str, number: str) -> float:
    """Read a number of an option.

    Raises:
        QuestionRefused: It is none, or not a finite one.
    """
    try:
        found = float(number)
    except ValueError:
        found = float("nan")
    if not np.isfinite(found):
        raise QuestionRefused(
            f"{option} {text.strip()}: expected NAME=NUMBER, found {number.strip() or 'no number'!r}."
        )
    return found


def _unknown(option: str, what: str, found: str, known: Sequence[str]) -> str:
    near = get_close_matches(found.strip().lower(), list(known), 5, 0.5)
    listed = f"near it: {', '.join(near)}" if near else f"there are: {', '.join(known[:40])}"
    return f"{option}: expected {what}, found {found.strip()!r}; {listed}."


def pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    """Read options such as ``oat_hcv_rr=act_databook``.

    Raises:
        QuestionRefused: One has no equals sign, or a name comes twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, sign, rest = (part.strip() for part in text.partition("="))
        if not (name and sign and rest):
            raise QuestionRefused(f"{option}: expected NAME=VALUE, found {text!r}.")
        if name in found:
            raise QuestionRefused(f"{option}: expected each name once, found {name} twice.")
        found[name] = rest
    return found


def check_given(given: Mapping[str, float]) -> None:
    """Refuse values for parameters that the model does not have.

    Raises:
        QuestionRefused: A name is unknown.
    """
    known = sorted({*(parameter.id for parameter in PARAMETERS), *_EXTRA})
    for name in given:
        if name not in known:
            raise QuestionRefused(_unknown("--set", "a parameter of the model", name, known))
        if name.removesuffix("_target") in {lever for lever, *_ in LEVERS} and name.endswith("_target"):
            raise QuestionRefused(f"--set {name}: expected a value of today, found a target; use --intervention.")
