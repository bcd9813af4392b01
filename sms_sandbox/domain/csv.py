"""Contact files: their encoding, their delimiter, and the meaning of their columns."""

import codecs
import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

DELIMITERS = ",;\t|"
"""The delimiters that are tried, the preferred one first."""

HEAD_LENGTH = 64 * 1024
"""Characters from the start of a file that are enough to find its delimiter."""

MAX_LINE_LENGTH = 256 * 1024
"""In characters. A file without line ends must not be read into memory as one line."""

MAX_CELL_LENGTH = 255
"""In characters. The rest of a cell is cut off, as the API accepts no longer values."""

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_FALLBACK = "cp1252"


class TableError(ValueError):
    """A file that is not a table of contacts; the text says why."""


class EncodingGuess:
    """A detector of a file's encoding that is fed the file in chunks.

    UTF-8 and UTF-16 are recognised by their byte order marks. A file without one is UTF-8 if all of it is valid, and
    Windows-1252 otherwise.
    """

    def __init__(self) -> None:
        self._start = b""
        self._utf_8: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")("strict")

    def feed(self, chunk: bytes) -> None:
        """Examine the next chunk of the file."""
        if len(self._start) < len(codecs.BOM_UTF8):
            self._start = (self._start + chunk)[: len(codecs.BOM_UTF8)]
        self._decode(chunk)

    def end(self) -> str:
        """Return the name of the codec. Call this after the last chunk."""
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
    """Return the delimiter that gives a mobile column and the most columns.

    Raises TableError if no delimiter gives a mobile column.
    """
    widths: dict[str, int] = {}
    for delimiter in DELIMITERS:
        try:
            header = next(_drop_preamble(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)), [])
        except csv.Error:
            continue
        if _MOBILE in map(_normalize, header):
            widths[delimiter] = len(header)
    if not widths:
        raise TableError("there is no column called mobile in the first row")
    return max(widths, key=lambda delimiter: widths[delimiter])


def _drop_preamble(rows: Iterable[list[str]]) -> Iterator[list[str]]:
    """Yield the rows from the header on: without blank rows and Excel's `sep=;` before it."""
    rows = iter(rows)
    for row in rows:
        if any(cell.strip() for cell in row) and not _is_excel_note(row):
            yield row
            break
    yield from rows


def _is_excel_note(row: Sequence[str]) -> bool:
    """Return True for Excel's row `sep=;`, which names the delimiter.

    If that is also the delimiter here, it has split the row into cells.
    """
    return row[0].strip().lower().startswith("sep=") and not any(row[1:])


def read_rows(readline: Callable[[int], str], delimiter: str) -> Iterator[list[str]]:
    """Yield the rows of a text, the header first.

    Blank rows before the header, and Excel's note of the delimiter, are left out.
    `readline` must be that of a text file opened with `newline=""`. Raises TableError if the text is not CSV.
    """
    try:
        yield from _drop_preamble(csv.reader(_lines(readline), delimiter=delimiter))
    except csv.Error as error:
        raise TableError(f"it cannot be read as CSV: {error}") from error
    except UnicodeError as error:
        raise TableError(f"it cannot be decoded: {error}") from error


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
    """The indexes of columns, from 0. `fields` maps the slots of custom fields to them, without missing ones."""

    mobile: int
    first_name: int | None
    last_name: int | None
    fields: Mapping[str, int]


@dataclass(frozen=True)
class ContactRow:
    """A row as a contact, with blanks for missing values. `mobile` is as written in the file."""

    mobile: str
    first_name: str
    last_name: str
    fields: Mapping[str, str]


def find_columns(header: Sequence[str], names: Mapping[str, str]) -> Columns:
    """Find the columns by the header. `names` maps the slots of custom fields to their names.

    Of two equal column names the first counts. Raises TableError if there is no mobile column.
    """
    indexes: dict[str, int] = {}
    for index, cell in enumerate(header):
        indexes.setdefault(_normalize(cell), index)
    if _MOBILE not in indexes:
        raise TableError("there is no column called mobile in the first row")
    fields = {slot: indexes[wanted] for slot, name in names.items() if (wanted := _normalize(name)) in indexes}
    return Columns(indexes[_MOBILE], indexes.get(_FIRST_NAME), indexes.get(_LAST_NAME), fields)


def _normalize(name: str) -> str:
    """Return a column's name in lower case, without spaces, dots, hyphens and underscores."""
    return "".join(letter for letter in name.casefold() if not (letter.isspace() or letter in "._-"))


def read_contact(row: Sequence[str], columns: Columns) -> ContactRow:
    """Convert a row to a contact. Cells missing at the end of a row are blank."""
    return ContactRow(
        _cell(row, columns.mobile),
        _cell(row, columns.first_name),
        _cell(row, columns.last_name),
        {slot: value for slot, index in columns.fields.items() if (value := _cell(row, index))},
    )


def _cell(row: Sequence[str], index: int | None) -> str:
    if index is None or index >= len(row):
        return ""
    # PostgreSQL cannot store NUL in a text.
    return row[index].strip()[:MAX_CELL_LENGTH].replace("\x00", "\ufffd")
