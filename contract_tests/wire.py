"""An answer of the API as received: reading JSON and XML, and checking the format."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any
from xml.etree import ElementTree

from .codes import status_of
from .shape_check import shape_problems
from .shapes import SHAPES

CONTENT_TYPES = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}  # 2.1
HEADER_NAMES = (
    "Content-Type", "Server", "Expires", "Cache-Control", "Pragma", "X-Mashape-Billing", "Transfer-Encoding",
    "Connection", "Date", "Content-Encoding", "Content-Length", "Vary",
)  # fmt: skip  # 2.1
_SPELLINGS = {name.lower(): name for name in HEADER_NAMES}
SUCCESS = {"code": "SUCCESS", "description": "OK"}
_PROLOG = b'<?xml version="1.0"?>\n'


class UnreadableError(ValueError):
    """A body is not in the format that the path asked for."""


@dataclass(frozen=True)
class Answer:
    """The answer to one call."""

    method: str
    format: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes
    form: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The parameters of the call."""
    header_names: Collection[str] = field(default=(), repr=False)
    """The names of the headers as they were spelled."""

    @cached_property
    def tree(self) -> Any:
        """Return the body as dicts, lists and scalars. In XML all scalars are strings. Raises UnreadableError."""
        return read_json(self.body) if self.format == "json" else read_xml(self.body)

    @property
    def code(self) -> str:
        """Return the code of the error block, or a blank if there is none."""
        try:
            return str(self.tree["error"]["code"])
        except (UnreadableError, TypeError, KeyError):
            return ""

    @property
    def is_xml(self) -> bool:
        return self.format == "xml"


def read_json(body: bytes) -> Any:
    """Parse JSON with exact numbers. A duplicate key in an object is an error. Raises UnreadableError."""
    try:
        return json.loads(body, parse_float=Decimal, object_pairs_hook=_unique_keys)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"the body is not JSON: {error}") from error


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    object_ = dict(pairs)
    if len(object_) != len(pairs):
        raise ValueError(f"duplicate key in an object of {[key for key, _ in pairs]}")
    return object_


def read_xml(body: bytes) -> Any:
    """Parse XML by the mapping rules (2.4). Raises UnreadableError.

    Elements are keys, `item` elements form an array, and an element without content is a blank.
    """
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 (the endpoint is the one under test)
    except ElementTree.ParseError as error:
        raise UnreadableError(f"the body is not XML: {error}") from error
    if root.tag != "response":
        raise UnreadableError(f"the root element is {root.tag}, not response")
    return _content(root)


def _content(element: ElementTree.Element) -> Any:
    if len(element) == 0:
        return element.text or ""
    if all(child.tag == "item" for child in element):
        return [_content(child) for child in element]
    children = {child.tag: _content(child) for child in element}
    if len(children) != len(element):
        raise UnreadableError(f"duplicate element in {element.tag}")
    return children


def as_xml(value: Any) -> Any:
    """Return the value that XML must have for a JSON value (2.4)."""
    if value is None or value in ("", []):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return {element_name(key): as_xml(item) for key, item in value.items()} or ""
    if isinstance(value, list):
        return [as_xml(item) for item in value]
    return str(value).replace("\r\n", "\n").replace("\r", "\n")


def element_name(key: str) -> str:
    """Return a key as a legal name of an element."""
    legal = re.sub(r"[^A-Za-z0-9_.\-]", "_", key)
    return legal if re.match(r"[A-Za-z_]", legal) else f"_{legal}"


def spelling_problems(header_names: Collection[str]) -> Iterator[str]:
    """Yield the headers whose names are not spelled as on the real service's wire (2.1)."""
    for name in header_names:
        if _SPELLINGS.get(name.lower(), name) != name:
            yield f"the header {_SPELLINGS[name.lower()]} is spelled {name}"


def format_problems(answer: Answer) -> Iterator[str]:
    """Yield problems of any answer's format: content type, spelling, error block."""
    content_type = answer.headers.get("content-type")
    if content_type != CONTENT_TYPES[answer.format]:
        yield f"the content type is {content_type}, not {CONTENT_TYPES[answer.format]}"
    yield from spelling_problems(answer.header_names)
    try:
        tree = answer.tree
    except UnreadableError as error:
        yield str(error)
        return
    if answer.is_xml and not answer.body.startswith(_PROLOG):
        yield f"the body begins with {answer.body[:30]!r}, not {_PROLOG!r}"
    if not answer.is_xml:
        yield from _json_spelling_problems(answer.body)
    if not isinstance(tree, dict) or list(tree)[-1:] != ["error"]:
        yield "the error block is not the last key"
    elif not isinstance(tree["error"], dict) or list(tree["error"]) != ["code", "description"]:
        yield f"the error block is {tree['error']!r}, not code and description"


def _json_spelling_problems(body: bytes) -> Iterator[str]:
    """Check JSON's only spelling (2.3): no white space, `\\/` for a slash, ASCII only."""
    if re.search(rb"[^\x20-\x7e]", body):
        yield "JSON contains a character that is not printable ASCII"
    plain = body.replace(rb"\\", b"")  # without escaped backslashes, a backslash always escapes what follows
    if re.search(rb"\s", re.sub(rb'"(?:[^"\\]|\\.)*"', b"", plain)):
        yield "JSON contains white space between its values"
    if re.search(rb"(?<!\\)/", plain):
        yield "JSON contains a slash that is not escaped"
    if re.search(rb"\\u(?![0-9a-f]{4})", plain):
        yield "JSON contains a \\u escape that is not four lower-case hex digits"


def success_problems(answer: Answer) -> Iterator[str]:
    """Yield the problems of an answer that should be a success of its method."""
    if answer.status != 200:
        yield f"the status is {answer.status}, not 200"
    problems = list(format_problems(answer))
    yield from problems
    if problems:
        return
    if answer.tree["error"] != SUCCESS:
        yield f"the error block is {answer.tree['error']}, not {SUCCESS}"
        return
    payload = {key: value for key, value in answer.tree.items() if key != "error"}
    yield from shape_problems(payload, SHAPES[answer.method], answer.is_xml)


def refusal_problems(answer: Answer, code: str) -> Iterator[str]:
    """Yield the problems of an answer that should be a refusal with a code."""
    if answer.status != status_of(code):
        yield f"the status is {answer.status}, not {status_of(code)}"
    problems = list(format_problems(answer))
    yield from problems
    if problems:
        return
    if list(answer.tree) != ["error"]:
        yield f"the keys are {list(answer.tree)}, not error alone"
    if answer.tree["error"]["code"] != code:
        yield f"the code is {answer.tree['error']['code']}, not {code}"
