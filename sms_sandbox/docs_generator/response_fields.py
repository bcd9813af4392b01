"""The keys of responses: their order, their types on the wire, and their meaning."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files

from ..api.params import Schema

_TIME, _DATE = 19, 10
"""Lengths of the examples by which the schema tells a time from a date."""


@lru_cache(1)
def load_table() -> Mapping[str, Mapping[str, str]]:
    """Return the table of meanings and types."""
    return tomllib.loads(files(__package__).joinpath("response_fields.toml").read_text("utf-8"))


def find_entry(table: str, path: tuple[str, ...]) -> str | None:
    """Return the key of the entry for a path, the most specific one; None if there is none."""
    names = (*path[:-1], re.sub(r"^custom_\d+$", "custom_n", path[-1]))
    keys = (".".join(names[start:]) for start in range(len(names)))
    return next((key for key in keys if key in load_table()[table]), None)


def outline(method: str, schema: Schema) -> str:
    """Return a method's response as a text: its keys in the order of the wire, with types and meanings."""
    return _object(schema, (method,))


def list_paths(method: str, schema: Schema) -> Iterator[tuple[str, ...]]:
    """Yield the path of every key of a method's response, which begins with the method."""
    yield from _paths(schema, (method,))


def _paths(schema: Schema, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, value in schema.get("properties", {}).items():
        yield (*path, name)
        yield from _paths(value, (*path, name))
    for inner in (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())):
        yield from _paths(inner, path)


def _object(schema: Schema, path: tuple[str, ...]) -> str:
    inner = "  " * len(path)
    rows = []
    for name, value in schema["properties"].items():
        field_path = (*path, name)
        optional = "" if name in schema.get("required", []) else "?"
        meaning = load_table()["meanings"][find_entry("meanings", field_path) or ""]
        first, line_break, rest = _type(value, field_path).partition("\n")
        rows.append(f"{inner}{name}{optional}: {first}  # {meaning}{line_break}{rest}")
    return "{\n" + "\n".join(rows) + "\n" + "  " * (len(path) - 1) + "}"


def _type(schema: Schema, path: tuple[str, ...]) -> str:
    """Return the type of a value on the wire."""
    if "properties" in schema:
        return _object(schema, path)
    entry = find_entry("types", path)
    if entry and schema.get("type") != "object":
        return load_table()["types"][entry]
    if schema.get("type") == "object":
        return "{name: " + _type(schema["additionalProperties"], (*path, "value")) + "}"
    if schema.get("type") == "array":
        return f"[{_type(schema['items'], path)}]"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(option, path) for option in schema["anyOf"]))
    if schema.get("type") == "string" and "examples" in schema:
        return {_TIME: "time", _DATE: "date"}[len(schema["examples"][0])]
    kind = schema.get("type", "anything")
    return "text or number" if kind == ["string", "number"] else str(kind)
