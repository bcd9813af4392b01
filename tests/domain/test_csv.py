"""Contact files are read as they were written, by any program."""

import codecs
import csv
import io
from collections.abc import Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sms_sandbox.domain.csv import (
    DELIMITERS,
    HEAD_LENGTH,
    MAX_CELL_LENGTH,
    MAX_LINE_LENGTH,
    Columns,
    ContactRow,
    EncodingGuess,
    TableError,
    find_columns,
    find_delimiter,
    read_contact,
    read_rows,
)

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")
MARKS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}

cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.text("abcdefgh XYZ_äé", max_size=12)
tables = st.lists(st.lists(cells, max_size=6), max_size=12)


def guess(data: bytes, pieces: int = 3) -> str:
    """Guess the encoding of a file that is fed in small chunks."""
    guessed = EncodingGuess()
    for start in range(0, len(data), pieces):
        guessed.feed(data[start : start + pieces])
    return guessed.end()


def parse(data: bytes) -> list[list[str]]:
    """Read the rows of a file, given as bytes."""
    encoding = guess(data)
    delimiter = find_delimiter(io.TextIOWrapper(io.BytesIO(data), encoding, newline="").read(HEAD_LENGTH))
    return list(read_rows(io.TextIOWrapper(io.BytesIO(data), encoding, newline="").readline, delimiter))


def written(table: Sequence[Sequence[str]], delimiter: str, line_end: str = "\r\n", quoting: int = 0) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows(table)  # type: ignore[arg-type]
    return text.getvalue()


@given(
    others=st.lists(names, min_size=1, max_size=5),  # a lone column does not show its delimiter
    table=tables,
    delimiter=st.sampled_from(DELIMITERS),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(ENCODINGS),
)
def test_a_written_table_can_be_read(
    others: list[str], table: list[list[str]], delimiter: str, line_end: str, quoting: int, encoding: str
) -> None:
    whole = [["Mobile", *others], *table]
    text = written(whole, delimiter, line_end, quoting)
    try:
        data = MARKS.get(encoding, b"") + text.encode(encoding)
    except UnicodeEncodeError:
        assume(False)
    if encoding == "cp1252":
        assume(guess(data) == "cp1252" or text.isascii())  # some texts can be read either way
    # Python's writer leaves a lone carriage return bare where line ends are line feeds.
    assume(line_end == "\r\n" or "\r" not in text or quoting == csv.QUOTE_ALL)
    assert parse(data) == whole


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_are_rows_or_an_error(start: bytes, end: bytes) -> None:
    try:
        table = parse(start + b"mobile\n" + end)
    except TableError:
        return
    except UnicodeError:  # the caller reads the head, which may not be valid
        return
    assert table


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"", "utf-8"),
        (b"mobile", "utf-8"),
        ("Olé".encode(), "utf-8"),
        ("Olé".encode("utf-8-sig"), "utf-8-sig"),
        ("Olé".encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + "Olé".encode("utf-16-be"), "utf-16"),
        ("Olé".encode("cp1252"), "cp1252"),
        ("Olé".encode()[:-1], "cp1252"),
        (b"\xef\xbb", "cp1252"),
    ],
)
@pytest.mark.parametrize("pieces", [1, 2, 100])
def test_the_encoding_is_guessed(data: bytes, encoding: str, pieces: int) -> None:
    assert guess(data, pieces) == encoding


@pytest.mark.parametrize(
    ("head", "delimiter"),
    [
        ("mobile", ","),
        ("MOBILE\r\n1,2;3", ","),
        ("Firstname,Lastname,Mobile", ","),
        ("a;b;mobile\n1;2;3", ";"),
        ('"a;b",mobile', ","),
        ('"a\nb"\t" Mobile "\n', "\t"),
        ("mobile|x,y", "|"),
        ("a,b;mobile", ";"),
        ("sep=;\r\nFirstname;Mobile", ";"),
        ("SEP=,\nMobile,a;b", ","),
        ('"sep=\t"\n\na\tmobile', "\t"),
        ("\nmobile", ","),
        (",,\r\n ,\r\na,mobile", ","),
    ],
)
def test_the_delimiter_is_found(head: str, delimiter: str) -> None:
    assert find_delimiter(head) == delimiter


@pytest.mark.parametrize("head", ["", "\n", "sep=;\n", "x\nmobile", "phone,name", "61491570156", "mobiles", '"mobile'])
def test_a_first_row_without_mobile_is_not_a_header(head: str) -> None:
    if head == '"mobile':  # an open quote is closed by the end, as csv has it
        assert find_delimiter(head) == ","
        return
    with pytest.raises(TableError, match="mobile"):
        find_delimiter(head)


def test_a_line_without_end_is_not_read_to_the_end() -> None:
    text = io.StringIO("mobile\n" + "1" * (MAX_LINE_LENGTH + 5), newline="")
    table = read_rows(text.readline, ",")
    assert next(table) == ["mobile"]
    with pytest.raises(TableError, match="longer"):
        next(table)


def test_a_quote_that_is_never_closed_ends_at_the_longest_cell() -> None:
    text = io.StringIO('mobile\n"' + "1,2\n" * 40_000, newline="")
    with pytest.raises(TableError, match="CSV"):
        list(read_rows(text.readline, ","))


def test_columns_are_matched_by_their_names() -> None:
    header = ["First Name", "last_name", " MOBILE", "Date Donated", "e-mail", "mobile", "spare"]
    table = find_columns(header, {"1": "date donated", "2": "Email", "3": "date_donated", "4": "Nowhere"})
    assert table == Columns(2, 0, 1, {"1": 3, "2": 4, "3": 3})
    with pytest.raises(TableError, match="mobile"):
        find_columns(["phone"], {})


def test_a_row_becomes_a_contact() -> None:
    columns = Columns(1, 0, None, {"2": 2, "3": 3})
    assert read_contact([" Ann ", " 0491 570 156", "x"], columns) == ContactRow("0491 570 156", "Ann", "", {"2": "x"})
    assert read_contact([], columns) == ContactRow("", "", "", {})
    assert read_contact(["a\x00b", "1", "y" * 999], columns) == ContactRow(
        "1", "a\ufffdb", "", {"2": "y" * MAX_CELL_LENGTH}
    )
