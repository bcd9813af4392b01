"""Listening sockets: one for each address of a host, all with the same port.

A server that announces `localhost` listens on both loopback addresses, because some clients try only the first address
of a name, and that is `::1` on many machines.
"""

import errno
import socket
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from ..settings import reachable_name

_BACKLOG = 1024

_MAX_PORT_ATTEMPTS = 20
"""Free ports that are tried until one is free on every address."""

_MISSING = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
"""Errors of an address that this machine does not have."""

_OTHER_HOST = "Give an address of this machine with --host; 0.0.0.0 is all of them."

_LOOPBACKS = ((socket.AF_INET, ("127.0.0.1", 0)), (socket.AF_INET6, ("::1", 0, 0, 0)))
_WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 (compared, not bound)

_Address = tuple[int, tuple[Any, ...]]
"""A family, and an address of it without its port."""


class ServerError(Exception):
    """The server can't start; the message is one sentence."""


class Sockets(Struct, frozen=True):
    """The listening sockets of a server."""

    https: Sequence[socket.socket]
    http: Sequence[socket.socket]

    def close(self) -> None:
        """Close all of them."""
        for each in (*self.https, *self.http):
            each.close()


def listen(host: str, port: int, flag: str) -> list[socket.socket]:
    """Listen on every address of a host that this machine has. With port 0, pick one that is free on each.

    Raises ServerError if the port is not free, or the host has no address here.
    """
    try:
        addresses = _find_addresses(host)
    except OSError as error:
        raise ServerError(f"Can't listen on {host}: {error.strerror or error}. {_OTHER_HOST}") from error
    for attempts_left in reversed(range(_MAX_PORT_ATTEMPTS)):
        try:
            return _bind_all(addresses, port)
        except OSError as error:
            if port == 0 and attempts_left and error.errno == errno.EADDRINUSE:
                continue
            if error.errno in _MISSING:
                raise ServerError(f"Can't listen on {host}: this machine lacks that address. {_OTHER_HOST}") from error
            raise ServerError(
                f"Can't listen on {host} port {port}: {error.strerror}. "
                f"Choose another port with {flag}; 0 picks a free one."
            ) from error
    raise AssertionError("The last attempt returns or raises.")


def _find_addresses(host: str) -> Sequence[_Address]:
    """Return the addresses of a host.

    If it is announced as `localhost`, both loopback addresses are among them.
    """
    addresses: list[_Address] = [
        (family, address) for family, _, _, _, address in socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)
    ]
    if reachable_name(host) == "localhost":
        covered = {family for family, address in addresses if address[0] in _WILDCARDS}
        if socket.AF_INET6 in covered:  # this socket takes both families
            covered.add(socket.AF_INET)
        addresses += [loopback for loopback in _LOOPBACKS if loopback[0] not in covered]
    return list(dict.fromkeys(addresses))


def _bind_all(addresses: Sequence[_Address], port: int) -> list[socket.socket]:
    """Return a listening socket for each address that this machine has."""
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    try:
        for family, address in addresses:
            try:
                sockets.append(_bind(family, address, sockets[0].getsockname()[1] if sockets else port))
            except OSError as error:
                if error.errno not in _MISSING:
                    raise
                missing = error
    except BaseException:
        for each in sockets:
            each.close()
        raise
    if missing and not sockets:
        raise missing
    return sockets


def _bind(family: int, address: tuple[Any, ...], port: int) -> socket.socket:
    # asyncio spares a connection the delay of small packets only where the protocol is named.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address[0] != "::")
        listening.bind((address[0], port, *address[2:]))
        listening.listen(_BACKLOG)
    except BaseException:
        listening.close()
        raise
    return listening
