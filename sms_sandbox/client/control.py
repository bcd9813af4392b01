"""A caller of the control API, and of the imitated one, on one tenant's behalf."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from .connections import Connections

PREFIX = "/_sandbox/v1"

PATIENCE = 120.0
"""Seconds that a call may take: an advance over a receiver that never answers takes ten for each try."""

T = TypeVar("T")


class SandboxError(Exception):
    """The sandbox refused, or does not answer.

    The text is the sandbox's own sentence; `code` is the control API's word for it and `status` the HTTP status, both
    empty (`""` and 0) where nothing answered.
    """

    def __init__(self, message: str, code: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass(frozen=True)
class Whereabouts:
    """Where a sandbox is, what clients need to trust it, and one of its accounts."""

    https: str
    http: str
    ca: str
    ca_bundle: str
    key: str
    secret: str = field(repr=False)
    control_token: str | None = field(default=None, repr=False)


class Client:
    """Calls one sandbox as one of its accounts, over connections of its own or those of a fellow."""

    def __init__(self, where: Whereabouts, fellow: "Client | None" = None) -> None:
        self.where = where
        self._http: Connections = fellow._http if fellow else Connections(where.http)
        self._https: Connections = fellow._https if fellow else Connections(where.https, where.ca)
        self._basic = f"Basic {b64encode(f'{where.key}:{where.secret}'.encode()).decode()}"

    @property
    def key(self) -> str:
        """The API key of the account that the app under test is to use."""
        return self.where.key

    @property
    def secret(self) -> str:
        """Its API secret."""
        return self.where.secret

    def control(
        self, verb: str, path: str, body: Mapping[str, Any] | None = None, *, patience: float = PATIENCE, **query: Any
    ) -> Any:
        """Call an operation of the control API, as `control("GET", "/lists")`, on this tenant; its JSON.

        `query` is what stands behind the question mark, without what is None. Raises SandboxError where it refuses.
        """
        url = f"{self.where.http}{PREFIX}{path}"
        headers = {"Authorization": self._basic}
        if self.where.control_token:
            headers["X-Sandbox-Token"] = self.where.control_token
        asked = urlencode({name: _spelled(value) for name, value in query.items() if value is not None})
        raw = None if body is None else msgspec.json.encode(body)
        try:
            status, _, said = self._http.request(
                verb, f"{PREFIX}{path}{'?' if asked else ''}{asked}", raw, headers, patience
            )
        except (OSError, HTTPException) as why:
            raise SandboxError(f"No sandbox answers at {url}: {why or type(why).__name__}.") from why
        try:
            answer = msgspec.json.decode(said)
            if status < 400:
                return answer
            refusal = answer["error"]
            raise SandboxError(refusal["message"], refusal["code"], status)
        except (msgspec.DecodeError, LookupError, TypeError) as why:
            raise SandboxError(f"No sandbox answers at {url}, but something else that says {status}.") from why

    def call(self, method: str, **params: object) -> dict[str, Any]:
        """Call a method of the imitated API as an app would, and answer its whole JSON, refused or not.

        For what a test needs beforehand, such as a list with contacts. `from_` stands for the parameter `from`.
        """
        body = urlencode({name.rstrip("_"): str(value) for name, value in params.items()}).encode()
        headers = {"Authorization": self._basic, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            _, _, said = self._https.request("POST", f"/{method}.json", body, headers, PATIENCE)
            return msgspec.json.decode(said, type=dict[str, Any])
        except (OSError, HTTPException) as why:
            raise SandboxError(f"{method} was not answered: {why or type(why).__name__}.") from why
        except msgspec.DecodeError as why:
            raise SandboxError(f"{method} was answered with something that is no JSON: {said[:80]!r}.") from why

    def hang_up(self) -> None:
        """Close the connections that nobody uses."""
        self._http.close()
        self._https.close()

    def _read(self, kind: type[T], verb: str, path: str, body: Mapping[str, Any] | None = None, **query: Any) -> T:
        """Call an operation that answers one thing."""
        return msgspec.convert(self.control(verb, path, body, **query), kind)

    def _listed(self, kind: type[T], name: str) -> list[T]:
        """A list of the control API that comes whole."""
        return msgspec.convert(self.control("GET", f"/{name}")[name], list[kind])  # type: ignore[valid-type]

    def _every(self, kind: type[T], path: str, name: str, /, **query: Any) -> list[T]:
        """Everything that a list of the control API has, oldest first; `name` is the list's in its pages."""
        found: list[T] = []
        for page in range(1, 1_000_000):
            answer = self.control("GET", path, page=page, max=1000, **query)
            found += msgspec.convert(answer[name], list[kind])  # type: ignore[valid-type]
            if page >= answer["page"]["count"]:
                break
        return found[::-1]


def _spelled(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
