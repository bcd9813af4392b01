"""Requests, answers and callbacks that pass through the mutating proxy, as values."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode

Pairs = list[tuple[str, str]]

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Request:
    """A request as received. Its head keeps every byte until something in it is changed."""

    head: bytes
    body: bytes

    @property
    def line(self) -> tuple[str, str, str]:
        """Return verb, target and version."""
        verb, _, rest = self.head.split(b"\n")[0].decode("latin-1").strip().partition(" ")
        target, _, version = rest.rpartition(" ")
        return verb, target, version

    @property
    def path(self) -> str:
        return self.line[1].partition("?")[0]

    @property
    def method(self) -> str:
        """Return the method of the API, or a blank for other requests."""
        name, dot, ending = self.path.rstrip("/").rpartition("/")[2].rpartition(".")
        return name if dot and ending in ("json", "xml") and not self.path.startswith("/_sandbox") else ""

    def header(self, name: str) -> str:
        for line in self.head.split(b"\n")[1:]:
            key, _, value = line.decode("latin-1").partition(":")
            if key.strip().lower() == name:
                return value.strip()
        return ""

    @cached_property
    def form(self) -> dict[str, str]:
        """Return the parameters of query and form body. The body wins."""
        return dict(self._query + self._fields)

    @property
    def _query(self) -> Pairs:
        return parse_qsl(self.line[1].partition("?")[2], keep_blank_values=True)

    @property
    def _fields(self) -> Pairs:
        is_form = self.header("content-type").startswith(FORM)
        return parse_qsl(self.body.decode("latin-1"), keep_blank_values=True) if is_form else []

    def with_form(self, change: Callable[[Pairs], Pairs]) -> "Request":
        """Return the request with changed parameters. Query and body are changed separately."""
        query, fields = change(self._query), change(self._fields)
        if query == self._query and fields == self._fields:
            return self
        changed = self.with_target(f"{self.path}?{urlencode(query)}" if query else self.path)
        return changed.with_body(urlencode(fields).encode()) if self._fields else changed

    def with_target(self, target: str) -> "Request":
        verb, _, version = self.line
        rest = self.head.partition(b"\n")[2]
        return Request(f"{verb} {target} {version}\r\n".encode("latin-1") + rest, self.body)

    def with_header(self, name: str, value: str) -> "Request":
        """Return the request with a header replaced by a new one at the end."""
        lines = self.head.split(b"\r\n")
        kept = [line for line in lines if line and line.partition(b":")[0].strip().lower() != name.encode()]
        return Request(b"\r\n".join([*kept, f"{name}: {value}".encode("latin-1"), b"", b""]), self.body)

    def with_body(self, body: bytes) -> "Request":
        return replace(self.with_header("content-length", str(len(body))), body=body)


@dataclass(frozen=True)
class Answer:
    """An answer of the sandbox."""

    status: int
    reason: str
    headers: Pairs
    body: bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")

    @cached_property
    def plain(self) -> bytes:
        """Return the body without gzip."""
        return gzip.decompress(self.body) if self.header("content-encoding") == "gzip" else self.body

    def with_header(self, name: str, value: str) -> "Answer":
        return replace(self, headers=[(key, value if key.lower() == name else each) for key, each in self.headers])

    def with_plain(self, body: bytes) -> "Answer":
        return replace(self, body=gzip.compress(body) if self.header("content-encoding") == "gzip" else body)


@dataclass(frozen=True)
class Callback:
    """A callback between the sandbox and its receiver."""

    url: str
    query: Pairs
    signature: str
    verb: str = "GET"


@dataclass
class Exchange:
    """A call of the API. `forward` sends a request to the sandbox, as often as a mutator needs."""

    request: Request
    forward: Callable[[Request], Answer]
    memory: dict[str, Any]
    """Values that a mutator remembers between calls."""


Mutator = Callable[[Exchange], Answer]

Send = Callable[[Callback], int]

Relay = Callable[[Callback, Send], int]
"""Passes a callback on by the given function, or drops it. Returns the status for the sandbox."""


def forward_unchanged(exchange: Exchange) -> Answer:
    """Forward the request, and change nothing."""
    return exchange.forward(exchange.request)


def unchanged(request: Request) -> Request:
    return request
