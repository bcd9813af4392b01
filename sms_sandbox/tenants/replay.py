"""A document's calls made again, in a world of their own: same seed, same start, and a clock that stands.

The world lives in memory beside the server's own, so that keys, links and ids are those of the first time, and nobody
is called: a callback ends as it did the first time, and one that was not made then is answered.
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
from ..domain.clock import Clock, from_micros, real_now
from ..domain.faults import magic_suffix_of
from ..journal import queries
from ..journal.entries import CALL, INBOUND, LONGEST_VALUE
from ..journal.queries import Wanted
from ..journal.writer import Journal
from ..services import ledger, new_tenant
from ..simulation.callbacks.http_client import CallbackClient, CallbackRequest, FetchError
from ..simulation.inbound import receive
from ..simulation.runner import Runner
from ..store import accounts, ids, tenant_rows, tenants, transactions
from ..store.accounts import NewAccount
from ..store.callbacks import Outcome
from ..store.database import Store
from ..store.schema import open_store
from ..store.tenant_rows import Row, Tables
from ..store.tenants import NewTenant

MOST = 10_000_000
"""Entries that the new world's journal may have."""

SETTINGS = ("dlr_url", "reply_url", "link_hits_url", "credit_based", "global_optouts", "reseller")
"""Columns of the first account that control sets, and that hold from the start."""

ANYBODY = "nobody", "nothing"
"""Credentials that are no account's."""


class _RecordedClient(CallbackClient):
    """Sends nothing, and repeats the recorded outcome of each attempt."""

    def __init__(self, attempts: Mapping[tuple[Any, Any], Row]) -> None:
        super().__init__()
        self._attempts = attempts

    async def send(self, request: CallbackRequest) -> Outcome:
        row = self._attempts.get((request.callback, request.number), _DELIVERED)
        status, error, answer = (row[name] for name in ("status", "error", "answer"))
        return Outcome(
            request.tenant, request.callback, request.number, request.at, status, error, 0, answer  # type: ignore[arg-type]
        )  # fmt: skip

    async def fetch(self, url: str, take: Callable[[bytes], object]) -> None:  # noqa: ARG002 (overrides)
        raise FetchError("a replay fetches nothing")


_DELIVERED: Row = {"status": 200, "error": None, "answer": ""}
"""The outcome of an attempt that was not made the first time."""


async def replay(document: Document) -> Document:
    """Make the calls of a document again, each at its moment, and answer the document of the world they make.

    Raises ControlError for a document that can't become a world, or whose traffic is not whole.
    """
    rows = check_document(document)
    check_whole(rows)
    store = open_store("sqlite://")
    try:
        attempts = {(row["callback"], row["number"]): row for row in rows["attempts"]}
        player = Player(store, Runner(store, _RecordedClient(attempts)), document, rows)
        try:
            await player.play()
        finally:
            await player.stop()
        found = await store.run(lambda db: export_document(db, player.tenant, real_now()))
        assert found is not None
        return found
    finally:
        store.close()


def check_whole(rows: Tables) -> None:
    """Raise ControlError unless every call that was made is told of, and to its last word."""
    entries = rows["traffic"]
    noted = next((row["value"] for row in rows["counters"] if row["kind"] == "traffic"), ids.FIRST["traffic"])
    lost = noted - ids.FIRST["traffic"] - len(entries)  # type: ignore[operator]
    if lost:
        raise ControlError("conflict", f"{lost} entries of the traffic were dropped or cleared: it can't be replayed.")
    for index, row in enumerate(entries):
        if row["cut"] and row["kind"] in (CALL, INBOUND) and len(str(row["request"])) >= LONGEST_VALUE:
            raise ControlError("conflict", f"document.tables.traffic[{index}]: it was too long to be kept whole.")


class Player:
    """A world in which the calls of a document are made again."""

    def __init__(self, store: Store, runner: Runner, document: Document, rows: Tables) -> None:
        self._store = store
        self._runner = runner
        self._document = document
        self._rows = rows
        self._journal = Journal(store, MOST)
        self._api = Api(store, None, gate=Gate(store, throttles=False))
        self._owed = sorted(credits(rows), key=lambda row: (row["created"], row["id"]))
        self._heard: Counter[tuple[Any, Any]] = Counter()
        self.tenant = 0

    async def play(self) -> None:
        """Make the world, and everything happen in it that happened."""
        await self._store.run(self._found)
        for row in self._rows["traffic"]:
            if row["kind"] not in (CALL, INBOUND) or row["code"] == Code.OVER_LIMIT.name:
                continue
            await self._go_on(moment(row["at"]))
            if row["kind"] == CALL:
                await self._call(row)
            else:
                await self._journal.flush()
                await self._store.run(partial(self._write_in, row=row))
            await asyncio.sleep(0)
        await self._go_on(self._document.tenant.clock.now)
        await self._journal.flush()

    async def stop(self) -> None:
        await self._journal.stop()
        await self._runner.stop()

    def _found(self, db: Connection) -> None:
        kept = self._document.tenant
        told = [moment(row["at"]) for row in self._rows["traffic"]]
        start = min([kept.created, *told])
        new = NewTenant(
            kept.name, kept.seed, kept.profile, timedelta(seconds=kept.delivery_seconds), kept.strict_senders,
            Clock(frozen_at=start),
        )  # fmt: skip
        own = min(self._rows["accounts"], key=lambda row: row["parent"] is not None)
        given: dict[str, Any] = {name: own[name] for name in OF_AN_ACCOUNT}
        self.tenant = new_tenant.found(
            db, new, NewAccount(**given, balance=opening(self._rows, own["id"])), real_now()
        ).id
        accounts.change(db, self.tenant, ids.FIRST["account"], {name: own[name] for name in SETTINGS})
        tenant_rows.add(db, self.tenant, "rules", [{**row, "seen": 0, "used": 0} for row in self._rows["rules"]])
        words = [row for row in self._rows["sender_ids"] if row["account"] == own["id"]]
        tenant_rows.add(db, self.tenant, "sender_ids", words)
        if self._rows["rules"]:
            greatest = max(row["id"] for row in self._rows["rules"])  # type: ignore[type-var]
            ids.take(db, self.tenant, "rule", greatest - ids.FIRST["rule"] + 1)  # type: ignore[operator]

    async def _go_on(self, to: datetime) -> None:
        """Let time pass up to a moment, and money arrive that no call brought."""
        found = await self._store.run(lambda db: tenants.read(db, self.tenant))
        assert found is not None
        now = found.clock.now(real_now())
        await self._runner.advance(self.tenant, to=max(to, now))
        await self._store.run(lambda db: self._credit(db, to))

    def _credit(self, db: Connection, until: datetime) -> None:
        for row in list(self._owed):
            at, account = moment(row["created"]), row["account"]
            if at > until:
                return
            if accounts.read(db, self.tenant, account) is not None:
                self._owed.remove(row)
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
            "method": row["verb"],
            "path": row["url"],
            "query_string": form if in_query else b"",
            "headers": headers,
            "scheme": "https",
        }
        await self._api.carry_out(scope, b"" if in_query else form)

    def _credentials(self, db: Connection, row: Row) -> tuple[str, str]:
        """What a call said who it was."""
        account = accounts.read(db, self.tenant, row["account"]) if row["account"] else None  # type: ignore[arg-type]
        if account is None:
            return ANYBODY
        suffix = magic_suffix_of(str(row["rule"]))
        key = f"{account.key}-{suffix}" if suffix else account.key
        wrong = row["code"] == Code.AUTH_FAILED.name
        return key, ANYBODY[1] if wrong else account.secret or ""

    def _write_in(self, db: Connection, row: Row) -> None:
        """Let a handset write, unless it did by itself, as after message-reply or by a rule of the carrier."""
        request: dict[str, str] = json.loads(str(row["request"]))
        at, tenant = moment(row["at"]), tenants.read(db, self.tenant)
        assert tenant is not None
        self._heard[row["at"], row["request"]] += 1
        wanted = Wanted(kind=INBOUND, since=at, until=at, params=request)
        if queries.count(db, self.tenant, wanted) < self._heard[row["at"], row["request"]]:
            with suppress(receive.UnreachableError):
                receive.receive(db, tenant, at, request["from"], request.get("to"), request["text"])


OF_AN_ACCOUNT = (
    "key", "secret", "name", "currency", "price", "throttle", "page_size", "contact", "email", "msisdn", "timezone",
)  # fmt: skip
"""What the first account is made with."""


def moment(micros: Any) -> datetime:
    return from_micros(micros)


def opening(rows: Tables, account: Any) -> int:
    """What an account began with."""
    first = (row for row in rows["transactions"] if row["account"] == account)
    return next((row["amount"] for row in first if row["description"] == accounts.OPENING), 0)  # type: ignore[return-value]


def credits(rows: Tables) -> Iterator[Any]:
    """Transactions that no call made: credit bought, and balances set by control."""
    for row in rows["transactions"]:
        if row["type_id"] in (transactions.TOP_UP, transactions.FEE) and row["description"] != accounts.OPENING:
            yield row
