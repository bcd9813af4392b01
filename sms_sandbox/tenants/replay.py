"""Replays of a document's calls in a new tenant with the same seed.

The clock is frozen, and each call is made at its moment.

The tenant lives in a separate database in memory, so that keys, links and ids are the same as the first time. No
callbacks are sent: an attempt ends as it did the first time, and an additional one succeeds.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.types import Scope

from ..api.errors import Code
from ..api.gate import Gate
from ..api.routes import Api
from ..control.documents import check_document, export_document
from ..control.errors import ControlError
from ..control.shapes.documents import Document
from ..domain import credentials
from ..domain.clock import Clock, from_micros
from ..domain.faults import magic_suffix_of
from ..journal import queries
from ..journal.entries import CALL, INBOUND, MAX_VALUE_CHARS
from ..journal.queries import EntryFilter
from ..journal.writer import JournalWriter
from ..services import ledger, new_tenant
from ..simulation.callbacks.http_client import CallbackClient, CallbackRequest, FetchError
from ..simulation.inbound import receive
from ..simulation.runner import Runner
from ..store import accounts, ids, tenant_rows, tenants, transactions
from ..store.accounts import NewAccount
from ..store.callbacks import Outcome
from ..store.database import Store
from ..store.real_time import real_now
from ..store.schema import open_store
from ..store.tenant_rows import Row, Tables
from ..store.tenants import NewTenant

_MAX_TRAFFIC_ENTRIES = 10_000_000

_ACCOUNT_FIELDS = (
    "key", "secret", "name", "currency", "price", "throttle", "page_size", "contact", "email", "msisdn", "timezone",
)  # fmt: skip
"""Columns that the first account is created with."""

_ACCOUNT_SETTINGS = ("dlr_url", "reply_url", "link_hits_url", "credit_based", "global_optouts", "reseller")
"""Columns of the first account that the control API sets. A replay has their last values from the start."""

_UNKNOWN_CREDENTIALS = "nobody", "nothing"
"""Credentials of no account."""

_DELIVERED: Row = {"status": 200, "error": None, "answer": ""}
"""The outcome of an attempt that was not made the first time."""


async def replay(document: Document) -> Document:
    """Repeat the calls of a document, and return the new tenant's document.

    Raises ControlError if the document is not valid or its traffic is not complete.
    """
    rows = check_document(document)
    _check_complete(rows)
    store = open_store("sqlite://")
    try:
        attempts = {(row["callback"], row["number"]): row for row in rows["attempts"]}
        replayer = _Replayer(store, Runner(store, _RecordedClient(attempts)), document, rows)
        try:
            await replayer.run()
        finally:
            await replayer.stop()
        replayed = await store.run_aside(lambda db: export_document(db, replayer.tenant, real_now()))
        assert replayed is not None
        return replayed
    finally:
        store.close()


def _check_complete(rows: Tables) -> None:
    """Raise ControlError unless the traffic has every call, with its whole request."""
    entries = rows["traffic"]
    next_id = next((row["value"] for row in rows["counters"] if row["kind"] == "traffic"), ids.FIRST["traffic"])
    missing = next_id - ids.FIRST["traffic"] - len(entries)  # type: ignore[operator]
    if missing:
        raise ControlError(
            "conflict", f"The document cannot be replayed: {missing} traffic entries were dropped or cleared."
        )
    for index, row in enumerate(entries):
        if row["cut"] and row["kind"] in (CALL, INBOUND) and len(str(row["request"])) >= MAX_VALUE_CHARS:
            raise ControlError(
                "conflict", f"document.tables.traffic[{index}]: the request was too long to be kept completely."
            )


class _RecordedClient(CallbackClient):
    """Sends nothing, and repeats the recorded outcome of each attempt."""

    def __init__(self, attempts: Mapping[tuple[Any, Any], Row]) -> None:
        super().__init__()
        self._attempts = attempts

    async def send(self, request: CallbackRequest) -> Outcome:
        row = self._attempts.get((request.callback, request.number), _DELIVERED)
        status, error, answer = (row[name] for name in ("status", "error", "answer"))
        return Outcome(
            request.tenant, request.callback, request.number, request.began, request.at,
            status, error, 0, answer,  # type: ignore[arg-type]
        )  # fmt: skip

    async def fetch(self, url: str, take: Callable[[bytes], object]) -> None:  # noqa: ARG002 (overrides)
        raise FetchError("a replay fetches nothing")


class _Replayer:
    """Makes the calls of a document again in a new tenant."""

    def __init__(self, store: Store, runner: Runner, document: Document, rows: Tables) -> None:
        self._store = store
        self._runner = runner
        self._document = document
        self._rows = rows
        self._journal = JournalWriter(store, _MAX_TRAFFIC_ENTRIES)
        self._api = Api(store, None, gate=Gate(throttles=False))
        self._credits = sorted(_credits(rows), key=lambda row: (row["created"], row["id"]))
        self._received: Counter[tuple[Any, Any]] = Counter()
        self.tenant = 0

    async def run(self) -> None:
        """Create the tenant, and repeat its traffic."""
        await self._store.run(self._create_tenant)
        for row in self._rows["traffic"]:
            if row["kind"] not in (CALL, INBOUND) or row["code"] == Code.OVER_LIMIT.name:
                continue
            await self._advance(_moment(row["at"]))
            if row["kind"] == CALL:
                await self._call(row)
            else:
                await self._journal.flush()
                await self._store.run(partial(self._receive, row=row))
            await asyncio.sleep(0)
        await self._advance(self._document.tenant.clock.now)
        await self._journal.flush()

    async def stop(self) -> None:
        """Stop the journal and the runner."""
        await self._journal.stop()
        await self._runner.stop()

    def _create_tenant(self, db: Connection) -> None:
        recorded = self._document.tenant
        start = min([recorded.created, *(_moment(row["at"]) for row in self._rows["traffic"])])
        tenant = NewTenant(
            recorded.name, recorded.seed, recorded.profile, timedelta(seconds=recorded.delivery_seconds),
            recorded.strict_senders, Clock(frozen_at=start),
        )  # fmt: skip
        own = min(self._rows["accounts"], key=lambda row: row["parent"] is not None)
        given: dict[str, Any] = {name: own[name] for name in _ACCOUNT_FIELDS}
        account = NewAccount(**given, balance=_opening_balance(self._rows, own["id"]))
        self.tenant = new_tenant.create(db, tenant, account, real_now()).id
        accounts.change(db, self.tenant, ids.FIRST["account"], {name: own[name] for name in _ACCOUNT_SETTINGS})
        tenant_rows.add(db, self.tenant, "rules", [{**row, "seen": 0, "used": 0} for row in self._rows["rules"]])
        sender_ids = [row for row in self._rows["sender_ids"] if row["account"] == own["id"]]
        tenant_rows.add(db, self.tenant, "sender_ids", sender_ids)
        if self._rows["rules"]:
            last_id = max(row["id"] for row in self._rows["rules"])  # type: ignore[type-var]
            ids.take(db, self.tenant, "rule", last_id - ids.FIRST["rule"] + 1)  # type: ignore[operator]

    async def _advance(self, to: datetime) -> None:
        """Advance the clock, and book the credit that no call caused until then."""
        tenant = await self._store.run(lambda db: tenants.read(db, self.tenant))
        assert tenant is not None
        now = tenant.clock.now(real_now())
        await self._runner.advance(self.tenant, to=max(to, now))
        await self._store.run(lambda db: self._book_credits(db, to))

    def _book_credits(self, db: Connection, until: datetime) -> None:
        for row in list(self._credits):
            at, account = _moment(row["created"]), row["account"]
            if at > until:
                return
            if accounts.read(db, self.tenant, account) is not None:
                self._credits.remove(row)
                ledger.book(db, self.tenant, account, row["amount"], row["type_id"], row["description"], at)

    async def _call(self, row: Row) -> None:
        form = urlencode(json.loads(str(row["request"])), errors="surrogateescape").encode()
        in_query = row["verb"] in ("GET", "HEAD")
        key, secret = await self._store.run(lambda db: self._credentials(db, row))
        headers = [(b"content-type", b"application/x-www-form-urlencoded")]
        if row["code"] != Code.AUTH_FAILED_NO_DATA.name:
            headers.append((b"authorization", credentials.to_basic(key, secret).encode()))
        scope: Scope = {
            "type": "http",
            "http_version": "1.1",
            "method": row["verb"],
            "path": row["url"],
            "query_string": form if in_query else b"",
            "headers": headers,
            "scheme": "https",
        }
        await self._api.carry_out(scope, b"" if in_query else form)

    def _credentials(self, db: Connection, row: Row) -> tuple[str, str]:
        """Return credentials that give the recorded call's result."""
        account = accounts.read(db, self.tenant, row["account"]) if row["account"] else None  # type: ignore[arg-type]
        if account is None:
            return _UNKNOWN_CREDENTIALS
        suffix = magic_suffix_of(str(row["rule"]))
        key = f"{account.key}-{suffix}" if suffix else account.key
        failed = row["code"] == Code.AUTH_FAILED.name
        return key, _UNKNOWN_CREDENTIALS[1] if failed else account.secret or ""

    def _receive(self, db: Connection, row: Row) -> None:
        """Receive a recorded message of a handset, unless the replay itself has already caused it.

        Carrier rules and message-reply cause such messages.
        """
        request: dict[str, str] = json.loads(str(row["request"]))
        at, tenant = _moment(row["at"]), tenants.read(db, self.tenant)
        assert tenant is not None
        self._received[row["at"], row["request"]] += 1
        same = EntryFilter(kind=INBOUND, since=at, until=at, params=request)
        if queries.count(db, self.tenant, same) < self._received[row["at"], row["request"]]:
            with suppress(receive.UnreachableError):
                receive.receive(db, tenant, at, request["from"], request.get("to"), request["text"])


def _moment(micros: Any) -> datetime:
    return from_micros(micros)


def _opening_balance(rows: Tables, account: Any) -> int:
    """Return the balance that an account was created with."""
    amounts = (
        row["amount"]
        for row in rows["transactions"]
        if row["account"] == account and row["description"] == accounts.OPENING
    )
    return next(amounts, 0)  # type: ignore[return-value]


def _credits(rows: Tables) -> Iterator[Any]:
    """Yield the transactions that no call caused: credit bought, and balances that the control API set."""
    for row in rows["transactions"]:
        if row["type_id"] in (transactions.TOP_UP, transactions.FEE) and row["description"] != accounts.OPENING:
            yield row
