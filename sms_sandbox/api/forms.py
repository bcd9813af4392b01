"""The parameters of a call, read from its query and its body."""

import logging
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

_MAX_FIELDS = 1000

URLENCODED = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"

# The caller gets the error of a bad body; the parser would also log it on the server's standard error.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)

Form = Mapping[str, str]
"""Parameters of a call by name; a parameter that was not sent is missing."""


class UnreadableError(ValueError):
    """The body does not match its content type, or has too many fields."""


def read_form(query: bytes, content_type: str, body: bytes) -> Form:
    """Return the parameters of query and body in one mapping.

    The body takes precedence over the query, and the last value of a repeated name over the others. A body of another
    type than the two form types is ignored, because some clients send junk with a query. Bytes that are not UTF-8
    become lone surrogates. Raises UnreadableError.
    """
    form = parse_urlencoded(query) if query else {}
    kind = content_type.partition(";")[0].strip().lower()
    if body and kind == URLENCODED:
        form.update(parse_urlencoded(body))
    elif body and kind == _MULTIPART:
        form.update(_parse_multipart(content_type, body))
    return form


def parse_urlencoded(raw: bytes) -> dict[str, str]:
    """Return the parameters of a form-encoded text.

    The result is that of urllib's parse_qsl, which is slower and reads no bytes.
    """
    pieces = raw.split(b"&")
    if len(pieces) > _MAX_FIELDS:
        raise UnreadableError("too many fields")
    form = {}
    for piece in pieces:
        if piece:
            name, _, value = piece.partition(b"=")
            form[_php_name(_unquote(name))] = _unquote(value)
    return form


def _unquote(raw: bytes) -> str:
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    return _decode(unquote_to_bytes(raw) if b"%" in raw else raw)


def _parse_multipart(content_type: str, body: bytes) -> dict[str, str]:
    """Return the parameters of a multipart body. Files are ignored, because no method takes one."""
    from python_multipart.multipart import Field, create_form_parser  # late: seldom needed and slow to import

    fields: list[Field] = []

    def keep(field: Field) -> None:
        if len(fields) == _MAX_FIELDS:
            raise UnreadableError("too many fields")
        fields.append(field)

    _, _, options = content_type.partition(";")
    headers = {"Content-Type": f"{_MULTIPART};{options}".encode("latin-1")}
    try:
        parser = create_form_parser(headers, keep, None, config={"MAX_MEMORY_FILE_SIZE": len(body)})
        parser.write(body)
        parser.finalize()
    except ValueError as error:  # the parser's own errors are ValueErrors too
        raise UnreadableError(str(error)) from error
    return {_php_name(_decode(field.field_name or b"")): _decode(field.value or b"") for field in fields}


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _php_name(name: str) -> str:
    # PHP, behind the real service, turns dots and blanks in names into underscores.
    return name.replace(".", "_").replace(" ", "_") if "." in name or " " in name else name
