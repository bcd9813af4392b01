"""The address by which other machines reach a server that listens on all."""

import ipaddress
import socket
import struct
from contextlib import suppress

_SOME_ADDRESS = ("192.0.2.1", 9)
"""An address that no machine has. Nothing is sent to it: the system only says which way it would go."""

_SIOCGIFADDR = 0x8915
"""Linux's request for the IPv4 address of a network interface."""


def find_address() -> str | None:
    """Return an address of this machine in its network, or None if it has none."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(_SOME_ADDRESS)
        return str(probe.getsockname()[0])
    return next(iter(_list_addresses()), None)  # a network without a way out, as between containers


def _list_addresses() -> list[str]:
    """Return the addresses of the network interfaces, without those that only this machine can use."""
    found: list[str] = []
    try:
        import fcntl  # Windows has none
    except ImportError:
        return found
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            with suppress(OSError):
                answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, struct.pack("256s", name[:15].encode()))
                found.append(socket.inet_ntoa(answer[20:24]))
    return [address for address in found if not ipaddress.ip_address(address).is_loopback]
