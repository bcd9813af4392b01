"""The parameters of a call, from its query and its body, whichever of the ways clients use they come in."""

import logging
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

MOST_FIELDS = 1000

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

# What is wrong with a body is told to the caller; the parser would write it on the server's standard error too.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)

Form = Mapping[str, str]
"""The parameters of a call by name, whichever way they came; an absent one is not in it."""


class UnreadableError(ValueError):
    """The body is not what its content type says, or holds more fields than anybody needs."""


def read_form(query: bytes, content_type: str, body: bytes) -> Form:
    """Query and body as one mapping; the body wins, and the last of a repeated name.

    A body of any other type than the two of forms is no parameters, as clients send junk along with a query. What is
    not UTF-8 stays recognisable, as lone surrogates. Raises UnreadableError.
    """
    form = urlencoded(query) if query else {}
    kind = content_type.partition(";")[0].strip().lower()
    if body and kind == URLENCODED:
        form.update(urlencoded(body))
    elif body and kind == MULTIPART:
        form.update(multipart(content_type, body))
    return form


def urlencoded(raw: bytes) -> dict[str, str]:
    """Parameters of a form-encoded text; what urllib's parse_qsl finds, which takes longer and reads no bytes."""
    pieces = raw.split(b"&")
    if len(pieces) > MOST_FIELDS:
        raise UnreadableError("too many fields")
    form = {}
    for piece in pieces:
        if piece:
            name, _, value = piece.partition(b"=")
            form[_name(_unquoted(name))] = _unquoted(value)
    return form


def _unquoted(raw: bytes) -> str:
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    return _text(unquote_to_bytes(raw) if b"%" in raw else raw)


def multipart(content_type: str, body: bytes) -> dict[str, str]:
    """Parameters of a multipart body. No method takes a file: where one comes it is no parameter."""
    from python_multipart.multipart import Field, create_form_parser  # seldom needed, and takes a while to import

    fields: list[Field] = []

    def keep(field: Field) -> None:
        if len(fields) == MOST_FIELDS:
            raise UnreadableError("too many fields")
        fields.append(field)

    _, _, options = content_type.partition(";")
    headers = {"Content-Type": f"{MULTIPART};{options}".encode("latin-1")}
    try:
        parser = create_form_parser(headers, keep, None, config={"MAX_MEMORY_FILE_SIZE": len(body)})
        parser.write(body)
        parser.finalize()
    except ValueError as why:  # the parser's own errors are such too
        raise UnreadableError(str(why)) from why
    return {_name(_text(field.field_name or b"")): _text(field.value or b"") for field in fields}


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _name(name: str) -> str:
    # PHP, behind the real service, turns dots and blanks in names into underscores.
    return name.replace(".", "_").replace(" ", "_") if "." in name or " " in name else name
