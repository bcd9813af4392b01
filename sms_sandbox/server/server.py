"""The application on its sockets: HTTPS for the API, plain HTTP for the page and control."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

import uvicorn
from uvicorn.server import ServerState

from ..app import Addresses, Sandbox, create_app
from ..settings import Settings, reachable_name
from ..store.schema import open_store
from . import certificates as tls
from .listener import Door, Protocol

PARTING = 0.8
"""Seconds that calls get to end when everything stops; less than the callbacks they may wait for."""

LAST_WORDS = 0.3
"""Seconds for what is left then: calls that were cut off, and answers on their way."""


class ServerError(Exception):
    """The server can't start; the message is one sentence."""


@dataclass(frozen=True)
class Ready:
    """Where a server that accepts connections is found, and what a client needs."""

    https: str
    http: str
    ca: str
    ca_bundle: str
    key: str
    secret: str
    pid: int
    control_token: str | None


class Server:
    """The sandbox on its two sockets, in the event loop that runs `run`."""

    def __init__(self, settings: Settings, *, owns_process: bool = False) -> None:
        """Open the store, the certificates and the sockets. Raises ServerError, StoreError, CertificateError,
        SeedError."""
        self._sockets: list[socket.socket] = []
        try:
            certificates = tls.ensure(Path(settings.certs), settings.cert_host)
            context = tls.server_context(certificates)
            self._sockets.append(bind(settings.host, settings.https_port, "--https-port"))
            self._sockets.append(bind(settings.host, settings.http_port, "--http-port"))
            https_port, http_port = (each.getsockname()[1] for each in self._sockets)
            store = open_store(settings.database)
            name = reachable_name(settings.host)
            addresses = Addresses(
                f"https://{name}:{https_port}", f"http://{name}:{http_port}", certificates.ca, certificates.ca_bundle
            )
            try:
                self.app = create_app(settings, store, addresses, owns_process=owns_process)
            except BaseException:
                store.close()
                raise
        except BaseException:
            self._close_sockets()
            raise
        self._context = context
        self._config = uvicorn.Config(
            self.app, http=Protocol, ws="none", lifespan="off", access_log=False, log_config=None, proxy_headers=False,
            timeout_keep_alive=75,
        )  # fmt: skip
        self._config.load()
        self._state = ServerState()
        self._stopping = asyncio.Event()

    def ready(self, pid: int) -> Ready:
        sandbox = self.sandbox
        where = sandbox.addresses
        return Ready(
            where.https, where.http, str(where.ca), str(where.ca_bundle), sandbox.key, sandbox.secret, pid,
            sandbox.token,
        )  # fmt: skip

    @property
    def sandbox(self) -> Sandbox:
        """What the application is made of."""
        sandbox: Sandbox = self.app.state.sandbox
        return sandbox

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Serve until `stop`; `on_ready` is called once connections are accepted."""
        https, http = self._sockets
        try:
            await self.sandbox.start()
            dating = asyncio.create_task(self._date())
            door = Door(https, self._context, self._protocol)
            plain = await asyncio.get_running_loop().create_server(self._protocol, sock=http)
            try:
                on_ready()
                await self._stopping.wait()
            finally:
                plain.close()
                await door.close()
                await self._part()
                dating.cancel()
        finally:
            self._close_sockets()

    def stop(self) -> None:
        """Ask `run` to end; call it from the same event loop."""
        self._stopping.set()

    def _protocol(self) -> Protocol:
        return Protocol(config=self._config, server_state=self._state, app_state={})

    async def _date(self) -> None:
        """Keep the Date header of every answer right."""
        while True:
            self._state.default_headers = [(b"date", formatdate(usegmt=True).encode())]
            await asyncio.sleep(1 - time.time() % 1)

    async def _part(self) -> None:
        """Let calls and callbacks under way end, but not for long."""
        for connection in list(self._state.connections):
            connection.shutdown()
        self.sandbox.end_waits()
        await self._end_calls()
        await self.sandbox.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                while any(not each.transport.is_closing() or each.transport.get_write_buffer_size()
                          for each in self._state.connections):  # fmt: skip
                    await asyncio.sleep(0.01)
        for connection in list(self._state.connections):
            connection.transport.abort()

    async def _end_calls(self) -> None:
        if calls := list(self._state.tasks):
            _, late = await asyncio.wait(calls, timeout=PARTING)
            for call in late:
                call.cancel()
            if late:
                await asyncio.wait(late, timeout=LAST_WORDS)

    def _close_sockets(self) -> None:
        for each in self._sockets:
            each.close()


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, where there is one."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def bind(host: str, port: int, flag: str) -> socket.socket:
    """A listening socket; ServerError where the port can't be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # asyncio spares a connection the delay of small packets only where the protocol is named.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as why:
        raise ServerError(f"Can't listen on {host}: {why.strerror or why}.") from why
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(1024)
    except OSError as why:
        listening.close()
        raise ServerError(f"Can't listen on {host} port {port}: {why.strerror}. {flag} takes another, or 0.") from why
    return listening
