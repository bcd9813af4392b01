"""The rules for where callbacks may be sent to, by host, port and address."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from ...domain import egress, host_names
from .file_descriptors import raise_if_exhausted

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver

HOSTS_FILE = Path(os.environ["SYSTEMROOT"], "System32/drivers/etc/hosts") if os.name == "nt" else Path("/etc/hosts")


class RefusedError(Exception):
    """An address that callbacks must not be sent to; the text says why."""


class Destinations:
    """Checks where callbacks are sent to.

    Args:
        allowed_hosts: hosts that are allowed although they are not private.
        own: addresses and ports where this server listens, which are never called.
        is_exposed: True if other machines reach this server, so that loopback must be an allowed host.
        to_receiver: True for callbacks to the built-in receiver, which may be sent to this server.
    """

    def __init__(
        self, allowed_hosts: Collection[str] = (), own: Collection[tuple[str, int]] = (), is_exposed: bool = False,
        to_receiver: bool = False,
    ) -> None:  # fmt: skip
        self._allowed_hosts = allowed_hosts
        self._own = own
        self._is_exposed = is_exposed
        self._to_receiver = to_receiver

    def for_receiver(self) -> Destinations:
        """Return the same rules for callbacks to the built-in receiver."""
        return Destinations(self._allowed_hosts, self._own, self._is_exposed, to_receiver=True)

    def check_host(self, host: str, port: int) -> None:
        """Refuse addresses and public names, which need no resolver. Raises RefusedError."""
        # aiohttp does not resolve a host without letters, so the resolver below never sees it. Some systems take
        # `2852039166` for 169.254.169.254, so it is checked here.
        if ":" in host or not any(map(str.isalpha, host)):
            self.check(host, host, port)
        elif host_names.is_public(host) and not _is_in_hosts_file(host):
            self.check_name(host)

    def check_name(self, host: str) -> None:
        """Raise RefusedError unless callbacks to a public name may be sent."""
        reason = host_names.refusal_of_name(host, self._allowed_hosts)
        if reason is not None:
            raise RefusedError(reason)

    def check(self, address: str, host: str, port: int) -> None:
        """Raise RefusedError unless callbacks to a host may be sent to an address."""
        is_own = self._is_own(address, port)
        if is_own and self._to_receiver:
            return
        reason = egress.refusal_reason(address, host, self._allowed_hosts, is_exposed=self._is_exposed)
        if reason is None and is_own:
            reason = f"{address} port {port} is this sandbox itself, which never calls itself."
        if reason is not None:
            raise RefusedError(reason)

    def _is_own(self, address: str, port: int) -> bool:
        """Return True if a connection to an address arrives at this server."""
        listening = [ip_address(own.partition("%")[0]) for own, own_port in self._own if own_port == port]
        if not listening:
            return False
        try:
            target: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
        except ValueError:
            return False  # the rules for addresses refuse it
        if isinstance(target, IPv6Address) and target.ipv4_mapped is not None:
            target = target.ipv4_mapped
        if target in listening:
            return True
        # A socket on :: takes IPv4 as well.
        is_any = any(own.is_unspecified and own.version in (target.version, 6) for own in listening)
        return is_any and _is_of_this_machine(target)

    def resolver(self) -> AbstractResolver:
        """Return a resolver that gives only addresses which callbacks may be sent to."""
        return _build_resolver(self)


def _is_of_this_machine(address: IPv4Address | IPv6Address) -> bool:
    """Return True if a socket can have this address."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
    return True


def _is_in_hosts_file(host: str) -> bool:
    """Return True if this machine's hosts file has a host.

    Developers put public names there, to reach their own machine.
    """
    try:
        lines = HOSTS_FILE.read_text(errors="replace").lower().splitlines()
    except OSError as error:
        raise_if_exhausted(error)
        return False
    return any(host.lower().rstrip(".") in line.partition("#")[0].split()[1:] for line in lines)


def _build_resolver(destinations: Destinations) -> AbstractResolver:
    from aiohttp.abc import AbstractResolver, ResolveResult

    class CheckedResolver(AbstractResolver):
        """Resolves a host to the addresses that callbacks may be sent to."""

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> list[ResolveResult]:
            loop = asyncio.get_running_loop()
            try:
                resolved = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
            except OSError as error:
                raise_if_exhausted(error)
                if host_names.may_be_public(host):  # the rule is the better reason, and holds wherever DNS answers
                    destinations.check_name(host)
                raise
            allowed: list[ResolveResult] = []
            refused: RefusedError | None = None
            for resolved_family, _, proto, _, address in resolved:
                try:
                    destinations.check(str(address[0]), host, port)
                except RefusedError as error:
                    refused = error
                    continue
                allowed.append(
                    ResolveResult(
                        hostname=host, host=str(address[0]), port=port, family=resolved_family, proto=proto,
                        flags=socket.AI_NUMERICHOST,
                    )
                )  # fmt: skip
            if not allowed and refused is not None:
                raise refused
            return allowed

        async def close(self) -> None:
            """Do nothing, because the resolver holds no connections."""

    return CheckedResolver()
