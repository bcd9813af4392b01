"""The OpenAPI document of the control API, from the declarations of its operations."""

from collections.abc import Sequence
from inspect import cleandoc
from typing import Any

import msgspec

from ..services.sessions import COOKIES
from .declare import HtmlPage, Operation
from .errors import STATUSES

_REFUSAL = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {"code": {"type": "string", "enum": sorted(STATUSES)}, "message": {"type": "string"}},
            "required": ["code", "message"],
        }
    },
    "required": ["error"],
}


_SCHEMES = {
    "account": {"type": "http", "scheme": "basic", "description": "Key and secret of an account of the tenant."},
    "token": {"type": "apiKey", "in": "header", "name": "X-Sandbox-Token", "description": "The operator's token."},
    "session": {
        "type": "apiKey", "in": "cookie", "name": COOKIES["http"],
        "description": "A session of a browser, from /_sandbox/sign-in.",
    },
}  # fmt: skip


def document(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """Return the document as plain data."""
    kinds = [kind for each in operations for kind in (each.body, each.query, _result(each)) if kind is not None]
    schemas, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    for schema in components.values():
        if "description" in schema:  # a docstring, whose indented lines would be code in Markdown
            schema["description"] = cleandoc(schema["description"])
    by_kind = dict(zip(kinds, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.verb.lower()] = _operation(each, by_kind, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "sms-sandbox control API",
            "version": version,
            "description": "Control a tenant of the sandbox: its clock, carrier rules, faults, inbound messages "
            "and traffic. A call acts on the tenant of its Basic credentials, or else on the default tenant. Where "
            "other machines can call, it needs credentials: a tenant's key and secret for that tenant, the operator's "
            "token for everything.",
        },
        "servers": [{"url": "/_sandbox/v1"}],
        "security": [{}, {"account": []}, {"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": {**components, "Refusal": _REFUSAL},
            "securitySchemes": _SCHEMES,
        },
    }


def _operation(each: Operation, by_kind: dict[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    summary, _, rest = each.doc.partition("\n\n")
    described: dict[str, Any] = {
        "operationId": each.name,
        "summary": " ".join(summary.split()),
        "parameters": [*_in_path(each), *_in_query(each, components)],
        "responses": {
            str(each.status): {
                "description": "Success.",
                "content": {_media_type(each): {"schema": by_kind[_result(each)]}},
            },
            "default": {
                "description": "Refused.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}},
            },
        },
    }
    if rest:
        described["description"] = rest
    if each.needs_operator:
        described["security"] = [{}, {"token": []}, {"session": []}]
    if each.body is not None:
        described["requestBody"] = {"content": {"application/json": {"schema": by_kind[each.body]}}}
    return described


def _result(each: Operation) -> Any:
    # A stream and a page are texts for OpenAPI; the description of the operation says what is in them.
    return str if each.streams or each.returns is HtmlPage else each.returns


def _media_type(each: Operation) -> str:
    if each.streams:
        return "text/event-stream"
    return "text/html" if each.returns is HtmlPage else "application/json"


def _in_path(each: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": msgspec.json.schema(kind)}
        for name, kind in each.in_path.items()
    ]


def _in_query(each: Operation, components: dict[str, Any]) -> list[dict[str, Any]]:
    if each.query is None:
        return []
    fields: dict[str, Any] = components[each.query.__name__]["properties"]
    return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in fields.items()]
