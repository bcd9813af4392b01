"""An app to be called back, a runner to call it, and a client of the API beside them."""

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
from tests.store.making import HANDSETS, NOON


@dataclass(frozen=True)
class Request:
    """A request as it came over the wire; header names are in lower case."""

    verb: str
    target: str
    headers: dict[str, str]

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def params(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)


@dataclass
class Manner:
    """How the receiver behaves on a path."""

    statuses: list[int] = field(default_factory=lambda: [200])
    """One for each request; the last one for all that follow."""
    delay: float = 0.0
    body: bytes = b"OK"
    headers: tuple[str, ...] = ()
    trick: str = ""
    """endless: a body that does not end; drip: one that does not go on; reset: no answer; garbage: not HTTP."""


class Receiver:
    """A user's app, as far as callbacks go: it records what comes, and answers as it is told for each path."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.manners: dict[str, Manner] = {}
        self.on_request: Callable[[Request], Awaitable[None]] | None = None
        self.origin = ""
        self._answered: dict[str, int] = {}

    def url(self, path: str = "/hook", **manner: Any) -> str:
        """The address of a path, which behaves as is said from now on."""
        if manner:
            self.manners[path] = Manner(**manner)
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
        """Whether the connection goes on."""
        self.requests.append(request)
        manner = self.manners.get(request.path, Manner())
        if self.on_request is not None:
            await self.on_request(request)
        await asyncio.sleep(manner.delay)
        if manner.trick == "reset":
            writer.transport.abort()
            return False
        if manner.trick == "garbage":
            writer.write(b"SSH-2.0-what\r\n\r\n")
            return False
        count = self._answered[request.path] = self._answered.get(request.path, 0) + 1
        status = manner.statuses[min(count, len(manner.statuses)) - 1]
        length = "" if manner.trick else f"Content-Length: {len(manner.body)}\r\n"
        extra = "".join(f"{line}\r\n" for line in manner.headers)
        writer.write(f"HTTP/1.1 {status} Said\r\n{length}{extra}\r\n".encode() + manner.body)
        await writer.drain()
        while manner.trick == "endless":
            writer.write(b"x" * 65536)
            await writer.drain()
        if manner.trick == "drip":
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
    """A runner that only does what it is told to; `start` makes it run by itself."""
    made = Runner(fresh.store, CallbackClient())
    yield made
    await made.stop()


class Client:
    """Calls the API as a client does, on the loop of the test."""

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
        """Send a message to so many handsets; its id."""
        reply = await self.ok("send-sms", message="Hello", to=",".join(HANDSETS[:count]), **params)
        return int(reply["message_id"])


@pytest.fixture
async def call(fresh: FreshTenant) -> AsyncIterator[Client]:
    made = Client(fresh)
    yield made
    await made.http.aclose()


@pytest.fixture
def still(fresh: FreshTenant) -> FreshTenant:
    """A fresh tenant whose clock stands at noon."""
    set_clock(fresh, Clock(frozen_at=NOON))
    return fresh


@pytest.fixture
def quick(fresh: FreshTenant) -> FreshTenant:
    """A fresh tenant where messages are delivered almost at once."""
    with fresh.store.begin() as db:
        tenants.change(db, fresh.tenant, {"delivery_delay": 20_000})
    return fresh


def set_clock(fresh: FreshTenant, clock: Clock) -> None:
    with fresh.store.begin() as db:
        tenants.set_clock(db, fresh.tenant, clock)


def clock_of(db: Connection, tenant: int) -> Clock:
    there = tenants.read(db, tenant)
    assert there is not None
    return there.clock


async def until(true: Callable[[], bool], within: float = 10.0) -> None:
    """Wait for something that happens by itself; a generous bound, which only a failure reaches."""
    async with asyncio.timeout(within):
        while not true():
            await asyncio.sleep(0.01)


def strange(fresh: FreshTenant, due: datetime, count: int) -> None:
    """Put things on the timeline that nobody knows how to run."""
    with fresh.store.begin() as db:
        timeline.schedule(db, fresh.tenant, [Plan(due, "strange", ref) for ref in range(count)])
