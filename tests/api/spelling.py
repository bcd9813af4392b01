"""Reading both spellings of a reply, to compare what they say."""

import json
import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from sms_sandbox.api.render import to_element_name

FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML can't carry."""


def parsed(document: bytes | str) -> Element:
    """What an XML answer says."""
    return ElementTree.fromstring(document)  # noqa: S314 (it is our own)


def as_xml_says(value: Any) -> Any:
    """What is left of a JSON value in XML: texts, with blanks for all that is empty."""
    match value:
        case Mapping() | list() if not value:
            return ""
        case Mapping():
            return {key: as_xml_says(inner) for key, inner in value.items()}
        case list():
            return [as_xml_says(inner) for inner in value]
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return FORBIDDEN.sub("\ufffd", value)
    return value


def read_back(element: Element, like: Any) -> Any:
    """What an element says, read as a value of the same kind as the JSON's."""
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
