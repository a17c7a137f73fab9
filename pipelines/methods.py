"""The part of docs/methods.md that says which method gives which number, and why: from cards and docstrings.

The sources of `epi` are read, not imported, so that the page can be made while a module is being worked on.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from schemas.indicators import IndicatorCard

EPI = Path(__file__).resolve().parents[1] / "epi"

TITLE = "Which method gives which number, and why"

RATIONALE = """\
Most functions of `epi` let the method be chosen; these are the defaults, and what speaks for them. Coverage below is
the share of simulated (or, for one proportion, enumerated) samples whose 95 % interval holds the truth.

**Counts and crude rates: exact below 10 events, Byar's from 10 (`hybrid`).** As OHID publishes England's indicators.
Both never cover less than 95 % for 0.05 to 100 expected events (95.1 % at the least, 96.0 % on average), where value
-/+ 1.96 standard errors goes below 0. "Byar's" means two things: this is Breslow and Day's (for 5 events 1.611 to
11.668), not the mid-P variant (1.896 to 10.960). Cohorts of few events (`incidence_rate`) are exact throughout.

**Proportions: Wilson.** With 50 people, over all true shares from 0.5 to 99.5 %, Wilson's limits cover 95.2 % on
average, Clopper-Pearson's 96.9 % and the textbook's p -/+ 1.96 standard errors 90.8 %, some of them with limits outside
0 to 100 %. Where coverage must never be less than promised, ask for `clopper-pearson`. Surveys with a design have Korn
and Graubard's limits, as NCHS's presentation standards ask; differences of two proportions Newcombe's.

**Age-adjusted rates: Tiwari's gamma limits.** The method decides the result when a stratum is small. Fay and Feuer's
own example (Down's syndrome, fifth and later births: 75.5 per 100,000) has the upper limit 112.9 by Tiwari, 188.3 by
Fay and Feuer, 96.5 by the gamma with mean weights, 83.9 by Dobson. Coverage, simulated with 18 ages and the US 2000
weights: at 3 expected deaths normal 83.8 %, log-normal 96.5 %, Dobson with Byar's limits, Tiwari and Fay-Feuer 98.7 %
each; at 20 deaths 94.8, 94.5, 95.7, 95.7 and 95.7 %. The normal limits also go below 0: they are not offered. Tiwari is
what SEER\\*Stat prints; Fay-Feuer is conservative, and can be very wide; Dobson is what OHID prints.

**Ratios and differences: exact conditional limits, and recovered variances.** Ratios of two crude rates condition on
the sum of events, so that they hold with none in one group. Differences take each rate's own limits (Zou and Donner).
Events that a person can have more than once vary more than a Poisson count; their limits are as wide as that variance.

**Trends: joinpoints by WBIC.** Rates weigh by 1 / variance where their standard errors are given. The Weighted BIC is
the default of NCI's Joinpoint 5: it penalises like BIC where changes are small and like BIC3 where they are large, at a
fraction of the permutation test's cost, which can be asked for. Two limits of the average change are given:
`parametric` takes the joinpoints as known and held in 90 to 93 % of simulated series, `delta` counts their places as
uncertain too and held in 93 to 94 %. A period that is not complete is refused unless nowcast draws stand in for it: its
missing events would pass for a fall.

**Interrupted series: quasi-Poisson.** Monthly deaths scatter more than Poisson; with `poisson` the limits would be too
narrow. Newey-West limits and Ljung-Box tests say when neighbouring months are alike, placebo breaks whether the trend
before was straight. The wording stays that of an association.

**Alarms: Farrington-flexible with the negative binomial limit; EARS where there is no past.** Trend, season and old
outbreaks are taken out, as in R's surveillance. EARS' C3 is taken as the literature writes it; `add_flagged=False` is
how EARS itself runs.

**Late reports: the chain ladder with negative binomial scatter.** The same totals as Mack's closed form; a period
without any report stays uncertain, by half an event.

**Inequality: linear slopes, limits from draws.** As OHID; measures that noise can only enlarge have their limits
reflected, since simulated values repeat on top of the noise what is in the data already. Logit slopes differ from those
that R's healthequal prints, which weights groups by population twice.

**Population sizes: Chapman with Chao's limits.** Nearly unbiased, and never below the people seen. Several estimates
are pooled with random effects, since methods disagree more than their intervals admit.

**Small areas: exact funnel limits.** At most the stated share of areas on target lies outside. Interpolated limits draw
a smoother funnel, but what is outside is judged by the exact ones. Smoothed rates are for maps, never for reporting.

**Overdose deaths: NCHS's underlying causes.** What CDC WONDER and VSRR count. ISW7 also asks for a drug code, EMCDDA's
Selection B for the codes seen in the ECHI sheet; its extension to X44, X64, Y14 is unverified, never a default. Deaths
until 1998 are coded by ICD-9, which names heroin, methadone, cocaine and psychostimulants less often than ICD-10 does:
their counts are floors, and natural and synthetic opioids cannot be told apart there."""


def which_method(cards: Sequence[IndicatorCard]) -> list[str]:
    """Write the section: the choices and their reasons, the method of each indicator, the reference of each function.

    Args:
        cards: Cards of all indicators.
    """
    indicators = [
        [f"`{card.id}`", card.interval_method, "" if card.standard == "none" else card.standard, card.suppression_rule]
        for card in cards
    ]
    functions = [[f"`{name}`", gives, reference] for name, gives, reference in documented_functions()]
    return [
        *["", f"## {TITLE}", "", RATIONALE],
        *["", "### The method of each indicator", ""],
        *_table(["indicator", "interval", "standard", "small counts"], indicators),
        *["", "### What each function gives, and where its formula comes from", ""],
        "Formula, units, errors and an example stand in the docstring of each. `epi.` is left out before the names.",
        *["", *_table(["function", "gives", "reference"], functions)],
    ]


def documented_functions(folder: Path = EPI) -> list[tuple[str, str, str]]:
    """List what `epi` offers: name (module.function), first sentence and references of every function that cites any.

    Args:
        folder: The package's folder.
    """
    found = []
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        module = ".".join(part for part in parts if part != "__init__")
        for name, text in _public(ast.parse(path.read_text(encoding="utf-8"))):
            _, cited, rest = text.partition("\nReferences:\n")
            if cited:
                reference = re.split(r"\n(?=\S)", rest, maxsplit=1)[0]
                found.append((f"{module}.{name}".strip("."), _first_sentence(text), " ".join(reference.split())))
    return found


def _public(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Give the public functions of a module, and of its public classes, with their docstrings."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name, ast.get_docstring(node) or ""
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
                    yield f"{node.name}.{method.name}", ast.get_docstring(method) or ""


def _first_sentence(text: str) -> str:
    paragraph = " ".join(text.split("\n\n", maxsplit=1)[0].split())
    return re.split(r"(?<=[.])\s(?=[A-Z`])", paragraph, maxsplit=1)[0]


def _table(headings: list[str], rows: list[list[str]]) -> list[str]:
    cells = [[re.sub(r"(?<!\\)\|", r"\|", cell).replace("\n", " ") for cell in row] for row in rows]
    return [f"| {' | '.join(line)} |" for line in [headings, ["---"] * len(headings), *cells]]
