"""Reading published files as text: every dress a table comes in, and everything that is not one."""

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from assets import reading
from assets.reading import Table, decode, parse_number, read_text, require_columns
from assets.source import SourceRefused

PLAIN = "place,code,deaths\nNamibia,NA,12\nAutauga,01001,\n"


def read(tmp_path: Path, content: str | bytes, name: str = "synthetic.csv", **how: object) -> Table:
    """Write a file and read it."""
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_text(path, **how)


def cells(table: Table) -> list[list[str]]:
    """Give the published cells, without file and line."""
    return table.frame.drop(columns=["_file", "_row"]).to_numpy().tolist()


def zipped(**members: str) -> bytes:
    """Make a zip of text files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "."), text)
    return stream.getvalue()


def spoilt(content: bytes, at: int) -> bytes:
    """Overwrite some bytes in the middle."""
    return content[:at] + b"\xff\xff\xff\xff" + content[at + 4 :]


def locked(content: bytes) -> bytes:
    """Mark the member of a zip as encrypted, in both of its headers."""
    changed = bytearray(content)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        changed[content.index(mark) + offset] |= 1
    return bytes(changed)


def workbook(*rows: list[object], title: str = "Data") -> bytes:
    """Make a workbook whose second sheet holds some rows."""
    book = Workbook()
    book.active.append(["not this sheet"])
    sheet = book.create_sheet(title)
    for row in rows:
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_cells_stay_the_text_that_was_published(tmp_path: Path) -> None:
    """NA stays Namibia's code, 01001 keeps its zero, an empty cell is empty text: nothing is interpreted."""
    table = read(tmp_path, PLAIN)
    assert cells(table) == [["Namibia", "NA", "12"], ["Autauga", "01001", ""]]
    assert table.frame["_row"].tolist() == [2, 3]
    assert set(table.frame["_file"]) == {"synthetic.csv"}
    assert all(dtype == "str" for dtype in table.frame.dtypes.drop("_row"))
    assert table.quarantine.empty


@pytest.mark.parametrize(
    "word", ["NA", "N/A", "null", "NULL", "nan", "NaN", "None", "inf", "-", " 1 ", "TRUE", "1e5", "#N/A"]
)
def test_no_word_is_taken_for_missing(tmp_path: Path, word: str) -> None:
    """Words that tools like to read as missing, numbers or truth stay as they stand."""
    assert cells(read(tmp_path, f"a,b\n{word},x\n")) == [[word, "x"]]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"\xef\xbb\xbf" + PLAIN.encode(), "utf-8-sig"),
        (PLAIN.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + PLAIN.encode("utf-16-be"), "utf-16"),
        (PLAIN.replace("\n", "\r\n").encode(), "utf-8-sig"),
        (PLAIN.replace("\n", "\r").encode(), "utf-8-sig"),
        (PLAIN.rstrip("\n").encode(), "utf-8-sig"),
        (gzip.compress(PLAIN.encode()), "utf-8-sig"),
        (zipped(data__csv=PLAIN, readme__pdf="no table"), "utf-8-sig"),
    ],
    ids=["mark", "utf-16", "utf-16-be", "crlf", "cr", "no last newline", "gzip", "zip"],
)
def test_every_dress_gives_the_same_cells(tmp_path: Path, content: bytes, encoding: str) -> None:
    """A byte-order mark, UTF-16, other line ends, gzip and zip are told by the content, whatever the name."""
    table = read(tmp_path, content, "synthetic.dat")
    assert list(table.frame.columns) == ["place", "code", "deaths", "_file", "_row"]
    assert cells(table) == [["Namibia", "NA", "12"], ["Autauga", "01001", ""]]
    assert table.encoding == encoding


def test_a_publishers_old_encoding_is_tried_only_where_named(tmp_path: Path) -> None:
    """Windows letters are read where the source names that encoding, and refused where it does not."""
    content = "pays,valeur\nQuébec,1\n".encode("cp1252")
    assert cells(read(tmp_path, content, encodings=("utf-8-sig", "cp1252"))) == [["Québec", "1"]]
    with pytest.raises(SourceRefused, match=r"expected text in utf-8-sig, found other bytes"):
        read(tmp_path, content)


def test_quotes_hold_commas_lines_and_quotes(tmp_path: Path) -> None:
    """A quoted cell keeps its comma, its line break and its quotation mark; line numbers stay the file's."""
    table = read(tmp_path, 'a,b\n"x, y","he said ""no"""\n"two\nlines",z\nlast,w\n')
    assert cells(table) == [["x, y", 'he said "no"'], ["two\nlines", "z"], ["last", "w"]]
    assert table.frame["_row"].iloc[-1] == 5


def test_tabs_and_other_marks_separate_cells(tmp_path: Path) -> None:
    """The source names what separates its cells."""
    assert cells(read(tmp_path, "a\tb\n1,5\t2\n", "synthetic.txt", delimiter="\t")) == [["1,5", "2"]]


def test_ragged_lines_are_set_aside_with_their_number(tmp_path: Path) -> None:
    """A line with too few or too many cells goes to quarantine with its line and text; the others are read."""
    table = read(tmp_path, "a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n")
    assert cells(table) == [["1", "2", "3"], ["10", "11", "12"]]
    assert table.quarantine[["file", "row", "code"]].to_numpy().tolist() == [
        ["synthetic.csv", 3, "ragged_line"],
        ["synthetic.csv", 4, "ragged_line"],
    ]
    assert table.quarantine["value"].tolist() == ["['4', '5']", "['6', '7', '8', '9']"]
    assert table.quarantine["reason"].str.contains("expected 3 cells").all()


def test_empty_cells_after_the_last_column_are_no_fault(tmp_path: Path) -> None:
    """Trailing commas and blank lines, as spreadsheets leave them, change nothing."""
    table = read(tmp_path, "a,b,,\n1,2,,\n\n , \n3,4\n")
    assert cells(table) == [["1", "2"], ["3", "4"]]
    assert table.quarantine.empty


def test_a_column_without_a_name_gets_its_position(tmp_path: Path) -> None:
    """A nameless column between others is kept under its position."""
    assert list(read(tmp_path, "a,,b\n1,2,3\n").frame.columns[:3]) == ["a", "unnamed_2", "b"]


def test_preamble_and_footer_are_left_out(tmp_path: Path) -> None:
    """The source says in which line the names stand and where the table ends; line numbers stay those of the file."""
    table = read(tmp_path, "Title\na,b\n1,2\nNotes: end\n", header_row=2, last_row=3)
    assert (cells(table), table.frame["_row"].tolist()) == ([["1", "2"]], [3])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "found an empty file"),
        (b"a,b\n", "expected data under the column names, found none"),
        (b"a,b\n,\n\n", "expected data under the column names, found none"),
        (b"a,b,a\n1,2,3\n", r"expected distinct column names in line 1, found \['a'\]"),
        (b",,\n1,2,3\n", "expected distinct column names in line 1, found none"),
        (b"a,b\n1,\x00\n", "found NUL characters"),
        (b"a,b\n\xff\xff\xff,1\n", "expected text in utf-8-sig, found other bytes"),
        (b'a,b\n1,"never closed\n2,3\n', "expected every quotation mark to be closed"),
        (b'a,b\n"1"2,3\n', "cannot be read"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "found a web page"),
        (b"\xef\xbb\xbf \n<html lang='en'>", "found a web page"),
        (b"<?xml version='1.0'?><Error/>", "found a web page"),
        (b'{"error": true, "message": "not found"}', "found a web page or error message"),
        (gzip.compress(PLAIN.encode())[:-9], "expected a complete gzip file, found a damaged one"),
        (b"\x1f\x8bnot gzip", "expected a complete gzip file, found a damaged one"),
        (gzip.compress(b""), "found"),
        (zipped(a__csv=PLAIN, b__csv=PLAIN), "expected a zip with one table, found: a.csv, b.csv"),
        (zipped(readme__pdf="x"), "expected a zip with one table, found: readme.pdf"),
        (spoilt(gzip.compress(PLAIN.encode() * 50), 12), "expected a complete gzip file, found a damaged one"),
        (spoilt(zipped(data__csv=PLAIN * 50), 45), "expected a complete zip file, found a damaged one"),
        (locked(zipped(data__csv=PLAIN)), "expected an open zip file"),
        (zipped(**{"[Content_Types]__xml": "<Types/>"}), "the workbook cannot be read"),
        (zipped(data__csv=PLAIN)[:-30], "expected a complete zip file, found a damaged one"),
        (workbook(["a"], [1])[:-300], "found"),
    ],
)
def test_what_is_no_table_is_refused_by_name(tmp_path: Path, content: bytes, message: str) -> None:
    """An empty, cut-off, doubled, binary or web file is refused; the message names it, what was found, what to do."""
    with pytest.raises(SourceRefused, match=message) as refusal:
        read(tmp_path, content, "synthetic download.csv")
    assert str(refusal.value).startswith("synthetic download.csv: ")
    assert str(refusal.value).endswith(".")


def test_a_zip_with_several_tables_gives_the_one_named(tmp_path: Path) -> None:
    """Where the source names the member, the zip may hold others; folders inside do not matter."""
    content = zipped(**{"folder/data__csv": PLAIN, "other__csv": "x\n1\n"})
    assert len(read(tmp_path, content, "synthetic.zip", member="data.csv").frame) == 2
    with pytest.raises(SourceRefused, match=r"one table named absent\.csv"):
        read(tmp_path, content, "synthetic.zip", member="absent.csv")


@pytest.mark.parametrize("pack", [lambda text: gzip.compress(text.encode()), lambda text: zipped(data__csv=text)])
def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: object) -> None:
    """A small file that unpacks to more than a table can be is refused before it fills the memory."""
    monkeypatch.setattr(reading, "MOST_BYTES", 1_000)
    with pytest.raises(SourceRefused, match=r"1,000 bytes"):
        read(tmp_path, pack("a,b\n" + "1,2\n" * 1_000))


def test_a_workbook_is_read_as_text(tmp_path: Path) -> None:
    """A sheet is found by name or position; whole numbers lose the .0 of spreadsheets, text keeps its zeros."""
    content = workbook(
        ["place", "code", "deaths"], ["Autauga", "01001", 12], ["Namibia", "NA", 1.5], ["Maine", None, None]
    )
    for sheet in ("Data", 1):
        table = read(tmp_path, content, "synthetic.xlsx", sheet=sheet)
        assert cells(table) == [["Autauga", "01001", "12"], ["Namibia", "NA", "1.5"], ["Maine", "", ""]]
        assert (table.encoding, table.frame["_row"].tolist()) == ("xlsx", [2, 3, 4])
    with pytest.raises(SourceRefused, match="the workbook cannot be read"):
        read(tmp_path, content, "synthetic.xlsx", sheet="Absent")


def test_a_workbook_without_that_many_sheets_is_refused(tmp_path: Path) -> None:
    """A sheet by a position that is not there is refused like one by a name that is not."""
    with pytest.raises(SourceRefused, match="the workbook cannot be read"):
        read(tmp_path, workbook(["a"], [1]), "synthetic.xlsx", sheet=7)


def test_decoding_tells_which_encoding_fitted() -> None:
    """The first encoding that fits is told, so that a source can note it."""
    assert decode("é".encode("cp1252"), "f", ("utf-8-sig", "cp1252")) == ("é", "cp1252")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        (" 12 ", 12),
        ("0", 0),
        ("-3", -3),
        ("+3", 3),
        ("1,234", 1234),
        ("12,345,678.9", 12345678.9),
        (".5", 0.5),
        ("1234.50", 1234.5),
        ("007", 7),
        ("106699", 106699),
    ],
)
def test_plain_numbers_are_read(text: str, value: float) -> None:
    """Plain decimals are read, with or without thousands commas, sign and blanks around them."""
    values, bad = parse_number(pd.Series([text], dtype="str"))
    assert (values.tolist(), bad.tolist()) == ([value], [False])


@pytest.mark.parametrize(
    "text",
    [
        "1e3",
        "0x1f",
        "1_000",
        "12,34",
        "1,2345",
        ",123",
        "1,23,456",
        "1.",
        "1.2.3",
        "--1",
        "1-",
        "<10",
        "12*",
        "n/a",
        "nan",
        "inf",
        "-Infinity",
        "NaN",
        "5%",
        "$5",
        "(5)",
        "٣",
        "１２",
        "1,234,",
        "True",
        "−3",
        ".",
        "1 000",
    ],
)
def test_everything_else_is_no_number(text: str) -> None:
    """Powers, hex, underscores, misplaced commas, marks, words and foreign digits are no numbers, and are told."""
    values, bad = parse_number(pd.Series([text], dtype="str"))
    assert np.isnan(values.item())
    assert bad.tolist() == [True]


@pytest.mark.parametrize("text", ["", "  ", "\t"])
def test_an_empty_cell_is_neither_number_nor_fault(text: str) -> None:
    """An empty cell has no value and is no fault: what it means is the source's to say."""
    values, bad = parse_number(pd.Series([text], dtype="str"))
    assert np.isnan(values.item())
    assert bad.tolist() == [False]


@given(st.integers(-(10**12), 10**12), st.booleans())
def test_a_whole_number_survives_its_thousands_commas(number: int, commas: bool) -> None:
    """Any whole number comes back as written, with commas or without."""
    values, bad = parse_number(pd.Series([f"{number:,}" if commas else str(number)], dtype="str"))
    assert (values.item(), bad.item()) == (number, False)


@given(st.text(max_size=12))
def test_no_text_is_an_error(text: str) -> None:
    """Any text is a number, empty or a fault, never two of them and never an exception."""
    values, bad = parse_number(pd.Series([text], dtype="str"))
    assert [values.notna().item(), bad.item(), text.strip() == ""].count(True) == 1
    assert not np.isinf(values).any()


def test_the_index_of_the_cells_is_kept() -> None:
    """Values and faults line up with the rows they came from; no cells give no values."""
    values, bad = parse_number(pd.Series(["1", "x"], index=[7, 9], dtype="str"))
    assert values.index.tolist() == bad.index.tolist() == [7, 9]
    assert parse_number(pd.Series([], dtype="str"))[0].dtype == "float64"


def test_a_missing_column_shows_the_difference() -> None:
    """The message names the file, what is absent, what is new in its place, and what to do."""
    frame = pd.DataFrame(columns=["State", "Deaths reported", "_file", "_row"])
    with pytest.raises(SourceRefused) as refusal:
        require_columns(frame, ["State", "Deaths"], "synthetic.csv", ["Notes"])
    message = str(refusal.value)
    assert message.startswith("synthetic.csv: expected the columns ['Deaths'], which are absent")
    assert "found instead ['Deaths reported']" in message
    assert "add the new name to the source's schema" in message


def test_an_added_column_is_told_and_accepted() -> None:
    """Columns that nobody knew are returned for the release's notes; known optional ones and our own are not."""
    frame = pd.DataFrame(columns=["State", "Deaths", "Notes", "Footnote", "_file", "_row"])
    assert require_columns(frame, ["State", "Deaths"], "synthetic.csv", ["Notes"]) == ["Footnote"]
    assert require_columns(frame, ["Deaths", "State"], "synthetic.csv", ["Notes", "Footnote"]) == []
