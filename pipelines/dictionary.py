"""The pages under docs/ that are made from the code: data dictionary, sources, methods.

Run ``python -m pipelines.dictionary`` after changing a model or a card; a test holds the pages against this module.
"""

import csv
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pandera.pandas as pa

from assets.indicators.registry import DERIVED, TOPICS, cards
from assets.sources import cards as source_cards
from pipelines.build import SCHEMAS
from pipelines.cards import comes
from pipelines.methods import which_method
from pipelines.settings import load
from schemas.indicators import IndicatorCard, Target
from schemas.measures import MEASURES
from schemas.source_card import SourceCard
from schemas.sources import CONNECTED
from schemas.tables import MODELS, column_descriptions, describe, raw_column, raw_models

_MADE = "<!-- Made by `make docs` from the code; change the models and cards there, not this page. -->"
_TYPES = {
    "string": "VARCHAR",
    "int64": "BIGINT",
    "Int64": "BIGINT",
    "float64": "DOUBLE",
    "bool": "BOOLEAN",
    "datetime64": "DATE",
}
_WAYS = {
    "live": "A refresh fetches it (`hre refresh --source {id}`). Without network, or for another release, drop its "
    "file in `data/drop/{id}/`.",
    "drop-in": "Its publisher forbids or defeats scripts: download it, drop it in `data/drop/{id}/` and run "
    "`hre refresh --offline --source {id}`.",
    "own": "Services drop their own files in `data/drop/{folder}/`; small counts are hidden before anything is stored: "
    "[own programme data](programme_data.md).",
    "figures": "Known by transcribed figures only (`data/figures/{id}.csv`); no file of it is read yet.",
}

DICTIONARY_INTRODUCTION = """\
What each table of `data/published/harm_reduction.duckdb` promises. The same texts are comments in the file itself, and
rows of `meta.columns`. Grain says what one row stands for. A total has `all` in a group column, never null; periods
are inclusive dates; a value is null exactly when its `status` is not `reported`.

What was known on a day is asked with `SELECT * FROM core.observations_as_of('2024-12-31')`, and of indicators with
`SELECT * FROM marts.indicator_values_as_of('2024-12-31')`: from the releases published by that day, with today's
definitions and corrections ([why so](decisions/0003-as-of.md))."""

SOURCES_INTRODUCTION = """\
Who publishes each source, what it counts, what to mind before quoting it, and how it gets here. A file that is not what
it should be is refused with the reason; the last good data stay. Every release is kept: `core.observations` shows the
newest of each row, `core.observation_releases` all of them, `marts.revisions` what changed in between. `hre sources ID`
shows a source's card together with the state of its newest release. A value that must not be taken as it stands is
corrected by a reviewed entry in `data/corrections/`, and listed in `meta.corrections` with its reason and evidence."""

METHODS_INTRODUCTION = """\
Each row of `marts.indicator_values` names its own method, sources and releases. Here are the rules behind them, then
which method gives which number and why, then the definition of every indicator.

## Rules for all indicators

**Nothing is filled in.** A value is there exactly when its status is `reported`. Suppressed, of low quality, not
collected and zero are different things, and a number that rests on a hidden count is not shown either.

**Which source.** Sources never know indicators. An indicator asks for a measure and names its sources in order of
precedence; a source that reports a value comes before one that does not. Deaths counted where they occurred and deaths
counted by residence are different series and are never joined. Every row names the sources it rests on.

**Intervals of counts and crude rates.** The limits of a Poisson count, over the population: exact (Garwood) below 10
events, Byar's approximation as Breslow and Day give it from 10. The method decides the result when counts are small:
for 5 events the exact limits are 1.623 and 11.668, Byar's 1.611 and 11.668. No events give value 0, lower limit 0 and
an exact upper limit; a population that is missing or 0 gives no value. A limit says how much chance alone could move
the number; it knows nothing of undercounting.

**Published rates.** A rate is shown as published. Where the count is published beside it, the count's Poisson limits
are scaled to the rate; where the publisher gives limits, they are kept; where neither is known (a survey without its
sample size), there is no interval.

**Ratios of two counts.** Change over a year compares the same twelve months a year apart, with the exact conditional
interval of two Poisson counts. Windows of twelve months overlap and are never added.

**Coverage.** What was delivered over the estimated number of people. The range is that of the denominator: its high
estimate gives the lower limit, its low estimate the upper one. Coverage above 100 % is kept: it says that numerator and
denominator disagree. A population size older than five years is not used.

**Reliability.** A rate that rests on fewer than 20 events is `unreliable`, `not_assessed` where no count is known.

**Targets.** `met` when the whole interval is on the good side of the target, `not_met` when all of it is on the other,
`undetermined` when it straddles it; a value without interval is compared as it is. A value at the target meets it. Only
targets whose text was seen are used."""


def data_dictionary() -> str:
    """Write the page of all tables and columns, from the models of ``schemas.tables``."""
    models = {name: (model, describe(model), _columns(name, model)) for name, model in _published_models().items()}
    index = [line for schema, meaning in SCHEMAS.items() for line in _index(schema, meaning, models)]
    tables = [line for name, (_, meaning, columns) in models.items() for line in _table(name, meaning, columns)]
    return _page("Data dictionary", DICTIONARY_INTRODUCTION, [*index, *tables])


def _published_models() -> dict[str, type[pa.DataFrameModel]]:
    every = MODELS | {f"raw.{name}": model for name, model in raw_models().items()}
    return {name: model for schema in SCHEMAS for name, model in every.items() if name.startswith(f"{schema}.")}


def _columns(name: str, model: type[pa.DataFrameModel]) -> list[tuple[str, str, str, str]]:
    """Give name, type, unit and description of every column, those that every raw table has included."""
    schema, _, table = name.partition(".")
    columns = model.to_schema().columns
    if schema != "raw":
        described = column_descriptions(model)
        return [(f"`{key}`", _type(str(column.dtype)), *reversed(described[key])) for key, column in columns.items()]
    published = [*MODELS["core.observations"].to_schema().columns, *columns] if table == "figures" else list(columns)
    names = dict.fromkeys(["snapshot_id", *(key for key in published if key[0] != "_"), "_file", "_row"])
    return [
        (
            f"names like `{key}`" if key in columns and columns[key].regex else f"`{key}`",
            "BIGINT" if key == "_row" else "VARCHAR",
            *reversed(raw_column(model, key)),
        )
        for key in names
    ]


def _type(dtype: str) -> str:
    return next(duckdb for begin, duckdb in _TYPES.items() if dtype.startswith(begin))


def _index(schema: str, meaning: str, models: dict[str, tuple]) -> list[str]:  # type: ignore[type-arg]
    rows = [
        [f"[`{name}`](#{_anchor(name)})", _first_sentence(text), str(len(columns))]
        for name, (_, text, columns) in models.items()
        if name.startswith(f"{schema}.")
    ]
    return ["", f"## {schema}", "", meaning, "", *_grid(["table", "what it holds", "columns"], rows)]


def _table(name: str, meaning: str, columns: list[tuple[str, str, str, str]]) -> list[str]:
    text, _, grain = meaning.partition(" Grain: ")
    said = [text, *(["", f"**Grain:** {grain}"] if grain else [])]
    return ["", f"### {name}", "", *said, "", *_grid(["column", "type", "unit", "meaning"], columns)]


def sources(figures: Path) -> str:
    """Write a section for each source, from its card.

    Args:
        figures: Folder of the transcribed figures, which tell the measures of a source together with its layout.
    """
    found = source_cards()
    rows = [
        [f"[`{key}`](#{_anchor(card.title)})", card.title, card.publisher, comes(card)] for key, card in found.items()
    ]
    overview = ["", *_grid(["source", "title", "publisher", "comes"], rows)]
    sections = [line for card in found.values() for line in _source(card, _measures(card.id, figures))]
    return _page("Sources", SOURCES_INTRODUCTION, [*overview, *sections])


def _source(card: SourceCard, measures: list[str]) -> list[str]:
    licence = f"[{card.licence}]({card.licence_url})" if card.licence_url else card.licence
    layout = import_module(f"schemas.sources.{card.id}") if card.id in CONNECTED else None
    raw = getattr(layout, "RAW_MODELS", None) or [card.id]
    facts = {
        "Short name": f"`{card.id}`",
        "Publisher": card.publisher,
        "Covers": card.coverage,
        "Published": card.cadence,
        "Counted by": card.basis,
        "Terms": licence,
        "Page": f"<{card.homepage}>" if card.homepage else "",
        "Download": f"<{card.download_url}>" if card.download_url else "",
        "As published": ", ".join(f"`raw.{name}`" for name in raw) if layout else "`raw.figures`",
    }
    lines = ["", f"## {card.title}", "", *_grid(["", ""], [[key, text] for key, text in facts.items() if text])]
    if card.caveats:
        lines += ["", "**What to mind**", "", *[f"- {caveat}" for caveat in card.caveats]]
    lines += ["", "**How it gets here.** " + _WAYS[comes(card)].format(id=card.id, folder=card.drop_folder)]
    lines += ["", card.drop_in_help] if card.drop_in_help else []
    lines += ["", "**Measures**", "", *[_measure(name) for name in measures], "", f"**Cite as.** {card.citation}"]
    return lines


def _measure(name: str) -> str:
    card = MEASURES[name]
    return f"- `{name}` ({card.unit}): {card.meaning}"


def _measures(source_id: str, figures: Path) -> list[str]:
    """List the measures that a source's layout names and those of its transcribed figures, in the order of cards."""
    layout = vars(import_module(f"schemas.sources.{source_id}")) if source_id in CONNECTED else {}
    named = {text for name, value in layout.items() if not name.startswith("__") for text in _texts(value)}
    path = figures / f"{source_id}.csv"
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as stream:
            named |= {row["measure_id"] for row in csv.DictReader(stream)}
    return [name for name in MEASURES if name in named]


def _texts(value: object) -> set[str]:
    """Gather every text in nested constants."""
    if isinstance(value, str):
        return {value}
    parts: list[object] = []
    if isinstance(value, dict):
        parts = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple | set | frozenset):
        parts = list(value)
    elif type(value).__module__.startswith("schemas.sources."):
        parts = list(vars(value).values())
    return {text for part in parts for text in _texts(part)}


def methods() -> str:
    """Write the rules behind the numbers, then every indicator's definition from its card."""
    topics = [line for topic in (*TOPICS, *DERIVED) for line in _topic(topic)]
    return _page("Methods", METHODS_INTRODUCTION, [*which_method([*cards()]), *topics])


def _topic(topic: ModuleType) -> list[str]:
    meaning = _first_sentence((topic.__doc__ or "").strip())
    title, _, rest = meaning.rstrip(".").partition(": ")
    cards: tuple[IndicatorCard, ...] = topic.CARDS
    said = [f"{rest[0].upper()}{rest[1:]}.", ""] if rest else []
    rows = [[f"[{card.title}](#{_anchor(card.title)})", f"`{card.id}`", card.unit] for card in cards]
    overview = ["", f"## {title}", "", *said, *_grid(["indicator", "id", "unit"], rows)]
    return [*overview, *[line for card in cards for line in _indicator(card)]]


def _indicator(card: IndicatorCard) -> list[str]:
    formula = card.numerator if card.denominator == "none" else f"{card.numerator} / {card.denominator}"
    facts = {
        "Short name": f"`{card.id}`, version {card.version}",
        "Number in the registry": card.number or "additional",
        "Formula": formula,
        "Kind of denominator": "" if card.denominator == "none" else card.denominator_type.replace("_", " "),
        "Unit": card.unit,
        "Better": "" if card.polarity == "none" else card.polarity,
        "Interval": card.interval_method,
        "Standard population": "" if card.standard == "none" else card.standard,
        "Small counts": card.suppression_rule,
        "Targets": "; ".join(map(_target, card.targets)),
        "References": "; ".join(card.references),
    }
    rows = [[key, text] for key, text in facts.items() if text]
    caveats = ["", *[f"- {caveat}" for caveat in card.caveats]] if card.caveats else []
    return ["", f"### {card.title}", "", card.question, "", *_grid(["", ""], rows), *caveats]


def _target(target: Target) -> str:
    year = f" by {target.by_year}" if target.by_year else ""
    return f"{target.value:g}{year} ({target.source}; {'text seen' if target.verified else 'text not seen, not used'})"


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.])\s", text, maxsplit=1)[0]


def _anchor(heading: str) -> str:
    """Give the address of a heading inside its page, by the rule of GitHub."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _grid(headings: list[str], rows: list[list[str]] | list[tuple[str, str, str, str]]) -> list[str]:
    cells = [[re.sub(r"(?<!\\)\|", r"\|", cell).replace("\n", " ") for cell in row] for row in rows]
    lines = [headings, ["---"] * len(headings), *cells]
    return [f"| {' | '.join(line)} |" for line in lines]


def _page(title: str, introduction: str, lines: list[str]) -> str:
    return "\n".join([f"# {title}", "", _MADE, "", introduction, *lines]) + "\n"


def pages(figures: Path) -> dict[str, str]:
    """Give every page that is made from the code, by its file name in docs/.

    Args:
        figures: Folder of the transcribed figures.
    """
    return {"data_dictionary.md": data_dictionary(), "sources.md": sources(figures), "methods.md": methods()}


def main() -> None:
    """Write the pages into docs/ of the checkout."""
    settings = load()
    for name, text in pages(settings.figures).items():
        path = settings.checkout / "docs" / name
        path.write_text(text, encoding="utf-8")
        print(f"{path.relative_to(settings.checkout)}: {len(text.splitlines()):,} lines")


if __name__ == "__main__":
    main()
