"""Connections to a server whose bytes a test chooses."""

import socket
import ssl
from urllib.parse import urlsplit

from tests.sandbox import Account


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port
    return port


def connect(server: Account, port: int | None = None) -> socket.socket:
    """Open a connection without TLS, to the HTTPS port unless another is given."""
    return socket.create_connection(("127.0.0.1", port or port_of(server.ready.https)), timeout=10)


def connect_tls(server: Account) -> ssl.SSLSocket:
    """Open a connection to the HTTPS port, and verify the certificate."""
    context = ssl.create_default_context(cafile=server.ready.ca)
    return context.wrap_socket(connect(server), server_hostname="localhost")


def read_all(connection: socket.socket) -> bytes:
    """Return everything that the server sends until it closes the connection."""
    received = b""
    while chunk := connection.recv(1 << 16):
        received += chunk
    return received
