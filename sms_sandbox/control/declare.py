"""`@operation` turns a function into an operation of the control API: its signature is the whole declaration.

A parameter `body` is the JSON of the request, `query` what stands behind the question mark, any other a part of the
path; all of them, and the answer, are typed, and both checking and the OpenAPI document follow from the types.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, TypeVar, get_type_hints

import msgspec
from sqlalchemy import Connection
from starlette.types import Receive

from ..domain.clock import real_now
from ..journal.writer import Journal
from ..services.new_tenant import Usual
from ..simulation.runner import Runner
from ..store import accounts, tenants
from ..store.accounts import Account
from ..store.database import Store
from ..store.tenants import Tenant
from .errors import ControlError, gone
from .shapes.primitives import PATTERNS

T = TypeVar("T")

LARGEST_BODY = 1 << 20
"""Bytes, of most operations."""


@dataclass(frozen=True)
class Desk:
    """What the control API works with."""

    store: Store
    runner: Runner
    journal: Journal
    defaults: Usual
    facts: Mapping[str, Any]
    """What `GET /info` tells: version and addresses."""

    welcome: Callable[[Connection, str, str], None] | None = None
    """Makes an account of a key that nobody has and its secret, where any key is welcome."""

    replay: Callable[[Any], Awaitable[Any]] = field(kw_only=True)
    """Makes a document's calls again, and answers the document of what came of them."""


@dataclass(frozen=True)
class Call:
    """A call of the control API: on whose behalf, in an open transaction."""

    desk: Desk
    db: Connection
    account: Account
    tenant: Tenant
    real: datetime = field(default_factory=real_now)

    @property
    def now(self) -> datetime:
        """The tenant's time."""
        return self.tenant.clock.now(self.real)


@dataclass(frozen=True)
class Later:
    """The same, for an operation that waits: it opens transactions itself."""

    desk: Desk
    account: Account
    tenant: Tenant
    receive: Receive
    """What else comes from the client: that it went away."""

    async def do(self, work: Callable[[Call], T]) -> T:
        """Do something in a transaction, with the tenant as it is by then."""
        return await self.desk.store.run(partial(self._work, work=work))

    async def insist(self, work: Callable[[Call], T]) -> T:
        """The same, for something that takes all of a tenant away from whoever uses it."""
        return await self.desk.store.insist(partial(self._work, work=work))

    def _work(self, db: Connection, work: Callable[[Call], T]) -> T:
        account = accounts.read(db, self.tenant.id, self.account.id)
        tenant = tenants.read(db, self.tenant.id)
        if account is None or tenant is None:
            raise gone()
        return work(Call(self.desk, db, account, tenant))


class Streamed(NamedTuple):
    """An event of a stream: its name, what it tells, and the id to resume behind; without a name, a sign of life."""

    name: str
    data: Any = None
    id: int | None = None


@dataclass(frozen=True)
class Operation:
    """One operation: `status` is that of its success, `largest` the most bytes its body may have. One that `streams`
    answers events until somebody goes."""

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
    largest: int

    @property
    def name(self) -> str:
        return self.run.__name__

    def arguments(self, path: Mapping[str, str], query: Mapping[str, str], raw: bytes) -> dict[str, Any]:
        """What the request gives the function; ControlError where it does not fit."""
        found: dict[str, Any] = {}
        for name, kind in self.in_path.items():
            try:
                found[name] = msgspec.convert(path[name], kind, strict=False)
            except msgspec.ValidationError:
                raise ControlError("not_found", f"There is no {name} {path[name][:80]!r}.") from None
        try:
            if self.query is not None:
                found["query"] = msgspec.convert(query, self.query, strict=False)
            if self.body is not None:
                found["body"] = msgspec.json.decode(raw or b"{}", type=self.body)
        except msgspec.ValidationError as why:
            raise ControlError("invalid", f"{in_words(str(why))}.") from why
        except (msgspec.DecodeError, UnicodeDecodeError) as why:
            raise ControlError("bad_body", f"The body is not JSON: {why}.") from why
        except RecursionError as why:
            raise ControlError("bad_body", "The body is nested too deep.") from why
        return found


def in_words(complaint: str) -> str:
    """A complaint about a value, without the regular expressions it is given with."""
    for pattern, words in PATTERNS.items():
        complaint = complaint.replace(f"matching regex {pattern!r}", words)
    return complaint


def operation(
    verb: str, path: str, status: int = 200, largest: int = LARGEST_BODY
) -> Callable[[Callable[..., Any]], Operation]:
    """Declare an operation; its words come from the docstring."""

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
            largest=largest,
        )

    return declare
