"""Connections to a server, byte by byte."""

import socket
import ssl
from urllib.parse import urlsplit

from tests.sandbox import Account


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port
    return port


def plain(server: Account, port: int | None = None) -> socket.socket:
    """A connection to the HTTPS port (or another) without TLS."""
    return socket.create_connection(("127.0.0.1", port or port_of(server.ready.https)), timeout=10)


def secure(server: Account) -> ssl.SSLSocket:
    trusting = ssl.create_default_context(cafile=server.ready.ca)
    return trusting.wrap_socket(plain(server), server_hostname="localhost")


def read_all(connection: socket.socket) -> bytes:
    found = b""
    while chunk := connection.recv(1 << 16):
        found += chunk
    return found
