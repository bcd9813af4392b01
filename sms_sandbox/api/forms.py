"""The parameters of a call, read from its query and its body."""

import logging
import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote_to_bytes

from ..domain.encodings import decode_text

_MAX_FIELDS = 1000

_MAX_HINTS = 5

_MAX_NAME_SHOWN = 80

_ARRAY = re.compile(r"([^\[\]{}]+)\[[^\[\]]*\]")
"""The name of an item of an array, as PHP reads it: `to[]` or `to[0]`."""

URLENCODED = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"

# The caller gets the error of a bad body; the parser would also log it on the server's standard error.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)

Form = Mapping[str, str]
"""Parameters of a call by name; a parameter that was not sent is missing."""


class FormWithHints(dict[str, str]):
    """A form whose parameters are not in the documented notation. `hints` names the notation."""

    hints: tuple[str, ...] = ()


class UnreadableError(ValueError):
    """The body does not match its content type, or has too many fields."""


def read_form(query: bytes, content_type: str, body: bytes) -> Form:
    """Return the parameters of query and body in one mapping.

    The body takes precedence over the query, and the last value of a repeated name over the others. The values of an
    array in PHP's notation (`to[]=…`) are joined with commas. A body of another type than the two form types is
    ignored, because some clients send junk with a query. Bytes that are not UTF-8 are read as Windows-1252. Raises
    UnreadableError.
    """
    form = parse_urlencoded(query) if query else {}
    kind = content_type.partition(";")[0].strip().lower()
    if body and kind == URLENCODED:
        form = _merge(form, parse_urlencoded(body))
    elif body and kind == _MULTIPART:
        form = _merge(form, _parse_multipart(content_type, body))
    return form


def is_multipart(content_type: str) -> bool:
    """Return True if a body of this type has parts, which take long to read."""
    return content_type.partition(";")[0].strip().lower() == _MULTIPART


def _merge(query: dict[str, str], body: dict[str, str]) -> dict[str, str]:
    merged = query | body
    hints = [hint for form in (query, body) if isinstance(form, FormWithHints) for hint in form.hints]
    return _with_hints(merged, hints)


def parse_urlencoded(raw: bytes) -> dict[str, str]:
    """Return the parameters of a form-encoded text.

    For UTF-8 without arrays, the result is that of urllib's parse_qsl, which is slower and reads no bytes.
    """
    pieces = raw.split(b"&")
    if len(pieces) > _MAX_FIELDS:
        raise UnreadableError("too many fields")
    form = {}
    for piece in pieces:
        if piece:
            name, _, value = piece.partition(b"=")
            try:
                key, form_value = _unquote(name).decode(), _unquote(value).decode()
            except UnicodeDecodeError:
                return _build_form(map(_split_piece, filter(None, pieces)))
            if "[" in key:
                return _build_form(map(_split_piece, filter(None, pieces)))
            form[_php_name(key)] = form_value
    return form


def _split_piece(piece: bytes) -> tuple[bytes, bytes]:
    name, _, value = piece.partition(b"=")
    return _unquote(name), _unquote(value)


def _unquote(raw: bytes) -> bytes:
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    return unquote_to_bytes(raw) if b"%" in raw else raw


def _build_form(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the form of any names and values. A form of plain UTF-8 without arrays is read faster without it."""
    form: dict[str, str] = {}
    arrays: dict[str, list[str]] = {}
    others: list[str] = []
    for raw_name, raw_value in pairs:
        try:
            name, value = raw_name.decode(), raw_value.decode()
        except UnicodeDecodeError:
            name, value = decode_text(raw_name), decode_text(raw_value)
            others.append(name)
        if "[" in name and (array := _ARRAY.fullmatch(name)):
            arrays.setdefault(_php_name(array[1]), []).append(value)
        else:
            form[_php_name(name)] = value
    for name, values in arrays.items():
        form[name] = form.get(name) or ",".join(values)
    hints = [f"`{name[:_MAX_NAME_SHOWN]}` is not UTF-8, and is read as Windows-1252. Send UTF-8." for name in others]
    hints += [
        f"`{name[:_MAX_NAME_SHOWN]}` is an array in PHP's notation, and is read as a list. Separate items by commas."
        for name in arrays
    ]
    return _with_hints(form, hints)


def _with_hints(form: dict[str, str], hints: list[str]) -> dict[str, str]:
    if not hints:
        return form
    hinted = FormWithHints(form)
    hinted.hints = tuple(hints[:_MAX_HINTS])
    return hinted


def _parse_multipart(content_type: str, body: bytes) -> dict[str, str]:
    """Return the parameters of a multipart body. Files are ignored, because no method takes one."""
    from python_multipart.multipart import Field, create_form_parser  # late: seldom needed and slow to import

    fields: list[Field] = []
    files = 0

    def keep(field: Field) -> None:
        count_part()
        fields.append(field)

    def count_file(_: object) -> None:
        nonlocal files
        count_part()
        files += 1

    def count_part() -> None:
        if len(fields) + files == _MAX_FIELDS:
            raise UnreadableError("too many fields")

    _, _, options = content_type.partition(";")
    headers = {"Content-Type": f"{_MULTIPART};{options}".encode("latin-1")}
    try:
        parser = create_form_parser(headers, keep, count_file, config={"MAX_MEMORY_FILE_SIZE": len(body)})
        parser.write(body)
        parser.finalize()
    except ValueError as error:  # the parser's own errors are ValueErrors too
        raise UnreadableError(str(error)) from error
    return _build_form((field.field_name or b"", field.value or b"") for field in fields)


def _php_name(name: str) -> str:
    # PHP, behind the real service, turns dots and blanks in names into underscores.
    return name.replace(".", "_").replace(" ", "_") if "." in name or " " in name else name
