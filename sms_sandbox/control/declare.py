"""`@operation` turns a function into an operation of the control API: its signature is its declaration.

The parameter `body` is the JSON of the request, `query` its query string, and any other a part of the path. Their types
and the type of the result are enough to check a request and to write the OpenAPI document.
"""

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, TypeVar, get_type_hints

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace
from sqlalchemy import Connection
from starlette.types import Receive, Scope

from ..domain.addresses import Urls
from ..journal.writer import JournalWriter
from ..services.access import Access, Caller
from ..services.new_tenant import TenantDefaults
from ..simulation.runner import Runner
from ..store import accounts, tenants
from ..store.accounts import Account
from ..store.database import Store
from ..store.real_time import real_now
from ..store.tenants import Tenant
from .errors import ControlError, gone
from .event_feeds import Feeds
from .shapes.primitives import PATTERNS

T = TypeVar("T")

MAX_BODY_BYTES = 1 << 20
"""Largest body that most operations take."""


class Context(Struct, frozen=True):
    """The parts of the sandbox that operations work with."""

    store: Store
    runner: Runner
    journal: JournalWriter
    defaults: TenantDefaults
    info: Mapping[str, Any]
    """Version and addresses, for `GET /info`."""

    replay: Callable[[Any], Awaitable[Any]]
    """Repeat the calls of a document, and return the document of the result."""

    access: Access

    env_command: Callable[[], Sequence[str]]
    """Return the command that prints the environment of a client of this server."""

    shows_secrets: bool
    """True if only this machine reaches the server. Then the page may show the account's secret."""

    call_api: Callable[[str, str, str, Mapping[str, str]], Coroutine[Any, Any, tuple[int, bytes]]]
    """Call the API with key, secret, method and parameters, and return status and body."""

    note_use: Callable[[Connection, int], None]
    """Note that a tenant is used now."""

    urls_for: Callable[[Scope], Urls]
    """Return the addresses that the client of a request can use."""

    feeds: Feeds = field(default_factory=Feeds)


class _ControlCall(Struct, frozen=True):
    """A call of the control API. It acts on an account and its tenant."""

    context: Context
    caller: Caller
    urls: Urls
    """Addresses that the caller can use."""

    @property
    def account(self) -> Account:
        """The account that the call acts on."""
        return self.caller.account

    @property
    def tenant(self) -> Tenant:
        """The tenant that the call acts on."""
        return self.caller.tenant


class Call(_ControlCall, frozen=True):
    """A call of the control API in an open transaction."""

    db: Connection
    real: datetime = field(default_factory=real_now)

    @property
    def now(self) -> datetime:
        """The time on the tenant's clock."""
        return self.tenant.clock.now(self.real)


class LongCall(_ControlCall, frozen=True):
    """A call of an operation that takes a while. It opens short transactions of its own."""

    receive: Receive
    """The rest of the request, which tells when the client disconnects."""

    async def transact(self, work: Callable[[Call], T]) -> T:
        """Run `work` in a transaction, with account and tenant read again. Raises ControlError if they are gone."""
        return await self.context.store.run(partial(self._work, work=work))

    async def transact_exclusively(self, work: Callable[[Call], T]) -> T:
        """Run `work` with the tenant locked."""
        return await self.context.store.run(partial(self._work, work=work), [self.tenant.id])

    def _work(self, db: Connection, work: Callable[[Call], T]) -> T:
        account = accounts.read(db, self.tenant.id, self.account.id)
        tenant = tenants.read(db, self.tenant.id)
        if account is None or tenant is None:
            raise gone()
        return work(Call(self.context, replace(self.caller, account=account, tenant=tenant), self.urls, db))


class StreamEvent(NamedTuple):
    """A Server-Sent Event. `id` is where a stream resumes. An empty name means a sign of life without data.

    With `spelled`, it is events as they are sent.
    """

    name: str
    data: Any = None
    id: int | None = None
    spelled: bytes = b""


class HtmlPage(Struct, frozen=True):
    """An HTML page that an operation returns, and its headers."""

    html: str
    headers: Mapping[str, str] = {}


class Operation(Struct, frozen=True):
    """An operation of the control API.

    `status` is the HTTP status of success, and `max_body` the most bytes of a body. An operation that `streams` sends
    events until the client disconnects. One that `needs_operator` reaches beyond the tenant of the caller.
    """

    verb: str
    path: str
    run: Callable[..., Any]
    waits: bool
    streams: bool
    body: Any
    query: Any
    in_path: Mapping[str, type]
    returns: Any
    status: int
    doc: str
    max_body: int
    needs_operator: bool
    is_recorded: bool
    """True if a successful call gets a traffic entry. It changes something, and makes no other entry."""

    @property
    def name(self) -> str:
        """The name of its function, which is the operationId in the OpenAPI document."""
        return self.run.__name__

    def arguments(self, path: Mapping[str, str], query: Mapping[str, str], raw: bytes) -> dict[str, Any]:
        """Return the arguments for the function. Raises ControlError if the request does not fit its types."""
        arguments: dict[str, Any] = {}
        for name, kind in self.in_path.items():
            try:
                arguments[name] = msgspec.convert(path[name], kind, strict=False)
            except msgspec.ValidationError:
                raise ControlError("not_found", f"There is no {name} {path[name][:80]!r}.") from None
        try:
            if self.query is not None:
                arguments["query"] = msgspec.convert(query, self.query, strict=False)
            if self.body is not None:
                arguments["body"] = msgspec.json.decode(raw or b"{}", type=self.body)
        except msgspec.ValidationError as why:
            raise ControlError("invalid", f"{explain_patterns(str(why))}.") from why
        except (msgspec.DecodeError, UnicodeDecodeError) as why:
            raise ControlError("bad_body", f"The body is not JSON: {why}.") from why
        except RecursionError as why:
            raise ControlError("bad_body", "The body is nested too deep.") from why
        return arguments


def explain_patterns(message: str) -> str:
    """Return an error message of msgspec with words instead of our regular expressions."""
    for pattern, words in PATTERNS.items():
        message = message.replace(f"matching regex {pattern!r}", words)
    return message


def operation(
    verb: str,
    path: str,
    status: int = 200,
    max_body: int = MAX_BODY_BYTES,
    needs_operator: bool = False,
    is_recorded: bool = True,
) -> Callable[[Callable[..., Any]], Operation]:
    """Declare an operation. Its docstring is its description in the OpenAPI document."""

    def declare(run: Callable[..., Any]) -> Operation:
        hints = get_type_hints(run, include_extras=True)
        names = list(inspect.signature(run).parameters)[1:]
        return Operation(
            verb=verb,
            path=path,
            run=run,
            waits=inspect.iscoroutinefunction(run),
            streams=inspect.isasyncgenfunction(run),
            body=hints.get("body") if "body" in names else None,
            query=hints.get("query") if "query" in names else None,
            in_path={name: hints[name] for name in names if name not in ("body", "query")},
            returns=hints["return"],
            status=status,
            doc=inspect.getdoc(run) or "",
            max_body=max_body,
            needs_operator=needs_operator,
            is_recorded=is_recorded and verb != "GET",
        )

    return declare
