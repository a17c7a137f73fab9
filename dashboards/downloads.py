"""Files to take away: each indicator as CSV with its definition and terms on top, and everything as Parquet."""

from pathlib import Path
from typing import Any

from dashboards import formats
from dashboards import selection as sel
from dashboards.published import VALUE_COLUMNS, Published



def write_downloads(published: Published, folder: Path) -> list[dict[str, Any]]:
    """Write the downloads of a site.

    Returns:
        For each file ``indicator_id`` (empty for the whole table), ``file``, ``path``, ``bytes`` and ``title``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = [_indicator_csv(published, card, folder) for card in published.indicators.values()]
    made = [row for row in made if row is not None]
    for table, title in (
        ("marts.indicator_values", "Every indicator value"),
        ("core.observations", "Every observation, newest releases"),
    ):
        if published.has(table):
            path = folder / f"{table.split('.')[1]}.parquet"
            target = str(path).replace("'", "''")
            published.connection.execute(f"copy (select * from {table} order by all) to '{target}' (format parquet, compression zstd)")
            made.append({"indicator_id": "", "file": f"downloads/{path.name}", "path": path, "title": f"{title} (Parquet)"})
    for row in made:
        row["bytes"] = size_words(row["path"].stat().st_size)
    return made


def size_words(size: int) -> str:
    """Write the size of a file."""
    return f"{formats.number(size / 1000, 0)} kB" if size < 1_000_000 else f"{formats.number(size / 1_000_000, 1)} MB"


def _indicator_csv(published: Published, card: dict[str, Any], folder: Path) -> dict[str, Any] | None:
    """Write one indicator, all places and counties too, or nothing where it has no rows."""
    indicator_id = card["indicator_id"]
    columns = [name for name in VALUE_COLUMNS if published.has("marts.indicator_values")]
    if not columns:
        return None
    relation = published.connection.execute(
        f"select {', '.join(_safe_terms(published))} from marts.indicator_values where indicator_id = ? "
        "order by area_id, strata, period_end, period_start, period",
        [indicator_id],
    )
    names = [column[0] for column in relation.description]
    rows = relation.fetchall()
    if not rows:
        return None
    path = folder / f"{formats.slug(indicator_id)}.csv"
    body = formats.csv_lines(names, rows)
    path.write_text(_header(published, card) + body, encoding="utf-8", newline="\n")
    return {"indicator_id": indicator_id, "file": f"downloads/{path.name}", "path": path, "title": formats.text(card["title"])}


def _safe_terms(published: Published) -> list[str]:
    dates = ("period_start", "period_end")
    known = published.columns("marts.indicator_values")
    return [f"strftime({name}, '%Y-%m-%d') as {name}" if name in dates else f'"{name}"' for name in VALUE_COLUMNS if name in known]


def _header(published: Published, card: dict[str, Any]) -> str:
    """Give the lines that let a file explain itself once it has left the site."""
    latest = published.latest(card["indicator_id"])
    facts = [
        ("title", card["title"]),
        ("numerator", card["numerator"]),
        ("denominator", card["denominator"]),
        ("unit", card["unit"]),
        ("interval", card["interval_method"]),
        ("target", card["targets"]),
        ("source", sel.source_line(published, latest)),
        ("built", published.publication["built_at"]),
        ("fingerprint", published.publication["fingerprint"]),
        ("read as", "lines that start with # are a comment; an empty value has its reason in the column status"),
    ]
    lines = [f"# {name}: {' '.join(formats.text(value).split())}" for name, value in facts if formats.text(value)]
    return "\n".join(lines) + "\n"
