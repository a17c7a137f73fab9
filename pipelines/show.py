"""What the command line shows: tables, cards and the closing summary of a refresh."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipelines.catalogue import dropped
from pipelines.query import plain, shown
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.refresh import Outcome, SourceOutcome

Row = Mapping[str, Any]

CELL = 200
"""Longest text of a cell in a table; CSV and Parquet hold it whole."""

WIDE = 10_000
"""Width of a query's table where no terminal sets one: a row stays a line."""

PIPED = 160
"""Width of other tables where no terminal sets one."""

ROOMY = 130
"""Width from which wordy columns stand beside the others."""

READABLE = 100
"""Widest line of a card's text."""


def console(stderr: bool = False) -> Console:
    """Give a console that folds at the terminal's width, and late where there is no terminal."""
    made = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not made.is_terminal:
        made.width = PIPED
    return made


def emit(out: Console, what: Table) -> None:
    """Print a table; where no terminal shows it, without the blanks that pad each line to the table's width."""
    if out.is_terminal:
        out.print(what)
        return
    with out.capture() as text:
        out.print(what, crop=False)
    out.file.write("".join(f"{line.rstrip()}\n" for line in text.get().splitlines()))


def clean(value: Any, longest: int = CELL) -> str:
    """Give a value as text for a terminal: no control characters, nothing endless."""
    text = plain(value)
    safe = "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text)
    return safe if len(safe) <= longest else safe[: longest - 1] + "…"


def table(headings: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]], title: str = "") -> Table:
    """Make a table.

    Args:
        headings: Heading of each column, and its flags: ``r`` to the right, ``n`` never folded.
        rows: Its cells; None is shown as a dash.
        title: Words above it.
    """
    made = Table(title=title or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    made.padding = (0, 1, 0, 0)
    for heading, flags in headings:
        made.add_column(heading, justify="right" if "r" in flags else "left", no_wrap="n" in flags, overflow="fold")
    for row in rows:
        made.add_row(*(Text("–" if cell is None or cell == "" else clean(cell)) for cell in row))
    return made


def listing(
    out: Console, headings: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]], notes: Sequence[Mapping[str, Any]]
) -> None:
    """Show a table; on a narrow terminal with its wordy columns under each row instead of beside it.

    Args:
        out: Where to.
        headings: Headings and flags of the short columns.
        rows: Cells of the short columns.
        notes: Wordy columns of each row by heading.
    """
    if out.width >= ROOMY:
        more = [(heading, "") for heading in (notes[0] if notes else {})]
        wide = [(*row, *note.values()) for row, note in zip(rows, notes, strict=True)]
        emit(out, table([*headings, *more], wide))
        return
    short = table(headings, rows)
    with out.capture() as text:
        out.print(short)
    lines = [line for line in text.get().splitlines() if line.strip()]
    for line in lines[:2]:
        out.print(Text.from_ansi(line), no_wrap=True)
    for line, note in zip(lines[2:], notes, strict=False):
        out.print(Text.from_ansi(line), no_wrap=True)
        said = "; ".join(clean(value) for value in note.values() if value)
        out.print(Padding(Text(said, style="dim"), (0, 0, 0, 4)))


def answer(out: Console, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]]) -> None:
    """Show a query's answer as a table, or as one block for each row where the columns do not fit side by side."""
    numeric = ("INT", "DOUBLE", "FLOAT", "DECIMAL", "BIGINT", "HUGEINT")
    cells = [["null" if cell is None else clean(cell).replace("\n", "\\n") for cell in row] for row in rows]
    names = [clean(name) for name, _ in columns]
    widths = [max([len(name), *(len(row[i]) for row in cells)]) for i, name in enumerate(names)]
    terminal = out.width if out.is_terminal else WIDE
    if cells and sum(widths) + 3 * len(widths) > terminal:
        label = max(len(name) for name in names)
        for number, row in enumerate(cells, start=1):
            out.print(Text(f"── row {number} " + "─" * 20, style="dim"))
            for name, cell in zip(names, row, strict=True):
                out.print(Text(f"{name:<{label}}  {cell}"))
        return
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, kind in columns:
        right = any(kind.startswith(start) or kind.startswith("U" + start) for start in (*numeric, "TINY", "SMALL"))
        made.add_column(Text(clean(name)), justify="right" if right and "[" not in kind else "left", no_wrap=True)
    for row in cells:
        made.add_row(*(Text(cell, style="dim" if cell == "null" else "") for cell in row))
    out.width = terminal
    emit(out, made)


def card(out: Console, title: str, facts: Iterable[tuple[str, Any]]) -> None:
    """Show a card: a title, and one labelled paragraph for each fact that is known."""
    out.print(Text(title, style="bold"))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in facts:
        text = paragraphs(value)
        if text:
            grid.add_row(Text(label), Text(text))
    grid.width = None if out.width <= READABLE else READABLE
    emit(out, grid)


def paragraphs(value: Any) -> str:
    """Give one text, or a list's items each on a line; lists may come as JSON text."""
    if isinstance(value, str) and value.startswith(("[", "{")):
        try:
            value = json.loads(value)
        except ValueError:
            return clean(value, 4000)
    if isinstance(value, list | tuple):
        return "\n".join(f"- {_item(item)}" for item in value)
    return "" if value is None else clean(value, 4000).strip()


def _item(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {clean(part, 1000)}" for key, part in value.items() if part not in (None, ""))
    return clean(value, 2000)


def summary(out: Console, outcome: "Outcome", settings: Settings) -> None:
    """Show how a refresh went: each source, then what was refused and why, then where the publication is."""
    headings = [
        ("Source", "n"), ("From", "n"), ("State", "n"), ("Release", "n"),
        ("Rows", "rn"), ("Quaran-\ntined", "r"), ("Checks\npassed", "r"),
    ]  # fmt: skip
    emit(out, table(headings, [_summary_row(source) for source in outcome.sources]))
    for source in outcome.sources:
        _messages(out, source)
    if outcome.revisions:
        out.print(Text("Largest changes of earlier values (all: marts.revision_changes):", style="bold"))
        out.print(Text("".join(f"  {clean(line, 400)}\n" for line in outcome.revisions)), soft_wrap=True)
    message = outcome.message.strip()
    out.print(Text(message[:1].upper() + message[1:], style="bold" if outcome.exit_code != 1 else "bold red"))
    out.print(Text(f"Run {outcome.run_id}, {outcome.seconds:.1f} s."))
    database, site = outcome.database or settings.database, outcome.site or settings.site
    if not database.exists():
        out.print(Text("Nothing is published yet.", style="bold"))
        return
    words = "" if outcome.exit_code != 1 else " (as it was before)"
    out.print(Text(f"\nDatabase  {shown(database)}{words}\nSite      {shown(site)}{words}"), soft_wrap=True)
    out.print(Text("\nNext: hre serve                  opens the site in a browser"))
    out.print(Text('      hre sql "SHOW ALL TABLES"  asks the database'))


def _summary_row(source: "SourceOutcome") -> tuple[Any, ...]:
    checks = source.checks_passed + source.checks_failed
    return (
        source.source_id,
        "" if source.origin == "none" else source.origin,
        source.state,
        source.release,
        f"{source.rows:,}",
        f"{source.quarantined:,}",
        f"{source.checks_passed} of {checks}" if checks else "",
    )


def _messages(out: Console, source: "SourceOutcome") -> None:
    if source.state in ("refused", "unreachable"):
        kept = f"Its last good data ({source.release}) stay." if source.rows else "It has no earlier data to keep."
        style = "bold red" if source.state == "refused" else "bold yellow"
        out.print(Text(f"{source.state.capitalize()}: {source.source_id}. {kept}", style=style))
    elif source.messages:
        out.print(Text(f"Note on {source.source_id}:", style="bold"))
    for message in source.messages:
        out.print(Text(f"  {clean(message, 2000)}"))
    if source.messages or source.state in ("refused", "unreachable"):
        out.print()


def status(out: Console, settings: Settings, facts: Mapping[str, Sequence[Row]], running: bool) -> None:
    """Show what is published, each source's newest release, failed checks, and what waits."""
    publication = next(iter(facts["publication"]), {})
    files = list(settings.site.parent.rglob("*")) if settings.site.exists() else []
    site_bytes = sum(file.stat().st_size for file in files if file.is_file())
    counts = {name: f"{count:,}" for name, count in facts["counts"][0].items()}
    card(
        out,
        "Published",
        [
            ("Database", f"{shown(settings.database)} ({size(settings.database.stat().st_size)})"),
            ("Site", f"{shown(settings.site)} ({size(site_bytes)})" if files else "not there"),
            ("Built", when(publication.get("built_at"))),
            ("Run", publication.get("run_id")),
            ("Code version", publication.get("code_version")),
            ("Fingerprint", publication.get("fingerprint")),
            ("Holds", f"{counts['indicator_values']} indicator values, {counts['observations']} observations"),
            ("Quarantine", f"{counts['quarantined']} values that could not be read; see core.quarantine"),
        ],
    )
    headings = [("Source", "n"), ("From", ""), ("State", ""), ("Newest release", "n"), ("Rows", "rn")]
    fields = ("source_id", "origin", "state", "newest_release")
    rows = [(*(row.get(field) for field in fields), f"{row['observations']:,}") for row in facts["sources"]]
    emit(out, table(headings, rows))
    failed = [row for row in facts["checks"] if not row.get("passed")]
    out.print(Text(f"Checks: {len(facts['checks']) - len(failed)} passed, {len(failed)} failed."))
    for row in failed:
        of = row.get("source_id") or row.get("asset") or row.get("table_name") or ""
        words = f"{row.get('severity', '')} {of} {row.get('check_name')}: {row.get('description', '')}".strip()
        out.print(Text(f"  {clean(words, 1000)}"))
    waiting(out, settings, running)


def waiting(out: Console, settings: Settings, running: bool) -> None:
    """Show whether a refresh is running, and which drop folders hold files."""
    out.print(Text("A refresh is running now." if running else "No refresh is running."))
    found = dropped(settings.drop)
    for source_id, names in found.items():
        listed = ", ".join(clean(name, 60) for name in names[:3]) + (" …" if len(names) > 3 else "")
        out.print(Text(f"In {shown(settings.drop / source_id)}: {listed}"))
    if found:
        out.print(Text("Dropped files are read at each refresh; a file that was read before brings nothing new."))
    else:
        out.print(Text(f"No files wait in {shown(settings.drop)}."))


def size(count: int) -> str:
    """Give a number of bytes in a unit that reads well."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"


def when(value: Any) -> str:
    """Give a time to the second, in UTC."""
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).strftime("%Y-%m-%d %H:%M:%S") + " UTC"
    return "" if value is None else str(value)
