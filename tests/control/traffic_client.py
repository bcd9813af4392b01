"""A client of the traffic: its entries, and the stream of new ones."""

import json
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.sandbox import Account, basic


def entries(tenant: Account, **query: object) -> list[Any]:
    return list(tenant.ok("GET", "/traffic", **query)["entries"])


def ids(tenant: Account, **query: object) -> list[int]:
    listed = [each["id"] for each in entries(tenant, **query)]
    counting = {name: value for name, value in query.items() if name not in ("page", "max")}
    if counting == query:
        assert tenant.ok("GET", "/traffic/count", **query)["count"] == len(listed)
    return listed


class Stream:
    """An open stream of events, at the path `/events` unless another is given."""

    def __init__(self, tenant: Account, last: int | None = None, path: str = "/events", **query: object) -> None:
        parts = urlsplit(tenant.ready.http)
        self._connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        headers = basic(tenant.key, tenant.secret)
        if last is not None:
            headers["Last-Event-ID"] = str(last)
        asked = f"?{urlencode(query)}" if query else ""
        self._connection.request("GET", f"/_sandbox/v1{path}{asked}", headers=headers)
        self.response: HTTPResponse = self._connection.getresponse()

    def __enter__(self) -> "Stream":
        assert self.response.status == 200
        assert self.response.readline() == b"retry: 1000\n"
        assert self.response.readline() == b"\n"
        return self

    def __exit__(self, *_: object) -> None:
        self.response.close()
        self._connection.close()

    def next(self) -> dict[str, Any]:
        """Return the next event: its name, id and data."""
        event: dict[str, Any] = {}
        while line := self.response.readline().rstrip(b"\n"):
            name, _, value = line.decode().partition(": ")
            event[name] = json.loads(value) if name in ("data", "id") else value
        return event
