"""A receiver of callbacks, a runner, and a client of the API."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from ssl import SSLContext
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from sqlalchemy import Connection

from sms_sandbox.api.routes import Api
from sms_sandbox.domain.clock import Clock
from sms_sandbox.simulation.callbacks.http_client import CallbackClient
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import tenants, timeline
from sms_sandbox.store.timeline import Plan
from tests.conftest import KEY, SECRET, FreshTenant, wire
from tests.store.example_rows import HANDSETS, NOON
from tests.timing import DEADLINE_SECONDS


@dataclass(frozen=True)
class Request:
    """A received request; header names are in lower case."""

    verb: str
    target: str
    headers: dict[str, str]

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def params(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)


class RequestCount:
    """Counts requests that a receiver answers at the same time. Each takes a moment."""

    def __init__(self) -> None:
        self._under_way = 0
        self.largest = 0

    async def __call__(self, _: Request) -> None:
        self._under_way += 1
        self.largest = max(self.largest, self._under_way)
        await asyncio.sleep(0.01)
        self._under_way -= 1


@dataclass
class Behaviour:
    """The behaviour of the receiver on a path."""

    statuses: list[int] = field(default_factory=lambda: [200])
    """One for each request; the last one is repeated."""
    delay: float = 0.0
    body: bytes = b"OK"
    headers: tuple[str, ...] = ()
    trick: str = ""
    """endless: the body never ends; drip: it stops; reset: no response; garbage: not HTTP."""


class Receiver:
    """A user's app: it records callbacks, and behaves as set for each path."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.behaviours: dict[str, Behaviour] = {}
        self.on_request: Callable[[Request], Awaitable[None]] | None = None
        self.origin = ""
        self._answered: dict[str, int] = {}

    def url(self, path: str = "/hook", **behaviour: Any) -> str:
        """Return the URL of a path, and set the behaviour of the path."""
        if behaviour:
            self.behaviours[path] = Behaviour(**behaviour)
        return f"{self.origin}{path}"

    def at(self, path: str) -> list[Request]:
        return [each for each in self.requests if each.path == path]

    @asynccontextmanager
    async def listening(self, ssl: SSLContext | None = None) -> AsyncIterator[int]:
        """Listen on a port of this machine."""
        tasks: set[asyncio.Task[None]] = set()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(self._serve(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=ssl)
        yield server.sockets[0].getsockname()[1]
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                while await self._answer(await self._read(reader), writer):
                    pass
        finally:
            writer.close()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(1):
                    await writer.wait_closed()

    @staticmethod
    async def _read(reader: asyncio.StreamReader) -> Request:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        verb, target, _ = head[0].split(" ")
        pairs = (line.partition(": ") for line in head[1:] if line)
        return Request(verb, target, {name.lower(): value for name, _, value in pairs})

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Return True if the connection stays open."""
        self.requests.append(request)
        behaviour = self.behaviours.get(request.path, Behaviour())
        if self.on_request is not None:
            await self.on_request(request)
        await asyncio.sleep(behaviour.delay)
        if behaviour.trick == "reset":
            writer.transport.abort()
            return False
        if behaviour.trick == "garbage":
            writer.write(b"SSH-2.0-what\r\n\r\n")
            return False
        count = self._answered[request.path] = self._answered.get(request.path, 0) + 1
        status = behaviour.statuses[min(count, len(behaviour.statuses)) - 1]
        length = "" if behaviour.trick else f"Content-Length: {len(behaviour.body)}\r\n"
        extra = "".join(f"{line}\r\n" for line in behaviour.headers)
        writer.write(f"HTTP/1.1 {status} Said\r\n{length}{extra}\r\n".encode() + behaviour.body)
        await writer.drain()
        while behaviour.trick == "endless":
            writer.write(b"x" * 65536)
            await writer.drain()
        if behaviour.trick == "drip":
            await asyncio.sleep(60)
        return True


@pytest.fixture
async def receiver(anyio_backend: str) -> AsyncIterator[Receiver]:
    made = Receiver()
    async with made.listening() as port:
        made.origin = f"http://127.0.0.1:{port}"
        yield made


@pytest.fixture
async def runner(fresh: FreshTenant) -> AsyncIterator[Runner]:
    """A runner that only advances clocks; after `start` it runs in real time, too."""
    made = Runner(fresh.store, CallbackClient())
    yield made
    await made.stop()


class Client:
    """A client of the API on the event loop of the test."""

    def __init__(self, fresh: FreshTenant, key: str = KEY, secret: str = SECRET) -> None:
        transport = httpx2.ASGITransport(app=Api(fresh.store, None))
        self.http = httpx2.AsyncClient(transport=transport, base_url="https://localhost", auth=(key, secret))

    async def __call__(self, method: str, **params: Any) -> Any:
        return (await self.http.post(f"/{method}.json", data=wire(params))).json()

    async def ok(self, method: str, **params: Any) -> Any:
        reply = await self(method, **params)
        assert reply["error"]["code"] == "SUCCESS", reply
        return reply

    async def send(self, count: int = 1, **params: Any) -> int:
        """Send a message to a number of handsets, and return its id."""
        reply = await self.ok("send-sms", message="Hello", to=",".join(HANDSETS[:count]), **params)
        return int(reply["message_id"])


@pytest.fixture
async def call(fresh: FreshTenant) -> AsyncIterator[Client]:
    made = Client(fresh)
    yield made
    await made.http.aclose()


@pytest.fixture
def still(fresh: FreshTenant) -> FreshTenant:
    """A fresh tenant whose clock is frozen at noon."""
    set_clock(fresh, Clock(frozen_at=NOON))
    return fresh


@pytest.fixture
def quick(fresh: FreshTenant) -> FreshTenant:
    """A fresh tenant with a delivery delay of 20 ms."""
    with fresh.store.begin() as db:
        tenants.change(db, fresh.tenant, {"delivery_delay": 20_000})
    return fresh


def set_clock(fresh: FreshTenant, clock: Clock) -> None:
    with fresh.store.begin() as db:
        tenants.set_clock(db, fresh.tenant, clock)


def clock_of(db: Connection, tenant: int) -> Clock:
    row = tenants.read(db, tenant)
    assert row is not None
    return row.clock


async def until(condition: Callable[[], bool], seconds: float = DEADLINE_SECONDS) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def schedule_unknown(fresh: FreshTenant, due: datetime, count: int) -> None:
    """Schedule events of a kind that has no handler."""
    with fresh.store.begin() as db:
        timeline.schedule(db, fresh.tenant, [Plan(due, "unknown", ref) for ref in range(count)])
