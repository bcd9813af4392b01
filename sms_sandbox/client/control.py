"""The client of the control API and of the imitated API."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from ..control import PREFIX
from ..control.shapes.server_info import ServerInfo
from .connections import Connections
from .errors import SandboxError
from .failures import describe_failure

CALL_TIMEOUT_SECONDS = 120.0
"""Longest a call may take. An advance waits ten seconds for each callback attempt that gets no answer."""

_STREAM_TIMEOUT_SECONDS = 60.0
"""A stream has ended if nothing comes for so long. The server sends a comment four times as often."""

_MAX_PAGES = 1_000_000

T = TypeVar("T")


class Client:
    """Calls one server on behalf of one account."""

    def __init__(
        self, where: ServerInfo, server: "Client | None" = None, timeout: float | None = CALL_TIMEOUT_SECONDS,
        tenant: str | None = None,
    ) -> None:  # fmt: skip
        """Make a client. `server` is a client of the same server, whose connections are shared.

        Without a key in `where`, calls act on the default tenant. `timeout` is for each call, in seconds; None is no
        limit. `tenant` is the name of another tenant that calls of control act on, which only the operator may do.
        """
        self.where = where
        self._timeout = timeout
        self._http: Connections = server._http if server else Connections(where.http)
        self._https: Connections = server._https if server else Connections(where.https, where.ca)
        credentials = b64encode(f"{where.key}:{where.secret}".encode()).decode()
        self._authorization = {"Authorization": f"Basic {credentials}"} if where.key else {}
        self._token = {"X-Sandbox-Token": where.control_token} if where.control_token else {}
        self._token |= {"X-Sandbox-Tenant": tenant} if tenant else {}

    @property
    def key(self) -> str:
        """The API key of the account."""
        return self.where.key

    @property
    def secret(self) -> str:
        """The API secret of the account."""
        return self.where.secret

    def control(
        self, verb: str, path: str, body: Mapping[str, Any] | None = None, *, timeout: float | None = None, **query: Any
    ) -> Any:
        """Call an operation of the control API, for example `control("GET", "/lists")`, and return its JSON.

        `query` are the query parameters; those that are None are left out. `timeout` is in seconds, the client's own if
        left out. Raises SandboxError if the call is refused.
        """
        return self._control(Any, verb, path, body, timeout, query)

    def read(
        self, shape: type[T], verb: str, path: str, body: Mapping[str, Any] | None = None, *,
        timeout: float | None = None, **query: Any,
    ) -> T:  # fmt: skip
        """Call an operation of the control API and return its answer as a shape. Raises SandboxError."""
        return self._control(shape, verb, path, body, timeout, query)  # type: ignore[no-any-return]

    def stream(self, path: str, **query: Any) -> Iterator[tuple[str, bytes]]:
        """Yield the name and the data of each Server-Sent Event, until the stream ends. Raises SandboxError."""
        try:
            connection = self._http.open(_STREAM_TIMEOUT_SECONDS)
        except OSError as why:
            raise _no_answer(self._url(path), why) from why
        with closing(connection):
            try:
                headers = {**self._authorization, **self._token}
                response = connection.request("GET", _target(path, query), None, headers)
                if response.status != 200:
                    raise _refusal(self._url(path), response.status, response.read())
            except (OSError, HTTPException) as why:
                raise _no_answer(self._url(path), why) from why
            name = ""
            with suppress(OSError, HTTPException):  # a broken stream has ended, too
                while line := response.readline():
                    field, _, value = line.rstrip(b"\n").partition(b": ")
                    if field == b"event":
                        name = value.decode()
                    elif field == b"data":
                        yield name, value

    def check_ready(self, timeout: float) -> None:
        """Raise SandboxError unless the server says that it is ready. `timeout` is in seconds."""
        url = f"{self.where.http}/readyz"
        try:
            status, _, content = self._http.request("GET", "/readyz", None, {}, timeout)
            if status == 200 and msgspec.json.decode(content)["status"] == "ready":
                return
        except (OSError, HTTPException) as why:
            raise _no_answer(url, why) from why
        except (msgspec.DecodeError, LookupError, TypeError):
            raise SandboxError(f"Something that is not a sandbox answers at {url}.") from None
        raise SandboxError(f"{url} answers with the status {status}.", status=status)

    def call(self, method: str, **params: object) -> dict[str, Any]:
        """Call a method of the imitated API as an app would. Return its JSON, even if the call is refused.

        Use it to prepare a test, for example to add a list of contacts. `from_` stands for the parameter `from`.
        """
        body = urlencode({name.rstrip("_"): str(value) for name, value in params.items()}).encode()
        headers = {**self._authorization, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            _, _, content = self._https.request("POST", f"/{method}.json", body, headers, self._timeout)
            return msgspec.json.decode(content, type=dict[str, Any])
        except (OSError, HTTPException) as why:
            raise SandboxError(f"{method} was not answered: {describe_failure(why)}.") from why
        except msgspec.DecodeError as why:
            raise SandboxError(f"The answer to {method} is not JSON: {content[:80]!r}.") from why

    def fetch(self, path: str, timeout: float | None = None) -> tuple[int, Mapping[str, str], bytes]:
        """Get a path of the server's plain HTTP port. Return status, headers and body. Raises SandboxError."""
        headers = {**self._authorization, **self._token}
        try:
            return self._http.request("GET", path, None, headers, timeout or self._timeout)
        except (OSError, HTTPException) as why:
            raise _no_answer(f"{self.where.http}{path}", why) from why

    def fetch_report(self) -> str:
        """Return the story of the tenant as HTML: one file that needs nothing else. Raises SandboxError."""
        status, _, content = self.fetch(f"{PREFIX}/report")
        if status != 200:
            raise _refusal(self._url("/report"), status, content)
        return content.decode()

    def open_link(self, link: str) -> str:
        """Open a short link of a text, as a tap does. Return where it leads, "" for the page of an opt-out link.

        Raises SandboxError if there is no such link.
        """
        status, headers, _ = self.fetch(f"/{link}")
        if status >= 400:
            raise SandboxError(f"{link} leads nowhere.", status=status)
        return headers.get("location") or ""

    def close_connections(self) -> None:
        """Close idle connections."""
        self._http.close()
        self._https.close()

    def _control(
        self, shape: Any, verb: str, path: str, body: Mapping[str, Any] | None, timeout: float | None,
        query: Mapping[str, Any],
    ) -> Any:  # fmt: skip
        raw = None if body is None else msgspec.json.encode(body)
        headers = {**self._authorization, **self._token}
        try:
            status, _, content = self._http.request(verb, _target(path, query), raw, headers, timeout or self._timeout)
        except (OSError, HTTPException) as why:
            raise _no_answer(self._url(path), why) from why
        if status >= 400:
            raise _refusal(self._url(path), status, content)
        try:
            return msgspec.json.decode(content, type=shape)
        except msgspec.DecodeError as why:
            raise _not_a_sandbox(self._url(path), status) from why

    def _url(self, path: str) -> str:
        return f"{self.where.http}{PREFIX}{path}"

    def _read_list(self, shape: type[T], name: str) -> list[T]:
        """Return a list of the control API that has no pages."""
        return msgspec.convert(self.control("GET", f"/{name}")[name], list[shape])  # type: ignore[valid-type]

    def _read_pages(self, shape: type[T], path: str, name: str, /, **query: Any) -> list[T]:
        """Return all rows of a list of the control API that has pages, oldest first. `name` is the list's field."""
        rows: list[T] = []
        for page in range(1, _MAX_PAGES):
            answer = self.control("GET", path, page=page, max=1000, **query)
            rows += msgspec.convert(answer[name], list[shape])  # type: ignore[valid-type]
            if page >= answer["page"]["count"]:
                break
        return rows[::-1]


def _target(path: str, query: Mapping[str, Any]) -> str:
    """Return the path of an operation with its query. Parameters that are None are left out."""
    given = {name: _query_value(value) for name, value in query.items() if value is not None}
    return f"{PREFIX}{path}{'?' if given else ''}{urlencode(given)}"


def _query_value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _no_answer(url: str, why: Exception) -> SandboxError:
    return SandboxError(f"No sandbox answers at {url}: {describe_failure(why)}.")


def _refusal(url: str, status: int, content: bytes) -> SandboxError:
    try:
        error = msgspec.json.decode(content)["error"]
        return SandboxError(error["message"], error["code"], status)
    except (msgspec.DecodeError, LookupError, TypeError):
        return _not_a_sandbox(url, status)


def _not_a_sandbox(url: str, status: int) -> SandboxError:
    return SandboxError(f"Something that is not a sandbox answers at {url}, with the status {status}.", status=status)
