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
    written = [_indicator_csv(published, card, folder) for card in published.indicators.values()]
    made = [row for row in written if row is not None]
    for table, title in (
        ("marts.indicator_values", "Every indicator value"),
        ("core.observations", "Every observation, newest releases"),
    ):
        if published.has(table):
            path = folder / f"{table.split('.')[1]}.parquet"
            published.connection.execute(
                f"copy (select * from {table} order by all) to '{_quoted(path)}' (format parquet, compression zstd)"
            )
            made.append(
                {"indicator_id": "", "file": f"downloads/{path.name}", "path": path, "title": f"{title} (Parquet)"}
            )
    for row in made:
        row["bytes"] = size_words(row["path"].stat().st_size)
    return made


def size_words(size: int) -> str:
    """Write the size of a file."""
    return f"{formats.number(size / 1000, 0)} kB" if size < 1_000_000 else f"{formats.number(size / 1_000_000, 1)} MB"


def _indicator_csv(published: Published, card: dict[str, Any], folder: Path) -> dict[str, Any] | None:
    """Write one indicator, all places and counties too, or nothing where it has no rows."""
    terms = _safe_terms(published)
    if not terms:
        return None
    path = folder / f"{formats.slug(card['indicator_id'])}.csv"
    chosen = "indicator_id = '" + card["indicator_id"].replace("'", "''") + "'"
    copied = published.connection.execute(
        f"copy (select {', '.join(terms)} from marts.indicator_values where {chosen} "
        f"order by area_id, strata, period_end, period_start, period) to '{_quoted(path)}' (format csv, header)"
    ).fetchone()
    if copied is None or copied[0] == 0:
        path.unlink(missing_ok=True)
        return None
    path.write_bytes(_header(published, card).encode("utf-8") + path.read_bytes())
    title = formats.text(card["title"])
    return {"indicator_id": card["indicator_id"], "file": f"downloads/{path.name}", "path": path, "title": title}


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _safe_terms(published: Published) -> list[str]:
    """Give the columns as SQL: dates as ISO text, and text that a spreadsheet would run with an apostrophe in front."""
    types = published.types("marts.indicator_values")
    terms = []
    for name in (name for name in VALUE_COLUMNS if name in types):
        if name in ("period_start", "period_end"):
            terms.append(f"strftime({name}, '%Y-%m-%d') as {name}")
        elif types[name] == "VARCHAR":
            danger = f"regexp_matches({name}, '^[=+\\-@\\t\\r\\n]')"
            terms.append(f"case when {danger} then '''' || {name} else {name} end as {name}")
        else:
            terms.append(name)
    return terms


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
