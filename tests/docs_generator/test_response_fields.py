"""The meanings and types of response keys: each key has them, and real responses have these types."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sms_sandbox.api.routes import load_methods
from sms_sandbox.api.schema import schema_of
from sms_sandbox.docs_generator.response_fields import find_entry, list_paths, load_table, outline

PAGE = Path(__file__).parents[2] / "docs" / "methods.md"
SCHEMAS = {name: schema_of(method.returns) for name, method in load_methods().items()}
PATHS = [path for name, schema in SCHEMAS.items() for path in list_paths(name, schema)]

IS_TYPE = {
    "integer": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float),
    "boolean": lambda value: type(value) is bool,
    "phone number": lambda value: type(value) is int,
    "text": lambda value: isinstance(value, str),
    "time": lambda value: isinstance(value, str) and re.fullmatch(r"\d{4}(-\d\d){2} \d\d(:\d\d){2}", value) is not None,
    "date": lambda value: isinstance(value, str) and re.fullmatch(r"\d{4}(-\d\d){2}", value) is not None,
    "null": lambda value: value is None,
}


def test_every_key_has_a_meaning() -> None:
    assert [path for path in PATHS if find_entry("meanings", path) is None] == []


@pytest.mark.parametrize("table", ["meanings", "types"])
def test_every_entry_is_of_a_key(table: str) -> None:
    assert set(load_table()[table]) == {entry for path in PATHS if (entry := find_entry(table, path))}


def test_the_longest_path_decides() -> None:
    assert find_entry("meanings", ("get-message-report", "messages", "cost")) == "get-message-report.messages.cost"
    assert find_entry("meanings", ("get-sms", "cost")) == "cost"
    assert find_entry("meanings", ("add-field-to-list", "custom_7")) == "custom_n"
    assert find_entry("meanings", ("get-sms", "nothing")) is None


@pytest.mark.parametrize("name", [name for name in SCHEMAS if f"\n### {name}\n" in PAGE.read_text()])
def test_the_examples_have_the_types_of_the_outline(name: str) -> None:
    section = PAGE.read_text().partition(f"\n### {name}\n")[2].partition("\n### ")[0]
    documented = outline(name, SCHEMAS[name])
    assert documented in section
    example = re.search(r"```json\n(.*)\n```", section)
    if example is None:
        assert documented == "{\n\n}"
        return
    reply = json.loads(example[1])
    if reply["error"]["code"] == "SUCCESS":
        types = dict(read_types(documented))
        for path, value in scalars({key: value for key, value in reply.items() if key != "error"}):
            assert any(IS_TYPE[kind](value) for kind in types[path].split(" or ")), path


def read_types(documented: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the type of each key of an outline, by its path."""
    path: list[str] = []
    for line in documented.splitlines()[1:-1]:
        depth = (len(line) - len(line.lstrip())) // 2
        if key := re.match(r" +([^:?]+)\??: (.*?)  # ", line):
            path = [*path[: depth - 1], key[1]]
            yield tuple(path), key[2].strip("[]{")


def scalars(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the scalars of a response by their paths; custom fields count as one key."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != "fields":
                yield from scalars(inner, (*path, key))
    elif isinstance(value, list):
        for item in value:
            yield from scalars(item, path)
    else:
        yield path, value
