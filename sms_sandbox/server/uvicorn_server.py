"""uvicorn's server with a TLS listener beside its plain one, for one application."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from functools import partial
from types import FrameType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

from ..app import SandboxParts
from ..simulation.callbacks.file_descriptors import connection_share
from ..store.grouped_log import GroupedLog
from .listener import TLSListener
from .open_connections import OpenConnections
from .protocol import HttpProtocol
from .request_log import RequestLog
from .response_writer import ResponseWriter

_CALL_GRACE_SECONDS = 0.8
"""Time that running calls get to end when the server stops; less than callbacks get, which a call may wait for."""

STOP_TIMEOUT_SECONDS = 3
"""Longest wait for calls and connections when the server stops. After it, uvicorn logs an error and goes on."""

_HANDOVER_SECONDS = 0.5
"""Longest wait for first requests of connected clients, when one of several processes stops."""

_KEEP_ALIVE_SECONDS = 75
"""Time that an idle connection stays open; nginx's default."""


class UvicornServer(uvicorn.Server):
    """uvicorn's server, which here listens on HTTPS sockets, too.

    `serve` gets the plain HTTP sockets. Lifespan, date header, signals and graceful stop are uvicorn's, but a call that
    outlasts its grace is cancelled while uvicorn still waits for it, so that its client gets an answer.
    """

    def __init__(self, app: Starlette, https: Sequence[socket.socket], context: ssl.SSLContext) -> None:
        self.on_ready: Callable[[], None] = lambda: None
        """Called once connections are accepted."""
        self.error: Exception | None = None
        """The error that `on_ready` or the application's lifespan raised."""
        self._app = app
        self._sandbox: SandboxParts = app.state.sandbox
        self._https = https
        self._context = context
        self._open_connections = self._sandbox.metrics.connections = OpenConnections(connection_share())
        self._request_log = RequestLog() if self._sandbox.settings.log_format == "json" else None
        self._refusals = GroupedLog(logging.getLogger("uvicorn.error"), "requests")
        http: Any = partial(HttpProtocol, open_connections=self._open_connections, refusals=self._refusals)
        super().__init__(
            uvicorn.Config(
                self._call_app, interface="asgi3", lifespan="on", http=http, ws="none", log_config=None,
                access_log=False, workers=1, proxy_headers=False, server_header=False,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS, timeout_graceful_shutdown=STOP_TIMEOUT_SECONDS,
            )
        )  # fmt: skip

    async def _call_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._keep_error(scope, receive, send)
        else:
            cycle: Any = send.__self__  # type: ignore[attr-defined]  # uvicorn's `send` is a method of its cycle
            writer = ResponseWriter(cycle)
            if self._request_log is None:
                await self._app(scope, receive, writer.send)
            else:
                await self._request_log.run(self._app, scope, receive, writer)

    async def _keep_error(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application's lifespan, and keep its error.

        If uvicorn gets the error, it logs a traceback and ends the process; our caller has one sentence for it.
        """

        async def forward(message: Message) -> None:
            if not message["type"].endswith(".failed"):
                await send(message)

        try:
            await self._app(scope, receive, forward)
        except Exception as error:  # noqa: BLE001 (raised by the caller of `serve`)
            self.error = error

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.error is None:
            listeners: Any = [
                TLSListener(each, self._context, self._create_protocol, self._open_connections) for each in self._https
            ]
            self.servers += listeners
            try:
                await self._sandbox.metrics.start()
                self.on_ready()
            except Exception as error:  # noqa: BLE001 (raised by the caller of `serve`)
                self.error = error
        self.should_exit = self.should_exit or self.error is not None

    def _create_protocol(self) -> HttpProtocol:
        return HttpProtocol(
            self.config, self.server_state, self.lifespan.state,
            open_connections=self._open_connections, refusals=self._refusals,
        )  # fmt: skip

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._sandbox.metrics.exchange is not None:
            await self._answer_first_requests()
        self._sandbox.metrics.stop()
        self._sandbox.end_waits()
        asyncio.get_running_loop().call_later(_CALL_GRACE_SECONDS, self._cancel_calls)
        await super().shutdown(sockets)
        self._refusals.flush()

    async def _answer_first_requests(self) -> None:
        """Stop accepting connections, and answer the first requests of those accepted already.

        A client does not repeat the first request of a connection. Other processes accept the new connections.
        """
        for each in self.servers:
            stop: Callable[[], None] = getattr(each, "stop_accepting", each.close)
            stop()
        until = asyncio.get_running_loop().time() + _HANDOVER_SECONDS
        while self._open_connections.any_fresh and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.01)

    def _cancel_calls(self) -> None:
        for call in self.server_state.tasks:
            call.cancel()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 (uvicorn's signature)
        """Stop at a signal, and let the process end with code 0.

        uvicorn's own raises the signal again when it has stopped, and a second SIGINT skips the lifespan's end.
        """
        self.should_exit = True
