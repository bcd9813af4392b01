"""An OpenAPI document as a page: its operations with parameters, bodies, responses and examples."""

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from .markdown import Heading
from .schema_text import Schema, describe_type, link_type, make_example, resolve

_VERBS = ("get", "post", "put", "patch", "delete")


_TRUST = "--cacert ca.pem"
_CERTIFICATE = '<p>In the examples, ca.pem is <a href="/_sandbox/ca.pem">the certificate of the sandbox</a>.</p>'
_OPERATOR = "<p>Where other machines can call, this needs the operator's token.</p>"


class _Entry(NamedTuple):
    """Operations that are shown as one, because only verb or ending differ."""

    verbs: list[str]
    paths: list[str]
    operation: Mapping[str, Any]

    @property
    def anchor(self) -> str:
        return str(self.operation["operationId"])


def build_page(document: Mapping[str, Any]) -> tuple[str, str, list[Heading]]:
    """Return the title, the HTML and the headings of a document's page."""
    info, base = document["info"], document["servers"][0]["url"]
    groups: dict[str, list[_Entry]] = {}
    for entry in _merge(document["paths"]):
        groups.setdefault(_group(entry), []).append(entry)
    headings = [Heading(1, "", info["title"])]
    parts = [
        f"<h1>{escape(info['title'])}</h1>",
        _paragraphs(info["description"]),
        f"<p>Base URL: <code>{escape(base)}</code></p>",
        _CERTIFICATE if base.startswith("https:") else "",
    ]
    for name, entries in groups.items():
        anchor = f"group-{name.lower().replace(' ', '-')}"
        headings.append(Heading(2, anchor, name))
        parts.append(f'<h2 id="{escape(anchor)}">{escape(name)}</h2>')
        parts += [_show(entry, base, document["components"]["schemas"]) for entry in entries]
    headings.append(Heading(2, "schemas", "Schemas"))
    parts.append('<h2 id="schemas">Schemas</h2>')
    for name, schema in sorted(document["components"]["schemas"].items()):
        parts.append(f'<section class="schema"><h3 id="schema-{escape(name)}">{escape(name)}</h3>')
        parts.append(_paragraphs(schema.get("description", "")) + _fields(schema) + "</section>")
    return info["title"], "\n".join(parts), headings


def _merge(paths: Mapping[str, Any]) -> Iterator[_Entry]:
    """Yield the operations, one entry for all with the same summary and path.

    They differ by verb, or by the ending of the path.
    """
    entries: dict[tuple[str, str], _Entry] = {}
    for path, verbs in paths.items():
        for verb in _VERBS:
            if verb not in verbs:
                continue
            operation = verbs[verb]
            entry = entries.setdefault((path.partition(".")[0], operation["summary"]), _Entry([], [], operation))
            if verb not in entry.verbs:
                entry.verbs.append(verb)
            if path not in entry.paths:
                entry.paths.append(path)
    yield from entries.values()


def _group(entry: _Entry) -> str:
    tags = entry.operation.get("tags")
    return str(tags[0]) if tags else entry.paths[0].split("/")[1].capitalize()


def _show(entry: _Entry, base: str, schemas: Mapping[str, Schema]) -> str:
    operation = entry.operation
    verbs = " ".join(f'<span class="verb {verb}">{verb.upper()}</span>' for verb in entry.verbs)
    paths = " or ".join(f"<code>{escape(path)}</code>" for path in entry.paths)
    body: Mapping[str, Any] = operation.get("requestBody", {}).get("content", {})
    schema: Schema = next((each["schema"] for each in body.values()), {})
    parameters = operation.get("parameters", [])
    parts = [
        f'<section class="operation"><h3 id="{escape(entry.anchor)}">{verbs} {paths}</h3>',
        _paragraphs(operation["summary"]), _paragraphs(operation.get("description", "")),
        _OPERATOR if _needs_operator(operation) else "", _parameters(parameters), _body(schema, body, schemas),
        "<h4>Example</h4>", _code(_curl(entry, base, schema, schemas)), "<h4>Responses</h4>",
    ]  # fmt: skip
    parts += [_response(status, response, schemas) for status, response in operation["responses"].items()]
    return "\n".join([*filter(None, parts), "</section>"])


def _parameters(parameters: Sequence[Mapping[str, Any]]) -> str:
    places = {"path": "in the path"}  # all others are in the query, or in a form where a method reads one
    rows = [(each["name"], each["schema"], each["required"], places.get(each["in"], "")) for each in parameters]
    return f"<h4>Parameters</h4>{_table(rows)}" if rows else ""


def _needs_operator(operation: Mapping[str, Any]) -> bool:
    """Return True if an operation does not accept a tenant's key."""
    return "security" in operation and not any("account" in each for each in operation["security"])


def _body(schema: Schema, content: Iterable[str], schemas: Mapping[str, Schema]) -> str:
    if not schema:
        return ""
    kinds = " or ".join(f"<code>{escape(kind)}</code>" for kind in content)
    return f"<h4>Body</h4><p>{link_type(schema)}, as {kinds}</p>{_fields(resolve(schema, schemas))}"


def _fields(schema: Schema) -> str:
    properties = schema.get("properties", {})
    required = schema.get("required", ())
    return _table([(name, each, name in required, "") for name, each in properties.items()]) if properties else ""


def _table(rows: Iterable[tuple[str, Schema, bool, str]]) -> str:
    shown = "".join(
        f"<tr><td><code>{escape(name)}</code>{' <strong>required</strong>' * is_required}"
        f"{f' <span class=soft>{escape(place)}</span>' * bool(place)}</td>"
        f"<td>{link_type(schema)}</td><td>{escape(describe_type(schema))}</td></tr>"
        for name, schema, is_required, place in rows
    )
    head = "<thead><tr><th>Name</th><th>Type</th><th>Meaning</th></tr></thead>"
    return f'<div class="table" tabindex="0"><table>{head}<tbody>{shown}</tbody></table></div>'


def _response(status: str, response: Mapping[str, Any], schemas: Mapping[str, Schema]) -> str:
    (kind, content), *_ = response["content"].items()
    schema = content["schema"]
    name = "Otherwise" if status == "default" else status
    description = escape(response["description"])
    shown = f"<p><strong>{escape(name)}</strong> {description} {link_type(schema)}, <code>{kind}</code></p>"
    if not status.startswith("2") or kind != "application/json":
        return shown
    return f"{shown}{_fields(resolve(schema, schemas))}{_code(_json(make_example(schema, schemas)))}"


def _curl(entry: _Entry, base: str, schema: Schema, schemas: Mapping[str, Schema]) -> str:
    """Return a command that calls the operation, with what it requires."""
    parameters = entry.operation.get("parameters", ())
    path = entry.paths[0]
    for each in parameters:
        path = path.replace(f"{{{each['name']}}}", str(make_example(each["schema"], schemas)))
    required = [each for each in parameters if each["in"] == "query" and each["required"]]
    data = [f"{each['name']}={make_example(each['schema'], schemas)}" for each in required]
    if schema:
        data.append(json.dumps(make_example(schema, schemas, only_required=True), ensure_ascii=False))
    implied = "post" if data else "get"  # curl's own choice
    verb = "" if implied in entry.verbs else f"-X {entry.verbs[0].upper()} "
    credentials = "-H 'X-Sandbox-Token: TOKEN'" if _needs_operator(entry.operation) else "-u KEY:SECRET"
    trust = f"{_TRUST} " if base.startswith("https:") else ""
    return " \\\n  ".join(
        [f"curl {trust}{credentials} {verb}{base}{path}", *(f"-d {shlex.quote(each)}" for each in data)]
    )


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _code(text: str) -> str:
    return f'<pre tabindex="0"><code>{escape(text, quote=False)}</code></pre>'


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_with_code(each)}</p>" for each in text.split("\n\n") if each)


def _with_code(text: str) -> str:
    """Return a text as HTML, in which backquotes mark code."""
    return "".join(
        f"<code>{escape(part)}</code>" if index % 2 else escape(part) for index, part in enumerate(text.split("`"))
    )
