"""The OpenAPI document of the imitated API, from the declarations of its methods."""

from collections.abc import Iterable, Mapping
from typing import Any

from .declare import GATE, Method, wire_name
from .errors import Code
from .params import Schema
from .parity.evidence import EVIDENCE, MEANINGS
from .schema import schema_of

ERROR: Schema = {
    "type": "object",
    "properties": {
        "code": {"type": "string", "enum": [code.name for code in Code]},
        "description": {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {
                        "fails": {"type": "array", "items": {"type": "string"}},
                        "optouts": {"type": "array", "items": {"type": "string"}},
                    },
                    "required": ["fails", "optouts"],
                },
            ]
        },
    },
    "required": ["code", "description"],
}
REFUSED: Schema = {
    "type": "object",
    "properties": {"error": {"$ref": "#/components/schemas/Error"}},
    "required": ["error"],
}


def document(methods: Iterable[Method], version: str, url: str) -> dict[str, Any]:
    """The document, as plain data; `url` is where the API is served."""
    paths: dict[str, Any] = {}
    for each in methods:
        for ending in ("json", "xml"):
            paths[f"/{each.name}.{ending}"] = {
                "get": operation(each, ending, "get"),
                "post": operation(each, ending, "post"),
            }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "TransmitSMS API, as sms-sandbox imitates it",
            "version": version,
            "description": "Every method takes GET and POST, its parameters in the query, a form body, or both.",
        },
        "servers": [{"url": url}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": {"Error": ERROR, "Refused": REFUSED},
            "securitySchemes": {"key": {"type": "http", "scheme": "basic", "description": "API key and secret."}},
        },
    }


def operation(method: Method, ending: str, verb: str) -> dict[str, Any]:
    fields = fields_of(method)
    summary, _, rest = method.doc.partition("\n\n")
    described: dict[str, Any] = {
        "operationId": f"{verb}-{method.name}-{ending}",
        "tags": [method.group],
        "summary": " ".join(summary.split()),
        "responses": responses(method, ending),
        "x-evidence": [MEANINGS[mark] for mark in EVIDENCE[method.name].marks],
    }
    if rest:
        described["description"] = rest
    if verb == "get":
        described["parameters"] = [
            {"name": name, "in": "query", "required": name in required_of(method), "schema": schema}
            for name, schema in fields.items()
        ]
    elif fields:
        form = {"schema": {"type": "object", "properties": fields, "required": required_of(method)}}
        described["requestBody"] = {"content": {"application/x-www-form-urlencoded": form, "multipart/form-data": form}}
    return described


def fields_of(method: Method) -> dict[str, Schema]:
    """The form fields a method reads, each with what there is to say of it, and its default."""
    fields: dict[str, Schema] = {}
    for name, param in method.params.items():
        read = param.fields(wire_name(name))
        default = method.defaults.get(name)
        if isinstance(default, (bool, int, str)) and default != "" and len(read) == 1:
            read = {field: {**schema, "default": default} for field, schema in read.items()}
        fields |= read
    return fields


def required_of(method: Method) -> list[str]:
    return [field for name in method.required for field in method.params[name].fields(wire_name(name))]


def responses(method: Method, ending: str) -> dict[str, Any]:
    """What a method may answer, by status: its reply, and the codes it refuses with."""
    reply = schema_of(method.returns)
    if ending == "json":
        reply["properties"]["error"] = {"$ref": "#/components/schemas/Error"}
        reply.setdefault("required", []).append("error")
        told = {"200": {"description": "Done.", "content": {"application/json": {"schema": reply}}}}
        refused: Mapping[str, Any] = {"application/json": {"schema": {"$ref": "#/components/schemas/Refused"}}}
    else:
        text = {"schema": {"type": "string", "description": "The same as the JSON, in XML."}}
        told = {"200": {"description": "Done.", "content": {"text/xml": text}}}
        refused = {"text/xml": text}
    for status in sorted({code.status for code in codes_of(method)}):
        codes = ", ".join(code.name for code in codes_of(method) if code.status == status)
        told[str(status)] = {"description": f"Refused: {codes}.", "content": dict(refused)}
    return told


def codes_of(method: Method) -> list[Code]:
    """Every code a method may refuse with, in the order of the table of codes."""
    return [code for code in Code if code in method.errors | GATE]
