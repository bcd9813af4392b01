"""Files of contacts: in which encoding and with which delimiter they are written, and what their columns mean."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

DELIMITERS = ",;\t|"
"""What may part the cells of a row; the first that makes sense of the header does."""

HEAD_LENGTH = 64 * 1024
"""Characters at the beginning of a text that are enough to tell its delimiter by."""

MAX_LINE_LENGTH = 256 * 1024
"""Characters; a file without line ends must not be read into memory as one line."""

MAX_CELL_LENGTH = 255
"""Characters of a cell that are kept: as much as a call of the API could give."""

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_FALLBACK = "cp1252"


class TableError(ValueError):
    """The file is no table of contacts; the text says why."""


class EncodingGuess:
    """Tells a file's encoding as its bytes go by: UTF-8 or UTF-16 by their marks, UTF-8 without one if all of it is,
    else Windows-1252."""

    def __init__(self) -> None:
        self._start = b""
        self._utf_8: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")("strict")

    def feed(self, chunk: bytes) -> None:
        """Look at more of the file."""
        if len(self._start) < len(codecs.BOM_UTF8):
            self._start = (self._start + chunk)[: len(codecs.BOM_UTF8)]
        self._decode(chunk)

    def end(self) -> str:
        """The name of the codec, when the whole file has gone by."""
        for mark, encoding in _MARKS:
            if self._start.startswith(mark):
                return encoding
        self._decode(b"", final=True)
        return _FALLBACK if self._utf_8 is None else "utf-8"

    def _decode(self, chunk: bytes, final: bool = False) -> None:
        if self._utf_8 is not None:
            try:
                self._utf_8.decode(chunk, final)
            except UnicodeDecodeError:
                self._utf_8 = None


def find_delimiter(head: str) -> str:
    """The delimiter of a text that begins so: the one that shows a mobile column, and most columns beside it.

    Raises TableError when there is no such column, whatever the delimiter.
    """
    widths: dict[str, int] = {}
    for delimiter in DELIMITERS:
        try:
            header = next(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), [])
        except csv.Error:
            continue
        if _MOBILE in map(_normalize, header):
            widths[delimiter] = len(header)
    if not widths:
        raise TableError("there is no column called mobile in the first row")
    return max(widths, key=lambda delimiter: widths[delimiter])


def read_rows(readline: Callable[[int], str], delimiter: str) -> Iterator[list[str]]:
    """The rows of a text, the header among them; `readline` is that of a text file with its own line ends.

    Raises TableError where it can't be read on.
    """
    try:
        yield from csv.reader(_lines(readline), delimiter=delimiter)
    except csv.Error as why:
        raise TableError(f"it can't be read as CSV: {why}") from why
    except UnicodeError as why:
        raise TableError(f"it can't be decoded: {why}") from why


def _lines(readline: Callable[[int], str]) -> Iterator[str]:
    while line := readline(MAX_LINE_LENGTH):
        if len(line) == MAX_LINE_LENGTH:
            raise TableError(f"a line is longer than {MAX_LINE_LENGTH} characters")
        yield line


_MOBILE = "mobile"
_FIRST_NAME = "firstname"
_LAST_NAME = "lastname"


@dataclass(frozen=True)
class Columns:
    """Where in a row what stands, counted from 0; `fields` is by slot, and a slot without a column is not in it."""

    mobile: int
    first_name: int | None
    last_name: int | None
    fields: Mapping[str, int]


@dataclass(frozen=True)
class ContactRow:
    """A row as a contact, blanks for what is not given; `mobile` is as it was written."""

    mobile: str
    first_name: str
    last_name: str
    fields: Mapping[str, str]


def find_columns(header: Sequence[str], names: Mapping[str, str]) -> Columns:
    """What the columns are, by the header and the names of custom fields by slot. The first of two alike counts.

    Raises TableError when there is no mobile column.
    """
    at: dict[str, int] = {}
    for index, cell in enumerate(header):
        at.setdefault(_normalize(cell), index)
    if _MOBILE not in at:
        raise TableError("there is no column called mobile in the first row")
    fields = {slot: at[wanted] for slot, name in names.items() if (wanted := _normalize(name)) in at}
    return Columns(at[_MOBILE], at.get(_FIRST_NAME), at.get(_LAST_NAME), fields)


def _normalize(name: str) -> str:
    """A column's name without what people write differently: capitals, blanks, dots, hyphens and underscores."""
    return "".join(letter for letter in name.casefold() if not (letter.isspace() or letter in "._-"))


def read_contact(row: Sequence[str], columns: Columns) -> ContactRow:
    """A row as a contact; a cell that the row is too short for is blank."""
    return ContactRow(
        _cell(row, columns.mobile),
        _cell(row, columns.first_name),
        _cell(row, columns.last_name),
        {slot: value for slot, at in columns.fields.items() if (value := _cell(row, at))},
    )


def _cell(row: Sequence[str], at: int | None) -> str:
    if at is None or at >= len(row):
        return ""
    # A NUL is a character no database of ours keeps.
    return row[at].strip()[:MAX_CELL_LENGTH].replace("\x00", "\ufffd")
