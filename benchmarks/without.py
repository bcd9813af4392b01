"""`sms-sandbox` without one part of its server: `python -m benchmarks.without PART serve …`."""

import asyncio
import socket
import ssl
import sys
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sms_sandbox.cli import main
from sms_sandbox.server import protocol, uvicorn_server
from sms_sandbox.server.buffered_transport import BufferedTransport


def leave_writes_apart() -> None:
    """Send each write at once."""
    patch.object(BufferedTransport, "write", lambda self, data: self._transport.write(data)).start()


def leave_heads_alone() -> None:
    """Give the parser what comes, as uvicorn does."""

    def data_received(self: protocol.HttpProtocol, data: bytes) -> None:
        self._stop_timer()
        self._may_begin = True
        HttpToolsProtocol.data_received(self, data)

    patch.object(protocol.HttpProtocol, "data_received", data_received).start()


class PlainListener:
    """A listener as uvicorn's own, with the interface of `TLSListener`."""

    def __init__(
        self,
        listening: socket.socket,
        context: ssl.SSLContext,
        create_protocol: Callable[[], asyncio.Protocol],
        _open_connections: object,
    ) -> None:
        loop = asyncio.get_running_loop()
        self._server = loop.create_task(loop.create_server(create_protocol, sock=listening, ssl=context))

    def close(self) -> None:
        self._server.add_done_callback(lambda server: server.result().close())

    async def wait_closed(self) -> None:
        await self._server


def leave_first_byte_unread() -> None:
    """Begin the TLS handshake at once."""
    patch.object(uvicorn_server, "TLSListener", PlainListener).start()


PARTS: dict[str, Callable[[], Any]] = {
    "buffered-transport": leave_writes_apart,
    "head-repair": leave_heads_alone,
    "first-byte": leave_first_byte_unread,
}

if __name__ == "__main__":
    PARTS[sys.argv.pop(1)]()
    main()
