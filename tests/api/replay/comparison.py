"""Differences of a response from a recorded one.

Keys and their order, types of values, and words of the protocol are compared.
"""

import json
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

WORDS = {
    "page", "filter", "status", "type", "type_id", "type_description", "description", "amount", "delivery_status",
    "currency", "trial", "credit_based", "client_pays", "success", "auto_renew", "isValid", "error",
}  # fmt: skip
"""Keys whose values are the protocol's own and must be the same."""


def kind(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value) if value is None else "boolean"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else type(value).__name__


def differences(theirs: Any, ours: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the places where two responses differ, and how."""
    if kind(theirs) != kind(ours):
        yield path, f"{kind(theirs)} became {kind(ours)}"
    elif isinstance(theirs, dict):
        if list(theirs) != list(ours):
            yield path, f"keys {list(theirs)} became {list(ours)}"
        for key in theirs.keys() & ours.keys():
            if key in WORDS and theirs[key] != ours[key]:
                yield f"{path}.{key}", f"{theirs[key]} became {ours[key]}"
            else:
                yield from differences(theirs[key], ours[key], f"{path}.{key}")
    elif isinstance(theirs, list):
        if len(theirs) != len(ours):
            yield path, f"{len(theirs)} items became {len(ours)}"
        for index, (one, other) in enumerate(zip(theirs, ours, strict=False)):
            yield from differences(one, other, f"{path}[{index}]")


def as_data(element: Element) -> Any:
    """Return an XML response as data. Of values only their type is kept: none, number or text."""
    if len(element):
        inside = [as_data(each) for each in element]
        return inside if element[0].tag == "item" else dict(zip([each.tag for each in element], inside, strict=True))
    text = (element.text or "").strip()
    if not text:
        return None
    return 1 if text.lstrip("-").replace(".", "", 1).isdigit() else text
