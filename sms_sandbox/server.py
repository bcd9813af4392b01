"""The application on its sockets: HTTPS for the API, plain HTTP for the page and control."""

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from . import tls
from .app import App
from .settings import Settings
from .store.opening import open_store

HANDSHAKE = 10.0
"""Seconds that a connection may take to say its first byte, and to shake hands."""

TLS_HANDSHAKE = 0x16
"""The first byte of a TLS connection."""

_PLAIN = (
    b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Type: text/html\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s"
)
_PLAIN_PAGE = (
    b"<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>\r\n<body>\r\n"
    b"<center><h1>400 Bad Request</h1></center>\r\n"
    b"<center>The plain HTTP request was sent to HTTPS port</center>\r\n</body>\r\n</html>\r\n"
)


class ServerError(Exception):
    """The server can't start; the message is one sentence."""


class Protocol(HttpToolsProtocol):
    """uvicorn's, and forgiving to a client whose base64 routine leaves a line feed at the end of its Authorization."""

    # The line feed stands before the line's own end, where it would end all headers, or in place of it.
    _STRAY = re.compile(rb"(\r\nauthorization:[^\r\n]*)\n(?=\r\n(?:\r\n|[!-9;-~]+:))", re.IGNORECASE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=True)

    def data_received(self, data: bytes) -> None:
        super().data_received(self._STRAY.sub(rb"\1", data) if self._in_head(data) else data)

    def _in_head(self, data: bytes) -> bool:
        return (self.cycle is None or self.cycle.response_complete) and b"\n\r\n" in data


class Listener(uvicorn.Server):
    """A uvicorn server that leaves signals to us and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


class TlsListener(Listener):
    """Looks at a connection's first byte before it shakes hands, so that plain HTTP gets an answer it can read."""

    def __init__(self, config: uvicorn.Config, context: ssl.SSLContext) -> None:
        super().__init__(config)
        self._context = context

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup([])
        assert sockets is not None
        doors = [Door(each, self._context, self._protocol) for each in sockets]
        self.servers.extend(doors)  # type: ignore[arg-type]  # it is closed and waited for like a server

    def _protocol(self) -> Protocol:
        return Protocol(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)


class Door:
    """Accepts connections on a socket and lets in those that begin as TLS does."""

    def __init__(self, listening: socket.socket, context: ssl.SSLContext, protocol: Callable[[], Protocol]) -> None:
        self._listening = listening
        self._context = context
        self._protocol = protocol
        self._entering: set[asyncio.Task[None]] = set()
        self._task = asyncio.create_task(self._accept())

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        self._listening.setblocking(False)
        while True:
            try:
                connection, _ = await loop.sock_accept(self._listening)
            except OSError:
                # Out of file descriptors, most likely; those waiting stay in the backlog.
                await asyncio.sleep(0.1)
                continue
            task = asyncio.create_task(self._enter(connection))
            self._entering.add(task)
            task.add_done_callback(self._entering.discard)

    async def _enter(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            async with asyncio.timeout(HANDSHAKE):
                first = await _peek(loop, connection)
            if first == TLS_HANDSHAKE:
                await loop.connect_accepted_socket(
                    self._protocol, connection, ssl=self._context, ssl_handshake_timeout=HANDSHAKE
                )
                return
            if first is not None:
                await loop.sock_recv(connection, 1 << 16)
                await loop.sock_sendall(connection, _PLAIN % (len(_PLAIN_PAGE), _PLAIN_PAGE))
            connection.close()
        except (OSError, TimeoutError, ssl.SSLError):
            # A peer that goes away, dawdles, or does not trust the certificate: its own affair.
            connection.close()

    def close(self) -> None:
        self._task.cancel()
        for task in self._entering:
            task.cancel()

    async def wait_closed(self) -> None:
        await asyncio.gather(self._task, *self._entering, return_exceptions=True)


async def _peek(loop: asyncio.AbstractEventLoop, connection: socket.socket) -> int | None:
    """The first byte of a connection, left where it is; None if the connection ends without one."""
    readable = asyncio.Event()
    loop.add_reader(connection.fileno(), readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(connection.fileno())
    first = connection.recv(1, socket.MSG_PEEK)
    return first[0] if first else None


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

    def __init__(self, settings: Settings) -> None:
        """Open the store, the certificates and the sockets. Raises ServerError, StoreError, CertificateError."""
        self._sockets: list[socket.socket] = []
        try:
            certificates = tls.ensure(Path(settings.certs), settings.cert_host)
            context = tls.server_context(certificates)
            self._sockets.append(bind(settings.host, settings.https_port, "--https-port"))
            self._sockets.append(bind(settings.host, settings.http_port, "--http-port"))
            store = open_store(settings.database)
        except BaseException:
            self._close_sockets()
            raise
        https_port, http_port = (each.getsockname()[1] for each in self._sockets)
        name = reachable_name(settings.host)
        self.app = App(settings, store, certificates, f"https://{name}:{https_port}", f"http://{name}:{http_port}")
        config = partial(
            uvicorn.Config, self.app, http=Protocol, ws="none", lifespan="off", server_header=False, access_log=False,
            log_config=None, proxy_headers=False, timeout_graceful_shutdown=3, timeout_keep_alive=75,
        )  # fmt: skip
        self._listeners = [TlsListener(config(), context), Listener(config())]

    def ready(self, pid: int) -> Ready:
        facts = self.app.facts
        return Ready(
            facts["https"], facts["http"], facts["ca"], facts["ca_bundle"], self.app.key, self.app.secret, pid,
            self.app.token,
        )  # fmt: skip

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Serve until `stop`; `on_ready` is called once connections are accepted."""
        await self.app.start()
        try:
            async with asyncio.TaskGroup() as group:
                for listener, listening in zip(self._listeners, self._sockets, strict=True):
                    group.create_task(listener.serve(sockets=[listening]))
                for listener in self._listeners:
                    await listener.listening.wait()
                on_ready()
        finally:
            self._close_sockets()
            await self.app.stop()

    def stop(self) -> None:
        """Ask `run` to end; call it from the same event loop."""
        for listener in self._listeners:
            listener.should_exit = True

    def _close_sockets(self) -> None:
        for each in self._sockets:
            each.close()


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


def reachable_name(host: str) -> str:
    """The name a client on this machine reaches `host` by, which the certificate covers."""
    if host in ("127.0.0.1", "::1", "0.0.0.0", "::", "localhost"):  # noqa: S104 (compared, not bound)
        return "localhost" if host != "::1" else "[::1]"
    return f"[{host}]" if ":" in host else host
