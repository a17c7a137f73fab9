"""The data dictionary against the published file: the same tables, columns, types and meanings."""

import re

from looking import ask

from pipelines.dictionary import data_dictionary
from pipelines.settings import Settings


def told() -> dict[tuple[str, str], tuple[str, str, str]]:
    """Read type, unit and meaning of every column back from the page; varying names stay as their pattern."""
    found = {}
    for section in re.split(r"^### ", data_dictionary(), flags=re.MULTILINE)[1:]:
        table = section.split("\n", 1)[0]
        for line in re.findall(r"^\| (.*(?<!\\)) \|$", section, re.MULTILINE)[2:]:
            cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)]
            found[table, cells[0].strip("`")] = (cells[1], cells[2], cells[3])
    return found


def test_the_page_tells_what_the_file_holds(published_home: Settings) -> None:
    """Every column of the published file is on the page with its type, unit and meaning; tables of no rows too."""
    page = told()
    published = ask(
        published_home.database,
        "SELECT table_schema || '.' || table_name, column_name, type, unit, description FROM meta.columns",
    )
    assert len(published) > 150
    for table, column, *facts in published:
        assert page[table, column] == tuple(facts), (table, column)


def test_every_table_of_the_file_is_on_the_page(published_home: Settings) -> None:
    """No published table is left out of the page."""
    tables = ask(
        published_home.database, "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE NOT internal"
    )
    assert {name for (name,) in tables} <= {table for table, _ in told()}
