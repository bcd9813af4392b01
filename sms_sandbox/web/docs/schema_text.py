"""JSON Schemas in words, and examples of what they describe."""

from collections.abc import Mapping
from html import escape
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

_REFERENCE = "#/components/schemas/"
_STRINGS = {"date-time": "2026-03-02T08:00:00Z", "email": "me@example.com", "uri": "https://example.com/"}
_MAX_DEPTH = 4
_FEW = 3
"""Optional fields that an example of a body has if none is required."""


def link_type(schema: Schema) -> str:
    """Return the type of a schema as HTML, with links to named ones."""
    if "$ref" in schema:
        name = escape(schema["$ref"].removeprefix(_REFERENCE))
        return f'<a href="#schema-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(link_type(each) for each in schema["anyOf"]))
    if "enum" in schema:
        return "one of " + ", ".join(f"<code>{escape(str(each))}</code>" for each in schema["enum"])
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {link_type(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping) and "properties" not in schema:
        return f"object of {link_type(schema['additionalProperties'])}"
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    return escape(f"{words} ({schema['format']})" if "format" in schema else words)


def resolve(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    """Return the schema that a reference names, or the schema itself."""
    return schemas[schema["$ref"].removeprefix(_REFERENCE)] if "$ref" in schema else schema


def describe_type(schema: Schema) -> str:
    """Return the description of a schema, its limits, and its default."""
    parts = [" ".join(schema.get("description", "").split())]
    low, high = schema.get("minimum", schema.get("minLength")), schema.get("maximum", schema.get("maxLength"))
    unit = " characters" if "maxLength" in schema or "minLength" in schema else ""
    if low is not None and high is not None:
        parts.append(f"{low} to {high}{unit}.")
    elif high is not None:
        parts.append(f"At most {high}{unit}.")
    elif low is not None:
        parts.append(f"At least {low}{unit}.")
    if schema.get("default") is not None:
        parts.append(f"Default: {_plain(schema['default'])}.")
    return " ".join(filter(None, parts))


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def make_example(schema: Schema, schemas: Mapping[str, Schema], depth: int = 0, *, only_required: bool = False) -> Any:
    """Return a value that fits a schema: its own example, or one made of its type."""
    schema = resolve(schema, schemas)
    if schema.get("examples"):
        return schema["examples"][0]
    if "anyOf" in schema:
        return make_example(schema["anyOf"][0], schemas, depth + 1, only_required=only_required)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return _make_object(schema, schemas, depth, only_required)
    if kind == "array":
        return [] if depth >= _MAX_DEPTH else [make_example(schema.get("items", {}), schemas, depth + 1)]
    if schema.get("default") is not None:
        return schema["default"]
    if kind in ("integer", "number"):
        return max(schema.get("minimum", 1), 1) if schema.get("maximum", 1) >= 1 else schema["maximum"]
    if kind == "boolean":
        return True
    return _STRINGS.get(schema.get("format", ""), "text") if kind == "string" else None


def _make_object(schema: Schema, schemas: Mapping[str, Schema], depth: int, only_required: bool) -> dict[str, Any]:
    properties: Mapping[str, Schema] = schema.get("properties", {})
    names = list(properties)
    if only_required:
        names = [name for name in properties if name in schema.get("required", ())] or names[:_FEW]
    if depth >= _MAX_DEPTH:
        return {}
    return {name: make_example(properties[name], schemas, depth + 1, only_required=only_required) for name in names}
