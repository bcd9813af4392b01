"""Addresses that a server listens on: every address of its host, and both loopbacks behind `localhost`."""

import errno
import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.request import urlopen

import pytest

from sms_sandbox.server import listening_sockets
from sms_sandbox.server.listening_sockets import ServerError, listen
from tests.sandbox import KEY, SECRET, Account
from tests.server.raw_connections import port_of

Listen = Callable[..., list[tuple[str, int]]]


def has_ipv6() -> bool:
    """Return True if this machine has the loopback address of IPv6."""
    try:
        with socket.socket(socket.AF_INET6) as tried:
            tried.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


@pytest.fixture
def listening() -> Iterator[Listen]:
    """Listen, and return the addresses; the sockets are closed after the test."""
    with ExitStack() as stack:

        def addresses(host: str, port: int = 0) -> list[tuple[str, int]]:
            sockets = [stack.enter_context(each) for each in listen(host, port, "--port")]
            return [each.getsockname()[:2] for each in sockets]

        yield addresses


@needs_ipv6
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_both_loopback_addresses_are_listened_on_with_one_port(listening: Listen, host: str) -> None:
    addresses = listening(host)
    assert {address for address, _ in addresses} == {"127.0.0.1", "::1"}
    assert len(addresses) == 2
    assert len({port for _, port in addresses}) == 1


@needs_ipv6
@pytest.mark.parametrize("url", ["https", "http"])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_server_answers_on_both(server: Account, url: str, address: str) -> None:
    context = ssl.create_default_context(cafile=server.ready.ca)
    host = f"[{address}]" if ":" in address else address
    port = port_of(getattr(server.ready, url))
    with urlopen(f"{url}://{host}:{port}/livez", timeout=5, context=context if url == "https" else None) as answer:
        assert answer.status == 200


@needs_ipv6
def test_clients_that_know_one_family_only_reach_localhost(server: Account) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not on this machine")
    for family in ("-4", "-6"):
        command = ["curl", family, "--silent", "--noproxy", "*", "--cacert", server.ready.ca, "-u", f"{KEY}:{SECRET}"]
        ran = subprocess.run([*command, f"{server.ready.https}/get-balance.json"], capture_output=True, check=True)
        assert json.loads(ran.stdout)["error"]["code"] == "SUCCESS"


@pytest.mark.parametrize(("host", "expected"), [("127.0.0.2", ["127.0.0.2"]), ("127.0.0.1", ["127.0.0.1"])])
def test_an_address_that_the_machine_lacks_is_left_out(
    listening: Listen, host: str, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_for(monkeypatch, "::1", errno.EADDRNOTAVAIL)
    assert [address for address, _ in listening(host)] == expected


def test_a_host_without_any_address_here_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ServerError, match=r"^Can't listen on 192.0.2.1: .+\. Give an address .* --host; .+\.$"):
        listen("192.0.2.1", 0, "--port")
    with pytest.raises(ServerError, match=r"^Can't listen on nowhere.invalid: .+\. Give an address .* --host; .+\.$"):
        listen("nowhere.invalid", 0, "--port")


def fail_for(monkeypatch: pytest.MonkeyPatch, failing: str, code: int, times: int = 1000) -> list[int]:
    """Make binding an address fail a number of times; return the ports that were tried."""
    bind: Any = listening_sockets._bind
    tried: list[int] = []

    def try_bind(family: int, address: tuple[Any, ...], port: int) -> socket.socket:
        if address[0] == failing and len(tried) < times:
            tried.append(port)
            raise OSError(code, "on purpose")
        bound: socket.socket = bind(family, address, port)
        return bound

    monkeypatch.setattr(listening_sockets, "_bind", try_bind)
    return tried


@needs_ipv6
def test_a_free_port_is_free_on_both(listening: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = fail_for(monkeypatch, "::1", errno.EADDRINUSE, times=3)
    addresses = listening("127.0.0.1")
    assert [address for address, _ in addresses] == ["127.0.0.1", "::1"]
    assert len(tried) == 3


@needs_ipv6
def test_a_port_that_is_taken_on_one_of_them_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET6) as other:
        other.bind(("::1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ServerError, match=f"^Can't listen on 127.0.0.1 port {port}: Address already in use"):
            listen("127.0.0.1", port, "--port")
    tried = fail_for(monkeypatch, "::1", errno.EADDRINUSE)
    with pytest.raises(ServerError, match="on purpose"):
        listen("127.0.0.1", 0, "--port")
    assert 1 < len(tried) < 100


@needs_ipv6
@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 (for a moment, without an application)
def test_a_server_on_all_addresses_is_reached_by_both_loopbacks(listening: Listen, host: str) -> None:
    addresses = listening(host)
    assert ("::1" in [address for address, _ in addresses]) == (host == "0.0.0.0")  # noqa: S104
    for loopback in ("127.0.0.1", "::1"):
        socket.create_connection((loopback, addresses[0][1]), timeout=5).close()
