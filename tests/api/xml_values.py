"""Values of JSON and XML responses, for comparison."""

import json
import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from sms_sandbox.api.render import to_element_name

FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML can't carry."""


def parse_xml(document: bytes | str) -> Element:
    """Parse an XML response."""
    return ElementTree.fromstring(document)  # noqa: S314 (it is our own)


def to_xml_value(value: Any) -> Any:
    """Return what XML can express of a JSON value: texts, with blanks for all empty values."""
    match value:
        case Mapping() | list() if not value:
            return ""
        case Mapping():
            return {key: to_xml_value(inner) for key, inner in value.items()}
        case list():
            return [to_xml_value(inner) for inner in value]
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return FORBIDDEN.sub("\ufffd", value)
    return value


def read_back(element: Element, like: Any) -> Any:
    """Return the value of an element, in the type of the JSON value."""
    match like:
        case Mapping() if like:
            assert [each.tag for each in element] == [to_element_name(key) for key in like]
            return {key: read_back(each, inner) for each, (key, inner) in zip(element, like.items(), strict=True)}
        case list() if like:
            assert [each.tag for each in element] == ["item"] * len(like)
            return [read_back(each, inner) for each, inner in zip(element, like, strict=True)]
    assert len(element) == 0
    text = element.text or ""
    return text if isinstance(like, bool) or not isinstance(like, int | float) else json.loads(text)
