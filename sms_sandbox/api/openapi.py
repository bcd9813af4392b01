"""The OpenAPI document of the imitated API, built from the declarations of its methods."""

from collections.abc import Iterable, Mapping
from typing import Any

from .declare import GATE, Method, wire_name
from .errors import Code
from .params import Schema
from .parity.evidence import EVIDENCE, MEANINGS
from .schema import schema_of

_ERROR: Schema = {
    "type": "object",
    "properties": {
        "code": {"type": "string", "enum": [code.name for code in Code]},
        "description": {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {
                        "fails": {"type": "array", "items": {"type": ["number", "string"]}},
                        "optouts": {"type": "array", "items": {"type": ["number", "string"]}},
                        "reason": {"type": "string"},
                    },
                    "required": ["fails", "optouts"],
                },
            ]
        },
    },
    "required": ["code", "description"],
}
_REFUSED: Schema = {
    "type": "object",
    "properties": {"error": {"$ref": "#/components/schemas/Error"}},
    "required": ["error"],
}


def build_document(methods: Iterable[Method], version: str, url: str) -> dict[str, Any]:
    """Return the document as plain data; `url` is the base URL of the API."""
    paths: dict[str, Any] = {}
    for method in methods:
        for ending in ("json", "xml"):
            paths[f"/{method.name}.{ending}"] = {
                "get": _build_operation(method, ending, "get"),
                "post": _build_operation(method, ending, "post"),
            }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "TransmitSMS API, as sms-sandbox imitates it",
            "version": version,
            "description": "Every method accepts GET and POST, with parameters in the query, a form body, or both.",
        },
        "servers": [{"url": url}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": {"Error": _ERROR, "Refused": _REFUSED},
            "securitySchemes": {"key": {"type": "http", "scheme": "basic", "description": "API key and secret."}},
        },
    }


def _build_operation(method: Method, ending: str, verb: str) -> dict[str, Any]:
    fields = list_fields(method)
    required = list_required(method)
    summary, _, rest = method.doc.partition("\n\n")
    described: dict[str, Any] = {
        "operationId": f"{verb}-{method.name}-{ending}",
        "tags": [method.group],
        "summary": " ".join(summary.split()),
        "responses": _build_responses(method, ending),
        "x-evidence": [MEANINGS[mark] for mark in EVIDENCE[method.name].marks],
    }
    if rest:
        described["description"] = rest
    if verb == "get":
        described["parameters"] = [
            {"name": name, "in": "query", "required": name in required, "schema": schema}
            for name, schema in fields.items()
        ]
    elif fields:
        form = {"schema": {"type": "object", "properties": fields, "required": required}}
        described["requestBody"] = {"content": {"application/x-www-form-urlencoded": form, "multipart/form-data": form}}
    return described


def list_fields(method: Method) -> dict[str, Schema]:
    """Return the schema of each form field of a method, with description and default."""
    fields: dict[str, Schema] = {}
    for name, param in method.params.items():
        read = param.fields(wire_name(name))
        default = method.defaults.get(name)
        if isinstance(default, (bool, int, str)) and default != "" and len(read) == 1:
            read = {field: {**schema, "default": default} for field, schema in read.items()}
        fields |= read
    return fields


def list_required(method: Method) -> list[str]:
    """Return the names of the required form fields."""
    return [field for name in method.required for field in method.params[name].fields(wire_name(name))]


def _build_responses(method: Method, ending: str) -> dict[str, Any]:
    """Return the responses of a method by status: its result, and its errors."""
    reply = schema_of(method.returns)
    if ending == "json":
        reply["properties"]["error"] = {"$ref": "#/components/schemas/Error"}
        reply.setdefault("required", []).append("error")
        described = {"200": {"description": "Success.", "content": {"application/json": {"schema": reply}}}}
        refused: Mapping[str, Any] = {"application/json": {"schema": {"$ref": "#/components/schemas/Refused"}}}
    else:
        text = {"schema": {"type": "string", "description": "The JSON response, written as XML."}}
        described = {"200": {"description": "Success.", "content": {"text/xml": text}}}
        refused = {"text/xml": text}
    for status in sorted({code.status for code in list_codes(method)}):
        codes = ", ".join(code.name for code in list_codes(method) if code.status == status)
        described[str(status)] = {"description": f"Error: {codes}.", "content": dict(refused)}
    return described


def list_codes(method: Method) -> list[Code]:
    """Return every error code of a method, in the order of the table of codes."""
    return [code for code in Code if code in method.errors | GATE]
