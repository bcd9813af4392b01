"""The parameters of a call, from its query and its body, whichever of the ways clients use they come in."""

from collections.abc import AsyncGenerator, Mapping
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException, MultiPartParser

MOST_FIELDS = 1000
LARGEST_FIELD = 1 << 20

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


class UnreadableError(ValueError):
    """The body is not what its content type says, or holds more fields than anybody needs."""


async def read_form(query: bytes, content_type: str, body: bytes) -> Mapping[str, str]:
    """Query and body as one mapping; the body wins, and the last of a repeated name.

    A body of any other type than the two of forms is no parameters, as clients send junk along with a query.
    Raises UnreadableError.
    """
    form = urlencoded(query) if query else {}
    kind = content_type.partition(";")[0].strip().lower()
    if body and kind == URLENCODED:
        form.update(urlencoded(body))
    elif body and kind == MULTIPART:
        form.update(await _multipart(content_type, body))
    return form


def urlencoded(raw: bytes) -> dict[str, str]:
    """Parameters of a form-encoded text. What is not UTF-8 stays recognisable, as lone surrogates."""
    try:
        pairs = parse_qsl(
            raw.decode("utf-8", "surrogateescape"),
            keep_blank_values=True,
            errors="surrogateescape",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as why:
        raise UnreadableError(str(why)) from why
    return {_name(name): value for name, value in pairs}


async def _multipart(content_type: str, body: bytes) -> dict[str, str]:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    headers = Headers({"content-type": content_type})
    parser = MultiPartParser(
        headers, stream(), max_files=10, max_fields=MOST_FIELDS, max_part_size=LARGEST_FIELD
    )  # fmt: skip
    try:
        found = await parser.parse()
    except (MultiPartException, KeyError, LookupError, UnicodeDecodeError) as why:
        raise UnreadableError(str(why)) from why
    try:
        # No method takes a file: where one comes it is no parameter.
        return {_name(name): value for name, value in found.multi_items() if isinstance(value, str)}
    finally:
        await found.close()


def _name(name: str) -> str:
    # PHP, behind the real service, turns dots and blanks in names into underscores.
    return name.replace(".", "_").replace(" ", "_") if "." in name or " " in name else name
