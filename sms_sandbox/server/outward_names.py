"""The names by which other machines reach a server."""

import ipaddress
import socket
import struct
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from ..settings import Settings, is_loopback
from .certificate_names import canonical_name
from .certificates import Certificates

_EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 (compared, not bound)

_SOME_ADDRESS = ("192.0.2.1", 9)
"""An address that no machine has. Nothing is sent to it: the system only says which way it would go."""

_SIOCGIFADDR = 0x8915
"""Linux's request for the IPv4 address of a network interface."""

_LINUX_IPV6 = Path("/proc/net/if_inet6")


def list_names(settings: Settings, certificates: Certificates) -> list[str]:
    """Return the names that the certificate must cover, besides those of this machine alone.

    A server that listens on every address covers the machine's own ones at the first start. Later it keeps to those:
    another address, as a laptop gets in another network, would need another CA, which no client trusts.
    """
    names = list(settings.cert_host)
    if is_loopback(settings.host):
        return names
    if base := urlsplit(settings.base_url or "").hostname:
        names.append(base)
    if settings.host not in _EVERY_ADDRESS:
        names.append(settings.host)
    elif not certificates.ca.exists():
        names += list_addresses(settings.host)
    return list(dict.fromkeys(name for name in names if name in settings.cert_host or can_be_covered(name)))


def can_be_covered(name: str) -> bool:
    """True if a certificate can cover a name."""
    try:
        canonical_name(name)
    except ValueError:
        return False
    return True


def choose_name(settings: Settings) -> str:
    """Return the name by which colleagues reach the server: one that was given, or else its address."""
    given = [name for name in settings.cert_host if not name.startswith("*")]
    if given:
        return given[0]
    if settings.host not in _EVERY_ADDRESS:
        return settings.host
    return find_address() or socket.gethostname()


def find_address() -> str | None:
    """Return an address of this machine in its network, or None if it has none."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(_SOME_ADDRESS)
        return str(probe.getsockname()[0])
    return next(iter(_list_ipv4()), None)  # a network without a way out, as between containers


def list_addresses(host: str) -> list[str]:
    """Return this machine's addresses in its networks, the usual one first. IPv6 ones only if `host` is one."""
    usual = find_address()
    addresses = [*([usual] if usual else []), *_list_ipv4(), *(_list_ipv6() if ":" in host else ())]
    return list(dict.fromkeys(addresses))


def _list_ipv4() -> list[str]:
    """Return the IPv4 addresses of the network interfaces, without loopback ones."""
    addresses: list[str] = []
    try:
        import fcntl  # Windows has none
    except ImportError:
        return addresses
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            with suppress(OSError):
                answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, struct.pack("256s", name[:15].encode()))
                addresses.append(socket.inet_ntoa(answer[20:24]))
    return [address for address in addresses if not ipaddress.ip_address(address).is_loopback]


def _list_ipv6() -> list[str]:
    """Return the IPv6 addresses of this machine that a certificate can cover. Only Linux lists them."""
    try:
        lines = _LINUX_IPV6.read_text().splitlines()
    except OSError:
        return []
    addresses = [ipaddress.IPv6Address(int(line.split()[0], 16)) for line in lines]
    return [str(address) for address in addresses if not address.is_loopback and not address.is_link_local]
