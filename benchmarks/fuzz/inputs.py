"""Random inputs: bytes, calls of both APIs by their OpenAPI documents, and documents to import."""

import copy
import json
import random
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

WORDS = (
    "", "0", "1", "-1", "true", "null", "61491570156", "+61 491 570 156", "2030-01-31 12:00:00", "2030-01-31T12:00:00Z",
    "9999-12-31T23:59:59Z", "http://localhost:9/x", "http://[", "😀" * 20, "a\x00b", "\ud800", "x" * 5000,
    "[firstname]", "{}", "[]", "%00", "1e400", "9" * 40, "\r\n\r\n", "../../etc/passwd", "<a>&amp;", "delivered",
    "current", "NaN",
)  # fmt: skip
NUMBERS = (0, 1, -1, 2, 7, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63), 10**30, 0.5, 1e308, -0.0)

SLOW_OPERATIONS = ("wait", "delete_tenant", "replay_tenant", "import_tenant", "add_fault")
"""Operations that wait, end the tenant, or make the API answer with 5xx on purpose."""

_PIECES = (
    b"GET ", b"POST ", b"/send-sms.json", b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", b"\r\n", b"\n", b"\r", b"\r\n\r\n",
    b"Host: localhost\r\n", b"Content-Length: 5\r\n", b"Content-Length: -1\r\n", b"Transfer-Encoding: chunked\r\n",
    b"5\r\nhello\r\n0\r\n\r\n", b"ffffffffffffffff\r\n", b"Authorization: Basic eDp5\r\n", b"Expect: 100-continue\r\n",
    b"Connection: close\r\n", b"\x00", b"\xff\xfe", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"a=b&c=%zz", b": \r\n", b"Upgrade: websocket\r\n", b"/_sandbox/",
)  # fmt: skip


def raw_bytes(chance: random.Random) -> bytes:
    """Return bytes that look more or less like a request."""
    parts = [
        chance.choice(_PIECES) if chance.random() < 0.85 else chance.randbytes(chance.randint(1, 30))
        for _ in range(chance.randint(1, 14))
    ]
    return b"".join(parts)


def value(chance: random.Random, depth: int = 0) -> Any:
    """Return a random value of JSON."""
    kind = chance.random()
    if kind < 0.45:
        return chance.choice(WORDS)
    if kind < 0.7:
        return chance.choice(NUMBERS)
    if kind < 0.85 or depth > 2:
        return chance.choice((None, True, False))
    if kind < 0.93:
        return [value(chance, depth + 1) for _ in range(chance.randint(0, 3))]
    return {chance.choice(WORDS): value(chance, depth + 1) for _ in range(chance.randint(0, 3))}


def encode_json(content: Any) -> bytes:
    """Return JSON, with lone surrogates as escapes."""
    return json.dumps(content).encode()


class ApiCalls:
    """Random calls of the imitated API, by its OpenAPI document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._paths = sorted(document["paths"])
        self._names = {
            path: sorted({each["name"] for verb in verbs.values() if isinstance(verb, dict)
                          for each in verb.get("parameters", ())} | _body_names(verbs))
            for path, verbs in document["paths"].items()
        }  # fmt: skip

    def draw(self, chance: random.Random) -> tuple[str, str, bytes, str]:
        """Return verb, target, body and content type."""
        path = chance.choice(self._paths)
        names = self._names[path] or ["to"]
        fields = {chance.choice(names): chance.choice(WORDS) for _ in range(chance.randint(0, 6))}
        form = urlencode(fields, errors="surrogatepass")
        if chance.random() < 0.3:
            return "GET", f"{path}?{form}", b"", ""
        if chance.random() < 0.1:
            return "POST", path, chance.randbytes(40), chance.choice(("multipart/form-data; boundary=b", "text/plain"))
        return "POST", path, form.encode(), "application/x-www-form-urlencoded"


def _body_names(verbs: Mapping[str, Any]) -> set[str]:
    names: set[str] = set()
    for verb in verbs.values():
        for media in (verb.get("requestBody") or {}).get("content", {}).values() if isinstance(verb, dict) else ():
            names |= set(media.get("schema", {}).get("properties", {}))
    return names


def _is_stream(described: Mapping[str, Any]) -> bool:
    """Return True if the answer of an operation has no end."""
    return any("text/event-stream" in answer.get("content", ()) for answer in described["responses"].values())


class ControlCalls:
    """Random calls of control, by its OpenAPI document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._schemas = document["components"]["schemas"]
        self._operations: Sequence[tuple[str, str, Any]] = [
            (verb.upper(), path, described)
            for path, verbs in sorted(document["paths"].items())
            for verb, described in verbs.items()
            if described["operationId"] not in SLOW_OPERATIONS and not _is_stream(described)
        ]

    def draw(self, chance: random.Random) -> tuple[str, str, bytes, str]:
        """Return verb, target, body and content type."""
        verb, path, described = chance.choice(self._operations)
        query = {}
        for each in described.get("parameters", ()):
            drawn = str(chance.choice((*WORDS[:20], "1", "2")))
            if each["in"] == "path":
                path = path.replace(f"{{{each['name']}}}", quote(drawn or "1", safe="", errors="surrogatepass"))
            elif chance.random() < 0.3:
                query[each["name"]] = drawn
        target = f"/_sandbox/v1{path}" + (f"?{urlencode(query, errors='surrogatepass')}" if query else "")
        body = b"" if "requestBody" not in described else encode_json(self._body(chance, described))
        return verb, target, body, "application/json"

    def _body(self, chance: random.Random, described: Mapping[str, Any]) -> Any:
        if chance.random() < 0.1:
            return value(chance)
        (media,) = described["requestBody"]["content"].values()
        schema = media["schema"]
        known = self._schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        names = sorted(known.get("properties", {"x": None}))
        return {name: value(chance) for name in names if chance.random() < 0.5}


def changed_document(document: Mapping[str, Any], chance: random.Random) -> dict[str, Any]:
    """Return a tenant's document with a few values changed."""
    changed: dict[str, Any] = copy.deepcopy(dict(document))
    tables = [name for name, rows in changed["tables"].items() if rows]
    for _ in range(chance.randint(1, 3)):
        row = chance.choice(changed["tables"][chance.choice(tables)])
        column = chance.choice(sorted(row))
        old = row[column]
        if isinstance(old, str) and old.startswith("{") and chance.random() < 0.7:
            inner = json.loads(old)
            inner[chance.choice(sorted(inner) or ["size"])] = value(chance)
            row[column] = json.dumps(inner)
        else:
            row[column] = chance.choice(WORDS if isinstance(old, str) else NUMBERS) if chance.random() < 0.9 else None
    return changed
