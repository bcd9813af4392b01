"""An answer of the API as it came over the wire, its two spellings, and the law that they say the same."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any
from xml.etree import ElementTree

from .codes import status_of
from .shape_check import misfits
from .shapes import SHAPES

CONTENT_TYPES = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}  # 2.1
SUCCESS = {"code": "SUCCESS", "description": "OK"}
_PROLOG = b'<?xml version="1.0"?>\n'


class UnreadableError(ValueError):
    """A body that is not of the format its path asked for."""


@dataclass(frozen=True)
class Reply:
    """What came back for one call."""

    method: str
    format: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes
    form: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What the call said."""

    @cached_property
    def tree(self) -> Any:
        """The body as dicts, lists and scalars, which are texts if it is XML. Raises UnreadableError."""
        return read_json(self.body) if self.format == "json" else read_xml(self.body)

    @property
    def code(self) -> str:
        """The code of its error block; blank if there is none to be found."""
        try:
            return str(self.tree["error"]["code"])
        except (UnreadableError, TypeError, KeyError):
            return ""

    @property
    def is_xml(self) -> bool:
        return self.format == "xml"


def read_json(body: bytes) -> Any:
    """JSON with exact numbers; a key that stands twice in an object is an error."""
    try:
        return json.loads(body, parse_float=Decimal, object_pairs_hook=_once)
    except (ValueError, RecursionError) as why:
        raise UnreadableError(f"the body is no JSON: {why}") from why


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(f"a key stands twice in an object of {[key for key, _ in pairs]}")
    return found


def read_xml(body: bytes) -> Any:
    """XML as the mapping rules say (2.4): elements are keys, `item` elements are an array, no content is a blank."""
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 (the endpoint is the one under test)
    except ElementTree.ParseError as why:
        raise UnreadableError(f"the body is no XML: {why}") from why
    if root.tag != "response":
        raise UnreadableError(f"the root element is {root.tag}, not response")
    return _inside(root)


def _inside(element: ElementTree.Element) -> Any:
    if len(element) == 0:
        return element.text or ""
    if all(child.tag == "item" for child in element):
        return [_inside(child) for child in element]
    found = {child.tag: _inside(child) for child in element}
    if len(found) != len(element):
        raise UnreadableError(f"an element stands twice in {element.tag}")
    return found


def as_xml_says(value: Any) -> Any:
    """What XML must say where JSON says this (2.4)."""
    if value is None or value in ("", []):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return {element_name(key): as_xml_says(each) for key, each in value.items()} or ""
    if isinstance(value, list):
        return [as_xml_says(each) for each in value]
    return str(value).replace("\r\n", "\n").replace("\r", "\n")


def element_name(key: str) -> str:
    """A key as an element may be called."""
    legal = re.sub(r"[^A-Za-z0-9_.\-]", "_", key)
    return legal if re.match(r"[A-Za-z_]", legal) else f"_{legal}"


def faults(reply: Reply) -> Iterator[str]:
    """What is wrong with an answer whatever it says: its type, its spelling, its error block."""
    found = reply.headers.get("content-type")
    if found != CONTENT_TYPES[reply.format]:
        yield f"the content type is {found}, not {CONTENT_TYPES[reply.format]}"
    try:
        tree = reply.tree
    except UnreadableError as why:
        yield str(why)
        return
    if reply.is_xml and not reply.body.startswith(_PROLOG):
        yield f"the body begins with {reply.body[:30]!r}, not {_PROLOG!r}"
    if not reply.is_xml:
        yield from _misspellings(reply.body)
    if not isinstance(tree, dict) or list(tree)[-1:] != ["error"]:
        yield "the error block is not the last key"
    elif not isinstance(tree["error"], dict) or list(tree["error"]) != ["code", "description"]:
        yield f"the error block is {tree['error']!r}, not code and description"


def _misspellings(body: bytes) -> Iterator[str]:
    """JSON has one spelling (2.3): no white space, `\\/` for a slash, and ASCII only."""
    if re.search(rb"[^\x20-\x7e]", body):
        yield "JSON holds a character that is not plain ASCII"
    plain = body.replace(rb"\\", b"")  # escaped backslashes, which escape nothing
    if re.search(rb"\s", re.sub(rb'"(?:[^"\\]|\\.)*"', b"", plain)):
        yield "JSON holds white space between its values"
    if re.search(rb"(?<!\\)/", plain):
        yield "JSON holds a slash that is not escaped"
    if re.search(rb"\\u(?![0-9a-f]{4})", plain):
        yield "JSON holds an escape with capital letters"


def faults_of_success(reply: Reply) -> Iterator[str]:
    """What is wrong with an answer that should be this method's success."""
    if reply.status != 200:
        yield f"the status is {reply.status}, not 200"
    broken = list(faults(reply))
    yield from broken
    if broken:
        return
    if reply.tree["error"] != SUCCESS:
        yield f"the error block says {reply.tree['error']}, not {SUCCESS}"
        return
    payload = {key: value for key, value in reply.tree.items() if key != "error"}
    yield from misfits(payload, SHAPES[reply.method], reply.is_xml)


def faults_of_refusal(reply: Reply, code: str) -> Iterator[str]:
    """What is wrong with an answer that should be a refusal with this code."""
    if reply.status != status_of(code):
        yield f"the status is {reply.status}, not {status_of(code)}"
    broken = list(faults(reply))
    yield from broken
    if broken:
        return
    if list(reply.tree) != ["error"]:
        yield f"the keys are {list(reply.tree)}, not error alone"
    if reply.tree["error"]["code"] != code:
        yield f"the code is {reply.tree['error']['code']}, not {code}"
